"""Enrollments of one section or group: its list, and one enrollment at a time.

In: calls below ``sections/{id}`` and ``groups/{id}``. Out: enrollments in the types
that the API's samples have, which differ from route to route. Source: the REST API's
page on enrollments.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sync.sandbox import schoology_items as items
from sync.sandbox.exchange import Call, Refusal, Reply
from sync.sandbox.schoology_auth import only_own
from sync.sandbox.schoology_forms import answer, nothing
from sync.sandbox.schoology_lists import (
    Wanted,
    item_of,
    numbers,
    page,
    paging,
    parameters,
)
from sync.sandbox.schoology_people import display_name, user
from sync.sandbox.schoology_store import (
    COLUMNS,
    STATES,
    Enrollment,
    enrollment,
    members,
    new_enrollment_id,
    remove,
    save,
    whole,
)

if TYPE_CHECKING:
    from sync.sandbox.world import World

_SIZES = ("big", "reg", "sm", "tiny")
_TABLE = (
    "schoology_enrollments AS e LEFT JOIN schoology_records AS u"
    " ON u.kind = 'users' AND u.id = e.uid"
)
_COLUMNS = ", ".join([*(f"e.{name}" for name in COLUMNS), "u.item"])
_NAMES = (
    *("name_title", "name_title_show", "name_first", "name_first_preferred"),
    *("name_middle", "name_middle_show", "name_last"),
)
_SHOWN = frozenset({"name_title_show", "name_middle_show"})
_MEMBER = ("uid", "admin", "status")


def link(world: World, held: Enrollment) -> str:
    """Return the address of an enrollment as bodies have it."""
    return f"{world.settings.schoology_link_root}/{held.path}"


def enroll(
    world: World, at: tuple[str, int], uid: int, admin: int, status: int
) -> Enrollment:
    """Store a new enrollment at a realm and its id."""
    new = Enrollment(new_enrollment_id(world), *at, uid, admin, status)
    save(world, new)
    return new


def _shown(held: Enrollment, of: dict[str, Any], size: str = "reg") -> dict[str, Any]:
    """Show an enrollment: ids and status as text, ``admin`` as a number."""
    return {
        "id": str(held.id),
        "uid": str(held.uid),
        "school_uid": of.get("school_uid", ""),
        **{name: of.get(name, "0" if name in _SHOWN else "") for name in _NAMES},
        "name_display": display_name(of),
        "admin": held.admin,
        "status": str(held.status),
        "picture_url": f"http://assets.schoology.example/{size}/{held.uid}.png",
    }


def list_members(realm: str, world: World, call: Call) -> Reply:
    """List the enrollments of one section or group, of every status."""
    names = ("uid", "enrollment_status", "type", "picture_size")
    asked = paging(world, call, *names)
    only_own(world)
    at = whole(call.values[0])
    items.place(world, realm, at)
    where, values = ["e.realm = ?", "e.realm_id = ?"], [realm, at]
    for column, chosen in _chosen(world, asked.others).items():
        where.append(f"{column} IN ({', '.join('?' * len(chosen))})")
        values += chosen
    size = _size(asked.others)

    def show(*row: Any) -> dict[str, Any]:
        held = Enrollment(*row[:-1])
        of = item_of(row[-1]) if row[-1] else user(world, held.uid) or {}
        return {**_shown(held, of, size), "links": {"self": link(world, held)}}

    condition = " AND ".join(where)
    wanted = Wanted(
        "enrollment", _TABLE, condition, tuple(values), show, _COLUMNS, "e.id", str
    )
    return page(world, call, asked, wanted)


def _chosen(world: World, query: dict[str, str]) -> dict[str, list[int]]:
    """Return which values of which column are asked for."""
    chosen: dict[str, list[int]] = {}
    if "uid" in query:
        chosen["e.uid"] = numbers(query["uid"], "uid")
    if "enrollment_status" in query:
        states = numbers(query["enrollment_status"], "enrollment_status")
        if not STATES.issuperset(states):
            raise Refusal(400, "enrollment_status must be of 1, 2, 3, 4 and 5")
        chosen["e.status"] = states
    if world.settings.ignore_filter:
        chosen.clear()
    if world.settings.schoology_active_only:
        chosen.setdefault("e.status", [1])
    return chosen


def _size(query: dict[str, str]) -> str:
    sizes = query.get("picture_size", "reg").split(",")
    if not set(_SIZES).issuperset(sizes):
        raise Refusal(400, f"picture_size must be of {', '.join(_SIZES)}")
    return sizes[0]


def _held(realm: str, world: World, call: Call) -> Enrollment:
    parameters(call)
    only_own(world)
    at, key = map(whole, call.values)
    items.place(world, realm, at)
    held = enrollment(world, key)
    if held is None or (held.realm, held.realm_id) != (realm, at):
        raise Refusal(404, "there is no such enrollment here")
    return held


def get_one(realm: str, world: World, call: Call) -> Reply:
    """Answer one enrollment, without links."""
    held = _held(realm, world, call)
    return answer(call, 200, _shown(held, user(world, held.uid) or {}))


def create_one(realm: str, world: World, call: Call, item: items.Item) -> Reply:
    """Enroll one person: 201 with the enrollment, whose status is a number here."""
    at = (realm, int(call.values[0]))
    items.checked(item, _MEMBER)
    of = items.person(world, items.number(item, "uid"))
    admin, status = items.flag(item, "admin", 0) or 0, items.state(item, realm, 1)
    if members(world, *at, int(of["uid"])):
        raise Refusal(400, "the user is enrolled already")
    new = enroll(world, at, int(of["uid"]), admin, status)
    links = {"links": {"self": link(world, new)}}
    return answer(call, 201, {**_shown(new, of), "status": status, **links})


def join(realm: str, world: World, call: Call, item: items.Item) -> Reply:
    """Enroll the owner of the key by the access code of the section or group."""
    at = int(call.values[0])
    items.checked(item, ("access_code",))
    owner = items.person(world, world.settings.schoology_owner)
    if items.place(world, realm, at)["access_code"] != item["access_code"]:
        raise Refusal(400, "this is not the access code")
    uid = int(owner["uid"])
    if members(world, realm, at, uid):
        raise Refusal(400, "the user is enrolled already")
    new = enroll(world, (realm, at), uid, 0, 1)
    return answer(call, 201, _shown(new, owner))


def changed(world: World, held: Enrollment, item: items.Item) -> None:
    """Store what an item says about an enrollment; Refusal 400 where it cannot be."""
    if "uid" in item and items.number(item, "uid") != held.uid:
        raise Refusal(400, "this enrollment is of another user")
    if not {"admin", "status"} & item.keys():
        raise Refusal(400, "there is nothing to change")
    admin = items.flag(item, "admin", held.admin)
    status = items.state(item, held.realm, held.status)
    save(world, replace(held, admin=admin or 0, status=status))


def change_one(realm: str, world: World, call: Call, item: items.Item) -> Reply:
    """Change admin or status of one enrollment."""
    held = _held(realm, world, call)
    items.checked(item, (), _MEMBER)
    changed(world, held, item)
    return nothing()


def delete_one(realm: str, world: World, call: Call) -> Reply:
    """Delete one enrollment; this cannot be undone."""
    remove(world, _held(realm, world, call))
    return nothing()
