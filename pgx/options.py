"""How genotypes are read and called: the options that every public call shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pgx.errors import UsageError

PathLike = str | Path
Paths = PathLike | Sequence[PathLike]
"""One path, or several."""
Names = str | Sequence[str]
"""One name, several joined by commas, or a list."""
BUILD_NAMES = {"GRCh38": ("grch38", "hg38", "b38", "hs38", "38"), "GRCh37": ("grch37", "hg19", "b37", "hs37", "37")}
"""What the reference genomes are called, in small letters."""


def paths_of(given: Paths | None) -> list[PathLike]:
    """Return one path, several or none as a list."""
    if given is None:
        return []
    return [given] if isinstance(given, str | Path) else list(given)


def persons_of(given: Mapping[str, str] | Paths) -> Mapping[str, str] | list[PathLike]:
    """Return who is who: a mapping as it is, pairs and tables as a list."""
    return given if isinstance(given, Mapping) else paths_of(given)


def build_named(name: str) -> str:
    """Return a reference genome by one of its names; a name that is none of them stays as it is.

    Examples
    --------
    >>> build_named("hg38"), build_named("grch37"), build_named("mm10")
    ('GRCh38', 'GRCh37', 'mm10')
    """
    known = name.strip().lower()
    return next((build for build, names in BUILD_NAMES.items() if known in names), name)


def names_of(given: Names | None) -> list[str] | None:
    """Return names as a list; text is split at its commas, and None stays None."""
    if isinstance(given, str):
        return [name.strip() for name in given.split(",") if name.strip()]
    return None if given is None else list(given)


@dataclass(frozen=True, slots=True)
class Options:
    """How genotypes are read and called; the defaults are the safe ones.

    Parameters
    ----------
    samples, genes
        What to look at: a list, or names joined by commas; None = all.
    build
        ``GRCh38`` or ``GRCh37``; None = found out from the file.
    absent_is_reference
        Read positions that the file does not mention as reference. Stamped on every affected call.
    min_gq, min_dp
        Genotypes below are not used.
    include_filtered
        Use records whose FILTER is not PASS.
    fasta
        Reference FASTA for left-alignment of indels.
    sex, ancestry
        One value for all samples, or a mapping; None = from the clinical data.
    copy_number
        Known copies, (sample or None, gene) -> count.
    outside_mode
        ``override``: outside calls replace ours; ``fill``: they only fill genes that are not called.
    persons
        Whose record is whose sample, where names differ: a mapping, or ``ID=SAMPLE`` and paths of two-column tables.
    as_of
        Day that counts as now for ages, windows and drugs; None = the newest day of each person's own record.
    knowledge
        Folders of site tables laid over the knowledge base.
    strict
        Refuse clinical files of which anything would be left out.
    accept
        Clinical concepts whose unlikely values were checked and are used.
    date_format
        How clinical files write dates, such as ``DD.MM.YYYY``; ISO 8601 is read as well.
    configured
        Which of a run's options a configuration file set, in words for people; page 1 names them.

    Examples
    --------
    >>> import pgx
    >>> options = pgx.Options(genes="CYP2C19,CYP2D6", copy_number={(None, "CYP2D6"): 3})
    >>> options.genes
    ['CYP2C19', 'CYP2D6']
    """

    samples: Names | None = None
    genes: Names | None = None
    build: str | None = None
    absent_is_reference: bool = False
    min_gq: int | None = None
    min_dp: int | None = None
    include_filtered: bool = False
    fasta: PathLike | None = None
    sex: str | Mapping[str, str] | None = None
    ancestry: str | Mapping[str, str] | None = None
    copy_number: Mapping[tuple[str | None, str], int] | None = None
    outside_mode: str = "override"
    persons: Mapping[str, str] | Paths = ()
    as_of: date | None = None
    knowledge: Paths = ()
    strict: bool = False
    accept: Names = ()
    date_format: str | None = None
    configured: Names = ()

    def __post_init__(self) -> None:
        if self.build is not None:
            object.__setattr__(self, "build", build_named(self.build))
        for name in ("samples", "genes"):
            if isinstance(given := getattr(self, name), str):
                object.__setattr__(self, name, names_of(given))
            if (given := getattr(self, name)) is not None and not given:  # such as of an empty variable of a script
                raise UsageError(f"{name} are asked for, and none is named; leave the option out for all of them")
        for name in ("persons", "knowledge"):
            if isinstance(given := getattr(self, name), str | Path):
                object.__setattr__(self, name, (given,))
