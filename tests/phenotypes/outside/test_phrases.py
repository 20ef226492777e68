"""Results in the words of laboratories' reports, judged before they were read: none is read as another result."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pgx import knowledge
from pgx.phenotypes.outside import merge
from pgx.phenotypes.outside.laboratory import laboratory_of
from pgx.phenotypes.outside.names import diplotype_of

KB = knowledge.load()
WRITTEN = pl.read_csv(Path(__file__).parents[2] / "data/laboratory_phrases.tsv", separator="\t", quote_char=None)


def meaning(tmp_path, gene, written):
    path = tmp_path / "said.tsv"
    path.write_text(f"{gene}\t{written}\n", encoding="utf-8")
    calls, notes = merge.read(path, KB)
    if not calls or any("could not be judged" in note.message for note in notes):
        assert len(notes) == 1 and "\n" not in notes[0].message
        return "refused"
    pattern = calls[0].pattern
    if not pattern.diplotypes:
        return pattern.stated_phenotype
    return "|".join(sorted((pattern.diplotypes[0].allele1, pattern.diplotypes[0].allele2 or "")))


@pytest.mark.parametrize(("gene", "written", "expected", "may_be_refused"), WRITTEN.rows())
def test_a_phrase_means_what_was_judged_before(tmp_path, gene, written, expected, may_be_refused):
    allowed = {"|".join(sorted(expected.split("|")))} | ({"refused"} if may_be_refused == "y" else set())
    assert meaning(tmp_path, gene, written) in allowed


@pytest.mark.parametrize(
    ("gene", "written", "says"),
    [
        ("MT-RNR1", "m.1555A", "only that m.1555A>G was not found.*Reference if all of the gene was read"),
        ("MT-RNR1", "m.1555A>G not detected", "only that m.1555A>G was not found.*Reference if all"),
        ("MT-RNR1", "m.1555C", "none of the bases A and G"),
        ("VKORC1", "rs9923231 C/A", "not of one strand"),
        ("VKORC1", "rs2359612 AG", "not the name of a change of VKORC1"),
        ("DPYD", "c.2846A>T het, HapB3 het", "one strand or two; if on two, write c.2846A>T/HapB3"),
        ("RYR1", "c.7300G>A het, c.1840C>T het", "one strand or two"),
        ("CYP2C19", "one copy of *1", "the other allele is not named"),
        ("G6PD", "one copy of A-", "not the name"),
        ("TPMT", "rs1142345 T/G", "."),
    ],
)
def test_what_has_no_one_meaning_is_refused_with_what_to_write(gene, written, says):
    with pytest.raises(ValueError, match=says):
        diplotype_of(KB, gene, written, 1.0)


def test_an_rsid_of_two_changes_is_the_one_that_the_allele_has():
    assert laboratory_of(KB, "TPMT").changes["rs1142345"] == ("*3C", "T", "C", True)
