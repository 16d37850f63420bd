"""One file of both drops: the form in which it is compared, and what comes of it.

In: the two files, and what the mapping knows of their columns. Out: ``FileChanges``.
The quickest form that is proven right is taken; whatever it cannot prove, the next one
does, and the last one is the reader that every drop goes through.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import polars as pl

from sync.compare.changes import (
    ADDED,
    CHANGED,
    COUNT,
    REMOVED,
    changes,
    keys,
    rest,
    tally,
)
from sync.compare.forms import Cells, Form, Held, Lines, Rows
from sync.compare.found import Columns, FileChanges, Sides
from sync.compare.look import MisreadError, Plain, Source, look
from sync.compare.sets import HASH, KEYED, CollidedError, Hashed, keyed, odd
from sync.model.finding import Findings
from sync.model.roster import ROW, RawTable
from sync.read.body import ODD_SCHEMA
from sync.read.codes import NO_HEADER
from sync.read.table import PASSWORD, read_table

_TOLD, _OTHER = "\0told", "\0other"

Knows = Callable[[Sequence[str]], Columns]
"""What the mapping knows of a file with these headers."""


class UnreadableError(Exception):
    """A file is refused; ``findings`` say why."""

    def __init__(self, findings: Findings) -> None:
        """With everything that is wrong with the file."""
        super().__init__()
        self.findings = findings


@dataclass(frozen=True, slots=True)
class Pair:
    """A file of both drops."""

    file: str
    before: Source
    after: Source
    knows: Knows


@dataclass(frozen=True, slots=True)
class Match:
    """A pair with the columns that both files have, in any case, in the order of the
    later one; passwords are none."""

    pair: Pair
    names: tuple[Sequence[str], Sequence[str]]
    """As each file writes them."""
    only: tuple[tuple[str, ...], tuple[str, ...]]
    columns: Columns

    @classmethod
    def of(cls, pair: Pair, before: Sequence[str], after: Sequence[str]) -> Match:
        """Of two headers."""
        old, new = _by_plain_name(before), _by_plain_name(after)
        both = [name for name in new if name in old]
        given = [new[name] for name in both]
        return cls(
            pair,
            ([old[name] for name in both], given),
            (
                tuple(old[name] for name in old if name not in new),
                tuple(new[name] for name in new if name not in old),
            ),
            pair.knows(given),
        )

    @property
    def given(self) -> Sequence[str]:
        """The names that the columns get."""
        return self.names[1]

    def read(self, at: int) -> RawTable:
        """One side, with care. Raises ``UnreadableError``."""
        return _read(self.pair.file, (self.pair.before, self.pair.after)[at])

    def held(self, raw: RawTable, at: int) -> Held:
        """A side that was read so."""
        return Held.of(raw, self.names[at], self.given, self.columns.key)

    def proven(self, plain: Plain, at: int) -> Form:
        """A side that need not be read so, if that can be proven."""
        cells = Cells(plain, self.names[at], self.given, self.columns.key)
        return cells if cells.is_proven() else self.held(self.read(at), at)


def _by_plain_name(header: Sequence[str]) -> Mapping[str, str]:
    names = {name.casefold(): name for name in header if name}
    return {plain: name for plain, name in names.items() if plain != PASSWORD}


def compared(pair: Pair) -> FileChanges:
    """What changed in a file. Raises ``UnreadableError`` and ``OSError``."""
    before, after = look(pair.before), look(pair.after)
    if before is not None and after is not None and before.like(after):
        match = Match.of(pair, before.names, after.names)
        key = match.columns.key
        # The other forms are slower, and less easily misled.
        with suppress(MisreadError, CollidedError):
            return _by_hashes(match, (Lines(before, key), Lines(after, ())))
    return _by_names(pair, (before, after))


def alone(file: str, source: Source, knows: Knows, *, after: bool) -> FileChanges:
    """A file that only one drop has: how many rows it has. Raises as ``compared``."""
    raw = _read(file, source)
    count = raw.rows
    return FileChanges(
        file=file,
        columns=knows(raw.headers),
        rows=Sides(0, count) if after else Sides(count, 0),
        there=(not after, after),
        added=count if after else 0,
        removed=0 if after else count,
    )


def _by_names(pair: Pair, looks: tuple[Plain | None, Plain | None]) -> FileChanges:
    """By the cells of the columns that both have, each file as it allows."""
    sources = pair.before, pair.after
    sides = [
        one if one is not None and one.is_even else _read(pair.file, source)
        for one, source in zip(looks, sources, strict=True)
    ]
    match = Match.of(pair, *(_headers(one) for one in sides))
    if not match.given:
        return _strangers(match)
    forms = [
        match.proven(side, at) if isinstance(side, Plain) else match.held(side, at)
        for at, side in enumerate(sides)
    ]
    try:
        return _by_hashes(match, (forms[0], forms[1]))
    except (MisreadError, CollidedError):
        return _by_text(match)


def _headers(side: Plain | RawTable) -> Sequence[str]:
    return side.names if isinstance(side, Plain) else side.headers


def _strangers(match: Match) -> FileChanges:
    """Two files without a column in common, of which one may be empty."""
    before, after = (match.read(at).rows for at in (0, 1))
    return FileChanges(
        file=match.pair.file,
        columns=match.columns,
        rows=Sides(before, after),
        added=after,
        removed=before,
        only=match.only,
    )


def _by_hashes(match: Match, forms: tuple[Form, Form]) -> FileChanges:
    """Raises ``MisreadError`` and ``CollidedError``."""
    before, after = known = forms[0].hashed(), forms[1].hashed()
    wanted = odd(before, after)
    old, new = rows = [
        form.at(one, one.places(HASH, wanted))
        for form, one in zip(forms, known, strict=True)
    ]
    few = keys([old.frame, new.frame], match.columns.key)
    same = _unchanged(forms[0], before, old, few)
    counted = [
        pl.concat([tally(one.frame, few.columns), same]).group_by(few.columns).sum()
        if few.columns
        else few
        for one in rows
    ]
    count = Sides(before.rows, after.rows)
    return _told(match, (old, new), (counted[0], counted[1]), count)


def _unchanged(
    form: Form, known: Hashed, rows: Rows, few: pl.DataFrame
) -> pl.DataFrame:
    """In how many rows that are the same on both sides each of some keys stands: it is
    enough to look at one side. ``rows``: the others of this side."""
    names = few.columns
    others = tally(rows.frame, names)
    if few.is_empty():
        return others
    wanted = few.select(*names, *keyed([pl.col(name) for name in names]))
    mine = known.frame.lazy().select(KEYED).join(wanted.lazy(), on=KEYED, how="semi")
    told = mine.group_by(KEYED).len(_TOLD).collect()
    more = (
        wanted.join(told, on=KEYED, how="inner")
        .join(others, on=names, how="left")
        .filter(pl.col(_TOLD) > pl.col(COUNT).fill_null(0))
    )
    if more.is_empty():
        return others.clear()
    # The hash of another key may be the same: what counts is what stands there.
    again = form.at(known, known.places(KEYED, more.select(KEYED).unique()))
    whole = tally(again.frame, names).join(more, on=names, how="semi")
    left = whole.join(others, on=names, how="left", suffix=_OTHER)
    rest_of_them = pl.col(COUNT) - pl.col(COUNT + _OTHER).fill_null(0)
    return left.select(*names, rest_of_them.alias(COUNT))


def _by_text(match: Match) -> FileChanges:
    """All rows as text: where two of them have one hash."""
    held = [match.held(match.read(at), at) for at in (0, 1)]
    rows = held[0].rows, held[1].rows
    few = match.columns.key
    counted = [tally(one.frame, few) for one in rows]
    count = Sides(held[0].height, held[1].height)
    return _told(match, rows, (counted[0], counted[1]), count)


def _told(
    match: Match,
    rows: tuple[Rows, Rows],
    counted: tuple[pl.DataFrame, pl.DataFrame],
    count: Sides,
) -> FileChanges:
    """What becomes of the rows that may differ."""
    before, after = (one.frame.select(match.given) for one in rows)
    whole = changes(rest(before, after), match.columns.key, counted)
    unreadable = rest(rows[0].unreadable, rows[1].unreadable)
    return FileChanges(
        file=match.pair.file,
        columns=match.columns,
        rows=count,
        added=whole.filter(change=ADDED).height,
        removed=whole.filter(change=REMOVED).height,
        changed=whole.filter(change=CHANGED)["key"].n_unique(),
        repeated=whole.filter("repeated")["key"].n_unique(),
        unreadable=Sides(unreadable.before.height, unreadable.after.height),
        only=match.only,
        changes=whole,
    )


def _read(file: str, source: Source) -> RawTable:
    """A file as every drop is read; one that is empty is a table without columns."""
    data = source if isinstance(source, bytes) else source.read_bytes()
    raw, findings = read_table(file, data)
    if raw is not None:
        return raw
    if (findings.frame["code"] == NO_HEADER.code).any():
        return _empty(file)
    raise UnreadableError(findings)


def _empty(file: str) -> RawTable:
    return RawTable(
        file=file,
        frame=pl.DataFrame(schema={ROW: pl.UInt32()}),
        encoding="utf-8",
        delimiter=",",
        newline="lf",
        unreadable=ODD_SCHEMA.to_frame().drop("behind_quote"),
    )
