"""Plain data that passes between the stages: numpy arrays and polars frames in frozen dataclasses."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import IntEnum
from importlib import import_module

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.notes import Note
from pgx.schema import EXPOSURE_RATIOS, JUDGEMENTS, NEXT_TESTS, empty

CONFIGURED = "configured_options"
"""Entry of a provenance: which options a configuration file set."""
NOT_CALLED = -1
"""Allele code: the strand's base is unknown."""
NO_COPY = -2
"""Allele code: the person has no such copy (second strand of a haploid call)."""
SPANNED = -3
"""Allele code: a deletion that starts upstream removes the base (VCF ``*``); no evidence for or against an allele."""
UNREAD = -4
"""Allele code: the file shows something here that may not be used or cannot be told, and that is not the reference: a
change that its notation does not place, records that contradict each other, a variant that failed a filter."""

MOST_COPIES = 12
"""Copies of a gene beyond which a number is taken for a mistake."""


class State(IntEnum):
    """What is known of one genotype (one site, one sample)."""

    CALLED = 0
    NO_CALL = 1
    ABSENT = 2
    FILTERED = 3
    REFERENCE_BLOCK = 4
    UNSUPPORTED = 5
    ASSUMED_REFERENCE = 6


@dataclass(frozen=True, slots=True)
class Likelihood:
    """How well each genotype of one site explains what the file shows of one person.

    Parameters
    ----------
    evidence
        What it was worked out from: ``PL``, ``GL``, ``GP``, ``DS``, ``HDS``, ``R2`` (of an imputed GT alone), ``AD``,
        ``GQ``, ``DP`` or ``site`` (the error rate of the kind of site, where the file shows no more than GT).
    pairs
        Genotypes as pairs of allele codes, the smaller first; (code, NO_COPY) where there is one copy.
    tenths
        Ten times the log10 likelihood of each, against the best (0); what is not listed is out of the question.
    """

    evidence: str
    pairs: tuple[tuple[int, int], ...]
    tenths: tuple[int, ...]

    def of(self, one: int, two: int) -> int | None:
        """Return the tenths of a genotype; None if it is not listed."""
        pair = (one, two) if two < 0 or one <= two else (two, one)
        return self.tenths[self.pairs.index(pair)] if pair in self.pairs else None


@dataclass(frozen=True, slots=True)
class Doubts:
    """The genotypes that the file's own evidence leaves in doubt; those that are not listed are as good as certain.

    Parameters
    ----------
    site, sample
        int32 (D,): where in `Genotypes.alleles`.
    vector
        int32 (D,): index into `vectors`.
    vectors
        The distinct likelihoods.
    """

    site: NDArray[np.int32]
    sample: NDArray[np.int32]
    vector: NDArray[np.int32]
    vectors: tuple[Likelihood, ...]


@dataclass(frozen=True, slots=True)
class Genotypes:
    """Genotypes at the sites that the knowledge names.

    A site is a (chrom, GRCh38 position). Its alleles are written on GRCh38's forward strand against the site's common
    reference string, whichever build the file is in: code 0 is GRCh38's reference, 1.. the knowledge's other alleles in
    the order of `KnowledgeBase.sites`, and codes past those are bases that the file shows and the knowledge does not
    know (`undocumented`).

    Parameters
    ----------
    samples
        Sample names, length S.
    sites
        Frame of V rows, the knowledge's `SITES` order: ``site`` (index), ``chrom``, ``pos_grch38``, ``pos`` (in the
        file's build), ``ref``, ``alleles`` (list of strings, undocumented ones last), ``documented`` (how many of
        them the knowledge has).
    alleles
        int8 (V, S, 2): index into the site's alleles, or NOT_CALLED, NO_COPY, SPANNED, UNREAD.
    state
        uint8 (V, S) of `State`.
    phased
        bool (V, S): the two strands are ordered against the phase set's other sites (or the whole contig).
    phase_set
        int32 (V, S): 0 = the whole contig is one set.
    build
        ``GRCh38`` or ``GRCh37``.
    sources
        One entry a file: name, sha256, format, sample count.
    copy_number
        Frame of structural evidence: ``sample gene copies kind source``; empty if the file has none. No ``copies``
        means that the file tells of a change that cannot be counted.
    notes
        What the reader noticed.
    holders
        For each of `sources`, which of `samples` it holds.
    everyone
        All samples of the files, those that were not asked for too.
    doubts
        The likelihoods of the genotypes that are in doubt; None = the file leaves none in doubt.
    imputed
        bool (V, S): the genotype was imputed, not measured; None = none was.
    """

    samples: tuple[str, ...]
    sites: pl.DataFrame
    alleles: NDArray[np.int8]
    state: NDArray[np.uint8]
    phased: NDArray[np.bool_]
    phase_set: NDArray[np.int32]
    build: str
    sources: tuple[dict[str, str], ...] = ()
    copy_number: pl.DataFrame | None = None
    notes: tuple[Note, ...] = ()
    holders: tuple[frozenset[str], ...] = ()
    everyone: tuple[str, ...] = ()
    doubts: Doubts | None = None
    imputed: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class Diplotype:
    """One diplotype that fits a genotype pattern, and how probable it is.

    `allele1` and `allele2` are names as reported (``*2``, ``[*6 + *14]``, ``*2 + g.94781859G>A``); `allele2` is None in
    a haploid gene. `parts1` and `parts2` are the plain named alleles behind them (several for a combination or a
    variant list), what the functions are looked up for; `novel1`/`novel2` say that a strand carries an undocumented
    base.
    """

    allele1: str
    allele2: str | None
    parts1: tuple[str, ...]
    parts2: tuple[str, ...]
    probability: float
    novel1: bool = False
    novel2: bool = False
    copies1: int = 1
    copies2: int = 1

    @property
    def name(self) -> str:
        """The diplotype as reported."""
        return self.allele1 if self.allele2 is None else f"{self.allele1}/{self.allele2}"


@dataclass(frozen=True, slots=True)
class PatternCall:
    """The answer for one distinct genotype pattern of one gene; `diplotypes` is sorted, most probable first.

    `positions_called` have data, and `positions_assumed` were read as the reference without any.
    `stated_phenotype` and `stated_score` are what an outside tool says without (or beside) a diplotype; they are used
    only where there is no diplotype.
    """

    diplotypes: tuple[Diplotype, ...]
    status: str
    positions_called: int
    positions_total: int
    flags: tuple[str, ...] = ()
    source: str = "genotypes"
    stated_phenotype: str | None = None
    stated_score: float | None = None
    positions_assumed: int = 0


@dataclass(frozen=True, slots=True)
class GeneCalls:
    """The calls of one gene for all samples: distinct patterns, and which pattern each sample has.

    Parameters
    ----------
    gene
        HGNC symbol.
    patterns
        P distinct answers.
    pattern_of
        int32 (S,): index into `patterns`.
    """

    gene: str
    patterns: tuple[PatternCall, ...]
    pattern_of: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class CallSet:
    """The calls of all genes for all samples; `holders` says of each file of outside calls whom it is about."""

    samples: tuple[str, ...]
    genes: tuple[GeneCalls, ...]
    notes: tuple[Note, ...] = ()
    holders: tuple[frozenset[str], ...] = ()


@dataclass(frozen=True, slots=True)
class ClinicalData:
    """What is known of the persons beside their genome: frames `CLINICAL`, `MEDICATIONS`, `NOTES` of `pgx.schema`.

    `kept_out` (``sample concept code message where``) says whose newest value of what was left out, and why: that
    concept is then unknown, which is something else than nobody having asked.
    `holders` says of each file that was read whose record it has.
    """

    observations: pl.DataFrame
    medications: pl.DataFrame
    notes: pl.DataFrame
    kept_out: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(
            schema=dict.fromkeys(("sample", "concept", "code", "message", "where"), pl.String)
        )
    )
    holders: tuple[frozenset[str], ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """Everything that one run found; the reports render it and nothing else.

    Frames follow `pgx.schema`. `provenance` holds program, knowledge and model versions, the build, options, and input
    names with checksums; `holders` says of each input whom it is about, so that a person's own documents name no
    other's (`pgx.reports.page.person`). `suspects` are lines for the laboratory on changes that too many persons of the
    files show; no person's document has them.
    """

    samples: tuple[str, ...]
    calls: pl.DataFrame
    phenotypes: pl.DataFrame
    guidance: pl.DataFrame
    scores: pl.DataFrame
    clinical: pl.DataFrame
    medications: pl.DataFrame
    notes: pl.DataFrame
    provenance: dict[str, object] = field(default_factory=dict)
    holders: tuple[frozenset[str], ...] = ()
    judgements: pl.DataFrame = field(default_factory=lambda: empty(JUDGEMENTS))
    suspects: tuple[str, ...] = ()
    next_tests: pl.DataFrame = field(default_factory=lambda: empty(NEXT_TESTS))
    exposure_ratios: pl.DataFrame = field(default_factory=lambda: empty(EXPOSURE_RATIOS))

    def __repr__(self) -> str:
        """Whom it is about, and the shape of each frame."""
        frames = ((one.name, getattr(self, one.name)) for one in fields(self))
        shapes = [f"{name} {frame.height}x{frame.width}" for name, frame in frames if isinstance(frame, pl.DataFrame)]
        named = ", ".join(self.samples[:3]) + (f" and {len(self.samples) - 3} more" if len(self.samples) > 3 else "")
        origin = ", ".join(f"{key} {self.provenance[key]}" for key in ("pgx", "knowledge") if key in self.provenance)
        return f"<Result of {named or 'nobody'}: {', '.join(shapes)}{'; ' if origin else ''}{origin}>"

    def _repr_html_(self) -> str:
        """Show the first sample's report in a notebook."""
        # By name: a notebook asks for it, never a stage, and the types know no renderer.
        return str(import_module("pgx.notebook").page(self))
