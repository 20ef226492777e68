"""Invented patients, and what the guidelines want their first page to say.

``tests/data/patients`` has their records, their genes as a laboratory would send them, and the table
``first_page.tsv``, which was written from the guidelines before the program was asked.
"""

from __future__ import annotations

import html
import re
from pathlib import Path

import polars as pl
import pytest

import pgx
from pgx.codes import Flag, FlagCode
from pgx.judgement import Judgement, of_row
from pgx.reports.page.details import under
from pgx.types import Result
from tests.reports import rendered

FOLDER = Path("tests/data/patients")
EXPECTED = list(
    pl.read_csv(FOLDER / "first_page.tsv", separator="\t", infer_schema=False, quote_char=None)
    .fill_null("")
    .iter_rows(named=True)
)
PEOPLE = sorted({row["sample"] for row in EXPECTED})
HEADER = (
    "##fileformat=VCFv4.2\n##contig=<ID=chr10,length=133797422,assembly=GRCh38>\n"
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t"
)


def variants(folder: Path, people: list[str]) -> Path:
    """Write a file of genotypes that knows nothing of anybody: all results come from the laboratory."""
    path = folder / "people.vcf"
    calls = "\t./." * len(people)
    path.write_text(f"{HEADER}{chr(9).join(people)}\nchr10\t94781859\t.\tG\tA\t.\tPASS\t.\tGT{calls}\n")
    return path


@pytest.fixture(scope="module")
def result(tmp_path_factory) -> Result:
    vcf = variants(tmp_path_factory.mktemp("patients"), PEOPLE)
    return pgx.report(vcf, clinical=[FOLDER / "records.json"], outside_calls=[FOLDER / "genes.tsv"])


def judged(result: Result, sample: str, drug: str) -> Judgement:
    return of_row(
        result.judgements.row(by_predicate=(pl.col("sample") == sample) & (pl.col("drug") == drug), named=True)
    )


def first_page(result: Result, sample: str) -> str:
    text = rendered.render_text(result, sample, width=118)
    return re.split(r"(?m)^ (?:Model scores|Genes) ", text)[0]


def lines_of(page: str, drug: str) -> str:
    """Return what a first page says of a drug, on one line."""
    found = re.search(rf"(?m)^  {re.escape(drug)}\b.*\n(?: {{6,}}.*\n)*", page)
    return " ".join((found[0] if found else page).split())


@pytest.mark.parametrize("row", EXPECTED, ids=lambda row: f"{row['sample']} {row['drug']}")
def test_the_first_page_says_what_the_guidelines_want(result, row):
    said = lines_of(first_page(result, row["sample"]), row["drug"])
    if row["urgency"]:
        found = judged(result, row["sample"], row["drug"])
        assert (found.urgency, found.action or "") == (row["urgency"], row["action"]), row["basis"]
        assert (found.dose_change or "") == row["dose_change"], row["basis"]
        assert set(filter(None, row["instead"].split(";"))) <= set(found.alternatives), row["basis"]
        assert not set(filter(None, row["not_instead"].split(";"))) & set(found.alternatives), row["basis"]
    for phrase in filter(None, row["says"].split("|")):
        assert phrase in said, row["basis"]
    for phrase in filter(None, row["not_says"].split("|")):
        assert phrase not in said, row["basis"]


def test_no_flag_holds_what_stands_between_flags_in_a_table(result):
    assert not [flag for flag in result.judgements["flags"].explode().drop_nulls() if ";" in flag]


def test_there_are_enough_patients_and_each_is_asked_about():
    records = (FOLDER / "records.json").read_text(encoding="utf-8")
    assert set(re.findall(r'"sample": "(\w+)"', records)) == set(PEOPLE)
    assert len(PEOPLE) >= 36


@pytest.mark.parametrize("sample", PEOPLE)
def test_no_remark_stands_twice_on_a_first_page(result, sample):
    page = " ".join(first_page(result, sample).split())
    shown = rendered.view(result, sample)
    for remark in {text for drug in shown.drugs for text in (*drug.interactions, *drug.cautions)}:
        assert page.count(" ".join(remark.split())) == 1, remark


JARGON = re.compile(
    r"CYP\w+ (?:inhibitor|inducer)|\b(?:inhibit|induc|phenotype|genotype|diplotype|exposure|metaboli)\w*"
)


@pytest.mark.parametrize("sample", PEOPLE)
def test_the_leaflet_speaks_to_the_person(result, sample):
    page = re.sub(r"<style>.*?</style>|<[^>]+>", " ", rendered.render_leaflet(result, sample), flags=re.DOTALL)
    assert not JARGON.search(page), JARGON.search(page)


def plain(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL)).split())


@pytest.mark.parametrize("sample", PEOPLE)
def test_card_and_leaflet_name_every_condition_that_the_first_page_names(result, sample):
    card, leaflet = (plain(render(result, sample)) for render in (rendered.render_card, rendered.render_leaflet))
    for drug in rendered.view(result, sample).drugs:
        told = drug.under if drug.urgency not in ("standard", "no_data") else ""
        everyday = under(drug.judgement, rendered.LEXICON, plain=True) if told else ""
        for page, phrases in ((card, told), (leaflet, everyday)):
            for phrase in phrases.split("; "):
                assert phrase.partition(": ")[0] in page, (drug.name, phrase)


@pytest.mark.parametrize(
    ("sample", "render", "said", "not_said"),
    [
        ("P07", rendered.render_card, "more than 3 months without skin reactions", ""),
        ("P07", rendered.render_leaflet, "more than 3 months without skin reactions", ""),
        ("P15", rendered.render_card, "halve the dose, at most 5 mg/day", ""),
        ("P25", rendered.render_leaflet, "ask whether paroxetine can be changed", "by your genes, another medicine"),
        ("P65", rendered.render_card, "if the dose was set without fluvoxamine: reduce the dose, to one third", ""),
        ("P65", rendered.render_leaflet, "ask whether your dose was set while you took fluvoxamine already", ""),
        ("P65", rendered.render_card, "when fluvoxamine stops, its level falls", ""),
        ("P65", rendered.render_leaflet, "without fluvoxamine there would be less of it in your body", ""),
        ("P65", rendered.render_text, "fluvoxamine stops (the level then falls)", ""),
        ("P68", rendered.render_card, "if the dose was set without ethinyl estradiol: increase the dose", ""),
        ("P68", rendered.render_leaflet, "ask whether your dose was set while you took ethinyl estradiol already", ""),
        ("P69", rendered.render_card, "if the dose was set without fluvoxamine: reduce the dose", ""),
        ("P70", rendered.render_card, "fluvoxamine raises it, CYP1A2: reduce the dose", "set without"),
        ("P70", rendered.render_leaflet, "a lower dose is advised with fluvoxamine", "ask whether your dose was set"),
        ("P71", rendered.render_card, "when fluvoxamine no longer acts, its level falls", "fluvoxamine stops"),
        ("P71", rendered.render_leaflet, "there will soon be less of it in your body", "ask before that is stopped"),
        ("P72", rendered.render_card, "reduce the dose, at most 20 mg a day", "set without"),
        ("P72", rendered.render_leaflet, "a lower dose is advised with amlodipine", "ask whether your dose was set"),
        ("P73", rendered.render_card, "if the dose was set without diltiazem or is above the limit: reduce", ""),
        ("P25", rendered.render_card, "change this one first, if that is possible*", ""),
        ("P25", rendered.render_card, "* which of the medicines gives way is common practice from memory", ""),
        ("P01", rendered.render_card, "", "from memory"),
        ("P66", rendered.render_card, "tamoxifen (by the genes; besides ribociclib (planned) raises it", ""),
        ("P67", rendered.render_leaflet, "it changes how much of azathioprine is in your body", "azathioprine changes"),
    ],
)
def test_card_and_leaflet_keep_the_limit_the_condition_and_who_decides(result, sample, render, said, not_said):
    page = plain(render(result, sample))
    assert said in page
    assert not not_said or not_said not in page


def test_the_card_counts_further_genes_and_cuts_no_name(result):
    listed = re.search(
        r"without a result: (?:.*; other genes: )?(.*?) and (\d+) more", plain(rendered.render_card(result, "P25"))
    )
    assert listed, "a list of further genes that ends in how many there are"
    assert len(listed[1].split(", ")) == 8
    assert "…" not in listed[1] and "..." not in listed[1]


def test_what_is_contraindicated_stands_before_what_is_to_be_avoided(result):
    drugs = [drug.name for drug in rendered.view(result, "P49").drugs]
    assert drugs.index("primaquine") < drugs.index("dapsone")


@pytest.mark.parametrize("sample", PEOPLE)
def test_no_gene_that_could_change_nothing_is_missed(result, sample):
    drugs = rendered.view(result, sample).drugs
    ruled_out = [drug for drug in drugs if drug.deciding and drug.deciding.action_code == "contraindicated"]
    for drug in ruled_out:
        assert drug.deciding.applies != "yes" or not (drug.untested or drug.cautions), drug.name


@pytest.mark.parametrize("sample", PEOPLE)
def test_an_allergy_is_told_once_on_a_first_page(result, sample):
    page = " ".join(first_page(result, sample).split())
    for reason in {flag.about for flag in allergies(result, sample)}:
        assert page.count(reason) == 1, reason


def allergies(result, sample):
    rows = result.guidance.filter(pl.col("sample") == sample)["flags"].explode()
    return [flag for flag in map(Flag.parse, rows.drop_nulls()) if flag.code == FlagCode.ALLERGY]
