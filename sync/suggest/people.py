"""Files of people: students and others in one, their roles and links elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from sync.suggest.drafts import Draft
from sync.suggest.kinds import Files, Read
from sync.suggest.meanings import role_of
from sync.suggest.phrases import FULL_NAME, Kind
from sync.suggest.sheets import Match, Sheet, matches
from sync.suggest.words import GUARDIAN, STUDENT

FOUND = 0.9
"""Containment from which one file speaks of the people of another."""
NOT_OF_USERS = ("relationshipType", "studentSourcedId", "agentSourcedIds")
"""Columns of a file of people that become links."""


def people(read: Read, draft: Draft, files: Files) -> Iterator[Draft]:
    """The tables of a file of people, and of the links that it names."""
    found = draft.matches
    rest = {name: found.pop(name) for name in NOT_OF_USERS if name in found}
    split = _by_role(draft) or _by_joined_role(draft, files)
    yield from split or [draft]
    if "agentSourcedIds" in rest and not _names_guardians(draft.sheet):
        first = split[0] if split else draft
        yield _listed_links(first, rest["agentSourcedIds"])
    if read.kind is Kind.GUARDIANS and "studentSourcedId" in rest:
        yield _with_links(draft, rest, files)


def _with_links(draft: Draft, rest: Mapping[str, Match], files: Files) -> Draft:
    """Each row names a guardian and a student: the guardian's school is the
    student's, and each row is a link."""
    student = rest["studentSourcedId"]
    draft.combine = {"primaryOrgSourcedId": "first"}
    if "sourcedId" not in draft.matches:
        draft.make("sourcedId", made_of(draft, student))
    if "primaryOrgSourcedId" not in draft.matches:
        _org_of_student(draft, student, files)
    return link(draft, student, rest, [student.header])


def link(
    guardians: Draft, student: Match, rest: Mapping[str, Match], filled: list[str]
) -> Draft:
    """The link between the guardian and the student who stand in one row."""
    draft = Draft(
        Kind.AGENTS,
        guardians.sheet,
        {"studentSourcedId": student},
        own=False,
        slot=guardians.slot,
        combine={},
        filled=filled,
    )
    draft.refer("agentSourcedId", guardians)
    if "relationshipType" in rest:
        draft.matches["relationshipType"] = rest["relationshipType"]
    elif guardians.slot in {"mother", "father"}:
        draft.values["relationshipType"] = str(guardians.slot)
        draft.reasons["relationshipType"] = "the headers say it"
    return draft


def _org_of_student(people: Draft, student: Match, files: Files) -> None:
    """The school of a guardian out of the file of students."""
    other = files.named(people.sheet, student, Kind.STUDENTS)
    if other is not None and "primaryOrgSourcedId" in other.matches:
        name = people.join_with(
            "student", student.header, other.sheet.base, str(other.key)
        )
        org = other.matches["primaryOrgSourcedId"]
        people.joined["primaryOrgSourcedId"] = (name, other.sheet, org)


def _names_guardians(sheet: Sheet) -> bool:
    """Whether the rows have more of a guardian than his identifier."""
    found = matches(sheet, Kind.GUARDIANS, sheet.speaking(GUARDIAN, None))
    return bool({"givenName", "familyName", FULL_NAME} & found.keys())


def _by_role(draft: Draft) -> list[Draft]:
    """People of several roles in one file: students, and all others."""
    role = draft.matches.get("role")
    if role is None:
        return []
    codes = draft.sheet.profiles[role.header].codes
    pupils = [code for code in codes if role_of(code) == "student"]
    if not pupils or len(pupils) == len(codes):
        return []
    return _students_and_others(draft, role.header, pupils)


def _students_and_others(draft: Draft, header: str, codes: list[str]) -> list[Draft]:
    headers = [h for h in draft.sheet.profiles if draft.sheet.said[h].slot is None]
    own = frozenset((STUDENT, "user"))
    as_students = matches(draft.sheet, Kind.STUDENTS, headers, own=own)
    as_students.pop("agentSourcedIds", None)
    shared = {
        name: match
        for name, match in draft.matches.items()
        if name not in {"role", "roleType", "roleOrgSourcedId"}
    }
    taken = {match.header for match in shared.values()} | {header}
    more = {
        name: match
        for name, match in as_students.items()
        if name not in shared and match.header not in taken
    }
    students = replace(
        draft,
        kind=Kind.STUDENTS,
        matches=shared | more,
        where={header: codes},
        unless={},
        reasons=dict(draft.reasons),
        notes=list(draft.notes),
    )
    draft.unless = {header: codes}
    return [students, draft]


def _by_joined_role(draft: Draft, files: Files) -> list[Draft]:
    """People without a role here, whose role stands in another file."""
    key = draft.matches.get("sourcedId")
    if draft.kind is not Kind.USERS or key is None:
        return []
    for other in _with_roles(files):
        user, role = other.matches["userSourcedId"], other.matches["role"]
        place = (other.sheet.file, user.header)
        if (files.links.share(place, (draft.sheet.file, key.header)) or 0.0) < FOUND:
            continue
        codes = other.sheet.profiles[role.header].codes
        pupils = [code for code in codes if role_of(code) == "student"]
        name = draft.join_with(
            str(other.kind), key.header, other.sheet.base, user.header
        )
        draft.join[name] |= {"many": True}
        draft.joined["role"] = (name, other.sheet, role)
        _others(draft, key, other, files)
        if other.kind is Kind.ENROLLMENTS:
            draft.combine = {"role": "first"}
        if org := other.matches.get("orgSourcedId"):
            draft.joined["primaryOrgSourcedId"] = (name, other.sheet, org)
            draft.joined["roleOrgSourcedId"] = (name, other.sheet, org)
        more = _roles_of_enrollments(other, files)
        return _split_joined(draft, f"{name}.{role.header}", pupils) + more
    return []


def _others(draft: Draft, key: Match, other: Read, files: Files) -> None:
    """People whom the file of roles does not name: guardians, where links do."""
    user = other.matches["userSourcedId"]
    place = (draft.sheet.file, key.header)
    if (files.links.share(place, (other.sheet.file, user.header)) or 0.0) == 1.0:
        return
    draft.blank |= {"role", "primaryOrgSourcedId"}
    for one in files.reads:
        agent = one.matches.get("agentSourcedId")
        if one.kind is not Kind.AGENTS or agent is None:
            continue
        there = (one.sheet.file, agent.header)
        if (files.links.share(there, place) or 0.0) >= FOUND:
            draft.defaults["role"] = "guardian"
            draft.reasons["role"] = f"a guardian, as in {one.sheet.base}"


def _roles_of_enrollments(enrollments: Read, files: Files) -> list[Draft]:
    """At which schools people have which role, where only enrollments say it."""
    if enrollments.kind is not Kind.ENROLLMENTS:
        return []
    found = {n: enrollments.matches[n] for n in ("userSourcedId", "role")}
    draft = Draft(Kind.ROLES, enrollments.sheet, found, own=False, combine={})
    draft.values["roleType"] = "primary"
    draft.reasons["roleType"] = "the role of an enrollment"
    course = enrollments.matches.get("courseSourcedId")
    if "schoolSourcedId" in enrollments.matches:
        found["orgSourcedId"] = enrollments.matches["schoolSourcedId"]
        return [draft]
    other = files.named(enrollments.sheet, course, Kind.COURSES)
    if course is None or other is None or "orgSourcedId" not in other.matches:
        return []
    name = draft.join_with("course", course.header, other.sheet.base, str(other.key))
    org = other.matches["orgSourcedId"]
    draft.joined["orgSourcedId"] = (name, other.sheet, org)
    return [draft]


def _with_roles(files: Files) -> list[Read]:
    """Files that say who has which role; those of roles before enrollments."""
    order = (Kind.ROLES, Kind.ENROLLMENTS)
    there = [one for one in files.reads if one.kind in order]
    both = {"userSourcedId", "role"}
    fit = [one for one in there if both <= one.matches.keys()]
    return sorted(fit, key=lambda one: (one.kind is not Kind.ROLES, one.sheet.file))


def _split_joined(draft: Draft, header: str, pupils: list[str]) -> list[Draft]:
    if not pupils:
        return []
    made = _students_and_others(draft, header, pupils)
    students = made[0]
    students.joined = {
        name: there
        for name, there in draft.joined.items()
        if name == "primaryOrgSourcedId" and name not in students.matches
    }
    if students.combine is not None or students.joined:
        students.combine = dict.fromkeys(students.joined, "first")
    if "primaryOrgSourcedId" in draft.matches:
        draft.joined.pop("primaryOrgSourcedId", None)
    return made


def _listed_links(people: Draft, agents: Match) -> Draft:
    """Guardians listed on the student's row."""
    draft = Draft(
        Kind.AGENTS,
        people.sheet,
        {
            "studentSourcedId": people.matches["sourcedId"],
            "agentSourcedId": agents,
        },
        own=False,
        where=people.where,
        join=people.join,
        filled=[agents.header],
        combine={},
    )
    draft.notes.append("links listed on the rows of students")
    return draft


def names_of(found: Mapping[str, Match]) -> list[str]:
    """The headers that hold the name of a person."""
    columns = ("givenName", "familyName", FULL_NAME)
    return [found[column].header for column in columns if column in found]


def made_of(guardians: Draft, student: Match) -> list[str]:
    """Headers that tell one guardian from another: name and what is always there."""
    found, profiles = guardians.matches, guardians.sheet.profiles
    names = names_of(found)
    for also in ("email", "phone"):
        if also in found:
            header = found[also].header
            if profiles[header].filled >= profiles[names[0]].filled:
                return [*names, header]
    return [*names, student.header]
