"""Hide personal data where it is shown, leaving enough to recognise a record.

Reports are mailed and printed. What is not known to be harmless is masked: names keep
their first letters, e-mail addresses their shape, telephone numbers two digits.
"""

from __future__ import annotations

import re

from sync.model.entities import ENTITIES, PEOPLE, SATELLITES, Kind

HIDDEN = "…"

_PERSONAL = (*PEOPLE, *SATELLITES)
_OPEN_KINDS = frozenset(Kind) - {Kind.TEXT, Kind.EMAIL, Kind.PHONE, Kind.DATE}
_OPEN = frozenset(
    column.name
    for entity, spec in ENTITIES.items()
    for column in spec.columns
    if column.kind in _OPEN_KINDS
    or (entity not in _PERSONAL and column.kind in {Kind.TEXT, Kind.DATE})
) - {"identifier", "location"}
"""Columns whose cells are shown: identifiers, statuses, roles, grades, titles, dates of
terms. ``identifier`` may be a government's number of a person."""

_KINDS = {
    column.name: column.kind for spec in ENTITIES.values() for column in spec.columns
}
_ADDRESS = re.compile(r"[^\s@\"'<>()]{1,200}@[^\s@\"'<>()]{1,255}")
_DIGITS = 4
_RECOGNISABLE = 3
"""A shorter cell that is not in quotes would be found inside other words."""

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_OPEN_WORDS = frozenset(
    (
        *("active", "begin", "class", "code", "course", "date", "enabled", "end"),
        *("entry", "exit", "grade", "grades", "id", "ids", "level", "org", "orgs"),
        *("primary", "role", "roles", "school", "section", "session", "start"),
        *("status", "term", "terms", "title", "type", "year"),
    )
)
_CLOSED_WORDS = frozenset(
    (
        *("address", "birth", "birthday", "born", "cell", "city", "contact", "dob"),
        *("email", "ethnicity", "family", "first", "gender", "given", "identifier"),
        *("last", "login", "mail", "metadata", "middle", "mobile", "name", "names"),
        *("password", "phone", "preferred", "race", "sex", "sms", "ssn", "street"),
        *("surname", "tel", "telephone", "username", "zip"),
    )
)
"""A header with one of the open words and none of the closed ones is not personal."""


def is_open(column: str) -> bool:
    """Whether cells of this canonical column may be shown as they are."""
    return column in _OPEN


def masked(column: str, value: str) -> str:
    """The value as a report shows it when nobody asked to reveal it."""
    if not value or is_open(column):
        return value
    match _KINDS.get(column, Kind.TEXT):
        case Kind.EMAIL:
            return f"{HIDDEN}@{HIDDEN}"
        case Kind.PHONE:
            return HIDDEN + value[-2:] if len(value) > _DIGITS else HIDDEN
        case Kind.DATE:
            return HIDDEN
        case _:
            return _initials(value)


def without_addresses(text: str) -> str:
    """The text with every e-mail address in it masked."""
    return _ADDRESS.sub(f"{HIDDEN}@{HIDDEN}", text)


def header_is_open(header: str) -> bool:
    """Whether cells under this header of a drop may be shown; unknown ones may not."""
    words = {word.casefold() for word in _WORD.findall(header)}
    return bool(words & _OPEN_WORDS) and not words & _CLOSED_WORDS


def masked_cell(header: str | None, value: str | None) -> str:
    """The raw cell of a finding as it may be shown."""
    if not value or (header and header_is_open(header)):
        return without_addresses(value or "")
    return _initials(value)


def masked_sentence(text: str | None, header: str | None, value: str | None) -> str:
    """A message or hint about a cell, with that cell in it masked where it must be."""
    said = text or ""
    shown = masked_cell(header, value)
    if value and shown != value:
        said = said.replace(f'"{value}"', f'"{shown}"').replace(f"'{value}'", shown)
        if len(value) >= _RECOGNISABLE:
            said = said.replace(value, shown)
    return without_addresses(said)


def _initials(value: str) -> str:
    if "@" in value:
        return f"{HIDDEN}@{HIDDEN}"
    words = [word for word in value.split() if word[0].isalpha()]
    return " ".join(word[0] + HIDDEN for word in words) or HIDDEN
