"""Sample drops on disk: a folder comes in, one folder for each night goes into it."""

from __future__ import annotations

from pathlib import Path

from sync.samples.district import generate
from sync.samples.messy import messy_night
from sync.samples.night import next_night
from sync.samples.tables import write, write_files

_SMALL, _SMALL_CHANGE, _CHANGE = 1000, 0.1, 0.02


def make_samples(
    out: Path, students: int, seed: int = 1, nights: int = 2, messy: bool = True
) -> None:
    """Write `night-1` to `night-N` below `out`, and `messy`, made from the last night.

    Two students in a hundred differ from night to night; ten in a small district, where
    otherwise there would be little to see. Raises ValueError where there is no student
    or no night.
    """
    if nights < 1:
        message = f"samples need at least one night, not {nights}"
        raise ValueError(message)
    tables = generate(students, seed)
    write(tables, out / "night-1")
    change = _SMALL_CHANGE if students < _SMALL else _CHANGE
    for night in range(2, nights + 1):
        tables = next_night(tables, seed + night - 1, change)
        write(tables, out / f"night-{night}")
    if messy:
        write_files(messy_night(tables, seed), out / "messy")
