"""Tables of SNP results: what laboratories deliver, in many layouts and notations."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import pgx
import pgx.variants
from pgx.errors import InputError
from pgx.types import Genotypes
from pgx.variants.arrays.result_alleles import Problem, SiteAlleles, codes_of, tokens_of
from pgx.variants.arrays.result_layout import Shape, recognise
from tests.variants.build import at, knowledge
from tests.variants.test_arrays import HEADS

STAR2, STAR17, STAR3 = ("chr10", 94781859), ("chr10", 94761900), ("chr10", 94780653)
C9_STAR3, TA_REPEAT, D6_STAR3 = ("chr10", 94981296), ("chr2", 233760233), ("chr22", 42128241)


def read(tmp_path: Path, text: str, name: str = "results.csv", **options: object) -> Genotypes:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return pgx.variants.read(path, knowledge(), **options)  # type: ignore[arg-type]


def test_a_line_that_no_table_has_costs_that_line(tmp_path: Path) -> None:
    found = read(tmp_path, "sample,rs4244285\nA,G/" + "A" * 200_000 + "\nB,G/A\n")
    assert found.samples == ("B",) and at(found, *STAR2) == ("CALLED", (0, 1))


def codes(found: Genotypes, sample: str) -> list[tuple[str, tuple[int, int]]]:
    person = found.samples.index(sample)
    return [at(found, *site, person) for site in (STAR2, STAR17, C9_STAR3)]


def refused(found: Genotypes) -> set[tuple[object, str | None]]:
    """Whose results of which gene the table lost."""
    return {(note.sample, note.subject) for note in found.notes if note.code == "outside_refused"}


# *2 heterozygous, *17 reference, CYP2C9*3 heterozygous
WANTED = [("CALLED", (0, 1)), ("CALLED", (0, 0)), ("CALLED", (0, 1))]
TABLES = {
    "long": "Sample ID,SNP,Genotype\nA,rs4244285,G/A\nA,rs12248560,C/C\nA,rs1057910,A/C\n",
    "tabs and words": "patient\trsID\tcall\nA\trs4244285\tHeterozygous G/A\nA\trs12248560\tHomozygous C/C\nA\trs1057910\tA C\n",
    "semicolons": "Subject;Marker;Result\nA;rs4244285;AG\nA;rs12248560;CC\nA;rs1057910;A|C\n",
    "two columns of alleles": "sample,snp_id,allele1,allele2\nA,rs4244285,A,G\nA,rs12248560,C,C\nA,rs1057910,C,A\n",
    "wide": "sample,rs4244285,rs12248560,rs1057910\nA,A/G,C/C,A/C\n",
    "wide with genes": "DNA_ID,CYP2C19_rs4244285,CYP2C19*17 rs12248560 (C>T),rs1057910_CYP2C9\nA,GA,CC,CA\n",
    "transposed": "Marker\tA\tB\nrs4244285\tA/G\tG/G\nrs12248560\tC/C\tC/T\nrs1057910\tA/C\tA/A\n",
    "positions": "sample,chr,pos_hg19,genotype\nA,10,96541616,A/G\nA,10,96521657,C/C\nA,10,96741053,A/C\n",
    "positions in names": "#build GRCh38\nsample,10:94781859,10:94761900,chr10:94981296\nA,A/G,C/C,A/C\n",
    "final report": "[Header]\nGSGT Version,2.0.4\nContent,GSA-24v3-0_A1.bpm\n[Data]\nSNP Name,Sample ID,Allele1 - AB,Allele2 - AB,"
    "Allele1 - Plus,Allele2 - Plus,GC Score\nrs4244285,A,A,B,A,G,0.9\nrs12248560,A,B,B,C,C,0.8\nrs1057910,A,A,B,A,C,0.9\n",
    "massarray": "Sample Id\tCall\tAssay Id\tWell Position\nA\tGA\trs4244285\tA01\nA\tC\trs12248560\tA01\nA\tA.C\trs1057910\tA01\n",
    "an assay's alleles beside the call": "Assay ID,SNP Assay Name,NCBI SNP Reference,Sample ID,Call,Allele 1,Allele 2\n"
    "C1,x,rs4244285,A,G/A,G,A\nC2,x,rs12248560,A,C/C,C,T\nC3,x,rs1057910,A,A/C,A,C\n",
    "calls by an assay's alleles": "Well,Sample Name,SNP Assay Name,Allele1,Allele2,Call\n"
    "1,A,rs4244285,G,A,Heterozygous Allele 1/Allele 2\n2,A,rs12248560,C,T,Homozygous Allele 1/Allele 1\n"
    "3,A,rs1057910,A,C,Heterozygous Allele 1/Allele 2\n",
    "iPLEX report": "Customer,Project,Plate,Well Position,Assay Id,Genotype Id,Description,Sample Id,Entry Operator\n"
    "A,p,C,A01,rs4244285,GA,A.Conservative,A,G\nA,p,C,A01,rs12248560,C,A,A,G\nA,p,C,A01,rs1057910,AC,A,A,G\n",
    "a matrix without a corner": "[Header]\nGSGT Version\t2.0.5\n[Data]\n\tA\tB\nrs4244285\tGA\tGG\nrs12248560\tCC\tCC\nrs1057910\tAC\tAA\n",
    "the last lines of a report": "Sample ID,dbSNP,Genotype\nA,rs4244285,G/A\nA,rs12248560,C/C\nA,rs1057910,A/C\n\nTotal: 3\nDr X\n",
    "reverse strand stated": "sample,rsid,genotype,strand\nA,rs4244285,C/T,-\nA,rs12248560,G/G,reverse\nA,rs1057910,A/C,+\n",
    "reverse strand shown": "sample,rsid,genotype\nA,rs4244285,C/T\nA,rs12248560,G/G\nA,rs1057910,T/G\n",
    "quoted": '"Sample Name","Assay Name","Call"\n"A","rs4244285","A/G"\n"A","rs12248560","C/C"\n"A","rs1057910","A/C"\n',
    "taqman export": "Experiment: run 7\nInstrument: x\n\nSample Name\tSNP Assay Name\tNCBI SNP Reference\tCall\n"
    "A\tC__25986767_70\trs4244285\tHeterozygous A/G\nA\tC____469857_10\trs12248560\tHomozygous C/C\n"
    "A\tC__27104892_10\trs1057910\tHeterozygous A/C\n",
    "German": "Probe;rs-Nummer;Genotyp;Bemerkung\nA;rs4244285;heterozygot A/G;\nA;rs12248560;C/C;ja\nA;rs1057910;A/C;\n",
    "German, two columns": "Patienten-ID;Gen;Variante;Allel 1;Allel 2\nA;CYP2C19;rs4244285;A;G\nA;CYP2C19;rs12248560;C;C\n"
    "A;CYP2C9;rs1057910;A;C\n",
    "French": "\N{LATIN CAPITAL LETTER E WITH ACUTE}chantillon;Marqueur;G\N{LATIN SMALL LETTER E WITH ACUTE}notype;Brin\n"
    "A;rs4244285;C/T;-\nA;rs12248560;G/G;-\nA;rs1057910;A/C;+\n",
    "Spanish": "Muestra;Marcador;Resultado\nA;rs4244285;A/G\nA;rs12248560;C/C\nA;rs1057910;A/C\n",
    "axiom": "probeset_id\tA.CEL\tdbSNP RS ID\tChromosome\nAX-1\tA/G\trs4244285\t10\nAX-2\tC/C\trs12248560\t10\nAX-3\tA/C\trs1057910\t10\n",
}


@pytest.mark.parametrize("layout", TABLES)
def test_every_layout_says_the_same(tmp_path: Path, layout: str) -> None:
    found = read(tmp_path, TABLES[layout])
    assert found.sources[0]["format"] == "SNP results"
    assert codes(found, found.samples[0]) == WANTED


def test_persons_of_a_german_table_stay_apart_and_an_array_probe_is_none(tmp_path: Path) -> None:
    found = read(tmp_path, "Probe;SNP;Ergebnis\nA;rs4244285;A/G\nB;rs4244285;nicht bestimmbar\n")
    assert (found.samples, at(found, *STAR2, 0), at(found, *STAR2, 1)) == (
        ("A", "B"), ("CALLED", (0, 1)), ("NO_CALL", (-1, -1)),
    )  # fmt: skip
    array = read(tmp_path, "Probe,rsID,Genotype\nAX-1,rs4244285,A/G\nAX-2,rs12248560,C/C\n", "P5.csv")
    assert array.samples == ("P5",)


def test_one_of_each_is_the_same_on_either_strand(tmp_path: Path) -> None:
    """rs67376798 is T or A; the other strand reads A or T."""
    d949v = ("chr1", 97082391)
    assert at(read(tmp_path, "sample,rsid,genotype\nA,rs67376798,A/T\n"), *d949v) == ("CALLED", (0, 1))
    found = read(tmp_path, "sample,rsid,genotype\nA,rs67376798,A/A\n")
    assert at(found, *d949v)[0] == "NO_CALL"
    assert "strand_unknown" in {note.code for note in found.notes}


class TestOneAlleleNamed:
    """``C`` alone is two copies only in a table that writes every homozygous genotype so, and that is said."""

    def test_as_mass_spectrometers_write_it(self, tmp_path: Path) -> None:
        found = read(tmp_path, "Sample Id,Assay Id,Call\nA,rs4244285,GA\nA,rs12248560,C\n")
        assert at(found, *STAR17) == ("CALLED", (0, 0))
        assert "one_allele_named" in {note.code for note in found.notes}

    @pytest.mark.parametrize(
        "rows",
        ["sample,rsid,genotype\nA,rs4244285,G/G\nA,rs12248560,C\n",
         "sample,rsid,allele1,allele2\nA,rs4244285,G,A\nA,rs12248560,C,\n",
         "sample,rs4244285,rs12248560\nA,GG,C\nB,GA,CT\n"],
    )  # fmt: skip
    def test_elsewhere_it_is_half_a_genotype(self, tmp_path: Path, rows: str) -> None:
        found = read(tmp_path, rows)
        assert at(found, *STAR17)[0] != "CALLED" and ("A", "CYP2C19") in refused(found)

    def test_the_word_homozygous_says_how_many(self, tmp_path: Path) -> None:
        found = read(tmp_path, "sample,rsid,genotype\nA,rs4244285,G/G\nA,rs12248560,Homozygous T\n")
        assert at(found, *STAR17) == ("CALLED", (1, 1)) and not refused(found)


def test_a_marker_of_no_position_is_named_where_the_table_is_of_few(tmp_path: Path) -> None:
    rows = "sample,rsid,genotype\nA,rs4244285,G/A\n"
    found = read(tmp_path, rows + "A,rs99999999,(TA)6/(TA)7\n")
    (said,) = [note.message for note in found.notes if note.code == "marker_unknown"]
    assert "rs99999999" in said and "rs4244285" not in said
    merged = read(tmp_path, rows + "A,rs8175347,(TA)6/(TA)7\n")
    assert "marker_unknown" not in {note.code for note in merged.notes}
    many = read(tmp_path, rows + "".join(f"A,rs99999{n:04d},C/C\n" for n in range(30)))
    assert "marker_unknown" not in {note.code for note in many.notes}


def test_a_table_of_western_european_windows(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_bytes("Échantillon;rsID;Résultat\nA;rs4244285;G/A\nA;rs12248560;C/C\n".encode("cp1252"))
    found = pgx.variants.read(tmp_path / "r.csv", knowledge())
    assert found.samples == ("A",) and at(found, *STAR2) == ("CALLED", (0, 1))


@pytest.mark.parametrize("head", ["Sample ID,rsID,Outcome", "Kunde,rsID,Allele X,Allele Y,Text"])
def test_a_column_that_is_no_person_is_none(tmp_path: Path, head: str) -> None:
    """A name ``A`` is no genotype A: columns that nobody knows are not read as persons."""
    row = "A,{},G/A" if head.startswith("Sample") else "k1,{},G,A,none of it"
    text = "\n".join([head, *(row.format(rsid) for rsid in ("rs4244285", "rs12248560", "rs1057910"))])
    with pytest.raises(InputError):
        read(tmp_path, text + "\n")


def test_a_table_of_one_person_is_named_by_its_file(tmp_path: Path) -> None:
    assert read(tmp_path, "rsid,genotype\nrs4244285,A/G\n", "P77.csv").samples == ("P77",)


def test_a_row_that_names_its_gene_loses_no_result_without_a_word(tmp_path: Path) -> None:
    head = "sample,rsid,chromosome,position_grch38,genotype,strand,gene,copy_number\nD,rs4244285,,,G/A,+,CYP2C19,\n"
    for marker, genotype in (("rs391829O", "T/T"), ("rs39I8290", "C/T"), ("exon 14 skipping", "C/T"), ("rs39182900", "T/T")):  # fmt: skip
        found = read(tmp_path, head + f"D,{marker},,,{genotype},-,DPYD,\n")
        assert refused(found) == {("D", "DPYD")}, marker
        (told,) = [note.message for note in found.notes if note.code == "outside_refused"]
        assert marker in told and genotype in told
        assert at(found, *STAR2) == ("CALLED", (0, 1)), "the other rows are used"
    assert refused(read(tmp_path, head + "D,rs391829O,,,--,-,DPYD,\n")) == set(), "no result is lost"
    assert refused(read(tmp_path, head + "D,rs99999999,,,C/T,+,DPYD,\n")) == set(), "a variant that is not looked at"
    unnamed = read(tmp_path, "sample,rsid,genotype\nD,rs4244285,G/A\nD,rs391829O,C/T\n")
    assert refused(unnamed) == {("D", "DPYD")}
    cut = read(tmp_path, "sample,rsid,genotype\nD,rs12248560,C/C\nD,rs4244285O,G/A\n")
    assert at(cut, *STAR2)[0] != "CALLED" and refused(cut) == {("D", "CYP2C19")}


def test_a_row_whose_gene_is_not_that_of_its_marker_is_used_for_neither(tmp_path: Path) -> None:
    found = read(tmp_path, "sample,rsid,genotype,strand,gene\nE,rs3918290,C/T,+,TPMT\nE,rs4244285,G/A,+,CYP2C19\n")
    assert refused(found) == {("E", "DPYD"), ("E", "TPMT")}
    assert at(found, "chr1", 97450058)[0] == "UNSUPPORTED" and at(found, *STAR2) == ("CALLED", (0, 1))
    known = "E,rs3918290,C/T,+,dpyd\nE,rs887829,C/T,+,UGT1A4\nE,rs12777823,G/A,+,CYP2C9\nE,rs4244285,G/A,+,WBP1L\n"
    assert refused(read(tmp_path, "sample,rsid,genotype,strand,gene\n" + known)) == set()


@pytest.mark.parametrize(("strand", "used"), [("sideways", False), ("+ or so", False), ("TOP", True), ("n/a", True)])
def test_a_strand_that_is_none_costs_the_row(tmp_path: Path, strand: str, used: bool) -> None:
    found = read(tmp_path, f"sample,rsid,genotype,strand\nF,rs4244285,G/A,{strand}\nF,rs1057910,A/C,+\n")
    assert refused(found) == (set() if used else {("F", "CYP2C19")})
    assert (at(found, *STAR2) == ("CALLED", (0, 1))) is used and at(found, *C9_STAR3) == ("CALLED", (0, 1))


def test_drawn_tables_are_read_as_they_were_drawn(tmp_path: Path) -> None:
    rng = random.Random(5)
    kb = knowledge()
    sites = [
        row for row in kb.sites.iter_rows(named=True) if len(row["rsids"]) == 1 and row["chrom"] not in ("chrX", "chrM")
    ]
    single = [row for row in sites if {len(a) for a in row["alleles"]} == {1}]
    for n in range(12):
        chosen = rng.sample(single, 12)
        people = {
            f"P{k}": [tuple(sorted(rng.choices(range(len(s["alleles"])), k=2))) for s in chosen] for k in range(4)
        }
        path = tmp_path / f"drawn{n}.csv"
        path.write_text(_written(rng, chosen, people), encoding="utf-8")
        found = pgx.variants.read(path, kb)
        for k, name in enumerate(found.samples):
            for site, genotype in zip(chosen, people[name], strict=True):
                assert at(found, site["chrom"], site["pos_grch38"], k) == ("CALLED", genotype), (path.read_text(), site)


def _written(rng: random.Random, chosen: list[dict[str, object]], people: dict[str, list[tuple[int, int]]]) -> str:
    mark = rng.choice(",\t;")
    between = rng.choice(["/", "|", "", " "])

    def cell(site: dict[str, object], pair: tuple[int, int], strand: str) -> str:
        bases = [site["alleles"][code] for code in rng.sample(pair, 2)]  # type: ignore[index]
        if strand == "-":
            bases = [base.translate(str.maketrans("ACGT", "TGCA")) for base in bases]
        return between.join(bases)

    shape = rng.choice(["long", "wide", "transposed"])
    rows: list[list[str]]
    if shape == "long":
        rows = [["Sample_ID", "dbSNP ID", "Strand", "Base Call"]]
        for name, genotypes in people.items():
            for site, pair in zip(chosen, genotypes, strict=True):
                strand = rng.choice("+-")
                rows.append([name, site["rsids"][0], strand, cell(site, pair, strand)])  # type: ignore[index]
        return "\n".join(mark.join(row) for row in rows) + "\n"
    head = "# strand: plus\n"
    if shape == "wide":
        rows = [["ID", *(site["rsids"][0] for site in chosen)]]  # type: ignore[index]
        rows += [
            [name, *(cell(s, p, "+") for s, p in zip(chosen, pairs, strict=True))] for name, pairs in people.items()
        ]
    else:
        rows = [["SNP", *people]]
        rows += [
            [site["rsids"][0], *(cell(site, pairs[k], "+") for pairs in people.values())]
            for k, site in enumerate(chosen)  # type: ignore[index]
        ]
    return head + "\n".join(mark.join(row) for row in rows) + "\n"


class TestStrands:
    def test_what_fits_on_both_strands_is_not_used(self, tmp_path: Path) -> None:
        # rs1800462 (TPMT*2) is C>G on the forward strand
        found = read(tmp_path, "sample,rsid,genotype\nA,rs1800462,G/G\nA,rs4244285,A/G\n")
        assert at(found, "chr6", 18143724) == ("NO_CALL", (-1, -1))
        note = next(note for note in found.notes if note.code == "strand_unknown")
        assert "column strand" in note.message and "line 2" in (note.where or "")

    @pytest.mark.parametrize(("strand", "wanted"), [("+", (0, 0)), ("-", (1, 1))])
    def test_a_stated_strand_settles_it(self, tmp_path: Path, strand: str, wanted: tuple[int, int]) -> None:
        found = read(tmp_path, f"sample,rsid,genotype,strand\nA,rs1800462,C/C,{strand}\n")
        assert at(found, "chr6", 18143724) == ("CALLED", wanted)

    def test_a_base_of_no_allele_is_shown_but_not_known(self, tmp_path: Path) -> None:
        found = read(tmp_path, "sample,rsid,genotype,strand\nA,rs4244285,C/C,+\n")
        assert at(found, *STAR2)[0] == "UNSUPPORTED"

    def test_lines_that_contradict_each_other_are_no_call(self, tmp_path: Path) -> None:
        found = read(tmp_path, "sample,rsid,genotype\nA,rs4244285,A/G\nA,rs4244285,G/G\n")
        assert at(found, *STAR2) == ("NO_CALL", (-1, -1))
        assert refused(found) == {("A", "CYP2C19")}

    def test_a_repeated_line_counts_once(self, tmp_path: Path) -> None:
        found = read(tmp_path, "sample,rsid,genotype\nA,rs4244285,A/G\nA,rs4244285,G/A\nA,rs4244285,NN\n")
        assert at(found, *STAR2) == ("CALLED", (0, 1))


DELETION = SiteAlleles(("GATGA", "G"), 0)
ONE_BASE = SiteAlleles(("CT", "C"), 0)
INSERTION = SiteAlleles(("C", "CGCGG"), 0)
REPEAT = SiteAlleles(("CAT", "CATAT", "CATATAT", "C"), 0, "TA", 6)
INDELS = [
    (DELETION, "I/D", (0, 1)), (DELETION, "ID", (0, 1)), (DELETION, "DD", (1, 1)), (DELETION, "Ins/Ins", (0, 0)),
    (DELETION, "del/ATGA", (1, 0)), (DELETION, "ATGA/-", (0, 1)), (DELETION, "TCAT/del", (0, 1)),
    (DELETION, "GATGA/G", (0, 1)), (DELETION, "G/G", (1, 1)), (DELETION, "delATGA/ATGA", (1, 0)), (DELETION, "DEL", (1,)),
    (ONE_BASE, "T/DEL", (0, 1)), (ONE_BASE, "A/DEL", (0, 1)), (ONE_BASE, "A/A", (0, 0)), (ONE_BASE, "T/-", (0, 1)),
    (ONE_BASE, "CT/C", (0, 1)), (ONE_BASE, "DEL.A", (1, 0)),
    (INSERTION, "D/I", (0, 1)), (INSERTION, "-/GCGG", (0, 1)), (INSERTION, "insGCGG/insGCGG", (1, 1)), (INSERTION, "DEL/DEL", (0, 0)),
    (REPEAT, "(TA)6/(TA)7", (0, 1)), (REPEAT, "TA6/TA6", (0, 0)), (REPEAT, "7/7", (1, 1)), (REPEAT, "(TA)5/(TA)8", (3, 2)),
    (REPEAT, "A(TA)6TAA/A(TA)7TAA", (0, 1)), (REPEAT, "(AT)6/(AT)7", Problem.NOTATION),
    (REPEAT, "I/D", Problem.NOTATION), (DELETION, "A/G", Problem.NOTATION), (INSERTION, "banana", Problem.NOTATION),
]  # fmt: skip


@pytest.mark.parametrize(("site", "text", "wanted"), INDELS, ids=[text for _, text, _ in INDELS])
def test_indels(site: SiteAlleles, text: str, wanted: tuple[int, ...] | Problem) -> None:
    tokens = tokens_of(text)
    found = tokens if isinstance(tokens, Problem) else codes_of(site, tokens, None)
    assert found == wanted


@pytest.mark.parametrize(
    "text",
    ["", "-", "--", "NN", "0/0", "./.", "NoCall", "No Call", "Undetermined", "NOAMP", "N/A", "fail", "-/-", "N/N", "?"],
)
def test_no_call_is_no_genotype(text: str) -> None:
    assert tokens_of(text) is Problem.MISSING


@pytest.mark.parametrize("text", ["A/G/T", "Heterozygous A/A", "Homozygous A/G", "A G T", "T/", "/C", "A|", "*1 /"])
def test_what_is_no_genotype(text: str) -> None:
    assert tokens_of(text) is Problem.NOTATION


class TestCopies:
    @pytest.mark.parametrize("cell", ["3", "CN=3", "3.0", "2.9", "CN 3", "CYP2D6 CN=3", "3 copies"])
    @pytest.mark.parametrize("column", ["CYP2D6 CN", "CYP2D6_CN", "CYP2D6 copy number", "CN CYP2D6", "CYP2D6_exon9_CN"])
    def test_a_column(self, tmp_path: Path, column: str, cell: str) -> None:
        found = read(tmp_path, f"sample,rs4244285,{column}\nA,A/G,{cell}\nB,G/G,\n")
        assert found.copy_number is not None
        assert found.copy_number.select("sample", "gene", "copies").rows() == [("A", "CYP2D6", 3)]

    def test_a_line(self, tmp_path: Path) -> None:
        found = read(tmp_path, "sample,gene,rsid,genotype,copy_number\nA,CYP2C19,rs4244285,A/G,\nA,CYP2D6,,,1\n")
        assert found.copy_number is not None
        assert found.copy_number.select("gene", "copies").rows() == [("CYP2D6", 1)]
        assert at(found, *STAR2) == ("CALLED", (0, 1))

    def test_a_column_of_a_long_table(self, tmp_path: Path) -> None:
        found = read(
            tmp_path, "sample,rsid,genotype,CYP2D6 CN\nA,rs4244285,A/G,3\nA,rs12248560,C/C,3\nB,rs4244285,A/G,\n"
        )
        assert found.copy_number is not None
        assert found.copy_number.select("sample", "gene", "copies").rows() == [("A", "CYP2D6", 3)]

    @pytest.mark.parametrize("cell", ["3+", ">=3", "2.5", "many", "40"])
    def test_what_cannot_be_counted_is_unclear(self, tmp_path: Path, cell: str) -> None:
        found = read(tmp_path, f"sample,rs4244285,CYP2D6 CN\nA,A/G,{cell}\n")
        assert found.copy_number is not None
        assert found.copy_number.select("gene", "copies", "kind").rows() == [("CYP2D6", None, "unclear")]
        assert refused(found) == {("A", "CYP2D6")}

    @pytest.mark.parametrize("name", ["CYP2D6", "cyp 2d6", "CYP2D-6"])
    def test_a_gene_is_known_by_its_letters(self, tmp_path: Path, name: str) -> None:
        found = read(tmp_path, f"sample,gene,rsid,genotype,copy_number\nA,,rs4244285,A/G,\nA,{name},,,1\n")
        assert found.copy_number is not None
        assert found.copy_number.select("gene", "copies").rows() == [("CYP2D6", 1)]
        assert not refused(found)

    @pytest.mark.parametrize(("name", "genes"), [("CYP2DG", {("A", "CYP2D6")}), ("UGT2B999", set()), ("XYZ1", set())])
    def test_copies_of_a_gene_that_there_is_not(
        self, tmp_path: Path, name: str, genes: set[tuple[object, str | None]]
    ) -> None:
        found = read(tmp_path, f"sample,gene,rsid,genotype,copy_number\nA,,rs4244285,A/G,\nA,{name},,,1\n")
        assert found.copy_number is not None and found.copy_number.is_empty()
        assert refused(found) == genes


@pytest.mark.parametrize(
    ("column", "cell", "used"),
    [
        ("GC Score", "0.05", False), ("GC Score", "0.15", True), ("GC Score", "", True), ("GC Score", "0,149", False),
        ("Description", "D.Low Probability", False), ("Description", "A.Conservative", True),
        ("Description", "I.Bad Spectrum", False), ("Description", "E.User Call", True),
    ],
)  # fmt: skip
def test_what_the_laboratory_does_not_stand_by_costs_the_result(
    tmp_path: Path, column: str, cell: str, used: bool
) -> None:
    found = read(tmp_path, f"sample;rsid;genotype;{column}\nA;rs4244285;A/G;{cell}\nA;rs1057910;A/A;\n")
    assert (at(found, *STAR2) == ("CALLED", (0, 1))) is used
    assert refused(found) == (set() if used else {("A", "CYP2C19")})
    assert at(found, *C9_STAR3) == ("CALLED", (0, 0))


class TestLostResults:
    """A result that cannot be used is lost by name, and its position is open, never the reference."""

    @pytest.mark.parametrize(
        "cell", ["QQ", "G/X", "A/G/T", "banana", "I/D", "(TA)6/(TA)7", "Heterozygous A/A", "delG", "C/C"]
    )
    def test_a_genotype_that_fits_no_allele(self, tmp_path: Path, cell: str) -> None:
        rows = f"A,rs4244285,{cell},+\nA,rs12248560,C/C,+\nB,rs4244285,G/G,+\n"
        found = read(tmp_path, "sample,rsid,genotype,strand\n" + rows)
        assert at(found, *STAR2)[0] == "UNSUPPORTED" and at(found, *STAR2, 1) == ("CALLED", (0, 0))
        assert refused(found) == {("A", "CYP2C19")}

    @pytest.mark.parametrize("cell", ["", "NN", "0/0", "no call", "fail"])
    def test_no_call_is_no_loss(self, tmp_path: Path, cell: str) -> None:
        assert not refused(read(tmp_path, f"sample,rsid,genotype\nA,rs4244285,{cell}\nA,rs12248560,C/C\n"))

    def test_an_indels_word_that_is_none(self, tmp_path: Path) -> None:
        found = read(tmp_path, "sample,rsid,genotype\nA,rs8175347,I/D\nA,rs4244285,G/G\n")
        assert at(found, *TA_REPEAT)[0] == "UNSUPPORTED" and refused(found) == {("A", "UGT1A1")}

    def test_two_bases_where_there_is_one_copy(self, tmp_path: Path) -> None:
        found = read(tmp_path, "#GRCh38\nsample,chrom,pos,genotype\nA,MT,1555,A/G\nA,10,94781859,G/G\n")
        assert at(found, "chrM", 1555)[0] == "UNSUPPORTED" and refused(found) == {("A", "MT-RNR1")}

    @pytest.mark.parametrize("marker", ["rs424428", "rs4244258", "rs42442855", "rs4244286", "4244285", "rs 4244285"])
    def test_a_marker_that_is_a_slip_of_a_known_one(self, tmp_path: Path, marker: str) -> None:
        found = read(tmp_path, f"sample,rsid,genotype\nA,{marker},A/A\nB,{marker},NN\nA,rs12248560,C/C\n")
        assert at(found, *STAR2) == ("ABSENT", (-1, -1))
        assert refused(found) == {("A", "CYP2C19")}

    @pytest.mark.parametrize(
        "rows",
        [
            "A,rs4244286,A/A,\nA,rs4244285,G/G,\n",  # the right one is there
            "A,rs4244286,A/A,CYP3A4\n",  # of another gene
            "A,rs4244286,A/C,\n",  # the bases fit nothing there
            "A,rs6712,C/C,\n",  # short numbers are all given out
            "A,rs99999999,A/A,\n",
        ],
    )
    def test_a_marker_that_is_none(self, tmp_path: Path, rows: str) -> None:
        assert not refused(read(tmp_path, "sample,rsid,genotype,gene\nA,rs12248560,C/C,\n" + rows))

    def test_of_many_unknown_markers_none_is_a_slip(self, tmp_path: Path) -> None:
        rows = "A,rs12248560,C/C\nA,rs4244286,A/A\n" + "".join(f"A,rs99999{n:04d},C/C\n" for n in range(20))
        assert not refused(read(tmp_path, "sample,rsid,genotype\n" + rows))

    def test_who_was_not_asked_for_is_not_named(self, tmp_path: Path) -> None:
        text = "sample,rsid,genotype,gene,copy_number\nA,rs4244285,QQ,,\nA,rs424429,A/A,,\nA,,,CYP2D6,many\nB,rs12248560,C/C,,\n"
        found = read(tmp_path, text, samples=["B"])
        assert not refused(found) and "A" not in {note.sample for note in found.notes}


class TestMarkers:
    def test_number_and_position_of_different_places(self, tmp_path: Path) -> None:
        rows = "A,rs4244285,10,94761900,A/G\nA,rs12248560,10,94761900,C/C\nA,rs1057910,10,94981296,A/A\n"
        found = read(tmp_path, "#GRCh38\nsample,rsid,chrom,pos,genotype\n" + rows)
        assert at(found, *STAR2)[0] == "ABSENT" and at(found, *STAR17)[0] == "CALLED"
        assert "marker_misplaced" in {note.code for note in found.notes}
        assert refused(found) == {("A", "CYP2C19")}

    @pytest.mark.parametrize(
        ("cell", "genes"),
        [
            ("G/A", {"CYP2C19"}),  # the alleles of its number alone
            ("G/T", {"ABCG2"}),  # those of its position alone
            ("G/G", {"ABCG2", "CYP2C19"}),
            ("I/D", set()),
        ],
    )
    def test_a_misplaced_genotype_is_lost_to_each_place_that_it_fits(
        self, tmp_path: Path, cell: str, genes: set[str]
    ) -> None:
        rows = f"A,rs4244285,4,88131171,{cell}\nA,rs12248560,10,94761900,C/C\nA,rs1057910,10,94981296,A/A\n"
        found = read(tmp_path, "#GRCh38\nsample,rsid,chrom,pos,genotype\n" + rows)
        assert "marker_misplaced" in {note.code for note in found.notes}
        assert refused(found) == {("A", gene) for gene in genes}

    def test_positions_of_no_build(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="build"):
            read(tmp_path, "sample,chrom,pos,genotype\nA,1,1234,A/G\n")

    def test_positions_contradict_the_build(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="GRCh37"):
            read(tmp_path, TABLES["positions"].replace("pos_hg19", "pos"), build="GRCh38")

    def test_only_some_persons(self, tmp_path: Path) -> None:
        found = read(tmp_path, TABLES["transposed"], samples=["B"])
        assert codes(found, "B") == [("CALLED", (0, 0)), ("CALLED", (0, 1)), ("CALLED", (0, 0))]


def test_other_files_are_no_tables() -> None:
    for text in (
        "sample,date,test,result\nA,2020-01-01,INR,2.5\n", "sample,weight,height\nA,70,180\n", "hello\n", "",
        "##fileformat=VCFv4.2\n#CHROM\tPOS\n", "rsid\tchromosome\tposition\tgenotype\nrs1\t1\t100\tAA\n",
        "patient,drug,dose\nA,warfarin,5\n", "rs4244285,10,96541616,AG\nrs12248560,10,96521657,CC\n",
        *(head + "rs4244285\t10\t96541616\tA/G\nrs12248560\t10\t96521657\tC/C\n" for head in HEADS.values()),
    ):  # fmt: skip
        assert recognise(text.encode()) is None


def test_layouts_are_told_apart() -> None:
    shapes = {name: layout.shape for name, text in TABLES.items() if (layout := recognise(text.encode())) is not None}
    assert shapes["wide"] is Shape.WIDE and shapes["transposed"] is Shape.TRANSPOSED and shapes["long"] is Shape.LONG
    assert len(shapes) == len(TABLES)


def test_a_call_and_the_check_and_the_template(tmp_path: Path) -> None:
    path = tmp_path / "snps.csv"
    path.write_text(pgx.kb.template(kind="snps") + "A,rs4244285,,,A/A,+,,\nA,,,,,,CYP2D6,1\n", encoding="utf-8")
    called = pgx.call(path, options=pgx.Options(genes=["CYP2C19", "CYP2D6"]))
    assert called.filter(gene="CYP2C19")["positions_called"].to_list() == [1]
    assert "copy_number_given" in called.filter(gene="CYP2D6")["flags"][0]
    assert "error" not in pgx.check(path)["kind"].to_list()


_TRANSLATION = (
    "Index\tCHP Filename\tGene\tKnown Call\tInterpretation Code\tCommon Name\tProbe Set ID\tBasecall\tReference Base\t"
    "Variant Base\tCall\tdbSNP ID\n"
)


class TestTablesOfAxiomAndPharmacoScan:
    def test_a_translation_report_names_each_person_by_the_chip(self, tmp_path: Path) -> None:
        rows = [
            f"{n}\t{who}.CHP\tCYP2C19\t*1/*2\tUNIQ\tx\tAX-1\t{bases}\tG\tA\tx\trs4244285\n"
            for n, (who, bases) in enumerate([("A_1", "G/A"), ("B_2", "G/G"), ("C_3", "NoCall")], 1)
        ]
        found = read(tmp_path, _TRANSLATION + "".join(rows), "report.txt")
        assert found.samples == ("A_1.CHP", "B_2.CHP", "C_3.CHP")
        assert [at(found, *STAR2, person)[1] for person in range(3)] == [(0, 1), (0, 0), (-1, -1)]

    def test_a_rare_allele_that_is_not_told_is_a_lost_result(self, tmp_path: Path) -> None:
        row = "1\tA.CHP\tCYP2C19\t\tUNDH\tx\tAX-1\tPossibleRareAllele\tG\tA\tx\trs4244285\n"
        found = read(tmp_path, _TRANSLATION + row, "report.txt")
        assert at(found, *STAR2)[0] == "UNSUPPORTED"
        assert ("A.CHP", "CYP2C19") in refused(found)

    @pytest.mark.parametrize("name", ["CEL Filename", "Sample Filename", "cel_files", "CHP File"])
    def test_the_column_of_chips_names_the_persons(self, tmp_path: Path, name: str) -> None:
        text = f"{name}\tProbeset ID\tdbSNP RS ID\tBasecall\nA.CEL\tAX-1\trs4244285\tAG\nB.CEL\tAX-1\trs4244285\tGG\n"
        found = read(tmp_path, text, "calls.txt")
        assert found.samples == ("A.CEL", "B.CEL")

    @pytest.mark.parametrize("added", ["_call", ".CEL_call_code", " Call Codes", ".GType"])
    def test_what_is_put_behind_each_name_is_no_part_of_it(self, tmp_path: Path, added: str) -> None:
        text = f"probeset_id\tA{added}\tB{added}\tdbSNP_RS_ID\nAX-1\tA/G\tG/G\trs4244285\n"
        chip = ".CEL" if "CEL" in added else ""
        assert read(tmp_path, text).samples == (f"A{chip}", f"B{chip}")

    @pytest.mark.parametrize("names", ["A_call\tB", "A_call\tA.call", "A_call\tB_gtype"])
    def test_what_stands_behind_some_names_is_part_of_them(self, tmp_path: Path, names: str) -> None:
        text = f"probeset_id\t{names}\tdbSNP_RS_ID\nAX-1\tA/G\tG/G\trs4244285\n"
        assert read(tmp_path, text).samples == tuple(names.split("\t"))

    def test_columns_of_annotation_are_no_persons(self, tmp_path: Path) -> None:
        text = (
            "probeset_id\tA.CEL\tB.CEL\tAffy_SNP_ID\tChr_id\tStart\tStop\tStrand\tdbSNP_RS_ID\tNumber\n"
            "AX-1\tA/G\tG/G\tAffx-1\t10\t96541616\t96541616\t+\trs4244285\t10\n"
            "AX-2\tC/C\tC/T\tAffx-2\t10\t96521657\t96521657\t+\trs12248560\t12\n"
        )
        found = read(tmp_path, text, "calls.txt")
        assert found.samples == ("A.CEL", "B.CEL")
        assert codes(found, "A.CEL")[:2] == [("CALLED", (0, 1)), ("CALLED", (0, 0))]

    @pytest.mark.parametrize("rows", [("AB\tBB", "AA\tAB"), ("A/B\tB/B", "A/A\tA/B"), ("AA\tAA", "AA\tBB")])
    def test_an_array_s_own_letters_are_no_bases(self, tmp_path: Path, rows: tuple[str, str]) -> None:
        text = "probeset_id\tA.CEL\tB.CEL\tdbSNP_RS_ID\n" + "".join(
            f"AX-{n}\t{row}\t{rsid}\n"
            for n, (row, rsid) in enumerate(zip(rows, ("rs4244285", "rs12248560"), strict=True))
        )
        found = read(tmp_path, text, "calls.txt")
        assert found.samples == ("A.CEL", "B.CEL")
        assert {at(found, *site, person)[0] for site in (STAR2, STAR17) for person in (0, 1)} == {"UNSUPPORTED"}
        assert refused(found) == {("A.CEL", "CYP2C19"), ("B.CEL", "CYP2C19")}

    @pytest.mark.parametrize("rows", [("1", "0", "1"), ("AB", "AA", "AB"), ("A/B", "A/A", "A/B")])
    @pytest.mark.parametrize(
        ("head", "told"),
        [("Allele A\tAllele B", ("A\tG", "C\tT", "A\tC")), ("Ordered Alleles\tNumber", ("A//G\t1", "C//T\t2", "A//C\t2")),
         ("SNP\tNumber", ("[A/G]\t1", "[C/T]\t2", "[A/C]\t2")), ("allele_b\tallele_a", ("G\tA", "T\tC", "C\tA"))],
    )  # fmt: skip
    def test_an_array_s_own_genotypes_are_bases_where_the_table_says_which(
        self, tmp_path: Path, rows: tuple[str, ...], head: str, told: tuple[str, ...]
    ) -> None:
        """The second person is B, B at the first marker, without a call at the second, and A, A at the third."""
        others = {"1": ("2", "-1", "0"), "AB": ("BB", "NoCall", "AA"), "A/B": ("B/B", "---", "A/A")}[rows[0]]
        text = f"probeset_id\tdbSNP_RS_ID\t{head}\tA.CEL\tB.CEL\n" + "".join(
            f"AX-{n}\t{rsid}\t{bases}\t{one}\t{two}\n"
            for n, (rsid, bases, one, two) in enumerate(
                zip(("rs4244285", "rs12248560", "rs1057910"), told, rows, others, strict=True)
            )
        )
        found = read(tmp_path, text, "calls.txt")
        assert found.samples == ("A.CEL", "B.CEL") and codes(found, "A.CEL") == WANTED
        assert [one[1] for one in codes(found, "B.CEL")] == [(0, 0), (-1, -1), (0, 0)]
        assert not refused(found)

    @pytest.mark.parametrize("genotypes", ["1,0", "2,2", "1,1", "-1,2"])
    @pytest.mark.parametrize("shape", ["long", "wide", "transposed"])
    def test_numbers_without_bases_are_named_as_what_they_are(self, tmp_path: Path, shape: str, genotypes: str) -> None:
        one, two = genotypes.split(",")
        text = {
            "long": f"sample,rsid,genotype\nA,rs4244285,{one}\nA,rs12248560,{two}\n",
            "wide": f"sample,rs4244285,rs12248560\nA,{genotypes}\n",
            "transposed": f"probeset_id,dbSNP_RS_ID,A.CEL\nAX-1,rs4244285,{one}\nAX-2,rs12248560,{two}\n",
        }[shape]
        with pytest.raises(InputError, match=r"array's numbers.*Allele A and Allele B"):
            read(tmp_path, text)

    def test_no_person_is_lost_whose_numbers_are_all_alike(self, tmp_path: Path) -> None:
        text = "rsid,allele a,allele b,A,B,C\nrs4244285,A,G,1,2,0\nrs12248560,C,T,1,2,0\n"
        found = read(tmp_path, text)
        assert found.samples == ("A", "B", "C")
        assert [at(found, *STAR2, person)[1] for person in range(3)] == [(0, 1), (0, 0), (1, 1)]

    def test_bases_beside_an_array_s_alleles_stay_bases(self, tmp_path: Path) -> None:
        text = "rsid\tAllele A\tAllele B\tA\nrs4244285\tG\tA\tAA\nrs12248560\tC\tT\tCC\n"
        assert codes(read(tmp_path, text), "A")[:2] == [("CALLED", (1, 1)), ("CALLED", (0, 0))]

    def test_a_number_whose_row_declares_no_bases_is_a_lost_result(self, tmp_path: Path) -> None:
        text = "rsid\tAllele A\tAllele B\tA\nrs4244285\tA\tG\t1\nrs12248560\t\t\t2\nrs1057910\tA\tC\t0\n"
        found = read(tmp_path, text)
        assert [one[0] for one in codes(found, "A")] == ["CALLED", "UNSUPPORTED", "CALLED"]
        assert refused(found) == {("A", "CYP2C19")}


_SEVEN, _RYR1 = ("chr1", 97740410), ("chr19", 38499644)


@pytest.mark.parametrize(
    ("rsid", "site", "cell", "expected"),
    [
        *[
            ("rs72549309", _SEVEN, cell, (0, 1))
            for cell in ("WT/delTCAT", "del/wt", "REF/DEL", "ATGA/delATGA", "CATT/-")
        ],
        ("rs72549309", _SEVEN, "wt/wt", (0, 0)),
        *[
            ("rs121918596", _RYR1, cell, (0, 1))
            for cell in ("GAG/del", "delGAG/GAG", "AGG/-", "del/GGA", "I/D", "CTC/del")
        ],
        ("rs121918596", _RYR1, "GAG/GAG", (0, 0)),
        ("rs121918596", _RYR1, "delGAG/delGAG", (1, 1)),
        *[
            ("rs8175347", TA_REPEAT, cell, (0, 1))
            for cell in ("TA(6)/TA(7)", "[TA]6/[TA]7", "TA[6]/TA[7]", "6[TA]/7[TA]")
        ],
    ],
)
def test_more_ways_to_write_an_indel(
    tmp_path: Path, rsid: str, site: tuple[str, int], cell: str, expected: tuple[int, int]
) -> None:
    assert at(read(tmp_path, f"sample,rsid,genotype\nA,{rsid},{cell}\n"), *site) == ("CALLED", expected)


@pytest.mark.parametrize(
    ("rsid", "site", "cell"),
    [
        ("rs121918596", _RYR1, "AGA/-"),
        ("rs121918596", _RYR1, "GAGGAG/GAG"),
        ("rs72549309", _SEVEN, "TCA/-"),
        ("rs746071566", ("chr13", 48037782), "GGAGTC/-"),
        ("rs746071566", ("chr13", 48037782), "I/D"),
        ("rs4244285", STAR2, "WT/A"),
    ],
)
def test_an_indel_that_may_be_another_is_not_guessed(
    tmp_path: Path, rsid: str, site: tuple[str, int], cell: str
) -> None:
    found = read(tmp_path, f"sample,rsid,genotype\nA,{rsid},{cell}\n")
    assert at(found, *site)[0] == "UNSUPPORTED"
    assert refused(found)
