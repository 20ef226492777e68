"""One row of guidance in words: what one source says for one drug."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from pgx.codes import FlagCode
from pgx.judgement.statement import NOBODY, Row, Statement
from pgx.knowledge.acting import DECIDES, parse, same_way
from pgx.reports.page import wording
from pgx.reports.page.cells import codes_of, flags_of, number_of, pairs_of, text_of_cell
from pgx.reports.page.lexicon import Lexicon
from pgx.reports.page.wording import clean, words

__all__ = ["NOBODY", "Advice", "Row", "advice_of"]

_IN_SENTENCES = {FlagCode.ALTERNATIVE_LIMITED, FlagCode.INTERACTION_REVERSES}


@dataclass(frozen=True)
class Advice(Statement):
    """What one source says for one drug, in words.

    `tests` are the checks that give a value, `whom` is the condition on the person in everyday words.
    """

    action: str
    dose: str
    condition: str
    whom: str
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

    def of_running(self) -> Advice:
        """Return the same for a drug that has been taken for long: what it says of the usual dose is a comparison.

        A label's row on another medicine changes the present dose, and so does what is due after some time.
        """
        by_genes = not self.is_limit and not self.has(FlagCode.CONDITION_MET)
        said = wording.running(self.action_code, by_genes=by_genes)
        return replace(self, action=said) if said else self


def advice_of(row: Row, lexicon: Lexicon) -> Advice:
    """Return one row of `schema.GUIDANCE` in words."""
    row = {name: clean(cell) if isinstance(cell, str) else cell for name, cell in row.items()}
    codes = codes_of(row["monitoring"])
    url = text_of_cell(row["url"])
    source, action = text_of_cell(row["source"]), text_of_cell(row["action"])
    return Advice(
        row=row,
        action=lexicon.by_label(text_of_cell(row["drug"]))
        if action == DECIDES
        else wording.action(source, action) or words("applies", text_of_cell(row["applies"])) or "no advice",
        dose=wording.dose(text_of_cell(row["dose_change"])),
        condition=_condition(row, lexicon),
        whom=lexicon.population(text_of_cell(row["population"]), plain=True),
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
        flags=tuple(lexicon.flags(_remarks(row))),
    )


def _remarks(row: Row) -> list[str]:
    """Return the flags that are to be read beside the sentence: not those that it says itself."""
    flags, said = flags_of(row["flags"]), {FlagCode.LABEL_LIMIT}
    if row["recommendation"]:
        label = any(flag.code == FlagCode.LABEL_LIMIT for flag in flags)
        said |= _IN_SENTENCES | ({FlagCode.INTERACTION} if label else set())
    return [str(flag) for flag in flags if flag.code not in said]


def _condition(row: Row, lexicon: Lexicon) -> str:
    """Whom the row is about; a label's row on an interaction is about those who take the other drug."""
    flags = codes_of(row["flags"])
    listed = [acting for flag in flags if FlagCode.LABEL_LIMIT in flags and (acting := parse(flag))]
    if not listed:
        return lexicon.population(text_of_cell(row["population"]))
    agents = same_way(listed)
    against = dict.fromkeys(one.named for one in listed if one not in agents)
    told = f", and against it {' and '.join(against)}" if against else ""
    when = lexicon.population(text_of_cell(row["population"]))
    return f"with {' and '.join(one.named for one in agents)}{f' {when}' if when else ''}{told}"
