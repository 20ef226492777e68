"""Which product a substance of a list comes from: a reader looks for ``Symtuza``, and knows no cobicistat."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from pgx.knowledge.acting import Acting
from pgx.reports.page.advice import Row
from pgx.reports.page.wording import clean

_PART = "/"
_LONGEST = 40

Products = Mapping[str, str]
"""Substance -> the product that it is a part of, as its entry is written."""


def products_of(medications: Iterable[Row]) -> dict[str, str]:
    """Return the substances of a list that only a product of several brings, and that product; also its own brand.

    Parameters
    ----------
    medications
        The person's rows of `pgx.schema.MEDICATIONS`: an entry of a product stands for itself and for its parts.
    """
    rows = [row for row in medications if row["status"] != "stopped"]
    of_entry: dict[str, list[str]] = {}
    for row in rows:
        if row["as_written"]:
            of_entry.setdefault(str(row["as_written"]), []).append(str(row["drug"]))
    found: dict[str, str] = {}
    alone = {clean(str(row["drug"])) for row in rows if not row["as_written"]}
    for written, drugs in of_entry.items():
        wholes = [drug for drug in drugs if any(_is_part(one, drug) for one in drugs)]
        for drug in drugs:
            brand = drug in wholes and not written.lower().startswith(drug.lower())
            if brand or any(_is_part(drug, whole) for whole in wholes):
                found[clean(drug)] = clean(written if len(written) <= _LONGEST else wholes[0])
            else:
                alone.add(clean(drug))
    return {drug: product for drug, product in found.items() if drug not in alone}


def _is_part(drug: str, whole: str) -> bool:
    parts = [part.strip().lower() for part in whole.split(_PART)]
    return len(parts) > 1 and drug.lower() in parts and drug.lower() != whole.lower()


def named(drug: str, products: Products) -> str:
    """Return ``cobicistat (in Symtuza)``, or the name of what is no part."""
    name = clean(drug)
    return f"{name} (in {products[name]})" if name in products else name


def from_products(acting: Sequence[Acting], products: Products) -> list[Acting]:
    """Return what acts, with the product of each."""
    names = {drug: f"{drug} in {product}" for drug, product in products.items()}
    return [replace(one, agent=names.get(one.agent, one.agent)) for one in acting]
