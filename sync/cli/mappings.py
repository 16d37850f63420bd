"""``mappings``: the shipped ones, one's own checked, and one proposed for new files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from sync.cli.session import Session
from sync.disk import PRIVATE_FOLDER, replaced
from sync.errors import (
    ConfigError,
    ExitCode,
    LocalError,
    RefusedError,
    RosterSyncError,
    UsageError,
)
from sync.mapping import MappingFile, data_folder, load, mistakes, names
from sync.mapping.model import Steps, TableModel
from sync.mapping.nearest import nearest
from sync.model.finding import Severity
from sync.model.plain import plain
from sync.suggest import Suggestion
from sync.suggest import suggest as propose

_NAME = "proposed"


def list_mappings(session: Session) -> ExitCode:
    """Print a line for each shipped mapping."""
    shipped = [load(name) for name in names()]
    listed = [_summary(one) for one in shipped]
    session.console.document({"format": 1, "mappings": listed})
    table = Table(box=None, pad_edge=False)
    for heading in ("name", "title", "files", ""):
        table.add_column(heading, no_wrap=heading == "name", overflow="fold")
    for one in listed:
        files = ", ".join(one["files"])
        guessed = "guessed" if one["guessed"] else ""
        cells = (one["name"], one["title"], files, guessed)
        table.add_row(*(Text(plain(cell)) for cell in cells))
    session.console.result(table)
    return ExitCode.DONE


def _summary(mapping: MappingFile) -> dict[str, Any]:
    files = [pattern for table in mapping.tables for pattern in table.files]
    return {
        "name": mapping.name,
        "title": mapping.title,
        "mode": mapping.mode.value,
        "guessed": mapping.guessed,
        "files": list(dict.fromkeys(files)),
        "entities": list(dict.fromkeys(t.entity.value for t in mapping.tables)),
    }


def show(session: Session, name: str) -> ExitCode:
    """Print a shipped mapping as it is shipped. Raises ``UsageError`` for no such."""
    if name not in names():
        near = nearest(name, names())
        do = f'did you mean "{near}"?' if near else f"known are {', '.join(names())}"
        message = f'there is no mapping "{name}"'
        raise UsageError(message, do=do)
    text = (data_folder("mappings") / f"{name}.toml").read_text("utf-8")
    session.console.document({"format": 1, "name": name, "toml": text})
    session.console.text(text)
    return ExitCode.DONE


def check(session: Session, file: str, drop: Path | None) -> ExitCode:
    """Name every mistake of a mapping, or say what it reads; with a drop, try it."""
    wrong = mistakes(file)
    if wrong:
        return _wrong(session, file, wrong)
    mapping = load(file)
    session.console.result(*_reads(mapping))
    if drop is not None:
        from sync.cli.check import check as try_out  # noqa: PLC0415 - the data engine

        return try_out(session, drop, file, delta=False, limit=3)
    tables = [_read(table) for table in mapping.tables]
    session.console.document(
        {"format": 1, "exit_code": 0, "mistakes": [], "tables": tables}
    )
    return ExitCode.DONE


def _wrong(session: Session, file: str, wrong: list[ConfigError]) -> ExitCode:
    session.console.document(
        {
            "format": 1,
            "exit_code": int(ExitCode.USAGE),
            "mistakes": [{"message": one.message, "do": one.do} for one in wrong],
            "tables": [],
        }
    )
    if len(wrong) > 1:
        session.console.result(*(one.line() for one in wrong))
        many = UsageError(
            f"{file} has {len(wrong)} mistakes", do="mend the lines above"
        )
        session.console.fail(many)
    else:
        session.console.fail(wrong[0])
    return ExitCode.USAGE


def _read(table: TableModel) -> dict[str, Any]:
    return {
        "entity": table.entity.value,
        "files": list(table.files),
        "columns": {name: _source(steps) for name, steps in table.columns.items()},
    }


def _reads(mapping: MappingFile) -> Iterator[str]:
    """What a good mapping takes from where."""
    yield f"{mapping.name}: {mapping.title} ({mapping.mode.value})"
    for table in mapping.tables:
        yield f"{table.entity.value} from {', '.join(table.files)}"
        for name, steps in table.columns.items():
            yield f"  {name}: {_source(steps)}"


def _source(steps: Steps) -> str:
    if steps.value is not None:
        return f'always "{steps.value}"'
    if steps.template is not None:
        return steps.template
    if steps.hash is not None:
        return f"made of {', '.join(steps.hash)}"
    return ", else ".join(steps.from_ or ())


def suggest(
    session: Session, files: list[Path], out: Path | None, name: str | None
) -> ExitCode:
    """Propose a mapping; 1 where something is left to do, 3 where nothing is read."""
    if out is not None and out.exists():
        message = f"{out} exists already, and may have been worked on"
        raise UsageError(message, do="choose another name with --out, or move it away")
    with session.console.stage("suggest"):
        made = propose(files, name or (out.stem if out is not None else _NAME))
    for finding in _refusals(made):
        session.console.message(finding)
    if not made.tables:
        message = "none of the files could be understood, so nothing is proposed"
        do = "look at the lines above, or write a mapping by hand (docs/mappings.md)"
        raise RefusedError(message, do=do)
    code = ExitCode.PARTIAL if made.open else ExitCode.DONE
    session.console.document(_document(made, out, code))
    if out is None:
        session.console.text(made.toml)
    else:
        _write(out, made.toml)
        session.console.result(f"written: {out}")
    if made.open:
        session.console.fail(_left(made))
    return code


def _refusals(made: Suggestion) -> Iterator[str]:
    """What is wrong with the files, without any cell."""
    for one in made.findings.of_severity(Severity.REFUSED).iter_rows(named=True):
        place = one["file"] or "the drop"
        line = f" line {one['line']}" if one["line"] else ""
        yield f"{place}{line}: {one['message']}"


def _left(made: Suggestion) -> RosterSyncError:
    first, *more = made.open
    others = f", and {len(more)} more" if more else ""
    message = f"left to do: {first}{others}"
    return RosterSyncError(message, do="see the comments of the proposal")


def _document(made: Suggestion, out: Path | None, code: ExitCode) -> dict[str, Any]:
    return {
        "format": 1,
        "exit_code": int(code),
        "out": str(out) if out is not None else None,
        "toml": made.toml,
        "left_to_do": list(made.open),
    }


def _write(out: Path, text: str) -> None:
    try:
        out.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        with replaced(out) as file:
            file.write(text.encode())
    except OSError as error:
        message = f"{out} cannot be written: {error.strerror}"
        raise LocalError(message, do="choose another place with --out") from None
