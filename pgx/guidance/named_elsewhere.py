"""Drugs that a source names instead for another result, where a label rules a drug out beside one of the list.

A label says what does not go together, and mostly not what to take instead. What sources name instead of the drug for
some result of a gene is a drug for the same purpose: whether it fits the person and the list is asked of it as of any
other (`pgx.guidance.alternatives`). That is known of levels, which an enzyme explains. Nothing is carried over where
a disease rules the drug out, or what two drugs do together without an enzyme (a long QT interval), or where both are
given for the same (two medicines against arrhythmias): the same may hold of the other one, and stand nowhere here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

import polars as pl

from pgx.codes import Applies, Flag, FlagCode
from pgx.guidance.alternative_uses import Naming, narrow
from pgx.guidance.label_cells import FLAG
from pgx.knowledge import KnowledgeBase
from pgx.knowledge.acting import parse

_RULES_OUT = "avoid"
_OF_NAMING = ("source", "population", "alternatives")
_OF_GROUP = 4
"""Characters of an ATC code that say what a drug is given for: ``C01B``, medicines against arrhythmias."""


def carried_over(guidance: pl.DataFrame, kb: KnowledgeBase) -> pl.DataFrame:
    """Return guidance in which rows of labels that rule a drug out beside others name what sources name instead.

    Parameters
    ----------
    guidance
        `schema.GUIDANCE`.
    kb
        Knowledge base.

    Returns
    -------
    polars.DataFrame
        The same rows; where no row on the drug of the person names another one, those of the label do, flagged
        ``alternatives_of`` with the sources.
    """
    of_list = pl.col("flags").list.eval(pl.element().str.starts_with(f"{FlagCode.INTERACTION}:")).list.any()
    by_label = pl.col("flags").list.contains(FLAG.value) & of_list
    asks = by_label & (pl.col("urgency") == _RULES_OUT) & (pl.col("applies") == Applies.YES)
    without = ~(pl.col("alternatives").list.len() > 0).any().over("sample", "drug")
    named = kb.remember("named for another result", lambda: _named(kb))
    groups = kb.remember("groups of drugs", lambda: _groups(kb))
    rows = guidance.with_row_index("row").filter(asks & without, pl.col("drug").is_in(list(named)))
    changed = [
        {"row": row, "alternatives": list(named[drug][0]), "flags": [*flags, str(named[drug][1])]}
        for row, drug, flags in rows.select("row", "drug", "flags").iter_rows()
        if _by_level_alone(drug, flags, groups)
    ]
    if not changed:
        return guidance
    schema = {"row": rows.schema["row"], **{name: guidance.schema[name] for name in ("alternatives", "flags")}}
    return guidance.with_row_index("row").update(pl.DataFrame(changed, schema=schema), on="row").drop("row")


def _by_level_alone(drug: str, flags: Iterable[str], groups: Mapping[str, AbstractSet[str]]) -> bool:
    """Return whether all that rules a drug out are drugs for something else that act through an enzyme."""
    acting, own = [*filter(None, map(parse, flags))], groups.get(drug.lower(), frozenset())
    apart = all(one.enzyme and own.isdisjoint(groups.get(one.agent.lower(), ())) for one in acting)
    return bool(acting) and apart


def _groups(kb: KnowledgeBase) -> dict[str, frozenset[str]]:
    """Return drug in lower case -> its therapeutic groups: the first four characters of its ATC codes."""
    rows = kb.table("drugs").select("drug", pl.col("atc").str.split(";")).drop_nulls().iter_rows()
    return {drug.lower(): frozenset(code[:_OF_GROUP] for code in codes) for drug, codes in rows}


def _named(kb: KnowledgeBase) -> dict[str, tuple[tuple[str, ...], Flag]]:
    """Return drug -> what sources name instead of it for any result, and the flag that says which sources do.

    What is named for one use of it alone (`pgx.guidance.alternative_uses`) is left out: a label does not say the use.
    """
    table = kb.table("recommendations").select("drug", "source", "population", pl.col("alternatives").str.split(";"))
    rows = table.drop_nulls("alternatives").explode("alternatives").unique(maintain_order=True)
    found: dict[str, tuple[tuple[str, ...], Flag]] = {}
    for (drug,), own in rows.group_by(["drug"], maintain_order=True):
        namings = (Naming(source, use, False, (other,)) for source, use, other in own.select(_OF_NAMING).iter_rows())
        named = own.filter(~pl.col("alternatives").is_in(list(narrow(namings))))
        if not named.is_empty():
            sources = "+".join(sorted(set(named["source"])))
            found[str(drug)] = tuple(dict.fromkeys(named["alternatives"])), Flag(FlagCode.ALTERNATIVES_OF, sources)
    return found
