from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from sync.model.entities import Entity
from sync.plan.removal import RemovalInput, Sight, with_fates

STUDENTS, AGENTS, ENROLLMENTS = Entity.STUDENTS, Entity.AGENTS, Entity.ENROLLMENTS
NOBODY = pl.Series(dtype=pl.String)
GIVEN = RemovalInput(
    entity=STUDENTS,
    policy="inactive",
    scope="ledger",
    orgs=(),
    grace=1,
    source="sis",
    frozen_people=NOBODY,
    rejected=None,
    blind=None,
)
ORGS = replace(GIVEN, scope="orgs", orgs=("o1", "o2"))

SCHEMA = pl.Schema(
    {
        "_key": pl.String,
        "in_drop": pl.Boolean,
        "in_remote": pl.Boolean,
        "is_frozen": pl.Boolean,
        "known": pl.Boolean,
        "was_active": pl.Boolean,
        "source": pl.String,
        "missed": pl.UInt32,
        "decision": pl.String,
        "reason": pl.String,
        "r:primaryOrgSourcedId": pl.String,
        "r:userSourcedId": pl.String,
        "r:studentSourcedId": pl.String,
        "r:agentSourcedId": pl.String,
        "d:studentSourcedId": pl.String,
        "d:agentSourcedId": pl.String,
    }
)
MISSING = {
    "_key": "k",
    "in_drop": False,
    "in_remote": True,
    "is_frozen": False,
    "known": True,
    "was_active": True,
    "source": "sis",
    "missed": 0,
    "r:primaryOrgSourcedId": "o1",
}
LINK = {"r:studentSourcedId": "s1", "r:agentSourcedId": "u1"}


def joined(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([MISSING | row for row in rows], schema=SCHEMA)


def fate(given: RemovalInput, **cells: Any) -> tuple[str | None, str | None]:
    found = with_fates(joined(cells), given).row(0, named=True)
    return found["fate"], found["reason"]


FROZEN = {"is_frozen": True}
STRANGER = {"known": False}
ENDED = {"was_active": False}
OTHER = {"source": "other"}
BLIND = {"blind": "the drop is a delta"}
KEEP = {"policy": "keep"}
GRACE = {"grace": 3}
PROTECTED = {"entity": ENROLLMENTS, "frozen_people": pl.Series(["s1"])}
USER = {"r:userSourcedId": "s1"}


@pytest.mark.parametrize(
    ("given", "cells", "word", "why"),
    [
        ({}, {}, "remove", "not in the drop"),
        (
            {},
            FROZEN,
            "frozen",
            "a row that cannot be carried out may mean it, or it cannot be read",
        ),
        (PROTECTED, USER, "frozen", "rejected row names its person"),
        (PROTECTED, {"r:userSourcedId": "s2"}, "remove", "not in the drop"),
        ({}, STRANGER, "out_of_scope", "neither made by this program"),
        ({}, ENDED, "kept", "ended already"),
        (BLIND, {}, "kept", "the drop is a delta"),
        (KEEP, {}, "kept", "policy is keep"),
        ({}, OTHER, "kept", "another source"),
        (GRACE, {"missed": 0}, "kept", "grace"),
        (GRACE, {"missed": 1}, "kept", "grace"),
        (GRACE, {"missed": 2}, "remove", "not in the drop"),
        # The first rule that holds decides.
        (
            PROTECTED,
            FROZEN | USER | STRANGER,
            "frozen",
            "a row that cannot be carried out may mean it, or it cannot be read",
        ),
        (PROTECTED, USER | STRANGER, "frozen", "rejected row names"),
        (BLIND | KEEP, STRANGER | ENDED | OTHER, "out_of_scope", "neither"),
        (BLIND | KEEP | GRACE, ENDED | OTHER, "kept", "ended already"),
        (BLIND | KEEP | GRACE, OTHER, "kept", "the drop is a delta"),
        (KEEP | GRACE, OTHER, "kept", "policy is keep"),
        (GRACE, OTHER, "kept", "another source"),
    ],
)
def test_silence_ends_a_record_only_if_nothing_else_explains_it(
    given: dict[str, Any], cells: dict[str, Any], word: str, why: str
) -> None:
    found, reason = fate(replace(GIVEN, **given), **cells)
    assert found == word
    assert why in (reason or "")


@pytest.mark.parametrize(
    ("cells", "word"),
    [
        ({"known": False}, "remove"),
        ({"known": False, "source": None, "missed": None}, "remove"),
        ({"known": False, "source": "other"}, "remove"),
        ({"r:primaryOrgSourcedId": "o2"}, "remove"),
        ({"r:primaryOrgSourcedId": "o3"}, "out_of_scope"),
        ({"r:primaryOrgSourcedId": None}, "out_of_scope"),
    ],
)
def test_with_orgs_a_record_is_ours_by_its_org_alone(
    cells: dict[str, Any], word: str
) -> None:
    found, why = fate(ORGS, **cells)
    assert found == word
    if word != "remove":
        assert why == "its org is not one of removal.orgs"


@pytest.mark.parametrize(("school", "word"), [("o2", "remove"), ("o3", "out_of_scope")])
def test_with_orgs_an_enrollment_is_ours_by_its_school(school: str, word: str) -> None:
    rows = joined({**USER, "r:primaryOrgSourcedId": school})
    rows = rows.rename({"r:primaryOrgSourcedId": "r:schoolSourcedId"})
    given = replace(ORGS, entity=ENROLLMENTS)
    assert with_fates(rows, given)["fate"].item() == word


def test_an_enrollment_that_waits_for_its_person_is_protected_with_him() -> None:
    """Of whom it is, the ledger says, where the target does not yet."""
    rows = joined({}).with_columns(person=pl.lit("s1"))
    given = replace(GIVEN, entity=ENROLLMENTS, frozen_people=pl.Series(["s1"]))
    assert with_fates(rows, given)["fate"].to_list() == ["frozen"]


@pytest.mark.parametrize("entity", [ENROLLMENTS, STUDENTS])
def test_rejected_and_blocked_links_protect_links_alone(entity: Entity) -> None:
    rows = joined(
        {"_key": "mine", **USER},
        {"_key": "row", "decision": "blocked", "d:studentSourcedId": "s1"},
    )
    rejected = pl.DataFrame({"studentSourcedId": ["s1"]})
    given = replace(GIVEN, entity=entity, rejected=rejected)
    assert with_fates(rows, given)["fate"].to_list() == ["remove", "remove"]


@pytest.mark.parametrize(("known", "word"), [(True, "remove"), (False, "out_of_scope")])
def test_links_have_no_org_and_go_by_the_ledger(known: bool, word: str) -> None:
    rows = joined({"known": known} | LINK).drop("r:primaryOrgSourcedId")
    assert with_fates(rows, replace(ORGS, entity=AGENTS))["fate"].item() == word


def test_rows_of_the_drop_keep_their_own_reason_and_have_no_fate() -> None:
    own = {"in_drop": True, "decision": "blocked", "reason": "no org"}
    assert fate(GIVEN, **own) == (None, "no org")


@pytest.mark.parametrize(
    ("rejected", "link", "word"),
    [
        ({"studentSourcedId": "s1", "agentSourcedId": "typo"}, ("s1", "u1"), "frozen"),
        ({"studentSourcedId": "typo", "agentSourcedId": "u1"}, ("s1", "u1"), "frozen"),
        ({"studentSourcedId": "s1", "agentSourcedId": None}, ("s1", "u1"), "frozen"),
        ({"studentSourcedId": "s2", "agentSourcedId": "u2"}, ("s1", "u1"), "remove"),
        ({"studentSourcedId": None, "agentSourcedId": None}, ("s1", "u1"), "remove"),
    ],
)
def test_a_wrong_identifier_in_a_rejected_link_protects_the_right_one(
    rejected: dict[str, str | None], link: tuple[str, str], word: str
) -> None:
    rows = pl.DataFrame(
        [rejected], schema={"studentSourcedId": pl.String, "agentSourcedId": pl.String}
    )
    given = replace(GIVEN, entity=AGENTS, rejected=rows)
    cells = {"r:studentSourcedId": link[0], "r:agentSourcedId": link[1]}
    assert fate(given, **cells)[0] == word


@pytest.mark.parametrize("column", ["r:studentSourcedId", "r:agentSourcedId"])
def test_the_links_of_a_rejected_person_are_protected(column: str) -> None:
    person = LINK[column]
    given = replace(GIVEN, entity=AGENTS, frozen_people=pl.Series([person]))
    assert fate(given, **LINK)[0] == "frozen"


def test_a_link_of_the_drop_that_is_blocked_protects_those_of_its_people() -> None:
    """Links alone in a drop are looked up at the target: a typo is found only then."""
    rows = joined(
        {"_key": "s1/typo", "in_drop": True, "in_remote": False}
        | {"decision": "blocked", "d:studentSourcedId": "s1"}
        | {"d:agentSourcedId": "typo"},
        {"_key": "s1/u1"} | LINK,
        {"_key": "s2/u2", "r:studentSourcedId": "s2", "r:agentSourcedId": "u2"},
    )
    found = with_fates(rows, replace(GIVEN, entity=AGENTS))
    assert found.select("_key", "fate").rows() == [
        ("s1/typo", None),
        ("s1/u1", "frozen"),
        ("s2/u2", "remove"),
    ]


SIGHT = Sight(
    delivered=True, delta=False, unreadable=False, complete=True, additions_only=False
)


@pytest.mark.parametrize(
    ("change", "why", "counts"),
    [
        ({}, None, True),
        ({"delivered": False}, "not in the drop", False),
        ({"delta": True}, "delta", False),
        ({"unreadable": True}, "key cannot be read", False),
        ({"complete": False}, "proven complete", True),
        ({"additions_only": True}, "additions_only", True),
    ],
)
def test_a_blind_spot_is_named(
    change: dict[str, bool], why: str | None, counts: bool
) -> None:
    sight = replace(SIGHT, **change)
    blind = sight.blind_spot()
    assert blind is None if why is None else why in (blind or "")
    assert sight.counts_missing is counts


OUTSIDE_AND_LEFT = [
    ({"outside": True}, "out_of_scope", "outside the selection"),
    ({"outside": True, "is_frozen": True}, "out_of_scope", "outside the selection"),
    ({"outside": False}, "remove", "not in the drop"),
    ({"source": None}, "out_of_scope", "left the selection"),
    ({"source": None, "known": False}, "out_of_scope", "neither made"),
]


@pytest.mark.parametrize(("cells", "word", "why"), OUTSIDE_AND_LEFT)
def test_what_is_outside_the_selection_is_never_ended(
    cells: dict[str, Any], word: str, why: str
) -> None:
    rest = {name: value for name, value in cells.items() if name != "outside"}
    frame = joined(rest).with_columns(outside=pl.lit(cells.get("outside", False)))
    found = with_fates(frame, GIVEN).row(0, named=True)
    assert found["fate"] == word
    assert why in found["reason"]


def test_a_person_who_waits_to_be_recognised_is_proposed_and_would_end() -> None:
    """What else becomes of a record goes before, where it is no business of ours."""
    rows: list[dict[str, Any]] = [
        {"_key": "a"},
        {"_key": "b", **FROZEN},
        {"_key": "c", **STRANGER},
        {"_key": "d", **ENDED},
        {"_key": "e"},
        {"_key": "f", "in_drop": True, "reason": "its own"},
    ]
    why = ["same e-mail"] * 4 + [None, "same e-mail"]
    frame = joined(*rows).with_columns(pl.Series("proposed", why, pl.String))
    found = with_fates(frame, GIVEN)
    assert found.select("_key", "fate", "would_end").rows() == [
        ("a", "proposed", True),
        ("b", "frozen", False),
        ("c", "proposed", False),
        ("d", "proposed", False),
        ("e", "remove", False),
        ("f", None, False),
    ]
    assert found["reason"].to_list()[0] == "same e-mail"
    assert found["reason"].to_list()[4:] == ["not in the drop", "its own"]


def test_what_waits_is_frozen_or_left_out_before_it_is_proposed() -> None:
    frame = joined({"_key": "a"}, {"_key": "b", **USER}).with_columns(
        proposed=pl.lit("same e-mail"), outside=pl.col("_key") == "a"
    )
    given = replace(GIVEN, entity=ENROLLMENTS, frozen_people=pl.Series(["s1"]))
    assert with_fates(frame, given)["fate"].to_list() == ["out_of_scope", "frozen"]


def test_what_may_be_frozen_or_not_waits_all_the_same() -> None:
    frame = joined({"is_frozen": None}).with_columns(proposed=pl.lit("same e-mail"))
    assert with_fates(frame, GIVEN)["fate"].to_list() == ["proposed"]


def stated(*people: str, **more: Any) -> RemovalInput:
    return replace(GIVEN, entity=AGENTS, stated=pl.Series(list(people)), **more)


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (stated("s1", **BLIND), "remove"),
        (stated("u1", **BLIND), "remove"),
        (stated("s1", grace=3), "remove"),
        (stated("s2", **BLIND), "kept"),
        (stated("s2", grace=3), "kept"),
        (stated("s1", blind_to_stated="it cannot be read"), "kept"),
        (stated("s2", blind_to_stated="it cannot be read"), "remove"),
        (replace(stated("s1", **BLIND), entity=ENROLLMENTS), "kept"),
        (stated(**BLIND), "kept"),
    ],
)
def test_who_says_in_a_delta_which_links_he_has_ends_the_others(
    given: RemovalInput, word: str
) -> None:
    assert fate(given, **LINK)[0] == word
    if word == "kept":
        assert fate(given, **LINK)[1]


def test_links_without_their_people_state_nothing() -> None:
    ends = ["r:studentSourcedId", "r:agentSourcedId"]
    frame = joined(LINK).drop(*ends, "d:studentSourcedId", "d:agentSourcedId")
    assert with_fates(frame, stated("s1", **BLIND))["fate"].to_list() == ["kept"]


def test_a_link_without_columns_of_the_drop_is_protected_by_rejected_rows_alone() -> (
    None
):
    """Of a run whose drop has no links the differences have no columns for them."""
    rejected = pl.DataFrame({"studentSourcedId": ["s1"]})
    given = replace(GIVEN, entity=AGENTS, rejected=rejected)
    frame = joined(LINK).drop("d:studentSourcedId", "d:agentSourcedId")
    assert with_fates(frame, given)["fate"].to_list() == ["frozen"]
