"""What is read of a scoring file of the PGS Catalog, and what is refused and by which name."""

from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
import pytest

from pgx.codes import VariantUse
from pgx.errors import InputError
from pgx.polygenic.weights import read_weights

HARMONISED = "#format_version=2.0\n#pgs_id=PGS900002\n#genome_build=GRCh37\n#HmPOS_build=GRCh38\n"
COLUMNS = "rsID chr_name chr_position effect_allele other_allele effect_weight hm_chr hm_pos hm_inferOtherAllele"


def _refused(path: Path) -> list[str | None]:
    return read_weights(path, "GRCh38").rows["refused"].to_list()


def test_a_harmonised_file_is_read_by_its_harmonised_positions_and_never_by_the_others(write_pgs) -> None:
    path = write_pgs(["rs1 1 90 A G 0.5 1 100 .", "rs2 1 95 A . 0.5 1 105 C/T", "rs3 1 99 A G 0.5 . . ."], COLUMNS,
                     HARMONISED)  # fmt: skip
    rows = read_weights(path, "GRCh38").rows
    assert rows["pos"].to_list() == [100, 105, None]
    assert rows["other"].to_list() == ["G", "C/T", "G"]
    assert rows["refused"].to_list() == [None, None, VariantUse.NO_POSITION]
    assert read_weights(path, "GRCh37").rows["pos"].to_list() == [90, 95, 99]


@pytest.mark.parametrize(
    ("columns", "header", "said"),
    [
        ("chr_name chr_position effect_allele effect_weight", "#genome_build=GRCh37\n", "positions are in GRCh37"),
        ("chr_name chr_position effect_allele effect_weight", "#genome_build=NR\n", "does not say which build"),
        ("rsID x effect_allele effect_weight", "#genome_build=GRCh38\n", "no positions"),
        ("chr_name chr_position allele effect_weight", "#genome_build=GRCh38\n", "no column effect_allele"),
        ("chr_name chr_position effect_allele weight", "#genome_build=GRCh38\n", "no column effect_weight"),
        ("chr_name chr_position effect_allele effect_weight", "#format_version=1.0\n", "format '1.0'"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_in_one_line(write_pgs, columns: str, header: str, said: str) -> None:
    path = write_pgs(["1 100 A 0.5"], columns, header)
    with pytest.raises(InputError, match=said) as error:
        read_weights(path, "GRCh38")
    assert str(path) in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("said", ["9" * 5000, "²", "٣", "1_0", "-1"])
def test_a_number_of_variants_that_is_none_is_refused_in_one_line(write_pgs, said: str) -> None:
    path = write_pgs(["1 100 A G 0.5"], header=NUMBER.format(said))
    with pytest.raises(InputError, match="the number of variants is"):
        read_weights(path, "GRCh38")


NUMBER = "#pgs_id=PGS900001\n#genome_build=GRCh38\n#variants_number={}\n"


@pytest.mark.parametrize("said", [1, 3])
def test_a_file_with_fewer_or_more_variants_than_its_header_says_is_refused(write_pgs, said: int) -> None:
    rows = ["1 100 A G 0.5", "1 101 A G 0.5"]
    assert read_weights(write_pgs(rows, header=NUMBER.format(2)), "GRCh38").rows.height == 2
    path = write_pgs(rows, header=NUMBER.format(said))
    with pytest.raises(InputError, match=f"says {said} variants.*the file has 2") as error:
        read_weights(path, "GRCh38")
    assert "download it again" in str(error.value) and str(path) in str(error.value)


def test_a_number_of_variants_that_is_none_is_refused_and_not_reported_is_not_asked(write_pgs) -> None:
    assert read_weights(write_pgs(["1 100 A G 0.5"], header=NUMBER.format("NR")), "GRCh38").rows.height == 1
    with pytest.raises(InputError, match="variants_number"):
        read_weights(write_pgs(["1 100 A G 0.5"], header=NUMBER.format("many")), "GRCh38")


@pytest.mark.parametrize("said", ["OR", "or", "Odds Ratio", "HR", "hazard ratio"])
def test_ratios_are_not_added_up(write_pgs, said: str) -> None:
    path = write_pgs(["1 100 A G 1.5"], header=f"#genome_build=GRCh38\n#weight_type={said}\n")
    with pytest.raises(InputError, match="cannot be added up") as error:
        read_weights(path, "GRCh38")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("said", ["beta", "log(OR)", "ln OR", "log odds ratio", "NR", ""])
def test_logarithms_of_ratios_and_effects_are(write_pgs, said: str) -> None:
    path = write_pgs(["1 100 A G 1.5"], header=f"#genome_build=GRCh38\n#weight_type={said}\n")
    assert read_weights(path, "GRCh38").usable.height == 1


@pytest.mark.parametrize("packed", [False, True])
def test_a_byte_order_mark_is_no_part_of_the_file(write_pgs, packed: bool) -> None:
    path = write_pgs(["1 100 A G 0.5"])
    data = b"\xef\xbb\xbf" + path.read_bytes()
    path.write_bytes(gzip.compress(data) if packed else data)
    weights = read_weights(path, "GRCh38")
    assert weights.header.identity == "PGS900001" and weights.usable.height == 1


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_weights(tmp_path / "absent.txt", "GRCh38")
    broken = tmp_path / "cut.txt.gz"
    broken.write_bytes(gzip.compress(b"#format_version=2.0\n" * 999)[:40])
    with pytest.raises(InputError, match="unpacked"):
        read_weights(broken, "GRCh38")


def test_rows_about_more_than_one_variant_and_rows_without_sense_are_refused_by_name(write_pgs) -> None:
    columns = ("chr_name chr_position effect_allele other_allele effect_weight is_haplotype is_diplotype "
               "is_interaction is_dominant is_recessive")  # fmt: skip
    path = write_pgs(
        [
            "1 100 A G 0.5 False False False False False",
            "1 101 A G 0.5 TRUE False False False False",
            "1 102 A G 0.5 False True False False False",
            "1 103 A G 0.5 False False true False False",
            "1 104 A G 0.5 False False False True True",
            "1 105 HLA-B*57:01 . 0.5 . . . . .",
            "1 106 A G heavy . . . . .",
            "1 107 A G inf . . . . .",
            "HLA 108 A G 1 . . . . .",
            "1 249000000 A G 1 . . . . .",
            "MT 110 A G 1 . . . . .",
            "1 111 A A 1 . . . . .",
        ],
        columns,
    )
    assert _refused(path) == [None, "haplotype", "diplotype", "interaction", "two_models", "not_bases", "no_weight",
                              "no_weight", "no_position", "off_chromosome", "not_nuclear", "not_bases"]  # fmt: skip


def test_a_row_that_is_said_twice_counts_once_and_rows_that_contradict_each_other_do_not(write_pgs) -> None:
    path = write_pgs(["1 100 A G 0.5", "1 100 A G 0.5", "1 101 A G 0.5", "1 101 G A 0.5", "1 102 A G 1", "1 102 A C 1"])
    assert _refused(path) == [None, "repeated", "contradicted", "contradicted", None, None]


def test_what_each_number_of_copies_adds(write_pgs) -> None:
    columns = ("chr_name chr_position effect_allele other_allele effect_weight is_dominant is_recessive "
               "dosage_0_weight dosage_1_weight dosage_2_weight")  # fmt: skip
    path = write_pgs(
        [
            "1 100 A G 0.5 . . . . .",
            "1 101 A G 0.5 True False . . .",
            "1 102 A G 0.5 False True . . .",
            "1 103 A G . . . 0.1 0.7 -0.2",
            "1 104 A G . . . 0.1 . -0.2",
        ],
        columns,
    )
    rows = read_weights(path, "GRCh38").rows
    found = rows.filter(pl.col("refused").is_null()).select("weight_0", "weight_1", "weight_2").rows()
    assert found == [(0.0, 0.5, 1.0), (0.0, 0.5, 0.5), (0.0, 0.0, 0.5), (0.1, 0.7, -0.2)]
    assert rows["refused"].to_list()[-1] == VariantUse.NO_WEIGHT
