"""Large blocks of memory that go back to the system as soon as they are free.

Pages of a remote list are blocks of a megabyte. glibc hands such a block back when it
is freed, once; from then on it keeps all of that size, in a heap that nothing shrinks
any more. Of a plan of 300,000 records the peak was 806 MB so, and is 630 MB otherwise.
"""

from __future__ import annotations

import ctypes

_MMAP_THRESHOLD = -3
"""``M_MMAP_THRESHOLD`` of glibc's malloc.h; to set it keeps glibc from raising it."""
_LARGE = 1 << 17
"""The threshold that glibc begins with."""


def hand_back_large_blocks() -> bool:
    """Whether that could be set: other libraries than glibc have no such thing."""
    try:
        return bool(ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _LARGE))
    except (AttributeError, OSError, TypeError):
        return False
