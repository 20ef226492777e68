"""Names of feature columns are taken apart and built again without loss."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgx.features import registry
from pgx.features.names import FeatureName, gene_column, gene_of, gene_stem
from pgx.knowledge import load


def test_every_feature_of_the_catalogue_is_built_again_from_its_parts():
    names = registry.describe(load())["name"].to_list()
    assert len(names) > 500
    assert [str(FeatureName.parse(name)) for name in names] == names


def test_the_columns_of_a_gene_are_those_that_begin_with_its_stem():
    kb = load()
    genes = {gene.lower() for gene in kb.genes}
    for name in registry.describe(kb)["name"]:
        assert gene_of(name) in genes if name.startswith("gene.") else gene_of(name) == ""
        assert not gene_of(name) or name.startswith(gene_stem(gene_of(name)))


@given(st.text(st.characters(categories=["L", "N"]), min_size=1), st.text(min_size=1))
def test_what_is_said_of_a_gene_may_hold_anything(gene, what):
    name = FeatureName.parse(gene_column(gene, what))
    assert (name.gene, name.what) == (gene.lower(), what)


@pytest.mark.parametrize(("name", "last"), [("gene.cyp2c9.allele_count.*2", "*2"), ("age", "age"), ("lab.alt", "alt")])
def test_the_last_part(name, last):
    assert FeatureName.parse(name).last == last
