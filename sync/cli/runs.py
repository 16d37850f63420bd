"""``runs`` and ``report``: what happened before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
from rich.table import Table
from rich.text import Text

from sync.cli.session import Session
from sync.config import Config
from sync.disk import PRIVATE_FOLDER, copy_private
from sync.errors import ExitCode, LocalError, UsageError
from sync.model.plain import plain
from sync.report import RENAMES
from sync.state import RUNS_SCHEMA, StateFolder, TargetState

SHEETS = ("findings.csv", "operations.csv")


def runs(session: Session, target: str | None, limit: int) -> ExitCode:
    """List past runs, newest first."""
    config = session.config()
    names = [config.target(target).name] if target else list(config.targets)
    frame = _all(config, names).head(limit)
    rows = frame.with_columns(
        pl.col("started", "finished").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    ).to_dicts()
    session.console.document({"format": 1, "runs": rows})
    session.console.result(_table(rows) if rows else "no run yet", whole=True)
    return ExitCode.DONE


def _all(config: Config, names: list[str]) -> pl.DataFrame:
    folder = StateFolder(config.state_dir)
    parts = [RUNS_SCHEMA.to_frame()]
    for name in names:
        with TargetState.open(folder, name) as state:
            parts.append(state.runs())
    return pl.concat(parts).sort("started", "run", descending=True)


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("run", "started", "outcome", "code", "drop"):
        table.add_column(heading, no_wrap=heading != "drop", overflow="fold")
    for row in rows:
        code = "" if row["exit_code"] is None else str(row["exit_code"])
        cells = (
            row["run"],
            row["started"],
            row["outcome"] or "open",
            code,
            row["drop_name"] or ("undo" if row["undoes"] else ""),
        )
        table.add_row(*(Text(plain(cell)) for cell in cells))
    return table


def report(session: Session, run: str, form: str | None, out: Path | None) -> ExitCode:
    """Print the report of a run, or write it somewhere."""
    folder = StateFolder(session.config().state_dir).runs / Path(run).name
    document = folder / "report.json"
    if not document.exists():
        message = f"there is no report of run {run}"
        raise UsageError(message, do="roster-sync runs names the runs")
    form = form or ("json" if session.console.json else None)
    if form == "csv":
        return _sheets(session, folder, out)
    source = folder / f"report.{form or 'html'}"
    if out is not None:
        _copy(source, out)
        session.console.message(f"written: {out}")
    elif form == "json":
        text = document.read_text("utf-8")
        session.console.document(json.loads(text))
        session.console.text(text.rstrip("\n"))
    elif form == "html":
        session.console.text(source.read_text("utf-8"))
    else:
        _summary(session, json.loads(document.read_bytes()), folder)
    return ExitCode.DONE


def _summary(session: Session, facts: dict[str, Any], folder: Path) -> None:
    console = session.console
    console.result(
        f"run {facts['run']} of {facts['target']}: {facts['outcome']}, exit code "
        f"{facts['exit_code']}"
    )
    for entity, sections in facts["entities"].items():
        for section, counts in sections.items():
            said = ", ".join(f"{name} {n:,}" for name, n in counts.items() if n)
            console.result(f"  {entity} {section}: {said or 'nothing'}")
    console.result(f"report: {folder / 'report.html'}")


def _sheets(session: Session, folder: Path, out: Path | None) -> ExitCode:
    if out is None:
        message = "--format csv needs --out, the folder for its files"
        raise UsageError(message, do="name one")
    names = [*SHEETS, *([RENAMES] if (folder / RENAMES).exists() else [])]
    for name in names:
        _copy(folder / name, out / name)
    session.console.message(f"written: {', '.join(str(out / one) for one in names)}")
    return ExitCode.DONE


def _copy(source: Path, target: Path) -> None:
    try:
        target.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        copy_private(source, target)
    except OSError as error:
        message = f"{target} cannot be written: {error.strerror}"
        raise LocalError(message, do="choose another place with --out") from None
