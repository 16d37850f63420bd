"""What is read of a file is what stands in it: every cell, every line, every row.

Tables in all the forms that programs write are compared with the csv module of the
standard library; broken ones with a reader that looks at each letter. No row is lost
without a word: those that came in are good or told of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

import polars as pl
import pytest

from sync.model.roster import ROW
from sync.read.table import read_table
from tests.faults.proofs import Line
from tests.faults.tables import encoded, oracle, random_file
from tests.unit.read.test_oracle import expected_of

EACH = 125
BROKEN = 250


@pytest.mark.parametrize("part", range(4))
def test_cells_and_lines_are_those_of_the_standard_library(
    proof: Callable[[str, str], Line], rounds: int, part: int
) -> None:
    cells = lines = lost = rows = 0
    for number in range(EACH * rounds):
        written = random_file(Random(f"{part}/{number}"))  # noqa: S311 - by seed
        wanted = oracle(written)
        raw, findings = read_table("x.csv", written.content)
        assert raw is not None, (part, number, findings.frame)
        found = raw.frame
        cells += found.drop(ROW).rows() != [one for one, _ in wanted]
        lines += found[ROW].to_list() != [line for _, line in wanted]
        lost += len(wanted) - raw.rows
        rows += len(wanted)
        assert raw.unreadable.is_empty()
    row = proof("R17", "random tables in the dialects of programs that write them")
    row.times = EACH * rounds
    row.zero("files with another cell", cells)
    row.zero("files with another line", lines)
    row.zero("rows lost", lost)
    row.least("rows", rows, EACH * rounds)


Broken = tuple[str, str, int]


def broken_text(chance: Random) -> Broken:
    """A file with whatever may go wrong in one: text, delimiter, width."""
    delimiter = chance.choice(",;\t|")
    width = chance.randrange(1, 4)
    whole = ["x", "é", '"y"', '"a\nb"', '"\r\n"', '""', " ", '"z" ']
    text = delimiter.join(f"h{place}" for place in range(width))
    for _ in range(chance.randrange(9)):
        text += chance.choice(("\n", "\r\n", "\r", "\n\n"))
        if chance.random() < 0.7:
            cells = chance.choices(whole, k=chance.choice((width, width, width, 4, 1)))
            text += delimiter.join(cells)
        else:
            text += "".join(chance.choices(f'x"{delimiter} \t', k=chance.randrange(7)))
    return text + chance.choice(("", "\n", "\r\n")), delimiter, width


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_defect_of_a_broken_file_is_told_with_its_line(
    proof: Callable[[str, str], Line], rounds: int, encoding: str
) -> None:
    told: Counter[str] = Counter()
    wrong = unaccounted = other = 0
    for number in range(BROKEN * rounds):
        text, delimiter, width = broken_text(Random(number))  # noqa: S311 - by seed
        wanted = expected_of(text, delimiter, width)
        raw, findings = read_table(
            "x.csv", encoded(f"sep={delimiter}\n{text}", encoding)
        )
        found = findings.frame.filter(pl.col("code") != "RS031")
        defects = [(code, line + 1) for code, line in wanted.found]
        wrong += found.select("code", "line").rows() != defects
        told.update(code for code, _ in wanted.found)
        if raw is None:
            other += not {"RS036", "RS037"} & {code for code, _ in wanted.found}
            continue
        good = [(*cells, line + 1) for cells, line in wanted.rows]
        other += raw.frame.rows() != good
        unaccounted += raw.rows != raw.frame.height + len(defects)
    row = proof("R17", "broken files, against a reader of each letter")
    row.times = BROKEN * rounds
    row.zero("files with a defect not told at its line", wrong)
    row.zero("files whose good rows differ", other)
    row.zero("files where rows in ≠ good + bad", unaccounted)
    row.least("kinds of defect", len(told), 4)
