"""Calls of other tools: each format as its tool writes it, names, bad lines, override and fill."""

from __future__ import annotations

import io
import json
import zipfile

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgx import knowledge
from pgx.errors import InputError, UsageError
from pgx.phenotypes import assign
from pgx.phenotypes.outside import merge
from tests.phenotypes.builders import NOT_CALLED, callset, pattern

KB = knowledge.load()

FILES = {
    "pharmcat": (
        "s.outside.tsv",
        "# made by hand\nCYP2D6\t*1/*3\nCYP2C9\t\t\t2.0\nG6PD\tB (reference)/B (reference)\nHLA-B\t\t*57:01 positive\n"
        "MT-RNR1\t1555A>G\nCYP2C19\t\tlikely intermediate metabolizer\n",
    ),
    "aldy": (
        "s.aldy",
        "#Sample\tGene\tSolutionID\tMajor\tMinor\tCopy\tAllele\tLocation\tType\tCoverage\tEffect\tdbSNP\tCode\tStatus\n"
        "#Solution 1: *1.001, *4.001, *4.001\n"
        "s\tCYP2D6\t1\t*1/*4+*4\t1.001;4.001;4.001\t0\t1.001\t42126611\tC>G\t-1\tS486T\trs1135840\t\tNORMAL\n"
        "s\tCYP2D6\t1\t*1/*4+*4\t1.001;4.001;4.001\t1\t4.001\t42128945\tC>T\t-1\tsplice\trs3892097\t\tNORMAL\n",
    ),
    "cyrius": ("calls.tsv", "Sample\tGenotype\tFilter\ns\t*1/*46;*43/*45\tMore_than_one_possible_genotype\n"),
    "stellarpgx": (
        "s_2d6.alleles",
        "--------------------------------------------\n\nCYP2D6 Star Allele Calling with StellarPGx\n\n----\n\n"
        "Initially computed CN = 2\n\n\nCandidate alleles:\n['17.v1_29.v1']\n\n\n"
        "Result:\n*17/*29\n\n\nActivity score:\n1.0\n\n\n"
        "Metaboliser status:\nIntermediate metaboliser (IM)\n\n",
    ),
    "pypgx": (
        "grch38-CYP2D6.tsv",
        "\tGenotype\tPhenotype\tHaplotype1\tHaplotype2\tAlternativePhase\tVariantData\tCNV\n"
        "s\t*1/*4\tIntermediate Metabolizer\t*1;\t*4;*10;\t;\t*4:22-42524947-C-T:0.45;\tNormal\n",
    ),
    "optitype": (
        "s_result.tsv",
        "\tA1\tA2\tB1\tB2\tC1\tC2\tReads\tObjective\n0\tA*31:01\tA*68:03\tB*07:02\tB*57:01\tC*07:02\tC*07:02\t10191.0\t9915.8\n",
    ),
    "hla-la": (
        "s.R1_bestguess_G.txt",
        "Locus\tChromosome\tAllele\tQ1\tQ2\tAverageCoverage\nA\t1\tA*31:01:02G\t1\t-70\t30\nA\t2\tA*01:01:01G\t1\t-70\t30\n",
    ),
    "arcasHLA": ("s.genotype.json", json.dumps({"A": ["A*31:01:02", "A*03:01:01"], "B": ["B*15:02:01"]})),
    "hisat-genotype": (
        "s.report",
        "\tAbundance of alleles\n  1 ranked B*15:02:01:01 (abundance: 54.32%)\n"
        "  2 ranked B*40:01:01:01 (abundance: 45.20%)\n"
        "  3 ranked B*24:33 (abundance: 0.48%)\n",
    ),
    "t1k": (
        "s_genotype.tsv",
        "HLA-A\t2\tHLA-A*31:01:02\t51.2\t60\tHLA-A*03:01:01\t48.8\t60\t.\nHLA-B\t1\tHLA-B*57:01:01\t99.1\t60\t.\t0\t-1\t.\n",
    ),
    "dragen": (
        "s.targeted.json",
        json.dumps({
            "sample": "s",
            "cyp2d6": {"genotype": "*1/*4", "genotypeFilter": "PASS", "phenotypeDatabaseAnnotation": "None"},
            "locusAnnotations": [{"gene": "CYP2C19", "genotype": "*1/*2", "phenotypeDatabaseAnnotation": "None"}],
        }),
    ),
}  # fmt: skip


def write(folder, tool):
    name, text = FILES[tool]
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def read(path):
    calls, notes = merge.read(path, KB)
    return {call.gene: call.pattern for call in calls}, notes


def names(calls):
    return {gene: [one.name for one in call.diplotypes] for gene, call in calls.items()}


def text_file(folder, text, name="s.tsv"):
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


_ALDY_HEADER = FILES["aldy"][1].split("\n")[0] + "\n"


@pytest.mark.parametrize(
    ("name", "comment", "gene", "diplotypes"),
    [
        ("s.aldy", "#Solution 1: *5, *5\n", "CYP2D6", ["*5/*5"]),
        ("s.aldy", "#Solution 1: *5, *5.001\n#Solution 2: *5, *5\n", "CYP2D6", ["*5/*5"]),
        ("s.cyp2a6.aldy", "#Solution 1: *4, *4\n", "CYP2A6", ["*4/*4"]),
        (
            "s.aldy",
            "#Solution 1: *5, *5\n#Solution 2: *5, *4.001\n"
            "s\tCYP2D6\t2\t*4/*5\t5;4.001\t1\t4.001\t42128945\tC>T\t-1\tsplice\trs3892097\t\tNORMAL\n",
            "CYP2D6",
            ["*4/*5", "*5/*5"],
        ),
    ],
)
def test_aldy_without_rows_is_a_person_without_the_gene(tmp_path, name, comment, gene, diplotypes):
    calls, _ = read(text_file(tmp_path, _ALDY_HEADER + comment, name))
    assert sorted(one.name for one in calls[gene].diplotypes) == diplotypes


@pytest.mark.parametrize(
    ("name", "comment"),
    [
        ("s.aldy", "#Solution 1: *1.001, *4.001\n"),
        ("s.aldy", "#Solution 1: *4, *4\n"),
        ("s.CYP2A6.aldy", "#Solution 1: *5, *5\n"),
        ("s.aldy", "#Solution 1: *1.001, *4.001, *4.001\n"),
    ],
)
def test_aldy_without_rows_where_the_alleles_have_variants_is_cut_short(tmp_path, name, comment):
    """The missing rows of *4 of CYP2D6 would list its variants; *4 of CYP2A6 has lost the gene, but nothing names it."""
    calls, notes = read(text_file(tmp_path, _ALDY_HEADER + comment, name))
    assert calls == {}
    assert any("no rows follow the solution" in note.message for note in notes)


def test_aldy_without_rows_or_solution_makes_no_call_and_this_is_said(tmp_path):
    path = tmp_path / "s.aldy"
    path.write_text(_ALDY_HEADER)
    calls, notes = read(path)
    assert calls == {}
    assert any("makes no call of CYP2D6" in note.message for note in notes)


@pytest.mark.parametrize("tool", FILES)
def test_each_format_is_recognised_by_its_content(tmp_path, tool):
    calls, _ = read(write(tmp_path, tool))
    assert {call.source for call in calls.values()} == {f"outside:{tool}"}
    assert {call.status for call in calls.values()} == {"outside"}


@pytest.mark.parametrize(
    ("tool", "expected"),
    [
        ("pharmcat", {"CYP2D6": ["*1/*3"], "CYP2C9": [], "G6PD": ["B (reference)/B (reference)"], "HLA-B": [],
                      "MT-RNR1": ["m.1555A>G"], "CYP2C19": []}),
        ("aldy", {"CYP2D6": ["*1/*4x2"]}),
        ("cyrius", {"CYP2D6": ["*1/*46", "*43/*45"]}),
        ("stellarpgx", {"CYP2D6": ["*17/*29"]}),
        ("pypgx", {"CYP2D6": ["*1/*4"]}),
        ("optitype", {"HLA-A": ["*31:01/*68:03"], "HLA-B": ["*07:02/*57:01"]}),
        ("hla-la", {"HLA-A": ["*31:01:02/*01:01:01"]}),
        ("arcasHLA", {"HLA-A": ["*31:01:02/*03:01:01"], "HLA-B": ["*15:02:01/*15:02:01"]}),
        ("hisat-genotype", {"HLA-B": ["*15:02:01:01/*40:01:01:01"]}),
        ("t1k", {"HLA-A": ["*31:01:02/*03:01:01"], "HLA-B": ["*57:01:01/*57:01:01"]}),
        ("dragen", {"CYP2D6": ["*1/*4"], "CYP2C19": ["*1/*2"]}),
    ],
)  # fmt: skip
def test_each_format_gives_the_diplotypes_that_a_person_reads_in_it(tmp_path, tool, expected):
    calls, _ = read(write(tmp_path, tool))
    assert names(calls) == expected


STARGAZER = (
    "name\tstatus\thap1_main\thap2_main\thap1_cand\thap2_cand\tdip_score\tphenotype\n"
    "s\tg\t*1\t*4\t*1\t*4,*10\t1.0\tintermediate_metabolizer\n"
)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("calls.csv", "Sample,Gene,Diplotype\ns,CYP2D6,*1/*4\n"),
        ("calls.csv", "# export of June\nsep=;\nGene;Diplotype;Activity Score\nCYP2D6;*1/*4;1,0\n"),
        ("calls.csv", 'sample,gene,genotype,remark\ns,CYP2D6,"*1/*4","by hand, twice"\n'),
        ("calls.csv", "CYP2D6,*1/*4\nABCG2,\n"),
        ("calls.csv", "Patient_ID;Gene;Allele1;Allele2\ns;CYP2D6;*1;*4\n"),
        ("ward.csv", "sample,age,CYP2D6,weight\ns,60,*1/*4,80\n"),
        ("ward.tsv", "sample\tCYP2D6_diplotype\ns\t*1/*4\n"),
        ("s.cyp2d6.genotype.txt", STARGAZER),
    ],
)
def test_a_table_is_read_whatever_separates_its_cells_and_however_it_is_laid_out(tmp_path, name, text):
    calls, _ = read(text_file(tmp_path, text, name))
    assert names(calls) == {"CYP2D6": ["*1/*4"]}


@pytest.mark.parametrize(
    "row", ["s,CYP2D6,*1,*4", "s,CYP2D6,*1/*4,,", "s,CYP2D6,*1/*4,Poor Metabolizer"], ids=["comma", "empty", "more"]
)
def test_a_row_of_more_cells_than_headings_is_not_read_as_something_else(tmp_path, row):
    calls, notes = read(text_file(tmp_path, f"Sample,Gene,Diplotype\n{row}\n", "calls.csv"))
    kept = names(calls) == {"CYP2D6": ["*1/*4"]}
    assert kept == row.endswith(",,")
    assert kept or "4 cells, but the heading has 3" in notes[0].message


def test_a_gene_may_have_several_columns_and_an_allele_its_own(tmp_path):
    heading = "sample;CYP2D6;CYP2D6_phenotype;CYP2C19 phenotype;HLA-B*57:01;HLA-A"
    row = "s;*4/*4;Poor Metabolizer;Poor Metabolizer;positive;"
    calls, notes = read(text_file(tmp_path, f"{heading}\n{row}\n", "calls.csv"))
    assert names(calls) == {"CYP2D6": ["*4/*4"], "CYP2C19": [], "HLA-B": []} and not notes


def test_prose_is_no_table(tmp_path):
    with pytest.raises(InputError, match="not a file of outside calls"):
        read(text_file(tmp_path, "just, some words\nand, more\n"))


def test_pypgx_results_are_read_from_the_archive(tmp_path):
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        archive.writestr("tmp/metadata.txt", "Gene=CYP2C19\nAssembly=GRCh38\nSemanticType=SampleTable[Results]\n")
        archive.writestr("tmp/data.tsv", FILES["pypgx"][1].replace("*1/*4", "*1/*2"))
    (tmp_path / "results.zip").write_bytes(raw.getvalue())
    calls, _ = read(tmp_path / "results.zip")
    assert names(calls) == {"CYP2C19": ["*1/*2"]}


def test_the_file_name_says_the_gene_that_the_table_does_not(tmp_path):
    table = "Sample\tGenotype\tFilter\ns\t*1/*6\tPASS\n"
    assert set(read(text_file(tmp_path, table, "s.cyp2b6.tsv"))[0]) == {"CYP2B6"}
    assert set(read(text_file(tmp_path, table, "calls.tsv"))[0]) == {"CYP2D6"}


def test_cyrius_also_writes_json(tmp_path):
    text = json.dumps({"s": {"Genotype": "*1/*4", "Filter": "PASS", "Raw_star_allele": "*1_*4"}})
    assert names(read(text_file(tmp_path, text, "calls.json"))[0]) == {"CYP2D6": ["*1/*4"]}


def test_two_genotypes_that_a_caller_cannot_tell_apart_share_the_probability(tmp_path):
    calls, _ = read(write(tmp_path, "cyrius"))
    assert [one.probability for one in calls["CYP2D6"].diplotypes] == [0.5, 0.5]


def test_a_stated_phenotype_is_kept_without_a_diplotype(tmp_path):
    calls, _ = read(text_file(tmp_path, "CYP2C19\t\tPM\nCYP2D6\t\tIntermediate metaboliser (IM)\nCYP2C9\t\t\t≥2.0\n"))
    assert calls["CYP2C19"].stated_phenotype == "Poor Metabolizer"
    assert calls["CYP2D6"].stated_phenotype == "Intermediate Metabolizer"
    assert calls["CYP2C9"].stated_score == 2.0


@pytest.mark.parametrize(
    ("written", "read_as", "phenotype"),
    [
        ("*1x2/*4", "*1x2/*4", "Normal Metabolizer"),
        ("*1/*1x3", "*1/*1x3", "Ultrarapid Metabolizer"),
        ("*1/*1≥3", "*1/*1x≥3", "Ultrarapid Metabolizer"),
        ("*1/*2xN", "*1/*2xN", "Ultrarapid Metabolizer"),
        ("*1/*4+*68", "*1/*68+*4", "Intermediate Metabolizer"),
        ("*10+*36/*5", "*36+*10/*5", "Intermediate Metabolizer"),
        ("CYP2D6*1/CYP2D6*4", "*1/*4", "Intermediate Metabolizer"),
        ("*1/*4.021.ALDY", "*1/*4", "Intermediate Metabolizer"),
        ("*2/*4.001", "*2/*4.001", "Intermediate Metabolizer"),
        ("*2/*41+rs368858603", "*2/*41 + novel", "Indeterminate"),
        ("*1-like/*4", "*1 + novel/*4", "Indeterminate"),
        ("*1/*999", "*1/*999", "Indeterminate"),
        ("*1/[*4 + *10]", "*1/[*4 + *10]", "Indeterminate"),
    ],
)
def test_copy_numbers_tandems_and_extras_are_understood(tmp_path, written, read_as, phenotype):
    calls, _ = read(text_file(tmp_path, f"CYP2D6\t{written}\n"))
    assert names(calls) == {"CYP2D6": [read_as]}
    frame, _ = assign(callset({"s": {"CYP2D6": calls["CYP2D6"]}}), KB)
    assert frame["phenotype"].to_list() == [phenotype]


def test_an_unknown_allele_is_indeterminate_and_said(tmp_path):
    _, notes = read(text_file(tmp_path, "CYP2D6\t*1/*999\n"))
    assert "*999 not known" in notes[0].message


@pytest.mark.parametrize(
    ("gene", "written"),
    [("CYP2C19", "*2/banana"), ("CYP2C19", "*2/*1?"), ("CYP2C19", "2/*1"), ("G6PD", "B (reference)/Nowhere"),
     ("CYP2D6", "*1/*4+"), ("HLA-B", "*57:01/*x")],
)  # fmt: skip
def test_what_is_no_name_of_an_allele_leaves_our_own_call(tmp_path, gene, written):
    calls, notes = read(text_file(tmp_path, f"{gene}\t{written}\nTPMT\t*1/*1\n"))
    assert set(calls) == {"TPMT"}
    assert [note.code for note in notes] == ["outside_refused"]
    assert "is not the name of an allele" in notes[0].message
    assert "line 1" in notes[0].message


def test_dpyd_alleles_go_by_either_of_their_names(tmp_path):
    calls, _ = read(text_file(tmp_path, "DPYD\tReference/*2A\n"))
    assert names(calls) == {"DPYD": ["Reference/c.1905+1G>A (*2A)"]}


def test_g6pd_names_with_slashes_are_not_torn(tmp_path):
    odd = [allele for allele in KB.table("alleles").filter(gene="G6PD")["allele"] if "/" in allele]
    for allele in odd:
        calls, _ = read(text_file(tmp_path, f"G6PD\tB (reference)/{allele}\n"))
        assert names(calls) == {"G6PD": [f"B (reference)/{allele}"]}


def test_a_line_that_cannot_be_used_spoils_its_gene_only(tmp_path):
    path = text_file(tmp_path, "CYP2D6\t*1/*2/*3\nTPMT\t*1/*3A\nNUDT15\t\t\nUGT1A1\t\t\tmany\nCYP2B6 *1/*6\nCYP2C9\n")
    calls, notes = read(path)
    assert set(calls) == {"TPMT", "CYP2B6"}
    spoiled = {note.subject: note.message for note in notes if note.code == "outside_refused"}
    assert set(spoiled) == {"CYP2C9", "CYP2D6", "NUDT15", "UGT1A1"}
    assert "line 1" in spoiled["CYP2D6"]
    assert "not a diplotype" in spoiled["CYP2D6"]
    assert "line 4" in spoiled["UGT1A1"]


def test_two_different_calls_of_a_gene_in_one_file_are_not_chosen_from(tmp_path):
    calls, notes = read(text_file(tmp_path, "CYP2D6\t*1/*2\nCYP2D6\t*1/*4\nTPMT\t*1/*1\nTPMT\t*1/*1\n"))
    assert set(calls) == {"TPMT"}
    assert "second, different call" in notes[0].message


def test_a_tool_that_disagrees_with_our_functions_is_quoted(tmp_path):
    _, notes = read(text_file(tmp_path, "CYP2D6\t*1/*4\tNormal Metabolizer\t2.0\n"))
    text = " ".join(note.message for note in notes)
    assert "CYP2D6 *1/*4 is Intermediate Metabolizer here; the laboratory says Normal Metabolizer" in text


def test_no_calls_of_a_tool_are_no_calls(tmp_path):
    calls, notes = read(text_file(tmp_path, "Sample\tGenotype\tFilter\ns\tNone\tNone\n"))
    assert calls == {}
    assert [(one.code, one.sample) for one in notes] == [("outside_no_call", "s")]
    assert "no call of CYP2D6" in str(notes[0].message)


@pytest.mark.parametrize(
    "text",
    ["CYP2D6\t*1/*1\tNormal Metabolizer\t2.0\tQC failed - repeat\n",
     "Gene\tDiplotype\tComment\nCYP2D6\t*1/*1\tsample mix-up, do not use\n",
     "sample\tgene\tdiplotype\tphenotype\tstatus\ns\tCYP2D6\t*1/*1\tNormal Metabolizer\tcancelled\n",
     "sample\tgene\tdiplotype\tBefundstatus\ns\tCYP2D6\t*1/*1\tstorniert\n",
     "Sample\tGenotype\tFilter\ns\t*1/*1\tLowQ_high_CN\n"],
)  # fmt: skip
def test_a_result_that_was_taken_back_beside_itself_is_refused(tmp_path, text):
    calls, notes = read(text_file(tmp_path, text))
    assert calls == {}
    assert ("outside_refused", "CYP2D6") in {(one.code, one.subject) for one in notes}


@pytest.mark.parametrize(
    "remark",
    ["do not report", "unreliable", "Inconclusive", "not performed", "pending", "wrong sample", "sample swap", "repeat",
     "nicht auswertbar", "nicht bestanden", "LowQual", "LowDepth", "superseded by a later report", "in error"],
)  # fmt: skip
def test_remarks_that_take_a_result_back(tmp_path, remark):
    calls, _ = read(text_file(tmp_path, f"Gene\tDiplotype\tComment\nCYP2D6\t*1/*1\t{remark}\n"))
    assert calls == {}


@pytest.mark.parametrize(
    "remark",
    ["", "PASS", "final", "QC passed, no errors", "not repeated", "for codeine", "not failed", "gene deleted", "0 errors",
     "error rate 0.1 %", "UGT1A1 TA repeat", "Superseded previous report: no change"],
)  # fmt: skip
def test_other_remarks_beside_a_result_leave_it(tmp_path, remark):
    calls, _ = read(text_file(tmp_path, f"Gene\tDiplotype\tComment\nCYP2D6\t*1/*1\t{remark}\n"))
    assert set(calls) == {"CYP2D6"}


OWN = {"CYP2D6": pattern("*1/*1"), "TPMT": NOT_CALLED, "CYP2C19": pattern("*1/*2")}


def merged(path, mode, samples=("s",)):
    done = merge.merge(callset(dict.fromkeys(samples, OWN)), [path], KB, mode=mode)
    return {g.gene: g.patterns[g.pattern_of[0]] for g in done.genes}, done


def test_override_replaces_and_fill_only_fills(tmp_path):
    path = text_file(tmp_path, "CYP2D6\t*4/*4\nTPMT\t*1/*3A\nHLA-B\t*57:01/*08:01\n")
    over, _ = merged(path, "override")
    fill, _ = merged(path, "fill")
    assert over["CYP2D6"].diplotypes[0].name == "*4/*4"
    assert fill["CYP2D6"].diplotypes[0].name == "*1/*1"
    assert over["TPMT"].diplotypes[0].name == fill["TPMT"].diplotypes[0].name == "*1/*3A"
    assert over["HLA-B"].source == "outside:pharmcat"
    assert over["CYP2C19"] == OWN["CYP2C19"]


def test_a_spoiled_gene_keeps_our_own_call(tmp_path):
    over, done = merged(text_file(tmp_path, "CYP2D6\t*1/*2/*3\nTPMT\t*1/*1\n"), "override")
    assert over["CYP2D6"].diplotypes == OWN["CYP2D6"].diplotypes
    assert done.notes[0].sample == "s"


def test_calls_go_to_the_sample_that_the_file_names(tmp_path):
    path = text_file(tmp_path, "Sample\tGenotype\tFilter\nb\t*4/*4\tPASS\nx\t*1/*1\tPASS\n")
    done = merge.merge(callset({"a": OWN, "b": OWN}), [path], KB)
    calls, _ = assign(done, KB)
    assert dict(calls.filter(gene="CYP2D6").select("sample", "diplotype").iter_rows()) == {"a": "*1/*1", "b": "*4/*4"}
    assert [note.code for note in done.notes] == ["outside_sample_unknown"]


def test_a_file_without_samples_needs_a_name_that_says_whose_it_is(tmp_path):
    text = "CYP2D6\t*4/*4\n"
    own = callset({"a": OWN, "b": OWN})
    done = merge.merge(own, [text_file(tmp_path, text, "b.outside.tsv")], KB)
    calls, _ = assign(done, KB)
    assert calls.filter(gene="CYP2D6")["diplotype"].to_list() == ["*1/*1", "*4/*4"]
    with pytest.raises(InputError, match=r"names no sample.*SAMPLE\.outside\.tsv"):
        merge.merge(own, [text_file(tmp_path, text, "calls.tsv")], KB)


def test_hla_alleles_from_outside_decide_abacavir(tmp_path):
    done = merge.merge(callset({"s": OWN}), [write(tmp_path, "optitype")], KB)
    _, phenotypes = assign(done, KB)
    statuses = phenotypes.filter(gene="HLA-B", scheme="CPIC")["phenotype"].to_list()
    assert "*57:01 positive" in statuses
    assert "*15:02 negative" in statuses


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "UTF-8|binary"),
        (b"PK\x03\x04 not a zip", "damaged archive"),
        (b'{"A": [', "JSON"),
        (b"just a sentence about nothing in particular\n", "known format"),
        (b"a\0b\tc\n", "binary"),
    ],
)
def test_files_that_are_something_else_are_refused_in_one_line(tmp_path, content, says):
    (tmp_path / "f.tsv").write_bytes(content)
    with pytest.raises(InputError, match=says) as error:
        merge.read(tmp_path / "f.tsv", KB)
    assert "\n" not in str(error.value)


def test_a_missing_file_and_an_unknown_mode_are_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        merge.read(tmp_path / "none.tsv", KB)
    with pytest.raises(UsageError, match="override, fill"):
        merge.merge(callset({"s": OWN}), [], KB, mode="mix")


@given(
    tool=st.sampled_from(sorted(FILES)),
    cuts=st.lists(
        st.tuples(st.integers(0, 400), st.sampled_from(["", "\t", "\n", "/", "*", "\0", "é", '"', "}", "x9"])),
        max_size=6,
    ),
)
@settings(max_examples=150, deadline=None)
def test_a_damaged_file_is_read_or_refused_but_never_crashes(tmp_path_factory, tool, cuts):
    name, text = FILES[tool]
    for at, put in cuts:
        text = text[:at] + put + text[at + 2 :]
    path = tmp_path_factory.mktemp("f") / name
    path.write_text(text, encoding="utf-8")
    try:
        done = merge.merge(callset({"s": OWN}), [path], KB)
    except InputError:
        return
    assign(done, KB)


def test_hla_alleles_that_the_tables_do_not_list_reach_the_features(tmp_path):
    from pgx.features import build, scenarios

    done = merge.merge(callset({"s": OWN}), [write(tmp_path, "optitype")], KB)
    calls, phenotypes = assign(done, KB)
    rows = scenarios(build(calls, phenotypes, None, KB), calls, KB, ["HLA-B"], phenotypes=phenotypes)
    assert "*57:01 positive" in rows["gene.hla-b.phenotype"].to_list()[0]


REFUSED = [
    ("CYP2D6\t1/4\n", "CYP2D6"),
    ("CYP2D6\t*1/*999\n", "CYP2D6"),
    ("CYP2D6\t*1/*2/*4\n", "CYP2D6"),
    ("CYP2D6\t*1/*2\nCYP2D6\t*4/*4\n", "CYP2D6"),
    ("CYP 2D6\t*4/*4\nTPMT\t*1/*1\n", "CYP2D6"),
    ("HLAB\t*57:01/*08:01\n", "HLA-B"),
    ("HLA-B\t57/x\n", "HLA-B"),
    ("HLADRB1\t*07:01/*15:01\n", "HLA-DRB1"),
]


@pytest.mark.parametrize("mode", merge.MODES)
@pytest.mark.parametrize(("line", "gene"), REFUSED)
def test_a_result_that_was_refused_is_flagged_on_the_call_of_its_gene(tmp_path, line, gene, mode):
    done = merge.merge(callset({"a": OWN, "b": OWN}), [text_file(tmp_path, line, "a.outside.tsv")], KB, mode=mode)
    assert [(one.sample, one.severity, one.code, one.subject) for one in done.notes] == [
        ("a", "error", "outside_refused", gene)
    ]
    calls = merge.told(assign(done, KB)[0], OWN)
    flagged = calls.filter(pl.col("flags").list.contains("outside_refused"))
    assert flagged.select("sample", "gene").rows() == [("a", gene)]
    assert flagged["status"][0] != "called"
    assert set(calls.filter(sample="b")["gene"]) == set(OWN)


def test_a_gene_that_nobody_knows_is_a_refused_result_unless_nothing_is_said_of_it(tmp_path):
    _, notes = read(text_file(tmp_path, "ABCX9\t*1/*2\nABCX8\t\t./.\nTPMT\t*1/*1\n"))
    assert [(one.code, one.subject) for one in notes] == [("outside_refused", "ABCX9")]


def test_a_file_that_is_about_other_samples_only_is_a_lost_result(tmp_path):
    path = text_file(tmp_path, "Sample\tGenotype\tFilter\nx\t*1/*1\tPASS\ny\t*4/*4\tPASS\n")
    for samples, whose in ((["a"], "a"), (["a", "b"], None)):
        (one,) = merge.merge(callset(dict.fromkeys(samples, OWN)), [path], KB).notes
        assert (one.sample, one.severity, one.code) == (whose, "error", "outside_refused")
        assert "2 samples" in one.message


def test_a_file_of_a_sample_that_the_run_leaves_out_is_nobodys_here(tmp_path):
    own, everyone = callset({"a": OWN}), ["a", "a-2", "b"]
    named = text_file(tmp_path, "Sample\tGenotype\tFilter\nb\t1/4\tPASS\nx\t*1/*1\tPASS\n", "named.tsv")
    by_name = [text_file(tmp_path, "CYP2D6\t*4/*4\n", name) for name in ("b.tsv", "a-2.tsv")]
    done = merge.merge(own, [named, *by_name], KB, everyone=everyone)
    assert done.notes == () and done.holders == (set(), set(), set())
    assert done.genes == own.genes
