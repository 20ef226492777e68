"""NOTICE names every vocabulary and source of which the knowledge holds codes, names or numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgx.knowledge import load

NOTICE = (Path(__file__).parents[2] / "NOTICE").read_text(encoding="utf-8")
KB = load()
NAMED = {
    "ATC": "WHO Collaborating Centre for Drug Statistics Methodology", "DICOM": "DICOM", "FIT": "Garmin FIT",
    "Fitbit": "Fitbit", "HPO": "Human Phenotype Ontology", "HealthKit": "Apple HealthKit", "ICD10": "World Health Organization",
    "IPS": "SNOMED CT", "LOINC": "Regenstrief", "MONDO": "Mondo", "NCIT": "NCI Thesaurus", "OMOP": "OHDSI",
    "OpenMHealth": "Open mHealth", "RxNorm": "RxNorm", "SNOMED": "SNOMED International", "SRT": "SNOMED CT",
}  # fmt: skip
"""What NOTICE says of a system of codes; the International Patient Summary and SRT take their codes from SNOMED CT."""


@pytest.mark.parametrize("table", ["concept_codes", "drug_names"])
def test_every_system_of_codes_is_named_with_its_owner(table):
    systems = set(KB.table(table)["system"]) - {"text"}
    assert {system for system in systems if NAMED.get(system, "?") not in NOTICE} == set()


@pytest.mark.parametrize(
    "source",
    ["CPIC", "ClinPGx", "KNMP", "PharmVar", "pypgx", "IPD-IMGT/HLA", "HGNC", "RefSeq", "Ensembl", "DrugBank", "Flockhart",
     "CloToP.jl", "PharMe", "Warfarin Pharmacogenetics Consortium", "Hamberg", "1000 Genomes", "publique des médicaments"],
)  # fmt: skip
def test_every_source_of_rows_and_identifiers_is_named(source):
    assert source in NOTICE
