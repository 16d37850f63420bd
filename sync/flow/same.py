"""A night that is in all things like one that found nothing to do is not judged again.

In: what decides on a night: the drop byte for byte, how it is read, the configuration,
what the target held as it was just read, the ledger, earlier drops, the day. Out: what
a night of all that came to, kept for the next one, and told again where everything is
the same. Only what found nothing to do is kept; whatever is not known to be the same is
judged anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import polars as pl

from sync.config import Config, TargetConfig, fingerprint, place
from sync.errors import UsageError
from sync.flow.context import Context, Story
from sync.flow.intake import How, Intake
from sync.flow.kept import passed_before, recall
from sync.flow.known import Facts, Same
from sync.mapping.shipped import data_folder
from sync.model.digests import content
from sync.model.entities import ENTITIES, PEOPLE, Entity, Kind
from sync.model.finding import Findings
from sync.model.ledger import LedgerView
from sync.model.mirror import Mirror
from sync.model.normalise import date as iso_day
from sync.plan import Planned, anew
from sync.read import contents
from sync.validate.rules import century
from sync.version import PROGRAM


@dataclass(frozen=True, slots=True)
class Told:
    """What a night came to that was the same."""

    planned: Planned
    findings: Findings
    notes: tuple[str, ...]
    proposals: pl.DataFrame


def how_read(config: Config, table: TargetConfig, how: How) -> str:
    """The digest of what decides on how a drop is read."""
    files = sorted(data_folder("mappings").glob("*.toml"))
    if how.mapping is not None and Path(how.mapping).is_file():
        files.append(Path(how.mapping))
    said = [
        *(PROGRAM, pl.__version__, repr(how), table.complete, str(config.timezone)),
        *(hashlib.sha256(file.read_bytes()).hexdigest() for file in files),
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def still(facts: Facts, today: date) -> bool:
    """Whether no date of that night means anything else by now."""
    day = date.fromisoformat(facts["day"])
    passed = (
        turn is None or edge < turn
        for edge, turn in zip(_edges(today), facts["turns"], strict=True)
    )
    return today == day or (today > day and all(passed))


def _edges(today: date) -> tuple[str, ...]:
    """The days that dates are compared with."""
    return today.isoformat(), *century(today)


def turns(
    frames: Iterable[tuple[Entity, pl.DataFrame]], today: date
) -> list[str | None]:
    """For each edge the first date of the frames that it has not passed: from that day
    on something may count otherwise."""
    found = [
        frame.select(iso_day(pl.col(column.name).unique()).alias("day")).to_series()
        for entity, frame in frames
        for column in ENTITIES[entity].columns
        if column.kind is Kind.DATE and column.name in frame.columns
    ]
    days = pl.concat([pl.Series("day", [], pl.String), *found]).unique().sort()
    return [
        next(iter(days.filter(days >= edge).head(1)), None) for edge in _edges(today)
    ]


def rest_of(context: Context, read: Mirror, ledger: LedgerView) -> str | None:
    """The digest of all else that decides: the configuration, what was read of the
    target, the ledger, and earlier drops; None where something stands that is only
    judged anew."""
    state, story = context.state, context.story
    last = state.last_good(context.source)
    special = (
        context.selection is not None,
        context.confirmed is not None or not story.renames.is_empty(),
        story.incomplete or not all(read.complete.values()),
        bool(story.cut_off or story.missing_files),
        state.undone() is not None,
        not passed_before(context).is_empty(),
        last is None,
    )
    if any(special) or last is None:
        return None
    frames = {f"mirror {entity.value}": frame for entity, frame in read.frames.items()}
    # Beyond the grace it is all one how often a record was missed.
    missed = pl.min_horizontal("missed", pl.lit(context.rules().grace, pl.UInt32))
    records = ledger.records.with_columns(missed.alias("missed"))
    books = {"records": records, "pairs": ledger.pairs}
    said = {
        "configuration": [fingerprint(context.table), place(context.table)],
        "source": context.source,
        "additions_only": context.rules().additions_only,
        "rows": _counts(state.bulk_rows(context.source)),
        "last": _counts(last.rows),
        "seen": sorted(story.seen),
        "held": content(frames),
        "known": content(books),
    }
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _counts(rows: Mapping[Entity, int]) -> list[tuple[str, int]]:
    return sorted((entity.value, count) for entity, count in rows.items())


def same_as(
    context: Context, intake: Intake, read: Mirror, ledger: LedgerView, told: Told
) -> Same | None:
    """What is to be kept of a night, if it found nothing to do."""
    plan, roster = told.planned.plan, intake.roster
    if context.how is None or roster is None or intake.mapped is None:
        return None
    if plan.operations.height or plan.held or context.story.findings.refuses:
        return None
    rest = rest_of(context, read, ledger)
    if rest is None:
        return None
    found = contents(intake.drop.path)
    if found is None or found.of(intake.drop.tables) != intake.drop.sha256:
        return None
    tables = [(entity, one.frame) for entity, one in intake.mapped.tables.items()]
    facts = {
        "how": context.how,
        "drop": found.digest(),
        "rest": rest,
        "day": context.today.isoformat(),
        "turns": turns([*tables, *read.frames.items()], context.today),
        "sha256": intake.drop.sha256,
        "layout": intake.mapped.layout,
        "size": sum(table.rows for table in intake.drop.tables.values()),
        "modes": {e.value: mode.value for e, mode in roster.modes.items()},
        "counts": {e.value: asdict(one) for e, one in roster.counts.items()},
        "delivered": {e.value: roster.delivered(e) for e in roster.frames},
        "absent": sorted(intake.absent),
        "columns": dict(intake.columns),
        "newest": context.story.newest,
        "notes": told.notes,
    }
    parts = (("drop", intake.findings), ("plan", told.findings))
    frames = [one.frame.with_columns(part=pl.lit(part)) for part, one in parts]
    missed = _lacked(told.planned.succession, ledger)
    return Same(facts, pl.concat(frames, how="diagonal_relaxed"), missed)


_HOME = pl.when(pl.col("entity").is_in([one.value for one in PEOPLE])).then(
    pl.lit("people")
)
"""One person is one record, whichever of the two files names him."""


def _lacked(succession: pl.DataFrame, ledger: LedgerView) -> pl.DataFrame:
    """Which records were missed once more."""
    return (
        _beside(succession, ledger)
        .filter(pl.col("missed") > pl.col("_before"))
        .select("entity", "key")
    )


def _beside(succession: pl.DataFrame, ledger: LedgerView) -> pl.DataFrame:
    """The succession, and how often the ledger has missed each record (``_before``)."""
    home = _HOME.otherwise("entity").alias("_home")
    before = ledger.records.select(home, "key", pl.col("missed").alias("_before"))
    known = before.unique(["_home", "key"], keep="first", maintain_order=True)
    beside = succession.with_columns(home).join(known, on=["_home", "key"], how="left")
    return beside.with_columns(pl.col("_before").fill_null(0)).sort("entity", "key")


def _succeeding(
    succession: pl.DataFrame, same: Same, ledger: LedgerView
) -> pl.DataFrame:
    """That succession, for the ledger as it is now: the same records were missed."""
    away = same.missed.with_columns(_away=pl.lit(value=True))
    beside = _beside(succession, ledger).join(away, on=["entity", "key"], how="left")
    again = pl.when("_away").then(pl.col("_before") + 1).otherwise("_before")
    missed = pl.when(pl.col("missed") == 0).then(0).otherwise(again).cast(pl.UInt32)
    return (
        beside.with_columns(missed=missed)
        .sort("entity", "key")
        .select(succession.columns)
    )


def told_again(
    context: Context, run: str, same: Same, read: Mirror, ledger: LedgerView
) -> Told | None:
    """What the night of that run came to, for this one; None where it is not the same
    in all things, or where that run is not kept as it was left."""
    facts = same.facts
    if (
        not still(facts, context.today)
        or rest_of(context, read, ledger) != facts["rest"]
    ):
        return None
    story = Story()
    try:
        recall(context.folder, run, story)
    except UsageError:
        return None
    plan = story.plan
    if plan is None or story.succession is None or plan.operations.height:
        return None
    inputs = {n: plan.inputs[n] for n in plan.inputs if n not in {"place", "today"}}
    own = context.facts({**inputs, "today": context.today.isoformat()})
    succession = _succeeding(story.succession, same, ledger)
    planned = Planned(anew(plan, own), succession, story.untouched)
    notes = tuple(facts["notes"])
    return Told(planned, same.findings("plan"), notes, story.proposals)
