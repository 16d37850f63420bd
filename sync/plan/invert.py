"""What a run did and the target as it is now -> what takes the run back.

In: the operations of a run that were done, the mirror, the ledger. Out: the joined
frames of ``diff`` in which the records of the run are wanted as they were before it,
each with its decision. What somebody else changed since is left as it is, and says so.

A creation is wanted ended, in the strongest form that the kind has; an update wants
its own fields as they were; what came back is wanted ended again, what was ended is
wanted back, and made anew where it is gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from sync.diff import DiffInput, FieldRules, diff
from sync.diff.values import (
    DROP,
    FIELDS,
    REMOTE,
    differs_from,
    without_known_pairs,
)
from sync.model.capabilities import Capabilities
from sync.model.entities import PEOPLE, Entity
from sync.model.ledger import LedgerView
from sync.model.mirror import REMOTE_ID, REST, SHOWN, Mirror
from sync.model.operation import Verb
from sync.model.roster import KEY
from sync.plan.before import (
    AFTER,
    CHANGED,
    ENDED,
    OWN,
    THEN,
    WAS,
    Before,
    decoded,
    names_of,
    shown_in_force,
)
from sync.plan.fates import complete

_ENDS_A_PERSON = ("status", "enabledUser")
_LEFT_WITH = r',?"_agents":\[(?:"(?:[^"\\]|\\.)*",?)*\]\}$'
"""What an ended student was left with, at the end of what was carried with him."""

UNPROVEN = "the remote list could not be proven complete"


@dataclass(frozen=True, slots=True)
class InvertInput:
    """What is taken back, and what is known of the target now."""

    run: str
    done: pl.DataFrame
    """The run's operations that were done, ``OPERATION_SCHEMA``."""
    mirror: Mirror
    ledger: LedgerView
    able: Capabilities
    policies: Mapping[Entity, str]
    """The configured removal policies: how what came back had been ended."""


@dataclass(frozen=True, slots=True)
class Inverted:
    """Per entity the joined frame with decisions, and which fields are compared."""

    joined: Mapping[Entity, pl.DataFrame]
    fields: Mapping[Entity, FieldRules]


def inverted(given: InvertInput) -> Inverted:
    """The records of the run as they are to be, beside all others.

    The frames are those of ``diff``, with ``d:_was`` and with ``fate`` for the records
    to which the run did nothing.
    """
    touched = [Entity(one) for one in given.done["entity"].unique()]
    needed = _needed(touched, given.able)
    before = Before(given.done, given.able, given.policies)
    fields = {entity: before.rules(entity) for entity in needed}
    desired = {
        entity: before.desired(entity, fields[entity])
        for entity in Entity
        if entity in touched
    }
    joined = diff(
        DiffInput(
            desired=desired,
            remote={e: f for e, f in given.mirror.frames.items() if e in needed},
            frozen=pl.DataFrame(schema={"entity": pl.String(), KEY: pl.String()}),
            rules=fields,
            ledger=given.ledger,
        )
    )
    decided = {
        entity: _decided(entity, frame, fields[entity], given)
        for entity, frame in joined.items()
    }
    return Inverted(decided, fields)


def _needed(touched: Sequence[Entity], able: Capabilities) -> set[Entity]:
    """The entities that are compared; people are one list, and links that stand within
    their student's record are written with him."""
    within = Entity.AGENTS in touched and able.links_within
    people = within or any(entity in PEOPLE for entity in touched)
    return {*touched, *(PEOPLE if people else ())}


def _decided(
    entity: Entity, frame: pl.DataFrame, rules: FieldRules, given: InvertInput
) -> pl.DataFrame:
    """The frame with what becomes of each record of the run, and why."""
    if DROP + WAS not in frame.columns:
        frame = frame.with_columns(pl.lit(None, dtype=pl.String).alias(DROP + WAS))
    known = pl.when("known").then(pl.lit("kept")).otherwise(pl.lit("out_of_scope"))
    fated = frame.with_columns(pl.when(~pl.col("in_drop")).then(known).alias("fate"))
    if DROP + AFTER not in frame.columns:
        return fated
    mine = pl.col("in_drop")
    own = pl.col(FIELDS).list.set_intersection(DROP + CHANGED).list.sort()
    since = fated.with_columns(
        _since(entity, fated, rules, given),
        pl.when(mine).then(own).otherwise(FIELDS).alias(FIELDS),
    )
    decision = reason = pl.lit(None, dtype=pl.String)
    for met, word, why in reversed(_verdicts(entity, since, given)):
        decision = pl.when(met).then(word).otherwise(decision)
        reason = pl.when(met).then(why).otherwise(reason)
    told = since.with_columns(
        pl.when(mine).then(decision).alias("decision"),
        pl.when(mine).then(reason).alias("reason"),
    )
    again = pl.col(DROP + WAS) == Verb.REACTIVATE.value
    ends = (pl.col("decision") == Verb.REMOVE.value) | (
        (pl.col("decision") == Verb.UPDATE.value) & (pl.col("ends") | again)
    )
    ended = told.with_columns(ends.fill_null(value=False).alias("ends"))
    return _with_shown(_with_carried(entity, ended)).drop(
        "_since", DROP + CHANGED, DROP + AFTER, DROP + THEN, DROP + OWN, DROP + ENDED
    )


Verdict = tuple[pl.Expr, pl.Expr, pl.Expr]
"""Which records it is about, what becomes of them, and why."""


def _verdicts(entity: Entity, frame: pl.DataFrame, given: InvertInput) -> list[Verdict]:
    """The first one that holds decides."""
    run, was = given.run, pl.col(DROP + WAS)
    there, active = pl.col("in_remote"), pl.col("was_active")
    made, back = was == Verb.CREATE.value, was == Verb.REACTIVATE.value
    gone, left = pl.col(DROP + ENDED), _was_left_active(frame)
    fields = pl.col("_since").list.join(", ")
    changed = pl.concat_str(pl.lit(f"changed since run {run}: "), fields)
    anew = pl.lit(f"ended by run {run}: made anew")
    unproven = pl.lit(value=not complete(entity, given.mirror))
    before = pl.lit(f"as it was before run {run}")
    leaves = pl.lit("unchanged")
    return [
        (~there & unproven, pl.lit("deferred"), pl.lit(UNPROVEN)),
        (pl.col("is_frozen"), pl.lit("frozen"), pl.lit("it cannot be read")),
        (~gone & ~there, leaves, pl.lit(f"gone since run {run}")),
        ((made | back) & ~active & left, leaves, pl.lit(f"ended since run {run}")),
        (
            there & (pl.col(FIELDS).list.len() == 0),
            leaves,
            pl.lit(f"as it was before run {run} already"),
        ),
        (
            ~gone & ~active & left,
            pl.lit("frozen"),
            pl.lit(f"ended since run {run}"),
        ),
        (there & (pl.col("_since").list.len() > 0), pl.lit("frozen"), changed),
        (
            gone & active,
            pl.lit("frozen"),
            pl.lit(f"changed since run {run}: status"),
        ),
        ((made | back) & unproven, pl.lit("deferred"), pl.lit(UNPROVEN)),
        (made, pl.lit(Verb.REMOVE.value), pl.lit(_end(entity, given))),
        (~there, pl.lit(Verb.CREATE.value), anew),
        (back, pl.lit(Verb.UPDATE.value), before),
        (
            gone & (pl.col("decision") == Verb.REACTIVATE.value),
            pl.lit(Verb.REACTIVATE.value),
            before,
        ),
        (pl.lit(value=True), pl.lit(Verb.UPDATE.value), before),
    ]


def _end(entity: Entity, given: InvertInput) -> str:
    """Why, and how, what the run made is ended."""
    form = given.able.strongest(entity)
    if given.able.only_marks(entity):
        return f"made by run {given.run}: it can only be marked as ended ({form})"
    return f"made by run {given.run}"


def _was_left_active(frame: pl.DataFrame) -> pl.Expr:
    after = decoded(DROP + AFTER, names_of(frame[DROP + AFTER]))
    return shown_in_force({n: e for n, e in after.items() if n in _ENDS_A_PERSON})


def _since(
    entity: Entity, frame: pl.DataFrame, rules: FieldRules, given: InvertInput
) -> pl.Series:
    """``_since``: the fields that are not as the run left them, as far as this read
    tells them. What the ledger knows to be the same, said differently, counts so."""
    after = decoded(DROP + AFTER, names_of(frame[DROP + AFTER]))
    names = [n for n in rules.fields if n in after and REMOTE + n in frame.columns]
    gone = pl.col(DROP + ENDED).fill_null(value=False)
    differing = []
    for name in names:
        differs = differs_from(after[name], frame, name, rules)
        if name in _ENDS_A_PERSON:  # what is ended may be shown as ended in any words
            differs &= ~gone
        elif DROP + name in frame.columns:  # and a deletion writes nothing besides
            differs &= ~gone | pl.col(DROP + name).ne_missing(pl.col(REMOTE + name))
        differing.append(pl.when(differs).then(pl.lit(name)))
    listed = (
        pl.concat_list(differing).list.drop_nulls()
        if differing
        else pl.lit([], dtype=pl.List(pl.String))
    )
    seen = frame.select(
        KEY,
        *(after[name].alias(DROP + name) for name in names),
        *(REMOTE + name for name in names),
        listed.alias(FIELDS),
    )
    pairs = given.ledger.pairs.filter(entity=entity.value).rename({"key": KEY})
    return without_known_pairs(seen, pairs)[FIELDS].alias("_since")


def _with_carried(entity: Entity, frame: pl.DataFrame) -> pl.DataFrame:
    """What is made anew with all that was carried along with it, and links under their
    own id, which is the path's."""
    anew = (pl.col("decision") == Verb.CREATE.value).fill_null(value=False)
    if entity is Entity.AGENTS:
        return frame.with_columns(
            pl.when(anew)
            .then(DROP + OWN)
            .otherwise(_optional(frame, REMOTE + REMOTE_ID))
            .alias(REMOTE + REMOTE_ID)
        )
    if REMOTE + REST not in frame.columns:
        return frame
    carried = pl.col(DROP + THEN).str.replace(_LEFT_WITH, "}")
    return frame.with_columns(
        pl.when(anew).then(carried).otherwise(REMOTE + REST).alias(REMOTE + REST)
    )


def _with_shown(frame: pl.DataFrame) -> pl.DataFrame:
    """What a list shows beside the record is said again where the record comes back."""
    shown = [name for name in frame.columns if name.startswith(REMOTE + SHOWN)]
    return frame.with_columns(
        pl.when("in_drop").then(name).alias(DROP + name.removeprefix(REMOTE + SHOWN))
        for name in shown
    )


def _optional(frame: pl.DataFrame, name: str) -> pl.Expr:
    return pl.col(name) if name in frame.columns else pl.lit(None, dtype=pl.String)
