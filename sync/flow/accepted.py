"""Rows that somebody knows to be bad: accepted until a date, or until they change.

In: the findings of a run that a person names, with a date. Out: what is known of them
in ``targets/TARGET.accepted.json``, as digests; and from then on ``known`` beside each
finding that is the same, of a row that is the same, and beside what falls with it.
"""

from __future__ import annotations

import getpass
import json
import socket
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from sync.config import Config
from sync.errors import UsageError
from sync.flow.context import Context, now
from sync.flow.kept import FOUND
from sync.flow.keyed import ROW_DIGEST
from sync.flow.news import IDENTITY, identified
from sync.model.counted import number
from sync.model.finding import Findings, Severity
from sync.model.identifier import uuid5
from sync.state import StateFolder, write_atomic

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "roster-sync.accepted")
_CAUSE = {"file": "cause_file", "line": "cause_line", "code": "cause_code"}
_ROW = ["entity", "file", "line"]


@dataclass(frozen=True, slots=True)
class Accepted:
    """What was accepted of a run."""

    findings: Findings
    """Those that are known from now on, without what falls with them."""
    others: int
    """Rejecting findings that name no record, and so cannot be known again."""


def accept(config: Config, target: str, run: str, until: date) -> Accepted:
    """Accept what rejected rows in that run of that target, until that day's end.

    Raises ``UsageError`` where that run has kept nothing, or rejected no row.
    """
    folder = StateFolder(config.state_dir)
    try:
        frame = pl.read_parquet(folder.runs / run / FOUND)
    except (OSError, pl.exceptions.PolarsError):
        message = f"what run {run} found is not kept, or its drop was refused"
        raise UsageError(message, do="name a run that had a plan") from None
    roots = frame.filter(_is_root())
    named = roots.filter(pl.col("key").is_not_null(), pl.col(ROW_DIGEST).is_not_null())
    if roots.is_empty():
        message = f"run {run} has rejected no row: there is nothing to accept"
        raise UsageError(message)
    said = {
        "until": until.isoformat(),
        "by": f"{getpass.getuser()}@{socket.gethostname()}",
        "at": now().isoformat(timespec="seconds"),
        "run": run,
    }
    before = _read(folder, target)
    own = frame.with_columns(_digest=_digests(frame)).filter(_is_root())
    fresh = dict.fromkeys(own["_digest"].drop_nulls().to_list(), said)
    content = json.dumps({**before, **fresh}, indent=1).encode()
    write_atomic(_path(folder, target), content)
    return Accepted(Findings(named), roots.height - named.height)


def mark_known(context: Context) -> None:
    """Put ``known`` beside the story's findings, and say how many somebody accepted."""
    story = context.story
    frame = story.findings.frame.drop("known", strict=False)
    today = context.today.isoformat()
    valid = {
        digest: said
        for digest, said in _read(context.folder, context.table.name).items()
        if said["until"] >= today
    }
    if not valid or ROW_DIGEST not in frame.columns:
        story.findings = Findings(frame)
        return
    own = frame.with_columns(_digest=_digests(frame)).with_columns(
        known=_rejects() & pl.col("_digest").is_in(list(valid)).fill_null(value=False)
    )
    roots = own.filter("known").select(pl.col(n).alias(c) for n, c in _CAUSE.items())
    beneath = roots.unique().with_columns(_beneath=pl.lit(value=True))
    marked = own.join(
        beneath, on=[*_CAUSE.values()], how="left", maintain_order="left"
    ).with_columns(
        known=pl.col("known") | (pl.col("_beneath").fill_null(value=False) & _rejects())
    )
    story.findings = Findings(marked.drop("_digest", "_beneath"))
    used = own.filter("known")["_digest"].unique().to_list()
    _tell(context, [valid[digest] for digest in used], marked)


def still_rejected(findings: Findings, rows: int) -> int:
    """How many rejected rows, or findings that reject one, nobody has accepted.

    ``rows``: how many rows were rejected. A row counts as known with all of its
    findings only.
    """
    found = findings.of_severity(Severity.REJECTED)
    if "known" not in found.columns:
        return max(found.height, rows)
    unknown = found.filter(~pl.col("known"))
    known = found.filter("known").join(unknown, on=_ROW, how="anti", nulls_equal=True)
    return max(unknown.height, rows - known.select(_ROW).n_unique())


def known_count(findings: Findings) -> int:
    """How many findings are known."""
    frame = findings.frame
    return int(frame["known"].sum()) if "known" in frame.columns else 0


def _tell(
    context: Context, said: list[Mapping[str, str]], marked: pl.DataFrame
) -> None:
    if not said:
        return
    count = number(int(marked["known"].sum()), "finding is", "findings are")
    until = min(one["until"] for one in said)
    who = ", ".join(sorted({one["by"] for one in said}))
    note = f"{count} known, accepted by {who} until {until} or until the row changes"
    if note not in context.story.notes:
        context.story.notes.append(note)


def _rejects() -> pl.Expr:
    return pl.col("severity") == Severity.REJECTED.value


def _is_root() -> pl.Expr:
    """Whether a finding rejects its row by itself."""
    return _rejects() & pl.col("cause_code").is_null()


def _digests(frame: pl.DataFrame) -> pl.Series:
    """Of each finding what makes it the same one, of the same row; null where no record
    is known."""
    parts = [*IDENTITY, "value", ROW_DIGEST]
    texts = identified(frame).select(
        pl.when(pl.col("key").is_not_null() & pl.col(ROW_DIGEST).is_not_null()).then(
            pl.concat_str([pl.col(n).fill_null("") for n in parts], separator="\x1f")
        )
    )
    return uuid5(NAMESPACE, texts.to_series())


def _path(folder: StateFolder, target: str) -> Path:
    return folder.targets / f"{target}.accepted.json"


def _read(folder: StateFolder, target: str) -> dict[str, dict[str, str]]:
    """What was accepted of that target; nothing where that cannot be read."""
    try:
        found = json.loads(_path(folder, target).read_bytes())
    except (OSError, ValueError):
        return {}
    entries = found.items() if isinstance(found, dict) else ()
    return {digest: said for digest, said in entries if _is_entry(said)}


def _is_entry(said: object) -> bool:
    return isinstance(said, dict) and all(
        isinstance(said.get(name), str) for name in ("until", "by")
    )
