"""Drug names and codes to drugs of the knowledge base: exact look-ups only, with suggestions for what is not found."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache

from pgx.errors import UsageError
from pgx.knowledge.base import KnowledgeBase

_STRENGTH = re.compile(r"\s*\b\d[\d.,]*\s*(?:mg|mcg|ug|µg|g|ml|unt|units?|iu|meq|hr|%|\[).*$", re.IGNORECASE)
_BRACKETS = re.compile(r"\s*[\[(].*?[\])]")
_LEAD = re.compile(r"^(?:product containing(?: only)?|substance|\d+\s*(?:hr|ml)\b)\s*", re.IGNORECASE)
_SALTS = re.compile(
    r"\s+(?:hydrochloride|hcl|hydrobromide|sodium|potassium|calcium|magnesium|maleate|mesylate|succinate|tartrate|besylate|phosphate|"
    r"sulfate|sulphate|acetate|citrate|fumarate|bisulfate|bisulphate|nitrate|bromide|oxalate|monohydrate|anhydrous|"
    r"er|xr|sr|cr|la|xl|ec|dr|ir|extended release|delayed release|oral|tablets?|capsules?|injection|solution|pill)$",
    re.IGNORECASE,
)
_PARTS = re.compile(r"\s*(?:/|\+| and | with )\s*")
_ATC = re.compile(r"^[A-Z]\d{2}[A-Z]{2}\d{2}$")
_CODE = re.compile(r"^(rxnorm|rxcui|atc|snomed|sct|ncit|omop)\s*[:=|]\s*(\S+)$", re.IGNORECASE)
_CODE_SYSTEMS = {
    "rxnorm": "RxNorm",
    "rxcui": "RxNorm",
    "atc": "ATC",
    "snomed": "SNOMED",
    "sct": "SNOMED",
    "ncit": "NCIT",
    "omop": "OMOP",
}

_DAILY = {
    "daily": 1,
    "od": 1,
    "qd": 1,
    "once daily": 1,
    "twice daily": 2,
    "bid": 2,
    "bd": 2,
    "three times daily": 3,
    "tid": 3,
    "tds": 3,
    "qid": 4,
    "weekly": 1 / 7,
    "once weekly": 1 / 7,
    "/day": 1,
    "/d": 1,
    "per day": 1,
    "a day": 1,
    "/week": 1 / 7,
    "/wk": 1 / 7,
    "per week": 1 / 7,
    "a week": 1 / 7,
}
_DOSE = re.compile(
    r"(\d+(?:\.\d+)?)\s*(mg|mcg|ug|µg|g)\s*("
    + "|".join(sorted(map(re.escape, _DAILY), key=len, reverse=True))
    + r")\b",
    re.IGNORECASE,
)
_MILLIGRAMS = {"mg": 1.0, "g": 1000.0, "mcg": 0.001, "ug": 0.001, "µg": 0.001}


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

    def by_code(self, system: str, code: str) -> tuple[str, ...]:
        """Return the drugs of a code; empty when it is not known."""
        return self.codes.get((system, code), ())

    def find(self, text: str) -> Found:
        """Return the drugs that a generic name, brand, clinical-drug description or code stands for.

        Strength, form and salt are read past (``Naproxen sodium 220 MG Oral Tablet``); spelling is never corrected.
        """
        text = " ".join(text.split())
        if code := _CODE.match(text):
            found = self.by_code(_CODE_SYSTEMS[code[1].lower()], code[2])
        elif text.isdigit():
            found = self.by_code("RxNorm", text)
        elif _ATC.match(text.upper()):
            found = self.by_code("ATC", text.upper())
        else:
            return self._by_name(text)
        return Found(found) if found else Found((), (text,))

    def _by_name(self, text: str) -> Found:
        whole = self._one(text)
        if whole:
            return Found((whole,))
        parts = [part for part in _PARTS.split(_BRACKETS.sub("", text)) if part]
        if len(parts) < 2:
            return Found((), (text,))
        drugs = [self._one(part) for part in parts]
        if not any(drugs):
            return Found((), (text,))
        return Found(
            tuple(dict.fromkeys(d for d in drugs if d)),
            tuple(part for part, drug in zip(parts, drugs, strict=True) if not drug),
        )

    def _one(self, text: str) -> str | None:
        name = text.lower().strip(" .,*")
        for rule in (None, _BRACKETS, _LEAD, _STRENGTH):
            name = rule.sub("", name).strip(" .,") if rule else name
            if name in self.names:
                return self.names[name]
        while (shorter := _SALTS.sub("", name)) != name:
            name = shorter.strip(" ,")
            if name in self.names:
                return self.names[name]
        return self.names.get(re.sub(r"\s*/\s*", "/", name))

    def ingredient(self, text: str) -> str:
        """Return a description without brackets, strength, form and salt, lower case; it need not be a known drug."""
        name = text.lower().strip(" .,*")
        for rule in (_BRACKETS, _LEAD, _STRENGTH):
            name = rule.sub("", name).strip(" .,")
        while (shorter := _SALTS.sub("", name).strip(" ,")) != name:
            name = shorter
        return name

    def suggest(self, text: str) -> list[str]:
        """Return names that are spelled almost like this one, best first."""
        name = _STRENGTH.sub("", text.lower()).strip()
        close = difflib.get_close_matches(name, self.names, n=3, cutoff=0.8)
        return list(dict.fromkeys(n if self.names[n] == n else f"{n} ({self.names[n]})" for n in close))


def dose_per_day(text: str) -> float | None:
    """Return milligrams a day when the text says both amount and how often, else None."""
    found = _DOSE.search(text)
    return float(found[1]) * _MILLIGRAMS[found[2].lower()] * _DAILY[found[3].lower()] if found else None


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
    return DrugNames(names, {key: tuple(value) for key, value in codes.items()})


def resolve(kb: KnowledgeBase, text: str) -> str:
    """Return the one drug that a user means by a generic name, brand, RxNorm or ATC code.

    Raises
    ------
    UsageError
        If the name is not known (with what is spelled almost like it), or stands for several drugs.
    """
    look_up = drug_names(kb)
    found = look_up.find(text.strip())
    if len(found.drugs) == 1 and not found.unknown:
        return found.drugs[0]
    if len(found.drugs) > 1:
        raise UsageError(f"{text!r} stands for several drugs: {', '.join(found.drugs)}; ask for one of them")
    close = look_up.suggest(text)
    hint = f"did you mean {' or '.join(close)}?" if close else "see `pgx kb drug NAME` for what is known"
    raise UsageError(f"the knowledge base has no drug {text!r}; {hint}")
