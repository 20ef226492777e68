"""A site's own endpoints: a folder with nothing but ``endpoints/*.toml`` is an overlay like any other.

A drug, an outcome and a gene that the product has no endpoint for are simulated, trained, evaluated, shown, scored and
reported, marked as the site's own; a slip of the pen is one line that names the file.
"""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

import pgx.knowledge
from pgx import models
from pgx.errors import InputError
from pgx.knowledge import KnowledgeBase
from pgx.models.evidence import endpoint_checks, endpoints
from pgx.models.fitting.boost import Settings
from tests.models.test_commands import pgx as run

EXAMPLES = Path(__file__).resolve().parents[2] / "data" / "examples"
OWN = """
name = "newdrugine.rash"
drug = "codeine"
outcome = "rash"
kind = "adverse_effect"
horizon = "4 weeks"
unit = "probability"
[population]
about = "adults of ward 7"
requires = ["gene.cyp2d6.clinical_phenotype"]
[baseline]
value = 0.1
low = 0.05
high = 0.2
[[term]]
name = "CYP2D6 poor"
column = "gene.cyp2d6.clinical_phenotype"
levels = ["Poor Metabolizer"]
measure = "OR"
estimate = 4.0
low = 2.0
high = 8.0
mark = "recall"
"""


def _overlay(folder: Path, text: str = OWN) -> Path:
    (folder / "endpoints").mkdir(parents=True)
    (folder / "endpoints" / "newdrugine.rash.toml").write_text(text, encoding="utf-8")
    return folder


def test_an_overlay_of_endpoints_alone_is_loaded_and_scored(tmp_path: Path) -> None:
    kb = pgx.knowledge.load([_overlay(tmp_path / "ward7")])
    person = pl.DataFrame({"sample": ["a"], "gene.cyp2d6.phenotype": ["Poor Metabolizer"]})
    row = models.score(person, kb, endpoints=["newdrugine.rash"])[0].row(0, named=True)
    assert row["estimate"] == pytest.approx(4 / 13)
    assert "+ward7" in row["model"]


def test_the_checksum_covers_endpoints(tmp_path: Path, kb: KnowledgeBase) -> None:
    one = pgx.knowledge.load([_overlay(tmp_path / "one" / "ward7")])
    two = pgx.knowledge.load([_overlay(tmp_path / "two" / "ward7", OWN.replace("0.1", "0.11"))])
    assert len({kb.checksum, one.checksum, two.checksum}) == 3


def test_a_sites_endpoint_replaces_the_products(tmp_path: Path, kb: KnowledgeBase) -> None:
    own = OWN.replace("newdrugine.rash", "tamoxifen.recurrence")
    site = pgx.knowledge.load([_overlay(tmp_path / "ward7", own)])
    assert endpoints.get(site, "tamoxifen.recurrence").outcome == "rash"
    assert endpoints.get(kb, "tamoxifen.recurrence").outcome != "rash"


def test_a_folder_without_any_of_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ward7" / "endpoints").mkdir(parents=True)
    with pytest.raises(InputError, match="holds no tables"):
        pgx.knowledge.load([tmp_path / "ward7"])


@pytest.mark.parametrize("text", ["name = ", OWN.replace('kind = "adverse_effect"', 'kind = "harm"'), "[baseline]\n"])
def test_an_endpoint_that_is_not_one_names_its_file(text: str, tmp_path: Path) -> None:
    kb = pgx.knowledge.load([_overlay(tmp_path / "ward7", text)])
    with pytest.raises(InputError, match=r"newdrugine\.rash\.toml"):
        endpoints.load(kb)


NEW_DRUG = "drug\tsource\nnewdrugine\tward 7\n"
WITHOUT_PRIOR = """
name = "newdrugine.dose"
drug = "newdrugine"
outcome = "stable dose"
kind = "dose"
horizon = "steady state"
unit = "mg/day"
residual_sd = 1.0
[population]
about = "adults of ward 7"
requires = ["gene.cyp2b6.phenotype"]
[baseline]
value = 7.0
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("estimate = 4.0", "estimat = 4.0", "in [term]: the key 'estimat' is unknown"),
        ("estimate = 4.0", "", "term 'CYP2D6 poor' lacks 'estimate'"),
        ('mark = "recall"', "", "term 'CYP2D6 poor' lacks 'mark'"),
        ("value = 0.1", "value = 10", "a risk lies between 0 and 1"),
        ("low = 2.0\nhigh = 8.0\nmark", "low = 5.0\nhigh = 8.0\nmark", "outside its interval"),
        ("newdrugine.rash", "newdrugine rash", "not of the form drug.outcome"),
        ('"Poor Metabolizer"', '"Poor Metaboliser"', "'Poor Metaboliser' is no phenotype"),
        ('column = "gene.cyp2d6.clinical_phenotype"', 'column = "gene.cyp2d66.phenotype"', "is no feature"),
        ('drug = "codeine"', 'drug = "newdrugine"', "add a row to drugs.tsv"),
        ('name = "newdrugine.rash"', 'name = "rasburicase.haemolysis"', "decided by a rule"),
        ('kind = "adverse_effect"', 'kind = "dose"', "residual_sd is missing"),
    ],
)
def test_a_slip_of_the_pen_is_one_line_that_names_the_file(old: str, new: str, message: str, tmp_path: Path) -> None:
    assert old in OWN
    kb = pgx.knowledge.load([_overlay(tmp_path / "ward7", OWN.replace(old, new))])
    with pytest.raises(InputError) as caught:
        endpoints.load(kb)
    assert message in str(caught.value) and "newdrugine.rash.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_products_own_endpoints_keep_to_the_same_rules(kb: KnowledgeBase) -> None:
    for name, one in endpoints.load(kb).items():
        assert [*endpoint_checks.before(one.raw), *endpoint_checks.after(one, kb)] == [], name


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "ward7"
    own = OWN.replace('"codeine"', '"newdrugine"').replace("cyp2d6.clinical_", "cyp2b6.").replace("CYP2D6", "CYP2B6")
    _overlay(folder, own)
    (folder / "endpoints" / "newdrugine.dose.toml").write_text(WITHOUT_PRIOR, encoding="utf-8")
    (folder / "drugs.tsv").write_text(NEW_DRUG, encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", ["newdrugine.rash", "newdrugine.dose"])
def test_a_new_endpoint_is_simulated_trained_evaluated_and_scored(name: str, ward: Path, tmp_path: Path) -> None:
    kb, few = pgx.knowledge.load([ward]), Settings(max_trees=20)
    table = models.simulate(endpoints.get(kb, name), 300, seed=1)
    model = models.train(name, table, tmp_path / "model", kb, settings=few)
    found = models.evaluate(
        model, models.simulate(endpoints.get(kb, name), 300, seed=2), kb, repeats=1, folds=3, settings=few
    )
    assert set(found.overall["design"]) == {"external", "person"}
    persons = table.head(5).rename({"person": "sample"})
    scores, _ = models.score(persons, kb, endpoints=[name], models_dir=tmp_path / "model")
    assert scores["evidence"].unique().to_list() == ["patients:n=300"]
    assert all("local" in flags for flags in scores["flags"])
    # The model folder carries its endpoint: it can be used without the overlay.
    alone, _ = models.score(persons, pgx.knowledge.load(), endpoints=[name], models_dir=tmp_path / "model")
    assert alone["estimate"].to_list() == scores["estimate"].to_list() and alone["flags"][0][-1] == "local"


def test_the_report_shows_the_sites_score_with_the_sites_model(ward: Path, tmp_path: Path) -> None:
    kb = pgx.knowledge.load([ward])
    name = "newdrugine.rash"
    table = models.simulate(endpoints.get(kb, name), 300, seed=1)
    models.train(name, table, ward / "models" / name, kb, settings=Settings(max_trees=20))
    sample = EXAMPLES / "HG00652.GRCh38.vcf.gz"
    done = run("report", sample, "--knowledge", ward, "--drugs", "newdrugine", "-o", tmp_path, "--format", "text,tsv")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "HG00652.report.txt").read_text(encoding="utf-8")
    assert "newdrugine.rash" in text and "from a local knowledge overlay" in text
    shown = run("models", "show", name, "--knowledge", ward)
    assert shown.returncode == 0 and "300 rows" in shown.stdout


def test_validation_of_the_knowledge_finds_it_too(tmp_path: Path, kb: KnowledgeBase) -> None:
    assert list(endpoints.faults(kb)) == []
    folder = _overlay(tmp_path / "ward7", OWN.replace("estimate = 4.0", "estimat = 4.0"))
    found = list(endpoints.faults(pgx.knowledge.load([folder], check=False)))
    assert [one.severity for one in found] == ["error"] and "newdrugine.rash.toml" in found[0].where


def _with_each_value(document: object, value: object) -> Iterator[object]:
    """Yield a document once for each of its values, that one replaced."""
    parts = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, part in parts:
        for other in (value, *_with_each_value(part, value)):
            whole = copy.copy(document)
            whole[key] = other  # type: ignore[index]
            yield whole


@pytest.mark.parametrize("value", [{"pmid": ""}, [], [[]], "x", True, float("nan"), 10**400, -1, 0], ids=repr)
def test_a_value_of_any_other_kind_is_refused_or_read_and_never_a_fault_of_ours(
    value: object, kb: KnowledgeBase
) -> None:
    equations, refused = endpoints.coefficients(kb), 0
    for name in ("warfarin.dose", "simvastatin.myopathy", "atazanavir.jaundice_discontinuation"):
        file = kb.folders[0] / "endpoints" / f"{name}.toml"
        for raw in _with_each_value(tomllib.loads(file.read_text(encoding="utf-8")), value):
            assert isinstance(raw, dict)
            try:
                endpoints._local(raw, equations, file, kb)
            except InputError as error:
                assert "\n" not in str(error)
                refused += 1
    assert refused > 100
