"""What stands in one entry of a medication list beside the drug's name: whether it is taken, and how.

The words, in several languages, are those of the table ``entry_words``; here is how they stand together.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache

from pgx.errors import InputError
from pgx.guard.limits import NAME
from pgx.knowledge.acting import PLANNED
from pgx.knowledge.base import KnowledgeBase

STOPPED, NOT_TAKEN, UNTIL = "stopped", "not_taken", "until"
ALLERGY, REACTION, UNSURE = "allergy", "reaction", "unsure"
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_ISO = re.compile(rf"\b({_DAY})\b")
AGO = re.compile(r"\b([0-9]{1,4}|a|an|one|two|three|four|five|six)\s+(day|week|month|year)s?\s+ago", re.IGNORECASE)
_COUNTS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_DAYS = {"day": 1.0, "week": 7.0, "month": 30.4375, "year": 365.25}
NUMBER = re.compile(r"(?<=\w )no\.?\s?(?=\d\b)", re.IGNORECASE)
"""The number of a brand: ``Tylenol No. 3``."""
DRINK = r"(?:glass(?:es)?|cups?|lit(?:er|re)s?|l|oz|gl[äa]s(?:er)?|verres?)\b"
"""What amounts of a juice are counted in."""
_ITEM = re.compile(r"^\s*(?:[0-9]{1,2}[.)]|[-–•*])\s+", re.IGNORECASE)
_PLAIN = re.compile(r"[\w\s-]*")
_BEHIND = re.compile(r"\s*(?:[\[(]([^\])]*)[\])]|\s[-–—:]\s*(.+)$|,\s*(.+)$)")

_DAILY = {
    "daily": 1, "od": 1, "qd": 1, "once daily": 1, "twice daily": 2, "bid": 2, "bd": 2, "three times daily": 3,
    "tid": 3, "tds": 3, "qid": 4, "weekly": 1 / 7, "once weekly": 1 / 7, "/day": 1, "/d": 1, "per day": 1, "a day": 1,
    "/week": 1 / 7, "/wk": 1 / 7, "per week": 1 / 7, "a week": 1 / 7,
}  # fmt: skip
_DOSE = re.compile(
    r"(\d+(?:\.\d+)?)\s*(mg|mcg|ug|µg|g)\s*("
    + "|".join(sorted(map(re.escape, _DAILY), key=len, reverse=True))
    + r")\b",
    re.IGNORECASE,
)
_MILLIGRAMS = {"mg": 1.0, "g": 1000.0, "mcg": 0.001, "ug": 0.001, "µg": 0.001}
LEAD = re.compile(
    r"^(?:product containing(?: only)?|substance|(?:prn|p\.r\.n\.|as needed)(?=[\s:]):?|"
    r"(?:(?:nda\d+|abuse-deterrent|sprinkle|osmotic|modified|matrix delivery|bx rating|sensor|preservative-free|"
    r"soft gelatin|(?:once|twice)-daily|\d+/\d+ release|evening dosing|pmdd|atrial fibrillation|pulmonary hypertension|"
    r"hyponatremia|smoking cessation)\s+|\d[\d.]*\s*(?:hr|ml|actuat|day|mg)\b\s*)+(?=[a-z])|"
    rf"(?:\d[\d.,]*|half an?|an?|one|two|three|eine?|zwei|drei|une?|deux)\s*{DRINK}\s+(?:of\s+|de\s+)?(?=[a-z])|"
    r"(?:apo|teva|pms|mylan|novo|ratio|sandoz|auro|jamp|mint|riva|taro|nu)-(?=[a-z]{5})|"
    r"(?:tablets?|tabs?|capsules?|caps?|inj|syrup|syp|t)\b\.?(?=\s)|(?:chlorhydrate|bromhydrate|phosphate|sulfate|citrate|"
    r"tartrate|maleate|mesilate|besilate|oxalate|succinate|clorhidrato|hidrocloruro|bromhidrato|fosfato|sulfato|succinato|"
    r"tartrato|maleato|mesilato|besilato|oxalato)\s+d(?:e\s+|['\N{RIGHT SINGLE QUOTATION MARK}]))\s*",
    re.IGNORECASE,
)
"""What product names begin with that is no part of a drug's name: forms, makers, salts."""
_COUNT = r"(?:\d(?:[.,]\d+)?|[½¼¾]|\d/\d)"
SCHEME = re.compile(
    rf"(?<!\S)(?:{_COUNT}\s?-\s?){{2,3}}{_COUNT}(?![\w/-])|(?<!\S)\d\s?dd\s?\d\b|"
    rf"(?<!\S){_COUNT}\s?(?:cp|cpr|compr?|gél|gel|gtt|gts|tbl|kaps?|tab)\b\.?(?:\s?/\s?(?:j|jour|d|día|dia|dag|24\s?h)\b)?|"
    r"(?<=mg)\s?/\s?(?:j|jour|24\s?h|12\s?h|8\s?h|día|dia|die|dag|tag)\b|"
    r"\b(?:n\.|nach|selon|según|secondo|volgens|wg|według)\s+(?:inr|pauta|schem[aa]t?u?|plan)\b|"
    r"(?<!\S)\d\s?(?:x|mal|fois|veces|volte|razy?)\s?(?:/|par|pro|per|al|am|na|dziennie)?\s?"
    r"(?:j|jour|tag|día|dia|dag|die|giorno|täglich|tgl\.?|dzień|dziennie|dobę)?(?!\S)|\bcada\s\d+\s(?:h|horas)\b|"
    r"(?<=\s)(?:(?:le|au|à)\s+(?:soir|matin|midi|coucher)|(?:si|au)\s+besoin|en\s+ayunas|(?:por\s+la\s+)?(?:noche|mañana)|"
    r"al\s+(?:acostarse|bisogno)|si\s+(?:dolor|precisa)|'s\s+(?:ochtends|avonds)|zo\s+nodig|volgens\s+[a-z]+|doraźnie|"
    r"krople|rano|wieczorem|na\s+noc|(?:bei|nach)\s+bedarf|die|\d\s?x\s?\d+\s?(?:gtt|tr\.?|tropfen))(?!\S)|"
    r"(?<!\S)x\s?\d+\s?(?:d|days?|wks?|weeks?)\b|(?<=[a-z])\s\d+(?:\.\d+)?-\d{3}(?![\w-])",
    re.IGNORECASE,
)
"""When and how much of a drug is taken, as ``1-0-1``, ``1dd1`` and ``1/2 cp/j``: no part of its name."""


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

    @property
    def reaction(self) -> str:
        """What the drug did, where the remark says that."""
        return (self.remark or "") if self.meaning == REACTION else ""

    def day(self, now: date | None) -> date | None:
        """Return the day of the remark, for an entry written `now`."""
        if self.on is not None:
            return self.on
        return now - timedelta(days=self.ago) if now is not None and self.ago is not None else None


class EntryWords:
    """Takes the entries of a medication list apart by the words of a table; get it from `entry_words`.

    Parameters
    ----------
    words
        Use -> patterns, in the order of the table.
    months
        First letters of a month's name -> its number.
    """

    def __init__(self, words: Mapping[str, Sequence[str]], months: Mapping[str, int]) -> None:
        self._words = words

        def any_of(*uses: str) -> str:
            return "(?:" + "|".join(one for use in uses for one in words.get(use, ())) + ")"

        def made(pattern: str) -> re.Pattern[str]:
            return re.compile(pattern.replace("{goes_on}", goes_on), re.IGNORECASE)

        def sign(pattern: str) -> re.Pattern[str]:
            return made(rf"(?<![\w/-])(?:{pattern})(?![\w/])")

        goes_on, year = any_of("goes_on"), "(?:19|20)[0-9]{2}"
        when = (
            rf"(?:{year}-[0-9]{{2}}(?:-[0-9]{{2}})?|(?:[0-9]{{1,2}}[./-]){{0,2}}{year}|"
            rf"(?:[0-9]{{1,2}}\.?\s+)?(?:{'|'.join(months)})[^\W\d_]{{0,6}}\.?,?\s+{year})"
        )
        last = rf"(?P<last>{when})(?![\w/-])(?!\s*(?:mg|mcg|µg|g|ml|i?u|ie|einheiten|units)\b)"
        to = rf"{any_of('to')}(?:\s+{any_of('to_more')})*"
        self.given_for = rf"\b{any_of('for')}\s"
        """Words before what a drug is given for."""
        self.what_for = made(
            rf"(?:^|\s){self.given_for}[a-z][\w/-]*(?:\s(?!but|then|now|not|never|caus|gave|see|aber)[\w/][\w/-]*){{0,6}}$"
        )
        """What a drug is given for: no remark on whether it is taken."""
        self.salts = made(rf"(?:\s+|-(?=hcl$)){any_of('salt')}$")
        """A salt or a form behind a drug's name."""
        self.joined_salts = made(rf"(?<=[^\W\d_]{{5}})-?(?:hemi|mono|di|tri)?(?:hydrogen)?{any_of('joined_salt')}$")
        """A salt that German writes in one word with its drug: ``metoprololsuccinat``."""
        self.before = made(rf"^(?:{any_of('before')})+")
        """Words before a drug's name that belong to no name: ``d'amiodarone``, ``Einnahme von``, ``in terapia con``."""
        self._months = months
        self._signs = (
            *((use, sign(any_of(use))) for use in (ALLERGY, NOT_TAKEN, STOPPED, PLANNED, UNSURE)),
            (UNTIL, sign(rf"(?:(?:from|von)\s+)?(?P<first>{when})\s*(?:-|–|to|{to})\s*{last}")),
            (UNTIL, sign(rf"{to}\s+{last}")),
            (UNSURE, sign(any_of("unsure_end"))),
        )
        # What a drug did to the person, behind a dash, a colon or a bracket; what it is given for reads otherwise.
        self._reactions = made(
            r"(?:[-–—>:(\[]\s*|\b(?:causes?d?|gave|gives|history\s+of|h/o|hx\s+of)\s+)(?:causes?d?\s+|gave\s+|gives\s+)?"
            rf"(?:an?\s+)?(?:skin\s+)?{any_of(REACTION)}\b"
        )
        # What a drug is given for, up to the words in question: nothing but its kind stands between.
        self._for = made(
            rf"(?:{self.given_for}|\b(?:if|as\s+needed)\s)"
            rf"(?:{any_of('kind')}\s+|l['\N{{RIGHT SINGLE QUOTATION MARK}}])*$"
        )
        self._earlier = made(any_of("earlier"))
        # What the person had, behind a drug's name: no remark on the drug.
        self._had = made(
            rf"(?<=\w)(?:\s[–—-]\s|[\s,;:]+|\s?[(\[]){any_of('had')}\s?"
            rf"(?:[\s-]?(?!{any_of('had_not')}\w*\b)[^\W\d_][\w/.']*){{1,4}}[)\]]?"
        )
        self._ailment = made(rf"allerg\w+\s+{any_of('ailment')}|(?<=seasonal )allerg")
        self._negated = made(rf"^{any_of('negated')}\s+(?=[a-z])")
        day = r"(?:[0-9]{1,2}[./]){0,2}"
        self._since = made(
            rf"[\s,(\[-]+(?:{any_of('begins')}[\s:]+(?P<begins>{_DAY})\b|"
            rf"{any_of('since')}[\s:]+{day}{year}\b(?!-)|{day}{year}\s?[-–]\s?{any_of('now')}\b)[)\]]?"
        )
        self._compound = made(rf"(\b(?:bei|wegen|gegen)\s\w+)?-(?={any_of('compound')}\b)")
        self._taken_on = made(
            r"^(?:plan:\s?|consider(?:ing)?\s)?(?:to\s)?{goes_on}\s(?:(?:with|mit|on|taking)\s)?|"
            r"[\s,;(\[–—-]+plan:\s?(?:to\s)?{goes_on}\b.*$|"
            r"^plan:\s?(?!.*\b(?:start|begin))(?=.*\b{goes_on}(?:\s(?:to|auf|by|um)\b|$))|"
            r"(?<!not)(?<!nicht)[\s,]+(?:bis\sauf\s)?{goes_on}(?:\s(?:to|auf|by|um)\b.*)?$"
        )
        self._new_dose = made(r"\s(?:to|auf|by|um)(?=\s[0-9])")
        self._over = made(rf"\b{any_of('over')}\b")
        self._old = made(rf"^\s*{any_of('earlier_list')}\s*:")
        self._head = made(rf"^(?:{any_of('head')}\s+)+")
        self._tail = made(rf"\b{any_of('tail')}$|\b{any_of('for')}$")
        self.read = lru_cache(maxsize=100_000)(self._read)
        """Takes an entry apart; what is said beside the name is never dropped."""

    def __reduce__(self) -> tuple[type[EntryWords], tuple[Mapping[str, Sequence[str]], Mapping[str, int]]]:
        return EntryWords, (self._words, self._months)

    def _read(self, text: str) -> Entry:
        text = NUMBER.sub("#", " ".join(text.split()))
        if len(text) > NAME.most:  # no look-up finds it either
            return Entry(text)
        begun: list[date] = []

        def since(hit: re.Match[str]) -> str:
            day = _day(hit["begins"]) if hit["begins"] else None
            begun.extend([day] if day else [])
            return "" if day or not hit["begins"] else hit[0]

        text = self._since.sub(since, text)
        begins = begun[0] if begun else None
        text = self._had.sub("", text)
        earlier, text = self._old.match(text), self._compound.sub(lambda hit: hit[0] if hit[1] else " - ", text)
        text = _ITEM.sub("", text)
        if earlier:
            return Entry(self._old.sub("", text).strip(), STOPPED, earlier[0].strip(" :"), begins=begins)
        if (goes_on := self._taken_on.sub("", text)) != text:
            text = self._new_dose.sub("", goes_on)
        if text.startswith("?") or text.endswith(("?", "(?)")):
            return Entry(text.strip(" ?()"), UNSURE, "?", begins=begins)
        hits = ((meaning, hit) for meaning, sign in self._signs for hit in sign.finditer(text))
        found = next((one for one in hits if not self._of_the_disease(text, *one)), None)
        entry = self._unmarked(text) if found is None else self._marked(text, *found)
        return replace(entry, begins=begins or entry.begins)

    def _unmarked(self, text: str) -> Entry:
        """Read an entry that holds none of the words of a remark."""
        if hit := self._reactions.search(text):
            return Entry(text[: hit.start()].rstrip(" -–—>:(["), REACTION, hit[0].strip(" -–—>:(["))
        if negated := self._negated.match(text):
            return Entry(text[negated.end() :], NOT_TAKEN, negated[0].strip())
        return Entry(text)

    def _marked(self, text: str, meaning: str, hit: re.Match[str]) -> Entry:
        """Read an entry with the words that say what is with the drug."""
        name, said = self._without(text, hit.span()), hit[0].strip(" ()[]")
        if meaning == UNTIL:
            first = _day_of(hit["first"], self._months, last=False) if "first" in hit.re.groupindex else None
            last = _day_of(hit["last"], self._months, last=True)
            return Entry(name, UNTIL if last else UNSURE, said, on=last, begins=first)
        on = _ISO.search(text)
        return Entry(name, meaning, said, days_ago(text), _day(on[1]) if on else None)

    def _of_the_disease(self, text: str, meaning: str, hit: re.Match[str]) -> bool:
        """Whether the words say what the drug is for: ``prednisone for allergic reaction``, ``for history of MI``."""
        before = text[: hit.start()]
        if meaning == ALLERGY:
            given = self._for.search(before) and not self._over.search(before)  # ``stopped for allergic reaction``
            return bool(given or self._ailment.match(text, hit.start()))
        had = self._earlier.match(hit[0]) and (self._for.search(before) or self._reactions.match(text, hit.start()))
        return meaning == STOPPED and bool(had)

    def _without(self, text: str, span: tuple[int, int]) -> str:
        """Return the entry without the part that holds the remark: brackets, what is behind a dash, or the words."""
        for part in _BEHIND.finditer(text):
            if part.start() <= span[0] and span[1] <= part.end() and part.start() > 0:
                return f"{text[: part.start()]} {text[part.end() :]}".strip()
        before, behind = text[: span[0]].strip(" -–—:,;(["), AGO.sub("", text[span[1] :]).strip(" -–—:,;)]")
        before = self._tail.sub("", before).strip()
        return self._head.sub("", before or behind)


def days_ago(text: str) -> int | None:
    """Return how many days ago something was, if a text says so: ``3 months ago``."""
    ago = AGO.search(text)
    return round((_COUNTS.get(ago[1].lower()) or int(ago[1])) * _DAYS[ago[2].lower()]) if ago else None


def entry_words(kb: KnowledgeBase) -> EntryWords:
    """Return what takes entries apart, made once a knowledge base.

    Raises
    ------
    InputError
        If words of the table are no pattern.
    """
    return kb.remember("entry words", lambda: _entry_words(kb))


def _entry_words(kb: KnowledgeBase) -> EntryWords:
    words, months = defaultdict[str, list[str]](list), dict[str, int]()
    for uses, pattern, month in kb.table("entry_words").select("use", "words", "month").iter_rows():
        if not _PLAIN.fullmatch(pattern):  # plain words cannot be wrong, and most are plain
            try:
                re.compile(pattern)
            except re.error as error:
                raise InputError(f"{pattern!r} is no pattern: {error}", file="entry_words.tsv") from None
        for use in uses.split(";"):
            words[use].append(pattern)
        if month is not None:
            months[pattern] = month
    return EntryWords(words, months)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _day_of(text: str, months: Mapping[str, int], *, last: bool) -> date | None:
    """Return the first or the last day that a date can mean, whatever its precision and order; None if it is none."""
    numbers = [int(one) for one in re.findall("[0-9]+", text)]
    named = re.search(r"[^\W\d_]{3}", text)
    if re.match("[0-9]{4}", text):
        year, *rest = numbers
        orders = [rest]
    else:
        *rest, year = numbers
        orders = [[months[named[0].lower()], *rest]] if named else [rest[::-1]]
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


def dose_per_day(text: str) -> float | None:
    """Return milligrams a day when the text says both amount and how often, else None."""
    found = _DOSE.search(text) if len(text) <= NAME.most else None
    return float(found[1]) * _MILLIGRAMS[found[2].lower()] * _DAILY[found[3].lower()] if found else None
