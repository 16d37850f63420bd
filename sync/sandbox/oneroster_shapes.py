"""What TimeBack's api takes in the bodies of its writes, collection by collection.

Source: the OpenAPI description of the api. Fields that a read shows may be sent back,
because a PUT replaces and clients lay their fields over what they read.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sync.sandbox import strict
from sync.sandbox.views import API_ROLES, PERSON_TEXTS

STATUS = strict.one_of("active", "inactive", "tobedeleted")
ENROLLMENT_ROLE = strict.one_of("administrator", "proctor", "student", "teacher")
REF = strict.Shape({"sourcedId": strict.text}, frozenset({"sourcedId"}), open=True)
REF_OR_NULL = strict.or_null(REF)
REFS = strict.list_of(REF)
TEXTS = strict.list_of(strict.text)
OBJECTS = strict.list_of(strict.mapping)
DAY_OR_NULL = strict.or_null(strict.day)
ORG_TYPE = strict.one_of(
    "department", "school", "district", "local", "state", "national"
)
SESSION_TYPE = strict.one_of("gradingPeriod", "semester", "schoolYear", "term")
CLASS_TYPE = strict.one_of("homeroom", "scheduled")
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
        "org": REF,
        "userProfile": strict.text_or_null,
        "beginDate": DAY_OR_NULL,
        "endDate": DAY_OR_NULL,
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
            "type": ORG_TYPE,
            "identifier": strict.text_or_null,
            "parent": REF_OR_NULL,
            "children": REFS,
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
        "userIds": OBJECTS,
        "userProfiles": OBJECTS,
        "grades": TEXTS,
        "roles": strict.list_of(_USER_ROLE, filled=True),
        "primaryOrg": REF_OR_NULL,
        "agents": REFS,
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
        "beginDate": DAY_OR_NULL,
        "endDate": DAY_OR_NULL,
        "user": REF,
        "class": REF,
        "school": REF_OR_NULL,
        "course": REF_OR_NULL,
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
        "classType": CLASS_TYPE,
        "location": strict.text_or_null,
        "grades": TEXTS,
        "subjects": TEXTS,
        "subjectCodes": TEXTS,
        "periods": TEXTS,
        "resources": strict.list_of(strict.mapping),
        "course": REF_OR_NULL,
        "org": REF_OR_NULL,
        "school": REF_OR_NULL,
        "terms": REFS,
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
            "grades": strict.or_null(TEXTS),
            "subjects": strict.or_null(TEXTS),
            "subjectCodes": strict.or_null(TEXTS),
            "org": REF,
            "schoolYear": REF_OR_NULL,
            "academicSession": REF_OR_NULL,
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
            "type": SESSION_TYPE,
            "startDate": strict.day,
            "endDate": strict.day,
            "schoolYear": strict.number,
            "org": REF,
            "parent": REF_OR_NULL,
            "children": REFS,
        },
        post=_SESSION_KEYS,
        put=_SESSION_KEYS - {"sourcedId"},
        references={"org": "orgs", "parent": "academicSessions"},
    ),
)
