from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from sync.diff import (
    PEOPLE_NAMED,
    DiffInput,
    FieldRules,
    Renames,
    diff,
    with_proposals,
)
from sync.model.entities import PEOPLE, Entity
from sync.model.ledger import LedgerView

Row = dict[str, Any]
STUDENTS, USERS = Entity.STUDENTS, Entity.USERS
AGENTS, ENROLLMENTS = Entity.AGENTS, Entity.ENROLLMENTS
COLUMNS = (
    *("_key", "status", "enabledUser", "givenName", "familyName", "email"),
    *("username", "identifier", "birthDate", "primaryOrgSourcedId"),
    *("studentSourcedId", "agentSourcedId", "userSourcedId", "classSourcedId"),
    *("_decision", "_reason", "_file", "_remote_id"),
)
TYPES = {"_frozen": pl.Boolean(), "_row": pl.UInt32(), "_meant": pl.List(pl.String())}
RULES = dict.fromkeys(Entity, FieldRules(("status", "enabledUser", "userSourcedId")))
OLD: Row = {
    "_key": "old",
    "status": "active",
    "enabledUser": "true",
    "givenName": "Ann Lee",
    "familyName": "Hill",
    "email": "Ann@x.example",
    "username": "ann",
    "identifier": "7",
    "birthDate": "2011-02-03",
    "primaryOrgSourcedId": "o1",
    "_remote_id": "old",
}
BARE = dict.fromkeys(("email", "username", "identifier", "birthDate"))


def frame(rows: list[Row]) -> pl.DataFrame:
    names = dict.fromkeys((*COLUMNS, *(name for row in rows for name in row)))
    schema = {name: TYPES.get(name, pl.String()) for name in names}
    return pl.DataFrame([dict.fromkeys(schema) | row for row in rows], schema=schema)


def new(**cells: Any) -> Row:
    """A row that says nothing of ``OLD`` but his names."""
    own = {"_key": "new", "_file": "students.csv", "_row": 2, "_remote_id": None}
    return OLD | BARE | own | cells


def renames(
    drop: Mapping[Entity, list[Row]],
    remote: Mapping[Entity, list[Row]],
    frozen: tuple[str, ...] = (),
    ledger: LedgerView | None = None,
) -> Renames:
    keys = pl.DataFrame(
        [("students", one) for one in frozen],
        schema={"entity": pl.String, "_key": pl.String},
        orient="row",
    )
    joined = diff(
        DiffInput(
            desired={entity: frame(rows) for entity, rows in drop.items()},
            remote={entity: frame(rows) for entity, rows in remote.items()},
            frozen=keys,
            rules=RULES,
            ledger=ledger or LedgerView.empty(),
        )
    )
    return with_proposals(joined)


def told(found: Renames, entity: Entity = STUDENTS) -> dict[str, tuple[str, str]]:
    """Key -> decision and reason of the rows of the drop."""
    rows = found.joined[entity].filter("in_drop").select("_key", "decision", "reason")
    return {key: (decision, why) for key, decision, why in rows.rows()}


def pairs(found: Renames) -> list[tuple[str, str, str]]:
    return found.proposals.select("old", "new", "evidence").rows()


@pytest.mark.parametrize(
    ("cells", "evidence"),
    [
        ({"email": "ann@X.example"}, "same e-mail and given name"),
        ({"username": "ANN "}, "same username and given name"),
        ({"identifier": "7"}, "same identifier and given name"),
        ({"birthDate": "2011-02-03"}, "same name and birth date"),
        (
            {"email": "ann@x.example", "identifier": "7"},
            "same e-mail, identifier and given name",
        ),
        (
            {"username": "ann", "birthDate": "2011-02-03"},
            "same username and given name; same name and birth date",
        ),
        ({"givenName": "ann  LEE", "username": "ann"}, "same username and given name"),
        (
            {"familyName": "Moor", "email": "ann@x.example"},
            "same e-mail and given name",
        ),
        ({"givenName": "Ben", "email": "ann@x.example", "username": "ann"}, None),
        ({"givenName": None, "email": "ann@x.example"}, None),
        ({"familyName": "Moor", "birthDate": "2011-02-03"}, None),
        ({"primaryOrgSourcedId": "o2", "birthDate": "2011-02-03"}, None),
        ({"birthDate": "2011-02-04"}, None),
        ({"email": "bea@x.example", "username": "bea", "identifier": "8"}, None),
        ({}, None),
    ],
)
def test_what_tells_that_a_row_may_be_a_record_under_another_id(
    cells: Row, evidence: str | None
) -> None:
    found = renames({STUDENTS: [new(**cells)]}, {STUDENTS: [OLD]})
    if evidence is None:
        assert pairs(found) == []
        assert told(found)["new"][0] == "create"
    else:
        assert pairs(found) == [("old", "new", evidence)]
        assert told(found)["new"] == (
            "proposed",
            f"may be old of the target: {evidence}",
        )


@pytest.mark.parametrize(
    ("drop", "remote"),
    [
        pytest.param(
            [new(username="ann")], [OLD | {"status": "tobedeleted"}], id="over"
        ),
        pytest.param([new(username="ann")], [OLD | {"enabledUser": "false"}], id="off"),
        pytest.param([new(username="ann")], [OLD | {"_frozen": True}], id="frozen"),
        pytest.param([new(username="ann"), OLD], [OLD], id="has a row"),
        pytest.param(
            [new(username="ann", status="tobedeleted")], [OLD], id="row that ends"
        ),
        pytest.param(
            [new(username="ann"), new(_key="n2", username="Ann")], [OLD], id="two rows"
        ),
        pytest.param(
            [new(username="ann")],
            [OLD, OLD | {"_key": "o2", "username": "ANN"}],
            id="two records",
        ),
        pytest.param(
            [new(username="ann"), OLD | {"_key": "there"}],
            [OLD, OLD | {"_key": "there", "username": "Ann"}],
            id="a record that has a row carries it as well",
        ),
        pytest.param([new(username="ann", _key="old")], [OLD], id="same id"),
    ],
)
def test_nobody_is_proposed(drop: list[Row], remote: list[Row]) -> None:
    found = renames({STUDENTS: drop}, {STUDENTS: remote})
    assert pairs(found) == []
    decisions = {decision for decision, _ in told(found).values()}
    assert "proposed" not in decisions


def test_an_ended_record_takes_no_evidence_away() -> None:
    ended = OLD | {"_key": "ended", "status": "tobedeleted"}
    found = renames({STUDENTS: [new(username="ann")]}, {STUDENTS: [OLD, ended]})
    assert [(old, key) for old, key, _ in pairs(found)] == [("old", "new")]


@pytest.mark.parametrize("word", ["blocked", "unsupported"])
def test_a_row_that_is_held_back_for_another_reason_is_proposed(word: str) -> None:
    row = new(username="ann", _decision=word, _reason="its org")
    found = renames({STUDENTS: [row]}, {STUDENTS: [OLD]})
    assert told(found)["new"][0] == "proposed"


def test_people_are_one_collection() -> None:
    found = renames({STUDENTS: [new(username="ann")]}, {STUDENTS: [], USERS: [OLD]})
    assert found.proposals.select("entity", "old", "new", "clear").rows() == [
        ("students", "old", "new", True)
    ]
    (why,) = found.joined[USERS]["proposed"].to_list()
    assert why == "row new may be it under a new id: same username and given name"


def test_a_row_with_two_candidates_is_proposed_and_not_clear() -> None:
    other = OLD | {
        "_key": "o2",
        "username": None,
        "identifier": None,
        "birthDate": None,
    }
    first = OLD | {"email": None}
    row = new(email="ann@x.example", username="ann")
    found = renames({STUDENTS: [row]}, {STUDENTS: [first, other]})
    assert found.proposals.select("old", "clear").rows() == [
        ("o2", False),
        ("old", False),
    ]
    assert told(found)["new"] == (
        "proposed",
        "may be o2 (same e-mail and given name) or old (same username and given name) "
        "of the target, and it cannot be told which",
    )


def test_a_record_that_two_rows_claim_is_proposed_and_not_clear() -> None:
    rows = [new(email="ann@x.example"), new(_key="n2", username="ann")]
    found = renames({STUDENTS: rows}, {STUDENTS: [OLD]})
    assert found.proposals.select("new", "clear").rows() == [
        ("n2", False),
        ("new", False),
    ]
    assert {decision for decision, _ in told(found).values()} == {"proposed"}
    (why,) = found.joined[STUDENTS].filter(_key="old")["proposed"]
    assert why == "row n2 or new may be it under a new id, and it cannot be told which"


LINKS = {
    STUDENTS: [OLD],
    AGENTS: [
        {"_key": "old/g1", "studentSourcedId": "old", "agentSourcedId": "g1"},
        {"_key": "s1/g1", "studentSourcedId": "s1", "agentSourcedId": "g1"},
    ],
    ENROLLMENTS: [
        {"_key": "e1", "userSourcedId": "old"},
        {"_key": "e2", "userSourcedId": "old"},
        {"_key": "e3", "userSourcedId": "s1"},
        {"_key": "e9", "userSourcedId": "old", "status": "tobedeleted"},
    ],
}
ROWS = {
    STUDENTS: [new(username="ann")],
    AGENTS: [
        {"_key": "new/g1", "studentSourcedId": "new", "agentSourcedId": "g1"},
        {"_key": "s2/g1", "studentSourcedId": "s2", "agentSourcedId": "g1"},
    ],
    ENROLLMENTS: [
        {"_key": "e1", "userSourcedId": "new"},
        {"_key": "e4", "userSourcedId": "new", "_decision": "blocked"},
        {"_key": "e5", "userSourcedId": "new", "_decision": "unsupported"},
        {"_key": "e6", "userSourcedId": "s2"},
    ],
}


def test_what_names_either_of_them_waits_with_them() -> None:
    found = renames(ROWS, LINKS)
    assert told(found, AGENTS)["new/g1"] == (
        "proposed",
        "it is of new, whose id may have changed",
    )
    assert told(found, AGENTS)["s2/g1"][0] == "create"
    decisions = {key: word for key, (word, _) in told(found, ENROLLMENTS).items()}
    assert decisions == {
        "e1": "proposed",
        "e4": "proposed",
        "e5": "unsupported",
        "e6": "create",
    }
    whys = {
        key: why
        for entity in (AGENTS, ENROLLMENTS)
        for key, why in found.joined[entity]
        .filter(~pl.col("in_drop"))
        .select("_key", "proposed")
        .rows()
    }
    of_old = "it is of old, whose id may have changed"
    assert whys == {
        "old/g1": of_old,
        "s1/g1": None,
        "e2": of_old,
        "e3": None,
        "e9": None,
    }


def test_what_ends_for_a_proposed_person_does_not_end() -> None:
    row = {"_key": "e1", "userSourcedId": "new", "status": "tobedeleted"}
    found = renames({**ROWS, ENROLLMENTS: [row]}, LINKS)
    (ends,) = found.joined[ENROLLMENTS].filter("in_drop")["ends"]
    assert told(found, ENROLLMENTS)["e1"][0] == "proposed"
    assert ends is False


def test_without_proposals_links_are_as_they_were() -> None:
    found = renames({**ROWS, STUDENTS: [new()]}, LINKS)
    assert told(found, AGENTS)["new/g1"][0] == "create"
    assert found.joined[AGENTS]["proposed"].null_count() == 4
    assert not len(found.findings)


MEANT = {"_decision": "blocked", "_reason": "its e-mail", "_meant": ["old"]}


def test_what_a_blocked_row_may_mean_is_frozen_with_all_that_is_its() -> None:
    row = new(givenName="Ben", email="ann@x.example", **MEANT)
    found = renames({**ROWS, STUDENTS: [row], AGENTS: [], ENROLLMENTS: []}, LINKS)
    assert told(found)["new"] == ("blocked", "its e-mail")
    frozen = {
        key
        for one in found.joined.values()
        for key in one.filter("is_frozen")["_key"].to_list()
    }
    assert frozen == {"old", "old/g1", "e1", "e2", "e9"}


def test_what_a_blocked_row_means_is_proposed_where_the_given_name_agrees() -> None:
    row = new(email="ann@x.example", **MEANT)
    found = renames({STUDENTS: [row]}, {STUDENTS: [OLD]})
    assert told(found)["new"][0] == "proposed"
    assert not found.joined[STUDENTS]["is_frozen"].any()


def test_each_proposal_is_told_once_at_its_row_and_without_values() -> None:
    found = renames(ROWS, LINKS)
    (one,) = found.findings.frame.rows(named=True)
    assert (one["code"], one["file"], one["line"]) == ("RS501", "students.csv", 2)
    assert one["message"] == (
        "this row may be old of the target: same username and given name"
    )
    text = " ".join(str(value) for value in one.values()).lower()
    assert not [word for word in ("ann", "hill", "x.example") if word in text.split()]


@pytest.mark.parametrize(
    ("row", "record", "what"),
    [
        ({}, {}, "birth date"),
        ({"birthDate": None}, {}, "e-mail"),
        ({}, {"birthDate": None}, "e-mail"),
        ({"givenName": "ANN LEE"}, {}, None),
        ({"familyName": "hill"}, {}, None),
        ({"birthDate": "2011-02-03"}, {}, None),
        ({"birthDate": None, "email": "ANN@x.example"}, {}, None),
        ({"birthDate": None, "email": None}, {}, None),
        ({"givenName": None}, {}, None),
    ],
)
def test_an_id_of_which_nothing_else_is_the_same_is_named(
    row: Row, record: Row, what: str | None
) -> None:
    other = {
        "_key": "old",
        "givenName": "Ben",
        "familyName": "Moor",
        "birthDate": "2012-01-01",
        "email": "ben@x.example",
    }
    found = renames({STUDENTS: [new(**(other | row))]}, {STUDENTS: [OLD | record]})
    codes = found.findings.frame.select("code", "file", "line").rows()
    assert codes == ([("RS502", "students.csv", 2)] if what else [])
    if what:
        assert what in found.findings.frame["message"].item()


def test_kinds_that_hold_no_people_have_no_proposals() -> None:
    found = renames({ENROLLMENTS: ROWS[ENROLLMENTS]}, {ENROLLMENTS: LINKS[ENROLLMENTS]})
    assert found.proposals.is_empty()
    assert told(found, ENROLLMENTS)["e6"][0] == "create"


WORDS = st.sampled_from(["a", "b", "c", None])
PERSON = st.fixed_dictionaries(
    {
        "givenName": st.sampled_from(["Ann", "ann", "Ben", None]),
        "familyName": st.sampled_from(["Hill", "Moor"]),
        "email": WORDS,
        "username": WORDS,
        "identifier": WORDS,
        "birthDate": st.sampled_from(["2011-02-03", "2012-01-01", None]),
        "status": st.sampled_from(["active", "active", "active", "tobedeleted"]),
        "home": st.sampled_from(PEOPLE),
    }
)


def side(people: Mapping[str, Row]) -> dict[Entity, list[Row]]:
    found: dict[Entity, list[Row]] = {entity: [] for entity in PEOPLE}
    for key, cells in people.items():
        told = {name: value for name, value in cells.items() if name != "home"}
        found[cells["home"]].append(OLD | told | {"_key": key, "_remote_id": key})
    return found


@given(
    st.dictionaries(st.sampled_from("abcdefgh"), PERSON, max_size=6),
    st.dictionaries(st.sampled_from("efghijkl"), PERSON, max_size=6),
)
def test_nothing_is_merged_and_what_is_proposed_agrees(
    drop: dict[str, Row], remote: dict[str, Row]
) -> None:
    found = renames(side(drop), side(remote))
    rows = found.proposals.rows(named=True)
    for one in rows:
        row, record = drop[one["new"]], remote[one["old"]]
        assert one["new"] not in remote
        assert one["old"] not in drop
        assert record["status"] == "active"
        assert row["givenName"].lower() == record["givenName"].lower()
        names = ("email", "username", "identifier", "birthDate")
        assert any(row[n] is not None and row[n] == record[n] for n in names)
    clear = [one for one in rows if one["clear"]]
    for name in ("old", "new"):
        assert len({one[name] for one in clear}) == len(clear)
        unclear = {one[name] for one in rows if not one["clear"]}
        assert not unclear & {one[name] for one in clear} or name == "never"
    proposed = {one["new"] for one in rows} | {one["old"] for one in rows}
    whole = pl.concat(
        [
            one.select("_key", "in_drop", "decision", "ends", "proposed")
            for one in found.joined.values()
        ]
    )
    assert set(whole.filter(pl.col("proposed").is_not_null())["_key"]) == proposed
    assert set(whole.filter(decision="proposed")["_key"]) == {
        one["new"] for one in rows
    }
    backwards = {e: list(reversed(one)) for e, one in side(drop).items()}
    again = renames(backwards, side(remote))
    assert_frame_equal(again.proposals, found.proposals)


def test_only_links_and_enrollments_name_people() -> None:
    assert dict(PEOPLE_NAMED) == {
        AGENTS: ("studentSourcedId", "agentSourcedId"),
        ENROLLMENTS: ("userSourcedId",),
    }
