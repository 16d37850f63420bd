from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from sync.watch.look import Packing, Seen, inside, look

LINK = "->"
"""The content of what is to be a link, before where it leads."""


def laid(folder: Path, files: Mapping[str, str]) -> Path:
    """A folder with these files, links and (without content) folders."""
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".zip" and content != "broken":
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("students.csv", content)
        elif content.startswith(LINK):
            path.symlink_to(content.removeprefix(LINK))
        elif name.endswith("/"):
            path.mkdir(exist_ok=True)
        else:
            path.write_text(content, "utf-8")
    return folder


def found(folder: Path, *sentinels: str) -> dict[str, Seen]:
    return {one.name: one for one in look(folder, sentinels).drops}


@pytest.mark.parametrize(
    ("files", "drops"),
    [
        ({}, {}),
        ({"night/students.csv": "a"}, {"night": Packing.FOLDER}),
        ({"night/deep/students.csv": "a"}, {"night": Packing.FOLDER}),
        ({"night.zip": "a"}, {"night.zip": Packing.FILE}),
        ({"NIGHT.ZIP": "a"}, {"NIGHT.ZIP": Packing.FILE}),
        ({"roster.csv": "a"}, {"roster.csv": Packing.FILE}),
        ({"a.csv": "a", "b.TXT": "b"}, {"files": Packing.FILES}),
        (
            {"a.csv": "a", "b.csv": "b", "c.zip": "c", "d/e.csv": "e"},
            {"c.zip": Packing.FILE, "d": Packing.FOLDER, "files": Packing.FILES},
        ),
        ({"night/": ""}, {}),
        ({"night/.hidden.csv": "a", "other/Thumbs.db": ""}, {}),
        ({".night/a.csv": "a", "~$a.csv": "a", "desktop.ini": ""}, {}),
        ({"done/a.csv": "a", "held/a.csv": "a", "working/1/a.csv": "a"}, {}),
        ({"a.zip.part": "a", "b.csv.tmp": "b"}, {}),
        ({"note.docx": "a"}, {}),
    ],
)
def test_folders_zips_and_loose_data_files_are_drops(
    tmp_path: Path, files: Mapping[str, str], drops: Mapping[str, Packing]
) -> None:
    seen = found(laid(tmp_path / "in", files))
    assert {name: one.packing for name, one in seen.items()} == drops


@pytest.mark.parametrize(
    ("files", "name", "waits"),
    [
        ({"n/a.csv": "a", "n/b.csv.part": ""}, "n", "n/b.csv.part is still on its way"),
        ({"a.csv": "a", "b.csv": "", "c.csv.filepart": ""}, "files", "c.csv is still"),
        # One loose file and one that comes will be several.
        ({"a.csv": "a", "c.csv.filepart": ""}, "files", "c.csv is still"),
        ({"a.csv": "a", "c.zip.part": ""}, "a.csv", None),
        ({"n.zip": "a", "n.zip.part": ""}, "n.zip", None),
    ],
)
def test_a_drop_waits_for_what_is_still_on_its_way(
    tmp_path: Path, files: Mapping[str, str], name: str, waits: str | None
) -> None:
    seen = found(laid(tmp_path / "in", files))[name]
    assert (seen.waits or "").startswith(waits or "")
    assert (seen.waits is None) is (waits is None)


@pytest.mark.parametrize(
    ("files", "waiting", "signs"),
    [
        ({"n/a.csv": ""}, {"n"}, {}),
        ({"n/a.csv": "", "n/x.done": ""}, set(), {}),
        ({"n/a.csv": "", "n.done": ""}, set(), {"n": ("n.done",)}),
        ({"n.zip": "", "n.zip.done": ""}, set(), {"n.zip": ("n.zip.done",)}),
        ({"n.zip": "", "n.done": ""}, set(), {"n.zip": ("n.done",)}),
        ({"n.zip": "", "m.zip": "", "m.done": ""}, {"n.zip"}, {"m.zip": ("m.done",)}),
        (
            {"n.zip": "", "m.zip": "", "all.done": ""},
            set(),
            {"n.zip": ("all.done",), "m.zip": ("all.done",)},
        ),
        ({"a.csv": "", "b.csv": ""}, {"files"}, {}),
        ({"a.csv": "", "b.csv": "", "x.done": ""}, set(), {"files": ("x.done",)}),
        ({"a.csv": "", "b.csv": "", "a.done": ""}, {"files"}, {"files": ("a.done",)}),
        (
            {"a.csv": "", "b.csv": "", "a.csv.done": "", "b.csv.done": ""},
            set(),
            {"files": ("a.csv.done", "b.csv.done")},
        ),
        (
            {"a.csv": "", "b.csv": "", "n.zip": "", "n.done": ""},
            {"files"},
            {"n.zip": ("n.done",)},
        ),
    ],
)
def test_a_drop_waits_for_its_sentinel_and_takes_it_along(
    tmp_path: Path,
    files: Mapping[str, str],
    waiting: set[str],
    signs: Mapping[str, tuple[str, ...]],
) -> None:
    seen = found(laid(tmp_path / "in", files), "*.done")
    assert {name for name, one in seen.items() if one.waits} == waiting
    assert {n for n, one in seen.items() if one.announced} == seen.keys() - waiting
    assert {name: one.signs for name, one in seen.items() if one.signs} == signs


def test_a_zip_that_cannot_be_opened_has_to_lie_still(tmp_path: Path) -> None:
    """Its sentinel may be in it, so that it does not wait; but none was seen."""
    (broken,) = found(laid(tmp_path / "in", {"n.zip": "broken"}), "*.done").values()
    assert (broken.waits, broken.announced) == (None, False)
    (tmp_path / "in" / "n.done").touch()
    (broken,) = found(tmp_path / "in", "*.done").values()
    assert broken.announced


def test_two_targets_may_ask_for_two_sentinels(tmp_path: Path) -> None:
    folder = laid(tmp_path / "in", {"n/a.csv": "", "n/x.done": ""})
    assert found(folder, "*.done", "*.ok")["n"].waits == "there is no *.ok yet"
    (folder / "n.ok").touch()
    assert found(folder, "*.done", "*.ok")["n"].announced


def test_links_are_left_alone_and_never_followed(tmp_path: Path) -> None:
    laid(tmp_path / "other", {"students.csv": "secret"})
    folder = laid(
        tmp_path / "in",
        {
            "away": f"{LINK}{tmp_path / 'other'}",
            "a.csv": f"{LINK}{tmp_path / 'other' / 'students.csv'}",
            "n/deep": f"{LINK}{tmp_path / 'other'}",
        },
    )
    looked = look(folder, [])
    assert {name for name, _ in looked.left_alone} == {"away", "a.csv"}
    (night,) = looked.drops
    assert (night.inside.unfit or "").startswith("n/deep is a link")
    assert [file for file, _, _ in night.inside.stamp] == ["n/deep"]


def test_what_is_no_drop_is_named_with_its_reason(tmp_path: Path) -> None:
    folder = laid(tmp_path / "in", {"note.docx": "", ".secret": "", "x.part": ""})
    os.mkfifo(folder / "pipe")
    assert dict(look(folder, []).left_alone) == {
        "note.docx": "its name is not that of a drop",
        "pipe": "it is neither a file nor a folder",
    }


def test_every_change_shows_in_the_stamp(tmp_path: Path) -> None:
    folder = laid(tmp_path / "in", {"n/a.csv": "1", "n/deep/b.csv": "2"})
    stamps = [found(folder)["n"].inside.stamp]
    (folder / "n" / "a.csv").write_text("12", "utf-8")
    stamps.append(found(folder)["n"].inside.stamp)
    os.utime(folder / "n" / "deep" / "b.csv", ns=(1, 1))
    stamps.append(found(folder)["n"].inside.stamp)
    (folder / "n" / "c.csv").touch()
    stamps.append(found(folder)["n"].inside.stamp)
    (folder / "n" / "a.csv").unlink()
    stamps.append(found(folder)["n"].inside.stamp)
    assert len(set(stamps)) == 5
    assert found(folder)["n"].inside.size == 1


def test_a_stamp_is_the_same_wherever_the_files_lie(tmp_path: Path) -> None:
    folder = laid(tmp_path / "in", {"a.csv": "1", "b.csv": "22"})
    before = found(folder)["files"]
    folder.rename(tmp_path / "there")
    assert inside(tmp_path / "there", before.files) == before.inside


def test_a_file_that_goes_away_meanwhile_is_not_there(tmp_path: Path) -> None:
    assert inside(tmp_path, ["gone.csv"]).stamp == ()


def test_drops_are_in_the_order_of_their_newest_file(tmp_path: Path) -> None:
    folder = laid(tmp_path / "in", {"a.zip": "", "b/x.csv": "", "b/y.csv": ""})
    os.utime(folder / "a.zip", ns=(5, 5))
    os.utime(folder / "b" / "x.csv", ns=(1, 1))
    os.utime(folder / "b" / "y.csv", ns=(9, 9))
    drops = sorted(look(folder, []).drops, key=lambda one: one.age)
    assert [one.name for one in drops] == ["a.zip", "b"]


def test_a_folder_that_cannot_be_listed_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        look(tmp_path / "away", [])
