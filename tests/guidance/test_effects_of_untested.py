"""Of a gene that was not tested no effect is told, in no output."""

from __future__ import annotations

import re

import pytest

from pgx.guidance.static_columns import static_columns
from tests.guidance.test_interactions import KB, everything, result
from tests.phenotypes.builders import pattern


@pytest.mark.parametrize(("tpmt", "risk"), [("*1/*1", False), ("*1/*3A", True), ("*3A/*3A", True)])
@pytest.mark.parametrize("drug", ["mercaptopurine", "azathioprine", "thioguanine"])
def test_the_effect_is_told_of_the_tested_gene_alone(drug, tpmt, risk):
    found = result({"TPMT": pattern(tpmt)}, [drug], [drug])
    row = found.guidance.filter(source="CPIC", applies="yes").row(0, named=True)
    assert [one["gene"] for one in row["implication"]] == ["TPMT"]
    assert ("toxicity_risk_up" in row["implication"][0]["value"]) == risk
    for name, text in everything(found, drug).items():
        assert not re.search(r"NUDT15[^.;\n\"|]{0,40}:\s*(no relevant effect|higher|lower)", text), name


def test_no_row_has_an_effect_of_a_gene_without_a_result():
    rows = KB.table("recommendation_conditions").filter(match_on="no_result")
    untested = set(
        rows.join(KB.table("recommendations").with_row_index("index"), on="rec_id").select("index", "gene").iter_rows()
    )
    told = static_columns(KB).select("index", "implication").explode("implication").unnest("implication")
    assert len(untested) > 100
    assert not untested & set(told.select("index", "gene").iter_rows())
