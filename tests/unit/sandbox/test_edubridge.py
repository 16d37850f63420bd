from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from sync.sandbox import Sandbox


def test_enrolling_makes_a_default_class_and_shows_in_the_list(
    edubridge: httpx.Client, api: httpx.Client
) -> None:
    answer = edubridge.post("/enroll/w1/k1/o1")
    assert answer.status_code == 201
    made = answer.json()["data"]
    assert (made["role"], made["course"]["id"]) == ("student", "k1")
    assert made["school"] == {"id": "o1", "name": "School"}
    shown = api.get(f"/enrollments/{made['id']}").json()["enrollment"]
    assert {
        name: shown[name]["sourcedId"] for name in ("user", "course", "school")
    } == {
        "user": "w1",
        "course": "k1",
        "school": "o1",
    }
    group = api.get(f"/classes/{shown['class']['sourcedId']}").json()["class"]
    assert group["course"]["sourcedId"] == "k1"
    assert [term["sourcedId"] for term in group["terms"]] == ["t1"]


def test_enrolling_again_answers_the_enrollment_that_is_there(
    sandbox: Sandbox, edubridge: httpx.Client
) -> None:
    first = edubridge.post("/enroll/w1/k1/o1")
    again = edubridge.post("/enroll/w1/k1/o1", json={"sourcedId": "mine"})
    assert again.status_code == 201
    assert again.json() == first.json()
    other = edubridge.post("/enroll/w1/k1/o1", json={"role": "teacher"})
    assert other.json()["data"]["id"] != first.json()["data"]["id"]
    assert len(sandbox.dump()["enrollments"]) == 3


def test_the_body_may_say_id_role_begin_and_metadata(edubridge: httpx.Client) -> None:
    sent = {
        "sourcedId": "mine",
        "role": "teacher",
        "beginDate": "2026-08-31T00:00:00Z",
        "metadata": {"goals": {"dailyXp": 1}},
    }
    made = edubridge.post("/enroll/w1/k1/o1", json=sent).json()["data"]
    assert (made["id"], made["role"]) == ("mine", "teacher")
    assert made["beginDate"].startswith("2026-08-31")
    assert made["metadata"] == sent["metadata"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/enroll/nobody/k1/o1", None, 404),
        ("/enroll/s1/nothing/o1", None, 404),
        ("/enroll/s1/k1/nowhere", None, 404),
        ("/enroll/s1/k1", None, 404),
        ("/enroll/s1/k1/o1", {"role": "parent"}, 422),
        ("/enroll/s1/k1/o1", {"endDate": "2026-08-31"}, 422),
        ("/enroll/s1/k1/o1", {"beginDate": "31.8.2026"}, 422),
        ("/enroll/s1/k1/o1", {"sourcedId": "e1", "role": "teacher"}, 422),
        ("/enroll/s1/k1/o1", [], 422),
        ("/enroll/s1/k1/o1", {}, 201),
    ],
)
def test_enrolling_is_held_to_every_rule(
    edubridge: httpx.Client, path: str, body: Any, status: int
) -> None:
    answer = edubridge.post(path) if body is None else edubridge.post(path, json=body)
    assert answer.status_code == status, answer.text
    assert ("imsx_codeMajor" in answer.json()) == (status != 201)


def test_unenrolling_ends_every_role_softly_and_only_once(
    edubridge: httpx.Client, api: httpx.Client
) -> None:
    for role in ("student", "teacher"):
        edubridge.post("/enroll/w1/k1/o1", json={"role": role})
    answer = edubridge.delete("/unenroll/w1/k1/o1")
    assert (answer.status_code, answer.content) == (204, b"")
    assert edubridge.delete("/unenroll/w1/k1/o1").status_code == 404
    rows = api.get("/enrollments?filter=user.sourcedId='w1'").json()["enrollments"]
    assert [row["status"] for row in rows] == ["tobedeleted", "tobedeleted"]
    assert edubridge.get("/user/w1").json() == {"data": []}


def test_unenrolling_leaves_other_people_alone(
    edubridge: httpx.Client, api: httpx.Client
) -> None:
    edubridge.post("/enroll/w1/k1/o1")
    edubridge.delete("/unenroll/w1/k1/o1")
    assert api.get("/enrollments/e1").json()["enrollment"]["status"] == "active"


def test_an_ended_enrollment_can_be_taken_up_under_its_id(
    edubridge: httpx.Client, sandbox: Sandbox
) -> None:
    for _ in range(2):
        answer = edubridge.post("/enroll/w1/k1/o1", json={"sourcedId": "mine"})
        assert answer.status_code == 201
        edubridge.delete("/unenroll/w1/k1/o1")
    assert [e["sourcedId"] for e in sandbox.dump()["enrollments"]] == ["e1", "mine"]


def test_the_enrollments_of_a_user_are_listed_without_their_user(
    edubridge: httpx.Client,
) -> None:
    answer = edubridge.get("/user/s1")
    assert answer.status_code == 200
    [shown] = answer.json()["data"]
    assert (shown["id"], "user" in shown, "status" in shown) == ("e1", False, False)
    assert edubridge.get("/user/nobody").status_code == 404


def test_asking_for_the_default_class_makes_it_once(
    sandbox: Sandbox, edubridge: httpx.Client
) -> None:
    first = edubridge.get("/defaultClass/k1/o1").json()["data"]
    assert edubridge.get("/defaultClass/k1/o1").json()["data"] == first
    assert first["course"]["id"] == "k1"
    assert len(sandbox.dump()["classes"]) == 2
    assert edubridge.get("/defaultClass/k1/nowhere").status_code == 404


def test_sessions_are_made_where_there_are_none(
    sandbox: Sandbox, edubridge: httpx.Client
) -> None:
    document = sandbox.dump()
    sandbox.reset()
    sandbox.load({name: document[name] for name in ("orgs", "courses", "users")})
    edubridge.post("/enroll/s1/k1/o1")
    made = sandbox.dump()["academicSessions"]
    assert sorted(session["type"] for session in made) == ["schoolYear", "term"]


def test_two_first_enrolls_at_once_count_as_a_race(
    sandbox: Sandbox, edubridge: httpx.Client
) -> None:
    sandbox.configure(class_creation=0.5)
    with ThreadPoolExecutor(2) as pool:
        paths = ["/enroll/w1/k1/o1", "/enroll/p1/k1/o1"]
        answers = list(pool.map(edubridge.post, paths))
    assert [answer.status_code for answer in answers] == [201, 201]
    document = sandbox.dump()
    assert document["races"] == [{"course": "k1", "school": "o1", "count": 1}]
    assert len(document["classes"]) == 2


def test_the_same_enroll_twice_at_once_makes_one_enrollment(
    sandbox: Sandbox, edubridge: httpx.Client
) -> None:
    sandbox.configure(class_creation=0.3)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(edubridge.post, ["/enroll/w1/k1/o1"] * 2))
    assert answers[0].json() == answers[1].json()
    assert len(sandbox.dump()["enrollments"]) == 2


def test_first_enrolls_one_after_the_other_are_no_race(
    sandbox: Sandbox, edubridge: httpx.Client
) -> None:
    for user in ("w1", "p1"):
        edubridge.post(f"/enroll/{user}/k1/o1")
    assert sandbox.dump()["races"] == []


def test_ids_with_slashes_are_addressed_encoded(
    sandbox: Sandbox, edubridge: httpx.Client
) -> None:
    course = {"sourcedId": "k/2 @x", "title": "Slashes"}
    sandbox.load({"courses": [course]})
    answer = edubridge.post("/enroll/s1/k%2F2%20%40x/o1")
    assert answer.json()["data"]["course"]["id"] == "k/2 @x"
    assert edubridge.delete("/unenroll/s1/k%2F2%20%40x/o1").status_code == 204
