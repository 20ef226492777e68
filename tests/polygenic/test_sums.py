"""Sums against plink2 and by hand, what missing genotypes do, and that a person's score is the person's own."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import polars as pl
import pysam
import pysam.bcftools
import pytest

from pgx.errors import InputError
from pgx.polygenic import Policy, calculate, genotypes

SAMPLES = ("P1", "P2", "P3", "P4", "P5")


@pytest.fixture
def world(write_vcf, write_pgs):
    """200 variants of five persons, some genotypes missing, and a score whose effect alleles are now REF, now ALT."""
    draw = random.Random(7)
    records, rows = [], []
    for n in range(200):
        ref, alt = draw.choice([("A", "G"), ("C", "T"), ("G", "T"), ("A", "C")])
        genotypes = " ".join(draw.choice(["0/0", "0/1", "1/1", "0|1", "./."]) for _ in SAMPLES)
        records.append(f"{1000 + 10 * n} {ref} {alt} {genotypes}")
        effect, other = draw.sample([ref, alt], 2)
        rows.append(f"1 {1000 + 10 * n} {effect} {other} {draw.gauss(0, 1):.6f} {draw.uniform(0.05, 0.95):.4f}")
    columns = "chr_name chr_position effect_allele other_allele effect_weight allelefrequency_effect"
    return write_vcf(records, SAMPLES), rows, columns, write_pgs


@pytest.mark.plink
@pytest.mark.skipif(shutil.which("plink2") is None, reason="plink2 is not installed")
@pytest.mark.parametrize(
    ("model", "frequencies"), [("additive", False), ("dominant", False), ("recessive", False), ("additive", True)]
)
def test_sums_are_those_of_plink2(kb, world, tmp_path: Path, model: str, frequencies: bool) -> None:
    vcf, rows, columns, write_pgs = world
    if not frequencies:
        rows = [" ".join([*row.split()[:-1], "."]) for row in rows]
    flags = {"additive": ". .", "dominant": "True .", "recessive": ". True"}[model]
    pgs = write_pgs([f"{row} {flags}" for row in rows], f"{columns} is_dominant is_recessive")
    found = calculate([vcf], [pgs], kb, Policy(min_match=0.1)).scores
    assert (found["imputed"] > 0).all() == frequencies
    assert found["score"].to_list() == pytest.approx(_plink2(vcf, rows, tmp_path, model, frequencies), abs=1e-4)


def _plink2(vcf: Path, rows: list[str], folder: Path, model: str, frequencies: bool) -> list[float]:
    lines = [row.split() for row in rows]
    (folder / "w.txt").write_text("".join(f"v{row[1]}\t{row[2]}\t{row[4]}\n" for row in lines))
    command = ["plink2", "--vcf", str(vcf), "--score", str(folder / "w.txt"), "1", "2", "3", "cols=+scoresums",
               "--out", str(folder / "out"), "--threads", "1", "--memory", "640"]  # fmt: skip
    at = command.index("cols=+scoresums") + 1
    if model != "additive":
        command.insert(at, model)
    if frequencies:
        records = [line.split("\t") for line in vcf.read_text().splitlines() if not line.startswith("#")]
        told = {row[1]: (row[2], float(row[5])) for row in lines}
        with (folder / "f.afreq").open("w") as stream:
            stream.write("#CHROM\tID\tREF\tALT\tALT_FREQS\tOBS_CT\n")
            for record in records:
                allele, share = told[record[1]]
                alt = share if allele == record[4] else 1 - share
                stream.write(f"1\t{record[2]}\t{record[3]}\t{record[4]}\t{alt:.6f}\t10\n")
        command += ["--read-freq", str(folder / "f.afreq")]
    else:
        command.insert(at, "no-mean-imputation")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    table = pl.read_csv(folder / "out.sscore", separator="\t", infer_schema=False)
    return [float(value) for value in table["SCORE1_SUM"]]


def test_dominant_recessive_and_free_weights_by_hand(kb, write_vcf, write_pgs) -> None:
    vcf = write_vcf(["100 A G 0/0 0/1 1/1 ./.", "200 A G 0/0 0/1 1/1 ./.", "300 A G 0/0 0/1 1/1 ./."],
                    ("none", "one", "two", "unknown"))  # fmt: skip
    columns = ("chr_name chr_position effect_allele other_allele effect_weight is_dominant is_recessive "
               "dosage_0_weight dosage_1_weight dosage_2_weight allelefrequency_effect")  # fmt: skip
    rows = ["1 100 G A 10 True . . . . 0.1", "1 200 G A 100 . True . . . 0.1", "1 300 G A . . . 1 2 5 0.1"]
    found = calculate([vcf], [write_pgs(rows, columns)], kb, Policy(min_match=0.5)).scores
    by_hand = {"none": 0 + 0 + 1, "one": 10 + 0 + 2, "two": 10 + 100 + 5}
    assert dict(found.select("sample", "score").iter_rows()) == {**by_hand, "unknown": None}
    low = calculate([vcf], [write_pgs(rows, columns)], kb, Policy(min_match=1e-9, samples=("unknown", "two"))).scores
    assert low.row(1, named=True)["match_rate"] == 1
    # Nobody has fewer than no genotypes, so the expected values are looked at in the table of variants.
    told = calculate([vcf], [write_pgs(rows, columns)], kb, Policy(min_match=0.5), variants=True).variants
    assert told is not None
    added = told.filter(sample="unknown")["added"].to_list()
    assert added == pytest.approx([10 * (1 - 0.9**2), 100 * 0.1**2, 1 * 0.81 + 2 * 0.18 + 5 * 0.01])


def test_a_missing_genotype_is_never_zero_in_silence(kb, write_vcf, write_pgs) -> None:
    vcf = write_vcf([*(f"{pos} A G 1/1" for pos in range(100, 108)), "108 A G ./.", "109 A G ./."])
    columns = "chr_name chr_position effect_allele other_allele effect_weight allelefrequency_effect"
    rows = [f"1 {pos} G A 1 ." for pos in range(100, 109)]
    row = calculate([vcf], [write_pgs([*rows, "1 109 G A 1 0.25"], columns)], kb, Policy()).scores.row(0, named=True)
    assert (row["score"], row["genotyped"], row["imputed"], row["left_out"]) == (16.5, 8, 1, 1)
    assert row["flags"] == ["frequency_used"] and row["match_rate"] == 0.8


def test_too_few_variants_give_no_score_unless_the_user_lowers_what_is_asked_for(kb, write_vcf, write_pgs) -> None:
    pgs = write_pgs([f"1 {pos} G A 1" for pos in range(100, 110)])
    vcf = write_vcf([f"{pos} A G 0/1 {'./.' if pos > 103 else '0/1'}" for pos in range(100, 109)], ("whole", "part"))
    found = calculate([vcf], [pgs], kb, Policy())
    assert found.scores["score"].to_list() == [9.0, None]
    assert found.scores["flags"].to_list() == [[], ["match_too_low"]]
    assert [(note.sample, note.code) for note in found.notes if note.severity == "warning"] == [
        ("part", "pgs_match_low")
    ]
    lowered = calculate([vcf], [pgs], kb, Policy(min_match=0.3)).scores
    assert lowered["score"].to_list() == [9.0, 4.0] and lowered["flags"].to_list()[1] == ["match_lowered"]
    with pytest.raises(InputError, match=r"40.0% of the 10 variants.*no_genotype 5, absent 1.*--min-match"):
        calculate([vcf], [pgs], kb, Policy(samples=("part",)))


def test_a_score_is_the_same_to_every_digit_alone_and_among_others(kb, world, tmp_path: Path) -> None:
    vcf, rows, columns, write_pgs = world
    pgs = write_pgs(rows, columns)
    together = calculate([vcf], [pgs], kb, Policy(min_match=0.1)).scores
    for place, name in enumerate(SAMPLES):
        lines = [line.split("\t") for line in vcf.read_text().splitlines()]
        own = tmp_path / f"{name}.vcf"
        own.write_text("\n".join("\t".join([*line[:9], line[9 + place]] if len(line) > 9 else line) for line in lines)
                       + "\n")  # fmt: skip
        assert calculate([own], [pgs], kb, Policy(min_match=0.1)).scores.equals(together.filter(sample=name))


def test_files_one_a_chromosome_make_one_score_and_persons_stay_apart(kb, write_vcf, write_pgs) -> None:
    pgs = write_pgs(["1 100 G A 1", "X 100 G A 1"])
    first = write_vcf(["100 A G 0/1 1/1"], ("A", "B"), name="one.vcf")
    second = write_vcf(["chrX:100 A G 1/1 0/0"], ("B", "A"), name="x.vcf")
    other = write_vcf(["100 A G 1/1", "chrX:100 A G 1/1"], ("C",), name="c.vcf")
    found = calculate([first, second, other], [pgs], kb, Policy()).scores
    assert dict(found.select("sample", "score").iter_rows()) == {"A": 1.0, "B": 4.0, "C": 4.0}
    with pytest.raises(InputError, match="in several files"):
        calculate([first, write_vcf(["100 A G 0/1"], ("A",), name="again.vcf")], [pgs], kb, Policy())


@pytest.mark.parametrize("dense", [False, True])
def test_packed_indexed_and_binary_files_give_the_same_scores(kb, world, tmp_path: Path, dense: bool,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    vcf, rows, columns, write_pgs = world
    pgs = write_pgs(rows, columns)
    plain = calculate([vcf], [pgs], kb, Policy(min_match=0.1)).scores
    if dense:
        monkeypatch.setattr(genotypes, "_DENSE", 10)
    pysam.tabix_compress(str(vcf), str(tmp_path / "p.vcf.gz"), force=True)
    pysam.tabix_index(str(tmp_path / "p.vcf.gz"), preset="vcf", force=True)
    with (
        pysam.VariantFile(str(vcf)) as source,
        pysam.VariantFile(str(tmp_path / "p.bcf"), "wb", header=source.header) as out,
    ):
        for record in source:
            out.write(record)
    pysam.bcftools.index(str(tmp_path / "p.bcf"))
    for name in ("p.vcf.gz", "p.bcf"):
        assert calculate([tmp_path / name], [pgs], kb, Policy(min_match=0.1)).scores.equals(plain)
