"""The checksum in the provenance is of the bytes that were read, or the run says that it cannot be."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

import pgx
from pgx.errors import InputError
from pgx.guard.digests import digest, stamp

READING = import_module("pgx.variants.read")
GENOME = Path("data/examples/HG00652.GRCh38.vcf.gz")


def appended(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(b"\n")


def rewritten(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[::-1])
    os.utime(path, ns=(0, 1))


def replaced(path: Path) -> None:
    other = path.with_name("other")
    shutil.copy(path, other)
    other.replace(path)


CHANGES: list[Callable[[Path], None]] = [appended, rewritten, replaced, Path.unlink]


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_changes_while_it_is_read_has_no_checksum(tmp_path: Path, change: Callable[[Path], None]) -> None:
    path = tmp_path / "in"
    path.write_bytes(b"as it was")
    before = stamp(path)
    assert digest(path, before) == hashlib.sha256(b"as it was").hexdigest()
    change(path)
    with pytest.raises(InputError, match="changed while it was read"):
        digest(path, before)


@pytest.mark.parametrize("what", ["variants", "clinical", "outside_calls"])
def test_a_run_whose_input_is_replaced_meanwhile_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    genome, record, calls = tmp_path / "a.vcf.gz", tmp_path / "a.csv", tmp_path / "calls.tsv"
    shutil.copy(GENOME, genome)
    record.write_text("sample,weight\nHG00652,70\n", encoding="utf-8")
    calls.write_text("CYP2D6\t*1/*4\n", encoding="utf-8")
    victim = {"variants": genome, "clinical": record, "outside_calls": calls}[what]
    result = READING._result

    def swapped(*given: object) -> object:
        replaced(victim)
        return result(*given)

    monkeypatch.setattr(READING, "_result", swapped)
    with pytest.raises(InputError, match=f"{victim.name}: the file changed while it was read"):
        pgx.call(genome, clinical=[record], outside_calls=[calls], options=pgx.Options(genes="CYP2C19"))
