"""What a plan acts upon must have been seen in this run, or it is looked at.

In: a plan and the read that it was made from. Out: the mirror with what was looked at,
or a list that is not believed. What a list of names shows just as it is known was seen;
whatever it shows otherwise, or not at all, is read by itself. Three things are doubted:
a record that would be created although the ledger knows it, a record that would be
changed on the strength of an older read, and a list that is empty where something would
be created.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from sync.errors import TargetError
from sync.fetch import SUBJECT
from sync.flow.context import Context
from sync.flow.overlay import overlaid
from sync.model.entities import PEOPLE, REFERENCE, Entity
from sync.model.ids import Ids
from sync.model.ledger import LedgerView
from sync.model.mirror import Mirror
from sync.model.plan import Plan
from sync.model.roster import KEY
from sync.verify import Reader, drifted, remote_frame
from sync.wire import Wire

FEW = 50
"""Records that would be changed are asked for by name, or singly, where they are fewer
than one in so many of their entity; else it is read whole."""
SAMPLE = 200
"""So many records that were made before and are not seen are looked for singly."""
ASKED = 3
"""Records of the drop that are asked for singly before an empty list is believed."""
MOST_ASKED = 150
"""In all lists together, where there is one for each section or course."""


@dataclass(frozen=True, slots=True)
class Proof:
    """How the records of one target are looked at singly."""

    context: Context
    wire: Wire
    ledger: LedgerView

    async def singly(self, operations: pl.DataFrame) -> Mirror:
        """The records of these operations, under our own keys."""
        return overlaid(await self._reader.singly(operations), self.ledger)

    @property
    def _reader(self) -> Reader:
        ids = Ids.of_ledger(self.ledger)
        return Reader(self.context.target, self.wire, ids)

    def needs_everything(self, plan: Plan, mirror: Mirror) -> str | None:
        """Why lists of changes do not suffice for this plan, or null."""
        changed = plan.operations.filter(pl.col("verb") != "create")
        for name, count in changed.group_by("entity").len().sort("entity").iter_rows():
            if count * FEW >= remote_frame(Entity(name), mirror).height:
                return f"more than one in fifty {name} would be changed"
        if not self._lost(plan).is_empty():
            return "a record that was made before was not seen"
        return None

    def _lost(self, plan: Plan) -> pl.DataFrame:
        """The creations of what the ledger knows, but the read did not show."""
        homes = pl.when(pl.col("entity").is_in(_PEOPLE)).then(pl.lit("people"))
        known = self.ledger.records.select(
            homes.otherwise("entity").alias("_at"), "key"
        )
        created = plan.operations.filter(verb="create").with_columns(
            homes.otherwise("entity").alias("_at")
        )
        found = created.join(known, on=["_at", "key"], how="semi")
        return found.drop("_at").sort("entity", "key")

    async def looked_at(self, plan: Plan, mirror: Mirror, *, changes: bool) -> Mirror:
        """The mirror with every record that had to be looked at as it is now.

        ``changes``: the mirror was read by changes alone, so that everything that would
        be changed is looked at. A list that leaves out what is in force counts as
        unproven.
        """
        lost = self._lost(plan)
        asked = lost.head(SAMPLE)
        if changes:
            held = plan.operations.filter(pl.col("verb") != "create")
            asked = pl.concat([asked, await self._unlike(held)])
        if asked.is_empty():
            return mirror
        found = await self.singly(asked)
        seen = _laid(mirror, found, asked)
        return self._doubted(seen, found, lost)

    async def _unlike(self, held: pl.DataFrame) -> pl.DataFrame:
        """Those of the operations whose records are not shown just as they are known
        when they are asked for together."""
        if held.is_empty():
            return held
        found = overlaid(await self._reader.together(held), self.ledger)
        unlike = pl.col("id").is_in(list(drifted(held, found).words))
        self.context.story.listed = frozenset(held.filter(~unlike)["id"])
        return held.filter(unlike)

    def _doubted(self, mirror: Mirror, found: Mirror, lost: pl.DataFrame) -> Mirror:
        complete = dict(mirror.complete)
        for name in lost["entity"].unique().sort():
            there = remote_frame(Entity(name), found).filter(_active(found, name))
            if there.join(lost, left_on=KEY, right_on="key", how="semi").is_empty():
                continue
            complete[Entity(name)] = False
            self.context.story.incomplete = True
            self.context.story.notes.append(
                f"the list of {name} leaves out records that are there when they are "
                "asked for by themselves: nothing of it is created or removed"
            )
        return replace(mirror, complete=complete)

    async def doubt_empty(self, plan: Plan, mirror: Mirror) -> None:
        """A list that comes empty may be one that we may not see.

        Raises ``TargetError`` where one of three records that the list should have,
        were it full, is there all the same.
        """
        for entity in (*REFERENCE, *PEOPLE, Entity.ENROLLMENTS):
            held = mirror.frames.get(entity)
            created = plan.operations.filter(entity=entity.value, verb="create")
            if held is None or created.is_empty():
                continue
            asked = created.head(ASKED) if held.is_empty() else created.clear()
            if SUBJECT in held.columns:
                asked = _of_empty_realms(created, held)
            if asked.is_empty():
                continue
            there = remote_frame(entity, await self.singly(asked))
            if asked["key"].is_in(there[KEY].implode()).any():
                message = (
                    f"a list of {entity.value} is empty, but a record of it is there "
                    "when asked for by itself"
                )
                do = (
                    "see whether our access covers the whole district; nothing was sent"
                )
                raise TargetError(message, do=do)


_PEOPLE = [entity.value for entity in PEOPLE]


def _of_empty_realms(created: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """The first creations into each realm (a section, a course) whose list shows
    nothing; their keys begin with it."""
    first = pl.col("key").str.extract(r"^([^/]*)")
    realm = first.str.replace_all("%2F", "/", literal=True).str.replace_all(
        "%25", "%", literal=True
    )
    filled = held[SUBJECT].drop_nulls().unique()
    return (
        created.filter(~realm.is_in(filled.implode()))
        .filter(pl.col("key").cum_count().over(realm) <= ASKED)
        .head(MOST_ASKED)
    )


def _active(mirror: Mirror, name: str) -> pl.Expr:
    shown = "status" in remote_frame(Entity(name), mirror).columns
    return (pl.col("status") == "active") if shown else pl.lit(value=True)


def _laid(mirror: Mirror, found: Mirror, asked: pl.DataFrame) -> Mirror:
    """The mirror in which the records that were asked for are as they were found."""
    frames: dict[Entity, pl.DataFrame] = dict(mirror.frames)
    for entity, frame in mirror.frames.items():
        homes = _PEOPLE if entity in PEOPLE else [entity.value]
        mine = asked.filter(pl.col("entity").is_in(homes))["key"]
        now = found.frames.get(entity, frame.clear())
        if entity in PEOPLE:  # students are read with their links, where these are his
            links = asked.filter(entity=Entity.AGENTS.value)["after"]
            theirs = links.str.json_path_match("$.studentSourcedId")
            shown = remote_frame(entity, found)[KEY]
            mine = pl.concat([mine, theirs.filter(theirs.is_in(shown.implode()))])
        if mine.is_empty():
            continue
        stays = frame.filter(~pl.col(KEY).is_in(mine.implode()))
        again = now.filter(pl.col(KEY).is_in(mine.implode())).unique(
            KEY, keep="first", maintain_order=True
        )
        frames[entity] = pl.concat([stays, again], how="diagonal_relaxed").sort(KEY)
    return replace(mirror, frames=frames)
