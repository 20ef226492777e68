"""Readers of the callers of star alleles (PharmCAT's own format, pypgx, Cyrius, DRAGEN, ...) and of tables."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pgx.errors import InputError
from pgx.guard.limits import OUTSIDE
from pgx.phenotypes.outside.source import Known, Said, Source, cells_of, gene_of_path, header_of, open_source
from pgx.phenotypes.outside.stated import is_no_call

_SEVERAL = re.compile(r";(?!\s*\[[^][*]+\]\s*$)")
"""Between genotypes; the semicolon of ``c.[719A>G];[460G>A]`` stands between the strands of one."""
_CHANGES = re.compile(r"[^;]*\d[^;]*\b[ACGT]\s?[/|]?\s?[ACGT]\)?\s*(?:;|$)")
"""A list of positions with the bases there: one genotype, and not several that may be."""
_TAKEN_BACK = re.compile(
    r"(?<!no )(?<!not )(?<!without )(?<!keine )(?<!nicht )\b(?:fail(?:ed|ure|s)?|cancell?ed|invalid|void(?:ed)?|"
    r"in.error|erroneous|withdrawn|retracted|rejected|superseded by|(?:result|record|call) deleted|mix.?up|"
    r"swap(?:ped)?|wrong sample|contaminat\w+|low.?(?:q(?:ual(?:ity)?)?|depth|dp)(?=_|\b)|insufficient|not valid|"
    r"unreliable|inconclusive|uninterpretable|not performed|pending|do not (?:use|report)|please repeat|"
    r"to be repeated|repeat(?: required| needed)|^repeat$|nicht (?:auswertbar|bestanden)|"
    r"storniert|ungültig|fehlgeschlagen|verworfen|wiederholen|kontaminiert|annulée?|échec|"
    r"anulad[oa]|inválid[oa]|repetir)",
    re.IGNORECASE,
)
"""What a laboratory or caller writes beside a result that is not to be used."""
_SAMPLE_ID = re.compile(r"^Sample ID:\s*(\S+)", re.MULTILINE)


_GENE_CELL = re.compile(r"^[A-Za-z0-9][A-Za-z0-9/_* -]{1,14}(?:\*[\d:]+)?$")


def is_pharmcat(source: Source) -> bool:
    """Return whether the file is PharmCAT's outside calls: gene, diplotype, phenotype, activity score, no header."""
    rows = [cells_of(line) for _, line in source.lines if not line.startswith("#")]
    looks = [
        row
        for row in rows
        if (_GENE_CELL.match(row[0]) and 2 <= len(row) <= 5) or (len(row) == 1 and _one_cell(row[0], source.known))
    ]
    return source.data is None and bool(looks) and 2 * len(looks) >= len(rows)


def pharmcat(source: Source) -> Iterator[Said]:
    """Read PharmCAT's format."""
    for number, line in source.lines:
        if line.startswith("#"):
            continue
        cells = [*line.rstrip("\r\n").split("\t"), "", "", ""]
        gene, diplotype, phenotype, score = (cell.strip() for cell in cells[:4])
        where = f"line {number}"
        if number == source.lines[0][0] and gene.lower() == "gene":
            continue
        if "\t" not in line:
            found = _one_cell(line.strip(), source.known)
            yield (
                Said(found[0], where, None, (found[1],))
                if found
                else Said(line.split()[0], where, problem="the line has no tab")
            )
        elif problem := _taken_back(*cells[4:]):
            yield Said(gene, where, problem=problem)
        elif not any((diplotype, phenotype, score)):
            yield Said(gene, where, problem="no diplotype, phenotype or activity score on the line")
        else:
            if found := _one_cell(gene, source.known):
                # HLA-B*57:01 in the cell of the gene: what stands behind it is said of that allele.
                gene, diplotype = found[0], " ".join(filter(None, (found[1], diplotype)))
            candidates = () if is_no_call(diplotype) else (diplotype,)
            silent = not candidates and is_no_call(phenotype) and is_no_call(score)
            yield Said(gene, where, None, candidates, phenotype, score, no_call=silent)


def _taken_back(*remarks: str | None) -> str | None:
    """Return why a result is not to be used, by what stands beside it; None where nothing says so."""
    remark = next((remark for remark in remarks if remark and _TAKEN_BACK.search(remark)), None)
    return f"{remark.strip()[:60]!r} stands beside it" if remark else None


def _one_cell(text: str, known: Known) -> tuple[str, str] | None:
    """Split ``CYP2D6*4/*4`` or ``G6PD A- (hemizygous)`` into gene and result; None if it is no such thing."""
    for gene in known.genes:
        if text.upper().startswith(gene) and (match := re.match(r"\s*(\*.*)$|[\s:]+(\S.*)$", text[len(gene) :])):
            return gene, (match[1] or match[2]).strip()
    return None


def pypgx_zip(path: Path, raw: bytes, known: Known) -> Iterator[Said]:
    """Read pypgx results in their archive."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            names = archive.namelist()
            table = next((name for name in names if name.endswith("data.tsv")), None)
            about = next((name for name in names if name.endswith("metadata.txt")), None)
            sizes = [archive.getinfo(name).file_size for name in (table, about) if name]
            if table is None or max(sizes) > OUTSIDE.most:
                raise InputError("an archive without a usable data.tsv, not pypgx results", file=path)
            content = archive.read(table)
            metadata = archive.read(about).decode("utf-8", "replace") if about else ""
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, NotImplementedError) as error:
        raise InputError("a damaged archive", file=path) from error
    gene = re.search(r"^Gene\s*=\s*(\S+)", metadata, re.MULTILINE)
    yield from _by_columns(open_source(path, content, known), gene[1] if gene else None)


_COLUMNS = {
    "sample": ("sample", "sample_id", "sampleid", "sample id", "sample name", "subject", "person", "person_id",
               "patient", "patient_id", "name", ""),
    "gene": ("gene", "gene_name", "gene name", "gene symbol", "locus"),
    "diplotype": ("diplotype", "genotype", "star allele genotype", "star alleles", "star_alleles", "call"),
    "phenotype": ("phenotype", "predictedphenotype", "predicted phenotype", "predicted_phenotype", "metabolizer status",
                  "metabolizer_status", "metabolism status", "phenotypedatabaseannotation"),
    "score": ("activity score", "activity_score", "activityscore", "as"),
    "filter": ("filter", "genotypefilter", "genotype filter"),
}  # fmt: skip
_PAIRS = (("hap1_main", "hap2_main"), ("allele1", "allele2"), ("allele_1", "allele_2"), ("allele 1", "allele 2"))
"""Columns that hold the two alleles of a diplotype: as Stargazer writes them, and as laboratories do."""
_BESIDE = frozenset(
    {"status", "result status", "result_status", "qc", "qc status", "qc_status", "quality", "comment", "comments",
     "remark", "remarks", "note", "notes", "flag", "flags", "bemerkung", "kommentar", "befundstatus",
     "commentaire", "remarque", "statut", "comentario", "observaciones", "estado"}
)  # fmt: skip
"""Columns that may say that a result is not to be used."""


def _named_columns(header: list[str]) -> dict[str, int]:
    found = {
        name: next(header.index(form) for form in forms if form in header)
        for name, forms in _COLUMNS.items()
        if any(form in header for form in forms)
    }
    pair = next((pair for pair in _PAIRS if set(pair) <= set(header)), None)
    if pair and "diplotype" not in found:
        found |= {"diplotype": header.index(pair[0]), "second": header.index(pair[1])}
    return found


def genes_of_columns(source: Source) -> dict[tuple[str, str], dict[str, int]]:
    """Return the columns of a table that are named by a gene: gene and allele (``HLA-B*57:01``) -> what -> column.

    None if it names no sample, or is one row a gene.
    """
    header = header_of(source)
    columns = _named_columns(header)
    if not header or "gene" in columns or not header[columns.get("sample", 0)] or "sample" not in columns:
        return {}
    found: dict[tuple[str, str], dict[str, int]] = {}
    for index, heading in enumerate(header):
        for gene in source.known.genes:
            rest = heading[len(gene) :].strip(" _") if heading.startswith(gene.lower()) else None
            what = next((name for name, forms in _COLUMNS.items() if rest in forms[: len(forms) - (rest == "")]), None)
            if rest == "" or what in ("diplotype", "phenotype", "score"):
                found.setdefault((gene, ""), {})[what or "diplotype"] = index
            elif rest and re.fullmatch(r"\*[\d:]+", rest):
                found.setdefault((gene, rest), {})["diplotype"] = index
    return found


def wide(source: Source) -> Iterator[Said]:
    """Read a table of one row a sample and one column a gene, or several: diplotype, phenotype, activity score."""
    header = header_of(source)
    sample, genes = _named_columns(header)["sample"], genes_of_columns(source)
    for number, line in source.lines[1:]:
        cells = cells_of(line)
        for (gene, allele), columns in genes.items():
            place, about = f"line {number}, column {header[min(columns.values())]}", cells[sample] or None
            if len(cells) != len(header):
                yield Said(gene, place, about, problem=f"{len(cells)} cells, but the heading has {len(header)}")
                continue
            cell = {what: cells[index] for what, index in columns.items()}
            if any(cell.values()):
                call = f"{allele} {cell.get('diplotype', '')}".strip()
                yield _called(gene, place, about, call, cell.get("phenotype"), cell.get("score"), None)


def is_table(source: Source) -> bool:
    """Return whether the file is a table with named columns."""
    columns = _named_columns(header_of(source))
    return "diplotype" in columns and ("gene" in columns or "sample" in columns) and len(source.lines) >= 1


def is_cyrius(source: Source) -> bool:
    """Return whether the file is Cyrius' table."""
    return header_of(source)[:3] == ["sample", "genotype", "filter"]


def is_pypgx(source: Source) -> bool:
    """Return whether the file is the table of pypgx results."""
    return {"haplotype1", "haplotype2"} <= set(header_of(source)) and is_table(source)


def table(source: Source) -> Iterator[Said]:
    """Read tables with named columns."""
    return _by_columns(source, None)


def _by_columns(source: Source, gene: str | None) -> Iterator[Said]:
    header = header_of(source)
    columns = _named_columns(header)
    if "diplotype" not in columns:
        raise InputError("the table has no column of genotypes", file=source.path)
    gene = gene or _gene_of_table(source)
    if gene is None and "gene" not in columns:
        raise InputError("the table names no gene", file=source.path, fix="put the gene's symbol in the file's name")
    for number, line in source.lines[1:]:
        cells = [cell.strip() for cell in line.split("\t")]
        cell = {name: cells[i] if i < len(cells) else "" for name, i in columns.items()}
        call = "/".join(filter(None, (cell["diplotype"], cell.get("second"))))
        where, about = f"line {number}", cell.get("gene") or gene or "?"
        sample = cell.get("sample") or None
        beside = (cells[i] for i, name in enumerate(header) if name in _BESIDE and i < len(cells))
        problem = "the line is cut short" if len(cells) <= columns["diplotype"] else _taken_back(*beside)
        if any(cells[len(header) :]):
            problem = f"{len(cells)} cells, but the heading has {len(header)}"
        if problem:
            yield Said(about, where, sample, problem=problem)
            continue
        yield _called(about, where, sample, call, cell.get("phenotype"), cell.get("score"), cell.get("filter"))


def _called(
    gene: str, where: str, sample: str | None, call: str, phenotype: str | None, score: str | None, flt: str | None
) -> Said:
    """One call with the caller's own filter: several genotypes joined by ``;``, or alleles not put on two strands."""
    parts = [call] if all(map(_CHANGES.fullmatch, call.split(";"))) else _SEVERAL.split(call)
    candidates = tuple(part.strip() for part in parts if not is_no_call(part))
    if candidates and not any("/" in part for part in candidates) and flt and flt.lower().startswith("not_assigned"):
        return Said(gene, where, sample, problem=f"the caller could not assign {call} to two strands")
    if candidates and (problem := _taken_back(flt)):
        return Said(gene, where, sample, problem=problem)
    only = phenotype if not candidates or len(candidates) == 1 else None
    silent = not candidates and (is_no_call(only) and is_no_call(score))
    return Said(gene, where, sample, candidates, only, score, no_call=silent)


def _gene_of_table(source: Source) -> str | None:
    """Gene of a table that does not write it: from the name of the file or its folder, or the one gene of the tool."""
    return gene_of_path(source) or (source.known.gene_of_tool.get("cyrius") if is_cyrius(source) else None)


def is_stellarpgx(source: Source) -> bool:
    """Return whether the file is StellarPGx."""
    return "Star Allele Calling with StellarPGx" in source.text


def stellarpgx(source: Source) -> Iterator[Said]:
    """Read StellarPGx."""
    title = re.search(r"(\S+) Star Allele Calling with StellarPGx", source.text)
    sample = _SAMPLE_ID.search(source.text)
    found: dict[str, str] = {}
    where = "line 1"
    lines = [(number, line.strip()) for number, line in source.lines]
    for (number, line), (_, following) in zip(lines, [*lines[1:], (0, "")], strict=True):
        label = line.rstrip(":").lower()
        if label in ("result", "activity score", "metaboliser status", "metabolizer status"):
            found[label.split()[0]] = "" if following.endswith(":") else following
            where = f"line {number}" if label == "result" else where
    gene = title[1] if title else "?"
    name = sample[1] if sample else None
    call = found.get("result", "")
    possible = re.split(r"\s+or\s+|;", call.strip("[]"))
    candidates = tuple(part.strip(" '\"") for part in possible if re.match(r"^\*\S+/\*\S+$", part.strip(" '\"")))
    phenotype, score = found.get("metaboliser") or found.get("metabolizer"), found.get("activity")
    if candidates:
        yield Said(gene, where, name, candidates, phenotype, score)
    elif is_no_call(call) or "no_call" in call.lower():
        yield Said(gene, where, name, no_call=True)
    else:
        yield Said(gene, where, name, problem=f"result {call!r} is not a diplotype")


def _lower(row: dict[str, Any]) -> dict[str, Any]:
    return {str(key).lower(): value for key, value in row.items()}


def _text(value: Any) -> str | None:
    if isinstance(value, list):
        return ";".join(str(one) for one in value)
    return None if value is None or isinstance(value, dict) else str(value)


def is_dragen(source: Source) -> bool:
    """Return whether the file is JSON of DRAGEN's targeted or star-allele caller."""
    return isinstance(source.data, dict) and any(True for _ in dragen(source))


def dragen(source: Source) -> Iterator[Said]:
    """Read DRAGEN."""
    data = _lower(source.data)
    sample = _text(next((data[key] for key in ("sample", "sampleid", "samplename", "sample_id") if key in data), None))
    rows = data.get("locusannotations") or data.get("staralleles") or []
    listed = [(f"record {n}", row) for n, row in enumerate(rows if isinstance(rows, list) else [], 1)]
    keyed = [
        (str(key), {"gene": str(key).upper(), **value}) for key, value in source.data.items() if isinstance(value, dict)
    ]
    for where, row in [*listed, *keyed]:
        if not isinstance(row, dict):
            continue
        low = _lower(row)
        gene = _text(
            next((low[key] for key in ("gene", "genename", "genesymbol", "locus", "name") if key in low), None)
        )
        call = next((low[key] for key in ("genotype", "diplotype", "genotypes") if key in low), None)
        if gene is None or call is None:
            continue
        said = _text(low.get("phenotypedatabaseannotation") or low.get("metabolismstatus") or low.get("phenotype"))
        flt = _text(low.get("genotypefilter") or low.get("filter"))
        yield _called(gene, where, sample, _text(call) or "", said, _text(low.get("activityscore")), flt)


def is_cyrius_json(source: Source) -> bool:
    """Return whether the file is Cyrius' JSON."""
    rows = source.data.values() if isinstance(source.data, dict) else ()
    return bool(rows) and all(isinstance(row, dict) and "Genotype" in row and "Filter" in row for row in rows)


def cyrius_json(source: Source) -> Iterator[Said]:
    """Read Cyrius' JSON."""
    gene = source.known.gene_of_tool["cyrius"]
    for sample, row in source.data.items():
        yield _called(gene, f"sample {sample}", sample, _text(row["Genotype"]) or "", None, None, _text(row["Filter"]))
