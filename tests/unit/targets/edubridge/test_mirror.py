from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from sync.errors import TargetError
from sync.model.entities import Entity, Mode
from sync.model.ledger import LEDGER_SCHEMA, PAIRS_SCHEMA, LedgerView
from sync.model.operation import record_json
from sync.model.roster import Roster
from sync.targets.base import BARRED, Wants
from sync.targets.common import records
from sync.targets.edubridge import mirror
from sync.targets.edubridge.records import enrollments_of

Tables = dict[str, pl.DataFrame]
ENROLLMENTS = Entity.ENROLLMENTS
KEY = "u1/k1/o1/student"


def own(user: str, *ids: str, course: str = "k1", **more: Any) -> pl.DataFrame:
    """What a person's own list says."""
    shown = [
        {"id": one, "role": "student", "course": {"id": course}, "school": {"id": "o1"}}
        | more
        for one in ids
    ]
    return enrollments_of(user, shown).with_columns(_subject=pl.lit(user))


def whole(*rows: dict[str, Any]) -> pl.DataFrame:
    """The list of enrollments; the class says where."""
    base = {
        "status": "active",
        "role": "student",
        "user": {"sourcedId": "u1"},
        "class": {"sourcedId": "c1"},
    }
    return records.enrollments([base | row for row in rows]).with_columns(
        _subject=pl.lit(None, dtype=pl.String)
    )


def classes() -> pl.DataFrame:
    return records.classes(
        [
            {
                "sourcedId": "c1",
                "course": {"sourcedId": "k1"},
                "school": {"sourcedId": "o1"},
            }
        ]
    )


def people(*ids: str) -> pl.DataFrame:
    return records.people([{"sourcedId": one, "status": "active"} for one in ids])


def barred() -> pl.DataFrame:
    row = {"label": "enrollments", "subject": None, "status": "403"}
    return pl.DataFrame([row], schema=dict.fromkeys(row, pl.String))


def ledger(*owners: str) -> LedgerView:
    rows = [
        dict.fromkeys(LEDGER_SCHEMA)
        | {"entity": "enrollments", "key": one, "person": one, "ended": one == "gone"}
        for one in owners
    ]
    return LedgerView(pl.DataFrame(rows, schema=LEDGER_SCHEMA), PAIRS_SCHEMA.to_frame())


def roster(*users: str) -> Roster:
    frame = pl.DataFrame({"userSourcedId": users}, schema={"userSourcedId": pl.String})
    none = pl.DataFrame(schema={"entity": pl.String, "_key": pl.String})
    return Roster({ENROLLMENTS: frame}, {ENROLLMENTS: Mode.BULK}, {}, none)


def wants(*users: str, owners: tuple[str, ...] = ()) -> Wants:
    return Wants((ENROLLMENTS,), roster(*users) if users else None, ledger(*owners))


def enrollments(tables: Tables) -> list[dict[str, Any]]:
    return mirror.assemble(wants(), tables)[ENROLLMENTS].rows(named=True)


def test_a_listed_enrollment_has_the_course_and_school_of_its_class() -> None:
    found = enrollments(
        {"enrollments": whole({"sourcedId": "e1"}), "classes": classes()}
    )
    assert [(row["_key"], row["_remote_id"]) for row in found] == [(KEY, "e1")]
    assert found[0]["userSourcedId"] == "u1"


def test_of_a_record_that_both_show_the_list_knows_whether_it_has_ended() -> None:
    ended = whole({"sourcedId": "e1", "status": "tobedeleted"})
    both = pl.concat([ended, own("u1", "e1")])
    (row,) = enrollments({"enrollments": both})
    assert (row["_key"], row["status"]) == (KEY, "tobedeleted")


def test_what_only_a_persons_own_list_shows_is_there_too() -> None:
    both = pl.concat([whole({"sourcedId": "e1"}), own("u2", "e2")])
    found = enrollments({"enrollments": both, "classes": classes()})
    assert [row["_key"] for row in found] == [KEY, "u2/k1/o1/student"]


def test_where_the_list_is_barred_the_own_lists_are_all_there_is_by_their_subject() -> (
    None
):
    found = enrollments(
        {"enrollments": pl.concat([own("u1", "e1"), own("u2", "e2")]), BARRED: barred()}
    )
    assert [row["_subject"] for row in found] == ["u1", "u2"]
    assert [row["status"] for row in found] == ["active", "active"]


def test_a_record_is_the_same_whichever_list_it_was_read_from() -> None:
    listed = {"enrollments": whole({"sourcedId": "e1"}), "classes": classes()}
    singly = {"enrollments": own("u1", "e1")}
    first, second = (
        mirror.assemble(wants("u1"), tables)[ENROLLMENTS] for tables in (listed, singly)
    )
    assert record_json(first).to_list() == record_json(second).to_list()
    assert "classSourcedId" in mirror.assemble(wants(), listed)[ENROLLMENTS].columns


def test_where_nothing_is_barred_no_subject_is_kept() -> None:
    both = pl.concat([whole({"sourcedId": "e1"}), own("u1", "e1")])
    (row,) = enrollments({"enrollments": both, "classes": classes()})
    assert "_subject" not in row


def test_barred_lists_of_single_persons_do_not_bar_the_whole() -> None:
    one = barred().with_columns(subject=pl.lit("u1"))
    assert mirror.listed({BARRED: one})
    assert not mirror.listed({BARRED: barred()})
    assert mirror.listed({})


@pytest.mark.parametrize("label", ["users", "courses", "orgs"])
def test_an_empty_list_of_what_every_enrollment_needs_is_not_believed(
    label: str,
) -> None:
    tables = {"users": people("u1"), label: people()}
    with pytest.raises(TargetError, match=f"the list {label} is empty"):
        mirror.assemble(wants("u1"), tables)


def test_nobody_doubts_an_empty_list_that_no_row_needs() -> None:
    assert mirror.assemble(wants(), {"users": people()})


def test_a_list_without_what_a_persons_own_shows_is_not_believed() -> None:
    tables = {"users": people("u1"), "enrollments": own("u1", "e1")}
    with pytest.raises(TargetError, match="the list enrollments is empty"):
        mirror.assemble(wants("u1"), tables)
    mirror.assemble(wants("u1"), {**tables, BARRED: barred()})


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (wants(), ["u1", "u2", "u3"]),
        (wants("u2", "u9"), ["u2"]),
        (wants("u2", owners=("u3", "gone", "away")), ["u2", "u3"]),
    ],
    ids=["nobody wanted", "the drop's", "the drop's and the ledger's"],
)
def test_those_are_asked_singly_who_are_there_and_matter(
    wanted: Wants, expected: list[str]
) -> None:
    table = (
        people("u3", "u1", "u2", "gone") if wanted.roster else people("u3", "u1", "u2")
    )
    assert mirror.users_that_matter(wanted, table) == expected


def test_a_witness_is_one_who_is_enrolled_as_far_as_we_know() -> None:
    table = people("u1", "u2", "u3")
    assert mirror.witnesses(wants("u1", owners=("u3",)), table, 1) == ["u3"]
    assert mirror.witnesses(wants("u2", owners=("away",)), table, 1) == ["u2"]
    assert mirror.witnesses(wants("u9"), table, 1) == []
