"""A site's row that fits the schema but not the rest of the knowledge is refused with its file and line."""

from pathlib import Path

import pytest

from pgx.errors import InputError
from pgx.knowledge import load
from pgx.knowledge.overlay_rows import misfits
from pgx.knowledge.validation.validate import validate
from tests.knowledge.overlay import NEW_GENE, write_overlay

SLIPS = [
    ("functions", "Decreased_function", "Decreased_functoin", "line 4", "in no phenotype rule"),
    ("functions", "ZZG1 *3", "ZZG1 *9", "line 4", "allele *9"),
    ("functions", "ZZG1 *3", "ZZG9 *3", "line 4", "'ZZG9' is not in table genes"),
    ("functions", "ZZG1 *3", "ZZG1 *2", "line 4", "as in line 3"),
    ("definitions", "*2 1000100", "*2 1000101", "line 2", "1000101"),
    ("definitions", "1000100 G", "1000100 C", "line 2", "accepts 'C'"),
    ("variants", "1000100 A G snv", "1000100 a g snv", "line 2", "the id is not"),
    ("variants", "ZZG1 chr1 1000200", "ZZG1 chr2 1000200", "line 3", "lies on chr2"),
    ("genes", "*1 *1 ward_7", "*7 *1 ward_7", "line 2", "'*7' is no allele"),
    ("alleles", "*1 y", "*1 n", "line 2", "marked as the reference"),
    ("recommendation_conditions", "Poor_Metabolizer", "Poor_Metaboliser", "line 2", "can be 'Poor Metaboliser'"),
    ("recommendation_conditions", "exposure_up_marked", "exposure_upp", "line 2", "exposure_upp"),
    ("recommendation_conditions", "WARD7-1", "WARD7-2", "line 2", "would never apply"),
    ("recommendations", "general", "generall", "line 2", "population code 'generall'"),
    ("recommendations", "newdrugine", "newdrugin", "line 2", "'newdrugin' is not in table drugs"),
    ("interactions", "CYP2D6", "CYP2D66", "line 2", "'CYP2D66' is no gene"),
]


@pytest.mark.parametrize(("table", "right", "wrong", "line", "says"), SLIPS)
def test_a_slip_ends_the_run_with_file_and_line(
    tmp_path: Path, table: str, right: str, wrong: str, line: str, says: str
) -> None:
    assert right in NEW_GENE[table]
    folder = write_overlay(tmp_path / "ward7", {**NEW_GENE, table: NEW_GENE[table].replace(right, wrong, 1)})
    with pytest.raises(InputError) as error:
        load([folder])
    assert line in str(error.value)
    assert says in str(error.value)
    assert ".tsv" in str(error.value)


def test_an_overlay_that_fits_has_no_misfits(tmp_path: Path) -> None:
    assert list(misfits(load([write_overlay(tmp_path / "ward7", NEW_GENE)], check=False))) == []


def test_the_validator_lists_all_slips(tmp_path: Path) -> None:
    text = NEW_GENE["functions"].replace("Decreased_function", "Decreased_functoin").replace("No_", "Know_")
    kb = load([write_overlay(tmp_path / "ward7", {**NEW_GENE, "functions": text})], check=False)
    found = [one.where for one in validate(kb) if one.check == "local"]
    assert [where.rsplit(" ", 1)[1] for where in found] == ["3", "4"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("action = 3\n", "must be a section"),
        ("[action\n", "not a TOML file"),
        ('[action.avoid]\nplain = "Avoid {drugg}."\nalternatives = "Avoid."\n', "a slot that nothing fills: 'drugg'"),
    ],
)
def test_broken_words_of_an_overlay_are_refused(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "templates.en.toml").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=says):
        load([tmp_path])


def test_an_overlay_given_as_a_dot_has_its_folders_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write_overlay(tmp_path / "ward7", NEW_GENE))
    assert load(["."]).folders[1].name == "ward7"


def test_a_local_interaction_must_rest_on_an_enzyme_that_the_knowledge_has(tmp_path: Path) -> None:
    carried = "drug enzyme role strength source confidence\ntacrolimus CYP9Z9 clears major ward read"
    with pytest.raises(InputError, match=r"substrates.tsv: line 2: no drug of table interactions acts on 'CYP9Z9'"):
        load([write_overlay(tmp_path / "ward7", {"substrates": carried})])
    limit = "limit_id drug agent enzyme role action label section source confidence\n"
    limit += "W-1 codeine paroxetine SLCO1B1 inhibitor avoid Ward codeine ward_7 read"
    with pytest.raises(InputError, match=r"label_interactions.tsv: line 2: no inhibitor of SLCO1B1 acts on codeine"):
        load([write_overlay(tmp_path / "ward8", {"label_interactions": limit})])


def test_a_local_limit_of_a_label_must_name_a_known_population(tmp_path: Path) -> None:
    limit = "limit_id drug population action label source confidence\nW-1 codeine nobody_knows avoid Ward ward_7 read"
    with pytest.raises(InputError, match=r"label_limits.tsv: line 2: population 'nobody_knows' is not in table"):
        load([write_overlay(tmp_path / "ward7", {"label_limits": limit})])
