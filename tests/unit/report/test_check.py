"""The document of ``check --json`` and what ``check`` prints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest

from sync.model.entities import Entity, Mode
from sync.model.finding import Finding, Findings, Severity
from sync.model.roster import (
    FILE,
    ROW,
    Drop,
    DropKind,
    Mapped,
    RawTable,
    Roster,
    RowCounts,
    Table,
)
from sync.report.check import document, lines, summary

FROZEN = pl.DataFrame(schema={"entity": pl.String, "_key": pl.String})


def raw(
    file: str, columns: tuple[str, ...] = ("sourcedId",), ragged: int = 0
) -> RawTable:
    frame = pl.DataFrame({ROW: [2, 3], **{name: ["a", "b"] for name in columns}})
    unreadable = pl.DataFrame({ROW: [4] * ragged, "cells": [["x"]] * ragged})
    return RawTable(file, frame, "utf-8", ";", "crlf", unreadable)


def table(
    entity: Entity, file: str, mode: Mode = Mode.BULK, ignored: tuple[str, ...] = ()
) -> Table:
    frame = pl.DataFrame({"sourcedId": ["a", "b"], FILE: [file] * 2, ROW: [2, 3]})
    headers = {file: {"sourcedId": "sourcedId"}}
    return Table(entity, mode, frame, headers, {file: ignored})


def drop_of(*tables: RawTable) -> Drop:
    named = {one.file: one for one in tables}
    return Drop(Path("in/drop.zip"), "drop.zip", DropKind.ZIP, "f" * 64, named)


def mapped_of(drop: Drop, *tables: Table) -> Mapped:
    return Mapped(drop, "four-files", {one.entity: one for one in tables})


def roster_of(counts: Mapping[Entity, RowCounts], *kept: Entity) -> Roster:
    return Roster({}, {}, counts, FROZEN, no_removals=frozenset(kept))


def rejected(line: int, code: str = "RS112", value: str | None = "99") -> Finding:
    return Finding(
        code,
        Severity.REJECTED,
        f'grades "{value}" is not a grade',
        entity="students",
        file="students.csv",
        line=line,
        column="grades",
        value=value,
        hint='nearest is "09"',
    )


def with_cause(finding: Finding, file: str, line: int, code: str) -> Findings:
    frame = Findings.of([finding]).frame.with_columns(
        pl.lit(file).alias("cause_file"),
        pl.lit(line, pl.UInt32).alias("cause_line"),
        pl.lit(code).alias("cause_code"),
    )
    return Findings(frame)


def test_the_document_is_shaped_field_by_field_as_published() -> None:
    drop = drop_of(raw("students.csv", ("sourcedId", "Lunch Code"), ragged=1))
    students = table(Entity.STUDENTS, "students.csv", ignored=("Lunch Code",))
    roster = roster_of({Entity.STUDENTS: RowCounts(3, 1, 1, 1)}, Entity.STUDENTS)
    found = Findings.of([rejected(3)])
    result = document(mapped_of(drop, students), drop, roster, found, 1)
    assert json.loads(json.dumps(result)) == {
        "format": 1,
        "command": "check",
        "exit_code": 1,
        "outcome": "partial",
        "drop": {
            "name": "drop.zip",
            "kind": "zip",
            "sha256": "f" * 64,
            "layout": "four-files",
            "mode": "bulk",
        },
        "files": [
            {
                "file": "students.csv",
                "entity": "students",
                "mode": "bulk",
                "encoding": "utf-8",
                "delimiter": ";",
                "newline": "crlf",
                "rows": 3,
                "ignored_columns": ["Lunch Code"],
            }
        ],
        "entities": {
            "students": {
                "rows": {"read": 3, "accepted": 1, "merged": 1, "rejected": 1},
                "removals": False,
            }
        },
        "findings": [
            {
                "code": "RS112",
                "severity": "rejected",
                "entity": "students",
                "file": "students.csv",
                "line": 3,
                "column": "grades",
                "value": "99",
                "message": 'grades "99" is not a grade',
                "hint": 'nearest is "09"',
                "cause": None,
            }
        ],
        "counts": {"refused": 0, "rejected": 1, "warning": 0, "note": 0},
    }


def test_a_consequence_carries_its_cause() -> None:
    found = with_cause(rejected(9, "RS260"), "students.csv", 3, "RS112")
    (finding,) = document(None, drop_of(), None, found, 1)["findings"]
    assert finding["cause"] == {"file": "students.csv", "line": 3, "code": "RS112"}


@pytest.mark.parametrize(
    ("modes", "expected"),
    [
        ((Mode.BULK, Mode.BULK), "bulk"),
        ((Mode.DELTA, Mode.DELTA), "delta"),
        ((Mode.BULK, Mode.DELTA), "mixed"),
    ],
)
def test_the_mode_of_a_drop_is_that_of_all_its_files(
    modes: tuple[Mode, Mode], expected: str
) -> None:
    drop = drop_of(raw("students.csv"), raw("users.csv"))
    mapped = mapped_of(
        drop,
        table(Entity.STUDENTS, "students.csv", modes[0]),
        table(Entity.USERS, "users.csv", modes[1]),
    )
    result = document(mapped, drop, None, Findings.none(), 0)
    assert result["drop"]["mode"] == expected
    assert [file["mode"] for file in result["files"]] == [m.value for m in modes]


@pytest.mark.parametrize("known", [True, False])
def test_a_refused_drop_says_what_is_known_of_it(known: bool) -> None:
    drop = drop_of(raw("students.csv"))
    mapped = mapped_of(drop, table(Entity.STUDENTS, "students.csv")) if known else None
    result = document(mapped, drop, None, Findings.none(), 3)
    assert result["outcome"] == "refused"
    assert result["entities"] == {}
    assert result["drop"]["mode"] == ("bulk" if known else None)
    assert result["drop"]["layout"] == ("four-files" if known else None)
    assert result["files"][0]["entity"] == ("students" if known else None)


def test_a_file_of_several_entities_ignores_what_none_of_them_uses() -> None:
    drop = drop_of(raw("users.csv", ("a", "b", "c")), raw("manifest.csv"))
    mapped = mapped_of(
        drop,
        table(Entity.STUDENTS, "users.csv", ignored=("b", "c")),
        table(Entity.USERS, "users.csv", ignored=("c", "a")),
    )
    manifest, users = document(mapped, drop, None, Findings.none(), 0)["files"]
    assert (users["entity"], users["ignored_columns"]) == ("users", ["c"])
    assert (manifest["entity"], manifest["mode"]) == (None, None)
    assert manifest["ignored_columns"] == []


def test_people_read_the_worst_code_first_and_where_it_stands() -> None:
    note = Finding("RS263", Severity.NOTE, "no guardian", file="students.csv", line=2)
    text = list(lines(Findings.of([note, rejected(4), rejected(3)])))
    assert text == [
        "rejected RS112: 2 findings",
        '  students.csv:3 grades "99" is not a grade',
        '    do    nearest is "09"',
        '  students.csv:4 grades "99" is not a grade',
        "note RS263: 1 finding",
        "  students.csv:2 no guardian",
    ]


def test_consequences_stand_behind_what_they_follow_from() -> None:
    found = Findings.of([rejected(2)])
    for line in range(3, 9):
        found = found + with_cause(rejected(line, "RS101"), "a.csv", 2, "RS112")
    heads = [line for line in lines(found) if not line.startswith(" ")]
    assert heads == ["rejected RS112: 1 finding", "rejected RS101: 6 findings"]


def test_places_beyond_the_limit_are_counted_and_the_first_named() -> None:
    found = Findings.of([rejected(line) for line in range(2, 2002)])
    text = list(lines(found, limit_per_code=1))
    more = "1,999 more, first at students.csv:3, students.csv:4, students.csv:5"
    assert f"  {more}" in text
    assert sum("is not a grade" in line for line in text) == 1


def test_the_summary_names_the_place_the_remedy_and_what_comes_back() -> None:
    found = Findings.of([rejected(2, value="x"), rejected(9)])
    for line in range(3, 8):
        follow = with_cause(rejected(line, "RS260"), "students.csv", 2, "RS112")
        found = found + follow
    assert list(summary(found, {"students.csv": 40})) == [
        "Rejected: 7 of 40 rows; 2 for themselves, 5 because of those.",
        "To mend first:",
        '  1. students.csv:2 grades "x" is not a grade',
        '     do    nearest is "09"',
        "     brings back 6 rows, 5 of them beneath it",
        '  2. students.csv:9 grades "99" is not a grade',
        '     do    nearest is "09"',
        "     brings back 1 row",
    ]


def test_a_mistake_of_a_whole_column_is_the_exports() -> None:
    found = Findings.of([rejected(line, value=f"v{line}") for line in range(2, 14)])
    text = list(summary(found, {"students.csv": 20}))
    assert text[2:4] == [
        "  1. students.csv, column grades, first at line 2: mend the export",
        '     12 of 20 rows: grades "v2" is not a grade',
    ]
    assert text[-1] == "     brings back 12 rows"


def test_at_most_three_things_to_mend_and_refusals_before_all() -> None:
    refusal = Finding("RS003", Severity.REFUSED, "two files of one name")
    found = Findings.of([refusal, *(rejected(at, value=f"{at}") for at in range(9))])
    numbered = [line for line in summary(found, {}) if line[2:3].isdigit()]
    assert len(numbered) == 3
    assert numbered[0] == "  1. the drop two files of one name"
    assert "     without this nothing is read" in summary(found, {})


@pytest.mark.parametrize(("count", "asked"), [(2, False), (8, True)])
def test_missing_columns_of_a_file_are_one_thing_to_mend(
    count: int, asked: bool
) -> None:
    missing = [
        Finding("RS050", Severity.REFUSED, "missing", file="a.csv", column=f"c{n}")
        for n in range(count)
    ]
    text = list(summary(Findings.of(missing), {}))
    assert text[:3] == [
        "To mend first:",
        "  1. a.csv missing",
        f"     and {count - 1} more like it",
    ]
    assert any("really its header" in line for line in text) == asked


def test_a_drop_over_the_limit_is_mended_by_its_rows() -> None:
    over = Finding("RS403", Severity.REFUSED, "too many rows are rejected")
    text = list(summary(Findings.of([over, rejected(2)]), {}))
    assert text[2] == '  1. students.csv:2 grades "99" is not a grade'


def test_nothing_found_is_nothing_said() -> None:
    assert [*lines(Findings.none()), *summary(Findings.none(), {})] == []


def test_cells_cannot_act_on_a_terminal() -> None:
    evil = rejected(3, value="\x1b[31m\u202e\nspoof")
    found = Findings.of([evil])
    assert all(line.isprintable() for line in (*lines(found), *summary(found, {})))
