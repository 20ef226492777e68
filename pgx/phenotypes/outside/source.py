"""What every reader of other callers' files takes and gives."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pgx.errors import InputError
from pgx.guard.limits import OUTSIDE_LINE, read_json
from pgx.tables import separator_of


@dataclass(frozen=True, slots=True)
class Said:
    """What a tool says of one gene.

    Parameters
    ----------
    gene
        Gene as the tool writes it.
    where
        Line, or key, for messages.
    sample
        Sample as the tool writes it; None if the file names none.
    candidates
        Diplotypes that the tool cannot tell apart; one if it is sure, none if it states only a phenotype.
    phenotype, score
        As stated.
    problem
        Why the row cannot be used.
    no_call
        Whether the tool says that it made no call.
    """

    gene: str
    where: str
    sample: str | None = None
    candidates: tuple[str, ...] = ()
    phenotype: str | None = None
    score: str | None = None
    problem: str | None = None
    no_call: bool = False

    @property
    def longest(self) -> int:
        """Characters of the longest cell."""
        return max(map(len, (*self.candidates, self.phenotype or "", self.score or "")))


@dataclass(frozen=True, slots=True)
class Known:
    """What the readers know.

    Parameters
    ----------
    genes
        Symbols of the genes.
    gene_of_tool
        Gene of tools that call one and do not write it.
    deletions
        Allele that has lost the gene.
    """

    genes: tuple[str, ...]
    gene_of_tool: Mapping[str, str]
    deletions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Source:
    """A file's content, in the forms that the readers look at."""

    path: Path
    text: str
    lines: tuple[tuple[int, str], ...]
    known: Known
    data: Any = None


def open_source(path: Path, raw: bytes, known: Known) -> Source:
    """Return the content of a text file.

    Raises
    ------
    InputError
        If it is not UTF-8 text, or JSON that cannot be parsed.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 text (byte {error.start + 1})", file=path, fix="save it as UTF-8") from error
    if "\0" in text:
        raise InputError("a binary file, not a file of outside calls", file=path)
    lines = tuple((n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip())
    data = None
    is_json = text.lstrip()[:1] in ("{", "[")
    if (long := next((n for n, line in lines if len(line) > OUTSIDE_LINE.most), None)) and not is_json:
        raise OUTSIDE_LINE.refused(path, f"line {long}")
    if is_json:
        try:
            data = read_json(text)
        except json.JSONDecodeError as error:
            raise InputError("not valid JSON", file=path, where=f"line {error.lineno}") from error
        except ValueError as error:
            raise InputError(f"not usable JSON: {error}", file=path) from error
    return Source(path, text, lines, known, data)


def tabbed(source: Source) -> Source | None:
    """Return a table whose cells a comma, semicolon or bar separates with tabs between them; None if it is none."""
    lines = [(number, line) for number, line in source.lines if not _BESIDE_TABLE.match(line)]
    text = "\n".join(line for _, line in lines)
    separator = separator_of(text.partition("\n")[0])
    known = any(gene in text.upper() or gene in source.path.name.upper() for gene in source.known.genes)
    if source.data is not None or not known or "\t" in text or separator not in text:
        return None
    rows = list(csv.reader(text.split("\n"), delimiter=separator, skipinitialspace=True))
    if len(rows) != len(lines):  # a quoted cell goes on in the next line
        return None
    cells = ([" ".join(cell.split()) for cell in row] for row in rows)
    return replace(source, lines=tuple((n, "\t".join(row)) for (n, _), row in zip(lines, cells, strict=True)))


_BESIDE_TABLE = re.compile(r"#|\"?sep=.\"?$", re.IGNORECASE)
"""Lines that are no row: remarks, and a spreadsheet's word for what separates the cells."""


def cells_of(line: str) -> list[str]:
    """Split a line at its tabs."""
    return [cell.strip() for cell in line.split("\t")]


def header_of(source: Source) -> list[str]:
    """Return the first line's cells in lower case, without a leading ``#``."""
    return [cell.lower().lstrip("#") for cell in cells_of(source.lines[0][1])] if source.lines else []


def gene_of_path(source: Source) -> str | None:
    """Return the gene that the name of the file, or of its folder, tells."""
    for part in (source.path.name, source.path.parent.name):
        for gene in source.known.genes:
            if re.search(rf"(?<![A-Z0-9]){re.escape(gene)}(?![A-Z0-9])", part.upper()):
                return gene
    return None
