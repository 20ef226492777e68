"""Writes a result in the formats asked for: file names from the sample names, every file whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from pgx import io
from pgx.errors import InputError, UsageError
from pgx.reports import document, names, tables
from pgx.reports.view import View, views
from pgx.types import Result

_PAGE_WIDTH = 100


@dataclass(frozen=True, slots=True)
class _Job:
    """One sample: its own part of the result, and its view."""

    part: Result
    shown: View
    sample: str


def _text(job: _Job) -> bytes:
    from pgx.reports.text import text_of

    return text_of(job.shown, width=_PAGE_WIDTH).encode()


def _html(job: _Job) -> bytes:
    from pgx.reports.html import html_of

    return html_of(job.shown).encode()


def _json(job: _Job) -> bytes:
    return document.to_json(job.part).encode()


PER_SAMPLE: dict[str, tuple[str, Callable[[_Job], bytes]]] = {
    "text": ("report.txt", _text),
    "html": ("report.html", _html),
    "json": ("report.json", _json),
}
WHOLE_RUN = ("tsv", "parquet")
FORMATS = (*PER_SAMPLE, *WHOLE_RUN)
"""Everything that `write` can write."""


def write(result: Result, directory: str | Path, formats: Sequence[str], *, per_sample: bool = True) -> list[Path]:
    """Write the result.

    Parameters
    ----------
    result
        What a run found.
    directory
        Where to; created if it is missing.
    formats
        Some of `FORMATS`. ``tsv`` and ``parquet`` are one file a frame for all samples.
    per_sample
        Write the page formats for every sample; without, ``json`` is one ``report.json`` of all samples, and the
        formats that are about one person are left out.

    Returns
    -------
    list of Path
        The files, in the order in which they were written.

    Raises
    ------
    UsageError
        If a format is unknown or its extra is not installed; nothing is written then.
    InputError
        If the folder cannot be written to.
    """
    _check(formats)
    folder = Path(directory)
    if folder.exists() and not folder.is_dir():
        raise InputError("the output folder is a file", file=folder, fix="name a folder")
    written = []
    for name, content in _contents(result, formats, per_sample):
        written.append(io.write_bytes(folder / name, content))
    return written


def _check(formats: Sequence[str]) -> None:
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise UsageError(f"unknown format {unknown[0]!r}; there are: {', '.join(FORMATS)}")


def _contents(result: Result, formats: Sequence[str], per_sample: bool) -> Iterator[tuple[str, bytes]]:
    wanted = list(dict.fromkeys(formats))
    paged = [name for name in wanted if name in PER_SAMPLE]
    if per_sample and paged:
        stems = names.stems(result.samples)
        for job in _jobs(result):
            # All pages of a person are made before the first is written: a failure leaves none of them.
            yield from [(f"{stems[job.sample]}.{PER_SAMPLE[name][0]}", PER_SAMPLE[name][1](job)) for name in paged]
    elif "json" in paged:
        yield "report.json", document.to_json(result).encode()
    for name, frame in tables.frames(result).items():
        if "tsv" in wanted:
            yield f"{name}.tsv", tables.to_tsv(frame)
        if "parquet" in wanted:
            yield f"{name}.parquet", tables.to_parquet(frame)


def _jobs(result: Result) -> Iterator[_Job]:
    parts = {name: _split(frame) for name, frame in tables.frames(result).items()}
    run_notes = result.notes.filter(pl.col("sample").is_null())
    for sample, shown in zip(result.samples, views(result), strict=True):
        frames = {name: found.get(sample, getattr(result, name).clear()) for name, found in parts.items()}
        frames["notes"] = pl.concat([run_notes, frames["notes"]])
        yield _Job(replace(result, samples=(sample,), **frames), shown, sample)


def _split(frame: pl.DataFrame) -> dict[object, pl.DataFrame]:
    return {key[0]: part for key, part in frame.partition_by("sample", as_dict=True, maintain_order=True).items()}
