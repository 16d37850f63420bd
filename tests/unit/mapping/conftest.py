"""Small drops of text, and mappings written as they stand in a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sync.mapping import Layout, MappingFile, apply
from sync.mapping.check import faults
from sync.mapping.judge import of_form
from sync.model.entities import Entity
from sync.model.finding import Findings
from sync.model.roster import Drop, DropKind, Mapped, RawTable, Roster
from sync.read.table import read_table
from sync.validate import validate

AGENTS = {"studentSourcedId": "s", "agentSourcedId": "a"}


@dataclass(frozen=True)
class Made:
    """What became of a drop."""

    mapped: Mapped
    roster: Roster
    findings: Findings

    def rows(self, entity: str, *columns: str) -> list[tuple[Any, ...]]:
        """The mapped rows of an entity."""
        return self.mapped.tables[Entity(entity)].frame.select(columns).rows()

    def cells(self, *columns: str) -> list[tuple[Any, ...]]:
        """These columns of the findings."""
        return self.findings.frame.select(columns).rows()

    @property
    def codes(self) -> dict[str, int]:
        """How often each code was found."""
        return self.findings.by_code()


class Engine:
    """Reading, mapping and validating, without files."""

    def raw(self, file: str, text: str) -> RawTable:
        """One file."""
        table, _ = read_table(file, text.encode())
        assert table is not None
        return table

    def drop(self, kind: DropKind = DropKind.FOLDER, **files: str) -> Drop:
        """Files by their name without ending."""
        tables = {f"{n}.csv": self.raw(f"{n}.csv", text) for n, text in files.items()}
        return Drop(Path("drop"), "drop", kind, "", tables)

    def mapping(self, *tables: Mapping[str, Any], **top: Any) -> MappingFile:
        """A mapping that is right."""
        content = {"name": "n", "title": "t", "tables": list(tables)} | top
        assert of_form(Path("m.toml"), content) == []
        made = MappingFile.of(content)
        assert list(faults(made)) == []
        return made

    def agents(self, relation: Any = None, **more: Any) -> MappingFile:
        """A mapping of one table of links, from agents.csv with the headers s and a."""
        return self.mapping(self.links(relation) | more)

    def links(self, relation: Any = None) -> dict[str, Any]:
        """That table, as it is written."""
        columns = {**AGENTS, "relationshipType": relation or {"value": "parent"}}
        return {"entity": "agents", "files": "agents.csv", "columns": columns}

    def run(
        self, mapping: MappingFile, kind: DropKind = DropKind.FOLDER, **files: str
    ) -> Made:
        """Map and validate."""
        mapped, found = apply(self.drop(kind, **files), Layout(mapping, None))
        roster, judged = validate(mapped, today=date(2026, 11, 20), earlier=found)
        return Made(mapped, roster, found + judged)


@pytest.fixture(scope="session")
def engine() -> Engine:
    return Engine()
