"""Stored results by patient: a folder of the ``.report.json`` files that `pgx report` writes."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from pgx.errors import InputError, UsageError
from pgx.reports import document, names
from pgx.reports.view import View, view

_KEPT = 256
_SUFFIX = ".report.json"


@dataclass(frozen=True, slots=True)
class _Entry:
    stamp: tuple[int, int, int]
    shown: View


class Store:
    """Views of stored results, read when they are first asked for and again when their file changes.

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
        self._kept: OrderedDict[str, _Entry] = OrderedDict()
        self._lock = Lock()

    def get(self, patient: str) -> View | None:
        """Return the view of one patient (the sample's name); None if no result is stored.

        Raises
        ------
        InputError
            If the stored file cannot be read as a result.
        """
        for stem in names.candidates(patient):
            path = self.folder / f"{stem}{_SUFFIX}"
            try:
                status = path.stat()
            except OSError:
                continue
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
            kept = self._recall(stem, stamp)
            if kept is None:
                kept = self._read(path, patient)
                if kept is None:
                    continue
                self._keep(stem, _Entry(stamp, kept))
            return kept
        return None

    def _read(self, path: Path, patient: str) -> View | None:
        result = document.read(path)
        # A file name may stand for another name (a hash, another case): only the sample inside counts.
        try:
            return view(result, patient)
        except UsageError:
            return None

    def _recall(self, stem: str, stamp: tuple[int, int, int]) -> View | None:
        with self._lock:
            entry = self._kept.get(stem)
            if entry is None or entry.stamp != stamp:
                return None
            self._kept.move_to_end(stem)
            return entry.shown

    def _keep(self, stem: str, entry: _Entry) -> None:
        with self._lock:
            self._kept[stem] = entry
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
