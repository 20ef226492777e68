"""One row of guidance in words: what one source says for one drug."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

from pgx.codes import FlagCode
from pgx.judgement.decide import HOLDS
from pgx.judgement.statement import NOBODY, Row, Statement, dose_of
from pgx.knowledge.acting import same_way
from pgx.reports.page import wording
from pgx.reports.page.cells import codes_of, flags_of, number_of, pairs_of, text_of_cell
from pgx.reports.page.lexicon import Lexicon
from pgx.reports.page.wording import clean, words

__all__ = ["NOBODY", "Advice", "Row", "advice_of"]

_RULES_OUT = "avoid"
_IN_SENTENCES = {
    FlagCode.ALTERNATIVE_LIMITED,
    FlagCode.ALTERNATIVE_USE,
    FlagCode.INTERACTION_REVERSES,
    FlagCode.UNDER,
}


@dataclass(frozen=True)
class Advice(Statement):
    """What one source says for one drug, in words, each found when it is first asked for: a card shows few of them.

    `running` is whether it is said of a drug that has been taken for long, `leading` what another source says that
    leads and advises against it.
    """

    lexicon: Lexicon = field(compare=False, repr=False)
    running: bool = False
    leading: str = ""

    @cached_property
    def action(self) -> str:
        """What to do."""
        by_genes = not self.is_limit and not self.has(FlagCode.CONDITION_MET)
        if self.running and (said := wording.running(self.action_code, by_genes=by_genes)):
            return said
        if self.turned:
            return self.lexicon.by_label(text_of_cell(self.row["drug"]))
        said = wording.action(self.source, self.action_code)
        return said or words("applies", text_of_cell(self.row["applies"])) or "no advice"

    @cached_property
    def dose(self) -> str:
        """The change of the dose."""
        return wording.dose(text_of_cell(self.row["dose_change"]))

    @cached_property
    def condition(self) -> str:
        """Whom the row is about; a label's row on an interaction is about those who take the other drug."""
        when = self.lexicon.population(text_of_cell(self.row["population"]))
        if not self.is_limit or not self.acting:
            return when
        agents = same_way(self.acting)
        against = dict.fromkeys(one.named for one in self.acting if one not in agents)
        told = f", and against it {' and '.join(against)}" if against else ""
        return f"with {' and '.join(one.named for one in agents)}{f' {when}' if when else ''}{told}"

    @cached_property
    def whom(self) -> str:
        """The condition on the person in everyday words."""
        return self.lexicon.population(text_of_cell(self.row["population"]), plain=True)

    @cached_property
    def text(self) -> str:
        """The source's sentence."""
        return text_of_cell(self.row["recommendation"])

    @cached_property
    def matched(self) -> tuple[tuple[str, str], ...]:
        """The genes and the results that the row is about."""
        return tuple((gene, value or "") for gene, value in pairs_of(self.row["phenotypes"]))

    @cached_property
    def implications(self) -> tuple[tuple[str, str], ...]:
        """What the results do, by gene."""
        return tuple(wording.implications(pairs_of(self.row["implication"])))

    @cached_property
    def strength(self) -> str:
        """How strongly the source recommends it."""
        return words("strength", text_of_cell(self.row["strength"]))

    @cached_property
    def alternatives(self) -> tuple[str, ...]:
        """The drugs that the source names instead."""
        return tuple(codes_of(self.row["alternatives"]))

    @cached_property
    def monitoring_codes(self) -> tuple[str, ...]:
        """The checks, as codes."""
        return tuple(codes_of(self.row["monitoring"]))

    @cached_property
    def monitoring(self) -> tuple[str, ...]:
        """The checks."""
        return tuple(map(self.lexicon.monitoring, self.monitoring_codes))

    @cached_property
    def tests(self) -> tuple[str, ...]:
        """The checks that give a value."""
        return tuple(map(self.lexicon.monitoring, filter(self.lexicon.is_measured, self.monitoring_codes)))

    @cached_property
    def url(self) -> str:
        """Where it stands: only what a browser opens as a page, as an overlay must not smuggle in `javascript:`."""
        url = text_of_cell(self.row["url"])
        return url if url.startswith(("https://", "http://")) else ""

    @cached_property
    def probability(self) -> float | None:
        """How probable the results are."""
        return number_of(self.row["probability"])

    @cached_property
    def flags(self) -> tuple[str, ...]:
        """What is to be read beside the sentence."""
        aside = (f"does not lead here: {self.leading}",) if self.leading else ()
        return (*aside, *self.lexicon.flags(_remarks(self.row)))

    @cached_property
    def result(self) -> str:
        """The genes and the results that the row is about: ``CYP2C19 Poor Metabolizer``."""
        return ", ".join(f"{gene} {value}".strip() for gene, value in self.matched)

    @cached_property
    def whose(self) -> str:
        """For whom a label's row holds: whatever the genes, or with a result that it names."""
        return f"for {self.result}" if self.matched else "whatever the genes"

    @cached_property
    def plain_condition(self) -> str:
        """The condition in everyday words; of a label's row on an interaction the names of the other drugs stay."""
        agents = " and ".join(dict.fromkeys(one.agent for one in same_way(self.acting))) if self.is_limit else ""
        return " ".join(filter(None, (f"with {agents}" if agents else "", self.whom)))

    @cached_property
    def undecided(self) -> str:
        """What a label says under a condition that the data do not decide, with the dose where it names one."""
        if self.urgency == "change_dose":
            return f"{self.text} The data do not say whether that applies."
        return f"{self.action} {self.condition}, {self.whose}; the data do not say whether that applies"

    def rests_on_enzyme_of(self, deciding: Advice | None) -> bool:
        """Return whether what a label says of other medicines rests on an enzyme that changes the advice, too."""
        genes = deciding.genes if deciding and deciding.urgency not in ("standard", "no_data") else []
        return any(acting.enzyme in genes for acting in self.acting)

    @cached_property
    def headline(self) -> str:
        """Action, dose and condition in one phrase."""
        return f"{self.what} ({self.condition})" if self.applies == "if_population" and self.condition else self.what

    @cached_property
    def what(self) -> str:
        """Action and change of dose.

        A dose beside an action that is no change of dose is for the case that the drug is used all the same: only the
        full sentence can say that.
        """
        if self.row["action"] == "insufficient":
            return f"{self.action}: check {', '.join(self.tests)}" if self.tests else self.action
        if self.turned:
            return self.action
        if not self.dose or self.urgency != "change_dose":
            return self.action
        return f"{self.action} ({self.dose}{' of the calculated one' if self.has(FlagCode.OF_CALCULATED_DOSE) else ''})"

    def beside(self, leading: Advice | None) -> Advice:
        """Return the same, with what leads where that is another source's and asks not to take the drug.

        A use of the drug, or a dose of it, that one source allows is no advice where another one leads that rules it
        out: it stands with whose it is, and with what leads.
        """
        if leading is None or leading.urgency != _RULES_OUT or self.source in (leading.source, NOBODY):
            return self
        options = any(flag.code == FlagCode.OPTION and dose_of(flag.about) for flag in self.codes)
        allows = self.urgency not in (_RULES_OUT, "no_data") or options
        if not allows or self.applies not in HOLDS:
            return self
        return replace(self, leading=f"{leading.source} says: {leading.action}")

    def is_milder_beside(self, leading: Advice | None) -> bool:
        """Return whether it asks for less beside the same medicines than what leads, which rules the drug out there."""
        if leading is None or leading.urgency != _RULES_OUT or self.urgency == _RULES_OUT or not self.acting:
            return False
        return {one.agent for one in self.acting} <= {one.agent for one in leading.acting}

    def alone_among(self, limits: Iterable[Advice]) -> Advice | None:
        """Return what rules the drug out without the other medicines by which this row does; None if nothing does."""
        rows = (row for row in limits if row.applies == "yes" and row.urgency == _RULES_OUT and not row.acting)
        return next(rows, None) if self.acting else None

    def of_running(self) -> Advice:
        """Return the same for a drug that has been taken for long: what it says of the usual dose is a comparison.

        A label's row on another medicine changes the present dose, and so does what is due after some time.
        """
        return replace(self, running=True)


def advice_of(row: Row, lexicon: Lexicon) -> Advice:
    """Return one row of `schema.GUIDANCE` in words."""
    return Advice({name: _cleaned(cell) for name, cell in row.items()}, lexicon)


def _cleaned(cell: object) -> object:
    if isinstance(cell, list):
        return [clean(one) if isinstance(one, str) else one for one in cell]
    return clean(cell) if isinstance(cell, str) else cell


def _remarks(row: Row) -> list[str]:
    """Return the flags that are to be read beside the sentence: not those that it says itself."""
    flags, said = flags_of(row["flags"]), {FlagCode.LABEL_LIMIT}
    if row["recommendation"]:
        label = any(flag.code == FlagCode.LABEL_LIMIT for flag in flags)
        said |= _IN_SENTENCES | ({FlagCode.INTERACTION} if label else set())
    return [str(flag) for flag in flags if flag.code not in said]
