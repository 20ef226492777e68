"""One sample's result, arranged for a reader: sorted by urgency, codes in words. All page formats render only this."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from pgx.errors import UsageError
from pgx.reports import lookups, wording
from pgx.reports.wording import URGENCIES, clean, split, words
from pgx.types import Result

Row = Mapping[str, object]

_FRAMES = ("calls", "phenotypes", "guidance", "scores", "clinical", "medications", "notes")
_APPLIES = ("yes", "if_population", "possible", "no_match", "not_tested")
_EVIDENCE = re.compile(r"^(patients):n=(\d+)$")
_STRENGTHS = ("strong", "moderate", "optional", "none")
_SOURCES = ("CPIC", "DPWG", "FDA")
NOBODY = "none"  # the source of a row that says that no source names the drug
_GRAVEST = ("contraindicated", "avoid")  # actions that outrank others of the same urgency
_WORTH_SAYING = 0.1  # from this probability on, advice for another genotype stands beside the headline


@dataclass(frozen=True, slots=True)
class Advice:
    """What one source says for one drug, in words; `row` keeps the codes."""

    row: Row
    source: str
    applies: str
    urgency: str
    action: str
    dose: str
    condition: str
    text: str
    matched: tuple[tuple[str, str], ...]
    implications: tuple[tuple[str, str], ...]
    strength: str
    alternatives: tuple[str, ...]
    monitoring: tuple[str, ...]
    monitoring_codes: tuple[str, ...]
    url: str
    probability: float | None
    flags: tuple[str, ...]

    @property
    def headline(self) -> str:
        """Action, dose and condition in one phrase."""
        return f"{self.what} ({self.condition})" if self.applies == "if_population" and self.condition else self.what

    @property
    def what(self) -> str:
        """Action and change of dose.

        A dose beside an action that is no change of dose is for the case that the drug is used all the same: only the
        full sentence can say that.
        """
        return f"{self.action} ({self.dose})" if self.dose and self.urgency == "change_dose" else self.action


@dataclass(frozen=True, slots=True)
class Drug:
    """One drug: the most urgent advice that applies, why, and what each source says."""

    name: str
    urgency: str
    headline: str
    reason: str
    sources: tuple[str, ...]
    medication: str
    differences: str
    cautions: tuple[str, ...]
    advice: tuple[Advice, ...]
    deciding: Advice | None


@dataclass(frozen=True, slots=True)
class Class:
    """One phenotype that the data allow, in one scheme."""

    scheme: str
    name: str
    clinical: str
    probability: float
    score: float | None
    conversion: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gene:
    """One gene: the diplotype with its probability, and what follows from it."""

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
    flags: tuple[str, ...]
    source: str
    classes: tuple[Class, ...]
    has_guidance: bool

    @property
    def changed(self) -> bool:
        """Whether drugs or conditions change the phenotype."""
        return bool(self.clinical) and self.clinical != self.phenotype


@dataclass(frozen=True, slots=True)
class Score:
    """One model score in words and numbers; `factors` are signed contributions, largest first."""

    row: Row
    drug: str
    endpoint: str
    kind: str
    estimate: float | None
    low: float | None
    high: float | None
    level: float | None
    unit: str
    reference: float | None
    category: str
    evidence: str
    model: str
    factors: tuple[tuple[str, float], ...]
    flags: tuple[str, ...]
    outcome: str
    population: str

    @property
    def genes(self) -> tuple[str, ...]:
        """Genes among what drives the score."""
        names = (name.split(".") for name, _ in wording.pairs(_text(self.row["factors"])))
        found = (parts[1].upper().replace("_", "-") for parts in names if parts[0] == "gene" and len(parts) > 2)
        return tuple(dict.fromkeys(found))

    @property
    def is_probability(self) -> bool:
        """Whether the numbers are chances from 0 to 1."""
        return self.unit == "probability"

    def show(self, value: float | None) -> str:
        """Return one of the score's numbers with its unit."""
        if value is None:
            return ""
        return wording.percent(value) if self.is_probability else f"{wording.number(value)} {self.unit}".strip()

    @property
    def interval(self) -> str:
        """The interval in words; empty if there is none."""
        if self.low is None or self.high is None:
            return ""
        ends = (
            (self.show(self.low), self.show(self.high))
            if self.is_probability
            else (wording.number(self.low), self.show(self.high))
        )
        return f"{ends[0]} to {ends[1]}" + (f" ({wording.percent(self.level)} interval)" if self.level else "")


@dataclass(frozen=True, slots=True)
class View:
    """Everything that a page about one sample says."""

    sample: str
    drugs: tuple[Drug, ...]
    genes: tuple[Gene, ...]
    scores: tuple[Score, ...]
    medications: tuple[Row, ...]
    clinical: tuple[Row, ...]
    notes: tuple[Row, ...]
    provenance: tuple[tuple[str, str], ...]

    def of_urgency(self, urgency: str) -> list[Drug]:
        """Return the drugs of one urgency, in order."""
        return [drug for drug in self.drugs if drug.urgency == urgency]

    @property
    def not_called(self) -> list[Gene]:
        """Genes without a call."""
        return [gene for gene in self.genes if gene.status == "not_called"]

    @property
    def without_guidance(self) -> list[str]:
        """Medicines of the person that no guideline row exists for."""
        known = {drug.name for drug in self.drugs}
        return sorted({clean(str(row["drug"])) for row in self.medications if row["status"] != "stopped"} - known)


def views(result: Result) -> Iterator[View]:
    """Yield one view a sample, in the result's order; the frames are split once."""
    parts = {name: _by_sample(getattr(result, name)) for name in _FRAMES}
    provenance = tuple(flatten(result.provenance))
    for sample in result.samples:
        yield build(
            sample,
            {name: found.get(sample, []) for name, found in parts.items()},
            parts["notes"].get(None, []),
            provenance,
        )


def view(result: Result, sample: str) -> View:
    """Return the view of one sample.

    Raises
    ------
    UsageError
        If the result does not have the sample.
    """
    if sample not in result.samples:
        raise UsageError(f"the result has no sample {sample!r}; it has: {', '.join(result.samples[:10])}")
    parts = {name: _rows(getattr(result, name).filter(pl.col("sample") == sample)) for name in _FRAMES}
    run_notes = _rows(result.notes.filter(pl.col("sample").is_null()))
    return build(sample, parts, run_notes, tuple(flatten(result.provenance)))


def _rows(frame: pl.DataFrame) -> list[Row]:
    return list(frame.iter_rows(named=True))


def _by_sample(frame: pl.DataFrame) -> dict[str | None, list[Row]]:
    found: dict[str | None, list[Row]] = {}
    for row in frame.iter_rows(named=True):
        found.setdefault(row["sample"], []).append(row)
    return found


def build(
    sample: str, parts: Mapping[str, list[Row]], run_notes: list[Row], provenance: tuple[tuple[str, str], ...]
) -> View:
    """Return the view of one sample from its rows, by the name of their frame, and the notes of the whole run."""
    advice = [_advice(row) for row in parts["guidance"]]
    taken = {str(row["drug"]): clean(str(row["status"])) for row in parts["medications"] if row["status"] != "stopped"}
    by_drug: dict[str, list[Advice]] = {}
    for one in advice:
        by_drug.setdefault(str(one.row["drug"]), []).append(one)
    drugs = sorted((_drug(name, found, taken.get(name, "")) for name, found in by_drug.items()), key=_drug_order)
    guided = {gene for row in parts["guidance"] for gene in split(_text(row["genes"]))}
    classes: dict[str, list[Row]] = {}
    for row in parts["phenotypes"]:
        classes.setdefault(str(row["gene"]), []).append(row)
    genes = [_gene(row, classes.get(str(row["gene"]), []), str(row["gene"]) in guided) for row in parts["calls"]]
    return View(
        sample=clean(sample),
        drugs=tuple(drugs),
        genes=tuple(sorted(genes, key=lambda gene: (not gene.has_guidance, gene.status == "not_called", gene.name))),
        scores=tuple(sorted((_score(row) for row in parts["scores"]), key=_score_order)),
        medications=tuple(parts["medications"]),
        clinical=tuple(parts["clinical"]),
        notes=(*run_notes, *parts["notes"]),
        provenance=provenance,
    )


def _text(value: object) -> str:
    return "" if value is None else clean(str(value))


def _float(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _advice(row: Row) -> Advice:
    monitoring = split(_text(row["monitoring"]))
    dose = _text(row["dose_change"])
    url = _text(row["url"])
    population = _text(row["population"])
    return Advice(
        row=row,
        source=_text(row["source"]),
        applies=_text(row["applies"]) or "no_match",
        urgency=_text(row["urgency"]) if row["urgency"] in URGENCIES else "no_data",
        action=words("action", _text(row["action"])) or words("applies", _text(row["applies"])) or "no advice",
        dose=_dose(dose),
        condition=wording.population(population),
        text=_text(row["recommendation"]),
        matched=tuple(wording.pairs(_text(row["phenotypes"]))),
        implications=tuple(wording.implications(_text(row["implication"]))),
        strength=words("strength", _text(row["strength"])),
        alternatives=tuple(split(_text(row["alternatives"]))),
        monitoring=tuple(words("monitoring", code) for code in monitoring),
        monitoring_codes=tuple(monitoring),
        # Only links that a browser opens as pages: a local overlay must not smuggle in `javascript:`.
        url=url if url.startswith(("https://", "http://")) else "",
        probability=_float(row["probability"]),
        flags=tuple(wording.flags(_text(row["flags"]))),
    )


def _dose(change: str) -> str:
    if not change:
        return ""
    low, _, high = change.partition("..")
    signed = [part if part.startswith(("-", "+")) else f"+{part}" for part in (low, high) if part]
    return " to ".join(signed).replace("-", "\N{MINUS SIGN}") + " %"


def _rank(order: tuple[str, ...], value: object) -> int:
    return order.index(str(value)) if value in order else len(order)


def _advice_order(one: Advice) -> tuple[object, ...]:
    return (
        _rank(_SOURCES, one.source),
        one.source,
        _rank(_APPLIES, one.applies),
        URGENCIES.index(one.urgency),
        one.condition,
        str(one.row["guideline"]),
    )


def _drug_order(drug: Drug) -> tuple[object, ...]:
    strength = drug.deciding.row["strength"] if drug.deciding else None
    return (
        URGENCIES.index(drug.urgency),
        _rank(("current", "planned"), drug.medication),
        _rank(_STRENGTHS, strength),
        drug.name,
    )


def _drug(name: str, advice: list[Advice], medication: str) -> Drug:
    advice = sorted(advice, key=_advice_order)
    valid = [one for one in advice if one.applies in ("yes", "if_population")]
    valid.sort(
        key=lambda one: (
            URGENCIES.index(one.urgency),
            _rank(_APPLIES, one.applies),
            _rank(_GRAVEST, one.row["action"]),
            _rank(_STRENGTHS, one.row["strength"]),
        )
    )
    deciding = valid[0] if valid else None
    otherwise = next((one for one in valid if one.applies == "yes" and one.urgency != "no_data"), None)
    urgency = deciding.urgency if deciding else "no_data"
    agreeing = dict.fromkeys(one.source for one in valid if one.urgency == urgency)
    untested = _genes_not_tested(advice)
    # What a part of the genes says is no answer, least of all "use as usual".
    part = deciding if urgency == "no_data" and untested else None
    return Drug(
        name=clean(name),
        urgency=urgency,
        headline=(
            f"cannot be judged: {', '.join(untested)} not tested"
            if part
            else _headline(deciding, otherwise)
            if deciding
            else _why_nothing(advice)
        ),
        reason=_matched(part) if part else _reason(deciding) if deciding else _untested(advice),
        sources=tuple(sorted(agreeing, key=lambda source: (_rank(_SOURCES, source), source))),
        medication=medication,
        differences=_differences(valid),
        cautions=(*_cautions(advice, valid, urgency), *(_incomplete(untested) if deciding and not part else ())),
        advice=tuple(advice),
        deciding=deciding,
    )


def _headline(deciding: Advice, otherwise: Advice | None) -> str:
    if deciding.applies == "if_population" and otherwise and otherwise.urgency != deciding.urgency:
        return f"{deciding.headline}; otherwise {otherwise.headline}"
    return deciding.headline


def _why_nothing(advice: list[Advice]) -> str:
    if all(one.source == NOBODY for one in advice):
        return "no source has a recommendation for this drug"
    if any(one.applies == "not_tested" for one in advice):
        return "the deciding gene was not called"
    if any(one.applies == "possible" for one in advice):
        return "the genotype is too uncertain for one answer"
    return "no guideline row fits this genotype"


def _untested(advice: list[Advice]) -> str:
    genes = dict.fromkeys(gene for one in advice if one.source != NOBODY for gene in split(_text(one.row["genes"])))
    return ", ".join(genes)


def _genes_not_tested(advice: list[Advice]) -> dict[str, list[str]]:
    """Genes that a source looks at for this drug and that were not called, with those sources."""
    found: dict[str, list[str]] = {}
    for one in advice:
        if one.applies == "not_tested" and one.source != NOBODY:
            for gene in split(_text(one.row["genes"])):
                found.setdefault(gene, []).append(one.source)
    return {gene: list(dict.fromkeys(sources)) for gene, sources in found.items()}


def _incomplete(untested: Mapping[str, list[str]]) -> Iterator[str]:
    for gene, sources in untested.items():
        yield f"{gene} was not tested, and {', '.join(sources)} would look at it too"


def _matched(one: Advice) -> str:
    return ", ".join(f"{gene} {value}".strip() for gene, value in one.matched)


def _reason(one: Advice) -> str:
    matched = _matched(one)
    effects = list(dict.fromkeys(said for _, said in one.implications if said not in _EMPTY_IMPLICATIONS))
    return f"{matched}: {'; '.join(effects)}" if matched and effects else matched or "; ".join(effects)


_EMPTY_IMPLICATIONS = ("no implication stated", "no relevant effect")


def _differences(valid: list[Advice]) -> str:
    said: dict[str, Advice] = {}
    settled: dict[str, Advice] = {}
    for one in valid:
        if one.urgency != "no_data":
            said.setdefault(one.source, one)
            if one.applies == "yes":
                settled.setdefault(one.source, one)
    flagged = any("sources_differ" in split(_text(one.row["flags"])) for one in valid)
    # What holds for this person counts as well as what would hold under a condition.
    apart = any(len({one.urgency for one in found.values()}) > 1 for found in (said, settled))
    if len(said) < 2 or not (flagged or apart):
        return ""
    ordered = sorted(said, key=lambda source: (_rank(_SOURCES, source), source))
    return "; ".join(f"{source}: {_headline(said[source], settled.get(source))}" for source in ordered)


def _cautions(advice: list[Advice], valid: list[Advice], urgency: str) -> Iterator[str]:
    seen = set()
    said = {one.headline for one in valid}
    for one in sorted(advice, key=lambda a: URGENCIES.index(a.urgency)):
        graver = URGENCIES.index(one.urgency) < URGENCIES.index(urgency)
        same = one.urgency == urgency and (one.headline in said or urgency == "no_data")
        if one.applies != "possible" or same or one.urgency in seen:
            continue
        if not graver and (one.probability is None or one.probability < _WORTH_SAYING):
            continue
        seen.add(one.urgency)
        matched = ", ".join(f"{gene} {value}" for gene, value in one.matched) or "another phenotype"
        chance = f"with probability {wording.percent(one.probability)}" if one.probability is not None else "possibly"
        yield f"{chance} the genotype means {matched}; then {one.source} says: {one.headline}"


def _class(row: Row) -> Class:
    return Class(
        scheme=_text(row["scheme"]),
        name=_text(row["phenotype"]),
        clinical=_text(row["clinical_phenotype"]),
        probability=_float(row["probability"]) or 0.0,
        score=_float(row["activity_score"]),
        conversion=tuple(split(_text(row["conversion"]))),
    )


def _gene(row: Row, classes: list[Row], guided: bool) -> Gene:
    kinds = sorted((_class(c) for c in classes), key=lambda c: (c.scheme, -c.probability, c.name))
    phenotype = _text(row["phenotype"])
    chances = [c.probability for c in kinds if c.scheme == "CPIC" and c.name == phenotype]
    alternatives = []
    for name, value in wording.pairs(_text(row["alternatives"])):
        try:
            alternatives.append((name, float(value)))
        except ValueError:
            continue
    called, total = row["positions_called"], row["positions_total"]
    functions = [
        (_text(row[f"allele{i}"]), _text(row[f"function{i}"])) for i in (1, 2) if row[f"allele{i}"] is not None
    ]
    return Gene(
        row=row,
        name=_text(row["gene"]),
        status=_text(row["status"]),
        diplotype=_text(row["diplotype"]),
        probability=_float(row["probability"]),
        alternatives=tuple(alternatives),
        phenotype=phenotype,
        phenotype_probability=min(sum(chances), 1.0) if chances else None,
        clinical=_text(row["clinical_phenotype"]),
        score=_float(row["activity_score"]),
        clinical_score=_float(row["clinical_activity_score"]),
        functions=tuple(functions),
        positions="" if total is None else f"{called if called is not None else 0}/{total}",
        flags=tuple(wording.flags(_text(row["flags"]))),
        source=_text(row["source"]),
        classes=tuple(kinds),
        has_guidance=guided,
    )


def _score_order(score: Score) -> tuple[object, ...]:
    # Doses first, then what differs from the average person; what could not be said comes last.
    return (score.estimate is None, score.kind != "dose", score.category == "average", score.drug, score.endpoint)


def _score(row: Row) -> Score:
    factors = []
    for name, value in wording.pairs(_text(row["factors"])):
        try:
            factors.append((wording.feature(name), float(value)))
        except ValueError:
            continue
    about = lookups.endpoint(str(row["endpoint"]))
    return Score(
        row=row,
        drug=_text(row["drug"]),
        endpoint=_text(row["endpoint"]),
        kind=_text(row["kind"]),
        estimate=_float(row["estimate"]),
        low=_float(row["low"]),
        high=_float(row["high"]),
        level=_float(row["level"]),
        unit=_text(row["unit"]),
        reference=_float(row["reference"]),
        category=_text(row["category"]),
        evidence=_EVIDENCE.sub(r"\1 (n = \2)", _text(row["evidence"])),
        model=_text(row["model"]),
        factors=tuple(factors),
        flags=tuple(wording.flags(_text(row["flags"]))),
        outcome=clean("; ".join(about[key] for key in ("outcome", "horizon") if key in about)),
        population=clean(about.get("population", "")),
    )


def flatten(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield (label, value) of nested provenance, in its own order; lists of plain values stay on one line."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from flatten(inner, f"{path} {clean(str(key))}".strip())
    elif isinstance(value, list | tuple) and any(isinstance(inner, Mapping | list | tuple) for inner in value):
        for i, inner in enumerate(value, 1):
            yield from flatten(inner, f"{path} {i}")
    elif isinstance(value, list | tuple):
        if value:
            yield path.replace("_", " "), clean(", ".join(map(str, value)))
    elif value is not None and value != "":
        yield path.replace("_", " "), clean(str(value))
