"""Which rows others bring into doubt, told by hashes of what they are called and name.

In: the files of a drop after each was looked through, with the rows that are in doubt
by themselves. Out: the same, with those in doubt too that share a key, a username or an
e-mail with another row, that name what is not there, or a row that is in doubt itself.
Hashes that are equal by chance bring a row too many into doubt, never one too few.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import polars as pl

from sync.model.entities import PEOPLE, Entity
from sync.model.finding import Findings
from sync.model.roster import RawTable
from sync.validate import sieve
from sync.validate.sieve import EMAIL, NAMED, SAME, USERNAME, Source

LINKS = (Entity.AGENTS, Entity.ENROLLMENTS)
HOLDERS = (Entity.CLASSES, *PEOPLE)
"""The entities of large files that others name."""
AT_ONCE = 2
"""So much of this is done side by side: each runs on one core."""


class Look(Protocol):
    """One file after it was looked through."""

    @property
    def frame(self) -> pl.DataFrame:
        """What was asked of each row."""

    def some(self, wanted: pl.Series) -> tuple[RawTable, Findings] | None:
        """The rows that are wanted; null where they refuse the file."""


@dataclass(slots=True)
class Seen:
    """One file on its way: what its rows show, and which of them are in doubt."""

    name: str
    source: Source
    look: Look
    doubt: pl.Series

    def hashes(self, column: str) -> pl.Series:
        """What the rows are called, or name."""
        return self.look.frame[column]

    def has(self, column: str) -> bool:
        """Whether there are such hashes."""
        return column in self.look.frame.columns


@dataclass(frozen=True, slots=True)
class Held:
    """Hashes of the keys of a table that people and links name: of the rows of which
    nothing was found, and of those that fell."""

    clean: pl.Series
    bad: pl.Series


Doubted = Iterable[tuple[Seen, pl.Series]]


@dataclass(frozen=True, slots=True)
class Named:
    """What a drop's rows may name: tables judged before, and those of its large files.

    ``bulk``: whether what the drop does not hold is not there.
    """

    held: Mapping[Entity, Held]
    large: Collection[Entity]
    bulk: bool

    def tells(self, source: Source, name: str) -> bool:
        """Whether a cell without doubt of that column is one of the keys that are held
        here, so that nothing else need be asked of it."""
        target = source.column(name).references
        if not target or not self.bulk:
            return False
        there = {*self.held, *self.large}
        return set(holding(target)) <= there


def holding(target: Sequence[Entity]) -> Sequence[Entity]:
    """The entities whose keys a reference is looked for in: a student among the users
    is in doubt, so that only a row of students can be one without."""
    if set(target) & set(PEOPLE) and tuple(target) != (Entity.STUDENTS,):
        return PEOPLE
    return target


def follow(files: Sequence[Seen], named: Named) -> None:
    """Bring into doubt what others bring into doubt."""
    people = [one for one in files if one.source.entity in PEOPLE]
    classes, *links = (
        [one for one in files if one.source.entity is entity]
        for entity in (Entity.CLASSES, *LINKS)
    )
    guarded = _guarded(files)
    _add(
        *(partial(_repeated, people, column) for column in (USERNAME, EMAIL, SAME)),
        *(partial(_repeated, same, SAME) for same in (classes, *links)),
        *(
            partial(_unmet, one, name, files, named)
            for one in files
            for name in one.source.names
        ),
    )
    naming = [one for same in links for one in same]
    _add(
        partial(_naming, naming, PEOPLE, _spread(people)),
        partial(_naming, naming, (Entity.CLASSES,), _spread(classes)),
    )
    for same in links:
        _spread(same)
    if guarded is not None and named.bulk:
        _add(partial(_unguarded, people, guarded))


def _add(*works: Callable[[], Doubted]) -> None:
    """What all of these find, done side by side."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = [one for doubted in pool.map(_done, works) for one in doubted]
    for one, doubtful in found:
        one.doubt = one.doubt | doubtful.fill_null(value=False)


def _done(work: Callable[[], Doubted]) -> list[tuple[Seen, pl.Series]]:
    return list(work())


def _repeated(files: Sequence[Seen], column: str) -> Doubted:
    """Rows that share a hash with another one."""
    having = [one for one in files if one.has(column)]
    if not having:
        return
    every = pl.concat([one.hashes(column) for one in having]).drop_nulls().sort()
    twice = every.filter(every == every.shift()).unique()
    if twice.is_empty():
        return
    for one in having:
        yield one, _is_in(one.hashes(column), twice)


def asked_for(files: Sequence[Seen], entity: Entity) -> pl.Series:
    """Hashes of what the rows in doubt name, blank cells aside, where a record of that
    entity may be meant."""
    found = [
        one.hashes(NAMED + name).filter(one.doubt)
        for one in files
        for name in one.source.names
        if entity in holding(one.source.column(name).references)
    ]
    asked = pl.concat([pl.Series([], dtype=pl.UInt64), *found]).unique()
    return asked.filter(asked != _blank().item())


def _blank() -> pl.Series:
    """The hash of a cell that names nobody; whether it may, the row itself shows."""
    return pl.Series([""]).hash()


def _is_in(hashes: pl.Series, some: pl.Series) -> pl.Series:
    return hashes.is_in(some.implode())


def _unmet(one: Seen, name: str, files: Sequence[Seen], named: Named) -> Doubted:
    """Rows that name what is not there, or what something was found of."""
    told = one.hashes(NAMED + name)
    target = holding(one.source.column(name).references)
    if named.tells(one.source, name):
        known = [_blank()]
        known += [named.held[e].clean for e in target if e in named.held]
        known += [o.hashes(SAME) for o in files if o.source.entity in target]
        yield one, _names(told, pl.concat(known), there=False)
        return
    for entity in target:
        if entity in named.held:
            yield one, _names(told, named.held[entity].bad, there=True)


def _names(told: pl.Series, some: pl.Series, *, there: bool) -> pl.Series:
    """Whether a row names one of some, or (``there`` is false) one that is not of
    them; ``told`` are hashes, or cells with several names."""
    if told.dtype != pl.String():
        return _is_in(told, some) if there else ~_is_in(told, some)
    cells = told.unique().alias("cell").to_frame()
    items = cells.select("cell", item=pl.col("cell").str.split(",")).explode("item")
    hit = pl.col("item").hash().is_in(some.implode())
    found = items.filter(hit if there else ~hit)["cell"]
    return told.is_in(found.implode())


def _guarded(files: Sequence[Seen]) -> pl.Series | None:
    """The students for whom a link without doubt names somebody; null without links."""
    named = NAMED + "studentSourcedId"
    keys = [
        one.hashes(named).filter(~one.doubt)
        for one in files
        if one.source.entity is Entity.AGENTS
    ]
    return pl.concat(keys) if keys else None


def _unguarded(people: Sequence[Seen], guarded: pl.Series) -> Doubted:
    """Students who have no guardian; that is said, and nothing falls for it."""
    for one in people:
        if one.source.entity is Entity.STUDENTS:
            yield one, ~_is_in(one.hashes(SAME), guarded)


def _naming(
    links: Sequence[Seen], entities: Collection[Entity], some: pl.Series
) -> Doubted:
    """Rows that name one of these records."""
    for one in links:
        for name in one.source.names:
            if set(one.source.column(name).references) & set(entities):
                yield one, _is_in(one.hashes(NAMED + name), some)


def _spread(files: Sequence[Seen]) -> pl.Series:
    """Bring into doubt the rows that are called as one in doubt is once its cells are
    normalised; and the keys of all that are in doubt, as they stand and normalised."""
    called: dict[str, list[pl.Series]] = {SAME: [], USERNAME: [], EMAIL: []}
    for one in files:
        read = one.look.some(one.doubt)
        if read is None:
            continue  # what refuses the file is met again where all are read
        table, _ = read
        said = table.frame.select(sieve.hashes(one.source, normalised=True))
        for column, hashes in called.items():
            if column in said.columns:
                hashes.append(said[column].drop_nulls())
        # Of a row of the wrong width nobody knows which cell is its key.
        broken = table.unreadable["cells"].explode().drop_nulls()
        called[SAME].append(broken.str.strip_chars().hash())
    _add(*(partial(_called, files, column, called[column]) for column in called))
    own = [one.hashes(SAME).filter(one.doubt) for one in files]
    return pl.concat([pl.Series(SAME, [], pl.UInt64), *own, *called[SAME]]).unique()


def _called(files: Sequence[Seen], column: str, hashes: Sequence[pl.Series]) -> Doubted:
    for one in files:
        if one.has(column) and hashes:
            yield one, _is_in(one.hashes(column), pl.concat(hashes))
