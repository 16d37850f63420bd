"""Roster and mirror compared by key, field by field."""

from sync.diff.run import CHANGES, DECISIONS, DiffInput, diff
from sync.diff.values import FieldRules, withheld

__all__ = [
    "CHANGES",
    "DECISIONS",
    "DiffInput",
    "FieldRules",
    "diff",
    "withheld",
]
