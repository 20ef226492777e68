"""The result as JSON: versioned, deterministic, described by a published JSON Schema, and readable back."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from pgx import cells, schema
from pgx.codes import Flag, FlagCode
from pgx.errors import InputError
from pgx.guard.letters import visible
from pgx.guard.limits import RESULT, read_file, read_json
from pgx.reports.page import person, wording
from pgx.reports.page.advice import Advice
from pgx.reports.page.build import ALIKE, Row, View, build, flatten, views
from pgx.reports.page.cells import codes_of
from pgx.reports.page.lexicon import Lexicon
from pgx.types import Result

FORMAT = "pgx.result"
VERSION = "2-draft"
"""Version of the layout: the first number changes when a reader of the old one would break."""
_READ = ("1", VERSION)
"""What this program reads: the first number of a version, or a draft."""

_OF_DRUGS = ("guidance", "scores", "judgements", "next_tests", "medications", "notes", "calls")
"""Tables of which a service needs the rows on some drugs, and on the genes that their guidance looks at."""
_LATER = ("judgements", "next_tests", "exposure_ratios")
"""Tables that came with later layouts."""
_SCHEMAS: dict[str, schema.Schema] = {
    "calls": schema.CALLS,
    "phenotypes": schema.PHENOTYPES,
    "guidance": schema.GUIDANCE,
    "scores": schema.SCORES,
    "judgements": schema.JUDGEMENTS,
    "next_tests": schema.NEXT_TESTS,
    "exposure_ratios": schema.EXPOSURE_RATIOS,
    "clinical": schema.CLINICAL,
    "medications": schema.MEDICATIONS,
    "notes": schema.NOTES,
}


def to_dict(result: Result, lexicon: Lexicon) -> dict[str, Any]:
    """Return the result as plain data, one entry a sample; ``result-2.json`` is its JSON Schema."""
    parts = {name: _by_sample(getattr(result, name)) for name in _SCHEMAS}
    return {
        "format": FORMAT,
        "version": VERSION,
        "provenance": _plain(result.provenance),
        "notes": parts["notes"].get(None, []),
        "samples": [
            {"sample": sample, "summary": _summary(shown)}
            | ({} if len(result.samples) == 1 else {"inputs": person.inputs_of(result, sample) or []})
            | {name: rows.get(sample, []) for name, rows in parts.items()}
            for sample, shown in zip(result.samples, views(result, lexicon), strict=True)
        ],
    }


def to_json(result: Result, lexicon: Lexicon) -> str:
    """Return the result as JSON text, the same bytes for the same result; hidden characters are written as escapes."""
    text = json.dumps(to_dict(result, lexicon), ensure_ascii=False, indent=1, allow_nan=False)
    return visible(text, kept="\n") + "\n"


def from_json(text: str | bytes, *, file: str | Path | None = None) -> Result:
    """Read a result back, of this layout or of layout 1.

    Raises
    ------
    InputError
        If the text is not such a document, or one of another major version.
    """
    document = parse(text, file=file)
    with valid(file):
        return _result(document)


def parse(text: str | bytes, *, file: str | Path | None = None) -> dict[str, Any]:
    """Return the document as plain data, its format and version checked; see `from_json`."""
    try:
        document = read_json(text)
    except ValueError as error:
        raise InputError(f"not JSON: {error}", file=file) from error
    is_object = isinstance(document, dict)
    check(document.get("format") if is_object else None, document.get("version") if is_object else None, file=file)
    return dict(document)


def check(form: Any, version: Any, *, file: str | Path | None = None) -> None:
    """Raise `InputError` if a document's ``format`` and ``version`` are not those that this program reads."""
    if form != FORMAT:
        raise InputError(
            f'not a pgx result: there is no "format": "{FORMAT}"', file=file, fix="use a .report.json of `pgx report`"
        )
    if not {str(version or ""), str(version or "").partition(".")[0]}.intersection(_READ):
        raise InputError(f"layout version {version!r}, this program reads {' and '.join(_READ)}", file=file)


def view_of(
    document: Mapping[str, Any],
    sample: str,
    lexicon: Lexicon,
    *,
    drugs: Collection[str] | None = None,
    file: str | Path | None = None,
) -> View | None:
    """Return the view of one sample straight from a parsed document: no frames, so that a service answers at once.

    Parameters
    ----------
    found
        A document from `parse`.
    sample
        Whose view; None is returned if the document does not have the sample.
    lexicon
        Words for the codes; those that the document brings along come first.
    drugs
        Only the advice on these, their scores and genes, and the notes; other genes, what phenotypes each gene may
        mean, clinical data and provenance are left out then.
    file
        For the message if the document is broken.
    """
    with valid(file):
        entry = next((sample_entry for sample_entry in document["samples"] if sample_entry["sample"] == sample), None)
        if entry is None:
            return None
        wanted = _SCHEMAS if drugs is None else _OF_DRUGS
        parts: dict[str, list[Row]] = {name: [] for name in _SCHEMAS}
        for name in wanted:
            rows = _rows(entry, name)
            if drugs is not None and name == "calls":
                genes = {gene for row in parts["guidance"] for gene in codes_of(row["genes"])}
                rows = [row for row in rows if row["gene"] in genes]
            elif drugs is not None and name != "notes":
                rows = [row for row in rows if row["drug"] in drugs]
            own = {} if name in ALIKE else {"sample": sample}
            parts[name] = [_decode(row, name) | own for row in rows]
        notes: list[Row] = [_decode(row, "notes") | {"sample": None} for row in document["notes"]]
        run_provenance = document["provenance"]
        own_lexicon = lexicon.of_result(run_provenance)
        if drugs is not None:
            return build(sample, parts, notes, (), own_lexicon)
        inputs = entry.get("inputs") if len(document["samples"]) > 1 else range(len(run_provenance.get("inputs", ())))
        provenance = person.own_provenance(run_provenance, sample, inputs)
        return build(sample, parts, notes, tuple(flatten(provenance)), own_lexicon)


@contextmanager
def valid(file: str | Path | None) -> Iterator[None]:
    """Turn what a broken document leads to into an `InputError`."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, pl.exceptions.PolarsError) as error:
        first = (str(error).splitlines() or [""])[0]  # polars adds lines of advice to programmers
        raise InputError(f"not a valid result: {type(error).__name__} {first}", file=file) from error


def read(path: str | Path) -> Result:
    """Read a result from a file, see `from_json`."""
    try:
        content = read_file(path, RESULT)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=path) from error
    return from_json(content, file=path)


def _by_sample(frame: pl.DataFrame) -> dict[str | None, list[dict[str, Any]]]:
    rows: dict[str | None, list[dict[str, Any]]] = {}
    for row in frame.iter_rows(named=True):
        sample = row.pop("sample")
        rows.setdefault(sample, []).append(_plain(row))
    return rows


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, str | int | None) else str(value)


def _summary(shown: View) -> list[dict[str, Any]]:
    return [
        {
            "drug": drug.name,
            "urgency": drug.urgency,
            "headline": drug.headline,
            "reason": drug.reason,
            "sources": list(drug.sources),
            "medication": drug.medication or None,
            "differences": drug.differences or None,
            "cautions": list(drug.cautions),
            "interactions": list(drug.interactions),
            "whatever_the_genes": [_limit(limit) for limit in drug.limits],
            "local": drug.local,
        }
        for drug in shown.drugs
    ]


def _limit(limit: Advice) -> str:
    text = f"{limit.source}: {limit.text}"
    return text if limit.applies == "yes" else f"{text} ({wording.words('applies', limit.applies)})"


def _result(document: dict[str, Any]) -> Result:
    samples = [str(entry["sample"]) for entry in document["samples"]]
    frames: dict[str, Any] = {}
    for name, which in _SCHEMAS.items():
        rows = [
            _decode(row, name) | {"sample": entry["sample"]}
            for entry in document["samples"]
            for row in _rows(entry, name)
        ]
        if name == "notes":
            rows = [_decode(row, name) | {"sample": None} for row in document["notes"]] + rows
        frames[name] = schema.from_rows(rows, which) if rows else schema.empty(which)
    return Result(tuple(samples), **frames, provenance=dict(document["provenance"]), holders=_holders(document))


def _holders(document: Mapping[str, Any]) -> tuple[frozenset[str], ...]:
    """Return whom each input file is about, as the samples of a document say; empty if they do not."""
    held_by = {str(entry["sample"]): entry["inputs"] for entry in document["samples"] if "inputs" in entry}
    inputs = document["provenance"].get("inputs", ())
    if not held_by:
        return ()
    return tuple(frozenset(s for s, held in held_by.items() if index in held) for index in range(len(inputs)))


def _rows(entry: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the rows of a table; earlier layouts have fewer of them."""
    rows: list[dict[str, Any]] = entry.get(name, []) if name in _LATER else entry[name]
    return rows


def _decode(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    out = dict(row)
    if name == "scores" and "usable" not in out:
        # Layout 1.0 did not say which scores rest on genes that were not called.
        out |= {"usable": False, "flags": [*out["flags"], str(Flag(FlagCode.REFUSED, "made_by_an_earlier_version"))]}
    if name == "notes":
        out.setdefault("subject", out["where"])  # layout 1 had no other place for it
    lists, dates = _parsed(name)
    for column, dtype in lists:
        out[column] = cells.listed(out[column], dtype)
    for column in dates:
        out[column] = None if out[column] is None else date.fromisoformat(out[column])
    return out


@cache
def _parsed(name: str) -> tuple[list[tuple[str, Any]], list[str]]:
    """Return the columns of a table that hold lists, with their types, and those that hold dates."""
    columns = _SCHEMAS[name]
    lists = [(one.name, one.dtype) for one in columns if cells.is_list(one.dtype)]
    return lists, [one.name for one in columns if one.dtype == pl.Date]
