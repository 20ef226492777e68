"""Ten medicines: what several of them share is said once, and card and leaflet stay one page each."""

from __future__ import annotations

import pytest

import pgx
from pgx.reports.formats.leaflet_notes import notes_of
from tests.judgement.test_patients import plain, variants
from tests.reports import rendered

LISTS = {
    "old": "warfarin clopidogrel simvastatin metoprolol omeprazole tramadol citalopram allopurinol phenytoin "
    "amitriptyline",
    "poor": "warfarin clopidogrel simvastatin metoprolol omeprazole codeine citalopram allopurinol carbamazepine "
    "amitriptyline",
    "cancer": "capecitabine irinotecan mercaptopurine tamoxifen paroxetine ondansetron codeine voriconazole "
    "carbamazepine simvastatin",
    "infection": "abacavir efavirenz atazanavir dolutegravir isoniazid rifampin methadone clopidogrel atorvastatin "
    "voriconazole",
}
GENES = {
    "poor": "CYP2D6 *4/*4|CYP2C19 *2/*2|CYP2C9 *3/*3|SLCO1B1 *5/*5|HLA-B *58:01/*15:02|HLA-A *31:01/*02:01|CYP3A5 *3/*3",
    "cancer": "CYP2D6 *4/*4",
    "infection": "HLA-B *57:01/*15:02|UGT1A1 *28/*28|CYP2B6 *6/*6",
}


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    folder = tmp_path_factory.mktemp("many")
    history = ["sample,age,sex,weight,egfr,medications"]
    history += [f"{who},80,female,55,35,{drugs.replace(' ', ';')}" for who, drugs in LISTS.items()]
    (folder / "ward.csv").write_text("\n".join(history), encoding="utf-8")
    called = [(who, *one.split(" ", 1)) for who, genes in GENES.items() for one in genes.split("|")]
    lines = ["sample\tgene\tdiplotype", *("\t".join(one) for one in called)]
    (folder / "genes.tsv").write_text("\n".join(lines), encoding="utf-8")
    people = variants(folder, list(LISTS))
    return pgx.report(people, clinical=[folder / "ward.csv"], outside_calls=[folder / "genes.tsv"])


@pytest.mark.parametrize("sample", LISTS)
def test_a_reason_why_scores_are_not_usable_stands_once_on_a_card(result, sample):
    card = plain(rendered.render_card(result, sample))
    said = card.partition("Score not usable: ")[2].partition("Research result")[0]
    reasons = [one.rpartition("(")[2].rstrip(") ") for one in said.split("; ") if "(" in one]
    assert reasons and len(reasons) == len(set(reasons))
    told = {drug for reason, drugs in rendered.view(result, sample).without_number for drug in drugs}
    assert told and all(drug in said for drug in told)


@pytest.mark.parametrize("sample", LISTS)
def test_what_a_leaflet_says_of_several_medicines_stands_once_with_their_names(result, sample):
    leaflet = plain(rendered.render_leaflet(result, sample))
    for sentence in ("before the next dose", "plays a part in", "do not fully agree", "not certain, as"):
        assert leaflet.count(sentence) <= 3, sentence  # one of each of the three urgencies at most
    here = rendered.view(result, sample)
    urgent = [drug for drug in here.of_urgency("avoid") if "today" in notes_of(drug)]
    names = ", ".join(drug.name for drug in urgent)
    assert len(urgent) < 2 or f"which can be dangerous: {names}." in leaflet


@pytest.mark.parametrize("sample", LISTS)
@pytest.mark.parametrize("render", [rendered.render_card, rendered.render_leaflet])
@pytest.mark.pdf
def test_card_and_leaflet_of_ten_medicines_are_one_page_each(result, sample, render):
    weasyprint = pytest.importorskip("weasyprint")
    assert len(weasyprint.HTML(string=render(result, sample)).render().pages) == 1


def test_what_acts_on_several_enzymes_is_named_once_a_medicine(result):
    card = plain(rendered.render_card(result, "old"))
    assert "phenytoin lowers it, CYP3A4 and CYP2C19" in card and "CYP3A4, phenytoin lowers it" not in card
