"""Genotypes in doubt: their likelihoods decide between diplotypes, and probabilities mean what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgx.calling import call, explain
from pgx.calling.model import model
from pgx.knowledge import KnowledgeBase
from pgx.types import PatternCall
from pgx.variants import read
from tests.tools.simulated_reads import judged
from tests.variants.build import text

FEW = ["CYP2C19", "CYP2C9", "NUDT15", "VKORC1", "CYP3A5"]


def records(kb: KnowledgeBase, gene: str, form: str, plain: str, changed: dict[int, str], info: str = ".") -> list[str]:
    """Return a record of each site of a gene; `changed` has the sample column of some positions."""
    found = []
    for site in model(kb, gene).definition.sites.tolist():
        row = kb.sites.row(site, named=True)
        column = changed.get(row["pos_grch38"], plain)
        alts = row["alleles"][1] if ":" in column else ",".join(row["alleles"][1:])
        found.append(f"{row['chrom']} {row['pos_grch38']} . {row['alleles'][0]} {alts} . PASS {info} {form} {column}")
    return found


def called(kb: KnowledgeBase, folder: Path, gene: str, *how: object, **more: str) -> PatternCall:
    path = folder / "in.vcf"
    path.write_text(text(records(kb, gene, *how, **more), build="GRCh38"))  # type: ignore[arg-type]
    return call(read([path], kb), kb, genes=[gene]).genes[0].patterns[0]


STAR2, STAR4 = 94942290, 94981297  # CYP2C9: common, rare
SURE = "0/0:0,90,900"


class TestLikelihoodsDecide:
    def test_certain_likelihoods_change_nothing(self, kb: KnowledgeBase, tmp_path: Path) -> None:
        found = called(kb, tmp_path, "CYP2C9", "GT:PL", SURE, {STAR2: "0/1:300,0,300"})
        assert (found.diplotypes[0].name, found.status) == ("*1/*2", "called")

    @pytest.mark.parametrize("likelihoods", ["3,0,30", "0,0,30", "30,0,3"])
    def test_a_change_with_weak_evidence_is_not_sure(self, kb: KnowledgeBase, tmp_path: Path, likelihoods: str) -> None:
        found = called(kb, tmp_path, "CYP2C9", "GT:PL", SURE, {STAR2: f"0/1:{likelihoods}"})
        assert "genotype_undecided" in found.flags
        assert found.diplotypes[0].probability < 0.97
        assert found.positions_called == found.positions_total - 1

    def test_gl_says_the_same_as_pl(self, kb: KnowledgeBase, tmp_path: Path) -> None:
        with_pl = called(kb, tmp_path, "CYP2C9", "GT:PL", SURE, {STAR2: "0/1:10,0,200"})
        with_gl = called(kb, tmp_path, "CYP2C9", "GT:GL", "0/0:0,-9,-90", {STAR2: "0/1:-1.0,0,-20"})
        assert with_pl.diplotypes == with_gl.diplotypes

    def test_a_genotype_that_its_own_likelihoods_contradict_is_ambiguous(
        self, kb: KnowledgeBase, tmp_path: Path
    ) -> None:
        found = called(kb, tmp_path, "CYP2C9", "GT:PL", SURE, {STAR2: "0/0:40,0,400"})
        assert found.status == "ambiguous"
        assert "genotype_contradicted" in found.flags
        assert {diplotype.name for diplotype in found.diplotypes} >= {"*1/*2", "*1/*1"}

    def test_weak_evidence_of_a_rare_change_is_overruled_and_said(self, kb: KnowledgeBase, tmp_path: Path) -> None:
        found = called(kb, tmp_path, "CYP2C9", "GT:PL", SURE, {STAR4: "0/1:12,0,200"})
        assert found.diplotypes[0].name == "*1/*1"
        assert "genotype_overruled" in found.flags
        assert found.status == "ambiguous"

    def test_reads_speak_where_no_likelihoods_are(self, kb: KnowledgeBase, tmp_path: Path) -> None:
        sure = called(kb, tmp_path, "CYP2C9", "GT:AD", "0/0:30,0", {STAR2: "0/1:15,15"})
        weak = called(kb, tmp_path, "CYP2C9", "GT:AD", "0/0:30,0", {STAR2: "0/1:9,1"})
        assert sure.diplotypes[0].probability > 0.99
        assert weak.diplotypes[0].probability < sure.diplotypes[0].probability

    def test_quality_speaks_where_no_reads_are(self, kb: KnowledgeBase, tmp_path: Path) -> None:
        sure = called(kb, tmp_path, "CYP2C9", "GT:GQ", "0/0:99", {STAR2: "0/1:99"})
        weak = called(kb, tmp_path, "CYP2C9", "GT:GQ", "0/0:99", {STAR2: "0/1:3"})
        assert sure.diplotypes[0].probability > 0.99 > weak.diplotypes[0].probability

    def test_phase_is_kept_where_genotypes_are_in_doubt(self, kb: KnowledgeBase, tmp_path: Path) -> None:
        exon5, exon7 = 18138997, 18130687  # TPMT *3A has both, *3B and *3C one each
        plain = "0|0:0,90,900"
        trans = called(kb, tmp_path, "TPMT", "GT:PL", plain, {exon5: "0|1:30,0,300", exon7: "1|0:30,0,300"})
        cis = called(kb, tmp_path, "TPMT", "GT:PL", plain, {exon5: "0|1:30,0,300", exon7: "0|1:30,0,300"})
        assert "*3A" not in trans.diplotypes[0].name
        assert cis.diplotypes[0].name == "*1/*3A"

    def test_a_haploid_gene(self, kb: KnowledgeBase, tmp_path: Path) -> None:
        found = called(kb, tmp_path, "MT-RNR1", "GT:PL", "0:0,900", {1555: "1:3,0"})
        assert "genotype_undecided" in found.flags
        assert found.status != "called"


class TestNoEvidence:
    @pytest.mark.parametrize(
        ("form", "column"),
        [
            ("GT:PL", "0/0:0,0,0"), ("GT:GL", "0/0:-0.48,-0.48,-0.48"), ("GT:AD", "0/0:0,0"), ("GT:DP", "0/0:0"),
            ("GT:GQ", "0/0:0"), ("GT:DP:GQ", "0/0:0:20"), ("GT:AD:DP:GQ:PL", "0/0:43,0:43:0:0,0,83"),
            ("GT:DP:AD:GQ:PL", "0/0:0:0,0:1:0,3,29"), ("GT:DP", "1/1:0"), ("GT:PL", "1/1:0,0,0"), ("GT:AD", "0/1:0,0"),
        ],
    )  # fmt: skip
    def test_is_no_genotype(self, kb: KnowledgeBase, tmp_path: Path, form: str, column: str) -> None:
        found = called(kb, tmp_path, "TPMT", form, column, {})
        assert found.status == "not_called"
        assert "no_data" in found.flags

    def test_no_reads_by_depth_are_overruled_by_likelihoods(self, kb: KnowledgeBase, tmp_path: Path) -> None:
        found = called(kb, tmp_path, "TPMT", "GT:DP:PL", "0/0:0:0,60,600", {})
        assert found.status == "called"

    def test_a_shown_change_without_evidence_is_never_read_as_normal(self, kb: KnowledgeBase, tmp_path: Path) -> None:
        found = called(kb, tmp_path, "TPMT", "GT:PL", SURE, {18130687: "0/1:0,0,0"})
        assert (found.status, "filtered_variant" in found.flags) == ("ambiguous", True)


class TestImputed:
    def test_poor_imputation_tells_nothing(self, kb: KnowledgeBase, tmp_path: Path) -> None:
        found = called(kb, tmp_path, "DPYD", "GT:DS:GP", "0|0:0.45:0.58,0.39,0.03", {}, info="R2=0.01;IMPUTED")
        assert found.status == "not_called"

    def test_good_imputation_is_used_and_marked(self, kb: KnowledgeBase, tmp_path: Path) -> None:
        found = called(kb, tmp_path, "TPMT", "GT:GP", "0|0:1,0,0", {}, info="DR2=0.98;IMP;AF=0.02")
        assert found.diplotypes[0].name == "*1/*1"
        assert "imputed" in found.flags

    def test_typed_markers_among_imputed_ones_are_not_marked(self, kb: KnowledgeBase, tmp_path: Path) -> None:
        found = called(kb, tmp_path, "TPMT", "GT:DS", "0|0:0", {}, info="R2=0.98;TYPED;AF=0.02")
        assert "imputed" not in found.flags

    def test_the_less_the_quality_the_less_is_sure(self, kb: KnowledgeBase, tmp_path: Path) -> None:
        rates = []
        for quality in ("0.3", "0.8", "0.99"):
            column = {STAR2: "0|1:0.02,0.96,0.02"}
            found = called(kb, tmp_path, "CYP2C9", "GT:GP", "0|0:1,0,0", column, info=f"DR2={quality};IMP;AF=0.1")
            rates.append(sum(d.probability for d in found.diplotypes if "*2" in (d.allele1, d.allele2)))
        assert rates == sorted(rates)
        assert rates[0] < 0.8 < rates[2]


def test_an_extra_base_in_a_run_of_seven_is_no_certain_star_21(kb: KnowledgeBase, tmp_path: Path) -> None:
    star4 = {42128945: "0/1", 42130692: "0/1", 42126611: "0/1", 42128211: "0/1"}
    found = called(kb, tmp_path, "CYP2D6", "GT", "0/0", star4)
    assert "genotype_overruled" in found.flags
    assert found.status == "ambiguous"
    assert "*21" not in found.diplotypes[0].name


def test_explain_shows_the_weight_of_each_genotype(kb: KnowledgeBase, tmp_path: Path) -> None:
    path = tmp_path / "in.vcf"
    path.write_text(text(records(kb, "CYP2C9", "GT:PL", SURE, {STAR2: "0/1:10,0,100"})))
    shown = explain(read([path], kb), kb, "CYP2C9", "A")
    row = shown.filter(shown["pos_grch38"] == STAR2).row(0, named=True)
    assert row["weight"] == pytest.approx(1 / 1.1, abs=0.001)
    assert row["evidence"].startswith("PL: C/T 0.909, C/C 0.0909")
    assert set(shown.filter(shown["pos_grch38"] != STAR2)["weight"]) == {1.0}


def test_a_person_alone_is_called_as_among_others(kb: KnowledgeBase, tmp_path: Path) -> None:
    columns = ["0/1:12,0,200", "0/0:0,6,60", "0/1:0,3,40", "0/0:0,90,900"]
    head = records(kb, "CYP2C9", "GT:PL", SURE, {})
    together, alone = [], []
    for person, column in enumerate(columns):
        own = records(kb, "CYP2C9", "GT:PL", SURE, {STAR2: column})
        path = tmp_path / f"{person}.vcf"
        path.write_text(text(own))
        alone.append(call(read([path], kb), kb, genes=["CYP2C9"]).genes[0].patterns[0])
        together.append([line.split()[-1] for line in own])
    lines = [
        " ".join([*line.split()[:-1], *cells]) for line, cells in zip(head, zip(*together, strict=True), strict=True)
    ]
    path = tmp_path / "all.vcf"
    path.write_text(text(lines, samples=[f"P{n}" for n in range(len(columns))]))
    found = call(read([path], kb), kb, genes=["CYP2C9"]).genes[0]
    assert [found.patterns[n] for n in found.pattern_of] == alone


@pytest.mark.parametrize("depth", [4, 8, 30])
def test_probabilities_from_reads_are_calibrated(kb: KnowledgeBase, tmp_path: Path, depth: int) -> None:
    verdict = judged(kb, FEW, 60, depth, tmp_path)
    assert abs(verdict.probability.mean() - verdict.right.mean()) < 0.02
    assert verdict.right_when_sure >= 0.99


def test_the_same_genotypes_without_their_likelihoods_are_worse(kb: KnowledgeBase, tmp_path: Path) -> None:
    kept = judged(kb, FEW, 60, 4, tmp_path)
    thrown = judged(kb, FEW, 60, 4, tmp_path, keep_likelihoods=False)
    assert thrown.calibration_error > kept.calibration_error + 0.1
    assert thrown.right.mean() < kept.right.mean()
