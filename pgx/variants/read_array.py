"""Put what an array file says into the genotype arrays."""

from __future__ import annotations

import numpy as np

from pgx.types import NO_COPY, NOT_CALLED, State
from pgx.variants.arrays.consumer import ArrayData, is_missing, letters_to_codes, on_reverse_strand
from pgx.variants.notes import Notes
from pgx.variants.sites.assemble import Assembly, Evidence
from pgx.variants.sites.match import UNTOLD
from pgx.variants.sites.targets import Target, Targets


def add_array(data: ArrayData, column: int, targets: Targets, assembly: Assembly, file: str, notes: Notes) -> int:
    """Add one person's array genotypes; return at how many sites the array has a probe.

    Insertions and deletions (letters I and D, or letters at a site whose alleles differ in length) are UNSUPPORTED.
    """
    singles = {site: t for site, t in ((t.site, t) for t in targets.all) if not _is_long(t)}
    flips = [
        site for site, probes in data.calls.items() if site in singles
        and any(_bases(p) and on_reverse_strand(singles[site].alleles[: singles[site].documented], p) for p in probes)
    ]  # fmt: skip
    for site, probes in data.calls.items():
        target = targets.all[site]
        found = {_codes(target, letters, bool(flips)) for letters in probes}
        found.discard((NOT_CALLED, NOT_CALLED)) if len(found) > 1 else None
        if len(found) > 1 and (UNTOLD, UNTOLD) in found:
            found.discard((UNTOLD, UNTOLD))
        if len(found) > 1:
            notes.count(
                "warning",
                "conflicting_records",
                "{n} positions are not called because probes there contradict each other",
                f"{file}: {target.chrom}:{target.pos}",
            )
            found = {(NOT_CALLED, NOT_CALLED)}
        codes = np.array([next(iter(found))], dtype=np.int8)
        one = np.zeros(1, dtype=bool)
        assembly.add(site, Evidence(np.array([column]), codes, one, None, State.CALLED, None, frozenset({-9})))
    _say(data, flips, file, notes)
    return len(data.calls)


def _codes(target: Target, letters: str, flips: bool) -> tuple[int, int]:
    if is_missing(letters):
        return NOT_CALLED, NOT_CALLED
    if not _bases(letters) or _is_long(target):
        return UNTOLD, UNTOLD
    codes = letters_to_codes(target.alleles[: target.documented], letters, flips=flips)
    if codes is None:
        return UNTOLD, UNTOLD
    one, two = (codes[0], NO_COPY) if len(codes) == 1 else (min(codes), max(codes))
    return one, two


def _is_long(target: Target) -> bool:
    return any(len(allele) != 1 for allele in target.alleles[: target.documented])


def _bases(letters: str) -> bool:
    return bool(letters) and set(letters) <= set("ACGT")


def _say(data: ArrayData, flips: list[int], file: str, notes: Notes) -> None:
    notes.add("warning", "array_data", f"{data.vendor} array data, {data.rows} probes, {len(data.calls)} of them at "
              "positions of interest: many alleles cannot be told, and array genotypes are not clinical-grade",
              where=file, sample=data.sample)  # fmt: skip
    if data.contradiction:
        notes.add("warning", "array_build", data.contradiction, where=file, sample=data.sample)
    if data.by_name:
        notes.add("info", "matched_by_rsid", f"{data.by_name} probes were matched by their rs number, not by position",
                  where=file, sample=data.sample)  # fmt: skip
    if flips:
        notes.add(
            "warning",
            "strand_flipped",
            f"{len(flips)} probes are on the reverse strand and were complemented; A/T and C/G positions are not used",
            where=file,
            sample=data.sample,
        )
    if data.malformed:
        notes.add("warning", "malformed_record", f"{len(data.malformed)} lines are not probes",
                  where=f"{file}: line {data.malformed[0]}", sample=data.sample)  # fmt: skip
