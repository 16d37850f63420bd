from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from sync.model.entities import Entity, Mode
from sync.model.mirror import Mirror
from sync.model.roster import Roster
from sync.targets.base import Projection
from sync.targets.timeback.project import Context, project

Row = dict[str, Any]
Tables = Mapping[str, list[Row]]
TODAY = date(2026, 9, 15)
AT = datetime(2026, 9, 15, tzinfo=UTC)
PERSON = {
    "status": "active",
    "enabledUser": "true",
    "primaryOrgSourcedId": "o1",
    "roles": None,
    "email": None,
}
NAMES: dict[str, tuple[str, ...]] = {
    "students": ("_key", *PERSON, "username", "givenName"),
    "users": ("_key", *PERSON),
    "agents": ("_key", "studentSourcedId", "agentSourcedId", "status"),
    "enrollments": (
        "_key",
        "sourcedId",
        "userSourcedId",
        "classSourcedId",
        "courseSourcedId",
        "schoolSourcedId",
        "role",
        "status",
        "beginDate",
        "endDate",
    ),
}
REFERENCE = ("_key", "courseSourcedId", "schoolSourcedId")


def frame(entity: str, rows: list[Row], extra: tuple[str, ...] = ()) -> pl.DataFrame:
    names = (*NAMES.get(entity, REFERENCE), *extra)
    whole = [dict.fromkeys(names) | row for row in rows]
    return pl.DataFrame(whole, schema=dict.fromkeys(names, pl.String)).sort("_key")


def person(key: str, **cells: Any) -> Row:
    return {"_key": key} | PERSON | cells


def roles(*given: tuple[str, str]) -> str:
    return "\x1e".join(f"primary\x1f{role}\x1f{org}" for role, org in given)


def user(key: str, role: str = "teacher", org: str = "o1", **cells: Any) -> Row:
    return person(key, roles=roles((role, org))) | cells


def link(student: str, agent: str, **cells: Any) -> Row:
    own = {"studentSourcedId": student, "agentSourcedId": agent}
    return {"_key": f"{student}/{agent}"} | own | cells


def enrollment(key: str = "e1", user_key: str = "s1", **cells: Any) -> Row:
    own = {"_key": key, "sourcedId": key, "userSourcedId": user_key}
    return own | {"classSourcedId": "c1", "role": "student", "status": "active"} | cells


def held(key: str, remote_id: str, user_key: str = "s1", **cells: Any) -> Row:
    """A remote enrollment."""
    own = enrollment(remote_id, user_key, courseSourcedId="k1", schoolSourcedId="o1")
    return own | {"_key": key, "_remote_id": remote_id} | cells


CLASS = {"_key": "c1", "courseSourcedId": "k1", "schoolSourcedId": "o1"}
REMOTE: Tables = {
    "orgs": [{"_key": "o1"}],
    "courses": [{"_key": "k1"}],
    "classes": [CLASS],
    "students": [person("s1")],
    "users": [user("u1")],
    "enrollments": [],
}


def projected(  # noqa: PLR0913 - each keyword is one fact of the case
    drop: Tables,
    remote: Tables | None = None,
    *,
    edubridge: bool = True,
    api: bool = True,
    bulk: tuple[str, ...] = (),
    frozen: tuple[tuple[str, str], ...] = (),
    rejected: Tables | None = None,
) -> Projection:
    """The projection of a drop; a person of ``REMOTE`` is there unless told."""
    frames = {
        Entity(name): frame(name, rows).with_columns(
            pl.lit(f"{name}.csv").alias("_file"),
            pl.lit(2, pl.UInt32).alias("_row"),
            pl.lit(None, pl.String).alias("_keep"),
        )
        for name, rows in drop.items()
    }
    modes = {Entity(n): Mode.BULK if n in bulk else Mode.DELTA for n in drop}
    protected = pl.DataFrame(
        [{"entity": name, "_key": key} for name, key in frozen],
        schema={"entity": pl.String, "_key": pl.String},
    )
    roster = Roster(
        frames,
        modes,
        {},
        protected,
        rejected={Entity(n): frame(n, rows) for n, rows in (rejected or {}).items()},
    )
    there = {
        Entity(name): frame(name, rows, ("_remote_id",))
        for name, rows in ({**REMOTE, **(remote or {})}).items()
    }
    mirror = Mirror(there, {}, {}, AT)
    return project(
        Context(roster, mirror, TODAY, edubridge=edubridge, writes_enrollments=api)
    )


def decisions(found: Projection, entity: str) -> dict[str, str | None]:
    whole = found.frames[Entity(entity)]
    return dict(whole.select("_key", "_decision").rows())


def one(found: Projection, entity: str) -> Row:
    return found.frames[Entity(entity)].row(0, named=True)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([("teacher", "o1")], [("teacher", "o1")]),
        ([("administrator", "o1")], [("siteAdministrator", "o1")]),
        ([("districtAdministrator", "o1")], [("districtAdministrator", "o1")]),
        ([("teacher", "")], [("teacher", "o9")]),
        ([("administrator", "")], [("siteAdministrator", "o9")]),
        ([("ext:coach", "o1"), ("teacher", "o1")], [("teacher", "o1")]),
        (
            [("teacher", "o2"), ("teacher", "o1"), ("aide", "o1")],
            [("aide", "o1"), ("teacher", "o1"), ("teacher", "o2")],
        ),
        (
            [("administrator", "o1"), ("siteAdministrator", "o1")],
            [("siteAdministrator", "o1")],
        ),
    ],
)
def test_roles_are_those_of_the_platform_each_with_an_org(
    given: list[tuple[str, str]], expected: list[tuple[str, str]]
) -> None:
    row = user("u1", primaryOrgSourcedId="o9", roles=roles(*given))
    found = one(projected({"users": [row]}, {"orgs": [{"_key": "o9"}]}), "users")
    assert (found["roles"], found["_decision"]) == (roles(*expected), None)


def test_a_user_of_whose_roles_the_platform_knows_none_is_unsupported() -> None:
    found = projected({"users": [user("u1", "ext:coach")]})
    assert decisions(found, "users") == {"u1": "unsupported"}
    assert found.findings.frame["code"].to_list() == ["RS302"]


def test_the_row_of_a_mere_student_says_nothing_of_other_roles() -> None:
    both = roles(("student", "o1"), ("teacher", "o1"))
    found = projected({"students": [person("s1"), person("s2", roles=both)]})
    whole = found.frames[Entity.STUDENTS]
    assert whole["_keep"].to_list() == [",roles,", None]


@pytest.mark.parametrize(
    ("org", "bulk", "drop_orgs", "decision"),
    [
        ("o1", (), None, None),
        ("o2", (), None, "blocked"),
        ("o2", (), [{"_key": "o2"}], None),
        ("o2", ("orgs",), [], None),
    ],
)
def test_a_person_of_an_org_that_nobody_holds_is_blocked(
    org: str, bulk: tuple[str, ...], drop_orgs: list[Row] | None, decision: str | None
) -> None:
    drop = {"students": [person("s9", primaryOrgSourcedId=org)]}
    if drop_orgs is not None:
        drop["orgs"] = drop_orgs
    found = projected(drop, bulk=bulk)
    assert decisions(found, "students") == {"s9": decision}


@pytest.mark.parametrize(
    ("drop", "remote", "blocked"),
    [
        ([("new1", "a@x"), ("new2", "A@X")], [], {"new1", "new2"}),
        ([("s1", "a@x"), ("new", "A@x")], [("s1", "a@x")], {"new"}),
        ([("s1", "a@x"), ("s2", "a@x")], [("s1", None), ("s2", None)], set()),
        ([("new", "a@x")], [("s7", "A@x")], {"new"}),
        ([("s1", "a@x")], [("s1", None), ("s7", "a@x")], set()),
        ([("new1", None), ("new2", None)], [("s7", None)], set()),
        ([("new", "a@x")], [("s7", "b@x")], set()),
    ],
)
def test_a_shared_email_holds_back_the_student_without_a_partner(
    drop: list[tuple[str, str | None]],
    remote: list[tuple[str, str | None]],
    blocked: set[str],
) -> None:
    found = projected(
        {"students": [person(key, email=mail) for key, mail in drop]},
        {"students": [person(key, email=mail) for key, mail in remote]},
    )
    told = decisions(found, "students")
    assert {key for key, decision in told.items() if decision == "blocked"} == blocked


OLD = person("old", email="A@x")
OF_OLD: Tables = {
    "students": [OLD, person("s1")],
    "agents": [link("old", "u1"), link("s1", "u1")],
    "enrollments": [held("old/k1/o1/student", "r1", "old"), held("e2", "r2")],
}


@pytest.mark.parametrize("edubridge", [True, False])
def test_a_row_that_is_held_back_says_whom_it_may_mean(edubridge: bool) -> None:
    drop = {"students": [person("new", email="a@x"), person("s1")]}
    found = projected(drop, OF_OLD, edubridge=edubridge)
    assert decisions(found, "students") == {"new": "blocked", "s1": None}
    assert dict(found.frames[Entity.STUDENTS].select("_key", "_meant").rows()) == {
        "new": ["old"],
        "s1": None,
    }
    assert found.frozen.is_empty()
    (message,) = found.findings.frame.filter(code="RS301")["message"]
    assert "(old)" in message


def test_a_username_alone_holds_nobody_back() -> None:
    cells = {"username": "Ann", "givenName": "Ann"}
    drop, remote = person("new", **cells), person("old", **cells)
    found = projected({"students": [drop]}, {"students": [remote]})
    assert decisions(found, "students") == {"new": None}


@pytest.mark.parametrize(
    ("drop", "old"),
    [
        pytest.param([person("s1")], OLD, id="no row of his e-mail"),
        pytest.param([person("new", email="b@x")], OLD, id="another e-mail"),
        pytest.param(
            [person("new", email="a@x")], OLD | {"status": "tobedeleted"}, id="ended"
        ),
        pytest.param([person("s1", email="a@x")], OLD, id="a row that is there"),
    ],
)
def test_nobody_else_is_held_back_for_an_email(drop: list[Row], old: Row) -> None:
    found = projected({"students": drop}, {"students": [old, person("s1")]})
    assert set(decisions(found, "students").values()) == {None}
    assert set(found.frames[Entity.STUDENTS]["_meant"]) == {None}


@pytest.mark.parametrize(
    ("given", "bulk", "expected"),
    [
        (("teacher",), (), ("student", "teacher")),
        (("teacher",), ("students",), ("teacher",)),
        (("student", "teacher"), (), ("student", "teacher")),
        (("ext:coach",), (), None),
    ],
)
def test_only_a_whole_file_of_students_takes_that_role_from_a_user(
    given: tuple[str, ...], bulk: tuple[str, ...], expected: tuple[str, ...] | None
) -> None:
    drop = {"users": [person("b", roles=roles(*((one, "o1") for one in given)))]}
    whole: Tables = {**drop, "students": []} if bulk else drop
    there = roles(("parent", "o1"), ("student", "o1"))
    found = projected(whole, {"students": [person("b", roles=there)]}, bulk=bulk)
    wanted = expected and roles(*((one, "o1") for one in expected))
    assert one(found, "users")["roles"] == wanted


@pytest.mark.parametrize(
    ("cells", "protected"),
    [
        ({}, {"r1"}),
        ({"role": "teacher"}, {"r2"}),
        ({"role": "?"}, {"r1", "r2"}),
        ({"userSourcedId": "s2"}, set()),
    ],
)
def test_a_row_under_the_id_of_another_record_protects_what_it_states(
    cells: Row, protected: set[str]
) -> None:
    there = [
        held("r1", "r1"),
        held("r2", "r2", role="teacher"),
        held("r9", "r9", "s2"),
    ]
    found = projected(
        {"enrollments": []},
        {"students": [person("s1"), person("s2")], "enrollments": there},
        edubridge=False,
        frozen=(("enrollments", "r9"),),
        rejected={"enrollments": [enrollment("r9") | cells]},
    )
    keys = found.frozen.filter(entity="enrollments")["_key"]
    assert set(keys) == protected | {"r9"}


@pytest.mark.parametrize(
    ("drop", "decision"),
    [
        pytest.param({}, None, id="both are there"),
        pytest.param({"agents": [link("s1", "u9")]}, "blocked", id="nobody has u9"),
        pytest.param({"agents": [link("s9", "u1")]}, "blocked", id="nobody has s9"),
        pytest.param(
            {"agents": [link("s1", "u9")], "users": [user("u9", "parent")]},
            None,
            id="the drop brings u9",
        ),
        pytest.param(
            {"agents": [link("s1", "u9")], "users": [user("u9", "ext:coach")]},
            "blocked",
            id="u9 cannot be written",
        ),
        pytest.param(
            {"agents": [link("s1", "u1")], "users": [user("u1", "ext:coach")]},
            None,
            id="u1 cannot be written but is there",
        ),
        pytest.param(
            {
                "agents": [link("s1", "u9")],
                "users": [user("u9", "parent", status="tobedeleted")],
            },
            "blocked",
            id="u9 leaves before he came",
        ),
    ],
)
def test_a_link_needs_both_of_its_people(drop: Tables, decision: str | None) -> None:
    found = projected({"agents": [link("s1", "u1")], **drop})
    assert list(decisions(found, "agents").values()) == [decision]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"status": None}, "active"),
        ({"status": "active"}, "active"),
        ({"status": "inactive"}, "tobedeleted"),
        ({"status": "tobedeleted"}, "tobedeleted"),
    ],
)
def test_links_and_enrollments_are_there_or_ended(cells: Row, expected: str) -> None:
    found = projected(
        {"agents": [link("s1", "u1", **cells)], "enrollments": [enrollment(**cells)]}
    )
    assert one(found, "agents")["status"] == expected
    assert one(found, "enrollments")["status"] == expected


EDUBRIDGE_KEY = "s1/k1/o1/student"


@pytest.mark.parametrize(
    ("cells", "remote", "key", "decision", "reason"),
    [
        ({}, {}, EDUBRIDGE_KEY, None, None),
        (
            {"courseSourcedId": "k2", "schoolSourcedId": "o/2"},
            {"courses": [{"_key": "k2"}]},
            "s1/k2/o%2F2/student",
            None,
            None,
        ),
        (
            {"classSourcedId": None, "courseSourcedId": "k1", "schoolSourcedId": "o1"},
            {},
            EDUBRIDGE_KEY,
            None,
            None,
        ),
        ({"role": "aide"}, {}, "?e1", "unsupported", "no such role"),
        ({"role": "ext:coach"}, {}, "?e1", "unsupported", "no such role"),
        ({"userSourcedId": "s9"}, {}, "?e1", "blocked", "userSourcedId"),
        ({"classSourcedId": "c9"}, {}, "?e1", "blocked", "its class"),
        ({}, {"classes": [{"_key": "c1"}]}, "?e1", "blocked", "no course"),
        (
            {},
            {"classes": [{"_key": "c1", "courseSourcedId": "k1"}]},
            "?e1",
            "blocked",
            "no school",
        ),
        ({}, {"courses": []}, "?e1", "blocked", "holds its course"),
        ({"beginDate": "2026-09-16"}, {}, EDUBRIDGE_KEY, "deferred", "beginDate"),
        ({"beginDate": "2026-09-15"}, {}, EDUBRIDGE_KEY, None, None),
        ({"endDate": "2026-09-15"}, {}, EDUBRIDGE_KEY, None, None),
    ],
)
def test_edubridge_enrolls_in_a_course_at_a_school(
    cells: Row, remote: Tables, key: str, decision: str | None, reason: str | None
) -> None:
    found = one(
        projected({"enrollments": [enrollment(**cells)]}, remote), "enrollments"
    )
    assert (found["_key"], found["_decision"]) == (key, decision)
    assert reason is None or reason in found["_reason"]


@pytest.mark.parametrize(
    ("cells", "status", "decision"),
    [
        ({"endDate": "2026-09-14"}, "tobedeleted", None),
        ({"endDate": "2026-09-15"}, "active", None),
        ({"endDate": "2026-09-14", "beginDate": "2026-09-20"}, "tobedeleted", None),
        ({"status": "tobedeleted", "beginDate": "2026-09-20"}, "tobedeleted", None),
    ],
)
def test_edubridge_keeps_no_end_so_the_date_decides(
    cells: Row, status: str, decision: str | None
) -> None:
    found = one(projected({"enrollments": [enrollment(**cells)]}), "enrollments")
    assert (found["status"], found["_decision"]) == (status, decision)


def test_without_an_api_enrollments_are_unsupported() -> None:
    found = projected({"enrollments": [enrollment()]}, api=False)
    assert set(decisions(found, "enrollments").values()) == {"unsupported"}


ENDED = {"status": "tobedeleted"}
LATER = {"beginDate": "2026-10-01"}


@pytest.mark.parametrize(
    ("rows", "stands", "status", "decision"),
    [
        ([{}, {}], "e0", "active", None),
        ([ENDED, {}], "e1", "active", None),
        ([ENDED, LATER, {}], "e2", "active", None),
        ([ENDED, LATER], "e1", "active", "deferred"),
        ([ENDED, ENDED], "e0", "tobedeleted", None),
    ],
)
def test_rows_of_one_remote_enrollment_are_one_and_it_ends_with_the_last(
    rows: list[Row], stands: str, status: str, decision: str | None
) -> None:
    listed = [enrollment(f"e{place}", **row) for place, row in enumerate(rows)]
    for order in (listed, listed[::-1]):
        found = projected({"enrollments": order})
        (row,) = found.frames[Entity.ENROLLMENTS].to_dicts()
        assert (row["sourcedId"], row["status"], row["_decision"]) == (
            stands,
            status,
            decision,
        )
        assert found.merged[Entity.ENROLLMENTS] == len(rows) - 1


def test_rows_that_are_not_carried_out_are_not_folded() -> None:
    found = projected(
        {"enrollments": [enrollment("e1", role="aide"), enrollment("e2", role="aide")]}
    )
    assert found.merged[Entity.ENROLLMENTS] == 0
    assert list(decisions(found, "enrollments")) == ["?e1", "?e2"]


def roster_enrollment(remote_id: str, **cells: Any) -> Row:
    return held(remote_id, remote_id, **cells)


@pytest.mark.parametrize(
    ("rows", "remote", "keys"),
    [
        ([enrollment("new")], [roster_enrollment("old")], ["old"]),
        ([enrollment("old")], [roster_enrollment("old")], ["old"]),
        ([enrollment("new")], [], ["new"]),
        ([enrollment("new")], [roster_enrollment("old", role="teacher")], ["new"]),
        ([enrollment("new")], [roster_enrollment("old", **ENDED)], ["new"]),
        (
            [enrollment("new")],
            [roster_enrollment("old"), roster_enrollment("other")],
            ["new"],
        ),
        (
            [enrollment("new"), enrollment("old")],
            [roster_enrollment("old")],
            ["new", "old"],
        ),
        (
            [enrollment("new1"), enrollment("new2")],
            [roster_enrollment("old")],
            ["new1", "new2"],
        ),
        ([enrollment("new", **ENDED)], [roster_enrollment("old")], ["new"]),
    ],
)
def test_in_oneroster_a_new_id_of_the_same_user_class_and_role_is_that_record(
    rows: list[Row], remote: list[Row], keys: list[str]
) -> None:
    found = projected({"enrollments": rows}, {"enrollments": remote}, edubridge=False)
    assert found.frames[Entity.ENROLLMENTS]["_key"].to_list() == keys
    assert found.merged[Entity.ENROLLMENTS] == 0


@pytest.mark.parametrize(
    ("cells", "decision"),
    [
        ({}, None),
        ({"beginDate": "2027-01-01"}, None),
        ({"classSourcedId": None, "courseSourcedId": "k1"}, "unsupported"),
        ({"classSourcedId": "c9"}, "blocked"),
        ({"role": "aide"}, "unsupported"),
    ],
)
def test_oneroster_keeps_dates_and_needs_a_class(
    cells: Row, decision: str | None
) -> None:
    found = projected({"enrollments": [enrollment(**cells)]}, edubridge=False)
    assert decisions(found, "enrollments") == {"e1": decision}


def frozen_enrollments(found: Projection) -> list[str]:
    mine = found.frozen.filter(pl.col("entity") == "enrollments")
    return sorted(set(mine["_key"]))


HELD = [
    held("s1/k1/o1/student", "r1"),
    held("s1/k2/o1/student", "r2", classSourcedId="c2", courseSourcedId="k2"),
    held("s2/k1/o1/student", "r3", "s2"),
    held("s2/k2/o1/student", "r4", "s2", classSourcedId="c2", courseSourcedId="k2"),
]
SCHOOL: Tables = {
    "classes": [CLASS, CLASS | {"_key": "c2", "courseSourcedId": "k2"}],
    "courses": [{"_key": "k1"}, {"_key": "k2"}],
    "students": [person("s1"), person("s2")],
    "enrollments": HELD,
}


@pytest.mark.parametrize(
    ("cells", "protected"),
    [
        pytest.param({}, {"r1"}, id="its user in its course"),
        pytest.param({"classSourcedId": "c9"}, {"r1", "r2"}, id="course unknown"),
        pytest.param({"classSourcedId": None}, {"r1", "r2"}, id="no class"),
        pytest.param({"userSourcedId": "typo"}, {"r1", "r3"}, id="user unknown"),
        pytest.param({"userSourcedId": None}, {"r1", "r3"}, id="no user"),
        pytest.param({"_key": "r4"}, {"r1", "r4"}, id="and the record of its id"),
    ],
)
@pytest.mark.parametrize("edubridge", [True, False])
def test_what_a_rejected_enrollment_may_have_meant_is_frozen(
    cells: Row, protected: set[str], edubridge: bool
) -> None:
    """In OneRoster a row of another id may mean a record by its user and class."""
    rejected = enrollment("e1") | cells
    remote = HELD if edubridge else [row | {"_key": row["_remote_id"]} for row in HELD]
    found = projected(
        {"enrollments": []},
        {**SCHOOL, "enrollments": remote},
        edubridge=edubridge,
        frozen=(("enrollments", rejected["_key"]),),
        rejected={"enrollments": [rejected]},
    )
    keys = {row["_remote_id"]: row["_key"] for row in remote}
    expected = {keys[one] for one in protected} | {rejected["_key"]}
    assert set(frozen_enrollments(found)) == expected


def test_what_an_accepted_row_names_is_not_frozen_for_a_rejected_one() -> None:
    rejected = enrollment("e1", classSourcedId=None)
    found = projected(
        {"enrollments": [enrollment("e2")]},
        SCHOOL,
        frozen=(("enrollments", "e1"),),
        rejected={"enrollments": [rejected]},
    )
    assert frozen_enrollments(found) == ["e1", "s1/k2/o1/student"]


@pytest.mark.parametrize(
    ("cells", "remote", "protected"),
    [
        (
            {},
            {"classes": [{"_key": "c1", "courseSourcedId": "k1"}]},
            {"s1/k1/o1/student"},
        ),
        (
            {},
            {"courses": [{"_key": "k2"}]},
            {"s1/k1/o1/student", "s1/k2/o1/student"},
        ),
        (
            {"classSourcedId": "c9"},
            {},
            {"s1/k1/o1/student", "s1/k2/o1/student"},
        ),
        (
            {"userSourcedId": "typo"},
            {},
            {"s1/k1/o1/student", "s2/k1/o1/student"},
        ),
        ({"role": "aide"}, {}, set()),
    ],
)
def test_what_a_blocked_enrollment_may_have_meant_is_frozen(
    cells: Row, remote: Tables, protected: set[str]
) -> None:
    """Nothing is removed because its class or course could not be found."""
    found = projected({"enrollments": [enrollment(**cells)]}, {**SCHOOL, **remote})
    assert set(frozen_enrollments(found)) == protected


def test_what_is_left_out_is_told_once_for_each_reason_and_blocked_rows_singly() -> (
    None
):
    rows = [
        enrollment("e1", role="aide"),
        enrollment("e2", role="aide"),
        enrollment("e3", classSourcedId="c9"),
        enrollment("e4", classSourcedId="c9"),
        enrollment("e5", beginDate="2027-01-01"),
    ]
    told = projected({"enrollments": rows}).findings.frame
    assert sorted(told["code"]) == ["RS301", "RS301", "RS302", "RS303"]
    (left_out,) = told.filter(code="RS302")["message"]
    assert left_out.startswith("2 rows of enrollments are not supported")
    assert told.filter(code="RS301")["file"].to_list() == ["enrollments.csv"] * 2


def test_the_order_of_rows_is_irrelevant() -> None:
    rows = [
        enrollment(f"e{n}", f"s{n % 2 + 1}", classSourcedId=f"c{n % 3}")
        for n in range(12)
    ]
    drop = {"students": [person("s2"), person("s1")], "enrollments": rows}
    backwards = {name: list(reversed(given)) for name, given in drop.items()}
    for edubridge in (True, False):
        one_way, other = (
            projected(given, SCHOOL, edubridge=edubridge) for given in (drop, backwards)
        )
        for entity, whole in one_way.frames.items():
            assert_frame_equal(whole, other.frames[entity])
        assert_frame_equal(one_way.frozen, other.frozen)
