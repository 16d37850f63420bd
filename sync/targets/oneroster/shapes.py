"""What OneRoster's records look like: one shape for each collection but the users.

Read by ``records`` and ``mirror``, written by ``bodies``: a field is named once. Users
have two shapes, one for each version, and stand in these modules themselves. Source:
OneRoster 1.1 and 1.2, information model of the rostering service.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sync.model.entities import Entity
from sync.targets.common import records


@dataclass(frozen=True, slots=True)
class Pointer:
    """A field that names another record, or several."""

    name: str
    """In the record; the column is its own."""
    kind: str
    """``type`` of the reference."""
    many: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """One collection: its names, and its fields by what they hold."""

    path: str
    """The collection's path, and the key of its list."""
    single: str
    texts: tuple[str, ...]
    lists: tuple[str, ...] = ()
    """Arrays of texts, which are one text with commas in a column."""
    pointers: Mapping[str, Pointer] = field(default_factory=dict)
    """Column -> the field."""
    needs: tuple[str, ...] = ()
    """Columns without which the server cannot hold the record, beside those that a
    drop must have."""
    stand_ins: Mapping[str, str] = field(default_factory=dict)
    """What a new record says where the drop does not."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The canonical columns, the status first."""
        return ("status", *self.texts, *self.lists, *self.pointers)


SHAPES: Mapping[Entity, Shape] = {
    Entity.ORGS: Shape(
        "orgs",
        "org",
        ("name", "type", "identifier"),
        pointers={"parentSourcedId": Pointer("parent", "org")},
        needs=("type",),
    ),
    Entity.ACADEMIC_SESSIONS: Shape(
        "academicSessions",
        "academicSession",
        ("title", "type", "startDate", "endDate", "schoolYear"),
        pointers={"parentSourcedId": Pointer("parent", "academicSession")},
        needs=("type", "schoolYear"),
    ),
    Entity.COURSES: Shape(
        "courses",
        "course",
        ("title", "courseCode"),
        ("grades", "subjects", "subjectCodes"),
        {
            "orgSourcedId": Pointer("org", "org"),
            "schoolYearSourcedId": Pointer("schoolYear", "academicSession"),
        },
        needs=("orgSourcedId",),
    ),
    Entity.CLASSES: Shape(
        "classes",
        "class",
        ("title", "classCode", "classType", "location"),
        ("grades", "subjects", "subjectCodes", "periods"),
        {
            "courseSourcedId": Pointer("course", "course"),
            "schoolSourcedId": Pointer("school", "org"),
            "termSourcedIds": Pointer("terms", "academicSession", many=True),
        },
        needs=("courseSourcedId", "schoolSourcedId", "termSourcedIds"),
        stand_ins={"classType": "scheduled"},
    ),
    Entity.ENROLLMENTS: Shape(
        "enrollments",
        "enrollment",
        ("role", "primary", "beginDate", "endDate"),
        pointers={
            "userSourcedId": Pointer("user", "user"),
            "classSourcedId": Pointer("class", "class"),
            "schoolSourcedId": Pointer("school", "org"),
        },
        needs=("classSourcedId", "schoolSourcedId"),
    ),
}
USERS, USER = "users", "user"
PERSON_TEXTS = tuple(name for name in records.PERSON_TEXTS if name != "status")
AGENTS = records.AGENT_NAMES
"""Where a user's guardians stand."""

COLLECTIONS: Mapping[str, str] = {
    USERS: USER,
    **{shape.path: shape.single for shape in SHAPES.values()},
}
"""The key of a list -> that of a single record."""
