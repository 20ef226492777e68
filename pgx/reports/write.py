"""Writes a result in the formats asked for: file names from the sample names, every file whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

import polars as pl

from pgx import schema
from pgx.errors import InputError, UsageError
from pgx.guard import staging
from pgx.guard.panics import no_panic
from pgx.guard.parquet import read_parquet
from pgx.reports import file_names
from pgx.reports.formats import index, multiqc, pdf, result_json, tables
from pgx.reports.formats.fhir import fhir_of, to_text
from pgx.reports.formats.html import html_of, paper_of
from pgx.reports.formats.patient import card_of, leaflet_of, plan_of
from pgx.reports.formats.plan import ics_of
from pgx.reports.formats.text import text_of
from pgx.reports.page import person
from pgx.reports.page.build import View, views
from pgx.reports.page.lexicon import Lexicon
from pgx.tables import check_ours, check_table, put
from pgx.types import Result

_PAGE_WIDTH = 100
PROVENANCE = "provenance.json"
"""The file that says how the files of a folder were made."""
COMPLETE = "complete.json"
"""The file that a folder of several persons has once it is whole."""
_TABLES: Mapping[str, Callable[[Path], pl.DataFrame]] = {
    "tsv": partial(pl.read_csv, columns=["sample"], separator="\t", infer_schema=False, quote_char=None),
    "parquet": partial(read_parquet, columns=["sample"]),
}
"""How the persons of the tables of each format are read."""


@dataclass(frozen=True, slots=True)
class _Job:
    """One sample: its own part of the result, made when it is asked for, and its view."""

    part: Callable[[], Result]
    shown: View
    sample: str


def _text(job: _Job) -> bytes:
    return text_of(job.shown, width=_PAGE_WIDTH).encode()


def _html(job: _Job) -> bytes:
    return html_of(job.shown).encode()


def _paper(job: _Job) -> bytes:
    return paper_of(job.shown).encode()


def _json(job: _Job) -> bytes:
    return result_json.to_json(job.part(), job.shown.lexicon).encode()


def _fhir(job: _Job) -> bytes:
    return to_text(fhir_of(job.shown)).encode()


def _leaflet(job: _Job) -> bytes:
    return leaflet_of(job.shown).encode()


def _card(job: _Job) -> bytes:
    return card_of(job.shown).encode()


def _plan(job: _Job) -> bytes:
    return plan_of(job.shown).encode()


def _calendar(job: _Job) -> bytes | None:
    calendar = ics_of(job.shown)
    return None if calendar is None else calendar.encode()


def _pdf(page: Callable[[_Job], bytes]) -> Callable[[_Job], bytes]:
    def made(job: _Job) -> bytes:
        return pdf.to_pdf(page(job).decode())

    return made


_Page = tuple[str, Callable[[_Job], bytes | None]]

PER_SAMPLE: dict[str, tuple[_Page, ...]] = {
    "text": (("report.txt", _text),),
    "html": (("report.html", _html),),
    "pdf": (("report.pdf", _pdf(_paper)),),
    "json": (("report.json", _json),),
    "fhir": (("fhir.json", _fhir),),
    "leaflet": (("leaflet.html", _leaflet),),
    "card": (("card.html", _card),),
    "plan": (("plan.html", _plan), ("plan.ics", _calendar)),
}
_LINKED = "report.html"
"""The page that the index of a batch leads to."""
# With `pdf`, what the person keeps is written for the printer, too.
_ALSO_PDF: dict[str, _Page] = {
    "leaflet": ("leaflet.pdf", _pdf(_leaflet)),
    "card": ("card.pdf", _pdf(_card)),
}
WHOLE_RUN = ("tsv", "parquet", "multiqc")
FORMATS = (*PER_SAMPLE, *WHOLE_RUN)
"""Everything that `write` can write."""


def write(
    result: Result,
    directory: str | Path,
    formats: Sequence[str],
    *,
    lexicon: Lexicon,
    per_sample: bool = True,
    entries: list[index.Entry] | None = None,
) -> list[Path]:
    """Write the result.

    A page that is there from an earlier run is renewed though its format is not asked for: it would stay beside the
    new pages and say something else.

    Parameters
    ----------
    result
        What a run found.
    directory
        Where to; created if it is missing.
    formats
        Some of `FORMATS`. ``tsv`` and ``parquet`` are one file a frame for all samples.
    lexicon
        Words for the codes, from the knowledge base of the run.
    per_sample
        Write the page formats for every sample; without, ``json`` is one ``report.json`` of all samples, and the
        formats that are about one person are left out.
    entries
        The entries of the index are added to it.

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
    there = {path.name for path in folder.iterdir()} if folder.exists() else set()
    staging.make_sure(partial(_check_tables, result, folder, formats))
    written = []
    told: list[index.Entry] = [] if entries is None else entries
    for name, content in _contents(result, formats, lexicon, there if per_sample else None, told):
        if content is not None:
            written.append(put(folder / name, content))
        elif name in there:
            check_ours(folder / name, b"pgx")
            staging.remove(folder / name)
    return written


def write_index(results: Sequence[Result], directory: str | Path, *, lexicon: Lexicon, linked: bool) -> list[Path]:
    """Write the index of all persons of several results, over that of the last of them.

    Parameters
    ----------
    results
        Each has its own persons, whose pages are in the folder.
    directory
        Where to.
    lexicon
        As for `write`.
    linked
        Whether the pages to link to were written.
    """
    samples = [sample for one in results for sample in one.samples]
    stems = file_names.stems(samples)
    shown = (view for one in results for view in views(one, lexicon))
    entries = [
        index.entry_of(view, f"{stems[sample]}.{_LINKED}" if linked else "")
        for sample, view in zip(samples, shown, strict=True)
    ]
    folder = Path(directory)
    page, table = index.to_html(entries).encode(), index.to_tsv(entries).encode()
    return [put(folder / index.PAGE, page), put(folder / index.TABLE, table)]


def files(directory: str | Path, formats: Sequence[str]) -> list[Path]:
    """Return the files of a folder that `write` may write over, whatever the samples are called, and all new tables.

    Pages in other formats are among them: those of an earlier run are renewed.
    """
    folder = Path(directory)
    names_of_run = [
        *(f"{name}.{kind}" for kind in ("tsv", "parquet") if kind in formats for name in tables.TABLES),
        *((tables.FAILURES,) if {"tsv", "parquet"} & set(formats) else ()),
        *(multiqc.FILES if "multiqc" in formats else ()),
        *index.FILES,
    ]
    there = folder.iterdir() if folder.is_dir() else ()
    return [folder / name for name in names_of_run] + [path for path in there if is_page(path.name)]


def check_files(directory: str | Path, formats: Sequence[str]) -> None:
    """Refuse, before the work, a folder in which somebody else's file has the name of a table, index or mark of ours.

    Pages are named after their persons, who are not known yet: `write` looks at them, and at all others again.

    Raises
    ------
    UsageError
        If so.
    """
    folder = Path(directory)
    for kind in {"tsv", "parquet"} & set(formats):
        for name in tables.TABLES:
            check_table(folder / f"{name}.{kind}", [*schema.polars_schema(getattr(schema, name.upper()))])
    check_table(folder / tables.FAILURES, ("sample", "stage"))
    for name in (PROVENANCE, COMPLETE):
        check_ours(folder / name, b"pgx")


def mark_complete(
    folder: Path, versions: Mapping[str, str], formats: Sequence[str], *, persons: int, files: int
) -> None:
    """Say that a folder is whole: what it was made with, and how many persons and files it has."""
    marker = {**versions, "formats": list(formats), "persons": persons, "files": files}
    put(folder / COMPLETE, (json.dumps(marker, indent=2) + "\n").encode())


def is_page(name: str) -> bool:
    """Return whether a file of this name is a page of a person, in any format."""
    return name.endswith(tuple(f".{suffix}" for suffix, _ in _pages([*PER_SAMPLE])))


def _pages(formats: Sequence[str]) -> list[_Page]:
    """The pages of a sample in these formats."""
    pages = [page for name in dict.fromkeys(formats) for page in PER_SAMPLE.get(name, ())]
    return pages + [_ALSO_PDF[name] for name in dict.fromkeys(formats) if name in _ALSO_PDF and "pdf" in formats]


def _check(formats: Sequence[str]) -> None:
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise UsageError(f"unknown format {unknown[0]!r}; there are: {', '.join(FORMATS)}")
    if "pdf" in formats:
        pdf.check()


def _check_tables(result: Result, folder: Path, formats: Sequence[str]) -> None:
    """Refuse to write the tables of some persons over those of others: pages have names of their own, tables have not.

    Raises
    ------
    InputError
        If the folder has the tables of an earlier run of which nobody is among these persons.
    """
    for ending, read in _TABLES.items():
        calls = folder / f"calls.{ending}"
        if ending not in formats or not calls.is_file():
            continue
        try:
            with no_panic(InputError("a damaged table", file=calls)):
                others = set(read(calls)["sample"])
        except (pl.exceptions.PolarsError, UnicodeDecodeError, InputError):
            continue  # not a table of ours: what is written over is checked elsewhere
        if others and others.isdisjoint(result.samples):
            raise InputError(
                f"the folder has the tables of {len(others)} other person{'s' if len(others) > 1 else ''}",
                file=calls,
                fix=f"name another folder, run them together, or leave {ending} out of the formats",
            )


def _contents(
    result: Result, formats: Sequence[str], lexicon: Lexicon, there: set[str] | None, entries: list[index.Entry]
) -> Iterator[tuple[str, bytes | None]]:
    """Yield file names and contents; None for a page of which there is nothing to say.

    `there` are the names of files in the folder; None makes one document of all persons and no pages.
    """
    wanted = list(dict.fromkeys(formats))
    if there is not None:
        asked = {suffix for suffix, _ in _pages(wanted)}
        stems = file_names.stems(result.samples)
        pages = {
            sample: {
                f"{stem}.{suffix}": page
                for suffix, page in _pages([*PER_SAMPLE])
                if suffix in asked or f"{stem}.{suffix}" in there
            }
            for sample, stem in stems.items()
        }
        for job in _jobs(result, lexicon) if any(pages.values()) else ():
            # All pages of a person are made before the first is written: a failure leaves none of them.
            yield from [(name, page(job)) for name, page in pages[job.sample].items()]
            page_name = f"{stems[job.sample]}.{_LINKED}"
            entries.append(index.entry_of(job.shown, page_name if page_name in pages[job.sample] else ""))
        if len(entries) > 1:
            yield index.PAGE, index.to_html(entries).encode()
            yield index.TABLE, index.to_tsv(entries).encode()
    elif "json" in wanted:
        yield "report.json", result_json.to_json(result, lexicon).encode()
    for name, frame in tables.frames(result).items():
        if "tsv" in wanted:
            yield f"{name}.tsv", tables.to_tsv(frame)
        if "parquet" in wanted:
            yield f"{name}.parquet", tables.to_parquet(frame)
    if {"tsv", "parquet"} & set(wanted):
        yield tables.FAILURES, tables.to_tsv(tables.failures(result))
    if "multiqc" in wanted:
        yield from ((name, text.encode()) for name, text in multiqc.to_multiqc(result, lexicon).items())


def _jobs(result: Result, lexicon: Lexicon) -> Iterator[_Job]:
    part_of = _Parts(result)
    for sample, shown in zip(result.samples, views(result, lexicon), strict=True):
        yield _Job(partial(part_of, sample), shown, sample)


class _Parts:
    """Each person's own part of a result; frames are split when the first is asked for: few formats need any."""

    def __init__(self, result: Result) -> None:
        self._result = result

    @cached_property
    def _frames(self) -> dict[str, dict[object, pl.DataFrame]]:
        return {name: _split(frame) for name, frame in tables.frames(self._result).items()}

    @cached_property
    def _run_notes(self) -> list[dict[str, object]]:
        return list(self._result.notes.filter(pl.col("sample").is_null()).iter_rows(named=True))

    def __call__(self, sample: str) -> Result:
        result = self._result
        frames = {
            name: by_sample.get(sample, getattr(result, name).clear()) for name, by_sample in self._frames.items()
        }
        run_rows = person.notes_for(self._run_notes, frames["scores"].select("endpoint").to_dicts())
        frames["notes"] = pl.concat([schema.from_rows(run_rows, schema.NOTES), frames["notes"]])
        return replace(result, samples=(sample,), **frames, provenance=person.provenance_of(result, sample), holders=())


def _split(frame: pl.DataFrame) -> dict[object, pl.DataFrame]:
    return {key[0]: part for key, part in frame.partition_by("sample", as_dict=True, maintain_order=True).items()}
