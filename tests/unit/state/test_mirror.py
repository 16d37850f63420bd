from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from sync.errors import LocalError, UsageError
from sync.model.entities import Entity
from sync.model.mirror import Mirror
from sync.state import (
    StateFolder,
    expire_mirror,
    load_mirror,
    mirror_place,
    save_mirror,
)

NOW = datetime(2026, 11, 21, 11, 45, tzinfo=UTC)


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> StateFolder:
    return StateFolder(tmp_path)


def mirror(key: str = "s-1", read_at: datetime = NOW) -> Mirror:
    students = pl.DataFrame(
        {
            "_key": [key, "é,\n\0"],
            "_remote_id": ["1", None],
            "_frozen": [True, False],
            "_rest": ["{}", None],
            "email": [None, ""],
        }
    )
    return Mirror(
        frames={Entity.STUDENTS: students, Entity.USERS: students.clear()},
        complete={Entity.STUDENTS: True, Entity.USERS: False},
        totals={Entity.STUDENTS: 2, Entity.USERS: 7},
        read_at=read_at,
        notes=("pages were clamped to 50",),
        pages={Entity.STUDENTS: 1},
    )


def same(found: Mirror | None, expected: Mirror) -> None:
    assert found is not None
    assert set(found.frames) == set(expected.frames)
    for entity, frame in expected.frames.items():
        assert_frame_equal(found.frames[entity], frame)
    for name in ("complete", "totals", "read_at", "notes", "pages"):
        assert getattr(found, name) == getattr(expected, name)


def test_before_the_first_read_there_is_no_mirror(folder: StateFolder) -> None:
    assert load_mirror(folder, "district") is None


def test_a_mirror_comes_back_as_it_was(folder: StateFolder) -> None:
    save_mirror(folder, "district", mirror())
    same(load_mirror(folder, "district"), mirror())
    assert load_mirror(folder, "other") is None


def test_a_read_of_nothing_is_a_mirror_too(folder: StateFolder) -> None:
    empty = Mirror({}, {}, {}, NOW)
    save_mirror(folder, "district", empty)
    same(load_mirror(folder, "district"), empty)


def test_a_later_mirror_replaces_the_one_before_and_its_files(
    folder: StateFolder,
) -> None:
    save_mirror(folder, "district", mirror())
    later = mirror("s-2", NOW + timedelta(days=1))
    save_mirror(folder, "district", later)
    same(load_mirror(folder, "district"), later)
    home = folder.mirrors / "district"
    assert len([each for each in home.iterdir() if each.is_dir()]) == 1


class CrashError(Exception):
    pass


@pytest.mark.parametrize("writes", [0, 1, 2])
def test_a_crash_at_any_write_leaves_the_old_mirror(
    folder: StateFolder, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    save_mirror(folder, "district", mirror())
    replace, left = Path.replace, [writes]

    def crash(draft: Path, path: Path) -> Path:
        if left[0] == 0:
            raise CrashError
        left[0] -= 1
        return replace(draft, path)

    with monkeypatch.context() as broken:
        broken.setattr(Path, "replace", crash)
        with pytest.raises(CrashError):
            save_mirror(folder, "district", mirror("s-2"))
    same(load_mirror(folder, "district"), mirror())
    save_mirror(folder, "district", mirror("s-3"))
    same(load_mirror(folder, "district"), mirror("s-3"))
    assert len(list((folder.mirrors / "district").iterdir())) == 2


def test_a_crash_while_the_old_files_go_leaves_the_new_mirror(
    folder: StateFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_mirror(folder, "district", mirror())

    def crash(*_: object, **__: object) -> None:
        raise CrashError

    with monkeypatch.context() as broken:
        broken.setattr("shutil.rmtree", crash)
        with pytest.raises(CrashError):
            save_mirror(folder, "district", mirror("s-2"))
    same(load_mirror(folder, "district"), mirror("s-2"))


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


@pytest.mark.parametrize("place", ["0a1b", None])
def test_where_a_mirror_was_read_is_told(
    folder: StateFolder, place: str | None
) -> None:
    assert mirror_place(folder, "district") is None
    save_mirror(folder, "district", mirror(), place)
    assert mirror_place(folder, "district") == place


@pytest.mark.parametrize("change", ["cut", "list", "deep", "empty"])
@pytest.mark.parametrize("use", [load_mirror, mirror_place, expire_mirror])
def test_a_pointer_that_is_damaged_is_told_by_whoever_reads_it(
    folder: StateFolder,
    change: str,
    use: Callable[[StateFolder, str], object],
) -> None:
    save_mirror(folder, "district", mirror(), "0a1b")
    pointer = folder.mirrors / "district" / "current.json"
    damaged = {
        "cut": pointer.read_text()[:-20],
        "list": "[]",
        "deep": "[" * 100_000 + "]" * 100_000,
        "empty": "",
    }
    pointer.write_text(damaged[change])
    with pytest.raises(LocalError) as caught:
        use(folder, "district")
    assert "damaged" in caught.value.line()
    assert str(pointer.parent) in caught.value.line()


@pytest.mark.parametrize("change", ["flip", "remove", "pointer", "format", "list"])
def test_a_damaged_mirror_is_not_taken_for_none(
    folder: StateFolder, change: str
) -> None:
    save_mirror(folder, "district", mirror())
    home = folder.mirrors / "district"
    file = next(home.glob("*/students.parquet"))
    pointer = home / "current.json"
    match change:
        case "flip":
            damage(file)
        case "remove":
            file.unlink()
        case "pointer":
            pointer.write_bytes(pointer.read_bytes()[:-20])
        case "format":
            pointer.write_text(
                pointer.read_text().replace('"format": 1', '"format": 2')
            )
        case _:
            pointer.write_text("[]")
    with pytest.raises(LocalError) as caught:
        load_mirror(folder, "district")
    assert str(home) in caught.value.line()


def test_a_target_named_outside_of_the_folder_is_refused(folder: StateFolder) -> None:
    with pytest.raises(UsageError):
        save_mirror(folder, "../x", mirror())


def folders(folder: StateFolder) -> set[str]:
    home = folder.mirrors / "district"
    return {each.name for each in home.iterdir() if each.is_dir()}


def test_a_mirror_that_holds_the_same_is_not_written_again(
    folder: StateFolder,
) -> None:
    save_mirror(folder, "district", mirror(), "here")
    written = folders(folder)
    later = replace(mirror(read_at=NOW + timedelta(days=1)), notes=(), pages={})
    save_mirror(folder, "district", later, "there")
    assert folders(folder) == written
    same(load_mirror(folder, "district"), later)
    assert mirror_place(folder, "district") == "there"


def test_what_was_damaged_is_written_again(folder: StateFolder) -> None:
    save_mirror(folder, "district", mirror())
    (path,) = (folder.mirrors / "district").glob("*/students.parquet")
    path.write_bytes(b"x")
    save_mirror(folder, "district", mirror())
    same(load_mirror(folder, "district"), mirror())


def test_tables_that_were_given_up_come_back(folder: StateFolder) -> None:
    told = replace(mirror(), tables={"users": mirror().frames[Entity.STUDENTS]})
    save_mirror(folder, "district", told)
    expire_mirror(folder, "district")
    found = load_mirror(folder, "district")
    assert found is not None
    assert found.tables == {}
    save_mirror(folder, "district", told)
    found = load_mirror(folder, "district")
    assert found is not None
    assert found.tables.keys() == {"users"}
