"""The variant that decides is on every page, whatever room there is."""

from dataclasses import replace

import pytest

from pgx import schema
from tests.listed import from_text
from tests.reports import example
from tests.reports.rendered import LEXICON, render_card, render_html, render_text

HARMLESS, DECIDING = ("c.85T>C (*9A)", "c.496A>G", "c.1627A>G (*5)"), "c.2846A>T"
STRAND = f"[{' + '.join((*HARMLESS, DECIDING))}]"


@pytest.fixture(scope="module")
def result():
    """A person whose reduced DPYD stands behind three variants that change nothing."""
    row = {
        "sample": example.SAMPLE, "gene": "DPYD", "diplotype": f"{STRAND}/{STRAND}", "probability": 0.9,
        "phenotype": "Intermediate Metabolizer", "status": "called", "alternatives": f"{STRAND}/Reference=0.1",
        "source": "genotypes",
    }  # fmt: skip
    return replace(example.build(), calls=from_text([row], schema.CALLS))


def test_the_shipped_knowledge_tells_the_harmless_from_what_decides():
    assert all(LEXICON.is_harmless("DPYD", allele) for allele in HARMLESS)
    assert not any(LEXICON.is_harmless("DPYD", allele) for allele in (DECIDING, "c.9999A>T", ""))


@pytest.mark.parametrize("width", [40, 60, 71, 72, 80, 100, 118])
def test_at_no_width_is_the_deciding_variant_cut_from_the_text(result, width):
    genes = render_text(result, example.SAMPLE, width=width).split(" Genes ")[1]
    assert genes.count(DECIDING) == 3


def test_the_card_and_the_page_have_it(result):
    for page in (render_card, render_html):
        assert page(result, example.SAMPLE).count("c.2846A&gt;T") >= 2


def test_genes_that_decide_come_first_on_the_card_and_the_rest_is_counted(result):
    genes = [f"AAA{number}" for number in range(30)]
    rows = [*result.calls.to_dicts(), *({**result.calls.to_dicts()[0], "gene": gene} for gene in genes)]
    advice = {
        "sample": example.SAMPLE, "drug": "capecitabine", "source": "CPIC", "genes": "DPYD", "action": "reduce_dose",
        "applies": "yes", "urgency": "change_dose",
    }  # fmt: skip
    frames = {"calls": schema.from_rows(rows, schema.CALLS), "guidance": from_text([advice], schema.GUIDANCE)}
    card = render_card(replace(result, **frames), example.SAMPLE)
    assert card.index("<dt>DPYD") < card.index("<dt>AAA0")
    assert "and 7 more genes: see the report" in card
