"""Calls of other tools: read, named as the knowledge base names things, and laid over (or under) our own calls.

A line that cannot be used spoils its gene only; the note says which line and why, and our own call of the gene stays.
A diplotype is read with the knowledge base's own functions; a phenotype or score that the tool states beside it is
compared, and a difference is noted. Without a diplotype the stated phenotype or score is used as it is.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pgx.errors import InputError, UsageError
from pgx.knowledge import KnowledgeBase
from pgx.knowledge.rules import INDETERMINATE, rules_for
from pgx.phenotypes import carriage
from pgx.phenotypes.outside_formats import read as read_file
from pgx.phenotypes.outside_names import diplotype_of, phenotype_of, score_of
from pgx.phenotypes.outside_source import Known, Said
from pgx.phenotypes.remarks import note
from pgx.types import CallSet, GeneCalls, PatternCall

MODES = ("override", "fill")
_USABLE = ("called", "ambiguous", "outside")


@dataclass(frozen=True, slots=True)
class OutsideCall:
    """One usable call of another tool: of `gene` in `sample` (None: the file names no sample)."""

    gene: str
    sample: str | None
    pattern: PatternCall
    where: str


def read(path: str | Path, kb: KnowledgeBase) -> tuple[list[OutsideCall], list[dict[str, object]]]:
    """Read one file of outside calls; its format is found out from the content.

    Parameters
    ----------
    path
        PharmCAT's outside-call TSV, or the output of Aldy, pypgx (``results.zip`` or its table), Cyrius, StellarPGx,
        DRAGEN (JSON or TSV), OptiType, HLA-LA, arcasHLA, HISAT-genotype or T1K.
    kb
        Knowledge base.

    Returns
    -------
    calls : list of OutsideCall
        Usable calls, in the order of the file.
    notes : list of dict
        `pgx.schema.NOTES` rows: what could not be used and why, and what differs from the tool's own words.

    Raises
    ------
    InputError
        If the file cannot be read or its format is not known.
    """
    path = Path(path)
    tool, rows = read_file(path, _known(kb))
    notes: list[dict[str, object]] = []
    found: dict[tuple[str | None, str], list[OutsideCall]] = defaultdict(list)
    spoiled: dict[tuple[str | None, str], str] = {}
    unknown: list[str] = []
    for row in rows:
        gene = _gene(kb, row.gene)
        where = f"{path}: {row.where}"
        if gene is None:
            unknown.append(row.gene)
        elif row.problem is not None:
            spoiled[row.sample, gene] = f"{where}: {row.problem}"
        elif not row.no_call:
            try:
                call, remarks = _call(kb, gene, row, tool, where)
            except ValueError as error:
                spoiled[row.sample, gene] = f"{where}: {error}"
                continue
            found[row.sample, gene].append(call)
            notes += [note(row.sample, "warning", "outside_call_differs", text, where) for text in remarks]
    calls = []
    for (sample, gene), several in found.items():
        if len({(one.pattern.diplotypes, one.pattern.stated_phenotype) for one in several}) > 1:
            spoiled.setdefault((sample, gene), f"{several[1].where}: a second, different call of the gene in one file")
        if (sample, gene) not in spoiled:
            calls.append(several[0])
    for (sample, gene), why in spoiled.items():
        notes.append(note(sample, "error", "outside_call_unusable", f"outside call of {gene} not used: {why}", gene))
    notes += _silent(kb, rows, {*found, *spoiled}, str(path))
    if unknown:
        listed = ", ".join(sorted(set(unknown))[:20])
        notes.append(
            note(None, "info", "outside_gene_unknown", f"genes not in the knowledge base: {listed}", str(path))
        )
    return calls, notes


def _silent(
    kb: KnowledgeBase, rows: list[Said], told: set[tuple[str | None, str]], where: str
) -> list[dict[str, object]]:
    """Say which genes the tool looked at and made no call of, one note a sample: nothing of the file is used there."""
    silent: dict[str | None, list[str]] = defaultdict(list)
    for row in rows:
        gene = _gene(kb, row.gene)
        if row.no_call and gene is not None and (row.sample, gene) not in told and gene not in silent[row.sample]:
            silent[row.sample].append(gene)
    return [
        note(
            sample,
            "warning",
            "outside_no_call",
            f"it makes no call of {', '.join(genes)}; none is taken from it",
            where,
        )
        for sample, genes in silent.items()
        if genes
    ]


def _known(kb: KnowledgeBase) -> Known:
    tools = kb.table("outside_tools").select("tool", "gene").iter_rows()
    return Known(tuple(sorted(_symbols(kb), key=lambda gene: (-len(gene), gene))), dict(tools))


def _gene(kb: KnowledgeBase, text: str) -> str | None:
    """Return the gene that is meant: symbols are compared without case; ``IFNL3/4`` is IFNL3."""
    known: dict[str, str] = kb.remember("gene symbols", lambda: _symbols(kb))
    plain = text.strip().upper()
    return known.get(plain) or known.get(plain.split("/")[0])


def _symbols(kb: KnowledgeBase) -> dict[str, str]:
    named = kb.table("recommendation_conditions")["gene"].unique().to_list()
    return {gene.upper(): gene for gene in [*named, *kb.genes]}


def _call(kb: KnowledgeBase, gene: str, row: Said, tool: str, where: str) -> tuple[OutsideCall, list[str]]:
    phenotype, score = phenotype_of(kb, row.phenotype), score_of(row.score)
    share = 1.0 / len(row.candidates) if row.candidates else 0.0
    diplotypes, remarks = [], []
    for text in dict.fromkeys(row.candidates):
        one, unknown = diplotype_of(kb, gene, text, share)
        diplotypes.append(one)
        if unknown:
            remarks.append(f"{gene} {text}: {', '.join(unknown)} not known, so its function is not either")
    if not diplotypes and phenotype is None and score is None:
        raise ValueError("it states nothing")
    total = sum(one.probability for one in diplotypes)
    diplotypes = [replace(one, probability=one.probability / total) for one in diplotypes]
    flags = ["outside"] + (["several_genotypes"] if len(diplotypes) > 1 else [])
    flags += ["phenotype_only"] if not diplotypes else []
    pattern = PatternCall(
        tuple(diplotypes), "outside", 0, 0, tuple(flags), f"outside:{tool}",
        None if diplotypes else phenotype, None if diplotypes else score,
    )  # fmt: skip
    if len(diplotypes) == 1:
        remarks += _compare(kb, gene, pattern, phenotype, score)
    return OutsideCall(gene, row.sample, pattern, where), remarks


def _compare(
    kb: KnowledgeBase, gene: str, pattern: PatternCall, phenotype: str | None, score: float | None
) -> list[str]:
    """Say where the tool's phenotype or score is another than ours for its own diplotype."""
    if gene not in kb.genes or carriage.targets(kb, gene):
        return []
    rules = rules_for(kb, gene)
    one = pattern.diplotypes[0]
    ours = rules.phenotype(
        one.parts1, None if one.allele2 is None else one.parts2, novel1=one.novel1, novel2=one.novel2
    )
    remarks = []
    if phenotype is not None and ours.phenotype not in (None, phenotype):
        told = "has no known function here" if ours.phenotype == INDETERMINATE else f"is {ours.phenotype} here"
        remarks.append(f"{gene} {one.name} {told}; the tool says {phenotype}")
    if score is not None and ours.activity_score is not None and abs(score - ours.activity_score) > 1e-6:
        remarks.append(f"{gene} {one.name} has activity score {ours.activity_score:g} here; the tool says {score:g}")
    return remarks


def merge(callset: CallSet, paths: Sequence[str | Path], kb: KnowledgeBase, *, mode: str = "override") -> CallSet:
    """Lay the calls of other tools over our own.

    Parameters
    ----------
    callset
        Our own calls.
    paths
        Files of outside calls. A file that names no sample is for the only sample there is, or for the sample that its
        name begins with (``NA12878.outside.tsv``). Of several files on one gene the last one counts.
    kb
        Knowledge base.
    mode
        ``override``: they replace ours; ``fill``: they are used where a gene is not called.

    Returns
    -------
    CallSet
        The merged calls, with notes on all that was not used. Genes that we do not call at all are added.

    Raises
    ------
    UsageError
        If `mode` is unknown.
    InputError
        If a file cannot be used, or it is not clear which sample it is for.
    """
    if mode not in MODES:
        raise UsageError(f"outside mode {mode!r} is unknown; use one of: {', '.join(MODES)}")
    given: dict[str, dict[int, PatternCall]] = defaultdict(dict)
    notes = list(callset.notes)
    for path in map(Path, paths):
        calls, of_file = read(path, kb)
        of_file = [
            one for one in of_file if one["code"] != "outside_no_call" or one["sample"] in (None, *callset.samples)
        ]
        owner = _owner(path, callset.samples) if any(call.sample is None for call in calls) else None
        notes += [{**one, "sample": one["sample"] if one["sample"] in callset.samples else owner} for one in of_file]
        strangers: set[str] = set()
        for call in calls:
            sample = owner if call.sample is None else call.sample
            if sample is None or sample not in callset.samples:
                strangers.add(str(sample))
                continue
            given[call.gene][callset.samples.index(sample)] = call.pattern
        if strangers:
            notes.append(_strangers(path, strangers, callset.samples))
    return replace(callset, genes=tuple(_merged(callset, given, mode)), notes=tuple(notes))


def _strangers(path: Path, names: set[str], samples: Sequence[str]) -> dict[str, object]:
    listed = ", ".join(sorted(names)[:5]) + (" ..." if len(names) > 5 else "")
    message = f"outside calls of samples without genotypes are not used: {listed} (the first with is {samples[0]})"
    return note(None, "warning", "outside_sample_unknown", message, str(path))


def _owner(path: Path, samples: Sequence[str]) -> str:
    if len(samples) == 1:
        return samples[0]
    named = [s for s in samples if re.match(re.escape(s) + r"(?![A-Za-z0-9])", path.name)]
    if len(named) != 1:
        raise InputError(
            f"it names no sample, and there are {len(samples)}",
            file=path,
            fix=f"begin the file's name with the sample's, e.g. {samples[0]}.outside.tsv",
        )
    return named[0]


def _merged(callset: CallSet, given: dict[str, dict[int, PatternCall]], mode: str) -> Iterable[GeneCalls]:
    for own in callset.genes:
        yield _laid_over(own, given.pop(own.gene, {}), mode)
    nothing = PatternCall((), "not_called", 0, 0, ("other_method_needed",))
    for gene in sorted(given):
        own = GeneCalls(gene, (nothing,), np.zeros(len(callset.samples), dtype=np.int32))
        yield _laid_over(own, given[gene], mode)


def _laid_over(own: GeneCalls, calls: dict[int, PatternCall], mode: str) -> GeneCalls:
    patterns, pattern_of = list(own.patterns), own.pattern_of.copy()
    index: dict[PatternCall, int] = {}
    for at, theirs in sorted(calls.items(), key=lambda item: item[0]):
        mine = own.patterns[own.pattern_of[at]]
        if mode == "fill" and mine.status in _USABLE:
            continue
        pattern = replace(theirs, positions_called=mine.positions_called, positions_total=mine.positions_total)
        if pattern not in index:
            index[pattern] = len(patterns)
            patterns.append(pattern)
        pattern_of[at] = index[pattern]
    return GeneCalls(own.gene, tuple(patterns), pattern_of)
