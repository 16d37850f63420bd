"""The reference of mappings names every key, and its examples load."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from sync.mapping import load
from sync.mapping.form import Join, MappingFile, Steps, TableModel
from tests.docs.pages import blocks, rows, section, text_of

PAGE = "docs/mappings.md"
SECTIONS: dict[str, type[BaseModel]] = {
    "The file": MappingFile,
    "A table": TableModel,
    "A join": Join,
    "Steps of a column": Steps,
}


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_key_is_in_the_reference_and_no_other(heading: str) -> None:
    named = {row[0].strip("`") for row in rows(section(text_of(PAGE), heading))}
    fields = SECTIONS[heading].model_fields
    assert named == {field.alias or name for name, field in fields.items()}


@pytest.mark.parametrize("number", range(3))
def test_every_example_loads(tmp_path: Path, number: int) -> None:
    examples = blocks(text_of(PAGE), "TOML")
    assert len(examples) == 3
    path = tmp_path / "example.toml"
    path.write_text(examples[number], "utf-8")
    assert load(str(path)).tables
