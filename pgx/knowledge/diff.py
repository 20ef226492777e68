"""What changed between two versions of the knowledge, and for which diplotypes it matters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from pgx.errors import PgxError
from pgx.knowledge.overlays import LOCAL
from pgx.knowledge.rules.outcomes import Outcome, meets, outcomes, scheme_of
from pgx.knowledge.sentences import compose
from pgx.knowledge.tables.declared import TABLES

if TYPE_CHECKING:
    from pgx.knowledge.base import KnowledgeBase

_CHANGES = ("table", "key", "change", "column", "old", "new")
_PHENOTYPES = ("gene", "scheme", "diplotype", "old_phenotype", "old_score", "new_phenotype", "new_score")
_RECOMMENDATIONS = ("source", "drug", "population", "gene", "diplotype", "with", "old", "new")
_PROVENANCE = ("rec_id", "url", "source_date", "source_version", "guideline_id", "pmids")
_ADVICE = tuple(one.name for one in TABLES["recommendations"].fields if one.name not in _PROVENANCE)
_INTERACTIONS = ("agent", "role", "gene", "old", "new", "drugs")
_RULING = ("genes", "alleles", "functions", "phenotype_rules", "definitions", "genotype_terms", "guideline_sources")

Question = tuple[str, str, str, str]
Advice = tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """Four frames: the edits, the diplotypes whose phenotype or recommendation they change, and what acts otherwise.

    `changes` has ``table key change column old new``; `phenotypes` ``gene scheme diplotype old_phenotype old_score
    new_phenotype new_score`` (null on one side: the diplotype is new or gone); `recommendations` ``source drug
    population gene diplotype with old new``, where `with` names the results of other genes that the row also needs;
    `interactions` ``agent role gene old new drugs``: the agents whose strength on a gene changes (null: none), and the
    drugs with a recommendation that looks at the gene. `versions` are those of the two sides.
    """

    changes: pl.DataFrame
    phenotypes: pl.DataFrame
    recommendations: pl.DataFrame
    interactions: pl.DataFrame
    versions: tuple[str, str]

    def summary(self) -> pl.DataFrame:
        """Count the rows ``added``, ``removed`` and ``changed``, table by table, and what follows from them."""
        parts = [self.changes.unique(["table", "key"], maintain_order=True).select("table", "change")]
        for name, frame, side in (
            ("phenotypes of diplotypes", self.phenotypes, "_phenotype"),
            ("advice for diplotypes", self.recommendations, ""),
            ("strengths of interactions", self.interactions, ""),
        ):
            no_old, no_new = pl.col(f"old{side}").is_null(), pl.col(f"new{side}").is_null()
            kind = pl.when(no_old & ~no_new).then(pl.lit("added")).when(no_new & ~no_old).then(pl.lit("removed"))
            parts.append(frame.select(pl.lit(name).alias("table"), kind.otherwise(pl.lit("changed")).alias("change")))
        kinds = [(pl.col("change") == change).sum().alias(change) for change in ("added", "removed", "changed")]
        return pl.concat(parts).group_by("table", maintain_order=True).agg(kinds)


def diff(old: KnowledgeBase, new: KnowledgeBase) -> Difference:
    """Compare two knowledge bases row by row and diplotype by diplotype.

    Parameters
    ----------
    old, new
        The two versions, overlays included.
    """
    changes = [row for name in TABLES for row in _changed_rows(old, new, name)]
    genes = _touched_genes(old, new, changes)
    phenotypes = [row for gene in genes for row in _changed_phenotypes(old, new, gene)]
    asked = _asked_genes(old, new, changes) | {row[0] for row in phenotypes} | (genes & _genotype_genes(old, new))
    recommendations = [row for gene in sorted(asked) for row in _changed_advice(old, new, gene)]
    return Difference(
        _frame(changes, _CHANGES),
        _frame(phenotypes, _PHENOTYPES),
        _frame(recommendations, _RECOMMENDATIONS),
        _frame(list(_changed_agents(old, new)), _INTERACTIONS),
        (old.version, new.version),
    )


def _frame(rows: list[tuple[Any, ...]], names: tuple[str, ...]) -> pl.DataFrame:
    schema = {name: pl.Float64 if name.endswith("_score") else pl.String for name in names}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _rows(kb: KnowledgeBase, name: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    try:
        frame = kb.table(name).drop(LOCAL)
    except PgxError:
        return {}
    return {tuple(row[key] for key in TABLES[name].key): row for row in frame.iter_rows(named=True)}


def _changed_rows(old: KnowledgeBase, new: KnowledgeBase, name: str) -> Iterator[tuple[Any, ...]]:
    before, after = _rows(old, name), _rows(new, name)
    for key in [*before, *(key for key in after if key not in before)]:
        key_text = " ".join(str(cell) for cell in key if cell is not None)
        if key not in after:
            yield name, key_text, "removed", None, None, None
        elif key not in before:
            yield name, key_text, "added", None, None, None
        elif before[key] != after[key]:
            for column, value in before[key].items():
                if value != after[key][column]:
                    yield name, key_text, "changed", column, _text(value), _text(after[key][column])


def _text(value: object) -> str | None:
    return None if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _touched_genes(old: KnowledgeBase, new: KnowledgeBase, changes: list[tuple[Any, ...]]) -> set[str]:
    """Genes with an edited row in a table that decides phenotypes."""
    genes: set[str] = set()
    edited = {name for name, *_ in changes if name in _RULING}
    for name in edited:
        column = "gene" if "gene" in {field.name for field in TABLES[name].fields} else None
        before, after = _rows(old, name), _rows(new, name)
        if column is None:
            return set(old.genes) | set(new.genes)
        for key in before.keys() | after.keys():
            if before.get(key) != after.get(key):
                genes.add(str((after.get(key) or before[key])[column]))
    return genes & (set(old.genes) | set(new.genes))


def _asked_genes(old: KnowledgeBase, new: KnowledgeBase, changes: list[tuple[Any, ...]]) -> set[str]:
    """Genes whose recommendations have an edited row or condition."""
    rec_ids = {str(key).split(" ", 1)[0] for name, key, *_ in changes if name.startswith("recommendation")}
    genes: set[str] = set()
    for kb in (old, new):
        rows = kb.table("recommendation_conditions").filter(pl.col("rec_id").is_in(list(rec_ids)))
        genes.update(rows["gene"])
    return genes & (set(old.genes) | set(new.genes))


def _genotype_genes(old: KnowledgeBase, new: KnowledgeBase) -> set[str]:
    kinds = pl.col("match_on").is_in(["genotype", "allele"])
    return {gene for kb in (old, new) for gene in kb.table("recommendation_conditions").filter(kinds)["gene"]}


def _outcomes(kb: KnowledgeBase, gene: str, scheme: str) -> dict[frozenset[str] | tuple[str, ...], Outcome]:
    if gene not in kb.genes:
        return {}
    return {_key(outcome): outcome for outcome in outcomes(kb, gene, scheme)}


def _key(outcome: Outcome) -> tuple[str, ...]:
    return tuple(sorted(outcome.alleles))


def _changed_phenotypes(old: KnowledgeBase, new: KnowledgeBase, gene: str) -> Iterator[tuple[Any, ...]]:
    for scheme in ("CPIC", "DPWG"):
        before, after = _outcomes(old, gene, scheme), _outcomes(new, gene, scheme)
        for key in [*before, *(key for key in after if key not in before)]:
            earlier, later = before.get(key), after.get(key)
            old_result = (earlier.result.phenotype, earlier.result.activity_score) if earlier else (None, None)
            new_result = (later.result.phenotype, later.result.activity_score) if later else (None, None)
            if old_result != new_result:
                outcome = later or earlier
                assert outcome is not None
                yield gene, scheme, outcome.name, *old_result, *new_result


def _agents(kb: KnowledgeBase) -> dict[tuple[str, str, str], str]:
    """Agent, role, gene -> strength; genes that share an enzyme's agents unfolded."""
    listed = kb.table("interactions").select("drug", "role", "enzyme", "strength")
    shared = listed.join(kb.table("enzyme_groups").select("enzyme", "gene"), on="enzyme")
    by_group = {(drug, role, gene): strength for drug, role, _, strength, gene in shared.iter_rows()}
    # The gene's own row wins over the one that its group lends it.
    return by_group | {(drug, role, enzyme): strength for drug, role, enzyme, strength in listed.iter_rows()}


def _changed_agents(old: KnowledgeBase, new: KnowledgeBase) -> Iterator[tuple[Any, ...]]:
    before, after = _agents(old), _agents(new)
    drugs: dict[str, set[str]] = defaultdict(set)
    for kb in (old, new):
        advised = kb.table("recommendations").select("rec_id", "drug")
        asked = kb.table("recommendation_conditions").select("rec_id", "gene").join(advised, on="rec_id")
        for gene, drug in asked.select("gene", "drug").iter_rows():
            drugs[gene].add(drug)
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key):
            concerned = sorted(drugs[key[2]] - {key[0]})
            yield *key, before.get(key), after.get(key), ";".join(concerned) or None


class _Advisor:
    """What the recommendations of one knowledge base say to the diplotypes of one gene, other genes left open."""

    def __init__(self, kb: KnowledgeBase, gene: str) -> None:
        self.kb, self.gene = kb, gene
        conditions: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in kb.table("recommendation_conditions").iter_rows(named=True):
            conditions[row["rec_id"]].append(row)
        self.rows = {
            row["rec_id"]: row
            for row in kb.table("recommendations").iter_rows(named=True)
            if any(condition["gene"] == gene for condition in conditions[row["rec_id"]])
        }
        self.conditions = {rec_id: conditions[rec_id] for rec_id in self.rows}
        self.by_genotype = any(
            condition["match_on"] in ("genotype", "allele")
            for conditions_of in self.conditions.values()
            for condition in conditions_of
        )
        self.schemes = {scheme_of(kb, str(row["source"])) for row in self.rows.values()}
        self._cache: dict[Any, dict[Question, Advice]] = {}

    def answers(self, scheme: str, outcome: Outcome) -> dict[Question, Advice]:
        result = outcome.result
        alleles = outcome.alleles if self.by_genotype else ()
        key = (scheme, result.statuses, result.activity_score, result.score_is_minimum, alleles)
        if key not in self._cache:
            self._cache[key] = self._answer(scheme, outcome)
        return self._cache[key]

    def _answer(self, scheme: str, outcome: Outcome) -> dict[Question, Advice]:
        advice_to: dict[Question, list[tuple[Any, ...]]] = defaultdict(list)
        for rec_id, row in self.rows.items():
            source = str(row["source"])
            own_conditions = [condition for condition in self.conditions[rec_id] if condition["gene"] == self.gene]
            if scheme_of(self.kb, source) == scheme and all(
                meets(self.kb, source, condition, outcome) for condition in own_conditions
            ):
                other_results = sorted(
                    _condition_text(condition)
                    for condition in self.conditions[rec_id]
                    if condition["gene"] != self.gene
                )
                question = (source, str(row["drug"]), str(row["population"]), "; ".join(other_results))
                advice_to[question].append(tuple(row[name] for name in _ADVICE))
        return {question: tuple(sorted(advice, key=str)) for question, advice in advice_to.items()}

    def say(self, advice: Advice) -> str | None:
        rows = [dict(zip(_ADVICE, cells, strict=True)) for cells in advice]
        sentences = [f"{compose(row, kb=self.kb)} ({row['strength']})" for row in rows]
        return " | ".join(dict.fromkeys(sentences)) or None


def _condition_text(condition: dict[str, Any]) -> str:
    low, high = condition["score_min"], condition["score_max"]
    score = "" if low is None else f" ({low:g} to {high:g})" if high is not None else f" ({low:g} and above)"
    return f"{condition['gene']}={condition['value']}{score}"


def _changed_advice(old: KnowledgeBase, new: KnowledgeBase, gene: str) -> Iterator[tuple[Any, ...]]:
    before, after = _Advisor(old, gene), _Advisor(new, gene)
    for scheme in sorted(before.schemes | after.schemes):
        old_outcomes, new_outcomes = _outcomes(old, gene, scheme), _outcomes(new, gene, scheme)
        for key in [*old_outcomes, *(key for key in new_outcomes if key not in old_outcomes)]:
            old_answers = before.answers(scheme, old_outcomes[key]) if key in old_outcomes else {}
            new_answers = after.answers(scheme, new_outcomes[key]) if key in new_outcomes else {}
            if old_answers == new_answers:
                continue
            name = (new_outcomes.get(key) or old_outcomes[key]).name
            for question in sorted(old_answers.keys() | new_answers.keys()):
                if old_answers.get(question) != new_answers.get(question):
                    source, drug, population, others = question
                    advice_texts = before.say(old_answers.get(question, ())), after.say(new_answers.get(question, ()))
                    yield source, drug, population, gene, name, others or None, *advice_texts
