"""A broken record of any format never gives anything but an answer or one line that says what is wrong."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pgx import schema
from pgx.clinical import check, read
from pgx.errors import PgxError
from pgx.features import build
from tests.clinical.fit_file import fit_file, moment
from tests.clinical.test_same_person import CSV, omop, resources

RECORDS = Path(__file__).resolve().parents[1] / "data" / "records"
relaxed = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    database=None,
)
STRANGE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.just(10**400),
    st.floats(),
    st.text(max_size=8),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.sampled_from(["value", "coding", "reference", "unit", "x"]), st.integers(), max_size=2),
    st.sampled_from(
        ["2020-13-45", "yes", "-1", "1e999", "NaN", "<5", "\x00", "Patient/", "🙂", "warfarn", [[]], [{}], {}]
    ),
)


def survives(path: Path, kb) -> None:
    """Read and check; only the product's own errors may come out, and they are one line."""
    for action in (lambda: read([path], kb), lambda: read([path], kb, samples=["S1", "S2"]), lambda: check(path, kb)):
        try:
            data = action()
        except PgxError as error:
            assert "\n" not in str(error)
        else:
            if hasattr(data, "observations"):
                build(schema.empty(schema.CALLS), schema.empty(schema.PHENOTYPES), data, kb, columns=SOME)


def places(value: object, path: tuple = ()) -> list[tuple]:
    found = [path]
    if isinstance(value, dict):
        for key, inner in value.items():
            found += places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += places(inner, (*path, index))
    return found


def changed(value: object, path: tuple, new: object) -> object:
    if not path:
        return new
    value = copy.deepcopy(value)
    inner = value
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = new
    return value


def mutate(draw: Callable, content: object) -> object:
    for _ in range(draw(st.integers(1, 3))):
        content = changed(content, draw(st.sampled_from(places(content))), draw(STRANGE))
    return content


SOME = ["clinical.age", "lab.inr", "trend.inr.slope", "medication.warfarin", "medication.inhibitor.cyp2d6"]
FLAT = {
    "sample": "A",
    "age": 50,
    "date": "2024-01-01",
    "weight_lb": 150,
    "inr": [{"value": 2, "date": "2024-01-01"}],
    "conditions": ["E11.9"],
    "medications": [{"drug": "warfarin", "start": "2024-01-01"}, "Plavix"],
    "labs": {"creatinine": {"value": 1, "unit": "mg/dL"}},
}
BUNDLE = {"resourceType": "Bundle", "entry": [{"resource": r} for r in resources("R4")]}
LAID_OUT = {
    name: json.loads((RECORDS / name).read_text(encoding="utf-8"))
    for name in ("phenopacket.json", "omh_step_count.json", "omh_physical_activity.json", "smoking_status.json")
}
SCALE = fit_file(
    ("file_id", {"type": 9, "manufacturer": 255, "time_created": moment("2020-05-01T08:00")}),
    ("user_profile", {"message_index": 0, "gender": 0, "age": 38, "height": 1.68, "weight": 61}),
    ("weight_scale", {"timestamp": moment("2020-05-01T08:00"), "weight": 60.4, "percent_fat": 24.5}),
    ("weight_scale", {"timestamp": moment("2020-05-02T08:00"), "weight": 60.2, "percent_fat": 24.3}),
)
FITBIT = {
    "activities-heart": [{"dateTime": "2020-02-05", "value": {"restingHeartRate": 61}}],
    "sleep": [{"dateOfSleep": "2020-02-05", "minutesAsleep": 400}],
}


@pytest.mark.parametrize("name", ["flat", "bundle", "fitbit", *LAID_OUT])
@relaxed
@given(data=st.data())
def test_json(kb, tmp_path, name, data):
    content = {"flat": FLAT, "bundle": BUNDLE, "fitbit": FITBIT, **LAID_OUT}[name]
    path = tmp_path / "p.json"
    path.write_text(json.dumps(mutate(data.draw, content)), encoding="utf-8")
    survives(path, kb)


@relaxed
@given(st.data())
def test_ndjson(kb, tmp_path, data):
    path = tmp_path / "p.ndjson"
    lines = [json.dumps(mutate(data.draw, r) if data.draw(st.booleans()) else r) for r in resources("R5")]
    lines.insert(
        data.draw(st.integers(1, len(lines))), data.draw(st.sampled_from(["{", "", "[]", "null", '"x"', "{}"]))
    )
    path.write_text("\n".join(lines), encoding="utf-8")
    survives(path, kb)


@relaxed
@given(st.data())
def test_bytes(kb, tmp_path, data):
    whole = data.draw(st.sampled_from([CSV.encode(), json.dumps(FLAT).encode(), XML.encode()]))
    content = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        kind = data.draw(st.integers(0, 2))
        if kind == 0:
            content[at] = data.draw(st.integers(0, 255))
        elif kind == 1:
            del content[at : at + data.draw(st.integers(1, 40))]
        else:
            content[at:at] = data.draw(st.binary(max_size=4))
        if not content:
            break
    path = tmp_path / "p.dat"
    path.write_bytes(bytes(content))
    survives(path, kb)


NIGHT = 'startDate="2024-05-01 01:01:36 +0200" endDate="2024-05-01 07:02:36 +0200"'
TRAIT = "HKCharacteristicTypeIdentifier"
ME = f'{TRAIT}DateOfBirth="1990-05-20" {TRAIT}BiologicalSex="HKBiologicalSexMale"'
XML = f"""<?xml version="1.0" encoding="UTF-8"?>
<HealthData locale="en"><ExportDate value="2024-06-01 08:10:05 +0200"/>
<Me {ME}/>
<Record type="HKQuantityTypeIdentifierStepCount" unit="count" {NIGHT} value="74"/>
<Record type="HKQuantityTypeIdentifierBodyMass" unit="lb" {NIGHT} value="154"/>
<Record type="HKCategoryTypeIdentifierSleepAnalysis" {NIGHT} value="HKCategoryValueSleepAnalysisAsleepCore"/>
</HealthData>
"""


@relaxed
@given(st.data())
def test_omop_cells(kb, tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("omop")
    for name, frame in omop().items():
        rows = [list(map(str, row)) for row in frame.rows()]
        if data.draw(st.booleans()):
            at = data.draw(st.integers(0, len(rows) - 1)), data.draw(st.integers(0, frame.width - 1))
            rows[at[0]][at[1]] = data.draw(
                st.sampled_from(["", "x", "-5", "1e999", "2020-99-99", "999999999999999999999", "🙂", "LOINC:2160-0"])
            )
        columns = [c for c in frame.columns if data.draw(st.integers(0, 9))]
        keep = [frame.columns.index(c) for c in columns]
        if columns:
            text = "\n".join(",".join(row[i].replace("None", "") for i in keep) for row in rows)
            (folder / f"{name}.csv").write_text(",".join(columns) + "\n" + text + "\n", encoding="utf-8")
    survives(folder, kb)


@relaxed
@given(
    st.lists(st.tuples(st.integers(0, len(SCALE) - 1), st.integers(0, 255)), min_size=1, max_size=4),
    st.integers(13, len(SCALE)),
)
def test_fit_bytes(kb, tmp_path, changes, size):
    content = bytearray(SCALE)
    for at, byte in changes:
        content[at] = byte
    path = tmp_path / "p.fit"
    path.write_bytes(bytes(content[:size]))
    survives(path, kb)
