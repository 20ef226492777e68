"""A table given up column by column becomes the arrays that it becomes whole."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import polars as pl
import pytest

from pgx.knowledge import KnowledgeBase
from pgx.models.cohort import cohort, simulation, spending
from pgx.models.cohort.cohort import Roles
from pgx.models.evidence import design, endpoints


def _table(kb: KnowledgeBase, name: str) -> pl.DataFrame:
    truth = simulation.Truth(nuisance=4, covariate=0.4, sites=3)
    return simulation.simulate(endpoints.get(kb, name), 400, truth=truth, seed=5).with_columns(
        word=pl.when(pl.int_range(400) % 3 == 0).then(pl.lit("high")).otherwise(pl.lit("low"))
    )


@pytest.mark.parametrize("name", ["warfarin.dose", "azathioprine.leukopenia"])
def test_the_arrays_are_those_of_the_whole_table(kb: KnowledgeBase, name: str) -> None:
    endpoint, table = endpoints.get(kb, name), _table(kb, name)
    plain = cohort.load(table, endpoint, Roles(others=True), kb=kb)
    spent = cohort.load(table, endpoint, Roles(others=True), kb=kb, whole=["clinical.age"])
    np.testing.assert_array_equal(spent.data.x, plain.data.x)
    assert spent.features == plain.features
    for field in fields(plain.prior):
        np.testing.assert_array_equal(getattr(spent.prior, field.name), getattr(plain.prior, field.name))
    for one in ("y", "prior", "groups"):
        np.testing.assert_array_equal(getattr(spent.data, one), getattr(plain.data, one))
    assert spent.site is not None and plain.site is not None
    np.testing.assert_array_equal(spent.site, plain.site)
    assert spent.site_names == plain.site_names


def test_of_a_column_that_was_read_only_the_gaps_stay(kb: KnowledgeBase) -> None:
    endpoint, table = endpoints.get(kb, "warfarin.dose"), _table(kb, "warfarin.dose")
    plain = cohort.load(table, endpoint, Roles(others=True), kb=kb)
    spent = cohort.load(table, endpoint, Roles(others=True), kb=kb, whole=["word"])
    given_up = [name for name in spent.frame.columns if spent.frame.schema[name] != plain.frame.schema[name]]
    assert [name for name in given_up if name.startswith("nuisance") or "lab." in name], spent.frame.schema
    for name in given_up:
        assert spent.frame.schema[name] == pl.Boolean
        assert spent.frame[name].is_null().to_list() == plain.frame[name].is_null().to_list()
    assert spent.frame["word"].to_list() == plain.frame["word"].to_list()
    assert spent.frame["person"].to_list() == plain.frame["person"].to_list()


def test_what_the_evidence_reads_is_never_given_up(kb: KnowledgeBase) -> None:
    endpoint, table = endpoints.get(kb, "warfarin.dose"), _table(kb, "warfarin.dose")
    features = cohort.load(table, endpoint, Roles(others=True), kb=kb).features
    apart = spending.read_as_they_stand(endpoint, features)
    assert apart and not set(apart) & set(design.columns(endpoint))
    assert not [name for name in apart if name.startswith("gene.")]
