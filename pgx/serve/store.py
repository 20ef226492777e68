"""Stored results by patient: a folder of the ``.report.json`` files that `pgx report` writes."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from pgx.errors import InputError
from pgx.reports import document, names
from pgx.reports.view import View

_KEPT_BYTES = 256 * 2**20
_SUFFIX = ".report.json"


@dataclass(frozen=True, slots=True)
class _Brief:
    """What cards need of one file, as text: parsed results by the thousand would make garbage collection a pause."""

    stamp: tuple[int, int, int]
    sample: str
    medications: str
    guidance: Mapping[str, str]
    size: int

    def document(self, drugs: Collection[str]) -> dict[str, Any]:
        rows = [row for drug in drugs for row in json.loads(self.guidance.get(drug, "[]"))]
        entry = {"sample": self.sample, "medications": json.loads(self.medications), "guidance": rows}
        return {"provenance": {}, "notes": [], "samples": [entry]}


class Store:
    """Stored results, read when they are first asked for and again when their file changes.

    Parameters
    ----------
    folder
        Where the ``.report.json`` files are; file names follow from sample names, so nothing is scanned.

    Raises
    ------
    InputError
        If there is no such folder.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise InputError(
                "no such folder of results", file=folder, fix="write it with `pgx report --format json -o DIR`"
            )
        self.folder = folder
        self._kept: OrderedDict[tuple[Path, str], _Brief] = OrderedDict()
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
            shown = document.view_of(_parse(path), patient, file=path)
            if shown is not None:
                return shown
        return None

    def advice(self, patient: str, drugs: Collection[str]) -> View | None:
        """Return the view of one patient with the advice on `drugs` alone; None if no result is stored.

        Raises
        ------
        InputError
            If the stored file cannot be read as a result.
        """
        for path in self._paths(patient):
            brief = self._brief(path, patient)
            if brief is not None:
                return document.view_of(brief.document(drugs), patient, drugs=drugs, file=path)
        return None

    def _paths(self, patient: str) -> list[Path]:
        paths = (self.folder / f"{stem}{_SUFFIX}" for stem in names.candidates(patient))
        return [path for path in paths if path.is_file()]

    def _brief(self, path: Path, patient: str) -> _Brief | None:
        status = path.stat()
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        with self._lock:
            kept = self._kept.get((path, patient))
            if kept is not None and kept.stamp == stamp:
                self._kept.move_to_end((path, patient))
                return kept
        brief = _condense(_parse(path), patient, stamp, path)
        if brief is not None:
            self._keep((path, patient), brief)
        return brief

    def _keep(self, key: tuple[Path, str], brief: _Brief) -> None:
        with self._lock:
            old = self._kept.pop(key, None)
            self._kept[key] = brief
            self._size += brief.size - (old.size if old else 0)
            while self._size > _KEPT_BYTES and len(self._kept) > 1:
                self._size -= self._kept.popitem(last=False)[1].size


def _parse(path: Path) -> dict[str, Any]:
    try:
        return document.parse(path.read_bytes(), file=path)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=path) from error


def _condense(found: Mapping[str, Any], patient: str, stamp: tuple[int, int, int], path: Path) -> _Brief | None:
    with document.valid(path):
        entry = next((one for one in found["samples"] if one["sample"] == patient), None)
        if entry is None:
            return None
        by_drug: dict[str, list[Any]] = {}
        for row in entry["guidance"]:
            by_drug.setdefault(row["drug"], []).append(row)
        guidance = {drug: json.dumps(rows) for drug, rows in by_drug.items()}
        medications = json.dumps(entry["medications"])
        size = len(medications) + sum(map(len, guidance.values()))
        return _Brief(stamp, patient, medications, guidance, size)
