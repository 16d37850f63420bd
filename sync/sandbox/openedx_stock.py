"""``GET /api/enrollment/v1/enrollments``: the stock platform's list of enrollments.

In its three generations of paging: a cursor, a cursor that is called ``page``, and
numbers of pages with an envelope around them.
"""

from __future__ import annotations

import base64
import binascii
import math
from typing import TYPE_CHECKING

from sync.sandbox.exchange import Call, Refusal, Reply, encode
from sync.sandbox.openedx_gate import need_route, need_staff
from sync.sandbox.openedx_pages import (
    ACTIVE,
    FROM,
    Where,
    count,
    may_see,
    next_link,
    texts,
    visible,
    window,
    wrong,
)
from sync.sandbox.openedx_people import is_key

if TYPE_CHECKING:
    from sync.sandbox.world import World

STOCK = "/api/enrollment/v1/enrollments"
_STOCK_ROW = (
    "'{\"created\":\"' || replace(e.created, ' ', 'T') || ':00Z\",\"mode\":' ||"
    f" json_quote(e.mode) || ',\"is_active\":' || {ACTIVE} || ',\"user\":' ||"
    " json_quote(u.username) || ',\"course_id\":' || json_quote(e.course_id) || '}'"
)
_MOST = 100
"""The most values of one filter, and the most rows of a page that may be asked for."""


def stock_list(world: World, call: Call) -> Reply:
    """List enrollments without addresses, newest first, inactive ones among them."""
    need_route(world.settings.openedx_single)
    need_staff(world)
    query = {name: values[-1] for name, values in call.parameters().items()}
    newest = world.settings.openedx_paging == "numbers"
    where = visible(world, _stock_where(world, query, newest))
    numbered = _numbered if newest else _by_cursor
    reply = numbered(world, call, query, where)
    if newest and {"course_id", "course_ids"} & query.keys():
        return Reply(200, reply, ((b"deprecation", b"true"),))
    return Reply(200, reply)


def _stock_where(world: World, query: dict[str, str], newest: bool) -> Where:
    """Older releases pass over the filters that they do not know, as a form does."""
    where = Where()
    columns = {"username": "e.username"} | ({"email": "u.email"} if newest else {})
    for name, column in columns.items():
        if query.get(name):
            where = where.among(column, _values(name, query[name]))
    names = ("course_key", "course_id") if newest else ("course_id",)
    several = ("course_keys", "course_ids") if newest else ()
    for group in (names, several):
        used = next((each for each in group if query.get(each)), None)
        if used is None:
            continue
        keys = [query[used]] if group is names else _values(used, query[used])
        for key in keys:
            if not is_key(key):
                raise wrong(used, f"'{key}' is not a valid course id.")
        where = where.among("e.course_id", keys)
        may_see(world, keys)
    return Where() if world.settings.ignore_filter else where


def _values(name: str, text: str) -> list[str]:
    values = text.split(",")
    if len(values) > _MOST:
        raise wrong(name, f"Too many values in a single request: {len(values)}.")
    return values


def _page_size(world: World, query: dict[str, str]) -> int:
    size, text = world.settings.openedx_page_size, query.get("page_size", "")
    asked = int(text) if text.isascii() and text.isdigit() else 0
    return min(asked, _MOST) if asked else min(size, _MOST)


def _by_cursor(world: World, call: Call, query: dict[str, str], where: Where) -> bytes:
    oldest = world.settings.openedx_paging == "cursor"
    name = "cursor" if oldest else "page"
    size = min(world.settings.openedx_page_size, _MOST)
    size = size if oldest else _page_size(world, query)
    if name in query:
        where = where.also("(e.created, e.n) < (?, ?)", *_place(query[name]))
    order = "e.created DESC, e.n DESC"
    row = f"{_STOCK_ROW}, e.created, e.n"
    found = world.store.rows(
        f"SELECT {row}{FROM} WHERE {where.text} ORDER BY {order} LIMIT ?",
        *where.values,
        size + 1,
    )
    rows = [text for text, _, _ in found[:size]]
    link: str | None = None
    if len(found) > size:
        _, created, number = found[size - 1]
        place = base64.urlsafe_b64encode(f"{created}|{number}".encode()).decode()
        link = next_link(world, call, name, place)
    body = f'{{"next":{encode(link)},"previous":null,"results":[{",".join(rows)}]}}'
    return body.encode()


def _place(cursor: str) -> tuple[str, int]:
    try:
        created, _, number = base64.urlsafe_b64decode(cursor).decode().partition("|")
        return created, int(number)
    except (binascii.Error, ValueError) as problem:
        raise Refusal(404, "Invalid cursor") from problem


def _numbered(world: World, call: Call, query: dict[str, str], where: Where) -> bytes:
    size, total = _page_size(world, query), count(world, where)
    pages = max(1, math.ceil(total / size))
    text = query.get("page", "1")
    page = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= page <= pages:
        raise Refusal(404, "Invalid page.")
    order = "e.created DESC, e.n DESC"
    rows = texts(world, _STOCK_ROW, where, order, window(world, page, size))
    links = {
        "next": next_link(world, call, "page", str(page + 1)) if page < pages else None,
        "previous": next_link(world, call, "page", str(page - 1)) if page > 1 else None,
    }
    counts = {"count": total, "num_pages": pages} if world.settings.totals else {}
    envelope = {**counts, "current_page": page, "start": (page - 1) * size, **links}
    head = encode(envelope).removesuffix("}")
    return f'{head},"results":[{",".join(rows)}]}}'.encode()
