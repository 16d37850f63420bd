"""OneRoster REST, 1.2 and 1.1: the rostering lists, and the writes of vendors."""

from sync.targets.oneroster.config import OneRosterSettings
from sync.targets.oneroster.target import OneRosterTarget

__all__ = ["OneRosterSettings", "OneRosterTarget"]
