"""What people write for drugs, classes of drugs and genes; a suggestion is never another drug of a similar name."""

from __future__ import annotations

import random
import string
from pathlib import Path

import polars as pl
import pytest

from pgx.errors import UsageError
from pgx.knowledge import load
from pgx.knowledge.drug_names import drug_names
from pgx.knowledge.resolver import class_forms, class_of, drugs_of, gene_of, genes_of
from pgx.knowledge.show import drug as shown

KB = load()
NAMES = drug_names(KB)
WRITTEN = pl.read_csv(Path(__file__).parents[1] / "data/drug_class_names.tsv", separator="\t")
IN_NO_CLASS = {
    "ascorbic acid (vitamin c), plain", "vitamin c", "vitamin k", "moviprep", "phenazopyridine",
    "dextromethorphan / quinidine", "dextromethorphan hydrobromide / bupropion hydrochloride", "fluoxetine / olanzapine",
    "dimercaprol", "methylene blue", "sodium nitrite", "toluidine blue", "flibanserin", "seladelpar", "oral contraceptives",
}  # fmt: skip
"""Antidotes, vitamins, products and drugs that nobody asks for by a class."""


@pytest.mark.parametrize(
    ("written", "drugs"),
    [
        ("statins", {"simvastatin", "atorvastatin", "rosuvastatin", "pravastatin", "pitavastatin", "fluvastatin", "lovastatin"}),
        ("Statine", {"simvastatin", "atorvastatin", "rosuvastatin", "pravastatin", "pitavastatin", "fluvastatin", "lovastatin"}),
        ("C10AA", {"simvastatin", "atorvastatin", "rosuvastatin", "pravastatin", "pitavastatin", "fluvastatin", "lovastatin"}),
        ("thiopurines", {"azathioprine", "mercaptopurine", "thioguanine"}),
        ("FOLFIRINOX", {"fluorouracil", "irinotecan"}),
        ("VMAT2 inhibitors", {"deutetrabenazine", "tetrabenazine", "valbenazine"}),
        ("JAK inhibitors", {"abrocitinib", "deuruxolitinib"}),
        ("Lokalanästhetika", {"bupivacaine", "mepivacaine", "ropivacaine", "articaine / epinephrine",
                              "lidocaine / prilocaine", "lidocaine and tetracaine"}),
        ("CFTR modulators", {"ivacaftor"}),
        ("anthracyclines", {"doxorubicin"}),
        ("HIV protease inhibitors", {"atazanavir"}),
        ("volatile anaesthetics", {"desflurane", "enflurane", "halothane", "isoflurane", "methoxyflurane", "sevoflurane"}),
        ("PPIs", {"omeprazole", "pantoprazole", "lansoprazole", "dexlansoprazole", "esomeprazole", "rabeprazole"}),
        ("inhibiteurs de la pompe à protons", {"omeprazole", "pantoprazole", "lansoprazole", "dexlansoprazole",
                                               "esomeprazole", "rabeprazole"}),
    ],
)  # fmt: skip
def test_a_class_stands_for_its_members(written, drugs):
    assert set(class_of(KB, written)) == drugs


def test_every_class_has_members_and_every_name_of_a_class_is_its_own():
    seen = {}
    for row in KB.table("drug_classes").iter_rows(named=True):
        for name in row["names"].split(";"):
            assert seen.setdefault(NAMES.plain(name), row["class"]) == row["class"]
        try:
            assert class_of(KB, row["names"].split(";")[0])
        except UsageError as error:
            assert "has a recommendation" in str(error)


@pytest.mark.parametrize(("written", "its_class"), WRITTEN.rows())
def test_classes_in_the_words_of_many_languages(written, its_class):
    assert class_of(KB, written) == class_of(KB, its_class) != []


@pytest.mark.parametrize(
    ("written", "drug"),
    [
        ("Cafcit", "caffeine"), ("Peyona", "caffeine"), ("EFV", "efavirenz"), ("ZDV", "zidovudine"),
        ("DTG", "dolutegravir"), ("RPV", "rilpivirine"), ("3TC", "lamivudine"), ("DRV", "darunavir"),
    ],
)  # fmt: skip
def test_brands_of_caffeine_and_abbreviations_of_hiv_medicines(written, drug):
    assert drugs_of(KB, [written]) == [drug]


@pytest.mark.parametrize("written", ["ATV", "AZT", "ABC"])
def test_an_abbreviation_of_several_things_is_no_drug(written):
    with pytest.raises(UsageError, match="has no drug"):
        drugs_of(KB, [written])


def test_every_drug_with_a_recommendation_is_in_a_class():
    inside = set()
    for names in KB.table("drug_classes")["names"]:
        try:
            inside |= set(class_of(KB, names.split(";")[0]))
        except UsageError as error:
            assert "has a recommendation" in str(error)
    assert set(KB.table("recommendations")["drug"]) - inside == IN_NO_CLASS


@pytest.mark.parametrize(
    ("narrow", "wide", "only_wide"),
    [
        ("depolarising muscle relaxants", "muscle relaxants", "mivacurium"),
        ("P2Y12 inhibitors", "antiplatelets", "aspirin"),
        ("fluoroquinolones", "quinolones", "nalidixic acid"),
        ("stimulants", "ADHD drugs", "atomoxetine"),
        ("xanthine oxidase inhibitors", "urate-lowering drugs", "lesinurad"),
        ("tyrosine kinase inhibitors", "kinase inhibitors", "dabrafenib"),
        ("8-aminoquinolines", "antimalarials", "quinine"),
    ],
)
def test_a_narrow_class_has_none_of_the_drugs_beside_it(narrow, wide, only_wide):
    assert set(class_of(KB, narrow)) < set(class_of(KB, wide))
    assert only_wide in set(class_of(KB, wide)) - set(class_of(KB, narrow))


def test_the_form_of_a_name_belongs_to_one_class_and_to_no_medicine():
    seen = {}
    table = KB.table("drug_classes")
    for its_class, names in table.select("class", "names").iter_rows():
        for form in {form for name in names.split(";") for form in class_forms(NAMES, name)}:
            assert seen.setdefault(form, its_class) == its_class, form
    named = {NAMES.plain(name) for names in table["names"] for name in names.split(";")}
    for name in {*NAMES.names, *NAMES.others} - named:
        assert class_of(KB, name) == [], name


@pytest.mark.parametrize("name", ["the", "drugs", "de la", "receptor", "inhibitors", "anti", "statinol"])
def test_words_around_a_class_are_none(name):
    assert class_of(KB, name) == []


@pytest.mark.parametrize(
    ("written", "drug"),
    [
        ("Frisium", "clobazam"), ("Dilatrend", "carvedilol"), ("Euglucon", "glyburide"), ("Metoject", "methotrexate"),
        ("Isoptin RR", "verapamil"), ("Zypadhera", "olanzapine"), ("L-Polamidon", "levomethadone"), ("Biklin", "amikacin"),
        ("Codéine", "codeine"), ("fenitoína", "phenytoin"), ("Azathioprin", "azathioprine"), ("tioguanine", "thioguanine"),
        ("Acetylsalicylsäure", "aspirin"), ("acide acétylsalicylique", "aspirin"), ("Omeprazol", "omeprazole"),
        ("amitriptilina", "amitriptyline"), ("Suxamethonium", "succinylcholine"), ("paracetamol", "acetaminophen"),
        ("Ciclosporin", "cyclosporine"), ("rifampicine", "rifampin"), ("valproato", "valproic acid"),
        ("Glibenclamid", "glyburide"), ("warfarina", "warfarin"), ("simvastatine", "simvastatin"),
        ("metoclopramida", "metoclopramide"), ("Johanniskraut", "st. john's wort"), ("aciclovir", "acyclovir"),
    ],
)  # fmt: skip
def test_names_in_other_languages(written, drug):
    assert drugs_of(KB, [written]) == [drug]
    assert NAMES.find(written).drugs == (drug,)


def test_a_class_is_not_shown_as_one_drug():
    with pytest.raises(UsageError, match="is a class: azathioprine, mercaptopurine, thioguanine; ask for one"):
        shown(KB, "thiopurines")


def test_a_combination_asks_for_its_parts_too():
    assert {"fluoxetine", "olanzapine"} <= set(drugs_of(KB, ["Symbyax"]))
    assert drugs_of(KB, ["statins", "Zocor"]).count("simvastatin") == 1
    assert drugs_of(KB, ["Amlodipin/Paroxetin"]) == ["amlodipine", "paroxetine"]
    with pytest.raises(UsageError, match="no drug"):
        drugs_of(KB, ["Quux/paroxetine"])


@pytest.mark.parametrize(
    "name",
    ["fexofenadine", "prednisolone", "hydralizine-x", "vincristine", "cetirizine", "prednisolon",
     "zolpidem", "lorazepam", "doxazosin", "cefuroxime", "Urbason", "Zlavix"],
)  # fmt: skip
def test_a_medicine_that_is_not_here_gets_no_other_drug_of_a_similar_name(name):
    assert NAMES.suggest(name) == []
    with pytest.raises(UsageError) as caught:
        drugs_of(KB, [name])
    assert "did you mean" not in str(caught.value)


def test_no_medicine_that_is_known_to_be_another_one_is_given_a_suggestion():
    for name in KB.table("other_drugs")["name"]:
        assert NAMES.suggest(name) == [], name


def test_a_slip_of_one_letter_is_answered_with_the_drug_itself():
    draw = random.Random(3)
    drugs = [drug for drug in KB.table("recommendations")["drug"].unique().sort() if drug.isalpha() and len(drug) > 7]
    answered = wrong = 0
    for drug in drugs:
        at = draw.randrange(2, len(drug) - 2)
        slip = draw.choice((
            drug[:at] + drug[at + 1 :],
            drug[:at] + drug[at + 1] + drug[at] + drug[at + 2 :],
            drug[:at] + draw.choice(string.ascii_lowercase) + drug[at:],
        ))  # fmt: skip
        if NAMES.find(slip).drugs:
            continue
        offered = {one.rpartition("(")[2].rstrip(")") for one in NAMES.suggest(slip)}
        answered += drug in offered
        wrong += bool(offered - {drug})
    assert answered > 0.9 * len(drugs)
    assert wrong <= 2


@pytest.mark.parametrize(
    ("written", "gene"),
    [("cyp2d6", "CYP2D6"), ("CYP 2D6", "CYP2D6"), ("HLAB", "HLA-B"), ("oatp1b1", "SLCO1B1"), ("IL28B", "IFNL3"), ("BCRP", "ABCG2")],
)  # fmt: skip
def test_genes_by_any_of_their_names(written, gene):
    assert gene_of(KB, written) == gene
    assert genes_of(KB, [written, gene]) == [gene]


def test_an_unknown_gene_is_one_line_and_another_number_is_no_slip():
    with pytest.raises(UsageError, match="did you mean SLCO1B1"):
        gene_of(KB, "SLC01B1")
    with pytest.raises(UsageError, match="see `pgx kb genes`"):
        gene_of(KB, "CYP2D7")


@pytest.mark.parametrize(
    ("written", "drugs"),
    [
        ("paracetamol codeine", ("acetaminophen / codeine",)),
        ("rifampicina isoniazida", ("isoniazid / rifampin",)),
        ("Metoprolol Ramipril", ("metoprolol", "ramipril")),
        ("paracetamol banana", ()),
    ],
)
def test_names_with_a_blank_between_them_are_the_drugs_of_each(written, drugs):
    assert NAMES.find(written).drugs == drugs
