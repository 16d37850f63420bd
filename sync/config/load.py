"""``roster-sync.toml`` -> ``Config``, or every mistake of the file at once.

Level 2, under ``sync.config``. In: a path and the models of the kinds. Out: one
frozen ``Config``. Nothing secret is read here, so a check needs no environment.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import field_validator

from sync.config.clock import named_timezone
from sync.config.kinds import KindKeys, at_its_pace, beyond
from sync.config.model import (
    Config,
    Memory,
    PositiveDuration,
    TargetConfig,
    TargetTable,
    Text,
)
from sync.config.nearest import did_you_mean
from sync.config.problems import Problem, Reader, config_error
from sync.config.values import Table
from sync.disk import read_regular
from sync.errors import ConfigError

if TYPE_CHECKING:
    from sync.config.notify import Mail, Webhook

VARIABLE = "ROSTER_SYNC_CONFIG"
DEFAULT_NAME = "roster-sync.toml"
LARGEST = 16 * 1024**2
"""Bytes; more is no configuration."""

TARGET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)

Kinds = Mapping[str, KindKeys]


class Head(Table):
    """The keys above the first table."""

    state_dir: Text = "state"
    plan_valid: PositiveDuration = timedelta(hours=24)
    memory: Memory = "normal"
    timezone: Text | None = None
    metrics: Text | None = None
    """A file for Prometheus, written at the end of each run."""

    @field_validator("metrics")
    @classmethod
    def _is_collected(cls, name: str | None) -> str | None:
        if name is not None and not name.endswith(".prom"):
            message = "must end with .prom: other files are not collected"
            raise ValueError(message)
        return name

    @field_validator("timezone")
    @classmethod
    def _exists(cls, name: str | None) -> str | None:
        named_timezone(name)
        return name


def load(path: Path | None, kinds: Kinds) -> Config:
    """The configuration in that file, or in the default one.

    ``kinds``: for each known kind of target its own keys, its pace and what it can
    write. Raises ``ConfigError`` with the file, the key and what to do, for all
    mistakes at once.
    """
    path = Path(path or os.environ.get(VARIABLE) or DEFAULT_NAME).expanduser()
    document = _parse(path)
    targets = document.pop("targets", {})
    people = document.pop("notify", None)
    folder = path.absolute().parent
    found: list[Problem] = []
    head = Reader((), folder, found).read(Head, document, also=("targets", "notify"))
    configured = _targets(targets, kinds, folder, found)
    told = _channels(people, targets, folder, found)
    if head is None or found:
        raise config_error(path, found)
    return Config(
        path=path,
        state_dir=(folder / Path(head.state_dir).expanduser()).resolve(),
        plan_valid=head.plan_valid,
        timezone=named_timezone(head.timezone),
        targets=configured,
        memory=head.memory,
        notify=told,
        metrics=None
        if head.metrics is None
        else folder / Path(head.metrics).expanduser(),
    )


def _channels(
    tables: object, targets: object, folder: Path, found: list[Problem]
) -> Mapping[str, Mail | Webhook]:
    if tables is None:
        return {}
    from sync.config.notify import channels  # noqa: PLC0415 - most tell nobody

    known = targets if isinstance(targets, dict) else {}
    return channels(tables, known, folder, found)


def _parse(path: Path) -> dict[str, Any]:
    try:
        content = read_regular(path, LARGEST + 1)
        if len(content) > LARGEST:
            raise ConfigError(path, None, f"it has more than {LARGEST:,} bytes")
        text = content.decode("utf-8-sig")
    except FileNotFoundError:
        problem = "there is no such configuration"
        do = (
            "write one that begins with state_dir and a table [targets.NAME] with its"
            ' kind (editors complete it with "roster-sync schema config"), or name'
            f" another with --config or ${VARIABLE}"
        )
        raise ConfigError(path, None, problem, do=do) from None
    except OSError as error:
        problem = f"the configuration cannot be read: {error.strerror}"
        raise ConfigError(path, None, problem, do="make it readable") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        problem = f"line {line} is not UTF-8"
        raise ConfigError(path, None, problem, do="save it as UTF-8") from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problem = f"this is not TOML: {error}"
        raise ConfigError(path, None, problem, do="correct that line") from None
    except RecursionError:
        raise ConfigError(path, None, "its values are nested too deep") from None


def _targets(
    tables: object, kinds: Kinds, folder: Path, found: list[Problem]
) -> dict[str, TargetConfig]:
    if not isinstance(tables, dict) or not tables:
        do = 'add a table [targets.NAME] with kind = "…"'
        found.append(Problem("targets", "no target is configured", do))
        return {}
    configured = {}
    for name, table in tables.items():
        target = _target(name, table, kinds, folder, found)
        if target is not None:
            configured[name] = target
    return configured


def _target(
    name: str, table: object, kinds: Kinds, folder: Path, found: list[Problem]
) -> TargetConfig | None:
    place = ("targets", name)
    if not TARGET_NAME.fullmatch(name):
        text = "a target's name has up to 64 letters, digits, - and _"
        found.append(Problem(".".join(place), text))
        return None
    if not isinstance(table, dict):
        found.append(Problem(".".join(place), "must be a table"))
        return None
    common = {key: table[key] for key in table if key in TargetTable.model_fields}
    own = {key: table[key] for key in table if key not in common}
    kind = common.get("kind")
    keys = kinds.get(kind) if isinstance(kind, str) else None
    reader = Reader(place, folder, found)
    paced = at_its_pace(common, keys) if keys is not None else common
    general = reader.read(TargetTable, paced)
    if not isinstance(kind, str):
        return None
    if keys is None:
        text = f"no such kind of target{did_you_mean(kind, kinds)}"
        found.append(Problem(".".join((*place, "kind")), text))
        return None
    settings = reader.read(keys.settings, own, also=TargetTable.model_fields)
    if general is None or settings is None:
        return None
    found += beyond(kind, general, keys, ".".join(place))
    return TargetConfig(name=name, settings=settings, **dict(general))
