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

import polars as pl

from sync.diff import FieldRules
from sync.model.entities import Entity, Mode
from sync.model.ids import Ids
from sync.model.plan import Plan
from sync.model.roster import KEY, RowCounts
from sync.plan.carriers import with_carriers
from sync.plan.counts import account
from sync.plan.fates import can_end, fated, sight
from sync.plan.given import Facts, PlanInput
from sync.plan.guards import GuardInput, judge
from sync.plan.operations import operations
from sync.plan.requests import CHUNK, with_requests
from sync.plan.succession import Naming, succession
from sync.targets.base import Target

MIN_APPROVAL = 8
"""Characters of a digest that approve a plan."""


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
        entity: fated(entity, frame, given) for entity, frame in given.joined.items()
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
            frozenset(e for e in joined if sight(e, given).counts_missing),
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


def anew(plan: Plan, facts: Facts) -> Plan:
    """The same plan as another run has made it, which was of the same."""
    return replace(
        plan,
        id=secrets.token_hex(8),
        run=facts.run,
        inputs=facts.inputs,
        created=facts.created,
        valid_until=facts.created + facts.valid,
        digest=digest(facts, plan.operations),
    )


def _guard_input(given: PlanInput, joined: Mapping[Entity, pl.DataFrame]) -> GuardInput:
    bulk = {
        entity: given.roster.counts[entity].read
        for entity, mode in given.roster.modes.items()
        if mode is Mode.BULK and entity in given.roster.counts
    }
    held = any(frame["in_remote"].any() for frame in joined.values())
    return GuardInput(
        joined=joined,
        rows=bulk,
        rows_before=given.rows_before,
        can_end=frozenset(entity for entity in joined if can_end(entity, given)),
        operations=0,
        passed=given.passed,
        cut_off=given.cut_off,
        seen=given.seen,
        source=given.rules.source,
        first_run=given.unnamed and held,
        undone=given.undone,
        rules=given.rules.guards,
        headers=given.headers,
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
