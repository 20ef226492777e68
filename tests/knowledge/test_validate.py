"""The shipped knowledge base is sound, and every check finds the fault that it is for."""

import shutil
from collections.abc import Callable

import pytest

from pgx.calling.copy_number import copies_of
from pgx.knowledge import KnowledgeBase, load
from pgx.knowledge.validation import gene_checks as genes
from pgx.knowledge.validation import guidance_checks as guidance
from pgx.knowledge.validation import validate as checks
from pgx.knowledge.validation.validate import Problem, validate

Edit = tuple[str, str, str, str]


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., KnowledgeBase]:
    def make(name: str, start: str, before: str, after: str) -> KnowledgeBase:
        """Copy the knowledge and replace `before` in the one line of a file that starts with `start`."""
        folder = tmp_path_factory.mktemp("kb") / "knowledge"
        shutil.copytree(load().folders[0], folder)
        lines = (folder / name).read_text(encoding="utf-8").split("\n")
        hits = [i for i, line in enumerate(lines) if line.startswith(start) and before in line]
        assert len(hits) == 1, (name, start, before, hits)
        lines[hits[0]] = lines[hits[0]].replace(before, after, 1)
        (folder / name).write_text("\n".join(lines), encoding="utf-8")
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
        (checks._schema, ("alleles.tsv", "ABCB1\t*2\t", "\tn\ty", "\tperhaps\ty"), "not an allowed code"),
        (checks._schema, ("alleles.tsv", "ABCB1\t*2\t", "*2", "*1"), "two rows with"),
        (
            checks._references,
            ("definitions.tsv", "ABCB1\t*1\t87509329\t", "87509329\t", "87509328\t"),
            "not in variants",
        ),
        (checks._references, ("drugs.tsv", "abacavir\t", "abacavir", "abakavir"), "'abacavir' is not in drugs.drug"),
        (
            guidance.substrates,
            ("substrates.tsv", "tacrolimus\t", "CYP3A4", "CYP3A44"),
            "no drug of table interactions acts on 'CYP3A44'",
        ),
        (
            guidance.label_interactions,
            ("label_interactions.tsv", "LABEL-I01\t", "CYP3A4", "CYP2D6"),
            "no inhibitor of CYP2D6 acts on simvastatin",
        ),
        (
            guidance.label_interactions,
            ("label_interactions.tsv", "LABEL-I07\t", "voriconazole", "voriconazol"),
            "voriconazol is no inhibitor of CYP3A4",
        ),
        (genes.variants, ("variants.tsv", "CYP2C19:94781859:G:A", "\tG\tA\tsnv", "\tT\tA\tsnv"), "the id is not"),
        (genes.variants, ("variants.tsv", "CYP2C19:94781859:G:A", "\tG\tA\tsnv", "\tG\tA\tdel"), "is a snv, not a del"),
        (genes.variants, ("variants.tsv", "CYP2C19:94842866:A:G", "\tG\tA\ty\t", "\tG\tA\tn\t"), "bases are the same"),
        (
            genes.variants,
            ("variants.tsv", "CYP2C19:94781859:G:A", "\t96541616", "\t6541616"),
            "outside its gene's grch37",
        ),
        (genes.definitions, ("genes.tsv", "CYP2C19\t", "\t*1\t*38\t", "\t*1\t*1\t"), "GRCh38 carries ['*38'], not *1"),
        (genes.definitions, ("genes.tsv", "F5\t", "\tLeiden\t", "\tReference\t"), "GRCh37 carries ['Leiden']"),
        (
            genes.exon_losses,
            ("calling_policies.tsv", "CYP2C19\texon_deletion_allele\t\t\t*37\t\t1\t5", "*37", "*36"),
            "*36 is named for a loss of exon 1 too",
        ),
        (
            genes.exon_losses,
            ("calling_policies.tsv", "CYP2C19\texon_deletion_allele\t\t\t*37\t\t1\t5", "\t1\t5\t", "\t5\t1\t"),
            "must both be there, in order",
        ),
        (
            genes.exon_losses,
            ("calling_policies.tsv", "CYP2C19\texon_deletion_allele\t\t\t*37\t\t1\t5", "\t1\t5\t", "\t1\t\t"),
            "must both be there, in order",
        ),
        (
            genes.exon_losses,
            ("calling_policies.tsv", "CYP2C19\texon_deletion_allele\t\t\t*37\t\t1\t5", "\t1\t5\t", "\t1\t9\t"),
            "a loss of all exons",
        ),
        (
            genes.exon_losses,
            ("calling_policies.tsv", "CYP2C19\texon_deletion_allele\t\t\t*37\t\t1\t5", "\t1\t5\t", "\t8\t10\t"),
            "does not have all of exons 8 to 10",
        ),
        (
            genes.exon_losses,
            ("calling_policies.tsv", "CYP2C19\texon_deletion_allele\t\t\t*37\t\t1\t5", "*37", "*370"),
            "no such allele",
        ),
        (
            genes.phenotypes,
            ("phenotype_rules.tsv", "CYP2D6\tCPIC", "\t0\tn\t1.25\tn", "\t0\tn\t1.25\ty"),
            "ranges of Intermediate Metabolizer and Normal Metabolizer overlap",
        ),
        (genes.phenotypes, ("phenotype_rules.tsv", "CYP2C9\tCPIC", "\t1.5\ty", "\t1.25\ty"), "no CPIC range holds"),
        (
            genes.phenotypes,
            ("phenotype_rules.tsv", "VKORC1\tCPIC", "\trs9923231 C\trs9923231 C", "\trs9923231 C\trs1 C"),
            "which is no allele",
        ),
        (guidance.recommendations, ("recommendations.tsv", "CPIC-0002", "general", "venusians"), "code 'venusians'"),
        (
            guidance.recommendations,
            ("recommendation_conditions.tsv", "CPIC-0002", "*57:01 positive", "*57:02 positive"),
            "no HLA-B diplotype can be '*57:02 positive'",
        ),
        (
            guidance.conversions,
            ("phenoconversion_more.tsv", "PM-001\t", "Poor Metabolizer", "Poor Metaboliser"),
            "'Poor Metaboliser' is no phenotype",
        ),
        (
            guidance.contradictions,
            ("recommendation_conditions.tsv", "CPIC-0002", "*57:01 positive", "*57:01 negative"),
            "both answer for abacavir and differ",
        ),
        (checks._drugs, ("drugs.tsv", "abacavir\t", "J05AF06", "J05AFO6"), "is not an ATC code"),
        (
            checks._frequencies,
            ("frequencies.tsv", "ABCG2\trs2231142 reference (G)\tAFR", "0.98", "1.98"),
            "not a frequency",
        ),
        (
            checks._sources,
            ("functions.dpwg.tsv", "CYP2C19\t*2\tDPWG", "\tDPWG via", "\thearsay"),
            "no source of sources.toml",
        ),
        (
            checks._sources,
            ("functions.tsv", "CYP2C19\t*17\tCPIC", "Increased", "No"),
            "functions.tsv is not as imported",
        ),
    ],
)  # fmt: skip
def test_each_check_finds_its_fault(
    edited: Callable[..., KnowledgeBase], check: Callable[[KnowledgeBase], list[Problem]], edit: Edit, says: str
) -> None:
    found = errors(list(check(edited(*edit))))
    assert any(says in one for one in found), found


def test_names_for_losses_of_other_exons_do_not_clash(edited: Callable[..., KnowledgeBase]) -> None:
    start = "CYP2C19\texon_deletion_allele\t\t\t*37\t\t1\t5"
    base = edited("calling_policies.tsv", start, "*37\t\t1\t5", "*36\t\t8\t9")
    assert list(genes.exon_losses(base)) == []
    assert copies_of(base, "CYP2C19").cut is None  # copies do not say which of the two it is
    assert copies_of(load(), "CYP2C19").cut == "*37"


def test_a_schema_fault_stops_the_other_checks(edited: Callable[..., KnowledgeBase]) -> None:
    found = validate(edited("alleles.tsv", "ABCB1\t*2\t", "\tn\ty", "\tperhaps\ty"))
    assert {one.check for one in found} == {"schema"}


def test_reference_bases_that_disagree_between_variants_are_found() -> None:
    row = next(row for row in load().table("variants").iter_rows(named=True) if row["rsid"] == "rs4244285")
    bases = {("grch38", "chr10", 94781859): ("T", "another variant")}
    assert any("is G here, T in another variant" in one.message for one in genes._sequence(row, bases))
