"""EduBridge as a target: enroll and unenroll by user, course and school."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

import polars as pl

from sync.errors import ConfigError
from sync.model.capabilities import Capabilities
from sync.model.entities import PEOPLE, Entity
from sync.model.ledger import LedgerView
from sync.model.mirror import Mirror
from sync.model.operation import Operation, Verb
from sync.model.outcome import Failure, FailureKind, Outcome, State
from sync.model.request import Answer, Json, Listing, Page, Request
from sync.model.roster import Roster
from sync.targets.base import Projection, Wants
from sync.targets.common import edubridge, records
from sync.targets.common.answers import (
    ended_already,
    envelope,
    failed,
    json_or_none,
    page_of,
    refusal,
    segment,
)
from sync.targets.common.columns import Read, listed, with_columns
from sync.targets.common.projecting import Context
from sync.targets.edubridge import mirror as mirroring
from sync.targets.edubridge.config import SERVICE, EdubridgeSettings
from sync.targets.edubridge.project import project
from sync.targets.edubridge.records import enrollments_of
from sync.wire.auth import Service
from sync.wire.failures import parse_json

ONEROSTER = "/ims/oneroster/rostering/v1p2"
PAGE = 3000
"""Records; OneRoster v1p2 enrollments page, limit."""
WITNESSES = 1
"""Persons whose own lists are read beside the list of all enrollments."""
ASKED = "asked"
"""The label under which a witness's own list is read again."""

REMOVALS = ("inactive", "tobedeleted", "delete")
"""All of them unenroll, which is the one way to end an enrollment here."""
ELSEWHERE = "EduBridge enrolls people who are there and writes nothing else"

READERS: Mapping[str, Read] = {
    "orgs": records.orgs,
    "courses": records.courses,
    "classes": records.classes,
    "users": records.people,
    "enrollments": records.enrollments,
}
_FORBIDDEN = 403
_GONE = 404
_NO_FILTER = (400, _FORBIDDEN, _GONE)
"""Answers to a filter by user where it is not to be had; his own list tells."""


class EdubridgeTarget:
    """One EduBridge. Pure: it never waits, sends or reads a clock."""

    def __init__(
        self, settings: EdubridgeSettings, policies: Mapping[Entity, str]
    ) -> None:
        """Check what the configuration asks for. Raises ``ConfigError``."""
        policy = policies.get(Entity.ENROLLMENTS, "keep")
        if policy not in {"keep", *REMOVALS}:
            problem = f'EduBridge has no removal "{policy}" for enrollments'
            do = f"choose one of keep, {', '.join(REMOVALS)}"
            raise ConfigError(None, "removal.enrollments", problem, do=do)
        self.settings = settings

    @property
    def capabilities(self) -> Capabilities:
        """Enrollments come and go; there is nothing else, and nothing to change."""
        lacking = (*PEOPLE, Entity.AGENTS)
        return Capabilities(
            verbs={
                Entity.ENROLLMENTS: frozenset(Verb) - {Verb.UPDATE},
            },
            fields={Entity.ENROLLMENTS: ("status",)},
            removals={Entity.ENROLLMENTS: REMOVALS},
            keeps_dates=False,
            once=frozenset({Entity.ENROLLMENTS}),
            reads=(
                *(Entity.ORGS, Entity.COURSES, Entity.CLASSES),
                *(*PEOPLE, Entity.ENROLLMENTS),
            ),
            lacks=dict.fromkeys(lacking, ELSEWHERE),
            marked=frozenset({Entity.ENROLLMENTS}),
        )

    @property
    def services(self) -> Mapping[str, Service]:
        """The one service."""
        return {SERVICE: self.settings.service()}

    def listings(
        self, wants: Wants, tables: Mapping[str, pl.DataFrame]
    ) -> Sequence[Listing]:
        """People, courses, classes and schools; then the enrollments, with somebody's
        own list as a witness; without the permission to list them, everybody's own."""
        if not tables:
            return [self._list(name) for name in _before(wants)]
        if Entity.ENROLLMENTS not in wants.entities:
            return ()
        people = tables["users"]
        if "enrollments" not in tables:
            found = mirroring.witnesses(wants, people, WITNESSES)
            whole = replace(self._list("enrollments"), barred=(_FORBIDDEN,))
            return [whole, *map(_own_list, found)]
        if mirroring.listed(tables) or ASKED in tables:
            return ()
        return _everybodys(wants, people)

    def _list(self, label: str) -> Listing:
        slash = "/" if self.settings.trailing_slash else ""
        feeds = tuple(PEOPLE) if label == "users" else (Entity(label),)
        return Listing(
            label,
            SERVICE,
            f"{ONEROSTER}/{label}{slash}",
            query=(("sort", "sourcedId"), ("orderBy", "asc")),
            limit=PAGE,
            feeds=tuple(one.value for one in feeds),
        )

    def read(self, listing: Listing, answer: Answer) -> tuple[pl.DataFrame, Page]:
        """One page of a list, or all that one person's own list says."""
        if listing.subject is not None:
            found = envelope(parse_json(answer), "data")
            return enrollments_of(listing.subject, found), Page(received=len(found))
        frame, body = listed(answer, listing.label, READERS[listing.label])
        return frame, page_of(frame, body, answer)

    def assemble(
        self, wants: Wants, tables: Mapping[str, pl.DataFrame]
    ) -> Mapping[Entity, pl.DataFrame]:
        """The mirror's frames."""
        whole = {
            label: with_columns(table, READERS[label]) if label in READERS else table
            for label, table in tables.items()
        }
        return mirroring.assemble(wants, whole)

    def project(
        self, roster: Roster, mirror: Mirror, ledger: LedgerView, today: date
    ) -> Projection:
        """What EduBridge can hold of the roster."""
        return project(Context(roster, mirror, today))

    def cannot_end(self, entity: Entity, joined: pl.DataFrame) -> tuple[pl.Series, str]:
        """What would be ended together with others."""
        return edubridge.cannot_end(joined), edubridge.ENDS_ALL

    def waves(self, operations: pl.DataFrame) -> pl.Series:
        """The first enrollments of a course and school go ahead."""
        return edubridge.waves(operations)

    def compose(
        self, operations: Iterable[Operation], ids: Mapping[str, str]
    ) -> Iterable[Request]:
        """One request for each enrollment."""
        for operation in operations:
            yield edubridge.request(SERVICE, operation, ids)

    def interpret(
        self, request: Request, answer: Answer | Failure
    ) -> Sequence[Outcome]:
        """Done for any 2xx that is empty or EduBridge's own words; one that says
        something else (a page of a gateway, a body that was cut) is in doubt."""
        (operation,) = request.operations
        if ended_already(request, answer):
            return [Outcome(operation, State.DONE, status=answer.status)]
        if isinstance(answer, Failure):
            return [failed(operation, answer)]
        body = json_or_none(answer)
        if told := refusal(answer, body):
            return [failed(operation, told)]
        if answer.body.strip() and not isinstance(body, dict):
            return [failed(operation, _unclear(answer))]
        remote_id = _identifier(body)
        return [Outcome(operation, State.DONE, answer.status, remote_id)]

    def take_apart(
        self, request: Request, failure: Failure
    ) -> Sequence[tuple[str, ...]]:
        """Each request carries one operation."""
        return ()

    def lookup(self, operation: Operation) -> Sequence[Listing]:
        """The person's own list, which says where, and what the list of enrollments
        holds of him, which says whether it is still in force."""
        user = (operation.after or operation.before or {})["userSourcedId"]
        listing = replace(self._list("enrollments"), absent=_NO_FILTER)
        if "'" not in user:  # OneRoster publishes no way to escape one
            chosen = ("filter", f"user.sourcedId='{user}'")
            listing = replace(listing, query=(*listing.query, chosen))
        classes = replace(self._list("classes"), absent=_NO_FILTER)
        return [_own_list(user), listing, classes]

    def probes(self) -> Sequence[Listing]:
        """Every list, one record of each."""
        return [replace(self._list(label), limit=1) for label in READERS]


def _before(wants: Wants) -> tuple[str, ...]:
    """The lists that are read before that of the enrollments."""
    if Entity.ENROLLMENTS in wants.entities:
        return "users", "classes", "courses", "orgs"
    return ("users", "orgs") if set(PEOPLE) & set(wants.entities) else ()


def _own_list(user: str) -> Listing:
    return Listing(
        "enrollments",
        SERVICE,
        f"{edubridge.EDUBRIDGE}/user/{segment(user)}",
        paged=False,
        subject=user,
        absent=(_GONE,),
        barred=(_FORBIDDEN,),
        feeds=(Entity.ENROLLMENTS.value,),
    )


def _everybodys(wants: Wants, people: pl.DataFrame) -> list[Listing]:
    """The own lists of all who matter, each of which must be had. Those that are empty
    leave no trace in a table, so the witness's is read again, as a sign that all were
    asked."""
    told = mirroring.witnesses(wants, people, WITNESSES)
    rest = sorted(set(mirroring.users_that_matter(wants, people)) - set(told))
    found = [_own_list(user) for user in rest]
    found += [replace(_own_list(user), label=ASKED) for user in told]
    return [replace(one, barred=()) for one in found]


def _unclear(answer: Answer) -> Failure:
    message = "the answer is a success in no words of EduBridge"
    return Failure(
        FailureKind.RETRY, answer.status, "unreadable", message, in_doubt=True
    )


def _identifier(body: Json | None) -> str | None:
    """The id of the enrollment, where the answer says one."""
    data = body.get("data") if isinstance(body, dict) else None
    found = data.get("id") if isinstance(data, dict) else None
    return found if isinstance(found, str) else None
