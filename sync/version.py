"""The version of this program; the distribution takes it from here."""

from __future__ import annotations

VERSION = "0.1.0"
PROGRAM = f"roster-sync {VERSION}"
