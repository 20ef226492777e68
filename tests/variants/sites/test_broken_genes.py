"""Structural changes inside a gene: it is never read as if they were not there."""

from __future__ import annotations

from pathlib import Path

import pytest

import pgx
from tests.variants.build import compress, snv

_HEAD = ("##fileformat=VCFv4.2", "##reference=GRCh38")
_BLOCKS = {
    "DPYD": ("chr1", 97070000, 97930000),
    "CYP2C19": ("chr10", 94759000, 94859000),
    "SLCO1B1": ("chr12", 21130000, 21245000),
    "TPMT": ("chr6", 18120000, 18160000),
}


def write(
    tmp_path: Path, *lines: str, samples: tuple[str, ...] = ("A",), name: str = "in.vcf", meta: tuple[str, ...] = ()
) -> Path:
    """Write a file of reference blocks over the genes, and the records."""
    blocks = [
        f"{c} {first} . N <NON_REF> . . END={last} GT:DP:GQ" + " 0/0:30:90" * len(samples)
        for c, first, last in _BLOCKS.values()
    ]
    rows = sorted([*blocks, *lines], key=lambda row: (row.split()[0], int(row.split()[1])))
    columns = " ".join(["#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT", *samples])
    path = tmp_path / name
    path.write_text("\n".join([*_HEAD, *meta, *("\t".join(row.split()) for row in (columns, *rows))]) + "\n")
    return path


def called(path: Path | list[Path], gene: str, sample: str = "A") -> dict[str, object]:
    rows = pgx.call(path, options=pgx.Options(genes=[gene])).to_dicts()
    return next(row for row in rows if row["sample"] == sample)


BREAKS = {
    "exons 9 and 10 deleted": "chr1 97584406 . N <DEL> . PASS END=97655640;SVTYPE=DEL GT 0/1",
    "one exon duplicated": "chr1 97515000 . N <DUP> . PASS END=97516500;SVTYPE=DUP GT 0/1",
    "CN 1 of some exons": "chr1 97584406 . N <CNV> . PASS END=97655640;SVTYPE=CNV GT:CN ./.:1",
    "CN 1.5 of some exons": "chr1 97584406 . N <CNV> . PASS END=97655640;SVTYPE=CNV CN 1.5",
    "the first exon and what lies before": "chr1 97900000 . N <DEL> . PASS END=97990000;SVTYPE=DEL GT 0/1",
    "an inversion from inside to outside": "chr1 97000000 . N <INV> . PASS END=97600000;SVTYPE=INV GT 0/1",
    "an inversion in an intron": "chr1 97560000 . N <INV> . PASS END=97570000;SVTYPE=INV GT 0/1",
    "an insertion": "chr1 97561234 . N <INS> . PASS SVTYPE=INS GT 0/1",
    "a mobile element": "chr1 97561234 . N <INS:ME:ALU> . PASS SVTYPE=INS GT 1/1",
    "an insertion at a defining position": "chr1 97450058 . C <INS> . PASS SVTYPE=INS GT 0/1",
    "a breakend to another chromosome": "chr1 97561234 . N N[chr7:1000000[ . PASS SVTYPE=BND GT 0/1",
    "a breakend that inverts": "chr1 97561234 . N N]chr1:99000000] . PASS SVTYPE=BND GT 0/1",
    "a single breakend": "chr1 97561234 . N N. . PASS SVTYPE=BND GT 0/1",
    "a deletion as breakends": "chr1 97584406 . N N[chr1:97655641[ . PASS SVTYPE=BND GT 0/1",
    "the mate alone": "chr1 97655641 . N ]chr1:97584406]N . PASS SVTYPE=BND GT 0/1",
    "a duplication as breakends": "chr1 97584406 . N ]chr1:97655641]N . PASS SVTYPE=BND GT 0/1",
    "the whole gene deleted, as breakends": "chr1 97000000 . N N[chr1:98000000[ . PASS SVTYPE=BND GT 0/1",
    "the mate behind the gene": "chr1 98000000 . N ]chr1:97000000]N . PASS SVTYPE=BND GT .",
    "the whole gene doubled, as breakends": "chr1 97000000 . N ]chr1:98000000]N . PASS SVTYPE=BND GT 0/1",
    "half an inversion around the gene": "chr1 97000000 . N N]chr1:98000000] . PASS SVTYPE=BND GT 0/1",
    "its other half": "chr1 98000000 . N [chr1:97000000[N . PASS SVTYPE=BND GT 0/1",
    "a breakend by name around the gene": "chr1 97000000 . N <BND> . PASS SVTYPE=BND;CHR2=chr1;END=98000000 GT 0/1",
    "an inversion of two lengths": "chr1 97000000 . N <INV> . PASS END=97950000;SVLEN=560000;SVTYPE=INV GT 0/1",
    "a breakend that leads into the gene": "chr7 1000000 . N N[chr1:97561234[ . PASS SVTYPE=BND GT 0/1",
    "a translocation by name": "chr1 97561234 . N <TRA> . PASS SVTYPE=TRA;CHR2=chr7;END=97561300 GT 0/1",
    "a complex event": "chr1 97561234 . N <CPX> . PASS SVTYPE=CPX;END=97581300 GT 0/1",
    "an exon deleted, spelled out": f"chr1 97593210 . {'ACGTACGTAC' * 20} A . PASS . GT 0/1",
    "an insertion in an exon, spelled out": f"chr1 97593300 . A A{'ACGTACGTAC' * 20} . PASS . GT 0/1",
    "a half-called deletion": "chr1 97584406 . N <DEL> . PASS END=97655640;SVTYPE=DEL GT ./1",
}  # fmt: skip


class TestTheGeneIsNotJudged:
    @pytest.mark.parametrize("record", BREAKS.values(), ids=BREAKS.keys())
    def test_for_each_kind_of_change(self, tmp_path: Path, record: str) -> None:
        call = called(write(tmp_path, record), "DPYD")
        assert (call["status"], call["diplotype"], call["phenotype"]) == ("not_called", None, None)
        assert {"structural_variant", "copy_number_unclear"} & set(call["flags"])

    @pytest.mark.parametrize("record", BREAKS.values(), ids=BREAKS.keys())
    def test_from_an_indexed_file(self, tmp_path: Path, record: str) -> None:
        meta = ('##INFO=<ID=SVTYPE,Number=1,Type=String,Description="x">',)
        path = write(tmp_path, record, meta=(*meta, "##contig=<ID=chr1,length=248956422>"))
        assert called(compress(path), "DPYD")["status"] == "not_called"

    @pytest.mark.parametrize("record", [row for row in BREAKS.values() if "BND" in row])
    def test_breakends_from_an_index_however_large_the_file(
        self, tmp_path: Path, record: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("pgx.variants.vcf.source._SMALL", 0)
        meta = ('##INFO=<ID=MATEID,Number=1,Type=String,Description="x">', "##contig=<ID=chr1,length=248956422>")
        path = write(tmp_path, record, meta=meta)
        assert called(compress(path), "DPYD")["status"] == "not_called"

    def test_in_a_file_of_its_own(self, tmp_path: Path) -> None:
        path = write(tmp_path, name="snv.vcf")
        other = tmp_path / "sv.vcf"
        rows = ["#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT A", BREAKS["a breakend that inverts"]]
        other.write_text("\n".join([*_HEAD, *("\t".join(row.split()) for row in rows)]) + "\n")
        assert called([path, other], "DPYD")["status"] == "not_called"

    def test_nor_if_the_whole_gene_is_lost_and_no_allele_is_named_for_it(self, tmp_path: Path) -> None:
        path = write(tmp_path, "chr6 18110000 . N <DEL> . PASS END=18170000;SVTYPE=DEL GT 0/1")
        assert called(path, "TPMT")["status"] == "not_called"

    def test_whatever_copy_number_the_user_gives(self, tmp_path: Path) -> None:
        path = write(tmp_path, BREAKS["exons 9 and 10 deleted"])
        options = pgx.Options(genes=["DPYD"], copy_number={(None, "DPYD"): 2})
        assert pgx.call(path, options=options)["status"][0] == "not_called"


class TestTheGeneIsCalled:
    @pytest.mark.parametrize(
        "record",
        [
            "chr1 97560000 . N <DEL> . PASS END=97565000;SVTYPE=DEL GT 0/1",
            "chr1 97000000 . N <INV> . PASS END=97950000;SVTYPE=INV GT 0/1",
            "chr1 97561234 . N <INS> . PASS SVTYPE=INS GT 0/0",
            "chr1 97561234 . N <INS> . PASS SVTYPE=INS GT ./.",
            "chr1 96900000 . N N[chr1:96950000[ . PASS SVTYPE=BND GT 0/1",
            "chr1 97584406 . N <CNV> . PASS END=97655640;SVTYPE=CNV GT:CN ./.:2",
        ],
        ids=[
            "deletion in an intron",
            "inversion of the whole gene",
            "not carried",
            "not called",
            "outside",
            "two copies",
        ],
    )
    def test_where_nothing_of_it_is_changed(self, tmp_path: Path, record: str) -> None:
        path = write(tmp_path, record.rsplit(" ", 1)[0] + " " + record.rsplit(" ", 1)[1] + " 0/0", samples=("A", "B"))
        assert called(path, "DPYD")["status"] == "called"

    def test_of_everyone_who_does_not_carry_it(self, tmp_path: Path) -> None:
        path = write(tmp_path, BREAKS["an insertion"] + " 0/0", samples=("A", "B"))
        assert called(path, "DPYD", "A")["status"] == "not_called"
        assert called(path, "DPYD", "B")["status"] == "called"
        notes = pgx.variants.read(path, pgx.knowledge.load()).notes
        assert {note.sample for note in notes if note.code == "structural_variant"} == {"A"}


LOSSES = {
    "exons 1-5": ("chr10 94760000 . N <DEL> . PASS END=94790000;SVTYPE=DEL GT 0/1", "*37/*38"),
    "exons 1-5 on both strands": ("chr10 94760000 . N <DEL> . PASS END=94790000;SVTYPE=DEL GT 1/1", "*37/*37"),
    "exons 1-5, as breakends": ("chr10 94760000 . N N[chr10:94790001[ . PASS SVTYPE=BND GT 0/1", "*37/*38"),
    "exons 1-5, ends unsure": (
        "chr10 94760000 . N <DEL> . PASS END=94790000;SVTYPE=DEL;CIPOS=-900,900;CIEND=-5000,9000 GT 0/1", "*37/*38"),
    "exons 1-5, ends unsure, of one ALT of two": (
        "chr10 94760000 . N <DEL>,<DUP> . PASS END=94790000;SVTYPE=DEL;IMPRECISE;CIPOS=-9,9,.,.;CIEND=-5,9,0,0 GT 0/1",
        "*37/*38"),
    "exons 1-5, length unsure": (
        "chr10 94760000 . N <DEL> . PASS SVLEN=-30000;SVTYPE=DEL;CIPOS=-9.5,9.5;CILEN=-800,800 GT 0/1", "*37/*38"),
    "exon 1": ("chr10 94700000 . N <DEL> . PASS END=94764000;SVTYPE=DEL GT 0/1", "*37/*38"),
    "exons 1-4": ("chr10 94720000 . N <DEL> . PASS END=94781000;SVTYPE=DEL GT 0/1", "*37/*38"),
    "exons 1-7": ("chr10 94700000 . N <DEL> . PASS END=94845000;SVTYPE=DEL GT 0/1", "*37/*38"),
    "the gene": ("chr10 94700000 . N <DEL> . PASS END=94900000;SVTYPE=DEL GT 0/1", "*36/*38"),
    "the gene, told by CN too": ("chr10 94700000 . N <DEL> . PASS END=94900000;SVTYPE=DEL GT:CN 0/1:1", "*36/*38"),
    "the gene, ends unsure": (
        "chr10 94700000 . N <DEL> . PASS END=94900000;SVTYPE=DEL;CIPOS=-5000,5000;CIEND=-5000,5000 GT 0/1", "*36/*38"),
    "the gene, imprecise": ("chr10 94700000 . N <DEL> . PASS END=94900000;SVTYPE=DEL;IMPRECISE GT 0/1", "*36/*38"),
}  # fmt: skip
UNNAMED = {
    "exons 2-5": "chr10 94775000 . N <DEL> . PASS END=94785000;SVTYPE=DEL GT 0/1",
    "exons 2-5 on both strands": "chr10 94775000 . N <DEL> . PASS END=94785000;SVTYPE=DEL GT 1/1",
    "exons 2-5, as breakends": "chr10 94775000 . N N[chr10:94783501[ . PASS SVTYPE=BND GT 0/1",
    "exons 2-5, as the far breakend": "chr10 94783501 . N ]chr10:94775000]N . PASS SVTYPE=BND GT 0/1",
    "exons 2-5, by CN": "chr10 94775000 . N <CNV> . PASS END=94785000;SVTYPE=CNV GT:CN ./.:1",
    "exons 1-6": "chr10 94760000 . N <DEL> . PASS END=94830000;SVTYPE=DEL GT 0/1",
    "exons 8-9": "chr10 94845000 . N <DEL> . PASS END=94860000;SVTYPE=DEL GT 0/1",
    "exons 1-5 and a piece of exon 6": "chr10 94760000 . N <DEL> . PASS END=94820550;SVTYPE=DEL GT 0/1",
    "exons 1-5, perhaps without exon 1": (
        "chr10 94762000 . N <DEL> . PASS END=94790000;SVTYPE=DEL;CIPOS=-500,800 GT 0/1"),
    "exons 1-5, perhaps with exon 6": (
        "chr10 94760000 . N <DEL> . PASS END=94815000;SVTYPE=DEL;CIEND=-100,6000 GT 0/1"),
    "exons 1-5 by breakends, perhaps with exon 6": (
        "chr10 94760000 . N N[chr10:94815001[ . PASS SVTYPE=BND;CIPOS=-6000,6000 GT 0/1"),
    "exons 1-5 by breakends, perhaps with exon 6, as GRIDSS writes it": (
        "chr10 94760000 . N N[chr10:94815001[ . PASS SVTYPE=BND;CIPOS=0,0;CIRPOS=-6000,6000 GT 0/1"),
    "exons 1-5, perhaps with exon 6, as unsure as its begin": (
        "chr10 94700000 . N <DEL> . PASS END=94815000;SVTYPE=DEL;CIPOS=-6000,6000 GT 0/1"),
    "exons 1-5, perhaps with exon 6, by its length": (
        "chr10 94760000 . N <DEL> . PASS SVLEN=55000;SVTYPE=DEL;CIPOS=-2,2;CILEN=-6000,6000 GT 0/1"),
    "exons 1-5, perhaps with exon 6, of one ALT of two": (
        "chr10 94760000 . N <DUP>,<DEL> . PASS END=94815000;SVTYPE=CNV;CIEND=0,0,-6000,6000 GT 0/2"),
    "exons 1-5, nobody says how sure": "chr10 94760000 . N <DEL> . PASS END=94790000;SVTYPE=DEL;IMPRECISE GT 0/1",
    "exons 1-5, nobody can read how sure": "chr10 94760000 . N <DEL> . PASS END=94790000;CIPOS=-9,9,9 GT 0/1",
    "exons 1-5, ends as bounds": "chr10 94760000 . N <DEL> . PASS SVLEN=30000;CILEN=29000,31000 GT 0/1",
    "the gene, perhaps without exon 1": (
        "chr10 94761000 . N <DEL> . PASS END=94900000;SVTYPE=DEL;CIPOS=-3000,3000 GT 0/1"),
    "a part of one exon": "chr10 94781830 . N <DEL> . PASS END=94781900;SVTYPE=DEL GT 0/1",
    "a splice site": "chr10 94776000 . N <DEL> . PASS END=94780600;SVTYPE=DEL GT 0/1",
    "an intron, perhaps with an exon": (
        "chr10 94783000 . N <DEL> . PASS END=94819000;SVTYPE=DEL;CIEND=-2000,2000 GT 0/1"),
    "exons added": "chr10 94760000 . N <DUP> . PASS END=94790000;SVTYPE=DUP GT 0/1",
}  # fmt: skip


class TestNamedAlleles:
    """An allele is named for the loss of the exons that its definition lists, and of no others."""

    @pytest.mark.parametrize(("record", "diplotype"), LOSSES.values(), ids=LOSSES.keys())
    def test_losses_that_have_a_name(self, tmp_path: Path, record: str, diplotype: str) -> None:
        call = called(write(tmp_path, record), "CYP2C19")
        assert sorted(str(call["diplotype"]).split("/")) == diplotype.split("/")

    def test_the_loss_of_slco1b1(self, tmp_path: Path) -> None:
        path = write(tmp_path, "chr12 21100000 . N <DEL> . PASS END=21300000;SVTYPE=DEL GT 0/1")
        assert called(path, "SLCO1B1")["diplotype"] == "*1/*48"

    @pytest.mark.parametrize("record", UNNAMED.values(), ids=UNNAMED.keys())
    def test_a_name_is_not_stretched_to_other_changes(self, tmp_path: Path, record: str) -> None:
        call = called(write(tmp_path, record), "CYP2C19")
        assert (call["status"], call["diplotype"], call["phenotype"]) == ("not_called", None, None)
        assert "structural_variant" in call["flags"]

    @pytest.mark.parametrize(
        ("gene", "record"),
        [
            ("SLCO1B1", "chr12 21141000 . N <DEL> . PASS END=21240000;SVTYPE=DEL GT 0/1"),
            ("SLCO1B1", "chr12 21196000 . N <DEL> . PASS END=21240000;SVTYPE=DEL GT 0/1"),
            ("CYP2D6", "chr22 42126570 . N <DEL> . PASS END=42130500;SVTYPE=DEL GT 0/1"),
            ("UGT2B17", "chr4 68534000 . N <DEL> . PASS END=68556000;SVTYPE=DEL GT 1/1"),
            ("GSTM1", "chr1 109684000 . N <DEL> . PASS END=109691500;SVTYPE=DEL GT 1/1"),
        ],
        ids=["all sites, not exon 1", "exons 8-15", "not exon 1", "half the gene", "more than half the gene"],
    )
    def test_nor_is_that_of_the_whole_gene_given_to_a_part(self, tmp_path: Path, gene: str, record: str) -> None:
        call = called(write(tmp_path, record), gene)
        assert (call["status"], call["diplotype"]) == ("not_called", None)

    def test_two_records_that_take_away_other_exons_have_no_name(self, tmp_path: Path) -> None:
        path = write(tmp_path, LOSSES["exons 1-5"][0], UNNAMED["exons 2-5"])
        assert called(path, "CYP2C19")["status"] == "not_called"

    def test_two_bases_beside_lost_exons_leave_open_which_strand_is_which(self, tmp_path: Path) -> None:
        het = snv("chr10:94761900", "C", "T", "0/1")
        record = "chr10 94760000 . N <DEL> . PASS END=94790000;SVTYPE=DEL GT 0/1"
        assert called(write(tmp_path, het, record), "CYP2C19")["status"] == "not_called"
