"""The result as JSON: versioned, deterministic, described by a published JSON Schema, and readable back."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from pgx import schema
from pgx.errors import InputError
from pgx.reports.page import person, wording
from pgx.reports.page.advice import Advice
from pgx.reports.page.build import Row, View, build, flatten, views
from pgx.reports.page.cells import split, split_pairs
from pgx.reports.page.lexicon import Lexicon
from pgx.types import Result

FORMAT = "pgx.result"
VERSION = "1.2"
"""Version of the layout: the first number changes when a reader of the old one would break."""

_SCHEMAS: dict[str, schema.Schema] = {
    "calls": schema.CALLS,
    "phenotypes": schema.PHENOTYPES,
    "guidance": schema.GUIDANCE,
    "scores": schema.SCORES,
    "judgements": schema.JUDGEMENTS,
    "clinical": schema.CLINICAL,
    "medications": schema.MEDICATIONS,
    "notes": schema.NOTES,
}
# Cells that hold lists: written as arrays, so that no reader has to split them.
_LISTS = {
    "calls": ("flags",),
    "phenotypes": ("conversion",),
    "guidance": ("genes", "alternatives", "monitoring", "flags"),
    "scores": ("flags",),
}
_PAIRS = {"guidance": {"phenotypes": ("gene", "value")}}
_NUMBERED = {
    "calls": {"alternatives": ("diplotype", "probability")},
    "scores": {"factors": ("feature", "contribution")},
}
# An empty list where the column must not be null.
_NOTHING = {(name, column.name): "" for name, which in _SCHEMAS.items() for column in which if column.required}


def to_dict(result: Result, lexicon: Lexicon) -> dict[str, Any]:
    """Return the result as plain data, one entry a sample, see `schema_of`."""
    parts = {name: _by_sample(getattr(result, name), name) for name in _SCHEMAS}
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
    """Return the result as JSON text, the same bytes for the same result."""
    return json.dumps(to_dict(result, lexicon), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def from_json(text: str | bytes, *, file: str | Path | None = None) -> Result:
    """Read a result back.

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
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
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
    if str(version or "").split(".")[0] != VERSION.split(".", maxsplit=1)[0]:
        raise InputError(f"layout version {version!r}, this program reads {VERSION}", file=file)


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
        Only the advice on these, their scores, and the notes; genes and clinical data are left out then.
    file
        For the message if the document is broken.
    """
    with valid(file):
        entry = next((sample_entry for sample_entry in document["samples"] if sample_entry["sample"] == sample), None)
        if entry is None:
            return None
        wanted = _SCHEMAS if drugs is None else ("guidance", "scores", "judgements", "medications", "notes")
        parts: dict[str, list[Row]] = {name: [] for name in _SCHEMAS}
        for name in wanted:
            rows = (row for row in _rows(entry, name) if drugs is None or name == "notes" or row["drug"] in drugs)
            parts[name] = [_decode(row, name) | {"sample": sample} for row in rows]
        notes: list[Row] = [_decode(row, "notes") | {"sample": None} for row in document["notes"]]
        run_provenance = document["provenance"]
        inputs = entry.get("inputs") if len(document["samples"]) > 1 else range(len(run_provenance.get("inputs", ())))
        provenance = person.own_provenance(run_provenance, sample, inputs)
        return build(sample, parts, notes, tuple(flatten(provenance)), lexicon.of_result(provenance))


@contextmanager
def valid(file: str | Path | None) -> Iterator[None]:
    """Turn what a broken document leads to into an `InputError`."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, pl.exceptions.PolarsError) as error:
        raise InputError(f"not a valid result: {type(error).__name__} {error}", file=file) from error


def read(path: str | Path) -> Result:
    """Read a result from a file, see `from_json`."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=path) from error
    return from_json(content, file=path)


def schema_of() -> dict[str, Any]:
    """Return the JSON Schema of the document."""
    path = Path(__file__).parent / "result-1.json"
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _by_sample(frame: pl.DataFrame, name: str) -> dict[str | None, list[dict[str, Any]]]:
    rows: dict[str | None, list[dict[str, Any]]] = {}
    for row in frame.iter_rows(named=True):
        sample = row.pop("sample")
        rows.setdefault(sample, []).append(_encode(row, name))
    return rows


def _encode(row: dict[str, Any], name: str) -> dict[str, Any]:
    for column in _LISTS.get(name, ()):
        row[column] = split(row[column])
    for column, (key, value) in _PAIRS.get(name, {}).items():
        row[column] = [{key: a, value: b} for a, b in split_pairs(row[column])]
    for column, (key, value) in _NUMBERED.get(name, {}).items():
        row[column] = [{key: a, value: _number(b)} for a, b in split_pairs(row[column])]
    return {key: _plain(value) for key, value in row.items()}


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


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
    """Return the rows of a table; layouts before 1.2 had no judgements."""
    rows: list[dict[str, Any]] = entry.get(name, []) if name == "judgements" else entry[name]
    return rows


def _decode(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    out = dict(row)
    if name == "scores" and "usable" not in out:
        # Layout 1.0 did not say which scores rest on genes that were not called.
        out |= {"usable": False, "flags": [*out["flags"], "refused:made_by_an_earlier_version"]}
    for column in _LISTS.get(name, ()):
        out[column] = ";".join(out[column]) or _NOTHING.get((name, column))
    for column, (key, value) in {**_PAIRS.get(name, {}), **_NUMBERED.get(name, {})}.items():
        out[column] = ";".join(_joined(pair, key, value) for pair in out[column]) or None
    for column in _dates(name):
        out[column] = None if out[column] is None else date.fromisoformat(out[column])
    return out


def _joined(pair: Mapping[str, Any], key: str, value: str) -> str:
    shown = pair[value]
    return (
        f"{pair[key]}={shown:g}"
        if isinstance(shown, float) and float(f"{shown:g}") == shown
        else f"{pair[key]}={'' if shown is None else shown}"
    )


def _dates(name: str) -> Iterator[str]:
    return (column.name for column in _SCHEMAS[name] if column.dtype == pl.Date)
