from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.sandbox import Sandbox, SettingsError

PEOPLE = 7
ROLE = {"roleType": "primary", "role": "student", "org": {"sourcedId": "o1"}}
USER_12: dict[str, Any] = {
    "sourcedId": "u1",
    "enabledUser": "true",
    "givenName": "Jane",
    "familyName": "Smith",
    "roles": [ROLE],
}
USER_11: dict[str, Any] = {
    "sourcedId": "u1",
    "username": "jane",
    "enabledUser": "true",
    "givenName": "Jane",
    "familyName": "Smith",
    "role": "student",
    "orgs": [{"sourcedId": "o1"}],
}


@pytest.fixture(params=["v1p1", "v1p2", "v1p2 spec"])
def root(
    request: pytest.FixtureRequest,
    sandbox: Sandbox,
    pool: httpx.HTTPTransport,
    oneroster_token: str,
) -> httpx.Client:
    """Each root in turn; what these tests say holds for all of them."""
    sandbox.load({"users": [_person(n) for n in range(PEOPLE - 3)]})
    if request.param == "v1p2 spec":
        sandbox.configure(oneroster_dialect="spec")
    old = request.param == "v1p1"
    path = "/ims/oneroster/v1p1" if old else "/ims/oneroster/rostering/v1p2"
    headers = {"Authorization": f"Bearer {oneroster_token}"}
    return httpx.Client(base_url=sandbox.url + path, headers=headers, transport=pool)


def _person(number: int) -> dict[str, Any]:
    return {
        "sourcedId": f"x{number}",
        "givenName": f"Name {number}",
        "familyName": "Doe",
        "roles": [ROLE],
        "dateLastModified": f"2026-01-0{number + 1}T10:00:00.{number}Z",
    }


def user_for(root: httpx.Client) -> dict[str, Any]:
    return dict(USER_11 if "v1p1" in str(root.base_url) else USER_12)


def ids(rows: list[Any]) -> list[str]:
    return [row["sourcedId"] for row in rows]


def minor(answer: httpx.Response) -> str:
    [field] = answer.json()["imsx_CodeMinor"]["imsx_codeMinorField"]
    return str(field["imsx_codeMinorFieldValue"])


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("none", set()),
        ("body", {"body"}),
        ("header", {"header"}),
        ("link", {"link"}),
        ("header,link", {"header", "link"}),
        ("body,header,link", {"body", "header", "link"}),
    ],
)
def test_totals_are_told_where_the_switch_says(
    sandbox: Sandbox, root: httpx.Client, told: str, expected: set[str]
) -> None:
    sandbox.configure(oneroster_totals=told)
    answer = root.get("/users?limit=2")
    found = {
        "body": "totalCount" in answer.json(),
        "header": "x-total-count" in answer.headers,
        "link": "next" in answer.links,
    }
    assert {name for name, there in found.items() if there} == expected
    assert len(answer.json()["users"]) == 2


def test_totals_may_be_wrong(sandbox: Sandbox, root: httpx.Client) -> None:
    sandbox.configure(oneroster_totals="body,header", oneroster_total_off=-2)
    answer = root.get("/users")
    assert answer.headers["x-total-count"] == str(PEOPLE - 2)
    assert answer.json()["totalCount"] == PEOPLE - 2
    assert len(answer.json()["users"]) == PEOPLE


@pytest.mark.parametrize(
    ("style", "begins", "ends"),
    [
        ("quoted", "<http://127", 'offset=2>; rel="next"'),
        ("single", "<http://127", "offset=2>; rel='next'"),
        ("bare", "<http://127", "offset=2>; rel=next"),
        ("unbracketed", "http://127", 'offset=2; rel="next"'),
        ("ahead", "http://127", 'offset=3; rel="next"'),
        ("stuck", "<http://127", 'offset=0>; rel="next"'),
        ("foreign", "<http://elsewhere.invalid/", 'offset=2>; rel="next"'),
    ],
)
def test_links_are_written_in_the_style_that_is_asked_for(
    sandbox: Sandbox, root: httpx.Client, style: str, begins: str, ends: str
) -> None:
    sandbox.configure(oneroster_link=style, oneroster_totals="link")
    links = root.get("/users?limit=2").headers["link"].split(", ")
    [following] = [link for link in links if "next" in link]
    assert following.startswith(begins)
    assert following.endswith(f"limit=2&{ends}")


def test_a_stuck_link_is_there_on_the_last_page_too(
    sandbox: Sandbox, root: httpx.Client
) -> None:
    sandbox.configure(oneroster_link="stuck", oneroster_totals="link")
    answer = root.get("/users?limit=100&offset=3")
    assert "offset=3" in answer.links["next"]["url"]


def test_an_offset_may_be_ignored(sandbox: Sandbox, root: httpx.Client) -> None:
    sandbox.configure(oneroster_ignores_offset=True)
    first, second = (root.get(f"/users?limit=2&offset={at}") for at in (0, 2))
    assert first.json()["users"] == second.json()["users"]


@pytest.mark.parametrize("path", ["schools", "terms", "students", "teachers"])
def test_envelopes_may_be_named_after_the_path(
    sandbox: Sandbox, root: httpx.Client, path: str
) -> None:
    sandbox.configure(oneroster_envelope="path")
    [row, *_] = root.get(f"/{path}").json()[path]
    single = root.get(f"/{path}/{row['sourcedId']}").json()
    assert single == {path[:-1]: single[path[:-1]]}


@pytest.mark.parametrize("path", ["terms", "schools", "students", "classes"])
def test_envelopes_may_be_those_of_the_standard(
    sandbox: Sandbox, root: httpx.Client, path: str
) -> None:
    sandbox.configure(oneroster_envelope="spec")
    spec = {"terms": "academicSessions", "schools": "orgs", "students": "users"}
    assert root.get(f"/{path}").json()[spec.get(path, path)]


def test_envelopes_may_be_missing(sandbox: Sandbox, root: httpx.Client) -> None:
    sandbox.configure(oneroster_envelope="missing", oneroster_totals="none")
    answer = root.get("/users")
    assert (answer.status_code, answer.json()) == (200, {})
    sandbox.configure(oneroster_envelope="bare")
    assert len(root.get("/users").json()) == PEOPLE
    assert root.get("/users/s1").json()["sourcedId"] == "s1"


def test_a_page_for_people_may_come_with_200(
    sandbox: Sandbox, root: httpx.Client
) -> None:
    sandbox.configure(oneroster_envelope="html")
    for path in ("/users", "/users/s1"):
        answer = root.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html"


@pytest.mark.parametrize(("blind", "status"), [("missing", 404), ("forbidden", 403)])
def test_who_may_see_nothing_finds_empty_lists_and_no_record(
    sandbox: Sandbox, root: httpx.Client, blind: str, status: int
) -> None:
    sandbox.configure(oneroster_blind=blind)
    answer = root.get("/users")
    assert (answer.status_code, answer.json()["users"]) == (200, [])
    assert root.get("/users/s1").status_code == status
    sent = {"user": {**user_for(root), "sourcedId": "s1"}}
    assert root.post("/users", json=sent).status_code == 409


def test_rows_may_get_lost_between_pages(sandbox: Sandbox, root: httpx.Client) -> None:
    sandbox.configure(oneroster_loses_rows=True)
    first, second = (root.get(f"/users?limit=3&offset={at}").json() for at in (0, 3))
    assert ids(first["users"]) == ["p1", "s1", "w1"]
    assert ids(second["users"]) == ["x1", "x2", "x3"]


@pytest.mark.parametrize("takes", [True, False])
def test_the_status_inactive_shows_where_it_is_taken(
    sandbox: Sandbox, root: httpx.Client, takes: bool
) -> None:
    sandbox.configure(oneroster_dialect="spec", takes_inactive=takes)
    sandbox.configure(inactive_shows_as="tobedeleted")
    sent = {"user": {**user_for(root), "status": "inactive"}}
    assert root.post("/users", json=sent).status_code == (201 if takes else 422)
    rows = root.get("/users?filter=status='inactive'").json()["users"]
    assert ids(rows) == (["u1"] if takes else [])


def test_errors_come_in_the_style_that_is_asked_for(
    sandbox: Sandbox, root: httpx.Client
) -> None:
    sandbox.configure(oneroster_errors="string")
    wrong = root.get("/users?limit=0").json()
    assert (wrong["imsx_codeMajor"], wrong["imsx_codeMinor"]) == (
        "failure",
        "invalid_data",
    )
    assert "imsx_codeMinor" not in root.get("/users/nobody").json()
    sandbox.configure(oneroster_errors="statusInfoSet")
    [info] = root.get("/users/nobody").json()["statusInfoSet"]
    assert info["imsx_codeMajor"] == "failure"
    sandbox.configure(oneroster_errors="html")
    answer = root.get("/users/nobody")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html"


def test_a_failure_may_hide_in_a_200(sandbox: Sandbox, root: httpx.Client) -> None:
    sandbox.configure(oneroster_failure_in_200=True)
    answer = root.get("/users/nobody")
    assert (answer.status_code, minor(answer)) == (200, "unknownobject")
    refused = root.get("/users", headers={"Authorization": "Bearer nothing"})
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("sort=shoeSize", (200, 200, 200)),
        ("fields=shoeSize", (200, 400, 200)),
        ("filter=shoeSize='1'", (400, 400, 200)),
        ("limit=abc", (400, 400, 200)),
        ("limit=1e3", (400, 400, 200)),
        ("limit=1&limit=2", (400, 400, 200)),
        ("limit=3001", (400, 200, 200)),
        ("orderBy=asc", (400, 200, 200)),
        ("filter=sourcedId='a' OR sourcedId='b' OR sourcedId='c'", (400, 200, 200)),
        ("filter=userIds.type='a'", (200, 400, 200)),
    ],
)
def test_three_dialects_answer_strange_queries(
    sandbox: Sandbox, root: httpx.Client, query: str, expected: tuple[int, ...]
) -> None:
    for dialect, status in zip(("spec", "edfi", "all"), expected, strict=True):
        sandbox.configure(oneroster_queries=dialect)
        answer = root.get(f"/users?{query}")
        assert (dialect, answer.status_code) == (dialect, status), answer.text


def test_what_the_dialects_answer_instead_of_refusing(
    sandbox: Sandbox, root: httpx.Client
) -> None:
    sandbox.configure(oneroster_queries="all", oneroster_page_cap=2)
    whole = root.get("/users").json()["users"]
    assert len(whole) == 2
    assert len(root.get("/users?limit=100").json()["users"]) == PEOPLE
    assert root.get("/users?filter=shoeSize='1'").json()["users"] == []
    assert root.get("/users?fields=shoeSize").json()["users"] == whole
    both = "sourcedId='s1' OR sourcedId='p1' AND status='active'"
    assert root.get(f"/users?filter={both}").json()["users"] == []
    sandbox.configure(oneroster_queries="edfi")
    assert len(root.get("/users?limit=100").json()["users"]) == 2


def test_a_filter_on_a_reference_may_be_refused(
    sandbox: Sandbox, root: httpx.Client
) -> None:
    query = "/enrollments?filter=user.sourcedId='s1'"
    assert ids(root.get(query).json()["enrollments"]) == ["e1"]
    sandbox.configure(oneroster_nested_filter=False)
    answer = root.get(query)
    assert (answer.status_code, minor(answer)) == (400, "invalid_filter_field")
    sandbox.configure(oneroster_queries="all")
    assert root.get(query).status_code == 400


def test_the_page_has_a_default_and_a_maximum(
    sandbox: Sandbox, root: httpx.Client
) -> None:
    sandbox.configure(oneroster_page_default=2, oneroster_page_cap=5)
    assert len(root.get("/users").json()["users"]) == 2
    assert len(root.get("/users?limit=5").json()["users"]) == 5
    assert root.get("/users?limit=6").status_code == 400
    sandbox.configure(clamp_limit=True)
    assert len(root.get("/users?limit=6").json()["users"]) == 5


@pytest.mark.parametrize(
    "switch",
    [
        {"oneroster_page_default": 0},
        {"oneroster_page_cap": 0},
        {"oneroster_totals": "everywhere"},
        {"oneroster_link": "blue"},
        {"oneroster_late": -1},
    ],
)
def test_switches_outside_their_range_are_refused(
    sandbox: Sandbox, switch: dict[str, Any]
) -> None:
    with pytest.raises(SettingsError):
        sandbox.configure(**switch)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("agentSourcedIds", ["p1", "w1"]), ("agentSourceIds", "p1,w1")],
)
def test_agents_may_stand_elsewhere_and_are_taken_back_from_there(
    sandbox: Sandbox, root: httpx.Client, name: str, shown: Any
) -> None:
    links = [
        {"studentSourcedId": "s1", "agentId": agent, "agentSourcedId": agent}
        for agent in ("p1", "w1")
    ]
    sandbox.load({"agents": links})
    sandbox.configure(oneroster_agents=name)
    user = root.get("/users/s1").json()["user"]
    assert (user[name], "agents" in user) == (shown, False)
    [row] = root.get(f"/users?fields={name}&filter=sourcedId='s1'").json()["users"]
    assert row == {name: shown}
    sent = {**user, "username": "s1"}
    assert root.put("/users/s1", json={"user": sent}).status_code == 200
    assert len(sandbox.dump()["agents"]) == 2


def test_references_may_be_ids_alone_or_strings(
    sandbox: Sandbox, root: httpx.Client
) -> None:
    sandbox.configure(oneroster_references="short")
    shown = root.get("/classes/c1").json()["class"]
    assert (shown["course"], shown["terms"]) == (
        {"sourcedId": "k1"},
        [{"sourcedId": "t1"}],
    )
    sandbox.configure(oneroster_references="bare")
    shown = root.get("/classes/c1").json()["class"]
    assert (shown["course"], shown["terms"], shown["school"]) == ("k1", ["t1"], "o1")
    again = root.put("/classes/c1", json={"class": shown})
    assert again.status_code == 200, again.text
    [row] = root.get("/classes?filter=course.sourcedId='k1'").json()["classes"]
    assert row["course"] == "k1"
    user = root.get("/users/s1").json()["user"]
    orgs = user["orgs"] if "orgs" in user else [r["org"] for r in user["roles"]]
    assert orgs == ["o1"]
    sent = {**user, "username": "s1"}
    assert root.put("/users/s1", json={"user": sent}).status_code == 200


def test_nulls_may_be_left_out(sandbox: Sandbox, root: httpx.Client) -> None:
    assert root.get("/users/s1").json()["user"]["phone"] is None
    sandbox.configure(oneroster_nulls="dropped")
    user = root.get("/users/s1").json()["user"]
    assert "phone" not in user
    assert user["grades"] == ["5"]


def test_put_alone_makes_and_changes(sandbox: Sandbox, root: httpx.Client) -> None:
    sandbox.configure(oneroster_writes="put")
    sent = {"user": user_for(root)}
    refused = root.post("/users", json=sent)
    assert (refused.status_code, minor(refused)) == (405, "unsupported")
    assert refused.json()["imsx_codeMajor"] == "unsupported"
    statuses = []
    for _ in range(2):
        answer = root.put("/users/u1", json=sent)
        statuses.append(answer.status_code)
        assert answer.json()["user"]["givenName"] == "Jane"
    assert statuses == [201, 200]
    enrollment = {
        "user": {"sourcedId": "u1"},
        "class": {"sourcedId": "c1"},
        "school": {"sourcedId": "o1"},
        "role": "student",
    }
    answers = [
        root.put("/enrollments/e9", json={"enrollment": enrollment}) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[1].json()["enrollment"]["sourcedId"] == "e9"


def test_a_server_may_take_no_writes_at_all(
    sandbox: Sandbox, root: httpx.Client
) -> None:
    sandbox.configure(oneroster_writes="none")
    sent = {"user": user_for(root)}
    answers = [
        root.post("/users", json=sent),
        root.put("/users/s1", json=sent),
        root.delete("/users/s1"),
    ]
    assert [answer.status_code for answer in answers] == [405] * 3
    assert {minor(answer) for answer in answers} == {"unsupported"}


@pytest.mark.parametrize("switch", [{"allocate_ids": True}, {"conflict_status": 422}])
def test_the_switches_of_posts_hold_for_every_root(
    sandbox: Sandbox, root: httpx.Client, switch: dict[str, Any]
) -> None:
    sandbox.configure(**switch)
    sent = {"user": user_for(root)}
    pair = root.post("/users", json=sent).json()["sourcedIdPairs"]
    allocated = pair["allocatedSourcedId"]
    assert pair["suppliedSourcedId"] == "u1"
    assert (allocated != "u1") == ("allocate_ids" in switch)
    sent["user"]["sourcedId"] = allocated
    status = switch.get("conflict_status", 409)
    assert root.post("/users", json=sent).status_code == status


def test_a_delete_may_be_for_good(sandbox: Sandbox, root: httpx.Client) -> None:
    links = [{"studentSourcedId": "s1", "agentId": "a", "agentSourcedId": "p1"}]
    sandbox.load({"agents": links})
    sandbox.configure(oneroster_delete="hard")
    assert root.delete("/users/p1").status_code == 204
    assert root.get("/users/s1").json()["user"]["agents"] == []
    assert root.delete("/users/s1").status_code == 204
    assert root.get("/users/s1").status_code == 404
    assert root.delete("/users/s1").status_code == 404
    assert root.get("/enrollments").json()["enrollments"] == []
    assert root.delete("/classes/c1").status_code == 204
    assert root.get("/classes").json()["classes"] == []


def test_ended_records_may_be_hidden_and_come_back(
    sandbox: Sandbox, root: httpx.Client
) -> None:
    root.post("/users", json={"user": user_for(root)})
    root.delete("/users/u1")
    assert "u1" in ids(root.get("/users").json()["users"])
    sandbox.configure(oneroster_ended="hidden")
    assert "u1" not in ids(root.get("/users").json()["users"])
    assert root.get("/users/u1").status_code == 404
    assert root.delete("/users/u1").status_code == 404
    assert root.put("/users/u1", json={"user": user_for(root)}).status_code == 404
    assert root.post("/users", json={"user": user_for(root)}).status_code == 201
    assert root.get("/users/u1").json()["user"]["status"] == "active"


def test_who_comes_back_has_no_guardians_of_before(
    sandbox: Sandbox, root: httpx.Client
) -> None:
    sandbox.configure(oneroster_ended="hidden")
    sent = {**user_for(root), "agents": [{"sourcedId": "p1"}]}
    root.post("/users", json={"user": sent})
    root.delete("/users/u1")
    root.post("/users", json={"user": user_for(root)})
    assert root.get("/users/u1").json()["user"]["agents"] == []


def test_every_record_may_say_that_it_is_active(
    sandbox: Sandbox, root: httpx.Client
) -> None:
    root.delete("/users/s1")
    sandbox.configure(oneroster_always_active=True)
    assert root.get("/users/s1").json()["user"]["status"] == "active"
    rows = root.get("/users?filter=status='active'").json()["users"]
    assert len(rows) == PEOPLE


def test_what_is_written_may_be_dated_back(
    sandbox: Sandbox, root: httpx.Client
) -> None:
    sandbox.configure(oneroster_late=86400)
    before = root.get("/orgs/o1").json()["org"]["dateLastModified"]
    root.post("/users", json={"user": user_for(root)})
    written = root.get("/users/u1").json()["user"]["dateLastModified"]
    assert written < before
    query = {"filter": f"dateLastModified>'{before}'"}
    assert "u1" not in ids(root.get("/users", params=query).json()["users"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dateLastModified>'2026-01-02T10:00:00.1Z'", ["x2", "x3"]),
        ("dateLastModified>'2026-01-02T10:00:00.099999Z'", ["x1", "x2", "x3"]),
        ("dateLastModified>='2026-01-02T10:00:00.1Z'", ["x1", "x2", "x3"]),
        ("dateLastModified='2026-01-02T11:00:00.100+01:00'", ["x1"]),
        ("dateLastModified>='2026-01-03'", ["x2", "x3"]),
        ("dateLastModified<'2026-01-01T10:00:00.000001Z'", ["x0"]),
        ("dateLastModified>'2026-01-02' AND sourcedId<'x3'", ["x1", "x2"]),
    ],
)
def test_a_delta_is_exact(root: httpx.Client, text: str, expected: list[str]) -> None:
    late = f"{text} AND familyName='Doe'" if " AND " not in text else text
    answer = root.get("/users", params={"filter": late})
    assert answer.status_code == 200, answer.text
    assert [key for key in ids(answer.json()["users"]) if key[0] == "x"] == expected


def test_a_delta_has_what_was_written_and_ended_since_and_nothing_else(
    root: httpx.Client,
) -> None:
    seen = max(row["dateLastModified"] for row in root.get("/users").json()["users"])
    query = {"filter": f"dateLastModified>'{seen}'"}
    assert root.get("/users", params=query).json()["users"] == []
    root.post("/users", json={"user": user_for(root)})
    root.delete("/users/x1")
    rows = root.get("/users", params=query).json()["users"]
    assert [(row["sourcedId"], row["status"]) for row in rows] == [
        ("u1", "active"),
        ("x1", "tobedeleted"),
    ]


@pytest.mark.parametrize(("way", "last"), [("asc", "x3"), ("desc", "x0")])
def test_moments_sort_by_time_however_they_are_written(
    sandbox: Sandbox, root: httpx.Client, way: str, last: str
) -> None:
    late = {**_person(0), "dateLastModified": "2026-01-01T20:00:00+09:00"}
    sandbox.load({"users": [late | {"sourcedId": "x9"}]})
    query = {"sort": "dateLastModified", "orderBy": way, "filter": "familyName='Doe'"}
    rows = ids(root.get("/users", params=query).json()["users"])
    order = [key for key in rows if key[0] == "x"]
    expected = ["x0", "x9", "x1", "x2", "x3"]
    assert order == (expected if way == "asc" else expected[::-1])
    assert order[-1] == last


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(limit=st.integers(1, PEOPLE + 2), dialect=st.sampled_from(["spec", "edfi"]))
def test_the_links_lead_through_the_whole_list(
    sandbox: Sandbox, root: httpx.Client, limit: int, dialect: str
) -> None:
    sandbox.configure(oneroster_queries=dialect)
    found: list[str] = []
    url = f"/users?limit={limit}&sort=sourcedId&orderBy=asc"
    while url:
        answer = root.get(url)
        found += ids(answer.json()["users"])
        url = answer.links.get("next", {}).get("url", "")
    assert found == ["p1", "s1", "w1", "x0", "x1", "x2", "x3"]


def test_a_year_of_weeks_is_no_date(root: httpx.Client) -> None:
    answer = root.get("/users?filter=dateLastModified>'2026-W01-1'")
    assert (answer.status_code, minor(answer)) == (400, "invalid_filter_field")


def test_the_published_1_2_has_its_own_roles_and_no_more_than_it_knows(
    sandbox: Sandbox, api: httpx.Client
) -> None:
    sandbox.configure(oneroster_dialect="spec")
    roles = [{**ROLE, "role": "counselor"}]
    made = api.post("/users", json={"user": {**USER_12, "roles": roles}})
    assert made.status_code == 201, made.text
    shown = api.get("/users/u1").json()["user"]
    assert shown["roles"][0]["role"] == "counselor"
    assert set(shown["roles"][0]["org"]) == {"href", "sourcedId", "type"}
    assert shown["primaryOrg"] is None
    rows = api.get("/users?filter=roles.role='counselor'").json()["users"]
    assert ids(rows) == ["u1"]
    wrong = [{**ROLE, "role": "administrator"}]
    refused = api.post("/users", json={"user": {**USER_12, "roles": wrong}})
    assert refused.status_code == 422
    sandbox.configure(oneroster_dialect="timeback")
    assert api.get("/users/u1").json()["user"]["roles"][0]["role"] == "administrator"


def test_the_published_1_2_tells_of_no_course_and_counts_in_no_body(
    sandbox: Sandbox, api: httpx.Client
) -> None:
    sandbox.configure(oneroster_dialect="spec")
    answer = api.get("/enrollments")
    [shown] = answer.json()["enrollments"]
    assert set(answer.json()) == {"enrollments"}
    assert "course" not in shown
    assert answer.headers["x-total-count"] == "1"
    assert list(api.get("/terms").json()) == ["academicSessions"]
    assert api.get("/classes/c1/students").json()["users"][0]["sourcedId"] == "s1"


def test_a_written_school_year_is_a_string_again(
    sandbox: Sandbox, api: httpx.Client
) -> None:
    sandbox.configure(oneroster_dialect="spec")
    session = {
        "sourcedId": "t2",
        "title": "Year",
        "type": "schoolYear",
        "startDate": "2026-08-01",
        "endDate": "2027-07-31",
        "schoolYear": "2027",
    }
    made = api.post("/academicSessions", json={"academicSession": session})
    assert made.status_code == 201, made.text
    path = "/academicSessions/t2"
    assert api.get(path).json()["academicSession"]["schoolYear"] == "2027"
    sandbox.configure(oneroster_dialect="timeback")
    assert api.get(path).json()["academicSession"]["schoolYear"] == 2027
