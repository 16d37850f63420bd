"""The enrollments as they were read -> the mirror's frame.

The list does not show who is merely allowed to enroll, and nothing of a course that
may not be read. Both stand in the ledger, and so in the mirror: the first as waiting,
the second as frozen. Whose sourcedId an address is, is the ledger's to say as well, or
else the drop's.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from sync.model import normalise
from sync.model.entities import PEOPLE, Entity
from sync.model.ledger import LedgerView
from sync.model.mirror import FROZEN, REMOTE_ID, REST
from sync.model.roster import KEY, Roster
from sync.targets.base import BARRED, ID, Wants
from sync.targets.common.projecting import column
from sync.targets.openedx import records
from sync.targets.openedx.courses import COURSE, IDENTIFIER, WHO, identity, parts_of

SUBJECT = "_subject"
PENDING = "pending:"
"""Begins the remote id, in the ledger, of those who are allowed and not enrolled."""
NAMES = {"email": "email", "username": "username"}
_TEXTS = (KEY, REMOTE_ID, COURSE, IDENTIFIER, WHO, "userSourcedId", "role", "status")
SCHEMA = pl.Schema(
    {
        **dict.fromkeys(_TEXTS, pl.String()),
        REST: pl.String(),
        SUBJECT: pl.String(),
        FROZEN: pl.Boolean(),
    }
)

Tables = Mapping[str, pl.DataFrame]


def enrollments(
    wants: Wants, tables: Tables, identifier: str, scope: tuple[str, ...] | None
) -> pl.DataFrame:
    """The mirror's frame: what was listed of the courses in ``scope`` (null: of all),
    and what only the ledger knows."""
    listed = _listed(tables.get(Entity.ENROLLMENTS.value), identifier)
    if scope is not None:
        ours = pl.col(COURSE).is_in(list(scope))
        listed = listed.filter(ours | pl.col(COURSE).is_null())
    known = known_pairs(wants.ledger)
    whole = pl.concat([listed, _remembered(listed, known, tables.get(BARRED))])
    return _with_persons(whole, known, wants.roster, identifier)


def courses(tables: Tables, scope: tuple[str, ...]) -> pl.DataFrame:
    """The courses in ``scope``; ``_barred``: with which status a list was refused."""
    closed = (
        {}
        if (found := tables.get(BARRED)) is None
        else dict(found.select("subject", "status").drop_nulls().rows())
    )
    keys = sorted({*scope, *closed})
    return pl.DataFrame(
        {
            KEY: keys,
            REMOTE_ID: keys,
            "sourcedId": keys,
            "_barred": [closed.get(one) for one in keys],
        },
        schema=dict.fromkeys((KEY, REMOTE_ID, "sourcedId", "_barred"), pl.String()),
    ).with_columns(pl.col("_barred").is_not_null().alias(FROZEN))


def _listed(table: pl.DataFrame | None, identifier: str) -> pl.DataFrame:
    """One row for each course and person, the active one where there are several."""
    empty = records.frame([]).with_columns(pl.lit(None, pl.String).alias(SUBJECT))
    parts = [empty.clear()] if table is None else [empty.clear(), table]
    named = (
        pl.concat(parts, how="diagonal_relaxed")
        .with_columns(
            normalise.text(pl.col("course_id")).alias(COURSE),
            normalise.text(pl.col(NAMES[identifier])).alias(IDENTIFIER),
            normalise.boolean(pl.col("is_active")),
        )
        .with_columns(pl.col(IDENTIFIER).str.to_lowercase().alias(WHO))
    )
    whole = pl.all_horizontal(pl.col(COURSE, IDENTIFIER).is_not_null())
    apart = pl.any_horizontal(pl.col(COURSE, IDENTIFIER).str.contains(r"[,\s]"))
    active = pl.col("is_active") == "true"
    keyed = named.with_columns(
        pl.when(whole).then(identity()).otherwise(pl.lit("?") + pl.col(ID)).alias(KEY),
        pl.coalesce("username", IDENTIFIER).alias(REMOTE_ID),
        _status(active).alias("status"),
        (pl.col(FROZEN) | ~whole | apart.fill_null(value=False)).alias(FROZEN),
        pl.lit(None, pl.String).alias("userSourcedId"),
        pl.lit("student").alias("role"),
        pl.struct("mode", "username").struct.json_encode().alias(REST),
    )
    return _one_each(keyed)


def _status(active: pl.Expr) -> pl.Expr:
    return pl.when(active).then(pl.lit("active")).otherwise(pl.lit("inactive"))


def _one_each(keyed: pl.DataFrame) -> pl.DataFrame:
    """Two accounts under one address cannot be told apart: left alone."""
    accounts = pl.col("username").str.to_lowercase().n_unique().over(KEY)
    return (
        keyed.with_columns((pl.col(FROZEN).any().over(KEY)) | (accounts > 1))
        .sort(KEY, "status", REMOTE_ID, nulls_last=True)
        .unique(KEY, keep="first", maintain_order=True)
        .select(SCHEMA.names())
    )


def known_pairs(ledger: LedgerView) -> pl.DataFrame:
    """The enrollments of the ledger with course, person and address."""
    kept = ledger.of(Entity.ENROLLMENTS)
    course, who = parts_of("key")
    return kept.select(
        pl.col("key").alias(KEY),
        course.alias(COURSE),
        who.alias(WHO),
        "remote_id",
        "ended",
        "person",
    )


def _remembered(
    listed: pl.DataFrame, known: pl.DataFrame, barred: pl.DataFrame | None
) -> pl.DataFrame:
    """Who waits for an account, and what cannot be read in this run."""
    away = known.join(listed, on=KEY, how="anti").filter(
        pl.col("remote_id").is_not_null()
    )
    closed = [] if barred is None else barred["subject"].drop_nulls().to_list()
    unread = pl.col(COURSE).is_in(closed)
    waits = pl.col("remote_id").str.starts_with(PENDING) & ~pl.col("ended")
    return away.filter(unread | waits).select(
        KEY,
        pl.col("remote_id").alias(REMOTE_ID),
        COURSE,
        pl.col(WHO).alias(IDENTIFIER),
        WHO,
        pl.lit(None, pl.String).alias("userSourcedId"),
        pl.lit("student").alias("role"),
        _status(~pl.col("ended")).alias("status"),
        pl.lit(None, pl.String).alias(REST),
        pl.lit(None, pl.String).alias(SUBJECT),
        unread.alias(FROZEN),
    )


def _with_persons(
    whole: pl.DataFrame, known: pl.DataFrame, roster: Roster | None, identifier: str
) -> pl.DataFrame:
    """``userSourcedId``: for whom it was made, or else whose address it is."""
    named = whole.join(known.select(KEY, "person"), on=KEY, how="left")
    if roster is not None:
        theirs = addresses(roster, identifier).drop_nulls(WHO)
        single = theirs.filter(~pl.col(WHO).is_duplicated())
        owners = single.select(WHO, pl.col("person").alias("_owner"))
        named = named.join(owners, on=WHO, how="left").with_columns(
            pl.coalesce("person", "_owner").alias("person")
        )
    return (
        named.with_columns(pl.col("person").alias("userSourcedId"))
        .select(SCHEMA.names())
        .sort(KEY)
    )


def addresses(roster: Roster, identifier: str) -> pl.DataFrame:
    """Everybody of the drop, once: ``person``, his address (or username) as the drop
    has it (``told``) and in lower case, whether the cell could not be read
    (``misread``), and his ``status``. Sorted by person."""
    parts = [
        frame.select(
            pl.col(KEY).alias("person"),
            normalise.text(column(frame, identifier)).alias("told"),
            column(frame, "_keep")
            .str.contains(f",{identifier},", literal=True)
            .fill_null(value=False)
            .alias("misread"),
            column(frame, "status").fill_null("active").alias("status"),
        )
        for frame in (roster.frames.get(entity) for entity in PEOPLE)
        if frame is not None
    ]
    empty = pl.DataFrame(
        schema={
            "person": pl.String(),
            "told": pl.String(),
            "misread": pl.Boolean(),
            "status": pl.String(),
        }
    )
    return (
        pl.concat([empty, *parts])
        .sort("person", "told", nulls_last=True)
        .unique("person", keep="first", maintain_order=True)
        .with_columns(pl.col("told").str.to_lowercase().alias(WHO))
    )
