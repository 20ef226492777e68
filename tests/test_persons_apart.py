"""A person's output is the same bytes alone and among others, and names nobody else."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

import pgx
from pgx.inputs import phenotyped
from pgx.options import Options
from pgx.reports.formats import result_json
from pgx.reports.page.person import provenance_of
from pgx.tables import tsv
from tests.reports.rendered import render_html, view_of, write
from tests.variants.build import knowledge

PEOPLE = ("Q7ANNA", "Q7BERND", "Q7CHLOE", "Q7DAVID", "Q7ELIAS")
STRANGERS = ("Q7FRIDA", "Q7GUSTAV")
FORMATS = ("text", "html", "json", "fhir", "leaflet", "card", "plan")
FILES = {
    "first.vcf": PEOPLE[:4],
    "second.vcf": ("Q7DAVID", "Q7ELIAS"),
    "ward.csv": ("Q7ANNA", "Q7BERND", "Q7DAVID"),
    "chloe.json": ("Q7CHLOE",),
    "elsewhere.csv": ("Q7ELIAS",),
    "laboratory.tsv": ("Q7ANNA", "Q7BERND"),
    "Q7DAVID.outside.tsv": ("Q7DAVID",),
}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("inputs")
    (folder / "first.vcf").write_text(vcf(FILES["first.vcf"], ("chr1", "chr10", "chr22", "chrX", "chr12"), 1))
    (folder / "second.vcf").write_text(vcf(FILES["second.vcf"], ("chr10", "chr19", "chr13", "chrM"), 2))
    (folder / "ward.csv").write_text(
        "sample,sex,age,weight_kg,ancestry,medications,allergies\n"
        "Q7ANNA,male,50,80,European,clopidogrel;omeprazole,aspirin\n"
        "Q7BERND,female,61,70,,warfarin;qqunheardofqq,\n"
        "Q7DAVID,,40,,,,codeine\n"
        "Q7FRIDA,female,33,55,,simvastatin,\n"
        "Q7GUSTAV,male,34,75,,codeine,\n"
    )
    chloe = {"resourceType": "Patient", "id": "mrn-3", "gender": "female", "identifier": [{"value": "Q7CHLOE"}]}
    (folder / "chloe.json").write_text(json.dumps(chloe))
    (folder / "elsewhere.csv").write_text("sample,age,medications\nQ7ELIAS,70,fluorouracil;fluvastatin\nQ7FRIDA,33,\n")
    (folder / "laboratory.tsv").write_text(
        "Sample\tGene\tDiplotype\n"
        "Q7ANNA\tCYP2D6\t*4/*4\nQ7BERND\tCYP2D6\t1/4\nQ7BERND\tHLA-DRB1\t*07:01/*15:01\nQ7FRIDA\tCYP2C9\t*3/banana\n"
    )
    (folder / "Q7DAVID.outside.tsv").write_text("CYP2D6\t*1/*999\nHLAB\t*57:01/*08:01\n")
    return folder


def vcf(samples: tuple[str, ...], contigs: tuple[str, ...], seed: int) -> str:
    """Genotypes at every position of the contigs: missing, filtered, unreadable and malformed ones among them."""
    draw = random.Random(seed)
    rows = []
    sites = knowledge().sites.filter(pl.col("chrom").is_in(contigs)).sort("chrom", "pos_grch38")
    for chrom, pos, ref, alleles in sites.select("chrom", "pos_grch38", "ref", "alleles").iter_rows():
        alts = [allele for allele in alleles if allele != ref] or ["T" if ref != "T" else "G"]
        if any(set(one) - set("ACGT") or len(one) != len(ref) for one in alts) or len(ref) != 1:
            continue
        cells = []
        for _ in samples:
            one, two = (draw.choice([0, 0, 0, 0, 0, *range(len(alts) + 1)]) for _ in range(2))
            form = draw.choice([f"{one}/{two}", f"{one}|{two}", f"{one}/{two}", "./.", f"{one}/{two}/{two}"])
            cells.append(f"{form}:{draw.choice(['30', '40', '.', '5', 'many'])}")
        passes = draw.choice(["PASS", "PASS", "PASS", "LowQual"])
        rows.append("\t".join([chrom, str(pos), ".", ref, ",".join(alts), ".", passes, ".", "GT:GQ", *cells]))
    head = [
        "##fileformat=VCFv4.2",
        "##reference=GRCh38",
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
        '##FORMAT=<ID=GQ,Number=1,Type=Integer,Description="Quality">',
        "\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", *samples]),
    ]
    return "\n".join([*head, *rows]) + "\n"


def run(folder: Path, out: Path | None = None, **options: object) -> pgx.types.Result:
    names = [folder / name for name in FILES]
    given = Options(min_gq=10, copy_number={("Q7CHLOE", "CYP2D6"): 3, ("Q7ANNA", "CYP2D6"): 1}, **options)
    return pgx.report(names[:2], clinical=names[2:5], outside_calls=names[5:], out=out, formats=FORMATS, options=given)


@pytest.fixture(scope="module")
def batch(inputs, tmp_path_factory) -> tuple[pgx.types.Result, Path]:
    out = tmp_path_factory.mktemp("batch")
    return run(inputs, out, sex={"Q7CHLOE": "female", "Q7ELIAS": "male"}), out


@pytest.fixture(scope="module", params=PEOPLE)
def alone(request, inputs, tmp_path_factory) -> tuple[str, pgx.types.Result, Path]:
    out = tmp_path_factory.mktemp(request.param)
    found = run(inputs, out, samples=[request.param], sex={"Q7CHLOE": "female", "Q7ELIAS": "male"})
    return request.param, found, out


def test_every_document_is_the_same_bytes_alone_and_among_others(batch, alone):
    name, _, out = alone
    written = sorted(path.name for path in out.iterdir())
    assert len(written) >= len(FORMATS)
    assert written == sorted(path.name for path in batch[1].iterdir() if path.name.startswith(name))
    for path in written:
        assert (out / path).read_bytes() == (batch[1] / path).read_bytes(), path


def test_every_row_of_the_shared_tables_is_the_same_alone_and_among_others(batch, alone):
    name, single, _ = alone
    for table in ("calls", "phenotypes", "guidance", "scores", "judgements", "clinical", "medications", "notes"):
        own = getattr(batch[0], table).filter(sample=name)
        assert own.equals(getattr(single, table).filter(sample=name)), table


def test_no_document_holds_the_name_or_a_file_of_another(batch):
    for name in PEOPLE:
        others = {*PEOPLE, *STRANGERS} - {name}
        others |= {file for file, holds in FILES.items() if name not in holds}
        for path in batch[1].glob(f"{name}*"):
            text = path.read_text(encoding="utf-8")
            assert not [other for other in others if other in text], path.name


def test_a_run_of_one_person_names_nobody_else_in_its_tables(alone):
    name, single, _ = alone
    others = {*PEOPLE, *STRANGERS} - {name} | {file for file, holds in FILES.items() if name not in holds}
    tables = [tsv(getattr(single, table)) for table in ("calls", "guidance", "clinical", "notes")]
    text = "\n".join([*tables, json.dumps(single.provenance["inputs"])])
    assert not [other for other in others if other in text]


def test_scores_are_of_a_persons_own_drugs(batch):
    result = batch[0]
    of = {name: set(result.scores.filter(sample=name)["drug"]) for name in PEOPLE}
    assert of["Q7BERND"] == {"warfarin"}
    assert "warfarin" not in of["Q7ANNA"] and "clopidogrel" in of["Q7ANNA"]
    told = set(result.guidance.filter(sample="Q7CHLOE")["drug"])
    assert of["Q7CHLOE"] <= told, "without a list it is what the results speak against or change, whoever else has one"
    judged = result.judgements.filter(sample="Q7CHLOE")
    assert set(judged["urgency"]) <= {"avoid", "change_dose", "monitor"}


def test_drugs_that_are_named_are_everybodys(inputs):
    named = pgx.report(
        [inputs / "first.vcf"], clinical=[inputs / "ward.csv"], drugs=["warfarin"], options=Options(genes=["CYP2C9"])
    )
    assert set(named.scores.select("sample", "drug").iter_rows()) == {(name, "warfarin") for name in PEOPLE[:4]}


def test_a_stored_result_of_several_gives_each_the_same_page(batch, tmp_path):
    result, out = batch
    write(result, tmp_path, ["json"], per_sample=False)
    content = (tmp_path / "report.json").read_text(encoding="utf-8")
    for name in PEOPLE:
        page = (out / f"{name}.report.html").read_text(encoding="utf-8")
        assert render_html(result_json.from_json(content), name) == page
        shown = view_of(json.loads(content), name)
        assert shown is not None and [file for _, file in shown.provenance if file in FILES] == [
            file for file, holds in FILES.items() if name in holds
        ]


def test_files_are_not_named_where_nobody_knows_whose_they_are(batch):
    unknown = replace(batch[0], holders=())
    assert provenance_of(unknown, "Q7ANNA")["inputs"] == []


def test_a_record_of_a_sample_that_is_left_out_is_not_taken_for_the_only_one(inputs):
    only_bernd = inputs / "bernd.json"
    only_bernd.write_text(json.dumps({"resourceType": "Patient", "id": "Q7BERND", "gender": "male"}))
    found = phenotyped(
        inputs / "first.vcf",
        clinical=[only_bernd],
        outside_calls=[inputs / "Q7DAVID.outside.tsv"],
        options=Options(samples=["Q7ANNA"], genes=["CYP2D6"]),
    )
    assert found.clinical.observations.is_empty()
    assert found.calls["source"].to_list() == ["genotypes"]
    assert [source["name"] for source in found.inputs] == ["first.vcf"]
