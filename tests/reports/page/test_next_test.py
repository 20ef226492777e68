"""What is to be found out first is what could change most, not what is asked about most often."""

from pgx.reports.page import next_test
from tests.reports.rendered import LEXICON


def row(gene, drug, chance, then="change_dose", kind="gene", advice="reduce_dose"):
    said = {"probability": chance, "urgency_then": then, "advice_then": advice}
    return {"what": gene, "drug": drug, "kind": kind, **said}


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


def test_nobody_is_told_to_test_first_what_hardly_ever_changes_anything():
    assert next_test.first([row("CYP3A4", "quetiapine", 0.0005, "avoid")]) == ""
    assert next_test.first([row("HLA-B", "abacavir", None, "avoid", "hla")]) == "test HLA-B first: 1 drug"


def test_a_dose_that_other_medicines_leave_open_whatever_the_result_is_no_reason_to_test():
    turned = [row("CYP4F2", "warfarin", 0.4, advice="interaction_decides")]
    assert next_test.first(turned) == next_test.line(turned, LEXICON) == ""


def test_what_is_no_gene_is_named_in_words():
    cluster = [row("CYP2C_CLUSTER", "warfarin", 0.2)]
    assert next_test.first(cluster) == "test rs12777823 near CYP2C9 first: 1 drug"
    assert next_test.line(cluster, LEXICON).startswith("rs12777823 near CYP2C9 not tested: 20 % ")
