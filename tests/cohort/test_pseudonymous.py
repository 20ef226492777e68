"""A cohort under pseudonyms: whoever has its folder, and not the key, learns nobody's name or date from any byte."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import polars as pl
import pytest

import pgx
from pgx.cohort.plan import TABLES
from pgx.errors import InputError, UsageError
from pgx.protect.pseudonyms import read_key, write_key
from tests.cohort.cohorts import content, table
from tests.test_persons_apart import vcf

NAMES = ("ANNELISE_QUARK", "Bertholdo-77", "Cunigunde.Z", "DIETLINDE_W")
DAY, SECRET = "2024-03-07", "Quarkensteinol"


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Inputs whose names and texts say whose they are; the last person's outside result cannot be used."""
    folder = tmp_path_factory.mktemp("hospital")
    genomes = folder / "ANNELISE_QUARK_and_others.vcf"
    genomes.write_text(vcf(NAMES, ("chr1", "chr10", "chr12", "chr22", "chrX"), 3))
    rows = [f"{name},{DAY},{40 + at},{60 + at},clopidogrel;{SECRET}" for at, name in enumerate(NAMES)]
    (folder / "Bertholdo-77.ward.csv").write_text(
        "\n".join(["sample,date,age,weight_kg,medications", *rows, f"{NAMES[1]},{DAY},x,y,"]) + "\n"
    )
    lab = (
        f"sample\tgene\tdiplotype\n{NAMES[3]}\tCYP2C19\tXX\n{NAMES[2]}\t{NAMES[2]}\t*1/*1\nBertholdo-7\tCYP2D6\t*1/*4\n"
    )
    (folder / "lab.DIETLINDE_W.tsv").write_text(lab)
    write_key(folder / "key")
    return folder


def run(hospital: Path, out: Path, **more: object) -> pgx.cohort.Progress:
    return pgx.cohort.run(
        hospital / "ANNELISE_QUARK_and_others.vcf", out, clinical=hospital / "Bertholdo-77.ward.csv",
        outside_calls=hospital / "lab.DIETLINDE_W.tsv", tables=TABLES, block_size=3, threads=1,
        options=pgx.Options(samples=list(NAMES)), **more,
    )  # fmt: skip


@pytest.fixture(scope="module")
def covered(hospital: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("covered") / "cohort"
    run(hospital, out, pseudonymize=hospital / "key", reports="json,fhir")
    return out


def texts(path: Path) -> list[str]:
    """Everything that can be read in a file: its name, its bytes, what is packed in it, and its cells."""
    content = path.read_bytes()
    found = [path.name, content.decode("latin-1"), content.decode("utf-16-le", "replace")]
    if path.suffix == ".parquet":
        frame = pl.read_parquet(path)
        found += [repr(frame.schema), *(repr(row) for row in frame.iter_rows())]
        found += (
            frame.with_columns(pl.col(pl.Date).dt.to_string("%Y-%m-%d")).to_struct("x").struct.json_encode().to_list()
        )
    if path.suffix == ".gz":
        found.append(gzip.decompress(content).decode("latin-1"))
    return found


def test_no_byte_of_the_folder_tells_a_name_or_a_date(hospital: Path, covered: Path) -> None:
    files = [path for path in covered.rglob("*") if path.is_file()]
    assert len(files) > 2 * len(TABLES) + 8
    told = [*NAMES, "Bertholdo-7", SECRET, DAY, DAY.replace("-", ""), "ward.csv", "others.vcf", str(hospital)]
    for path in files:
        for text in texts(path):
            folded = text.casefold()
            assert not [name for name in told if name.casefold() in folded], path
    for path in covered.rglob("*"):
        assert not [name for name in told if name.casefold() in path.name.casefold()]


def test_that_search_finds_the_names_of_a_cohort_that_has_them(hospital: Path, tmp_path: Path) -> None:
    run(hospital, tmp_path / "plain")
    for name in ("calls", "guidance", "features", "genotypes", "notes"):
        path = tmp_path / "plain" / name / "part-00000.parquet"
        assert any(NAMES[0] in text for text in texts(path)), name
    assert NAMES[3] in (tmp_path / "plain" / "failures.tsv").read_text()


def test_the_key_gives_the_same_cohort_back(hospital: Path, covered: Path, tmp_path: Path) -> None:
    run(hospital, tmp_path / "plain")
    names = read_key(hospital / "key")
    usual = ("calls", "phenotypes", "guidance", "judgements", "scores", "features", "genotypes")
    for name in (*usual, "exposure_ratios", "next_tests"):
        plain, hidden = table(tmp_path / "plain", name), table(covered, name)
        back = hidden.with_columns(pl.Series("sample", [names.name_of(one) for one in hidden["sample"]], pl.String))
        dated = [one for one, kind in plain.schema.items() if kind == pl.Date]
        assert back.drop(dated).equals(plain.drop(dated)), name
    lost = pl.read_csv(covered / "failures.tsv", separator="\t")
    whose = [names.name_of(one) for one in lost["sample"].drop_nulls()]
    assert NAMES[3] in whose and lost["message"].null_count() == 0


def test_the_same_command_goes_on_and_another_key_or_none_is_another_run(
    hospital: Path, covered: Path, tmp_path: Path
) -> None:
    before = content(covered)
    again = run(hospital, covered, pseudonymize=hospital / "key", reports="json,fhir")
    assert (again.done, again.resumed) == (4, 4)
    (covered / ".pgx" / "blocks" / "00001.json").unlink()
    once_more = run(hospital, covered, pseudonymize=hospital / "key", reports="json,fhir")
    assert (once_more.done, once_more.resumed) == (4, 3)
    assert content(covered) == before
    for key in (None, write_key(tmp_path / "other")):
        with pytest.raises(InputError, match="another than the one in the folder"):
            run(hospital, covered, pseudonymize=key, reports="json,fhir")
    assert content(covered) == before


def test_what_was_asked_for_is_told_to_the_key_alone(hospital: Path, covered: Path) -> None:
    told = json.loads((covered / "manifest.json").read_text())
    assert set(told["options"]) == {"pseudonymized", "checksum"}
    assert all(one["name"].startswith("p-") for one in told["inputs"])


@pytest.mark.parametrize("name", ["html", "card", "leaflet", "text"])
def test_documents_that_people_act_on_are_refused(hospital: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="people act on"):
        run(hospital, tmp_path / "out", pseudonymize=hospital / "key", reports=f"json,{name}")
    assert not (tmp_path / "out").exists()
