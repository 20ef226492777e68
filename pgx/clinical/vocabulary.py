"""Names, codes, answers and units of the clinical concepts, looked up in the knowledge tables."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache

from pgx.guard.limits import HEADING
from pgx.knowledge.base import KnowledgeBase
from pgx.knowledge.condition_grades import ConditionGrades, condition_grades
from pgx.knowledge.near_names import NearNames

SYSTEMS = {
    "http://loinc.org": "LOINC",
    "http://snomed.info/sct": "SNOMED",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "RxNorm",
    "urn:oid:2.16.840.1.113883.6.73": "ATC",
    "urn:oid:2.16.840.1.113883.6.1": "LOINC",
    "urn:oid:2.16.840.1.113883.6.96": "SNOMED",
    "icd-10-gm": "ICD10",
    "icd10gm": "ICD10",
    "urn:oid:1.2.276.0.76.5.409": "ICD10",
    "urn:oid:2.16.840.1.113883.6.90": "ICD10",
    "urn:oid:2.16.840.1.113883.6.3": "ICD10",
    "urn:oid:2.16.840.1.113883.6.88": "RxNorm",
    "urn:oid:2.16.840.1.113883.6.238": "CDCREC",
    "http://terminology.hl7.org/codesystem/v3-nullflavor": "NullFlavor",
    "http://hl7.org/fhir/uv/ips/codesystem/absent-unknown-uv-ips": "IPS",
    "loinc": "LOINC",
    "ln": "LOINC",
    "snomed": "SNOMED",
    "snomed ct": "SNOMED",
    "sct": "SNOMED",
    "icd10": "ICD10",
    "icd10cm": "ICD10",
    "icd-10": "ICD10",
    "icd-10-cm": "ICD10",
    "rxnorm": "RxNorm",
    "rxnorm extension": "RxNorm",
    "atc": "ATC",
    "hp": "HPO",
    "mondo": "MONDO",
    "ncit": "NCIT",
    "srt": "SRT",
    "omop": "OMOP",
    "http://standardterms.edqm.eu": "EDQM",
    "http://terminology.hl7.org/codesystem/v3-routeofadministration": "RouteOfAdministration",
    "race": "CDCREC",
    "ethnicity": "CDCREC",
}
"""How files name a vocabulary (lower case), and its name in the tables."""


_BY_END = re.compile(r"https?://.*/(atc|icd-10)(?:-(?:cm|gm|[a-z]{2}))?$")
"""Addresses of vocabularies that each country has at a place of its own: ``http://fhir.de/CodeSystem/bfarm/atc``."""


def system_name(text: str) -> str:
    """Return the tables' name of a vocabulary, or the text itself when it is not one of theirs."""
    plain = text.strip().lower().rstrip("/")
    ended = _BY_END.match(plain)
    return SYSTEMS.get(ended[1] if ended else plain, text)


def column_name(text: str) -> str:
    """Write a column heading the way the tables do: lower case, words joined by one underscore."""
    return re.sub(r"[^a-z0-9]+", "_", text.strip().lower().translate(_PLAIN)).strip("_")


NUMBERED = "numbers"
"""Vocabulary of answers that are numbers, which count only where a whole column shows that they are meant."""
_SHORTEST_CODE = 4


_KIND = re.compile(r"\s*\((?:finding|disorder|situation|event|observable entity|qualifier value)\)\s*$", re.IGNORECASE)
"""What kind of thing a name of SNOMED CT is of, behind it."""
_OF_ALL = re.compile(r"(?:^|_)(?:disease|disorder|syndrome|s|of|the|chronic|acute|type|stage|\d)(?=_|$)")


def _own(name: str) -> str:
    """Return the words of a name that tell it from others."""
    return _OF_ALL.sub("", name) or name


def _american(name: str) -> str:
    """Write a name as American English spells it: what comes from Greek has no ``ae`` and no ``oe``, nor ``tumour``."""
    return name.replace("ae", "e").replace("oe", "e").replace("tumour", "tumor")


_PLAIN = str.maketrans(
    {"µ": "u", "μ": "u", "²": "2", "³": "3", "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}
    | dict(zip("áàâãåéèêëíìîïóòôõøúùûýñçąćęłńśźż", "aaaaaeeeeiiiiooooouuuyncacelnszz", strict=True))
)


_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹µμ×", "0123456789uux")
_POWER = re.compile(r"^x?10(?:\*\*|[*^ex]|exp)?\(?(\d+)\)?(?=/)")
_PER = re.compile(r"\.([a-z]+)-1\b")
_NOT_UNIT = re.compile(r"<[^<>]*>|(?<=.)\{[^{}]*\}")
"""What a unit may hold beside itself: a molar mass (``mmol<180.16>/L``), and what is counted (``10*3{cells}/uL``)."""


def _plain_unit(text: str) -> str:
    """Write a unit in one way of many: ``x10E3/uL``, ``10³/µL`` and ``10*3/uL`` are the same."""
    name = re.sub(r"\s+", "", _NOT_UNIT.sub("", text)).translate(_DIGITS).lower()
    for other, own in (("mcl", "ul"), ("cumm", "mm3"), ("cmm", "mm3"), ("mcg", "ug"), ("gm/", "g/")):
        name = name.replace(other, own)
    name = _PER.sub(r"/\1", _POWER.sub(r"10*\1", name).replace("1,73", "1.73"))
    return name.replace("/mm3", "/ul").replace("/liter", "/l").replace("/litre", "/l")


@dataclass(frozen=True, slots=True)
class Concept:
    """One row of ``concepts.tsv``."""

    name: str
    feature: str | None
    kind: str
    unit: str | None
    low: float | None
    high: float | None
    summary: str
    window_days: int | None
    trend_days: int | None
    when_over: str | None
    meaning: str
    source: str

    @property
    def happened(self) -> bool:
        """Whether it is something that happened, or that leaves its mark: it is never over."""
        return self.when_over in ("history", "event")

    def last_day(self, onset: date | None, end: date | None) -> date | None:
        """Return the last day of an entry; what happened on a day that is said (not only written down) ended there."""
        return onset if self.when_over == "event" and onset else end


@dataclass(frozen=True, slots=True)
class Heading:
    """What a column heading says: the concept, and the unit of its values (None = the concept's own)."""

    concept: str
    unit: str | None = None


@dataclass(frozen=True)
class Vocabulary:
    """The clinical tables in the form that readers need; build it with `vocabulary`."""

    concepts: dict[str, Concept]
    headings: dict[str, Heading]
    suffixes: dict[str, str]
    units: dict[str, str]
    factors: dict[tuple[str | None, str, str], tuple[float, float]]
    exact: dict[tuple[str, str], tuple[tuple[str, str | None], ...]]
    prefixes: dict[tuple[str, str], tuple[tuple[str, str | None], ...]]
    answers: dict[tuple[str, str, str], str | None]
    genes: re.Pattern[str]
    grades: ConditionGrades
    _columns: dict[str, Heading | None] = field(default_factory=dict, repr=False)
    _names: dict[tuple[str, ...], NearNames] = field(default_factory=dict, repr=False)

    @cached_property
    def conditions(self) -> frozenset[str]:
        """The concepts that are conditions of a person."""
        return frozenset(
            name for name, concept in self.concepts.items() if concept.when_over and concept.kind == "boolean"
        )

    def column(self, heading: str) -> Heading | None:
        """Return what a column heading stands for, or None; `weight_lb` and `Weight (lb)` are weight in pounds."""
        if len(heading) > HEADING.most:
            return None
        name = column_name(_KIND.sub("", heading))
        if name not in self._columns:
            self._columns[name] = self._read_heading(name)
        return self._columns[name]

    def _read_heading(self, name: str) -> Heading | None:
        if found := self.headings.get(name) or self._american.get(_american(name)):
            return found
        for cut in [m.start() for m in re.finditer("_", name)][::-1]:
            found, suffix = self.headings.get(name[:cut]), self.suffixes.get(name[cut + 1 :])
            if found and suffix and self.factor(found.concept, suffix):
                return Heading(found.concept, suffix)
        return None

    @cached_property
    def _american(self) -> dict[str, Heading]:
        """The headings in American spelling: ``leukaemia`` and ``transient_ischaemic_attack`` are not other words."""
        found: dict[str, Heading] = {}
        for name, heading in self.headings.items():
            found.setdefault(_american(name), heading)
        return found

    def suggest(self, heading: str, more: tuple[str, ...] = ()) -> list[str]:
        """Return known headings that are spelled almost like this one."""
        if len(heading) > HEADING.most:
            return []
        name = column_name(heading)
        close = self._near(more).close(name)
        # Words of every other disease make no name alike.
        if alike := [one for one in close if difflib.SequenceMatcher(None, _own(name), _own(one)).ratio() >= 0.75]:
            return alike
        for cut in [m.start() for m in re.finditer("_", name)]:
            stems = self._near(()).close(name[:cut], n=1)
            if stems and name[cut + 1 :] in self.suffixes:
                return [f"{stems[0]}_{name[cut + 1 :]}"]
        return []

    def _near(self, more: tuple[str, ...]) -> NearNames:
        if more not in self._names:
            self._names[more] = NearNames([*self.headings, *more])
        return self._names[more]

    def unit(self, text: str) -> str | None:
        """Return the UCUM unit that is meant by a unit as written, or None."""
        text = text.strip()
        return self.units.get(text) or self.units.get(text.lower()) or self.units.get(_plain_unit(text))

    def factor(self, concept: str, unit: str) -> tuple[float, float] | None:
        """Return (factor, offset) from `unit` to the concept's own unit, or None when there is none."""
        own = self.concepts[concept].unit
        if own is None:
            return None
        if unit == own:
            return 1.0, 0.0
        return self.factors.get((concept, unit, own)) or self.factors.get((None, unit, own))

    def same_unit(self, concept: str, one: str, other: str) -> bool:
        """Whether two units as written are one for a concept; True where either is not known at all."""
        first, second = self.unit(one), self.unit(other)
        if first is None or second is None or first == second:
            return True
        return self.factor(concept, first) == self.factor(concept, second)

    @cached_property
    def _longest(self) -> int:
        """Letters of the longest prefix rule: what stands behind them in a code decides nothing."""
        return max((len(prefix) for _, prefix in self.prefixes), default=0)

    def code(self, system: str, code: str) -> tuple[tuple[str, str | None], ...]:
        """Return the (concept, answer) pairs that a code stands for; empty when it is not known.

        The longest prefix rule wins over shorter ones; dots in a hierarchical code are left out.
        """
        found = self.exact.get((system, code))
        if found is not None:
            return found
        bare = code.replace(".", "").upper()
        for end in range(min(len(bare), self._longest), 1, -1):
            found = self.prefixes.get((system, bare[:end]))
            if found is not None:
                return found
        return ()

    @cached_property
    def implied(self) -> dict[str, tuple[str, ...]]:
        """Condition -> the wider conditions that every code of it states as well (type 2 diabetes: diabetes).

        So do any class of a scale whose codes all state a condition (Child-Pugh: a disease of the liver), and a
        condition that is another one of some severity.
        """
        found: dict[str, set[str]] = {}
        for pairs in (*self.exact.values(), *self.prefixes.values()):
            kinds = {one: self.concepts[one].kind for one, _ in pairs}
            meant = {one for one, answer in pairs if answer in (None, "yes") and kinds[one] == "boolean"}
            classes = {one for one, answer in pairs if answer and kinds[one] == "coded"}
            for one in meant | classes:
                found[one] = found.get(one, meant) & meant
        for one, condition in self.grades.conditions:
            found[one] = found.get(one, {one}) | {condition} | found.get(condition, set())
        return {one: tuple(sorted(wider - {one})) for one, wider in found.items() if wider - {one}}

    def answer(self, concept: str, system: str, code: str) -> tuple[bool, str | None]:
        """Return (understood, answer); an understood answer of None says that the value is stated to be unknown."""
        code = _KIND.sub("", re.sub(r"\s+", " ", code.strip().lower())) if system == "text" else code.strip()
        if (concept, system, code) in self.answers:
            return True, self.answers[concept, system, code]
        if ("*", system, code) in self.answers:
            found = self.answers["*", system, code]
            # Yes and no answer what can be answered so: a sex of 1 is no yes.
            if found is None or self.concepts[concept].kind == "boolean" or (concept, "answer", found) in self.answers:
                return True, found
        own = self.answers.get((concept, "answer", code))
        if own is None and system == "text":
            own = self.grades.answer(concept, code) or self._bare_code(concept, code)
        return own is not None, own

    def has_two_meanings(self, concept: str, heading: str, text: str) -> bool:
        """Say whether an answer stands for two things under a heading: the tables give it there, without an answer."""
        return (concept, heading, text.strip().lower()) in self.answers

    def _bare_code(self, concept: str, text: str) -> str | None:
        """Return the answer of a code that stands without its vocabulary, if one vocabulary alone has it."""
        if len(text) < _SHORTEST_CODE:
            return None
        systems = {key[1] for key in self.answers if key[0] == concept} - {"text", "answer", NUMBERED}
        found = {
            self.answers[concept, one, text.upper()] for one in systems if (concept, one, text.upper()) in self.answers
        }
        return next(iter(found)) if len(found) == 1 else None

    def numbered(self, concept: str, values: Iterable[str]) -> dict[str, str | None]:
        """Return what the numbers of a column stand for, where they can be read in one way only.

        A column of 1 and 2 is the standard's (ISO/IEC 5218: male, female); one of 0 and 1 may be either way round, as
        may a 1 alone: then nothing is returned.
        """
        found: dict[str, str | None] = {}
        for value in set(values):
            key = (concept, NUMBERED, value.strip().removesuffix(".0"))
            if key not in self.answers:
                return {}
            found[value] = self.answers[key]
        told = {answer for answer in found.values() if answer}
        every = {answer for (one, system, _), answer in self.answers.items() if (one, system) == (concept, NUMBERED)}
        return found if told and told == every - {None} else {}


@lru_cache(maxsize=8)
def vocabulary(kb: KnowledgeBase) -> Vocabulary:
    """Build the look-ups from the tables of a knowledge base."""
    rows = kb.table("concepts").rows(named=True)
    concepts = {
        r["concept"]: Concept(
            r["concept"],
            r["feature"],
            r["kind"],
            r["unit"],
            r["low"],
            r["high"],
            r["summary"],
            r["window_days"],
            r["trend_days"],
            r["when_over"],
            r["meaning"],
            r["source"],
        )
        for r in rows
    }
    headings: dict[str, Heading] = {}
    for r in rows:
        for name in [r["concept"], column_name(r["feature"] or ""), *(r["names"] or "").split(";")]:
            plain, _, unit = name.partition("=")
            if plain:
                headings.setdefault(plain, Heading(r["concept"], unit or None))
    units: dict[str, str] = {}
    for name, ucum in kb.table("unit_names").select("name", "ucum").iter_rows():
        units[name] = ucum
        units.setdefault(name.lower(), ucum)
        units.setdefault(_plain_unit(name), ucum)
    suffixes = {column_name(name): ucum for name, ucum in units.items() if column_name(name)}
    table = kb.table("units").select("concept", "from_unit", "to_unit", "factor", "offset")
    factors = {(c, f, t): (k, o) for c, f, t, k, o in table.iter_rows()}
    genes = sorted((gene for gene in kb.table("genes")["gene"] if len(gene) >= _SHORTEST_CODE), key=len, reverse=True)
    named = re.compile(rf"(?<![A-Z0-9])(?:{'|'.join(map(re.escape, genes))})(?![A-Z0-9])", re.IGNORECASE)
    return Vocabulary(
        *(concepts, headings, suffixes, units, factors, *_codes(kb)),
        answers=_answers(kb),
        genes=named,
        grades=condition_grades(kb),
    )


_Codes = dict[tuple[str, str], tuple[tuple[str, str | None], ...]]


def _codes(kb: KnowledgeBase) -> tuple[_Codes, _Codes]:
    found: dict[str, defaultdict[tuple[str, str], list[tuple[str, str | None]]]]
    found = {"exact": defaultdict(list), "prefix": defaultdict(list)}
    for row in kb.table("concept_codes").iter_rows(named=True):
        found[row["match"]][row["system"], row["code"]].append((row["concept"], row["answer"]))
    return tuple({key: tuple(value) for key, value in table.items()} for table in found.values())  # type: ignore[return-value]


def _answers(kb: KnowledgeBase) -> dict[tuple[str, str, str], str | None]:
    found: dict[tuple[str, str, str], str | None] = {}
    for concept, system, code, answer in (
        kb.table("concept_answers").select("concept", "system", "code", "answer").iter_rows()
    ):
        found[concept, system, code] = answer
        if answer:  # an answer in the product's own words reads as itself, so that output can be input
            found[concept, "answer", answer.lower()] = answer
    return found
