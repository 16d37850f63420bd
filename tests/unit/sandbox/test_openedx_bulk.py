from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.sandbox import SandboxSettings
from sync.sandbox.exchange import Call, Refusal
from sync.sandbox.openedx_bulk import bulk_enroll
from sync.sandbox.openedx_gate import error
from sync.sandbox.openedx_store import dump, load
from sync.sandbox.world import World

MATH, ART, GONE = (f"course-v1:Dist+{name}+2026" for name in ("MATH", "ART", "GONE"))
ADA, BO, IDLE, ERASED, SHY, NEW = (
    f"{name}@school.example" for name in ("ada", "bo", "idle", "erased", "shy", "new")
)
NOTHING = {"user": False, "enrollment": False, "allowed": False, "auto_enroll": False}
KNOWN = {**NOTHING, "user": True}
IN = {**KNOWN, "enrollment": True}


@pytest.fixture
def world() -> Iterator[World]:
    made = World(SandboxSettings())
    load(
        made,
        {
            "users": [
                {"username": "ada", "email": ADA},
                {"username": "bo", "email": BO},
                {"username": "idle", "email": IDLE, "active": False},
                {"username": "erased", "email": ERASED, "retired": True},
                {"username": "shy", "email": SHY, "filtered": True},
            ],
            "courses": [
                {"id": MATH, "cohorts": ["Apples", "Pears"]},
                {"id": ART, "white_label": True, "cohorts": ["Apples"]},
            ],
        },
    )
    yield made
    made.store.close()


def body(**changes: Any) -> dict[str, Any]:
    return {
        "action": "enroll",
        "auto_enroll": True,
        "email_students": False,
        "cohorts": "",
        "courses": MATH,
        "identifiers": ADA,
        **changes,
    }


def send(world: World, content: Any) -> dict[str, Any]:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    headers = [(b"content-type", b"application/json; charset=utf-8")]
    reply = bulk_enroll(world, Call("POST", "", "", headers, text))
    assert reply.status == 200
    return dict(json.loads(reply.body))


def results(world: World, **changes: Any) -> list[dict[str, Any]]:
    sent = body(**changes)
    return list(send(world, sent)["courses"][sent["courses"]]["results"])


def refused(world: World, content: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        send(world, content)
    return caught.value


def held(world: World) -> set[tuple[str, str, bool, str]]:
    names = ("username", "course_id", "is_active", "mode")
    return {tuple(row[n] for n in names) for row in dump(world)["enrollments"]}


def test_the_answer_echoes_the_call_and_is_keyed_by_course(world: World) -> None:
    answer = send(world, body(courses=f"{MATH},{ART}", identifiers=f"{ADA},{BO}"))
    echo = ("action", "auto_enroll", "email_students")
    assert [answer[name] for name in echo] == ["enroll", True, False]
    assert list(answer["courses"]) == [MATH, ART]
    for course in answer["courses"].values():
        assert (course["action"], course["auto_enroll"]) == ("enroll", True)
        assert [r["identifier"] for r in course["results"]] == [ADA, BO]


@given(
    people=st.lists(st.sampled_from([ADA, BO, NEW, "ada", "nobody"]), min_size=1),
    courses=st.lists(st.sampled_from([MATH, ART]), min_size=1, unique=True),
    action=st.sampled_from(["enroll", "unenroll"]),
)
def test_a_call_touches_the_whole_cross_product_and_says_so(
    people: list[str], courses: list[str], action: str
) -> None:
    world = World(SandboxSettings())
    load(world, {"courses": [{"id": MATH}, {"id": ART}]})
    joined = {"identifiers": ",".join(people), "courses": ",".join(courses)}
    send(world, body(action=action, **joined))
    pairs = {tuple(row.values()) for row in dump(world)["audit"]}
    assert pairs == {(who, where, action) for who in people for where in courses}
    world.store.close()


@pytest.mark.parametrize(
    ("who", "before", "after"),
    [
        (ADA, KNOWN, IN),
        ("ada", KNOWN, IN),
        (ADA.upper(), KNOWN, IN),
        (NEW, NOTHING, {**NOTHING, "allowed": True, "auto_enroll": True}),
        (IDLE, KNOWN, {**KNOWN, "allowed": True, "auto_enroll": True}),
        (ERASED, NOTHING, NOTHING),
    ],
)
def test_enrolling_depends_on_the_account(
    world: World, who: str, before: dict[str, bool], after: dict[str, bool]
) -> None:
    [result] = results(world, identifiers=who)
    assert result == {"identifier": who, "before": before, "after": after}
    [again] = results(world, identifiers=who)
    assert again == {"identifier": who, "before": after, "after": after}


@pytest.mark.parametrize("who", ["ghost", "a@b", "a@@b.example", "@", "erased"])
def test_who_is_neither_account_nor_address_is_invalid(world: World, who: str) -> None:
    assert results(world, identifiers=who) == [
        {"identifier": who, "invalidIdentifier": True}
    ]


def test_a_filter_refuses_to_enroll_and_to_unenroll_without_a_word(
    world: World,
) -> None:
    load(world, {"enrollments": [{"username": "shy", "course_id": ART}]})
    error_of_shy = [{"identifier": SHY, "error": True}]
    assert results(world, identifiers=SHY) == error_of_shy
    unenroll = {"action": "unenroll", "identifiers": SHY}
    assert results(world, courses=ART, **unenroll) == error_of_shy
    [nothing] = results(world, courses=MATH, **unenroll)
    assert nothing["after"] == KNOWN
    assert held(world) == {("shy", ART, True, "audit")}


def test_who_comes_back_loses_the_mode_and_who_is_in_keeps_it(world: World) -> None:
    old = {"username": "ada", "mode": "verified", "is_active": False}
    kept = {"username": "bo", "mode": "verified"}
    rows = [{**row, "course_id": key} for row in (old, kept) for key in (MATH, ART)]
    load(world, {"enrollments": rows})
    send(world, body(courses=f"{MATH},{ART}", identifiers=f"{ADA},{BO}"))
    assert held(world) == {
        ("ada", MATH, True, "audit"),
        ("ada", ART, True, "honor"),
        ("bo", MATH, True, "verified"),
        ("bo", ART, True, "verified"),
    }


def test_unenrolling_ends_softly_and_takes_permissions_back(world: World) -> None:
    results(world, identifiers=f"{ADA},{NEW}")
    ended = results(world, action="unenroll", identifiers=f"{ADA},{NEW},none@x.example")
    assert [r["after"] for r in ended] == [KNOWN, NOTHING, NOTHING]
    assert [r["before"]["allowed"] for r in ended] == [False, True, False]
    assert held(world) == {("ada", MATH, False, "audit")}
    assert dump(world)["permissions"] == []


def test_a_permission_has_the_flag_of_the_last_call(world: World) -> None:
    for flag in (True, False):
        [result] = results(world, identifiers=NEW, auto_enroll=flag)
        assert result["after"]["auto_enroll"] is flag
    assert len(dump(world)["permissions"]) == 1


def test_mails_leave_for_each_pair_also_for_who_is_in_already(world: World) -> None:
    for _ in range(2):
        results(world, identifiers=f"{ADA},{NEW},ghost", email_students=True)
    results(world, identifiers=BO)
    results(world, action="unenroll", identifiers=NEW, email_students=True)
    sent = [(mail["to"], mail["message"]) for mail in dump(world)["outbox"]]
    both = [(ADA, "enrolled_enroll"), (NEW, "allowed_enroll")]
    assert sent == [*both, *both, (NEW, "allowed_unenroll")]


def test_identifiers_are_trimmed_and_split_at_any_space(world: World) -> None:
    text = f" {ADA} ,, {BO}\n{NEW}\tada,"
    shown = [r["identifier"] for r in results(world, identifiers=text)]
    assert shown == [ADA, BO, NEW, "ada"]


def test_duplicates_keep_their_places(world: World) -> None:
    first, second = results(world, identifiers=f"{ADA},{ADA}")
    assert (first["before"], second["before"]) == (KNOWN, IN)


def test_of_an_array_of_courses_only_the_first_counts(world: World) -> None:
    assert list(send(world, body(courses=[MATH, ART]))["courses"]) == [MATH]


def test_a_form_is_taken_too_and_numbers_are_not_true_inside(world: World) -> None:
    headers = [(b"content-type", b"application/x-www-form-urlencoded")]
    sent = urlencode(body(auto_enroll="1", email_students="true", identifiers=NEW))
    reply = bulk_enroll(world, Call("POST", "", "", headers, sent.encode()))
    answer = json.loads(reply.body)
    assert (answer["auto_enroll"], answer["courses"][MATH]["auto_enroll"]) == (
        True,
        False,
    )
    assert len(dump(world)["outbox"]) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"action": "delete"}, "action"),
        ({"identifiers": [ADA]}, "identifiers"),
        ({"identifiers": 7}, "identifiers"),
        ({"identifiers": " "}, "identifiers"),
        ({"auto_enroll": "perhaps"}, "auto_enroll"),
        ({"email_students": None}, "email_students"),
        ({"courses": "course-v1:Dist-MATH-2026"}, "courses"),
        ({"courses": f"{MATH}, {ART}"}, "courses"),
        ({"courses": f"{MATH},"}, "courses"),
        ({"cohorts": "Apples", "action": "unenroll"}, "non_field_errors"),
        ({"cohorts": "Apples,Pears"}, "non_field_errors"),
        ({"cohorts": "Plums"}, "non_field_errors"),
        ({"cohorts": " Apples"}, "non_field_errors"),
        ({"courses": f"{MATH},{ART}", "cohorts": "Apples,"}, "non_field_errors"),
        ({"courses": GONE, "cohorts": "Apples"}, "non_field_errors"),
    ],
)
def test_a_call_that_is_not_valid_applies_nothing(
    world: World, changes: dict[str, Any], field: str
) -> None:
    refusal = refused(world, body(**changes))
    assert refusal.status == 400
    assert list(error(refusal)) == [field]
    assert (held(world), dump(world)["audit"]) == (set(), [])


def test_all_wrong_fields_are_named_before_the_cohorts(world: World) -> None:
    sent = body(action="x", courses="y", cohorts="a,b,c")
    assert set(error(refused(world, sent))) == {"action", "courses"}


@pytest.mark.parametrize("field", list(body()))
def test_all_six_fields_are_wanted_the_stock_ones_always(
    world: World, field: str
) -> None:
    sent = {name: value for name, value in body().items() if name != field}
    assert error(refused(world, sent)) == {field: ["This field is required."]}
    world.configure({"openedx_strict_fields": False})
    if field in ("action", "courses", "identifiers"):
        assert refused(world, sent).status == 400
    else:
        send(world, sent)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        ({**body(), "courses": {MATH: True}}, 500),
        ({**body(), "courses": [[MATH]]}, 500),
    ],
)
def test_a_body_of_another_kind_is_refused(
    world: World, content: Any, status: int
) -> None:
    assert refused(world, content).status == status


def test_a_body_without_its_type_is_refused(world: World) -> None:
    call = Call("POST", "", "", [], json.dumps(body()).encode())
    with pytest.raises(Refusal) as caught:
        bulk_enroll(world, call)
    assert caught.value.status == 415


def test_cohorts_go_by_position_and_reach_who_ended_in(world: World) -> None:
    people = f"{ADA},{NEW},{ERASED},ghost"
    sent = body(courses=f"{MATH},{ART}", cohorts="Pears,Apples", identifiers=people)
    answer = send(world, sent)["courses"]
    for key, cohort in ((MATH, "Pears"), (ART, "Apples")):
        ada, new, erased, ghost = answer[key]["results"]
        assert (ada["before"]["cohort"], ada["after"]["cohort"]) == (None, cohort)
        assert (new["before"]["cohort"], new["after"]["cohort"]) == (None, cohort)
        assert "cohort" not in erased["after"]
        assert ghost == {"identifier": "ghost", "invalidIdentifier": True}
    again = send(world, body(cohorts="Apples", identifiers=f"{ADA},{NEW}"))
    ada, new = again["courses"][MATH]["results"]
    assert (ada["before"]["cohort"], ada["after"]["cohort"]) == ("Pears", "Apples")
    assert new["before"]["cohort"] is None
    same = send(world, body(cohorts="Apples"))["courses"][MATH]["results"][0]
    assert same["before"]["cohort"] == same["after"]["cohort"] == "Apples"


@pytest.mark.parametrize("rollback", [False, True])
def test_a_course_that_is_not_there_ends_the_call_on_the_way(
    world: World, rollback: bool
) -> None:
    world.configure({"openedx_rollback": rollback})
    sent = body(courses=f"{MATH},{GONE},{ART}", email_students=True)
    refusal = refused(world, sent)
    assert (refusal.status, refusal.text) == (404, "")
    assert held(world) == (set() if rollback else {("ada", MATH, True, "audit")})
    assert [mail["course_id"] for mail in dump(world)["outbox"]] == [MATH]
    assert [pair["course_id"] for pair in dump(world)["audit"]] == [MATH]


def test_a_barred_course_refuses_the_whole_call_at_once(world: World) -> None:
    world.configure({"openedx_barred": [ART]})
    assert refused(world, body(courses=f"{MATH},{ART}")).status == 403
    assert held(world) == set()
    send(world, body())


def test_a_barred_course_may_also_fail_in_the_middle(world: World) -> None:
    world.configure({"openedx_barred": [ART], "openedx_barred_status": 500})
    assert refused(world, body(courses=f"{MATH},{ART}")).status == 500
    assert held(world) == {("ada", MATH, True, "audit")}


def test_who_is_not_of_the_staff_may_not(world: World) -> None:
    world.configure({"openedx_staff": False})
    assert refused(world, body()).status == 403


def test_a_call_may_fail_after_all_was_done(world: World) -> None:
    world.configure({"openedx_fails_after": 1})
    assert refused(world, body()).status == 500
    assert held(world) == {("ada", MATH, True, "audit")}
    send(world, body())


def test_an_answer_may_lack_a_course_or_results_or_shout(world: World) -> None:
    sent = body(courses=f"{MATH},{ART}", identifiers=f"{ADA},{BO}")
    world.configure({"openedx_misses_course": True})
    assert list(send(world, sent)["courses"]) == [MATH]
    assert len(held(world)) == 4
    world.configure({"openedx_misses_course": False, "openedx_misses_result": True})
    world.configure({"openedx_other_case": True})
    for course in send(world, sent)["courses"].values():
        assert [r["identifier"] for r in course["results"]] == [ADA.upper()]


def test_with_a_database_that_minds_case_another_spelling_is_nobody(
    world: World,
) -> None:
    world.configure({"openedx_case_matters": True})
    [result] = results(world, identifiers=ADA.upper())
    assert result["after"]["allowed"] is True
    [right] = results(world, identifiers=ADA)
    assert right["after"] == IN
