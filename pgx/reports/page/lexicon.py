"""Words and identifiers for the codes of a result, from the knowledge base of the run.

Whoever renders gets a `Lexicon` from the caller. What a site's own tables add travels inside the result's provenance
(`pgx.knowledge.local_terms`), so that a stored result reads the same where the site's folder is missing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from pgx import schema
from pgx.clinical.allergies import Against, allergens
from pgx.codes import Flag
from pgx.guidance.label_interactions import interaction_limits
from pgx.knowledge.acting import DECIDES, Acting, parse
from pgx.knowledge.drug_names import DrugNames
from pgx.knowledge.drug_names import drug_names as names_of
from pgx.knowledge.local_terms import KEY, endpoint_terms
from pgx.knowledge.sentences import by_label, dosed_by, templates
from pgx.phenotypes.substrates import acting_drugs, acting_of
from pgx.reports.page import wording
from pgx.reports.page.wording import clean, humanise, words
from pgx.types import ClinicalData

if TYPE_CHECKING:
    from pgx.knowledge.base import KnowledgeBase

Schedule = tuple[bool, tuple[int, ...], str]

_LITERAL = "text:"
_NORMAL = "Normal function"
_FEATURE = re.compile(r"^(gene|clinical|lifestyle|lab|vital|condition|medication|trend|imaging)\.")


_MOST_LISTS = 10_000
"""Lists of drugs whose interactions are kept."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words and identifiers for codes.

    Parameters
    ----------
    kb
        The knowledge base, with a site's overlays. Its tables are read when they are first needed, and once.
    local
        What a result says that its site's tables add (`of_result`); it comes before `kb`.

    Examples
    --------
    >>> from pgx import knowledge
    >>> Lexicon(knowledge.load()).feature("gene.cyp2c9.activity_score")
    'CYP2C9 activity score'
    """

    kb: KnowledgeBase
    local: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def of_result(self, provenance: Mapping[str, object]) -> Lexicon:
        """Return the lexicon for a result with this provenance: the words that the result brings along come first."""
        return replace(self, local=_terms_of(provenance))

    def acting(self, drugs: Collection[str]) -> dict[str, tuple[tuple[Acting, bool], ...]]:
        """Return which of some drugs, taken together, act on which others of them, and whether markedly.

        A pair that a label names without saying which way counts as marked.
        """
        known: dict[frozenset[str], dict[str, tuple[tuple[Acting, bool], ...]]]
        known = self.kb.remember(("lexicon", "acting"), dict)
        names = frozenset(drugs)
        if names not in known:
            if len(known) >= _MOST_LISTS:
                known.clear()
            known[names] = self._acting(names)
        return known[names]

    def ruled_out_together(self, drugs: Collection[str]) -> dict[str, tuple[str, ...]]:
        """Return what labels say against each of some drugs, taken with the others: drug -> sentences."""
        names = sorted(set(drugs))
        said = interaction_limits(self.kb, acting_drugs(_listed(names), self.kb), ["order"], dict.fromkeys(names))
        found: dict[str, list[str]] = defaultdict(list)
        for row in said.iter_rows(named=True):
            if row["urgency"] == "avoid":
                found[row["drug"]].append(clean(row["recommendation"]))
        return {drug: tuple(dict.fromkeys(texts)) for drug, texts in found.items()}

    def _acting(self, drugs: frozenset[str]) -> dict[str, tuple[tuple[Acting, bool], ...]]:
        found: dict[str, list[tuple[Acting, bool]]] = defaultdict(list)
        for row in acting_drugs(_listed(sorted(drugs)), self.kb).iter_rows(named=True):
            if row["drug"] in drugs:
                found[row["drug"]].append((acting_of(row), row["marked"] or not row["enzyme"]))
        return {drug: tuple(acting) for drug, acting in found.items()}

    def hgnc(self, gene: str) -> str | None:
        """Return the HGNC id of a gene."""
        return self._local_text("hgnc", gene) or self._column("genes", "gene", "hgnc_id").get(gene)

    def rxnorm(self, drug: str) -> str | None:
        """Return the RxNorm id of a drug."""
        return self._local_text("rxnorm", drug) or self._column("drugs", "drug", "rxnorm").get(drug)

    def is_harmless(self, gene: str, allele: str) -> bool:
        """Return whether every scheme that knows an allele says that it works normally."""
        functions = self.kb.remember(("lexicon", "functions"), self._functions).get((gene, allele))
        return functions == {_NORMAL}

    def schedule(self, code: str) -> Schedule:
        """Return when a test is done: before the first dose, on which days after it, and a remark."""
        entry = self._local("follow_up").get(code)
        if isinstance(entry, list) and len(entry) == 3:
            return _scheduled(*map(str, entry))
        return self.kb.remember(("lexicon", "follow_up"), self._schedules).get(code, (False, (), ""))

    def by_label(self, drug: str) -> str:
        """Return what the dose of a drug goes by that neither the genes nor the other drugs can tell."""
        measured = self._local_text("dosed_by", drug) or self._column("dosed_by", "drug", "code").get(drug, "")
        known = templates(self.kb.folders).words.get("monitoring", {})
        of_the_site = bool(measured) and measured not in known
        return by_label(self.monitoring(measured) if of_the_site else dosed_by(measured, kb=self.kb))

    def goes_by_a_measured_value(self, drug: str) -> bool:
        """Return whether the dose of a drug is set by a value that is measured, such as its level in blood."""
        return drug in self._column("dosed_by", "drug", "code")

    def action(self, code: str, drug: str, *, running: bool = False) -> str:
        """Return an action on a drug in words; `running` is one that has been taken for long."""
        if code == DECIDES:
            return self.by_label(drug)
        return (wording.running(code) if running else "") or words("action", code)

    def endpoint(self, name: str) -> dict[str, str]:
        """Return what a score is about (``outcome``, ``horizon``, ``population``); empty for an unknown endpoint."""
        entry = self._local("endpoints").get(name)
        if isinstance(entry, Mapping):
            return {str(key): value for key, value in entry.items() if isinstance(value, str)}
        return endpoint_terms(self.kb, name)

    def monitoring(self, code: str, *, plain: bool = False) -> str:
        """Return a test in words; ``text:...`` is a site's own wording."""
        if code.startswith(_LITERAL):
            return clean(code[len(_LITERAL) :].strip())
        local = self._local_text("monitoring", code)
        if local and ("monitoring", code) not in wording.table():
            return clean(local)
        return words("monitoring", code, plain=plain)

    def is_measured(self, code: str) -> bool:
        """Return whether a monitoring code is a test that gives a value, rather than something to watch for."""
        entry = templates(self.kb.folders).words.get("monitoring", {}).get(code)
        verb = entry.get("verb") if isinstance(entry, Mapping) else None
        return (self._local_text("verbs", code) or verb) == "measure"

    @property
    def tests_of_genes(self) -> dict[str, frozenset[str]]:
        """Gene -> the tests, as concepts, that sources ask for where its result does not suffice: activity, level."""
        return self.kb.remember("tests of genes", self._tests_of_genes)

    def _tests_of_genes(self) -> dict[str, frozenset[str]]:
        unclear = self.kb.table("recommendations").filter(action="insufficient").select("rec_id", "monitoring")
        asked = unclear.join(self.kb.table("recommendation_conditions").select("rec_id", "gene"), on="rec_id")
        found: dict[str, set[str]] = {}
        for codes, gene in asked.select("monitoring", "gene").drop_nulls().iter_rows():
            found.setdefault(gene, set()).update(codes.lower().split(";"))
        return {gene: frozenset(tests) for gene, tests in found.items()}

    def of_first_treatment(self, drug: str, gene: str) -> bool:
        """Return whether the reactions by a gene come with a first treatment: who tolerated it needs no test of it."""
        return gene in self._first_treatments.get(drug, (timedelta(), ()))[1]

    def first_treatment_of(self, drug: str) -> timedelta | None:
        """Return how long a treatment is a first one; None if no advice on the drug is for a first treatment only."""
        return self._first_treatments.get(drug, (None,))[0]

    @property
    def _first_treatments(self) -> Mapping[str, tuple[timedelta, Collection[str]]]:
        return self.kb.remember(("lexicon", "first treatments"), self._times_and_genes)

    def _times_and_genes(self) -> dict[str, tuple[timedelta, Collection[str]]]:
        long = self.kb.table("populations").filter(test="taken_longer").select("population", "subject", "value")
        rows = self.kb.table("set_aside").join(long, on="population").select("subject", "value", "genes").iter_rows()
        return {
            drug: (timedelta(days=int(days)), frozenset(genes.split(";")))
            for drugs, days, genes in rows
            for drug in drugs.split("|")
        }

    def against(self, allergies: Iterable[str], drug: str) -> tuple[Against, ...]:
        """Return why recorded allergies speak against a drug; what only may, where none does."""
        known = allergens(self.kb)
        reasons = dict.fromkeys(why for allergy in allergies if (why := known.against(allergy, drug)))
        return tuple(why for why in reasons if why.certain) or tuple(reasons)

    def flags(self, codes: Iterable[str]) -> list[str]:
        """Return flags in words."""
        return [self.flag(code) for code in codes]

    def flag(self, code: str) -> str:
        """Return a flag in words; ``out_of_range:age`` keeps what it is about."""
        flag = Flag.parse(code)
        head, rest = flag.code, flag.about
        local = self._local_text("flags", code) or self._local_text("flags", head)
        if local:
            return clean(_as_phrase(local))
        meanings = self.kb.remember(("lexicon", "flags"), self._meanings_of_flags)
        meaning = meanings.get(head) or humanise(head)
        if acting := parse(code):
            return f"{meaning}: {clean(acting.named)}"
        if code in meanings or not rest:
            return meanings.get(code, meaning)
        if said := wording.flag_said(flag):
            return said
        kind = wording.table().get(("flag_names", head), ("", ""))[0]
        if kind:
            name, *genes = flag.arguments
            named = "".join(f" ({clean(wording.gene(gene))})" for gene in genes if gene)
            return f"{meaning}: {words(kind, name).lower()}{named}"
        # What a flag leaves out leaves no colon behind.
        subject = self.feature(rest) if _FEATURE.match(rest) else humanise(":".join(filter(None, flag.arguments)))
        return f"{meaning}: {subject}"

    def population(self, code: str | None, *, plain: bool = False) -> str:
        """Return a population condition as a phrase: ``adult`` becomes ``for adults``; empty for everyone."""
        if code and (local := self._local_text("population", code)):
            return clean(local)
        if plain and code and (everyday := wording.table().get(("population", code), ("", ""))[1]):
            return everyday
        phrase = templates(self.kb.folders).words.get("population", {}).get(code or "general")
        return clean(phrase) if isinstance(phrase, str) else humanise(code or "")

    def when(self, code: str, text: str, drug: str) -> str:
        """Return what is done under a condition as a phrase: ``in treatment beyond 12 weeks that works, ...``."""
        pattern = templates(self.kb.folders).words.get("when", {}).get(code)
        if not isinstance(pattern, str):
            pattern = f"{humanise(code)}: {{text}}" if code else "{text}"
        return clean(pattern.replace("{text}", text).replace("{drug}", drug))

    def when_met(self, code: str, text: str, drug: str) -> str:
        """Return what is done now that a condition is met: ``taken for more than 12 weeks: if it works, ...``."""
        pattern = templates(self.kb.folders).words.get("when_met", {}).get(code)
        if not isinstance(pattern, str):
            return self.when(code, text, drug)
        return clean(pattern.replace("{text}", text).replace("{drug}", drug))

    def is_condition(self, concept: str) -> bool:
        """Return whether a concept is a disease or a state that a person has or has not."""
        columns = (self._column("concepts", "concept", name) for name in ("feature", "kind", "when_over"))
        feature, kind, ends = (column.get(concept) or "" for column in columns)
        return feature.startswith("condition.") or (kind == "boolean" and ends != "")

    def window_days(self, concept: str) -> int | None:
        """Return how many days a value of a concept counts; None = any number of days."""
        days = self._column("concepts", "concept", "window_days").get(concept)
        return int(days) if days else None

    def dose(self, value: str, unit: str) -> str:
        """Return a dose with its unit: ``less than 20 mg/day``."""
        known = templates(self.kb.folders).words
        pattern, number = known.get("unit", {}).get(unit), known.get("dose", {}).get(value, value)
        return clean((pattern if isinstance(pattern, str) else f"{{value}} {unit}").replace("{value}", str(number)))

    def feature(self, name: str) -> str:
        """Return a feature's name in words: ``gene.cyp2c9.activity_score`` becomes ``CYP2C9 activity score``."""
        if local := self._local_text("features", name):
            return _before_details(local)
        if ("feature", name) in wording.table():
            return words("feature", name)
        # A condition that no model looks at is no feature: it has its meaning alone.
        of_concept = self._column("concepts", "concept", "meaning").get(name.removeprefix("condition."))
        meaning = self._column("concepts", "feature", "meaning").get(name, of_concept)
        # The meaning of a coded concept lists its answers: none of them is its name.
        if meaning is not None and self._column("concepts", "feature", "kind").get(name) != "coded":
            return _before_details(meaning)
        head, _, rest = name.partition(".")
        if head == "gene":
            gene, _, what = rest.partition(".")
            return clean(f"{gene.upper().replace('_', '-')} {humanise(what.replace('.', ' '))}".strip())
        return humanise(rest.replace(".", " ") or head)

    @property
    def overlays(self) -> dict[str, str]:
        """What of the result is local: ``gene ZZG1`` or ``drug newdrugine`` -> the overlays' names."""
        return _overlays(self.local)

    @property
    def resolver(self) -> DrugNames:
        """The look-up of drugs by name, description or code: the one that reads records and options too."""
        return names_of(self.kb)

    @property
    def drug_names(self) -> Mapping[str, str]:
        """RxNorm id, generic name, brand name or ATC code (all lower case) -> drug."""
        return self.kb.remember(("lexicon", "drug names"), self._drug_names)

    @property
    def guided_drugs(self) -> frozenset[str]:
        """The drugs that any source has a recommendation for."""
        return self.kb.remember(
            ("lexicon", "guided drugs"), lambda: frozenset(map(str, self.kb.table("recommendations")["drug"].unique()))
        )

    @property
    def avoidable_drugs(self) -> frozenset[str]:
        """The drugs that some result of a gene, by any source, would mean to avoid or replace."""
        return self.kb.remember(("lexicon", "avoidable drugs"), self._avoidable)

    def _avoidable(self) -> frozenset[str]:
        urgencies = dict(self.kb.table("actions").select("action", "urgency").iter_rows())
        rows = self.kb.table("recommendations").select("drug", "action").iter_rows()
        return frozenset(drug for drug, action in rows if urgencies.get(action) == "avoid")

    def _local(self, kind: str) -> Mapping[str, Any]:
        return _section(self.local, kind)

    def _local_text(self, kind: str, code: str) -> str:
        text = self._local(kind).get(code)
        return text if isinstance(text, str) else ""

    def _column(self, table: str, key: str, value: str) -> dict[str, str]:
        """Return key -> value of two columns of a table, where both are filled."""

        def read() -> dict[str, str]:
            rows = self.kb.table(table).select(key, value).drop_nulls().iter_rows()
            return {str(name): str(text) for name, text in rows}

        return self.kb.remember(("lexicon", table, key, value), read)

    def _functions(self) -> dict[tuple[str, str], set[str]]:
        functions: dict[tuple[str, str], set[str]] = {}
        for gene, allele, function in self.kb.table("functions").select("gene", "allele", "function").iter_rows():
            functions.setdefault((gene, allele), set()).add(function)
        return functions

    def _schedules(self) -> dict[str, Schedule]:
        rows = self.kb.table("follow_up").select("code", "before", "days", "note").iter_rows()
        return {code: _scheduled(before, days or "", note or "") for code, before, days, note in rows}

    def _meanings_of_flags(self) -> dict[str, str]:
        flags = self.kb.table("flags")
        rows = flags.filter(flags["kind"] == "flag").select("code", "meaning").iter_rows()
        return {code: _as_phrase(meaning) for code, meaning in rows}

    def _drug_names(self) -> dict[str, str]:
        rows = list(self.kb.table("drugs").select("drug", "rxnorm", "atc", "synonyms").iter_rows())
        drugs: dict[str, str] = {}
        for drug, rxnorm, atc, synonyms in rows:
            # An ATC code of a combination or a brand that two drugs share names neither of them.
            for name in filter(None, (rxnorm, *(atc or "").split(";"), *(synonyms or "").split(";"))):
                key = str(name).casefold().strip()
                drugs[key] = drug if drugs.get(key, drug) == drug else ""
        drugs |= {str(drug).casefold(): drug for drug, *_ in rows}
        return {name: drug for name, drug in drugs.items() if drug}


def _listed(drugs: Iterable[str]) -> ClinicalData:
    """Return the record of somebody who is to take these drugs."""
    lines = [{"sample": "order", "drug": drug, "status": "planned", "source": "order"} for drug in drugs]
    medications = pl.DataFrame(lines, schema=schema.polars_schema(schema.MEDICATIONS))
    return ClinicalData(schema.empty(schema.CLINICAL), medications, schema.empty(schema.NOTES))


def overlays_of(provenance: Mapping[str, object]) -> dict[str, str]:
    """Return what of a result with this provenance is local, see `Lexicon.overlays`."""
    return _overlays(_terms_of(provenance))


def _terms_of(provenance: Mapping[str, object]) -> Mapping[str, Any]:
    terms = provenance.get(KEY)
    return terms if isinstance(terms, Mapping) else {}


def _section(terms: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    section = terms.get(kind)
    return section if isinstance(section, Mapping) else {}


def _overlays(terms: Mapping[str, Any]) -> dict[str, str]:
    return {str(what): str(name) for what, name in _section(terms, "overlays").items()}


def _scheduled(before: str, days: str, note: str) -> Schedule:
    return before == "y", tuple(int(day) for day in days.split(";") if day.strip().isdecimal()), note


def _as_phrase(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")


def _before_details(meaning: str) -> str:
    """Return a concept's meaning up to the first comma or the like."""
    return clean(re.split(r"[:;,(]", meaning)[0].strip())
