"""What a source names instead for one use alone, and other drugs for other uses, stands with its use."""

from __future__ import annotations

import pytest

from pgx.guidance.alternative_uses import Naming, narrow
from pgx.judgement.read_back import arguments_of
from tests.guidance.test_interactions import everything, line, result
from tests.phenotypes.builders import pattern

POOR = {"CYP2C19": pattern("*2/*2")}


def named(*others, observations=(), genes=POOR):
    return line(result(genes, ["clopidogrel", *others], observations=observations), "clopidogrel")


def test_a_drug_for_one_indication_says_so_where_the_record_does_not_say_the_indication():
    told = named().instead_said
    assert "ticlopidine (in neurovascular indications)" in told
    assert "acetylsalicylic acid/dipyridamole (in percutaneous coronary intervention, stroke" in told
    assert "ticagrelor," in told, "it is named for every indication"


@pytest.mark.parametrize(
    ("concept", "bare"), [("stroke", True), ("coronary_intervention", False), ("acute_coronary_syndrome", False)]
)
def test_it_stands_alone_where_the_record_says_that_this_is_the_indication(concept, bare):
    found = named(observations=[{"concept": concept, "code": "yes"}])
    uses = dict(arguments_of(found.judgement, "alternative_use", 2))
    assert ("ticlopidine" in found.alternatives and "ticlopidine" not in uses) == bare
    assert uses.get("ticlopidine") in (None, "in neurovascular indications")


def test_every_page_that_names_it_names_the_use():
    for form, page in everything(result(POOR, ["clopidogrel"]), "clopidogrel").items():
        assert "ticlopidine" not in page or "neurovascular" in page, form


def test_a_label_that_knows_no_use_is_lent_no_drug_for_one_use_alone():
    found = named("rifampin", genes={"CYP2C19": pattern("*1/*1")})
    assert found.urgency == "avoid" and "prasugrel" in found.alternatives
    assert not {"ticlopidine", "acetylsalicylic acid/dipyridamole"}.intersection(found.alternatives)


def test_one_source_that_names_a_drug_for_all_uses_is_enough():
    stent, stroke = Naming("A", "stent", False, ("x", "y")), Naming("A", "stroke", False, ("x", "z"))
    assert narrow([stent, stroke]) == {"y": ("stent",), "z": ("stroke",)}
    assert narrow([stent, stroke, Naming("B", "general", True, ("y",))]) == {"z": ("stroke",)}
    assert narrow([stent, stroke._replace(holds=True)]) == {"y": ("stent",)}
    assert narrow([stent]) == {}, "a source that names drugs for one use alone says so in its condition"
