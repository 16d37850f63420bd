"""Canonical records -> the bodies and paths of TimeBack's requests.

Shapes are those of the TimeBack Level 1 guide (platform), the enrollments guide
(EduBridge) and the OneRoster v1p2 pages of the api.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from typing import Any

from sync.model.entities import METADATA_PREFIX
from sync.model.normalise import decode_roles
from sync.model.request import Json

NAMESPACE = uuid.UUID("5d1c9a52-5a0e-4f8e-9f7d-0b6c1a1f6f10")
"""Of the ids that this program derives for guardian links (``agent_ids = "uuid5"``)."""

PLAIN = (
    "username",
    "middleName",
    "email",
    "phone",
    "identifier",
)
PLATFORM_ROLES = {
    "administrator": "siteAdministrator",
    "system_administrator": "systemAdministrator",
}
"""What the platform calls roles that only the api knows."""


def platform_grades(grades: str | None) -> list[str]:
    """The platform's own codes: ``5``, ``K``, ``PK``."""
    codes = (grades or "").split(",")
    return [_platform_grade(code) for code in codes if code]


def _platform_grade(code: str) -> str:
    if code == "KG":
        return "K"
    return str(int(code)) if code.isdecimal() else code


def person(
    identifier: str,
    after: Mapping[str, Any],
    rest: Mapping[str, Any],
    changed: Collection[str] = (),
) -> Json:
    """A person as the platform takes him: ours over what it already holds.

    ``changed``: the fields that this write changes; a birth date is only taken away
    where it is one of them.
    """
    demographics = dict(rest.get("demographics") or {})
    body: dict[str, Json] = {
        name: value
        for name, value in rest.items()
        if name not in {"metadata", "demographics"}
    }
    body |= {
        "sourcedId": identifier,
        "status": after.get("status") or "active",
        "enabledUser": after.get("enabledUser") or "true",
        "givenName": after.get("givenName"),
        "familyName": after.get("familyName"),
        "grades": platform_grades(after.get("grades")),
        "primaryOrg": _org(after.get("primaryOrgSourcedId")),
    }
    body |= {name: after[name] for name in PLAIN if name in after}
    if after.get("birthDate") or "birthDate" in changed:
        demographics["birthDate"] = after.get("birthDate")
    if demographics:
        body["demographics"] = demographics
    metadata = _metadata(after, rest)
    if metadata:
        body["metadata"] = metadata
    return body


def roles(after: Mapping[str, Any]) -> list[Json]:
    """All roles of a person, primary ones first, in the platform's words.

    Those of a record that was read at the api are in the api's; a role without an org
    is one at the primary org.
    """
    home = after.get("primaryOrgSourcedId")
    return [
        {
            "roleType": kind,
            "role": PLATFORM_ROLES.get(role, role),
            "org": _org(org or home),
        }
        for kind, role, org in decode_roles(after.get("roles"))
    ]


def _org(identifier: str | None) -> Json:
    return {"sourcedId": identifier, "type": "org"}


def _metadata(after: Mapping[str, Any], rest: Mapping[str, Any]) -> dict[str, Json]:
    metadata = dict(rest.get("metadata") or {})
    for name, value in after.items():
        if name.startswith(METADATA_PREFIX):
            key = name.removeprefix(METADATA_PREFIX)
            if value is not None or key in metadata:
                metadata[key] = value
    return metadata


def link(agent: str, relationship: str | None) -> Json:
    """A guardian link; the student and the link's own id stand in the path."""
    return {
        "user": {"sourcedId": agent, "type": "user"},
        "relationshipType": relationship,
    }


def link_id(after: Mapping[str, Any], *, derived: bool) -> str:
    """The id that stands in the path of a link: the drop's, or one derived from it.

    Deterministic, because the read side does not tell it.
    """
    if after.get("agentId"):
        return str(after["agentId"])
    agent = str(after["agentSourcedId"])
    if not derived:
        return agent
    return str(uuid.uuid5(NAMESPACE, f"{after['studentSourcedId']}\n{agent}"))


def enrollment(
    identifier: str, after: Mapping[str, Any], rest: Mapping[str, Any]
) -> Json:
    """An enrollment as OneRoster v1p2 holds it."""
    body: dict[str, Json] = {
        "sourcedId": identifier,
        "status": after.get("status") or "active",
        "role": after["role"],
        "user": {"sourcedId": after["userSourcedId"]},
        "class": {"sourcedId": after["classSourcedId"]},
    }
    if after.get("schoolSourcedId"):
        body["school"] = {"sourcedId": after["schoolSourcedId"]}
    for name in ("primary", "beginDate", "endDate"):
        if after.get(name) is not None:
            body[name] = after[name]
    metadata = _metadata(after, rest)
    if metadata:
        body["metadata"] = metadata
    return body
