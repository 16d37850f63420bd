"""Reading back: how to read the records of some operations, and whether they hold.

In: operations and the target. Out: a mirror of the records concerned, and for each
operation the fields that are not as they were to be. Drift, doubt and verification
are all this one question, asked before, within and after sending.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from sync.fetch import fetch
from sync.model.capabilities import Capabilities
from sync.model.entities import PEOPLE, Entity, Mode
from sync.model.ids import NAMED, Ids
from sync.model.ledger import LEDGER_SCHEMA, PAIRS_SCHEMA, LedgerView
from sync.model.mirror import Mirror
from sync.model.operation import Operation, walk
from sync.model.request import Answer, Listing, Page
from sync.model.roster import KEY, Roster
from sync.targets.base import Target, Wants
from sync.wire import Service, Wire

SINGLES = 30
"""Records of a plan up to which they are read one by one and not by listing."""

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


class Lookups:
    """A target seen through the records of a few operations: each read by itself."""

    def __init__(self, target: Target, operations: pl.DataFrame, ids: Ids) -> None:
        """Ask the target once how each record is read, under the ids that it knows."""
        self._target = target
        found = [
            one
            for operation in walk(operations)
            for one in target.lookup(_as_known(operation, ids))
        ]
        self._listings = list(dict.fromkeys(found))

    @property
    def services(self) -> Mapping[str, Service]:
        """Those of the target."""
        return self._target.services

    def listings(
        self, wants: Wants, tables: Mapping[str, pl.DataFrame]
    ) -> Sequence[Listing]:
        """All of them at once, and then nothing more."""
        return () if tables else self._listings

    def read(self, listing: Listing, answer: Answer) -> tuple[pl.DataFrame, Page]:
        """As the target reads it."""
        return self._target.read(listing, answer)

    def assemble(
        self, wants: Wants, tables: Mapping[str, pl.DataFrame]
    ) -> Mapping[Entity, pl.DataFrame]:
        """As the target assembles it."""
        return self._target.assemble(wants, tables)


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the records of operations back."""

    target: Target
    wire: Wire
    ids: Ids = field(default_factory=Ids)
    """Remote identifiers that are not the key."""

    async def read(self, operations: pl.DataFrame) -> Mirror:
        """The mirror's rows of these operations, and maybe of others.

        Singly where they are few, else by listing. Raises ``TargetError``.
        """
        wants = _wants(operations)
        if operations.height <= SINGLES:
            return await self.singly(operations)
        return await fetch(self.target, self.wire, wants)

    async def singly(self, operations: pl.DataFrame) -> Mirror:
        """The same, each read by itself, however many they are."""
        lookups = Lookups(self.target, operations, self.ids)
        return await fetch(lookups, self.wire, _wants(operations))


def _wants(operations: pl.DataFrame) -> Wants:
    entities = tuple(Entity(one) for one in operations["entity"].unique().sort())
    return Wants(entities, _expected(operations), _reminder(operations))


def _as_known(operation: Operation, ids: Ids) -> Operation:
    """The operation with what it is and what it names as the target calls them."""
    before, after = operation.before, operation.after
    return replace(
        operation,
        remote_id=operation.remote_id or _own(operation, ids),
        before=None if before is None else ids.remote(operation.entity, before),
        after=None if after is None else ids.remote(operation.entity, after),
    )


def _own(operation: Operation, ids: Ids) -> str | None:
    """The identifier that was given to the record; an enrollment may have another key
    than its own identifier, under which it is found by what it says."""
    if operation.entity in NAMED:
        return ids.of(operation.entity).get(operation.key)
    told = operation.after or operation.before or {}
    by_id = operation.entity is Entity.ENROLLMENTS
    return (
        ids.of(operation.entity).get(operation.key)
        if by_id and told.get("sourcedId") == operation.key
        else None
    )


def _expected(operations: pl.DataFrame) -> Roster:
    """The links that should be there: where they differ the target asks singly."""
    links = operations.filter(
        (pl.col("entity") == Entity.AGENTS.value) & ~pl.col("ends")
    )
    frame = links.select(
        pl.col("key").alias(KEY),
        *(
            pl.col("after").str.json_path_match(f"$.{name}").alias(name)
            for name in ("studentSourcedId", "agentSourcedId", "relationshipType")
        ),
    )
    return Roster({Entity.AGENTS: frame}, {Entity.AGENTS: Mode.DELTA}, {}, _no_keys())


def _no_keys() -> pl.DataFrame:
    return pl.DataFrame(schema={"entity": pl.String(), KEY: pl.String()})


def _reminder(operations: pl.DataFrame) -> LedgerView:
    """A ledger that has the links, so that their students count; of a link that only
    changes it knows another relationship, so that this one is read. Enrollments stand
    in it with the person and the remote id that they had when the plan was made: what
    no list tells is said the same by a second reading."""
    named = [Entity.AGENTS.value, Entity.ENROLLMENTS.value]
    mine = operations.filter(pl.col("entity").is_in(named))
    seat = pl.col("entity") == Entity.ENROLLMENTS.value
    person = pl.col("before").str.json_path_match("$.userSourcedId")
    records = mine.select(
        "entity",
        "key",
        remote_id=pl.when(seat).then("remote_id"),
        source=pl.lit(None, dtype=pl.String),
        created=pl.lit(value=False),
        missed=pl.lit(0, dtype=pl.UInt32),
        ended=pl.lit(value=False),
        digest=pl.when(~seat & (pl.col("verb") == "update")).then(pl.lit("?")),
        person=pl.when(seat).then(person),
    )
    return LedgerView(records.select(LEDGER_SCHEMA.names()), PAIRS_SCHEMA.to_frame())


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
