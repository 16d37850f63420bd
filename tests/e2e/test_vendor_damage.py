"""The vendors' samples with one thing broken in each: what is said of it, and that
nobody in it looks like somebody who left.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from sync.flow.intake import How, Intake, Rejection, take_in
from sync.model.entities import PEOPLE, SYNCED, Entity
from sync.model.roster import KEY, Roster
from tests.support.vendors import SAMPLES

Edit = Callable[[Path], None]
NAMES = {
    Entity.AGENTS: ("studentSourcedId", "agentSourcedId"),
    Entity.ENROLLMENTS: ("userSourcedId",),
}
"""The columns by which a rejected person protects a link or an enrollment."""
PLENTY = Rejection(percent=100.0)
"""In so small a district one bad row is a great share of it."""


@dataclass(frozen=True, slots=True)
class Damage:
    """A sample, what is done to one of its files, and what must be said of it."""

    vendor: str
    name: str
    edit: Edit
    told: tuple[str, ...]
    """Of some findings, all that are no consequences: code, file:line, column."""
    untouched: str = ""
    """Entities of which nothing may be removed."""
    silent: str = ""
    """Entities of which the drop says nothing."""

    @property
    def refused(self) -> bool:
        """Whether a header is broken."""
        return any(one.startswith("RS050") for one in self.told)


def cell(file: str, old: str, new: str) -> Edit:
    """The first of these texts in a file replaced."""

    def edit(drop: Path) -> None:
        path = drop / file
        assert old.encode() in path.read_bytes(), f"{old!r} is not in {file}"
        path.write_bytes(path.read_bytes().replace(old.encode(), new.encode(), 1))

    return edit


def again(file: str, old: str, new: str) -> Edit:
    """The first row with this text once more, with another in its place."""

    def edit(drop: Path) -> None:
        path = drop / file
        rows = path.read_bytes().splitlines(keepends=True)
        at = next(number for number, row in enumerate(rows) if old.encode() in row)
        rows.insert(at + 1, rows[at].replace(old.encode(), new.encode(), 1))
        path.write_bytes(b"".join(rows))

    return edit


def lacks(file: str) -> Edit:
    """A file missing."""
    return lambda drop: (drop / file).unlink()


ALL = "students users agents enrollments"
MOREAU = "cmoreau@manzanita-creek.example,"
TEACHER = "11\tT1001\t310\t310\t"
PENHALLOW = "alistair.penhallow@students.bramblewood.example,"
ACCOUNTS = "User_Download_16092026_073015.csv"
SHEET = "Roster 2024-25.csv"

DAMAGES = (
    Damage(
        "clever",
        "unknown-grade",
        cell("students.csv", '"Felix","2"', '"Felix","Second"'),
        ("RS056 students.csv:4 Grade",),
    ),
    Damage(
        "clever",
        "nearly-a-kind-of-contact",
        cell("students.csv", '"Father","Secondary"', '"Father","Secondry"'),
        ("RS070 students.csv:3 Contact_type",),
    ),
    Damage(
        "clever",
        "misspelt-header",
        cell("students.csv", '"Last_name"', '"Lastname"'),
        ("RS050 students.csv Last_name",),
    ),
    Damage("clever", "no-staff", lacks("staff.csv"), ("RS058",), "users"),
    Damage(
        "clever",
        "no-sections",
        lacks("sections.csv"),
        ("RS058",),
        "enrollments",
        "classes courses academicSessions",
    ),
    Damage(
        "clever",
        "ragged-section",
        cell("sections.csv", ",Arts and music,2026-27 Year", ",Arts and music"),
        ("RS035 sections.csv:4",),
        "enrollments",
    ),
    Damage(
        "clever",
        "ragged-student",
        cell("students.csv", '"iris.quennell01","","",""', '"iris.quennell01","",""'),
        ("RS035 students.csv:2",),
        "students users agents",
    ),
    Damage(
        "clever",
        "two-names-of-one-student",
        cell("students.csv", '"Quennell","Jude"', '"Quennel","Jude"'),
        ("RS202 students.csv:4 Student_id", "RS202 students.csv:5 Student_id"),
    ),
    Damage(
        "powerschool",
        "unknown-status",
        cell("Students.txt", "\t310\t0\tbfarr", "\t310\t9\tbfarr"),
        ("RS056 Students.txt:3 Enroll_Status",),
    ),
    Damage(
        "powerschool",
        "unknown-status-of-a-teacher",
        cell("Teachers.txt", f"{TEACHER}1\t", f"{TEACHER}9\t"),
        ("RS056 Teachers.txt:2 Status",),
    ),
    Damage(
        "powerschool",
        "blank-status-of-a-teacher",
        cell("Teachers.txt", f"{TEACHER}1\t", f"{TEACHER}\t"),
        ("RS101 Teachers.txt:2 Status",),
    ),
    Damage(
        "powerschool",
        "unknown-custody",
        cell("Contacts.csv", '"Mother","","1"', '"Mother","","oui"'),
        ("RS056 Contacts.csv:2 Contact Has Custody",),
    ),
    Damage(
        "powerschool",
        "unknown-status-of-a-contact",
        cell("Contacts.csv", '"Doucet","","","","1"', '"Doucet","","","","9"'),
        ("RS056 Contacts.csv:2 Is Active",),
    ),
    Damage(
        "powerschool",
        "odd-section",
        cell("CC.txt", "\t501\t7001\t", "\t501\tx7001\t"),
        ("RS056 CC.txt:2 SectionID",),
    ),
    Damage(
        "powerschool",
        "misspelt-header",
        cell("Students.txt", "Enroll_Status", "EnrolStatus"),
        ("RS050 Students.txt Enroll_Status",),
    ),
    Damage(
        "powerschool",
        "no-contacts",
        lacks("Contacts.csv"),
        ("RS058",),
        "users",
        "agents",
    ),
    Damage(
        "powerschool",
        "no-students",
        lacks("Students.txt"),
        ("RS058",),
        "users agents enrollments",
        "students",
    ),
    Damage(
        "powerschool",
        "ragged-student",
        cell("Students.txt", "\t310\t0\tbfarrow02\t", "\t310\t0\t"),
        ("RS035 Students.txt:3",),
        ALL,
    ),
    Damage(
        "infinite-campus",
        "unknown-mark-of-a-student",
        cell("students.csv", '"03","1"', '"03","x"'),
        ("RS056 students.csv:2 student.activeToday",),
    ),
    Damage(
        "infinite-campus",
        "blank-mark-of-a-student",
        cell("students.csv", '"03","1"', '"03",""'),
        ("RS101 students.csv:2 student.activeToday",),
    ),
    Damage(
        "infinite-campus",
        "unknown-mark-of-a-guardian",
        cell("contacts.csv", '"Father","1"', '"Father","x"'),
        ("RS056 contacts.csv:15 contacts.guardian",),
    ),
    Damage(
        "infinite-campus",
        "unknown-mark-of-a-teacher",
        cell("staff.csv", '"1","1","Pine', '"2","1","Pine'),
        ("RS056 staff.csv:2 schoolEmployment.active",),
    ),
    Damage(
        "infinite-campus",
        "misspelt-header",
        cell("students.csv", "student.activeToday", "student.activToday"),
        ("RS050 students.csv student.activeToday",),
    ),
    Damage(
        "infinite-campus",
        "no-students",
        lacks("students.csv"),
        ("RS058",),
        "users enrollments",
        "students agents",
    ),
    Damage(
        "infinite-campus",
        "ragged-student",
        cell("students.csv", '"5003","9100003",', '"5003",'),
        ("RS035 students.csv:4",),
        ALL,
    ),
    Damage(
        "skyward",
        "unknown-status",
        cell("Student.csv", '"","A"', '"","X"'),
        ("RS056 Student.csv:2 Student Status",),
    ),
    Damage(
        "skyward",
        "unknown-status-of-a-class",
        cell("StudentClass.csv", '"","A"', '"","W"'),
        ("RS056 StudentClass.csv:2 Class Status",),
    ),
    Damage(
        "skyward",
        "no-guardians",
        lacks("Guardian.csv"),
        ("RS058",),
        "users",
        "agents",
    ),
    Damage(
        "skyward",
        "ragged-teacher",
        cell("Staff.csv", '"100","T","A"', '"100","T"'),
        ("RS035 Staff.csv:2",),
        "users",
    ),
    Damage(
        "skyward",
        "two-names-of-one-guardian",
        again("Guardian.csv", '"Bauer"', '"Bower"'),
        (
            "RS202 Guardian.csv:3 Guardian Name ID",
            "RS202 Guardian.csv:4 Guardian Name ID",
        ),
    ),
    Damage(
        "aeries",
        "unknown-status",
        cell("STU.csv", "20177@students.manzanita-creek.example,", "a@b.example,X"),
        ("RS056 STU.csv:5 STU.TG",),
    ),
    Damage(
        "aeries",
        "unknown-status-of-a-teacher",
        cell("TCH.csv", MOREAU, f"{MOREAU}Z"),
        ("RS056 TCH.csv:2 TCH.TG",),
    ),
    Damage(
        "aeries",
        "teacher-without-a-number",
        cell("TCH.csv", ",5021,", ",,"),
        ("RS101 TCH.csv:2 TCH.ID",),
        "users",
    ),
    Damage("aeries", "no-contacts", lacks("CON.csv"), ("RS058",), "users", "agents"),
    Damage(
        "aeries",
        "ragged-contact",
        cell("CON.csv", "P1,Mother,Pilar", "P1,Mother,and,Pilar"),
        ("RS035 CON.csv:2",),
        "users agents",
    ),
    Damage(
        "canvas-sis",
        "unknown-status",
        cell("users.csv", "hollow.example,active", "hollow.example,actve"),
        ("RS056 users.csv:2 status",),
    ),
    Damage(
        "canvas-sis",
        "unknown-role",
        cell("enrollments.csv", "s-3101,student", "s-3101,pupil"),
        ("RS056 enrollments.csv:8 role", "RS207 users.csv:2"),
    ),
    Damage(
        "canvas-sis",
        "unknown-status-of-a-link",
        cell("user_observers.csv", "s-3101,active", "s-3101,ative"),
        ("RS056 user_observers.csv:2 status",),
    ),
    Damage(
        "canvas-sis",
        "misspelt-header",
        cell("user_observers.csv", "observer_id", "observerid"),
        ("RS050 user_observers.csv observer_id",),
    ),
    Damage(
        "canvas-sis",
        "no-observers",
        lacks("user_observers.csv"),
        ("RS207 users.csv:18",),
        silent="agents",
    ),
    Damage(
        "canvas-sis",
        "ragged-enrollment",
        cell("enrollments.csv", "s-3101,student,", "s-3101,"),
        ("RS035 enrollments.csv:8", "RS207 users.csv:2"),
        "students users enrollments",
    ),
    Damage(
        "microsoft-sds",
        "unknown-role",
        cell("roles.csv", "214001,210010,student,", "214001,210010,pupil,"),
        ("RS056 roles.csv:2 role", "RS206 users.csv:2"),
    ),
    Damage(
        "microsoft-sds",
        "unknown-word-for-primary",
        cell("roles.csv", "SY2026,4,TRUE", "SY2026,4,MAYBE"),
        ("RS056 roles.csv:2 isPrimary", "RS206 users.csv:2"),
    ),
    Damage(
        "microsoft-sds",
        "misspelt-header",
        cell("relationships.csv", "relationshipUserSourcedId", "userSourcedId2"),
        ("RS050 relationships.csv relationshipUserSourcedId",),
    ),
    Damage(
        "microsoft-sds",
        "no-relationships",
        lacks("relationships.csv"),
        ("RS207 users.csv:21",),
        silent="agents",
    ),
    Damage(
        "microsoft-sds",
        "ragged-role",
        cell("roles.csv", "214001,210010,student,SY2026,", "214001,210010,student,"),
        ("RS035 roles.csv:2", "RS207 users.csv:2"),
        "students users",
    ),
    Damage(
        "schoology",
        "nearly-a-role",
        cell("users.csv", f"{PENHALLOW}Student", f"{PENHALLOW}Studnet"),
        ("RS056 users.csv:2 Role",),
    ),
    Damage(
        "schoology",
        "unknown-kind-of-enrollment",
        cell("course_enrollments.csv", "T1007,1,", "T1007,3,"),
        ("RS056 course_enrollments.csv:2 Enrollment Type",),
    ),
    Damage(
        "schoology",
        "misspelt-header",
        cell("users.csv", "User Unique ID", "User Uniq ID"),
        ("RS050 users.csv User Unique ID",),
    ),
    Damage(
        "schoology",
        "two-names-of-one-student",
        again("users.csv", "Bia,,Monteverde", "Bia,,Monteverdi"),
        ("RS202 users.csv:3 User Unique ID", "RS202 users.csv:4 User Unique ID"),
    ),
    Damage(
        "google-flat",
        "unknown-status",
        cell(ACCOUNTS, ",Active,", ",Actve,"),
        (f"RS056 {ACCOUNTS}:2 Status [READ ONLY]",),
    ),
    Damage(
        "google-flat",
        "unknown-unit",
        cell(ACCOUNTS, "/Students/ELM", "/Alumni/ELM"),
        (f"RS056 {ACCOUNTS}:2 Org Unit Path [Required]",),
    ),
    Damage(
        "google-flat",
        "account-without-a-number",
        cell(ACCOUNTS, ",880101,", ",,"),
        (f"RS101 {ACCOUNTS}:2 Employee ID",),
        "users",
    ),
    Damage(
        "one-sheet",
        "unknown-status",
        cell(SHEET, "1102;Active", "1102;Gone"),
        (f"RS056 {SHEET}:2 Student Status",),
    ),
    Damage(
        "one-sheet",
        "ragged-row",
        cell(SHEET, "1102;Active;", "1102;"),
        (f"RS035 {SHEET}:2",),
        ALL,
    ),
)


@cache
def good(vendor: str) -> Roster:
    """The sample as it is."""
    roster = taken(SAMPLES / vendor, vendor).roster
    assert roster is not None
    return roster


def taken(drop: Path, mapping: str | None) -> Intake:
    """A drop read and validated, as ``check`` does it."""
    return take_in(drop, How(mapping, rejection=PLENTY), date(2026, 9, 16))


def told(intake: Intake) -> set[str]:
    """What is wrong, written as in the table."""
    place = pl.concat_str("file", pl.format(":{}", "line").fill_null(""))
    parts = pl.concat_str("code", place, "column", separator=" ", ignore_nulls=True)
    wrong = intake.findings.frame.filter(pl.col("severity") != "note")
    return {*wrong.select(parts).to_series()}


def gone(before: Roster, now: Roster, entity: Entity) -> set[str]:
    """What would be ended: there before, not there now, and nothing protects it."""
    if entity not in now.modes or entity in now.no_removals:
        return set()
    frame = before.frames[entity]
    for column in NAMES.get(entity, ()):
        frame = frame.filter(~pl.col(column).is_in(now.frozen_people.implode()))
    alike = PEOPLE if entity in PEOPLE else (entity,)
    there = [now.frames[one][KEY] for one in alike if one in now.frames]
    frozen = now.frozen.filter(pl.col("entity") == entity.value)[KEY]
    return set(frame[KEY]).difference(frozen, *there)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda one: f"{one.vendor}-{one.name}")
def test_what_is_broken_is_named_and_nobody_looks_like_a_leaver(
    tmp_path: Path, damage: Damage
) -> None:
    drop = tmp_path / damage.vendor
    shutil.copytree(SAMPLES / damage.vendor, drop)
    damage.edit(drop)
    by_itself = damage.refused or bool(damage.silent)
    intake = taken(drop, None if by_itself else damage.vendor)
    assert intake.mapped is not None
    assert intake.mapped.layout == damage.vendor
    assert {*damage.told} <= told(intake)
    assert intake.refused == damage.refused
    if intake.roster is None:
        return
    now, before = intake.roster, good(damage.vendor)
    assert {*damage.untouched.split()} <= {*now.no_removals}
    assert {*damage.silent.split()} == {*before.modes} - {*now.modes}
    ended = {one: gone(before, now, one) for one in SYNCED if one in before.modes}
    assert not any(ended.values()), ended
