"""Published ratios of exposure, read from the fact tables, and what is estimated from them."""

from __future__ import annotations

import csv
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl

from pgx.errors import InputError
from pgx.io import write_bytes
from pgx.knowledge import KnowledgeBase, load
from pgx.models.exposure.estimation import Observation, as_table, fit, observations, priors
from pgx.models.exposure.leave_out import checks
from pgx.models.exposure.static_model import agent_classes
from pgx.paths import data_dir
from pgx.tables import tsv

_GENOTYPES, _PAIRS, _INTERACTIONS, _GROUPS = (
    "cyp2d6_genotype_auc_ratios.csv",
    "ddgi_cyp2d6_pred.csv",
    "osp_ddi_ratios.csv",
    "pkdb_cyp2c9_cyp3a5_group_auc.csv",
)
_OSP = "Open-Systems-Pharmacology Database-for-observed-data 27ba692"
_DDGI = "SRuedesh DDGI-CYP2D6 e670d11"
_PKDB = "PK-DB tables in matthiaskoenig models, CC BY-SA 4.0"
_DIGITS = 5
ROW = ("enzyme", "victim", "agent", "score", "ratio", "study", "source")
"""Columns of the table ``exposure_ratios``."""


def build(facts: Path, out: Path | None = None) -> dict[str, int]:
    """Write ``exposure_ratios.tsv`` from the fact tables, and from that what is estimated and how well it predicts.

    Parameters
    ----------
    facts
        Folder with the tables of published ratios.
    out
        Knowledge folder; None = the product's own.

    Returns
    -------
    dict
        Rows written a table.

    Raises
    ------
    InputError
        If a table is missing.
    """
    folder = out or data_dir() / "knowledge"
    kb = load()
    rows = sorted({*_genotypes(facts), *_pairs(facts), *_interactions(facts, kb), *_groups(facts, kb)})
    write_bytes(folder / "exposure_ratios.tsv", tsv(pl.DataFrame(rows, schema=_schema(), orient="row")).encode())
    made = estimate(load())
    write_bytes(folder / "exposure_estimates.tsv", tsv(made).encode())
    checked = pl.DataFrame(checks(load()))
    write_bytes(folder / "exposure_checks.tsv", tsv(checked).encode())
    return {"exposure_ratios": len(rows), "exposure_estimates": made.height, "exposure_checks": checked.height}


def estimate(kb: KnowledgeBase) -> pl.DataFrame:
    """Estimate every enzyme of the table ``exposure_ratios``; the columns are those of ``exposure_estimates``."""
    by_enzyme: defaultdict[str, list[Observation]] = defaultdict(list)
    for row in observations(kb):
        by_enzyme[row.enzyme].append(row)
    known, classes = priors(kb), agent_classes(kb)
    found = [one for _, rows in sorted(by_enzyme.items()) for one in fit(rows, known, classes)]
    return as_table(found).with_columns(pl.col("value", "error").round_sig_figs(_DIGITS))


Found = tuple[str, str, str, float, float, str, str]


def _schema() -> dict[str, type[pl.DataType]]:
    return {name: pl.Float64 if name in ("score", "ratio") else pl.String for name in ROW}


def _read(facts: Path, name: str) -> list[dict[str, str]]:
    path = facts / name
    if not path.is_file():
        raise InputError("no such table", file=path)
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _genotypes(facts: Path) -> Iterator[Found]:
    for row in _read(facts, _GENOTYPES):
        yield "CYP2D6", row["drug"], "", float(row["AS"]), float(row["ratio"]), f"{row['drug']} by genotype", _DDGI


def _pairs(facts: Path) -> Iterator[Found]:
    """Interactions of CYP2D6; the study is looked up in the larger table, by victim, agent and ratio."""
    larger = _read(facts, _INTERACTIONS)
    for row in _read(facts, _PAIRS):
        victim, agent, ratio = row["victim"].lower(), row["perpetrator"].lower(), float(row["obs"])
        studies = [
            one["Study ID"]
            for one in larger
            if one["AUCR Avg"]
            and math.isclose(float(one["AUCR Avg"]), ratio, abs_tol=1e-3)
            and one["Perpetrator"].lower() == agent
            and re.sub(r"^\(e\)-", "", one["Victim"].lower()) == victim
        ]
        if not studies:
            raise InputError(f"{victim} with {agent}, ratio {ratio}: no study", file=facts / _PAIRS)
        if (studies[0], victim) not in _BOTH_ARMS:
            yield "CYP2D6", victim, agent, float(row["AS"]), ratio, studies[0], _DDGI


_BOTH_ARMS = {("Schoedel 2012", "dextromethorphan")}
"""Studies in which another inhibitor was given in both arms."""
_OTHER_QUESTIONS = re.compile(
    r"@|week|day ?1\b|control|\b(2|5|10|25|75) ?mg|h before|h after|washout|discont", re.IGNORECASE
)
"""Groups with a small dose, before steady state or after the end, and those that compare genotypes."""
_COMMENT = "DDGI Ratios"


def _interactions(facts: Path, kb: KnowledgeBase) -> Iterator[Found]:
    """Interactions of drugs that one enzyme carries mainly (table ``exposure_probes``); a study counts once a pair."""
    probes: dict[str, str] = dict(
        kb.table("exposure_probes").filter(role="victim").select("name", "enzyme").iter_rows()
    )
    agents: dict[str, str] = dict(kb.table("exposure_probes").filter(role="agent").select("name", "drug").iter_rows())
    classes = agent_classes(kb)
    ratios: defaultdict[tuple[str, str, str, str], list[float]] = defaultdict(list)
    for row in _read(facts, _INTERACTIONS):
        victim, agent = row["Victim"].lower(), row["Perpetrator"].lower()
        agent, enzyme = agents.get(agent, agent), probes.get(victim, "")
        plain = row["Route Victim"] == "PO" and _COMMENT not in row["Comment"]
        if plain and (enzyme, agent) in classes and row["AUCR Avg"] and not _OTHER_QUESTIONS.search(row["Grouping"]):
            ratios[enzyme, victim, agent, row["Study ID"]].append(float(row["AUCR Avg"]))
    for (enzyme, victim, agent, study), found in ratios.items():
        yield enzyme, victim, agent, 2.0, _middle(found), study, _OSP


def _groups(facts: Path, kb: KnowledgeBase) -> Iterator[Found]:
    """Groups by CYP2C9 genotype: the mean AUC of the parent drug against that of *1/*1 in the same study."""
    from pgx.knowledge.rules.phenotypes import phenotype_of

    means: defaultdict[tuple[str, str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in _read(facts, _GROUPS):
        found = re.findall(r"cyp2c9 genotype nan (\*\d+/\*\d+)", row["genotype"])
        if len(found) == 1 and row["substance"] == row["drug"] and row["study"] not in _MISLABELLED and row["mean"]:
            means[row["drug"], row["study"], row["what"]][found[0]].append(float(row["mean"]))
    ratios: defaultdict[tuple[str, str, float], list[float]] = defaultdict(list)
    for (drug, study, _), groups in means.items():
        for genotype, values in groups.items():
            one, two = genotype.split("/")
            score = phenotype_of(kb, "CYP2C9", "CPIC", [one], [two]).activity_score
            if genotype != "*1/*1" and "*1/*1" in groups and score is not None:
                ratios[drug, study, score].append(_middle(values) / _middle(groups["*1/*1"]))
    for (drug, study, score), found in ratios.items():
        yield "CYP2C9", drug, "", score, _middle(found), study, _PKDB


_MISLABELLED = {"Huang2021"}
"""Studies whose groups are labelled in two ways that contradict each other."""


def _middle(values: Iterable[float]) -> float:
    """Return the geometric mean, to five digits."""
    logs = [math.log(value) for value in values]
    return float(f"{math.exp(sum(logs) / len(logs)):.{_DIGITS}g}")
