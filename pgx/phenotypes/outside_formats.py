"""The files that other callers write, each as they write it; which one it is, is found out from the content.

Every reader gives `Said` rows: what one tool says of one gene of one sample, or why it cannot be used.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pgx.errors import InputError
from pgx.phenotypes.outside_names import is_no_call

MAX_BYTES = 64 * 1024 * 1024
_GENE_IN_PATH = re.compile(
    r"(?<![A-Za-z0-9])(CYP\w{2,5}|TPMT|NUDT15|DPYD|SLCO1B1|UGT\w{3,5}|NAT[12]|G6PD|VKORC1|HLA-\w+)"
)
_HISAT_RANKED = re.compile(
    r"(?P<rank>\d+) ranked (?P<gene>[A-Z]+\d*)\*(?P<allele>[\d:]+[A-Z]?) \(abundance: (?P<share>[\d.]+)%\)"
)
_HISAT_SECOND = 10.0
_HLA_ALLELE = re.compile(r"^(?:HLA-)?[A-Z]+\d?\*\d")
_SAMPLE_ID = re.compile(r"^Sample ID:\s*(\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Said:
    """What a tool says of one gene.

    Parameters
    ----------
    gene
        Gene as the tool writes it.
    where
        Line, or key, for messages.
    sample
        Sample as the tool writes it; None if the file names none.
    candidates
        Diplotypes that the tool cannot tell apart; one if it is sure, none if it states only a phenotype.
    phenotype, score
        As stated.
    problem
        Why the row cannot be used.
    no_call
        Whether the tool says that it made no call.
    """

    gene: str
    where: str
    sample: str | None = None
    candidates: tuple[str, ...] = ()
    phenotype: str | None = None
    score: str | None = None
    problem: str | None = None
    no_call: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """A file's content, in the forms that the readers look at."""

    path: Path
    text: str
    lines: tuple[tuple[int, str], ...]
    data: Any = None


def read(path: Path) -> tuple[str, list[Said]]:
    """Return the tool's name and what it says.

    Raises
    ------
    InputError
        If the file cannot be read, or is in no format known.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=path) from error
    if not raw.strip():
        raise InputError("the file of outside calls is empty", file=path)
    if len(raw) > MAX_BYTES:
        raise InputError("too large for a file of outside calls", file=path)
    if raw[:2] == b"PK":
        return "pypgx", list(_pypgx_zip(path, raw))
    source = _source(path, raw)
    for tool, is_it, reader in _FORMATS:
        if is_it(source):
            return tool, list(reader(source))
    raise InputError(
        "not a file of outside calls in a known format",
        file=path,
        fix="known are PharmCAT's outside-call TSV and the outputs of Aldy, pypgx, Cyrius, StellarPGx, DRAGEN, "
        "OptiType, HLA-LA, arcasHLA, HISAT-genotype and T1K",
    )


def _source(path: Path, raw: bytes) -> Source:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 text (byte {error.start + 1})", file=path, fix="save it as UTF-8") from error
    if "\0" in text:
        raise InputError("a binary file, not a file of outside calls", file=path)
    lines = tuple((n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip())
    data = None
    if text.lstrip()[:1] in "{[":
        try:
            data = json.loads(text)
        except (json.JSONDecodeError, RecursionError) as error:
            line = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else None
            raise InputError("not valid JSON", file=path, where=line) from error
    return Source(path, text, lines, data)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("\t")]


def _header(source: Source) -> list[str]:
    return [cell.lower().lstrip("#") for cell in _cells(source.lines[0][1])] if source.lines else []


# --- PharmCAT ---------------------------------------------------------------------------------------------------------


def _is_pharmcat(source: Source) -> bool:
    rows = [_cells(line) for _, line in source.lines if not line.startswith("#")]
    looks = [row for row in rows if re.match(r"^[A-Za-z][A-Za-z0-9/_-]{1,14}$", row[0]) and 2 <= len(row) <= 5]
    return source.data is None and bool(looks) and 2 * len(looks) >= len(rows)


def _pharmcat(source: Source) -> Iterator[Said]:
    for number, line in source.lines:
        if line.startswith("#"):
            continue
        cells = [*line.rstrip("\r\n").split("\t"), "", "", ""]
        gene, diplotype, phenotype, score = (cell.strip() for cell in cells[:4])
        where = f"line {number}"
        if number == source.lines[0][0] and gene.lower() == "gene":
            continue
        if "\t" not in line:
            yield Said(line.split()[0], where, problem="the line has no tab")
        elif not any((diplotype, phenotype, score)):
            yield Said(gene, where, problem="no diplotype, phenotype or activity score on the line")
        else:
            candidates = () if is_no_call(diplotype) else (diplotype,)
            silent = not candidates and is_no_call(phenotype) and is_no_call(score)
            yield Said(gene, where, None, candidates, phenotype, score, no_call=silent)


# --- callers of star alleles ------------------------------------------------------------------------------------------


def _aldy(source: Source) -> Iterator[Said]:
    header = _header(source)
    column = {name: i for i, name in enumerate(header)}
    found: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    first: dict[tuple[str, str], str] = {}
    for number, line in source.lines[1:]:
        cells = _cells(line)
        if line.startswith("#"):
            continue
        if len(cells) <= column["major"]:
            gene = cells[1] if len(cells) > 1 else "?"
            yield Said(gene, f"line {number}", problem="the line is cut short")
            continue
        key = cells[column["sample"]], cells[column["gene"]]
        found[key][cells[column["major"]]] = None
        first.setdefault(key, f"line {number}")
    for (sample, gene), majors in found.items():
        yield Said(gene, first[sample, gene], sample, tuple(majors))


def _pypgx_zip(path: Path, raw: bytes) -> Iterator[Said]:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            names = archive.namelist()
            table = next((name for name in names if name.endswith("data.tsv")), None)
            about = next((name for name in names if name.endswith("metadata.txt")), None)
            if table is None or archive.getinfo(table).file_size > MAX_BYTES:
                raise InputError("an archive without a usable data.tsv, not pypgx results", file=path)
            content = archive.read(table)
            metadata = archive.read(about).decode("utf-8", "replace") if about else ""
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError) as error:
        raise InputError("a damaged archive", file=path) from error
    gene = re.search(r"^Gene\s*=\s*(\S+)", metadata, re.MULTILINE)
    yield from _by_columns(_source(path, content), gene[1] if gene else None)


_COLUMNS = {
    "sample": ("sample", "sample_id", "sampleid", "sample id", "sample name", "subject", ""),
    "gene": ("gene", "gene_name", "gene name", "gene symbol", "locus"),
    "diplotype": ("diplotype", "genotype", "star allele genotype", "star alleles", "star_alleles", "call"),
    "phenotype": ("phenotype", "predictedphenotype", "predicted phenotype", "predicted_phenotype", "metabolizer status",
                  "metabolizer_status", "metabolism status", "phenotypedatabaseannotation"),
    "score": ("activity score", "activity_score", "activityscore", "as"),
    "filter": ("filter", "genotypefilter", "genotype filter"),
}  # fmt: skip


def _named_columns(header: list[str]) -> dict[str, int]:
    return {
        name: next(header.index(form) for form in forms if form in header)
        for name, forms in _COLUMNS.items()
        if any(form in header for form in forms)
    }


def _is_table(source: Source) -> bool:
    columns = _named_columns(_header(source))
    return "diplotype" in columns and ("gene" in columns or "sample" in columns) and len(source.lines) >= 1


def _table(source: Source) -> Iterator[Said]:
    return _by_columns(source, None)


def _by_columns(source: Source, gene: str | None) -> Iterator[Said]:
    header = _header(source)
    columns = _named_columns(header)
    if "diplotype" not in columns:
        raise InputError("the table has no column of genotypes", file=source.path)
    gene = gene or _gene_of_table(source, header)
    if gene is None and "gene" not in columns:
        raise InputError("the table names no gene", file=source.path, fix="put the gene's symbol in the file's name")
    for number, line in source.lines[1:]:
        cells = [cell.strip() for cell in line.split("\t")]
        cell = {name: cells[i] if i < len(cells) else "" for name, i in columns.items()}
        where, about = f"line {number}", cell.get("gene") or gene or "?"
        sample = cell.get("sample") or None
        if len(cells) <= columns["diplotype"]:
            yield Said(about, where, sample, problem="the line is cut short")
            continue
        yield _called(
            about, where, sample, cell["diplotype"], cell.get("phenotype"), cell.get("score"), cell.get("filter")
        )


def _called(
    gene: str, where: str, sample: str | None, call: str, phenotype: str | None, score: str | None, flt: str | None
) -> Said:
    """One call with the caller's own filter: several genotypes joined by ``;``, or alleles not put on two strands."""
    candidates = tuple(part.strip() for part in call.split(";") if not is_no_call(part))
    if candidates and not any("/" in part for part in candidates) and flt and flt.lower().startswith("not_assigned"):
        return Said(gene, where, sample, problem=f"the caller could not assign {call} to two strands")
    only = phenotype if not candidates or len(candidates) == 1 else None
    silent = not candidates and (is_no_call(only) and is_no_call(score))
    return Said(gene, where, sample, candidates, only, score, no_call=silent)


def _gene_of_table(source: Source, header: list[str]) -> str | None:
    """Gene of a table that does not write it: from the name of the file or its folder; Cyrius calls CYP2D6 only."""
    for part in (source.path.name, source.path.parent.name):
        if match := _GENE_IN_PATH.search(part.upper()):
            return match[1]
    return "CYP2D6" if header[:3] == ["sample", "genotype", "filter"] else None


def _is_stellarpgx(source: Source) -> bool:
    return "Star Allele Calling with StellarPGx" in source.text


def _stellarpgx(source: Source) -> Iterator[Said]:
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


# --- JSON of DRAGEN, Cyrius and arcasHLA ------------------------------------------------------------------------------


def _lower(row: dict[str, Any]) -> dict[str, Any]:
    return {str(key).lower(): value for key, value in row.items()}


def _text(value: Any) -> str | None:
    if isinstance(value, list):
        return ";".join(str(one) for one in value)
    return None if value is None or isinstance(value, dict) else str(value)


def _is_dragen(source: Source) -> bool:
    return isinstance(source.data, dict) and any(True for _ in _dragen(source))


def _dragen(source: Source) -> Iterator[Said]:
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


def _is_cyrius_json(source: Source) -> bool:
    rows = source.data.values() if isinstance(source.data, dict) else ()
    return bool(rows) and all(isinstance(row, dict) and "Genotype" in row and "Filter" in row for row in rows)


def _cyrius_json(source: Source) -> Iterator[Said]:
    for sample, row in source.data.items():
        yield _called(
            "CYP2D6", f"sample {sample}", sample, _text(row["Genotype"]) or "", None, None, _text(row["Filter"])
        )


def _is_arcashla(source: Source) -> bool:
    return isinstance(source.data, dict) and any(True for _ in _arcashla(source))


def _arcashla(source: Source) -> Iterator[Said]:
    for key, value in source.data.items():
        if isinstance(value, list):
            yield from _hla_pair(None, key, value, f"key {key}")
        elif isinstance(value, dict):
            for gene, alleles in value.items():
                if isinstance(alleles, list):
                    yield from _hla_pair(key, gene, alleles, f"sample {key}, key {gene}")


def _hla_pair(sample: str | None, gene: str, alleles: list[Any], where: str) -> Iterator[Said]:
    texts = [one for one in alleles if one]
    if texts and all(isinstance(text, str) and _HLA_ALLELE.match(text) for text in texts):
        yield _hla(sample, gene, texts, where)


# --- callers of HLA alleles -------------------------------------------------------------------------------------------


def _hla(sample: str | None, gene: str, alleles: Iterable[str], where: str) -> Said:
    name = gene if gene.upper().startswith("HLA") else f"HLA-{gene}"
    found = [_common(allele) for allele in alleles if not is_no_call(allele)]
    if not found:
        return Said(name, where, sample, no_call=True)
    if len(found) > 2:
        return Said(name, where, sample, problem=f"{len(found)} alleles for one gene")
    pair = found * 2 if len(found) == 1 else found
    return Said(name, where, sample, ("/".join(pair),))


def _common(text: str) -> str:
    """One allele of several that a caller cannot tell apart (``A*01:01:01;A*01:01:02``): the fields they share."""
    options = [re.sub(r"^.*\*", "", one).split(":") for one in re.split(r"[;,]", text) if one.strip()]
    shared = [fields[0] for fields in zip(*options, strict=False) if len(set(fields)) == 1]
    return "*" + ":".join(shared if len(options) > 1 else options[0])


_HLA_COLUMN = re.compile(r"^(?:hla-)?(?P<gene>a|b|c|d[a-z]{2}\d?|[e-g])[_.]?(?P<copy>[12])$")


def _is_hla_table(source: Source) -> bool:
    return len([name for name in _header(source) if _HLA_COLUMN.match(name)]) >= 2 and len(source.lines) >= 2


def _hla_table(source: Source) -> Iterator[Said]:
    header = _header(source)
    columns: dict[str, list[int]] = defaultdict(list)
    for i, name in enumerate(header):
        if match := _HLA_COLUMN.match(name):
            columns[match["gene"].upper()].append(i)
    at = next((header.index(name) for name in ("subject", "sample", "sample_id") if name in header), None)
    for number, line in source.lines[1:]:
        cells = [cell.strip() for cell in line.split("\t")]
        sample = cells[at] if at is not None and at < len(cells) else None
        for gene, places in columns.items():
            if max(places) >= len(cells):
                yield Said(f"HLA-{gene}", f"line {number}", sample, problem="the line is cut short")
            else:
                yield _hla(sample, gene, [cells[i] for i in places], f"line {number}")


def _is_hla_la(source: Source) -> bool:
    return _header(source)[:3] == ["locus", "chromosome", "allele"]


def _hla_la(source: Source) -> Iterator[Said]:
    found: dict[str, list[str]] = defaultdict(list)
    first: dict[str, str] = {}
    for number, line in source.lines[1:]:
        cells = _cells(line)
        if len(cells) < 3:
            yield Said(f"HLA-{cells[0]}", f"line {number}", problem="the line is cut short")
            continue
        found[cells[0]].append(cells[2])
        first.setdefault(cells[0], f"line {number}")
    for gene, alleles in found.items():
        yield _hla(None, gene, alleles, first[gene])


def _is_hisat(source: Source) -> bool:
    return _HISAT_RANKED.search(source.text) is not None


def _hisat(source: Source) -> Iterator[Said]:
    found: dict[str, list[str]] = defaultdict(list)
    first: dict[str, str] = {}
    for number, line in source.lines:
        match = _HISAT_RANKED.search(line)
        if match and (match["rank"] == "1" or (match["rank"] == "2" and float(match["share"]) >= _HISAT_SECOND)):
            found[match["gene"]].append(match["allele"])
            first.setdefault(match["gene"], f"line {number}")
    for gene, alleles in found.items():
        yield _hla(None, gene, [f"*{allele}" for allele in alleles], first[gene])


def _is_t1k(source: Source) -> bool:
    rows = [_cells(line) for _, line in source.lines]
    return bool(rows) and all(
        len(row) >= 8 and row[0].upper().startswith(("HLA-", "KIR")) and row[1].isdigit() for row in rows
    )


def _t1k(source: Source) -> Iterator[Said]:
    for number, line in source.lines:
        cells = _cells(line)
        if not cells[0].upper().startswith("HLA-"):
            continue
        called = [(cells[2], cells[4]), (cells[5], cells[7])][: int(cells[1])]
        # A quality of 0 or less is T1K's way to say that it does not believe the allele.
        if any(_number(quality) <= 0 for allele, quality in called if not is_no_call(allele)):
            yield Said(cells[0], f"line {number}", problem="an allele of quality 0")
        else:
            yield _hla(None, cells[0], [allele for allele, _ in called], f"line {number}")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _is_aldy(source: Source) -> bool:
    header = _header(source)
    return {"sample", "gene", "solutionid", "major"} <= set(header)


_Reader = Callable[[Source], Iterator[Said]]
_FORMATS: tuple[tuple[str, Callable[[Source], bool], _Reader], ...] = (
    ("cyrius", _is_cyrius_json, _cyrius_json),
    ("arcasHLA", _is_arcashla, _arcashla),
    ("dragen", _is_dragen, _dragen),
    ("stellarpgx", _is_stellarpgx, _stellarpgx),
    ("aldy", _is_aldy, _aldy),
    ("hla-la", _is_hla_la, _hla_la),
    ("hisat-genotype", _is_hisat, _hisat),
    ("t1k", _is_t1k, _t1k),
    ("optitype", lambda source: _is_hla_table(source) and "objective" in _header(source), _hla_table),
    ("hla-table", _is_hla_table, _hla_table),
    ("cyrius", lambda source: _header(source)[:3] == ["sample", "genotype", "filter"], _table),
    ("pypgx", lambda source: {"haplotype1", "haplotype2"} <= set(_header(source)) and _is_table(source), _table),
    ("table", _is_table, _table),
    ("pharmcat", _is_pharmcat, _pharmcat),
)  # fmt: skip
