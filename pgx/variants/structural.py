"""How many copies of a gene the files show: structural records of a VCF, and DRAGEN's targeted-caller JSON."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.errors import InputError
from pgx.knowledge import KnowledgeBase
from pgx.variants import records
from pgx.variants.contigs import GRCH37
from pgx.variants.notes import Notes
from pgx.variants.targets import Targets

SCHEMA = pl.Schema({"sample": pl.String, "gene": pl.String, "copies": pl.Int64, "kind": pl.String, "source": pl.String})
"""``copies`` of the whole gene in one person; ``kind`` is deletion | duplication | cnv | reference | genotype."""

_KINDS = re.compile(r"<(DEL|DUP|CNV|CN\d+)(?::[^>]*)?>$", re.I)
_CN_ALLELE = re.compile(r"<CN(\d+)>$", re.I)
_LONG_ENOUGH = 1000
_UNIT = re.compile(r"(\*[\w.]+?)(?:\s*x\s*(\d+|N))?", re.I)
_SAMPLE_KEYS = ("sample", "sampleid", "samplename", "sample_id")
_MAX_COPIES = 50


@dataclass(frozen=True, slots=True)
class GeneSpan:
    """The stretch that a structural record must cover to change the copies of the whole gene."""

    gene: str
    chrom: str
    first: int
    last: int
    whole: bool
    varies: bool

    def covered(self, first: int, last: int) -> float:
        """Return the share of the stretch inside [first, last]."""
        common = min(last, self.last) - max(first, self.first) + 1
        return max(0, common) / (self.last - self.first + 1)


def gene_spans(kb: KnowledgeBase, targets: Targets) -> list[GeneSpan]:
    """Return the stretch of each gene: its defining positions, or its region if they are few or close together."""
    start, end = ("start_grch37", "end_grch37") if targets.build == GRCH37 else ("start_grch38", "end_grch38")
    sites = kb.sites.select("site", "genes").explode("genes").group_by("genes").agg("site").rows()
    by_gene = {gene: [targets.all[site] for site in found] for gene, found in sites}
    spans = []
    for gene, chrom, first, last, varies in (
        kb.table("genes").select("gene", "chrom", start, end, pl.col("copy_number_varies") == "y").iter_rows()
    ):  # fmt: skip
        own = [t for t in by_gene.get(gene, []) if t.chrom == chrom and t.pos]
        low, high = min((t.pos for t in own), default=0), max((t.end for t in own), default=0)
        if high - low >= _LONG_ENOUGH:
            spans.append(GeneSpan(gene, chrom, low, high, True, bool(varies)))
        elif first is not None and last is not None:
            spans.append(GeneSpan(gene, chrom, int(first), int(last), False, bool(varies)))
    return spans


@dataclass(slots=True)
class CopyNumbers:
    """Collects copy numbers by sample and gene.

    A CN field is taken as it is; without one, deleted and duplicated alleles of the genotype are added up.
    """

    spans: list[GeneSpan]
    notes: Notes
    stated: dict[tuple[str, str], set[tuple[int, str, str]]] = field(default_factory=lambda: defaultdict(set))
    changes: dict[tuple[str, str], list[tuple[int, str, str]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, record: records.Record, samples: tuple[str, ...], wanted: dict[str, int], file: str) -> bool:
        """Read a structural record; say whether it is one (and so says nothing of single bases)."""
        kinds = [_KINDS.match(alt) for alt in record.alts]
        without_bases = all(kinds) or record.alts == ["."]
        segment = "CN" in record.format or record.info_value("SVTYPE") is not None
        if not all(kinds) and not (without_bases and segment):
            return False
        if not record.passes:
            self.notes.count(
                "warning",
                "structural_filtered",
                "{n} structural records do not pass their filter and are not used",
                f"{file}: {record.where}",
            )
            return True
        first, last = record.pos + 1, _end(record)
        touched = [(s, s.covered(first, last)) for s in self.spans if s.chrom == record.chrom]
        whole = [s.gene for s, share in touched if share >= (1.0 if s.whole else 0.5)]
        partial = [s.gene for s, share in touched if s.whole and 0 < share < 1]
        if not whole and not partial:
            return True
        found = list(_of_samples(record, samples))
        for index, (copies, change, kind) in enumerate(found):
            name = samples[index]
            if name not in wanted or (copies is None and change == 0):
                continue
            if partial and kind != "reference":
                self.notes.add(
                    "warning",
                    "partial_structural",
                    f"a {kind} covers a part of {', '.join(sorted(partial))}; "
                    "the genes' copy number is not taken from it",
                    where=f"{file}: {record.where}",
                    sample=name,
                )
            for gene in whole:
                if copies is not None:
                    self.stated[(name, gene)].add((copies, kind, file))
                else:
                    self.changes[(name, gene)].append((change, kind, file))
        return True

    def frame(self) -> pl.DataFrame:
        """Return the copy numbers found, one row a sample and gene."""
        rows: list[tuple[str, str, int, str, str]] = []
        for (name, gene), said in sorted(self.stated.items()):
            if len({copies for copies, _, _ in said}) > 1:
                told = " and ".join(str(copies) for copies in sorted({c for c, _, _ in said}))
                self.notes.add(
                    "warning",
                    "conflicting_copy_number",
                    f"{gene} is said to have {told} copies; none is used",
                    sample=name,
                    where=gene,
                )
                continue
            copies, kind, file = sorted(said)[0]
            rows.append((name, gene, copies, kind, file))
        for (name, gene), changes in sorted(self.changes.items()):
            if (name, gene) not in self.stated:
                copies = max(0, 2 + sum(change for change, _, _ in changes))
                kinds = sorted({kind for _, kind, _ in changes})
                rows.append((name, gene, copies, kinds[0] if len(kinds) == 1 else "cnv", changes[0][2]))
        return pl.DataFrame(sorted(rows), schema=SCHEMA, orient="row")


def _end(record: records.Record) -> int:
    length = record.info_value("SVLEN")
    if record.info_value("END") is None and length:
        first = length.split(",")[0].lstrip("-")
        if first.isascii() and first.isdigit():
            return record.pos + int(first)
    end = record.info_value("END")
    return int(end) if end and end.isascii() and end.isdigit() else record.end


def _of_samples(record: records.Record, samples: tuple[str, ...]) -> Iterator[tuple[int | None, int, str]]:
    """Yield (copies if stated, change of copies by the genotype, kind) of each sample."""
    count = len(samples)
    stated: NDArray[np.float64] | None = records.values(record, ("CN",), count)
    gt = records.genotypes(record, samples, None).gt if record.format[0] == "GT" else None
    per_allele = [0, *(_change(alt) for alt in record.alts)]
    for index in range(count):
        alleles = [int(a) for a in gt[index]] if gt is not None else []
        change = sum(per_allele[a] for a in alleles if a >= 0)
        if stated is not None and np.isfinite(stated[index]):
            copies = int(stated[index])
            if 0 <= copies <= _MAX_COPIES:
                yield copies, 0, "deletion" if copies < 2 else "duplication" if copies > 2 else "reference"
                continue
        called = [record.alts[a - 1] for a in alleles if a > 0 and record.alts != ["."]]
        if any(alt.upper().startswith("<CNV") for alt in called):
            change = 0  # a <CNV> without CN does not say how many
        yield None, change, "deletion" if change < 0 else "duplication"


def _change(alt: str) -> int:
    upper = alt.upper()
    number = _CN_ALLELE.match(upper)
    if number:
        return int(number[1]) - 1
    return -1 if upper.startswith("<DEL") else 1 if upper.startswith("<DUP") else 0


def looks_like_json(head: bytes) -> bool:
    """Say whether a file is JSON, by its first bytes."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"


def read_targeted_json(text: str, file: str, kb: KnowledgeBase) -> tuple[str, list[tuple[str, int]]]:
    """Read DRAGEN's ``<prefix>.targeted.json``: the sample, and the copies of each gene that its genotype shows.

    The file's total copy number counts the pseudogene as well, so copies come from the genotype: ``*1x2/*2`` is three.
    A genotype that did not pass, several of them, or one with a hybrid give no copies.

    Raises
    ------
    InputError
        If it is not such a file.
    """
    try:
        data = json.loads(text)
    except ValueError as error:
        raise InputError(f"not readable JSON ({error})", file=file) from error
    lowered = {str(key).lower(): value for key, value in data.items()} if isinstance(data, dict) else {}
    sample = next((lowered[key] for key in _SAMPLE_KEYS if isinstance(lowered.get(key), str)), None)
    known = {gene.lower(): gene for gene in kb.genes}
    found = [(known[key], value) for key, value in lowered.items() if key in known and isinstance(value, dict)]
    if sample is None or not found:
        raise InputError("this JSON is no DRAGEN targeted-caller output (no sample or no known gene)", file=file,
                         fix="give <prefix>.targeted.json")  # fmt: skip
    absent, uncountable = _structural_alleles(kb)
    copies = []
    for gene, value in found:
        low = {str(key).lower(): entry for key, entry in value.items()}
        genotype = low.get("genotype")
        passes = str(low.get("genotypefilter", "PASS")).upper() == "PASS"
        if not isinstance(genotype, str) or not passes:
            continue
        number = copies_of_genotype(genotype, absent.get(gene, set()), uncountable.get(gene, set()))
        if number is not None:
            copies.append((gene, number))
    return sample, copies


def copies_of_genotype(genotype: str, absent: set[str], uncountable: set[str]) -> int | None:
    """Count the gene copies of a star genotype; None if it cannot be counted.

    Parameters
    ----------
    genotype
        ``*1/*4x2``, ``*5/*10+*36``.
    absent
        Alleles that mean that the gene is missing.
    uncountable
        Other structural alleles, of which it is not known how much of the gene they are.
    """
    if ";" in genotype or "," in genotype or genotype.count("/") != 1:
        return None
    total = 0
    for unit in re.split(r"[/+]", genotype):
        match = _UNIT.fullmatch(unit.strip())
        if match is None or (match[2] or "").upper() == "N":
            return None
        if match[1] in uncountable:
            return None
        total += 0 if match[1] in absent else int(match[2] or 1)
    return total


def _structural_alleles(kb: KnowledgeBase) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Return per gene the alleles that are a missing gene (flag ``gene_deletion``), and the other structural ones."""
    rows = kb.table("alleles").filter(pl.col("structural") == "y").select("gene", "allele", "flags").iter_rows()
    absent: dict[str, set[str]] = defaultdict(set)
    others: dict[str, set[str]] = defaultdict(set)
    for gene, allele, flags in rows:
        (absent if "gene_deletion" in (flags or "").split(";") else others)[gene].add(allele)
    return absent, others
