"""What VCF 4.4 asks of structural variants: each rule beside the record that keeps it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgx.variants.check import check

META = '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
ROWS = [
    # ALT, INFO, FORMAT, sample, what is said of it (nothing: the record keeps the rules)
    ("<DEL>", "SVLEN=50;SVCLAIM=DJ", "GT", "0/1", ""),
    ("<DEL>", "SVCLAIM=D", "GT", "0/1", "SVLEN is missing"),
    ("<DUP:TANDEM>", "SVLEN=50", "GT", "0/1", "SVCLAIM is missing"),
    ("T,<DUP>", "SVLEN=.,50;SVCLAIM=.,J", "GT", "0/1", ""),
    ("T,<DUP>", "SVLEN=.,50;SVCLAIM=J,.", "GT", "0/1", "SVCLAIM is missing"),
    ("<INV>", "SVLEN=50", "GT", "0/1", ""),
    ("<CNV>", "SVLEN=50;SVCLAIM=JD", "GT", "0/1", "'JD' is none of D, J and DJ"),
    ("<DELL>", "SVLEN=50;SVCLAIM=D", "GT", "0/1", "of no kind"),
    ("<BND>", "SVCLAIM=J", "GT", "0/1", "of no kind"),
    ("<NON_REF>", "SVLEN=1", "GT", "0/0", ""),
    ("<*>", "SVLEN=.", "GT", "0/0", ""),
    ("<CNV>,<DEL>", "SVLEN=9,9;SVCLAIM=.,D;CIPOS=-1,1,-2,0;CICN=.,1,.,.", "GT", "0/1", ""),
    ("<CNV>", "SVLEN=9;CIPOS=-1", "GT", "0/1", "CIPOS is not pairs"),
    ("<CNV>", "SVLEN=9;CILEN=1,2", "GT", "0/1", "CILEN is not pairs"),
    ("<CNV>", "SVLEN=9;CIEND=-2,-1", "GT", "0/1", "CIEND is not pairs"),
    ("<CNV:TR>", "SVLEN=9;RUS=CAG;RUC=3;RB=10", "GT", "0/1", ""),
    ("<CNV:TR>", "SVLEN=9", "GT", "0/1", "neither RUS nor RUL"),
    ("<CNV:TR>", "SVLEN=9;RN=2;RUL=3", "GT", "0/1", "RUL has 1 values where 2 are due"),
    ("<CNV:TR>,<CNV:TR>", "SVLEN=9,8;RN=2,1;RUL=3,2,4", "GT", "0/1", ""),
    ("<CNV:TR>", "SVLEN=9;RUS=CAG;RUL=2", "GT", "0/1", "RUL is not the length of RUS"),
    ("<CNV:TR>", "SVLEN=9;RUS=CAG;RUC=3;RB=12", "GT", "0/1", "RB is not RUC times"),
    ("<CNV:TR>", "SVLEN=9;RUS=CAG;CIRB=-1,1", "GT", "0/1", "CIRB is there without RB"),
    ("<CNV:TR>", "SVLEN=9;RUS=CAG;RUC=2;RUB=3,3", "GT", "0/1", ""),
    ("<CNV:TR>", "SVLEN=9;RUS=CAG;RUC=2.5;RUB=3,3", "GT", "0/1", "RUB does not have one value"),
    ("<CNV:TR>", "SVLEN=9;RUS=CAG;RUC=x,y;RN=..;RB=9e99999", "GT", "0/1", ""),
    ("<CNV>", "SVLEN=9", "GT:CN:CICN", "0/1:3:-1,0.5", ""),
    ("<CNV>", "SVLEN=9", "GT:CN:CICN", "0/1:3:0.5,1", "CICN is not a pair"),
    ("<CNV>", "SVLEN=9", "GT:CICN", "0/1:-1,1", "CICN without CN"),
    ("<CNV>,<DEL>", "SVLEN=9,8;SVCLAIM=D,D", "GT:CN", "0/1:3", "different SVLEN"),
    ("T", "NS=1", "GT:PSL:PSO", "0|1:a,b:1,2", ""),
    ("T", "NS=1", "GT:PSL", "/0|1:a,b", "allele that is not phased"),
    ("T", "NS=1", "GT:PSL", "0/1:a,.", "allele that is not phased"),
    ("T", "NS=1", "GT:PSL", "0|1:a", "PSL has 1 values for 2 alleles"),
    ("T", "NS=1", "GT:PSL:PSQ", "0/0|1:.,.,b:.,3,4", "PSQ has a value where PSL has none"),
    ("T", "NS=1", "GT:PSL:PSO", "0|1:a,.:.,2", "PSO has a value where PSL has none"),
]  # fmt: skip


def said(tmp_path: Path, version: str, alt: str, info: str, keys: str, sample: str) -> list[str]:
    path = tmp_path / "in.vcf"
    columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tA\n"
    record = f"chr1\t100\t.\tC\t{alt}\t.\tPASS\t{info}\t{keys}\t{sample}\n"
    path.write_text(f"##fileformat={version}\n##contig=<ID=chr1,length=1000>\n{META}{columns}{record}")
    return [one.message for one in check(path).findings if one.code == "record"]


@pytest.mark.parametrize(("alt", "info", "keys", "sample", "what"), ROWS)
def test_a_rule_that_is_broken_is_said_and_one_that_is_kept_is_not(
    tmp_path: Path, alt: str, info: str, keys: str, sample: str, what: str
) -> None:
    found = said(tmp_path, "VCFv4.4", alt, info, keys, sample)
    assert (len(found) == 1 and what in found[0]) if what else not found, found


@pytest.mark.parametrize("version", ["VCFv4.2", "VCFv4.3"])
def test_older_versions_have_no_such_rules(tmp_path: Path, version: str) -> None:
    for alt, info, keys, sample, what in ROWS:
        if what and ":PSL" not in keys and "RUL=3" not in info:
            assert not [text for text in said(tmp_path, version, alt, info, keys, sample) if what in text]
