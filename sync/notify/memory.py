"""What was told last of a target: ``targets/TARGET.told.json`` in the state folder.

In: the state folder and a target. Out: what people were told and what monitors are
told, read and replaced under a lock of its own, since a run that finds the target's
lock taken is told as well.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sync.disk import open_private
from sync.state import StateFolder, write_atomic

_LOCK = ".told.lock"
"""No target has a name that begins with a full stop."""

Facts = dict[str, Any]


def told(folder: StateFolder, target: str) -> Facts:
    """What was told of that target; nothing where that cannot be read."""
    try:
        found = json.loads((folder.targets / f"{target}.told.json").read_bytes())
    except (OSError, ValueError):
        return {}
    parts = found.items() if isinstance(found, dict) else ()
    return {name: part for name, part in parts if isinstance(part, dict)}


def remember(folder: StateFolder, target: str, facts: Mapping[str, Any]) -> None:
    """Keep what was told of that target. Raises ``LocalError``."""
    path = folder.targets / f"{target}.told.json"
    write_atomic(path, json.dumps(facts).encode("ascii"))


@contextmanager
def alone(folder: StateFolder) -> Iterator[None]:
    """Within the block no other command changes what was told. Raises OSError."""
    descriptor = open_private(folder.locks / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
