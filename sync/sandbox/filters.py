"""OneRoster's filter grammar, turned into SQL over stored JSON.

In: ``status='active' AND grades~'5'``. Out: clauses and connectives; a path that SQL
can name is compared there, any other by :func:`holds` over the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_CLAUSE = re.compile(r"\s*([A-Za-z][\w.]*)\s*(!=|>=|<=|=|>|<|~|@)\s*'([^']*)'\s*")
_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?",
    re.ASCII,
)
"""ISO 8601 without its years of weeks."""
_CONNECTIVE = re.compile(r"(AND|OR)(?=\s)")


class FilterError(ValueError):
    """The text does not follow the grammar."""


@dataclass(frozen=True, slots=True)
class Clause:
    """``path operator 'value'``."""

    path: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class Filter:
    """Clauses with one connective fewer; AND binds closer than OR."""

    clauses: tuple[Clause, ...]
    connectives: tuple[str, ...]


def parse_filter(text: str) -> Filter:
    """Read a filter; raises FilterError."""
    clauses: list[Clause] = []
    connectives: list[str] = []
    at = 0
    while True:
        clause = _CLAUSE.match(text, at)
        if clause is None:
            msg = f"no predicate at character {at + 1} of the filter"
            raise FilterError(msg)
        clauses.append(Clause(*clause.groups()))
        at = clause.end()
        if at == len(text):
            return Filter(tuple(clauses), tuple(connectives))
        connective = _CONNECTIVE.match(text, at)
        if connective is None:
            msg = f"neither AND nor OR at character {at + 1} of the filter"
            raise FilterError(msg)
        connectives.append(connective[1])
        at = connective.end()


def as_sql(
    wanted: Filter,
    expressions: Mapping[str, str],
    item: Callable[[str], str] = lambda _root: "item",
) -> tuple[str, tuple[str, ...]]:
    """Return a condition and its values.

    ``expressions`` says which paths SQL can name; ``item`` gives the SQL of the text
    in which all others are looked up, by the first part of their path.
    """
    text, values = _clause_sql(wanted.clauses[0], expressions, item)
    for connective, clause in zip(wanted.connectives, wanted.clauses[1:], strict=True):
        more, added = _clause_sql(clause, expressions, item)
        text, values = f"{text} {connective} {more}", values + added
    return f"({text})", values


def _clause_sql(
    clause: Clause, expressions: Mapping[str, str], item: Callable[[str], str]
) -> tuple[str, tuple[str, ...]]:
    known = expressions.get(clause.path)
    if known is None or clause.operator in ("~", "@"):
        arguments = (clause.path, clause.operator, clause.value)
        return f"holds({item(clause.path.split('.')[0])}, ?, ?, ?)", arguments
    value = clause.value
    if clause.path == "dateLastModified":
        value = exact_stamp(parse_stamp(value))
    return f"{known} {clause.operator} ?", (value,)


def parse_stamp(text: str) -> datetime:
    """Read an ISO 8601 date or date-time; raises FilterError."""
    msg = "dateLastModified is compared with a date or a date-time"
    if not _MOMENT.fullmatch(text):
        raise FilterError(msg)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise FilterError(msg) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def stamp(moment: datetime) -> str:
    """Return a moment as stored: UTC with milliseconds, so that text sorts by time."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def exact_stamp(moment: datetime) -> str:
    """Return a moment as it is compared: UTC with microseconds."""
    text = moment.astimezone(UTC).isoformat(timespec="microseconds")
    return text.replace("+00:00", "Z")


def _reach(value: Any, path: list[str]) -> list[Any]:
    if isinstance(value, list):
        return [found for part in value for found in _reach(part, path)]
    if not path:
        return [] if value is None else [value]
    return _reach(value.get(path[0]), path[1:]) if isinstance(value, dict) else []


_COMPARE: dict[str, Callable[[str, str], bool]] = {
    "=": lambda held, value: held == value,
    ">": lambda held, value: held > value,
    ">=": lambda held, value: held >= value,
    "<": lambda held, value: held < value,
    "<=": lambda held, value: held <= value,
    "~": lambda held, value: value.lower() in held.lower(),
    "@": lambda held, value: held in [part.strip() for part in value.split(",")],
}


def _words(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def holds(item: str, path: str, operator: str, value: str) -> bool:
    """Return whether a stored record satisfies one clause.

    A list equals a comma list of the same members in any order; with the other
    operators one member is enough.
    """
    held = [_words(part) for part in _reach(json.loads(item), path.split("."))]
    if operator in ("=", "!="):
        same = held == [value] or (
            len(held) > 1
            and sorted(held) == sorted(p.strip() for p in value.split(","))
        )
        return same == (operator == "=")
    compare = _COMPARE[operator]
    return any(compare(part, value) for part in held)


def pick(item: str, path: str) -> str | None:
    """Return the value that a stored record is sorted by."""
    held = _reach(json.loads(item), path.split("."))
    return ",".join(_words(part) for part in held) if held else None


def project(item: Mapping[str, Any], paths: list[list[str]]) -> dict[str, Any]:
    """Return only the parts of ``item`` that the paths name."""
    kept: dict[str, Any] = {}
    for path in paths:
        if path[0] not in item:
            continue
        if len(path) == 1:
            kept[path[0]] = item[path[0]]
        else:
            kept[path[0]] = _merge(kept.get(path[0]), _narrow(item[path[0]], path[1:]))
    return kept


def _narrow(value: Any, path: list[str]) -> Any:
    if isinstance(value, list):
        return [_narrow(part, path) for part in value]
    return project(value, [path]) if isinstance(value, dict) else value


def _merge(first: Any, second: Any) -> Any:
    if isinstance(first, dict) and isinstance(second, dict):
        return first | {k: _merge(first.get(k), v) for k, v in second.items()}
    if isinstance(first, list) and isinstance(second, list):
        return [_merge(a, b) for a, b in zip(first, second, strict=True)]
    return second
