"""How columns become numbers: every kind of reading, imputed and derived values, and several effects at once."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
import pytest

from pgx.knowledge import KnowledgeBase
from pgx.models.evidence import allele_counts, design, endpoints
from pgx.models.evidence.endpoint import Imputation, Reading

NAN = math.nan


@pytest.mark.parametrize(
    ("reading", "values", "expected"),
    [
        ({"kind": "number"}, [2.0, None, 1e12, 1.1e12], [2.0, NAN, 1e12, NAN]),
        ({"kind": "number", "center": 60.0, "per": 10.0}, [75.0, 50.0], [1.5, -1.0]),
        ({"kind": "number", "per": 10.0, "floor": True}, [69.9, 70.0, 79.0], [6.0, 7.0, 7.0]),
        ({"kind": "number"}, ["3.5", "three", None], [3.5, NAN, NAN]),
        ({"kind": "range", "below": 18.0}, [17.999, 18.0, None], [1.0, 0.0, NAN]),
        ({"kind": "range", "at_least": 3.0}, [2.999, 3.0, 99.0], [0.0, 1.0, 1.0]),
        ({"kind": "range", "at_least": 1.0, "below": 2.0}, [0.99, 1.0, 1.99, 2.0], [0.0, 1.0, 1.0, 0.0]),
        ({"kind": "yes"}, [True, False, None], [1.0, 0.0, 0.0]),
        ({"kind": "yes"}, ["Yes ", "no", "current", "perhaps"], [1.0, 0.0, 1.0, 0.0]),
        ({"kind": "yes"}, [0, 1, 2], [0.0, 1.0, 1.0]),
        ({"kind": "level", "levels": ("a", "b")}, ["a", "c", None], [1.0, 0.0, NAN]),
        ({"kind": "recorded", "levels": ("a",)}, ["a", "c", None], [1.0, 0.0, 0.0]),
        ({"kind": "level", "levels": (1.5,)}, [1.5, 1.0, None], [1.0, 0.0, NAN]),
        ({"kind": "missing"}, ["a", None], [0.0, 1.0]),
        ({"kind": "text_count", "text": "(T)"}, ["x (T)/y (T)", "x (T)/y", "x/y", None], [2.0, 1.0, 0.0, NAN]),
        (
            {"kind": "status", "text": "*57:01"},
            ["*57:01 positive;*58:01 negative", "*57:01 negative", "*58:01 positive", None],
            [1.0, 0.0, NAN, NAN],
        ),
    ],
)
def test_a_reading(reading: dict[str, Any], values: list[object], expected: list[float]) -> None:
    found = design.read(pl.DataFrame({"c": values}), Reading("c", **reading))
    assert found == pytest.approx(np.array(expected), nan_ok=True)


@pytest.mark.parametrize("kind", ["level", "recorded", "yes", "missing", "number"])
@pytest.mark.parametrize("values", [["a", "1.0", None, "yes"], [1.0, 2.0, None, 0.0], [True, None, False], [None], [1]])
def test_a_reading_of_few_persons_is_that_of_many(kind: str, values: list[object]) -> None:
    """Columns of few persons are compared one by one, and those that are empty or full are not looked at."""
    reading = Reading("c", kind=kind, levels=("a", "true", 1))  # type: ignore[arg-type]
    many = design.read(pl.DataFrame({"c": [*values, "b" if isinstance(values[0], str) else None] * 50}), reading)
    few = np.concatenate([design.read(pl.DataFrame({"c": [v]}, schema={"c": pl.Series(values).dtype}), reading)
                          for v in values])  # fmt: skip
    assert few == pytest.approx(many[: len(values)], nan_ok=True)


def test_a_reading_does_not_hold_where_another_column_rules_it_out() -> None:
    frame = pl.DataFrame({"score": [1.5, 1.5, None], "name": ["*1/*5", "*1/*2", "*1/*2"]})
    reading = Reading("score", kind="level", levels=(1.5,), unless_column="name", unless_levels=("*1/*2",))
    assert design.read(frame, reading).tolist() == [1.0, 0.0, 0.0]


def test_a_value_is_imputed_by_the_first_row_that_holds() -> None:
    rows = (((("race", "asian"), ("sex", "female")), 150.0), ((("sex", "female"),), 160.0))
    frame = pl.DataFrame({"h": [171.0, None, None, None], "sex": ["female", "female", "female", "male"],
                          "race": ["asian", "asian", None, "asian"]})  # fmt: skip
    found = frame.select(design._imputed(Imputation("h", 168.0, rows, "made up")))["h"].to_list()
    assert found == [171.0, 150.0, 160.0, 168.0]


@pytest.mark.parametrize(
    ("parts", "derived"),
    [((True, False), True), ((False, False), False), ((None, False), None), ((None, True), True), ((None, None), None)],
)
def test_any_part_makes_a_derived_column_true_and_all_make_it_false(
    kb: KnowledgeBase, parts: tuple[bool | None, ...], derived: bool | None
) -> None:
    one = endpoints.get(kb, "warfarin.dose")
    columns = dict(zip(("medication.carbamazepine", "medication.phenytoin"), parts, strict=True))
    frame = pl.DataFrame({name: pl.Series([value], dtype=pl.Boolean) for name, value in columns.items()})
    frame = frame.with_columns(pl.lit(False).alias("medication.rifampin"))
    assert design.prepare(frame, one)["medication.warfarin_inducer"].to_list() == [derived]


@pytest.mark.parametrize("word", ["Indeterminate", "No Result", "n/a", "Unknown"])
def test_an_undecided_phenotype_is_unknown(kb: KnowledgeBase, word: str) -> None:
    one = endpoints.get(kb, "clopidogrel.mace")
    column = next(name for name in one.requires if name.startswith("gene."))
    frame = design.prepare(pl.DataFrame({design.genetic(column): [word, "Poor Metabolizer"]}), one)
    assert frame[column].to_list() == [None, "Poor Metabolizer"]


@pytest.mark.parametrize(
    ("terms", "copies", "kept", "below", "above", "combined"),
    [
        ([0.7, 0.0], [1.0, 0.0], [0.7, 0.0], 0.0, 0.0, False),
        ([0.7, 0.5], [1.0, 1.0], [0.7, 0.0], 0.0, 0.5, True),
        ([0.7, -0.9], [1.0, 1.0], [0.0, -0.9], 0.0, 0.7, True),
        ([-0.4, -0.9], [1.0, 1.0], [0.0, -0.9], 0.4, 0.0, True),
        ([1.4, 0.0], [2.0, 0.0], [0.7, 0.0], 0.0, 0.7, True),
        ([1.4, 0.3], [2.0, 0.0], [0.7, 0.3], 0.0, 0.7, True),
        ([0.7, 0.3], [1.0, 0.0], [0.7, 0.3], 0.0, 0.0, False),
    ],
)
def test_of_several_genetic_effects_the_largest_stands_alone(
    terms: list[float], copies: list[float], kept: list[float], below: float, above: float, combined: bool
) -> None:
    found = design.lead(np.array([terms]), np.array([copies]))
    assert found[0][0] == pytest.approx(kept)
    assert (found[1][0], found[2][0], found[3][0]) == (pytest.approx(below), pytest.approx(above), combined)


def test_a_clinical_column_is_the_genetic_one_where_nothing_acts() -> None:
    assert design.genetic("gene.cyp2d6.clinical_phenotype") == "gene.cyp2d6.phenotype"
    assert design.genetic("gene.cyp2d6.diplotype") == "gene.cyp2d6.diplotype"
    assert design.genetic("lab.clinical_phenotype") == "lab.clinical_phenotype"
    frame = pl.DataFrame({"gene.a.clinical_phenotype": ["x", "y", None], "gene.a.phenotype": ["x", "x", "x"]})
    assert design.converted(frame, "gene.a.clinical_phenotype").tolist() == [False, True, False]
    assert not design.converted(frame, "gene.a.phenotype").any()
    mixed = pl.DataFrame({"gene.a.clinical_activity_score": [1.0, 2.0], "gene.a.activity_score": ["1.0", "1.0"]})
    assert design.converted(mixed, "gene.a.clinical_activity_score").tolist() == [False, True]
    assert not design.converted(mixed.drop("gene.a.activity_score"), "gene.a.clinical_activity_score").any()


def test_which_columns_an_endpoint_can_read_its_genes_from(kb: KnowledgeBase) -> None:
    by_allele = allele_counts.wish(endpoints.get(kb, "warfarin.dose"), kb)
    assert "gene.cyp2c9.diplotype, like '*1/*2', or the number of copies" in by_allele
    assert "gene.cyp2c9.allele_count.*3" in by_allele
    in_words = allele_counts.wish(endpoints.get(kb, "clopidogrel.mace"), kb)
    assert "in words, like" in in_words and "number of copies" not in in_words
    carried = allele_counts.wish(endpoints.get(kb, "abacavir.hypersensitivity"), kb)
    assert "'*57:01 negative'" in carried


@pytest.mark.parametrize(
    ("counts", "diplotype"),
    [([0, 0], "r/r"), ([1, 0], "r/a"), ([0, 2], "b/b"), ([1, 1], "a/b"), ([-1, 0], None), ([-1, -1], None)],
)
def test_counts_of_alleles_make_a_diplotype(counts: list[float], diplotype: str | None) -> None:
    assert allele_counts._diplotype(np.array(counts, dtype=np.float64), ["a", "b"], "r") == diplotype
