"""Plots: they carry all their numbers for a screen reader, and nothing is drawn outside the picture."""

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgx.reports.formats import svg
from tests.reports import example
from tests.reports.rendered import view

VIEW = view(example.build(), example.SAMPLE)
DOSE = next(score for score in VIEW.scores if score.kind == "dose")
RISK = next(score for score in VIEW.scores if score.kind == "adverse_effect")


def gene(name):
    return next(gene for gene in VIEW.genes if gene.name == name)


def inside(picture):
    root = ET.fromstring(str(picture))
    _, _, width, height = map(float, root.get("viewBox").split())
    for node in root.iter():
        x, y = (float(node.get(key, 0)) for key in ("x", "y"))
        assert -0.5 <= x <= width + 0.5, node.attrib
        assert -0.5 <= y <= height + 0.5, node.attrib
        if node.tag == "rect" and node.get("x"):
            assert x + float(node.get("width")) <= width + 0.5
    return root


def test_a_scale_says_classes_and_the_move_by_drugs():
    said = inside(svg.scale(gene("CYP2C9"), uid="u")).find("desc").text
    assert said == "Intermediate 100 %. With current drugs or conditions: Poor 100 %"


def test_an_uncertain_scale_shows_both_classes():
    root = inside(svg.scale(gene("TPMT"), uid="u"))
    assert root.find("desc").text == "Poor 38 %; Intermediate 62 %"
    assert len([n for n in root.iter("rect") if n.get("class") == "ink"]) == 2


@pytest.mark.parametrize("name", ["VKORC1", "HLA-B"])
def test_genes_without_a_scale_have_no_plot(name):
    assert svg.scale(gene(name), uid="u") == ""


def test_an_interval_says_estimate_interval_and_average():
    said = inside(svg.interval(DOSE, uid="u")).find("desc").text
    assert said == "estimate 16.4 mg/week, interval 11.2 to 23.9 mg/week (90 % interval), average person 31 mg/week"


def test_contributions_are_signed_in_shape_and_in_text():
    root = inside(svg.contributions(DOSE, uid="u"))
    assert "VKORC1 diplotype −8.1" in root.find("desc").text
    bars = [n for n in root.iter("rect") if n.get("height") == "13"]
    assert [n.get("class", "hatch") for n in bars] == [
        "hatch",
        "hatch",
        "hatch",
        "higher",
        "hatch",
    ]


def test_a_refused_score_has_no_plot():
    refused = next(score for score in VIEW.scores if score.estimate is None)
    assert svg.interval(refused, uid="u") == ""
    assert svg.contributions(refused, uid="u") == ""


def test_many_factors_are_summed_so_that_nothing_is_lost():
    many = replace(RISK, factors=tuple((f"f{i}", 1.0 - i / 100) for i in range(30)))
    assert "22 others" in svg.contributions(many, uid="u")


@given(*[st.floats(0, 1)] * 4)
def test_any_probability_fits(estimate, low, high, reference):
    low, estimate, high = sorted((low, estimate, high))
    inside(svg.interval(replace(RISK, estimate=estimate, low=low, high=high, reference=reference), uid="u"))


@given(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6))
def test_any_dose_fits(estimate, reference):
    inside(
        svg.interval(
            replace(DOSE, estimate=estimate, low=estimate / 2, high=estimate * 2, reference=reference), uid="u"
        )
    )


@given(st.lists(st.tuples(st.text(max_size=40), st.floats(-1e6, 1e6)), min_size=1, max_size=12))
def test_any_factors_fit(factors):
    from pgx.reports.page.wording import clean

    picture = svg.contributions(replace(DOSE, factors=tuple((clean(name), value) for name, value in factors)), uid="u")
    assert not re.search(r"nan|inf\b", re.sub(r"<(text|desc|title).*?</\1>", "", str(picture)))
    inside(picture)
