"""What of a roster TimeBack can hold, in its identities.

In: the validated roster, the mirror, today's date. Out: a ``Projection``: roles and
orgs that it knows, enrollments under the identity of the route that writes them, and
for each row that it cannot hold, or whose reference nobody holds, the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from sync.model import normalise
from sync.model.entities import PEOPLE, Entity
from sync.model.normalise import FIELD_SEPARATOR, ROLE_SEPARATOR
from sync.model.roster import KEEP, KEY
from sync.targets.base import Projection
from sync.targets.common import edubridge
from sync.targets.common.enrollments import (
    API_ROLES,
    class_rule,
    dated,
    folded,
    with_class,
    with_partner,
)
from sync.targets.common.people import (
    same_email_rule,
    shared_email,
    still_students,
    with_meant,
)
from sync.targets.common.projecting import (
    BLOCKED,
    UNSUPPORTED,
    Rule,
    decided,
    notes,
    person_rules,
    unknown,
    with_status,
)
from sync.targets.common.projecting import Context as Common
from sync.targets.common.protecting import frozen


@dataclass(frozen=True, slots=True)
class Context(Common):
    """What a projection looks at, and the route that writes enrollments."""

    edubridge: bool = False
    writes_enrollments: bool = True


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
        frame, count = _enrollments(context, frames)
        frames[Entity.ENROLLMENTS] = frame
        merged[Entity.ENROLLMENTS] = count
    return Projection(
        frames={entity: frame.sort(KEY) for entity, frame in frames.items()},
        merged=merged,
        frozen=frozen(
            context, frames.get(Entity.ENROLLMENTS), by_course=context.edubridge
        ),
        findings=notes(frames),
    )


def _people(entity: Entity, context: Context) -> pl.DataFrame:
    frame = context.roster.frames[entity]
    if "roles" in frame.columns:
        frame = _with_roles(frame)
    elif entity is Entity.STUDENTS:
        frame = frame.with_columns(roles=pl.lit(None, dtype=pl.String))
    if entity is Entity.USERS and not context.judged(Entity.STUDENTS):
        frame = still_students(frame, context)
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
    frame = with_meant(frame, context)
    rules += [same_email_rule(), *shared_email(frame, context)]
    return decided(frame, rules)


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


def _agents(context: Context, frames: Mapping[Entity, pl.DataFrame]) -> pl.DataFrame:
    frame = with_status(context.roster.frames[Entity.AGENTS])
    columns = ("studentSourcedId", "agentSourcedId")
    return decided(frame, person_rules(frame, columns, frames, context))


def _enrollments(
    context: Context, frames: Mapping[Entity, pl.DataFrame]
) -> tuple[pl.DataFrame, int]:
    frame = with_class(with_status(context.roster.frames[Entity.ENROLLMENTS]), context)
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
        *person_rules(frame, ("userSourcedId",), frames, context),
    ]
    if not context.edubridge:
        missing = pl.col("classSourcedId").is_null()
        rules.append((missing, UNSUPPORTED, "OneRoster enrollments need a class"))
        rules.append(class_rule(frame, context))
        return with_partner(decided(frame, rules), context), 0
    rules += [
        class_rule(frame, context),
        (pl.col("courseSourcedId").is_null(), BLOCKED, "its class names no course"),
        (pl.col("schoolSourcedId").is_null(), BLOCKED, "its class names no school"),
        (
            unknown(frame, "courseSourcedId", context.known(Entity.COURSES)),
            BLOCKED,
            "neither the drop nor the target holds its course",
        ),
    ]
    shown = dated(decided(frame, rules), context.today)
    whole, count = folded(shown, normalise.key(*edubridge.IDENTITY))
    return edubridge.with_free_ids(whole, context), count
