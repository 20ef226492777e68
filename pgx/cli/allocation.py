"""How the libraries of a run allocate memory: for commands that hold a large table, what is freed goes back at once."""

from __future__ import annotations

import ctypes
import os

_POLARS = "_RJEM_MALLOC_CONF"
_GLIBC = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_ARENA_MAX")
_LARGE = 1 << 20
"""Bytes from which on an array lies outside the heap, where nothing that lives longer can keep it from going back."""
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8


def give_back() -> None:
    """Let polars (jemalloc), numpy and xgboost (glibc) return what they free, unless the user says how they allocate.

    Called before polars is imported, which reads its setting once. Both would keep what was freed for later: the peak
    of an evaluation is two thirds with it, at the same time of the processor.
    """
    os.environ.setdefault(_POLARS, "dirty_decay_ms:0,muzzy_decay_ms:0")
    if any(name in os.environ for name in _GLIBC):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # another C library, or Windows
        return
    mallopt(_M_MMAP_THRESHOLD, _LARGE)
    mallopt(_M_ARENA_MAX, 1)
