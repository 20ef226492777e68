"""Where there is little room, only what is known to be harmless gives way."""

from hypothesis import given
from hypothesis import strategies as st

from pgx.reports.page.diplotypes import alleles_of, brief

ALLELE = st.sampled_from(["*1", "c.85T>C (*9A)", "c.2846A>T", "c.1129-5923C>G, c.1236G>A (HapB3)", "c.496A>G", "*68"])
STRAND = st.lists(ALLELE, min_size=1, max_size=4, unique=True).map(
    lambda alleles: alleles[0] if len(alleles) == 1 else f"[{' + '.join(alleles)}]"
)
DIPLOTYPE = st.lists(STRAND, min_size=1, max_size=2).map("/".join)


@given(DIPLOTYPE, st.sets(ALLELE), st.integers(0, 80))
def test_an_allele_that_is_not_harmless_is_never_left_out(diplotype, harmless, most):
    shown = brief(diplotype, most, harmless.__contains__)
    assert {allele for allele in alleles_of(diplotype) if allele not in harmless} <= set(alleles_of(shown))
    assert shown == diplotype or len(diplotype) > most
    assert "…" not in shown


def test_what_was_left_out_is_counted_and_what_decides_stays():
    diplotype = "[c.85T>C (*9A) + c.2846A>T + c.496A>G]/Reference"
    assert brief(diplotype, 30, {"c.85T>C (*9A)", "c.496A>G"}.__contains__) == "[c.2846A>T + 2 normal]/Reference"
    assert brief("Reference/Reference", 5, lambda _: True) == "Reference/Reference", "a strand keeps a name"
