from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from sync.diff import DiffInput, FieldRules, diff
from sync.model.capabilities import Capabilities
from sync.model.entities import Entity, Mode
from sync.model.finding import Findings
from sync.model.ledger import LEDGER_SCHEMA, PAIRS_SCHEMA, LedgerView
from sync.model.mirror import Mirror
from sync.model.operation import Operation, Verb
from sync.model.outcome import Failure, Outcome
from sync.model.request import Answer, Listing, Page, Request
from sync.model.roster import Roster, RowCounts
from sync.plan import Facts, GuardRules, PlanInput, Planned, Rules, decode, make_plan
from sync.targets.base import Projection, Wants
from sync.wire import Service

STUDENTS, ENROLLMENTS = Entity.STUDENTS, Entity.ENROLLMENTS
NOON = datetime(2026, 9, 15, 12, tzinfo=UTC)
FIELDS = dict.fromkeys(Entity, FieldRules(("status", "phone")))
Row = dict[str, Any]


class OnePut:
    """A target that puts every record, two in one request where told."""

    def __init__(self, batch: int = 1, stuck: frozenset[str] = frozenset()) -> None:
        self.batch = batch
        self.stuck = stuck
        self.seen_ids: dict[str, str] = {}

    @property
    def capabilities(self) -> Capabilities:
        verbs = dict.fromkeys((STUDENTS, ENROLLMENTS), frozenset(Verb))
        return Capabilities(verbs, {}, {}, keeps_dates=True, reads=())

    @property
    def services(self) -> Mapping[str, Service]:
        return {}

    def listings(
        self, wants: Wants, tables: Mapping[str, pl.DataFrame]
    ) -> Sequence[Listing]:
        return ()

    def read(self, listing: Listing, answer: Answer) -> tuple[pl.DataFrame, Page]:
        return pl.DataFrame(), Page(0)

    def assemble(
        self, wants: Wants, tables: Mapping[str, pl.DataFrame]
    ) -> Mapping[Entity, pl.DataFrame]:
        return {}

    def project(
        self, roster: Roster, mirror: Mirror, ledger: LedgerView, today: date
    ) -> Projection:
        return Projection(roster.frames, {}, roster.frozen, Findings.none())

    def waves(self, operations: pl.DataFrame) -> pl.Series:
        return pl.Series([0] * operations.height, dtype=pl.UInt8)

    def take_apart(
        self, request: Request, failure: Failure
    ) -> Sequence[tuple[str, ...]]:
        return ()

    def probes(self) -> Sequence[Listing]:
        return ()

    def cannot_end(self, entity: Entity, joined: pl.DataFrame) -> tuple[pl.Series, str]:
        return joined["_key"].is_in(list(self.stuck)), "it would harm others"

    def compose(
        self, operations: Iterable[Operation], ids: Mapping[str, str]
    ) -> Iterable[Request]:
        self.seen_ids = dict(ids)
        waiting = list(operations)
        for start in range(0, len(waiting), self.batch):
            together = waiting[start : start + self.batch]
            names = tuple(one.id for one in together)
            yield Request("api", "PUT", f"/{names[0]}", operations=names)

    def interpret(
        self, request: Request, answer: Answer | Failure
    ) -> Sequence[Outcome]:
        return []

    def lookup(self, operation: Operation) -> Sequence[Listing]:
        return ()


def frame(rows: list[Row]) -> pl.DataFrame:
    kinds = {"_key": pl.String, "status": pl.String, "phone": pl.String}
    return pl.DataFrame(
        [{"status": "active", "phone": None} | row for row in rows], schema=kinds
    )


def ledger(*keys: str, **remote_ids: str) -> LedgerView:
    rows = [
        {
            "entity": "students",
            "key": key,
            "remote_id": remote_ids.get(key, key),
            "source": "sis",
            "created": True,
            "missed": 0,
            "ended": False,
        }
        for key in (*keys, *remote_ids)
    ]
    return LedgerView(pl.DataFrame(rows, schema=LEDGER_SCHEMA), PAIRS_SCHEMA.to_frame())


FACTS = Facts(
    run="run-1",
    target="district",
    kind="timeback",
    program="roster-sync 0",
    fingerprint="f",
    inputs={"drop": "d", "today": "2026-09-15"},
    created=NOON,
    valid=timedelta(hours=24),
)
RULES = Rules(
    policies=dict.fromkeys(Entity, "inactive"),
    scope="ledger",
    orgs=(),
    grace=1,
    source="sis",
    additions_only=False,
    guards=GuardRules(),
)


def made(
    drop: list[Row],
    remote: list[Row],
    known: LedgerView | None = None,
    target: OnePut | None = None,
    **more: Any,
) -> Planned:
    """The plan of a drop of students."""
    memory = known or ledger()
    modes = more.pop("modes", {STUDENTS: Mode.BULK})
    roster = Roster(
        {STUDENTS: frame(drop)},
        modes,
        {STUDENTS: RowCounts(len(drop), len(drop))},
        pl.DataFrame(schema={"entity": pl.String, "_key": pl.String}),
    )
    joined = diff(
        DiffInput(
            roster.frames, {STUDENTS: frame(remote)}, roster.frozen, FIELDS, memory
        )
    )
    whole: dict[str, Any] = {
        "facts": FACTS,
        "target": target or OnePut(),
        "roster": roster,
        "mirror": Mirror({STUDENTS: frame(remote)}, {}, {}, NOON),
        "projection": Projection(roster.frames, {}, roster.frozen, Findings.none()),
        "joined": joined,
        "fields": FIELDS,
        "ledger": memory,
        "rules": RULES,
        "rows_before": {},
    }
    return make_plan(PlanInput(**(whole | more)))


OURS: list[Row] = [{"_key": "a", "phone": "1"}, {"_key": "b"}, {"_key": "new"}]
THEIRS: list[Row] = [{"_key": "a", "phone": "2"}, {"_key": "b"}, {"_key": "gone"}]


def test_a_plan_names_operations_requests_counts_and_guards() -> None:
    plan = made(OURS, THEIRS, ledger("a", "b", "gone")).plan
    assert plan.operations["id"].to_list() == [
        "students:a",
        "students:new",
        "students:gone",
    ]
    assert [decode(text).path for text in plan.operations["request"]] == [
        "/students:a",
        "/students:new",
        "/students:gone",
    ]
    assert plan.account["students"]["remote"]["remove"] == 1
    assert plan.valid_until - plan.created == timedelta(hours=24)
    assert {guard.name for guard in plan.guards} >= {"removals", "first_run"}


@pytest.mark.parametrize(
    ("known", "remote", "trips"),
    [(ledger(), THEIRS, True), (ledger("b"), THEIRS, False), (ledger(), [], False)],
)
def test_the_first_run_on_a_roster_is_held(
    known: LedgerView, remote: list[Row], trips: bool
) -> None:
    guards = made(OURS, remote, known).plan.guards
    assert [g.tripped for g in guards if g.name == "first_run"] == [trips]


def test_equal_inputs_give_an_equal_digest_and_another_id() -> None:
    one, other = (made(OURS, THEIRS, ledger("gone")).plan for _ in range(2))
    assert one.digest == other.digest
    assert one.id != other.id


@pytest.mark.parametrize(
    "change",
    [
        {"facts": replace(FACTS, inputs={"drop": "e", "today": "2026-09-15"})},
        {"facts": replace(FACTS, fingerprint="g")},
        {"facts": replace(FACTS, target="other")},
        {"target": OnePut(batch=2)},
        {"rules": replace(RULES, policies=dict.fromkeys(Entity, "tobedeleted"))},
        {"rules": replace(RULES, grace=2)},
    ],
)
def test_what_a_plan_is_made_of_changes_its_digest(change: dict[str, Any]) -> None:
    known = ledger("gone")
    plain = made(OURS, THEIRS, known).plan.digest
    assert made(OURS, THEIRS, known, **change).plan.digest != plain


def test_when_a_plan_is_made_does_not_change_its_digest() -> None:
    later = replace(FACTS, created=NOON + timedelta(hours=1), run="run-2")
    assert made(OURS, THEIRS).plan.digest == made(OURS, THEIRS, facts=later).plan.digest


rows = st.lists(
    st.fixed_dictionaries(
        {
            "_key": st.sampled_from("abcdefghijkl"),
            "status": st.sampled_from(["active", "inactive", "tobedeleted"]),
            "phone": st.none() | st.sampled_from("12"),
        }
    ),
    unique_by=lambda row: row["_key"],
)


@given(rows, rows, st.sets(st.sampled_from("abcdefghijkl")), st.randoms())
@settings(max_examples=40, deadline=None)
def test_the_order_of_rows_changes_nothing_of_a_plan(
    drop: list[Row], remote: list[Row], known: set[str], chance: Any
) -> None:
    memory = ledger(*sorted(known))
    one = made(drop, remote, memory)
    ours, theirs = (chance.sample(side, len(side)) for side in (drop, remote))
    other = made(ours, theirs, memory)
    assert one.plan.digest == other.plan.digest
    assert_frame_equal(one.plan.operations, other.plan.operations)
    assert_frame_equal(one.succession, other.succession)
    assert_frame_equal(one.untouched, other.untouched)


def test_the_request_of_a_batch_stands_at_its_first_operation() -> None:
    plan = made([{"_key": key} for key in "abc"], [], target=OnePut(batch=2)).plan
    texts = plan.operations["request"].to_list()
    assert [text is None for text in texts] == [False, True, False]
    assert decode(texts[0]).operations == ("students:a", "students:b")


def test_what_a_system_cannot_end_without_harm_is_left_alone() -> None:
    stuck = OnePut(stuck=frozenset({"gone", "leaver"}))
    found = made(
        [{"_key": "leaver", "status": "inactive"}],
        [{"_key": "gone"}, {"_key": "leaver"}],
        ledger("gone", "leaver"),
        stuck,
    )
    assert found.plan.operations.is_empty()
    assert found.untouched.select("key", "state", "reason").rows() == [
        ("gone", "kept", "it would harm others"),
        ("leaver", "unsupported", "it would harm others"),
    ]
    removals = next(g for g in found.plan.guards if g.name == "removals")
    assert removals.count == 0


@pytest.mark.parametrize(
    ("change", "missed"),
    [
        ({"modes": {STUDENTS: Mode.DELTA}}, 0),
        ({"rules": replace(RULES, additions_only=True)}, 1),
        ({"mirror": Mirror({}, {STUDENTS: False}, {}, NOON)}, 1),
        ({"rules": replace(RULES, policies={})}, 1),
    ],
)
def test_a_run_that_can_end_nothing_keeps_what_the_drop_lacks(
    change: dict[str, Any], missed: int
) -> None:
    found = made([{"_key": "a"}], THEIRS, ledger("gone"), **change)
    assert "students:gone" not in set(found.plan.operations["id"])
    (row,) = found.succession.filter(key="gone").to_dicts()
    assert (row["missed"], row["ended"]) == (missed, False)


def test_requests_use_the_ids_that_the_system_gave() -> None:
    target = OnePut()
    known = ledger("b", a="theirs")
    made(OURS, THEIRS, known, target)
    assert target.seen_ids == {"a": "theirs"}
