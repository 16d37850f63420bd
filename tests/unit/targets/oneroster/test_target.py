from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest

from sync.model.entities import REFERENCE, SYNCED, Entity
from sync.model.operation import OPERATION_SCHEMA, Operation, Phase, Verb
from sync.model.outcome import Failure, FailureKind, State
from sync.model.request import Answer, Request
from sync.targets.base import Wants
from tests.unit.targets.oneroster.conftest import Make

WANTS = Wants((*REFERENCE, *SYNCED))


def answer(body: Any = None, status: int = 200) -> Answer:
    return Answer(status, {}, b"" if body is None else json.dumps(body).encode())


def put(*operations: str, path: str = "/users/s1", method: str = "PUT") -> Request:
    return Request("oneroster", method, path, {}, operations=operations)


def test_all_of_a_roster_is_written_and_read(oneroster: Make) -> None:
    able = oneroster().capabilities
    assert set(able.verbs) == set(able.reads) == {*REFERENCE, *SYNCED}
    assert (able.batched, able.deltas, able.links_within) == (True, True, True)
    assert (able.keeps_dates, able.writes) == (True, True)
    assert oneroster(writes="none").capabilities.writes is False


def test_fields_are_those_that_the_version_holds(oneroster: Make) -> None:
    new = oneroster().capabilities.fields
    old = oneroster(version="1.1").capabilities.fields
    assert "primaryOrgSourcedId" in new[Entity.STUDENTS]
    assert "primaryOrgSourcedId" not in old[Entity.STUDENTS]
    for fields in (new, old):
        assert "birthDate" not in fields[Entity.USERS]
        assert fields[Entity.AGENTS] == ("status",)
        assert {"endDate", "classSourcedId"} <= set(fields[Entity.ENROLLMENTS])


@pytest.mark.parametrize(
    ("knows", "person", "seat"),
    [
        (False, {"enabledUser": "false"}, {"status": "tobedeleted"}),
        (True, {"status": "inactive"}, {"status": "inactive"}),
    ],
)
def test_inactive_ends_as_far_as_the_server_knows_it(
    oneroster: Make, knows: bool, person: Any, seat: Any
) -> None:
    able = oneroster(inactive_status=knows).capabilities
    assert able.ending(Entity.STUDENTS, "inactive") == person
    assert able.ending(Entity.ENROLLMENTS, "inactive") == seat
    assert able.ending(Entity.STUDENTS, "tobedeleted") == {"status": "tobedeleted"}


@pytest.mark.parametrize(
    ("entity", "field", "ours", "theirs"),
    [
        (Entity.ENROLLMENTS, "primary", None, "false"),
        (Entity.ENROLLMENTS, "status", "active", None),
        (Entity.STUDENTS, "enabledUser", "true", None),
        (Entity.COURSES, "subjects", "Math, Art", "Art,Math"),
        (Entity.CLASSES, "periods", "2,1", "1,2"),
    ],
)
def test_what_says_the_same_is_equal(
    oneroster: Make, entity: Entity, field: str, ours: str | None, theirs: str | None
) -> None:
    compare = oneroster().capabilities.comparisons[entity][field]
    frame = pl.DataFrame(
        {"a": [ours], "b": [theirs]}, schema={"a": pl.String, "b": pl.String}
    )
    same = compare(pl.col("a")).eq_missing(compare(pl.col("b")))
    assert frame.select(same).to_series().to_list() == [True]


def test_after_the_lists_nothing_more_is_read_where_nothing_is_hidden(
    oneroster: Make,
) -> None:
    target = oneroster()
    users = target.listings(WANTS, {})[4]
    frame, _ = target.read(users, answer({"users": []}))
    tables = {"users": frame}
    assert list(target.listings(WANTS, tables)) == []
    assert list(oneroster(writes="none").listings(WANTS, tables)) == []
    assert list(target.listings(Wants((Entity.ENROLLMENTS,)), tables)) == []


def test_the_list_of_people_alone_leads_to_those_whose_guardians_it_hides(
    oneroster: Make,
) -> None:
    lists = oneroster().listings(WANTS, {})
    assert [one.label for one in lists if one.leads] == ["users"]


def test_pages_are_as_large_as_configured(oneroster: Make) -> None:
    assert {one.limit for one in oneroster().listings(WANTS, {})} == {3000}
    small = oneroster(page_size=7).listings(WANTS, {})
    assert {one.limit for one in small} == {7}
    assert {one.limit for one in oneroster().probes()} == {1}


@pytest.mark.parametrize(
    ("request_", "body", "given"),
    [
        (put("users:u1"), None, None),
        (put("users:u1"), {"user": {"sourcedId": "x"}}, "x"),
        (
            put("orgs:o1", path="/orgs", method="POST"),
            {"sourcedIdPairs": {"allocatedSourcedId": "x"}},
            "x",
        ),
        (put("agents:s1/g1"), {"user": {"sourcedId": "s1"}}, None),
        (put("users:u1"), {"imsx_codeMajor": "processing"}, None),
    ],
)
def test_a_success_is_done_and_may_tell_an_id(
    oneroster: Make, request_: Request, body: Any, given: str | None
) -> None:
    [outcome] = oneroster().interpret(request_, answer(body, 201))
    assert (outcome.state, outcome.status) == (State.DONE, 201)
    assert outcome.remote_id == given


def test_a_failure_in_a_success_fails_every_operation_of_the_request(
    oneroster: Make,
) -> None:
    body = {"imsx_codeMajor": "failure", "imsx_description": "no such org"}
    found = oneroster().interpret(put("agents:s1/a", "agents:s1/b"), answer(body))
    assert [one.operation for one in found] == ["agents:s1/a", "agents:s1/b"]
    assert {one.state for one in found} == {State.FAILED}
    assert {one.failure.message for one in found if one.failure} == {"no such org"}


@pytest.mark.parametrize(
    ("method", "failure", "state"),
    [
        ("DELETE", Failure(FailureKind.REJECT, 404, "unknownobject", ""), State.DONE),
        ("PUT", Failure(FailureKind.REJECT, 404, "unknownobject", ""), State.FAILED),
        (
            "DELETE",
            Failure(FailureKind.RETRY, 500, "deletefailure", "", in_doubt=True),
            State.SENT,
        ),
        ("DELETE", Failure(FailureKind.FATAL, 403, "forbidden", ""), State.FAILED),
    ],
)
def test_what_is_gone_is_ended_and_other_failures_are_failures(
    oneroster: Make, method: str, failure: Failure, state: State
) -> None:
    target = oneroster()
    [outcome] = target.interpret(put("users:u1", method=method), failure)
    assert outcome.state is state
    assert list(target.take_apart(put("users:u1"), failure)) == []


def operation(entity: Entity, key: str, **facts: Any) -> Operation:
    return Operation(
        **{
            "id": f"{entity.value}:{key}",
            "entity": entity,
            "verb": Verb.UPDATE,
            "key": key,
            "fields": (),
            "before": None,
            "after": {"studentSourcedId": "s/1"},
            "rest": {},
            "phase": Phase.PEOPLE,
            "wave": 0,
            "needs": (),
            "precondition": None,
            "remote_id": None,
            "reason": "",
            "ends": False,
            "file": None,
            "line": None,
        }
        | facts
    )


@pytest.mark.parametrize(
    ("entity", "facts", "path"),
    [
        (Entity.STUDENTS, {}, "/users/k1"),
        (Entity.USERS, {"remote_id": "u@9"}, "/users/u%409"),
        (Entity.AGENTS, {}, "/users/s%2F1"),
        (Entity.ENROLLMENTS, {}, "/enrollments/k1"),
        (Entity.ORGS, {"remote_id": "o/1"}, "/orgs/o%2F1"),
        (Entity.ACADEMIC_SESSIONS, {}, "/academicSessions/k1"),
    ],
)
def test_one_record_is_read_by_its_own_address(
    oneroster: Make, entity: Entity, facts: dict[str, Any], path: str
) -> None:
    target = oneroster()
    [found] = target.lookup(operation(entity, "k1", **facts))
    assert (found.path, found.absent) == (path, (404,))
    assert found.label == path.split("/")[1]
    assert entity.value in found.feeds
    frame, page = target.read(found, answer({"sourcedId": "x"}))
    assert (frame.height, page.received) == (1, 1)


def plan(*rows: tuple[str, str, str | None, bool]) -> pl.DataFrame:
    """Operations: entity, key, parent, whether it ends."""
    return pl.DataFrame(
        [
            {
                "id": f"{entity}:{key}",
                "entity": entity,
                "key": key,
                "verb": "remove" if ends else "create",
                "before": json.dumps({"parentSourcedId": parent}) if ends else None,
                "after": json.dumps({"parentSourcedId": parent}),
                "ends": ends,
            }
            for entity, key, parent, ends in rows
        ],
        schema=OPERATION_SCHEMA,
    )


def test_parents_go_before_their_children_and_end_after_them(oneroster: Make) -> None:
    frame = plan(
        ("orgs", "c", "b", False),
        ("orgs", "b", "a", False),
        ("orgs", "a", "there", False),
        ("academicSessions", "t", "y", False),
        ("academicSessions", "y", None, False),
        ("orgs", "x", None, True),
        ("orgs", "z", "x", True),
        ("classes", "k", None, False),
    )
    waves = oneroster().waves(frame)
    assert waves.to_list() == [2, 1, 0, 1, 0, 1, 0, 0]
    assert waves.dtype == pl.UInt8
    assert oneroster().waves(frame.clear()).to_list() == []


def test_nothing_is_kept_from_ending(oneroster: Make) -> None:
    found, _ = oneroster().cannot_end(Entity.ENROLLMENTS, pl.DataFrame({"a": [1, 2]}))
    assert found.to_list() == [False, False]


def test_only_a_delete_of_records_asks_for_its_scope(
    oneroster: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ID", "me")
    monkeypatch.setenv("SECRET", "hush")

    def asks(target: Any) -> bool:
        scopes = target.services["oneroster"].auth.scopes
        return any(one.endswith("roster.delete") for one in scopes)

    assert not asks(oneroster())
    assert asks(oneroster({Entity.ENROLLMENTS: "delete"}))
