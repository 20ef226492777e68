"""The fact tables in the project's schema: one function a table, which renames, splits and normalises its rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

Row = dict[str, str]
Tables = dict[str, list[Row]]

_CALLER = {
    "star_exact": "named_allele",
    "single_snv": "named_allele",
    "variant_list": "variant_list",
    "outside_call": "outside",
}
_INHERITANCE = {"haploid-X": "x_linked", "haploid-MT": "mitochondrial"}


def _rename(row: Row, **names: str) -> Row:
    """Return a copy of `row` in which key `old` is called `new` for each ``new=old``."""
    return {**row, **{new: row[old] for new, old in names.items()}}


def _phenotype_methods(tables: Tables) -> dict[str, str]:
    by_gene: dict[str, set[str]] = defaultdict(set)
    for rule in tables["phenotypes"]:
        by_gene[rule["gene"]].add(rule["rule_type"])
    order = ("activity_range", "any_allele", "function_single", "genotype", "allele_presence", "function_pair")
    names = {"activity_range": "activity_score"}
    return {gene: next(names.get(kind, kind) for kind in order if kind in kinds) for gene, kinds in by_gene.items()}


def _genes(tables: Tables) -> list[Row]:
    methods = _phenotype_methods(tables)
    return [
        {
            **_rename(
                row,
                refseq_transcript="refseq_mrna",
                ncbi_gene_id="ncbi_id",
                lookup="cpic_lookup",
                copy_number_varies="has_structural",
                source="definition_source",
                source_version="definition_version",
            ),
            "required_positions": row["required_positions"].replace(",", ";"),
            "caller": _CALLER[row["match_semantic"]],
            "inheritance": _INHERITANCE.get(row["system"], "autosomal"),
            "phenotype_method": methods.get(row["gene"], "none"),
        }
        for row in tables["genes"]
    ]


def _uncallable(row: Row, defined: set[tuple[str, str]]) -> bool:
    """Tell whether small variants cannot show the allele; one without bases must be what GRCh38 carries."""
    flags = set(row["flags"].split(";"))
    is_nothing = (row["gene"], row["allele"]) not in defined and row["is_grch38"] != "y"
    set_aside = bool(flags & {"no_definition_here", "outside_call", "ignored_by_pharmcat"})
    return row["structural"] == "y" or set_aside or is_nothing


def _alleles(tables: Tables) -> list[Row]:
    defined = {(row["gene"], row["allele"]) for row in tables["allele_variants"]}
    return [
        {
            **_rename(
                row, reference="is_reference", grch38="is_grch38", grch37="is_grch37", source="definition_source"
            ),
            "callable": "n" if _uncallable(row, defined) else "y",
        }
        for row in tables["alleles"]
    ]


def _definitions(tables: Tables) -> list[Row]:
    variants = {row["variant_id"]: row for row in tables["variants"]}
    site_ref: dict[tuple[str, str], str] = {}
    for row in tables["variants"]:
        site = (row["chrom"], row["pos_grch38"])
        site_ref[site] = max(site_ref.get(site, ""), row["ref"], key=len)
    bases: dict[tuple[str, str, str], dict[str, None]] = defaultdict(dict)
    behind: dict[tuple[str, str, str], dict[str, None]] = defaultdict(dict)
    for row in tables["allele_variants"]:
        variant = variants[row["variant_id"]]
        rest = site_ref[variant["chrom"], variant["pos_grch38"]][len(variant["ref"]) :]
        key = (row["gene"], row["allele"], row["pos_grch38"])
        bases[key][row["allele_base"] + rest] = None
        behind[key][row["variant_id"]] = None
    return [
        {"gene": g, "allele": a, "pos_grch38": p, "bases": "|".join(found), "variants": ";".join(behind[g, a, p])}
        for (g, a, p), found in bases.items()
    ]


def _functions(tables: Tables) -> list[Row]:
    """Functions by scheme; one that differs from the gene's phenotype rules by case alone takes their spelling."""
    spelling = {
        (row["gene"], row[name].lower()): row[name] for row in tables["phenotypes"] for name in ("input1", "input2")
    }
    rows: list[Row] = []
    for row in tables["alleles"]:
        base = {"gene": row["gene"], "allele": row["allele"]}
        if row["function"] or row["activity_value"]:
            rows.append({**base, "scheme": "CPIC", "function": row["function"], "note": row["cpic_function_note"],
                         "source": row["function_source"], **_activity(row["activity_value"])})  # fmt: skip
        if row["function_pharmcat311"]:
            rows.append({**base, "scheme": "PharmCAT-3.1.1", "function": row["function_pharmcat311"], "note": "",
                         "source": "PharmCAT_3.1.1", **_activity(row["activity_pharmcat311"])})  # fmt: skip
    rows += [
        {**row, "scheme": "DPWG", "note": "", **_activity(row["activity_value"])}
        for row in tables["allele_function_dpwg"]
    ]
    return [{**row, "function": spelling.get((row["gene"], row["function"].lower()), row["function"])} for row in rows]


def _activity(text: str) -> Row:
    value = text.removeprefix("≥")
    try:
        float(value)
    except ValueError:
        value = ""
    return {"activity_value": value, "activity_is_minimum": "y" if text.startswith("≥") else "n"}


def _phenotype_rules(tables: Tables) -> list[Row]:
    return [
        _rename(
            row,
            score_min="as_min",
            score_min_inclusive="as_min_inclusive",
            score_max="as_max",
            score_max_inclusive="as_max_inclusive",
        )
        for row in tables["phenotypes"]
    ]


def _conditions(tables: Tables) -> list[Row]:
    return [
        {
            "rec_id": row["rec_id"],
            "position": str(i),
            "gene": row[f"gene{i}"],
            "match_on": row[f"cond{i}_type"],
            "value": row[f"cond{i}"],
            "score_min": row[f"cond{i}_as_min"],
            "score_max": row[f"cond{i}_as_max"],
            "implication": row[f"implication{i}"],
        }
        for row in tables["recommendations"]
        for i in (1, 2, 3)
        if row[f"gene{i}"]
    ]


def _interactions(tables: Tables) -> list[Row]:
    return [{**row, "confidence": _confidence(row["source"]), "evidence": ""} for row in tables["inhibitors"]]


_EVIDENCE = (("FDA examples of drugs", "fda_table"), ("label:", "label"), ("two lists:", "two_lists"))


def with_evidence(row: Row) -> Row:
    """Return a row of the interactions with the class of its evidence, which its source says."""
    found = next((kind for begin, kind in _EVIDENCE if row["source"].startswith(begin)), "unverified")
    return {**row, "evidence": found}


def _confidence(source: str) -> str:
    return "recall" if "recall" in source else "read"


_SHORT = {
    "PM": "Poor Metabolizer",
    "IM": "Intermediate Metabolizer",
    "NM": "Normal Metabolizer",
    "RM": "Rapid Metabolizer",
    "UM": "Ultrarapid Metabolizer",
}


def _phenoconversion(tables: Tables) -> list[Row]:
    rows = []
    for number, row in enumerate(tables["phenoconversion_rules"], 1):
        smoking = row["strength"] == "smoking"
        method, factor, mapping = _conversion(row)
        rows.append(
            {
                "rule_id": f"PC-{number:03d}",
                "gene": row["gene"],
                "trigger": "smoking" if smoking else row["role"],
                "strengths": "" if smoking else row["strength"].replace("_or_", ";"),
                "method": method,
                "factor": factor,
                "map": mapping,
                "source": row["source"],
                "confidence": _confidence(row["source"]),
            }
        )
    return rows


def _conversion(row: Row) -> tuple[str, str, str]:
    rule = row["rule"]
    if rule.startswith("no change"):
        return "none", "", ""
    if row["activity_multiplier"]:
        return "multiply_score", row["activity_multiplier"], ""
    if rule.startswith("one step"):
        return "steps", "1" if "up" in rule else "-1", ""
    if "any phenotype" in rule or rule.startswith("NM/IM/PM"):
        return "map", "", f"*>{_SHORT['PM']}"
    steps = []
    for part in rule.split(";"):
        before, after = part.strip().split("->")
        steps += [f"{_SHORT[one]}>{_SHORT[after]}" for one in before.split("/")]
    return "map", "", ";".join(steps)


def _pairs(tables: Tables) -> list[Row]:
    column = "cpic_used_for_recommendation"
    return [{**row, column: row[column].removeprefix("n/a")} for row in tables["pairs"]]


def _drugs(tables: Tables) -> list[Row]:
    codes = ("rxnorm", "atc", "drugbank")
    return [
        {**row, **{name: ";".join(part for part in row[name].split(";") if part != "NA") for name in codes}}
        for row in tables["drugs"]
    ]


def _hla_tags(tables: Tables) -> list[Row]:
    return [_rename(row, allele="hla_allele") for row in tables["hla_tags"]]


def _effects(tables: Tables) -> list[Row]:
    return [_rename(row, genotype="gene_allele_phenotype", pmid="PMID", notes="note") for row in tables["effects"]]


def _exceptions(tables: Tables) -> list[Row]:
    return [_rename(row, rule_phenotype="rule_phenotype_or_reason") for row in tables["phenotype_exceptions"]]


def _equations(tables: Tables) -> list[Row]:
    return [_rename(row, equation="algorithm") for row in tables["warfarin_algorithm"]]


def _same(name: str) -> Callable[[Tables], list[Row]]:
    return lambda tables: tables[name]


CONVERT: dict[str, Callable[[Tables], list[Row]]] = {
    "genes": _genes,
    "variants": _same("variants"),
    "alleles": _alleles,
    "definitions": _definitions,
    "functions": _functions,
    "phenotype_rules": _phenotype_rules,
    "recommendations": _same("recommendations"),
    "recommendation_conditions": _conditions,
    "pairs": _pairs,
    "drugs": _drugs,
    "interactions": _interactions,
    "phenoconversion": _phenoconversion,
    "frequencies": _same("frequencies"),
    "phenotype_frequencies": _same("phenotype_frequencies"),
    "variant_frequencies": _same("variant_frequencies"),
    "effects": _effects,
    "hla_tags": _hla_tags,
    "equations": _equations,
    "phenotype_exceptions": _exceptions,
}

NEEDED = {
    "genes", "variants", "alleles", "allele_variants", "allele_function_dpwg", "phenotypes", "phenotype_exceptions",
    "recommendations", "pairs", "drugs", "inhibitors", "phenoconversion_rules", "frequencies", "phenotype_frequencies",
    "variant_frequencies", "effects", "hla_tags", "warfarin_algorithm",
}  # fmt: skip
