"""Folders, zips and single files: what is read, what refuses the drop."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from sync.errors import UsageError
from sync.model.finding import Severity
from sync.model.roster import DropKind, Wanted
from sync.read import CODES, read_drop

WANTED = Wanted(
    ["students.csv", "users*.csv"], ["results.csv"], frozenset({"gone.csv"})
)
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
    _, findings = read_drop(path, WANTED)
    return findings.frame.get_column("code").to_list()


def test_a_folder_and_its_zip_have_one_digest(tmp_path: Path) -> None:
    files = {"students.csv": STUDENTS, "users_2.CSV": USERS}
    plain, _ = read_drop(folder(tmp_path / "one", files), WANTED)
    packed, findings = read_drop(
        zipped(tmp_path, {f"top/{name}": data for name, data in files.items()}),
        WANTED,
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
    one, _ = read_drop(folder(tmp_path / "one", files), WANTED)
    two, _ = read_drop(folder(tmp_path / "two", other), WANTED)
    assert one.sha256 != two.sha256


def test_a_single_file_may_have_any_name(tmp_path: Path) -> None:
    drop, findings = read_drop(folder(tmp_path, {"z.txt": USERS}) / "z.txt", WANTED)
    assert drop.kind is DropKind.CSV
    assert list(drop.tables) == ["z.txt"]
    assert not len(findings)


def test_a_path_that_does_not_exist_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file or folder"):
        read_drop(tmp_path / "nothing", WANTED)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({"students.csv": STUDENTS, ".x": b"", "__MACOSX/a": b""}, []),
        pytest.param({"students.csv": STUDENTS, "note.txt": b""}, ["RS002"]),
        pytest.param({"top/students.csv": STUDENTS}, []),
        pytest.param({"note.txt": b""}, ["RS001", "RS002"]),
        pytest.param({".students.csv": STUDENTS}, ["RS001"]),
        pytest.param({"Students.CSV": STUDENTS, "students.csv": STUDENTS}, ["RS003"]),
        pytest.param({"students.csv": STUDENTS, "old/students.csv": USERS}, ["RS003"]),
        pytest.param({"a/Students.csv": STUDENTS, "b/students.csv": USERS}, ["RS003"]),
        pytest.param({"a/students.csv": STUDENTS, "b/users.csv": USERS}, ["RS004"]),
        pytest.param({"students.csv": STUDENTS, "b/users.csv": USERS}, ["RS004"]),
        pytest.param({"a/b/students.csv": STUDENTS}, ["RS001"]),
        pytest.param({"a/students.csv": STUDENTS, "a/b/users.csv": USERS}, ["RS004"]),
        pytest.param({"a/students.csv": STUDENTS, "b/note.txt": b""}, ["RS002"]),
        pytest.param({"students.csv": STUDENTS, "b/inner/x.csv": b""}, ["RS002"]),
        pytest.param({"students.csv": STUDENTS, "results.csv": b"\0"}, ["RS013"]),
        pytest.param({"students.csv": STUDENTS, "Gone.csv": b"\0"}, []),
        pytest.param(
            {
                "STUDENTS.CSV": STUDENTS,
                "~$students.csv": b"",
                ".~lock.students.csv#": b"",
                "Thumbs.db": b"\0",
                "DESKTOP.INI": b"",
                ".DS_Store": b"\0",
                "__macosx/students.csv": b"",
                ".git/students.csv": b"",
            },
            [],
            id="what systems leave behind",
        ),
        pytest.param(
            {"students.txt": STUDENTS, "users.tsv": b""}, ["RS001"] + 2 * ["RS002"]
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


def test_a_file_that_may_not_be_read_refuses_the_drop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    path = folder(tmp_path, {"students.csv": STUDENTS})
    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert codes(path) == ["RS005"]


def pipe(path: Path) -> None:
    os.mkfifo(path)


def folder_of_that_name(path: Path) -> None:
    path.mkdir()


def link_to_nothing(path: Path) -> None:
    path.symlink_to("nowhere.csv")


def link_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


def link_to_a_folder(path: Path) -> None:
    path.symlink_to(path.parent)


def link_to_a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


ODD = [
    pipe,
    folder_of_that_name,
    link_to_nothing,
    link_to_itself,
    link_to_a_folder,
    link_to_a_device,
]


@pytest.mark.parametrize("make", ODD)
def test_what_is_no_file_where_one_should_be_refuses_the_drop(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    path = folder(tmp_path / "drop", {"users.csv": USERS})
    make(path / "students.csv")
    drop, findings = read_drop(path, WANTED)
    assert findings.frame.select("code", "file").rows() == [("RS005", "students.csv")]
    assert list(drop.tables) == ["users.csv"]


@pytest.mark.parametrize("make", ODD)
def test_what_is_no_file_under_a_name_that_nobody_reads_refuses_nothing(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    path = folder(tmp_path / "drop", {"users.csv": USERS})
    make(path / "else.csv")
    assert codes(path) in ([], ["RS002"])


@pytest.mark.parametrize("make", [pipe, link_to_a_device])
@pytest.mark.parametrize("name", ["drop.csv", "drop.zip"])
def test_a_drop_that_is_a_pipe_or_a_device_is_refused_at_once(
    tmp_path: Path, make: Callable[[Path], None], name: str
) -> None:
    make(tmp_path / name)
    assert codes(tmp_path / name) == ["RS005"]


def test_links_to_files_are_read_and_circles_of_folders_are_not_walked(
    tmp_path: Path,
) -> None:
    real = folder(tmp_path / "real", {"export.txt": STUDENTS})
    path = folder(tmp_path / "drop", {"users.csv": USERS})
    (path / "students.csv").symlink_to(real / "export.txt")
    (path / "again").symlink_to(path)
    drop, findings = read_drop(path, WANTED)
    assert sorted(drop.tables) == ["students.csv", "users.csv"]
    assert findings.frame.select("code", "file").rows() == [("RS002", "again")]


def test_a_folder_that_has_the_name_of_a_file_may_be_the_top_folder(
    tmp_path: Path,
) -> None:
    path = folder(tmp_path, {"students.csv/students.csv": STUDENTS})
    assert codes(path) == []


def test_a_folder_that_cannot_be_listed_refuses_the_drop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder(tmp_path, {"students.csv": STUDENTS, "closed/users.csv": USERS})
    real = os.scandir

    def scandir(at: str) -> object:
        if str(at).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(at))
        return real(at)

    monkeypatch.setattr(os, "scandir", scandir)
    _, findings = read_drop(path, WANTED)
    assert findings.frame.select("code", "file").rows() == [("RS005", "closed")]


@pytest.mark.parametrize("name", ["x" * 300, "link", "folder.csv/x.csv"])
def test_a_path_that_leads_nowhere_is_wrong_usage(tmp_path: Path, name: str) -> None:
    (tmp_path / "link").symlink_to("link")
    with pytest.raises(UsageError):
        read_drop(tmp_path / name, WANTED)


@pytest.mark.parametrize(
    ("name", "meant"),
    [("student.csv", True), ("STUDENTS.txt", False), ("lunch.csv", False)],
)
def test_a_file_that_nobody_reads_may_be_misspelt(
    tmp_path: Path, name: str, meant: bool
) -> None:
    _, findings = read_drop(folder(tmp_path, {name: b"", "users.csv": USERS}), WANTED)
    (hint,) = findings.frame["hint"]
    assert (hint is not None and "students.csv" in hint) == meant


def test_codes_are_distinct_and_ours() -> None:
    numbers = [code.code for code in CODES]
    assert numbers == sorted(set(numbers))
    assert all("RS001" <= number <= "RS049" for number in numbers)
    assert {code.severity for code in CODES} == set(Severity)
