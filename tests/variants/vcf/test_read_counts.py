"""How many reads show each allele, in every caller's words."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgx.types import Genotypes
from tests.variants.build import at, read, snv

PLACE = ("chr6", 18130687)  # TPMT*3C, T>C


def genotype(tmp_path: Path, form: str, column: str, alt: str = "C") -> Genotypes:
    return read(tmp_path, snv("chr6:18130687", "T", alt, column, form=f"GT:{form}"))


@pytest.mark.parametrize(
    ("form", "column", "alt"),
    [("ADF:ADR", "0,0:0,0", "C"), ("ADF:ADR", "0,0,0:0,0,0", "C,G"), ("ADF:ADR", "0,0,0:0,0,0", "C"),
     ("ADF:ADR", "0:0", "."), ("AD", "0", "."), ("F1R2:F2R1", "0,0:0,0", "C"), ("SB", "0,0,0,0", "C"),
     ("SB", "0,0,0,0", "C,G"), ("SB", "0,0,0,0", "<NON_REF>"), ("DP4", "0,0,0,0", "C"), ("DPR", "0,0", "C"),
     ("RDF:RDR:ADF:ADR", "0:0:0:0", "C"), ("AD:ADF:ADR", ".:0,0:0,0", "C"), ("SRF:SRR:SAF:SAR", "0:0:0:0", "C"),
     ("SRF:SRR:SAF:SAR", "0:0:0,0:0,0", "C,G"), ("SRF:SRR:SAF:SAR", "0:0:.:.", "."), ("FSRF:FSRR:FSAF:FSAR", "0:0:0:0", "C"),
     ("FRO:FAO", "0:0", "C"), ("AU:CU:GU:TU", "0,0:0,0:0,0:0,0", "C"), ("AU:CU:GU:TU", "0,3:0,0:0,0:0,5", "."),
     ("BCOUNT", "0,0,0,0", "C"), ("CLCAD2", "0,0", "C"), ("TAR:TIR", "0,0:0,0", "C")],
)  # fmt: skip
def test_a_reference_that_nobody_read_is_no_genotype(tmp_path: Path, form: str, column: str, alt: str) -> None:
    assert at(genotype(tmp_path, form, f"0/0:{column}", alt), *PLACE) == ("NO_CALL", (-1, -1))


@pytest.mark.parametrize(
    ("form", "column"),
    [("ADF:ADR", "0,0:0,0"), ("F1R2:F2R1", "0,0:0,0"), ("SB", "0,0,0,0"), ("DP4", "0,0,0,0"), ("DP:DV", "0:0"),
     ("SRF:SRR:SAF:SAR", "0:0:0:0"), ("AU:CU:GU:TU", "0,1:0,0:0,0:0,0"), ("BCOUNT", "0,0,0,0"), ("CLCAD2", "0,0")],
)  # fmt: skip
def test_nor_is_a_change_that_nobody_read(tmp_path: Path, form: str, column: str) -> None:
    assert at(genotype(tmp_path, form, f"0/1:{column}"), *PLACE)[0] == "FILTERED"


@pytest.mark.parametrize(
    ("form", "column", "alt"),
    [("ADF:ADR", "9,0:8,0", "C"), ("ADF:ADR", ".:.", "C"), ("ADF:ADR", "9:8", "."), ("AD", "17", "."),
     ("RD:AD", "17:0", "."), ("RDF:RDR:ADF:ADR", "9:8:0:0", "."), ("RDF:RDR:ADF:ADR", "9:8:0:0", "C"),
     ("DP:ADF:ADR", "17:0:0", "C"), ("SRF:SRR:SAF:SAR", "9:8:0:0", "C"), ("SRF:SRR:SAF:SAR", "9:8:.:.", "."),
     ("AU:CU:GU:TU", "0,0:0,0:0,0:17,18", "C"), ("AU:CU:GU:TU", "0,0:0,0:0,0:17,18", "."), ("BCOUNT", "0,0,0,17", "C"),
     ("DP:DV", "17:0", "C"), ("CLCAD2", "17,0", "C"), ("AU:CU:GU:TU", ".:.:.:.", "C"), ("TAR:TIR", "17,19:0,0", "C"), ("SB", "0.00", "C"), ("AD:ADF:ADR", "17,0:0,0:0,0", "C")],
)  # fmt: skip
def test_a_reference_that_was_read_is_one(tmp_path: Path, form: str, column: str, alt: str) -> None:
    """VarScan's AD, ADF and ADR are of the ALT alone; SB may be a bias rather than reads."""
    assert at(genotype(tmp_path, form, f"0/0:{column}", alt), *PLACE) == ("CALLED", (0, 0))


@pytest.mark.parametrize(
    ("form", "column"),
    [("ADF:ADR", "3,1:1,2"), ("F1R2:F2R1", "3,1:1,2"), ("SB", "3,1,1,2"), ("DP4", "3,1,1,2"), ("DPR", "4,3"),
     ("RDF:RDR:ADF:ADR", "3:1:1:2"), ("SRF:SRR:SAF:SAR", "3:1:1:2"), ("FSRF:FSRR:FSAF:FSAR", "3:1:1:2"), ("FRO:FAO", "4:3"),
     ("AU:CU:GU:TU", "0,0:3,5:0,1:4,4"), ("BCOUNT", "0,3,0,4"), ("CLCAD2", "4,3"), ("DP:DV", "7:3"), ("DP:AO", "7:3"),
     ("FDP:FAO", "7:3"), ("TAR:TIR", "4,6:3,3")],
)  # fmt: skip
def test_halves_add_up_to_the_reads(tmp_path: Path, form: str, column: str) -> None:
    whole = genotype(tmp_path, "AD", "0/1:4,3").doubts
    told = genotype(tmp_path, form, f"0/1:{column}").doubts
    assert whole is not None and told is not None
    assert told.vectors == whole.vectors


def test_reads_of_three_alleles_by_strand(tmp_path: Path) -> None:
    whole = genotype(tmp_path, "AD", "1/2:1,4,3", "C,G").doubts
    told = genotype(tmp_path, "SRF:SRR:SAF:SAR", "1/2:1:0:3,1:1,2", "C,G").doubts
    assert whole is not None and told is not None
    assert told.vectors == whole.vectors
