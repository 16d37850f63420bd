"""What of a roster Schoology can hold: enrollments in sections (or groups).

In: the validated roster, the mirror, today's date. Out: a ``Projection`` in which each
row stands under its section and user, or says why nothing is sent for it.
"""

from __future__ import annotations

import polars as pl

from sync.model import normalise
from sync.model.counted import number
from sync.model.entities import Entity
from sync.model.finding import Finding, Findings, Severity
from sync.model.mirror import REMOTE_ID
from sync.model.roster import KEY
from sync.targets.base import DECISION, REASON, Projection
from sync.targets.common.projecting import (
    BLOCKED,
    DEFERRED,
    FROZEN_SCHEMA,
    UNSUPPORTED,
    Context,
    column,
    notes,
    with_status,
)
from sync.targets.schoology import protect
from sync.targets.schoology.realms import CLASS, CODES, GONE, WHY, realms_of, resolved
from sync.targets.schoology.rules import PENDING_WHY, has_role, with_decisions
from sync.targets.schoology.way import Way


def project(context: Context, way: Way) -> Projection:
    """The projection of the drop's enrollments; nothing else is written here."""
    rows = context.roster.frames.get(Entity.ENROLLMENTS)
    if rows is None:
        frozen = context.roster.frozen.select(FROZEN_SCHEMA.names())
        return Projection({}, {}, frozen, Findings.none())
    placed = _placed(with_status(rows), context, way)
    wanted, merged = _folded(with_decisions(placed, context, way))
    frames = {Entity.ENROLLMENTS: wanted.sort(KEY)}
    return Projection(
        frames=frames,
        merged={Entity.ENROLLMENTS: merged},
        frozen=protect.frozen(context, way, wanted),
        findings=notes(frames) + _more_notes(wanted),
    )


def _placed(frame: pl.DataFrame, context: Context, way: Way) -> pl.DataFrame:
    """The rows with their realm, their account, and what Schoology holds of them.

    ``_theirs``: the status there; ``_account``: active, inactive, or null.
    """
    rows = frame.with_columns(column(frame, CLASS).alias(CLASS))
    known = realms_of(context)
    found = resolved(rows[CLASS], known, context.roster, way.periods)
    placed = rows.drop(CODES, "realmId", "uid", strict=False).join(
        found, on=CLASS, how="left"
    )
    users = context.mirror.frames.get(Entity.USERS)
    accounts = _accounts(users)
    remote = context.mirror.frames.get(Entity.ENROLLMENTS)
    keyed = placed.join(accounts, on="userSourcedId", how="left").with_columns(
        pl.when(pl.col("realmId").is_not_null())
        .then(normalise.key("realmId", "userSourcedId"))
        .alias("_place")
    )
    held = _held(remote)
    hidden = known.select(
        pl.col(KEY).alias("realmId"), column(known, "_barred").alias("_barred")
    )
    return (
        keyed.join(held, on="_place", how="left")
        .join(hidden, on="realmId", how="left")
        .with_columns(pl.coalesce("_their_uid", "_uid").alias("uid"))
        .drop("_their_uid", "_uid")
        .sort(KEY)
    )


def _accounts(users: pl.DataFrame | None) -> pl.DataFrame:
    schema = {
        "userSourcedId": pl.String(),
        "_account": pl.String(),
        "_uid": pl.String(),
        "_twice": pl.Boolean(),
    }
    if users is None:
        return pl.DataFrame(schema=schema)
    return users.filter(~pl.col(KEY).str.starts_with("?")).select(
        pl.col("sourcedId").alias("userSourcedId"),
        pl.col("status").alias("_account"),
        pl.col(REMOTE_ID).alias("_uid"),
        "_twice",
    )


def _held(remote: pl.DataFrame | None) -> pl.DataFrame:
    schema = dict.fromkeys(("_place", "_theirs", "_their_uid"), pl.String())
    if remote is None:
        return pl.DataFrame(schema=schema | {"_their_role": pl.String()})
    return remote.select(
        pl.col(KEY).alias("_place"),
        pl.col("state").alias("_theirs"),
        pl.col("uid").alias("_their_uid"),
        pl.col("role").alias("_their_role"),
    )


def _folded(frame: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Rows of one person in one section, as one; it ends with the last of them.

    The row that stands for them is the first active one, failing that the first
    deferred one. Rows that are not carried out are never folded: one of them holds
    the place where no other row does, so that what is there is left alone. A role
    that Schoology does not have makes no claim to what is there.
    """
    lost = pl.col(DECISION).is_in([BLOCKED, UNSUPPORTED]).fill_null(value=False)
    rank = (
        pl.when(lost)
        .then(3)
        .when(pl.col(DECISION) == DEFERRED)
        .then(1)
        .when(pl.col("status") == "active")
        .then(0)
        .otherwise(2)
    )
    ordered = frame.with_columns(
        pl.when(has_role()).then("_place").alias("_place"), _lost=lost, _rank=rank
    ).sort("_place", "_rank", KEY, nulls_last=True)
    first = pl.col("_place").is_first_distinct() & pl.col("_place").is_not_null()
    named = ordered.with_columns(_first=first)
    kept = named.filter(pl.col("_first") | pl.col("_lost") | pl.col("_place").is_null())
    own = pl.concat_str(pl.lit("?"), KEY)
    done = kept.with_columns(
        pl.when("_first").then("_place").otherwise(own).alias(KEY)
    ).select(pl.exclude("^_(first|lost|rank|place|theirs|their_role)$"))
    helpers = (WHY, GONE, "_shared", "_active", "_barred", "_account", "_twice")
    return done.drop(helpers, strict=False), frame.height - kept.height


def _more_notes(wanted: pl.DataFrame) -> Findings:
    """What Schoology leaves as it is, and what it has no place for."""
    pending = wanted.filter(pl.col(REASON) == PENDING_WHY).height
    carried = wanted.filter(pl.col(DECISION).is_null())
    whole = carried.select(
        column(carried, name).alias(name) for name in ("beginDate", "endDate")
    )
    dates = whole.filter(
        pl.any_horizontal(pl.col("beginDate", "endDate").is_not_null())
    ).height
    primary = carried.select(column(carried, "primary").alias("primary"))
    primaries = primary.filter(pl.col("primary") == "true").height
    said = (
        (
            "RS305",
            pending,
            f"{PENDING_WHY}: "
            + number(
                pending,
                "enrollment is left as it is",
                "enrollments are left as they are",
            ),
        ),
        (
            "RS302",
            dates,
            f"{_rows(dates, 'has', 'have')} dates, which Schoology does not keep: "
            "today decides whether they count",
        ),
        (
            "RS302",
            primaries,
            f"{_rows(primaries, 'is', 'are')} primary, which Schoology does not keep",
        ),
    )
    return Findings.of(
        Finding(code, Severity.NOTE, text, entity=Entity.ENROLLMENTS.value)
        for code, count, text in said
        if count
    )


def _rows(count: int, one: str, many: str) -> str:
    return number(count, f"row of enrollments {one}", f"rows of enrollments {many}")
