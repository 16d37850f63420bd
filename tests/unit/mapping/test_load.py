"""Mapping files: the shipped ones, and every mistake with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.errors import ConfigError, ExitCode
from sync.mapping import Layout, data_folder, load, mistakes, names, schema, wanted
from sync.model.entities import ENTITIES, SATELLITES, STATED, Entity

TABLE = """name = "n"
title = "t"
[[tables]]
entity = "agents"
files = "agents.csv"
[tables.columns]
studentSourcedId = "s"
agentSourcedId = "a"
relationshipType = {relation}
{more}
"""


def written(at: Path, *, relation: str = '"r"', more: str = "") -> str:
    path = at / "mine.toml"
    path.write_text(TABLE.format(relation=relation, more=more), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("name", names())
def test_every_shipped_mapping_loads_under_its_own_name(name: str) -> None:
    assert load(name).name == name


@pytest.mark.parametrize("name", names())
def test_nothing_is_wrong_with_what_is_shipped(name: str) -> None:
    assert mistakes(name) == []


def test_the_four_files_know_every_canonical_column() -> None:
    mapping = load("four-files")
    assert {t.entity for t in mapping.tables} == set(Entity) - set(SATELLITES)
    for table in mapping.tables:
        others = {*STATED}
        assert set(table.columns) == set(ENTITIES[table.entity].names) - others
    assert wanted(Layout(mapping, None)).patterns[:4] == [
        "students.csv",
        "users.csv",
        "agents.csv",
        "enrollments.csv",
    ]


def test_a_mapping_of_ones_own_is_loaded_by_path(tmp_path: Path) -> None:
    assert load(written(tmp_path)).tables[0].files == ["agents.csv"]


@pytest.mark.parametrize(
    ("relation", "more", "place", "words"),
    [
        (
            '{ frm = "r" }',
            "",
            "tables[0] (agents).columns.relationshipType.frm",
            "from",
        ),
        ('{ split = "," }', "", "relationshipType", "exactly one"),
        ('{ from = "r", part = 1 }', "", "relationshipType", "part needs split"),
        ('{ from = "r", split = ",", part = 0 }', "", "relationshipType", "from 1"),
        ('{ from = "r", hash = true }', "", "relationshipType.hash", "list"),
        ('{ from = "r", hash = ["a"] }', "", "relationshipType", "exactly one"),
        ('{ from = "r", zfill = "5" }', "", "relationshipType.zfill", "integer"),
        ('{ from = "r", value = "v" }', "", "relationshipType", "exactly one"),
        ("{ trim = true }", "", "relationshipType", "exactly one"),
        ('{ value = "v", aliases = ["x"] }', "", "relationshipType", "aliases"),
        ('{ template = "x" }', "", "relationshipType", "no header"),
        ('{ from = "r", regex = "a" }', "", "relationshipType", "go together"),
        (
            '{ from = "r", regex = "(?=a)", replace = "" }',
            "",
            "relationshipType",
            "regex",
        ),
        ('{ from = "r", as = "date" }', "", "relationshipType", "go together"),
        ('{ from = "r", as = "number" }', "", "relationshipType", "boolean"),
        (
            '{ from = "r", upper = true, lower = true }',
            "",
            "relationshipType",
            "one of",
        ),
        (
            '{ from = "r", values = { a = "1", A = "2" } }',
            "",
            "relationshipType",
            "case",
        ),
        ('"r"', 'statsu = "s"', "(agents).columns.statsu", 'did you mean "status"?'),
        ('"r"', 'status = { from = "s", default = "inactive" }', "status", "leaver"),
        (
            '"r"',
            'status = { from = "s", values = { "1" = "actve" } }',
            "status",
            'did you mean "active"?',
        ),
        ('"r"', '[[tables]]\nentity = "agnts"', "tables[1]", "agents"),
        ('"r"', '[[tables]]\nentity = "orgs"\nfiles = "o"\n', "tables[1]", "missing"),
        (
            '"r"',
            '[[tables]]\nentity = "orgs"\nfiles = "o"\n[tables.columns]\nname = "n"',
            "tables[1] (orgs).columns",
            "sourcedId",
        ),
        (
            '"r"',
            '[[tables]]\nentity = "enrollments"\nfiles = "e"\n[tables.columns]\n'
            'userSourcedId = "u"\nrole = "r"',
            "(enrollments).columns",
            "classSourcedId",
        ),
        (
            '"r"',
            '[tables.join.x]\nfiles = "f"\nnn = "k"',
            "tables[0] (agents).join.x",
            "is missing",
        ),
        (
            '"r"',
            '[tables.join.x]\nfiles = "f"\non = "k"\nmnay = true',
            "join.x.mnay",
            'did you mean "many"?',
        ),
        (
            '"rols.r"',
            '[tables.join.roles]\nfiles = "f"\non = "k"',
            "(agents)",
            "no join",
        ),
        (
            '"r"',
            '[tables.combine]\nstatsu = "first"',
            "combine.statsu",
            "no column of the table",
        ),
        (
            '"x.r"',
            '[tables.join.x]\nfiles = "f"\non = "y.k"\nkey = "k"\n'
            '[tables.join.y]\nfiles = "g"\non = "s"',
            "(agents).join.x",
            "before this one",
        ),
        (
            '"x.r"',
            '[tables.join.y]\nfiles = "g"\non = "s"\n'
            '[tables.join.x]\nfiles = "f"\non = "y.k"',
            "(agents).join.x",
            "key is needed",
        ),
        ("r", "", "", "TOML"),
    ],
)
def test_a_mistake_is_named_with_file_table_column_and_what_is_right(
    tmp_path: Path, relation: str, more: str, place: str, words: str
) -> None:
    path = written(tmp_path, relation=relation, more=more)
    with pytest.raises(ConfigError) as raised:
        load(path)
    line = raised.value.line()
    assert raised.value.exit_code is ExitCode.USAGE
    assert line.startswith(path)
    assert place in line
    assert words in line


def test_an_unknown_mapping_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r'no mapping "fourfiles"') as raised:
        load("fourfiles")
    assert 'did you mean "four-files"?' in raised.value.line()


def test_a_mapping_that_is_not_text_is_an_error_of_configuration(
    tmp_path: Path,
) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="is no TOML"):
        load(str(path))


def test_the_schema_speaks_the_words_of_the_file() -> None:
    steps = schema()["$defs"]["Steps"]
    assert {"from", "as", "values"} <= set(steps["properties"])
    assert steps["additionalProperties"] is False


def test_the_shipped_data_lie_beside_the_package() -> None:
    assert (data_folder("mappings") / "four-files.toml").is_file()
