"""The summary of a cohort: by hand on a few persons, and on 300 made-up ones whose truth is known."""

from __future__ import annotations

import json
import re
from itertools import product
from math import comb
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats

import pgx
from pgx.codes import Urgency
from pgx.cohort.genotype_rows import rows_of
from pgx.cohort.summary import small_counts
from pgx.cohort.summary.intervals import equilibrium, wilson
from pgx.cohort.summary.kinship import kinships
from pgx.cohort.summary.published import published
from pgx.errors import InputError, UsageError
from pgx.knowledge import load
from pgx.variants.read import read
from tests.cohort.summaries import call, features, rows, write_cohort

EUR, EAS = "European", "East Asian"
PEOPLE = {f"A{n}": (EUR, "female" if n % 2 else "male") for n in range(6)} | {f"B{n}": (EAS, None) for n in range(2)}
DIPLOTYPES = ["*1/*1", "*1/*2", "*1/*17", "*2/*2", None, "*1/*1", "*1/*2", "*2/*2"]


@pytest.fixture(scope="module")
def kb():
    return load()


@pytest.fixture(scope="module")
def small(kb, tmp_path_factory) -> pgx.cohort.summary.summarise.Summary:
    """Eight persons in blocks of three: one gene, two drugs, what to test, and a sex that does not fit."""
    folder = tmp_path_factory.mktemp("small") / "cohort"
    judged = [("A0", "clopidogrel", "standard"), ("A3", "clopidogrel", "avoid"), ("A3", "codeine", "change_dose"),
              ("B1", "clopidogrel", "avoid"), ("A1", "codeine", "monitor")]  # fmt: skip
    tests = [("A4", "clopidogrel", "CYP2C19", 0.25), ("A4", "clopidogrel", "CYP2C19", 0.05),
             ("A4", "citalopram", "CYP2C19", 0.1), ("B0", "clopidogrel", "CYP2C19", 0.6),
             ("A1", "abacavir", "HLA-B", None)]  # fmt: skip
    tables = {
        "features": features(PEOPLE),
        "calls": rows("calls", [call(name, one) for name, one in zip(PEOPLE, DIPLOTYPES, strict=True)]),
        "judgements": rows("judgements", [
            {"sample": sample, "drug": drug, "status": "advised", "urgency": urgency} for sample, drug, urgency in judged
        ]),
        "next_tests": rows("next_tests", [
            {"sample": sample, "drug": drug, "what": what, "kind": "hla" if chance is None else "gene",
             "probability": chance, "advice_now": "a", "advice_then": "b", "urgency_then": "avoid"}
            for sample, drug, what, chance in tests
        ]),
        "notes": rows("notes", [
            {"sample": "A2", "stage": "variants", "severity": "warning", "code": "sex_mismatch", "message": "m"},
            {"sample": "A0", "stage": "variants", "severity": "info", "code": "sex_inferred", "message": "m"},
        ]),
    }  # fmt: skip
    return pgx.cohort.summarise(write_cohort(folder, kb, tables, 3))


def test_frequencies_are_counted_by_group_and_laid_beside_the_published(small, kb):
    found = small.tables["cohort_frequencies"].filter(gene="CYP2C19")
    told = {(g, level, value): (count, total) for g, level, value, count, total in
            found.select("group", "level", "value", "count", "total").iter_rows()}  # fmt: skip
    assert told["all", "allele", "*2"] == (6, 14)
    assert told[EUR, "allele", "*2"] == (3, 10)
    assert told[EAS, "allele", "*17"] == (0, 4), "nobody of the group has it, and that is told"
    assert told["all", "diplotype", "*2/*2"] == (2, 7)
    known = {
        (g, v): p
        for g, v, p in published(kb)
        .filter(gene="CYP2C19", level="allele")
        .select("group", "value", "published")
        .iter_rows()
    }
    row = found.filter(group="all", level="allele", value="*2").row(0, named=True)
    assert row["published"] == pytest.approx((10 * known[EUR, "*2"] + 4 * known[EAS, "*2"]) / 14)
    pair = found.filter(group=EUR, level="diplotype", value="*1/*2").row(0, named=True)
    assert pair["published"] == pytest.approx(2 * known[EUR, "*1"] * known[EUR, "*2"])
    assert row["z"] is None, "of 14 strands too few are expected to compare"


def test_a_gene_that_is_not_called_lowers_the_call_rate_and_is_not_counted(small):
    row = small.tables["cohort_genes"].filter(group=EUR).row(0, named=True)
    assert (row["persons"], row["called"], row["not_called"], row["ambiguous"]) == (6, 5, 1, 0)
    assert row["call_rate"] == pytest.approx(5 / 6)


def test_advice_is_counted_by_drug_and_by_person(small):
    drug = small.tables["cohort_drugs"].row(0, named=True)
    assert (drug["drug"], drug["persons"], drug["avoid"], drug["standard"]) == ("clopidogrel", 3, 2, 1)
    assert drug["actionable"] == pytest.approx(2 / 8), "of everybody, not of those who were judged"
    assert small.tables["cohort_persons"].select("sample", "act_on").rows() == [
        ("A3", ["clopidogrel", "codeine"]), ("B1", ["clopidogrel"]),
    ]  # fmt: skip


def test_what_pays_most_to_test_comes_first(small):
    found = small.tables["cohort_next_tests"]
    first, second = found.rows(named=True)
    assert (first["what"], first["persons"], first["drugs"], first["unknown"]) == ("CYP2C19", 2, 2, 0)
    # A4: 0.25 + 0.05 for clopidogrel and 0.1 for citalopram; B0: 0.6.
    assert first["expected_persons"] == pytest.approx(0.3 + 0.6)
    assert first["expected_changes"] == pytest.approx(0.4 + 0.6)
    assert (second["what"], second["expected_persons"], second["unknown"]) == ("HLA-B", None, 1)


def test_persons_whose_sex_does_not_fit_are_named_and_no_others_are_on_the_page(small):
    assert small.tables["cohort_sex"].rows() == [("A2", "male", "sex_mismatch", 1)]
    page = next(path for path in small.files if path.suffix == ".html").read_text()
    assert "A2" in page
    assert not re.search(r">\s*(?!A2)[AB]\d\b", page)


@pytest.mark.parametrize(("count", "total"), [(0, 8), (1, 8), (8, 8), (37, 214), (5000, 200_000)])
def test_intervals_are_those_of_scipy(count, total):
    low, high = pl.select(
        low=wilson(pl.lit(count), pl.lit(total))[0], high=wilson(pl.lit(count), pl.lit(total))[1]
    ).row(0)
    expected = stats.binomtest(count, total).proportion_ci(0.95, method="wilson")
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-12)


@pytest.mark.parametrize(
    ("homozygous", "heterozygous", "changed"), [(5, 2, 3), (0, 9, 0), (12, 5, 1), (3, 0, 4), (0, 8, 2)]
)
def test_equilibrium_is_that_of_every_arrangement_of_the_alleles(homozygous, heterozygous, changed):
    n, rare = homozygous + heterozygous + changed, heterozygous + 2 * changed
    ways = {
        het: 2**het * comb(n, het) * comb(n - het, (rare - het) // 2)
        for het in range(rare % 2, min(rare, 2 * n - rare) + 1, 2)
    }
    own = ways[heterozygous]
    assert equilibrium(homozygous, heterozygous, changed) == pytest.approx(
        sum(one for one in ways.values() if one <= own) / sum(ways.values())
    )


def test_kinship_is_that_of_known_relatives():
    """Chance is averaged out over many positions: the same person, parent and child, and strangers."""
    rng = np.random.default_rng(1)
    strands = (rng.random((3, 2, 20_000)) < 0.3).astype(np.int8)
    child = strands[0][0] + strands[1][0]
    people = np.stack([strands[0].sum(axis=0), strands[1].sum(axis=0), child, strands[2].sum(axis=0), child])
    kinship, same, both = kinships(people, people)
    assert kinship[2, 4] == pytest.approx(0.5) and same[2, 4] == 1 and both[2, 4] == 20_000
    assert kinship[0, 2] == pytest.approx(0.25, abs=0.02)
    assert kinship[0, 3] == pytest.approx(0, abs=0.03)


def _hidden_can_be_worked_out(frame: pl.DataFrame) -> list[tuple[object, ...]]:
    """Look for a sum in which a single count is not shown: of the values of a group, or of the groups of a value."""
    found = []
    for key, part in frame.group_by("group", "gene", "level"):
        if part["count"].null_count() == 1:
            found.append(key)
    for key, part in frame.group_by("gene", "level", "value"):
        if (
            part.height > 1
            and part["count"].null_count() == 1
            and part.filter(pl.col("count").is_null())["group"][0] != "all"
        ):
            found.append(key)
    return found


def _small_that_can_be_solved(made: Path, shown: pl.DataFrame) -> list[tuple[str, ...]]:
    """Solve all that is shown for the persons of each group and diplotype; return the small counts that this fixes."""
    calls, people = (pl.read_parquet(made / name / "*.parquet") for name in ("calls", "features"))
    told = sorted(set(shown["group"]) - {"all"})
    group = pl.when(pl.col("clinical.ancestry").is_in(told)).then("clinical.ancestry").otherwise(pl.lit("the rest"))
    sure = calls.filter(pl.col("status").is_in(["called", "outside"])).join(people.select("sample", group), on="sample")
    found = []
    for (gene,), own in shown.group_by("gene"):
        name = ["allele1", "allele2", "diplotype", "phenotype"]
        counts = sure.filter(gene=gene).group_by("clinical.ancestry", *name).len()
        every = counts.select("clinical.ancestry").unique().join(counts.select(name).unique(), how="cross")
        kinds = every.join(counts, on=["clinical.ancestry", *name], how="left", nulls_equal=True)
        truth = kinds["len"].fill_null(0).to_numpy()
        columns = {one: kinds[one].to_numpy() for one in kinds.columns}
        known, asked = [], []
        for row in own.iter_rows(named=True):
            inside = (row["group"] == "all") | (columns["clinical.ancestry"] == row["group"])
            names = name[:2] if row["level"] == "allele" else [row["level"]]
            line = inside * sum((columns[one] == row["value"]).astype(int) for one in names)
            if row["count"] is not None:
                known += [line] if row["count"] else list(np.diag(line)[line > 0])
            elif 0 < truth @ line < 5:
                asked.append((line, (row["group"], gene, row["level"], row["value"])))
            if row["total"] is not None:
                known.append(inside * sum(kinds[one].is_not_null().to_numpy().astype(int) for one in names))
        if asked and known:
            lines = np.unique(np.array(known, dtype=float), axis=0)
            free = np.eye(lines.shape[1]) - np.linalg.pinv(lines) @ lines
            found += [key for line, key in asked if np.abs(line @ free).max() < 1e-6]
    return found


@pytest.mark.parametrize("groups", [None, "none"])
def test_no_small_count_follows_from_what_is_shown(made, tmp_path, groups):
    found = pgx.cohort.summarise(made, tmp_path, min_count=5, groups=groups)
    shown = found.tables["cohort_frequencies"]
    assert _small_that_can_be_solved(made, shown) == []
    own = shown.filter(gene="CYP2C19", group="all")
    assert set(own["level"]) == {"allele", "phenotype"} and own["count"].has_nulls(), "alleles that tell nothing stay"


def test_small_counts_are_hidden_with_what_would_give_them_away(made, tmp_path):
    found = pgx.cohort.summarise(made, tmp_path / "out", min_count=5)
    shown = found.tables["cohort_frequencies"]
    assert not shown["count"].drop_nulls().is_between(1, 4).any()
    assert shown["count"].null_count() > 50
    assert "diplotype" not in shown["level"] and "allele" in shown["level"]
    assert set(shown.filter(pl.col("group") != "all")["level"]) == {"phenotype"}
    assert not _hidden_can_be_worked_out(shown)
    assert not set(small_counts.ABOUT_PERSONS) & set(found.tables)
    hidden = shown.filter(pl.col("count").is_null())
    assert hidden.select("frequency", "low", "high", "z").null_count().row(0) == (hidden.height,) * 4
    everything = "".join(path.read_text() for path in found.files)
    assert not re.search(r"\bS\d{7}\b", everything), "nobody is named"
    status = found.tables["cohort_genes"].select("called", "ambiguous", "not_called", "outside")
    assert not any(status[name].drop_nulls().is_between(1, 4).any() for name in status.columns)
    sizes = found.tables["cohort_genes"].filter(gene="ABCB1").select("group", "persons")
    assert sizes["persons"].min() >= 5, "small groups are laid together"
    totals = shown.filter(pl.col("level") != "allele")["total"].drop_nulls()
    assert totals.min() >= 5
    with pytest.raises(UsageError, match="smallest count"):
        pgx.cohort.summarise(made, tmp_path / "out", min_count=1)


@pytest.mark.parametrize("counts", list(product((0, 1, 3, 6, 50), repeat=3)))
def test_no_part_of_a_sum_can_be_worked_out(counts):
    hidden = small_counts.hidden_in_sum(np.array(counts), 5)
    told = np.array(counts)[hidden]
    small = [one for one in counts if 0 < one < 5]
    assert all(hidden[i] for i, one in enumerate(counts) if 0 < one < 5)
    if small and sum(counts) >= 5 and sum(one > 0 for one in counts) > 1:
        assert len(told) > 1 and told.sum() >= 5


@pytest.fixture(scope="module")
def made(kb, tmp_path_factory) -> Path:
    """300 made-up persons; one is there twice, one position errs, and some have no genotype at another."""
    folder = tmp_path_factory.mktemp("made")
    files = pgx.cohort.simulate(300, folder / "all.vcf", seed=3, missing=0.01)
    lines = files.vcf.read_text().splitlines()
    for at, line in enumerate(lines):
        cells = line.split("\t")
        if line.startswith("#"):
            continue
        cells[9 + 1] = cells[9]
        if cells[1] == "97515851":  # a rare change of DPYD: three of four persons show one copy, nobody two
            cells[9:] = ["0/0" if n % 4 == 0 else "0/1" for n in range(300)]
        if cells[1] == "94781859":  # rs4244285
            cells[9:109] = ["./."] * 100
        lines[at] = "\t".join(cells)
    files.vcf.write_text("\n".join(lines) + "\n")
    genotypes = read(str(files.vcf), kb)
    clinic = pl.read_csv(files.clinical)
    tables = {
        "features": features({s: (g, x) for s, g, x in clinic.select("sample", "ancestry", "sex").iter_rows()}),
        "calls": pgx.call(files.vcf).select(one.name for one in pgx.schema.CALLS),
        "genotypes": rows_of(genotypes),
    }
    return write_cohort(folder / "cohort", kb, tables, 64)


@pytest.fixture(scope="module")
def shown(made):
    return pgx.cohort.summarise(made)


def test_the_person_who_is_there_twice_is_found_and_nobody_else(shown):
    pairs = shown.tables["cohort_pairs"]
    assert pairs.select("sample", "other", "relation").rows() == [("S0000001", "S0000002", "same_genotypes")]
    assert shown.likeness is not None and shown.likeness.chance_matches < 1e-6
    assert shown.likeness.spread is not None and shown.likeness.spread > 0.1, "so few positions tell little"


@pytest.mark.parametrize("name", ["", "calls"])
def test_a_summary_is_not_written_among_the_parts_that_it_reads(made, name):
    with pytest.raises(UsageError, match="which is read"):
        pgx.cohort.summarise(made, made / name)


def test_the_position_that_errs_is_a_suspect_and_the_only_one(shown):
    suspects = shown.tables["cohort_positions"].filter(pl.col("suspect").is_not_null())
    assert suspects.select("pos_grch38", "suspect", "heterozygous", "carriers").rows() == [(97515851, "both", 225, 225)]
    assert suspects["inbreeding"].item() == pytest.approx(1 - 0.75 / (2 * 0.375 * 0.625))


def test_missing_genotypes_are_counted(shown):
    positions = shown.tables["cohort_positions"]
    row = positions.filter(pos_grch38=94781859).row(0, named=True)
    assert row["known"] <= 200 and row["call_rate"] == row["known"] / 300
    others = positions.filter(pl.col("chrom") == "chr10", pl.col("pos_grch38") != 94781859)["call_rate"]
    assert others.mean() == pytest.approx(0.99, abs=0.003)


def test_frequencies_of_positions_are_those_of_the_genotypes(shown, made, kb):
    site = kb.sites.row(1, named=True)
    genotypes = pl.concat([pl.read_parquet(path) for path in sorted((made / "genotypes").glob("*.parquet"))])
    letters = [text[site["site"]] for name in ("strand1", "strand2") for text in genotypes[name]]
    known = [one for one in letters if one in "01"]
    row = shown.tables["cohort_positions"].filter(pos_grch38=site["pos_grch38"]).row(0, named=True)
    assert row["frequency"] == pytest.approx(known.count("1") / len(known))


def test_the_page_and_the_sections_are_whole(shown, made):
    texts = {path.name: path.read_text() for path in shown.files}
    page = texts["cohort.html"]
    assert page.count("<svg") > 3 and "<script" not in page and "http" not in page.replace("http-equiv", "")
    assert "This shows whether one person is there twice, and little else" in page
    assert set(re.findall(r"\bS\d{7}\b", page)) == {"S0000001", "S0000002"}
    for name in ("pgx_cohort_genes_mqc.json", "pgx_cohort_positions_mqc.json"):
        section = json.loads(texts[name])
        assert section["id"] and section["plot_type"] and section["data"]
    for name, frame in shown.tables.items():
        head = texts[f"{name}.tsv"].splitlines()[0].split("\t")
        assert head == frame.columns == pgx.kb.schema(name)["column"].to_list()


def test_a_summary_does_not_depend_on_the_blocks(shown, made, kb, tmp_path):
    tables = {
        name: pl.concat([pl.read_parquet(path) for path in sorted((made / name).glob("*.parquet"))])
        for name in ("features", "calls", "genotypes")
    }
    other = pgx.cohort.summarise(write_cohort(tmp_path / "cohort", kb, tables, 300))
    for path, same in zip(shown.files, other.files, strict=True):
        assert path.read_bytes() == same.read_bytes(), path.name


def test_a_cohort_of_a_real_run_is_summarised(whole, tmp_path, pgx_command):
    done = pgx_command("cohort", "summary", whole, "-o", tmp_path)
    assert done.returncode == 0, done.stderr
    found = pl.read_csv(tmp_path / "cohort_drugs.tsv", separator="\t")
    judged = pl.read_parquet(whole / "judgements" / "*.parquet")
    assert found["persons"].sum() == judged.height
    assert (tmp_path / "cohort.html").is_file()


def test_what_is_not_finished_or_not_of_this_knowledge_is_refused(made, kb, tmp_path):
    told = json.loads((made / "manifest.json").read_text())
    (tmp_path / "manifest.json").write_text(json.dumps({key: told[key] for key in told if key != "blocks"}))
    (tmp_path / ".pgx/blocks").mkdir(parents=True)
    for number in (0, 3):
        counts = {"block": number, "persons": 1, "lost": 0}
        state = {"plan": told["plan"], **counts, "files": {}, "pages": {}, "failures": [], "notes": []}
        (tmp_path / f".pgx/blocks/{number:05d}.json").write_text(json.dumps(state))
    assert (pgx.cohort.status(tmp_path)["state"] == "done").sum() == 2
    with pytest.raises(InputError, match="2 of 5 blocks are done"):
        pgx.cohort.summarise(tmp_path)
    (tmp_path / "manifest.json").write_text(
        json.dumps({**told, "versions": {**told["versions"], "knowledge_sha256": "x"}})
    )
    with pytest.raises(InputError, match="run with the knowledge base"):
        pgx.cohort.summarise(tmp_path)
    with pytest.raises(UsageError, match="groups are given, estimated, none"):
        pgx.cohort.summarise(made, groups="tribe")


def test_what_names_people_does_not_outlive_the_summary_that_wrote_it(made, tmp_path):
    (tmp_path / "cohort_notes.txt").write_text("mine")
    before = pgx.cohort.summarise(made, tmp_path)
    assert "cohort_pairs" in before.tables and (tmp_path / "cohort_pairs.tsv.provenance.json").is_file()
    (tmp_path / "cohort_persons.tsv").write_text("of an earlier run that advised")
    after = pgx.cohort.summarise(made, tmp_path, min_count=5)
    beside = {path.with_name(f"{path.name}.provenance.json") for path in after.files if path.suffix == ".tsv"}
    assert set(tmp_path.iterdir()) == {*after.files, *beside, tmp_path / "cohort_notes.txt"}


def test_the_order_of_rows_does_not_tell_hidden_counts():
    counts = {"*1": 90, "*9": 40, "*2": 30, "*4": 4, "*3": 3, "*5": 2}
    frame = pl.DataFrame({"group": "all", "gene": "G", "level": "allele", "value": list(counts),
                          "count": list(counts.values()), "total": 169}).with_columns(
        pl.lit(0.5).alias(name) for name in ("frequency", "low", "high", "published", "z")
    )  # fmt: skip
    shown = small_counts.frequencies(frame, 5)
    assert shown.select("value", "count").rows() == [
        ("*1", 90), ("*9", 40), ("*2", 30), ("*3", None), ("*4", None), ("*5", None)
    ]  # fmt: skip
    drugs = pl.DataFrame({"drug": ["c", "b", "d", "a"], "persons": [50] * 4, "avoid": [30, 4, 40, 1]}).with_columns(
        *(pl.lit(0).alias(str(one)) for one in Urgency if one not in (Urgency.AVOID, Urgency.STANDARD)),
        (50 - pl.col("avoid")).alias("standard"),
        actionable=pl.col("avoid") / 50, low=pl.lit(0.0), high=pl.lit(1.0),
    )  # fmt: skip
    assert small_counts.drugs(drugs.sort("avoid", descending=True), 5)["drug"].to_list() == ["d", "c", "a", "b"]
    tests = pl.DataFrame({"what": ["z", "y", "x", "w"], "kind": "gene", "persons": [9, 4, 3, 8], "drugs": 1,
                          "expected_persons": [2.0, 1.5, 1.0, None], "expected_changes": 1.0, "unknown": [0, 0, 0, 2]})  # fmt: skip
    assert small_counts.next_tests(tests, 5).select("what", "persons", "unknown").rows() == [
        ("z", 9, 0), ("w", 8, None), ("x", None, None), ("y", None, None)
    ]  # fmt: skip


def test_positions_tell_no_counts_of_alleles_beside_hidden_ones(made, tmp_path):
    found = pgx.cohort.summarise(made, tmp_path, min_count=5)
    positions = found.tables["cohort_positions"]
    for name in ("carriers", "frequency", "heterozygous", "equilibrium_p", "inbreeding"):
        assert positions[name].null_count() == positions.height, name
    assert positions["call_rate"].null_count() == 0 and positions["suspect"].drop_nulls().to_list() == ["both"]
    page = (tmp_path / "cohort.html").read_text()
    assert "97515851" in page and "It is not proven that no hidden count can be worked out" in page


def test_the_page_says_how_to_bring_what_to_test_next(small, shown):
    text = "calls,genotypes,next_tests</code>"
    without, with_it = (next(p for p in one.files if p.name == "cohort.html").read_text() for one in (shown, small))
    assert text in without and "<h2>What to test next" not in without
    assert "wrote no table next_tests" not in with_it and "<h2>What to test next" in with_it


def test_published_figures_that_count_something_twice_are_not_compared(kb):
    known = published(kb)
    sums = known.group_by("gene", "group", "level").agg(pl.col("published").sum())
    assert sums["published"].max() <= 1.02
    assert known.filter(gene="CYP2B6", group="Sub-Saharan African", value="*9").is_empty(), "*6 is counted in it"
    assert known.filter(gene="CYP2B6", group=EUR, value="*9")["published"].item() == pytest.approx(0.0147), "of CPIC"
    assert known.filter(gene="UGT1A1", value="*28", group=EUR).is_empty(), "*28 with *80 is not counted in it"
    assert not known.filter(gene="SLCO1B1", level="allele").is_empty(), "where CPIC counts nothing the panel stands in"


def test_bar_graphs_give_multiqc_only_what_it_knows(shown, small):
    for path in (*shown.files, *small.files):
        if path.suffix == ".json" and (section := json.loads(path.read_text()))["plot_type"] == "bargraph":
            assert set(section["pconfig"]) == {"id", "title"}, path.name
