"""Files of other kinds that are taken for genotypes now and then: what each is, and what to make of it."""

from __future__ import annotations

import re

from pgx.errors import InputError

_VCF = "call variants from it and give the VCF"
_PLINK = "write a VCF from it: plink2 --export vcf"
_ARRAY = "export its genotypes as a VCF or as a table with rs numbers and base calls"
_KINDS = (
    (re.compile(rb"\s*#?FID[\t ]+IID[\t ]+PAT[\t ]+MAT[\t ]+SEX[\t ]+PHENOTYPE"), "PLINK's counts of alleles", _PLINK),
    (re.compile(rb"\x6c\x1b[\x01\x02\x10\x11]"), "PLINK's binary genotypes", _PLINK),
    (re.compile(rb".{16}bgen", re.S), "BGEN genotypes", _PLINK),
    (re.compile(rb"@(?:SQ|RG|PG)\t"), "aligned reads (SAM)", _VCF),
    (re.compile(rb"@[^\n]+\n[ACGTNacgtn]+\r?\n\+"), "unaligned reads (FASTQ)", _VCF),
    (re.compile(rb">[^\n]+\n[ACGTRYSWKMBDHVNacgtryswkmbdhvn\r\n]+"), "base sequences (FASTA)", _VCF),
    (re.compile(rb"IDAT|gtc\x05|gtc\x03|\x3b\x01|\[CEL\]|\x40\x00\x00\x00\x04"), "an array's signals", _ARRAY),
    (re.compile(rb"(?:#[^\n]*\n)*\"?probe[ _]?set[ _]?(?:id|name)?\"?[\t,;]", re.I), "a table of an array's probes",
     "give it a column of rs numbers (dbSNP_RS_ID) or of chromosomes and positions"),
)  # fmt: skip
"""First bytes, what the file is, and what to do."""


def name_kind(head: bytes) -> tuple[str, str] | None:
    """Return what a file that nobody reads is by its first bytes, and what to do; None if that cannot be told.

    >>> name_kind(b"FID IID PAT MAT SEX PHENOTYPE rs4244285_A\\n")[0]
    "PLINK's counts of alleles"
    """
    return next(((what, fix) for pattern, what, fix in _KINDS if pattern.match(head)), None)


def refused(head: bytes, file: str) -> InputError:
    """Return the error for a file that is none of those that are read."""
    if kind := name_kind(head):
        return InputError(f"this is {kind[0]}, which pgx does not read", file=file, fix=kind[1])
    return InputError("this is neither VCF, BCF, a consumer array's raw data nor a table of SNP results",
                      file=file, fix="a VCF begins with ##fileformat=VCFv4.x; a table of SNP results names "
                      "its columns, as `pgx check --template snps` does")  # fmt: skip
