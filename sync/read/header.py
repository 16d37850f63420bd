"""Text of one file -> where its rows begin, its delimiter and its column names."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass

from sync.model.finding import Finding, found
from sync.model.roster import ROW
from sync.read.codes import (
    GUESSED_DELIMITER,
    NAMELESS_COLUMN,
    NO_HEADER,
    SAME_HEADER,
    TOO_WIDE,
    UNCLOSED_QUOTE,
)
from sync.read.quotes import is_clean

DELIMITERS = ",;\t|"
DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}

_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_DECLARED = re.compile(
    r"sep=(?P<plain>[,;\t|])(?P=plain)*\s*"
    r'|"sep=(?:[,;\t|]"(?P<around>[,;\t|])(?P=around)*|(?P<quoted>[,;\t|])")\s*',
    re.IGNORECASE,
)
"""Excel's line; also in quotes, or filled up with delimiters by a spreadsheet that took
it for cells: behind one in quotes those show which delimiter is in use."""

_BLANK_LINE = re.compile(r'(?:[\s,;|]++|"\s*+"(?=\s*+(?:[,;\t|]|$)))*+')
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF8.decode("cp1252").encode())
"""The byte order mark; and how it looks after it was read as Windows-1252."""
MOST_COLUMNS = 16_384
"""As many as a sheet of Excel has; many more would only keep the machine busy."""
_NAMED = 10
"""So many columns without a name are listed."""
_INVISIBLE = "\ufeff\u200b\u2060"


@dataclass(frozen=True, slots=True)
class Sheet:
    """The text of a file with its header read: what the row readers start from."""

    data: bytes
    """The whole file, UTF-8 with LF."""
    start: int
    """Where the first row stands, in bytes; the end of ``data`` if there is none."""
    line: int
    """The physical line, from 1, of that place."""
    delimiter: str
    names: tuple[str, ...]
    """All columns, trimmed, without the empty cells at the end of the header."""

    @property
    def width(self) -> int:
        """How many cells a row has."""
        return len(self.names)

    @property
    def has_quotes(self) -> bool:
        """Whether a quote stands anywhere below the header."""
        return self.data.find(b'"', self.start) >= 0

    @property
    def ends_whole(self) -> bool:
        """Whether the last line has a line end."""
        return self.data.endswith(b"\n")


@dataclass(slots=True)
class _Lines:
    """The lines of the data from a place on, counted while they are taken."""

    data: bytes
    place: int = 0
    taken: int = 0
    asked_beyond: bool = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.place >= len(self.data):
            self.asked_beyond = True
            raise StopIteration
        found_at = self.data.find(b"\n", self.place)
        end = len(self.data) if found_at < 0 else found_at + 1
        line = self.data[self.place : end].decode("utf-8")
        self.place = end
        self.taken += 1
        return line


def read_header(file: str, data: bytes) -> tuple[Sheet | None, list[Finding]]:
    """The header of a file: the first line that is not blank, after any ``sep=``.

    Without one, with two columns of one name or with a quote that does not close,
    the file is refused.
    """
    lines = _Lines(data, _after_marks(data))
    declared: str | None = None
    while True:
        first, declared = _first_line(lines, declared)
        if first is None:
            return None, [found(NO_HEADER, "the file is empty", file=file)]
        line = lines.taken
        delimiter, notes = (declared, []) if declared else _guess(file, first)
        cells = _header_cells(lines, first, delimiter)
        if cells is None:
            message = "a quote of the header is not closed"
            return None, [*notes, found(UNCLOSED_QUOTE, message, file=file, line=line)]
        if names := _names(cells):
            break
    if len(names) > MOST_COLUMNS:
        message = f"the header has {len(names):,} columns"
        return None, [*notes, found(TOO_WIDE, message, file=file, line=line)]
    if twice := _twice(file, line, names):
        return None, [*notes, *twice]
    notes = [*notes, *_nameless(file, line, names)]
    _skip_empty_lines(lines)
    return Sheet(data, lines.place, lines.taken + 1, delimiter, names), notes


def unusable(name: str) -> bool:
    """Whether a column cannot be kept under its name."""
    return name in {"", ROW}


def _after_marks(data: bytes) -> int:
    place = 0
    while mark := next((one for one in _MARKS if data.startswith(one, place)), None):
        place += len(mark)
    return place


def _first_line(lines: _Lines, delimiter: str | None) -> tuple[str | None, str | None]:
    """The next line that is not blank, and the delimiter if a line declares it."""
    for line in lines:
        text = line.lstrip("\ufeff")
        if _BLANK_LINE.fullmatch(text):
            continue
        declared = _DECLARED.fullmatch(text)
        if declared is None or delimiter is not None:
            return text, delimiter
        delimiter = next(filter(None, declared.groups()))
    return None, delimiter


def _guess(file: str, line: str) -> tuple[str, list[Finding]]:
    """The commonest delimiter outside of quotes; of equals the first of the list."""
    outside = _QUOTED.sub("", line)
    best = max(DELIMITERS, key=outside.count)
    if best == ",":
        return best, []
    message = f"the cells of the file are separated by a {DELIMITER_NAMES[best]}"
    return best, [found(GUESSED_DELIMITER, message, file=file)]


def _header_cells(lines: _Lines, first: str, delimiter: str) -> list[str] | None:
    """The cells, over several lines if quotes say so; None for an open quote.

    A quote that closes on a later line with text behind it was closed by the quote of
    a row, and the header would swallow that row.
    """
    taken = [first]

    def from_first() -> Iterator[str]:
        yield first
        for line in lines:
            taken.append(line)
            yield line

    try:
        cells = next(csv.reader(from_first(), delimiter=delimiter))
    except csv.Error:  # a cell beyond csv.field_size_limit
        return None
    astray = len(taken) > 1 and not is_clean("".join(taken), delimiter)
    return None if lines.asked_beyond or astray else cells


def _names(cells: list[str]) -> tuple[str, ...]:
    names = [cell.strip().strip(_INVISIBLE).strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    return tuple(names)


def _twice(file: str, line: int, names: tuple[str, ...]) -> list[Finding]:
    seen: dict[str, str] = {}
    findings = []
    for name in filter(None, names):
        other = seen.get(name.casefold())
        if other is None:
            seen[name.casefold()] = name
            continue
        message = f'the columns "{other}" and "{name}" have one name'
        if other == name:
            message = f'the column "{name}" stands twice in the header'
        findings.append(found(SAME_HEADER, message, file=file, line=line, column=name))
    return findings


def _nameless(file: str, line: int, names: tuple[str, ...]) -> list[Finding]:
    places = [place for place, name in enumerate(names, start=1) if unusable(name)]
    if not places:
        return []
    which = ", ".join(str(place) for place in places[:_NAMED])
    if len(places) > _NAMED:
        which += f" and {len(places) - _NAMED:,} more"
    message = f"not read, because the name is missing or taken: column {which}"
    return [found(NAMELESS_COLUMN, message, file=file, line=line)]


def _skip_empty_lines(lines: _Lines) -> None:
    while lines.data.startswith(b"\n", lines.place):
        lines.place += 1
        lines.taken += 1
