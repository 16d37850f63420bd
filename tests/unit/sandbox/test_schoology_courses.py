from __future__ import annotations

import httpx
import pytest

from sync.sandbox import Sandbox
from tests.support.schoology import client, small_school


@pytest.fixture
def schoology(sandbox: Sandbox, pool: httpx.HTTPTransport) -> httpx.Client:
    sandbox.load(small_school())
    return client(sandbox, pool)


def test_courses_are_listed_with_a_total_that_is_text(schoology: httpx.Client) -> None:
    page = schoology.get("courses").json()
    [course] = page["course"]
    assert (course["id"], course["course_code"]) == (41, "MATH7")
    assert page["total"] == "1"
    assert "course" not in schoology.get("courses?building_id=7").json()


def test_a_section_names_its_course_codes_and_periods(schoology: httpx.Client) -> None:
    page = schoology.get("courses/41/sections").json()
    first = page["section"][0]
    assert first == schoology.get("sections/55").json()
    assert (first["id"], first["course_id"]) == ("55", "41")
    assert (first["course_code"], first["section_code"]) == ("MATH7", "A")
    assert first["section_title"] == "First hour"
    assert (first["grading_periods"], first["active"]) == ([13, 14], 1)


@pytest.mark.parametrize(
    ("periods", "listed"),
    [
        ([], True),
        (["15"], False),
        (["15", "13"], True),
        (["15", "16"], True),
    ],
)
def test_a_section_is_past_when_all_its_periods_are_over(
    sandbox: Sandbox, schoology: httpx.Client, periods: list[str], listed: bool
) -> None:
    section = {"id": "57", "course_id": "41", "grading_periods": periods}
    sandbox.load({"schoology": {"sections": [section]}})
    now = schoology.get("courses/41/sections").json()
    ever = schoology.get("courses/41/sections?include_past=1").json()
    assert ("57" in [one["id"] for one in now["section"]]) == listed
    assert [one["id"] for one in ever["section"]] == ["55", "56", "57"]
    assert (now["total"], ever["total"]) == (2 + listed, 3)


def test_a_school_code_leads_to_its_section(
    sandbox: Sandbox, schoology: httpx.Client
) -> None:
    answer = schoology.get("sections/ext/2026-MATH7-B")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"{sandbox.url}/v1/sections/56",
    )


@pytest.mark.parametrize("path", ["sections/ext/nothing", "sections/9", "groups/55"])
def test_others_are_not_there(schoology: httpx.Client, path: str) -> None:
    assert schoology.get(path).status_code == 404


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [13, 14, 15]),
        ("?title=Fall", [13]),
        ("?title=Fa", []),
        ("?title=Fa&startswith=1", [13]),
        ("?title=fall", []),
    ],
)
def test_grading_periods_stand_under_a_plural_name(
    schoology: httpx.Client, query: str, expected: list[int]
) -> None:
    page = schoology.get(f"gradingperiods{query}").json()
    assert [one["id"] for one in page.get("gradingperiods", [])] == expected
    assert page["total"] == len(expected)


def test_groups_are_listed_and_read(schoology: httpx.Client) -> None:
    [group] = schoology.get("groups").json()["group"]
    assert (group["id"], group["group_code"], group["title"]) == ("9", "chess", "Chess")
    assert schoology.get("groups/9").json() == group
