from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.sandbox import DocumentError, Sandbox, SandboxSettings
from tests.support.schoology import member, small_school


def test_a_dump_loads_as_the_same_dump(sandbox: Sandbox) -> None:
    sandbox.load(small_school(roles=[{"id": 3, "title": "Student"}]))
    document = sandbox.dump()
    sandbox.reset()
    counts = sandbox.load(document)
    assert sandbox.dump() == document
    assert counts["schoology.users"] == 4


def test_ids_may_be_numbers_and_come_back_as_text(sandbox: Sandbox) -> None:
    section = {"id": 55, "course_id": 41, "grading_periods": [13]}
    enrollment = member("900", "7001") | {"id": 900, "status": "2", "admin": "1"}
    sandbox.load({"schoology": {"sections": [section], "enrollments": [enrollment]}})
    shown = sandbox.dump()["schoology"]
    [one] = shown["sections"]
    assert (one["id"], one["course_id"], one["grading_periods"]) == ("55", "41", ["13"])
    assert shown["enrollments"] == [member("900", "7001", status=2, admin=1)]


def test_loading_merges_and_replaces_by_id(sandbox: Sandbox) -> None:
    sandbox.load(small_school())
    sandbox.load({"schoology": {"users": [{"uid": 7001, "school_uid": "new"}]}})
    users = sandbox.dump()["schoology"]["users"]
    assert [user["school_uid"] for user in users] == ["new", "S-18", "T-1", "S-99"]


def test_a_reset_forgets_everything(sandbox: Sandbox) -> None:
    sandbox.load(small_school())
    sandbox.reset()
    assert not any(sandbox.dump()["schoology"].values())


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ({"pupils": []}, "no list pupils"),
        ({"users": {}}, "users is not a list"),
        ({"users": ["7001"]}, r"users\[0\] is not an object"),
        ({"users": [{"school_uid": "x"}]}, r"users\[0\].uid"),
        ({"users": [{"uid": "x"}]}, r"users\[0\].uid"),
        ({"users": [{"uid": "1", "shoes": 42}]}, "unknown field shoes"),
        ({"users": [{"uid": "1", "school_uid": 17}]}, "school_uid is not a text"),
        ({"users": [{"uid": "1", "active": 7}]}, r"users\[0\].active"),
        ({"sections": [{"id": 1}]}, r"sections\[0\].course_id"),
        ({"sections": [{"id": 1, "course_id": 1, "grading_periods": 1}]}, "not a list"),
        ({"sections": [{"id": 1, "course_id": 1, "grading_periods": ["x"]}]}, "whole"),
        ({"enrollments": [member("x", "1")]}, r"enrollments\[0\].id"),
        ({"enrollments": [member("1", "1", realm="course")]}, "neither section nor"),
        ({"enrollments": [member("1", "1", status=6)]}, "status is none of"),
        (
            {"enrollments": [member("1", "1", realm="group", status=5)]},
            "status is none",
        ),
        ({"enrollments": [member("1", "1", admin=2)]}, "admin is none of"),
        ({"enrollments": [member("1", "1", role="x")]}, "is no object of"),
    ],
)
def test_a_document_that_is_none_is_refused_whole(
    sandbox: Sandbox, part: dict[str, Any], text: str
) -> None:
    good = {"groups": [{"id": "9"}]}
    with pytest.raises(DocumentError, match=text):
        sandbox.load({"schoology": {**good, **part}})
    assert sandbox.dump()["schoology"]["groups"] == []


def test_schoology_must_be_an_object(sandbox: Sandbox) -> None:
    with pytest.raises(DocumentError):
        sandbox.load({"schoology": []})


def test_everything_outlives_the_process_in_a_folder(tmp_path: Path) -> None:
    kept = SandboxSettings(data=tmp_path)
    with Sandbox(kept) as first:
        first.load(small_school())
        document = first.dump()
    with Sandbox(kept) as second:
        assert second.dump() == document


_MEMBERS = st.builds(
    member,
    st.integers(1, 40).map(str),
    st.integers(1, 9).map(str),
    realm=st.sampled_from(["section", "group"]),
    realm_id=st.integers(1, 3).map(str),
    admin=st.integers(0, 1),
    status=st.integers(1, 4),
)


@given(st.lists(_MEMBERS, unique_by=lambda one: one["id"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_is_loaded_is_dumped_by_id(
    sandbox: Sandbox, members: list[dict[str, Any]]
) -> None:
    sandbox.reset()
    sandbox.load({"schoology": {"enrollments": members}})
    expected = sorted(members, key=lambda one: int(one["id"]))
    assert sandbox.dump()["schoology"]["enrollments"] == expected
