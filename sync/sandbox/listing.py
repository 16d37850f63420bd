"""Pages of records: the query of a list, checked by the rules of its dialect.

In: a call and the collection that it names. Out: the records' texts and the totals.
Source: the two TimeBack references (limits, ``orderBy``, predicates) and OneRoster
1.2 for the filter grammar and for what unknown fields do.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from sync.sandbox.exchange import Call, Refusal, encode
from sync.sandbox.filters import (
    Clause,
    Filter,
    FilterError,
    as_sql,
    parse_filter,
    project,
)
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
    unknown_sort: Literal["refuse", "ignore"] = "refuse"
    unknown_fields: Literal["refuse", "all"] = "refuse"
    unknown_filter: Literal["refuse", "nothing"] = "refuse"
    """Whether a filter on a field that nobody knows is refused or finds nothing."""
    nested: bool = True
    """Whether a filter may name a field of a reference."""
    bad_number: Literal["refuse", "default"] = "refuse"
    """What a limit or offset does that is none."""
    above_cap: Literal["switch", "clamp", "free"] = "switch"
    """What a limit above the maximum does: as the switch ``clamp_limit`` says, fewer
    rows in silence, or there is no maximum."""
    orders_alone: bool = True
    """Whether ``orderBy`` may stand without ``sort``."""
    and_wins: bool = False
    """Whether AND between two clauses makes every connective one."""
    skips: bool = True
    """Whether ``offset`` is obeyed."""
    loses: bool = False
    """Whether each page but the first begins one row late."""


@dataclass(frozen=True, slots=True)
class Collection:
    """One list: its path, its table and its names in the body."""

    path: str
    table: str
    key: str
    single: str
    where: str = "1"
    searched: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    """What is bound in ``where``."""
    known: frozenset[str] = frozenset()
    """The fields that its records show; empty: those of the table."""
    expressions: Mapping[str, str] = field(default_factory=dict)
    """Filter and sort path -> SQL, over those of the table."""
    made: Mapping[str, str] = field(default_factory=dict)
    """First part of a path -> the SQL of a text that has it, where ``item`` has not."""
    shape: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    """Makes of a stored record what is shown."""

    def text_of(self, root: str) -> str:
        """Return the SQL of the text in which a path that begins so is looked up."""
        return self.made.get(root, _WHOLE if root == "agents" else "item")

    @property
    def sql(self) -> dict[str, str]:
        """Filter and sort path -> SQL."""
        return {**TABLES[self.table].expressions, **self.expressions}

    @property
    def fields(self) -> frozenset[str]:
        """The fields that its records have."""
        if self.known:
            return self.known
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
    query: Mapping[str, list[str]],
    name: str,
    default: int,
    lowest: int,
    dialect: Dialect,
) -> int:
    given = query.get(name, [])
    if len(given) != 1 and dialect.bad_number == "default":
        return default
    text = _only(query, name)
    if text is None:
        return default
    value = int(text) if text.isascii() and text.isdigit() else -1
    if lowest <= value <= _TOP:
        return value
    if dialect.bad_number == "default":
        return default
    msg = f"{name} must be a whole number from {lowest}"
    raise Refusal(400, msg, minor="invaliddata")


def _limit(
    world: World, query: Mapping[str, list[str]], dialect: Dialect, cap: int
) -> int:
    default = min(dialect.default_limit, cap)
    limit = _whole_number(query, "limit", default, 1, dialect)
    if dialect.above_cap == "free":
        return limit
    clamps = dialect.above_cap == "clamp" or world.settings.clamp_limit
    if limit > cap and not clamps:
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
    if direction and sort is None and not dialect.orders_alone:
        raise Refusal(400, "orderBy needs sort", minor="invaliddata")
    known = sort is not None and sort.split(".")[0] in collection.fields
    if sort is not None and not (known and _plain(sort)):
        if dialect.unknown_sort == "refuse":
            raise Refusal(400, f"cannot sort by {sort}", minor="invalid_sort_field")
        sort = None
    if sort is None:
        return "random()" if world.settings.unstable_order else "sourcedId"
    text = collection.text_of(sort.split(".")[0])
    by = collection.sql.get(sort) or f"pick({text}, '{sort}')"
    way = "DESC" if direction == dialect.descending else "ASC"
    return f"{by} {way}" if by == '"sourcedId"' else f"{by} {way}, sourcedId"


def _plain(path: str) -> bool:
    return path.replace(".", "").replace("_", "").isalnum() and path.isascii()


def _condition(
    text: str, dialect: Dialect, collection: Collection
) -> tuple[str, tuple[str, ...]]:
    try:
        wanted = parse_filter(text)
        sql = as_sql(_joined(wanted, dialect), collection.sql, collection.text_of)
    except FilterError as error:
        raise Refusal(400, str(error), minor="invalid_filter_field") from error
    if dialect.predicates is not None and len(wanted.clauses) > dialect.predicates:
        msg = f"a filter has at most {dialect.predicates} predicates"
        raise Refusal(400, msg, minor="invalid_filter_field")
    unknown = [c for c in wanted.clauses if not _allowed(c, dialect, collection)]
    return ("0", ()) if unknown else sql


def _joined(wanted: Filter, dialect: Dialect) -> Filter:
    if not dialect.and_wins or "AND" not in wanted.connectives:
        return wanted
    return replace(wanted, connectives=("AND",) * len(wanted.connectives))


def _allowed(clause: Clause, dialect: Dialect, collection: Collection) -> bool:
    """Return whether a clause can find something; Refusal 400 where it may not be."""
    known = clause.path.split(".")[0] in collection.fields
    nested = "." in clause.path and not dialect.nested
    if not known and not nested and dialect.unknown_filter == "nothing":
        return False
    if not known or nested or clause.operator not in dialect.operators:
        msg = f"cannot filter by {clause.path} with {clause.operator}"
        raise Refusal(400, msg, minor="invalid_filter_field")
    return True


def _search(text: str, collection: Collection) -> tuple[str, tuple[str, ...]]:
    clauses = [f"holds(item, '{name}', '~', ?)" for name in collection.searched]
    if not clauses or not text:
        return "1", ()
    return f"({' OR '.join(clauses)})", (text,) * len(clauses)


def selected_fields(
    call: Call, collection: Collection, dialect: Dialect | None = None
) -> list[list[str]]:
    """Return the paths that ``fields`` names; none means all fields."""
    text = _only(call.parameters(), "fields")
    if text is None:
        return []
    paths = [part.strip().split(".") for part in text.split(",") if part.strip()]
    unknown = [path[0] for path in paths if path[0] not in collection.fields]
    if not unknown:
        return paths
    if dialect is not None and dialect.unknown_fields == "all":
        return []
    msg = f"no field {unknown[0]}"
    raise Refusal(400, msg, minor="invalid_selection_field")


def page_of(
    world: World, call: Call, collection: Collection, dialect: Dialect, cap: int
) -> Page:
    """Return the page that a call asks for; Refusal 400 where the query is wrong."""
    query, settings = call.parameters(), world.settings
    limit = _limit(world, query, dialect, cap)
    offset = _whole_number(query, "offset", 0, 0, dialect)
    order = _order(world, query, dialect, collection)
    paths = selected_fields(call, collection, dialect)
    where, values = _where(world, query, dialect, collection)
    if settings.empty_lists:
        return Page([], 0, limit, offset)
    start = offset if dialect.skips else 0
    if settings.duplicate_rows and start:
        start -= 1
    if dialect.loses and start:
        start += 1
    selection = Selection(where, values, order, limit, start)
    total = world.store.count(collection.table, selection)
    return Page(_texts(world, collection, selection, paths), total, limit, offset)


def _where(
    world: World,
    query: Mapping[str, list[str]],
    dialect: Dialect,
    collection: Collection,
) -> tuple[str, tuple[str, ...]]:
    parts: list[tuple[str, tuple[str, ...]]] = [(collection.where, collection.values)]
    text = _only(query, "filter")
    if text is not None:
        condition = _condition(text, dialect, collection)
        if not world.settings.ignore_filter:
            parts.append(condition)
    parts.append(_search(_only(query, "search") or "", collection))
    where = " AND ".join(f"({condition})" for condition, _ in parts)
    return where, tuple(value for _, values in parts for value in values)


def _texts(
    world: World, collection: Collection, selection: Selection, paths: list[list[str]]
) -> list[str]:
    agents = {"filled": None, "empty": "[]", "absent": ""}
    shown = agents[world.settings.agents_in_list]
    if paths and ["agents"] not in paths and collection.shape is None:
        shown = ""
    texts = world.store.texts(collection.table, replace(selection, agents=shown))
    return [shown_text(text, collection, paths) for text in texts]


def shown_text(text: str, collection: Collection, paths: list[list[str]]) -> str:
    """Return the text of a stored record as it is shown, narrowed to ``paths``."""
    if not paths and collection.shape is None:
        return text
    item = json.loads(text)
    if collection.shape is not None:
        item = collection.shape(item)
    return encode(project(item, paths) if paths else item)
