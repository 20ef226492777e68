"""What the flags of a judgement say, read back: causes, what is once other medicines are started, a running therapy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pgx.codes import Flag, FlagCode
from pgx.judgement.judgement import CAUSE, DOSES, RUNNING, STILL_ACTING, UNCOUNTED, UNDATED, Judgement


@dataclass(frozen=True, slots=True)
class Cause:
    """Medicines without which no more than `action` would be said of a drug; `until` of those that were stopped."""

    agents: tuple[str, ...]
    genes: tuple[str, ...]
    action: str
    until: Mapping[str, str]

    @property
    def taken(self) -> tuple[str, ...]:
        """Those that are taken, and can be changed."""
        return tuple(agent for agent in self.agents if agent not in self.until)


@dataclass(frozen=True, slots=True)
class Once:
    """What is said of a drug that is taken once medicines are started that are only planned.

    `dose` is a dose in numbers: kind (``dose`` or ``at_most``), number and unit; empty if there is none.
    """

    agents: tuple[str, ...]
    action: str
    dose_change: str
    dose: tuple[str, ...]

    @property
    def flag(self) -> str:
        """``once:<agents>:<action>:<change>:<kind of dose>:<dose>:<unit>``."""
        return str(Flag(FlagCode.ONCE, "+".join(self.agents), self.action, self.dose_change, *self.dose))


def once(agents: Sequence[str], then: Judgement) -> Once:
    """Return what is said once medicines are started, from what is judged then."""
    doses = (flag for flag in map(Flag.parse, then.flags) if flag.code in DOSES)
    dose = next(((flag.code, *flag.arguments) for flag in doses), ())
    return Once(tuple(agents), then.action or then.urgency, then.dose_change or "", dose)


def once_of(judgement: Judgement) -> list[Once]:
    """Return what a judgement says of medicines that are not started yet."""
    told = arguments_of(judgement, FlagCode.ONCE, 2, 6)
    return [
        Once(tuple(filter(None, agents.split("+"))), action, "".join(rest[:1]), rest[1:])
        for agents, action, *rest_of in told
        for rest in [tuple(rest_of)]
    ]


def arguments_of(judgement: Judgement, code: str, least: int, most: int | None = None) -> Iterator[tuple[str, ...]]:
    """Yield what the flags with a code are about; a flag that says too little (of a foreign result) is passed over.

    Parameters
    ----------
    judgement
        Whose flags.
    code
        The code.
    least, most
        How many arguments there are at least, the first of which is not empty, and at most (None = not more than the
        least); the last one keeps the colons that are beyond them (``indication:pain``).
    """
    most = most or least
    for flag in map(Flag.parse, judgement.flags):
        if flag.code == code and len(flag.arguments) >= least and flag.arguments[0]:
            rest = flag.arguments[most - 1 :]
            yield (*flag.arguments[: most - 1], ":".join(rest)) if rest else flag.arguments


def is_running(judgement: Judgement) -> bool:
    """Return whether the drug has been taken for long, so that no first dose of it is to come."""
    return RUNNING in judgement.flags


def long_beside(judgement: Judgement) -> tuple[str, ...]:
    """Return the medicines, taken for long as the drug is, beside which a label changes the dose of it."""
    return tuple(agent for (agent,) in arguments_of(judgement, RUNNING, 1))


def counted_beside(judgement: Judgement) -> tuple[str, ...]:
    """Return the medicines beside which a label changes the dose of the drug, and which the present one may count.

    Those that have been taken for long as the drug has, and those of which the record does not say what was begun
    first. None where a highest dose alone is told: that holds however the present one was found.
    """
    if has_highest_dose(judgement) and not any(arguments_of(judgement, FlagCode.DOSE, 2)):
        return ()
    return long_beside(judgement) or tuple(agent for (agent,) in arguments_of(judgement, UNDATED, 1))


def uncounted_beside(judgement: Judgement) -> tuple[str, ...]:
    """Return further medicines beside which a label changes the dose, which are too new for the present one."""
    return tuple(agent for (agent,) in arguments_of(judgement, UNCOUNTED, 1))


def has_highest_dose(judgement: Judgement) -> bool:
    """Return whether a highest dose is told."""
    return any(arguments_of(judgement, FlagCode.AT_MOST, 2))


def causes_of(judgement: Judgement) -> list[Cause]:
    """Return the causes that a judgement names."""
    until = stopped_of(judgement)
    found = []
    for agents, genes, action in arguments_of(judgement, CAUSE, 3):
        named = tuple(filter(None, agents.split("+")))
        if named:
            of_these = {agent: until[agent] for agent in named if agent in until}
            found.append(Cause(named, tuple(filter(None, genes.split("+"))), action, of_these))
    return found


def stopped_of(judgement: Judgement) -> dict[str, str]:
    """Return the medicines that were stopped and still act on the drug, with the last day on which they do."""
    return {agent: day for agent, day in arguments_of(judgement, STILL_ACTING, 2) if day}


def not_started_of(judgement: Judgement) -> tuple[str, ...]:
    """Return which of the drug and of those that do not go together with it are not to be started."""
    return tuple(name for (name,) in arguments_of(judgement, FlagCode.NOT_STARTED, 1))


def gives_way_of(judgement: Judgement) -> tuple[str, ...]:
    """Return which of the drug and of those that do not go together with it are to be changed; empty = either."""
    return tuple(name for (name,) in arguments_of(judgement, FlagCode.GIVES_WAY, 1))


def ruled_out_themselves(judgement: Judgement) -> tuple[str, ...]:
    """Return which of those that are to be changed are ruled out whatever else is taken."""
    return tuple(name for (name,) in arguments_of(judgement, FlagCode.RULED_OUT_ITSELF, 1))


def agents_of(judgement: Judgement) -> list[str]:
    """Return the medicines that are the cause of what is said and that could be changed."""
    return list(dict.fromkeys(agent for cause in causes_of(judgement) for agent in cause.taken))
