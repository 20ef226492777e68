"""From readings to the genotype arrays: several records, files and blocks at one site become one genotype."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.types import NO_COPY, NOT_CALLED, SPANNED, UNREAD, State
from pgx.variants.sites.doubts import Numbers, Register, merged, without_repeats
from pgx.variants.sites.match import ELSEWHERE, LOST, SILENT, UNPLACED, UNTOLD, VOUCHES
from pgx.variants.sites.overlaps import with_doubt, without_lost, without_own_stars
from pgx.variants.sites.targets import Target

CONFLICT = -8
"""Internal code: the records contradict each other."""

Codes = NDArray[np.int8]


@dataclass(slots=True)
class Evidence:
    """What one record says of one site.

    `columns` are the positions of its samples in the output; `codes` int8 (S, 2), `phased` bool (S,), `phase_set` int32
    (S,) or None, `state` the state of a called genotype, `hidden` bool (S,) the samples whose genotype may not be used
    (FILTER, thresholds) and `tests` the alternate codes that the record tests; `doubts` int32 (S,) are the numbers of
    the samples' likelihoods (`doubts.Register`), None if all genotypes are certain; `imputed` ones are not measured.
    `start` is the record's position; an `atom` writes an allele of its own beside ``*``; `carried` says that it counts
    carriers of a change.
    """

    columns: NDArray[np.intp]
    codes: Codes
    phased: NDArray[np.bool_]
    phase_set: NDArray[np.int32] | None
    state: State
    hidden: NDArray[np.bool_] | None
    tests: frozenset[int]
    weak: bool = False
    span: tuple[int, int] | None = None
    doubts: Numbers | None = None
    imputed: bool = False
    start: int = 0
    atom: bool = False
    carried: bool = False


@dataclass(slots=True)
class Assembly:
    """The arrays being filled, one row a site, one column a sample.

    `conflicts` and `repeated` are the samples, by row, whose records contradict each other or tell a variant twice;
    `carried` those, by row, whose record counts carriers (INFO/AC): it may be there for them alone.
    """

    targets: list[Target]
    count: int
    alleles: Codes = field(init=False)
    state: NDArray[np.uint8] = field(init=False)
    phased: NDArray[np.bool_] = field(init=False)
    phase_set: NDArray[np.int32] = field(init=False)
    imputed: NDArray[np.bool_] | None = None
    register: Register = field(default_factory=Register)
    pending: dict[int, list[Evidence]] = field(default_factory=lambda: defaultdict(list))
    conflicts: dict[int, list[NDArray[np.intp]]] = field(default_factory=lambda: defaultdict(list))
    repeated: dict[int, list[NDArray[np.intp]]] = field(default_factory=lambda: defaultdict(list))
    carried: dict[int, list[NDArray[np.intp]]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        shape = (len(self.targets), self.count)
        self.alleles = np.full((*shape, 2), NOT_CALLED, dtype=np.int8)
        self.state = np.full(shape, State.ABSENT, dtype=np.uint8)
        self.phased = np.zeros(shape, dtype=bool)
        self.phase_set = np.zeros(shape, dtype=np.int32)

    def add(self, row: int, evidence: Evidence) -> None:
        """Keep one record's evidence for a site until `finish`."""
        self.pending[row].append(evidence)
        if evidence.carried:
            self.carried[row].append(evidence.columns)

    def finish(self) -> None:
        """Merge what is pending and write it into the arrays."""
        for row, records in self.pending.items():
            target = self.targets[row]
            usable = [r for r in records if r.span is None]
            parts = [r for r in records if r.span is not None]
            if parts:
                usable += _joined_parts(parts, target)
            for group in _by_columns(usable):
                tests = [r.tests for r in group if r.tests and not r.weak]
                if len(set(tests)) < len(tests):
                    self.repeated[row].append(group[0].columns)
                self._write(row, group)
        self.pending.clear()

    def _write(self, row: int, records: list[Evidence]) -> None:
        columns = records[0].columns
        if len(records) == 1:
            only = records[0]
            codes, phased, phase_set, hidden = only.codes, only.phased, only.phase_set, only.hidden
            if codes.min(initial=0) <= LOST:
                codes = np.where(codes == LOST, np.int8(UNPLACED), codes)
                codes = np.where(codes == ELSEWHERE, np.int8(NOT_CALLED), codes)
            called = np.full(len(columns), only.state, dtype=np.uint8)
        else:
            codes, phased, phase_set, hidden, called = _merge(records, self.targets[row])
            clashes = (codes == CONFLICT).any(axis=1)
            if clashes.any():
                self.conflicts[row].append(columns[clashes])
        state = _states(codes, called)
        if hidden is not None:
            state[hidden] = State.FILTERED
            shown = np.where(_variants(records, self.targets[row]), np.int8(UNREAD), np.int8(NOT_CALLED))
            codes = np.where(hidden[:, None] & (codes != NO_COPY), shown, codes)
        if codes.min(initial=0) < SPANNED:  # the internal codes lie below
            unread = (codes == UNPLACED) | (codes == CONFLICT) | (codes == UNREAD)
            codes = np.where(unread, np.int8(UNREAD), np.where(codes < SPANNED, np.int8(NOT_CALLED), codes))
        self._write_evidence(row, records, columns, codes, state)
        one, two = codes[:, 0], codes[:, 1]
        ordered = phased & (one != NOT_CALLED) & (two != NOT_CALLED) & (one != UNREAD) & (two != UNREAD)
        at: NDArray[np.intp] | slice
        seen: NDArray[np.bool_] | slice = state != State.ABSENT
        if state.max(initial=0) == State.CALLED and len(columns) == self.count and bool((np.diff(columns) == 1).all()):
            at = seen = slice(None)  # everyone, in order
        else:
            at = columns[seen]
        self.alleles[row, at] = codes[seen]
        self.state[row, at] = state[seen]
        self.phased[row, at] = ordered[seen]
        if phase_set is not None:
            self.phase_set[row, at] = np.where(phased, phase_set, 0)[seen]

    def _write_evidence(
        self, row: int, records: list[Evidence], columns: NDArray[np.intp], codes: Codes, state: NDArray[np.uint8]
    ) -> None:
        """Write which genotypes are in doubt, and which were imputed."""
        used = (codes[:, 0] >= 0) & ((codes[:, 1] >= 0) | (codes[:, 1] == NO_COPY))
        used &= (state == State.CALLED) | (state == State.REFERENCE_BLOCK)
        if any(record.imputed for record in records):
            if self.imputed is None:
                self.imputed = np.zeros(self.state.shape, dtype=bool)
            self.imputed[row, columns] = used & all(record.imputed for record in records if not record.weak)
        telling = [record for record in records if not record.weak]
        if all(record.doubts is None for record in telling):
            return
        if len(telling) == 1:
            numbers = telling[0].doubts
        else:
            numbers = _merged_doubts(telling, self.targets[row].reference_code, self.register)
        if numbers is not None:
            self.register.note(row, columns, np.where(used, numbers, 0))


def _states(codes: Codes, called: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the state of each sample's merged codes."""
    one, two = codes[:, 0], codes[:, 1]  # by column: reductions over an axis of two are slow
    if one.min(initial=0) >= 0 and two.min(initial=0) >= NO_COPY and not (two == NOT_CALLED).any():
        return called
    known = (one >= 0) | (two >= 0) | (one == SPANNED) | (two == SPANNED)
    state = np.where(known, called, np.uint8(State.NO_CALL)).astype(np.uint8)
    silent_one, silent_two = one == SILENT, two == SILENT
    silent = (silent_one | (one == NO_COPY)) & (silent_two | (two == NO_COPY)) & (silent_one | silent_two)
    state[silent] = State.ABSENT
    state[(one == UNPLACED) | (two == UNPLACED) | (one == CONFLICT) | (one == UNTOLD)] = State.UNSUPPORTED
    return state


def _variants(records: list[Evidence], target: Target) -> NDArray[np.bool_]:
    """Return bool (S, 2): strands on which any record, used or not, shows something else than the reference."""
    return np.asarray(np.any([(r.codes >= 0) & (r.codes != target.reference_code) for r in records], axis=0))


def _by_columns(records: list[Evidence]) -> list[list[Evidence]]:
    """Group records that speak of the same samples; samples in several groups are cut out and merged on their own."""
    if len(records) < 2 or all(np.array_equal(r.columns, records[0].columns) for r in records[1:]):
        return [records] if records else []
    every = np.unique(np.concatenate([r.columns for r in records]))
    member = np.array([np.isin(every, r.columns) for r in records])
    keys, group_of = np.unique(member, axis=1, return_inverse=True)
    groups = []
    for g in range(keys.shape[1]):
        columns = every[group_of.ravel() == g]
        groups.append([_take(r, columns) for r, inside in zip(records, keys[:, g], strict=True) if inside])
    return groups


def _take(record: Evidence, columns: NDArray[np.intp]) -> Evidence:
    order = np.argsort(record.columns)
    index = order[np.searchsorted(record.columns, columns, sorter=order)]
    return Evidence(
        columns, record.codes[index], record.phased[index],
        None if record.phase_set is None else record.phase_set[index], record.state,
        None if record.hidden is None else record.hidden[index], record.tests, record.weak, record.span,
        None if record.doubts is None else record.doubts[index], record.imputed, record.start, record.atom,
    )  # fmt: skip


def _merged_doubts(records: list[Evidence], reference: int, register: Register) -> Numbers:
    """Return the likelihoods of the samples of which several records tell, each distinct case once."""
    numbers = np.zeros(len(records[0].columns), dtype=np.int32)
    each = np.array([np.zeros_like(numbers) if r.doubts is None else r.doubts for r in records])
    known: dict[bytes, int] = {}
    for i in np.flatnonzero(each.any(axis=0)).tolist():
        key = each[:, i].tobytes() + b"".join(r.codes[i].tobytes() for r in records)
        if key not in known:
            parts = without_repeats([
                (register.vectors[n - 1] if n else None, (int(r.codes[i, 0]), int(r.codes[i, 1])), r.tests)
                for n, r in zip(each[:, i].tolist(), records, strict=True)
                if (r.codes[i] >= NO_COPY).all() and r.codes[i, 0] >= 0
            ])  # fmt: skip
            in_doubt = [likelihood for likelihood, _, _ in parts if likelihood is not None]
            one = in_doubt[0] if len(parts) == len(in_doubt) == 1 else None
            known[key] = register.number(one or merged(parts, reference)) if in_doubt else 0
        numbers[i] = known[key]
    return numbers


def _joined_parts(parts: list[Evidence], target: Target) -> list[Evidence]:
    """Turn records that each vouch for a part of the site into reference evidence where together they cover it."""
    found = []
    for group in _by_columns(parts):
        columns = group[0].columns
        covered = np.zeros((len(columns), len(target.ref)), dtype=bool)
        for record in group:
            first, last = record.span or (0, -1)
            good = ((record.codes == VOUCHES) | (record.codes == NO_COPY)).all(axis=1)
            if record.hidden is not None:
                good &= ~record.hidden
            covered[good, max(0, first - target.pos) : max(0, last - target.pos + 1)] = True
        whole = covered.all(axis=1)
        codes = np.full((len(columns), 2), SILENT, dtype=np.int8)
        codes[whole] = target.reference_code
        haploid = whole & (group[0].codes == NO_COPY).any(axis=1)
        codes[haploid, 1] = NO_COPY
        for record in group:
            codes[record.codes == UNPLACED] = UNPLACED
        phased = np.zeros(len(columns), dtype=bool)
        found.append(Evidence(columns, codes, phased, None, State.REFERENCE_BLOCK, None, frozenset(), weak=True))
    return found


_Merged = tuple[
    Codes, NDArray[np.bool_], NDArray[np.int32] | None, NDArray[np.bool_] | None, NDArray[np.uint8]
]  # fmt: skip


def _merge(records: list[Evidence], target: Target) -> _Merged:
    """Merge several records of one site and the same samples, each distinct pattern of codes once."""
    count = len(records[0].columns)
    hidden = np.array([np.zeros(count, bool) if r.hidden is None else r.hidden for r in records])
    stacked = np.stack([r.codes for r in records], axis=1)
    stacked = np.where(hidden.T[:, :, None] & (stacked != NO_COPY), np.int8(SILENT), stacked)
    stacked[stacked == UNTOLD] = NOT_CALLED
    phased = np.array([r.phased for r in records]).T
    packed = np.concatenate([stacked.reshape(count, -1), phased.astype(np.int8)], axis=1)
    keys = np.ascontiguousarray(packed).view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, pattern = np.unique(keys, return_index=True, return_inverse=True)
    answers = [_merge_one(stacked[i], phased[i], records, target) for i in first]
    codes = np.array([a[0] for a in answers], dtype=np.int8)[pattern]
    in_phase = np.array([a[1] for a in answers], dtype=bool)[pattern]
    called = np.array([a[2] for a in answers], dtype=np.uint8)[pattern]
    phase_set = None
    for record in records:
        if record.phase_set is not None:
            phase_set = record.phase_set if phase_set is None else np.where(phase_set == 0, record.phase_set, phase_set)
    nothing = ((codes == SILENT) | (codes == NO_COPY)).all(axis=1)
    return codes, in_phase, phase_set, hidden.any(axis=0) & nothing, called


def _merge_one(
    codes: Codes, phased: NDArray[np.bool_], records: list[Evidence], target: Target
) -> tuple[tuple[int, int], bool, int]:
    """Merge one sample's codes, (records, 2), into two strands."""
    reference = target.reference_code
    pairs = without_lost([tuple(int(c) for c in pair) for pair in codes], reference)
    rows = [(pair, bool(p), r) for pair, p, r in zip(pairs, phased, records, strict=True)]
    strong = [row for row in rows if not row[2].weak and any(c not in (SILENT, NO_COPY) for c in row[0])]
    strong = _without_repeats(strong)
    spelled = without_own_stars([(pair, r.start, r.atom) for pair, _, r in strong], reference)
    strong = [(pair, p, r) for pair, (_, p, r) in zip(spelled, strong, strict=True)]
    if not strong:
        weak = [row for row in rows if any(c not in (SILENT, NO_COPY) for c in row[0])]
        if not weak:
            return (SILENT, SILENT), False, State.CALLED
        return (*_weak_strands(weak), weak[0][2].state)
    if len(target.substituted) > 1 and len(strong) > 1:
        composed = _composed(strong, target)
        if composed is not None:
            return composed, True, State.CALLED
    known = [(pair, p, r.tests) for pair, p, r in strong]
    merged = _strands(known, reference)
    doubtful = max((pair.count(UNPLACED) for pair, _, r in rows if r.weak), default=0)
    if doubtful and CONFLICT not in merged[0]:
        return with_doubt(merged[0], doubtful, reference), False, State.CALLED
    spans = [(pair, p, r.tests) for pair, p, r in rows if r.weak and SPANNED in pair]
    if spans and CONFLICT not in merged[0]:
        wider = _strands([*known, *spans], reference)
        merged = merged if CONFLICT in wider[0] else wider
    blocks = all(r.state == State.REFERENCE_BLOCK for _, _, r in strong)
    return (*merged, State.REFERENCE_BLOCK if blocks else State.CALLED)


def _weak_strands(rows: list[_Row]) -> tuple[tuple[int, int], bool]:
    """Lay deletions across the site, or blocks that cover it in parts, onto two strands; the rest stays unknown."""
    if any(UNPLACED in pair for pair, _, _ in rows):
        return (SILENT, UNPLACED), False
    spans = [(pair, p) for pair, p, _ in rows if SPANNED in pair]
    if not spans:
        one, two = rows[0][0]
        return (one, two), False
    if all(p or pair[0] == pair[1] for pair, p in spans):
        one, two = (SPANNED if any(pair[s] == SPANNED for pair, _ in spans) else SILENT for s in (0, 1))
        return (one, two), True
    count = min(2, sum(pair.count(SPANNED) for pair, _ in spans))
    return (SPANNED if count == 2 else SILENT, SPANNED), False


def _composed(rows: list[_Row], target: Target) -> tuple[int, int] | None:
    """Put single-base records of a multi-base site together; None if they are not that, UNPLACED if unphased."""
    length = len(target.ref)
    if any(c < 0 or len(target.alleles[c]) != length for pair, _, _ in rows for c in pair):
        return None
    if sum(not p and pair[0] != pair[1] for pair, p, _ in rows) > 1:
        return UNPLACED, UNPLACED
    strands = []
    for strand in (0, 1):
        bases = list(target.ref)
        for pair, _, _ in rows:
            allele = target.alleles[pair[strand]]
            bases = [new if new != old else kept for kept, new, old in zip(bases, allele, target.ref, strict=True)]
        strands.append(target.code("".join(bases)))
    return strands[0], strands[1]


_Row = tuple[tuple[int, ...], bool, Evidence]
_Pair = tuple[tuple[int, ...], bool, frozenset[int]]


def _without_repeats(rows: list[_Row]) -> list[_Row]:
    """Drop a no-call where another record that tests the same alleles has a call, and blocks beside variants."""
    called = {r.tests for pair, _, r in rows if any(c != NOT_CALLED for c in pair)}
    kept = [row for row in rows if any(c != NOT_CALLED for c in row[0]) or row[2].tests not in called]
    variants = [row for row in kept if row[2].tests]
    return variants or kept[:1]


def _strands(rows: list[_Pair], reference: int) -> tuple[tuple[int, int], bool]:
    """Lay the alternate alleles of several records onto two strands."""
    haploid = {NO_COPY in pair for pair, _, _ in rows if any(c not in (SILENT, NOT_CALLED) for c in pair)}
    if len(haploid) == 2:
        return (CONFLICT, CONFLICT), False
    if haploid == {True}:
        single = [(tuple(c for c in pair if c != NO_COPY)[:1], tests) for pair, _, tests in rows]
        return (_pool(single, 1, reference)[0], NO_COPY), False
    if all(p or pair[0] == pair[1] for pair, p, _ in rows):
        one, two = (_pool([((pair[s],), tests) for pair, _, tests in rows], 1, reference)[0] for s in (0, 1))
        return ((CONFLICT, CONFLICT), False) if CONFLICT in (one, two) else ((one, two), any(p for _, p, _ in rows))
    one, two = _pool([(pair, tests) for pair, _, tests in rows], 2, reference)
    return (one, two), False


def _pool(rows: list[tuple[tuple[int, ...], frozenset[int]]], strands: int, reference: int) -> list[int]:
    """Return the alleles on `strands` exchangeable strands, given what each record says of them."""
    others: list[int] = []
    for code in sorted({c for pair, _ in rows for c in pair if _is_other(c, reference)}):
        counts = {pair.count(code) for pair, tests in rows if code in tests or code in pair}
        if len(counts) > 1 and code not in (SPANNED, UNPLACED):
            return [CONFLICT] * strands
        others += [code] * max(counts)
    if len(others) > strands:
        return [CONFLICT] * strands
    rest = strands - len(others)
    if all(c == SILENT or _is_other(c, reference) for pair, _ in rows for c in pair):
        return [SILENT] * rest + others
    unknown = 0
    for pair, _ in rows:
        own = sum(_is_other(c, reference) for c in pair)
        unknown = max(unknown, pair.count(NOT_CALLED) - (len(others) - own))
    unknown = min(unknown, rest)
    return [NOT_CALLED] * unknown + [reference] * (rest - unknown) + others


def _is_other(code: int, reference: int) -> bool:
    return (code >= 0 and code != reference) or code in (SPANNED, UNPLACED)


def all_alleles(targets: list[Target], documented: pl.Series) -> pl.Series:
    """Return the allele lists of all sites, undocumented strings last."""
    if all(len(t.alleles) == t.documented for t in targets):
        return documented
    # Joined and split again: polars takes fifty times as long to make a column of Python lists.
    return pl.Series("alleles", ["\n".join(t.alleles) for t in targets], dtype=pl.String).str.split("\n")
