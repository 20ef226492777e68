"""One row of guidance as codes: what one source says of one drug, and which of several statements goes first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from pgx.codes import Flag, FlagCode, Urgency
from pgx.judgement.listed import names_of, pairs_of
from pgx.knowledge.acting import DECIDES, Acting, parse, rank

Row = Mapping[str, object]

URGENCIES = tuple(Urgency)
"""Urgency codes of `pgx.schema.GUIDANCE`, most urgent first."""
NOBODY = "none"
"""The source of a row that says that no source names the drug; also what stands for the genes of a label's limit."""
UNCLEAR = (FlagCode.EFFECT_UNKNOWN, FlagCode.OUTSIDE_UNKNOWN)
"""Flags of advice on a gene whose result may not be the whole truth: something was shown, or sent, and not used."""

_APPLIES = ("yes", "if_population", "possible", "no_match", "not_tested")
_STRENGTHS = ("strong", "moderate", "optional", "none")
_SOURCES = ("CPIC", "DPWG", "FDA")
_ASKING = {"higher": ("increase_dose", "higher_start"), "lower": ("reduce_dose", "lower_start")}
GRAVEST = ("contraindicated", "avoid")  # actions that outrank others of the same urgency


@dataclass(frozen=True)
class Statement:
    """What one source says for one drug; `row` is a row of `pgx.schema.GUIDANCE`.

    What is read from the row is kept: a statement is asked again and again, and many persons may share it.
    """

    row: Row

    @cached_property
    def source(self) -> str:
        """Who says it."""
        return _text(self.row["source"])

    @cached_property
    def rule(self) -> str:
        """Which row of the knowledge says it; empty if none does."""
        return _text(self.row["guideline"])

    @cached_property
    def applies(self) -> str:
        """How far it holds for the person, a code; one that is not known must not read as a comfort: it holds."""
        applies = _text(self.row["applies"]) or "no_match"
        return applies if applies in _APPLIES else "yes"

    @cached_property
    def urgency(self) -> str:
        """One of `URGENCIES`; a row of which something is not understood counts as the most urgent."""
        return URGENCIES[0] if self.not_understood else _text(self.row["urgency"])

    @cached_property
    def not_understood(self) -> tuple[str, ...]:
        """What of the row this program cannot read, as in a result of a later version."""
        urgency, applies = _text(self.row["urgency"]), _text(self.row["applies"]) or "no_match"
        return (
            *([f"urgency {urgency!r}"] if urgency not in URGENCIES else []),
            *([f"condition {applies!r}"] if applies not in _APPLIES else []),
        )

    @cached_property
    def action_code(self) -> str:
        """What to do, a code."""
        return _text(self.row["action"])

    @cached_property
    def codes(self) -> list[Flag]:
        """The flags."""
        return [Flag.parse(text) for text in names_of(self.row["flags"])]

    def has(self, code: FlagCode) -> bool:
        """Return whether the row carries the flag, whatever it is about."""
        return code in self._carried

    @cached_property
    def _carried(self) -> frozenset[str]:
        return frozenset(flag.code for flag in self.codes)

    @cached_property
    def genes(self) -> list[str]:
        """The genes that the row looks at."""
        return names_of(self.row["genes"])

    @cached_property
    def results(self) -> list[tuple[str, str]]:
        """The results that the row is about, by gene."""
        return pairs_of(self.row["phenotypes"])

    @cached_property
    def asks_for(self) -> frozenset[str]:
        """Which dose the row asks for: ``higher``, ``lower`` or both; empty where it changes none, or not yet."""
        change = _text(self.row["dose_change"])
        signs = {"lower" if part.startswith("-") else "higher" for part in change.split("..") if part.strip("-0. ")}
        return frozenset(signs) | dose_of(self.action_code)

    @cached_property
    def names_no_change(self) -> bool:
        """Whether it names an effect of the result and says nothing of dose or choice."""
        ungraded = self.row["strength"] == "none" and self.row["dose_change"] is None
        return ungraded and self.row["action"] == "standard_with_caution"

    @property
    def asked(self) -> tuple[str, str]:
        """The action with its change of dose."""
        return self.action_code, _text(self.row["dose_change"])

    @cached_property
    def is_open_exception(self) -> bool:
        """Whether it is for an exception that the record does not decide: what holds otherwise goes before it."""
        return self.applies == "if_population" and self.has(FlagCode.EXCEPTION)

    @cached_property
    def dose_as_option(self) -> frozenset[str]:
        """Which dose the source names as an option beside another drug; empty where it rules the drug out."""
        options = (flag.about for flag in self.codes if flag.code == FlagCode.OPTION)
        own = self.applies == "yes" and self.urgency == URGENCIES[0] and self.action_code not in GRAVEST
        return frozenset().union(*map(dose_of, options)) if own else frozenset()

    @cached_property
    def is_pointed_at(self) -> bool:
        """Whether it is the label's under a condition of which the record tells a part."""
        return self.is_limit and self.applies == "if_population" and self.has(FlagCode.UNDER)

    @cached_property
    def is_limit(self) -> bool:
        """Whether it is the label's, whatever the genes."""
        return self.has(FlagCode.LABEL_LIMIT)

    @cached_property
    def unclear(self) -> dict[str, str]:
        """Genes of which something was shown, or sent, and not used -> the gravest urgency that it could mean."""
        return {gene: known_urgency(urgency) for _, urgency, gene in self._unclear}

    @cached_property
    def refused(self) -> tuple[str, ...]:
        """Those of the unclear genes of which a laboratory's result could not be used."""
        unclear = [gene for why, _, gene in self._unclear if why == FlagCode.OUTSIDE_UNKNOWN]
        return (*unclear, *(flag.about for flag in self.codes if flag.code == FlagCode.OUTSIDE_REFUSED))

    @cached_property
    def _unclear(self) -> list[tuple[str, str, str]]:
        flags = (flag for flag in self.codes if flag.code in UNCLEAR and len(flag.arguments) == 2)
        return [(flag.code, *flag.arguments) for flag in flags]  # type: ignore[misc]

    @cached_property
    def acting(self) -> tuple[Acting, ...]:
        """The drugs of the list that act on this one and that the advice does not count."""
        return tuple(acting for text in names_of(self.row["flags"]) if (acting := parse(text)))

    @cached_property
    def turned(self) -> bool:
        """Whether an interaction takes the place of the change of dose that the genes ask for."""
        return self.row["action"] == DECIDES


S = TypeVar("S", bound=Statement)


def dose_of(action: str) -> frozenset[str]:
    """Return which dose an action asks for, ``higher`` or ``lower``, as a set; empty where it changes none."""
    return frozenset(dose for dose, actions in _ASKING.items() if action in actions)


def known_urgency(code: str) -> str:
    """Return an urgency code; one that is not known is read as the most urgent."""
    return code if code in URGENCIES else URGENCIES[0]


def leading_limit(limits: Sequence[S], deciding: S | None) -> S | None:
    """Return what the label says whatever the genes, unless the genes ask for something graver.

    "Avoid" is milder than the contraindication of the genes, though both rule the drug out. A dose that it gives such a
    person stands beside a lower dose by the genes: neither counts the other, and the lowest is the highest.
    """
    holding = (limit for limit in limits if limit.applies == "yes" and not _is_beside(limit, deciding))
    return next((limit for limit in holding if not deciding or not graver(deciding, limit)), None)


def _is_beside(limit: Statement, deciding: Statement | None) -> bool:
    both = (limit, deciding) if deciding and deciding.applies == "yes" else ()
    return bool(both) and all(one.action_code in _ASKING["lower"] and not one.acting for one in both)


def alike(limits: Sequence[S], leading: S) -> tuple[S, ...]:
    """Return the other limits of labels that hold and ask for the same: what they rest on is named as well."""
    return tuple(row for row in limits if row is not leading and row.applies == "yes" and row.asked == leading.asked)


def graver(one: Statement, than: Statement) -> bool:
    """Return whether a statement asks for something graver than another one."""
    if one.urgency != than.urgency:
        return URGENCIES.index(one.urgency) < URGENCIES.index(than.urgency)
    settled = one.applies == "yes" and one.urgency == URGENCIES[0]
    return settled and rank(GRAVEST, one.action_code) < rank(GRAVEST, than.action_code)


def by_source(source: str) -> tuple[int, str]:
    """Key by which sources are listed."""
    return rank(_SOURCES, source), source


def by_strength(statement: Statement | None) -> int:
    """Key by which statements of the same urgency are listed: strong first, none at all last."""
    return rank(_STRENGTHS, statement.row["strength"] if statement else None)


def statement_order(statement: Statement) -> tuple[object, ...]:
    """Key by which the statements on a drug are listed."""
    return (
        by_source(statement.source),
        rank(_APPLIES, statement.applies),
        URGENCIES.index(statement.urgency),
        _text(statement.row["population"]),
        statement.rule,
    )


def gravest_first(statement: Statement) -> tuple[int, ...]:
    """Key by which a statement decides over others: the gravest, but an open exception after what else is advised."""
    return (
        1 if statement.is_open_exception else 2 * (statement.urgency == URGENCIES[-1]),
        URGENCIES.index(statement.urgency),
        rank(_APPLIES, statement.applies),
        rank(GRAVEST, statement.row["action"]),
        by_strength(statement),
    )


def with_dose_of_the_first(valid: Sequence[S]) -> tuple[S, ...]:
    """Let another drug, which a source prefers to a dose, stand behind that dose where an earlier source asks for it.

    Both sources allow the same dose, and the earlier one gives it first: a tenth of mercaptopurine treats a leukaemia.
    What rules the drug out, or names no such dose, stays in front.
    """
    doses = [row for row in valid if row.applies == "yes" and row.urgency == URGENCIES[1] and not row.turned]

    def gives_way(row: S) -> bool:
        earlier = (one for one in doses if by_source(one.source) < by_source(row.source))
        return bool(row.dose_as_option) and any(row.dose_as_option & one.asks_for for one in earlier)

    behind = [row for row in valid if gives_way(row)]
    if not behind or any(graver(row, doses[0]) for row in valid if row not in behind):
        return tuple(valid)
    last = max(place for place, row in enumerate(valid) if row.urgency == URGENCIES[1])
    return (*(row for row in valid[: last + 1] if row not in behind), *behind, *valid[last + 1 :])


def _text(value: object) -> str:
    return "" if value is None else str(value)
