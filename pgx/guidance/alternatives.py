"""The drugs that a source names instead, without those that do not fit the person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import polars as pl

from pgx.clinical.allergies import MAYBE, allergens
from pgx.codes import Applies, Flag, FlagCode
from pgx.guidance.beside_alternatives import Beside, asked, unfit_beside
from pgx.guidance.label_limits import NO_GENE, limits
from pgx.guidance.populations import Populations
from pgx.knowledge import KnowledgeBase
from pgx.knowledge.sentences import compose
from pgx.types import ClinicalData

_HOLDS = 0
_RULES_OUT = "avoid"

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
        (`pgx.guidance.beside_alternatives`). The drug that is replaced is none of these.
    """
    numbered = guidance.with_row_index("row")
    naming = numbered.filter(pl.col("alternatives").list.len() > 0)
    if naming.is_empty():
        return guidance
    named = {(row["sample"], other) for row in naming.iter_rows(named=True) for other in row["alternatives"]}
    unfit = _by_genes(named, guidance, guide)
    beside: Beside = {}
    if clinical is not None:
        unfit |= {**_by_label(named, clinical, kb), **_listed(named, clinical), **_by_allergy(named, clinical, kb)}
        beside = unfit_beside(named, clinical, acting, kb)
    rules = kb.remember(
        "recommendations by id", lambda: {row["rec_id"]: row for row in kb.table("recommendations").rows(named=True)}
    )
    changed = [
        new for row in naming.iter_rows(named=True) if (new := _without(row, unfit, beside, rules, kb)) is not None
    ]
    names = ("alternatives", "recommendation", "flags")
    schema = {"row": numbered.schema["row"], **{name: guidance.schema[name] for name in names}}
    return numbered.update(pl.DataFrame(changed, schema=schema), on="row", include_nulls=True).drop("row")


def _without(
    row: Mapping[str, Any],
    unfit: Unfit,
    beside: Beside,
    rules: Mapping[str, Mapping[str, Any]],
    kb: KnowledgeBase,
) -> dict[str, Any] | None:
    named = row["alternatives"]
    reasons = {}
    for other in named:
        against = beside.get((row["sample"], other), ())
        told = (why for why, excused in against if row["drug"] not in excused)
        why = unfit.get((row["sample"], other)) or next(told, None)
        if why:
            reasons[other] = why
    if not reasons:
        return None
    kept = [other for other in named if other not in reasons]
    rule = rules.get(row["guideline"] or "")
    flags = [*row["flags"], *(str(Flag(FlagCode.ALTERNATIVE_RULED_OUT, other, why)) for other, why in reasons.items())]
    return {
        "row": row["row"],
        "alternatives": kept,
        "recommendation": compose({**rule, "alternatives": ";".join(kept) or None}, kb=kb)
        if rule
        else row["recommendation"],
        "flags": flags,
    }


def _listed(named: Iterable[tuple[str, str]], clinical: ClinicalData) -> dict[Any, str]:
    """Return those of whom the other drug is on the list already: it is nothing that could be begun instead."""
    taken = clinical.medications.filter(pl.col("status") != "stopped").select("sample", "drug")
    listed = {(sample, drug.lower()) for sample, drug in taken.unique().iter_rows()}
    return {(sample, drug): "listed" for sample, drug in named if (sample, drug.lower()) in listed}


def _by_allergy(named: Iterable[tuple[str, str]], clinical: ClinicalData, kb: KnowledgeBase) -> dict[Any, str]:
    recorded: defaultdict[str, set[str]] = defaultdict(set)
    rows = clinical.observations.filter(pl.col("concept") == "allergy").select("sample", "code")
    for sample, code in rows.iter_rows():
        recorded[sample].add(code)
    known = allergens(kb) if recorded else None
    reasons = {
        (sample, drug): [known.against(code, drug) or MAYBE for code in recorded.get(sample, ())] if known else []
        for sample, drug in named
    }
    return {key: "allergy" for key, found in reasons.items() if any(MAYBE not in reason for reason in found)}


def _by_genes(named: Iterable[tuple[str, str]], guidance: pl.DataFrame, guide: Guide) -> dict[Any, str]:
    """Return those of whom a source says by the genes, without a condition, that the other drug is to be avoided."""
    told = set(guidance.select("sample", "drug").unique().iter_rows())
    own = guide(asked(one for one in named if one not in told))
    rows = pl.concat([guidance.select(own.columns), own])
    of_genes = ~pl.col("genes").list.contains(NO_GENE)
    against = rows.filter(of_genes, pl.col("applies") == Applies.YES, pl.col("urgency") == _RULES_OUT)
    unfit = set(against.select("sample", "drug").unique().iter_rows())
    return {one: "genes" for one in named if one in unfit}


def _by_label(named: Iterable[tuple[str, str]], clinical: ClinicalData, kb: KnowledgeBase) -> dict[Any, str]:
    samples = sorted({sample for sample, _ in named})
    found = limits(kb, Populations(kb, clinical, samples), samples, asked(named))
    if found.is_empty():
        return {}
    ruled_out = found.filter(pl.col("code") == _HOLDS, pl.col("urgency") == _RULES_OUT)
    return {(samples[at], drug): "label" for at, drug in ruled_out.select("at", "drug").iter_rows()}
