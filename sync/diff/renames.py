"""Ids that changed: a row without a partner may be a record without a row.

In: the joined frames of ``diff``. Out: the same frames, in which rows, records, and the
links and enrollments that name either are *proposed*: nothing of them is created,
changed or ended until a person has confirmed the pair. And warnings: of each proposal,
and of ids that seem to have been given to another person.

Nothing is ever merged here. Evidence is a value that only one row and one record carry
(e-mail, username, identifier, or name, birth date and org together), and the given name
must agree in every case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from sync.diff.alike import EVIDENCE, column, pairs_of, people_of, reused
from sync.diff.values import DROP, REMOTE
from sync.model.entities import ENTITIES, PEOPLE, SYNCED, Entity
from sync.model.finding import Findings, Severity
from sync.model.ids import references
from sync.model.renames import PROPOSAL_SCHEMA
from sync.model.roster import KEY

PROPOSED = "proposed"
"""The decision and the fate; and the String column that says why, else null."""

PEOPLE_NAMED: Mapping[Entity, tuple[str, ...]] = {
    entity: names
    for entity in SYNCED
    if (
        names := tuple(
            column
            for column, what in references(entity).items()
            if what is Entity.USERS and column in ENTITIES[entity].names
        )
    )
}
"""Columns of links and enrollments that name people."""

Frames = Mapping[Entity, pl.DataFrame]

_UNCLEAR = "it cannot be told which"


@dataclass(frozen=True, slots=True)
class Renames:
    """Differences in which nothing is done to what may be one person."""

    joined: dict[Entity, pl.DataFrame]
    proposals: pl.DataFrame
    """Of ``PROPOSAL_SCHEMA``, sorted by entity and new key."""
    findings: Findings
    """One for each row that is proposed (RS501) or whose id was another's (RS502)."""


def with_proposals(joined: Frames) -> Renames:
    """The frames of ``diff`` with ``proposed`` (String: why, or null), the decisions of
    proposed rows, and, of people, ``evidence``."""
    people = people_of(joined)
    pairs = pairs_of(people)
    marks, named = _marks(pairs), _named(pairs)
    clashing = _clashing(people, pairs)
    frames = {
        entity: _settled(
            _with_marks(frame, marks)
            if entity in PEOPLE
            else _with_named(entity, frame, named),
            _names_any(entity, frame, clashing),
        )
        for entity, frame in joined.items()
    }
    proposals = pairs.select(PROPOSAL_SCHEMA.names()).sort("entity", "new", "old")
    findings = Findings.from_frames([_as_findings(pairs), reused(people)])
    return Renames(frames, proposals, findings)


def _marks(pairs: pl.DataFrame) -> pl.DataFrame:
    """``_key``, why it is proposed, and ``evidence``, for rows and for records."""
    records = _told(
        pairs,
        "old",
        pl.col("new"),
        clear=pl.format("row {} may be it under a new id: {}", "new", EVIDENCE),
        unclear=pl.format("row {} may be it under a new id, and " + _UNCLEAR, "_all"),
    )
    whole = pl.concat([_rows(pairs), records])
    return whole.unique(KEY, keep="first", maintain_order=True)


def _rows(pairs: pl.DataFrame) -> pl.DataFrame:
    """The same for rows alone."""
    return _told(
        pairs,
        "new",
        pl.format("{} ({})", "old", EVIDENCE),
        clear=pl.format("may be {} of the target: {}", "old", EVIDENCE),
        unclear=pl.format("may be {} of the target, and " + _UNCLEAR, "_all"),
    )


def _told(
    pairs: pl.DataFrame, key: str, each: pl.Expr, *, clear: pl.Expr, unclear: pl.Expr
) -> pl.DataFrame:
    whole = pairs.sort("new", "old").group_by(key, maintain_order=True)
    return (
        whole.agg(
            pl.col("new" if key == "old" else "old").first(),
            pl.col(EVIDENCE, "clear").first(),
            each.str.join(" or ").alias("_all"),
        )
        .select(
            pl.col(key).alias(KEY),
            pl.when("clear").then(clear).otherwise(unclear).alias(PROPOSED),
            EVIDENCE,
        )
        .sort(KEY)
    )


def _with_marks(frame: pl.DataFrame, marks: pl.DataFrame) -> pl.DataFrame:
    told = frame.select(KEY).join(marks, on=KEY, how="left", maintain_order="left")
    return frame.hstack(told.drop(KEY))


def _named(pairs: pl.DataFrame) -> pl.Series:
    """The keys of both sides."""
    return pl.concat([pairs["old"], pairs["new"]]).unique().sort()


def _with_named(entity: Entity, frame: pl.DataFrame, named: pl.Series) -> pl.DataFrame:
    """Links and enrollments of either side that name one who is proposed."""
    keys = named.implode()
    hits = [
        pl.when(pl.col(name).is_in(keys)).then(name) for name in _naming(entity, frame)
    ]
    hit = pl.coalesce(*hits) if hits else pl.lit(None, dtype=pl.String)
    why = pl.format("it is of {}, whose id may have changed", hit)
    return frame.with_columns(pl.when(hit.is_not_null()).then(why).alias(PROPOSED))


def _naming(entity: Entity, frame: pl.DataFrame) -> list[str]:
    columns = [
        side + name for side in (DROP, REMOTE) for name in PEOPLE_NAMED.get(entity, ())
    ]
    return [name for name in columns if name in frame.columns]


_ACTS = ("create", "update", "reactivate", "remove", "blocked")
"""Decisions about links and enrollments that wait for their person."""


def _settled(frame: pl.DataFrame, clashes: pl.Expr) -> pl.DataFrame:
    """Proposed rows get their decision, and what clashes is frozen.

    ``proposed`` stays where nothing else explains why nothing is done.
    """
    outside = column(frame, "outside", pl.Boolean()).fill_null(value=False)
    people = EVIDENCE in frame.columns
    acts = pl.lit(people) | pl.col("decision").is_in(_ACTS)
    mine = pl.col("in_drop") & acts.fill_null(value=False)
    theirs = ~pl.col("in_drop") & pl.col("was_active")
    why = pl.when((mine | theirs) & ~outside).then(pl.col(PROPOSED))
    marked = frame.with_columns(why.alias(PROPOSED))
    here = pl.col(PROPOSED).is_not_null() & pl.col("in_drop")
    held = clashes & pl.col(PROPOSED).is_null()
    stopped = held & pl.col("decision").is_in(_ACTS).fill_null(value=False)
    return marked.with_columns(
        pl.when(here)
        .then(pl.lit(PROPOSED))
        .when(stopped & (pl.col("decision") != "blocked"))
        .then(pl.lit("frozen"))
        .otherwise("decision")
        .alias("decision"),
        pl.when(here).then(PROPOSED).otherwise("reason").alias("reason"),
        (pl.col("ends") & ~here & ~held).alias("ends"),
        (pl.col("is_frozen") | held).alias("is_frozen"),
    )


def _clashing(people: pl.DataFrame, pairs: pl.DataFrame) -> pl.Series:
    """The records that a blocked row may mean, and that are not proposed with it."""
    meant = (
        people.filter(pl.col("row") & pl.col("meant").is_not_null())
        .join(pairs, left_on=KEY, right_on="new", how="anti")
        .select(pl.col("meant").explode(empty_as_null=True).alias(KEY))
        .drop_nulls()
        .unique()
    )
    loose = people.filter(~pl.col("in_drop"))
    return meant.join(loose, on=KEY, how="semi")[KEY].sort()


def _names_any(entity: Entity, frame: pl.DataFrame, keys: pl.Series) -> pl.Expr:
    columns = [KEY] if entity in PEOPLE else _naming(entity, frame)
    if keys.is_empty() or not columns:
        return pl.lit(value=False)
    hits = (pl.col(name).is_in(keys.implode()) for name in columns)
    return pl.any_horizontal(hits).fill_null(value=False)


def _as_findings(pairs: pl.DataFrame) -> pl.DataFrame:
    """A warning for each row that is proposed."""
    places = pairs.unique("new", keep="first", maintain_order=True)
    hint = pl.when("clear").then(
        pl.lit("see renames.csv of this run: what somebody confirms there is renamed")
    )
    rows = _rows(pairs).join(places, left_on=KEY, right_on="new", how="inner")
    return rows.select(
        pl.lit("RS501").alias("code"),
        pl.lit(Severity.WARNING.value).alias("severity"),
        *("entity", "file", "line"),
        pl.format("this row {}", PROPOSED).alias("message"),
        hint.otherwise(
            pl.lit("see who it is; end the record that is over, or correct the row")
        ).alias("hint"),
    )
