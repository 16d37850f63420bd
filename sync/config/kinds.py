"""What a kind of target says of its table: its own keys, its pace, its entities.

Level 2, under ``sync.config``. The registry makes a ``KindKeys`` for each kind; a table
of the file is completed with its pace and judged by its entities.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from sync.config.model import TargetTable
from sync.config.problems import Problem
from sync.model.entities import SYNCED, Entity

LIMITS = "limits"
Pace = Mapping[str, float | int | str]


@dataclass(frozen=True, slots=True)
class KindKeys:
    """One kind of target, as far as the configuration goes."""

    settings: type[BaseModel]
    """The keys that only this kind has."""
    pace: Pace = field(default_factory=dict)
    """Of the table of limits, what is otherwise than usual where a configuration does
    not say it: a system whose limits are known."""
    entities: tuple[Entity, ...] = SYNCED
    """What it can write, and so what ``entities`` may name."""


def at_its_pace(table: dict[str, Any], kind: KindKeys) -> dict[str, Any]:
    """The table with the kind's own limits where it names none.

    Limits that are no table stay what they are, to be refused as such.
    """
    limits = table.get(LIMITS, {})
    if not kind.pace or not isinstance(limits, dict):
        return table
    return table | {LIMITS: {**kind.pace, **limits}}


def beyond(
    name: str, table: TargetTable, keys: KindKeys, place: str
) -> Iterator[Problem]:
    """What the table says of entities that this kind of target does not write.

    ``name`` is the kind's, ``place`` the table's.
    """
    known = f"it writes {', '.join(keys.entities)}"
    if "entities" in table.model_fields_set:
        other = [entity for entity in table.entities if entity not in keys.entities]
        if other:
            text = f"{', '.join(other)} cannot be synced with kind {name}"
            yield Problem(f"{place}.entities", text, known)
    for entity in sorted(table.removal.model_fields_set & set(Entity)):
        kept = table.removal.policy(Entity(entity)) == "keep"
        if not kept and entity not in keys.entities:
            yield _unwritten(f"{place}.removal.{entity}", name, entity, known)
    for column in table.fields.protect:
        entity = column.partition(".")[0]
        if entity not in keys.entities:
            yield _unwritten(f"{place}.fields.protect", name, entity, known)


def _unwritten(key: str, kind: str, entity: str, known: str) -> Problem:
    return Problem(key, f"kind {kind} does not write {entity}", known)
