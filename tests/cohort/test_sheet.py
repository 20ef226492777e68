"""Samplesheets: every problem is told with its line before any work, and a good one gives each person's own result."""

from __future__ import annotations

import os

import polars as pl
import pytest

import pgx
from pgx.cohort.samplesheet import SheetError, read_sheet
from pgx.errors import InputError
from tests.cohort.cohorts import table
from tests.variants.build import knowledge


@pytest.fixture
def sheet(inputs, tmp_path):
    def write(text: str):
        for name in ("all.vcf", "ward.csv"):
            if not (tmp_path / name).exists():
                (tmp_path / name).write_bytes((inputs / name).read_bytes())
        (tmp_path / "people.csv").write_text(text)
        return tmp_path / "people.csv"

    return write


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (",all.vcf,,,,,", "sample is empty"),
        ("Q2,,,,,,", "vcf is empty"),
        ("Q2,none.vcf,,,,,", r"vcf 'none\.vcf': no such file"),
        ("Q2,all.vcf,ward.csv;more.csv,,,,", r"clinical 'more\.csv': no such file"),
        ("Q2,all.vcf,ward.csv.c4gh,,,,", "clinical is encrypted; only files and folders that the command itself names"),
        ("Q2,all.vcf,WARD.CSV.C4GH,,,,", "clinical is encrypted; only files and folders that the command itself names"),
        ("Q2,all.vcf,sealed,,,,", "clinical holds encrypted files; only files and folders that the command itself"),
        ("Q9,all.vcf,,,,,", r"sample 'Q9' is not in all\.vcf \(7 others\)"),
        ("Q2,ward.csv,,,,,", "vcf cannot be used: "),
        ("Q2,all.vcf,,,woman,,", "sex 'woman' is not one of male, female"),
        ("Q2,all.vcf,,,,Mars,", "ancestry 'Mars' is not one of "),
        ("Q2,all.vcf,,,,,warfarn", r"medications: unknown drug 'warfarn'; did you mean warfarin\?"),
        ("Q1,all.vcf,,,,,", "sample 'Q1' is on line 2 too"),
        ("Q2,all.vcf", "2 cells, but the heading has 7"),
    ],
)
def test_a_problem_is_told_with_its_line(sheet, row, told):
    text = f"sample,vcf,clinical,outside_calls,sex,ancestry,medications\nQ1,all.vcf,,,,,\n{row}\n"
    folder = sheet(text).parent / "sealed"
    folder.mkdir()
    (folder / "drug_exposure.csv.c4gh").write_bytes(b"crypt4gh")
    with pytest.raises(InputError, match=rf"people\.csv: line 3: {told}"):
        read_sheet(sheet(text), knowledge())


def test_two_numbers_for_one_gene_are_refused_and_one_twice_is_not(sheet, pgx_command):
    text = "sample,vcf,copy_number\nQ1,all.vcf,CYP2D6=3;CYP2D6={}\n"
    with pytest.raises(InputError, match=r"line 2: copy_number gives two numbers for CYP2D6"):
        read_sheet(sheet(text.format(2)), knowledge())
    assert dict(read_sheet(sheet(text.format(3)), knowledge())[0].copy_number) == {"CYP2D6": 3}
    run = pgx_command("call", "x.vcf", "--copy-number", "CYP2D6=3,CYP2D6=2")
    assert run.returncode == 2 and "--copy-number: two numbers are given for CYP2D6" in run.stderr


def test_all_problems_are_told_at_once(sheet):
    with pytest.raises(SheetError, match="3 problems, and nothing was done") as caught:
        read_sheet(sheet("sample,vcf,sex\nQ1,all.vcf,x\nQ2,nowhere.vcf,male\nQ9,all.vcf,\n"), knowledge())
    assert [line.split(": ")[1] for line in caught.value.details] == ["line 2", "line 3", "line 4"]


def test_a_line_that_is_no_row_hides_no_other_problem(sheet):
    with pytest.raises(SheetError, match="4 problems") as caught:
        read_sheet(sheet('sample,vcf,sex\nQ1,all.vcf\nQ2,nowhere.vcf,x\nQ3,"all"x,male\n'), knowledge())
    assert [line.split(": ")[1] for line in caught.value.details] == ["line 2", "line 3", "line 3", "line 4"]


@pytest.mark.parametrize(
    ("heading", "told"),
    [
        ("x_name,vcf", "there is no column 'sample'"),
        ("sample,vcf,medication", "unknown column 'medication'; did you mean 'medications'?"),
        ("sample,vcf,vcf", "column 'vcf' is there twice"),
        (f"sample,vcf,{'y' * 5000}", "unknown column 'y{200}'; the columns"),
    ],
)
def test_a_heading_that_is_not_understood_is_refused(sheet, heading, told):
    with pytest.raises(InputError, match=told.replace("?", r"\?")):
        read_sheet(sheet(f"{heading}\n{','.join('Q1' for _ in heading.split(','))}\n"), knowledge())


@pytest.mark.parametrize("text", ['{"name": "Ada Smith", "hiv": true,\n', "Ada Smith,hiv,hiv\n1\n", "[" * 100_000])
def test_another_file_than_a_sheet_is_one_line_that_repeats_nothing_of_it(sheet, text):
    with pytest.raises(SheetError, match="line 1: there is no column 'sample'; the columns are sample, vcf") as caught:
        read_sheet(sheet(text), knowledge())
    assert not caught.value.details
    assert not [word for word in ("ada", "hiv", "[[[") if word in str(caught.value).lower()]


def test_of_many_problems_the_first_are_listed_each_in_a_short_line(sheet):
    rows = [f"Q{number},nowhere.vcf,{'x' * 5000}" for number in range(3000)]
    with pytest.raises(SheetError, match=r"6000 problems \(the first 20 are listed\), and nothing") as caught:
        read_sheet(sheet("\n".join(["sample,vcf,sex", *rows])), knowledge())
    assert len(caught.value.details) == 20
    assert max(map(len, caught.value.details)) < 3000


def test_a_pipe_in_a_row_is_refused_at_once(sheet, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for cells in ("all.vcf;pipe,,", "all.vcf,pipe,", "all.vcf,,pipe"):
        text = f"sample,vcf,clinical,outside_calls\nQ1,{cells}\n"
        with pytest.raises(SheetError, match="'pipe' is a pipe, which can be read only once"):
            read_sheet(sheet(text), knowledge())


def test_a_persons_row_is_as_good_as_the_options(sheet):
    path = sheet("sample,vcf,sex,medications,x_ward\nQ3,all.vcf,male,codeine;clopidogrel,7\nQ1,all.vcf,female,none,8\n")
    together = pgx.report(sheet=path)
    assert together.samples == ("Q3", "Q1")
    alone = pgx.report(
        path.parent / "all.vcf",
        medications="codeine,clopidogrel",
        options=pgx.Options(samples=["Q3"], sex={"Q3": "male"}),
    )
    for name in ("calls", "guidance", "judgements", "scores", "medications", "notes"):
        assert getattr(together, name).filter(sample="Q3").equals(getattr(alone, name).filter(sample="Q3")), name
    assert together.medications.filter(sample="Q1").is_empty()


@pytest.mark.usefixtures("one_process")
def test_a_cohort_from_a_sheet_gives_the_same_rows(sheet, tmp_path):
    rows = [f"Q{n},all.vcf,{'ward.csv' if n % 2 else ''},{'none' if n == 2 else ''}" for n in (5, 1, 2, 4)]
    path = sheet("\n".join(["sample,vcf,clinical,medications", *rows]) + "\n")
    pgx.cohort.run(out=tmp_path / "out", sheet=path, block_size=3, threads=2)
    together = pgx.report(sheet=path)
    for name in ("calls", "judgements", "scores"):
        own = table(tmp_path / "out", name).sort("sample", maintain_order=True)
        assert own.equals(getattr(together, name).sort("sample", maintain_order=True)), name


def test_call_and_score_take_a_sheet_and_a_file_of_samples(sheet, tmp_path, pgx_command):
    path = sheet("sample,vcf\nQ1,all.vcf\nQ3,all.vcf\n")
    (tmp_path / "names.txt").write_text("Q3\n\n")
    done = pgx_command("call", "--sheet", path, "--samples", tmp_path / "names.txt", "--genes", "CYP2C19", "-q")
    assert done.returncode == 0, done.stderr
    assert [line.split("\t")[0] for line in done.stdout.splitlines()[1:]] == ["Q3"]
    scored = pgx_command("score", "--sheet", path, "-e", "clopidogrel.mace", "-q")
    assert [line.split("\t")[0] for line in scored.stdout.splitlines()[1:]] == ["Q1", "Q3"]


def test_features_take_a_sheet_and_a_row_is_that_of_the_person_alone(sheet, tmp_path, pgx_command):
    rows = ["Q5,ward.csv,,", "Q2,,male,codeine", "Q1,ward.csv,,", "Q7,,female,none"]
    path = sheet(
        "\n".join(["sample,vcf,clinical,sex,medications", *(row.replace(",", ",all.vcf,", 1) for row in rows)])
    )
    done = pgx_command("features", "--sheet", path, "-o", "f.parquet", "--missing", "m.tsv", "-q")
    assert done.returncode == 0, done.stderr
    together = pl.read_parquet(tmp_path / "f.parquet")
    assert together["sample"].to_list() == ["Q5", "Q1", "Q2", "Q7"]
    for row in rows:
        name, clinical, sex, medications = row.split(",")
        history = [tmp_path / clinical] if clinical else []
        (tmp_path / "alone.csv").write_text(f"sample,medications\n{name},{medications}\n")
        history += [tmp_path / "alone.csv"] if medications else []
        options = pgx.Options(samples=name, sex={name: sex} if sex else None)
        alone = pgx.features(tmp_path / "all.vcf", clinical=history, options=options)
        assert together.filter(sample=name).equals(alone), name
    missing = pl.read_csv(tmp_path / "m.tsv", separator="\t")
    assert missing["sample"].unique(maintain_order=True).sort().to_list() == ["Q1", "Q2", "Q5", "Q7"]


def test_features_of_a_sheet_have_no_polygenic_scores(sheet, pgx_command):
    done = pgx_command("features", "--sheet", sheet("sample,vcf\nQ1,all.vcf\n"), "--pgs", "s.txt")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "pgx: polygenic scores are of genotype files that all share: name them without a samplesheet\n"
    )


@pytest.mark.parametrize("command", [("report",), ("call",), ("features",), ("score",), ("cohort", "run")])
def test_a_sample_that_the_sheet_does_not_have_is_refused(sheet, pgx_command, command):
    done = pgx_command(*command, "--sheet", sheet("sample,vcf\nQ1,all.vcf\nQ2,all.vcf\n"), "--samples", "Q1,Q3")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "pgx: no sample is called 'Q3'; the sheet has 2 persons\n"


STATED = [
    (("--sex", "Q9=male"), "--sex: no sample is called 'Q9'"),
    (("--sex", "woman"), "--sex: 'woman' is not one of male, female"),
    (("--ancestry", "Q9=European"), "--ancestry: no sample is called 'Q9'"),
    (("--ancestry", "Q1=Mars"), "--ancestry: 'Mars' is not one of "),
    (("--copy-number", "Q9:CYP2D6=3"), "--copy-number: no sample is called 'Q9'"),
    (("--copy-number", "CYP2D66=3"), "the knowledge base has no gene 'CYP2D66'"),
    (("--copy-number", "cyp2d6=3,CYP2D6=2"), "--copy-number: two numbers are given for CYP2D6"),
    (("--copy-number", "Q1:CYP2D6=5000"), "a person cannot have 5000 copies of CYP2D6"),
    (("--person", "ward-7=Q9"), "--person: no "),
]


@pytest.mark.parametrize(("stated", "problem"), STATED)
@pytest.mark.parametrize("inputs_of", [("--sheet", "people.csv"), ("all.vcf",)])
@pytest.mark.parametrize("command", [("call",), ("cohort", "run")])
def test_what_is_stated_of_nobody_is_refused_before_any_work(sheet, pgx_command, command, inputs_of, stated, problem):
    sheet("sample,vcf\nQ1,all.vcf\nQ2,all.vcf\n")
    done = pgx_command(*command, *inputs_of, *stated)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"pgx: {problem}") and done.stderr.count("\n") == 1


@pytest.mark.parametrize("pairs", [("map.csv",), ("ward-1=Q1", "--person", "ward-2=Q2")])
def test_persons_with_records_of_their_own_are_joined_as_said(sheet, tmp_path, pgx_command, pairs):
    path = sheet("sample,vcf,clinical\nQ1,all.vcf,1.csv\nQ2,all.vcf,2.csv\nQ3,all.vcf,\n")
    for number in (1, 2):
        (tmp_path / f"{number}.csv").write_text(f"person,age\nward-{number},{40 + number}\n")
    (tmp_path / "map.csv").write_text("person,sample\nward-1,Q1\nward-2,Q2\n")
    done = pgx_command("features", "--sheet", path, "--person", *pairs, "--columns", "clinical.age", "-o", "f.parquet")
    assert done.returncode == 0, done.stderr
    assert pl.read_parquet(tmp_path / "f.parquet")["clinical.age"].to_list() == [41, 42, None]
    done = pgx_command("cohort", "run", "--sheet", path, "--person", *pairs, "--tables", "features", "--threads", 1)
    assert done.returncode == 0, done.stderr
    assert table(tmp_path / "cohort", "features")["clinical.age"].to_list() == [41, 42, None]


def test_a_pair_that_is_typed_joins_a_record_of_its_own_person(sheet, tmp_path, pgx_command):
    path = sheet("sample,vcf,clinical\nQ1,all.vcf,1.csv\nQ2,all.vcf,2.csv\n")
    (tmp_path / "1.csv").write_text("person,age\nQ1,41\n")
    (tmp_path / "2.csv").write_text("person,age\nward-2,42\n")
    done = pgx_command("features", "--sheet", path, "--person", "ward-1=Q2", "--columns", "clinical.age")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "pgx: --person: no record has a person 'ward-1' (1 ids in the records)\n"


def test_a_gene_of_a_copy_number_goes_by_its_other_spellings(sheet, tmp_path, pgx_command):
    path = sheet("sample,vcf,copy_number\nQ1,all.vcf,cyp2d6 = 3\nQ2,all.vcf,\n")
    assert dict(read_sheet(path, knowledge())[0].copy_number) == {"CYP2D6": 3}
    for name, given in (("one", "CYP2D6=3"), ("other", "cyp2d6=3")):
        done = pgx_command("call", "all.vcf", "--genes", "CYP2D6", "--copy-number", given, "-o", f"{name}.tsv")
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "one.tsv").read_text() == (tmp_path / "other.tsv").read_text()
    assert "copy_number_given" in (tmp_path / "other.tsv").read_text()


def test_each_problem_is_a_line_on_standard_error(sheet, pgx_command):
    done = pgx_command("report", "--sheet", sheet("sample,vcf\nQ1,a.vcf\nQ2,b.vcf\n"))
    assert done.returncode == 3
    assert [line.split(": ")[2] for line in done.stderr.splitlines()[:2]] == ["line 2", "line 3"]
    assert done.stdout == ""
