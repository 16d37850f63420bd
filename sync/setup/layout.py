"""The files of a district -> the layout that they are in, or a draft of a mapping.

Comes in: a folder, a zip or a CSV file. Goes out: the name of a shipped mapping, or
the TOML of one that was made for these files.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from sync.errors import RefusedError, UsageError
from sync.mapping import load, names, recognise
from sync.mapping.choose import best, by_name, fits
from sync.mapping.codes import SEVERAL_LAYOUTS
from sync.mapping.model import MappingFile
from sync.model.finding import Findings, Severity
from sync.model.roster import DropKind, Peek
from sync.read import peek
from sync.suggest import Suggestion, suggest

DRAFT_NAME = "mapping.toml"
"""Of a mapping that was made for files never seen."""
DOUBT = "DOUBT:"
"""Begins each comment of a draft that says what was assumed."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How files are to be read."""

    mapping: str
    """A shipped mapping's name, or the path of a mapping file."""
    title: str
    draft: Suggestion | None = None
    """The mapping itself, where it was made for these files."""


def look(drop: Path, mapping: str | None = None) -> Seen:
    """How the files at that place are to be read; ``mapping`` says it beforehand.

    Raises ``UsageError`` where there is nothing or it fits several layouts,
    ``ConfigError`` for a mapping that is faulty, ``RefusedError`` where nothing can
    be made of the files.
    """
    if not is_there(drop):
        message = f"there is no file or folder {drop}"
        raise UsageError(message, do="name the folder into which the files are put")
    if mapping is not None:
        return Seen(mapping, load(mapping).title)
    seen = peek(drop)
    layout = recognise(seen)
    for one in layout.findings:
        if one.code == SEVERAL_LAYOUTS.code:
            raise UsageError(one.message, do=one.hint)
    if _is_of(seen, layout.mapping):
        return Seen(layout.mapping.name, layout.mapping.title)
    return _drafted(drop)


def is_there(drop: Path) -> bool:
    """Whether there is something to look at."""
    try:
        return drop.exists()
    except OSError:  # a name that is too long, a folder that is closed to us
        return False


def _is_of(seen: Peek, mapping: MappingFile) -> bool:
    """Whether at least one file has the name and the columns of that layout."""
    named = [(one.headers, by_name(one.file, mapping)) for one in seen.files]
    if any(tables and fits(headers, tables) for headers, tables in named):
        return True
    if seen.kind is not DropKind.CSV:
        return False
    return any(len(best(one.headers, mapping)) == 1 for one in seen.files)


def _drafted(drop: Path) -> Seen:
    made = suggest([drop], Path(DRAFT_NAME).stem)
    if made.tables:
        return Seen(DRAFT_NAME, "a draft for these files", made)
    message = f"nothing can be made of the files in {drop}{_first_fault(made.findings)}"
    do = "give it CSV files with a header each, or a mapping of your own with --mapping"
    raise RefusedError(message, do=do)


def _first_fault(findings: Findings) -> str:
    """Why a file could not even be read; blank where each could."""
    faults = findings.of_severity(Severity.REFUSED).filter(pl.col("file").is_not_null())
    if faults.is_empty():
        return ""
    first = faults.row(0, named=True)
    return f": {first['file']}: {first['message']}"


def mapping_from(mapping: str, folder: Path) -> str:
    """A mapping as a configuration in that folder names it: a shipped one by its name,
    a file by its path from there."""
    if mapping in names() or mapping == DRAFT_NAME:
        return mapping
    path, here = Path(mapping).absolute(), folder.absolute()
    if not path.is_relative_to(here):
        return str(path)
    below = path.relative_to(here).as_posix()
    return below if below.endswith(".toml") else f"./{below}"
