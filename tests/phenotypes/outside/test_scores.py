"""A laboratory's activity score is used if the gene's alleles can add up to it, and else refused in one clear line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgx.codes import NoteCode
from pgx.knowledge import load
from pgx.phenotypes.allele_status import targets
from pgx.phenotypes.outside import merge, reconcile

KB = load()


def read(tmp_path, gene, score, diplotype="", phenotype=""):
    path = tmp_path / "lab.tsv"
    path.write_text(
        f"sample\tgene\tdiplotype\tphenotype\tactivity_score\ns\t{gene}\t{diplotype}\t{phenotype}\t{score}\n"
    )
    return merge.read(path, KB)


@pytest.mark.parametrize(
    ("gene", "score"), [("DPYD", "0"), ("DPYD", "1.5"), ("CYP2C9", "0.5"), ("CYP2D6", "1.25"), ("CYP2D6", "3")]
)
def test_a_score_that_two_alleles_add_up_to_is_used(tmp_path, gene, score):
    (call,), notes = read(tmp_path, gene, score)
    assert call.pattern.stated_score == float(score)
    assert notes == []


@pytest.mark.parametrize(
    ("gene", "score", "why"),
    [
        ("DPYD", "7.5", "no two alleles of DPYD add up to it"),
        ("DPYD", "0.7", "no two alleles of DPYD add up to it"),
        ("CYP2C9", "2.5", "no two alleles of CYP2C9 add up to it"),
        ("CYP2D6", "99", "no 12 copies of CYP2D6 or fewer add up to it"),
        ("CYP2D6", "0.7", "no 12 copies of CYP2D6 or fewer add up to it"),
        ("CYP2D6", "30", "no 12 copies of CYP2D6 or fewer add up to it"),
        ("CYP2C19", "2", "have no activity values, so a score of 2 says nothing"),
    ],
)
@pytest.mark.parametrize("diplotype", ["", "*1/*1"])
def test_a_score_that_nobody_can_have_refuses_the_result(tmp_path, gene, score, why, diplotype):
    if gene == "DPYD" and diplotype:
        diplotype = "Reference/Reference"
    calls, notes = read(tmp_path, gene, score, diplotype)
    if gene == "CYP2C19" and diplotype:  # a tool may write a number that means nothing beside a diplotype that does
        assert len(calls) == 1
        return
    assert calls == []
    (note,) = notes
    assert (note.code, note.subject, note.sample) == (NoteCode.OUTSIDE_REFUSED, gene, "s")
    assert why in note.message


@given(st.sampled_from(["CYP2C9", "DPYD"]), st.floats(0, 50))
def test_a_score_is_believed_where_it_is_a_sum_of_two_known_values_and_nowhere_else(gene, score):
    values = {0.0, 0.5, 1.0}
    possible = any(abs(score - a - b) < 1e-6 for a in values for b in values)
    try:
        reconcile.check_score(KB, gene, score, alone=True)
    except ValueError:
        assert not possible
    else:
        assert possible


@pytest.mark.parametrize(
    ("diplotype", "phenotype", "score", "code"),
    [
        ("*4/*4", "Normal Metabolizer", "", NoteCode.OUTSIDE_REFUSED),
        ("*1/*1", "Poor Metabolizer", "", NoteCode.OUTSIDE_REFUSED),
        ("*1/*1", "", "0.5", NoteCode.OUTSIDE_REFUSED),
        ("*1/*999", "Normal Metabolizer", "", NoteCode.OUTSIDE_CALL_DIFFERS),
    ],
)
def test_a_laboratory_that_contradicts_itself_is_told_apart_from_one_that_knows_more(
    tmp_path, diplotype, phenotype, score, code
):
    _, notes = read(tmp_path, "CYP2D6", score, diplotype, phenotype)
    assert code in {note.code for note in notes}


@pytest.mark.parametrize(
    ("gene", "diplotype", "phenotype", "why"),
    [
        ("HLA-B", "*15:01/*07:02", "*57:01 positive", "is *57:01 negative, and the laboratory says *57:01 positive"),
        ("HLA-B", "*57:01/*07:02", "*57:01 negative", "is *57:01 positive, and the laboratory says *57:01 negative"),
        ("HLA-A", "*02:01/*01:01", "*31:01 positive", "is *31:01 negative"),
        ("TPMT", "*1/*1", "Poor Metabolizer", "the laboratory says Poor Metabolizer"),
        ("TPMT", "*3A", "", "only one allele is stated"),
        ("DPYD", "*2A", "", "only one allele is stated"),
        ("NUDT15", "*3", "", "only one allele is stated"),
        ("NUDT15", "*3/", "", "missing"),
        ("HLA-B", "*57:01", "", "only one allele is stated"),
        ("HLA-B", "B*15:02:01", "", "or that it was found, as in *57:01 positive"),
    ],
)
def test_a_laboratory_that_contradicts_itself_or_says_half_is_not_believed(tmp_path, gene, diplotype, phenotype, why):
    calls, notes = read(tmp_path, gene, "", diplotype, phenotype)
    assert calls == []
    (note,) = [one for one in notes if one.code == NoteCode.OUTSIDE_REFUSED]
    assert why in note.message


@pytest.mark.parametrize("phenotype", ["*57:01 positive", "HLA-B*57:01 positive", ""])
def test_words_that_agree_with_the_alleles_are_no_loss(tmp_path, phenotype):
    (call,), notes = read(tmp_path, "HLA-B", "", "*57:01/*07:02", phenotype)
    assert call.pattern.diplotypes and notes == []


@pytest.mark.parametrize(
    ("gene", "diplotype", "open_alleles"),
    [
        ("HLA-B", "*57/*07", "*57:01"),
        ("HLA-B", "B57/B7", "*57:01"),
        ("HLA-B", "*15/*07:02", "*15:02, *15:11"),
        ("HLA-A", "*31/*02", "*31:01"),
        ("HLA-B", "*57:01/*15", "*15:02, *15:11"),
    ],
)
def test_an_hla_typing_too_coarse_for_an_allele_that_decides_is_said(tmp_path, gene, diplotype, open_alleles):
    calls, notes = read(tmp_path, gene, "", diplotype, "")
    said = [note.message for note in notes if note.code == NoteCode.OUTSIDE_REFUSED]
    assert len(said) == 1
    if calls:
        assert f"it does not say whether {open_alleles} is there" in said[0]


@pytest.mark.parametrize(
    ("gene", "diplotype", "phenotype"),
    [
        ("HLA-A", "*57:01/*07:02", ""),
        ("HLA-A", "*02:01/*57:01", ""),
        ("HLA-B", "*31:01/*02:01", ""),
        ("HLA-B", "*99:01/*07:02", ""),
        ("HLA-A", "", "*57:01 positive"),
        ("HLA-B", "", "*31:01 negative"),
    ],
)
def test_an_allele_of_another_hla_gene_is_refused(tmp_path, gene, diplotype, phenotype):
    calls, notes = read(tmp_path, gene, "", diplotype, phenotype)
    (refused,) = (note for note in notes if note.code == NoteCode.OUTSIDE_REFUSED)
    assert calls == [] and f"is not the name of an allele of {gene}" in refused.message


def test_every_allele_that_decides_begins_with_a_field_of_its_gene():
    groups = dict(KB.table("hla_groups").select("gene", "groups").iter_rows())
    decisive = [(gene, allele) for gene in groups for allele in targets(KB, gene)]
    assert len(decisive) >= 6
    assert [one for one in decisive if one[1][1:3] not in groups[one[0]].split(";")] == []


@pytest.mark.parametrize("diplotype", ["*07/*08", "*57:01/*07", "*57:03/*07:02", "*44:02/*58:01"])
def test_an_hla_typing_that_decides_all_is_used_without_a_remark(tmp_path, diplotype):
    calls, notes = read(tmp_path, "HLA-B", "", diplotype, "")
    assert len(calls) == 1 and not [note for note in notes if note.code == NoteCode.OUTSIDE_REFUSED]
