"""Every recommendation row is reached by somebody: a person is made for each row from the knowledge tables."""

from __future__ import annotations

import polars as pl
import pytest

from pgx import knowledge
from pgx.guidance import recommend
from pgx.knowledge.rules.phenotypes import rules_for
from pgx.phenotypes import assign
from pgx.phenotypes.assign import named_in
from tests.listed import with_text
from tests.phenotypes.builders import callset, clinical, diplotype, pattern

KB = knowledge.load()
ROWS = KB.table("recommendations")
TESTS = KB.table("recommendation_conditions").sort("rec_id", "position")
TERMS = {(r["guideline"], r["gene"], r["term"]): r for r in KB.table("genotype_terms").iter_rows(named=True)}
SCHEME = {r["source"]: r["scheme"] for r in KB.table("guideline_sources").iter_rows(named=True)}
BROADER = {r["phenotype"]: r["broader"] for r in KB.table("phenotype_terms").iter_rows(named=True)}


def alleles_of(gene, scheme):
    """A few alleles per function and activity value are enough to reach every phenotype."""
    rules = rules_for(KB, gene, scheme)
    listed = KB.table("alleles").filter(pl.col("gene") == gene)["allele"].to_list()
    if len(listed) <= 25:
        return listed
    kinds = {}
    for allele in listed:
        known = rules.allele(allele)
        kinds.setdefault((known.function, known.value, known.is_minimum), []).append(allele)
    return [allele for alike in kinds.values() for allele in alike[:4]]


def phenotypes_by_diplotype(gene, scheme, cache={}):  # noqa: B006
    if (gene, scheme) not in cache:
        rules = rules_for(KB, gene, scheme)
        names = alleles_of(gene, scheme)
        haploid = KB.gene(gene).row["inheritance"] == "mitochondrial"
        cache[gene, scheme] = [
            (pattern(diplotype(f"{a}|{b}" if b else f"{a}|")), rules.phenotype((a,), (b,) if b else None))
            for i, a in enumerate(names)
            for b in ([None] if haploid else names[i:])
        ]
    return cache[gene, scheme]


def carrying(gene, value):
    if value.endswith("negative"):
        return pattern("*99:01/*99:01", status="outside")
    return pattern(f"{value.split()[0]}/*99:01", status="outside")


def by_genotype(source, test):
    gene, value = test["gene"], test["value"]
    meaning = TERMS.get((source, gene, value)) or TERMS.get(("*", gene, value))
    if meaning is None:
        return pattern(value)
    first = meaning["value"].split("|")[0]
    if meaning["compare"] == "any_allele":
        return pattern(f"*1/{first}")
    return pattern(first) if meaning["compare"] == "diplotype" else by_phenotype(source, test, first)


def by_phenotype(source, test, value, taken=()):
    gene = test["gene"]
    if gene not in KB.genes or not any(rules_for(KB, gene, s).has_rules for s in ("CPIC", "DPWG")):
        return pattern(status="outside", stated_phenotype=value)
    scheme = SCHEME[source]
    own_word = value in rules_for(KB, gene, scheme).outcomes
    for tried in (scheme,) if own_word else (scheme, "CPIC" if scheme == "DPWG" else "DPWG"):
        for calls, result in phenotypes_by_diplotype(gene, tried):
            names = {result.phenotype, BROADER.get(result.phenotype)}
            score_fits = test["score_min"] is None or (
                result.activity_score is not None
                and test["score_min"] <= result.activity_score
                and (test["score_max"] is None or result.activity_score <= test["score_max"])
            )
            name_fits = value in names or (test["match_on"] == "activity_score" and test["gene"] not in CONTESTED)
            best = calls.diplotypes[0]
            as_named = named_in(KB, gene, scheme, best)
            own = rules_for(KB, gene, scheme).phenotype(as_named.parts1, as_named.parts2 or None)
            undetermined = tried == scheme or own.phenotype == "Indeterminate"
            named = best.name in taken or f"{best.allele2}/{best.allele1}" in taken
            if score_fits and name_fits and undetermined and not named:
                return calls
    # A word of another scheme that no diplotype leads to is reached by a tool that states it.
    return None if own_word else pattern(status="outside", stated_phenotype=value)


CONTESTED = ("DPYD",)
"""Genes where two rows of one guideline share an activity score and the phenotype decides."""


def person_for(row):
    calls = {}
    tests = TESTS.filter(pl.col("rec_id") == row["rec_id"]).rows(named=True)
    siblings = ROWS.filter(pl.col("drug") == row["drug"], pl.col("source") == row["source"])["rec_id"]
    exact = set(TESTS.filter(pl.col("rec_id").is_in(siblings.implode()), pl.col("match_on") == "genotype")["value"])
    for test in tests:
        if test["match_on"] == "no_result":
            continue
        if test["match_on"] == "allele_status":
            calls[test["gene"]] = carrying(test["gene"], test["value"])
        elif test["match_on"] in ("genotype", "allele"):
            calls[test["gene"]] = by_genotype(row["source"], test)
        else:
            calls[test["gene"]] = by_phenotype(row["source"], test, test["value"], exact)
    return calls


def made_by_a_drug(people):
    """Phenotypes whose every diplotype has a row of its own are only reached with an inhibitor; return who takes it."""
    takers = []
    for rec, calls in people.items():
        for gene, call in calls.items():
            if call is None:
                assert gene == "CYP2C9"
                calls[gene] = pattern("*1/*3")
                takers.append({"sample": rec, "drug": "fluconazole"})
    return takers


@pytest.fixture(scope="module")
def reached():
    people = {row["rec_id"]: person_for(row) for row in ROWS.iter_rows(named=True)}
    takers = made_by_a_drug(people)
    assert len(takers) < 5
    people = {rec: calls or {"CYP1A2": pattern("*1/*1")} for rec, calls in people.items()}
    known = clinical(takers)
    calls, phenotypes = assign(callset(people), KB, known)
    rows = with_text(recommend(phenotypes, calls, known, KB, drugs=["all"]))
    own = rows.filter(pl.col("guideline") == pl.col("sample"))
    return {
        rec: (applies, probability)
        for rec, applies, probability in own.select("guideline", "applies", "probability").iter_rows()
    }


def test_every_row_is_reached(reached):
    missing = [rec for rec in ROWS["rec_id"] if rec not in reached]
    assert missing == []


def test_every_row_is_the_answer_for_the_person_made_for_it(reached):
    weaker = {rec: how for rec, how in reached.items() if how[0] not in ("yes", "if_population") or how[1] < 0.999}
    assert weaker == {}


def test_rows_without_a_population_are_said_without_condition(reached):
    general = set(ROWS.filter(pl.col("population") == "general")["rec_id"])
    assert {how[0] for rec, how in reached.items() if rec in general} == {"yes"}
