"""Kind -> class: one line for each kind of remote system."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from sync.config import KindKeys, TargetConfig
from sync.model.entities import REFERENCE, SYNCED, Entity
from sync.targets.base import Target
from sync.targets.edubridge import EdubridgeSettings, EdubridgeTarget
from sync.targets.oneroster import OneRosterSettings, OneRosterTarget
from sync.targets.openedx import OpenedxSettings, OpenedxTarget
from sync.targets.schoology import SchoologySettings, SchoologyTarget
from sync.targets.timeback import TimebackSettings, TimebackTarget


@dataclass(frozen=True, slots=True)
class Kind:
    """The keys that a kind has in the configuration, and how its target is made."""

    settings: type[BaseModel]
    make: Callable[[Any, Mapping[Entity, str]], Target]
    """From the settings and the removal policy of each of its ``entities``."""
    pace: Mapping[str, float | int | str] = field(default_factory=dict)
    """The limits of a system that is known to have some, where a configuration names
    none."""
    entities: tuple[Entity, ...] = SYNCED
    """What it can write, in the order of the files."""
    undoing: Mapping[str, Any] = field(default_factory=dict)
    """Settings that putting back what was there needs, whatever is configured."""


KINDS: Mapping[str, Kind] = {
    "timeback": Kind(TimebackSettings, TimebackTarget),
    "oneroster": Kind(
        OneRosterSettings, OneRosterTarget, entities=(*REFERENCE, *SYNCED)
    ),
    "edubridge": Kind(EdubridgeSettings, EdubridgeTarget),
    "schoology": Kind(
        SchoologySettings,
        SchoologyTarget,
        pace={"requests_per_second": 3, "burst": 5, "concurrency": 4},
    ),
    "openedx": Kind(
        OpenedxSettings,
        OpenedxTarget,
        pace={"requests_per_second": 1.5, "concurrency": 2, "timeout": "120s"},
        undoing={"preserve_mode": True},
    ),
}

SETTINGS: Mapping[str, KindKeys] = {
    name: KindKeys(kind.settings, kind.pace, kind.entities)
    for name, kind in KINDS.items()
}


def make_target(table: TargetConfig, *, undoing: bool = False) -> Target:
    """The target of a configured table. Raises ``ConfigError``.

    ``undoing``: to take a run back, for which what the run made is removed in the
    strongest form that the kind has, and what it ended comes back as it was.
    """
    kind = KINDS[table.kind]
    policies = {entity: table.removal.policy(entity) for entity in kind.entities}
    target = kind.make(table.settings, policies)
    if not undoing:
        return target
    able = target.capabilities
    forms = {entity: able.strongest(entity) for entity in able.removals}
    return kind.make(table.settings.model_copy(update=kind.undoing), policies | forms)
