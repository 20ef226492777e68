"""`pgx cohort init`: a working start for make, Slurm or Snakemake, from templates."""

from __future__ import annotations

import shutil
from pathlib import Path

from pgx.errors import InputError, UsageError
from pgx.io import check_outputs, write_bytes
from pgx.options import PathLike
from pgx.paths import data_dir

TEMPLATES = Path(__file__).resolve().parent / "workflows"
ENGINES = ("make", "slurm", "snakemake")
_PERSONS = ("HG00652.GRCh38.vcf.gz", "HG00652.clinical.json")


def example(engine: str, folder: PathLike) -> list[Path]:
    """Write a working example: samplesheet with the data of one person, configuration, rules, and how to start it.

    Parameters
    ----------
    engine
        ``make``, ``slurm`` or ``snakemake``.
    folder
        Where to; files of these names that are there are not written over.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    InputError
        If one of the files is there already.
    UsageError
        If the engine is unknown.

    Examples
    --------
    >>> import pgx, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sorted(path.name for path in pgx.cohort.example("make", folder))
    ['HG00652.GRCh38.vcf.gz', 'HG00652.clinical.json', 'Makefile', 'people.csv']
    """
    if engine not in ENGINES:
        raise UsageError(f"unknown engine {engine!r}; there are: {', '.join(ENGINES)}")
    target = Path(folder)
    common, own = TEMPLATES / "common", TEMPLATES / engine
    sources = {
        path.relative_to(root): path for root in (common, own) for path in sorted(root.rglob("*")) if path.is_file()
    }
    sources |= {Path("data") / name: data_dir() / "examples" / name for name in _PERSONS}
    written = [target / name for name in sources]
    there = [path for path in written if path.exists()]
    if there:
        raise InputError("is there already", file=there[0], fix="name another folder")
    check_outputs(written)
    for name, source in sources.items():
        write_bytes(target / name, source.read_bytes())
        shutil.copymode(source, target / name)
    return written
