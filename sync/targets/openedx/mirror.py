"""The enrollments as they were read -> the mirror's frame.

The list does not show who is merely allowed to enroll, and nothing of a course that
may not be read. Both stand in the ledger, and so in the mirror: the first as waiting,
the second as frozen. Whose sourcedId an address is, is the ledger's to say as well, or
else the drop's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from sync.model import normalise
from sync.model.entities import PEOPLE, Entity
from sync.model.mirror import FROZEN, REMOTE_ID, REST
from sync.model.roster import KEY, Roster
from sync.targets.base import ID, Wants
from sync.targets.common.projecting import column
from sync.targets.openedx import records
from sync.targets.openedx.courses import COURSE, IDENTIFIER, WHO, identity
from sync.targets.openedx.silence import WAITS, known_pairs, unread

SUBJECT = "_subject"
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
    closed = sorted(unread(wants, tables))
    whole = pl.concat([listed, _remembered(listed, known, closed)])
    return _with_persons(whole, known, wants.roster, identifier)


def courses(wants: Wants, tables: Tables, scope: tuple[str, ...]) -> pl.DataFrame:
    """The courses in ``scope``; ``_barred``: why nothing can be told of one: a status,
    or ``EMPTY``."""
    closed = unread(wants, tables)
    return _named_courses([*scope, *closed], closed)


def _named_courses(keys: Iterable[str], closed: Mapping[str, str]) -> pl.DataFrame:
    keys = sorted(set(keys))
    return pl.DataFrame(
        {
            KEY: keys,
            REMOTE_ID: keys,
            "sourcedId": keys,
            "_barred": [closed.get(one) for one in keys],
        },
        schema=dict.fromkeys((KEY, REMOTE_ID, "sourcedId", "_barred"), pl.String()),
    ).with_columns(pl.col("_barred").is_not_null().alias(FROZEN))


def in_full(rows: pl.DataFrame) -> dict[Entity, pl.DataFrame]:
    """Enrollments with the people and courses that they name, as canonical files have
    them: for reading, not for comparing. Who has no known sourcedId has his address."""
    named = rows.with_columns(
        pl.coalesce("userSourcedId", IDENTIFIER).alias("userSourcedId"),
        pl.col(REST).str.json_path_match("$.username").alias("username"),
    )
    people = (
        named.drop_nulls("userSourcedId")
        .sort("userSourcedId", KEY)
        .unique("userSourcedId", keep="first", maintain_order=True)
    )
    user = pl.col("userSourcedId")
    address = pl.col(IDENTIFIER).str.contains("@", literal=True)
    return {
        Entity.COURSES: _named_courses(
            rows[COURSE].drop_nulls().unique().to_list(), {}
        ),
        Entity.USERS: people.select(
            user.alias(KEY),
            user.alias(REMOTE_ID),
            user.alias("sourcedId"),
            pl.lit("active").alias("status"),
            "username",
            pl.when(address).then(IDENTIFIER).alias("email"),
            normalise.encode_roles(
                pl.lit("primary"), pl.lit("student"), pl.lit("")
            ).alias("roles"),
            pl.lit(value=False).alias(FROZEN),
        ),
        Entity.ENROLLMENTS: named.drop("username"),
    }


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
        # A server that ignores the filter shows every record in every list.
        pl.when(pl.col(SUBJECT).is_not_null()).then(COURSE).alias(SUBJECT),
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


def _remembered(
    listed: pl.DataFrame, known: pl.DataFrame, closed: list[str]
) -> pl.DataFrame:
    """Who waits for an account, and what cannot be read in this run."""
    away = known.join(listed, on=KEY, how="anti").filter(
        pl.col("remote_id").is_not_null()
    )
    hidden = pl.col(COURSE).is_in(closed)
    waits = pl.col("remote_id").str.starts_with(WAITS) & ~pl.col("ended")
    return away.filter(hidden | waits).select(
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
        hidden.alias(FROZEN),
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
    """Everybody of whom the drop tells an address (or username), once: ``person``, what
    it says (``told``), the same in lower case, whether the cell could not be read
    (``misread``), and his ``status``. Sorted by person."""
    parts = [
        frame.select(
            pl.col(KEY).alias("person"),
            normalise.text(pl.col(identifier)).alias("told"),
            column(frame, "_keep")
            .str.contains(f",{identifier},", literal=True)
            .fill_null(value=False)
            .alias("misread"),
            column(frame, "status").fill_null("active").alias("status"),
        )
        for frame in (roster.frames.get(entity) for entity in PEOPLE)
        if frame is not None and identifier in frame.columns
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
