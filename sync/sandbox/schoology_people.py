"""Schoology's users and their roles, to be read only.

In: calls. Out: lists, single users, and redirects from SIS ids to users. Source: the
REST API's pages on users and roles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sync.sandbox.exchange import Call, Refusal, Reply, Route
from sync.sandbox.schoology_auth import only_own
from sync.sandbox.schoology_forms import ROOT, answer, see_other
from sync.sandbox.schoology_lists import (
    MOST,
    SCHOOL,
    Wanted,
    in_building,
    item_of,
    page,
    paging,
    parameters,
)
from sync.sandbox.schoology_store import record, records, whole, with_code

if TYPE_CHECKING:
    from sync.sandbox.world import World

_TABLE = "schoology_records"
_ADMINISTRATOR = {
    "school_uid": "",
    "name_first": "Sandbox",
    "name_last": "Administrator",
    "role_id": "1",
    "active": 1,
}
_ROLES = (
    {"id": 1, "title": "System Admin", "faculty": 1, "role_type": 1},
    {"id": 2, "title": "Teacher", "faculty": 1, "role_type": 1},
    {"id": 3, "title": "Student", "faculty": 0, "role_type": 1},
    {"id": 4, "title": "Parent", "faculty": 0, "role_type": 2},
)
"""What there is where no document brought roles."""


def user(world: World, uid: int | None) -> dict[str, Any] | None:
    """Return a user; the key's owner is there even where no document has him."""
    held = record(world, "users", uid)
    if held is None and uid == world.settings.schoology_owner:
        return {"uid": str(uid), **_ADMINISTRATOR}
    return held


def display_name(item: dict[str, Any]) -> str:
    """Return a name as it is shown to people."""
    parts = (item.get("name_first"), item.get("name_last"))
    return " ".join(part for part in parts if part)


def _user(item: dict[str, Any]) -> dict[str, Any]:
    texts = ("school_uid", "building_id", "name_title", "name_first")
    more = ("name_first_preferred", "name_middle", "name_last")
    contact = ("username", "primary_email", "role_id")
    return {
        "uid": item["uid"],
        "id": int(item["uid"]),
        "school_id": SCHOOL,
        **{name: item.get(name, "") for name in (*texts, *more)},
        "name_display": display_name(item),
        **{name: item.get(name, "") for name in contact},
    }


def list_users(world: World, call: Call) -> Reply:
    """List active users, or those that have one of some SIS ids."""
    asked = paging(world, call, "school_uids", "building_id")
    only_own(world)
    where, values = in_building("kind = 'users' AND active = 1", asked.others)
    if "school_uids" in asked.others:
        codes = asked.others["school_uids"].split(",")
        if len(codes) > MOST:
            raise Refusal(400, f"school_uids has more than {MOST} values")
        where += f" AND code IN ({', '.join('?' * len(codes))})"
        values = (*values, *codes)
    shown = Wanted("user", _TABLE, where, values, lambda text: _user(item_of(text)))
    return page(world, call, asked, shown)


def list_inactive(world: World, call: Call) -> Reply:
    """List users who are no longer active."""
    asked = paging(world, call)
    only_own(world)
    where = "kind = 'users' AND active = 0"
    shown = Wanted("user", _TABLE, where, (), lambda text: _user(item_of(text)))
    return page(world, call, asked, shown)


def get_user(world: World, call: Call) -> Reply:
    """Answer one active user."""
    parameters(call)
    uid = whole(call.values[0])
    only_own(world, uid=uid)
    held = user(world, uid)
    if held is None or not held["active"]:
        raise Refusal(404, "there is no such user")
    return answer(call, 200, _user(held))


def me(world: World, call: Call) -> Reply:
    """Send the caller to himself."""
    parameters(call)
    return see_other(call, f"users/{world.settings.schoology_owner}")


def user_by_code(world: World, call: Call) -> Reply:
    """Send the caller to the user with an SIS id."""
    parameters(call)
    only_own(world)
    found = with_code(world, "users", call.values[0])
    active = [item for item in found if item["active"]]
    if not active:
        raise Refusal(404, "there is no user with this school_uid")
    return see_other(call, f"users/{active[0]['uid']}")


def list_roles(world: World, call: Call) -> Reply:
    """List the roles."""
    asked = paging(world, call)
    held = list(records(world, "kind = 'roles' ORDER BY id"))
    every = [{**item, "id": int(item["id"])} for item in held] or list(_ROLES)
    shown = every[asked.start : asked.start + asked.limit]
    return answer(call, 200, {"role": shown, "total": len(every)})


ROUTES = (
    Route("GET", f"{ROOT}/users", list_users, None),
    Route("GET", f"{ROOT}/users/inactive", list_inactive, None),
    Route("GET", f"{ROOT}/users/me", me, None),
    Route("GET", f"{ROOT}/users/{{}}", get_user, None),
    Route("GET", f"{ROOT}/users/ext/{{}}", user_by_code, None),
    Route("GET", f"{ROOT}/roles", list_roles, None),
)
