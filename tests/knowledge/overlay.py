"""A site's own tables for the tests: a gene, its alleles and rules, a drug and its guideline, an interaction."""

from __future__ import annotations

from pathlib import Path

NEW_GENE = {
    "genes": """
gene chrom tier caller inheritance phenotype_method lookup copy_number_varies reference_allele grch38_allele source
ZZG1 chr1 guideline named_allele autosomal function_pair phenotype n *1 *1 ward_7
""",
    "variants": """
variant_id gene chrom pos_grch38 ref alt type rsid pos_grch37 ref_grch37 alt_grch37 ref_differs source
ZZG1:1000100:A:G ZZG1 chr1 1000100 A G snv rs9900001 935480 A G n ward_7
ZZG1:1000200:C:T ZZG1 chr1 1000200 C T snv rs9900002 935580 C T n ward_7
""",
    "alleles": """
gene allele reference grch38 grch37 structural callable source
ZZG1 *1 y y y n y ward_7
ZZG1 *2 n n n n y ward_7
ZZG1 *3 n n n n y ward_7
""",
    "definitions": """
gene allele pos_grch38 bases variants
ZZG1 *2 1000100 G ZZG1:1000100:A:G
ZZG1 *3 1000200 T ZZG1:1000200:C:T
""",
    "functions": """
gene allele scheme function activity_is_minimum source
ZZG1 *1 CPIC Normal_function n ward_7
ZZG1 *2 CPIC No_function n ward_7
ZZG1 *3 CPIC Decreased_function n ward_7
""",
    "phenotype_rules": """
gene scheme rule_type input1 input2 phenotype source
ZZG1 CPIC function_pair Normal_function Normal_function Normal_Metabolizer ward_7
ZZG1 CPIC function_pair Normal_function No_function Intermediate_Metabolizer ward_7
ZZG1 CPIC function_pair No_function No_function Poor_Metabolizer ward_7
ZZG1 CPIC function_pair Normal_function Decreased_function Normal_Metabolizer ward_7
ZZG1 CPIC function_pair Decreased_function Decreased_function Intermediate_Metabolizer ward_7
ZZG1 CPIC function_pair No_function Decreased_function Poor_Metabolizer ward_7
""",
    "drugs": """
drug synonyms source
newdrugine Newdrug ward_7
""",
    "recommendations": """
rec_id source source_version drug population action alternatives strength notes
WARD7-1 CPIC ward_7 newdrugine general avoid warfarin strong text:ask_the_ward_pharmacist
""",
    "recommendation_conditions": """
rec_id position gene match_on value implication
WARD7-1 1 ZZG1 phenotype Poor_Metabolizer exposure_up_marked
""",
    "interactions": """
drug enzyme role strength source confidence
newdrugine CYP2D6 inhibitor strong ward_7 read
""",
}


def write_overlay(folder: Path, tables: dict[str, str]) -> Path:
    """Write tables given as text, one blank between cells; ``_`` is a blank in a value, ``.`` an empty cell."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in tables.items():
        header, *rows = text.strip().splitlines()
        lines = [header.replace(" ", "\t")]
        for row in rows:
            cells = zip(header.split(" "), row.split(" "), strict=True)
            lines.append("\t".join(_cell(column, cell) for column, cell in cells))
        (folder / f"{name}.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def _cell(column: str, cell: str) -> str:
    if cell == ".":
        return ""
    words = column in ("function", "input1", "input2", "phenotype", "value", "notes", "allele")
    return cell.replace("_", " ") if words else cell
