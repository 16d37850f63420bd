"""The rows of one side in one of three forms: lines, cells, or a table read with care.

In: a file as it looks from outside, or a raw table. Out: its rows as hashes, and those
few of them that somebody wants to see.

- ``Lines``: both files have one header, so that equal lines are equal rows, and of the
  lines nothing but the key is looked at;
- ``Cells``: the columns by their names, with a proof that they were read right;
- ``Held``: what needs ``sync.read`` whole, in memory.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import polars as pl

from sync.compare.changes import stripped
from sync.compare.look import TEXT, MisreadError, Plain, collected
from sync.compare.sets import PLACE, Hashed, hashes, keyed
from sync.model.roster import ROW, RawTable
from sync.read.body import BLANKS
from sync.read.quotes import is_blank
from sync.read.table import read_table

_SUSPECT, _SIZE = "\0suspect", "\0size"
_FEW = 8
"""Where no more than one row in so many differs, each is fetched by itself."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of one side."""

    frame: pl.DataFrame
    """Their cells as text, never null, without blank rows."""
    unreadable: pl.DataFrame
    """``cells`` of rows of another width than the header, joined to one text."""


class Form(Protocol):
    """The rows of one side."""

    def hashed(self) -> Hashed:
        """All rows as numbers. Raises ``MisreadError``."""

    def at(self, known: Hashed, places: pl.DataFrame) -> Rows:
        """The rows at some places (``PLACE``). Raises ``MisreadError``."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Rows as lines; each line is one, because its quotes are clean."""

    plain: Plain
    key: Sequence[str]

    def hashed(self) -> Hashed:
        """All lines; of their cells only the key's are read."""
        plain = self.plain
        if not plain.is_even or plain.quotes() is None or self._is_cut_off():
            raise MisreadError
        text = pl.col(TEXT)
        size = text.str.len_bytes().alias(_SIZE)
        frame = collected(
            plain.lines().select(*hashes(text), size, _may_be_blank(plain))
        )
        blank = self._blank() if frame[_SUSPECT].any() else 0
        return Hashed(self._with_keys(frame.drop(_SUSPECT)), frame.height - blank)

    def _with_keys(self, lines: pl.DataFrame) -> pl.DataFrame:
        if not self.key:
            return lines
        keys = collected(self.plain.rows().select(keyed(stripped(self.key))))
        if keys.height != lines.height:
            raise MisreadError
        return lines.with_columns(keys.to_series())

    def _is_cut_off(self) -> bool:
        """Whether the end of the file would refuse it, had it been read whole."""
        if self.plain.ends_whole:
            return False
        return read_table("", self.plain.head + self.plain.last_line())[0] is None

    def _blank(self) -> int:
        delimiter = self.plain.sheet.delimiter
        lines = self.plain.lines().filter(_may_be_blank(self.plain))
        found = collected(lines.select(is_blank(delimiter).sum()))
        return int(found.item())

    def at(self, known: Hashed, places: pl.DataFrame) -> Rows:
        """The lines at some places, read as a file of their own."""
        return _rows_at(self.plain, known.frame[_SIZE], places)


def _rows_at(plain: Plain, sizes: pl.Series, places: pl.DataFrame) -> Rows:
    """Some lines, with the header before them, as any file is read."""
    few = places.height * _FEW <= len(sizes)
    found = plain.slices(sizes, places[PLACE]) if few else None
    lines = b"\n".join(found) if found is not None else _lines_at(plain, places)
    raw, _ = read_table("", plain.head + lines + b"\n")
    if raw is None:
        raise MisreadError
    return of_table(raw)


def _lines_at(plain: Plain, places: pl.DataFrame) -> bytes:
    """The same by going through all of them."""
    lines = plain.lines().with_row_index(PLACE)
    wanted = places.lazy().select(PLACE)
    mine = collected(lines.join(wanted, on=PLACE, how="semi").select(TEXT))
    data = io.BytesIO()
    mine.write_csv(data, include_header=False, quote_style="never")
    return data.getvalue()


def _may_be_blank(plain: Plain) -> pl.Expr:
    """Whether a line begins as a blank row does; told by its first two characters."""
    text, delimiter = pl.col(TEXT), plain.sheet.delimiter
    behind = chr(ord(delimiter) + 1)
    begins = (text < '"#') | ((text >= delimiter) & (text < behind))
    return begins.alias(_SUSPECT)


@dataclass(frozen=True, slots=True)
class Cells:
    """Rows as the cells of some columns, which a scan reads by their names."""

    plain: Plain
    names: Sequence[str]
    """The headers of this file, in the order of both."""
    given: Sequence[str]
    """The names that they get."""
    key: Sequence[str]
    """Of those names, the ones of the key."""
    _known: list[Hashed] = field(default_factory=list, init=False)

    def is_proven(self) -> bool:
        """Whether it can be proven that the rows are read right."""
        try:
            self.hashed()
        except MisreadError:
            return False
        return True

    def hashed(self) -> Hashed:
        """All rows, if their cells add up to the bytes of the file."""
        if not self._known:
            self._known.append(self._hashed())
        return self._known[0]

    def _hashed(self) -> Hashed:
        plain = self.plain
        quotes = plain.quotes()
        if quotes is None or not plain.is_even or self._hides_a_cell():
            raise MisreadError
        frame = collected(
            plain.rows().select(
                *hashes(pl.struct(_renamed(self.names, self.given))),
                *keyed(self._key()),
                pl.sum_horizontal(pl.all().str.len_bytes()).alias(_SIZE),
                (pl.col(plain.names[0]).fill_null("") < "!").alias(_SUSPECT),
            )
        )
        lines = frame.height - self._blank_at_end()
        seen = (
            frame[_SIZE].cast(pl.UInt64).sum()
            + lines * (len(plain.names) - 1)
            + frame.height
            - (not plain.ends_whole)
            + plain.returns
            + quotes.every // 2
            + quotes.cells
        )
        if seen != plain.size:
            raise MisreadError
        blank = self._blank() if frame[_SUSPECT].any() else 0
        # As long as its line: a cell in quotes makes it longer, which shows.
        long = frame.with_columns(pl.col(_SIZE) + len(plain.names) - 1)
        return Hashed(long.drop(_SUSPECT), frame.height - blank)

    def _key(self) -> list[pl.Expr]:
        own = dict(zip(self.given, self.names, strict=True))
        return stripped([own[name] for name in self.key])

    def _hides_a_cell(self) -> bool:
        """At the very end polars takes a longer row without a word."""
        delimiter = self.plain.sheet.delimiter.encode()
        return not self.plain.ends_whole and self.plain.tail.endswith(delimiter)

    def _blank_at_end(self) -> int:
        """Lines without any character behind the last row; polars makes rows of
        them."""
        tail = self.plain.tail
        return max(0, len(tail) - len(tail.rstrip(b"\n")) - 1)

    def _blank(self) -> int:
        cells = (
            pl.col(name).fill_null("").str.strip_chars(BLANKS) == ""
            for name in self.plain.names
        )
        rows = self.plain.rows().select(pl.all_horizontal(cells).sum())
        return int(collected(rows).item())

    def at(self, known: Hashed, places: pl.DataFrame) -> Rows:
        """The rows at some places: the proof says that each stands on one line."""
        found = _rows_at(self.plain, known.frame[_SIZE], places)
        return Rows(
            found.frame.select(_renamed(self.names, self.given)), found.unreadable
        )


def _renamed(names: Sequence[str], given: Sequence[str]) -> list[pl.Expr]:
    return [pl.col(name).alias(new) for name, new in zip(names, given, strict=True)]


def of_table(raw: RawTable) -> Rows:
    """The rows of a raw table."""
    unreadable = raw.unreadable.select(pl.col("cells").list.join("\x1f"))
    return Rows(raw.frame.drop(ROW), unreadable)


@dataclass(frozen=True, slots=True)
class Held:
    """Rows that were read with care, in memory."""

    rows: Rows
    key: Sequence[str]

    @classmethod
    def of(
        cls,
        raw: RawTable,
        names: Sequence[str],
        given: Sequence[str],
        key: Sequence[str],
    ) -> Held:
        """The columns of a table that are compared, under the names of both."""
        whole = of_table(raw)
        shared = whole.frame.select(_renamed(names, given))
        return cls(Rows(shared, whole.unreadable), key)

    @property
    def height(self) -> int:
        """Rows, those among them that cannot be read."""
        return self.rows.frame.height + self.rows.unreadable.height

    def hashed(self) -> Hashed:
        """All rows that can be read."""
        content = pl.struct(pl.all())
        rows = self.rows.frame.lazy()
        frame = collected(rows.select(*hashes(content), *keyed(stripped(self.key))))
        return Hashed(frame, self.height)

    def at(self, known: Hashed, places: pl.DataFrame) -> Rows:
        """The rows at some places, and all that cannot be read."""
        return Rows(self.rows.frame[places[PLACE]], self.rows.unreadable)
