"""How many: `make test` draws enough of each kind to notice a fault, `make test-long` as many as the claim deserves."""

from __future__ import annotations

import os
from typing import TypeVar

LONG = bool(os.environ.get("PGX_LONG"))
"""Whether this is the long run (``PGX_LONG=1``)."""
_T = TypeVar("_T")


def size(usual: _T, long: _T) -> _T:
    """Return a number, or a list of cases, for the run that this is."""
    return long if LONG else usual
