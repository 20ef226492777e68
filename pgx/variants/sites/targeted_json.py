"""DRAGEN's targeted-caller JSON: how many copies of a gene its genotype shows."""

from __future__ import annotations

import re
from collections import defaultdict

import polars as pl

from pgx.errors import InputError
from pgx.guard.limits import read_json
from pgx.knowledge import KnowledgeBase
from pgx.types import MOST_COPIES
from pgx.variants.whole_numbers import whole_number

_UNIT = re.compile(r"(\*[\w.]+?)(?:\s*x\s*(\d+|N))?", re.I)
_SAMPLE_KEYS = ("sample", "sampleid", "samplename", "sample_id")


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
        data = read_json(text)
    except ValueError as error:
        raise InputError(f"not readable JSON ({error})", file=file) from error
    lowered = {str(key).lower(): value for key, value in data.items()} if isinstance(data, dict) else {}
    sample = next((lowered[key] for key in _SAMPLE_KEYS if isinstance(lowered.get(key), str)), None)
    known = {gene.lower(): gene for gene in kb.genes}
    found = [(known[key], value) for key, value in lowered.items() if key in known and isinstance(value, dict)]
    if sample is None or not found:
        raise InputError("this JSON is no DRAGEN targeted-caller output (no sample or no known gene)", file=file,
                         fix="give <prefix>.targeted.json; a clinical file follows a -c of its own")  # fmt: skip
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
        times = whole_number(match[2] or "1", MOST_COPIES)
        if times is None:
            return None
        total += 0 if match[1] in absent else times
    return total


def _structural_alleles(kb: KnowledgeBase) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Return per gene the alleles that are a missing gene (flag ``gene_deletion``), and the other structural ones."""
    rows = kb.table("alleles").filter(pl.col("structural") == "y").select("gene", "allele", "flags").iter_rows()
    absent: dict[str, set[str]] = defaultdict(set)
    others: dict[str, set[str]] = defaultdict(set)
    for gene, allele, flags in rows:
        (absent if "gene_deletion" in (flags or "").split(";") else others)[gene].add(allele)
    return absent, others
