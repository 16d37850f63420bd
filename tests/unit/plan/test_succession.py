from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
import pytest

from sync.diff import DiffInput, FieldRules, diff
from sync.model.entities import Entity
from sync.model.ledger import LEDGER_SCHEMA, PAIRS_SCHEMA, LedgerView, digest
from sync.plan import beside, settled, without_effect
from sync.plan.operations import operations
from sync.plan.removal import RemovalInput, with_fates
from sync.plan.succession import SUCCESSION_SCHEMA, Naming, succession
from sync.select import ITSELF

STUDENTS, USERS, AGENTS = Entity.STUDENTS, Entity.USERS, Entity.AGENTS
ENROLLMENTS = Entity.ENROLLMENTS
Row = Mapping[str, Any]
FIELDS = FieldRules(("status", "phone", "relationshipType"))
ACTIVE = {"status": "active", "phone": "1"}
AUNT = {"status": "active", "relationshipType": "aunt"}
UNREAD = {"status": "active", "relationshipType": None} | {
    "_unread": ",relationshipType,"
}
MOTHER = {"status": "active", "relationshipType": "mother"}
Ledger = dict[str, tuple[Any, ...]]


def ledger_row(key: str, entity: Entity = STUDENTS, **facts: Any) -> dict[str, Any]:
    own = {
        "entity": entity.value,
        "key": key,
        "remote_id": f"r-{key}",
        "source": "sis",
        "created": False,
        "missed": 0,
        "ended": False,
        "digest": None,
        "person": None,
    }
    return own | facts


def ledger(*rows: dict[str, Any]) -> LedgerView:
    return LedgerView(pl.DataFrame(rows, schema=LEDGER_SCHEMA), PAIRS_SCHEMA.to_frame())


def frame(row: Row | None, **more: Any) -> pl.DataFrame:
    names = ("_key", *(row or ACTIVE), *more)
    cells = [{"_key": "k", **row, **more}] if row is not None else []
    return pl.DataFrame(cells, schema=dict.fromkeys(names, pl.String))


def following(  # noqa: PLR0913 - each keyword is one fact of the story
    ours: Row | None,
    theirs: Row | None,
    before: LedgerView,
    *,
    entity: Entity = STUDENTS,
    done: bool | None = True,
    given_id: str | None = None,
    counts: bool = True,
    policy: str = "inactive",
    source: str = "sis",
    grace: int = 1,
    frozen: bool = False,
) -> list[dict[str, Any]]:
    """The next ledger after one record: what the drop says, what the target holds.

    ``done``: what became of its operation; null where it was never answered.
    """
    protected = pl.DataFrame(
        [{"entity": entity.value, "_key": "k"}] if frozen else [],
        schema={"entity": pl.String, "_key": pl.String},
    )
    held = frame(theirs, _remote_id="r-k")
    compared = diff(
        DiffInput(
            {entity: frame(ours)}, {entity: held}, protected, {entity: FIELDS}, before
        )
    )
    fated = {
        entity: with_fates(
            compared[entity],
            RemovalInput(
                entity,
                policy,
                "ledger",
                (),
                grace,
                source,
                pl.Series(dtype=pl.String),
                None,
                None if counts else "the drop is a delta",
            ),
        )
    }
    planned = operations(
        fated,
        {entity: FIELDS},
        {entity: {"status": "inactive"}},
        lambda whole: pl.Series([0] * whole.height, dtype=pl.UInt8),
    )
    naming = Naming(
        source, frozenset({entity} if counts else ()), vanishes=frozenset({AGENTS})
    )
    plan = succession(fated, planned, before, naming)
    assert plan.schema == SUCCESSION_SCHEMA
    outcomes = pl.DataFrame(
        {
            "operation": planned["id"],
            "done": [done] * planned.height,
            "remote_id": [given_id] * planned.height,
        },
        schema={"operation": pl.String, "done": pl.Boolean, "remote_id": pl.String},
    )
    after = settled(plan, outcomes if done is not None else outcomes.clear(), before)
    assert after.schema == LEDGER_SCHEMA
    return after.to_dicts()


NEW = ledger()
KNOWN = ledger(ledger_row("k"))
MISSED = ledger(ledger_row("k", missed=1))
MADE = ledger(ledger_row("k", created=True))
GONE = ledger(ledger_row("k", ended=True))
INACTIVE = ACTIVE | {"status": "inactive"}
CHANGED = ACTIVE | {"phone": "2"}


@pytest.mark.parametrize(
    ("ours", "theirs", "before", "more", "expected"),
    [
        pytest.param(ACTIVE, ACTIVE, NEW, {}, {"created": False}, id="seen"),
        pytest.param(
            ACTIVE,
            None,
            NEW,
            {"given_id": "x"},
            {"created": True, "remote_id": "x"},
            id="created under another id",
        ),
        pytest.param(ACTIVE, None, NEW, {"done": False}, None, id="not created"),
        pytest.param(ACTIVE, None, NEW, {"done": None}, None, id="never answered"),
        pytest.param(
            CHANGED, ACTIVE, MADE, {}, {"created": True}, id="made by us, for ever"
        ),
        pytest.param(ACTIVE, ACTIVE, MISSED, {}, {"missed": 0}, id="named again"),
        pytest.param(
            CHANGED,
            ACTIVE,
            MISSED,
            {"done": False},
            {"missed": 0},
            id="named again though its change failed",
        ),
        pytest.param(
            CHANGED,
            ACTIVE,
            ledger(ledger_row("k", source="old")),
            {"source": "new"},
            {"source": "new"},
            id="its source is who named it last",
        ),
        pytest.param(
            None, ACTIVE, KNOWN, {"policy": "keep"}, {"missed": 1}, id="missing"
        ),
        pytest.param(
            None, ACTIVE, MISSED, {"grace": 3}, {"missed": 2}, id="missing again"
        ),
        pytest.param(
            None, ACTIVE, MISSED, {"counts": False}, {"missed": 1}, id="delta"
        ),
        pytest.param(
            None, ACTIVE, MISSED, {"frozen": True}, {"missed": 1}, id="rejected"
        ),
        pytest.param(
            None,
            ACTIVE,
            MISSED,
            {"source": "other"},
            {"missed": 1, "source": "sis"},
            id="another source's silence does not count",
        ),
        pytest.param(
            None, ACTIVE, KNOWN, {}, {"ended": True, "missed": 1}, id="ended by us"
        ),
        pytest.param(
            None,
            ACTIVE,
            KNOWN,
            {"done": False},
            {"ended": False},
            id="not ended after all",
        ),
        pytest.param(
            INACTIVE, ACTIVE, KNOWN, {}, {"ended": True}, id="its own row ends it"
        ),
        pytest.param(INACTIVE, ACTIVE, GONE, {}, {"ended": True}, id="stays ended"),
        pytest.param(
            ACTIVE, INACTIVE, GONE, {}, {"ended": False}, id="came back through us"
        ),
        pytest.param(
            ACTIVE,
            ACTIVE,
            GONE,
            {"done": False},
            {"ended": True},
            id="did not come back",
        ),
        pytest.param(None, ACTIVE, NEW, {}, None, id="never ours"),
        pytest.param(None, None, KNOWN, {}, None, id="gone from both sides"),
    ],
)
def test_the_next_ledger(
    ours: Row | None,
    theirs: Row | None,
    before: LedgerView,
    more: dict[str, Any],
    expected: dict[str, Any] | None,
) -> None:
    found = following(ours, theirs, before, **more)
    if expected is None:
        assert found == []
    else:
        (row,) = found
        assert {name: row[name] for name in expected} == expected
        assert (row["entity"], row["key"]) == ("students", "k")


@pytest.mark.parametrize(
    ("ours", "theirs", "last", "done", "expected"),
    [
        (MOTHER, None, None, True, "mother"),
        (MOTHER, AUNT, "aunt", True, "mother"),
        (MOTHER, AUNT, "aunt", False, "aunt"),
        (MOTHER, MOTHER, None, True, "mother"),
        (MOTHER, UNREAD, None, True, None),
        (MOTHER, UNREAD, "mother", True, "mother"),
    ],
)
def test_a_link_remembers_the_relationship_that_was_sent_or_read(
    ours: Row, theirs: Row | None, last: str | None, done: bool, expected: str | None
) -> None:
    known = ledger_row("k", AGENTS, digest=digest(last) if last else None)
    before = ledger(*([known] if theirs else []))
    (row,) = following(ours, theirs, before, entity=AGENTS, done=done)
    assert row["digest"] == (digest(expected) if expected else None)


@pytest.mark.parametrize(("done", "left"), [(True, 0), (False, 1)])
def test_a_link_that_was_taken_away_is_forgotten(done: bool, left: int) -> None:
    before = ledger(ledger_row("k", AGENTS))
    found = following(None, MOTHER, before, entity=AGENTS, policy="delete", done=done)
    assert len(found) == left


def test_entities_that_were_not_compared_stay_as_they_are() -> None:
    other = ledger_row("u", USERS, missed=4, digest="d", created=True)
    found = following(ACTIVE, ACTIVE, ledger(other, ledger_row("k")))
    assert other in found
    assert len(found) == 2


@pytest.mark.parametrize("done", [True, False])
def test_a_person_who_moved_between_the_files_stays_ours(done: bool) -> None:
    before = ledger(ledger_row("k", USERS, created=True, remote_id="x"))
    (row,) = following(CHANGED, ACTIVE, before, done=done)
    assert (row["key"], row["created"]) == ("k", True)


def left(why: str) -> Row:
    """A row that the selection leaves out."""
    marks = {"_left": why, "_decision": "unsupported", "_reason": why}
    return ACTIVE | marks


@pytest.mark.parametrize(
    ("ours", "before", "sources"),
    [
        pytest.param(left(ITSELF), KNOWN, [None], id="left the selection"),
        pytest.param(left("its person"), KNOWN, ["sis"], id="with its person"),
        pytest.param(left(ITSELF), NEW, [], id="never was in it"),
        pytest.param(ACTIVE, ledger(ledger_row("k", source=None)), ["sis"], id="back"),
        pytest.param(None, ledger(ledger_row("k", source=None)), [None], id="absent"),
    ],
)
def test_what_left_the_selection_is_nobodys_until_it_is_named_again(
    ours: Row | None, before: LedgerView, sources: list[str | None]
) -> None:
    found = following(ours, ACTIVE, before)
    assert [row["source"] for row in found] == sources
    assert not any(row["missed"] or row["ended"] for row in found)


def test_beside_what_a_plan_says_nothing_of_all_stays_as_it_was() -> None:
    before = ledger(
        ledger_row("k", USERS, missed=2), ledger_row("other"), ledger_row("k", AGENTS)
    )
    planned = pl.DataFrame(
        [ledger_row("k", missed=0) | {"operation": None, "gone": False}],
        SUCCESSION_SCHEMA,
    )
    following = planned.select(LEDGER_SCHEMA.names())
    after = beside(following, planned, before)
    told = [
        (row["entity"], row["key"], row["missed"]) for row in after.rows(named=True)
    ]
    assert told == [("agents", "k", 0), ("students", "k", 0), ("students", "other", 0)]


@pytest.mark.parametrize(
    ("entity", "ends", "status", "field", "vain"),
    [
        pytest.param(ENROLLMENTS, True, 200, "status", True, id="enrollment"),
        pytest.param(AGENTS, True, 204, "status", True, id="link"),
        pytest.param(Entity.CLASSES, True, 200, "status", True, id="class"),
        pytest.param(ENROLLMENTS, True, 404, "status", True, id="shown all the same"),
        pytest.param(AGENTS, True, 404, "status", False, id="a link nobody knows"),
        pytest.param(STUDENTS, True, 200, "status", False, id="student"),
        pytest.param(USERS, True, 200, "enabledUser", False, id="user"),
        pytest.param(ENROLLMENTS, False, 200, "status", False, id="it was to come"),
        pytest.param(ENROLLMENTS, True, 200, None, False, id="it did end"),
    ],
)
def test_an_end_without_effect_is_known_by_what_is_read_back(
    entity: Entity, ends: bool, status: int, field: str | None, vain: bool
) -> None:
    one = f"{entity}:k"
    ended = pl.DataFrame({"id": [one], "entity": [entity.value], "ends": [ends]})
    outcomes = pl.DataFrame({"operation": [one], "status": [status]})
    told = [{"id": one, "field": field}] if field else []
    unlike = pl.DataFrame(told, {"id": pl.String, "field": pl.String})
    found = without_effect(ended, outcomes, unlike)
    assert found.to_list() == [one] * vain
