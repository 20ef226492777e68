"""OMOP CDM 5.4 tables in an SQLite or DuckDB file, or on a PostgreSQL server.

Whoever made a database wrote its views: they are read, but reach no other file, no network and no extension, and they
end (`pgx.clinical.readers.bounded_queries`).
"""

from __future__ import annotations

import itertools
import re
import sqlite3
from collections.abc import Collection, Iterable
from pathlib import Path

import polars as pl

from pgx.clinical.readers.bounded_queries import MOST_BYTES, MOST_HELD, STALLED, VIEWS, Bounded, processor_of, rows_of
from pgx.clinical.readers.omop import VISIT_ID, Source, read_tables
from pgx.clinical.readers.text import as_text
from pgx.clinical.statements import Events
from pgx.errors import InputError
from pgx.guard.optional import need

_URL = re.compile(r"^postgres(?:ql)?:/+", re.IGNORECASE)
_LONGEST_CELL = 2**24
_SHORTEST_ROW = 10
"""Bytes that a row of SQLite takes at least, with its place in the page and two cells."""
_LONGEST_PATTERN = 100  # SQLite cannot be interrupted inside LIKE, whose time grows with every % of the pattern
_READING = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE)
_DUCKDB_CLOSED = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
    "python_enable_replacements": "false",  # a view must not find this program's variables
    "temp_directory": "",
    "memory_limit": f"{MOST_HELD // 2**20}MiB",
    "threads": "1",
    "lock_configuration": "true",
}


def postgres_url(path: str | Path) -> str | None:
    """Return the address if it is one of a PostgreSQL server, else None; a path object has lost a slash."""
    text = str(path)
    return _URL.sub("postgresql://", text) if _URL.match(text) else None


def read_sqlite(events: Events, path: Path) -> None:
    """Read the tables of an SQLite database."""
    try:
        connection = _open_sqlite(path)
        with Bounded(
            path, connection.execute, connection.interrupt, connection.close, processor=processor_of(path)
        ) as database:
            database.most_rows = rows_of(path.stat().st_size // _SHORTEST_ROW)
            names = database.rows(
                "select name from sqlite_master where type in ('table', 'view')", "the list of tables"
            )
            read_tables(events, _source(database, names["name"]))
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise InputError(f"not a readable SQLite database: {_line(error)}", file=path) from None


def _open_sqlite(path: Path) -> sqlite3.Connection:
    # Queries run on a thread of their own, one at a time.
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False)
    connection.execute("pragma trusted_schema = off")
    # An endless sort would otherwise fill the disk.
    connection.execute("pragma temp_store = memory")
    connection.execute(f"pragma hard_heap_limit = {MOST_BYTES}")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_CELL)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, _LONGEST_PATTERN)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    connection.set_authorizer(_allow_reading)
    return connection


def _allow_reading(action: int, _: str | None, function: str | None, *more: str | None) -> int:
    if action in _READING or (action == sqlite3.SQLITE_FUNCTION and function != "load_extension"):
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def read_duckdb(events: Events, path: Path) -> None:
    """Read the tables of a DuckDB database."""
    duckdb = need("duckdb", "database", events.file, "DuckDB files")
    try:
        # An absolute path: DuckDB takes some beginnings of a name (md:, s3:) for services.
        connection = duckdb.connect(str(path.absolute()), read_only=True, config=_DUCKDB_CLOSED)
        with Bounded(
            path, connection.execute, connection.interrupt, connection.close,
            processor=processor_of(path), memory=MOST_BYTES + MOST_HELD,
        ) as database:  # fmt: skip
            stored = database.rows("select estimated_size from duckdb_tables()", "the list of tables")
            database.most_rows = rows_of(int(stored["estimated_size"].cast(pl.Int64).sum()))
            names = database.rows("select table_name from information_schema.tables", "the list of tables")
            read_tables(events, _source(database, names["table_name"]))
    except duckdb.PermissionException as error:
        problem = f"a view reads other files, folders or the network, which is not allowed ({_line(error)})"
        raise InputError(problem, file=path, fix="give a file that holds the tables themselves") from None
    except duckdb.OutOfMemoryException:
        raise InputError("a view takes more memory than any table", file=path, fix=VIEWS) from None
    except duckdb.Error as error:
        raise InputError(f"not a readable DuckDB database: {_line(error)}", file=path) from None


def read_postgres(events: Events, url: str) -> None:
    """Read the tables on a server's search path; the session is read-only.

    Another schema than the default is chosen in the address: ``postgresql://host/db?options=-csearch_path%3Dcdm``.
    """
    _check_address(events.file, url)
    psycopg = need("psycopg", "database", events.file, "PostgreSQL")
    try:
        psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError:  # its words quote what may be a password
        raise _malformed(events.file) from None
    try:
        connection = psycopg.connect(url, connect_timeout=10)
        connection.read_only = True
        number = itertools.count()

        def execute(query: str) -> object:
            # A cursor of the server: rows come in blocks, and the time limit of a statement is that of one block.
            cursor = connection.cursor(name=f"pgx_{next(number)}")
            cursor.execute(query)
            return cursor

        with Bounded(events.file, execute, connection.cancel, connection.close) as database:
            connection.execute(f"set statement_timeout = {round(STALLED * 1000)}")
            names = database.rows(
                "select table_name from information_schema.tables where table_schema = any(current_schemas(false))",
                "the list of tables",
            )
            read_tables(events, _source(database, names["table_name"]))
    except psycopg.Error as error:
        raise InputError(f"the database cannot be read: {_line(error)}", file=events.file) from None


def _check_address(file: str, url: str) -> None:
    """Refuse an address that could be cut in the wrong place: a part of the password would be taken for the host."""
    rest = url.partition("://")[2].partition("?")[0]
    authority = re.split("[/#]", rest)[0]
    if "@" in rest[len(authority) :] or authority.count("@") > 1 or authority.count("[") != authority.count("]"):
        raise _malformed(file)


def _malformed(file: str) -> InputError:
    return InputError("the address is not written as one", file=file,
                      fix="write @ : / # and blanks of a user or password as %40 %3A %2F %23 %20")  # fmt: skip


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _source(database: Bounded, found: Iterable[str]) -> Source:
    """Return what gives a table by name as text."""
    names = {name.lower(): f'"{name}"' for name in found}

    def table(name: str, ids: Collection[int] | None) -> pl.DataFrame | None:
        if name not in names:
            return None
        chosen = ",".join(map(str, sorted(ids))) if ids else "null"
        where = "" if ids is None else f" where cast(concept_id as bigint) in ({chosen})"
        if name == "visit_occurrence" and "condition_occurrence" in names:
            same = f"cast({VISIT_ID} as text)"
            where = f" where {same} in (select {same} from {names['condition_occurrence']})"
        return as_text(database.rows(f"select * from {names[name]}{where}", f"table or view {name!r}"))

    return table
