"""Which drugs act on the enzymes that carry another drug, and whether that raises or lowers it.

An interaction counts here if it is expected to change the drug's level about twofold or more: a strong inhibitor or
inducer on any enzyme that carries the drug, a moderate one where the drug is a sensitive substrate (FDA's classes:
a sensitive substrate rises fivefold with a strong inhibitor, and twofold or more with a moderate one). A pair of which
a label says that one raises or lowers the other counts too, whatever the classes say: metronidazole is a weak
inhibitor, and no dose of warfarin is right beside it that does not know of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import polars as pl

from pgx.knowledge.acting import PERHAPS, UNREAD, Acting
from pgx.knowledge.base import KnowledgeBase
from pgx.knowledge.drug_names import drug_names
from pgx.knowledge.overlays import LOCAL
from pgx.phenotypes.combinations import of_parts
from pgx.phenotypes.exposures import WITH, exposures, lately, pair_days, present_days
from pgx.types import ClinicalData

MARKED = (("strong", "sensitive"), ("strong", "moderate"), ("strong", "major"), ("moderate", "sensitive"))
"""Strengths of an agent and of a substrate that together change the level markedly."""

COLUMNS = {
    **dict.fromkeys(("sample", "drug", "agent", "enzyme", "strength", "role", "phase", "effect"), pl.String),
    "marked": pl.Boolean,
    "recall": pl.Boolean,
    "unverified": pl.Boolean,
    "named": pl.Boolean,
    "local": pl.String,
}
"""Columns of `acting_drugs`."""

PERSONS = 250
"""Persons looked at together: each has about a hundred rows, of which several copies are made."""

_RECALL = "recall"
_PAIR = ["drug", "agent", "enzyme", "role", "strengths", "confidence"]
"""What a row of ``label_interactions`` is about."""


def acting_drugs(clinical: ClinicalData | None, kb: KnowledgeBase, *, as_of: date | None = None) -> pl.DataFrame:
    """Return which drugs of each person's list act on which drug.

    Parameters
    ----------
    clinical
        The medication lists.
    kb
        Knowledge base; its ``substrates`` and ``interactions`` tables.
    as_of
        Day for which it holds; None = each person's own (`pgx.phenotypes.exposures.present_days`).

    Returns
    -------
    polars.DataFrame
        ``sample drug agent enzyme strength role phase effect marked recall unverified named local``, the strongest
        agent of a drug first. `drug` is any drug of the substrates table, whether it is taken or not, never the agent
        itself; `marked` says whether the interaction counts, `recall` whether it rests on a fact without a checked
        source, `named` whether a label speaks of the two.
        A pair that a label names without an enzyme has neither enzyme, strength nor role; its effect is what the label
        says of the level, or ``with``. A drug that an entry names which could not be read has the phase `UNREAD`.
    """
    if clinical is None:
        return pl.DataFrame(schema=COLUMNS)
    # Label limits and advice ask for the same people, block by block: as they are, with and without what is planned.
    return lately("last acting drugs", clinical, kb, as_of, _found)


def stopped_drugs(clinical: ClinicalData, kb: KnowledgeBase, *, as_of: date | None = None) -> pl.DataFrame:
    """Return drugs that were stopped nobody knows when and, were they still acting, would count for one of the list.

    Parameters
    ----------
    clinical, kb, as_of
        As for `acting_drugs`.

    Returns
    -------
    polars.DataFrame
        Rows of `acting_drugs` of drugs that are taken or planned; the phase says nothing.
    """
    of_unknown_end = clinical.medications.join(present_days(clinical, as_of), on="sample", how="left").filter(
        pl.col("status") == "stopped", pl.col("end").is_null() | pl.col("day").is_null()
    )
    if of_unknown_end.is_empty():
        return pl.DataFrame(schema=COLUMNS)
    as_taken = of_unknown_end.drop("day").with_columns(status=pl.lit("current"), end=pl.lit(None, pl.Date))
    found = _found(replace(clinical, medications=as_taken), kb, as_of)
    days = pair_days(kb)
    lasting = pl.struct("agent", "drug").is_in(
        pl.Series([{"agent": agent, "drug": drug} for agent, drug in days]).implode()
    )
    found = found.filter(pl.col("marked") | ((pl.col("enzyme") == "") & lasting))
    listed = clinical.medications.filter(pl.col("status") != "stopped").select("sample", "drug").unique()
    still_taken = listed.select("sample", agent="drug")
    return found.join(listed, on=["sample", "drug"], how="semi", maintain_order="left").join(
        still_taken, on=["sample", "agent"], how="anti", maintain_order="left"
    )


def perhaps_acting(clinical: ClinicalData | None, kb: KnowledgeBase, *, as_of: date | None = None) -> pl.DataFrame:
    """Return `stopped_drugs` in the phase of what may still act; nothing without clinical data."""
    if clinical is None:
        return pl.DataFrame(schema=COLUMNS)
    return stopped_drugs(clinical, kb, as_of=as_of).with_columns(phase=pl.lit(PERHAPS))


def _found(clinical: ClinicalData, kb: KnowledgeBase, as_of: date | None) -> pl.DataFrame:
    sure = acting_of_list(clinical, kb, as_of)
    unread = unread_drugs(clinical, kb)
    if unread.is_empty():
        return sure
    rows = unread.with_columns(status=pl.lit("current"), source=pl.lit(UNREAD))
    listed = pl.DataFrame(
        rows.select("sample", "drug", "status", "source").to_dicts(), schema=clinical.medications.schema
    )
    perhaps = acting_of_list(replace(clinical, medications=listed), kb, as_of)
    perhaps = perhaps.join(unread.select("sample", agent="drug"), on=["sample", "agent"], how="semi")
    return pl.concat([sure, perhaps.with_columns(phase=pl.lit(UNREAD))])


def unread_drugs(clinical: ClinicalData, kb: KnowledgeBase) -> pl.DataFrame:
    """Return ``sample drug`` of the drugs that an entry of the list names which could not be read: they may be taken.

    What is listed anyhow is left out.
    """
    names = drug_names(kb)
    told = clinical.observations.filter(pl.col("concept") == "medication_unread").select("sample", "code").unique()
    if told.is_empty():
        return told.rename({"code": "drug"})
    rows = [
        (sample, drug)
        for sample, code in told.sort("sample", "code").iter_rows()
        for drug in names.substances(names.find(str(code)).drugs or names.inside(str(code)))
    ]
    found = pl.DataFrame(rows, schema={"sample": pl.String, "drug": pl.String}, orient="row").unique(
        maintain_order=True
    )
    listed = clinical.medications.filter(pl.col("status") == "current").select("sample", "drug")
    return found.join(listed, on=["sample", "drug"], how="anti", maintain_order="left")


def acting_of_list(clinical: ClinicalData, kb: KnowledgeBase, as_of: date | None = None) -> pl.DataFrame:
    """Return `acting_drugs` of the medicines of a list that could be read, of no list that is asked again."""
    parts = [_by_enzyme(clinical, kb, as_of), _named_by_labels(clinical, kb, as_of)]
    whole = of_parts(clinical.medications, kb)
    if whole.height:
        parts.append(_of_combinations(clinical, whole, kb, as_of))
    return pl.concat(parts)


def _of_combinations(
    clinical: ClinicalData, whole: pl.DataFrame, kb: KnowledgeBase, as_of: date | None
) -> pl.DataFrame:
    """Return what labels say of combinations that are on the list part by part."""
    both = replace(clinical, medications=pl.concat([clinical.medications, whole]))
    acting = pl.concat([_by_enzyme(both, kb, as_of), _named_by_labels(both, kb, as_of)])
    told = kb.table("label_interactions").select("drug", listed=pl.col("agent").str.to_lowercase()).drop_nulls()
    of_whole = acting.join(whole.select("sample", agent="drug"), on=["sample", "agent"], how="semi")
    named = of_whole.with_columns(listed=pl.col("agent").str.to_lowercase())
    return named.join(told.unique(), on=["drug", "listed"], how="semi", maintain_order="left").select(list(COLUMNS))


def _by_enzyme(clinical: ClinicalData, kb: KnowledgeBase, as_of: date | None) -> pl.DataFrame:
    """Return what acts through an enzyme, in the order of the samples; memory does not grow with their number."""
    exposed = exposures(clinical, kb, as_of=as_of)
    people = exposed["sample"].unique().sort()
    some = (people[start : start + PERSONS].implode() for start in range(0, max(len(people), 1), PERSONS))
    return pl.concat(
        [_counted_by_labels(_through_enzymes(exposed.filter(pl.col("sample").is_in(who)), kb), kb) for who in some]
    )


def _through_enzymes(exposed: pl.DataFrame, kb: KnowledgeBase) -> pl.DataFrame:
    marked = pl.LazyFrame(MARKED, schema=["strength", "sensitivity"], orient="row").with_columns(marked=pl.lit(True))
    carried = (
        kb.table("substrates")
        .lazy()
        .select(
            "drug",
            "by",
            gene="enzyme",
            way="role",
            sensitivity="strength",
            recalled=pl.col("confidence") == _RECALL,
            own=LOCAL,
        )
    )
    raised = (pl.col("trigger") == "inhibitor") == (pl.col("way") == "clears")
    form = pl.when(pl.col("way") == "activates").then(pl.lit("_active_form")).otherwise(pl.lit(""))
    return (
        exposed.lazy()
        .filter(pl.col("trigger").is_in(["inhibitor", "inducer"]))
        .join(carried, on="gene")
        .join(marked, on=["strength", "sensitivity"], how="left")
        .filter(
            pl.col("agent").str.to_lowercase() != pl.col("drug"),
            pl.col("by").is_null() | (pl.col("by") == pl.col("trigger")),
        )
        .with_columns(
            enzyme="gene",
            role="trigger",
            effect=pl.when(raised).then(pl.lit("raises")).otherwise(pl.lit("lowers")) + form,
            marked=pl.col("marked").fill_null(False),
            recall=pl.col("recalled") | (pl.col("confidence") == _RECALL),
            unverified=pl.col("confidence") == _RECALL,
            named=pl.lit(False),
            local=pl.coalesce(LOCAL, "own"),
            rank=pl.col("strength").replace_strict({"strong": 0, "moderate": 1}, default=2),
        )
        .sort("sample", "drug", "rank", "enzyme", "agent", "phase")
        .select(list(COLUMNS))
        .collect()
    )


def _counted_by_labels(acting: pl.DataFrame, kb: KnowledgeBase) -> pl.DataFrame:
    """Let the pairs count that a label names, one by one or as a class of agents on an enzyme."""
    told = kb.remember("pairs that labels name", lambda: _named_with_enzyme(kb)).lazy()
    keys = ["drug", "enzyme", "role", "strength"]
    numbered = acting.lazy().with_row_index("_row").with_columns(listed=pl.col("agent").str.to_lowercase())
    by_name = numbered.join(told.filter(pl.col("listed").is_not_null()), on=[*keys, "listed"])
    by_class = numbered.join(told.filter(pl.col("listed").is_null()).drop("listed"), on=keys)
    rows = [one.select("_row", "told_by", "whose") for one in (by_name, by_class)]
    # A label that was read goes before one that is only remembered.
    best = pl.concat(rows).sort("_row", pl.col("told_by") == _RECALL).unique("_row", keep="first", maintain_order=True)
    joined = numbered.join(best, on="_row", how="left", maintain_order="left")
    only_label = ~pl.col("marked") & pl.col("told_by").is_not_null()
    counted = joined.with_columns(
        marked=pl.col("marked") | pl.col("told_by").is_not_null(),
        named=pl.col("told_by").is_not_null(),
        recall=pl.col("recall") | (only_label & (pl.col("told_by") == _RECALL)),
        local=pl.when(only_label).then(pl.coalesce("local", "whose")).otherwise("local"),
    )
    return _without_contradictions(counted.collect()).select(list(COLUMNS))


def _without_contradictions(counted: pl.DataFrame) -> pl.DataFrame:
    """Leave out what a drug does weakly, and no label says so, against what it does more strongly to the same drug.

    Efavirenz induces CYP2C19 and is a weak inhibitor of it in the test tube: a line that says both says nothing.
    """
    weak, raises = pl.col("strength") == "weak", pl.col("effect").str.starts_with("raises")
    pair = ["sample", "drug", "agent", "phase"]
    doubtful = counted.filter(weak, ~pl.col("named")).select("_row", *pair, raises=raises)
    if doubtful.is_empty():
        return counted
    opposite = counted.filter(~weak).select(*pair, raises=~raises)
    against = doubtful.join(opposite, on=[*pair, "raises"], how="semi").select("_row")
    return counted.join(against, on="_row", how="anti", maintain_order="left")


def _named_with_enzyme(kb: KnowledgeBase) -> pl.DataFrame:
    on_one = pl.col("enzyme").is_not_null() & pl.col("beside").is_null()
    # What a label says of some results of a gene alone is no interaction for everybody.
    on_one &= pl.col("phenotypes").is_null() | pl.col("phenotypes").str.contains("no_result")
    table = kb.table("label_interactions").filter(on_one).unique(_PAIR, maintain_order=True)
    told = table.select(
        "drug",
        "enzyme",
        "role",
        listed=pl.col("agent").str.to_lowercase(),
        strength=pl.col("strengths").str.split(";"),
        told_by=pl.col("confidence"),
        whose=LOCAL,
    )
    every = pl.lit(pl.Series([["strong", "moderate", "weak"]]))
    return told.with_columns(pl.col("strength").fill_null(every)).explode("strength")


def _named_by_labels(clinical: ClinicalData, kb: KnowledgeBase, as_of: date | None) -> pl.DataFrame:
    """Return the pairs of which a label speaks by name alone: of drugs taken now, planned, or still acting."""
    names = kb.remember("pairs that labels name alone", lambda: _named_alone(kb)).lazy()
    taken = clinical.medications.lazy().join(present_days(clinical, as_of).lazy(), on="sample", how="left")
    over = (pl.col("end") < pl.col("day")).fill_null(False)
    here = taken.filter(pl.col("status") != "stopped", ~over).select(
        "sample", agent="drug", phase="status", listed=pl.col("drug").str.to_lowercase()
    )
    gone = exposures(clinical, kb, as_of=as_of).lazy().filter(trigger=WITH)
    gone = gone.select("sample", "agent", "phase", listed=pl.col("agent").str.to_lowercase())
    nothing = dict.fromkeys(("enzyme", "strength", "role"), pl.lit(""))
    return (
        pl.concat([here, gone])
        .unique(maintain_order=True)
        .join(names, on="listed", maintain_order="left")
        .filter(pl.col("listed") != pl.col("drug").str.to_lowercase())
        .filter((pl.col("phase") != "washout") | pl.col("lasting"))
        .with_columns(
            **nothing,
            effect=pl.col("effect").fill_null("with"),
            marked=pl.col("effect").is_not_null(),
            recall=pl.col("effect").is_not_null() & pl.col("recalled"),
            unverified=pl.lit(False),
            named=pl.lit(True),
        )
        .sort("sample", "drug", "agent", "phase")
        .select(pl.col(name).cast(kind) for name, kind in COLUMNS.items())
        .collect()
    )


def _named_alone(kb: KnowledgeBase) -> pl.DataFrame:
    pairs = kb.table("label_interactions").filter(pl.col("enzyme").is_null())
    pairs = pairs.with_columns(listed=pl.col("agent").str.to_lowercase())
    days = pair_days(kb)
    lasting = [(agent, drug) in days for agent, drug in pairs.select("agent", "drug").iter_rows()]
    pairs = pairs.with_columns(lasting=pl.Series(lasting, dtype=pl.Boolean))
    return pairs.select(
        "drug",
        "effect",
        "listed",
        "lasting",
        recalled=pl.col("confidence") == _RECALL,
        local=LOCAL,
    ).unique(["drug", "listed", "effect"], keep="first", maintain_order=True)


def acting_of(row: Mapping[str, object]) -> Acting:
    """Return one row of `acting_drugs` as what can be said."""
    agent, enzyme, strength, role, phase, effect = (
        str(row[name]) for name in ("agent", "enzyme", "strength", "role", "phase", "effect")
    )
    return Acting(agent, enzyme, strength, role, phase, effect, unverified=bool(row["unverified"]))
