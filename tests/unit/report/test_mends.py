"""What one mend brings back: each row once, and only if nothing else is wrong."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from sync.model.finding import Finding, Findings, Severity
from sync.report.mends import MANY, Mend, Scope, mends


def at(line: int, code: str = "RS112", **other: str | None) -> Finding:
    place: dict[str, str | None] = {
        "entity": "students",
        "file": "students.csv",
        "column": "grades",
        "value": "99",
    }
    message = other.pop("message", None) or "wrong"
    own = Finding(code, Severity.REJECTED, message, line=line)
    return replace(own, **{**place, **other})  # type: ignore[arg-type] # texts all


def because(line: int, of: Finding, file: str = "agents.csv") -> Findings:
    frame = Findings.of([at(line, "RS260", file=file)]).frame.with_columns(
        pl.lit(of.file).alias("cause_file"),
        pl.lit(of.line, pl.UInt32).alias("cause_line"),
        pl.lit(of.code).alias("cause_code"),
    )
    return Findings(frame)


def short(one: Mend) -> tuple[str, int | None, int, int, int]:
    return (one.scope.value, one.line, one.touched, one.brings_back, one.beneath)


def test_a_row_brings_back_itself_and_what_fell_with_it() -> None:
    root = at(2)
    found = Findings.of([root]) + because(3, root) + because(4, root)
    assert [short(one) for one in mends(found, {})] == [("row", 2, 1, 3, 2)]


def test_all_mistakes_of_a_row_are_one_mend() -> None:
    found = Findings.of([at(2), at(2, "RS101", column="givenName", value="")])
    (one,) = mends(found, {})
    assert (short(one), one.defects) == (("row", 2, 1, 1, 0), 2)


def test_a_row_that_needs_two_mends_comes_back_by_neither() -> None:
    two = [at(line, "RS250", value="o9", column="org") for line in (2, 3)]
    found = Findings.of([*two, at(3)])
    assert [short(one) for one in mends(found, {})] == [
        ("value", 2, 2, 1, 0),
        ("row", 3, 1, 0, 0),
    ]


def test_a_consequence_of_two_roots_comes_back_by_neither() -> None:
    first, second = at(2, value="a"), at(3, value="b")
    found = Findings.of([first, second]) + because(9, first) + because(9, second)
    assert [one.brings_back for one in mends(found, {})] == [1, 1]


def test_one_missing_record_is_one_mend_in_all_files() -> None:
    found = Findings.of(
        [at(2, "RS250", value="o9"), at(7, "RS250", value="o9", file="users.csv")]
    )
    assert [short(one) for one in mends(found, {})] == [("value", 2, 2, 2, 0)]


def test_rows_that_contradict_each_other_are_one_mend() -> None:
    found = Findings.of([at(2, "RS202"), at(3, "RS202"), at(5, "RS202", message="x")])
    assert [short(one) for one in mends(found, {})] == [
        ("group", 2, 2, 2, 0),
        ("group", 5, 1, 1, 0),
    ]


def test_half_a_file_is_a_matter_of_the_column() -> None:
    found = Findings.of([at(line, value=f"{line}") for line in range(2, 2 + MANY)])
    (one,) = mends(found, {"students.csv": 2 * MANY})
    assert one.scope is Scope.COLUMN
    assert len(mends(found, {"students.csv": 2 * MANY + 1})) == MANY


def test_a_few_rows_are_never_a_matter_of_the_column() -> None:
    found = Findings.of([at(line, value=f"{line}") for line in range(3)])
    assert {one.scope for one in mends(found, {"students.csv": 3})} == {Scope.ROW}


def test_rows_of_the_wrong_width_may_be_a_matter_of_the_export() -> None:
    ragged = [at(n, "RS035", column=None, value=None) for n in range(2, 2 + MANY)]
    (one,) = mends(Findings.of(ragged), {"students.csv": MANY})
    assert (one.scope, one.column, one.brings_back) == (Scope.COLUMN, None, MANY)


def test_warnings_need_no_mend() -> None:
    warning = Finding("RS117", Severity.WARNING, "no e-mail", file="a.csv", line=2)
    assert mends(Findings.of([warning]), {}) == []
