"""Stored results by patient: a folder of the ``.report.json`` files that `pgx report` writes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

import msgspec

from pgx.errors import InputError
from pgx.guard.limits import RESULT, read_file
from pgx.judgement.together import taken_and_planned
from pgx.reports import file_names
from pgx.reports.formats import result_json
from pgx.reports.page.build import View
from pgx.reports.page.lexicon import Lexicon
from pgx.serve import access
from pgx.serve.cards import Medicines

_KEPT_BYTES = 256 * 2**20
_OBJECT = 150  # bytes that Python adds to one piece of text and its key
_SUFFIX = ".report.json"


class _Entry(msgspec.Struct):
    """What cards need of one sample in a stored result; its lists stay the text that they are."""

    sample: str
    medications: msgspec.Raw
    notes: msgspec.Raw
    calls: msgspec.Raw
    guidance: list[msgspec.Raw]
    scores: list[msgspec.Raw]
    judgements: list[msgspec.Raw] = []
    clinical: list[msgspec.Raw] = []


class _Observed(msgspec.Struct):
    """What decides whether a clinical statement is an allergy."""

    concept: str
    code: str | None = None


class _Document(msgspec.Struct):
    """What cards need of a stored result; everything else is passed over, which takes a tenth of parsing it."""

    format: str
    version: str
    provenance: msgspec.Raw
    samples: list[_Entry]


class _Row(msgspec.Struct):
    """What decides whether a row of the guidance or the scores is needed."""

    drug: str


_read = msgspec.json.Decoder().decode
_DOCUMENT = msgspec.json.Decoder(_Document)
_ROW = msgspec.json.Decoder(_Row)
_OBSERVED = msgspec.json.Decoder(_Observed)


@dataclass(frozen=True, slots=True)
class Stored:
    """What cards need of one person's result, as text: parsed ones by the thousand would make collection a pause."""

    path: Path
    stamp: tuple[int, int, int]
    digest: str
    sample: str
    provenance: bytes
    medications: bytes
    notes: bytes
    calls: bytes
    guidance: Mapping[str, bytes]
    scores: Mapping[str, bytes]
    judgements: Mapping[str, bytes]
    allergies: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes that it takes, about."""
        by_drug = (*self.guidance.values(), *self.scores.values(), *self.judgements.values())
        parts = (self.provenance, self.medications, self.notes, self.calls, *by_drug)
        return sum(map(len, parts)) + _OBJECT * len(parts)

    @property
    def medicines(self) -> Medicines:
        """The drugs of the person."""
        with result_json.valid(self.path):
            rows: list[dict[str, Any]] = _read(self.medications)
            return Medicines(*taken_and_planned((str(row["drug"]), str(row["status"])) for row in rows))

    def advice(self, drugs: Collection[str], lexicon: Lexicon) -> View | None:
        """Return the view with the advice on `drugs` alone.

        Raises
        ------
        InputError
            If the stored rows are not those of a result.
        """
        by_drug = {"guidance": self.guidance, "scores": self.scores, "judgements": self.judgements}
        with result_json.valid(self.path):
            rows = {
                name: [row for drug in drugs for row in _read(one.get(drug, b"[]"))] for name, one in by_drug.items()
            }
            whole = {"medications": self.medications, "notes": self.notes, "calls": self.calls}
            entry = {"sample": self.sample, **{name: _read(text) for name, text in whole.items()}, **rows}
            document = {"provenance": _read(self.provenance), "notes": [], "samples": [entry]}
        return result_json.view_of(document, self.sample, lexicon, drugs=drugs, file=self.path)


class Store:
    """Stored results, read when they are first asked for and again when their file changes.

    Parameters
    ----------
    folder
        Where the ``.report.json`` files are; file names follow from sample names, so nothing is scanned.
    lexicon
        Words for codes; those that a result brings along come first.

    Raises
    ------
    InputError
        If there is no such folder.
    """

    def __init__(self, folder: Path, lexicon: Lexicon) -> None:
        if not folder.is_dir():
            raise InputError(
                "no such folder of results", file=folder, fix="write it with `pgx report --format json -o DIR`"
            )
        self.folder = folder
        self.lexicon = lexicon
        self._kept: OrderedDict[tuple[Path, str], Stored] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def get(self, patient: str) -> View | None:
        """Return the whole view of one patient (the sample's name); None if no result is stored.

        Raises
        ------
        InputError
            If the stored file cannot be read as a result.
        """
        for path in self._paths(patient):
            # A file name may stand for another name (a hash, another case): only the sample inside counts.
            content = _content(path)
            parsed = result_json.parse(content, file=path)
            with result_json.valid(path):
                _once([entry["sample"] for entry in parsed["samples"]], patient, path)
            shown = result_json.view_of(parsed, patient, self.lexicon, file=path)
            if shown is not None:
                access.note(sha256(content).hexdigest())
                return shown
        return None

    def find(self, patient: str) -> Stored | None:
        """Return what is stored of a patient (the sample's name); None if nothing is.

        Raises
        ------
        InputError
            If the stored file cannot be read as a result.
        """
        briefs = (self._brief(path, patient) for path in self._paths(patient))
        found = next((brief for brief in briefs if brief is not None), None)
        if found is not None:
            access.note(found.digest)
        return found

    def _paths(self, patient: str) -> list[Path]:
        paths = (self.folder / f"{stem}{_SUFFIX}" for stem in file_names.candidates(patient))
        return [path for path in paths if path.is_file()]

    def _brief(self, path: Path, patient: str) -> Stored | None:
        status = path.stat()
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        with self._lock:
            kept = self._kept.get((path, patient))
            if kept is not None and kept.stamp == stamp:
                self._kept.move_to_end((path, patient))
                return kept
        brief = _condense(_content(path), patient, stamp, path)
        if brief is not None:
            self._keep((path, patient), brief)
        return brief

    def _keep(self, key: tuple[Path, str], brief: Stored) -> None:
        with self._lock:
            old = self._kept.pop(key, None)
            self._kept[key] = brief
            self._size += brief.size - (old.size if old else 0)
            while self._size > _KEPT_BYTES and len(self._kept) > 1:
                self._size -= self._kept.popitem(last=False)[1].size


def _content(path: Path) -> bytes:
    try:
        return read_file(path, RESULT)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=path) from error


def _once(samples: list[str], patient: str, path: Path) -> None:
    """Refuse a result with two persons of the name that is asked for."""
    if samples.count(patient) > 1:
        raise InputError("two persons have the same name in it", file=path, fix="write one result a person")


def _condense(content: bytes, patient: str, stamp: tuple[int, int, int], path: Path) -> Stored | None:
    try:
        document = _DOCUMENT.decode(content)
        result_json.check(document.format, document.version, file=path)
        _once([each.sample for each in document.samples], patient, path)
        entry = next((each for each in document.samples if each.sample == patient), None)
        if entry is None:
            return None
        rows = _by_drug(entry.guidance), _by_drug(entry.scores), _by_drug(entry.judgements)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        result_json.parse(content, file=path)
        raise InputError(f"not a valid result: {error}", file=path) from error
    fixed = bytes(document.provenance), bytes(entry.medications), bytes(entry.notes), bytes(entry.calls)
    observed = (_OBSERVED.decode(row) for row in entry.clinical if b'"allergy"' in bytes(row))
    allergies = tuple(dict.fromkeys(one.code for one in observed if one.concept == "allergy" and one.code))
    return Stored(path, stamp, sha256(content).hexdigest(), patient, *fixed, *rows, allergies)


def _by_drug(rows: Sequence[msgspec.Raw]) -> dict[str, bytes]:
    by_drug: dict[str, list[msgspec.Raw]] = {}
    for row in rows:
        by_drug.setdefault(_ROW.decode(row).drug, []).append(row)
    return {drug: b"[" + b",".join(map(bytes, listed)) + b"]" for drug, listed in by_drug.items()}
