from __future__ import annotations

from pathlib import Path

import pytest

from sync.samples import make_samples, read_tables

_COMMITTED = Path(__file__).parents[3] / "samples" / "four-files"


def _contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_the_samples_of_the_repository_are_what_the_generator_makes(
    tmp_path: Path,
) -> None:
    make_samples(tmp_path, students=200, seed=1, nights=2, messy=True)
    made, committed = _contents(tmp_path), _contents(_COMMITTED)
    assert made.keys() == committed.keys()
    assert [name for name in made if made[name] != committed[name]] == []


def test_as_many_nights_are_made_as_were_asked_for(tmp_path: Path) -> None:
    make_samples(tmp_path, students=30, seed=2, nights=3, messy=False)
    folders = sorted(path.name for path in tmp_path.iterdir())
    assert folders == ["night-1", "night-2", "night-3"]
    second, third = (read_tables(tmp_path / f"night-{n}") for n in (2, 3))
    assert not second.students.equals(third.students)


def test_a_large_district_changes_less(tmp_path: Path) -> None:
    make_samples(tmp_path, students=1000, seed=2, nights=2, messy=False)
    before, after = (read_tables(tmp_path / f"night-{n}") for n in (1, 2))
    gone = before.students.join(after.students, on="sourcedId", how="anti")
    assert gone.height == round(1000 * 0.02 * 0.2)


def test_no_nights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one night"):
        make_samples(tmp_path, students=30, seed=2, nights=0)
