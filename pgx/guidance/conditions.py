"""The genetic conditions of recommendations, compiled: what each one is compared with, and in whose words.

Three traps are settled here once:

* A source is matched in its own phenotype scheme; a term that only another scheme uses is looked up there, and only for
  persons whom the own scheme leaves undetermined.
* Activity scores are matched as numbers. Where two rows of one guideline share a score, the phenotype decides between
  them; a score between the rows' ranges (an inhibitor can halve one) goes to the nearest row of its phenotype.
* A guideline that has rows for a comedication is matched on the genetic phenotype of that enzyme, since the row already
  counts the interaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from pgx.codes import Urgency
from pgx.knowledge import KnowledgeBase
from pgx.knowledge.rules.phenotypes import INDETERMINATE, rules_for
from pgx.knowledge.tables.declared import SCHEMES
from pgx.phenotypes import allele_status

NO_RESULT = "no_result"
_TOLERANCE = 1e-6

Range = tuple[float, float, str]


@dataclass(frozen=True, slots=True)
class Class:
    """One phenotype that persons have, before and after conversion."""

    gene: str
    scheme: str
    phenotype: str
    score: float | None
    clinical_phenotype: str
    clinical_score: float | None

    @property
    def converted(self) -> bool:
        """Whether conversion changed it."""
        return (self.phenotype, self.score) != (self.clinical_phenotype, self.clinical_score)


@dataclass(frozen=True)
class Condition:
    """One condition; equal conditions of different rows are one object.

    Parameters
    ----------
    gene, compare
        Gene, and what is compared: ``phenotype``, ``score``, ``status``, ``diplotype``, ``any_allele``, ``no_result``.
    scheme, own
        Scheme that is looked in, and whether it is the source's own.
    value
        Value as the row writes it.
    accepted
        Values that satisfy it.
    low, high
        Activity score, both ends inclusive.
    ranges
        All score ranges of the guideline's rows for the drug.
    genetic
        Match before phenoconversion.
    means
        Phenotype of the diplotype that it names, in `scheme`.
    """

    gene: str
    compare: str
    scheme: str
    own: bool
    value: str
    accepted: tuple[str, ...]
    low: float = 0.0
    high: float = 0.0
    ranges: tuple[Range, ...] = ()
    genetic: bool = False
    means: str | None = None

    def weight(self, one: Class, names: frozenset[str]) -> float:
        """Return how far a class satisfies the condition, 0 to 1; `names` are the terms that its phenotype goes by."""
        if self.compare != "score":
            return 1.0 if names.intersection(self.accepted) else 0.0
        score = one.score if self.genetic else one.clinical_score
        if score is None:
            return self._unscored(names)
        inside = [r for r in self.ranges if r[0] - _TOLERANCE <= score <= r[1] + _TOLERANCE]
        if not inside:
            return float((self.low, self.high, self.value) == self._nearest(score, names))
        if (self.low, self.high, self.value) not in inside:
            return 0.0
        if len({value for _, _, value in inside}) == 1:
            return 1.0
        named = any(value in names for _, _, value in inside)
        return float(self.value in names) if named else 1.0 / len(inside)

    def _unscored(self, names: frozenset[str]) -> float:
        """A phenotype without a score fits every row of its name equally."""
        same = [r for r in self.ranges if r[2] in names]
        return 1.0 / len(same) if self.value in names else 0.0

    def _nearest(self, score: float, names: frozenset[str]) -> Range | None:
        same = [r for r in self.ranges if r[2] in names]
        return min(same, key=lambda r: (max(r[0] - score, score - r[1]), r[0]), default=None)


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One row of recommendations with its conditions, in the guideline's order of genes.

    `when` is the condition of a second, later action; `against` says that the row speaks against the drug, and
    `points_to_table` that it points to the source's own table of doses by genotype.
    """

    index: int
    rec_id: str
    source: str
    drug: str
    population: str
    conditions: tuple[Condition, ...]
    says: str
    when: str = ""
    against: bool = False
    points_to_table: bool = False

    @property
    def genes(self) -> tuple[str, ...]:
        """Genes that decide."""
        return tuple(condition.gene for condition in self.conditions)


class Conditions:
    """All recommendations of a knowledge base, by drug; get it from `compiled`."""

    def __init__(self, kb: KnowledgeBase) -> None:
        self._kb = kb
        self._terms = {row["phenotype"]: row for row in kb.table("phenotype_terms").iter_rows(named=True)}
        self._sources = {row["source"]: row for row in kb.table("guideline_sources").iter_rows(named=True)}
        self._meanings = {
            (row["guideline"], row["gene"], row["term"]): row
            for row in kb.table("genotype_terms").iter_rows(named=True)
        }
        self._made: dict[Condition, Condition] = {}
        self._on_genotype: dict[str, tuple[Condition, ...]] = {}
        self._against = frozenset(kb.table("actions").filter(pl.col("urgency") == Urgency.AVOID)["action"])
        self._outcomes: dict[tuple[str, str], frozenset[str]] = {}
        rows = kb.table("recommendations").with_row_index("index").rows(named=True)
        self._rows: dict[str, list[dict[str, object]]] = defaultdict(list)
        for row in rows:
            self._rows[str(row["drug"])].append(row)
        self._tests: dict[str, list[dict[str, object]]] = defaultdict(list)
        for row in kb.table("recommendation_conditions").sort("rec_id", "position").iter_rows(named=True):
            self._tests[str(row["rec_id"])].append(row)
        self._by_drug: dict[str, tuple[Recommendation, ...]] = {}

    @cached_property
    def drugs(self) -> tuple[str, ...]:
        """Drugs with recommendations, sorted."""
        return tuple(sorted(self._rows))

    def of(self, drug: str) -> tuple[Recommendation, ...]:
        """Return the recommendations of one drug, compiled when first asked for."""
        if drug not in self._by_drug:
            self._by_drug[drug] = tuple(self._compile(drug))
        return self._by_drug[drug]

    def on_genotype(self, gene: str) -> tuple[Condition, ...]:
        """Return the conditions of all recommendations that ask for a diplotype or an allele of a gene."""
        if gene not in self._on_genotype:
            rows = self._kb.table("recommendation_conditions").filter(
                pl.col("gene") == gene, pl.col("match_on").is_in(["genotype", "allele"])
            )
            ids = (
                self._kb.table("recommendations")
                .join(rows, on="rec_id", how="semi")["drug"]
                .unique(maintain_order=True)
            )
            asked = (one for drug in ids for row in self.of(drug) for one in row.conditions)
            kept = (one for one in asked if one.gene == gene and one.compare in ("diplotype", "any_allele"))
            self._on_genotype[gene] = tuple(dict.fromkeys(kept))
        return self._on_genotype[gene]

    def names(self, phenotype: str, broader: bool) -> frozenset[str]:
        """Return the terms that a phenotype goes by in a source that words it `broader` or not."""
        term = self._terms.get(phenotype)
        if term is None or term["broader"] is None or not (broader or term["ladder"] is None):
            return frozenset([phenotype])
        return frozenset([phenotype, str(term["broader"])])

    def narrower(self, phenotype: str) -> frozenset[str]:
        """Return the terms that are a case of a plain one."""
        return self._narrower.get(phenotype, frozenset())

    @cached_property
    def _narrower(self) -> dict[str, frozenset[str]]:
        found: defaultdict[str, set[str]] = defaultdict(set)
        for name, term in self._terms.items():
            if term["broader"] is not None:
                found[str(term["broader"])].add(name)
        return {broader: frozenset(names) for broader, names in found.items()}

    def words_broadly(self, source: str) -> bool:
        """Return whether `source` writes plain terms for 'Likely' and 'Possible' ones too."""
        row = self._sources.get(source)
        return row is not None and row["wording"] == "broader"

    def scheme(self, source: str) -> str:
        """Return the phenotype scheme of a source."""
        row = self._sources.get(source)
        return str(row["scheme"]) if row else SCHEMES[0]

    def _compile(self, drug: str) -> Iterable[Recommendation]:
        rows = self._rows.get(drug, [])
        family: dict[tuple[str, str], list[dict[str, object]]] = defaultdict(list)
        for row in rows:
            for test in self._tests[str(row["rec_id"])]:
                family[str(row["source"]), str(test["gene"])].append(test)
        interacting = self._interacting(rows)
        for row in rows:
            source = str(row["source"])
            tests = self._tests[str(row["rec_id"])]
            conditions = tuple(
                self._condition(
                    source, test, family[source, str(test["gene"])], (source, str(test["gene"])) in interacting
                )
                for test in tests
            )
            yield Recommendation(
                _int(row["index"]),
                str(row["rec_id"]),
                source,
                drug,
                str(row["population"]),
                conditions,
                _says(row),
                str(row["secondary_when"] or ""),
                str(row["action"]) in self._against,
                "genotype_dose_table" in str(row["notes"] or "").split(";"),
            )

    def _interacting(self, rows: Iterable[dict[str, object]]) -> set[tuple[str, str]]:
        """(source, enzyme) pairs of whose comedication the guideline speaks itself."""
        table = self._kb.table("populations").filter(pl.col("test").str.starts_with("takes_"))
        enzymes: dict[str, set[str]] = defaultdict(set)
        for population, enzyme in table.select("population", "subject").iter_rows():
            enzymes[population].add(enzyme)
        return {(str(row["source"]), enzyme) for row in rows for enzyme in enzymes[str(row["population"])]}

    def _condition(
        self, source: str, test: dict[str, object], family: list[dict[str, object]], genetic: bool
    ) -> Condition:
        gene, value = str(test["gene"]), str(test["value"])
        kind = str(test["match_on"])
        scheme = self.scheme(source)
        if kind == NO_RESULT:
            alleles = {str(one["value"]).rsplit(" ", 1)[0] for one in family if one["match_on"] == "allele_status"}
            made = Condition(gene, NO_RESULT, scheme, True, value, tuple(sorted(alleles)))
        elif kind == "activity_score":
            low, high = _ends(test)
            ranges = tuple(sorted({(*_ends(one), str(one["value"])) for one in family if one["match_on"] == kind}))
            made = Condition(gene, "score", scheme, True, value, (value,), low, high, ranges, genetic)
        elif kind == "allele_status":
            made = Condition(gene, "status", scheme, True, value, (value,))
        else:
            made = self._worded(source, scheme, gene, kind, value, genetic)
        return self._made.setdefault(made, made)

    def _worded(self, source: str, scheme: str, gene: str, kind: str, value: str, genetic: bool) -> Condition:
        compare = "phenotype"
        accepted: tuple[str, ...] = (value,)
        if kind != "phenotype":
            meaning = self._meanings.get((source, gene, value)) or self._meanings.get(("*", gene, value))
            compare = str(meaning["compare"]) if meaning else "diplotype"
            accepted = tuple(str(meaning["value"]).split("|")) if meaning else (value,)
        if compare == "diplotype":
            return Condition(
                gene, compare, scheme, True, value, accepted, means=self._phenotype(gene, scheme, accepted[0])
            )
        if compare != "phenotype":
            return Condition(gene, compare, scheme, True, value, accepted)
        own = not set(accepted).isdisjoint(self._vocabulary(gene, scheme))
        other = [s for s in SCHEMES if not set(accepted).isdisjoint(self._vocabulary(gene, s))]
        found = scheme if own or not other else other[0]
        return Condition(gene, compare, found, found == scheme, value, accepted, genetic=genetic)

    def _phenotype(self, gene: str, scheme: str, diplotype: str) -> str | None:
        first, _, second = diplotype.partition("/")
        return rules_for(self._kb, gene, scheme).phenotype((first,), (second,)).phenotype

    def _vocabulary(self, gene: str, scheme: str) -> frozenset[str]:
        if (gene, scheme) not in self._outcomes:
            outcomes: set[str] = set()
            if gene in self._kb.genes and not allele_status.targets(self._kb, gene):
                rules = rules_for(self._kb, gene, scheme)
                known = rules.outcomes if rules.has_rules else ()
                outcomes = {name for one in known for name in self.names(one, broader=True)}
            self._outcomes[gene, scheme] = frozenset(outcomes)
        return self._outcomes[gene, scheme]


def compiled(kb: KnowledgeBase) -> Conditions:
    """Return the compiled recommendations, made once a knowledge base."""
    return kb.remember("conditions", lambda: Conditions(kb))


def groups_of(rows: Sequence[Recommendation]) -> list[list[Recommendation]]:
    """Return rows that exclude each other: one set of genes, statements on carriers apart from those on phenotypes."""
    groups: dict[tuple[object, ...], list[Recommendation]] = defaultdict(list)
    for row in rows:
        carriers = any(condition.compare == "any_allele" for condition in row.conditions)
        groups[tuple(sorted(row.genes)), carriers].append(row)
    return list(groups.values())


def alleles_asked(rows: Sequence[Recommendation], gene: str) -> frozenset[str]:
    """Return the alleles whose presence the rows ask about."""
    conditions = [one for row in rows for one in row.conditions if one.gene == gene and one.compare == "status"]
    return frozenset(value.rsplit(" ", 1)[0] for one in conditions for value in one.accepted)


def undetermined(one: Class) -> bool:
    """Return whether a class is the scheme's way of saying that it cannot tell."""
    return one.phenotype == INDETERMINATE


def _ends(test: dict[str, object]) -> tuple[float, float]:
    low, high = test["score_min"], test["score_max"]
    return (
        float(low) if isinstance(low, int | float) else float("-inf"),
        float(high) if isinstance(high, int | float) else float("inf"),
    )


_SAID = (
    "action", "secondary_action", "secondary_when", "dose_min_pct", "dose_max_pct", "start_dose", "target_dose",
    "max_dose", "alternatives", "avoid_comedication", "monitoring",
)  # fmt: skip


def _says(row: dict[str, object]) -> str:
    """Codes that make two rows the same advice."""
    return "|".join(str(row[column]) for column in _SAID)


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value
