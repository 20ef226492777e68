"""Reader of Aldy's decompositions: rows are the variants of each copy, and a comment begins each solution."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from pgx.phenotypes.outside.source import Said, Source, cells_of, gene_of_path, header_of

_SOLUTION = re.compile(r"#\s*Solution\s+\d+:\s*(\S.*?)\s*$", re.IGNORECASE)
_SUBALLELE = re.compile(r"\.\d+$")
_TOOL = "aldy"


def is_aldy(source: Source) -> bool:
    """Return whether the file is Aldy's decomposition."""
    header = header_of(source)
    return {"sample", "gene", "solutionid", "major"} <= set(header)


def aldy(source: Source) -> Iterator[Said]:
    """Read Aldy: several solutions are candidates."""
    header = header_of(source)
    column = {name: i for i, name in enumerate(header)}
    candidates: dict[tuple[str | None, str], dict[str, None]] = defaultdict(dict)
    first: dict[tuple[str | None, str], str] = {}
    for number, line in source.lines[1:]:
        cells = cells_of(line)
        if line.startswith("#"):
            continue
        if len(cells) <= column["major"]:
            gene = cells[1] if len(cells) > 1 else "?"
            yield Said(gene, f"line {number}", problem="the line is cut short")
            continue
        key = cells[column["sample"]], cells[column["gene"]]
        candidates[key][cells[column["major"]]] = None
        first.setdefault(key, f"line {number}")
    samples = {sample for sample, _ in candidates}
    sample = samples.pop() if len(samples) == 1 else None
    unnamed = _gene_without_rows(source, {gene for _, gene in candidates})
    bare = list(_without_rows(source))
    for number, alleles in bare:
        where = f"line {number}"
        if any(allele != source.known.deletions.get(unnamed) for allele in alleles):
            yield Said(unnamed, where, sample, problem=f"no rows follow the solution {', '.join(alleles)}")
            continue
        candidates[sample, unnamed]["/".join(alleles)] = None
        first.setdefault((sample, unnamed), where)
    for (person, gene), majors in candidates.items():
        yield Said(gene, first[person, gene], person, tuple(majors))
    if not candidates and not bare:
        yield Said(unnamed, f"line {source.lines[0][0]}", no_call=True)


def _without_rows(source: Source) -> Iterator[tuple[int, list[str]]]:
    """Solutions that no row follows, as the comment names their alleles: a lost gene has no variants to list."""
    lines = [*source.lines[1:], (0, "#")]
    for (number, line), (_, following) in pairwise(lines):
        if (match := _SOLUTION.match(line)) and following.startswith("#"):
            yield number, [_SUBALLELE.sub("", name.strip()) for name in match[1].split(",")]


def _gene_without_rows(source: Source, in_rows: set[str]) -> str:
    """Gene of what has no row to name it: as the file is named, that of the other rows, or the tool's usual one."""
    return gene_of_path(source) or (in_rows.pop() if len(in_rows) == 1 else source.known.gene_of_tool[_TOOL])
