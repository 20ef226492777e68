"""Grades, stages and classes of conditions as people write them: ``Child-Pugh C``, ``stage 4``, ``severe``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pgx.knowledge.base import KnowledgeBase

SCALE = "scale"
"""System of the answers of a scale, in ``concept_answers``: the class or the points that stand behind its name."""
_LEVEL = r"(?:functional\s+)?(?:class(?:e|ification)?|score|stage|grade|level|klasse|stadium|grad|clase|stade|estadio)"
_VALUE = r"[a-z0-9]{1,4}(?:\s*[-/]\s*[a-z0-9]{1,4})?(?![a-z0-9])"
_UNIT = r"(?:points?|pts?|punkte)"
_POINTS = (
    rf"(?:\s*\(\s*(?:score\s*)?(?P<grouped>\d{{1,2}})\s*(?:{_UNIT}|p)?\.?\s*\)|\s+(?P<counted>\d{{1,2}})\s*{_UNIT})"
)
_RANGE = re.compile(r"\s*[-/]\s*")
_GLUED = re.compile(r"([a-z])(\d{1,2})")
_ROMAN = {roman: str(number) for number, roman in enumerate(("i", "ii", "iii", "iv", "v"), start=1)}
_SUBSTAGE = re.compile(r"(?<=\d)[ab]$")

_BETWEEN = r"\s*(?:[-–/]|\b(?:to|or|and|bis|oder|und)\b)\s*"
_ALBUMINURIA = r"(?:(?<=[0-9ab])\s*/?\s*a[1-3])"
_STAGE = rf"(?:[1-5][ab]?|i{{1,3}}|iv|v){_ALBUMINURIA}?(?![a-z0-9])"
_NUMBERED = (
    rf"(?:stages?|grades?|stadium|grad|stade|estadio|gold)\s+g?{_STAGE}(?:{_BETWEEN}g?{_STAGE})?"
    rf"|\bg{_STAGE}(?:{_BETWEEN}g?{_STAGE})?"
)
_SEVERITY = (
    ("mild", ("mild", "slight", "leichte", "leichter", "leichtes", "légère", "leve")),
    ("moderate", ("moderate", "mittelschwere", "mittelschwerer", "mittelschweres", "modérée", "moderada")),
    ("severe", ("severe", "very severe", "advanced", "schwere", "schwerer", "schweres", "sévère", "grave")),
    (
        "compensated",
        (
            "compensated",
            "well compensated",
            "well-compensated",
            "kompensierte",
            "kompensierter",
            "compensée",
            "compensada",
        ),
    ),
    ("decompensated", ("decompensated", "dekompensierte", "dekompensierter", "décompensée", "descompensada")),
    ("acute", ("acute", "akute", "akuter", "akutes", "aiguë", "aguda")),
    ("active", ("active", "aktive", "aktiver", "aktives")),
    ("bleeding", ("bleeding", "blutende", "blutendes")),
)
_MEANT = {word: plain for plain, words in _SEVERITY for word in words}
_WORDED = rf"\b(?:{'|'.join(sorted(_MEANT, key=len, reverse=True))})\b"
GRADE = rf"(?:{_NUMBERED}|{_WORDED}(?:{_BETWEEN}{_WORDED})?)"
"""Pattern of a grade of any condition, or of a range of two, without a scale of its own."""
_GRADE = re.compile(GRADE, re.IGNORECASE)
_ENDS = re.compile(rf"(?<!well){_BETWEEN}", re.IGNORECASE)
_BESIDE_STAGE = re.compile(rf"{_ALBUMINURIA}$", re.IGNORECASE)


@dataclass(frozen=True)
class Scaled:
    """What a scale says in a text: `answer` is None where it cannot be told."""

    concept: str
    answer: str | None
    written: str


@dataclass(frozen=True)
class ConditionGrades:
    """Look-ups of scales and of the table ``condition_grades``; get them from `condition_grades`."""

    _scales: dict[str, dict[str, str]]
    _named: dict[str, re.Pattern[str]]
    _meanings: dict[tuple[str, str], tuple[str, str]]

    def take_out(self, text: str) -> tuple[str, tuple[Scaled, ...]]:
        """Return a text without what scales say in it, and what they say."""
        said = []
        for concept, pattern in self._named.items():
            for match in pattern.finditer(text):
                phrase = " ".join((match["phrase"] or "").lower().split())
                points = match["grouped"] or match["counted"]
                answer, plausible = (
                    (self._scales[concept].get(phrase), True) if phrase else self._read(concept, match["value"], points)
                )
                if plausible:
                    said.append(Scaled(concept, answer, match[0].strip(" ,;:()-")))
                    text = text.replace(match[0], " ")
        if said:
            text = " ".join(re.sub(r"\(\s*\)|\s+(?=[,;])", " ", text).split()).replace(" ,", ",").strip(" ,;:-")
        return text, tuple(said)

    def answer(self, concept: str, text: str) -> str | None:
        """Return the answer of a scale by a text that is nothing else: ``C``, ``class C``, ``Child-Pugh 9``."""
        if concept not in self._scales:
            return None
        whole = re.fullmatch(
            rf"(?:{_LEVEL}\s*)?(?P<value>{_VALUE}){_POINTS}?(?:\s*points?)?", text.strip(), re.IGNORECASE
        )
        if whole:
            return self._read(concept, whole["value"], whole["grouped"] or whole["counted"])[0]
        rest, said = self.take_out(text)
        return said[0].answer if not rest and len(said) == 1 and said[0].concept == concept else None

    def meanings(self, condition: str, grade: str) -> set[tuple[str, str] | None]:
        """Return the (concept, answer) that a grade of a condition stands for; None where nothing asks for it.

        Of a range it is what both of its ends stand for: of ``mild to moderate`` nobody can tell which it is.
        """
        ends = _ENDS.split(_BESIDE_STAGE.sub("", " ".join(grade.lower().split())))
        return {self._meanings.get((condition, _plain(end))) for end in ends}

    @property
    def severities(self) -> frozenset[str]:
        """The concepts that tell how severe a condition is, and are not that condition."""
        told = {concept for (condition, _), (concept, _) in self._meanings.items() if concept != condition}
        return frozenset(told | set(self._scales))

    @property
    def conditions(self) -> Iterator[tuple[str, str]]:
        """The concepts of which yes says that a condition is there, each with that condition."""
        return ((concept, one) for (one, _), (concept, answer) in self._meanings.items() if answer == "yes")

    def _read(self, concept: str, value: str, points: str | None) -> tuple[str | None, bool]:
        """Return the answer, and whether it is one at all or a range of such: of two that disagree nobody can tell."""
        answers = self._scales[concept]
        parts = _RANGE.split(value.lower())
        if len(parts) == 1 and (glued := _GLUED.fullmatch(parts[0])):
            parts = list(glued.groups())
        found = {answers.get(part) for part in (*parts, *([points] if points else ()))}
        plausible = answers.get(parts[0]) is not None or parts[0].isdigit()
        return (next(iter(found)) if len(found) == 1 else None), plausible


def grades_in(text: str) -> list[str]:
    """Return the words of a text that tell the grade of a condition."""
    return [match[0].strip() for match in _GRADE.finditer(text)]


def _plain(grade: str) -> str:
    """Write a grade as the table does: ``Stadium IV`` and ``G4`` are ``stage 4``."""
    word = grade.strip()
    if word in _MEANT:
        return _MEANT[word]
    number = word.rpartition(" ")[2].removeprefix("g")
    return f"stage {_ROMAN.get(number, _SUBSTAGE.sub('', number))}"


def condition_grades(kb: KnowledgeBase) -> ConditionGrades:
    """Return the look-ups, made once a knowledge base."""
    return kb.remember("condition grades", lambda: _condition_grades(kb))


def _condition_grades(kb: KnowledgeBase) -> ConditionGrades:
    scales: dict[str, dict[str, str]] = {}
    for row in kb.table("concept_answers").filter(system=SCALE).iter_rows(named=True):
        scales.setdefault(row["concept"], {})[row["code"]] = row["answer"]
    names = {row["concept"]: [row["concept"], *(row["names"] or "").split(";")] for row in
             kb.table("concepts").iter_rows(named=True) if row["concept"] in scales}  # fmt: skip
    rows = kb.table("condition_grades").select("condition", "grade", "concept", "answer").iter_rows()
    named = {concept: _named_scale(names[concept], answers) for concept, answers in scales.items()}
    return ConditionGrades(scales, named, {(one, grade): (concept, answer) for one, grade, concept, answer in rows})


def _named_scale(names: list[str], answers: Iterable[str]) -> re.Pattern[str]:
    """Return the pattern of a scale's name and its value; an answer of two words stands by itself."""
    name = "|".join(one.replace("_", r"[\W_]*") for one in sorted(filter(None, names), key=len, reverse=True))
    phrases = "|".join(one.replace(" ", r"\s+") for one in answers if " " in one) or r"(?!)"
    value = rf"(?:{_LEVEL}(?![a-z]))?[\s:=]*(?P<value>{_VALUE}){_POINTS}?"
    return re.compile(
        rf"[(,;]?\s*(?<![a-z0-9])(?:(?:{name})(?![a-z])[\s:=,-]*{value}|(?P<phrase>{phrases})(?![a-z0-9]))\s*\)?",
        re.IGNORECASE,
    )
