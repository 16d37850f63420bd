"""Which mapping a drop is read by: the one asked for, or the one whose files these are.

In: what a drop looks like from outside. Out: the mapping, what a manifest says of each
file, and what is wrong so far.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from sync.mapping.choose import best, by_name, fits, used
from sync.mapping.codes import NO_MANIFEST, SEVERAL_LAYOUTS, UNDECLARED
from sync.mapping.load import load, shipped
from sync.mapping.manifest import ABSENT, VERSIONS, Manifest, read_manifest
from sync.mapping.model import MappingFile
from sync.mapping.shipped import names
from sync.model.entities import Entity, Mode
from sync.model.finding import Finding, found
from sync.model.roster import MANIFEST, Drop, DropKind, Peek, Peeked, matches

FOUR_FILES = "four-files"
"""What a drop is taken for that looks like nothing."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a drop is to be read."""

    mapping: MappingFile
    manifest: Manifest | None
    findings: tuple[Finding, ...] = ()

    @property
    def absent(self) -> frozenset[str]:
        """Files (in lower case, without folders) that the manifest declares absent."""
        said = self.manifest.modes if self.manifest else {}
        return frozenset(file for file, mode in said.items() if mode == ABSENT)

    @property
    def absent_entities(self) -> frozenset[Entity]:
        """Entities of which the manifest says that no file is in the drop."""
        tables = self.mapping.tables
        said = {
            table.entity
            for table in tables
            if any(matches(file, table.files) for file in self.absent)
        }
        return frozenset(said)

    def modes(self, drop: Drop) -> tuple[dict[str, Mode], list[Finding]]:
        """File -> what the manifest says, or what its rows show where it is silent."""
        if self.manifest is None:
            return {}, []
        modes: dict[str, Mode] = {}
        silent = []
        for file in sorted(drop.tables):
            base = file.rpartition("/")[2].casefold()
            said = self.manifest.modes.get(base)
            if said in set(Mode):
                modes[file] = Mode(said)
            elif base != MANIFEST and by_name(file, self.mapping):
                modes[file] = _shown(drop.tables[file].frame)
                message = f"the manifest is silent about it; read as {modes[file]}"
                silent.append(found(UNDECLARED, message, file=file))
        return modes, silent


def recognise(seen: Peek, wanted: str | None = None, *, delta: bool = False) -> Layout:
    """The layout of a drop; ``wanted`` names a mapping or its file.

    Raises ``ConfigError`` for a mapping that does not exist or is faulty.
    """
    if wanted is not None:
        return _with_manifest(load(wanted), seen, delta=delta)
    if seen.manifest is not None:
        files = [one.file for one in seen.files]
        version = read_manifest(seen.manifest, files).version
        known = [f"oneroster-{one}" for one in VERSIONS]
        named = f"oneroster-{version}"
        mapping, problem = _best(seen, [named] if named in known else known)
    else:
        mapping, problem = _best(seen, names())
    layout = _with_manifest(mapping, seen, delta=delta)
    return Layout(layout.mapping, layout.manifest, (*layout.findings, *problem))


def _with_manifest(mapping: MappingFile, seen: Peek, *, delta: bool) -> Layout:
    if mapping.oneroster is None:
        return Layout(mapping, None)
    there = any(matches(one.file, [MANIFEST]) for one in seen.files)
    if seen.manifest is None and there:  # why it cannot be read is said by reading
        return Layout(mapping, None)
    if seen.manifest is None:
        how = "delta" if delta else mapping.mode.value
        message = f"there is no manifest.csv: every file was read as {how}"
        return Layout(mapping, None, (found(NO_MANIFEST, message),))
    manifest = read_manifest(seen.manifest, [one.file for one in seen.files])
    return Layout(mapping, manifest, manifest.findings)


def _best(seen: Peek, candidates: Sequence[str]) -> tuple[MappingFile, list[Finding]]:
    """The mapping that most of the files belong to, and then most of the columns."""
    if FOUR_FILES in candidates:  # the others are not even read where none can be above
        usual = shipped(FOUR_FILES)
        if _rank(usual, seen) == _highest(seen):
            return usual, []
    mappings = _most_known([shipped(name) for name in candidates], seen)
    ranked = [(_rank(mapping, seen), mapping) for mapping in mappings]
    top = max(rank for rank, _ in ranked)
    first = [mapping for rank, mapping in ranked if rank == top]
    if len(first) == 1 or not top.fits:
        return first[0], []
    listed = ", ".join(mapping.name for mapping in first)
    message = f"the drop fits several layouts equally well: {listed}"
    hint = f"choose one with --mapping, such as --mapping {first[0].name}"
    return first[0], [found(SEVERAL_LAYOUTS, message, hint=hint)]


@dataclass(frozen=True, slots=True, order=True)
class _Rank:
    """How well a mapping fits; the four files win where nothing else tells."""

    files: int
    fits: bool
    headers: int
    usual: bool


def _most_known(mappings: list[MappingFile], seen: Peek) -> list[MappingFile]:
    """Those to which most of the files belong, which ranks before all else."""
    if seen.kind is DropKind.CSV:
        return mappings
    known = [_known(mapping, seen) for mapping in mappings]
    most = max(known)
    return [one for one, n in zip(mappings, known, strict=True) if n == most]


def _known(mapping: MappingFile, seen: Peek) -> int:
    return sum(_belongs(one, mapping) for one in seen.files)


def _highest(seen: Peek) -> _Rank:
    """Every file and every header is known; only the four files can be so."""
    files = 2 if seen.kind is DropKind.CSV else len(seen.files)
    headers = sum(len(set(one.headers)) for one in seen.files)
    return _Rank(files, fits=True, headers=headers, usual=True)


def _rank(mapping: MappingFile, seen: Peek) -> _Rank:
    usual = mapping.name == FOUR_FILES
    if seen.kind is DropKind.CSV:
        return _of_one(mapping, seen.files, usual=usual)
    matched = [(one, by_name(one.file, mapping)) for one in seen.files]
    fed = [(one, tables) for one, tables in matched if tables]
    whole = bool(fed) and all(fits(one.headers, tables) for one, tables in fed)
    count = sum(used(one.headers, tables) for one, tables in fed)
    known = _known(mapping, seen)
    return _Rank(known, whole and _has_joined(mapping, seen), count, usual)


def _of_one(mapping: MappingFile, files: Sequence[Peeked], *, usual: bool) -> _Rank:
    """A single file, by its name or else by its header."""
    if not files:
        return _Rank(0, fits=False, headers=0, usual=usual)
    (one,) = files
    tables = by_name(one.file, mapping)
    if tables:
        whole = fits(one.headers, tables) and not any(t.join for t in tables)
        return _Rank(1 + whole, whole, used(one.headers, tables), usual)
    groups = [
        group
        for group in best(one.headers, mapping)
        if not any(table.join for table in group)
    ]
    count = used(one.headers, groups[0]) if groups else 0
    return _Rank(1 if groups else 0, len(groups) == 1, count, usual)


def _belongs(one: Peeked, mapping: MappingFile) -> bool:
    """Whether a file is one of the layout; a name like any other proves nothing."""
    patterns = [
        *(p for table in mapping.tables for p in table.files),
        *(p for t in mapping.tables for join in t.join.values() for p in join.files),
        *mapping.aside,
    ]
    if matches(one.file, [p for p in patterns if not p.startswith("*")]):
        return True
    tables = by_name(one.file, mapping)
    return bool(tables) and fits(one.headers, tables)


def _has_joined(mapping: MappingFile, seen: Peek) -> bool:
    """Whether the tables whose files are there find those that they join."""
    files = [one.file for one in seen.files]
    return all(
        any(matches(file, join.files) for file in files)
        for table in mapping.tables
        if any(matches(file, table.files) for file in files)
        for join in table.join.values()
    )


def _shown(frame: pl.DataFrame) -> Mode:
    """Rows of a delta say what became of them; those of a bulk file need not."""
    status = next((name for name in frame.columns if name.casefold() == "status"), None)
    if status is None:
        return Mode.BULK
    filled = (frame[status].str.strip_chars() != "").any()
    return Mode.DELTA if filled else Mode.BULK
