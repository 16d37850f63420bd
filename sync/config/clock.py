"""The time zone whose "today" decides: the configured one, or else the machine's.

Level 2, under ``sync.config``.
"""

from __future__ import annotations

import os
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from sync.config.nearest import did_you_mean

_LOCALTIME = Path("/etc/localtime")
_NAME_FILE = Path("/etc/timezone")
_DATABASE = "/zoneinfo/"


def named_timezone(name: str | None) -> ZoneInfo:
    """That time zone of the IANA database; without a name the machine's.

    Raises ``ValueError`` with the nearest known name.
    """
    if name is None:
        return machine_timezone()
    zone = _zone(name)
    if zone is None:
        message = f"no such time zone{_suggestion(name)}"
        raise ValueError(message)
    return zone


def machine_timezone() -> ZoneInfo:
    """The machine's: by ``TZ``, by what ``/etc/localtime`` links to, by
    ``/etc/timezone``, else UTC."""
    names = (os.environ.get("TZ", "").removeprefix(":"), _linked(), _written())
    return next(filter(None, map(_zone, names)), ZoneInfo("UTC"))


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _linked() -> str:
    return str(_LOCALTIME.resolve()).rpartition(_DATABASE)[2]


def _written() -> str:
    try:
        return _NAME_FILE.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _suggestion(name: str) -> str:
    near = did_you_mean(name, available_timezones())
    return near if "did you mean" in near else ', such as "America/Chicago"'
