"""Reading the GeT-RM consensus: what a written diplotype can mean, in today's nomenclature.

``*1/*1 (*27)`` is a consensus ``*1/*1`` with ``*27`` seen by some laboratory; ``*2/(*4)`` has an unconfirmed allele;
``*1/*4 or *4/*17`` is undecided. A strict reading takes the consensus as it stands; a wide one every reading that the
notation allows, and leaves out of a call what no platform tests. ``*1(*5) or *1(*22)`` is no diplotype and is left
out. ``tests/data/nomenclature.tsv`` says what an old name is called now.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import polars as pl

Pair = tuple[str, ...]
Names = Mapping[tuple[str, str], set[str]]


def nomenclature() -> Names:
    """Return (gene, name in the consensus) -> names it may have now."""
    names: dict[tuple[str, str], set[str]] = defaultdict(set)
    path = Path(__file__).resolve().parents[1] / "data" / "nomenclature.tsv"
    for gene, truth, now, _ in pl.read_csv(path, separator="\t", infer_schema=False).iter_rows():
        names[gene, truth].add(now)
    return names


def pair(diplotype: str | None) -> Pair | None:
    """Return a diplotype as an unordered pair; names may hold ``/`` themselves, so all pieces are sorted."""
    return tuple(sorted(diplotype.split("/"))) if diplotype else None


def documented(diplotype: str | None) -> str | None:
    """Leave out bases that are written out because no definition has them: no platform of the consensus tests those."""
    return re.sub(r" \+ g\.[^/ \]]+", "", diplotype) if diplotype else None


def readings(gene: str, written: str, names: Names, *, wide: bool) -> set[Pair]:
    """Return the diplotypes that a consensus allows."""
    found: set[Pair] = set()
    whole = re.findall(r"\(([^()]*/[^()]*)\)", written)
    if wide:
        for one in whole:
            found |= readings(gene, one, names, wide=False)
    for one in re.split(r";| or |,(?=\s*\*)", re.sub(r"\([^()]*/[^()]*\)", "", written)):
        strands = one.strip().split("/")
        if len(strands) == 2:
            found |= _spelled(gene, strands, names, wide)
    return found


def _spelled(gene: str, strands: list[str], names: Names, wide: bool) -> set[Pair]:
    options: list[list[str]] = []
    seen: list[str] = []
    for strand in strands:
        text = strand.strip()
        enclosed = re.fullmatch(r"\((.*)\)", text)
        if enclosed:
            inner = enclosed.group(1).strip()
            options.append([inner, "*1"] if wide and "+" not in inner else [inner])
            continue
        seen += [piece.strip() for inner in re.findall(r"\(([^()]*)\)", text) for piece in re.split(r"[;/]", inner)]
        options.append([re.sub(r"\([^()]*\)", "", text).strip()])
    pairs = set(itertools.product(*options))
    if wide:
        pairs |= {(other, two) for _, two in pairs for other in seen} | {
            (one, other) for one, _ in pairs for other in seen
        }
    now = lambda name: {name} | names.get((gene, name), set())  # noqa: E731
    return {tuple(sorted(both)) for one, two in pairs for both in itertools.product(now(one), now(two))}
