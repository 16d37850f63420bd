"""A drop of which only the rows are read that something may be wrong with.

For whoever wants to know what is wrong and not what is right. In: a drop and its
layout. Out: the drop with those rows alone, and how many others there are: with the
same findings, counts and digest as if all had been read. Each file is looked through
once, for what its rows show by themselves and for hashes of what they are called and
name; then follow the rows that others bring into doubt: of one key, one username, one
e-mail; that name what is not there, or what is in doubt itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Protocol

import polars as pl

from sync import mapping as mappings
from sync.model.entities import PEOPLE, REFERENCE, Entity, Mode
from sync.model.finding import Findings
from sync.model.roster import KEY, Drop, RawTable
from sync.read import WHOLE, Opened, open_drop
from sync.validate import Aside, sieve, validate
from sync.validate.sieve import DOUBT, EMAIL, NAMED, SAME, USERNAME, Source

MOST = 3
"""Where more than one row in so many is in doubt, reading all of them is cheaper."""
_LINKS = (Entity.AGENTS, Entity.ENROLLMENTS)


@dataclass(frozen=True, slots=True)
class Sifted:
    """The rows in doubt, and what is known of the others."""

    drop: Drop
    findings: Findings
    aside: Mapping[Entity, Aside]


class _Look(Protocol):
    """One file after it was looked through."""

    @property
    def frame(self) -> pl.DataFrame: ...

    def some(self, wanted: pl.Series) -> tuple[RawTable, Findings] | None: ...


@dataclass(slots=True)
class _File:
    """One file on its way: what its rows show, and which of them are in doubt."""

    name: str
    source: Source
    look: _Look
    doubt: pl.Series

    @property
    def frame(self) -> pl.DataFrame:
        """The hashes, row by row."""
        return self.look.frame

    def add(self, doubtful: pl.Series) -> None:
        """More rows in doubt."""
        self.doubt = self.doubt | doubtful.fill_null(value=False)


def sift(
    path: Path, layout: mappings.Layout, today: date, *, delta: bool
) -> Sifted | None:
    """The rows of a drop that something may be wrong with; None where a drop is small,
    may be refused, or its rows do not stand for records as they are."""
    with open_drop(path, mappings.wanted(layout)) as opened:
        if opened is None:
            return None
        plain = mappings.plain(opened.bare, layout)
        if plain is None or set(plain) != set(opened.files):
            return None
        sources = {f: Source(p.entity, p.headers, p.optional) for f, p in plain.items()}
        return _sift(opened, sources, _Terms(layout, today, delta))


@dataclass(frozen=True, slots=True)
class _Terms:
    """What else decides about rows."""

    layout: mappings.Layout
    today: date
    delta: bool

    @property
    def bulk(self) -> bool:
        """Whether what is not in the drop is not there."""
        return not self.delta and self.layout.mapping.mode is Mode.BULK


def _sift(
    opened: Opened, sources: Mapping[str, Source], terms: _Terms
) -> Sifted | None:
    many = {f: s for f, s in sources.items() if s.entity not in REFERENCE}
    if not all(map(sieve.can_sieve, many.values())):
        return None
    whole = _whole(opened, sources.keys() - many.keys())
    files = None if whole is None else _looked(opened, many, terms.today)
    if whole is None or files is None:
        return None
    named = _named(opened, whole, terms)
    _follow(files, named.held, terms)
    rows, odd = (sum(f.doubt.len() for f in files), sum(f.doubt.sum() for f in files))
    if odd * MOST > rows:
        return None
    some = {one.name: one.look.some(one.doubt) for one in files}
    read = {name: one for name, one in some.items() if one is not None}
    if len(read) < len(some):
        return None
    drop, findings = opened.drop({**read, **named.tables})
    return Sifted(drop, findings, {**_aside(opened, files), **named.aside})


def _whole(
    opened: Opened, names: Iterable[str]
) -> dict[str, tuple[RawTable, Findings]] | None:
    """The tables that all others may name, with all of their rows."""
    read = {name: opened.files[name].whole() for name in sorted(names)}
    found = {name: one for name, one in read.items() if one is not None}
    return found if len(found) == len(read) else None


def _looked(
    opened: Opened, sources: Mapping[str, Source], today: date
) -> list[_File] | None:
    files = []
    for name, source in sources.items():
        wanted = [
            sieve.doubt(source, today),
            *sieve.hashes(source, normalised=False),
        ]
        look = opened.files[name].look(wanted)
        if look is None:
            return None
        doubt = look.frame[DOUBT] | ~look.frame[WHOLE]
        files.append(_File(name, source, look, doubt))
    return files


@dataclass(frozen=True, slots=True)
class _Held:
    """Hashes of the keys of a table that others name: of its good and its bad rows."""

    good: pl.Series
    bad: pl.Series


@dataclass(frozen=True, slots=True)
class _Named:
    """What others may name beside people, judged by itself: the tables, without the
    rows of those in which nothing was found."""

    tables: Mapping[str, tuple[RawTable, Findings]]
    held: Mapping[Entity, _Held]
    aside: Mapping[Entity, Aside]


def _named(
    opened: Opened, whole: Mapping[str, tuple[RawTable, Findings]], terms: _Terms
) -> _Named:
    if not whole:
        return _Named({}, {}, {})
    tables = {name: table for name, (table, _) in whole.items()}
    drop = replace(opened.bare, tables=tables)
    mapped, said = mappings.apply(drop, terms.layout, delta=terms.delta)
    roster, found = validate(mapped, today=terms.today, earlier=said)
    every = [*(more for _, more in whole.values()), said, found]
    odd = {file for more in every for file in more.frame["file"].drop_nulls()}
    clean = {
        entity: frame
        for entity, frame in roster.frames.items()
        if not odd & set(mapped.tables[entity].headers)
    }
    bare = {f for e in clean for f in mapped.tables[e].headers}
    return _Named(
        {f: (_bare(t) if f in bare else t, more) for f, (t, more) in whole.items()},
        {
            entity: _Held(frame[KEY].hash(), roster.rejected[entity][KEY].hash())
            for entity, frame in roster.frames.items()
        },
        {entity: Aside(frame.height, frame[KEY]) for entity, frame in clean.items()},
    )


def _bare(table: RawTable) -> RawTable:
    return replace(table, frame=table.frame.clear(), aside=table.frame.height)


def _follow(
    files: Sequence[_File], held: Mapping[Entity, _Held], terms: _Terms
) -> None:
    """Bring into doubt what others bring into doubt."""
    people = [one for one in files if one.source.entity in PEOPLE]
    links = [one for one in files if one.source.entity in _LINKS]
    guarded = _guarded(files)
    for column in (SAME, USERNAME, EMAIL):
        _repeated(people, column)
    for entity in _LINKS:
        _repeated([one for one in links if one.source.entity is entity], SAME)
    for one in files:
        for name in one.source.names:
            _unmet(one, name, files, held, terms)
    gone = _in_doubt(people)
    for one in links:
        for name in one.source.names:
            if set(one.source.column(name).references) & set(PEOPLE):
                one.add(_is_in(one.frame[NAMED + name], gone))
    for entity in _LINKS:
        _in_doubt([one for one in links if one.source.entity is entity])
    if guarded is not None and terms.bulk:
        _unguarded(people, guarded)


def _repeated(files: Sequence[_File], column: str) -> None:
    """Rows that share a hash with another one."""
    having = [one for one in files if column in one.frame.columns]
    if not having:
        return
    every = pl.concat([one.frame[column] for one in having]).drop_nulls()
    if every.n_unique() == every.len():
        return
    twice = every.filter(every.is_duplicated()).unique()
    for one in having:
        one.add(_is_in(one.frame[column], twice))


def _is_in(hashes: pl.Series, some: pl.Series) -> pl.Series:
    return hashes.is_in(some.implode())


def _unmet(
    one: _File,
    name: str,
    files: Sequence[_File],
    held: Mapping[Entity, _Held],
    terms: _Terms,
) -> None:
    """Rows that name what is not there; blank names nobody."""
    target = one.source.column(name).references
    named = one.frame[NAMED + name]
    if not set(target) & set(PEOPLE):
        for entity in target:
            if entity in held:
                one.add(_unmet_beside(named, held[entity], terms))
        return
    students = target == (Entity.STUDENTS,)
    holding = [Entity.STUDENTS] if students else PEOPLE
    there = {other.source.entity for other in files}
    if not terms.bulk or not set(holding) <= there:
        return
    keys = [o.frame[SAME] for o in files if o.source.entity in holding]
    one.add(~_is_in(named, _with_blank(pl.concat(keys))))


def _unmet_beside(named: pl.Series, held: _Held, terms: _Terms) -> pl.Series:
    if terms.bulk:
        return ~_is_in(named, _with_blank(held.good))
    return _is_in(named, held.bad)


def _with_blank(hashes: pl.Series) -> pl.Series:
    return pl.concat([hashes, pl.Series([""]).hash()])


def _guarded(files: Sequence[_File]) -> pl.Series | None:
    """The students for whom a link without doubt names somebody; null without links."""
    agents = [one for one in files if one.source.entity is Entity.AGENTS]
    named = NAMED + "studentSourcedId"
    keys = [one.frame[named].filter(~one.doubt) for one in agents]
    return pl.concat(keys) if keys else None


def _unguarded(people: Sequence[_File], guarded: pl.Series) -> None:
    """Students who have no guardian; that is said, and nothing falls for it."""
    for one in people:
        if one.source.entity is Entity.STUDENTS:
            one.add(~_is_in(one.frame[SAME], guarded))


def _in_doubt(files: Sequence[_File]) -> pl.Series:
    """The keys of the rows in doubt, as they stand there and normalised; rows that
    have one of these, or such a username or e-mail, are in doubt too."""
    found: dict[str, list[pl.Series]] = {SAME: [], USERNAME: [], EMAIL: []}
    for one in files:
        read = one.look.some(one.doubt)
        if read is None:
            continue  # what refuses the file is met again where all are read
        table, _ = read
        said = table.frame.select(sieve.hashes(one.source, normalised=True))
        for column, hashes in found.items():
            if column in said.columns:
                hashes.append(said[column].drop_nulls())
        # Of a row of the wrong width nobody knows which cell is its key.
        broken = table.unreadable["cells"].explode().drop_nulls()
        found[SAME].append(broken.str.strip_chars().hash())
    for column, hashes in found.items():
        for one in files:
            if column in one.frame.columns and hashes:
                one.add(_is_in(one.frame[column], pl.concat(hashes)))
    own = [one.frame[SAME].filter(one.doubt) for one in files]
    return pl.concat([pl.Series(SAME, [], pl.UInt64), *own, *found[SAME]]).unique()


def _aside(opened: Opened, files: Sequence[_File]) -> dict[Entity, Aside]:
    """What is known of the rows without doubt; the keys of people, where a row that
    names some is judged."""
    asked = any(one.doubt.any() for one in files if one.source.entity in _LINKS)
    found: dict[Entity, Aside] = {}
    for one in files:
        entity, good = one.source.entity, ~one.doubt
        before = found.get(entity, Aside())
        keys = before.keys
        if asked and entity in PEOPLE:
            cells = opened.files[one.name].column(one.source.headers["sourcedId"])
            keys = pl.concat([keys, cells.filter(good).alias(KEY)])
        found[entity] = Aside(before.rows + int(good.sum()), keys)
    return found
