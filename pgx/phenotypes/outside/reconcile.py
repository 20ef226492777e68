"""Results that belong together, or do not go with the person's sex."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace

from pgx.codes import NoteCode
from pgx.knowledge import KnowledgeBase
from pgx.knowledge.rules.activity_sums import possible_scores
from pgx.knowledge.rules.phenotypes import INDETERMINATE, rules_for
from pgx.knowledge.tables.declared import SCHEMES
from pgx.phenotypes import allele_status
from pgx.phenotypes.outside.names import SECOND_ALLELE
from pgx.phenotypes.outside.stated import is_no_call, stated_of
from pgx.types import MOST_COPIES, Diplotype, PatternCall

Remark = tuple[NoteCode, str]
"""What is worth saying of a result, and its code."""
_SOME_COPIES = re.compile(r"x(?:N|≥\d+)$")
"""End of the name of copies of one allele that nobody counted."""


def statuses(lines: Sequence[PatternCall]) -> PatternCall | None:
    """Take lines that state one allele each (``*57:01 negative``, ``*15:02 positive``) as one result of the gene.

    Returns
    -------
    PatternCall or None
        None where a line gives a diplotype: then the lines are rivals.

    Raises
    ------
    ValueError
        If an allele is there by one line and not there by another.
    """
    if any(line.diplotypes for line in lines):
        return None
    stated: dict[str, str] = {}
    for line in lines:
        for part in re.split(r"[;,]", line.stated_phenotype or ""):
            allele, _, word = part.strip().rpartition(" ")
            if stated.setdefault(allele, word) != word:
                raise ValueError(f"{allele} is {stated[allele]} by another line, and {word} by this one")
    together = "; ".join(f"{allele} {word}".strip() for allele, word in stated.items())
    return replace(lines[0], stated_phenotype=together)


def with_sex(kb: KnowledgeBase, gene: str, pattern: PatternCall, sex: str | None) -> tuple[PatternCall, str | None]:
    """Return the call as the person's sex has it, and a remark: of one allele of a woman, the other is not known.

    Nor is it where the sex is not known and the one allele is as good as the reference: a woman's other one may not be.

    Raises
    ------
    ValueError
        If two different alleles of a gene on X are given for a man.
    """
    if gene not in kb.genes or kb.gene(gene).row["inheritance"] != "x_linked" or not pattern.diplotypes:
        return pattern, None
    single = [diplotype for diplotype in pattern.diplotypes if diplotype.allele2 is None]
    if sex == "male":
        if any(
            diplotype.allele2 is not None and diplotype.allele1 != diplotype.allele2 for diplotype in pattern.diplotypes
        ):
            raise ValueError("two different alleles of a gene on X are given for a man")
        alone = tuple(replace(diplotype, allele2=None, parts2=()) for diplotype in pattern.diplotypes)
        return replace(pattern, diplotypes=alone), None
    if single and (sex == "female" or any(_as_reference(kb, gene, diplotype) for diplotype in single)):
        both = tuple(
            replace(diplotype, allele2="?") if diplotype in single else diplotype for diplotype in pattern.diplotypes
        )
        reason = "a woman has two" if sex == "female" else "a woman has two, and the sex is not known"
        remark = f"{gene} {single[0].name}: {SECOND_ALLELE} not known, so its function is not either; {reason}"
        return replace(pattern, diplotypes=both), remark
    return pattern, None


def _as_reference(kb: KnowledgeBase, gene: str, diplotype: Diplotype) -> bool:
    """Whether one allele alone means what the reference allele alone does."""
    rules, reference = rules_for(kb, gene, SCHEMES[0]), (str(kb.gene(gene).row["reference_allele"]),)
    return rules.phenotype(diplotype.parts1, None).phenotype == rules.phenotype(reference, None).phenotype


def check_score(kb: KnowledgeBase, gene: str, score: float | None, *, alone: bool) -> None:
    """Refuse an activity score that nobody can have, by the values of the gene's alleles in every scheme.

    Parameters
    ----------
    kb, gene
        Knowledge base, and the gene's symbol.
    score
        What is stated; None = nothing.
    alone
        Whether nothing else is stated of the gene.

    Raises
    ------
    ValueError
        If no two alleles add up to it, or, where the copies vary, no number of them.
    """
    if score is None or gene not in kb.genes:
        return
    possible = possible_scores(kb, gene)
    if not possible and alone:
        raise ValueError(f"alleles of {gene} have no activity values, so a score of {score:g} says nothing")
    if possible and not any(math.isclose(score, possible_score, abs_tol=1e-6) for possible_score in possible):
        varies = kb.gene(gene).row["copy_number_varies"] == "y"
        problem = f"no {MOST_COPIES} copies of {gene} or fewer" if varies else f"no two alleles of {gene}"
        raise ValueError(f"activity score {score:g}: {problem} add up to it")


def agree(kb: KnowledgeBase, gene: str, phenotype: str | None, score: float | None) -> None:
    """Refuse a phenotype and a score, stated without a diplotype, that no scheme gives to one person.

    Raises
    ------
    ValueError
        If they contradict each other.
    """
    if phenotype is None or score is None or gene not in kb.genes:
        return
    by_score = {rules_for(kb, gene, scheme).by_score(score) for scheme in SCHEMES} - {INDETERMINATE}
    if by_score and phenotype not in by_score:
        raise ValueError(f"activity score {score:g} is {' or '.join(sorted(by_score))}, and it says {phenotype}")


def open_copies(kb: KnowledgeBase, gene: str, diplotype: Diplotype) -> str | None:
    """Return what a diplotype leaves open where only the number of copies decides its phenotype (``*2xN/*4``)."""
    uncounted = [part for part in (*diplotype.parts1, *diplotype.parts2) if _SOME_COPIES.search(part)]
    if not uncounted or gene not in kb.genes:
        return None
    ours = rules_for(kb, gene, "CPIC").phenotype(
        diplotype.parts1, None if diplotype.allele2 is None else diplotype.parts2
    )
    if ours.phenotype != INDETERMINATE:
        return None
    base = _SOME_COPIES.sub("", uncounted[0])
    return f"how many copies {uncounted[0]} is decides; write the number, as in {base}x2 or {base}x3"


def refuse_contradiction(
    kb: KnowledgeBase, gene: str, pattern: PatternCall, written: str | None, remarks: Sequence[Remark]
) -> None:
    """Refuse a laboratory's line whose diplotype and own words contradict each other: nobody knows which is right.

    Parameters
    ----------
    kb, gene, pattern
        Knowledge base, gene, and the diplotype that was read.
    written
        The laboratory's phenotype as it stands in the file.
    remarks
        As of `compare`.

    Raises
    ------
    ValueError
        If they contradict each other, or if words beside alleles of HLA do not say what they mean.
    """
    for code, text in remarks:
        if code == NoteCode.OUTSIDE_CONTRADICTS:
            raise ValueError(text)
    if not allele_status.targets(kb, gene) or is_no_call(written):
        return
    for part in re.split(r"[;,]", stated_of(kb, gene, written) or ""):
        allele, _, word = part.strip().rpartition(" ")
        ours = [status for status, share in allele_status.statuses(kb, gene, pattern, [allele]) if share > 1 / 2]
        if ours and ours != [f"{allele} {word}"]:
            raise ValueError(f"{pattern.diplotypes[0].name} is {ours[0]}, and the laboratory says {part.strip()}")


def compare(
    kb: KnowledgeBase,
    gene: str,
    pattern: PatternCall,
    phenotype: str | None,
    score: float | None,
    who: str = "the tool",
) -> list[Remark]:
    """Say where the tool's phenotype or score is another than ours for its own diplotype, and whether that contradicts.

    A phenotype that another scheme gives, and one where ours is not known, do not.
    """
    if gene not in kb.genes or allele_status.targets(kb, gene):
        return []
    diplotype = pattern.diplotypes[0]
    strands = (diplotype.parts1, None if diplotype.allele2 is None else diplotype.parts2)
    ours, *others = (
        rules_for(kb, gene, scheme).phenotype(*strands, novel1=diplotype.novel1, novel2=diplotype.novel2)
        for scheme in SCHEMES
    )
    remarks = []
    if phenotype is not None and ours.phenotype not in (None, phenotype):
        unknown = ours.phenotype == INDETERMINATE
        agreed = unknown or any(other.phenotype == phenotype for other in others)
        meaning = "has no known function here" if unknown else f"is {ours.phenotype} here"
        code = NoteCode.OUTSIDE_CALL_DIFFERS if agreed else NoteCode.OUTSIDE_CONTRADICTS
        remarks.append((code, f"{gene} {diplotype.name} {meaning}; {who} says {phenotype}"))
    if score is not None and ours.activity_score is not None and abs(score - ours.activity_score) > 1e-6:
        text = f"{gene} {diplotype.name} has activity score {ours.activity_score:g} here; {who} says {score:g}"
        agreed = any(other.activity_score is not None and abs(score - other.activity_score) <= 1e-6 for other in others)
        remarks.append((NoteCode.OUTSIDE_CALL_DIFFERS if agreed else NoteCode.OUTSIDE_CONTRADICTS, text))
    return remarks
