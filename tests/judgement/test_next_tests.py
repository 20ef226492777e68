"""What would change the advice, and how probably: checked by masking genes of persons whose genes are known."""

from __future__ import annotations

import polars as pl
import pytest

import pgx
from tests.benchmarks.masked import ERROR, calibration, errors, group_of, position_calls
from tests.judgement.test_patients import variants
from tests.reports import rendered

VCF = "tests/data/1kgp.GRCh38.vcf.gz"
RARE = "94842866\t.\tA\tG\t.\tPASS\t.\tGT\t1/1"
"""A base of CYP2C19 that most people have."""


GENES = {"CYP2C19": ("clopidogrel",), "SLCO1B1": ("simvastatin",)}


@pytest.fixture(scope="module")
def people() -> pl.DataFrame:
    return pl.read_csv("tests/data/1kgp_samples.tsv", separator="\t")


def superpopulations(people: pl.DataFrame) -> dict[str, str]:
    return dict(people.select("sample", "superpopulation").iter_rows())


def test_the_stated_probability_is_how_often_the_masked_gene_has_that_advice(people):
    """The cut has few persons of each superpopulation: what chance alone does is allowed for."""
    found = errors(VCF, superpopulations(people), GENES, groups=group_of(people))
    assert found.height
    for row in found.iter_rows(named=True):
        assert row["error"] < ERROR + 3 * max(row["chance"], 0.01), row
    totals = found.group_by("drug", "superpopulation").agg(pl.col("stated").sum())
    assert totals["stated"].is_between(0.7, 1.0 + 1e-6).all(), "but for results of which no source says anything"


def test_with_one_position_masked_each_advice_is_told_as_often_as_it_comes(people, tmp_path):
    own = {("chr10", 94981296): ("piroxicam", "CYP2C9 *3")}
    found = position_calls(VCF, superpopulations(people), tmp_path, own, groups=group_of(people))
    assert found["stated"].is_between(0.02, 0.98).sum() > 50, "what is masked leaves a doubt"
    assert calibration(found)["error"].max() < 0.08, "60 persons of each superpopulation"


def test_an_open_gene_counts_each_of_its_genotypes_once(people):
    """Two sources that want different things of one genotype do not make two chances of it."""
    some = pgx.Options(samples=tuple(people["sample"][::30]))
    found = pgx.report(VCF, drugs=["paroxetine", "codeine"], endpoints=[], options=some).next_tests
    open_gene = found.filter(pl.col("what") == "CYP2D6", pl.col("kind").is_in(["copy_number", "genotype"]))
    assert open_gene.height
    assert (open_gene.group_by("sample", "drug").agg(pl.col("probability").sum())["probability"] < 1.0).all()
    assert not open_gene.select("sample", "drug", "advice_then").is_duplicated().any()


@pytest.fixture(scope="module")
def untested(tmp_path_factory):
    folder = tmp_path_factory.mktemp("untested")
    record = folder / "record.json"
    record.write_text('{"sample": "X", "date": "2026-10-12", "planned_medications": ["capecitabine", "abacavir"]}')
    return pgx.report(variants(folder, ["X"]), clinical=[record])


def test_a_gene_that_was_not_tested_tells_each_advice_with_its_probability(untested):
    found = untested.next_tests.filter(drug="capecitabine")
    assert set(found["what"]) == {"DPYD"} and set(found["kind"]) == {"gene"}
    assert found["advice_now"].unique().to_list() == ["no_data"]
    assert found["urgency_then"][0] == "avoid", "the gravest first"
    chances = dict(found.select("urgency_then", "probability").iter_rows())
    assert 0.01 < chances["change_dose"] < 0.1 and chances["standard"] > 0.9


def test_a_gene_of_which_the_file_shows_next_to_nothing_counts_as_not_tested(tmp_path):
    """One position of 35, which few alleles need: its copies are not what is missing."""
    vcf = variants(tmp_path, ["X"])
    vcf.write_text(
        vcf.read_text(encoding="utf-8").replace("94781859\t.\tG\tA\t.\tPASS\t.\tGT\t./.", RARE), encoding="utf-8"
    )
    found = pgx.report(vcf, medications=["clopidogrel"])
    assert found.next_tests["kind"].unique().to_list() == ["gene"]
    page = rendered.render_text(found, "X", width=118)
    assert "next: CYP2C19 not tested:" in page and "Test CYP2C19 first: 1 drug." in page


def test_where_no_frequency_is_known_no_probability_is_made_up(untested):
    found = untested.next_tests.filter(drug="abacavir")
    assert set(found["kind"]) == {"hla"} and found["probability"].null_count() == found.height


def test_page_one_says_the_most_informative_one_once(untested):
    page = rendered.render_text(untested, "X", width=118)
    assert page.count("next: DPYD not tested:") == 1
    assert "Test HLA-B first: 1 drug." in page, "no frequency is known, and a result could rule abacavir out"
    assert rendered.render_html(untested, "X").count("DPYD not tested: 4") == 1


def test_a_medicine_that_is_the_cause_is_what_could_be_stopped(tmp_path):
    genes = tmp_path / "genes.tsv"
    genes.write_text("sample\tgene\tdiplotype\nX\tCYP2D6\t*1/*1\n")
    found = pgx.report(variants(tmp_path, ["X"]), outside_calls=[genes], medications=["paroxetine", "tamoxifen"])
    row = found.next_tests.filter(drug="tamoxifen", kind="drug_stopped").row(0, named=True)
    assert (row["what"], row["urgency_then"], row["probability"]) == ("paroxetine", "standard", None)


def test_a_person_is_told_the_same_alone_and_among_others(tmp_path):
    sample = "HG00096"
    options = pgx.Options(samples=(sample, "HG00097"))
    both = pgx.report(VCF, drugs=["abacavir", "clopidogrel"], options=options)
    alone = pgx.report(VCF, drugs=["abacavir", "clopidogrel"], options=pgx.Options(samples=(sample,)))
    assert alone.next_tests.equals(both.next_tests.filter(sample=sample))


def test_an_untested_gene_may_be_deleted_or_duplicated(tmp_path):
    """Among Africans one in twenty must avoid codeine, and by small variants alone hardly one in a hundred."""
    options = pgx.Options(ancestry="AFR")
    found = pgx.report(variants(tmp_path, ["X"]), drugs=["codeine"], endpoints=[], options=options).next_tests
    assert 0.03 < found.filter(what="CYP2D6", urgency_then="avoid")["probability"].sum() < 0.1


def test_persons_alike_in_all_genes_are_told_what_follows_for_their_own_list(tmp_path):
    """A record keeps what was judged again of one person from another one who has the same genotypes."""
    record = tmp_path / "record.csv"
    record.write_text(
        "sample,date,medications,planned_medications\n"
        "A,2026-10-12,paroxetine,codeine\nB,2026-10-12,,codeine\nC,2026-10-12,quinidine,codeine\n"
    )
    genes = tmp_path / "genes.tsv"
    genes.write_text("sample\tgene\tdiplotype\n" + "".join(f"{one}\tCYP2C19\t*1/*1\n" for one in "ABC"))
    files = variants(tmp_path, ["A", "B", "C"])

    def told(*samples: str) -> pl.DataFrame:
        options = pgx.Options(samples=samples)
        found = pgx.report(files, clinical=[record], outside_calls=[genes], options=options).next_tests
        return found.filter(drug="codeine", what="CYP2D6")

    together = told("A", "B", "C")
    for one in "ABC":
        assert told(one).equals(together.filter(sample=one))
    own = {one: set(together.filter(sample=one).select("advice_then", "probability").iter_rows()) for one in "ABC"}
    assert own["A"] != own["B"] != own["C"]


def test_what_is_said_whatever_the_result_is_no_reason_to_test(tmp_path):
    record = tmp_path / "record.json"
    record.write_text('{"sample": "X", "date": "2026-10-12", "medications": ["quetiapine", "ketoconazole"]}')
    found = pgx.report(variants(tmp_path, ["X"]), clinical=[record])
    rows = found.next_tests.filter(drug="quetiapine", what="CYP3A4")
    assert rows.height != 1 or rows["probability"].item() < 0.99
    assert "100 %" not in rendered.render_text(found, "X").split("Genes")[0]
