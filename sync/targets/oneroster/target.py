"""A OneRoster server as a target: what it can do, what to read, which requests to send.

Reading is the standard's. Writing is not part of OneRoster, so it is a setting: ``put``
for servers that create and replace by PUT, ``post-put`` for those that create by POST.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from sync.errors import ConfigError
from sync.model.capabilities import Capabilities, Comparison
from sync.model.entities import PEOPLE, REFERENCE, SYNCED, Entity
from sync.model.ids import Ids
from sync.model.ledger import LedgerView
from sync.model.mirror import Mirror
from sync.model.operation import Operation, Verb
from sync.model.outcome import Failure, Outcome, State
from sync.model.request import Answer, Listing, Page, Request
from sync.model.roster import Roster
from sync.targets.base import Projection, Wants
from sync.targets.common.alike import none_of, one_wave
from sync.targets.common.answers import ended_already, failed, json_or_none
from sync.targets.oneroster import answers, mirror, places, project, writes
from sync.targets.oneroster.config import OneRosterSettings
from sync.targets.oneroster.mirror import Lists
from sync.targets.oneroster.roles import without_kinds
from sync.targets.oneroster.shapes import COLLECTIONS, PERSON_TEXTS, SHAPES, USERS
from sync.wire.auth import Service
from sync.wire.failures import classify

_ALL_VERBS = frozenset(Verb)
_ALL = (*REFERENCE, *SYNCED)
_ENDS = ("inactive", "tobedeleted", "delete")
_REMOVALS: Mapping[Entity, tuple[str, ...]] = {
    **dict.fromkeys(REFERENCE, ("tobedeleted", "delete")),
    **dict.fromkeys((*PEOPLE, Entity.ENROLLMENTS), _ENDS),
    Entity.AGENTS: ("delete",),
}
_ENDINGS: Mapping[Entity, Mapping[str, Mapping[str, str]]] = {
    **{one: {"inactive": {"enabledUser": "false"}} for one in PEOPLE},
    Entity.ENROLLMENTS: {"inactive": {"status": "tobedeleted"}},
}
"""OneRoster 1.1 and 1.2 have no status ``inactive``: a person cannot sign in any more,
and the status of the record stays."""
_PARENTS = (Entity.ORGS, Entity.ACADEMIC_SESSIONS)
"""Of these one record may stand below another of its own kind."""


class OneRosterTarget:
    """One OneRoster server. Pure: it never waits, sends or reads a clock."""

    def __init__(
        self, settings: OneRosterSettings, policies: Mapping[Entity, str]
    ) -> None:
        """Check what the configuration asks for. Raises ``ConfigError``."""
        for entity, policy in policies.items():
            allowed = ("keep", *_REMOVALS.get(entity, ()))
            if policy not in allowed:
                problem = f'OneRoster has no removal "{policy}" for {entity.value}'
                do = f"choose one of {', '.join(allowed)}"
                raise ConfigError(None, f"removal.{entity.value}", problem, do=do)
        self.settings = settings
        self.policies = policies
        self._lists = Lists(settings.page_size, settings.old)
        self._writes = writes.Writes(settings, policies)

    @property
    def capabilities(self) -> Capabilities:
        """All of a roster, but what OneRoster's users have no field for."""
        home = () if self.settings.old else ("primaryOrgSourcedId",)
        people = ("status", *PERSON_TEXTS, "grades", "roles", *home)
        fields = {entity: shape.columns for entity, shape in SHAPES.items()}
        return Capabilities(
            verbs=dict.fromkeys(_ALL, _ALL_VERBS),
            fields={
                **fields,
                **dict.fromkeys(PEOPLE, people),
                Entity.AGENTS: ("status",),
            },
            removals=_REMOVALS,
            keeps_dates=True,
            # A PUT would overwrite what the list left out, a POST make it twice.
            once=frozenset(_ALL),
            allocates=self.settings.writes == "post-put",
            reads=_ALL,
            comparisons=self._comparisons(),
            endings={} if self.settings.inactive_status else _ENDINGS,
            batched=True,
            deltas=True,
            links_within=True,
            writes=self.settings.may_write,
            marked=frozenset(_ALL) - {Entity.AGENTS},
        )

    def _comparisons(self) -> dict[Entity, dict[str, Comparison]]:
        """What servers leave unsaid, and lists, which have no order."""
        found: dict[Entity, dict[str, Comparison]] = {
            entity: {"status": _or("active")}
            | {name: _in_any_order for name in shape.lists if name != "grades"}
            for entity, shape in SHAPES.items()
        }
        found[Entity.ENROLLMENTS] |= {"primary": _or("false")}
        roles: dict[str, Comparison] = (
            {"roles": without_kinds} if self.settings.old else {}
        )
        person = {"status": _or("active"), "enabledUser": _or("true"), **roles}
        return found | dict.fromkeys(PEOPLE, person)

    @property
    def services(self) -> Mapping[str, Service]:
        """The one address."""
        deletes = "delete" in {
            policy for one, policy in self.policies.items() if one != Entity.AGENTS
        }
        return self.settings.services(deletes=deletes)

    def listings(
        self, wants: Wants, tables: Mapping[str, pl.DataFrame]
    ) -> Sequence[Listing]:
        """First the lists, then the students whose guardians a list may hide."""
        if not tables:
            return self._lists.all(wants)
        asked = Entity.AGENTS not in wants.entities or mirror.PERSON in tables
        if asked or USERS not in tables or not self.settings.may_write:
            return ()
        return mirror.hidden(wants, tables[USERS])

    def read(self, listing: Listing, answer: Answer) -> tuple[pl.DataFrame, Page]:
        """One page of a list, or a single record as a page of one."""
        reader = mirror.READERS[answers.collection(listing)]
        return answers.page(listing, answer, reader)

    def assemble(
        self, wants: Wants, tables: Mapping[str, pl.DataFrame]
    ) -> Mapping[Entity, pl.DataFrame]:
        """The mirror's frames."""
        return mirror.assemble(wants, mirror.whole(tables))

    def project(
        self, roster: Roster, mirror: Mirror, ledger: LedgerView, today: date
    ) -> Projection:
        """What OneRoster can hold of the roster."""
        ended = ledger.records.filter(
            pl.col("ended") & pl.col("entity").is_in([one.value for one in PEOPLE])
        )
        context = project.Context(
            roster,
            mirror,
            today,
            ended["key"],
            old=self.settings.old,
            inactive=self.settings.inactive_status,
        )
        return project.project(context)

    def cannot_end(self, entity: Entity, joined: pl.DataFrame) -> tuple[pl.Series, str]:
        """Each record ends by itself."""
        return none_of(joined), ""

    def waves(self, operations: pl.DataFrame) -> pl.Series:
        """Parents come before their children, and go after them."""
        wave = one_wave(operations)
        for entity in _PARENTS:
            for ends in (False, True):
                wave = _by_depth(operations, wave, entity, ends=ends)
        return wave

    def compose(self, operations: Iterable[Operation], ids: Ids) -> Iterable[Request]:
        """One request for each record; the links of a student are one of him."""
        return self._writes.compose(operations, ids)

    def interpret(
        self, request: Request, answer: Answer | Failure
    ) -> Sequence[Outcome]:
        """Done for any 2xx whose body does not say otherwise."""
        done = request.operations
        if isinstance(answer, Failure):
            if ended_already(request, answer):
                return [Outcome(one, State.DONE, status=answer.status) for one in done]
            return [failed(one, answer) for one in done]
        body = json_or_none(answer)
        if answers.refused(body):
            as_error = Answer(422, answer.headers, answer.body)
            told = classify(as_error, write=True)
            return [failed(one, told) for one in done if told is not None]
        given = self._given(request, body)
        return [
            Outcome(one, State.DONE, status=answer.status, remote_id=given)
            for one in done
        ]

    def _given(self, request: Request, body: Any) -> str | None:
        """The identifier of a record that was written; links have none."""
        if request.operations[0].startswith(f"{Entity.AGENTS.value}:"):
            return None
        return answers.given_id(body, COLLECTIONS[answers.collection(request)])

    def take_apart(
        self, request: Request, failure: Failure
    ) -> Sequence[tuple[str, ...]]:
        """The links of one student replace each other: they are sent as one or not."""
        return ()

    def probes(self) -> Sequence[Listing]:
        """Every list, one record of each."""
        return self._lists.probes()

    def lookup(self, operation: Operation) -> Sequence[Listing]:
        """How to read this one record; a link is read with its student."""
        values = operation.after or operation.before or {}
        match operation.entity:
            case Entity.AGENTS:
                feeds = ("students", "users", "agents")
                return [self._lists.one(USERS, values["studentSourcedId"], feeds)]
            case Entity.STUDENTS | Entity.USERS:
                own = operation.remote_id or operation.key
                return [self._lists.one(USERS, own, ("students", "users"))]
            case _:
                own = operation.remote_id or operation.key
                label = SHAPES[operation.entity].path
                return [self._lists.one(label, own, (operation.entity.value,))]


def _in_any_order(column: pl.Expr) -> pl.Expr:
    parts = column.str.split(",").list.eval(pl.element().str.strip_chars())
    return parts.list.unique().list.sort().list.join(",")


def _or(word: str) -> Comparison:
    """The value, or this word where nothing is said."""
    return lambda column: column.fill_null(word)


def _by_depth(
    operations: pl.DataFrame, wave: pl.Series, entity: Entity, *, ends: bool
) -> pl.Series:
    """The waves, in which the new (or ended) records of an entity stand by how many of
    their ancestors are new (or ended) too."""
    concerned = (pl.col("entity") == entity.value) & (
        pl.col("ends") if ends else pl.col("verb") == Verb.CREATE.value
    )
    side = pl.coalesce("before", "after") if ends else pl.col("after")
    rows = (
        operations.with_row_index("_at")
        .filter(concerned)
        .select(
            "_at",
            pl.col("key").alias("_key"),
            side.str.json_path_match("$.parentSourcedId").alias("parent"),
        )
    )
    if rows.is_empty():
        return wave
    depth = places.depths(rows)
    if ends:
        depth = (depth.max() or 0) - depth
    return wave.scatter(rows["_at"], depth.cast(pl.UInt8))
