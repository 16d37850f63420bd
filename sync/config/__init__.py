"""The configuration: ``roster-sync.toml`` -> one frozen ``Config``.

Level 2 of the house. It knows no kind of target: the registry hands in each kind's own
model (``KindKeys``), and gets an instance of it back as ``TargetConfig.settings``.
"""

from __future__ import annotations

from sync.config.editor import schema
from sync.config.fingerprint import fingerprint, place
from sync.config.kinds import KindKeys
from sync.config.load import DEFAULT_NAME, load
from sync.config.model import (
    Config,
    Fields,
    Guards,
    Limits,
    Policy,
    Removal,
    Select,
    TargetConfig,
    Threshold,
)
from sync.config.values import (
    DateRange,
    Duration,
    SecretRef,
    Table,
    parse_duration,
)

__all__ = [
    "DEFAULT_NAME",
    "Config",
    "DateRange",
    "Duration",
    "Fields",
    "Guards",
    "KindKeys",
    "Limits",
    "Policy",
    "Removal",
    "SecretRef",
    "Select",
    "Table",
    "TargetConfig",
    "Threshold",
    "fingerprint",
    "load",
    "parse_duration",
    "place",
    "schema",
]
