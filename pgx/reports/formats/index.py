"""The index of a batch: everybody on one page and in one table, the most urgent first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from pgx.reports.formats.html import environment
from pgx.reports.page.model import View
from pgx.reports.page.wording import URGENCIES, gene
from pgx.tables import tsv

PAGE, TABLE = "index.html", "index.tsv"
FILES = (PAGE, TABLE)
_ASKING = URGENCIES[:3]
"""Urgencies of drugs that something must be done about."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One person of the index.

    Parameters
    ----------
    sample
        Sample name.
    urgency
        The gravest urgency of a drug; ``standard`` or ``no_data`` where none asks for anything.
    drugs
        Urgency -> drugs that ask for it, in the order of the person's page.
    needed
        Genes that were not tested and could change something.
    alerts
        How many remarks stand before everything else.
    page
        File name of the person's report; empty if none is written.
    own
        How many drugs of the person's own list ask for it, by urgency.
    unlisted
        Whether no list is known, so that the drugs are those that the results speak against or change.
    """

    sample: str
    urgency: str
    drugs: dict[str, tuple[str, ...]]
    needed: tuple[str, ...]
    alerts: int
    page: str
    own: tuple[int, ...] = ()
    unlisted: bool = False


def entry_of(shown: View, page: str) -> Entry:
    """Return the entry of one person."""
    drugs = {str(urgency): tuple(drug.name for drug in shown.of_urgency(urgency)) for urgency in URGENCIES}
    urgency = next((urgency for urgency in URGENCIES if drugs[urgency]), URGENCIES[-1])
    own = tuple(len(shown.of_urgency(asking, listed=True)) for asking in _ASKING)
    needed, alerts = tuple(shown.genes_needed), len(shown.alerts)
    return Entry(shown.sample, urgency, drugs, needed, alerts, page, own, bool(shown.scope))


def entry_from(stored: Mapping[str, Any], page: str) -> Entry:
    """Return an entry that was kept as JSON, with the page that the person has now."""
    drugs = {urgency: tuple(names) for urgency, names in stored["drugs"].items()}
    needed, own, unlisted = tuple(stored["needed"]), tuple(stored.get("own", ())), bool(stored.get("unlisted"))
    return Entry(stored["sample"], stored["urgency"], drugs, needed, stored["alerts"], page, own, unlisted)


def by_urgency(entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries, the most urgent first: by the drugs that are taken or planned, then by all, then by name."""

    def urgent_first(one: Entry) -> tuple[object, ...]:
        counts = [-len(one.drugs[urgency]) for urgency in _ASKING]
        return [-count for count in one.own], counts, -one.alerts, one.sample

    return sorted(entries, key=urgent_first)


def to_html(entries: Sequence[Entry]) -> str:
    """Return the index as a self-contained page."""
    return (
        environment().get_template("index.html.j2").render(entries=by_urgency(entries), asking=_ASKING, gene_name=gene)
    )


def to_tsv(entries: Sequence[Entry]) -> str:
    """Return the index as a table."""
    rows = [
        {
            "sample": one.sample,
            "urgency": one.urgency,
            **{f"drugs_{urgency}": list(one.drugs[urgency]) for urgency in _ASKING},
            "genes_needed": list(one.needed),
            "alerts": one.alerts,
            "report": one.page or None,
        }
        for one in by_urgency(entries)
    ]
    texts, lists = ("sample", "urgency", "report"), (*(f"drugs_{urgency}" for urgency in _ASKING), "genes_needed")
    types = {
        name: pl.List(pl.String) if name in lists else pl.String if name in texts else pl.Int64 for name in rows[0]
    }
    return tsv(pl.DataFrame(rows, schema=types))
