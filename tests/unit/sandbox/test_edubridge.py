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
        ("/enroll/nobody/k1", None, 404),
        ("/enroll/s1/nothing", None, 404),
        ("/enroll/s1/k1/o1", {"metadata": {"goals": {"dailyXp": "1"}}}, 422),
        ("/enroll/s1/k1/o1", {"metadata": {"metrics": {"totalXp": True}}}, 422),
        ("/enroll/s1/k1/o1", {"metadata": {"studentSpecificGoals": 1}}, 422),
        ("/enroll/s1/k1/o1", {"metadata": {"any": {"more": 1}}}, 201),
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


@pytest.mark.parametrize("role", ["administrator", "proctor", "student", "teacher"])
def test_every_role_of_the_reference_can_be_enrolled_and_ended(
    edubridge: httpx.Client, api: httpx.Client, role: str
) -> None:
    made = edubridge.post("/enroll/w1/k1/o1", json={"role": role}).json()["data"]
    assert made["role"] == role
    path = f"/enrollments/{made['id']}"
    assert api.get(path).json()["enrollment"]["role"] == role
    assert edubridge.delete("/unenroll/w1/k1/o1").status_code == 204
    assert api.get(path).json()["enrollment"]["status"] == "tobedeleted"


@pytest.mark.parametrize("path", ["w1/k1", "w1/k1/"])
def test_without_a_school_it_is_the_primary_org_of_the_user(
    sandbox: Sandbox, edubridge: httpx.Client, path: str
) -> None:
    sandbox.load({"orgs": [{"sourcedId": "o2", "name": "Annex", "type": "school"}]})
    elsewhere = edubridge.post("/enroll/w1/k1/o2").json()["data"]["id"]
    made = edubridge.post(f"/enroll/{path}")
    assert made.status_code == 201
    assert made.json()["data"]["school"]["id"] == "o1"
    assert edubridge.delete(f"/unenroll/{path}").status_code == 204
    assert edubridge.delete(f"/unenroll/{path}").status_code == 404
    left = edubridge.get("/user/w1").json()["data"]
    assert [shown["id"] for shown in left] == [elsewhere]


def test_without_a_school_and_a_primary_org_nothing_can_be_done(
    sandbox: Sandbox, edubridge: httpx.Client
) -> None:
    sandbox.load({"users": [{"sourcedId": "x", "givenName": "X", "familyName": "Y"}]})
    for method, verb in (("POST", "enroll"), ("DELETE", "unenroll")):
        answer = edubridge.request(method, f"/{verb}/x/k1")
        assert answer.status_code == 422
        assert "primary org" in answer.json()["imsx_description"]


def test_enrolling_again_may_make_one_more_or_be_refused(
    sandbox: Sandbox, edubridge: httpx.Client
) -> None:
    edubridge.post("/enroll/w1/k1/o1", json={"sourcedId": "mine"})
    sandbox.configure(edubridge_again="refused")
    assert edubridge.post("/enroll/w1/k1/o1").status_code == 409
    sandbox.configure(edubridge_again="another")
    assert edubridge.post("/enroll/w1/k1/o1").status_code == 201
    taken = edubridge.post("/enroll/w1/k1/o1", json={"sourcedId": "mine"})
    assert taken.status_code == 422
    assert len(edubridge.get("/user/w1").json()["data"]) == 2


def test_enrolling_may_give_another_id(
    sandbox: Sandbox, edubridge: httpx.Client
) -> None:
    sandbox.configure(allocate_ids=True)
    made = edubridge.post("/enroll/w1/k1/o1", json={"sourcedId": "mine"})
    assert made.json()["data"]["id"] != "mine"


def test_the_list_of_a_user_may_have_what_has_ended(
    sandbox: Sandbox, edubridge: httpx.Client
) -> None:
    edubridge.delete("/unenroll/s1/k1/o1")
    assert edubridge.get("/user/s1").json()["data"] == []
    sandbox.configure(edubridge_shows_ended=True)
    [shown] = edubridge.get("/user/s1").json()["data"]
    assert (shown["id"], "status" in shown) == ("e1", False)


def test_an_ended_default_class_is_not_used_again(
    edubridge: httpx.Client, api: httpx.Client
) -> None:
    first = edubridge.get("/defaultClass/k1/o1").json()["data"]["id"]
    api.delete(f"/classes/{first}")
    assert edubridge.get("/defaultClass/k1/o1").json()["data"]["id"] != first


def test_progress_can_be_reset(sandbox: Sandbox, edubridge: httpx.Client) -> None:
    metadata = {"metrics": {"totalXp": 5}, "goals": {"dailyXp": 1}}
    edubridge.post("/enroll/w1/k1/o1", json={"metadata": metadata})
    assert edubridge.delete("/resetProgress/w1/k1").status_code == 204
    held = next(e for e in sandbox.dump()["enrollments"] if e["sourcedId"] != "e1")
    assert held["metadata"] == {"goals": {"dailyXp": 1}}
    assert edubridge.delete("/resetProgress/w1/nothing").status_code == 404


def test_goals_of_a_course_reach_everybody_without_goals_of_their_own(
    sandbox: Sandbox, edubridge: httpx.Client
) -> None:
    assert edubridge.post("/propagateGoals/k1").status_code == 422
    assert edubridge.post("/propagateGoals/nothing").status_code == 404
    goals = {"goals": {"dailyXp": 7}}
    sandbox.load({"courses": [{"sourcedId": "k1", "title": "A", "metadata": goals}]})
    own = {"studentSpecificGoals": True, "goals": {"dailyXp": 1}}
    edubridge.post("/enroll/w1/k1/o1", json={"metadata": own})
    answer = edubridge.post("/propagateGoals/k1")
    assert answer.json() == {"data": {"updated": 1, "errors": []}}
    held = [e["metadata"]["goals"]["dailyXp"] for e in sandbox.dump()["enrollments"]]
    assert sorted(held) == [1, 7]
