"""What a drug's label, and the record of an allergy, say of a person whatever the genes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from itertools import product
from typing import Any

import numpy as np
import polars as pl

from pgx.codes import Applies, Flag, FlagCode
from pgx.guidance.label_cells import CONSTANT, FLAG, NO_GENE, TYPES, constants, holds
from pgx.guidance.label_interactions import interaction_limits
from pgx.guidance.likelier import likelier_results, without_function
from pgx.guidance.populations import NO, YES, Populations
from pgx.knowledge.base import KnowledgeBase
from pgx.knowledge.sentences import capitalised, compose
from pgx.phenotypes.absent_enzymes import weakened

RECORD = "record"
"""Source of a row that rests on what the person's record says."""
_ALLERGIC = {False: "avoid", True: "standard_with_caution"}
"""What a recorded allergy asks for: whether it may extend to the drug only -> action."""


def _label_name(label: str) -> str:
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
    frames = (
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
    return pl.concat([frame for frame in frames if frame.height] or [pl.DataFrame()])


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
    dropped = guidance.with_row_index("_row").filter(dosed).join(forbidden, on=["sample", "drug"], how="semi")["_row"]
    return guidance.with_row_index("_row").filter(~pl.col("_row").is_in(dropped.implode())).drop("_row")


def allergy_limits(
    kb: KnowledgeBase, populations: Populations, samples: Sequence[str], wanted: Mapping[str, set[str] | None]
) -> pl.DataFrame:
    """Return a row for each person and drug that a recorded allergy speaks against, or may, as `limits` gives them."""
    urgencies = dict(kb.table("actions").select("action", "urgency").iter_rows())
    frames = []
    for (drug, people), (perhaps, action) in product(wanted.items(), _ALLERGIC.items()):
        for person, allergy in populations.allergic_to(drug, perhaps=perhaps).items():
            if people is None or samples[person] in people:
                cells = {
                    "drug": drug,
                    "source": RECORD,
                    "genes": [NO_GENE],
                    "population": "general",
                    "action": action,
                    "strength": "none",
                    "recommendation": f"{capitalised(allergy)}: {compose({'drug': drug, 'action': action}, kb=kb)}",
                    "urgency": urgencies[action],
                    "static_flags": [FLAG.value, str(Flag(FlagCode.ALLERGY, allergy))],
                }
                frames.append(_rows(np.array([person]), np.array([0]), cells))
    return pl.concat(frames) if frames else pl.DataFrame()


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
    frames = []
    asked_for = pl.col("drug").is_in(list(wanted))
    of_population = pl.lit(True) if only is None else pl.col("population").is_in(list(only))
    for row in kb.table("label_limits").filter(asked_for, of_population).iter_rows(named=True):
        # "Except with ...": only an exception that somebody recorded lets a person off.
        truth = populations.decide(row["population"], (), row["drug"], exceptions_known=True)
        people = wanted[row["drug"]]
        possible = np.flatnonzero(truth != NO).tolist()
        persons = (person for person in possible if people is None or samples[person] in people)
        concerned = np.fromiter(persons, dtype=np.int64)
        if not len(concerned):
            continue
        shared = {
            **constants(row, urgencies),
            "population": row["population"],
            "recommendation": f"{compose(row, kb=kb)} {holds(_label_name(row['label']))}",
        }
        open_ = truth[concerned] != YES
        pointed = open_ & populations.told_in_part(row["population"])[concerned] if open_.any() else open_
        under = str(Flag(FlagCode.UNDER, row["action"], "", row["population"]))
        pointed_cells = shared | {"static_flags": [*shared["static_flags"], under]}
        for group, cells in ((~pointed, shared), (pointed, pointed_cells)):
            if group.any():
                frames.append(_rows(concerned[group], np.where(open_[group], 1, 0), cells))
    return pl.concat(frames) if frames else pl.DataFrame()


def _rows(people: np.ndarray, code: np.ndarray, cells: Mapping[str, Any]) -> pl.DataFrame:
    return pl.DataFrame({"at": people, "code": code}).with_columns(
        pl.lit(cells.get(name), dtype=TYPES.get(name, pl.String)).alias(name) for name in CONSTANT
    )
