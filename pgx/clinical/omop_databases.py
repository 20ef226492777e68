"""OMOP CDM 5.4 tables in an SQLite or DuckDB file, or on a PostgreSQL server."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl

from pgx.clinical.events import Events
from pgx.clinical.extras import need
from pgx.clinical.omop import Source, as_text, read_tables
from pgx.errors import InputError

_URL = re.compile(r"^postgres(?:ql)?:/+", re.IGNORECASE)
_SECRET = re.compile(r"//[^/@]*@")


def postgres_url(path: str | Path) -> str | None:
    """Return the address if it is one of a PostgreSQL server, else None; a path object has lost a slash."""
    text = str(path)
    return _URL.sub("postgresql://", text) if _URL.match(text) else None


def shown_url(url: str) -> str:
    """Return the address without user and password, for messages and sources."""
    return _SECRET.sub("//", url).split("?")[0]


def read_sqlite(events: Events, path: Path) -> None:
    """Read the tables of an SQLite database."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            found = connection.execute("select name from sqlite_master where type in ('table', 'view')").fetchall()
            read_tables(events, _source(connection.execute, {str(n).lower(): f'"{n}"' for (n,) in found}))
    except sqlite3.Error as error:
        raise InputError(f"not a readable SQLite database: {error}", file=path) from None


def read_duckdb(events: Events, path: Path) -> None:
    """Read the tables of a DuckDB database."""
    duckdb = need("duckdb", "database", events.file, "DuckDB files")
    try:
        with closing(duckdb.connect(str(path), read_only=True)) as connection:
            found = connection.execute("select table_name from information_schema.tables").fetchall()
            read_tables(events, _source(connection.execute, {n.lower(): f'"{n}"' for (n,) in found}))
    except duckdb.Error as error:
        raise InputError(f"not a readable DuckDB database: {_line(error)}", file=path) from None


def read_postgres(events: Events, url: str) -> None:
    """Read the tables on a server's search path; the session is read-only.

    Another schema than the default is chosen in the address: ``postgresql://host/db?options=-csearch_path%3Dcdm``.
    """
    psycopg = need("psycopg", "database", events.file, "PostgreSQL")
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            connection.read_only = True
            found = connection.execute(
                "select table_name from information_schema.tables where table_schema = any(current_schemas(false))"
            ).fetchall()
            read_tables(events, _source(connection.execute, {n.lower(): f'"{n}"' for (n,) in found}))
    except psycopg.Error as error:
        raise InputError(f"the database cannot be read: {_line(error)}", file=events.file) from None


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _source(execute: Callable[[str], Any], names: Mapping[str, str]) -> Source:
    """Return what gives a table by name as text; `names` maps plain to quoted names."""

    def table(name: str, ids: Collection[int] | None) -> pl.DataFrame | None:
        if name not in names:
            return None
        chosen = ",".join(map(str, sorted(ids))) if ids else "null"
        where = "" if ids is None else f" where cast(concept_id as bigint) in ({chosen})"
        cursor = execute(f"select * from {names[name]}{where}")
        columns = [str(column[0]).lower() for column in cursor.description]
        rows = [[None if cell is None else str(cell) for cell in row] for row in cursor.fetchall()]
        return as_text(pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row"))

    return table
