"""What of a roster TimeBack can hold, in its identities.

In: the validated roster, the mirror, today's date. Out: a ``Projection``: roles and
orgs that it knows, enrollments under the identity of the route that writes them, and
for each row that it cannot hold, or whose reference nobody holds, the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from sync.model import normalise
from sync.model.entities import PEOPLE, Entity, Mode
from sync.model.finding import Findings, Severity
from sync.model.mirror import Mirror
from sync.model.normalise import FIELD_SEPARATOR, ROLE_SEPARATOR
from sync.model.roster import FILE, KEEP, KEY, ROW, Roster
from sync.targets.base import DECISION, REASON, Projection
from sync.targets.timeback.bodies import API_ROLES
from sync.targets.timeback.mirror import STUDENT_ROLE

BLOCKED, DEFERRED, UNSUPPORTED = "blocked", "deferred", "unsupported"
EDUBRIDGE_KEY = ("userSourcedId", "courseSourcedId", "schoolSourcedId", "role")
Rule = tuple[pl.Expr, str, str | pl.Expr]
"""Which rows it is about, their decision, and the reason (text, or its column)."""
MISSING = "add the missing record to the drop or to the target"
SAME_PERSON = (
    "give each student an e-mail and a username of his own, or take the one that is "
    "over out of the drop or the target"
)
FROZEN_SCHEMA = pl.Schema({"entity": pl.String(), KEY: pl.String()})


@dataclass(frozen=True, slots=True)
class Context:
    """What a projection looks at besides the rows themselves."""

    roster: Roster
    mirror: Mirror
    today: date
    edubridge: bool
    writes_enrollments: bool
    ended: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.String))
    """People whom we ended, whatever the read side goes on showing."""

    def judged(self, *entities: Entity) -> bool:
        """Whether validation has judged references to these already."""
        return all(self.roster.modes.get(one) is Mode.BULK for one in entities)

    def known(self, *entities: Entity) -> pl.Series | None:
        """All identifiers that the drop or the mirror holds; null if not read."""
        if not any(self.mirror.has(one) for one in entities):
            return None
        keys = [
            frame[KEY]
            for one in entities
            for frame in (self.roster.frames.get(one), self.mirror.frames.get(one))
            if frame is not None
        ]
        return pl.concat(keys).unique().sort()


def project(context: Context) -> Projection:
    """The projection of all synced entities that the drop has."""
    frames: dict[Entity, pl.DataFrame] = {}
    for entity in PEOPLE:
        if entity in context.roster.frames:
            frames[entity] = _people(entity, context)
    if Entity.AGENTS in context.roster.frames:
        frames[Entity.AGENTS] = _agents(context, frames)
    merged: dict[Entity, int] = {}
    if Entity.ENROLLMENTS in context.roster.frames:
        frame, folded = _enrollments(context, frames)
        frames[Entity.ENROLLMENTS] = frame
        merged[Entity.ENROLLMENTS] = folded
    return Projection(
        frames={entity: frame.sort(KEY) for entity, frame in frames.items()},
        merged=merged,
        frozen=_frozen(context, frames.get(Entity.ENROLLMENTS)),
        findings=_notes(frames),
    )


def decided(frame: pl.DataFrame, rules: Sequence[Rule]) -> pl.DataFrame:
    """The frame with ``_decision`` and ``_reason`` by the first rule that holds."""
    decision = _column(frame, DECISION)
    reason = _column(frame, REASON)
    for condition, word, why in rules:
        met = condition.fill_null(value=False)
        open_ = decision.is_null()
        told = pl.lit(why) if isinstance(why, str) else why
        reason = pl.when(open_ & met).then(told).otherwise(reason)
        decision = pl.when(open_ & met).then(pl.lit(word)).otherwise(decision)
    return frame.with_columns(decision.alias(DECISION), reason.alias(REASON))


def _column(frame: pl.DataFrame, name: str) -> pl.Expr:
    return pl.col(name) if name in frame.columns else pl.lit(None, dtype=pl.String)


def unknown(frame: pl.DataFrame, column: str, known: pl.Series | None) -> pl.Expr:
    """Rows whose (filled) reference is not among the known identifiers."""
    if known is None or column not in frame.columns:
        return pl.lit(value=False)
    missing = (
        frame.select(column)
        .unique()
        .drop_nulls()
        .join(
            known.alias("_known").to_frame(),
            left_on=column,
            right_on="_known",
            how="anti",
        )
    )
    return pl.col(column).is_in(missing[column].implode())


def _people(entity: Entity, context: Context) -> pl.DataFrame:
    frame = context.roster.frames[entity]
    if "roles" in frame.columns:
        frame = _with_roles(frame)
    elif entity is Entity.STUDENTS:
        frame = frame.with_columns(roles=pl.lit(None, dtype=pl.String))
    if entity is Entity.USERS and not context.judged(Entity.STUDENTS):
        frame = _still_students(frame, context)
    if entity is Entity.STUDENTS:
        # A mere student's row says nothing of other roles that he may have.
        frame = frame.with_columns(
            pl.when(pl.col("roles").is_null())
            .then(pl.concat_str(pl.col(KEEP).fill_null(","), pl.lit("roles,")))
            .otherwise(pl.col(KEEP))
            .alias(KEEP)
        )
    orgs = None if context.judged(Entity.ORGS) else context.known(Entity.ORGS)
    rules: list[Rule] = [
        (
            unknown(frame, "primaryOrgSourcedId", orgs),
            BLOCKED,
            "neither the drop nor the target holds its primary org",
        )
    ]
    if entity is Entity.USERS:
        none = pl.col("roles").is_null()
        rules.append((none, UNSUPPORTED, "TimeBack has none of its roles"))
        return decided(frame, rules)
    names = _namesakes(frame, context).group_by(KEY).agg(pl.col("_theirs").unique())
    listed = pl.col("_theirs").list.sort().list.join(", ")
    frame = frame.join(names.with_columns(listed), on=KEY, how="left").sort(KEY)
    rules += [_renamed_rule(), *_shared_email(frame, context)]
    return decided(frame, rules).drop("_theirs")


def _with_roles(frame: pl.DataFrame) -> pl.DataFrame:
    """Roles as the platform knows them: no extensions, an org for each.

    It has no ``administrator`` (a role of OneRoster 1.1); at a school that is a
    ``siteAdministrator``.
    """
    parts = (
        pl.col("roles")
        .str.replace_all(
            f"{FIELD_SEPARATOR}administrator{FIELD_SEPARATOR}",
            f"{FIELD_SEPARATOR}siteAdministrator{FIELD_SEPARATOR}",
            literal=True,
        )
        .str.split(ROLE_SEPARATOR)
    )
    known = parts.list.filter(
        ~pl.element().str.contains(f"{FIELD_SEPARATOR}ext:", literal=True)
    )
    homeless = pl.col("_role").str.ends_with(FIELD_SEPARATOR)
    at_home = pl.concat_str("_role", pl.col("primaryOrgSourcedId").fill_null(""))
    roles = (
        frame.select(KEY, "primaryOrgSourcedId", known.alias("_role"))
        .explode("_role", empty_as_null=True)
        .with_columns(pl.when(homeless).then(at_home).otherwise("_role").alias("_role"))
        .drop_nulls("_role")
        .group_by(KEY)
        .agg(pl.col("_role").unique().sort().str.join(ROLE_SEPARATOR).alias("roles"))
    )
    return frame.drop("roles").join(roles, on=KEY, how="left").sort(KEY)


def _still_students(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Users of whom no whole ``students`` says whether they are students as well stay
    what they are over there."""
    remote = context.mirror.frames.get(Entity.STUDENTS)
    if remote is None or not {"roles"} <= set(frame.columns) & set(remote.columns):
        return frame
    split = pl.col("roles").str.split(ROLE_SEPARATOR)
    theirs = split.list.filter(pl.element().str.contains(STUDENT_ROLE, literal=True))
    whole = split.list.set_union("_theirs").list.sort().list.join(ROLE_SEPARATOR)
    # A row without a role that TimeBack knows stays one.
    laid = pl.when(pl.col("roles").is_not_null() & pl.col("_theirs").is_not_null())
    return (
        frame.join(remote.select(KEY, theirs.alias("_theirs")), on=KEY, how="left")
        .with_columns(laid.then(whole).otherwise("roles").alias("roles"))
        .drop("_theirs")
        .sort(KEY)
    )


def _renamed_rule() -> Rule:
    """A new student may be one that the target holds under another id (``_theirs``,
    see ``_namesakes``)."""
    why = pl.concat_str(
        pl.lit("the target holds its e-mail or username under another id ("),
        "_theirs",
        pl.lit("): ids may have changed; nothing is created or ended for either"),
    )
    return pl.col("_theirs").is_not_null(), BLOCKED, why


def _shared_email(frame: pl.DataFrame, context: Context) -> list[Rule]:
    """A second student of one e-mail might be taken for the first by the platform."""
    if "email" not in frame.columns:
        return []
    new = pl.col("email").is_not_null() & ~pl.col(KEY).is_in(_there(frame, context))
    why = "another student has the same e-mail, by which TimeBack may confuse them"
    return [(new & pl.col("email").str.to_lowercase().is_duplicated(), BLOCKED, why)]


def _there(frame: pl.DataFrame, context: Context) -> pl.Expr:
    """The students of the drop that the target holds."""
    remote = context.mirror.frames.get(Entity.STUDENTS)
    held = frame.clear() if remote is None else remote
    return pl.lit(frame.select(KEY).join(held, on=KEY, how="semi")[KEY].implode())


def _namesakes(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Rows of students who would be new, and in ``_theirs`` the target's own students
    in force whom no such row names, of the same e-mail, or of the same username and
    given name."""
    found = pl.DataFrame(schema={KEY: pl.String(), "_theirs": pl.String()})
    remote = context.mirror.frames.get(Entity.STUDENTS)
    if remote is None:
        return found
    lives = pl.col("status").fill_null("active") == "active"
    others = remote.filter(lives, ~pl.col(KEY).is_in(context.ended.implode())).join(
        frame, on=KEY, how="anti"
    )
    new = frame.join(remote, on=KEY, how="anti")
    pairs = [_alike(new, others, same) for same in _EVIDENCE]
    return pl.concat([found, *pairs]).unique().sort(KEY, "_theirs")


_EVIDENCE = (("email",), ("username", "givenName"))
"""What tells that two students are one, whatever their ids."""


def _alike(
    new: pl.DataFrame, others: pl.DataFrame, same: Sequence[str]
) -> pl.DataFrame:
    """``_key`` and ``_theirs`` of the pairs that agree in these columns."""
    if not set(same) <= set(new.columns) & set(others.columns):
        return pl.DataFrame(schema={KEY: pl.String(), "_theirs": pl.String()})
    lowered = [pl.col(name).str.to_lowercase() for name in same]
    theirs = others.select(pl.col(KEY).alias("_theirs"), *lowered)
    pairs = new.select(KEY, *lowered).join(theirs, on=list(same), how="inner")
    return pairs.select(KEY, "_theirs")


def _unreachable(frames: Mapping[Entity, pl.DataFrame], context: Context) -> pl.Series:
    """People of the drop who will not be there: their own row is not carried out."""
    # A row that says tobedeleted of somebody who is not there makes nobody.
    nobody = pl.col(DECISION).is_not_null() | (pl.col("status") == "tobedeleted")
    held = [
        frame.filter(nobody)[KEY]
        for entity, frame in frames.items()
        if entity in PEOPLE
    ]
    away = pl.concat([pl.Series(dtype=pl.String), *held]).alias(KEY).to_frame()
    there = [
        frame.select(KEY)
        for entity, frame in context.mirror.frames.items()
        if entity in PEOPLE
    ]
    if there:
        away = away.join(pl.concat(there), on=KEY, how="anti")
    return away[KEY].unique().sort()


def _person_rules(
    frame: pl.DataFrame,
    columns: Sequence[str],
    frames: Mapping[Entity, pl.DataFrame],
    context: Context,
) -> list[Rule]:
    people = None if context.judged(*PEOPLE) else context.known(*PEOPLE)
    away = _unreachable(frames, context).implode()
    rules: list[Rule] = []
    for column in columns:
        rules += [
            (
                unknown(frame, column, people),
                BLOCKED,
                f"neither the drop nor the target holds its {column}",
            ),
            (
                pl.col(column).is_in(away),
                BLOCKED,
                f"the person of its {column} cannot be written",
            ),
        ]
    return rules


def _with_status(frame: pl.DataFrame) -> pl.DataFrame:
    """``status``, active where the file does not say."""
    return frame.with_columns(
        _column(frame, "status").fill_null("active").alias("status")
    )


def _agents(context: Context, frames: Mapping[Entity, pl.DataFrame]) -> pl.DataFrame:
    frame = _with_status(context.roster.frames[Entity.AGENTS])
    ended = pl.when(pl.col("status") == "active").then("status")
    frame = frame.with_columns(ended.fill_null("tobedeleted").alias("status"))
    columns = ("studentSourcedId", "agentSourcedId")
    return decided(frame, _person_rules(frame, columns, frames, context))


def _enrollments(
    context: Context, frames: Mapping[Entity, pl.DataFrame]
) -> tuple[pl.DataFrame, int]:
    frame = _with_class(
        _with_status(context.roster.frames[Entity.ENROLLMENTS]), context
    )
    ended = pl.when(pl.col("status") == "active").then("status")
    frame = frame.with_columns(ended.fill_null("tobedeleted").alias("status"))
    rules = [
        (
            pl.lit(not context.writes_enrollments),
            UNSUPPORTED,
            "enrollments need the service api",
        ),
        (
            ~pl.col("role").is_in(API_ROLES),
            UNSUPPORTED,
            "TimeBack's enrollments know no such role",
        ),
        *_person_rules(frame, ("userSourcedId",), frames, context),
    ]
    if not context.edubridge:
        missing = pl.col("classSourcedId").is_null()
        rules.append((missing, UNSUPPORTED, "OneRoster enrollments need a class"))
        rules.append(_class_rule(frame, context))
        return _with_partner(decided(frame, rules), context), 0
    rules += [
        _class_rule(frame, context),
        (pl.col("courseSourcedId").is_null(), BLOCKED, "its class names no course"),
        (pl.col("schoolSourcedId").is_null(), BLOCKED, "its class names no school"),
        (
            unknown(frame, "courseSourcedId", context.known(Entity.COURSES)),
            BLOCKED,
            "neither the drop nor the target holds its course",
        ),
    ]
    return _folded(_dated(decided(frame, rules), context.today))


def _class_rule(frame: pl.DataFrame, context: Context) -> tuple[pl.Expr, str, str]:
    known = None if context.judged(Entity.CLASSES) else context.known(Entity.CLASSES)
    return (
        unknown(frame, "classSourcedId", known),
        BLOCKED,
        "neither the drop nor the target holds its class",
    )


def _with_class(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Course and school of each row, or else those of its class."""
    for name in ("classSourcedId", "courseSourcedId", "schoolSourcedId"):
        if name not in frame.columns:
            frame = frame.with_columns(pl.lit(None, dtype=pl.String).alias(name))
    own = [
        source.select(
            pl.col(KEY).alias("classSourcedId"),
            _column(source, "courseSourcedId").alias("_course"),
            _column(source, "schoolSourcedId").alias("_school"),
        )
        for source in (
            context.roster.frames.get(Entity.CLASSES),
            context.mirror.frames.get(Entity.CLASSES),
        )
        if source is not None
    ]
    if not own:
        return frame
    classes = pl.concat(own).unique("classSourcedId", keep="first", maintain_order=True)
    return (
        frame.join(classes, on="classSourcedId", how="left")
        .with_columns(
            pl.coalesce("courseSourcedId", "_course").alias("courseSourcedId"),
            pl.coalesce("schoolSourcedId", "_school").alias("schoolSourcedId"),
        )
        .drop("_course", "_school")
        .sort(KEY)
    )


def _dated(frame: pl.DataFrame, today: date) -> pl.DataFrame:
    """EduBridge keeps no end: a row counts from beginDate to endDate, both included."""
    day = pl.lit(today.isoformat())
    over = _column(frame, "endDate") < day
    early = (_column(frame, "beginDate") > day) & (pl.col("status") == "active")
    return decided(
        frame.with_columns(
            pl.when(over.fill_null(value=False))
            .then(pl.lit("tobedeleted"))
            .otherwise("status")
            .alias("status")
        ),
        [(early, DEFERRED, "its beginDate has not come")],
    )


def _folded(frame: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Rows that EduBridge sees as one enrollment, as one; it ends with the last.

    The row that stands for them is the first active one, failing that the first
    deferred one.
    """
    own = pl.concat_str(pl.lit("?"), "sourcedId")  # not carried out: under its own id
    lost = pl.col(DECISION).is_in([BLOCKED, UNSUPPORTED]).fill_null(value=False)
    rank = (
        pl.when((pl.col("status") == "active") & pl.col(DECISION).is_null())
        .then(0)
        .when(pl.col(DECISION) == DEFERRED)
        .then(1)
        .otherwise(2)
    )
    named = frame.with_columns(
        pl.when(lost).then(own).otherwise(normalise.key(*EDUBRIDGE_KEY)).alias(KEY),
        _rank=rank,
    )
    kept = (
        named.sort(KEY, "_rank", "sourcedId")
        .unique(KEY, keep="first", maintain_order=True)
        .drop("_rank")
    )
    return kept, frame.height - kept.height


def _with_partner(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """An enrollment under a new id that one remote record of its user, class and role
    holds already *is* that record."""
    remote = context.mirror.frames.get(Entity.ENROLLMENTS)
    same = ["userSourcedId", "classSourcedId", "role"]
    if remote is None or remote.is_empty():
        return frame
    loose = remote.filter(pl.col("status") == "active").join(frame, on=KEY, how="anti")
    single = loose.filter(~pl.struct(same).is_duplicated())
    new = frame.join(remote, on=KEY, how="anti")
    alone = new.filter(
        ~pl.struct(same).is_duplicated() & (pl.col("status") == "active")
    )
    pairs = alone.select(KEY, *same).join(
        single.select(*same, pl.col(KEY).alias("_theirs")), on=same, how="inner"
    )
    return (
        frame.join(pairs.select(KEY, "_theirs"), on=KEY, how="left")
        .with_columns(pl.coalesce("_theirs", KEY).alias(KEY))
        .drop("_theirs")
        .sort(KEY)
    )


def _frozen(context: Context, wanted: pl.DataFrame | None) -> pl.DataFrame:
    """What rejected and blocked rows protect, in remote identities.

    Remote enrollments may have another identity than rows: EduBridge's always, others
    where they were made under another id. A rejected row freezes the remote record
    that carries its id. Which other record it may have meant can only be guessed, so
    whatever it may have meant and no accepted row names is protected too.
    """
    frozen = context.roster.frozen.select(FROZEN_SCHEMA.names())
    whole = [frozen, _renumbered(context)]
    remote = context.mirror.frames.get(Entity.ENROLLMENTS)
    if remote is None:
        return pl.concat(whole)
    ids = frozen.filter(pl.col("entity") == Entity.ENROLLMENTS.value)[KEY].implode()
    meant = _maybe_meant(context, remote, wanted)
    if wanted is not None:
        meant = meant.join(wanted, on=KEY, how="anti")
    carried = remote.filter(pl.col("_remote_id").is_in(ids)).select(KEY)
    more = pl.concat([carried, meant]).unique().sort(KEY)
    return pl.concat([*whole, _of(Entity.ENROLLMENTS, more)])


def _of(entity: Entity, keys: pl.DataFrame) -> pl.DataFrame:
    return keys.select(pl.lit(entity.value).alias("entity"), KEY)


def _renumbered(context: Context) -> pl.DataFrame:
    """The target's students whom nobody names and whose e-mail or username a row that
    would be new has, with their links and enrollments: they may be that row's under an
    old id."""
    frame = context.roster.frames.get(Entity.STUDENTS)
    if frame is None:
        return FROZEN_SCHEMA.to_frame()
    people = _namesakes(frame, context).select(pl.col("_theirs").alias(KEY)).unique()
    users = context.roster.frames.get(Entity.USERS)
    if users is not None:
        people = people.join(users, on=KEY, how="anti")
    people = people.sort(KEY)
    found = [_of(Entity.STUDENTS, people)]
    for entity, column in _OWNERS.items():
        remote = context.mirror.frames.get(entity)
        if remote is not None:
            held = remote.join(people, left_on=column, right_on=KEY, how="semi")
            found.append(_of(entity, held.sort(KEY)))
    return pl.concat(found)


_OWNERS = {
    Entity.AGENTS: "studentSourcedId",
    Entity.ENROLLMENTS: "userSourcedId",
}


def _maybe_meant(
    context: Context, remote: pl.DataFrame, wanted: pl.DataFrame | None
) -> pl.DataFrame:
    """Keys of what enrollments that are not carried out may have meant: their user in
    their place (EduBridge's course, OneRoster's class); of one whose place cannot be
    told, all of its user; of one whose user nobody knows, all in its place."""
    every = rows = _not_carried_out(context, wanted)
    home = Entity.COURSES if context.edubridge else Entity.CLASSES
    place = "courseSourcedId" if context.edubridge else "classSourcedId"
    if not context.edubridge:  # what stands there under its own id means that record
        rows = rows.join(remote, left_on="_own", right_on=KEY, how="anti")
    nowhere = _nameless(rows, place, context.known(home))
    parts = [
        remote.join(rows, on=["userSourcedId", place], how="semi"),
        remote.join(nowhere, on="userSourcedId", how="semi"),
    ]
    if not context.edubridge:
        parts.append(_stated(every, remote))
    people = context.known(*PEOPLE)
    if people is not None:
        strangers = _nameless(rows, "userSourcedId", people)
        parts.append(remote.join(strangers, on=place, how="semi"))
    return pl.concat([part.select(KEY) for part in parts])


def _stated(rows: pl.DataFrame, remote: pl.DataFrame) -> pl.DataFrame:
    """What rows state exactly that bear the id of a record of another user or class:
    of a duplicate id one cannot tell whose it is. In their role, where it is one."""
    same = ["userSourcedId", "classSourcedId"]
    taken = rows.join(remote, left_on="_own", right_on=KEY, how="semi").join(
        remote, left_on=["_own", *same], right_on=[KEY, *same], how="anti"
    )
    plain = pl.col("role").is_in(API_ROLES).fill_null(value=False)
    return pl.concat(
        [
            remote.join(taken.filter(plain), on=[*same, "role"], how="semi"),
            remote.join(taken.filter(~plain), on=same, how="semi"),
        ]
    )


def _nameless(rows: pl.DataFrame, column: str, known: pl.Series | None) -> pl.DataFrame:
    """The rows in which a column is blank or names what nobody holds."""
    if known is None:
        return rows.filter(pl.col(column).is_null())
    return rows.join(known.alias(column).to_frame(), on=column, how="anti")


def _not_carried_out(context: Context, wanted: pl.DataFrame | None) -> pl.DataFrame:
    """User, class, course, role and ``_own`` id of what is not carried out."""
    names = ("userSourcedId", "classSourcedId", "courseSourcedId", "role")
    parts = [pl.DataFrame(schema=dict.fromkeys((*names, "_own"), pl.String()))]
    rejected = context.roster.rejected.get(Entity.ENROLLMENTS)
    if rejected is not None and "userSourcedId" in rejected.columns:
        rows = _with_class(rejected, context).with_columns(
            _column(rejected, "role").alias("role")
        )
        parts.append(rows.select(*names, pl.col(KEY).alias("_own")))
    if wanted is not None:
        blocked = wanted.filter(pl.col(DECISION) == BLOCKED)
        parts.append(blocked.select(*names, pl.col("sourcedId").alias("_own")))
    return pl.concat(parts, how="vertical")


def _notes(frames: Mapping[Entity, pl.DataFrame]) -> Findings:
    """A warning for each blocked row, a note for each reason to leave rows out."""
    found = []
    for entity, frame in frames.items():
        about = frame.filter(pl.col(DECISION) == BLOCKED)
        found.append(
            about.select(
                pl.lit("RS301").alias("code"),
                pl.lit(Severity.WARNING.value).alias("severity"),
                pl.lit(entity.value).alias("entity"),
                pl.col(FILE).cast(pl.String).alias("file"),
                pl.col(ROW).cast(pl.UInt32).alias("line"),
                pl.concat_str(pl.lit("this row is blocked: "), pl.col(REASON)).alias(
                    "message"
                ),
                pl.when(pl.col(REASON).str.contains("e-mail", literal=True))
                .then(pl.lit(SAME_PERSON))
                .otherwise(pl.lit(MISSING))
                .alias("hint"),
            )
        )
        rest = frame.filter(pl.col(DECISION).is_in([UNSUPPORTED, DEFERRED]))
        found.append(
            rest.group_by(DECISION, REASON)
            .len()
            .sort(DECISION, REASON)
            .select(
                pl.when(pl.col(DECISION) == DEFERRED)
                .then(pl.lit("RS303"))
                .otherwise(pl.lit("RS302"))
                .alias("code"),
                pl.lit(Severity.NOTE.value).alias("severity"),
                pl.lit(entity.value).alias("entity"),
                pl.concat_str(
                    pl.col("len").cast(pl.String),
                    pl.lit(f" rows of {entity.value} are left out: "),
                    pl.col(REASON),
                ).alias("message"),
            )
        )
    return Findings.from_frames(found)
