"""Which rows Schoology can hold, and why not the others.

In: rows with their realm, their account and what Schoology holds of them (see
``project``). Out: the same rows with a decision and its reason.
"""

from __future__ import annotations

import polars as pl

from sync.model.entities import Entity
from sync.model.roster import KEY
from sync.targets.base import DECISION, REASON
from sync.targets.common.enrollments import dated
from sync.targets.common.projecting import (
    BLOCKED,
    UNSUPPORTED,
    Context,
    Rule,
    decided,
)
from sync.targets.schoology.mirror import ROLES
from sync.targets.schoology.realms import CLASS, GONE, WHY, in_periods
from sync.targets.schoology.records import LIST_SEPARATOR
from sync.targets.schoology.way import Way

PENDING = ("3", "4")
ENDED = ("2", "5")
PENDING_WHY = "pending, an invitation or a request that nobody has answered yet"
UNCHANGED = "unchanged"


def with_decisions(frame: pl.DataFrame, context: Context, way: Way) -> pl.DataFrame:
    """The rows with ``_decision`` and ``_reason``, and the status of today."""
    what = "section" if way.realm == "section" else "group"
    rules: list[Rule] = [
        (
            pl.col(CLASS).is_null(),
            UNSUPPORTED,
            f"it names no class, and Schoology enrolls people in a {what}",
        ),
        (
            ~has_role(),
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


def has_role() -> pl.Expr:
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
