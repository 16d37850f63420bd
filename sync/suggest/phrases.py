"""Under which names each canonical column is usually found, in each kind of file.

Written in plain words, which ``words.say`` brings into the same form as headers:
``student`` stands for pupil and learner too, ``class`` for section, ``guardian`` for
parent and contact, ``school`` for building and campus, ``begin`` for start and entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sync.model.entities import Entity
from sync.suggest.words import GUARDIAN, STUDENT, TEACHER


class Kind(StrEnum):
    """What the rows of a file are, or what a part of their columns speaks of."""

    STUDENTS = "students"
    STAFF = "staff"
    GUARDIANS = "guardians"
    USERS = "users"
    AGENTS = "agents"
    ENROLLMENTS = "enrollments"
    ORGS = "orgs"
    SESSIONS = "academicSessions"
    COURSES = "courses"
    CLASSES = "classes"
    ROLES = "roles"
    DEMOGRAPHICS = "demographics"
    PROFILES = "userProfiles"


Phrases = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class KindSpec:
    """One kind: its entity, how its headers speak of it, and what they are called."""

    entity: Entity
    own: frozenset[str]
    """Subjects that a header of such a file need not name."""
    names: frozenset[str]
    """Words of a file name that say it."""
    core: tuple[tuple[str, ...], ...]
    """Without one of each of these a file is not of this kind."""
    phrases: Phrases


FULL_NAME = "full name"
"""Stands for a header that holds both names of a person."""
TERM_YEAR = "schoolyear"

_PERSON: Phrases = {
    "givenName": ("first name", "first"),
    "familyName": ("last name", "last"),
    FULL_NAME: ("full name", "name", "display name", "name last first", "sort name"),
    "middleName": ("middle name", "middle initial", "middle"),
    "email": ("email", "school email", "primary email", "work email"),
    "phone": ("phone", "primary phone", "work phone", "phone 1"),
    "birthDate": ("birth date",),
    "username": ("username", "username id"),
    "enabledUser": (
        "enabled",
        "enabled user",
        "enabled active",
        "active user",
        "username enabled",
        "username active",
        "active",
    ),
    "status": ("status", "enrollment status", "active status", "state", "active"),
    "primaryOrgSourcedId": (
        "school id",
        "school number",
        "school code",
        "primary school id",
        "school",
        "primary school",
        "district id",
    ),
}


def _person(who: str, **more: tuple[str, ...]) -> Phrases:
    ids = (
        f"{who} id",
        f"{who} number",
        "id",
        "person id",
        "number",
        f"{who} code",
        who,
    )
    return {"sourcedId": ids, **_PERSON, **more}


_IDENTIFIER = (
    "identifier",
    "state id",
    "state number",
    "other id",
    "national id",
    "alternate id",
    "secondary id",
    "permanent number",
    "badge number",
    "external id",
    "integration id",
)
_GRADES = ("grade", "level", "grade code", "school grade")
_STATUS = ("status", "state", "active", "active status")

_STUDENTS = _person(
    "student",
    grades=_GRADES,
    identifier=(
        *_IDENTIFIER,
        "state student id",
        "student number",
        "student identifier",
    ),
    agentSourcedIds=("guardian id", "guardian", "guardian number"),
)
_STAFF = _person(
    "teacher",
    role=("role", "title role", "type", "user type", "position", "job title", "title"),
    grades=_GRADES,
    identifier=(
        *_IDENTIFIER,
        "teacher number",
        "state teacher id",
        "payroll number",
        "personnel number",
        "license number",
    ),
    roleType=("role type", "primary role"),
    roleOrgSourcedId=("role school id", "role school", "role at school"),
)
_USERS = {
    **_STAFF,
    "sourcedId": ("user id", "id", "person id", "user number", "user code", "number"),
    "agentSourcedIds": ("guardian id", "guardian", "guardian number"),
    "identifier": (*_IDENTIFIER, "user identifier", "user number"),
}
_GUARDIANS = _person(
    "guardian",
    role=("role", "type"),
    relationshipType=("relationship", "relationship type", "relationship to student"),
    identifier=(*_IDENTIFIER, "guardian identifier"),
    studentSourcedId=("student id", "student number", "student", "student code"),
)
_DATES = ("begin date", "begin")
_ENDS = ("end date", "end")

KINDS: Mapping[Kind, KindSpec] = {
    Kind.STUDENTS: KindSpec(
        Entity.STUDENTS,
        frozenset((STUDENT, "user")),
        frozenset((STUDENT,)),
        (("sourcedId",), ("givenName", "familyName", FULL_NAME, "username")),
        _STUDENTS,
    ),
    Kind.STAFF: KindSpec(
        Entity.USERS,
        frozenset((TEACHER, "user")),
        frozenset((TEACHER,)),
        (("sourcedId",), ("givenName", "familyName", FULL_NAME, "username")),
        _STAFF,
    ),
    Kind.GUARDIANS: KindSpec(
        Entity.USERS,
        frozenset((GUARDIAN, "user")),
        frozenset((GUARDIAN,)),
        (("sourcedId", "studentSourcedId"), ("givenName", "familyName", FULL_NAME)),
        _GUARDIANS,
    ),
    Kind.USERS: KindSpec(
        Entity.USERS,
        frozenset(("user",)),
        frozenset(("user",)),
        (("sourcedId",), ("givenName", "familyName", FULL_NAME)),
        _USERS,
    ),
    Kind.AGENTS: KindSpec(
        Entity.AGENTS,
        frozenset(("relationship",)),
        frozenset(("relationship", "link", "links", GUARDIAN)),
        (("studentSourcedId",), ("agentSourcedId",)),
        {
            "studentSourcedId": (
                "student id",
                "student number",
                "student",
                "student code",
                "user id",
            ),
            "agentSourcedId": (
                "guardian id",
                "guardian number",
                "guardian",
                "guardian code",
                "relationship user id",
                "relationship id",
                "adult id",
            ),
            "relationshipType": (
                "relationship",
                "relationship type",
                "relationship role",
                "relationship to student",
                "guardian type",
                "guardian role",
                "type",
                "role",
            ),
            "agentId": ("agent record id", "link id", "relationship id", "id"),
            "status": _STATUS,
        },
    ),
    Kind.ENROLLMENTS: KindSpec(
        Entity.ENROLLMENTS,
        frozenset(("enrollment",)),
        frozenset(("enrollment", "schedule", "schedules", "timetable")),
        (("userSourcedId",), ("classSourcedId", "courseSourcedId")),
        {
            "userSourcedId": (
                "user id",
                "student id",
                "student number",
                "teacher id",
                "student",
                "teacher",
                "user",
                "user number",
                "student code",
                "teacher number",
                "id",
            ),
            "role": ("role", "user role", "type", "user type", "enrollment role"),
            "classSourcedId": (
                "class id",
                "class number",
                "class",
                "class code",
            ),
            "courseSourcedId": ("course id", "course number", "course", "course code"),
            "sourcedId": (
                "enrollment id",
                "id",
                "enrollment number",
                "enrollment code",
            ),
            "schoolSourcedId": ("school id", "school number", "school code", "school"),
            "status": ("status", "enrollment status", "state", "active"),
            "primary": (
                "primary",
                "primary teacher",
                "lead teacher",
                "teacher of record",
                "lead",
            ),
            "beginDate": (*_DATES, "enrollment date", "enrollment begin", "added date"),
            "endDate": (*_ENDS, "drop date", "dropped", "enrollment end", "drop"),
        },
    ),
    Kind.ORGS: KindSpec(
        Entity.ORGS,
        frozenset(("school",)),
        frozenset(("school", "district")),
        (("sourcedId",), ("name",)),
        {
            "sourcedId": ("school id", "school number", "school code", "id", "number"),
            "name": ("school name", "name", "school", "school title", "title"),
            "status": _STATUS,
            "type": ("school type", "type", "school level"),
            "identifier": (
                "identifier",
                "state id",
                "state school id",
                "nces id",
                "state number",
                "other id",
                "external id",
                "state code",
            ),
            "parentSourcedId": (
                "parent id",
                "parent school id",
                "parent school",
                "district id",
                "district number",
                "district code",
                "belongs to",
                "parent",
                "superior school id",
                "district",
            ),
        },
    ),
    Kind.SESSIONS: KindSpec(
        Entity.ACADEMIC_SESSIONS,
        frozenset(("term",)),
        frozenset(("term", "calendar", "calendars", "schoolyear")),
        (("sourcedId", "title"), ("startDate", "endDate")),
        {
            "sourcedId": ("term id", "term code", "id", "term number", "code"),
            "title": ("term name", "title", "name", "term", "term title"),
            "startDate": (*_DATES, "term begin", "term begin date", "opens"),
            "endDate": (*_ENDS, "term end", "term end date"),
            "status": _STATUS,
            "type": ("term type", "type"),
            "parentSourcedId": (
                "parent id",
                "parent term id",
                "parent term",
                "parent",
                "belongs to",
                "superior term",
            ),
            "schoolYear": ("schoolyear", "year"),
        },
    ),
    Kind.COURSES: KindSpec(
        Entity.COURSES,
        frozenset(("course",)),
        frozenset(("course", "catalog", "catalogue")),
        (("sourcedId",), ("title",)),
        {
            "sourcedId": ("course id", "id", "course number", "course code"),
            "title": (
                "course name",
                "course title",
                "name",
                "title",
                "course",
                "course description",
                "description",
            ),
            "status": _STATUS,
            "schoolYearSourcedId": (
                "schoolyear id",
                "schoolyear",
                "year id",
                "schoolyear term id",
                "term id",
                "term",
            ),
            "courseCode": (
                "course code",
                "course number",
                "code",
                "catalog number",
                "number",
            ),
            "grades": _GRADES,
            "orgSourcedId": (
                "school id",
                "school number",
                "school code",
                "school",
                "district id",
            ),
            "subjects": ("subject", "subject name", "subject area", "subject title"),
            "subjectCodes": ("subject code", "subject id", "subject number"),
        },
    ),
    Kind.CLASSES: KindSpec(
        Entity.CLASSES,
        frozenset(("class",)),
        frozenset(("class",)),
        (("sourcedId",), ("title", "courseSourcedId", "classCode")),
        {
            "sourcedId": ("class id", "id", "class number", "class code", "class"),
            "title": (
                "class name",
                "class title",
                "title",
                "name",
                "class",
                "class description",
                "description",
                "course name",
                "course title",
                "course description",
            ),
            "status": _STATUS,
            "grades": _GRADES,
            "courseSourcedId": ("course id", "course number", "course code", "course"),
            "classCode": (
                "class code",
                "class number",
                "code",
                "number",
                "class",
                "expression",
            ),
            "classType": ("class type", "type", "class kind"),
            "location": ("room", "room number", "room name"),
            "schoolSourcedId": ("school id", "school number", "school code", "school"),
            "termSourcedIds": ("term id", "term code", "term", "term name"),
            "subjects": ("subject", "subject name", "subject area", "subject title"),
            "subjectCodes": ("subject code", "subject id", "subject number"),
            "periods": ("period", "period number", "period code"),
        },
    ),
    Kind.ROLES: KindSpec(
        Entity.ROLES,
        frozenset(("role",)),
        frozenset(("role",)),
        (("userSourcedId",), ("role",), ("orgSourcedId",)),
        {
            "userSourcedId": ("user id", "person id", "user number", "user"),
            "roleType": ("role type", "primary", "primary role", "type"),
            "role": ("role", "role name", "user role", "role code", "position"),
            "orgSourcedId": ("school id", "school number", "school code", "school"),
            "beginDate": _DATES,
            "endDate": _ENDS,
            "status": _STATUS,
        },
    ),
    Kind.DEMOGRAPHICS: KindSpec(
        Entity.DEMOGRAPHICS,
        frozenset((STUDENT, "user", "demographics")),
        frozenset(("demographics", "demographic")),
        (("sourcedId",), ("birthDate",)),
        {
            "sourcedId": ("user id", "student id", "id", "student number", "person id"),
            "birthDate": ("birth date",),
            "status": _STATUS,
        },
    ),
    Kind.PROFILES: KindSpec(
        Entity.USER_PROFILES,
        frozenset(("user", "profile")),
        frozenset(("profile",)),
        (("userSourcedId",), ("profileType", "vendorId")),
        {
            "userSourcedId": ("user id", "person id", "user number"),
            "profileType": ("profile type", "type"),
            "vendorId": ("vendor id", "vendor", "provider", "supplier id"),
            "credentialType": ("credential type", "credential"),
            "username": ("username", "user name"),
            "applicationId": ("application id", "application", "tool id", "product id"),
            "status": _STATUS,
        },
    ),
}
