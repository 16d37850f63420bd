"""Drop -> raw tables: packaging, bytes, header and rows, with a place for each finding.

Front door of the package; everything else in it is internal.
"""

from __future__ import annotations

from sync.read.archive import zip_names
from sync.read.codes import CODES
from sync.read.contents import Contents, contents
from sync.read.drop import read_drop
from sync.read.opened import Opened, open_drop
from sync.read.packaging import hidden
from sync.read.peek import peek
from sync.read.scan import WHOLE

__all__ = [
    "CODES",
    "WHOLE",
    "Contents",
    "Opened",
    "contents",
    "hidden",
    "open_drop",
    "peek",
    "read_drop",
    "zip_names",
]
