"""What a drug's label says whatever the genes: whom it rules out, and what it says of the other drugs on the list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from pgx.cells import NAMES
from pgx.codes import FlagCode
from pgx.guidance.populations import NO, YES, Populations
from pgx.knowledge import KnowledgeBase
from pgx.knowledge.acting import Acting
from pgx.knowledge.sentences import compose
from pgx.phenotypes.substrates import acting_of

FLAG = FlagCode.LABEL_LIMIT
"""Flag of a row that rests on the label and the person, not on a gene."""
NO_GENE = "none"
"""What stands for the genes of such a row."""

_CONSTANT = (
    "drug", "source", "guideline", "genes", "population", "action", "strength", "recommendation", "url", "urgency",
    "static_flags",
)  # fmt: skip
_LISTS = ("genes", "static_flags")
_HOLDS = "This is from the label and holds whatever the genes."


def label_rows(
    kb: KnowledgeBase,
    populations: Populations,
    acting: pl.DataFrame,
    samples: Sequence[str],
    wanted: Mapping[str, set[str] | None],
) -> pl.DataFrame:
    """Return everything that labels say whatever the genes: `limits` and `interaction_limits`."""
    parts = (limits(kb, populations, samples, wanted), interaction_limits(kb, acting, samples, wanted))
    return pl.concat([part for part in parts if part.height] or [pl.DataFrame()])


def limits(
    kb: KnowledgeBase,
    populations: Populations,
    samples: Sequence[str],
    wanted: Mapping[str, set[str] | None],
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

    Returns
    -------
    polars.DataFrame
        ``at`` (place of the person in `samples`), ``code`` (0 = it holds, 1 = the data do not decide) and the columns
        of `schema.GUIDANCE` that a limit has. Who is known not to be concerned has no row.
    """
    urgencies = dict(kb.table("actions").select("action", "urgency").iter_rows())
    found = []
    for row in kb.table("label_limits").filter(pl.col("drug").is_in(list(wanted))).iter_rows(named=True):
        # "Except with ...": only an exception that somebody recorded lets a person off.
        truth = populations.decide(row["population"], (), row["drug"], exceptions_known=True)
        people = wanted[row["drug"]]
        asked = np.array([people is None or sample in people for sample in samples])
        concerned = np.flatnonzero(asked & (truth != NO))
        if not len(concerned):
            continue
        constants = {
            **_constants(row, urgencies),
            "population": row["population"],
            "recommendation": f"{compose(row, kb=kb)} {_HOLDS}",
        }
        found.append(_rows(concerned, np.where(truth[concerned] == YES, 0, 1), constants))
    return pl.concat(found) if found else pl.DataFrame()


def interaction_limits(
    kb: KnowledgeBase,
    acting: pl.DataFrame,
    samples: Sequence[str],
    wanted: Mapping[str, set[str] | None],
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

    Returns
    -------
    polars.DataFrame
        As `limits` gives it. Each row is flagged with the interaction on the enzyme that it rests on, whatever else
        the other drug does. A dose is left out where another drug changes the level in the other direction.
    """
    urgencies = dict(kb.table("actions").select("action", "urgency").iter_rows())
    place = {sample: at for at, sample in enumerate(samples)}
    here = acting.filter(pl.col("drug").is_in(list(wanted)), pl.col("sample").is_in(list(samples)))
    by_pair = here.partition_by("drug", "enzyme", "role", as_dict=True)
    found = []
    for row in kb.table("label_interactions").iter_rows(named=True):
        part = by_pair.get((row["drug"], row["enzyme"] or "", row["role"] or ""))
        people = wanted.get(row["drug"], set())
        for sample, agents in _agents(part, row):
            in_numbers = row["dose"] or row["limit"]
            turned = _opposed(here, sample, row["drug"], agents[0]) if in_numbers else False
            if turned or (people is not None and sample not in people):
                continue
            named = " and ".join(one.named for one in agents)
            section = row["section"]
            doses = {"start_dose": row["dose"], "max_dose": row["limit"]}
            said = compose({**row, **doses, "population": f"text:with {named}"}, kb=kb)
            constants = _constants(row, urgencies)
            constants["recommendation"] = f"{said} {_HOLDS.replace('label', f'label ({section})')}"
            constants["static_flags"] = [*constants["static_flags"], *(str(one.flag) for one in agents)]
            found.append(_rows(np.array([place[sample]]), np.array([0]), constants))
    return pl.concat(found) if found else pl.DataFrame()


def _agents(part: pl.DataFrame | None, row: Mapping[str, Any]) -> Iterator[tuple[str, list[Acting]]]:
    """Yield each person with the drugs on the list that a row is about."""
    if part is None:
        return
    same = pl.col("agent").str.to_lowercase() == (row["agent"] or "").lower()
    about = part.filter(same if row["agent"] else pl.lit(True))
    if row["strengths"]:
        about = about.filter(pl.col("strength").is_in(row["strengths"].split(";")))
    for (sample,), of_person in about.partition_by("sample", as_dict=True, maintain_order=True).items():
        yield str(sample), [acting_of(one) for one in of_person.iter_rows(named=True)]


def _opposed(acting: pl.DataFrame, sample: str, drug: str, agent: Acting) -> bool:
    others = acting.filter(pl.col("sample") == sample, pl.col("drug") == drug, pl.col("marked"))
    ways = {acting_of(one).asks_for for one in others.iter_rows(named=True)}
    return bool(agent.asks_for and ways - {agent.asks_for, ""})


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
        pl.lit(constants.get(name), dtype=NAMES if name in _LISTS else pl.String).alias(name) for name in _CONSTANT
    )
