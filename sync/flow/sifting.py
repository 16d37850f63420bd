"""A drop of which only the rows are read that something may be wrong with.

For whoever wants to know what is wrong and not what is right. In: a drop and its
layout. Out: the drop with those rows alone, and how many others there are: with the
same findings, counts and digest as if all had been read. What is named by people and
links (orgs, classes, ...) is read and judged first; the large files are looked through
once, for what their rows show by themselves and for hashes, by which ``doubt`` finds
the rows that others bring into doubt.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import polars as pl

from sync import mapping as mappings
from sync.flow.doubt import HOLDERS, Held, Named, Seen, asked_for, follow
from sync.model.entities import PEOPLE, REFERENCE, Entity, Mode
from sync.model.finding import Findings
from sync.model.roster import FILE, KEY, ROW, Drop, RawTable, Roster
from sync.read import WHOLE, Opened, open_drop
from sync.validate import Aside, sieve, validate
from sync.validate.sieve import DOUBT, SAME, Source

MOST = 3
"""Where more than one row in so many is in doubt, reading all of them is cheaper."""


@dataclass(frozen=True, slots=True)
class Sifted:
    """The rows in doubt, and what is known of the others."""

    drop: Drop
    findings: Findings
    aside: Mapping[Entity, Aside]


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
    many = {f: s for f, s in sources.items() if sieve.can_sieve(s)}
    if any(s.entity not in REFERENCE for f, s in sources.items() if f not in many):
        return None
    whole = _whole(opened, sources.keys() - many.keys())
    if whole is None:
        return None
    first = _judged_first(opened, whole, terms)
    large = {one.entity for one in many.values() if one.entity in HOLDERS}
    named = Named(first.held, large, terms.bulk)
    files = _looked(opened, many, named, terms.today)
    if files is None:
        return None
    follow(files, named)
    rows, odd = (sum(f.doubt.len() for f in files), sum(f.doubt.sum() for f in files))
    if odd * MOST > rows:
        return None
    some = {one.name: one.look.some(one.doubt) for one in files}
    read = {name: one for name, one in some.items() if one is not None}
    if len(read) < len(some):
        return None
    drop, findings = opened.drop({**read, **first.tables})
    return Sifted(drop, findings, {**_aside(opened, files), **first.aside})


def _whole(
    opened: Opened, names: Iterable[str]
) -> dict[str, tuple[RawTable, Findings]] | None:
    """The tables that all others may name, with all of their rows."""
    read = {name: opened.files[name].whole() for name in sorted(names)}
    found = {name: one for name, one in read.items() if one is not None}
    return found if len(found) == len(read) else None


def _looked(
    opened: Opened, sources: Mapping[str, Source], named: Named, today: date
) -> list[Seen] | None:
    files = []
    for name, source in sources.items():
        told = {n for n in source.names if named.tells(source, n)}
        told -= {n for n in told if source.lists(n)}
        wanted = [
            sieve.doubt(source, today, told),
            *sieve.hashes(source, normalised=False),
        ]
        look = opened.files[name].look(wanted)
        if look is None:
            return None
        doubt = look.frame[DOUBT] | ~look.frame[WHOLE]
        files.append(Seen(name, source, look, doubt))
    return files


@dataclass(frozen=True, slots=True)
class _First:
    """What people and links name, judged by itself: the tables, without the rows of
    those in which nothing was found."""

    tables: Mapping[str, tuple[RawTable, Findings]]
    held: Mapping[Entity, Held]
    aside: Mapping[Entity, Aside]


def _judged_first(
    opened: Opened, whole: Mapping[str, tuple[RawTable, Findings]], terms: _Terms
) -> _First:
    if not whole:
        return _First({}, {}, {})
    tables = {name: table for name, (table, _) in whole.items()}
    drop = replace(opened.bare, tables=tables)
    mapped, said = mappings.apply(drop, terms.layout, delta=terms.delta)
    roster, found = validate(mapped, today=terms.today, earlier=said)
    every = sum((more for _, more in whole.values()), said + found)
    odd = set(every.frame["file"].drop_nulls())
    clean = {
        entity: frame
        for entity, frame in roster.frames.items()
        if not odd & set(mapped.tables[entity].headers)
    }
    bare = {f for e in clean for f in mapped.tables[e].headers}
    return _First(
        {f: (_bare(t) if f in bare else t, more) for f, (t, more) in whole.items()},
        {entity: _held(roster, entity, every) for entity in roster.frames},
        {entity: Aside(frame.height, frame[KEY]) for entity, frame in clean.items()},
    )


def _bare(table: RawTable) -> RawTable:
    return replace(table, frame=table.frame.clear(), aside=table.frame.height)


def _held(roster: Roster, entity: Entity, found: Findings) -> Held:
    frame = roster.frames[entity]
    places = found.frame.select(
        pl.col("file").alias(FILE), pl.col("line").alias(ROW)
    ).drop_nulls()
    clean = frame.join(places, on=[FILE, ROW], how="anti")
    return Held(clean[KEY].hash(), roster.rejected[entity][KEY].drop_nulls().hash())


def _aside(opened: Opened, files: Sequence[Seen]) -> dict[Entity, Aside]:
    """What is known of the rows without doubt, and the keys of them that are named."""
    found: dict[Entity, Aside] = {}
    for one in files:
        entity, good = one.source.entity, ~one.doubt
        before = found.get(entity, Aside())
        keys = before.keys
        if entity in HOLDERS:
            keys = pl.concat([keys, _keys(opened, files, one)])
        found[entity] = Aside(before.rows + int(good.sum()), keys)
    return found


def _keys(opened: Opened, files: Sequence[Seen], one: Seen) -> pl.Series:
    """The keys of good rows that a row in doubt names; all of them, where one names
    what is not there: it is told the nearest."""
    header, asked = one.source.headers["sourcedId"], asked_for(files, one.source.entity)
    if one.source.entity in PEOPLE:
        same = [other for other in files if other.source.entity in PEOPLE]
    else:
        same = [other for other in files if other.source.entity is one.source.entity]
    there = pl.concat([other.hashes(SAME) for other in same])
    if asked.is_in(there.implode()).all():
        wanted = one.hashes(SAME).is_in(asked.implode()) & ~one.doubt
        some = one.look.some(wanted)
        if some is not None:
            return some[0].frame[header].alias(KEY)
    return opened.files[one.name].column(header).filter(~one.doubt).alias(KEY)
