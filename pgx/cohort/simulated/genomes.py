"""`pgx simulate --samples`: genomes and histories of made-up persons, and the truth about them beside."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pysam
from numpy.typing import NDArray

from pgx.calling.priors import groups
from pgx.clinical.readers.sniff import read_head
from pgx.cohort.simulated import persons
from pgx.cohort.simulated.haplotypes import Pool, diplotypes, draw, pools
from pgx.cohort.simulated.records import MADE_UP, Manner, Position, header, positions, record
from pgx.cohort.simulated.units import generator, units
from pgx.errors import UsageError
from pgx.guard.limits import SHEET, read_file, refuse_pipe
from pgx.inputs import knowledge as base
from pgx.io import atomic_path, check_outputs
from pgx.knowledge import KnowledgeBase
from pgx.knowledge.positions import BUILDS
from pgx.options import PathLike, Paths, paths_of
from pgx.types import NO_COPY

ENDINGS = (".vcf", ".vcf.gz", ".bcf")
TRUTH = ("sample", "gene", "diplotype", "identifiable", "group", "sex")
OnProgress = Callable[[int, int], None]
Pairs = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Simulated:
    """The files of a made-up cohort, and how large it is."""

    vcf: Path
    clinical: Path
    truth: Path
    samples: int
    positions: int


def simulate(
    samples: int,
    vcf: PathLike,
    *,
    seed: int = 1,
    build: str = "GRCh38",
    group: str | None = None,
    missing: float = 0.0,
    unphased: bool = False,
    array: PathLike | float | None = None,
    depth: float | None = None,
    knowledge: Paths = (),
    on_progress: OnProgress | None = None,
) -> Simulated:
    """Write genotypes, clinical histories and the truth of made-up persons.

    Each gene's haplotypes are drawn by biogeographic group from the knowledge's frequencies, gene by gene and strand by
    strand: genes are independent, and copies of genes do not vary. Nothing is about a patient. The persons of a seed
    are the same however many there are.

    Parameters
    ----------
    samples
        Number of persons.
    vcf
        ``.vcf``, ``.vcf.gz`` or ``.bcf`` to write. Beside it come ``NAME.clinical.csv``, and ``NAME.truth.tsv`` with
        the columns ``sample gene diplotype identifiable group sex``: `identifiable` says whether the positions in the
        file, phased and complete, allow no other names.
    seed
        The same seed gives the same bytes.
    build
        ``GRCh38`` or ``GRCh37``.
    group
        Biogeographic group of everybody; None = groups are drawn in the proportions of the pooled frequencies.
    missing
        Share of genotypes that are left out.
    unphased
        Do not tell the strands apart.
    array
        A share of the positions, chosen by chance, or a file of rs numbers or ``chrom:pos`` (or ``chrom pos``), one a
        line: only these are written.
    depth
        Mean number of reads a genotype. Genotypes are then those that fit the reads best, with AD, DP, GQ and PL.
    knowledge
        Folders of site tables laid over the knowledge base.
    on_progress
        Called with positions written and all positions.

    Returns
    -------
    Simulated
        The files, and how many persons and positions they hold.

    Raises
    ------
    UsageError
        If a number, a name or an ending cannot be used.
    InputError
        If a file cannot be written.

    Examples
    --------
    >>> import pgx, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = pgx.cohort.simulate(3, f"{folder}/some.vcf", seed=5)
    ...     made.samples, made.clinical.read_text().partition(",")[0]
    (3, 'sample')
    """
    target = Path(vcf)
    stem = next((target.name.removesuffix(end) for end in sorted(ENDINGS, key=len, reverse=True)
                 if target.name.endswith(end)), None)  # fmt: skip
    _check(samples, stem, seed, build, missing, depth)
    clinical, truth = (target.with_name(f"{stem}.{end}") for end in ("clinical.csv", "truth.tsv"))
    given = [] if array is None or isinstance(array, float | int) else [Path(array)]
    check_outputs([target, clinical, truth], [*given, *map(Path, paths_of(knowledge))])
    _refuse_foreign(target, stem, clinical, truth)
    kb = base(knowledge)
    group_of, male = persons.draw_groups(kb, samples, seed, group)
    listed = _chosen(positions(kb, build), array, seed)
    names = persons.names(samples)
    manner = Manner(seed, missing, not unphased, depth)
    world = _World(kb, names, group_of, male, seed)
    # The genotypes get their name last: they tell the next run that the tables beside them are made up, too.
    with (
        atomic_path(target) as path, atomic_path(truth) as told, atomic_path(clinical) as history,
        _opened(path, target.name) as out,
    ):  # fmt: skip
        _write_history(world, history)
        out.write(header(listed, names, build, kb.version, depth).encode())
        with told.open("wb") as stream:
            stream.write(("\t".join(TRUTH) + "\n").encode())
            for done, (one, strands) in enumerate(_strands(world, listed, stream), 1):
                for piece in record(one, strands, manner):
                    out.write(piece)
                if on_progress is not None:
                    on_progress(done, len(listed))
    return Simulated(target, clinical, truth, samples, len(listed))


@dataclass(frozen=True, slots=True)
class _World:
    kb: KnowledgeBase
    names: list[str]
    group: NDArray[np.intp]
    male: NDArray[np.bool_]
    seed: int


def _check(samples: int, stem: str | None, seed: int, build: str, missing: float, depth: float | None) -> None:
    if samples < 1 or seed < 0:
        raise UsageError("a made-up cohort has at least one person, and a seed that is not negative")
    if not stem:
        raise UsageError(f"genotypes are written as {', '.join(ENDINGS)}: end the name so")
    if build not in BUILDS:
        raise UsageError(f"the build must be one of {', '.join(BUILDS)}, not {build!r}")
    if not 0 <= missing < 1:
        raise UsageError(f"the share of missing genotypes is from 0 to below 1, not {missing:g}")
    if depth is not None and not 0 < depth <= 200:
        raise UsageError(f"the mean depth is above 0 and at most 200, not {depth:g}")


def _refuse_foreign(target: Path, stem: str | None, *tables: Path) -> None:
    """Refuse to write over anything but made-up persons: elsewhere ``--vcf`` names a patient's file, which is read."""
    genomes = [target] if target.exists() else [target.with_name(f"{stem}{end}") for end in ENDINGS]
    if any(MADE_UP.encode() in read_head(path) for path in genomes if path.exists()):
        return
    for path in filter(Path.exists, (target, *tables)):
        raise UsageError(f"{path} is there, and nothing shows that its persons are made up: name another, or move it")


def _chosen(listed: list[Position], array: PathLike | float | None, seed: int) -> list[Position]:
    """Return the positions that are written."""
    if array is None:
        return listed
    if isinstance(array, float | int):
        if not 0 < array <= 1:
            raise UsageError(f"the share of positions on the array is above 0 and at most 1, not {array:g}")
        chance = generator(seed, "array", "", 0).random(len(listed))
        by_site = sorted(range(len(listed)), key=lambda at: listed[at].site)
        wanted = {by_site[rank] for rank in np.argsort(chance)[: max(round(array * len(listed)), 1)].tolist()}
        return [one for at, one in enumerate(listed) if at in wanted]
    path = Path(array)
    refuse_pipe(path)
    if not path.is_file():
        raise UsageError(f"{path}: no such file; --array takes a share such as 0.3, or a file of positions")
    text = read_file(path, SHEET).decode("utf-8", "replace")
    lines = [line.split("#")[0].split() for line in text.splitlines()]
    asked = {words[0] if len(words) == 1 else f"{words[0]}:{words[1]}" for words in lines if words}
    found = [one for one in listed if one.names() & asked]
    if not found:
        raise UsageError(f"{path}: none of its {len(asked)} positions defines an allele on this build")
    return found


def _strands(world: _World, listed: Sequence[Position], truth: BinaryIO) -> Iterator[tuple[Position, NDArray[np.int8]]]:
    """Yield the positions with everybody's alleles; a gene is drawn, and its truth written, when it is come to.

    What was drawn is kept up to the last position of the gene, so that memory is that of a few genes.
    """
    kb = world.kb
    written = np.zeros(kb.sites.height, dtype=bool)
    written[[one.site for one in listed]] = True
    by_site: dict[int, list[tuple[Pool, int]]] = {}
    for pool in pools(kb):
        for place, site in enumerate(pool.sites.tolist()):
            by_site.setdefault(site, []).append((pool, place))
    last = {pool.gene: at for at, one in enumerate(listed) for pool, _ in by_site.get(one.site, ())}
    drawn: dict[str, Pairs] = {}
    for at, one in enumerate(listed):
        strands = np.zeros((len(world.names), 2), dtype=np.int8)
        for pool, place in reversed(by_site.get(one.site, [])):
            if pool.gene not in drawn:
                drawn[pool.gene] = _draw(world, pool, by_site)
                _tell(world, pool, drawn[pool.gene], pool.identifiable(kb, written), truth)
            pair = drawn[pool.gene]
            strands = np.where(pair < 0, np.int8(NO_COPY), pool.codes[np.maximum(pair, 0), place]).astype(np.int8)
        yield one, strands
        for pool, _ in by_site.get(one.site, ()):
            if last[pool.gene] == at:
                del drawn[pool.gene]


def _draw(world: _World, pool: Pool, by_site: dict[int, list[tuple[Pool, int]]]) -> Pairs:
    """Draw a gene; where it shares a site with a gene before it, that one's bases hold for both."""
    fixed: dict[int, NDArray[np.int8]] = {}
    for site in pool.sites.tolist():
        first, place = by_site[site][0]
        if first.gene != pool.gene:
            pair = draw(first, world.group, world.male, world.seed, {})
            fixed[site] = first.codes[np.maximum(pair, 0), place]
    return draw(pool, world.group, world.male, world.seed, fixed)


def _tell(world: _World, pool: Pool, pair: Pairs, sure: NDArray[np.bool_], out: BinaryIO) -> None:
    """Write what everybody has of a gene."""
    kinds, which = diplotypes(pool, pair)
    told: NDArray[np.bool_] = np.all(sure[np.maximum(pair, 0)], axis=1)
    codes = groups(world.kb).codes
    for _, rows in units(len(world.names)):
        lines = (
            f"{name}\t{pool.gene}\t{kinds[kind]}\t{'yes' if known else 'no'}\t{codes[group]}\t"
            f"{'male' if male else 'female'}\n"
            for name, kind, known, group, male in zip(
                world.names[rows], which[rows].tolist(), told[rows].tolist(), world.group[rows].tolist(),
                world.male[rows].tolist(), strict=True,
            )
        )  # fmt: skip
        out.write("".join(lines).encode())


def _write_history(world: _World, path: Path) -> None:
    with path.open("wb") as out:
        for number, rows in units(len(world.names)):
            table = persons.history(
                world.kb, world.names[rows], world.group[rows], world.male[rows], world.seed, number
            )
            out.write(table.write_csv(include_header=not number).encode())


@contextmanager
def _opened(path: Path, name: str) -> Iterator[BinaryIO]:
    """Open a file for the text of a VCF; by its ending it is compressed, or made to BCF."""
    if name.endswith(".bcf"):
        with _as_bcf(path) as stream:
            yield stream
    elif name.endswith(".gz"):
        with pysam.BGZFile(str(path), "wb") as packed:  # type: ignore[call-arg]
            yield packed  # type: ignore[misc]
    else:
        with path.open("wb") as plain:
            yield plain


@contextmanager
def _as_bcf(path: Path) -> Iterator[BinaryIO]:
    """Yield a stream for the text of a VCF, which another thread turns into BCF record by record."""
    failed: list[BaseException] = []
    read, write = os.pipe()

    def convert() -> None:
        try:
            with os.fdopen(read, "rb") as stream, pysam.VariantFile(stream, "r") as text:
                _copy(text, path, text.header)
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=convert)
    thread.start()
    try:
        with os.fdopen(write, "wb", buffering=1 << 20) as stream:
            yield stream
    except BrokenPipeError:
        if not failed:
            raise
    finally:
        thread.join()
    if failed:
        raise failed[0]


def _copy(records: Iterable[pysam.VariantRecord], path: Path, top: pysam.VariantHeader) -> None:
    with pysam.VariantFile(str(path), "wb", header=top) as out:
        for one in records:
            out.write(one)
