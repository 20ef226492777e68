"""What a page says about one person: plain dataclasses, codes already in words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from pgx.assertion import NOT_CALLED
from pgx.clinical.allergies import Against
from pgx.codes import FlagCode, NoteCode
from pgx.judgement import Judgement
from pgx.judgement.judgements import SCOPE
from pgx.judgement.read_back import agents_of, causes_of, not_started_of
from pgx.judgement.together import FOR_OTHERS
from pgx.knowledge.acting import Acting
from pgx.reports.page import details, wording
from pgx.reports.page.advice import Advice, Row
from pgx.reports.page.cells import codes_of
from pgx.reports.page.diplotypes import SURE, brief, in_short
from pgx.reports.page.exposure_line import Exposure
from pgx.reports.page.lexicon import Lexicon
from pgx.reports.page.notice import is_allergy_to, is_doubt_of_person
from pgx.reports.page.score import Score, without_number
from pgx.reports.page.wording import clean

OF_LEVELS = (NoteCode.DRUG_LEVEL, NoteCode.PLANNED_DRUG_LEVEL)
"""Codes of notes that say of a drug's level what its headline says where an interaction decides."""
BESIDE_DRUGS = (
    NoteCode.DRUG_DRUG_GENE,
    NoteCode.PLANNED_INTERACTION,
    NoteCode.ACTS_ON_OTHERS,
    NoteCode.WASHOUT_UNKNOWN,
    *OF_LEVELS,
)
"""Codes of notes that are said beside the drug that they name."""
ALERTS = (
    NoteCode.ALLERGY,
    NoteCode.SEX_MISMATCH,
    NoteCode.OUTSIDE_REFUSED,
    NoteCode.OUTSIDE_CONTRADICTS,
    NoteCode.RECORD_LOST,
    NoteCode.RECORD_UNMATCHED,
    NoteCode.VALUE_LEFT_OUT,
    NoteCode.DAY_ASSUMED,
    NoteCode.UNLIKELY_VALUE,
)
"""Codes of notes that stand before everything else."""
UNKNOWN_MEDICINE, UNREAD_MEDICINE, LOCAL_MEDICINE = "medication_unknown", "medication_unread", "medication_local"
"""Concepts of medicines that the knowledge base does not know, and of entries that could not be read."""
_ANY = "any"
ALWAYS_SAID = (NoteCode.MEDICATION_BASIS,)
"""Codes of notes that a reader sees even where they are no warning."""


@dataclass(frozen=True, slots=True)
class Drug:
    """One drug: what was judged, why, and what each source says.

    `later` is what changes in the course of treatment, `under` what is done under conditions that the record does
    not decide, `met` the words around what is due now that its condition is met (``{text}``), `doses` doses in
    numbers, `once` what is said once medicines are started that are only planned, `set_aside` what sources say of a
    first treatment where that is behind the person, `limits` are what the label says whatever the genes,
    `ruled_out` is the one of them that leads, `acting` the drugs of the list that act on it and that the advice on
    the genes does not count, `interactions` what else other drugs of the list do to it and it to them, `untested`
    the genes not tested with the urgency that a result could mean, `unclear` those of which the file shows
    something of unknown effect, `refused` those of which a laboratory's result could not be used, `allergic` the
    allergies against it, and `local` says that a site's tables had a part; `product` brings it, its part
    `ruled_out_by` is ruled out.
    """

    name: str
    judgement: Judgement
    headline: str
    reason: str
    sources: tuple[str, ...]
    medication: str
    differences: str
    cautions: tuple[str, ...]
    advice: tuple[Advice, ...]
    deciding: Advice | None
    ruled_out: Advice | None = None
    limits: tuple[Advice, ...] = ()
    interactions: tuple[str, ...] = ()
    untested: tuple[tuple[str, str], ...] = ()
    unclear: tuple[tuple[str, str], ...] = ()
    refused: tuple[str, ...] = ()
    local: bool = False
    later: str = ""
    under: str = ""
    once: str = ""
    set_aside: str = ""
    next_test: str = ""
    acting: tuple[Acting, ...] = ()
    met: str = ""
    doses: str = ""
    product: str = ""
    ruled_out_by: str = ""
    allergic: tuple[Against, ...] = ()

    @property
    def urgency(self) -> str:
        """The urgency that was judged."""
        return self.judgement.urgency

    @property
    def alternatives(self) -> tuple[str, ...]:
        """Drugs that the sources name instead and that fit the person."""
        return self.judgement.alternatives

    @property
    def instead_said(self) -> str:
        """The same in one line, each with what is kept to, and those that do not fit, and why; mostly empty."""
        return details.instead_said(self.judgement)

    @property
    def causes(self) -> tuple[str, ...]:
        """The medicines of the person that are the cause of what is said."""
        return tuple(dict.fromkeys(agents_of(self.judgement)))

    @property
    def washing_out(self) -> dict[str, str]:
        """The medicines that were stopped and are the cause as long as they act -> until when."""
        return {agent: day for cause in causes_of(self.judgement) for agent, day in cause.until.items()}

    @property
    def not_started(self) -> tuple[str, ...]:
        """Which of this drug and of those that do not go together with it are not to be started."""
        return not_started_of(self.judgement)

    @property
    def told_for_others(self) -> bool:
        """Whether another medicine, with which it does not go together, is why it is not fine as usual."""
        return self.action in FOR_OTHERS

    @property
    def linked(self) -> bool:
        """Whether another drug of the list acts on it, or it on another."""
        return bool(self.acting or self.interactions or self.once or details.acts_on(self.judgement))

    @property
    def open_limits(self) -> tuple[Advice, ...]:
        """The limits of the label that the data do not decide; where one holds and leads, those that are graver."""
        return details.open_limits(self.judgement, self.limits, self.ruled_out)

    @property
    def whatever_the_genes(self) -> bool:
        """Whether what the label says beside other medicines rests on no enzyme that the person's result is about."""
        return not (self.ruled_out and self.ruled_out.rests_on_enzyme_of(self.deciding))

    @property
    def beside(self) -> tuple[Advice, ...]:
        """What the label says whatever the genes, and which holds, beside what leads."""
        rows = (limit for limit in self.limits if limit.applies == "yes" and limit is not self.ruled_out)
        return tuple(limit for limit in rows if not limit.is_milder_beside(self.ruled_out))

    @property
    def action(self) -> str:
        """Code of the action that was judged; empty if nothing may be said."""
        return self.judgement.action or ""


@dataclass(frozen=True, slots=True)
class Class:
    """One phenotype that the data allow, in one scheme."""

    scheme: str
    name: str
    clinical: str
    probability: float
    score: float | None


@dataclass(frozen=True, slots=True)
class Gene:
    """One gene: the diplotype with its probability, and what follows from it.

    `harmless` are those of its alleles that are known to work normally.
    """

    row: Row
    name: str
    status: str
    diplotype: str
    probability: float | None
    alternatives: tuple[tuple[str, float], ...]
    phenotype: str
    phenotype_probability: float | None
    clinical: str
    score: float | None
    clinical_score: float | None
    functions: tuple[tuple[str, str], ...]
    positions: str
    positions_assumed: int
    flags: tuple[str, ...]
    source: str
    classes: tuple[Class, ...]
    has_guidance: bool
    harmless: frozenset[str]

    @property
    def positions_said(self) -> str:
        """Positions with data, and how many were assumed: ``1/35, 34 assumed``."""
        return f"{self.positions}, {self.positions_assumed} assumed" if self.positions_assumed else self.positions

    @property
    def local(self) -> bool:
        """Whether a site's own tables had a part in the call or its phenotype."""
        return self.source.startswith("local:") or FlagCode.LOCAL in codes_of(self.row["flags"])

    @property
    def unclear(self) -> str:
        """What the phenotype depends on where the file shows something of unknown effect; mostly empty."""
        return self.unclear_in(plain=False)

    def unclear_in(self, *, plain: bool) -> str:
        """Return the same in the words of those who treat, or in everyday words."""
        keys = [("unclear", flag) for flag in codes_of(self.row["flags"])]
        return next((wording.words(*key, plain=plain) for key in keys if key in wording.table()), "")

    def brief(self, diplotype: str, most: int) -> str:
        """Return one of the gene's diplotypes for little room; only alleles that are harmless are left out."""
        return brief(diplotype, most, self.harmless.__contains__)

    @property
    def in_short(self) -> str:
        """The diplotype for little room; mostly as it is."""
        return in_short(self.diplotype, self.harmless.__contains__, with_phenotype=bool(self.phenotype))

    @property
    def works_otherwise(self) -> bool:
        """Whether the diplotype is sure enough to be named by itself, and an allele works otherwise than normally."""
        sure = bool(self.diplotype) and (self.probability is None or self.probability >= SURE)
        return sure and any(function and allele not in self.harmless for allele, function in self.functions)

    @property
    def status_said(self) -> str:
        """The status in words; a call in doubt need not have several diplotypes."""
        alone = self.status == "ambiguous" and bool(self.diplotype) and not self.alternatives
        return wording.words("status", "ambiguous_one" if alone else self.status)

    @property
    def changed(self) -> bool:
        """Whether drugs or conditions change the phenotype."""
        return bool(self.clinical) and self.clinical != self.phenotype


_NO_WEIGHT = (True, len(wording.URGENCIES), 0)


@dataclass(frozen=True, slots=True)
class View:
    """Everything that a page about one sample says; `pieces` of pages are kept for the next person of the result.

    `local_medicines` are remarks on what does not reach the whole body, such as eye drops, and has no line of its own.
    """

    sample: str
    drugs: tuple[Drug, ...]
    genes: tuple[Gene, ...]
    scores: tuple[Score, ...]
    medications: tuple[Row, ...]
    clinical: tuple[Row, ...]
    notes: tuple[Row, ...]
    provenance: tuple[tuple[str, str], ...]
    lexicon: Lexicon
    who: tuple[tuple[str, str], ...] = ()
    test_first: str = ""
    tolerated: frozenset[str] = frozenset()
    exposures: tuple[Exposure, ...] = ()
    local_medicines: tuple[str, ...] = ()
    pieces: dict[object, Any] = field(default_factory=dict, compare=False, repr=False)

    def of_urgency(self, urgency: str, *, listed: bool | None = None) -> list[Drug]:
        """Return the drugs of one urgency, in order; `listed` asks for those on the person's list, or for the rest."""
        wanted = (True, False) if listed is None else (listed,)
        return [drug for drug in self.drugs if drug.urgency == urgency and bool(drug.medication) in wanted]

    @property
    def parts(self) -> tuple[bool | None, ...]:
        """The parts of the first page, for `of_urgency`: what the person takes or will take comes before the rest."""
        listed = {bool(drug.medication) for drug in self.drugs}
        return (True, False) if len(listed) > 1 else (None,)

    @property
    def not_called(self) -> list[Gene]:
        """Genes without a call: first those that could mean most for the person's own drugs."""
        weights = self._weights()
        weighed = sorted(self.genes, key=lambda gene: weights.get(gene.name, _NO_WEIGHT))
        return [gene for gene in weighed if gene.status == NOT_CALLED]

    @property
    def genes_needed(self) -> list[str]:
        """Genes not tested whose result could change the advice on a drug of the report, gravest first."""
        weights = self._weights()
        needed = (gene for gene, weight in weights.items() if weight[:2] < _NO_WEIGHT[:2])
        return sorted(needed, key=weights.__getitem__)

    def _weights(self) -> dict[str, tuple[bool, int, int]]:
        """Return gene -> what its result could mean: least for the gravest urgency of most drugs of the person's."""
        drugs: dict[str, Counter[tuple[bool, int]]] = {}
        for drug in self.drugs:
            for gene, urgency in drug.untested:
                rank = wording.URGENCIES.index(urgency) if urgency else len(wording.URGENCIES)
                drugs.setdefault(gene, Counter())[not drug.medication or not urgency, rank] += 1
        return {gene: (*min(counts), -counts[min(counts)]) for gene, counts in drugs.items()}

    @property
    def unanswered(self) -> list[tuple[str, tuple[str, ...]]]:
        """Drugs on which genes that were not tested leave the answer open, and those genes."""
        return [(drug.name, tuple(gene for gene, _ in drug.untested)) for drug in self.drugs if drug.untested]

    @property
    def without_number(self) -> list[tuple[str, tuple[str, ...]]]:
        """Why scores are not usable, each reason once, with its drugs."""
        return without_number(self.scores)

    @property
    def tests_needed(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """Genes not tested that could rule out a medicine of the person: gene, urgency, medicines."""
        medicines: dict[tuple[str, str], list[str]] = {}
        for drug in self.drugs:
            for gene, urgency in drug.untested:
                settled = drug.name in self.tolerated and self.lexicon.of_first_treatment(drug.name, gene)
                if drug.medication and urgency == "avoid" != drug.urgency and not settled:
                    medicines.setdefault((gene, urgency), []).append(drug.name)
        order = sorted(medicines, key=lambda key: (wording.URGENCIES.index(key[1]), -len(medicines[key])))
        return [(gene, urgency, tuple(sorted(medicines[gene, urgency]))) for gene, urgency in order]

    @property
    def unclear(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """Genes of which the file shows something of unknown effect: gene, gravest urgency, drugs that it concerns."""
        by_gene: dict[str, dict[str, str]] = {}
        for drug in self.drugs:
            for gene, urgency in drug.unclear:
                by_gene.setdefault(gene, {})[drug.name] = urgency
        rank = wording.URGENCIES.index
        found = [(gene, min(own.values(), key=rank), tuple(own)) for gene, own in by_gene.items()]
        return sorted(found, key=lambda one: rank(one[1]))

    @property
    def local_knowledge(self) -> list[tuple[str, str]]:
        """Genes and drugs of this person that rest on a site's own tables, and the overlays' names."""
        here = {f"gene {gene.name}" for gene in self.genes} | {f"drug {drug.name}" for drug in self.drugs}
        here |= {f"drug {clean(str(row['drug']))}" for row in self.medications}
        return [(clean(what), clean(name)) for what, name in self.lexicon.overlays.items() if what in here]

    @property
    def refused(self) -> list[str]:
        """Genes, as the laboratory or we write them, of which a result could not be used; empty for a whole file."""
        lost = NoteCode.OUTSIDE_REFUSED
        return sorted({clean(str(note["subject"] or "")) for note in self.notes if note["code"] == lost})

    @property
    def alerts(self) -> list[Row]:
        """Notes that a reader must see first: a recorded allergy, a possible mix-up of persons, a lost result."""
        return [note for note in self.notes if note["code"] in ALERTS or is_doubt_of_person(note)]

    @property
    def first_alerts(self) -> list[Row]:
        """The alerts without the allergies to a drug that its own line is about."""
        said = [drug.name for drug in self.drugs if drug.ruled_out and drug.ruled_out.has(FlagCode.ALLERGY)]
        return [note for note in self.alerts if not is_allergy_to(note, said)]

    @property
    def scope(self) -> str:
        """That no more than the actionable drugs is shown; empty where drugs were named or a list is known."""
        return next((clean(str(note["message"])) for note in self.notes if note["code"] == SCOPE), "")

    @property
    def unknown_medicines(self) -> list[str]:
        """Medicines of the person's list that the knowledge base does not know, as they were written."""
        rows = (row for row in self.clinical if row["concept"] == UNKNOWN_MEDICINE and row["code"])
        return sorted({clean(str(row["code"])) for row in rows})

    @property
    def unread_medicines(self) -> list[str]:
        """What entries of the person's list may be of which nobody can tell whether they are taken."""
        codes = {clean(str(row["code"])) for row in self.clinical if row["concept"] == UNREAD_MEDICINE and row["code"]}
        named = sorted(codes - {_ANY} - set(self.unknown_medicines))
        return named + (["an entry of the list"] if _ANY in codes and not self.unknown_medicines else [])

    @property
    def remarks(self) -> list[Row]:
        """Notes that deserve a reader's eye and are not said beside a drug already."""
        told_beside = {drug.name for drug in self.drugs if drug.interactions}
        return [
            note
            for note in self.notes
            if (note["severity"] != "info" or note["code"] in ALWAYS_SAID)
            and note not in self.alerts
            and not (note["code"] in BESIDE_DRUGS and note["subject"] in told_beside)
        ]

    @property
    def without_guidance(self) -> list[str]:
        """Medicines of the person that no guideline row exists for."""
        listed = {clean(str(row["drug"])) for row in self.medications if row["status"] != "stopped"}
        return sorted(listed - {drug.name for drug in self.drugs} - self.lexicon.guided_drugs)
