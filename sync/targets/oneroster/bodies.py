"""Canonical records -> the bodies of OneRoster's writes, in either version's shape.

A PUT replaces, so each body is the record as it was read with our fields over it. What
a change does not concern stays in the server's own form: arrays, numbers, references
and roles that say more than we know.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sync.model.entities import METADATA_PREFIX, Entity
from sync.model.normalise import decode_roles
from sync.model.request import Json
from sync.targets.oneroster.shapes import AGENTS, PERSON_TEXTS, SHAPES

Values = Mapping[str, Any]


def record(
    entity: Entity,
    identifier: str,
    after: Values,
    rest: Values | None,
    changed: Collection[str],
) -> Json:
    """A record of any collection but the users, in its wrapper.

    ``rest``: what was read besides the columns, null for a new record; ``changed``:
    the columns that this write changes.
    """
    shape = SHAPES[entity]
    made = _Made(dict(rest or {}), after, frozenset(changed))
    made.head(identifier)
    for name in shape.texts:
        made.text(name)
    for name in shape.lists:
        made.list(name)
    for column, pointer in shape.pointers.items():
        made.pointer(pointer.name, column, pointer.kind, many=pointer.many)
    if rest is None:
        for name, word in shape.stand_ins.items():
            made.body.setdefault(name, word)
    return {shape.single: made.body}


def user(
    identifier: str,
    after: Values,
    rest: Values,
    changed: Collection[str] | None,
    *,
    old: bool,
) -> dict[str, Json]:
    """A user, without a wrapper; ``old``: as 1.1 has him, with one role at his orgs.

    ``changed`` is null where all of his columns may be other than in ``rest``.
    """
    made = _Made(dict(rest), after, None if changed is None else frozenset(changed))
    made.head(identifier)
    for name in PERSON_TEXTS:
        made.text(name)
    made.body["enabledUser"] = made.body.get("enabledUser") or "true"
    made.list("grades")
    if old:
        made.body |= _one_role(after)
        return made.body
    made.pointer("primaryOrg", "primaryOrgSourcedId", "org")
    made.body["roles"] = _roles(after, rest)
    return made.body


def with_agents(body: dict[str, Json], rest: Values, ids: Collection[str]) -> Json:
    """The user with exactly these guardians, in the form in which he has them."""
    name = next((one for one in AGENTS if one in rest), AGENTS[0])
    held = rest.get(name)
    if isinstance(held, str):
        return body | {name: ",".join(sorted(ids))}
    known = {_named(one): one for one in held or ()}
    bare = any(isinstance(one, str) for one in held or ())
    new = {one: one if bare else _reference(one, "user") for one in ids}
    return body | {name: [known.get(one, new[one]) for one in sorted(ids)]}


def agents_of(rest: Values) -> set[str]:
    """The guardians that a record has, out of what is carried along."""
    held = next((rest[one] for one in AGENTS if one in rest), None)
    if isinstance(held, str):
        return {part.strip() for part in held.split(",") if part.strip()}
    return {_named(one) for one in held or ()}


def _named(one: Any) -> str:
    return str(one.get("sourcedId")) if isinstance(one, dict) else str(one)


def _reference(identifier: str, kind: str) -> Json:
    return {"sourcedId": identifier, "type": kind}


class _Made:
    """A body on its way: the record as read, over which our fields are laid."""

    def __init__(
        self, body: dict[str, Json], after: Values, changed: frozenset[str] | None
    ) -> None:
        self.body = body
        self._after = after
        self._changed = changed

    def head(self, identifier: str) -> None:
        """Identifier, status and metadata."""
        self.body["sourcedId"] = identifier
        self.body["status"] = self._after.get("status") or "active"
        metadata = dict(self.body.get("metadata") or {})
        for name, value in self._after.items():
            key = name.removeprefix(METADATA_PREFIX)
            if key != name and (value is not None or key in metadata):
                metadata[key] = value
        if metadata:
            self.body["metadata"] = metadata

    def text(self, name: str) -> None:
        """A text; a number that the server keeps as one stays one."""
        value = self._after.get(name)
        held = self.body.get(name)
        number = isinstance(held, int | float) and not isinstance(held, bool)
        if number and isinstance(value, str) and value.isdecimal():
            value = int(value)
        self._lay(name, name, value)

    def list(self, name: str) -> None:
        """An array of texts."""
        told = (self._after.get(name) or "").split(",")
        self._lay(name, name, [one.strip() for one in told if one.strip()])

    def pointer(self, name: str, column: str, kind: str, *, many: bool = False) -> None:
        """A reference, or an array of them."""
        told = self._after.get(column)
        if not many:
            self._lay(name, column, _reference(told, kind) if told else None)
            return
        ids = [one for one in (told or "").split(",") if one]
        self._lay(name, column, [_reference(one, kind) for one in ids])

    def _lay(self, name: str, column: str, value: Json) -> None:
        """What is cleared is said so, since not all servers take silence for it."""
        changes = self._changed is not None and column in self._changed
        if name in self.body and self._changed is not None and not changes:
            return
        if value not in (None, []) or changes:
            self.body[name] = value
        else:
            self.body.pop(name, None)


def _one_role(after: Values) -> dict[str, Json]:
    """The role of a 1.1 user, and his orgs, the primary one first."""
    told = decode_roles(after.get("roles"))
    home = after.get("primaryOrgSourcedId")
    orgs = [org for _, _, org in told if org and org != home]
    every = [home, *orgs] if home else orgs
    names = [role for kind, role, _ in told if kind == "primary"] or [
        role for _, role, _ in told
    ]
    return {
        "role": names[0] if names else None,
        "orgs": [_reference(one, "org") for one in dict.fromkeys(every)],
    }


def _roles(after: Values, rest: Values) -> list[Json]:
    """All roles, primary ones first; one that says more than its three words (dates, a
    profile) keeps what it says."""
    home = after.get("primaryOrgSourcedId") or ""
    held = {_said(one): one for one in _objects(rest.get("roles"))}
    return [
        held.get((kind, role, org or home)) or _role(kind, role, org or home)
        for kind, role, org in decode_roles(after.get("roles"))
    ]


def _role(kind: str, role: str, org: str) -> dict[str, Json]:
    said: dict[str, Json] = {"roleType": kind, "role": role}
    return said | {"org": _reference(org, "org")} if org else said


def _objects(value: Any) -> Sequence[Mapping[str, Any]]:
    parts = value if isinstance(value, list) else [value]
    return [one for one in parts if isinstance(one, dict)]


def _said(role: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    return role.get("roleType") or "primary", role.get("role"), _named(role.get("org"))
