"""What both lists of enrollments of the imitated Open edX share.

In: conditions, an order, a part of the rows. Out: rows as JSON text, made by the
database, and links to the next page.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sync.sandbox.exchange import Call, Refusal

if TYPE_CHECKING:
    from sync.sandbox.world import World

FROM = " FROM openedx_enrollments AS e JOIN openedx_users AS u USING (username)"
ACTIVE = "CASE WHEN e.is_active THEN 'true' ELSE 'false' END"
WHOLE = (-1, 0)
"""The window (limit, offset) that shows all rows."""


@dataclass(frozen=True, slots=True)
class Where:
    """A condition over ``e`` and ``u``, and its values."""

    text: str = "1"
    values: tuple[Any, ...] = ()

    def also(self, text: str, *values: Any) -> Where:
        """Return this condition and another."""
        return Where(f"{self.text} AND {text}", (*self.values, *values))

    def among(self, column: str, values: list[str]) -> Where:
        """Return this condition for rows with one of the values."""
        marks = ", ".join("?" for _ in values)
        return self.also(f"{column} IN ({marks})", *values)


def wrong(name: str, text: str) -> Refusal:
    """Return the refusal of one parameter."""
    return Refusal(400, text, details=({name: text},))


def may_see(world: World, courses: Iterable[str]) -> None:
    """Raise Refusal 403 or 404 where the list of one of the courses is refused."""
    settings = world.settings
    if any(key in settings.openedx_list_refused for key in courses):
        text = "You do not have permission to see this course."
        raise Refusal(settings.openedx_list_status, text)


def visible(world: World, where: Where) -> Where:
    """Leave out, without a word, what the caller is told not to see."""
    settings = world.settings
    if settings.empty_lists:
        return where.also("0")
    hidden = [*settings.openedx_list_refused, *settings.openedx_list_hidden]
    if not hidden:
        return where
    marks = ", ".join("?" for _ in hidden)
    return where.also(f"e.course_id NOT IN ({marks})", *hidden)


def texts(
    world: World, row: str, where: Where, order: str, window: tuple[int, int] = WHOLE
) -> list[str]:
    """Return ``row``, an expression of JSON text, of the rows in a window."""
    order = "random()" if world.settings.unstable_order else order
    found = world.store.rows(
        f"SELECT {row}{FROM} WHERE {where.text} ORDER BY {order} LIMIT ? OFFSET ?",
        *where.values,
        *window,
    )
    return [text for (text,) in found]


def count(world: World, where: Where) -> int:
    """Return how many rows there are in all windows together."""
    row = world.store.one(f"SELECT COUNT(*){FROM} WHERE {where.text}", *where.values)
    return 0 if row is None else int(row[0])


def window(world: World, page: int, size: int) -> tuple[int, int]:
    """Return limit and offset of a page; an overlap makes it a row longer."""
    skip = (page - 1) * size
    doubled = world.settings.duplicate_rows and skip > 0
    return size + doubled, skip - doubled


def next_link(world: World, call: Call, name: str, value: str) -> str:
    """Return the address of another page, which ``name`` tells from this one."""
    query = {key: values[0] for key, values in call.parameters().items()}
    host = call.header(b"host")
    match world.settings.openedx_next:
        case "elsewhere":
            host = "elsewhere.example"
        case "loop":
            value = query.get(name, value)
        case "absolute":
            pass
    return f"http://{host}{call.path}?{urlencode({**query, name: value})}"
