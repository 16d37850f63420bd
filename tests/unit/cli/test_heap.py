"""What is freed in large blocks goes back to the system, if that can be asked for."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

from sync.cli.heap import hand_back_large_blocks

READS_PAGES = r"""
import re, sys
from sync.cli.heap import hand_back_large_blocks

def heap():
    maps = open("/proc/self/maps").read()
    ends = re.search(r"^([0-9a-f]+)-([0-9a-f]+) .*\[heap\]$", maps, re.M).groups()
    return int(ends[1], 16) - int(ends[0], 16)

if sys.argv[1] == "set":
    assert hand_back_large_blocks()
before, kept = heap(), []
for _ in range(3):
    pages = []
    for _ in range(64):
        pages.append(bytes(1 << 20))
        kept.append(bytes(2000))  # what was read of a page, behind it in the heap
    del pages
print(heap() - before)
"""


def _has_glibc() -> bool:
    try:
        known = hasattr(ctypes.CDLL(None), "gnu_get_libc_version")
    except (OSError, TypeError):
        return False
    return known and Path("/proc/self/maps").exists()


def heap_grown(how: str) -> int:
    """Bytes by which the heap of a process grew that read some pages."""
    ended = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", READS_PAGES, how],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(ended.stdout)


@pytest.mark.skipif(not _has_glibc(), reason="no glibc")
def test_pages_that_are_freed_leave_no_heap_behind() -> None:
    assert heap_grown("set") < 1 << 24 < heap_grown("left")


def test_another_library_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    assert not hand_back_large_blocks()
