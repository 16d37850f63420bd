"""A mapping is read as its form says, though its form is not asked."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, fields
from typing import Any

import pytest
from pydantic import BaseModel

from sync.mapping import data_folder, form, model, names
from sync.mapping.load import load, shipped

PAIRS = [
    (model.MappingFile, form.MappingFile),
    (model.TableModel, form.TableModel),
    (model.Join, form.Join),
    (model.Steps, form.Steps),
]


@pytest.mark.parametrize(("read", "written"), PAIRS)
def test_what_is_read_has_the_fields_of_what_is_written(
    read: type[Any], written: type[BaseModel]
) -> None:
    assert [one.name for one in fields(read) if one.name != "written"] == [
        *written.model_fields
    ]


@pytest.mark.parametrize("name", names())
def test_a_shipped_mapping_says_what_its_form_says(name: str) -> None:
    path = data_folder("mappings") / f"{name}.toml"
    judged = form.MappingFile.model_validate(tomllib.loads(path.read_text("utf-8")))
    read = shipped(name)
    assert _without_written(asdict(read)) == judged.model_dump()
    given = [one.model_fields_set for t in judged.tables for one in t.columns.values()]
    assert [one.written for t in read.tables for one in t.columns.values()] == given


def _without_written(value: Any) -> Any:
    if isinstance(value, dict):
        return {n: _without_written(one) for n, one in value.items() if n != "written"}
    return (
        [_without_written(one) for one in value] if isinstance(value, list) else value
    )


def test_a_shipped_mapping_is_read_once() -> None:
    assert load("four-files") is load("four-files")
