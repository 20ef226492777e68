"""Endpoints are data: every file is valid, says where its numbers come from, and reads features that exist."""

from __future__ import annotations

import math
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgx import models
from pgx.errors import InputError, UsageError
from pgx.features import describe
from pgx.knowledge import KnowledgeBase
from pgx.models.evidence import design, endpoints
from pgx.models.evidence.endpoint_parsing import odds_ratio


def _with(kb: KnowledgeBase, overlay: Path) -> KnowledgeBase:
    return KnowledgeBase((*kb.folders, overlay))


def test_at_least_twenty_endpoints_and_all_name_known_drugs(kb: KnowledgeBase) -> None:
    found = endpoints.load(kb)
    assert len(found) >= 20
    assert {one.drug for one in found.values()} <= set(kb.table("drugs")["drug"])


def test_every_column_read_is_a_feature_of_the_registry(kb: KnowledgeBase) -> None:
    known = set(describe(kb)["name"])
    unknown = {(n, c) for n, one in endpoints.load(kb).items() for c in design.columns(one) if c not in known}
    assert not unknown


def test_every_term_carries_its_mark_and_risks_their_source(kb: KnowledgeBase) -> None:
    for name, one in endpoints.load(kb).items():
        for term in one.terms:
            assert term.mark in ("read", "recall"), (name, term.name)
            assert term.pmid or term.note, (name, term.name)


def test_risk_terms_have_an_interval_or_the_stated_default(kb: KnowledgeBase) -> None:
    for one in endpoints.load(kb).values():
        if one.link == "logit" and one.threshold is None:
            assert one.baseline_se > 0
            assert all(term.se > 0 for term in one.terms), one.name


def test_every_effect_is_one_of_the_effects_table_or_says_why_not(kb: KnowledgeBase) -> None:
    published = {str(value) for value in kb.table("effects")["estimate"]}
    derived = {
        (one.name, term.name)
        for one in endpoints.load(kb).values()
        for term in one.terms
        if term.measure in ("OR", "RR", "HR") and f"{term.estimate:g}" not in published and not term.note
    }
    assert not derived


def test_every_gene_of_the_guidelines_is_in_the_prior_or_named_as_left_out_with_the_reason(kb: KnowledgeBase) -> None:
    advice = kb.table("recommendations").join(kb.table("recommendation_conditions"), on="rec_id")
    for name, one in endpoints.load(kb).items():
        named = set(advice.filter(pl.col("drug") == one.drug)["gene"].drop_nulls())
        read = {column.split(".")[1].upper() for column in design.columns(one) if column.startswith("gene.")}
        left_out = {row["gene"]: row["reason"] for row in one.raw.get("omitted", [])}
        assert named <= read | set(left_out), name
        assert not read & set(left_out) and all(left_out.values()), name


def test_phenytoin_reads_hla_and_never_takes_an_untyped_gene_for_a_negative_one(kb: KnowledgeBase) -> None:
    person = {"sample": "a", "gene.cyp2c9.diplotype": "*1/*1", "gene.cyp2c9.allele_count.*3": 0.0}
    rows = [person | {"sample": text or "untyped", "gene.hla-b.phenotype": text}
            for text in ("*15:02 negative", "*15:02 positive", None)]  # fmt: skip
    scores, _ = models.score(pl.DataFrame(rows), kb, endpoints=["phenytoin.scar"])
    negative, positive, untyped = scores.iter_rows(named=True)
    assert negative["flags"] == [] and positive["estimate"] > 2 * negative["estimate"]
    assert untyped["flags"] == ["gene_averaged:HLA-B"] and untyped["usable"]
    assert untyped["estimate"] > negative["estimate"] and untyped["high"] > negative["high"]


def test_rosuvastatin_is_a_negative_anchor(kb: KnowledgeBase) -> None:
    one = endpoints.get(kb, "rosuvastatin.myalgia")
    assert all(abs(term.coefficient) < 2 * term.se for term in one.terms)


def test_outcomes_that_a_rule_decides_are_refused(kb: KnowledgeBase) -> None:
    assert "rasburicase.haemolysis" in endpoints.rules(kb)
    with pytest.raises(UsageError, match="a rule decides"):
        endpoints.get(kb, "rasburicase.haemolysis")
    with pytest.raises(UsageError, match="unknown endpoint"):
        endpoints.get(kb, "aspirin.nothing")


@pytest.mark.parametrize(
    ("measure", "ratio", "baseline", "risk"),
    [("RR", 2.0, 0.1, 0.2), ("HR", 2.0, 0.1, 1 - 0.9**2), ("risk", 0.479, 0.001, 0.479), ("OR", 1.0, 0.3, 0.3)],
)
def test_ratios_are_converted_at_the_stated_baseline(measure: str, ratio: float, baseline: float, risk: float) -> None:
    odds = odds_ratio(measure, ratio, baseline) * baseline / (1 - baseline)
    assert odds / (1 + odds) == pytest.approx(risk)


@given(
    st.sampled_from(["OR", "RR", "HR"]),
    st.floats(0.2, 50),
    st.floats(0.001, 0.6),
)
def test_a_conversion_keeps_the_direction(measure: str, ratio: float, baseline: float) -> None:
    found = odds_ratio(measure, ratio, baseline)
    assert math.isfinite(found) and found > 0
    assert (found >= 1) == (ratio >= 1)


def test_a_ratio_never_implies_certainty() -> None:
    assert odds_ratio("RR", 4.4, 0.3) == pytest.approx(9.0 / (3.0 / 7.0))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", "not a TOML file"),
        ('name = "a.b"\n', "lacks 'kind'"),
        ('name = "a.b"\nkind = "magic"\n', "magic"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, kb: KnowledgeBase, text: str, message: str) -> None:
    (tmp_path / "endpoints").mkdir()
    (tmp_path / "endpoints" / "mine.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message) as caught:
        endpoints.load(_with(kb, tmp_path))
    assert "mine.toml" in str(caught.value)


def test_an_overlay_replaces_an_endpoint(tmp_path: Path, kb: KnowledgeBase) -> None:
    (tmp_path / "endpoints").mkdir()
    source = endpoints.folders(kb)[0] / "clopidogrel.mace.toml"
    changed = source.read_text(encoding="utf-8").replace("value = 0.09", "value = 0.12")
    (tmp_path / "endpoints" / source.name).write_text(changed, encoding="utf-8")
    mine = endpoints.get(_with(kb, tmp_path), "clopidogrel.mace")
    assert mine.baseline == pytest.approx(math.log(0.12 / 0.88))
