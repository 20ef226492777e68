"""One row of guidance in words: what one source says for one drug, and in which order several are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pgx.codes import Flag, FlagCode
from pgx.knowledge.acting import DECIDES, Acting, parse
from pgx.reports.page import wording
from pgx.reports.page.cells import codes_of, flags_of, number_of, pairs_of, text_of_cell
from pgx.reports.page.lexicon import Lexicon
from pgx.reports.page.wording import URGENCIES, words

Row = Mapping[str, object]

NOBODY = "none"
"""The source of a row that says that no source names the drug; also what stands for the genes of a label's limit."""
UNCLEAR = (FlagCode.EFFECT_UNKNOWN, FlagCode.OUTSIDE_UNKNOWN)
"""Flags of advice on a gene whose result may not be the whole truth: something was shown, or sent, and not used."""

_APPLIES = ("yes", "if_population", "possible", "no_match", "not_tested")
_STRENGTHS = ("strong", "moderate", "optional", "none")
_SOURCES = ("CPIC", "DPWG", "FDA")
_GRAVEST = ("contraindicated", "avoid")  # actions that outrank others of the same urgency


@dataclass(frozen=True, slots=True)
class Advice:
    """What one source says for one drug, in words; `row` keeps the codes, `tests` are the checks that give a value."""

    row: Row
    source: str
    applies: str
    urgency: str
    action: str
    dose: str
    condition: str
    text: str
    matched: tuple[tuple[str, str], ...]
    implications: tuple[tuple[str, str], ...]
    strength: str
    alternatives: tuple[str, ...]
    monitoring: tuple[str, ...]
    monitoring_codes: tuple[str, ...]
    tests: tuple[str, ...]
    url: str
    probability: float | None
    flags: tuple[str, ...]

    @property
    def codes(self) -> list[Flag]:
        """The flags as codes."""
        return flags_of(self.row["flags"])

    def has(self, code: FlagCode) -> bool:
        """Return whether the row carries the flag, whatever it is about."""
        return any(flag.code == code for flag in self.codes)

    @property
    def genes(self) -> list[str]:
        """The genes that the row looks at."""
        return codes_of(self.row["genes"])

    @property
    def unclear(self) -> dict[str, str]:
        """Genes of which something was shown, or sent, and not used -> the gravest urgency that it could mean."""
        return {gene: known_urgency(urgency) for _, urgency, gene in self._unclear()}

    @property
    def refused(self) -> tuple[str, ...]:
        """Those of the unclear genes of which a laboratory's result could not be used."""
        return tuple(gene for why, _, gene in self._unclear() if why == FlagCode.OUTSIDE_UNKNOWN)

    def _unclear(self) -> list[tuple[str, str, str]]:
        return [
            (flag.code, *flag.arguments) for flag in self.codes if flag.code in UNCLEAR and len(flag.arguments) == 2
        ]

    @property
    def not_understood(self) -> tuple[str, ...]:
        """What of the row this program cannot read, in words; such a row counts as the most urgent that holds."""
        urgency, applies = text_of_cell(self.row["urgency"]), text_of_cell(self.row["applies"])
        return (
            *([f"urgency {urgency!r}"] if urgency not in URGENCIES else []),
            *([f"condition {applies!r}"] if applies not in _APPLIES else []),
        )

    @property
    def acting(self) -> tuple[Acting, ...]:
        """The drugs of the list that act on this one and that the advice does not count."""
        return tuple(acting for text in codes_of(self.row["flags"]) if (acting := parse(text)))

    @property
    def turned(self) -> bool:
        """Whether an interaction takes the place of the change of dose that the genes ask for."""
        return self.row["action"] == DECIDES

    @property
    def result(self) -> str:
        """The genes and the results that the row is about: ``CYP2C19 Poor Metabolizer``."""
        return ", ".join(f"{gene} {value}".strip() for gene, value in self.matched)

    @property
    def headline(self) -> str:
        """Action, dose and condition in one phrase."""
        return f"{self.what} ({self.condition})" if self.applies == "if_population" and self.condition else self.what

    @property
    def what(self) -> str:
        """Action and change of dose.

        A dose beside an action that is no change of dose is for the case that the drug is used all the same: only the
        full sentence can say that.
        """
        if self.row["action"] == "insufficient":
            return f"{self.action}: check {', '.join(self.tests)}" if self.tests else self.action
        return f"{self.action} ({self.dose})" if self.dose and self.urgency == "change_dose" else self.action


def advice_of(row: Row, lexicon: Lexicon) -> Advice:
    """Return one row of `schema.GUIDANCE` in words."""
    codes = codes_of(row["monitoring"])
    url = text_of_cell(row["url"])
    source, action = text_of_cell(row["source"]), text_of_cell(row["action"])
    urgency, applies = text_of_cell(row["urgency"]), text_of_cell(row["applies"])
    if applies not in _APPLIES:
        # A word of a later version, or of nobody: what is not understood must not read as a comfort.
        urgency, applies = URGENCIES[0], "yes"
    return Advice(
        row=row,
        source=source,
        applies=applies,
        urgency=known_urgency(urgency),
        action=wording.action(source, action) or words("applies", text_of_cell(row["applies"])) or "no advice",
        dose=_dose(text_of_cell(row["dose_change"])),
        condition=_condition(row, lexicon),
        text=text_of_cell(row["recommendation"]),
        matched=tuple((gene, value or "") for gene, value in pairs_of(row["phenotypes"])),
        implications=tuple(wording.implications(pairs_of(row["implication"]))),
        strength=words("strength", text_of_cell(row["strength"])),
        alternatives=tuple(codes_of(row["alternatives"])),
        monitoring=tuple(lexicon.monitoring(code) for code in codes),
        monitoring_codes=tuple(codes),
        tests=tuple(lexicon.monitoring(code) for code in codes if lexicon.is_measured(code)),
        # Only links that a browser opens as pages: a local overlay must not smuggle in `javascript:`.
        url=url if url.startswith(("https://", "http://")) else "",
        probability=number_of(row["probability"]),
        flags=tuple(lexicon.flags(codes_of(row["flags"]))),
    )


def known_urgency(code: str) -> str:
    """Return an urgency code; one that is not known, as in a result of a later version, is read as the most urgent."""
    return code if code in URGENCIES else URGENCIES[0]


def _condition(row: Row, lexicon: Lexicon) -> str:
    """Whom the row is about; a label's row on an interaction is about those who take the other drug."""
    flags = codes_of(row["flags"])
    agents = [acting.named for flag in flags if FlagCode.LABEL_LIMIT in flags and (acting := parse(flag))]
    return f"with {' and '.join(agents)}" if agents else lexicon.population(text_of_cell(row["population"]))


def _dose(change: str) -> str:
    if not change:
        return ""
    low, _, high = change.partition("..")
    signed = [part if part.startswith(("-", "+")) else f"+{part}" for part in (low, high) if part]
    return " to ".join(signed).replace("-", "\N{MINUS SIGN}") + " %"


def leading_limit(limits: Sequence[Advice], deciding: Advice | None) -> Advice | None:
    """Return what the label says whatever the genes, unless the genes ask for something graver."""
    rank_of = URGENCIES.index
    holding = (limit for limit in limits if limit.applies == "yes")
    return next(
        (limit for limit in holding if not deciding or rank_of(limit.urgency) <= rank_of(deciding.urgency)), None
    )


def rank(order: tuple[str, ...], value: object) -> int:
    """Return the place of a value in an order; unknown values come last."""
    return order.index(str(value)) if value in order else len(order)


def by_source(source: str) -> tuple[int, str]:
    """Key by which sources are listed."""
    return rank(_SOURCES, source), source


def by_strength(advice: Advice | None) -> int:
    """Key by which advice of the same urgency is listed: strong first, none at all last."""
    return rank(_STRENGTHS, advice.row["strength"] if advice else None)


def advice_order(advice: Advice) -> tuple[object, ...]:
    """Key by which the advice on a drug is listed."""
    return (
        by_source(advice.source),
        rank(_APPLIES, advice.applies),
        URGENCIES.index(advice.urgency),
        advice.condition,
        str(advice.row["guideline"]),
    )


def gravest_first(advice: Advice) -> tuple[int, ...]:
    """Key by which advice decides over other advice."""
    return (
        URGENCIES.index(advice.urgency),
        rank(_APPLIES, advice.applies),
        rank(_GRAVEST, advice.row["action"]),
        by_strength(advice),
    )
