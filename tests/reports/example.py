"""A result built by hand from real knowledge rows: one person with something of everything that a report must show."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any

import polars as pl

from pgx import knowledge, schema
from pgx.knowledge.sentences import compose
from pgx.types import Result
from tests.listed import from_text

SAMPLE = "NA00001"

CALLS: list[dict[str, Any]] = [
    {
        "gene": "CYP2C19",
        "diplotype": "*2/*2",
        "probability": 0.998,
        "phenotype": "Poor Metabolizer",
        "clinical_phenotype": "Poor Metabolizer",
        "allele1": "*2",
        "allele2": "*2",
        "function1": "No function",
        "function2": "No function",
        "status": "called",
        "alternatives": "*2/*35=0.002",
        "positions_called": 36,
        "positions_total": 38,
        "flags": "positions_missing",
        "source": "genotypes",
    },
    {
        "gene": "CYP2D6",
        "diplotype": "*4/*4",
        "probability": 0.91,
        "phenotype": "Poor Metabolizer",
        "activity_score": 0.0,
        "clinical_phenotype": "Poor Metabolizer",
        "clinical_activity_score": 0.0,
        "allele1": "*4",
        "allele2": "*4",
        "function1": "No function",
        "function2": "No function",
        "status": "called",
        "alternatives": "*4/*4.013=0.05;*4/*68=0.04",
        "positions_called": 131,
        "positions_total": 158,
        "flags": "no_copy_number;positions_missing",
        "source": "genotypes",
    },
    {
        "gene": "CYP2C9",
        "diplotype": "*1/*3",
        "probability": 0.999,
        "phenotype": "Intermediate Metabolizer",
        "activity_score": 1.0,
        "clinical_phenotype": "Poor Metabolizer",
        "clinical_activity_score": 0.5,
        "allele1": "*1",
        "allele2": "*3",
        "function1": "Normal function",
        "function2": "No function",
        "status": "called",
        "positions_called": 89,
        "positions_total": 89,
        "flags": "phenoconverted",
        "source": "genotypes",
    },
    {
        "gene": "VKORC1",
        "diplotype": "rs9923231 variant (T)/rs9923231 variant (T)",
        "probability": 1.0,
        "phenotype": "-1639 AA",
        "clinical_phenotype": "-1639 AA",
        "allele1": "rs9923231 variant (T)",
        "allele2": "rs9923231 variant (T)",
        "status": "called",
        "positions_called": 1,
        "positions_total": 1,
        "source": "genotypes",
    },
    {
        "gene": "TPMT",
        "diplotype": "*1/*3A",
        "probability": 0.62,
        "phenotype": "Intermediate Metabolizer",
        "clinical_phenotype": "Intermediate Metabolizer",
        "allele1": "*1",
        "allele2": "*3A",
        "function1": "Normal function",
        "function2": "No function",
        "status": "ambiguous",
        "alternatives": "*3B/*3C=0.38",
        "positions_called": 43,
        "positions_total": 43,
        "flags": "phase_unknown",
        "source": "genotypes",
    },
    {
        "gene": "NUDT15",
        "diplotype": "*1/*1",
        "probability": 0.997,
        "phenotype": "Normal Metabolizer",
        "clinical_phenotype": "Normal Metabolizer",
        "allele1": "*1",
        "allele2": "*1",
        "function1": "Normal function",
        "function2": "Normal function",
        "status": "called",
        "positions_called": 20,
        "positions_total": 20,
        "source": "genotypes",
    },
    {
        "gene": "SLCO1B1",
        "diplotype": "*1/*15",
        "probability": 0.97,
        "phenotype": "Decreased Function",
        "clinical_phenotype": "Decreased Function",
        "allele1": "*1",
        "allele2": "*15",
        "function1": "Normal function",
        "function2": "No function",
        "status": "called",
        "alternatives": "*5/*37=0.03",
        "positions_called": 35,
        "positions_total": 36,
        "flags": "positions_missing",
        "source": "genotypes",
    },
    {"gene": "HLA-B", "status": "not_called", "positions_called": 0, "positions_total": None, "source": "genotypes"},
    {
        "gene": "G6PD",
        "status": "not_called",
        "positions_called": 3,
        "positions_total": 217,
        "flags": "positions_missing",
        "source": "genotypes",
    },
    {
        "gene": "CYP3A5",
        "diplotype": "*3/*3",
        "probability": 1.0,
        "phenotype": "Poor Metabolizer",
        "clinical_phenotype": "Poor Metabolizer",
        "allele1": "*3",
        "allele2": "*3",
        "function1": "No function",
        "function2": "No function",
        "status": "outside",
        "source": "outside:pharmcat",
    },
]

PHENOTYPES: list[dict[str, Any]] = [
    {"gene": "CYP2C19", "phenotype": "Poor Metabolizer", "probability": 1.0},
    {"gene": "CYP2C19", "scheme": "DPWG", "phenotype": "Poor Metabolizer", "probability": 1.0},
    {"gene": "CYP2D6", "phenotype": "Poor Metabolizer", "activity_score": 0.0, "probability": 0.96},
    {"gene": "CYP2D6", "phenotype": "Intermediate Metabolizer", "activity_score": 0.5, "probability": 0.04},
    {"gene": "CYP2D6", "scheme": "DPWG", "phenotype": "Poor Metabolizer", "activity_score": 0.0, "probability": 0.96},
    {
        "gene": "CYP2D6",
        "scheme": "DPWG",
        "phenotype": "Intermediate Metabolizer",
        "activity_score": 0.5,
        "probability": 0.04,
    },
    {
        "gene": "CYP2C9",
        "phenotype": "Intermediate Metabolizer",
        "clinical_phenotype": "Poor Metabolizer",
        "activity_score": 1.0,
        "clinical_activity_score": 0.5,
        "probability": 1.0,
        "conversion": "PC-005",
    },
    {"gene": "VKORC1", "phenotype": "-1639 AA", "probability": 1.0},
    {"gene": "TPMT", "phenotype": "Intermediate Metabolizer", "probability": 0.62},
    {"gene": "TPMT", "phenotype": "Poor Metabolizer", "probability": 0.38},
    {"gene": "NUDT15", "phenotype": "Normal Metabolizer", "probability": 1.0},
    {"gene": "SLCO1B1", "phenotype": "Decreased Function", "probability": 1.0},
    {"gene": "CYP3A5", "phenotype": "Poor Metabolizer", "probability": 1.0},
]

# drug, rec_id of the knowledge, urgency, applies, probability, flags
GUIDANCE: list[tuple[str, str, str, str, float, str | None]] = [
    ("clopidogrel", "CPIC-0253", "avoid", "yes", 1.0, "sources_differ"),
    ("clopidogrel", "DPWG-1216", "avoid", "if_population", 1.0, "sources_differ"),
    ("clopidogrel", "DPWG-1217", "monitor", "if_population", 1.0, "sources_differ"),
    ("clopidogrel", "FDA-1502", "avoid", "yes", 1.0, "sources_differ"),
    ("codeine", "CPIC-0265", "avoid", "yes", 0.96, None),
    ("warfarin", "CPIC-1143", "change_dose", "yes", 1.0, "phenoconverted;recall"),
    ("warfarin", "CPIC-1142", "change_dose", "if_population", 1.0, "phenoconverted;recall"),
    ("simvastatin", "CPIC-0907", "avoid", "yes", 1.0, None),
    ("azathioprine", "tpmt_im", "change_dose", "yes", 0.62, "genotype_uncertain"),
    ("azathioprine", "tpmt_pm", "avoid", "possible", 0.38, "genotype_uncertain"),
]

SCORES: list[dict[str, Any]] = [
    {
        "drug": "warfarin",
        "endpoint": "warfarin.dose",
        "kind": "dose",
        "estimate": 16.4,
        "low": 11.2,
        "high": 23.9,
        "level": 0.9,
        "unit": "mg/week",
        "reference": 31.0,
        "category": "low",
        "evidence": "patients:n=5052",
        "model": "warfarin.dose 1.0.0 3fa9c1d2",
        "factors": "gene.vkorc1.diplotype=-8.1;gene.cyp2c9.activity_score=-4.2;clinical.age=-2.6;clinical.weight=0.7;"
        "medication.amiodarone=-0.4",
        "usable": True,
        "flags": "out_of_range:clinical.age",
    },
    {
        "drug": "simvastatin",
        "endpoint": "simvastatin.myopathy",
        "kind": "adverse_effect",
        "estimate": 0.027,
        "low": 0.011,
        "high": 0.061,
        "level": 0.9,
        "unit": "probability",
        "reference": 0.009,
        "category": "high",
        "evidence": "literature only",
        "model": "literature 2026.11 8c01aa42",
        "factors": "gene.slco1b1.phenotype=1.1;clinical.age=0.25;lab.egfr=0.1",
        "usable": True,
    },
    {
        "drug": "clopidogrel",
        "endpoint": "clopidogrel.response",
        "kind": "response",
        "category": "refused",
        "evidence": "literature only",
        "model": "literature 2026.11 8c01aa42",
        "usable": False,
        "flags": "refused:no baseline",
    },
]

CLINICAL: list[dict[str, Any]] = [
    {"concept": "age", "value": 93.0, "unit": "a", "source": "history.csv line 2", "origin": "given"},
    {
        "concept": "weight",
        "value": 71.0,
        "unit": "kg",
        "date": date(2026, 3, 2),
        "source": "history.csv line 2",
        "origin": "given",
    },
    {"concept": "smoking_status", "code": "never", "source": "history.csv line 2", "origin": "given"},
    {
        "concept": "egfr",
        "value": 51.0,
        "unit": "mL/min/{1.73_m2}",
        "source": "history.csv line 2",
        "origin": "derived:CKD-EPI 2021",
    },
]

MEDICATIONS: list[dict[str, Any]] = [
    {"drug": "clopidogrel", "status": "planned", "as_written": "Plavix", "source": "history.csv line 3"},
    {
        "drug": "warfarin",
        "status": "current",
        "start": date(2026, 3, 2),
        "dose_mg_per_day": 5.0,
        "as_written": "warfarin",
        "source": "history.csv line 4",
    },
    {"drug": "fluconazole", "status": "current", "as_written": "fluconazole", "source": "history.csv line 5"},
    {
        "drug": "codeine",
        "status": "stopped",
        "end": date(2025, 1, 9),
        "as_written": "codeine",
        "source": "history.csv line 6",
    },
]

NOTES: list[dict[str, Any]] = [
    {
        "sample": SAMPLE,
        "stage": "variants",
        "severity": "info",
        "code": "build",
        "message": "The file is on GRCh38 (contig lengths).",
        "where": "person.vcf.gz",
    },
    {
        "sample": SAMPLE,
        "stage": "calling",
        "severity": "warning",
        "code": "no_copy_number",
        "message": "CYP2D6 copy number cannot be read from this file.",
        "subject": "CYP2D6",
        "where": "CYP2D6",
    },
]

PROVENANCE: dict[str, object] = {
    "program": "0.1.0",
    "knowledge": {"version": "2026.11.1", "sha256": "9d" * 32},
    "models": {"warfarin.dose": "1.0.0 3fa9c1d2"},
    "build": "GRCh38",
    "inputs": [
        {"name": "person.vcf.gz", "sha256": "4e" * 32, "samples": "1"},
        {"name": "history.csv", "sha256": "77" * 32},
    ],
    "options": {"absent_is_reference": False},
}


@lru_cache(maxsize=1)
def _knowledge() -> tuple[dict[str, dict[str, Any]], dict[str, list[dict[str, Any]]]]:
    kb = knowledge.load()
    rows = {row["rec_id"]: row for row in kb.table("recommendations").iter_rows(named=True)}
    conditions: dict[str, list[dict[str, Any]]] = {}
    for row in kb.table("recommendation_conditions").iter_rows(named=True):
        conditions.setdefault(row["rec_id"], []).append(row)
    return rows, conditions


def _find(drug: str, tpmt: str) -> str:
    """rec_id of the thiopurine row for one TPMT phenotype with a normal NUDT15."""
    rows, conditions = _knowledge()
    for rec_id, row in rows.items():
        wanted = {(c["gene"], c["value"]) for c in conditions.get(rec_id, [])}
        if (
            row["drug"] == drug
            and row["source"] == "CPIC"
            and wanted == {("TPMT", tpmt), ("NUDT15", "Normal Metabolizer")}
        ):
            return rec_id
    raise AssertionError(f"no {drug} row for TPMT {tpmt}")


def guidance_row(
    drug: str, rec_id: str, urgency: str, applies: str, probability: float, flags: str | None
) -> dict[str, Any]:
    """One guidance row from the knowledge row `rec_id`."""
    short = {"tpmt_im": "Intermediate Metabolizer", "tpmt_pm": "Poor Metabolizer"}
    rec_id = _find(drug, short[rec_id]) if rec_id in short else rec_id
    rows, conditions = _knowledge()
    row, found = rows[rec_id], conditions[rec_id]
    assert row["drug"] == drug
    low, high = row["dose_min_pct"], row["dose_max_pct"]
    dose = None if low is None else f"{low:g}" if low == high else f"{low:g}..{high:g}"
    return {
        "drug": drug,
        "source": row["source"],
        "guideline": rec_id,
        "genes": ";".join(dict.fromkeys(c["gene"] for c in found)),
        "phenotypes": ";".join(f"{c['gene']}={c['value'] or c['score_min']}" for c in found),
        "population": row["population"],
        "action": row["action"],
        "dose_change": dose,
        "strength": row["strength"],
        "implication": ";".join(f"{c['gene']}={c['implication']}" for c in found if c["implication"]) or None,
        "recommendation": compose(row),
        "alternatives": row["alternatives"],
        "monitoring": row["monitoring"],
        "url": row["url"],
        "probability": probability,
        "applies": applies,
        "urgency": urgency,
        "flags": flags,
    }


def _plain(drug: str, gene: str, applies: str, urgency: str) -> dict[str, Any]:
    return {"drug": drug, "source": "CPIC", "genes": gene, "applies": applies, "urgency": urgency}


def build(sample: str = SAMPLE) -> Result:
    """Return the example for a person called `sample`."""
    rows = [guidance_row(*row) for row in GUIDANCE]
    rows += [
        _plain("abacavir", "HLA-B", "not_tested", "no_data"),
        _plain("rasburicase", "G6PD", "not_tested", "no_data"),
    ]
    rows.append(
        _plain("tacrolimus", "CYP3A5", "yes", "standard")
        | {
            "action": "standard",
            "guideline": "CPIC-0957",
            "phenotypes": "CYP3A5=Poor Metabolizer",
            "strength": "strong",
            "recommendation": "Use the usual starting dose.",
            "probability": 1.0,
        }
    )
    phenotypes = [{"scheme": "CPIC", "clinical_phenotype": row["phenotype"]} | row for row in PHENOTYPES]

    def frame(found: list[dict[str, Any]], which: schema.Schema) -> pl.DataFrame:
        return from_text([{"sample": sample} | row for row in found], which)

    return Result(
        samples=(sample,),
        calls=frame(CALLS, schema.CALLS),
        phenotypes=frame(phenotypes, schema.PHENOTYPES),
        guidance=frame(rows, schema.GUIDANCE),
        scores=frame(SCORES, schema.SCORES),
        clinical=frame(CLINICAL, schema.CLINICAL),
        medications=frame(MEDICATIONS, schema.MEDICATIONS),
        notes=schema.from_rows([row | ({"sample": sample} if "sample" in row else {}) for row in NOTES], schema.NOTES),
        provenance=PROVENANCE,
    )


def empty() -> Result:
    """A sample about which nothing is known."""
    none = [
        schema.empty(which)
        for which in (
            schema.CALLS,
            schema.PHENOTYPES,
            schema.GUIDANCE,
            schema.SCORES,
            schema.CLINICAL,
            schema.MEDICATIONS,
            schema.NOTES,
        )
    ]
    return Result((SAMPLE,), *none)
