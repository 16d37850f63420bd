"""Absent, rejected and unreadable are three things: whatever is wrong with a file,
nobody of a thousand people may look like somebody who left.

Each case spoils one file of a drop that was carried out before, and runs it again.
"""

from __future__ import annotations

import gzip
import io
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import polars as pl
import pytest

from sync.samples import Tables
from sync.sandbox import Sandbox
from tests.support.districts import district
from tests.support.remote import Dump, lost
from tests.support.workspace import Workspace

DONE, PART, REFUSED, HELD = 0, 1, 3, 4
Ends = int | tuple[int, ...]
"""How a run ends, and the runs of the same drop in the nights after it."""
CUT_OFF: Ends = (HELD, HELD)
"""As often as it comes: what is held is no base of the night after."""
STUDENTS = 490
"""As many as make a thousand people with their guardians and teachers."""

SEATS = 2

Spoil = Callable[[bytes], bytes]
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Night:
    """What was there after a good first night."""

    remote: dict[str, Any]
    state: Path
    drop: Path


@pytest.fixture(scope="module")
def night(served: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Night:
    served.reset()
    made = Workspace(tmp_path_factory.mktemp("good"), served)
    made.configure(guards={"first_run": "pass"})
    tables = big()
    made.fill(tables, people=True)
    drop = made.drop(tables)
    ended = made.sync(drop)
    assert ended.code == DONE, ended.err
    people = [one for one in served.dump()["users"] if one["status"] == "active"]
    assert len(people) >= 1000
    return Night(served.dump(), made.state, drop)


@pytest.fixture
def spoiled(night: Night, tmp_path: Path, served: Sandbox) -> Workspace:
    """A workspace as it was after the good night; ``drop`` may be spoiled."""
    made = Workspace(tmp_path, served)
    made.configure(guards={"first_run": "pass"})
    shutil.copytree(night.state, made.state)
    shutil.copytree(night.drop, tmp_path / "drop")
    if served.dump() != night.remote:
        served.reset()
        served.load(night.remote)
    return made


@cache
def big() -> Tables:
    """A thousand people, each with a class or two."""
    tables = district(STUDENTS)
    rows = tables.enrollments.sort("sourcedId")
    few = rows.filter(pl.int_range(pl.len()).over("userSourcedId") < SEATS)
    return replace(tables, enrollments=few)


def frame(raw: bytes) -> pl.DataFrame:
    return pl.read_csv(raw, infer_schema=False).fill_null("")


def text(table: pl.DataFrame) -> bytes:
    return table.write_csv().encode()


def lines(raw: bytes) -> list[bytes]:
    return raw.splitlines(keepends=True)


def rows(change: Callable[[list[bytes]], list[bytes]]) -> Spoil:
    """Another list of the lines behind the header."""

    def spoil(raw: bytes) -> bytes:
        header, *rest = lines(raw)
        return b"".join([header, *change(rest)])

    return spoil


def header(change: Callable[[bytes], bytes]) -> Spoil:
    """Another header line."""

    def spoil(raw: bytes) -> bytes:
        first, *rest = lines(raw)
        changed = change(first)
        assert changed != first
        return b"".join([changed, *rest])

    return spoil


def cells(column: str, value: str | pl.Expr, share: int = 1) -> Spoil:
    """Another value in a column, of each row or of one in so many."""
    put = pl.lit(value) if isinstance(value, str) else value

    def spoil(raw: bytes) -> bytes:
        table = frame(raw)
        hit = pl.int_range(pl.len()) % share == 0
        there = pl.when(hit).then(put).otherwise(pl.col(column))
        return text(table.with_columns(there.alias(column)))

    return spoil


def whole(change: Callable[[pl.DataFrame], pl.DataFrame]) -> Spoil:
    """Another table."""
    return lambda raw: text(change(frame(raw)))


def instead(name: str) -> Spoil:
    """The bytes of another file of the drop under this name."""
    return lambda _: text(dict(big().items())[name])


def cut(share: float) -> Spoil:
    return lambda raw: raw[: int(len(raw) * share)]


def at_a_line_end(share: float) -> Spoil:
    return rows(lambda rest: rest[: int(len(rest) * share)])


def in_a_letter(raw: bytes) -> bytes:
    """Cut between the two bytes of one letter."""
    return raw[: raw.index("ñ".encode()) + 1]


def twice_differing(column: str, share: int = 1) -> Spoil:
    def change(table: pl.DataFrame) -> pl.DataFrame:
        again = table.gather_every(share).with_columns(pl.lit("x1").alias(column))
        return pl.concat([table, again])

    return whole(change)


def rotated(table: pl.DataFrame) -> pl.DataFrame:
    """Every value one column to the right."""
    names = table.columns
    return table.select(
        pl.col(before).alias(name)
        for name, before in zip(names, [names[-1], *names[:-1]], strict=True)
    )


def quoted(rest: list[bytes]) -> list[bytes]:
    """Every row as one quoted cell."""
    return [b'"' + one.rstrip(b"\n").replace(b'"', b'""') + b'"\n' for one in rest]


def _utf16(raw: bytes) -> bytes:
    return raw.decode().encode("utf-16")


def semicolons(rest: list[bytes]) -> list[bytes]:
    return [one.replace(b",", b";") for one in rest]


def unclosed(place: int) -> Spoil:
    def change(rest: list[bytes]) -> list[bytes]:
        spoilt = list(rest)
        spoilt[place] = b'"' + spoilt[place]
        return spoilt

    return rows(change)


def ragged_at_the_key(share: int) -> Spoil:
    return rows(
        lambda rest: [
            b"a,b," + one if n % share == 0 else one for n, one in enumerate(rest)
        ]
    )


def zipped(raw: bytes) -> bytes:
    buffer = io.BytesIO()
    with ZipFile(buffer, "w") as archive:
        archive.writestr("file.csv", raw)
    return buffer.getvalue()


def misspelt(raw: bytes) -> bytes:
    """The header of the key as nobody has ever spelt it."""
    first = lines(raw)[0].split(b",")[0]
    return raw.replace(first, b"Qx7", 1)


def without_first_column(raw: bytes) -> bytes:
    table = frame(raw)
    return text(table.drop(table.columns[0]))


def doubled_header(first: bytes) -> bytes:
    one, two, *rest = first.split(b",")
    return b",".join([one, one.upper(), *rest]) if two else first


def unknown(table: pl.DataFrame) -> pl.DataFrame:
    hit = pl.int_range(pl.len()) % 50 == 0
    ends = ("studentSourcedId", "agentSourcedId")
    return table.with_columns(
        pl.when(hit).then(pl.lit(f"no-{name}")).otherwise(pl.col(name)).alias(name)
        for name in ends
    )


def swapped_agents(raw: bytes) -> bytes:
    table = frame(raw)
    one, two, *rest = table.columns
    return text(table.select(pl.col(two).alias(one), pl.col(one).alias(two), *rest))


def swapped_pairs(raw: bytes) -> bytes:
    table = frame(raw)
    one, two, *_ = table.columns
    hit = pl.int_range(pl.len()) % 50 == 0
    return text(
        table.with_columns(
            pl.when(hit).then(pl.col(two)).otherwise(pl.col(one)).alias(one),
            pl.when(hit).then(pl.col(one)).otherwise(pl.col(two)).alias(two),
        )
    )


def no_guardians(table: pl.DataFrame) -> pl.DataFrame:
    return table.filter(~pl.col("role").is_in(["parent", "guardian", "relative"]))


def bare_keys(raw: bytes) -> bytes:
    return text(frame(raw).with_columns(pl.col("sourcedId").str.replace("stu-0*", "")))


def capitals(table: pl.DataFrame, share: int) -> pl.DataFrame:
    hit = pl.int_range(pl.len()) % share == 0
    loud = pl.when(hit).then(pl.col("sourcedId").str.to_uppercase())
    return table.with_columns(loud.otherwise("sourcedId").alias("sourcedId"))


FOUR = ("students", "users", "agents", "enrollments")

EVERYWHERE: list[tuple[str, Spoil]] = [
    ("no byte", lambda _: b""),
    ("blank lines only", lambda _: b"\n\r\n\n"),
    ("a mark only", lambda _: BOM),
    ("an end-of-file mark only", lambda _: b"\x1a"),
    ("cut within a row", cut(0.5)),
    ("cut within the last row", lambda raw: raw[:-20]),
    ("cut within the header", lambda raw: raw[:15]),
    ("a quote not closed at the first row", unclosed(0)),
    ("a quote not closed at the last row", unclosed(-1)),
    ("a NUL", lambda raw: raw[:500] + b"\0" + raw[500:]),
    ("NULs at the end", lambda raw: raw[:900] + b"\0" * 4096),
    ("a byte of no encoding", lambda raw: raw[:500] + b"\x81" + raw[500:]),
    ("UTF-16 cut within a unit", lambda raw: _utf16(raw)[:4001]),
    ("UTF-32", lambda raw: raw.decode().encode("utf-32")),
    ("packed by gzip", gzip.compress),
    ("a zip by another name", zipped),
    ("an error page", lambda _: b"<html>\n<body>503</body>\n</html>\n"),
    ("JSON", lambda _: b'{"error": "no access"}\n'),
    ("a database error", lambda _: b"ORA-12154: could not resolve\n"),
    ("no header", lambda raw: b"".join(lines(raw)[1:])),
    ("a column twice", header(doubled_header)),
    ("semicolons in the header", header(lambda h: h.replace(b",", b";"))),
    ("semicolons in the rows", rows(semicolons)),
    ("every row one cell", rows(quoted)),
    ("every row ragged at the key", ragged_at_the_key(1)),
    ("what a query says, without a line end", lambda raw: raw + b"(470 rows)"),
]
"""What refuses the drop, whichever file it is."""

SHORT: list[tuple[str, Spoil, Ends]] = [
    ("header only", rows(lambda _: []), HELD),
    ("header only, without a line end", lambda raw: lines(raw)[0].rstrip(), REFUSED),
    ("rows of delimiters only", rows(lambda rest: [b",,,\n" for _ in rest]), HELD),
    ("one row left", rows(lambda rest: rest[:1]), CUT_OFF),
    ("half of the rows, at a line end", at_a_line_end(0.5), CUT_OFF),
    ("three quarters of the rows, at a line end", at_a_line_end(0.75), CUT_OFF),
]
"""How links and enrollments end; people, whom other files name, refuse the drop."""

HARMLESS: list[tuple[str, Spoil]] = [
    ("two marks", lambda raw: BOM + BOM + raw),
    ("UTF-16", _utf16),
    ("UTF-16 without a mark", lambda raw: _utf16(raw)[2:]),
    ("an end-of-file mark", lambda raw: raw + b"\x1a"),
]
"""What looks odd and is read as it was meant."""

PARTLY: list[tuple[str, Spoil]] = [
    ("a key in every 50th row ragged", ragged_at_the_key(50)),
    ("the file again behind it", lambda raw: raw + raw),
    ("a second header at the end", lambda raw: raw + lines(raw)[0]),
    ("what a query says at its end", lambda raw: raw + b"(470 rows)\n"),
]
"""What costs single rows."""

CELLS: list[tuple[str, str, Spoil, Ends]] = [
    ("no key column", "students", without_first_column, 3),
    ("no key column", "users", without_first_column, 3),
    ("no key column", "agents", without_first_column, 3),
    ("no key column", "enrollments", without_first_column, 0),
    ("a misspelt key column", "students", misspelt, 3),
    ("a misspelt key column", "agents", misspelt, 3),
    ("a misspelt key column", "enrollments", misspelt, 0),
    ("no status column", "students", whole(lambda t: t.drop("status")), 3),
    ("no status column", "enrollments", whole(lambda t: t.drop("status")), 0),
    ("no role column", "users", whole(lambda t: t.drop("role")), 3),
    ("no user column", "enrollments", whole(lambda t: t.drop("userSourcedId")), 3),
    ("cut within a letter", "students", in_a_letter, 3),
    ("every key in scientific notation", "students", cells("sourcedId", "1.2E+05"), 3),
    ("one key in 50 so", "students", cells("sourcedId", "1.2E+05", 50), 1),
    ("one key in 50 so", "users", cells("sourcedId", "1.2E+05", 50), 1),
    ("one key in 50 so", "agents", cells("studentSourcedId", "1.2E+05", 50), 1),
    ("one key in 50 so", "enrollments", cells("sourcedId", "1.2E+05", 50), 1),
    ("one user in 50 so", "enrollments", cells("userSourcedId", "1.2E+05", 50), 1),
    ("one class in 50 so", "enrollments", cells("classSourcedId", "1.2E+05", 50), 1),
    ("one key in 50 blank", "students", cells("sourcedId", "", 50), 1),
    ("one key in 50 blank", "users", cells("sourcedId", "", 50), 1),
    ("one key in 50 blank", "agents", cells("agentSourcedId", "", 50), 1),
    ("both ends of one in 50 unknown", "agents", whole(unknown), 1),
    ("one user in 50 blank", "enrollments", cells("userSourcedId", "", 50), 1),
    ("one user in 50 unknown", "enrollments", cells("userSourcedId", "x", 50), 1),
    ("one class in 50 unknown", "enrollments", cells("classSourcedId", "x", 50), 1),
    ("one role in 50 unknown", "enrollments", cells("role", "pupil", 50), 1),
    ("one role in 50 unknown", "users", cells("role", "boss", 50), 1),
    ("one key in 50 too long", "students", cells("sourcedId", "x" * 256, 50), 1),
    ("one key in 50 with a tab", "students", cells("sourcedId", "a\tb", 50), 1),
    ("every status unknown", "students", cells("status", "withdrawn"), 3),
    ("every status unknown", "users", cells("status", "A"), 3),
    ("every status unknown", "enrollments", cells("status", "0"), 3),
    ("every status blank", "students", cells("status", ""), 3),
    ("one status in 50 unknown", "students", cells("status", "gone", 50), 1),
    ("every status inactive", "students", cells("status", "inactive"), 4),
    ("every status tobedeleted", "students", cells("status", "tobedeleted"), 4),
    ("every status tobedeleted", "enrollments", cells("status", "tobedeleted"), 4),
    ("everybody disabled", "students", cells("enabledUser", "0"), 4),
    ("enabledUser neither yes nor no", "students", cells("enabledUser", "x"), 3),
    ("every name blank", "students", cells("familyName", ""), 3),
    ("every org unknown", "students", cells("primaryOrgSourcedId", "nowhere"), 3),
    ("every grade unknown", "students", cells("grades", "senior"), 3),
    ("every role unknown", "users", cells("role", "boss"), 3),
    ("no guardian among the users", "users", whole(no_guardians), 3),
    ("every end date in the past", "enrollments", cells("endDate", "2019-06-04"), 3),
    ("dates of another form", "enrollments", cells("endDate", "04/06/2030"), 3),
    ("no class named", "enrollments", cells("classSourcedId", ""), 0),
    ("all columns one to the right", "students", whole(rotated), 3),
    ("all columns one to the right", "users", whole(rotated), 3),
    ("all columns one to the right", "agents", whole(rotated), 3),
    ("all columns one to the right", "enrollments", whole(rotated), 3),
    ("student and guardian swapped", "agents", swapped_agents, 3),
    ("one pair in 50 swapped", "agents", swapped_pairs, 1),
    ("keys without their letters", "students", bare_keys, 3),
    ("keys in capitals", "students", whole(lambda t: capitals(t, 1)), 3),
    ("one key in 50 in capitals", "students", whole(lambda t: capitals(t, 50)), 1),
    ("every row again, differing", "students", twice_differing("familyName"), 3),
    ("one in 50 again, differing", "students", twice_differing("familyName", 50), 1),
    ("one in 50 again, differing", "users", twice_differing("familyName", 50), 1),
    (
        "one in 50 again, differing",
        "agents",
        twice_differing("relationshipType", 50),
        1,
    ),
    ("one in 50 again, differing", "enrollments", twice_differing("role", 50), 1),
    ("every row again, the same", "students", whole(lambda t: pl.concat([t, t])), 0),
    ("the users' file", "students", instead("users"), 3),
    ("the students' file", "users", instead("students"), 3),
    ("the enrollments' file", "agents", instead("enrollments"), 3),
    ("the links' file", "enrollments", instead("agents"), 3),
    ("the orgs' file", "students", instead("orgs"), 3),
    ("one username for all", "students", cells("username", "nobody"), 3),
    ("no org", "orgs", rows(lambda rest: rest[:1]), 3),
    ("no class", "classes", rows(lambda _: []), 3),
    ("half of the classes", "classes", at_a_line_end(0.5), 3),
    ("half of the courses", "courses", at_a_line_end(0.5), 3),
    ("truncated", "classes", cut(0.5), 3),
]


Change = Callable[[Path], Path]
"""Spoils a drop and names what is to be run."""

REFERENCES = ("orgs", "academicSessions", "courses", "classes")


def without(*names: str) -> Change:
    def change(drop: Path) -> Path:
        for name in names:
            (drop / f"{name}.csv").unlink()
        return drop

    return change


def a_folder_instead(drop: Path) -> Path:
    (drop / "students.csv").unlink()
    (drop / "students.csv").mkdir()
    return drop


def a_dead_link_instead(drop: Path) -> Path:
    (drop / "students.csv").unlink()
    (drop / "students.csv").symlink_to(drop / "nowhere")
    return drop


def two_of_one_name(drop: Path) -> Path:
    shutil.copy(drop / "students.csv", drop / "STUDENTS.CSV")
    return drop


def one_in_a_folder(drop: Path) -> Path:
    (drop / "more").mkdir()
    (drop / "students.csv").rename(drop / "more" / "students.csv")
    return drop


def under_another_name(drop: Path) -> Path:
    (drop / "students.csv").rename(drop / "pupils.csv")
    return drop


def alone(name: str, share: float) -> Change:
    def change(drop: Path) -> Path:
        path = drop / f"{name}.csv"
        path.write_bytes(at_a_line_end(share)(path.read_bytes()))
        return path

    return change


def packed(
    spoil: Spoil = lambda raw: raw, leave_out: tuple[str, ...] = (), inner: bool = False
) -> Change:
    """The drop as a zip, whose bytes are spoilt then."""

    def change(drop: Path) -> Path:
        path = drop.with_name("drop.zip")
        with ZipFile(path, "w", ZIP_DEFLATED) as archive:
            for one in sorted(drop.iterdir()):
                if one.stem not in leave_out:
                    archive.write(one, one.name)
            if inner:
                archive.writestr("more.zip", zipped(b""))
        path.write_bytes(spoil(path.read_bytes()))
        return path

    return change


def flipped(raw: bytes) -> bytes:
    """One bit of a packed file is another."""
    place = len(raw) // 2
    return raw[:place] + bytes([raw[place] ^ 0x10]) + raw[place + 1 :]


def encrypted(raw: bytes) -> bytes:
    """The flag of encryption in every entry of the directory."""
    parts = raw.split(b"PK\x01\x02")
    marked = [one[:4] + bytes([one[4] | 1]) + one[5:] for one in parts[1:]]
    return b"PK\x01\x02".join([parts[0], *marked])


DROPS: list[tuple[str, Change, Ends]] = [
    ("no students", without("students"), PART),
    ("no users", without("users"), PART),
    ("no agents", without("agents"), PART),
    ("no enrollments", without("enrollments"), PART),
    ("nobody", without("students", "users"), PART),
    ("no orgs", without("orgs"), DONE),
    ("no classes", without("classes"), DONE),
    ("no references", without(*REFERENCES), DONE),
    ("no file at all", without(*FOUR, *REFERENCES), REFUSED),
    ("students under a name that nothing reads", under_another_name, PART),
    ("a folder instead of a file", a_folder_instead, REFUSED),
    ("a dead link instead of a file", a_dead_link_instead, REFUSED),
    ("two files of one name", two_of_one_name, REFUSED),
    ("one file in a folder of its own", one_in_a_folder, REFUSED),
    ("the students alone", alone("students", 1), DONE),
    ("half of the students alone", alone("students", 0.5), (PART, DONE)),
    ("half of the links alone", alone("agents", 0.5), CUT_OFF),
    ("half of the enrollments alone", alone("enrollments", 0.5), CUT_OFF),
    ("a zip cut in half", packed(cut(0.5)), REFUSED),
    ("a zip without its end", packed(lambda raw: raw[:-30]), REFUSED),
    ("a zip without a byte", packed(lambda _: b""), REFUSED),
    ("a zip with a spoilt bit", packed(flipped), REFUSED),
    ("an encrypted zip", packed(encrypted), REFUSED),
    ("a zip with another in it", packed(inner=True), REFUSED),
    ("a zip without the users", packed(leave_out=("users",)), PART),
]


def inside(file: str, spoil: Spoil) -> Change:
    """A change of one file of the drop."""

    def change(drop: Path) -> Path:
        path = drop / f"{file}.csv"
        path.write_bytes(spoil(path.read_bytes()))
        return drop

    return change


def of_files() -> Iterator[tuple[str, str, Spoil, Ends]]:
    """What is done to which file, and how its run must end."""
    for number, (name, spoil) in enumerate(EVERYWHERE):
        for file in (FOUR[0], FOUR[1 + number % 3]):
            yield name, file, spoil, REFUSED
    for number, (name, spoil, ends) in enumerate(SHORT):
        yield name, FOUR[number % 2], spoil, REFUSED
        yield name, FOUR[number % 2 + 2], spoil, ends
    for number, (name, spoil) in enumerate(PARTLY):
        for file in (FOUR[number], FOUR[number - 1]):
            yield name, file, spoil, PART
    for name, spoil in HARMLESS:
        yield name, FOUR[0], spoil, DONE
    yield from CELLS


CASES = [
    *(
        (inside(file, spoil), ends, f"{file}: {n}")
        for n, file, spoil, ends in of_files()
    ),
    *((change, ends, name) for name, change, ends in DROPS),
]
SHOWN = 12
"""One case in so many runs with every test, the others behind the marker."""


def disabled(dump: Dump) -> set[str]:
    return {one["sourcedId"] for one in dump["users"] if one["enabledUser"] != "true"}


@pytest.mark.parametrize(
    ("change", "ends"),
    [
        pytest.param(
            *(change, ends), id=name, marks=() if n % SHOWN == 0 else pytest.mark.long
        )
        for n, (change, ends, name) in enumerate(CASES)
    ],
)
def test_whatever_is_wrong_with_a_drop_nobody_is_removed(
    spoiled: Workspace, night: Night, change: Change, ends: Ends
) -> None:
    drop, after = change(spoiled.folder / "drop"), night.remote
    for code in ends if isinstance(ends, tuple) else (ends,):
        ended, before = spoiled.sync(drop), after
        after = spoiled.sandbox.dump()
        assert lost(night.remote, after) == {}
        assert disabled(after) == disabled(night.remote)
        assert ended.code == code, ended.err
        if code in {REFUSED, HELD}:
            assert after == before
