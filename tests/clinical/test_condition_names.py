"""Conditions under the names that doctors write: other words for the same disease, British and American spelling."""

from __future__ import annotations

import json

import pytest

from pgx.clinical import read
from tests.clinical.reading import values

NAMES = [
    ("acute lymphoblastic leukaemia", "leukemia"),
    ("Acute myeloid leukemia", "leukemia"),
    ("chronic lymphocytic leukaemia", "leukemia"),
    ("transient ischaemic attack", "stroke"),
    ("haemorrhagic stroke", "stroke"),
    ("ischaemic heart disease", "coronary_disease"),
    ("unstable angina", "acute_coronary_syndrome"),
    ("liver failure", "liver_disease"),
    ("hepatic insufficiency", "liver_disease"),
    ("renal failure", "kidney_disease"),
    ("renal impairment", "kidney_disease"),
    ("haemodialysis", "dialysis"),
    ("oesophageal cancer", "cancer"),
    ("gastrointestinal haemorrhage", "bleeding"),
]


@pytest.mark.parametrize(("name", "concept"), NAMES)
def test_a_condition_is_read_under_the_names_that_doctors_write(kb, write, name, concept):
    path = write("p.json", json.dumps([{"sample": "A", "conditions": [name]}]))
    assert values(read([path], kb))[concept] == "yes"


@pytest.mark.parametrize("name", ["no liver failure", "lung failure", "transient attack"])
def test_a_name_alike_is_no_other_condition(kb, write, name):
    path = write("p.json", json.dumps([{"sample": "A", "conditions": [name]}]))
    assert not {"liver_disease", "stroke", "kidney_disease"} & set(values(read([path], kb)))
