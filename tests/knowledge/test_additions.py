"""Rows of newer sources beside the fact tables, rows that are left out, and rows that have a licence of their own."""

import shutil
from pathlib import Path

import pytest

from pgx.build_data.knowledge import build
from pgx.errors import InputError
from pgx.knowledge import load
from pgx.knowledge.tables.declared import TABLES

KB = load()
FACTS = Path(__file__).resolve().parents[1] / "data" / "facts"
APART = [name for name, table in TABLES.items() if table.parts]


def _added(folder: Path, name: str, text: str) -> Path:
    (folder / "additions").mkdir()
    (folder / "additions" / name).write_text(text, encoding="utf-8")
    return folder


def test_a_row_of_a_newer_source_is_added(tmp_path: Path) -> None:
    row = "gene\tallele\tscheme\tfunction\tactivity_is_minimum\tsource\nTPMT\t*99\tCPIC\tNo function\tn\tderived\n"
    build(FACTS, _added(tmp_path, "functions.tsv", row))
    assert "TPMT\t*99\tCPIC\tNo function\t\tn\t\tderived" in (tmp_path / "functions.tsv").read_text().splitlines()


@pytest.mark.parametrize(
    ("name", "row", "says"),
    [
        ("functions.tsv", "TPMT\t*3A\tCPIC\tNo function\tn\tderived", r"line 2: functions has TPMT \*3A CPIC already"),
        ("functions.tsv", "TPMT\t*99\tCIPC\tNo function\tn\tderived", "'CIPC' is not an allowed code"),
        ("flags.tsv", "TPMT\t*99\tCPIC\tNo function\tn\tderived", "not the name of an imported table"),
    ],
)
def test_an_addition_that_does_not_fit_stops_the_import(tmp_path: Path, name: str, row: str, says: str) -> None:
    header = "gene\tallele\tscheme\tfunction\tactivity_is_minimum\tsource\n"
    with pytest.raises(InputError, match=says):
        build(FACTS, _added(tmp_path, name, f"{header}{row}\n"))


def test_rows_are_left_out_by_a_correction_with_its_reason(tmp_path: Path) -> None:
    gone = "functions\tgene=TPMT&allele=*3A\t*\t\tremoved\tfor the test\tderived\n"
    text = (KB.folders[0] / "corrections.tsv").read_text(encoding="utf-8")
    (tmp_path / "corrections.tsv").write_text(text + gone, encoding="utf-8")
    build(FACTS, tmp_path)
    for name in TABLES["functions"].files():
        assert "TPMT\t*3A\t" not in (tmp_path / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", APART)
def test_rows_that_are_shared_alike_are_in_a_file_of_their_own(name: str) -> None:
    own, apart = ((KB.folders[0] / file).read_text(encoding="utf-8").splitlines()[1:] for file in TABLES[name].files())
    assert apart and all("DPWG" in line for line in apart)
    said = [line.split("\t") for line in own]
    assert not [cells for cells in said if "DPWG" in cells or cells[0].startswith("DPWG-")]
    assert len(KB.table(name)) == len(own) + len(apart)


@pytest.mark.parametrize("name", APART)
def test_a_file_of_rows_that_the_manifest_names_must_be_there(tmp_path: Path, name: str) -> None:
    shutil.copytree(KB.folders[0], tmp_path / "kb")
    (tmp_path / "kb" / f"{name}.dpwg.tsv").unlink()
    with pytest.raises(InputError, match="the table is missing"):
        load(folder=tmp_path / "kb").table(name)
