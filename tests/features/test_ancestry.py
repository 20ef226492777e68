"""Estimated ancestry: axes of a real panel, a person placed by the positions they have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from pgx import knowledge, schema, variants
from pgx.features import ancestry, build

DATA = Path(__file__).resolve().parents[1] / "data"
KB = knowledge.load()


def loadings() -> np.ndarray:
    return KB.table("ancestry_axes").select(f"pc{i}" for i in range(1, ancestry.AXES + 1)).to_numpy()


def test_the_axes_are_orthonormal_and_the_clouds_are_symmetric():
    axes = loadings()
    assert np.allclose(axes.T @ axes, np.eye(ancestry.AXES), atol=1e-3)
    for (_,), cloud in KB.table("ancestry_groups").partition_by("group", as_dict=True).items():
        covariance = cloud.sort("axis").select(f"c{i}" for i in range(1, ancestry.AXES + 1)).to_numpy()
        assert np.allclose(covariance, covariance.T, atol=1e-5) and (np.linalg.eigvalsh(covariance) > 0).all()
    assert set(KB.table("ancestry_groups")["group"]) <= set(KB.table("groups")["name"])


def test_a_point_is_found_again_also_with_a_tenth_of_the_positions_missing():
    axes, rng = loadings(), np.random.default_rng(1)
    points = rng.normal(size=(5, ancestry.AXES)) * 3
    scaled = axes @ points.T
    assert np.allclose(ancestry.project(scaled, axes), points, atol=1e-2)
    scaled[rng.random(scaled.shape) < 0.1] = np.nan
    assert np.allclose(ancestry.project(scaled, axes), points, atol=1e-2)


def test_a_person_is_placed_the_same_to_the_last_digit_alone_and_among_others():
    axes, rng = loadings(), np.random.default_rng(2)
    scaled = rng.normal(size=(len(axes), 60))
    scaled[rng.random(len(axes)) < 0.1] = np.nan  # all lack the same positions, and a few others besides
    scaled[rng.random(scaled.shape) < 0.002] = np.nan
    points = ancestry.project(scaled, axes)
    _, chances = ancestry.classify(points, KB)
    for size in (1, 2, 7, 33):
        for start in range(0, 60, size):
            some = slice(start, start + size)
            own = ancestry.project(np.ascontiguousarray(scaled[:, some]), axes)
            np.testing.assert_array_equal(own, points[some])
            np.testing.assert_array_equal(ancestry.classify(own, KB)[1], chances[some])


def test_too_few_positions_give_no_place():
    axes = loadings()
    scaled = np.full((len(axes), 1), np.nan)
    scaled[: len(axes) // 2] = 0
    assert np.isnan(ancestry.project(scaled, axes)).all()


def test_without_genotypes_the_features_are_missing_not_guessed():
    calls = schema.empty(schema.CALLS)
    frame = build(calls, schema.empty(schema.PHENOTYPES), None, KB, columns=list(ancestry.COLUMNS))
    assert frame.columns == ["sample", *ancestry.COLUMNS]


def test_the_panel_is_placed_in_its_own_groups():
    people = pl.read_csv(DATA / "1kgp_samples.tsv", separator="\t", infer_schema=False)
    genotypes = variants.read([DATA / "1kgp.GRCh38.vcf.gz"], KB)
    samples = pl.DataFrame({"sample": genotypes.samples})
    frame = samples.hstack(ancestry.estimate(genotypes, KB, samples))
    names = {
        "AFR": "Sub-Saharan African",
        "EUR": "European",
        "EAS": "East Asian",
        "SAS": "Central/South Asian",
        "AMR": "Latino",
    }
    both = frame.join(people.with_columns(group=pl.col("superpopulation").replace(names)), on="sample")
    assert (both["group"] == both["ancestry.estimated_group"]).mean() > 0.75
    assert both["ancestry.estimated_probability"].is_between(0.2, 1).all()
    sure = both.filter(pl.col("ancestry.estimated_probability") > 0.95)
    assert (sure["group"] == sure["ancestry.estimated_group"]).mean() > 0.9
