"""`pgx cohort merge` and `pgx cohort status`: shards joined to one cohort, and how far a run is."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from pgx.cohort import finish, manifest
from pgx.cohort.folder import Folder, Json, write_json
from pgx.cohort.plan import block_count, block_length
from pgx.errors import InputError
from pgx.io import check_outputs, refuse_seal, write_bytes
from pgx.options import PathLike, Paths, paths_of
from pgx.tables import write_table

STATUS = {"block": pl.Int64, "persons": pl.Int64, "state": pl.String, "lost": pl.Int64, "bytes": pl.Int64}


def merge(shards: Paths, out: PathLike, *, verify: bool = False) -> pl.DataFrame:
    """Join the shards of a cohort into one folder, once they are complete and agree.

    Parameters
    ----------
    shards
        Folders of `pgx.cohort.run`; one folder in which every shard worked is as good.
    out
        Folder of the whole cohort; it may be one of the shards. Parts are linked where the
        file system can, else copied.
    verify
        Compare the checksum of every part.

    Returns
    -------
    polars.DataFrame
        As of `status`, of the whole cohort.

    Raises
    ------
    InputError
        If a folder is no cohort, the shards are of different runs, a block is missing, or two shards differ in one.

    Examples
    --------
    >>> import pgx, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = pgx.cohort.run("data/examples/HG00652.GRCh38.vcf.gz", f"{folder}/1", tables="calls", threads=1)
    ...     pgx.cohort.merge(f"{folder}/1", f"{folder}/whole")["state"].to_list()
    ['done']
    """
    refuse_seal("a cohort")
    folders = [Folder(Path(one)) for one in paths_of(shards)]
    if not folders:
        raise InputError("no shard is given", fix="name the folders of `pgx cohort run --shard`")
    told = [manifest.read(one) for one in folders]
    for folder, one in zip(folders[1:], told[1:], strict=True):
        manifest.check_same(told[0], one, folder.root)
    whole = Folder(Path(out))
    others = [one for one in folders if one.root.resolve() != whole.root.resolve()]
    check_outputs([whole.manifest], [one.root for one in others])
    if whole.manifest.is_file():
        manifest.check_same(told[0], manifest.read(whole), whole.root)
    states = _agreed(folders, told[0], verify)
    for number, (folder, state) in sorted(states.items()):
        if folder.root.resolve() != whole.root.resolve():
            for name in state["files"]:
                _link(_inside(folder, folder.root / name), whole.root / name)
            write_json(whole.state(number), state)
    for name in ("persons.txt", "inputs.json"):
        if not (whole.work / name).is_file():
            write_bytes(whole.work / name, _inside(folders[0], folders[0].work / name).read_bytes())
    finish.finish(whole, told[0], [state for _, (_, state) in sorted(states.items())])
    return status(whole.root)


def status(folder: PathLike, *, out: PathLike | None = None) -> pl.DataFrame:
    """Say how far a cohort is, block by block.

    Parameters
    ----------
    folder
        Folder of `pgx.cohort.run`.
    out
        Table to write; ``-`` = standard output.

    Returns
    -------
    polars.DataFrame
        ``block persons state lost bytes``: one row a block; `state` is ``done`` or ``waiting``.

    Raises
    ------
    InputError
        If no cohort is there.
    UsageError
        If `out` has an unknown ending.

    Examples
    --------
    >>> import pgx, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = pgx.cohort.run("data/examples/HG00652.GRCh38.vcf.gz", folder, tables="calls", threads=1)
    ...     pgx.cohort.status(folder).select("block", "persons", "state").row(0)
    (0, 1, 'done')
    """
    place = Folder(Path(folder))
    told = manifest.read(place)
    count, size = told["persons"]["count"], told["parameters"]["block_size"]
    rows = []
    for number in range(block_count(count, size)):
        state = place.read_state(number, told["plan"])
        length = block_length(count, size, number)
        if state is None:
            rows.append((number, length, "waiting", None, None))
        else:
            written = sum(one["bytes"] for one in state["files"].values())
            rows.append((number, length, "done", state["lost"], written))
    frame = pl.DataFrame(rows, schema=STATUS, orient="row")
    if out is not None:
        write_table(frame, out)
    return frame


def _agreed(folders: Sequence[Folder], told: Json, verify: bool) -> dict[int, tuple[Folder, Json]]:
    """Return where each block is done; refuse blocks that are missing, or that two shards have done differently."""
    blocks = block_count(told["persons"]["count"], told["parameters"]["block_size"])
    found: dict[int, tuple[Folder, Json]] = {}
    for folder in folders:
        for number in range(blocks):
            state = folder.read_state(number, told["plan"], verify=verify)
            if state is None:
                continue
            if number in found and found[number][1] != state:
                raise InputError(f"block {number} is another than in {found[number][0].root}", file=folder.root,
                                 fix="run the shard again that is wrong")  # fmt: skip
            found.setdefault(number, (folder, state))
    missing = [number for number in range(blocks) if number not in found]
    if missing:
        shown = ", ".join(map(str, missing[:10])) + (", ..." if len(missing) > 10 else "")
        where = f"{len(missing)} of {blocks} blocks are not done: {shown}"
        raise InputError(where, file=folders[0].root, fix="run their shards again (block B is of shard B % N + 1)")
    return found


def _inside(folder: Folder, path: Path) -> Path:
    """Return a file of a shard; refuse one that lies elsewhere: the cohort would hold what nobody meant to give."""
    if not path.resolve().is_relative_to(folder.root.resolve()):
        raise InputError("it is a link to a file outside the shard", file=path, fix="put the file itself there")
    return path


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        if target.samefile(source):
            return
        target.unlink()
    try:
        os.link(source, target)
    except OSError:
        shutil.copy(source, target)
