"""File names from sample names: readable, the same every time, and never outside the folder."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

_LONGEST = 80
_RESERVED = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)(\.|$)")


def stem(sample: str) -> str:
    """Return a file name for one sample.

    Letters, digits, ``.``, ``_`` and ``-`` stay; anything else becomes ``_``. A name that had to be changed ends in a
    short hash of the original, so that two samples never share one (``a/b`` and ``a_b``).
    """
    plain = unicodedata.normalize("NFC", sample)
    safe = "".join(c if c.isalnum() or c in "._-" else "_" for c in plain).lstrip(".-")[:_LONGEST]
    if safe == sample and safe and not _RESERVED.match(safe) and safe.isascii():
        return safe
    return f"{safe or 'sample'}-{_hash(sample)}"


def stems(samples: Sequence[str]) -> dict[str, str]:
    """Return sample -> file name; a hash tells names apart that differ only in case, which some file systems ignore."""
    names = {sample: stem(sample) for sample in samples}
    shared = Counter(name.casefold() for name in names.values())
    return {
        sample: name if shared[name.casefold()] == 1 else f"{name}-{_hash(sample)}" for sample, name in names.items()
    }


def candidates(sample: str) -> tuple[str, ...]:
    """Return the file names that `stems` may have given a sample."""
    name = stem(sample)
    return (name, f"{name}-{_hash(sample)}")


def _hash(sample: str) -> str:
    return hashlib.sha256(sample.encode("utf-8", "surrogatepass")).hexdigest()[:8]
