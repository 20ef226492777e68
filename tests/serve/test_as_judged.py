"""Cards say what was judged: of results by phenotype alone, with drugs that act on each other, of any patient."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

pytest.importorskip("fastapi")

import pgx
from pgx import schema
from pgx.serve import cards
from pgx.serve.store import Store
from tests.reports import example
from tests.reports.rendered import LEXICON, view_of, write
from tests.sizes import size

VCF = """##fileformat=VCFv4.2
##contig=<ID=chr6,length=170805979,assembly=GRCh38>
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tP1
chr6\t18130918\trs1142345\tT\tC\t.\tPASS\t.\tGT\t0/0
"""
METABOLIZERS = [f"{kind} Metabolizer" for kind in ("Poor", "Intermediate", "Normal")]
PHENOTYPES = {
    "CYP2D6": [*METABOLIZERS, "Ultrarapid Metabolizer"],
    "CYP2C19": [*METABOLIZERS, "Rapid Metabolizer", "Ultrarapid Metabolizer"],
    **dict.fromkeys(("CYP2C9", "TPMT", "CYP3A5", "CYP2B6", "DPYD"), METABOLIZERS),
    "SLCO1B1": ["Poor Function", "Decreased Function", "Normal Function"],
}
DRUGS = ["codeine", "tramadol", "clopidogrel", "omeprazole", "simvastatin", "tacrolimus", "azathioprine", "siponimod",
         "atomoxetine", "tamoxifen", "efavirenz", "capecitabine", "metoprolol", "citalopram", "warfarin"]  # fmt: skip
TAKEN = ["paroxetine", "duloxetine", "amiodarone", "voriconazole", "clarithromycin", "rifampicin", *DRUGS]


@pytest.fixture(scope="module", params=range(size(4, long=20)))
def stored(request, tmp_path_factory) -> Path:
    place, rnd = tmp_path_factory.mktemp("judged"), random.Random(request.param)
    (place / "p.vcf").write_text(VCF)
    told = [f"{gene}\t\t{rnd.choice(words)}" for gene, words in PHENOTYPES.items() if rnd.random() < 0.7]
    (place / "calls.tsv").write_text("\n".join(told) + "\n")
    record = {"sample": "P1", "age": rnd.choice([8, 30, 80]), "sex": rnd.choice(["male", "female"]),
              "medications": rnd.sample(TAKEN, 3), "planned_medications": rnd.sample(TAKEN, 2)}  # fmt: skip
    (place / "p.json").write_text(json.dumps(record))
    pgx.report(
        place / "p.vcf", clinical=place / "p.json", outside_calls=place / "calls.tsv", drugs=DRUGS, out=place / "out",
        formats="json",
    )  # fmt: skip
    return place / "out"


def test_a_card_says_what_the_report_of_the_patient_says(stored):
    document = json.loads((stored / "P1.report.json").read_text())
    page = {drug.name: drug for drug in view_of(document, "P1").drugs}
    judged = {row["drug"]: row for row in document["samples"][0]["judgements"]}
    store = Store(stored, LEXICON)
    for drug in DRUGS:
        shown = store.find("P1").advice([drug], LEXICON)
        (listed,) = shown.drugs
        assert listed.urgency == judged[drug]["urgency"] and listed.judgement.status == judged[drug]["status"]
        assert (listed.headline, listed.later, listed.cautions) == (
            page[drug].headline, page[drug].later, page[drug].cautions
        )  # fmt: skip
        found = cards.cards(shown, [drug])
        speaks = judged[drug]["urgency"] in cards.INDICATORS or page[drug].later
        assert len(found) == bool(speaks), drug
        for card in found:
            assert card["summary"].removesuffix("…") in f"{drug}: {page[drug].headline}"
            assert card["indicator"] == cards.INDICATORS.get(judged[drug]["urgency"], "info")


@pytest.mark.parametrize("code", ["sex_mismatch", "outside_contradicts", "record_unmatched"])
def test_what_puts_the_whole_result_in_doubt_is_a_card_of_its_own(tmp_path, code):
    result = example.build()
    row = {"stage": "calling", "severity": "warning", "code": code, "message": "not <sure>", "sample": example.SAMPLE}
    write(replace(result, notes=pl.concat([result.notes, schema.from_rows([row], schema.NOTES)])), tmp_path, ["json"])
    store = Store(tmp_path, LEXICON)
    for drug in (line.name for line in store.get(example.SAMPLE).drugs):
        first, *_ = cards.cards(store.find(example.SAMPLE).advice([drug], LEXICON), [drug])
        assert (
            first["indicator"] == "warning" and "in doubt" in first["summary"] and "not \\<sure\\>" in first["detail"]
        )
    assert cards.cards(store.find(example.SAMPLE).advice(["ibuprofenum"], LEXICON), ["ibuprofenum"]) == []
