"""What stands in one entry of a medication list beside the drug's name: whether it is taken, and how."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache

from pgx.guard.limits import NAME

STOPPED, PLANNED, NOT_TAKEN, UNTIL = "stopped", "planned", "not_taken", "until"
ALLERGY, REACTION, UNSURE = "allergy", "reaction", "unsure"
_FOR_WORDS = (
    r"for|against|gegen|bei|wegen|pour|contre|para|contra|due\s+to|because\s+of|after|nach|prn|in\s+case\s+of|"
    r"to\s+(?:treat|prevent)|treatment\s+of|prevention\s+of"
)
GIVEN_FOR = rf"\b(?:{_FOR_WORDS})\s"
"""Words before what a drug is given for."""
_GOES_ON = (
    r"(?:continu(?:e|es|ed|ing)|weiter\w*|fortsetzen|fortführen|increas(?:e|ing)|reduc(?:e|ing)|decreas(?:e|ing)|"
    r"titrat(?:e|ing)|keep(?! off)|maintain|erhöhen|steigern|reduzieren|unchanged|unverändert|beibehalten)"
)
"""What is planned with a drug that is taken already."""
_MONTH_OF = {
    "jan": 1, "feb": 2, "mar": 3, "mär": 3, "mrz": 3, "apr": 4, "may": 5, "mai": 5, "jun": 6, "jul": 7, "aug": 8,
    "sep": 9, "oct": 10, "okt": 10, "nov": 11, "dec": 12, "dez": 12,
}  # fmt: skip
_WHEN = (
    rf"(?:(?:19|20)[0-9]{{2}}-[0-9]{{2}}(?:-[0-9]{{2}})?|(?:[0-9]{{1,2}}[./-]){{0,2}}(?:19|20)[0-9]{{2}}|"
    rf"(?:[0-9]{{1,2}}\.?\s+)?(?:{'|'.join(_MONTH_OF)})[^\W\d_]{{0,6}}\.?,?\s+(?:19|20)[0-9]{{2}})"
)
_LAST = rf"(?P<last>{_WHEN})(?![\w/-])(?!\s*(?:mg|mcg|µg|g|ml|i?u|ie|einheiten|units)\b)"
_TO = (
    r"(?:until|till?|through|up\s+to|bis|hasta|jusqu'(?:en|au|à)|tot)"
    r"(?:\s+(?:the|end|of|at\s+least|about|zum|ende|mitte|anfang|einschl(?:ießlich|\.)|max\.|ca\.|etwa|voraussichtlich|le|el))*"
)
_REMARKS = (
    (
        ALLERGY,
        r"allerg(?:y|ic|ies)|anaphyla\w+|hypersensitiv\w+|intoleran\w+|not\s+tolerated|(?:adverse|allergic)\s+reactions?|"
        r"reacti(?:on|ed)\s+to|allergi[ae]|al[eé]rgi(?:c[oa]|a)|allergi(?:que|sch|co|ca)|unverträglichkeit|"
        r"sjs|stevens[- ]johnson\w*|angio-?o?edema",
    ),
    (
        NOT_TAKEN,
        r"not\s+(?:currently\s+)?(?:taking|taken|on|started|continued)|(?:is|was)\s+not\s+taking|never\s+(?:taken|took|started|continued)|"
        r"no\s+longer(?:\s+(?:taking|on))?|denies|declined|refused|refuses|non-?complian\w+|contra-?indicated|"
        r"avoid(?!\s+(?:\w+\s+)?(?:grapefruit|alcohol|sun\w*|driving|dairy|milk|antacids|caffeine|food))|"
        r"(?:do(?:es)?\s+not\s+(?:take|use|continue)|don'?t\s+take)(?!\s+(?:more|with|together|at|if|before|after|on\s+an?)\b)|"
        r"cancell?ed|nicht\s+(?:mehr(?!\s+als\b)|genommen|eingenommen|weiter\w*|fortgesetzt)",
    ),
    (
        STOPPED,
        r"(?:self-?)?(?:stopped|discontinued)|discontinue|was\s+on|d/c(?:'?e?d)?|dc'?d|ceased|finished|completed|ended|"
        r"withdrawn|held|on\s+hold|suspended|paused|previously|previous|former(?:ly)?|past|inactive|expired|"
        r"(?:until|till|bis)\s+(?:last|recently|yesterday|vor\s+kurzem|gestern|letzte\w*)|"
        r"ran\s+out|(?:weaned|tapered|come|came|taken)\s+off|washed?\s*-?out|s/p|status\s+post|h/o|hx\s+of|history\s+of|"
        r"last\s+(?:dose|taken)\b.*|ex-|abgesetzt|pausiert|gestoppt|beendet|arr[êe]t[ée]e?|suspendid[oa]|sospes[oa]|gestopt|w/drawn|"
        r"z\.?\s?n\.",
    ),
    (
        PLANNED,
        r"(?<!as )planned(?!\s+(?:until|till|through)\b)|to\s+(?:be\s+)?start(?:ed)?|will\s+(?:be\s+)?start(?:ed)?|"
        rf"starting|plan:(?!(?!.*\b(?:start|begin)).*\b{_GOES_ON}\b)|start\s+(?:on|next|tomorrow|soon)|to\s+begin|pending|proposed|"
        rf"consider(?:ing)?(?!\s+{_GOES_ON}\b)|draft|(?<!wie )geplant(?!\s+bis\b)",
    ),
    (
        UNSURE,
        r"unsure|uncertain|maybe|perhaps|possibl[ey]|query|unclear|unknown\s+if\s+taken|last\s+filled\b.*|"
        r"(?:switched|changed)\s+(?:from|to)|mother|father|wife|husband|partner|brother|sister|trial\s+of",
    ),
    (UNTIL, rf"(?:(?:from|von)\s+)?(?P<first>{_WHEN})\s*(?:-|–|to|{_TO})\s*{_LAST}"),
    (UNTIL, rf"{_TO}\s+{_LAST}"),
    (
        UNSURE,
        r"(?:until|till)\s+(?!further|review|next|seen|follow|tomorrow|told|symptoms?|pain|better|asleep|gone|finished)\S+|"
        r"bis\s+(?:[0-9]{1,2}[./]){1,2}(?:[0-9]{2})?(?=\s*(?:$|[)\],;]))",
    ),
)
_REACTIONS = re.compile(
    r"(?:[-–—>:(\[]\s*|\b(?:causes?d?|gave|gives|history\s+of|h/o|hx\s+of)\s+)(?:causes?d?\s+|gave\s+|gives\s+)?(?:an?\s+)?(?:skin\s+)?"
    r"(?:rash(?:es)?|hives|urticaria|pruritus|itch\w*|swelling|nausea|vomiting|dizziness|wheez\w+|cough|syncope|"
    r"bleeding|hepatitis|neutropenia|agranulocytosis|exanthema?)\b",
    re.IGNORECASE,
)
"""What a drug did to the person, behind a dash, a colon or a bracket; what it is given for reads otherwise."""
_SIGNS = tuple((meaning, re.compile(rf"(?<![\w/-])(?:{words})(?![\w/])", re.IGNORECASE)) for meaning, words in _REMARKS)
_FOR = re.compile(
    rf"(?:{GIVEN_FOR}|\b(?:if|as\s+needed)\s)"
    r"(?:(?:an?|the|his|her|my|any|les?|la|une?|el|los|las|eine[rmns]?|de[rmns]|die|severe|acute|mild|serious|recurrent|"
    r"possible|suspected|schwere[rmns]?|akute[rmns]?|seasonal|hay|fever|food|nut|peanut|bee|wasp|insect|sting|pollen|dust|"
    r"mite|cat|dog|pet|animal|skin|latex|contact|environmental|milk|egg|shellfish|drug|antibiotic|penicillin|pcn|sulfa|"
    r"cephalosporin|nsaid|aspirin|contrast|or|and|allergies|allergy|anaphylaxis)\s+|"
    r"l['\N{RIGHT SINGLE QUOTATION MARK}])*$",
    re.IGNORECASE,
)
"""What a drug is given for, up to the words in question: nothing but its kind stands between."""
_EARLIER = re.compile(r"past|previous|former|s/p|status\s+post|h/o|hx\s+of|history\s+of", re.IGNORECASE)
_HAD = re.compile(
    r"(?<=\w)(?:\s[–—-]\s|[\s,;:]+|\s?[(\[])(?:s/p|status\s+post|h/o|hx\s+of|history\s+of|z\.?\s?n\.)\s?"
    r"(?:[\s-]?(?!(?:use|taking|treatment|therapy|einnahme|stop|discont|held|off|past|prev|former|until|not|never|then|"
    r"caus|allerg|anaphyl|hypersens|intoler|unverträg|reacti|rash|hives|urticaria|angio|sjs|stevens)\w*\b)[^\W\d_][\w/.']*)"
    r"{1,4}[)\]]?",
    re.IGNORECASE,
)
"""What the person had, behind a drug's name: no remark on the drug."""
_AILMENT = re.compile(
    r"allerg\w+\s+(?:relief|medicine|tablets?|pills?|shots?|season|rhinitis|conjunctivitis|asthma)|"
    r"(?<=seasonal )allerg",
    re.IGNORECASE,
)
_NEGATED = re.compile(
    r"^(?:no(?!\s+more\s+than\b)|not(?!\s+more\s+than\b)|denies|never|without|stop|stopped|off)\s+(?=[a-z])",
    re.IGNORECASE,
)
_AGO = re.compile(r"\b([0-9]{1,4}|a|an|one|two|three|four|five|six)\s+(day|week|month|year)s?\s+ago", re.IGNORECASE)
_COUNTS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_DAYS = {"day": 1.0, "week": 7.0, "month": 30.4375, "year": 365.25}
_ISO = re.compile(r"\b(\d{4}-\d{2}-\d{2})\b")
_BEGINS = re.compile(
    r"[\s,(\[-]+(?:from|since|started(?:\s+on)?|start|begun|seit|ab)[\s:]+(\d{4}-\d{2}-\d{2})\b[)\]]?", re.IGNORECASE
)
_SINCE = re.compile(
    r"[\s,(\[-]+(?:(?:since|seit|depuis|desde|dal)[\s:]+(?:\d{1,2}[./]){0,2}(?:19|20)\d\d\b(?!-)|"
    r"(?:[0-9]{1,2}[./]){0,2}(?:19|20)[0-9]{2}\s?[-–]\s?(?:present|now|today|ongoing|heute)\b)[)\]]?",
    re.IGNORECASE,
)
_ITEM = re.compile(r"^\s*(?:\d{1,2}[.)]|[-–•*])\s+|^\s*(?:old|past|ex)\s*:\s*", re.IGNORECASE)
_COMPOUND = re.compile(r"(\b(?:bei|wegen|gegen)\s\w+)?-(?=(?:allergie|unverträglichkeit|intoleranz)\b)", re.IGNORECASE)
_TAKEN_ON = re.compile(
    rf"^(?:plan:\s?|consider(?:ing)?\s)?(?:to\s)?{_GOES_ON}\s(?:(?:with|mit|on|taking)\s)?|[\s,;(\[–—-]+plan:\s?(?:to\s)?{_GOES_ON}\b.*$|"
    rf"^plan:\s?(?!.*\b(?:start|begin))(?=.*\b{_GOES_ON}(?:\s(?:to|auf|by|um)\b|$))|"
    rf"(?<!not)(?<!nicht)[\s,]+(?:bis\sauf\s)?{_GOES_ON}(?:\s(?:to|auf|by|um)\b.*)?$",
    re.IGNORECASE,
)
_NEW_DOSE = re.compile(r"\s(?:to|auf|by|um)(?=\s[0-9])", re.IGNORECASE)
_OVER = re.compile(
    r"\b(?:stop\w*|discontinued?|dc'?d|held|off|avoid\w*|contra-?indicated|not?|never|no\s+longer|ended|ceased|withdrawn|"
    r"abgesetzt|pausiert|gestoppt|kein\w*|nicht|changed|switched|failed)\b",
    re.IGNORECASE,
)
_OLD = re.compile(r"^\s*(?:old|past|ex)\s*:", re.IGNORECASE)
_HEAD = re.compile(r"^(?:(?:to|on|with|from|start|begin|resume|restart|nimmt|takes|taking)\s+)+", re.IGNORECASE)
_TAIL = re.compile(
    rf"\b(?:is|was|were|has been|had|since|from|on|wird|wurde|planned|geplant|plan)$|\b(?:{_FOR_WORDS})$",
    re.IGNORECASE,
)
_BEHIND = re.compile(r"\s*(?:[\[(]([^\])]*)[\])]|\s[-–—:]\s*(.+)$|,\s*(.+)$)")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, taken apart.

    Parameters
    ----------
    name
        What is left for the look-up of the drug.
    meaning
        `STOPPED`, `PLANNED`, `NOT_TAKEN`, `UNTIL` (taken until the day `on`, past or yet to come), `ALLERGY`,
        `REACTION` (the person had one) or `UNSURE`; None = nothing is said against its being taken.
    remark
        The words that say so.
    ago
        How many days ago that was, if it is said.
    on
        The day, if it is said; of a month or year its last one.
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
    >>> read_entry("clopidogrel until 12/2026").on
    datetime.date(2026, 12, 31)
    """
    text = " ".join(text.split())
    if len(text) > NAME.most:  # no look-up finds it either
        return Entry(text)
    begun = _BEGINS.search(text)
    begins = _day(begun[1]) if begun else None
    if begun and begins:
        text = text[: begun.start()] + text[begun.end() :]
    text = _HAD.sub("", _SINCE.sub("", text))
    earlier, text = _OLD.match(text), _COMPOUND.sub(lambda hit: hit[0] if hit[1] else " - ", text)
    text = _ITEM.sub("", text)
    if earlier:
        return Entry(text, STOPPED, earlier[0].strip(" :"), begins=begins)
    if (goes_on := _TAKEN_ON.sub("", text)) != text:
        text = _NEW_DOSE.sub("", goes_on)
    if text.startswith("?") or text.endswith(("?", "(?)")):
        return Entry(text.strip(" ?()"), UNSURE, "?", begins=begins)
    hits = ((meaning, hit) for meaning, sign in _SIGNS for hit in sign.finditer(text))
    found = next((one for one in hits if not _of_the_disease(text, *one)), None)
    entry = _unmarked(text) if found is None else _marked(text, *found)
    return replace(entry, begins=begins or entry.begins)


def _unmarked(text: str) -> Entry:
    """Read an entry that holds no word of `_REMARKS`."""
    if hit := _REACTIONS.search(text):
        return Entry(text[: hit.start()].rstrip(" -–—>:(["), REACTION, hit[0].strip(" -–—>:(["))
    if negated := _NEGATED.match(text):
        return Entry(text[negated.end() :], NOT_TAKEN, negated[0].strip())
    return Entry(text)


def _marked(text: str, meaning: str, hit: re.Match[str]) -> Entry:
    """Read an entry with the words that say what is with the drug."""
    name, said = _without(text, hit.span()), hit[0].strip(" ()[]")
    if meaning == UNTIL:
        first = _day_of(hit["first"], last=False) if "first" in hit.re.groupindex else None
        last = _day_of(hit["last"], last=True)
        return Entry(name, UNTIL if last else UNSURE, said, on=last, begins=first)
    ago, on = _AGO.search(text), _ISO.search(text)
    days = None
    if ago:
        count = _COUNTS.get(ago[1].lower()) or int(ago[1])
        days = round(count * _DAYS[ago[2].lower()])
    return Entry(name, meaning, said, days, _day(on[1]) if on else None)


def _of_the_disease(text: str, meaning: str, hit: re.Match[str]) -> bool:
    """Whether the words say what the drug is for: ``prednisone for allergic reaction``, ``for history of MI``."""
    before = text[: hit.start()]
    if meaning == ALLERGY:
        given = _FOR.search(before) and not _OVER.search(before)  # ``stopped for allergic reaction`` is one to it
        return bool(given or _AILMENT.match(text, hit.start()))
    had = _EARLIER.match(hit[0]) and (_FOR.search(before) or _REACTIONS.match(text, hit.start()))
    return meaning == STOPPED and bool(had)


def is_remark(text: str) -> bool:
    """Say whether a text is a remark on a drug alone, and names none itself: ``on hold``, ``finished last week``."""
    return read_entry(text).meaning is not None


def _without(text: str, span: tuple[int, int]) -> str:
    """Return the entry without the part that holds the remark: brackets, what is behind a dash, or the words."""
    for part in _BEHIND.finditer(text):
        if part.start() <= span[0] and span[1] <= part.end() and part.start() > 0:
            return f"{text[: part.start()]} {text[part.end() :]}".strip()
    before, behind = text[: span[0]].strip(" -–—:,;(["), _AGO.sub("", text[span[1] :]).strip(" -–—:,;)]")
    before = _TAIL.sub("", before).strip()
    return _HEAD.sub("", before or behind)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _day_of(text: str, *, last: bool) -> date | None:
    """Return the first or the last day that a date can mean, whatever its precision and order; None if it is none."""
    numbers = [int(one) for one in re.findall("[0-9]+", text)]
    named = re.search(r"[^\W\d_]{3}", text)
    if re.match("[0-9]{4}", text):
        year, *rest = numbers
        orders = [rest]
    else:
        *rest, year = numbers
        orders = [[_MONTH_OF[named[0].lower()], *rest]] if named else [rest[::-1]]
        orders += [rest] if "." not in text and not named else []
    days = [day for order in orders for day in _span(year, *order)]
    return (max if last else min)(days, default=None)


def _span(year: int, month: int | None = None, day: int | None = None) -> tuple[date, ...]:
    """Return the first and the last day of a year, month or day."""
    try:
        if day is not None:
            return (date(year, month or 0, day),)
        end = 12 if month is None else month
        behind = date(year + end // 12, end % 12 + 1, 1)
        return date(year, 1 if month is None else month, 1), behind - timedelta(days=1)
    except ValueError:
        return ()
