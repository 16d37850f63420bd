"""What of a roster Schoology can hold: enrollments in sections (or groups).

In: the validated roster, the mirror, today's date. Out: a ``Projection`` in which each
row stands under its section and user, or says why nothing is sent for it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from sync.model import normalise
from sync.model.entities import Entity
from sync.model.finding import Finding, Findings, Severity
from sync.model.mirror import REMOTE_ID
from sync.model.roster import KEY
from sync.targets.base import DECISION, REASON, Projection
from sync.targets.common.enrollments import dated
from sync.targets.common.projecting import (
    BLOCKED,
    DEFERRED,
    FROZEN_SCHEMA,
    UNSUPPORTED,
    Context,
    Rule,
    column,
    decided,
    notes,
    of,
    with_status,
)
from sync.targets.schoology.mirror import ROLES
from sync.targets.schoology.realms import (
    CLASS,
    CODES,
    GONE,
    WHY,
    in_periods,
    resolved,
)
from sync.targets.schoology.records import LIST_SEPARATOR

PENDING = ("3", "4")
ENDED = ("2", "5")
PENDING_WHY = "pending: an invitation or a request that nobody has answered yet"
UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Way:
    """What the configuration says of how people are enrolled."""

    route: str
    periods: tuple[str, ...]
    realm: str


def project(context: Context, way: Way) -> Projection:
    """The projection of the drop's enrollments; nothing else is written here."""
    rows = context.roster.frames.get(Entity.ENROLLMENTS)
    if rows is None:
        frozen = context.roster.frozen.select(FROZEN_SCHEMA.names())
        return Projection({}, {}, frozen, Findings.none())
    placed = _placed(with_status(rows), context, way)
    wanted, merged = _folded(_decided(placed, context, way))
    frames = {Entity.ENROLLMENTS: wanted.sort(KEY)}
    return Projection(
        frames=frames,
        merged={Entity.ENROLLMENTS: merged},
        frozen=_frozen(context, way, wanted),
        findings=notes(frames) + _more_notes(wanted),
    )


def _placed(frame: pl.DataFrame, context: Context, way: Way) -> pl.DataFrame:
    """The rows with their realm, their account, and what Schoology holds of them.

    ``_theirs``: the status there; ``_account``: active, inactive, or null.
    """
    rows = frame.with_columns(column(frame, CLASS).alias(CLASS))
    known = _realms(context)
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


def _realms(context: Context) -> pl.DataFrame:
    found = context.mirror.frames.get(Entity.CLASSES)
    if found is not None:
        return found
    names = (KEY, REMOTE_ID, *CODES, "_active", "_barred")
    empty = pl.DataFrame(schema=dict.fromkeys(names, pl.String()))
    return empty.with_columns(_shared=pl.lit(value=False))


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


def _decided(frame: pl.DataFrame, context: Context, way: Way) -> pl.DataFrame:
    what = "section" if way.realm == "section" else "group"
    rules: list[Rule] = [
        (
            pl.col(CLASS).is_null(),
            UNSUPPORTED,
            f"it names no class, and Schoology enrolls people in a {what}",
        ),
        (
            ~_has_role(),
            UNSUPPORTED,
            "Schoology knows teachers (admin) and students only",
        ),
    ]
    timely = dated(decided(frame, rules), context.today)
    over = pl.col("status") != "active"
    rules = [
        (
            over & pl.col(GONE) & ~_blind(context),
            UNCHANGED,
            "its class is gone as well",
        ),
        *_place_rules(context, what),
        (pl.col("_theirs").is_in(PENDING), UNCHANGED, PENDING_WHY),
        *_person_rules(~over),
        (
            ~over & pl.col("_theirs").is_in(ENDED) & _past(context),
            UNSUPPORTED,
            f"its {what} is past, and Schoology keeps it ended there",
        ),
        *_route_rules(way),
    ]
    return _with_conflicts(decided(timely, rules))


def _has_role() -> pl.Expr:
    """Whether Schoology has a word for a row's role."""
    return pl.col("role").is_in(list(ROLES.values())).fill_null(value=False)


def _place_rules(context: Context, what: str) -> list[Rule]:
    """Rows whose section nobody can tell, or whose list we may not see."""
    blind = pl.when(_blind(context)).then(
        pl.lit(" (the sections of some courses cannot be read)")
    )
    nowhere = pl.concat_str(
        pl.lit(f"its class is no {what}: "), WHY, blind.otherwise(pl.lit(""))
    )
    hidden = pl.concat_str(
        pl.lit(f"Schoology does not show the enrollments of its {what} ("),
        "_barred",
        pl.lit(")"),
    )
    return [
        (pl.col("realmId").is_null(), BLOCKED, nowhere),
        (pl.col("_barred").is_not_null(), BLOCKED, hidden),
    ]


def _blind(context: Context) -> pl.Expr:
    """Whether there are sections that we may not see."""
    courses = context.mirror.frames.get(Entity.COURSES)
    hidden = courses is not None and courses["_barred"].is_not_null().any()
    return pl.lit(value=hidden)


def _person_rules(active: pl.Expr) -> list[Rule]:
    """Whom Schoology does not know cannot be enrolled; who is enrolled stays so."""
    new = active & (pl.col("_theirs").is_null() | pl.col("_theirs").is_in(ENDED))
    return [
        (
            new & pl.col("_twice"),
            BLOCKED,
            "two users of Schoology have this school_uid",
        ),
        (
            new & (pl.col("_account") == "inactive"),
            BLOCKED,
            "the user with this school_uid is inactive in Schoology",
        ),
        (
            new & pl.col("_account").is_null(),
            BLOCKED,
            "Schoology has no user with this school_uid, or does not show him to "
            "our key",
        ),
    ]


def _route_rules(way: Way) -> list[Rule]:
    """New enrollments whose section cannot be named in the configured way."""
    new = (pl.col("status") == "active") & pl.col("_theirs").is_null()
    if way.route == "section-code":
        return [
            (
                new & pl.col("sectionSchoolCode").is_null(),
                BLOCKED,
                "its section has no section_school_code in Schoology; give it one, or "
                'choose route = "multi-realm"',
            ),
            (
                new & pl.col("_shared"),
                BLOCKED,
                "another section has the same section_school_code in Schoology",
            ),
        ]
    if way.route == "codes":
        bare = pl.any_horizontal(pl.col("courseCode", "sectionCode").is_null())
        return [
            (
                new & bare,
                BLOCKED,
                "its section has no course and section code in Schoology; give it "
                'both, or choose route = "multi-realm"',
            ),
            (
                new & ~in_periods(way.periods),
                BLOCKED,
                "its section is in none of the configured grading_periods",
            ),
        ]
    return []


def _past(context: Context) -> pl.Expr:
    """Whether the section of a row is over: all of its grading periods have ended, or
    it is not active and does not lie ahead."""
    sessions = context.mirror.frames.get(Entity.ACADEMIC_SESSIONS)
    own = pl.col("gradingPeriods").str.split(LIST_SEPARATOR)
    still, ahead = pl.lit(value=True), pl.lit(value=False)
    if sessions is not None and not sessions.is_empty():
        day = context.today.isoformat()
        over = sessions.filter(pl.col("endDate") < day)[KEY].to_list()
        future = sessions.filter(pl.col("startDate") > day)[KEY].to_list()
        still = (own.list.set_difference(over).list.len() > 0).fill_null(value=True)
        ahead = (own.list.set_difference(future).list.len() == 0).fill_null(value=False)
    idle = (pl.col("_active") == "0").fill_null(value=False)
    return ~still | (idle & ~ahead)


def _with_conflicts(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows that want one person as teacher and as student of one section: it keeps one
    of the two, and which is not for a program to guess."""
    counts = (pl.col("status") == "active") & (
        pl.col(DECISION).is_null() | (pl.col(DECISION) == UNCHANGED)
    )
    role = pl.when(counts).then("role")
    both = counts & (role.drop_nulls().n_unique().over("_place") > 1)
    told = frame.with_columns((both & pl.col("_place").is_not_null()).alias("_both"))
    why = "it makes this person teacher and student of one section; Schoology keeps one"
    open_ = pl.when("_both").then(None)
    cleared = told.with_columns(
        open_.otherwise(name).alias(name) for name in (DECISION, REASON)
    )
    return decided(cleared, [(pl.col("_both"), BLOCKED, why)]).drop("_both")


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
        pl.when(_has_role()).then("_place").alias("_place"), _lost=lost, _rank=rank
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


def _frozen(context: Context, way: Way, wanted: pl.DataFrame) -> pl.DataFrame:
    """What rejected and blocked rows protect, in Schoology's identities.

    What a row may have meant and no accepted row names is left alone: its user in its
    section; of one whose section cannot be told, all of its user; of one whose user
    nobody knows, all of its section. So is what a row in a role that Schoology does
    not have says of its user in its section.
    """
    own = context.roster.frozen.select(FROZEN_SCHEMA.names())
    remote = context.mirror.frames.get(Entity.ENROLLMENTS)
    if remote is None:
        return own
    rows = _not_carried_out(context, way, wanted)
    nowhere = rows.filter(pl.col("realmId").is_null())
    people = _people(context)
    strange = rows.filter(
        pl.col("userSourcedId").is_null()
        | ~pl.col("userSourcedId").is_in(people.implode())
    )
    other = wanted.filter(~_has_role())
    both = ["realmId", "userSourcedId"]
    meant = [
        remote.join(other, on=both, how="semi"),
        remote.join(rows, on=both, how="semi"),
        remote.join(nowhere, on="userSourcedId", how="semi"),
        remote.join(strange, on="realmId", how="semi"),
    ]
    named = wanted.filter(pl.col(DECISION).fill_null("") != BLOCKED)
    keys = pl.concat([one.select(KEY) for one in meant]).unique()
    open_ = keys.join(named, on=KEY, how="anti").sort(KEY)
    return pl.concat([own, of(Entity.ENROLLMENTS, open_)])


def _people(context: Context) -> pl.Series:
    """Everybody whom Schoology shows."""
    found = [
        frame[name].drop_nulls()
        for entity, name in (
            (Entity.USERS, "sourcedId"),
            (Entity.ENROLLMENTS, "userSourcedId"),
        )
        if (frame := context.mirror.frames.get(entity)) is not None
    ]
    return pl.concat([pl.Series(dtype=pl.String), *found]).unique().sort()


def _not_carried_out(context: Context, way: Way, wanted: pl.DataFrame) -> pl.DataFrame:
    """User and realm of the rows that are rejected or blocked."""
    names = ("realmId", "userSourcedId")
    blocked = wanted.filter(pl.col(DECISION) == BLOCKED).select(names)
    rejected = context.roster.rejected.get(Entity.ENROLLMENTS)
    if rejected is None:
        return blocked
    rows = rejected.with_columns(
        column(rejected, name).alias(name) for name in (CLASS, "userSourcedId")
    )
    found = _resolved_realms(rows[CLASS], context, way.periods)
    placed = rows.drop("realmId", strict=False).join(found, on=CLASS, how="left")
    return pl.concat([blocked, placed.select(names)])


def _resolved_realms(
    classes: pl.Series, context: Context, periods: Collection[str]
) -> pl.DataFrame:
    found = resolved(classes, _realms(context), context.roster, periods)
    return found.select(CLASS, "realmId")


def _more_notes(wanted: pl.DataFrame) -> Findings:
    """What Schoology leaves as it is, and what it has no place for."""
    pending = wanted.filter(pl.col(REASON) == PENDING_WHY).height
    carried = wanted.filter(pl.col(DECISION).is_null())
    dates = carried.filter(
        pl.any_horizontal(
            column(carried, name).is_not_null() for name in ("beginDate", "endDate")
        )
    ).height
    primary = carried.filter(column(carried, "primary") == "true").height
    said = (
        (
            pending,
            f"{pending:,} enrollments are left as they are: {PENDING_WHY}",
        ),
        (
            dates,
            f"{dates:,} rows of enrollments have dates, which Schoology does not "
            "keep: today decides whether they count",
        ),
        (
            primary,
            f"{primary:,} rows of enrollments are primary, which Schoology does not "
            "keep",
        ),
    )
    return Findings.of(
        Finding("RS302", Severity.NOTE, text, entity=Entity.ENROLLMENTS.value)
        for count, text in said
        if count
    )
