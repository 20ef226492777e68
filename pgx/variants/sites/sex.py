"""Contigs with one copy: chrX in males, the mitochondrion in everyone.

Sex comes from the user, or else from chrX outside the pseudo-autosomal regions: haploid calls, or too few
heterozygous ones among the genotypes that differ from the reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pgx.errors import UsageError
from pgx.types import NO_COPY, NOT_CALLED, UNREAD, State
from pgx.variants.notes import Notes
from pgx.variants.sites.assemble import Assembly
from pgx.variants.sites.targets import Targets
from pgx.variants.vcf.contigs import outside_par

WINDOWS = tuple(("chrX", start, start + 30_000) for start in range(10_000_000, 150_000_000, 20_000_000))
"""Stretches of chrX, unique in both builds and outside its pseudo-autosomal regions, that are looked at for the sex."""

_ENOUGH = 20
_SEVERAL = 4
"""Records of chrX that one wrong call does not explain."""
_FEMALE_FROM, _MALE_TO = 0.2, 0.08
_MAX_RECORDS = 400
_NAMES = {
    "male": "male", "m": "male", "1": "male", "xy": "male",
    "female": "female", "f": "female", "2": "female", "xx": "female",
}  # fmt: skip
_UNKNOWN = frozenset({"", "0", "unknown", "other", "u", "none", "na", "."})


@dataclass(slots=True)
class SexEvidence:
    """Counts over chrX records, per sample: haploid calls, heterozygous ones, homozygous alternate ones."""

    count: int
    haploid: NDArray[np.int64] = field(init=False)
    heterozygous: NDArray[np.int64] = field(init=False)
    homozygous: NDArray[np.int64] = field(init=False)
    records: int = 0
    settled: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.haploid, self.heterozygous, self.homozygous = (np.zeros(self.count, dtype=np.int64) for _ in range(3))

    @property
    def wants_more(self) -> bool:
        """Whether more records would add anything."""
        return self.records < _MAX_RECORDS

    def add(self, gt: NDArray[np.int16], columns: NDArray[np.intp]) -> None:
        """Count one chrX record's genotypes (S, 2) of the samples at `columns`."""
        self.records += 1
        one, two = gt[:, 0], gt[:, 1]
        self.haploid[columns] += (one >= 0) & (two == NO_COPY)
        both = (one >= 0) & (two >= 0)
        self.heterozygous[columns] += both & (one != two)
        self.homozygous[columns] += both & (one == two) & (one > 0)

    def settle(self, column: int, sex: str | None) -> None:
        """Take the sex that a file without VCF records showed."""
        if sex is not None:
            self.settled[column] = sex

    def contradiction(self, column: int, told: str, guess: str | None) -> str | None:
        """Say in words what of one sample's chrX cannot be of the sex that is told; None if nothing surely does not.

        Few records are enough against a male if most of them are heterozygous, and one that is written with a single
        allele against a female: `guess`, the sex that `inferred` found, needs many.
        """
        het, hom = int(self.heterozygous[column]), int(self.homozygous[column])
        haploid = int(self.haploid[column])
        if told == "male" and het >= _SEVERAL and het >= _FEMALE_FROM * (het + hom) and haploid < het:
            return f"{het} heterozygous of {het + hom} genotypes with a variant outside the pseudo-autosomal regions"
        if column in self.settled and self.settled[column] != told:
            return f"what a {self.settled[column]} person has"
        if told == "female" and haploid > 4 * het:
            return f"one copy at {haploid} position{'' if haploid == 1 else 's'}"
        if told == "female" and guess == "male":
            return f"{het} heterozygous of {het + hom} genotypes with a variant, as with one copy"
        return None

    def inferred(self) -> list[str | None]:
        """Return each sample's sex as the data tell it; None where they do not."""
        found: list[str | None] = []
        counts = zip(self.haploid, self.heterozygous, self.homozygous, strict=True)
        for column, (haploid, het, hom) in enumerate(counts):
            total = het + hom
            if column in self.settled:
                found.append(self.settled[column])
            elif haploid > 4 * het:
                found.append("male")
            elif total >= _ENOUGH and haploid == 0 and het >= _FEMALE_FROM * total:
                found.append("female")
            elif total >= _ENOUGH and haploid == 0 and het <= _MALE_TO * total:
                found.append("male")
            else:
                found.append(None)
        return found


def given_sex(sex: Mapping[str, str] | None) -> dict[str, str]:
    """Return the user's sexes in the words ``male`` and ``female``.

    Raises
    ------
    UsageError
        If a value is neither, nor a word for unknown.
    """
    told: dict[str, str] = {}
    for sample, value in (sex or {}).items():
        word = str(value).strip().lower()
        if word in _NAMES:
            told[sample] = _NAMES[word]
        elif word not in _UNKNOWN:
            raise UsageError(f"sex {value!r} of sample {sample} is not known; use male or female")
    return told


def apply(
    assembly: Assembly,
    targets: Targets,
    names: tuple[str, ...],
    told: Mapping[str, str],
    evidence: SexEvidence,
    notes: Notes,
) -> None:
    """Make calls of single-copy contigs haploid, and say where they contradict the sex."""
    _single_copies(assembly, targets, notes)
    sites = [t for t in targets.all if t.chrom == "chrX"]
    sites = [t for t, outside in zip(sites, outside_par([t.pos for t in sites], targets.build), strict=True) if outside]
    inferred = evidence.inferred()
    sexes = [told.get(name, guess) for name, guess in zip(names, inferred, strict=True)]
    for sex in ("male", "female"):
        like = [name not in told and guess == sex for name, guess in zip(names, inferred, strict=True)]
        notes.count("info", "sex_inferred", f"sex was inferred from chrX: {sex}", "chrX", 1, np.flatnonzero(like))
    for column, (name, guess) in enumerate(zip(names, inferred, strict=True)):
        seen = evidence.contradiction(column, told[name], guess) if name in told else None
        if seen:
            notes.add(
                "warning",
                "sex_mismatch",
                f"the sex is given as {told[name]} (record or --sex), but chrX shows {seen}: make sure "
                "that the record and the genotypes are of one person",
                sample=name,
            )
    for wanted, change in (("male", _male), ("female", _female)):
        columns = np.array([i for i, sex in enumerate(sexes) if sex == wanted], dtype=np.intp)
        if len(columns):
            for target in sites:
                change(assembly, target.site, columns, f"{target.chrom}:{target.pos}", notes)


def _male(assembly: Assembly, row: int, columns: NDArray[np.intp], where: str, notes: Notes) -> None:
    codes = assembly.alleles[row, columns]
    state = assembly.state[row, columns]
    one, two = codes[:, 0], codes[:, 1]
    clash = (two != NO_COPY) & (one != two) & (one != NOT_CALLED) & (two != NOT_CALLED)
    half = (two != NO_COPY) & (one != two) & ~clash
    if clash.any():
        message = "heterozygous on chrX of a male ({n} times); such a genotype is not used"
        notes.count("warning", "male_heterozygous_x", message, where, 1, columns[clash])
    # 1/. shows a change, whatever the other half would be.
    shown = half & ((codes > NOT_CALLED) & (codes != assembly.targets[row].reference_code)).any(axis=1)
    codes[half, 0] = np.where(shown[half], np.int8(UNREAD), np.int8(NOT_CALLED))
    state[half] = np.where(state[half] == State.CALLED, np.uint8(State.NO_CALL), state[half])
    clash |= shown
    codes[clash, 0] = UNREAD
    state[clash] = np.where(state[clash] == State.FILTERED, state[clash], np.uint8(State.UNSUPPORTED))
    codes[:, 1] = NO_COPY
    assembly.alleles[row, columns] = codes
    assembly.state[row, columns] = state


def _female(assembly: Assembly, row: int, columns: NDArray[np.intp], where: str, notes: Notes) -> None:
    codes = assembly.alleles[row, columns]
    single = (codes[:, 1] == NO_COPY) & (codes[:, 0] != NOT_CALLED)
    if single.any():
        message = "one copy of chrX is called in a female ({n} times); the other is taken as unknown"
        notes.count("warning", "female_haploid_x", message, where, 1, columns[single])
    codes[codes[:, 1] == NO_COPY, 1] = NOT_CALLED
    assembly.alleles[row, columns] = codes


def _single_copies(assembly: Assembly, targets: Targets, notes: Notes) -> None:
    """Collapse the mitochondrion to one copy, and do not believe in one copy of an autosome."""
    single_at = (assembly.alleles[:, :, 1] == NO_COPY).any(axis=1)
    for target in targets.all:
        if target.chrom != "chrM" and not single_at[target.site]:
            continue
        codes, state = assembly.alleles[target.site], assembly.state[target.site]
        where = f"{target.chrom}:{target.pos}"
        if target.chrom == "chrM":
            mixed = (codes[:, 1] != NO_COPY) & (codes[:, 0] != codes[:, 1])
            if mixed.any():
                notes.count(
                    "warning",
                    "heteroplasmy",
                    "{n} mitochondrial genotypes show two alleles and are not used",
                    where,
                    1,
                    np.flatnonzero(mixed),
                )
            shown = (codes >= 0).all(axis=1) | (codes == UNREAD).any(axis=1)
            codes[mixed, 0] = np.where(shown[mixed], np.int8(UNREAD), np.int8(NOT_CALLED))
            state[mixed & (state != State.FILTERED)] = State.UNSUPPORTED
            codes[:, 1] = NO_COPY
        elif target.chrom != "chrX":
            single = codes[:, 1] == NO_COPY
            if single.any():
                codes[single, 1] = NOT_CALLED
                notes.count("warning", "haploid_autosome",
                            "{n} genotypes of an autosome have one allele; the other is taken as unknown",
                            where, 1, np.flatnonzero(single))  # fmt: skip
