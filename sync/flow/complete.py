"""Whether a drop has its sentinel: the file that says that the upload is over.

In: the path of a drop and the ``complete`` of a target. Out: a refused intake where
the sentinel is missing, before anything of the drop is read.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

import polars as pl

from sync.flow.intake import Intake
from sync.model.finding import Finding, Findings, Severity
from sync.model.roster import Drop, DropKind

NOBODY_READS = "RS002"
"""The note on a file for which the mapping has no table."""


def incomplete(path: Path, sentinel: str) -> Intake | None:
    """A refused drop where ``sentinel`` is wanted and not there; null where all is
    well, or where reading will say better what is wrong."""
    if not sentinel or not path.exists() or _there(path, sentinel):
        return None
    if path.is_dir():
        kind, where = DropKind.FOLDER, f"in the folder {path.name}, or beside it"
    elif _is_zip(path):
        kind, where = DropKind.ZIP, f"in {path.name}, or beside it"
    else:
        kind, where = DropKind.CSV, f"beside {path.name}"
    missing = Finding(
        "RS409",
        Severity.REFUSED,
        f"there is no {sentinel} {where}, so the delivery is not complete yet",
        hint="run again when the upload is over; if no such file is delivered, take "
        "complete out of the configuration",
    )
    drop = Drop(path, path.resolve().name, kind, "", {})
    return Intake(drop, None, None, Findings.of([missing]))


def without_sentinel(intake: Intake, sentinel: str) -> Intake:
    """The intake without the note that nothing reads the sentinel."""
    if not sentinel:
        return intake
    unknown = intake.findings.frame.filter(code=NOBODY_READS)
    files = [one for one in unknown["file"] if _matches(_base(one), sentinel)]
    if not files:
        return intake
    about = (pl.col("code") == NOBODY_READS) & pl.col("file").is_in(files)
    return replace(intake, findings=Findings(intake.findings.frame.filter(~about)))


def _there(path: Path, sentinel: str) -> bool:
    try:
        if any(_matches(name, sentinel) for name in _inside(path)):
            return True
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return True  # whoever reads the drop says better what is wrong with it
    return any(_stands_for(one, path) for one in _beside(path, sentinel))


def _inside(path: Path) -> Iterator[str]:
    """The names at the top of a drop or in a folder there."""
    if path.is_dir():
        found = (*path.glob("*"), *path.glob("*/*"))
        yield from (one.name for one in found if one.is_file())
    elif _is_zip(path):
        with zipfile.ZipFile(path) as archive:
            yield from map(_base, archive.namelist())


def _is_zip(path: Path) -> bool:
    return path.suffix.casefold() == ".zip"


def _beside(path: Path, sentinel: str) -> list[Path]:
    siblings = _listed(path.resolve().parent)
    return [one for one in siblings if _matches(one.name, sentinel) and one.is_file()]


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:  # a folder that only lets pass
        return []


def _stands_for(found: Path, path: Path) -> bool:
    """Whether a sentinel beside a drop can mean it: not if it bears the name of
    another one, and never the drop itself."""
    drop = path.resolve()
    if found == drop:
        return False
    named = {one for one in _listed(drop.parent) if _bears(found.name, one)}
    return drop in named or not named - {found}


def _bears(name: str, drop: Path) -> bool:
    names = (f"{drop.name}.".casefold(), f"{drop.stem}.".casefold())
    return name.casefold().startswith(names)


def _base(file: str) -> str:
    return file.replace("\\", "/").rpartition("/")[2]


def _matches(name: str, sentinel: str) -> bool:
    return bool(name) and fnmatchcase(name.casefold(), sentinel.casefold())
