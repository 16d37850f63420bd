"""Kind -> class: one line for each kind of remote system."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from sync.config import TargetConfig
from sync.model.entities import SYNCED, Entity
from sync.targets.base import Target
from sync.targets.timeback import TimebackSettings, TimebackTarget


@dataclass(frozen=True, slots=True)
class Kind:
    """The keys that a kind has in the configuration, and how its target is made."""

    settings: type[BaseModel]
    make: Callable[[Any, Mapping[Entity, str]], Target]


KINDS: Mapping[str, Kind] = {
    "timeback": Kind(TimebackSettings, TimebackTarget),
}

SETTINGS: Mapping[str, type[BaseModel]] = {
    name: kind.settings for name, kind in KINDS.items()
}


def make_target(table: TargetConfig) -> Target:
    """The target of a configured table. Raises ``ConfigError``."""
    policies = {entity: table.removal.policy(entity) for entity in SYNCED}
    return KINDS[table.kind].make(table.settings, policies)
