"""A score that does not count what another drug does to the level of its drug gives no number."""

from __future__ import annotations

import polars as pl
import pytest

import pgx
from pgx import knowledge, models
from pgx.codes import OF_A_NUMBER, Flag, FlagCode
from pgx.models.scoring.interactions import refuse_uncounted
from pgx.phenotypes.substrates import COLUMNS

KB = knowledge.load()
PERSON = "data/examples/HG00652.GRCh38.vcf.gz"


def scored(tmp_path, medications: str, endpoint: str, **more: str):
    history = tmp_path / "history.csv"
    columns = {"sample": "HG00652", "age": "60", "sex": "female", "medications": medications} | more
    history.write_text(",".join(columns) + "\n" + ",".join(columns.values()) + "\n")
    return pgx.report(PERSON, clinical=[str(history)], endpoints=[endpoint]).scores.row(0, named=True)


@pytest.mark.parametrize(
    ("endpoint", "drug", "agent", "enzyme"),
    [
        ("simvastatin.myopathy", "simvastatin", "itraconazole", "CYP3A4"),
        ("simvastatin.myopathy", "simvastatin", "clarithromycin", "CYP3A4"),
        ("simvastatin.myopathy", "simvastatin", "ketoconazole", "CYP3A4"),
        ("voriconazole.trough_in_range", "voriconazole", "rifampicin", "CYP3A4"),
        # A moderate inducer and a moderate substrate: less than twofold, but the phenotype that is read changes.
        ("efavirenz.exposure", "efavirenz", "rifampicin", "CYP2B6"),
        ("efavirenz.cns_discontinuation", "efavirenz", "rifampicin", "CYP2B6"),
    ],
)
def test_a_number_that_another_drug_makes_wrong_is_not_given(tmp_path, endpoint, drug, agent, enzyme) -> None:
    alone = scored(tmp_path, drug, endpoint)
    beside = scored(tmp_path, f"{drug};{agent}", endpoint)
    assert alone["usable"] and alone["estimate"] is not None
    assert not beside["usable"] and beside["category"] == "refused" and beside["factors"] == []
    assert [beside[name] for name in ("estimate", "low", "high")] == [None] * 3
    assert "refused:interaction_not_counted" in beside["flags"]
    assert not {Flag.parse(flag).code for flag in beside["flags"]} & OF_A_NUMBER
    known = KB.table("drugs")["drug"].to_list()
    acting = [Flag.parse(flag) for flag in beside["flags"] if flag.startswith("interaction:")]
    assert any(flag.code == FlagCode.INTERACTION and flag.arguments[1] == enzyme for flag in acting), acting
    assert all(flag.arguments[0] in known or flag.arguments[0] == agent for flag in acting)


@pytest.mark.parametrize(
    ("endpoint", "medications", "more"),
    [
        # The endpoint reads the drug itself, or the phenotype that the drug leaves.
        ("warfarin.dose", "warfarin;carbamazepine", {"weight_kg": "70", "height_cm": "170"}),
        ("tramadol.non_response", "tramadol;paroxetine", {}),
        # A weak inducer converts no phenotype, and what efavirenz does to itself is in the figures.
        ("efavirenz.exposure", "efavirenz;nevirapine", {}),
        # Nothing acts on the drug.
        ("simvastatin.myopathy", "simvastatin;metformin", {}),
        ("simvastatin.myopathy", "simvastatin;paroxetine", {}),
    ],
)
def test_what_is_counted_already_or_does_not_act_costs_nothing(tmp_path, endpoint, medications, more) -> None:
    row = scored(tmp_path, medications, endpoint, **more)
    assert "refused:interaction_not_counted" not in row["flags"] and row["usable"], row["flags"]


def acts(sample: str, drug: str, agent: str) -> pl.DataFrame:
    """One marked interaction through CYP3A4, as `acting_drugs` has it."""
    row = dict.fromkeys(COLUMNS) | {
        "sample": sample, "drug": drug, "agent": agent, "enzyme": "CYP3A4", "strength": "strong", "role": "inhibitor",
        "phase": "current", "effect": "raises", "marked": True, "recall": False,
    }  # fmt: skip
    return pl.DataFrame([row], schema=COLUMNS)


def test_an_immune_reaction_does_not_follow_the_level(tmp_path) -> None:
    acting = acts("s", "carbamazepine", "ketoconazole")
    names = ["carbamazepine.sjs_ten"]
    features = pl.DataFrame({"sample": ["s"], "gene.hla-b.phenotype": ["*15:02 positive"],
                             "gene.hla-a.phenotype": ["*31:01 negative"]})  # fmt: skip
    scores, _ = models.score(features, KB, endpoints=names)
    assert scores["usable"].all()
    assert refuse_uncounted(scores, acting, models.columns_by_endpoint(KB, names), KB).equals(scores)


def test_only_the_person_who_takes_both_is_concerned() -> None:
    acting = acts("a", "simvastatin", "itraconazole")
    names = ["simvastatin.myopathy"]
    features = pl.DataFrame({"sample": ["a", "b"], "gene.slco1b1.phenotype": ["Poor Function"] * 2,
                             "clinical.age": [60.0, 60.0]})  # fmt: skip
    scores, _ = models.score(features, KB, endpoints=names)
    after = refuse_uncounted(scores, acting, models.columns_by_endpoint(KB, names), KB)
    assert after.filter(sample="b").equals(scores.filter(sample="b")) and scores["usable"].all()
    assert after.filter(sample="a")["usable"].to_list() == [False]
