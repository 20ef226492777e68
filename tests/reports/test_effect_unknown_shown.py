"""What a reader sees of a change that the call could not use: on the first page, in every format."""

import json
import re

import pytest

import pgx
from pgx.serve.cards import cards
from tests.reports.rendered import render_card, render_html, render_leaflet, render_text, to_fhir, to_json, view

FLAG = "undocumented_passed_over"
PLACES = {"DPYD": ("chr1", 97450058, "C", "G"), "RYR1": ("chr19", 38499993, "G", "T")}
HAPB3 = (("chr1", 97573863, "C", "T"), ("chr1", 97579893, "G", "C"))
SHOWS = "the file shows a change in"


def run(tmp_path, places, drugs, status="PASS"):
    head = ["##fileformat=VCFv4.2", '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">']
    head += [f"##contig=<ID={chrom},assembly=GRCh38>" for chrom in dict.fromkeys(place[0] for place in places)]
    head += ["\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", "S"])]
    body = [f"{chrom}\t{at}\t.\t{ref}\t{alt}\t.\t{status}\t.\tGT\t0/1" for chrom, at, ref, alt in sorted(places)]
    path = tmp_path / "x.vcf"
    path.write_text("\n".join([*head, *body]) + "\n")
    return pgx.report(path, drugs=drugs, options=pgx.Options(absent_is_reference=True))


@pytest.fixture
def dpyd(tmp_path):
    return run(tmp_path, [PLACES["DPYD"]], ["fluorouracil", "capecitabine"])


def first_page(text):
    return " ".join(text.split(" Genes  ")[0].split())


def plain(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page.split("</style>", 1)[1]).split())


def test_the_first_page_says_what_is_shown_and_not_that_all_is_as_usual(dpyd):
    text = render_text(dpyd, "S", color=False)
    said = first_page(text)
    assert "Fine as usual" not in said
    assert "use as usual" not in said
    assert "Shown but not known: DPYD, the file shows a change in it that the call could not use" in said
    assert "fluorouracil cannot be judged: the file shows a change in DPYD that the call could not use" in said
    assert "some results would mean: avoid or replace" in said


def test_the_phenotype_is_no_sure_normal_and_one_diplotype_is_not_several(dpyd):
    text = " ".join(render_text(dpyd, "S", color=False).split())
    assert "several diplotypes fit" not in text
    assert "Normal Metabolizer 100 %" not in text
    gene = next(gene for gene in view(dpyd, "S").genes if gene.name == "DPYD")
    assert gene.status == "ambiguous"
    assert gene.unclear == "only if the base without a definition changes nothing"
    assert "Normal Metabolizer only if the base without a definition changes nothing" in plain(render_html(dpyd, "S"))


def test_every_format_carries_it(dpyd):
    found = json.loads(to_json(dpyd))["samples"][0]
    assert {one["urgency"] for one in found["summary"]} == {"no_data"}
    assert all(FLAG in row["flags"] for row in found["guidance"] if row["action"] == "standard")
    assert "Shown but not known: DPYD" in plain(render_html(dpyd, "S"))
    assert "can be used as usual" not in (leaflet := plain(render_leaflet(dpyd, "S")).lower())
    assert "ask about the gene dpyd : the test shows a change in it, and what that means is not known" in leaflet
    assert "dpyd a change was found, and what it means is not known" in leaflet
    card = plain(render_card(dpyd, "S"))
    assert "DPYD: effect of a change not known (capecitabine, fluorouracil)" in card
    assert "Reference/Reference NM" not in card
    bundle = to_fhir(dpyd, "S")
    report = next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "DiagnosticReport")
    assert f"fluorouracil, cannot be judged: {SHOWS} DPYD" in report["conclusion"]
    assert "LA25391-6" not in json.dumps([e for e in bundle["entry"] if "implication" in str(e).lower()])


def test_the_card_of_an_order_says_it_and_qualifies_what_the_sources_say(dpyd):
    [card] = cards(view(dpyd, "S"), ["fluorouracil"])
    assert card["summary"].startswith(f"fluorouracil: cannot be judged: {SHOWS} DPYD")
    assert "**CPIC** (holds only if the change that the call could not use has no effect)" in card["detail"]


def test_an_answer_that_was_open_stays_and_says_so_too(tmp_path):
    [drug] = view(run(tmp_path, [PLACES["RYR1"]], ["sevoflurane"]), "S").drugs
    assert drug.urgency == "monitor"
    assert any(one.startswith(f"{SHOWS} RYR1") for one in drug.cautions)
    assert drug.unclear == (("RYR1", "avoid"),)


def test_a_reduced_dose_for_another_variant_stays(tmp_path):
    [before] = view(run(tmp_path, HAPB3, ["fluorouracil"]), "S").drugs
    [drug] = view(run(tmp_path, [*HAPB3, PLACES["DPYD"]], ["fluorouracil"]), "S").drugs
    assert (drug.urgency, drug.headline, drug.reason) == (before.urgency, before.headline, before.reason)
    assert drug.urgency == "change_dose"
    assert any(one.startswith(f"{SHOWS} DPYD") for one in drug.cautions)
    assert not any(SHOWS in one for one in before.cautions)


def test_a_variant_that_failed_a_filter_is_no_reason_to_go_on_as_usual(tmp_path):
    shown = view(run(tmp_path, [("chr1", 97450058, "C", "T")], ["fluorouracil"], status="LowQual"), "S")
    [drug] = shown.drugs
    assert drug.urgency == "no_data"
    assert f"{SHOWS} DPYD" in drug.headline
    [gene] = [one for one in shown.genes if one.name == "DPYD"]
    assert gene.unclear == "only if the filtered variant is not there"
