"""The loss of a whole gene is one of a copy, however a file writes it; the loss of exons does not outweigh a base."""

from __future__ import annotations

from pathlib import Path

import pytest

import pgx
from tests.variants.sites.test_broken_genes import called, write

_EXONS_1_TO_5 = "chr10 94760000 . N <DEL> . PASS END=94790000;SVTYPE=DEL GT 1/1"
_GSTM1 = "ACGTACGTAC" * 1300
LOST = {
    "CYP2C19, as breakends": ("CYP2C19", ["chr10 94700000 . N N[chr10:94900000[ . PASS SVTYPE=BND GT 0/1"], "*36/*38"),
    "both mates": (
        "CYP2C19",
        ["chr10 94700000 . N N[chr10:94900000[ . PASS SVTYPE=BND;MATEID=b GT 0/1",
         "chr10 94900000 b N ]chr10:94700000]N . PASS SVTYPE=BND GT 0/1"],
        "*36/*38",
    ),
    "on both strands": ("CYP2C19", ["chr10 94900000 . N ]chr10:94700000]N . PASS SVTYPE=BND GT 1/1"], "*36/*36"),
    "of unsure ends": (
        "CYP2C19",
        ["chr10 94700000 . N N[chr10:94900000[ . PASS SVTYPE=BND;IMPRECISE;CIPOS=-900,900 GT 0/1"],
        "*36/*38",
    ),
    "the same event in angle brackets beside it": (
        "CYP2C19",
        ["chr10 94700000 . N N[chr10:94900000[ . PASS SVTYPE=BND GT 0/1",
         "chr10 94700100 . N <DEL> . PASS END=94900100;SVTYPE=DEL GT 0/1"],
        "*36/*38",
    ),
    "every exon, not the promoter": (
        "CYP2C19", ["chr10 94762000 . N <DEL> . PASS END=94900000;SVTYPE=DEL GT 0/1"], "*36/*38"),
    "every exon, not the promoter, of unsure ends": (
        "CYP2C19", ["chr10 94762000 . N <DEL> . PASS END=94900000;IMPRECISE;CIPOS=-600,600 GT 0/1"], "*36/*38"),
    "every exon, not the promoter, by CN": (
        "CYP2C19", ["chr10 94762000 . N <CNV> . PASS END=94900000;SVTYPE=CNV GT:CN ./.:1"], "*36/*38"),
    "of good quality": (
        "CYP2C19", ["chr10 94700000 . N N[chr10:94900000[ 99 PASS SVTYPE=BND GT:GQ 0/1:60"], "*36/*38"),
    "SLCO1B1": ("SLCO1B1", ["chr12 21000000 . N N[chr12:21300000[ . PASS SVTYPE=BND GT 0/1"], "*1/*48"),
    "CYP2D6": ("CYP2D6", ["chr22 42123191 . N N[chr22:42135343[ . PASS SVTYPE=BND GT 1/1"], "*5/*5"),
    "GSTM1": ("GSTM1", ["chr1 109684000 . N N[chr1:109697000[ . PASS SVTYPE=BND GT 1/1"], "*0/*0"),
    "GSTM1, spelled out": ("GSTM1", [f"chr1 109684000 . {_GSTM1} A . PASS . GT 1/1"], "*0/*0"),
}  # fmt: skip
NOT_LOST = {
    "without exon 1, perhaps": (
        "CYP2C19", "chr10 94762000 . N N[chr10:94900000[ . PASS SVTYPE=BND;CIPOS=-800,800 GT 0/1"),
    "without evidence": (
        "CYP2D6", "chr22 42123000 . N N[chr22:42135500[ . PASS SVTYPE=BND GT:GQ 1/1:0"),
    "with little evidence": (
        "CYP2C19", "chr10 94700000 . N N[chr10:94900000[ . PASS SVTYPE=BND GT:GQ 0/1:19"),
    "of little quality": ("CYP2C19", "chr10 94700000 . N N[chr10:94900000[ 3 PASS SVTYPE=BND GT 0/1"),
    "exons 1-5, by breakends without evidence": (
        "CYP2C19", "chr10 94760000 . N N[chr10:94790001[ . PASS SVTYPE=BND GT:PL 0/1:0,0,0"),
    "half told": ("CYP2C19", "chr10 94700000 . N N[chr10:94900000[ . PASS SVTYPE=BND GT ./1"),
    "another sequence in its place": ("GSTM1", f"chr1 109684000 . {_GSTM1} A{'CGTTA' * 100} . PASS . GT 0/1"),
    "by breakends that bring other bases": (
        "CYP2C19", f"chr10 94700000 . N N{'CGTTA' * 20}[chr10:94900000[ . PASS SVTYPE=BND GT 0/1"),
    "no allele is named for it": ("TPMT", "chr6 18110000 . N N[chr6:18170000[ . PASS SVTYPE=BND GT 0/1"),
    "added, not the promoter": ("CYP2C19", "chr10 94762000 . N <DUP> . PASS END=94900000;SVTYPE=DUP GT 0/1"),
    "a third copy, not the promoter": (
        "CYP2C19", "chr10 94762000 . N <CNV> . PASS END=94900000;SVTYPE=CNV GT:CN ./.:3"),
}  # fmt: skip


@pytest.mark.parametrize(("gene", "records", "diplotype"), LOST.values(), ids=LOST.keys())
def test_a_gene_without_any_exon_is_the_allele_that_is_named_for_that(
    tmp_path: Path, gene: str, records: list[str], diplotype: str
) -> None:
    call = called(write(tmp_path, *records), gene)
    assert (call["status"], sorted(str(call["diplotype"]).split("/"))) == ("called", diplotype.split("/"))


@pytest.mark.parametrize(("gene", "record"), NOT_LOST.values(), ids=NOT_LOST.keys())
def test_no_other_change_is_given_that_name(tmp_path: Path, gene: str, record: str) -> None:
    call = called(write(tmp_path, record), gene)
    assert (call["status"], call["diplotype"], call["phenotype"]) == ("not_called", None, None)


@pytest.mark.parametrize(
    "record",
    ["22 24340000 . N N[22:24400000[ . PASS SVTYPE=BND GT 1/1", "22 24340000 . N <DEL> . PASS END=24400000 GT 1/1"],
)
def test_a_gene_that_lies_on_the_chromosome_in_grch37_alone(tmp_path: Path, record: str) -> None:
    """GRCh38 has GSTT1 on a contig beside chromosome 22."""
    path = tmp_path / "b37.vcf"
    rows = ["#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT A", record, "22 42524947 . C T . PASS . GT 0/0"]
    head = ["##fileformat=VCFv4.2", "##reference=GRCh37"]
    path.write_text("\n".join([*head, *("\t".join(row.split()) for row in rows)]) + "\n")
    assert called(path, "GSTT1")["diplotype"] == "*0/*0"


@pytest.mark.parametrize("genotype", ["0/0", "0/1", "1/1"])
def test_a_base_read_where_no_strand_has_the_exon_contradicts_the_loss(tmp_path: Path, genotype: str) -> None:
    path = write(tmp_path, _EXONS_1_TO_5, f"chr10 94781859 . G A . PASS . GT:DP:GQ {genotype}:30:90")
    call = called(path, "CYP2C19")
    assert (call["status"], call["phenotype"]) == ("not_called", None)
    notes = pgx.variants.read(path, pgx.knowledge.load()).notes
    assert [note.message for note in notes if note.code == "conflicting_copy_number"] == [
        "CYP2C19: both strands have lost exons, and yet a base is read inside, at chr10:94781859; not judged"
    ]


@pytest.mark.parametrize(
    "record",
    ["chr10 94852738 . C T . PASS . GT:DP:GQ 0/1:30:90", "chr10 94781859 . G A . PASS . GT:DP:GQ 0/0:0:0",
     "chr10 94781859 . G A . PASS . GT:DP:GQ ./.:0:0"],
    ids=["behind the lost exons", "no reads", "no call"],
)  # fmt: skip
def test_a_base_elsewhere_or_none_does_not(tmp_path: Path, record: str) -> None:
    assert called(write(tmp_path, _EXONS_1_TO_5, record), "CYP2C19")["diplotype"] == "*37/*37"


def test_only_the_person_whose_records_contradict_each_other_is_not_judged(tmp_path: Path) -> None:
    lines = [f"{_EXONS_1_TO_5} 1/1", "chr10 94781859 . G A . PASS . GT:DP:GQ 1/1:30:90 ./.:0:0"]
    path = write(tmp_path, *lines, samples=("A", "B"))
    assert called(path, "CYP2C19", "A")["status"] == "not_called"
    assert called(path, "CYP2C19", "B")["diplotype"] == "*37/*37"
