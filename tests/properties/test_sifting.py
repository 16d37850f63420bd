"""A check that reads only the rows in doubt says what one that reads all rows says."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from benchmarks.defects import LENIENT, TODAY, make
from sync import mapping as mappings
from sync.flow import sifting
from sync.flow.intake import How, take_in
from sync.read import opened, peek, scan
from sync.report.check import document
from sync.samples import make_samples
from tests.support.defects import DEFECTS
from tests.support.islands import family, write

FEW = LENIENT
WHOLE = replace(FEW, whole=True)


@pytest.fixture(autouse=True)
def _small_files_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is meant for a million rows, done with a few hundred."""
    monkeypatch.setattr(scan, "LEAST", 1)
    monkeypatch.setattr(opened, "LEAST", 1)
    monkeypatch.setattr(sifting, "MOST", 1)


def told(drop: Path, how: How) -> dict[str, Any]:
    """All that a check says of a drop."""
    taken = take_in(drop, how, TODAY)
    return document(taken.mapped, taken.drop, taken.roster, taken.findings, 0)


def aside(drop: Path, *, delta: bool = False) -> int | None:
    """How many rows were not read; null where the drop was read whole."""
    layout = mappings.recognise(peek(drop), None, delta=delta)
    sifted = sifting.sift(drop, layout, TODAY, delta=delta)
    return None if sifted is None else sum(a.rows for a in sifted.aside.values())


def zipped(folder: Path) -> Path:
    """The same drop, packed."""
    packed = folder.with_suffix(".zip")
    with zipfile.ZipFile(packed, "w") as archive:
        for file in sorted(folder.glob("*.csv")):
            archive.write(file, file.name)
    return packed


@pytest.mark.parametrize("seed", range(2))
def test_of_defects_of_all_kinds(seed: int, tmp_path: Path) -> None:
    make(tmp_path / "drop", 700, seed)
    for drop in (tmp_path / "drop", zipped(tmp_path / "drop")):
        assert told(drop, FEW) == told(drop, WHOLE)
        assert (aside(drop) or 0) > 1000


ODD = (
    "",
    " ",
    "\u00a0",
    '""',
    '"a,b"',
    '"a""b"',
    'x"y',
    '"y"yy',
    "Ame\u0301lie",
    "Amélie",
    "JosÃ©",
    "ﬁne",
    "true",
    "ACTIVE",
    "Inactive",
    "tobedeleted",
    "2026-02-30",
    "2026-02-29",
    "2024-02-29",
    "0211-02-03",
    "2026-08-17T00:00:00Z",
    "1.23E+05",
    "..",
    "k",
    "05",
    "5,6",
    "ext:x",
    "student",
    "STUDENT",
    "parent",
    "??",
    "x" * 256,
    "é" * 200,
    "a@b.example",
    "a@b",
    "+1 555 123 4567",
    "\t",
    "\x01",
    "\u200bx",
    "1,2",
    "a,b,c",
)
"""Cells as they stand in a file."""


def spoil(folder: Path, chance: Random) -> None:
    """Put odd cells, and cells of other rows, written otherwise, into some rows; with
    a quote that stands within a cell, in one drop of four, the file is read whole."""
    odd = [one for one in ODD if '"' not in one] if chance.random() < 0.75 else ODD
    for path in sorted(folder.glob("*.csv")):
        lines = path.read_text("utf-8").split("\n")
        rows = range(1, len(lines) - 1)
        for _ in range(chance.randrange(12)):
            at, other = chance.choice(rows), chance.choice(rows)
            cells, theirs = lines[at].split(","), lines[other].split(",")
            place = chance.randrange(min(len(cells), len(theirs)))
            cell = theirs[place]
            cells[place] = chance.choice(
                [*chance.sample(odd, 4), cell, f" {cell}", f'"{cell}"', cell.upper()]
            )
            lines[at] = ",".join(cells)
        for _ in range(chance.randrange(3)):
            at = chance.choice(rows)
            lines[at] = chance.choice(
                [lines[at] + ",more", lines[at].rpartition(",")[0], "", " , ", lines[2]]
            )
        end = chance.choice(["\n", "\r\n"])
        text = end.join(lines)
        path.write_text(text if chance.random() < 0.7 else text.rstrip(), newline="")


@pytest.mark.parametrize(
    "seed",
    [*range(8), *(pytest.param(n, marks=pytest.mark.long) for n in range(8, 60))],
)
def test_of_cells_that_nobody_expects(seed: int, tmp_path: Path) -> None:
    chance = Random(seed)  # noqa: S311 a seed is what makes a failure repeatable
    make_samples(tmp_path, 60, seed, nights=1, messy=seed % 4 == 0)
    drop = tmp_path / "night-1"
    for path in sorted(drop.glob("*.csv")):
        if chance.random() < 0.1:
            path.unlink()
    spoil(drop, chance)
    for one in (drop, zipped(drop)):
        assert told(one, FEW) == told(one, WHOLE)


@pytest.mark.parametrize("seed", range(4))
def test_of_any_mistakes_in_any_form_of_file(seed: int, tmp_path: Path) -> None:
    chance = Random(seed)  # noqa: S311 a seed is what makes a failure repeatable
    families = [family(number) for number in range(1, 400)]
    names = chance.sample(sorted(DEFECTS), len(DEFECTS) // 2)
    for name, home in zip(names, chance.sample(families, len(names)), strict=True):
        DEFECTS[name](home)
    write(families, tmp_path, chance)
    assert told(tmp_path, FEW) == told(tmp_path, WHOLE)
