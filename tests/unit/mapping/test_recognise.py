"""Which layout a drop has."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sync.errors import ConfigError
from sync.mapping import Layout, data_folder, load, names, recognise
from sync.mapping.choose import fits
from sync.mapping.codes import SEVERAL_LAYOUTS
from sync.mapping.recognise import _rank
from sync.model.entities import ENTITIES, Entity
from sync.model.finding import Findings
from sync.model.roster import DropKind, Peek, Peeked
from sync.read import peek

SAMPLES = data_folder("samples")
FOUR = {table.entity.value: tuple(table.columns) for table in load("four-files").tables}

JOIN = {"k": {"files": "kin.csv", "on": "s"}}
FAR = {"k": {"files": "kin.csv", "on": "far"}}


def sample(name: str) -> Path:
    folder = SAMPLES / name
    return folder / "night-1" if name == "four-files" else folder


def files(name: str) -> list[Path]:
    return sorted(one for one in sample(name).iterdir() if one.is_file())


def codes(layout: Layout) -> dict[str, int]:
    return Findings.of(layout.findings).by_code()


def seen(headers: Mapping[str, tuple[str, ...]], kind: DropKind) -> Layout:
    found = tuple(Peeked(f"{name}.csv", one) for name, one in headers.items())
    return recognise(Peek(kind, found))


@pytest.mark.parametrize("name", names())
def test_every_sample_is_found_as_a_folder(name: str) -> None:
    layout = recognise(peek(sample(name)))
    assert layout.mapping.name == name
    assert codes(layout) == {}


@pytest.mark.parametrize("name", names())
def test_every_sample_is_found_in_a_zip_below_a_folder(
    name: str, tmp_path: Path
) -> None:
    packed = tmp_path / "Export.ZIP"
    with zipfile.ZipFile(packed, "w") as archive:
        for one in files(name):
            archive.write(one, f"Export 2026/{one.name}")
    layout = recognise(peek(packed))
    assert layout.mapping.name == name
    assert codes(layout) == {}


@pytest.mark.parametrize("name", names())
def test_every_sample_is_found_whatever_the_case_of_its_names(
    name: str, tmp_path: Path
) -> None:
    for one in files(name):
        shutil.copy(one, tmp_path / one.name.swapcase())
    layout = recognise(peek(tmp_path))
    assert layout.mapping.name == name
    assert codes(layout) == {}


@pytest.mark.parametrize("name", names())
def test_files_that_nobody_knows_change_nothing(name: str, tmp_path: Path) -> None:
    for one in files(name):
        shutil.copy(one, tmp_path / one.name)
    (tmp_path / "note.md").write_text("a,b\n1,2\n", encoding="utf-8")
    (tmp_path / "menu.pdf").write_bytes(b"%PDF-1.7\0\xff")
    layout = recognise(peek(tmp_path))
    assert layout.mapping.name == name
    assert codes(layout) == {}


REQUIRED = [
    (entity, column) for entity in FOUR for column in ENTITIES[Entity(entity)].required
]


@pytest.mark.parametrize(("entity", "column"), REQUIRED)
def test_the_four_files_with_one_missing_column_stay_the_four_files(
    entity: str, column: str
) -> None:
    lacking = {entity: tuple(one for one in FOUR[entity] if one != column)}
    for headers in (FOUR | lacking, lacking):
        layout = seen(headers, DropKind.FOLDER)
        assert layout.mapping.name == "four-files"
        assert codes(layout) == {}


@pytest.mark.parametrize("entity", FOUR)
@pytest.mark.parametrize("kind", [DropKind.FOLDER, DropKind.CSV])
def test_one_file_of_the_four_is_one_of_the_four(entity: str, kind: DropKind) -> None:
    layout = seen({entity: FOUR[entity]}, kind)
    assert layout.mapping.name == "four-files"
    assert codes(layout) == {}


@pytest.mark.parametrize("entity", ["students", "users", "agents", "enrollments"])
def test_a_single_file_of_another_name_is_told_by_its_header(entity: str) -> None:
    layout = seen({"download": FOUR[entity]}, DropKind.CSV)
    assert layout.mapping.name == "four-files"
    assert codes(layout) == {}


@pytest.mark.parametrize("name", ["google-flat", "one-sheet"])
def test_a_single_sheet_is_told_by_its_header(name: str, tmp_path: Path) -> None:
    (only,) = files(name)
    copy = tmp_path / "what it is.csv"
    shutil.copy(only, copy)
    assert recognise(peek(copy)).mapping.name == name


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_oneroster_without_a_manifest_is_told_by_its_headers(
    version: str, tmp_path: Path
) -> None:
    for one in files(f"oneroster-{version}"):
        if one.name != "manifest.csv":
            shutil.copy(one, tmp_path / one.name)
    layout = recognise(peek(tmp_path))
    assert layout.mapping.name == f"oneroster-{version}"
    assert layout.manifest is None
    assert codes(layout) == {"RS060": 1}
    assert ("delta" in layout.findings[0].message) is False
    assert "delta" in recognise(peek(tmp_path), delta=True).findings[0].message


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ("oneroster.version,1.2\n", None),
        ("", "RS068"),
        ("oneroster.version,7\n", "RS061"),
    ],
)
def test_a_manifest_makes_it_oneroster_and_headers_tell_what_it_does_not_say(
    tmp_path: Path, lines: str, code: str | None
) -> None:
    for one in files("oneroster-1.2"):
        shutil.copy(one, tmp_path / one.name)
    text = f"propertyName,value\nmanifest.version,1.0\n{lines}"
    (tmp_path / "manifest.csv").write_text(text, encoding="utf-8")
    layout = recognise(peek(tmp_path))
    assert layout.mapping.name == "oneroster-1.2"
    assert set(codes(layout)) == ({code} if code else set())


def test_the_version_of_the_manifest_goes_before_the_headers(tmp_path: Path) -> None:
    for one in files("oneroster-1.2"):
        shutil.copy(one, tmp_path / one.name)
    text = "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\n"
    (tmp_path / "manifest.csv").write_text(text, encoding="utf-8")
    assert recognise(peek(tmp_path)).mapping.name == "oneroster-1.1"


@pytest.mark.parametrize("kind", [DropKind.FOLDER, DropKind.ZIP])
@pytest.mark.parametrize("headers", [{}, {"menu": ("a", "b")}, {"x": (), "y": ("z",)}])
def test_a_drop_that_looks_like_nothing_is_taken_for_the_four_files(
    kind: DropKind, headers: dict[str, tuple[str, ...]]
) -> None:
    layout = seen(headers, kind)
    assert layout.mapping.name == "four-files"
    assert codes(layout) == {}


def test_a_drop_that_fits_several_layouts_is_refused() -> None:
    both = {"orgs": FOUR["orgs"], "demographics": ("sourcedId", "birthDate")}
    (_, finding) = seen(both, DropKind.FOLDER).findings
    assert finding.code == "RS059"
    assert "oneroster-1.1, oneroster-1.2" in finding.message
    assert "--mapping oneroster-1.1" in (finding.hint or "")


@pytest.mark.parametrize("name", names())
def test_a_mapping_that_is_named_is_taken_whatever_the_drop_is(name: str) -> None:
    empty = Peek(DropKind.FOLDER, ())
    assert recognise(empty, name).mapping.name == name


def test_an_unknown_mapping_is_an_error_of_configuration() -> None:
    with pytest.raises(ConfigError, match="no mapping"):
        recognise(Peek(DropKind.FOLDER, ()), "nowhere")


@pytest.mark.parametrize(
    ("more", "headers", "whole"),
    [
        ({}, ("s", "a"), True),
        ({}, ("s",), False),
        ({"join": JOIN, "columns": {"relationshipType": "k.rel"}}, ("s", "a"), True),
        ({"join": JOIN, "columns": {"relationshipType": "k.rel"}}, ("s",), False),
        ({"join": FAR, "columns": {"relationshipType": "k.rel"}}, ("s", "a"), False),
        ({"join": JOIN, "where": {"k.x": ["1"]}}, ("s", "a"), True),
        ({"where": {"x": ["1"]}}, ("s", "a"), False),
        ({"optional": True}, ("s", "a"), True),
        ({"optional": True}, ("s",), False),
    ],
)
def test_a_file_fits_a_table_if_it_has_all_that_is_not_elsewhere(
    engine: Any, more: dict[str, Any], headers: tuple[str, ...], whole: bool
) -> None:
    columns = {"studentSourcedId": "s", "agentSourcedId": "a"}
    relation = {"relationshipType": {"value": "parent"}} | more.get("columns", {})
    entry = {"entity": "agents", "files": "*", **more, "columns": columns | relation}
    assert fits(headers, engine.mapping(entry).tables) is whole


def test_an_enrollment_may_have_its_class_from_another_file(engine: Any) -> None:
    columns = {"userSourcedId": "s", "role": {"value": "student"}}
    columns |= {"classSourcedId": "k.room"}
    entry = {"entity": "enrollments", "files": "*", "join": JOIN, "columns": columns}
    tables = engine.mapping(entry).tables
    assert fits(("s",), tables)
    assert not fits(("x",), tables)


def test_an_optional_table_may_lack_what_it_needs_beside_others(engine: Any) -> None:
    always, sometimes = (
        {"entity": "orgs", "files": "*", "columns": {"sourcedId": "o", "name": name}}
        for name in ("n", "m")
    )
    mapping = engine.mapping(always, {**sometimes, "optional": True})
    assert fits(("o", "n"), mapping.tables)
    assert not fits(("o", "m"), mapping.tables)


HEADERS = [
    (one.file, one.headers) for name in names() for one in peek(sample(name)).files
]
CHOSEN = st.lists(st.sampled_from(HEADERS), min_size=1, max_size=5, unique=True)


@given(
    chosen=CHOSEN,
    four=st.booleans(),
    left_out=st.sampled_from([None, *FOUR]),
    more=st.sampled_from([(), ("Locker",)]),
    single=st.booleans(),
)
@example(chosen=[], four=True, left_out=None, more=(), single=False)
@settings(max_examples=60)
def test_the_layout_is_the_highest_of_all_whatever_is_asked_of_how_many(
    chosen: list[tuple[str, tuple[str, ...]]],
    four: bool,
    left_out: str | None,
    more: tuple[str, ...],
    single: bool,
) -> None:
    own = [(f"{n}.csv", one) for n, one in FOUR.items() if four and n != left_out]
    found = [Peeked(file, (*headers, *more)) for file, headers in [*own, *chosen]]
    kind = DropKind.CSV if single else DropKind.FOLDER
    drop = Peek(kind, tuple(found[:1] if single else found))
    ranks = {name: _rank(load(name), drop) for name in names()}
    top = max(ranks.values())
    highest = [name for name, rank in ranks.items() if rank == top]
    layout = recognise(drop)
    assert layout.mapping.name == highest[0]
    assert (SEVERAL_LAYOUTS.code in codes(layout)) is (top.fits and len(highest) > 1)


def test_a_drop_of_the_four_files_asks_no_other_layout() -> None:
    with mock.patch("sync.mapping.recognise.shipped", wraps=load) as asked:
        assert seen(FOUR, DropKind.FOLDER).mapping.name == "four-files"
    assert [call.args for call in asked.call_args_list] == [("four-files",)]
