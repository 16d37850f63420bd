from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.sandbox import Sandbox

MANY = 53


@pytest.fixture
def many(sandbox: Sandbox) -> Sandbox:
    people = [
        {
            "sourcedId": f"u{number:03}",
            "givenName": f"Name {number % 7}",
            "familyName": "Doe",
            "roles": [{"role": "student", "org": {"sourcedId": "o1"}}],
            "grades": [str(number % 3)],
            "status": "active" if number % 5 else "tobedeleted",
        }
        for number in range(MANY)
    ]
    document = sandbox.dump()
    sandbox.reset()
    sandbox.load({"orgs": document["orgs"], "users": people})
    return sandbox


def pages(client: httpx.Client, path: str, key: str, **query: Any) -> list[Any]:
    rows: list[Any] = []
    while True:
        answer = client.get(path, params={**query, "offset": len(rows)})
        part = answer.json()[key]
        rows += part
        if not part:
            return rows


def ids(rows: list[Any]) -> list[str]:
    return [row["sourcedId"] for row in rows]


@pytest.mark.usefixtures("many")
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(limit=st.integers(1, MANY + 5))
def test_the_pages_of_a_list_are_together_the_whole_list_in_order(
    api: httpx.Client, platform: httpx.Client, limit: int
) -> None:
    whole = [f"u{number:03}" for number in range(MANY)]
    assert ids(pages(api, "/users", "users", limit=limit)) == whole
    assert ids(pages(platform, "/users", "users", limit=limit)) == whole


@pytest.mark.usefixtures("many")
def test_a_list_of_the_api_counts_in_body_and_header(api: httpx.Client) -> None:
    answer = api.get("/users", params={"limit": 20, "offset": 40})
    body = answer.json()
    assert len(body.pop("users")) == 13
    assert body == {
        "totalCount": MANY,
        "pageCount": 3,
        "pageNumber": 3,
        "offset": 40,
        "limit": 20,
    }
    assert answer.headers["x-total-count"] == str(MANY)
    assert "link" not in answer.headers


@pytest.mark.usefixtures("many")
def test_the_link_to_the_next_page_leads_there(api: httpx.Client) -> None:
    answer = api.get("/users", params={"limit": 20, "filter": "status='active'"})
    following = api.get(answer.links["next"]["url"])
    assert following.json()["offset"] == 20
    assert following.json()["totalCount"] == answer.json()["totalCount"]


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("orgs", "orgs"),
        ("schools", "orgs"),
        ("academicSessions", "academicSessions"),
        ("terms", "terms"),
        ("courses", "courses"),
        ("classes", "classes"),
        ("users", "users"),
        ("students", "users"),
        ("teachers", "users"),
        ("enrollments", "enrollments"),
    ],
)
def test_every_list_of_the_api_answers_with_and_without_a_slash(
    api: httpx.Client, path: str, key: str
) -> None:
    first, second = api.get(f"/{path}"), api.get(f"/{path}/")
    assert first.status_code == second.status_code == 200
    assert first.json() == second.json()
    assert len(first.json()[key]) == first.json()["totalCount"] > 0


def test_scoped_lists_hold_only_what_their_name_says(api: httpx.Client) -> None:
    assert ids(api.get("/schools").json()["orgs"]) == ["o1"]
    assert ids(api.get("/students").json()["users"]) == ["s1"]
    assert ids(api.get("/teachers").json()["users"]) == ["w1"]


@pytest.mark.parametrize(
    ("query", "status", "minor"),
    [
        ("limit=3000", 200, None),
        ("limit=3001", 400, "invaliddata"),
        ("limit=0", 400, "invaliddata"),
        ("limit=1e3", 400, "invaliddata"),
        ("limit=", 400, "invaliddata"),
        ("offset=-1", 400, "invaliddata"),
        ("offset=1&offset=2", 400, "invaliddata"),
        ("sort=familyName&orderBy=desc", 200, None),
        ("sort=familyName&orderBy=DESC", 400, "invaliddata"),
        ("sort=shoeSize", 400, "invalid_sort_field"),
        ("sort=roles'--", 400, "invalid_sort_field"),
        ("fields=shoeSize", 400, "invalid_selection_field"),
        ("filter=shoeSize='1'", 400, "invalid_filter_field"),
        ("filter=status", 400, "invalid_filter_field"),
        ("filter=status='a' XOR status='b'", 400, "invalid_filter_field"),
        ("filter=dateLastModified>'noon'", 400, "invalid_filter_field"),
        ("filter=sourcedId@'s1,p1'", 200, None),
    ],
)
def test_the_query_of_a_list_is_held_to_every_rule(
    api: httpx.Client, query: str, status: int, minor: str | None
) -> None:
    answer = api.get(f"/users?{query}")
    assert answer.status_code == status, answer.text
    if minor is not None:
        [field] = answer.json()["imsx_CodeMinor"]["imsx_codeMinorField"]
        assert field["imsx_codeMinorFieldValue"] == minor


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("status='active'", 42),
        ("status!='active'", 11),
        ("sourcedId='u007'", 1),
        ("sourcedId>='u050'", 3),
        ("sourcedId@'u001, u002,nobody'", 2),
        ("givenName~'NAME 3'", 8),
        ("grades='1'", 18),
        ("grades~'1'", 18),
        ("roles.role='student'", MANY),
        ("status='active' AND grades='1'", 15),
        ("sourcedId='u001' OR sourcedId='u002' AND status='none'", 1),
        ("dateLastModified>'2000-01-01'", MANY),
        ("dateLastModified>'2999-01-01T00:00:00Z'", 0),
    ],
)
def test_a_filter_selects_and_the_total_follows(
    api: httpx.Client, text: str, count: int
) -> None:
    body = api.get("/users", params={"filter": text, "limit": 100}).json()
    assert len(body["users"]) == body["totalCount"] == count


def test_people_can_be_filtered_by_their_agents(
    sandbox: Sandbox, api: httpx.Client, platform: httpx.Client
) -> None:
    link = {"studentSourcedId": "s1", "agentId": "a1", "agentSourcedId": "p1"}
    sandbox.load({"agents": [link]})
    query = {"filter": "agents.sourcedId='p1'"}
    assert ids(api.get("/users", params=query).json()["users"]) == ["s1"]
    assert ids(platform.get("/users", params=query).json()["users"]) == ["s1"]


def test_a_filter_is_taken_raw_and_encoded(api: httpx.Client) -> None:
    raw = api.get("/enrollments?filter=user.sourcedId='s1'").json()
    encoded = api.get("/enrollments?filter=user.sourcedId%3D%27s1%27").json()
    assert raw == encoded
    assert raw["totalCount"] == 1


@pytest.mark.usefixtures("many")
def test_search_looks_into_names_and_addresses(api: httpx.Client) -> None:
    assert api.get("/users?search=name 3").json()["totalCount"] == 8
    assert api.get("/users?search=nobody").json()["totalCount"] == 0


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_a_list_is_sorted_as_asked(api: httpx.Client, direction: str) -> None:
    query = {"sort": "givenName", "orderBy": direction, "limit": "100"}
    names = [
        row["givenName"] for row in api.get("/users", params=query).json()["users"]
    ]
    assert names == sorted(names, reverse=direction == "desc")


def test_fields_narrow_lists_and_singles(api: httpx.Client) -> None:
    [shown] = api.get("/students?fields=sourcedId,roles.role").json()["users"]
    assert shown == {"sourcedId": "s1", "roles": [{"role": "student"}]}
    single = api.get("/users/s1?fields=sourcedId,agents").json()["user"]
    assert single == {"sourcedId": "s1", "agents": []}


def test_empty_lists_answer_200_without_rows(
    many: Sandbox, api: httpx.Client, platform: httpx.Client
) -> None:
    many.configure(empty_lists=True)
    body = api.get("/users").json()
    assert (body["users"], body["totalCount"]) == ([], 0)
    assert platform.get("/users").json()["total"] == 0
    assert api.get("/users/u001").status_code == 200


def test_a_filter_can_be_ignored(many: Sandbox, api: httpx.Client) -> None:
    many.configure(ignore_filter=True)
    assert api.get("/users?filter=sourcedId='u001'").json()["totalCount"] == MANY


def test_an_unstable_order_ends_with_sort(many: Sandbox, api: httpx.Client) -> None:
    many.configure(unstable_order=True)
    whole = [f"u{number:03}" for number in range(MANY)]
    shuffled = ids(api.get("/users").json()["users"])
    assert shuffled != whole
    assert sorted(shuffled) == whole
    assert ids(api.get("/users?sort=sourcedId").json()["users"]) == whole


def test_rows_can_come_twice_across_pages(many: Sandbox, api: httpx.Client) -> None:
    many.configure(duplicate_rows=True)
    first = ids(api.get("/users?limit=10").json()["users"])
    second = ids(api.get("/users?limit=10&offset=10").json()["users"])
    assert second[0] == first[-1]


def test_counts_can_be_left_out(many: Sandbox, api: httpx.Client) -> None:
    many.configure(totals=False)
    answer = api.get("/users")
    assert set(answer.json()) == {"users"}
    assert answer.headers["x-total-count"] == str(MANY)
    many.configure(total_header=False)
    assert "x-total-count" not in api.get("/users").headers


def test_a_limit_above_the_maximum_can_be_clamped(
    many: Sandbox, api: httpx.Client
) -> None:
    many.configure(clamp_limit=True, page_cap_api=20)
    body = api.get("/users?limit=3000").json()
    assert (len(body["users"]), body["limit"], body["totalCount"]) == (20, 20, MANY)


@pytest.mark.parametrize(
    ("switch", "shown"), [("filled", ["p1"]), ("empty", []), ("absent", None)]
)
def test_lists_show_agents_as_the_switch_says_and_singles_always(
    sandbox: Sandbox, api: httpx.Client, switch: str, shown: list[str] | None
) -> None:
    link = {"studentSourcedId": "s1", "agentId": "a1", "agentSourcedId": "p1"}
    sandbox.load({"agents": [link]})
    sandbox.configure(agents_in_list=switch)
    [row] = api.get("/students").json()["users"]
    assert (ids(row["agents"]) if "agents" in row else None) == shown
    assert ids(api.get("/users/s1").json()["user"]["agents"]) == ["p1"]
