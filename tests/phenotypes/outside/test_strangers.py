"""A laboratory's result under a name that the genotypes do not have: lost for whoever it may be, and nobody is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgx.codes import FlagCode, NoteCode, Severity
from pgx.guard.alike_names import is_alike, same_words
from pgx.knowledge import load
from pgx.phenotypes.outside import merge
from tests.phenotypes.builders import callset, pattern

KB = load()
EVERYONE = ("ANNA_MUELLER", "BORIS_KLEIN", "CARLA_7")


def merged(tmp_path, lines, samples=EVERYONE):
    path = tmp_path / "mix.tsv"
    path.write_text("\n".join(["sample\tgene\tdiplotype", *("\t".join(line) for line in lines)]) + "\n")
    own = callset({sample: {"CYP2D6": pattern("*1/*1")} for sample in samples})
    return merge.merge(own, [path], KB, everyone=EVERYONE if len(samples) > 1 or samples[0] in EVERYONE else samples)


def flags(found, sample):
    gene = next(one for one in found.genes if one.gene == "CYP2D6")
    return gene.patterns[gene.pattern_of[found.samples.index(sample)]].flags


MISSPELT = [("ANNA_MULER", "CYP2D6", "*4/*4"), ("BORIS_KLEIN", "CYP2D6", "*1/*4")]


@pytest.mark.parametrize("samples", [EVERYONE, ("ANNA_MUELLER",)])
def test_a_name_with_a_slip_doubts_the_gene_of_the_person_whom_it_may_mean(tmp_path, samples):
    found = merged(tmp_path, MISSPELT, samples)
    lost = [note for note in found.notes if note.code == NoteCode.OUTSIDE_REFUSED]
    assert [note.sample for note in lost] == ["ANNA_MUELLER"]
    assert "named almost as this one" in lost[0].message
    assert not any(name in lost[0].message for name in ("MULER", "BORIS", "KLEIN"))
    assert FlagCode.OUTSIDE_REFUSED in flags(found, "ANNA_MUELLER")
    for other in samples[1:]:
        assert FlagCode.OUTSIDE_REFUSED not in flags(found, other)


def test_who_has_a_result_of_their_own_is_not_meant_by_another_name(tmp_path):
    found = merged(tmp_path, [*MISSPELT, ("ANNA_MUELLER", "CYP2D6", "*1/*2")])
    assert not [note for note in found.notes if note.code == NoteCode.OUTSIDE_REFUSED]


def test_the_only_person_is_meant_by_whatever_the_file_says(tmp_path):
    found = merged(tmp_path, [("XYZ", "CYP2D6", "*4/*4")], ("OTHER",))
    (lost,) = [note for note in found.notes if note.code == NoteCode.OUTSIDE_REFUSED]
    assert lost.sample == "OTHER"
    assert FlagCode.OUTSIDE_REFUSED in flags(found, "OTHER")


@pytest.mark.parametrize("name", ["MUELLER_ANNA", "Mueller, Anna", "AnnaMueller", "mueller-anna"])
@pytest.mark.parametrize("own", [[], [("ANNA_MUELLER", "CYP2C9", "*1/*2")]])
def test_a_name_in_another_order_is_lost_and_said_to_that_person_alone(tmp_path, name, own):
    found = merged(tmp_path, [(name, "CYP2D6", "*4/*4"), ("BORIS_KLEIN", "CYP2D6", "*1/*4"), *own])
    lost = [note for note in found.notes if note.code == NoteCode.OUTSIDE_REFUSED]
    assert [(note.sample, note.severity) for note in lost] == [("ANNA_MUELLER", Severity.ERROR)]
    assert name not in lost[0].message
    assert FlagCode.OUTSIDE_REFUSED in flags(found, "ANNA_MUELLER")
    assert FlagCode.OUTSIDE_REFUSED not in flags(found, "BORIS_KLEIN")


def test_the_only_person_s_second_name_in_the_file_is_said_though_the_first_has_a_result(tmp_path):
    lines = [("ANNA_MUELLER", "CYP2C9", "*1/*2"), ("MUELLER_ANNA", "CYP2D6", "*4/*4")]
    found = merged(tmp_path, lines, ("ANNA_MUELLER",))
    (lost,) = [note for note in found.notes if note.code == NoteCode.OUTSIDE_REFUSED]
    assert lost.sample == "ANNA_MUELLER" and FlagCode.OUTSIDE_REFUSED in flags(found, "ANNA_MUELLER")


@pytest.mark.parametrize(
    ("name", "other"),
    [("P1_S2", "P2_S1"), ("P1_11", "P11_1"), ("\u674e1", "\u738b1"), ("A_B", "B_A"), ("NA12878", "NA12879"),
     ("ANNA_MULER", "ANNA_MUELLER"), ("ANNA", "ANNA_MUELLER")],
)  # fmt: skip
def test_other_words_are_not_the_same_in_another_order(name, other):
    assert not same_words(name, other) and not same_words(other, name)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("MUELLERANNA", "ANNA_MUELLER"),
        ("Muler, Anna", "ANNA_MUELLER"),
        ("M\u00fcller, Anna", "ANNA_MUELLER"),
        ("ANNA_MULER", "ANNA_MUELLER"),
        ("anna mueller", "ANNA_MUELLER"),
        ("S-001", "S001"),
        ("S-1", "S001"),
        ("BERTA2", "BERTA02"),
        ("Pat.12", "PAT12"),
    ],
)
def test_slips(name, other):
    assert is_alike(name, other) and is_alike(other, name)


@pytest.mark.parametrize(
    ("name", "other"), [("S001", "S002"), ("NA12878", "NA12879"), ("BORIS_KLEIN", "ANNA_MUELLER"), ("P1a", "P1b")]
)
def test_other_people(name, other):
    assert not is_alike(name, other)


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_numbers_alone_are_never_taken_for_a_slip(one, other):
    assert is_alike(f"S{one}", f"S{other}") == (str(one) == str(other))
