"""Zips: what is read of them, and which are refused before a byte is believed."""

from __future__ import annotations

import os
import struct
import warnings
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from sync.model.finding import Finding
from sync.model.roster import Wanted
from sync.read import archive as archive_module
from sync.read import read_drop
from sync.read.unpack import PIECE, beginning, unpacked

WANTED = Wanted(["students.csv", "users.csv"])
STUDENTS = b"a,b\n1,2\n"
USERS = b"c\n3\n"
FILES = {"students.csv": STUDENTS, "users.csv": USERS}
LINK = 0o120777 << 16
PACKINGS = [
    *(zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
]

Spoil = Callable[[bytes], bytes]


def zipped(
    at: Path,
    files: Mapping[str, bytes],
    method: int = zipfile.ZIP_STORED,
    name: str = "drop.zip",
) -> Path:
    path = at / name
    with zipfile.ZipFile(path, "w", method) as archive:
        for member, content in files.items():
            archive.writestr(member, content)
    return path


def codes(path: Path) -> list[str]:
    _, findings = read_drop(path, WANTED)
    return findings.frame.get_column("code").to_list()


def central(data: bytes, number: int = 0) -> int:
    """Where an entry of the directory of a zip begins."""
    place = -1
    for _ in range(number + 1):
        place = data.index(b"PK\x01\x02", place + 1)
    return place


def put(data: bytes, place: int, content: bytes) -> bytes:
    return data[:place] + content + data[place + len(content) :]


def encrypted(data: bytes) -> bytes:
    return put(put(data, 6, b"\1"), central(data) + 8, b"\1")


def overlapping(data: bytes) -> bytes:
    """Both entries of the directory point to the first file."""
    return put(data, central(data, 1) + 42, struct.pack("<I", 0))


def beyond_the_directory(data: bytes) -> bytes:
    return put(data, central(data, 1) + 20, struct.pack("<I", 5000))


def packed_by_an_unknown_method(data: bytes) -> bytes:
    return put(put(data, 8, b"\x63"), central(data) + 10, b"\x63")


def damaged_text(data: bytes) -> bytes:
    return data.replace(STUDENTS, STUDENTS[::-1])


def damaged_directory(data: bytes) -> bytes:
    return put(data, central(data), b"XXXX")


def damaged_first_header(data: bytes) -> bytes:
    return put(data, 0, b"XXXX")


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (encrypted, "RS007"),
        (overlapping, "RS010"),
        (beyond_the_directory, "RS010"),
        (packed_by_an_unknown_method, "RS006"),
        (damaged_text, "RS006"),
        (damaged_directory, "RS006"),
        (damaged_first_header, "RS006"),
        (lambda _: b"", "RS006"),
        (lambda _: b"a,b\n1,2\n", "RS006"),
        (lambda data: b"MZ" * 100 + data, "RS006"),
        (lambda data: b"junk" + data, "RS006"),
        (lambda data: data + data, "RS006"),
        (lambda data: data + b"\r\n", "RS006"),
        (lambda data: data + b"\0" * 100, "RS006"),
    ],
)
def test_a_spoilt_zip_is_refused(tmp_path: Path, spoil: Spoil, code: str) -> None:
    path = zipped(tmp_path, FILES)
    path.write_bytes(spoil(path.read_bytes()))
    drop, findings = read_drop(path, WANTED)
    assert set(findings.by_code()) == {code}
    assert findings.refuses
    assert "students.csv" not in drop.tables


@pytest.mark.parametrize("method", PACKINGS)
def test_a_zip_cut_off_anywhere_is_refused(tmp_path: Path, method: int) -> None:
    data = zipped(tmp_path, FILES, method).read_bytes()
    path = tmp_path / "cut.zip"
    for length in range(len(data)):
        path.write_bytes(data[:length])
        assert codes(path) == ["RS006"], length


@pytest.mark.parametrize("method", PACKINGS)
def test_a_zip_with_any_wrong_byte_is_refused_or_read_as_it_was(
    tmp_path: Path, method: int
) -> None:
    data = zipped(tmp_path, FILES, method).read_bytes()
    path = tmp_path / "wrong.zip"
    for place in range(len(data)):
        path.write_bytes(put(data, place, bytes([data[place] ^ 0xFF])))
        drop, findings = read_drop(path, WANTED)
        if not findings.refuses:
            rows = [table.frame.drop("_row").rows() for table in drop.tables.values()]
            assert all(one in ([("1", "2")], [("3",)]) for one in rows), place


def with_comment(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"made by the SIS " * 50


def with_folders(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("empty/", b"")
        archive.writestr("windows\\", b"")


def with_leftovers_of_a_mac(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("__MACOSX/._students.csv", b"\0")
        archive.writestr(".DS_Store", b"\0")


def with_the_mark_of_a_part(path: Path) -> None:
    path.write_bytes(b"PK00" + path.read_bytes())


@pytest.mark.parametrize(
    "add",
    [
        with_comment,
        with_folders,
        with_leftovers_of_a_mac,
        with_the_mark_of_a_part,
        lambda _: None,
    ],
)
@pytest.mark.parametrize("method", PACKINGS)
@pytest.mark.parametrize("name", ["drop.zip", "DROP.ZIP"])
def test_a_good_zip_is_read_without_a_word(
    tmp_path: Path, add: Callable[[Path], None], method: int, name: str
) -> None:
    path = zipped(tmp_path, FILES, method, name)
    add(path)
    drop, findings = read_drop(path, WANTED)
    assert sorted(drop.tables) == ["students.csv", "users.csv"]
    assert not len(findings)


def test_a_zip_written_as_a_stream_is_read(tmp_path: Path) -> None:
    """Into a pipe the sizes are written behind the data."""
    path = tmp_path / "drop.zip"
    inward, outward = os.pipe()
    with os.fdopen(outward, "wb") as pipe, zipfile.ZipFile(pipe, "w") as archive:
        for name, content in FILES.items():
            archive.writestr(name, content)
    with os.fdopen(inward, "rb") as end:
        path.write_bytes(end.read())
    assert codes(path) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("inner.ZIP", ["RS009"]),
        ("top/inner.zip", ["RS009"]),
        ("../students.csv", ["RS011"]),
        ("a/../../students.csv", ["RS011"]),
        ("/students.csv", ["RS011"]),
        ("//server/students.csv", ["RS011"]),
        ("C:/students.csv", ["RS011"]),
        ("C:students.csv", ["RS011"]),
        ("a\\..\\students.csv", ["RS011"]),
        ("\\students.csv", ["RS011"]),
        ("readme.txt/../../x", ["RS011"]),
        ("./students.csv", []),
        ("top/students.csv", []),
        ("top\\students.csv", []),
        ("STUDENTS.CSV", []),
        ("a..b/students.csv", []),
        ("a/b/students.csv", ["RS001"]),
    ],
)
def test_the_name_of_a_member_decides_whether_the_zip_is_read(
    tmp_path: Path, name: str, expected: list[str]
) -> None:
    assert codes(zipped(tmp_path, {name: STUDENTS})) == expected


def test_an_empty_zip_has_nothing_to_read(tmp_path: Path) -> None:
    assert codes(zipped(tmp_path, {})) == ["RS001"]


def test_one_name_twice_in_a_zip_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path, {"students.csv": STUDENTS})
    with warnings.catch_warnings(), zipfile.ZipFile(path, "a") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("students.csv", STUDENTS)
    assert codes(path) == ["RS003"]


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "drop.zip"
    entry = zipfile.ZipInfo("students.csv")
    entry.external_attr = LINK
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    assert codes(path) == ["RS011"]


def test_a_zip_with_another_ending_is_no_text(tmp_path: Path) -> None:
    drop, findings = read_drop(zipped(tmp_path, FILES, name="students.csv"), WANTED)
    assert findings.frame.select("code", "file", "line").rows() == [
        ("RS023", "students.csv", 1)
    ]
    assert drop.tables == {}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({f"{n}.csv": b"" for n in range(201)}, ["RS008"], id="too many"),
        pytest.param({f"{n}/": b"" for n in range(201)}, ["RS008"], id="folders"),
        pytest.param({"students.csv": b"a" * 11_000_000}, ["RS008"], id="too dense"),
        pytest.param({"x.txt": b"a" * 11_000_000}, ["RS008"], id="dense, not read"),
        pytest.param(
            {"students.csv": b"a\n" + b" \n" * 2_000_000}, ["RS031"], id="less"
        ),
        pytest.param(
            {"students.csv": STUDENTS, **{f"{n}.txt": b"" for n in range(199)}},
            ["RS002"] * 199,
            id="just as many as may be",
        ),
    ],
)
def test_a_zip_beyond_the_limits_is_refused(
    tmp_path: Path, files: Mapping[str, bytes], expected: list[str]
) -> None:
    assert codes(zipped(tmp_path, files, zipfile.ZIP_DEFLATED)) == expected


def test_a_zip_of_more_than_the_limit_together_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_module, "MOST_BYTES", 10)
    assert codes(zipped(tmp_path, FILES)) == ["RS008"]


@pytest.fixture
def streamed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes came out of members."""
    sizes: list[int] = []
    real = archive_module._stream

    def counted(path: Path, entry: zipfile.ZipInfo, file: str) -> bytes | Finding:
        data = real(path, entry, file)
        sizes.append(len(data) if isinstance(data, bytes) else 0)
        return data

    monkeypatch.setattr(archive_module, "_stream", counted)
    return sizes


@pytest.mark.parametrize("method", PACKINGS[1:])
def test_no_more_comes_out_of_a_member_than_its_zip_says(
    tmp_path: Path, method: int
) -> None:
    path = zipped(tmp_path, {"students.csv": b"a" * 30_000_000}, method)
    data = path.read_bytes()
    path.write_bytes(put(data, central(data) + 24, struct.pack("<I", 9_000_000)))
    with zipfile.ZipFile(path) as archive:
        (entry,) = archive.infolist()
        assert beginning(archive, entry, 7) == b"a" * 7
        sizes: list[int] = []
        with pytest.raises(zipfile.BadZipFile):
            sizes.extend(map(len, unpacked(archive, entry)))
    assert max(sizes) <= PIECE
    assert sum(sizes) <= 9_000_000


def test_a_member_that_is_shorter_than_its_zip_says_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path, FILES)
    data = path.read_bytes()
    path.write_bytes(
        put(data, central(data) + 24, struct.pack("<I", len(STUDENTS) + 1))
    )
    assert codes(path) == ["RS006"]


def test_a_zip_that_lies_about_sizes_is_given_up_while_it_is_read(
    tmp_path: Path, streamed: list[int]
) -> None:
    path = zipped(tmp_path, {"students.csv": b"a" * 30_000_000}, zipfile.ZIP_DEFLATED)
    data = path.read_bytes()
    path.write_bytes(put(data, central(data) + 24, struct.pack("<I", 100)))
    assert codes(path) == ["RS006"]
    assert sum(streamed) <= 100


def test_a_zip_is_never_written_to_disk(tmp_path: Path) -> None:
    path = zipped(tmp_path, {"top/students.csv": STUDENTS})
    before = sorted(tmp_path.rglob("*"))
    read_drop(path, WANTED)
    assert sorted(tmp_path.rglob("*")) == before
