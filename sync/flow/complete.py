"""Whether a drop has its sentinel: the file that says that the upload is over.

In: the path of a drop and the ``complete`` of a target. Out: a refused intake where
the sentinel is missing, before anything of the drop is read.
"""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

import polars as pl

from sync.flow.intake import Intake
from sync.model.finding import Finding, Findings, Severity
from sync.model.roster import Drop, DropKind
from sync.read import zip_names

NOBODY_READS = "RS002"
"""The note on a file for which the mapping has no table."""


def incomplete(path: Path, sentinel: str) -> Intake | None:
    """A refused drop where ``sentinel`` is wanted and not there; null where all is
    well, or where reading will say better what is wrong."""
    if not sentinel or not _exists(path) or _there(path, sentinel):
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


def announced(path: Path, sentinel: str) -> bool:
    """Whether a sentinel was seen in a drop or beside it; in a zip that cannot be
    opened none is."""
    inside = _inside(path) or []
    found = any(_matches(name, sentinel) for name in inside)
    return found or bool(sentinels_beside(path, sentinel))


def sentinels_beside(path: Path, sentinel: str) -> list[Path]:
    """The files beside a drop that say that it is complete, in order of their names."""
    found = _beside(path, sentinel) if sentinel else []
    return sorted(one for one in found if _stands_for(one, path))


def is_sentinel(name: str, sentinel: str) -> bool:
    """Whether a file of that name is such a sentinel."""
    return bool(sentinel) and _matches(name, sentinel)


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


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that is too long, a folder that is closed to us
        return False


def _there(path: Path, sentinel: str) -> bool:
    inside = _inside(path)
    if inside is None or any(_matches(name, sentinel) for name in inside):
        return True  # of what cannot be opened, reading says better what is wrong
    return any(_stands_for(one, path) for one in _beside(path, sentinel))


def _inside(path: Path) -> list[str] | None:
    """The names at the top of a drop or in a folder there; None if it is shut."""
    if _is_zip(path) and not path.is_dir():
        names = zip_names(path)
        return None if names is None else [_base(name) for name in names]
    try:
        found = [*path.glob("*"), *path.glob("*/*")] if path.is_dir() else []
        return [one.name for one in found if one.is_file()]
    except OSError:
        return None


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
