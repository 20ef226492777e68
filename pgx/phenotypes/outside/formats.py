"""The files that other callers write, each as they write it; which one it is, is found out from the content.

Every reader gives `Said` rows: what one tool says of one gene of one sample, or why it cannot be used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from pgx.errors import InputError
from pgx.guard.limits import OUTSIDE, read_file
from pgx.phenotypes.outside import aldy
from pgx.phenotypes.outside import hla_callers as hla
from pgx.phenotypes.outside import star_callers as stars
from pgx.phenotypes.outside.source import Known, Said, Source, header_of, open_source, tabbed


def read(path: Path, known: Known) -> tuple[str, list[Said]]:
    """Return the tool's name and what it says.

    Raises
    ------
    InputError
        If the file cannot be read, or is in no format known.
    """
    try:
        raw = read_file(path, OUTSIDE)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=path) from error
    if not raw.strip():
        raise InputError("the file of outside calls is empty", file=path)
    if raw[:2] == b"PK":
        return "pypgx", list(stars.pypgx_zip(path, raw, known))
    source = open_source(path, raw, known)
    for one in filter(None, (source, tabbed(source))):
        for tool, is_it, reader in _FORMATS:
            if is_it(one):
                return tool, list(reader(one))
    raise InputError(
        "not a file of outside calls in a known format",
        file=path,
        fix="known are PharmCAT's outside-call TSV and the outputs of Aldy, pypgx, Cyrius, Stargazer, StellarPGx, "
        "DRAGEN, OptiType, HLA-LA, arcasHLA, HISAT-genotype and T1K, and tables with columns sample, gene, diplotype "
        "or with a column a gene",
    )


_Reader = Callable[[Source], Iterator[Said]]
_FORMATS: tuple[tuple[str, Callable[[Source], bool], _Reader], ...] = (
    ("cyrius", stars.is_cyrius_json, stars.cyrius_json),
    ("arcasHLA", hla.is_arcashla, hla.arcashla),
    ("dragen", stars.is_dragen, stars.dragen),
    ("stellarpgx", stars.is_stellarpgx, stars.stellarpgx),
    ("aldy", aldy.is_aldy, aldy.aldy),
    ("hla-la", hla.is_hla_la, hla.hla_la),
    ("hisat-genotype", hla.is_hisat, hla.hisat),
    ("t1k", hla.is_t1k, hla.t1k),
    ("optitype", lambda source: hla.is_hla_table(source) and "objective" in header_of(source), hla.hla_table),
    ("hla-table", hla.is_hla_table, hla.hla_table),
    ("cyrius", stars.is_cyrius, stars.table),
    ("pypgx", stars.is_pypgx, stars.table),
    ("stargazer", lambda source: "hap1_main" in header_of(source), stars.table),
    ("table", stars.is_table, stars.table),
    ("table", lambda source: bool(stars.genes_of_columns(source)), stars.wide),
    ("pharmcat", stars.is_pharmcat, stars.pharmcat),
)  # fmt: skip
