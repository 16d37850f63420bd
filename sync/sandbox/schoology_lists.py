"""Paged lists as Schoology has them: ``start`` and ``limit``, a total, links.

In: a call and what it lists. Out: one page. Defaults and the types of ``total`` are
those of the REST API's samples; the largest limit is not documented.
"""

# ruff: noqa: S608 - names of tables and columns are our own, all values are bound

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sync.sandbox.exchange import Call, Refusal, Reply
from sync.sandbox.schoology_forms import ROOT, answer
from sync.sandbox.schoology_store import whole

if TYPE_CHECKING:
    from sync.sandbox.world import World

MOST = 50
"""How many items a batch, and how many ids a query may have."""
SCHOOL = 1
"""The id of the only school."""
_DEFAULT_LIMIT = 20
_PREFIX = f"{ROOT}/"
_PAGING = ("start", "limit")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows, below which name, and how each is shown.

    ``table`` may be a join; ``columns`` are handed to ``show``. ``total``: a few lists
    tell it as text.
    """

    name: str
    table: str
    where: str
    values: tuple[Any, ...]
    show: Callable[..., dict[str, Any]]
    columns: str = "item"
    order: str = "id"
    total: type[int] | type[str] = int


@dataclass(frozen=True, slots=True)
class Range:
    """Which part of a list; ``others`` are the other parameters of the query."""

    start: int
    limit: int
    others: dict[str, str]


def parameters(call: Call, *allowed: str) -> dict[str, str]:
    """Return the query; Refusal 400 for a name that is unknown or stands twice."""
    query = call.parameters()
    for name, values in query.items():
        if name not in allowed:
            raise Refusal(400, f"no parameter {name}")
        if len(values) > 1:
            raise Refusal(400, f"{name} may stand only once")
    return {name: values[0] for name, values in query.items()}


def numbers(text: str, name: str) -> list[int]:
    """Return comma-separated whole numbers; Refusal 400 for anything else."""
    found = [whole(part) for part in text.split(",")]
    if None in found:
        raise Refusal(400, f"{name} must be whole numbers, separated by commas")
    return [number for number in found if number is not None]


def paging(world: World, call: Call, *allowed: str) -> Range:
    """Return which part is asked for; Refusal 400 where the query is wrong."""
    query = parameters(call, *_PAGING, *allowed)
    start, limit = whole(query.get("start", 0)), whole(query.get("limit", 0))
    if start is None or limit is None or ("limit" in query and not limit):
        raise Refusal(400, "start and limit must be whole numbers, limit from 1")
    cap = world.settings.schoology_page_cap
    others = {name: value for name, value in query.items() if name not in _PAGING}
    return Range(start, min(limit or _DEFAULT_LIMIT, cap), others)


def page(world: World, call: Call, asked: Range, wanted: Wanted) -> Reply:
    """Answer one page of ``wanted``."""
    settings = world.settings
    status = settings.schoology_barred.get(call.path.removeprefix(_PREFIX), 0)
    if status in (403, 404):
        raise Refusal(status, "the sandbox was told to keep this list to itself")
    if status or settings.empty_lists:
        wanted = replace(wanted, where="0", values=())
    row = world.store.one(
        f"SELECT COUNT(*) FROM {wanted.table} WHERE {wanted.where}", *wanted.values
    )
    there = 0 if row is None else int(row[0])
    shown = [wanted.show(*each) for each in _rows(world, asked, wanted)]
    body: dict[str, Any] = {wanted.name: shown} if shown else {}
    if settings.totals:
        body["total"] = wanted.total(max(0, there + settings.schoology_total_off))
    return answer(call, 200, {**body, "links": _links(world, call, asked, there)})


def _rows(world: World, asked: Range, wanted: Wanted) -> Sequence[Sequence[Any]]:
    settings, start, limit = world.settings, asked.start, asked.limit
    if start and settings.schoology_list_shifts:
        start += 1
    if start and settings.duplicate_rows:
        start -= 1
    order = "random()" if settings.unstable_order else wanted.order
    return world.store.rows(
        f"SELECT {wanted.columns} FROM {wanted.table} WHERE {wanted.where}"
        f" ORDER BY {order} LIMIT ? OFFSET ?",
        *wanted.values,
        limit,
        start,
    )


def _links(world: World, call: Call, asked: Range, there: int) -> dict[str, str]:
    root = world.settings.schoology_link_root
    path = f"{root}/{call.path.removeprefix(_PREFIX)}"

    def link(start: int) -> str:
        query = {**asked.others, "start": start, "limit": asked.limit}
        return f"{path}?{urlencode(query)}"

    after = asked.start + asked.limit
    found = {"self": link(asked.start)}
    return {**found, "next": link(after)} if after < there else found


def item_of(text: str) -> dict[str, Any]:
    """Return the record in a row of the store."""
    return dict(json.loads(text))


def in_building(where: str, others: dict[str, str]) -> tuple[str, tuple[str, ...]]:
    """Return the condition and its values, narrowed to ``building_id`` if asked."""
    if "building_id" not in others:
        return where, ()
    building = "json_extract(item, '$.building_id') = ?"
    return f"{where} AND {building}", (others["building_id"],)
