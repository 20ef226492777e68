"""Checks of the recommendations: sayable, reachable, without contradiction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Any

import polars as pl

from pgx.errors import InputError
from pgx.knowledge.rules.outcomes import Outcome, every_outcome, meets, scheme_of, terms_of
from pgx.knowledge.rules.phenotypes import rules_for
from pgx.knowledge.sentences import compose, templates, unknown_codes
from pgx.knowledge.validation.problems import Problem, Row, rows_by

if TYPE_CHECKING:
    from pgx.knowledge.base import KnowledgeBase


def recommendations(kb: KnowledgeBase) -> Iterator[Problem]:
    """Every row can be said, its doses make sense, and some genotype reaches it."""
    words = templates(kb.folders)
    conditions = rows_by(kb, "recommendation_conditions", "rec_id")
    implications = words.words.get("implication", {})
    for row in kb.table("recommendations").iter_rows(named=True):
        where = row["rec_id"]
        if wrong := unknown_codes(row, words):
            yield Problem("error", "sentences", where, wrong)
        low, high = row["dose_min_pct"], row["dose_max_pct"]
        known = [one for one in (low, high) if one is not None]
        if not all(-100 <= one <= 1000 for one in known) or known != sorted(known):
            yield Problem("error", "doses", where, f"a dose change from {low} to {high} %")
        if where not in conditions:
            yield Problem("error", "reachable", where, "the recommendation has no genetic condition")
        for condition in conditions.get(where, ()):
            for code in (condition["implication"] or "").split(";"):
                if code and code not in implications and not code.startswith("text:"):
                    yield Problem("error", "sentences", where, f"no words for implication code {code!r}")
            yield from reachable(kb, row["source"], condition)


def reachable(kb: KnowledgeBase, source: str, condition: Row) -> Iterator[Problem]:
    """Can some genotype meet a condition? A value of the vocabulary that only outside results have is a note."""
    gene, value, where = condition["gene"], condition["value"], condition["rec_id"]
    if condition["match_on"] == "no_result":
        return
    if gene not in kb.genes:
        yield Problem(
            "note", "reachable", where, f"{gene} is not called here: only an outside result reaches {value!r}"
        )
        return
    scheme = scheme_of(kb, source)
    if _meeting(kb, source, condition):
        return
    if value in _vocabulary(kb, gene) or terms_of(kb, source, gene, value):
        message = f"no {gene} diplotype is {value!r} in the {scheme} rules: only an outside result reaches it"
        yield Problem("note", "reachable", where, message)
        return
    yield Problem("error", "reachable", where, f"no {gene} diplotype can be {value!r}")


def _meeting(kb: KnowledgeBase, source: str, condition: Row) -> frozenset[int]:
    """Return which diplotypes (by number) meet a condition; for classes, one diplotype stands for its class."""
    gene, kind = condition["gene"], _kind_of_match(condition)
    scheme = scheme_of(kb, source)
    asked = tuple(condition[name] for name in ("match_on", "value", "score_min", "score_max"))

    def work_out() -> frozenset[int]:
        numbered = _numbered(kb, gene, scheme, kind)
        return frozenset(number for number, one in numbered if meets(kb, source, condition, one))

    return kb.remember(("meeting", source, gene, asked), work_out)


def _numbered(kb: KnowledgeBase, gene: str, scheme: str, kind: str) -> list[tuple[int, Outcome]]:
    def classes() -> list[tuple[int, Outcome]]:
        distinct: dict[object, tuple[int, Outcome]] = {}
        for number, one in enumerate(every_outcome(kb, gene, scheme)):
            result = one.result
            distinct.setdefault((result.statuses, result.activity_score, result.score_is_minimum), (number, one))
        return list(distinct.values())

    if kind == "genotype":
        return list(enumerate(every_outcome(kb, gene, scheme)))
    return kb.remember(("classes", gene, scheme), classes)


def _vocabulary(kb: KnowledgeBase, gene: str) -> set[str]:
    known = {str(one) for one in kb.table("phenotype_terms")["phenotype"]}
    for scheme in ("CPIC", "DPWG"):
        known.update(rules_for(kb, gene, scheme).outcomes)
    return known


def label_limits(kb: KnowledgeBase) -> Iterator[Problem]:
    """Every limit of a label can be said and names a population that data can decide."""
    populations = set(kb.table("populations")["population"])
    for row in kb.table("label_limits").iter_rows(named=True):
        if row["population"] not in populations:
            message = f"population {row['population']!r} is not in table populations"
            yield Problem("error", "label limits", row["limit_id"], message)
        yield from _doses(row)
        try:
            compose(row, kb=kb)
        except InputError as error:
            yield Problem("error", "sentences", row["limit_id"], str(error))


def _doses(row: Row) -> Iterator[Problem]:
    """Doses of labels travel as arguments of a flag, which a colon ends."""
    for name in ("dose", "limit"):
        if ":" in str(row[name] or "").removeprefix("text:"):
            yield Problem("error", "sentences", row["limit_id"], f"{name} {row[name]!r}: no colon but behind 'text'")


def substrates(kb: KnowledgeBase) -> Iterator[Problem]:
    """Every enzyme that carries a drug is one that some drug inhibits or induces."""
    known = set(kb.table("interactions")["enzyme"])
    for row in kb.table("substrates").iter_rows(named=True):
        if row["enzyme"] not in known:
            message = f"no drug of table interactions acts on {row['enzyme']!r}"
            yield Problem("error", "substrates", f"{row['drug']} {row['enzyme']}", message)


def label_interactions(kb: KnowledgeBase) -> Iterator[Problem]:
    """Every interaction of a label can be said, and rests on an enzyme that the agent and the drug share."""
    carried = {(row["drug"], row["enzyme"]): row["by"] for row in kb.table("substrates").iter_rows(named=True)}
    agents = {
        (str(drug).lower(), enzyme, role)
        for drug, enzyme, role in kb.table("interactions").select("drug", "enzyme", "role").iter_rows()
    }
    populations = set(kb.table("populations")["population"])
    for row in kb.table("label_interactions").iter_rows(named=True):
        if row["condition"] and row["condition"] not in populations:
            message = f"population {row['condition']!r} is not in table populations"
            yield Problem("error", "label interactions", row["limit_id"], message)
        drug, enzyme, role, agent = (row[name] for name in ("drug", "enzyme", "role", "agent"))
        if not (enzyme and role):
            yield from _named_pair(kb, row)
        elif row["effect"]:
            message = "what the other drug does follows from the enzyme: leave effect empty"
            yield Problem("error", "label interactions", row["limit_id"], message)
        elif (drug, enzyme) not in carried or carried[drug, enzyme] not in (None, role):
            message = f"no {role} of {enzyme} acts on {drug} by table substrates: the row would never apply"
            yield Problem("error", "label interactions", row["limit_id"], message)
        if row["beside"] and (row["beside"] == enzyme or (drug, row["beside"]) not in carried or not enzyme):
            message = f"{row['beside']} is no second enzyme of {drug} by table substrates: the row would never apply"
            yield Problem("error", "label interactions", row["limit_id"], message)
        if agent and enzyme and (agent.lower(), enzyme, role) not in agents:
            message = f"{agent} is no {role} of {enzyme} in table interactions: the row would never apply"
            yield Problem("error", "label interactions", row["limit_id"], message)
        yield from _doses(row)
        try:
            compose(row, kb=kb)
        except InputError as error:
            yield Problem("error", "sentences", row["limit_id"], str(error))


def _named_pair(kb: KnowledgeBase, row: Row) -> Iterator[Problem]:
    """Yield what keeps a row without an enzyme from ever applying: it must name a drug of the drug table."""
    if row["enzyme"] or row["role"] or row["strengths"]:
        message = "an enzyme needs a role, and a role or strengths an enzyme: the row would never apply"
        yield Problem("error", "label interactions", row["limit_id"], message)
    elif row["agent"] not in set(kb.table("drugs")["drug"]):
        message = f"{row['agent'] or 'no agent'} is not in table drugs: the row would never apply"
        yield Problem("error", "label interactions", row["limit_id"], message)


_ADVICE = (
    "action", "secondary_action", "secondary_when", "dose_min_pct", "dose_max_pct", "dose_reference", "dose_applies",
    "start_dose", "max_dose", "alternatives", "alternative_class",
)  # fmt: skip


_CONVERSIONS = ("phenoconversion", "phenoconversion_more")


def conversions(kb: KnowledgeBase) -> Iterator[Problem]:
    """A changed phenotype must be one that guidance can be given for; an agent that nobody can name does nothing."""
    terms = set(kb.table("phenotype_terms")["phenotype"])
    rules = pl.concat([kb.table(name).select("rule_id", "method", "map") for name in _CONVERSIONS])
    for row in rules.filter(pl.col("method") == "map").iter_rows(named=True):
        for change in str(row["map"] or "").split(";"):
            before, arrow, after = change.partition(">")
            for name in (before, after) if arrow else (change,):
                if name not in terms and (name, arrow) != ("*", ">"):
                    yield Problem("error", "conversions", row["rule_id"], f"{name!r} is no phenotype: {change!r}")
    drugs = {name.lower() for name in kb.table("drugs")["drug"]}
    for name in kb.table("interactions")["drug"].unique(maintain_order=True):
        if name.lower() not in drugs:
            message = f"{name} is not in table drugs: nobody who takes it is known to"
            yield Problem("warning", "conversions", name, message)


def contradictions(kb: KnowledgeBase) -> Iterator[Problem]:
    """Two rows of one source for the same drug, persons and kind of genetic result must not say different things."""
    conditions = rows_by(kb, "recommendation_conditions", "rec_id")
    questions: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in kb.table("recommendations").iter_rows(named=True):
        genes = tuple(sorted(map(_asked, conditions.get(row["rec_id"], ()))))
        questions[row["source"], row["drug"], row["population"], row["evidence"], genes].append(row)
    for rows in questions.values():
        for one, two in combinations(rows, 2):
            pairs = zip(_ordered(conditions[one["rec_id"]]), _ordered(conditions[two["rec_id"]]), strict=True)
            if not all(_overlap(kb, one["source"], first, second) for first, second in pairs):
                continue
            if any(one[name] != two[name] for name in _ADVICE):
                where = f"{one['rec_id']} and {two['rec_id']}"
                yield Problem("error", "contradictions", where, f"both answer for {one['drug']} and differ")
            else:
                where = f"{one['rec_id']} and {two['rec_id']}"
                yield Problem("note", "contradictions", where, f"both answer for {one['drug']} and agree")


def _asked(condition: Row) -> tuple[str, str]:
    """What a condition asks of a gene; each allele status is a question of its own."""
    if condition["match_on"] == "allele_status":
        return condition["gene"], str(condition["value"]).split(" ")[0]
    return condition["gene"], _kind_of_match(condition)


def _kind_of_match(condition: Row) -> str:
    return "genotype" if condition["match_on"] in ("genotype", "allele") else "class"


def _ordered(conditions: list[Row]) -> list[Row]:
    return sorted(conditions, key=_asked)


def _overlap(kb: KnowledgeBase, source: str, one: Row, two: Row) -> bool:
    if one["gene"] not in kb.genes or "no_result" in (one["match_on"], two["match_on"]):
        return bool(one["match_on"] == two["match_on"] and one["value"] == two["value"])
    same = (one["match_on"], one["value"], one["score_min"]) == (two["match_on"], two["value"], two["score_min"])
    return same or bool(_meeting(kb, source, one) & _meeting(kb, source, two))
