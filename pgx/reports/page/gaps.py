"""What the data do not say about a drug: genes not tested, results not understood, other genotypes still possible."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from pgx.codes import FlagCode
from pgx.judgement import Judgement
from pgx.judgement.read_back import arguments_of
from pgx.reports.page import wording
from pgx.reports.page.advice import Advice
from pgx.reports.page.wording import URGENCIES, words

_WORTH_SAYING = 0.1  # from this probability on, advice for another genotype stands beside the headline


def no_guidance(listed_unknown: Collection[str]) -> str:
    """Say why a page has no drugs: those of the list are not known here, or none was asked for.

    Parameters
    ----------
    listed_unknown
        Medicines of the person's list that mean nothing to the knowledge base, or that nobody could read.
    """
    if listed_unknown:
        return f"No guidance: none of the medicines on the list ({', '.join(listed_unknown)}) is in the knowledge base."
    return "No guidance: no drug was asked for, or none has a guideline."


def stake_clause(stakes: Mapping[str, str]) -> str:
    """Return ``; some results would mean: avoid`` for the gravest of the stakes; empty without any."""
    gravest = min(stakes.values(), key=URGENCIES.index, default="")
    return f"; some results would mean: {words('urgency', gravest).lower()}" if gravest else ""


def unused_results(genes: Iterable[str], refused: Collection[str]) -> list[str]:
    """Return phrases on what the file shows of genes, or a laboratory sent, and the call does not use."""
    genes = list(genes)
    shown = ", ".join(wording.gene(gene) for gene in genes if gene not in refused)
    sent = ", ".join(wording.gene(gene) for gene in genes if gene in refused)
    phrases = (
        [f"the file shows a change in {shown} that the call could not use, its effect is not known"] if shown else []
    )
    if sent:
        phrases.append(f"a laboratory's result of {sent} could not be used or not be understood")
    return phrases


def not_tested(genes: Iterable[str], refused: Collection[str]) -> str:
    """Say which genes were not tested, and of which a laboratory sent a result that could not be used."""
    genes = list(genes)
    missing = ", ".join(wording.gene(gene) for gene in genes if gene not in refused)
    sent = unused_results([gene for gene in genes if gene in refused], refused)
    return "; ".join([*sent, *([f"{missing} not tested"] if missing else [])])


def untested_remarks(untested: Mapping[str, list[str]], stakes: Mapping[str, str]) -> Iterator[str]:
    """Yield that sources would look at further genes: those that could mean the same in one remark."""
    by_stake: dict[str, list[str]] = {}
    for gene in untested:
        by_stake.setdefault(stakes.get(gene, ""), []).append(gene)
    for stake, genes in by_stake.items():
        clause = stake_clause({genes[0]: stake} if stake else {})
        sources = list(dict.fromkeys(tuple(untested[gene]) for gene in genes))
        was = "was" if len(genes) == 1 else "were"
        it = "it" if len(genes) == 1 else "them"
        if len(sources) == 1:
            named = ", ".join(map(wording.gene, genes))
            yield f"{named} {was} not tested, and {', '.join(sources[0])} would look at {it} too{clause}"
        else:
            named = ", ".join(f"{wording.gene(gene)} ({', '.join(untested[gene])})" for gene in genes)
            yield f"{named} {was} not tested, and the sources in brackets would look at {it} too{clause}"


def order_remarks(judgement: Judgement) -> Iterator[str]:
    """Yield that the order of two medicines is from memory, where it is."""
    if any(about == FlagCode.GIVES_WAY for (about,) in arguments_of(judgement, FlagCode.RECALL, 1)):
        yield wording.words("order", "recall")


def unverified_remarks(rows: Iterable[Advice]) -> Iterator[str]:
    """Yield that the advice rests on a drug whose strength no list confirms."""
    found = dict.fromkeys(flag.arguments for row in rows for flag in row.codes if flag.code == FlagCode.UNVERIFIED)
    for agent, gene in (one for one in found if len(one) == 2):
        yield f"that {wording.clean(agent)} acts on {gene} so strongly is unverified: no public list confirms it"


def unclear_remarks(unclear: Mapping[str, str], refused: Collection[str]) -> Iterator[str]:
    """Yield what was shown or sent of a gene without being used, and what it could mean."""
    for gene, urgency in unclear.items():
        yield f"{'; '.join(unused_results([gene], refused))}{stake_clause({gene: urgency})}"


def codes_not_understood(valid: Iterable[Advice]) -> Iterator[str]:
    """Yield what of the advice this program cannot read, and how it counts it."""
    for row in valid:
        if row.not_understood:
            yield (
                f"this program does not know the {' and the '.join(row.not_understood)} of {row.source}'s advice, "
                "and reads it as the most urgent"
            )


def copy_remarks(deciding: Advice, ranges: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield what genes of the deciding row could be, if copies that the data do not show are counted."""
    for gene in deciding.genes:
        if len(ranges.get(gene, ())) > 1:
            phenotypes = " or ".join(ranges[gene])
            yield (
                f"the copies of {gene} cannot be seen in this data; "
                f"counting a deletion or duplication it is {phenotypes}"
            )


def other_genotypes(advice: Sequence[Advice], valid: Sequence[Advice], urgency: str) -> Iterator[str]:
    """Yield graver or likely advice for other genotypes that the data allow."""
    seen = set()
    headlines = {row.headline for row in valid}
    said: dict[str, list[str]] = {}
    for row in sorted(advice, key=lambda each: URGENCIES.index(each.urgency)):
        graver = URGENCIES.index(row.urgency) < URGENCIES.index(urgency)
        same = row.urgency == urgency and (row.headline in headlines or urgency == "no_data")
        if row.applies != "possible" or same or row.urgency in seen:
            continue
        if not graver and (row.probability is None or row.probability < _WORTH_SAYING):
            continue
        seen.add(row.urgency)
        result = ", ".join(f"{gene} {value}" for gene, value in row.matched) or "another phenotype"
        chance = f"with probability {wording.percent(row.probability)}" if row.probability is not None else "possibly"
        said.setdefault(f"{chance} the genotype means {result}", []).append(f"{row.source} says: {row.headline}")
    yield from (f"{result}; then {'; '.join(sources)}" for result, sources in said.items())
