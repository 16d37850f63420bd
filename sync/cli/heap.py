"""Memory that goes back to the system as soon as it is free.

polars has an allocator of its own (jemalloc), which keeps what was freed half a second
long, and then hands it back in words alone: it counts as ours until somebody else needs
it.

Pages of a remote list are blocks of a megabyte. glibc hands such a block back when it
is freed, once; from then on it keeps all of that size, in a heap that nothing shrinks
any more. Of a plan of 300,000 records the peak was 806 MB so, and is 630 MB otherwise.
"""

from __future__ import annotations

import ctypes
import os

_MMAP_THRESHOLD = -3
"""``M_MMAP_THRESHOLD`` of glibc's malloc.h; to set it keeps glibc from raising it."""
_LARGE = 1 << 17
"""The threshold that glibc begins with."""

_JEMALLOC = "_RJEM_MALLOC_CONF"
_POLARS = f"dirty_decay_ms:100,muzzy_decay_ms:0,narenas:{os.cpu_count() or 1}"
"""What jemalloc reads when it is loaded. To wait no tenth of a second costs a check a
fifth more of processor time; to wait it costs nothing that can be measured. Each arena
keeps some for itself; one for each core is enough, of four by default."""


def hand_back_soon() -> None:
    """Of what polars frees; to be called before it is imported."""
    os.environ.setdefault(_JEMALLOC, _POLARS)


def hand_back_large_blocks() -> bool:
    """Whether that could be set: other libraries than glibc have no such thing."""
    try:
        return bool(ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _LARGE))
    except (AttributeError, OSError, TypeError):
        return False
