"""A site's own endpoints: a folder with nothing but ``endpoints/*.toml`` is an overlay like any other."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import pgx.knowledge
from pgx import models
from pgx.errors import InputError
from pgx.knowledge import KnowledgeBase
from pgx.models import endpoints

OWN = """
name = "newdrugine.rash"
drug = "codeine"
outcome = "rash"
kind = "adverse_effect"
horizon = "4 weeks"
unit = "probability"
[population]
about = "adults of ward 7"
requires = ["gene.cyp2d6.clinical_phenotype"]
[baseline]
value = 0.1
low = 0.05
high = 0.2
[[term]]
name = "CYP2D6 poor"
column = "gene.cyp2d6.clinical_phenotype"
levels = ["Poor Metabolizer"]
measure = "OR"
estimate = 4.0
low = 2.0
high = 8.0
mark = "recall"
"""


def _overlay(folder: Path, text: str = OWN) -> Path:
    (folder / "endpoints").mkdir(parents=True)
    (folder / "endpoints" / "newdrugine.rash.toml").write_text(text, encoding="utf-8")
    return folder


def test_an_overlay_of_endpoints_alone_is_loaded_and_scored(tmp_path: Path) -> None:
    kb = pgx.knowledge.load([_overlay(tmp_path / "ward7")])
    person = pl.DataFrame({"sample": ["a"], "gene.cyp2d6.phenotype": ["Poor Metabolizer"]})
    row = models.score(person, kb, endpoints=["newdrugine.rash"])[0].row(0, named=True)
    assert row["estimate"] == pytest.approx(4 / 13)
    assert "+ward7" in row["model"]


def test_the_checksum_covers_endpoints(tmp_path: Path, kb: KnowledgeBase) -> None:
    one = pgx.knowledge.load([_overlay(tmp_path / "one" / "ward7")])
    two = pgx.knowledge.load([_overlay(tmp_path / "two" / "ward7", OWN.replace("0.1", "0.11"))])
    assert len({kb.checksum, one.checksum, two.checksum}) == 3


def test_a_sites_endpoint_replaces_the_products(tmp_path: Path, kb: KnowledgeBase) -> None:
    own = OWN.replace("newdrugine.rash", "tamoxifen.recurrence")
    site = pgx.knowledge.load([_overlay(tmp_path / "ward7", own)])
    assert endpoints.get(site, "tamoxifen.recurrence").outcome == "rash"
    assert endpoints.get(kb, "tamoxifen.recurrence").outcome != "rash"


def test_a_folder_without_any_of_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ward7" / "endpoints").mkdir(parents=True)
    with pytest.raises(InputError, match="holds no tables"):
        pgx.knowledge.load([tmp_path / "ward7"])


@pytest.mark.parametrize("text", ["name = ", OWN.replace('kind = "adverse_effect"', 'kind = "harm"'), "[baseline]\n"])
def test_an_endpoint_that_is_not_one_names_its_file(text: str, tmp_path: Path) -> None:
    kb = pgx.knowledge.load([_overlay(tmp_path / "ward7", text)])
    with pytest.raises(InputError, match=r"newdrugine\.rash\.toml"):
        endpoints.load(kb)
