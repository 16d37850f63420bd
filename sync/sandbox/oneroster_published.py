"""What servers that keep to the published versions take in the bodies of writes.

Neither version has writes for rosters: this is the dialect of vendors who copy the
gradebook's PUT, with the fields and the required fields of the published records.
Strings stay strings: ``enabledUser`` and ``primary`` are "true" or "false".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from sync.sandbox import strict
from sync.sandbox.oneroster_forms import ROLES_11, ROLES_12, TIMEBACK, Form
from sync.sandbox.oneroster_shapes import (
    CLASS_TYPE,
    DAY_OR_NULL,
    ENROLLMENT_ROLE,
    OBJECTS,
    ORG_TYPE,
    REF,
    REF_OR_NULL,
    REFS,
    SESSION_TYPE,
    TEXTS,
    WRITTEN,
    Written,
)
from sync.sandbox.views import PERSON_TEXTS

_TRUTH = strict.one_of("true", "false")
_TEXTS_OR_NULL = strict.or_null(TEXTS)


def _role(*known: str) -> strict.Check:
    plain = strict.one_of(*known)

    def check(value: Any, where: str) -> Iterator[str]:
        if not (isinstance(value, str) and value.startswith("ext:")):
            yield from plain(value, where)

    return check


def _org(path: str) -> Written:
    fields: dict[str, strict.Check] = {
        "name": strict.text,
        "type": ORG_TYPE,
        "identifier": strict.text_or_null,
        "parent": REF_OR_NULL,
        "children": REFS,
    }
    required = frozenset({"name", "type"})
    return Written(path, "orgs", "org", fields, required, references={"parent": "orgs"})


_SESSION = Written(
    "academicSessions",
    "academicSessions",
    "academicSession",
    {
        "title": strict.text,
        "startDate": strict.day,
        "endDate": strict.day,
        "type": SESSION_TYPE,
        "parent": REF_OR_NULL,
        "children": REFS,
        "schoolYear": strict.number,
    },
    frozenset({"title", "startDate", "endDate", "type", "schoolYear"}),
    references={"parent": "academicSessions"},
)
_COURSE = Written(
    "courses",
    "courses",
    "course",
    {
        "title": strict.text,
        "schoolYear": REF_OR_NULL,
        "courseCode": strict.text_or_null,
        "grades": _TEXTS_OR_NULL,
        "subjects": _TEXTS_OR_NULL,
        "subjectCodes": _TEXTS_OR_NULL,
        "org": REF,
        "resources": OBJECTS,
    },
    frozenset({"title", "org"}),
    references={"org": "orgs", "schoolYear": "academicSessions"},
)
_CLASS = Written(
    "classes",
    "classes",
    "class",
    {
        "title": strict.text,
        "classCode": strict.text_or_null,
        "classType": CLASS_TYPE,
        "location": strict.text_or_null,
        "grades": _TEXTS_OR_NULL,
        "subjects": _TEXTS_OR_NULL,
        "subjectCodes": _TEXTS_OR_NULL,
        "periods": _TEXTS_OR_NULL,
        "course": REF,
        "school": REF,
        "terms": strict.list_of(REF, filled=True),
        "resources": OBJECTS,
    },
    frozenset({"title", "classType", "course", "school", "terms"}),
    references={"course": "courses", "school": "orgs", "terms": "academicSessions"},
)
_ENROLLMENT = Written(
    "enrollments",
    "enrollments",
    "enrollment",
    {
        "user": REF,
        "class": REF,
        "school": REF,
        "role": ENROLLMENT_ROLE,
        "primary": strict.or_null(_TRUTH),
        "beginDate": DAY_OR_NULL,
        "endDate": DAY_OR_NULL,
    },
    frozenset({"user", "class", "school", "role"}),
    references={"user": "users", "class": "classes", "school": "orgs"},
)
_ANYONE: dict[str, strict.Check] = {
    "enabledUser": _TRUTH,
    "givenName": strict.text,
    "familyName": strict.text,
    "userIds": OBJECTS,
    "grades": _TEXTS_OR_NULL,
    "agents": REFS,
    "password": strict.text_or_null,
}
_NAMED = ("middleName", "identifier", "email", "sms", "phone")
_USER_11 = Written(
    "users",
    "users",
    "user",
    {
        **_ANYONE,
        **dict.fromkeys(_NAMED, strict.text_or_null),
        "username": strict.text,
        "role": _role(*ROLES_11),
        "orgs": strict.list_of(REF, filled=True),
    },
    frozenset({"username", "enabledUser", "givenName", "familyName", "role", "orgs"}),
    references={"orgs": "orgs", "agents": "users"},
)
_ROLE_12 = strict.Shape(
    {
        "roleType": strict.one_of("primary", "secondary"),
        "role": _role(*ROLES_12),
        "org": REF,
        "userProfile": strict.text_or_null,
        "beginDate": DAY_OR_NULL,
        "endDate": DAY_OR_NULL,
    },
    frozenset({"roleType", "role", "org"}),
)
_USER_12 = Written(
    "users",
    "users",
    "user",
    {
        **_ANYONE,
        **dict.fromkeys(PERSON_TEXTS, strict.text_or_null),
        "roles": strict.list_of(_ROLE_12, filled=True),
        "userProfiles": OBJECTS,
        "primaryOrg": REF_OR_NULL,
        "resources": OBJECTS,
    },
    frozenset({"enabledUser", "givenName", "familyName", "roles"}),
    references={"primaryOrg": "orgs", "agents": "users"},
)
_COMMON = (_org("orgs"), _org("schools"), _SESSION, _COURSE, _CLASS, _ENROLLMENT)


def _replacing(*specs: Written) -> dict[str, Written]:
    """A PUT replaces, so that it needs what a POST needs."""
    return {spec.path: replace(spec, put=spec.post) for spec in specs}


_TABLES: Mapping[str, Mapping[str, Written]] = {
    "timeback": {spec.path: spec for spec in WRITTEN},
    "1.1": _replacing(*_COMMON, _USER_11),
    "1.2": _replacing(*_COMMON, _USER_12),
}
PATHS = tuple(_TABLES["timeback"])
"""The collections that can be written, the same in all forms."""


def written(form: Form, path: str) -> Written:
    """Return what ``form`` takes at ``path``."""
    return _TABLES["timeback" if form is TIMEBACK else form.version][path]
