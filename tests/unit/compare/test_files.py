"""Which form a file is compared in, and that none of them is misled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl
import pytest

from sync.compare import Columns, FileChanges, files, forms, look, sets
from sync.compare.files import Pair, UnreadableError, compared
from sync.read import table

HEADER = "sourcedId,givenName,grades\n"
BEFORE = HEADER + "a,Ann,01\nb,Bob,02\nc,Cem,03\n"
AFTER = HEADER + "a,Ann,01\nb,Bea,02\nd,Dan,04\n"
CHANGES = [
    ("changed", "b", "givenName", "Bob", "Bea"),
    ("removed", "c", None, "c, Cem, 03", None),
    ("added", "d", None, None, "d, Dan, 04"),
]


def knows(headers: Sequence[str]) -> Columns:
    return Columns("students", ("sourcedId",) if "sourcedId" in headers else ())


def pair(before: bytes | Path, after: bytes | Path) -> Pair:
    return Pair("students.csv", before, after, knows)


def told(found: FileChanges) -> list[tuple[str | None, ...]]:
    return found.changes.drop("repeated").rows()


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The forms that rows were fetched from, in their order."""
    seen: list[str] = []

    def watched(name: str, at: Callable[..., forms.Rows]) -> Callable[..., object]:
        def call(*arguments: object) -> forms.Rows:
            seen.append(name)
            return at(*arguments)

        return call

    for form in (forms.Lines, forms.Cells, forms.Held):
        monkeypatch.setattr(form, "at", watched(form.__name__, form.at))
    return seen


def reordered(text: str) -> str:
    """The same file with its columns the other way round."""
    lines = (line.split(",") for line in text.splitlines())
    return "".join(",".join(cells[::-1]) + "\n" for cells in lines)


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        pytest.param(BEFORE, AFTER, ["Lines", "Lines"], id="one layout"),
        pytest.param(
            BEFORE, AFTER.replace("\n", "\r\n"), ["Lines", "Lines"], id="line ends"
        ),
        pytest.param(
            BEFORE, "\ufeff" + AFTER, ["Lines", "Lines"], id="byte order mark"
        ),
        pytest.param(BEFORE, AFTER.strip(), ["Lines", "Lines"], id="last line end"),
        pytest.param(
            BEFORE,
            AFTER.replace("Bea", '"Bea"').replace("sourcedId", '"sourcedId"'),
            ["Lines", "Lines"],
            id="quotes",
        ),
        pytest.param(BEFORE, reordered(AFTER), ["Cells", "Cells"], id="column order"),
        pytest.param(
            BEFORE, AFTER.replace(",", ";"), ["Cells", "Cells"], id="delimiter"
        ),
        pytest.param(
            BEFORE,
            reordered(AFTER).replace("04", '"04"'),
            ["Cells", "Cells"],
            id="both",
        ),
        pytest.param(
            BEFORE,
            AFTER.replace(",04", ',"04"').replace("Ann", '"An"n'),
            ["Cells", "Held"],
            id="a stray quote",
        ),
        pytest.param(
            BEFORE, "\n" + AFTER, ["Cells", "Held"], id="a line above the header"
        ),
        pytest.param(BEFORE, AFTER + "\x1a", ["Cells", "Held"], id="an end mark"),
        pytest.param(
            BEFORE,
            AFTER.replace("\n", "\r"),
            ["Cells", "Held"],
            id="bare carriage returns",
        ),
    ],
)
def test_a_file_is_compared_in_the_quickest_form_that_is_right(
    before: str, after: str, wanted: list[str], used: list[str]
) -> None:
    found = compared(pair(before.encode(), after.encode()))
    changes = [row for row in found.changes.rows() if row[1] != "a"]
    assert [row[:2] for row in changes] == [row[:2] for row in CHANGES]
    assert used == wanted


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_other_encodings_are_read_with_care(encoding: str, used: list[str]) -> None:
    before, after = (
        text.replace("Ann", "Änn").encode(code)
        for text, code in ((BEFORE, "utf-8"), (AFTER, encoding))
    )
    assert told(compared(pair(before, after))) == CHANGES
    assert used == ["Cells", "Held"]


@pytest.mark.parametrize("other", [AFTER, reordered(AFTER)])
def test_rows_that_share_a_hash_are_told_apart_as_text(
    other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def same(content: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
        return (content.hash(0) % 1).alias(sets.HASH), content.hash(1).alias(
            sets.SECOND
        )

    monkeypatch.setattr(forms, "hashes", same)
    found = compared(pair(BEFORE.encode(), other.encode()))
    assert {row[:2] for row in told(found)} == {row[:2] for row in CHANGES}


@pytest.mark.parametrize("size", range(20, 45))
def test_a_line_end_may_stand_where_a_block_ends(
    size: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "students.csv"
    path.write_bytes(BEFORE.replace("\n", "\r\n").encode())
    monkeypatch.setattr(look, "_BLOCK", size)
    seen = look.look(path)
    assert seen is None or (seen.returns, seen.ends_whole) == (3, True)
    assert told(compared(pair(path, AFTER.encode()))) == CHANGES


def test_lines_may_end_in_two_ways(used: list[str]) -> None:
    many = "".join(f"x{number},Max,01\n" for number in range(50))
    after = AFTER.replace("01\n", "01\r\n") + many
    assert told(compared(pair((BEFORE + many).encode(), after.encode()))) == CHANGES
    assert used == ["Lines", "Lines"]


def test_a_key_that_stands_twice_is_never_paired() -> None:
    before = HEADER + "a,Ann,01\na,Ann,02\nb,Bob,01\n"
    after = HEADER + "a,Ann,01\na,Ann,03\nb,Bob,01\nb,Bob,01\n"
    found = compared(pair(before.encode(), after.encode()))
    assert found.changes.rows() == [
        ("added", "a", None, None, "a, Ann, 03", True),
        ("removed", "a", None, "a, Ann, 02", None, True),
        ("added", "b", None, None, "b, Bob, 01", True),
    ]
    assert (found.added, found.removed, found.changed, found.repeated) == (2, 1, 0, 2)


def test_columns_of_one_side_are_named_and_not_compared() -> None:
    after = "sourcedId,GIVENNAME,phone\na,Ann,1\nb,Bea,2\nc,Cem,3\n"
    found = compared(pair(BEFORE.encode(), after.encode()))
    assert found.only == (("grades",), ("phone",))
    assert told(found) == [("changed", "b", "GIVENNAME", "Bob", "Bea")]


ODD = ("_key", "len", "n", "text", "_n", "key", "_was", "sourcedId_was", "column")


@pytest.mark.parametrize("order", [1, -1])
def test_a_header_may_have_any_name(order: int) -> None:
    names = ("sourcedId", *ODD)
    header = ",".join(names)
    before = f"{header}\na,{'x,' * 8}x\nb,{'x,' * 8}x\n"
    after = [
        header.split(","),
        f"a,{'y,' * 8}y".split(","),
        f"c,{'x,' * 8}x".split(","),
    ]
    data = "".join(",".join(cells[::order]) + "\n" for cells in after).encode()
    found = compared(pair(before.encode(), data))
    assert (found.added, found.removed, found.changed) == (1, 1, 1)
    assert set(found.cells) == set(ODD)


def test_passwords_are_no_difference() -> None:
    before, after = (
        f"sourcedId,password,grades\na,{secret},01\n".encode()
        for secret in ("one", "other")
    )
    assert not compared(pair(before, after)).differs


@pytest.mark.parametrize(
    ("before", "after", "counts"),
    [
        pytest.param("", "", (0, 0), id="both are empty"),
        pytest.param("", AFTER, (3, 0), id="it was empty"),
        pytest.param(BEFORE, "\n\n", (0, 3), id="it has become empty"),
        pytest.param(HEADER, AFTER, (3, 0), id="it had only a header"),
        pytest.param(BEFORE, "x,y\n1,2\n", (1, 3), id="no column in common"),
    ],
)
def test_an_empty_file_has_no_rows(
    before: str, after: str, counts: tuple[int, int]
) -> None:
    found = compared(pair(before.encode(), after.encode()))
    assert (found.added, found.removed) == counts
    assert found.rows.before + found.added - found.removed == found.rows.after


def test_without_a_key_whole_rows_are_compared() -> None:
    asked = Pair("x.csv", BEFORE.encode(), AFTER.encode(), lambda _: Columns())
    found = compared(asked)
    assert sorted(told(found), key=str) == [
        ("added", None, None, None, "b, Bea, 02"),
        ("added", None, None, None, "d, Dan, 04"),
        ("removed", None, None, "b, Bob, 02", None),
        ("removed", None, None, "c, Cem, 03", None),
    ]


def test_rows_of_another_width_are_counted() -> None:
    after = AFTER + "e,Eve\nf,Fay,05,06\n"
    found = compared(pair(BEFORE.encode(), after.encode()))
    assert told(found) == CHANGES
    assert (found.unreadable.before, found.unreadable.after) == (0, 2)


def test_a_file_that_was_cut_off_is_refused() -> None:
    with pytest.raises(UnreadableError) as caught:
        compared(pair(BEFORE.encode(), (AFTER + "e,E").encode()))
    assert caught.value.findings.refuses


def test_no_more_is_read_with_care_than_must_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of two files of one layout only the rows that differ are read cell by cell."""
    read: list[int] = []

    def watched(file: str, data: bytes) -> object:
        read.append(len(data))
        return real(file, data)

    real = table.read_table
    monkeypatch.setattr(forms, "read_table", watched)
    monkeypatch.setattr(files, "read_table", watched)
    many = "".join(f"x{number},Max,01\n" for number in range(5000))
    compared(pair((BEFORE + many).encode(), (AFTER + many).encode()))
    assert max(read) < 200
