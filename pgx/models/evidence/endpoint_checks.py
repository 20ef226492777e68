"""A site's own endpoints, checked before they are used: a slip of the pen must not pass as missing data.

The product's own endpoints keep to the same rules (a test sees to it).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from pgx.features import describe, known
from pgx.models.evidence import design
from pgx.models.evidence.endpoint_parsing import EVIDENCE, KINDS, LINKS
from pgx.models.evidence.gene_columns import phenotype_words

if TYPE_CHECKING:
    from pgx.knowledge import KnowledgeBase
    from pgx.models.evidence.endpoint import Endpoint, Reading

_READING = {"column", "kind", "levels", "text", "center", "per", "floor", "at_least", "below", "unless"}
_KEYS: Mapping[str, set[str]] = {
    "": {"name", "drug", "outcome", "kind", "horizon", "setting", "unit", "pmids", "about", "ratio", "residual_sd",
         "threshold", "link", "population", "derived", "baseline", "term", "feature", "impute", "rule", "omitted",
         "dose_groups", "evidence"},
    "population": {"about", "requires", "trained", "refuse"},
    "population.refuse": {"code", *_READING},
    "baseline": {"value", "typical", "low", "high", "of", "from", "mark", "pmid", "note", "source"},
    "term": {"name", "measure", "estimate", "from", "low", "high", "baseline", "prevalence", "mean", "sd", "optional",
             "pmid", "mark", "note", *_READING},
    "feature": {"name", "monotone", "reason", *_READING},
    "impute": {"column", "default", "source", "row"},
    "rule": _READING,
    "threshold": {"dose", "side"},
    "omitted": {"gene", "reason"},
    "impute.row": {"when", "value"},
    **{f"{part}.unless": {"column", "levels"} for part in ("term", "feature", "rule", "population.refuse")},
}  # fmt: skip
"""Table of the document -> keys that it may have."""
_SHAPES: Mapping[str, set[str]] = {
    "text": {"name", "drug", "outcome", "kind", "horizon", "setting", "unit", "link", "column", "code", "text",
             "measure", "note", "reason", "source", "gene", "mark", "pmid", "of", "about", "evidence", "side", "from"},
    "a number": {"residual_sd", "ratio", "value", "typical", "low", "high", "estimate", "prevalence", "mean", "sd",
                 "center", "per", "at_least", "below", "monotone", "default", "dose", "term.baseline"},
    "a table": {"population", "baseline", "threshold", "rule", "unless"},
    "a table of texts": {"when"},
    "a table of lists of texts": {"derived"},
    "a list of tables": {"term", "feature", "impute", "omitted", "refuse", "row"},
    "a list of texts": {"pmids", "requires", "trained"},
    "a list of numbers": {"dose_groups"},
    "a list of texts or numbers": {"levels"},
}  # fmt: skip
"""Shape of a value -> the keys that have it."""
_SHAPE_OF = {key: shape for shape, keys in _SHAPES.items() for key in keys}
_ITEMS = {"texts": "text", "numbers": "a number", "tables": "a table", "lists of texts": "a list of texts"}
_LARGEST = 1e300
"""What no figure of a study reaches; neither infinity nor a whole number that no float can hold."""
_NAME = re.compile(r"[a-z0-9_-]+\.[a-z0-9_-]+")


def before(raw: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with a document, whatever the knowledge base says.

    Parameters
    ----------
    raw
        The TOML document, ``extends`` resolved.
    """
    if wrong := [*_keys(raw)]:
        yield from wrong
        return
    kind = raw.get("kind")
    if kind is not None and kind not in KINDS:
        yield f"kind {kind!r} is not one of {', '.join(KINDS)}"
    for key in ("kind", "name", "drug", "outcome", "horizon", "unit", "population", "baseline"):
        if key not in raw:
            yield f"it lacks {key!r}"
    name = raw.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        yield f"the name {name!r} is not of the form drug.outcome, in small letters without spaces"
    value, typical, mark = (raw.get("baseline", {}).get(key) for key in ("value", "typical", "mark"))
    if mark not in (None, "read", "recall", "local"):
        yield f"[baseline] mark is {mark!r}: 'read', 'recall' (no absolute risk) or 'local' (the site's own figure)"
    risk = kind not in LINKS and "threshold" not in raw
    if not risk and value is not None and typical is not None:
        yield "[baseline] has both a value and what is typical: give one"
    if risk and not (isinstance(value, int | float) and 0 < value < 1):
        yield f"[baseline] value is {value!r}: a risk lies between 0 and 1"
    if not risk and not float(raw.get("residual_sd") or 0) > 0:
        scale = "logarithm" if raw.get("link", LINKS.get(str(kind), "sqrt")) == "log" else "square root"
        yield f"residual_sd is missing: how far patients lie from the prior, on the scale of the {scale}"
    if raw.get("evidence", EVIDENCE) != EVIDENCE:
        yield f"evidence is {raw['evidence']!r}: {EVIDENCE!r}, or leave it out for single published effects"
    for term in raw.get("term", []):
        yield from _term(term)


def after(endpoint: Endpoint, kb: KnowledgeBase) -> Iterator[str]:
    """Yield what of an endpoint the knowledge base does not know: the drug, genes, features, phenotypes.

    Columns outside the families of `pgx features` (``gene.``, ``clinical.``, ...) are the site's own: not looked at.
    """
    if endpoint.drug not in set(kb.table("drugs")["drug"].cast(pl.String)):
        yield f"the drug {endpoint.drug!r} is not known; add a row to drugs.tsv beside the endpoints"
    families = {name.partition(".")[0] for name in describe(kb)["name"]}
    named = [name for name in design.columns(endpoint, endpoint.features) if name.partition(".")[0] in families]
    for name in sorted(set(named) - set(known(named, kb))):
        yield f"the column {name!r} is no feature; see `pgx features --describe`"
    words = phenotype_words(kb)
    for reading in _readings(endpoint):
        if reading.column.endswith("phenotype") and reading.kind in ("level", "recorded"):
            for level in reading.levels:
                if level not in words:
                    yield f"{level!r} is no phenotype (column {reading.column}); write it like 'Poor Metabolizer'"


def _keys(raw: Mapping[str, Any]) -> Iterator[str]:
    """Yield keys that are unknown, and values of another shape than their key has."""
    for where, table in _tables(raw):
        place = f"in [{where}]" if where else "at the top"
        unknown = sorted(set(table) - _KEYS[where])
        if unknown:
            yield f"{place}: the key {unknown[0]!r} is unknown; one of {', '.join(sorted(_KEYS[where]))}"
        for key, value in table.items():
            shape = _SHAPE_OF.get(f"{where}.{key}", _SHAPE_OF.get(key))
            if shape and not _has_shape(value, shape):
                yield f"{place}: {key} is {value!r}, not {shape}"


def _has_shape(value: object, shape: str) -> bool:
    if shape == "a number":
        return isinstance(value, int | float) and not isinstance(value, bool) and -_LARGEST < value < _LARGEST
    if shape == "text":
        return isinstance(value, str)
    holder, _, items = shape.partition(" of ")
    if not isinstance(value, list if holder == "a list" else Mapping):
        return False
    kinds = [_ITEMS[one] for one in items.split(" or ")] if items else []
    parts = value.values() if isinstance(value, Mapping) else value
    return not kinds or all(any(_has_shape(part, kind) for kind in kinds) for part in parts)


def _tables(table: Mapping[str, Any], where: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield where, table
    for key, value in table.items():
        inner = f"{where}.{key}".removeprefix(".")
        if inner in _KEYS:
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, Mapping):
                    yield from _tables(one, inner)


def _term(term: Mapping[str, Any]) -> Iterator[str]:
    who = f"term {term.get('name', '')!r}"
    for key in ("name", "column", "mark"):
        if key not in term:
            yield f"{who} lacks {key!r}"
    if "from" not in term and not isinstance(term.get("estimate"), int | float):
        yield f"{who} lacks 'estimate' (a number)"
        return
    low, high = term.get("low"), term.get("high")
    if "from" not in term and low is not None and high is not None and not low <= term["estimate"] <= high:
        yield f"{who}: the estimate {term['estimate']:g} is outside its interval {low:g} to {high:g}"
    if not 0.0 <= float(term.get("prevalence", 0.0)) <= 1.0:
        yield f"{who}: the prevalence {term['prevalence']:g} is not between 0 and 1"
    if term.get("mark") not in (None, "read", "recall", "local"):
        yield f"{who}: the mark is 'read', 'recall' or 'local' (the site's own figure), not {term['mark']!r}"


def _readings(endpoint: Endpoint) -> list[Reading]:
    found = [term.reading for term in endpoint.terms] + [feature.reading for feature in endpoint.features]
    found += [refusal.reading for refusal in endpoint.refusals]
    return [*found, endpoint.rule] if endpoint.rule else found
