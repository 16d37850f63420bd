"""The ledger as it will be when a plan has been carried out.

In: the differences and the ledger as it is. Out: one row for each record that will be
ours, with the operation on which that depends. What became of the operations turns it
into the next ledger (``settled``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import polars as pl

from sync.diff import CHANGES
from sync.model.entities import PEOPLE, Entity
from sync.model.ledger import LEDGER_SCHEMA, LedgerView, digest
from sync.model.roster import KEY
from sync.select import ITSELF
from sync.shelf import in_order, in_ranges, in_slices

SUCCESSION_SCHEMA = pl.Schema(
    {**LEDGER_SCHEMA, "operation": pl.String(), "gone": pl.Boolean()}
)
"""The ledger's columns; ``operation``: what must be done for the row to hold, null
where nothing needs to; ``gone``: that operation takes the record away altogether."""


_UNKNOWN = 404


@dataclass(frozen=True, slots=True)
class Naming:
    """Who names records, and what it means when nobody does."""

    source: str
    counts_missing: frozenset[Entity]
    """Entities whose absence from this drop counts (a readable bulk file)."""
    vanishes: frozenset[Entity]
    """Entities of which an ended record is no longer there."""


def succession(
    joined: Mapping[Entity, pl.DataFrame],
    operations: pl.DataFrame,
    ledger: LedgerView,
    naming: Naming,
) -> pl.DataFrame:
    """A frame of ``SUCCESSION_SCHEMA``, sorted by entity and key."""
    frames = {
        entity: in_slices(frame, partial(_of_entity, entity, operations, naming))
        for entity, frame in joined.items()
    }
    kept = [_with_prior(e, frame, ledger.records) for e, frame in frames.items()]
    left = _untouched(frames, ledger.records)
    whole = (
        pl.concat([SUCCESSION_SCHEMA.to_frame(), *kept, left], how="diagonal")
        .select(SUCCESSION_SCHEMA.names())
        .with_columns(pl.col("gone").fill_null(value=False))
    )
    return in_order(whole, "entity", "key")


def _with_prior(
    entity: Entity, frame: pl.DataFrame, records: pl.DataFrame
) -> pl.DataFrame:
    """What the ledger knows already of the same records; one person is one record,
    whichever of the two files names him."""
    homes = PEOPLE if entity in PEOPLE else (entity,)
    mine = records.filter(pl.col("entity").is_in([home.value for home in homes]))
    if mine.is_empty():
        return frame
    prior = mine.unique("key", keep="first", maintain_order=True).select(
        "key", *(pl.col(name).alias(f"prior_{name}") for name in _PRIOR)
    )
    return in_ranges(frame, prior, "key", _completed)


def _completed(frame: pl.DataFrame, prior: pl.DataFrame) -> pl.DataFrame:
    created = pl.col("created") | pl.col("prior_created").fill_null(value=False)
    joined = frame.join(prior, on="key", how="left", maintain_order="left")
    return joined.with_columns(
        pl.coalesce("remote_id", "prior_remote_id").alias("remote_id"),
        pl.coalesce("digest", "prior_digest").alias("digest"),
        pl.coalesce("person", "prior_person").alias("person"),
        created.alias("created"),
    )


def _untouched(
    frames: Mapping[Entity, pl.DataFrame], records: pl.DataFrame
) -> pl.DataFrame:
    """The records of entities that are not compared, but for people who are."""
    others = records.filter(~pl.col("entity").is_in([e.value for e in frames]))
    people = [frames[home].select("key") for home in PEOPLE if home in frames]
    if not people or others.is_empty():
        return others
    person = pl.col("entity").is_in([home.value for home in PEOPLE])
    strangers = others.filter(person).join(pl.concat(people), on="key", how="anti")
    return pl.concat([strangers, others.filter(~person)])


_PRIOR = ("remote_id", "digest", "created", "person")
_WHO = ["_home", "key"]


def _home() -> pl.Expr:
    """One person is one record, whichever of the two files names him."""
    people = pl.col("entity").is_in([entity.value for entity in PEOPLE])
    return pl.when(people).then(pl.lit("people")).otherwise("entity").alias("_home")


_NEEDED = (
    *(KEY, "in_drop", "in_remote", "decision", "fate"),
    *("known", "source", "missed", "ended", "person"),
    *("d:_left", "d:userSourcedId", "d:relationshipType"),
    *("r:_remote_id", "r:relationshipType"),
)
"""Of a joined frame; of the others there need be no copy."""


def _of_entity(
    entity: Entity, operations: pl.DataFrame, naming: Naming, joined: pl.DataFrame
) -> pl.DataFrame:
    ids = operations.filter(pl.col("entity") == entity.value).select(
        pl.col("key").alias(KEY),
        pl.col("id").alias("operation"),
        "verb",
        pl.col("ends").alias("ending"),
    )
    needed = [name for name in _NEEDED if name in joined.columns]
    rows = joined.select(needed).join(ids, on=KEY, how="left", maintain_order="left")
    left = _optional(rows, "d:_left").is_not_null()
    named = (
        pl.col("in_drop")
        & ~left
        & (pl.col("in_remote") | pl.col("operation").is_not_null())
    )
    # Nobody's silence ends what left the selection; links and enrollments that only
    # followed their person come back with him.
    nobodys = pl.col("known") & (_optional(rows, "d:_left") == ITSELF)
    absent = ~pl.col("in_drop") & pl.col("known")
    still = pl.col("known") & ~named & ~absent
    ended = pl.col("ending").fill_null(value=False)
    counted = pl.lit(entity in naming.counts_missing)
    silent = absent & (pl.col("source") == naming.source).fill_null(value=False)
    away = counted & silent & pl.col("fate").is_in(["kept", "remove"])
    return rows.filter(named | absent | still).select(
        pl.lit(entity.value).alias("entity"),
        pl.col(KEY).alias("key"),
        _optional(rows, "r:_remote_id").alias("remote_id"),
        pl.when(named)
        .then(pl.lit(naming.source))
        .when(nobodys.fill_null(value=False))
        .then(pl.lit(None, dtype=pl.String))
        .otherwise("source")
        .alias("source"),
        (pl.col("verb") == "create").fill_null(value=False).alias("created"),
        pl.when(named)
        .then(0)
        .otherwise(pl.col("missed") + away.cast(pl.UInt32))
        .cast(pl.UInt32)
        .alias("missed"),
        # Coming back takes the mark away; what stays ended keeps it.
        pl.when(pl.col("verb").is_in(["create", "reactivate"]))
        .then(pl.lit(value=False))
        .otherwise(ended | pl.col("ended"))
        .alias("ended"),
        _digest(entity, rows).alias("digest"),
        # Of whom it is on the target, as long as that waits for somebody to say.
        pl.when(pl.col("decision") == "proposed")
        .then("person")
        .otherwise(_optional(rows, "d:userSourcedId"))
        .alias("person"),
        "operation",
        (ended & pl.lit(entity in naming.vanishes)).alias("gone"),
    )


def _optional(frame: pl.DataFrame, name: str) -> pl.Expr:
    return pl.col(name) if name in frame.columns else pl.lit(None, dtype=pl.String)


def _digest(entity: Entity, rows: pl.DataFrame) -> pl.Expr:
    """Of a link, the relationship that will have been sent or was read; else null."""
    if entity is not Entity.AGENTS or "d:relationshipType" not in rows.columns:
        return pl.lit(None, dtype=pl.String)
    types = rows["d:relationshipType"].unique().drop_nulls().to_list()
    known = pl.col("d:relationshipType").replace_strict(
        {one: digest(one) for one in types}, default=None, return_dtype=pl.String
    )
    told = pl.col("decision").is_in(CHANGES)
    if "r:relationshipType" in rows.columns:
        told |= pl.col("r:relationshipType") == pl.col("d:relationshipType")
    return pl.when(told.fill_null(value=False)).then(known)


def beside(
    following: pl.DataFrame, planned: pl.DataFrame, before: LedgerView
) -> pl.DataFrame:
    """The next ledger with all the records, too, of which a plan says nothing."""
    others = before.records.with_columns(_home()).join(
        planned.with_columns(_home()), on=_WHO, how="anti"
    )
    whole = [following, others.select(LEDGER_SCHEMA.names())]
    return in_order(pl.concat(whole, how="vertical"), "entity", "key")


def without_effect(
    operations: pl.DataFrame, outcomes: pl.DataFrame, unlike: pl.DataFrame
) -> pl.Series:
    """``id`` of the ends that were called done, while the record is in force still.

    ``unlike``: what did not read back as written (``id``, ``field``). The record goes
    on to be ours, and the next plan ends it again. Two are taken at their word: the end
    of a person, since there are systems that never show it, and would be told of it
    every night for ever; and that of a link which the target does not know under the
    id that we have for it (404), since it never will.
    """
    stays = operations.filter("ends").join(
        unlike.filter(field="status"), on="id", how="semi"
    )
    unknown = outcomes.filter(status=_UNKNOWN).select(pl.col("operation").alias("id"))
    links = stays.filter(entity=Entity.AGENTS.value).join(unknown, on="id", how="semi")
    people = pl.col("entity").is_in([entity.value for entity in PEOPLE])
    return stays.filter(~people).join(links, on="id", how="anti")["id"].sort()


def settled(
    planned: pl.DataFrame, outcomes: pl.DataFrame, before: LedgerView
) -> pl.DataFrame:
    """The next ledger: a frame of ``LEDGER_SCHEMA``.

    ``planned`` is of ``SUCCESSION_SCHEMA``; ``outcomes``: ``operation``, ``done``
    (Boolean), ``remote_id``. Where an operation was not done its record stands as it
    was before, if it was there at all; but who named it, or missed it, is known.
    """
    held = pl.col("operation").is_null() | pl.col("done").fill_null(value=False)

    def standing(rows: pl.DataFrame) -> pl.DataFrame:
        joined = rows.join(outcomes, on="operation", how="left", suffix="_now")
        return joined.filter(held & ~pl.col("gone")).select(
            pl.coalesce("remote_id_now", "remote_id").alias("remote_id"),
            pl.col(name for name in LEDGER_SCHEMA.names() if name != "remote_id"),
        )

    stands = in_slices(planned, standing)
    joined = planned.drop_nulls("operation").join(
        outcomes, on="operation", how="left", suffix="_now"
    )
    named = joined.filter(~held).select(_home(), "key", "missed", "source")
    failed = (
        before.records.with_columns(_home())
        .drop("missed", "source")
        .join(named, on=_WHO, how="inner")
    )
    names = LEDGER_SCHEMA.names()
    both = [stands.select(names), failed.select(names)]
    return in_order(pl.concat(both, how="vertical"), "entity", "key")
