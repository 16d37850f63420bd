"""Schoology as a target: what it can do, what to read, which requests to send."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from http import HTTPStatus

import polars as pl

from sync.errors import ConfigError
from sync.model.capabilities import Capabilities
from sync.model.entities import Entity
from sync.model.ledger import LedgerView
from sync.model.mirror import Mirror
from sync.model.operation import Operation, Verb
from sync.model.outcome import Failure, FailureKind, Outcome
from sync.model.request import Answer, Listing, Page, Request
from sync.model.roster import Roster
from sync.targets.base import ID, Projection, Wants
from sync.targets.common.alike import none_of, one_wave
from sync.targets.common.answers import segment
from sync.targets.common.projecting import Context
from sync.targets.schoology import mirror, project, results
from sync.targets.schoology.answers import items, parse, total
from sync.targets.schoology.bodies import IMPORT, Composer
from sync.targets.schoology.config import SERVICE, SchoologySettings
from sync.targets.schoology.mirror import READERS
from sync.targets.schoology.rules import PENDING, PENDING_WHY
from sync.targets.schoology.way import Way
from sync.wire.auth import Service
from sync.wire.failures import UnreadableError

PAGE = 200
"""Records; the largest page is nowhere told, and clients are seen with this one."""
WINDOW = ("limit", "start")
ITEM = {
    "users": "user",
    "inactive": "user",
    "courses": "course",
    "sections": "section",
    "groups": "group",
    "periods": "gradingperiods",
    "enrollments": "enrollment",
}
"""Label -> the key of a list's records: singular, with one exception."""
REMOVALS = {Entity.ENROLLMENTS: ("inactive", "delete")}
LACKS = {
    Entity.STUDENTS: "Schoology's users are looked up by school_uid, never written",
    Entity.USERS: "Schoology's users are looked up by school_uid, never written",
    Entity.AGENTS: "Schoology's parents are not written",
}
EVERY_STATUS = (("enrollment_status", "1,2,3,4,5"),)
"""Said, because the sample of a list without filters names a filter for status 1."""
ENROLLMENTS = Entity.ENROLLMENTS
FED = (ENROLLMENTS.value,)
REALM_GONE = (403, 404)
NOT_FOR_US = (401, 403, 404)
"""Of lists that a run can do without, and that only some keys may read."""


_NEVER_EMPTY = {
    "users": "the list shows nobody, not even the owner of the key",
    "courses": "the list shows no course at all",
}


class SchoologyTarget:
    """One Schoology district. Pure: it never waits, sends or reads a clock."""

    def __init__(
        self, settings: SchoologySettings, policies: Mapping[Entity, str]
    ) -> None:
        """Check what the configuration asks for. Raises ``ConfigError``."""
        policy = policies.get(Entity.ENROLLMENTS, "keep")
        allowed = ("keep", *REMOVALS[Entity.ENROLLMENTS])
        if policy not in allowed:
            problem = f'Schoology has no removal "{policy}" for enrollments'
            do = f"choose one of {', '.join(allowed)}"
            raise ConfigError(None, "removal.enrollments", problem, do=do)
        self.settings = settings
        self._composer = Composer(settings, deletes=policy == "delete")
        self._way = Way(settings.route, settings.grading_periods, settings.realm)

    @property
    def capabilities(self) -> Capabilities:
        """Enrollments alone, in batches; everything else is looked up."""
        return Capabilities(
            verbs={Entity.ENROLLMENTS: frozenset(Verb)},
            fields={Entity.ENROLLMENTS: ("status", "role")},
            removals=REMOVALS,
            keeps_dates=False,
            # An import would overwrite what the list left out, a POST make it twice.
            once=frozenset({Entity.ENROLLMENTS}),
            reads=(Entity.COURSES, Entity.CLASSES, Entity.USERS, Entity.ENROLLMENTS),
            comparisons={Entity.ENROLLMENTS: {"status": _ended}},
            lacks=LACKS,
            batched=True,
        )

    @property
    def services(self) -> Mapping[str, Service]:
        """The one service."""
        return self.settings.services()

    def listings(
        self, wants: Wants, tables: Mapping[str, pl.DataFrame]
    ) -> Sequence[Listing]:
        """Who and what there is; then the enrollments of the realms that matter."""
        if Entity.ENROLLMENTS not in wants.entities or "enrollments" in tables:
            return ()
        if mirror.reads_back(wants) and not wants.ledger.of(ENROLLMENTS).is_empty():
            realms = mirror.named_realms(wants, tables, ())
            return [self._read_back(one) for one in realms]
        if not tables:
            return self._first()
        second = self._second(wants, tables)
        if second:
            return second
        periods = self.settings.grading_periods
        return self._of_realms(mirror.named_realms(wants, tables, periods))

    def _first(self) -> list[Listing]:
        users = self._list("users", "/users")
        if self.settings.realm == "group":
            return [users, self._list("groups", "/groups")]
        courses = self._list("courses", "/courses")
        periods = replace(
            self._list("periods", "/gradingperiods"),
            # For administrators only; without it a section's own word is taken.
            absent=NOT_FOR_US,
            feeds=(Entity.ACADEMIC_SESSIONS.value,),
        )
        return [users, courses, periods]

    def _second(
        self, wants: Wants, tables: Mapping[str, pl.DataFrame]
    ) -> list[Listing]:
        found: list[Listing] = []
        if "courses" in tables and "sections" not in tables:
            listed = tables["courses"].filter(~pl.col(ID).str.starts_with("?"))
            for course in listed[ID].unique().sort():
                one = self._list("sections", f"/courses/{segment(course)}/sections")
                query = (("include_past", "1"),)
                found.append(
                    replace(one, query=query, subject=course, barred=REALM_GONE)
                )
        if "inactive" not in tables and mirror.strangers(wants, tables):
            inactive = self._list("inactive", "/users/inactive")
            # A list of its own subject may be empty without anybody doubting it.
            found.append(
                replace(
                    inactive,
                    subject="inactive",
                    absent=NOT_FOR_US,
                    feeds=(Entity.USERS.value,),
                )
            )
        return found

    def _list(self, label: str, path: str) -> Listing:
        return Listing(
            label,
            SERVICE,
            path,
            window=WINDOW,
            limit=PAGE,
            feeds=FED,
            headers=self._composer.headers,
            follow=True,
        )

    def _of_realms(self, realms: Iterable[str]) -> list[Listing]:
        return [
            replace(self._of_realm(realm), query=EVERY_STATUS, barred=REALM_GONE)
            for realm in realms
        ]

    def _read_back(self, realm: str) -> Listing:
        """A list in which something of ours should show, or should not: one that may
        not be seen settles nothing, so its refusal is an error."""
        return replace(self._of_realm(realm), query=EVERY_STATUS, absent=(404,))

    def _of_realm(self, realm: str) -> Listing:
        path = self._composer.path(realm)
        return replace(self._list("enrollments", path), subject=realm)

    def read(self, listing: Listing, answer: Answer) -> tuple[pl.DataFrame, Page]:
        """One page of a list, or a single enrollment as a page of one."""
        body = parse(answer)
        read = READERS[listing.label]
        if not listing.paged:
            return read([body]), Page(received=1)
        found = items(body, ITEM[listing.label])
        if listing.label in _NEVER_EMPTY and total(body) == 0:
            message = f"{_NEVER_EMPTY[listing.label]}; see what the key may read"
            raise UnreadableError(message)
        # Links are never followed: their scheme and host are not to be relied on.
        return read(found), Page(received=len(found), total=total(body))

    def assemble(
        self, wants: Wants, tables: Mapping[str, pl.DataFrame]
    ) -> Mapping[Entity, pl.DataFrame]:
        """The mirror's frames."""
        return mirror.assemble(wants, tables)

    def project(
        self, roster: Roster, mirror: Mirror, ledger: LedgerView, today: date
    ) -> Projection:
        """What Schoology can hold of the roster."""
        return project.project(Context(roster, mirror, today), self._way)

    def cannot_end(self, entity: Entity, joined: pl.DataFrame) -> tuple[pl.Series, str]:
        """What is pending is nobody's enrollment yet: it is left as it is."""
        if entity is not Entity.ENROLLMENTS or "r:state" not in joined.columns:
            return none_of(joined), PENDING_WHY
        going = (pl.col("fate") == "remove").fill_null(value=False) | pl.col("ends")
        pending = pl.col("r:state").is_in(PENDING).fill_null(value=False)
        stuck = joined.select((going & pending).alias("stuck")).to_series()
        return stuck, PENDING_WHY

    def waves(self, operations: pl.DataFrame) -> pl.Series:
        """Nothing waits: each section and user has one operation in a plan."""
        return one_wave(operations)

    def compose(
        self, operations: Iterable[Operation], ids: Mapping[str, str]
    ) -> Iterable[Request]:
        """Batches of at most 50."""
        return self._composer.compose(operations)

    def interpret(
        self, request: Request, answer: Answer | Failure
    ) -> Sequence[Outcome]:
        """Each item by its own result."""
        if isinstance(answer, Failure):
            return results.refused(request, answer)
        return results.judged(request, answer)

    def take_apart(
        self, request: Request, failure: Failure
    ) -> Sequence[tuple[str, ...]]:
        """Halves, as long as one item may be the reason. A realm that is refused, or a
        path that is not there, is the reason for all of them."""
        done, status = request.operations, failure.status
        of_one_realm = request.path.startswith(("/sections/", "/groups/"))
        of_periods = request.path.startswith(f"{IMPORT}/")
        nowhere = status == HTTPStatus.NOT_FOUND and (of_one_realm or of_periods)
        denied = status == HTTPStatus.FORBIDDEN
        refused = failure.kind in {FailureKind.REJECT, FailureKind.SPLIT} or denied
        all_of_it = nowhere or (denied and of_one_realm) or status is None
        if len(done) == 1 or failure.in_doubt or all_of_it or not refused:
            return ()
        half = (len(done) + 1) // 2
        return (done[:half], done[half:])

    def lookup(self, operation: Operation) -> Sequence[Listing]:
        """The enrollment by its id; failing that its realm's list, for this user."""
        values = operation.after or operation.before or {}
        own = self._read_back(values["realmId"])
        if operation.remote_id is None:
            return [replace(own, query=(("uid", values["uid"]), *own.query))]
        path = f"{own.path}/{segment(operation.remote_id)}"
        return [replace(own, path=path, query=(), paged=False)]

    def probes(self) -> Sequence[Listing]:
        """Users, and what they are enrolled in, one record of each."""
        where = "groups" if self.settings.realm == "group" else "courses"
        labels = ("users", where)
        return [replace(self._list(one, f"/{one}"), limit=1) for one in labels]


def _ended(column: pl.Expr) -> pl.Expr:
    return column.replace("inactive", "tobedeleted")
