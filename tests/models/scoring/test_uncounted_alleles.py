"""A score that passes over an allele for which guidance rules the drug out gives no number."""

from __future__ import annotations

import polars as pl
import pytest

from pgx import knowledge, models
from pgx.models.evidence import endpoints, uncounted
from pgx.reports.page import wording
from pgx.reports.page.score import not_usable_because

KB = knowledge.load()


def scored(hla_b: str):
    genes = {"gene.hla-b.phenotype": [hla_b], "gene.hla-a.phenotype": ["*31:01 negative"]}
    features = pl.DataFrame({"sample": ["s"], **genes})
    scores, _ = models.score(features, KB, endpoints=["carbamazepine.sjs_ten"])
    return scores.row(0, named=True)


def test_an_allele_that_the_advice_answers_with_avoid_and_no_term_knows_leaves_no_number():
    found = scored("*15:02 negative;*15:11 positive")
    assert (found["usable"], found["estimate"], found["category"]) == (False, None, "refused")
    assert "refused:allele_not_counted:HLA-B*15:11" in found["flags"]
    assert not_usable_because(found["flags"]) == "does not count HLA-B*15:11"


@pytest.mark.parametrize(
    ("hla_b", "category"),
    [("*15:02 negative;*15:11 negative", "low"), ("*15:02 negative", "low"), ("*15:02 positive", "high")],
)
def test_without_that_allele_the_number_stays(hla_b, category):
    found = scored(hla_b)
    assert (found["usable"], found["category"]) == (True, category)


def test_no_other_endpoint_of_the_product_passes_over_such_an_allele():
    codes = {name: [one.code for one in uncounted.of(each, KB)] for name, each in endpoints.load(KB).items()}
    assert {name: found for name, found in codes.items() if found} == {
        "carbamazepine.sjs_ten": ["allele_not_counted:HLA-B*15:11"]
    }


def test_the_name_of_an_allele_is_not_torn():
    assert wording.humanise("allele_not_counted:HLA-B*15:11") == "allele not counted: HLA-B*15:11"
    assert wording.humanise("comed:CYP3A_inhibitor") == "comed: CYP3A inhibitor"
