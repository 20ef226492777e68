"""Codes are worded with the knowledge that is given, and with what a stored result brings along; nothing is global."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgx import knowledge
from pgx.codes import Flag, FlagCode
from pgx.errors import InputError
from pgx.knowledge.local_terms import KEY, local_terms
from pgx.reports import Lexicon
from tests.knowledge.overlay import write_overlay
from tests.reports.rendered import LEXICON

TABLES = {
    "drugs": """
drug rxnorm synonyms source
newdrugine 9900077 Newdrug ward_7
""",
    "follow_up": """
code before days note source
WARD7_LEVEL y 5;10 weekly_later ward_7
""",
    "dosed_by": """
drug code source confidence
newdrugine WARD7_LEVEL ward_7 recall
""",
}
WORDS = """
[population]
ward7_patients = "for patients of ward seven"
[monitoring.WARD7_LEVEL]
verb = "measure"
what = "the ward's own level"
[monitoring.WARD7_MOOD]
verb = "watch"
what = "the ward's mood"
"""


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Lexicon:
    """The words of a site that has an overlay."""
    folder = write_overlay(tmp_path_factory.mktemp("site") / "ward7", TABLES)
    (folder / "templates.en.toml").write_text(WORDS, encoding="utf-8")
    return Lexicon(knowledge.load([folder], check=False))


@pytest.fixture(scope="module", params=["overlay", "stored"])
def informed(request: pytest.FixtureRequest, ward: Lexicon) -> Lexicon:
    """The site's words twice: on its own machine, and from a result that was stored there and is read elsewhere."""
    return ward if request.param == "overlay" else LEXICON.of_result({KEY: local_terms(ward.kb)})


def test_a_sites_words_are_the_same_there_and_in_a_stored_result(informed: Lexicon) -> None:
    assert informed.rxnorm("newdrugine") == "9900077"
    assert informed.schedule("WARD7_LEVEL") == (True, (5, 10), "weekly_later")
    assert informed.by_label("newdrugine") == "dose by the label and the ward's own level"
    assert informed.population("ward7_patients") == "for patients of ward seven"
    assert [informed.is_measured(code) for code in ("WARD7_LEVEL", "WARD7_MOOD")] == [True, False]


def test_one_lexicon_knows_nothing_of_another(ward: Lexicon) -> None:
    assert ward.drug_names["newdrug"] == "newdrugine"
    assert "newdrug" not in LEXICON.drug_names
    assert LEXICON.rxnorm("newdrugine") is None
    assert LEXICON.population("ward7_patients") == "ward7 patients"


def test_words_that_a_result_brings_along_come_first_and_stay_with_it(ward: Lexicon) -> None:
    told = ward.of_result({KEY: {"rxnorm": {"newdrugine": "1"}, "overlays": {"drug newdrugine": "ward9"}}})
    assert told.rxnorm("newdrugine") == "1"
    assert told.overlays == {"drug newdrugine": "ward9"}
    assert ward.overlays == {}, "an overlay that a result does not rest on is not named on its pages"


@pytest.mark.parametrize("terms", [None, "text", ["list"], {"rxnorm": "text", "overlays": 3, "endpoints": [1]}])
def test_terms_that_are_no_terms_are_passed_over(terms: object) -> None:
    told = LEXICON.of_result({KEY: terms})
    assert told.rxnorm("codeine") == LEXICON.rxnorm("codeine") == "2670"
    assert told.overlays == {}


def test_the_products_own_codes_have_words_and_identifiers() -> None:
    assert LEXICON.hgnc("CYP2C19") == "HGNC:2621"
    assert LEXICON.drug_names["plavix"] == "clopidogrel"
    assert "clopidogrel" in LEXICON.guided_drugs
    assert LEXICON.feature("clinical.bsa") == "body surface area"
    assert LEXICON.flag("odd_thing:CYP2D6_x") == "odd thing: CYP2D6 x"


def test_a_name_of_an_endpoint_leads_nowhere_else() -> None:
    names = [path.stem for path in (LEXICON.kb.folders[0] / "endpoints").glob("*.toml")]
    assert any(LEXICON.endpoint(name) for name in names)
    for name in ("unheard_of", "../endpoints/" + names[0], "", "a\nb"):
        assert LEXICON.endpoint(name) == {}


def test_words_in_another_language_are_refused_and_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "drugs.tsv").write_text("drug\tsource\nexamplinum\tsite\n", encoding="utf-8")
    (tmp_path / "templates.nl.toml").write_text('[action.avoid]\nplain = "vermijd {drug}"\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"templates\.nl\.toml.*call it templates\.en\.toml"):
        knowledge.load([tmp_path])


@pytest.mark.parametrize("code", FlagCode)
def test_what_a_flag_leaves_out_leaves_no_colon_behind(code: FlagCode) -> None:
    for flag in (Flag(code, "avoid", "", "severe_heart_failure"), Flag(code, "", "", "avoid")):
        said = LEXICON.flag(str(flag))
        assert ": :" not in said and not said.rstrip().endswith(":"), said
