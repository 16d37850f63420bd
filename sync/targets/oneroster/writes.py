"""Operations -> the requests of a OneRoster server that takes writes.

In: operations of one wave. Out: one request for each record, PUT, POST or DELETE by
the configured dialect, and one for all links of a student, which are a part of his
record. Students and users are all users.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sync.model.entities import PEOPLE, Entity
from sync.model.ids import Ids
from sync.model.operation import Operation, Verb
from sync.model.request import Json, Request
from sync.targets.common.answers import segment
from sync.targets.oneroster import bodies
from sync.targets.oneroster.config import SERVICE, OneRosterSettings
from sync.targets.oneroster.shapes import SHAPES, USER, USERS

TAKEN = (409, 422)
"""How a POST is answered where the identifier is there already."""
ABSENT = (404,)
_LEFT_WITH = "_agents"
"""In what is carried along: the guardians with whom a student is written, whatever he
had when he was read."""
Values = dict[str, Any]


class Writes:
    """The writes of one server, in its dialect, under the policies of removal."""

    def __init__(
        self, settings: OneRosterSettings, policies: Mapping[Entity, str]
    ) -> None:
        """Nothing is checked here."""
        self._settings = settings
        self._policies = policies

    def compose(self, operations: Iterable[Operation], ids: Ids) -> Iterator[Request]:
        """The requests, the links of each student where his first one stands."""
        given = list(operations)
        links: dict[str, list[Operation]] = {}
        for one in given:
            if one.entity is Entity.AGENTS:
                links.setdefault(_student(one), []).append(one)
        new = {ids.get(one.key, one.key) for one in given if _is_new_person(one)}
        for one in given:
            if _is_new_person(one):
                yield self._record(_without(one, new), ids)
            elif one.entity is not Entity.AGENTS:
                yield self._record(one, ids)
            elif (mine := links.pop(_student(one), None)) is not None:
                yield self._links(mine, ids)

    def _record(self, operation: Operation, ids: Ids) -> Request:
        people = operation.entity in PEOPLE
        path = USERS if people else SHAPES[operation.entity].path
        own = ids.of(operation.entity).get(operation.key)
        identifier = operation.remote_id or own or operation.key
        done = (operation.id,)
        if self._deletes(operation):
            where = f"/{path}/{segment(identifier)}"
            return Request(SERVICE, "DELETE", where, operations=done)
        if people:
            body = self._user(operation, identifier, ids)
        else:
            body = self._other(operation, identifier, ids)
        return self._sent(path, identifier, body, operation)

    def _deletes(self, operation: Operation) -> bool:
        gone = operation.verb is Verb.REMOVE
        return gone and self._policies.get(operation.entity) == "delete"

    def _sent(
        self, path: str, identifier: str, body: Json, operation: Operation
    ) -> Request:
        done = (operation.id,)
        put = Request(
            SERVICE, "PUT", f"/{path}/{segment(identifier)}", body, operations=done
        )
        if self._settings.writes != "post-put":
            return put
        post = Request(
            SERVICE, "POST", f"/{path}", body, repeatable=False, operations=done
        )
        if operation.verb is Verb.CREATE:
            return _either(post, put, TAKEN)
        # What is to end and is not there is not made for that.
        return put if operation.ends else _either(put, post, ABSENT)

    def _user(self, operation: Operation, identifier: str, ids: Ids) -> Json:
        rest = dict(operation.rest)
        left_with = rest.pop(_LEFT_WITH, None)
        body = bodies.user(
            identifier,
            ids.remote(operation.entity, _values(operation)),
            rest,
            operation.fields,
            old=self._settings.old,
        )
        if left_with is not None:  # links that changed in an earlier phase
            theirs = {ids.get(one, one) for one in left_with}
            return {USER: bodies.with_agents(body, rest, theirs)}
        return {USER: body}

    def _other(self, operation: Operation, identifier: str, ids: Ids) -> Json:
        after = ids.remote(operation.entity, _values(operation))
        # What is made anew says what it said; what is new has nothing else to say.
        new = operation.verb is Verb.CREATE
        rest = (operation.rest or None) if new else operation.rest
        return bodies.record(
            operation.entity, identifier, after, rest, operation.fields
        )

    def _links(self, operations: Sequence[Operation], ids: Ids) -> Request:
        """The student's record with the guardians that he is to have."""
        told = operations[0].rest
        student = _student(operations[0])
        identifier = told.get("remote_id") or ids.get(student, student)
        rest = told.get("rest") or {}
        person = ids.remote(Entity.STUDENTS, told.get("person") or {})
        body = bodies.user(identifier, person, rest, None, old=self._settings.old)
        whole = bodies.with_agents(body, rest, _guardians(operations, rest, ids))
        return Request(
            SERVICE,
            "PUT",
            f"/{USERS}/{segment(identifier)}",
            {USER: whole},
            operations=tuple(one.id for one in operations),
        )


def _is_new_person(operation: Operation) -> bool:
    return operation.entity in PEOPLE and operation.verb is Verb.CREATE


def _without(operation: Operation, new: Collection[str]) -> Operation:
    """A student who is made anew, with those of his guardians who are there already:
    the others get their links when they have been made as well."""
    held = bodies.agents_of(operation.rest)
    if not held & set(new):
        return operation
    return replace(
        operation, rest=operation.rest | {_LEFT_WITH: sorted(held - set(new))}
    )


def _values(operation: Operation) -> Values:
    return dict(operation.after or operation.before or {})


def _student(operation: Operation) -> str:
    return str(_values(operation)["studentSourcedId"])


def _guardians(
    operations: Sequence[Operation], rest: Mapping[str, Any], ids: Ids
) -> set[str]:
    """Those whom he has, with the new ones among these operations and without the
    ended ones: others of the plan may not have been carried out."""
    named = {one.id: str(_values(one)["agentSourcedId"]) for one in operations}
    theirs = {one: ids.get(agent, agent) for one, agent in named.items()}
    ends = {theirs[one.id] for one in operations if one.ends}
    new = {theirs[one.id] for one in operations if not one.ends}
    held = bodies.agents_of(rest)
    if ends:  # the new ones were written in an earlier phase
        held |= {ids.get(one, one) for one in operations[0].rest.get("agents") or ()}
    return (held | new) - ends


def _either(first: Request, second: Request, statuses: tuple[int, ...]) -> Request:
    return Request(
        first.service,
        first.method,
        first.path,
        first.body,
        repeatable=first.repeatable,
        operations=first.operations,
        otherwise=second,
        otherwise_on=statuses,
    )
