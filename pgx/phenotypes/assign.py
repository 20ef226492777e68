"""Calls and phenotypes as frames: each distinct pattern is interpreted once, then spread over the samples."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import combinations_with_replacement

import numpy as np
import polars as pl

from pgx import schema
from pgx.assertion import CALLED, NOT_CALLED, asserted, of_asserted
from pgx.cells import Pair
from pgx.codes import Flag, FlagCode
from pgx.knowledge import KnowledgeBase
from pgx.knowledge.recent import Recent
from pgx.knowledge.rules.alleles import missed
from pgx.knowledge.rules.phenotypes import INDETERMINATE, GeneRules, PhenotypeResult, rules_for
from pgx.knowledge.tables.declared import SCHEMES
from pgx.phenotypes import allele_status, phenoconversion
from pgx.phenotypes.interpreted import Interpretation, Share, spread_rows, spread_shares
from pgx.types import CallSet, ClinicalData, Diplotype, PatternCall

MIN_ALTERNATIVE = 0.001
MAX_ALTERNATIVES = 10
"""Diplotypes less probable than this are not listed in `alternatives` (their phenotypes still count)."""
_LOST = 1e-3
_RESULTS = 10_000
"""Diplotypes of a gene of which the phenotype is kept: a cohort has ever more of them."""
_INCREASED = "Increased function"
_OWN = "genotypes"
_COPIED = re.compile(r"x≥?\d")


def assign(
    callset: CallSet,
    kb: KnowledgeBase,
    clinical: ClinicalData | None = None,
    *,
    as_of: date | None = None,
    recent: Recent | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give every call its functions, activity score and phenotypes, genetic and clinical.

    Parameters
    ----------
    callset
        Calls of all genes.
    kb
        Knowledge base.
    clinical
        Medication lists, smoking and laboratory values, for phenoconversion. None = nothing is known.
    as_of
        Day for which the phenotype holds; None = the newest date in the clinical data.
    recent
        What patterns meant in earlier calls with this knowledge base; those of this call are added.

    Returns
    -------
    calls : polars.DataFrame
        `schema.CALLS`, sample by sample, genes as in `callset`. A gene that is not asserted (`pgx.assertion`) is
        ``not_called``: what its posterior holds stands in `alternatives` alone.
    phenotypes : polars.DataFrame
        `schema.PHENOTYPES`. A gene without data, or without rules in a scheme, has no rows: missing is never normal.
        The rows of a gene that is not asserted are for averaging a score and for nothing else
        (`pgx.assertion.of_asserted` leaves them out). A diplotype that the rules cannot place counts for
        ``Indeterminate``. Probabilities add up to 1 per sample, gene and scheme; in a gene read by the presence of
        alleles (HLA) they add up to 1 per allele, one pair of rows (``*57:01 positive``, ``*57:01 negative``) each.
    """
    interpreted = [[_meaning(kb, gene.gene, pattern, recent) for pattern in gene.patterns] for gene in callset.genes]
    offsets = np.cumsum([0, *(len(patterns) for patterns in interpreted)])
    # (samples, genes) -> index of the pattern among all patterns of all genes; sample-major like the frames.
    index = np.empty((len(callset.samples), len(callset.genes)), dtype=np.int64)
    for column, gene in enumerate(callset.genes):
        index[:, column] = gene.pattern_of + offsets[column]
    flat = [one for patterns in interpreted for one in patterns]
    calls = spread_rows(flat, index, callset.samples)
    phenotypes = spread_shares(flat, index, callset.samples)
    phenotypes = phenoconversion.convert(phenotypes, clinical, kb, as_of=as_of)
    calls = phenoconversion.complete_calls(calls, of_asserted(phenotypes, calls), clinical)
    calls = phenoconversion.flag_exposures(calls, clinical, kb, as_of=as_of)
    return schema.conform(calls, schema.CALLS), phenotypes


def _meaning(kb: KnowledgeBase, gene: str, pattern: PatternCall, recent: Recent | None) -> Interpretation:
    if recent is None:
        return interpret(kb, gene, pattern)
    key = ("meaning", gene, id(pattern))
    known: tuple[PatternCall, Interpretation] | None = recent.find(key)
    if known is None or known[0] is not pattern:  # whoever had that id is gone
        known = (pattern, interpret(kb, gene, pattern))
        recent.keep(key, known, 10 + 2 * min(len(pattern.diplotypes), MAX_ALTERNATIVES))
    return known[1]


def interpret(kb: KnowledgeBase, gene: str, pattern: PatternCall) -> Interpretation:
    """Return the phenotypes and the calls row of one pattern of `gene`."""
    shares = shares_of(kb, gene, pattern)
    return Interpretation(shares, _row(kb, gene, pattern, shares))


def shares_of(kb: KnowledgeBase, gene: str, pattern: PatternCall) -> tuple[Share, ...]:
    """Return the phenotypes of one pattern of `gene` in each scheme, with their probabilities."""
    if pattern.status not in CALLED:
        return ()
    return tuple(share for scheme in SCHEMES for share in _shares(kb, gene, scheme, pattern))


def _rules(kb: KnowledgeBase, gene: str, scheme: str) -> GeneRules | None:
    return rules_for(kb, gene, scheme) if gene in kb.genes else None


def _shares(kb: KnowledgeBase, gene: str, scheme: str, pattern: PatternCall) -> list[Share]:
    targets = allele_status.targets(kb, gene)
    if targets:
        return [Share(scheme, status, None, p) for status, p in allele_status.statuses(kb, gene, pattern, targets)]
    rules = _rules(kb, gene, scheme)
    if not pattern.diplotypes:
        return _stated(kb, gene, rules, scheme, pattern)
    if rules is None or not rules.has_rules:
        return []
    mass: dict[tuple[str, float | None], float] = defaultdict(float)
    known = _known_results(kb, rules)
    phased = FlagCode.PHASE_UNKNOWN not in pattern.flags
    for own in pattern.diplotypes:
        case = (own.parts1, own.parts2, own.allele2, own.copies1, own.copies2, own.novel1, own.novel2, phased)
        result: PhenotypeResult | None = known.find(case)
        if result is None:
            result = _result(kb, rules, named_in(kb, gene, scheme, own), phased)
            known.keep(case, result)
        if result.phenotype is not None:
            mass[result.phenotype, usable_score(result)] += own.probability
    total = sum(mass.values())
    if total < 1 - _LOST:
        mass[INDETERMINATE, None] += 1 - total
        total = 1.0
    shares = [Share(scheme, *key, probability=p / total) for key, p in mass.items()]
    return sorted(shares, key=lambda share: -share.probability)


def named_in(kb: KnowledgeBase, gene: str, scheme: str, diplotype: Diplotype) -> Diplotype:
    """Return the diplotype as `scheme` would name it.

    DPWG names the alleles that its guidelines look at, and no others. An allele that it leaves out is read as the
    reference allele where CPIC calls its function normal, or increased in a gene in which DPWG knows no increased
    function, and only there; the call is flagged ``normal_by_cpic``.
    """
    if scheme == SCHEMES[0]:
        return diplotype
    reference, unlisted = kb.remember(("unlisted", gene, scheme), lambda: _unlisted(kb, gene, scheme))
    parts = [*diplotype.parts1, *diplotype.parts2]
    if reference is None or unlisted.isdisjoint(parts):
        return diplotype
    parts1, parts2 = (
        tuple(reference if part in unlisted else part for part in strand)
        for strand in (diplotype.parts1, diplotype.parts2)
    )
    return replace(diplotype, parts1=parts1, parts2=parts2)


def _unlisted(kb: KnowledgeBase, gene: str, scheme: str) -> tuple[str | None, frozenset[str]]:
    """Reference allele of the gene, and alleles that `scheme` does not name and reads as it."""
    reference = kb.gene(gene).row["reference_allele"]
    ours, theirs = rules_for(kb, gene, SCHEMES[0]).functions, rules_for(kb, gene, scheme).functions
    if not isinstance(reference, str) or reference not in theirs:
        return None, frozenset()
    normal = {theirs[reference].function}
    if all(one.function != _INCREASED for one in theirs.values()):
        normal.add(_INCREASED)
    return reference, frozenset(a for a, one in ours.items() if one.function in normal and a not in theirs)


def _stated(kb: KnowledgeBase, gene: str, rules: GeneRules | None, scheme: str, pattern: PatternCall) -> list[Share]:
    if pattern.stated_score is not None and rules is not None:  # a score is a number in every scheme
        phenotype = rules.by_score(pattern.stated_score)
        if phenotype != INDETERMINATE:
            return [Share(scheme, phenotype, pattern.stated_score, 1.0)]
    if pattern.stated_phenotype is None:
        return []
    if scheme == SCHEMES[0]:
        return [Share(scheme, pattern.stated_phenotype, pattern.stated_score, 1.0)]
    meant = _in_scheme(kb, gene, scheme, pattern.stated_phenotype) if rules is not None and rules.has_rules else None
    return [] if meant is None else [Share(scheme, *meant, probability=1.0)]


def _in_scheme(kb: KnowledgeBase, gene: str, scheme: str, phenotype: str) -> tuple[str, float | None] | None:
    """Return a phenotype in CPIC's words for another scheme, if that has the word for all alleles that it fits.

    The score comes with it where there is only one: a Poor Metabolizer of CYP2D6 has 0 in both. A word that the scheme
    lacks (Increased Function) is left to the guideline's own rows on it.
    """
    meanings: dict[str, dict[str, float | None]] = kb.remember(
        ("meanings", gene, scheme), lambda: _meanings(kb, gene, scheme)
    )
    found = meanings.get(phenotype, {})
    return (phenotype, found[phenotype]) if set(found) == {phenotype} and phenotype not in _unsure(kb) else None


def _unsure(kb: KnowledgeBase) -> set[str]:
    """Phenotypes that say that they are not certain (``Likely ...``, ``Possible ...``): no other scheme has them."""
    terms = kb.table("phenotype_terms")
    return {INDETERMINATE, *terms.filter(pl.col("broader").is_not_null())["phenotype"]}


def _meanings(kb: KnowledgeBase, gene: str, scheme: str) -> dict[str, dict[str, float | None]]:
    """CPIC's phenotype -> the scheme's phenotypes of all pairs of alleles that both schemes judge, with their score.

    Copies of an allele that the schemes value differently (``*9x2/*41``) next to nobody has: they count only for a
    phenotype that no pair of single alleles has.
    """
    ours, theirs = rules_for(kb, gene, SCHEMES[0]), rules_for(kb, gene, scheme)
    kinds = {}
    for allele in ours.functions:
        other = named_in(kb, gene, scheme, Diplotype(allele, None, (allele,), (), 1.0)).parts1[0]
        if other in theirs.functions:
            kinds[ours.allele(allele), theirs.allele(other)] = (allele, other)
    found: dict[str, dict[str, set[float | None]]] = defaultdict(lambda: defaultdict(set))
    single: dict[str, dict[str, set[float | None]]] = defaultdict(lambda: defaultdict(set))
    for (own1, their1), (own2, their2) in combinations_with_replacement(kinds.values(), 2):
        own, their = ours.phenotype((own1,), (own2,)), theirs.phenotype((their1,), (their2,))
        if own.phenotype is not None and their.phenotype not in (None, INDETERMINATE):
            for pairs in (found,) if _COPIED.search(own1) or _COPIED.search(own2) else (found, single):
                pairs[own.phenotype][str(their.phenotype)].add(usable_score(their))
    found |= single
    return {
        own: {their: next(iter(scores)) if len(scores) == 1 else None for their, scores in other.items()}
        for own, other in found.items()
    }


def _known_results(kb: KnowledgeBase, rules: GeneRules) -> Recent:
    return kb.remember(("results", rules.gene, rules.scheme), lambda: Recent(_RESULTS))


def _result(kb: KnowledgeBase, rules: GeneRules, diplotype: Diplotype, phased: bool) -> PhenotypeResult:
    parts2 = None if diplotype.allele2 is None else diplotype.parts2
    copies, novel = (diplotype.copies1, diplotype.copies2), (diplotype.novel1, diplotype.novel2)
    known = _known_results(kb, rules)
    key = (diplotype.parts1, parts2, copies, novel, phased)
    result: PhenotypeResult | None = known.find(key)
    if result is None:
        result = rules.phenotype(
            diplotype.parts1,
            parts2,
            copies1=copies[0],
            copies2=copies[1],
            novel1=novel[0],
            novel2=novel[1],
            phased=phased,
        )
        known.keep(key, result)
    return result


def usable_score(result: PhenotypeResult) -> float | None:
    """Return the score that recommendations may be looked up by: none if it is a lower bound that decides nothing."""
    return None if result.score_is_minimum and result.phenotype == INDETERMINATE else result.activity_score


def _row(kb: KnowledgeBase, gene: str, pattern: PatternCall, shares: Sequence[Share]) -> dict[str, object]:
    stated = asserted(pattern.status, pattern.flags)
    row: dict[str, object] = {
        "gene": gene,
        "status": pattern.status if stated else NOT_CALLED,
        "positions_called": pattern.positions_called,
        "positions_assumed": pattern.positions_assumed,
        "positions_total": pattern.positions_total,
        "source": pattern.source,
    }
    flags = list(pattern.flags)
    overlay = kb.local_genes.get(gene)
    if overlay is not None:
        row["source"] = f"local:{overlay}" if pattern.source == _OWN else pattern.source
        flags += [FlagCode.LOCAL] if pattern.status in CALLED else []
    if stated:
        flags += _statement(kb, gene, pattern, shares, row)
    elif pattern.status in CALLED:
        row["alternatives"] = _alternatives(pattern.diplotypes)
    row["flags"] = list(dict.fromkeys(flags))
    return row


def _statement(
    kb: KnowledgeBase, gene: str, pattern: PatternCall, shares: Sequence[Share], row: dict[str, object]
) -> list[str]:
    """Fill the cells that say something of the person; return flags."""
    flags: list[str] = []
    if pattern.diplotypes:
        if any(_renamed(kb, gene, scheme, pattern.diplotypes[0]) for scheme in SCHEMES[1:]):
            flags.append(FlagCode.NORMAL_BY_CPIC)
        flags += _describe(kb, gene, pattern, row)
    flags += _phenotype_cells(kb, gene, shares, row)
    if pattern.stated_score is not None and not pattern.diplotypes:
        row["activity_score"] = pattern.stated_score
    return flags


def _renamed(kb: KnowledgeBase, gene: str, scheme: str, diplotype: Diplotype) -> bool:
    rules = _rules(kb, gene, scheme)
    if rules is None or not rules.has_rules or allele_status.targets(kb, gene):
        return False
    return named_in(kb, gene, scheme, diplotype) is not diplotype


def _describe(kb: KnowledgeBase, gene: str, pattern: PatternCall, row: dict[str, object]) -> list[str]:
    best = pattern.diplotypes[0]
    row["diplotype"], row["probability"] = best.name, round(best.probability, 6)
    row["allele1"], row["allele2"] = best.allele1, best.allele2
    row["alternatives"] = _alternatives(pattern.diplotypes[1:])
    rules = _rules(kb, gene, SCHEMES[0])
    if rules is None:
        return []
    row["function1"] = rules.strand(best.parts1, best.copies1, best.novel1).function
    if best.allele2 is not None:
        row["function2"] = rules.strand(best.parts2, best.copies2, best.novel2).function
    result = _result(kb, rules, best, FlagCode.PHASE_UNKNOWN not in pattern.flags)
    flags = _copy_number_range(kb, rules, best) if FlagCode.NO_COPY_NUMBER in pattern.flags else []
    if FlagCode.OUTSIDE not in pattern.flags:
        flags += [str(Flag(FlagCode.UNDEFINED_ALLELES, "|".join(names))) for names in [missed(kb, gene)] if names]
    if result.score_is_minimum:
        return [str(Flag(FlagCode.ACTIVITY_SCORE_AT_LEAST, f"{result.activity_score:g}")), *flags]
    row["activity_score"] = result.activity_score
    return flags


def _alternatives(diplotypes: Sequence[Diplotype]) -> list[Pair]:
    listed = [d for d in diplotypes[:MAX_ALTERNATIVES] if d.probability >= MIN_ALTERNATIVE]
    return [{"diplotype": d.name, "probability": float(f"{d.probability:.4g}")} for d in listed]


def _copy_number_range(kb: KnowledgeBase, rules: GeneRules, best: Diplotype) -> list[str]:
    """Say which phenotypes a deletion or a duplication that small variants do not show would give.

    A person who shows one allele may have it on one strand only; either strand may carry its allele twice. Only genes
    with activity scores are told, where a copy number has a defined effect.
    """
    if rules.by_score(0.0) == INDETERMINATE or best.allele2 is None:
        return []
    options = [best, replace(best, copies1=2), replace(best, copies2=2)]
    if best.parts1 == best.parts2:
        options.append(replace(best, copies2=0))
    found = [_result(kb, rules, one, True) for one in options]
    scored = sorted((one.activity_score, one.phenotype or "") for one in found if one.activity_score is not None)
    names = list(dict.fromkeys(phenotype for _, phenotype in scored))
    return [str(Flag(FlagCode.COPY_NUMBER_RANGE, "|".join(names)))] if len(names) > 1 else []


def _phenotype_cells(kb: KnowledgeBase, gene: str, shares: Sequence[Share], row: dict[str, object]) -> list[str]:
    """Fill `phenotype` (and a score that belongs to it); return flags."""
    for scheme in SCHEMES:
        of_scheme = [share for share in shares if share.scheme == scheme]
        if not of_scheme:
            continue
        if allele_status.targets(kb, gene):
            row["phenotype"] = ";".join(share.phenotype for share in of_scheme if share.probability > 0.5) or None
            return []
        classes: dict[str, float] = defaultdict(float)
        for share in of_scheme:
            classes[share.phenotype] += share.probability
        best = max(classes, key=lambda phenotype: classes[phenotype])
        row["phenotype"] = best
        scores = [share.score for share in of_scheme if share.phenotype == best]
        if row.get("activity_score") is not None and row["activity_score"] not in scores:
            row["activity_score"] = scores[0]
        return [] if scheme == SCHEMES[0] else [str(Flag(FlagCode.PHENOTYPE_SCHEME, scheme))]
    return []
