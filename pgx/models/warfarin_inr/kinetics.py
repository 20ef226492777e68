"""From doses to the INR: the K-PD model of Hamberg et al. (Clin Pharmacol Ther 2010;87:727), for many persons at once.

A dose enters a virtual compartment and wears off at the rate K, so that the dose rate is K times what is left of it. It
inhibits the making of clotting factors, ``E = DR**g / (H**g + DR**g)``, where H is the dose rate with half of the
effect: clearance times concentration. Two chains of three compartments delay what is seen, and the INR is
``baseline + highest_rise * (1 - mean of the last ones)``.

Within a step of six hours the effect is that of the middle of the step; the chains are then solved exactly. A dose is
taken at the time of day of the INR, just after it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pgx.models.warfarin_inr.parameters import Parameters

Floats = NDArray[np.float64]

STEPS = 4
"""Steps a day."""
_HOURS = 24.0 / STEPS
_BISECTIONS = 40
_LOWEST, _HIGHEST = 1e-3, 1e4
"""Daily doses of S-warfarin between which the one that is needed is looked for, mg."""


@dataclass(frozen=True, slots=True)
class Response:
    """How persons respond to warfarin.

    Parameters
    ----------
    rate
        Rate at which a dose wears off, 1/h.
    half_rate
        Dose rate of S-warfarin with half of the effect, mg/h.
    baseline
        INR without warfarin.
    """

    rate: Floats
    half_rate: Floats
    baseline: Floats

    def repeat(self, times: int) -> Response:
        """Return the same persons several times, one after the other."""
        return Response(*(np.tile(one, times) for one in (self.rate, self.half_rate, self.baseline)))


class Kinetics:
    """The model for persons of given responses.

    A state has seven rows: what is left of the doses, mg of S-warfarin, and two chains of three compartments, as parts
    of what they hold without warfarin. Doses are mg of S-warfarin a day.

    Parameters
    ----------
    response
        How each person responds.
    known
        The model's parameters.
    """

    def __init__(self, response: Response, known: Parameters) -> None:
        self._power = known["sigmoidicity"]
        self._rise = known["highest_rise"]
        self._response = response
        self._half = response.half_rate**self._power
        self._left = np.exp(-24.0 * response.rate)
        # The amount falls by the same factor in each step, and so does its power: one power a day is enough.
        self._first = (response.rate * np.exp(-0.5 * _HOURS * response.rate)) ** self._power
        self._fall = np.exp(-_HOURS * self._power * response.rate)
        self._chains = _day_of_chains(known)

    def untreated(self) -> Floats:
        """Return the state of persons who take no warfarin."""
        state = np.ones((7, len(self._half)))
        state[0] = 0.0
        return state

    def settled(self, dose: float | Floats) -> Floats:
        """Return the state just before the dose of persons who have long taken the same."""
        state = np.empty((7, len(self._half)))
        state[0] = dose * self._left / (1.0 - self._left)
        state[1:] = self._mean_made(dose)
        return state

    def day(self, state: Floats, dose: float | Floats) -> None:
        """Carry a state on by one day that begins with a dose; it is changed in place."""
        amount = state[0] + dose
        moved = np.concatenate([state[1:], self._made(amount)])
        state[0] = amount * self._left
        state[1:] = self._chains @ moved

    def inr(self, state: Floats) -> Floats:
        """Return the INR that belongs to a state."""
        made = 0.5 * (state[3] + state[6])
        return np.asarray(self._response.baseline + self._rise * (1.0 - made), dtype=np.float64)

    def settled_inr(self, dose: float | Floats) -> Floats:
        """Return the INR under a dose long taken."""
        return np.asarray(self._response.baseline + self._rise * (1.0 - self._mean_made(dose)), dtype=np.float64)

    def needed(self, target: float) -> Floats:
        """Return the dose that gives an INR in the long run; 0 where none has to."""
        low, high = np.full_like(self._half, np.log(_LOWEST)), np.full_like(self._half, np.log(_HIGHEST))
        for _ in range(_BISECTIONS):
            middle = 0.5 * (low + high)
            above = self.settled_inr(np.exp(middle)) > target
            low, high = np.where(above, low, middle), np.where(above, middle, high)
        return np.where(self._response.baseline < target, np.exp(0.5 * (low + high)), 0.0)

    def _made(self, amount: Floats) -> Floats:
        """Return what is made of the clotting factors in each step of a day, as a part of what is made undisturbed."""
        made = np.empty((STEPS, len(amount)))
        flow = self._first * amount**self._power
        for step in range(STEPS):
            made[step] = self._half / (self._half + flow)
            flow = flow * self._fall
        return made

    def _mean_made(self, dose: float | Floats) -> Floats:
        return np.asarray(self._made(dose / (1.0 - self._left)).mean(axis=0), dtype=np.float64)


def _day_of_chains(known: Parameters) -> Floats:
    """Return the matrix that takes the chains at a day's beginning, and what is made in its steps, to its end."""
    step, into = np.zeros((6, 6)), np.zeros(6)
    for first, time in ((0, known["transit_time_1"]), (3, known["transit_time_2"])):
        x = 3.0 / time * _HOURS
        passed = np.exp(-x) * np.array([1.0, x, 0.5 * x * x])
        for row in range(3):
            step[first + row, first : first + row + 1] = passed[row::-1]
            into[first + row] = 1.0 - passed[: row + 1].sum()
    powers = [np.linalg.matrix_power(step, number) for number in range(STEPS + 1)]
    return np.column_stack([powers[STEPS], *(powers[STEPS - 1 - number] @ into for number in range(STEPS))])
