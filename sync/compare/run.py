"""Two drops on disk -> what changed from one to the other, file by file.

In: the paths of both: folders, zips or single files, in any mixture. Out: a
``Comparison``. Nothing is mapped and nothing validated: rows are compared as they were
delivered, so that a clerk sees what a change in the school's system did to its export.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sync.compare.columns import columns
from sync.compare.files import Knows, Pair, UnreadableError, alone, compared
from sync.compare.found import Comparison, FileChanges
from sync.compare.look import Source
from sync.errors import RefusedError, UsageError
from sync.mapping import recognise, wanted
from sync.model.finding import Finding, Findings, found
from sync.model.roster import DropKind, Wanted
from sync.read import peek
from sync.read.archive import of_zip
from sync.read.codes import SAME_NAME
from sync.read.head import hopeless
from sync.read.packaging import Member, kind_of, no_file, of_file, of_folder, unreadable
from sync.read.settled import Stamps, changed, stamps

_SUFFIXES = (".csv", ".tsv", ".txt")


@dataclass(frozen=True, slots=True)
class _Side:
    """One drop, not yet read."""

    path: Path
    kind: DropKind
    members: Mapping[str, Member]
    """By name without folders, in lower case."""

    def stamps(self) -> Stamps:
        """How its files look from outside."""
        if self.kind is not DropKind.FOLDER:
            return stamps({None: self.path})
        return stamps({one.file: one.source for one in self.members.values()})


def compare(before: Path, after: Path, mapping: str | None = None) -> Comparison:
    """What changed from the drop ``before`` to ``after``.

    ``mapping`` is a shipped mapping or a TOML file; by default the layout of ``after``
    is told from its files. Raises ``UsageError`` where there is nothing at a path,
    ``ConfigError`` for a faulty mapping, ``RefusedError`` for a drop that cannot be
    opened or that changes while it is read; why a file cannot be read is in
    ``refused``.
    """
    for path in (before, after):
        _demand_there(path)
    later = peek(after)
    layout = recognise(later if later.files else peek(before), mapping)
    sides = [_opened(path, wanted(layout)) for path in (before, after)]
    stamped = [side.stamps() for side in sides]
    single = all(side.kind is DropKind.CSV for side in sides)
    files: list[FileChanges] = []
    refused = Findings.none()
    for name, old, new in _pairs(sides[0], sides[1]):
        knows = partial(columns, layout.mapping, name, single=single)
        try:
            files.append(_of_file(name, old, new, knows))
        except UnreadableError as error:
            refused += error.findings
    for side, then in zip(sides, stamped, strict=True):
        _demand_same(side, then)
    return Comparison(before, after, layout.mapping.name, tuple(files), refused)


def _demand_there(path: Path) -> None:
    do = "check the path of the drop"
    try:
        there = path.exists()
    except OSError as error:  # a name that is too long, a folder that is closed to us
        message = f"{path} cannot be looked at: {error.strerror}"
        raise UsageError(message, do=do) from None
    if not there:
        message = f"there is no file or folder {path}"
        raise UsageError(message, do=do)


def _opened(path: Path, known: Wanted) -> _Side:
    """The files of a drop that hold rows. Raises ``RefusedError``."""
    kind = kind_of(path)
    if kind is DropKind.CSV:
        return _Side(path, kind, {path.name.casefold(): of_file(path, path.name)})
    members, findings = (of_folder(path), []) if path.is_dir() else of_zip(path)
    if findings:
        raise _refusal(path, findings[0])
    named: dict[str, Member] = {}
    for one in members:
        base = one.base.casefold()
        if not (known.reads(base) or base.endswith(_SUFFIXES)):
            continue
        if base in named:
            message = f"two files of one name: {named[base].file}, {one.file}"
            raise _refusal(path, found(SAME_NAME, message))
        named[base] = one
    return _Side(path, kind, named)


def _pairs(
    before: _Side, after: _Side
) -> Iterator[tuple[str, Member | None, Member | None]]:
    """The files of both drops by their names; two single files are a pair whatever
    they are called."""
    old, new = before.members, after.members
    if before.kind is after.kind is DropKind.CSV:
        (left,), (right,) = old.values(), new.values()
        yield right.file, left, right
        return
    for base in sorted({*old, *new}):
        either = new.get(base) or old[base]
        yield either.base, old.get(base), new.get(base)


def _of_file(
    name: str, old: Member | None, new: Member | None, knows: Knows
) -> FileChanges:
    before, after = (None if one is None else _source(one) for one in (old, new))
    try:
        if before is not None and after is not None:
            return compared(Pair(name, before, after, knows))
        if after is not None:
            return alone(name, after, knows, after=True)
        if before is not None:
            return alone(name, before, knows, after=False)
    except OSError as error:
        raise UnreadableError(Findings.of([unreadable(error, name)])) from None
    message = "a file of neither drop"
    raise ValueError(message)


def _source(member: Member) -> Source:
    """The file itself, or the bytes of what is in a zip. Raises ``UnreadableError``."""
    problem: Finding | None = None
    if kind_of(member.source) is DropKind.ZIP:
        loaded = member.load()
        if isinstance(loaded, bytes):
            return loaded
        problem = loaded
    elif not member.source.is_file():
        problem = no_file(member.source, member.file)
    else:
        problem = hopeless(member.source, member.file)
    if problem is not None:
        raise UnreadableError(Findings.of([problem]))
    return member.source


def _demand_same(side: _Side, stamped: Stamps) -> None:
    for finding in changed(stamped, side.stamps()):
        raise _refusal(side.path, finding)


def _refusal(path: Path, finding: Finding) -> RefusedError:
    place = path if finding.file is None else path / finding.file
    return RefusedError(f"{place}: {finding.message}", do=finding.hint)
