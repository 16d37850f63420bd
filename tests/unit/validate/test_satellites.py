"""Files that tell more of people: roles, demographics, profiles."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest

from sync.model.roster import Roster
from sync.validate import validate

Row = dict[str, str]


def person(school: Any, key: str = "u1", **cells: str) -> Row:
    """A row of users whose role stands in another file."""
    return {k: v for k, v in school.user(key, **cells).items() if k != "role"}


def role(key: str = "u1", name: str = "teacher", org: str = "o1", **cells: str) -> Row:
    own = {"userSourcedId": key, "roleType": "primary", "role": name}
    return {**own, "orgSourcedId": org, **cells}


def birth(key: str = "s1", date: str = "2015-02-03", **cells: str) -> Row:
    return {"sourcedId": key, "birthDate": date, **cells}


def profile(key: str = "s1", **cells: str) -> Row:
    own = {"userSourcedId": key, "profileType": "login", "vendorId": "v"}
    return {**own, "credentialType": "SSO", "username": "a", **cells}


def lenient(school: Any, tables: dict[str, list[Row]], *columns: str) -> Judged:
    """Judge a drop of a layout that may leave these columns blank."""
    mapped = school.mapped(tables)
    optional = {
        entity: replace(table, optional=frozenset(columns))
        for entity, table in mapped.tables.items()
    }
    drop = replace(mapped, tables=optional)
    return Judged(validate(drop, today=date(2026, 9, 1))[0])


@dataclass(frozen=True)
class Judged:
    """What is left of a drop."""

    roster: Roster


def people(judged: Any, entity: str, *columns: str) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = judged.roster.frames[entity].select(columns).rows()
    return rows


def encoded(kind: str, name: str, org: str) -> str:
    return f"{kind}\x1f{name}\x1f{org}"


def test_people_get_the_roles_that_another_file_gives(school: Any) -> None:
    rows = [role(), role(org="o2", roleType="secondary"), role("s1", "student")]
    judged = school.judge(
        {"students": [school.student()], "users": [person(school)], "roles": rows}
    )
    assert judged.short == []
    two = f"{encoded('primary', 'teacher', 'o1')}\x1e"
    two += encoded("secondary", "teacher", "o2")
    assert people(judged, "users", "_key", "roles") == [("u1", two)]
    assert people(judged, "students", "_key", "roles") == [("s1", None)]
    assert "roles" not in judged.roster.frames
    assert "roles" not in judged.roster.counts


@pytest.mark.parametrize(
    "roles", [[], [role("u2")], [role("U1")], [role("u1", org="")]]
)
def test_a_person_without_a_role_is_rejected(school: Any, roles: list[Row]) -> None:
    judged = school.judge(
        {
            "users": [person(school), person(school, "u2")],
            "roles": [*roles, role("u2", "aide")],
        }
    )
    assert judged.keys("users") == ["u2"]
    assert "u1" in judged.roster.frozen_people.to_list()
    assert judged.counts("users") == (2, 1, 0, 1)


def test_without_a_file_of_roles_nobody_has_one(school: Any) -> None:
    judged = school.judge({"users": [person(school)]})
    assert judged.short == [("RS207", "users", 2, None)]
    assert judged.keys("users") == []


def test_where_users_say_their_role_nobody_needs_another_file(school: Any) -> None:
    judged = school.judge({"users": [school.user()], "roles": [role("u2")]})
    assert "RS207" not in judged.codes


@pytest.mark.parametrize(
    ("bad", "column"),
    [
        (role("u1", "janitor"), "role"),
        (role("u1", roleType="main"), "roleType"),
        (role("u1", org=""), "orgSourcedId"),
        (role("u1", org="nowhere"), "orgSourcedId"),
        (role("u1", status="gone"), "status"),
        (role("u1", beginDate="31/31/2026"), "beginDate"),
    ],
)
def test_a_role_that_is_rejected_brings_its_person_down(
    school: Any, bad: Row, column: str
) -> None:
    orgs = [{"sourcedId": "o1", "name": "A", "type": "school"}]
    judged = school.judge(
        {"orgs": orgs, "users": [person(school)], "roles": [bad]},
    )
    cause = judged.one("RS206")
    (root,) = [one for one in judged.short if one[0] != "RS206"]
    assert (root[1], root[2], root[3]) == ("roles", 2, column)
    assert (cause["file"], cause["cause_file"], cause["cause_line"]) == (
        "users.csv",
        "roles.csv",
        2,
    )
    assert cause["cause_code"] == root[0]
    assert judged.roster.frozen_people.to_list() == ["u1"]
    assert not judged.roster.no_removals


def test_findings_of_a_file_that_tells_more_of_people_name_no_entity(
    school: Any,
) -> None:
    judged = school.judge(
        {"users": [person(school)], "roles": [role(), role(name="janitor")]}
    )
    found = judged.findings.frame.filter(file="roles.csv")
    assert found["entity"].to_list() == [None]


def test_a_person_keeps_the_role_that_stands_beside_one_that_fell(
    school: Any,
) -> None:
    judged = school.judge(
        {"users": [person(school)], "roles": [role(), role(name="janitor")]}
    )
    standing = encoded("primary", "teacher", "o1")
    assert people(judged, "users", "_key", "roles") == [("u1", standing)]
    assert judged.roster.frozen_people.to_list() == ["u1"]


def test_a_role_without_a_person_protects_all_people(school: Any) -> None:
    judged = school.judge(
        {"users": [person(school)], "roles": [role(), role("")]},
    )
    assert judged.roster.no_removals == {"users"}


def test_a_row_of_roles_of_the_wrong_width_protects_all_people(school: Any) -> None:
    judged = school.judge(
        {
            "students": [school.student()],
            "users": [person(school)],
            "roles": [role(), role("s1", "student")],
        },
        ragged={"roles": 1},
    )
    assert judged.roster.no_removals == {"students", "users"}
    assert judged.counts("users") == (1, 1, 0, 0)


def test_a_role_of_nobody_is_rejected(school: Any) -> None:
    students, users = [school.student()], [person(school)]
    rows = [role(), role("u9"), role("s1", "student")]
    judged = school.judge({"students": students, "users": users, "roles": rows})
    (found,) = judged.short
    assert found[1:] == ("roles", 3, "userSourcedId")
    assert judged.keys("users") == ["u1"]


@pytest.mark.parametrize(
    ("status", "rows", "roles"),
    [
        ("active", [role(status="tobedeleted"), role(name="aide")], ["aide"]),
        ("active", [role(status="tobedeleted")], []),
        ("tobedeleted", [role(status="tobedeleted")], ["teacher"]),
        ("active", [role(), role(name="aide", status="")], ["aide", "teacher"]),
    ],
)
def test_a_role_to_be_deleted_is_one_only_of_a_person_who_is_too(
    school: Any, status: str, rows: list[Row], roles: list[str]
) -> None:
    judged = school.judge({"users": [person(school, status=status)], "roles": rows})
    whole = "\x1e".join(encoded("primary", one, "o1") for one in roles)
    assert people(judged, "users", "roles") == ([(whole,)] if roles else [])
    assert judged.codes == ([] if roles else ["RS207"])


@pytest.mark.parametrize(
    ("own", "rows", "org"),
    [
        ("o7", [role()], "o7"),
        ("", [role(org="o3")], "o3"),
        ("", [role(org="o2", roleType="secondary"), role(org="o3")], "o3"),
        ("", [role(org="o3"), role(org="o2")], "o2"),
        ("", [role(org="o3", roleType="secondary")], "o3"),
        ("", [role(org="o3", status="tobedeleted"), role(org="o4")], "o4"),
    ],
)
def test_the_primary_org_is_that_of_the_primary_role(
    school: Any, own: str, rows: list[Row], org: str
) -> None:
    tables = {"users": [person(school, primaryOrgSourcedId=own)], "roles": rows}
    judged = lenient(school, tables, "primaryOrgSourcedId")
    assert people(judged, "users", "primaryOrgSourcedId") == [(org,)]


def test_the_birth_date_is_that_of_demographics_and_else_not_delivered(
    school: Any,
) -> None:
    rows = [
        birth("s1"),
        birth("s2", ""),
        birth("s3", status="tobedeleted"),
        birth("s4", "tomorrow"),
    ]
    keys = [f"s{n}" for n in range(1, 6)]
    judged = school.judge(
        {"students": [school.student(key) for key in keys], "demographics": rows}
    )
    assert people(judged, "students", "_key", "birthDate", "_keep") == [
        ("s1", "2015-02-03", None),
        ("s2", None, None),
        ("s3", None, ",birthDate,"),
        ("s4", None, ",birthDate,"),
        ("s5", None, ",birthDate,"),
    ]
    assert judged.roster.frozen_people.to_list() == ["s4"]


def test_without_demographics_there_is_no_birth_date(school: Any) -> None:
    judged = school.judge({"students": [school.student()]})
    assert "birthDate" not in judged.roster.frames["students"].columns


def test_a_birth_date_in_the_own_row_goes_before_demographics(school: Any) -> None:
    judged = school.judge(
        {
            "students": [school.student(birthDate="2014-01-01")],
            "demographics": [birth()],
        }
    )
    assert people(judged, "students", "birthDate") == [("2014-01-01",)]


def test_demographics_without_dates_tell_nothing(school: Any) -> None:
    judged = school.judge(
        {"students": [school.student()], "demographics": [{"sourcedId": "s1"}]}
    )
    assert judged.short == []
    assert "birthDate" not in judged.roster.frames["students"].columns


@pytest.mark.parametrize(
    ("row", "column", "frozen"),
    [
        (profile(username=""), "username", ["s1"]),
        (profile("s9"), "userSourcedId", ["s9"]),
        (profile(vendorId=""), "vendorId", ["s1"]),
    ],
)
def test_a_profile_that_is_rejected_freezes_its_person_and_rejects_nobody(
    school: Any, row: Row, column: str, frozen: list[str]
) -> None:
    both = {"students": [school.student()], "users": [school.user()]}
    judged = school.judge(both | {"userProfiles": [row]})
    (found,) = judged.short
    assert found[1:] == ("userProfiles", 2, column)
    assert judged.keys("students") == ["s1"]
    assert judged.roster.frozen_people.to_list() == frozen


def test_a_profile_may_be_of_no_application(school: Any) -> None:
    rows = [profile(), profile(vendorId="w")]
    judged = school.judge({"students": [school.student()], "userProfiles": rows})
    assert judged.short == []


@pytest.mark.parametrize(
    ("roles", "said", "relation", "keep"),
    [
        (["guardian"], "", "guardian", None),
        (["relative", "parent"], "", "parent", None),
        (["teacher", "relative"], "", "relative", None),
        (["teacher"], "", "guardian", ",relationshipType,"),
        (["parent"], "aunt", "aunt", None),
    ],
)
def test_a_relationship_that_is_not_said_is_the_role_of_the_agent(
    school: Any, roles: list[str], said: str, relation: str, keep: str | None
) -> None:
    tables = {
        "students": [school.student()],
        "users": [person(school)],
        "roles": [*(role("u1", one) for one in roles), role("s1", "student")],
        "agents": [school.agent(relationshipType=said)],
    }
    judged = lenient(school, tables, "relationshipType")
    assert people(judged, "agents", "relationshipType", "_keep") == [(relation, keep)]


def test_the_relationship_of_an_agent_who_is_not_in_the_drop_is_not_delivered(
    school: Any,
) -> None:
    links = [school.agent(relationshipType="")]
    judged = lenient(school, {"agents": links}, "relationshipType")
    kept = people(judged, "agents", "relationshipType", "_keep")
    assert kept == [("guardian", ",relationshipType,")]


@pytest.mark.parametrize(
    ("stated", "roles"),
    [
        ("primary/teacher/o1", [("primary", "teacher", "o1")]),
        (
            "primary/teacher/o1 secondary/aide/o2",
            [("primary", "teacher", "o1"), ("secondary", "aide", "o2")],
        ),
        ("/teacher/", [("primary", "teacher", "")]),
        ("primary/teacher/o%2F1%20a%2520", [("primary", "teacher", "o/1 a%20")]),
    ],
)
def test_a_text_of_roles_goes_before_the_role_of_the_row(
    school: Any, stated: str, roles: list[tuple[str, str, str]]
) -> None:
    judged = school.judge({"users": [school.user(role="parent", roles=stated)]})
    whole = "\x1e".join(encoded(*one) for one in roles)
    assert people(judged, "users", "roles") == [(whole,)]


@pytest.mark.parametrize(
    ("orgs", "roles"),
    [
        ("o1", [("primary", "teacher", "o1")]),
        ("o2,o1", [("primary", "teacher", "o1"), ("secondary", "teacher", "o2")]),
        ("o2", [("secondary", "teacher", "o2")]),
    ],
)
def test_the_role_is_held_at_each_of_the_orgs(
    school: Any, orgs: str, roles: list[tuple[str, str, str]]
) -> None:
    judged = school.judge({"users": [school.user(orgSourcedIds=orgs)]})
    whole = "\x1e".join(encoded(*one) for one in roles)
    assert people(judged, "users", "roles") == [(whole,)]


def test_a_row_without_a_list_of_orgs_says_its_role_plainly(school: Any) -> None:
    rows = [school.user(orgSourcedIds="", roleType="primary", roleOrgSourcedId="o5")]
    plain = school.judge({"users": [{**one} for one in rows]})
    assert people(plain, "users", "roles") == [(encoded("primary", "teacher", "o5"),)]


def test_roles_may_leave_out_their_org_where_the_layout_has_none(school: Any) -> None:
    rows = [{"userSourcedId": "u1", "role": "teacher"}]
    tables = {"users": [person(school)], "roles": rows}
    judged = lenient(school, tables, "roleType", "orgSourcedId")
    assert people(judged, "users", "roles") == [(encoded("primary", "teacher", ""),)]
