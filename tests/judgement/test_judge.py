"""What is said of a drug follows from all statements on it, and never from a gap between them."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgx import knowledge, schema
from pgx.judgement import Judgement, Known, decide, judge, judgements, of_row
from pgx.judgement.read_back import agents_of, arguments_of, causes_of, stopped_of
from pgx.judgement.relief import Case, Relief, Suspects, reliefs, suspects
from pgx.judgement.statement import URGENCIES, Statement
from pgx.judgement.together import change_first
from pgx.knowledge.acting import DECIDES, Acting
from tests.listed import from_text

INHIBITOR = Acting("voriconazole", "CYP3A4", "strong", "inhibitor", "current", "raises")


def row(**cells: Any) -> Statement:
    """Return a statement: CPIC, fine as usual for a normal metabolizer, unless the cells say otherwise."""
    usual = dict.fromkeys(column.name for column in schema.GUIDANCE) | {
        "sample": "P", "drug": "d", "source": "CPIC", "guideline": "R1", "genes": "G", "phenotypes": "G=Normal",
        "population": "general", "action": "standard", "applies": "yes", "urgency": "standard", "strength": "strong",
    }  # fmt: skip
    return Statement(usual | cells)


def said(*rows: Statement, **known: Any) -> Judgement:
    return judge("P", "d", decide(rows), Known(**known))


def gap(gene: str, stake: str) -> Statement:
    return row(guideline=None, genes=gene, phenotypes=None, action=None, applies="not_tested", urgency="no_data",
               flags=f"could_mean:{stake}:{gene}")  # fmt: skip


SILENT = row(guideline=None, phenotypes="G=Indeterminate", action=None, applies="no_match", urgency="no_data",
             flags="outside_unknown:avoid:G")  # fmt: skip
"""A source has no row for what is left of a gene of which a laboratory's result was refused."""
AVOID = row(source="DPWG", guideline="R2", action="avoid", urgency="avoid", alternatives="x;y", dose_change="-50")


def test_the_gravest_statement_decides_and_names_what_the_source_names_instead():
    found = said(row(), AVOID)
    assert (found.status, found.urgency, found.action, found.sources) == ("advised", "avoid", "avoid", ("DPWG",))
    assert found.alternatives == ("x", "y")
    assert found.dose_change is None, "the dose is for the case that the drug is used all the same"
    assert found.evidence[0] == "rule:R2"


@pytest.mark.parametrize(
    ("rows", "status"),
    [
        ([gap("G", "avoid")], "not_tested"),
        ([row(), gap("H", "avoid")], "not_judged"),
        ([row(flags="effect_unknown:avoid:G")], "not_judged"),
        ([row(flags="outside_unknown:avoid:G")], "not_judged"),
        ([SILENT], "not_judged"),
        ([row(genes="H", phenotypes="H=Normal"), SILENT], "not_judged"),
        ([row(applies="no_match", urgency="no_data", action=None, guideline=None)], "no_match"),
        ([row(source="none", genes="none", applies="no_match", urgency="no_data", action=None)], "no_source"),
        ([row(applies="possible")], "uncertain"),
        ([row(action="no_recommendation", urgency="no_data")], "no_recommendation"),
    ],
)
def test_where_nothing_is_known_no_action_is_named(rows, status):
    found = said(*rows)
    assert (found.status, found.urgency) == (status, "no_data")
    assert found.action in (None, "no_recommendation")
    assert not found.dose_change and not found.alternatives


def test_a_gene_that_could_only_change_the_dose_leaves_the_answer_and_says_what_could_change_it():
    found = said(row(), gap("H", "change_dose"), genes={"G": "called", "H": "not_called"})
    assert (found.urgency, found.could_change) == ("standard", ("gene:H=change_dose",))
    assert found.evidence == ("rule:R1", "gene:G=called", "gene:H=not_called")


def test_a_step_from_a_dose_that_nobody_can_work_out_is_no_answer():
    step = row(action="increase_dose", urgency="change_dose", dose_change="+5..+10", flags="of_calculated_dose:G:H")
    other, untested = row(guideline="R3", genes="H", phenotypes="H=Normal"), gap("I", "change_dose")
    assert said(step, untested).urgency == "no_data" and not said(step, untested).dose_change
    assert said(step, row(source="FDA", genes="H", phenotypes="H=Normal"), untested).urgency == "no_data"
    assert said(step, other, untested).dose_change == "+5..+10", "one of the genes that the dose rests on is known"
    both = row(guideline="R4", genes="G;H", phenotypes="G=Poor;H=Normal")
    assert said(step, both, untested).dose_change == "+5..+10", "it looks at the gene of the step too"
    assert said(step).urgency == "change_dose", "no gene is open"


def test_a_laboratory_result_that_could_not_be_used_is_told_from_a_variant_that_was_not_understood():
    assert said(row(flags="outside_unknown:avoid:G")).could_change == ("laboratory:G=avoid",)
    assert said(SILENT).could_change == said(AVOID, SILENT).could_change == ("laboratory:G=avoid",)
    assert said(AVOID, SILENT).urgency == "avoid"
    assert said(row(flags="effect_unknown:avoid:G")).could_change == ("variant:G=avoid",)


def test_what_the_label_rules_out_comes_before_the_genes():
    limit = row(source="FDA label", guideline="L1", genes="none", phenotypes=None, action="contraindicated",
                urgency="avoid", flags="label_limit", population="child_lt_12")  # fmt: skip
    found = said(row(), limit)
    assert (found.status, found.action, found.sources) == ("ruled_out", "contraindicated", ("FDA label",))
    assert found.evidence[:2] == ("rule:L1", "rule:R1")
    undecided = said(row(), Statement(limit.row | {"applies": "if_population"}))
    assert (undecided.urgency, undecided.could_change) == ("standard", ("person:child_lt_12=avoid",))


@pytest.mark.parametrize(
    ("effect", "kept"),
    [("lowers", set()), ("raises", {"at_most:20:mg/day"}), (None, {"at_most:20:mg/day", "dose:5:mg"})],
)
def test_a_dose_of_the_genes_is_withheld_where_another_drug_turns_it_around(effect, kept):
    """Rifampicin lowers simvastatin: "at most 20 mg/day" would point the other way."""
    acting = INHIBITOR if effect is None else replace(INHIBITOR, effect=effect)
    for detail in ("at_most:20:mg/day", "dose:5:mg"):
        found = said(row(flags=None if effect is None else acting.flag), details={"R1": (detail,)})
        assert (detail in found.flags) == (detail in kept)


def test_a_drug_that_acts_on_it_is_never_passed_over():
    found = said(row(flags=INHIBITOR.flag))
    assert (found.urgency, found.action) == ("monitor", DECIDES)
    assert str(INHIBITOR.flag) in found.flags
    assert "drug:voriconazole" in found.could_change


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        (
            {"action": "lower_start", "urgency": "change_dose"},
            {"action": "reduce_dose", "urgency": "change_dose"},
            False,
        ),
        (
            {"action": "reduce_dose", "urgency": "change_dose"},
            {"action": "higher_start", "urgency": "change_dose"},
            True,
        ),
        ({"action": "avoid", "urgency": "avoid"}, {"action": "alternative", "urgency": "avoid"}, False),
        ({"action": "avoid", "urgency": "avoid"}, {"action": "standard", "urgency": "standard"}, True),
        (
            {"action": "avoid", "urgency": "avoid"},
            {"action": "standard_with_caution", "urgency": "monitor", "strength": "none"},
            False,
        ),
        (
            {"action": "avoid", "urgency": "avoid"},
            {"action": "standard_with_caution", "urgency": "monitor", "strength": "strong"},
            True,
        ),
        ({"action": "avoid", "urgency": "avoid"}, {"action": "no_recommendation", "urgency": "no_data"}, False),
    ],
)
def test_sources_differ_where_they_want_something_else_and_not_where_one_says_nothing(one, other, differ):
    found = said(row(flags="sources_differ", **one), row(**{"source": "FDA", "guideline": "R3", **other}))
    assert ("sources_differ" in found.flags) is differ


def test_a_change_that_comes_later_stands_beside_the_usual_dose():
    then = "then:reduce_dose:-50:chronic_gt_12wk_and_effective"
    assert said(row(), details={"R1": (then,)}).flags == (then,)
    assert not said(row(), gap("H", "avoid"), details={"R1": (then,)}).flags, "no part of an answer that is none"


HARMED = {"action": "avoid", "urgency": "avoid", "flags": "phenoconverted;genes_alone:standard"}


def test_a_medicine_without_which_less_would_be_asked_for_is_the_cause():
    found = said(
        row(**HARMED),
        reliefs=(Relief(("paroxetine",), ("G",), "standard", "standard"),),
        gives_way=("gives_way:paroxetine",),
    )
    assert found.flags[0] == "cause:paroxetine:G:standard"
    assert found.could_change == ("drug:paroxetine=standard",)
    cause = change_first(judge("P", "paroxetine", decide([row(drug="paroxetine")])), [found])
    assert (cause.urgency, cause.action, cause.flags[0]) == ("monitor", "change_first", "causes:d:G")


def test_two_that_make_a_difference_together_are_named_together_and_so_are_the_others_of_each():
    found = said(row(**HARMED), reliefs=(Relief(("bupropion", "paroxetine"), ("G",), "standard", "standard"),))
    assert found.flags[0] == "cause:bupropion+paroxetine:G:standard"
    assert found.could_change == ("drug:bupropion+paroxetine=standard",)
    cause = change_first(judge("P", "paroxetine", decide([row(drug="paroxetine")])), [found])
    assert cause.flags[0] == "causes:d:G:bupropion" and cause.action == "change_one"


def test_what_was_stopped_is_waited_for_and_not_changed_first():
    relief = (Relief(("fluoxetine",), ("G",), "standard", "standard"),)
    found = said(row(**HARMED), reliefs=relief, until={"fluoxetine": "2026-12-25"})
    assert "still_acting:fluoxetine:2026-12-25" in found.flags
    assert found.could_change == ("washout:fluoxetine=standard",)
    assert not agents_of(found) and causes_of(found)[0].until == {"fluoxetine": "2026-12-25"}


@pytest.mark.parametrize(
    "flag",
    ["cause", "cause:x", "cause:x:G", "cause::G:standard", "cause:+:G:standard", "causes", "still_acting",
     "still_acting:x", "still_acting::2026-12-25", "still_acting:x:", "causer:x:G:standard"],
)  # fmt: skip
def test_a_flag_that_says_too_little_names_no_cause(flag):
    sound = ("cause:fluoxetine:G:standard", "still_acting:fluoxetine:2026-12-25")
    found = replace(said(row()), flags=(flag, *sound))
    assert [(one.agents, one.until) for one in causes_of(found)] == [
        (("fluoxetine",), {"fluoxetine": "2026-12-25"}),
    ]
    assert stopped_of(found) == {"fluoxetine": "2026-12-25"}
    assert not causes_of(replace(found, flags=(flag,))) and not stopped_of(replace(found, flags=(flag,)))


def test_the_last_argument_of_a_flag_keeps_its_colons():
    flags = ("causes:d:G", "causes:e:G:a+b", "causes:f:G:a:b", "causes:g", "condition_met:indication:pain")
    found = replace(said(row()), flags=flags)
    assert list(arguments_of(found, "causes", 2, 3)) == [("d", "G"), ("e", "G", "a+b"), ("f", "G", "a:b")]
    assert list(arguments_of(found, "condition_met", 1)) == [("indication:pain",)]


def test_a_medicine_that_only_adds_to_what_the_genes_ask_for_is_not_the_cause():
    harmed = decide([row(action="avoid", urgency="avoid", flags="phenoconverted;genes_alone:avoid")])
    assert suspects(harmed, {"G": ("paroxetine",)}, {"avoid": "avoid"}, "d") is None
    less = suspects(decide([row(**HARMED)]), {"G": ("paroxetine", "d")}, {"standard": "standard"}, "d")
    assert less is not None and less.genes == {"paroxetine": ("G",)}


def told(**urgencies: str) -> Callable[[Collection[Case]], dict[Case, tuple[str, str]]]:
    """Return what stands for judging anew: the urgency without each set of medicines, those joined by "_"."""
    return lambda cases: {
        case: (urgency, urgency) for case in cases if (urgency := urgencies.get("_".join(sorted(case[2]))))
    }


@pytest.mark.parametrize(
    ("without", "sets"),
    [
        (told(a="avoid", b="standard", c="monitor"), [("b",), ("c",)]),
        (told(a="avoid", b="avoid", c="avoid", a_c="monitor", a_b="avoid", a_b_c="standard"), [("a", "c")]),
        (told(a="avoid", a_b="avoid", a_b_c="standard"), [("a", "b", "c")]),
        (told(a="no_data", b="avoid", a_b="no_data", a_b_c="avoid"), []),
    ],
)
def test_the_fewest_medicines_that_help_are_named(without, sets):
    asked = {("P", "d"): Suspects({"a": ("G",), "b": ("G", "H"), "c": ()}, "avoid", "", "")}
    found = reliefs(asked, without).get(("P", "d"), ())
    assert [one.agents for one in found] == sets
    assert all(
        one.genes == tuple(dict.fromkeys(g for a in one.agents for g in asked["P", "d"].genes[a])) for one in found
    )


@pytest.mark.parametrize("by_label", [True, False])
def test_that_nothing_is_known_without_a_medicine_is_told_only_where_a_label_rules_the_drug_out(by_label):
    asked = {("P", "d"): Suspects({"a": ("G",)}, "avoid", "", "", by_label)}
    found = reliefs(asked, told(a="no_data"))
    assert [one.action for one in found.get(("P", "d"), ())] == (["no_data"] if by_label else [])


MANY = [f"m{number}" for number in range(9)]


@pytest.mark.parametrize("seed", range(30))
def test_no_medicine_is_named_that_could_stay(seed):
    """Whatever is said without each set, even where taking away more asks for more."""
    draw = random.Random(seed)
    sizes = [draw.randint(1, len(MANY)) for _ in range(20)]
    urgencies: dict[Case, str] = {}

    def without(cases: Collection[Case]) -> dict[Case, tuple[str, str]]:
        for case in cases:
            assert case[2], "nothing is taken away"
            helps = draw.random() < (0.05 if len(case[2]) == 1 else 0.4)
            urgencies.setdefault(case, draw.choice(["monitor", "standard"] if helps else ["avoid", "no_data"]))
        return {case: (urgencies[case], urgencies[case]) for case in cases}

    asked = {
        (f"P{n}", "d"): Suspects(dict.fromkeys(MANY[:many], ("G",)), "avoid", "", "") for n, many in enumerate(sizes)
    }
    found = reliefs(asked, without)
    assert any(len(relief.agents) > 1 for named in found.values() for relief in named)
    for key, named in found.items():
        for relief in named:
            assert urgencies[(*key, frozenset(relief.agents))] == relief.urgency in ("monitor", "standard")
            for agent in relief.agents if len(relief.agents) > 1 else ():
                assert urgencies[(*key, frozenset(relief.agents) - {agent})] in ("avoid", "no_data"), (relief, agent)


@given(st.lists(st.sets(st.sampled_from(MANY), min_size=2), min_size=1, max_size=4))
def test_exactly_those_that_are_needed_are_named_in_few_calls_for_everybody(needed):
    calls = []

    def without(cases: Collection[Case]) -> dict[Case, tuple[str, str]]:
        calls.append(len(cases))
        return {case: ("standard", "standard") for case in cases if case[2] >= needed[int(case[0])]}

    asked = {(str(n), "d"): Suspects(dict.fromkeys(MANY, ("G",)), "avoid", "", "") for n in range(len(needed))}
    found = reliefs(asked, without)
    assert [[set(one.agents) for one in found[key]] for key in asked] == [[one] for one in needed]
    assert len(calls) <= max(map(len, needed)) + 3
    assert max(calls) <= (len(MANY) + 1) * len(needed)


def test_of_four_each_set_of_three_that_helps_is_named():
    asked = {("P", "d"): Suspects(dict.fromkeys("abcd", ("G",)), "avoid", "", "")}
    found = reliefs(asked, told(a_b_d="monitor", b_c_d="standard", a_b_c_d="standard"))
    assert [one.agents for one in found["P", "d"]] == [("a", "b", "d"), ("b", "c", "d")]


def test_where_nobody_judges_anew_all_of_them_stand_against_the_genes_alone():
    asked = {("P", "d"): Suspects({"b": ("G",), "a": ("G",)}, "avoid", "standard", "standard")}
    assert reliefs(asked, None)["P", "d"] == (Relief(("a", "b"), ("G",), "standard", "standard"),)


CELLS = st.fixed_dictionaries(
    {
        "source": st.sampled_from(["CPIC", "DPWG", "FDA"]),
        "applies": st.sampled_from(["yes", "if_population", "possible", "no_match", "not_tested"]),
        "urgency": st.sampled_from(URGENCIES),
        "action": st.sampled_from(["avoid", "standard", "reduce_dose", "monitor"]),
        "flags": st.sampled_from([None, "label_limit", "could_mean:avoid:G", "effect_unknown:avoid:G", INHIBITOR.flag]),
    }
)


@given(st.lists(CELLS, max_size=5), st.randoms())
def test_the_order_of_the_statements_and_their_repetition_change_nothing(cells, draw):
    rows = [row(guideline=f"R{n}", **cell) for n, cell in enumerate(cells)]
    mixed = draw.sample(rows, len(rows))
    assert judge("P", "d", decide(rows)) == judge("P", "d", decide(mixed))


@given(st.lists(CELLS, max_size=5))
def test_as_usual_is_only_said_where_a_source_says_so_and_no_gap_could_rule_it_out(cells):
    rows = [row(guideline=f"R{n}", **cell) for n, cell in enumerate(cells)]
    if said(*rows).urgency == "standard":
        valid = [one for one in rows if one.applies in ("yes", "if_population")]
        assert any(one.urgency == "standard" for one in valid)
        assert not [one for one in valid if "effect_unknown:avoid:G" in one.codes and not one.is_limit]
        assert not [one for one in rows if one.applies == "not_tested" and "could_mean:avoid:G" in one.codes]


def test_a_frame_of_judgements_is_read_back_as_it_was():
    guidance = from_text([dict(row().row), dict(AVOID.row)], schema.GUIDANCE)
    calls = from_text([{"sample": "P", "gene": "G", "status": "called", "flags": "prior_driven"}], schema.CALLS)
    frame = judgements(guidance, calls, schema.empty(schema.SCORES), knowledge.load())
    found = of_row(frame.row(0, named=True))
    assert frame.schema == schema.polars_schema(schema.JUDGEMENTS)
    assert (found.sample, found.drug, found.urgency, found.alternatives) == ("P", "d", "avoid", ("x", "y"))
    assert "gene:G=not_called" in found.evidence, "a guess is no call"


@pytest.mark.parametrize(
    ("flag", "told"),
    [
        ("copy_number_range:Intermediate|Normal|Ultrarapid", ["Intermediate", "Normal", "Ultrarapid"]),
        ("copy_number_range:Intermediate|Normal", ["Intermediate", "Normal"]),
        ("copy_number_range:Normal", []),  # whatever the copies are, it is the same
    ],
)
def test_two_or_more_phenotypes_that_the_copies_leave_open_could_change_what_is_said(flag: str, told: list[str]):
    guidance = from_text([dict(row().row)], schema.GUIDANCE)
    calls = from_text([{"sample": "P", "gene": "G", "status": "called", "flags": flag}], schema.CALLS)
    frame = judgements(guidance, calls, schema.empty(schema.SCORES), knowledge.load())
    listed = [one for one in of_row(frame.row(0, named=True)).could_change if one.startswith("copies:")]
    assert listed == [f"copies:G {phenotype}" for phenotype in told]


@pytest.mark.parametrize("usable", [True, False])
def test_the_scores_of_a_drug_stand_in_the_evidence_of_that_drug_alone(usable: bool):
    guidance = from_text([dict(row().row), dict(row(drug="e").row)], schema.GUIDANCE)
    calls = from_text([{"sample": "P", "gene": "G", "status": "called"}], schema.CALLS)
    scores = from_text(
        [
            {
                "sample": "P",
                "drug": "d",
                "endpoint": "d.dose",
                "kind": "dose",
                "category": "usual",
                "evidence": "equation",
                "model": "1",
                "usable": usable,
            }
        ],
        schema.SCORES,
    )
    frame = judgements(guidance, calls, scores, knowledge.load())
    told = {
        one.drug: [code for code in one.evidence if code.startswith("score:")] for one in map(of_row, frame.to_dicts())
    }
    assert told == {"d": [f"score:d.dose={'usable' if usable else 'not_usable'}"], "e": []}


def test_an_urgency_that_nobody_knows_is_not_guessed():
    frame = pl.DataFrame([dict.fromkeys(c.name for c in schema.JUDGEMENTS) | {"urgency": "dreadful", "drug": "d"}])
    with pytest.raises(ValueError, match="dreadful"):
        of_row(frame.row(0, named=True))


EXCEPTION = {"applies": "if_population", "population": "renal_impairment", "flags": "exception"}


def test_an_exception_that_nobody_recorded_does_not_lead_and_is_told():
    dose = row(source="FDA", guideline="R3", action="reduce_dose", urgency="change_dose", dose_change="-50")
    found = said(row(source="DPWG", guideline="R2", action="avoid", urgency="avoid", **EXCEPTION), dose)
    assert (found.urgency, found.action, found.dose_change) == ("change_dose", "reduce_dose", "-50")
    assert "under:avoid::renal_impairment" in found.flags
    assert "person:renal_impairment=avoid" in found.could_change


def test_an_exception_leads_once_it_is_recorded_and_where_nothing_else_is_said():
    recorded = row(action="avoid", urgency="avoid", **EXCEPTION | {"applies": "yes"})
    assert said(recorded, row(source="FDA")).urgency == "avoid"
    alone = row(action="avoid", urgency="avoid", **EXCEPTION)
    assert said(alone).urgency == "avoid"
    assert said(alone, row(source="FDA", action="no_recommendation", urgency="no_data")).urgency == "avoid"


def test_an_exception_that_could_rule_a_drug_out_leaves_it_not_fine_as_usual():
    found = said(row(), row(source="DPWG", action="avoid", urgency="avoid", **EXCEPTION))
    assert (found.urgency, found.action) == ("monitor", "standard")


def test_a_milder_condition_is_no_next_step_where_what_decides_holds_for_everybody():
    milder = row(source="DPWG", action="standard", applies="if_population", population="indication:cough")
    found = said(row(action="avoid", urgency="avoid"), milder)
    assert not found.could_change
    assert not [flag for flag in found.flags if flag.startswith("under:")]


def test_every_condition_that_the_record_leaves_open_is_told():
    open_still = {"applies": "if_population", "strength": "strong"}
    found = said(
        row(action="avoid", urgency="avoid", population="a", **open_still),
        row(action="monitor", urgency="monitor", population="b", **open_still),
        row(source="FDA", action="standard", urgency="standard"),
    )
    assert {"under:monitor::b", "under:standard::otherwise"} <= set(found.flags)


def test_a_first_dose_is_not_told_of_a_running_therapy():
    careful = row(action="standard_with_caution", urgency="monitor")
    details = {"R1": ("dose:0.5:mg/kg/day",)}
    assert "dose:0.5:mg/kg/day" in said(careful, details=details).flags
    running = said(careful, details=details, running=True)
    assert "dose:0.5:mg/kg/day" not in running.flags
    assert "running" in running.flags
