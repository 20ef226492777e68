"""The shipped knowledge base is sound, and every check finds the fault that it is for."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pgx.knowledge import KnowledgeBase, load, validate_genes, validate_guidance
from pgx.knowledge import validate as checks
from pgx.knowledge.validate import Problem, validate

Edit = tuple[str, str, str]


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., KnowledgeBase]:
    def make(*edits: Edit) -> KnowledgeBase:
        folder = tmp_path_factory.mktemp("kb") / "knowledge"
        shutil.copytree(load().folders[0], folder)
        for name, before, after in edits:
            path = folder / name
            text = path.read_text(encoding="utf-8")
            assert text.count(before) == 1, (name, before, text.count(before))
            path.write_text(text.replace(before, after), encoding="utf-8")
        return load(folder=folder)

    return make


def errors(found: list[Problem]) -> list[str]:
    return [f"{one.check} {one.where} {one.message}" for one in found if one.severity == "error"]


def test_the_shipped_knowledge_base_is_sound() -> None:
    found = validate(load())
    assert [one for one in found if one.severity != "note"] == []
    assert all(one.message for one in found)


@pytest.mark.parametrize(
    ("check", "edit", "says"),
    [
        (checks._schema, ("alleles.tsv", "ABCB1\t*2\tn\ty", "ABCB1\t*2\tperhaps\ty"), "not an allowed code"),
        (checks._schema, ("alleles.tsv", "ABCB1\t*2\t", "ABCB1\t*1\t"), "two rows with"),
        (checks._references, ("functions.tsv", "gene\tallele", "gene\tallele"), ""),
        (checks._references, ("definitions.tsv", "ABCB1\t*1\t87509329\t", "ABCB1\t*1\t87509328\t"), "not in variants"),
        (checks._references, ("drugs.tsv", "\nabacavir\t", "\nabakavir\t"), "'abacavir' is not in drugs.drug"),
        (
            validate_genes.variants,
            ("variants.tsv", "CYP2C19\tchr10\t94781859\tG\tA\tsnv", "CYP2C19\tchr10\t94781859\tT\tA\tsnv"),
            "the id is not",
        ),
        (
            validate_genes.variants,
            ("variants.tsv", "NC_000010.11:g.94842866A>G\t96602623\tG\tA\ty", "NC_000010.11:g.94842866A>G\t96602623\tG\tA\tn"),
            "ref_differs says that the reference bases are the same",
        ),
        (
            validate_genes.definitions,
            ("genes.tsv", "\t*1\t*38\t*1\t", "\t*1\t*1\t*1\t"),
            "GRCh38 carries ['*38'], not *1",
        ),
        (
            validate_genes.phenotypes,
            ("phenotype_rules.tsv", "CYP2D6\tCPIC\tactivity_range\tsum of activity values\t\t0\tn\t1.25\tn", "CYP2D6\tCPIC\tactivity_range\tsum of activity values\t\t0\tn\t1.25\ty"),
            "ranges of Intermediate Metabolizer and Normal Metabolizer overlap",
        ),
        (
            validate_genes.phenotypes,
            ("phenotype_rules.tsv", "CYP2C9\tCPIC\tactivity_range\tsum of activity values\t\t1\ty\t1.5\ty", "CYP2C9\tCPIC\tactivity_range\tsum of activity values\t\t1\ty\t1.25\ty"),
            "no CPIC range holds the score of",
        ),
        (
            validate_genes.phenotypes,
            ("phenotype_rules.tsv", "VKORC1\tCPIC\tgenotype\trs9923231 C\trs9923231 C", "VKORC1\tCPIC\tgenotype\trs9923231 C\trs1 C"),
            "which is no allele",
        ),
        (
            validate_guidance.recommendations,
            ("recommendations.tsv", "CPIC-0002\tCPIC\tCPIC API 2026-08\tPA166251444\tabacavir\tgeneral", "CPIC-0002\tCPIC\tCPIC API 2026-08\tPA166251444\tabacavir\tvenusians"),
            "no words for population code 'venusians'",
        ),
        (
            validate_guidance.recommendations,
            ("recommendation_conditions.tsv", "CPIC-0002\t1\tHLA-B\tallele_status\t*57:01 positive", "CPIC-0002\t1\tHLA-B\tallele_status\t*57:02 positive"),
            "no HLA-B diplotype can be '*57:02 positive'",
        ),
        (
            validate_guidance.contradictions,
            ("recommendation_conditions.tsv", "CPIC-0002\t1\tHLA-B\tallele_status\t*57:01 positive", "CPIC-0002\t1\tHLA-B\tallele_status\t*57:01 negative"),
            "both answer for abacavir and differ",
        ),
        (checks._drugs, ("drugs.tsv", "\t190521\tJ05AF06;", "\t190521\tJ05AFO6;"), "is not an ATC code"),
        (checks._sources, ("variants.tsv", "CYP2C19:94781859:G:A\t", "CYP2C19:94781859:G:A\t"), ""),
        (
            checks._sources,
            ("functions.tsv", "CYP2C19\t*2\tDPWG\tNo function\t\tn\t\tDPWG", "CYP2C19\t*2\tDPWG\tNo function\t\tn\t\thearsay"),
            "is no source of sources.toml",
        ),
        (
            checks._sources,
            ("functions.tsv", "CYP2C19\t*17\tCPIC\tIncreased function", "CYP2C19\t*17\tCPIC\tNo function"),
            "functions.tsv is not as imported",
        ),
    ],
)  # fmt: skip
def test_each_check_finds_its_fault(
    edited: Callable[..., KnowledgeBase], check: Callable[[KnowledgeBase], list[Problem]], edit: Edit, says: str
) -> None:
    found = errors(list(check(edited(edit))))
    if says:
        assert any(says in one for one in found), found
    else:
        assert found == []


def test_a_schema_fault_stops_the_other_checks(edited: Callable[..., KnowledgeBase]) -> None:
    found = validate(edited(("alleles.tsv", "ABCB1\t*2\tn\ty", "ABCB1\t*2\tperhaps\ty")))
    assert {one.check for one in found} == {"schema"}


def test_reference_bases_that_disagree_between_variants_are_found(edited: Callable[..., KnowledgeBase]) -> None:
    before = "CYP2C19:94781859:G:A\tCYP2C19\tchr10\t94781859\tG\tA\tsnv\trs4244285"
    after = "CYP2C19:94781859:G:A\tCYP2C19\tchr10\t94781859\tG\tA\tsnv\trs4244285"
    kb = edited(("variants.tsv", before, after))
    rows = [row for row in kb.table("variants").iter_rows(named=True) if row["variant_id"] == "CYP2C19:94781859:G:A"]
    bases = {("grch38", "chr10", 94781859): ("T", "another variant")}
    assert any("is G here, T in another variant" in one.message for one in validate_genes._sequence(rows[0], bases))
