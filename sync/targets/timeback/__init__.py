"""TimeBack: people and guardian links on its platform, enrollments by its api."""

from sync.targets.timeback.config import TimebackSettings
from sync.targets.timeback.target import TimebackTarget

__all__ = ["TimebackSettings", "TimebackTarget"]
