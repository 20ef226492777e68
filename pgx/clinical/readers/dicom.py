"""DICOM Structured Reports: the numbers of an imaging study (ejection fraction, bone density)."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from pgx.clinical.readers.json_access import number
from pgx.clinical.readers.sniff import read_all
from pgx.clinical.statements import Events
from pgx.clinical.vocabulary import system_name
from pgx.errors import InputError
from pgx.guard.optional import need

MAX_DEPTH = 50


def read_report(events: Events, path: Path) -> None:
    """Read the patient and every numeric content item; pixels are never touched."""
    pydicom = need("pydicom", "imaging", events.file, "DICOM files")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = pydicom.dcmread(io.BytesIO(read_all(path)), stop_before_pixels=True)
            _take(events, dataset)
    except InputError:
        raise
    except Exception as error:  # pydicom raises nearly anything on broken files
        raise InputError(f"not a readable DICOM file: {type(error).__name__}", file=path) from None


def _take(events: Events, dataset: Any) -> None:
    person = str(dataset.get("PatientID", "") or "").strip() or None
    events.person(person)
    day = _day(events, person, dataset.get("ContentDate") or dataset.get("StudyDate"))
    events.seen(person, day)
    if sex := {"M": "male", "F": "female"}.get(str(dataset.get("PatientSex", ""))):
        events.observe(person, "sex", answer=sex, where="PatientSex")
    if born := _day(events, person, dataset.get("PatientBirthDate")):
        events.observe(person, "birth_date", text=born.isoformat(), where="PatientBirthDate")
    for name, concept, unit in (("PatientSize", "height", "m"), ("PatientWeight", "weight", "kg")):
        if (amount := number(_plain(dataset.get(name)))) is not None:
            events.observe(person, concept, number=amount, unit=unit, day=day, where=name)
    found = 0
    for item in _items(dataset, 0):
        found += 1
        _measure(events, person, item, day)
    if not found:
        events.not_understood("document", "", "", "DICOM without numeric content items", None)


def _plain(value: Any) -> object:
    return None if value is None or value == "" else str(value)


def _day(events: Events, person: str | None, value: Any) -> date | None:
    return events.day(person, str(value), "date") if value else None


def _items(dataset: Any, depth: int) -> Iterator[Any]:
    if depth > MAX_DEPTH:
        return
    for item in dataset.get("ContentSequence") or ():
        if str(item.get("ValueType", "")) == "NUM":
            yield item
        yield from _items(item, depth + 1)


def _measure(events: Events, person: str | None, item: Any, day: date | None) -> None:
    name = (item.get("ConceptNameCodeSequence") or [None])[0]
    value = (item.get("MeasuredValueSequence") or [None])[0]
    if name is None or value is None:
        events.not_understood("measurement", "", "", "without a name or value", None)
        return
    system, code = system_name(str(name.get("CodingSchemeDesignator", ""))), str(name.get("CodeValue", ""))
    meaning = str(name.get("CodeMeaning", ""))
    units = (value.get("MeasurementUnitsCodeSequence") or [None])[0]
    unit = str(units.get("CodeValue", "")) if units is not None else None
    numeric = value.get("NumericValue")
    pairs = events.vocabulary.code(system, code)
    for concept, _ in pairs:
        events.observe(
            person,
            concept,
            number=number(_plain(numeric)),
            text=None if _plain(numeric) is None else str(numeric),
            unit=unit or None,
            day=day,
            where=f"{system} {code}",
            written=meaning,
        )
    if not pairs:
        events.not_understood("measurement", system, code, meaning, None)
