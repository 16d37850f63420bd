"""Field by field: which compared columns of two joined frames differ.

Joined frames carry the drop's columns as ``d:NAME`` and the remote's as ``r:NAME``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from sync.model.capabilities import Comparison
from sync.model.ledger import digest
from sync.model.roster import KEEP, KEY
from sync.shelf import rows_at

DROP = "d:"
REMOTE = "r:"
FIELDS = "fields"
UNREAD = "_unread"
"""A remote row's columns (between commas) that this read did not tell."""


@dataclass(frozen=True, slots=True)
class FieldRules:
    """How the fields of one entity are compared and what may be overwritten."""

    fields: tuple[str, ...]
    comparisons: Mapping[str, Comparison] = field(default_factory=dict)
    blank_keeps: bool = False
    """An empty cell of a present column leaves the remote value."""
    protected: frozenset[str] = frozenset()
    """Fields that are never overwritten once the target holds a value."""


def sides(desired: pl.DataFrame, remote: pl.DataFrame) -> pl.DataFrame:
    """Both frames joined by ``_key``, every other column under its side's prefix.

    ``in_drop`` and ``in_remote`` say where a row stands; sorted by ``_key``.

    Only the keys are joined and sorted, with the place of each row: so every other
    cell is moved once, and there is never a second copy of both sides.
    """
    places = (
        desired.select(KEY)
        .with_row_index(DROP)
        .join(
            remote.select(KEY).with_row_index(REMOTE), on=KEY, how="full", coalesce=True
        )
        .sort(KEY)
    )
    return pl.concat(
        [
            places.select(pl.col(KEY).set_sorted()),
            _moved(desired, places[DROP], DROP),
            places.select(in_drop=pl.col(DROP).is_not_null()),
            _moved(remote, places[REMOTE], REMOTE),
            places.select(in_remote=pl.col(REMOTE).is_not_null()),
        ],
        how="horizontal",
    )


def _moved(frame: pl.DataFrame, places: pl.Series, prefix: str) -> pl.DataFrame:
    """The cells of the rows at some places; null where a place is null."""
    return rows_at(frame.select(pl.exclude(KEY).name.prefix(prefix)), places)


def compared(joined: pl.DataFrame, fields: Sequence[str]) -> tuple[str, ...]:
    """The fields that both sides of a joined frame have, in order."""
    columns = set(joined.columns)
    return tuple(
        name for name in fields if DROP + name in columns and REMOTE + name in columns
    )


def with_changed_fields(joined: pl.DataFrame, rules: FieldRules) -> pl.DataFrame:
    """The frame with ``fields`` (List[String]): what differs, for rows on both sides.

    A value that ``withheld`` names does not differ, nor does one that the read did not
    tell (``_unread``).
    """
    names = compared(joined, rules.fields)
    flags = joined.select(_differs(joined, n, rules).alias(n) for n in names)
    return joined.with_columns(_names_of(flags, joined.height).alias(FIELDS))


def _names_of(flags: pl.DataFrame, height: int) -> pl.Series:
    """Row by row the columns that are true: most rows have none, and share one list."""
    none = pl.Series([[]], dtype=pl.List(pl.String()))
    if not flags.width:
        return none.new_from_index(0, height)
    odd = flags.select(pl.any_horizontal(pl.all())).to_series()
    named = [pl.when(pl.col(name)).then(pl.lit(name)) for name in flags.columns]
    few = flags.filter(odd).select(pl.concat_list(named).list.drop_nulls()).to_series()
    counted = odd.cast(pl.UInt32).cum_sum()
    place = pl.select(pl.when(odd).then(counted).otherwise(0)).to_series()
    return pl.concat([none, few]).gather(place)


def _differs(joined: pl.DataFrame, name: str, rules: FieldRules) -> pl.Expr:
    differs = differs_from(pl.col(DROP + name), joined, name, rules)
    return differs & ~withheld(joined, name, rules)


def differs_from(
    ours: pl.Expr, joined: pl.DataFrame, name: str, rules: FieldRules
) -> pl.Expr:
    """Whether, in rows of both sides, the remote holds another value of a field than
    ``ours``, as far as the read told it (``_unread``)."""
    theirs, comparison = pl.col(REMOTE + name), rules.comparisons.get(name)
    if comparison is not None:
        ours, theirs = comparison(ours), comparison(theirs)
    differs = pl.col("in_drop") & pl.col("in_remote") & ours.ne_missing(theirs)
    if REMOTE + UNREAD in joined.columns:
        differs &= ~names_field(pl.col(REMOTE + UNREAD), name)
    return differs


def withheld(joined: pl.DataFrame, name: str, rules: FieldRules) -> pl.Expr:
    """Whether the drop's value of a field is not to be written over the remote's.

    Because the cell counts as not delivered (``_keep``), because it is blank and blank
    keeps, or because the field is protected and holds a value.
    """
    held = pl.lit(value=False)
    if DROP + KEEP in joined.columns:
        held |= names_field(pl.col(DROP + KEEP), name)
    if rules.blank_keeps:
        held |= pl.col(DROP + name).is_null()
    if name in rules.protected and REMOTE + name in joined.columns:
        held |= pl.col(REMOTE + name).is_not_null()
    return held


def names_field(marker: pl.Expr, name: str) -> pl.Expr:
    """Whether a marker column (names between commas) names this field."""
    return marker.str.contains(f",{name},", literal=True).fill_null(value=False)


def without_known_pairs(joined: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Take out of ``fields`` what the ledger knows to be the same, said differently.

    ``pairs``: ``_key``, ``field``, ``sent``, ``read`` of this entity. A field whose
    wanted value was sent before, and whose remote value is what was read back then,
    has not changed on either side.
    """
    if pairs.is_empty():
        return joined
    odd = joined.join(pairs.select(KEY).unique(), on=KEY, how="semi").filter(
        pl.col(FIELDS).list.len() > 0
    )
    known = {
        (key, name): (sent, read)
        for key, name, sent, read in pairs.select(KEY, "field", "sent", "read").rows()
    }
    left = {
        row[KEY]: [
            name
            for name in row[FIELDS]
            if known.get((row[KEY], name))
            != (digest(row[DROP + name]), digest(row[REMOTE + name]))
        ]
        for row in odd.iter_rows(named=True)  # only the few records known to be odd
    }
    return replace_fields(joined, left)


def replace_fields(
    joined: pl.DataFrame, fields: Mapping[str, Sequence[str]]
) -> pl.DataFrame:
    """The frame with other ``fields`` for some keys."""
    if not fields:
        return joined
    schema = {KEY: pl.String(), "_left": pl.List(pl.String())}
    left = pl.DataFrame(
        {KEY: list(fields), "_left": [list(names) for names in fields.values()]},
        schema=schema,
    )
    return (
        joined.join(left, on=KEY, how="left")
        .with_columns(pl.coalesce("_left", FIELDS).alias(FIELDS))
        .drop("_left")
        .sort(KEY)
    )
