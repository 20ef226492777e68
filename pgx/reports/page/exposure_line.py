"""The ratio of a drug's exposure in words: what a model expects where no source has a recommendation."""

from __future__ import annotations

from dataclasses import dataclass

from pgx.reports.page.advice import Row
from pgx.reports.page.cells import codes_of, number_of
from pgx.reports.page.lexicon import Lexicon
from pgx.reports.page.score import not_usable_because
from pgx.reports.page.wording import clean, number, percent

KIND = "model, not guideline advice"
HEADING = f"Expected exposure ({KIND})"
NOTE = (
    "No source has a recommendation for these drugs with this result. The numbers are those of a model of how genes "
    "and other medicines change the exposure (AUC); a dose does not follow from them."
)


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a model expects of one drug; `said` is a phrase that can stand alone."""

    drug: str
    said: str
    rests_on: str
    cautions: tuple[str, ...]


def exposure_of(row: Row, lexicon: Lexicon) -> Exposure:
    """Return a row of `pgx.schema.EXPOSURE_RATIOS` in words.

    Parameters
    ----------
    row
        The person's.
    lexicon
        Words for the codes.
    """
    flags = codes_of(row["flags"])
    drug = clean(str(row["drug"]))
    if row["ratio"] is None:
        return Exposure(drug, f"no number: {not_usable_because(flags)} ({KIND})", "", ())
    ratio, low, high = (number(number_of(row[name]), 2) for name in ("ratio", "low", "high"))
    interval = f"{percent(number_of(row['level']))} interval {low} to {high}"
    uncounted = _listed(row["not_counted"])
    cautions = [f"the genotype of {_and(uncounted)} is not counted"] if uncounted else []
    return Exposure(
        drug=drug,
        said=f"{_because(row)}: about {ratio} times the exposure of {_reference(row)}, {interval} ({KIND})",
        rests_on="; ".join((*_listed(row["sources"]), *_listed(row["basis"]))),
        cautions=(*cautions, *lexicon.flags(flags)),
    )


def _because(row: Row) -> str:
    """Return what of the person changes the exposure: ``CYP2D6 activity score 0, with paroxetine (planned)``."""
    planned = _listed(row["planned"])
    agents = [f"{agent} (planned)" if agent in planned else agent for agent in _listed(row["with"])]
    genes = [one.replace("=", " activity score ") for one in _listed(row["genotype"])]
    return ", ".join((*genes, *([f"with {_and(agents)}"] if agents else [])))


def _reference(row: Row) -> str:
    agents, genes = _listed(row["with"]), [one.split("=")[0] for one in _listed(row["genotype"])]
    without = f" without {'these medicines' if len(agents) > 1 else 'it'}" if agents else ""
    return f"a normal metabolizer of {_and(genes)} (score 2){without}" if genes else f"the same person{without}"


def _listed(cell: object) -> list[str]:
    return [clean(one) for one in codes_of(cell)]


def _and(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
