"""The numbers that reading variants decides by, each at its boundary."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pgx import types
from pgx.types import NO_COPY
from pgx.variants.arrays import consumer
from pgx.variants.sites import fasta, gene_spans, read_sites, sex, targets
from pgx.variants.sites.gene_spans import GeneSpan
from pgx.variants.sites.sex import SexEvidence
from tests.variants.build import at, codes, read, snv

LIMITS = {
    (sex, "_ENOUGH"): 20,
    (sex, "_SEVERAL"): 4,
    (sex, "_FEMALE_FROM"): 0.2,
    (sex, "_MALE_TO"): 0.08,
    (sex, "_MAX_RECORDS"): 400,
    (gene_spans, "_LONG_ENOUGH"): 1000,
    (types, "MOST_COPIES"): 12,
    (fasta, "REACH"): 300,
    (read_sites, "UNDECIDED_REACH"): 60,
    (targets, "_MOST_ALLELES"): 120,
    (consumer, "_FEW"): 20,
}


@pytest.mark.parametrize(("module", "name"), LIMITS, ids=lambda one: getattr(one, "__name__", one))
def test_a_limit_is_what_the_documentation_says(module: object, name: str) -> None:
    assert getattr(module, name) == LIMITS[module, name]


def _evidence(haploid: int = 0, het: int = 0, hom: int = 0) -> SexEvidence:
    found = SexEvidence(1)
    genotypes = [(1, NO_COPY)] * haploid + [(0, 1)] * het + [(1, 1)] * hom
    for pair in genotypes:
        found.add(np.array([pair], dtype=np.int16), np.array([0]))
    return found


@pytest.mark.parametrize(
    ("haploid", "het", "hom", "inferred"),
    [
        (0, 4, 15, None),  # 19 genotypes with a variant are too few
        (0, 4, 16, "female"),  # 20 %
        (0, 3, 17, None),  # between 8 % and 20 %
        (0, 8, 92, "male"),  # 8 %
        (0, 9, 91, None),
        (0, 0, 19, None),
        (0, 0, 20, "male"),
        (1, 0, 0, "male"),
        (4, 1, 0, None),
        (5, 1, 0, "male"),
        (1, 20, 0, None),  # one call of a single allele is in the way
    ],
)
def test_the_sex_that_chrx_tells(haploid: int, het: int, hom: int, inferred: str | None) -> None:
    assert _evidence(haploid, het, hom).inferred() == [inferred]


@pytest.mark.parametrize(
    ("told", "haploid", "het", "hom", "contradicted"),
    [
        ("male", 0, 3, 0, False),
        ("male", 0, 4, 0, True),
        ("male", 0, 4, 16, True),
        ("male", 0, 4, 17, False),
        ("male", 3, 4, 0, True),
        ("male", 4, 4, 0, False),
        ("female", 1, 0, 0, True),
        ("female", 4, 1, 0, False),
        ("female", 5, 1, 0, True),
        ("female", 0, 0, 19, False),
        ("female", 0, 0, 20, True),
    ],
)
def test_a_told_sex_that_chrx_contradicts(told: str, haploid: int, het: int, hom: int, contradicted: bool) -> None:
    found = _evidence(haploid, het, hom)
    assert (found.contradiction(0, told, found.inferred()[0]) is not None) == contradicted


@pytest.mark.parametrize(("records", "more"), [(399, True), (400, False)])
def test_no_more_records_of_chrx_are_read_than_tell(records: int, more: bool) -> None:
    assert _evidence(hom=records).wants_more == more


@pytest.mark.parametrize(
    ("first", "last", "share"),
    [(1, 999, 0.0), (1, 1000, 0.01), (1050, 1099, 0.5), (1000, 1099, 1.0), (900, 2000, 1.0), (1100, 1200, 0.0)],
)
def test_the_share_of_a_gene_that_a_record_covers(first: int, last: int, share: float) -> None:
    assert GeneSpan("G", "chr1", 1000, 1099, True, True, (900, 1200)).covered(first, last) == pytest.approx(share)


@pytest.mark.parametrize(("number", "copies"), [(0, 0), (2, 2), (12, 12), (13, None), (9999, None)])
def test_copy_numbers_that_can_be(tmp_path: Path, number: int, copies: int | None) -> None:
    record = snv("chr22:42123000", "N", "<CNV>", f"./.:{number}", info="SVTYPE=CNV;END=42135000", form="GT:CN")
    found = read(tmp_path, snv("chr10:94781859", "G", "A", "0/1"), record).copy_number
    told = [] if found is None else found.filter(found["gene"] == "CYP2D6")["copies"].to_list()
    assert told == [copies], "what cannot be is unclear, never two copies"


@pytest.mark.parametrize(("away", "open_"), [(59, True), (60, True), (61, False)])
def test_an_indel_is_asked_about_as_far_as_a_repeat_may_carry_it(tmp_path: Path, away: int, open_: bool) -> None:
    """chrM:955 ACCCCCT: a deletion of one C written up to 60 bases further on may be the site's."""
    found = read(tmp_path, snv("chr10:94781859", "G", "A", "0/1"), snv(f"chrM:{_end() + away}", "CC", "C", "1"))
    assert ("indel_undecided" in codes(found)) == open_
    assert (at(found, "chrM", 955)[0] == "UNSUPPORTED") == open_


def _end() -> int:
    from tests.variants.build import knowledge

    site = knowledge().sites.filter(chrom="chrM", pos_grch38=955).row(0, named=True)
    return 955 + len(site["ref"]) - 1


@pytest.mark.parametrize(("alleles", "placed"), [(119, True), (120, False)])
def test_a_site_has_no_more_alleles_than_a_code_can_name(alleles: int, placed: bool) -> None:
    listed = ["A", *(f"A{'C' * n}" for n in range(1, alleles))]
    target = targets._target(0, "chr1", 1000, "A", listed)
    assert target.code("AGG") == (alleles if placed else -4)
    assert target.code("A") == 0
