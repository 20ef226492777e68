"""Sentences from codes: what a recommendation row says, in the project's own words.

The words are data (``data/knowledge/templates.en.toml``, overlays may add to them); this module only decides
which parts a row has and in which order they are said. A code without words is an error, never a gap in a sentence;
``text:...`` in a coded cell is a site's own wording and is said as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pgx.errors import InputError
from pgx.guard.limits import read_toml
from pgx.paths import data_dir

if TYPE_CHECKING:
    from pgx.knowledge.base import KnowledgeBase

Row = Mapping[str, Any]

_NO_DOSE = {"avoid", "alternative", "contraindicated", "no_recommendation", "insufficient", "monitor"}
_VERBS = ("measure", "consider", "monitor", "watch")
_NOT_BY = re.compile(r"^non_(?P<gene>[A-Z][A-Z0-9]+\d[A-Z0-9]*)$")
_COMEDICATION = re.compile(r"^(?P<gene>[A-Z0-9-]+)_(?P<role>inhibitor|inducer)(?::(?P<strengths>[a-z|]+))?$")
_LITERAL = "text:"
FILE = "templates.en.toml"
"""Name of the file with the words, in the knowledge folder and in overlays."""


@dataclass(frozen=True, slots=True)
class Templates:
    """The words that sentences are made of.

    Parameters
    ----------
    words
        Section -> code -> text (or table), as in the TOML file.
    """

    words: Mapping[str, Mapping[str, Any]] = field(repr=False)

    def say(self, section: str, code: str | None, **slots: object) -> str:
        """Return the words for a code, its slots filled.

        Raises
        ------
        InputError
            If there are no words for the code.
        """
        code = code or ""
        if code.startswith(_LITERAL):
            return code[len(_LITERAL) :].strip()
        found = self.words.get(section, {}).get(code)
        if not isinstance(found, str):
            raise InputError(f"no words for {section} code {code!r}", file=FILE)
        return self._filled(found, slots, f"{section} code {code!r}") if slots else found

    def _filled(self, text: str, slots: Mapping[str, object], what: str) -> str:
        try:
            return text.format_map(slots)
        except (KeyError, ValueError, IndexError, AttributeError) as error:
            problem = f"the words for {what} have a slot that nothing fills: {error}"
            raise InputError(problem, file=FILE) from error

    def fill(self, section: str, code: str, text: str, slots: Mapping[str, object]) -> str:
        """Return words that `pick` found, their slots filled.

        Raises
        ------
        InputError
            If they name a slot that there is not.
        """
        return self._filled(text, slots, f"{section} code {code!r}")

    def pick(self, section: str, code: str, variants: Iterable[str]) -> str:
        """Return the first of `variants` that the action has words for."""
        known = self.words.get(section, {}).get(code)
        if not isinstance(known, Mapping):
            raise InputError(f"no words for {section} code {code!r}", file=FILE)
        return str(known[next(variant for variant in variants if variant in known)])

    def join(self, items: Sequence[str], kind: str = "list") -> str:
        """Join words as a list (``or``) or an enumeration (``and``)."""
        grammar = self.words["grammar"]
        if len(items) < 2:
            return "".join(items)
        head = str(grammar[f"{kind}_separator"]).join(items[:-1])
        return head + str(grammar[f"{kind}_last"]) + items[-1]


def templates(folders: Sequence[Path] | None = None) -> Templates:
    """Return the words of these knowledge folders, those of later ones over those of earlier ones.

    Raises
    ------
    InputError
        If no folder has any, or a file is no TOML.
    """
    return _templates(tuple(folders or (data_dir() / "knowledge",)))


@lru_cache(maxsize=16)
def _templates(folders: tuple[Path, ...]) -> Templates:
    files = [folder / FILE for folder in folders]
    words: dict[str, dict[str, Any]] = {}
    for path in files:
        if path.is_file():
            for section, entries in read_toml(path).items():
                if not isinstance(entries, dict):
                    raise InputError(f"{section!r} must be a section, [{section}]", file=path)
                words.setdefault(section, {}).update(entries)
    if not words:
        raise InputError("there are no words for recommendations", file=files[0])
    return Templates(words)


def compose(row: Row, *, kb: KnowledgeBase | None = None) -> str:
    """Say one row of ``recommendations`` in sentences.

    Parameters
    ----------
    row
        The row as a dict; columns that are missing count as empty.
    kb
        Knowledge base whose overlays may add words; None = the product's own.

    Raises
    ------
    InputError
        If a code has no words.
    """
    return _Composer(row, templates(kb.folders if kb else None)).text()


def dose_briefly(row: Row, *, kb: KnowledgeBase | None = None) -> str:
    """Say the change of dose of a row of ``recommendations`` in a phrase, its highest dose or else its percentage."""
    one = {**row, "start_dose": None}
    if row.get("max_dose"):
        one |= dict.fromkeys(("dose_min_pct", "dose_max_pct", "dose_reference"))
    return _Composer(one, templates(kb.folders if kb else None)).dose()


def implication(codes: str | None, *, kb: KnowledgeBase | None = None) -> str:
    """Say implication codes: ``exposure_up;efficacy_up`` is "higher exposure and better response"."""
    words = templates(kb.folders if kb else None)
    said = [words.say("implication", code) for code in _split(codes)]
    return words.join([one for one in said if one], "and")


def phrase(section: str, code: str | None, *, kb: KnowledgeBase | None = None) -> str:
    """Say a code of ``population``, ``strength``, ``evidence``, ``notes``, ``alternative_class`` or ``monitoring``."""
    words = templates(kb.folders if kb else None)
    if section == "monitoring" and code and not code.startswith(_LITERAL):
        return _monitoring(words, code)[1]
    if section == "alternative_class":
        return words.join(_classes(words, _split(code)))
    return words.say(section, code)


def dosed_by(code: str | None, *, kb: KnowledgeBase | None = None) -> str:
    """Say what a dose is set by: what is measured of a drug (monitoring code of ``dosed_by``), or else its effect."""
    return phrase("monitoring", code, kb=kb) if code else "the effect"


def by_label(what: str) -> str:
    """Say how a drug is dosed where neither the genes nor the other drugs tell it, by what `dosed_by` says."""
    return f"dose by the label and {what}"


def unknown_codes(row: Row, words: Templates) -> str | None:
    """Return what is wrong with the codes of a recommendation row, None if it can be said."""
    try:
        _Composer(row, words).text()
        for section, column in (("strength", "strength"), ("evidence", "evidence")):
            words.say(section, row.get(column))
    except (InputError, KeyError, StopIteration, IndexError, ValueError) as error:
        return str(error) or type(error).__name__
    return None


def _split(cell: object) -> list[str]:
    text = str(cell or "")
    return [text] if text.startswith(_LITERAL) else [part for part in text.split(";") if part]


def _monitoring(words: Templates, code: str) -> tuple[str, str]:
    entry = words.words["monitoring"].get(code)
    if not isinstance(entry, Mapping) or entry.get("verb") not in _VERBS:
        raise InputError(f"no words for monitoring code {code!r}", file=FILE)
    return str(entry["verb"]), str(entry["what"])


def _classes(words: Templates, codes: Sequence[str]) -> list[str]:
    genes = [match["gene"] for code in codes if (match := _NOT_BY.match(code))]
    said = [words.say("alternative_class", "not_metabolised_by", genes=words.join(genes))] if genes else []
    return said + [words.say("alternative_class", code) for code in codes if not _NOT_BY.match(code)]


class _Composer:
    """One row on its way to text."""

    def __init__(self, row: Row, words: Templates) -> None:
        self.row, self.words = row, words
        self.action = str(row.get("action") or "")
        self.second = str(row.get("secondary_action") or "")
        self.alternatives_said = self.tests_said = False

    def text(self) -> str:
        primary, secondary, how = self._primary(), self._secondary(), self._how()
        # How to dose is said right after the clause that it belongs to.
        clauses = [primary, *how, *secondary] if self._dose_is_primary() else [primary, *secondary, *how]
        clauses += [*self._alternatives(), *([] if self.tests_said else [self._tests()])]
        clauses += [self.words.say("notes", code) for code in _split(self.row.get("notes"))]
        population = self.words.say("population", self.row.get("population") or "general")
        if population:
            clauses[0] = self.words.say("grammar", "population", population=population, text=clauses[0])
        return " ".join(self.words.say("grammar", "sentence", text=capitalised(clause)) for clause in clauses if clause)

    def dose(self) -> str:
        """The change of dose as a phrase of its own."""
        return self._clause("secondary", self.action, self._slots(self.words.say("grammar", "pronoun"), own=True))

    def _primary(self) -> str:
        slots = self._slots(str(self.row.get("drug") or ""), own=self._dose_is_primary())
        return self._clause("action", self.action, slots)

    def _secondary(self) -> list[str]:
        if not self.second:
            return []
        pronoun = self.words.say("grammar", "pronoun")
        slots = self._slots(pronoun, own=not self._dose_is_primary())
        text = self._clause("secondary", self.second, slots)
        return [self.words.say("when", self.row.get("secondary_when"), drug=pronoun, text=text)]

    def _dose_is_primary(self) -> bool:
        if not self.second:
            return True
        return self.row.get("dose_applies") != "secondary" and self.action not in _NO_DOSE

    def _clause(self, section: str, code: str, slots: dict[str, str]) -> str:
        reference = slots["has_reference"]
        base = "change" if slots["change"] else "reference" if reference else ""
        amounts = [name for name in ("dose", "limit") if slots[name]]
        shape = "_".join([base, *amounts] if base else amounts)
        variants = []
        if code == "alternative" and slots["alternatives"]:
            variants.append("alternatives")
        if code in ("monitor", "insufficient") and slots["tests"]:
            variants.append("tests")
        if self.row.get("max_dose_unit") == "mg/day(start)":
            variants.append("starting_limit")
        if not shape:
            variants.append(str(self.row.get("evidence") or "plain"))
        variants += [f"{shape}:{reference}", shape or "plain"]
        if shape == "reference":
            variants.append("plain")
        template = self.words.pick(section, code, variants)
        self.alternatives_said |= "{alternatives}" in template
        self.tests_said |= "{tests}" in template
        return self.words.fill(section, code, template, slots)

    def _slots(self, drug: str, *, own: bool) -> dict[str, str]:
        reference = str(self.row.get("dose_reference") or "") if own else ""
        return {
            "drug": drug,
            "change": self._change() if own else "",
            "reference": self.words.say("reference", reference),
            "has_reference": reference,
            "dose": self._amount("start_dose", "start_dose_unit", of_label="dose") if own else "",
            "limit": self._amount("max_dose", "max_dose_unit", of_label="limit") if own else "",
            "alternatives": self.words.join(self._others()),
            "tests": self._tests(),
            # What the genes ask for, and what acts against it (`pgx.guidance.interactions`).
            "asked": str(self.row.get("asked") or ""),
            "interaction": str(self.row.get("interaction") or ""),
            "dosed_by": str(self.row.get("dosed_by") or ""),
        }

    def _change(self) -> str:
        low, high = self.row.get("dose_min_pct"), self.row.get("dose_max_pct")
        if low is None and high is None:
            return ""
        suffixes = self.words.words.get("reference_suffix", {})
        suffix = str(suffixes.get(str(self.row.get("dose_reference")), ""))
        known = [float(one) for one in (low, high) if one is not None]
        sizes = [f"{size:g}" for size in sorted(abs(one) for one in known)]
        if len(known) == 1:
            # An open end away from zero is "at least": no largest rise given, or no largest cut.
            away = (low is not None) == (known[0] > 0)
            said = self.words.say("grammar", "at_least" if away else "at_most", value=sizes[0])
        elif sizes[0] == sizes[1]:
            said = self.words.say("grammar", "exact", value=sizes[0])
        else:
            said = self.words.say("grammar", "range", low=sizes[0], high=sizes[1])
        return said + suffix

    def _amount(self, value: str, unit: str, of_label: str) -> str:
        text = str(self.row.get(value) or self.row.get(of_label) or "")
        return self.words.say("unit", self.row.get(unit), value=self._number(text)) if text else ""

    def _number(self, text: str) -> str:
        if re.fullmatch(r"\d+(\.\d+)?(-\d+(\.\d+)?)?", text):
            return text.replace("-", self.words.say("grammar", "number_range"))
        return self.words.say("dose", text)

    def _others(self) -> list[str]:
        return _split(self.row.get("alternatives")) + _classes(self.words, _split(self.row.get("alternative_class")))

    def _alternatives(self) -> list[str]:
        others = self._others()
        if not others or self.alternatives_said:
            return []
        return [self.words.say("sentence", "alternatives", alternatives=self.words.join(others))]

    def _how(self) -> list[str]:
        pronoun = self.words.say("grammar", "pronoun")
        said = []
        if self.row.get("target_dose"):
            said.append(self.words.say("sentence", "target", target=self.words.say("dose", self.row["target_dose"])))
        for column in ("frequency", "titration"):
            if self.row.get(column):
                said.append(self.words.say(column, self.row[column], drug=pronoun))
        drugs = [self._class_of_drugs(code) for code in _split(self.row.get("avoid_comedication"))]
        if drugs:
            joined = self.words.join(drugs)
            # Who takes one of them already is told to leave it off, not to begin none.
            form = "leave_comedication" if str(self.row["population"]).startswith("comed:") else "avoid_comedication"
            said.append(self.words.say("sentence", form, drug=pronoun, drugs=joined))
        return said

    def _class_of_drugs(self, code: str) -> str:
        match = _COMEDICATION.match(code)
        if match is None:
            return self.words.say("comedication", code)
        strengths = [self.words.say("comedication", one) for one in (match["strengths"] or "").split("|") if one]
        slots = {"gene": match["gene"], "strengths": self.words.join(strengths)}
        return self.words.say("comedication", match["role"], **slots).strip()

    def _tests(self) -> str:
        tests = [_monitoring(self.words, code) for code in _split(self.row.get("monitoring"))]
        said = []
        for verb in _VERBS:
            what = [one for own, one in tests if own == verb]
            if what:
                said.append(self.words.say("sentence", verb, monitoring=self.words.join(what, "and")))
        return self.words.join(said, "and")


def capitalised(text: str) -> str:
    """Return a text as it begins a sentence."""
    return text[:1].upper() + text[1:]
