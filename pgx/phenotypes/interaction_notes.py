"""What a reader should know of phenoconversion: what was converted and why, which drugs of a list act on each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import date
from typing import cast

import polars as pl

from pgx.codes import NoteCode, Severity
from pgx.knowledge import KnowledgeBase
from pgx.knowledge.acting import EFFECTS, PHASES, PLANNED, UNREAD, UNVERIFIED
from pgx.knowledge.tables.declared import SCHEMES
from pgx.notes import Note, frame_of
from pgx.phenotypes.absent_enzymes import weakened
from pgx.phenotypes.exposures import exposures
from pgx.phenotypes.phenoconversion import LOCAL_RULE, Converter, converter
from pgx.phenotypes.substrates import acting_drugs
from pgx.phenotypes.washout_notes import note, washout_notes
from pgx.types import ClinicalData

_STRONG = {"strong": 2, "moderate": 1}
_DOES = {
    "inhibitor": "inhibits",
    "inducer": "induces",
    "smoking": "induces",
    "inflammation": "lowers",
}

Row = dict[str, object]


def notes(
    phenotypes: pl.DataFrame, clinical: ClinicalData | None, kb: KnowledgeBase, *, as_of: date | None = None
) -> pl.DataFrame:
    """Say what interacting drugs and exposures do to each person's enzymes and to the other drugs on the list.

    Parameters
    ----------
    phenotypes
        `schema.PHENOTYPES` of `assign`.
    clinical
        The clinical data that `assign` had.
    kb
        Knowledge base.
    as_of
        Day for which it holds; None = each person's own (`pgx.phenotypes.exposures.present_days`).

    Returns
    -------
    polars.DataFrame
        `schema.NOTES` with the codes

        * ``phenoconverted``: an enzyme acts otherwise than its genes say; names agents, rules and confidence;
        * ``drug_drug_gene``: a drug on the list acts on the enzyme that another one of the list depends on;
        * ``planned_interaction``: the same once a planned drug is started;
        * ``drug_level``, ``planned_drug_level``: likewise, by an enzyme that no guideline on the other drug looks at;
        * ``acts_on_others``: the same told from the drug that acts: which drugs of the list depend on the enzyme, and
          how it would act without this drug;
        * ``drug_exposure``: smoke or inflammation acts on an enzyme that a drug of the list is known to depend on, and
          no conversion of its phenotype is agreed;
        * ``enzyme_exposure``: something acts on an enzyme for which no conversion of the phenotype is agreed;
        * ``local_knowledge``: which genes and drugs rest on a site's own tables;
        * ``opposing_interactions``: an enzyme is inhibited and induced at once;
        * ``washout_unknown``: an interacting drug was stopped, nobody says when; said of it, and of each drug of the
          list on which it would act.
    """
    local = list(_overlays(kb))
    if clinical is None:
        return frame_of(local)
    acting = exposures(clinical, kb, as_of=as_of).filter(pl.col("strength").is_in(list(_STRONG)))
    phenotypes = phenotypes.join(acting.select("sample", "gene").unique(), on=["sample", "gene"], how="semi")
    genetic = _genetic(phenotypes)
    absent = weakened(phenotypes, kb).absent
    levels = _levels(acting_drugs(clinical, kb, as_of=as_of), clinical, kb, absent)
    rows = [
        *local,
        *_per_enzyme(acting, phenotypes, kb),
        *_level_lines(levels),
        *_pairs(acting, clinical, genetic, absent, kb),
        *_agents_lines(acting, clinical, genetic, levels, absent, kb),
        *_conditions_of_drugs(acting, clinical, set(genetic), kb),
        *washout_notes(clinical, kb, as_of),
    ]
    return frame_of(rows)


def _overlays(kb: KnowledgeBase) -> Iterator[Note]:
    for kind, overlays in (("genes", kb.local_genes), ("drugs", kb.local_drugs)):
        if overlays:
            listed = ", ".join(f"{name} ({overlay})" for name, overlay in overlays.items())
            yield note(
                None, Severity.INFO, NoteCode.LOCAL_KNOWLEDGE, f"{kind} that rest on local knowledge: {listed}", kind
            )


def _genetic(phenotypes: pl.DataFrame) -> dict[tuple[str, str], Row]:
    """Most probable row of each person and gene, CPIC's where there is one."""
    most_probable: dict[tuple[str, str], Row] = {}
    order = {scheme: rank for rank, scheme in enumerate(SCHEMES)}
    ranked = phenotypes.sort(
        pl.col("scheme").replace_strict(order, return_dtype=pl.Int64), -pl.col("probability"), maintain_order=True
    )
    for row in ranked.iter_rows(named=True):
        most_probable.setdefault((row["sample"], row["gene"]), row)
    return most_probable


def _agent_list(rows: list[Row]) -> str:
    """``paroxetine (strong inhibitor), smoking``."""
    texts = []
    current = [(row["agent"], row["trigger"], row["strength"]) for row in rows if row["phase"] != PLANNED]
    for row in rows:
        if row["phase"] == PLANNED and (row["agent"], row["trigger"], row["strength"]) in current:
            continue
        if row["trigger"] in ("inhibitor", "inducer"):
            tail = PHASES.get(str(row["phase"]), "")
            origin = f", local {row['local']}" if row["local"] else ""
            texts.append(f"{row['agent']} ({row['strength']} {row['trigger']}{_doubt(row)}{tail}{origin})")
        else:
            texts.append(f"{row['trigger']} ({row['agent']})")
    return ", ".join(dict.fromkeys(texts))


def _doubt(row: Row) -> str:
    """Say that no list confirms the strength of what acts; a row of pairs says so itself, one of exposures by its
    confidence."""
    return f", {UNVERIFIED}" if row.get("unverified", row.get("confidence") == "recall") else ""


def _strength(row: Row) -> str:
    """``strong``, ``strong, unverified`` or ``strong, local ward7``."""
    return f"{row['strength']}{_doubt(row)}" + (f", local {row['local']}" if row["local"] else "")


def _per_enzyme(acting: pl.DataFrame, phenotypes: pl.DataFrame, kb: KnowledgeBase) -> Iterator[Note]:
    converted: dict[tuple[str, str], Row] = {}
    for row in phenotypes.filter(pl.col("conversion").list.len() > 0).iter_rows(named=True):
        converted.setdefault((row["sample"], row["gene"]), row)
    called = set(phenotypes.select("sample", "gene").unique().iter_rows())
    engine = converter(kb)
    by_enzyme: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in acting.filter(pl.col("phase") != PLANNED).iter_rows(named=True):
        by_enzyme[row["sample"], row["gene"]].append(row)
    for key, agents_here in by_enzyme.items():
        sample, gene = key
        names = _agent_list(agents_here)
        if key in converted:
            yield note(*_conversion(key, agents_here, converted[key], engine))
        elif key not in called or not engine.has_effect(gene, agents_here):
            message = f"{names} acts on {gene}; its phenotype is not converted"
            yield note(sample, Severity.INFO, NoteCode.ENZYME_EXPOSURE, message, gene)
        kinds = {agent["trigger"] for agent in agents_here}
        if "inhibitor" in kinds and kinds & {"inducer", "smoking"}:
            message = (
                f"{gene} is inhibited and induced at once ({names}): the inhibition is counted, the sum is not known"
            )
            yield note(sample, Severity.WARNING, NoteCode.OPPOSING_INTERACTIONS, message, gene)


def _conversion(
    key: tuple[str, str], agents_here: list[Row], row: Row, engine: Converter
) -> tuple[str, str, str, str, str]:
    rules = list(cast(list[str], row["conversion"]))
    recall = engine.rests_on_recall(rules) or any(agent["confidence"] == "recall" for agent in agents_here)
    after = f"{row['clinical_phenotype']}{_score(row['clinical_activity_score'])}"
    before = f"{row['phenotype']}{_score(row['activity_score'])}"
    tail = ", not checked against a source" if recall else ""
    # The marks behind the rules are for programs; the agents are named with theirs.
    applied = ", ".join(rule for rule in rules if not rule.startswith(LOCAL_RULE))
    message = (
        f"{key[1]} acts as {after}, the genes alone say {before}: {_agent_list(agents_here)}; rule {applied}{tail}"
    )
    return key[0], Severity.WARNING, NoteCode.PHENOCONVERTED, message, key[1]


def _score(score: object) -> str:
    return f" (activity score {score:g})" if isinstance(score, float) else ""


def _victims(kb: KnowledgeBase) -> dict[str, tuple[str, ...]]:
    """Drug -> genes that its recommendations look at."""

    def make() -> dict[str, tuple[str, ...]]:
        drugs = kb.table("recommendations").select("rec_id", "drug")
        genes_of: dict[str, set[str]] = defaultdict(set)
        for drug, gene in (
            kb.table("recommendation_conditions").join(drugs, on="rec_id").select("drug", "gene").iter_rows()
        ):
            genes_of[drug].add(gene)
        return {drug: tuple(sorted(genes)) for drug, genes in genes_of.items()}

    return kb.remember("genes of drugs", make)


def _levels(
    acting: pl.DataFrame, clinical: ClinicalData, kb: KnowledgeBase, absent: Collection[tuple[str, str]]
) -> pl.DataFrame:
    """Drugs of a list that act on an enzyme which carries another one, where no guideline looks at that enzyme.

    What acts on an enzyme that does nothing in the person changes no level, unless a label says that it lowers it.
    """
    listed = clinical.medications.filter(pl.col("status") != "stopped").select("sample", "drug", "status").unique()
    looked_at = [(drug, gene) for drug, genes in _victims(kb).items() for gene in genes]
    advised = pl.DataFrame(looked_at, schema={"drug": pl.String, "enzyme": pl.String}, orient="row")
    read = acting.filter("marked", pl.col("enzyme") != "", pl.col("phase") != UNREAD)
    idle = pl.DataFrame(sorted(absent), schema={"sample": pl.String, "enzyme": pl.String}, orient="row")
    warned = pl.col("named") & (pl.col("role") == "inducer")
    placed = read.join(idle.with_columns(idle=True), on=["sample", "enzyme"], how="left", maintain_order="left")
    counted = placed.filter(warned | pl.col("idle").is_null()).drop("idle")
    marked = counted.join(advised, on=["drug", "enzyme"], how="anti", maintain_order="left")
    return marked.join(listed, on=["sample", "drug"], maintain_order="left")


def _level_lines(levels: pl.DataFrame) -> Iterator[Note]:
    for row in levels.iter_rows(named=True):
        planned = PLANNED in (row["status"], row["phase"])
        cause = (
            f"{row['agent']} {_DOES[row['role']]} {row['enzyme']} ({_strength(row)}), on which {row['drug']} depends"
        )
        effect = f"it {EFFECTS[row['effect']]} {row['drug']}"
        code = NoteCode.PLANNED_DRUG_LEVEL if planned else NoteCode.DRUG_LEVEL
        yield note(row["sample"], Severity.WARNING, code, f"{cause}: {effect}", row["drug"])


def _pairs(
    acting: pl.DataFrame,
    clinical: ClinicalData,
    genetic: dict[tuple[str, str], Row],
    absent: Collection[tuple[str, str]],
    kb: KnowledgeBase,
) -> Iterator[Note]:
    victims = _victims(kb)
    by_person: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in acting.filter(pl.col("trigger").is_in(["inhibitor", "inducer"])).iter_rows(named=True):
        by_person[row["sample"], row["gene"]].append(row)
    if not by_person:
        return
    people = {sample for sample, _ in by_person}
    listed = clinical.medications.filter(pl.col("status") != "stopped", pl.col("sample").is_in(sorted(people)))
    for sample, drug, status in listed.select("sample", "drug", "status").unique(maintain_order=True).iter_rows():
        for gene in victims.get(drug, ()):
            other_agents = [row for row in by_person.get((sample, gene), []) if row["agent"] != drug]
            for planned in (False, True):
                at_that_time = [row for row in other_agents if (PLANNED in (status, row["phase"])) is planned]
                if at_that_time:
                    code = NoteCode.PLANNED_INTERACTION if planned else NoteCode.DRUG_DRUG_GENE
                    # What is planned adds to what acts already: alone it could say the opposite of both.
                    together = other_agents if planned else at_that_time
                    idle = (sample, gene) in absent
                    message = _sentence(drug, gene, together, genetic.get((sample, gene)), kb, idle=idle)
                    yield note(sample, Severity.WARNING, code, message, drug)


def _agents_lines(
    acting: pl.DataFrame,
    clinical: ClinicalData,
    genetic: dict[tuple[str, str], Row],
    levels: pl.DataFrame,
    absent: Collection[tuple[str, str]],
    kb: KnowledgeBase,
) -> Iterator[Note]:
    """Tell each acting drug which others depend on the enzyme, and how the enzyme would act without it.

    It is not told of an enzyme that does nothing in the person: nothing acts through that.
    """
    by_gene: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for agent in acting.iter_rows(named=True):
        by_gene[agent["sample"], agent["gene"]].append(agent)
    if not by_gene:
        return
    medicines = (
        clinical.medications.filter(pl.col("status") != "stopped").select("sample", "drug").unique().sort("drug")
    )
    victims, listed = _victims(kb), defaultdict(list)
    for sample, drug in medicines.iter_rows():
        listed[sample].append(drug)
    carried = set(levels.select("sample", "drug", "agent", "enzyme").iter_rows())
    for (sample, gene), agents in by_gene.items():
        works = (sample, gene) not in absent
        depending = [drug for drug in listed[sample] if works and gene in victims.get(drug, ())]
        for agent in agents:
            by_level = [drug for drug in listed[sample] if (sample, drug, agent["agent"], gene) in carried]
            dependents = [drug for drug in sorted({*depending, *by_level}) if drug != agent["agent"]]
            if agent["trigger"] in ("inhibitor", "inducer") and dependents:
                planned = ", once it is started," if agent["phase"] == PLANNED else ""
                start = f"{agent['agent']}{planned} {_DOES[str(agent['trigger'])]} {gene} ({_strength(agent)})"
                text = f"{start}, on which {', '.join(dependents)} depend{'s' if len(dependents) == 1 else ''}"
                # What a drug does to itself its own advice has counted.
                counted = [other for other in agents if [other["agent"]] != dependents]
                without = _without(gene, agent, counted, genetic.get((sample, gene)), kb) if depending else ""
                yield note(sample, Severity.WARNING, NoteCode.ACTS_ON_OTHERS, f"{text}{without}", str(agent["agent"]))


def _without(gene: str, agent: Row, agents: list[Row], genetic: Row | None, kb: KnowledgeBase) -> str:
    """Return how the enzyme would act if `agent` were not taken, the other agents on it staying."""
    if genetic is None:
        return f"; {gene} is not called"
    if agent["phase"] == PLANNED:
        return ""
    engine = converter(kb)
    before = gene, str(genetic["scheme"]), str(genetic["phenotype"]), genetic["activity_score"]

    def acts(agents_here: list[Row]) -> tuple[str, object]:
        triggers = {f"{other['trigger']}:{other['strength']}" for other in agents_here if other["phase"] != PLANNED}
        conversion = engine.apply(*before, ";".join(sorted(triggers))) if triggers else None
        return (conversion.phenotype, conversion.score) if conversion else (before[2], before[3])

    with_it, remaining = acts(agents), [other for other in agents if other["agent"] != agent["agent"]]
    without_it = acts(remaining)
    if without_it[0] != with_it[0]:
        return f"; without {agent['agent']}, {gene} would act as {without_it[0]}{_score(without_it[1])}"
    if without_it != with_it:
        return f"; the phenotype is {with_it[0]} with or without it{_other_score(with_it[1], without_it[1])}"
    if acts([]) != with_it:
        verb = "acts" if len(remaining) == 1 else "act"
        return f"; without {agent['agent']} it would act the same, as {_agent_list(remaining)} {verb} on it too"
    return f"; the phenotype is {with_it[0]}{_score(with_it[1])} with or without it"


def _other_score(with_it: object, without_it: object) -> str:
    """Return that a score differs where the phenotype does not; empty where one of the two is not known."""
    both_known = isinstance(with_it, float) and isinstance(without_it, float)
    return f" (activity score {with_it:g}, without it {without_it:g})" if both_known else ""


def _paired(kb: KnowledgeBase) -> dict[str, set[str]]:
    """Gene -> drugs with which a guideline body has paired it, with or without a recommendation today."""

    def make() -> dict[str, set[str]]:
        table = kb.table("pairs").filter((pl.col("dpwg") != "n") | pl.col("cpic_level").is_in(["A", "B"]))
        return {str(gene): set(part["drug"]) for (gene,), part in table.partition_by("gene", as_dict=True).items()}

    return kb.remember("drugs paired with genes", make)


def _conditions_of_drugs(
    acting: pl.DataFrame, clinical: ClinicalData, called: set[tuple[str, str]], kb: KnowledgeBase
) -> Iterator[Note]:
    engine, paired = converter(kb), _paired(kb)
    listed = clinical.medications.filter(pl.col("status") != "stopped").select("sample", "drug").unique().sort("drug")
    drugs: dict[str, list[str]] = defaultdict(list)
    for sample, drug in listed.iter_rows():
        drugs[sample].append(drug)
    rank = pl.col("strength").replace_strict(_STRONG, return_dtype=pl.Int64)
    conditions = (
        acting.filter(~pl.col("trigger").is_in(["inhibitor", "inducer"]))
        .sort(rank, descending=True, maintain_order=True)
        .unique(["sample", "gene", "trigger", "agent"], keep="first", maintain_order=True)
    )
    for row in conditions.iter_rows(named=True):
        if (row["sample"], row["gene"]) in called and engine.has_effect(row["gene"], [row]):
            continue  # the converted phenotype is said already
        does = f"{row['trigger']} ({row['agent']}) {_DOES[row['trigger']]} {row['gene']} ({row['strength']})"
        for drug in drugs[row["sample"]]:
            if drug in paired.get(row["gene"], ()):
                yield note(
                    row["sample"],
                    Severity.WARNING,
                    NoteCode.DRUG_EXPOSURE,
                    f"{does}, which clears {drug}: its level changes when that begins or ends; the phenotype is not "
                    "converted",
                    drug,
                )


def _sentence(
    drug: str, gene: str, acting: list[Row], genetic: Row | None, kb: KnowledgeBase, *, idle: bool = False
) -> str:
    if len({row["agent"] for row in acting}) == 1:
        does = f"{acting[0]['agent']} {_DOES[str(acting[0]['trigger'])]} {gene} ({_strength(acting[0])})"
        start = f"{does}, on which {drug} depends"
    else:
        start = f"{_agent_list(acting)} act on {gene}, on which {drug} depends"
    if genetic is None:
        return f"{start}; {gene} is not called"
    if idle:
        return f"{start}; {gene} does nothing in this person, so that nothing changes through it"
    after = converter(kb).apply(
        gene,
        str(genetic["scheme"]),
        str(genetic["phenotype"]),
        genetic["activity_score"],
        ";".join(sorted({f"{row['trigger']}:{row['strength']}" for row in acting})),
    )
    if not after.rules or after.phenotype == genetic["phenotype"]:
        return f"{start}; the phenotype stays {genetic['phenotype']} by the rules"
    return f"{start}: {genetic['phenotype']} acts as {after.phenotype} (rule {';'.join(after.rules)})"
