"""The drugs that a source names instead, without those that do not fit the person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import polars as pl

from pgx.clinical.allergies import allergens
from pgx.codes import Applies, Flag, FlagCode
from pgx.guidance.alternative_uses import uses
from pgx.guidance.beside_alternatives import ACTS, LEVEL, NOTHING_BESIDE, Beside, asked, beside
from pgx.guidance.label_cells import NO_GENE
from pgx.guidance.label_limits import limits
from pgx.guidance.populations import Populations
from pgx.knowledge import KnowledgeBase
from pgx.knowledge.sentences import compose, dose_briefly, templates
from pgx.types import ClinicalData

_HOLDS = 0
_RULES_OUT, _CHANGES = "avoid", "change_dose"
_CONTRAINDICATED = "contraindicated"
_LESS = "at a lower dose than usual"

Rules = Mapping[str, Mapping[str, Any]]
Unfit = Mapping[tuple[str, str], str]
Guide = Callable[[dict[str, set[str] | None]], pl.DataFrame]


def fitting(
    guidance: pl.DataFrame, clinical: ClinicalData | None, kb: KnowledgeBase, acting: pl.DataFrame, guide: Guide
) -> pl.DataFrame:
    """Return guidance that names nobody a drug that does not fit them: by allergy, label, genes or the other drugs.

    Parameters
    ----------
    guidance
        `schema.GUIDANCE`.
    clinical
        Allergies, conditions and all else that labels ask for; None = nothing is known.
    kb
        Knowledge base.
    acting
        Which drugs act on which (`pgx.phenotypes.substrates.acting_drugs`).
    guide
        Gives the guidance on drugs for persons.

    Returns
    -------
    polars.DataFrame
        The same rows; ``alternatives`` and ``recommendation`` leave such drugs out, ``flags`` name them,
        with ``allergy``, ``listed``, ``label``, ``genes``, or what the other drugs of the list have to do with it
        (`pgx.guidance.beside_alternatives`). The drug that is replaced is none of these. What is kept to with a drug
        that fits is told in ``flags`` and in the sentence.
    """
    numbered = guidance.with_row_index("row")
    naming = numbered.filter(pl.col("alternatives").list.len() > 0)
    if naming.is_empty():
        return guidance
    pairs = set(naming.explode("alternatives").select("sample", "alternatives").iter_rows())
    rules: Rules = kb.remember(
        "recommendations by id", lambda: {row["rec_id"]: row for row in kb.table("recommendations").rows(named=True)}
    )
    genetic = _of_genes(pairs, guidance, guide)
    unfit = _by_genes(genetic)
    ruled_out, label_doses, open_limits = _by_label(pairs, clinical, kb)
    fit = _Fit(unfit, _doses(genetic, rules, kb), NOTHING_BESIDE, label_doses, open_limits, _populations(kb))
    if clinical is not None:
        unfit |= {**ruled_out, **_listed(pairs, clinical), **_by_allergy(pairs, clinical, kb)}
        fit = replace(fit, unfit=unfit, beside=beside(pairs, clinical, acting, kb))
    of_use = uses(naming, partial(templates(kb.folders).say, "population"))
    fit = replace(fit, uses={key: text.replace(";", ",") for key, text in of_use.items()})
    changed = [cells for row in naming.iter_rows(named=True) if (cells := _without(row, fit, rules, kb)) is not None]
    names = ("alternatives", "recommendation", "flags")
    schema = {"row": numbered.schema["row"], **{name: guidance.schema[name] for name in names}}
    return numbered.update(pl.DataFrame(changed, schema=schema), on="row", include_nulls=True).drop("row")


@dataclass(frozen=True, slots=True)
class _Fit:
    """How the drugs that are named instead fit the persons.

    Parameters
    ----------
    unfit
        Why one does not.
    doses
        Which dose of one the genes ask for, and which genes.
    beside
        What the other drugs of the list have to do with it.
    label_doses
        To which dose its label limits it for such a person.
    open_limits
        Populations, in code and in words, for whom its label contraindicates it, and of which the record says nothing.
    populations
        Drug -> those that its label speaks of.
    uses
        For what alone a source names it instead of a drug (`pgx.guidance.alternative_uses`).
    """

    unfit: Unfit
    doses: Mapping[tuple[str, str], tuple[str, AbstractSet[str]]]
    beside: Beside
    label_doses: Mapping[tuple[str, str], str]
    open_limits: Mapping[tuple[str, str], Collection[tuple[str, str]]]
    populations: Mapping[str, AbstractSet[str]]
    uses: Mapping[tuple[str, str, str], str] = field(default_factory=dict)

    def why_not(self, sample: str, alternative: str, instead_of: str) -> str | None:
        """Return why a drug does not fit instead of another one, None if it does."""
        against = self.beside.unfit.get((sample, alternative), ())
        reasons = (reason for reason, _, excused in against if instead_of not in excused)
        reason = self.unfit.get((sample, alternative)) or next(reasons, None)
        return reason or self._limited_twice(sample, alternative, instead_of)

    def _limited_twice(self, sample: str, alternative: str, instead_of: str) -> str | None:
        """Rule out a drug of which the genes and a label on the list each give a dose: neither counts the other.

        What blocks the very gene that asks for a dose leaves nothing of it to be counted: both are kept to.
        """
        _, genes = self.doses.get((sample, alternative), ("", frozenset()))
        capped = self.beside.capped.get((sample, alternative), {})
        blocked = {enzyme for agent, enzyme in capped.items() if agent != instead_of}
        return LEVEL if genes and blocked and not blocked <= genes else None

    def limits(self, sample: str, alternative: str, instead_of: str) -> str:
        """Return what is kept to with a drug that fits, mostly nothing."""
        listed = self.beside.limits.get((sample, alternative), ())
        also_acting = (
            f"acts on {acted} too"
            for reason, acted, excused in self.beside.unfit.get((sample, alternative), ())
            if reason == ACTS and instead_of in excused and acted != instead_of
        )
        dose, _ = self.doses.get((sample, alternative), ("", frozenset()))
        doses = (dose, self.label_doses.get((sample, alternative), ""))
        # What speaks against both drugs stands in the line of the one that is replaced already.
        replaced = self.populations.get(instead_of, frozenset())
        open_limits = self.open_limits.get((sample, alternative), ())
        contraindicated = (f"not {words}" for population, words in open_limits if population not in replaced)
        parts = [*doses, *contraindicated, *also_acting, *(words for words, agent in listed if agent != instead_of)]
        return ", ".join(dict.fromkeys(filter(None, parts))).replace(";", ",")


def _without(row: Mapping[str, Any], fit: _Fit, rules: Rules, kb: KnowledgeBase) -> dict[str, Any] | None:
    alternatives, sample, drug = row["alternatives"], row["sample"], row["drug"]
    reasons = {
        alternative: reason for alternative in alternatives if (reason := fit.why_not(sample, alternative, drug))
    }
    suitable = [alternative for alternative in alternatives if alternative not in reasons]
    limits = {alternative: limit for alternative in suitable if (limit := fit.limits(sample, alternative, drug))}
    only_for = {alternative: use for alternative in suitable if (use := fit.uses.get((sample, drug, alternative)))}
    if not reasons and not limits and not only_for:
        return None
    rule = rules.get(row["guideline"] or "")
    flags = (
        *(Flag(FlagCode.ALTERNATIVE_RULED_OUT, alternative, reason) for alternative, reason in reasons.items()),
        *(Flag(FlagCode.ALTERNATIVE_LIMITED, alternative, limit) for alternative, limit in limits.items()),
        *(Flag(FlagCode.ALTERNATIVE_USE, alternative, use) for alternative, use in only_for.items()),
    )
    return {
        "row": row["row"],
        "alternatives": suitable,
        "recommendation": compose({**rule, "alternatives": named_instead(suitable, limits)}, kb=kb)
        if rule
        else row["recommendation"],
        "flags": [*row["flags"], *map(str, flags)],
    }


def named_instead(suitable: Iterable[str], limits: Mapping[str, str]) -> str | None:
    """Return the drugs that fit as a cell of ``recommendations``, each with what is kept to."""
    return ";".join(f"{drug} ({limits[drug]})" if drug in limits else drug for drug in suitable) or None


def _listed(pairs: Iterable[tuple[str, str]], clinical: ClinicalData) -> dict[Any, str]:
    """Return those of whom the other drug is on the list already: it is nothing that could be begun instead."""
    current = clinical.medications.filter(pl.col("status") != "stopped").select("sample", "drug")
    listed = {(sample, drug.lower()) for sample, drug in current.unique().iter_rows()}
    return {(sample, drug): "listed" for sample, drug in pairs if (sample, drug.lower()) in listed}


def _by_allergy(pairs: Iterable[tuple[str, str]], clinical: ClinicalData, kb: KnowledgeBase) -> dict[Any, str]:
    recorded: defaultdict[str, set[str]] = defaultdict(set)
    rows = clinical.observations.filter(pl.col("concept") == "allergy").select("sample", "code")
    for sample, code in rows.iter_rows():
        recorded[sample].add(code)
    allergies = allergens(kb) if recorded else None
    reasons = {
        (sample, drug): [allergies.against(code, drug) for code in recorded.get(sample, ())] if allergies else []
        for sample, drug in pairs
    }
    return {key: "allergy" for key, matches in reasons.items() if any(match and match.certain for match in matches)}


def _of_genes(named: Iterable[tuple[str, str]], guidance: pl.DataFrame, guide: Guide) -> pl.DataFrame:
    """Return what sources say by the genes, without a condition, of the drugs that are named instead."""
    asked_pairs = set(named)
    answered = set(guidance.select("sample", "drug").unique().iter_rows())
    added = guide(asked(pair for pair in asked_pairs if pair not in answered))
    pairs = pl.DataFrame(sorted(asked_pairs), schema={"sample": pl.String, "drug": pl.String}, orient="row")
    rows = pl.concat([guidance.select(added.columns), added]).join(pairs, on=["sample", "drug"], how="semi")
    return rows.filter(~pl.col("genes").list.contains(NO_GENE), pl.col("applies") == Applies.YES)


def _by_genes(genetic: pl.DataFrame) -> dict[Any, str]:
    """Return those of whom a source says by the genes that the other drug is to be avoided."""
    against = genetic.filter(pl.col("urgency") == _RULES_OUT).select("sample", "drug").unique()
    return dict.fromkeys(against.iter_rows(), "genes")


def _doses(
    genetic: pl.DataFrame, rules: Rules, kb: KnowledgeBase
) -> dict[tuple[str, str], tuple[str, AbstractSet[str]]]:
    """Return which dose the first source that changes it gives of the other drug, and by which genes."""
    changing = genetic.filter(pl.col("urgency") == _CHANGES).unique(
        ["sample", "drug"], keep="first", maintain_order=True
    )
    rows = changing.select("sample", "drug", "guideline", "genes").iter_rows()
    return {
        (sample, drug): (dose_briefly(rules[rule], kb=kb), frozenset(genes))
        for sample, drug, rule, genes in rows
        if rule in rules
    }


def _populations(kb: KnowledgeBase) -> dict[str, set[str]]:
    """Return drug -> the populations that its label speaks of."""
    populations: defaultdict[str, set[str]] = defaultdict(set)
    for drug, population in kb.table("label_limits").select("drug", "population").iter_rows():
        populations[drug].add(population)
    return populations


def _by_label(
    pairs: Iterable[tuple[str, str]], clinical: ClinicalData | None, kb: KnowledgeBase
) -> tuple[dict[Any, str], dict[tuple[str, str], str], dict[tuple[str, str], list[tuple[str, str]]]]:
    """Return whom the other drug's own label rules it out for, what it limits it to for whom, and what nobody knows.

    The last are the populations, in code and in words, for whom the label contraindicates it.
    """
    samples = sorted({sample for sample, _ in pairs})
    populations = Populations(kb, clinical, samples)
    label_rows = limits(kb, populations, samples, asked(pairs))
    if label_rows.is_empty():
        return {}, {}, {}
    holding = label_rows.filter(pl.col("code") == _HOLDS).select("at", "drug", "urgency", "guideline").rows()
    words = {
        rule: ", ".join(filter(None, (dose, limit and f"at most {limit}"))) or _LESS
        for rule, dose, limit in kb.table("label_limits")
        .select("limit_id", pl.col("dose", "limit").str.strip_prefix("text:"))
        .iter_rows()
    }
    doses: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for person, drug, urgency, rule in holding:
        if urgency == _CHANGES:
            doses[samples[person], drug].append(words[rule])
    # What the record tells a part of is named: a liver disease that may be too severe for the drug.
    open_ones = label_rows.filter(pl.col("code") != _HOLDS, pl.col("urgency").is_in([_RULES_OUT, _CHANGES]))
    unknown: defaultdict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    undecided = open_ones.select("at", "drug", "population", "action", "guideline", "urgency", "static_flags")
    for person, drug, population, action, rule, urgency, flags in undecided.iter_rows():
        words_of = templates(kb.folders).say("population", population)
        if any(Flag.parse(flag).code == FlagCode.UNDER for flag in flags):
            doses[samples[person], drug].append(f"{'not' if urgency == _RULES_OUT else words[rule]} {words_of}")
        elif action == _CONTRAINDICATED:
            unknown[samples[person], drug].append((population, words_of))
    dose_texts = {key: ", ".join(dict.fromkeys(parts)) for key, parts in doses.items()}
    ruled_out = {(samples[person], drug): "label" for person, drug, urgency, _ in holding if urgency == _RULES_OUT}
    return ruled_out, dose_texts, unknown
