"""Numbers of options and of samplesheets: plain digits that fit, or one line that says what is expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgx.calling.strands import sort_key
from pgx.cli import cohort, options
from pgx.cohort.samplesheet import SheetError, read_sheet
from pgx.errors import UsageError
from pgx.knowledge import load

ODD = ("²", "٣", "9" * 5000, "-1", "1_0", "", "+2", "1.0")


@pytest.mark.parametrize("number", ODD)
def test_no_odd_number_is_one(tmp_path: Path, number: str) -> None:
    with pytest.raises(UsageError, match="is not GENE=N") as refused:
        options.copies(f"CYP2D6={number}")
    assert len(str(refused.value)) < 200
    for text in (f"{number}/4", f"1/{number}", number):
        with pytest.raises(UsageError, match="is not I/N") as refused:
            cohort._shard(text)
        assert len(str(refused.value)) < 200
    sheet = tmp_path / "sheet.csv"
    (tmp_path / "a.vcf").write_text("")
    sheet.write_text(f"sample,vcf,copy_number\nA,a.vcf,CYP2D6={number}\n")
    with pytest.raises(SheetError) as told:
        read_sheet(sheet, load())
    assert any("is not GENE=N" in line for line in (str(told.value), *told.value.details))


def test_plain_numbers_are_read() -> None:
    assert options.copies("CYP2D6=3,A:CYP2D6=007") == {(None, "CYP2D6"): 3, ("A", "CYP2D6"): 7}
    assert cohort._shard("3/10") == (3, 10)


@pytest.mark.parametrize("name", ["*²", "*٣", f"*{'9' * 5000}", "*2²"])
def test_odd_digits_in_names_of_alleles_have_a_place_in_their_order(name: str) -> None:
    ordered = sorted([name, "*10", "*2", "*1"], key=sort_key)
    assert [one for one in ordered if one != name] == ["*1", "*2", "*10"]
