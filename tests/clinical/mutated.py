"""Records of one made-up person, written in several formats and changed at random: what is kept, and what is broken."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

DAY = "2026-10-01"


@dataclass(frozen=True)
class Item:
    """One measured value as it is written; `fits` are other ways to write the same."""

    concept: str
    key: str
    code: str
    value: str
    unit: str | None
    fits: tuple[tuple[str, str], ...] = ()
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Drug:
    """One drug as it is written."""

    drug: str
    written: str
    code: str | None = None
    fits: tuple[str, ...] = ()


@dataclass(frozen=True)
class Person:
    """What a record says, and how it is written."""

    items: tuple[Item, ...]
    drugs: tuple[Drug, ...]
    condition: str = "type 2 diabetes"
    allergy: str = "penicillin"
    sex: str = "female"
    race: str = "black"
    born: str = "1986-04-02"
    extra: tuple[str, ...] = field(default=())


PERSON = Person(
    (
        Item("weight", "weight", "29463-7", "70", "kg", (("154.3236", "lb"), ("70000", "g"), ("70.0", "KG")), ("body_weight",)),
        Item("height", "height", "8302-2", "165", "cm", (("1.65", "m"), ("64.960630", "in"), ("165", "Cm"))),
        Item("creatinine", "creatinine", "2160-0", "0.9", "mg/dL", (("79.56", "umol/L"), ("79.56", "µmol/l"), ("9", "mg/L"))),
        Item("neutrophils", "neutrophils", "751-8", "4.2", "10*3/uL", (("4.2", "x10E3/uL"), ("4.2", "10^9/L"), ("4200", "/uL"))),
        Item("hba1c", "hba1c", "4548-4", "6.1", "%", (("43.1571", "mmol/mol"),)),
    ),
    (
        Drug("paroxetine", "paroxetine", "32937", ("Paxil", "paroxetine hydrochloride 20 MG Oral Tablet", "PAROXETINE", "paroxetine HCl 20 mg")),
        Drug("omeprazole", "omeprazole", "7646", ("Prilosec", "omeprazole 20 mg daily", "Omeprazole")),
        Drug("clopidogrel", "clopidogrel", "32968", ("Plavix", "clopidogrel bisulfate 75 mg", "clopidogrel 75 MG")),
    ),
)  # fmt: skip

Change = tuple[Person, str | None]
"""A changed person, and the words one of which a note must have (None = the meaning is kept)."""


def _item(person: Person, rnd: random.Random, change: Callable[[Item], Item]) -> tuple[Person, Item]:
    at = rnd.randrange(len(person.items))
    items = list(person.items)
    items[at] = change(items[at])
    return replace(person, items=tuple(items)), person.items[at]


def _drug(person: Person, rnd: random.Random, change: Callable[[Drug], Drug]) -> tuple[Person, Drug]:
    at = rnd.randrange(len(person.drugs))
    drugs = list(person.drugs)
    drugs[at] = change(drugs[at])
    return replace(person, drugs=tuple(drugs)), person.drugs[at]


def kept(person: Person, rnd: random.Random) -> Person:
    """Write the same in another way."""
    races = ["Black", "BLACK", "black or african american", "African American", "2054-5"]
    allergies = ["Penicillin", "penicillins", "penicillin - rash", "allergy to penicillin"]
    ways: list[Callable[[], Person]] = [
        lambda: _item(person, rnd, lambda one: replace(one, **_other(one, rnd)))[0],
        lambda: _drug(person, rnd, lambda one: replace(one, written=rnd.choice(one.fits)))[0],
        lambda: replace(person, items=tuple(rnd.sample(person.items, len(person.items)))),
        lambda: replace(person, drugs=tuple(rnd.sample(person.drugs, len(person.drugs)))),
        lambda: replace(person, sex=rnd.choice(["F", "Female", "FEMALE", "f", "woman"])),
        lambda: replace(person, race=rnd.choice(races)),
        lambda: replace(person, condition=rnd.choice(["T2DM", "Type 2 Diabetes", "ICD10:E11.9", "t2dm"])),
        lambda: replace(person, allergy=rnd.choice(allergies)),
    ]
    return rnd.choice(ways)()


def _other(item: Item, rnd: random.Random) -> dict[str, str]:
    value, unit = rnd.choice(item.fits)
    return {"value": value, "unit": unit}


def broken(person: Person, rnd: random.Random) -> Change:
    """Break one thing; return the person and what a note must name if the record does not mean the same any more."""
    kind = rnd.randrange(9)
    if kind == 0:
        found, item = _item(person, rnd, lambda one: replace(one, unit=rnd.choice(["banana", "??", "mg/furlong", "7"])))
    elif kind == 1:
        found, item = _item(person, rnd, lambda one: replace(one, unit=None))
    elif kind == 2:
        found, item = _item(
            person, rnd, lambda one: replace(one, value=rnd.choice(["high", "<5", "1,234", "--", "7..2"]))
        )
    elif kind == 3:
        found, item = _item(person, rnd, lambda one: replace(one, value=f"{float(one.value) * 1e5:g}"))
    elif kind == 4:
        found, item = _item(person, rnd, lambda one: replace(one, key=_slip(one.key, rnd), code="99999-9"))
    elif kind == 5:
        found, drug = _drug(person, rnd, lambda one: replace(one, written=_slip(one.written, rnd), code="999999999"))
        return found, f"{drug.drug}|{_changed(found, person)}|medications"
    elif kind == 6:
        return replace(person, sex=rnd.choice(["banana", "1", "fmale", "7"])), "sex"
    elif kind == 7:
        return replace(person, race=rnd.choice(["banana", "Blak", "3", "human"])), "race"
    else:
        remark = rnd.choice(
            ["stopped last week", "?", "(her mother's)", "- rash", "(see letter)", "discontinued 2025", "(declined)"]
        )
        found, drug = _drug(person, rnd, lambda one: replace(one, written=f"{one.written} {remark}"))
        return found, drug.drug
    return found, f"{item.concept}|{item.key}|{_key_of(found, person)}|99999-9"


def _key_of(found: Person, before: Person) -> str:
    return next((new.key for new, old in zip(found.items, before.items, strict=True) if new != old), "")


def _changed(found: Person, before: Person) -> str:
    return next((new.written for new, old in zip(found.drugs, before.drugs, strict=True) if new != old), "")


def _slip(text: str, rnd: random.Random) -> str:
    at = rnd.randrange(1, len(text) - 1)
    return rnd.choice(
        [text[:at] + text[at + 1 :], text[:at] + rnd.choice("qxz") + text[at:], text[:at] + "q" + text[at + 1 :]]
    )


def wide(person: Person, rnd: random.Random) -> tuple[str, str]:
    """Write a table of one row, with a column for each unit."""
    cells = {"sample": "P1", "date": DAY, "sex": person.sex, "race": person.race, "birth_date": person.born}
    for one in person.items:
        cells[one.key] = one.value
        cells[f"{one.key}_unit"] = one.unit or ""
    cells |= {"medications": "; ".join(one.written for one in person.drugs), "conditions": person.condition}
    cells["allergies"] = person.allergy
    names = rnd.sample(list(cells), len(cells))
    if rnd.random() < 0.3:
        names = [name.upper() if rnd.random() < 0.5 else name for name in names]
    delimiter = rnd.choice(",\t|")
    quoted = [f'"{cells[name] if name in cells else cells[name.lower()]}"' for name in names]
    return "record.csv", delimiter.join(names) + "\n" + delimiter.join(quoted) + "\n"


def tall(person: Person, rnd: random.Random) -> tuple[str, str]:
    """Write a table of one row a value."""
    rows = [(one.key, one.value, one.unit or "") for one in person.items]
    rows += [("sex", person.sex, ""), ("race", person.race, ""), ("birth_date", person.born, "")]
    rows += [("medications", "; ".join(one.written for one in person.drugs), ""), ("conditions", person.condition, "")]
    rows.append(("allergies", person.allergy, ""))
    lines = [f'P1,{DAY},{item},"{value}",{unit}' for item, value, unit in rnd.sample(rows, len(rows))]
    return "record.csv", "person,date,item,value,unit\n" + "\n".join(lines) + "\n"


def flat(person: Person, rnd: random.Random) -> tuple[str, str]:
    """Write an object with objects of value and unit."""
    content: dict[str, object] = {"sample": "P1", "date": DAY, "sex": person.sex, "race": person.race}
    content |= {"birth_date": person.born, "conditions": [person.condition], "allergies": [person.allergy]}
    content["medications"] = [one.written for one in person.drugs]
    for one in person.items:
        content[one.key] = {"value": one.value, "unit": one.unit or "?"}
    return "record.json", json.dumps({key: content[key] for key in rnd.sample(list(content), len(content))})


def fhir(person: Person, rnd: random.Random) -> tuple[str, str]:
    """Write a bundle; a drug by its code alone where it has its own name."""
    about = {"reference": "Patient/P1"}
    entries: list[dict[str, object]] = []
    for one in person.items:
        quantity: dict[str, object] = {"value": _number(one.value)}
        quantity |= {"unit": one.unit} if one.unit else {}
        code = {"coding": [{"system": "http://loinc.org", "code": one.code}], "text": one.key}
        entries.append({"resourceType": "Observation", "status": "final", "code": code, "effectiveDateTime": DAY,
                        "valueQuantity": quantity, "subject": about})  # fmt: skip
    for drug in person.drugs:
        concept: dict[str, object] = {"text": drug.written}
        if drug.written == drug.drug and rnd.random() < 0.5:
            concept = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": drug.code}]}
        entries.append({"resourceType": "MedicationRequest", "status": "active", "intent": "order", "authoredOn": DAY,
                        "medicationCodeableConcept": concept, "subject": about})  # fmt: skip
    entries.append({"resourceType": "AllergyIntolerance", "patient": about, "code": {"text": person.allergy}})
    patient = {"resourceType": "Patient", "id": "P1", "gender": person.sex.lower(), "birthDate": person.born}
    listed = [patient, *rnd.sample(entries, len(entries))]
    return "record.json", json.dumps({"resourceType": "Bundle", "type": "collection",
                                      "entry": [{"resource": one} for one in listed]})  # fmt: skip


def _number(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return text


FORMATS = (wide, tall, flat, fhir)
