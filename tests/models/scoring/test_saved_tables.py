"""A table of features that a spreadsheet saved again, or that somebody changed: the same score, or none and why."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import polars as pl
import pytest

import pgx

VCF, RECORD = Path("data/examples/HG00652.GRCh38.vcf.gz"), Path("data/examples/HG00652.clinical.json")
ENDPOINT = "warfarin.dose"
POSTERIOR = "gene.cyp2c9.posterior"
Cells = dict[str, str]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Cells:
    """The row of a person whose CYP2C9 has a posterior, as `pgx features` writes it."""
    path = tmp_path_factory.mktemp("features") / "features.tsv"
    pgx.features(VCF, clinical=RECORD, out=path)
    head, row = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
    found = dict(zip(head, row, strict=True))
    assert found[POSTERIOR].startswith('{"diplotypes"') and found["gene.cyp2c9.diplotype"] == "*1/*1"
    return found


def score(path: Path) -> tuple[dict[str, object], str]:
    """Return the score of a table, and all that is said."""
    notes: list[pl.DataFrame] = []
    scores = pgx.score(features=path, endpoints=ENDPOINT, on_notes=notes.append)
    return scores.row(0, named=True), " ".join(pl.concat(notes)["message"])


def save(path: Path, cells: Cells, *, encoding: str = "utf-8", **how: object) -> Path:
    text = io.StringIO()
    csv.writer(text, **{"delimiter": "\t", "lineterminator": "\n", **how}).writerows([cells, cells.values()])  # type: ignore[call-overload]
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def plain(path: Path, cells: Cells) -> Path:
    path.write_text("\t".join(cells) + "\n" + "\t".join(cells.values()) + "\n", encoding="utf-8")
    return path


def with_commas(cells: Cells) -> Cells:
    return {k: v.replace(".", ",") if re.fullmatch(r"-?\d+\.\d+", v) else v for k, v in cells.items()}


SAVED: dict[str, dict[str, object]] = {
    "quoted where needed.tsv": {},
    "all quoted.tsv": {"quoting": csv.QUOTE_ALL},
    "with byte order mark and carriage returns.tsv": {"lineterminator": "\r\n", "encoding": "utf-8-sig"},
    "all of it.tsv": {"quoting": csv.QUOTE_ALL, "lineterminator": "\r\n", "encoding": "utf-8-sig"},
    "unicode text.tsv": {"encoding": "utf-16", "lineterminator": "\r\n"},
    "commas.csv": {"delimiter": ","},
    "semicolons.csv": {"delimiter": ";", "lineterminator": "\r\n", "encoding": "utf-8-sig"},
}


@pytest.mark.parametrize("commas", [False, True], ids=["points", "decimal commas"])
@pytest.mark.parametrize("name", SAVED)
def test_a_table_that_a_spreadsheet_saved_gives_the_same_number(
    written: Cells, tmp_path: Path, name: str, commas: bool
) -> None:
    expected, _ = score(plain(tmp_path / "own.tsv", written))
    assert isinstance(expected["estimate"], float) and expected["usable"]
    found, _ = score(save(tmp_path / name, with_commas(written) if commas else written, **SAVED[name]))  # type: ignore[arg-type]
    assert found == expected


def test_a_quote_within_a_cell_is_no_quoting(tmp_path: Path, written: Cells) -> None:
    odd = written | {"x_note": '"tall" (6\'2")', "x_more": 'a "b"'}
    assert score(plain(tmp_path / "odd.tsv", odd))[0] == score(plain(tmp_path / "own.tsv", written))[0]


CHANGED: dict[str, tuple[Cells, str]] = {
    "a posterior that was cut": ({POSTERIOR: '{"diplotypes":[["*1/*1",0.95'}, "posterior is not as"),
    "a posterior of another form": ({POSTERIOR: '["*1/*1",1.0]'}, "posterior is not as"),
    "a posterior in curly quotes": ({POSTERIOR: "{“diplotypes“:[]}"}, "posterior is not as"),
    "no diplotype at all": ({"gene.cyp2c9.diplotype": "banana"}, "diplotype is none of CYP2C9"),
    "nor beside counts": ({"gene.cyp2c9.diplotype": "banana", POSTERIOR: ""}, "diplotype is none of CYP2C9"),
    "another than the posterior": ({"gene.cyp2c9.diplotype": "*2/*3"}, "diplotype is none of those in posterior"),
    "another than the phenotype": (
        {"gene.cyp2c9.diplotype": "*3/*3", POSTERIOR: ""},
        "phenotype or activity_score contradicts",
    ),
    "another than the counts": (
        {
            "gene.cyp2c9.diplotype": "*3/*3",
            POSTERIOR: "",
            "gene.cyp2c9.phenotype": "",
            "gene.cyp2c9.activity_score": "",
        },
        "allele_count.*3 does not fit diplotype",
    ),
    "another phenotype": (
        {"gene.cyp2c9.phenotype": "Poor Metabolizer", POSTERIOR: ""},
        "phenotype or activity_score contradicts",
    ),
    "another score": ({"gene.cyp2c9.activity_score": "0.5", POSTERIOR: ""}, "phenotype or activity_score contradicts"),
    "a remark that denies it": (
        {"gene.cyp2c9.diplotype": "*1/*1 (Poor Metabolizer)", POSTERIOR: "", "gene.cyp2c9.phenotype": ""},
        "diplotype is none of CYP2C9",
    ),
    "no diplotype beside a phenotype": ({"gene.cyp2c9.diplotype": "", POSTERIOR: ""}, "diplotype is empty beside"),
    "no diplotype beside a posterior": ({"gene.cyp2c9.diplotype": ""}, "diplotype is empty beside posterior"),
    "a count": ({"gene.cyp2c9.allele_count.*3": "2"}, "allele_count.*3 does not fit"),
}


@pytest.mark.parametrize("case", CHANGED)
def test_cells_that_contradict_each_other_leave_the_gene_unknown(written: Cells, tmp_path: Path, case: str) -> None:
    change, said = CHANGED[case]
    row, notes = score(plain(tmp_path / "changed.tsv", written | change))
    assert row["estimate"] is None and not row["usable"]
    assert "implausible:gene.cyp2c9.diplotype" in row["flags"] and "gene_not_called:CYP2C9" in row["flags"]  # type: ignore[operator]
    assert "gene.cyp2c9.*: the gene is unknown in 1 row" in notes and said in notes
    assert not [cell for cell in change.values() if len(cell) > 2 and cell in notes], "a cell is the person's"
    assert "made of the counts" not in notes


def test_a_remark_that_agrees_is_read(written: Cells, tmp_path: Path) -> None:
    known = written | {POSTERIOR: ""}
    noted = known | {"gene.cyp2c9.diplotype": "*1/*1 (Normal Metabolizer)"}
    assert score(plain(tmp_path / "a.tsv", noted))[0] == score(plain(tmp_path / "b.tsv", known))[0]


def test_one_person_s_cells_cost_nobody_else(written: Cells, tmp_path: Path) -> None:
    other = written | {"sample": "other", "gene.cyp2c9.diplotype": "banana"}
    path = tmp_path / "two.tsv"
    path.write_text("\n".join("\t".join(row) for row in (written, written.values(), other.values())) + "\n")
    scores = pgx.score(features=path, endpoints=ENDPOINT)
    assert scores.row(0, named=True) == score(plain(tmp_path / "own.tsv", written))[0]
    assert scores["usable"].to_list() == [True, False]


def test_a_weight_that_was_changed_beside_a_height_gives_no_dose(written: Cells, tmp_path: Path) -> None:
    assert written["clinical.refused"] == "none" and float(written["clinical.height"]) > 100
    row, notes = score(plain(tmp_path / "light.tsv", written | {"clinical.weight": "5"}))
    assert row["estimate"] is None and "implausible:clinical.weight" in row["flags"]  # type: ignore[operator]
    assert "clinical.weight does not fit the age or the values beside it" in notes and "taken as unknown" not in notes
