"""A label's contraindication of which the record tells a part: it stands in the line, whatever else leads there."""

from __future__ import annotations

import pytest

from tests.guidance.test_interactions import line, result
from tests.judgement.test_together import NORMAL

NARROW = "with narrow-angle glaucoma that is acute, untreated or not under control: contraindicated"
CLEARANCE = "with a creatinine clearance below 30 mL/min: contraindicated"


def condition(name):
    return {"concept": name, "code": "yes"}


def egfr(value):
    return {"concept": "egfr", "value": value, "unit": "mL/min/1.73m2"}


@pytest.mark.parametrize(
    ("drugs", "record", "urgency", "said"),
    [
        (["tolterodine"], condition("narrow_angle_glaucoma"), "monitor", NARROW),
        (["tolterodine"], condition("glaucoma"), "monitor", NARROW),
        (["doxepin"], condition("urinary_retention"), "monitor", "with severe urinary retention: contraindicated"),
        (["dabigatran"], egfr(22.0), "monitor", CLEARANCE),
        # What leads by another medicine does not hide what is graver.
        (["dabigatran", "verapamil"], egfr(22.0), "change_dose", CLEARANCE),
        # Without what rules the drug out beside it, that would still stand.
        (["dabigatran", "carbamazepine"], egfr(22.0), "avoid", CLEARANCE),
    ],
)
def test_a_contraindication_that_the_record_points_at_stands_in_the_line(drugs, record, urgency, said):
    own = line(result(NORMAL, drugs, observations=[record]), drugs[0])
    assert own.urgency == urgency and own.headline.endswith(said)


@pytest.mark.parametrize(
    ("drugs", "record"),
    [
        (["tolterodine"], condition("asthma")),
        (["dabigatran"], egfr(55.0)),
        (["atorvastatin"], condition("viral_hepatitis")),
    ],
)
def test_one_that_nothing_points_at_does_not(drugs, record):
    own = line(result(NORMAL, drugs, observations=[record]), drugs[0])
    assert own.urgency in ("standard", "no_data") and "contraindicated" not in own.headline


def test_the_age_alone_points_at_no_pregnancy():
    record = [{"concept": "sex", "code": "female"}, {"concept": "age", "value": 30.0, "unit": "a"}]
    own = line(result(NORMAL, ["nitrofurantoin"], observations=record), "nitrofurantoin")
    assert "contraindicated" not in own.headline and not any("under:" in flag for flag in own.judgement.flags)
    pregnant = line(
        result(NORMAL, ["nitrofurantoin"], observations=[*record, condition("pregnancy")]), "nitrofurantoin"
    )
    assert any(flag.startswith("under:contraindicated::pregnant_at_term") for flag in pregnant.judgement.flags)
