"""How often genotypes err at a site, by its kind: a base change, an indel, or an indel in a run of one base."""

from __future__ import annotations

import re

import polars as pl

from pgx.knowledge.base import KnowledgeBase
from pgx.variants.sites.targets import Target
from pgx.variants.trim import trim
from pgx.variants.vcf.likelihoods import ErrorRates
from pgx.variants.vcf.records import Record

_LAST_BASE = re.compile(r"(\d+)(?:del|dup)$")


class SiteErrors:
    """The error rates of ``site_errors.tsv``, and the runs of one base at the knowledge's indels."""

    def __init__(self, kb: KnowledgeBase) -> None:
        rows = {row["kind"]: row for row in kb.table("site_errors").iter_rows(named=True)}
        self._rates = {kind: ErrorRates(row["read_error"], row["genotype_error"]) for kind, row in rows.items()}
        self._least_run = int(rows["homopolymer_indel"]["least_run"])
        self._runs: dict[tuple[str, int], int] = kb.remember("runs of one base", lambda: _runs(kb))
        self._sites = kb.sites["pos_grch38"].to_list()
        policies = kb.table("calling_policies").filter(pl.col("policy") == "paralog_base")
        self._of_paralogs = set(policies.select("pos_grch38", "allele").iter_rows())

    def rates(self, record: Record, target: Target) -> ErrorRates:
        """Return the error rates of a record at one of its sites."""
        if any((self._sites[target.site], base) in self._of_paralogs for base in record.alts):
            return self._rates["paralog_base"]
        if all(len(alt) == len(record.ref) or alt[0] in "<*." for alt in record.alts):
            return self._rates["base_change"]
        run = max([self._runs.get((target.chrom, self._sites[target.site]), 0), *map(_run_in, _written(record))])
        return self._rates["homopolymer_indel" if run >= self._least_run else "indel"]


def _written(record: Record) -> list[tuple[str, str]]:
    return [(record.ref, alt) for alt in record.alts if alt[0] not in "<*."]


def _run_in(alleles: tuple[str, str]) -> int:
    """Return how often the base that the indel adds or takes is repeated in REF, as far as REF is written out."""
    _, old, new = trim(0, *alleles)
    change = (old or new)[-1:]
    if len(old) + len(new) != 1:
        return 0
    ref = alleles[0]
    return max((len(run) for run in re.findall(f"{re.escape(change)}+", ref)), default=0)


def _runs(kb: KnowledgeBase) -> dict[tuple[str, int], int]:
    """Length of the run by (chromosome, position), from the HGVS name: it counts the last base of a run, VCF the base
    before it.
    """
    rows = kb.table("variants").filter(pl.col("type").is_in(["ins", "del"]))
    found: dict[tuple[str, int], int] = {}
    for chrom, pos, ref, alt, name in rows.select("chrom", "pos_grch38", "ref", "alt", "hgvs_g").iter_rows():
        last = _LAST_BASE.search(name or "")
        if last and abs(len(ref) - len(alt)) == 1:
            found[chrom, pos] = max(found.get((chrom, pos), 0), int(last[1]) - pos)
    return found


def published_frequencies(kb: KnowledgeBase) -> dict[tuple[int, int], float]:
    """Return the mean frequency over the counted populations of each (site, allele code)."""
    return _published(kb, "mean")


def highest_frequencies(kb: KnowledgeBase) -> dict[tuple[int, int], float]:
    """Return the highest frequency in any counted population of each (site, allele code)."""
    return _published(kb, "highest")


def _published(kb: KnowledgeBase, column: str) -> dict[tuple[int, int], float]:
    found: dict[str, dict[tuple[int, int], float]] = kb.remember("published frequencies", lambda: _frequencies(kb))
    return found[column]


def _frequencies(kb: KnowledgeBase) -> dict[str, dict[tuple[int, int], float]]:
    frequency, strands = pl.col("alt_frequency"), pl.col("n_chromosomes")
    counted = (
        kb.table("variant_frequencies")
        .group_by("variant_id", maintain_order=True)
        .agg(mean=(frequency * strands).sum() / strands.sum(), highest=frequency.max())
        .join(kb.table("variants").select("variant_id", "chrom", "pos_grch38", "ref", "alt"), on="variant_id")
        .join(kb.sites.select("site", "chrom", "pos_grch38", "alleles", longest="ref"), on=["chrom", "pos_grch38"])
    )
    found: dict[str, dict[tuple[int, int], float]] = {"mean": {}, "highest": {}}
    columns = ("site", "alleles", "longest", "ref", "alt", "mean", "highest")
    for site, alleles, longest, ref, alt, mean, highest in counted.select(columns).iter_rows():
        key = (site, alleles.index(alt + longest[len(ref) :]))
        found["mean"][key], found["highest"][key] = mean, highest
    return found
