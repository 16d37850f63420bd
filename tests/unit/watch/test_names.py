from __future__ import annotations

from itertools import islice

import pytest

from sync.watch.names import free_name, is_data, is_on_its_way, is_ours, meant, numbered


@pytest.mark.parametrize(
    ("name", "whole"),
    [
        ("students.csv.part", "students.csv"),
        ("students.csv.FilePart", "students.csv"),
        ("night.zip.tmp", "night.zip"),
        ("night.zip.crdownload", "night.zip"),
        ("students.part.csv", None),
        ("night.zip", None),
        ("part", None),
    ],
)
def test_what_is_still_uploaded_is_told_by_the_end_of_its_name(
    name: str, whole: str | None
) -> None:
    assert is_on_its_way(name) is (whole is not None)
    assert meant(name) == (whole or name)


@pytest.mark.parametrize("name", ["done", "Held", "WORKING", "rejected"])
def test_the_folders_of_a_watcher_are_told_in_any_case(name: str) -> None:
    assert is_ours(name)


@pytest.mark.parametrize(
    ("name", "data"),
    [("students.CSV", True), ("cc.txt", True), ("note.docx", False), ("csv", False)],
)
def test_loose_files_of_a_drop_are_told_by_their_ends(name: str, data: bool) -> None:
    assert is_data(name) is data


@pytest.mark.parametrize(
    ("name", "following"),
    [
        ("night", ["night", "night-2", "night-3"]),
        ("2026-09-14", ["2026-09-14", "2026-09-14-2", "2026-09-14-3"]),
        ("night.zip", ["night.zip", "night-2.zip", "night-3.zip"]),
        ("v1.2", ["v1.2", "v1.2-2", "v1.2-3"]),
        ("Roster 24.csv", ["Roster 24.csv", "Roster 24-2.csv", "Roster 24-3.csv"]),
    ],
)
def test_drops_of_one_name_are_numbered(name: str, following: list[str]) -> None:
    assert list(islice(numbered(name), 3)) == following


@pytest.mark.parametrize(
    ("taken", "free"),
    [
        (set(), "night"),
        ({"night"}, "night-2"),
        ({"night", "night-3"}, "night-2"),
        ({"night.report.html"}, "night-2"),
        ({"night", "night-2.report.html"}, "night-3"),
        ({"nights"}, "night"),
    ],
)
def test_a_name_is_free_when_all_that_stands_beside_it_is_free(
    taken: set[str], free: str
) -> None:
    assert free_name("night", taken, (".report.html",)) == free


def test_where_upper_case_is_not_told_from_lower_neither_is_it_here() -> None:
    assert free_name("Night", {"night"}, ()) == "Night-2"
