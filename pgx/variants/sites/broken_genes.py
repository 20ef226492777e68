"""Which genes of whom a structural change breaks: exons taken away or added, breakends, insertions, inversions.

Small variants do not tell what such a gene still does, so it is not judged, unless the knowledge names an allele for
the loss of just these exons (`calling_policies`, exon_deletion_allele), wherever the uncertain ends of the change lie.
The loss of the whole gene is one of a copy, however it is written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pgx.variants.notes import Notes
from pgx.variants.sites.copy_statements import SURE, Statement
from pgx.variants.sites.gene_spans import GeneSpan
from pgx.variants.sites.structural_events import Carried, DisagreementError, Stretch, change
from pgx.variants.vcf import records
from pgx.variants.vcf.structural_alleles import Change, changes

_VERBS = {"deletion": "takes away", "breakend": "turns or moves"}
Key = tuple[str, str]
"""Sample and gene."""
FirstRead = Callable[[str, str, int, int], str | None]
"""Gives the place of the first base that was read of a sample in a stretch (chromosome, first and last base)."""


@dataclass(slots=True)
class BrokenGenes:
    """Collects the broken genes by sample and gene: `files` that tell of a break, `cut` the named losses of exons, and
    `whole` the losses of all of the gene, with the `qualities` (phred) of those."""

    spans: list[GeneSpan]
    notes: Notes
    files: dict[Key, str] = field(default_factory=dict)
    cut: dict[Key, list[Carried]] = field(default_factory=lambda: defaultdict(list))
    whole: dict[Key, list[Carried]] = field(default_factory=lambda: defaultdict(list))
    qualities: dict[Key, list[int | None]] = field(default_factory=lambda: defaultdict(list))

    def add(self, record: records.Record, samples: tuple[str, ...], wanted: dict[str, int], file: str) -> None:
        """Read the alleles of a record that are no counted copies."""
        for number, one in changes(record.chrom, record.pos, record.ref, record.alts, record.info):
            hit = [(span, effect) for span in self.spans if (effect := _effect(span, one))]
            if not hit:
                continue
            sure = dict(zip(samples, Statement(record, file, False).qualities(samples), strict=True))
            for name, strands, phase in _carriers(record, samples, number, file):
                for span, effect in hit if name in wanted else ():
                    stretch = Stretch(one.first, one.last, one.kind != "deletion", file, record.where, one.spread)
                    quality = sure[name]
                    told = strands if quality is None or quality >= SURE else None
                    event = None if told is None else Carried(stretch, told, phase)
                    if event is not None and one.is_loss and span.is_lost(*stretch.tightest):
                        self.whole[(name, span.gene)].append(event)
                        self.qualities[(name, span.gene)].append(quality)
                        continue
                    self._break(name, span, stretch, event)
                    self._say(name, f"{_article(one.kind)} {effect} {span.gene}", f"{file}: {record.where}")

    def change_part(self, name: str, span: GeneSpan, stretch: Stretch, event: Carried | None) -> bool:
        """Take down a counted change of a part of a gene; say whether any exon is concerned.

        `event` is None where it cannot be told on how many strands.
        """
        exons = span.touched(*stretch.widest)
        if span.exons and not exons:
            return False
        self._break(name, span, stretch, event)
        kind = "a duplication adds" if stretch.gain else "a deletion takes away"
        self._say(name, f"{kind} {_listed(exons)} of {span.gene}", f"{stretch.file}: {stretch.where}")
        return True

    def _break(self, name: str, span: GeneSpan, stretch: Stretch, event: Carried | None) -> None:
        ends = (stretch.tightest, stretch.widest)
        exact = stretch.spread.told and all(span.is_named_loss(*each) for each in ends)
        if event is None or stretch.gain or not exact:
            self.files.setdefault((name, span.gene), stretch.file)
        else:
            self.cut[(name, span.gene)].append(event)

    def rows(self, first_read: FirstRead | None = None) -> Iterator[tuple[str, str, int | None, str, str]]:
        """Yield (sample, gene, copies left whole or None, kind, file).

        `first_read` finds a base that was read in a stretch; where no strand is left of it, one contradicts the other.
        """
        for name, gene in sorted({*self.files, *self.cut}):
            events = self.cut.get((name, gene), [])
            left: int | None = None
            if (name, gene) not in self.files:
                try:
                    left = 2 + change(events)
                except DisagreementError as error:
                    self._say(name, f"{gene}: {error}", gene)
            if left == 0 and first_read is not None and (place := self._read_in_lost(name, gene, events, first_read)):
                message = f"{gene}: both strands have lost exons, and yet a base is read inside, at {place}; not judged"
                self.notes.add("warning", "conflicting_copy_number", message, sample=name, where=gene)
                left = None
            file = self.files.get((name, gene)) or min(one.stretch.file for one in events)
            kind = "exon_deletion" if left in (0, 1) else "structure"
            yield name, gene, left if kind == "exon_deletion" else None, kind, file

    def _read_in_lost(self, name: str, gene: str, events: list[Carried], first_read: FirstRead) -> str | None:
        """Return where a base is read that no strand has."""
        chrom = next(span.chrom for span in self.spans if span.gene == gene)
        lost = [event.stretch.tightest for event in events]
        return first_read(name, chrom, max(first for first, _ in lost), min(last for _, last in lost))

    def _say(self, name: str, what: str, where: str) -> None:
        message = f"{what}: small variants do not tell what the gene still does"
        self.notes.add("warning", "structural_variant", message, where=where, sample=name)


def _effect(span: GeneSpan, one: Change) -> str:
    """Say what a change does to a gene; empty = nothing."""
    chrom, base = one.breaks[0]
    if chrom == span.chrom and (one.written or one.last >= one.first):
        first, last = (base, max(base, one.last)) if one.written else one.widest()
        exons = span.touched(first, last)
        if exons or span.is_covered(first, last):
            verb = "changes" if one.written else _VERBS.get(one.kind, "adds")
            return f"{verb} {_listed(exons)} of"
        if one.written:
            return ""
    return "lies inside" if any(span.holds(*at) for at in one.breaks) else ""


def _carriers(
    record: records.Record, samples: tuple[str, ...], number: int, file: str
) -> Iterator[tuple[str, tuple[int, int] | None, int | None]]:
    """Yield (sample, change on each strand or None, phase set) of those who carry an allele."""
    if record.format[0] != "GT":
        if len(samples) == 1:
            yield samples[0], None, None
        return
    columns = records.genotypes(record, samples, file)
    sets = records.phase_sets(record, len(samples))
    failed = records.failed_samples(record, len(samples))
    for index, name in enumerate(samples):
        if failed is not None and failed[index]:
            continue
        one, two = (int(code) for code in columns.gt[index])
        polyploid = columns.polyploid is not None and bool(columns.polyploid[index])
        if polyploid:
            yield name, None, None
        elif number in (one, two):
            told = min(one, two) >= 0
            strands = (-int(one == number), -int(two == number)) if told else None
            in_order = bool(columns.phased[index]) and sets is not None
            yield name, strands, int(sets[index]) if in_order and sets is not None else None
        elif len(samples) == 1 and one < 0 and two < 0:
            yield name, None, None


def _listed(exons: list[int]) -> str:
    if not exons:
        return "a part"
    if len(exons) == 1:
        return f"exon {exons[0]}"
    if exons == list(range(exons[0], exons[-1] + 1)):
        return f"exons {exons[0]}-{exons[-1]}"
    return f"exons {', '.join(map(str, exons))}"


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
