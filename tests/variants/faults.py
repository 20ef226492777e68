"""Files that a reader must survive, made from ``tests/data/vcf_faults.tsv``: one small VCF with one thing changed.

Each row of the table names what is changed and how `check` and `reading` must take the file: ``refused`` (one clear
line), ``warned`` (taken, and said) or ``read``. `place` is

- a column of the record (``POS``), or a column and all behind it (``FORMAT..``), which `text` replaces;
- ``meta`` (more header lines), ``columns`` (the #CHROM line), ``fileformat``, ``record`` (all records), ``whole``;
- ``meta+COLUMN``: a header line, then what the column holds.

In `text`, ``\\t``, ``\\n``, ``\\x00`` and ``\\u202e`` are the characters that they name and ``{9*5000}`` is 5,000 nines.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).resolve().parents[1] / "data" / "vcf_faults.tsv"
COLUMNS = ("CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", "ONE", "TWO")
RECORD = ("chr10", "94781859", "rs4244285", "G", "A", "50", "PASS", "NS=2;AC=1;AN=4", "GT:DP", "0/1:30", "0/0:28")
META = (
    "##contig=<ID=chr10,length=133797422>",
    "##contig=<ID=chr22,length=50818468>",
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
)


@dataclass(frozen=True)
class Fault:
    """One row of the table, for one version of the format."""

    name: str
    version: str
    place: str
    text: str
    check: str
    reading: str

    @property
    def id(self) -> str:
        return f"{self.name} ({self.version})"

    def content(self) -> bytes:
        """Make the file."""
        text = _characters(self.text)
        if self.place == "whole":
            return text.encode()
        version, meta, columns, record, end = f"VCFv{self.version}", [*META], "#" + "\t".join(COLUMNS), [*RECORD], "\n"
        before, breaks, place = "", "\n", self.place
        if place == "meta":
            meta += text.split("\n")
            place = ""
        elif place.startswith("meta"):
            line, _, text = text.partition("\n")
            meta.append(line)
            place = place.removeprefix("meta").removeprefix("+")
        rows: str | None = None
        if place == "fileformat":
            version = text
        elif place in ("columns", "columns bytes"):
            columns = text
        elif place == "record":
            rows = text
        elif place == "records before":
            rows = text + "\n" + "\t".join(record)
        elif place == "tail":
            end = text
        elif place == "bytes before":
            before = text
        elif place == "line ends":
            breaks = text
        elif place.endswith(".."):
            record[COLUMNS.index(place[:-2]) :] = text.split("\t")
        elif place:
            record[COLUMNS.index(place)] = text
        rows = "\t".join(record) if rows is None else rows
        lines = [f"##fileformat={version}", *meta, columns, *([rows] if rows else [])]
        whole = before + "\n".join(lines) + end
        encoding = "latin-1" if self.place == "columns bytes" else "utf-8"
        return whole.replace("\n", breaks).encode(encoding)


def faults() -> list[Fault]:
    """Return every row of the table, once a version."""
    with TABLE.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [
        Fault(row["name"], version, row["place"], row["text"], row["check"], row["reading"])
        for row in rows
        for version in row["versions"].split()
    ]


def _characters(text: str) -> str:
    text = re.sub(r"\{(.)\*(\d+)\}", lambda found: found[1] * int(found[2]), text)
    return re.sub(
        r"\\(?:([tnr\\])|x([0-9a-f]{2})|u([0-9a-f]{4}))",
        lambda found: (
            {"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}[found[1]] if found[1] else chr(int(found[2] or found[3], 16))
        ),
        text,
    )
