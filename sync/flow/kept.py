"""What a run keeps in its folder for whoever carries its plan out, or on.

``plan.rsplan`` is the plan; ``after.json`` and ``ledger.parquet`` are what its end
needs besides: the counts, the drop, and the ledger that follows.
"""

from __future__ import annotations

import io
import json
from contextlib import suppress
from pathlib import Path

import polars as pl

from sync.errors import UsageError
from sync.flow.context import Context, Story, now
from sync.flow.memory import COLUMNS
from sync.model.entities import Entity
from sync.plan import Planned, read_plan, write_plan
from sync.state import GoodDrop, StateFolder, write_atomic

PLAN, AFTER, LEDGER, UNTOUCHED = (
    "plan.rsplan",
    "after.json",
    "ledger.parquet",
    "untouched.parquet",
)


def keep(context: Context, planned: Planned) -> None:
    """Write all of it into the folder of this run. Raises ``LocalError``."""
    folder = context.folder.run_folder(context.run)
    story, plan = context.story, planned.plan
    story.succession = planned.succession
    story.plan_path = str(folder / PLAN)
    after = {
        "drop": story.drop,
        "rows": {e.value: n for e, n in story.good.rows.items()} if story.good else {},
        "source": context.source,
        "newest": story.good.newest if story.good else None,
        "missing_files": list(story.missing_files),
        "incomplete": story.incomplete,
        "notes": story.notes,
    }
    write_atomic(folder / AFTER, json.dumps(after).encode())
    write_atomic(folder / LEDGER, _parquet(planned.succession))
    write_atomic(folder / UNTOUCHED, _parquet(planned.untouched))
    write_plan(plan, folder / PLAN, context.folder)
    context.state.record(context.run, plan_id=plan.id, digest=plan.digest)


def _parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd")
    return buffer.getvalue()


def kept(folder: StateFolder, run: str) -> bool:
    """Whether a run got as far as its plan."""
    return (folder.runs / run / PLAN).exists()


def recall(folder: StateFolder, run: str, story: Story) -> None:
    """Fill a story from the folder of the run that made its plan.

    Raises ``UsageError`` where that folder is gone.
    """
    place = folder.runs / run
    try:
        after = json.loads((place / AFTER).read_bytes())
        story.succession = pl.read_parquet(place / LEDGER)
        story.untouched = pl.read_parquet(place / UNTOUCHED)
    except (OSError, ValueError, pl.exceptions.PolarsError):
        message = f"run {run}, which made this plan, is not kept any more"
        raise UsageError(message, do="make a new plan") from None
    plan = read_plan(place / PLAN, folder)
    story.plan = plan
    story.plan_path = str(place / PLAN)
    story.operations = plan.operations
    story.entities = {
        e: {k: dict(v) for k, v in s.items()} for e, s in plan.account.items()
    }
    story.drop = after["drop"]
    story.missing_files = tuple(after["missing_files"])
    story.incomplete = after["incomplete"]
    story.notes = after["notes"]
    story.good = GoodDrop(
        name=after["drop"].get("name") or "",
        sha256=after["drop"].get("sha256") or "",
        source=after["source"],
        newest=after["newest"],
        rows={Entity(name): count for name, count in after["rows"].items()},
    )


def adopt(context: Context, run: str) -> Path:
    """The folder of this run with the plan of another one, and what belongs to it."""
    source, target = context.folder.runs / run, context.folder.run_folder(context.run)
    for name in (AFTER, LEDGER, UNTOUCHED, COLUMNS, PLAN):
        write_atomic(target / name, (source / name).read_bytes())
    return target


def passed_before(context: Context) -> pl.DataFrame:
    """``id`` of the creations of runs that did not finish, since the last good one.

    Their plans passed the guards or were approved; what is left of them must not be
    held the next night for being so much. Only while those plans are valid.
    """
    ids = [pl.DataFrame(schema={"id": pl.String()})]
    for run, wrote, good in context.state.runs().select("run", "wrote", "good").rows():
        if good:
            break
        if wrote and run != context.run and kept(context.folder, run):
            with suppress(UsageError):  # a damaged plan has let nothing through
                plan = read_plan(context.folder.runs / run / PLAN, context.folder)
                if plan.valid_until > now():
                    ids.append(plan.operations.filter(verb="create").select("id"))
    return pl.concat(ids).unique().sort("id")
