"""Schoology: enrollments of users in course sections or groups, in batches."""

from sync.targets.schoology.config import SchoologySettings
from sync.targets.schoology.target import SchoologyTarget

__all__ = ["SchoologySettings", "SchoologyTarget"]
