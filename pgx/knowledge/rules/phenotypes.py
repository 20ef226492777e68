"""From alleles to a phenotype: the rules of ``phenotype_rules`` applied to the functions of ``functions``.

This is the one rule engine of the product. `pgx.phenotypes` imports it (knowledge never imports phenotypes), and so do
the validator and the version diff here. It knows rule types, never genes: what differs between genes is in the tables.

Rule types of ``phenotype_rules``
---------------------------------
``genotype``
    ``input1``/``input2`` describe the two strands, in any order: an allele name; ``rs9923231 T``, every allele whose
    definition requires that base (or leaves the reference base in place); ``no X``, every allele that is not X; ``*``.
``any_allele``
    one strand with function ``input1`` decides, whatever the other is, known or not.
``activity_range``
    the sum of both activity values lies in a range. A value that is only a lower bound (three or more copies) gives a
    phenotype only if every larger score gives the same one.
``function_to_activity``
    the activity value of a function, where an allele has none of its own.
``missing_value``
    the phenotype when an allele has no activity value.
``function_pair``, ``function_single``
    the unordered pair of functions, or the one function of a haploid gene.
``allele_presence``
    whether allele ``input1`` is there: ``0 copies`` or ``>=1 copy``; a gene can have several such statuses at once.

``genotype`` and ``allele_presence`` rules only name what was found, so they hold in every scheme; all others hold in
their own scheme alone. What the rules do not list is `INDETERMINATE`; a gene without rules in the scheme has no
phenotype at all (None).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pgx.knowledge.rules.alleles import UNKNOWN, AlleleFunction, alleles_with, same_allele
from pgx.knowledge.rules.rule_tables import INDETERMINATE, RuleTables, pair
from pgx.knowledge.tables.table import SCHEMES

if TYPE_CHECKING:
    from pgx.knowledge.base import KnowledgeBase

__all__ = ["INDETERMINATE", "GeneRules", "PhenotypeResult", "phenotype_of", "rules_for"]


_SEVERITY = {
    "No function": 1,
    "Severely decreased function": 2,
    "Decreased function": 3,
    "Normal function": 8,
    "Increased function": 9,
}
_UNRANKED = 5
_MULTIPLIED = re.compile(r"^(?P<base>.+?)x(?P<bound>≥?)(?P<count>\d+|N)$")
_SUBALLELE = re.compile(r"^(?P<core>\*\d+)\.\d{3}$")


def core_of(name: str) -> str:
    """Return the allele of a sub-allele as PharmVar numbers it; other names as they are.

    Examples
    --------
    >>> core_of("*4.001"), core_of("*4")
    ('*4', '*4')
    """
    suballele = _SUBALLELE.match(name)
    return suballele["core"] if suballele else name


@dataclass(frozen=True, slots=True)
class PhenotypeResult:
    """A phenotype in one scheme.

    Parameters
    ----------
    phenotype
        The phenotype; None if the scheme has no rules for the gene. Several allele statuses are joined by ``;``.
    activity_score
        Sum of the activity values; None if the gene has none or one is unknown.
    functions
        Function of each strand, one entry in a haploid gene; None where unknown.
    score_is_minimum
        Whether the score is only a lower bound.
    statuses
        What recommendations are matched against: the phenotype alone, or each allele status.
    """

    phenotype: str | None
    activity_score: float | None = None
    functions: tuple[str | None, ...] = ()
    score_is_minimum: bool = False
    statuses: tuple[str, ...] = ()


class GeneRules(RuleTables):
    """The compiled rules of one gene in one scheme; get one from `rules_for`.

    Parameters
    ----------
    kb
        Knowledge base.
    gene
        HGNC symbol.
    scheme
        ``CPIC`` or ``DPWG``.
    function_scheme
        Scheme of the allele functions, if it is another release of the same (``PharmCAT-3.1.1``).
    """

    def allele(self, name: str) -> AlleleFunction:
        """Return the function of one allele name, `UNKNOWN` if the scheme does not assign one.

        Copy numbers (``*2x3``, ``*2xN``), tandems (``*36+*10``) and suballeles (``*4.001``) that the table does not
        list are derived from their parts where the activity scheme allows.
        """
        found = self.functions.get(name)
        if found is None:
            found = self._derived(name)
        if found.value is None and found.function in self._values:
            return AlleleFunction(found.function, self._values[found.function])
        return found

    def _derived(self, name: str) -> AlleleFunction:
        if (core := core_of(name)) != name:
            return self.functions.get(core, UNKNOWN)
        if not self._copies_vary:
            return UNKNOWN
        if "+" in name:
            parts = [self._in_tandem(part) for part in name.split("+")]
            if any(part.value is None for part in parts):
                return UNKNOWN
            return AlleleFunction(
                None, sum(part.value or 0.0 for part in parts), any(part.is_minimum for part in parts)
            )
        if multiplied := _MULTIPLIED.match(name):
            open_end = multiplied["bound"] == "≥" or multiplied["count"] == "N"
            count = 2 if multiplied["count"] == "N" else int(multiplied["count"])
            return self._multiplied(multiplied["base"], count, open_end)
        return UNKNOWN

    def _in_tandem(self, name: str) -> AlleleFunction:
        """Return the function of a part of a tandem: a copy that does nothing does nothing in any scheme."""
        own = self.allele(name)
        if own.value is None and self._ranges and self.scheme != SCHEMES[0]:
            other = rules_for(self._kb, self.gene, SCHEMES[0]).allele(name)
            return other if other.function == "No function" else own
        return own

    def scores_of(self, phenotype: str) -> tuple[float, ...]:
        """Return the activity scores that two alleles of this phenotype can have; empty if the gene has none."""
        if phenotype not in self._scores:
            values = sorted({one.value for one in map(self.allele, self.functions) if one.value is not None})
            sums = {round(a + b, 6) for a in values for b in values} if self._ranges else set()
            self._scores[phenotype] = tuple(sorted(one for one in sums if self.by_score(one) == phenotype))
        return self._scores[phenotype]

    def _multiplied(self, name: str, count: int, open_end: bool) -> AlleleFunction:
        base = self.allele(name)
        if base.value is None:
            return UNKNOWN
        value = base.value * count
        function = base.function if value in (0.0, base.value) else None
        return AlleleFunction(function, value, (open_end or base.is_minimum) and value > 0)

    def strand(self, parts: Sequence[str], copies: int = 1, novel: bool = False) -> AlleleFunction:
        """Return the function of one strand that carries the alleles `parts`.

        A combination of named alleles and a strand with an undocumented base have no assigned function; in a gene that
        is a list of variants the worst variant of the strand counts, and one without function only if nothing worse
        is there.
        """
        key = (*parts, copies, novel)
        if key not in self._strands:
            self._strands[key] = self._strand(parts, copies, novel)
        return self._strands[key]

    def _strand(self, parts: Sequence[str], copies: int, novel: bool) -> AlleleFunction:
        if self._is_list:
            return self._worst([*map(self.allele, parts), *([UNKNOWN] if novel else [])])
        if novel or len(parts) != 1:
            return UNKNOWN
        if copies == 1:
            return self.allele(parts[0])
        if copies == 0:
            return AlleleFunction("No function", 0.0 if self._ranges else None)
        return self.functions.get(f"{parts[0]}x{copies}") or self._multiplied(parts[0], copies, False)

    def _severity(self, one: AlleleFunction) -> float:
        if one.function in self._any:
            return 0.0
        if one.value is not None:
            return one.value
        return float(_SEVERITY.get(one.function or "", _UNRANKED))

    def _worst(self, found: Sequence[AlleleFunction]) -> AlleleFunction:
        if not found:
            return UNKNOWN
        known = [one for one in found if one.function is not None]
        worst = min(known, key=self._severity, default=UNKNOWN)
        beaten = worst.function in self._any or worst.function == "No function"
        return worst if len(known) == len(found) or beaten else UNKNOWN

    def _two_worst(self, parts: Iterable[str], novel: bool) -> list[AlleleFunction]:
        found = [*map(self.allele, parts), *([UNKNOWN] if novel else [])]
        worst = self._worst(found)
        rest = list(found)
        if worst in rest:
            rest.remove(worst)
        return [worst, self._worst(rest)]

    def phenotype(
        self,
        parts1: Sequence[str],
        parts2: Sequence[str] | None,
        *,
        copies1: int = 1,
        copies2: int = 1,
        novel1: bool = False,
        novel2: bool = False,
        phased: bool = True,
    ) -> PhenotypeResult:
        """Return the phenotype of one pair of strands; see `phenotype_of`."""
        if (novel1 or novel2) and len(self._kb.gene(self.gene).sites) == 1:  # it stands where the allele's base would
            parts1, parts2 = () if novel1 else parts1, () if novel2 and parts2 is not None else parts2
        if self._presence:
            return self._statuses([parts1] if parts2 is None else [parts1, parts2])
        if self._is_list and not phased and parts2 is not None:
            strands = self._two_worst([*parts1, *parts2], novel1 or novel2)
        else:
            strands = [self.strand(parts1, copies1, novel1)]
            if parts2 is not None:
                strands.append(self.strand(parts2, copies2, novel2))
        functions = tuple(one.function for one in strands)
        if not self.has_rules:
            return PhenotypeResult(None, None, functions)
        phenotype, score, is_minimum = self._decide(strands, parts1, parts2)
        return PhenotypeResult(phenotype, score, functions, is_minimum, (phenotype,))

    def _decide(
        self, strands: Sequence[AlleleFunction], parts1: Sequence[str], parts2: Sequence[str] | None
    ) -> tuple[str, float | None, bool]:
        for first, second, result in self._genotypes:
            if parts2 is None:
                continue
            a, b = self._carries(parts1, first), self._carries(parts2, second)
            c, d = self._carries(parts1, second), self._carries(parts2, first)
            if (a and b) or (c and d):
                return result, None, False
        for one in strands:
            if one.function in self._any:
                return self._any[one.function], None, False
        if self._ranges:
            return self._by_score(strands)
        if len(strands) == 1:
            return self._singles.get(strands[0].function or "", INDETERMINATE), None, False
        key = pair(strands[0].function or "", strands[1].function or "")
        return self._pairs.get(key, INDETERMINATE), self._pair_scores.get(key), False

    def _by_score(self, strands: Sequence[AlleleFunction]) -> tuple[str, float | None, bool]:
        if len(strands) != 2 or any(one.value is None for one in strands):
            return self._missing, None, False
        score = round(sum(one.value or 0.0 for one in strands), 6)
        is_minimum = any(one.is_minimum for one in strands)
        return self.by_score(score, is_minimum), score, is_minimum

    def by_score(self, score: float, is_minimum: bool = False) -> str:
        """Return the phenotype of an activity score (of every score from `score` up, if it `is_minimum`)."""
        for one in self._ranges:
            if one.holds(score):
                return one.phenotype if not is_minimum or one.high == math.inf else INDETERMINATE
        return INDETERMINATE

    def _statuses(self, strands: Sequence[Sequence[str]]) -> PhenotypeResult:
        found = []
        for target, statuses in self._presence.items():
            seen = [same_allele(part, target) for parts in strands for part in parts]
            if True in seen:
                found.append(statuses.get(True))
            elif None not in seen and all(strands):
                found.append(statuses.get(False))
        known = tuple(status for status in found if status is not None)
        return PhenotypeResult(";".join(known) or INDETERMINATE, None, tuple(None for _ in strands), False, known)

    def _carries(self, parts: Sequence[str], wanted: str) -> bool:
        if wanted == "*":
            return True
        if wanted.startswith("no "):
            return bool(parts) and not self._carries(parts, wanted[3:])
        return any(part in self._named(wanted) for part in parts)

    def _named(self, wanted: str) -> frozenset[str]:
        if wanted not in self._sets:
            self._sets[wanted] = alleles_with(self._kb, self.gene, wanted)
        return self._sets[wanted]


def rules_for(kb: KnowledgeBase, gene: str, scheme: str = "CPIC", *, function_scheme: str | None = None) -> GeneRules:
    """Return the compiled rules of a gene; compiled once a knowledge base.

    Raises
    ------
    UsageError
        If the knowledge base does not have the gene.
    """
    return kb.remember(("rules", gene, scheme, function_scheme), lambda: GeneRules(kb, gene, scheme, function_scheme))


def phenotype_of(
    kb: KnowledgeBase,
    gene: str,
    scheme: str,
    parts1: Sequence[str],
    parts2: Sequence[str] | None,
    *,
    copies1: int = 1,
    copies2: int = 1,
    novel1: bool = False,
    novel2: bool = False,
    phased: bool = True,
) -> PhenotypeResult:
    """Return the phenotype of a diplotype.

    Parameters
    ----------
    kb, gene, scheme
        Knowledge base, HGNC symbol, ``CPIC`` or ``DPWG`` (never mixed).
    parts1, parts2
        Plain named alleles of each strand, as in `pgx.types.Diplotype`; `parts2` is None in a haploid call; an empty
        sequence is a strand of which nothing is known.
    copies1, copies2
        Copies of the gene on each strand.
    novel1, novel2
        Whether the strand carries an undocumented base.
    phased
        For variant lists: False counts the two worst variants of both strands together, as the guideline does when the
        phase is unknown.
    """
    return rules_for(kb, gene, scheme).phenotype(
        parts1, parts2, copies1=copies1, copies2=copies2, novel1=novel1, novel2=novel2, phased=phased
    )
