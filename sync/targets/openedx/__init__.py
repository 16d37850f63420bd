"""Open edX (MOOCit): enrollments of learners, by course and person."""

from sync.targets.openedx.config import OpenedxSettings
from sync.targets.openedx.target import OpenedxTarget

__all__ = ["OpenedxSettings", "OpenedxTarget"]
