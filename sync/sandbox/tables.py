"""The SQLite tables: each record as JSON text beside the columns that are searched.

``users`` is the platform's truth; ``api_users`` is what the api shows of it, which
may come later and says some things in other words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sync.sandbox.filters import FilterError, exact_stamp, parse_stamp

_KEPT = ("sourcedId", "status", "dateLastModified")


def reference_id(item: Mapping[str, Any], name: str) -> str | None:
    """Return the sourcedId that reference ``name`` of ``item`` points at."""
    value = item.get(name)
    return value.get("sourcedId") if isinstance(value, dict) else None


def _field(name: str) -> Callable[[Mapping[str, Any]], Any]:
    return lambda item: item.get(name)


def _reference(name: str) -> Callable[[Mapping[str, Any]], Any]:
    return lambda item: reference_id(item, name)


@lru_cache(maxsize=10_000)
def _moment(text: str) -> str:
    """Return a moment in the form that sorts by time; text that is none stays."""
    try:
        return exact_stamp(parse_stamp(text))
    except (FilterError, OverflowError):
        return text


def _modified(item: Mapping[str, Any]) -> Any:
    text = item.get("dateLastModified")
    return _moment(text) if isinstance(text, str) else text


def has_role(item: Mapping[str, Any], role: str) -> int:
    """Return 1 where one of the person's roles is ``role``, else 0."""
    return int(any(entry.get("role") == role for entry in item.get("roles") or ()))


def email_key(item: Mapping[str, Any]) -> str | None:
    """Return the e-mail as accounts are matched by it, or None."""
    return (item.get("email") or "").strip().lower() or None


def display_name(item: Mapping[str, Any]) -> str:
    """Return what references to ``item`` show as its name."""
    name = item.get("title") or item.get("name")
    if name is None:
        name = f"{item.get('givenName') or ''} {item.get('familyName') or ''}".strip()
    return str(name)


DEFAULT_CLASS = "edubridgeDefault"
"""Key in a class's metadata that marks it as EduBridge's default class."""


def _is_default(item: Mapping[str, Any]) -> int:
    return int(bool((item.get("metadata") or {}).get(DEFAULT_CLASS)))


_PEOPLE: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "email": email_key,
    "name": display_name,
    "student": lambda item: has_role(item, "student"),
    "teacher": lambda item: has_role(item, "teacher"),
}


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its own columns, and which of them answer a filter directly."""

    name: str
    columns: Mapping[str, Callable[[Mapping[str, Any]], Any]]
    paths: Mapping[str, str]
    """Filter and sort path -> column."""
    indexed: tuple[str, ...] = ()
    agents: bool = False
    """Whether guardian references stand in a column of their own."""

    def row(self, item: Mapping[str, Any], text: str) -> tuple[Any, ...]:
        """Return the values to store for ``item``, whose JSON is ``text``."""
        own = (compute(item) for compute in self.columns.values())
        kept = (item.get("sourcedId"), item.get("status"), _modified(item))
        return (*kept, text, *own)

    @property
    def expressions(self) -> dict[str, str]:
        """Filter and sort path -> its SQL."""
        return {path: f'"{column}"' for path, column in self.paths.items()}

    @property
    def names(self) -> tuple[str, ...]:
        """All columns in the order of :meth:`row`, quoted."""
        return tuple(f'"{name}"' for name in (*_KEPT, "item", *self.columns))

    def statements(self) -> list[str]:
        """Return the statements that make the table and its indexes."""
        columns = ", ".join(self.names)
        extra = ", agents TEXT NOT NULL DEFAULT '[]'" if self.agents else ""
        made = [
            f"CREATE TABLE IF NOT EXISTS {self.name} ({columns}{extra})",
            f"CREATE UNIQUE INDEX IF NOT EXISTS {self.name}_id"
            f" ON {self.name} (sourcedId)",
        ]
        made += [
            f"CREATE INDEX IF NOT EXISTS {self.name}_{column}"
            f' ON {self.name} ("{column}")'
            for column in self.indexed
        ]
        return made


def _table(
    name: str,
    columns: Mapping[str, Callable[[Mapping[str, Any]], Any]],
    paths: Mapping[str, str] | None = None,
    *,
    indexed: tuple[str, ...] = (),
    agents: bool = False,
) -> Table:
    own = {kept: kept for kept in _KEPT} | dict(paths or {})
    return Table(name, columns, own, indexed, agents)


TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        _table(
            "orgs",
            {"name": _field("name"), "type": _field("type")},
            {"name": "name", "type": "type"},
        ),
        _table("academicSessions", {"type": _field("type")}, {"type": "type"}),
        _table("courses", {"name": display_name}, {"title": "name"}),
        _table(
            "classes",
            {
                "name": display_name,
                "course": _reference("course"),
                "school": _reference("school"),
                "is_default": _is_default,
            },
            {
                "title": "name",
                "course.sourcedId": "course",
                "school.sourcedId": "school",
            },
            indexed=("course",),
        ),
        _table("users", _PEOPLE, indexed=("email",), agents=True),
        _table("api_users", _PEOPLE, agents=True),
        _table(
            "enrollments",
            {
                "user": _reference("user"),
                "class": _reference("class"),
                "course": _reference("course"),
                "school": _reference("school"),
                "role": _field("role"),
            },
            {
                "user.sourcedId": "user",
                "class.sourcedId": "class",
                "course.sourcedId": "course",
                "school.sourcedId": "school",
                "role": "role",
            },
            indexed=("user", "class"),
        ),
        _table("demographics", {}),
    )
}

OTHERS = (
    "CREATE TABLE IF NOT EXISTS links (student TEXT, agentId TEXT, agent TEXT,"
    " relationshipType TEXT, PRIMARY KEY (student, agentId)) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS links_agent ON links (agent)",
    "CREATE TABLE IF NOT EXISTS pending (n INTEGER PRIMARY KEY, written REAL,"
    " item TEXT, agents TEXT)",
    "CREATE TABLE IF NOT EXISTS races (course TEXT, school TEXT, count INTEGER,"
    " PRIMARY KEY (course, school)) WITHOUT ROWID",
)
