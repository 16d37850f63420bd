"""TimeBack as a target: what it can do, which lists to read, which requests to send."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import unquote

import polars as pl

from sync.errors import ConfigError
from sync.model.capabilities import Capabilities
from sync.model.entities import PEOPLE, REFERENCE, Entity
from sync.model.ledger import LedgerView
from sync.model.mirror import Mirror
from sync.model.normalise import FIELD_SEPARATOR, ROLE_SEPARATOR, decode_roles
from sync.model.operation import Operation, Verb
from sync.model.outcome import Failure, Outcome, State
from sync.model.request import Answer, Json, Listing, Page, Request
from sync.model.roster import Roster
from sync.targets.base import Projection, Wants
from sync.targets.common import edubridge, records
from sync.targets.common.alike import none_of, one_wave
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
from sync.targets.common.mirroring import STUDENT_ROLE
from sync.targets.timeback import bodies, mirror, project
from sync.targets.timeback.config import TimebackSettings
from sync.targets.timeback.records import links
from sync.wire.auth import Service
from sync.wire.failures import parse_json

ONEROSTER = "/ims/oneroster/rostering/v1p2"
PLATFORM = "/rostering/1.0"
API_PAGE = 3000
"""Records; OneRoster v1p2 enrollments page, limit."""
PLATFORM_PAGE = 100
"""Records; platform documentation, limit."""

ALL_VERBS = frozenset(Verb)
PEOPLE_FIELDS = (
    *records.PERSON_TEXTS,
    *("birthDate", "grades", "primaryOrgSourcedId", "roles"),
)
ENROLLMENT_FIELDS = (
    "status",
    "role",
    "primary",
    "beginDate",
    "endDate",
    "userSourcedId",
    "classSourcedId",
    "schoolSourcedId",
)
REMOVALS = {
    Entity.STUDENTS: ("inactive", "tobedeleted"),
    Entity.USERS: ("inactive", "tobedeleted"),
    Entity.AGENTS: ("delete",),
    Entity.ENROLLMENTS: ("inactive", "tobedeleted", "delete"),
}
API_ADMINISTRATORS = (
    "administrator",
    "system_administrator",
    "counselor",
    "principal",
    "siteAdministrator",
    "districtAdministrator",
    "systemAdministrator",
)
"""Roles that the api's enumeration does not tell apart."""

READERS: Mapping[str, Read] = {
    "orgs": records.orgs,
    "academicSessions": records.sessions,
    "courses": records.courses,
    "classes": records.classes,
    "users": records.people,
    "enrollments": records.enrollments,
}
SINGLE = {"users": "user", "enrollments": "enrollment"}


class TimebackTarget:
    """One TimeBack environment. Pure: it never waits, sends or reads a clock."""

    def __init__(
        self, settings: TimebackSettings, policies: Mapping[Entity, str]
    ) -> None:
        """Check what the configuration asks for. Raises ``ConfigError``."""
        for entity, policy in policies.items():
            allowed = ("keep", *REMOVALS.get(entity, ()))
            if policy not in allowed:
                problem = f'TimeBack has no removal "{policy}" for {entity.value}'
                do = f"choose one of {', '.join(allowed)}"
                raise ConfigError(None, f"removal.{entity.value}", problem, do=do)
        self.settings = settings
        self.policies = policies
        self.edubridge = settings.enrollments == "edubridge"

    @property
    def capabilities(self) -> Capabilities:
        """People by upsert, links by put and delete, enrollments by either route."""
        enrollments = ("status",) if self.edubridge else ENROLLMENT_FIELDS
        reads = (*REFERENCE, Entity.STUDENTS, Entity.USERS, Entity.AGENTS)
        return Capabilities(
            verbs=dict.fromkeys(REMOVALS, ALL_VERBS),
            fields={
                Entity.STUDENTS: PEOPLE_FIELDS,
                Entity.USERS: PEOPLE_FIELDS,
                Entity.AGENTS: ("status", "relationshipType"),
                Entity.ENROLLMENTS: enrollments,
            },
            removals=REMOVALS,
            keeps_dates=not self.edubridge,
            allocates=not self.edubridge,
            # Creating is an upsert: it would overwrite whom the list left out.
            once=frozenset({Entity.STUDENTS, Entity.USERS, Entity.ENROLLMENTS}),
            reads=(*reads, Entity.ENROLLMENTS) if self.settings.api else reads,
            elsewhere="people are written on the platform and read from the api: see "
            "people_from in the configuration"
            if self.settings.reads_api
            else None,
            comparisons=self._comparisons(),
            marked=frozenset({Entity.ENROLLMENTS}),
        )

    def _comparisons(self) -> dict[Entity, dict[str, Callable[[pl.Expr], pl.Expr]]]:
        if not self.settings.reads_api:
            return {Entity.STUDENTS: {"roles": _other_roles}}
        # The api says only active and tobedeleted, and has fewer roles.
        return {
            Entity.STUDENTS: {
                "status": _ended,
                "roles": lambda column: _api_roles(_other_roles(column)),
            },
            Entity.USERS: {"status": _ended, "roles": _api_roles},
        }

    @property
    def services(self) -> Mapping[str, Service]:
        """The platform, and the api where it is configured."""
        return self.settings.services()

    def listings(
        self, wants: Wants, tables: Mapping[str, pl.DataFrame]
    ) -> Sequence[Listing]:
        """First the lists, then the guardians of the students that matter."""
        if not tables:
            return self._lists(wants)
        if Entity.AGENTS not in wants.entities or "agents" in tables:
            return ()
        if "users" not in tables:
            return ()
        students = mirror.students_that_matter(
            wants, tables["users"], types_matter=not self.settings.reads_api
        )
        return [_guardians(student) for student in students]

    def _lists(self, wants: Wants) -> list[Listing]:
        people = {Entity.STUDENTS, Entity.USERS, Entity.AGENTS} & set(wants.entities)
        enrollments = Entity.ENROLLMENTS in wants.entities and self.settings.api
        fed = tuple(sorted(entity.value for entity in people))
        users = self._list("users", fed) if people or enrollments else None
        found = [users] if users else []
        names = ["orgs"] if people else []
        if enrollments:
            found.append(self._list("enrollments", ("enrollments",)))
            names += ["classes", "courses"]
        return found + [self._list(name, (name,)) for name in names]

    def _list(self, label: str, feeds: tuple[str, ...]) -> Listing:
        if (label == "users" and not self.settings.reads_api) or not self.settings.api:
            return Listing(
                label,
                "platform",
                f"{PLATFORM}/{label}",
                query=(("sort", "sourcedId"), ("orderBy", "ASC")),
                limit=PLATFORM_PAGE,
                feeds=feeds,
                leads=label == "users",
            )
        return Listing(
            label,
            "api",
            f"{ONEROSTER}/{label}{self._slash}",
            query=(("sort", "sourcedId"), ("orderBy", "asc")),
            limit=API_PAGE,
            feeds=feeds,
            leads=label == "users",
        )

    @property
    def _slash(self) -> str:
        api = self.settings.api
        return "/" if api is not None and api.trailing_slash else ""

    def read(self, listing: Listing, answer: Answer) -> tuple[pl.DataFrame, Page]:
        """One page of a list, or a single record as a page of one."""
        if listing.label == "agents":
            found = envelope(parse_json(answer), "agents")
            frame = links(found, listing.subject or "")
            return frame, Page(received=frame.height)
        reader = READERS[listing.label]
        if not listing.paged:
            body = parse_json(answer)
            record = body.get(SINGLE[listing.label]) if isinstance(body, dict) else None
            return reader([record if record is not None else body]), Page(received=1)
        frame, body = listed(answer, listing.label, reader)
        return frame, page_of(frame, body, answer)

    def assemble(
        self, wants: Wants, tables: Mapping[str, pl.DataFrame]
    ) -> Mapping[Entity, pl.DataFrame]:
        """The mirror's frames."""
        whole = {
            label: with_columns(table, READERS.get(label, _no_links))
            for label, table in tables.items()
        }
        return mirror.assemble(
            wants,
            whole,
            edubridge=self.edubridge,
            types_matter=not self.settings.reads_api,
        )

    def project(
        self, roster: Roster, mirror: Mirror, ledger: LedgerView, today: date
    ) -> Projection:
        """What TimeBack can hold of the roster."""
        ended = ledger.records.filter(
            pl.col("ended") & pl.col("entity").is_in([one.value for one in PEOPLE])
        )
        return project.project(
            project.Context(
                roster,
                mirror,
                today,
                edubridge=self.edubridge,
                writes_enrollments=self.settings.api is not None,
                ended=ended["key"],
            )
        )

    def cannot_end(self, entity: Entity, joined: pl.DataFrame) -> tuple[pl.Series, str]:
        """Of enrollments that EduBridge would end together with others."""
        if entity is Entity.ENROLLMENTS and self.edubridge:
            return edubridge.cannot_end(joined), edubridge.ENDS_ALL
        return none_of(joined), ""

    def waves(self, operations: pl.DataFrame) -> pl.Series:
        """EduBridge's first enrollments of a course and school go ahead."""
        if self.edubridge:
            return edubridge.waves(operations)
        return one_wave(operations)

    def compose(
        self, operations: Iterable[Operation], ids: Mapping[str, str]
    ) -> Iterable[Request]:
        """One request for each operation."""
        for operation in operations:
            yield self._request(operation, ids)

    def _request(self, operation: Operation, ids: Mapping[str, str]) -> Request:
        match operation.entity:
            case Entity.STUDENTS | Entity.USERS:
                return _put_person(operation)
            case Entity.AGENTS:
                return self._link(operation, ids)
            case Entity.ENROLLMENTS if self.edubridge:
                return edubridge.request("api", operation, ids)
            case Entity.ENROLLMENTS:
                return self._enrollment(operation, ids)
            case _:
                message = f"TimeBack does not write {operation.entity.value}"
                raise ValueError(message)

    def _link(self, operation: Operation, ids: Mapping[str, str]) -> Request:
        values = operation.after or operation.before or {}
        student = ids.get(values["studentSourcedId"], values["studentSourcedId"])
        agent = ids.get(values["agentSourcedId"], values["agentSourcedId"])
        named = values | {"studentSourcedId": student, "agentSourcedId": agent}
        own = operation.remote_id or bodies.link_id(
            named, derived=self.settings.agent_ids == "uuid5"
        )
        path = f"{PLATFORM}/students/{segment(student)}/agents/{segment(own)}"
        if operation.ends:
            return Request("platform", "DELETE", path, operations=(operation.id,))
        body = bodies.link(agent, values.get("relationshipType"))
        return Request("platform", "PUT", path, body, operations=(operation.id,))

    def _enrollment(self, operation: Operation, ids: Mapping[str, str]) -> Request:
        values = dict(operation.after or operation.before or {})
        values["userSourcedId"] = ids.get(
            values["userSourcedId"], values["userSourcedId"]
        )
        identifier = operation.remote_id or operation.key
        path = f"{ONEROSTER}/enrollments"
        done = (operation.id,)
        if operation.verb is Verb.CREATE:
            body = {"enrollment": bodies.enrollment(identifier, values, operation.rest)}
            where = path + self._slash
            return Request(
                "api", "POST", where, body, repeatable=False, operations=done
            )
        path = f"{path}/{segment(identifier)}"
        gone = operation.verb is Verb.REMOVE
        if gone and self.policies[Entity.ENROLLMENTS] == "delete":
            return Request("api", "DELETE", path, operations=done)
        if operation.ends:
            values["status"] = "tobedeleted"
        body = {"enrollment": bodies.enrollment(identifier, values, operation.rest)}
        return Request("api", "PUT", path, body, operations=done)

    def interpret(
        self, request: Request, answer: Answer | Failure
    ) -> Sequence[Outcome]:
        """Done for any 2xx whose body does not say otherwise."""
        (operation,) = request.operations
        if ended_already(request, answer):
            return [Outcome(operation, State.DONE, status=answer.status)]
        if isinstance(answer, Failure):
            return [failed(operation, answer)]
        body = json_or_none(answer)
        if told := refusal(answer, body):
            return [failed(operation, told)]
        return [
            Outcome(
                operation,
                State.DONE,
                status=answer.status,
                remote_id=_remote_id(request, body),
            )
        ]

    def take_apart(
        self, request: Request, failure: Failure
    ) -> Sequence[tuple[str, ...]]:
        """Each request carries one operation."""
        return ()

    def probes(self) -> Sequence[Listing]:
        """Every list of either service, one record of each."""
        labels = ["users", "orgs"]
        if self.settings.api:
            labels += ["courses", "classes", "enrollments"]
        found = [replace(self._list(label, (label,)), limit=1) for label in labels]
        platform = Listing("users", "platform", f"{PLATFORM}/users", limit=1)
        return found if not self.settings.reads_api else [platform, *found]

    def lookup(self, operation: Operation) -> Sequence[Listing]:
        """How to read this one record."""
        values = operation.after or operation.before or {}
        match operation.entity:
            case Entity.STUDENTS | Entity.USERS:
                return [self._single_user(operation.remote_id or operation.key)]
            case Entity.AGENTS:
                return [_guardians(values["studentSourcedId"])]
            case _:
                return self._enrollments_of(values["userSourcedId"])

    def _single_user(self, identifier: str) -> Listing:
        api = self.settings.reads_api
        base = ONEROSTER if api else PLATFORM
        return Listing(
            "users",
            "api" if api else "platform",
            f"{base}/users/{segment(identifier)}",
            paged=False,
            absent=(404,),
            feeds=("students", "users"),
        )

    def _enrollments_of(self, user: str) -> list[Listing]:
        """The enrollments guide filters by user; without a quote in the value, since
        OneRoster publishes no way to escape one."""
        listing = self._list("enrollments", ("enrollments",))
        if "'" in user:
            return [listing, self._list("classes", ("classes",))]
        chosen = Listing(
            "enrollments",
            "api",
            listing.path,
            query=(*listing.query, ("filter", f"user.sourcedId='{user}'")),
            limit=listing.limit,
            feeds=("enrollments",),
        )
        return [chosen, self._list("classes", ("classes",))]


def _no_links(found: Sequence[Any]) -> pl.DataFrame:
    return links(found, "")


def _ended(column: pl.Expr) -> pl.Expr:
    return column.replace("inactive", "tobedeleted")


def _other_roles(column: pl.Expr) -> pl.Expr:
    """The roles besides that of student, which the platform assigns by itself."""
    others = column.str.split(ROLE_SEPARATOR).list.filter(
        ~pl.element().str.contains(STUDENT_ROLE, literal=True)
    )
    return others.list.join(ROLE_SEPARATOR).replace("", None)


def _api_roles(column: pl.Expr) -> pl.Expr:
    """Roles in the words of the api, in order."""
    found = column.str.replace_all(
        f"{FIELD_SEPARATOR}(?:{'|'.join(API_ADMINISTRATORS)}){FIELD_SEPARATOR}",
        f"{FIELD_SEPARATOR}administrator{FIELD_SEPARATOR}",
    )
    ordered = found.str.split(ROLE_SEPARATOR).list.unique().list.sort()
    return ordered.list.join(ROLE_SEPARATOR)


def _guardians(student: str) -> Listing:
    return Listing(
        "agents",
        "platform",
        f"{PLATFORM}/users/{segment(student)}/agents",
        paged=False,
        subject=student,
        absent=(404,),
        feeds=("agents",),
    )


def _put_person(operation: Operation) -> Request:
    """Students by their own upsert; with other roles as well, by that of users."""
    after = operation.after or {}
    identifier = operation.remote_id or operation.key
    person = bodies.person(identifier, after, operation.rest, operation.fields)
    held = {role for _, role, _ in decode_roles(after.get("roles"))}
    done = (operation.id,)
    if operation.entity is Entity.STUDENTS and held <= {"student"}:
        body = {"student": person}
        return Request("platform", "PUT", f"{PLATFORM}/students", body, operations=done)
    person["roles"] = bodies.roles(after)
    if operation.entity is Entity.STUDENTS and "student" not in held:
        org = {"sourcedId": after.get("primaryOrgSourcedId"), "type": "org"}
        own = {"roleType": "primary", "role": "student", "org": org}
        person["roles"] = [own, *person["roles"]]
    path = f"{PLATFORM}/users/{segment(identifier)}"
    return Request("platform", "PUT", path, {"user": person}, operations=done)


def _remote_id(request: Request, body: Json | None) -> str | None:
    """The id that the system gave, where it says one; for links the one in the path."""
    if "/agents/" in request.path:
        return (
            None
            if request.method == "DELETE"
            else unquote(request.path.rsplit("/", 1)[1])
        )
    if not isinstance(body, dict):
        return None
    pairs = body.get("sourcedIdPairs")
    if isinstance(pairs, dict):
        return pairs.get("allocatedSourcedId")
    for name in ("student", "user", "enrollment"):
        if isinstance(body.get(name), dict):
            found = body[name].get("sourcedId")
            return found if isinstance(found, str) else None
    data = body.get("data")
    found = data.get("id") if isinstance(data, dict) else None
    return found if isinstance(found, str) else None
