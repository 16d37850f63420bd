"""The headers of the shipped mappings: each a name of its canonical column."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from sync.errors import ConfigError
from sync.mapping import load, names
from sync.mapping.model import Steps
from sync.model.entities import Entity
from sync.suggest.words import Said, say

Vendors = Mapping[Entity, Mapping[str, Mapping[Said, str]]]
"""Entity -> canonical column -> words of a header -> the mapping that has it."""


@cache
def vendors() -> Vendors:
    """Of every shipped mapping; one that does not load helps nobody and is left out."""
    known: dict[Entity, dict[str, dict[Said, str]]] = {}
    for name in names():
        try:
            mapping = load(name)
        except ConfigError:
            continue
        for table in mapping.tables:
            columns = known.setdefault(table.entity, {})
            for column, steps in table.columns.items():
                if steps.regex is not None or steps.part is not None:
                    continue  # a part of what the header holds
                for header in _headers(steps, set(table.join)):
                    columns.setdefault(column, {}).setdefault(say(header), name)
    return known


def _headers(steps: Steps, joins: set[str]) -> list[str]:
    """Of the table's own file: what stands in another one speaks of other things,
    and what stands in for a blank cell is not the thing itself."""
    every = [*(steps.from_ or ())[:1], *steps.aliases]
    return [one for one in every if one.partition(".")[0] not in joins]
