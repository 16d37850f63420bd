"""``--version``: the program and what it stands on, for whoever reports a trouble.

Nothing that is told is loaded: ``roster-sync --version`` answers before polars would be
there. A package says its version in the name of its ``.dist-info`` folder
(packaging.python.org, Recording installed projects).
"""

from __future__ import annotations

import sys
from _sqlite3 import sqlite_version  # of the library, without the module around it
from collections.abc import Iterator, Mapping
from pathlib import Path

from sync.version import VERSION

PACKAGES = ("polars", "pydantic", "httpx", "rich")
"""What reads and compares, what judges configurations, what sends, what shows."""
_SUFFIX = ".dist-info"


def versions() -> Mapping[str, str]:
    """Name -> version, the program first."""
    numbers = ".".join(map(str, sys.version_info[:3]))
    found = _installed()
    packages = {name: found.get(name, "not found") for name in PACKAGES}
    system = {"python": f"{numbers} on {sys.platform}", "sqlite": sqlite_version}
    return {"roster-sync": VERSION, **system, **packages}


def lines(told: Mapping[str, str]) -> Iterator[str]:
    """One for each."""
    return (f"{name} {version}" for name, version in told.items())


def _installed() -> Mapping[str, str]:
    """Normalised name -> version; of two, the one that Python would import."""
    found: dict[str, str] = {}
    for folder in map(Path, sys.path):
        for one in folder.glob(f"*{_SUFFIX}") if folder.is_dir() else ():
            name, _, version = one.name.removesuffix(_SUFFIX).partition("-")
            found.setdefault(name.lower(), version)
    return found
