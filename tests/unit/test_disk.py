"""Files on the disk are private, whole, and there when a call returns."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sync.disk import copy_private, create_private, new_file, open_private, replaced


def made(path: Path) -> None:
    with new_file(path) as file:
        file.write(b"new")


def placed(path: Path) -> None:
    with replaced(path) as file:
        file.write(b"new")


def opened(path: Path) -> None:
    descriptor = open_private(path, os.O_WRONLY)
    os.write(descriptor, b"new")
    os.close(descriptor)


def copied(path: Path) -> None:
    source = path.with_name("source")
    source.write_bytes(b"new")
    source.chmod(0o644)
    copy_private(source, path)
    source.unlink()


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o277])
@pytest.mark.parametrize("write", [made, placed, opened, copied])
def test_a_file_is_for_its_owner_only_under_any_umask(
    tmp_path: Path, write: Callable[[Path], None], mask: int
) -> None:
    with umask(mask):
        write(tmp_path / "file")

    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600
    assert (tmp_path / "file").read_bytes() == b"new"
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("write", [placed, opened, copied])
def test_a_file_that_others_could_read_is_private_afterwards(
    tmp_path: Path, write: Callable[[Path], None]
) -> None:
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "file").chmod(0o666)

    write(tmp_path / "file")

    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600


@pytest.mark.parametrize("there", ["a file", "a link to nowhere"])
def test_a_new_file_takes_nobodys_place(tmp_path: Path, there: str) -> None:
    path = tmp_path / "file"
    if there == "a file":
        path.write_bytes(b"old")
    else:
        path.symlink_to(tmp_path / "nowhere")

    with pytest.raises(FileExistsError):
        create_private(path)

    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("draft", [None, "half"])
def test_a_block_that_fails_leaves_what_stood_there_and_no_draft(
    tmp_path: Path, draft: str | None
) -> None:
    (tmp_path / "file").write_bytes(b"old")

    def half() -> None:
        place = None if draft is None else tmp_path / draft
        with replaced(tmp_path / "file", place) as file:
            file.write(b"ne")
            raise KeyError

    with pytest.raises(KeyError):
        half()

    assert (tmp_path / "file").read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("draft", [None, "half"])
def test_content_comes_to_the_disk_before_its_name_and_the_name_before_the_return(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, draft: str | None
) -> None:
    steps: list[str] = []
    sync, replace = os.fsync, Path.replace

    def noted_sync(descriptor: int) -> None:
        found = os.fstat(descriptor)
        steps.append("folder" if stat.S_ISDIR(found.st_mode) else f"{found.st_size}")
        sync(descriptor)

    def noted_replace(source: Path, target: Path) -> Path:
        steps.append(target.name)
        return replace(source, target)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    with replaced(tmp_path / "file", tmp_path / draft if draft else None) as file:
        file.write(b"new")

    assert steps == ["3", "file", "folder"]


def test_a_copy_to_a_device_is_only_written_to_it(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"new")
    before = Path(os.devnull).stat()

    copy_private(tmp_path / "source", Path(os.devnull))

    after = Path(os.devnull).stat()
    assert (after.st_mode, after.st_ino) == (before.st_mode, before.st_ino)
