"""The JSON document: described by its schema, deterministic, and the same result when read back."""

import json
from dataclasses import replace

import jsonschema
import polars as pl
import pytest

from pgx.build_data.result_schema import build
from pgx.errors import InputError
from pgx.reports.formats import result_json
from tests.reports import example
from tests.reports.rendered import json_schema, to_dict, to_json, view, view_of

FRAMES = ("calls", "phenotypes", "guidance", "scores", "judgements", "clinical", "medications", "notes")


@pytest.mark.parametrize("result", [example.build(), example.empty()], ids=["full", "empty"])
def test_the_document_follows_the_published_schema(result):
    jsonschema.Draft202012Validator(json_schema()).validate(json.loads(to_json(result)))


@pytest.mark.parametrize(
    ("applies", "said"), [("yes", "Not below 12."), ("if_population", "Not below 12. (applies if the condition holds)")]
)
def test_a_limit_of_the_label_that_is_not_decided_says_so(applies: str, said: str):
    result = example.build()
    row = result.guidance.filter(pl.col("drug") == "codeine").head(1)
    limit = row.with_columns(
        genes=pl.lit(["none"]), source=pl.lit("FDA label"), recommendation=pl.lit("Not below 12."),
        flags=pl.lit(["label_limit"]), urgency=pl.lit("avoid"), applies=pl.lit(applies),
    )  # fmt: skip
    found = to_dict(replace(result, guidance=pl.concat([result.guidance, limit])))
    drugs = {one["drug"]: one for one in found["samples"][0]["summary"]}
    assert drugs["codeine"]["whatever_the_genes"] == [f"FDA label: {said}"]


def test_the_schema_refuses_a_changed_document():
    found = to_dict(example.build())
    found["samples"][0]["calls"][0]["gene"] = None
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(json_schema()).validate(found)


def test_the_published_schema_is_the_one_that_the_columns_give():
    assert json_schema() == json.loads(json.dumps(build())), "run python -m pgx.build_data.result_schema"


@pytest.mark.parametrize("result", [example.build(), example.empty()], ids=["full", "empty"])
def test_a_result_survives_the_way_there_and_back(result):
    back = result_json.from_json(to_json(result))
    assert back.samples == result.samples
    assert back.provenance == result.provenance
    for name in FRAMES:
        assert getattr(back, name).equals(getattr(result, name)), name
    assert to_json(back) == to_json(result)


def test_the_view_of_a_document_is_the_view_of_its_result():
    found = result_json.parse(to_json(example.build()))
    whole = view(example.build(), example.SAMPLE)
    assert view_of(found, example.SAMPLE) == whole
    part = view_of(found, example.SAMPLE, drugs=["codeine"])
    assert part.drugs == tuple(drug for drug in whole.drugs if drug.name == "codeine")
    assert view_of(found, "nobody") is None


def test_numbers_that_json_cannot_hold_become_null():
    result = example.build()
    broken = result.scores.with_columns(estimate=float("nan"), high=float("inf"))
    found = json.loads(
        to_json(type(result)(**{name: getattr(result, name) for name in result.__slots__} | {"scores": broken}))
    )
    assert found["samples"][0]["scores"][0]["estimate"] is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not JSON"),
        ("[]", "not a pgx result"),
        ('{"resourceType": "Bundle"}', "not a pgx result"),
        ('{"format": "pgx.result", "version": "2.0"}', "layout version"),
        ('{"format": "pgx.result", "version": "1.0"}', "not a valid result"),
        (
            '{"format": "pgx.result", "version": "1.0", "provenance": {}, "notes": [], "samples": [{"sample": "A"}]}',
            "not a valid result",
        ),
        ("[" * 100000, "not JSON"),
        (b"\xff\xfe", "not JSON"),
    ],
)
def test_what_is_not_a_result_is_refused_in_one_line(text, said):
    with pytest.raises(InputError, match=said) as raised:
        result_json.from_json(text, file="a.json")
    assert "\n" not in str(raised.value)
    assert str(raised.value).startswith("a.json")


def test_a_missing_file_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        result_json.read(tmp_path / "none.json")


def as_layout_1(result) -> str:
    """The document as earlier versions wrote it: no subject of notes, implications as text, texts cut at semicolons."""
    found = json.loads(to_json(result)) | {"version": "1.1"}
    for entry in found["samples"]:
        for row in entry["guidance"]:
            pairs = (tuple(pair.values()) for pair in row["implication"])
            row["implication"] = ";".join(gene if value is None else f"{gene}={value}" for gene, value in pairs) or None
            row["monitoring"] = [part for one in row["monitoring"] for part in one.split(";")]
    for note in (*found["notes"], *(note for entry in found["samples"] for note in entry["notes"])):
        note["where"] = note["where"] or note["subject"]
        del note["subject"]
    return json.dumps(found)


def test_a_document_of_layout_1_is_read_with_its_lists_whole():
    result = example.build()
    own_words = pl.lit(["text:Ask; then wait."], dtype=pl.List(pl.String))
    result = replace(result, guidance=result.guidance.with_columns(monitoring=own_words))
    back = result_json.from_json(as_layout_1(result))
    for name in FRAMES[:-1]:
        assert getattr(back, name).equals(getattr(result, name)), name
    assert back.notes["subject"].null_count() == 0
    assert view(back, example.SAMPLE).drugs == view(result, example.SAMPLE).drugs
