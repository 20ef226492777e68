"""A log of runs that shows afterwards whether somebody changed it: each record holds the digest of the one before.

A process writes a file of its own, so that runs beside each other never wait. The first record of a file holds the
heads of the files that lay beside it and that no other file holds: each file is missed by one that came after it, and
a log of many runs does not grow faster than they do. What no chain can show is that its own end was cut off: for that,
compare with the head that the run printed.
"""

from __future__ import annotations

import getpass
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from pgx.errors import InputError

SUFFIX = ".audit.jsonl"
_START = "0" * 64
_PART = 1 << 20

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a command.

    Parameters
    ----------
    command
        Such as ``report``.
    options
        Names of the options that were given. Their values may name patients and are not logged.
    inputs, outputs
        SHA-256 of the files that were read and written, without their names.
    versions
        Versions of the program, its knowledge and models.
    exit_code
        How it ended; of a request to `pgx serve`, the status of the answer.
    client
        The address that asked, of such a request.
    """

    command: str
    options: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    versions: Mapping[str, str]
    exit_code: int
    client: str = ""


current: ContextVar[Log | None] = ContextVar("log", default=None)
"""The log of the command that runs."""


class Log:
    """The log file of this process in a folder of logs.

    Parameters
    ----------
    folder
        Where the logs are; it is made if it is missing.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> head = Log(folder).add(Run("report", ("--out",), (), (), {"pgx": "1"}, 0))
    >>> verify(folder).heads == (head,)
    True
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
            self.path = self.folder / f"{now}-{os.getpid()}-{secrets.token_hex(4)}{SUFFIX}"
            beside = _beside(self.folder)
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except OSError as error:
            raise InputError(
                f"the audit log cannot be written ({error.strerror or error})", file=self.folder
            ) from error
        self._previous, self._number, self._beside = _START, 0, beside

    def add(self, run: Run) -> str:
        """Add a run and return the new head of the log."""
        record: Record = {"number": self._number, "time": datetime.now(UTC).isoformat(), "user": _user()} | asdict(run)
        if not run.client:
            del record["client"]
        if self._number == 0:
            record["beside"] = self._beside
        record["previous"] = self._previous
        record["digest"] = digest_of(record)
        try:
            with self.path.open("a", encoding="utf-8") as stream:
                stream.write(_line(record))
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise InputError(f"the audit log cannot be written ({error.strerror or error})", file=self.path) from error
        self._previous, self._number = record["digest"], self._number + 1
        return str(record["digest"])


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found in a folder of logs.

    Parameters
    ----------
    files, records
        How many.
    heads
        Digest of the last record of each file, by file name.
    faults
        One line for every change, insertion or removal.
    """

    files: int
    records: int
    heads: tuple[str, ...]
    faults: tuple[str, ...]


def verify(folder: str | Path, *, heads: Iterable[str] = ()) -> Verified:
    """Check every log of a folder.

    Parameters
    ----------
    folder
        The folder that was given to the runs.
    heads
        Heads that runs printed: each must be the digest of a record, or the end of a log was cut off.

    Returns
    -------
    Verified
        Without `faults` nothing was changed, inserted or removed, as far as a chain can show.

    Raises
    ------
    InputError
        If the folder cannot be read or holds no log.
    """
    place = Path(folder)
    if not place.is_dir():
        raise InputError("no such folder", file=place, fix="name the folder that was given to --audit")
    logs = {path.name: path for path in _logs(place)}
    if not logs:
        raise InputError(f"holds no audit log (*{SUFFIX})", file=place)
    faults: list[str] = []
    digests: dict[str, dict[str, None]] = {}
    beside: dict[str, Mapping[str, str]] = {}
    for name, path in logs.items():
        digests[name] = {}
        for record in _chain(path, faults):
            digests[name][str(record["digest"])] = None
            if isinstance(record.get("beside"), dict):
                beside[name] = record["beside"]
    for name, others in beside.items():
        for other, head in others.items():
            if other not in logs:
                faults.append(f"{other}: is missing; {name} was written beside it")
            elif head != _START and head not in digests[other]:
                faults.append(f"{other}: does not hold the record that {name} saw there; records were removed")
    holder: dict[str, str] = {}
    for name, listed in digests.items():
        first = next(iter(listed), None)  # a record follows from the one before it: the first is enough
        if first is not None and (other := holder.setdefault(first, name)) != name:
            faults.append(f"{name}: has the records of {other}; one of the two was inserted")
    every = {digest for listed in digests.values() for digest in listed}
    faults += [f"no log holds the head {head}: the end of a log was removed" for head in heads if head not in every]
    last = tuple(next(reversed(listed)) for listed in digests.values() if listed)
    return Verified(len(logs), len(every), last, tuple(faults))


def digest_of(record: Mapping[str, Any]) -> str:
    """Return the digest of a record: of all its fields but the digest, the one before it among them."""
    bare = {name: value for name, value in record.items() if name != "digest"}
    return sha256(json.dumps(bare, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, empty if there is none: a pipe or device is left to the one who reads it."""
    found = sha256()
    if not path.is_file():
        return ""
    try:
        with path.open("rb") as stream:
            while part := stream.read(_PART):
                found.update(part)
    except OSError:
        return ""
    return found.hexdigest()


def _line(record: Record) -> str:
    return json.dumps(record, sort_keys=True, ensure_ascii=False) + "\n"


def _chain(path: Path, faults: list[str]) -> Iterator[Record]:
    """Yield the records that stand where they belong; say what does not."""
    previous, number = _START, -1
    try:
        with path.open(encoding="utf-8", newline="\n") as lines:
            for number, line in enumerate(lines):
                try:
                    record = json.loads(line)
                    stated, due = record["digest"], digest_of(record)
                except (ValueError, KeyError, TypeError, RecursionError):
                    faults.append(f"{path.name}: line {number + 1} is not a record")
                    return
                if stated != due or line != _line(record):  # a key that is there twice has the digest of one of them
                    faults.append(f"{path.name}: line {number + 1} was changed")
                    return
                if record.get("previous") != previous or record.get("number") != number:
                    faults.append(f"{path.name}: before line {number + 1} a record was removed or inserted")
                    return
                previous = stated
                yield record
    except (OSError, UnicodeDecodeError) as error:
        faults.append(f"{path.name}: cannot be read ({error})")
        return
    if number < 0:
        faults.append(f"{path.name}: is empty; its records were removed, or the run ended before it wrote one")


def _logs(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name.endswith(SUFFIX))


def _beside(folder: Path) -> Mapping[str, str]:
    """Return the heads of the logs of a folder that none of them has seen."""
    heads: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    for path in _logs(folder):
        first, last = _ends(path)
        heads[path.name] = str(last.get("digest", _START))
        if isinstance(first.get("beside"), dict):
            seen.update((name, str(head)) for name, head in first["beside"].items())
    return dict(heads.items() - seen)


def _ends(path: Path) -> tuple[Record, Record]:
    """Return the first and the last whole record of a log that another run may be writing; empty if there is none."""
    found: list[Record] = []
    try:
        with path.open("rb") as stream:
            lines = [stream.readline()]
            stream.seek(max(stream.tell(), path.stat().st_size - _PART))
            lines += stream.readlines()
    except OSError:
        lines = []
    for line in (*lines[:1], *reversed(lines)):
        with suppress(ValueError, RecursionError):
            record = json.loads(line)
            if isinstance(record, dict):
                found.append(record)
        if len(found) == 2:
            return found[0], found[1]
    return {}, {}


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may have no name for the user
        return str(os.getuid()) if hasattr(os, "getuid") else "unknown"
