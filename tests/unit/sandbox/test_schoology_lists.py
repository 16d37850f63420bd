from __future__ import annotations

from typing import Any

import httpx
import pytest

from sync.sandbox import Sandbox
from tests.support.schoology import client, member, small_school

LIST = "sections/55/enrollments"


def crowd(count: int) -> dict[str, Any]:
    users = [{"uid": 1000 + n, "school_uid": f"C-{n}"} for n in range(count)]
    members = [member(str(500 + n), str(1000 + n)) for n in range(count)]
    return small_school(users=users, enrollments=members)


@pytest.fixture
def schoology(sandbox: Sandbox, pool: httpx.HTTPTransport) -> httpx.Client:
    sandbox.load(crowd(7))
    return client(sandbox, pool)


def ids(answer: httpx.Response) -> list[str]:
    return [item["id"] for item in answer.json().get("enrollment", [])]


def pages(someone: httpx.Client, path: str, limit: int) -> list[dict[str, Any]]:
    """Read on by what was received until nothing comes."""
    found: list[dict[str, Any]] = []
    while True:
        query: dict[str, str | int] = {"start": len(found), "limit": limit}
        page = someone.get(path, params=query).json()
        rows = next((rows for rows in page.values() if isinstance(rows, list)), [])
        if not rows:
            return found
        found += rows


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 1000])
def test_every_page_size_shows_every_row_once(
    schoology: httpx.Client, limit: int
) -> None:
    rows = pages(schoology, LIST, limit)
    assert [row["id"] for row in rows] == [str(500 + n) for n in range(7)]


def test_an_enrollment_has_the_types_of_the_documented_list(
    schoology: httpx.Client,
) -> None:
    page = schoology.get(LIST, params={"start": 0, "limit": 1}).json()
    [row] = page["enrollment"]
    assert (row["id"], row["uid"], row["admin"], row["status"]) == (
        "500",
        "1000",
        0,
        "1",
    )
    assert (row["name_title_show"], row["name_middle"]) == ("0", "")
    assert row["links"]["self"].endswith("/v1/sections/55/enrollments/500")
    assert page["total"] == "7"


def test_links_say_next_only_while_there_is_more_and_lead_to_another_host(
    schoology: httpx.Client,
) -> None:
    root = f"http://api.schoology.example/v1/{LIST}"
    first = schoology.get(LIST, params={"start": 0, "limit": 5}).json()["links"]
    assert first == {
        "self": f"{root}?start=0&limit=5",
        "next": f"{root}?start=5&limit=5",
    }
    last = schoology.get(LIST, params={"start": 5, "limit": 5}).json()["links"]
    assert last == {"self": f"{root}?start=5&limit=5"}


def test_a_limit_above_the_cap_is_cut_down_in_silence(
    sandbox: Sandbox, schoology: httpx.Client
) -> None:
    sandbox.configure(schoology_page_cap=3)
    answer = schoology.get(LIST, params={"limit": 100})
    assert len(ids(answer)) == 3
    assert "start=3" in answer.json()["links"]["next"]


def test_twenty_rows_are_a_page_where_no_limit_is_named(
    sandbox: Sandbox, schoology: httpx.Client
) -> None:
    sandbox.load(crowd(25))
    assert len(ids(schoology.get(LIST))) == 20


def test_a_page_without_rows_has_no_key_for_them(schoology: httpx.Client) -> None:
    page = schoology.get("sections/56/enrollments").json()
    assert page.keys() == {"total", "links"}
    assert page["total"] == "0"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{LIST}?start=-1", 400),
        (f"{LIST}?limit=0", 400),
        (f"{LIST}?limit=many", 400),
        (f"{LIST}?offset=1", 400),
        (f"{LIST}?start=0&start=1", 400),
        (f"{LIST}?uid=a", 400),
        (f"{LIST}?enrollment_status=6", 400),
        (f"{LIST}?picture_size=huge", 400),
        (f"{LIST}?type=anything", 200),
        ("sections/57/enrollments", 404),
        ("sections/x/enrollments", 404),
        ("groups/9/enrollments", 200),
        ("groups/55/enrollments", 404),
        ("courses/41/enrollments", 404),
        (f"users?school_uids={','.join(map(str, range(50)))}", 200),
        (f"users?school_uids={','.join(map(str, range(51)))}", 400),
        ("courses/42/sections", 404),
        ("courses/41/sections?include_past=yes", 400),
        ("users/me?a=b", 400),
    ],
)
def test_queries_are_held_to_their_rules(
    schoology: httpx.Client, path: str, status: int
) -> None:
    answer = schoology.get(path)
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("uid=1001,1003,9999", ["501", "503"]),
        ("enrollment_status=5", ["506"]),
        ("enrollment_status=1,5&uid=1006,1000", ["500", "506"]),
        ("picture_size=big,tiny&uid=1002", ["502"]),
    ],
)
def test_filters_narrow_the_list(
    sandbox: Sandbox, schoology: httpx.Client, query: str, expected: list[str]
) -> None:
    ended = member("506", "1006", status=5)
    sandbox.load({"schoology": {"enrollments": [ended]}})
    answer = schoology.get(f"{LIST}?{query}")
    assert ids(answer) == expected
    assert answer.json()["total"] == str(len(expected))


def test_a_picture_comes_in_the_size_that_was_asked_for(
    schoology: httpx.Client,
) -> None:
    [row] = schoology.get(f"{LIST}?uid=1002&picture_size=tiny").json()["enrollment"]
    assert "/tiny/" in row["picture_url"]


def test_a_list_without_filter_shows_every_status_unless_told_otherwise(
    sandbox: Sandbox, schoology: httpx.Client
) -> None:
    ended = member("506", "1006", status=2)
    sandbox.load({"schoology": {"enrollments": [ended]}})
    assert "506" in ids(schoology.get(LIST))
    sandbox.configure(schoology_active_only=True)
    assert "506" not in ids(schoology.get(LIST))
    assert "506" in ids(schoology.get(f"{LIST}?enrollment_status=1,2,3,4,5"))


@pytest.mark.parametrize("status", [403, 404])
def test_single_lists_can_be_barred(
    sandbox: Sandbox, schoology: httpx.Client, status: int
) -> None:
    sandbox.configure(schoology_barred={LIST: status})
    assert schoology.get(LIST).status_code == status
    assert schoology.get("sections/56/enrollments").status_code == 200


def test_a_list_can_be_empty_for_lack_of_permission(
    sandbox: Sandbox, schoology: httpx.Client
) -> None:
    sandbox.configure(schoology_barred={"users": 200})
    assert schoology.get("users").json()["total"] == 0
    assert schoology.get(LIST).json()["total"] == "7"


@pytest.mark.parametrize(("off", "total"), [(3, "10"), (-2, "5"), (-100, "0")])
def test_totals_can_lie(
    sandbox: Sandbox, schoology: httpx.Client, off: int, total: str
) -> None:
    sandbox.configure(schoology_total_off=off)
    answer = schoology.get(LIST)
    assert (answer.json()["total"], len(ids(answer))) == (total, 7)


def test_a_list_can_shift_between_its_pages(
    sandbox: Sandbox, schoology: httpx.Client
) -> None:
    sandbox.configure(schoology_list_shifts=True)
    seen = [ids(schoology.get(f"{LIST}?start={n}&limit=3")) for n in (0, 3, 6)]
    assert seen == [["500", "501", "502"], ["504", "505", "506"], []]


@pytest.mark.parametrize(
    ("switch", "expected"),
    [
        ("empty_lists", []),
        ("duplicate_rows", ["502", "503"]),
        ("totals", ["503", "504"]),
    ],
)
def test_the_switches_of_all_lists_hold_here_too(
    sandbox: Sandbox, schoology: httpx.Client, switch: str, expected: list[str]
) -> None:
    sandbox.configure(**{switch: switch != "totals"})
    answer = schoology.get(f"{LIST}?start=3&limit=2")
    assert ids(answer) == expected
    assert ("total" in answer.json()) == (switch != "totals")


def test_an_unstable_list_still_shows_each_row_on_a_single_page(
    sandbox: Sandbox, schoology: httpx.Client
) -> None:
    sandbox.configure(unstable_order=True)
    assert sorted(ids(schoology.get(LIST))) == [str(500 + n) for n in range(7)]
    orders = {tuple(ids(schoology.get(LIST))) for _ in range(20)}
    assert len(orders) > 1


def test_a_filter_can_be_ignored(sandbox: Sandbox, schoology: httpx.Client) -> None:
    sandbox.configure(ignore_filter=True)
    assert len(ids(schoology.get(f"{LIST}?uid=1001"))) == 7
