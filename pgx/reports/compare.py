"""Two results compared: what changed for the person, and why (new knowledge, new medicines, new data)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from pgx.reports.page.build import Drug, Gene, Row, Score, View, flatten, view
from pgx.reports.page.cells import codes_of
from pgx.reports.page.lexicon import Lexicon
from pgx.reports.page.wording import clean, percent, words
from pgx.types import Result

Shown = TypeVar("Shown", Drug, Score)

# Provenance entries by the kind of reason that they are; the first part of a path that matches decides.
_REASONS = {
    "build": "data",
    "options": "options",
    "knowledge": "knowledge",
    "local knowledge": "knowledge",
    "models": "models",
    "pgx": "program",
    "program": "program",
}
_ROLES = {"clinical": "clinical", "outside_calls": "outside"}
"""Roles of input files that stand for something else than the genotype data."""
REASONS = {
    "data": "the genotype data changed",
    "outside": "the results from other tools changed",
    "medication": "the medication list changed",
    "clinical": "the clinical data changed",
    "knowledge": "the knowledge base changed",
    "models": "the models changed",
    "program": "the program changed",
    "options": "the options changed",
    "gene": "the genotype result changed",
    "phenoconversion": "drugs or conditions act on the gene differently",
    "unexplained": "no recorded input changed",
}
"""Codes of `Change.why`, in words."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs.

    Parameters
    ----------
    sample
        The person.
    area
        ``sample | drug | gene | score | medication | clinical``.
    name
        Drug, gene, endpoint or concept.
    before, after
        What the two results say, in words; empty = nothing.
    why
        Codes of `REASONS`, the nearest reason first.
    """

    sample: str
    area: str
    name: str
    before: str
    after: str
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that differs between two results; `inputs` are the differing provenance entries."""

    inputs: tuple[tuple[str, str, str], ...]
    changes: tuple[Change, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "format": "pgx.diff",
            "version": "1.0",
            "inputs": [{"name": name, "before": old or None, "after": new or None} for name, old, new in self.inputs],
            "changes": [asdict(change) | {"why": list(change.why)} for change in self.changes],
        }


def compare(old: Result, new: Result, lexicon: Lexicon) -> Comparison:
    """Compare two results person by person.

    Parameters
    ----------
    old, new
        Results, as `pgx.reports.read` gives them. Persons are matched by sample name; if each result holds one person,
        these two are compared whatever their names.
    lexicon
        Words for the codes.

    Returns
    -------
    Comparison
        Changes sorted by person, area (drugs first) and urgency.
    """
    inputs = tuple(_provenance(old, new))
    settings = (_reason(name) for name, *_ in inputs if name.partition(" ")[0] != "inputs")
    general = tuple(dict.fromkeys((*_changed_files(old, new), *settings)))
    if len(old.samples) == len(new.samples) == 1:
        matched = [(old.samples[0], new.samples[0])]
    else:
        matched = [(sample, sample) for sample in old.samples if sample in new.samples]
    changes: list[Change] = []
    for before, after in matched:
        if before != after:
            changes.append(Change(clean(after), "sample", "name", clean(before), clean(after), ()))
        changes += _person(view(old, before, lexicon), view(new, after, lexicon), general)
    left, right = {old_name for old_name, _ in matched}, {new_name for _, new_name in matched}
    changes += [
        Change(clean(s), "sample", clean(s), "in the result", "", ("data",)) for s in old.samples if s not in left
    ]
    changes += [
        Change(clean(s), "sample", clean(s), "", "in the result", ("data",)) for s in new.samples if s not in right
    ]
    return Comparison(inputs, tuple(changes))


def _provenance(old: Result, new: Result) -> Iterator[tuple[str, str, str]]:
    before, after = dict(flatten(old.provenance)), dict(flatten(new.provenance))
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield name, before.get(name, ""), after.get(name, "")


def _changed_files(old: Result, new: Result) -> Iterator[str]:
    """Yield the kind of reason of each role whose files have other content; another name alone is no reason."""
    before, after = (_contents(result.provenance.get("inputs")) for result in (old, new))
    for role in sorted(before.keys() | after.keys()):
        if before.get(role) != after.get(role):
            yield _ROLES.get(role, "data")


def _contents(inputs: object) -> dict[str, list[str]]:
    by_role: dict[str, list[str]] = {}
    for file in inputs if isinstance(inputs, list | tuple) else ():
        if isinstance(file, Mapping):
            by_role.setdefault(str(file.get("role")), []).append(str(file.get("sha256") or file.get("name")))
    return {role: sorted(contents) for role, contents in by_role.items()}


def _reason(name: str) -> str:
    for start, reason in _REASONS.items():
        if name == start or name.startswith((f"{start} ", f"{start}.")):
            return reason
    return "program"


def _person(old: View, new: View, general: tuple[str, ...]) -> list[Change]:
    medicines = list(_medications(old, new))
    clinical = list(_clinical(old, new))
    # What was given for this person stands before what was exchanged for everyone.
    personal = (("medication",) if medicines else ()) + (("clinical",) if clinical else ())
    if personal:  # the rows say more than that the file is another
        general = tuple(reason for reason in general if reason != "clinical")
    genes, moved = _genes(old, new, personal, general)
    drugs = _drugs(old, new, moved, personal, general)
    scores = _scores(old, new, moved, personal, general)
    return [*drugs, *scores, *genes, *medicines, *clinical]


def _medications(old: View, new: View) -> Iterator[Change]:
    def shown_row(row: Row) -> str:
        dose = row["dose_mg_per_day"]
        return f"{row['status']}{f', {dose:g} mg a day' if isinstance(dose, float) else ''}"

    yield from _rows(
        new.sample, "medication", _keyed(old.medications, "drug", shown_row), _keyed(new.medications, "drug", shown_row)
    )


def _clinical(old: View, new: View) -> Iterator[Change]:
    def shown_row(row: Row) -> str:
        value = row["value"]
        shown = f"{value:g} {row['unit'] or ''}".strip() if isinstance(value, float) else str(row["code"] or "")
        return f"{shown} ({row['date']})" if row["date"] else shown

    yield from _rows(
        new.sample, "clinical", _keyed(old.clinical, "concept", shown_row), _keyed(new.clinical, "concept", shown_row)
    )


def _keyed(rows: Iterable[Row], key: str, in_words: Any) -> dict[str, str]:
    values_by_name: dict[str, list[str]] = {}
    for row in rows:
        values_by_name.setdefault(clean(str(row[key])), []).append(clean(in_words(row)))
    return {name: "; ".join(sorted(values)) for name, values in values_by_name.items()}


def _rows(sample: str, area: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield Change(sample, area, name, old.get(name, ""), new.get(name, ""), ())


def _genes(
    old: View, new: View, personal: tuple[str, ...], general: tuple[str, ...]
) -> tuple[list[Change], dict[str, bool]]:
    """Return the changes, and gene -> whether the genotype's own result moved (False = only the clinical phenotype)."""
    before, after = {gene.name: gene for gene in old.genes}, {gene.name: gene for gene in new.genes}
    changes, moved = [], {}
    for name in sorted(before.keys() | after.keys()):
        earlier, later = before.get(name), after.get(name)
        if earlier is None or later is None or _gene(earlier) != _gene(later):
            genetic = earlier is None or later is None or _genetic(earlier) != _genetic(later)
            moved[name] = genetic
            reasons = (
                _nearest(general, "data", "outside", "options", "knowledge", "program")
                if genetic
                else ("phenoconversion", *personal, *general)
            )
            changes.append(
                Change(
                    new.sample,
                    "gene",
                    name,
                    _gene(earlier) if earlier else "",
                    _gene(later) if later else "",
                    _or_unexplained(reasons),
                )
            )
    return changes, moved


def _genetic(gene: Gene) -> tuple[object, ...]:
    return (gene.status, gene.diplotype, gene.phenotype, gene.score, percent(gene.probability), gene.alternatives[:1])


def _gene(gene: Gene) -> str:
    if gene.status == "not_called":
        return words("status", "not_called")
    parts = [gene.diplotype, percent(gene.probability), gene.phenotype]
    if gene.changed:
        parts.append(f"now {gene.clinical}")
    if gene.status != "called":
        parts.append(gene.status_said)
    return ", ".join(part for part in parts if part)


def _drugs(
    old: View, new: View, moved: Mapping[str, bool], personal: tuple[str, ...], general: tuple[str, ...]
) -> Iterator[Change]:
    before, after = {drug_of.name: drug_of for drug_of in old.drugs}, {drug_of.name: drug_of for drug_of in new.drugs}

    def reasons(earlier: Drug | None, later: Drug | None) -> Iterator[str]:
        genes = {
            gene for drug in (earlier, later) if drug for row in drug.advice for gene in codes_of(row.row["genes"])
        }
        yield from _by_gene(genes, moved)
        yield from personal if earlier is None or later is None or not genes & moved.keys() else ()
        yield from general

    names = [*after, *(name for name in before if name not in after)]
    yield from _changed(new.sample, "drug", names, before, after, _drug, reasons)


def _changed(
    sample: str,
    area: str,
    names: Iterable[str],
    before: Mapping[str, Shown],
    after: Mapping[str, Shown],
    in_words: Callable[[Shown], str],
    reasons: Callable[[Shown | None, Shown | None], Iterable[str]],
) -> Iterator[Change]:
    """Yield what reads differently, with the reasons; what is not there reads as nothing."""
    for name in names:
        earlier, later = before.get(name), after.get(name)
        texts = ["" if shown is None else in_words(shown) for shown in (earlier, later)]
        if texts[0] != texts[1]:
            yield Change(sample, area, name, texts[0], texts[1], _or_unexplained(reasons(earlier, later)))


def _by_gene(genes: set[str], moved: Mapping[str, bool]) -> Iterator[str]:
    if any(moved.get(gene) for gene in genes):
        yield "gene"
    if any(moved.get(gene) is False for gene in genes):
        yield "phenoconversion"


def _drug(drug: Drug) -> str:
    text = f"{words('urgency', drug.urgency)}: {drug.headline}"
    return f"{text} [{', '.join(drug.sources)}]" if drug.sources else text


def _scores(
    old: View, new: View, moved: Mapping[str, bool], personal: tuple[str, ...], general: tuple[str, ...]
) -> Iterator[Change]:
    before = {score_of.endpoint: score_of for score_of in old.scores}
    after = {score_of.endpoint: score_of for score_of in new.scores}

    def reasons(earlier: Score | None, later: Score | None) -> Iterator[str]:
        yield from ("models",) if earlier and later and earlier.model != later.model else ()
        yield from _by_gene({gene for score in (earlier, later) if score for gene in score.genes}, moved)
        yield from (*personal, *general)

    yield from _changed(new.sample, "score", sorted(before.keys() | after.keys()), before, after, _score, reasons)


def _score(score: Score) -> str:
    if score.estimate is None:
        return score.refusal or words("category", score.category)
    return f"{score.show(score.estimate)}, {score.interval}" if score.interval else score.show(score.estimate)


def _nearest(general: tuple[str, ...], *order: str) -> list[str]:
    return [reason for reason in order if reason in general]


def _or_unexplained(reasons: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(reasons)) or ("unexplained",)


_AREAS = {
    "sample": "Persons",
    "drug": "Drugs",
    "score": "Model scores",
    "gene": "Genes",
    "medication": "Medication list",
    "clinical": "Clinical data",
}


def render_comparison(comparison: Comparison) -> str:
    """Return a comparison as plain text."""
    lines: list[str] = []
    if not comparison.changes:
        lines.append("Nothing changed for the person.")
    samples = dict.fromkeys(change.sample for change in comparison.changes)
    for sample in samples:
        lines += ([""] if lines else []) + [sample]
        for area, title in _AREAS.items():
            changes = [change for change in comparison.changes if change.sample == sample and change.area == area]
            lines += [f"  {title}"] if changes else []
            for change in changes:
                lines.append(f"    {change.name}: {change.before or 'nothing'} -> {change.after or 'nothing'}")
                if change.why:
                    lines.append(f"      because {'; '.join(REASONS[code] for code in change.why)}")
    if comparison.inputs:
        lines += ["", "What went in"]
        lines += [
            f"  {name}: {before or 'nothing'} -> {after or 'nothing'}" for name, before, after in comparison.inputs
        ]
    return "\n".join(lines) + "\n"
