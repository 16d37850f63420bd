"""Odd and broken files, as ``check --json`` sees them: read, or refused at a place."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import call_cli

COLUMNS = (
    "sourcedId,status,username,enabledUser,givenName,familyName,"
    "primaryOrgSourcedId,grades"
)
ONE = "s1,active,u1,true,Zoë,Ærø,sch-1,05"
TWO = "s2,active,u2,true,Ana,Lee,sch-1,K"
GOOD = f"{COLUMNS}\n{ONE}\n{TWO}\n"
LINKS = "studentSourcedId,agentSourcedId,relationshipType\ns1,g1,mother\ns2,g1,mother\n"

Place = tuple[str, str | None, int | None, str | None]
"""Severity, file, line and column of a finding."""
Make = Callable[[Path], Path]


def text(content: str, encoding: str = "utf-8") -> Make:
    return raw(content.encode(encoding))


def raw(content: bytes, name: str = "students.csv") -> Make:
    return files({name: content})


def files(content: Mapping[str, bytes | str]) -> Make:
    def make(folder: Path) -> Path:
        drop = folder / "drop"
        drop.mkdir()
        for name, data in content.items():
            path = drop / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data.encode() if isinstance(data, str) else data)
        return drop

    return make


def single(name: str, content: bytes | str = GOOD) -> Make:
    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make


def packed(content: Mapping[str, bytes | str]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, one in content.items():
            archive.writestr(name, one)
    return data.getvalue()


def zipped(content: Mapping[str, bytes | str], name: str = "drop.zip") -> Make:
    return single(name, packed(content))


def swapped(delimiter: str, content: str = GOOD) -> str:
    return content.replace(",", delimiter)


def with_line(line: str, content: str = GOOD) -> str:
    """The file with a line more at its end."""
    return f"{content}{line}\n"


def within(name: str, act: Callable[[Path], object]) -> Make:
    """A good drop in which something else has the name of a file."""

    def make(folder: Path) -> Path:
        drop = files({"students.csv": GOOD})(folder)
        act(drop / name)
        return drop

    return make


def encrypted(data: bytes) -> bytes:
    at = data.index(b"PK\x01\x02") + 8
    return data[:6] + b"\1" + data[7:at] + b"\1" + data[at + 1 :]


def lying(data: bytes) -> bytes:
    at = data.index(b"PK\x01\x02") + 24
    return data[:at] + struct.pack("<I", 10) + data[at + 4 :]


@dataclass(frozen=True, slots=True)
class Case:
    """A drop, what is found in it, and how many rows of students count for what."""

    name: str
    make: Make
    found: tuple[Place, ...] = ()
    rows: tuple[int, int, int] | None = (2, 2, 0)
    """Read, accepted, rejected; None for a refused drop."""


IN = "students.csv"
NOTE, WARNING = ("note", IN, None, None), ("warning", IN, None, None)


def refused(
    name: str, make: Make, line: int | None = None, file: str | None = IN
) -> Case:
    return Case(name, make, (("refused", file, line, None),), None)


READ = [
    Case("plain", text(GOOD)),
    Case("CRLF", text(GOOD.replace("\n", "\r\n"))),
    Case("CR", text(GOOD.replace("\n", "\r"))),
    Case("mixed", text(GOOD.replace("\n", "\r\n", 1))),
    Case("no line end at the end", text(GOOD.rstrip("\n"))),
    Case("mark", text(GOOD, "utf-8-sig")),
    Case("two marks", text("\ufeff" + GOOD, "utf-8-sig")),
    Case("UTF-16", text(GOOD, "utf-16")),
    Case("UTF-16 of the other order", raw(("\ufeff" + GOOD).encode("utf-16-be"))),
    Case("UTF-16 without a mark", text(GOOD, "utf-16-le"), (NOTE,)),
    Case("Windows-1252", text(GOOD, "cp1252"), (NOTE,)),
    Case("semicolons", text(swapped(";")), (NOTE,)),
    Case("tabs", text(swapped("\t")), (NOTE,)),
    Case("pipes", text(swapped("|")), (NOTE,)),
    Case("pipes in Windows-1252", text(swapped("|"), "cp1252"), (NOTE, NOTE)),
    Case("declared", text("sep=;\r\n" + swapped(";"))),
    Case("declared behind a mark", text("sep=;\n" + swapped(";"), "utf-8-sig")),
    Case("declared in quotes", text('"sep=|"\n' + swapped("|"))),
    Case("all in quotes", text('"' + swapped('","').replace("\n", '"\n"')[:-1])),
    Case("quotes behind a mark", text(GOOD.replace("sourcedId", '"sourcedId"', 1))),
    Case("surplus delimiters", text(GOOD.replace("\n", ",,,\n"))),
    Case("surplus in one row", text(GOOD.replace("05\n", "05,, ,\n"))),
    Case("blank lines", text("\n\n" + GOOD.replace("\n", "\n\n,,,\n \n"))),
    Case("Ctrl-Z", text(GOOD + "\x1a")),
    Case("Ctrl-Z and a line end", text(GOOD + "\x1a\r\n")),
    Case("header in capitals", text(GOOD.replace(COLUMNS, COLUMNS.upper()))),
    Case("spaces in the header", text(GOOD.replace(COLUMNS, swapped(" , ", COLUMNS)))),
    Case("a stray quote", text(GOOD.replace("Lee", 'L"ee'))),
    Case("a quote behind a space", text(GOOD.replace("Lee", ' "Lee"'))),
    Case("in capitals", raw(GOOD.encode(), "STUDENTS.CSV")),
    Case("one top folder", raw(GOOD.encode(), "export/students.csv")),
    Case("zip", zipped({"students.csv": GOOD})),
    Case("zip in capitals", zipped({"STUDENTS.CSV": GOOD}, "DROP.ZIP")),
    Case("zip with a top folder", zipped({"a b/": "", "a b/students.csv": GOOD})),
    Case("zip of a Mac", zipped({"students.csv": GOOD, "__MACOSX/._students.csv": ""})),
    Case("a single file", single("students.csv")),
    Case(
        "leftovers",
        files({IN: GOOD, ".DS_Store": "", "~$students.csv": "", "Thumbs.db": b"\0"}),
    ),
    Case(
        "a file that nobody reads",
        files({IN: GOOD, "lunch.csv": "a\n"}),
        (("note", "lunch.csv", None, None),),
    ),
    Case("no rows", text(COLUMNS + "\r\n"), (WARNING,), (0, 0, 0)),
    Case("no rows, no line end", text(COLUMNS), (WARNING,), (0, 0, 0)),
    Case("no rows but blank ones", text(COLUMNS + "\n,,\n\n"), (WARNING,), (0, 0, 0)),
]

RAGGED = [
    Case(name, text(content), tuple(("rejected", IN, n, None) for n in lines), counts)
    for name, content, lines, counts in [
        ("short", with_line("s3,active"), [4], (3, 2, 1)),
        ("long", with_line(f"{ONE},more".replace("1", "3")), [4], (3, 2, 1)),
        ("a comma", with_line(TWO.replace("Lee", "Lee, Jr.")), [4], (3, 2, 1)),
        ("short and last", with_line("s3,active") + "\n", [4], (3, 2, 1)),
        ("long and cut", f"{GOOD}{TWO},more", [4], (3, 2, 1)),
        ("behind blanks", f"\r\n{GOOD}\r\n,,\ns3\n", [7], (3, 2, 1)),
        (
            "behind a quote",
            with_line(TWO.replace("Lee", '"Lee" Ray').replace("2", "3")),
            [4],
            (3, 2, 1),
        ),
        (
            "behind two lines in quotes",
            GOOD.replace("K", '"\r\nK"').replace("05", '"05\r"') + "s3\n",
            [6],
            (3, 2, 1),
        ),
        ("several", f"{COLUMNS}\ns1\n{ONE}\ns2,x\n{TWO}\n,s3\n", [2, 4, 6], (5, 2, 3)),
    ]
]

REFUSED = [
    refused("NUL", raw(GOOD.encode().replace(b"Lee", b"L\0ee")), 3),
    refused("a run of NULs", raw(GOOD.encode() + b"\0" * 4000), 4),
    refused("a broken byte", raw(GOOD.encode().replace(b"Lee", b"L\xe9")), 3),
    refused("an unassigned byte", raw(GOOD.encode("cp1252") + b"\x81\n"), 4),
    refused("a mark that lies", raw(b"\xef\xbb\xbf" + GOOD.encode("cp1252")), 2),
    refused("half a character", raw(GOOD.encode("utf-16")[:-1]), 3),
    refused("cut off", text(f"{GOOD}s3,active"), 4),
    refused("cut off behind CR", text(f"{GOOD}s3,active".replace("\n", "\r")), 4),
    refused("cut off behind two lines", text(f'{GOOD}"s\r\n3",active'), 4),
    refused("cut off in quotes", text(f'{GOOD}s3,"act'), 4),
    refused("an open quote at the beginning", text(f'{COLUMNS}\n"{ONE}\n{TWO}\n'), 2),
    refused("an open quote in the middle", text(GOOD.replace("Ana", '"Ana')), 3),
    refused("an open quote at the end", text(f'{GOOD}"'), 4),
    refused("an open quote in the header", text(f'"{GOOD}'), 1),
    refused(
        "an open quote that another row closes",
        text(f'{COLUMNS}\n{ONE}\n"{TWO}\n"s3"{TWO[2:]}\n'),
        3,
    ),
    refused("no bytes", raw(b"")),
    refused("only blank lines", raw(b"\xef\xbb\xbf\r\n,,,\r\n")),
    refused("a zip with another name", raw(packed({IN: GOOD})), 1),
    refused("one file of two", files({IN: GOOD, "agents.csv": ""}), None, "agents.csv"),
    refused("nothing", lambda folder: folder, None, None),
    refused("an empty zip", zipped({}), None, None),
    refused("two folders", files({f"a/{IN}": GOOD, "b/agents.csv": LINKS}), None, None),
    refused("two folders deep", raw(GOOD.encode(), f"a/b/{IN}"), None, None),
    refused("no zip", single("drop.zip"), None, None),
    refused("half a zip", single("drop.zip", packed({IN: GOOD})[:-40]), None, None),
    refused("bytes before", single("x.zip", b"MZ" + packed({IN: GOOD})), None, None),
    refused("bytes behind", single("x.zip", packed({IN: GOOD}) + b"PK"), None, None),
    refused("encrypted", single("x.zip", encrypted(packed({IN: GOOD})))),
    refused("a lie about its size", single("x.zip", lying(packed({IN: GOOD})))),
    refused("a zip in a zip", zipped({"x.zip": packed({IN: GOOD})}), None, "x.zip"),
    refused("a path out", zipped({f"../{IN}": GOOD}), None, f"../{IN}"),
    refused("a bomb", zipped({IN: b"a" * 11_000_000})),
    refused("a pipe", within("users.csv", os.mkfifo), None, "users.csv"),
    refused("a folder", within("users.csv", Path.mkdir), None, "users.csv"),
    refused(
        "a link to nothing",
        within("users.csv", lambda path: path.symlink_to("nowhere")),
        *(None, "users.csv"),
    ),
    Case(
        "one name in two folders",
        files({f"a/{IN}": GOOD, f"b/{IN.upper()}": GOOD}),
        (("refused", f"b/{IN.upper()}", None, None),),
        None,
    ),
    Case(
        "two columns of one name",
        text(GOOD.replace("username", " SOURCEDID ")),
        (("refused", IN, 1, "SOURCEDID"),),
        None,
    ),
]


@pytest.mark.parametrize("case", [*READ, *RAGGED, *REFUSED], ids=lambda case: case.name)
def test_a_file_is_read_or_refused_as_the_design_says(
    tmp_path: Path, case: Case
) -> None:
    ended = call_cli("check", case.make(tmp_path), "--json", folder=tmp_path)
    document = ended.told_well().document
    assert [_place(one) for one in document["findings"]] == list(case.found)
    severities = [severity for severity, *_ in case.found]
    code = 3 if "refused" in severities else 1 if "rejected" in severities else 0
    assert (ended.code, document["exit_code"]) == (code, code)
    assert document["outcome"] == {0: "done", 1: "partial", 3: "refused"}[code]
    for severity, count in document["counts"].items():
        assert count == severities.count(severity)
    if case.rows is not None:
        read, accepted, rejected = case.rows
        rows = document["entities"]["students"]["rows"]
        assert (rows["read"], rows["accepted"], rows["rejected"]) == case.rows
        assert rows["merged"] == read - accepted - rejected
        assert [one["rows"] for one in document["files"]] == [read]


def _place(one: Mapping[str, Any]) -> Place:
    assert one["message"]
    return one["severity"], one["file"], one["line"], one["column"]


@pytest.mark.parametrize("name", ["nowhere", "nowhere.zip", "nowhere/x.csv"])
def test_a_path_that_is_not_there_is_wrong_usage(tmp_path: Path, name: str) -> None:
    ended = call_cli("check", name, "--json", folder=tmp_path).told_well()
    assert ended.code == 2


@pytest.mark.parametrize(
    ("content", "encoding", "delimiter", "newline"),
    [
        (GOOD.encode(), "utf-8", ",", "lf"),
        (GOOD.replace("\n", "\r\n").encode("utf-8-sig"), "utf-8", ",", "crlf"),
        (swapped(";").replace("\n", "\r").encode("utf-16"), "utf-16", ";", "cr"),
        (swapped("\t").encode("cp1252"), "windows-1252", "\t", "lf"),
        (GOOD.replace("\n", "\r", 1).encode(), "utf-8", ",", "mixed"),
        (GOOD.replace("Lee", '"L\ree"').encode(), "utf-8", ",", "mixed"),
    ],
)
def test_the_document_says_how_a_file_was_read(
    tmp_path: Path, content: bytes, encoding: str, delimiter: str, newline: str
) -> None:
    ended = call_cli("check", raw(content)(tmp_path), "--json", folder=tmp_path)
    (one,) = ended.document["files"]
    assert one["file"] == IN
    assert (one["encoding"], one["delimiter"], one["newline"]) == (
        encoding,
        delimiter,
        newline,
    )
