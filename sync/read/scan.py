"""Large plain files looked through without being kept.

A file on disk comes in; out come, row by row, what some expressions say of it and
whether polars is proven to have read the row right, and afterwards the few rows that
somebody wants to see. What is not plain (another encoding, rows over several lines,
mixed line ends) gives None: that is for ``read_drop``.

The proof: cells, delimiters and quotes of a row, as polars read it, must give exactly
the bytes of the line on which it stands, and quotes must only open and close cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from sync.model.finding import Findings
from sync.model.roster import ROW, RawTable
from sync.read.body import LONGEST_CELL, ODD_SCHEMA, Body, columns, no_rows
from sync.read.decode import decode
from sync.read.header import read_header
from sync.read.quotes import ESCAPED
from sync.read.table import Text, body_of, finished, kept, read_table, table_of

LEAST = 1 << 20
"""Smaller files (bytes) are read at once: to look twice would take longer."""
HEAD = 1 << 18
"""So many bytes must hold the header."""
_BLOCK = 1 << 20
WHOLE = "_whole"
"""Whether a row is proven to be as polars read it."""

_TEXT, _SIZE, _LENGTH, _QUOTES = "_text", "_size", "_length", "_quotes"
_ODD, _PLACE = "_odd", "_place"
_LINE = pl.col(_TEXT)
_CTRL_Z, _TAIL = b"\x1a", 4
"""The end-of-file mark of CP/M, and so many last bytes in which it may stand."""


@dataclass(frozen=True, slots=True)
class Scan:
    """A plain file that may be looked through; ``head``: its first lines."""

    file: str
    path: Path
    head: Text
    begins: int
    """Where the first row stands, in bytes."""
    line_end: bytes
    has_quotes: bool
    size: int
    ended: bool
    """Whether the last line has a line end."""

    @property
    def bare(self) -> RawTable:
        """The table without its rows."""
        return replace(table_of(self.file, self.head, _no_body(self)), aside=1)

    def look(self, wanted: Sequence[pl.Expr]) -> Looked | None:
        """What ``wanted`` (expressions over the columns by their headers) say of each
        row, and whether it is whole; None where the file is not plain after all."""
        try:
            return self._at_once(wanted) or self._by_lines(wanted)
        except pl.exceptions.PolarsError:  # its text holds cells: never let it out
            return None

    def _at_once(self, wanted: Sequence[pl.Expr]) -> Looked | None:
        """All rows together: without quotes a row can only be too short (a longer one
        makes polars fail), so that cells and delimiters which add up to the bytes of
        the file show that every row is whole."""
        if self.has_quotes or self.line_end != b"\n":
            return None
        with ThreadPoolExecutor(max_workers=1) as beside:
            odd = beside.submit(_holds_any, self.path, b'\0\r"')
            try:
                said = self._cells([*wanted, _size(self)], longer=False)
            except pl.exceptions.PolarsError:
                return None
            if odd.result():
                return None
        lengths = (said[_SIZE] + (self.width - 1)).alias(_LENGTH)
        if not self._adds_up(lengths):
            return None
        whole = (lengths < LONGEST_CELL).alias(WHOLE)
        return Looked(self, said.drop(_SIZE).with_columns(whole), lengths)

    def _by_lines(self, wanted: Sequence[pl.Expr]) -> Looked | None:
        """Each row beside the line on which it stands."""
        read = self._read()
        if read[_ODD].any():  # quotes that the first lines did not have, or worse
            again = replace(self, has_quotes=True)
            return None if self.has_quotes else again.look(wanted)
        said = self._cells([*wanted, _size(self)], longer=True)
        if said.height != read.height or not self._adds_up(read[_LENGTH]):
            return None
        whole = _whole(read.with_columns(said[_SIZE]), self.width)
        return Looked(self, said.drop(_SIZE).with_columns(whole), read[_LENGTH])

    def column(self, header: str) -> pl.Series:
        """The cells of one column as they are, of a file that was looked through."""
        return self._cells([pl.col(header)], longer=True).to_series()

    def whole(self) -> tuple[RawTable, Findings] | None:
        """All of its rows, read as ever; None where the file is refused."""
        table, findings = read_table(self.file, self.path.read_bytes())
        return None if table is None else (table, findings)

    @property
    def width(self) -> int:
        """How many cells a row has."""
        return self.head.sheet.width

    def _cells(self, wanted: Sequence[pl.Expr], *, longer: bool) -> pl.DataFrame:
        """``longer``: whether rows may be longer, of which the rest is not seen."""
        sheet = self.head.sheet
        scanned = pl.scan_csv(
            self.path,
            has_header=False,
            skip_lines=sheet.line - 1,
            separator=sheet.delimiter,
            quote_char='"' if self.has_quotes else None,
            schema=dict.fromkeys(columns(sheet.width), pl.String()),
            infer_schema=False,
            empty_string_is_null=False,
            truncate_ragged_lines=longer,
        )
        asked = scanned.rename(kept(sheet)).select(wanted)
        return asked.collect(engine="streaming")

    def _lines(self) -> pl.LazyFrame:
        return pl.scan_lines(self.path, name=_TEXT).slice(self.head.sheet.line - 1)

    def _read(self) -> pl.DataFrame:
        """Row by row the length of its line, whether a byte in it makes the file one
        that is not plain, and how many quotes open and close its cells: null where
        one stands within a cell."""
        odd = "[\0\r]" if self.has_quotes else '[\0\r"]'
        wanted = [
            _LINE.str.len_bytes().alias(_LENGTH),
            _LINE.str.contains(odd).alias(_ODD),
            _LINE.str.count_matches('"', literal=True).alias(_QUOTES),
        ]
        read = self._lines().select(wanted).collect(engine="streaming")
        return self._without_quotes_within(read) if self.has_quotes else read

    def _without_quotes_within(self, read: pl.DataFrame) -> pl.DataFrame:
        # This pattern costs more than all else, so it sees no line without a quote.
        other = f"[^{ESCAPED[self.head.sheet.delimiter]}]"
        within = (
            self._lines()
            .with_row_index(_PLACE)
            .filter(_LINE.str.contains('"', literal=True))
            .filter(_LINE.str.contains(f'{other}"{other}'))
            .select(_PLACE)
            .collect(engine="streaming")
        )
        quotes = read[_QUOTES].scatter(within[_PLACE], None)
        return read.with_columns(quotes)

    def _adds_up(self, lengths: pl.Series) -> bool:
        """Whether all lines end alike, so that each is found by the lengths."""
        ends = lengths.len() if self.ended else lengths.len() - 1
        rows = int(lengths.cast(pl.UInt64).sum())
        return self.begins + rows + ends * len(self.line_end) == self.size


def _holds_any(path: Path, wanted: bytes) -> bool:
    """Whether one of these bytes stands anywhere in a file."""
    ones = [bytes([one]) for one in wanted]
    with path.open("rb", buffering=0) as stream:
        while block := stream.read(_BLOCK):
            if any(one in block for one in ones):
                return True
    return False


def _size(scan: Scan) -> pl.Expr:
    """The bytes of all cells of a row, those of columns that are dropped too."""
    names = kept(scan.head.sheet)
    cells = [names.get(place, place) for place in columns(scan.width)]
    sizes = [pl.col(cell).str.len_bytes() for cell in cells]
    return pl.sum_horizontal(sizes).cast(pl.UInt32).alias(_SIZE)


def _whole(read: pl.DataFrame, width: int) -> pl.Series:
    expected = pl.col(_SIZE) + pl.col(_QUOTES) + (width - 1)
    whole = (pl.col(_LENGTH) == expected) & (pl.col(_LENGTH) < LONGEST_CELL)
    return read.select(whole.fill_null(value=False).alias(WHOLE)).to_series()


@dataclass(frozen=True, slots=True)
class Looked:
    """A file after it was looked through.

    ``frame``: what was asked, and ``_whole``, row by row; ``lengths``: bytes of the
    lines without their ends.
    """

    scan: Scan
    frame: pl.DataFrame
    lengths: pl.Series

    def some(self, wanted: pl.Series) -> tuple[RawTable, Findings] | None:
        """The rows where ``wanted`` (Boolean) is true, read as ever; the others are
        ``aside``. None where the file is refused for them."""
        places = wanted.arg_true()
        body = self._body(places) if places.len() else _no_body(self.scan)
        if body.refusal is not None:
            return None
        return _made(self.scan, body, wanted.len() - places.len())

    def _body(self, places: pl.Series) -> Body:
        sheet = self.scan.head.sheet
        lines = self._texts(places)
        cut = not self.scan.ended and places[-1] == self.lengths.len() - 1
        data = sheet.data[: sheet.start] + b"\n".join(lines) + (b"" if cut else b"\n")
        body = body_of(replace(sheet, data=data))
        return replace(
            body,
            frame=_at_own_lines(body.frame, places, sheet.line),
            odd=_at_own_lines(body.odd, places, sheet.line),
        )

    def _texts(self, places: pl.Series) -> list[bytes]:
        """The lines of these rows, from the disk."""
        ends = (self.lengths.cast(pl.UInt64) + len(self.scan.line_end)).cum_sum()
        lengths = self.lengths.gather(places)
        begins = ends.gather(places) - lengths - len(self.scan.line_end)
        found = []
        with self.scan.path.open("rb") as stream:
            for begin, length in zip(begins, lengths, strict=True):
                stream.seek(self.scan.begins + begin)
                found.append(stream.read(length))
        return found


def _at_own_lines(frame: pl.DataFrame, places: pl.Series, first: int) -> pl.DataFrame:
    """The rows with the lines of the file in place of those among the few."""
    own = places.gather(frame[ROW] - first) + first
    return frame.with_columns(own.cast(pl.UInt32).alias(ROW))


def _no_body(scan: Scan) -> Body:
    return Body(no_rows(scan.width), ODD_SCHEMA.to_frame())


def _made(scan: Scan, body: Body, aside: int) -> tuple[RawTable, Findings] | None:
    table, findings = finished(scan.file, scan.head, body, aside)
    return None if table is None else (replace(table, ended=scan.ended), findings)


def scan(file: str, path: Path) -> Scan | None:
    """A file that may be looked through; None where it is small, or not plain.

    Raises ``OSError``.
    """
    size = path.stat().st_size
    if size < LEAST:
        return None
    with path.open("rb") as stream:
        head = stream.read(HEAD)
        stream.seek(size - _TAIL)
        tail = stream.read()
    lines = head[: head.rfind(b"\n") + 1]
    text = None if _CTRL_Z in tail else _head(file, lines)
    if text is None:
        return None
    above = lines.split(b"\n", text.sheet.line - 1)[: text.sheet.line - 1]
    return Scan(
        file,
        path,
        text,
        begins=sum(len(line) + 1 for line in above),
        line_end=b"\r\n" if b"\r" in lines else b"\n",
        has_quotes=b'"' in lines,
        size=size,
        ended=tail.endswith(b"\n"),
    )


def _head(file: str, raw: bytes) -> Text | None:
    """The header, if the first lines are plain; None where it may refuse the file."""
    decoded, notes = decode(file, raw)
    if decoded is None or decoded.encoding != "utf-8":
        return None
    sheet, more = read_header(file, decoded.data)
    return None if sheet is None else Text(decoded, sheet, [*notes, *more])
