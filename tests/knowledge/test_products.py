"""Products of several drugs keep all their parts, by whatever name and in whatever order they are written."""

from __future__ import annotations

import csv
from collections import Counter
from itertools import permutations
from pathlib import Path

import polars as pl
import pytest

from pgx.clinical.allergies import allergens
from pgx.errors import UsageError
from pgx.knowledge import load
from pgx.knowledge.drug_names import drug_names
from pgx.knowledge.resolver import drugs_of

KB = load()
NAMES = drug_names(KB)
DATA = Path(__file__).resolve().parents[1] / "data"
COMBINATIONS = sorted(NAMES.made_of)
WRITTEN = (" / ", "/", "-", " - ", " + ", "+", " and ")


def parts_of(name):
    return set(NAMES.substances(NAMES.find(name).drugs))


def rows(name):
    with (DATA / name).open(encoding="utf-8") as handle:
        return list(csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE))


def test_the_combinations_of_the_table_are_many():
    assert len(COMBINATIONS) > 80


@pytest.mark.parametrize("name", COMBINATIONS)
def test_a_combination_is_found_in_every_order_and_way_of_writing(name):
    parts = NAMES.made_of[name]
    assert parts_of(name) == {name, *parts}
    for order in [parts, parts[::-1], *list(permutations(parts))[:6]]:
        for sign in WRITTEN:
            found = NAMES.find(sign.join(order))
            assert set(parts) <= set(NAMES.substances(found.drugs)), (order, sign, found)
            assert not found.unknown, (order, sign, found)


@pytest.mark.parametrize("row", rows("product_brands.tsv"), ids=lambda row: row["brand"])
def test_a_brand_keeps_all_its_parts(row):
    for written in (row["brand"], row["brand"].lower(), f"{row['brand']} 1 tablet daily"):
        assert set(row["substances"].split("+")) <= parts_of(written), written


@pytest.mark.parametrize(
    "name",
    ["co-trimoxazole", "cotrimoxazole", "Cotrimoxazol", "Bactrim", "Bactrim DS", "Septra", "TMP-SMX", "TMP/SMX",
     "SMX-TMP", "trimethoprim-sulfamethoxazole", "sulfamethoxazole/trimethoprim", "Trimethoprim + Sulfamethoxazole",
     "sulfamethoxazole 800 MG / trimethoprim 160 MG Oral Tablet", "co-trimoxazol", "SMZ-TMP DS",
     "sulfaméthoxazole-triméthoprime", "Sulfamethoxazol / Trimetoprima"],
)  # fmt: skip
def test_co_trimoxazole_is_one_drug_under_all_its_names(name):
    found = NAMES.find(name)
    assert found.drugs == ("sulfamethoxazole / trimethoprim",)
    assert not found.unknown
    assert "cotrimoxazole" not in set(KB.table("drugs")["drug"])
    assert set(KB.table("interactions").filter(drug="sulfamethoxazole / trimethoprim")["enzyme"]) == {"CYP2C9"}


@pytest.mark.parametrize("text", ["xanomeline-trospium", "trospium + xanomeline", "Xanomeline/Trospium", "Cobenfy"])
def test_a_product_of_parts_of_which_nothing_is_known_is_one_drug(text):
    assert NAMES.find(text).drugs == ("xanomeline / trospium",)


@pytest.mark.parametrize("text", ["Isoptin KHK", "vitamin B12 1000", "Wobenzym 100"])
def test_a_strange_word_behind_a_name_is_not_read_past(text):
    assert NAMES.find(text).drugs == ()


def test_most_brands_of_the_list_were_compared_with_a_public_one():
    rows = KB.table("considered").filter(list="brand_names")
    same = rows.filter(pl.col("source").str.contains("the same in"))
    assert rows.height == 146 and same.height >= 100 and not rows["source"].str.contains("not compared").any()


def test_a_code_of_rxnorm_stands_for_one_product_of_known_medicines():
    known, seen = allergens(KB), Counter()
    for name, form, codes in KB.table("drug_products").select("name", "form", "codes").iter_rows():
        seen.update(codes.split(";"))
        parts = name.split(" / ")
        assert any(NAMES.find(one).drugs or one in NAMES.others or known.find(one) for one in parts), name
        assert not form or not any(letter.isdigit() for letter in form), "forms hold no strengths"
    assert len(seen) > 16_000
    assert max(seen.values()) == 1
    assert not [code for code in seen if ("RxNorm", code) in NAMES.codes], "no code is in two tables"


@pytest.mark.parametrize(
    ("written", "drug"),
    [
        ("lisdexamfetamine dimesylate 30 MG Oral Capsule", "lisdexamfetamine"),
        ("Osmotic 24 HR nifedipine 30 MG Extended Release Oral Tablet", "nifedipine"),
        ("30/70 Release 24 HR methylphenidate hydrochloride 10 MG Extended Release Oral Capsule", "methylphenidate"),
        ("PMDD fluoxetine 20 MG Oral Tablet", "fluoxetine"),
        ("Pulmonary Hypertension tadalafil 20 MG Oral Tablet", "tadalafil"),
        ("10 ML rituximab-abbs 10 MG/ML Injection", "rituximab"),
        ("fenofibric acid 105 MG Oral Tablet", "fenofibrate"),
    ],
)
def test_salts_and_what_rxnorm_writes_before_a_name_are_read_past(written, drug):
    assert NAMES.find(written).drugs == (drug,)
    assert NAMES.find("168 HR ethinyl estradiol 0.001 MG/HR Transdermal System").drugs == ("ethinyl estradiol",)


@pytest.mark.parametrize("name", ["Co-codamol", "Co-codamol 30/500", "co-codamol 8/500 tablets", "Solpadol 30/500"])
def test_the_strength_of_a_combination_drops_no_part(name):
    assert NAMES.find(name).drugs == ("acetaminophen / codeine",)


@pytest.mark.parametrize(
    ("name", "drug"),
    [
        ("tramadol clorhidrato", "tramadol"),
        ("losartán potásico 50 mg", "losartan"),
        ("atorvastatine calcique", "atorvastatin"),
        ("clopidogrel hidrógenosulfato", "clopidogrel"),
        ("Irinotecan-HCl", "irinotecan"),
        ("Suxamethoniumchlorid", "succinylcholine"),
    ],
)
def test_a_salt_in_spanish_or_french_is_its_drug(name, drug):
    assert NAMES.find(name) == NAMES.find(drug)


def test_a_class_has_what_a_clinician_calls_by_its_name():
    assert {"codeine", "tramadol", "hydrocodone"} <= set(drugs_of(KB, ["opioids"]))
    assert "clobazam" in drugs_of(KB, ["antiepileptics"])


@pytest.mark.parametrize("brand", ["Malarone", "Stalevo", "Lynparza"])
def test_a_product_without_data_is_a_medicine_all_the_same(brand):
    with pytest.raises(UsageError, match="which is a medicine"):
        drugs_of(KB, [brand])
