"""What is rejected protects."""

from __future__ import annotations

from typing import Any

import pytest

from sync.model.finding import Severity

BOTH = [("students", "s1"), ("users", "s1")]


def test_a_clean_drop_freezes_nothing(school: Any) -> None:
    roster = school.judge({"students": [school.student()]}).roster
    assert roster.frozen.is_empty()
    assert roster.frozen_people.is_empty()
    assert roster.no_removals == frozenset()
    assert roster.rejected["students"].is_empty()


def test_a_rejected_person_is_frozen_in_both_lists_with_links_and_enrollments(
    school: Any,
) -> None:
    rows = [school.student(grades="99"), school.student("s2")]
    roster = school.judge({"students": rows}).roster
    assert roster.frozen.rows() == BOTH
    assert roster.frozen_people.to_list() == ["s1"]
    assert roster.no_removals == frozenset()
    assert roster.rejected["students"].select("_key", "grades").rows() == [("s1", None)]


@pytest.mark.parametrize("key", ["", "1.23E+05", "s\t1", "s" * 256])
def test_a_row_without_a_readable_key_forbids_removals(school: Any, key: str) -> None:
    tables = {"students": [school.student(key)], "users": [school.user()]}
    roster = school.judge(tables).roster
    assert roster.no_removals == {"students"}
    assert roster.frozen.is_empty()


def test_a_row_of_the_wrong_width_counts_and_forbids_removals(school: Any) -> None:
    tables = {"students": [school.student()], "users": [school.user()]}
    judged = school.judge(tables, ragged={"students": 2})
    assert judged.counts("students") == (3, 1, 0, 2)
    assert judged.counts("users") == (1, 1, 0, 0)
    assert judged.roster.no_removals == {"students"}


def one_file(school: Any, layout: str = "wide", **cells: str) -> Any:
    """A file whose rows give a student and a user each."""
    tables = {
        "students": [school.student("s1", **cells), school.student("s2")],
        "users": [school.user("u1"), school.user("u2")],
    }
    files = dict.fromkeys(tables, "all.csv")
    return school.mapped(tables, files=files, layout=layout)


def test_a_rejected_row_protects_all_that_it_names_in_other_tables(
    school: Any,
) -> None:
    roster = type(school.judge({}))(one_file(school, grades="99"), "reject").roster
    keys = [("students", "s1"), ("students", "u1"), ("users", "s1"), ("users", "u1")]
    assert roster.frozen.rows() == keys


def test_an_unreadable_key_forbids_removals_of_all_that_the_file_feeds(
    school: Any,
) -> None:
    drop = one_file(school)
    raw = drop.drop.tables["all.csv"]
    object.__setattr__(raw, "unreadable", raw.frame.head(1))
    judged = type(school.judge({}))(drop, "reject")
    assert judged.roster.no_removals == {"students", "users"}
    assert judged.counts("students") == (2, 2, 0, 0)
    assert judged.counts("users") == (3, 2, 0, 1)


def test_a_pair_that_dangles_leaves_its_student_alone(school: Any) -> None:
    tables = {
        "students": [school.student()],
        "users": [school.user()],
        "agents": [school.agent(), school.agent("s9", "u9")],
    }
    files = dict.fromkeys(tables, "users.csv")
    drop = school.mapped(tables, files=files, layout="oneroster-1.1")
    judged = type(school.judge({}))(drop, "reject")
    assert judged.roster.frozen.rows() == [("agents", "s9/u9")]
    assert judged.counts("students") == (1, 1, 0, 0)
    rejected = judged.findings.of_severity(Severity.REJECTED)
    assert rejected.height == judged.counts("agents")[3] == 1
