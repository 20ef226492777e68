"""Lists become text in one place, the same text as ever, and come back from it whole."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgx import cells, schema
from pgx.reports.formats.tables import to_tsv
from pgx.tables import tsv, write_table

NAME = st.text(st.characters(blacklist_characters=";=", blacklist_categories=["Cs"]), min_size=1).filter(
    lambda text: not text.startswith("text:")
)


def column(values: list[object], dtype: pl.DataType) -> pl.DataFrame:
    return pl.DataFrame({"cell": pl.Series(values, dtype=dtype)})


@pytest.mark.parametrize(
    ("dtype", "value", "text"),
    [
        (cells.NAMES, ["no_data", "local"], "no_data;local"),
        (cells.NAMES, [], None),
        (cells.NAMES, None, None),
        (cells.NAMES, ["text:Ask; then wait."], "text:Ask; then wait."),
        (cells.DIPLOTYPES, [{"diplotype": "*1/*2", "probability": 0.25}], "*1/*2=0.25"),
        (cells.DIPLOTYPES, [{"diplotype": "c.1905+1G>A (*2A)/=x", "probability": 0.001234}], "c.1905+1G>A (*2A)/=x=0.001234"),
        (cells.DIPLOTYPES, [{"diplotype": "*1/*1", "probability": 1.0}], "*1/*1=1"),
        (cells.DIPLOTYPES, [{"diplotype": "*1/*1", "probability": None}], "*1/*1"),
        (cells.FACTORS, [{"feature": "clinical.age", "contribution": 0.5}], "clinical.age=+0.50"),
        (cells.FACTORS, [{"feature": "clinical.age", "contribution": -12.0}], "clinical.age=-12.00"),
        (cells.BY_GENE, [{"gene": "G", "value": "a=b"}, {"gene": "H", "value": ""}], "G=a=b;H="),
        (cells.BY_GENE, [{"gene": "toxicity_up", "value": None}], "toxicity_up"),
    ],
)  # fmt: skip
def test_a_list_as_text_and_back(dtype, value, text):
    frame = column([value], dtype)
    written = cells.with_text(frame)
    assert written["cell"].to_list() == [text] and written.schema["cell"] == pl.String
    back = cells.with_lists(written, {"cell": dtype})
    assert back.schema["cell"] == dtype and back["cell"].to_list() == [value or []]


@given(st.lists(st.lists(NAME, max_size=4), max_size=5))
def test_names_come_back_whole(values):
    frame = column(values, cells.NAMES)
    assert cells.with_lists(cells.with_text(frame), {"cell": cells.NAMES}).equals(frame)


@given(st.lists(st.lists(st.tuples(NAME, st.integers(1, 9999)), max_size=4), max_size=5))
def test_probabilities_come_back_to_their_four_digits(values):
    listed = [[{"diplotype": name, "probability": n / 10000} for name, n in row] for row in values]
    frame = column(listed, cells.DIPLOTYPES)
    assert cells.with_lists(cells.with_text(frame), {"cell": cells.DIPLOTYPES}).equals(frame)


def test_a_document_of_layout_1_is_read_as_it_was_meant():
    assert cells.listed("CYP2D6=slow;CYP2C19=fast", cells.BY_GENE) == [
        {"gene": "CYP2D6", "value": "slow"}, {"gene": "CYP2C19", "value": "fast"}
    ]  # fmt: skip
    assert cells.listed(["text:Ask", " then wait."], cells.NAMES) == ["text:Ask; then wait."]
    assert cells.listed(None, cells.BY_GENE) == []


@pytest.mark.parametrize("value", [3, {"a": 1}, [1], [None]])
def test_what_is_no_list_of_texts_is_refused(value):
    with pytest.raises(TypeError, match="is not a list"):
        cells.listed(value, cells.NAMES)


def test_text_in_a_column_of_lists_is_refused():
    row = {"sample": "S", "gene": "G", "status": "called", "flags": "no_data;local"}
    with pytest.raises(ValueError, match=r"text in columns of lists: \['flags'\]"):
        schema.from_rows([row], schema.CALLS)


def test_distinct_rows_are_numbered_as_they_come_and_lists_are_compared_whole():
    listed = [["a"], ["a", "b"], ["a"], None]
    frame = pl.DataFrame({"n": [1, 1, 1, 1], "cell": pl.Series(listed, dtype=cells.NAMES)})
    rows, number = cells.distinct(frame, ["n", "cell"])
    assert rows["cell"].to_list() == [["a"], ["a", "b"], None] and number.to_list() == [0, 1, 0, 2]


def test_few_and_many_rows_are_told_apart_in_the_same_way(monkeypatch):
    pairs = [[{"diplotype": "*1/*2", "probability": 0.5}], [], None, [{"diplotype": "*1/*2", "probability": None}]]
    frame = pl.DataFrame(
        {
            "word": ["a", None, "a", "a"] * 3,
            "number": [1.0, 1.0, None, 1.0] * 3,
            "names": pl.Series([["x"], [], None, ["x", "y"]] * 3, dtype=cells.NAMES),
            "pairs": pl.Series(pairs * 3, dtype=cells.DIPLOTYPES),
        }
    )
    few = cells.distinct(frame, frame.columns)
    monkeypatch.setattr(cells, "_FEW", 0)
    many = cells.distinct(frame, frame.columns)
    assert few[0].equals(many[0]) and few[1].equals(many[1]) and few[1].to_list() == [0, 1, 2, 3] * 3
    nothing = cells.distinct(frame.clear(), frame.columns)
    assert nothing[0].equals(frame.clear()) and nothing[1].is_empty()


def test_every_way_to_a_tsv_file_joins_lists(tmp_path):
    frame = column([["a", "b"], []], cells.NAMES)
    write_table(frame, tmp_path / "t.tsv")
    assert tsv(frame) == to_tsv(frame).decode() == (tmp_path / "t.tsv").read_text() == "cell\na;b\n\n"


def test_parquet_and_json_keep_lists(tmp_path):
    frame = column([["a", "b"], []], cells.NAMES)
    for name in ("t.parquet", "t.json"):
        write_table(frame, tmp_path / name)
    assert pl.read_parquet(tmp_path / "t.parquet").equals(frame)
    assert pl.read_json(tmp_path / "t.json")["cell"].to_list() == [["a", "b"], []]
