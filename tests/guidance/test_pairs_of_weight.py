"""Pairs of drugs of which the own label warns, and where a drug with a guideline is the one that is acted on.

They were chosen by clinical weight (bleeding, arrhythmia, seizures, rejection, loss of effect, toxicity); each must be
known to a table, so that the line of the drug names the other one.
"""

from __future__ import annotations

import pytest

from pgx import knowledge, schema
from pgx.guidance import recommend
from pgx.judgement import judgements
from pgx.phenotypes import assign
from pgx.phenotypes import notes as remarks
from pgx.phenotypes.exposures import exposures
from pgx.types import Result
from tests.phenotypes.builders import callset, clinical, pattern
from tests.reports.rendered import view

KB = knowledge.load()
GENES = {
    "CYP2D6": pattern("*1/*1"),
    "CYP2C19": pattern("*1/*1"),
    "CYP2C9": pattern("*1/*1"),
    "CYP2B6": pattern("*1/*1"),
    "CYP3A5": pattern("*3/*3"),
    "SLCO1B1": pattern("*1/*1"),
}
PAIRS = {
    "warfarin": "fluconazole amiodarone metronidazole rifampin carbamazepine phenytoin clarithromycin aspirin ibuprofen",
    "acenocoumarol": "amiodarone rifampin fluconazole carbamazepine",
    "phenprocoumon": "amiodarone rifampin clarithromycin",
    "clopidogrel": "omeprazole fluconazole fluoxetine rifampin ritonavir cobicistat",
    "flecainide": "amiodarone ritonavir quinidine paroxetine",
    "propafenone": "amiodarone quinidine ritonavir rifampin paroxetine",
    "simvastatin": "clarithromycin itraconazole gemfibrozil amiodarone cyclosporine",
    "atorvastatin": "clarithromycin cyclosporine rifampin letermovir",
    "tacrolimus": "voriconazole rifampin clarithromycin fluconazole ivacaftor",
    "voriconazole": "rifampin carbamazepine phenytoin efavirenz fluconazole",
    "phenytoin": "rifampin fluconazole carbamazepine isoniazid fluoxetine amiodarone omeprazole ticlopidine",
    "carbamazepine": "clarithromycin erythromycin fluconazole rifampin phenytoin",
    "lamotrigine": "carbamazepine rifampin",
    "brivaracetam": "rifampin",
    "clobazam": "fluconazole cannabidiol",
    "amitriptyline": "carbamazepine rifampin paroxetine fluvoxamine",
    "nortriptyline": "carbamazepine rifampin paroxetine bupropion",
    "imipramine": "carbamazepine fluvoxamine",
    "citalopram": "rifampin carbamazepine omeprazole pimozide",
    "escitalopram": "rifampin carbamazepine fluvoxamine",
    "pimozide": "clarithromycin citalopram sertraline paroxetine",
    "haloperidol": "carbamazepine rifampin",
    "risperidone": "carbamazepine paroxetine",
    "aripiprazole": "carbamazepine paroxetine",
    "clozapine": "fluvoxamine ciprofloxacin carbamazepine",
    "quetiapine": "clarithromycin carbamazepine",
    "codeine": "paroxetine bupropion rifampin clarithromycin",
    "tramadol": "paroxetine carbamazepine clarithromycin",
    "oxycodone": "clarithromycin rifampin",
    "methadone": "rifampin efavirenz",
    "tamoxifen": "paroxetine fluoxetine rifampin",
    "siponimod": "fluconazole rifampin carbamazepine",
    "azathioprine": "allopurinol febuxostat",
    "capecitabine": "brivudine",
    "dolutegravir": "rifampin carbamazepine phenytoin",
    "atazanavir": "rifampin omeprazole nevirapine",
    "efavirenz": "rifampin carbamazepine",
    "quinine": "rifampin ritonavir",
    "ivacaftor": "fluconazole clarithromycin rifampin",
    "glimepiride": "miconazole fluconazole",
    "methotrexate": "trimethoprim naproxen",
    "metoprolol": "paroxetine bupropion amiodarone",
}  # fmt: skip
EVERY = [(drug, agent) for drug, agents in PAIRS.items() for agent in agents.split()]


@pytest.fixture(scope="module")
def lines():
    people = [f"{drug}+{agent}" for drug, agent in EVERY]
    listed = [{"sample": name, "drug": one} for name, pair in zip(people, EVERY, strict=True) for one in pair]
    history = clinical(listed)
    calls, phenotypes = assign(callset(dict.fromkeys(people, GENES)), KB, history)
    said = recommend(phenotypes, calls, history, KB, drugs=list(PAIRS))
    scores = schema.empty(schema.SCORES)
    judged = judgements(said, calls, scores, KB, exposures(history, KB))
    found = Result(tuple(people), calls, phenotypes, said, scores, history.observations, history.medications,
                   remarks(phenotypes, history, KB), judgements=judged)  # fmt: skip
    return {
        (drug, agent): next(one for one in view(found, name).drugs if one.name == drug)
        for name, (drug, agent) in zip(people, EVERY, strict=True)
    }


@pytest.mark.parametrize(("drug", "agent"), EVERY)
def test_the_line_of_the_drug_names_the_other_one(lines, drug, agent):
    shown = lines[drug, agent]
    told = [shown.headline, shown.reason, *shown.interactions, *(one.text for one in shown.beside)]
    assert any(agent in one for one in told), shown.headline
    assert shown.urgency != "standard" or shown.interactions
