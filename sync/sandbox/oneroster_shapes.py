"""What the api takes in the bodies of its writes, collection by collection.

Source: the OpenAPI description of the api. Fields that a read shows may be sent back,
because a PUT replaces and clients lay their fields over what they read.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sync.sandbox import strict
from sync.sandbox.views import API_ROLES, PERSON_TEXTS

STATUS = strict.one_of("active", "inactive", "tobedeleted")
ENROLLMENT_ROLE = strict.one_of("administrator", "proctor", "student", "teacher")
_REF = strict.Shape({"sourcedId": strict.text}, frozenset({"sourcedId"}), open=True)
_REF_OR_NULL = strict.or_null(_REF)
_REFS = strict.list_of(_REF)
_TEXTS = strict.list_of(strict.text)
_OBJECTS = strict.list_of(strict.mapping)
_DAY_OR_NULL = strict.or_null(strict.day)
_COMMON: dict[str, strict.Check] = {
    "sourcedId": strict.text,
    "status": STATUS,
    "dateLastModified": strict.moment,
    "metadata": strict.or_null(strict.mapping),
}
_USER_ROLE = strict.Shape(
    {
        "roleType": strict.one_of("primary", "secondary"),
        "role": strict.one_of(*API_ROLES),
        "org": _REF,
        "userProfile": strict.text_or_null,
        "beginDate": _DAY_OR_NULL,
        "endDate": _DAY_OR_NULL,
        "metadata": strict.or_null(strict.mapping),
    },
    frozenset({"roleType", "role", "org"}),
)


@dataclass(frozen=True, slots=True)
class Written:
    """A collection that can be written: its names, its body and its references."""

    path: str
    table: str
    single: str
    fields: dict[str, strict.Check]
    post: frozenset[str]
    put: frozenset[str] = frozenset()
    put_status: int = 200
    references: dict[str, str] = field(default_factory=dict)
    """Field -> table in which what it points at must stand."""
    fixed: frozenset[str] = frozenset()
    """Fields that a PUT cannot change."""

    def body(self, verb: str) -> strict.Shape:
        """Return the shape of the body of POST or PUT."""
        required = self.post if verb == "POST" else self.put
        inner = strict.Shape(_COMMON | self.fields, required)
        return strict.Shape({self.single: inner}, frozenset({self.single}))


def _org(path: str) -> Written:
    return Written(
        path,
        "orgs",
        "org",
        {
            "name": strict.text,
            "type": strict.one_of(
                "department", "school", "district", "local", "state", "national"
            ),
            "identifier": strict.text_or_null,
            "parent": _REF_OR_NULL,
            "children": _REFS,
        },
        post=frozenset({"name", "type"}),
        put=frozenset({"name", "type"}),
        put_status=201 if path == "orgs" else 200,
        references={"parent": "orgs"},
    )


_SESSION_KEYS = frozenset(
    {
        "sourcedId",
        "status",
        "title",
        "startDate",
        "endDate",
        "type",
        "schoolYear",
        "org",
    }
)
USERS = Written(
    "users",
    "users",
    "user",
    {
        **dict.fromkeys(PERSON_TEXTS, strict.text_or_null),
        "password": strict.text_or_null,
        "enabledUser": strict.boolean_or_text,
        "givenName": strict.text,
        "familyName": strict.text,
        "userIds": _OBJECTS,
        "userProfiles": _OBJECTS,
        "grades": _TEXTS,
        "roles": strict.list_of(_USER_ROLE, filled=True),
        "primaryOrg": _REF_OR_NULL,
        "agents": _REFS,
        "demographics": strict.or_null(strict.mapping),
    },
    post=frozenset({"enabledUser", "givenName", "familyName", "roles"}),
    put=frozenset({"enabledUser", "givenName", "familyName", "roles"}),
    references={"primaryOrg": "orgs", "agents": "users"},
)
ENROLLMENTS = Written(
    "enrollments",
    "enrollments",
    "enrollment",
    {
        "role": ENROLLMENT_ROLE,
        "primary": strict.or_null(strict.boolean_or_text),
        "beginDate": _DAY_OR_NULL,
        "endDate": _DAY_OR_NULL,
        "user": _REF,
        "class": _REF,
        "school": _REF_OR_NULL,
        "course": _REF_OR_NULL,
    },
    post=frozenset({"role", "user", "class"}),
    put=frozenset({"role", "user", "class"}),
    put_status=201,
    references={"user": "users", "class": "classes", "school": "orgs"},
)
CLASSES = Written(
    "classes",
    "classes",
    "class",
    {
        "title": strict.text,
        "classCode": strict.text_or_null,
        "classType": strict.one_of("homeroom", "scheduled"),
        "location": strict.text_or_null,
        "grades": _TEXTS,
        "subjects": _TEXTS,
        "subjectCodes": _TEXTS,
        "periods": _TEXTS,
        "resources": strict.list_of(strict.mapping),
        "course": _REF_OR_NULL,
        "org": _REF_OR_NULL,
        "school": _REF_OR_NULL,
        "terms": _REFS,
    },
    post=frozenset({"title", "course", "terms"}),
    references={
        "course": "courses",
        "org": "orgs",
        "school": "orgs",
        "terms": "academicSessions",
    },
    fixed=frozenset({"course", "school"}),
)
WRITTEN: tuple[Written, ...] = (
    USERS,
    ENROLLMENTS,
    CLASSES,
    _org("orgs"),
    _org("schools"),
    Written(
        "courses",
        "courses",
        "course",
        {
            "title": strict.text,
            "courseCode": strict.text_or_null,
            "grades": strict.or_null(_TEXTS),
            "subjects": strict.or_null(_TEXTS),
            "subjectCodes": strict.or_null(_TEXTS),
            "org": _REF,
            "schoolYear": _REF_OR_NULL,
            "academicSession": _REF_OR_NULL,
            "level": strict.text_or_null,
            "gradingScheme": strict.text_or_null,
        },
        post=frozenset({"title", "org", "status"}),
        put=frozenset({"title", "org"}),
        references={"org": "orgs"},
    ),
    Written(
        "academicSessions",
        "academicSessions",
        "academicSession",
        {
            "title": strict.text,
            "type": strict.one_of("gradingPeriod", "semester", "schoolYear", "term"),
            "startDate": strict.day,
            "endDate": strict.day,
            "schoolYear": strict.number,
            "org": _REF,
            "parent": _REF_OR_NULL,
            "children": _REFS,
        },
        post=_SESSION_KEYS,
        put=_SESSION_KEYS - {"sourcedId"},
        references={"org": "orgs", "parent": "academicSessions"},
    ),
)
