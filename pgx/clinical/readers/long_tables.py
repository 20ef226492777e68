"""Flat tables of one row a value (person, date, item, value, unit), a drug (person, drug, dose, start), or a diagnosis.

The row's own place and date count, so that a person may have any number of rows. What an item or a column stands for
is looked up as a wide table's headings are; codes (``LOINC:2160-0``, ``2160-0``) are read too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from pgx.clinical.dates import is_open
from pgx.clinical.readers.lists import CERTAINTY, add_condition, add_list
from pgx.clinical.readers.rows import DATES, DEATHS, IDS, IGNORED, LISTS, column_of_item, read_death, unknown_column
from pgx.clinical.statements import Events
from pgx.clinical.status_words import RESULTS, STATUSES, Said, allergy_gone, condition_status
from pgx.clinical.vocabulary import column_name, system_name
from pgx.errors import InputError

ITEMS = (
    *("item", "item_name", "test", "test_name", "parameter", "analyte", "concept", "variable", "measurement", "code"),
    *(
        "observation",
        "observation_name",
        "lab",
        "lab_test",
        "component",
        "field",
        "loinc",
        "loinc_code",
        "parameter_name",
    ),
    *("laborparameter", "laborwert", "untersuchung", "messgroesse", "analyse", "examen", "parametre", "prueba"),
    *("parametro", "determinacion", "esame", "bepaling", "badanie", "parametr"),
)
VALUES = (
    "value",
    "result",
    "result_value",
    "value_as_number",
    "numeric_value",
    "answer",
    "observation_value",
    *("valuenum", "value_num", "value_numeric"),
    "wert",
    "ergebnis",
    "messwert",
    *("resultat", "valeur", "resultado", "valor", "risultato", "valore", "uitslag", "waarde", "wynik", "wartosc"),
)
UNITS = (
    *("unit", "units", "uom", "unit_of_measure", "result_unit", "value_unit", "valueuom"),
    *("einheit", "unite", "unidad", "unita", "eenheid", "jednostka"),
)
DAYS = (
    *(*DATES, "datetime", "time", "collected", "collection_date", "result_date", "measured", "day", "timestamp"),
    *("charttime", "chart_time", "abnahmedatum", "data", "entnahmedatum", "messdatum", "date_prelevement"),
)
RESULT_STATUS = ("status", "result_status", "observation_status", "test_status", "statut", "estado", "befundstatus")
DRUGS = (
    "drug",
    "drug_name",
    "medication",
    "medication_name",
    "medicine",
    "product",
    "agent",
    "substance",
    "active_ingredient",
    *("medikament", "arzneimittel", "wirkstoff", "praeparat", "medicament", "medicamento", "principe_actif"),
    *("principio_activo", "farmaco"),
)
ABOUT_DRUGS: dict[str, tuple[str, ...]] = {
    "dose": (
        *("dose_val_rx", "dose", "dosage", "strength", "dose_value", "daily_dose", "sig", "instructions"),
        *("dosis", "dosierung", "posologie", "posologia"),
    ),
    "dose_unit": ("dose_unit", "dose_unit_rx", "strength_unit", "unit", "units", "einheit"),
    "frequency": ("frequency", "freq", "schedule", "rhythm", "haeufigkeit", "frequence", "frecuencia"),
    "route": (
        *("route", "form", "dose_form", "route_of_administration", "formulation"),
        *("darreichungsform", "voie", "forme"),
    ),
    "start": (
        "start",
        *("start_date", "starttime", "start_time", "startdate"),
        "started",
        "begin",
        "from",
        "date_started",
        "order_date",
        "authored",
        "beginn",
        "seit",
        "von",
        *("debut", "date_debut", "inicio", "fecha_inicio"),
    ),
    "end": (
        "end",
        "end_date",
        "stop",
        *("stop_date", "stoptime", "stop_time", "stopdate", "enddate", "endtime", "end_time"),
        "stopped",
        "until",
        "to",
        "date_stopped",
        "discontinued",
        "ende",
        "bis",
        *("fin", "date_fin", "fecha_fin"),
    ),
    "status": ("status", "state", "statut", "estado"),
    "code": ("code", "rxnorm", "rxcui", "atc", "drug_code", "rxnorm_code", "atc_code"),
}
DESCRIBED = ("description", "display")
"""Name of what a row is about where a code stands beside it."""
SUPPLY = {"dispenses", "refills", "days_supply", "quantity", "ndc"}
"""Columns by which what is described is a drug."""
REACTED = ("reaction", "reactions", "reaction1", "reaktion", "manifestation")
REACTION = {*REACTED, "severity", "criticality", "allergen"}
"""Columns by which a row is an allergy; `REACTED` say what the substance did."""
ALLERGENS = ("allergen", "allergy", "allergies", "substance", "allergie", *DESCRIBED)
DIAGNOSES = (*("diagnosis", "diagnosis_name", "condition", "condition_name", "problem", "problem_name", "diagnose"),
             *("diagnosetext", "diagnostic", "diagnostico", "diagnosi"),
             *(name for name, kind in LISTS.items() if kind == "condition"), *DESCRIBED)  # fmt: skip
ABOUT_ENTRIES: dict[str, tuple[str, ...]] = {
    "code": ("code", "icd10", "icd_10", "icd10_code", "icd_code", "icd", "diagnosis_code", "dx_code", "snomed",
             "snomed_code", "condition_code", "icd_10_gm", "rxnorm"),
    "system": ("system", "code_system", "coding_system", "vocabulary", "codesystem"),
    "start": (*ABOUT_DRUGS["start"], *DAYS, "dx_date", "diagnosis_date", "onset", "onset_date", "recorded_date"),
    "end": (*ABOUT_DRUGS["end"], "resolved", "resolved_date", "abatement", "abatement_date"),
    "status": (*ABOUT_DRUGS["status"], "clinical_status", "verification_status", "problem_status"),
    "certainty": ("certainty", "diagnosesicherheit", "sicherheit"), "reaction": REACTED,
}  # fmt: skip
TEMPLATES = {
    "long": ("sample", "date", "item", "value", "unit"),
    "medications": ("sample", "drug", "dose", "frequency", "route", "start", "end", "status"),
}
"""Headings of an empty table of each kind."""
_NAMED_CODE = re.compile(r"^(loinc|ln|snomed(?: ct)?|sct|icd-?10(?:-?cm)?|omop)\s*[:|]\s*(\S+)$", re.IGNORECASE)
_LOINC = re.compile(r"^\d{1,5}-\d$")


@dataclass
class Tall:
    """Which column of a long table is what; `kind` says what a row is: value, drug, condition or allergy."""

    kind: str
    identity: str | None = None
    name: str = ""
    columns: dict[str, str] = field(default_factory=dict)


def lay_out(headings: list[str], events: Events) -> Tall | None:
    """Return the layout of a long table; None if the headings are those of another one."""
    names = {column_name(heading): heading for heading in reversed(headings)}
    item, value = _first(names, ITEMS), _first(names, VALUES)
    kind, drug = _entries(names)
    forms_of = ABOUT_DRUGS if kind == "drug" else ABOUT_ENTRIES
    about = {what: found for what, forms in forms_of.items() if (found := _first(names, forms))}
    if item is None or value is None:
        if kind == "drug":
            about.pop("code", None)
        elif not about.keys() - {"start"}:  # a list of a wide table
            return None
        wide = [name for name in names if events.vocabulary.column(name)]
        listed = [name for name in names if name in (*LISTS, *DATES) and names[name] != drug]
        if drug is None or wide or (listed and not about):
            return None
        places = {what: _first(names, forms) for what, forms in forms_of.items()}
        columns = {what: heading for what, heading in places.items() if heading is not None and heading != drug}
        tall = Tall(kind, _first(names, IDS), drug, columns)
    else:
        told = _some(unit=_first(names, UNITS), date=_first(names, DAYS), status=_first(names, RESULT_STATUS))
        tall = Tall("value", _first(names, IDS), item, {"value": value, **told})
    used = {tall.identity, tall.name, *tall.columns.values()}
    for name, heading in names.items():
        if heading in used:
            continue
        if name in (*IGNORED, *IDS) or name.startswith("x_"):
            events.not_understood("column", "", "", heading, None)
        else:
            unknown_column(events, heading, (*ITEMS, *VALUES, *UNITS, *DRUGS))
    return tall


def _entries(names: Mapping[str, str]) -> tuple[str, str | None]:
    """Return what a row lists, and the column of its name: an allergy and a drug are told by what stands beside it."""
    if not REACTION.isdisjoint(names) and (allergen := _first(names, ALLERGENS)):
        return "allergy", allergen
    if drug := _first(names, (*DRUGS, *DESCRIBED) if not SUPPLY.isdisjoint(names) else DRUGS):
        return "drug", drug
    coded = _first(names, ABOUT_ENTRIES["code"]) is not None
    return "condition", _first(names, DIAGNOSES if coded else DIAGNOSES[: -len(DESCRIBED)])


def _first(names: Mapping[str, str], forms: tuple[str, ...]) -> str | None:
    return next((names[form] for form in forms if form in names), None)


def _some(**named: str | None) -> dict[str, str]:
    return {name: heading for name, heading in named.items() if heading is not None}


def read(events: Events, frame: pl.DataFrame, where: list[str], tall: Tall) -> None:
    """Take a long table of text; empty cells are null.

    Raises
    ------
    InputError
        If no row names a person, where there is a column that says who it is.
    """
    events.explicit_ids = tall.identity is not None
    read_row = {"value": _read_value, "drug": _read_drug}.get(tall.kind, _read_entry)
    by_heading = "SNOMED" if "snomed" in tall.columns.get("code", "").lower() else None
    more = {"kind": tall.kind} | ({"system": by_heading} if by_heading else {}) if read_row is _read_entry else {}
    seen: dict[tuple[object, ...], str] = {}
    for place, row in zip(where, frame.iter_rows(named=True), strict=True):
        person = row[tall.identity] if tall.identity else None
        if tall.identity and person is None:
            problem = "the row is not used: a person without a name"
            events.problem(None, "error", "bad_row", problem, f"{place}, column {tall.identity}")
            continue
        events.person(person)
        if (first := seen.setdefault(tuple(row.values()), place)) != place:
            events.problem(person, "warning", "same_row", f"the row is the same as {first} and counts once", place)
            continue
        cells = {what: row[heading] for what, heading in tall.columns.items()} | more
        events.part.at(0, place)
        read_row(events, person, row[tall.name], cells, place)
    if not events.people:
        raise InputError("no row names a person", file=events.file, where=where[0] if where else None)


def _read_value(events: Events, person: str | None, item: str | None, cells: dict[str, str | None], where: str) -> None:
    value, written = cells.get("value"), cells.get("date")
    status = (cells.get("status") or "").strip().lower()
    holds = RESULTS.get(status) if status else True
    if item is None or value is None:
        return
    if holds is False:
        events.not_understood("item", "", "", f"{item} that was entered in error or cancelled", where)
        return
    day = events.day(person, written, f"{where}, date") if written else None
    if column_name(item) in DEATHS:
        read_death(events, person, value, where)
        return
    if kind := LISTS.get(column_name(item)):
        if day or not written:
            _read_list(events, person, item, kind, value, _remark(status, kind), where, day)
        return
    pairs = _meant(events, item)
    if not pairs:
        events.not_understood("item", "", "", item, where)
        if not events.vocabulary.genes.search(item):
            close = events.vocabulary.suggest(item)
            hint = f"; did you mean {' or '.join(close)}?" if close else ""
            events.problem(person, "warning", "unknown_column", f"item {item!r} is not used{hint}", where)
        return
    for concept, answer, unit in pairs:
        if holds is None:
            message = f"{concept} is not used: its status {status[:40]!r} is not understood"
            events.problem(person, "error", "answer_unknown", message, where, concept)
            continue
        constant = events.vocabulary.concepts[concept].summary == "constant"
        if written and day is None and not constant:
            message = f"{concept} is not used: nobody can tell of which day it is"
            events.problem(person, "error", "bad_date", message, where, concept)
            continue
        if concept == "birth_date":
            events.born(person, value, where, item)
            continue
        own = cells.get("unit")
        # Where there is a column of units, an empty cell is a unit that is missing, not the usual one.
        usual = events.vocabulary.concepts[concept].unit if "unit" not in cells else None
        events.observe(
            person,
            concept,
            answer=answer,
            text=None if answer else value,
            unit=own or unit or usual,
            day=day,
            where=where,
            written=item,
            bare=own is None,
        )
    events.seen(person, day)


def _read_list(
    events: Events, person: str | None, item: str, kind: str, value: str, remark: str, where: str, day: date | None
) -> None:
    """Take an item that lists drugs, conditions or allergies, with the `remark` that holds for each."""
    if kind == "current" and events.later(person, item, day, where):
        return
    add_list(events, person, kind, [f"{part.strip()}{remark}" for part in value.split(";") if part.strip()], where, day)
    events.seen(person, day)


def _remark(status: str, kind: str) -> str:
    """Return the status of an entry of a list as it is read beside a name (``warfarin (stopped)``)."""
    if kind == "current":
        plain = status not in STATUSES and RESULTS.get(status)
    else:
        plain = RESULTS.get(status) or condition_status(status) in (Said.THERE, Said.CONFIRMED)
    return f" ({status})" if status and not plain else ""


def _meant(events: Events, item: str) -> list[tuple[str, str | None, str | None]]:
    """Return (concept, answer, unit) of an item: a heading of a wide table, or a code."""
    words = events.vocabulary
    if heading := column_of_item(events, item):
        return [(heading.concept, None, heading.unit)]
    coded = _NAMED_CODE.match(item)
    system, code = (system_name(coded[1]), coded[2]) if coded else ("LOINC", item if _LOINC.match(item) else "")
    return [(concept, answer, None) for concept, answer in words.code(system, code)]


def _read_drug(events: Events, person: str | None, drug: str | None, cells: dict[str, str | None], where: str) -> None:
    code = cells.get("code")
    if drug is None and code is None:
        return
    if drug and set(cells) <= {"code"}:  # a list of names alone, as the cell of a wide table
        add_list(events, person, "current", [part.strip() for part in drug.split(";") if part.strip()], where, None)
        return
    days: dict[str, date | None] = {}
    if (end := cells.get("end")) and is_open(events.plain_date(end)):
        cells = cells | {"end": None}
    for what in ("start", "end"):
        text = cells.get(what)
        days[what] = events.day(person, text, f"{where}, {what}", "medications") if text else None
    said = (cells.get("status") or "").lower()
    if condition_status(said) == Said.ERROR:
        events.not_understood("drug", "", "", f"{drug or code} ({said})", where)
        return
    status = STATUSES.get(said, "stopped" if not said and days["end"] and cells.get("end") else "current")
    unread = (said and said not in STATUSES) or (cells.get("end") and days["end"] is None)
    if unread:
        shown = f"status {said!r}" if said and said not in STATUSES else f"end {cells.get('end')!r}"
        message = f"{drug or code}: {shown} is not understood; nobody can tell whether it is taken"
        events.problem(person, "error", "bad_row", message, where)
        events.unread(person, where, drug)
        return
    if status == "stopped" and not said:
        status = "current"  # its end tells, on the day that counts as now
    amount = " ".join(part for part in (cells.get("dose"), cells.get("dose_unit"), cells.get("frequency")) if part)
    events.medicate(
        person,
        f"{drug or code} {amount}".strip(),
        codes=_codes(code),
        status=status,
        start=days["start"],
        end=days["end"],
        where=where,
        route=cells.get("route") or "",
    )


def _read_entry(events: Events, person: str | None, name: str | None, cells: dict[str, str | None], where: str) -> None:
    """Take a diagnosis or an allergy: its code says what it is, or else its name."""
    code, certainty = cells.get("code"), cells.get("certainty") or ""
    status = "; ".join(filter(None, (cells.get("status"), CERTAINTY.get(certainty, certainty))))
    if name is None and code is None:
        return
    start, end = events.day(person, cells.get("start"), where), events.until(person, cells.get("end"), where)
    if status and condition_status(status) is None:
        message = f"the status {status[:40]!r} of {name or code} is not understood: it counts as there"
        events.problem(person, "warning", "condition_unknown", message, where)
    system = system_name(cells.get("system") or "")
    if code and not system and re.fullmatch(r"\d{6,18}", code):
        system = "SNOMED"
    if cells["kind"] == "allergy":
        if allergy_gone(status):
            events.not_understood("allergy", "", "", f"{name or code} ({status})", where)
        else:
            codes, did = [(system, code)] if code else [], cells.get("reaction") or ""
            events.allergic(person, name or str(code), codes=codes, day=start, where=where, reaction=did)
    else:
        text = (f"{system}:{code}" if system else code) if code else str(name)
        add_condition(events, person, text, where, start, status, end=end, label=(name or "") if code else "")
    events.seen(person, None if end else start)


def _codes(code: str | None) -> list[tuple[str, str]]:
    if code is None:
        return []
    coded = re.match(r"^(\w+)\s*[:|]\s*(\S+)$", code)
    return [(system_name(coded[1]), coded[2])] if coded else [("RxNorm", code), ("ATC", code)]
