"""What a drop looks like from outside: names, headers, the manifest."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.model.roster import DropKind
from sync.read import peek

USERS = "sourcedId,givenName\nu1,Zoë\n"
MANIFEST = "propertyName,value\noneroster.version,1.1\n"


def written(folder: Path, **files: str | bytes) -> Path:
    for name, content in files.items():
        data = content if isinstance(content, bytes) else content.encode()
        (folder / f"{name}.csv").write_bytes(data)
    return folder


def packed(
    at: Path, files: Mapping[str, str], method: int = zipfile.ZIP_STORED
) -> Path:
    with zipfile.ZipFile(at, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(f"{name}.csv", content)
    return at


def headers(path: Path) -> dict[str, tuple[str, ...]]:
    return {one.file: one.headers for one in peek(path).files}


def test_a_folder_has_the_headers_of_its_files_below_it_too(tmp_path: Path) -> None:
    (tmp_path / "top").mkdir()
    written(tmp_path / "top", users=USERS, manifest=MANIFEST)
    written(tmp_path, orgs="a;b\n1;2\n", note="")
    seen = peek(tmp_path)
    assert seen.kind is DropKind.FOLDER
    assert headers(tmp_path) == {
        "note.csv": (),
        "orgs.csv": ("a", "b"),
        "top/manifest.csv": ("propertyName", "value"),
        "top/users.csv": ("sourcedId", "givenName"),
    }
    assert seen.manifest is not None
    assert seen.manifest.file == "top/manifest.csv"
    assert seen.manifest.rows == 1


def test_a_zip_has_them_too_whatever_the_case_of_its_names(tmp_path: Path) -> None:
    path = packed(tmp_path / "A.ZIP", {"x/MANIFEST": MANIFEST, "x\\users": USERS})
    seen = peek(path)
    assert seen.kind is DropKind.ZIP
    assert headers(path) == {
        "x/MANIFEST.csv": ("propertyName", "value"),
        "x/users.csv": ("sourcedId", "givenName"),
    }
    assert seen.manifest is not None


def test_a_single_file_is_one_file(tmp_path: Path) -> None:
    path = written(tmp_path, users=USERS) / "users.csv"
    assert peek(path).kind is DropKind.CSV
    assert headers(path) == {"users.csv": ("sourcedId", "givenName")}


@pytest.mark.parametrize("name", ["nowhere", "nowhere.zip", "nowhere.csv"])
def test_nothing_there_gives_no_files(tmp_path: Path, name: str) -> None:
    assert peek(tmp_path / name).files == ()


@pytest.mark.parametrize("hidden", [".users", "~$users", "__MACOSX/users"])
def test_what_systems_leave_behind_is_passed_over(tmp_path: Path, hidden: str) -> None:
    assert headers(packed(tmp_path / "a.zip", {hidden: USERS})) == {}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_only_the_beginning_of_a_long_file_is_read(
    tmp_path: Path, encoding: str
) -> None:
    text = "sourcedId,Prénom\n" + "u1,Zoë Ångström\n" * 20_000
    path = written(tmp_path, users=text.encode(encoding)) / "users.csv"
    assert headers(path) == {"users.csv": ("sourcedId", "Prénom")}


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("places", range(4))
def test_a_character_that_is_cut_off_does_not_make_it_another_encoding(
    tmp_path: Path, newline: str, places: int
) -> None:
    head = f"Prénom{newline}" + "x" * places + newline
    text = head + f"😀😀😀{newline}" * 10_000
    path = written(tmp_path, users=text) / "users.csv"
    assert headers(path) == {"users.csv": ("Prénom",)}


def test_a_whole_manifest_is_read_though_it_is_long(tmp_path: Path) -> None:
    written(tmp_path, manifest=MANIFEST + "source.systemName,x\n" * 10_000)
    manifest = peek(tmp_path).manifest
    assert manifest is not None
    assert manifest.rows == 10_001


def test_a_zip_that_is_refused_has_no_files(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"PK\x05\x06 no zip")
    assert peek(path).files == ()
    assert headers(packed(path, {"../users": USERS})) == {}


METHODS = (
    zipfile.ZIP_STORED,
    zipfile.ZIP_DEFLATED,
    zipfile.ZIP_BZIP2,
    zipfile.ZIP_LZMA,
)
changes = st.lists(
    st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=4
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.sampled_from(METHODS), changes)
def test_no_damaged_zip_ends_the_look_at_it(
    tmp_path: Path, method: int, changed: list[tuple[int, int]]
) -> None:
    rows = "".join(f"u{number},active\n" for number in range(500))
    files = {"users": USERS + rows, "manifest": MANIFEST}
    path = packed(tmp_path / "a.zip", files, method)
    data = bytearray(path.read_bytes())
    for place, byte in changed:
        data[place % len(data)] = byte
    path.write_bytes(data)
    assert len(peek(path).files) <= 2
