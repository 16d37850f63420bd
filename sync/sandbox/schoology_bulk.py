"""Many enrollments at once: at most 50 items, each with a result of its own.

In: bodies that wrap items in ``enrollments``, or ids in a query. Out: 207 with one
``response_code`` per item. Source: the REST API's page on enrollments; how items fail
is not documented there and is this sandbox's own.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sync.sandbox import schoology_items as items
from sync.sandbox.exchange import Call, Refusal, Reply
from sync.sandbox.schoology_enrollments import changed, enroll, link
from sync.sandbox.schoology_forms import answer
from sync.sandbox.schoology_lists import MOST, numbers, parameters
from sync.sandbox.schoology_store import (
    Enrollment,
    drawn,
    enrollment,
    members,
    remove,
    save,
    whole,
)

if TYPE_CHECKING:
    from sync.sandbox.world import World

Result = dict[str, Any]
_MEMBER = ("uid", "admin", "status")
_YES = ("1", "true")
_TRIED_AGAIN = (429, 500)
_TOLD = "the sandbox was told to fail here"


@dataclass(frozen=True, slots=True)
class Batch:
    """One bulk route: what names an item, and what is done with it."""

    key: Callable[[items.Item], tuple[str, ...]]
    """The fields that no two items of a body may share."""
    apply: Callable[[World, items.Item], Result]


def unwrapped(sent: dict[str, Any]) -> list[items.Item]:
    """Return the items of a body; Refusal 400 unless they are 1 to 50 objects."""
    wrapper = sent.get("enrollments")
    found = wrapper.get("enrollment") if isinstance(wrapper, dict) else None
    if not isinstance(found, list) or set(sent) != {"enrollments"}:
        raise Refusal(400, "send enrollments with a list of enrollment")
    if not 1 <= len(found) <= MOST:
        raise Refusal(400, f"send from 1 to {MOST} enrollments at a time")
    if not all(isinstance(item, dict) for item in found):
        raise Refusal(400, "every enrollment must be an object")
    return found


def run(world: World, call: Call, sent: Sequence[items.Item], batch: Batch) -> Reply:
    """Apply every item and answer a result for each."""
    settings = world.settings
    seen: set[tuple[str, ...]] = set()
    with world.store.atomic():
        results = [_result(world, item, batch, seen) for item in sent]
        codes = {result["response_code"] for result in results}
        if settings.schoology_batch_refused and codes - {200, *_TRIED_AGAIN}:
            raise Refusal(400, "there is an enrollment in this batch that is wrong")
    if settings.schoology_shuffled_results:
        results = _shuffled(world, results)
    results = results[: max(0, len(results) - settings.schoology_missing_results)]
    return answer(call, 207, {"enrollments": {"enrollment": results}})


def _result(
    world: World, item: items.Item, batch: Batch, seen: set[tuple[str, ...]]
) -> Result:
    try:
        result = _applied(world, item, batch, seen)
    except Refusal as refusal:
        named = {} if world.settings.schoology_bare_failures else _named(item)
        text = refusal.text
        return {"response_code": refusal.status, **named, "message": text}
    return {"response_code": 200, **result}


def _applied(
    world: World, item: items.Item, batch: Batch, seen: set[tuple[str, ...]]
) -> Result:
    key = batch.key(item)
    if key in seen:
        raise Refusal(409, "the same enrollment is in this batch already")
    seen.add(key)
    settings = world.settings
    shares = {
        "429": settings.schoology_item_429,
        "500": settings.schoology_item_500,
        "lost": settings.schoology_item_lost,
    }
    trouble = drawn(world, "items", shares)
    if trouble in ("429", "500"):
        raise Refusal(int(trouble), _TOLD)
    result = batch.apply(world, item)
    if trouble == "lost":
        raise Refusal(500, _TOLD)
    return result


def _named(item: items.Item) -> Result:
    """Return what tells whose the failure is, in the types of results."""
    names = ("realm", "school_uid", "course_code", "section_code")
    named = {
        name: item[name] for name in (*names, "section_school_code") if name in item
    }
    if "uid" in item:
        number = whole(item["uid"])
        named["uid"] = item["uid"] if number is None else number
    for name in ("id", "section_id", "group_id"):
        if name in item:
            named["id" if name == "id" else "realm_id"] = str(item[name])
    return named


def _shuffled(world: World, results: list[Result]) -> list[Result]:
    """Return the results turned and mixed, so that hardly one keeps its place."""
    mixed = results[1:] + results[:1]
    if len(mixed) > 2:  # noqa: PLR2004 - two can only change places
        tail = mixed[1:]
        random.Random(world.settings.seed).shuffle(tail)  # noqa: S311 - repeatable
        mixed = [mixed[0], *tail]
    return mixed


def _text(item: items.Item, *names: str) -> tuple[str, ...]:
    return tuple(str(item.get(name, "")) for name in names)


def _done(world: World, held: Enrollment, **more: Any) -> Result:
    result = {"id": str(held.id), "uid": held.uid, "location": link(world, held)}
    return {**result, **more}


def _enrolled(
    world: World, at: tuple[str, int], item: items.Item, *, update: bool
) -> Enrollment:
    realm = at[0]
    uid = items.number(item, "uid")
    items.person(world, uid)
    admin, status = items.flag(item, "admin", 0) or 0, items.state(item, realm, 1)
    held = next(iter(members(world, *at, uid)), None)
    if held is None:
        return enroll(world, at, uid, admin, status)
    if not update:
        raise Refusal(409, "the user is enrolled already")
    new = replace(held, admin=admin, status=status)
    save(world, new)
    return new


def create_many(
    realm: str, world: World, call: Call, sent: Sequence[items.Item]
) -> Reply:
    """Enroll up to 50 people in one section or group."""
    at = (realm, int(call.values[0]))

    def apply(world: World, item: items.Item) -> Result:
        items.checked(item, _MEMBER)
        return _done(world, _enrolled(world, at, item, update=False))

    return run(world, call, sent, Batch(lambda item: _text(item, "uid"), apply))


def create_anywhere(world: World, call: Call, sent: Sequence[items.Item]) -> Reply:
    """Enroll up to 50 people over sections and groups, or change what is there."""
    query = parameters(call, "update_existing")
    update = query.get("update_existing", "0").lower() in _YES

    def apply(world: World, item: items.Item) -> Result:
        realm = item.get("realm")
        if realm not in ("section", "group"):
            raise Refusal(400, "realm must be section or group")
        name = f"{realm}_id"
        items.checked(item, ("realm", name, *_MEMBER))
        at = (realm, items.number(item, name))
        items.place(world, *at)
        held = _enrolled(world, at, item, update=update)
        return _done(world, held, realm=realm, realm_id=str(held.realm_id))

    def key(item: items.Item) -> tuple[str, ...]:
        return _text(item, "realm", "section_id", "group_id", "uid")

    return run(world, call, sent, Batch(key, apply))


def change_many(
    realm: str, world: World, call: Call, sent: Sequence[items.Item]
) -> Reply:
    """Change up to 50 enrollments of one section or group, named by id or by uid."""
    at = (realm, int(call.values[0]))

    def apply(world: World, item: items.Item) -> Result:
        items.checked(item, (), ("id", *_MEMBER))
        held = _meant(world, at, item)
        changed(world, held, item)
        return {"id": str(held.id)}

    def key(item: items.Item) -> tuple[str, ...]:
        return _text(item, "id") if "id" in item else ("", *_text(item, "uid"))

    return run(world, call, sent, Batch(key, apply))


def _meant(world: World, at: tuple[str, int], item: items.Item) -> Enrollment:
    if "id" in item:
        held = enrollment(world, items.number(item, "id"))
        found = [held] if held and (held.realm, held.realm_id) == at else []
    else:
        found = members(world, *at, items.number(item, "uid"))
    if not found:
        raise Refusal(404, "there is no such enrollment here")
    if len(found) > 1:
        raise Refusal(400, "the user has several enrollments here")
    return found[0]


def delete_many(world: World, call: Call) -> Reply:
    """Delete up to 50 enrollments, wherever they are, for good."""
    query = parameters(call, "enrollment_ids")
    found = numbers(query.get("enrollment_ids", ""), "enrollment_ids")
    if len(found) > MOST:
        raise Refusal(400, f"enrollment_ids has more than {MOST} values")

    def apply(world: World, item: items.Item) -> Result:
        held = enrollment(world, item["id"])
        if held is None:
            raise Refusal(404, "there is no such enrollment")
        remove(world, held)
        return {"id": str(held.id)}

    sent = [{"id": number} for number in found]
    return run(world, call, sent, Batch(lambda item: _text(item, "id"), apply))
