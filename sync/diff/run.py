"""Roster against mirror: one decision for each row of the drop.

In: what the drop wants (projected), what the target holds, what is frozen, what the
ledger remembers. Out: one frame per entity with every row of either side once, its
changed fields and, for rows of the drop, the decision. What becomes of records that
only the target holds is ``plan.removal``'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from sync.diff.values import (
    DROP,
    FIELDS,
    REMOTE,
    FieldRules,
    sides,
    with_changed_fields,
    withheld,
    without_known_pairs,
)
from sync.model.entities import PEOPLE, Entity
from sync.model.ledger import LedgerView
from sync.model.mirror import FROZEN
from sync.model.roster import KEY
from sync.shelf import in_order, in_ranges, in_slices

DECISION = "decision"
REASON = "reason"
ENTITY = "entity"

DECISIONS = (
    "unchanged",
    "create",
    "update",
    "reactivate",
    "remove",
    "proposed",
    "frozen",
    "blocked",
    "deferred",
    "unsupported",
)
"""What a row of the drop can come to; the report counts each."""

CHANGES = ("create", "update", "reactivate", "remove")

ENDED = ("inactive", "tobedeleted")


@dataclass(frozen=True, slots=True)
class DiffInput:
    """Both sides, in the target's own identities, and what must not be touched.

    ``desired``: per entity the projected frame (see ``targets.base.Projection``).
    ``remote``: per entity the mirror's frame. ``frozen``: ``entity`` and ``_key``.
    """

    desired: Mapping[Entity, pl.DataFrame]
    remote: Mapping[Entity, pl.DataFrame]
    frozen: pl.DataFrame
    rules: Mapping[Entity, FieldRules]
    ledger: LedgerView = field(default_factory=LedgerView.empty)


def diff(given: DiffInput) -> dict[Entity, pl.DataFrame]:
    """Per entity that either side has, the joined frame with its decisions.

    Columns: ``_key``, ``in_drop``, ``in_remote``, ``d:*``, ``r:*``, ``fields``
    (List[String]), ``decision`` (one of ``DECISIONS``; null for rows that only the
    target has), ``reason``, ``was_active``, ``ends``, ``is_frozen``, and of the
    ledger ``known`` (Boolean), ``ended``, ``missed``, ``source``, ``person`` and
    ``told`` (its digest). Sorted by ``_key``.
    """
    whole = _people(given)
    for entity in dict.fromkeys((*given.desired, *given.remote)):
        if entity not in PEOPLE:
            ours, theirs = _side(given.desired, entity), _side(given.remote, entity)
            whole[entity] = in_ranges(ours, theirs, KEY, _Decider.of(entity, given))
    return {entity: whole[entity] for entity in Entity if entity in whole}


def _side(frames: Mapping[Entity, pl.DataFrame], entity: Entity) -> pl.DataFrame:
    frame = frames.get(entity)
    return frame if frame is not None else pl.DataFrame(schema={KEY: pl.String()})


def _people(given: DiffInput) -> dict[Entity, pl.DataFrame]:
    """Students and users joined over both, since one person stands in either.

    A matched person belongs to the entity under which the drop has him.
    """
    if not any(entity in given.desired or entity in given.remote for entity in PEOPLE):
        return {}
    ours, theirs = _stacked(given.desired), _stacked(given.remote)
    named = in_ranges(ours, theirs, KEY, _at_home)
    present = [e for e in PEOPLE if e in given.desired or e in given.remote]
    return {entity: _of_one(named, entity, given) for entity in present}


def _at_home(ours: pl.DataFrame, theirs: pl.DataFrame) -> pl.DataFrame:
    home = pl.coalesce(DROP + ENTITY, REMOTE + ENTITY)
    return sides(ours, theirs).with_columns(home.alias(ENTITY))


def _of_one(named: pl.DataFrame, entity: Entity, given: DiffInput) -> pl.DataFrame:
    undelivered = _undelivered(named, given.desired.get(entity))
    decide = _Decider.of(entity, given)

    def work(rows: pl.DataFrame) -> pl.DataFrame:
        mine = rows.filter(pl.col(ENTITY) == entity.value)
        return decide.decided(mine.drop(undelivered))

    return in_slices(named, work)


def _undelivered(named: pl.DataFrame, desired: pl.DataFrame | None) -> list[str]:
    """The other file's columns: what this one does not have was not delivered."""
    delivered = set() if desired is None else set(desired.columns)
    return [
        name
        for name in named.columns
        if name == ENTITY
        or (name.startswith(DROP) and name.removeprefix(DROP) not in delivered)
    ]


def _stacked(frames: Mapping[Entity, pl.DataFrame]) -> pl.DataFrame:
    stack = [
        frames[entity].with_columns(pl.lit(entity.value).alias(ENTITY))
        for entity in PEOPLE
        if entity in frames
    ]
    empty = pl.DataFrame(schema={KEY: pl.String(), ENTITY: pl.String()})
    return pl.concat([empty, *stack], how="diagonal")


@dataclass(frozen=True, slots=True)
class _Decider:
    """Decides on rows of one entity, whichever of them it is given."""

    rules: FieldRules
    frozen: pl.Series
    """Keys that rejected rows protect, as one list."""
    pairs: pl.DataFrame
    known: pl.DataFrame
    """What the ledger says of each key, in the order of the keys."""

    @classmethod
    def of(cls, entity: Entity, given: DiffInput) -> _Decider:
        """With what is known of that entity."""
        ours, ledger = pl.col("entity") == entity.value, given.ledger
        return cls(
            given.rules[entity],
            given.frozen.filter(ours)[KEY].unique().implode(),
            ledger.pairs.filter(ours).rename({"key": KEY}),
            _known(entity, ledger),
        )

    def __call__(self, ours: pl.DataFrame, theirs: pl.DataFrame) -> pl.DataFrame:
        """Both sides, joined and decided on."""
        return self.decided(sides(ours, theirs))

    def decided(self, joined: pl.DataFrame) -> pl.DataFrame:
        """Joined rows, decided on."""
        marked = _with_ledger(_with_frozen(joined, self.frozen), self.known)
        return _with_decisions(marked, self)


def _with_decisions(marked: pl.DataFrame, of: _Decider) -> pl.DataFrame:
    rules = of.rules
    fields = without_known_pairs(with_changed_fields(marked, rules), of.pairs)
    wanted = fields.with_columns(
        _wanted(fields, rules, "status").fill_null("active").alias(_STATUS),
        _wanted(fields, rules, "enabledUser").fill_null("true").alias(_ENABLED),
    )
    settled = _with_ended_by_us(wanted)
    decided = settled.with_columns(_decision(settled).alias(DECISION))
    return decided.with_columns(
        _optional(decided, DROP + "_reason").alias(REASON), *_ends(decided)
    ).drop(_STATUS, _ENABLED)


_STATUS, _ENABLED = "_wanted_status", "_wanted_enabled"


def _wanted(joined: pl.DataFrame, rules: FieldRules, name: str) -> pl.Expr:
    """What a field will hold: the drop's value, unless the remote's stays."""
    ours = _optional(joined, DROP + name)
    if DROP + name not in joined.columns:
        return ours
    stays = pl.col("in_remote") & withheld(joined, name, rules)
    return pl.when(stays).then(_optional(joined, REMOTE + name)).otherwise(ours)


def _with_frozen(joined: pl.DataFrame, keys: pl.Series) -> pl.DataFrame:
    """``is_frozen``: a rejected row, or an unreadable remote record, protects it."""
    unreadable = _optional(joined, REMOTE + FROZEN, pl.Boolean()).fill_null(value=False)
    rejected = pl.col(KEY).is_in(keys).fill_null(value=False)
    return joined.with_columns(is_frozen=rejected | unreadable)


def _known(entity: Entity, ledger: LedgerView) -> pl.DataFrame:
    # A person may have moved between students and users since the ledger knew him.
    homes = PEOPLE if entity in PEOPLE else (entity,)
    kept = ledger.records.filter(
        pl.col("entity").is_in([home.value for home in homes])
    ).select(
        pl.col("key").alias(KEY),
        *("ended", "missed", "source", "person"),
        pl.col("digest").alias("told"),
    )
    return in_order(kept.unique(KEY, keep="first", maintain_order=True), KEY)


def _with_ledger(joined: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    ends = pl.Series([joined[KEY].min(), joined[KEY].max()], dtype=pl.String)
    at = known[KEY].search_sorted(ends[0], side="left")
    near = known.slice(at, known[KEY].search_sorted(ends[1], side="right") - at)
    found = joined.select(KEY).join(
        near.with_columns(known=pl.lit(value=True)),
        on=KEY,
        how="left",
        maintain_order="left",
    )
    # Beside the others, of which a join would make a copy.
    return joined.hstack(found.drop(KEY)).with_columns(
        pl.col("known", "ended").fill_null(value=False),
        pl.col("missed").fill_null(0),
    )


def _optional(
    frame: pl.DataFrame, name: str, dtype: pl.DataType | None = None
) -> pl.Expr:
    if name in frame.columns:
        return pl.col(name)
    return pl.lit(None, dtype=dtype or pl.String())


def _with_ended_by_us(joined: pl.DataFrame) -> pl.DataFrame:
    """What we ended stays ended, whatever the read side goes on showing.

    If the drop still wants it ended, neither status nor enabledUser differs; if the
    drop wants it back, its status does.
    """
    shown = (
        pl.col("in_drop")
        & pl.col("in_remote")
        & pl.col("ended")
        & _active_there(joined)
    )
    if not joined.select(shown.any()).item():
        return joined
    without = pl.col(FIELDS).list.set_difference(["status", "enabledUser"])
    return joined.with_columns(
        pl.when(shown & ~_wanted_active())
        .then(without)
        .when(shown)
        .then(pl.concat_list(pl.lit("status"), without))
        .otherwise(pl.col(FIELDS))
        .alias(FIELDS)
    )


def _decision(joined: pl.DataFrame) -> pl.Expr:
    ours, ended_there = pl.col(_STATUS), _status_there(joined).is_in(ENDED)
    # Shown as active, but ended by us: coming back is a reactivation all the same.
    back = ended_there | (pl.col("ended") & _wanted_active())
    return (
        pl.when(~pl.col("in_drop"))
        .then(pl.lit(None, dtype=pl.String()))
        .when(_optional(joined, DROP + "_decision").is_not_null())
        .then(_optional(joined, DROP + "_decision"))
        .when(pl.col("is_frozen"))
        .then(pl.lit("frozen"))
        .when(~pl.col("in_remote") & (ours == "tobedeleted"))
        .then(pl.lit("unchanged"))
        .when(~pl.col("in_remote"))
        .then(pl.lit("create"))
        .when(pl.col(FIELDS).list.len() == 0)
        .then(pl.lit("unchanged"))
        .when((ours == "tobedeleted") & (ended_there | pl.col("ended")))
        .then(pl.lit("unchanged"))
        .when(ours == "tobedeleted")
        .then(pl.lit("remove"))
        .when((ours == "active") & back)
        .then(pl.lit("reactivate"))
        .otherwise(pl.lit("update"))
    )


def _status_there(joined: pl.DataFrame) -> pl.Expr:
    return _optional(joined, REMOTE + "status").fill_null("active")


def _active_there(joined: pl.DataFrame) -> pl.Expr:
    enabled = _optional(joined, REMOTE + "enabledUser").fill_null("true")
    return (_status_there(joined) == "active") & (enabled == "true")


def _wanted_active() -> pl.Expr:
    return (pl.col(_STATUS) == "active") & (pl.col(_ENABLED) == "true")


def _ends(joined: pl.DataFrame) -> list[pl.Expr]:
    was = pl.col("in_remote") & _active_there(joined) & ~pl.col("ended")
    ends = was & pl.col(DECISION).is_in(CHANGES) & ~_wanted_active()
    return [
        was.alias("was_active"),
        (ends | (pl.col(DECISION) == "remove")).fill_null(value=False).alias("ends"),
    ]
