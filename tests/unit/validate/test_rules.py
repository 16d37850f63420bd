"""Every rule on single rows, on both sides of its boundary."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from sync.validate import validate

# A rule's case: table, the cells that differ from a good row, and what is found.
Case = tuple[str, dict[str, str], list[tuple[str, str, str]]]
NO, SAY = "rejected", "warning"

LONG = "x" * 255
BOOLEANS = ("true", "1", "YES", "y", "False", "0", "no", "N")

STUDENTS: list[tuple[dict[str, str], list[tuple[str, str, str]]]] = [
    ({}, []),
    *(
        ({name: blank}, [("RS101", NO, name)])
        for name in ("username", "givenName", "familyName", "grades", "enabledUser")
        for blank in ("", "\u200b")
    ),
    ({"sourcedId": ""}, [("RS101", NO, "sourcedId")]),
    ({"sourcedId": "  s7 "}, []),
    ({"status": " "}, [("RS101", NO, "status")]),
    ({"primaryOrgSourcedId": ""}, [("RS101", NO, "primaryOrgSourcedId")]),
    ({"middleName": "", "email": "", "phone": "", "birthDate": ""}, []),
    ({"sourcedId": LONG}, []),
    ({"sourcedId": LONG + "x"}, [("RS102", NO, "sourcedId")]),
    ({"sourcedId": "ä" * 255}, []),
    ({"sourcedId": "ä" * 256}, [("RS102", NO, "sourcedId")]),
    ({"sourcedId": "s\t1"}, [("RS103", NO, "sourcedId")]),
    ({"sourcedId": "s\n1"}, [("RS103", NO, "sourcedId")]),
    ({"sourcedId": "s\u00851"}, [("RS103", NO, "sourcedId")]),
    ({"sourcedId": "s 1"}, []),
    ({"sourcedId": "1.23E+05"}, [("RS104", NO, "sourcedId")]),
    ({"sourcedId": "1E+11"}, [("RS104", NO, "sourcedId")]),
    ({"sourcedId": "1.23457e+11"}, [("RS104", NO, "sourcedId")]),
    ({"sourcedId": "1E+05A"}, []),
    ({"sourcedId": "1E5"}, []),
    ({"sourcedId": "12E5F"}, []),
    ({"primaryOrgSourcedId": "2.5E+10"}, [("RS104", NO, "primaryOrgSourcedId")]),
    ({"givenName": "Ann\nMarie"}, [("RS105", SAY, "givenName")]),
    ({"metadata.note": "a\tb"}, [("RS105", SAY, "metadata.note")]),
    ({"givenName": "Ann Marie"}, []),
    ({"givenName": "JosÃ©"}, [("RS106", SAY, "givenName")]),
    ({"familyName": "Mu\ufffdler"}, [("RS106", SAY, "familyName")]),
    ({"familyName": "Oâ\u20ac\u2122Brien"}, [("RS106", SAY, "familyName")]),
    *(({"givenName": g}, [("RS106", SAY, "givenName")]) for g in ("????", "?? ???")),
    *(({"givenName": g}, []) for g in ("Anna?", "Wei??", "?")),
    ({"givenName": "José", "familyName": "SÃO"}, []),
    ({"givenName": "Ðóra", "familyName": "Ñúñez"}, []),
    ({"givenName": "ada@school.example"}, [("RS107", SAY, "givenName")]),
    ({"familyName": "2012-03-04"}, [("RS107", SAY, "familyName")]),
    ({"familyName": "TRUE"}, [("RS107", SAY, "familyName")]),
    ({"familyName": "12345"}, [("RS107", SAY, "familyName")]),
    ({"familyName": "Trueman", "givenName": "X3"}, []),
    ({"primaryOrgSourcedId": "active"}, [("RS107", SAY, "primaryOrgSourcedId")]),
    ({"primaryOrgSourcedId": "2012-03-04"}, [("RS107", SAY, "primaryOrgSourcedId")]),
    ({"primaryOrgSourcedId": "active-1"}, []),
    ({"status": "activ"}, [("RS110", NO, "status")]),
    *(({"status": s}, []) for s in ("ACTIVE", "Inactive", " tobedeleted ")),
    ({"enabledUser": "maybe"}, [("RS111", NO, "enabledUser")]),
    *(
        ({"enabledUser": b}, [])
        for b in ["true", "1", "YES", "y", "False", "0", "no", "N"]
    ),
    *(({"grades": g}, [("RS112", NO, "grades")]) for g in ("99", "14", "5,99", "0")),
    *(
        ({"grades": g}, [])
        for g in ("k", "5", "5th", "05", "13", "5,6", '["5","6"]', "it", "other", "Ug")
    ),
    ({"birthDate": "31/08/2012"}, [("RS116", NO, "birthDate")]),
    ({"birthDate": "2012-02-30"}, [("RS116", NO, "birthDate")]),
    ({"birthDate": "20120203"}, [("RS116", NO, "birthDate")]),
    ({"birthDate": "2012-02-29"}, []),
    ({"birthDate": "2012-02-29T10:00:00.000Z"}, []),
    ({"birthDate": "1926-08-31"}, [("RS121", SAY, "birthDate")]),
    ({"birthDate": "1926-09-01"}, []),
    ({"birthDate": "2126-09-01"}, []),
    ({"birthDate": "2126-09-02"}, [("RS121", SAY, "birthDate")]),
    *(
        ({"email": e}, [("RS117", SAY, "email")])
        for e in ("ada", "a@b", "a@b@c.de", "a b@c.de", "a@b..de", "a@.de", "@b.de")
    ),
    *(({"email": e}, []) for e in (" a@b.de ", "å@ñ.example", "a+b@c.d.e")),
    *(
        ({"phone": p}, [("RS118", SAY, "phone")])
        for p in ("123456", "1234567890123456", "n/a", "555-CALL", "++15551234567")
    ),
    *(
        ({"phone": p}, [])
        for p in (
            "1234567",
            "+123456789012345",
            "(555) 123-4567 x89",
            "555.123.4567 #2",
        )
    ),
]

USERS: list[tuple[dict[str, str], list[tuple[str, str, str]]]] = [
    ({"role": ""}, [("RS101", NO, "role")]),
    ({"role": "techer"}, [("RS113", NO, "role")]),
    ({"role": "ext:"}, [("RS113", NO, "role")]),
    *(
        ({"role": r}, [])
        for r in ("TEACHER", "ext:coach", "administrator", "systemAdministrator")
    ),
    ({"roleType": "main"}, [("RS115", NO, "roleType")]),
    ({"roleType": "Secondary"}, []),
    ({"grades": "99"}, [("RS112", NO, "grades")]),
    ({"username": "", "grades": ""}, []),
]

ENROLLMENTS: list[tuple[dict[str, str], list[tuple[str, str, str]]]] = [
    ({"classSourcedId": ""}, [("RS101", NO, "classSourcedId")]),
    ({"classSourcedId": "", "courseSourcedId": " "}, [("RS101", NO, "classSourcedId")]),
    ({"classSourcedId": "", "courseSourcedId": "k1"}, []),
    ({"role": "pupil"}, [("RS114", NO, "role")]),
    ({"role": "parent"}, [("RS114", NO, "role")]),
    *(({"role": r}, []) for r in ("Proctor", "aide", "administrator", "ext:guest")),
    ({"primary": "2"}, [("RS111", NO, "primary")]),
    (
        {"beginDate": "2026-09-02", "endDate": "2026-09-01"},
        [("RS120", NO, "endDate")],
    ),
    ({"beginDate": "2026-09-01", "endDate": "2026-09-01T00:00"}, []),
    ({"beginDate": "2026-09-02", "endDate": ""}, []),
    ({"beginDate": "2/9/26"}, [("RS116", NO, "beginDate")]),
]

SESSIONS: list[tuple[dict[str, str], list[tuple[str, str, str]]]] = [
    ({}, []),
    ({"startDate": "2026-09-02"}, [("RS120", NO, "endDate")]),
]
SESSION = {
    "sourcedId": "t1",
    "title": "Autumn",
    "startDate": "2026-09-01",
    "endDate": "2026-09-01",
}

CASES: list[Case] = [
    *(("students", cells, found) for cells, found in STUDENTS),
    *(("users", cells, found) for cells, found in USERS),
    *(("enrollments", cells, found) for cells, found in ENROLLMENTS),
    *(("academicSessions", cells, found) for cells, found in SESSIONS),
    ("agents", {"relationshipType": ""}, [("RS101", NO, "relationshipType")]),
    ("agents", {"relationshipType": "second cousin"}, []),
    ("classes", {"termSourcedIds": LONG + ",t1"}, []),
    ("classes", {"termSourcedIds": LONG + "x"}, [("RS102", NO, "termSourcedIds")]),
    ("classes", {"termSourcedIds": "t1,2E+09"}, [("RS104", NO, "termSourcedIds")]),
    ("orgs", {"name": ""}, [("RS101", NO, "name")]),
]
OTHERS = {
    "academicSessions": SESSION,
    "classes": {"sourcedId": "c1", "title": "Algebra"},
    "orgs": {"sourcedId": "o1", "name": "North"},
}


def good_row(school: Any, name: str) -> dict[str, str]:
    makers = {
        "students": school.student,
        "users": school.user,
        "agents": school.agent,
        "enrollments": school.enrollment,
    }
    return dict(makers[name]() if name in makers else OTHERS[name])


@pytest.mark.parametrize(("name", "cells", "expected"), CASES)
def test_a_cell_is_judged_by_its_rule(
    school: Any, name: str, cells: dict[str, str], expected: list[tuple[str, str, str]]
) -> None:
    row = {**good_row(school, name), **cells}
    judged = school.judge({name: [row]})
    found = judged.findings.frame
    assert found.select("code", "severity", "column").rows() == expected
    assert found["line"].to_list() == [2] * len(expected)
    assert found["value"].to_list() == [row.get(column, "") for *_, column in expected]
    assert judged.counts(name)[3] == any(severity == NO for _, severity, _ in expected)


@pytest.mark.parametrize(
    ("cells", "column", "nearest"),
    [
        ({"status": "activ"}, "status", '"active"'),
        ({"status": "to be deleted"}, "status", '"tobedeleted"'),
        ({"enabledUser": "ture"}, "enabledUser", '"true"'),
        ({"grades": "kgg"}, "grades", '"KG"'),
        ({"birthDate": "07/08/2012"}, "birthDate", '"%d/%m/%Y" or "%m/%d/%Y"'),
        ({"birthDate": "31/08/2012"}, "birthDate", 'format = "%d/%m/%Y"'),
        ({"birthDate": "8.31.12"}, "birthDate", 'format = "%m.%d.%y"'),
        ({"birthDate": "2012/08/31"}, "birthDate", '"%Y/%m/%d"'),
        ({"birthDate": "41152"}, "birthDate", "spreadsheet"),
        ({"birthDate": "00/00/0000"}, "birthDate", "empty"),
        ({"birthDate": "20120831"}, "birthDate", '"%Y%m%d"'),
        ({"birthDate": "2012-02-30"}, "birthDate", "YYYY-MM-DD"),
    ],
)
def test_the_hint_names_the_nearest_value_or_the_format(
    school: Any, cells: dict[str, str], column: str, nearest: str
) -> None:
    judged = school.judge({"students": [school.student(**cells)]})
    (finding,) = judged.findings.frame.to_dicts()
    assert finding["column"] == column
    assert nearest in finding["hint"]


def test_every_defect_of_a_row_is_named_and_the_row_counts_once(school: Any) -> None:
    row = school.student(status="x", grades="99", givenName="", email="nobody")
    judged = school.judge({"students": [school.student("s2"), row]})
    assert judged.codes == ["RS101", "RS110", "RS112", "RS117"]
    assert judged.counts("students") == (2, 1, 0, 1)


def test_a_malformed_email_counts_as_not_delivered(school: Any) -> None:
    rows = [
        school.student("s1", email="nobody", phone="1"),
        school.student("s2", email="a@b.de", phone=""),
        school.student("s3", email="", phone="call me"),
    ]
    frame = school.judge({"students": rows}).roster.frames["students"]
    assert frame["_keep"].to_list() == [",email,phone,", None, ",phone,"]
    assert frame["email"].to_list() == [None, "a@b.de", None]


def test_a_finding_names_the_header_and_the_cell_as_they_are_written(
    school: Any,
) -> None:
    drop = school.mapped({"students": [school.student(grades=" 99 ")]})
    (table,) = drop.tables.values()
    table.headers["students.csv"]["grades"] = "Grade_Level"
    raw = drop.drop.tables["students.csv"]
    object.__setattr__(raw, "frame", raw.frame.rename({"grades": "Grade_Level"}))
    judged = type(school.judge({}))(drop, "reject")
    assert judged.one("RS112")["column"] == "Grade_Level"
    assert judged.one("RS112")["value"] == " 99 "


def test_a_cell_from_a_constant_is_named_by_the_canonical_column(school: Any) -> None:
    drop = school.mapped({"students": [school.student(status="activ")]})
    (table,) = drop.tables.values()
    del table.headers["students.csv"]["status"]
    judged = type(school.judge({}))(drop, "reject")
    assert judged.one("RS110")["column"] == "status"
    assert judged.one("RS110")["value"] is None


def test_values_are_normalised_in_the_roster(school: Any) -> None:
    row = school.student(
        " s1 ",
        status="ACTIVE",
        enabledUser="Y",
        grades="6th,5",
        birthDate="2012-02-29T01:02",
        givenName="Zoe\u0301\u200b",
    )
    (record,) = school.judge({"students": [row]}).roster.frames["students"].to_dicts()
    assert record["_key"] == record["sourcedId"] == "s1"
    assert (record["status"], record["enabledUser"]) == ("active", "true")
    assert (record["grades"], record["birthDate"]) == ("05,06", "2012-02-29")
    assert record["givenName"] == "Zoé"


def test_a_leap_day_has_a_century_too(school: Any) -> None:
    drop = school.mapped({"students": [school.student(birthDate="1924-02-28")]})
    assert len(validate(drop, today=date(2024, 2, 29))[1]) == 0
    assert len(validate(drop, today=date(2024, 3, 1))[1]) == 1
