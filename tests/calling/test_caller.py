"""Where no named alleles explain the strands of a gene, one variant may still tell what they do."""

from __future__ import annotations

import pytest

from pgx.calling import call
from pgx.calling.model import model
from pgx.knowledge.rules.phenotypes import phenotype_of
from tests.calling.build import genotypes


@pytest.mark.parametrize(
    ("strands", "expected"), [("TT", "Normal Function"), ("TC", "Decreased Function"), ("CC", "Poor Function")]
)
def test_slco1b1_falls_back_on_one_variant_where_no_alleles_explain_the_strands(kb, strands, expected):
    bases = {21178615: tuple(strands), 21172735: ("G", "T")}
    found = genotypes(kb, [bases], fill=["SLCO1B1"], phased=True)
    called = call(found, kb, genes=["SLCO1B1"]).genes[0].patterns[0]
    assert "fallback_variant:rs4149056" in called.flags
    assert "partial" in called.flags
    one = called.diplotypes[0]
    assert {*one.parts1, *one.parts2} <= {"*1", "*5"}
    assert phenotype_of(kb, "SLCO1B1", "CPIC", one.parts1, one.parts2).phenotype == expected


@pytest.mark.parametrize("bases", [("T", None), ("T", "A")])
def test_slco1b1_has_nothing_to_fall_back_on_without_the_variant(kb, bases):
    found = genotypes(kb, [{21178615: bases, 21172735: ("G", "T")}], fill=["SLCO1B1"], phased=True)
    called = call(found, kb, genes=["SLCO1B1"]).genes[0].patterns[0]
    assert not any(flag.startswith("fallback_variant") for flag in called.flags)


def test_slco1b1_does_not_fall_back_past_another_loss_of_function(kb):
    one = model(kb, "SLCO1B1").fallback
    assert "*31" in one.lossy
    assert one.lossy.isdisjoint({"*1", "*5", "*15", "*37"})
