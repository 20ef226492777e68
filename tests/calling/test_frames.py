"""The calls frame, the explanation and the per-position log."""

from __future__ import annotations

import polars as pl
import pytest

from pgx import schema
from pgx.calling import call, calls_frame, explain, position_log
from pgx.calling.strands import genomic_name
from pgx.errors import UsageError
from tests.calling.build import genotypes
from tests.listed import with_text


@pytest.fixture(scope="module")
def two(kb):
    return genotypes(kb, [{94942290: ("C", "T")}, {94942290: (None, None)}], fill=["CYP2C9"])


def test_the_frame_has_the_declared_columns_sample_by_sample(kb, two):
    frame = calls_frame(call(two, kb, genes=["TPMT", "CYP2C9"]), kb)
    assert frame.columns == [column.name for column in schema.CALLS]
    assert frame.select("sample", "gene").rows() == [("P1", "CYP2C9"), ("P1", "TPMT"), ("P2", "CYP2C9"), ("P2", "TPMT")]


def test_called_and_not_called_rows(kb, two):
    called, not_called = with_text(calls_frame(call(two, kb, genes=["TPMT", "CYP2C9"]), kb))[:2].rows(named=True)
    assert (called["diplotype"], called["allele1"], called["allele2"]) == ("*1/*2", "*1", "*2")
    assert (called["function1"], called["function2"]) == ("Normal function", "Decreased function")
    assert called["probability"] == pytest.approx(1)
    assert not_called["status"] == "not_called"
    assert not_called["diplotype"] is None
    assert not_called["flags"] == "no_data"


def test_no_sample_is_an_empty_frame(kb):
    assert calls_frame(call(genotypes(kb, []), kb), kb).is_empty()


def test_alternatives_are_listed_with_their_probabilities(kb, two):
    row = with_text(calls_frame(call(two, kb, genes=["CYP2C9"]), kb))[1].row(0, named=True)
    assert row["alternatives"].startswith("*1/*2=0.")


def test_an_explanation_says_what_each_base_means(kb, two):
    rows = {row["pos_grch38"]: row for row in explain(two, kb, "CYP2C9", "P1").iter_rows(named=True)}
    star2 = rows[94942290]
    assert (star2["genotype"], star2["state"], star2["used"]) == ("C/T", "called", True)
    assert "*2" in star2["supports"].split(";")
    assert star2["rules_out"] is None
    assert "*3" in rows[94981296]["rules_out"].split(";")


def test_an_unknown_base_rules_nothing_out(kb, two):
    row = explain(two, kb, "CYP2C9", "P2").filter(pl.col("pos_grch38") == 94942290).row(0, named=True)
    assert (row["genotype"], row["used"], row["supports"], row["rules_out"]) == ("./.", False, None, None)


def test_a_homozygous_variant_rules_out_the_others(kb):
    found = genotypes(kb, [{94942290: ("T", "T")}], fill=["CYP2C9"])
    row = explain(found, kb, "CYP2C9", "P1").filter(pl.col("pos_grch38") == 94942290).row(0, named=True)
    assert row["rules_out"].split(";")[-1] == "all others"


def test_an_unknown_sample_is_a_usage_error(kb, two):
    with pytest.raises(UsageError, match="no sample 'X'"):
        explain(two, kb, "CYP2C9", "X")


def test_the_log_has_every_position_of_every_sample(kb, two):
    log = position_log(two, kb, genes=["CYP2C9", "TPMT"])
    assert log.height == 2 * sum(explain(two, kb, gene, "P1").height for gene in ("CYP2C9", "TPMT"))
    assert set(log["state"]) == {"called", "absent"}


def test_a_wrong_threshold_or_group_is_a_usage_error(kb, two):
    with pytest.raises(UsageError, match="threshold"):
        call(two, kb, threshold=0)
    with pytest.raises(UsageError, match="group 'Martian'"):
        call(two, kb, groups={"P1": "Martian"})


def test_every_flag_is_documented(kb):
    import re
    from pathlib import Path

    import pgx.calling as package

    folder = Path(str(package.__file__)).parent
    modules = ("caller.py", "copy_number.py", "first_sight.py")
    source = "".join((folder / name).read_text(encoding="utf-8") for name in modules)
    documented = set(kb.table("flags")["code"])
    written = set(re.findall(r'^\s+"([a-z_]+)": ', source, re.MULTILINE)) | set(
        re.findall(r'flags, "([a-z_]+)"\)', source)
    )
    assert written - {"x"} <= documented
    assert {"no_copy_number", "positions_missing", "which_copy_unknown"} <= written


@pytest.mark.parametrize(
    ("ref", "alt", "name"),
    [
        ("G", "A", "g.10G>A"),
        ("CAT", "CATAT", "g.10_11insAT"),
        ("CAT", "C", "g.11_12del"),
        ("GA", "G", "g.11del"),
        ("AG", "TC", "g.10_11delinsTC"),
        ("A", "A", "g.10A="),
    ],
)
def test_genomic_names(ref, alt, name):
    assert genomic_name(10, ref, alt) == name
