"""What stands in the rows of other records: guardians, teachers, schools, classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sync.suggest.drafts import Draft
from sync.suggest.kinds import Files, Read, bonus
from sync.suggest.meanings import role_of
from sync.suggest.people import NOT_OF_USERS, link, made_of, names_of
from sync.suggest.phrases import Kind
from sync.suggest.sheets import Match, matches
from sync.suggest.words import GUARDIAN, STUDENT, TEACHER

_NAMED = 0.75
"""Likeness from which a header names a school, term, course or class of others."""
_THINGS: Mapping[Kind, frozenset[str]] = {
    Kind.ORGS: frozenset(("school", "district")),
    Kind.SESSIONS: frozenset(("term",)),
    Kind.COURSES: frozenset(("course", "subject", "school")),
    Kind.CLASSES: frozenset(("class", "course", "term", "school", "subject")),
}
"""What a header must speak of to tell of a school, term, course or class in a file
that holds other records."""
_OWN_WORD = {
    Kind.ORGS: "school",
    Kind.SESSIONS: "term",
    Kind.COURSES: "course",
    Kind.CLASSES: "class",
}
_ALSO = frozenset(("period", "room"))
_GUARDIANS_ROLES = frozenset(("parent", "guardian", "relative"))


def beside(read: Read, files: Files) -> Iterator[Draft]:
    """Every table that a file gives besides that of its rows."""
    there = {one.kind for one in files.reads}
    for kind in _OWN_WORD:
        draft = _thing(read, kind) if kind not in there else None
        if draft is not None:
            yield draft
    if read.kind is not Kind.STAFF:
        for slot in read.sheet.slots(TEACHER):
            yield from _teacher(read, slot, files)
    if read.kind is Kind.STUDENTS:
        for slot in read.sheet.slots(GUARDIAN):
            yield from _guardian(read, slot)
        if Kind.ENROLLMENTS not in there:
            yield from _enrolled(read, files)


def _thing(read: Read, kind: Kind) -> Draft | None:
    """A school, term, course or class that stands in the rows of other records."""
    sheet = read.sheet
    about = _THINGS[kind]
    people = frozenset((STUDENT, TEACHER, GUARDIAN, "enrollment"))
    headers = [
        header
        for header, said in sheet.said.items()
        if not said.subjects & people
        and (said.subjects & about or (kind is Kind.CLASSES and _ALSO & {*said.words}))
    ]
    found = matches(sheet, kind, headers)
    title = found.get("name" if kind is Kind.ORGS else "title")
    dated = kind is not Kind.SESSIONS or {"startDate", "endDate"} <= found.keys()
    if title is None or not dated or title.like < _NAMED:
        return None
    if "sourcedId" not in found and title.fit <= 0:
        return None  # a number by itself is a reference, and no name
    word = _OWN_WORD[kind]
    key = found.get("sourcedId", title)
    if not all(word in sheet.said[one.header].words for one in (title, key)):
        return None
    draft = Draft(kind, sheet, found, own=False, combine={}, filled=[key.header])
    if key is title:
        found["sourcedId"] = title
        draft.reasons["sourcedId"] = "no identifier in the file: the name stands for it"
    return draft


def _teacher(read: Read, slot: str | None, files: Files) -> Iterator[Draft]:
    """The teacher who stands in the rows of classes or students."""
    found = matches(read.sheet, Kind.STAFF, read.sheet.speaking(TEACHER, slot))
    draft = Draft(Kind.STAFF, read.sheet, found, own=False, slot=slot)
    named = bool(names_of(found))
    key = found.get("sourcedId", found.get("email") if named else None)
    if key is None:
        return
    if "sourcedId" not in found:
        draft.make("sourcedId", [key.header])
    draft.combine = {"primaryOrgSourcedId": "first"}
    draft.filled = [key.header]
    _org_of(read, draft)
    staffed = {Kind.STAFF, Kind.USERS} & {one.kind for one in files.reads}
    if named and not staffed:
        yield draft
    user = read.matches.get("userSourcedId")
    taught = _class_of(read, files)
    if taught and (user is None or user.header != key.header):
        yield _teaching(draft, taught)


def _teaching(teachers: Draft, taught: Mapping[str, Match]) -> Draft:
    """The enrollment of the teacher in the class of the row."""
    draft = Draft(Kind.ENROLLMENTS, teachers.sheet, dict(taught), own=False)
    draft.refer("userSourcedId", teachers)
    draft.slot = teachers.slot
    draft.values["role"] = "teacher"
    draft.reasons["role"] = "the file names the teacher of the class"
    draft.combine = {}
    draft.filled = list(teachers.filled)
    return draft


def _class_of(read: Read, files: Files) -> dict[str, Match]:
    """The columns of an enrollment that name the class or course of a row."""
    if read.kind is Kind.CLASSES:
        return _taken(read, {"sourcedId": "classSourcedId", "schoolSourcedId": ""})
    if read.kind is Kind.COURSES:
        return _taken(read, {"sourcedId": "courseSourcedId"})
    wanted = ["classSourcedId", "courseSourcedId", "schoolSourcedId"]
    if read.kind is not Kind.ENROLLMENTS:
        wanted += ["beginDate", "endDate"]
    judge = bonus(read.sheet, Kind.ENROLLMENTS, files.reads, files.links)
    every = matches(read.sheet, Kind.ENROLLMENTS, list(read.sheet.profiles), judge)
    found = {name: every[name] for name in wanted if name in every}
    section = found.get("classSourcedId")
    if section is not None and "class" not in read.sheet.said[section.header].words:
        del found["classSourcedId"]
    return found if {"classSourcedId", "courseSourcedId"} & found.keys() else {}


def _taken(read: Read, columns: Mapping[str, str]) -> dict[str, Match]:
    """Columns of the row's own record under the names that an enrollment has."""
    return {
        there or name: read.matches[name]
        for name, there in columns.items()
        if name in read.matches
    }


def _enrolled(read: Read, files: Files) -> Iterator[Draft]:
    """The class in which the student of each row is."""
    found = _class_of(read, files)
    if not found:
        return
    draft = Draft(Kind.ENROLLMENTS, read.sheet, found, own=False, combine={})
    found["userSourcedId"] = read.matches["sourcedId"]
    draft.values["role"] = "student"
    draft.reasons["role"] = "each row is a student in a class"
    where = found.get("classSourcedId") or found["courseSourcedId"]
    draft.filled = [where.header]
    yield draft


def _guardian(read: Read, slot: str | None) -> Iterator[Draft]:
    """One of the guardians who stand on the row of a student, and the link."""
    sheet, student = read.sheet, read.matches["sourcedId"]
    found = matches(sheet, Kind.GUARDIANS, sheet.speaking(GUARDIAN, slot))
    names = names_of(found)
    if not names:
        return
    rest = {name: found.pop(name) for name in NOT_OF_USERS if name in found}
    draft = Draft(Kind.GUARDIANS, sheet, found, own=False, slot=slot)
    draft.combine = {"primaryOrgSourcedId": "first"}
    draft.filled = names[:1]
    if "sourcedId" not in found:
        draft.make("sourcedId", made_of(draft, student))
    _org_of(read, draft)
    if "role" in found and not _are_guardians(draft, found["role"]):
        del found["role"]
    yield draft
    yield link(draft, student, rest, names[:1])


def _are_guardians(draft: Draft, role: Match) -> bool:
    """Whether a header says the role of guardians, and not what kind they are."""
    codes = draft.sheet.profiles[role.header].codes
    return bool({role_of(code) for code in codes} & _GUARDIANS_ROLES)


def _org_of(read: Read, draft: Draft) -> None:
    """People who stand on a row of others are at the school of that row."""
    if draft.has("primaryOrgSourcedId"):
        return
    for name in ("primaryOrgSourcedId", "schoolSourcedId", "orgSourcedId"):
        if name in read.matches:
            draft.matches["primaryOrgSourcedId"] = read.matches[name]
            draft.reasons["primaryOrgSourcedId"] = "the school of the row"
            return
