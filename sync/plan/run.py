"""Differences -> plan: fates, operations, requests, guards, counts and the digest.

In: what ``diff`` decided, with the configuration and the memory of the target. Out: a
``Plan`` and what the end of a run needs besides. Nothing is sent, nothing is written.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from sync.diff import FieldRules
from sync.model.entities import PEOPLE, Entity, Mode
from sync.model.ids import Ids
from sync.model.ledger import LedgerView
from sync.model.mirror import Mirror
from sync.model.operation import walk
from sync.model.plan import Plan
from sync.model.request import Request
from sync.model.roster import KEY, Roster, RowCounts
from sync.plan.carriers import with_carriers
from sync.plan.cause import Headers
from sync.plan.counts import account
from sync.plan.guards import NONE_PASSED, GuardInput, GuardRules, judge
from sync.plan.operations import operations
from sync.plan.removal import LINK_ENDS, RemovalInput, Sight, with_fates
from sync.plan.succession import Naming, succession
from sync.targets.base import Projection, Target

MIN_APPROVAL = 8
"""Characters of a digest that approve a plan."""
CHUNK = 20_000
"""Operations composed at once: memory does not follow the size of the plan."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the configuration says about removals and harm."""

    policies: Mapping[Entity, str]
    scope: str
    orgs: tuple[str, ...]
    grace: int
    source: str
    additions_only: bool
    guards: GuardRules


@dataclass(frozen=True, slots=True)
class Facts:
    """What identifies a plan besides its content."""

    run: str
    target: str
    kind: str
    program: str
    fingerprint: str
    inputs: Mapping[str, Any]
    created: datetime
    valid: timedelta


@dataclass(frozen=True, slots=True)
class PlanInput:
    """Everything that a plan is made of."""

    facts: Facts
    target: Target
    roster: Roster
    mirror: Mirror
    projection: Projection
    joined: Mapping[Entity, pl.DataFrame]
    fields: Mapping[Entity, FieldRules]
    ledger: LedgerView
    rules: Rules
    rows_before: Mapping[Entity, int]
    seen: frozenset[Entity] = frozenset()
    """Entities of which the last read had shown records."""
    cut_off: frozenset[Entity] = frozenset()
    """Entities whose file may have lost its end since the last good drop."""
    passed: pl.DataFrame = field(default_factory=NONE_PASSED.to_frame)
    """``id`` of creations that passed the guards in a run that did not finish."""
    headers: Headers = field(default_factory=dict)
    """Which header of which file each column came from."""
    undone: tuple[str, str] | None = None
    """The run that stands taken back, and the one that did it."""
    nameless: bool | None = None
    """Whether no good drop has named the records of the target yet; null where that is
    so exactly if the ledger is empty."""

    @property
    def unnamed(self) -> bool:
        """Whether no good drop has named the records of the target yet."""
        empty = self.ledger.records.is_empty()
        return empty if self.nameless is None else self.nameless


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, the ledger that follows it, and what it leaves alone."""

    plan: Plan
    succession: pl.DataFrame
    untouched: pl.DataFrame
    """``entity``, ``key``, ``state``, ``reason``, ``file``, ``line``."""


@dataclass(frozen=True, slots=True)
class Decided:
    """Differences of which every row has its decision and its fate, and what else a
    plan of them needs, whoever decided: a drop, or the wish to take a run back."""

    facts: Facts
    target: Target
    ids: Ids
    joined: Mapping[Entity, pl.DataFrame]
    fields: Mapping[Entity, FieldRules]
    endings: Mapping[Entity, Mapping[str, str]]
    """The fields that a removal by absence writes."""
    guards: GuardInput
    """What the guards look at; how many operations there are is filled in."""
    rows: Mapping[Entity, RowCounts]
    merged: Mapping[Entity, int] = field(default_factory=dict)
    unsupported: frozenset[Entity] = frozenset()


def make_plan(given: PlanInput) -> Planned:
    """The plan of one run."""
    joined = {
        entity: _fated(entity, frame, given) for entity, frame in given.joined.items()
    }
    able = given.target.capabilities
    plan = composed(
        Decided(
            facts=given.facts,
            target=given.target,
            ids=Ids.of_ledger(given.ledger),
            joined=joined,
            fields=given.fields,
            endings={
                entity: able.ending(entity, policy)
                for entity, policy in given.rules.policies.items()
            },
            guards=_guard_input(given, joined),
            rows=given.roster.counts,
            merged=given.projection.merged,
            unsupported=frozenset(given.roster.frames) & {*able.verbs, *able.lacks},
        )
    )
    following = succession(
        joined,
        plan.operations,
        given.ledger,
        Naming(
            given.rules.source,
            frozenset(e for e in joined if _sight(e, given).counts_missing),
            vanishes=frozenset({Entity.AGENTS}),
        ),
    )
    return Planned(plan, following, untouched(joined))


def composed(given: Decided) -> Plan:
    """The plan of decided differences: operations, requests, guards, counts, digest."""
    bare = operations(given.joined, given.fields, given.endings, given.target.waves)
    if given.target.capabilities.links_within:
        bare = with_carriers(bare, given.joined, given.fields)
    whole = with_requests(bare, given.target, given.ids)
    facts = given.facts
    return Plan(
        id=secrets.token_hex(8),
        run=facts.run,
        target=facts.target,
        kind=facts.kind,
        program=facts.program,
        fingerprint=facts.fingerprint,
        inputs=facts.inputs,
        created=facts.created,
        valid_until=facts.created + facts.valid,
        guards=judge(replace(given.guards, operations=whole.height)),
        operations=whole,
        account=account(
            given.rows, given.merged, given.joined, whole, given.unsupported
        ),
        digest=digest(facts, whole),
    )


def _sight(entity: Entity, given: PlanInput) -> Sight:
    """What this run can see of an entity; people may stand in either of two files, so
    what cannot be seen in one of them may hide a person of the other."""
    homes = PEOPLE if entity in PEOPLE else (entity,)
    known = [home for home in homes if home in _delivered_before(given)] or [entity]
    modes = given.roster.modes
    return Sight(
        delivered=all(home in modes for home in {*known, entity}),
        delta=any(modes.get(home) is Mode.DELTA for home in homes),
        unreadable=any(home in given.roster.no_removals for home in homes)
        or (entity is Entity.AGENTS and _names_nobody(given)),
        complete=_complete(entity, given),
        additions_only=given.rules.additions_only,
        nameless=given.unnamed,
        cut_off=any(home in given.cut_off for home in homes),
    )


def _stated(given: PlanInput) -> pl.Series:
    """The people of a delta whose rows say which links they have; where blank means
    keep, what a row leaves out is no statement."""
    stated, rules = given.roster.links_stated, given.fields.get(Entity.AGENTS)
    return stated.clear() if rules is not None and rules.blank_keeps else stated


def _names_nobody(given: PlanInput) -> bool:
    """Whether a rejected link names nobody whom the drop or the target knows: which
    link it means cannot be told."""
    rows = given.roster.rejected.get(Entity.AGENTS)
    if rows is None or rows.is_empty():
        return False
    known = pl.concat(
        [
            pl.Series(KEY, [], pl.String),
            *(
                frames[home][KEY]
                for frames in (given.roster.frames, given.mirror.frames)
                for home in PEOPLE
                if home in frames
            ),
        ]
    ).unique()
    ends = [pl.col(name) for name in LINK_ENDS if name in rows.columns]
    strange = pl.all_horizontal(
        ~end.is_in(known.implode()).fill_null(value=False) for end in ends
    )
    return not rows.filter(strange).is_empty()


def _delivered_before(given: PlanInput) -> frozenset[Entity]:
    """The entities that some good drop has named: their files are known to exist."""
    return frozenset(given.rows_before)


def _fated(entity: Entity, frame: pl.DataFrame, given: PlanInput) -> pl.DataFrame:
    rules = given.rules
    fated = with_fates(
        frame,
        RemovalInput(
            entity=entity,
            policy=rules.policies.get(entity, "keep"),
            scope=rules.scope,
            orgs=rules.orgs,
            grace=rules.grace,
            source=rules.source,
            frozen_people=given.roster.frozen_people,
            rejected=given.roster.rejected.get(entity),
            blind=_sight(entity, given).blind_spot(),
            stated=_stated(given),
            blind_to_stated=replace(_sight(entity, given), delta=False).blind_spot(),
        ),
    )
    if rules.additions_only:
        fated = _put_off(fated)
    if entity in given.target.capabilities.once and not _complete(entity, given):
        fated = _not_made(fated)
    stuck, why = given.target.cannot_end(entity, fated)
    held = fated.with_columns(stuck.alias("_stuck"))
    word = pl.lit(why)
    return held.with_columns(
        pl.when(pl.col("_stuck") & pl.col("in_drop"))
        .then(pl.lit("unsupported"))
        .otherwise("decision")
        .alias("decision"),
        pl.when(pl.col("_stuck") & ~pl.col("in_drop"))
        .then(pl.lit("kept"))
        .otherwise("fate")
        .alias("fate"),
        pl.when("_stuck").then(word).otherwise("reason").alias("reason"),
        (pl.col("ends") & ~pl.col("_stuck")).alias("ends"),
    ).drop("_stuck")


def _complete(entity: Entity, given: PlanInput) -> bool:
    homes = PEOPLE if entity in PEOPLE else (entity,)
    return all(given.mirror.complete.get(home, True) for home in homes)


def _not_made(fated: pl.DataFrame) -> pl.DataFrame:
    """Of a list that could not be proven complete, what it lacks may be there."""
    new = (pl.col("decision") == "create").fill_null(value=False)
    why = "the remote list could not be proven complete, and it may be there"
    return fated.with_columns(
        pl.when(new).then(pl.lit("deferred")).otherwise("decision").alias("decision"),
        pl.when(new).then(pl.lit(why)).otherwise("reason").alias("reason"),
    )


def _put_off(fated: pl.DataFrame) -> pl.DataFrame:
    """Within additions_only nothing is ended, not by a row of the drop either."""
    return fated.with_columns(
        pl.when("ends")
        .then(pl.lit("deferred"))
        .otherwise("decision")
        .alias("decision"),
        pl.when("ends")
        .then(pl.lit("today is within removal.additions_only"))
        .otherwise("reason")
        .alias("reason"),
        pl.lit(value=False).alias("ends"),
    )


def _guard_input(given: PlanInput, joined: Mapping[Entity, pl.DataFrame]) -> GuardInput:
    bulk = {
        entity: given.roster.counts[entity].read
        for entity, mode in given.roster.modes.items()
        if mode is Mode.BULK and entity in given.roster.counts
    }
    can_end = frozenset(
        entity
        for entity in joined
        if given.rules.policies.get(entity, "keep") != "keep"
        and (
            replace(_sight(entity, given), cut_off=False).blind_spot() is None
            or (entity is Entity.AGENTS and not _stated(given).is_empty())
        )
    )
    held = any(frame["in_remote"].any() for frame in joined.values())
    return GuardInput(
        joined=joined,
        rows=bulk,
        rows_before=given.rows_before,
        can_end=can_end,
        operations=0,
        passed=given.passed,
        seen=given.seen,
        source=given.rules.source,
        first_run=given.unnamed and held,
        undone=given.undone,
        rules=given.rules.guards,
        headers=given.headers,
    )


def with_requests(frame: pl.DataFrame, target: Target, ids: Ids) -> pl.DataFrame:
    """The operations with ``request``: the JSON of what will be sent for each.

    A request for several operations stands at the first of them.
    """
    texts: dict[str, str] = {}
    for wave in frame.partition_by("phase", "wave", maintain_order=True):
        size = wave.height if target.capabilities.batched else CHUNK
        for chunk in wave.iter_slices(size):
            for request in target.compose(walk(chunk), ids):
                texts[request.operations[0]] = encode(request)
    found = pl.Series("request", [texts.get(one) for one in frame["id"]], pl.String)
    return frame.with_columns(found)


def encode(request: Request) -> str:
    """A request as one line of JSON."""
    return json.dumps(_facts(request), ensure_ascii=False, separators=(",", ":"))


def _facts(request: Request) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "service": request.service,
        "method": request.method,
        "path": request.path,
        "query": [list(pair) for pair in request.query],
        "body": request.body,
        "repeatable": request.repeatable,
        "operations": list(request.operations),
    }
    if request.lanes:
        facts["lanes"] = list(request.lanes)
    if request.headers:
        facts["headers"] = [list(pair) for pair in request.headers]
    if request.otherwise is not None:
        facts["otherwise"] = _facts(request.otherwise)
        facts["otherwise_on"] = list(request.otherwise_on)
    return facts


def decode(text: str) -> Request:
    """The request of a line of JSON."""
    return _request(json.loads(text))


def _request(facts: Mapping[str, Any]) -> Request:
    other = facts.get("otherwise")
    return Request(
        service=facts["service"],
        method=facts["method"],
        path=facts["path"],
        body=facts["body"],
        query=tuple((name, value) for name, value in facts["query"]),
        repeatable=facts["repeatable"],
        lanes=tuple(facts.get("lanes", ())),
        operations=tuple(facts["operations"]),
        headers=tuple((name, value) for name, value in facts.get("headers", ())),
        otherwise=None if other is None else _request(other),
        otherwise_on=tuple(facts.get("otherwise_on", ())),
    )


def digest(facts: Facts, whole: pl.DataFrame) -> str:
    """The digest over inputs, operations and requests: equal inputs, equal digest."""
    head = {
        "target": facts.target,
        "kind": facts.kind,
        "program": facts.program,
        "fingerprint": facts.fingerprint,
        "inputs": dict(facts.inputs),
    }
    found = hashlib.sha256(json.dumps(head, sort_keys=True).encode())
    for chunk in whole.iter_slices(CHUNK):
        lines = chunk.select(pl.struct(pl.all()).struct.json_encode()).to_series()
        for line in lines:
            found.update(line.encode())
            found.update(b"\n")
    return found.hexdigest()


def untouched(joined: Mapping[Entity, pl.DataFrame]) -> pl.DataFrame:
    """Rows and remote records that nothing is sent for although one might expect it."""
    shown = ["kept", "proposed", "frozen", "deferred", "unsupported", "blocked"]
    parts = []
    for entity, frame in joined.items():
        state = pl.coalesce("decision", "fate")
        rows = frame.filter(state.is_in(shown))
        parts.append(
            rows.select(
                pl.lit(entity.value).alias("entity"),
                pl.col(KEY).alias("key"),
                state.alias("state"),
                pl.col("reason"),
                _optional(rows, "d:_file").cast(pl.String).alias("file"),
                _optional(rows, "d:_row").cast(pl.UInt32).alias("line"),
            )
        )
    empty = pl.DataFrame(
        schema={
            "entity": pl.String(),
            "key": pl.String(),
            "state": pl.String(),
            "reason": pl.String(),
            "file": pl.String(),
            "line": pl.UInt32(),
        }
    )
    return pl.concat([empty, *parts], how="vertical").sort("entity", "state", "key")


def _optional(frame: pl.DataFrame, name: str) -> pl.Expr:
    return pl.col(name) if name in frame.columns else pl.lit(None)


def approved(plan: Plan, prefix: str) -> bool:
    """Whether at least 8 characters of a plan's digest were given, the right ones."""
    return len(prefix) >= MIN_APPROVAL and plan.digest.startswith(prefix.lower())
