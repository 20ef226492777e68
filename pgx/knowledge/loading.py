"""The knowledge base opened: its own folder, and site overlays that are checked before they count."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from pgx.errors import InputError
from pgx.guard.digests import Stamp, stamp
from pgx.knowledge.base import KnowledgeBase
from pgx.knowledge.manifest import verify
from pgx.knowledge.overlay_rows import misfits
from pgx.knowledge.overlays import check_names
from pgx.knowledge.tables.declared import TABLES
from pgx.paths import data_dir

MOST_OPENINGS = 50
"""So often a knowledge base is given out again: what it remembers of genotypes and lists does not add up for ever."""
_State = tuple[tuple[str, Stamp | None], ...]


class _Kept(threading.local):
    """The knowledge base that a thread opened last, how its files were then, and how often it may be given out."""

    state: _State = ()
    kb: KnowledgeBase | None = None
    left: int = 0


_kept = _Kept()


def opened(overlays: Sequence[Path | str] = ()) -> KnowledgeBase:
    """Return the knowledge base as `load` does; the same one as before while no file of it has changed.

    One call asks for it at several places, and a process may make many calls. Threads do not share one.
    """
    folders = [data_dir() / "knowledge", *map(Path, overlays)]
    state = tuple(entry for folder in folders for entry in _entries(folder))
    if _kept.kb is None or state != _kept.state or not _kept.left:
        _kept.kb = None
        _kept.kb, _kept.state, _kept.left = load(overlays), state, MOST_OPENINGS
    _kept.left -= 1
    return _kept.kb


def _entries(folder: Path) -> Iterator[tuple[str, Stamp | None]]:
    """Yield the files of a folder, and the folder itself: by what they are, so that a link moved elsewhere shows."""
    for path in (folder, *sorted(folder.rglob("*"))):
        yield str(path.absolute()), stamp(path)


def load(overlays: Sequence[Path | str] = (), *, folder: Path | str | None = None, check: bool = True) -> KnowledgeBase:
    """Open the knowledge base.

    Parameters
    ----------
    overlays
        Folders with site tables in the same schema; rows with the same key replace the product's. Every file is
        read and checked at once.
    folder
        Another folder instead of the product's own.
    check
        Whether every row of an overlay must also fit the rest of the knowledge (`pgx.knowledge.overlay_rows`).

    Raises
    ------
    InputError
        If a folder is missing, a file of the product is not the one that it ships, an overlay table does not follow
        the schema, or a row of it does not fit.
    """
    base = Path(folder) if folder is not None else data_dir() / "knowledge"
    # A name that only resolving shows (``.``) must not leave the overlay nameless.
    folders = (base, *(one if one.name not in ("", "..") else one.resolve() for one in map(Path, overlays)))
    for one in folders:
        if not one.is_dir():
            raise InputError("no such knowledge folder", file=one)
    if base == data_dir() / "knowledge":
        verify(base)
    for one in folders[1:]:
        check_names(one)
    kb = KnowledgeBase(folders)
    for name in TABLES:
        if kb.overlaid(name):
            kb.table(name)
    if check and len(folders) > 1:
        _refuse_misfits(kb)
    return kb


def _refuse_misfits(kb: KnowledgeBase) -> None:
    first = next(misfits(kb), None)
    if first is not None:
        raise InputError(first.message, file=first.where, fix="`pgx kb validate --knowledge FOLDER` lists all of them")
