"""Open edX as a target: which lists to read, which requests to send."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

import polars as pl

from sync.errors import ConfigError
from sync.model.capabilities import Capabilities
from sync.model.entities import Entity
from sync.model.ledger import LedgerView
from sync.model.mirror import Mirror
from sync.model.operation import Operation, Verb
from sync.model.outcome import Failure, Outcome
from sync.model.request import Answer, Listing, Page, Request
from sync.model.roster import Roster
from sync.targets.base import Projection, Wants
from sync.targets.common.alike import none_of, one_wave
from sync.targets.common.projecting import Context
from sync.targets.openedx import answers, bodies, mirror, records, silence
from sync.targets.openedx.config import SERVICE, OpenedxSettings
from sync.targets.openedx.courses import COURSE, IDENTIFIER, plausible, with_course
from sync.targets.openedx.project import Setting, project
from sync.wire.auth import Service

LIST = "/api/so2/v1/enrollments"
HEADERS = (
    ("Content-Type", "application/json"),
    ("Access-Control-Request-Headers", "authorization"),
)
"""MOOCit's enrollments page asks for both, also of a GET."""
MOST_LISTS = 200
"""Courses that are listed one by one; of more the one list of all is read."""
REMOVALS = ("inactive", "tobedeleted")
LACKS = {
    Entity.STUDENTS: "Open edX has its own accounts",
    Entity.USERS: "Open edX has its own accounts",
    Entity.AGENTS: "Open edX holds no guardian links",
}


class OpenedxTarget:
    """One LMS. Pure: it never waits, sends or reads a clock."""

    def __init__(
        self, settings: OpenedxSettings, policies: Mapping[Entity, str]
    ) -> None:
        """Check what the configuration asks for. Raises ``ConfigError``."""
        policy = policies.get(Entity.ENROLLMENTS, "keep")
        if policy not in ("keep", *REMOVALS):
            problem = f'Open edX has no removal "{policy}" for enrollments'
            do = f"choose one of keep, {', '.join(REMOVALS)}"
            raise ConfigError(None, "removal.enrollments", problem, do=do)
        self.settings = settings

    @property
    def capabilities(self) -> Capabilities:
        """Learners are enrolled and unenrolled; accounts are theirs."""
        return Capabilities(
            verbs={Entity.ENROLLMENTS: frozenset(Verb)},
            fields={Entity.ENROLLMENTS: ("status",)},
            removals={Entity.ENROLLMENTS: REMOVALS},
            keeps_dates=False,
            names_enrollments=False,
            # Whoever is enrolled already would be mailed again.
            once=frozenset(
                {Entity.ENROLLMENTS} if self.settings.email_students else ()
            ),
            reads=(Entity.COURSES, Entity.USERS, Entity.ENROLLMENTS),
            lacks=LACKS,
            batched=True,
        )

    @property
    def services(self) -> Mapping[str, Service]:
        """The LMS."""
        return self.settings.services()

    def listings(
        self, wants: Wants, tables: Mapping[str, pl.DataFrame]
    ) -> Sequence[Listing]:
        """A list for each course in scope, or one of all; then some people's own lists,
        where a course came empty that should not be."""
        if Entity.ENROLLMENTS not in wants.entities or silence.WITNESS in tables:
            return ()
        if tables:
            asked = silence.witnesses(wants, tables)
            return [replace(_of_username(one), label=silence.WITNESS) for one in asked]
        scope = self._scope(wants)
        if scope is None or len(scope) > MOST_LISTS:
            return [_everything()]
        return [_of_course(course) for course in scope]

    def _scope(self, wants: Wants) -> tuple[str, ...] | None:
        """The courses that are ours: by the configuration, or else those that drop or
        ledger (of what is not over) name; null where nothing names any."""
        if self.settings.courses:
            return tuple(sorted(set(self.settings.courses)))
        known = silence.known_pairs(wants.ledger)
        named = [known.filter(~pl.col("ended"))[COURSE]]
        if wants.roster is not None and Entity.ENROLLMENTS in wants.roster.frames:
            rows = wants.roster.frames[Entity.ENROLLMENTS]
            found = with_course(rows, wants.roster).filter(
                plausible(COURSE), pl.col("role").eq_missing("student")
            )
            named.append(found[COURSE])
        elif named[0].is_empty():
            return None
        return tuple(pl.concat(named).drop_nulls().unique().sort())

    def read(self, listing: Listing, answer: Answer) -> tuple[pl.DataFrame, Page]:
        """One page of a list of enrollments."""
        return records.read(answer)

    def assemble(
        self, wants: Wants, tables: Mapping[str, pl.DataFrame]
    ) -> Mapping[Entity, pl.DataFrame]:
        """The mirror's enrollments, and the courses that they are of."""
        if Entity.ENROLLMENTS not in wants.entities:
            return {}
        scope = self._scope(wants)
        rows = mirror.enrollments(wants, tables, self.settings.identifier, scope)
        if wants.roster is None:
            return mirror.in_full(rows)
        return {
            Entity.COURSES: mirror.courses(wants, tables, scope or ()),
            Entity.ENROLLMENTS: rows,
        }

    def project(
        self, roster: Roster, mirror: Mirror, ledger: LedgerView, today: date
    ) -> Projection:
        """What Open edX can hold of the roster."""
        setting = Setting(
            self.settings.identifier,
            self.settings.courses,
            self.settings.preserve_mode,
        )
        return project(Context(roster, mirror, today), ledger, setting)

    def cannot_end(self, entity: Entity, joined: pl.DataFrame) -> tuple[pl.Series, str]:
        """Every enrollment ends by itself."""
        return none_of(joined), ""

    def waves(self, operations: pl.DataFrame) -> pl.Series:
        """Nothing waits for anything."""
        return one_wave(operations)

    def compose(
        self, operations: Iterable[Operation], ids: Mapping[str, str]
    ) -> Iterable[Request]:
        """The fewest calls that touch exactly the pairs of these operations."""
        return bodies.requests(list(operations), self.settings)

    def interpret(
        self, request: Request, answer: Answer | Failure
    ) -> Sequence[Outcome]:
        """By the state after the call, person by person."""
        return answers.outcomes(request, answer)

    def take_apart(
        self, request: Request, failure: Failure
    ) -> Sequence[tuple[str, ...]]:
        """By course, then by person."""
        return answers.parts(request, failure)

    def lookup(self, operation: Operation) -> Sequence[Listing]:
        """The list of its course; of somebody whose username is known his own."""
        values = operation.after or operation.before or {}
        if self.settings.identifier == "username":
            return [_of_username(values[IDENTIFIER])]
        return [_of_course(values[COURSE])]

    def probes(self) -> Sequence[Listing]:
        """The lists of our courses; where none are named, what is new of the last day:
        the list of all may be as large as the LMS."""
        courses = sorted(set(self.settings.courses))[:MOST_LISTS]
        if courses:
            return [_of_course(course) for course in courses]
        return [_list(("days", "1"))]


def _list(*query: tuple[str, str]) -> Listing:
    """At most one filter: what several mean together is not documented."""
    return Listing(
        Entity.ENROLLMENTS.value,
        SERVICE,
        LIST,
        query=query,
        window=None,
        headers=HEADERS,
        feeds=(Entity.ENROLLMENTS.value,),
    )


def _everything() -> Listing:
    return _list()


def _of_course(course: str) -> Listing:
    return replace(_list(("course_id", course)), subject=course, barred=(403, 404))


def _of_username(username: str) -> Listing:
    return replace(_list(("username", username)), absent=(404,))
