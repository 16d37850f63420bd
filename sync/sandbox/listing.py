"""Pages of records: the query of a list, checked by the rules of its dialect.

In: a call and the collection that it names. Out: the records' texts and the totals.
Source: the two TimeBack references (limits, ``orderBy``, predicates) and OneRoster
1.2 for the filter grammar.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sync.sandbox.exchange import Call, Refusal, encode
from sync.sandbox.filters import FilterError, as_sql, parse_filter, project
from sync.sandbox.store import Selection
from sync.sandbox.tables import TABLES
from sync.sandbox.views import FIELDS

if TYPE_CHECKING:
    from sync.sandbox.world import World

_TOP = 10**12
_WHOLE = "substr(item, 1, length(item) - 1) || ',\"agents\":' || agents || '}'"
"""The text of a person with the guardian references, which are stored apart."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one service wants to be asked for a list."""

    default_limit: int
    ascending: str
    descending: str
    operators: frozenset[str]
    predicates: int | None = None
    """How many a filter may have (two cannot mix AND and OR); None: any number."""


@dataclass(frozen=True, slots=True)
class Collection:
    """One list: its path, its table and its names in the body."""

    path: str
    table: str
    key: str
    single: str
    where: str = "1"
    searched: tuple[str, ...] = ()

    @property
    def fields(self) -> frozenset[str]:
        """The fields that its records have."""
        if self.table in ("users", "api_users"):
            return FIELDS["users"] | {"agents"}
        return FIELDS[self.table]


@dataclass(frozen=True, slots=True)
class Page:
    """The records of a page as JSON text, and where it stands."""

    texts: list[str]
    total: int
    limit: int
    offset: int

    def body(self, key: str, counts: Mapping[str, int]) -> bytes:
        """Return the body: the records under ``key``, and the counts beside it."""
        rest = "".join(f',"{name}":{value}' for name, value in counts.items())
        return f'{{"{key}":[{",".join(self.texts)}]{rest}}}'.encode()


def _only(query: Mapping[str, list[str]], name: str) -> str | None:
    values = query.get(name)
    if values is None:
        return None
    if len(values) > 1:
        raise Refusal(400, f"{name} may stand only once", minor="invaliddata")
    return values[0]


def _whole_number(
    query: Mapping[str, list[str]], name: str, default: int, lowest: int
) -> int:
    text = _only(query, name)
    if text is None:
        return default
    value = int(text) if text.isascii() and text.isdigit() else -1
    if not lowest <= value <= _TOP:
        msg = f"{name} must be a whole number from {lowest}"
        raise Refusal(400, msg, minor="invaliddata")
    return value


def _limit(
    world: World, query: Mapping[str, list[str]], dialect: Dialect, cap: int
) -> int:
    limit = _whole_number(query, "limit", min(dialect.default_limit, cap), 1)
    if limit > cap and not world.settings.clamp_limit:
        raise Refusal(400, f"limit must be at most {cap}", minor="invaliddata")
    return min(limit, cap)


def _order(
    world: World,
    query: Mapping[str, list[str]],
    dialect: Dialect,
    collection: Collection,
) -> str:
    sort, direction = _only(query, "sort"), _only(query, "orderBy")
    if direction not in (None, dialect.ascending, dialect.descending):
        msg = f"orderBy must be {dialect.ascending} or {dialect.descending}"
        raise Refusal(400, msg, minor="invaliddata")
    if sort is None:
        return "random()" if world.settings.unstable_order else "sourcedId"
    if sort.split(".")[0] not in collection.fields or not _plain(sort):
        raise Refusal(400, f"cannot sort by {sort}", minor="invalid_sort_field")
    column = TABLES[collection.table].paths.get(sort)
    by = f'"{column}"' if column else f"pick(item, '{sort}')"
    way = "DESC" if direction == dialect.descending else "ASC"
    return f"{by} {way}" if by == '"sourcedId"' else f"{by} {way}, sourcedId"


def _plain(path: str) -> bool:
    return path.replace(".", "").replace("_", "").isalnum() and path.isascii()


def _condition(
    text: str, dialect: Dialect, collection: Collection
) -> tuple[str, tuple[str, ...]]:
    try:
        wanted = parse_filter(text)
        links = any(clause.path.split(".")[0] == "agents" for clause in wanted.clauses)
        table = TABLES[collection.table]
        sql = as_sql(wanted, table.paths, _WHOLE if links else "item")
    except FilterError as error:
        raise Refusal(400, str(error), minor="invalid_filter_field") from error
    for clause in wanted.clauses:
        unknown = clause.path.split(".")[0] not in collection.fields
        if unknown or clause.operator not in dialect.operators:
            msg = f"cannot filter by {clause.path} with {clause.operator}"
            raise Refusal(400, msg, minor="invalid_filter_field")
    if dialect.predicates is not None and len(wanted.clauses) > dialect.predicates:
        msg = f"a filter has at most {dialect.predicates} predicates"
        raise Refusal(400, msg, minor="invalid_filter_field")
    return sql


def _search(text: str, collection: Collection) -> tuple[str, tuple[str, ...]]:
    clauses = [f"holds(item, '{name}', '~', ?)" for name in collection.searched]
    if not clauses or not text:
        return "1", ()
    return f"({' OR '.join(clauses)})", (text,) * len(clauses)


def selected_fields(call: Call, collection: Collection) -> list[list[str]]:
    """Return the paths that ``fields`` names; none means all fields."""
    text = _only(call.parameters(), "fields")
    if text is None:
        return []
    paths = [part.strip().split(".") for part in text.split(",") if part.strip()]
    for path in paths:
        if path[0] not in collection.fields:
            msg = f"no field {path[0]}"
            raise Refusal(400, msg, minor="invalid_selection_field")
    return paths


def page_of(
    world: World, call: Call, collection: Collection, dialect: Dialect, cap: int
) -> Page:
    """Return the page that a call asks for; Refusal 400 where the query is wrong."""
    query, settings = call.parameters(), world.settings
    limit = _limit(world, query, dialect, cap)
    offset = _whole_number(query, "offset", 0, 0)
    order = _order(world, query, dialect, collection)
    paths = selected_fields(call, collection)
    where = [collection.where]
    values: tuple[str, ...] = ()
    text = _only(query, "filter")
    if text is not None:
        condition, wanted = _condition(text, dialect, collection)
        if not settings.ignore_filter:
            where.append(condition)
            values = wanted
    condition, more = _search(_only(query, "search") or "", collection)
    where.append(condition)
    if settings.empty_lists:
        return Page([], 0, limit, offset)
    selection = Selection(" AND ".join(where), (*values, *more), order, limit, offset)
    total = world.store.count(collection.table, selection)
    if settings.duplicate_rows and offset:
        selection = replace(selection, offset=offset - 1)
    return Page(_texts(world, collection, selection, paths), total, limit, offset)


def _texts(
    world: World, collection: Collection, selection: Selection, paths: list[list[str]]
) -> list[str]:
    agents = {"filled": None, "empty": "[]", "absent": ""}
    shown = agents[world.settings.agents_in_list]
    if paths and ["agents"] not in paths:
        shown = ""
    texts = world.store.texts(collection.table, replace(selection, agents=shown))
    if not paths:
        return texts
    return [encode(project(json.loads(text), paths)) for text in texts]
