"""Bring fact tables into the project's own schema: ``pgx kb build FACTS_DIR -o OUT_DIR``.

The fact tables are the curated input (see ``data/knowledge/sources.toml``); this importer is the only way by which they
enter ``data/knowledge``. It renames, splits and normalises. The cells that it changes are listed, each with its reason,
in ``corrections.tsv``; a correction whose old value is no longer there stops the import.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

from pgx.errors import InputError
from pgx.io import atomic_write, write_bytes
from pgx.knowledge.manifest import write_manifest
from pgx.knowledge.overlays import parse_cell
from pgx.knowledge.tables import TABLES
from pgx.paths import data_dir

Row = dict[str, str]

_CALLER = {
    "star_exact": "named_allele",
    "single_snv": "named_allele",
    "variant_list": "variant_list",
    "outside_call": "outside",
}
_INHERITANCE = {"haploid-X": "x_linked", "haploid-MT": "mitochondrial"}


def build(facts: Path, out: Path, *, corrections: Path | None = None) -> dict[str, int]:
    """Write every knowledge table that comes from `facts` into `out`, and the manifest of their checksums.

    Parameters
    ----------
    facts
        Folder with the fact tables.
    out
        Folder to write to; other files there are left alone.
    corrections
        Table of corrections; None = the one in `out`, else the product's.

    Returns
    -------
    dict
        Rows written per table.

    Raises
    ------
    InputError
        If a fact table is missing or lacks a column, or a correction no longer fits.
    """
    tables = {path.stem: _read(path) for path in sorted(facts.glob("*.tsv"))}
    missing = sorted(_NEEDED - set(tables))
    if missing:
        raise InputError(f"fact tables are missing: {', '.join(missing)}", file=facts)
    converted = {}
    for name, convert in _CONVERT.items():
        try:
            converted[name] = [dict(row) for row in convert(tables)]
        except KeyError as error:
            raise InputError(f"the fact tables behind {name} lack {error}", file=facts) from error
        _fit(converted[name], name, facts)
    _correct(converted, corrections or _curated(out, "corrections"))
    _verify(converted, _curated(out, "verifications"))
    out.mkdir(parents=True, exist_ok=True)
    for name, rows in converted.items():
        _write(out / f"{name}.tsv", name, rows)
    write_manifest(out, {path: len(tables[path.stem]) for path in sorted(facts.glob("*.tsv"))}, tuple(converted))
    return {name: len(rows) for name, rows in converted.items()}


def build_folder(facts: Path, out: Path) -> dict[str, int]:
    """Build a complete knowledge folder: the imported tables, and the product's other files where `out` has none.

    Returns
    -------
    dict
        Rows written per imported table.
    """
    counts = build(facts, out)
    own = data_dir() / "knowledge"
    for path in sorted(own.rglob("*")):
        target = out / path.relative_to(own)
        if path.is_file() and not target.exists():
            write_bytes(target, path.read_bytes())
    return counts


def _curated(out: Path, name: str) -> Path:
    own = out / f"{name}.tsv"
    return own if own.is_file() else data_dir() / "knowledge" / f"{name}.tsv"


def _rows_where(rows: list[Row], where: str) -> list[Row]:
    wanted = dict(part.split("=", 1) for part in where.split("&"))
    return [row for row in rows if all(row.get(column) == value for column, value in wanted.items())]


def _verify(converted: dict[str, list[Row]], path: Path) -> None:
    """Mark the rows that a public source confirms as read; note on the others what it says instead."""
    for one in _read(path):
        for row in _rows_where(converted.get(one["table"], []), one["where"]):
            if one["finding"] == "differs":
                row["notes"] = ";".join(filter(None, [row["notes"], f"checked_source_says_{one['says']}"]))
            elif one["finding"] == "partly":
                row["notes"] = "; ".join(filter(None, [row["notes"], f"{one['says']} checked: {one['source']}"]))
            elif "confidence" in row:
                row.update(confidence="read", source=one["source"])
            else:
                row["source_version"] = row["source_version"].replace("recall", f"checked: {one['source']}")


def _correct(converted: dict[str, list[Row]], path: Path) -> None:
    for number, fix in enumerate(_read(path), 2):
        rows = _rows_where(converted.get(fix["table"], []), fix["where"])
        if not rows or any(row.get(fix["column"]) != fix["old"] for row in rows):
            raise InputError(
                f"the correction of {fix['table']} where {fix['where']} no longer fits",
                file=path,
                where=f"line {number}",
                fix="remove the line if the source has changed",
            )
        for row in rows:
            row[fix["column"]] = fix["new"]


def _read(path: Path) -> list[Row]:
    try:
        with path.open(encoding="utf-8", newline="") as handle:
            reader = csv.reader(handle, delimiter="\t", quoting=csv.QUOTE_NONE)
            header = next(reader, [])
            rows = list(reader)
    except UnicodeDecodeError as error:
        raise InputError("not UTF-8 text", file=path, fix="save it as UTF-8") from error
    for number, cells in enumerate(rows, 2):
        if len(cells) != len(header):
            problem = f"{len(cells)} cells, but the header has {len(header)} columns"
            raise InputError(problem, file=path, where=f"line {number}", fix="separate cells with tabs")
    return [dict(zip(header, cells, strict=True)) for cells in rows]


def _write(path: Path, table: str, rows: Iterable[Row]) -> None:
    names = [f.name for f in TABLES[table].fields]
    lines = ["\t".join(names)]
    for row in rows:
        lines.append("\t".join(row[name] for name in names))
    with atomic_write(path) as handle:
        handle.write("\n".join(lines) + "\n")


def _fit(rows: list[Row], name: str, facts: Path) -> None:
    """Refuse rows that the table's schema does not allow: a wrong code or number is named before it is written."""
    for number, row in enumerate(rows, 1):
        for one in TABLES[name].fields:
            if one.name not in row:
                raise InputError(f"the fact tables behind {name} lack column {one.name!r}", file=facts)
            parse_cell(row[one.name], one, facts, f"table {name}, row {number}, column {one.name}")


def _rename(row: Row, **names: str) -> Row:
    """Return a copy of `row` in which key `old` is called `new` for each ``new=old``."""
    return {**row, **{new: row[old] for new, old in names.items()}}


def _phenotype_methods(tables: dict[str, list[Row]]) -> dict[str, str]:
    by_gene: dict[str, set[str]] = defaultdict(set)
    for rule in tables["phenotypes"]:
        by_gene[rule["gene"]].add(rule["rule_type"])
    order = ("activity_range", "any_allele", "function_single", "genotype", "allele_presence", "function_pair")
    names = {"activity_range": "activity_score"}
    return {gene: next(names.get(kind, kind) for kind in order if kind in kinds) for gene, kinds in by_gene.items()}


def _genes(tables: dict[str, list[Row]]) -> list[Row]:
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


def _alleles(tables: dict[str, list[Row]]) -> list[Row]:
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


def _definitions(tables: dict[str, list[Row]]) -> list[Row]:
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


def _functions(tables: dict[str, list[Row]]) -> list[Row]:
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


def _phenotype_rules(tables: dict[str, list[Row]]) -> list[Row]:
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


def _conditions(tables: dict[str, list[Row]]) -> list[Row]:
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


def _interactions(tables: dict[str, list[Row]]) -> list[Row]:
    return [{**row, "confidence": _confidence(row["source"])} for row in tables["inhibitors"]]


def _confidence(source: str) -> str:
    return "recall" if "recall" in source else "read"


_SHORT = {
    "PM": "Poor Metabolizer",
    "IM": "Intermediate Metabolizer",
    "NM": "Normal Metabolizer",
    "RM": "Rapid Metabolizer",
    "UM": "Ultrarapid Metabolizer",
}


def _phenoconversion(tables: dict[str, list[Row]]) -> list[Row]:
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


def _pairs(tables: dict[str, list[Row]]) -> list[Row]:
    column = "cpic_used_for_recommendation"
    return [{**row, column: row[column].removeprefix("n/a")} for row in tables["pairs"]]


def _drugs(tables: dict[str, list[Row]]) -> list[Row]:
    codes = ("rxnorm", "atc", "drugbank")
    return [
        {**row, **{name: ";".join(part for part in row[name].split(";") if part != "NA") for name in codes}}
        for row in tables["drugs"]
    ]


def _hla_tags(tables: dict[str, list[Row]]) -> list[Row]:
    return [_rename(row, allele="hla_allele") for row in tables["hla_tags"]]


def _effects(tables: dict[str, list[Row]]) -> list[Row]:
    return [_rename(row, genotype="gene_allele_phenotype", pmid="PMID", notes="note") for row in tables["effects"]]


def _exceptions(tables: dict[str, list[Row]]) -> list[Row]:
    return [_rename(row, rule_phenotype="rule_phenotype_or_reason") for row in tables["phenotype_exceptions"]]


def _equations(tables: dict[str, list[Row]]) -> list[Row]:
    return [_rename(row, equation="algorithm") for row in tables["warfarin_algorithm"]]


def _same(name: str) -> Callable[[dict[str, list[Row]]], list[Row]]:
    return lambda tables: tables[name]


_CONVERT: dict[str, Callable[[dict[str, list[Row]]], list[Row]]] = {
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

_NEEDED = {
    "genes", "variants", "alleles", "allele_variants", "allele_function_dpwg", "phenotypes", "phenotype_exceptions",
    "recommendations", "pairs", "drugs", "inhibitors", "phenoconversion_rules", "frequencies", "phenotype_frequencies",
    "variant_frequencies", "effects", "hla_tags", "warfarin_algorithm",
}  # fmt: skip


if __name__ == "__main__":
    print(build(Path(sys.argv[1]), Path(sys.argv[2])))
