"""Paths and names as a crontab and as systemd want them written.

Each of the two reads some characters as its own; what is written here comes out as it
was meant, or is refused.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable

from sync.errors import UsageError

_PLAIN = re.compile(r"[A-Za-z0-9_./:@+=,-]+")


def for_cron(words: Iterable[str]) -> str:
    """A command for the shell, in which cron takes no ``%`` for the end of a line."""
    return shlex.join(_whole(word) for word in words).replace("%", r"\%")


def for_systemd(words: Iterable[str], *, command: bool = False) -> str:
    """Words of a unit's line, quoted where that is needed (systemd.syntax, Quoting).

    ``command``: of a line in which ``$`` stands for a variable (systemd.service).
    """
    return " ".join(_quoted(_whole(word), command=command) for word in words)


def path_for_systemd(path: str) -> str:
    """A path of a line that takes one as it stands, such as ``EnvironmentFile=``."""
    return _whole(path).replace("%", "%%")


def _quoted(word: str, *, command: bool) -> str:
    word = word.replace("%", "%%")
    if command:
        word = word.replace("$", "$$")
    if _PLAIN.fullmatch(word.replace("%%", "").replace("$$", "")):
        return word
    inner = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{inner}"'


def _whole(word: str) -> str:
    if word.isprintable():
        return word
    message = "a path with characters that cannot be printed fits in no unit or crontab"
    raise UsageError(message, do="rename it")
