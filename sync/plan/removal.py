"""Who may be removed: the fate of each record that only the target holds.

In: the differences and what this run knows of its own blind spots. Out: the same
frames with ``fate`` (``remove``, ``kept``, ``frozen``, ``out_of_scope``; null for rows
of the drop) and the reason. Silence in a file ends a record only if nothing else
could explain it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from sync.diff import PROPOSED
from sync.model.entities import Entity
from sync.model.roster import KEY
from sync.shelf import in_slices

FATE = "fate"
REASON = "reason"
WOULD_END = "would_end"
"""Boolean: only that it is proposed keeps this record from being removed."""
OUTSIDE = "outside"
"""Boolean, where there is a selection: none of this target's business."""

_FROZEN = "a row that cannot be carried out may mean it, or it cannot be read"

LINK_ENDS = ("studentSourcedId", "agentSourcedId")
PEOPLE_COLUMNS = {
    Entity.AGENTS: ("r:studentSourcedId", "r:agentSourcedId"),
    Entity.ENROLLMENTS: ("r:userSourcedId", "person"),
}
"""Whose rejected row protects a link or an enrollment."""


@dataclass(frozen=True, slots=True)
class RemovalInput:
    """What decides on the removals of one entity."""

    entity: Entity
    policy: str
    """keep, or one of the forms that the target knows."""
    scope: str
    """``ledger`` or ``orgs``."""
    orgs: tuple[str, ...]
    grace: int
    source: str
    frozen_people: pl.Series
    rejected: pl.DataFrame | None
    """The rejected rows of this entity, as far as they can be read."""
    blind: str | None
    """Why nothing of this entity may be removed in this run, or null."""
    stated: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.String))
    """People whose rows in a delta state all their links."""
    blind_to_stated: str | None = None
    """Why the links that they leave out may not be removed either, or null."""


def with_fates(joined: pl.DataFrame, given: RemovalInput) -> pl.DataFrame:
    """The frame of one entity with ``fate`` and, for these rows, ``reason``; and with
    ``would_end``, which guards count."""
    people = _named(joined, given)
    # Beside the others, of which a copy would be made.
    found = in_slices(joined, lambda rows: _fate(rows, given, people))
    return joined.drop(REASON).hstack(found).select(*joined.columns, FATE, WOULD_END)


def _fate(
    joined: pl.DataFrame, given: RemovalInput, people: pl.DataFrame
) -> pl.DataFrame:
    """``fate``, ``reason`` and ``would_end`` of each row."""
    known = _with_protected(joined, given, people)
    fate, reason = _fates(known, given)
    alone = ~pl.col("in_drop")
    waits = _waits(known)
    return known.select(
        pl.when(alone & waits)
        .then(pl.lit(PROPOSED))
        .when(alone)
        .then(fate)
        .alias(FATE),
        pl.when(alone & waits)
        .then(_why_proposed(known))
        .when(alone)
        .then(reason)
        .otherwise(pl.col(REASON))
        .alias(REASON),
        (alone & waits & (fate == "remove")).alias(WOULD_END),
    )


def _why_proposed(joined: pl.DataFrame) -> pl.Expr:
    """Why a record is proposed (see ``diff.with_proposals``); null where it is not."""
    found = PROPOSED in joined.columns
    return pl.col(PROPOSED) if found else pl.lit(None, dtype=pl.String)


def _waits(joined: pl.DataFrame) -> pl.Expr:
    """Whether a record waits for somebody to say who it is: whatever else would become
    of it, unless it is frozen or none of this target's business."""
    free = ~_outside(joined) & ~pl.col("is_frozen") & ~pl.col("_protected")
    return _why_proposed(joined).is_not_null() & free.fill_null(value=True)


def _with_protected(
    joined: pl.DataFrame, given: RemovalInput, people: pl.DataFrame
) -> pl.DataFrame:
    """``_protected``: the person of a link or an enrollment had a rejected row, or a
    link that is rejected or blocked names the student or the guardian of this one: a
    wrong identifier in one cell must not make the right link look as if it were gone.
    """
    columns = [n for n in PEOPLE_COLUMNS.get(given.entity, ()) if n in joined.columns]
    hits = [
        joined.select(KEY, column)
        .join(people, left_on=column, right_on="_person", how="semi")
        .select(KEY)
        for column in columns
    ]
    none = joined.clear().select(KEY)
    return joined.with_columns(
        marked(joined, pl.concat([none, *hits])).alias("_protected")
    )


def marked(joined: pl.DataFrame, keys: pl.DataFrame) -> pl.Series:
    """Row by row, whether its ``_key`` is in another frame; nothing but the keys is
    moved for it."""
    found = keys.select(KEY).unique().with_columns(_hit=pl.lit(value=True))
    return (
        joined.select(KEY)
        .join(found, on=KEY, how="left", maintain_order="left")
        .get_column("_hit")
        .fill_null(value=False)
    )


def _named(joined: pl.DataFrame, given: RemovalInput) -> pl.DataFrame:
    """The people whose links or enrollments are protected."""
    names = [given.frozen_people.cast(pl.String)]
    if given.entity is Entity.AGENTS:
        blocked = joined.filter(pl.col("decision") == "blocked")
        # Either cell may be the wrong one, or the two may have changed places.
        for name in LINK_ENDS:
            if given.rejected is not None and name in given.rejected.columns:
                names.append(given.rejected[name].cast(pl.String))
            if f"d:{name}" in joined.columns:
                names.append(blocked[f"d:{name}"])
    return pl.concat(names).drop_nulls().unique().alias("_person").to_frame()


def _fates(joined: pl.DataFrame, given: RemovalInput) -> tuple[pl.Expr, pl.Expr]:
    """The first rule that holds decides; both expressions read the same rules."""
    ours = pl.col("known") if given.scope == "ledger" else _in_orgs(joined, given.orgs)
    stated = _stated(joined, given)
    gone_from_selection = pl.col("known") & pl.col("source").is_null()
    rules: list[tuple[pl.Expr, str, str]] = [
        (_outside(joined), "out_of_scope", "it is outside the selection"),
        (gone_from_selection, "out_of_scope", "it left the selection"),
        (pl.col("is_frozen"), "frozen", _FROZEN),
        (pl.col("_protected"), "frozen", "a rejected row names its person"),
        (~ours, "out_of_scope", _out_of_scope(given)),
        (~pl.col("was_active"), "kept", "ended already"),
        (
            pl.lit(given.blind is not None) & ~stated,
            "kept",
            given.blind or "",
        ),
        (
            pl.lit(given.blind_to_stated is not None) & stated,
            "kept",
            given.blind_to_stated or "",
        ),
        (pl.lit(given.policy == "keep"), "kept", "the removal policy is keep"),
        (
            pl.col("known") & (pl.col("source") != given.source),
            "kept",
            "another source delivers it",
        ),
        (
            (pl.col("missed") + 1 < given.grace) & ~stated,
            "kept",
            f"grace: not yet missing from {given.grace} good drops in a row",
        ),
    ]
    fate = pl.lit("remove")
    reason = pl.lit("not in the drop")
    for condition, word, why in reversed(rules):
        met = condition.fill_null(value=False)
        fate = pl.when(met).then(pl.lit(word)).otherwise(fate)
        reason = pl.when(met).then(pl.lit(why)).otherwise(reason)
    return fate, reason


def _stated(joined: pl.DataFrame, given: RemovalInput) -> pl.Expr:
    """Whether a person of a link said in a delta which links there are."""
    columns = [name for name in PEOPLE_COLUMNS[Entity.AGENTS] if name in joined.columns]
    if given.entity is not Entity.AGENTS or given.stated.is_empty() or not columns:
        return pl.lit(value=False)
    return pl.any_horizontal(
        pl.col(name).is_in(given.stated.implode()) for name in columns
    )


def _outside(joined: pl.DataFrame) -> pl.Expr:
    found = OUTSIDE in joined.columns
    return pl.col(OUTSIDE) if found else pl.lit(value=False)


def _out_of_scope(given: RemovalInput) -> str:
    if given.scope == "ledger":
        return "neither made by this program nor seen in a drop"
    return "its org is not one of removal.orgs"


def _in_orgs(joined: pl.DataFrame, orgs: tuple[str, ...]) -> pl.Expr:
    for column in ("r:primaryOrgSourcedId", "r:schoolSourcedId"):
        if column in joined.columns:
            return pl.col(column).is_in(list(orgs)).fill_null(value=False)
    return pl.col("known")


@dataclass(frozen=True, slots=True)
class Sight:
    """What this run can see of one entity."""

    delivered: bool
    delta: bool
    unreadable: bool
    complete: bool
    additions_only: bool
    nameless: bool = False
    """No ledger: no good drop has named the records yet."""
    cut_off: bool = False
    """The rows with which its file ended in the last good drop are not there."""

    def blind_spot(self) -> str | None:
        """Why nothing of the entity may be ended for its absence, or null."""
        reasons = (
            (not self.delivered, "its file is not in the drop"),
            (self.delta, "the drop is a delta"),
            (self.unreadable, "a row whose key cannot be read may be this one"),
            (not self.complete, "the remote list could not be proven complete"),
            (self.additions_only, "today is within removal.additions_only"),
            (self.cut_off, "the file may have been cut off: its last rows are missing"),
            (self.nameless, "no good drop has named the records of this target yet"),
        )
        return next((why for met, why in reasons if met), None)

    @property
    def counts_missing(self) -> bool:
        """Whether a record's absence from this drop says something."""
        return self.delivered and not self.delta and not self.unreadable
