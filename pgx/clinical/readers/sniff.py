"""Which format a clinical file is in, from its content."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import IO

from pgx.clinical.readers.json_access import parse
from pgx.errors import InputError
from pgx.guard.limits import RECORD, open_file, read_packed, refuse_pipe

_WRONG = {
    b"##fileformat=VCF": "a VCF",
    b"BCF\x02": "a BCF",
    b"%PDF": "a PDF",
    b"\x7fELF": "a program",
    b"\xff\xd8\xff": "a picture",
    b"\x89PNG": "a picture",
    b"CRAM": "a CRAM",
    b"BAM\x01": "a BAM",
}
_MESSAGES = (b"MSH|", b"FHS|", b"BHS|")
"""How a message, a file and a batch of HL7 v2 begin."""
_IN_ANOTHER_FORMAT = "give it as FHIR in JSON, or as tables (`pgx check --template`)"
_XML = {b"ClinicalDocument": "a C-CDA document", b"http://hl7.org/fhir": "FHIR as XML"}
_PHENOPACKET = {"phenotypicFeatures", "metaData", "diseases", "medicalActions", "interpretations"}
_PACKET_ALONE = {"phenotypicFeatures", "medicalActions", "metaData"}
"""Names that no other format has: by them a packet is known that says nothing of its subject, a cohort and a family."""
_FHIR = {"resourceType", "parameter"}
_OMH = {"effective_time_frame", "header", "body"}
_FITBIT = {"dateTime", "activities-heart", "activities-steps", "sleep", "body-weight", "restingHeartRate", "logId"}
HEAD = 1 << 16


def read_head(path: Path) -> bytes:
    """Return the first bytes of a file, unpacked if it is gzip.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    try:
        with open_file(path) as file:
            head = file.read(HEAD)
        if head[:2] == b"\x1f\x8b":
            with gzip.open(path) as packed:
                return packed.read(HEAD)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"cannot be read: {_reason(error)}", file=path) from None
    return head


def open_plain(path: Path) -> IO[bytes]:
    """Open a file for reading bytes, unpacked if it is gzip."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path) if packed else path.open("rb")  # type: ignore[return-value]


def read_all(path: Path) -> bytes:
    """Return the whole content of a file, unpacked if it is gzip.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    try:
        return read_packed(path, RECORD)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"cannot be read: {_reason(error)}", file=path) from None


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error) or "cut short"


def sniff(path: Path) -> str:
    """Return the format of a file or folder.

    One of ``parquet csv json ndjson fhir phenopacket openmhealth fitbit apple fit dicom sqlite duckdb folder``.

    Raises
    ------
    InputError
        If the file is missing, empty or of no known kind.
    """
    if path.is_dir():
        return "folder"
    refuse_pipe(path)
    if not path.exists():
        raise InputError("no such file", file=path)
    head = read_head(path)
    if not head.strip():
        raise InputError("the file is empty", file=path)
    for magic, kind in _WRONG.items():
        if head.startswith(magic):
            raise InputError(
                f"this is {kind}, not a clinical record", file=path, fix="give the genotypes as the first argument"
            )
    for found, magic_kind in (
        (head[:4] == b"PAR1", "parquet"),
        (head.startswith(b"SQLite format 3"), "sqlite"),
        (head[8:12] == b"DUCK", "duckdb"),
        (head[8:12] == b".FIT", "fit"),
        (head[128:132] == b"DICM", "dicom"),
    ):
        if found:
            return magic_kind
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError("text in UTF-16", file=path, fix="save it as UTF-8")
    if head.startswith(b"PK\x03\x04"):
        raise InputError("a spreadsheet or zip archive", file=path, fix="save the sheet as CSV, or unpack the archive")
    return _sniff_text(path, head, head.removeprefix(b"\xef\xbb\xbf").lstrip())


def _sniff_text(path: Path, head: bytes, text: bytes) -> str:
    if b"\x00" in text[:4096]:
        raise InputError(
            "neither text nor a known binary format", file=path, fix="give CSV, JSON, FHIR, OMOP, XML, FIT or DICOM"
        )
    if text[:1] == b"<":
        if b"<HealthData" in head:
            return "apple"
        which = next((kind for mark, kind in _XML.items() if mark in head), "XML, but not an Apple Health export")
        raise InputError(which, file=path, fix=_IN_ANOTHER_FORMAT)
    if text.lstrip(b"\x0b").startswith(_MESSAGES):
        raise InputError("an HL7 v2 message", file=path, fix=_IN_ANOTHER_FORMAT)
    return _sniff_json(path, text) if text[:1] in (b"{", b"[") else "csv"


def _sniff_json(path: Path, head: bytes) -> str:
    first, _, rest = head.partition(b"\n")
    if first.rstrip().endswith(b"}") and rest.lstrip()[:1] == b"{" and _object(first):
        return "ndjson"
    content = _object(read_all(path))
    one = content[0] if isinstance(content, list) and content else content
    keys = set(one) if isinstance(one, dict) else set()
    if ("subject" in keys and keys & _PHENOPACKET) or keys & _PACKET_ALONE:
        return "phenopacket"
    for kind, marks in (("fhir", _FHIR), ("openmhealth", _OMH), ("fitbit", _FITBIT)):
        if keys & marks:
            return kind
    return "json"


def _object(data: bytes) -> object | None:
    try:
        return parse(data)
    except ValueError:
        return None
