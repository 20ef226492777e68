"""Calls from real, unphased genomes with their errors beside the consensus and the peers.

``python -m tests.benchmarks.accuracy genomes`` prints it. A person's consensus holds a structural allele if any of its
readings is a deletion, a duplication or a hybrid: GT cannot show those. A call is contradicted by function if the
functions of its two alleles are known and no reading of the consensus has the same.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

import polars as pl

from pgx.calling import call, calls_frame
from pgx.knowledge import KnowledgeBase
from pgx.variants import read
from tests.benchmarks.consensus import Names, Pair, documented, nomenclature, pair, readings
from tests.benchmarks.panel import GENOMES, table

FOLDER = GENOMES / "wgs_unphased"
FILES = {"10x": "getrm.10x.GRCh37.unphased.vcf.gz", "wgs": "getrm.wgs.GRCh37.unphased.vcf.gz"}
STRUCTURAL = re.compile(r"x\d|xN|\*5\b|\*13\b|\*36|\*68|\+|DUP|hybrid", re.IGNORECASE)
MOST_CONTRADICTED, MOST_APART = 1, 0.05
"""The bar: calls contradicted by function, and how far the mean probability may lie from the share that is right."""


@dataclass(frozen=True, slots=True)
class Score:
    """One gene of one file.

    Parameters
    ----------
    persons, strict, wide
        Persons with a consensus, and those whose call is among its readings.
    peer
        Those whose call by pypgx is among its wide readings.
    called, called_right, called_probability
        Persons that are ``called``, those of them that are right, and their mean probability.
    contradicted
        Of the called whose consensus holds no structural allele, those contradicted by function.
    """

    persons: int
    strict: int
    wide: int
    peer: int
    called: int
    called_right: int
    called_probability: float
    contradicted: int


def score(calls: pl.DataFrame, peer: dict[str, str], gene: str, truth: Truth, kb: KnowledgeBase) -> Score | None:
    """Compare the calls of one gene with the consensus; None if nobody has one."""
    functions = _functions(kb, gene)
    counts = dict.fromkeys(("persons", "strict", "wide", "peer", "called", "called_right", "contradicted"), 0)
    odds = []
    for sample, name, status, probability in (
        calls.filter(pl.col("gene") == gene).select("sample", "diplotype", "status", "probability").iter_rows()
    ):
        allowed = truth.readings(sample, gene, wide=True)
        if not allowed:
            continue
        strict = pair(name) in truth.readings(sample, gene, wide=False)
        right = strict or pair(documented(name)) in allowed
        counts["persons"] += 1
        counts["strict"] += strict
        counts["wide"] += right
        counts["peer"] += pair(peer.get(sample)) in allowed
        if status == "called":
            counts["called"] += 1
            counts["called_right"] += right
            odds.append(probability)
            own = _function(pair(documented(name)), functions)
            known = [_function(reading, functions) for reading in allowed]
            contradicted = own is not None and None not in known and own not in known
            counts["contradicted"] += contradicted and not truth.is_structural(sample, gene)
    if not counts["persons"]:
        return None
    return Score(**counts, called_probability=sum(odds) / len(odds) if odds else 0.0)


class Truth:
    """The consensus of each person and gene, as written by each source."""

    def __init__(self) -> None:
        self._names: Names = nomenclature()
        self._written: dict[tuple[str, str], set[str]] = defaultdict(set)
        for sample, gene, written in table("getrm_truth.tsv.gz").select("sample", "gene", "diplotype").iter_rows():
            self._written[sample, gene].add(written)

    def readings(self, sample: str, gene: str, *, wide: bool) -> set[Pair]:
        """Return what the consensus allows."""
        found: set[Pair] = set()
        for written in self._written.get((sample, gene), ()):
            found |= readings(gene, written, self._names, wide=wide)
        return found

    def is_structural(self, sample: str, gene: str) -> bool:
        """Say whether some source has a deletion, a duplication or a hybrid."""
        return any(STRUCTURAL.search(written) for written in self._written.get((sample, gene), ()))


def _functions(kb: KnowledgeBase, gene: str) -> dict[str, str]:
    rows = kb.table("functions").filter((pl.col("gene") == gene) & (pl.col("scheme") == "CPIC"))
    return dict(rows.drop_nulls("function").select("allele", "function").iter_rows())


def _function(alleles: Pair | None, functions: dict[str, str]) -> Pair | None:
    found = [functions.get(allele) for allele in alleles or ()]
    known = [function for function in found if function and not function.startswith(("Uncertain", "Unknown"))]
    return tuple(sorted(known)) if found and len(known) == len(found) else None


def scores(kb: KnowledgeBase, file: str) -> dict[str, Score]:
    """Score every gene of one of `FILES`."""
    calls = calls_frame(call(read([FOLDER / FILES[file]], kb), kb), kb)
    peers = pl.read_csv(FOLDER / "peer_calls.tsv", separator="\t", infer_schema=False)
    theirs: dict[str, dict[str, str]] = defaultdict(dict)
    kept = peers.filter((pl.col("technology") == file) & (pl.col("tool") == "pypgx"))
    for sample, gene, diplotype in kept.select("sample", "gene", "diplotype").iter_rows():
        theirs[gene][sample] = diplotype
    truth = Truth()
    found = {gene: score(calls, theirs[gene], gene, truth, kb) for gene in kb.genes if theirs.get(gene)}
    return {gene: one for gene, one in found.items() if one is not None}


def genomes(kb: KnowledgeBase) -> bool:
    """Print both files; say whether CYP2D6 keeps the bar."""
    kept = True
    for file in FILES:
        found = scores(kb, file)
        print(f"\n## Unphased genomes, {file}: agreement with the consensus")
        print("gene      persons  strict   wide  pypgx  called  right  mean p  contradicted by function")
        for gene, one in found.items():
            n = one.persons
            right = one.called_right / one.called if one.called else 0.0
            print(
                f"{gene:9} {n:7} {one.strict / n:7.3f} {one.wide / n:6.3f} {one.peer / n:6.3f} {one.called:7} "
                f"{right:6.3f} {one.called_probability:7.3f} {one.contradicted:4}"
            )
        own = found["CYP2D6"]
        apart = abs(own.called_probability - own.called_right / own.called) if own.called else 0.0
        kept &= own.wide >= own.peer and own.contradicted <= MOST_CONTRADICTED and apart <= MOST_APART
    print(f"\nCYP2D6 keeps the bar: {'yes' if kept else 'no'}")
    return kept
