"""The plan that takes a run back: the same operations, guards and counts as a drop's.

In: what the run did, the mirror, the ledger. Out: a ``Planned``, whose succession has
the records that the plan touches and no others, and what is to be said of it besides.
Neither policy, grace, calendar nor protected fields matter; the guards do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from sync.diff import CHANGES
from sync.diff.values import DROP
from sync.model.entities import PEOPLE, Entity
from sync.model.ids import Ids
from sync.model.ledger import LedgerView, digest
from sync.model.operation import Verb
from sync.model.roster import KEEP, RowCounts
from sync.plan.bonds import with_bonds
from sync.plan.given import Facts
from sync.plan.guards import GuardInput, GuardRules
from sync.plan.invert import InvertInput, inverted
from sync.plan.run import Decided, Planned, composed, untouched
from sync.plan.succession import SUCCESSION_SCHEMA
from sync.targets.base import Target


@dataclass(frozen=True, slots=True)
class UndoInput:
    """Everything that the plan of an undo is made of."""

    facts: Facts
    target: Target
    """Made for undoing: what it removes goes in the strongest form."""
    inverting: InvertInput
    guards: GuardRules
    source: str
    """Who named the records of the run."""


def make_undo(given: UndoInput) -> tuple[Planned, list[str]]:
    """The plan, and notes on what can only be marked or is made anew."""
    found = inverted(given.inverting)
    ledger = given.inverting.ledger
    ended = {e: _without_stuck(e, f, given.target) for e, f in found.joined.items()}
    bound = with_bonds(ended, given.inverting.mirror, ledger)
    joined = {entity: _with_left(frame) for entity, frame in bound.items()}
    plan = composed(
        Decided(
            facts=given.facts,
            target=given.target,
            ids=Ids.of_ledger(ledger),
            joined=joined,
            fields=found.fields,
            endings={},
            guards=_guard_input(joined, given.guards),
            rows={entity: _rows(frame) for entity, frame in joined.items()},
        )
    )
    following = following_undo(plan.operations, ledger, given.source)
    notes = _notes(plan.operations, given)
    return Planned(plan, following, untouched(_listed(joined))), notes


def _without_stuck(entity: Entity, frame: pl.DataFrame, target: Target) -> pl.DataFrame:
    """What the target cannot end without harm to others is left."""
    stuck, why = target.cannot_end(entity, frame)
    held = frame.with_columns((stuck & frame["in_drop"]).alias("_stuck"))
    return held.with_columns(
        pl.when("_stuck")
        .then(pl.lit("frozen"))
        .otherwise("decision")
        .alias("decision"),
        pl.when("_stuck").then(pl.lit(why)).otherwise("reason").alias("reason"),
        (pl.col("ends") & ~pl.col("_stuck")).alias("ends"),
    ).drop("_stuck")


def _with_left(frame: pl.DataFrame) -> pl.DataFrame:
    """What is left is wanted as it is, also where it carries the links of a student."""
    names = sorted(
        name.removeprefix(DROP)
        for name in frame.columns
        if name.startswith(DROP) and not name.startswith(f"{DROP}_")
    )
    if DROP + KEEP not in frame.columns:
        return frame
    carried = pl.col("decision").is_in(CHANGES).fill_null(value=False)
    left = pl.col("in_drop") & pl.col("in_remote") & ~carried
    every = pl.lit(f",{','.join(names)},")
    kept = pl.when(left).then(every).otherwise(DROP + KEEP)
    return frame.with_columns(kept.alias(DROP + KEEP))


def _rows(frame: pl.DataFrame) -> RowCounts:
    """What an undo counts as rows are the records that the run had changed."""
    count = frame.filter("in_drop").height
    return RowCounts(read=count, accepted=count)


def _guard_input(
    joined: Mapping[Entity, pl.DataFrame], rules: GuardRules
) -> GuardInput:
    """Removals, creations, updates and emptied fields are judged as for a drop; there
    is no file that could have shrunk, and no source whose records alone count."""
    return GuardInput(
        joined={e: f.drop("source", strict=False) for e, f in joined.items()},
        rows={},
        rows_before={},
        can_end=frozenset(),
        operations=0,
        first_run=False,
        rules=rules,
    )


def _listed(joined: Mapping[Entity, pl.DataFrame]) -> dict[Entity, pl.DataFrame]:
    """The records of the run for which nothing is sent, with the reason."""
    same = (pl.col("decision") == "unchanged") & pl.col("in_drop")
    told = pl.when(same).then(pl.lit("kept")).otherwise("decision").alias("decision")
    return {e: f.filter("in_drop").with_columns(told) for e, f in joined.items()}


def _notes(operations: pl.DataFrame, given: UndoInput) -> list[str]:
    """What an undo cannot give back altogether, by entity."""
    run, able = given.inverting.run, given.target.capabilities
    found = []
    for name, verb, count in (
        operations.group_by("entity", "verb").len().sort("entity", "verb").rows()
    ):
        entity = Entity(name)
        if verb == Verb.REMOVE.value and able.only_marks(entity):
            found.append(
                f"{count:,} {name} that run {run} made can only be marked as ended "
                f"({able.strongest(entity)}): they are not in force any more, and may "
                "still be shown"
            )
        if verb == Verb.CREATE.value:
            found.append(
                f"{count:,} {name} that run {run} ended are gone: they are made anew, "
                "and where the system gives ids, they get other ones"
            )
    return found


def following_undo(
    operations: pl.DataFrame, ledger: LedgerView, source: str
) -> pl.DataFrame:
    """The ledger's rows as they will be, of the records that the plan touches.

    What it ends is ended; what it brings back is neither ended nor missed, and ours if
    it had to be made. Of links the relationship that will have been sent is known.
    """
    people = [entity.value for entity in PEOPLE]
    home = (
        pl.when(pl.col("entity").is_in(people))
        .then(pl.lit("people"))
        .otherwise("entity")
        .alias("_home")
    )
    prior = ledger.records.with_columns(home).unique(
        ["_home", "key"], keep="first", maintain_order=True
    )
    rows = operations.with_columns(home).join(
        prior, on=["_home", "key"], how="left", suffix="_prior"
    )
    link = pl.col("entity") == Entity.AGENTS.value
    back = pl.col("verb").is_in([Verb.CREATE.value, Verb.REACTIVATE.value])
    known = pl.col("entity_prior").is_not_null()
    person = pl.col("after").str.json_path_match("$.userSourcedId")
    seat = pl.col("entity") == Entity.ENROLLMENTS.value
    made = pl.col("verb") == Verb.CREATE.value
    return (
        rows.filter(known | back)
        .select(
            pl.coalesce("entity_prior", "entity").alias("entity"),
            "key",
            pl.coalesce("remote_id", "remote_id_prior").alias("remote_id"),
            pl.when(known).then("source").otherwise(pl.lit(source)).alias("source"),
            (pl.col("created").fill_null(value=False) | made).alias("created"),
            pl.when(back).then(0).otherwise("missed").cast(pl.UInt32).alias("missed"),
            (pl.col("ends") | (pl.col("ended").fill_null(value=False) & ~back)).alias(
                "ended"
            ),
            pl.when(link & ~pl.col("ends"))
            .then(_relationships(rows))
            .otherwise("digest")
            .alias("digest"),
            pl.coalesce("person", pl.when(seat).then(person)).alias("person"),
            pl.col("id").alias("operation"),
            (pl.col("ends") & link).alias("gone"),
        )
        .select(SUCCESSION_SCHEMA.names())
        .sort("entity", "key")
    )


def _relationships(rows: pl.DataFrame) -> pl.Expr:
    """The digest of the relationship that a link will have."""
    said = pl.col("after").str.json_path_match("$.relationshipType")
    types = rows.select(said.alias("type"))["type"].drop_nulls().unique()
    known = {one: digest(one) for one in types}
    return said.replace_strict(known, default=None, return_dtype=pl.String)
