"""EduBridge alone: what the contract of all kinds does not try.

Without the permission to list enrollments everybody's own list is read; an enrollment
is a person, a course, a school and a role, and unenroll names no role.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from sync.samples import Tables
from sync.sandbox import Sandbox
from tests.contract.bench import Bench, Liar
from tests.contract.conftest import begin
from tests.contract.edubridge import HARNESS
from tests.support.districts import slim, with_cell
from tests.support.meddler import Heard, Meddler, Rule, Trouble
from tests.support.workspace import total

pytestmark = pytest.mark.long  # the contract suite has the short form

OWN = "/edubridge/enrollments/user/"
ALL = "/ims/oneroster/rostering/v1p2/enrollments"
FORBIDDEN = Trouble(403)


@pytest.fixture
def bench(tmp_path: Path, served: Sandbox) -> Bench:
    """Before the first night."""
    return begin(HARNESS, tmp_path, served)


def drop_of(bench: Bench, tables: Tables | None = None) -> Path:
    return bench.drop(tables or slim())


def without(tables: Tables, *keys: str) -> Tables:
    rows = tables.enrollments.filter(~pl.col("sourcedId").is_in(keys))
    return replace(tables, enrollments=rows)


def row(tables: Tables, number: int = 0, role: str = "student") -> dict[str, Any]:
    return tables.enrollments.filter(role=role).row(number, named=True)


def with_row(tables: Tables, like: dict[str, Any], **cells: str) -> Tables:
    one = pl.DataFrame([like | cells], schema=tables.enrollments.schema)
    return replace(tables, enrollments=pl.concat([tables.enrollments, one]))


def no_list(heard: Heard) -> Trouble | None:
    """Nobody may list enrollments."""
    path = heard.path.partition("?")[0]
    return FORBIDDEN if heard.reads and path == ALL else None


def neither(heard: Heard) -> Trouble | None:
    """Nor may anybody read a person's own."""
    return FORBIDDEN if heard.path.startswith(OWN) else no_list(heard)


def asked(bench: Bench, start: str) -> list[str]:
    return [
        one["path"]
        for one in bench.workspace.sandbox.requests()
        if one["method"] == "GET" and one["path"].startswith(start)
    ]


def test_without_the_list_everybodys_own_list_is_read_night_after_night(
    bench: Bench,
) -> None:
    fewer = without(slim(), "enr-000001", "enr-000052")
    with Meddler(bench.workspace.sandbox.url, no_list) as proxy:
        bench.configure(proxy.url)
        bench.good(drop_of(bench), slim())
        bench.workspace.sandbox.clear_requests()
        bench.quiet(drop_of(bench), slim())
        assert set(asked(bench, OWN)) == {
            f"{OWN}{user}" for user in slim().enrollments["userSourcedId"]
        }
        ended = bench.good(drop_of(bench, fewer), fewer)
        assert ended.document["entities"]["enrollments"]["remote"]["remove"] == 2
        bench.quiet(drop_of(bench, fewer), fewer)


def no_filter(heard: Heard) -> Trouble | None:
    """The filter by user is unknown."""
    return Trouble(400) if "filter=" in heard.path else None


@pytest.mark.parametrize("rule", [no_filter, no_list])
def test_a_plan_of_ends_is_applied_whatever_tells_of_single_records(
    bench: Bench, rule: Rule
) -> None:
    bench.good(drop_of(bench), slim())
    fewer = without(slim(), "enr-000001", "enr-000052")
    with Meddler(bench.workspace.sandbox.url, rule) as proxy:
        bench.configure(proxy.url)
        planned = bench.workspace.plan(drop_of(bench, fewer))
        applied = bench.workspace.run("apply", planned.document["plan"]["path"])
    assert applied.code == 0, applied.err
    bench.holds(fewer)


def test_the_list_tells_of_enrollments_that_the_own_lists_made(bench: Bench) -> None:
    with Meddler(bench.workspace.sandbox.url, no_list) as proxy:
        bench.configure(proxy.url)
        bench.good(drop_of(bench), slim())
    bench.configure()
    bench.quiet(drop_of(bench), slim())


def test_without_any_list_of_enrollments_a_run_ends_with_5_and_says_why(
    bench: Bench,
) -> None:
    before = bench.workspace.sandbox.dump()
    with Meddler(bench.workspace.sandbox.url, neither) as proxy:
        bench.configure(proxy.url)
        ended = bench.sync(drop_of(bench))
    bench.untouched(ended, before)
    assert "enrollments is forbidden" in ended.line


def test_without_the_list_one_person_who_may_not_be_read_ends_the_run_with_5(
    bench: Bench,
) -> None:
    last = max(slim().enrollments["userSourcedId"])

    def rule(heard: Heard) -> Trouble | None:
        return FORBIDDEN if heard.path == OWN + last else no_list(heard)

    bench.good(drop_of(bench), slim())
    before = bench.workspace.sandbox.dump()
    with Meddler(bench.workspace.sandbox.url, rule) as proxy:
        bench.configure(proxy.url)
        ended = bench.sync(drop_of(bench))
    bench.untouched(ended, before)


def emptied(content: bytes) -> bytes:
    """The list of enrollments as who may see none of it would get it."""
    if not content.startswith(b'{"enrollments":['):
        return content
    return b'{"enrollments":[],"totalCount":0,"pageCount":0,"offset":0}'


@pytest.mark.parametrize(
    "forgets", [False, True], ids=["after a night", "knowing none"]
)
def test_a_list_of_enrollments_that_is_empty_is_not_believed(
    bench: Bench, forgets: bool
) -> None:
    bench.good(drop_of(bench), slim())
    if forgets:
        bench.workspace.state.rename(bench.workspace.folder / "forgotten")
    before = bench.workspace.sandbox.dump()
    bench.workspace.sandbox.clear_requests()
    with Liar(bench.workspace.sandbox.url, emptied) as proxy:
        bench.configure(proxy.url)
        ended = bench.sync(drop_of(bench))
    bench.untouched(ended, before)
    assert "the list enrollments is empty" in ended.line


def test_rows_whose_person_course_or_school_is_not_there_are_blocked_and_told(
    bench: Bench,
) -> None:
    tables = slim()
    drop = drop_of(bench)
    stranger = row(tables)["userSourcedId"]
    (class_of,) = tables.classes.filter(sourcedId=row(tables, 7)["classSourcedId"])[
        "courseSourcedId"
    ]
    held = bench.workspace.sandbox.dump()
    bench.workspace.sandbox.reset()
    bench.workspace.sandbox.load(
        {
            "orgs": held["orgs"],
            "academicSessions": held["academicSessions"],
            "courses": [c for c in held["courses"] if c["sourcedId"] != class_of],
            "users": [u for u in held["users"] if u["sourcedId"] != stranger],
        }
    )
    ended = bench.sync(drop)
    assert ended.code == 1
    diff = ended.document["entities"]["enrollments"]["diff"]
    assert diff["blocked"] >= 2
    assert diff["blocked"] + diff["create"] == tables.enrollments.height
    assert ended.document["balanced"] is True
    assert bench.held().total() == diff["create"]
    told = (
        bench.workspace.state / "runs" / ended.document["run"] / "findings.csv"
    ).read_text("utf-8")
    assert "the target does not hold its user" in told
    assert "the target does not hold its course" in told


def test_a_rejected_student_keeps_his_enrollments(bench: Bench) -> None:
    bench.good(drop_of(bench), slim())
    student = row(slim())["userSourcedId"]
    broken = with_cell(slim(), "students", student, status="perhaps")
    ended = bench.sync(drop_of(bench, broken))
    assert ended.code == 1
    assert total(ended.document, "operations", "planned") == 0
    bench.holds(slim())


def test_roles_other_than_student_are_enrolled_as_such(bench: Bench) -> None:
    tables = slim()
    teacher = row(tables, role="teacher")
    for number, role in enumerate(("administrator", "proctor")):
        tables = with_row(tables, teacher, sourcedId=f"enr-x{number}", role=role)
    bench.good(drop_of(bench, tables), tables)
    roles = {fact[-1] for fact in bench.held()}
    assert roles == {"student", "teacher", "administrator", "proctor"}


def test_one_role_of_two_is_not_ended_because_the_other_would_go_with_it(
    bench: Bench,
) -> None:
    both = with_row(
        slim(), row(slim(), role="teacher"), sourcedId="enr-x", role="proctor"
    )
    bench.good(drop_of(bench, both), both)
    ended = bench.sync(drop_of(bench, slim()))
    assert ended.code == 0, ended.err
    assert total(ended.document, "operations", "planned") == 0
    bench.holds(both)
    neither_role = without(slim(), row(slim(), role="teacher")["sourcedId"])
    bench.good(drop_of(bench, neither_role), neither_role)


def test_somebody_who_changes_course_under_one_id_is_enrolled_there(
    bench: Bench,
) -> None:
    bench.good(drop_of(bench), slim())
    one, other = row(slim()), row(slim(), 1)
    there = {
        name: other[name]
        for name in ("classSourcedId", "courseSourcedId", "schoolSourcedId")
    }
    moved = with_cell(slim(), "enrollments", one["sourcedId"], **there)
    bench.good(drop_of(bench, moved), moved)
    bench.quiet(drop_of(bench, moved), moved)
    bench.good(drop_of(bench), slim())
    bench.quiet(drop_of(bench), slim())


def test_the_first_enrollment_of_each_course_goes_ahead_so_no_default_class_races(
    bench: Bench,
) -> None:
    bench.workspace.sandbox.configure(class_creation=0.1)
    bench.good(drop_of(bench), slim())
    assert bench.workspace.sandbox.dump()["races"] == []


def html(kind: str) -> Rule:
    page = Trouble(
        200, b"<html>Sign in</html>", (("Content-Type", "text/html"),), forward=True
    )
    return lambda heard: (
        page if heard.writes and heard.method == kind and heard.times == 1 else None
    )


@pytest.mark.parametrize(
    "kind", ["POST", pytest.param("DELETE", marks=pytest.mark.long)]
)
def test_a_page_in_place_of_an_answer_is_doubted_and_read_back(
    bench: Bench, kind: str
) -> None:
    fewer = without(slim(), "enr-000001", "enr-000052")
    bench.good(drop_of(bench, fewer), fewer)
    bench.good(drop_of(bench), slim())
    wanted = slim() if kind == "POST" else fewer
    before = fewer if kind == "POST" else slim()
    bench.good(drop_of(bench, before), before)
    with Meddler(bench.workspace.sandbox.url, html(kind)) as proxy:
        bench.configure(proxy.url)
        bench.good(drop_of(bench, wanted), wanted)


Settings = dict[str, Any]
ODD: dict[str, Settings] = {
    "no totals at all": {
        "totals": False,
        "total_header": False,
        "page_cap_api": 7,
        "clamp_limit": True,
    },
    "a filter that is ignored": {"ignore_filter": True},
    "ids of its own": {"allocate_ids": True},
    "lists that show what has ended": {"edubridge_shows_ended": True},
    "totals in headers alone": {"totals": False},
    "totals in bodies alone": {"total_header": False},
    "another order each time": {"unstable_order": True},
}


def lost(heard: Heard) -> Trouble | None:
    """The answer to each enrollment that is made is lost once."""
    first = heard.method == "POST" and "/enroll/" in heard.path and heard.times == 1
    return Trouble(None, forward=True) if first else None


@pytest.mark.parametrize(
    "settings",
    [
        {"edubridge_again": "another"},
        pytest.param({"edubridge_again": "refused"}, marks=pytest.mark.long),
        pytest.param(
            {"edubridge_again": "another", "allocate_ids": True}, marks=pytest.mark.long
        ),
    ],
    ids=["makes one more", "refuses", "makes one more under an id of its own"],
)
def test_an_answer_that_is_lost_enrolls_nobody_twice(
    bench: Bench, settings: dict[str, Any]
) -> None:
    bench.set(settings)
    with Meddler(bench.workspace.sandbox.url, lost) as proxy:
        bench.configure(proxy.url)
        bench.good(drop_of(bench), slim())
    bench.configure()
    bench.quiet(drop_of(bench), slim())


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(one, id=name, marks=[] if n == 0 else pytest.mark.long)
        for n, (name, one) in enumerate(ODD.items())
    ],
)
def test_odd_servers_are_read_whole(bench: Bench, settings: Settings) -> None:
    bench.set(settings)
    bench.good(drop_of(bench), slim())
    bench.quiet(drop_of(bench), slim())
    fewer = without(slim(), "enr-000001", "enr-000052")
    bench.good(drop_of(bench, fewer), fewer)
    bench.quiet(drop_of(bench, fewer), fewer)
    bench.good(drop_of(bench), slim())


def test_ids_with_slashes_and_quotes_are_told_apart(bench: Bench) -> None:
    user = row(slim())["userSourcedId"]
    odd = f"{user}/o'neill @x%2F"

    def renamed(frame: pl.DataFrame, *names: str) -> pl.DataFrame:
        return frame.with_columns(pl.col(names).replace(user, odd))

    tables = replace(
        slim(),
        students=renamed(slim().students, "sourcedId"),
        agents=renamed(slim().agents, "studentSourcedId"),
        enrollments=renamed(slim().enrollments, "userSourcedId"),
    )
    bench.workspace.sandbox.load(HARNESS.before(tables))
    bench.good(drop_of(bench, tables), tables)
    fewer = without(tables, row(tables)["sourcedId"])
    bench.good(drop_of(bench, fewer), fewer)
