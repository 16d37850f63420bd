"""How one service's record looks in the other, and what every record is filled with.

In: records as loaded or written. Out: complete records with references that carry
``href``, ``type`` and ``name``, as the api answers them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import quote

from sync.sandbox.exchange import encode
from sync.sandbox.tables import reference_id

API = "/ims/oneroster/rostering/v1p2"
API_11 = "/ims/oneroster/v1p1"
API_ROLES = (
    "administrator",
    "aide",
    "guardian",
    "parent",
    "proctor",
    "relative",
    "student",
    "teacher",
    "system_administrator",
)
"""The roles that the api knows; the platform's others show as ``administrator``."""

_PATHS = {
    "org": "orgs",
    "user": "users",
    "class": "classes",
    "course": "courses",
    "academicSession": "academicSessions",
}
PERSON_TEXTS = (
    "username",
    "userMasterIdentifier",
    "middleName",
    "preferredFirstName",
    "preferredMiddleName",
    "preferredLastName",
    "pronouns",
    "identifier",
    "email",
    "sms",
    "phone",
)
_BLANKS: dict[str, dict[str, Any]] = {
    "orgs": {
        "name": "",
        "type": "school",
        "identifier": None,
        "parent": None,
        "children": [],
    },
    "academicSessions": {
        "title": "",
        "type": "term",
        "startDate": None,
        "endDate": None,
        "schoolYear": None,
        "org": None,
        "parent": None,
        "children": [],
    },
    "courses": {
        "title": "",
        "courseCode": None,
        "grades": [],
        "subjects": [],
        "subjectCodes": [],
        "org": None,
        "schoolYear": None,
        "academicSession": None,
        "level": None,
        "gradingScheme": None,
    },
    "classes": {
        "title": "",
        "classCode": None,
        "classType": "scheduled",
        "location": None,
        "grades": [],
        "subjects": [],
        "subjectCodes": [],
        "periods": [],
        "course": None,
        "school": None,
        "terms": [],
        "resources": [],
    },
    "users": {
        **dict.fromkeys(PERSON_TEXTS),
        "userIds": [],
        "enabledUser": "true",
        "givenName": "",
        "familyName": "",
        "roles": [],
        "userProfiles": [],
        "primaryOrg": None,
        "grades": [],
    },
    "enrollments": {
        "role": "student",
        "primary": "false",
        "beginDate": None,
        "endDate": None,
        "user": None,
        "class": None,
        "school": None,
        "course": None,
    },
    "demographics": {"birthDate": None, "sex": None},
}
FIELDS = {
    table: frozenset(blanks) | {"sourcedId", "status", "dateLastModified", "metadata"}
    for table, blanks in _BLANKS.items()
}
"""The fields of each table's records, by which ``fields`` and filters are checked."""

REFERENCES: dict[str, dict[str, str]] = {
    "orgs": {"parent": "org", "children": "org"},
    "academicSessions": {
        "org": "org",
        "parent": "academicSession",
        "children": "academicSession",
    },
    "courses": {
        "org": "org",
        "schoolYear": "academicSession",
        "academicSession": "academicSession",
    },
    "classes": {"course": "course", "school": "org", "terms": "academicSession"},
    "enrollments": {
        "user": "user",
        "class": "class",
        "school": "org",
        "course": "course",
    },
    "demographics": {},
}

NameOf = Callable[[str, str], str]
"""(type, sourcedId) -> name, empty where the record is not there."""


@lru_cache(maxsize=100_000)
def href(kind: str, key: str, root: str = API) -> str:
    """Return where the record of ``kind`` is found under the root of a service."""
    return f"{root}/{_PATHS[kind]}/{quote(key, safe='')}"


def reference(kind: str, key: str, name: str | None = None) -> dict[str, str]:
    """Return a reference to a record of ``kind`` (org, user, class, ...)."""
    made = {"href": href(kind, key), "sourcedId": key, "type": kind}
    if name:
        made["name"] = name
    return made


def agents_text(keys: Iterable[str]) -> str:
    """Return the JSON of the ``agents`` of a person: references to users."""
    return encode([reference("user", key) for key in sorted(set(keys))])


def complete(
    table: str, item: Mapping[str, Any], now: str, name_of: NameOf
) -> dict[str, Any]:
    """Return ``item`` with every field of its table and with whole references."""
    made: dict[str, Any] = {
        "sourcedId": item["sourcedId"],
        "status": item.get("status") or "active",
        "dateLastModified": item.get("dateLastModified") or now,
        "metadata": item.get("metadata") or {},
        **_BLANKS[table],
    }
    made |= {k: v for k, v in item.items() if k not in made or v is not None}
    for field, kind in REFERENCES[table].items():
        made[field] = _whole(made[field], kind, name_of)
    return made


def _whole(value: Any, kind: str, name_of: NameOf) -> Any:
    if isinstance(value, list):
        return [_whole(part, kind, name_of) for part in value]
    key = value.get("sourcedId") if isinstance(value, dict) else None
    if not isinstance(key, str):
        return value
    return reference(kind, key, name_of(kind, key))


def person(item: Mapping[str, Any], now: str) -> dict[str, Any]:
    """Return a person as the platform keeps it: no agents and never a password."""
    made: dict[str, Any] = {
        "sourcedId": item["sourcedId"],
        "status": item.get("status") or "active",
        "dateLastModified": item.get("dateLastModified") or now,
        "metadata": item.get("metadata"),
        **_BLANKS["users"],
    }
    left_out = ("agents", "password", "demographics")
    made |= {
        k: v
        for k, v in item.items()
        if k not in left_out and (k not in made or v is not None)
    }
    enabled = made["enabledUser"]
    made["enabledUser"] = str(enabled).lower()
    org = reference_id(made, "primaryOrg")
    made["primaryOrg"] = {"sourcedId": org, "type": "org"} if org else None
    made["roles"] = [_plain_role(role) for role in made["roles"]]
    return made


def _plain_role(role: Mapping[str, Any]) -> dict[str, Any]:
    org = reference_id(role, "org")
    made = {**role, "roleType": role.get("roleType") or "primary"}
    made["org"] = {"sourcedId": org, "type": "org"} if org else None
    return made


def api_person(
    item: Mapping[str, Any],
    name_of: NameOf,
    inactive_shows_as: Literal["tobedeleted", "active", "inactive"],
) -> dict[str, Any]:
    """Return the platform's person as the api shows it."""
    made = dict(item)
    made["metadata"] = item.get("metadata") or {}
    if item["status"] == "inactive":
        made["status"] = inactive_shows_as
    made["primaryOrg"] = _whole(item["primaryOrg"], "org", name_of)
    made["roles"] = [_api_role(role, name_of) for role in item["roles"]]
    return made


def _api_role(role: Mapping[str, Any], name_of: NameOf) -> dict[str, Any]:
    known = role["role"] if role["role"] in API_ROLES else "administrator"
    blank = {"userProfile": None, "beginDate": None, "endDate": None}
    return {**blank, **role, "role": known, "org": _whole(role["org"], "org", name_of)}
