"""Kinds of records that real files hold, each with what may and what must not be said (``genotype_kinds.tsv``)."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

import pgx
from pgx.errors import InputError
from tests.variants.build import knowledge, text

with (Path(__file__).parents[1] / "data" / "genotype_kinds.tsv").open(encoding="utf-8") as file:
    KINDS = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def lines_of(kind: dict[str, str]) -> list[str]:
    """Return the gene's other positions, all of them the reference, and the records of the kind among them."""
    own = {int(pos) for pos in kind["pos"].split(";")}
    kb = knowledge()
    records = [(int(line.split()[1]), line) for line in re.split(r";(?=chr\w+ \d)", kind["record"])]
    for site in kb.gene(kind["gene"]).sites.tolist():
        row = kb.sites.row(site, named=True)
        if row["pos_grch38"] not in own:
            ref, *alts = row["alleles"]
            line = f"{row['chrom']} {row['pos_grch38']} . {ref} {','.join(alts)} . PASS . GT 0/0"
            records.append((row["pos_grch38"], line))
    return [line for _, line in sorted(records)]


@pytest.mark.parametrize("kind", KINDS, ids=[kind["kind"] for kind in KINDS])
def test_kind(tmp_path: Path, kind: dict[str, str]) -> None:
    path = tmp_path / "in.vcf"
    path.write_text(text(lines_of(kind), ("A",)), encoding="utf-8")
    try:
        row = pgx.call(path, options=pgx.Options(genes=[kind["gene"]])).row(0, named=True)
    except InputError as error:
        said = f"REFUSED {error}"
        assert "REF" in said
        return
    said = f"{row['diplotype']}|{row['status']}|{row['flags']}"
    assert re.search(kind["must"], said), said
    assert not kind["mustnot"] or not re.search(kind["mustnot"], said), said
