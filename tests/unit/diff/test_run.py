from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from sync.diff import CHANGES, DECISIONS, DiffInput, FieldRules, diff
from sync.model.entities import Entity
from sync.model.ledger import LEDGER_SCHEMA, PAIRS_SCHEMA, LedgerView

Row = Mapping[str, Any]
Frames = Mapping[Entity, pl.DataFrame]
STUDENTS, USERS = Entity.STUDENTS, Entity.USERS
AGENTS, ENROLLMENTS = Entity.AGENTS, Entity.ENROLLMENTS
FIELDS = ("status", "enabledUser", "givenName", "phone", "roles")
RULES = dict.fromkeys(Entity, FieldRules(FIELDS))
BOOLEANS = ("_frozen", "in_drop", "ended")


def frame(*rows: Row) -> pl.DataFrame:
    names = dict.fromkeys(["_key", *(name for row in rows for name in row)])
    kinds = {name: pl.Boolean if name in BOOLEANS else pl.String for name in names}
    return pl.DataFrame([dict(row) for row in rows], schema=kinds)


def person(key: str = "p1", **cells: Any) -> dict[str, Any]:
    return {
        "_key": key,
        "status": "active",
        "enabledUser": "true",
        "givenName": "Ada",
        **cells,
    }


def held(**cells: Any) -> dict[str, Any]:
    return person(**{"_frozen": False, **cells})


def ledger(
    *keys: str, entity: Entity = STUDENTS, ended: bool = False, missed: int = 0
) -> LedgerView:
    rows = [
        {
            "entity": entity.value,
            "key": key,
            "remote_id": key,
            "source": "sis",
            "created": True,
            "missed": missed,
            "ended": ended,
        }
        for key in keys
    ]
    return LedgerView(pl.DataFrame(rows, schema=LEDGER_SCHEMA), PAIRS_SCHEMA.to_frame())


def frozen(*pairs: tuple[Entity, str]) -> pl.DataFrame:
    return pl.DataFrame(
        [{"entity": entity.value, "_key": key} for entity, key in pairs],
        schema={"entity": pl.String, "_key": pl.String},
    )


def compared(
    desired: Frames,
    remote: Frames,
    *protected: tuple[Entity, str],
    known: LedgerView | None = None,
    rules: FieldRules | None = None,
) -> dict[Entity, pl.DataFrame]:
    return diff(
        DiffInput(
            desired,
            remote,
            frozen(*protected),
            dict.fromkeys(Entity, rules) if rules else RULES,
            known or LedgerView.empty(),
        )
    )


def one(
    ours: Row | None,
    theirs: Row | None,
    *protected: tuple[Entity, str],
    known: LedgerView | None = None,
    rules: FieldRules | None = None,
) -> dict[str, Any]:
    desired = frame(*([ours] if ours else []))
    remote = frame(*([theirs] if theirs else []))
    found = compared(
        {STUDENTS: desired},
        {STUDENTS: remote},
        *protected,
        known=known,
        rules=rules,
    )
    return found[STUDENTS].row(0, named=True)


@pytest.mark.parametrize(
    ("ours", "theirs", "decision", "fields", "ends"),
    [
        (person(), held(), "unchanged", [], False),
        (person(), None, "create", [], False),
        (person(status="inactive"), None, "create", [], False),
        (person(status="tobedeleted"), None, "unchanged", [], False),
        (person(phone="1"), held(phone="2"), "update", ["phone"], False),
        (person(), held(status="inactive"), "reactivate", ["status"], False),
        (person(), held(status="tobedeleted"), "reactivate", ["status"], False),
        (person(status="inactive"), held(), "update", ["status"], True),
        (person(status="tobedeleted"), held(), "remove", ["status"], True),
        (
            person(status="tobedeleted", phone="1"),
            held(status="tobedeleted", phone="2"),
            "unchanged",
            ["phone"],
            False,
        ),
        (
            person(status="inactive", phone="1"),
            held(status="inactive", phone="2"),
            "update",
            ["phone"],
            False,
        ),
        (person(enabledUser="false"), held(), "update", ["enabledUser"], True),
        (
            person(enabledUser="false", phone="1"),
            held(enabledUser="false", phone="2"),
            "update",
            ["phone"],
            False,
        ),
        (person(), held(enabledUser="false"), "update", ["enabledUser"], False),
        (person(_decision="blocked"), held(phone="1"), "blocked", [], False),
        (person(_decision="deferred"), None, "deferred", [], False),
        (person(_decision="unsupported"), None, "unsupported", [], False),
        (person(phone="1"), held(phone="2", _frozen=True), "frozen", ["phone"], False),
        (
            person(status="tobedeleted"),
            held(_frozen=True),
            "frozen",
            ["status"],
            False,
        ),
    ],
)
def test_each_row_of_the_drop_comes_to_one_decision(
    ours: Row, theirs: Row | None, decision: str, fields: list[str], ends: bool
) -> None:
    found = one(ours, theirs)
    assert (found["decision"], found["fields"], found["ends"]) == (
        decision,
        fields,
        ends,
    )
    assert found["decision"] in DECISIONS


def test_a_record_that_only_the_target_has_gets_no_decision() -> None:
    found = one(None, held())
    assert found["decision"] is None
    assert not found["ends"]
    assert found["was_active"]


@pytest.mark.parametrize(
    ("ours", "theirs"), [(person(phone="1"), held(phone="2")), (person(), None)]
)
def test_what_a_rejected_row_protects_is_frozen(ours: Row, theirs: Row | None) -> None:
    assert one(ours, theirs, (STUDENTS, "p1"))["decision"] == "frozen"
    assert one(ours, theirs, (ENROLLMENTS, "p1"))["decision"] != "frozen"


def test_the_reason_of_a_projection_is_carried_along() -> None:
    ours = person(_decision="blocked", _reason="nobody holds its org")
    assert one(ours, None)["reason"] == "nobody holds its org"


@pytest.mark.parametrize(
    ("ours", "theirs", "decision", "fields"),
    [
        pytest.param(
            person(status="inactive"),
            held(),
            "unchanged",
            [],
            id="ended stays ended whatever the read side shows",
        ),
        pytest.param(
            person(status="tobedeleted"), held(), "unchanged", [], id="also deleted"
        ),
        pytest.param(
            person(status="inactive", phone="1"),
            held(phone="2"),
            "update",
            ["phone"],
            id="other fields are still kept up",
        ),
        pytest.param(
            person(), held(), "reactivate", ["status"], id="who comes back is sent"
        ),
        pytest.param(
            person(phone="1"),
            held(phone="2"),
            "reactivate",
            ["status", "phone"],
            id="with what changed meanwhile",
        ),
        pytest.param(
            person(),
            held(status="inactive"),
            "reactivate",
            ["status"],
            id="also where the read side agrees that he was gone",
        ),
        pytest.param(
            person(enabledUser="false"),
            held(enabledUser="false"),
            "unchanged",
            [],
            id="a person who was disabled stays disabled",
        ),
        pytest.param(
            person(enabledUser="false"),
            held(),
            "unchanged",
            [],
            id="disabled and still shown as enabled",
        ),
        pytest.param(
            person(enabledUser="false", phone="1"),
            held(enabledUser="false", phone="2"),
            "update",
            ["phone"],
            id="a disabled person's phone is no return",
        ),
        pytest.param(
            person(),
            held(enabledUser="false"),
            "reactivate",
            ["enabledUser"],
            id="enabled again",
        ),
    ],
)
def test_what_we_ended_once_is_not_ended_again_and_can_come_back(
    ours: Row, theirs: Row, decision: str, fields: list[str]
) -> None:
    found = one(ours, theirs, known=ledger("p1", ended=True))
    assert (found["decision"], found["fields"]) == (decision, fields)
    assert not found["was_active"]
    assert not found["ends"]


@pytest.mark.parametrize("name", ["status", "enabledUser"])
def test_a_protected_field_ends_nobody(name: str) -> None:
    ended = {"status": "tobedeleted", "enabledUser": "false"}[name]
    rules = FieldRules(FIELDS, protected=frozenset({name}))
    ours = person(phone="1", **{name: ended})
    found = one(ours, held(phone="2"), rules=rules)
    assert (found["decision"], found["fields"]) == ("update", ["phone"])
    assert not found["ends"]


def test_the_ledger_says_what_is_ours() -> None:
    found = compared(
        {STUDENTS: frame(person("a"), person("b"))},
        {STUDENTS: frame(held(_key="a"), held(_key="c"))},
        known=ledger("a", "c", missed=2),
    )[STUDENTS]
    rows = found.select("_key", "known", "missed", "source").rows()
    assert rows == [("a", True, 2, "sis"), ("b", False, 0, None), ("c", True, 2, "sis")]


@pytest.mark.parametrize("home", [STUDENTS, USERS])
@pytest.mark.parametrize("there", [STUDENTS, USERS])
@pytest.mark.parametrize("remembered", [STUDENTS, USERS])
def test_a_person_is_matched_by_id_over_both_files(
    home: Entity, there: Entity, remembered: Entity
) -> None:
    other = USERS if there is STUDENTS else STUDENTS
    found = compared(
        {home: frame(person("p", phone="1"))},
        {there: frame(held(_key="p", phone="2")), other: frame()},
        known=ledger("p", entity=remembered),
    )
    (row,) = found[home].filter("in_drop").to_dicts()
    assert (row["decision"], row["fields"]) == ("update", ["phone"])
    assert row["in_remote"]
    assert row["known"]
    away = [e for e in found if e is not home]
    assert not any(found[e]["in_remote"].any() for e in away)


def test_columns_of_the_other_file_are_not_compared() -> None:
    """users.csv has phones and students.csv has none: a student's stays."""
    found = compared(
        {STUDENTS: frame(person("s")), USERS: frame(person("u", phone=None))},
        {
            STUDENTS: frame(held(_key="s", phone="1")),
            USERS: frame(held(_key="u", phone="1")),
        },
    )
    assert found[STUDENTS]["decision"].to_list() == ["unchanged"]
    assert found[USERS]["fields"].to_list() == [["phone"]]
    assert "d:phone" not in found[STUDENTS].columns


def test_a_file_that_is_missing_leaves_its_people_undecided() -> None:
    found = compared(
        {STUDENTS: frame(person("s"))},
        {STUDENTS: frame(held(_key="s")), USERS: frame(held(_key="u"))},
    )
    assert found[USERS]["decision"].to_list() == [None]


def test_an_entity_of_one_side_only_is_compared_with_nothing() -> None:
    link = {"_key": "s/u", "status": "active"}
    created = compared({AGENTS: frame(link)}, {})[AGENTS]
    assert created["decision"].to_list() == ["create"]
    alone = compared({}, {AGENTS: frame(link)})[AGENTS]
    assert alone["decision"].to_list() == [None]


statuses = st.sampled_from(["active", "inactive", "tobedeleted"])
booleans = st.sampled_from(["true", "false"])
texts = st.none() | st.sampled_from(["1", "2", "Zoë", "a/b", "x,y"])
people = st.lists(
    st.builds(
        lambda key, status, enabled, given_name, phone: {
            "_key": key,
            "status": status,
            "enabledUser": enabled,
            "givenName": given_name,
            "phone": phone,
        },
        st.sampled_from("abcdefgh"),
        statuses,
        booleans,
        texts,
        texts,
    ),
    unique_by=lambda row: row["_key"],
    max_size=8,
)


@given(people, people)
@settings(max_examples=60, deadline=None)
def test_a_roster_compared_with_itself_is_empty(
    students: list[Row], users: list[Row]
) -> None:
    mine = {row["_key"] for row in students}
    frames = {
        STUDENTS: frame(*students),
        USERS: frame(*(row for row in users if row["_key"] not in mine)),
    }
    for found in compared(frames, frames).values():
        assert set(found["decision"]) <= {"unchanged"}
        assert not found["ends"].any()


@given(people, people, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_rows_is_irrelevant(
    ours: list[Row], theirs: list[Row], chance: Any
) -> None:
    def found(mine: list[Row], others: list[Row]) -> pl.DataFrame:
        columns = person(phone=None)
        desired = frame(*({**columns, **row} for row in mine))
        remote = frame(*({**columns, **row} for row in others))
        return compared({STUDENTS: desired}, {STUDENTS: remote})[STUDENTS]

    shuffled = [chance.sample(rows, len(rows)) for rows in (ours, theirs)]
    columns = ["_key", "decision", "fields", "ends", "was_active"]
    assert_frame_equal(
        found(ours, theirs).select(columns), found(*shuffled).select(columns)
    )


@given(people, people)
@settings(max_examples=60, deadline=None)
def test_every_row_of_either_side_stands_there_once(
    ours: list[Row], theirs: list[Row]
) -> None:
    found = compared(
        {STUDENTS: frame(person("zz"), *ours)}, {USERS: frame(held(_key="yy"), *theirs)}
    )
    whole = pl.concat(
        [f.select("_key", "in_drop", "in_remote") for f in found.values()]
    )
    keys = {"zz", "yy"} | {row["_key"] for row in (*ours, *theirs)}
    assert sorted(whole["_key"]) == sorted(keys)
    assert whole["in_drop"].sum() == len(ours) + 1
    assert whole["in_remote"].sum() == len(theirs) + 1


@given(people, people)
@settings(max_examples=60, deadline=None)
def test_only_changes_end_records_and_only_active_ones(
    ours: list[Row], theirs: list[Row]
) -> None:
    columns = person(phone=None)
    found = compared(
        {STUDENTS: frame(columns, *({**columns, **row} for row in ours))},
        {STUDENTS: frame(columns, *({**columns, **row} for row in theirs))},
    )[STUDENTS]
    ends = found.filter("ends")
    assert set(ends["decision"]) <= set(CHANGES)
    assert ends.filter(
        ~pl.col("was_active") & (pl.col("decision") != "remove")
    ).is_empty()
