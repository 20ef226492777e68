"""Tables as hospitals keep them: spellings, gaps written out, columns that are the outcome, persons with many rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pgx.errors import InputError
from pgx.knowledge import KnowledgeBase
from pgx.models.cohort import cohort, leakage, tables
from pgx.models.cohort.cohort import Cohort, Roles
from pgx.models.cohort.simulation import simulate
from pgx.models.evidence import endpoints, gene_columns
from pgx.models.fitting import fit
from pgx.models.fitting.boost import Settings
from pgx.models.scoring import score
from pgx.models.training import train

NAME = "clopidogrel.mace"
GENE = "gene.cyp2c19.phenotype"
TERMS = ["Normal Metabolizer", "Intermediate Metabolizer", "Poor Metabolizer"]


def hospital(n: int = 300, seed: int = 1) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "sample": [f"P{i}" for i in range(n)],
            GENE: rng.choice(TERMS, n, p=[0.7, 0.27, 0.03]),
            "clinical.age": rng.integers(30, 90, n).astype(float),
            "outcome": (rng.random(n) < 0.2).astype(int),
        }
    )


def load(table: pl.DataFrame, kb: KnowledgeBase) -> Cohort:
    return cohort.load(table, endpoints.get(kb, NAME), Roles(), kb=kb)


def codes(table: pl.DataFrame, kb: KnowledgeBase) -> set[str]:
    model = train.train(NAME, table, None, kb, settings=Settings(max_trees=20))
    return {warning["code"] for warning in model.facts["warnings"]}


@pytest.mark.parametrize(
    "spell", [str.lower, lambda term: {"N": "NM", "I": "IM", "P": "PM"}[term[0]], lambda term: f" {term} "]
)
def test_phenotypes_are_understood_as_hospitals_spell_them(kb: KnowledgeBase, spell: object) -> None:
    table = hospital()
    other = table.with_columns(pl.Series(GENE, [spell(term) for term in table[GENE]]))  # type: ignore[operator]
    assert np.array_equal(load(table, kb).prior.margin, load(other, kb).prior.margin)


def test_a_word_that_is_no_phenotype_is_unknown_and_not_normal(kb: KnowledgeBase) -> None:
    table = hospital().with_columns(
        pl.when(pl.int_range(300) < 200).then(pl.lit("grade B")).otherwise(GENE).alias(GENE)
    )
    taken = load(table, kb)
    assert taken.prior.assumed[:200].all() and not taken.prior.assumed[200:].any()
    assert {"genotype_spelling", "evidence_hardly_read"} <= {code for code, _ in taken.remarks}


@pytest.mark.parametrize(
    "change", [pl.lit(None, dtype=pl.String).alias(GENE), (pl.int_range(300) % 3).alias(GENE), pl.lit("?").alias(GENE)]
)
def test_a_cohort_without_the_gene_is_refused(kb: KnowledgeBase, change: pl.Expr) -> None:
    with pytest.raises(InputError, match=GENE):
        load(hospital().with_columns(change), kb)


@pytest.mark.parametrize("word", ["NaN", "N/A", "", "."])
def test_gaps_that_are_written_out_are_gaps(kb: KnowledgeBase, tmp_path: Path, word: str) -> None:
    table = hospital().with_columns(
        pl.when((pl.col("outcome") == 1) | (pl.int_range(300) % 30 == 0))
        .then(pl.lit("4.5"))
        .otherwise(pl.lit(word))
        .alias("ck")
    )
    table = table.with_columns(ck=pl.when(pl.int_range(300) % 2 == 0).then(pl.col("ck")).otherwise(pl.lit(word)))
    table.write_csv(tmp_path / "cohort.csv")
    found = tables.read(tmp_path / "cohort.csv")
    assert found["ck"].null_count() == 300 - (found["ck"] == 4.5).sum()
    varied = found.with_columns(ck=pl.col("ck") + pl.int_range(300) % 7)
    assert "missingness_predicts_outcome" in codes(varied, kb)


def test_nan_in_a_frame_is_a_gap(kb: KnowledgeBase) -> None:
    rng = np.random.default_rng(2)
    table = hospital()
    some = (table["outcome"].to_numpy() == 1) | (np.arange(300) % 30 == 0)
    ck = np.where(some, rng.normal(size=300), np.nan)
    assert "missingness_predicts_outcome" in codes(table.with_columns(ck=pl.Series(ck)), kb)


def test_a_copy_of_the_outcome_is_left_out_and_said(kb: KnowledgeBase) -> None:
    table = hospital().with_columns(
        died=pl.col("outcome"), word=pl.when(pl.col("outcome") == 1).then(pl.lit("MI")).otherwise(pl.lit("none"))
    )
    taken = load(table, kb)
    assert {"died", "word"} <= set(taken.unused)
    assert "column_gives_outcome_away" in {code for code, _ in taken.remarks}
    assert not load(hospital(), kb).remarks


def test_a_gene_may_tell_the_outcome_nearly_without_error(kb: KnowledgeBase) -> None:
    table = hospital().with_columns(outcome=(pl.col(GENE) != TERMS[0]).cast(pl.Int64))
    assert "column_gives_outcome_away" not in codes(table, kb)


def test_running_numbers_are_no_feature(kb: KnowledgeBase) -> None:
    taken = load(hospital().sort("outcome").with_columns(mrn=pl.int_range(300) + 1000), kb)
    assert "mrn" in taken.unused


def test_events_are_persons() -> None:
    y, who = np.r_[np.ones(30), np.zeros(70)], np.r_[np.zeros(30), np.arange(1, 71)].astype(np.int64)
    assert fit.count_events(y, "logit") == 30
    assert fit.count_events(y, "logit", who) == 1


def test_rows_of_one_person_are_no_witnesses_of_a_leak() -> None:
    rng = np.random.default_rng(3)
    alarms = 0
    for seed in range(40):
        who = np.repeat(np.arange(60), 10)
        y = (rng.random(60) < 0.3).astype(float)[who]
        gap = (rng.random(60) < 0.3)[who]
        frame = pl.DataFrame({"lab": [None if one else 1.0 for one in gap]})
        alarms += leakage.missingness(frame, ["lab"], y, seed, who).found
    assert alarms <= 3


def test_one_outcome_is_said(kb: KnowledgeBase) -> None:
    assert "one_outcome" in codes(hospital().with_columns(outcome=pl.lit(0)), kb)


@pytest.mark.parametrize("text", ["%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%SZ"])
def test_times_are_days(kb: KnowledgeBase, text: str) -> None:
    when = pl.datetime(2020, 1, 1) + pl.duration(days=pl.int_range(300))
    taken = load(hospital().with_columns(time=when.dt.strftime(text)), kb)
    assert taken.time is not None and np.array_equal(np.diff(taken.time), np.ones(299))


def test_a_time_that_is_none_is_refused(kb: KnowledgeBase) -> None:
    with pytest.raises(InputError, match="column time: 300 of 300 values are no date"):
        load(hospital().with_columns(time=pl.lit("spring")), kb)


def test_diplotypes_are_interpreted_where_no_phenotype_is_given(kb: KnowledgeBase) -> None:
    table = hospital()
    names = {"Normal Metabolizer": "*1/*1", "Intermediate Metabolizer": "*1/*2", "Poor Metabolizer": "*2/*3"}
    other = table.drop(GENE).with_columns(**{"gene.cyp2c19.diplotype": table[GENE].replace_strict(names)})
    assert np.array_equal(load(table, kb).prior.margin, load(other, kb).prior.margin)
    unknown = other.with_columns(pl.lit("*1/*999").alias("gene.cyp2c19.diplotype"))
    with pytest.raises(InputError, match=GENE):
        load(unknown, kb)


@pytest.mark.parametrize("name", ["CYP2C19", "cyp2c19_phenotype", "CYP2C19 Phenotype"])
def test_a_column_named_like_the_gene_is_read_if_all_of_it_makes_sense(kb: KnowledgeBase, name: str) -> None:
    table = hospital()
    taken = load(table.rename({GENE: name}), kb)
    assert np.array_equal(load(table, kb).prior.margin, taken.prior.margin)
    assert any(f"{name} is read as" in text for _, text in taken.remarks)
    with pytest.raises(InputError, match=GENE):
        load(table.rename({GENE: name}).with_columns(pl.lit("type 4").alias(name)), kb)


def test_what_pgx_itself_writes_is_left_as_it_is(kb: KnowledgeBase) -> None:
    for name, one in endpoints.load(kb).items():
        table = simulate(one, 60, seed=2)
        same, remarks = gene_columns.understood(table, one, kb)
        assert not remarks, name
        assert same.select(table.columns).equals(table), name


def test_scores_read_genotypes_as_training_does(kb: KnowledgeBase) -> None:
    table = hospital(8).drop("outcome")
    rows, _ = score.score(table, kb, endpoints=[NAME])
    short = {"Normal Metabolizer": "nm", "Intermediate Metabolizer": "IM", "Poor Metabolizer": "PM"}
    other, _ = score.score(table.with_columns(pl.col(GENE).replace(short)), kb, endpoints=[NAME])
    assert rows.equals(other)
    strange, notes = score.score(table.with_columns(pl.lit("type 4").alias(GENE)), kb, endpoints=[NAME])
    assert set(strange["category"]) == {"refused"}
    assert notes[0].code == "genotype_spelling"


def test_many_small_gaps_are_seen_together() -> None:
    rng = np.random.default_rng(4)
    y = (rng.random(800) < 0.2).astype(float)
    gaps = {f"lab{k}": rng.random(800) < np.where(y == 1, 0.22, 0.3) for k in range(25)}
    frame = pl.DataFrame({name: [None if one else 1.0 for one in gap] for name, gap in gaps.items()})
    found = leakage.missingness(frame, frame.columns, y, 1)
    assert found.found
    assert "how many values are missing" in found.message or "is recorded" in found.message
    shuffled = leakage.missingness(frame, frame.columns, rng.permutation(y), 1)
    assert not shuffled.found


def test_a_cohort_that_was_sampled_by_outcome_is_asked_about(kb: KnowledgeBase) -> None:
    table = hospital(2000, seed=5)
    cases, rest = table.filter(pl.col("outcome") == 1), table.filter(pl.col("outcome") == 0)
    even = pl.concat([cases, rest.head(cases.height)])
    assert "more_events_than_published" in codes(even, kb)
    assert "more_events_than_published" not in codes(table.head(600), kb)
    model = train.train(NAME, even, None, kb, population_risk=0.2, settings=Settings(max_trees=20))
    assert "more_events_than_published" not in {one["code"] for one in model.facts["warnings"]}


@pytest.mark.parametrize("word", ["Indeterminate", "not tested", "type 4"])
def test_an_enzyme_state_that_is_not_understood_is_not_as_the_genes_say(kb: KnowledgeBase, word: str) -> None:
    table = hospital(6).drop("outcome").with_columns(pl.lit(word).alias("gene.cyp2c19.clinical_phenotype"))
    rows, _ = score.score(table, kb, endpoints=[NAME])
    assert all("gene_not_called:CYP2C19" in flags for flags in rows["flags"])


def test_counts_of_an_allele_in_a_phenotype_column_are_refused_with_what_to_give(kb: KnowledgeBase) -> None:
    table = hospital().with_columns((pl.int_range(300) % 3).alias(GENE))
    with pytest.raises(InputError) as refused:
        load(table, kb)
    assert "look like counts of an allele" in str(refused.value)
    assert f"{GENE} in words, like 'Intermediate Metabolizer', or gene.cyp2c19.diplotype" in str(refused.value)


def test_counts_of_every_allele_that_the_evidence_names_stand_for_diplotypes(kb: KnowledgeBase) -> None:
    one = endpoints.get(kb, "peginterferon_alfa.response")
    ref, alt, column = "rs12979860 reference (C)", "rs12979860 variant (T)", "gene.ifnl3.diplotype"
    counts = pl.Series(np.random.default_rng(1).integers(0, 3, 300))
    words = counts.replace_strict({0: f"{ref}/{ref}", 1: f"{ref}/{alt}", 2: f"{alt}/{alt}"})
    table = simulate(one, 300, seed=1).with_columns(words.alias(column))
    foreign = table.drop(column).with_columns(counts.alias(f"gene.ifnl3.allele_count.{alt}"))
    taken = cohort.load(foreign, one, Roles(), kb=kb)
    assert np.array_equal(taken.prior.margin, cohort.load(table, one, Roles(), kb=kb).prior.margin)
    assert any("is made of the counts of rs12979860 variant (T)" in text for _, text in taken.remarks)
    odd = foreign.with_columns(pl.lit(3).alias(f"gene.ifnl3.allele_count.{alt}"))
    with pytest.raises(InputError, match="or the number of copies"):
        cohort.load(odd, one, Roles(), kb=kb)


def test_counts_of_some_alleles_only_are_not_read(kb: KnowledgeBase) -> None:
    """An allele that was not counted is not an allele that is not there."""
    one = endpoints.get(kb, "fluorouracil.severe_toxicity")
    table = simulate(one, 300, seed=1).drop("gene.dpyd.diplotype")
    some = table.with_columns(pl.lit(0).alias("gene.dpyd.allele_count.c.1679T>G (*13)"))
    with pytest.raises(InputError, match=r"is not read without .*gene\.dpyd\.allele_count\.c\.1905"):
        cohort.load(some, one, Roles(), kb=kb)
    _, alleles = gene_columns.allele_counts.named(one, kb)["dpyd"]
    whole = table.with_columns(pl.lit(0).alias(f"gene.dpyd.allele_count.{name}") for name in alleles)
    assert not cohort.load(whole, one, Roles(), kb=kb).prior.assumed.all()


@pytest.mark.parametrize(("code", "rows"), [(-9, 7), (999, 3), (-999.0, 1), (9999, 40)])
def test_a_code_for_missing_is_said_and_never_used(kb: KnowledgeBase, code: float, rows: int) -> None:
    rng = np.random.default_rng(4)
    values = np.round(rng.uniform(20, 180, 300), 1)
    values[:rows] = code
    taken = load(hospital().with_columns(weight_kg=pl.Series(values)), kb)
    assert [text for key, text in taken.remarks if key == "code_for_missing"] == [
        f"weight_kg is taken as unknown where it is {code:g} ({rows} rows): no other value is near, so this looks like "
        "a code for missing; leave such cells empty"
    ]
    column = [feature.name for feature in taken.features].index("weight_kg")
    assert np.isnan(taken.data.x[:, column]).sum() == rows
    assert np.nanmax(taken.data.x[:, column]) <= 180 and np.nanmin(taken.data.x[:, column]) >= 20


@pytest.mark.parametrize(
    "values",
    [
        np.arange(300) % 3 - 1,
        np.linspace(-40, 40, 300).round(),
        np.arange(300) * 5.0,
        np.arange(300) % 11,
        np.r_[np.full(290, 98.0), np.full(10, 99.0)],
    ],
    ids=["levels -1 0 1", "a scale below zero", "up to 1495", "0 to 10", "per cent"],
)
def test_ordinary_numbers_are_no_codes(kb: KnowledgeBase, values: np.ndarray) -> None:
    taken = load(hospital().with_columns(pl.Series("value", values)), kb)
    assert "code_for_missing" not in {key for key, _ in taken.remarks}


def test_nine_beside_nothing_but_zero_and_one_is_a_code(kb: KnowledgeBase) -> None:
    flag = pl.Series("smokes", np.where(np.arange(300) < 12, 9, np.arange(300) % 2))
    assert any("smokes is taken as unknown where it is 9 (12 rows)" in text for _, text in
               load(hospital().with_columns(flag), kb).remarks)  # fmt: skip


def test_a_dose_of_999_is_refused(kb: KnowledgeBase) -> None:
    table = simulate(endpoints.get(kb, "warfarin.dose"), 60, seed=1)
    coded = table.with_columns(pl.when(pl.int_range(60) < 4).then(999.0).otherwise("outcome").alias("outcome"))
    with pytest.raises(InputError, match="4 rows have 999 mg/week"):
        cohort.load(coded, endpoints.get(kb, "warfarin.dose"), Roles(), kb=kb)


def test_a_word_among_numbers_is_unknown_and_said(kb: KnowledgeBase) -> None:
    """One slip makes text of a whole column: it stays a column of numbers."""
    table = hospital().with_columns(pl.col("clinical.age").cast(pl.String))
    slipped = table.with_columns(
        pl.when(pl.int_range(pl.len()) == 7).then(pl.lit("old")).otherwise("clinical.age").alias("clinical.age")
    )
    taken = load(slipped, kb)
    j = [feature.name for feature in taken.features].index("clinical.age")
    assert np.isnan(taken.data.x[:, j]).tolist() == [i == 7 for i in range(300)]
    said = dict(taken.remarks)["text_among_numbers"]
    assert "clinical.age" in said and "(1 row)" in said and "'old'" not in said
    assert "text_among_numbers" not in dict(load(table, kb).remarks)


def test_words_and_numbers_half_and_half_are_levels(kb: KnowledgeBase) -> None:
    grade = pl.Series("lab.grade", ["0", "1", "positive"] * 100)
    taken = load(hospital().with_columns(grade), kb)
    assert "lab.grade" not in [feature.name for feature in taken.features]
    assert "lab.grade = positive" in [feature.name for feature in taken.features]
    assert "text_among_numbers" not in dict(taken.remarks)


@pytest.mark.parametrize("ending", ["tsv", "csv"])
@pytest.mark.parametrize("blocks", [False, True])
def test_a_column_named_twice_is_refused(kb: KnowledgeBase, tmp_path: Path, ending: str, blocks: bool) -> None:
    path, mark = tmp_path / f"cohort.{ending}", "\t" if ending == "tsv" else ","
    path.write_text(mark.join(["person", "lab.a", "lab.a"]) + "\n" + mark.join(["P1", "1", "2"]) + "\n")
    with pytest.raises(InputError, match=r"two columns are called 'lab\.a'"):
        tables.source(path) if blocks else tables.read(path)


def test_copies_of_rows_do_not_tell_the_site() -> None:
    """Trees that have seen a person's other rows know the site of that person, whatever the features mean."""
    rng = np.random.default_rng(3)
    who = np.repeat(np.arange(100), 4)
    x = rng.normal(size=(100, 6)).astype(np.float32)[who]
    sites = rng.integers(3, size=100)[who]
    frame = pl.DataFrame({f"lab.{j}": x[:, j] for j in range(6)})
    apart, divided = (
        {probe.code: probe for probe in leakage.site(frame, frame.columns, x, sites, 1, groups)}[
            "features_predict_site"
        ]
        for groups in (who, None)
    )
    assert divided.found and not apart.found


def test_a_slip_in_the_columns_to_ignore_is_refused(kb: KnowledgeBase) -> None:
    """Otherwise what must not be learned from becomes a feature."""
    table = hospital().with_columns(pl.Series("lab.late", np.arange(300) % 7))
    with pytest.raises(InputError, match=r"no column 'lab\.latte' to ignore"):
        cohort.load(table, endpoints.get(kb, NAME), Roles(ignore=("lab.latte",)), kb=kb)
    taken = cohort.load(table, endpoints.get(kb, NAME), Roles(ignore=("lab.late", "truth")), kb=kb)
    assert "lab.late" not in [feature.name for feature in taken.features]


@pytest.mark.parametrize("role", ["person", "site", "time"])
def test_the_outcome_is_nothing_else_too(kb: KnowledgeBase, role: str) -> None:
    with pytest.raises(InputError, match=f"cannot be both outcome and {role}"):
        cohort.load(hospital(), endpoints.get(kb, NAME), Roles(**{role: "outcome"}), kb=kb)  # type: ignore[arg-type]


@pytest.mark.parametrize("per_week", [7.0, 1.0, 1 / 7])
def test_doses_in_another_unit_are_asked_about(kb: KnowledgeBase, per_week: float) -> None:
    """A week's dose written as a day's is learned as well as any: nothing else would tell."""
    one = endpoints.get(kb, "warfarin.dose")
    table = simulate(one, 300, seed=2).with_columns(pl.col("outcome") * per_week)
    remarks = dict(cohort.load(table, one, Roles(), kb=kb).remarks)
    assert ("doses_far_from_published" in remarks) == (per_week != 1.0)


def test_one_dose_for_everybody_is_said(kb: KnowledgeBase) -> None:
    one = endpoints.get(kb, "warfarin.dose")
    table = simulate(one, 300, seed=2).with_columns(outcome=pl.lit(35.0))
    assert "one_outcome" in dict(cohort.load(table, one, Roles(), kb=kb).remarks)


def test_a_word_among_numbers_is_said_where_persons_are_scored(kb: KnowledgeBase) -> None:
    one = endpoints.get(kb, "warfarin.dose")
    table = simulate(one, 20, seed=2).rename({"person": "sample"}).with_columns(pl.col("clinical.age").cast(pl.String))
    slipped = table.with_columns(
        pl.when(pl.int_range(pl.len()) == 3).then(pl.lit("old")).otherwise("clinical.age").alias("clinical.age")
    )
    _, fine = score.score(table, kb, endpoints=[one.name])
    _, notes = score.score(slipped, kb, endpoints=[one.name])
    assert "text_among_numbers" not in {note.code for note in fine}
    assert any(note.code == "text_among_numbers" and "no number (1 row)" in note.message for note in notes)


@pytest.mark.parametrize(("code", "is_one"), [(-999.0, True), (-99.0, True), (-9.0, False)])
def test_a_code_far_below_a_scale_with_negative_values_is_one(kb: KnowledgeBase, code: float, is_one: bool) -> None:
    changes = np.round(np.random.default_rng(2).normal(0, 1, 300), 2)
    changes[:12] = code
    remarks = dict(load(hospital().with_columns(pl.Series("change", changes)), kb).remarks)
    assert (f"change is taken as unknown where it is {code:g}" in remarks.get("code_for_missing", "")) is is_one


def test_values_below_a_limit_of_detection_leave_a_column_of_numbers(kb: KnowledgeBase) -> None:
    numbers = [f"{value:.2f}" for value in np.random.default_rng(3).uniform(0.5, 9, 300)]
    table = hospital().with_columns(pl.Series("crp", ["<0.5"] * 60 + numbers[60:]))
    taken = load(table, kb)
    column = [feature.name for feature in taken.features].index("crp")
    assert np.isnan(taken.data.x[:, column]).sum() == 60
    assert "crp is taken as unknown where it is no number (60 rows)" in dict(taken.remarks)["text_among_numbers"]


def test_words_of_a_coded_column_are_read_as_scores_read_them(kb: KnowledgeBase) -> None:
    words = ["F", "female", "W", "m", "male", "M"]
    table = hospital().with_columns(pl.Series("clinical.sex", [words[i % 6] for i in range(300)]))
    names = {feature.name for feature in load(table, kb).features if feature.reading.column == "clinical.sex"}
    assert names <= {"clinical.sex = female", "clinical.sex = male"} and names


def test_rows_of_one_person_under_several_names_are_said(kb: KnowledgeBase) -> None:
    rng = np.random.default_rng(5)
    bmi, age = np.round(rng.normal(26, 4, 300), 2), rng.integers(18, 90, 300)
    table = hospital().with_columns(pl.Series("bmi", bmi), pl.Series("age", age), sex=pl.lit("f"))
    alike = pl.concat([table.head(100)] * 3).with_columns(table["outcome"], table["sample"])
    for one, pairs in ((table, 0), (alike, 300)):
        taken = load(one, kb)
        probe = leakage.persons_alike(taken.frame, taken.data.groups)
        assert (probe.found, probe.statistic) == (pairs > 0, pairs)


def test_a_code_for_missing_is_unknown_in_scores_too(kb: KnowledgeBase, tmp_path: Path) -> None:
    """A score that took 999 for a value would be one of a person whom nobody has seen."""
    values = np.round(np.random.default_rng(4).uniform(1, 18, 300), 1)
    values[:12] = 999
    table = hospital().with_columns(pl.Series("crp", values))
    model = train.train(NAME, table, tmp_path, kb, roles=Roles(others=True))
    assert model.unknown_at == {"crp": (999.0,)}
    (coded, notes), (empty, _) = (
        score.score(
            table.tail(1).with_columns(crp=pl.lit(value, pl.Float64)), kb, endpoints=[NAME], models_dir=tmp_path
        )
        for value in (999.0, None)
    )
    assert coded.equals(empty) and coded["model"].item()
    assert any(note.code == "code_for_missing" and "1 row" in note.message for note in notes)
