"""Read one VCF or BCF file into the genotype arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pgx.errors import InputError
from pgx.types import NOT_CALLED, SPANNED, State
from pgx.variants.notes import Notes
from pgx.variants.sites import tandem_repeats
from pgx.variants.sites.assemble import Assembly, Evidence
from pgx.variants.sites.copy_number import CopyNumbers
from pgx.variants.sites.doubts import at_site
from pgx.variants.sites.fasta import REACH, Reference
from pgx.variants.sites.match import ELSEWHERE, LOST, SILENT, UNPLACED, VOUCHES, Reading
from pgx.variants.sites.read_sites import UNDECIDED_REACH, SiteReader, keep_in_phase
from pgx.variants.sites.sex import WINDOWS as SEX_WINDOWS
from pgx.variants.sites.sex import SexEvidence
from pgx.variants.sites.site_errors import SiteErrors
from pgx.variants.sites.targets import Target, Targets
from pgx.variants.vcf import likelihoods, no_call_reasons, phase_lists, records
from pgx.variants.vcf.check_header import Key, read_meta
from pgx.variants.vcf.check_record import RowChecker
from pgx.variants.vcf.contigs import canonical, outside_par
from pgx.variants.vcf.header import Header, is_rcrs
from pgx.variants.vcf.likelihoods import Weighed
from pgx.variants.vcf.no_call_reasons import NoCalls
from pgx.variants.vcf.phase_lists import PhaseLists
from pgx.variants.vcf.sample_columns import SampleColumns
from pgx.variants.vcf.source import Source
from pgx.variants.vcf.windows import Windows

_CHECK_VALUES = 50_000
"""How many values beside the genotypes are checked in one file (well below a second); `gate.check` checks all."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked of the reader; see `pgx.variants.read`."""

    min_gq: float | None = None
    min_dp: float | None = None
    include_filtered: bool = False
    harmless_filters: frozenset[str] = frozenset()


@dataclass(slots=True)
class VcfReader:
    """Reads one file into the assembly."""

    source: Source
    targets: Targets
    assembly: Assembly
    column: dict[str, int]
    options: Options
    notes: Notes
    sex: SexEvidence
    copies: CopyNumbers
    errors: SiteErrors
    published: Mapping[tuple[int, int], float]
    reference: Reference | None = None
    unchecked: int = _CHECK_VALUES
    skipped: set[str] = field(default_factory=set)
    unjudged: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    phase_lists: PhaseLists = field(init=False)
    sites: SiteReader = field(init=False)
    has_gt: bool = False
    """Whether any record that was read so far has a GT."""

    def __post_init__(self) -> None:
        self.sites = SiteReader(self.source.name, self.targets, self.notes, self.reference)
        self.phase_lists = PhaseLists(self.source.name)

    def run(self) -> bool:
        """Read the file; say whether it had a record at any position of interest."""
        header = self.source.header()
        keep = np.array([i for i, s in enumerate(header.samples) if s in self.column], dtype=np.intp)
        columns = np.array([self.column[header.samples[i]] for i in keep], dtype=np.intp)
        everyone = len(keep) == len(header.samples)
        rows = self._check_header(header)
        for name in header.contigs:
            if canonical(name) == "chrM" and not is_rcrs(header, name, self.targets.build):
                self._skip_mitochondrion(name)
        cn_of_allele = header.version >= "VCFv4.4" or rows.meta.info.get("CN", Key("1", "Float")).number == "A"
        used = 0
        windows = windows_of(self.targets, self.copies, header, with_reference=self.reference is not None)
        ends, seen = header.ends(), set()
        for where, line in self.source.records(windows):
            record = records.parse(where, line, len(header.samples), self.source.name, self.options.harmless_filters)
            seen |= ends & {(record.chrom, record.pos)}
            self.has_gt |= record.format[0] == "GT"
            if record.chrom == "chrM":
                name = line.split(b"\t", 1)[0].decode("latin-1")
                if not is_rcrs(header, name, self.targets.build):
                    self._skip_mitochondrion(name)
                    continue
            if self.copies.add(record, header.samples, self.column, self.source.name, cn_of_allele=cn_of_allele):
                continue
            tandem_repeats.spell(record)
            used += self._record(record, line, rows, None if everyone else keep, columns)
        self.sites.refuse_if_foreign()
        header.refuse_if_strange(seen, self.targets.contigs, self.source.name)
        for code, message in self.source.warnings:
            self.notes.add("warning", code, message, where=self.source.name)
        for name, each in self.unjudged.items():
            for lacking, empty in np.unique(each[:, each.any(axis=0)], axis=1).T.tolist():
                of = columns[(each[0] == lacking) & (each[1] == empty)]
                text = not_judged(name, lacking, empty)
                self.notes.add("warning", f"no_{name.lower()}", text, where=self.source.name, columns=of)
        return used > 0

    def _skip_mitochondrion(self, name: str) -> None:
        if name in self.skipped:
            return
        self.skipped.add(name)
        self.notes.add(
            "warning",
            "mitochondrion_not_rcrs",
            f"contig {name} is not the revised Cambridge reference, or does not say so (##contig=<ID={name},"
            "length=16569>); mitochondrial positions are not read",
            where=self.source.name,
        )

    def _record(
        self, record: records.Record, line: bytes, rows: RowChecker, keep: NDArray[np.intp] | None,
        columns: NDArray[np.intp],
    ) -> bool:  # fmt: skip
        samples = rows.samples
        readings = self.sites.read(record)
        unread = record.chrom == "chrX" and record.passes and not record.is_block and self.sex.wants_more
        if not readings and not unread:
            return False
        found = records.genotypes(record, samples, self.source.name)
        if unread and outside_par([record.pos], self.targets.build)[0]:
            self.sex.add(found.gt if keep is None else found.gt[keep], columns)
        if not readings:
            return False
        self._check_record(rows, record, line)
        if record.format[0] != "GT":
            self.notes.count("warning", "no_gt", "{n} records have no GT and give no genotype",
                             f"{self.source.name}: {record.where}")  # fmt: skip
        tandem_repeats.drop_unsure(record, found.gt)
        reasons = no_call_reasons.read(record, found.gt, keep)
        weighed = self._weigh(record, readings, found.gt, keep, columns)
        hidden = self._hidden(record, found.gt, keep, None if weighed is None else weighed.void)
        sets = records.phase_sets(record, len(samples))
        if "PSL" in record.format[1:]:
            sets = self._listed_phase(record, found, sets)
        elif sets is None:
            sets = records.physical_phase(record, found, len(samples))
        gt, phased, polyploid = found.gt, phase_lists.without_guesses(record, found.phased), found.polyploid
        if keep is not None:
            gt, phased = gt[keep], phased[keep]
            polyploid = None if polyploid is None else polyploid[keep]
            hidden = None if hidden is None else hidden[keep]
            sets = None if sets is None else sets[keep]
        if polyploid is not None and polyploid.any():
            self.notes.count("warning", "polyploid", "{n} genotypes have three or more alleles and are not used",
                             f"{self.source.name}: {record.where}", 1, columns[polyploid])  # fmt: skip
        phased, sets = keep_in_phase(record, readings, gt, phased, sets)
        self._count_filtered(record, readings, hidden, columns, gt, keep)
        reaches = _reaches(record, columns, keep)
        state = State.REFERENCE_BLOCK if record.is_block else State.CALLED
        is_carried = records.counts_carriers(record)
        for target, reading in readings:
            codes = reading.table[gt]
            if polyploid is not None:
                codes[polyploid] = UNPLACED
            _not_called(codes, reasons, reading)
            codes[reaches < target.end] = SILENT
            own_hidden = hidden
            if reading.weak and hidden is not None:
                codes[hidden], own_hidden = SILENT, None
            told: list[int] = reading.table[1:-2].tolist() if record.alts != ["."] else []
            tests = frozenset(told) - {target.reference_code, SILENT, VOUCHES}
            span = (record.pos, record.end) if not reading.covers and not reading.weak else None
            doubts = None
            if weighed is not None:
                doubts = at_site(weighed, record, reading, target, self.assembly.register, keep)
            imputed = weighed is not None and weighed.imputed
            self.assembly.add(
                target.site,
                Evidence(
                    columns, codes, phased, sets, state, own_hidden, tests, reading.weak, span,
                    doubts=doubts, imputed=imputed, start=record.pos, atom=len(record.alts) > 1,
                    carried=is_carried,
                ),
            )  # fmt: skip
        return True

    def _count_filtered(
        self, record: records.Record, readings: list[tuple[Target, Reading]], hidden: NDArray[np.bool_] | None,
        columns: NDArray[np.intp], gt: NDArray[np.int16], keep: NDArray[np.intp] | None,
    ) -> None:  # fmt: skip
        """Say which records at a site FILTER keeps from use, and which genotypes their own filter (FT) does."""
        weak = all(reading.weak for _, reading in readings)
        if hidden is None or weak or record.is_reference_call or self.options.include_filtered:
            return
        which, why, amount = "records", f"FILTER ({_braced(record.filters[:40])})", 1
        if record.passes:
            failed = records.failed_samples(record, record.rest.count(b"\t") + 1)
            if failed is None:
                return
            hidden = (failed if keep is None else failed[keep]) & (gt >= 0).any(axis=1)
            which, why, amount = "genotypes", "own filter (FORMAT/FT)", int(hidden.sum())
        if amount:
            self.notes.count("warning", "record_filtered", f"{{n}} {which} at positions of interest are not used "
                             f"because of their {why}; --include-filtered uses them",
                             f"{self.source.name}: {record.where}", amount, columns[hidden])  # fmt: skip

    def _listed_phase(
        self, record: records.Record, found: SampleColumns, sets: NDArray[np.int32] | None
    ) -> NDArray[np.int32]:
        numbers = [0] * len(found.gt) if sets is None else sets.tolist()
        left = self.phase_lists.read(record, found, numbers)
        if left:
            self.notes.count("warning", "phase_list_unread", "{n} genotypes count as unphased because their phase set "
                             "list (PSL) is missing, contradicts GT, PS or itself, or is no better than a guess (PSQ)",
                             f"{self.source.name}: {record.where}", left)  # fmt: skip
        return np.array(numbers, dtype=np.int32)

    def _check_header(self, header: Header) -> RowChecker:
        meta = read_meta(header.meta, header.version, lenient=True)
        for finding in meta.findings:
            if finding.severity == "error":
                raise InputError(finding.message, file=self.source.name, where=finding.where)
            self.notes.count(
                "warning",
                "malformed_header",
                f"{{n}} header lines are malformed ({_braced(finding.message)})",
                f"{self.source.name}: {finding.where}",
            )
        return RowChecker(meta, header.samples, header.version, self.source.name)

    def _check_record(self, rows: RowChecker, record: records.Record, line: bytes) -> None:
        self.unchecked -= (self.source.total or len(rows.samples)) * (len(record.format) - 1)
        for finding in rows.problems(record, line, values=self.unchecked > 0):
            if finding.severity == "error":
                raise InputError(finding.message, file=self.source.name, where=finding.where)
            whose = None if finding.sample is None else self._columns_of(finding.sample)
            self.notes.count("warning", "malformed_record",
                             f"{{n}} fields beside the genotypes are malformed ({_braced(finding.message)})",
                             f"{self.source.name}: {finding.where}", 1, whose)  # fmt: skip

    def _columns_of(self, sample: str) -> NDArray[np.intp]:
        return np.array([self.column[sample]] if sample in self.column else [], dtype=np.intp)

    def _weigh(
        self, record: records.Record, readings: list[tuple[Target, Reading]], gt: NDArray[np.int16],
        keep: NDArray[np.intp] | None, columns: NDArray[np.intp],
    ) -> Weighed | None:  # fmt: skip
        """Weigh the genotypes by the record's own numbers; those without any evidence become no calls."""
        own = [(target, reading) for target, reading in readings if not reading.weak]
        own.sort(key=lambda each: not each[1].covers)
        if not own:
            return None
        target, reading = own[0]
        codes = [int(code) for code in reading.table[1:-2]]
        published = [self.published.get((target.site, code)) for code in codes]
        weighed = likelihoods.weigh(record, gt, self.errors.rates(record, target), published)
        if weighed is None:
            return None
        gt[weighed.void & (gt <= 0).all(axis=1)] = NOT_CALLED  # what shows a change is kept from use instead
        of_file = slice(None) if keep is None else keep
        place = f"{self.source.name}: {record.where}"
        if weighed.void[of_file].any():
            self.notes.count("info", "no_evidence", "{n} genotypes are not used because the file shows no evidence for "
                             "them (no reads, quality 0, or likelihoods that are all the same)",
                             place, 1, columns[weighed.void[of_file]])  # fmt: skip
        if weighed.contradicted[of_file].any():
            self.notes.count("warning", "genotype_contradicted", "{n} genotypes are not those that their own "
                             "likelihoods favour; both are weighed, and the genes are not called without doubt",
                             place, 1, columns[weighed.contradicted[of_file]])  # fmt: skip
        return weighed

    def _hidden(
        self, record: records.Record, gt: NDArray[np.int16], keep: NDArray[np.intp] | None,
        void: NDArray[np.bool_] | None,
    ) -> NDArray[np.bool_] | None:  # fmt: skip
        """Say which genotypes a filter, a threshold or the want of evidence (`void`) keeps from use.

        Those that no threshold can judge are counted.
        """
        options, count = self.options, len(gt)
        hidden: NDArray[np.bool_] | None = None
        if not options.include_filtered:
            if record.is_reference_call:
                hidden = np.asarray((gt > 0).any(axis=1))
            elif record.passes:
                hidden = records.failed_samples(record, count)
            else:
                hidden = np.ones(count, dtype=bool)
        if void is not None and void.any():
            shown = void & (gt > 0).any(axis=1)
            hidden = shown if hidden is None else hidden | shown
        for limit, keys, name in (
            (options.min_gq, ("GQ", "RGQ"), "GQ"),
            (options.min_dp, ("MIN_DP", "DP"), "DP"),
        ):
            if limit is None:
                continue
            found = records.values(record, keys, count)
            untold = np.asarray((gt >= 0).any(axis=1))
            if found is not None:
                untold &= np.isnan(found)
            if hidden is not None:
                untold &= ~hidden
            if keep is not None:
                untold = untold[keep]
            if untold.any():
                each = self.unjudged.setdefault(name, np.zeros((2, len(untold)), dtype=np.int64))
                each[int(found is not None)] += untold
            if found is not None:
                low = found < limit
                hidden = low if hidden is None else hidden | low
        return hidden


def _not_called(codes: NDArray[np.int8], reasons: NoCalls | None, reading: Reading) -> None:
    """Write into a site's codes what the record says of strands that it does not call; in place."""
    if reasons is None:
        return
    codes[reasons.silent] = ELSEWHERE
    if reading.covers and not reading.weak:
        codes[reasons.deleted] = SPANNED
        codes[reasons.changed] = UNPLACED
        codes[reasons.lost] = LOST


def _reaches(record: records.Record, columns: NDArray[np.intp], keep: NDArray[np.intp] | None) -> NDArray[np.int64]:
    """Return the last base that the record speaks of in each sample; blocks of VCF 4.5 differ in length."""
    lengths = records.block_lengths(record.format, record.rest) if record.is_block else []
    if not lengths:
        return np.full(len(columns), records.MAX_POSITION, dtype=np.int64)
    ends = record.pos + np.array(lengths, dtype=np.int64) - 1
    return ends if keep is None else ends[keep]


def not_judged(name: str, lacking: int, empty: int) -> str:
    """Say of how many genotypes a threshold on FORMAT `name` knows nothing: no field, or a field without a value."""
    reasons = [
        text
        for number, text in (
            (lacking, f"{lacking} in records without the field"),
            (empty, f"{empty} with an empty value"),
        )
        if number
    ]
    return (
        f"the {name} threshold could not be applied to {lacking + empty} genotypes because their {name} is missing "
        f"({', '.join(reasons)}); they are used"
    )


def _braced(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def windows_of(targets: Targets, copies: CopyNumbers, header: Header, *, with_reference: bool) -> Windows:
    """Return the stretches of the genome whose records are read; a reference genome reaches further around indels."""
    reach = REACH if with_reference else UNDECIDED_REACH
    spans = [(t.chrom, max(1, t.pos - 1), t.end + (reach if t.has_indel else 1)) for t in targets.all if t.pos]
    genes = [(s.chrom, s.first, s.last) for s in copies.spans if s.varies and not s.whole]
    ends = [(chrom, max(1, pos), pos) for chrom, pos in header.ends()]
    return Windows.of([*spans, *genes, *SEX_WINDOWS, *ends])
