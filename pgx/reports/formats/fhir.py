"""The result as a FHIR R4 bundle after HL7's Genomics Reporting guide.

One `DiagnosticReport` per person; genotypes and therapeutic implications as `Observation`, proposals for the prescriber
as `Task`, model scores as `RiskAssessment`. Ids follow from the sample's name and the content, so that the same result
gives the same bundle; there is no date in it unless the caller gives one.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pgx.guard.letters import visible
from pgx.reports.formats.fhir_codes import CODES, GENENAMES, LOINC, METABOLISERS, REPORTING, RXNORM, TASKS
from pgx.reports.page.build import Advice, Drug, Gene, Row, Score, View
from pgx.reports.page.details import leads
from pgx.reports.page.lexicon import Lexicon
from pgx.reports.page.notice import NOTICE
from pgx.reports.page.wording import clean, percent, words
from pgx.version import __version__

Resource = dict[str, Any]

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "pgx.result/fhir")

_SCORE = re.compile(r" \(score [\d.]+\)$")
"""What stands behind a phenotype where a guideline goes by the activity score."""
_STATUS = {"current": "active", "planned": "intended", "stopped": "stopped"}


@dataclass(slots=True)
class _Bundle:
    """Collects resources and knows how they refer to each other."""

    sample: str
    lexicon: Lexicon
    entries: dict[str, Resource] = field(default_factory=dict)

    def url(self, kind: str, name: str) -> str:
        return f"urn:uuid:{uuid.uuid5(_NAMESPACE, json.dumps([self.sample, kind, name]))}"

    def add(self, kind: str, name: str, content: Resource, *, profile: str | None = None) -> dict[str, str]:
        """Add a resource and return a reference to it."""
        url = self.url(kind, name)
        head: Resource = {"resourceType": kind, "id": url.rpartition(":")[2]}
        if profile:
            head["meta"] = {"profile": [f"{REPORTING}/StructureDefinition/{profile}"]}
        self.entries[url] = _pruned(head | content)
        return {"reference": url}

    @property
    def patient(self) -> dict[str, str]:
        return {"reference": self.url("Patient", "patient")}


def to_text(bundle: Resource) -> str:
    """Return a resource as JSON text, the same bytes for the same content; hidden characters are written as escapes."""
    return visible(json.dumps(bundle, ensure_ascii=False, indent=1, allow_nan=False), kept="\n") + "\n"


def fhir_of(shown: View) -> Resource:
    """Return one person's result as a FHIR R4 collection bundle.

    Parameters
    ----------
    shown
        What the pages show of the person.
    """
    bundle = _Bundle(shown.sample, shown.lexicon)
    report_url = bundle.url("DiagnosticReport", "report")
    bundle.entries[report_url] = {}  # keeps the report first
    bundle.add("Patient", "patient", {"identifier": [{"value": shown.sample or "unnamed"}]})
    device = bundle.add(
        "Device", "pgx", {"deviceName": [{"name": "pgx", "type": "model-name"}], "version": [{"value": __version__}]}
    )
    genotypes = {gene.name: _genotype(bundle, gene, device) for gene in shown.genes}
    medications = {str(row["drug"]): _medication(bundle, row, i) for i, row in enumerate(shown.medications)}
    results = list(genotypes.values())
    actions = []
    for drug in shown.drugs:
        implications = {
            i: _implication(bundle, drug, i, genotypes) for i in range(len(drug.advice)) if _says(drug.advice[i])
        }
        results += implications.values()
        for limit in drug.limits:
            _limit(bundle, drug, limit, medications.get(drug.name))
        if drug.ruled_out:
            actions.append(_task(bundle, drug, None, medications.get(drug.name)))
        elif drug.urgency in ("avoid", "change_dose", "monitor"):
            because = implications.get(drug.advice.index(drug.deciding)) if drug.deciding else None
            actions.append(_task(bundle, drug, because, medications.get(drug.name)))
    risks = [_risk(bundle, score, genotypes, results) for score in shown.scores]
    bundle.entries[report_url] = _pruned(_report(bundle, shown, results, actions, risks))
    return {
        "resourceType": "Bundle",
        "id": bundle.url("Bundle", "bundle").rpartition(":")[2],
        "type": "collection",
        "entry": [{"fullUrl": url, "resource": resource} for url, resource in bundle.entries.items()],
    }


def _report(
    bundle: _Bundle, shown: View, results: Sequence[Resource], actions: Sequence[Resource], risks: Sequence[Resource]
) -> Resource:
    extensions = [
        {"url": f"{REPORTING}/StructureDefinition/recommended-action", "valueReference": reference}
        for reference in actions
    ]
    extensions += [
        {"url": f"{REPORTING}/StructureDefinition/genomic-risk-assessment", "valueReference": reference}
        for reference in risks
    ]
    lines = [
        f"{words('urgency', drug.urgency)}: {drug.name}, {drug.headline}."
        for drug in shown.drugs
        if drug.deciding
        or drug.ruled_out
        or drug.told_for_others
        or leads(drug.judgement)
        or any(urgency for _, urgency in drug.untested)
    ]
    report: Resource = {
        "resourceType": "DiagnosticReport",
        "id": bundle.url("DiagnosticReport", "report").rpartition(":")[2],
        "meta": {"profile": [f"{REPORTING}/StructureDefinition/genomic-report"]},
        "status": "final",
        "category": [_coding("http://terminology.hl7.org/CodeSystem/v2-0074", "GE", "Genetics")],
        "code": _coding(LOINC, "51969-4", "Genetic analysis report"),
        "subject": bundle.patient,
        "conclusion": " ".join([NOTICE, *(_sentence(str(note["message"])) for note in shown.alerts), *lines]),
    }
    if extensions:
        report["extension"] = extensions
    if results:
        report["result"] = list(results)
    return report


def _sentence(message: str) -> str:
    return f"Check first: {clean(message).rstrip('.')}."


def _observation(bundle: _Bundle, code: Resource, device: Resource | None = None) -> Resource:
    content: Resource = {
        "status": "final",
        "category": [
            _coding("http://terminology.hl7.org/CodeSystem/observation-category", "laboratory", "Laboratory"),
            _coding("http://terminology.hl7.org/CodeSystem/v2-0074", "GE", "Genetics"),
        ],
        "code": code,
        "subject": bundle.patient,
    }
    if device:
        content["device"] = device
    return content


def _genotype(bundle: _Bundle, gene: Gene, device: Resource) -> Resource:
    content = _observation(bundle, _coding(LOINC, "84413-4", "Genotype display name"), device)
    if not gene.diplotype:
        content["dataAbsentReason"] = _coding(
            "http://terminology.hl7.org/CodeSystem/data-absent-reason", "unknown", "Unknown", text="not called"
        )
    else:
        content["valueCodeableConcept"] = {"text": f"{gene.name} {gene.diplotype}"}
    notes = [f"Probability of this diplotype: {percent(gene.probability)}."] if gene.probability is not None else []
    notes += [f"Also possible: {name} ({percent(chance)})." for name, chance in gene.alternatives]
    notes += [f"{flag[:1].upper()}{flag[1:]}." for flag in gene.flags]
    if gene.positions:
        notes.append(f"Positions with data: {gene.positions.replace('/', ' of ')}.")
    if notes:
        content["note"] = [{"text": " ".join(notes)}]
    content["component"] = [
        {"code": _coding(LOINC, "48018-6", "Gene studied [ID]"), "valueCodeableConcept": _gene_code(bundle, gene.name)}
    ]
    # The profile asks for a value: of a gene that was not called there is an observation, and no genotype.
    profile = "genotype" if gene.diplotype else None
    return bundle.add("Observation", f"genotype {gene.name}", content, profile=profile)


def _gene_code(bundle: _Bundle, gene: str) -> Resource:
    code = bundle.lexicon.hgnc(gene)
    return _coding(GENENAMES, code, gene, text=gene) if code else {"text": gene}


def _drug_code(bundle: _Bundle, drug: str) -> Resource:
    code = bundle.lexicon.rxnorm(drug)
    return _coding(RXNORM, code, drug, text=drug) if code else {"text": drug.strip() or "unnamed"}


def _pruned(node: Any) -> Any:
    """Leave out what is empty: FHIR has no empty strings, lists or objects."""
    if isinstance(node, dict):
        return {key: value for key, inner in node.items() if (value := _pruned(inner)) not in ("", None, [], {})}
    if isinstance(node, list):
        return [value for inner in node if (value := _pruned(inner)) not in ("", None, [], {})]
    return node.strip() if isinstance(node, str) else node


def _coding(system: str, code: str, display: str, *, text: str | None = None) -> Resource:
    concept: Resource = {"coding": [{"system": system, "code": code, "display": display}]}
    return concept | {"text": text} if text else concept


def _says(advice: Advice) -> bool:
    return advice.applies in ("yes", "if_population", "possible") and bool(advice.row["guideline"] or advice.text)


def _implication(bundle: _Bundle, drug: Drug, index: int, genotypes: dict[str, Resource]) -> Resource:
    advice = drug.advice[index]
    content = _observation(bundle, _coding(CODES, "therapeutic-implication", "Therapeutic Implication"))
    content["derivedFrom"] = [genotypes[gene] for gene in advice.genes if gene in genotypes]
    if not content["derivedFrom"]:
        del content["derivedFrom"]
    sentences = [*_conditions(advice), advice.text or advice.headline]
    if drug.judgement.status == "not_judged":
        content["status"] = "preliminary"
        sentences.insert(0, f"No answer, as it rests on a part of the genes: {drug.headline}.")
    content["component"] = [
        *_effects(advice),
        {
            "code": _coding(LOINC, "51963-7", "Medication assessed [ID]"),
            "valueCodeableConcept": _drug_code(bundle, drug.name),
        },
        {"code": _coding(LOINC, "93044-6", "Level of evidence"), "valueCodeableConcept": {"text": _evidence(advice)}},
        {"code": _coding(CODES, "conclusion-string", "Conclusion"), "valueString": " ".join(sentences)},
    ]
    if advice.flags:
        content["note"] = [{"text": "; ".join(advice.flags)}]
    if advice.url:
        citation = {"type": "citation", "label": advice.source, "url": advice.url}
        content["extension"] = [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/workflow-relatedArtifact",
                "valueRelatedArtifact": citation,
            }
        ]
    return bundle.add("Observation", f"implication {drug.name} {index}", content, profile="therapeutic-implication")


def _evidence(advice: Advice) -> str:
    return f"{advice.source}: {advice.strength or 'not graded'}"


def _conditions(advice: Advice) -> Iterator[str]:
    if advice.applies == "if_population" and advice.condition:
        yield f"Applies only {advice.condition}."
    for refused, code in ((False, "advice"), (True, "refused")):
        if genes := [gene for gene in advice.unclear if (gene in advice.refused) is refused]:
            yield f"Of {', '.join(genes)}: {words('unclear', code)}."
    if advice.applies == "possible":
        yield f"Only possible: the genotype fits with probability {percent(advice.probability)}."


def _effects(advice: Advice) -> Iterator[Resource]:
    code = _coding(CODES, "therapeutic-implication", "Therapeutic Implication")
    effects = dict(advice.implications)
    for gene, value in advice.matched:
        text = f"{gene} {value}: {effects[gene]}" if effects.get(gene) else f"{gene} {value}"
        phenotype = _SCORE.sub("", value)
        answer = METABOLISERS.get(phenotype) if gene not in advice.unclear else None
        concept = _coding(LOINC, answer, phenotype, text=text) if answer else {"text": text}
        yield {"code": code, "valueCodeableConcept": concept}


def _task(bundle: _Bundle, drug: Drug, because: Resource | None, medication: Resource | None) -> Resource:
    leading = drug.ruled_out or drug.deciding
    content: Resource = {"status": "requested", "intent": "proposal", "for": bundle.patient}
    if code := TASKS.get(drug.action):
        content["code"] = _coding(LOINC, *code)
    headline = drug.told_for_others or drug.causes or leads(drug.judgement) or not (leading and leading.text)
    content["description"] = f"{drug.name}: {drug.headline if headline or leading is None else leading.text}"
    if medication:
        content["focus"] = medication
    if because:
        content["reasonReference"] = because
    return bundle.add("Task", f"task {drug.name}", content, profile="medication-recommendation")


def _limit(bundle: _Bundle, drug: Drug, limit: Advice, medication: Resource | None) -> None:
    """Add what the label rules out whatever the genes: no genomic finding, so no genomic profile."""
    content: Resource = {
        "status": "final" if limit.applies == "yes" else "preliminary",
        "code": {"text": f"{limit.action} {limit.condition}, {limit.whose}"},
        "severity": "high" if limit.applies == "yes" else None,
        "patient": bundle.patient,
        "detail": " ".join([*_conditions(limit), limit.text]),
        "reference": limit.url,
    }
    content["implicated"] = [medication] if medication else None
    bundle.add("DetectedIssue", f"limit {drug.name} {limit.row['guideline']}", content)


def _medication(bundle: _Bundle, row: Row, index: int) -> Resource:
    content: Resource = {
        "status": _STATUS.get(str(row["status"]), "unknown"),
        "medicationCodeableConcept": _drug_code(bundle, str(row["drug"])),
        "subject": bundle.patient,
    }
    period = {key: str(row[name]) for key, name in (("start", "start"), ("end", "end")) if row[name] is not None}
    if period:
        content["effectivePeriod"] = period
    return bundle.add("MedicationStatement", f"medication {index}", content)


def _risk(bundle: _Bundle, score: Score, genotypes: dict[str, Resource], results: list[Resource]) -> Resource:
    basis = [genotypes[gene] for gene in score.genes if gene in genotypes]
    content: Resource = {
        # An assessment that could not be made is none: it never counts as a finding.
        "status": "final" if score.usable else "cancelled",
        "subject": bundle.patient,
        "code": {"text": score.endpoint},
        "method": {"text": score.model},
    }
    if score.estimate is not None:
        if not score.is_probability:
            dose = _dose(bundle, score)
            results.append(dose)
            basis.append(dose)
        content["prediction"] = [_prediction(score)]
    if basis:
        content["basis"] = basis
    remarks = [score.refusal] if score.refusal else [f"rests on {score.evidence}"]
    remarks += [f"over: {score.when}"] if score.when else []
    remarks += [f"holds for {score.population}"] if score.population else []
    content["note"] = [{"text": "; ".join([*remarks, *score.flags])}]
    return bundle.add("RiskAssessment", f"score {score.endpoint}", content)


def _prediction(score: Score) -> Resource:
    parts = [f"interval {score.interval}"] if score.interval else []
    if score.reference is not None:
        parts.append(f"average person {score.show(score.reference)}")
    parts += [f"{name} {value:+.3g}" for name, value in score.factors]
    prediction: Resource = {"outcome": {"text": f"{score.outcome or score.endpoint}: {score.show(score.estimate)}"}}
    if score.is_probability and score.estimate is not None:
        prediction["probabilityDecimal"] = round(score.estimate, 6)
        if score.reference:
            prediction["relativeRisk"] = round(score.estimate / score.reference, 4)
    prediction["qualitativeRisk"] = {"text": words("category", score.category)}
    if parts:
        prediction["rationale"] = "; ".join(parts)
    return prediction


def _dose(bundle: _Bundle, score: Score) -> Resource:
    quantity = {"value": score.estimate, "unit": score.unit} if score.unit else {"value": score.estimate}
    content: Resource = {
        "status": "final",
        "code": {"text": f"{score.endpoint}, predicted by a model"},
        "subject": bundle.patient,
    }
    content["valueQuantity"] = quantity
    content["component"] = [
        {
            "code": {"text": f"{end} end of the {percent(score.level) or 'prediction'} interval"},
            "valueQuantity": quantity | {"value": value},
        }
        for end, value in (("lower", score.low), ("upper", score.high))
        if value is not None
    ]
    if not content["component"]:
        del content["component"]
    return bundle.add("Observation", f"dose {score.endpoint}", content)
