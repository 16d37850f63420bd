from __future__ import annotations

from typing import Any

import httpx
import pytest

from sync.sandbox import Sandbox
from tests.support.schoology import client, held, member, small_school, wrapped

SECTION = "sections/55/enrollments"
ANYWHERE = "enrollments"
UPDATE = "enrollments?update_existing=1"


def item(uid: str | int, **more: Any) -> dict[str, Any]:
    return {"uid": uid, "admin": 0, "status": 1, **more}


def anywhere(uid: str, **more: Any) -> dict[str, Any]:
    return {"realm": "section", "section_id": 55, **item(uid), **more}


@pytest.fixture
def schoology(sandbox: Sandbox, pool: httpx.HTTPTransport) -> httpx.Client:
    users = [
        *small_school()["schoology"]["users"],
        *({"uid": 100 + n, "school_uid": f"C-{n}"} for n in range(60)),
    ]
    sandbox.load(small_school(users=users))
    return client(sandbox, pool)


def results(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 207, answer.text
    found: list[dict[str, Any]] = answer.json()["enrollments"]["enrollment"]
    return found


def codes(answer: httpx.Response) -> list[int]:
    return [result["response_code"] for result in results(answer)]


def test_creating_many_in_one_section_answers_each_in_documented_types(
    sandbox: Sandbox, schoology: httpx.Client
) -> None:
    answer = schoology.post(SECTION, json=wrapped(item("7002"), item("7777")))
    made, failed = results(answer)
    location = "http://api.schoology.example/v1/sections/55/enrollments/900001"
    assert made == {
        "response_code": 200,
        "id": "900001",
        "uid": 7002,
        "location": location,
    }
    assert (failed["response_code"], failed["uid"]) == (404, 7777)
    assert failed["message"] == "there is no such user"
    assert held(sandbox)[1:] == [("section", "55", "7002", 0, 1)]


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (item("7001"), 409),
        (item("7009"), 400),
        (item("7002", role="x"), 400),
        (item("7002", status=7), 400),
        ({"uid": "7002"}, 400),
    ],
)
def test_a_bad_item_fails_alone(
    sandbox: Sandbox, schoology: httpx.Client, sent: dict[str, Any], code: int
) -> None:
    answer = schoology.post(SECTION, json=wrapped(sent, item("7003")))
    assert codes(answer) == [code, 200]
    assert held(sandbox)[-1] == ("section", "55", "7003", 0, 1)


@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [
        ("POST", SECTION, item),
        ("POST", ANYWHERE, anywhere),
        ("PUT", SECTION, item),
    ],
)
def test_a_batch_has_one_to_fifty_items(
    schoology: httpx.Client, method: str, path: str, sent: Any
) -> None:
    sizes = {0: 400, 1: 207, 50: 207, 51: 400}
    for size, status in sizes.items():
        body = wrapped(*(sent(str(100 + n)) for n in range(size)))
        assert schoology.request(method, path, json=body).status_code == status


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"enrollments": []},
        {"enrollments": {}},
        {"enrollments": {"enrollment": item("7002")}},
        {"enrollments": {"enrollment": [item("7002")]}, "more": 1},
        {"enrollments": {"enrollment": ["7002"]}},
        {"enrollment": [item("7002")]},
    ],
)
@pytest.mark.parametrize(
    ("method", "path"), [("PUT", SECTION), ("POST", ANYWHERE), ("POST", SECTION)]
)
def test_items_stand_in_their_wrapper(
    schoology: httpx.Client, method: str, path: str, body: dict[str, Any]
) -> None:
    assert schoology.request(method, path, json=body).status_code == 400


@pytest.mark.parametrize("update", [ANYWHERE, UPDATE])
def test_the_same_twice_in_a_batch_is_a_conflict(
    schoology: httpx.Client, update: str
) -> None:
    body = wrapped(anywhere("7002"), anywhere("7003"), anywhere("7002", admin=1))
    assert codes(schoology.post(update, json=body)) == [200, 200, 409]


def test_creating_over_realms_names_realm_and_id(
    sandbox: Sandbox, schoology: httpx.Client
) -> None:
    group = {"realm": "group", "group_id": "9", **item(7003, admin=1)}
    first, second = results(
        schoology.post(ANYWHERE, json=wrapped(anywhere("7002"), group))
    )
    assert (first["realm"], first["realm_id"], first["uid"]) == ("section", "55", 7002)
    assert (second["realm"], second["realm_id"]) == ("group", "9")
    assert second["location"].endswith("/v1/groups/9/enrollments/900002")
    assert held(sandbox)[1:] == [
        ("section", "55", "7002", 0, 1),
        ("group", "9", "7003", 1, 1),
    ]


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (anywhere("7002", realm="course"), 400),
        (anywhere("7002", group_id=9), 400),
        ({"realm": "group", "section_id": 55, **item(7002)}, 400),
        ({"section_id": 55, **item(7002)}, 400),
        (anywhere("7002", section_id=57), 404),
        (anywhere("7002", section_id="x"), 400),
        ({"realm": "group", "group_id": 9, **item(7002, status=5)}, 400),
        (anywhere("7777"), 404),
    ],
)
def test_creating_over_realms_is_held_to_every_rule(
    schoology: httpx.Client, sent: dict[str, Any], code: int
) -> None:
    assert codes(schoology.post(ANYWHERE, json=wrapped(sent))) == [code]


def test_existing_ones_are_updated_only_with_the_flag(
    sandbox: Sandbox, schoology: httpx.Client
) -> None:
    body = wrapped(anywhere("7001", admin=1, status=2))
    assert codes(schoology.post(ANYWHERE, json=body)) == [409]
    assert held(sandbox) == [("section", "55", "7001", 0, 1)]
    [result] = results(schoology.post(UPDATE, json=body))
    assert (result["response_code"], result["id"]) == (200, "900")
    assert held(sandbox) == [("section", "55", "7001", 1, 2)]


@pytest.mark.parametrize(
    ("sent", "code", "left"),
    [
        ({"id": "900", "status": "2"}, 200, (0, 2)),
        ({"id": 900, "status": 5, "admin": 1}, 200, (1, 5)),
        ({"uid": "7001", "status": "2"}, 200, (0, 2)),
        ({"id": "900", "uid": "7001", "admin": "1"}, 200, (1, 1)),
        ({"id": "900", "uid": "7002", "status": "2"}, 400, (0, 1)),
        ({"id": "901", "status": "2"}, 404, (0, 1)),
        ({"uid": "7002", "status": "2"}, 404, (0, 1)),
        ({"id": "900"}, 400, (0, 1)),
        ({"status": "2"}, 400, (0, 1)),
        ({"id": "x", "status": "2"}, 400, (0, 1)),
    ],
)
def test_changing_many_goes_by_id_or_by_uid(
    sandbox: Sandbox,
    schoology: httpx.Client,
    sent: dict[str, Any],
    code: int,
    left: tuple[int, int],
) -> None:
    [result] = results(schoology.put(SECTION, json=wrapped(sent)))
    assert result["response_code"] == code
    assert code != 200 or result == {"response_code": 200, "id": "900"}
    assert held(sandbox)[0][3:] == left


def test_changing_many_does_not_reach_other_places(schoology: httpx.Client) -> None:
    body = wrapped({"id": "900", "status": "2"})
    assert codes(schoology.put("sections/56/enrollments", json=body)) == [404]
    assert codes(schoology.put("groups/9/enrollments", json=body)) == [404]
    assert schoology.put("sections/57/enrollments", json=body).status_code == 404


def test_a_uid_that_is_enrolled_twice_must_be_named_by_id(
    sandbox: Sandbox, schoology: httpx.Client
) -> None:
    sandbox.load({"schoology": {"enrollments": [member("901", "7001")]}})
    by_uid = wrapped({"uid": "7001", "status": "2"})
    by_id = wrapped({"id": "901", "status": "2"}, {"id": "901", "admin": 1})
    assert codes(schoology.put(SECTION, json=by_uid)) == [400]
    assert codes(schoology.put(SECTION, json=by_id)) == [200, 409]


def test_deleting_many_goes_over_all_realms(
    sandbox: Sandbox, schoology: httpx.Client
) -> None:
    other = member("901", "7002", realm="group", realm_id="9")
    sandbox.load({"schoology": {"enrollments": [other]}})
    answer = schoology.delete("enrollments?enrollment_ids=900,5,901,900")
    assert [(r["response_code"], r["id"]) for r in results(answer)] == [
        (200, "900"),
        (404, "5"),
        (200, "901"),
        (409, "900"),
    ]
    assert held(sandbox) == []


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?enrollment_ids=",
        "?enrollment_ids=a",
        "?enrollment_ids=900,",
        f"?enrollment_ids={','.join(map(str, range(51)))}",
        "?ids=900",
    ],
)
def test_deleting_many_wants_one_to_fifty_ids(
    sandbox: Sandbox, schoology: httpx.Client, query: str
) -> None:
    assert schoology.delete(f"enrollments{query}").status_code == 400
    assert len(held(sandbox)) == 1


def test_one_bad_item_can_refuse_the_whole_batch(
    sandbox: Sandbox, schoology: httpx.Client
) -> None:
    sandbox.configure(schoology_batch_refused=True)
    bad = schoology.post(SECTION, json=wrapped(item("7002"), item("7777")))
    assert (bad.status_code, len(held(sandbox))) == (400, 1)
    good = schoology.post(SECTION, json=wrapped(item("7002"), item("7003")))
    assert (codes(good), len(held(sandbox))) == ([200, 200], 3)


def test_results_can_come_in_another_order(
    sandbox: Sandbox, schoology: httpx.Client
) -> None:
    sandbox.configure(schoology_shuffled_results=True)
    uids = list(range(100, 110))
    answer = schoology.post(SECTION, json=wrapped(*map(item, uids)))
    answered = [result["uid"] for result in results(answer)]
    assert sorted(answered) == uids
    assert answered != uids
    pair = schoology.post(SECTION, json=wrapped(item(110), item(111)))
    assert [result["uid"] for result in results(pair)] == [111, 110]


@pytest.mark.parametrize(("missing", "left"), [(2, 3), (5, 0), (9, 0)])
def test_results_can_be_missing_though_everything_is_applied(
    sandbox: Sandbox, schoology: httpx.Client, missing: int, left: int
) -> None:
    sandbox.configure(schoology_missing_results=missing)
    answer = schoology.post(SECTION, json=wrapped(*map(item, range(100, 105))))
    assert (len(results(answer)), len(held(sandbox))) == (left, 6)


def test_failures_can_hide_whose_they_are(
    sandbox: Sandbox, schoology: httpx.Client
) -> None:
    sandbox.configure(schoology_bare_failures=True)
    answer = schoology.post(SECTION, json=wrapped(item("7777"), item("7002")))
    failed, made = results(answer)
    assert failed.keys() == {"response_code", "message"}
    assert made["uid"] == 7002


@pytest.mark.parametrize(
    ("switch", "code", "applied"),
    [
        ("schoology_item_429", 429, False),
        ("schoology_item_500", 500, False),
        ("schoology_item_lost", 500, True),
    ],
)
def test_single_items_can_be_in_trouble(
    sandbox: Sandbox, schoology: httpx.Client, switch: str, code: int, applied: bool
) -> None:
    sandbox.configure(**{switch: 0.5})
    answer = schoology.post(SECTION, json=wrapped(*map(item, range(100, 150))))
    got = codes(answer)
    assert set(got) == {200, code}
    assert len(held(sandbox)) == 1 + (50 if applied else got.count(200))


def test_trouble_is_the_same_for_the_same_seed_and_passes_when_asked_again(
    sandbox: Sandbox, schoology: httpx.Client
) -> None:
    sandbox.configure(schoology_item_500=0.5)
    body = wrapped(*({"id": "900", "status": 1, "uid": 7001},) * 1)
    tried = [codes(schoology.put(SECTION, json=body)) for _ in range(12)]
    assert {code for [code] in tried} == {200, 500}
    document = sandbox.dump()
    sandbox.reset()
    sandbox.load(document)
    sandbox.configure(schoology_item_500=0.5)
    again = [codes(schoology.put(SECTION, json=body)) for _ in range(12)]
    assert again == tried
