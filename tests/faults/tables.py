"""Random tables, the forms in which programs write them, and what is in them.

What a file holds is told by Python's own csv module, which reads the same text beside
the program; the lines are counted as an editor counts them.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

LETTERS = "abc XYZ 019 é ñ ß 漢 😀 ' = + - @ . / \\ # %"
ODD = ['"', "\n", "\r\n", ",", ";", "\t", "|", "  ", "''", '""']
ENDS = ("\n", "\r\n", "\r")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le-mark", "utf-16-be-mark", "1252")
MARKS = {"utf-16-le-mark": codecs.BOM_UTF16_LE, "utf-16-be-mark": codecs.BOM_UTF16_BE}


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one program writes its tables."""

    delimiter: str
    end: str
    encoding: str
    quoting: Literal[0, 1]
    trailing: int
    """Surplus delimiters at the end of each line."""
    blank: float
    """The share of lines before which a blank one stands."""
    mixed: bool
    """Line ends of all kinds in one file."""
    last: bool
    """Whether the last line has an end."""


@dataclass(frozen=True, slots=True)
class Written:
    """A file, and the text of it with one kind of line end."""

    content: bytes
    plain: str
    delimiter: str


def dialect(chance: Random) -> Dialect:
    """One of the thousands there are."""
    return Dialect(
        delimiter=chance.choice(",,,;\t|"),
        end=chance.choice(ENDS),
        encoding=chance.choice(ENCODINGS),
        quoting=csv.QUOTE_ALL if chance.random() < 0.5 else csv.QUOTE_MINIMAL,
        trailing=chance.choice((0, 0, 0, 1, 3)),
        blank=chance.choice((0.0, 0.0, 0.2)),
        mixed=chance.random() < 0.2,
        last=chance.random() < 0.8,
    )


def cell(chance: Random, western: bool) -> str:
    """A text of a few letters, now and then with what must be quoted."""
    letters = LETTERS.replace("漢", "").replace("😀", "") if western else LETTERS
    text = "".join(chance.choices(letters, k=chance.randrange(9)))
    if chance.random() < 0.15:
        place = chance.randrange(len(text) + 1)
        text = text[:place] + chance.choice(ODD) + text[place:]
    return text.replace("\r\n", "\n")


def table(chance: Random, width: int, western: bool) -> list[list[str]]:
    """Rows of this width, none of which is blank."""
    rows = [
        [cell(chance, western) for _ in range(width)]
        for _ in range(chance.randrange(30))
    ]
    return [row for row in rows if "".join(row).strip(" \t")]


def random_file(chance: Random) -> Written:
    """A table in a dialect."""
    form = dialect(chance)
    width = chance.randrange(1, 7)
    header = [f"h{place}" for place in range(width)]
    rows = table(chance, width, western=form.encoding == "1252")
    lines = [_line(row, form) for row in (header, *rows)]
    plain = ""
    for number, line in enumerate(lines):
        if number and chance.random() < form.blank:
            plain += chance.choice(("", "  ", form.delimiter * (width - 1))) + "\n"
        plain += line + "\n"
    if not form.last and rows:
        plain = plain[:-1]
    # The mark of Excel tells the delimiter, which no guess can of one column.
    told = f"sep={form.delimiter}\n{plain}"
    text = _with_ends(told, chance if form.mixed else None, form.end)
    return Written(encoded(text, form.encoding), told, form.delimiter)


def _with_ends(plain: str, chance: Random | None, end: str) -> str:
    """The text with other line ends, also within quotes."""
    first, *lines = plain.split("\n")
    text = first
    for line in lines:
        chosen = chance.choice(ENDS) if chance else end
        if text.endswith("\r") and chosen == "\n":  # the two would be one
            chosen = "\r"
        text += chosen + line
    return text


def _line(cells: Sequence[str], form: Dialect) -> str:
    text = io.StringIO(newline="")
    csv.writer(
        text, delimiter=form.delimiter, lineterminator="\n", quoting=form.quoting
    ).writerow(cells)
    return text.getvalue()[:-1] + form.delimiter * form.trailing


def encoded(text: str, encoding: str) -> bytes:
    """The bytes of a text, with their mark."""
    if encoding == "1252":
        return text.encode("cp1252")
    mark = MARKS.get(encoding, b"")
    return mark + text.encode(encoding.removesuffix("-mark"))


Row = tuple[tuple[str, ...], int]
"""Cells and the line on which the row starts, from 1."""


def oracle(written: Written) -> list[Row]:
    """The rows as the csv module reads them, without the header and blank ones."""
    reader = csv.reader(
        io.StringIO(written.plain, newline="\n"), delimiter=written.delimiter
    )
    found: list[Row] = []
    width, before = 0, 0
    for number, cells in enumerate(reader):
        if number == 1:
            width = len([one for one in cells if one])
        elif number > 1 and "".join(cells).strip(" \t"):
            found.append((tuple(cells[:width]), before + 1))
        before = reader.line_num
    return found
