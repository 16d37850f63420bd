"""What is news: findings and failures that the last night of this target did not have.

In: the findings and outcomes of this run, and what the last one kept of its own. Out:
each with ``since`` (the day of the first run that had the same) and ``new``. A row that
has been bad for a month must not hide the one that is bad since tonight.
"""

from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from sync.flow.context import Context
from sync.model.finding import Findings
from sync.model.outcome import State
from sync.state import write_atomic

KEPT, FAILED = "findings.parquet", "failures.parquet"
_SAME = ["code", "entity", "file", "key", "column", "said"]
IDENTITY = [*_SAME, "nth"]
"""What makes two findings the same: the code, the record and the column, and the
how-manieth it is. The line moves when rows come and go, and what stands in the cell may
change without being right; where no record is known, it is what the finding says."""
FAILURE = ["entity", "key", "verb", "state", "code"]
"""What makes two failures the same; what a server says may name the hour."""
_DATE = r"(?:19|20)\d\d[-_.]?[01]\d[-_.]?[0-3]\d(?:[T_.-]?\d{4,6}Z?)?"
"""In the name of a file: tonight's is named otherwise and is the same."""
_NOT_MADE = (State.FAILED, State.SKIPPED, State.BLOCKED, State.SENT)
_UNLIKE = "unlike"
"""The state of a field that did not read back as it was written."""


@dataclass(frozen=True, slots=True)
class News:
    """How many findings and failures there are that were not there last night."""

    findings: dict[str, int] = field(default_factory=dict)
    """By code."""
    failures: dict[str, int] = field(default_factory=dict)
    """By code; all of them, new or not."""
    new_failures: dict[str, int] = field(default_factory=dict)


def with_news(context: Context, *, night: bool, ended: bool) -> News:
    """Put ``since`` and ``new`` into the story's findings and outcomes, and keep them
    for the next night. Raises ``LocalError``.

    ``night``: it was no preview; ``ended``: it came to its end, so that what it did not
    do is known.
    """
    if not context.story.drop:
        return News()
    findings = _findings(context, keeps=night)
    return News(findings, *_failures(context, keeps=night and ended))


def _findings(context: Context, *, keeps: bool) -> dict[str, int]:
    """How many are new, by code."""
    findings = identified(context.story.findings.frame)
    today = _today(context)
    before = _before(context, KEPT, IDENTITY)
    told = findings.join(
        before, on=IDENTITY, how="left", nulls_equal=True, maintain_order="left"
    )
    of_data = pl.col("_file").is_not_null() | pl.col("entity").is_not_null()
    dated = told.with_columns(
        new=pl.col("since").is_null() & of_data, since=pl.col("since").fill_null(today)
    )
    story = context.story
    whole = story.plan is not None and story.drop.get("mode") == "bulk"
    if keeps and whole:
        away = before.filter(~pl.col("entity").is_in(list(story.entities)))
        known = pl.concat([dated.select(*IDENTITY, "since"), away])
        _keep(context.folder.run_folder(context.run) / KEPT, known, IDENTITY)
    shown = dated.drop("file", "said", "nth").rename({"_file": "file"})
    story.findings = Findings(shown)
    return _by_code(shown.filter("new"))


def identified(findings: pl.DataFrame) -> pl.DataFrame:
    """The findings with ``IDENTITY``; ``_file`` is their file by its own name."""
    if "key" not in findings.columns:
        findings = findings.with_columns(key=pl.lit(None, dtype=pl.String))
    said = pl.concat_str("value", "message", separator="\n", ignore_nulls=True)
    return (
        findings.drop("since", "new", strict=False)
        .with_columns(
            _file="file",
            file=pl.col("file").str.replace_all(_DATE, "*"),
            said=pl.when(pl.col("key").is_null()).then(said),
        )
        .with_columns(nth=pl.int_range(pl.len()).over(_SAME).cast(pl.String))
    )


def _failures(
    context: Context, *, keeps: bool
) -> tuple[dict[str, int], dict[str, int]]:
    """How many there are and how many of them are new, by code."""
    before = _before(context, FAILED, FAILURE)
    mine = _not_made(context).join(before, on=FAILURE, how="left", nulls_equal=True)
    dated = mine.with_columns(
        new=pl.col("since").is_null(), since=pl.col("since").fill_null(_today(context))
    )
    story = context.story
    own = dated.select("operation", "since", "new").drop_nulls("operation")
    story.outcomes = story.outcomes.drop("since", "new", strict=False).join(
        own, on="operation", how="left", maintain_order="left"
    )
    if keeps:
        _keep(context.folder.run_folder(context.run) / FAILED, dated, FAILURE)
    return _by_code(dated), _by_code(dated.filter("new"))


def _not_made(context: Context) -> pl.DataFrame:
    """``FAILURE`` and ``operation`` of what was not made, or does not read back."""
    story = context.story
    bad = [state.value for state in _NOT_MADE]
    names = story.operations.select("id", "entity", "key", "verb")
    made = (
        story.outcomes.filter(pl.col("state").is_in(bad))
        .join(names, left_on="operation", right_on="id", how="inner")
        .select(*FAILURE, "operation")
    )
    rows = [
        {"entity": one.entity, "key": one.key, "state": _UNLIKE, "code": one.field}
        for one in story.differs
    ]
    unlike = pl.DataFrame(rows, schema=dict.fromkeys(made.columns, pl.String()))
    return pl.concat([made.cast(pl.String), unlike]).sort(FAILURE)


def _by_code(frame: pl.DataFrame) -> dict[str, int]:
    code = pl.col("code").fill_null("unknown")
    return dict(frame.group_by(code).len().sort("code").rows())


def _today(context: Context) -> str:
    return context.started.astimezone(context.config.timezone).date().isoformat()


def _before(context: Context, name: str, identity: list[str]) -> pl.DataFrame:
    """What the last night of this source kept. A preview is no night; the run that
    made the plan which is carried out now looked at the same drop."""
    mine = pl.col("source").eq_missing(pl.lit(context.source, dtype=pl.String))
    night = (pl.col("outcome") != "preview") | pl.col("good")
    plan = context.story.plan
    same = {context.run, context.run if plan is None else plan.run}
    runs = context.state.runs().filter(mine, night.fill_null(value=True))
    schema = pl.Schema(dict.fromkeys([*identity, "since"], pl.String()))
    for run in runs.filter(~pl.col("run").is_in(same))["run"]:
        path = context.folder.runs / run / name
        with suppress(OSError, pl.exceptions.PolarsError):  # pruned, or damaged
            found = pl.read_parquet(path)
            if found.schema == schema:
                return found.unique(identity)
    return pl.DataFrame(schema=schema)


def _keep(path: Path, told: pl.DataFrame, identity: list[str]) -> None:
    buffer = io.BytesIO()
    told.select(*identity, "since").sort(identity).write_parquet(
        buffer, compression="zstd"
    )
    write_atomic(path, buffer.getvalue())
