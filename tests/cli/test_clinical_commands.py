"""The commands `features` and `check` from the shell."""

from __future__ import annotations

import subprocess
from pathlib import Path

import polars as pl

from tests import command

EXAMPLES = Path(__file__).resolve().parents[2] / "data" / "examples"


def pgx(*arguments: object) -> subprocess.CompletedProcess[str]:
    return command.run(*arguments)


def test_describe_lists_every_feature_on_standard_output():
    done = pgx("features", "--describe")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "name\ttype\tunit\tmeaning\tsource"
    assert "clinical.age\tfloat\ta\tage in years at the newest date of the person's data\tclinical data" in lines


def test_one_row_a_sample_and_a_reason_for_each_missing_value(tmp_path):
    out, missing = tmp_path / "f.parquet", tmp_path / "missing.tsv"
    example = EXAMPLES / "HG00118.GRCh37.vcf.gz"
    done = pgx("features", example, "-c", EXAMPLES / "HG00118.clinical.json", "-o", out, "--missing", missing)
    assert (done.returncode, done.stdout) == (0, "")
    frame = pl.read_parquet(out)
    assert frame["sample"].to_list() == ["HG00118"]
    assert frame["clinical.age"].item() == 59
    reasons = pl.read_csv(missing, separator="\t", quote_char=None)
    assert set(reasons["feature"]) == {name for name in frame.columns if frame[name].null_count()}


def test_unknown_feature_and_no_input_are_wrong_usage():
    assert pgx("features").returncode == 2
    done = pgx("features", EXAMPLES / "HG00118.GRCh37.vcf.gz", "--columns", "lab.nope")
    assert (done.returncode, done.stdout) == (2, "") and "lab.nope" in done.stderr


def test_check_says_what_is_understood_and_fails_on_what_is_impossible(tmp_path):
    good = pgx("check", EXAMPLES / "HG00118.clinical.json")
    assert good.returncode == 0 and "understood\tweight_lb\tweight [[lb_av]]\t1\tkey weight_lb" in good.stdout
    bad = tmp_path / "p.json"
    bad.write_text('{"height": 17500}')
    done = pgx("check", bad)
    assert done.returncode == 3 and "height of 17500 cm is impossible" in done.stdout
    assert pgx("check", tmp_path / "none.json").returncode == 3


def test_check_lists_the_columns_and_reads_a_vcf():
    assert pgx("check", "--columns").stdout.splitlines()[1].startswith("sample\t")
    done = pgx("check", EXAMPLES / "HG00118.GRCh37.vcf.gz")
    assert done.returncode == 0 and "understood\tsamples\t1" in done.stdout


def test_check_of_a_vcf_says_what_of_each_gene_is_there_and_what_stays_undecided(tmp_path):
    path = tmp_path / "few.vcf"
    head = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", "A"]
    record = ["chr16", "31096368", ".", "C", "T", ".", "PASS", ".", "GT", "0/1"]
    meta = '##fileformat=VCFv4.2\n##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
    path.write_text(meta + "\t".join(head) + "\n" + "\t".join(record) + "\n")
    done = pgx("check", path)
    assert done.returncode == 0, done.stderr
    rows = {line.split("\t")[1]: line.split("\t")[2] for line in done.stdout.splitlines() if line.startswith("gene\t")}
    assert rows["VKORC1"] == "1 called, 0 assumed, 0 absent, 0 unusable of 1 genotypes"
    assert rows["TPMT"].startswith("0 called, 0 assumed, 45 absent, 0 unusable of 45 genotypes; not told in 1 of 1 ")
    assert "azathioprine" in rows["TPMT"]


def test_positions_for_other_tools_go_to_standard_output_or_a_file(tmp_path):
    bed = pgx("kb", "positions", "--genes", "VKORC1", "--build", "GRCh37", "--plain")
    assert (bed.returncode, bed.stdout) == (0, "16\t31107688\t31107689\tVKORC1\n")
    out = tmp_path / "p.vcf"
    assert pgx("kb", "positions", "--format", "vcf", "-o", out).returncode == 0
    assert out.read_text().startswith("##fileformat=VCF")
    assert pgx("kb", "positions", "--build", "hg18").returncode == 2
