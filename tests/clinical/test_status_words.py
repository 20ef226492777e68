"""Words for whether a drug is taken mean the same in every format; another word leaves it open, and the drug is named."""

import json

import pytest

from pgx.clinical.status_words import STATUSES
from tests.clinical.reading import read


@pytest.fixture
def statuses(kb, write):
    def of(word):
        entry = [{"drug": "itraconazole", "status": word}]
        found = read([write("a.json", json.dumps([{"sample": "s", "medications": entry}]))], kb)
        unread = found.observations.filter(concept="medication_unread")["code"].to_list()
        return found.medications["status"].to_list(), unread

    return of


@pytest.mark.parametrize(("word", "status"), sorted(STATUSES.items()))
def test_a_known_word(statuses, word, status):
    assert statuses(word.upper()) == ([status], [])


@pytest.mark.parametrize("word", ["maybe", "unknown", ""])
def test_any_other_word_leaves_open_whether_this_very_drug_is_taken(statuses, word):
    assert statuses(word) == ([], ["itraconazole"])
