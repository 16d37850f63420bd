"""One CSV file that is being spoiled: rows of a frame come in, bytes and the physical
lines on which things stand go out.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from sync.samples.chance import Chance
from sync.samples.tables import csv_bytes


@dataclass(frozen=True, slots=True)
class Style:
    """How a file is written: its delimiter, line end, encoding and byte order mark."""

    delimiter: str = ","
    newline: str = "\n"
    encoding: str = "utf-8"
    mark: bytes = b""


@dataclass(slots=True)
class Sheet:
    """A file of which single rows are replaced or followed by others.

    `after` holds the lines that follow a row of the frame (-1 is the header).
    """

    name: str
    frame: pl.DataFrame = field(repr=False)
    style: Style = field(default_factory=Style)
    header: str = ""
    lines: list[str] = field(init=False, repr=False)
    after: dict[int, list[str]] = field(default_factory=dict, repr=False)
    used: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Lay the rows of the frame out as lines."""
        first, *rest = csv_bytes(self.frame).decode().splitlines()
        if self.style.delimiter != ",":
            text = self.frame.select(pl.all().replace("", None)).write_csv(
                separator=self.style.delimiter, quote_style="necessary"
            )
            first, *rest = text.splitlines()
        self.header = self.header or first
        self.lines = rest

    def take(self, condition: pl.Expr, chance: Chance, purpose: str) -> int | None:
        """Return a row that nobody has taken and that meets the condition, if any.

        The last row is left alone: one that is short there would look truncated.
        """
        row = pl.int_range(pl.len())
        found = (
            self.frame.with_columns(_row=row)
            .filter(condition & ~pl.col("_row").is_in(list(self.used)))
            .filter(pl.col("_row") < self.frame.height - 1)
            .sort(chance.draw(pl.col("_row"), purpose))
        )
        if found.is_empty():
            return None
        index = int(found["_row"][0])
        self.used.add(index)
        return index

    def cells(self, row: int) -> dict[str, str]:
        """Return the cells of a row by column."""
        return dict(zip(self.frame.columns, self.frame.row(row), strict=True))

    def line(self, cells: Sequence[str]) -> str:
        """Return cells as one record, without its line end."""
        text = io.StringIO()
        writer = csv.writer(
            text, delimiter=self.style.delimiter, lineterminator=self.style.newline
        )
        writer.writerow(cells)
        return text.getvalue().removesuffix(self.style.newline)

    def replace(self, row: int, **cells: str) -> None:
        """Give cells of a row other values."""
        self.lines[row] = self.line(list((self.cells(row) | cells).values()))

    def follow(self, row: int, line: str) -> int:
        """Put a line behind a row (and what already follows it); return its place."""
        self.after.setdefault(row, []).append(line)
        return len(self.after[row])

    def records(self) -> list[tuple[int, int, str]]:
        """Return all records in order: the row, its place behind that row, the text."""
        records = [(-1, 0, self.header)]
        for row in range(-1, len(self.lines)):
            if row >= 0:
                records.append((row, 0, self.lines[row]))
            behind = enumerate(self.after.get(row, []), start=1)
            records.extend((row, place, text) for place, text in behind)
        return records

    def physical_lines(self) -> dict[tuple[int, int], int]:
        """Return the line of the file on which each record starts, counted from 1."""
        places, line = {}, 1
        for row, place, text in self.records():
            places[row, place] = line
            line += 1 + text.count("\n")
        return places

    def content(self) -> bytes:
        """Return the file."""
        end = self.style.newline
        text = "".join(text + end for _, _, text in self.records())
        return self.style.mark + text.encode(self.style.encoding)
