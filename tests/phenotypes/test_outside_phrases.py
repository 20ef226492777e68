"""Results as laboratories phrase them: read as what they mean, or refused on page 1, never kept as words for nothing."""

from __future__ import annotations

import pytest

from pgx.codes import FlagCode
from pgx.knowledge import load
from pgx.phenotypes.outside.merge import read

KB = load()
READ = [
    ("CYP2D6\t\tPM", "Poor Metabolizer"),
    ("CYP2D6\t\tEM", "Normal Metabolizer"),
    ("CYP2D6\t\tnormal", "Normal Metabolizer"),
    ("CYP2D6\t\tultra-rapid metabolizer", "Ultrarapid Metabolizer"),
    ("CYP2C19\t\trapid", "Rapid Metabolizer"),
    ("SLCO1B1\t\tpoor", "Poor Function"),
    ("G6PD\t\tG6PD deficient", "Deficient"),
    ("HLA-B\t\t*57:01 not detected", "*57:01 negative"),
    ("HLA-B\t\tHLA-B*57:01: detected", "*57:01 positive"),
    ("HLA-B\t\t15:02 pos", "*15:02 positive"),
    ("HLA-B\t\t*15:02 positive\nHLA-B\t\t*57:01 absent", "*15:02 positive; *57:01 negative"),
]
REFUSED = [
    ("CYP2D6\t\tbanana", "CYP2D6"),
    ("SLCO1B1\t\tLow function", "SLCO1B1"),
    ("DPYD\t\tDPD deficient", "DPYD"),
    ("TPMT\t\tPoor Function", "TPMT"),
    ("CYP2D6\t\tPoor Metabolizer\t1.5", "CYP2D6"),
    ("HLA-B\t\tpositive", "HLA-B"),
    ("HLA-B\t\t*57:01", "HLA-B"),
    ("HLA-B\t\t*57:01 positive\nHLA-B\t\t*57:01 not detected", "HLA-B"),
    ("MT-RNR1\tReference/1555A>G", "MT-RNR1"),
    ("CYP 2D6\t*4/*4", "CYP2D6"),
    ("CYP2C-19\t*2/*2", "CYP2C19"),
    ("HLA*B\t*57:01/*08:01", "HLA-B"),
    ("CYP2D6\tpending", "CYP2D6"),
    ("CYP2D6\t*36*10", "CYP2D6"),  # one strand or two
    ("CYP2D6\t*1/*4, CN=3", "CYP2D6"),  # which one is duplicated decides
    ("CYP2D6\t*1/*2x2, CN=4", "CYP2D6"),
    ("CYP2C19\tschneller Metabolisierer", "CYP2C19"),  # an older word for normal, a newer one for rapid
    ("CYP2C19\tmétaboliseur rapide", "CYP2C19"),
    ("CYP3A5\texpresser", "CYP3A5"),  # one working copy or two
    ("TPMT\tnormal activity", "TPMT"),  # what is measured in red cells is not the genes
    ("DPYD\tNM_000540.3:c.1905+1G>A heterozygous", "DPYD"),  # the transcript of another gene
    ("DPYD\tc.1905+1G>A not detected, c.2846A>T not detected", "DPYD"),
    ("MT-RNR1\tm.1555A>G negative", "MT-RNR1"),
    ("CYP2D6\t*1/*2 (x2)", "CYP2D6"),  # *1/*2x2, or two copies in all
    ("CYP2D6\t*1/*4 (x3)", "CYP2D6"),
    ("CYP2D6\tAS >2.25", "CYP2D6"),  # a bound that the score is above is not the score
    ("CYP2D6\t\t\t>2.25", "CYP2D6"),
    ("CYP2D6\t≥3", "CYP2D6"),  # a score, or a number of copies
    ("TPMT\t*3B, *3C", "TPMT"),  # two strands, or *3A on one
    ("TPMT\t*3B het / *3C het", "TPMT"),
    ("CYP2C19\t*2/Y", "CYP2C19"),  # no person has one copy of it
    ("CYP2D6\t(*1/*4)DUP", "CYP2D6"),
    ("TPMT\theterozygous wild type", "TPMT"),
    ("DPYD\tc.2846A>T;wt", "DPYD"),  # one copy of it, or its result
    ("DPYD\tc.1905+1G>A + c.2846A>T in cis", "DPYD"),
    ("VKORC1\thomozygous", "VKORC1"),  # of which base
    ("SLCO1B1\theterozygous", "SLCO1B1"),  # for which change
]


@pytest.mark.parametrize(("text", "phenotype"), READ)
def test_a_phrase_is_read_as_what_it_means(tmp_path, text, phenotype):
    path = tmp_path / "P1.tsv"
    path.write_text(text + "\n")
    (call,), notes = read(path, KB)
    assert call.pattern.stated_phenotype == phenotype
    assert notes == []


@pytest.mark.parametrize(("text", "gene"), REFUSED)
def test_a_phrase_that_means_nothing_sure_is_refused_and_said(tmp_path, text, gene):
    path = tmp_path / "P1.tsv"
    path.write_text(text + "\n")
    calls, notes = read(path, KB)
    assert calls == []
    assert {(note.code, note.subject) for note in notes} == {(FlagCode.OUTSIDE_REFUSED, gene)}


def test_a_score_with_a_decimal_comma_is_that_score(tmp_path):
    path = tmp_path / "P1.tsv"
    path.write_text("CYP2D6\t\t\t2,5\n")
    (call,), notes = read(path, KB)
    assert (call.pattern.stated_score, notes) == (2.5, [])


@pytest.mark.parametrize(("text", "mixed"), [("1555A>G heteroplasmic 30%", True), ("1555A>G homoplasmic", False)])
def test_a_change_in_a_part_of_the_mitochondria_is_flagged_as_such(tmp_path, text, mixed):
    path = tmp_path / "s.outside.tsv"
    path.write_text(f"MT-RNR1\t{text}\n", encoding="utf-8")
    (call,), _ = read(path, KB)
    assert (FlagCode.HETEROPLASMY in call.pattern.flags) == mixed
