"""EduBridge alone: enrollments of people who are there already."""

from sync.targets.edubridge.config import EdubridgeSettings
from sync.targets.edubridge.target import EdubridgeTarget

__all__ = ["EdubridgeSettings", "EdubridgeTarget"]
