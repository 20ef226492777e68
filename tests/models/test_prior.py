"""The published warfarin equation, by hand; and what a missing value does."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pgx.knowledge import KnowledgeBase
from pgx.models.evidence import design, endpoints
from pgx.models.evidence.endpoint import Reading


def _prior(frame: pl.DataFrame, kb: KnowledgeBase, name: str = "warfarin.dose") -> design.Prior:
    one = endpoints.get(kb, name)
    return design.prior(design.prepare(frame, one), one)


def test_the_equation_agrees_with_pencil_and_paper(patients: pl.DataFrame, kb: KnowledgeBase) -> None:
    # 60 years, 175 cm, 80 kg, VKORC1 A/G, CYP2C9 *1/*1, White, no inducer, no amiodarone.
    by_hand = 5.6044 - 0.2614 * 6 + 0.0087 * 175 + 0.0128 * 80 - 0.8677
    assert _prior(patients, kb).margin[1] == pytest.approx(by_hand)
    # 78 years, 152 cm, 50 kg, A/A, *1/*3, Asian, amiodarone.
    by_hand = 5.6044 - 0.2614 * 7 + 0.0087 * 152 + 0.0128 * 50 - 1.6974 - 0.9357 - 0.1092 - 0.5503
    assert _prior(patients, kb).margin[0] == pytest.approx(by_hand)


def test_the_order_of_alleles_does_not_matter(patients: pl.DataFrame, kb: KnowledgeBase) -> None:
    turned = patients.with_columns(
        pl.col("gene.vkorc1.diplotype", "gene.cyp2c9.diplotype").str.split("/").list.reverse().list.join("/")
    )
    np.testing.assert_array_equal(_prior(patients, kb).margin, _prior(turned, kb).margin)


def test_an_allele_that_the_equation_does_not_know_counts_by_its_activity(
    patients: pl.DataFrame, kb: KnowledgeBase
) -> None:
    known = patients.with_columns(
        pl.lit("*1/*2").alias("gene.cyp2c9.diplotype"), pl.lit(1.5).alias("gene.cyp2c9.activity_score")
    )
    other = known.with_columns(pl.lit("*1/*8").alias("gene.cyp2c9.diplotype"))
    np.testing.assert_allclose(_prior(known, kb).margin, _prior(other, kb).margin)


def test_missing_genotype_uses_the_equations_own_term_and_missing_height_widens(
    patients: pl.DataFrame, kb: KnowledgeBase
) -> None:
    found = _prior(patients, kb)
    assert found.variance[3] > found.variance[1]
    assert found.assumed[3].any() and not found.assumed[1].any()


def test_an_indeterminate_phenotype_is_not_a_normal_one(kb: KnowledgeBase) -> None:
    frame = pl.DataFrame({"sample": ["a", "b"], "gene.cyp2c19.phenotype": ["Normal Metabolizer", "Indeterminate"]})
    found = _prior(frame, kb, "clopidogrel.mace")
    assert not found.assumed[0].any()
    assert found.assumed[1].all()
    assert found.margin[1] > found.margin[0]


def test_hla_that_was_not_looked_at_is_unknown(kb: KnowledgeBase) -> None:
    said = ["*15:02 negative;*57:01 positive", "*57:01 negative", "*15:02 positive", None]
    found = _prior(
        pl.DataFrame({"sample": list("abcd"), "gene.hla-b.phenotype": said}), kb, "abacavir.hypersensitivity"
    )
    assert found.assumed[:, 0].tolist() == [False, False, True, True]
    assert found.margin[0] > found.margin[2] > found.margin[1]


def test_needing_a_low_dose_is_the_mirror_of_the_dose(patients: pl.DataFrame, kb: KnowledgeBase) -> None:
    dose, risk = _prior(patients, kb), _prior(patients, kb, "warfarin.low_dose_need")
    slope = -np.pi / (np.sqrt(3) * endpoints.get(kb, "warfarin.dose").residual_sd)
    np.testing.assert_allclose(risk.margin, slope * (dose.margin - np.sqrt(21.0)))


@pytest.mark.parametrize("kind", ["number", "level", "recorded", "text_count", "status", "range", "yes", "missing"])
def test_readings_of_a_null_column_are_unknown_unless_only_records_count(kind: str) -> None:
    reading = Reading("x", kind=kind, levels=("a",), text="a", below=1.0)
    value = design.read(pl.DataFrame({"x": [None, None]}), reading)
    expected = {"recorded": 0.0, "yes": 0.0, "missing": 1.0}.get(kind, np.nan)
    np.testing.assert_array_equal(value, [expected, expected])
