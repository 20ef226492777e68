"""What is to be found out first is what could change most, not what is asked about most often."""

from pgx.reports.page import next_test


def row(gene, drug, chance, then="change_dose", kind="gene"):
    return {"what": gene, "drug": drug, "kind": kind, "probability": chance, "urgency_then": then}


def test_a_probable_replacement_goes_before_many_changes_of_dose():
    small = [row("ABCG2", drug, 0.1) for drug in ("rosuvastatin", "allopurinol", "atorvastatin")]
    assert next_test.first([*small, row("CYP2C19", "clopidogrel", 0.3, "avoid")]) == "test CYP2C19 first: 1 drug"
    assert next_test.first(small) == "test ABCG2 first: 3 drugs"


def test_what_could_rule_a_drug_out_without_a_known_frequency_goes_first():
    hla = row("HLA-B", "allopurinol", None, "avoid", "hla")
    assert next_test.first([row("CYP2C19", "clopidogrel", 0.3, "avoid"), hla]) == "test HLA-B first: 1 drug"


def test_what_only_the_record_can_tell_is_no_test():
    told = {"what": "pregnant", "drug": "d", "kind": "record", "probability": None, "urgency_then": "avoid"}
    assert next_test.first([told]) == ""
