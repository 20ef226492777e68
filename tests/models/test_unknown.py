"""Empty is unknown, and what no person can have is no value: in no door to a score does either read as normal."""

from __future__ import annotations

import math
from pathlib import Path

import polars as pl
import pytest

import pgx.knowledge
from pgx import models
from pgx.features.names import gene_of
from pgx.knowledge import KnowledgeBase
from pgx.models.cohort import cohort, tables
from pgx.models.cohort.cohort import Roles
from pgx.models.cohort.simulation import simulate
from pgx.models.evidence import design, endpoints, gene_columns, gene_meanings, plausible
from pgx.models.evidence.endpoint_parsing import parse
from pgx.models.scoring import score as scoring
from pgx.models.training import large

EXAMPLES = Path(__file__).resolve().parents[2] / "data" / "examples"
ENDPOINTS = sorted(endpoints.load(pgx.knowledge.load()))
DOSES = ["warfarin.dose", "warfarin.dose_gage"]
WORDS = ["NA", "na", "unknown", "Unknown", "?", ".", "NaN", "", " ", "not known", "-"]
REF, ALT = "rs9923231 reference (C)", "rs9923231 variant (T)"
WARFARIN = {
    "sample": "a",
    "clinical.age": 60.0,
    "clinical.height": 175.0,
    "clinical.weight": 80.0,
    "clinical.sex": "male",
    "clinical.race": "white",
    "gene.vkorc1.diplotype": f"{REF}/{ALT}",
    "gene.cyp2c9.diplotype": "*1/*1",
    "gene.cyp2c9.activity_score": 2.0,
}


def features_of(name: str, kb: KnowledgeBase) -> list[str]:
    """The columns that an estimate rests on, those of the shipped model among them."""
    one, model = endpoints.get(kb, name), scoring._models(kb, None).get(name)
    one, model = endpoints.get(kb, name), models.scoring.score._models(kb, None).get(name)
    return design.read_by(one, model.features if model else ())


def normal(name: str, kb: KnowledgeBase) -> dict[str, object]:
    """A normal adult of whom everything is known that an endpoint reads."""
    one = endpoints.get(kb, name)
    row: dict[str, object] = {"sample": "a"}
    usual = {"clinical.age": 50.0, "clinical.height": 170.0, "clinical.weight": 70.0, "clinical.bsa": 1.8,
             "clinical.target_inr": 2.5, "lab.egfr": 90.0, "lab.hematocrit": 40.0, "clinical.sex": "male", "clinical.race": "white",
             "clinical.ethnicity": "not_hispanic", "lifestyle.smoking_status": "never",
             "medication.inhibitor.cyp3a4": "none", "medication.inducer.cyp3a4": "none"}  # fmt: skip
    status = {t.reading.column: f"{t.reading.text} negative" for t in one.terms if t.reading.kind == "status"}
    symbols = {gene.lower(): gene for gene in kb.genes}
    for column in features_of(name, kb):
        if gene := gene_of(column):
            kind = column.split(".", 2)[2]
            if column in status:
                row[column] = status[column]
                continue
            reference = kb.gene(symbols[gene]).row["reference_allele"]
            meant = gene_meanings.of_diplotype(kb, symbols[gene], f"{reference}/{reference}")
            known = {"diplotype": f"{reference}/{reference}", **meant}
            row[column] = 0.0 if kind.startswith("allele_count") else known[kind.removeprefix("clinical_")]
        else:
            row[column] = usual.get(column, False)
    return row


def scores(rows: list[dict[str, object]], kb: KnowledgeBase, name: str) -> list[dict[str, object]]:
    return models.score(pl.DataFrame(rows, infer_schema_length=None, strict=False), kb, endpoints=[name])[0].to_dicts()


def score(row: dict[str, object], kb: KnowledgeBase, name: str) -> dict[str, object]:
    return scores([row], kb, name)[0]


def flags(row: dict[str, object]) -> set[str]:
    return set(row["flags"])


def tells(row: dict[str, object], full: dict[str, object], about: str) -> bool:
    """Whether an estimate is withheld, or carries a flag about what is unknown that the full row has not."""
    return row["estimate"] is None or any(about in flag for flag in flags(row) - flags(full))


@pytest.mark.parametrize("name", ENDPOINTS)
def test_a_normal_person_of_whom_all_is_known_has_a_score_without_a_flag(kb: KnowledgeBase, name: str) -> None:
    row = score(normal(name, kb), kb, name)
    assert row["estimate"] is not None and not flags(row)


@pytest.mark.parametrize("name", ENDPOINTS)
def test_a_gene_of_which_nothing_is_said_is_never_the_normal_one(kb: KnowledgeBase, name: str) -> None:
    row = normal(name, kb)
    full = score(row, kb, name)
    for gene in {gene_of(column) for column in row} - {""}:
        mine = [column for column in row if gene_of(column) == gene]
        said = [row | dict.fromkeys(mine, word) | {"sample": str(i)} for i, word in enumerate([None, *WORDS])]
        absent = {column: value for column, value in row.items() if column not in mine}
        for found in [*scores(said, kb, name), score(absent, kb, name)]:
            assert tells(found, full, gene.upper()), gene


@pytest.mark.parametrize("name", ENDPOINTS)
def test_an_empty_cell_never_gives_the_estimate_of_a_normal_one_without_a_flag(kb: KnowledgeBase, name: str) -> None:
    one, row = endpoints.get(kb, name), normal(name, kb)
    full = score(row, kb, name)
    in_terms = {term.reading.column for term in one.terms}
    for column in features_of(name, kb):
        if column in one.requires and column not in in_terms:
            continue  # another column of the gene is what the estimate reads
        gene, family = gene_of(column), column.partition(".")[0]
        # The clinical column of a gene and the genetic one that stands in for it are one value.
        cells = [other for other in row if design.genetic(other) == design.genetic(column)]
        found = score(row | dict.fromkeys(cells), kb, name)
        told = [flag.lower() for flag in flags(found) - flags(full)]
        about = (gene,) if gene else (f":{column}", f"not_recorded:{family}")
        assert found["estimate"] is None or any(word in flag for flag in told for word in about), column


@pytest.mark.parametrize("name", ENDPOINTS)
def test_what_no_person_can_have_gives_no_estimate_and_is_named(kb: KnowledgeBase, name: str) -> None:
    row = normal(name, kb)
    for column, (low, high) in plausible.limits(features_of(name, kb), kb).items():
        values = [low - 0.01, -5.0, math.inf, -math.inf] + ([high * 1.01 + 1, 1e9] if high < math.inf else [])
        for written in (values, [str(value) for value in values]):
            rows = [row | {"sample": str(i), column: value} for i, value in enumerate(written)]
            for found, value in zip(scores(rows, kb, name), values, strict=True):
                assert found["estimate"] is None and found["low"] is None and found["high"] is None, (column, value)
                assert f"implausible:{column}" in flags(found), (column, value)


def test_every_number_that_an_endpoint_reads_has_limits(kb: KnowledgeBase) -> None:
    for name, one in endpoints.load(kb).items():
        readings = [term.reading for term in one.terms] + [feature.reading for feature in one.features]
        readings += [refusal.reading for refusal in one.refusals]
        columns = {r.column for r in readings if r.kind in ("number", "range")} | {i.column for i in one.imputations}
        assert columns == set(plausible.limits(sorted(columns), kb)), name


@pytest.mark.parametrize(("column", "value"), [("age", 1000), ("weight", 0), ("height", 1.75)])
@pytest.mark.parametrize("weighted", [False, True])
def test_impossible_persons_get_no_dose(kb: KnowledgeBase, column: str, value: float, weighted: bool) -> None:
    row = WARFARIN | {f"clinical.{column}": value} | ({"scenario": 0, "weight": 1.0} if weighted else {})
    frame, notes = models.score(pl.DataFrame([row]), kb, endpoints=["warfarin.dose"])
    assert frame["estimate"].item() is None and frame["category"].item() == "refused"
    assert f"implausible:clinical.{column}" in frame["flags"].item()
    assert f"implausible clinical.{column}" in "".join(note.message for note in notes)


@pytest.mark.parametrize(
    ("height", "weight", "age"),
    [(90.0, 200.0, 68.0), (156.0, 11.9, 68.0), (156.0, 11.9, 40.0), (100.0, 250.0, 30.0), (175.0, 280.0, 60.0)],
)
@pytest.mark.parametrize("name", DOSES)
def test_values_that_no_person_has_together_give_no_dose(name, height, weight, age, kb):
    usual = {**WARFARIN, "clinical.bsa": (175.0 * 80.0 / 3600) ** 0.5}
    (plain,) = models.score(pl.DataFrame([usual]), kb, endpoints=[name])[0].rows(named=True)
    assert plain["estimate"] is not None
    row = {**usual, "clinical.height": height, "clinical.weight": weight, "clinical.age": age}
    frame, notes = models.score(
        pl.DataFrame([{**row, "clinical.bsa": (height * weight / 3600) ** 0.5}]), kb, endpoints=[name]
    )
    assert frame["estimate"].item() is None and not frame["usable"].item()
    assert "refused:implausible_value" in frame["flags"].item()
    assert "does not fit the age or the values beside it" in "".join(note.message for note in notes)


def test_a_body_that_nobody_has_is_unknown_at_any_age(kb):
    rows = pl.DataFrame([{"sample": "a", "clinical.height": 100.0, "clinical.weight": 250.0, "clinical.bmi": 20.0},
                         {"sample": "b", "clinical.height": 110.0, "clinical.weight": 18.0, "clinical.bmi": 15.0}])  # fmt: skip
    rows = rows.with_columns(pl.Series("clinical.age", [None, 5.0]))
    kept, said = plausible.keep_unlikely_out(rows, kb)
    assert kept["clinical.height"].to_list() == [None, 110.0] and kept["clinical.weight"].to_list() == [None, 18.0]
    assert kept["clinical.bmi"].to_list() == [None, 15.0] and len(said) == 3


@pytest.mark.parametrize("name", DOSES)
def test_a_weight_that_no_adult_has_gives_no_dose_without_an_age_either(kb: KnowledgeBase, name: str) -> None:
    row = normal(name, kb) | {
        "clinical.age": None,
        "clinical.height": None,
        "clinical.bsa": None,
        "clinical.weight": 5.0,
    }
    assert score(row, kb, name)["estimate"] is None
    assert score(row | {"clinical.weight": 70.0}, kb, name)["estimate"] is not None


@pytest.mark.parametrize("name", ENDPOINTS)
@pytest.mark.parametrize(("column", "value"), [("age", 1000.0), ("weight", 0.0), ("height", 1.75)])
def test_what_a_table_computed_from_an_impossible_value_is_not_read_either(
    kb: KnowledgeBase, name: str, column: str, value: float
) -> None:
    row = normal(name, kb)
    read = set(features_of(name, kb))
    for derived, inputs in plausible.derived_columns(kb).items():
        if derived in read and f"clinical.{column}" in inputs:
            found = score(row | {f"clinical.{column}": value}, kb, name)
            assert found["estimate"] is None and f"implausible:{derived}" in flags(found)
    stale = {"clinical.bsa": 1.9, "clinical.weight": 0.0}
    assert score(normal("warfarin.dose_gage", kb) | stale, kb, "warfarin.dose_gage")["estimate"] is None


@pytest.mark.parametrize("impossible", [{"clinical.weight": 0.0}, {"clinical.height": 1.75}])
def test_what_would_be_computed_from_an_impossible_value_is_not_merely_missing(
    kb: KnowledgeBase, impossible: dict[str, float]
) -> None:
    row = {name: value for name, value in normal("warfarin.dose_gage", kb).items() if name != "clinical.bsa"}
    body = {"clinical.weight": 70.0, "clinical.height": 170.0}
    assert score(row | body, kb, "warfarin.dose_gage")["estimate"] is not None
    found = score(row | body | impossible, kb, "warfarin.dose_gage")
    assert found["estimate"] is None and "implausible:clinical.bsa" in flags(found)


def test_one_impossible_person_does_not_cost_the_others(kb: KnowledgeBase) -> None:
    rows = [WARFARIN | {"sample": "a"}, WARFARIN | {"sample": "b", "clinical.age": 1000.0}]
    well, ill = scores(rows, kb, "warfarin.dose")
    assert well["estimate"] == score(WARFARIN, kb, "warfarin.dose")["estimate"] and ill["estimate"] is None


def test_the_other_columns_of_a_gene_are_read_into_an_empty_one(kb: KnowledgeBase) -> None:
    for diplotype, activity in (("*1/*1", 2.0), ("*1/*3", 1.0), ("*2/*3", 0.5)):
        given = WARFARIN | {"gene.cyp2c9.diplotype": diplotype, "gene.cyp2c9.activity_score": activity}
        for name in ("warfarin.dose", "warfarin.bleeding"):
            full, without = score(given, kb, name), score(given | {"gene.cyp2c9.activity_score": None}, kb, name)
            assert without["estimate"] == full["estimate"]
            assert "derived:gene.cyp2c9.activity_score" in flags(without)
    poor = {"sample": "a", "gene.cyp2c9.diplotype": "*3/*3"}
    assert score(poor, kb, "celecoxib.gi_bleeding")["category"] == "high"


def test_a_phenotype_alone_is_used(kb: KnowledgeBase) -> None:
    bare = {k: v for k, v in WARFARIN.items() if not k.startswith("gene.cyp2c9")}
    found = {
        word: gene_columns.understood(pl.DataFrame([bare | {"gene.cyp2c9.phenotype": word}]), one, kb)[0]
        for one in [endpoints.get(kb, "warfarin.dose")]
        for word in ("Normal Metabolizer", "PM", "unknown metabolizer")
    }
    activity = {word: frame["gene.cyp2c9.activity_score"].item() for word, frame in found.items()}
    assert activity["Normal Metabolizer"] == 2.0 and activity["PM"] <= 0.5 and activity["unknown metabolizer"] is None
    risk = {word: score({"sample": "a", "gene.cyp2c9.phenotype": word}, kb, "warfarin.bleeding") for word in activity}
    assert risk["PM"]["estimate"] > risk["Normal Metabolizer"]["estimate"]
    assert risk["unknown metabolizer"]["estimate"] is None


def test_a_score_gives_the_phenotype_that_is_not_written_down(kb: KnowledgeBase) -> None:
    none = score({"sample": "a", "gene.cyp2d6.phenotype": None, "gene.cyp2d6.activity_score": 0.0}, kb,
                 "tamoxifen.recurrence")  # fmt: skip
    poor = score({"sample": "a", "gene.cyp2d6.phenotype": "Poor Metabolizer"}, kb, "tamoxifen.recurrence")
    assert none["estimate"] == poor["estimate"] and "derived:gene.cyp2d6.phenotype" in flags(none)


@pytest.mark.parametrize("diplotype", ["*1/?", "*1/unknown", "*1/", "*1", "*1/*999", "*1/banana", "?/?", "[*1 + ?]/*1"])
def test_a_strand_that_is_not_known_is_no_reference_strand(kb: KnowledgeBase, diplotype: str) -> None:
    row = WARFARIN | {"gene.cyp2c9.diplotype": diplotype, "gene.cyp2c9.activity_score": None}
    full = score(WARFARIN, kb, "warfarin.dose")
    assert tells(score(row, kb, "warfarin.dose"), full, "CYP2C9")
    toxic = score({"sample": "a", "gene.dpyd.diplotype": diplotype.replace("*1", "Reference")}, kb,
                  "fluorouracil.severe_toxicity")  # fmt: skip
    assert toxic["estimate"] is None


def test_an_allele_of_unknown_function_is_no_normal_one(kb: KnowledgeBase) -> None:
    row = WARFARIN | {"gene.cyp2c9.diplotype": "*1/*36", "gene.cyp2c9.activity_score": None}
    full = score(WARFARIN, kb, "warfarin.dose")
    for weighted in ({}, {"scenario": 0, "weight": 1.0}):
        assert tells(score(row | weighted, kb, "warfarin.dose"), full, "CYP2C9")


@pytest.mark.parametrize("written", ["*1 / *3", "*3/*1", "CYP2C9*1/*3", "*3 / *1"])
def test_another_spelling_of_a_diplotype_is_the_same_diplotype(kb: KnowledgeBase, written: str) -> None:
    alone = WARFARIN | {"gene.cyp2c9.activity_score": 1.0}
    usual = score(alone | {"gene.cyp2c9.diplotype": "*1/*3"}, kb, "warfarin.dose")
    assert score(alone | {"gene.cyp2c9.diplotype": written}, kb, "warfarin.dose")["estimate"] == usual["estimate"]


def test_a_score_with_a_decimal_comma_is_read(kb: KnowledgeBase) -> None:
    comma, point = (
        score(WARFARIN | {"gene.cyp2c9.diplotype": "*1/*2", "gene.cyp2c9.activity_score": one}, kb, "warfarin.dose")
        for one in ("1,5", 1.5)
    )
    assert comma == point and comma["estimate"] is not None


@pytest.mark.parametrize("activity", [1.2, 0.25, "high", "1,25"])
def test_a_score_that_no_two_alleles_add_up_to_is_unknown(kb: KnowledgeBase, activity: object) -> None:
    row = WARFARIN | {"gene.cyp2c9.diplotype": None, "gene.cyp2c9.activity_score": activity}
    frame, notes = models.score(pl.DataFrame([row], infer_schema_length=None), kb, endpoints=["warfarin.dose"])
    assert tells(frame.row(0, named=True), score(WARFARIN, kb, "warfarin.dose"), "CYP2C9")
    assert "gene.cyp2c9.activity_score is not understood" in notes[0].message


def test_a_word_in_a_column_of_numbers_changes_nobody_elses_score(kb: KnowledgeBase) -> None:
    """One word makes text of a whole column: 1 must still be the score 1.0."""
    rows = [WARFARIN | {"sample": s, "gene.cyp2c9.diplotype": None, "gene.cyp2c9.activity_score": a}
            for s, a in (("a", "1"), ("b", "0"), ("c", "pending"))]  # fmt: skip
    together = scores(rows, kb, "warfarin.dose")
    for row, found in zip(rows[:2], together[:2], strict=True):
        number = float(str(row["gene.cyp2c9.activity_score"]))
        alone = score(row | {"gene.cyp2c9.activity_score": number}, kb, "warfarin.dose")
        assert found["estimate"] == alone["estimate"]
    assert tells(together[2], score(WARFARIN, kb, "warfarin.dose"), "CYP2C9")


def test_a_count_that_is_missing_is_not_no_copy(kb: KnowledgeBase) -> None:
    counts = {"gene.cyp2c9.allele_count.*2": 0.0, "gene.cyp2c9.allele_count.*3": 0.0}
    bare = {k: v for k, v in WARFARIN.items() if not k.startswith("gene.cyp2c9")} | {"clinical.bsa": 1.9}
    full = score(bare | counts, kb, "warfarin.dose_gage")
    for column in counts:
        assert tells(score(bare | counts | {column: None}, kb, "warfarin.dose_gage"), full, "CYP2C9")


def test_an_unknown_gene_widens_the_interval(kb: KnowledgeBase) -> None:
    one = endpoints.get(kb, "warfarin.dose")
    known, unknown = (
        design.prior(design.prepare(pl.DataFrame([WARFARIN | changes], infer_schema_length=None), one), one)
        for changes in ({}, {"gene.cyp2c9.diplotype": None, "gene.cyp2c9.activity_score": None})
    )
    assert unknown.variance[0] > known.variance[0]


def test_a_site_that_names_no_stand_in_has_the_average_of_its_terms(kb: KnowledgeBase) -> None:
    raw = {**endpoints.get(kb, "escitalopram.switch").raw}
    raw["term"] = [{**term, "optional": True} for term in raw["term"]]
    one = parse(raw, {})
    frame = pl.DataFrame({"sample": ["a", "b"], "gene.cyp2c19.clinical_phenotype": [None, "Normal Metabolizer"]})
    prior = design.prior(design.prepare(frame, one), one)
    assert prior.margin[0] == pytest.approx(one.average) and prior.assumed[0].all()
    assert prior.margin[1] == one.baseline and not prior.assumed[1].any()


@pytest.mark.parametrize("limit", [1000, 0])
def test_a_cohort_says_what_no_person_can_have_and_does_not_use_it(
    kb: KnowledgeBase, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large, "LIMIT", limit)
    one = endpoints.get(kb, "warfarin.dose")
    table = simulate(one, 400, seed=3)
    age, weight = table["clinical.age"].cast(pl.Float64).to_list(), table["clinical.weight"].to_list()
    age[:3], weight[7] = [1000.0, 1000.0, math.inf], 0.0
    bad = table.with_columns(pl.Series("clinical.age", age), pl.Series("clinical.weight", weight))
    gone = table.with_columns(
        pl.Series("clinical.age", [None] * 3 + age[3:]),
        pl.Series("clinical.weight", [None if i == 7 else w for i, w in enumerate(weight)]),
    )
    expected = cohort.load(gone, one, Roles(), kb=kb)
    taken, whole = large.load(bad, one, Roles(), kb, 1)
    assert taken.prior.margin.tolist() == expected.prior.margin.tolist()
    said = [text for code, text in taken.remarks if code == "implausible_value"]
    assert any("clinical.age" in text and "3 rows" in text for text in said)
    assert any("clinical.weight" in text and "1 row;" in text for text in said)
    if whole is not None:
        data, _ = whole.encode(taken.features, False, 1)
        assert data.prior.tolist() == expected.prior.margin.tolist()
    assert (whole is None) == (limit > 0)


@pytest.mark.parametrize("together", [False, True])
def test_an_impossible_value_in_a_record_costs_the_dose_and_not_the_person(together: bool, tmp_path: Path) -> None:
    record = tmp_path / "p.csv"
    others = "NA00001,50,70,170,male\n" if together else ""
    record.write_text("sample,age,weight_kg,height_cm,sex\n" + others + "HG00118,1000,0,1.75,male\n")
    result = pgx.report(EXAMPLES / "HG00118.GRCh37.vcf.gz", clinical=[record], drugs=["warfarin"])
    assert result.samples == ("HG00118",) and result.calls.height
    doses = result.scores.filter(pl.col("endpoint").is_in(DOSES))
    assert doses.height == 2 and doses["estimate"].null_count() == 2
    assert all("implausible:clinical.age" in row for row in doses["flags"])
    line = 3 if together else 2
    notes = result.notes.filter(pl.col("code") == "impossible_value")
    assert set(notes["sample"]) == {"HG00118"} and all(f"p.csv: line {line}" in where for where in notes["where"])
    assert any("age of 1000" in message and "correct it" in message for message in notes["message"])


def test_a_table_of_features_says_the_same_as_the_record_behind_it(kb: KnowledgeBase, tmp_path: Path) -> None:
    record = tmp_path / "p.csv"
    record.write_text("sample,age,weight_kg,height_cm,sex\nHG00118,1000,80,175,male\n")
    result = pgx.report(EXAMPLES / "HG00118.GRCh37.vcf.gz", clinical=[record], endpoints=["warfarin.dose"])
    from_table = score(WARFARIN | {"clinical.age": 1000.0}, kb, "warfarin.dose")
    assert result.scores["estimate"].item() is None and from_table["estimate"] is None
    wanted = {"refused:implausible_value", "implausible:clinical.age"}
    assert wanted <= flags(from_table) and wanted <= flags(result.scores.row(0, named=True))


def test_an_older_value_does_not_stand_in_for_an_impossible_newest_one(tmp_path: Path) -> None:
    record = tmp_path / "p.csv"
    record.write_text("sample,date,weight_kg,age,sex\nHG00118,2024-01-01,80,60,male\nHG00118,2025-01-01,0,,\n")
    history = pgx.clinical.read([record], pgx.knowledge.load(), samples=["HG00118"])
    assert history.kept_out.select("sample", "concept").row(0) == ("HG00118", "weight")
    # What is derived from it is unknown, too.
    assert {"bmi", "bsa"} <= set(history.kept_out["concept"])
    assert "weight" not in set(history.observations["concept"])


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("suffix", ["tsv", "csv"])
def test_words_for_unknown_leave_a_column_of_numbers_one(word: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"t.{suffix}"
    mark = "\t" if suffix == "tsv" else ","
    path.write_text(f"sample{mark}clinical.age\na{mark}60\nb{mark}{word}\n")
    assert tables.read(path)["clinical.age"].cast(pl.Float64, strict=True).to_list() == [60.0, None]
