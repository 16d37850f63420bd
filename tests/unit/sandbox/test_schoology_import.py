from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from sync.sandbox import Sandbox
from tests.support.schoology import client, held, member, small_school, wrapped

SCHOOL_CODE = "enrollments/import/course"
CODES = "enrollments/import/course/13"
A = "2026-MATH7-A"


def by_code(school_uid: str, **more: Any) -> dict[str, Any]:
    return {"section_school_code": A, "school_uid": school_uid, **more}


def by_codes(school_uid: str, **more: Any) -> dict[str, Any]:
    codes = {"course_code": "MATH7", "section_code": "A"}
    return {**codes, "school_uid": school_uid, **more}


@pytest.fixture
def schoology(sandbox: Sandbox, pool: httpx.HTTPTransport) -> httpx.Client:
    sandbox.load(small_school())
    return client(sandbox, pool)


def results(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 207, answer.text
    found: list[dict[str, Any]] = answer.json()["enrollments"]["enrollment"]
    return found


def codes(answer: httpx.Response) -> list[int]:
    return [result["response_code"] for result in results(answer)]


def test_an_import_by_school_code_shows_codes_and_no_ids(
    sandbox: Sandbox, schoology: httpx.Client
) -> None:
    answer = schoology.post(SCHOOL_CODE, json=wrapped(by_code("S-18", admin="1")))
    [result] = results(answer)
    location = result.pop("location")
    assert re.findall(r"\d+", location)[-1] == "900001"
    assert result == {
        "response_code": 200,
        "school_uid": "S-18",
        "section_school_code": A,
        "course_code": "MATH7",
        "section_code": "A",
    }
    assert held(sandbox)[-1] == ("section", "55", "7002", 1, 1)


def test_an_import_by_codes_shows_less(
    sandbox: Sandbox, schoology: httpx.Client
) -> None:
    [result] = results(schoology.post(CODES, json=wrapped(by_codes("S-18"))))
    assert result.keys() == {
        "response_code",
        "location",
        "school_uid",
        "course_code",
        "section_code",
    }
    assert held(sandbox)[-1] == ("section", "55", "7002", 0, 1)


def test_some_locations_have_a_doubled_slash(schoology: httpx.Client) -> None:
    body = wrapped(by_code("S-18"), by_code("T-1"))
    places = [r["location"] for r in results(schoology.post(SCHOOL_CODE, json=body))]
    assert [place.count("enrollments//") for place in places] == [1, 0]


@pytest.mark.parametrize(
    ("path", "sent", "code"),
    [
        (SCHOOL_CODE, by_code("nobody"), 404),
        (SCHOOL_CODE, by_code("S-99"), 400),
        (SCHOOL_CODE, by_code("S-18", section_school_code="nothing"), 404),
        (SCHOOL_CODE, by_code("S-18", section_school_code=""), 400),
        (SCHOOL_CODE, by_code("S-18", section_school_code=23), 400),
        (SCHOOL_CODE, by_code("s-18"), 404),
        (SCHOOL_CODE, by_code("S-18", status="1"), 400),
        (SCHOOL_CODE, by_code("S-18", uid="7002"), 400),
        (SCHOOL_CODE, by_code("S-18", admin="2"), 400),
        (SCHOOL_CODE, by_code("S-18", delete="yes"), 400),
        (SCHOOL_CODE, by_code("S-18", delete="1"), 404),
        (SCHOOL_CODE, by_code("S-18", delete="0"), 200),
        (SCHOOL_CODE, {"section_school_code": A}, 400),
        (CODES, by_codes("S-18", course_code="MATH8"), 404),
        (CODES, by_codes("S-18", section_code="C"), 404),
        (CODES, by_codes("S-18", section_school_code=A), 400),
        (CODES, {"course_code": "MATH7", "school_uid": "S-18"}, 400),
        (CODES, by_codes("S-18"), 200),
    ],
)
def test_an_import_is_held_to_every_rule(
    sandbox: Sandbox,
    schoology: httpx.Client,
    path: str,
    sent: dict[str, Any],
    code: int,
) -> None:
    [result] = results(schoology.post(path, json=wrapped(sent)))
    assert result["response_code"] == code, result
    assert ("message" in result) == (code != 200)
    assert len(held(sandbox)) == 1 + (code == 200)


@pytest.mark.parametrize(
    ("periods", "found", "code"),
    [
        ("13", "all", 200),
        ("13,14", "all", 200),
        ("14", "all", 200),
        ("13,15", "all", 404),
        ("13,15", "any", 200),
        ("15", "any", 404),
    ],
)
def test_grading_periods_choose_the_sections(
    sandbox: Sandbox, schoology: httpx.Client, periods: str, found: str, code: int
) -> None:
    sandbox.configure(schoology_import_periods=found)
    path = f"enrollments/import/course/{periods}"
    assert codes(schoology.post(path, json=wrapped(by_codes("S-18")))) == [code]


@pytest.mark.parametrize(
    ("periods", "status"), [("99", 404), ("Fall", 400), ("13,", 400)]
)
def test_the_path_names_grading_periods_that_are_there(
    schoology: httpx.Client, periods: str, status: int
) -> None:
    path = f"enrollments/import/course/{periods}"
    answer = schoology.post(path, json=wrapped(by_codes("S-18")))
    assert answer.status_code == status


def test_codes_that_fit_two_sections_fit_none(
    sandbox: Sandbox, schoology: httpx.Client
) -> None:
    twin = {"id": "57", "course_id": "41", "section_code": "A"}
    other = {"section_school_code": A, "grading_periods": ["13"]}
    sandbox.load({"schoology": {"sections": [{**twin, **other}]}})
    assert codes(schoology.post(CODES, json=wrapped(by_codes("S-18")))) == [400]
    assert codes(schoology.post(SCHOOL_CODE, json=wrapped(by_code("S-18")))) == [400]


def test_importing_again_changes_nothing_and_names_the_same_enrollment(
    sandbox: Sandbox, schoology: httpx.Client
) -> None:
    body = wrapped(by_code("S-18", admin="0"))
    first, again = (schoology.post(SCHOOL_CODE, json=body).json() for _ in range(2))
    assert first == again
    assert len(held(sandbox)) == 2


@pytest.mark.parametrize(
    ("resets", "sent", "admin"),
    [
        (False, {}, 1),
        (True, {}, 0),
        (False, {"admin": "0"}, 0),
        (True, {"admin": 1}, 1),
    ],
)
def test_an_import_without_admin_leaves_it_unless_told_otherwise(
    sandbox: Sandbox,
    schoology: httpx.Client,
    resets: bool,
    sent: dict[str, Any],
    admin: int,
) -> None:
    sandbox.load({"schoology": {"enrollments": [member("900", "7001", admin=1)]}})
    sandbox.configure(schoology_import_resets_admin=resets)
    schoology.post(SCHOOL_CODE, json=wrapped(by_code("S-17", **sent)))
    assert held(sandbox) == [("section", "55", "7001", admin, 1)]


@pytest.mark.parametrize("status", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("back", [False, True])
def test_an_import_reactivates_only_when_told_so_and_only_what_has_ended(
    sandbox: Sandbox, schoology: httpx.Client, status: int, back: bool
) -> None:
    ended = member("900", "7001", status=status)
    sandbox.load({"schoology": {"enrollments": [ended]}})
    sandbox.configure(schoology_import_reactivates=back)
    assert codes(schoology.post(SCHOOL_CODE, json=wrapped(by_code("S-17")))) == [200]
    expected = 1 if back and status in (2, 5) else status
    assert held(sandbox) == [("section", "55", "7001", 0, expected)]


@pytest.mark.parametrize(("path", "sent"), [(SCHOOL_CODE, by_code), (CODES, by_codes)])
def test_adding_and_deleting_may_be_mixed_and_deleting_is_for_good(
    sandbox: Sandbox, schoology: httpx.Client, path: str, sent: Any
) -> None:
    body = wrapped(sent("S-17", delete="1"), sent("S-18"))
    first, second = results(schoology.post(path, json=body))
    assert (first["response_code"], first["location"]) == (200, "")
    assert second["response_code"] == 200
    assert held(sandbox) == [("section", "55", "7002", 0, 1)]


def test_the_same_twice_in_a_batch_is_a_conflict(
    sandbox: Sandbox, schoology: httpx.Client
) -> None:
    body = wrapped(by_code("S-18"), by_code("S-18", delete="1"))
    assert codes(schoology.post(SCHOOL_CODE, json=body)) == [200, 409]
    assert len(held(sandbox)) == 2


def test_an_import_has_at_most_fifty_items(schoology: httpx.Client) -> None:
    body = wrapped(*(by_code(f"S-{n}") for n in range(51)))
    assert schoology.post(SCHOOL_CODE, json=body).status_code == 400
