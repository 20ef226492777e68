"""Short hands for calls and clinical data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from pgx import schema
from pgx.types import CallSet, ClinicalData, Diplotype, GeneCalls, PatternCall


def diplotype(name: str, probability: float = 1.0, **more) -> Diplotype:
    first, _, second = name.partition("|") if "|" in name else name.partition("/")
    parts2 = (second,) if second else ()
    return Diplotype(first, second or None, (first,), parts2, probability, **more)


def pattern(*diplotypes: Diplotype | str, status: str = "called", **more) -> PatternCall:
    listed = tuple(diplotype(one) if isinstance(one, str) else one for one in diplotypes)
    return PatternCall(listed, status, 5, 5, **more)


NOT_CALLED = PatternCall((), "not_called", 0, 5)


def callset(samples: dict[str, dict[str, PatternCall]]) -> CallSet:
    """Calls per sample and gene; what a sample leaves out is not called."""
    genes = list(dict.fromkeys(gene for calls in samples.values() for gene in calls))
    made = []
    for gene in genes:
        patterns = tuple(calls.get(gene, NOT_CALLED) for calls in samples.values())
        made.append(GeneCalls(gene, patterns, np.arange(len(patterns), dtype=np.int32)))
    return CallSet(tuple(samples), tuple(made))


def clinical(
    medications: Sequence[dict[str, object]] = (), observations: Sequence[dict[str, object]] = ()
) -> ClinicalData:
    drugs = [{"sample": "s", "status": "current", "source": "test", **row} for row in medications]
    seen = [{"sample": "s", "source": "test", "origin": "given", **row} for row in observations]
    return ClinicalData(
        schema.from_rows(seen, schema.CLINICAL),
        schema.from_rows(drugs, schema.MEDICATIONS),
        schema.empty(schema.NOTES),
    )


def day(text: str) -> date:
    return date.fromisoformat(text)
