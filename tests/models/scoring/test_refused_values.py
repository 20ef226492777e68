"""A value that was told and cannot be used refuses the score from the record and from a table of it alike."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

import pgx
from pgx import clinical, models, schema
from pgx.features import build, refused
from pgx.inputs import Phenotyped, phenotyped
from pgx.knowledge import KnowledgeBase
from pgx.models.cohort import cohort
from pgx.models.cohort.cohort import Roles
from pgx.models.cohort.simulation import simulate
from pgx.models.evidence import endpoints, plausible
from pgx.models.training import large
from pgx.options import Options
from pgx.pipeline import score_phenotyped

VCF = Path("data/examples/HG00652.GRCh38.vcf.gz")
SAID = ("estimate", "low", "high", "category", "usable", "flags")
PLAIN = {"age": "68", "sex": "female", "race": "asian", "weight_kg": "62", "height_cm": "160",
         "ethnicity": "not_hispanic", "smoking_status": "never", "creatinine_mg_dl": "0.9", "hematocrit": "40",
         "diabetes": "no", "target_inr": "2.5"}  # fmt: skip
BAD = {
    "age": ["1000", "-5", "sixty", "5,432", ">90"],
    "weight_kg": ["0", "abc", "1,234", "62 furlongs", "7"],
    "height_cm": ["1.75", "66", "5 yards"],
    "sex": ["banana"],
    "race": ["banana"],
    "ethnicity": ["banana"],
    "smoking_status": ["banana"],
    "creatinine_mg_dl": ["9000", "0,9,9", "<0.5"],
    "hematocrit": ["400", "4 0"],
    "diabetes": ["banana"],
    "target_inr": ["250", "two"],
}
SMALL = "24 kg"
"""Unlikely at that age, and used because the cell has a unit of its own: a table of features must not ask again."""
READ = {"weight_kg": ["62,5", "136 lb", "62,5 kg", SMALL], "height_cm": ["160,5", "5'3\"", "1,60 m"], "age": ["68,0"]}
CASES = [(field, value) for field, values in (BAD | {"": [""]}).items() for value in values]
GOOD = [(field, value) for field, values in READ.items() for value in values]
NAMES = [f"P{number}" for number in range(len(CASES) + len(GOOD))]


@pytest.fixture(scope="module")
def found(kb: KnowledgeBase, tmp_path_factory: pytest.TempPathFactory) -> Phenotyped:
    """Persons of the same genes, each with one value that cannot be used, or that is written in another way."""
    record = tmp_path_factory.mktemp("refused") / "record.csv"
    with record.open("w", newline="") as out:
        rows = csv.DictWriter(out, ["sample", *PLAIN])
        rows.writeheader()
        for name, (field, value) in zip(NAMES, [*CASES, *GOOD], strict=True):
            rows.writerow({"sample": name} | PLAIN | ({field: value} if field else {}))
    one = phenotyped(VCF, options=Options())
    calls, phenotypes = (
        pl.concat([frame.with_columns(sample=pl.lit(name)) for name in NAMES]) for frame in (one.calls, one.phenotypes)
    )
    return replace(one, calls=calls, phenotypes=phenotypes, clinical=clinical.read([record], kb, samples=NAMES))


@pytest.fixture(scope="module")
def table(found: Phenotyped, kb: KnowledgeBase) -> pl.DataFrame:
    return build(found.calls, found.phenotypes, found.clinical, kb)


@pytest.fixture(scope="module")
def from_record(found: Phenotyped, kb: KnowledgeBase) -> pl.DataFrame:
    return score_phenotyped(found, sorted(endpoints.load(kb)))[0]


@pytest.mark.parametrize("ending", ["tsv", "parquet"])
def test_the_table_of_a_record_is_scored_as_the_record(
    ending: str, table: pl.DataFrame, from_record: pl.DataFrame, kb: KnowledgeBase, tmp_path: Path
) -> None:
    place = tmp_path / f"features.{ending}"
    table.write_parquet(place) if ending == "parquet" else table.write_csv(place, separator="\t", quote_style="never")
    from_table = pgx.score(features=place)
    both = from_record.join(from_table, on=["sample", "endpoint"], suffix="_table")
    assert both.height == from_record.height == from_table.height > 0
    for column in SAID:
        odd = both.filter(pl.col(column).ne_missing(pl.col(f"{column}_table")))
        assert odd.is_empty(), odd.select("sample", "endpoint", column, f"{column}_table").rows()[:3]


def test_what_cannot_be_used_refuses_every_score_that_reads_it(from_record: pl.DataFrame, kb: KnowledgeBase) -> None:
    read = models.columns_by_endpoint(kb, sorted(endpoints.load(kb)))
    concerned = 0
    for name, (field, value) in zip(NAMES, CASES, strict=False):
        for row in from_record.filter(sample=name).iter_rows(named=True):
            columns = [one for one in read[row["endpoint"]] if field and one.endswith("." + field.split("_")[0])]
            for column in columns:
                concerned += 1
                assert row["estimate"] is None and not row["usable"], (field, value, row["endpoint"])
                assert f"implausible:{column}" in row["flags"], (field, value, row["endpoint"])
    assert concerned > 40


def test_what_has_one_reading_is_read_and_said(
    found: Phenotyped, from_record: pl.DataFrame, table: pl.DataFrame
) -> None:
    for name, (field, value) in zip(NAMES[len(CASES) :], GOOD, strict=True):
        said = found.clinical.notes.filter(pl.col("sample") == name, pl.col("code") == "numeral_read")
        assert value == SMALL or any(repr(value) in text for text in said["message"]), value
        told = table.filter(sample=name)[refused.NAME].item()
        assert told == ("used:clinical.weight" if value == SMALL else refused.NOTHING)
        assert from_record.filter(sample=name, endpoint="warfarin.dose")["estimate"].item() is not None, (field, value)
    weights = dict(table.select("sample", "clinical.weight").iter_rows())
    got = [weights[name] for name, (field, _) in zip(NAMES[len(CASES) :], GOOD, strict=True) if field == "weight_kg"]
    assert got == [62.5, pytest.approx(136 * 0.45359237), 62.5, 24.0]


def test_chosen_features_keep_the_refusal(tmp_path: Path) -> None:
    record = tmp_path / "p.csv"
    record.write_text("sample,age,weight_kg\nHG00652,1000,70\n")
    options = Options(genes=("CYP2C9",))
    chosen = pgx.features(VCF, clinical=record, columns="clinical.age,clinical.weight", options=options)
    assert chosen.columns == ["sample", "clinical.age", "clinical.weight", refused.NAME]
    assert chosen[refused.NAME].item().split(";")[0] == "clinical.age" and chosen["clinical.age"].item() is None
    weight = pgx.features(VCF, clinical=record, columns="clinical.weight", options=options)
    assert weight.columns[1:] == ["clinical.weight", refused.NAME] and "clinical.age" in weight[refused.NAME].item()
    genes = pgx.features(VCF, clinical=record, columns="gene.cyp2c9.diplotype", options=options)
    assert genes.columns[1:] == ["gene.cyp2c9.diplotype"]


def test_a_row_of_chosen_features_and_its_score_are_the_same_alone_and_among_others(
    kb: KnowledgeBase, tmp_path: Path
) -> None:
    rows = ["A,40,270 kg,175,male,white", "B,50,abc,175,male,white", "C,1000,80,175,male,white"]
    chosen, scores, unlikely = [], [], []
    for count in (1, 3):
        record = tmp_path / f"{count}.csv"
        record.write_text("\n".join(["sample,age,weight_kg,height_cm,sex,race", *rows[:count]]))
        data = clinical.read([record], kb, samples=list("ABC")[:count])
        genes = {name: value for name, value in WARFARIN.items() if not name.startswith("clinical.")}
        people = pl.DataFrame([genes | {"sample": name} for name in "ABC"[:count]])
        calls, phenotypes = schema.empty(schema.CALLS), schema.empty(schema.PHENOTYPES)
        whole = build(calls, phenotypes, data, kb)
        read_by = [name for name in WARFARIN if name.startswith("clinical.")]
        table = refused.kept(people.join(whole.select("sample", *read_by), on="sample"), data, kb)
        chosen.append(table.filter(sample="A"))
        unlikely.append(plausible.keep_unlikely_out(table, kb)[0].filter(sample="A")["clinical.weight"].item())
        found, _ = models.score(table, kb, endpoints=["warfarin.dose"])
        scores.append(found.filter(sample="A"))
    assert chosen[0].equals(chosen[1]) and chosen[0][refused.NAME].item() == "used:clinical.weight"
    assert unlikely == [270.0, 270.0] and scores[0].equals(scores[1])


@pytest.mark.parametrize("weight", [408.0, "900 lb"])
@pytest.mark.parametrize("seen", [{}, {refused.NAME: refused.NOTHING}])
def test_a_weight_that_hardly_anybody_has_drives_nothing_until_its_reader_says_that_it_is_used(
    kb: KnowledgeBase, seen: dict[str, str], weight: float | str
) -> None:
    row = WARFARIN | {"clinical.weight": weight}
    assert models.score(pl.DataFrame([row | seen]), kb, endpoints=["warfarin.dose"])[0]["estimate"].item() is None
    used = row | {refused.NAME: "used:clinical.weight"}
    assert models.score(pl.DataFrame([used]), kb, endpoints=["warfarin.dose"])[0]["estimate"].item() > 0


WARFARIN = {"sample": "a", "clinical.age": 60.0, "clinical.height": 175.0, "clinical.weight": 80.0,
            "clinical.sex": "male", "clinical.race": "white", "gene.cyp2c9.diplotype": "*1/*1",
            "gene.cyp2c9.activity_score": 2.0, "gene.vkorc1.diplotype": "rs9923231 reference (C)/rs9923231 variant (T)",
            "medication.amiodarone": False, "medication.enzyme_inducers": False}  # fmt: skip


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [("age", "54,0", 54.0), ("weight", "119 lb", 119 * 0.45359237), ("height", "5'4\"", 162.56),
     ("weight", "1 080,5 hg", None), ("age", ">90", None), ("weight", "1,234", None), ("height", "tall", None),
     ("sex", "banana", None), ("race", "Klingon", None)],
)  # fmt: skip
def test_a_cell_of_a_table_is_read_or_refuses(kb: KnowledgeBase, column: str, text: str, value: float | None) -> None:
    row = WARFARIN | {f"clinical.{column}": text}
    found, notes = models.score(pl.DataFrame([row]), kb, endpoints=["warfarin.dose"])
    said = " ".join(note.message for note in notes)
    assert f"clinical.{column}" in said and text not in said.replace("\\", "")
    if value is None:
        assert found["estimate"].item() is None
        assert {"refused:implausible_value", f"implausible:clinical.{column}"} <= set(found["flags"].item())
    else:
        same, _ = models.score(pl.DataFrame([row | {f"clinical.{column}": value}]), kb, endpoints=["warfarin.dose"])
        assert found["estimate"].item() == same["estimate"].item() is not None


@pytest.mark.parametrize("word", ["maybe", "3", "ja?"])
def test_an_answer_that_is_none_is_not_no(kb: KnowledgeBase, word: str) -> None:
    column = "medication.amiodarone"
    assert column in models.columns_by_endpoint(kb, ["warfarin.dose"])["warfarin.dose"]
    plain, _ = models.score(pl.DataFrame([WARFARIN | {column: "no"}]), kb, endpoints=["warfarin.dose"])
    odd, _ = models.score(pl.DataFrame([WARFARIN | {column: word}]), kb, endpoints=["warfarin.dose"])
    assert plain["estimate"].item() is not None and odd["estimate"].item() is None
    assert f"implausible:{column}" in odd["flags"].item()


@pytest.mark.parametrize("limit", [1000, 0])
def test_training_reads_the_cells_that_scores_read(
    kb: KnowledgeBase, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large, "LIMIT", limit)
    one = endpoints.get(kb, "warfarin.dose")
    plain = simulate(one, 300, seed=3)
    age = [f"{value:g}" for value in plain["clinical.age"].cast(pl.Float64)]
    weight = plain["clinical.weight"].cast(pl.Float64).to_list()
    meant = plain.with_columns(
        pl.Series("clinical.age", [None, 54.5, *map(float, age[2:])]),
        pl.Series("clinical.weight", [*weight[:4], None, *weight[5:]]),
    )
    odd = plain.with_columns(
        pl.Series("clinical.age", ["old", "54,5", *age[2:]]),
        pl.Series(refused.NAME, [None] * 4 + ["clinical.weight"] + [refused.NOTHING] * 295),
    )
    expected = cohort.load(meant, one, Roles(), kb=kb)
    taken, whole = large.load(odd, one, Roles(), kb, 1)
    assert taken.prior.margin.tolist() == expected.prior.margin.tolist()
    if whole is not None:
        assert whole.encode(taken.features, False, 1)[0].prior.tolist() == expected.prior.margin.tolist()
    said = " ".join(text for _, text in taken.remarks)
    assert "clinical.age is told and not understood where it is no number (1 row)" in said
    assert "clinical.age: numbers with a decimal comma" in said and "clinical.weight is not used" in said
    assert "'old'" not in said and "54,5" not in said
    assert refused.NAME not in {feature.reading.column for feature in taken.features}
    assert (whole is None) == (limit > 0)
