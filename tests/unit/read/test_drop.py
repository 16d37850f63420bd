"""Folders, zips and single files: what is read, what refuses the drop."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest

from sync.errors import UsageError
from sync.model.finding import Severity
from sync.model.roster import DropKind
from sync.read import CODES, read_drop
from sync.read import archive as archive_module

PATTERNS = ["students.csv", "users*.csv"]
STUDENTS = b"a,b\n1,2\n"
USERS = b"c\n3\n"


def folder(at: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path = at / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return at


def zipped(at: Path, files: dict[str, bytes], *, deflate: bool = True) -> Path:
    path = at / "drop.zip"
    method = zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def codes(path: Path) -> list[str]:
    _, findings = read_drop(path, PATTERNS)
    return findings.frame.get_column("code").to_list()


def test_a_folder_and_its_zip_have_one_digest(tmp_path: Path) -> None:
    files = {"students.csv": STUDENTS, "users_2.CSV": USERS}
    plain, _ = read_drop(folder(tmp_path / "one", files), PATTERNS)
    packed, findings = read_drop(
        zipped(tmp_path, {f"top/{name}": data for name, data in files.items()}),
        PATTERNS,
    )
    assert plain.sha256 == packed.sha256
    assert (plain.kind, packed.kind) == (DropKind.FOLDER, DropKind.ZIP)
    assert list(packed.tables) == ["top/students.csv", "top/users_2.CSV"]
    assert packed.name == "drop.zip"
    assert not len(findings)


@pytest.mark.parametrize(
    "other",
    [
        {"students.csv": b"a,b\n1,3\n", "users.csv": USERS},
        {"students.csv": STUDENTS, "users1.csv": USERS},
        {"students.csv": STUDENTS},
    ],
)
def test_another_byte_or_name_gives_another_digest(
    tmp_path: Path, other: dict[str, bytes]
) -> None:
    files = {"students.csv": STUDENTS, "users.csv": USERS}
    one, _ = read_drop(folder(tmp_path / "one", files), PATTERNS)
    two, _ = read_drop(folder(tmp_path / "two", other), PATTERNS)
    assert one.sha256 != two.sha256


def test_a_single_file_may_have_any_name(tmp_path: Path) -> None:
    drop, findings = read_drop(folder(tmp_path, {"z.txt": USERS}) / "z.txt", PATTERNS)
    assert drop.kind is DropKind.CSV
    assert list(drop.tables) == ["z.txt"]
    assert not len(findings)


def test_a_path_that_does_not_exist_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file or folder"):
        read_drop(tmp_path / "nothing", PATTERNS)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({"students.csv": STUDENTS, ".x": b"", "__MACOSX/a": b""}, []),
        pytest.param({"students.csv": STUDENTS, "note.txt": b""}, ["RS002"]),
        pytest.param({"top/students.csv": STUDENTS}, []),
        pytest.param({"note.txt": b""}, ["RS001", "RS002"]),
        pytest.param({".students.csv": STUDENTS}, ["RS001"]),
        pytest.param({"Students.CSV": STUDENTS, "students.csv": STUDENTS}, ["RS003"]),
        pytest.param(
            {"students.csv": STUDENTS, "old/students.csv": STUDENTS},
            ["RS002", "RS003"],
        ),
        pytest.param(
            {"a/students.csv": STUDENTS, "b/users.csv": USERS},
            ["RS004", "RS002", "RS002"],
        ),
        pytest.param({"students.csv": b"", "users.csv": b"a\n\0"}, ["RS030", "RS023"]),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_what_the_members_of_a_drop_give(
    tmp_path: Path, files: dict[str, bytes], expected: list[str], packed: bool
) -> None:
    path = zipped(tmp_path, files) if packed else folder(tmp_path / "drop", files)
    assert sorted(codes(path)) == sorted(expected)


def encrypted(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    path.write_bytes(data)


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-30])


def damaged(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data.replace(STUDENTS, STUDENTS[::-1]))


def overlapping(path: Path) -> None:
    """Both entries of the directory point to the first file."""
    data = bytearray(path.read_bytes())
    second = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 4)
    data[second + 42 : second + 46] = struct.pack("<I", 0)
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (encrypted, "RS007"),
        (truncated, "RS006"),
        (damaged, "RS006"),
        (overlapping, "RS010"),
    ],
)
def test_a_spoilt_zip_is_refused(tmp_path: Path, spoil: object, code: str) -> None:
    files = {"students.csv": STUDENTS, "users.csv": USERS}
    path = zipped(tmp_path, files, deflate=False)
    spoil(path)  # type: ignore[operator]
    drop, findings = read_drop(path, PATTERNS)
    assert code in findings.by_code()
    assert findings.refuses
    assert "students.csv" not in drop.tables


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("inner.ZIP", "RS009"),
        ("../students.csv", "RS011"),
        ("/students.csv", "RS011"),
        ("C:/students.csv", "RS011"),
        ("a\\..\\students.csv", "RS011"),
    ],
)
def test_a_zip_with_such_a_member_is_refused(
    tmp_path: Path, name: str, code: str
) -> None:
    assert codes(zipped(tmp_path, {name: STUDENTS})) == [code]


def test_backslashes_between_folders_are_folders(tmp_path: Path) -> None:
    drop, _ = read_drop(zipped(tmp_path, {"top\\students.csv": STUDENTS}), PATTERNS)
    assert list(drop.tables) == ["top/students.csv"]


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({f"{n}.csv": b"" for n in range(201)}, id="too many"),
        pytest.param({"students.csv": b"a" * 11_000_000}, id="too dense"),
    ],
)
def test_a_zip_beyond_the_limits_is_refused(
    tmp_path: Path, files: dict[str, bytes]
) -> None:
    assert codes(zipped(tmp_path, files)) == ["RS008"]


def test_a_zip_of_more_than_the_limit_together_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_module, "MOST_BYTES", 10)
    path = zipped(tmp_path, {"students.csv": STUDENTS, "users.csv": USERS})
    assert codes(path) == ["RS008"]


def test_a_zip_that_lies_about_sizes_is_given_up_while_it_is_read(
    tmp_path: Path,
) -> None:
    path = zipped(tmp_path, {"students.csv": b"a" * 30_000_000})
    data = bytearray(path.read_bytes())
    entry = data.index(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = struct.pack("<I", 100)
    path.write_bytes(data)
    _, findings = read_drop(path, PATTERNS)
    assert findings.refuses


def test_a_file_that_may_not_be_read_refuses_the_drop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    path = folder(tmp_path, {"students.csv": STUDENTS})
    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert codes(path) == ["RS005"]


def test_a_zip_in_memory_is_never_written_to_disk(tmp_path: Path) -> None:
    path = zipped(tmp_path, {"top/students.csv": STUDENTS})
    before = sorted(tmp_path.rglob("*"))
    read_drop(path, PATTERNS)
    assert sorted(tmp_path.rglob("*")) == before


def test_codes_are_distinct_and_ours() -> None:
    numbers = [code.code for code in CODES]
    assert numbers == sorted(set(numbers))
    assert all("RS001" <= number <= "RS049" for number in numbers)
    assert {code.severity for code in CODES} == set(Severity)


def test_a_zip_that_is_no_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(io.BytesIO(b"no zip").getvalue())
    assert codes(path) == ["RS006"]
