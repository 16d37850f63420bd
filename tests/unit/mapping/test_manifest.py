"""What a manifest says of each file, and what is wrong with it."""

from __future__ import annotations

from typing import Any

import pytest

from sync.mapping.manifest import read_manifest
from sync.mapping.recognise import recognise
from sync.model.entities import Mode
from sync.model.finding import Findings
from sync.model.roster import DropKind, Peek, Peeked

HEAD = "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\n"
FILES = ["top/users.csv", "top/ORGS.csv"]
MANIFEST, NAME, VALUE = "top/manifest.csv", "propertyName", "value"


def found(engine: Any, text: str) -> list[tuple[Any, ...]]:
    manifest = read_manifest(engine.raw(MANIFEST, text), FILES)
    columns = ("code", "severity", "file", "line", "column", "value")
    return Findings.of(manifest.findings).frame.select(columns).rows()


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("file.users,bulk\nfile.orgs, DELTA \n", []),
        ("FILE.USERS,Bulk\n", []),
        ("file.results,absent\nfile.lineItems,absent\n", []),
        ("source.systemName,A\nsource.systemCode,B\n", []),
        ("file.users,bulk\nfile.users,BULK\n", []),
        (" ,x\n", []),
        (
            "file.users,bulc\n",
            [("RS062", "refused", MANIFEST, 4, VALUE, "bulc")],
        ),
        ("file.users,\n", [("RS062", "refused", MANIFEST, 4, VALUE, "")]),
        (
            "file.classes,delta\n",
            [("RS063", "refused", MANIFEST, 4, VALUE, "delta")],
        ),
        (
            "file.users,absent\n",
            [("RS064", "warning", "top/users.csv", None, None, None)],
        ),
        (
            "file.orgs, Absent\n",
            [("RS064", "warning", "top/ORGS.csv", None, None, None)],
        ),
        (
            "file.users,bulk\nfile.orgs,bulk\nfile.Users,delta\n",
            [("RS065", "refused", MANIFEST, 6, NAME, "file.Users")],
        ),
        (
            "file.usres,bulk\n",
            [("RS067", "note", MANIFEST, 4, NAME, "file.usres")],
        ),
        (
            "oneroster.version,1.2\n",
            [("RS065", "refused", MANIFEST, 4, NAME, "oneroster.version")],
        ),
    ],
)
def test_each_line_is_judged_at_its_place(
    engine: Any, lines: str, expected: list[tuple[Any, ...]]
) -> None:
    assert found(engine, HEAD + lines) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "propertyName,value\nmanifest.version,1.0\noneroster.version,1.0\n",
            [("RS061", "refused", MANIFEST, 3, VALUE, "1.0")],
        ),
        (
            "propertyName,value\nmanifest.version,2.0\noneroster.version,1.2\n",
            [("RS068", "warning", MANIFEST, 2, VALUE, "2.0")],
        ),
        (
            "propertyName,value\nmanifest.version,1.0\n",
            [("RS068", "warning", MANIFEST, None, None, None)],
        ),
        (
            "propertyName,value\noneroster.version, 1.2 \n",
            [("RS068", "warning", MANIFEST, None, None, None)],
        ),
        (
            "property,value\nfile.users,bulk\n",
            [("RS050", "refused", MANIFEST, None, NAME, None)],
        ),
        (
            "a,b\nfile.users,bulk\n",
            [
                ("RS050", "refused", MANIFEST, None, NAME, None),
                ("RS050", "refused", MANIFEST, None, VALUE, None),
            ],
        ),
        (
            "PropertyName,Value\nmanifest.version,1.0\noneroster.version,1.1\n"
            "file.users,x\n",
            [("RS062", "refused", MANIFEST, 4, "Value", "x")],
        ),
    ],
)
def test_versions_and_columns_are_judged(
    engine: Any, text: str, expected: list[tuple[Any, ...]]
) -> None:
    assert found(engine, text) == expected


@pytest.mark.parametrize(
    ("lines", "hint"),
    [
        ("file.users,blk\n", 'the nearest is "bulk"'),
        ("file.users,zzz\n", "known are bulk, delta, absent"),
        ("file.usres,bulk\n", 'the nearest property is "file.users"'),
    ],
)
def test_the_nearest_word_is_named(engine: Any, lines: str, hint: str) -> None:
    (finding,) = read_manifest(engine.raw(MANIFEST, HEAD + lines), FILES).findings
    assert finding.hint == hint


def test_modes_are_those_of_declared_files_in_lower_case(engine: Any) -> None:
    lines = "file.users,Delta\nfile.academicSessions,absent\nfile.other,bulk\n"
    manifest = read_manifest(engine.raw(MANIFEST, HEAD + lines), FILES)
    assert manifest.version == "1.1"
    assert manifest.modes == {"users.csv": "delta", "academicsessions.csv": "absent"}


ORGS = "sourcedId,name,type,status\n"


@pytest.mark.parametrize(
    ("lines", "rows", "mode", "codes"),
    [
        ("file.orgs,bulk\n", "1,A,school,active\n", Mode.BULK, {}),
        ("file.orgs,delta\n", "1,A,school,\n", Mode.DELTA, {}),
        ("", "1,A,school,\n", Mode.BULK, {"RS066": 1}),
        ("", "1,A,school, \n2,B,school,active\n", Mode.DELTA, {"RS066": 1}),
        ("", "", Mode.BULK, {"RS066": 1}),
    ],
)
def test_a_file_is_what_the_manifest_says_or_what_its_rows_show(
    engine: Any, lines: str, rows: str, mode: Mode, codes: dict[str, int]
) -> None:
    drop = engine.drop(orgs=ORGS + rows, manifest=HEAD + lines)
    seen = tuple(Peeked(file, raw.headers) for file, raw in drop.tables.items())
    manifest = drop.tables["manifest.csv"]
    layout = recognise(Peek(DropKind.FOLDER, seen, manifest))
    modes, silent = layout.modes(drop)
    assert layout.mapping.name == "oneroster-1.1"
    assert modes == {"orgs.csv": mode}
    assert Findings.of(silent).by_code() == codes


def test_a_file_that_is_declared_absent_is_left_alone(engine: Any) -> None:
    manifest = engine.raw("manifest.csv", HEAD + "file.orgs,absent\nfile.x,bulk\n")
    seen = Peek(DropKind.FOLDER, (Peeked("Orgs.csv", ()),), manifest)
    assert recognise(seen).absent == {"orgs.csv"}
