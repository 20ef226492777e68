"""Dosages of imputed genotypes: against plink2, by hand, and only where the record was imputed."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import polars as pl
import pytest

from pgx.codes import FlagCode, NoteCode
from pgx.errors import InputError
from pgx.polygenic import Policy, calculate

SAMPLES = ("P1", "P2", "P3", "P4")
HEAD = "##fileformat=VCFv4.2\n##contig=<ID=chr1,length=248956422>\n##contig=<ID=chrX,length=156040895>\n"
HEAD += (
    '##INFO=<ID=R2,Number=1,Type=Float,Description="r2">\n##INFO=<ID=IMP,Number=0,Type=Flag,Description="imputed">\n'
)
HEAD += (
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="gt">\n##FORMAT=<ID=DS,Number=A,Type=Float,Description="ds">\n'
)
HEAD += '##FORMAT=<ID=GP,Number=G,Type=Float,Description="gp">\n'
ROWS = "chr_name chr_position effect_allele other_allele effect_weight"


def _vcf(folder: Path, records: list[str], samples: tuple[str, ...] = SAMPLES) -> Path:
    """Write records like ``"100 A G R2=0.9 GT:DS 0/1:0.75 ..."``."""
    lines = ["\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", *samples])]
    for record in records:
        place, ref, alt, info, keys, *cells = record.split()
        chrom, _, pos = place.rpartition(":")
        lines.append("\t".join([chrom or "chr1", pos, f"v{pos}", ref, alt, ".", "PASS", info, keys, *cells]))
    path = folder / "imputed.vcf"
    path.write_text(HEAD + "\n".join(lines) + "\n")
    return path


@pytest.mark.plink
@pytest.mark.skipif(shutil.which("plink2") is None, reason="plink2 is not installed")
@pytest.mark.parametrize("model", ["additive", "dominant", "recessive"])
def test_sums_of_dosages_are_those_of_plink2(kb, write_pgs, tmp_path: Path, model: str) -> None:
    draw = random.Random(5)
    records, rows = [], []
    for n in range(150):
        doses = [draw.randint(0, 128) / 64 for _ in SAMPLES]  # plink2 keeps dosages in 16384ths
        cells = " ".join(f"{('0/0', '0/1', '1/1')[round(dose)]}:{dose}" for dose in doses)
        records.append(f"{1000 + 10 * n} A G R2=0.8 GT:DS {cells}")
        effect, other = draw.sample(["A", "G"], 2)
        rows.append(f"1 {1000 + 10 * n} {effect} {other} {draw.gauss(0, 1):.6f}")
    vcf = _vcf(tmp_path, records)
    flags = {"additive": ". .", "dominant": "True .", "recessive": ". True"}[model]
    pgs = write_pgs([f"{row} {flags}" for row in rows], f"{ROWS} is_dominant is_recessive")
    found = calculate([vcf], [pgs], kb, Policy())
    assert found.scores["dosages"].to_list() == [150] * 4 and (found.scores["match_rate"] == 1).all()
    assert all(FlagCode.DOSAGES_USED in flags for flags in found.scores["flags"].to_list())
    assert [note.code for note in found.notes].count(NoteCode.PGS_DOSAGES) == 1
    (tmp_path / "w.txt").write_text("".join("v{1}\t{2}\t{4}\n".format(*row.split()) for row in rows))
    command = ["plink2", "--vcf", str(vcf), "dosage=DS", "--score", str(tmp_path / "w.txt"), "1", "2", "3"]
    command += [*([model] if model != "additive" else []), "no-mean-imputation", "cols=+scoresums"]
    command += ["--out", str(tmp_path / "out"), "--threads", "1", "--memory", "640"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    table = pl.read_csv(tmp_path / "out.sscore", separator="\t", infer_schema=False)
    assert found.scores["score"].to_list() == pytest.approx([float(v) for v in table["SCORE1_SUM"]], abs=1e-4)


def _one(kb, write_pgs, folder: Path, record: str, row: str = "1 100 G A 1", samples: tuple[str, ...] = SAMPLES):
    found = calculate([_vcf(folder, [record], samples)], [write_pgs([row], ROWS)], kb, Policy(min_match=1e-9),
                      variants=True)  # fmt: skip
    assert found.variants is not None
    return found, found.variants


def test_only_imputed_genotypes_count_by_their_dosage(kb, write_pgs, tmp_path: Path) -> None:
    cells = "0/1:0.75 1/1:1.5 0/1:. ./.:0.25"
    found, told = _one(kb, write_pgs, tmp_path, f"100 A G R2=0.9 GT:DS {cells}")
    assert found.scores["score"].to_list() == [0.75, 1.5, 1.0, 0.25]
    assert found.scores["dosages"].to_list() == [1, 1, 0, 1]
    assert told["use"].to_list() == ["dosage", "dosage", "used", "dosage"]
    assert told["copies"].to_list() == told["added"].to_list() == [0.75, 1.5, 1.0, 0.25]
    found, told = _one(kb, write_pgs, tmp_path, f"100 A G R2=0.9;TYPED GT:DS {cells}")
    assert found.scores["score"].to_list()[:3] == [1.0, 2.0, 1.0] and found.scores["dosages"].sum() == 0
    assert told["use"].to_list() == ["used", "used", "used", "no_genotype"]
    assert not any(note.code == NoteCode.PGS_DOSAGES for note in found.notes)
    assert not any(FlagCode.DOSAGES_USED in flags for flags in found.scores["flags"].to_list())


def test_the_other_allele_the_other_strand_and_gp(kb, write_pgs, tmp_path: Path) -> None:
    cells = "0/1:0.1,0.6,0.3 0/0:1,0,0 1/1:0,0.2,0.8 0/1:0.25,0.5,0.25"
    expected = [1.2, 0.0, 1.8, 1.0]
    for row, copies in (
        ("1 100 G A 1", expected),
        ("1 100 C T 1", expected),
        ("1 100 A G 1", [2 - n for n in expected]),
    ):
        found, _ = _one(kb, write_pgs, tmp_path, f"100 A G IMP GT:GP {cells}", row)
        assert found.scores["score"].to_list() == pytest.approx(copies)


def test_what_dosages_do_not_decide(kb, write_pgs, tmp_path: Path) -> None:
    hard = [1.0, 2.0]
    several, _ = _one(kb, write_pgs, tmp_path, "100 A G,T IMP GT:DS 0/1:0.7,0.1 1/1:1.7,0", samples=SAMPLES[:2])
    assert several.scores["score"].to_list() == hard and several.scores["dosages"].sum() == 0
    one_copy, _ = _one(
        kb, write_pgs, tmp_path, "chrX:5000000 A G IMP GT:DS 1:0.7 1/1:1.7", "X 5000000 G A 1", SAMPLES[:2]
    )
    assert one_copy.scores["score"].to_list() == [1.0, 1.7], "of one copy a dosage does not say how many there are"


def test_dosages_without_genotypes(kb, write_pgs, tmp_path: Path) -> None:
    found, _ = _one(kb, write_pgs, tmp_path, "100 A G R2=0.9 DS 0.75 1.5 0 2")
    assert found.scores["score"].to_list() == [0.75, 1.5, 0.0, 2.0]
    with pytest.raises(InputError, match="not marked as imputed"):
        _one(kb, write_pgs, tmp_path, "100 A G . DS 0.75 1.5 0 2")


def test_a_dosage_of_a_person_alone_and_among_others(kb, write_pgs, tmp_path: Path) -> None:
    draw = random.Random(2)
    records = [
        f"{n} A G R2=0.7 GT:DS " + " ".join(f"0/1:{draw.random() * 2:.3f}" for _ in SAMPLES) for n in range(100, 180)
    ]
    pgs = write_pgs([f"1 {n} G A {draw.gauss(0, 1):.5f}" for n in range(100, 180)], ROWS)
    vcf = _vcf(tmp_path, records)
    whole = calculate([vcf], [pgs], kb, Policy()).scores["score"].to_list()
    alone = [calculate([vcf], [pgs], kb, Policy(samples=(name,))).scores["score"].item() for name in SAMPLES]
    assert alone == whole


def test_what_is_said_of_a_score_stands_beside_a_score(kb, write_pgs, tmp_path: Path) -> None:
    records = ["100 A G IMP GT:DS 0/1:0.7 0/1:0.7", "200 A G . GT 0/1 ./.", "300 A G . GT 0/1 ./."]
    vcf = _vcf(tmp_path, records, SAMPLES[:2])
    pgs = write_pgs([f"1 {pos} G A 1 0.5" for pos in (100, 200, 300)], f"{ROWS} allelefrequency_effect")
    whole, part = calculate([vcf], [pgs], kb, Policy()).scores.iter_rows(named=True)
    assert whole["flags"] == [FlagCode.DOSAGES_USED]
    assert part["score"] is None and part["flags"] == [FlagCode.MATCH_TOO_LOW]
    assert (part["dosages"], part["imputed"]) == (1, 2)
