"""Files that were made to keep the machine busy are refused or read in little time.

Each is taken in by a process of its own, whose processor time and memory count.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.child import costs
from tests.faults.proofs import Line

MB = 1 << 20
SHORT, LONG = 96, 400
"""Megabytes of the large files in either form."""
SECONDS, MEGABYTES = 10.0, 500.0
HEADER = (
    b"sourcedId,status,username,enabledUser,givenName,familyName,"
    b"primaryOrgSourcedId,grades\n"
)
ROW = b"s1,active,ada,true,Ada,Byron,o1,09\n"
MAPPING = """\
name = "hostile"
title = "A regular expression that others never finish"
mode = "bulk"

[[tables]]
entity = "students"
files = ["students.csv"]

[tables.columns]
sourcedId = { from = "sourcedId" }
status = { from = "status" }
username = { from = "username" }
enabledUser = { from = "enabledUser" }
givenName = { from = "givenName", regex = 'PATTERN', replace = "x" }
familyName = { from = "familyName" }
primaryOrgSourcedId = { from = "primaryOrgSourcedId" }
grades = { from = "grades" }
"""
PATTERNS = (
    "(a+)+$",
    "(a|aa)+$",
    "(a|a?)+$",
    "(.*a){12}$",
    "^(([a-z])+.)+[A-Z]([a-z])+$",
)

Make = Callable[[Path, int], None]


def large(piece: bytes, head: bytes = b"") -> Make:
    """A file of so many megabytes of the same."""

    def make(path: Path, megabytes: int) -> None:
        block = piece * max(1, MB // len(piece))
        with path.open("wb") as file:
            file.write(head)
            for _ in range(megabytes):
                file.write(block)

    return make


def small(content: bytes) -> Make:
    """A file of this."""

    def make(path: Path, _: int) -> None:
        path.write_bytes(content)

    return make


FILES: dict[str, tuple[str, Make]] = {
    "one line": ("RS040", large(b"a")),
    "one line of cells": ("RS040", large(b"a,")),
    "one line of quotes": ("RS040", large(b'"')),
    "one line of NULs": ("RS040", large(b"\0")),
    "an unclosed quote at the first byte": ("RS037", large(ROW, b'"')),
    "an unclosed quote in the second line": (
        "RS039",
        small(HEADER + b'"' + ROW * (16 * MB // len(ROW))),
    ),
    "a million columns": (
        "RS040",
        small(b",".join(b"c%d" % n for n in range(10**6)) + b"\n"),
    ),
    "a million empty columns": ("RS032", small(b"," * 10**6 + b"\n" + ROW)),
    "a million cells in a row": ("RS035", small(HEADER + ROW + b"x," * 10**6 + b"\n")),
    "half a million cells in quotes": (
        "RS035",
        small(HEADER + ROW + b'"x",' * 500_000 + b"\n"),
    ),
    "a cell of 2 MB": (
        "RS039",
        small(HEADER + ROW + b"s2,active," + b"x" * 2 * MB + b",,,,,\n"),
    ),
    "a cell of 2 MB in quotes": (
        "RS039",
        small(HEADER + ROW + b's2,active,"' + b"x\n" * MB + b'",,,,,\n'),
    ),
    "a million blank lines": ("", small(HEADER + b"\n" * 10**6 + ROW)),
    "200,000 rows of one cell": ("RS035", small(HEADER + b"x\n" * 200_000)),
}
"""Name -> the code that must be told of it, none for what harms nobody."""


@pytest.mark.parametrize("part", range(2))
def test_hostile_files_end_soon_and_in_little_memory(
    proof: Callable[[str, str], Line], rounds: int, tmp_path: Path, part: int
) -> None:
    found, told = [], 0
    for name, (code, make) in list(FILES.items())[part::2]:
        drop = tmp_path / name
        drop.mkdir()
        make(drop / "students.csv", SHORT if rounds == 1 else LONG)
        (cost,) = costs([drop], mapping="four-files")
        (drop / "students.csv").unlink()
        told += code in cost.codes or cost.codes == [code][not code :]
        found.append(cost)
    row = proof("S14", "files made to keep the machine busy")
    row.times = len(found)
    row.all_of("told for what they are", told, len(found))
    row.worst("seconds of CPU each", max(one.seconds for one in found), SECONDS)
    row.worst("MB of the process", max(one.peak for one in found), MEGABYTES)
    assert told == len(found), found


def test_a_regular_expression_of_a_mapping_ends_soon(
    proof: Callable[[str, str], Line], tmp_path: Path
) -> None:
    """Eight cells of 125,000 letters, on which a reader that tries all ways hangs."""
    (tmp_path / "drop").mkdir()
    row = b"s%d,active,ada%d,true," + b"a" * 125_000 + b"!,Byron,o1,09\n"
    rows = b"".join(row % (number, number) for number in range(8))
    (tmp_path / "drop" / "students.csv").write_bytes(HEADER + rows)
    found = []
    for number, pattern in enumerate(PATTERNS):
        path = tmp_path / f"hostile-{number}.toml"
        path.write_text(MAPPING.replace("PATTERN", pattern), "utf-8")
        found += costs([tmp_path / "drop"], mapping=str(path))
    line = proof("S14", "a regular expression of a mapping on 1 MB")
    line.times = len(found)
    line.worst("seconds of CPU each", max(one.seconds for one in found), 1.0)
    line.worst("MB of the process", max(one.peak for one in found), MEGABYTES)
    assert all("RS023" not in one.codes for one in found), found
