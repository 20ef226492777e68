"""Made-up genomes: the same for the same seed, drawn as the knowledge says, and called back as what they are."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import polars as pl
import pysam
import pytest

import pgx
from pgx.calling import priors
from pgx.cohort.simulated import genomes
from pgx.cohort.simulated.haplotypes import pools
from pgx.cohort.simulated.reads import READ_ERROR, phred
from pgx.cohort.simulated.units import UNIT
from pgx.errors import UsageError
from pgx.knowledge import load

COPIES_VARY = ("CYP2A6", "CYP2D6", "GSTM1", "SULT1A1")
"""Genes of which a file without copy numbers leaves open how many there are."""


def _truth(made: genomes.Simulated) -> pl.DataFrame:
    return pl.read_csv(made.truth, separator="\t")


def _alleles(column: str) -> pl.Expr:
    return pl.col(column).str.split("/").list.sort()


def _called(made: genomes.Simulated) -> pl.DataFrame:
    """Truth beside the calls: `right` says whether both name the same alleles."""
    calls = pgx.call(made.vcf).select("sample", "gene", "status", "probability", called="diplotype")
    both = _truth(made).join(calls, on=["sample", "gene"])
    return both.with_columns(right=_alleles("diplotype") == _alleles("called"))


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> genomes.Simulated:
    return pgx.cohort.simulate(300, tmp_path_factory.mktemp("made") / "all.vcf", seed=3)


@pytest.mark.parametrize("build", ["GRCh38", "GRCh37"])
def test_what_is_phased_and_complete_is_called_back_as_it_was_drawn(tmp_path, build):
    made = pgx.cohort.simulate(80, tmp_path / "all.bcf", seed=4, build=build)
    both = _called(made).filter(identifiable="yes")
    open_genes = both.filter(pl.col("status") != "called")["gene"].unique().to_list()
    assert set(open_genes) <= set(COPIES_VARY)
    assert both.filter(status="called")["right"].all()
    assert both.filter(status="called").height > 0.95 * both.height


def test_gaps_and_unknown_phase_mislead_no_more_often_than_the_calls_admit(tmp_path):
    """A call says how probable it is: of many, no more are wrong than that."""
    both = _called(pgx.cohort.simulate(150, tmp_path / "all.vcf", seed=3, missing=0.03, unphased=True))
    called = both.filter(status="called", identifiable="yes")
    doubt = 1 - called["probability"]
    spread = float((doubt * (1 - doubt)).sum()) ** 0.5
    assert (~called["right"]).sum() <= doubt.sum() + 3 * spread
    assert called["right"].mean() > 0.995


def test_the_same_seed_gives_the_same_bytes_and_the_same_persons_however_many_there_are(made, tmp_path):
    again = pgx.cohort.simulate(300, tmp_path / "again" / "all.vcf", seed=3)
    other = pgx.cohort.simulate(300, tmp_path / "other" / "all.vcf", seed=4)
    for name in ("vcf", "clinical", "truth"):
        assert getattr(again, name).read_bytes() == getattr(made, name).read_bytes()
        assert getattr(other, name).read_bytes() != getattr(made, name).read_bytes()
    few, many = (
        pgx.cohort.simulate(count, tmp_path / f"{count}" / "all.vcf", seed=3, array=0.01, depth=6, missing=0.1)
        for count in (50, UNIT + 50)
    )
    names = set(_truth(few)["sample"])
    assert _truth(few).equals(_truth(many).filter(pl.col("sample").is_in(names)))
    rows = [
        [line.split("\t")[:59] for line in one.vcf.read_text().splitlines() if line[0] != "#"] for one in (few, many)
    ]
    assert rows[0] == rows[1]


def test_the_three_formats_hold_the_same_genotypes(made, tmp_path):
    def genotypes(path: Path) -> list[tuple[object, ...]]:
        with pysam.VariantFile(str(path)) as file:
            return [(one.chrom, one.pos, one.alleles, tuple(s["GT"] for s in one.samples.values())) for one in file]

    expected = genotypes(pgx.cohort.simulate(12, tmp_path / "a.vcf", seed=3).vcf)
    for ending in ("vcf.gz", "bcf"):
        assert genotypes(pgx.cohort.simulate(12, tmp_path / f"b.{ending}", seed=3).vcf) == expected


def test_haplotypes_are_as_frequent_as_the_knowledge_says(tmp_path):
    made = pgx.cohort.simulate(3000, tmp_path / "all.vcf", seed=7, group="eas", array=0.01)
    kb = load()
    group = priors.groups(kb).index("eas")
    found = _truth(made).filter(pl.col("gene").is_in(["CYP2C19", "CYP3A5", "TPMT"]))
    for pool in pools(kb):
        seen = found.filter(gene=pool.gene)
        strands = seen["diplotype"].str.split("/").explode()
        for name in set(pool.names) if len(strands) else ():
            p = float(pool.frequency[[one == name for one in pool.names], group].sum())
            spread = (p * (1 - p) / len(strands)) ** 0.5
            assert abs((strands == name).mean() - p) < 4.5 * spread + 1 / len(strands), (pool.gene, name)


def test_men_have_one_x_and_everybody_one_mitochondrion(made):
    both = _truth(made).with_columns(pair=pl.col("diplotype").str.contains("/"))
    assert not both.filter(gene="MT-RNR1")["pair"].any()
    assert (both.filter(gene="G6PD")["pair"] == (both.filter(gene="G6PD")["sex"] == "female")).all()


def test_missing_genotypes_are_as_many_as_asked(tmp_path):
    made = pgx.cohort.simulate(400, tmp_path / "all.vcf", seed=1, missing=0.03)
    cells = [line.split("\t")[9:] for line in made.vcf.read_text().splitlines() if not line.startswith("#")]
    share = np.mean([cell in ("./.", ".") for row in cells for cell in row])
    assert abs(share - 0.03) < 0.001


def test_an_array_holds_the_positions_that_its_list_names(tmp_path):
    listed = tmp_path / "chip.txt"
    listed.write_text("# a small chip\nrs4244285\nchr10:94842866\n16 31096368\n")
    made = pgx.cohort.simulate(5, tmp_path / "all.vcf", array=listed)
    rows = [line.split("\t") for line in made.vcf.read_text().splitlines() if not line.startswith("#")]
    assert sorted((row[0], row[1]) for row in rows) == [
        ("chr10", "94781859"), ("chr10", "94842866"), ("chr16", "31096368"),
    ]  # fmt: skip
    told = _truth(made)
    assert set(told["gene"]) == {"CYP2C19", "VKORC1"}
    assert set(told.filter(gene="VKORC1")["identifiable"]) == {"yes"}
    with pytest.raises(UsageError, match="none of its 1 positions defines an allele"):
        listed.write_text("rs1\n")
        pgx.cohort.simulate(5, tmp_path / "all.vcf", array=listed)


def test_likelihoods_are_those_of_the_reads():
    """Worked out by hand: seven reads of the reference and one of the other allele."""
    e = READ_ERROR
    logs = np.log10([(1 - e) ** 7 * e, 0.5**8, e**7 * (1 - e)])
    assert phred(np.array([[7, 1]]), 2).tolist() == [[min(round(-10 * (x - logs.max())), 255) for x in logs]]
    assert phred(np.array([[3, 0]]), 1).tolist() == [[0, round(30 * np.log10((1 - e) / e))]]


def test_reads_are_as_deep_as_asked_and_fit_their_genotype(tmp_path):
    made = pgx.cohort.simulate(60, tmp_path / "all.bcf", seed=2, depth=8, array=0.05)
    deep, wrong, count = [], 0, 0
    with pysam.VariantFile(str(made.vcf)) as file:
        for one in file.fetch():
            if one.chrom in ("chrX", "chrM"):
                continue
            for sample in one.samples.values():
                assert sum(sample["AD"]) == sample["DP"]
                assert min(sample["PL"]) == 0
                assert (None in sample["GT"]) == (sample["DP"] == 0)
                deep.append(sample["DP"])
                count += 1
                wrong += sample["DP"] > 2 and sample["GT"] == (0, 1) and min(sample["AD"][:2]) == 0
    assert abs(np.mean(deep) - 8) < 0.1
    assert not wrong


def test_depth_makes_the_calls_surer(tmp_path):
    kb = load()
    sites = kb.sites.filter(pl.col("genes").list.contains("TPMT") | pl.col("genes").list.contains("CYP2C9"))
    listed = tmp_path / "two_genes.txt"
    listed.write_text("\n".join(f"{chrom}:{pos}" for chrom, pos in sites.select("chrom", "pos_grch38").iter_rows()))
    shallow, deep = (
        _called(pgx.cohort.simulate(40, tmp_path / f"{depth}.vcf", seed=2, depth=depth, array=listed))
        for depth in (3, 30)
    )
    assert shallow.filter(status="called").height < 0.9 * deep.filter(status="called").height
    assert deep.filter(status="called", identifiable="yes")["right"].mean() > 0.99


@pytest.mark.parametrize("end", ["vcf", "vcf.gz", "bcf"])
def test_made_up_persons_replace_made_up_persons(tmp_path, end):
    for seed in (1, 2):
        made = pgx.cohort.simulate(2, tmp_path / f"all.{end}", seed=seed)
    again = pgx.cohort.simulate(2, tmp_path / f"other.{end}", seed=2)
    assert made.truth.read_bytes() == again.truth.read_bytes()
    assert made.vcf.read_bytes() == again.vcf.read_bytes()


@pytest.mark.parametrize("name", ["patient.vcf", "patient.vcf.gz", "patient.clinical.csv", "patient.truth.tsv"])
def test_a_patient_s_file_is_never_written_over(tmp_path, name):
    data = gzip.compress(b"##fileformat=VCFv4.2\n") if name.endswith("gz") else b"of a patient\n"
    (tmp_path / name).write_bytes(data)
    target = tmp_path / ("patient.vcf.gz" if name.endswith("gz") else "patient.vcf")
    with pytest.raises(UsageError, match=f"{name} is there"):
        pgx.cohort.simulate(2, target)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {name: data}


def test_a_run_says_what_it_cannot_do(tmp_path):
    for given, text in (
        ({"vcf": tmp_path / "a.txt"}, "end the name so"),
        ({"samples": 0}, "at least one person"),
        ({"missing": 1.0}, "below 1"),
        ({"depth": 0}, "above 0"),
        ({"array": 2.0}, "at most 1"),
        ({"build": "hg18"}, "must be one of"),
        ({"group": "martian"}, "unknown biogeographic group"),
    ):
        with pytest.raises(UsageError, match=text):
            pgx.cohort.simulate(**{"samples": 2, "vcf": tmp_path / "a.vcf", **given})
    assert not list(tmp_path.iterdir())
