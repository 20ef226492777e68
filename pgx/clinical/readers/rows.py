"""Headings that flat tables share, and which rows can be used: one a person, or several with a date each."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from pgx.clinical.dates import BadDateError, is_open, read_date
from pgx.clinical.numerals import number
from pgx.clinical.statements import Events
from pgx.clinical.vocabulary import Heading, column_name
from pgx.errors import InputError

IDS = (
    "sample",
    "sample_id",
    "person",
    "person_id",
    "patient",
    "patient_id",
    "subject",
    "subject_id",
    "individual",
    "iid",
    "id",
    "mrn",
    "patienten_id",
    "patientennummer",
    "patientenid",
    "patientid",
    "personid",
    "sampleid",
    "subjectid",
    "identifiant",
    "identifiant_patient",
    "code_patient",
    "patientnr",
    "patienten_nr",
    "fallnummer",
    *("pacjent", "pacjent_id", "id_pacjenta", "numer_pacjenta", "nr_pacjenta", "patientnummer"),
    *("id_patient", "numero_patient", "paciente", "paciente_id", "id_paciente", "paziente", "id_paziente"),
)
DATES = ("date", "visit_date", "observation_date", "datum", "fecha")
LISTS = {
    "medications": "current",
    "medication": "current",
    "current_medications": "current",
    "drugs": "current",
    "planned_medications": "planned",
    "stopped_medications": "stopped",
    "past_medications": "stopped",
    "conditions": "condition",
    "diagnoses": "condition",
    "comorbidities": "condition",
    **dict.fromkeys(("diagnosis", "condition", "problems", "problem_list", "diagnose", "diagnostic"), "condition"),
    "allergy": "allergy",
    "allergies": "allergy",
    **dict.fromkeys(("medikamente", "medikament", "arzneimittel", "medikation", "dauermedikation"), "current"),
    "vorerkrankungen": "condition",
    **dict.fromkeys(
        ("allergens", "drug_allergies", "known_allergies", "medication_allergies", "allergy_list"), "allergy"
    ),
    **dict.fromkeys(("intolerances", "allergien", "unvertraeglichkeiten"), "allergy"),
    **dict.fromkeys(
        ("medicaments", "medicament", "traitements", "traitement", "medicamentos", "medicamento"), "current"
    ),
    **dict.fromkeys(("medicacion", "farmaci", "farmaco", "medicatie", "meds"), "current"),
    **dict.fromkeys(("leki", "lek", "traitement_en_cours", "tratamiento", "tratamientos", "terapia"), "current"),
    **dict.fromkeys(("antecedents", "antecedentes", "antecedenti", "comorbilidades", "comorbidites"), "condition"),
    **dict.fromkeys(("patologie", "voorgeschiedenis", "rozpoznania", "rozpoznanie", "choroby"), "condition"),
    **dict.fromkeys(("alergie", "uczulenia", "allergieen_intoleranties"), "allergy"),
    **dict.fromkeys(("diagnostics", "diagnosticos", "diagnosi", "diagnosen"), "condition"),
    **dict.fromkeys(("alergias", "allergie", "allergieen"), "allergy"),
}
DEATHS = (
    *("deathdate", "death_date", "date_of_death", "death_datetime", "dod", "death", "died", "date_died", "dead"),
    *("deceased", "deceased_date", "deceased_datetime", "deceased_date_time", "deceaseddatetime", "deceasedboolean"),
    *("deceased_boolean", "is_deceased", "vital_status", "vitalstatus"),
    *("sterbedatum", "todesdatum", "verstorben", "verstorben_am", "gestorben_am"),
    *("date_deces", "date_de_deces", "deces", "decede"),
    *("fecha_muerte", "fecha_de_muerte", "fecha_defuncion", "fecha_de_defuncion", "fallecido"),
    *("data_decesso", "data_morte", "deceduto", "overleden", "overlijdensdatum"),
)
"""Columns that say whether, or on which day, a person died."""
_DIED = {
    *("yes", "y", "true", "1", "1.0", "dead", "deceased", "died", "expired", "ja", "oui", "si", "sí"),
    *("verstorben", "gestorben", "tot", "décédé", "décédée", "decede", "fallecido", "fallecida", "muerto", "muerta"),
    *("deceduto", "deceduta", "morto", "morta", "overleden"),
}
_LIVES = {
    *("no", "n", "false", "0", "0.0", "alive", "living", "lives", "not dead", "not deceased", "nein", "non", "nee"),
    *("lebt", "lebend", "vivant", "vivante", "vivo", "viva", "levend", "leeft"),
}
_NOT_TOLD = {"unknown", "unk", "u", "na", "n/a", "nan", "null", "none", "-", "not known", "unbekannt"}
IGNORED = (
    *("notes", "note", "comment", "comments", "name", "given_name", "family_name", "first", "last", "middle"),
    *("first_name", "last_name", "middle_name", "full_name", "maiden", "maiden_name", "prefix", "suffix"),
    *("ssn", "drivers", "drivers_license", "passport", "marital", "marital_status", "birthplace", "birth_place"),
    *("address", "street", "city", "state", "county", "country", "fips", "zip", "zip_code", "zipcode", "postal_code"),
    *("postcode", "lat", "lon", "latitude", "longitude", "phone", "telephone", "email", "language", "religion"),
    *("flag", "abnormal_flag", "abnormal", "reference_range", "ref_range", "normal_range", "range", "reference"),
    *("referenzbereich", "normbereich", "valeurs_de_reference", "rango_de_referencia", "valori_di_riferimento"),
    *("referentiewaarden", "norma", "zakres_referencyjny"),
    *("income", "healthcare_expenses", "healthcare_coverage", "base_cost", "totalcost", "total_cost"),
    *("base_encounter_cost", "total_claim_cost", "payer_coverage", "payer", "payer_id", "insurance", "insurer"),
    *("provider", "provider_id", "organization", "organization_id", "encounter", "encounter_id", "encounterclass"),
    *("encounter_class", "visit_id", "ward", "claim_id", "order_id", "account_number", "dispenses"),
    *("vorname", "nachname", "familienname", "geburtsname", "anschrift", "adresse", "strasse", "plz", "ort", "telefon"),
    *("krankenkasse", "versichertennummer", "nom", "prenom", "nombre", "apellido", "apellidos", "cognome"),
)
"""Headings that say who somebody is, where the record was made and what it cost: nothing here asks for them."""
SPECIAL = (*IDS, *DATES, *LISTS, *DEATHS, *IGNORED)
SHORTENED = re.compile(r"^\d(?:[.,]\d+)?E\+\d+$")
WHOLE = re.compile(r"^\d+\.0$")


@dataclass
class Rows:
    """The rows that can be used: whose each is, its date and its place.

    Of a row whose date cannot be read (`unread`) only what does not change with time holds.
    """

    frame: pl.DataFrame
    people: pl.Series
    days: list[date | None]
    where: list[str]
    unread: list[bool]


def usable_rows(events: Events, frame: pl.DataFrame, where: list[str], identity: str | None, day: str | None) -> Rows:
    """Sort the rows out; each that cannot be used is noted.

    Parameters
    ----------
    events
        Collects the notes.
    frame
        Text columns; empty = null.
    where
        Place of each row.
    identity, day
        Headings of the columns that say who and when.

    Raises
    ------
    InputError
        If no row can be used.
    """
    people = _names(events, frame, where, identity)
    days = read_days(events, frame, day, people, where)
    stated = frame[day].is_not_null() if day else pl.repeat(False, frame.height, eager=True)
    several = people.is_duplicated().to_list()
    whose, dated = people.to_list(), stated.to_list()
    first: dict[tuple[str | None, ...], int] = {}
    good: list[int] = []
    unread: list[int] = []
    for place, person in enumerate(whose):
        row = frame.row(place) if several[place] else ()
        if person is None and identity is not None:
            _refuse(events, None, "a person without a name", where[place], identity)
        elif dated[place] and days[place] is None:
            said = "of the row only what does not change with time is used: its date cannot be read"
            events.problem(person, "error", "bad_row", f"{said}; write YYYY-MM-DD", f"{where[place]}, column {day}")
            unread.append(place)
        elif row and row in first:
            same = f"the row is the same as {where[first[row]]} and counts once"
            events.problem(person, "warning", "same_row", same, where[place])
        else:
            first.setdefault(row, place)
            good.append(place)
    good = _one_a_day(events, whose, days, where, identity, good)
    kept = sorted(good + unread)
    if not kept:
        _none_left(events, people, where, identity, day)
    return Rows(
        frame[kept],
        people[kept],
        [days[place] for place in kept],
        [where[place] for place in kept],
        [place in set(unread) for place in kept],
    )


def _names(events: Events, frame: pl.DataFrame, where: list[str], identity: str | None) -> pl.Series:
    if identity is None:
        if frame.height > 1:
            who = f"{frame.height} persons but no column that says who they are"
            raise InputError(who, file=events.file, fix="add a column 'sample'")
        return pl.Series("", [None], dtype=pl.String)
    names = frame[identity]
    for place, name in zip(where, names, strict=True):
        if name and SHORTENED.match(name):
            raise InputError(
                f"{name!r} is what a spreadsheet leaves of a long number: who it is cannot be told",
                file=events.file,
                where=f"{place}, column {identity}",
                fix="export that column as text",
            )
    written = names.drop_nulls()
    if len(written) and all(WHOLE.match(name) for name in written):  # numbers of a column with gaps
        names = names.str.strip_suffix(".0")
    return names


def read_days(
    events: Events,
    frame: pl.DataFrame,
    heading: str | None,
    people: pl.Series,
    where: list[str],
    concept: str | None = None,
) -> list[date | None]:
    """Read a column of dates (of the values of `concept`); a bad one is noted and None."""
    if heading is None:
        return [None] * frame.height
    return [
        events.day(person, text, f"{place}, column {heading}", concept) if text else None
        for person, place, text in zip(people, where, frame[heading], strict=True)
    ]


def read_death(events: Events, person: str | None, written: object, where: str) -> None:
    """Say that a person has died where a cell of such a column says so, by a day or by a word."""
    text = events.plain_date(str(written).strip())
    word = text.lower()
    if not word or word in _LIVES or word in _NOT_TOLD or is_open(text):
        return
    if word in _DIED:
        events.deceased(person, None, where)
        return
    try:
        events.deceased(person, read_date(text), where)
    except BadDateError:
        message = f"{text[:40]!r} is not understood: whether the person has died is not known"
        events.problem(person, "warning", "deceased", message, where)


def _refuse(events: Events, person: str | None, problem: str, where: str, heading: str | None) -> None:
    """Note a row that is not used, for the person whose it is, who may have no other."""
    place = f"{where}, column {heading}" if heading else where
    if person is not None:
        events.person(person)
    events.problem(person, "error", "bad_row", f"the row is not used: {problem}", place)


def _one_a_day(
    events: Events,
    people: list[str | None],
    days: list[date | None],
    where: list[str],
    identity: str | None,
    good: list[int],
) -> list[int]:
    """Leave out persons with several rows that dates do not tell apart."""
    rows = Counter(people[place] for place in good)
    dated = Counter((people[place], days[place]) for place in good)
    bad = {
        people[place]
        for place in good
        if rows[people[place]] > 1 and (days[place] is None or dated[people[place], days[place]] > 1)
    }
    for place in good:
        if people[place] in bad:
            problem = f"person {people[place]!r} is there twice without a date that tells"
            _refuse(events, people[place], problem, where[place], identity)
    return [place for place in good if people[place] not in bad]


def _none_left(events: Events, people: pl.Series, where: list[str], identity: str | None, day: str | None) -> None:
    """Raise what is wrong with the first row."""
    severity_message = [(row[3], row[7]) for row in events.problems if row[1] == "error"]
    message, place = severity_message[0] if severity_message else ("no row can be used", where[0])
    fix = "keep one row a person, or give each row its own date" if "twice" in str(message) else "correct it"
    raise InputError(str(message), file=events.file, where=str(place), fix=fix)


def unknown_column(events: Events, heading: str, known: tuple[str, ...], where: str = "heading") -> None:
    """Note a column that is not read; its meaning is never guessed. Those of genes are told together."""
    events.not_understood("column", "", "", heading, None)
    if events.vocabulary.genes.search(heading):
        return
    close = events.vocabulary.suggest(heading, known)
    hint = f"did you mean {' or '.join(close)}?" if close else "`pgx check --columns` lists the known ones"
    events.problem(None, "warning", "unknown_column", f"unknown column {heading!r} is not used; {hint}", where)


Apart = dict[str, list[tuple[str, str, str]]]
"""Place of a row -> concept, sentence and columns of each that its cells say different things of."""
DIFFER = "{} is not used: {} and {} say different things"


def one_column_each(events: Events, frame: pl.DataFrame, where: Sequence[str]) -> tuple[pl.DataFrame, Apart]:
    """Join columns of one concept: ``sex`` and ``gender``, a height in cm and one in inches.

    Where the cells of a row say different things, neither counts.
    """
    first: dict[str, str] = {}
    apart: Apart = {}
    for heading in frame.columns:
        found = None if column_name(heading) in LISTS else events.vocabulary.column(heading)
        if found is None or (kept := first.setdefault(found.concept, heading)) == heading:
            continue
        joined: list[str | None] = []
        for one, other, at in zip(frame[kept], frame[heading], where, strict=True):
            text, differ = said_together(events, found.concept, {kept: one, heading: other})
            joined.append(text)
            if differ:
                said = DIFFER.format(found.concept, kept, heading)
                apart.setdefault(at, []).append((found.concept, said, f"{kept} and {heading}"))
        frame = frame.with_columns(pl.Series(kept, joined, dtype=pl.String)).drop(heading)
    return frame, apart


def said_together(events: Events, concept: str, told: Mapping[str, str | None]) -> tuple[str | None, bool]:
    """Return what two columns say of a concept, in the unit of the first; None, and True, where they differ."""
    (kept, one), (heading, other) = told.items()
    text = _in_unit_of(events, concept, kept, heading, other)
    if one is None or text is None or _same(events, concept, one, text):
        return text if one is None else one, False
    return None, True


def _in_unit_of(events: Events, concept: str, kept: str, heading: str, text: str | None) -> str | None:
    """Write a bare number of one column in the unit of another one."""
    own, other = (_factor(events, concept, name) for name in (kept, heading))
    value = None if text is None else number(text)
    if value is None or own == other:
        return text
    return f"{(value * other[0] + other[1] - own[1]) / own[0]:.6g}"


def _factor(events: Events, concept: str, heading: str) -> tuple[float, float]:
    found = events.vocabulary.column(heading)
    unit = found.unit if found else None
    return (events.vocabulary.factor(concept, unit) if unit else None) or (1.0, 0.0)


def _same(events: Events, concept: str, one: str, other: str) -> bool:
    first, second = number(one), number(other)
    if first is not None and second is not None:
        # A rounded conversion is no contradiction.
        return math.isclose(first, second, rel_tol=0.01)
    meanings = [events.vocabulary.answer(concept, "text", text) for text in (one, other)]
    return one.lower() == other.lower() or (meanings[0] == meanings[1] and meanings[0][0])


_SPECIMEN = re.compile(
    r"[\s,]+(?:\(?i\.?\s?[SPB]\.?\)?|im\s+(?:Serum|Plasma|Blut)|en\s+(?:sangre|suero)|sérique|sérica|sierico|"
    r"\(?(?:serum|plasma|blood|serum/plasma)\)?|w\s+surowicy)$",
    re.IGNORECASE,
)
_IN_BRACKETS = re.compile(r"\s*([^()\[\]]+?)\s*[(\[]\s*([^()\[\]]+?)\s*[)\]]\s*")


def column_of_item(events: Events, item: str) -> Heading | None:
    """Return what an item stands for, read past its specimen, ``Kreatinin i.S.``, and brackets: ``GPT (ALT)``."""
    if heading := events.vocabulary.column(item):
        return heading
    bare = _SPECIMEN.sub("", item)
    hit = _IN_BRACKETS.fullmatch(bare)
    names = [hit[1], hit[2]] if hit else [bare] if bare != item else []
    found = [one for name in names if (one := events.vocabulary.column(name)) is not None]
    return found[0] if found and len({one.concept for one in found}) == 1 else None
