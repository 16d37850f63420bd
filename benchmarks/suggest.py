"""How many columns ``mappings suggest`` finds when all headers have other names.

Each shipped sample is written anew with its headers renamed by synonyms; then the
proposal is compared with the shipped mapping: the right header for the right canonical
column of the right entity. The synonyms here are what districts write, and are not the
table that the suggester has.

``python -m benchmarks.suggest`` prints the share of each sample and of all.
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from sync.mapping import MappingFile, data_folder, load, names
from sync.mapping.model import Steps, TableModel
from sync.model.entities import Entity
from sync.model.roster import ROW, Drop, RawTable, Wanted
from sync.read import read_drop
from sync.suggest import suggest

SEEDS = 5

Source = tuple[str, str]
"""File and header."""

_PERSON: Mapping[str, tuple[str, ...]] = {
    "givenName": ("Forename", "Given Names", "FName", "First", "FirstName"),
    "familyName": ("Surname", "Family Name", "LName", "Last", "LastName"),
    "middleName": ("Middle Names", "MName", "Middle Init", "Middle"),
    "email": ("E-Mail", "Mail Address", "EmailAddr", "Email Addr", "Electronic Mail"),
    "phone": ("Telephone", "Mobile No", "Cell Phone", "Phone Nbr", "Tel."),
    "birthDate": ("DOB", "Date of Birth", "Birthday", "Birth Dt", "Born On"),
    "username": ("Login Name", "User Name", "Login", "Network Login", "Sign-in Name"),
    "enabledUser": ("Account Enabled", "Login Allowed", "Is Enabled", "Active User"),
    "status": ("Record Status", "Enrolment Status", "State", "Active Status", "Stat"),
    "identifier": ("State ID", "External ID", "Other Identifier", "National Number"),
    "grades": ("Year Level", "Gr", "Grade Lvl", "Year Group", "GradeLevel"),
    "role": ("User Type", "Role Name", "Position", "Role Code", "Person Type"),
    "roleType": ("Type of Role", "Role Kind", "RoleCategory"),
    "roleOrgSourcedId": ("Role Building", "Role School ID", "Role Campus Code"),
    "primaryOrgSourcedId": (
        *("Building ID", "School Code", "Campus Number", "Sch No", "Home School ID"),
        "Site Code",
    ),
}
_PERSON_IDS: Mapping[str, tuple[str, ...]] = {
    "student": ("Pupil ID", "Student No", "Learner Number", "Stu ID", "Pupil Ref"),
    "teacher": ("Staff Number", "Teacher Ref", "Employee ID", "Tchr No", "Faculty ID"),
    "guardian": ("Parent ID", "Contact Ref", "Guardian No", "Carer ID"),
    "user": ("Person ID", "User Ref", "Member ID", "User No", "Person Key"),
}
_STATUS = ("Record Status", "State", "Active Status", "Stat", "Row Status")
_BEGIN = ("Start Dt", "Entry Date", "From Date", "Date Started", "Begins On")
_END = ("Stop Date", "Exit Date", "Until", "Date Ended", "Finish Date")
_SCHOOL = ("Building ID", "School Code", "Campus Number", "Sch No", "Site Code")
_CLASS = ("Section Ref", "Class ID", "Sect No", "Section Number", "Class Key")
_COURSE = ("Course No", "Crs ID", "Course Ref", "Course Key", "Course Number")
_TERM = ("Semester ID", "Term Ref", "Session Code", "Term Key", "Semester No")
_SUBJECT = ("Subject Area", "Subject Name", "Subj", "Discipline", "Department")
_SUBJECT_CODE = ("Subject No", "Subj Code", "Subject Ref", "Subject Key")

SYNONYMS: Mapping[Entity, Mapping[str, tuple[str, ...]]] = {
    Entity.STUDENTS: {**_PERSON, "sourcedId": _PERSON_IDS["student"]},
    Entity.USERS: {**_PERSON, "sourcedId": _PERSON_IDS["user"]},
    Entity.AGENTS: {
        "studentSourcedId": _PERSON_IDS["student"],
        "agentSourcedId": _PERSON_IDS["guardian"],
        "relationshipType": ("Relation to Child", "Relation", "Relationship Code"),
        "agentId": ("Link Ref", "Relationship ID", "Link No"),
        "status": _STATUS,
    },
    Entity.ENROLLMENTS: {
        "userSourcedId": _PERSON_IDS["user"],
        "role": ("Type of User", "Member Role", "Enrolled As Role", "User Type"),
        "classSourcedId": _CLASS,
        "courseSourcedId": _COURSE,
        "sourcedId": ("Enrolment ID", "Roster Ref", "Enrollment Key", "Enrolment No"),
        "schoolSourcedId": _SCHOOL,
        "status": _STATUS,
        "primary": ("Primary Teacher", "Is Main Teacher", "Lead Teacher", "Main Tchr"),
        "beginDate": _BEGIN,
        "endDate": _END,
    },
    Entity.ORGS: {
        "sourcedId": _SCHOOL,
        "name": ("Building Name", "School Title", "Campus Name", "Name of School"),
        "status": _STATUS,
        "type": ("Kind of School", "Building Type", "Org Kind", "School Category"),
        "identifier": ("State Code", "NCES ID", "External ID", "Official Identifier"),
        "parentSourcedId": ("Parent Building ID", "Belongs To", "District No"),
    },
    Entity.ACADEMIC_SESSIONS: {
        "sourcedId": _TERM,
        "title": ("Semester Name", "Term Title", "Name of Term", "Term Name"),
        "startDate": ("Start Dt", "First Day", "From Date", "Opens", "Begins On"),
        "endDate": ("Stop Date", "Last Day", "Until", "Closes", "Finish Date"),
        "status": _STATUS,
        "type": ("Kind of Term", "Session Kind", "Term Category"),
        "parentSourcedId": ("Parent Term", "Belongs To", "Parent Semester ID"),
        "schoolYear": ("Academic Year", "Year", "Sch Year", "School Yr"),
    },
    Entity.COURSES: {
        "sourcedId": _COURSE,
        "title": ("Course Name", "Crs Title", "Name of Course", "Course Desc"),
        "status": _STATUS,
        "schoolYearSourcedId": ("Academic Year ID", "Year Ref", "School Year Key"),
        "courseCode": ("Crs Code", "Catalog Number", "Course Abbr", "Short Code"),
        "grades": ("Year Levels", "Grade Lvl", "Gr", "Year Group"),
        "orgSourcedId": _SCHOOL,
        "subjects": _SUBJECT,
        "subjectCodes": _SUBJECT_CODE,
    },
    Entity.CLASSES: {
        "sourcedId": _CLASS,
        "title": ("Section Name", "Class Title", "Name of Class", "Section Desc"),
        "status": _STATUS,
        "grades": ("Year Levels", "Grade Lvl", "Gr", "Year Group"),
        "courseSourcedId": _COURSE,
        "classCode": ("Section Code", "Class Abbr", "Short Code", "Sec Code"),
        "classType": ("Kind of Class", "Section Type", "Class Category"),
        "location": ("Room No", "Classroom", "Rm", "Room Name"),
        "schoolSourcedId": _SCHOOL,
        "termSourcedIds": _TERM,
        "subjects": _SUBJECT,
        "subjectCodes": _SUBJECT_CODE,
        "periods": ("Period No", "Block", "Bell Period", "Pd Period"),
    },
    Entity.ROLES: {
        "userSourcedId": _PERSON_IDS["user"],
        "roleType": ("Type of Role", "Role Kind", "Primary Role"),
        "role": ("User Type", "Role Name", "Position", "Role Code"),
        "orgSourcedId": _SCHOOL,
        "beginDate": _BEGIN,
        "endDate": _END,
        "status": _STATUS,
    },
    Entity.DEMOGRAPHICS: {
        "sourcedId": _PERSON_IDS["user"],
        "birthDate": _PERSON["birthDate"],
        "status": _STATUS,
    },
    Entity.USER_PROFILES: {
        "userSourcedId": _PERSON_IDS["user"],
        "profileType": ("Kind of Profile", "Profile Category"),
        "vendorId": ("Supplier ID", "Vendor Ref"),
        "credentialType": ("Kind of Credential", "Credential Category"),
        "username": ("Login Name", "User Name"),
        "applicationId": ("App ID", "Application Ref"),
        "status": _STATUS,
    },
}

_FULL_NAME = ("Full Name", "Name", "Whole Name", "Name (Full)")
_TELLING = ("email", "sourcedId", "subjects", "title")
"""Of several columns that one header fills, those that people name it by."""
_QUALIFIED = {
    "student": ("Pupil", "Student", "Stu"),
    "teacher": ("Teacher", "Staff", "Instructor"),
    "guardian": ("Parent", "Guardian", "Contact"),
    "term": ("Term", "Semester"),
}
_WHO = {
    **dict.fromkeys(("parent", "guardian", "relative"), "guardian"),
    **dict.fromkeys(("teacher", "aide", "administrator"), "teacher"),
    "student": "student",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """The canonical columns that one header fills, of which one must be found.

    A header that fills several columns of one entity (an identifier that is a code as
    well) counts once; identifiers that are made of several headers do not count.
    """

    entity: Entity
    columns: tuple[str, ...]
    sources: tuple[Source, ...]
    """The right header first, then those that stand in for it where it is blank."""
    who: str
    """Whose column: student, teacher, guardian, user."""
    derived: bool
    """Whether it stands in the rows of other records."""


@dataclass(frozen=True, slots=True)
class Score:
    """How much of one sample was found."""

    sample: str
    found: int
    wished: int
    missed: tuple[str, ...]


def samples() -> Iterator[tuple[MappingFile, Path]]:
    """Every shipped mapping with its drop: the first one that is not messy."""
    for name in names():
        folder = data_folder("samples") / name
        if not folder.is_dir():
            continue
        inside = sorted(one for one in folder.iterdir() if one.is_dir())
        files = any(one.suffix in {".csv", ".txt"} for one in folder.iterdir())
        nights = [one for one in inside if one.name != "messy"]
        if files or nights:
            yield load(name), folder if files else nights[0]


def score(mapping: MappingFile, drop: Path, seed: int) -> Score:
    """Rename the headers of a sample, propose a mapping, compare."""
    patterns = [one for table in mapping.tables for one in table.files]
    patterns += [
        one for t in mapping.tables for join in t.join.values() for one in join.files
    ]
    read, _ = read_drop(drop, Wanted(tuple(dict.fromkeys(patterns)), mapping.aside))
    wishes = list(wished(mapping, read))
    renamed = rename(wishes, read, random.Random(seed))  # noqa: S311 - repeatable
    with tempfile.TemporaryDirectory() as folder:
        for file, raw in read.tables.items():
            frame = raw.frame.drop(ROW).rename(renamed[file])
            frame.write_csv(Path(folder) / Path(file).name)
        made = suggest([Path(folder)], "renamed")
        there = proposed(made.toml, read)
    missed = []
    for wish in wishes:
        new = {(file, renamed[file][header]) for file, header in wish.sources}
        if not any(new & there.get((wish.entity, one), set()) for one in wish.columns):
            headers = ", ".join(f"{file}:{header}" for file, header in sorted(new))
            missed.append(f"{wish.entity}.{'/'.join(wish.columns)} <- {headers}")
    return Score(mapping.name, len(wishes) - len(missed), len(wishes), tuple(missed))


def wished(mapping: MappingFile, drop: Drop) -> Iterator[Wish]:
    """What the shipped mapping takes from where, as far as the sample has it."""
    found: dict[tuple[Entity, tuple[Source, ...]], Wish] = {}
    for table in mapping.tables:
        for file, raw in sorted(drop.tables.items()):
            if not _matches(file, table.files):
                continue
            for column, steps in table.columns.items():
                if column not in SYNONYMS[table.entity]:
                    continue
                sources = tuple(_sources(steps, table, file, raw, drop))
                if not sources:
                    continue
                key = (table.entity, sources[:1])
                before = found.get(key)
                columns = (*before.columns, column) if before else (column,)
                who = before.who if before else _who(table)
                derived = before.derived if before else table.combine is not None
                columns = tuple(dict.fromkeys(columns))
                found[key] = Wish(table.entity, columns, sources, who, derived)
    students = {w.sources[0] for w in found.values() if w.entity is Entity.STUDENTS}
    users = {w.sources[0] for w in found.values() if w.entity is Entity.USERS}
    for wish in found.values():
        people = wish.entity in {Entity.STUDENTS, Entity.USERS}
        both = people and wish.sources[0] in students & users
        yield replace(wish, who="user") if both else wish


def _matches(file: str, patterns: list[str]) -> bool:
    base = file.rpartition("/")[2].casefold()
    return any(fnmatchcase(base, pattern.casefold()) for pattern in patterns)


def _sources(
    steps: Steps, table: TableModel, file: str, raw: RawTable, drop: Drop
) -> Iterator[Source]:
    made_of = [*(steps.hash or ()), *re.findall(r"\{([^{}]+)\}", steps.template or "")]
    single = made_of if len(made_of) == 1 else []
    for name in [*(steps.from_ or ()), *steps.aliases, *single]:
        where, dot, header = name.partition(".")
        if dot and where in table.join:
            yield from _in_join(table, where, header, drop)
            continue
        for written in raw.headers:
            if written.casefold() == name.casefold():
                yield file, written


def _in_join(table: TableModel, name: str, header: str, drop: Drop) -> Iterator[Source]:
    for file, raw in drop.tables.items():
        if _matches(file, table.join[name].files):
            for written in raw.headers:
                if written.casefold() == header.casefold():
                    yield file, written


def _who(table: TableModel) -> str:
    """Of whom the rows of a table speak, by the role that they all have."""
    if table.entity is Entity.STUDENTS:
        return "student"
    role = table.columns.get("role")
    constant = role.value if role is not None else None
    if constant is not None:
        return _WHO.get(constant, "user")
    return "user"


def rename(
    wishes: list[Wish], drop: Drop, chance: random.Random
) -> dict[str, dict[str, str]]:
    """File -> header -> its new name; headers that nobody wishes keep theirs."""
    new: dict[str, dict[str, str]] = {file: {} for file in drop.tables}
    style = _Style(chance)
    for wish in sorted(wishes, key=lambda one: one.derived):
        file, header = wish.sources[0]
        if header not in new[file]:
            taken = {*new[file].values(), *drop.tables[file].headers}
            new[file][header] = style.name(wish, {one.casefold() for one in taken})
    for file, raw in drop.tables.items():
        for header in raw.headers:
            new[file].setdefault(header, header)
    return new


class _Style:
    """How one district writes: in one file the same thing has one name."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._chosen: dict[tuple[str, ...], list[str]] = {}

    def name(self, wish: Wish, taken: set[str]) -> str:
        """A name that no other header of the file has."""
        file, header = wish.sources[0]
        number = "".join(re.findall(r"\d+", header)[:1])
        person = self._person(wish, file)
        names = self._shuffled((file, wish.entity, *wish.columns), _choices(wish))
        made = [" ".join(filter(None, (person, number, one))) for one in names]
        made += [f"{one} {place}" for place in range(2, 9) for one in made]
        return next(one for one in made if one.casefold() not in taken)

    def _person(self, wish: Wish, file: str) -> str:
        """Whom the header names, where the rows of the file are others' records."""
        who = wish.who
        if wish.entity is Entity.ACADEMIC_SESSIONS:
            who = "term" if wish.columns[0] in {"startDate", "endDate"} else ""
        elif wish.columns == ("relationshipType",):
            who = "guardian"
        elif wish.entity is not Entity.USERS or wish.columns[0] == "sourcedId":
            who = ""
        if not wish.derived or who not in _QUALIFIED:
            return ""
        return self._shuffled((file, who), _QUALIFIED[who])[0]

    def _shuffled(self, key: tuple[str, ...], names: tuple[str, ...]) -> list[str]:
        if key not in self._chosen:
            self._chosen[key] = self._chance.sample(names, len(names))
        return self._chosen[key]


def _choices(wish: Wish) -> tuple[str, ...]:
    people = {Entity.STUDENTS: "sourcedId", Entity.USERS: "sourcedId"}
    people[Entity.ENROLLMENTS] = "userSourcedId"
    if wish.columns[0] == people.get(wish.entity):
        return _PERSON_IDS[wish.who]
    if {"givenName", "familyName"} <= set(wish.columns):
        return _FULL_NAME
    telling = [one for one in _TELLING if one in wish.columns]
    return SYNONYMS[wish.entity][[*telling, *wish.columns][0]]


def proposed(toml: str, drop: Drop) -> dict[tuple[Entity, str], set[Source]]:
    """What the proposal takes from where."""
    document = tomllib.loads(toml)
    there: dict[tuple[Entity, str], set[Source]] = {}
    mapping = MappingFile.of(document) if document.get("tables") else None
    for table in mapping.tables if mapping else ():
        for file in drop.tables:
            if not _matches(file, table.files):
                continue
            for column, steps in table.columns.items():
                found = there.setdefault((table.entity, column), set())
                for name in [*(steps.from_ or ()), *(steps.hash or ())]:
                    where, dot, header = name.partition(".")
                    if dot and where in table.join:
                        joined = table.join[where].files
                        found |= {
                            (f, header) for f in drop.tables if _matches(f, joined)
                        }
                    else:
                        found.add((file, name))
    return there


def shares(scores: list[Score]) -> Iterator[tuple[str, int, int]]:
    """Each sample and then all of them: what was found, of how many columns."""
    by_sample: dict[str, list[Score]] = {}
    for one in scores:
        by_sample.setdefault(one.sample, []).append(one)
    for sample, group in [*sorted(by_sample.items()), ("all", scores)]:
        yield sample, sum(s.found for s in group), sum(s.wished for s in group)


def table(scores: list[Score]) -> str:
    """The shares as Markdown, one line for each sample and one for all."""
    lines = ["| sample | columns found | share |", "|---|---|---|"]
    for sample, found, of in shares(scores):
        lines.append(f"| {sample} | {found:,} of {of:,} | {found / of:.1%} |")
    return "\n".join(lines)


def measure(seeds: int) -> list[Score]:
    """Every sample with every seed."""
    return [score(m, drop, seed) for m, drop in samples() for seed in range(seeds)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--missed", action="store_true", help="name what was missed")
    asked = parser.parse_args()
    scores = measure(asked.seeds)
    print(table(scores))
    if asked.missed:
        for one in scores:
            print(*(f"{one.sample}: {text}" for text in one.missed), sep="\n")


if __name__ == "__main__":
    main()
