"""What a run keeps in its folder for whoever carries its plan out, or on.

``plan.rsplan`` is the plan; the files of ``BESIDE`` are what its end needs besides:
the drop, the ledger that follows, what is left alone, proposals, and what was found in
the files. ``kept.seal`` seals these for this one plan. ``approval.json`` says who let
a held plan through.
"""

from __future__ import annotations

import hmac
import io
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import polars as pl

from sync.errors import UsageError
from sync.flow.context import Context, Story, now
from sync.flow.memory import COLUMNS
from sync.model.entities import Entity
from sync.model.finding import Findings
from sync.model.operation import DRIFT_SCHEMA
from sync.model.plan import Plan
from sync.model.renames import RENAME_SCHEMA
from sync.plan import Planned, read_plan, write_plan
from sync.state import GoodDrop, StateFolder, seal, sign, write_atomic

PLAN, AFTER, LEDGER, UNTOUCHED, PROPOSALS, FOUND = (
    "plan.rsplan",
    "after.json",
    "ledger.parquet",
    "untouched.parquet",
    "proposals.parquet",
    "found.parquet",
)
SEAL, APPROVAL = "kept.seal", "approval.json"
BESIDE = (AFTER, LEDGER, UNTOUCHED, PROPOSALS, FOUND)
DRIFT = "drift.parquet"
"""Why operations were skipped, with values: the journal has words alone."""


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
        "cut_off": sorted(story.cut_off),
        "incomplete": story.incomplete,
        "notes": story.notes,
        "undoes": story.undoes,
        "renames": [list(row) for row in story.renames.rows()],
        "forgets": story.forgets,
        "invocation": story.invocation,
    }
    beside = {
        AFTER: json.dumps(after).encode(),
        LEDGER: _parquet(planned.succession),
        UNTOUCHED: _parquet(planned.untouched),
        PROPOSALS: _parquet(story.proposals),
        FOUND: _parquet(story.findings.frame),
    }
    for name, content in beside.items():
        write_atomic(folder / name, content)
    write_atomic(folder / SEAL, _seal(context.folder, plan, beside))
    write_plan(plan, folder / PLAN, context.folder)
    context.state.record(context.run, plan_id=plan.id, digest=plan.digest)


def keep_approval(context: Context, plan: Plan) -> None:
    """Write who let this plan through into the folder of the run that carries it out,
    so that the report tells it whenever the run ends. Raises ``LocalError``."""
    content = json.dumps(context.story.approved).encode()
    own = _seal(context.folder, plan, {APPROVAL: content})
    said = {"approved": context.story.approved, "seal": own.decode()}
    path = context.folder.run_folder(context.run) / APPROVAL
    write_atomic(path, json.dumps(said).encode())


def _approval(folder: StateFolder, plan: Plan, place: Path) -> dict[str, str] | None:
    """Who let this plan through, if it was this program that wrote so."""
    try:
        said = json.loads((place / APPROVAL).read_bytes())
        approved: dict[str, str] = said["approved"]
        given = said["seal"].encode()
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None
    own = _seal(folder, plan, {APPROVAL: json.dumps(approved).encode()})
    return approved if hmac.compare_digest(given, own) else None


def _seal(folder: StateFolder, plan: Plan, parts: Mapping[str, bytes]) -> bytes:
    """What seals these files as belonging to this plan and no other."""
    whole = [(PLAN, plan.id.encode()), *parts.items()]
    return sign(seal(folder), whole).encode()


def _parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd")
    return buffer.getvalue()


def keep_drift(context: Context, fields: pl.DataFrame) -> None:
    """Add what has changed since the plan, for the report of this run, also when it
    is gone on with. Raises ``LocalError``."""
    path = context.folder.run_folder(context.run) / DRIFT
    both = pl.concat([recall_drift(context.folder, context.run), fields])
    whole = both.unique(["id", "field"], keep="last", maintain_order=True)
    write_atomic(path, _parquet(whole))


def recall_drift(folder: StateFolder, run: str) -> pl.DataFrame:
    """What a run has kept of it; nothing where it cannot be read."""
    none = DRIFT_SCHEMA.to_frame()
    try:
        found = pl.read_parquet(folder.runs / run / DRIFT)
    except (OSError, pl.exceptions.PolarsError):
        return none
    return found if found.schema == DRIFT_SCHEMA else none


def kept(folder: StateFolder, run: str) -> bool:
    """Whether a run got as far as its plan."""
    return (folder.runs / run / PLAN).exists()


def recall(folder: StateFolder, run: str, story: Story) -> None:
    """Fill a story from the folder of the run that made its plan.

    Raises ``UsageError`` where that folder is gone, or is not as it was left.
    """
    place = folder.runs / run
    try:
        beside = {name: (place / name).read_bytes() for name in BESIDE}
        given = (place / SEAL).read_bytes()
    except OSError:
        message = f"run {run}, which made this plan, is not kept any more"
        raise UsageError(message, do="make a new plan") from None
    plan = read_plan(place / PLAN, folder)
    if not hmac.compare_digest(given, _seal(folder, plan, beside)):
        message = f"what run {run} kept beside its plan is not as it was left"
        raise UsageError(message, do="make a new plan")
    after = json.loads(beside[AFTER])
    story.succession = pl.read_parquet(io.BytesIO(beside[LEDGER]))
    story.untouched = pl.read_parquet(io.BytesIO(beside[UNTOUCHED]))
    story.proposals = pl.read_parquet(io.BytesIO(beside[PROPOSALS]))
    story.findings = Findings(pl.read_parquet(io.BytesIO(beside[FOUND])))
    story.approved = _approval(folder, plan, place)
    story.plan = plan
    story.plan_path = str(place / PLAN)
    story.operations = plan.operations
    story.entities = {
        e: {k: dict(v) for k, v in s.items()} for e, s in plan.account.items()
    }
    story.drop = after["drop"]
    story.missing_files = tuple(after["missing_files"])
    story.cut_off = frozenset(map(Entity, after["cut_off"]))
    story.incomplete = after["incomplete"]
    story.notes = after["notes"]
    story.renames = pl.DataFrame(after["renames"], RENAME_SCHEMA, orient="row")
    story.forgets = after["forgets"]
    story.invocation = after["invocation"]
    story.undoes = after["undoes"]
    if story.undoes is not None:  # there is no drop that could be good
        return
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
    for name in (*BESIDE, SEAL, COLUMNS, PLAN):
        if name != COLUMNS or (source / name).exists():  # an undo reads no files
            write_atomic(target / name, (source / name).read_bytes())
    return target


def passed_before(context: Context) -> pl.DataFrame:
    """``id`` of the creations of runs that did not finish, since the last good one.

    Their plans passed the guards or were approved; what is left of them must not be
    held the next night for being so much. Only while those plans are valid, and not
    beyond an undo: what it took back has not passed any more.
    """
    ids = [pl.DataFrame(schema={"id": pl.String()})]
    names = ("run", "wrote", "good", "undoes")
    for run, wrote, good, undoes in context.state.runs().select(names).rows():
        if good or (wrote and undoes is not None):
            break
        if wrote and run != context.run and kept(context.folder, run):
            with suppress(UsageError):  # a damaged plan has let nothing through
                plan = read_plan(context.folder.runs / run / PLAN, context.folder)
                if plan.valid_until > now():
                    ids.append(plan.operations.filter(verb="create").select("id"))
    return pl.concat(ids).unique().sort("id")
