from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from sync.errors import UsageError
from sync.flow.renames import Confirmed, assumed, judged, read_confirmed
from sync.model.entities import Entity
from sync.model.ledger import LEDGER_SCHEMA, PAIRS_SCHEMA, LedgerView
from sync.model.renames import PROPOSAL_SCHEMA

GOOD = 'entity,old,new\nstudents,a,b\nusers,"c",d\n'
Person = tuple[str, bool, bool, bool, str | None]
"""Key, whether drop and target have it, whether it is in force, its id there."""


def written(folder: Path, content: bytes) -> Path:
    path = folder / "mine.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        GOOD.encode(),
        GOOD.encode("utf-8-sig"),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace(",", ";").encode(),
        GOOD.replace(",", "\t").encode(),
        GOOD.encode("utf-16"),
        GOOD.strip().encode(),
        b"\n" + GOOD.replace("\n", "\n\n").encode(),
        b"New,OLD, entity\nb,a,students\nd, c ,users\n",
    ],
)
def test_a_sheet_is_read_however_it_was_saved(tmp_path: Path, content: bytes) -> None:
    rows = read_confirmed(written(tmp_path, content)).rows
    assert rows.select("entity", "old", "new").rows() == [
        ("students", "a", "b"),
        ("users", "c", "d"),
    ]


def test_what_was_defused_is_read_as_it_was(tmp_path: Path) -> None:
    path = written(tmp_path, b"entity,old,new\nstudents,'=1,''@b\n")
    assert read_confirmed(path).rows.select("old", "new").row(0) == ("=1", "'@b")


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("entity,old,new\nstudents,a,\n", 2, "a cell is empty"),
        ("entity,old,new\n,a,b\n", 2, "a cell is empty"),
        ("entity,old,new\nstaff,a,b\n", 2, '"staff" is no entity'),
        ("entity,old,new\nclasses,a,b\n", 2, '"classes" is no entity'),
        ("entity,old,new\nstudents,a,b\n\nstudents,a,c\n", 4, "the same old id"),
        ("entity,old,new\nstudents,a,b\nusers,c,b\n", 3, "the same new id"),
        ("entity,old,new\nstudents,a,a\n", 2, "old and new are the same"),
        ("entity,old,new,why\nstudents,a,b,\n", 1, 'a column "why"'),
        ("entity,old\nstudents,a\n", 1, 'no column "new"'),
        ("entity,old,new\nstudents,a,b,c\n", 2, ""),
        ("entity,old,new\nstudents,a,b\nstudents,c", 3, ""),
    ],
)
def test_a_sheet_that_says_nothing_or_two_things_is_refused_at_its_line(
    tmp_path: Path, text: str, line: int, why: str
) -> None:
    path = written(tmp_path, text.encode())
    with pytest.raises(UsageError) as error:
        read_confirmed(path)
    assert error.value.message.startswith(f"{path}:{line}: ")
    assert why in error.value.message


@pytest.mark.parametrize("what", ["nothing", "folder", "zip", "empty"])
def test_what_is_no_sheet_is_refused(tmp_path: Path, what: str) -> None:
    path = tmp_path / "mine.csv"
    if what == "folder":
        path.mkdir()
    elif what != "nothing":
        path.write_bytes(b"PK\x05\x06" + bytes(18) if what == "zip" else b"")
    with pytest.raises(UsageError, match=str(path)):
        read_confirmed(path)


def confirmed(*pairs: tuple[str, str]) -> Confirmed:
    rows = [
        {"entity": "students", "old": old, "new": new, "line": n}
        for n, (old, new) in enumerate(pairs, start=2)
    ]
    schema = {"entity": pl.String, "old": pl.String, "new": pl.String}
    return Confirmed(
        Path("mine.csv"), pl.DataFrame(rows, schema={**schema, "line": pl.UInt32})
    )


def proposals(*pairs: tuple[str, str, str]) -> pl.DataFrame:
    rows: list[dict[str, Any]] = [
        {"entity": "students", "old": old, "new": new, "remote_id": found}
        for old, new, found in pairs
    ]
    return pl.DataFrame(rows, schema=PROPOSAL_SCHEMA)


def people(*rows: Person) -> dict[Entity, pl.DataFrame]:
    names = ("_key", "in_drop", "in_remote", "was_active", "r:_remote_id")
    kinds = (pl.String(), pl.Boolean(), pl.Boolean(), pl.Boolean(), pl.String())
    schema = dict(zip(names, kinds, strict=True))
    return {Entity.STUDENTS: pl.DataFrame(rows, schema=schema, orient="row")}


def test_what_is_proposed_is_accepted_under_the_id_of_the_target() -> None:
    found = judged(
        confirmed(("b", "2"), ("a", "1")),
        proposals(("a", "1", "x"), ("b", "2", "b"), ("c", "3", "c")),
        people(),
    )
    assert found.renames.select("old", "new", "remote_id").rows() == [
        ("a", "1", "x"),
        ("b", "2", "b"),
    ]
    assert found.notes == ()


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(("1", True, True, True, "a"), id="under the old id"),
        pytest.param(("1", True, True, True, "x"), id="renamed twice"),
        pytest.param(("1", False, True, False, "a"), id="without a row, and over"),
    ],
)
def test_what_is_known_already_is_said(row: Person) -> None:
    found = judged(confirmed(("a", "1")), proposals(), people(row))
    assert found.renames.is_empty()
    assert found.notes == ("1 of the renames were accepted before",)


HERE: Person = ("1", True, False, False, None)
THERE: Person = ("a", False, True, True, "a")


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([THERE], "the drop has no such row"),
        ([HERE], "the target holds no such record"),
        ([("1", True, True, True, "1"), THERE], "the target holds the new id itself"),
        ([HERE, ("a", True, True, True, "a")], "a row of the old id as well"),
        ([HERE, ("a", False, True, False, "a")], "that record has ended"),
        ([HERE, THERE], "not the given name"),
        ([], "the drop has no such row"),
    ],
)
def test_what_nobody_can_see_is_refused_with_its_line(
    rows: list[Person], why: str
) -> None:
    given = confirmed(("b", "2"), ("a", "1"))
    with pytest.raises(UsageError) as error:
        judged(given, proposals(("b", "2", "b")), people(*rows))
    assert error.value.message.startswith("mine.csv:3: a is not proposed to have")
    assert why in error.value.message


def test_a_sheet_without_rows_confirms_nothing() -> None:
    found = judged(confirmed(), proposals(("b", "2", "b")), people())
    assert found.renames.is_empty()
    assert found.notes == ("mine.csv confirms nothing: it has no rows",)


def test_until_it_is_seen_what_is_confirmed_is_assumed() -> None:
    rows = [
        {"entity": "students", "key": key, "remote_id": found}
        for key, found in (("a", "a"), ("b", "x"), ("3", "c"), ("4", "4"))
    ]
    ledger = LedgerView(
        pl.DataFrame(rows, schema=LEDGER_SCHEMA), PAIRS_SCHEMA.to_frame()
    )
    given = confirmed(("a", "1"), ("b", "2"), ("c", "3"), ("d", "4"))
    assert assumed(given, ledger).select("old", "new", "remote_id").rows() == [
        ("a", "1", "a"),
        ("b", "2", "x"),
        ("d", "4", "d"),
    ]
