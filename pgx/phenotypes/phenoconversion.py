"""Phenoconversion: what other drugs, smoking and inflammation make of the genetic phenotype.

How several effects on one gene are put together (no guideline says; the choice is ours and stands here once):

* Within one direction effects do not add up: the strongest counts; published conversions were measured one at a time.
* An effect that lowers function outweighs one that raises it: inhibition starts within hours, induction takes weeks.
* A phenotype that the rule does not know (``Indeterminate``) stays, except where the rule makes everyone the same.
* A scheme without the resulting phenotype (DPWG has no Rapid Metabolizer of CYP2C19) keeps its nearest rung on the way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType

import polars as pl

from pgx import schema
from pgx.cells import NAMES, flag_where, list_column
from pgx.codes import FlagCode
from pgx.knowledge import KnowledgeBase
from pgx.knowledge.acting import PLANNED
from pgx.knowledge.rules.phenotypes import INDETERMINATE, GeneRules, rules_for
from pgx.phenotypes.exposures import exposures, known_medication
from pgx.types import ClinicalData

LOCAL_RULE = "local:"
"""Begins the entry of ``conversion`` that names the overlay behind an interaction."""
SUM_DIGITS = 12
"""Digits to which sums of chances are compared: the last ones depend on the order in which they were added."""
_KEYS = ("gene", "scheme", "phenotype", "activity_score", "triggers")


@dataclass(frozen=True, slots=True)
class Converted:
    """A phenotype after conversion; `rules` names what was applied, nothing if the phenotype did not change."""

    phenotype: str
    score: float | None
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Term:
    """Place of a phenotype term among its kin."""

    ladder: str | None
    rung: int | None
    broader: str | None
    inducible: bool


class Converter:
    """The conversion rules of a knowledge base."""

    def __init__(self, kb: KnowledgeBase) -> None:
        self._kb = kb
        self._terms = {
            row["phenotype"]: Term(row["ladder"], row["rung"], row["broader"], row["inducible"] == "y")
            for row in kb.table("phenotype_terms").iter_rows(named=True)
        }
        self._rules: dict[tuple[str, str, str], list[dict[str, object]]] = defaultdict(list)
        for table in ("phenoconversion", "phenoconversion_more"):
            for row in kb.table(table).iter_rows(named=True):
                for strength in (row["strengths"] or "weak;moderate;strong").split(";"):
                    self._rules[row["gene"], row["trigger"], strength].append(row)
        self._recalled = {
            str(row["rule_id"]) for rows in self._rules.values() for row in rows if row["confidence"] == "recall"
        }
        self.apply = cache(self._apply)

    def rules(self, gene: str, trigger: str, strength: str) -> list[dict[str, object]]:
        """Return the rules for one trigger of one strength, those without effect included."""
        return self._rules[gene, trigger, strength]

    def has_effect(self, gene: str, agents: Iterable[Mapping[str, object]]) -> bool:
        """Return whether any rule changes the phenotype of `gene` for one of the agents."""
        return any(
            row["method"] != "none"
            for agent in agents
            for row in self.rules(gene, str(agent["trigger"]), str(agent["strength"]))
        )

    def rests_on_recall(self, cited: Iterable[str]) -> bool:
        """Return whether one of the cited rules was written from memory."""
        return any(rule in self._recalled for rule in cited)

    def _apply(self, gene: str, scheme: str, phenotype: str, score: float | None, triggers: str) -> Converted:
        """Return what `triggers` (``inhibitor:strong;smoking:strong``) make of one phenotype."""
        before = Converted(phenotype, score)
        if gene not in self._kb.genes:
            return before
        rules = rules_for(self._kb, gene, scheme)
        found = []
        for trigger in triggers.split(";"):
            kind, strength = trigger.split(":")
            found += [self._one(row, rules, before) for row in self.rules(gene, kind, strength)]
        changed = [one for one in found if (one.phenotype, one.score) != (phenotype, score)]
        if not changed:
            return before
        down = [one for one in changed if self._order(one) < self._order(before)]
        best = min(down, key=self._order) if down else max(changed, key=self._order)
        cited = [
            rule for one in changed if (one.phenotype, one.score) == (best.phenotype, best.score) for rule in one.rules
        ]
        return Converted(best.phenotype, best.score, tuple(sorted(cited)))

    def _order(self, one: Converted) -> tuple[float, float]:
        term = self._terms.get(one.phenotype)
        rung = term.rung if term and term.rung is not None else 99
        return float(rung), one.score if one.score is not None else float(rung)

    def _one(self, row: dict[str, object], rules: GeneRules, before: Converted) -> Converted:
        method, factor = row["method"], row["factor"]
        cite = (str(row["rule_id"]),)
        if method == "multiply_score" and isinstance(factor, float):
            return self._multiply(rules, before, factor, cite)
        if method == "map":
            after = self._mapped(str(row["map"]), before.phenotype)
        elif method == "steps" and isinstance(factor, float):
            after = self._stepped(rules, before.phenotype, int(factor))
        else:
            return before
        after = self._within(rules, before.phenotype, after)
        return before if after == before.phenotype else Converted(after, None, cite)

    def _multiply(self, rules: GeneRules, before: Converted, factor: float, cite: tuple[str, ...]) -> Converted:
        # Nothing times zero needs no knowledge of the alleles.
        if factor == 0 and before.score is None and self._scored(rules):
            return Converted(score_phenotype(rules, 0.0), 0.0, cite)
        if before.score is not None and self._scored(rules):
            score = before.score * factor
            return before if score == before.score else Converted(score_phenotype(rules, score), score, cite)
        halved = {score_phenotype(rules, score * factor) for score in rules.scores_of(before.phenotype)}
        if len(halved) == 1:  # whatever the score is, that is what becomes of it
            after = halved.pop()
            return before if after == before.phenotype else Converted(after, None, cite)
        steps = -99 if factor == 0 else (-1 if factor < 1 else 0)
        after = self._within(rules, before.phenotype, self._stepped(rules, before.phenotype, steps))
        return before if after == before.phenotype else Converted(after, None, cite)

    @staticmethod
    def _scored(rules: GeneRules) -> bool:
        return rules.by_score(0.0) != INDETERMINATE

    def _mapped(self, mapping: str, phenotype: str) -> str:
        pairs = dict(part.split(">") for part in mapping.split(";"))
        term = self._terms.get(phenotype)
        broader = term.broader if term else None
        after = pairs.get(phenotype) or pairs.get(broader or "") or pairs.get("*") or phenotype
        return phenotype if after == broader else after

    def _stepped(self, rules: GeneRules, phenotype: str, steps: int) -> str:
        term = self._terms.get(phenotype)
        if term is None or term.rung is None or (steps > 0 and not term.inducible):
            return phenotype
        rungs = self._rungs(rules, term.ladder)
        places = sorted(rungs)
        if term.rung not in places:
            return phenotype
        place = min(max(places.index(term.rung) + steps, 0), len(places) - 1)
        return phenotype if places[place] == term.rung else rungs[places[place]]

    def _rungs(self, rules: GeneRules, ladder: str | None) -> dict[int, str]:
        """Plain terms of the ladder that the scheme uses for the gene."""
        plain = {name: self._terms[name] for name in rules.outcomes if name in self._terms}
        return {
            t.rung: name for name, t in plain.items() if t.ladder == ladder and t.rung is not None and not t.broader
        }

    def _within(self, rules: GeneRules, before: str, after: str) -> str:
        if after in rules.outcomes or after == before or after not in self._terms:
            return after
        start, end = self._terms.get(before), self._terms[after]
        if start is None or start.rung is None or end.rung is None:
            return before
        low, high = sorted((start.rung, end.rung))
        between = {r: n for r, n in self._rungs(rules, end.ladder).items() if low <= r <= high and r != start.rung}
        if not between:
            return before
        return between[max(between) if end.rung > start.rung else min(between)]


def score_phenotype(rules: GeneRules, score: float) -> str:
    """Return the phenotype of a score that may lie between the ranges of the rules: then that of the range below."""
    found = rules.by_score(score)
    quarters = int(score * 4)
    while found == INDETERMINATE and quarters >= 0:
        found = rules.by_score(quarters / 4)
        quarters -= 1
    return found


def locally_converted() -> pl.Expr:
    """Return whether a row of `schema.PHENOTYPES` was converted by an interaction of a site's own."""
    return pl.col("conversion").list.eval(pl.element().str.starts_with(LOCAL_RULE)).list.any()


def converter(kb: KnowledgeBase) -> Converter:
    """Return the compiled rules, made once a knowledge base."""
    return kb.remember("phenoconversion", lambda: Converter(kb))


def convert(
    phenotypes: pl.DataFrame,
    clinical: ClinicalData | None,
    kb: KnowledgeBase,
    *,
    as_of: date | None = None,
    without: Mapping[str, str] = MappingProxyType({}),
    confirmed: bool = False,
) -> pl.DataFrame:
    """Add (or renew) the clinical columns of a phenotypes frame.

    Parameters
    ----------
    phenotypes
        Columns ``sample gene scheme phenotype activity_score probability``; others are dropped.
    clinical
        Clinical data; None leaves every phenotype as it is.
    kb
        Knowledge base.
    as_of
        Day for which it holds; None = each person's own.
    without
        Sample -> drug whose own effect is left out: guidance on a drug already measured what the drug does to itself.
    confirmed
        Whether drugs are left out whose strength no list confirms.

    Returns
    -------
    polars.DataFrame
        `schema.PHENOTYPES`, in the order of the input.
    """
    genetic = phenotypes.select("sample", "gene", "scheme", "phenotype", "activity_score", "probability")
    acting = _triggers(clinical, kb, as_of, without, confirmed=confirmed)
    if acting.is_empty():
        return _unchanged(genetic)
    joined = genetic.join(acting, on=["sample", "gene"], how="left", maintain_order="left")
    cases = joined.filter(pl.col("triggers").is_not_null()).select(_KEYS).unique(maintain_order=True)
    if cases.is_empty():
        return _unchanged(genetic)
    engine = converter(kb)
    results = [engine.apply(*case) for case in cases.iter_rows()]
    outcome = cases.with_columns(
        pl.Series("clinical_phenotype", [one.phenotype for one in results], dtype=pl.String),
        pl.Series("clinical_activity_score", [one.score for one in results], dtype=pl.Float64),
        list_column("conversion", [one.rules for one in results], NAMES),
    )
    done = joined.join(outcome, on=list(_KEYS), how="left", nulls_equal=True, maintain_order="left")
    hit = pl.col("triggers").is_not_null()
    whose = pl.when(pl.col("conversion").list.len() > 0).then(LOCAL_RULE + pl.col("local"))
    done = done.with_columns(
        clinical_phenotype=pl.when(hit).then("clinical_phenotype").otherwise("phenotype"),
        clinical_activity_score=pl.when(hit).then("clinical_activity_score").otherwise("activity_score"),
        conversion=pl.concat_list(
            pl.col("conversion").fill_null(pl.lit([], dtype=NAMES)), pl.concat_list(whose).list.drop_nulls()
        ),
    ).drop("triggers", "local")
    return schema.conform(done, schema.PHENOTYPES)


def _unchanged(genetic: pl.DataFrame) -> pl.DataFrame:
    return schema.conform(
        genetic.with_columns(
            clinical_phenotype="phenotype",
            clinical_activity_score="activity_score",
            conversion=pl.lit([], dtype=NAMES),
        ),
        schema.PHENOTYPES,
    )


def _triggers(
    clinical: ClinicalData | None,
    kb: KnowledgeBase,
    as_of: date | None,
    without: Mapping[str, str],
    *,
    confirmed: bool,
) -> pl.DataFrame:
    """``sample gene triggers local``: what acts on each gene now, as one text, and the overlays behind it."""
    acting = exposures(clinical, kb, as_of=as_of).filter(pl.col("phase") != PLANNED)
    if confirmed:
        acting = acting.filter(~unconfirmed())
    if without:  # a few of a cohort
        left_out = pl.DataFrame({"sample": list(without), "agent": list(without.values())})
        acting = acting.join(left_out, on="sample", how="semi").join(left_out, on=["sample", "agent"], how="anti")
    return (
        acting.select("sample", "gene", "local", trigger=pl.col("trigger") + ":" + pl.col("strength"))
        .unique()
        .sort("sample", "gene", "trigger", "local")
        .group_by("sample", "gene", maintain_order=True)
        .agg(
            triggers=pl.col("trigger").unique(maintain_order=True).str.join(";"),
            local=pl.col("local").drop_nulls().unique(maintain_order=True).str.join("+").replace("", None),
        )
    )


def unconfirmed() -> pl.Expr:
    """Return whether a row of exposures is of a drug whose strength no list confirms."""
    return pl.col("trigger").is_in(["inhibitor", "inducer"]) & (pl.col("confidence") == "recall")


_ACTS = {
    "inhibitor": FlagCode.ENZYME_INHIBITOR.value,
    "inducer": FlagCode.ENZYME_INDUCER.value,
    "smoking": FlagCode.ENZYME_SMOKING.value,
    "inflammation": FlagCode.ENZYME_INFLAMMATION.value,
}
"""What acts on an enzyme -> the flag of a gene without a phenotype to convert."""


def flag_exposures(
    calls: pl.DataFrame, clinical: ClinicalData | None, kb: KnowledgeBase, *, as_of: date | None = None
) -> pl.DataFrame:
    """Flag genes without a phenotype on which something acts now: ``enzyme_inhibitor``, ``enzyme_smoking``, ..."""
    acting = exposures(clinical, kb, as_of=as_of).filter(
        pl.col("phase") != PLANNED, pl.col("strength").is_in(["moderate", "strong"])
    )
    if acting.is_empty():
        return calls
    flags = (
        pl.concat(
            [
                acting.select("sample", "gene", flag=pl.col("trigger").replace_strict(_ACTS, return_dtype=pl.String)),
                acting.filter(pl.col("local").is_not_null()).select(
                    "sample", "gene", flag=pl.lit(FlagCode.LOCAL.value)
                ),
            ]
        )
        .unique()
        .sort("sample", "gene", "flag")
        .group_by("sample", "gene", maintain_order=True)
        .agg(acts="flag")
    )
    silent = pl.col("phenotype").is_null() & pl.col("acts").is_not_null()
    return (
        calls.join(flags, on=["sample", "gene"], how="left", maintain_order="left")
        .with_columns(flags=pl.when(silent).then(pl.concat_list("flags", "acts")).otherwise("flags"))
        .drop("acts")
    )


def complete_calls(calls: pl.DataFrame, phenotypes: pl.DataFrame, clinical: ClinicalData | None) -> pl.DataFrame:
    """Fill the clinical columns of a calls frame; null where the person's medication is not known at all.

    Where a conversion applies, the most probable clinical phenotype class is shown, and flagged ``phenoconverted``.
    """
    known = known_medication(clinical)
    if not known:
        return calls
    places = ["sample", "gene"]
    changed = phenotypes.filter(pl.col("conversion").list.len() > 0).select(*places, "scheme").unique()
    ours = phenotypes.filter(locally_converted()).select(*places, local=pl.lit(True)).unique()
    classes = (
        phenotypes.join(changed, on=[*places, "scheme"], how="semi")
        .group_by(*places, "scheme", "clinical_phenotype", maintain_order=True)
        .agg(pl.col("probability").sum().round(SUM_DIGITS), pl.col("clinical_activity_score").first())
        .sort("sample", "gene", "scheme", "probability", descending=[False, False, False, True], maintain_order=True)
        .unique(places, keep="first", maintain_order=True)
        .select(*places, became="clinical_phenotype", became_score="clinical_activity_score")
    )
    has = pl.col("sample").is_in(sorted(known)) & pl.col("phenotype").is_not_null()
    converted = pl.col("became").is_not_null()
    same = (pl.col("became") == pl.col("phenotype")) & (pl.col("became_score") == pl.col("activity_score")).fill_null(
        True
    )
    flagged = pl.col("flags").list.contains(FlagCode.LOCAL.value)
    local = flag_where(FlagCode.LOCAL, pl.col("local").fill_null(value=False) & ~flagged)
    return (
        calls.join(classes, on=places, how="left", maintain_order="left")
        .join(ours, on=places, how="left", maintain_order="left")
        .with_columns(
            clinical_phenotype=pl.when(converted).then("became").when(has).then("phenotype"),
            clinical_activity_score=pl.when(converted).then("became_score").when(has).then("activity_score"),
            flags=pl.concat_list("flags", flag_where(FlagCode.PHENOCONVERTED, converted & ~same), local),
        )
        .drop("became", "became_score", "local")
    )
