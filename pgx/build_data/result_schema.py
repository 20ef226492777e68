"""Writes ``result-2.json`` from the declared columns: ``python -m pgx.build_data.result_schema``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl

from pgx.reports.formats.result_json import _SCHEMAS, FORMAT, VERSION
from pgx.reports.page.wording import URGENCIES
from pgx.schema import Column

_TYPES = {"String": "string", "Float64": "number", "Int64": "integer", "Boolean": "boolean", "Date": "string"}
PATH = Path(__file__).parents[1] / "reports" / "formats" / "result-2.json"


def build() -> dict[str, Any]:
    """Return the JSON Schema of the result document."""
    rows = {name: _table(name) for name in _SCHEMAS}
    entry = {
        "sample": {"type": "string", "description": "sample name in the input"},
        "summary": _list({"$ref": "#/$defs/summary"}),
    }
    later: dict[str, Any] = {
        "inputs": _list({"type": "integer", "minimum": 0})
        | {"description": "which of the provenance's inputs hold the sample; left out where the document is of one"}
    }
    later["judgements"] = _list({"$ref": "#/$defs/judgements"})
    entry |= {name: _list({"$ref": f"#/$defs/{name}"}) for name in rows if name not in later}
    document = {
        "format": {"const": FORMAT},
        "version": {"type": "string", "const": VERSION, "description": "layout of this document"},
        "provenance": {"type": "object", "description": "versions, inputs with checksums, options"},
        "notes": _list({"$ref": "#/$defs/notes"}),
        "samples": _list(_object(entry) | {"properties": entry | later}),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "pgx result, layout 2, a draft",
        "description": "What one run of pgx found. Until layout 2 is published, keys may still change.",
        **_object(document),
        "$defs": rows | {"summary": _summary()},
    }


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _table(name: str) -> dict[str, Any]:
    return _object({column.name: _column(column) for column in _SCHEMAS[name] if column.name != "sample"}) | {
        "additionalProperties": False
    }


def _column(column: Column) -> dict[str, Any]:
    found: dict[str, Any]
    pair = column.dtype.inner if isinstance(column.dtype, pl.List) else None
    if isinstance(pair, pl.Struct):
        name, value = pair.fields
        kind = "number" if value.dtype == pl.Float64 else "string"
        found = _list(_object({name.name: {"type": "string"}, value.name: {"type": [kind, "null"]}}))
    elif pair is not None:
        found = _list({"type": "string"})
    else:
        plain = {
            pl.String: "string",
            pl.Float64: "number",
            pl.Int64: "integer",
            pl.Boolean: "boolean",
            pl.Date: "string",
        }[column.dtype]  # type: ignore[index]
        found = {"type": plain if column.required else [plain, "null"]}
        if column.dtype == pl.Date:
            found["format"] = "date"
        if column.name == "probability":
            found |= {"minimum": 0, "maximum": 1.000001}
    return {"description": column.doc.replace(", joined by ';'", "").replace(" joined by ';'", "")} | found


def _summary() -> dict[str, Any]:
    text, listed = {"type": "string"}, _list({"type": "string"})
    keys = {
        "drug": text,
        "urgency": {"enum": list(URGENCIES)},
        "headline": text,
        "reason": text,
        "sources": listed,
        "medication": {"enum": ["current", "planned", "local_use", None]},
        "differences": {"type": ["string", "null"]},
        "cautions": listed,
    }
    later = {"interactions": listed, "whatever_the_genes": listed, "local": {"type": "boolean"}}
    return _object(keys) | {
        "properties": keys | later,
        "description": "one line a drug, most urgent first",
        "additionalProperties": False,
    }


def main() -> None:
    """Write the schema file."""
    PATH.write_text(json.dumps(build(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
