"""What of a roster a OneRoster server can hold, under the roster's own identifiers.

In: the validated roster, the mirror. Out: a ``Projection``: the reference tables (see
``places``), people with the roles of the version, links, enrollments of classes, and
for each row that cannot be held, or whose reference nobody holds, the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from sync.model.counted import number
from sync.model.entities import PEOPLE, Entity
from sync.model.finding import Finding, Findings, Severity
from sync.model.mirror import FROZEN
from sync.model.roster import KEEP, KEY
from sync.targets.base import Projection
from sync.targets.common.enrollments import (
    API_ROLES,
    class_rule,
    with_class,
    with_partner,
)
from sync.targets.common.people import still_students
from sync.targets.common.projecting import (
    BLOCKED,
    UNSUPPORTED,
    Rule,
    column,
    decided,
    notes,
    person_rules,
    unknown,
    with_status,
)
from sync.targets.common.projecting import Context as Common
from sync.targets.common.protecting import frozen
from sync.targets.oneroster import roles
from sync.targets.oneroster.places import (
    Places,
    known_keys,
    names_any,
    with_told_status,
)


@dataclass(frozen=True, slots=True)
class Context(Common):
    """What a projection looks at, and what the server knows."""

    old: bool = False
    """Whether it is version 1.1."""
    inactive: bool = False
    """Whether it takes the status ``inactive``."""


Frames = Mapping[Entity, pl.DataFrame]


def project(context: Context) -> Projection:
    """The projection of all entities that the drop has."""
    places = Places(context)
    frames = places.project(inactive=context.inactive)
    for entity in PEOPLE:
        if entity in context.roster.frames:
            frames[entity] = _people(entity, context, frames)
    if Entity.AGENTS in context.roster.frames:
        frames[Entity.AGENTS] = _agents(context, frames)
    if Entity.ENROLLMENTS in context.roster.frames:
        frames[Entity.ENROLLMENTS] = _enrollments(context, frames)
    return Projection(
        frames={entity: frame.sort(KEY) for entity, frame in frames.items()},
        merged={},
        frozen=frozen(context, frames.get(Entity.ENROLLMENTS), by_course=False),
        findings=notes(frames) + _left_out(context),
    )


def _people(entity: Entity, context: Context, frames: Frames) -> pl.DataFrame:
    frame = _with_roles(entity, context)
    if not context.inactive:
        frame = _disabled(frame)
    away = Places(context).away(Entity.ORGS, frames)
    orgs = None if context.judged(Entity.ORGS) else context.known(Entity.ORGS)
    rules: list[Rule] = [
        (
            unknown(frame, "primaryOrgSourcedId", orgs),
            BLOCKED,
            "neither the drop nor the target holds its primary org",
        ),
        (
            names_any("primaryOrgSourcedId", away),
            BLOCKED,
            "its primary org cannot be written",
        ),
    ]
    if context.old:
        there = [known_keys(context.mirror.frames.get(one)) for one in PEOPLE]
        new = ~pl.col(KEY).is_in(pl.concat(there).implode())
        why = "OneRoster 1.1's users must have a username"
        rules.append((column(frame, "username").is_null() & new, UNSUPPORTED, why))
    if entity is Entity.USERS:
        version = "1.1" if context.old else "1.2"
        none = pl.col("roles").is_null()
        rules.append((none, UNSUPPORTED, f"OneRoster {version} has none of its roles"))
        return decided(frame, rules)
    return decided(frame, rules)


def _with_roles(entity: Entity, context: Context) -> pl.DataFrame:
    frame = context.roster.frames[entity]
    if "roles" in frame.columns:
        frame = roles.with_roles(frame, entity, old=context.old)
    else:
        frame = frame.with_columns(roles=pl.lit(None, dtype=pl.String))
    if entity is Entity.STUDENTS:
        held = roles.held_roles(*(context.mirror.frames.get(one) for one in PEOPLE))
        return roles.with_own_role(frame, held, old=context.old)
    if context.old or context.judged(Entity.STUDENTS):
        return frame
    return still_students(frame, context)


def _disabled(frame: pl.DataFrame) -> pl.DataFrame:
    """OneRoster knows no ``inactive``: such a person cannot sign in, and the status of
    the record stays as it is."""
    status = column(frame, "status")
    off = (status == "inactive").fill_null(value=False)
    kept = pl.concat_str(column(frame, KEEP).fill_null(","), pl.lit("status,"))
    return frame.with_columns(
        pl.when(off).then(pl.lit("active")).otherwise(status).alias("status"),
        pl.when(off)
        .then(pl.lit("false"))
        .otherwise(column(frame, "enabledUser"))
        .alias("enabledUser"),
        pl.when(off).then(kept).otherwise(column(frame, KEEP)).alias(KEEP),
    )


def _agents(context: Context, frames: Frames) -> pl.DataFrame:
    frame = with_status(context.roster.frames[Entity.AGENTS])
    columns = ("studentSourcedId", "agentSourcedId")
    rules = person_rules(frame, columns, frames, context)
    odd = [
        held.filter(pl.col(FROZEN))[KEY]
        for entity, held in context.mirror.frames.items()
        if entity in PEOPLE
    ]
    unread = pl.concat([pl.Series(KEY, dtype=pl.String), *odd])
    why = "the target's record of its student could not be understood"
    # Its guardians are a part of that record, which is left alone.
    rules.append((names_any("studentSourcedId", unread), BLOCKED, why))
    return decided(frame, rules)


def _enrollments(context: Context, frames: Frames) -> pl.DataFrame:
    told = with_told_status(
        context.roster.frames[Entity.ENROLLMENTS], inactive=context.inactive
    )
    frame = with_class(told, context)
    places = Places(context)
    there = known_keys(context.mirror.frames.get(Entity.ENROLLMENTS)).implode()
    named = pl.col("role").is_in(API_ROLES)
    if not context.old:
        named |= pl.col("role").str.starts_with("ext:")
    orgs = None if context.judged(Entity.ORGS) else context.known(Entity.ORGS)
    rules: list[Rule] = [
        (~named, UNSUPPORTED, "OneRoster's enrollments know no such role"),
        *person_rules(frame, ("userSourcedId",), frames, context),
        (
            pl.col("classSourcedId").is_null(),
            UNSUPPORTED,
            "OneRoster enrollments need a class",
        ),
        class_rule(frame, context),
        (
            names_any("classSourcedId", places.away(Entity.CLASSES, frames)),
            BLOCKED,
            "its class cannot be written",
        ),
        (
            pl.col("schoolSourcedId").is_null() & ~pl.col(KEY).is_in(there),
            BLOCKED,
            "its class names no school",
        ),
        (
            unknown(frame, "schoolSourcedId", orgs),
            BLOCKED,
            "neither the drop nor the target holds its school",
        ),
    ]
    return with_partner(decided(frame, rules), context)


def _left_out(context: Context) -> Findings:
    """A note for each part of rows that has no place in OneRoster's users."""
    found = []
    for entity in (*PEOPLE, Entity.AGENTS):
        frame = context.roster.frames.get(entity)
        if frame is None:
            continue
        told = _told(frame, "birthDate"), _told(frame, "relationshipType")
        parts = [
            (told[0], "the birthDate, which OneRoster keeps in demographics"),
            (told[1], "the relationshipType: OneRoster's links say only who it is"),
        ]
        if context.old and "roles" in frame.columns:
            parts.append(
                (
                    roles.several(frame),
                    "all their roles but one: 1.1 has one for each user",
                )
            )
        found += [
            Finding(
                "RS302",
                Severity.NOTE,
                number(
                    count,
                    f"row of {entity.value} is held without {what}",
                    f"rows of {entity.value} are held without {what}",
                ),
                entity=entity.value,
            )
            for count, what in parts
            if count
        ]
    return Findings.of(found)


def _told(frame: pl.DataFrame, name: str) -> int:
    return frame.height - frame[name].null_count() if name in frame.columns else 0
