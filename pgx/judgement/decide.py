"""Which of the statements on a drug decides for a person, and what stands against it.

A missing value is never read as normal here: a gene that was not tested takes "as usual" its plainness, or, where a
result of it could rule the drug out, the answer itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic

from pgx.codes import FlagCode
from pgx.judgement.statement import (
    NOBODY,
    URGENCIES,
    S,
    Statement,
    alike,
    by_source,
    graver,
    gravest_first,
    known_urgency,
    leading_limit,
    statement_order,
    with_dose_of_the_first,
)
from pgx.knowledge.acting import Acting

DIRECTIONS = {"up": ("increase_dose", "higher_start"), "down": ("reduce_dose", "lower_start")}
"""Actions that change the dose, by the way in which they do."""
CHANGES = ("avoid", "change_dose")
"""Urgencies that ask for something else than the usual."""
HOLDS = ("yes", "if_population")
"""How a statement must apply to decide anything."""


@dataclass(frozen=True, slots=True)
class Decision(Generic[S]):
    """The statements on one drug for one person, each in its part.

    Parameters
    ----------
    statements, limits
        All of them, those of the label that hold whatever the genes apart.
    valid
        The statements on genes that hold for the person, the one that decides first.
    deciding
        The one that decides by the genes; None if none holds.
    part
        The same, where it is no answer: what a part of the genes says is none, least of all "use as usual". Where none
        holds, the silence of a source on what is left of a gene of which a laboratory's result was refused.
    ruled_out
        What the label says whatever the genes, unless the genes ask for something graver.
    acting
        The drugs of the list that act on this one and that the statements on genes do not count.
    urgency
        One of `URGENCIES`, after all of this.
    agreeing
        The statements that ask for that.
    untested
        Genes that a source looks at and that were not called, with those sources.
    stakes
        Untested genes whose results could rule out or change the drug, with the gravest urgency.
    unclear, refused
        Genes of which something was shown, or sent, and not used; `refused` are those of which it was sent.
    under
        Statements for conditions that the record does not decide and that ask for something else there.
    otherwise
        Where the deciding one is for such a condition: what holds without one and is not as urgent, or more.
    differing
        Where the sources do not want the same: of each its first statement, and the first that holds without a
        condition.
    """

    statements: tuple[S, ...]
    limits: tuple[S, ...]
    valid: tuple[S, ...]
    deciding: S | None
    part: S | None
    ruled_out: S | None
    acting: tuple[Acting, ...]
    urgency: str
    agreeing: tuple[S, ...]
    untested: Mapping[str, list[str]]
    stakes: Mapping[str, str]
    unclear: Mapping[str, str]
    refused: tuple[str, ...]
    under: tuple[S, ...]
    otherwise: S | None
    differing: tuple[tuple[S, S | None], ...]

    @property
    def further(self) -> tuple[S, ...]:
        """Statements beside the deciding one that ask for a change by genes of their own, each gene once."""
        if self.part or not self.deciding:
            return ()
        said, found = set(self.deciding.genes), []
        for row in self.valid:
            if row.applies == "yes" and row.urgency in CHANGES and not row.turned and said.isdisjoint(row.genes):
                found.append(row)
                said.update(row.genes)
        return tuple(found)

    @property
    def forbidden_beside(self) -> tuple[Acting, ...]:
        """The drugs of the list beside which a label rules this one out."""
        rows = (row for row in self.limits if row.applies == "yes" and row.urgency == CHANGES[0])
        return tuple(dict.fromkeys(acting for row in rows for acting in row.acting))

    @property
    def by_the_genes(self) -> str:
        """The urgency without the label and the interactions."""
        return "no_data" if self.part or not self.deciding else self.deciding.urgency


def decide(rows: Iterable[S]) -> Decision[S]:
    """Return the decision on a drug from everything that the guidance says of it for a person."""
    everything = sorted(rows, key=statement_order)
    limits = tuple(sorted((row for row in everything if row.is_limit), key=gravest_first))
    statements = tuple(row for row in everything if not row.is_limit)
    holding = sorted((row for row in statements if row.applies in HOLDS), key=gravest_first)
    valid = with_dose_of_the_first(holding)
    deciding = valid[0] if valid else None
    urgency = deciding.urgency if deciding else "no_data"
    stakes = stakes_of(statements)
    untested = untested_genes(statements, stakes)
    unclear = {gene: stake for row in valid for gene, stake in row.unclear.items()}
    silent = tuple(row for row in statements if row.applies == "no_match" and row.refused)
    unclear |= {gene: stake for row in silent for gene, stake in row.unclear.items() if gene not in unclear}
    in_part = _answers_in_part(valid, stakes, untested) or _passed_over(unclear, urgency)
    part = (deciding if in_part else None) if deciding or not silent else silent[0]
    urgency = "no_data" if part else urgency
    agreeing = tuple(row for row in valid if row.urgency == urgency)
    ruled_out = leading_limit(limits, deciding)
    leading = (ruled_out, *alike(limits, ruled_out)) if ruled_out else ()
    acting = _acting(leading, deciding, statements)
    under = () if part or not deciding else _under(valid, deciding, ruled_out or deciding)
    if not ruled_out and not part and urgency in ("standard", "no_data"):
        under = (*under, *(row for row in limits if row.is_pointed_at))
    elif leading_row := ruled_out or (None if part else deciding):
        under = (*under, *_perhaps_graver(limits, leading_row))
    if ruled_out:
        urgency, agreeing = ruled_out.urgency, (ruled_out,)
    elif (urgency == "standard" and acting) or any(row.urgency in CHANGES for row in under if _counts(row, urgency)):
        # "Fine as usual" is not for a drug whose level another one changes, or that a condition may rule out.
        urgency = "monitor"
    elif not part and urgency in ("standard", "no_data") and _under_a_condition(limits):
        urgency = "monitor"
    return Decision(
        statements=statements,
        limits=limits,
        valid=valid,
        deciding=deciding,
        part=part,
        ruled_out=ruled_out,
        acting=acting,
        urgency=urgency,
        agreeing=agreeing,
        untested=untested,
        stakes=stakes,
        unclear=unclear,
        refused=tuple(dict.fromkeys(gene for row in statements for gene in row.refused)),
        under=under,
        otherwise=None if part or ruled_out or not deciding else _otherwise(valid, deciding),
        differing=_differing(valid),
    )


def _perhaps_graver(limits: Sequence[S], leading: S) -> Iterator[S]:
    """Yield limits that ask for something graver than what leads, where the record tells a part of their condition.

    What rules a drug out beside another one may be over with that one: then such a limit counts as much.
    """
    for row in limits:
        if row.is_pointed_at and (graver(row, leading) or (leading.acting and row.urgency == CHANGES[0])):
            yield row


def _counts(row: Statement, urgency: str) -> bool:
    """Whether what is asked for under an open condition takes an answer its plainness."""
    return urgency == "standard" or (urgency == "no_data" and row.is_pointed_at)


def _under_a_condition(limits: Sequence[S]) -> bool:
    """Return whether a label warns of other drugs of the list under a condition that nobody recorded."""
    return any(row.applies == "if_population" and row.acting for row in limits)


def _under(valid: Sequence[S], deciding: S, first: S) -> tuple[S, ...]:
    """Return the statements for open conditions that ask for something else than what is said first, each once.

    Where that holds without a condition, only what is graver counts: the rest would change nothing.
    """
    found: dict[tuple[object, ...], S] = {}
    for row in valid:
        counts = row.is_open_exception or row.source == deciding.source
        asks = row.applies == "if_population" and row.urgency != "no_data" and row.asked != first.asked
        if counts and asks and (first.applies == "if_population" or graver(row, first)):
            found.setdefault((row.row["population"], row.urgency), row)
    return tuple(found.values())


def _otherwise(valid: Sequence[S], deciding: S) -> S | None:
    if deciding.applies == "yes":
        return None
    settled = next((row for row in valid if row.applies == "yes" and row.urgency != "no_data"), None)
    return settled if settled and settled.urgency != deciding.urgency else None


def _differing(valid: Sequence[S]) -> tuple[tuple[S, S | None], ...]:
    """Return what each source wants where they do not want the same; a source that merely gives no advice is none.

    Neither is one that corrects a dose which is worked out from other genes: the correction is no dose of its own.
    """
    first: dict[str, S] = {}
    settled: dict[str, S] = {}
    for row in valid:
        if row.urgency != "no_data" and not row.names_no_change and not row.has(FlagCode.OF_CALCULATED_DOSE):
            first.setdefault(row.source, row)
            if row.applies == "yes":
                settled.setdefault(row.source, row)
    # What holds for this person counts as well as what would hold under a condition.
    apart = any(_want_apart(list(rows.values())) for rows in (first, settled))
    ordered = sorted(first, key=by_source) if apart else []
    return tuple((first[source], settled.get(source)) for source in ordered)


def _want_apart(rows: Sequence[Statement]) -> bool:
    directions = {direction for row in rows for direction, actions in DIRECTIONS.items() if row.action_code in actions}
    return len({row.urgency for row in rows}) > 1 or len(directions) > 1


def untested_genes(statements: Iterable[Statement], stakes: Mapping[str, str]) -> dict[str, list[str]]:
    """Return genes that a source looks at for the drug and that were not called, gravest stake first, with sources."""
    sources: dict[str, list[str]] = {}
    for row in statements:
        if row.applies == "not_tested" and row.source != NOBODY:
            for gene in row.genes:
                sources.setdefault(gene, []).append(row.source)
    genes = sorted(sources, key=lambda gene: URGENCIES.index(stakes[gene]) if gene in stakes else len(URGENCIES))
    return {gene: list(dict.fromkeys(sources[gene])) for gene in genes}


def stakes_of(statements: Iterable[Statement]) -> dict[str, str]:
    """Return untested genes whose results could rule out or change the drug -> urgency of the gravest."""
    stakes: dict[str, str] = {}
    for row in statements:
        if row.applies == "not_tested":
            for flag in row.codes:
                urgency, *genes = flag.arguments or ("",)
                if flag.code == FlagCode.COULD_MEAN:
                    gene, urgency = ":".join(genes), known_urgency(urgency)
                    stakes[gene] = min(stakes.get(gene, urgency), urgency, key=URGENCIES.index)
    return stakes


def _answers_in_part(valid: Sequence[Statement], stakes: Mapping[str, str], untested: Collection[str]) -> bool:
    """Whether the genes that were not tested could turn what those say that were."""
    if not untested or not valid:
        return False
    deciding = valid[0]
    if deciding.urgency == "no_data" or (deciding.urgency == "standard" and "avoid" in stakes.values()):
        return True
    calculated = next((flag.arguments for flag in deciding.codes if flag.code == FlagCode.OF_CALCULATED_DOSE), ())
    others = set(calculated).difference(deciding.genes)
    return bool(calculated) and not any(row.source == deciding.source and others & set(row.genes) for row in valid)


def _passed_over(unclear: Mapping[str, str], urgency: str) -> bool:
    """Whether the answer is a comfort, or none, that passes over something of unknown effect."""
    return bool(unclear) and urgency in ("standard", "no_data")


def _acting(leading: Sequence[Statement], deciding: Statement | None, rows: Sequence[Statement]) -> tuple[Acting, ...]:
    """The drugs that act on this one: those that the label's rows rest on first, and each on that enzyme alone."""
    by_label = tuple(dict.fromkeys(acting for row in leading for acting in row.acting))
    agents = {acting.agent for acting in by_label}
    others = (acting for row in ((deciding,) if deciding else rows) for acting in row.acting)
    found = dict.fromkeys((*by_label, *(acting for acting in others if acting.agent not in agents)))
    return tuple(sorted(found, key=lambda acting: (acting.agent not in agents, *acting.order)))
