"""What of a roster Open edX can hold: learners in courses, by address or username.

In: the validated roster, the mirror, the ledger, today's date. Out: a ``Projection``:
one row for each course and person, and for each row that cannot be carried out the
reason; what such rows may have meant is frozen.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from sync.model import normalise
from sync.model.entities import Entity
from sync.model.finding import Findings, Severity
from sync.model.ledger import LedgerView
from sync.model.mirror import REMOTE_ID, REST
from sync.model.roster import FILE, KEY, ROW
from sync.targets.base import DECISION, Projection
from sync.targets.common.enrollments import dated, folded
from sync.targets.common.projecting import (
    BLOCKED,
    UNSUPPORTED,
    Context,
    Rule,
    decided,
    notes,
    with_status,
)
from sync.targets.openedx.courses import (
    ALMOST,
    COURSE,
    IDENTIFIER,
    WHO,
    identity,
    plausible,
    with_course,
)
from sync.targets.openedx.mirror import addresses
from sync.targets.openedx.protect import frozen, rejected_people
from sync.targets.openedx.silence import EMPTY, WAITS, known_pairs

COHORT = "metadata.cohort"
DEFAULT_MODE = "audit"
"""What enrolling gives in most courses (stock platform)."""
ROLE = "Open edX enrolls learners only; course teams are not reached by this interface"
CLOSED = "the target does not let us read its course"
HIDDEN = (
    "the list of its course came empty, though people are known to be in it: perhaps "
    "we may not see it any more"
)
WORDS = {"email": "e-mail", "username": "username"}


@dataclass(frozen=True, slots=True)
class Setting:
    """What the configuration says about identities and courses."""

    identifier: str
    courses: tuple[str, ...]
    preserve_mode: bool

    @property
    def word(self) -> str:
        """The identifier in words."""
        return WORDS[self.identifier]


def project(context: Context, ledger: LedgerView, setting: Setting) -> Projection:
    """The projection of the enrollments that the drop has."""
    own = context.roster.frames.get(Entity.ENROLLMENTS)
    if own is None:
        kept = frozen(context, known_pairs(ledger), None, setting.identifier)
        return Projection({}, {}, kept, Findings.none())
    rows = _named(
        with_course(with_status(own), context.roster), context, ledger, setting
    )
    for rule in _rules(context, setting):  # one by one: nested they grow with 2 ** n
        rows = decided(rows, [rule])
    frame, merged = folded(dated(_one_cohort(rows), context.today), identity())
    kept = frozen(context, known_pairs(ledger), frame, setting.identifier)
    frame = frame.drop("told", "misread", "present", "shared", WHO).sort(KEY)
    return Projection(
        frames={Entity.ENROLLMENTS: frame},
        merged={Entity.ENROLLMENTS: merged},
        frozen=kept,
        findings=_hinted(notes({Entity.ENROLLMENTS: frame}))
        + _remarks(frame, context, setting),
    )


def _named(
    rows: pl.DataFrame, context: Context, ledger: LedgerView, setting: Setting
) -> pl.DataFrame:
    """``identifier`` and ``_who``: by the drop, or by the ledger for those who are not
    in it, in the spelling of the LMS where it is known."""
    people = addresses(context.roster, setting.identifier)
    told = people.select(
        pl.col("person").alias("userSourcedId"),
        "told",
        "misread",
        pl.lit(value=True).alias("present"),
        pl.col(WHO).is_in(_claimed_twice(people, context, setting)).alias("shared"),
    )
    named = (
        rows.join(told, on="userSourcedId", how="left")
        .join(_remembered(ledger), on="userSourcedId", how="left")
        .with_columns(
            pl.col("present", "misread", "shared").fill_null(value=False),
        )
        .with_columns(
            pl.when("present").then("told").otherwise("_known").alias("told"),
        )
        .with_columns(pl.col("told").str.to_lowercase().alias(WHO))
    )
    sent = pl.col("told") if setting.identifier == "username" else pl.col(WHO)
    return (
        named.join(_spelled(context), on=WHO, how="left")
        .with_columns(pl.coalesce("_spelled", sent).alias(IDENTIFIER))
        .drop("_known", "_spelled")
        .sort(KEY)
    )


def _claimed_twice(
    people: pl.DataFrame, context: Context, setting: Setting
) -> list[str]:
    """Addresses of two people who are not gone; a rejected one counts as well."""
    there = people.filter(pl.col("status") != "tobedeleted").select("person", WHO)
    rejected = rejected_people(context.roster, setting.identifier)
    claims = pl.concat([there, rejected.with_columns(pl.col("person").fill_null("?"))])
    several = claims.drop_nulls().group_by(WHO).agg(pl.col("person").n_unique())
    return several.filter(pl.col("person") > 1)[WHO].sort().to_list()


def _remembered(ledger: LedgerView) -> pl.DataFrame:
    """The one address under which somebody was enrolled before."""
    pairs = known_pairs(ledger).select(
        pl.col("person").alias("userSourcedId"), pl.col(WHO).alias("_known")
    )
    whole = pairs.drop_nulls().unique()
    return whole.filter(~pl.col("userSourcedId").is_duplicated())


def _spelled(context: Context) -> pl.DataFrame:
    """How the LMS itself writes an address: it may tell letters' cases apart."""
    remote = context.mirror.frames.get(Entity.ENROLLMENTS)
    if remote is None:
        return pl.DataFrame(schema={WHO: pl.String(), "_spelled": pl.String()})
    listed = remote.filter(~pl.col(REMOTE_ID).str.starts_with(WAITS))
    spelled = listed.select(WHO, pl.col(IDENTIFIER).alias("_spelled")).drop_nulls()
    return spelled.sort(WHO, "_spelled").unique(WHO, keep="first", maintain_order=True)


def _rules(context: Context, setting: Setting) -> list[Rule]:
    rules: list[Rule] = [
        (pl.col("role").ne_missing("student"), UNSUPPORTED, ROLE),
        (pl.col(COURSE).is_null(), UNSUPPORTED, "it names no course"),
        (
            ~plausible(COURSE) & pl.col(COURSE).str.contains(ALMOST),
            BLOCKED,
            "its course key is malformed; it should be course-v1:Org+Number+Run",
        ),
        (~plausible(COURSE), UNSUPPORTED, "its course is no course key of Open edX"),
    ]
    if setting.courses:
        ours = pl.col(COURSE).is_in(list(setting.courses))
        rules.append((~ours, UNSUPPORTED, "its course is not one of `courses`"))
    rules += _person_rules(setting)
    rules += _course_rules(context)
    if COHORT in context.roster.delivered(Entity.ENROLLMENTS):
        comma = pl.col(COHORT).str.contains(",", literal=True)
        why = "the name of its cohort has a comma, with which it cannot be sent"
        rules.append((comma, BLOCKED, why))
    return rules


def _course_rules(context: Context) -> list[Rule]:
    """Rows of courses of which nothing can be told."""
    courses = context.mirror.frames.get(Entity.COURSES)
    if courses is None:
        return []
    closed = courses.filter(pl.col("_barred").is_not_null())
    empty = closed.filter(pl.col("_barred") == EMPTY)[KEY].to_list()
    return [
        (pl.col(COURSE).is_in(empty), BLOCKED, HIDDEN),
        (pl.col(COURSE).is_in(closed[KEY].to_list()), BLOCKED, CLOSED),
    ]


def _person_rules(setting: Setting) -> list[Rule]:
    word = setting.word
    apart = pl.col("told").str.contains(r"[,\s\p{Cc}]")
    rules: list[Rule] = [
        (
            ~pl.col("present") & pl.col("told").is_null(),
            BLOCKED,
            f"neither the drop nor the ledger tells the {word} of its person",
        ),
        (pl.col("misread"), BLOCKED, f"the {word} of its person is malformed"),
        (pl.col("told").is_null(), BLOCKED, f"its person has no {word}"),
        (apart, BLOCKED, f"the {word} of its person has a comma or a space"),
        (pl.col("shared"), BLOCKED, f"another person has the same {word}"),
    ]
    at = pl.col("told").str.contains("@", literal=True)
    if setting.identifier == "username":
        why = 'its person\'s username has an @; set identifier = "email"'
        rules.append((at, BLOCKED, why))
    else:
        bad = ~pl.col("told").str.contains(normalise.EMAIL)
        rules.append((bad, BLOCKED, f"the {word} of its person is malformed"))
    return rules


def _one_cohort(frame: pl.DataFrame) -> pl.DataFrame:
    """Nobody can be in two cohorts of one course."""
    if COHORT not in frame.columns:
        return frame
    lives = (pl.col("status") == "active") & pl.col(DECISION).is_null()
    names = pl.col(COHORT).filter(lives).drop_nulls().n_unique()
    torn = lives & (names.over(COURSE, WHO) > 1)
    why = "other rows put the same person into another cohort of this course"
    return decided(frame, [(torn, BLOCKED, why)])


HINTS = {
    "course key": "correct courseSourcedId or classSourcedId in the drop",
    CLOSED: "ask for the permission to read the course, or correct its key",
    HIDDEN: "see whether our access covers the course, then run again",
    "cohort": "correct metadata.cohort in the drop",
    "e-mail": "give each person an e-mail of his own in the drop",
    "username": "give each person a username of his own in the drop",
}
"""What to do, by what the reason speaks of."""


def _hinted(found: Findings) -> Findings:
    hint = pl.col("hint")
    for about, do in HINTS.items():
        met = pl.col("message").str.contains(about, literal=True)
        hint = (
            pl.when(met & pl.col("hint").is_not_null()).then(pl.lit(do)).otherwise(hint)
        )
    return Findings(found.frame.with_columns(hint.alias("hint")))


def _remarks(frame: pl.DataFrame, context: Context, setting: Setting) -> Findings:
    """What somebody should know of rows that are carried out."""
    remote = context.mirror.frames.get(Entity.ENROLLMENTS)
    if remote is None:
        return Findings.none()
    theirs = remote.select(
        KEY,
        pl.col("status").alias("_theirs"),
        pl.col(REMOTE_ID).alias("_account"),
        pl.col(REST).str.json_path_match("$.mode").alias("_mode"),
    )
    rows = frame.join(theirs, on=KEY, how="inner").filter(
        pl.col(DECISION).is_null(), pl.col("status") == "active"
    )
    back = rows.filter(
        (pl.col("_theirs") != "active") & (pl.col("_mode") != DEFAULT_MODE)
    )
    found = [] if setting.preserve_mode else [_at_risk(back)]
    waits = rows.filter(pl.col("_account").str.starts_with(WAITS))
    if waits.height:
        found.append(_pending(waits.height))
    return Findings.from_frames(found)


def _at_risk(back: pl.DataFrame) -> pl.DataFrame:
    """People whose earlier mode is lost when they come back."""
    return back.select(
        pl.lit("RS304").alias("code"),
        pl.lit(Severity.WARNING.value).alias("severity"),
        pl.lit(Entity.ENROLLMENTS.value).alias("entity"),
        pl.col(FILE).cast(pl.String).alias("file"),
        pl.col(ROW).cast(pl.UInt32).alias("line"),
        pl.concat_str(
            pl.lit("mode_at_risk: enrolled again, this person gets the course's mode "),
            pl.lit("in place of "),
            "_mode",
        ).alias("message"),
        pl.lit("set preserve_mode = true to keep it").alias("hint"),
    )


def _pending(count: int) -> pl.DataFrame:
    rows = {
        "code": "RS305",
        "severity": Severity.NOTE.value,
        "entity": Entity.ENROLLMENTS.value,
        "message": f"pending: {count:,} people are allowed to enroll, and enrolled "
        "as soon as they have an account",
    }
    return pl.DataFrame([rows])
