"""One sample's result, arranged for a reader: sorted by urgency, codes in words. All page formats render only this."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import polars as pl

from pgx import judgement
from pgx.assertion import NOT_CALLED, STATEMENTS, asserted
from pgx.codes import FlagCode, NoteCode
from pgx.errors import UsageError
from pgx.knowledge.local_terms import KEY as LOCAL_TERMS
from pgx.reports.page import next_test, person, who, wording
from pgx.reports.page.advice import NOBODY, Advice, Row
from pgx.reports.page.cells import codes_of, flags_of, numbers_of, pairs_of
from pgx.reports.page.cells import number_of as _float
from pgx.reports.page.cells import text_of_cell as _text
from pgx.reports.page.diplotypes import alleles_of
from pgx.reports.page.drug_line import drug_order
from pgx.reports.page.exposure_line import exposure_of
from pgx.reports.page.lexicon import Lexicon
from pgx.reports.page.model import BESIDE_DRUGS, LOCAL_MEDICINE, Class, Drug, Gene, View
from pgx.reports.page.products import products_of
from pgx.reports.page.score import Score, is_reason
from pgx.reports.page.shared import Shared, rows_of
from pgx.reports.page.wording import clean
from pgx.types import Result

__all__ = ["NOBODY", "Advice", "Class", "Drug", "Gene", "Row", "Score", "View", "build", "flatten", "view", "views"]

_FRAMES = ("calls", "phenotypes", "guidance", "scores", "judgements", "next_tests", "exposure_ratios", "clinical",
           "medications", "notes")  # fmt: skip
ALIKE = ("calls", "phenotypes", "guidance", "next_tests", "judgements", "scores", "exposure_ratios")
"""Frames of which many persons have the same rows."""
_NOT_KNOWN = (FlagCode.MISSING, FlagCode.NOT_RECORDED, FlagCode.IMPLAUSIBLE)
_HIGHER_RISK = "_risk_up"
"""Part of the codes of implications that speak of a higher risk."""
LOCAL_USE = "local_use"
"""How a drug is on the list that is used on skin, eye or ear alone."""
REFUSED = "refused"
"""Category of a score that is not usable."""
_EVIDENCE = re.compile(r"^(patients):n=(\d+)$")


def views(result: Result, lexicon: Lexicon) -> Iterator[View]:
    """Yield one view a sample, in the result's order; the frames are split once."""
    parts = {name: _by_sample(getattr(result, name), name) for name in _FRAMES}
    lexicon = lexicon.of_result(result.provenance)
    shared = Shared(lexicon)
    for sample in result.samples:
        yield build(
            sample,
            {name: rows.get(sample, []) for name, rows in parts.items()},
            parts["notes"].get(None, []),
            tuple(flatten(person.provenance_of(result, sample))),
            lexicon,
            shared,
        )


def view(result: Result, sample: str, lexicon: Lexicon) -> View:
    """Return the view of one sample.

    Raises
    ------
    UsageError
        If the result does not have the sample.
    """
    if sample not in result.samples:
        count = f"{len(result.samples)} sample{'' if len(result.samples) == 1 else 's'}"
        raise UsageError(f"no sample of the result is called {sample!r}; it has {count}")
    own = {name: getattr(result, name).filter(pl.col("sample") == sample) for name in _FRAMES}
    parts = {name: _by_sample(frame, name).get(sample, []) for name, frame in own.items()}
    run_notes: list[Row] = list(result.notes.filter(pl.col("sample").is_null()).iter_rows(named=True))
    provenance = tuple(flatten(person.provenance_of(result, sample)))
    return build(sample, parts, run_notes, provenance, lexicon.of_result(result.provenance))


def _by_sample(frame: pl.DataFrame, name: str) -> dict[str | None, list[Row]]:
    if name in ALIKE:
        return rows_of(frame)
    rows: dict[str | None, list[Row]] = {}
    for row in frame.iter_rows(named=True):
        rows.setdefault(row["sample"], []).append(row)
    return rows


def build(
    sample: str,
    parts: Mapping[str, list[Row]],
    run_notes: list[Row],
    provenance: tuple[tuple[str, str], ...],
    lexicon: Lexicon,
    shared: Shared | None = None,
) -> View:
    """Return the view of one sample from its rows, by the name of their frame, and the notes of the whole run.

    Of these only what concerns the person is taken (`pgx.reports.page.person.notes_for`); `provenance` is the
    person's own. `shared` holds what was made for others of the same result.
    """
    shared = shared or Shared(lexicon)
    beside: dict[object, list[Row]] = {}
    for note in parts["notes"]:
        if note["code"] in BESIDE_DRUGS:
            beside.setdefault(note["subject"], []).append(note)
    taken = {clean(str(row["code"])): LOCAL_USE for row in parts["clinical"] if row["concept"] == LOCAL_MEDICINE}
    taken |= {str(row["drug"]): clean(str(row["status"])) for row in parts["medications"] if row["status"] != "stopped"}
    products = products_of(parts["medications"])
    by_drug: dict[str, list[Row]] = {}
    for row in parts["guidance"]:
        by_drug.setdefault(clean(str(row["drug"])), []).append(row)
    copy_ranges = {str(row["gene"]): _copy_number_range(row) for row in parts["calls"]}
    tests: dict[str, list[Row]] = {}
    tolerated = who.tolerated(parts["clinical"], parts["medications"], lexicon)
    wanted = [
        row
        for row in parts.get("next_tests", ())
        if row["drug"] not in tolerated or not lexicon.of_first_treatment(str(row["drug"]), str(row["what"]))
    ]
    for row in wanted:
        tests.setdefault(str(row["drug"]), []).append(row)
    judged = {row["drug"]: shared.of_row(row, _judged) for row in parts["judgements"]}
    guided = {gene for row in parts["guidance"] for gene in codes_of(row["genes"])}
    classes: dict[str, list[Row]] = {}
    for row in parts["phenotypes"]:
        classes.setdefault(str(row["gene"]), []).append(row)
    genes = [
        shared.gene(row, classes.get(str(row["gene"]), []), str(row["gene"]) in guided, _gene) for row in parts["calls"]
    ]
    alleles = {gene.name: gene.in_short for gene in genes if gene.works_otherwise}
    drugs = sorted(
        (
            shared.drug(
                name,
                rows,
                taken.get(name, ""),
                beside.get(name, ()),
                copy_ranges,
                alleles,
                judged.get(name),
                tests.get(name, ()),
                products,
            )
            for name, rows in by_drug.items()
        ),
        key=drug_order,
    )
    allergies = [str(row["code"]) for row in parts["clinical"] if row["concept"] == "allergy" and row["code"]]
    drugs = [replace(drug, allergic=lexicon.against(allergies, drug.name)) for drug in drugs] if allergies else drugs
    drugs = _of_one_product([_with_record(drug, parts["clinical"], lexicon) for drug in drugs])
    risky = {drug.name for drug in drugs if _risky(drug)}
    told = {drug.name for drug in drugs}
    local = (one for one in parts["notes"] if one["code"] == NoteCode.LOCAL_FORM and one["subject"] not in told)
    return View(
        sample=clean(sample),
        drugs=tuple(drugs),
        genes=tuple(sorted(genes, key=lambda gene: (not gene.has_guidance, gene.status == NOT_CALLED, gene.name))),
        scores=tuple(
            sorted((shared.of_row(row, _score, row["drug"] in risky) for row in parts["scores"]), key=_score_order)
        ),
        medications=tuple(parts["medications"]),
        clinical=tuple(parts["clinical"]),
        notes=(*person.notes_for(run_notes, parts["scores"]), *parts["notes"]),
        provenance=provenance,
        lexicon=lexicon,
        who=(*who.who(parts["clinical"], lexicon), *who.not_read(parts["notes"]), *who.site(provenance)),
        test_first=next_test.first(wanted),
        tolerated=tolerated,
        exposures=tuple(shared.of_row(row, exposure_of) for row in parts.get("exposure_ratios", ())),
        local_medicines=tuple(clean(str(note["message"])) for note in local),
        pieces=shared.pieces,
    )


def _with_record(drug: Drug, clinical: Sequence[Row], lexicon: Lexicon) -> Drug:
    """Return the line of a drug with what is on record of the tests that decide it, which bear the name of a concept.

    What such a value means depends on the laboratory: it is shown, and none is read as normal here.
    """
    first = drug.deciding
    if first is None or drug.ruled_out:
        return drug
    insufficient = first.action_code == "insufficient"
    of_genes = (lexicon.tests_of_genes.get(gene, frozenset()) for gene in first.genes)
    tests = {code.lower() for code in first.monitoring_codes} if insufficient else frozenset().union(*of_genes)
    known = who.newest(row for row in clinical if row["concept"] in tests and row["value"] is not None)
    named = ("" if insufficient else f"{lexicon.monitoring(name.upper())} " for name in known)
    told = "; ".join(f"on record: {name}{value}" for name, value in zip(named, known.values(), strict=True))
    if told and not insufficient:
        told = f"{told}, measured: this advice is by the genotype and does not count it; compare the two"
    return replace(drug, headline=f"{drug.headline}; {told}") if told else drug


def _of_one_product(drugs: Sequence[Drug]) -> list[Drug]:
    """Return the drugs; of one without advice that a product brings it is said which part of that rules it out."""
    out = {drug.product: drug for drug in reversed(drugs) if drug.product and drug.urgency == "avoid"}
    return [
        _not_as_product(drug, out[drug.product].name) if drug.urgency == "no_data" and drug.product in out else drug
        for drug in drugs
    ]


def _not_as_product(drug: Drug, part: str) -> Drug:
    said = f"(in {drug.product}) not as this product, for {part} in it; by itself, "
    return replace(drug, headline=drug.headline.replace(f"(in {drug.product}) ", said, 1), ruled_out_by=part)


def _cleaned(row: Row) -> Row:
    """Return a row whose texts are safe to show."""
    return {
        name: [clean(str(one)) for one in cell] if isinstance(cell, list) else _safe(cell) for name, cell in row.items()
    }


def _safe(cell: object) -> object:
    return clean(cell) if isinstance(cell, str) else cell


def _copy_number_range(row: Row) -> list[str]:
    """Phenotypes that a copy number which the data do not show could make of a call."""
    for flag in flags_of(row["flags"]):
        if flag.code == FlagCode.COPY_NUMBER_RANGE:
            return flag.about.split("|")
    return []


def _class(row: Row) -> Class:
    return Class(
        scheme=_text(row["scheme"]),
        name=_text(row["phenotype"]),
        clinical=_text(row["clinical_phenotype"]),
        probability=_float(row["probability"]) or 0.0,
        score=_float(row["activity_score"]),
    )


def _gene(row: Row, classes: Sequence[Row], guided: bool, lexicon: Lexicon) -> Gene:
    if not asserted(_text(row["status"]), codes_of(row["flags"])):
        # Stored results of earlier versions hold guesses, and tables say what the population would: pages do not.
        row, classes = {**row, **dict.fromkeys((*STATEMENTS, "alternatives")), "status": NOT_CALLED}, []
    kinds = sorted((_class(c) for c in classes), key=lambda c: (c.scheme, -c.probability, c.name))
    phenotype = _text(row["phenotype"])
    chances = [c.probability for c in kinds if c.scheme == "CPIC" and c.name == phenotype]
    name, alternatives = _text(row["gene"]), numbers_of(row["alternatives"])
    alleles = [
        allele for diplotype in (_text(row["diplotype"]), *dict(alternatives)) for allele in alleles_of(diplotype)
    ]
    called, total = row["positions_called"], row["positions_total"]
    assumed = row.get("positions_assumed") or 0
    functions = [
        (_text(row[f"allele{i}"]), _text(row[f"function{i}"])) for i in (1, 2) if row[f"allele{i}"] is not None
    ]
    return Gene(
        row=row,
        name=name,
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
        positions_assumed=int(str(assumed)),
        flags=tuple(lexicon.flags(codes_of(row["flags"]))),
        source=_text(row["source"]),
        classes=tuple(kinds),
        has_guidance=guided,
        harmless=frozenset(allele for allele in alleles if lexicon.is_harmless(name, allele)),
    )


def _score_order(score: Score) -> tuple[object, ...]:
    # Doses first, then what differs from the average person; what could not be said comes last.
    return (score.estimate is None, score.kind != "dose", score.category == "average", score.drug, score.endpoint)


def _risky(drug: Drug) -> bool:
    """Whether the advice on a drug speaks of a higher risk by the genes."""
    codes = pairs_of(drug.deciding.row["implication"]) if drug.deciding else ()
    return any(_HIGHER_RISK in f"{gene}{code or ''}" for gene, code in codes)


def _beside_advice(row: Row, usable: bool, risky: bool) -> str:
    """Say why a risk is not higher than usual where the advice speaks of one; mostly empty."""
    milder = usable and row["kind"] == "adverse_effect" and row["category"] in ("average", "low")
    return wording.words("beside_advice", "risk") if milder and risky else ""


def _judged(row: Row, _: Lexicon) -> judgement.Judgement:
    return judgement.of_row({**_cleaned(row), "sample": ""})


def _score(row: Row, lexicon: Lexicon, risky: bool) -> Score:
    # What was assumed of the person is no reason.
    assumed = {flag.about for flag in flags_of(row["flags"]) if flag.code in _NOT_KNOWN}
    known = ((name, value) for name, value in numbers_of(row["factors"]) if name not in assumed)
    factors = [(lexicon.feature(name), value) for name, value in known]
    about = lexicon.endpoint(str(row["endpoint"]))
    usable = row["usable"] is True
    cautions = [flag for flag in flags_of(row["flags"]) if usable or not is_reason(flag)]
    return Score(
        row=row,
        drug=_text(row["drug"]),
        endpoint=_text(row["endpoint"]),
        kind=_text(row["kind"]),
        estimate=_float(row["estimate"]) if usable else None,
        low=_float(row["low"]) if usable else None,
        high=_float(row["high"]) if usable else None,
        level=_float(row["level"]),
        unit=_text(row["unit"]),
        reference=_float(row["reference"]),
        category=_text(row["category"]) if usable else REFUSED,
        evidence=_EVIDENCE.sub(r"\1 (n = \2)", _text(row["evidence"])),
        model=_text(row["model"]),
        factors=tuple(factors) if usable else (),
        usable=usable,
        flags=tuple(lexicon.flags(map(str, cautions))),
        outcome=clean(about.get("outcome", "")),
        horizon=_text(row.get("horizon")) or clean(about.get("horizon", "")),
        setting=_text(row.get("setting")),
        population=clean(about.get("population", "")),
        said_as=about.get("kind", ""),
        beside_advice=_beside_advice(row, usable, risky),
    )


def flatten(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield (label, value) of nested provenance, in its own order; lists of plain values stay on one line."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key == LOCAL_TERMS:  # what reports look up is not for reading
                continue
            yield from flatten(inner, f"{path} {clean(str(key))}".strip())
    elif isinstance(value, list | tuple) and any(isinstance(inner, Mapping | list | tuple) for inner in value):
        for i, inner in enumerate(value, 1):
            yield from flatten(inner, f"{path} {i}")
    elif isinstance(value, list | tuple):
        if value:
            yield path.replace("_", " "), clean(", ".join(map(str, value)))
    elif value is not None and value != "":
        yield path.replace("_", " "), clean(str(value))
