"""Calls of other tools: read, named as the knowledge base names things, and laid over (or under) our own calls.

A line that cannot be used spoils its gene only; the note says which line and why, and our own call of the gene stays,
flagged and in doubt: whoever sent the result knew something that is missing here.
A diplotype is read with the knowledge base's own functions; a phenotype or score that the tool states beside it is
compared, and a difference is noted. Without a diplotype the stated phenotype or score is used as it is.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from pgx.assertion import CALLED
from pgx.codes import FlagCode, NoteCode, Severity
from pgx.errors import InputError, UsageError
from pgx.guard.limits import NAME
from pgx.knowledge import KnowledgeBase
from pgx.notes import Note, refused_result
from pgx.phenotypes import allele_status
from pgx.phenotypes.outside import beside, reconcile, strangers
from pgx.phenotypes.outside.formats import read as read_file
from pgx.phenotypes.outside.names import SECOND_ALLELE, diplotype_of, status_alone
from pgx.phenotypes.outside.source import Known, Said
from pgx.phenotypes.outside.stated import phenotype_of, score_of, stated_of
from pgx.phenotypes.outside.symbols import Symbols, symbols
from pgx.phenotypes.washout_notes import note
from pgx.types import CallSet, Diplotype, GeneCalls, PatternCall

MODES = ("override", "fill")
LABORATORIES = dict.fromkeys(("pharmcat", "table", "hla-table"), "the laboratory") | {"features": "the row"}
"""Plain tables of results, and who speaks in them: what a laboratory writes, unlike the output of a caller."""
REFUSED = FlagCode.OUTSIDE_REFUSED
"""Code of the note on a result that could not be used, and flag of the call of its gene."""


@dataclass(frozen=True, slots=True)
class OutsideCall:
    """One usable call of another tool: of `gene` in `sample` (None: the file names no sample)."""

    gene: str
    sample: str | None
    pattern: PatternCall
    where: str


def read(path: str | Path, kb: KnowledgeBase) -> tuple[list[OutsideCall], list[Note]]:
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
    notes : list of Note
        What could not be used and why (`REFUSED`, with the gene as the subject), and what
        differs from the tool's own words.

    Raises
    ------
    InputError
        If the file cannot be read or its format is not known.
    """
    path = Path(path)
    tool, rows = read_file(path, _known(kb))
    notes: list[Note] = []
    names, calls_of = Symbols(kb), _Calls(kb, tool)
    found: dict[tuple[str | None, str], list[OutsideCall]] = defaultdict(list)
    spoiled: dict[tuple[str | None, str], tuple[str, str]] = {}
    for row in rows:
        gene = names.gene(row.gene)
        where = f"{path.name}: {row.where}"
        if gene is None:
            if not row.no_call:
                unknown = f"the gene {row.gene!r} is not in the knowledge base{names.question(row.gene)}"
                spoiled.setdefault((row.sample, names.nearly(row.gene) or row.gene), (where, unknown))
        elif row.problem is not None or (longest := row.longest) > NAME.most:
            problem = row.problem or f"a cell of {longest} characters; at most {NAME.most} are read"
            spoiled[row.sample, gene] = where, problem
        elif not row.no_call:
            try:
                pattern, remarks, strange = calls_of(gene, row)
            except ValueError as error:
                spoiled[row.sample, gene] = where, str(error)
                continue
            found[row.sample, gene].append(OutsideCall(gene, row.sample, pattern, where))
            notes += [
                replace(note(row.sample, Severity.WARNING, code, text, gene), where=where) for code, text in remarks
            ]
            notes += [refused_result("phenotypes", row.sample, gene, where, text, "judged") for text in strange]
    calls = []
    for (sample, gene), lines in found.items():
        several = lines
        if len(lines) > 1 and allele_status.targets(kb, gene):
            try:
                together = reconcile.statuses([one.pattern for one in lines])
                several = [replace(lines[0], pattern=together)] if together else lines
            except ValueError as error:
                spoiled.setdefault((sample, gene), (lines[-1].where, str(error)))
        if len({(one.pattern.diplotypes, one.pattern.stated_phenotype) for one in several}) > 1:
            spoiled.setdefault(
                (sample, gene),
                (several[1].where, "a second, different call of the gene in one file; write one line"),
            )
        if (sample, gene) not in spoiled:
            calls.append(several[0])
    notes += [refused_result("phenotypes", sample, gene, *why) for (sample, gene), why in spoiled.items()]
    notes += _silent(names, rows, {*found, *spoiled}, path.name)
    return calls, notes


def _silent(names: Symbols, rows: list[Said], told: set[tuple[str | None, str]], where: str) -> list[Note]:
    """Say which genes the tool looked at and made no call of, one note a sample: nothing of the file is used there."""
    silent: dict[str | None, list[str]] = defaultdict(list)
    for row in rows:
        gene = names.gene(row.gene)
        if row.no_call and gene is not None and (row.sample, gene) not in told and gene not in silent[row.sample]:
            silent[row.sample].append(gene)
    return [
        strangers.note_of_file(
            sample,
            Severity.WARNING,
            NoteCode.OUTSIDE_NO_CALL,
            f"it makes no call of {', '.join(genes)}; none is taken from it",
            where,
        )
        for sample, genes in silent.items()
        if genes
    ]


def _known(kb: KnowledgeBase) -> Known:
    tools = kb.table("outside_tools").select("tool", "gene").iter_rows()
    losses = kb.table("calling_policies").filter(policy="deletion_allele").select("gene", "allele").iter_rows()
    return Known(tuple(sorted(symbols(kb), key=lambda gene: (-len(gene), gene))), dict(tools), dict(losses))


Call = tuple[PatternCall, list[reconcile.Remark], list[str]]


class _Calls:
    """The calls of a tool: what it says of a gene is read once, however many samples it says it of."""

    def __init__(self, kb: KnowledgeBase, tool: str) -> None:
        self._kb, self._tool = kb, tool
        self._made: dict[object, Call | ValueError] = {}

    def __call__(self, gene: str, row: Said) -> Call:
        key = (gene, row.candidates, row.phenotype, row.score)
        if key not in self._made:
            try:
                self._made[key] = call_of(self._kb, gene, row, self._tool)
            except ValueError as error:
                self._made[key] = error
        made = self._made[key]
        if isinstance(made, ValueError):
            raise ValueError(str(made))
        return made


def call_of(kb: KnowledgeBase, gene: str, row: Said, tool: str) -> Call:
    """Return the call, remarks on it, and what it has of alleles that the knowledge base lacks."""
    one_cell = len(row.candidates) == 1
    own_flags, row = beside.flags_of(kb, gene, row), beside.apart(kb, gene, row)
    stated = phenotype_of if row.candidates else partial(stated_of, gene=gene)
    phenotype, score = stated(kb, text=row.phenotype), score_of(row.score)
    reconcile.check_score(kb, gene, score, alone=not row.candidates and phenotype is None)
    if not row.candidates:
        reconcile.agree(kb, gene, phenotype, score)
    if len(row.candidates) == 1 and (put := status_alone(kb, gene, row.candidates[0])):
        row, phenotype = replace(row, candidates=()), put
    share = 1.0 / len(row.candidates) if row.candidates else 0.0
    diplotypes: list[Diplotype] = []
    remarks: list[reconcile.Remark] = []
    strange: list[str] = []
    for text in dict.fromkeys(row.candidates):
        one, unknown = diplotype_of(kb, gene, text, share)
        diplotypes.append(one)
        if unknown == [SECOND_ALLELE] and len(row.candidates) == 1:
            found = ", or that it was found, as in *57:01 positive" if allele_status.targets(kb, gene) else ""
            raise ValueError(f"{text}: only one allele is stated; write both, as in *1/*2{found}")
        if unknown:
            strange.append(f"{text}: {', '.join(unknown)} not known, so its function is not either")
        elif coarse := allele_status.undecided(kb, gene, one):
            strange.append(f"{text}: it does not say whether {', '.join(coarse)} is there")
        elif (uncounted := reconcile.open_copies(kb, gene, one)) and not (one_cell and strange):
            strange.append(f"{text}: {uncounted}")
    if not diplotypes and phenotype is None and score is None:
        raise ValueError("it states nothing")
    total = sum(one.probability for one in diplotypes)
    diplotypes = [replace(one, probability=one.probability / total) for one in diplotypes]
    flags = [FlagCode.OUTSIDE] + ([FlagCode.SEVERAL_GENOTYPES] if len(diplotypes) > 1 else [])
    flags += [FlagCode.PHENOTYPE_ONLY] if not diplotypes else []
    flags += ([REFUSED] if strange else []) + own_flags
    pattern = PatternCall(
        tuple(diplotypes), "outside", 0, 0, tuple(flags), f"outside:{tool}",
        None if diplotypes else phenotype, None if diplotypes else score,
    )  # fmt: skip
    if len(diplotypes) == 1 or (one_cell and diplotypes):  # what one cell may mean all does the same
        remarks += reconcile.compare(kb, gene, pattern, phenotype, score, LABORATORIES.get(tool, "the tool"))
        if tool in LABORATORIES:
            reconcile.refuse_contradiction(kb, gene, pattern, row.phenotype, remarks)
    return pattern, remarks, strange


def merge(
    callset: CallSet,
    paths: Sequence[str | Path],
    kb: KnowledgeBase,
    *,
    mode: str = "override",
    everyone: Sequence[str] = (),
    sexes: Mapping[str, str] | None = None,
) -> CallSet:
    """Lay the calls of other tools over our own.

    Parameters
    ----------
    callset
        Our own calls.
    paths
        Files of outside calls. A file that names no sample is for the sample that its name begins with
        (``NA12878.outside.tsv``), or for the only sample there is. Of several files on one gene the last one counts.
    kb
        Knowledge base.
    mode
        ``override``: they replace ours; ``fill``: they are used where a gene is not called.
    everyone
        All samples of the genotypes, if those of `callset` are some of them: a file about another one is not used.
    sexes
        ``male`` or ``female`` where it is known: a man has one allele of a gene on X, and a woman two.

    Returns
    -------
    CallSet
        The merged calls, with notes on all that was not used. Genes that we do not call at all are added. A call of
        ours beside a result that was refused is flagged `REFUSED` and ambiguous.

    Raises
    ------
    UsageError
        If `mode` is unknown.
    InputError
        If a file cannot be used, or it is not clear which sample it is for.
    """
    if mode not in MODES:
        raise UsageError(f"outside mode {mode!r} is unknown; use one of: {', '.join(MODES)}")
    everyone = tuple(everyone) or callset.samples
    known = frozenset(everyone)
    given: dict[str, dict[int, PatternCall]] = defaultdict(dict)
    doubted: dict[str, set[int]] = defaultdict(set)
    notes, holders = list(callset.notes), []
    index, names = {sample: at for at, sample in enumerate(callset.samples)}, Symbols(kb)
    for path in map(Path, paths):
        calls, said = read(path, kb)
        named = {one.sample for one in calls} | {_sample_of(one) for one in said}
        owner = _owner(path, callset.samples, known) if None in named else None
        for call in calls:
            if (sample := call.sample or owner) in index:
                try:
                    pattern, remark = reconcile.with_sex(kb, call.gene, call.pattern, (sexes or {}).get(str(sample)))
                except ValueError as error:
                    notes.append(refused_result("phenotypes", sample, call.gene, call.where, str(error)))
                    doubted[call.gene].add(index[str(sample)])
                    continue
                given[call.gene][index[str(sample)]] = pattern
                if remark:
                    differs = note(sample, Severity.WARNING, NoteCode.OUTSIDE_CALL_DIFFERS, remark, call.gene)
                    notes.append(replace(differs, where=call.where))
        for one in said:
            if (sample := _sample_of(one) or owner) in index:
                notes.append(replace(one, sample=sample))
                if one.code == REFUSED:
                    doubted[str(one.subject)].add(index[str(sample)])
        about = {owner if name is None else name for name in named}
        holders.append(frozenset(name for name in about if name in index))
        told_of = [(one.sample, one.gene) for one in calls] + [(_sample_of(one), one.subject) for one in said]
        unknown = strangers.genes_of_strangers(told_of, known)
        if holders[-1] or about.isdisjoint(known):
            notes += strangers.note_of_run(path, unknown, everyone, lost=not holders[-1])
        for note_of, person, genes_of in strangers.notes_of_persons(path, unknown, index, holders[-1], everyone):
            notes += [note_of] if note_of else []
            for gene in genes_of:
                doubted[gene].add(index[person])
    genes = {*given, *(gene for gene in doubted if names.gene(gene) == gene)}
    merged = (_doubted(gene, doubted.get(gene.gene, set())) for gene in _merged(callset, given, genes, mode))
    return replace(callset, genes=tuple(merged), notes=tuple(notes), holders=tuple(holders))


def doubt(callset: CallSet, notes: Iterable[Note]) -> CallSet:
    """Flag the calls beside results that were refused where the genotypes were read, as `merge` flags those of files.

    Parameters
    ----------
    callset
        Our own calls, and those of other tools over them.
    notes
        `Genotypes.notes`.
    """
    doubted: dict[str, set[int]] = defaultdict(set)
    index = {sample: at for at, sample in enumerate(callset.samples)}
    for one in notes:
        if one.code == REFUSED:
            doubted[str(one.subject)].add(index[str(one.sample)])
    return replace(callset, genes=tuple(_doubted(gene, doubted.get(gene.gene, set())) for gene in callset.genes))


def told(calls: pl.DataFrame, own: Collection[str]) -> pl.DataFrame:
    """Leave out genes that are not among our `own` of persons of whom no file says anything: others' files added them.

    Parameters
    ----------
    calls
        `pgx.schema.CALLS` of merged calls.
    own
        Genes that we call ourselves.
    """
    refused = pl.col("flags").list.contains(REFUSED.value)
    return calls.filter(pl.col("gene").is_in(list(own)) | (pl.col("status") == "outside") | refused)


def _sample_of(one: Note) -> str | None:
    return None if one.sample is None else str(one.sample)


def _owner(path: Path, samples: Sequence[str], everyone: Set[str]) -> str:
    """Return whose a file is that names no sample: by its own name, or else the only sample's."""
    for end in range(len(path.name), 0, -1):  # of A and .tsv is the latter's
        if path.name[:end] in everyone and not re.match(r"[A-Za-z0-9]", path.name[end:]):
            return path.name[:end]
    if len(samples) == 1:
        return samples[0]
    raise InputError(
        f"it names no sample, and there are {len(samples)}",
        file=path,
        fix="begin the file's name with the sample's, as in SAMPLE.outside.tsv",
    )


def _merged(
    callset: CallSet, given: dict[str, dict[int, PatternCall]], genes: set[str], mode: str
) -> Iterable[GeneCalls]:
    for own in callset.genes:
        yield _laid_over(own, given.get(own.gene, {}), mode)
    nothing = PatternCall((), "not_called", 0, 0, ("other_method_needed",))
    for gene in sorted(genes - {own.gene for own in callset.genes}):
        own = GeneCalls(gene, (nothing,), np.zeros(len(callset.samples), dtype=np.int32))
        yield _laid_over(own, given.get(gene, {}), mode)


def _doubted(calls: GeneCalls, people: set[int]) -> GeneCalls:
    """Flag the calls of those of whom a laboratory's result was refused; our own is in doubt then."""
    patterns, pattern_of = list(calls.patterns), calls.pattern_of.copy()
    index: dict[PatternCall, int] = {}
    for at in sorted(people):
        mine = calls.patterns[calls.pattern_of[at]]
        flagged = replace(
            mine,
            status="ambiguous" if mine.status == "called" else mine.status,
            flags=tuple(dict.fromkeys((*mine.flags, REFUSED))),
        )
        if flagged not in index:
            index[flagged] = len(patterns)
            patterns.append(flagged)
        pattern_of[at] = index[flagged]
    return GeneCalls(calls.gene, tuple(patterns), pattern_of)


def _laid_over(own: GeneCalls, calls: dict[int, PatternCall], mode: str) -> GeneCalls:
    patterns, pattern_of = list(own.patterns), own.pattern_of.copy()
    index: dict[PatternCall, int] = {}
    for at, theirs in sorted(calls.items(), key=lambda item: item[0]):
        mine = own.patterns[own.pattern_of[at]]
        if mode == "fill" and mine.status in CALLED:
            continue
        pattern = replace(
            theirs,
            positions_called=mine.positions_called,
            positions_assumed=mine.positions_assumed,
            positions_total=mine.positions_total,
        )
        if pattern not in index:
            index[pattern] = len(patterns)
            patterns.append(pattern)
        pattern_of[at] = index[pattern]
    return GeneCalls(own.gene, tuple(patterns), pattern_of)
