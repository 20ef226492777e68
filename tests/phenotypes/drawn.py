"""Persons drawn by a seed: calls of uncertain genes, and histories with interacting drugs."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from pgx import knowledge, schema
from pgx.types import CallSet, ClinicalData, Diplotype, PatternCall
from tests.phenotypes.builders import callset

KB = knowledge.load()
GENES = ["ABCG2", "CYP2B6", "CYP2C19", "CYP2C9", "CYP2D6", "CYP3A5", "DPYD", "HLA-B", "NAT2", "NUDT15", "SLCO1B1",
         "TPMT", "UGT1A1", "VKORC1"]  # fmt: skip
TODAY = date(2026, 6, 1)
TAKEN = ["paroxetine", "fluvoxamine", "rifampin", "bupropion", "fluconazole", "carbamazepine", "omeprazole", "quinidine",
         "warfarin", "sertraline", "terbinafine", "amiodarone"]  # fmt: skip


def drawn_calls(persons: int, seed: int) -> CallSet:
    """Draw up to three diplotypes a gene, with gaps, copies and flags."""
    rng = np.random.default_rng(seed)
    names = {gene: KB.table("functions").filter(gene=gene, scheme="CPIC")["allele"].to_list() for gene in GENES}
    names["HLA-B"] = ["*57:01", "*58:01", "*15:02", "*08:01", "*07:02", "*57"]
    made = {}
    for person in range(persons):
        calls: dict[str, PatternCall] = {}
        for gene in GENES:
            if rng.random() < 0.12:
                continue
            listed, left = [], 1.0
            for _ in range(int(rng.integers(1, 4))):
                first, second = (str(rng.choice(names[gene])) for _ in range(2))
                share = left * float(rng.choice([1.0, 0.97, 0.6, 0.3]))
                copies = int(rng.choice([1, 1, 1, 2])) if gene == "CYP2D6" else 1
                listed.append(
                    Diplotype(first, second, (first,), (second,), share, novel2=rng.random() < 0.05, copies1=copies)
                )
                left -= share
                if left < 1e-6:
                    break
            total = sum(one.probability for one in listed)
            kept = tuple(sorted((
                Diplotype(d.allele1, d.allele2, d.parts1, d.parts2, d.probability / total, d.novel1, d.novel2, d.copies1)
                for d in listed), key=lambda d: -d.probability))  # fmt: skip
            flags = tuple(flag for flag in ("phase_unknown", "no_copy_number", "prior_driven", "reference_assumed",
                                            "unread_genotype") if rng.random() < 0.1)  # fmt: skip
            status = "outside" if gene == "HLA-B" else "called" if kept[0].probability > 0.9 else "ambiguous"
            calls[gene] = PatternCall(kept, status, 5, 5, flags)
        made[f"s{person:02d}"] = calls
    return callset(made)


def drawn_history(persons: int, seed: int) -> ClinicalData:
    """Draw age, smoking, inflammation and a few interacting drugs taken, stopped or planned."""
    rng = np.random.default_rng(seed)
    seen, taken = [], []
    for person in range(persons):
        if person % 4 == 3:
            continue  # of these nothing is known
        sample = f"s{person:02d}"
        seen += [
            {"concept": "as_of", "code": TODAY.isoformat()},
            {"concept": "age", "value": float(rng.choice([7.0, 17.0, 18.0, 44.0, 66.0])), "date": TODAY},
            {"concept": "smoking_status", "code": str(rng.choice(["current", "never"])), "date": TODAY},
            {"concept": "crp", "value": float(rng.choice([2.0, 49.0, 50.0, 160.0])), "date": TODAY},
            {"concept": "sex", "code": str(rng.choice(["male", "female"]))},
            {"concept": "weight", "value": float(rng.choice([38.0, 60.0, 95.0])), "date": TODAY},
        ]
        if person % 2 == 0:
            seen.append({"concept": "medication_list", "code": "given", "date": TODAY})
        for row in seen:
            row.setdefault("sample", sample)
        for drug in rng.choice(TAKEN, size=int(rng.integers(0, 4)), replace=False):
            status = str(rng.choice(["current", "current", "planned", "stopped"]))
            ago = timedelta(days=int(rng.choice([0, 5, 7, 8, 30, 400])))
            taken.append({"sample": sample, "drug": str(drug), "status": status, "start": TODAY - ago - timedelta(days=9),
                          "end": TODAY - ago if status == "stopped" else None,
                          "dose_mg_per_day": float(rng.choice([20.0, 200.0, 400.0]))})  # fmt: skip
    plain = {"source": "test", "origin": "given"}
    return ClinicalData(
        schema.from_rows([plain | row for row in seen], schema.CLINICAL),
        schema.from_rows([{"source": "test", "as_written": row["drug"]} | row for row in taken], schema.MEDICATIONS),
        schema.empty(schema.NOTES),
    )
