"""The canonical tables: which columns they have, what a cell may hold, what it names.

Level 0 of the house: everything else (reading, validating, comparing, the shipped
mappings, the tests' generators) takes its columns from here. Field names are
OneRoster's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Entity(StrEnum):
    """One kind of record; the value is the name in files, reports and plans."""

    ORGS = "orgs"
    ACADEMIC_SESSIONS = "academicSessions"
    COURSES = "courses"
    CLASSES = "classes"
    STUDENTS = "students"
    USERS = "users"
    AGENTS = "agents"
    ENROLLMENTS = "enrollments"
    ROLES = "roles"
    DEMOGRAPHICS = "demographics"
    USER_PROFILES = "userProfiles"


SYNCED: tuple[Entity, ...] = (
    Entity.STUDENTS,
    Entity.USERS,
    Entity.AGENTS,
    Entity.ENROLLMENTS,
)
REFERENCE: tuple[Entity, ...] = (
    Entity.ORGS,
    Entity.ACADEMIC_SESSIONS,
    Entity.COURSES,
    Entity.CLASSES,
)
PEOPLE: tuple[Entity, ...] = (Entity.STUDENTS, Entity.USERS)
SATELLITES: tuple[Entity, ...] = (
    Entity.ROLES,
    Entity.DEMOGRAPHICS,
    Entity.USER_PROFILES,
)
"""Files of OneRoster that tell more of people: read and judged, but never records of
their own, so they are in no roster, count nowhere and are named by no finding."""


class Mode(StrEnum):
    """What silence means in a file: ``bulk`` it is gone, ``delta`` nothing."""

    BULK = "bulk"
    DELTA = "delta"


class Kind(StrEnum):
    """What a cell may hold; ``normalise`` has one expression for each."""

    IDENTIFIER = "identifier"
    TEXT = "text"
    STATUS = "status"
    BOOLEAN = "boolean"
    EMAIL = "email"
    PHONE = "phone"
    DATE = "date"
    GRADES = "grades"
    USER_ROLE = "user_role"
    ENROLLMENT_ROLE = "enrollment_role"
    ROLE_TYPE = "role_type"
    ORG_TYPE = "org_type"
    CLASS_TYPE = "class_type"
    SESSION_TYPE = "session_type"
    IDENTIFIERS = "identifiers"
    """A comma separated list of identifiers in one cell."""
    LINKS = "links"
    """The same, of which a table of its own is made and judged."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a canonical table."""

    name: str
    kind: Kind
    required: bool = False
    references: tuple[Entity, ...] = ()
    """The entities of which one must hold the identifier in this cell."""


@dataclass(frozen=True, slots=True)
class EntitySpec:
    """One canonical table: its columns in order and the columns of its key."""

    entity: Entity
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The column names in order (``metadata.*`` columns come besides)."""
        return tuple(column.name for column in self.columns)

    @property
    def required(self) -> tuple[str, ...]:
        """The columns without which a file of this entity is refused."""
        return tuple(column.name for column in self.columns if column.required)

    def column(self, name: str) -> Column:
        """The column of that name; ``metadata.*`` is text. Raises KeyError."""
        if name.startswith(METADATA_PREFIX):
            return Column(name, Kind.TEXT)
        return next(c for c in self.columns if c.name == name)


METADATA_PREFIX = "metadata."
"""Columns so named are carried as they are into the record's ``metadata``."""

STATUSES = ("active", "inactive", "tobedeleted")
"""TimeBack Level 1 guide, status of a student."""

GRADES = (
    *("IT", "PR", "PK", "TK", "KG"),
    *(f"{number:02d}" for number in range(1, 14)),
    *("PS", "UG", "Other"),
)
"""CEDS entry grade levels, as the OneRoster CSV binding lists them."""

STATED = ("orgSourcedIds", "roles", "agentSourcedIds")
"""Columns of people with which layouts other than the four files say their roles and
links; the roster has them in another form."""

USER_ROLES = (
    "student",
    "teacher",
    "parent",
    "guardian",
    "relative",
    "aide",
    "counselor",
    "principal",
    "proctor",
    "districtAdministrator",
    "siteAdministrator",
    "systemAdministrator",
    "administrator",
)
"""TimeBack Level 1 guide, available roles; ``administrator`` is OneRoster 1.1's."""

ENROLLMENT_ROLES = ("student", "teacher", "administrator", "proctor", "aide")
ROLE_TYPES = ("primary", "secondary")
ORG_TYPES = ("department", "school", "district", "local", "state", "national")
CLASS_TYPES = ("homeroom", "scheduled")
SESSION_TYPES = ("gradingPeriod", "semester", "schoolYear", "term")
"""OneRoster 1.1 and 1.2: OrgType, ClassType, SessionType; 1.2 adds ``ext:`` tokens."""

MAX_IDENTIFIER = 255
"""Characters; OneRoster GUID type."""


def _required(name: str, kind: Kind, *references: Entity) -> Column:
    return Column(name, kind, required=True, references=references)


def _optional(name: str, kind: Kind, *references: Entity) -> Column:
    return Column(name, kind, references=references)


_PERSON = (
    _required("givenName", Kind.TEXT),
    _required("familyName", Kind.TEXT),
    _required("primaryOrgSourcedId", Kind.IDENTIFIER, Entity.ORGS),
)
_PERSON_OPTIONAL = (
    _optional("middleName", Kind.TEXT),
    _optional("email", Kind.EMAIL),
    _optional("phone", Kind.PHONE),
    _optional("identifier", Kind.TEXT),
    _optional("birthDate", Kind.DATE),
    _optional("orgSourcedIds", Kind.IDENTIFIERS, Entity.ORGS),
    _optional("roles", Kind.TEXT),
    _optional("agentSourcedIds", Kind.LINKS),
)
"""The last three (``STATED``): OneRoster 1.1 gives the role at each of
``orgSourcedIds``; a text of ``roles`` has ``roleType/role/org`` for each,
percent-encoded, with spaces between; ``agentSourcedIds`` are the links, of which a
table of their own is made, and stand here so that rows which differ in them differ."""

ENTITIES: Mapping[Entity, EntitySpec] = {
    spec.entity: spec
    for spec in (
        EntitySpec(
            Entity.STUDENTS,
            (
                _required("sourcedId", Kind.IDENTIFIER),
                _required("status", Kind.STATUS),
                _required("username", Kind.TEXT),
                _required("enabledUser", Kind.BOOLEAN),
                *_PERSON,
                _required("grades", Kind.GRADES),
                *_PERSON_OPTIONAL,
            ),
            ("sourcedId",),
        ),
        EntitySpec(
            Entity.USERS,
            (
                _required("sourcedId", Kind.IDENTIFIER),
                _required("status", Kind.STATUS),
                _required("enabledUser", Kind.BOOLEAN),
                *_PERSON,
                _required("role", Kind.USER_ROLE),
                _optional("username", Kind.TEXT),
                *_PERSON_OPTIONAL,
                _optional("grades", Kind.GRADES),
                _optional("roleType", Kind.ROLE_TYPE),
                _optional("roleOrgSourcedId", Kind.IDENTIFIER, Entity.ORGS),
            ),
            ("sourcedId",),
        ),
        EntitySpec(
            Entity.AGENTS,
            (
                _required("studentSourcedId", Kind.IDENTIFIER, Entity.STUDENTS),
                _required("agentSourcedId", Kind.IDENTIFIER, Entity.USERS),
                _required("relationshipType", Kind.TEXT),
                _optional("agentId", Kind.IDENTIFIER),
                _optional("status", Kind.STATUS),
            ),
            ("studentSourcedId", "agentSourcedId"),
        ),
        EntitySpec(
            Entity.ENROLLMENTS,
            (
                _required("userSourcedId", Kind.IDENTIFIER, *PEOPLE),
                _required("role", Kind.ENROLLMENT_ROLE),
                _optional("classSourcedId", Kind.IDENTIFIER, Entity.CLASSES),
                _optional("courseSourcedId", Kind.IDENTIFIER, Entity.COURSES),
                _optional("sourcedId", Kind.IDENTIFIER),
                _optional("schoolSourcedId", Kind.IDENTIFIER, Entity.ORGS),
                _optional("status", Kind.STATUS),
                _optional("primary", Kind.BOOLEAN),
                _optional("beginDate", Kind.DATE),
                _optional("endDate", Kind.DATE),
            ),
            ("sourcedId",),
        ),
        EntitySpec(
            Entity.ORGS,
            (
                _required("sourcedId", Kind.IDENTIFIER),
                _required("name", Kind.TEXT),
                _optional("status", Kind.STATUS),
                _optional("type", Kind.ORG_TYPE),
                _optional("identifier", Kind.TEXT),
                _optional("parentSourcedId", Kind.IDENTIFIER, Entity.ORGS),
            ),
            ("sourcedId",),
        ),
        EntitySpec(
            Entity.ACADEMIC_SESSIONS,
            (
                _required("sourcedId", Kind.IDENTIFIER),
                _required("title", Kind.TEXT),
                _required("startDate", Kind.DATE),
                _required("endDate", Kind.DATE),
                _optional("status", Kind.STATUS),
                _optional("type", Kind.SESSION_TYPE),
                _optional("parentSourcedId", Kind.IDENTIFIER, Entity.ACADEMIC_SESSIONS),
                _optional("schoolYear", Kind.TEXT),
            ),
            ("sourcedId",),
        ),
        EntitySpec(
            Entity.COURSES,
            (
                _required("sourcedId", Kind.IDENTIFIER),
                _required("title", Kind.TEXT),
                _optional("status", Kind.STATUS),
                _optional("schoolYearSourcedId", Kind.IDENTIFIER),
                _optional("courseCode", Kind.TEXT),
                _optional("grades", Kind.GRADES),
                _optional("orgSourcedId", Kind.IDENTIFIER, Entity.ORGS),
                _optional("subjects", Kind.TEXT),
                _optional("subjectCodes", Kind.TEXT),
            ),
            ("sourcedId",),
        ),
        EntitySpec(
            Entity.CLASSES,
            (
                _required("sourcedId", Kind.IDENTIFIER),
                _required("title", Kind.TEXT),
                _optional("status", Kind.STATUS),
                _optional("grades", Kind.GRADES),
                _optional("courseSourcedId", Kind.IDENTIFIER, Entity.COURSES),
                _optional("classCode", Kind.TEXT),
                _optional("classType", Kind.CLASS_TYPE),
                _optional("location", Kind.TEXT),
                _optional("schoolSourcedId", Kind.IDENTIFIER, Entity.ORGS),
                _optional("termSourcedIds", Kind.IDENTIFIERS, Entity.ACADEMIC_SESSIONS),
                _optional("subjects", Kind.TEXT),
                _optional("subjectCodes", Kind.TEXT),
                _optional("periods", Kind.TEXT),
            ),
            ("sourcedId",),
        ),
        EntitySpec(
            Entity.ROLES,
            (
                _required("userSourcedId", Kind.IDENTIFIER, *PEOPLE),
                _required("roleType", Kind.ROLE_TYPE),
                _required("role", Kind.USER_ROLE),
                _required("orgSourcedId", Kind.IDENTIFIER, Entity.ORGS),
                _optional("beginDate", Kind.DATE),
                _optional("endDate", Kind.DATE),
                _optional("status", Kind.STATUS),
            ),
            ("userSourcedId", "roleType", "role", "orgSourcedId"),
        ),
        EntitySpec(
            Entity.DEMOGRAPHICS,
            (
                _required("sourcedId", Kind.IDENTIFIER, *PEOPLE),
                _optional("birthDate", Kind.DATE),
                _optional("status", Kind.STATUS),
            ),
            ("sourcedId",),
        ),
        EntitySpec(
            Entity.USER_PROFILES,
            (
                _required("userSourcedId", Kind.IDENTIFIER, *PEOPLE),
                _required("profileType", Kind.TEXT),
                _required("vendorId", Kind.TEXT),
                _required("credentialType", Kind.TEXT),
                _required("username", Kind.TEXT),
                _optional("applicationId", Kind.TEXT),
                _optional("status", Kind.STATUS),
            ),
            ("userSourcedId", "profileType", "vendorId", "applicationId"),
        ),
    )
}
