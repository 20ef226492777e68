"""What an allele is to the rules: its function in a scheme, and which alleles a name or a base stands for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from pgx.knowledge.base import KnowledgeBase

_SITE_BASE = re.compile(r"^(?P<rsid>rs\d+) (?P<base>[ACGT]+)$")


@dataclass(frozen=True, slots=True)
class AlleleFunction:
    """What one strand does: clinical function and activity value, either of which may be unknown (None).

    `is_minimum` says that the value is a lower bound.
    """

    function: str | None = None
    value: float | None = None
    is_minimum: bool = False


UNKNOWN = AlleleFunction()


def same_allele(name: str, target: str) -> bool | None:
    """Whether an HLA allele name is `target`; None if the name is too coarse to tell."""
    name = (name[name.index("*") :] if "*" in name else f"*{name}").rstrip("GP")
    if name == target or name.startswith(f"{target}:"):
        return True
    return None if target.startswith(f"{name}:") else False


def alleles_with(kb: KnowledgeBase, gene: str, wanted: str) -> frozenset[str]:
    """Return the alleles of `gene` that `wanted` names: one allele, or ``rs9923231 T`` for all that carry a base there.

    An allele whose definition accepts several bases at the position is not counted for any of them.
    """
    match = _SITE_BASE.match(wanted)
    alleles = {
        str(row["allele"]) for row in rows_by_keys(kb, "alleles", "gene").get((gene,), ()) if row["callable"] == "y"
    }
    if match is None or wanted in alleles:
        return frozenset([wanted])
    variants = kb.table("variants").filter((pl.col("gene") == gene) & (pl.col("rsid") == match["rsid"]))
    if variants.is_empty():
        return frozenset()
    position, reference = variants["pos_grch38"][0], variants["ref"][0]
    requires = {
        str(row["allele"]): str(row["bases"])
        for row in rows_by_keys(kb, "definitions", "gene").get((gene,), ())
        if row["pos_grch38"] == position
    }
    return frozenset(name for name in alleles if requires.get(name, reference) == match["base"])


def rows_by_keys(kb: KnowledgeBase, table: str, *keys: str) -> dict[tuple[object, ...], list[dict[str, object]]]:
    """Return the rows of a table as dicts, grouped by `keys`; read once a knowledge base."""

    def group() -> dict[tuple[object, ...], list[dict[str, object]]]:
        groups: dict[tuple[object, ...], list[dict[str, object]]] = {}
        for row in kb.table(table).iter_rows(named=True):
            groups.setdefault(tuple(row[key] for key in keys), []).append(row)
        return groups

    return kb.remember(("rows", table, keys), group)


def functions_of(kb: KnowledgeBase, gene: str, scheme: str) -> dict[str, AlleleFunction]:
    """Return allele -> function of one gene in one scheme; read once a knowledge base."""

    def group() -> dict[tuple[str, str], dict[str, AlleleFunction]]:
        frame = kb.table("functions").select(
            "gene", "scheme", "allele", "function", "activity_value", "activity_is_minimum"
        )
        groups: dict[tuple[str, str], dict[str, AlleleFunction]] = {}
        for gene_, scheme_, allele, function, value, minimum in frame.iter_rows():
            groups.setdefault((gene_, scheme_), {})[allele] = AlleleFunction(function, value, minimum == "y")
        return groups

    return kb.remember("functions", group).get((gene, scheme), {})


def undefined(kb: KnowledgeBase, gene: str) -> tuple[str, ...]:
    """Return the alleles that small variants should show and that cannot be called: they have no definition here.

    Deletions, duplications and hybrids are not among them (`no_copy_number` speaks of those), nor alleles that are
    called under the names of their parts (``core_of_...``).
    """
    rows = rows_by_keys(kb, "alleles", "gene").get((gene,), ())
    kept_out = (row for row in rows if row["callable"] == "n" and row["structural"] == "n")
    return tuple(str(row["allele"]) for row in kept_out if not str(row["flags"] or "").startswith("core_of_"))


def missed(kb: KnowledgeBase, gene: str) -> tuple[str, ...]:
    """Return those of `undefined` that matter: their function is known and is not that of the reference allele."""

    def find() -> tuple[str, ...]:
        functions = functions_of(kb, gene, "CPIC")
        normal = {
            functions.get(str(row["allele"]), UNKNOWN).function
            for row in rows_by_keys(kb, "alleles", "gene").get((gene,), ())
            if row["reference"] == "y"
        }
        said = {name: functions.get(name, UNKNOWN).function or "" for name in undefined(kb, gene)}
        vague = {name for name, text in said.items() if not text or "ncertain" in text or "nknown" in text}
        return tuple(name for name, text in said.items() if name not in vague and text not in normal)

    return kb.remember(("missed alleles", gene), find)
