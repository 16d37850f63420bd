"""A first look at a column: what of it is as it should be need not be looked at again.

In: the raw cells of a column. Out: the normalised ones, and the rows with a cell in
which a rule could find a fault. Most cells of a clean drop match one cheap pattern;
only the others are normalised, and most of those once for each distinct value.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from sync.model.entities import MAX_IDENTIFIER, Column, Kind
from sync.model.normalise import NORMALISERS
from sync.validate.patterns import (
    CONTROL,
    EXPONENT,
    EXPONENTS,
    IN_IDENTIFIER,
    IN_NAME,
    MOJIBAKE,
    STEP,
)

NAMES = frozenset({"givenName", "familyName", "middleName"})

UNUSUAL = (
    r"[^\x20-\x7e]|^ | $|^-?[0-9.,]+[eE]|^[0-9]{4}-[0-9]{2}-[0-9]{2}"
    rf"|^(?i-u:true|false|active|inactive|tobedeleted)$|\?\?|{STEP}"
)
"""What a free text must hold for normalising to change it or a rule to find fault."""
UNUSUAL_NAME = rf"{UNUSUAL}|@|^[0-9]"
FAULTY = rf"{CONTROL}|{EXPONENT}|{EXPONENTS}|{MOJIBAKE}|{IN_IDENTIFIER}|{STEP}"
"""What makes a normalised text one that a rule may find fault with."""
FAULTY_NAME = rf"{FAULTY}|{IN_NAME}"

FORMED = {
    Kind.EMAIL: r"^[!-?A-~]+@[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)+$",
    Kind.PHONE: r"^\+?\(?[0-9](?:[ ().-]{0,3}[0-9]){6,14}$",
}
"""Cells that are right as they stand, whatever else may be right too."""
LISTS = frozenset({Kind.IDENTIFIERS, Kind.LINKS})
FREE = frozenset({Kind.TEXT, Kind.IDENTIFIER})


@dataclass(frozen=True, slots=True)
class Looked:
    """A column after the first look.

    ``cells``: normalised, the very same series where nothing changed. ``doubtful``:
    row by row whether a rule may find fault with the cell; null where with none.
    """

    cells: pl.Series
    doubtful: pl.Series | None = None


def look(raw: pl.Series, column: Column) -> Looked:
    """Normalise the cells of a column (String, blank is null)."""
    if column.kind in FREE:
        return _free(raw, column)
    if column.kind in FORMED:
        return _formed(raw, column.kind)
    if column.kind in LISTS:
        return _lists(raw, column.kind)
    return _few(raw, column.kind)


def _free(raw: pl.Series, column: Column) -> Looked:
    is_name = column.name in NAMES
    unusual = raw.str.contains(UNUSUAL_NAME if is_name else UNUSUAL)
    longest = raw.str.len_bytes().max()
    if isinstance(longest, int) and longest > MAX_IDENTIFIER:
        unusual |= raw.str.len_bytes() > MAX_IDENTIFIER
    if not unusual.any():
        return Looked(raw)
    values = raw.filter(unusual).unique()
    clean = normalised(values, column.kind)
    faulty = _is_faulty(clean, FAULTY_NAME if is_name else FAULTY)
    changes = values.ne_missing(clean)
    if not (faulty | changes).any():
        return Looked(raw)
    cells = raw
    if changes.any():
        rows = (unusual & raw.is_in(values.filter(changes).implode())).arg_true()
        cells = put(raw, rows, normalised(raw.gather(rows), column.kind))
    return Looked(cells, _any(unusual & raw.is_in(values.filter(faulty).implode())))


def _is_faulty(clean: pl.Series, pattern: str) -> pl.Series:
    """Nulls among them: a cell that showed nothing."""
    found = clean.str.contains(pattern) | (clean.str.len_chars() > MAX_IDENTIFIER)
    return found.fill_null(value=True)


def _formed(raw: pl.Series, kind: Kind) -> Looked:
    odd = ~raw.str.contains(FORMED[kind])
    if not odd.any():
        return Looked(raw)
    rows = odd.arg_true()
    before = raw.gather(rows)
    clean = normalised(before, kind)
    doubtful = put(
        pl.repeat(value=False, n=raw.len(), eager=True),
        rows,
        _is_faulty(clean, FAULTY),
    )
    same = before.eq_missing(clean).all()
    return Looked(raw if same else put(raw, rows, clean), _any(doubtful))


def _lists(raw: pl.Series, kind: Kind) -> Looked:
    clean = normalised(raw, kind)
    doubtful = _is_faulty(clean, FAULTY) & raw.is_not_null()
    return Looked(raw if raw.eq_missing(clean).all() else clean, _any(doubtful))


def _few(raw: pl.Series, kind: Kind) -> Looked:
    """Of kinds of which a whole file holds few different values."""
    values = raw.drop_nulls().unique()
    clean = normalised(values, kind)
    if values.eq_missing(clean).all():
        return Looked(raw)
    if values.len() * 2 > raw.len():
        cells = normalised(raw, kind)
    else:
        cells = raw.replace_strict(
            values, clean, default=None, return_dtype=pl.String()
        )
    return Looked(cells, _any(cells.is_null() & raw.is_not_null()))


def _any(doubtful: pl.Series) -> pl.Series | None:
    return doubtful.fill_null(value=False) if doubtful.any() else None


def put(cells: pl.Series, rows: pl.Series, others: pl.Series) -> pl.Series:
    """The cells with ``others`` in these rows."""
    return cells.clone().scatter(rows, others)


def normalised(raw: pl.Series, kind: Kind) -> pl.Series:
    """Each cell in the form in which equal things are equal; null if it has none."""
    return raw.to_frame().select(NORMALISERS[kind](pl.col(raw.name))).to_series()
