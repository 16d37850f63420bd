"""Whether operations hold: beside the records that were read back.

In: operations and a mirror of their records (``verify.reading``). Out: for each
operation the fields that are not as they were to be. Drift, doubt and verification
are all this one question, asked before, within and after sending.
"""

from __future__ import annotations

import polars as pl

from sync.model.capabilities import Capabilities
from sync.model.entities import PEOPLE, Entity
from sync.model.mirror import Mirror
from sync.model.roster import KEY

DIFFERS_SCHEMA = pl.Schema(
    {
        "id": pl.String(),
        "entity": pl.String(),
        "key": pl.String(),
        "field": pl.String(),
        "sent": pl.String(),
        "read": pl.String(),
    }
)
"""One row for each field that is not as it was to be; ``sent`` is what should stand
there, ``read`` what does. ``status`` stands for a record that is missing."""


def differences(
    operations: pl.DataFrame, mirror: Mirror, capabilities: Capabilities
) -> pl.DataFrame:
    """What does not hold of these operations: a frame of ``DIFFERS_SCHEMA``."""
    parts = [DIFFERS_SCHEMA.to_frame()]
    for entity in (Entity(one) for one in operations["entity"].unique().sort()):
        mine = operations.filter(pl.col("entity") == entity.value)
        parts.append(_of_entity(entity, mine, mirror, capabilities))
    return pl.concat(parts, how="vertical").sort("entity", "key", "field")


def remote_frame(entity: Entity, mirror: Mirror) -> pl.DataFrame:
    """The frame that holds an entity; people are looked for among both."""
    homes = PEOPLE if entity in PEOPLE else (entity,)
    frames = [mirror.frames[home] for home in homes if home in mirror.frames]
    if not frames:
        return pl.DataFrame(schema={KEY: pl.String(), "status": pl.String()})
    return pl.concat(frames, how="diagonal")


def _of_entity(
    entity: Entity,
    operations: pl.DataFrame,
    mirror: Mirror,
    capabilities: Capabilities,
) -> pl.DataFrame:
    remote = remote_frame(entity, mirror)
    fields = [
        name for name in _fields(entity, operations, capabilities) if name in remote
    ]
    there = remote.with_columns(_there=pl.lit(value=True)).rename(
        {name: f"r:{name}" for name in remote.columns if name != KEY}
    )
    joined = (
        operations.with_columns(
            pl.col("after")
            .str.json_decode(pl.Struct(dict.fromkeys(fields, pl.String())))
            .alias("_after")
        )
        .join(there, left_on="key", right_on=KEY, how="left")
        .with_columns(pl.col("_there").fill_null(value=False))
        if fields
        else operations.with_columns(_there=pl.lit(value=False))
    )
    parts = [
        _field(entity, name, joined, capabilities)
        for name in fields
        if name != "status"
    ]
    return pl.concat([_presence(joined, remote), *parts], how="vertical")


def _fields(
    entity: Entity, operations: pl.DataFrame, capabilities: Capabilities
) -> list[str]:
    known = list(capabilities.fields.get(entity, ()))
    changed = operations["fields"].explode(empty_as_null=True).drop_nulls().unique()
    return known + sorted(set(changed) - set(known))


def _row(sent: pl.Expr, read: pl.Expr, field: str) -> list[pl.Expr]:
    return [
        pl.col("id"),
        pl.col("entity"),
        pl.col("key"),
        pl.lit(field).alias("field"),
        sent.cast(pl.String).alias("sent"),
        read.cast(pl.String).alias("read"),
    ]


def _presence(joined: pl.DataFrame, remote: pl.DataFrame) -> pl.DataFrame:
    """The status: an ended record is not shown as active, another one is there."""
    status = pl.col("r:status") if "r:status" in joined.columns else pl.lit(None)
    active = pl.col("_there") & (status.fill_null("active") == "active")
    wanted = (
        pl.col("_after").struct.field("status").fill_null("active")
        if "_after" in joined.columns and "status" in remote.columns
        else pl.lit("active")
    )
    enabled = (
        pl.col("_after").struct.field("enabledUser").fill_null("true") == "true"
        if "_after" in joined.columns and "enabledUser" in remote.columns
        else pl.lit(value=True)
    )
    # Disabling a person ends him and leaves his status as it is.
    over = (wanted != "active") | (pl.col("ends") & enabled)
    wrong = pl.when(over).then(active).otherwise(~active)
    shown = (
        pl.when("_there").then(status.fill_null("active")).otherwise(pl.lit("missing"))
    )
    return joined.filter(wrong).select(
        _row(
            pl.when(over).then(pl.lit("tobedeleted")).otherwise(wanted), shown, "status"
        )
    )


def _field(
    entity: Entity, name: str, joined: pl.DataFrame, capabilities: Capabilities
) -> pl.DataFrame:
    ours = pl.col("_after").struct.field(name)
    theirs = pl.col(f"r:{name}")
    compare = capabilities.comparisons.get(entity, {}).get(name)
    same = (
        compare(ours).eq_missing(compare(theirs))
        if compare
        else ours.eq_missing(theirs)
    )
    written = (pl.col("verb") == "create") & ours.is_not_null()
    written |= pl.col("fields").list.contains(name)
    if name == "enabledUser":  # which ends a person where the status stays
        written |= pl.col("ends") & (ours == "false")
    told = pl.lit(value=True)
    if "r:_unread" in joined.columns:
        told = ~pl.col("r:_unread").str.contains(f",{name},", literal=True).fill_null(
            value=False
        )
    # Of what is ended only that counts: its status, or that a person is disabled.
    counts = ~pl.col("ends") | pl.lit(name == "enabledUser")
    wrong = pl.col("_there") & counts & written & told & ~same
    return joined.filter(wrong).select(_row(ours, theirs, name))
