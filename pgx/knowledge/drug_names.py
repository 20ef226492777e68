"""Drug names and codes to drugs of the knowledge base: exact look-ups only, with suggestions for what is not found."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from pgx.guard.limits import NAME
from pgx.knowledge.base import KnowledgeBase
from pgx.knowledge.dose_forms import DoseForms, dose_forms
from pgx.knowledge.drug_entries import DRINK, LEAD, NUMBER, SCHEME, Entry, EntryWords, entry_words

_STRENGTH = re.compile(
    rf"\s*\b(?:\d[\d.,]*\s*[-/]\s*)*\d[\d.,]*\s*(?:mg|mcg|ug|µg|g|ml|unt|units?|iu|meq|hr|%|\[|{DRINK}).*$"
    r"|(?<=\w)\s+\d[\d.]*/\d[\d.]*(?:/\d[\d.]*)?\b(?:\s.*)?$",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"\s*[\[(].*?[\])]")
_COPY = re.compile(r"(?<=[a-z]{5})-(?!free|like|only|type)[a-z]{4}$")
"""The letters without a meaning that the FDA adds to the name of a biological: ``rituximab-abbs``."""
_TWO_LETTERS = {ord("\N{LATIN SMALL LETTER SHARP S}"): "ss", ord("\N{LATIN SMALL LIGATURE OE}"): "oe"}
_SIGNS = re.compile("[\N{REGISTERED SIGN}\N{COPYRIGHT SIGN}\N{TRADE MARK SIGN}]")
_PARTS = re.compile(r"\s*(?:/|\+|,|;|\n|&| and | und | et | y | with | plus |\s\d{1,2}[.)]\s)\s*")
_HYPHEN = re.compile(r"(?<=[^\W\d_]{4})\s*-\s*(?=[^\W\d_]{4}|hct\b)", re.IGNORECASE)
_NO_DRUG = re.compile(r"(?:ed|ing|like|free|type|naive|bound|allergic|resistant|sensitive)\b", re.IGNORECASE)
_RATIO = re.compile(
    rf"\b\d[\d.,]*\s*(?:mg|mcg|ug|µg|g|ml|unt|units?|iu|meq|%|{DRINK})?\s*/\s*(?:\d[\d.,]*\s*)?"
    r"(?:mg|mcg|ug|µg|g|ml|l|hr|h|day|d|wk|week|actuat|dose|puff|spray|tablet|kg|m2|unt|iu|meq)\b",
    re.IGNORECASE,
)
_FORM = re.compile(
    r"\b(?:\d[\d.,]*|x|mg|mcg|ug|µg|g|ml|unt|units?|iu|meq|hr|h|hours?|actuat|oral|tablets?|capsules?|pills?|injections?|injectable|"
    r"solution|suspension|syrup|cream|ointment|gel|patch(?:es)?|transdermal|topical|inhaler|metered|dose|prefilled|syringe|"
    r"pen|powder|film|coated|chewable|extended|delayed|sustained|modified|prolonged|immediate|release|enteric|er|xr|sr|cr|"
    r"la|xl|ec|dr|ir|mr|once|twice|three|times|daily|day|weekly|week|nightly|od|qd|bd|bid|tds|tid|qid|qhs|hs|prn|po|iv|"
    r"im|sc|sl|as|at|in|the|a|an|per|by|mouth|every|needed|required|directed|night|bedtime|morning|evening|noon|with|"
    r"food|meals?|use|take|taken|for|continued|usp|x\d+|days?|weeks?|months?|if|when|required|currently|current|active|"
    r"regular(?:ly)?|ongoing|continue[sd]?|home|med|medication|product|substance|clinical|drug|medicinal|spray|lotion|"
    r"suppositor(?:y|ies)|drops?|eye|ear|nasal|sublingual|subcutaneous|intravenous|intramuscular|rectal|vaginal|iv|vial|"
    r"ophthalmic|otic|auto-?injector|cartridge|kit|sachet|effervescent|orally|disintegrating|total|one|two|half|dly|inhalant|inhalation|nebuli[sz]er|"
    r"nicht mehr als|not? more than|bis(?: zu)?|up to|[0-9]+x|t[äa]glich|tgl|morgens|mittags|abends|"
    rf"{DRINK}|ein|zwei|drei|un|deux|par|jour|yes|ja|oui|often|sometimes|occasional(?:ly)?|rarely|gelegentlich|aerosol|"
    r"shampoo|foam|nebuli[sz]ation|packs?|ring|hfa|dis[ck]us)\b",
    re.IGNORECASE,
)
_BESIDE = re.compile(r"\(([^()]*)\)|\[([^\]]*)\]|\s[-–—]+>?\s+(.+)$|:\s+(.+)$")
_SQUARE, _NEVER = re.compile(r"\[[^\]]*\]"), re.compile(r"(?!)")
_BEHIND = re.compile(rf"[\s,:=]+{_FORM.pattern}$", re.IGNORECASE)
_JOINED = re.compile(r"\s*/\s*| and ")
_ATC = re.compile(r"^[A-Z]\d{2}[A-Z]{2}\d{2}$")
_CODE = re.compile(r"^(rxnorm|rxcui|atc|snomed|sct|ncit|omop)\s*[:=|]\s*(\S+)$", re.IGNORECASE)
_CODE_SYSTEMS = {
    "rxnorm": "RxNorm", "rxcui": "RxNorm", "atc": "ATC", "snomed": "SNOMED", "sct": "SNOMED", "ncit": "NCIT",
    "omop": "OMOP",
}  # fmt: skip

_SHORT, _LONG = 5, 9
"""Letters from which a name can be a slip of another one, and from which two letters may be wrong."""


@dataclass(frozen=True, slots=True)
class Found:
    """The drugs that a name stands for, and the parts of it that were not understood."""

    drugs: tuple[str, ...]
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class DrugNames:
    """Look-ups of the drug tables; build it with `drug_names`."""

    names: dict[str, str]
    codes: dict[tuple[str, str], tuple[str, ...]]
    made_of: dict[str, tuple[str, ...]]
    of_parts: dict[frozenset[str], str] = field(default_factory=dict, repr=False)
    others: frozenset[str] = frozenset()
    kb: KnowledgeBase | None = field(default=None, repr=False, compare=False)
    forms: DoseForms | None = None
    entries: EntryWords | None = None
    _read: dict[str, Found] = field(default_factory=dict, repr=False)
    _close: dict[str, list[str]] = field(default_factory=dict, repr=False)

    @cached_property
    def products(self) -> dict[str, tuple[str, str]]:
        """Name and form of each product that RxNorm has a code for; read when a record names a drug by such a code."""
        rows = self.kb.table("drug_products").select("name", "form", "codes").iter_rows() if self.kb else ()
        return {code: (name, form or "") for name, form, codes in rows for code in codes.split(";")}

    @property
    def _what_for(self) -> re.Pattern[str]:
        return self.entries.what_for if self.entries else _NEVER

    @property
    def _salts(self) -> re.Pattern[str]:
        return self.entries.salts if self.entries else _NEVER

    @property
    def _before(self) -> re.Pattern[str]:
        return self.entries.before if self.entries else _NEVER

    def entry(self, text: str) -> Entry:
        """Take an entry of a medication list apart."""
        return self.entries.read(text) if self.entries else Entry(text)

    def by_code(self, system: str, code: str) -> tuple[str, ...]:
        """Return the drugs of a code, of a substance or a product of it; empty when it is not known."""
        if (drugs := self.codes.get((system, code))) or system != "RxNorm":
            return drugs or ()
        product = self.products.get(code)
        return self.find(product[0]).drugs if product else ()

    @staticmethod
    def coded(text: str) -> list[tuple[str, str]]:
        """Return the code that a text consists of, with its vocabulary: ``RxNorm:309362``."""
        hit = _CODE.match(text.strip())
        return [(_CODE_SYSTEMS[hit[1].lower()], hit[2])] if hit else []

    def worded(self, text: str, codes: Iterable[tuple[str, str]]) -> tuple[list[tuple[str, str]], str]:
        """Return the codes, also one that the text is itself, and the words: of a product's code alone what it is."""
        codes = list(codes) or self.coded(text)
        if not self.is_bare(text, codes):
            return codes, text
        products = (self.products.get(code) for system, code in codes if system == "RxNorm")
        product = next(filter(None, products), None)
        return codes, " ".join(product).strip() if product else text

    def is_bare(self, text: str, codes: Sequence[tuple[str, str]]) -> bool:
        """Say whether a text is nothing but one of the codes beside it."""
        codes_in_text = {text.strip(), *(code for _, code in self.coded(text))}
        return any(code in codes_in_text for _, code in codes)

    def find(self, text: str) -> Found:
        """Return the drugs that a generic name, brand, clinical-drug description or code stands for.

        Strength, form and salt are read past (``Naproxen sodium 220 MG Oral Tablet``); spelling is never corrected.
        """
        if len(text) > NAME.most:
            return Found((), (f"{text[:60]}... ({len(text)} characters)",))
        if text not in self._read:
            self._read[text] = self._find(NUMBER.sub("#", " ".join(SCHEME.sub(" ", _SIGNS.sub(" ", text)).split())))
        return self._read[text]

    def _find(self, text: str) -> Found:
        bare = self.forms.without_route(text) if self.forms else text
        plain = self.plain(text)
        spellings = dict.fromkeys((text, plain, bare, self.plain(bare), self._before.sub("", plain)))
        readings = [self._as_written(spelling) for spelling in spellings]
        whole = (reading for reading in readings if reading.drugs and not reading.unknown)
        return next(whole, next((reading for reading in readings if reading.drugs), readings[0]))

    def _as_written(self, text: str) -> Found:
        if code := _CODE.match(text):
            drugs = self.by_code(_CODE_SYSTEMS[code[1].lower()], code[2])
        elif text.isdigit():
            drugs = self.codes.get(("RxNorm", text), ())  # of no product: a hospital's own numbers look alike
        elif _ATC.match(text.upper()):
            drugs = self.by_code("ATC", text.upper())
        else:
            return self._by_name(text)
        return Found(drugs) if drugs else Found((), (text,))

    @staticmethod
    def plain(text: str) -> str:
        """Return a name in lower case, without accents and outer spaces.

        >>> DrugNames.plain(" Cod\N{LATIN SMALL LETTER E WITH ACUTE}ine ")
        'codeine'
        """
        decomposed = unicodedata.normalize("NFKD", text.translate(_TWO_LETTERS))
        return " ".join("".join(letter for letter in decomposed if not unicodedata.combining(letter)).lower().split())

    def is_name(self, text: str) -> bool:
        """Say whether a text is a name as it stands, commas and all."""
        return len(text) <= NAME.most and self._exact(text) is not None

    @staticmethod
    def names_something(text: str) -> bool:
        """Say whether a text holds more than amounts, forms and times."""
        return re.search(r"[^\W\d_]", _FORM.sub("", text)) is not None

    def _by_name(self, text: str) -> Found:
        if whole := self._exact(text):
            return Found((whole,))
        plain = _RATIO.sub(" 0 mg ", _BRACKETS.sub(" ", text))
        # What holds no letters but those of forms, amounts and times names no drug.
        parts = [
            part
            for joined in _PARTS.split(plain)
            for part in self._hyphened(joined)
            if self.names_something(part) and not self._salts.fullmatch(f" {part}")
        ]
        if len(parts) < 2:
            drugs = self._listed(text, self._drug_of(text) or (self._drug_of(parts[0]) if parts else None))
            drugs = drugs or self._side_by_side(parts[0] if parts else text)
            inner = () if drugs else (self._by_name(hit[0].strip()[1:-1]) for hit in _BRACKETS.finditer(text))
            made_of = next((bracketed for bracketed in inner if bracketed.drugs and not bracketed.unknown), None)
            return made_of or Found(drugs, () if drugs else (text,))
        if together := self._combination_of(parts):
            return Found((together,))
        by_part = {part: self._listed(part, self._drug_of(part)) for part in parts}
        drugs = tuple(dict.fromkeys(drug for drugs_of in by_part.values() for drug in drugs_of))
        return Found(drugs, tuple(part for part, drugs_of in by_part.items() if not drugs_of) if drugs else (text,))

    def _hyphened(self, text: str) -> list[str]:
        """Split ``acetaminophen-codeine`` where it is no name itself, one part is a drug and none tells how it is."""
        strength = _STRENGTH.search(text)
        end = strength.start() if strength else len(text)
        parts = _HYPHEN.split(text[:end])
        if len(parts) < 2 or self._drug_of(text) or _NO_DRUG.search(text[:end]):
            return [text]
        # Behind a dash with spaces around it stands more often a remark than a drug.
        enough = all if re.search(r"\s-|-\s", text[:end]) else any
        is_known = self._combination_of(parts) or enough(self._drug_of(part) for part in parts)
        return [*parts[:-1], parts[-1] + text[end:]] if is_known else [text]

    def _exact(self, text: str) -> str | None:
        """Return the drug of a name as it stands, with nothing read past but brackets."""
        name = text.lower().strip(" .,*")
        for spelling in (name, _BRACKETS.sub("", name).strip(" .,"), re.sub(r"\s*/\s*", "/", name)):
            if spelling in self.names:
                return self.names[spelling]
        return None

    def _combination_of(self, parts: list[str]) -> str | None:
        """Return the combination that consists of the parts, in whatever order and by whatever names of theirs."""
        return self.of_parts.get(frozenset(self._drug_of(part) or self.ingredient(part) for part in parts))

    def _side_by_side(self, text: str) -> tuple[str, ...]:
        """Return the drugs whose names stand side by side, ``paracetamol codeine``; nothing if a word is no name."""
        words = self.ingredient(text).split()
        if len(words) < 2 or not all(word in self.names for word in words):
            return ()
        together = self._combination_of(words)
        return (together,) if together else tuple(dict.fromkeys(self.names[word] for word in words))

    def _listed(self, text: str, first: str | None) -> tuple[str, ...]:
        """Return the drug, and those that the same text names behind its strength and form."""
        if first is None:
            return ()
        strength = _STRENGTH.search(LEAD.sub("", text))
        words = re.findall(r"[^\W\d_][\w'.-]{3,}", strength[0].lower()) if strength else []
        return tuple(dict.fromkeys((first, *(self.names[word] for word in words if word in self.names))))

    def substances(self, drugs: tuple[str, ...]) -> tuple[str, ...]:
        """Return drugs, and what those of them that are combinations are made of."""
        return tuple(dict.fromkeys(substance for drug in drugs for substance in (drug, *self.made_of.get(drug, ()))))

    def _drug_of(self, text: str) -> str | None:
        name = text.lower().strip(" .,*")
        for rule in (None, _BRACKETS, self._before, LEAD, _STRENGTH, self._what_for):
            name = rule.sub("", name).strip(" .,") if rule else name
            if name in self.names:
                return self.names[name]
        rules = (_BEHIND, self._salts, self.entries.joined_salts if self.entries else _NEVER, _COPY)
        while (rule := next((pattern for pattern in rules if pattern.search(name)), None)) is not None:
            name = rule.sub("", name).strip(" ,")
            if name in self.names:
                return self.names[name]
        return self.names.get(re.sub(r"\s*/\s*", "/", name))

    def ingredient(self, text: str) -> str:
        """Return a description without brackets, strength, form and salt, lower case; it need not be a known drug."""
        name = " ".join(text[: NAME.most].lower().split()).strip(" .,*")
        for rule in (_BRACKETS, self._before, LEAD, _STRENGTH):
            name = rule.sub("", name).strip(" .,")
        while (shorter := self._salts.sub("", _BEHIND.sub("", name)).strip(" ,")) != name:
            name = shorter
        return name

    def inside(self, text: str) -> tuple[str, ...]:
        """Return the drugs whose names stand in a text as whole words, whatever it says of them."""
        words = re.findall(r"[^\W\d_][\w'-]{3,}", self.plain(text))
        return tuple(dict.fromkeys(self.names[word] for word in words if word in self.names))

    def beside(self, text: str, *, coded: bool = False) -> str | None:
        """Return what stands beside a drug's name and is neither a name nor amount, form, route or rhythm.

        Brackets and what is behind a dash or the strength are looked at; of a `coded` drug, ``[Brand]`` is a name.
        """
        text = SCHEME.sub(" ", text)
        parts = [hit[0] for hit in (_SQUARE if coded else _NEVER).finditer(text)]
        outside = "" if text.lower().strip(" .,*") in self.names else text
        for part in parts:
            outside = outside.replace(part, " ")
        remarks = [next(filter(None, hit.groups()), "") for hit in _BESIDE.finditer(outside)]
        if (strength := _STRENGTH.search(_BESIDE.sub(" ", outside))) and not self.find(strength[0]).drugs:
            remarks.append(strength[0])
        unread = [part.strip(" ,.-") for part in remarks if not self.find(part).drugs and self._says_more(part)]
        return "; ".join(unread)[:80] or None

    def _says_more(self, text: str) -> bool:
        text = self.forms.without_route(f"x {text}")[1:] if self.forms else text
        words = re.findall(r"[^\W\d_]{3,}", _FORM.sub(" ", self._what_for.sub(" ", text)).lower().replace(" and ", " "))
        return any(word not in self.names and not self._salts.fullmatch(f" {word}") for word in words)

    def suggest(self, text: str) -> list[str]:
        """Return names of which this one is a slip of a letter or two, best first; never another drug's similar name.

        A name of a medicine that is no drug of the tables is no slip of one that is, nor is what is more like it.
        """
        name = _STRENGTH.sub("", self.plain(text[: NAME.most])).strip()
        if name not in self._close:
            self._close[name] = self._suggest(name)
        return self._close[name]

    def _suggest(self, name: str) -> list[str]:
        allowed = 1 if len(name) < _LONG else 2
        if name in self.others or len(name) < _SHORT:
            return []
        near = [other for other in (*self.names, *self.others) if abs(len(other) - len(name)) <= allowed]
        slips_of = {other: slips for other in near if (slips := _slips(name, other, allowed)) <= allowed}
        fewest = min(slips_of.values(), default=0)
        close = [other for other, slips in slips_of.items() if slips == fewest]
        if any(other not in self.names for other in close):
            return []
        # Another first letter, or two letters apart and another ending, is more likely another drug than a slip.
        close = [other for other in close if _begin_alike(other, name)]
        close = [other for other in close if fewest == 1 or (other[:2] == name[:2] and other[-2:] == name[-2:])]
        drugs = {self.names[other] for other in close}
        # As near to the names of two drugs, it may be either: whoever is shown one takes it for the right one.
        if len(drugs) != 1:
            return []
        drug = drugs.pop()
        return [drug if drug in close else f"{close[0]} ({drug})"]


def _begin_alike(name: str, other: str) -> bool:
    """Whether two names begin with one letter, or with C and K, which languages write for each other."""
    return name[0] == other[0] or {name[0], other[0]} == {"c", "k"} or name[1:] == other or name == other[1:]


def _slips(name: str, other: str, limit: int) -> int:
    """Return how many letters are wrong, missing, too many or swapped; more than `limit` is all."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for line, letter in enumerate(name, 1):
        before_last, before, row = before, row, [line]
        for column, other_letter in enumerate(other, 1):
            cost = min(before[column] + 1, row[column - 1] + 1, before[column - 1] + (letter != other_letter))
            if before_last and column > 1 and letter == other[column - 2] and name[line - 2] == other_letter:
                cost = min(cost, before_last[column - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return row[-1]


@lru_cache(maxsize=8)
def drug_names(kb: KnowledgeBase) -> DrugNames:
    """Build the look-ups from the drug tables of a knowledge base."""
    names: dict[str, str] = {}
    codes: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    table = kb.table("drugs")
    for drug, synonyms in table.select("drug", "synonyms").iter_rows():
        names[drug.lower()] = drug
        for synonym in (synonyms or "").split(";"):
            if synonym:
                names.setdefault(synonym.lower(), drug)
    for drug in table["drug"]:
        names.setdefault(re.sub(r"\s*/\s*", "/", drug.lower()), drug)
    for drug, rxnorm, atc in table.select("drug", "rxnorm", "atc").iter_rows():
        if rxnorm:
            codes["RxNorm", rxnorm].append(drug)
        for code in (atc or "").split(";"):
            if code:
                codes["ATC", code].append(drug)
    for system, name, drug in kb.table("drug_names").select("system", "name", "drug").iter_rows():
        if system == "text":
            names.setdefault(name, drug)
        elif drug not in codes[system, name]:
            codes[system, name].append(drug)
    plain = DrugNames(names, {key: tuple(value) for key, value in codes.items()}, {}, entries=entry_words(kb))
    others = frozenset(kb.table("other_drugs")["name"]) - set(names)
    parts = {drug: _parts(drug, plain, others) for drug in table["drug"]}
    of_parts = {frozenset(pieces): drug for drug, pieces in parts.items() if len(pieces) > 1}
    made_of = {drug: tuple(names[piece] for piece in pieces if piece in names) for drug, pieces in parts.items()}
    made_of = {drug: pieces for drug, pieces in made_of.items() if pieces}
    whole = replace(plain, kb=kb, others=others, made_of=made_of, of_parts=of_parts)
    return replace(whole, forms=dose_forms(kb))


def _parts(drug: str, look_up: DrugNames, others: frozenset[str]) -> tuple[str, ...]:
    """Return what a combination is made of, by the names of the drug table where it has them; nothing of others."""
    pieces = _JOINED.split(drug)
    if len(pieces) < 2:
        return ()
    ingredients = [look_up.names.get(look_up.ingredient(part), look_up.ingredient(part)) for part in pieces]
    is_combination = [part for part in ingredients if part in look_up.names.values() or part in others]
    return tuple(dict.fromkeys(ingredients)) if is_combination and drug not in ingredients else ()
