"""Call the named alleles of every gene for every sample."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pgx.calling import copy_number, outright, patterns, priors, solve, weigh
from pgx.calling.context import UNEXPLAINED, Context, Pair
from pgx.calling.copy_number import (
    ONE_CUT,
    STRUCTURAL,
    UNCLEAR,
    UNKNOWN,
    Copies,
    apply,
    apply_cut,
    copies_of,
    in_doubt,
    known_copies,
    qualities,
    without_judgement,
)
from pgx.calling.diplotypes import Writer, falls_back, merged
from pgx.calling.findings import Findings
from pgx.calling.first_sight import FirstSight
from pgx.calling.model import Fallback, GeneModel, model
from pgx.calling.patterns import HOMOZYGOUS, UNKNOWN_BASE
from pgx.calling.solve import Found
from pgx.calling.strands import Strand
from pgx.calling.unseen_copies import UnseenCopies, unseen_copies
from pgx.errors import UsageError
from pgx.knowledge.base import KnowledgeBase
from pgx.knowledge.recent import Recent
from pgx.types import NO_COPY, CallSet, GeneCalls, Genotypes, Likelihood, PatternCall

THRESHOLD = 0.9
"""Posterior of the most probable diplotype from which a gene counts as called."""
_SEEN = frozenset(
    {
        "unread_genotype", "filtered_variant", "heteroplasmy", "ploidy_conflict", "undocumented_passed_over",
        "genotype_contradicted", "genotype_overruled",
    }
)  # fmt: skip
"""Flags of data that show something that they do not tell; such a gene is never called without doubt."""
_UNCERTAIN = frozenset({"positions_missing", "genotype_overruled", "imputed"})
"""Flags of data that may leave the answer to the population's frequencies."""
MIN_EVIDENCE = 0.5
"""Share of the prior doubt that the data must remove; below it a call rests on frequencies and counts as ambiguous."""


def call(
    genotypes: Genotypes,
    kb: KnowledgeBase,
    *,
    groups: Mapping[str, str] | None = None,
    genes: Iterable[str] | None = None,
    copy_number: copy_number.Known | None = None,
    threshold: float = THRESHOLD,
    recent: Recent | None = None,
) -> CallSet:
    """Call named alleles.

    Parameters
    ----------
    genotypes
        What the reader found at the knowledge's sites.
    kb
        The knowledge base.
    groups
        Sample name to biogeographic group (CPIC's names, 1000 Genomes codes); samples left out are of unknown group.
    genes
        Genes to call; all by default.
    copy_number
        Known copies, (sample or None for all, gene) to count; overrules structural records of the file.
    threshold
        Posterior below which the status is ``ambiguous``.
    recent
        Answers to the patterns of earlier calls with this knowledge base; those of this call are added.

    Returns
    -------
    CallSet
        One `GeneCalls` a gene in alphabetical order, genes that only other tools can call included as ``not_called``.

    Raises
    ------
    UsageError
        If a gene or a group is unknown, or the threshold is not between 0 and 1.
    """
    if not 0 < threshold <= 1:
        raise UsageError(f"the threshold must lie between 0 and 1, not {threshold}")
    known = priors.groups(kb)
    wanted = sorted(set(genes)) if genes is not None else list(kb.genes)
    group = np.array([known.index((groups or {}).get(sample)) for sample in genotypes.samples], dtype=np.intp)
    called = []
    for name in wanted:
        gene = model(kb, name)
        copies = known_copies(genotypes, copy_number, name)
        sure = qualities(genotypes, copy_number, name)
        rules = copies_of(kb, name) if (copies != UNKNOWN).any() else None
        solver = _Solver(genotypes, gene, known, threshold, group, copies, sure, rules, unseen_copies(kb, name))
        called.append(solver.call(recent))
    return CallSet(genotypes.samples, tuple(called))


class _Solver:
    """Turns the patterns of one gene into calls."""

    def __init__(
        self,
        genotypes: Genotypes,
        gene: GeneModel,
        known: priors.Groups,
        threshold: float,
        group: NDArray[np.intp],
        copies: NDArray[np.int32],
        sure: NDArray[np.int32],
        copy_rules: Copies | None,
        unseen: UnseenCopies | None,
    ) -> None:
        self.gene, self.threshold, self.copy_rules = gene, threshold, copy_rules
        self.unseen = unseen
        self.found = patterns.find(
            genotypes, gene.definition.sites, group, gene.inheritance, copies, gene.pass_over, _common(genotypes, gene),
            sure,
        )  # fmt: skip
        self.likelihoods = () if genotypes.doubts is None else genotypes.doubts.vectors
        self.in_doubt: list[bool] = np.asarray(self.found.doubts.any(axis=1)).tolist()
        self.sight = FirstSight.of(self.found, gene)
        self.mixtures = {number: known.mixture(number) for number in set(self.found.group.tolist())}
        self._contexts: dict[tuple[bool, ...], Context] = {}
        self.shares_names = gene.shares_names
        names = [haplotype.detail for haplotype in gene.haplotypes]
        self._place = {name: place for place, name in reversed(list(enumerate(names)))}  # the first of a name stays
        self._before: dict[tuple[str, str | None, bytes], float] = {}
        self.settled = self._settled()
        self.extra = _extra_bases(genotypes, gene)
        self.decided = self._decided()
        self.outright = self._outright()
        self._writer = Writer(gene)

    @cached_property
    def _findings(self) -> Findings:
        return Findings(self.gene)

    def call(self, recent: Recent | None = None) -> GeneCalls:
        """Return the calls of all samples."""
        answers: dict[PatternCall, int] = {}
        patterns = self._recalled(recent) if recent and not self.extra else map(self._counted, range(self.size))
        numbers = [answers.setdefault(answer, len(answers)) for answer in patterns]
        of = np.array(numbers, dtype=np.int32)
        pattern_of = of[self.found.pattern_of] if len(of) else np.zeros(0, dtype=np.int32)
        return GeneCalls(self.gene.definition.gene, tuple(answers), pattern_of)

    @property
    def size(self) -> int:
        """How many patterns there are."""
        return len(self.found.group)

    def _recalled(self, recent: Recent) -> Iterator[PatternCall]:
        """Yield the call of each pattern, solved only if no earlier call has met it."""
        gene = self.gene.definition.gene
        for n, pattern in enumerate(self.found.keys()):
            key = (gene, self.threshold, pattern)
            answer = None if pattern is None else recent.find(key)
            if answer is None:
                answer = self._counted(n)
                if pattern is not None:
                    recent.keep(key, answer, 1 + len(answer.diplotypes))
            yield answer

    def _counted(self, n: int) -> PatternCall:
        """Return the call of pattern `n`, its positions without data counted apart."""
        answer = self._with_copies(n)
        assumed = min(self.sight.assumed[n], answer.positions_called)
        called = answer.positions_called - assumed
        return replace(answer, positions_called=called, positions_assumed=assumed) if assumed else answer

    def _with_copies(self, n: int) -> PatternCall:
        copies = int(self.found.copies[n])
        answer = self.solve(n)
        if copies in (UNCLEAR, STRUCTURAL):
            return without_judgement(answer, "copy_number_unclear" if copies == UNCLEAR else "structural_variant")
        if self.copy_rules is None or copies == UNKNOWN:
            return answer
        if copies < UNKNOWN:
            return apply_cut(answer, copies, self.copy_rules, self.threshold)
        if copies == 1 and self.found.haploid[n] and self.gene.inheritance != "autosomal":
            return answer  # as many as a male has
        shows = bool(self.found.shows_change[n])
        counted = apply(answer, copies, self.copy_rules, self.threshold, shows_change=shows)
        quality = int(self.found.copy_quality[n])
        return in_doubt(answer, counted, quality, self.threshold) if quality else counted

    def _settled(self) -> NDArray[np.bool_]:
        """Positions where all patterns show one base on all strands."""
        codes, blocks = self.found.codes, self.found.blocks
        if not len(codes):
            return np.zeros(codes.shape[1], dtype=bool)
        settled = (codes[:, :, 0] == codes[:1, :, 0]).all(0) & (blocks == HOMOZYGOUS).all(0)
        settled &= ~self.found.doubts.any(axis=0)
        for proxy in self.gene.proxies:
            settled[[proxy.position, proxy.decided_by]] = False
        return np.asarray(settled)

    def _context(self, decided: tuple[bool, ...]) -> Context:
        """Return what is common to the patterns in which these proxies are decided."""
        if decided not in self._contexts:
            accepts = self.gene.accepts
            for proxy, is_decided in zip(self.gene.proxies, decided, strict=True):
                if is_decided:
                    accepts = _open(accepts, proxy.position, proxy.decided_by)
            where = np.flatnonzero(self.settled)
            columns = self.gene.columns(self.found.codes[0, where, 0])
            candidates = np.flatnonzero(accepts[:, where, columns].all(axis=1))
            self._contexts[decided] = Context(self.gene, accepts, candidates, self.settled, self.extra)
        return self._contexts[decided]

    def _decided(self) -> list[tuple[bool, ...]]:
        """Say of each pattern which proxies another position overrules."""
        places = [proxy.decided_by for proxy in self.gene.proxies]
        shown = np.asarray((self.found.codes[:, places] >= 0).any(axis=2))
        return [tuple(row) for row in shown.tolist()]

    def _outright(self) -> dict[int, Found]:
        """Return what patterns are answered with that need no solving one by one."""
        if self.size < outright.WORTHWHILE or not self.gene.haplotypes:
            return {}
        found: dict[int, Found] = {}
        for decided in set(self.decided):
            numbers = np.array([n for n, one in enumerate(self.decided) if one == decided])
            found |= outright.find(self._context(decided), self.found, numbers, self.mixtures)
        return found

    def solve(self, n: int) -> PatternCall:
        """Return the call of pattern `n`."""
        gene, found = self.gene, self.found
        codes, haploid = found.codes[n], bool(found.haploid[n])
        doubts = weigh.evidence_of(self.likelihoods, found.doubts[n]) if self.in_doubt[n] else {}
        known, n_called, complete = self.sight.known[n], self.sight.count[n], self.sight.complete[n]
        if doubts:
            known = known & weigh.told_positions(doubts, len(codes))
            n_called, complete = int(known.sum()), bool(known[gene.required].all())
        total = len(known)
        flags = self.sight.flags_of(n, known, codes, doubts)
        if gene.definition.row["caller"] == "outside":
            return PatternCall((), "not_called", 0, total, ("other_method_needed",))
        if not self._shows(n, known, doubts) and not self._tells_without_bases(int(found.copies[n]), total):
            seen = tuple(flag for flag in flags if flag in _SEEN)
            return PatternCall((), "not_called", 0, total, (*seen, "no_data"))
        if not complete:
            return PatternCall((), "not_called", n_called, total, (*flags, "required_positions_missing"))
        context, mixture = self._context(self.decided[n]), self.mixtures[int(found.group[n])]
        answer = self._pairs(context, n, mixture, doubts)
        if not answer.found.pairs:
            return PatternCall((), "not_called", n_called, total, (*flags, "unresolved"))
        flags += ("genotype_overruled",) if answer.overruled else ()
        rests_on_prior = not _UNCERTAIN.isdisjoint(flags) and self._rests_on_prior(answer.found, mixture, known)
        fallback = self._fallback(codes[:, :1] if haploid else codes, doubts)
        spread = self._with_unseen(answer.found, context, n, mixture, doubts)
        return self._finish(spread, n_called, total, flags, fallback, rests_on_prior=rests_on_prior)

    def _pairs(
        self, context: Context, n: int, mixture: NDArray[np.float64], doubts: dict[int, Likelihood]
    ) -> weigh.Weighed:
        codes, blocks, haploid = self.found.codes[n], self.found.blocks[n], bool(self.found.haploid[n])
        if n in self.outright:
            return weigh.Weighed(self.outright[n], overruled=False)
        if doubts:
            return weigh.pairs(context, codes, blocks, mixture, doubts, haploid=haploid)
        return weigh.Weighed(solve.pairs(context, codes, blocks, mixture, haploid=haploid), overruled=False)

    def _with_unseen(
        self, shown: Found, context: Context, n: int, mixture: NDArray[np.float64], doubts: dict[int, Likelihood]
    ) -> Found:
        """Sum over the copy number where nothing tells of it."""
        found = self.found
        if self.unseen is None or found.copies[n] != UNKNOWN or found.haploid[n]:
            return shown
        codes, blocks = found.codes[n], found.blocks[n]
        two = (blocks != HOMOZYGOUS) & (codes >= 0).all(axis=1)
        two[list(doubts)] = False
        one_copy = np.stack([codes.max(axis=1), np.full(len(codes), NO_COPY, dtype=np.int8)], axis=1)

        # What cannot be read on either strand is as strange on two as on one: it must not speak for the deletion.
        n_unread = int((codes == UNKNOWN_BASE).all(axis=1).sum())

        def alone(weights: NDArray[np.float64]) -> Found:
            weights = weights * UNEXPLAINED**n_unread
            if doubts:
                return weigh.single(context, one_copy, weights, doubts)
            return solve.pairs(context, one_copy, blocks, weights, haploid=True)

        return self.unseen.spread(shown, mixture, None if two.any() else alone)

    def _shows(self, n: int, known: NDArray[np.bool_], doubts: dict[int, Likelihood]) -> bool:
        """Say whether the data show anything: a base, or a genotype in doubt that is not likely to be the reference."""
        if not doubts:
            return self.sight.shows[n]
        plain = self.gene.naming.baseline.argmax(axis=1)
        return bool(known.any()) or any(
            p not in doubts or not weigh.may_be(doubts[p], int(plain[p]))
            for p in np.flatnonzero(self.sight.read[n].any(axis=1)).tolist()
        )

    def _tells_without_bases(self, copies: int, positions: int) -> bool:
        """Say whether the copy number alone names an allele: the deletion, or any of a gene without positions."""
        if copies in (1, ONE_CUT):
            rules = self.copy_rules
            return rules is not None and (rules.deletion if copies == 1 else rules.cut) is not None
        return positions == 0 and copies >= 0

    def _finish(
        self,
        answer: Found,
        n_called: int,
        total: int,
        flags: tuple[str, ...],
        fallback: tuple[Fallback, int] | None,
        *,
        rests_on_prior: bool,
    ) -> PatternCall:
        whole = answer.total
        kept = merged(answer.pairs) if self.shares_names else answer.pairs
        mass = sum(pair.weight for pair in kept)
        diplotypes = tuple(self._writer.write(pair, pair.weight / mass, fallback) for pair in kept)
        best = kept[0]
        unsure = (
            rests_on_prior
            or not answer.exhaustive
            or not _SEEN.isdisjoint(flags)
            or diplotypes[0].probability < self.threshold
            or (not _UNCERTAIN.isdisjoint(flags) and self._findings.may_be_other(kept, whole))
        )
        flags += self._writer.flags_of(best)
        flags += ("prior_driven",) if rests_on_prior else ()
        flags += ("alternatives_cut",) if mass < 0.99 * whole or not answer.exhaustive else ()
        if fallback is not None and falls_back(best, fallback[0]):
            flags += (f"fallback_variant:{fallback[0].name}",)
        return PatternCall(diplotypes, "ambiguous" if unsure else "called", n_called, total, flags)

    def _fallback(self, codes: NDArray[np.int8], doubts: dict[int, Likelihood]) -> tuple[Fallback, int] | None:
        """Return the gene's fallback and how many strands carry its variant; None if a base there is not told."""
        fallback = self.gene.fallback
        if fallback is None or (fallback.position in doubts and not weigh.is_told(doubts[fallback.position])):
            return None
        bases = codes[fallback.position]
        plain = self.gene.naming.baseline[fallback.position]
        if not all(0 <= base < len(plain) and (plain[base] or base == fallback.code) for base in bases):
            return None
        return fallback, int((bases == fallback.code).sum())

    def _rests_on_prior(self, shown: Found, mixture: NDArray[np.float64], known: NDArray[np.bool_]) -> bool:
        """Say whether the bases that the file shows leave the best diplotype, and its function, to the frequencies."""
        kept = merged(shown.pairs) if self.shares_names else shown.pairs
        if self._evidence(kept[0], kept[0].weight / shown.total, mixture) >= MIN_EVIDENCE:
            return False
        return not self._findings.shown(kept, shown.total, mixture, known, sure=THRESHOLD, evidence=MIN_EVIDENCE)

    def _evidence(self, best: Pair, probability: float, mixture: NDArray[np.float64]) -> float:
        """Share of the prior doubt about the best diplotype that the data removed."""
        key = (best.first.detail, None if best.second is None else best.second.detail, mixture.tobytes())
        if key not in self._before:
            strands = [best.first] if best.second is None else [best.first, best.second]
            self._before[key] = priors.before([*map(self._prior, strands)], len(set(strands)), mixture)
        return priors.removed(probability, self._before[key])

    def _prior(self, strand: Strand) -> NDArray[np.float64]:
        place = self._place.get(strand.detail)
        return np.zeros(self.gene.frequency.shape[1]) if place is None else np.asarray(self.gene.frequency[place])


def _open(accepts: NDArray[np.bool_], position: int, decided_by: int) -> NDArray[np.bool_]:
    """Let haplotypes that keep the reference allele's base at `decided_by` accept every base at `position`."""
    accepts = accepts.copy()
    baseline = (accepts[:, decided_by] == accepts[0, decided_by]).all(axis=1)
    accepts[baseline, position, :] = True
    return accepts


def _extra_bases(genotypes: Genotypes, gene: GeneModel) -> dict[int, list[str]]:
    """Bases by position, where the file shows more than the knowledge has."""
    own = gene.definition.sites
    tops = genotypes.alleles[own].reshape(len(own), 2 * len(genotypes.samples)).max(axis=1, initial=0).tolist()
    extra = [p for p, top in enumerate(tops) if top >= len(gene.naming.bases(p))]
    return {p: genotypes.sites["alleles"][int(own[p])].to_list() for p in extra}


def _common(genotypes: Genotypes, gene: GeneModel) -> dict[int, frozenset[int]]:
    """Codes by position of the bases that are passed over without doubt; codes past the documented vary by file."""
    found = {}
    for p, bases in gene.common.items():
        listed = list(genotypes.sites["alleles"][int(gene.definition.sites[p])])
        found[p] = frozenset(listed.index(base) for base in bases if base in listed)
    return found
