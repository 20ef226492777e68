"""What a drug's label says of it beside the other drugs on the list, whatever the genes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import polars as pl

from pgx.cells import list_column
from pgx.guidance.label_cells import CONSTANT, TYPES, constants, holds
from pgx.guidance.populations import NO, UNKNOWN, YES, Populations
from pgx.knowledge.acting import DECIDES, SUM_UNKNOWN, UNREAD, Acting, balances, opposes, outweighs, phrase
from pgx.knowledge.base import KnowledgeBase
from pgx.knowledge.sentences import capitalised, compose, templates
from pgx.phenotypes.substrates import acting_of

NO_RESULT = "no_result"
"""What a row of labels says of persons of whom no result of its gene is known."""
NOT_KNOWN = "not known"
"""What stands for the result of the gene of such a row."""
_FADING = "monitor"
"""What is asked for in the place of a higher dose where all that asks for it was stopped: the level is rising again.

Not where the dose is kept until the other drug has worn off, because too low a level is the greater harm."""
_ACTING = ("agent", "enzyme", "strength", "role", "phase", "effect", "unverified")
"""Columns of `acting_drugs` that `acting_of` reads."""

Row = Mapping[str, Any]
Key = tuple[str, str]
"""A person and a drug, or a person and an enzyme or gene."""


def interaction_limits(
    kb: KnowledgeBase,
    acting: pl.DataFrame,
    samples: Sequence[str],
    wanted: Mapping[str, set[str] | None],
    lost: Set[Key] = frozenset(),
    absent: Set[Key] = frozenset(),
    results: Mapping[Key, str] = MappingProxyType({}),
    populations: Populations | None = None,
) -> pl.DataFrame:
    """Return what labels say of each person's drugs together with the others on the list.

    Parameters
    ----------
    kb
        Knowledge base; its ``label_interactions`` table.
    acting
        Which drugs act on which (`pgx.phenotypes.substrates.acting_drugs`).
    samples
        The persons.
    wanted
        Drug -> persons that it is asked for; None = all.
    lost
        Persons and genes that do not work (`without_function`), for rows on two enzymes.
    absent
        Persons and enzymes that do nothing by the genes: no higher dose is told them for what induces these.
    results
        What is likelier than not of persons and genes (`likelier_results`), for rows on a result.
    populations
        The populations, decided for `samples`, for rows under a condition; None = none of them is decided.

    Returns
    -------
    polars.DataFrame
        As `limits` gives it. Each row is flagged with the interaction on the enzyme that it rests on, whatever else
        the other drug does. Where another drug changes the level in the other direction, that one is named too. A row
        that asks for more then gives no dose, whether a list confirms that drug or not. One that asks for less does:
        the lower dose is the safer one while nothing tells what the two make together, unless the two are equals. Its
        highest dose stays, its share of the usual dose not beside a strong agent that is taken. A dose is left out
        where a row on two enzymes, or on a gene, stands in its place.
    """
    listed = _listed_effects(_asked_for(acting, samples, wanted))
    reader = _LabelReader(kb, listed, samples, populations, lost, absent, results)
    table = kb.table("label_interactions").filter(pl.col("drug").is_in(list(wanted)))
    narrowest_first = table.sort(pl.col("beside").is_null(), pl.col("gene").is_null(), maintain_order=True)
    rows = []
    for row in narrowest_first.iter_rows(named=True):
        people = wanted[row["drug"]]
        for sample, effects in listed.on_enzyme(row, row["enzyme"]).items():
            if people is None or sample in people:
                rows.append(reader.cells(row, sample, effects))
    cells = [row for row in rows if row is not None]
    return _frame(cells) if cells else pl.DataFrame()


@dataclass(frozen=True, slots=True)
class _Listed:
    """What the drugs on each person's list do to the drugs that are asked for.

    Parameters
    ----------
    by_enzyme
        (drug, enzyme, role) -> person -> what acts there.
    opposing
        Person and drug -> what is strong enough, or named by a label, to stand against another one.
    """

    by_enzyme: Mapping[tuple[str, str, str], Mapping[str, Sequence[Acting]]]
    opposing: Mapping[Key, Iterable[Acting]]

    def on_enzyme(self, row: Row, enzyme: str | None) -> Mapping[str, Sequence[Acting]]:
        """Return person -> what acts on an enzyme in the role that a row is about."""
        return self.by_enzyme.get((row["drug"], enzyme or "", row["role"] or ""), {})


def _listed_effects(acting: pl.DataFrame) -> _Listed:
    known: dict[tuple[object, ...], Acting] = {}
    by_enzyme: defaultdict[tuple[str, str, str], dict[str, list[Acting]]] = defaultdict(dict)
    opposing: defaultdict[Key, dict[Acting, None]] = defaultdict(dict)
    for row in acting.iter_rows(named=True):
        case = tuple(row[name] for name in _ACTING)
        effect = known[case] if case in known else known.setdefault(case, acting_of(row))
        by_enzyme[row["drug"], effect.enzyme, effect.role].setdefault(row["sample"], []).append(effect)
        if row["marked"] or effect.strength == "moderate":
            opposing[row["sample"], row["drug"]][effect] = None
    return _Listed(by_enzyme, opposing)


@dataclass
class _LabelReader:
    """Makes the row of each person that a row of the table holds for; rows on two enzymes, or a gene, come first."""

    kb: KnowledgeBase
    listed: _Listed
    samples: Sequence[str]
    populations: Populations | None
    lost: Set[Key]
    absent: Set[Key]
    results: Mapping[Key, str]
    _narrower: defaultdict[Key, set[tuple[str | None, str | None]]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self) -> None:
        actions = self.kb.table("actions")
        self._urgencies = dict(actions.select("action", "urgency").iter_rows())
        self._higher, self._lower = (set(actions.filter(direction=way)["action"]) for way in ("up", "down"))
        self._kept_doses = self.kb.remember("kept doses", lambda: _kept_doses(self.kb))
        self._place = {sample: place for place, sample in enumerate(self.samples)}

    def cells(self, row: Row, sample: str, effects: Sequence[Acting]) -> Row | None:
        """Return what a row says of a person with these effects on its enzyme; None if it says nothing."""
        agents = [effect for effect in effects if _is_about(row, effect)]
        truth = self._truth(row, sample)
        if not agents or truth == NO or (row["action"] in self._higher and (sample, row["enzyme"]) in self.absent):
            return None
        result = self.results.get((sample, row["gene"] or ""), "")
        if row["gene"] and (result or NO_RESULT) not in row["phenotypes"].split(";"):
            return None
        against = _opposed(self.listed.opposing.get((sample, row["drug"]), ()), agents[0])
        if against and self._is_balanced(row, agents[0], against):
            return None
        narrower = self._narrower[sample, row["drug"]]
        if row["beside"]:
            second = self._second_agents(row, sample)
            if not second and (sample, row["beside"]) not in self.lost:
                return None
            named = {effect.agent for effect in agents}
            agents += [effect for effect in second if effect.agent not in named]
        elif (row["dose"] or row["limit"]) and (row["enzyme"], row["role"]) in narrower:
            return None
        # What the record does not decide takes no other dose away.
        if truth == YES and (row["beside"] or row["gene"]):
            narrower |= {(enzyme, row["role"]) for enzyme in (row["enzyme"], row["beside"])}
        if self._is_fading(row, agents):
            row = {**row, "action": _FADING, "dose": None, "limit": None}
        counter = against if row["action"] in {*self._lower, *self._higher} else ()
        cells = _label_cells(row, agents, counter, self._urgencies, self.kb, result)
        return {"at": self._place[sample], "code": 0 if truth == YES else 1, **cells}

    def _truth(self, row: Row, sample: str) -> int:
        """Return whether the condition of a row holds for a person: `YES`, `NO`, or what the record does not decide."""
        if not row["condition"]:
            return YES
        if self.populations is None:
            return UNKNOWN
        holding = self.populations.decide(row["condition"], (), row["drug"], exceptions_known=True)
        return int(holding[self._place[sample]])

    def _is_balanced(self, row: Row, agent: Acting, against: Sequence[Acting]) -> bool:
        """Whether a lower dose is left out, as what acts the other way makes up for all that the agent does."""
        lower = row["action"] in self._lower and row["dose"] and not row["limit"]
        return bool(lower) and all(balances(effect, agent) for effect in against)

    def _second_agents(self, row: Row, sample: str) -> list[Acting]:
        """Return what acts strongly enough on the second enzyme of a row."""
        strengths = (row["beside_strengths"] or "").split(";")
        effects = self.listed.on_enzyme(row, row["beside"]).get(sample, [])
        return [effect for effect in effects if effect.strength in strengths]

    def _is_fading(self, row: Row, agents: Sequence[Acting]) -> bool:
        """Whether all that a higher dose makes up for was stopped, and the dose is not kept until it has worn off."""
        stopped = row["action"] in self._higher and all(effect.phase == "washout" for effect in agents)
        return stopped and not any((effect.agent, row["drug"]) in self._kept_doses for effect in agents)


def _kept_doses(kb: KnowledgeBase) -> Set[tuple[str, str]]:
    """Return agents and the drugs whose higher dose is kept for as long as they act on after they were stopped."""
    rows = kb.table("washout").filter(role="inducer").select("drug", pl.col("beside").str.split(";"))
    return frozenset(rows.explode("beside").drop_nulls().iter_rows())


def _frame(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    cells = {name: [row[name] for row in rows] for name in ("at", "code", *CONSTANT)}
    numbers = {name: pl.Series(name, cells[name], dtype=pl.Int64) for name in ("at", "code")}
    texts = {
        name: list_column(name, cells[name], TYPES[name])
        if name in TYPES
        else pl.Series(name, cells[name], dtype=pl.String)
        for name in CONSTANT
    }
    return pl.DataFrame({**numbers, **texts})


def _asked_for(acting: pl.DataFrame, samples: Sequence[str], wanted: Mapping[str, set[str] | None]) -> pl.DataFrame:
    """Return what acts on the drugs that are asked for, of whom they are asked for."""
    everybody = [drug for drug, people in wanted.items() if people is None]
    pairs = [(drug, sample) for drug, people in wanted.items() for sample in people or ()]
    pairs_asked = pl.DataFrame(pairs, schema={"drug": pl.String, "sample": pl.String}, orient="row")
    listed = acting.filter(pl.col("drug").is_in(list(wanted)), pl.col("sample").is_in(list(samples)))
    listed = listed.filter(pl.col("phase") != UNREAD)  # what nobody could read rules nothing out
    marked = listed.join(pairs_asked.with_columns(asked=True), on=["drug", "sample"], how="left", maintain_order="left")
    return marked.filter(pl.col("drug").is_in(everybody) | pl.col("asked").is_not_null()).drop("asked")


def _label_cells(
    row: Row,
    agents: Sequence[Acting],
    against: Sequence[Acting],
    urgencies: Mapping[str, str],
    kb: KnowledgeBase,
    result: str,
) -> Any:
    """Return what a row says of these drugs beside those that act against them: `CONSTANT`, made once for the same."""

    def make() -> dict[str, Any]:
        agent_names = " and ".join(effect.named for effect in agents)
        asks_for_more = agents[0].asks_for == "higher"
        torn = bool(row["dose"]) and any(asks_for_more or outweighs(effect, agents[0]) for effect in against)
        when = f" {templates(kb.folders).say('population', row['condition'])}" if row["condition"] else ""
        dose = None if torn else row["dose"]
        if torn and asks_for_more:
            text = f"{capitalised(phrase(agents, row['drug']))}{when}."
        else:
            text = compose({**row, "dose": dose, "population": f"text:with {agent_names}{when}"}, kb=kb)
        cells = constants(row, urgencies) | ({"action": DECIDES} if torn else {})
        label = f"the label ({row['section']})"
        contrary = f"But {phrase(against, row['drug'])}, and {SUM_UNKNOWN}. " if against else ""
        cells["recommendation"] = f"{text} {contrary}{holds(label, row['beside'], row['gene'], result)}"
        cells["population"] = row["condition"]
        if row["gene"]:
            cells["phenotypes"] = [{"gene": row["gene"], "value": result or NOT_KNOWN}]
        cells["static_flags"] = [*cells["static_flags"], *(str(effect.flag) for effect in (*agents, *against))]
        return {name: cells.get(name) for name in CONSTANT}

    return kb.remember(("label interaction", row["limit_id"], tuple(agents), tuple(against), result), make)


def _is_about(row: Row, effect: Acting) -> bool:
    """Whether a drug on the list is one that a row is about."""
    of_class = not row["strengths"] or effect.strength in row["strengths"].split(";")
    return of_class and (not row["agent"] or effect.agent.lower() == row["agent"].lower())


def _opposed(listed: Iterable[Acting], agent: Acting) -> tuple[Acting, ...]:
    """Return the other drugs that change the level in the other direction."""
    return tuple(other for other in listed if opposes(other, agent) and other.agent != agent.agent)
