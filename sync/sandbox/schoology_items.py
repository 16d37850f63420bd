"""What an enrollment that is sent may say: fields, their values, whom and where.

In: one item of a body. Out: checked values, or Refusal with the status of this item.
Numbers may come as numbers or as digits, since the API's own samples have both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sync.sandbox.exchange import Refusal
from sync.sandbox.schoology_people import user
from sync.sandbox.schoology_store import ARCHIVED, STATES, record, whole, with_code

if TYPE_CHECKING:
    from sync.sandbox.world import World

Item = Mapping[str, Any]


def checked(
    item: Item, required: tuple[str, ...], others: tuple[str, ...] = ()
) -> None:
    """Refuse an item that lacks a field, or has one that is not known here."""
    unknown = sorted(set(item) - {*required, *others})
    if unknown:
        raise Refusal(400, f"no field {unknown[0]}")
    for name in required:
        if item.get(name) in (None, ""):
            raise Refusal(400, f"{name} is required")


def number(item: Item, name: str) -> int:
    """Return a field that is an id."""
    value = whole(item.get(name))
    if value is None:
        raise Refusal(400, f"{name} must be a whole number")
    return value


def code(item: Item, name: str) -> str:
    """Return a field that is a text."""
    value = item.get(name)
    if not isinstance(value, str):
        raise Refusal(400, f"{name} must be a text")
    return value


def flag(item: Item, name: str, default: int | None = None) -> int | None:
    """Return a field that is 0 or 1, ``default`` where it is not there."""
    if name not in item:
        return default
    value = whole(item[name])
    if value not in (0, 1):
        raise Refusal(400, f"{name} must be 0 or 1")
    return value


def state(item: Item, realm: str, default: int) -> int:
    """Return the status, which must be one that the realm has."""
    if "status" not in item:
        return default
    value = whole(item["status"])
    if value not in STATES:
        raise Refusal(400, "status must be one of 1, 2, 3, 4 and 5")
    if value == ARCHIVED and realm != "section":
        raise Refusal(400, "only sections have status 5")
    return value


def person(world: World, uid: int) -> dict[str, Any]:
    """Return the user that can be enrolled."""
    return _active(user(world, uid))


def person_with(world: World, school_uid: str) -> dict[str, Any]:
    """Return the user with an SIS id, who can be enrolled."""
    found = with_code(world, "users", school_uid)
    active = [item for item in found if item["active"]]
    return _active(next(iter(active or found), None))


def _active(held: dict[str, Any] | None) -> dict[str, Any]:
    if held is None:
        raise Refusal(404, "there is no such user")
    if not held["active"]:
        raise Refusal(400, "the user is not active")
    return held


def place(world: World, realm: str, realm_id: int | None) -> dict[str, Any]:
    """Return the section or group."""
    held = record(world, f"{realm}s", realm_id)
    if held is None:
        raise Refusal(404, f"there is no such {realm}")
    return held
