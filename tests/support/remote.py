"""Looks at what a sandbox holds (``Sandbox.dump``)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

SEAT = ("user", "course", "school")
STAMPS = ("dateLastModified",)
Dump = Mapping[str, Any]


def person(dump: Dump, key: str) -> dict[str, Any]:
    """One person by id."""
    (found,) = (one for one in dump["users"] if one["sourcedId"] == key)
    return dict(found)


def active(dump: Dump) -> dict[str, set[str]]:
    """The keys of what is in force: people, links, enrollments."""
    return {
        **{
            name: {one["sourcedId"] for one in dump[name] if one["status"] == "active"}
            for name in ("users", "enrollments")
        },
        "agents": {
            f"{one['studentSourcedId']}/{one['agentSourcedId']}"
            for one in dump["agents"]
        },
    }


def lost(before: Dump, after: Dump) -> dict[str, set[str]]:
    """What was in force before and is not any more, where there is any."""
    now = active(after)
    gone = {name: keys - now[name] for name, keys in active(before).items()}
    return {name: keys for name, keys in gone.items() if keys}


def doubles(dump: Dump) -> list[tuple[str, ...]]:
    """Enrollments in force that say the same thing twice, and links."""
    seats = Counter(
        (one["role"], *(one[name]["sourcedId"] for name in SEAT))
        for one in dump["enrollments"]
        if one["status"] == "active"
    )
    links = Counter(
        (one["studentSourcedId"], one["agentSourcedId"]) for one in dump["agents"]
    )
    return [key for key, count in (seats | links).items() if count > 1]


def changed(before: Dump, after: Dump) -> dict[str, dict[str, set[str]]]:
    """Per list and key the fields that differ, without the server's own stamps."""
    found: dict[str, dict[str, set[str]]] = {}
    for name in ("users", "enrollments", "agents"):
        old, new = _by_key(before[name]), _by_key(after[name])
        for key in old.keys() | new.keys():
            fields = _differing(old.get(key, {}), new.get(key, {}))
            if fields:
                found.setdefault(name, {})[key] = fields
    return found


def _by_key(records: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        one.get("sourcedId") or f"{one['studentSourcedId']}/{one['agentId']}": one
        for one in records
    }


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> set[str]:
    names = (old.keys() | new.keys()) - set(STAMPS)
    return {name for name in names if old.get(name) != new.get(name)}
