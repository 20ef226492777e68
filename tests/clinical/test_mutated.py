"""Changed records: the same meaning is read the same, and what is broken is the same or named; nothing ends in a fault.

`PGX_MUTATED` says how many records (``make mutated``: 2,000), `PGX_MUTATED_SEED` which (``make mutated SEED=7``).
"""

from __future__ import annotations

import os
import random

import pytest

from pgx.clinical import read
from pgx.clinical.derive import FORMULAS
from pgx.knowledge.drug_names import drug_names
from pgx.types import ClinicalData
from tests.clinical import mutated

COUNT = int(os.environ.get("PGX_MUTATED", "120"))
FIRST = (int(os.environ.get("PGX_MUTATED_SEED", "1")) - 1) * COUNT


def meaning(data: ClinicalData) -> dict[str, object]:
    """What advice may rest on: values to four digits, answers, drugs with their status."""
    skipped = ("medication_list", "as_of", "age_margin")
    found: dict[str, object] = {}
    for concept, value, code in data.observations.select("concept", "value", "code").iter_rows():
        if concept not in skipped:
            found.setdefault(concept, set()).add(code if value is None else float(f"{value:.3g}"))
    return found | {"drugs": set(data.medications.select("drug", "status").iter_rows())}


def read_as(write, kb, way, person, rnd):
    name, content = way(person, rnd)
    return read([write(name, content)], kb)


@pytest.fixture(scope="module")
def standard():
    return {}


@pytest.mark.parametrize("seed", range(FIRST, FIRST + COUNT))
def test_a_changed_record_is_the_same_or_is_said(kb, write, standard, seed):
    rnd = random.Random(seed)
    way = mutated.FORMATS[seed % len(mutated.FORMATS)]
    person = mutated.PERSON
    if way not in standard:
        standard[way] = meaning(read_as(write, kb, way, person, random.Random(0)))
    expected = standard[way]
    words = None
    if seed % 3 == 0:
        person, words = mutated.broken(person, rnd)
    else:
        for _ in range(rnd.randrange(1, 4)):
            person = mutated.kept(person, rnd)
    data = read_as(write, kb, way, person, rnd)
    found = meaning(data)
    if words is None:
        assert found == expected, (way.__name__, person)
        return
    said = " ".join(f"{note['message']} {note['subject']} {note['where']}" for note in data.notes.iter_rows(named=True))
    assert found == expected or any(word and word.lower() in said.lower() for word in words.split("|")), (
        way.__name__, person, {k: (v, expected.get(k)) for k, v in found.items() if v != expected.get(k)}, said,
    )  # fmt: skip
    changed = {name for name in {*found, *expected} if found.get(name) != expected.get(name)}
    derived = {one.concept for one in FORMULAS}
    assert len(changed - derived - {"medication_unread", "medication_unknown", "allergy", "drugs"}) <= 1, (
        "one value is lost"
    )


def test_no_slip_of_a_name_is_offered_another_drug(kb):
    names, rnd = drug_names(kb), random.Random(7)
    tried = 0
    for name in rnd.sample(sorted(one for one in names.names if one.isalpha() and len(one) > 4), 60):
        for _ in range(3):
            slip = mutated._slip(name, rnd)
            if slip in names.names or slip in names.others:
                continue
            offered = {names.names[one.split(" (")[0]] for one in names.suggest(slip)}
            tried += 1
            assert offered <= {names.names[name]}, slip
    assert tried > 100


@pytest.mark.parametrize(
    "name",
    ["prednisolone", "cycloserine", "buspirone", "oxcarbazepine ", "clomiphene", "trazodone", "vinblastine", "methylprednisolone"],
)  # fmt: skip
def test_another_drug_is_no_slip(kb, name):
    names = drug_names(kb)
    offered = {names.names[one.split(" (")[0]] for one in names.suggest(name)}
    assert offered <= {name.strip()}
    assert names.suggest("prednisolon") == [], "as near to prednisone as to prednisolone, nearly"
