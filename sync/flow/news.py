"""Which findings are news: those that the last run of this target did not have.

In: the findings of this run and what the last one kept of its own. Out: the findings
with ``since`` (when each was first seen), and how many of each code are new. A row
that has been bad for a month must not hide the one that is bad since tonight.
"""

from __future__ import annotations

import io
from pathlib import Path

import polars as pl

from sync.flow.context import Context
from sync.model.finding import Findings
from sync.state import write_atomic

KEPT = "findings.parquet"
SAID = ["code", "entity", "file", "column", "value", "message"]
IDENTITY = [*SAID, "nth"]
"""What makes two findings the same: what they say, and the how-manieth says it. The
line moves when rows come and go."""


def with_news(context: Context) -> dict[str, int]:
    """Put ``since`` into the story's findings; the number of new ones by code."""
    findings = context.story.findings.frame.drop("since", strict=False).with_columns(
        nth=pl.int_range(pl.len()).over(SAID).cast(pl.String)
    )
    today = context.started.astimezone(context.config.timezone).date().isoformat()
    before = _before(context)
    told = findings.join(
        before, on=IDENTITY, how="left", nulls_equal=True, maintain_order="left"
    )
    of_data = pl.col("file").is_not_null() | pl.col("entity").is_not_null()
    fresh = told.filter(pl.col("since").is_null() & of_data)
    dated = told.with_columns(pl.col("since").fill_null(today))
    context.story.findings = Findings(dated.drop("nth"))
    if context.story.drop.get("mode") == "bulk" and not context.story.findings.refuses:
        _keep(context.folder.run_folder(context.run) / KEPT, dated)
    return dict(fresh.group_by("code").len().sort("code").rows())


def _before(context: Context) -> pl.DataFrame:
    """What the last run kept that looked at a whole drop of this source; the run that
    made the plan which is carried out now looked at the same one."""
    mine = pl.col("source").eq_missing(pl.lit(context.source, dtype=pl.String))
    plan = context.story.plan
    same = {context.run, context.run if plan is None else plan.run}
    runs = context.state.runs().filter(mine)
    for run in runs.filter(~pl.col("run").is_in(same))["run"]:
        path = context.folder.runs / run / KEPT
        if path.exists():
            return pl.read_parquet(path)
    return pl.DataFrame(schema=dict.fromkeys([*IDENTITY, "since"], pl.String()))


def _keep(path: Path, findings: pl.DataFrame) -> None:
    buffer = io.BytesIO()
    findings.select(*IDENTITY, "since").sort(IDENTITY).write_parquet(
        buffer, compression="zstd"
    )
    write_atomic(path, buffer.getvalue())
