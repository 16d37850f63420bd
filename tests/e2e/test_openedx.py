"""Open edX over real sockets: exactly the wanted pairs, night after night."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sync.sandbox import Sandbox
from tests.support.ended import Ended
from tests.support.toml import merged
from tests.support.workspace import FAST, TARGET, Workspace, total

pytestmark = pytest.mark.long  # the contract suite has the short form

MATH, ART, BAND = (f"course-v1:D+{name}+26" for name in ("MATH", "ART", "BAND"))
COURSES = (MATH, ART, BAND)
PEOPLE = ("ada", "bo", "cy", "di", "ed")
SEATS = [(one, MATH) for one in PEOPLE] + [(one, ART) for one in PEOPLE[:3]]
BULK, LIST = "/api/bulk_enroll/v1/bulk_enroll/", "/api/so2/v1/enrollments"
CREDENTIALS = {
    "OPENEDX_CLIENT_ID": "sandbox-openedx",
    "OPENEDX_CLIENT_SECRET": "sandbox-openedx-secret",
}
STUDENT = (
    *("sourcedId", "status", "username", "enabledUser", "givenName", "familyName"),
    *("primaryOrgSourcedId", "grades", "email"),
)
SEAT = ("sourcedId", "userSourcedId", "role", "courseSourcedId", "status")
Pairs = Sequence[tuple[str, str]]


class Lms:
    """A workspace whose target is the sandbox's LMS, and looks at both."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.work = Workspace(folder, sandbox, environment=dict(CREDENTIALS))
        self.configure()

    def configure(self, **changes: Any) -> None:
        table = {
            "kind": "openedx",
            "settle": "1s",
            "url": self.sandbox.url,
            "client_id": {"env": "OPENEDX_CLIENT_ID"},
            "client_secret": {"env": "OPENEDX_CLIENT_SECRET"},
            "limits": FAST,
            "guards": {"first_run": "pass", "shrink": {"percent": 100}},
        }
        targets = {TARGET: merged(table, changes)}
        self.work.write_config({"state_dir": "state", "targets": targets})

    def fill(self, people: Sequence[str] = PEOPLE, **lists: Any) -> None:
        users = [{"username": one, "email": f"{one}@x.org"} for one in people]
        courses = [{"id": one, "cohorts": ["red", "blue"]} for one in COURSES]
        self.load(users=users, courses=courses, **lists)

    def load(self, **lists: Any) -> None:
        self.sandbox.load({"openedx": lists})

    def drop(
        self, seats: Pairs, people: Sequence[str] = PEOPLE, **more: list[str]
    ) -> Path:
        folder = self.work.folder / "drop"
        folder.mkdir(exist_ok=True)
        students = [
            [one, "active", one, "true", one, "X", "o1", "05", f"{one}@x.org"]
            for one in people
        ]
        _write(folder / "students.csv", STUDENT, students)
        rows = [
            [f"{one}-{course[-7:]}", one, "student", course, "active"]
            for one, course in seats
        ]
        cells = zip(*more.values(), strict=True) if more else [()] * len(rows)
        whole = [[*row, *extra] for row, extra in zip(rows, cells, strict=True)]
        _write(folder / "enrollments.csv", (*SEAT, *more), whole)
        return folder

    def sync(self, seats: Pairs = SEATS, **parts: Any) -> Ended:
        return self.work.sync(self.drop(seats, **parts))

    def dump(self) -> dict[str, Any]:
        found = self.sandbox.dump()["openedx"]
        assert isinstance(found, dict)
        return found

    def enrolled(self) -> set[tuple[str, str]]:
        rows = self.dump()["enrollments"]
        return {(one["username"], one["course_id"]) for one in rows if one["is_active"]}

    def touched(self) -> list[tuple[str, str, str]]:
        return [
            (one["identifier"].removesuffix("@x.org"), one["course_id"], one["action"])
            for one in self.dump()["audit"]
        ]

    def forget(self) -> None:
        """Nothing was touched, nothing was asked."""
        held = self.dump()
        self.sandbox.reset()
        self.load(**(held | {"audit": [], "outbox": []}))
        self.sandbox.clear_requests()

    def calls(self) -> list[dict[str, Any]]:
        return [
            one["body"]
            for one in self.sandbox.requests()
            if one["path"].split("?")[0] == BULK
        ]

    def lists(self) -> list[str]:
        asked = [one["path"] for one in self.sandbox.requests()]
        return [path for path in asked if path.startswith(LIST)]


def _write(path: Path, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([head, *rows])


def pairs(seats: Pairs, action: str = "enroll") -> list[tuple[str, str, str]]:
    return sorted((one, course, action) for one, course in seats)


def told(ended: Ended, part: str = "operations", what: str = "done") -> int:
    return total(ended.document, part, what)


@pytest.fixture
def lms(tmp_path: Path, sandbox: Sandbox) -> Lms:
    made = Lms(tmp_path, sandbox)
    made.fill()
    return made


def test_exactly_the_wanted_pairs_are_enrolled_in_two_calls(lms: Lms) -> None:
    ended = lms.sync()
    assert ended.code == 0, ended.err
    assert ended.document["converged"] is True
    assert lms.enrolled() == set(SEATS)
    assert sorted(lms.touched()) == pairs(SEATS)
    assert len(lms.calls()) == 2
    assert lms.dump()["outbox"] == []


def test_course_keys_are_asked_for_with_their_plus_signs_encoded(lms: Lms) -> None:
    lms.sync()
    asked = {path.partition("?")[2] for path in lms.lists()}
    assert asked == {
        "course_id=course-v1%3AD%2BMATH%2B26",
        "course_id=course-v1%3AD%2BART%2B26",
    }


def test_a_second_run_sends_nothing(lms: Lms) -> None:
    lms.sync()
    lms.forget()
    again = lms.sync()
    assert again.code == 0, again.err
    assert told(again, what="planned") == 0
    assert (lms.touched(), lms.calls()) == ([], [])


def test_an_ended_row_and_a_missing_one_are_unenrolled_and_come_back(lms: Lms) -> None:
    lms.sync()
    lms.forget()
    fewer = [pair for pair in SEATS if pair != ("ada", MATH)]
    status = ["tobedeleted" if pair == ("bo", MATH) else "active" for pair in fewer]
    folder = lms.drop(fewer)
    text = (folder / "enrollments.csv").read_text("utf-8").splitlines()
    lines = [
        line.removesuffix("active") + word
        for line, word in zip(text[1:], status, strict=True)
    ]
    (folder / "enrollments.csv").write_text("\n".join([text[0], *lines, ""]), "utf-8")
    ended = lms.work.sync(folder)
    assert ended.code == 0, ended.err
    gone = [("ada", MATH), ("bo", MATH)]
    assert sorted(lms.touched()) == pairs(gone, "unenroll")
    assert lms.enrolled() == set(SEATS) - set(gone)
    lms.forget()
    back = lms.sync()
    assert back.code == 0, back.err
    assert total(back.document, "diff", "reactivate") == 2
    assert sorted(lms.touched()) == pairs(gone)
    assert lms.enrolled() == set(SEATS)


def test_where_ended_enrollments_are_not_listed_it_ends_the_same(lms: Lms) -> None:
    lms.sandbox.configure(openedx_list_inactive=False)
    lms.sync()
    ended = lms.sync([*SEATS[1:]])
    assert ended.code == 0, ended.err
    assert lms.enrolled() == set(SEATS[1:])
    lms.forget()
    assert told(lms.sync([*SEATS[1:]]), what="planned") == 0


def test_somebody_elses_enrollments_are_left_alone(lms: Lms) -> None:
    lms.fill(("zoe",), enrollments=[{"username": "zoe", "course_id": MATH}])
    lms.sync()
    lms.sync()
    assert ("zoe", MATH) in lms.enrolled()


def test_people_without_an_account_wait_and_are_not_asked_for_again(lms: Lms) -> None:
    more, new = [*PEOPLE, "new"], [*SEATS, ("new", MATH)]
    first = lms.sync(new, people=more)
    assert first.code == 0, first.err
    assert first.document["converged"] is True
    assert lms.enrolled() == set(SEATS)
    lms.forget()
    again = lms.sync(new, people=more)
    assert again.code == 0, again.err
    assert (told(again, what="planned"), lms.touched()) == (0, [])
    assert "RS305" in again.document["findings"]
    lms.fill(["new"])  # registers, and is enrolled by the permission
    assert ("new", MATH) in lms.enrolled()
    later = lms.sync(new, people=more)
    assert later.code == 0, later.err
    assert (told(later, what="planned"), lms.touched()) == (0, [])
    assert "RS305" not in later.document["findings"]


def test_who_waits_and_leaves_loses_the_permission_once(lms: Lms) -> None:
    more, new = [*PEOPLE, "new"], [*SEATS, ("new", MATH)]
    lms.sync(new, people=more)
    assert lms.dump()["permissions"]
    lms.forget()
    ended = lms.sync()
    assert ended.code == 0, ended.err
    assert lms.touched() == [("new", MATH, "unenroll")]
    assert lms.dump()["permissions"] == []
    assert told(lms.sync(), what="planned") == 0


def test_with_a_plan_of_its_own_it_goes_the_same_way(lms: Lms) -> None:
    more, new = [*PEOPLE, "new"], [*SEATS, ("new", MATH)]
    lms.sync(new, people=more)
    lms.forget()
    planned = lms.work.plan(lms.drop(SEATS[1:]))
    assert planned.code == 0, planned.err
    assert lms.calls() == []
    applied = lms.work.run("apply", planned.document["plan"]["path"], "--json")
    assert applied.code == 0, applied.err
    assert sorted(lms.touched()) == pairs([("ada", MATH), ("new", MATH)], "unenroll")
    assert applied.document["converged"] is True


def test_a_held_first_run_is_carried_out_when_it_is_approved(lms: Lms) -> None:
    lms.configure(guards={"first_run": "hold"})
    ended = {"username": "ada", "course_id": MATH, "is_active": False}
    lms.load(enrollments=[ended, {"username": "bo", "course_id": MATH}])
    held = lms.sync()
    assert held.code == 4
    assert lms.calls() == []
    plan = held.document["plan"]["path"]
    digest = held.document["digest"]
    applied = lms.work.run("apply", plan, "--approve", digest, "--json")
    assert applied.code == 0, applied.err
    assert lms.enrolled() == set(SEATS)
    assert ("bo", MATH, "enroll") not in lms.touched()


def test_the_unknown_are_told_from_the_refused_and_from_the_failed(lms: Lms) -> None:
    lms.load(
        users=[
            {"username": "erased", "email": "erased@x.org", "retired": True},
            {"username": "odd", "email": "odd@x.org", "filtered": True},
            {"username": "asleep", "email": "asleep@x.org", "active": False},
        ]
    )
    others = ("erased", "odd", "asleep")
    seats = [*SEATS, *((one, MATH) for one in others)]
    ended = lms.sync(seats, people=[*PEOPLE, *others])
    assert ended.code == 1
    assert lms.enrolled() == set(SEATS)
    found = _codes(lms)
    assert found["erased"] == ("failed", "refused")
    assert found["odd"] == ("failed", "server_refused")
    assert found["asleep"] == ("done", "pending")
    assert found["ada"] == ("done", "")


def test_an_unknown_username_is_told_as_such(lms: Lms) -> None:
    lms.configure(identifier="username")
    ended = lms.sync([*SEATS, ("ghost", MATH)], people=[*PEOPLE, "ghost"])
    assert ended.code == 1
    assert lms.enrolled() == set(SEATS)
    assert _codes(lms)["ghost"] == ("failed", "invalid_identifier")
    assert any("?username=" in path for path in lms.lists())


def _codes(lms: Lms) -> dict[str, tuple[str, str]]:
    """State and code of the last run's operations, by person."""
    last = max((lms.work.state / "runs").iterdir(), key=lambda one: one.stat().st_mtime)
    with (last / "operations.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["key"].rpartition("/")[2].removesuffix("@x.org"): (
                row["state"],
                row["code"],
            )
            for row in csv.DictReader(file)
        }


@pytest.mark.parametrize("status", [403, 404])
def test_a_course_whose_list_is_refused_is_held_back_alone(
    lms: Lms, status: int
) -> None:
    lms.sandbox.configure(openedx_list_refused=[ART], openedx_list_status=status)
    ended = lms.sync()
    assert ended.code == 1
    assert total(ended.document, "diff", "blocked") == 3
    assert lms.enrolled() == {pair for pair in SEATS if pair[1] == MATH}


def test_a_course_that_is_refused_later_is_not_forgotten(lms: Lms) -> None:
    lms.sync()
    lms.sandbox.configure(openedx_list_refused=[ART])
    fewer = SEATS[:-1]
    assert lms.sync(fewer).code == 1
    assert lms.enrolled() == set(SEATS)
    lms.sandbox.configure(openedx_list_refused=[])
    assert lms.sync(fewer).code == 0
    assert lms.enrolled() == set(fewer)


def test_where_every_list_is_refused_the_run_ends_with_5(lms: Lms) -> None:
    lms.sandbox.configure(openedx_list_refused=[MATH, ART])
    assert lms.sync().code == 5
    assert lms.touched() == []


def test_a_course_that_refuses_the_call_takes_no_other_with_it(lms: Lms) -> None:
    lms.sandbox.configure(openedx_barred=[ART])
    both = [(one, course) for one in PEOPLE for course in (MATH, ART)]
    ended = lms.sync(both)
    assert ended.code == 1
    assert lms.enrolled() == {(one, MATH) for one in PEOPLE}
    assert told(ended, what="failed") == len(PEOPLE)
    assert len(lms.calls()) == 3


def test_where_every_course_refuses_the_run_ends_with_5(lms: Lms) -> None:
    lms.sandbox.configure(openedx_barred=COURSES)
    assert lms.sync().code == 5
    assert lms.enrolled() == set()


def test_without_the_bulk_route_nothing_is_lost_and_it_is_said(lms: Lms) -> None:
    lms.sandbox.configure(openedx_bulk=False)
    ended = lms.sync()
    assert ended.code in {1, 5}
    assert told(ended, what="failed") == len(SEATS)


def test_a_course_that_is_not_there_takes_no_other_with_it(lms: Lms) -> None:
    away = "course-v1:D+NONE+26"
    both = [(one, course) for one in PEOPLE for course in (MATH, away)]
    ended = lms.sync(both)
    assert ended.code == 1
    assert lms.enrolled() == {(one, MATH) for one in PEOPLE}
    assert {action for *_, action in lms.touched()} == {"enroll"}
    assert {pair[:2] for pair in lms.touched()} <= set(both)


def test_cohorts_are_named_course_by_course(lms: Lms) -> None:
    names = ["red" if one < "c" else "" for one, _ in SEATS]
    ended = lms.sync(SEATS, **{"metadata.cohort": names})
    assert ended.code == 0, ended.err
    assert lms.enrolled() == set(SEATS)
    members = {
        (one["identifier"].removesuffix("@x.org"), one["course_id"], one["cohort"])
        for one in lms.dump()["cohort_members"]
    }
    assert members == {(one, course, "red") for one, course in SEATS if one < "c"}
    assert sorted(lms.touched()) == pairs(SEATS)


def test_a_cohort_that_is_not_there_takes_nobody_with_it(lms: Lms) -> None:
    names = ["none" if one == "ada" else "red" for one, _ in SEATS]
    ended = lms.sync(SEATS, **{"metadata.cohort": names})
    assert ended.code == 1
    assert lms.enrolled() == {pair for pair in SEATS if pair[0] != "ada"}
    assert _codes(lms)["ada"][0] == "failed"


@pytest.mark.parametrize("shape", [1, 2, 3, 4, 5])
def test_the_list_is_read_in_each_of_its_forms(lms: Lms, shape: int) -> None:
    lms.sandbox.configure(openedx_list_shape=shape, openedx_page_size=2)
    first = lms.sync()
    assert first.code == 0, first.err
    assert lms.enrolled() == set(SEATS)
    lms.forget()
    assert told(lms.sync(), what="planned") == 0


@pytest.mark.parametrize("leads", ["elsewhere", "loop"])
def test_a_next_that_leads_astray_ends_the_run_before_any_change(
    lms: Lms, leads: str
) -> None:
    lms.sync()
    lms.forget()
    lms.sandbox.configure(openedx_list_shape=2, openedx_page_size=2, openedx_next=leads)
    assert lms.sync(SEATS[1:]).code == 5
    assert ("ada", MATH) in lms.enrolled()


@pytest.mark.parametrize("missing", ["openedx_misses_course", "openedx_misses_result"])
def test_a_missing_result_is_read_and_found_done(lms: Lms, missing: str) -> None:
    lms.sandbox.configure(**{missing: True})
    ended = lms.sync()
    assert ended.code == 0, ended.err
    assert lms.enrolled() == set(SEATS)
    assert sorted(lms.touched()) == pairs(SEATS)


def test_identifiers_in_another_case_are_the_same(lms: Lms) -> None:
    lms.sandbox.configure(openedx_other_case=True)
    ended = lms.sync()
    assert ended.code == 0, ended.err
    assert lms.enrolled() == set(SEATS)


def test_a_call_that_failed_after_its_work_is_found_done(lms: Lms) -> None:
    lms.sandbox.configure(openedx_fails_after=4)
    ended = lms.sync()
    assert ended.code == 0, ended.err
    assert lms.enrolled() == set(SEATS)


@pytest.mark.parametrize("mails", [True, False])
def test_mails_go_out_only_where_they_are_asked_for_and_once(
    lms: Lms, mails: bool
) -> None:
    lms.configure(email_students=mails)
    lms.sandbox.configure(openedx_misses_result=True)
    assert lms.sync().code == 0
    assert lms.sync().code == 0
    sent = sorted(
        (one["to"].removesuffix("@x.org"), one["course_id"])
        for one in lms.dump()["outbox"]
    )
    assert sent == (sorted(SEATS) if mails else [])


def test_an_answer_that_was_lost_is_not_mailed_again(lms: Lms) -> None:
    lms.configure(email_students=True)
    lms.sandbox.configure(openedx_fails_after=2)
    ended = lms.sync()
    assert ended.code == 0, ended.err
    assert len(lms.dump()["outbox"]) == len(SEATS)


@pytest.mark.parametrize(("keeps", "mode"), [(True, "verified"), (False, "audit")])
def test_who_comes_back_keeps_the_mode_where_that_is_wanted(
    lms: Lms, keeps: bool, mode: str
) -> None:
    lms.configure(preserve_mode=keeps)
    lms.load(
        courses=[{"id": MATH, "modes": ["audit", "verified"]}],
        enrollments=[
            {"username": "ada", "course_id": MATH, "is_active": False}
            | {"mode": "verified"}
        ],
    )
    ended = lms.sync()
    assert ended.code == 0, ended.err
    assert ("RS304" in ended.document["findings"]) is not keeps
    (ada,) = (
        one
        for one in lms.dump()["enrollments"]
        if (one["username"], one["course_id"]) == ("ada", MATH)
    )
    assert (ada["is_active"], ada["mode"]) == (True, mode)


def test_a_rejected_person_keeps_his_enrollments(lms: Lms) -> None:
    lms.configure(guards={"rejected": {"percent": 100}})
    lms.sync()
    folder = lms.drop(SEATS)
    people = folder / "students.csv"
    people.write_text(
        people.read_text("utf-8").replace(
            "ada,active,ada,true", "ada,active,ada,maybe"
        ),
        "utf-8",
    )
    assert lms.work.sync(folder).code == 1
    assert lms.enrolled() == set(SEATS)


def test_a_new_address_is_enrolled_before_the_old_one_is_ended(lms: Lms) -> None:
    lms.sync()
    lms.fill(["ada2"])
    lms.forget()
    folder = lms.drop(SEATS)
    people = folder / "students.csv"
    moved = people.read_text("utf-8").replace("ada@x.org", "ada2@x.org")
    people.write_text(moved, "utf-8")
    assert lms.work.sync(folder).code == 0
    assert {("ada", MATH), ("ada2", MATH)} <= lms.enrolled()
    assert lms.work.sync(folder).code == 0
    assert ("ada", MATH) not in lms.enrolled()
    assert ("ada2", MATH) in lms.enrolled()


def test_lists_that_come_empty_for_a_lack_of_permission_end_nobody(lms: Lms) -> None:
    lms.sync()
    lms.sync()
    lms.forget()
    lms.sandbox.configure(openedx_list_hidden=[MATH])
    assert lms.sync(SEATS[1:]).code == 5
    assert lms.enrolled() == set(SEATS)
    lms.sandbox.configure(openedx_list_hidden=[])
    assert lms.sync(SEATS[1:]).code == 0
    assert lms.enrolled() == set(SEATS[1:])


def test_a_list_that_was_never_filled_sends_nobody_again(lms: Lms) -> None:
    lms.configure(email_students=True)
    lms.sandbox.configure(openedx_list_hidden=[MATH])
    assert lms.sync().code == 1  # what was written does not show
    mails = len(lms.dump()["outbox"])
    for _ in range(2):
        again = lms.sync()
        assert again.code == 1
        assert total(again.document, "diff", "blocked") == len(PEOPLE)
    assert len(lms.dump()["outbox"]) == mails == len(SEATS)
    lms.sandbox.configure(openedx_list_hidden=[])
    assert lms.sync().code == 0


def test_wrong_credentials_end_the_run_with_5(lms: Lms) -> None:
    lms.work.environment["OPENEDX_CLIENT_SECRET"] = "another"  # noqa: S105 - wrong
    assert lms.sync().code == 5


def test_many_people_and_a_read_back_by_list(lms: Lms) -> None:
    crowd = [f"p{number:03}" for number in range(120)]
    lms.fill(crowd)
    seats = [(one, course) for one in crowd for course in COURSES]
    seats = [pair for at, pair in enumerate(seats) if at % 7]
    ended = lms.sync(seats, people=crowd)
    assert ended.code == 0, ended.err
    assert ended.document["converged"] is True
    assert sorted(lms.touched()) == pairs(seats)
    assert all(
        len(body["identifiers"].split(",")) <= 100
        and len(body["identifiers"].split(",")) * len(body["courses"].split(",")) <= 200
        for body in lms.calls()
    )
    lms.forget()
    assert told(lms.sync(seats, people=crowd), what="planned") == 0


def test_beyond_200_courses_the_one_list_of_all_is_read(lms: Lms) -> None:
    lms.configure(courses=[*COURSES, *(f"course-v1:D+N{n}+26" for n in range(198))])
    assert lms.sync().code == 0
    lms.sandbox.clear_requests()
    assert told(lms.sync(), what="planned") == 0
    assert lms.lists() == [LIST]


def test_a_course_that_we_emptied_ourselves_may_be_empty(lms: Lms) -> None:
    lms.configure(courses=[MATH, ART])
    lms.sandbox.configure(openedx_list_inactive=False)
    every = SEATS[::-1]  # a file without its last rows may have been cut off
    fewer = [pair for pair in every if pair[1] != ART]
    for seats in (every, every, fewer, fewer, fewer):
        ended = lms.sync(seats)
        assert ended.code == 0, ended.err
    assert lms.enrolled() == set(fewer)


def test_a_course_that_breaks_the_call_takes_no_other_with_it(lms: Lms) -> None:
    lms.sandbox.configure(openedx_barred=[ART], openedx_barred_status=500)
    both = [(one, course) for one in PEOPLE for course in (MATH, ART)]
    assert lms.sync(both).code == 5
    assert lms.enrolled() == {(one, MATH) for one in PEOPLE}


def test_ping_and_fetch_look_without_a_change(lms: Lms) -> None:
    lms.sync()
    lms.forget()
    assert lms.work.run("ping", "--target", TARGET).code == 0
    assert lms.lists() == [f"{LIST}?days=1"]
    lms.configure(courses=[MATH, ART])
    assert lms.work.run("ping", "--target", TARGET).code == 0
    folder = lms.work.folder / "got"
    fetched = lms.work.run("fetch", "--target", TARGET, "--out", folder)
    assert fetched.code == 0, fetched.err
    with (folder / "enrollments.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(row["userSourcedId"], row["courseSourcedId"]) for row in rows} == {
        (f"{one}@x.org", course) for one, course in SEATS
    }
    assert (lms.touched(), lms.calls()) == ([], [])


@pytest.mark.parametrize("fault", ["lost", "drop", "500", "429", "html", "malformed"])
def test_through_any_trouble_the_end_is_right(lms: Lms, fault: str) -> None:
    lms.configure(limits={**FAST, "retries": 6}, settle="5s")
    lms.sandbox.configure(seed=7)
    lms.sandbox.set_faults({fault: 0.3})
    codes = [lms.sync().code for _ in range(3)]
    lms.sandbox.set_faults("")
    assert lms.sync().code == 0, codes
    assert lms.enrolled() == set(SEATS)
    assert set(lms.touched()) == set(pairs(SEATS))
