"""Every key that the configuration takes is in the reference, with its default."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from sync.config import load, parse_duration, schema
from sync.config.model import TargetTable
from sync.targets.registry import KINDS, SETTINGS
from tests.docs.pages import PAGES, ROOT, blocks, name_of, rows, section, text_of

REFERENCE = "docs/operate.md"
REQUIRED, NONE = "required", "none"
TABLES = {
    "Above the first table": (),
    "`[targets.NAME]`": ("NAME",),
    "`[targets.NAME.select]`": ("NAME", "select"),
    "`[targets.NAME.limits]`": ("NAME", "limits"),
    "`[targets.NAME.removal]`": ("NAME", "removal"),
    "`[targets.NAME.fields]`": ("NAME", "fields"),
    "`[targets.NAME.guards]`": ("NAME", "guards"),
}
"""The headings of the reference, and which part of the schema each is about."""
OWN = [
    *((kind, "Keys", ()) for kind in KINDS),
    ("timeback", "`[targets.NAME.platform]`", ("platform",)),
    ("timeback", "`[targets.NAME.api]`", ("api",)),
]
"""The pages of the kinds, their headings, and which part of the kind each is about."""

CONFIGURATIONS = [
    pytest.param(block, id=f"{name_of(page)} {number}")
    for page in PAGES
    for number, block in enumerate(blocks(page.read_text("utf-8"), "toml"), 1)
]


def resolved(part: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    """A part of the schema with the definition that it refers to."""
    choices = [one for one in part.get("anyOf", []) if "$ref" in one]
    if choices:
        return resolved(choices[0], whole)
    if "$ref" not in part:
        return part
    name = part["$ref"].rsplit("/", 1)[1]
    found: dict[str, Any] = whole["$defs"][name]
    return found


def table_of(place: tuple[str, ...]) -> tuple[dict[str, Any], list[str]]:
    """The keys of that table, but for the tables below it, and the required ones."""
    whole = schema(SETTINGS)
    part = whole
    for name in place:
        if name == "NAME":
            part = kind_of("timeback", whole)
        else:
            part = resolved(part["properties"][name], whole)
    below = {"targets", "notify"} | {
        names[-1] for names in TABLES.values() if len(names) > 1
    }
    if place == ("NAME",):
        below |= set(part["properties"]) - set(TargetTable.model_fields)
    keys = {key: one for key, one in part["properties"].items() if key not in below}
    return keys, part.get("required", [])


def kind_of(kind: str, whole: dict[str, Any]) -> dict[str, Any]:
    """The part of the schema about targets of that kind."""
    kinds = whole["properties"]["targets"]["additionalProperties"]["oneOf"]
    (found,) = (one for one in kinds if one["properties"]["kind"]["const"] == kind)
    assert isinstance(found, dict)
    return found


def own_table(kind: str, place: tuple[str, ...]) -> tuple[dict[str, Any], list[str]]:
    """The keys that only this kind has, but for its tables, and the required ones."""
    whole = schema(SETTINGS)
    part = kind_of(kind, whole)
    tables = {name for one, _, names in OWN if one == kind for name in names}
    for name in place:
        part = resolved(part["properties"][name], whole)
    below = (tables | set(TargetTable.model_fields)) if not place else set()
    keys = {key: one for key, one in part["properties"].items() if key not in below}
    return keys, part.get("required", [])


def documented(heading: str, page: str = REFERENCE) -> dict[str, str]:
    """Key -> default, as a page gives them."""
    found = rows(section(text_of(page), heading))
    return {row[0].strip("`"): row[1].strip("`") for row in found}


@pytest.mark.parametrize("heading", TABLES)
def test_the_reference_has_every_key_and_no_other(heading: str) -> None:
    keys, _ = table_of(TABLES[heading])
    assert set(documented(heading)) == set(keys)


@pytest.mark.parametrize("heading", TABLES)
def test_the_reference_has_the_defaults_of_the_schema(heading: str) -> None:
    agree(documented(heading), *table_of(TABLES[heading]))


@pytest.mark.parametrize(("kind", "heading", "place"), OWN)
def test_the_page_of_a_kind_has_its_keys_with_their_defaults(
    kind: str, heading: str, place: tuple[str, ...]
) -> None:
    keys, required = own_table(kind, place)
    told = documented(heading, f"docs/targets/{kind}.md")
    assert set(told) == set(keys)
    agree(told, keys, required)


def agree(told: dict[str, str], keys: dict[str, Any], required: list[str]) -> None:
    """Fail where a page says another default than the schema has."""
    for key, text in told.items():
        default = keys[key].get("default")
        if key in required:
            assert text == REQUIRED, key
        elif default is None:
            assert text == NONE, key
        else:
            assert same(tomllib.loads(f"x = {text}")["x"], default), key


def same(said: Any, default: Any) -> bool:
    """Durations are seconds in the schema; a guard may have a number besides."""
    if isinstance(said, str) and not isinstance(default, str):
        return parse_duration(said).total_seconds() == float(default)
    if isinstance(said, dict):
        return bool({"count": None, **said} == default)
    return bool(said == default)


@pytest.mark.parametrize("block", CONFIGURATIONS)
def test_every_configuration_of_the_documents_is_taken(
    block: str, tmp_path: Path
) -> None:
    path = tmp_path / "roster-sync.toml"
    path.write_text(block, "utf-8")
    assert load(path, SETTINGS).targets


def test_the_sample_configuration_keeps_its_state_outside_the_samples() -> None:
    config = load(ROOT / "samples" / "roster-sync.toml", SETTINGS)
    assert list(config.targets) == ["sandbox"]
    assert not config.state_dir.is_relative_to(ROOT / "samples")
