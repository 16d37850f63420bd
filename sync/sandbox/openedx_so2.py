"""``GET /api/so2/v1/enrollments``: the vendor's list of enrollments.

Source: the vendor's page: no paging, a body whose shape the sample leaves open, headers
that it demands, filters of which one may be used at a time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sync.sandbox.exchange import Call, Refusal, Reply, encode
from sync.sandbox.openedx_gate import need_route, need_staff
from sync.sandbox.openedx_pages import (
    ACTIVE,
    Where,
    count,
    may_see,
    next_link,
    texts,
    visible,
    window,
    wrong,
)

if TYPE_CHECKING:
    from sync.sandbox.world import World

SO2 = "/api/so2/v1/enrollments"
_EMAIL = (
    "CASE WHEN u.retired THEN 'retired__user_' || u.rowid || '@retired.invalid'"
    " ELSE u.email END"
)
_SO2_ROW = (
    "'{\"username\":' || json_quote(u.username) || ',\"email\":' ||"
    f" json_quote({_EMAIL}) || ',\"course_id\":' || json_quote(e.course_id) ||"
    f" ',\"is_active\":' || {ACTIVE} || ',\"mode\":' || json_quote(e.mode) ||"
    " ',\"created\":' || json_quote(e.created) || '}'"
)
_LONGEST = 36_500
"""Days: a century, further back than any enrollment."""
_WHOLE = "non_field_errors"
"""The key of what is wrong with the filters together."""
_ARRAY, _PAGES, _OBJECT, _BARE, _LINES = range(1, 6)
"""The five shapes of the body."""


def so2_list(world: World, call: Call) -> Reply:
    """List enrollments: all, of a course, of a user, or of the last days."""
    settings = world.settings
    need_route(settings.openedx_so2)
    _need_headers(world, call)
    need_staff(world)
    shape = settings.openedx_list_shape
    query = _single_values(call)
    page = _number("page", query.pop("page", "1")) if shape == _PAGES else 1
    where = visible(world, _so2_where(world, query))
    if shape != _PAGES:
        rows = texts(world, _SO2_ROW, where, "e.n")
        return Reply(200, _shaped(world, shape, rows).encode())
    size = settings.openedx_page_size
    rows = texts(world, _SO2_ROW, where, "e.n", window(world, page, size))
    total = count(world, where)
    more = page * size < total
    counts = f'"count":{total},' if settings.totals else ""
    link = encode(next_link(world, call, "page", str(page + 1)) if more else None)
    body = f'{{{counts}"next":{link},"results":[{",".join(rows)}]}}'
    return Reply(200, body.encode())


def _need_headers(world: World, call: Call) -> None:
    if not world.settings.openedx_strict_headers:
        return
    kind = call.header(b"content-type").split(";")[0].strip().lower()
    if kind != "application/json":
        raise Refusal(415, f'Unsupported media type "{kind}" in request.')
    if not call.header(b"access-control-request-headers"):
        raise Refusal(400, "Access-Control-Request-Headers is required.")


def _single_values(call: Call) -> dict[str, str]:
    found = call.parameters()
    for name, values in found.items():
        if len(values) > 1:
            raise wrong(name, "Enter it once.")
    return {name: values[0] for name, values in found.items()}


def _number(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _LONGEST:
        raise wrong(name, "Enter a whole number.")
    return int(text)


def _so2_where(world: World, query: dict[str, str]) -> Where:
    unknown = sorted(set(query) - {"course_id", "username", "days"})
    if unknown:
        raise wrong(unknown[0], "There is no such filter.")
    if len(query) > 1:
        raise wrong(_WHOLE, "What two filters mean is not documented.")
    where = everything = _all(world)
    if "course_id" in query:
        where = where.also("e.course_id = ?", query["course_id"])
    if "username" in query:
        where = where.also("e.username = ?", query["username"])
    if "days" in query:
        back = timedelta(days=_number("days", query["days"]))
        since = (datetime.now(UTC) - back).strftime("%Y-%m-%d %H:%M")
        where = where.also("e.created >= ?", since)
    may_see(world, [query[name] for name in query if name == "course_id"])
    return everything if world.settings.ignore_filter else where


def _all(world: World) -> Where:
    inactive = world.settings.openedx_list_inactive
    return Where() if inactive else Where("e.is_active")


def _shaped(world: World, shape: int, rows: list[str]) -> str:
    if shape == _ARRAY:
        return f"[{','.join(rows)}]"
    if shape == _OBJECT:
        counts = f'"count":{len(rows)},' if world.settings.totals else ""
        return f'{{{counts}"enrollments":[{",".join(rows)}]}}'
    if shape == _LINES:
        return "\n".join(rows)
    end = "," if rows and world.settings.openedx_trailing_comma else ""
    return ", \n".join(rows) + end
