"""Pairs of which a label warns: the other drug is one that records name, and the row says what its text says."""

from __future__ import annotations

import polars as pl
import pytest

from pgx.knowledge import load
from pgx.knowledge.resolver import drugs_of

KB = load()
ROWS = KB.table("label_interactions")


def action(drug: str, agent: str) -> set[str]:
    return set(ROWS.filter(drug=drug, agent=agent)["action"])


def test_every_other_drug_is_one_that_a_record_can_name():
    named = set(ROWS["agent"].drop_nulls())
    assert named <= set(KB.table("drugs")["drug"])


@pytest.mark.parametrize(
    ("drug", "agent", "says"),
    [
        ("haloperidol", "citalopram", "contraindicated"),
        ("haloperidol", "sotalol", "contraindicated"),
        ("erythromycin", "amiodarone", "avoid"),
        ("methadone", "quinidine", "monitor"),
        ("ondansetron", "methadone", "avoid"),
        ("morphine", "isocarboxazid", "contraindicated"),
        ("vilazodone", "methylene blue", "contraindicated"),
        ("milnacipran", "linezolid", "contraindicated"),
        ("trazodone", "methylene blue", "contraindicated"),
        ("methadone", "pimozide", "contraindicated"),
        ("methadone", "dofetilide", "avoid"),
        ("levomethadone", "moclobemide", "contraindicated"),
        ("haloperidol", "prochlorperazine", "contraindicated"),
        ("amantadine", "quinidine", "contraindicated"),
        ("amantadine", "ondansetron", "contraindicated"),
        ("tramadol", "sertraline", "monitor"),
        ("oliceridine", "isocarboxazid", "contraindicated"),
        ("methadone", "linezolid", "contraindicated"),
        ("methadone", "moclobemide", "contraindicated"),
        ("quinine", "amiodarone", "avoid"),
        ("tetrabenazine", "moxifloxacin", "avoid"),
    ],
)
def test_pairs_that_prolong_the_qt_interval_or_raise_serotonin_say_what_their_label_says(drug, agent, says):
    rows = ROWS.filter(drug=drug, agent=agent)
    assert action(drug, agent) == {says}
    assert set(rows["confidence"]) == {"read"}


@pytest.mark.parametrize(
    ("drug", "agent", "says"),
    [
        ("gentamicin", "furosemide", "avoid"),
        ("amikacin", "ethacrynic acid", "avoid"),
        ("gentamicin", "cisplatin", "avoid"),
        ("atorvastatin", "glecaprevir / pibrentasvir", "contraindicated"),
        ("simvastatin", "glecaprevir / pibrentasvir", "contraindicated"),
        ("rosuvastatin", "ledipasvir / sofosbuvir", "avoid"),
        ("rosuvastatin", "sofosbuvir / velpatasvir", "reduce_dose"),
        ("tacrolimus", "sirolimus", "avoid"),
        ("quinine", "mefloquine", "avoid"),
        ("primaquine", "mepacrine", "contraindicated"),
        ("tafenoquine", "metformin", "avoid"),
        ("pazopanib", "omeprazole", "avoid"),
        ("nilotinib", "esomeprazole", "avoid"),
        ("nelfinavir", "lansoprazole", "avoid"),
        ("glecaprevir / pibrentasvir", "efavirenz", "avoid"),
        ("ethinyl estradiol", "belzutifan", "avoid"),
        ("elagolix", "ethinyl estradiol", "avoid"),
    ],
)
def test_pairs_of_drugs_that_a_gene_decides_on_say_what_their_label_says(drug, agent, says):
    assert action(drug, agent) == {says}
    assert set(ROWS.filter(drug=drug, agent=agent)["confidence"]) == {"read"}


def test_inhibitors_of_the_enzyme_that_clears_a_drug_are_ruled_out_whichever_they_are():
    by_enzyme = ROWS.filter(pl.col("agent").is_null() & (pl.col("role") == "inhibitor"))
    said = {(row["drug"], row["enzyme"]): row["action"] for row in by_enzyme.to_dicts()}
    assert said["belinostat", "UGT1A1"] == said["sacituzumab govitecan", "UGT1A1"] == "avoid"
    assert said["deuruxolitinib", "CYP2C9"] == "contraindicated"


def test_the_dose_of_efavirenz_beside_rifampin_is_told_whom_the_genes_take_no_level_from_and_from_50_kg():
    rows = ROWS.filter(drug="efavirenz", agent="rifampin")
    told = {row["dose"]: set(row["phenotypes"].split(";")) for row in rows.to_dicts()}
    assert not told["text:800 mg once a day"] & {"Poor Metabolizer", "Intermediate Metabolizer"}
    assert set(rows.filter(pl.col("dose").is_not_null())["condition"]) == {"weight_ge_50"}
    everybody = {"Poor Metabolizer", "Intermediate Metabolizer", "Normal Metabolizer", "Rapid Metabolizer"}
    assert set().union(*told.values()) == everybody | {"Ultrarapid Metabolizer", "no_result"}


@pytest.mark.parametrize("entry", ["ethinyl estradiol / levonorgestrel", "oral contraceptives", "Yaz", "Microgynon"])
def test_a_contraceptive_with_oestrogen_reaches_the_guideline_on_factor_v_leiden(entry):
    advised = set(
        KB.table("recommendation_conditions").filter(gene="F5").join(KB.table("recommendations"), on="rec_id")["drug"]
    )
    assert set(drugs_of(KB, [entry])) & advised


def test_every_row_of_the_handed_tables_of_exposure_and_washout_says_what_became_of_it():
    rows = KB.table("considered")
    counts = dict(rows.group_by("list").len().iter_rows())
    handed = {
        "exposure_genotypes": 55, "exposure_pairs": 45, "exposure_interactions": 635, "exposure_groups": 122,
        "washout_check": 40,
    }  # fmt: skip
    assert {name: counts[name] for name in handed} == handed
    assert rows.filter(pl.col("decision").is_in(["refused", "partly"]), pl.col("reason").is_null()).is_empty()
