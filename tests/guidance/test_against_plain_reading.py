"""The vectorised matching against a plain reading of the tables, row by row, for persons of known diplotypes."""

from __future__ import annotations

import itertools
import math

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pgx import knowledge
from pgx.guidance import recommend
from pgx.knowledge.rules.phenotypes import rules_for
from pgx.knowledge.sentences import compose
from pgx.phenotypes import assign
from pgx.phenotypes.assign import named_in
from tests.listed import with_text
from tests.phenotypes.builders import callset, clinical, diplotype, pattern

KB = knowledge.load()
ROWS = {
    key[0]: part.rows(named=True)
    for key, part in KB.table("recommendations").partition_by("drug", as_dict=True, maintain_order=True).items()
}
TESTS = {
    key[0]: part.rows(named=True)
    for key, part in KB.table("recommendation_conditions").partition_by("rec_id", as_dict=True).items()
}
TERMS = {(r["guideline"], r["gene"], r["term"]): r for r in KB.table("genotype_terms").iter_rows(named=True)}
SOURCES = {r["source"]: r for r in KB.table("guideline_sources").iter_rows(named=True)}
BROADER = {r["phenotype"]: r["broader"] for r in KB.table("phenotype_terms").iter_rows(named=True)}
STARS = [
    "CYP2D6",
    "CYP2C19",
    "CYP2C9",
    "TPMT",
    "NUDT15",
    "SLCO1B1",
    "CYP2B6",
    "UGT1A1",
    "CYP3A5",
    "DPYD",
    "ABCG2",
    "VKORC1",
]
ALLELES = {gene: KB.table("functions").filter(gene=gene, scheme="CPIC")["allele"].to_list() for gene in STARS}
DRUGS = sorted(ROWS)


class Person:
    """One person with one certain diplotype per gene, read the slow way."""

    def __init__(self, calls):
        self.calls = calls

    def result(self, gene, scheme):
        one = named_in(KB, gene, scheme, self.calls[gene])
        return rules_for(KB, gene, scheme).phenotype(one.parts1, one.parts2)

    def satisfies(self, test, source, siblings):  # noqa: PLR0911
        gene, kind, value = test["gene"], test["match_on"], test["value"]
        if kind == "no_result":
            return gene not in self.calls
        if gene not in self.calls or kind == "allele_status":
            return False
        scheme = SOURCES[source]["scheme"]
        own = self.result(gene, scheme)
        if kind == "activity_score":
            low, high = test["score_min"], test["score_max"]
            score = own.activity_score
            if score is None or score < low or (high is not None and score > high):
                return False
            rivals = {
                other["value"]
                for sibling in siblings
                for other in TESTS[sibling["rec_id"]]
                if other["gene"] == gene and (other["score_min"], other["score_max"]) == (low, high)
            }
            return len(rivals) == 1 or own.phenotype == value
        if kind in ("genotype", "allele"):
            meaning = TERMS.get((source, gene, value)) or TERMS.get(("*", gene, value))
            compare = meaning["compare"] if meaning else "diplotype"
            accepted = meaning["value"].split("|") if meaning else [value]
            strands = sorted((self.calls[gene].allele1, self.calls[gene].allele2))
            if compare == "any_allele":
                return not set(strands).isdisjoint(accepted)
            if compare == "diplotype":
                return any(sorted(one.split("/")) == strands for one in accepted)
            return self.result(gene, "CPIC").phenotype in accepted
        worded = {other["value"] for row in siblings for other in TESTS[row["rec_id"]] if other["gene"] == gene}
        broadly = SOURCES[source]["wording"] == "broader" and own.phenotype not in worded
        names = {own.phenotype} | ({BROADER.get(own.phenotype)} if broadly else set())
        if value in names:
            return True
        foreign = own.phenotype in (None, "Indeterminate") and value not in rules_for(KB, gene, scheme).outcomes
        return foreign and self.result(gene, "CPIC").phenotype == value

    def rows(self, drug):
        found = []
        for row in ROWS[drug]:
            siblings = [one for one in ROWS[drug] if one["source"] == row["source"]]
            if all(self.satisfies(test, row["source"], siblings) for test in TESTS[row["rec_id"]]):
                found.append(row)
        exact = {self._group(row) for row in found if self._on_diplotype(row)}
        kept = [row for row in found if self._on_diplotype(row) or self._group(row) not in exact]
        said = {}  # a phenotype and its plain term can each have a row of the same advice: one is told
        for row in kept:
            said.setdefault((self._group(row), compose(row)), row["rec_id"])
        return set(said.values())

    @staticmethod
    def _group(row):
        genes = tuple(sorted(test["gene"] for test in TESTS[row["rec_id"]]))
        carriers = any(
            (TERMS.get(("*", test["gene"], test["value"])) or {}).get("compare") == "any_allele"
            for test in TESTS[row["rec_id"]]
        )
        return row["source"], genes, row["population"], carriers

    @staticmethod
    def _on_diplotype(row):
        for test in TESTS[row["rec_id"]]:
            if test["match_on"] == "genotype":
                meaning = TERMS.get((row["source"], test["gene"], test["value"])) or TERMS.get(
                    ("*", test["gene"], test["value"])
                )
                if (meaning["compare"] if meaning else "diplotype") == "diplotype":
                    return True
        return False


@st.composite
def diplotypes(draw):
    genes = draw(st.lists(st.sampled_from(STARS), unique=True, min_size=1, max_size=6))
    return {
        gene: diplotype(f"{draw(st.sampled_from(ALLELES[gene]))}|{draw(st.sampled_from(ALLELES[gene]))}")
        for gene in genes
    }


def guidance(people, drugs, history=None):
    frame, phenotypes = assign(callset(people), KB, history)
    return with_text(recommend(phenotypes, frame, history, KB, drugs=drugs))


@given(diplotypes(), st.lists(st.sampled_from(DRUGS), unique=True, min_size=1, max_size=8))
@settings(max_examples=80, deadline=None)
def test_the_rows_are_those_that_a_plain_reading_finds(calls, drugs):
    rows = guidance({"s": {gene: pattern(one) for gene, one in calls.items()}}, drugs)
    told = rows.filter(pl.col("guideline").is_not_null(), pl.col("source") != "FDA label")
    assert set(told["applies"]) <= {"yes", "if_population", "not_tested"}
    person = Person(calls)
    for drug in drugs:
        assert set(told.filter(drug=drug)["guideline"]) == person.rows(drug), (
            drug,
            {g: d.name for g, d in calls.items()},
        )


@st.composite
def posteriors(draw):
    """Two diplotypes each for one to three genes."""
    people = {}
    for gene in draw(st.lists(st.sampled_from(STARS), unique=True, min_size=1, max_size=3)):
        first = draw(st.sampled_from([0.5, 0.7, 0.9, 0.96]))
        names = [f"{draw(st.sampled_from(ALLELES[gene]))}|{draw(st.sampled_from(ALLELES[gene]))}" for _ in range(2)]
        people[gene] = (diplotype(names[0], first), diplotype(names[1], round(1 - first, 4)))
    return people


@given(posteriors(), st.lists(st.sampled_from(DRUGS), unique=True, min_size=1, max_size=5))
@settings(max_examples=50, deadline=None)
def test_the_probability_of_a_row_is_that_of_the_diplotypes_that_lead_to_it(people, drugs):
    rows = guidance({"s": {gene: pattern(*both) for gene, both in people.items()}}, drugs)
    told = rows.filter(
        pl.col("guideline").is_not_null(), pl.col("applies") != "not_tested", pl.col("source") != "FDA label"
    )
    for drug in drugs:
        expected = {}
        for combination in itertools.product(*people.values()):
            chance = math.prod(one.probability for one in combination)
            for rec in Person(dict(zip(people, combination, strict=True))).rows(drug):
                expected[rec] = expected.get(rec, 0.0) + chance
        for rec, probability in told.filter(drug=drug).select("guideline", "probability").iter_rows():
            assert abs(expected.get(rec, 0.0) - probability) < 0.002, (rec, expected)
        likely = {rec for rec, chance in expected.items() if chance > 0.51}
        assert likely <= set(rows.filter(drug=drug)["guideline"])


@given(
    st.lists(diplotypes(), min_size=2, max_size=5),
    st.lists(st.sampled_from(DRUGS), unique=True, min_size=1, max_size=5),
)
@settings(max_examples=15, deadline=None)
def test_a_cohort_gets_what_each_person_gets_alone(people, drugs):
    inhibitors = ["paroxetine", "fluconazole", "omeprazole"]
    named = {f"p{n}": {gene: pattern(one) for gene, one in calls.items()} for n, calls in enumerate(people)}
    history = clinical([{"sample": name, "drug": inhibitors[n % 3]} for n, name in enumerate(named)])
    together = guidance(named, drugs, history)
    alone = pl.concat([guidance({name: calls}, drugs, history) for name, calls in named.items()])
    assert together.equals(alone)


def test_blocks_do_not_change_the_answer(monkeypatch):
    from importlib import import_module

    people = {f"p{n}": {"CYP2D6": pattern(name)} for n, name in enumerate(["*1/*1", "*4/*4", "*1/*4", "*10/*41"])}
    whole = guidance(people, ["codeine", "tramadol"])
    monkeypatch.setattr(import_module(recommend.__module__), "BLOCK", 3)
    assert guidance(people, ["codeine", "tramadol"]).equals(whole)
