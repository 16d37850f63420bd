"""Tables and lists of the documents that repeat what the program knows."""

from __future__ import annotations

import importlib
import re
import tomllib

import pytest

from docs.make_codes import PAGE, page
from sync.cli.explain import all_codes
from sync.model.entities import (
    ENROLLMENT_ROLES,
    ENTITIES,
    GRADES,
    REFERENCE,
    STATED,
    STATUSES,
    SYNCED,
    USER_ROLES,
    Entity,
)
from sync.report.balance import PARTS
from sync.report.shape import ReportDocument
from sync.state import folder
from sync.targets.timeback.config import API_URLS, PLATFORM_URLS, SCOPES
from tests.docs.pages import rows, section, text_of

FILES = "docs/files.md"
OPERATE = "docs/operate.md"
TIMEBACK = "docs/targets/timeback.md"


def quoted(text: str) -> list[str]:
    """The words between backticks."""
    return re.findall(r"`([^`]+)`", text)


def test_the_page_of_codes_is_what_the_generator_makes() -> None:
    assert PAGE.read_text("utf-8") == page(all_codes().values())


def test_every_code_that_a_page_names_exists() -> None:
    texts = [text_of("README.md"), text_of(FILES), text_of(OPERATE), text_of(TIMEBACK)]
    named = set(re.findall(r"RS\d{3}", " ".join(texts)))
    assert named <= set(all_codes())


@pytest.mark.parametrize("entity", SYNCED)
def test_the_columns_of_a_file_are_those_that_are_read(entity: Entity) -> None:
    found = rows(section(text_of(FILES), f"{entity.value}.csv"))
    said = [(row[0].strip("`"), row[1] == "required") for row in found]
    spec = ENTITIES[entity].columns
    own = [one for one in spec if one.name not in STATED]
    assert said == [(one.name, one.required) for one in own]


@pytest.mark.parametrize("entity", REFERENCE)
def test_the_columns_of_a_reference_file_are_those_that_are_read(
    entity: Entity,
) -> None:
    found = rows(section(text_of(FILES), "The reference files"))
    (row,) = [one for one in found if one[0] == f"`{entity.value}.csv`"]
    spec = ENTITIES[entity]
    assert tuple(quoted(row[1])) == spec.required
    assert quoted(row[2]) == [one for one in spec.names if one not in spec.required]


@pytest.mark.parametrize(
    ("what", "values"),
    [
        ("status", STATUSES),
        ("grades", GRADES),
        ("role of a user", USER_ROLES),
        ("role of an enrollment", ENROLLMENT_ROLES),
    ],
)
def test_the_values_of_the_page_are_those_that_are_allowed(
    what: str, values: tuple[str, ...]
) -> None:
    found = {row[0]: quoted(row[1]) for row in rows(section(text_of(FILES), "Values"))}
    assert tuple(found[what][: len(values)]) == values


def test_the_report_is_described_field_by_field() -> None:
    table = rows(section(text_of(OPERATE), "The report"))
    said = [name for row in table for name in quoted(row[0])]
    fields = [*ReportDocument.model_fields, *PARTS]
    assert sorted(said) == sorted(fields)


@pytest.mark.parametrize("part", PARTS)
def test_the_counts_of_the_report_are_described_part_by_part(part: str) -> None:
    table = rows(section(text_of(OPERATE), "The report"))
    (row,) = [row for row in table if row[0] == f"`{part}`"]
    assert set(PARTS[part]) <= set(quoted(row[1]))


def test_the_state_folder_is_described_part_by_part() -> None:
    table = rows(section(text_of(OPERATE), "The state folder"))
    said = [row[0].strip("`") for row in table]
    layout = folder.__doc__ or ""
    assert said == re.findall(r"^    (\S+) {2,}\S", layout, re.MULTILINE)


def test_the_addresses_and_scopes_of_timeback_are_those_that_are_used() -> None:
    text = text_of(TIMEBACK)
    for name, url in PLATFORM_URLS.items():
        assert f"| `{name}` | `{url}` | `{API_URLS[name]}` |" in text
    assert all(f"`{scope}`" in text for scope in SCOPES)


def test_every_dependency_has_its_line() -> None:
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    text = text_of("docs/dependencies.md")
    for heading, wanted in (
        ("To run", project["dependencies"]),
        ("To develop", project["optional-dependencies"]["dev"]),
    ):
        names = [re.split(r"[<>=]", one)[0] for one in wanted]
        table = text[text.index(f"## {heading}") :].split("\n\n")[1]
        assert sorted(row[0] for row in rows(table)) == sorted(names), heading


def test_the_entries_of_the_flow_are_where_the_page_says() -> None:
    table = rows(text_of("docs/flow.md").split("## Frames")[0])
    for step, package, entry, _ in table:
        found = importlib.import_module(package.strip("`"))
        for name in entry.strip("`").split("."):
            assert hasattr(found, name), (step, entry)
            found = getattr(found, name)
