"""A gene that only the population speaks of is asserted nowhere: no table, page, document, card, feature or score."""

from __future__ import annotations

import csv
import io
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

import pgx
from pgx import pipeline, schema
from pgx.assertion import STATEMENTS, asserted, gene_state, is_asserted, of_asserted
from pgx.calling import calls_frame
from pgx.features import build, missing
from pgx.inputs import Phenotyped
from pgx.knowledge import load
from pgx.models.evidence import endpoints
from pgx.options import Options
from pgx.phenotypes import assign
from pgx.reports.formats import fhir, result_json
from pgx.serve.cards import cards
from pgx.types import PatternCall, Result
from tests.calling.build import genotypes
from tests.listed import with_text
from tests.phenotypes.builders import NOT_CALLED, callset, clinical, diplotype, pattern
from tests.reports.rendered import json_schema, to_dict, view, view_of, write
from tests.sizes import size

KB = load()
PAIRS = {
    "CYP2B6": ("*1/*1", "*6/*6"),
    "CYP2C19": ("*1/*1", "*2/*2"),
    "CYP2C9": ("*1/*1", "*3/*3"),
    "CYP2D6": ("*1/*1", "*4/*4"),
    "CYP3A5": ("*1/*1", "*3/*3"),
    "DPYD": ("Reference/Reference", "Reference/c.2846A>T"),
    "SLCO1B1": ("*1/*1", "*5/*5"),
    "TPMT": ("*1/*1", "*3A/*3A"),
    "UGT1A1": ("*1/*1", "*28/*28"),
}
"""Gene -> an ordinary diplotype and one that changes the advice."""
DRUGS = [
    "atazanavir", "azathioprine", "capecitabine", "celecoxib", "clopidogrel", "codeine", "efavirenz", "escitalopram",
    "fluorouracil", "irinotecan", "metoprolol", "omeprazole", "phenytoin", "simvastatin", "tacrolimus", "tamoxifen",
    "voriconazole", "warfarin",
]  # fmt: skip
FORMATS = ["text", "html", "card", "leaflet", "plan", "fhir", "json", "tsv", "multiqc"]
PERSONS = size(12, long=24)
GUESS_FLAGS = ("positions_missing", "prior_driven")


def guess(likely: str, other: str) -> PatternCall:
    """What the caller gives where the population decides: `likely` with probability 0.8."""
    return pattern(diplotype(likely, 0.8), diplotype(other, 0.2), status="ambiguous", flags=GUESS_FLAGS)


def persons(*, changed: bool) -> dict[str, dict[str, PatternCall]]:
    """Persons with every state that a gene can have; `changed` turns each guess round and leaves all else."""
    found: dict[str, dict[str, PatternCall]] = {}
    for number in range(PERSONS):
        chance = random.Random(number)
        of_person: dict[str, PatternCall] = {"NUDT15": pattern("*1/*1")}
        for gene, pair in PAIRS.items():
            states = {
                "called": pattern(chance.choice(pair)),
                "ambiguous": pattern(diplotype(pair[0], 0.6), diplotype(pair[1], 0.4), status="ambiguous"),
                "outside": pattern(chance.choice(pair), status="outside", source="outside:test"),
                "not_called": NOT_CALLED,
                "guess": guess(*(reversed(pair) if changed else pair)),
            }
            of_person[gene] = states[chance.choice([*states, "guess", "guess"])]
        found[f"P{number + 1}"] = of_person
    return found


def phenotyped(calls: dict[str, dict[str, PatternCall]]) -> Phenotyped:
    """The stages up to phenotypes; every other person takes drugs that act on the enzymes of others."""
    takes = [
        {"sample": sample, "drug": drug}
        for sample in list(calls)[::2]
        for drug in ("fluconazole", "paroxetine", *DRUGS)
    ]
    history = clinical(takes)
    called = callset(calls)
    frame, posterior = assign(called, KB, history)
    return Phenotyped(KB, genotypes(KB, [{}] * len(calls)), history, called, frame, posterior, (), (), ())


def analysed(found: Phenotyped, drugs: Sequence[str] = DRUGS) -> Result:
    return pipeline.conclude(found, drugs, None, Options())


@pytest.fixture(scope="module")
def found() -> Phenotyped:
    return phenotyped(persons(changed=False))


@pytest.fixture(scope="module")
def result(found: Phenotyped) -> Result:
    return analysed(found)


@pytest.fixture(scope="module")
def turned() -> Result:
    """The same persons, each guess the other way round."""
    return analysed(phenotyped(persons(changed=True)))


def guessed(frame: pl.DataFrame) -> list[tuple[str, str]]:
    return list(frame.filter(pl.col("flags").list.contains("prior_driven")).select("sample", "gene").iter_rows())


@pytest.mark.parametrize(
    ("status", "flags", "state", "expected"),
    [
        ("called", [], "called", True),
        ("ambiguous", ["phase_unknown"], "ambiguous", True),
        ("ambiguous", ["unread_genotype"], "ambiguous", True),
        ("outside", ["outside"], "outside", True),
        ("called", ["prior_driven"], "prior_driven", False),
        ("not_called", ["positions_missing", "prior_driven"], "prior_driven", False),
        ("ambiguous", ["positions_missing", "prior_driven", "no_copy_number"], "prior_driven", False),
        ("ambiguous", ["not_prior_driven_at_all"], "ambiguous", True),
        ("not_called", [], "not_tested", False),
        ("not_called", ["no_data"], "not_tested", False),
        ("not_called", ["other_method_needed"], "not_tested", False),
        ("not_called", ["positions_missing", "required_positions_missing"], "not_tested", False),
        ("not_called", ["unread_genotype", "no_data"], "not_judged", False),
        ("not_called", ["copy_number_unclear"], "not_judged", False),
        ("not_called", ["other_method_needed", "outside_refused"], "not_judged", False),
        ("of_a_later_version", [], "not_tested", False),
        (None, [], "not_tested", False),
    ],
)
def test_the_rule(status: str | None, flags: list[str], state: str, expected: bool) -> None:
    assert gene_state(status, flags) == state
    assert asserted(status, flags) is expected
    row = pl.DataFrame(
        {"status": [status], "flags": [flags]}, schema={"status": pl.String, "flags": pl.List(pl.String)}
    )
    assert bool(row.select(is_asserted().fill_null(value=False)).item()) is expected


def test_a_guess_is_a_row_without_a_statement_and_its_diplotypes_are_alternatives(found: Phenotyped) -> None:
    rows = found.calls.filter(pl.col("flags").list.contains("prior_driven"))
    assert rows.height > PERSONS and set(rows["status"]) == {"not_called"}
    assert all(rows[name].null_count() == rows.height for name in STATEMENTS)
    dpyd = with_text(rows.filter(gene="DPYD"))["alternatives"].unique().to_list()
    assert dpyd == ["Reference/Reference=0.8;Reference/c.2846A>T=0.2"]
    quick = calls_frame(found.callset, KB).filter(pl.col("flags").list.contains("prior_driven"))
    assert all(quick[name].null_count() == quick.height == rows.height for name in STATEMENTS)
    assert set(quick["status"]) == {"not_called"} and quick["alternatives"].list.len().min() > 0


def test_the_phenotypes_of_guesses_stay_inside(found: Phenotyped, result: Result) -> None:
    inside, outside = (
        set(frame.select("sample", "gene").iter_rows()) for frame in (found.phenotypes, result.phenotypes)
    )
    assert set(guessed(found.calls)) <= inside
    assert not set(guessed(found.calls)) & outside
    assert outside == set(of_asserted(found.phenotypes, found.calls).select("sample", "gene").iter_rows())


def test_features_of_guesses_are_missing_and_say_why(found: Phenotyped) -> None:
    made = build(found.calls, found.phenotypes, found.clinical, KB)
    rows = {row["sample"]: row for row in made.iter_rows(named=True)}
    for sample, gene in guessed(found.calls):
        own = {name: value for name, value in rows[sample].items() if name.startswith(f"gene.{gene.lower()}.")}
        assert own and set(own.values()) == {None}, (sample, gene)
    sample, gene = guessed(found.calls)[0]
    columns = [f"gene.{gene.lower()}.phenotype"]
    few = build(found.calls, found.phenotypes, found.clinical, KB, columns=columns)
    reasons = missing(few, found.calls, found.clinical, KB).filter(sample=sample)
    assert reasons["reason"].item().startswith("not_called (positions_missing;prior_driven")


def test_no_score_rests_on_a_gene_that_is_not_asserted(found: Phenotyped, result: Result) -> None:
    stated = set(found.calls.filter(is_asserted()).select("sample", "gene").iter_rows())
    known = endpoints.load(KB)
    refused = 0
    for row in result.scores.iter_rows(named=True):
        needed = {gene.upper() for gene in known[row["endpoint"]].required_genes}
        lacking = {gene for gene in needed if (row["sample"], gene) not in stated}
        flags = row["flags"]
        for gene in lacking:
            assert f"gene_not_called:{gene}" in flags, row
        if lacking:
            refused += 1
            numbers = (row["estimate"], row["low"], row["high"])
            assert (
                numbers == (None,) * 3
                and not row["factors"]
                and row["usable"] is False
                and row["category"] == "refused"
            ), row
        assert row["usable"] is (row["estimate"] is not None)
    assert 0 < refused < result.scores.height


def outputs(result: Result, folder: Path) -> dict[str, str]:
    """Every file of every format, and the cards of the service, but for what the population would say."""
    found = {path.name: path.read_text(encoding="utf-8") for path in write(result, folder, FORMATS)}
    for sample in result.samples:
        shown = view_of(result_json.parse(found[f"{sample}.report.json"]), sample, drugs=DRUGS)
        assert shown is not None
        found[f"{sample}.cards"] = json.dumps(cards(shown, DRUGS))
    return {name: _without_alternatives(name, text) for name, text in found.items()}


def _without_alternatives(name: str, text: str) -> str:
    if name == "calls.tsv":
        rows = csv.DictReader(io.StringIO(text), delimiter="\t")
        return str(
            [{k: v for k, v in row.items() if k != "alternatives" or row["status"] != "not_called"} for row in rows]
        )
    if name.endswith(".report.json"):
        parsed = json.loads(text)
        for call in parsed["samples"][0]["calls"]:
            call["alternatives"] = [] if call["status"] == "not_called" else call["alternatives"]
        return json.dumps(parsed)
    return text


def test_no_output_depends_on_what_a_guess_says(result: Result, turned: Result, tmp_path: Path) -> None:
    """Turned round, the guesses leave every byte of every format as it is."""
    # How probably a test would change the advice is what the population says, and is said as such.
    first, second = (replace(found, next_tests=found.next_tests.clear()) for found in (result, turned))
    one, other = outputs(first, tmp_path / "one"), outputs(second, tmp_path / "other")
    assert one.keys() == other.keys() and len(one) > 7 * PERSONS
    assert [name for name in one if one[name] != other[name]] == []


def test_the_same_diplotypes_called_change_every_kind_of_output(result: Result, tmp_path: Path) -> None:
    """The comparison above can tell: where the data speak, the pages do follow."""

    def called(*, changed: bool) -> Result:
        calls = {
            sample: {gene: replace(call, flags=(), status="called") for gene, call in of_person.items()}
            for sample, of_person in list(persons(changed=changed).items())[:2]
        }
        return analysed(phenotyped(calls))

    one, other = outputs(called(changed=False), tmp_path / "one"), outputs(called(changed=True), tmp_path / "other")
    differing = {re.sub(r"^P\d+\.", "", name) for name in one if one[name] != other[name]}
    assert differing >= {
        "report.txt", "report.html", "report.json", "card.html", "leaflet.html", "fhir.json", "cards", "calls.tsv",
        "phenotypes.tsv", "guidance.tsv", "scores.tsv", "pgx_mqc.json",
    }  # fmt: skip


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", " ", page, flags=re.DOTALL)).split())


@pytest.fixture(scope="module")
def untested(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The outputs of one person of whom DPYD and CYP2C19 are guesses."""
    calls = {"DPYD": guess(*PAIRS["DPYD"]), "CYP2C19": guess(*PAIRS["CYP2C19"]), "TPMT": pattern("*1/*1")}
    folder = tmp_path_factory.mktemp("untested")
    found = phenotyped({"P1": {}, "P2": calls})
    made = analysed(found, ["capecitabine", "clopidogrel"])
    return {path.name: path.read_text(encoding="utf-8") for path in write(made, folder, FORMATS)}


def test_the_card_says_not_tested_and_promises_nothing(untested: dict[str, str]) -> None:
    said = words(untested["P2.card.html"])
    assert "No medicine" not in said
    assert "? Not tested capecitabine (DPYD), clopidogrel (CYP2C19)" in said
    assert "Score not usable: capecitabine, clopidogrel (a gene was not tested); clopidogrel (no absolute risk)" in said
    assert "Not tested, or without a result: CYP2C19, DPYD" in said
    assert "Reference" not in said and "*1/*1 NM" not in said.replace("TPMT *1/*1 NM", "")


def test_the_leaflet_says_not_tested(untested: dict[str, str]) -> None:
    said = words(untested["P2.leaflet.html"])
    assert "DPYD not tested, or the test gave no result" in said
    assert "It is not usable here for: capecitabine, clopidogrel" in said
    assert "usual speed" not in said


@pytest.mark.parametrize("name", ["P2.report.txt", "P2.report.html"])
def test_the_report_says_why_a_score_is_not_usable(untested: dict[str, str], name: str) -> None:
    assert "not usable: DPYD not tested" in words(untested[name])


def test_the_plan_says_what_it_cannot_plan(untested: dict[str, str]) -> None:
    said = words(untested["P2.plan.html"])
    assert "Not tested: capecitabine (DPYD), clopidogrel (CYP2C19)" in said
    assert "Scores not usable: capecitabine (DPYD not tested)" in said


def test_multiqc_counts_scores_that_are_not_usable(untested: dict[str, str]) -> None:
    row = json.loads(untested["pgx_mqc.json"])["data"]["P2"]
    assert row["scores_not_usable"] == 3
    assert "capecitabine.severe_toxicity (DPYD not tested)" in row["scores_not_usable_why"]


def test_json_follows_its_published_schema_with_the_scores_not_usable(untested: dict[str, str]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    parsed = json.loads(untested["P2.report.json"])
    jsonschema.validate(parsed, json_schema())
    assert [score["usable"] for score in parsed["samples"][0]["scores"]] == [False] * 3


def of_kind(bundle: dict[str, object], kind: str) -> Iterator[dict[str, object]]:
    for entry in bundle["entry"]:  # type: ignore[attr-defined]
        if entry["resource"]["resourceType"] == kind:
            yield entry["resource"]


def test_fhir_gives_the_reason_and_no_value(untested: dict[str, str]) -> None:
    bundle = json.loads(untested["P2.fhir.json"])
    risks = list(of_kind(bundle, "RiskAssessment"))
    assert len(risks) == 3 and {risk["status"] for risk in risks} == {"cancelled"}
    assert not any("prediction" in risk for risk in risks)
    assert any("not usable: DPYD not tested" in json.dumps(risk) for risk in risks)
    for gene in ("DPYD", "CYP2C19"):
        mine = [one for one in of_kind(bundle, "Observation") if f'"text": "{gene}"' in json.dumps(one)]
        assert mine and all("dataAbsentReason" in one and "valueCodeableConcept" not in one for one in mine)
    assert "Metabolizer" not in json.dumps(bundle).replace("TPMT Normal Metabolizer", "")


def test_the_card_of_the_service_says_why_a_score_is_not_usable(untested: dict[str, str]) -> None:
    shown = view_of(result_json.parse(untested["P2.report.json"]), "P2", drugs=["capecitabine"])
    assert shown is not None
    (card,) = cards(shown, ["capecitabine"])
    assert card["indicator"] == "info" and "DPYD not tested" in card["summary"]
    assert "not usable: DPYD not tested" in card["detail"].replace("\\", "")


def test_a_stored_result_of_an_earlier_version_is_not_believed_either(result: Result) -> None:
    """Layout 1.0 has guesses in its calls and numbers in its scores, and does not say which are usable."""
    sample = result.samples[0]
    parsed = to_dict(result)
    entry = parsed["samples"][0]
    call = next(one for one in entry["calls"] if one["gene"] == guessed(result.calls.filter(sample=sample))[0][1])
    call |= {"status": "ambiguous", "diplotype": "*99/*99", "probability": 0.9, "phenotype": "Guessed Metabolizer"}
    for one in parsed["samples"]:
        for score in one["scores"]:
            del score["usable"]
    old = result_json.from_json(json.dumps(parsed | {"version": "1.0"}))
    shown = view(old, sample)
    assert call["gene"] in {gene.name for gene in shown.not_called}
    assert "*99/*99" not in json.dumps(fhir.fhir_of(shown)) and "Guessed" not in json.dumps(fhir.fhir_of(shown))
    assert {score.estimate for score in shown.scores} == {None}
    assert all("made by an earlier version" in score.refusal for score in shown.scores)


@pytest.fixture
def sourced(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if somebody had read the baselines of all endpoints."""
    known = {name: replace(one, absolute=True) for name, one in endpoints.load(KB).items()}
    monkeypatch.setattr(endpoints, "load", lambda kb: known)


def thiopurine(nudt15: PatternCall) -> dict[str, object]:
    found = phenotyped({"P1": {}, "P2": {"TPMT": pattern("*1/*3A"), "NUDT15": nudt15}})
    scores, _ = pipeline.score_phenotyped(found, ["azathioprine.leukopenia"])
    return scores.filter(sample="P2").row(0, named=True)


@pytest.mark.usefixtures("sourced")
def test_a_gene_that_is_not_required_is_averaged_and_the_interval_widens() -> None:
    normal, poor = thiopurine(pattern("*1/*1")), thiopurine(pattern("*3/*3"))
    averaged = thiopurine(guess("*1/*1", "*3/*3"))
    assert averaged["usable"] and "gene_averaged:NUDT15" in averaged["flags"]
    assert averaged["estimate"] == pytest.approx(0.8 * float(normal["estimate"]) + 0.2 * float(poor["estimate"]))
    width = {name: float(row["high"]) - float(row["low"]) for name, row in (("one", normal), ("all", averaged))}
    assert width["all"] > width["one"]
    assert "gene_averaged" not in str(normal["flags"])


@pytest.mark.usefixtures("sourced")
def test_a_gene_without_any_data_that_is_not_required_is_averaged_too() -> None:
    row = thiopurine(NOT_CALLED)
    assert row["usable"] and "gene_averaged:NUDT15" in row["flags"]


def test_every_endpoint_requires_a_gene_and_all_of_its_genes_if_it_names_none() -> None:
    for name, one in endpoints.load(KB).items():
        assert one.required_genes, name
        assert replace(one, requires=()).required_genes == one.genes, name


def test_the_declared_columns_have_usable_after_the_factors() -> None:
    names = [column.name for column in schema.SCORES]
    assert names[names.index("factors") :] == ["factors", "usable", "flags"]


def test_a_file_that_shows_one_position_of_a_gene_asserts_nothing_of_it(tmp_path: Path) -> None:
    """From a VCF to the tables: DPYD at one position, as files that list variants only show it."""
    site = KB.sites.filter(pl.col("pos_grch38") == 97515865).row(0, named=True)
    lines = [
        "##fileformat=VCFv4.2",
        "##contig=<ID=chr1,length=248956422,assembly=GRCh38>",
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tNA1",
        f"chr1\t97515865\t.\t{site['alleles'][0]}\t{site['alleles'][1]}\t50\tPASS\t.\tGT\t0/1",
    ]
    path = tmp_path / "one.vcf"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    made = pgx.report(path, drugs=["capecitabine"], out=tmp_path / "out", formats=["tsv", "card"])
    row = made.calls.filter(gene="DPYD").row(0, named=True)
    assert "prior_driven" in row["flags"] and {row[name] for name in STATEMENTS} == {None} and row["alternatives"]
    assert made.scores.select("estimate", "usable", "flags").row(0) == (
        None, False, ["refused:genotype_unknown", "gene_not_called:DPYD"],
    )  # fmt: skip
    assert "Not tested capecitabine (DPYD)" in words((tmp_path / "out" / "NA1.card.html").read_text(encoding="utf-8"))
