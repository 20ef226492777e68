"""Site tables over the product's own: strict reading, merging, and where the user keeps them.

An overlay is a folder with any of the tables of `pgx.knowledge.tables.declared`. A file may leave out columns
that may be empty. A row with the key of an earlier row replaces it; the bases of an allele and the conditions of a
recommendation are replaced as a whole, and so is the activity range of a phenotype.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from pgx.errors import InputError
from pgx.guard.limits import TABLE, read_file, read_toml
from pgx.knowledge.tables.declared import TABLES, Field, Table
from pgx.paths import configuration_places

LOCAL = "local"
"""Column of every loaded table: the overlay that a row is from."""

_WHOLE = {"definitions": ("gene", "allele"), "recommendation_conditions": ("rec_id",)}
_SHOWN_CODES = 12
_WHOLE_NUMBER = re.compile(r"^-?[0-9]{1,18}$")
_NUMBER = re.compile(r"^[-+]?([0-9]{1,300}(\.[0-9]{0,300})?|\.[0-9]{1,300})([eE][-+]?[0-9]{1,2})?$")


def configured(start: Path | None = None) -> tuple[Path, ...]:
    """Return the overlay folders that configuration files name, most general first.

    Read are the files of `pgx.paths.configuration_places`: ``knowledge = ["folder", ...]``; paths are relative to the
    file.

    Raises
    ------
    InputError
        If a file is not TOML, has another setting, or ``knowledge`` is not a list of texts.
    """
    found: list[Path] = []
    for path in configuration_files(start):
        found += [one for one in _folders_in(path) if one not in found]
    return tuple(found)


def configuration_files(start: Path | None = None) -> list[Path]:
    """Return the files that `configured` reads.

    Raises
    ------
    InputError
        If one belongs to somebody else: whoever may write into a folder above could change this user's advice.
    """
    files = configuration_places(start)
    for path in files:
        # A link of somebody else's to a file of this user's would find their folders beside the link.
        if not {path.stat().st_uid, path.lstat().st_uid} <= {os.getuid(), 0}:
            raise InputError("this file changes advice and belongs to another user", file=path,
                             fix="name its folders with --knowledge, or make it your own")  # fmt: skip
        if path.stat().st_mode & stat.S_IWOTH:
            raise InputError("this file changes advice, and every user may write to it", file=path,
                             fix=f"chmod o-w {path.name}")  # fmt: skip
    return files


def _folders_in(path: Path) -> list[Path]:
    content = read_toml(path)
    # Tables set options of commands: `pgx.cli.settings` reads them.
    unknown = sorted(name for name, value in content.items() if name != "knowledge" and not isinstance(value, dict))
    if unknown:
        fix = 'write knowledge = ["folder"], or an option below its command, such as [report]'
        raise InputError(f"unknown setting {unknown[0]!r}", file=path, fix=fix)
    listed = content.get("knowledge", [])
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise InputError("`knowledge` must be a list of folder names", file=path, fix='write knowledge = ["folder"]')
    return [_folder(path, one) for one in listed]


def _folder(path: Path, name: str) -> Path:
    try:
        return (path.parent / Path(name).expanduser()).resolve()
    except (RuntimeError, ValueError, OSError) as error:  # no such user, NUL in the name, a circle of links
        raise InputError(f"{name[:60]!r} is not the name of a folder ({error})", file=path) from error


_SPREADSHEETS = frozenset({".csv", ".txt", ".xls", ".xlsx", ".ods", ".tab"})
"""Endings under which a spreadsheet saves a table that was meant to be TSV: it would be left out without a word."""


_SENTENCES = "templates.en.toml"


def check_names(folder: Path) -> None:
    """Refuse an overlay folder whose files are not tables of the schema.

    Raises
    ------
    InputError
        If a TSV file has another name than a table, a file called like a table is no TSV file, words are in another
        language than English, or there is neither a
        table nor sentences nor endpoints of models.
    """
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.suffix.lower() in _SPREADSHEETS and path.name.partition(".")[0] in TABLES:
            table = path.name.partition(".")[0]
            raise InputError("called like a table, but not a TSV file", file=path, fix=f"save it as {table}.tsv")
    folders = [path for path in folder.glob("*.tsv") if not path.is_file()]
    if folders:
        raise InputError("not a file, but it is called like a table", file=folders[0])
    names = sorted(path.stem for path in folder.glob("*.tsv"))
    for path in folder.glob("templates.*.toml"):
        if path.name != _SENTENCES:
            raise InputError("words are read from one file only", file=path, fix=f"call it {_SENTENCES}")
    others = [*folder.glob(_SENTENCES), *folder.glob("endpoints/*.toml")]
    if not names and not others:
        raise InputError("the overlay holds no tables", file=folder, fix="name its files like those of `pgx kb export`")
    for name in names:
        if name not in TABLES:
            raise InputError(
                "not the name of a knowledge table", file=folder / f"{name}.tsv", fix=f"use one of {', '.join(TABLES)}"
            )


def read_strict(path: Path, table: Table) -> pl.DataFrame:
    """Read one table line by line, checking columns, types, codes and required cells.

    Raises
    ------
    InputError
        For the first line that does not follow the schema, with file, line and column.
    """
    lines = lines_of(path)
    header = [table.former.get(name, name) for name in lines[0].split("\t")]
    fields = {one.name: one for one in table.fields}
    _check_header(path, header, table, fields)
    columns: dict[str, list[object]] = {name: [] for name in fields}
    for number, line in enumerate(lines[1:], 2):
        if not line.strip():
            continue
        cells = line.split("\t")
        if len(cells) != len(header):
            raise InputError(
                f"{len(cells)} cells, but the header has {len(header)} columns",
                file=path,
                where=f"line {number}",
                fix="separate cells with tabs",
            )
        row = dict(zip(header, cells, strict=True))
        for name, one in fields.items():
            columns[name].append(parse_cell(row.get(name, ""), one, path, f"line {number}, column {name}"))
    return pl.DataFrame(columns, schema=table.polars_schema())


def lines_of(path: Path) -> list[str]:
    """Return the lines of a table as they are counted in messages: a return alone ends none."""
    content = read_file(path, TABLE)
    try:
        lines = content.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        raise InputError("not UTF-8 text", file=path, where=f"line {number}", fix="save it as UTF-8") from error
    return [line.removesuffix("\r").removesuffix("\r") for line in lines]


def _check_header(path: Path, header: Sequence[str], table: Table, fields: dict[str, Field]) -> None:
    where = "line 1"
    if header == [""]:
        raise InputError("the header is missing", file=path, where=where, fix=f"{table.name} has: {', '.join(fields)}")
    if len(header) == 1 and re.search("[,;]|  ", header[0]):
        raise InputError("the columns are not separated by tabs", file=path, where=where, fix="save it as TSV")
    unknown = [name for name in header if name not in fields]
    if unknown:
        raise InputError(
            f"unknown column {unknown[0]!r}", file=path, where=where, fix=f"{table.name} has: {', '.join(fields)}"
        )
    if len(set(header)) != len(header):
        raise InputError("a column name occurs twice", file=path, where=where)
    needed = [
        one.name for one in table.fields if (one.required or one.name in table.key[:1]) and one.name not in header
    ]
    if needed:
        names = ", ".join(map(repr, needed))
        holds = "; ".join(f"{name if len(needed) > 1 else 'it'} holds: {fields[name].doc}" for name in needed)
        raise InputError(f"missing column{'s' if len(needed) > 1 else ''} {names}", file=path, where=where, fix=holds)


def parse_cell(text: str, one: Field, path: Path, place: str) -> object:
    """Return the value of one cell, None if it is empty.

    Raises
    ------
    InputError
        If the column does not allow it; `path` and `place` say where it stands.
    """
    if text == "" and one.default is not None:
        return one.default
    if text == "":
        if one.required:
            raise InputError("the cell is empty", file=path, where=place, fix=f"it holds: {one.doc}")
        return None
    if text != text.strip():
        raise InputError(f"{text!r} begins or ends with a blank", file=path, where=place, fix="delete the blank")
    if one.codes and text not in one.codes:
        shown = ", ".join(one.codes[:_SHOWN_CODES])
        raise InputError(f"{text!r} is not an allowed code", file=path, where=place, fix=f"use one of {shown}")
    if one.dtype == pl.String:
        return text
    whole = one.dtype == pl.Int64
    if not (_WHOLE_NUMBER if whole else _NUMBER).match(text):
        raise InputError(f"{text!r} is not a {'whole ' if whole else ''}number", file=path, where=place)
    return int(text) if whole else float(text)


def merge(files: Sequence[tuple[Path, pl.DataFrame]], folders: Sequence[Path], table: Table) -> pl.DataFrame:
    """Lay tables over each other, later rows replacing earlier ones of the same identity.

    Parameters
    ----------
    files
        Folder and frame of each file that there is, the product's own first.
    folders
        All folders of the knowledge base.
    table
        The table.
    """
    frames = [frame for _, frame in files]
    if table.name == "definitions":
        frames = _rewritten(files, folders)
    if table.name in _WHOLE:
        group = list(_WHOLE[table.name])
        merged = frames[0]
        for frame in frames[1:]:
            merged = pl.concat([merged.join(frame.select(group).unique(), on=group, how="anti"), frame])
        return merged
    identity = [pl.col(name).cast(pl.String).alias(f"_{name}") for name in table.key]
    if table.name == "phenotype_rules":
        a_range = pl.col("rule_type") == "activity_range"
        for end in ("score_min", "score_max"):
            bound = pl.when(a_range).then("phenotype").otherwise(pl.col(end).cast(pl.String)).alias(f"_{end}")
            identity[table.key.index(end)] = bound
    names = [f"_{name}" for name in table.key]
    return pl.concat(frames).with_columns(identity).unique(names, keep="last", maintain_order=True).drop(names)


Site = tuple[str, int]


def _rewritten(files: Sequence[tuple[Path, pl.DataFrame]], folders: Sequence[Path]) -> list[pl.DataFrame]:
    """Write the bases of every definition against the longest reference string that all folders together know.

    The rows of a folder are written against the longest string that was known up to that folder; an overlay may also
    write the plain bases of the variants that it lists.
    """
    seen: list[tuple[str, str, int, str, str, str]] = []
    states: dict[Path, tuple[dict[tuple[str, int], Site], dict[Site, str], dict[str, tuple[str, str]]]] = {}
    for folder in folders:
        path = folder / "variants.tsv"
        if path.is_file():
            frame = read_strict(path, TABLES["variants"])
            seen += frame.select("gene", "chrom", "pos_grch38", "ref", "alt", "variant_id").iter_rows()
        longest: dict[Site, str] = {}
        for _, chrom, position, ref, _, _ in seen:
            longest[chrom, position] = max(longest.get((chrom, position), ""), ref, key=len)
        at = {(gene, position): (chrom, position) for gene, chrom, position, *_ in seen}
        states[folder] = (at, longest, {name: (ref, alt) for *_, ref, alt, name in seen})
    final = states[folders[-1]][1]
    frames = []
    for folder, frame in files:
        at, longest, variants = states[folder]
        bases = []
        for gene, position, text, listed in frame.select("gene", "pos_grch38", "bases", "variants").iter_rows():
            site = at.get((gene, position))
            if site is None:
                bases.append(text)
                continue
            own = [variants[name] for name in (listed or "").split(";") if name in variants]
            full = [_full(base, own, longest[site]) for base in text.split("|")]
            bases.append("|".join(base + final[site][len(longest[site]) :] for base in full))
        frames.append(frame.with_columns(pl.Series("bases", bases, dtype=pl.String)))
    return frames


def _full(base: str, own: Sequence[tuple[str, str]], longest: str) -> str:
    written = {longest, *(alt + longest[len(ref) :] for ref, alt in own)}
    if base in written:
        return base
    return next((base + longest[len(ref) :] for ref, alt in own if base in (ref, alt)), base)
