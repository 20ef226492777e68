"""Numbers of options and of samplesheets: plain digits that fit, or one line that says what is expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgx import clinical
from pgx.calling.strands import sort_key
from pgx.cli import cohort, options, protection
from pgx.clinical import dates
from pgx.clinical.readers import json_access
from pgx.cohort.samplesheet import SheetError, read_sheet
from pgx.errors import InputError, UsageError
from pgx.knowledge import load
from pgx.phenotypes.outside import stated

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


@pytest.mark.parametrize("number", ["²", "٣", "9" * 5000, "1_0", "nan", "inf", "1e400", "0x1F"])
def test_no_odd_number_is_one_of_a_history_or_a_laboratory(tmp_path: Path, number: str) -> None:
    assert json_access.number(number) is None
    if number != "nan":  # a tool's word for no call
        with pytest.raises(ValueError):
            stated.score_of(number)
    table = tmp_path / "a.csv"
    table.write_text(f"sample,date,weight_kg\nA,2024-03-01,{number}\n", encoding="utf-8")
    found = clinical.read([table], load())
    assert "weight" not in found.observations["concept"].to_list()
    assert found.kept_out["concept"][0] == "weight"


def test_a_date_is_of_plain_digits() -> None:
    for text in ("٢٠٢٤-٠٣-٠١", "٢٠٢٤٠٣٠١", "٠١ Mar ٢٠٢٤"):
        with pytest.raises(dates.BadDateError):
            dates.read_date(text)


def test_permissions_are_plain_digits() -> None:
    assert protection._permissions("0640") == 0o640
    for text in ("64٠", "0_640", "0o640"):
        with pytest.raises(UsageError):
            protection._permissions(text)


def test_a_value_that_is_good_stands_in_no_message_on_its_date(tmp_path: Path) -> None:
    wide, tall = tmp_path / "wide.csv", tmp_path / "tall.csv"
    wide.write_text("sample,date,weight_kg\nA,2024-02-30,73.41\n")
    tall.write_text("sample,date,item,value\nA,2024-02-30,weight,73.41\n")
    for table in (wide, tall):
        with pytest.raises(InputError) as refused:
            clinical.read([table], load(), strict=True)
        assert "73.41" not in str(refused.value)
        said = clinical.read([table], load()).notes["message"].to_list()
        assert any("weight is not used" in one for one in said) and not any("73.41" in one for one in said)


@pytest.mark.parametrize("option", ["-n", "--nuisance", "--sites"])
def test_more_than_a_machine_holds_is_not_made_up(pgx_command, option: str) -> None:
    done = pgx_command("simulate", "clopidogrel.mace", option, "9" * 30)
    assert done.returncode == 2 and "should be less than or equal to" in done.stderr
