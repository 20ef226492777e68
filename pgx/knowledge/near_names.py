"""Names that are spelled almost like another, found among thousands without comparing each letter by letter."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import numpy as np


class NearNames:
    """Names to look among.

    Most names share too few letters with the one that is looked for: counts of letters rule them out at once. What is
    left is compared by `difflib.get_close_matches`, whose answer this is.

    Parameters
    ----------
    names
        The names that can be meant.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = list(names)
        self._letters = {letter: at for at, letter in enumerate(sorted({one for name in self._names for one in name}))}
        self._counts = np.zeros((len(self._letters), len(self._names)), dtype=np.int16)
        for at, name in enumerate(self._names):
            for letter in name:
                self._counts[self._letters[letter], at] += 1
        self._lengths = np.array([len(name) for name in self._names])

    def close(self, name: str, *, n: int = 2, cutoff: float = 0.75) -> list[str]:
        """Return the at most `n` names that are most alike, the most alike first.

        Parameters
        ----------
        name
            The name that is looked for.
        n
            How many names at most.
        cutoff
            How alike a name must be, from 0 to 1, as `difflib` counts it.
        """
        if not self._names or not name:
            return []
        shared = np.zeros(len(self._names), dtype=np.int64)
        for letter in set(name) & self._letters.keys():
            shared += np.minimum(self._counts[self._letters[letter]], name.count(letter))
        # As `SequenceMatcher.quick_ratio` has it: no order of the letters can make them more alike.
        possible = np.flatnonzero(2.0 * shared / (self._lengths + len(name)) >= cutoff)
        return difflib.get_close_matches(name, [self._names[at] for at in possible], n=n, cutoff=cutoff)
