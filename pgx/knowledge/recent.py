"""What was worked out lately, kept for who asks again; memory stays bounded however many ask."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

MOST = 200_000
"""Weight that a generation holds, about what 700 persons of a block ask for; at 150 bytes a unit two are 60 MB."""


class Recent:
    """Answers by question, in two generations: what the older one holds and nobody asks for again is forgotten.

    A cohort meets the same genotypes block after block; which of them will recur, only time tells. An answer is kept
    as long as it is asked for at least once a generation.

    Parameters
    ----------
    most
        Weight of the answers at which a generation is full.

    Examples
    --------
    >>> recent = Recent(most=2)
    >>> for number in range(3):
    ...     recent.keep(number, f"answer {number}")
    >>> recent.find(2), recent.find(0)
    ('answer 2', 'answer 0')
    >>> for number in range(3, 7):
    ...     recent.keep(number, f"answer {number}")
    >>> recent.find(1) is None
    True
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._weight = 0
        self._young: dict[Hashable, tuple[Any, int]] = {}
        self._old: dict[Hashable, tuple[Any, int]] = {}

    def find(self, key: Hashable) -> Any:
        """Return the answer to a question; None if it is not known (any more)."""
        found = self._young.get(key)
        if found is None:
            found = self._old.pop(key, None)
            if found is None:
                return None
            self.keep(key, *found)
        return found[0]

    def keep(self, key: Hashable, answer: Any, weight: int = 1) -> None:
        """Keep the answer to a question, which takes about `weight` units of memory."""
        if self._weight >= self._most:
            self._old, self._young, self._weight = self._young, {}, 0
        self._young[key] = (answer, weight)
        self._weight += weight
