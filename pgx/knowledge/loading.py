"""The knowledge base opened: its own folder, and site overlays that are checked before they count."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pgx.errors import InputError
from pgx.knowledge.base import KnowledgeBase
from pgx.knowledge.manifest import verify
from pgx.knowledge.overlay_rows import misfits
from pgx.knowledge.overlays import check_names
from pgx.knowledge.tables.declared import TABLES
from pgx.paths import data_dir


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
