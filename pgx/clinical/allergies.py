"""Recorded allergies and intolerances: what they mean, and which drugs of the list or the advice they speak against."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

import polars as pl

from pgx.codes import Applies, NoteCode, Severity
from pgx.guard.limits import NAME
from pgx.knowledge.base import KnowledgeBase
from pgx.knowledge.drug_names import DrugNames, drug_names
from pgx.notes import Note
from pgx.types import ClinicalData

NONE = {"none", "no", "nil", "[]", "nka", "nkda", "no known allergies", "no known drug allergies", "no known allergy"}
_BEFORE = re.compile(
    r"^(?:known )?(?:drug )?(?:allergy|allergies|allergic(?: reaction)?|hypersensitivity|intolerance|adverse reaction|"
    r"propensity to adverse reactions?|allergie|unverträglichkeit|allergia|alergia|allergique|allergisch|"
    r"al[eé]rgic[oa]|allergic[oa]|overgevoeligheid|uczulenie|nadwrażliwość)"
    r"(?: to| caused by| gegen| auf| à la| à l'| à| au| aux| a la| a| alla| all'| al| voor| tegen| na)?:?(?: |(?<='))",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"(?:[ -](?:allergy|hypersensitivity|intolerance)|"
    r"[ -]?(?:allergie|unverträglichkeit|überempfindlichkeit|intoleranz))$",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"\s*[\[(].*?[\])]")
DENIED = re.compile(
    r"^\s*(?:no|not|non|never|denies|denied|without|negative for|keine?|ohne|pas d[e']|aucune?|ningun[ao]?|nessun[ao]?|"
    r"sin|senza|geen|brak|nie)\b(?!\s+known).*|"
    r"^\s*(?:none|nil|nothing)\s+known\b|^\s*nk[fma]a\s*$|"
    r"\btolerate[sd]?\b|\bruled out\b|"
    r"\brefuted\b|\bde-?label+ed\b|\bnot allergic\b|\bno allergy\b|\bentered in error\b",
    re.IGNORECASE,
)
"""An entry of an allergy list that says that there is none."""
_REACTION = re.compile(r"\s*[:([=]|\s+[-–—]+>?\s|\s*->\s*|\s+(?:causes?d?|gives?|gave)\s+", re.IGNORECASE)
"""What stands between a substance and what it did: ``carbamazepine - SJS``."""
_MOST_TOLD = 80
"""Characters of a reaction that are kept."""
_KIND = re.compile(
    r"(?:drug|medication|medicine|substance|finding|disorder|situation|product|allergy|intolerance|allergen|active|"
    r"confirmed|unconfirmed|unknown|reaction unknown|unknown reaction|none|mg|tablets?|oral|iv|systemic)?",
    re.IGNORECASE,
)
"""What stands in brackets behind a substance and is no reaction."""
_AND = re.compile(r"\s+(?:and|und|et|y|e|en|i|plus)\s+|\s*[&+/]\s*", re.IGNORECASE)
_PARTS = re.compile(r"\s*(?:/|\+| and )\s*")


@dataclass(frozen=True, slots=True)
class Against:
    """Why a recorded allergy speaks against a drug: one fact, worded once for those who treat and once for the person.

    Parameters
    ----------
    allergy
        What the allergy is to, in words.
    drug
        The drug, or the part of it that is meant.
    relation
        How the two belong together: ``same``, ``part`` of one product, ``member`` of the class that is recorded,
        ``kin`` (both of one class), ``label`` (one excludes the other) or ``extends`` (it may).
    certain
        Whether it speaks against the drug; else it may.
    group
        What the allergy is one of, or both are, in words; empty where that says nothing.
    why
        What a label says, or why the allergy may extend to the drug, in words for those who treat.
    """

    allergy: str
    drug: str
    relation: str
    certain: bool = True
    group: str = ""
    why: str = ""

    @property
    def message(self) -> str:
        """The reason for those who treat, without semicolons: a flag may hold it."""
        which = f"{self.allergy}{self.group and f', one of the {self.group},'}"
        return _REASONS[self.relation].format(one=self, which=which).replace("; ", ", ")

    @property
    def plain(self) -> str:
        """The reason for the person: no class of drugs, and no chemistry."""
        return _IN_PLAIN_WORDS[self.relation].format(one=self)


_REASONS = {
    "same": "an allergy to {one.allergy} is recorded",
    "part": "an allergy to {one.allergy} is recorded, which holds {one.drug}: either part may be the cause",
    "member": "an allergy to {one.allergy} is recorded, and {one.drug} is one of them",
    "kin": "an allergy to {one.allergy} is recorded, and both are {one.group}",
    "label": "an allergy to {which} is recorded, and {one.why}",
    "extends": "an allergy to {which} is recorded, which may extend to {one.why}",
}
_IN_PLAIN_WORDS = {
    "same": "an allergy to {one.allergy} is on record",
    "part": "an allergy to {one.allergy} is on record, and {one.drug} is a part of it",
    "member": "an allergy to {one.allergy} is on record, and {one.drug} is one of them",
    "kin": "an allergy to {one.allergy} is on record, and {one.drug} is a medicine of the same kind",
    "label": "an allergy to {one.allergy} is on record, and who has it is not given {one.drug}",
    "extends": "an allergy to {one.allergy} is on record, and {one.drug} can sometimes do the same",
}


@dataclass(frozen=True, slots=True)
class Group:
    """A class of drugs: its name in a sentence, and whether one member stands for the others."""

    words: str
    within: bool


@dataclass(frozen=True)
class Allergens:
    """Look-ups of the allergy tables; build it with `allergens`.

    A code is a drug of the drug table, a class, or the plain name of a substance that neither knows.
    """

    drugs: DrugNames
    groups: dict[str, Group]
    names: dict[str, str]
    groups_of: dict[str, tuple[str, ...]]
    cross: dict[str, dict[str, str]] = field(default_factory=dict)
    excluded: dict[tuple[str, str], str] = field(default_factory=dict)

    def find(self, text: str) -> tuple[str, ...]:
        """Return the codes that a name stands for: a class, drugs, or else the substances of the class tables."""
        text = " ".join(text.split())
        if len(text) > NAME.most:
            return ()
        plain = _plain(text)
        bare = _AFTER.sub("", _BEFORE.sub("", plain))
        if several := self._several(_REACTION.split(bare)[0]):
            return several
        for one in (text, plain, bare, _REACTION.split(bare)[0], self.drugs.entry(plain).name):
            if found := self._one(one):
                return found
        return ()

    def _several(self, text: str) -> tuple[str, ...]:
        """Return the codes of each substance that words join, ``sulfa and codeine``; none of them is left out."""
        parts = [part for part in _AND.split(text) if part.strip()]
        whole = self.drugs.find(text)
        if len(parts) < 2 or (whole.drugs and not whole.unknown) or self.drugs.plain(text) in self.names:
            return ()
        found = [self._one(part) for part in parts]
        if not any(found):
            return ()
        named = ((one or (self.named(part),)) for one, part in zip(found, parts, strict=True))
        return tuple(dict.fromkeys(code for some in named for code in some))

    def _one(self, text: str) -> tuple[str, ...]:
        name = self.drugs.plain(text).strip(" .,*")
        if name in self.names:
            return (self.names[name],)
        found = self.drugs.find(text).drugs or self.substances(text)
        return tuple(dict.fromkeys(self.names.get(one, one) for one in found))

    def by_code(self, system: str, code: str) -> tuple[str, ...]:
        """Return the codes of a drug's code; empty when it is not known."""
        return tuple(dict.fromkeys(self.names.get(one, one) for one in self.drugs.by_code(system, code)))

    def substances(self, text: str) -> tuple[str, ...]:
        """Return the substances of the class tables that a drug's description names, in whatever form and strength."""
        parts = [self.drugs.ingredient(part) for part in _PARTS.split(_plain(text))]
        # ``co-amoxiclav`` is one name, ``amoxicillin-clavulanate`` is two.
        names = [name for part in parts for name in ((part,) if part in self.groups_of else part.split("-"))]
        return tuple(dict.fromkeys(name for name in names if name in self.groups_of))

    def named(self, text: str) -> str:
        """Return what an allergy to no known drug is to, without the reaction behind it."""
        return self.drugs.ingredient(_REACTION.split(text)[0] or text)

    def reaction(self, written: str, told: str = "") -> str | None:
        """Return what a substance did: what is `told` of it, or else what stands behind its name.

        Brackets that only say of which kind the entry is, or name the substance again, tell nothing of that.

        Examples
        --------
        >>> from pgx.knowledge import load
        >>> known = allergens(load())
        >>> known.reaction("carbamazepine: SJS 2019"), known.reaction("penicillin (drug)"), known.reaction("aspirin")
        ('SJS 2019', None, None)
        """
        name, *behind = _REACTION.split(" ".join(written.split()), maxsplit=1)
        told = " ".join(told.split()) or (behind[0].strip(" -–—>:;,.([])") if behind and name else "")
        said_only = _KIND.fullmatch(told) or self._one(told) or not any(letter.isalpha() for letter in told)
        return None if said_only else told[:_MOST_TOLD]

    def taken(self, text: str) -> tuple[str, ...]:
        """Return the substances of an unknown drug, also as a word of several (``amoxicillin trihydrate``)."""
        words = re.findall(r"[^\W\d_]{5,}", _plain(text).lower())
        return self.substances(text) or tuple(dict.fromkeys(word for word in words if word in self.groups_of))

    def words(self, code: str) -> str:
        """Return a code as written in a sentence."""
        return self.groups[code].words if code in self.groups else code

    def parts(self, drug: str) -> set[str]:
        """Return the drug and, of a combination, what it is made of."""
        found = {drug}
        for part in _PARTS.split(drug):
            found.update(self.drugs.find(part).drugs or (part,))
        return found

    def against(self, allergy: str, drug: str) -> Against | None:
        """Return why a recorded allergy speaks against a drug; None if nothing known does."""
        parts = self.parts(drug)
        if held := parts.intersection((allergy, *self.drugs.made_of.get(allergy, ()))):
            relation, part = ("same", drug) if allergy in held else ("part", min(held))
            return Against(self.words(allergy), part, relation)
        theirs = {group for part in parts for group in self.groups_of.get(part, ())}
        if allergy in theirs:
            return Against(self.words(allergy), drug, "member")
        own = (allergy,) if allergy in self.groups else self.groups_of.get(allergy, ())
        for group in own:
            if group in theirs and self.groups[group].within:
                return Against(allergy, drug, "kin", group=self.words(group))
        for group, part in product(own, sorted(parts)):
            if why := self.excluded.get((group, part)):
                return Against(self.words(allergy), drug, "label", group=self._within(allergy, group), why=why)
        for group in own:
            for other, because in self.cross.get(group, {}).items():
                if other in theirs:
                    told, why = self._within(allergy, group), f"{self.words(other)}: {because}"
                    return Against(self.words(allergy), drug, "extends", certain=False, group=told, why=why)
        return None

    def _within(self, allergy: str, group: str) -> str:
        """Return the class of an allergy to a drug; empty where the allergy is to the class itself."""
        return "" if allergy in self.groups else self.words(group)


def _plain(text: str) -> str:
    return _BRACKETS.sub("", " ".join(text[: NAME.most].split())).strip()


def allergens(kb: KnowledgeBase) -> Allergens:
    """Return the look-ups, made once a knowledge base."""
    return kb.remember("allergens", lambda: _allergens(kb))


def _allergens(kb: KnowledgeBase) -> Allergens:
    groups = {
        group: Group(words, within == "y")
        for group, words, within in kb.table("allergy_groups").select("group", "words", "within").iter_rows()
    }
    names: dict[str, str] = {name: group for group in groups for name in (group, groups[group].words.lower())}
    members: defaultdict[str, list[str]] = defaultdict(list)
    for group, kind, member in kb.table("allergy_members").select("group", "kind", "member").iter_rows():
        if kind == "name":
            names[member] = group
        else:
            members[member].append(group)
    cross: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for group, other, why in kb.table("allergy_cross").select("group", "other", "why").iter_rows():
        cross[group][other] = why
    rows = kb.table("allergy_exclusions").select("group", "drug", "why").iter_rows()
    excluded = {(group, drug): why for group, drug, why in rows}
    groups_of = {member: tuple(of) for member, of in members.items()}
    return Allergens(drug_names(kb), groups, names, groups_of, dict(cross), excluded)


def _alternatives(advice: pl.DataFrame | None) -> Iterator[tuple[str, str, str]]:
    """Yield (sample, drug, what guidance names instead of it)."""
    if advice is not None:
        named = advice.filter(pl.col("alternatives").list.len() > 0, pl.col("applies") != Applies.NO_MATCH)
        yield from named.select("sample", "drug", "alternatives").explode("alternatives").iter_rows()


def alerts(clinical: ClinicalData, advice: pl.DataFrame | None, kb: KnowledgeBase) -> Iterator[Note]:
    """Yield a note for each drug that a recorded allergy speaks against.

    Parameters
    ----------
    clinical
        Allergies, and drugs taken or planned.
    advice
        `pgx.schema.GUIDANCE`, whose alternatives are looked at too; None = no guidance.
    kb
        Knowledge base.

    Yields
    ------
    Note
        With the code ``allergy``: `subject` is the drug, `where` it or the one that is named instead of it.
    """
    recorded = clinical.observations.filter(pl.col("concept") == "allergy").select("sample", "code")
    if recorded.is_empty():
        return
    known = allergens(kb)
    by_sample: defaultdict[str, list[str]] = defaultdict(list)
    for sample, code in recorded.iter_rows():
        by_sample[sample].append(code)
    said: dict[tuple[str, str], tuple[str, str]] = {}
    taken = clinical.medications.filter(pl.col("status") != "stopped").select("sample", "drug", "status")
    apart = ("medication_unknown", "medication_local", "medication_unread")
    unread = clinical.observations.filter(pl.col("concept").is_in(apart), pl.col("code") != "any").select(
        "sample", drug="code", status=pl.lit("listed")
    )
    for sample, drug, status in pl.concat([taken, unread]).unique(maintain_order=True).iter_rows():
        said.setdefault((sample, drug), (drug, f"{drug} ({status})"))
    for sample, drug, other in _alternatives(advice):
        said.setdefault((sample, other), (drug, f"{other}, which guidance names instead of {drug}"))
    for (sample, drug), (beside, what) in said.items():
        reasons = {code: why for code in by_sample.get(sample, ()) if (why := known.against(code, drug))}
        # What is certain comes alone; what may be is said where nothing is certain.
        shown = {code: why for code, why in reasons.items() if why.certain} or reasons
        if shown:
            yield Note(
                sample=sample,
                stage="clinical",
                severity=Severity.WARNING,
                code=NoteCode.ALLERGY,
                message=f"{what}: {'; '.join(dict.fromkeys(why.message for why in shown.values()))}",
                subject=beside,
                where=drug,
            )
