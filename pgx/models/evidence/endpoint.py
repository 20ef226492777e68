"""What an endpoint is made of: readings, terms of the prior, features, refusals, stand-ins for missing values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pgx.features.names import gene_of


@dataclass(frozen=True, slots=True)
class Reading:
    """How one number is read from a column of the feature frame.

    Parameters
    ----------
    column
        Column, or a name of the endpoint's ``derived`` columns.
    kind
        ``number`` ((value - center) / per, rounded down if `floor`), ``level`` (1 if the value is one of `levels`),
        ``recorded`` (the same, but 0 for null: only what is on record counts), ``text_count`` (how often `text`
        occurs in the value, e.g. an allele name in a diplotype; or all `levels` together: alleles that no study
        reported by themselves), ``status`` (1 or 0 where
        the value says that allele `text` is positive or negative; null otherwise), ``range`` (1 if
        `at_least` <= value < `below`), ``yes`` (1 if true, 0 for false and null: only what is on record counts),
        ``missing`` (1 if null).
    unless_column, unless_levels
        The reading is 0 where this other column has one of these values.
    """

    column: str
    kind: str = "number"
    levels: tuple[object, ...] = ()
    text: str = ""
    center: float = 0.0
    per: float = 1.0
    floor: bool = False
    at_least: float = -math.inf
    below: float = math.inf
    unless_column: str = ""
    unless_levels: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Term:
    """One additive piece of the prior.

    Parameters
    ----------
    name
        How the term is called in explanations.
    reading
        The number that the coefficient multiplies.
    coefficient, se
        Effect on the link scale per unit of the reading, and its standard error (0 = published without an interval).
    mean, variance
        The reading's mean and variance in the population; stand in for a null value, widening the interval.
    optional
        A null adds nothing (the published equation has a term of its own for it).
    measure, estimate, low, high
        The effect as published.
    pmid, mark, note
        Where it was published; ``read`` or ``recall``; remarks.
    """

    name: str
    reading: Reading
    coefficient: float
    se: float
    mean: float
    variance: float
    optional: bool
    measure: str
    estimate: float
    low: float | None
    high: float | None
    pmid: str
    mark: str
    note: str

    @property
    def single(self) -> bool:
        """Whether it is the published effect of one genetic finding, and not a piece of a fitted equation."""
        return self.measure != "coefficient" and self.reading.column.startswith("gene.")


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the booster's matrix: a reading, the direction that biology allows, and why."""

    name: str
    reading: Reading
    monotone: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A population that the endpoint must not be used in: a reading other than 0 refuses."""

    code: str
    reading: Reading


@dataclass(frozen=True, slots=True)
class Imputation:
    """Stand-in for a null numeric value: the first row whose conditions all hold, otherwise `default`."""

    column: str
    default: float
    rows: tuple[tuple[tuple[tuple[str, object], ...], float], ...]
    source: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint with its prior.

    Parameters
    ----------
    name, drug, outcome, kind, horizon, unit, population
        What is predicted; `kind` is one of `KINDS`.
    link
        ``sqrt`` (doses), ``log`` (levels, exposures, and doses of a published equation on that scale, which are never
        trained) or ``logit`` (risks).
    baseline, baseline_se
        Intercept of the prior on the link scale and its standard error.
    terms
        The prior's terms.
    absolute
        Whether the baseline has a source, or is a site's own: without one, the published effects say how much more or
        less often, and nobody knows than what.
    residual_sd
        For doses: standard deviation of a person's own deviation on the link scale.
    requires
        Columns of the genes without which the endpoint says nothing of a person (see `required_genes`).
    refusals, derived, imputations, features
        See `Refusal`, `Imputation`, `Feature`; `derived` maps a name to the columns of which any must be true.
    ratio
        How far from the reference, as a ratio, `low` and `high` begin.
    threshold
        (mg/week, ``below`` or ``above``) for a risk that is read off a dose equation; None otherwise.
    pmids, about, rule, raw
        Sources, text for the card, the simple rule compared with, and the file's content.
    evidence
        What the prior rests on, as every score of it says.
    baseline_levels
        Phenotype column -> the words that no term is about and that the baseline stands for (`baseline_levels.of`).
        Any other word of such a column is unknown.
    uncounted
        Refusals for carriers of alleles that guidance rules the drug out for and no term knows (`uncounted.of`).
    local
        Name of the overlay folder that it is from; empty for the product's own.
    """

    name: str
    drug: str
    outcome: str
    kind: str
    horizon: str
    unit: str
    population: str
    link: str
    baseline: float
    baseline_se: float
    terms: tuple[Term, ...]
    residual_sd: float
    requires: tuple[str, ...]
    refusals: tuple[Refusal, ...]
    derived: Mapping[str, tuple[str, ...]]
    imputations: tuple[Imputation, ...]
    features: tuple[Feature, ...]
    ratio: float
    threshold: tuple[float, str] | None
    pmids: tuple[str, ...]
    about: str
    rule: Reading | None
    raw: Mapping[str, Any] = field(repr=False)
    local: str = ""
    absolute: bool = True
    evidence: str = "literature only"
    baseline_levels: Mapping[str, frozenset[str]] = field(default_factory=dict)
    uncounted: tuple[Refusal, ...] = ()

    @property
    def genes(self) -> tuple[str, ...]:
        """Genes whose effect is a term of the prior, as in column names."""
        return tuple(dict.fromkeys(gene for term in self.terms if (gene := gene_of(term.reading.column))))

    @property
    def required_genes(self) -> tuple[str, ...]:
        """Genes each of which must be known for a score to be usable: those of `requires`; none named = all `genes`.

        An endpoint names fewer where what was published holds for persons of whom the others are not known; these are
        averaged.
        """
        named = tuple(dict.fromkeys(gene for column in self.requires if (gene := gene_of(column))))
        return named or self.genes

    @property
    def average(self) -> float:
        """The prior at the population's mean of every term, on the link scale."""
        return self.baseline + sum(term.coefficient * term.mean for term in self.terms)

    @property
    def setting(self) -> str | None:
        """Under which treatment the outcome is meant; None = not stated."""
        return self.raw.get("setting")
