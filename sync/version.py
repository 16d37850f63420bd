"""The version of this program, as its distribution says."""

from __future__ import annotations

from importlib.metadata import version

VERSION = version("roster-sync")
PROGRAM = f"roster-sync {VERSION}"
