"""Files of which the first megabytes show that reading the rest is no use.

A large file on disk comes in; out comes the finding that refuses it, or None. Without
this look a line without an end would be taken into memory whole, a gigabyte of it.
"""

from __future__ import annotations

from pathlib import Path

from sync.model.finding import Finding, found
from sync.read.codes import TOO_WIDE, UNCLOSED_QUOTE
from sync.read.decode import decode
from sync.read.header import read_header

LARGE = 1 << 25
"""Smaller files are read at once, and judged as a whole."""
HEAD = 1 << 22
"""So many bytes must hold the header."""
_SURE = {UNCLOSED_QUOTE.code, TOO_WIDE.code}
"""What the rest of a file cannot mend."""


def hopeless(path: Path, file: str) -> Finding | None:
    """Why a file is refused without reading it whole. Raises ``OSError``."""
    if path.stat().st_size < LARGE:
        return None
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    end = max(head.rfind(b"\n"), head.rfind(b"\r"))
    if end < 0:
        message = f"the first {HEAD >> 20} MB of the file have no line end"
        return found(TOO_WIDE, message, file=file, line=1)
    decoded, _ = decode(file, head[: end + 1])
    _, findings = (None, []) if decoded is None else read_header(file, decoded.data)
    return next((one for one in findings if one.code in _SURE), None)
