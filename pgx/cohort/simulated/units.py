"""Chance in units of persons: what a person is given depends on the seed and the person's number, and on no block."""

from __future__ import annotations

from collections.abc import Iterator
from zlib import crc32

import numpy as np
from numpy.random import Generator, Philox, SeedSequence

UNIT = 8192
"""Persons whose numbers come from one stream; a stream is always drawn whole."""


def units(count: int) -> Iterator[tuple[int, slice]]:
    """Yield the number of each unit and its persons."""
    for number, start in enumerate(range(0, count, UNIT)):
        yield number, slice(start, min(start + UNIT, count))


def generator(seed: int, purpose: str, subject: str, unit: int) -> Generator:
    """Return the stream of a unit for one purpose, such as the haplotypes of a gene.

    Examples
    --------
    >>> one, same = (generator(1, "haplotypes", "CYP2C19", 0) for _ in range(2))
    >>> bool(one.random() == same.random())
    True
    >>> bool(np.all(generator(1, "haplotypes", "TPMT", 0).random(3) == one.random(3)))
    False
    """
    key = SeedSequence([seed, crc32(purpose.encode()), crc32(subject.encode()), unit])
    return np.random.Generator(Philox(key))
