"""One mapped table with equal things made equal, ready to be judged.

In: a ``Table`` of raw canonical cells. Out: a ``Sheet``: the normalised cells, and
beside them the raw ones of those columns only that normalising changed. Most columns
of a clean drop come through unchanged, which is why each is looked at cheaply first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from sync.model.entities import ENTITIES, MAX_IDENTIFIER, Column, Entity, Kind, Mode
from sync.model.normalise import NORMALISERS
from sync.model.roster import FILE, KEEP, KEY, ROW, Table

NUMBER = "_n"
"""The row's place in its sheet: file and line do not tell rows apart where one row of
a file gives several records."""

RAW = "raw:"
"""Prefix of the raw column beside its normalised one, while rules are judged."""

FEW = frozenset(
    {
        Kind.STATUS,
        Kind.BOOLEAN,
        Kind.DATE,
        Kind.GRADES,
        Kind.USER_ROLE,
        Kind.ENROLLMENT_ROLE,
        Kind.ROLE_TYPE,
        Kind.ORG_TYPE,
        Kind.CLASS_TYPE,
        Kind.SESSION_TYPE,
        Kind.TEXT,
    }
)
"""Kinds of which a whole file holds few different values (names among them)."""

VISIBLE = r"[^\s\x{200b}\x{200c}\x{200d}\x{2060}\x{feff}]"
"""A character that ``normalise.text`` leaves."""

FREE = frozenset({Kind.TEXT, Kind.IDENTIFIER})

UNUSUAL = (
    r"[^\x20-\x7e]|^ | $|^-?[0-9.,]+[eE]|^[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"|^(?i-u:true|false|active|inactive|tobedeleted)$|\?\?"
)
"""What a free text must hold for any rule on its content to fail, or for normalising
to change it: one cheap pass for a column that is as it should be."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One entity's rows.

    ``frame``: canonical columns normalised, ``_file``, ``_row``, ``_n``, and, once
    they are known, ``_key`` (null where it cannot be read) and ``_keep``. ``raw``: the
    columns that normalising changed, as they were, in the same row order. ``plain``:
    columns of free text in which nothing unusual was seen.
    """

    entity: Entity
    mode: Mode
    frame: pl.DataFrame
    raw: pl.DataFrame
    plain: frozenset[str]
    optional: frozenset[str] = frozenset()
    undelivered: pl.Series | None = None
    """Row by row the fields (between commas) that the file of the row does not have."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The canonical columns that the drop has."""
        return tuple(name for name in self.frame.columns if not name.startswith("_"))

    def column(self, name: str) -> Column:
        """What the canonical column of that name may hold in this layout."""
        column = ENTITIES[self.entity].column(name)
        if name in self.optional:
            return replace(column, required=False)
        return column

    def with_frame(self, frame: pl.DataFrame) -> Sheet:
        """The same sheet with another frame of the same rows."""
        return replace(self, frame=frame)

    @property
    def keyed(self) -> pl.DataFrame:
        """The rows whose key can be read."""
        return self.frame.filter(pl.col(KEY).is_not_null())


def sheet(table: Table) -> Sheet:
    """Normalise a table's cells; nothing is judged yet."""
    spec = ENTITIES[table.entity]
    frame = table.frame.with_row_index(NUMBER)
    cleaned: list[pl.Series] = []
    changed: list[pl.Series] = []
    plain: set[str] = set()
    for name in frame.columns:
        if name.startswith("_"):
            continue
        raw, kind = frame[name], spec.column(name).kind
        usual = kind in FREE and _is_usual(raw)
        if usual:
            plain.add(name)
        clean = raw if usual else _clean(raw, kind)
        cleaned.append(clean)
        if clean is not raw:
            changed.append(raw)
    return Sheet(
        table.entity,
        table.mode,
        pl.DataFrame([*cleaned, frame[FILE], frame[ROW], frame[NUMBER]]),
        pl.DataFrame(changed),
        frozenset(plain),
        table.optional,
        frame[KEEP] if KEEP in frame.columns else None,
    )


def _is_usual(raw: pl.Series) -> bool:
    longest = raw.str.len_bytes().max()
    short = not isinstance(longest, int) or longest <= MAX_IDENTIFIER
    return short and not raw.str.contains(UNUSUAL).any()


def _clean(raw: pl.Series, kind: Kind) -> pl.Series:
    if kind in FEW:
        return _clean_few(raw, kind)
    clean = _normalised(raw, kind)
    return raw if raw.eq_missing(clean).all() else clean


def _clean_few(raw: pl.Series, kind: Kind) -> pl.Series:
    """Normalise the distinct values only; the very same series if none changes."""
    values = raw.drop_nulls().unique()
    clean = _normalised(values, kind)
    if values.eq_missing(clean).all():
        return raw
    if values.len() * 2 > raw.len():
        return _normalised(raw, kind)
    return raw.replace_strict(values, clean, default=None, return_dtype=pl.String)


def _normalised(raw: pl.Series, kind: Kind) -> pl.Series:
    return raw.to_frame().select(NORMALISERS[kind](pl.col(raw.name))).to_series()


def blank(name: str) -> pl.Expr:
    """Whether a raw cell is null or shows nothing."""
    return ~pl.col(RAW + name).str.contains(VISIBLE).fill_null(value=False)


def is_one_of(numbers: pl.Series) -> pl.Expr:
    """Whether a row is one of those with these ``_n``."""
    return pl.col(NUMBER).is_in(numbers.implode())
