"""Which rows can have nothing wrong with them, told from their raw cells alone.

In: the columns of one file. Out: expressions over its raw cells: whether a rule could
find fault with the row by itself, and hashes of what it is called and of what it names,
by which ``sync.flow`` finds the rows that others bring into doubt. A row without doubt
is the same before and after normalising. Patterns err on the side of doubt: a row that
is looked at for nothing costs time, one that is passed over would be a fault unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from sync.model.entities import (
    CLASS_TYPES,
    ENROLLMENT_ROLES,
    ENTITIES,
    GRADES,
    MAX_IDENTIFIER,
    ORG_TYPES,
    PEOPLE,
    ROLE_TYPES,
    SESSION_TYPES,
    STATED,
    STATUSES,
    USER_ROLES,
    Column,
    Entity,
    Kind,
)
from sync.model.normalise import FALSE, NORMALISERS, TRUE
from sync.validate.glance import FORMED, FREE, NAMES
from sync.validate.patterns import EXPONENT, EXPONENTS, MOJIBAKE, STEP
from sync.validate.people import STUDENT
from sync.validate.rules import EITHER, century

LETTERS = (
    r"\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{148}\x{14A}-\x{24F}"  # Latin
    r"\x{1E00}-\x{1E99}\x{1EA0}-\x{1EFF}"  # Latin, with two marks
    r"\x{391}-\x{3A1}\x{3A3}-\x{3CE}\x{400}-\x{481}"  # Greek, Cyrillic
    r"\x{5D0}-\x{5EA}\x{621}-\x{63A}\x{641}-\x{64A}"  # Hebrew, Arabic
    r"\x{902}\x{903}\x{905}-\x{928}\x{92A}-\x{930}\x{932}\x{933}"  # Devanagari
    r"\x{935}-\x{939}\x{93E}-\x{94D}"
    r"\x{2BB}\x{2BC}\x{2019}"  # apostrophes
    r"\x{3041}-\x{3096}\x{30A1}-\x{30FA}\x{4E00}-\x{9FFF}\x{AC00}-\x{D7A3}"
)
"""Letters beside ASCII that stay as they are under NFC, whichever of them follows: none
with another form, and none that composes or changes places with one of these (Unicode
Standard Annex 15)."""
UNUSUAL = (
    rf"[^\x20-\x7e{LETTERS}]|^ | $|{EXPONENT}|^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}"
    rf"|^(?i-u:true|false|active|inactive|tobedeleted)$|\?\?|{STEP}|{MOJIBAKE}"
)
"""What a free text must hold for normalising to change it or a rule to find fault."""
UNUSUAL_NAME = rf"{UNUSUAL}|@|^[0-9]"
DAY = (
    r"^[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))$"
    r"|^(?:19(?:0[48]|[2468][048]|[13579][26])|20(?:[02468][048]|[13579][26]))-02-29$"
)
"""A day that is one in every year, or a leap day."""

_GRADE = rf"(?:0?[1-9]|1[0-3]|k|{'|'.join(GRADES)})"
LISTED = r"^[!-+\--~]+(?:,[!-+\--~]+)*$"
"""Identifiers without spaces, with a comma between two."""

Test = Callable[[pl.Expr], pl.Expr]


def _one_of(values: Iterable[str]) -> Test:
    """One of these, as they are usually written: a set is cheaper than a pattern."""
    forms = {f(v) for v in values for f in (str, str.lower, str.upper, str.capitalize)}
    return lambda cell: cell.is_in(sorted(forms))


def _like(pattern: str) -> Test:
    return lambda cell: cell.str.contains(pattern)


PLAIN: Mapping[Kind, Test] = {
    **{kind: _like(pattern) for kind, pattern in FORMED.items()},
    Kind.STATUS: _one_of(STATUSES),
    Kind.BOOLEAN: _one_of(TRUE + FALSE),
    Kind.GRADES: _like(rf"^(?i-u:{_GRADE}(?:,{_GRADE})*)$"),
    Kind.USER_ROLE: _one_of(role for role in USER_ROLES if role != STUDENT),
    Kind.ENROLLMENT_ROLE: _one_of(ENROLLMENT_ROLES),
    Kind.ROLE_TYPE: _one_of(ROLE_TYPES),
    Kind.ORG_TYPE: _one_of(ORG_TYPES),
    Kind.CLASS_TYPE: _one_of(CLASS_TYPES),
    Kind.SESSION_TYPE: _one_of(SESSION_TYPES),
    Kind.DATE: _like(DAY),
}
"""Whether a cell of the kinds that few texts fit is without doubt; a student among the
users is held in two places, and looked at."""
ACTIVE = _one_of(["active"])
"""Of people and of links all that does not say so is looked at: others depend on it."""

SIEVED = (
    *(Entity.CLASSES, Entity.STUDENTS, Entity.USERS),
    *(Entity.AGENTS, Entity.ENROLLMENTS),
)
"""The entities of which a drop has many rows."""
DOUBT, SAME, USERNAME, EMAIL = "_doubt", "_same", "_username", "_email"
NAMED = "_named:"
"""Prefix of the hash of a reference."""


@dataclass(frozen=True, slots=True)
class Source:
    """The columns of one file: canonical name -> header."""

    entity: Entity
    headers: Mapping[str, str]
    optional: frozenset[str] = frozenset()
    """Canonical columns that may be blank here, though the entity requires them."""

    def column(self, name: str) -> Column:
        """What the canonical column may hold."""
        return ENTITIES[self.entity].column(name)

    def must(self, name: str) -> bool:
        """Whether a blank cell of it is looked at."""
        key = name in ENTITIES[self.entity].key
        return key or (self.column(name).required and name not in self.optional)

    def lists(self, name: str) -> bool:
        """Whether a cell of the column may name several records."""
        return self.column(name).kind is Kind.IDENTIFIERS

    def cell(self, name: str) -> pl.Expr:
        """The raw cell of a canonical column."""
        return pl.col(self.headers[name])

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that name other records."""
        return tuple(name for name in self.headers if self.column(name).references)


def can_sieve(source: Source) -> bool:
    """Whether the rows of such a file can be told apart by their raw cells."""
    known = FREE | set(PLAIN) | {Kind.IDENTIFIERS}
    return (
        source.entity in SIEVED
        and set(ENTITIES[source.entity].key) <= set(source.headers)
        and not set(STATED) & set(source.headers)
        and all(source.column(name).kind in known for name in source.headers)
    )


def doubt(source: Source, today: date, told: Collection[str] = ()) -> pl.Expr:
    """Whether a rule may find fault with the row by itself; of the columns of ``told``
    only whether something stands there, since their cells are compared with others."""
    doubts = [
        *(_in_cell(source, name, today) for name in source.headers if name not in told),
        *(source.cell(name) == "" for name in told if source.must(name)),
        *_in_row(source),
    ]
    return pl.any_horizontal(doubts).fill_null(value=True).alias(DOUBT)


def _in_cell(source: Source, name: str, today: date) -> pl.Expr:
    cell, column = source.cell(name), source.column(name)
    if column.kind in FREE:
        pattern = UNUSUAL_NAME if name in NAMES else UNUSUAL
        odd = cell.str.contains(pattern) | (cell.str.len_bytes() > MAX_IDENTIFIER)
        return odd | (cell == "") if source.must(name) else odd
    if column.kind is Kind.IDENTIFIERS:
        odd = cell.str.contains(f"{UNUSUAL}|{EXPONENTS}") | ~cell.str.contains(LISTED)
        return (odd & (cell != "")) | (cell.str.len_bytes() > MAX_IDENTIFIER)
    plain = PLAIN[column.kind]
    if column.kind is Kind.STATUS and source.entity is not Entity.ENROLLMENTS:
        plain = ACTIVE
    odd = ~plain(cell)
    if column.kind is Kind.DATE:
        first, last = century(today)
        odd |= (cell < first) | (cell > last)
    return odd if source.must(name) else odd & (cell != "")


def _in_row(source: Source) -> Iterator[pl.Expr]:
    there = set(source.headers)
    if {"beginDate", "endDate"} <= there:
        end = source.cell("endDate")
        yield (end < source.cell("beginDate")) & (end != "")
    if source.entity is Entity.ENROLLMENTS:
        yield pl.all_horizontal(source.cell(n) == "" for n in EITHER if n in there)
    if source.entity is Entity.AGENTS:
        yield source.cell("agentSourcedId") == source.cell("studentSourcedId")


def hashes(source: Source, *, normalised: bool) -> list[pl.Expr]:
    """What the row is called (``_same``; of people ``_username`` and ``_email`` too,
    null where blank) and what it names (``_named:*``), as UInt64; a cell that names
    several stays as it is, for its items to be asked for.

    ``normalised``: of the cells as they are once they are normalised, for rows in
    doubt; of others that is no difference.
    """

    def of(name: str) -> pl.Expr:
        cell = source.cell(name)
        return NORMALISERS[source.column(name).kind](cell) if normalised else cell

    found = {
        NAMED + name: of(name) if source.lists(name) else of(name).hash()
        for name in source.names
    }
    if source.entity is Entity.AGENTS:
        first, second = (of(name).hash() for name in ENTITIES[source.entity].key)
        found[SAME] = first ^ second
    else:
        found[SAME] = of("sourcedId").hash()
    if source.entity in PEOPLE:
        for alias, name in ((USERNAME, "username"), (EMAIL, "email")):
            if name in source.headers:
                found[alias] = _unless_blank(of(name).str.to_lowercase())
    return [expression.alias(alias) for alias, expression in found.items()]


def _unless_blank(cell: pl.Expr) -> pl.Expr:
    return pl.when(cell != "").then(cell.hash())
