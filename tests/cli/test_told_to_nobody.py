"""Nothing of a person is told on standard error or in a log: no drug, diagnosis, genotype, value or cell of a table."""

from __future__ import annotations

import json

import pytest

from tests.conftest import EXAMPLES

PERSON = EXAMPLES / "HG00652.GRCh38.vcf.gz"
SECRET = "ZQ"
"""It is part of everything that the files say of the person."""
RECORD = {
    "sample": "HG00652", "age": "ZQage", "sex": "ZQsex", "race": "ZQrace", "weight_kg": "ZQ 71", "birth_date": "ZQday",
    "medications": ["ZQdrug 50 mg", "clopidogrel ZQform", "ZQnote wait warfarin", "paroxetine until ZQ"],
    "planned_medications": ["ZQplan"], "allergies": ["ZQallergy"], "conditions": ["ZQcondition", "epilepsy ZQ?"],
    "diagnoses": ["ZQdiagnosis"], "creatinine_mg_dl": "ZQ",
}  # fmt: skip
SNPS = (
    "sample,rsid,genotype,gene,copy_number\nA,rs4244285,ZQ,,\nA,rs12248560,C/C,,\nA,rs9923231,A/ZQ,,\nA,,,CYP2D6,ZQ\n"
)
LAB = "CYP2D6\tZQ/4\tZQ metabolizer\nZQgene\t*1/*2\nHLA-B\tZQhla\n"
FEATURES = (
    "sample\tgene.cyp2c9.diplotype\tgene.vkorc1.phenotype\tclinical.weight\tclinical.age\tclinical.sex\t"
    "medication.amiodarone\tclinical.race\tgene.cyp2c9.activity_score\toutcome\n"
    "A\tZQdip\tZQphen\tZQwt\tZQage\tZQsex\tZQami\tZQrace\tZQscore\tZQout\n"
)
INRS = (
    "sample\tdate\tinr\tdose\tage\ttarget_inr\nA\t2026-01-03\tZQinr\tZQdose\tZQage\tZQ\nA\tZQdate\t2.5\t5\t60\t2.5\n"
    "A\t2026-02-01\t2.5\t5\t60\t2.5\n"
)
VCF = (
    '##fileformat=VCFv4.2\n##contig=<ID=chr10,length=133797422>\n##FORMAT=<ID=GT,Number=1,Type=String,Description="x">\n'
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tA\nchr10\t94781859\t.\tG\tA\t.\tPASS\t.\tGT\t0/ZQ\n"
)
FILES = {
    "p.json": json.dumps(RECORD),
    "snps.csv": SNPS,
    "lab.tsv": LAB,
    "f.tsv": FEATURES,
    "inr.tsv": INRS,
    "b.vcf": VCF,
    "headless.csv": "HG00652,ZQ,ZQdrug\nHG00652,ZQ,ZQother\n",
    "long.csv": "sample,item,value\nHG00652,ZQdiagnosis,yes\nHG00652,age,41\n",
}


@pytest.mark.parametrize(
    "arguments",
    [
        ("report", PERSON, "-c", "p.json", "--outside-calls", "lab.tsv", "-o", "out", "-v"),
        ("report", PERSON, "-c", "p.json", "--strict"),
        ("features", PERSON, "-c", "p.json", "-o", "out.tsv", "-v"),
        ("call", PERSON, "--outside-calls", "lab.tsv", "-o", "out.tsv", "-v"),
        ("call", "snps.csv", "-o", "out.tsv", "-v"),
        ("call", "b.vcf", "-o", "out.tsv"),
        ("score", "--features", "f.tsv", "-o", "out.tsv", "-v"),
        ("train", "warfarin.dose", "--cohort", "f.tsv", "--outcome", "outcome", "-o", "model"),
        ("evaluate", "warfarin.dose", "--cohort", "f.tsv", "--outcome", "outcome"),
        ("monitor", "inr.tsv", "-v"),
        ("cohort", "run", PERSON, "-c", "p.json", "-o", "out", "--threads", "1", "--log-file", "log.jsonl"),
        ("report", PERSON, "-c", "headless.csv"),
        ("report", PERSON, "-c", "long.csv"),
        ("report", PERSON, "-c", "long.csv", "--strict"),
        ("check", "p.json"),
        ("check", "snps.csv"),
        ("check", "b.vcf"),
    ],
    ids=lambda arguments: " ".join(map(str, arguments[:4])).replace(str(PERSON), "VCF"),
)
def test_what_files_say_of_a_person_is_in_no_message(pgx_command, tmp_path, arguments):
    for name, content in FILES.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    done = pgx_command(*arguments)
    assert done.returncode != 1 and (done.stderr or arguments[0] == "check")
    log = tmp_path / "log.jsonl"
    assert SECRET not in done.stderr + (log.read_text(encoding="utf-8") if log.exists() else "")


def test_a_drug_and_an_allergy_of_the_record_stand_in_the_report_alone(pgx_command, tmp_path):
    record = {"sample": "HG00652", "medications": ["clopidogrel", "paroxetine", "omeprazole"], "allergies": ["Plavix"],
              "conditions": ["HIV", "HIV negative"]}  # fmt: skip
    (tmp_path / "p.json").write_text(json.dumps(record), encoding="utf-8")
    done = pgx_command("report", PERSON, "-c", "p.json", "-v")
    assert done.returncode == 0 and "an allergy to clopidogrel is recorded" in done.stdout
    assert "HG00652: a recorded allergy speaks against a drug" in done.stderr
    for word in ("clopidogrel", "paroxetine", "omeprazole", "Plavix", "hiv", "HIV", "Poor", "Intermediate"):
        assert word not in done.stderr, word


def test_a_log_names_files_and_options_but_not_what_is_asked_of_a_person(pgx_command, tmp_path):
    done = pgx_command("report", PERSON, "--medications", "warfarin", "--samples=HG00652", "--drugs", "clopidogrel",
                       "-o", "new", "--log-file", "log.jsonl", "-q")  # fmt: skip
    assert done.returncode == 0, done.stderr
    log = tmp_path / "log.jsonl"
    told = json.loads(log.read_text(encoding="utf-8").splitlines()[0])["command"]
    assert told == ["report", str(PERSON), "--medications", "***", "--samples=***", "--drugs", "***", "-o", "***",
                    "--log-file", "log.jsonl", "-q"]  # fmt: skip
    assert log.stat().st_mode & 0o777 == 0o600


def test_an_error_of_ours_says_where_it_is_and_not_what_it_read(pgx_command, tmp_path, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        float("ZQ 71 kg")

    monkeypatch.setattr("pgx.check", broken)
    done = pgx_command("check", PERSON)
    assert done.returncode == 1 and SECRET not in done.stderr
    assert "internal error, please report it: ValueError in test_told_to_nobody.py, line" in done.stderr
