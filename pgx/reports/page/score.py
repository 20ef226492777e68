"""One model score in words: its number with the interval, or why there is none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pgx.codes import Flag, FlagCode
from pgx.knowledge.acting import parse
from pgx.reports.page import wording
from pgx.reports.page.advice import Row
from pgx.reports.page.cells import flags_of, pairs_of

_REASONS = {FlagCode.REFUSED, FlagCode.GENE_NOT_CALLED, FlagCode.PHENOTYPE_UNPLACED}


def not_usable_because(flags: object) -> str:
    """Return why a score with this cell of flags has no number: ``DPYD not tested; age below 18``."""
    return "; ".join(reasons_of(flags))


def reasons_of(flags: object) -> list[str]:
    """Return the reasons why a score with this cell of flags has no number."""
    listed = flags_of(flags)
    genes = [flag.about for flag in listed if flag.code == FlagCode.GENE_NOT_CALLED]
    refused = [flag.about for flag in listed if flag.code == FlagCode.OUTSIDE_REFUSED]
    untested = [gene for gene in genes if gene not in refused]
    reasons = [f"{', '.join(untested)} not tested"] if untested else []
    lost = [gene for gene in genes if gene in refused]
    reasons += [f"a laboratory's result of {', '.join(lost)} could not be used"] if lost else []
    unplaced = [flag.about for flag in listed if flag.code == FlagCode.PHENOTYPE_UNPLACED]
    reasons += [f"no figure for this phenotype of {', '.join(unplaced)}"] if unplaced else []
    acting = dict.fromkeys(found.named for flag in listed if (found := parse(str(flag))) is not None)
    reasons += [f"does not count {' and '.join(acting)}"] if acting else []
    said = {"genotype_unknown": [*genes, *unplaced], "interaction_not_counted": acting}
    refusals = [flag.about for flag in listed if flag.code == FlagCode.REFUSED]
    return reasons + [_refusal(subject) for subject in refusals if not said.get(subject)]


def is_reason(flag: Flag) -> bool:
    """Return whether `not_usable_because` speaks of this flag, so that no caution need say it again."""
    return flag.code in _REASONS or parse(str(flag)) is not None


def _refusal(subject: str) -> str:
    code, _, about = subject.partition(":")
    return f"does not count {about}" if code == "allele_not_counted" and about else wording.humanise(subject)


@dataclass(frozen=True, slots=True)
class Score:
    """One model score in words and numbers; `factors` are signed contributions, largest first.

    A score that is not usable has no number, and `why_not` says why.
    """

    row: Row
    drug: str
    endpoint: str
    kind: str
    estimate: float | None
    low: float | None
    high: float | None
    level: float | None
    unit: str
    reference: float | None
    category: str
    evidence: str
    model: str
    factors: tuple[tuple[str, float], ...]
    usable: bool
    flags: tuple[str, ...]
    outcome: str
    population: str
    horizon: str = ""
    setting: str = ""
    said_as: str = ""
    beside_advice: str = ""

    @property
    def kind_said(self) -> str:
        """What the number is, in words; a chance of needing a dose is no harm."""
        return wording.words("kind", self.said_as or self.kind)

    @property
    def when(self) -> str:
        """Over which time, and under which treatment, the outcome is meant: ``6 years; 80 mg/day, in a trial``."""
        return "; ".join(filter(None, (self.horizon, self.setting)))

    @property
    def genes(self) -> tuple[str, ...]:
        """Genes among what drives the score."""
        names = (name.split(".") for name, _ in pairs_of(self.row["factors"]))
        genes = (parts[1].upper().replace("_", "-") for parts in names if parts[0] == "gene" and len(parts) > 2)
        return tuple(dict.fromkeys(genes))

    @property
    def why_not(self) -> str:
        """Why no number is given; empty if one is, or nobody said why."""
        return "" if self.usable else not_usable_because(self.row["flags"])

    @property
    def refusal(self) -> str:
        """``not usable`` and why, in one phrase; empty if the score is usable."""
        if self.usable:
            return ""
        return wording.words("category", "refused") + (f": {self.why_not}" if self.why_not else "")

    @property
    def is_probability(self) -> bool:
        """Whether the numbers are chances from 0 to 1."""
        return self.unit == "probability"

    def show(self, value: float | None) -> str:
        """Return one of the score's numbers with its unit."""
        if value is None:
            return ""
        return wording.percent(value) if self.is_probability else f"{wording.number(value)} {self.unit}".strip()

    @property
    def interval(self) -> str:
        """The interval in words; empty if there is none."""
        if self.low is None or self.high is None:
            return ""
        ends = (
            (self.show(self.low), self.show(self.high))
            if self.is_probability
            else (wording.number(self.low), self.show(self.high))
        )
        return f"{ends[0]} to {ends[1]}" + (f" ({wording.percent(self.level)} interval)" if self.level else "")


def in_short_without_number(scores: Iterable[Score]) -> list[tuple[str, tuple[str, ...]]]:
    """Return the kinds of reasons why scores are not usable, each once, with its drugs: what a card has room for."""
    drugs: dict[str, dict[str, None]] = {}
    for score in (one for one in scores if not one.usable):
        for reason in _kinds_of(score.row["flags"]) or [""]:
            drugs.setdefault(reason, {})[score.drug] = None
    return [(reason, tuple(names)) for reason, names in drugs.items()]


def _kinds_of(flags: object) -> list[str]:
    listed = flags_of(flags)
    refused = {flag.about for flag in listed if flag.code == FlagCode.OUTSIDE_REFUSED}
    missing = {flag.about for flag in listed if flag.code == FlagCode.GENE_NOT_CALLED}
    acting = any(parse(str(flag)) is not None for flag in listed)
    unplaced = any(flag.code == FlagCode.PHENOTYPE_UNPLACED for flag in listed)
    kinds = {
        "a gene was not tested": bool(missing - refused),
        "a laboratory's result could not be used": bool(missing & refused),
        "no figure for the phenotype": unplaced,
        "does not count another medicine": acting,
    }
    said = {"genotype_unknown": bool(missing) or unplaced, "interaction_not_counted": acting}
    others = (flag.about for flag in listed if flag.code == FlagCode.REFUSED)
    rest = (_refusal(subject) for subject in others if not said.get(subject))
    return [*(kind for kind, holds in kinds.items() if holds), *rest]


def without_number(scores: Iterable[Score]) -> list[tuple[str, tuple[str, ...]]]:
    """Return why scores are not usable, each reason once, with the drugs that it is about; empty if nobody said why."""
    drugs: dict[str, dict[str, None]] = {}
    for score in (one for one in scores if not one.usable):
        for reason in reasons_of(score.row["flags"]) or [""]:
            drugs.setdefault(reason, {})[score.drug] = None
    return [(reason, tuple(names)) for reason, names in drugs.items()]
