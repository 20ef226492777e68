"""Whether a drug reaches the whole body, from the words and codes of its dose form or route."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pgx.knowledge.base import KnowledgeBase

LOCAL, WHOLE_BODY, EITHER = "local", "whole_body", "either"
ACTS_LOCALLY = "acts on skin, eye or ear alone: guidance for the whole body does not hold"
"""What is said of a drug in such a form."""
ROUTE = "route"
"""System of the words of forms and routes that may stand beside a drug's name and belong to no name."""
SUFFIX = "suffix"
"""System of such words that say how much a product holds or how long it acts, and nothing of where."""
MAKER = "maker"
"""System of the makers of generics, whose name stands beside that of the drug."""


@dataclass(frozen=True)
class DoseForms:
    """Look-ups of the table ``dose_forms``; get them from `dose_forms`."""

    words: dict[str, str]
    codes: dict[tuple[str, str], str]
    either: frozenset[str]
    _word: re.Pattern[str]
    _route: re.Pattern[str]

    def acts(self, text: str, codes: Iterable[tuple[str, str]] = ()) -> str | None:
        """Return `LOCAL` or `WHOLE_BODY`, by code or else by words; None if nothing says the form.

        Where both are named, the drug is taken to reach the whole body.
        """
        found = {self.codes[code] for code in codes if code in self.codes}
        found = (found or self._named(text)) - {EITHER}
        return None if not found else WHOLE_BODY if WHOLE_BODY in found else LOCAL

    def unclear(self, text: str, drugs: Iterable[str]) -> set[str]:
        """Return the drugs of which both kinds exist, by themselves or by the form that is named (a gel)."""
        return set(drugs) if EITHER in self._named(text) else set(self.either.intersection(drugs))

    def _named(self, text: str) -> set[str]:
        return {self.words[hit.lower()] for hit in self._word.findall(text)}

    def without_route(self, text: str) -> str:
        """Return a text without forms and routes beside a name: ``Voriconazol i.v. 200 mg`` is ``Voriconazol 200 mg``.

        A text that is nothing else stays.
        """
        bare = self._route.sub("", text).strip()
        return text if not bare else bare if bare == text else self.without_route(bare)


def dose_forms(kb: KnowledgeBase) -> DoseForms:
    """Return the look-ups, made once a knowledge base."""
    return kb.remember("dose forms", lambda: _dose_forms(kb))


def _dose_forms(kb: KnowledgeBase) -> DoseForms:
    rows = list(kb.table("dose_forms").select("system", "name", "acts").iter_rows())
    words = {name: acts for system, name, acts in rows if system in ("text", ROUTE)}
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", re.IGNORECASE)
    beside = {name for system, name, _ in rows if system in (ROUTE, SUFFIX, MAKER)}
    one = "|".join(re.escape(word) for word in sorted(beside, key=lambda word: (-len(word), word)))
    around = rf"(?<![\s,;/(\[-])[\s,;/(\[-]+(?:{one})(?!\w)[.,;)\]]*|^\s*(?:{one})[\s.,;:-]+(?=\w)" if one else r"(?!)"
    no_codes = ("text", ROUTE, SUFFIX, MAKER, "drug")
    codes = {(system, name): acts for system, name, acts in rows if system not in no_codes}
    either = frozenset(name for system, name, _ in rows if system == "drug")
    return DoseForms(words, codes, either, pattern, re.compile(around, re.IGNORECASE))
