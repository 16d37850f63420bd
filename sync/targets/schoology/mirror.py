"""Tables as they were read -> the mirror's frames, and which lists to read for them.

An enrollment is known by its section (or group) and its user's ``school_uid``: codes
may be renamed and the account behind a ``school_uid`` may be made anew without its
partner being lost. What an enrollment's frame says stands in its own list alone, so
that a record read by itself says the same.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from sync.model import normalise
from sync.model.entities import Entity
from sync.model.mirror import FROZEN, REMOTE_ID
from sync.model.roster import KEY
from sync.targets.base import BARRED, ID, Wants
from sync.targets.common.projecting import column
from sync.targets.schoology import records
from sync.targets.schoology.realms import CLASS, of_groups, of_sections, resolved

Tables = Mapping[str, pl.DataFrame]
SUBJECT = "_subject"

READERS: Mapping[str, records.Read] = {
    "users": records.users,
    "inactive": records.users,
    "courses": records.courses,
    "sections": records.sections,
    "groups": records.groups,
    "periods": records.periods,
    "enrollments": records.enrollments,
}
STATUSES = {
    "1": "active",
    "3": "active",
    "4": "active",
    "2": "inactive",
    "5": "inactive",
}
"""Schoology REST API, Enrollment: 1 active, 2 expired, 3 invite pending, 4 request
pending, 5 archived. What is pending is there, and left as it is."""
ROLES = {"1": "teacher", "0": "student"}
"""The same, ``admin``."""
BEST = ("1", "3", "4", "5", "2")
"""Of several enrollments of one user in one realm, the first of these counts."""


def whole(tables: Tables) -> dict[str, pl.DataFrame]:
    """The tables with the columns of their records; of a list that nobody could read,
    or that was empty everywhere, they have none."""
    return {
        label: pl.concat([READERS[label]([]), table], how="diagonal_relaxed")
        for label, table in tables.items()
        if label in READERS
    }


def realms(tables: Tables) -> pl.DataFrame:
    """The sections or groups that were listed."""
    if "groups" in tables:
        return of_groups(tables["groups"])
    return of_sections(tables.get("sections", records.sections([])))


def barred(tables: Tables, label: str) -> pl.DataFrame:
    """``_subject`` and ``_barred`` (the status) of lists that could not be had."""
    schema = {SUBJECT: pl.String(), "_barred": pl.String()}
    found = tables.get(BARRED)
    if found is None:
        return pl.DataFrame(schema=schema)
    mine = found.filter(pl.col("label") == label)
    return mine.select(
        pl.col("subject").alias(SUBJECT), pl.col("status").alias("_barred")
    ).unique(SUBJECT, keep="first", maintain_order=True)


def assemble(wants: Wants, tables: Tables) -> dict[Entity, pl.DataFrame]:
    """The mirror's frames of everything that was read."""
    read = whole(tables)
    frames: dict[Entity, pl.DataFrame] = {}
    if "courses" in read:
        frames[Entity.COURSES] = _courses(read["courses"], barred(tables, "sections"))
    if "periods" in read:
        frames[Entity.ACADEMIC_SESSIONS] = _periods(read["periods"])
    if "sections" in read or "groups" in read or "courses" in read:
        frames[Entity.CLASSES] = realms(read).join(
            barred(tables, "enrollments").rename({SUBJECT: KEY}), on=KEY, how="left"
        )
    if "users" in read:
        frames[Entity.USERS] = _users(read)
    if Entity.ENROLLMENTS in wants.entities:
        frames[Entity.ENROLLMENTS] = _enrollments(wants, tables, read)
    everything = wants.roster is None and {"users", "enrollments"} <= set(read)
    return _in_full(frames, read) if everything else frames


def _courses(table: pl.DataFrame, without: pl.DataFrame) -> pl.DataFrame:
    """``_barred``: the status with which its sections were refused."""
    return (
        table.select(
            pl.col(ID).alias(KEY),
            pl.col(ID).alias("sourcedId"),
            pl.col(ID).alias(REMOTE_ID),
            FROZEN,
            "title",
            pl.col("course_code").alias("courseCode"),
        )
        .join(without.rename({SUBJECT: KEY}), on=KEY, how="left")
        .sort(KEY)
    )


def _periods(table: pl.DataFrame) -> pl.DataFrame:
    return table.select(
        pl.col(ID).alias(KEY),
        pl.col(ID).alias("sourcedId"),
        pl.col(ID).alias(REMOTE_ID),
        FROZEN,
        "title",
        normalise.date(pl.col("start")).alias("startDate"),
        normalise.date(pl.col("end")).alias("endDate"),
    ).sort(KEY)


def _users(read: Tables) -> pl.DataFrame:
    """Everybody under his ``school_uid``; whoever has none, or shares it, under none.

    ``_twice``: two accounts have it, and nobody can tell which is meant.
    """
    parts = [read["users"].with_columns(status=pl.lit("active"))]
    if "inactive" in read:
        inactive = read["inactive"].with_columns(status=pl.lit("inactive"))
        parts.append(inactive.join(read["users"], on=ID, how="anti"))
    both = pl.concat(parts, how="diagonal_relaxed").with_columns(
        normalise.text(pl.col("school_uid")).alias("sourcedId")
    )
    among = pl.col("sourcedId").is_not_null() & ~pl.col(FROZEN)
    twice = among & (pl.len().over("sourcedId", "status") > 1)
    active = (pl.col("status") == "active").max().over("sourcedId")
    first = ~pl.struct("sourcedId", "status").is_duplicated() | (
        pl.col(ID) == pl.col(ID).min().over("sourcedId", "status")
    )
    own = among & first & ((pl.col("status") == "active") | ~active)
    return both.select(
        pl.when(own)
        .then("sourcedId")
        .otherwise(pl.concat_str(pl.lit("?"), ID))
        .alias(KEY),
        "sourcedId",
        pl.col(ID).alias(REMOTE_ID),
        FROZEN,
        "status",
        _twice=twice,
    ).sort(KEY)


def _enrollments(wants: Wants, tables: Tables, read: Tables) -> pl.DataFrame:
    table = read.get("enrollments", records.enrollments([]))
    frame = table.select(
        column(table, SUBJECT).alias("realmId"),
        "uid",
        normalise.text(pl.col("school_uid")).alias("userSourcedId"),
        pl.col("status").alias("state"),
        pl.col("status")
        .replace_strict(STATUSES, default=None, return_dtype=pl.String)
        .alias("status"),
        pl.col("admin")
        .replace_strict(ROLES, default=None, return_dtype=pl.String)
        .alias("role"),
        pl.col(ID).alias(REMOTE_ID),
        pl.col(FROZEN),
        column(table, SUBJECT).alias(SUBJECT),
    )
    if "users" in read:
        frame = _by_account(frame, read)
    unclear = pl.any_horizontal(pl.col("status", "role", "uid").is_null())
    keyed = _keyed(frame.with_columns(pl.col(FROZEN) | unclear))
    return pl.concat([keyed, _unread(wants, tables, keyed)]).sort(KEY)


def _by_account(frame: pl.DataFrame, read: Tables) -> pl.DataFrame:
    """``userSourcedId`` by the list of users, which says it today; an account that is
    not listed has no claim to an id that another one has."""
    people = read["users"].select(
        pl.col(ID).alias("uid"),
        normalise.text(pl.col("school_uid")).alias("_today"),
    )
    taken = people["_today"].drop_nulls().implode()
    said = pl.col("userSourcedId")
    return (
        frame.join(
            people.with_columns(_listed=pl.lit(value=True)), on="uid", how="left"
        )
        .with_columns(
            pl.when("_listed")
            .then(pl.coalesce("_today", "userSourcedId"))
            .when(~said.is_in(taken))
            .then(said)
            .alias("userSourcedId")
        )
        .drop("_today", "_listed")
    )


def _keyed(frame: pl.DataFrame) -> pl.DataFrame:
    """``_key``; of several of one user in one realm all but the best stand under
    their own id, where nothing is done to them."""
    rank = pl.col("state").replace_strict(
        {state: place for place, state in enumerate(BEST)},
        default=len(BEST),
        return_dtype=pl.UInt8,
    )
    who = ["realmId", "userSourcedId"]
    named = pl.all_horizontal(pl.col(*who).is_not_null())
    ordered = frame.with_columns(_rank=rank).sort("_rank", REMOTE_ID)
    best = pl.struct(who).is_first_distinct()
    return ordered.select(
        pl.when(named & best)
        .then(normalise.key(*who))
        .otherwise(pl.concat_str(pl.lit("?"), REMOTE_ID))
        .alias(KEY),
        pl.exclude("_rank"),
    )


def _unread(wants: Wants, tables: Tables, like: pl.DataFrame) -> pl.DataFrame:
    """Our own enrollments in realms whose list could not be had: still there as far
    as anybody knows, and left alone. What is read back is never made up."""
    if reads_back(wants):
        return like.clear()
    ours = wants.ledger.of(Entity.ENROLLMENTS).filter(~pl.col("ended"))
    hidden = barred(tables, "enrollments")
    rows = ours.select(
        pl.col("key").alias(KEY),
        realm_of(pl.col("key")).alias("realmId"),
        pl.col("person").alias("userSourcedId"),
        pl.col("remote_id").alias(REMOTE_ID),
        pl.lit("active").alias("status"),
        pl.lit(value=True).alias(FROZEN),
        realm_of(pl.col("key")).alias(SUBJECT),
    ).join(hidden, on=SUBJECT, how="semi")
    return pl.concat([like.clear(), rows], how="diagonal").select(like.columns)


def reads_back(wants: Wants) -> bool:
    """Whether what is asked for are records of ours, and nobody's wishes: the ledger
    names their realms, and nothing else needs reading."""
    return wants.roster is not None and Entity.ENROLLMENTS not in wants.roster.frames


def realm_of(key: pl.Expr) -> pl.Expr:
    """The realm in an enrollment's key; ids of realms have no sign that a key would
    write otherwise."""
    return key.str.split("/").list.first()


def named_realms(wants: Wants, tables: Tables, periods: tuple[str, ...]) -> list[str]:
    """The realms whose enrollments are read: those that the drop or the ledger names,
    or else all."""
    ledger = wants.ledger.of(Entity.ENROLLMENTS).filter(~pl.col("ended"))
    known = ledger.select(realm_of(pl.col("key")))["key"]
    listed = realms(whole(tables))
    rows = None if wants.roster is None else wants.roster.frames.get(Entity.ENROLLMENTS)
    if wants.roster is None or (rows is None and known.is_empty()):
        return listed.filter(~pl.col(FROZEN))[KEY].sort().to_list()
    if rows is not None and CLASS in rows.columns:
        named = resolved(rows[CLASS], listed, wants.roster, periods)["realmId"]
        known = pl.concat([known.alias("realmId"), named])
    return (
        known.filter(~known.str.starts_with("?")).drop_nulls().unique().sort().to_list()
    )


def strangers(wants: Wants, tables: Tables) -> bool:
    """Whether somebody is asked for whom the list of users does not have."""
    if wants.roster is None:
        return True
    rows = wants.roster.frames.get(Entity.ENROLLMENTS)
    if rows is None:
        return False
    here = whole(tables)["users"].select(
        normalise.text(pl.col("school_uid")).alias("userSourcedId")
    )
    return not rows.join(here, on="userSourcedId", how="anti").is_empty()


def _in_full(
    frames: dict[Entity, pl.DataFrame], read: Tables
) -> dict[Entity, pl.DataFrame]:
    """The frames with all that canonical files say: for people, not for comparing,
    since Schoology's ids of courses and schools are not those of a drop."""
    classes = frames[Entity.CLASSES].with_columns(
        pl.when("_shared")
        .then(KEY)
        .otherwise(pl.coalesce("sectionSchoolCode", KEY))
        .alias("sourcedId"),
        pl.col("_course").alias("courseSourcedId"),
        pl.col("sectionCode").alias("classCode"),
        pl.col("_school").alias("schoolSourcedId"),
    )
    places = classes.select(
        pl.col(KEY).alias("realmId"),
        pl.col("sourcedId").alias(CLASS),
        "schoolSourcedId",
    )
    enrollments = frames[Entity.ENROLLMENTS].join(places, on="realmId", how="left")
    return frames | {
        Entity.CLASSES: classes,
        Entity.USERS: _named(frames[Entity.USERS], read),
        Entity.ENROLLMENTS: enrollments.with_columns(
            pl.col(REMOTE_ID).alias("sourcedId")
        ).sort(KEY),
    }


def _named(users: pl.DataFrame, read: Tables) -> pl.DataFrame:
    """People with their names; their roles stand in a list of their own, which no run
    needs."""
    parts = [read[label] for label in ("users", "inactive") if label in read]
    names = pl.concat(parts, how="diagonal_relaxed").select(
        pl.col(ID).alias(REMOTE_ID),
        pl.col("name_first").alias("givenName"),
        pl.col("name_middle").alias("middleName"),
        pl.col("name_last").alias("familyName"),
        "username",
        pl.col("primary_email").alias("email"),
    )
    return (
        users.filter(~pl.col(KEY).str.starts_with("?"))
        .join(
            names.unique(REMOTE_ID, keep="first", maintain_order=True),
            on=REMOTE_ID,
            how="left",
        )
        .with_columns(roles=pl.lit(None, dtype=pl.String))
        .sort(KEY)
    )
