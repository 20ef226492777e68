"""Genotypes of many persons, cut once into groups that are then read each on its own."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from pgx.guard.digests import Stamp, digest, stamp
from pgx.knowledge import KnowledgeBase
from pgx.variants.build import asked_build, build_of_vcf, common_build
from pgx.variants.notes import Notes
from pgx.variants.read import Input, gene_regions
from pgx.variants.read_vcf import windows_of
from pgx.variants.sites.copy_number import CopyNumbers
from pgx.variants.sites.gene_spans import gene_spans
from pgx.variants.sites.targets import Targets
from pgx.variants.vcf import columns
from pgx.variants.vcf.header import Header
from pgx.variants.vcf.source import open_source


def spool(
    paths: Sequence[str | os.PathLike[str]],
    kb: KnowledgeBase,
    groups: Sequence[Sequence[str]],
    folder: Path,
    *,
    build: str | None = None,
    with_reference: bool = False,
) -> bool:
    """Cut the records of interest of VCF and BCF files into groups of samples, reading each file once.

    Parameters
    ----------
    paths
        Files that belong together, as for `pgx.variants.read`.
    kb
        Knowledge base, for its sites.
    groups
        Sample names; memory grows with the number of groups, not with the files.
    folder
        Where to; what an interrupted call has left there is replaced.
    build, with_reference
        As for `pgx.variants.read`, which must be asked for the same.

    Returns
    -------
    bool
        Whether it was done; arrays and other files of one person are read as they are.

    Raises
    ------
    InputError
        If a file cannot be used.
    """
    if columns.read_description(folder) is not None:
        return True
    asked = asked_build(build)
    sources = [open_source(path) for path in paths]
    try:
        if any(source.kind == "other" or source.path is None for source in sources):
            return False
        common = common_build([(one.name, *build_of_vcf(one, asked, kb.sites)) for one in sources])
        targets = Targets.of(kb.sites, common)
        copies = CopyNumbers(gene_spans(kb, targets), Notes(()))
        told = []
        for number, source in enumerate(sources):
            source.regions = gene_regions(kb, common)
            header = source.header()
            windows = windows_of(targets, copies, header, with_reference=with_reference)
            place = {name: at for at, name in enumerate(header.samples)}
            at = [np.array(sorted(place[n] for n in group if n in place), dtype=np.intp) for group in groups]
            writer = columns.ColumnWriter(folder / str(number), at)
            for where, line in source.records(windows):
                writer.add(where, line, len(header.samples), source.name)
            writer.close()
            source.sha256 = digest(source.path, source.before) if source.path else ""
            told.append(columns.describe(source, header))
    finally:
        for source in sources:
            source.close()
    columns.write_description(folder, told)
    return True


def spooled(folder: Path, number: int, samples: Sequence[str], wanted: Collection[str]) -> list[Input]:
    """Return the inputs that hold some samples of a group, for `pgx.variants.read`.

    Parameters
    ----------
    folder, number
        Where `spool` has put the groups, and which of them.
    samples
        The group.
    wanted
        Those of it that are read; what is wrong with the columns of the others does not matter then.
    """
    told, headers, everyone = _described(folder, stamp(folder / columns.DESCRIPTION))
    group, chosen = set(samples), set(wanted)
    found: list[Input] = []
    kept = [[name for name in one["samples"] if name in group] for one in told]
    beside = sum(chosen.isdisjoint(names) for names in kept)
    for at, (one, header, names) in enumerate(zip(told, headers, kept, strict=True)):
        own = [name for name in names if name in chosen]
        if own:
            places = None if own == names else np.array([names.index(name) for name in own], dtype=np.intp)
            path = folder / str(at) / f"{number}.gz"
            none_of = 0 if found else beside
            found.append(columns.column_source(one, header, path, own, everyone, none_of, places))
    return found


@lru_cache(maxsize=1)
def _described(folder: Path, _: Stamp | None) -> tuple[list[dict[str, Any]], list[Header], tuple[str, ...]]:
    """Return what a folder holds; once for all its groups, and anew where another run has written it since."""
    told = columns.read_description(folder) or []
    everyone = tuple(dict.fromkeys(name for one in told for name in one["samples"]))
    return told, [columns.header_of(one) for one in told], everyone
