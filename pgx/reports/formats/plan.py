"""The follow-up plan: which test when, for the person's own medicines, as a list and as a calendar file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from pgx.codes import FlagCode
from pgx.judgement.read_back import is_running
from pgx.knowledge.acting import phrase
from pgx.reports.page.build import Drug, View
from pgx.reports.page.cells import codes_of
from pgx.reports.page.lexicon import Lexicon
from pgx.reports.page.notice import NOTICE
from pgx.reports.page.who import today

_FOLD = 73
NEXT_VISIT = 0
"""The day that stands for planned days that are over."""


@dataclass(frozen=True, slots=True)
class Check:
    """One test of the plan.

    Parameters
    ----------
    drug
        For which medicine.
    what, plain
        The test, in clinicians' and in patients' words.
    day
        Days after the first dose or the change of dose; -1 = before it; `NEXT_VISIT` = the planned days are over.
    when
        The day, where the medicine's start is known.
    sources
        Who asks for the test.
    note
        What decides about more or fewer checks.
    local
        Whether a site's own tables had a part in it.
    taken
        Whether the person takes the medicine already.
    """

    drug: str
    what: str
    plain: str
    day: int
    when: date | None
    sources: tuple[str, ...]
    note: str
    local: bool = False
    taken: bool = False

    @property
    def moment(self) -> str:
        """The day in words."""
        if self.day == NEXT_VISIT:
            return "at the next visit"
        if self.day < 0:
            return "now, if it was not done before the first dose" if self.taken else "before the first dose"
        return f"{self.when.isoformat()} (day {self.day})" if self.when else f"day {self.day}"


def checks(shown: View) -> list[Check]:
    """Return the checks that the applying recommendations ask for, in the order of time.

    Only medicines that the person takes or will take have checks. The guideline says which test; the knowledge's
    ``follow_up`` table says on which days.
    """
    starts = {str(row["drug"]): row["start"] for row in shown.medications if row["status"] != "stopped"}
    now = today(shown.clinical, shown.medications)
    planned = [
        check
        for drug in shown.drugs
        if drug.medication
        for check in _of_drug(drug, starts.get(drug.name), now, shown.lexicon)
    ]
    return sorted(
        planned,
        key=lambda check: (
            check.day >= 0,
            check.when is None and check.day != NEXT_VISIT,
            check.when or date.min,
            check.day,
            check.drug,
            check.what,
        ),
    )


def _of_drug(drug: Drug, start: object, now: date | None, lexicon: Lexicon) -> Iterator[Check]:
    asked: dict[str, list[str]] = {}
    local: set[str] = set()
    # A drug that is to be replaced is not also planned with checks of its effect.
    for advice in () if drug.urgency == "avoid" else drug.advice:
        if advice.applies in ("yes", "if_population"):
            for code in advice.monitoring_codes:
                asked.setdefault(code, []).append(advice.source)
                if FlagCode.LOCAL in codes_of(advice.row["flags"]):
                    local.add(code)
    for code, sources in asked.items():
        before, days, note = lexicon.schedule(code)
        for day, when in (*([(-1, None)] if before else []), *_dated(drug, days, start, now)):
            text, plain = lexicon.monitoring(code), lexicon.monitoring(code, plain=True)
            yield Check(
                drug.name,
                text,
                plain,
                day,
                when,
                tuple(dict.fromkeys(sources)),
                "; ".join(filter(None, (phrase(drug.acting, drug.name), note))),
                code in local,
                drug.medication == "current",
            )


def _dated(drug: Drug, days: Sequence[int], start: object, now: date | None) -> list[tuple[int, date | None]]:
    """Return the days of a test with their dates: none that is over, of which the next visit takes the place.

    In a running therapy whose dose is to change, the days count from that change.
    """
    if not isinstance(start, date) or (is_running(drug.judgement) and drug.urgency == "change_dose"):
        return [(day, None) for day in days]
    dated = [(day, start + timedelta(days=day)) for day in days]
    ahead: list[tuple[int, date | None]] = [(day, when) for day, when in dated if now is None or when >= now]
    return ahead if len(ahead) == len(dated) else [(NEXT_VISIT, None), *ahead]


def ics_of(shown: View) -> str | None:
    """Return the plan as an iCalendar file (RFC 5545); None if there is nothing to check.

    Checks with a known day are events, the others to-dos without a date.
    """
    planned = checks(shown)
    if not planned:
        return None
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//pgx//follow-up plan//EN", "CALSCALE:GREGORIAN"]
    for check in planned:
        lines += _entry(shown.sample, check)
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in _fold(line))


def _entry(sample: str, check: Check) -> list[str]:
    kind = "VEVENT" if check.when else "VTODO"
    uid = hashlib.sha256(repr((sample, check.drug, check.what, check.day)).encode()).hexdigest()[:32]
    about = (
        f"{check.moment} of {check.drug}; asked for by {', '.join(check.sources)}{' (local)' if check.local else ''}."
        + (f" {check.note}." if check.note else "")
    )
    # The stamp must be there; it is taken from the plan, since a clock would make every file differ.
    stamp = (check.when or date(1970, 1, 1)).strftime("%Y%m%dT000000Z")
    lines = [f"BEGIN:{kind}", f"UID:{uid}@pgx", f"DTSTAMP:{stamp}", f"SUMMARY:{_escape(f'{check.drug}: {check.what}')}"]
    if check.when:
        lines += [f"DTSTART;VALUE=DATE:{check.when:%Y%m%d}", "TRANSP:TRANSPARENT"]
    return [*lines, f"DESCRIPTION:{_escape(f'{about} {NOTICE}')}", f"END:{kind}"]


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\r", "").replace("\n", "\\n")


def _fold(line: str) -> Iterator[str]:
    # At most 75 bytes a line; a fold must not split a character.
    rest, first = line, True
    while rest:
        part = rest.encode()[:_FOLD].decode(errors="ignore")
        yield part if first else f" {part}"
        rest, first = rest[len(part) :], False
