"""The same number, to every digit written: one endpoint or all, one person or a batch, VCF or features."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import pgx
from pgx import models
from pgx.knowledge import KnowledgeBase
from pgx.models.cohort.simulation import Truth, simulate
from pgx.models.evidence import endpoints
from pgx.models.fitting.boost import Settings
from tests.sizes import size

EXAMPLES = Path("data/examples")
NAME = "warfarin.low_dose_need"
SAID = ("estimate", "low", "high", "reference", "category", "factors", "usable")


def _pairs(one: pl.DataFrame, two: pl.DataFrame, columns: tuple[str, ...] = SAID) -> None:
    keys = ["sample", "endpoint"]
    joined = one.select(*keys, *columns).join(two.select(*keys, *columns), on=keys, suffix="_other", how="inner")
    assert joined.height == min(one.height, two.height) > 0
    for column in columns:
        odd = joined.filter(pl.col(column).ne_missing(pl.col(f"{column}_other")))
        assert odd.is_empty(), (column, odd.select(*keys, column, f"{column}_other").rows()[:3])


@pytest.fixture(scope="module")
def person() -> dict[str, object]:
    return {"vcf": EXAMPLES / "HG00652.GRCh38.vcf.gz", "clinical": EXAMPLES / "HG00652.clinical.json"}


@pytest.fixture(scope="module")
def scores(person: dict[str, object]) -> pl.DataFrame:
    return pgx.score(**person)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["warfarin.dose", "warfarin.bleeding", "celecoxib.gi_bleeding", NAME])
def test_a_score_does_not_depend_on_what_else_is_asked(
    person: dict[str, object], scores: pl.DataFrame, name: str
) -> None:
    alone = pgx.score(**person, endpoints=[name])  # type: ignore[arg-type]
    _pairs(alone, scores, (*SAID, "flags"))


def test_a_score_does_not_depend_on_whose_rows_stand_beside_it(kb: KnowledgeBase) -> None:
    one = endpoints.get(kb, NAME)
    model = models.train(
        NAME, simulate(one, 400, truth=Truth(age=0.5), seed=2), None, kb, settings=Settings(max_trees=20)
    )
    table = simulate(one, 300, seed=9).drop("outcome", "site").rename({"person": "sample"})
    from pgx.models.scoring.score import persons
    from pgx.models.scoring.score_rows import answer

    def scored(rows: pl.DataFrame) -> pl.DataFrame:
        return answer(*persons(rows), one, model, kb.version)

    batch = scored(table)
    for row in (0, 7, 123, 299):
        _pairs(scored(table.slice(row, 1)), batch)
    assert np.unique(batch["estimate"].to_numpy()).size > 20


@pytest.mark.parametrize("ending", ["frame", "tsv", "parquet"])
def test_features_give_the_scores_of_the_genotypes(
    person: dict[str, object], scores: pl.DataFrame, tmp_path: Path, ending: str
) -> None:
    """HG00652's CYP2C9 is not certain: the table keeps what the score is averaged over."""
    place = None if ending == "frame" else tmp_path / f"features.{ending}"
    table = pgx.features(**person, out=place)  # type: ignore[arg-type]
    assert table["gene.cyp2c9.posterior"].null_count() == 0
    few = size(["celecoxib.gi_bleeding", "warfarin.dose", NAME], long=None)
    # A table of features tells nothing of other drugs that act on the endpoint's: only the run on the file refuses.
    counted = scores.filter(~pl.col("flags").list.contains("refused:interaction_not_counted"))
    found = pgx.score(features=table if place is None else place, endpoints=None if place is None else few)
    _pairs(found.join(counted, on=["sample", "endpoint"], how="semi"), counted)


def test_a_drug_acts_on_what_the_genes_say_where_only_the_activity_score_is_read(scores: pl.DataFrame) -> None:
    """HG00652 takes an inhibitor of CYP2C9: the celecoxib score rests on the activity after it."""
    flags = scores.filter(endpoint="celecoxib.gi_bleeding")["flags"][0].to_list()
    assert "phenoconverted:CYP2C9" in flags


def test_a_posterior_that_cannot_be_read_leaves_the_gene_unknown(kb: KnowledgeBase) -> None:
    row = {"sample": "a", "gene.cyp2c9.diplotype": "*1/*3", "gene.cyp2c9.phenotype": "Intermediate Metabolizer",
           "gene.cyp2c9.activity_score": 1.0}  # fmt: skip
    plain, _ = models.score(pl.DataFrame([row]), kb, endpoints=["warfarin.bleeding"])
    assert plain["usable"].to_list() == [True]
    for text in (
        "no JSON",
        "[1]",
        '{"diplotypes": [["*1/*3", 0.2]], "phenotypes": []}',
        '{"diplotypes": [["*1/*3", "x"]]}',
    ):
        odd, _ = models.score(
            pl.DataFrame([row | {"gene.cyp2c9.posterior": text}]), kb, endpoints=["warfarin.bleeding"]
        )
        assert odd.select("estimate", "usable").rows() == [(None, False)], text
