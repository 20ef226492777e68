"""A cohort under pseudonyms: no file of its folder names a person, also not those that a run needs to go on.

What goes on with a run must know it again: names of samples and files are kept encrypted under the key, and what was
asked for is kept as a keyed checksum, since options may name persons.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from pgx.cohort.folder import Json
from pgx.errors import InputError
from pgx.knowledge import KnowledgeBase
from pgx.protect.pseudonyms import Pseudonyms, read_key
from pgx.protect.results import sentences, without_names, without_names_in
from pgx.types import Result


@dataclass(frozen=True, slots=True)
class Hidden:
    """What of a cohort is hidden, and how: under which pseudonyms."""

    names: Pseudonyms

    def samples(self, samples: Iterable[str]) -> list[str]:
        """Return the pseudonyms."""
        return [self.names.of(name) for name in samples]

    def known(self, pseudonyms: Iterable[str]) -> list[str]:
        """Return the samples behind pseudonyms."""
        return [self.names.name_of(one) for one in pseudonyms]

    def result(self, result: Result, kb: KnowledgeBase) -> Result:
        """Return a result under pseudonyms."""
        return without_names(result, self.names, kb)

    def frame(self, frame: pl.DataFrame | None, samples: Sequence[str]) -> pl.DataFrame | None:
        """Return a table under pseudonyms."""
        return None if frame is None else without_names_in(frame, samples, self.names)

    def failure(self, row: Json, kb: KnowledgeBase) -> Json:
        """Return a row of failures with what its code means for anybody."""
        sample = None if row["sample"] is None else self.names.of(row["sample"])
        return {**row, "sample": sample, "message": sentences(kb).get(row["code"], ""), "where": None}

    def prints(self, prints: Mapping[str, Json]) -> dict[str, Json]:
        """Return fingerprints of inputs with encrypted paths and names."""
        return {self.names.of(path): {**one, "name": self.names.of(str(one["name"]))} for path, one in prints.items()}

    def known_prints(self, prints: Mapping[str, Json]) -> dict[str, Json]:
        """Return fingerprints as they were before `prints`; none of a folder that is not under this key."""
        try:
            return {
                self.names.name_of(path): {**one, "name": self.names.name_of(str(one["name"]))}
                for path, one in prints.items()
            }
        except InputError:  # another run began the folder, as its manifest will say
            return {}

    def asked(self, wanted: Json) -> Json:
        """Return a manifest whose options and samplesheet are a checksum that tells nothing without the key."""
        sheet = wanted["parameters"]["sheet"]
        text = json.dumps([wanted["options"], sheet], sort_keys=True, ensure_ascii=False)
        checksum = hashlib.blake2b(
            text.encode("utf-8", "surrogatepass"), key=self.names.key, digest_size=32
        ).hexdigest()
        parameters = {**wanted["parameters"], "sheet": None if sheet is None else "withheld"}
        return {**wanted, "options": {"pseudonymized": True, "checksum": checksum}, "parameters": parameters}


def hidden(path: str | None) -> Hidden | None:
    """Return what hides a cohort under a key file; None if there is none.

    Raises
    ------
    InputError
        If it is no key, or others may read it.
    """
    return None if path is None else Hidden(read_key(path))
