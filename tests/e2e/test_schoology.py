"""Schoology through the whole program, over a socket."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sync.sandbox import Sandbox
from tests.support.ended import Ended
from tests.support.meddler import Heard, Meddler, Rule, Trouble
from tests.support.schoology import KEY, SECRET, held, member, small_school
from tests.support.workspace import FAST, TARGET, Workspace

pytestmark = pytest.mark.long  # the contract suite has the short form

A, B = "2026-MATH7-A", "2026-MATH7-B"
ADA, RUIZ, TEACHER = "7001", "7002", "7003"
Row = tuple[str, str, str]
FIRST: list[Row] = [
    ("S-17", "student", A),
    ("S-18", "student", A),
    ("T-1", "teacher", A),
    ("S-17", "student", B),
]
ENROLLED = [
    ("section", "55", ADA, 0, 1),
    ("section", "55", RUIZ, 0, 1),
    ("section", "55", TEACHER, 1, 1),
    ("section", "56", ADA, 0, 1),
]
GUARDS = {
    "removals": {"percent": 100},
    "shrink": {"percent": 100},
    "by": [],
    "first_run": "pass",
}
MANY = 70
"""People of a crowd: two batches, and more than are read back singly."""


@dataclass(slots=True)
class School:
    """A workspace whose target is a Schoology."""

    workspace: Workspace

    @property
    def sandbox(self) -> Sandbox:
        return self.workspace.sandbox

    def configure(self, url: str | None = None, **keys: Any) -> None:
        table = {
            "kind": "schoology",
            "settle": "0s",
            "url": f"{url or self.sandbox.url}/v1",
            "consumer_key": {"env": "SCHOOLOGY_KEY"},
            "consumer_secret": {"env": "SCHOOLOGY_SECRET"},
            "limits": FAST,
            "guards": GUARDS,
        }
        document = {"state_dir": "state", "targets": {TARGET: table | keys}}
        self.workspace.write_config(document)

    def drop(self, rows: Sequence[Sequence[str]], *columns: str) -> Path:
        folder = self.workspace.folder / "drop"
        folder.mkdir(exist_ok=True)
        header = ("userSourcedId", "role", "classSourcedId", *columns)
        lines = [",".join(one) for one in (header, *rows)]
        (folder / "enrollments.csv").write_text("\n".join([*lines, ""]), "utf-8")
        return folder

    def sync(self, rows: Sequence[Sequence[str]], *columns: str) -> Ended:
        return self.workspace.sync(self.drop(rows, *columns))

    def good(self, rows: Sequence[Sequence[str]], *columns: str) -> dict[str, Any]:
        ended = self.sync(rows, *columns)
        assert ended.code == 0, ended.err
        assert ended.document["balanced"] is True
        assert ended.document["converged"] is True
        return counts(ended)

    def quiet(self, rows: Sequence[Sequence[str]], *columns: str) -> None:
        """A run finds nothing to do, and changes nothing."""
        self.sandbox.clear_requests()
        assert self.good(rows, *columns)["operations"]["planned"] == 0
        assert self.sent() == []

    def sent(self) -> list[tuple[str, str]]:
        """Method and path of the requests that change something."""
        return [
            (one["method"], one["path"])
            for one in self.sandbox.requests()
            if one["method"] != "GET"
        ]

    def asked(self, path: str) -> list[str]:
        return [
            one["path"]
            for one in self.sandbox.requests()
            if one["method"] == "GET" and one["path"].startswith(path)
        ]

    def operations(self, ended: Ended) -> list[dict[str, str]]:
        """What operations.csv says."""
        path = self.workspace.state / "runs" / ended.document["run"] / "operations.csv"
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


def counts(ended: Ended) -> dict[str, Any]:
    found = ended.document["entities"]["enrollments"]
    assert isinstance(found, dict)
    return found


def states(sandbox: Sandbox) -> dict[str, int]:
    """Status by person in section 55."""
    return {uid: status for _, at, uid, _, status in held(sandbox) if at == "55"}


@pytest.fixture
def school(tmp_path: Path, sandbox: Sandbox) -> School:
    credentials = {"SCHOOLOGY_KEY": KEY, "SCHOOLOGY_SECRET": SECRET}
    made = School(Workspace(tmp_path, sandbox, credentials))
    sandbox.load(small_school())
    made.configure()
    return made


@pytest.fixture
def synced(school: School) -> School:
    """A first night is over."""
    school.good(FIRST)
    school.sandbox.clear_requests()
    return school


@pytest.fixture
def meddled(school: School) -> Iterator[Callable[[Rule], None]]:
    """Puts trouble between the program and the sandbox."""
    with Meddler(school.sandbox.url) as proxy:

        def meddle(rule: Rule) -> None:
            proxy.rule = rule
            school.configure(proxy.url)

        yield meddle


FORMS = ("json", "xml")
ROUTES: dict[str, dict[str, Any]] = {
    "section-code": {},
    "codes": {"route": "codes", "grading_periods": ["13", "14"]},
    "multi-realm": {"route": "multi-realm"},
    "realm": {"route": "realm"},
}
CREATES = {
    "section-code": [("POST", "/v1/enrollments/import/course")],
    "codes": [
        ("POST", "/v1/enrollments/import/course/13"),
        ("POST", "/v1/enrollments/import/course/13,14"),
    ],
    "multi-realm": [("POST", "/v1/enrollments?update_existing=1")],
    "realm": [
        ("POST", "/v1/sections/55/enrollments"),
        ("POST", "/v1/sections/56/enrollments"),
    ],
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("route", ROUTES)
def test_each_route_enrolls_in_either_form_and_then_rests(
    school: School, route: str, form: str
) -> None:
    signature = "HMAC-SHA1" if form == "json" else "PLAINTEXT"
    school.configure(format=form, signature=signature, **ROUTES[route])
    assert school.good(FIRST)["operations"]["done"] == 3
    assert held(school.sandbox) == ENROLLED
    assert sorted(school.sent()) == CREATES[route]
    school.quiet(FIRST)


@pytest.mark.parametrize("signature", ["PLAINTEXT", "HMAC-SHA1"])
def test_either_signature_is_taken_and_a_wrong_secret_is_not(
    school: School, signature: str
) -> None:
    school.configure(signature=signature)
    school.good(FIRST)
    school.workspace.environment |= {"SCHOOLOGY_SECRET": "wrong"}
    ended = school.sync(FIRST)
    assert ended.code == 5
    assert "401" in ended.err


@pytest.mark.parametrize("form", FORMS)
def test_who_left_is_archived_and_comes_back_under_his_old_id(
    synced: School, form: str
) -> None:
    synced.configure(format=form)
    without = [row for row in FIRST if row[0] != "S-18"]
    assert synced.good(without)["remote"]["remove"] == 1
    assert states(synced.sandbox) == {ADA: 1, RUIZ: 5, TEACHER: 1}
    synced.quiet(without)
    before = synced.sandbox.dump()["schoology"]["enrollments"]
    assert synced.good(FIRST)["diff"]["reactivate"] == 1
    after = synced.sandbox.dump()["schoology"]["enrollments"]
    assert [one["id"] for one in after] == [one["id"] for one in before]
    assert held(synced.sandbox) == ENROLLED
    synced.quiet(FIRST)


def test_with_the_policy_delete_who_left_is_gone(synced: School) -> None:
    synced.configure(removal={"enrollments": "delete"})
    synced.good([row for row in FIRST if row[0] != "S-18"])
    assert RUIZ not in states(synced.sandbox)
    ((method, path),) = synced.sent()
    assert (method, path.partition("?")[0]) == ("DELETE", "/v1/enrollments")


@pytest.mark.parametrize("route", ROUTES)
def test_a_student_who_becomes_teacher_is_changed_in_his_place(
    synced: School, route: str
) -> None:
    synced.configure(**ROUTES[route])
    rows = [("S-18", "teacher", A) if row[0] == "S-18" else row for row in FIRST]
    assert synced.good(rows)["diff"]["update"] == 1
    assert ("section", "55", RUIZ, 1, 1) in held(synced.sandbox)
    synced.quiet(rows)


@pytest.mark.parametrize("status", [3, 4])
def test_what_is_pending_is_left_alone_wanted_or_not(
    school: School, status: int
) -> None:
    pending = member("901", RUIZ, status=status)
    school.sandbox.load(small_school(enrollments=[member("900", ADA), pending]))
    found = school.good(FIRST)
    assert found["diff"]["unchanged"] == 2
    assert states(school.sandbox)[RUIZ] == status
    school.quiet(FIRST)
    without = [row for row in FIRST if row[0] != "S-18"]
    assert school.good(without)["remote"]["kept"] == 1
    assert states(school.sandbox)[RUIZ] == status


def test_a_section_that_is_past_is_not_filled_again(school: School) -> None:
    document = small_school(enrollments=[member("900", ADA, status=2)])
    document["schoology"]["sections"][0]["grading_periods"] = ["15"]
    school.sandbox.load(document)
    ended = school.sync([("S-17", "student", A)])
    assert ended.code == 0, ended.err
    assert counts(ended)["diff"]["unsupported"] == 1
    assert states(school.sandbox) == {ADA: 2}


def test_people_whom_schoology_does_not_know_are_blocked_each_with_his_reason(
    school: School,
) -> None:
    rows = [*FIRST, ("S-99", "student", A), ("S-0", "student", A)]
    ended = school.sync(rows)
    assert ended.code == 1
    assert counts(ended)["diff"]["blocked"] == 2
    assert held(school.sandbox) == ENROLLED
    said = sorted(one["reason"] for one in school.operations(ended) if one["reason"])
    assert "has no user with this school_uid" in said[0]
    assert "is inactive in Schoology" in said[1]


def test_classes_go_by_school_code_then_by_codes_then_by_id(school: School) -> None:
    document = small_school()
    document["schoology"]["sections"][1]["section_school_code"] = ""
    school.sandbox.load(document)
    school.configure(route="multi-realm")
    folder = school.drop([("S-17", "student", A), ("S-18", "student", "c-b")])
    (folder / "courses.csv").write_text(
        "sourcedId,title,courseCode\nco,Mathematics,MATH7\n", "utf-8"
    )
    (folder / "classes.csv").write_text(
        f"sourcedId,title,classCode,courseSourcedId\nc-b,B,B,co\n{A},A,,co\n55,C,,co\n",
        "utf-8",
    )
    with (folder / "enrollments.csv").open("a", encoding="utf-8") as file:
        file.write("T-1,teacher,55\n")
    ended = school.workspace.sync(folder)
    assert ended.code == 0, ended.err
    assert held(school.sandbox) == [
        ("section", "55", ADA, 0, 1),
        ("section", "55", TEACHER, 1, 1),
        ("section", "56", RUIZ, 0, 1),
    ]


def test_groups_are_filled_and_emptied(school: School) -> None:
    school.configure(realm="group")
    rows = [("S-17", "student", "chess"), ("T-1", "teacher", "9")]
    school.good(rows)
    group = [one for one in held(school.sandbox) if one[0] == "group"]
    assert group == [("group", "9", ADA, 0, 1), ("group", "9", TEACHER, 1, 1)]
    school.quiet(rows)
    school.good(rows[1:])
    group = [one for one in held(school.sandbox) if one[0] == "group"]
    assert group == [("group", "9", ADA, 0, 2), ("group", "9", TEACHER, 1, 1)]


def crowd(sandbox: Sandbox) -> list[Row]:
    """Many new people, half of them for either section."""
    users = [{"uid": str(8000 + n), "school_uid": f"C-{n:03}"} for n in range(MANY)]
    sandbox.load({"schoology": {"users": users}})
    return [(f"C-{n:03}", "student", (A, B)[n % 2]) for n in range(MANY)]


def enrolled(sandbox: Sandbox) -> int:
    """How many of the crowd are in, none of them twice."""
    found = [one[:3] for one in held(sandbox) if one[2] >= "8000" and one[4] == 1]
    assert len(found) == len(set(found))
    return len(found)


TROUBLES: list[dict[str, Any]] = [
    {"schoology_shuffled_results": True},
    {"schoology_missing_results": 7},
    {"schoology_item_429": 0.1, "schoology_shuffled_results": True},
    {"schoology_item_500": 0.1, "schoology_bare_failures": True},
    {"schoology_item_lost": 0.1, "schoology_missing_results": 3},
]


def pairs(
    some: Iterable[Any], others: Iterable[Any], two: Sequence[Any]
) -> list[tuple[Any, Any, Any]]:
    """Each of some with each of others, and either of two by turns, so that each meets
    both."""
    return [
        (one, other, two[(n + m) % 2])
        for n, one in enumerate(some)
        for m, other in enumerate(others)
    ]


@pytest.mark.parametrize(("trouble", "route", "form"), pairs(TROUBLES, ROUTES, FORMS))
def test_a_crowd_is_enrolled_whatever_becomes_of_the_results(
    school: School, trouble: Mapping[str, Any], route: str, form: str
) -> None:
    rows = crowd(school.sandbox)
    school.configure(format=form, **ROUTES[route])
    school.sandbox.configure(**trouble)
    school.good(rows)
    assert enrolled(school.sandbox) == MANY


@pytest.mark.parametrize(
    ("route", "form", "whole"), pairs(ROUTES, FORMS, (True, False))
)
def test_one_who_is_refused_does_not_keep_the_others_out(
    school: School, route: str, form: str, *, whole: bool
) -> None:
    rows = crowd(school.sandbox)
    school.configure(format=form, **ROUTES[route])
    plan = school.workspace.plan(school.drop(rows))
    assert plan.code == 0, plan.err
    gone = {"uid": "8051", "school_uid": "C-051", "active": 0}
    school.sandbox.load({"schoology": {"users": [gone]}})
    school.sandbox.configure(
        schoology_batch_refused=whole,
        schoology_shuffled_results=True,
        schoology_bare_failures=True,
    )
    ended = school.workspace.run("apply", plan.document["plan"]["path"], "--json")
    assert ended.code == 1, ended.err
    assert counts(ended)["operations"]["failed"] == 1
    assert enrolled(school.sandbox) == MANY - 1
    (failed,) = [one for one in school.operations(ended) if one["state"] == "failed"]
    assert failed["key"] == "56/C-051"


def test_never_more_than_fifty_go_in_one_request(school: School) -> None:
    rows = crowd(school.sandbox)
    school.sandbox.clear_requests()
    school.good(rows)
    assert len(school.sent()) == 2
    lists = [len(school.asked(f"/v1/{one}")) for one in ("users?", "courses", "sec")]
    assert lists == [1, 2, 7], "two sections before and after, three people singly"
    school.good([*rows[1::2], FIRST[0]])
    assert len(school.sent()) == 3, "35 who leave one section"
    assert enrolled(school.sandbox) == MANY // 2


@pytest.mark.parametrize("status", [403, 404])
def test_a_section_that_is_not_shown_loses_nobody(synced: School, status: int) -> None:
    synced.sandbox.configure(schoology_barred={"sections/55/enrollments": status})
    before = held(synced.sandbox)
    rows = [FIRST[0], FIRST[3]]
    ended = synced.sync(rows)
    assert ended.code == 1, ended.err
    assert counts(ended)["diff"]["blocked"] == 1
    assert held(synced.sandbox) == before
    synced.sandbox.configure(schoology_barred={})
    synced.good(rows)
    assert states(synced.sandbox) == {ADA: 1, RUIZ: 5, TEACHER: 5}


def test_a_section_that_is_empty_for_lack_of_permission_loses_nobody(
    synced: School,
) -> None:
    synced.sandbox.configure(schoology_barred={"sections/55/enrollments": 200})
    ended = synced.sync([FIRST[0], FIRST[3]])
    assert ended.code in {1, 5}, ended.err
    assert held(synced.sandbox) == ENROLLED


def test_sections_of_a_course_that_is_not_shown_lose_nobody(synced: School) -> None:
    document = {"id": "42", "course_code": "ART", "title": "Art"}
    synced.sandbox.load({"schoology": {"courses": [document]}})
    turned = FIRST[::-1]  # a file without its last rows may have been cut off
    synced.quiet(turned)
    synced.sandbox.configure(schoology_barred={"courses/41/sections": 403})
    ended = synced.sync(turned[2:])
    assert ended.code == 1
    assert counts(ended)["diff"]["blocked"] == 2
    assert states(synced.sandbox) == {ADA: 1, RUIZ: 1, TEACHER: 5}
    assert ENROLLED[3] in held(synced.sandbox), "the row of its user names no section"


@pytest.mark.parametrize(
    "trouble", [{"schoology_total_off": 1}, {"schoology_list_shifts": True}]
)
def test_lists_that_do_not_prove_themselves_remove_nobody(
    school: School, trouble: Mapping[str, Any]
) -> None:
    rows = crowd(school.sandbox)
    school.good(rows)
    school.sandbox.configure(schoology_page_cap=10, **trouble)
    ended = school.sync(rows[10:])
    assert ended.code == 5
    assert enrolled(school.sandbox) == MANY


def test_lists_that_show_active_ones_alone_are_asked_for_all(synced: School) -> None:
    synced.sandbox.configure(schoology_active_only=True)
    without = [row for row in FIRST if row[0] != "S-18"]
    synced.good(without)
    synced.quiet(without)
    synced.good(FIRST)
    assert held(synced.sandbox) == ENROLLED


HTML = Trouble(200, b"<!DOCTYPE html><html><body>busy</body></html>")


@pytest.mark.parametrize("trouble", [Trouble(None), HTML, Trouble(500)])
@pytest.mark.parametrize("forward", [True, False])
def test_answers_that_are_lost_are_looked_for_and_nothing_is_made_twice(
    school: School,
    meddled: Callable[[Rule], None],
    trouble: Trouble,
    *,
    forward: bool,
) -> None:
    def rule(heard: Heard) -> Trouble | None:
        if not heard.writes or heard.times > 1:
            return None
        return Trouble(trouble.status, trouble.body, forward=forward)

    rows = crowd(school.sandbox)
    meddled(rule)
    school.good(rows)
    assert enrolled(school.sandbox) == MANY


def test_what_is_in_doubt_and_may_not_be_seen_is_never_called_done(
    school: School, meddled: Callable[[Rule], None]
) -> None:
    written: list[Heard] = []

    def rule(heard: Heard) -> Trouble | None:
        if heard.writes:
            written.append(heard)
            return HTML
        return (
            Trouble(403, b"no") if written and "/sections/55/" in heard.path else None
        )

    meddled(rule)
    ended = school.sync(FIRST)
    assert ended.code == 5, ended.err
    assert counts(ended)["operations"]["done"] == 0
    assert len(held(school.sandbox)) == 1
    meddled(lambda _: None)
    school.good(FIRST)
    assert held(school.sandbox) == ENROLLED


def test_html_in_place_of_a_list_is_never_an_empty_one(
    synced: School, meddled: Callable[[Rule], None]
) -> None:
    meddled(lambda heard: HTML if "/sections/55/" in heard.path else None)
    ended = synced.sync(FIRST[:1])
    assert ended.code == 5
    assert held(synced.sandbox) == ENROLLED


def test_the_drop_decides_which_sections_are_read(synced: School) -> None:
    synced.workspace.state.rename(synced.workspace.folder / "forgotten")
    synced.good([("S-17", "student", B)])
    assert synced.asked("/v1/sections/56/")
    assert not synced.asked("/v1/sections/55/")


def test_fetch_writes_what_schoology_holds(synced: School) -> None:
    ended = synced.workspace.run("fetch", "--target", TARGET, "--out", "out", "--json")
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["entities"]["enrollments"] == len(ENROLLED)
    rows = (synced.workspace.folder / "out" / "enrollments.csv").read_text("utf-8")
    assert f"T-1,teacher,{A}" in rows


def test_what_the_preview_lists_is_what_is_sent(school: School) -> None:
    rows = crowd(school.sandbox)
    plan = school.workspace.plan(school.drop(rows))
    path = plan.document["plan"]["path"]
    shown = school.workspace.run("show", path, "--requests", "--json").document
    listed = [(one["method"], f"/v1{one['path']}") for one in shown["requests"]]
    school.workspace.run("apply", path, "--json")
    assert sorted(school.sent()) == sorted(listed)
