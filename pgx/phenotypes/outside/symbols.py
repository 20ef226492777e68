"""Which gene a file means: each way to write one is looked up once, however many lines have it."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict

from pgx.guard.limits import HEADING
from pgx.knowledge import KnowledgeBase
from pgx.knowledge.resolver import older_gene_names

_SUGGESTED = 100
"""Unknown names in a file of which a slip is suggested: looking for one compares the name with every symbol."""


class Symbols:
    """The genes by what files call them.

    Parameters
    ----------
    kb
        Knowledge base.
    """

    def __init__(self, kb: KnowledgeBase) -> None:
        self._known = symbols(kb)
        self._older = older_gene_names(kb)
        self._same: dict[str, list[str]] = defaultdict(list)
        for symbol, gene in self._known.items():
            self._same[_letters(symbol)].append(gene)
        self._found: dict[str, str | None] = {}
        self._meant: dict[str, str] = {}

    def gene(self, text: str) -> str | None:
        """Return the gene that is meant: symbols are compared without case; ``IFNL3/4`` is IFNL3."""
        if text not in self._found:
            plain = text.strip().upper()
            # A symbol of today may be an older name too: IFNL4 has the one position that is read under IFNL3.
            older = self._older.get(_letters(plain))
            self._found[text] = older or self._known.get(plain) or self._known.get(plain.split("/")[0])
        return self._found[text]

    def nearly(self, text: str) -> str | None:
        """Return the gene that ``HLAB`` or ``CYP 2D6`` must be about: not to use the result, but to doubt our own."""
        found = self._same.get(_letters(text.upper()), [])
        return found[0] if len(found) == 1 else None

    def question(self, text: str) -> str:
        """Return a question about what a gene's symbol may be a slip of, or nothing."""
        if text not in self._meant:
            nearly, plain = self.nearly(text), text.strip().upper()[: HEADING.most]
            asked = [] if len(self._meant) >= _SUGGESTED else difflib.get_close_matches(plain, self._known, 2, 0.75)
            close = [nearly] if nearly else asked
            self._meant[text] = f"; did you mean {' or '.join(close)}?" if close else ""
        return self._meant[text]


def symbols(kb: KnowledgeBase) -> dict[str, str]:
    """Return every gene by its symbol in capitals, those that only recommendations name too."""
    named = kb.table("recommendation_conditions")["gene"].unique().to_list()
    return {gene.upper(): gene for gene in [*named, *kb.genes]}


def _letters(symbol: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", symbol)
