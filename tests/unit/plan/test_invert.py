"""One record each: what a run did, what the target holds now, what becomes of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from sync.model.capabilities import Capabilities
from sync.model.entities import Entity
from sync.model.ledger import LEDGER_SCHEMA, PAIRS_SCHEMA, LedgerView, digest
from sync.model.mirror import Mirror
from sync.model.operation import OPERATION_SCHEMA, Verb
from sync.plan.bonds import with_bonds
from sync.plan.invert import InvertInput, inverted
from sync.plan.undo import following_undo

NOW = datetime(2026, 11, 21, tzinfo=UTC)
STUDENTS, AGENTS, ENROLLMENTS = Entity.STUDENTS, Entity.AGENTS, Entity.ENROLLMENTS
RUN = "r-1"
Values = Mapping[str, str | None]
OLD = {"status": "active", "phone": "1", "middleName": None}
NEW = {"status": "active", "phone": "2", "middleName": None}
ENDED = {"status": "inactive", "phone": "1", "middleName": None}
GONE: Values | None = None
THEIRS = {"status": "active", "phone": "2", "middleName": "May"}


def capabilities(**more: Any) -> Capabilities:
    facts: dict[str, Any] = {
        "verbs": dict.fromkeys((STUDENTS, AGENTS, ENROLLMENTS), frozenset(Verb)),
        "fields": {
            STUDENTS: ("status", "phone", "middleName", "enabledUser"),
            AGENTS: ("status", "relationshipType"),
            ENROLLMENTS: ("status", "role"),
        },
        "removals": {
            STUDENTS: ("inactive", "tobedeleted"),
            AGENTS: ("delete",),
            ENROLLMENTS: ("inactive", "delete"),
        },
        "keeps_dates": True,
        "reads": (),
    }
    return Capabilities(**{**facts, **more})


@dataclass(frozen=True)
class Case:
    """One operation of a run, and the record now."""

    verb: str
    before: Values | None
    after: Values | None
    now: Values | None
    fields: tuple[str, ...] = ()
    ends: bool = False
    entity: Entity = STUDENTS
    able: Capabilities = field(default_factory=capabilities)
    known: Mapping[str, Any] | None = None
    """The record in the ledger."""
    pairs: tuple[tuple[str, str | None, str | None], ...] = ()
    complete: bool = True
    more: Values = field(default_factory=dict)
    """Columns of the remote record that are no fields."""
    policies: Mapping[Entity, str] = field(default_factory=dict)

    def given(self) -> InvertInput:
        names = {**(self.now or self.before or self.after or {})}
        schema = dict.fromkeys(("_key", *names, "_remote_id", *self.more), pl.String())
        row = {"_key": "k", **(self.now or {}), "_remote_id": "id", **self.more}
        frame = pl.DataFrame([row] if self.now else [], schema=schema)
        return InvertInput(
            run=RUN,
            done=operation(self),
            mirror=Mirror(
                {self.entity: frame}, {self.entity: self.complete}, {}, read_at=NOW
            ),
            ledger=ledger(self),
            able=self.able,
            policies=self.policies,
        )

    def row(self) -> dict[str, Any]:
        (found,) = inverted(self.given()).joined[self.entity].rows(named=True)
        return found


def operation(case: Case) -> pl.DataFrame:
    told = {
        "id": f"{case.entity}:k",
        "entity": case.entity.value,
        "verb": case.verb,
        "key": "k",
        "fields": list(case.fields),
        "before": None if case.before is None else json.dumps(case.before),
        "after": None if case.after is None else json.dumps(case.after),
        "rest": '{"sms":"9","_agents":["a","b"]}',
        "remote_id": "id",
        "ends": case.ends,
    }
    return pl.DataFrame([dict.fromkeys(OPERATION_SCHEMA) | told], OPERATION_SCHEMA)


def ledger(case: Case) -> LedgerView:
    own = {"entity": case.entity.value, "key": "k", "missed": 0, "ended": False}
    rows = [] if case.known is None else [{**own, **case.known}]
    pairs = [
        (case.entity.value, "k", name, digest(sent), digest(read))
        for name, sent, read in case.pairs
    ]
    return LedgerView(
        pl.DataFrame(rows, LEDGER_SCHEMA),
        pl.DataFrame(pairs, PAIRS_SCHEMA, orient="row"),
    )


MADE = Case("create", None, NEW, NEW)
CHANGED = Case("update", OLD, NEW, NEW, ("phone",))
BACK = Case("reactivate", ENDED, NEW, NEW, ("status", "phone"))
OVER = Case("remove", OLD, ENDED, ENDED, ends=True)
SINCE = f"changed since run {RUN}: "

DECISIONS: dict[str, tuple[Case, str, str]] = {
    "made": (MADE, "remove", "can only be marked as ended (tobedeleted)"),
    "changed": (CHANGED, "update", "as it was before"),
    "brought back": (BACK, "update", "as it was before"),
    "ended": (OVER, "reactivate", "as it was before"),
    "made and gone": (replace(MADE, now=GONE), "unchanged", "gone since"),
    "made and ended": (
        replace(MADE, now={**NEW, "status": "inactive"}),
        "unchanged",
        "ended since",
    ),
    "made and ended by us, though shown": (
        replace(MADE, known={"ended": True}),
        "unchanged",
        "ended since",
    ),
    "made and changed": (replace(MADE, now=THEIRS), "frozen", SINCE + "middleName"),
    "changed and gone": (replace(CHANGED, now=GONE), "unchanged", "gone since"),
    "changed and put back": (replace(CHANGED, now=OLD), "unchanged", "already"),
    "changed twice": (
        replace(CHANGED, now={**NEW, "phone": "3"}),
        "frozen",
        SINCE + "phone",
    ),
    "changed, and something else since": (
        replace(CHANGED, now=THEIRS),
        "frozen",
        SINCE + "middleName",
    ),
    "changed and ended": (
        replace(CHANGED, now={**NEW, "status": "tobedeleted"}),
        "frozen",
        "ended since",
    ),
    "brought back and ended": (
        replace(BACK, now={**NEW, "status": "tobedeleted"}),
        "unchanged",
        "ended since",
    ),
    "ended and gone": (replace(OVER, now=GONE), "create", "made anew"),
    "ended and back": (replace(OVER, now=OLD), "unchanged", "already"),
    "ended, and back as another": (
        replace(OVER, now={**OLD, "phone": "7"}),
        "unchanged",
        "already",
    ),
    "ended, and changed as it lies": (
        replace(OVER, now={**ENDED, "phone": "7"}),
        "frozen",
        SINCE + "phone",
    ),
    "ended, shown in other words": (
        replace(OVER, now={**ENDED, "status": "tobedeleted"}),
        "reactivate",
        "as it was before",
    ),
    "ended by deleting it, with a field that was not written": (
        Case(
            "remove",
            OLD,
            {**ENDED, "phone": "2"},
            ENDED,
            ("status", "phone"),
            ends=True,
        ),
        "reactivate",
        "as it was before",
    ),
    "an ended one that was changed": (
        Case(
            "update",
            ENDED,
            {**ENDED, "phone": "2"},
            {**ENDED, "phone": "2"},
            ("phone",),
        ),
        "update",
        "as it was before",
    ),
    "gone, but the list is not whole": (
        replace(OVER, now=GONE, complete=False),
        "deferred",
        "could not be proven complete",
    ),
    "made, but the list is not whole": (
        replace(MADE, complete=False),
        "deferred",
        "could not be proven complete",
    ),
    "changed, though the list is not whole": (
        replace(CHANGED, complete=False),
        "update",
        "as it was before",
    ),
    "made as somebody who may not sign in": (
        Case(
            "create",
            None,
            {**NEW, "enabledUser": "false"},
            {**NEW, "enabledUser": "false"},
        ),
        "remove",
        "made by run",
    ),
}


@pytest.mark.parametrize(
    ("case", "decision", "reason"), DECISIONS.values(), ids=DECISIONS
)
def test_what_becomes_of_a_record(case: Case, decision: str, reason: str) -> None:
    row = case.row()
    assert (row["decision"], reason in row["reason"]) == (decision, True), row["reason"]
    assert row["ends"] is (decision == "remove" or case is BACK)


def test_of_an_update_exactly_its_fields_are_put_back() -> None:
    frame = inverted(replace(CHANGED, now=NEW).given())
    (row,) = frame.joined[STUDENTS].rows(named=True)
    assert row["fields"] == ["phone"]
    assert row["d:phone"] == "1"
    assert ",middleName," in row["d:_keep"]
    assert ",phone," not in row["d:_keep"]


def test_of_what_came_back_the_fields_that_changed_with_it_are_put_back_too() -> None:
    words = capabilities(
        comparisons={
            STUDENTS: {"status": lambda c: c.replace("inactive", "tobedeleted")}
        }
    )
    gone = {**ENDED, "status": "tobedeleted"}
    for able, before, status in (
        (capabilities(), ENDED, "inactive"),
        (words, gone, "inactive"),
        (capabilities(), gone, "tobedeleted"),
    ):
        row = replace(BACK, before=before, able=able).row()
        assert (row["d:status"], row["d:phone"], row["ends"]) == (status, "1", True)
        assert sorted(row["fields"]) == ["phone", "status"]


def test_what_a_read_tells_less_exactly_stays_as_the_run_said_it() -> None:
    folded = capabilities(
        comparisons={STUDENTS: {"middleName": lambda column: column.str.slice(0, 1)}}
    )
    after = {**NEW, "middleName": "May"}
    case = replace(CHANGED, after=after, now={**NEW, "middleName": "M"}, able=folded)
    assert (case.row()["decision"], case.row()["d:middleName"]) == ("update", "May")


def test_what_is_said_the_same_in_other_words_has_not_changed() -> None:
    folded = capabilities(
        comparisons={STUDENTS: {"middleName": lambda column: column.str.to_lowercase()}}
    )
    after = {**NEW, "middleName": "may"}
    case = replace(CHANGED, after=after, now={**NEW, "middleName": "May"}, able=folded)
    assert case.row()["decision"] == "update"


def test_what_the_ledger_knows_to_be_read_otherwise_has_not_changed() -> None:
    case = replace(CHANGED, now={**NEW, "middleName": "Shortened"})
    assert case.row()["decision"] == "frozen"
    known = replace(case, pairs=(("middleName", None, "Shortened"),))
    assert known.row()["decision"] == "update"


def test_what_a_read_does_not_tell_has_not_changed() -> None:
    after = {"status": "active", "relationshipType": "aunt"}
    link = Case(
        "create", None, after, {**after, "relationshipType": None}, entity=AGENTS
    )
    assert link.row()["decision"] == "frozen"
    unread = replace(link, more={"_unread": ",relationshipType,"})
    assert unread.row()["decision"] == "remove"


def test_an_unreadable_record_is_left() -> None:
    case = CHANGED.given()
    frame = case.mirror.frames[STUDENTS].with_columns(_frozen=pl.lit(value=True))
    mirror = replace(case.mirror, frames={STUDENTS: frame})
    (row,) = inverted(replace(case, mirror=mirror)).joined[STUDENTS].rows(named=True)
    assert row["decision"] == "frozen"


def test_what_is_made_anew_says_all_that_it_said() -> None:
    row = replace(OVER, now=GONE, more={"_rest": None}).row()
    assert row["in_remote"] is False
    assert (row["d:status"], row["d:phone"]) == ("active", "1")
    assert json.loads(row["r:_rest"]) == {"sms": "9"}


def test_a_link_is_made_anew_under_its_own_id() -> None:
    before = {"status": "active", "relationshipType": "aunt"}
    case = Case("remove", before, before, GONE, ends=True, entity=AGENTS)
    row = case.row()
    assert (row["decision"], row["r:_remote_id"]) == ("create", "id")


@pytest.mark.parametrize(
    ("policies", "form"),
    [({}, "inactive"), ({STUDENTS: "tobedeleted"}, "tobedeleted")],
)
def test_whom_a_list_shows_although_he_was_ended_is_ended_as_usual(
    policies: Mapping[Entity, str], form: str
) -> None:
    shown = Case("reactivate", OLD, OLD, OLD, ("status",), policies=policies)
    row = shown.row()
    assert (row["decision"], row["ends"], row["d:status"]) == ("update", True, form)


def test_what_stands_beside_the_fields_comes_back_with_the_record() -> None:
    before = {"status": "inactive", "role": "student", "state": "2"}
    after = {"status": "active", "role": "student", "state": "2"}
    now = {**after, "state": "1"}
    case = Case("reactivate", before, after, now, ("status",), entity=ENROLLMENTS)
    row = case.row()
    assert (row["d:state"], row["d:_keep"]) == ("2", None)


def test_what_a_list_shows_beside_a_record_is_said_again() -> None:
    case = replace(OVER, more={"_shown:beginDate": "2026-08-17"})
    assert case.row()["d:beginDate"] == "2026-08-17"


def test_records_to_which_the_run_did_nothing_are_kept_or_out_of_scope() -> None:
    given = CHANGED.given()
    others = pl.DataFrame(
        [{"_key": key, **OLD, "_remote_id": key} for key in ("a", "b")],
        schema=given.mirror.frames[STUDENTS].schema,
    )
    frame = pl.concat([given.mirror.frames[STUDENTS], others])
    known = ledger(replace(CHANGED, known={"key": "a"}))
    mirror = replace(given.mirror, frames={STUDENTS: frame})
    found = inverted(replace(given, mirror=mirror, ledger=known)).joined[STUDENTS]
    fates = dict(found.select("_key", "fate").rows())
    assert fates == {"a": "kept", "b": "out_of_scope", "k": None}
    assert found.filter(pl.col("decision").is_not_null())["_key"].to_list() == ["k"]


def seat(key: str, user: str, decision: str | None = None) -> dict[str, Any]:
    made = decision is not None
    return {
        "_key": key,
        "in_drop": made,
        "in_remote": True,
        "was_active": True,
        "ends": decision == "remove",
        "decision": decision,
        "reason": None,
        "d:_was": "create" if made else None,
        "r:userSourcedId": user,
    }


def bound(*seats: dict[str, Any], anew: bool = False) -> dict[str, str | None]:
    """What becomes of a student whom the run made, beside these enrollments."""
    student = seat("s-1", "", "remove") | {"r:userSourcedId": None}
    frames = {
        STUDENTS: pl.DataFrame([student], infer_schema_length=None).cast(
            {"reason": pl.String, "r:userSourcedId": pl.String}
        ),
        ENROLLMENTS: pl.DataFrame(seats, infer_schema_length=None).cast(
            {"reason": pl.String, "decision": pl.String, "d:_was": pl.String}
        ),
    }
    mirror = Mirror({STUDENTS: frames[STUDENTS]}, {}, {}, read_at=NOW)
    found = with_bonds(frames, mirror, LedgerView.empty())
    chosen = found[ENROLLMENTS if anew else STUDENTS]
    return dict(chosen.select("_key", "decision").rows())


def test_a_person_whom_something_that_stays_names_is_left() -> None:
    assert bound(seat("e-1", "s-1", "remove")) == {"s-1": "remove"}
    assert bound(seat("e-1", "s-1", "remove"), seat("e-2", "s-1")) == {"s-1": "frozen"}
    assert bound(seat("e-1", "s-1", "remove"), seat("e-2", "s-2")) == {"s-1": "remove"}


def test_what_would_be_made_anew_for_nobody_is_blocked() -> None:
    anew = {"in_remote": False, "was_active": False, "ends": False}
    for user, decision in (("s-1", "create"), ("s-9", "blocked")):
        row = seat("e-1", user, "create") | anew | {"d:userSourcedId": user}
        assert bound(row, anew=True) == {"e-1": decision}


def test_the_ledger_after_an_undo_knows_what_ended_and_what_came_back() -> None:
    rows = [
        operation(replace(MADE, verb=verb, ends=ends)).with_columns(
            id=pl.lit(f"students:{key}"), key=pl.lit(key)
        )
        for key, verb, ends in (
            ("made", "remove", True),
            ("back", "reactivate", False),
            ("anew", "create", False),
            ("same", "update", False),
        )
    ]
    prior = {"entity": "students", "source": "sis", "missed": 2, "created": False}
    known = [
        {**prior, "key": key, "ended": key == "back", "person": None}
        for key in ("made", "back", "same")
    ]
    before = LedgerView(pl.DataFrame(known, LEDGER_SCHEMA), PAIRS_SCHEMA.to_frame())
    found = following_undo(pl.concat(rows), before, "other")
    told = {
        row["key"]: (row["ended"], row["missed"], row["created"], row["source"])
        for row in found.rows(named=True)
    }
    assert told == {
        "anew": (False, 0, True, "other"),
        "back": (False, 0, False, "sis"),
        "made": (True, 2, False, "sis"),
        "same": (False, 2, False, "sis"),
    }
    assert not found["gone"].any()


def test_the_ledger_after_an_undo_knows_what_was_said_of_a_link() -> None:
    values = {"status": "active", "relationshipType": "aunt"}
    link = operation(Case("update", values, values, values, entity=AGENTS))
    ended = operation(Case("remove", values, values, values, ends=True, entity=AGENTS))
    row = {"entity": "agents", "key": "k", "digest": digest("mother"), "ended": False}
    before = LedgerView(pl.DataFrame([row], LEDGER_SCHEMA), PAIRS_SCHEMA.to_frame())
    (said,) = following_undo(link, before, "").rows(named=True)
    assert (said["digest"], said["gone"]) == (digest("aunt"), False)
    (gone,) = following_undo(ended, before, "").rows(named=True)
    assert gone["gone"] is True
