"""Genotypes that are cut into groups of persons, and read group by group."""

import shutil
from pathlib import Path

import pgx.variants
from pgx.variants.spool import spool, spooled
from tests.variants.build import at, knowledge, snv, text

PLACE = ("chr10", 94781859)  # CYP2C19 *2


def genotypes_of(tmp_path: Path, folder: Path, samples: tuple[str, ...], calls: tuple[str, ...]) -> list[object]:
    """Return the genotypes of samples that are spooled into a folder."""
    file = tmp_path / "people.vcf"
    file.write_text(text([snv("chr10:94781859", "G", "A", *calls)], samples))
    kb = knowledge()
    assert spool([file], kb, [samples], folder)
    read = pgx.variants.read(spooled(folder, 0, samples, samples), kb)
    assert read.samples == samples
    return [at(read, *PLACE, sample) for sample in range(len(samples))]


def test_a_folder_that_another_run_has_written_since_is_read_anew(tmp_path: Path) -> None:
    """A process that stays, as a Dask worker does, may serve runs that have the same folder one after another."""
    folder = tmp_path / "groups"
    assert genotypes_of(tmp_path, folder, ("A", "B"), ("0/1", "0/0")) == [("CALLED", (0, 1)), ("CALLED", (0, 0))]
    shutil.rmtree(folder)
    assert genotypes_of(tmp_path, folder, ("C",), ("1/1",)) == [("CALLED", (1, 1))]
