"""Differences become operations: the rows that something is sent for, as a frame.

In: the joined frames of ``diff`` with decisions and fates. Out: a frame of
``OPERATION_SCHEMA``, in the order of sending, with prerequisites and preconditions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl

from sync.diff import CHANGES, FieldRules, withheld
from sync.diff.values import DROP, REMOTE
from sync.model.entities import PEOPLE, Entity
from sync.model.mirror import REST
from sync.model.operation import (
    OPERATION_ORDER,
    OPERATION_SCHEMA,
    Phase,
    Verb,
    precondition,
    record_json,
)
from sync.model.roster import FILE, KEY, ROW

FIRST_PHASE = {
    Entity.ORGS: Phase.ORGS,
    Entity.ACADEMIC_SESSIONS: Phase.ACADEMIC_SESSIONS,
    Entity.COURSES: Phase.COURSES,
    Entity.CLASSES: Phase.CLASSES,
    Entity.STUDENTS: Phase.PEOPLE,
    Entity.USERS: Phase.PEOPLE,
    Entity.AGENTS: Phase.AGENTS,
    Entity.ENROLLMENTS: Phase.ENROLLMENTS,
}
LAST_PHASE = {
    Entity.ORGS: Phase.ENDED_ORGS,
    Entity.ACADEMIC_SESSIONS: Phase.ENDED_ACADEMIC_SESSIONS,
    Entity.COURSES: Phase.ENDED_COURSES,
    Entity.CLASSES: Phase.ENDED_CLASSES,
    Entity.STUDENTS: Phase.ENDED_PEOPLE,
    Entity.USERS: Phase.ENDED_PEOPLE,
    Entity.AGENTS: Phase.ENDED_AGENTS,
    Entity.ENROLLMENTS: Phase.ENDED_ENROLLMENTS,
}
NEEDS: Mapping[Entity, Mapping[str, tuple[Entity, ...]]] = {
    Entity.AGENTS: {"studentSourcedId": PEOPLE, "agentSourcedId": PEOPLE},
    Entity.ENROLLMENTS: {
        "userSourcedId": PEOPLE,
        "classSourcedId": (Entity.CLASSES,),
        "schoolSourcedId": (Entity.ORGS,),
    },
    Entity.STUDENTS: {"primaryOrgSourcedId": (Entity.ORGS,)},
    Entity.USERS: {"primaryOrgSourcedId": (Entity.ORGS,)},
    Entity.CLASSES: {
        "courseSourcedId": (Entity.COURSES,),
        "schoolSourcedId": (Entity.ORGS,),
    },
    Entity.COURSES: {"orgSourcedId": (Entity.ORGS,)},
    Entity.ACADEMIC_SESSIONS: {"parentSourcedId": (Entity.ACADEMIC_SESSIONS,)},
    Entity.ORGS: {"parentSourcedId": (Entity.ORGS,)},
}
"""Per entity and column, what must have been created before it names it."""


def operations(
    joined: Mapping[Entity, pl.DataFrame],
    rules: Mapping[Entity, FieldRules],
    endings: Mapping[Entity, Mapping[str, str]],
    waves: Callable[[pl.DataFrame], pl.Series],
) -> pl.DataFrame:
    """All operations of a plan: a frame of ``OPERATION_SCHEMA`` in order of sending.

    ``endings`` are the fields that a removal by absence writes; ``waves`` tells
    in which wave of its phase each is sent.
    """
    parts = [
        _of_entity(entity, frame, rules[entity], endings.get(entity, {}))
        for entity, frame in joined.items()
    ]
    whole = pl.concat([OPERATION_SCHEMA.to_frame(), *parts], how="diagonal")
    return _with_waves(_with_needs(whole), waves).sort(OPERATION_ORDER)


def _of_entity(
    entity: Entity,
    joined: pl.DataFrame,
    rules: FieldRules,
    ending: Mapping[str, str],
) -> pl.DataFrame:
    gone = pl.col("fate").fill_null("") == "remove"
    chosen = joined.filter(
        pl.col("decision").is_in(CHANGES).fill_null(value=False) | gone
    )
    verb = pl.when(gone).then(pl.lit(Verb.REMOVE.value)).otherwise(pl.col("decision"))
    ends = pl.col("ends") | gone
    first, last = FIRST_PHASE[entity], LAST_PHASE.get(entity, FIRST_PHASE[entity])
    phase = pl.when(ends).then(pl.lit(int(last))).otherwise(pl.lit(int(first)))
    before = pl.when("in_remote").then(_json(_remote_values(chosen)))
    return chosen.select(
        pl.concat_str(pl.lit(f"{entity}:"), KEY).alias("id"),
        pl.lit(entity.value).alias("entity"),
        verb.alias("verb"),
        pl.col(KEY).alias("key"),
        pl.when(gone)
        .then(pl.lit([], dtype=pl.List(pl.String)))
        .otherwise(pl.col("fields"))
        .alias("fields"),
        before.alias("before"),
        _json(_wanted_values(chosen, rules, ending)).alias("after"),
        _optional(chosen, REMOTE + REST).alias("rest"),
        phase.cast(pl.UInt8).alias("phase"),
        _optional(chosen, REMOTE + "_remote_id").alias("remote_id"),
        pl.col("reason"),
        ends.alias("ends"),
        _optional(chosen, DROP + FILE).cast(pl.String).alias("file"),
        _optional(chosen, DROP + ROW, pl.UInt32()).alias("line"),
        preconditions(chosen),
    )


def wanted_json(joined: pl.DataFrame, rules: FieldRules) -> pl.Expr:
    """Each record as it will be, as a JSON object of canonical columns."""
    return _json(_wanted_values(joined, rules, {}))


def remote_json(joined: pl.DataFrame) -> pl.Expr:
    """Each record as it is on the target, as a JSON object of canonical columns."""
    return _json(_remote_values(joined))


def _optional(
    frame: pl.DataFrame, name: str, dtype: pl.DataType | None = None
) -> pl.Expr:
    if name in frame.columns:
        return pl.col(name)
    return pl.lit(None, dtype=dtype or pl.String())


def _names(joined: pl.DataFrame, side: str) -> list[str]:
    return [
        name.removeprefix(side)
        for name in joined.columns
        if name.startswith(side) and not name.startswith((side + "_", side + "entity"))
    ]


def _json(values: list[pl.Expr]) -> pl.Expr:
    return pl.struct(values).struct.json_encode() if values else pl.lit("{}")


def _remote_values(joined: pl.DataFrame) -> list[pl.Expr]:
    return [
        pl.col(REMOTE + name).alias(name) for name in sorted(_names(joined, REMOTE))
    ]


def _wanted_values(
    joined: pl.DataFrame, rules: FieldRules, ending: Mapping[str, str]
) -> list[pl.Expr]:
    """The record as it will be: the drop's values laid over the remote's.

    A removal by absence keeps the record and changes only what ends it.
    """
    ours, theirs = set(_names(joined, DROP)), set(_names(joined, REMOTE))
    values = []
    for name in sorted(ours | theirs):
        remote = _optional(joined, REMOTE + name)
        if name not in ours:
            value = remote
        else:
            take = pl.col("in_drop") & (
                ~pl.col("in_remote") | ~withheld(joined, name, rules)
            )
            value = pl.when(take).then(pl.col(DROP + name)).otherwise(remote)
        if name in ending:
            value = pl.when("in_drop").then(value).otherwise(pl.lit(ending[name]))
        values.append(value.alias(name))
    return values


def preconditions(joined: pl.DataFrame) -> pl.Series:
    """The digest of each remote record as read; null where there is none.

    Only of records that become operations, since it is not a polars expression:
    polars has no digest that is promised to be the same in its next version.
    """
    remote = joined.select(
        pl.col(name).alias(name.removeprefix(REMOTE))
        for name in joined.columns
        if name.startswith(REMOTE) and name != f"{REMOTE}entity"
    )
    there = joined["in_remote"]
    records = record_json(remote) if there.any() else [""] * joined.height
    found = [
        precondition(record) if held else None
        for record, held in zip(records, there, strict=True)
    ]
    return pl.Series("precondition", found, dtype=pl.String)


def _with_needs(whole: pl.DataFrame) -> pl.DataFrame:
    """``needs``: the creations of the records that others name."""
    made = whole.filter(
        pl.col("verb").is_in([Verb.CREATE.value, Verb.REACTIVATE.value])
    ).select("entity", pl.col("key").alias("_named"), pl.col("id").alias("_need"))
    present = set(made["entity"].unique())
    pairs = [
        whole.filter((pl.col("entity") == entity.value) & ~pl.col("ends"))
        .select(
            "id", pl.col("after").str.json_path_match(f"$.{column}").alias("_named")
        )
        .join(
            made.filter(pl.col("entity").is_in([home.value for home in homes])),
            on="_named",
            how="inner",
        )
        .select("id", "_need")
        for entity, columns in NEEDS.items()
        for column, homes in columns.items()
        if present & {home.value for home in homes}
    ]
    none_yet = pl.DataFrame(schema={"id": pl.String(), "_need": pl.String()})
    needs = (
        pl.concat([none_yet, *pairs])
        .group_by("id")
        .agg(pl.col("_need").unique().sort().alias("needs"))
    )
    none = pl.lit([], dtype=pl.List(pl.String))
    return (
        whole.drop("needs")
        .join(needs, on="id", how="left")
        .with_columns(pl.col("needs").fill_null(none))
    )


def _with_waves(
    whole: pl.DataFrame, waves: Callable[[pl.DataFrame], pl.Series]
) -> pl.DataFrame:
    """Within a phase, what others wait for goes in an earlier wave."""
    ordered = whole.with_columns(pl.lit(0, dtype=pl.UInt8).alias("wave")).sort(
        OPERATION_ORDER
    )
    return ordered.with_columns(waves(ordered).alias("wave")).select(
        OPERATION_SCHEMA.names()
    )
