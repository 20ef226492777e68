"""Interactions that advice on the genes does not count: said first, and no change of dose points against them.

A drug is often carried by an enzyme that its guideline does not look at: tacrolimus is dosed by CYP3A5 and carried by
CYP3A4. Where a drug of the list acts on such an enzyme, the genes' change of dose may be the wrong way round. What
counts an interaction already is left alone: a phenotype that was converted for it, and a row that is for persons who
take such a drug. A change of dose is withheld beside any drug that is known to act the other way, as nothing tells how
much the two make together; only a lower dose stands beside what takes little of the drug away. Only what no list
confirms, weakly and on an enzyme that the advice does not look at, hides nothing: the lower dose of a sensitive person
is worth more. So is a poor metabolizer's: it yields to an inducer that is known to act more than weakly on an enzyme
that the person has (`absent_enzymes`), to one that a label names, and to no other. What such a person has left carries
the more of the drug.

Once a line speaks of an interaction it names every drug that acts, counted or not: one direction alone is half of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from pgx.codes import Flag, FlagCode
from pgx.guidance.alternatives import named_instead
from pgx.guidance.label_cells import NO_GENE
from pgx.guidance.label_limits import contraindicated
from pgx.knowledge import KnowledgeBase
from pgx.knowledge.acting import DECIDES, PERHAPS, PLANNED, UNREAD, Acting, phrase, weighs
from pgx.knowledge.sentences import by_label, capitalised, compose, dosed_by
from pgx.phenotypes.absent_enzymes import weakened
from pgx.phenotypes.phenoconversion import converter
from pgx.phenotypes.substrates import acting_of

_ASKS = {"up": "higher", "down": "lower"}
_OF_DOSE = (
    "dose_min_pct", "dose_max_pct", "dose_reference", "start_dose", "start_dose_unit", "target_dose", "max_dose",
    "max_dose_unit", "frequency", "titration", "notes",
)  # fmt: skip
_SECOND = ("secondary_action", "secondary_when", "dose_applies")
_LEFT_OUT = "the dose that the source gives is left out, {by_label}"
_FORBIDDEN = "the drug is contraindicated, so that the dose that the source gives is left out"

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
        Which drugs act on which (`pgx.phenotypes.substrates.acting_drugs`). What may still act (`PERHAPS`) withholds a
        change of dose that it would turn around, and is not said otherwise.
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
    forbidden = frozenset(contraindicated(guidance).iter_rows())
    # What acts on drugs of which nothing is said is most of it.
    acting = acting.join(concerned, on=["sample", "drug"], how="semi", maintain_order="left")
    rewritten = _Rewriting(kb, rules, acting, phenotypes.join(concerned, on="sample", how="semi"), forbidden)
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
        return {name: directions for name, row in self.rows.items() if (directions := self._directions_of(row))}

    def _directions_of(self, row: Row) -> frozenset[str]:
        changes = [change for change in (row["dose_min_pct"], row["dose_max_pct"]) if change]
        by_numbers = {"higher" if change > 0 else "lower" for change in changes}
        actions = (self.directions.get(row[name] or "") for name in ("action", "secondary_action"))
        return frozenset(by_numbers | {_ASKS[change] for change in actions if change})


class _Rewriting:
    def __init__(
        self,
        kb: KnowledgeBase,
        rules: _Rules,
        acting: pl.DataFrame,
        phenotypes: pl.DataFrame,
        forbidden: frozenset[_Key],
    ) -> None:
        self._forbidden = forbidden
        self._kb, self._engine, self._rules = kb, converter(kb), rules
        enzymes = pl.col("gene").is_in(acting["enzyme"].unique().to_list())
        self._called = set(phenotypes.filter(enzymes).select("sample", "gene").unique().iter_rows())
        self._weakened = weakened(phenotypes, kb)
        self._measured = dict(kb.table("dosed_by").select("drug", "code").iter_rows())
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
        directions = self._rules.asked.get(row["guideline"] or "", frozenset())
        listed = self._acting[row["sample"], row["drug"]]
        opposed = [effect for effect in listed if self._opposed(effect, row, directions)]
        # A label that names the two may know of other ways than an enzyme that does nothing in this person.
        able = [
            effect for effect in listed if effect["phase"] != PERHAPS and (effect["named"] or not self._idle(effect))
        ]
        acts = [effect for effect in able if effect["marked"] or self._converts(effect)]
        torn = len({way for effect in acts if (way := acting_of(effect).asks_for)}) > 1
        fresh = [
            effect for effect in acts if effect["marked"] and not (self._idle(effect) or self._counted(effect, row))
        ]
        slight = [effect for effect in able if directions == {"lower"} and self._is_told(effect, row)]
        if not (fresh or opposed or slight) and not (torn and not self._for_takers_of_any(acts, row)):
            return None
        told_effects = [
            effect for effect in acts if not self._for_takers(effect, row) and (torn or not self._idle(effect))
        ]
        kept = [effect for effect in listed if effect in opposed or effect in told_effects or effect in slight]
        acting = sorted((acting_of(effect) for effect in kept), key=lambda effect: effect.order)
        turned_by = {acting_of(effect) for effect in opposed}
        turning = [effect for effect in acting if effect in turned_by]
        flags = [flag for flag in row["flags"] if not (turning and Flag.parse(flag).code == FlagCode.GENES_ALONE)]
        flags += [str(effect.flag) for effect in acting] + [str(effect.reversing_flag) for effect in turning]
        flags += [FlagCode.RECALL] if any(effect["recall"] for effect in kept) else []
        flags += [FlagCode.LOCAL] if any(effect["local"] for effect in kept) else []
        new = {
            "action": DECIDES if turning and row["action"] in self._rules.directions else row["action"],
            "dose_change": None if turning else row["dose_change"],
            "recommendation": row["recommendation"],
            "flags": list(dict.fromkeys(flags)),
        }
        forbidden = bool(directions) and (row["sample"], row["drug"]) in self._forbidden
        if forbidden:
            new["dose_change"] = None
        if source:
            left_out = _LEFT_OUT.format(by_label=by_label(self._dosed_by(row["drug"]))) if turning else ""
            ending = _FORBIDDEN if forbidden and not turning else left_out
            counted = any(self._counted(effect, row) for effect in kept)
            new["recommendation"] = self._text(row, source, acting, turning, str(new["action"]), ending, counted)
        return new

    def _opposed(self, effect: Row, row: Row, directions: frozenset[str]) -> bool:
        """Whether the advice changes the dose against what acts on the drug (`weighs`).

        That holds for an enzyme that the advice looks at too: who is ultrarapid after the conversion is not told to
        take more of what an inhibitor raises. It does not hold for an enzyme without function, nor for a slight
        inducer beside the lower dose of a poor metabolizer, unless a label names the two: it speaks of everybody, and
        beside it no dose by the genes can stand.
        """
        acting = acting_of(effect)
        against = bool(acting.asks_for and directions - {acting.asks_for})
        if not against or _slight(effect) or self._idle(effect) or self._for_takers(effect, row):
            return False
        poor = any((row["sample"], gene) in self._weakened.poor for gene in row["genes"])
        if poor and acting.asks_for == "higher":
            of_enzyme = (row["sample"], effect["enzyme"]) in self._weakened.poor
            faint = effect["strength"] == "weak" or effect["unverified"]
            return not faint or bool(effect["named"]) or (bool(effect["marked"]) and not of_enzyme)
        return weighs(acting, row["genes"], marked=effect["marked"])

    def _is_told(self, effect: Row, row: Row) -> bool:
        """Whether what takes little of the drug away is told beside a lower dose, which it leaves."""
        counts = weighs(acting_of(effect), row["genes"], marked=effect["marked"])
        return _slight(effect) and counts and not self._for_takers(effect, row)

    def _idle(self, effect: Row) -> bool:
        """Whether the drug acts on an enzyme that does nothing in this person.

        Where a label says that it lowers the other one, it may do so by other ways too.
        """
        warned = effect["named"] and effect["role"] == "inducer"
        return not warned and (effect["sample"], effect["enzyme"]) in self._weakened.absent

    def _for_takers_of_any(self, acts: Sequence[Row], row: Row) -> bool:
        return any(self._for_takers(effect, row) for effect in acts)

    def _converts(self, effect: Row) -> bool:
        """Whether the drug changes the phenotype that advice is looked up by."""
        called = (effect["sample"], effect["enzyme"]) in self._called
        agent = {"trigger": effect["role"], "strength": effect["strength"]}
        return (
            called
            and effect["phase"] not in (PLANNED, PERHAPS, UNREAD)
            and self._engine.has_effect(effect["enzyme"], [agent])
        )

    def _for_takers(self, effect: Row, row: Row) -> bool:
        """Whether the advice is for persons who take such a drug, or for those who take none."""
        return (effect["enzyme"], effect["role"]) in self._comedication[row["population"] or ""]

    def _counted(self, effect: Row, row: Row) -> bool:
        """Whether the advice was looked up with the interaction in mind."""
        if self._for_takers(effect, row):
            return True
        return effect["enzyme"] in row["genes"] and self._converts(effect)

    def _text(
        self,
        row: Row,
        source: Row,
        acting: Sequence[Acting],
        turning: Sequence[Acting],
        action: str,
        ending: str,
        counted: bool,
    ) -> str:
        key = (row["guideline"], row["recommendation"], tuple(acting), tuple(turning), ending, counted)
        if key not in self._texts:
            clause = phrase(acting, row["drug"])
            caveat = "does not count all of that" if counted else "does not count that"
            self._texts[key] = self._composed(_fitting(row, source), clause, turning, action, ending) or (
                f"{capitalised(clause)}; the advice by the genes {caveat}. {row['recommendation']}"
            )
        return self._texts[key]

    def _dosed_by(self, drug: str) -> str:
        return dosed_by(self._measured.get(drug), kb=self._kb)

    def _composed(self, source: Row, clause: str, turning: Sequence[Acting], action: str, ending: str) -> str | None:
        """Return the text of advice whose dose is withheld."""
        if not ending:
            return None
        bare = {**source, **dict.fromkeys(_OF_DOSE)}
        if action == DECIDES:
            wanted = " or a ".join(sorted({"higher" if effect.asks_for == "lower" else "lower" for effect in turning}))
            cells = {"action": DECIDES, "asked": wanted, "interaction": clause, "evidence": None}
            cells["dosed_by"] = self._dosed_by(source["drug"])
            return compose({**bare, **dict.fromkeys(_SECOND), **cells}, kb=self._kb)
        if source["secondary_action"] in self._rules.directions:
            bare |= dict.fromkeys(_SECOND)
        return f"{capitalised(clause)}: {ending}. {compose(bare, kb=self._kb)}"


def _slight(effect: Row) -> bool:
    """Whether a drug takes little of the other one away: that costs less than the dose of others would."""
    return (
        acting_of(effect).asks_for == "higher"
        and effect["strength"] == "weak"
        and not (effect["named"] or effect["marked"])
    )


def _fitting(row: Row, source: Row) -> Row:
    """Return what a source says without the drugs that do not fit the person (`pgx.guidance.alternatives`)."""
    flags = [Flag.parse(flag) for flag in row["flags"]]
    if not any(flag.code in (FlagCode.ALTERNATIVE_RULED_OUT, FlagCode.ALTERNATIVE_LIMITED) for flag in flags):
        return source
    limits = {flag.arguments[0]: flag.arguments[1] for flag in flags if flag.code == FlagCode.ALTERNATIVE_LIMITED}
    return {**source, "alternatives": named_instead(row["alternatives"], limits)}
