"""``pgx score --pgs`` and ``pgx features --pgs``: tables, provenance, and scores as features of a training."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

import pgx
from pgx.cli import main
from pgx.models.cohort.column_choice import choose
from pgx.models.evidence import endpoints
from pgx.output_tables.own_columns import POLYGENIC_VARIANTS
from tests.conftest import EXAMPLES

PERSON = EXAMPLES / "HG00652.GRCh38.vcf.gz"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run the command line in this process and return its exit code."""

    def command(*arguments: object) -> int:
        monkeypatch.setattr(sys, "argv", ["pgx", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main.main()
        return int(end.value.code or 0)

    return command


@pytest.fixture
def pgs(write_pgs) -> Path:
    """Two variants of CYP2C19, of which the person has two copies and none."""
    return write_pgs(["10 94781859 A G 0.5", "10 94780653 A G 7"])


def test_the_command_writes_scores_variants_and_provenance(run, pgs: Path, tmp_path: Path) -> None:
    out, variants = tmp_path / "scores.tsv", tmp_path / "variants.parquet"
    assert run("score", PERSON, "--pgs", pgs, "-o", out, "--variants", variants, "-q") == 0
    assert pl.read_csv(out, separator="\t")["score"].to_list() == [1.0]
    told = pl.read_parquet(variants)
    assert told.columns == [column.name for column in POLYGENIC_VARIANTS]
    assert told.select("line", "copies", "use").rows() == [(6, 2.0, "used"), (7, 0.0, "used")]
    origin = json.loads((tmp_path / "scores.tsv.provenance.json").read_text())
    assert {one["file"] for one in origin["inputs"]} == {PERSON.name, pgs.name}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--variants", "v.tsv"], "give --pgs"),
        (["--pgs", "PGS", "--endpoint", "warfarin.dose"], "no use of --endpoint"),
        (["--pgs", "PGS", "--min-match", "0"], "least match rate"),
        (["--pgs", "PGS", "--pgs", "PGS2"], "two scores have one name"),
    ],
)
def test_what_makes_no_sense_is_refused(run, pgs: Path, write_pgs, capsys, more: list[str], said: str) -> None:
    second = write_pgs(["10 94781859 A G 1"], name="second.txt")
    given = [{"PGS": str(pgs), "PGS2": str(second)}.get(one, one) for one in more]
    assert run("score", PERSON, *given) == 2
    assert said in capsys.readouterr().err


def test_a_score_is_a_feature_that_a_training_uses(kb, pgs: Path) -> None:
    row = pgx.features(PERSON, pgs=pgs, columns="gene.cyp2c19.phenotype")
    assert row.columns == ["sample", "gene.cyp2c19.phenotype", "pgs.pgs900001"]
    assert row["pgs.pgs900001"].item() == 1.0
    cohort = pgx.simulate("clopidogrel.mace", 100, events=30, seed=1)
    cohort = cohort.with_columns((pl.int_range(pl.len()) % 7 * 0.4).alias("pgs.pgs900001"))
    endpoint = endpoints.get(kb, "clopidogrel.mace")
    y = cohort["outcome"].cast(pl.Float64).to_numpy()
    chosen, _, _ = choose(cohort, endpoint, {"person", "site", "outcome"}, y, others=True)
    assert "pgs.pgs900001" in [feature.reading.column for feature in chosen]


def test_columns_may_name_a_score(run, pgs: Path, write_pgs, tmp_path: Path) -> None:
    other = write_pgs(["10 94781859 A G 2"], header="#pgs_id=PGS900002\n#genome_build=GRCh38\n", name="other.txt")
    row = pgx.features(PERSON, pgs=[pgs, other], columns="pgs.PGS900002,gene.cyp2c19.phenotype")
    assert row.columns == ["sample", "gene.cyp2c19.phenotype", "pgs.pgs900002"]
    out = tmp_path / "f.tsv"
    assert run("features", PERSON, "--pgs", pgs, "--columns", "pgs.pgs900001", "-o", out, "-q") == 0
    assert pl.read_csv(out, separator="\t").columns == ["sample", "pgs.pgs900001"]


def test_a_score_that_no_file_gives_is_no_column(run, pgs: Path, capsys) -> None:
    assert run("features", PERSON, "--pgs", pgs, "--columns", "pgs.pgs900009") == 2
    assert "no scoring file has the column 'pgs.pgs900009'" in capsys.readouterr().err


def test_dosages_without_genotypes_are_named_as_the_reason(run, write_vcf, write_pgs, capsys) -> None:
    vcf = write_vcf(["100 A G 1.0"])
    vcf.write_text(vcf.read_text().replace("\tGT\t", "\tDS\t").replace("ID=GT", "ID=DS"))
    columns = "chr_name chr_position effect_allele other_allele effect_weight allelefrequency_effect"
    for pgs in (write_pgs(["1 100 G A 1 0.5"], columns), write_pgs(["1 100 G A 1"])):
        assert run("score", vcf, "--pgs", pgs) == 3
        said = capsys.readouterr().err
        assert "1 records have dosages (DS) and no genotypes (GT)" in said and "()" not in said and "(; " not in said


def test_a_score_that_is_refused_is_a_missing_feature_with_its_reason(write_vcf, write_pgs, tmp_path: Path) -> None:
    at = [94781859, *range(94775000, 94775009)]
    vcf = write_vcf([f"chr10:{pos} G A 0/1 {'./.' if pos < 94775007 else '0/1'}" for pos in sorted(at)], ("A", "B"))
    pgs = write_pgs([f"10 {pos} A G 1" for pos in at])
    out = tmp_path / "why.tsv"
    row = pgx.features(vcf, pgs=pgs, columns="gene.cyp2c19.phenotype", missing=out)
    assert row["pgs.pgs900001"].to_list() == [10.0, None]
    why = pl.read_csv(out, separator="\t").filter(pl.col("feature").str.starts_with("pgs."))
    assert why.rows() == [("B", "pgs.pgs900001", "match_too_low")]
