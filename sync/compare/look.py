"""A file from outside: whether its lines can be taken for its rows, unread.

In: a file on disk, or the bytes of a member of a zip. Out: its header and what is
needed to prove that nothing of it is misread; or nothing, and then the file is read
the careful way.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import polars as pl

from sync.read.decode import decode
from sync.read.header import Sheet, read_header, unusable
from sync.read.quotes import ESCAPED, HAS_QUOTE, QUOTED, clean

Source = Path | bytes


class MisreadError(Exception):
    """A file cannot be proven to be read right in this way: the next one is to be
    taken."""


def collected(frame: pl.LazyFrame) -> pl.DataFrame:
    """The frame, in a stream. Raises ``MisreadError`` in place of the error of polars,
    whose text has cells."""
    try:
        return frame.collect(engine="streaming")
    except pl.exceptions.PolarsError:
        raise MisreadError from None


TEXT = "text"
"""The column of lines."""
_BLOCK = 1 << 20
"""So many bytes must hold the header; and small enough for a processor's cache, since
each block is searched several times."""
_TAIL = 64
"""So many bytes show how a file ends."""
_CTRL_Z = b"\x1a"


@dataclass(frozen=True, slots=True)
class Plain:
    """A file of UTF-8 whose header is its first line, and nothing above it."""

    source: Source
    sheet: Sheet
    """Of the beginning of the file: its ``data`` is no more than that."""
    begins: int
    """Where the first line behind the header stands, in bytes."""
    size: int
    """Bytes from there on."""
    has_quotes: bool
    returns: int
    """Carriage returns behind the header, each before a line feed."""
    tail: bytes
    """The last bytes, with LF only."""

    @property
    def names(self) -> tuple[str, ...]:
        """The headers."""
        return self.sheet.names

    @property
    def head(self) -> bytes:
        """The header line, with its line end."""
        line = self.sheet.data[: self.sheet.start]
        return line if line.endswith(b"\n") else line + b"\n"

    @property
    def ends_whole(self) -> bool:
        """Whether the last line has a line end."""
        return not self.size or self.tail.endswith(b"\n")

    def last_line(self) -> bytes:
        """The last line, as far as a block holds it."""
        with _opened(self.source) as stream:
            stream.seek(max(self.begins, self.begins + self.size - _BLOCK))
            end = stream.read()
        return end[end.rfind(b"\n", 0, -1) + 1 :]

    def slices(self, sizes: pl.Series, places: pl.Series) -> list[bytes] | None:
        """The lines at some places (from 0), without reading the others.

        ``sizes``: the bytes of each line without its end. None where the line ends are
        not all of one kind, so that nobody can tell where a line begins.
        """
        end = 2 if self.returns else 1
        starts = (sizes.cast(pl.Int64) + end).cum_sum().shift(1, fill_value=0)
        missing = 0 if self.ends_whole else end
        if int(sizes.sum()) + end * len(sizes) - missing != self.size:
            return None
        begins = (starts.gather(places) + self.begins).to_list()
        wanted = zip(begins, sizes.gather(places).to_list(), strict=True)
        if isinstance(self.source, bytes):
            return [self.source[start : start + size] for start, size in wanted]
        with self.source.open("rb", buffering=0) as stream:
            file = stream.fileno()
            return [os.pread(file, size, start) for start, size in wanted]

    @property
    def is_even(self) -> bool:
        """Whether every column has a name, so that places tell columns."""
        line = self.head.decode("utf-8-sig")
        cells = next(csv.reader([line], delimiter=self.sheet.delimiter))
        return len(cells) == self.sheet.width and not any(map(unusable, self.names))

    def like(self, other: Plain) -> bool:
        """Whether both have the same columns in the same order, told apart alike."""
        mine, theirs = self.sheet, other.sheet
        return (mine.names, mine.delimiter) == (theirs.names, theirs.delimiter)

    def lines(self) -> pl.LazyFrame:
        """``text`` of each line behind the header, without its line end."""
        return pl.scan_lines(self.source, name=TEXT).slice(1)

    def rows(self) -> pl.LazyFrame:
        """The cells as text; what a row lacks is null."""
        return pl.scan_csv(
            self.source,
            has_header=False,
            skip_lines=1,
            separator=self.sheet.delimiter,
            quote_char='"' if self.has_quotes else None,
            schema=dict.fromkeys(self.names, pl.String()),
            infer_schema=False,
            empty_string_is_null=False,
        )

    def quotes(self) -> Quotes | None:
        """The quotes behind the header; None where they are not all clean, so that a
        line may not be a row. Raises ``MisreadError``."""
        if not self.has_quotes:
            return Quotes(0, 0)
        delimiter = self.sheet.delimiter
        text = pl.col(TEXT)
        cell = text.str.count_matches(rf"(?:\A|{ESCAPED[delimiter]}){QUOTED}")
        counted = (
            clean(delimiter).all().alias("clean"),
            text.str.count_matches('"', literal=True).sum().alias("all"),
            cell.sum().alias("cells"),
        )
        found = collected(self.lines().filter(HAS_QUOTE).select(counted))
        is_clean, every, cells = found.row(0)
        return Quotes(every, cells) if is_clean else None


@dataclass(frozen=True, slots=True)
class Quotes:
    """How many quotes there are, and how many cells stand between two."""

    every: int
    cells: int


def look(source: Source) -> Plain | None:
    """The file from outside; None where it must be read the careful way.

    Raises ``OSError``.
    """
    with _opened(source) as stream:
        begins = stream.read(_BLOCK)
        sheet = _sheet(begins)
        if sheet is None:
            return None
        stream.seek(0)
        seen = _seen(stream)
    if seen is None:
        return None
    line_end = begins[: begins.find(b"\n") + 1] or begins
    return Plain(
        source=source,
        sheet=sheet,
        begins=len(line_end),
        size=seen.size - len(line_end),
        has_quotes=seen.quote,
        returns=seen.returns - line_end.count(b"\r"),
        tail=seen.tail.replace(b"\r", b""),
    )


@contextmanager
def _opened(source: Source) -> Iterator[BinaryIO]:
    if isinstance(source, bytes):
        yield io.BytesIO(source)
    else:
        with source.open("rb", buffering=0) as stream:
            yield stream


def _sheet(begins: bytes) -> Sheet | None:
    """The header where it is the first line, and plain UTF-8."""
    end = begins.rfind(b"\n") + 1
    if not end and len(begins) >= _BLOCK:
        return None  # the header goes on
    decoded, notes = decode("", begins[:end] if end else begins)
    if decoded is None or notes or decoded.encoding != "utf-8" or len(begins) == 0:
        return None
    sheet, _ = read_header("", decoded.data)
    is_first = sheet is not None and sheet.line == 2  # noqa: PLR2004 - the next one
    return sheet if is_first else None


@dataclass(slots=True)
class _Seen:
    size: int = 0
    quote: bool = False
    returns: int = 0
    tail: bytes = b""


def _seen(stream: BinaryIO) -> _Seen | None:
    """What stands in the bytes; None where a line end or a character is not plain."""
    seen = _Seen()
    pairs, before = 0, b""
    while block := stream.read(_BLOCK):
        if b"\0" in block:
            return None
        seen.size += len(block)
        seen.quote = seen.quote or b'"' in block
        if b"\r" in block:
            seen.returns += block.count(b"\r")
        if seen.returns:
            pairs += (before + block).count(b"\r\n")
        before = block[-1:] if block.endswith(b"\r") else b""
        seen.tail = (seen.tail + block[-_TAIL:])[-_TAIL:]
    marked = seen.tail.rstrip(b"\r\n").endswith(_CTRL_Z)
    return None if marked or pairs != seen.returns else seen
