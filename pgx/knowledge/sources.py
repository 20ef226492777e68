"""Where the facts come from: ``sources.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pgx.errors import InputError
from pgx.guard.limits import read_toml


@dataclass(frozen=True, slots=True)
class Source:
    """One source: what it is, its version, date (ISO) and licence, and how rows that cite it begin."""

    key: str
    what: str
    version: str
    date: str
    licence: str
    url: str
    prefixes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sources:
    """All sources, and the tables that were imported from them."""

    sources: Mapping[str, Source]
    imported: tuple[str, ...]


def read_sources(folder: Path) -> Sources:
    """Read ``sources.toml`` of a knowledge folder.

    Raises
    ------
    InputError
        If the file is missing, not TOML, or an entry lacks a field.
    """
    path = folder / "sources.toml"
    try:
        content = read_toml(path)
        found = {
            key: Source(
                key,
                entry["what"],
                entry["version"],
                str(entry["date"]),
                entry["licence"],
                entry["url"],
                tuple(entry["prefixes"]),
            )
            for key, entry in content["sources"].items()
        }
        return Sources(found, tuple(content["imported"]["tables"]))
    except OSError as error:
        raise InputError("the knowledge folder does not say where its facts come from", file=path) from error
    except KeyError as error:
        raise InputError(f"lacks {error}", file=path) from error
