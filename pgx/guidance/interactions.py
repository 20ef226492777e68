"""Interactions that advice on the genes does not count: said first, and no change of dose points against them.

A drug is often carried by an enzyme that its guideline does not look at: tacrolimus is dosed by CYP3A5 and carried by
CYP3A4. Where a drug of the list acts on such an enzyme, the genes' change of dose may be the wrong way round. What
counts an interaction already is left alone: a phenotype that was converted for it, and a row that is for persons who
take such a drug. A change of dose is withheld beside any drug that is known to act the other way, however weakly, as
nothing tells how much the two make together. Only what no list confirms, weakly and on an enzyme that the advice does
not look at, hides nothing: the lower dose of a sensitive person is worth more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import polars as pl

from pgx.codes import Flag, FlagCode
from pgx.guidance.label_limits import NO_GENE
from pgx.knowledge import KnowledgeBase
from pgx.knowledge.acting import DECIDES, UNREAD, Acting, phrase, weighs
from pgx.knowledge.sentences import compose
from pgx.phenotypes.phenoconversion import converter
from pgx.phenotypes.substrates import acting_of

_ASKS = {"up": "higher", "down": "lower"}
_OF_DOSE = (
    "dose_min_pct", "dose_max_pct", "dose_reference", "start_dose", "start_dose_unit", "target_dose", "max_dose",
    "max_dose_unit", "frequency", "titration", "notes",
)  # fmt: skip
_SECOND = ("secondary_action", "secondary_when", "dose_applies")
_BY_LABEL = "the dose that the source gives is left out, dose by the label and blood levels, or the effect"

Row = Mapping[str, Any]
_Key = tuple[str, str]


def respect(guidance: pl.DataFrame, phenotypes: pl.DataFrame, acting: pl.DataFrame, kb: KnowledgeBase) -> pl.DataFrame:
    """Let each row say the interactions that it does not count, and withhold the change of dose that they turn around.

    Parameters
    ----------
    guidance
        `schema.GUIDANCE`.
    phenotypes
        What it was made of; tells which genes are called.
    acting
        Which drugs act on which (`pgx.phenotypes.substrates.acting_drugs`).
    kb
        Knowledge base.

    Returns
    -------
    polars.DataFrame
        The same rows. Where an interaction counts, ``recommendation`` begins with it and ``flags`` holds it. Where it
        turns the change of dose around, ``dose_change`` is null, an action that changes the dose is
        ``interaction_decides`` and ``flags`` holds ``interaction_reverses``.
    """
    numbered = guidance.with_row_index("row")
    of_genes = numbered.filter(~pl.col("genes").list.contains(NO_GENE))
    rules = _Rules(kb)
    changing = pl.col("guideline").is_in(list(rules.asked))
    counting = acting.filter("marked")
    concerned = pl.concat(
        [
            of_genes.filter(~changing.fill_null(False)).join(counting, on=["sample", "drug"], how="semi"),
            of_genes.filter(changing).join(acting, on=["sample", "drug"], how="semi"),
        ]
    )
    if concerned.is_empty():
        return guidance
    rewritten = _Rewriting(kb, rules, acting, phenotypes.join(concerned, on="sample", how="semi"))
    changed = [
        {"row": row["row"], **new} for row in concerned.iter_rows(named=True) if (new := rewritten.row(row)) is not None
    ]
    names = ("action", "dose_change", "recommendation", "flags")
    schema = {"row": numbered.schema["row"], **{name: guidance.schema[name] for name in names}}
    return numbered.update(pl.DataFrame(changed, schema=schema), on="row", include_nulls=True).drop("row")


class _Rules:
    """The rows of the recommendations, and which doses they ask for."""

    def __init__(self, kb: KnowledgeBase) -> None:
        self.rows: dict[str, Row] = kb.remember(
            "recommendations by id",
            lambda: {row["rec_id"]: row for row in kb.table("recommendations").rows(named=True)},
        )
        self.directions = dict(kb.table("actions").select("action", "direction").drop_nulls().iter_rows())
        self.asked: dict[str, frozenset[str]] = kb.remember("doses that are asked for", self._asked)

    def _asked(self) -> dict[str, frozenset[str]]:
        """Row -> ``higher``, ``lower`` or both; a row that changes no dose is left out."""
        return {name: asked for name, row in self.rows.items() if (asked := self._asked_by(row))}

    def _asked_by(self, row: Row) -> frozenset[str]:
        numbers = [one for one in (row["dose_min_pct"], row["dose_max_pct"]) if one]
        found = {"higher" if one > 0 else "lower" for one in numbers}
        actions = (self.directions.get(row[name] or "") for name in ("action", "secondary_action"))
        return frozenset(found | {_ASKS[one] for one in actions if one})


class _Rewriting:
    def __init__(self, kb: KnowledgeBase, rules: _Rules, acting: pl.DataFrame, phenotypes: pl.DataFrame) -> None:
        self._kb, self._engine, self._rules = kb, converter(kb), rules
        self._called = set(phenotypes.select("sample", "gene").unique().iter_rows())
        self._comedication: dict[str, set[_Key]] = defaultdict(set)
        tests = kb.table("populations").filter(pl.col("test").str.starts_with("takes_"))
        for population, enzyme, test in tests.select("population", "subject", "test").iter_rows():
            self._comedication[population].add((enzyme, test.rsplit("_", 1)[-1]))
        self._acting: dict[_Key, list[Row]] = defaultdict(list)
        for row in acting.iter_rows(named=True):
            self._acting[row["sample"], row["drug"]].append(row)
        self._texts: dict[tuple[object, ...], str] = {}

    def row(self, row: Row) -> dict[str, Any] | None:
        """Return the columns that change, None if every interaction is counted already."""
        source = self._rules.rows.get(row["guideline"] or "")
        asked = self._rules.asked.get(row["guideline"] or "", frozenset())
        found = [
            one
            for one in self._acting[row["sample"], row["drug"]]
            if (one["marked"] and not self._counted(one, row)) or self._opposed(one, row, asked)
        ]
        if not found:
            return None
        acting = [acting_of(one) for one in found]
        turning = [one for one in acting if one.asks_for and asked - {one.asks_for}]
        flags = [flag for flag in row["flags"] if not (turning and Flag.parse(flag).code == FlagCode.GENES_ALONE)]
        flags += [str(one.flag) for one in acting] + [str(one.reversing_flag) for one in turning]
        flags += [FlagCode.RECALL] if any(one["recall"] for one in found) else []
        flags += [FlagCode.LOCAL] if any(one["local"] for one in found) else []
        new = {
            "action": DECIDES if turning and row["action"] in self._rules.directions else row["action"],
            "dose_change": None if turning else row["dose_change"],
            "recommendation": row["recommendation"],
            "flags": list(dict.fromkeys(flags)),
        }
        if source:
            new["recommendation"] = self._text(row, source, acting, turning, new["action"])
        return new

    def _opposed(self, one: Row, row: Row, asked: Collection[str]) -> bool:
        """Whether the advice changes the dose against what acts on the drug (`weighs`).

        That holds for an enzyme that the advice looks at too. The rules leave the phenotype of a poor metabolizer who
        takes an inducer as it is, and "start lower" is then half of the truth: the person may still have alleles that
        can be induced. Who is ultrarapid after the conversion is not told to take more of what an inhibitor raises.
        """
        way = acting_of(one).asks_for
        against = bool(asked and way) and way not in asked
        return against and weighs(acting_of(one), row["genes"], marked=one["marked"]) and not self._for_takers(one, row)

    def _for_takers(self, one: Row, row: Row) -> bool:
        """Whether the advice is for persons who take such a drug, or for those who take none."""
        return (one["enzyme"], one["role"]) in self._comedication[row["population"] or ""]

    def _counted(self, one: Row, row: Row) -> bool:
        """Whether the advice was looked up with the interaction in mind."""
        if self._for_takers(one, row):
            return True
        called = one["enzyme"] in row["genes"] and (row["sample"], one["enzyme"]) in self._called
        agent = {"trigger": one["role"], "strength": one["strength"]}
        return called and one["phase"] not in ("planned", UNREAD) and self._engine.has_effect(one["enzyme"], [agent])

    def _text(self, row: Row, source: Row, acting: Sequence[Acting], turning: Sequence[Acting], action: str) -> str:
        key = (row["guideline"], tuple(acting))
        if key not in self._texts:
            said = phrase(acting, row["drug"])
            self._texts[key] = self._composed(source, said, turning, action) or (
                f"{said[:1].upper()}{said[1:]}; the advice by the genes does not count that. {row['recommendation']}"
            )
        return self._texts[key]

    def _composed(self, source: Row, said: str, turning: Sequence[Acting], action: str) -> str | None:
        """Return the text of advice whose dose is withheld."""
        if not turning:
            return None
        bare = {**source, **dict.fromkeys(_OF_DOSE)}
        if action == DECIDES:
            asked = " or a ".join(sorted({"higher" if one.asks_for == "lower" else "lower" for one in turning}))
            own = {"action": DECIDES, "asked": asked, "interaction": said, "evidence": None}
            return compose({**bare, **dict.fromkeys(_SECOND), **own}, kb=self._kb)
        if source["secondary_action"] in self._rules.directions:
            bare |= dict.fromkeys(_SECOND)
        return f"{said[:1].upper()}{said[1:]}: {_BY_LABEL}. {compose(bare, kb=self._kb)}"
