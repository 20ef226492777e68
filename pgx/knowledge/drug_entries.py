"""What stands in one entry of a medication list beside the drug's name: whether it is taken, and how."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

STOPPED, PLANNED, NOT_TAKEN = "stopped", "planned", "not_taken"
ALLERGY, REACTION, UNSURE = "allergy", "reaction", "unsure"
_REMARKS = (
    (
        ALLERGY,
        r"allerg(?:y|ic|ies)|anaphyla\w+|hypersensitiv\w+|intoleran\w+|not\s+tolerated|(?:adverse|allergic)\s+reactions?|"
        r"reacti(?:on|ed)\s+to|allergi[ae]|al[eé]rgi(?:c[oa]|a)|allergi(?:que|sch|co|ca)|unverträglichkeit|"
        r"sjs|stevens[- ]johnson\w*|angio-?o?edema",
    ),
    (
        NOT_TAKEN,
        r"not\s+(?:currently\s+)?(?:taking|taken|on|started)|(?:is|was)\s+not\s+taking|never\s+(?:taken|took|started)|"
        r"no\s+longer(?:\s+(?:taking|on))?|denies|declined|refused|refuses|non-?complian\w+|contra-?indicated|avoid|"
        r"do(?:es)?\s+not\s+(?:take|use)|don'?t\s+take|cancell?ed|nicht\s+(?:mehr|genommen|eingenommen)",
    ),
    (
        STOPPED,
        r"(?:self-?)?(?:stopped|discontinued)|discontinue|was\s+on|d/c(?:'?e?d)?|dc'?d|ceased|finished|completed|ended|"
        r"withdrawn|held|on\s+hold|suspended|paused|previously|previous|former(?:ly)?|past|until\s+\S+|inactive|expired|"
        r"ran\s+out|(?:weaned|tapered|come|came|taken)\s+off|washed?\s*-?out|s/p|status\s+post|h/o|hx\s+of|history\s+of|"
        r"last\s+(?:dose|taken)\b.*|ex-|abgesetzt|pausiert|gestoppt|beendet|arr[êe]t[ée]e?|suspendid[oa]|sospes[oa]|gestopt|w/drawn|"
        r"bis\s+[\d./-]*(?:19|20)\d\d|(?:19|20)\d\d\s*[-–]\s*(?:19|20)\d\d(?!\s*(?:mg|g|ml|i?u|ie)\b)|z\.?\s?n\.",
    ),
    (
        PLANNED,
        r"planned|to\s+(?:be\s+)?start(?:ed)?|will\s+(?:be\s+)?start(?:ed)?|starting|plan:|start\s+(?:on|next|tomorrow|soon)|"
        r"to\s+begin|pending|proposed|consider(?:ing)?|draft|geplant",
    ),
    (
        UNSURE,
        r"unsure|uncertain|maybe|perhaps|possibl[ey]|query|unclear|unknown\s+if\s+taken|last\s+filled\b.*|"
        r"(?:switched|changed)\s+(?:from|to)|mother|father|wife|husband|partner|brother|sister|trial\s+of",
    ),
)
_REACTIONS = re.compile(
    r"(?:[-–—>:(\[]\s*|\b(?:causes?d?|gave|gives)\s+)(?:causes?d?\s+|gave\s+|gives\s+)?(?:an?\s+)?(?:skin\s+)?"
    r"(?:rash(?:es)?|hives|urticaria|pruritus|itch\w*|swelling|nausea|vomiting|dizziness|wheez\w+|cough|syncope|"
    r"bleeding|hepatitis|neutropenia|agranulocytosis|exanthema?)\b",
    re.IGNORECASE,
)
"""What a drug did to the person, behind a dash, a colon or a bracket; what it is given for reads otherwise."""
_SIGNS = tuple((meaning, re.compile(rf"(?<![\w/-])(?:{words})(?![\w/])", re.IGNORECASE)) for meaning, words in _REMARKS)
_FOR = re.compile(
    r"\b(?:for|against|gegen|bei|wegen|pour|contre|para|contra|per|due\s+to|after|nach)\s[^,;()]*$", re.IGNORECASE
)
"""What a drug is given for, up to the words in question."""
_EARLIER = re.compile(r"past|previous|former|s/p|status\s+post|h/o|hx\s+of|history\s+of|z\.?\s?n", re.IGNORECASE)
_AILMENT = re.compile(
    r"allerg\w+\s+(?:relief|medicine|tablets?|pills?|shots?|season|rhinitis|conjunctivitis|asthma)|"
    r"(?<=seasonal )allerg",
    re.IGNORECASE,
)
_NEGATED = re.compile(r"^(?:no|not|denies|never|without|stop|stopped|off)\s+(?=[a-z])", re.IGNORECASE)
_AGO = re.compile(r"\b([0-9]{1,4}|a|an|one|two|three|four|five|six)\s+(day|week|month|year)s?\s+ago", re.IGNORECASE)
_COUNTS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_DAYS = {"day": 1.0, "week": 7.0, "month": 30.4375, "year": 365.25}
_ISO = re.compile(r"\b(\d{4}-\d{2}-\d{2})\b")
_BEGINS = re.compile(
    r"[\s,(\[-]+(?:from|since|started(?:\s+on)?|start|begun|seit|ab)[\s:]+(\d{4}-\d{2}-\d{2})\b[)\]]?", re.IGNORECASE
)
_SINCE = re.compile(
    r"[\s,(\[-]+(?:since|seit|depuis|desde|dal)[\s:]+(?:\d{1,2}[./]){0,2}(?:19|20)\d\d\b(?!-)[)\]]?", re.IGNORECASE
)
_ITEM = re.compile(r"^\s*(?:\d{1,2}[.)]|[-–•*])\s+|^\s*(?:old|past|ex)\s*:\s*", re.IGNORECASE)
_COMPOUND = re.compile(r"-(?=(?:allergie|unverträglichkeit|intoleranz)\b)", re.IGNORECASE)
_OLD = re.compile(r"^\s*(?:old|past|ex)\s*:", re.IGNORECASE)
_BEHIND = re.compile(r"\s*(?:[\[(]([^\])]*)[\])]|\s[-–—:]\s*(.+)$|,\s*(.+)$)")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, taken apart.

    Parameters
    ----------
    name
        What is left for the look-up of the drug.
    meaning
        `STOPPED`, `PLANNED`, `NOT_TAKEN`, `ALLERGY`, `REACTION` (the person had one) or `UNSURE`; None = nothing is
        said against its being taken.
    remark
        The words that say so.
    ago
        How many days ago that was, if it is said.
    on
        The day, if it is said.
    begins
        The day from which the drug is taken, if it is said.
    """

    name: str
    meaning: str | None = None
    remark: str | None = None
    ago: int | None = None
    on: date | None = None
    begins: date | None = None

    def day(self, now: date | None) -> date | None:
        """Return the day of the remark, for an entry written `now`."""
        if self.on is not None:
            return self.on
        return now - timedelta(days=self.ago) if now is not None and self.ago is not None else None


@lru_cache(maxsize=100_000)
def read_entry(text: str) -> Entry:
    """Take an entry of a medication list apart; what is said beside the name is never dropped.

    >>> read_entry("fluoxetine (stopped 3 months ago)").meaning
    'stopped'
    >>> read_entry("warfarin 5 mg daily").meaning is None
    True
    """
    begun = _BEGINS.search(text)
    begins = _day(begun[1]) if begun else None
    if begun and begins:
        text = text[: begun.start()] + text[begun.end() :]
    text = _SINCE.sub("", text)
    earlier, text = _OLD.match(text), _COMPOUND.sub(" - ", text)
    text = _ITEM.sub("", text)
    if earlier:
        return Entry(text, STOPPED, earlier[0].strip(" :"), begins=begins)
    if text.strip().startswith("?") or text.rstrip().endswith(("?", "(?)")):
        return Entry(text.strip(" ?()"), UNSURE, "?", begins=begins)
    hits = ((meaning, hit) for meaning, sign in _SIGNS for hit in sign.finditer(text))
    found = next((one for one in hits if not _of_the_disease(text, *one)), None)
    if found is None and (hit := _REACTIONS.search(text)):
        return Entry(text[: hit.start()].rstrip(" -–—>:(["), REACTION, hit[0].strip(" -–—>:(["), begins=begins)
    if found is None and (negated := _NEGATED.match(text)):
        return Entry(text[negated.end() :], NOT_TAKEN, negated[0].strip(), begins=begins)
    if found is None:
        return Entry(text, begins=begins)
    meaning, hit = found
    ago, on = _AGO.search(text), _ISO.search(text)
    days = None
    if ago:
        count = _COUNTS.get(ago[1].lower()) or int(ago[1])
        days = round(count * _DAYS[ago[2].lower()])
    said = hit[0].strip(" ()[]")
    return Entry(_without(text, hit.span()), meaning, said, days, _day(on[1]) if on else None, begins)


def _of_the_disease(text: str, meaning: str, hit: re.Match[str]) -> bool:
    """Whether the words say what the drug is for: ``prednisone for allergic reaction``, ``for history of MI``."""
    if meaning == ALLERGY and _AILMENT.match(text, hit.start()):
        return True
    return (meaning == ALLERGY or bool(_EARLIER.match(hit[0]))) and bool(_FOR.search(text[: hit.start()]))


def is_remark(text: str) -> bool:
    """Say whether a text is a remark on a drug alone, and names none itself: ``on hold``, ``finished last week``."""
    return read_entry(text).meaning is not None


def _without(text: str, span: tuple[int, int]) -> str:
    """Return the entry without the part that holds the remark: brackets, what is behind a dash, or the words."""
    for part in _BEHIND.finditer(text):
        if part.start() <= span[0] and span[1] <= part.end() and part.start() > 0:
            return f"{text[: part.start()]} {text[part.end() :]}".strip()
    before, behind = text[: span[0]].strip(" -–—:,;(["), _AGO.sub("", text[span[1] :]).strip(" -–—:,;)]")
    before = re.sub(r"\b(?:is|was|were|has been|had|since|from|on)$", "", before, flags=re.IGNORECASE).strip()
    return re.sub(r"^(?:to|on|with|from)\s+", "", before or behind, flags=re.IGNORECASE)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
