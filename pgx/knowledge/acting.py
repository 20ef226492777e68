"""One drug that acts on an enzyme of another: its code among the flags of guidance, and its words.

The stage that finds it (`pgx.phenotypes.substrates`), the one that gives advice and the reports all say it alike.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pgx.codes import Flag, FlagCode

DECIDES = "interaction_decides"
"""Action of advice whose change of dose an interaction turns around."""

UNVERIFIED = FlagCode.UNVERIFIED.value
"""How a strength is marked that no list confirms."""

EFFECTS = {
    "raises": "raises",
    "lowers": "lowers",
    "raises_active_form": "raises the active form of",
    "lowers_active_form": "lowers the active form of",
    "raised_by": "is raised by",
    "with": "is taken with",
}
_OF_SEVERAL = {"with": "are taken with", "raised_by": "are raised by"}
PLANNED = "planned"
"""Phase, and status on a list, of a drug that is about to be taken."""
PERHAPS = "perhaps"
"""Phase of a drug that was stopped nobody knows when."""
UNREAD = "unread"
"""Phase of a drug that an entry of the list names which could not be read."""

SUM_UNKNOWN = "nobody knows what they make together"
"""What is said of drugs that pull a level both ways."""

_STRENGTHS = ("strong", "moderate", "", "weak")
_TAKEN = ("current", "washout", PERHAPS, UNREAD, PLANNED)
PHASES = {
    PLANNED: ", planned",
    "washout": ", stopped but still acting",
    PERHAPS: ", stopped, and perhaps still acting",
    UNREAD: ", perhaps taken: its entry could not be read",
}
"""What is said of a drug in a phase, behind what it is."""


@dataclass(frozen=True, slots=True)
class Acting:
    """One drug that acts on an enzyme which carries another drug.

    Parameters
    ----------
    agent
        The drug that acts.
    enzyme, strength, role
        On which enzyme, how strongly, and as what: ``inhibitor`` or ``inducer``.
    phase
        ``current``, ``planned``, ``washout`` (stopped, still acting), `PERHAPS` or `UNREAD`.
    effect
        What that does to the other drug, a key of `EFFECTS`. Where a label names the pair and no enzyme, enzyme,
        strength and role are empty; ``with`` says that the label does not speak of the level, ``raised_by`` that the
        level of the named drug is the one that rises.
    unverified
        Whether no list confirms the strength.
    """

    agent: str
    enzyme: str
    strength: str
    role: str
    phase: str
    effect: str
    unverified: bool = False

    @property
    def flag(self) -> Flag:
        """The flag of a row of guidance that does not count it."""
        said = (self.agent, self.enzyme, self.strength, self.role, self.phase, self.effect)
        return Flag(FlagCode.INTERACTION, *said, *([UNVERIFIED] if self.unverified else []))

    @property
    def reversing_flag(self) -> Flag:
        """The flag of a row whose change of dose it turns around, and which is therefore withheld."""
        return Flag(FlagCode.INTERACTION_REVERSES, self.agent, self.enzyme)

    @property
    def kind(self) -> str:
        """``strong CYP3A4 inhibitor``; empty where the pair rests on no enzyme."""
        doubt = f", {UNVERIFIED}" if self.unverified else ""
        return f"{self.strength} {self.enzyme} {self.role}{doubt}" if self.enzyme else ""

    @property
    def named(self) -> str:
        """``voriconazole (strong CYP3A4 inhibitor, planned)``."""
        return _named(self.agent, [self])

    @property
    def order(self) -> tuple[bool, int, int]:
        """Key by which drugs are named: what is weak or confirmed by no list last; then the taken, then the strong."""
        faint = self.strength == "weak" or self.unverified
        return faint, rank(_TAKEN, self.phase), rank(_STRENGTHS, self.strength)

    @property
    def asks_for(self) -> str:
        """Whether a ``higher`` or a ``lower`` dose would make up for it; empty where the level does not change.

        More of what raises the other drug (``raised_by``) harms through that one.
        """
        if self.effect == "with":
            return ""
        return "lower" if self.effect.startswith("raise") else "higher"


def weighs(acting: Acting, genes: Collection[str], *, marked: bool) -> bool:
    """Whether a dose that looks at some genes must not stand against what a drug does.

    Parameters
    ----------
    acting
        What the drug does.
    genes
        Genes that the advice on the dose looks at.
    marked
        Whether the interaction counts by its class or by a label.
    """
    return marked or acting.strength != "weak" or not acting.unverified or acting.enzyme in genes


def parse(flag: str) -> Acting | None:
    """Return what a flag says, None if it says something else.

    Examples
    --------
    >>> parse("interaction:voriconazole:CYP3A4:strong:inhibitor:current:raises").named
    'voriconazole (strong CYP3A4 inhibitor)'
    """
    parsed = Flag.parse(flag)
    if parsed.code != FlagCode.INTERACTION or len(parsed.arguments) not in (6, 7) or parsed.arguments[5] not in EFFECTS:
        return None
    agent, enzyme, strength, role, phase, effect, *mark = parsed.arguments
    return Acting(agent, enzyme, strength, role, phase, effect, unverified=mark == [UNVERIFIED])


def opposes(one: Acting, other: Acting) -> bool:
    """Return whether two drugs change a level in opposite directions."""
    return {one.asks_for, other.asks_for} == {"lower", "higher"}


def balances(one: Acting, other: Acting) -> bool:
    """Return whether of two that oppose each other neither wins: alike, less than strong, at one enzyme and time."""
    alike = one.strength == other.strength != "strong" and one.enzyme == other.enzyme
    return alike and (one.phase == PLANNED) == (other.phase == PLANNED)


def outweighs(one: Acting, other: Acting) -> bool:
    """Return whether a drug acts against another one so that no share of the dose is known.

    It is taken and the other one only planned, or it is strong and there as soon as the other one.
    """
    taken, other_taken = one.phase != PLANNED, other.phase != PLANNED
    return (taken and not other_taken) or (one.strength == "strong" and (taken or not other_taken))


def same_way(acting: Sequence[Acting]) -> tuple[Acting, ...]:
    """Return the drugs that a label's row is about, the first ones, without those that it names as acting against them.

    Examples
    --------
    >>> up = Acting("voriconazole", "CYP3A4", "strong", "inhibitor", "current", "raises")
    >>> same_way([up, Acting("rifampin", "CYP3A4", "strong", "inducer", "planned", "lowers")]) == (up,)
    True
    """
    return tuple(effect_of for effect_of in acting if not opposes(effect_of, acting[0]))


def phrase(acting: Sequence[Acting], drug: str) -> str:
    """Say what the drugs do to `drug`: the strongest that is taken first, and with it those that do the same.

    Examples
    --------
    >>> phrase([Acting("voriconazole", "CYP3A4", "strong", "inhibitor", "current", "raises")], "tacrolimus")
    'voriconazole (strong CYP3A4 inhibitor) raises tacrolimus'
    >>> phrase([Acting("oral contraceptives", "", "", "", "current", "lowers")], "lamotrigine")
    'oral contraceptives lower lamotrigine'
    """
    ordered = sorted(acting, key=lambda effect_of: (*effect_of.order, rank(tuple(EFFECTS), effect_of.effect)))
    clauses = []
    for effect in dict.fromkeys(effect_of.effect for effect_of in ordered):
        words = EFFECTS[effect]
        by_agent: dict[str, list[Acting]] = {}
        for effect_of in ordered:
            if effect_of.effect == effect:
                by_agent.setdefault(effect_of.agent, []).append(effect_of)
        agents = " and ".join(_named(agent, effects) for agent, effects in by_agent.items())
        verb, _, rest = words.partition(" ")
        several = _OF_SEVERAL.get(effect, " ".join(filter(None, (verb.removesuffix("s"), rest))))
        one_alone = len(by_agent) == 1 and not _is_plural(next(iter(by_agent)))
        clauses.append(f"{agents} {words if one_alone else several} {drug}")
    return ", ".join(clauses)


def once_stopped(acting: Sequence[Acting], agents: Collection[str]) -> str:
    """Return where a level goes when drugs no longer act on it: ``rises``, ``falls``, or empty where nobody knows.

    Examples
    --------
    >>> once_stopped([Acting("phenytoin", "", "", "", "current", "lowers")], ["phenytoin"])
    'rises'
    """
    ways = {effect.asks_for for effect in acting if effect.agent in agents and effect.effect in ("raises", "lowers")}
    return {"higher": "rises", "lower": "falls"}[min(ways)] if len(ways) == 1 else ""


def rank(order: tuple[str, ...], value: object) -> int:
    """Return the place of a value in an order; unknown values come last."""
    return order.index(str(value)) if value in order else len(order)


def _is_plural(agent: str) -> bool:
    """Whether a name is that of a group: ``oral contraceptives``, but not ``tacrolimus``."""
    return agent.endswith("s") and not agent.endswith(("us", "is", "ss"))


def _named(agent: str, effects: Sequence[Acting]) -> str:
    # What is taken and planned too is told once.
    first_phase: dict[str, str] = {}
    for effect in sorted(effects, key=lambda effect: rank(_TAKEN, effect.phase)):
        first_phase.setdefault(effect.kind, effect.phase)
    kinds: dict[str, dict[str, None]] = {}
    for effect in effects:
        if first_phase[effect.kind] == effect.phase:
            kinds.setdefault(PHASES.get(effect.phase, ""), {})[effect.kind] = None
    groups = (f"{', '.join(filter(None, listed))}{phase}".removeprefix(", ") for phase, listed in kinds.items())
    joined = ", ".join(filter(None, groups))
    return f"{agent} ({joined})" if joined else agent
