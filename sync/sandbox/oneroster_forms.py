"""How OneRoster's roots show a record: TimeBack's form, published 1.2, published 1.1.

In: stored records, which are TimeBack's and hold more than either version. Out: the
record as one form shows it, with the deviations that the settings ask for.
Source: the tables of both published versions (fields, words for roles, references).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from sync.sandbox.exchange import encode
from sync.sandbox.tables import reference_id
from sync.sandbox.tokens import API_SCOPE, PLATFORM_SCOPE
from sync.sandbox.views import API, API_11, FIELDS, PERSON_TEXTS, REFERENCES, href

if TYPE_CHECKING:
    from sync.sandbox.settings import SandboxSettings
    from sync.sandbox.world import World

Version = Literal["1.1", "1.2"]
Shape = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Form:
    """One way to show and to take records."""

    version: Version
    root: str
    people: str
    """The table of people: TimeBack's api shows another view of them."""
    standard: bool
    """Whether it keeps to the published standard."""

    def table(self, name: str) -> str:
        """Return the table in which this form finds the records of ``name``."""
        return self.people if name == "users" else name


TIMEBACK = Form("1.2", API, "api_users", standard=False)
SPEC_12 = Form("1.2", API, "users", standard=True)
SPEC_11 = Form("1.1", API_11, "users", standard=True)
ROOTS: Mapping[Version, str] = {"1.2": API, "1.1": API_11}

ROLES_11 = (
    "administrator",
    "aide",
    "guardian",
    "parent",
    "proctor",
    "relative",
    "student",
    "teacher",
)
ROLES_12 = (
    "aide",
    "counselor",
    "districtAdministrator",
    "guardian",
    "parent",
    "principal",
    "proctor",
    "relative",
    "siteAdministrator",
    "student",
    "systemAdministrator",
    "teacher",
)
_AS_12 = {
    "administrator": "siteAdministrator",
    "system_administrator": "systemAdministrator",
}
"""Words that only 1.1 and TimeBack's api have, in those of 1.2."""

_ALWAYS = ("sourcedId", "status", "dateLastModified", "metadata")
_FIELDS: dict[str, tuple[str, ...]] = {
    "orgs": ("name", "type", "identifier", "parent", "children"),
    "academicSessions": (
        "title",
        "startDate",
        "endDate",
        "type",
        "parent",
        "children",
        "schoolYear",
    ),
    "courses": (
        "title",
        "schoolYear",
        "courseCode",
        "grades",
        "subjects",
        "org",
        "subjectCodes",
        "resources",
    ),
    "classes": (
        "title",
        "classCode",
        "classType",
        "location",
        "grades",
        "subjects",
        "course",
        "school",
        "terms",
        "subjectCodes",
        "periods",
        "resources",
    ),
    "enrollments": (
        "user",
        "class",
        "school",
        "role",
        "primary",
        "beginDate",
        "endDate",
    ),
    "demographics": (
        "birthDate",
        "sex",
        "americanIndianOrAlaskaNative",
        "asian",
        "blackOrAfricanAmerican",
        "nativeHawaiianOrOtherPacificIslander",
        "white",
        "demographicRaceTwoOrMoreRaces",
        "hispanicOrLatinoEthnicity",
        "countryOfBirthCode",
        "stateOfBirthAbbreviation",
        "cityOfBirth",
        "publicSchoolResidenceStatus",
    ),
}
_PERSON = ("enabledUser", "givenName", "familyName", "userIds", "grades", "agents")
_PEOPLE: dict[Version, tuple[str, ...]] = {
    "1.1": (
        *_PERSON,
        *("username", "middleName", "identifier", "email", "sms", "phone"),
        *("role", "orgs"),
    ),
    "1.2": (
        *_PERSON,
        *PERSON_TEXTS,
        *("roles", "userProfiles", "primaryOrg", "resources"),
    ),
}


def form_of(settings: SandboxSettings, version: Version) -> Form:
    """Return the form in which the root of ``version`` answers now."""
    if version == "1.1":
        return SPEC_11
    return SPEC_12 if settings.oneroster_dialect == "spec" else TIMEBACK


def scopes(version: Version, *names: str) -> frozenset[str]:
    """Return the scopes of these names that the root of ``version`` takes."""
    prefixes = (API_SCOPE, PLATFORM_SCOPE) if version == "1.2" else (API_SCOPE,)
    return frozenset(prefix + name for prefix in prefixes for name in names)


def published(form: Form, table: str) -> frozenset[str]:
    """Return the fields that records of ``table`` have in ``form``."""
    if not form.standard:
        more = {"agents"} if table == "users" else frozenset()
        return FIELDS[table] | more
    own = _PEOPLE[form.version] if table == "users" else _FIELDS[table]
    return frozenset((*_ALWAYS, *own))


def fields(settings: SandboxSettings, form: Form, table: str) -> frozenset[str]:
    """Return the fields by which lists of ``table`` can be asked, as they are shown."""
    known = published(form, table)
    if table != "users":
        return known
    return known - {"agents"} | {settings.oneroster_agents}


def shape_of(settings: SandboxSettings, form: Form, table: str) -> Shape | None:
    """Return what makes a shown record of a stored one; None where they are equal."""
    steps: list[Shape] = []
    if form.standard:
        steps.append(partial(_published, form, table, _inactive(settings)))
    if table == "users" and settings.oneroster_agents != "agents":
        steps.append(partial(_agents_elsewhere, settings.oneroster_agents))
    if settings.oneroster_references != "whole":
        steps.append(partial(_poorer, settings.oneroster_references))
    if settings.oneroster_always_active:
        steps.append(lambda item: {**item, "status": "active"})
    if settings.oneroster_nulls == "dropped":
        steps.append(lambda item: {k: v for k, v in item.items() if v is not None})
    return partial(_all, tuple(steps)) if steps else None


def _inactive(settings: SandboxSettings) -> str:
    """Return what ``inactive`` shows as, which neither published version has."""
    return "inactive" if settings.takes_inactive else settings.inactive_shows_as


def _all(steps: tuple[Shape, ...], item: dict[str, Any]) -> dict[str, Any]:
    for step in steps:
        item = step(item)
    return item


def _published(
    form: Form, table: str, inactive: str, item: dict[str, Any]
) -> dict[str, Any]:
    if table == "users":
        item = as_person(form, item)
    known = published(form, table)
    made = {name: value for name, value in item.items() if name in known}
    if made["status"] == "inactive":
        made["status"] = inactive
    made["metadata"] = made.get("metadata") or {}
    if table == "academicSessions" and made["schoolYear"] is not None:
        made["schoolYear"] = str(made["schoolYear"])
    kinds = _PEOPLE_REFERENCES if table == "users" else REFERENCES[table]
    for name, kind in kinds.items():
        if name in made:
            made[name] = _reference(form, kind, made[name])
    return made


_PEOPLE_REFERENCES = {"agents": "user", "primaryOrg": "org", "orgs": "org"}


def _reference(form: Form, kind: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_reference(form, kind, part) for part in value]
    key = value.get("sourcedId") if isinstance(value, dict) else None
    if not isinstance(key, str):
        return None
    return {"href": href(kind, key, form.root), "sourcedId": key, "type": kind}


def as_person(form: Form, item: Mapping[str, Any]) -> dict[str, Any]:
    """Return a person with the roles and orgs as the version of ``form`` says them."""
    if form.version == "1.1":
        role, orgs = role_and_orgs(item)
        return {**item, "role": role, "orgs": [{"sourcedId": org} for org in orgs]}
    roles = [
        {
            **role,
            "role": _AS_12.get(role["role"], role["role"]),
            "org": _reference(form, "org", role.get("org")),
        }
        for role in item["roles"]
    ]
    return {**item, "roles": roles}


def role_and_orgs(item: Mapping[str, Any]) -> tuple[str | None, list[str]]:
    """Return the one role that 1.1 knows of a person, and all orgs, each once."""
    roles = item.get("roles") or []
    first = [role for role in roles if role.get("roleType") == "primary"] or roles
    word = first[0]["role"] if first else None
    if word is not None and word not in ROLES_11 and not word.startswith("ext:"):
        word = "administrator"
    orgs = [reference_id(item, "primaryOrg")]
    orgs += [reference_id(role, "org") for role in (*first, *roles)]
    return word, list(dict.fromkeys(org for org in orgs if org))


def _agents_elsewhere(name: str, item: dict[str, Any]) -> dict[str, Any]:
    if "agents" not in item:
        return item
    rest = {key: value for key, value in item.items() if key != "agents"}
    keys = [agent["sourcedId"] for agent in item["agents"]]
    return {**rest, name: ",".join(keys) if name == "agentSourceIds" else keys}


def _poorer(style: str, value: Any) -> Any:
    """Make every reference inside a record one with fewer words."""
    if isinstance(value, list):
        return [_poorer(style, part) for part in value]
    if not isinstance(value, dict):
        return value
    if "sourcedId" in value and "type" in value and len(value) <= _REFERENCE_KEYS:
        key = value["sourcedId"]
        return key if style == "bare" else {"sourcedId": key}
    return {name: _poorer(style, part) for name, part in value.items()}


_REFERENCE_KEYS = 4
"""``href``, ``sourcedId``, ``type`` and ``name``."""


def computed(world: World, form: Form, table: str) -> dict[str, str]:
    """Return the SQL of texts that hold what a form has and no stored record does."""
    if table != "users" or not form.standard:
        return {}
    name = f"person_{form.version.replace('.', '_')}"
    _register(world.store.connection, name, form)
    names = ("role", "orgs") if form.version == "1.1" else ("roles",)
    return dict.fromkeys(names, f"{name}(item)")


def _register(connection: sqlite3.Connection, name: str, form: Form) -> None:
    def make(text: str) -> str:
        return encode(as_person(form, json.loads(text)))

    connection.create_function(name, 1, make, deterministic=True)


def said_otherwise(settings: SandboxSettings, form: Form) -> dict[str, str]:
    """Return the SQL of fields that show another value than the stored one."""
    if settings.oneroster_always_active:
        return {"status": "'active'"}
    shown = _inactive(settings)
    if form.standard and shown != "inactive":
        return {"status": f"CASE status WHEN 'inactive' THEN '{shown}' ELSE status END"}
    return {}
