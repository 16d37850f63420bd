"""Roster -> files of another layout: what ``convert`` writes.

Front door of the package; everything else in it is internal.
"""

from __future__ import annotations

from sync.convert.delivered import as_delivered
from sync.convert.moment import newest, parse_moment
from sync.convert.package import LAYOUTS, LeftOut, OutFile, Package, sentences
from sync.convert.run import convert
from sync.convert.unread import unread
from sync.convert.write import prepare, write

__all__ = [
    "LAYOUTS",
    "LeftOut",
    "OutFile",
    "Package",
    "as_delivered",
    "convert",
    "newest",
    "parse_moment",
    "prepare",
    "sentences",
    "unread",
    "write",
]
