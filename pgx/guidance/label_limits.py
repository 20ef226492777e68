"""What a drug's label says whatever the genes: whom it rules out, and what it says of the other drugs on the list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from itertools import product
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl

from pgx.cells import BY_GENE, NAMES, list_column
from pgx.codes import Applies, Flag, FlagCode
from pgx.guidance.likelier import likelier_results, without_function
from pgx.guidance.populations import NO, UNKNOWN, YES, Populations
from pgx.knowledge.acting import DECIDES, SUM_UNKNOWN, UNREAD, Acting, balances, opposes, outweighs, phrase
from pgx.knowledge.base import KnowledgeBase
from pgx.knowledge.sentences import capitalised, compose, templates
from pgx.phenotypes.absent_enzymes import weakened
from pgx.phenotypes.substrates import acting_of

FLAG = FlagCode.LABEL_LIMIT
"""Flag of a row that rests on the label and the person, not on a gene."""
RECORD = "record"
"""Source of a row that rests on what the person's record says."""
_ALLERGIC = {False: "avoid", True: "standard_with_caution"}
"""What a recorded allergy asks for: whether it may extend to the drug only -> action."""
_FADING = "monitor"
"""What is asked for in the place of a higher dose where all that asks for it was stopped: the level is rising again.

Not where the dose is kept until the other drug has worn off, because too low a level is the greater harm."""
NO_GENE = "none"
"""What stands for the genes of such a row."""

_CONSTANT = (
    "drug", "source", "guideline", "genes", "phenotypes", "population", "action", "strength", "recommendation", "url",
    "urgency", "static_flags",
)  # fmt: skip
_TYPES = {"genes": NAMES, "static_flags": NAMES, "phenotypes": BY_GENE}
NO_RESULT = "no_result"
"""What a row of labels says of persons of whom no result of its gene is known."""
NOT_KNOWN = "not known"
"""What stands for the result of the gene of such a row."""
_ACTING = ("agent", "enzyme", "strength", "role", "phase", "effect", "unverified")
"""Columns of `acting_drugs` that `acting_of` reads."""


def _holds(label: str = "the label", beside: str | None = None, gene: str | None = None, result: str = "") -> str:
    if gene:
        return (
            f"This is from {label}, for {gene} {result}." if result else f"This is from {label}; {gene} is not known."
        )
    if beside:
        return f"This is from {label}, for persons whose {beside} does not work either."
    return f"This is from {label} and holds whatever the genes."


def _whose(label: str) -> str:
    return "the label" if label.endswith("label") else label


def label_rows(
    kb: KnowledgeBase,
    populations: Populations,
    acting: pl.DataFrame,
    samples: Sequence[str],
    wanted: Mapping[str, set[str] | None],
    local: Mapping[str, set[str]],
    phenotypes: pl.DataFrame,
) -> pl.DataFrame:
    """Return everything that labels say whatever the genes: `limits` and `interaction_limits`.

    Of drugs of `local`, which act on skin, eye or ear alone, it is what allergies say, and limits on such use.
    """
    parts = (
        allergy_limits(kb, populations, samples, wanted),
        limits(kb, populations, samples, wanted),
        interaction_limits(
            kb,
            acting,
            samples,
            wanted,
            without_function(phenotypes),
            weakened(phenotypes, kb).absent,
            likelier_results(phenotypes, kb),
            populations,
        ),
        allergy_limits(kb, populations, samples, local),
        limits(kb, populations, samples, local, populations.of_local_use),
    )
    return pl.concat([part for part in parts if part.height] or [pl.DataFrame()])


def contraindicated(guidance: pl.DataFrame) -> pl.DataFrame:
    """Return whom (``sample``) which drug (``drug``) is contraindicated for, by a label or the genes."""
    return guidance.filter(action="contraindicated", applies=Applies.YES.value).select("sample", "drug").unique()


def without_dose_of_the_forbidden(guidance: pl.DataFrame, kb: KnowledgeBase) -> pl.DataFrame:
    """Return the guidance without the doses that labels give of a drug that is contraindicated for the person."""
    of_label = pl.concat(
        kb.table(name).select("limit_id", "dose", "limit") for name in ("label_limits", "label_interactions")
    )
    doses = of_label.filter(pl.any_horizontal(pl.col("dose", "limit").is_not_null()))["limit_id"].to_list()
    forbidden = contraindicated(guidance)
    if forbidden.is_empty() or not doses:
        return guidance
    dosed = pl.col("guideline").is_in(doses) & pl.col("flags").list.contains(FLAG.value)
    beside = guidance.with_row_index("_row").filter(dosed).join(forbidden, on=["sample", "drug"], how="semi")["_row"]
    return guidance.with_row_index("_row").filter(~pl.col("_row").is_in(beside.implode())).drop("_row")


def allergy_limits(
    kb: KnowledgeBase, populations: Populations, samples: Sequence[str], wanted: Mapping[str, set[str] | None]
) -> pl.DataFrame:
    """Return a row for each person and drug that a recorded allergy speaks against, or may, as `limits` gives them."""
    urgencies = dict(kb.table("actions").select("action", "urgency").iter_rows())
    found = []
    for (drug, people), (perhaps, action) in product(wanted.items(), _ALLERGIC.items()):
        for at, why in populations.allergic_to(drug, perhaps=perhaps).items():
            if people is None or samples[at] in people:
                constants = {
                    "drug": drug,
                    "source": RECORD,
                    "genes": [NO_GENE],
                    "population": "general",
                    "action": action,
                    "strength": "none",
                    "recommendation": f"{capitalised(why)}: {compose({'drug': drug, 'action': action}, kb=kb)}",
                    "urgency": urgencies[action],
                    "static_flags": [FLAG.value, str(Flag(FlagCode.ALLERGY, why))],
                }
                found.append(_rows(np.array([at]), np.array([0]), constants))
    return pl.concat(found) if found else pl.DataFrame()


def limits(
    kb: KnowledgeBase,
    populations: Populations,
    samples: Sequence[str],
    wanted: Mapping[str, set[str] | None],
    only: Set[str] | None = None,
) -> pl.DataFrame:
    """Return the label limits that hold, or may hold, for each person's drugs.

    Parameters
    ----------
    kb
        Knowledge base; its ``label_limits`` table.
    populations
        The populations, decided for `samples`.
    samples
        The persons.
    wanted
        Drug -> persons that it is asked for; None = all.
    only
        Populations whose limits are wanted; None = all.

    Returns
    -------
    polars.DataFrame
        ``at`` (place of the person in `samples`), ``code`` (0 = it holds, 1 = the data do not decide) and the columns
        of `schema.GUIDANCE` that a limit has. Who is known not to be concerned has no row.
    """
    urgencies = dict(kb.table("actions").select("action", "urgency").iter_rows())
    found = []
    asked_for = pl.col("drug").is_in(list(wanted))
    about = pl.lit(True) if only is None else pl.col("population").is_in(list(only))
    for row in kb.table("label_limits").filter(asked_for, about).iter_rows(named=True):
        # "Except with ...": only an exception that somebody recorded lets a person off.
        truth = populations.decide(row["population"], (), row["drug"], exceptions_known=True)
        people = wanted[row["drug"]]
        places = (at for at in np.flatnonzero(truth != NO).tolist() if people is None or samples[at] in people)
        concerned = np.fromiter(places, dtype=np.int64)
        if not len(concerned):
            continue
        constants = {
            **_constants(row, urgencies),
            "population": row["population"],
            "recommendation": f"{compose(row, kb=kb)} {_holds(_whose(row['label']))}",
        }
        open_ = truth[concerned] != YES
        pointed = open_ & populations.told_in_part(row["population"])[concerned] if open_.any() else open_
        under = str(Flag(FlagCode.UNDER, row["action"], "", row["population"]))
        told = constants | {"static_flags": [*constants["static_flags"], under]}
        for part, said in ((~pointed, constants), (pointed, told)):
            if part.any():
                found.append(_rows(concerned[part], np.where(open_[part], 1, 0), said))
    return pl.concat(found) if found else pl.DataFrame()


def interaction_limits(
    kb: KnowledgeBase,
    acting: pl.DataFrame,
    samples: Sequence[str],
    wanted: Mapping[str, set[str] | None],
    lost: Set[tuple[str, str]] = frozenset(),
    absent: Set[tuple[str, str]] = frozenset(),
    results: Mapping[tuple[str, str], str] = MappingProxyType({}),
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
    urgencies = dict(kb.table("actions").select("action", "urgency").iter_rows())
    higher, lower = (set(kb.table("actions").filter(direction=way)["action"]) for way in ("up", "down"))
    kept = kb.remember("kept doses", lambda: _kept_doses(kb))
    place = {sample: at for at, sample in enumerate(samples)}
    here = _of_those(acting, samples, wanted)
    known: dict[tuple[object, ...], Acting] = {}
    spoken: dict[tuple[str, str, str], dict[str, list[Acting]]] = {}
    ways: dict[tuple[str, str], dict[Acting, None]] = {}
    for row in here.iter_rows(named=True):
        case = tuple(row[name] for name in _ACTING)
        one = known[case] if case in known else known.setdefault(case, acting_of(row))
        spoken.setdefault((row["drug"], one.enzyme, one.role), {}).setdefault(row["sample"], []).append(one)
        if row["marked"] or one.strength == "moderate":
            ways.setdefault((row["sample"], row["drug"]), {})[one] = None
    found = []
    in_place: dict[tuple[str, str], set[tuple[str, str]]] = {}
    rows = kb.table("label_interactions").filter(pl.col("drug").is_in(list(wanted)))
    narrowest_first = rows.sort(pl.col("beside").is_null(), pl.col("gene").is_null(), maintain_order=True)
    for row in narrowest_first.iter_rows(named=True):
        people = wanted.get(row["drug"], set())
        for sample, part in spoken.get((row["drug"], row["enzyme"] or "", row["role"] or ""), {}).items():
            agents = [one for one in part if _is_about(row, one)]
            truth = _holds_for(row, place[sample], populations)
            if not agents or truth == NO or (people is not None and sample not in people):
                continue
            if row["action"] in higher and (sample, row["enzyme"]) in absent:
                continue
            result = results.get((sample, row["gene"] or ""), "")
            if row["gene"] and (result or NO_RESULT) not in row["phenotypes"].split(";"):
                continue
            against = _opposed(ways.get((sample, row["drug"]), ()), agents[0])
            balanced = row["action"] in lower and not row["limit"] and all(balances(one, agents[0]) for one in against)
            if against and balanced and row["dose"]:
                continue
            narrower = in_place.setdefault((sample, row["drug"]), set())
            if row["beside"]:
                others = spoken.get((row["drug"], row["beside"], row["role"]), {}).get(sample, [])
                also = [one for one in others if one.strength in (row["beside_strengths"] or "").split(";")]
                if not also and (sample, row["beside"]) not in lost:
                    continue
                agents = [*agents, *(one for one in also if one.agent not in {two.agent for two in agents})]
            elif (row["dose"] or row["limit"]) and (row["enzyme"], row["role"]) in narrower:
                continue
            # What the record does not decide takes no other dose away.
            if truth == YES and (row["beside"] or row["gene"]):
                narrower |= {(enzyme, row["role"]) for enzyme in (row["enzyme"], row["beside"])}
            stopped = all(one.phase == "washout" for one in agents)
            fading = row["action"] in higher and stopped and not any((one.agent, row["drug"]) in kept for one in agents)
            asked = {**row, "action": _FADING, "dose": None, "limit": None} if fading else row
            found.append(
                {
                    "at": place[sample],
                    "code": 0 if truth == YES else 1,
                    **_said(
                        asked, agents, against if asked["action"] in {*lower, *higher} else (), urgencies, kb, result
                    ),
                }
            )
    return _frame(found) if found else pl.DataFrame()


def _kept_doses(kb: KnowledgeBase) -> Set[tuple[str, str]]:
    """Return agents and the drugs whose higher dose is kept for as long as they act on after they were stopped."""
    rows = kb.table("washout").filter(role="inducer").select("drug", pl.col("beside").str.split(";"))
    return frozenset(rows.explode("beside").drop_nulls().iter_rows())


def _holds_for(row: Mapping[str, Any], at: int, populations: Populations | None) -> int:
    """Return whether the condition of a row holds for a person: `YES`, `NO`, or what the record does not decide."""
    if not row["condition"]:
        return YES
    return (
        int(populations.decide(row["condition"], (), row["drug"], exceptions_known=True)[at])
        if populations
        else UNKNOWN
    )


def _frame(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    cells = {name: [row[name] for row in rows] for name in ("at", "code", *_CONSTANT)}
    numbers = {name: pl.Series(name, cells[name], dtype=pl.Int64) for name in ("at", "code")}
    texts = {
        name: list_column(name, cells[name], _TYPES[name])
        if name in _TYPES
        else pl.Series(name, cells[name], dtype=pl.String)
        for name in _CONSTANT
    }
    return pl.DataFrame({**numbers, **texts})


def _of_those(acting: pl.DataFrame, samples: Sequence[str], wanted: Mapping[str, set[str] | None]) -> pl.DataFrame:
    """Return what acts on the drugs that are asked for, of whom they are asked for."""
    everybody = [drug for drug, people in wanted.items() if people is None]
    pairs = [(drug, sample) for drug, people in wanted.items() for sample in people or ()]
    asked = pl.DataFrame(pairs, schema={"drug": pl.String, "sample": pl.String}, orient="row")
    here = acting.filter(pl.col("drug").is_in(list(wanted)), pl.col("sample").is_in(list(samples)))
    here = here.filter(pl.col("phase") != UNREAD)  # what nobody could read rules nothing out
    marked = here.join(asked.with_columns(asked=True), on=["drug", "sample"], how="left", maintain_order="left")
    return marked.filter(pl.col("drug").is_in(everybody) | pl.col("asked").is_not_null()).drop("asked")


def _said(
    row: Mapping[str, Any],
    agents: Sequence[Acting],
    against: Sequence[Acting],
    urgencies: Mapping[str, str],
    kb: KnowledgeBase,
    result: str,
) -> Any:
    """Return what a row says of these drugs beside those that act against them: `_CONSTANT`, made once for the same."""

    def make() -> dict[str, Any]:
        named = " and ".join(one.named for one in agents)
        more = agents[0].asks_for == "higher"
        torn = bool(row["dose"]) and any(more or outweighs(one, agents[0]) for one in against)
        when = f" {templates(kb.folders).say('population', row['condition'])}" if row["condition"] else ""
        dose = None if torn else row["dose"]
        if torn and more:
            said = f"{capitalised(phrase(agents, row['drug']))}{when}."
        else:
            said = compose({**row, "dose": dose, "population": f"text:with {named}{when}"}, kb=kb)
        constants = _constants(row, urgencies) | ({"action": DECIDES} if torn else {})
        label = f"the label ({row['section']})"
        but = f"But {phrase(against, row['drug'])}, and {SUM_UNKNOWN}. " if against else ""
        constants["recommendation"] = f"{said} {but}{_holds(label, row['beside'], row['gene'], result)}"
        constants["population"] = row["condition"]
        if row["gene"]:
            constants["phenotypes"] = [{"gene": row["gene"], "value": result or NOT_KNOWN}]
        constants["static_flags"] = [*constants["static_flags"], *(str(one.flag) for one in (*agents, *against))]
        return {name: constants.get(name) for name in _CONSTANT}

    return kb.remember(("label interaction", row["limit_id"], tuple(agents), tuple(against), result), make)


def _is_about(row: Mapping[str, Any], one: Acting) -> bool:
    """Whether a drug on the list is one that a row is about."""
    of_class = not row["strengths"] or one.strength in row["strengths"].split(";")
    return of_class and (not row["agent"] or one.agent.lower() == row["agent"].lower())


def _opposed(listed: Iterable[Acting], agent: Acting) -> tuple[Acting, ...]:
    """Return the other drugs that change the level in the other direction."""
    return tuple(one for one in listed if opposes(one, agent) and one.agent != agent.agent)


def _constants(row: Mapping[str, Any], urgencies: Mapping[str, str]) -> dict[str, Any]:
    flags = [FLAG]
    flags += [FlagCode.RECALL] if row["confidence"] == "recall" else []
    flags += [FlagCode.LOCAL] if row["local"] else []
    return {
        "drug": row["drug"],
        "source": row["label"],
        "guideline": row["limit_id"],
        "genes": [NO_GENE],
        "action": row["action"],
        "strength": "none",
        "url": row["url"],
        "urgency": urgencies[row["action"]],
        "static_flags": [flag.value for flag in flags],
    }


def _rows(people: np.ndarray, code: np.ndarray, constants: Mapping[str, Any]) -> pl.DataFrame:
    return pl.DataFrame({"at": people, "code": code}).with_columns(
        pl.lit(constants.get(name), dtype=_TYPES.get(name, pl.String)).alias(name) for name in _CONSTANT
    )
