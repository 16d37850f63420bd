"""The vendors' samples through check, plan and run, with nothing but their mapping.

What must come out was counted in the files by hand.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from sync.sandbox import Sandbox
from tests.support.commands import call_cli
from tests.support.districts import edit
from tests.support.ended import Ended
from tests.support.remote import active, person
from tests.support.vendors import SAMPLES, counts, ready
from tests.support.workspace import Workspace


@dataclass(frozen=True, slots=True, eq=False)
class Vendor:
    """A sample, what the target holds before it, and what must come out."""

    name: str
    orgs: tuple[str, ...]
    classes: Mapping[str, tuple[str, str]]
    """Class -> (its course, its school)."""
    rows: Mapping[str, int | tuple[int, ...]]
    """Rows of each entity, all accepted; or read, accepted, merged, rejected."""
    created: Mapping[str, int]
    people: Mapping[str, Mapping[str, Any]]
    """Of some people what the platform shows, with ``org`` and ``roles`` by name."""
    findings: Mapping[str, int] = field(default_factory=dict)
    """Code -> how many; none of them rejects."""
    links: frozenset[str] = frozenset()
    """Some of the links, as student/guardian."""
    unlinked: frozenset[str] = frozenset()
    """People who stand in the drop and get no account."""
    dated: str = ""
    """The file whose dates say who is where today."""


CLEVER = Vendor(
    "clever",
    ("101", "205"),
    {
        "S-1001": ("HR02", "101"),
        "S-1002": ("MAT02", "101"),
        "S-1003": ("ART0K", "101"),
        "S-2001": ("MAT08", "205"),
        "S-2002": ("SCI07", "205"),
        "S-2003": ("SCI07", "205"),
    },
    {
        "orgs": 2,
        "academicSessions": 2,
        "courses": 5,
        "classes": 6,
        "students": 14,
        "users": 4 + 4 + 12,
        "agents": 15,
        "enrollments": 19 + 9,
    },
    # One teacher has two sections of a course, which is one thing to EduBridge.
    {"students": 14, "users": 20, "agents": 15, "enrollments": 27},
    {
        "stu-30001": {"grades": ["K"], "familyName": "Quennell", "org": "101"},
        "stu-30006": {"grades": ["PK"], "identifier": "0030006"},
        "stf-8102": {
            "roles": {"primary teacher 205"},
            "org": "205",
            "username": "rcastellane",
        },
        "stf-9003": {"roles": {"primary counselor 205"}, "org": "205"},
        "stf-9004": {"roles": {"primary aide 101"}},
        "con-50005": {
            "givenName": "Maria del Carmen",
            "familyName": "Ibarra",
            "roles": {"primary guardian 101"},
            "org": "101",
        },
        "con-50006": {"givenName": "Lorena", "familyName": "Begay"},
    },
    {"RS034": 3, "RS263": 1},
    frozenset({"stu-30005/con-50005", "stu-30010/con-50005"}),
    frozenset({"con-50020"}),
)
POWERSCHOOL = Vendor(
    "powerschool",
    ("310", "420", "999999"),
    {
        "7001": ("ENG06", "310"),
        "7002": ("MTH06", "310"),
        "7101": ("BIO1", "420"),
        "7102": ("HIS9", "420"),
        "7103": ("PE9", "420"),
    },
    {
        "orgs": 3,
        "academicSessions": 6,
        "courses": 5,
        "classes": 5,
        "students": 15 - 1,
        "users": 4 + 12,
        "agents": 15,
        "enrollments": 26 - 1 + 5,
    },
    # English 6, mathematics 6, biology 4, teachers 5; history is over for three,
    # physical education has not begun for three, and three dropped a course.
    {"students": 14, "users": 16, "agents": 15, "enrollments": 6 + 6 + 4 + 5},
    {
        "stu-20101": {"grades": ["6"], "org": "310", "phone": "5055550101"},
        "stu-20112": {"status": "inactive", "enabledUser": "false", "org": "420"},
        "stu-20113": {"status": "inactive", "org": "999999"},
        "stf-T1002": {
            "roles": {"primary teacher 310"},
            "org": "310",
            "username": "clindqvist",
        },
        "stf-T1003": {"roles": {"primary teacher 420"}, "org": "420"},
        "stf-T1004": {"roles": {"primary aide 420"}},
        "con-3001": {
            "roles": {"primary guardian 310"},
            "org": "310",
            "phone": "5055550131",
        },
    },
    {"RS024": 7, "RS263": 1},
    frozenset({"stu-20101/con-3001", "stu-20107/con-3001", "stu-20115/con-3014"}),
    frozenset({"stu-20114", "con-3011", "con-3013", "con-3015", "stf-T1005"}),
    "CC.txt",
)
INFINITE_CAMPUS = Vendor(
    "infinite-campus",
    ("012", "034"),
    {
        "70101": ("0300", "012"),
        "70102": ("0301", "012"),
        "70201": ("2100", "034"),
        "70202": ("2100", "034"),
        "70203": ("3105", "034"),
    },
    {
        "orgs": 2,
        "academicSessions": 8,
        "courses": 4,
        "classes": 5,
        "students": 12,
        "users": 4 + 11,
        "agents": 13,
        "enrollments": 18 + 6,
    },
    # Two sections of geometry: one of a teacher, one of a student who moved over.
    {"students": 12, "users": 15, "agents": 13, "enrollments": 24 - 2},
    {
        "stu-5004": {"grades": ["K"], "username": "810004", "email": None},
        "stu-5012": {"grades": ["12"], "org": "034", "identifier": "810012"},
        "stf-4103": {
            "roles": {"primary teacher 034"},
            "org": "034",
            "identifier": "E0103",
        },
        "stf-4104": {"roles": {"primary aide 034"}},
        "con-4103": {
            "roles": {"primary guardian 012"},
            "org": "012",
            "phone": "5055550166",
        },
        "con-6004": {"phone": "5055550164"},
    },
    # A teacher whose child is a student is two people with one e-mail.
    {"RS204": 2},
    frozenset({"stu-5005/con-4103", "stu-5002/con-6003", "stu-5006/con-6003"}),
    frozenset({"stu-5013", "stf-4105", "con-6012", "con-6015"}),
    "roster.csv",
)
SKYWARD = Vendor(
    "skyward",
    ("000", "100", "200", "400"),
    {
        "100-K4A-01": ("100-K4A", "100"),
        "100-GR5-01": ("100-GR5", "100"),
        "100-GR2-01": ("100-GR2", "100"),
        "200-MAT7-01": ("200-MAT7", "200"),
        "200-SCI8-01": ("200-SCI8", "200"),
        "400-ENG9-01": ("400-ENG9", "400"),
        "400-ENG9-02": ("400-ENG9", "400"),
        "400-CHM-01": ("400-CHM", "400"),
    },
    {
        "orgs": 4,
        "academicSessions": 6,
        "courses": 7,
        "classes": 8,
        "students": 13,
        "users": 18,
        "agents": 15,
        "enrollments": 21,
    },
    # One teacher has two sections of a course.
    {"students": 13, "users": 18, "agents": 15, "enrollments": 20},
    {
        "stu-0104417": {"grades": ["PK"], "org": "100", "username": "0104417"},
        "stu-0103260": {"status": "inactive", "enabledUser": "false"},
        "stf-1131": {"roles": {"primary principal 200"}, "org": "200"},
        "grd-70016": {
            "givenName": "Per",
            "roles": {"primary guardian 200"},
            "org": "200",
        },
    },
    dated="StudentClass.csv",
)
AERIES = Vendor(
    "aeries",
    ("0", "10", "11", "30"),
    {
        "10_1": ("E0100", "10"),
        "10_2": ("E0300", "10"),
        "11_1": ("E0100", "11"),
        "30_101": ("0412", "30"),
        "30_102": ("0618", "30"),
        "30_103": ("0705", "30"),
        "30_104": ("0901", "30"),
        "30_199": ("0705", "30"),
    },
    {
        "orgs": 4,
        "academicSessions": 5,
        "courses": 6,
        "classes": 8,
        "students": 14,
        "users": 18,
        "agents": 16,
        "enrollments": 26,
    },
    {"students": 14, "users": 18, "agents": 16, "enrollments": 26},
    {
        "stu-20410": {
            "grades": ["TK"],
            "username": "20410",
            "identifier": "9001002041",
        },
        "stu-20388": {"grades": ["K"], "phone": "(530) 555-0112", "email": None},
        "stu-20263": {"grades": ["3"], "status": "active", "org": "10"},
        "stf-5044": {
            "givenName": "Ben",
            "roles": {"primary teacher 10"},
            "org": "10",
        },
        "con-20263-1": {
            "familyName": "Echols",
            "roles": {"primary parent 10"},
            "email": None,
        },
    },
)
CANVAS = Vendor(
    "canvas-sis",
    ("sub-k8", "sub-hs", "sub-hs-arts"),
    {
        "MA6-26-1": ("MA6-26", "sub-k8"),
        "SC8-26-3": ("SC8-26", "sub-k8"),
        "EN9-26-2": ("EN9-26", "sub-hs"),
        "EN9-26-4": ("EN9-26", "sub-hs"),
        "HI11-26-5": ("HI11-26", "sub-hs"),
        "AR1-27-6": ("AR1-27", "sub-hs-arts"),
    },
    {
        "orgs": 3,
        "academicSessions": 2,
        "courses": 5,
        "classes": 6,
        "students": 12,
        "users": 16,
        "agents": 13,
        "enrollments": 22,
    },
    # One link and two enrollments are over, one teacher has two sections of a course,
    # and TimeBack's enrollments know no aides.
    {"students": 12, "users": 16, "agents": 12, "enrollments": 18},
    {
        "s-3101": {"grades": [], "org": "sub-k8", "roles": {"primary student sub-k8"}},
        "s-2510": {"username": "jjung", "org": "sub-hs"},
        "s-2512": {"status": "inactive", "enabledUser": "false"},
        "t-502": {"roles": {"primary aide sub-k8", "primary teacher sub-hs"}},
        "t-504": {"roles": {"primary teacher sub-hs-arts"}, "org": "sub-hs-arts"},
        "o-9010": {"roles": {"primary guardian sub-hs"}, "org": "sub-hs"},
    },
)
SCHOOL_DATA_SYNC = Vendor(
    "microsoft-sds",
    ("210000", "210010", "210020"),
    {
        "212001": ("C-GR4", "210010"),
        "212002": ("C-MUS4", "210010"),
        "212003": ("C-MATH7", "210020"),
        "212004": ("C-SCI7", "210020"),
        "212005": ("C-ART78", "210020"),
    },
    {
        "orgs": 3,
        "academicSessions": 2,
        "courses": 5,
        "classes": 5,
        "students": 14,
        "users": 13,
        "agents": 12,
        "enrollments": 34,
    },
    # EduBridge knows no aides.
    {"students": 14, "users": 13, "agents": 12, "enrollments": 34 - 1},
    {
        "214001": {
            "grades": ["4"],
            "username": "amara.okonjo@students.larkspur.example",
            "birthDate": "2016-06-27",
        },
        "214006": {"roles": {"primary student 210010"}},
        "215002": {"roles": {"primary teacher 210010", "secondary teacher 210020"}},
        "215004": {"roles": {"primary principal 210020"}},
        "215005": {"roles": {"primary aide 210020"}},
        "216001": {"phone": "+15555550110", "email": "chidi.okonjo@family.example"},
        "216002": {
            "roles": {
                "primary guardian 210010",
                "primary guardian 210020",
                "primary relative 210020",
            }
        },
    },
    {"RS013": 1, "RS034": 1, "RS263": 2},
    frozenset({"214001/216001", "214012/216001", "214011/216002"}),
)
SCHOOLOGY = Vendor(
    "schoology",
    ("BRHS", "FGMS", "STEM"),
    {
        "BRHS-SCI-201-1": ("SCI-201", "BRHS"),
        "BRHS-SCI-201-3": ("SCI-201", "BRHS"),
        "BRHS-ENG-110-2": ("ENG-110", "BRHS"),
        "FGMS-MTH-070-4": ("MTH-070", "FGMS"),
        "FGMS-MUS-080-6": ("MUS-080", "FGMS"),
    },
    {
        "courses": 4,
        "classes": 5,
        "students": 13,
        # 12 people, 5 more roles of theirs, 2 roles of students.
        "users": (19, 12, 7, 0),
        "agents": 10,
        "enrollments": 23,
    },
    # One teacher has two sections of a course.
    {"students": 13, "users": 12, "agents": 10, "enrollments": 23 - 1},
    {
        "S30411": {"roles": {"primary student BRHS"}},
        "S30412": {"givenName": "Bia", "username": "beatriz.monteverde"},
        "S30413": {"roles": {"primary student BRHS"}},
        "T1031": {"roles": {"primary teacher FGMS", "secondary teacher BRHS"}},
        "A0003": {"roles": {"primary siteAdministrator BRHS"}},
        "P50802": {
            "roles": {"primary parent BRHS"},
            "username": "rodrigo.monteverde@family.example",
        },
    },
    {"RS034": 1, "RS263": 5},
    frozenset({"S30411/P50801", "S30418/P50801", "S30422/P50805"}),
)
GOOGLE = Vendor(
    "google-flat",
    ("ELM", "QRY"),
    {},
    {"users": 19},
    {"users": 19},
    {
        "880101": {"roles": {"primary student ELM"}},
        "880113": {"enabledUser": "true", "status": "active"},
        "880114": {"enabledUser": "false", "status": "active"},
        "41007": {"phone": "555-0142"},
        "41019": {"roles": {"primary teacher QRY"}},
    },
)
ONE_SHEET = Vendor(
    "one-sheet",
    ("101", "205"),
    {
        "101-HR5": ("GR5", "101"),
        "101-MUS": ("MUS", "101"),
        "205-MA7": ("MA7", "205"),
        "205-SC7": ("SC7", "205"),
        "205-ORC": ("ORC", "205"),
    },
    {
        "orgs": 2,
        "courses": 5,
        "classes": 5,
        "students": 12,
        # 10 guardians, 4 teachers.
        "users": 14,
        "agents": 15,
        # 21 rows, and the 5 classes' teachers.
        "enrollments": 26,
    },
    {"students": 12, "users": 14, "agents": 15, "enrollments": 26},
    {
        "student-1042": {
            "roles": {"primary student 101"},
            "grades": ["5"],
            "identifier": "1042",
            "birthDate": "2014-03-14",
        },
        "student-1109": {"grades": ["8"], "familyName": "Abernathy"},
        "teacher-1042": {"roles": {"primary teacher 101"}},
        "teacher-1045": {"roles": {"primary teacher 101"}},
    },
    {"RS024": 1, "RS263": 1},
)
VENDORS = (
    *(CLEVER, POWERSCHOOL, INFINITE_CAMPUS, SKYWARD, AERIES, CANVAS),
    *(SCHOOL_DATA_SYNC, SCHOOLOGY, GOOGLE, ONE_SHEET),
)
EACH = pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
YEARS = {"/2026": "/2020", "/2027": "/2090", "/2028": "/2091"}
"""A school year that lasts, whatever day the tests run on."""


@dataclass(frozen=True, slots=True)
class Night:
    """The first night of a sample: how it ended, and what was there afterwards."""

    plan: Ended
    run: Ended
    folder: Path
    remote: dict[str, Any]


Nights = Callable[[Vendor], Night]


@pytest.fixture(scope="module")
def nights(served: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Nights:
    """The first night of each sample, made once."""

    @cache
    def night(vendor: Vendor) -> Night:
        folder = tmp_path_factory.mktemp(vendor.name)
        workspace = ready(Workspace(folder, served), vendor.orgs, vendor.classes)
        workspace.configure()
        drop = delivered(vendor, folder)
        plan, run = workspace.plan(drop), workspace.sync(drop)
        return Night(plan, run, folder, served.dump())

    return night


def delivered(vendor: Vendor, folder: Path) -> Path:
    """The sample as a drop of a workspace."""
    drop = folder / vendor.name
    shutil.copytree(SAMPLES / vendor.name, drop)
    for year, other in YEARS.items() if vendor.dated else ():
        path = drop / vendor.dated
        path.write_bytes(path.read_bytes().replace(year.encode(), other.encode()))
    return drop


def after(night: Night, folder: Path, sandbox: Sandbox) -> Workspace:
    """A workspace and its target as a night left them."""
    shutil.copytree(night.folder, folder, dirs_exist_ok=True)
    sandbox.reset()
    sandbox.load(night.remote)
    return Workspace(folder, sandbox)


def each(ended: Ended, section: str, part: str) -> dict[str, int]:
    """Entity -> one count of a report, where there are any."""
    entities = ended.document["entities"].items()
    found = {name: one.get(section, {}).get(part, 0) for name, one in entities}
    return {name: count for name, count in found.items() if count}


def seen(dump: Mapping[str, Any], key: str) -> dict[str, Any]:
    """A person as the platform shows him, with his school and his roles by name."""
    found = person(dump, key)
    roles = {
        f"{one['roleType']} {one['role']} {one['org']['sourcedId']}"
        for one in found["roles"]
    }
    births = {one["sourcedId"]: one["birthDate"] for one in dump["demographics"]}
    org = found["primaryOrg"]["sourcedId"]
    return {**found, "org": org, "roles": roles, "birthDate": births.get(key)}


@EACH
def test_a_sample_is_taken_in_whole_by_its_own_layout_named_or_found(
    tmp_path: Path, vendor: Vendor
) -> None:
    sample = SAMPLES / vendor.name
    found = call_cli("check", sample, "--json", folder=tmp_path)
    assert found.code == 0, found.out
    document = found.document
    assert document["drop"]["layout"] == vendor.name
    accepted = {
        entity: rows if isinstance(rows, int) else rows[1]
        for entity, rows in vendor.rows.items()
    }
    assert {entity: rows[1] for entity, rows in counts(document).items()} == accepted
    assert not any(rows[3] for rows in counts(document).values())
    assert Counter(one["code"] for one in document["findings"]) == vendor.findings
    options = ("--mapping", vendor.name)
    named = call_cli("check", sample, "--json", *options, folder=tmp_path)
    assert named.document == document


@EACH
def test_a_plan_of_a_sample_creates_everybody_and_ends_nobody(
    nights: Nights, vendor: Vendor
) -> None:
    plan = nights(vendor).plan
    assert (plan.code, plan.document["outcome"]) == (0, "preview"), plan.err
    assert each(plan, "diff", "create") == vendor.created
    assert each(plan, "operations", "planned") == vendor.created
    for part in ("remove", "blocked", "frozen"):
        assert each(plan, "diff", part) == {}


@EACH
def test_a_run_of_a_sample_converges_and_a_second_one_has_nothing_to_do(
    nights: Nights, vendor: Vendor, tmp_path: Path, sandbox: Sandbox
) -> None:
    night = nights(vendor)
    assert (night.run.code, night.run.document["converged"]) == (0, True), night.run.err
    assert each(night.run, "operations", "done") == vendor.created
    held = active(night.remote)
    people = {one["sourcedId"] for one in night.remote["users"]}
    assert len(people) == sum(vendor.created.get(e, 0) for e in ("students", "users"))
    assert held["agents"] >= vendor.links
    assert not people & vendor.unlinked
    for key, expected in vendor.people.items():
        shown = seen(night.remote, key)
        assert {name: shown[name] for name in expected} == expected
    workspace = after(night, tmp_path, sandbox)
    second = workspace.sync(tmp_path / vendor.name)
    assert (second.code, second.document["converged"]) == (0, True), second.err
    assert each(second, "operations", "planned") == {}


def without_columns(path: Path, *beginnings: str) -> None:
    """Take the columns out of a file whose names begin so."""
    table = pl.read_csv(path, infer_schema=False)
    table.select(n for n in table.columns if not n.startswith(beginnings)).write_csv(
        path
    )


def test_a_drop_for_clever_needs_neither_contacts_nor_further_teachers(
    tmp_path: Path,
) -> None:
    drop = delivered(CLEVER, tmp_path)
    without_columns(drop / "students.csv", "Contact_")
    without_columns(drop / "sections.csv", *(f"Teacher_{n}_" for n in range(2, 11)))
    ended = call_cli("check", drop, "--json", folder=tmp_path)
    assert ended.code == 0, ended.out
    assert ended.document["counts"]["warning"] == 0
    found = counts(ended.document)
    assert "agents" not in found
    accepted = [found[entity][1] for entity in ("users", "enrollments")]
    assert accepted == [8, 25]
    assert all(one["removals"] for one in ended.document["entities"].values())


def test_a_drop_for_clever_without_staff_is_read_and_no_user_is_removed(
    tmp_path: Path,
) -> None:
    drop = delivered(CLEVER, tmp_path)
    (drop / "staff.csv").unlink()
    ended = call_cli("check", drop, "--json", folder=tmp_path)
    assert ended.code == 0, ended.out
    warned = [o for o in ended.document["findings"] if o["severity"] == "warning"]
    assert [(one["code"], one["entity"]) for one in warned] == [("RS058", "users")]
    entities = ended.document["entities"].items()
    assert [name for name, one in entities if not one["removals"]] == ["users"]


def test_a_teacher_of_clever_who_becomes_staff_as_well_has_both_roles(
    nights: Nights, tmp_path: Path, sandbox: Sandbox
) -> None:
    workspace = after(nights(CLEVER), tmp_path, sandbox)
    mail = "beatrix.holloway@marlowcreek.example"
    row = f"101,8101,{mail},Beatrix,Holloway,,School Counselor,bholloway,,\r\n"
    path = tmp_path / CLEVER.name / "staff.csv"
    path.write_bytes(path.read_bytes() + row.encode())
    ended = workspace.sync(path.parent)
    assert ended.code == 0, ended.err
    assert each(ended, "operations", "done") == {"users": 1}
    roles = person(sandbox.dump(), "stf-8101")["roles"]
    assert {one["role"] for one in roles} == {"teacher", "counselor"}


def test_a_course_dropped_in_powerschool_ends_that_enrollment_alone(
    nights: Nights, tmp_path: Path, sandbox: Sandbox
) -> None:
    workspace = after(nights(POWERSCHOOL), tmp_path, sandbox)
    drop = tmp_path / POWERSCHOOL.name
    edit(drop / "CC.txt", "\t502\t7001\t3600\t", "\t502\t-7001\t-3600\t")
    ended = workspace.sync(drop)
    assert ended.code == 0, ended.err
    assert each(ended, "operations", "done") == {"enrollments": 1}
    assert each(ended, "diff", "remove") == {"enrollments": 1}


CODES = {
    "powerschool-status": (POWERSCHOOL, "Students.txt", "\t310\t0\tb", "\t310\t9\tb"),
    "powerschool-grade": (POWERSCHOOL, "Students.txt", "\t6\t11/30", "\t-9\t11/30"),
    "clever-grade": (CLEVER, "students.csv", '"Felix","2"', '"Felix","Second"'),
}


@pytest.mark.parametrize("code", CODES)
def test_a_code_that_nobody_knows_is_rejected_and_makes_no_leaver(
    nights: Nights, tmp_path: Path, sandbox: Sandbox, code: str
) -> None:
    vendor, file, old, new = CODES[code]
    workspace = after(nights(vendor), tmp_path, sandbox)
    workspace.configure(guards={"rejected": {"percent": 50}})
    path = tmp_path / vendor.name / file
    assert old.encode() in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(old.encode(), new.encode()))
    ended = workspace.sync(path.parent)
    assert ended.code == 1
    assert ended.document["findings"]["RS056"] > 0
    assert each(ended, "operations", "planned") == {}


def test_grades_that_canvas_does_not_deliver_stay_as_they_are(
    nights: Nights, tmp_path: Path, sandbox: Sandbox
) -> None:
    workspace = after(nights(CANVAS), tmp_path, sandbox)
    jana = person(sandbox.dump(), "s-2510")
    sandbox.load({"users": [{**jana, "familyName": "Young", "grades": ["11"]}]})
    ended = workspace.sync(tmp_path / CANVAS.name)
    assert ended.code == 0, ended.err
    found = person(sandbox.dump(), "s-2510")
    assert (found["familyName"], found["grades"]) == ("Jung", ["11"])


def test_a_canvas_student_without_any_enrollment_is_rejected_and_not_ended(
    nights: Nights, tmp_path: Path, sandbox: Sandbox
) -> None:
    workspace = after(nights(CANVAS), tmp_path, sandbox)
    path = tmp_path / CANVAS.name / "enrollments.csv"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line for line in lines if b",s-2880," not in line))
    ended = workspace.sync(path.parent)
    assert ended.code == 1
    assert not {"students", "users", "agents"} & set(each(ended, "diff", "remove"))
    assert person(sandbox.dump(), "s-2880")["status"] == "active"


def test_grades_that_the_list_of_google_lacks_stay_as_the_target_has_them(
    nights: Nights, tmp_path: Path, sandbox: Sandbox
) -> None:
    workspace = after(nights(GOOGLE), tmp_path, sandbox)
    changed = [
        {**one, "grades": ["7"], "familyName": one["familyName"] + "x"}
        for one in sandbox.dump()["users"]
    ]
    sandbox.load({"users": changed})
    ended = workspace.sync(tmp_path / GOOGLE.name)
    assert each(ended, "operations", "done") == {"users": 19}
    found = sandbox.dump()["users"]
    assert {tuple(one["grades"]) for one in found} == {("7",)}
