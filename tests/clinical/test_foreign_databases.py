"""Databases that others made: their views reach nothing but their own tables, and they end."""

from __future__ import annotations

import resource
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from pgx import clinical
from pgx.clinical.readers import bounded_queries, omop_databases
from pgx.errors import InputError
from pgx.knowledge import KnowledgeBase

PERSONS = "select 1 as person_id, 'P1' as person_source_value, 1950 as year_of_birth"
SECRET = "person_id,person_source_value,year_of_birth\n7,secret,1950\n"
Make = Callable[[str], Path]


@pytest.fixture
def duck(tmp_path: Path) -> Iterator[Make]:
    duckdb = pytest.importorskip("duckdb")

    def make(sql: str) -> Path:
        path = tmp_path / "omop.duckdb"
        with duckdb.connect(str(path)) as connection:
            connection.execute(sql)
        return path

    yield make


@pytest.fixture
def lite(tmp_path: Path) -> Make:
    def make(sql: str) -> Path:
        path = tmp_path / "omop.sqlite"
        connection = sqlite3.connect(path)
        connection.executescript(sql)
        connection.close()
        return path

    return make


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_queries, "STALLED", 2.0)
    monkeypatch.setattr(bounded_queries, "WHOLE", 30.0)
    monkeypatch.setattr(bounded_queries, "MOST_ROWS", 50_000)


def refusal(path: Path, kb: KnowledgeBase) -> str:
    """Say how a file is refused: one line, and soon."""
    started = time.monotonic()
    with pytest.raises(InputError) as caught:
        clinical.read([path], kb)
    assert time.monotonic() - started < 60
    said = str(caught.value)
    assert said.startswith(f"{path}: ") and "\n" not in said
    return said


def test_a_view_of_the_files_own_tables_is_read(duck: Make, lite: Make, kb: KnowledgeBase) -> None:
    for make in (duck, lite):
        path = make(f"create table people as {PERSONS}; create view person as select * from people")
        data = clinical.read([path], kb, samples=["P1"])
        assert data.observations.filter(concept="birth_date").height == 1


@pytest.mark.parametrize(
    "source",
    ["read_csv('{}')", "'{}'", "read_text('{}')", "read_blob('{}')", "sniff_csv('{}')", "glob('{}')", "glob('/*')"],
)
def test_a_duckdb_view_reads_no_other_file(duck: Make, kb: KnowledgeBase, tmp_path: Path, source: str) -> None:
    (tmp_path / "secret.csv").write_text(SECRET)
    said = refusal(duck(f"create view person as select * from {source.format(tmp_path / 'secret.csv')}"), kb)
    assert "a view reads other files, folders or the network, which is not allowed" in said


@pytest.mark.parametrize("source", ["query('select * from read_csv(''{}'')')", "parquet_metadata('{}')"])
def test_no_way_around_leads_to_another_file(duck: Make, kb: KnowledgeBase, tmp_path: Path, source: str) -> None:
    import duckdb
    import polars as pl

    pl.DataFrame({"person_id": [7]}).write_parquet(tmp_path / "secret.parquet")
    (tmp_path / "secret.csv").write_text(SECRET)
    name = tmp_path / ("secret.parquet" if "parquet" in source else "secret.csv")
    try:
        path = duck(f"create view person as select * from {source.format(name)}")
    except duckdb.Error as error:
        pytest.skip(f"DuckDB makes no such view: {error}")
    assert "secret,1950" not in refusal(path, kb)


def test_a_duckdb_view_finds_no_variables_of_the_program(duck: Make, kb: KnowledgeBase) -> None:
    path = duck(f"create table names as {PERSONS}; create view person as select * from names")
    import duckdb

    with duckdb.connect(str(path)) as connection:
        connection.execute("drop table names")
    assert "names" in refusal(path, kb)


def test_the_session_is_closed_to_files_settings_and_extensions(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    from pgx.clinical.readers.omop_databases import _DUCKDB_CLOSED

    duckdb.connect(str(tmp_path / "x.duckdb")).close()
    with duckdb.connect(str(tmp_path / "x.duckdb"), read_only=True, config=_DUCKDB_CLOSED) as connection:
        for statement in (
            f"attach '{tmp_path / 'other.db'}'",
            f"copy (select 1) to '{tmp_path / 'out.csv'}'",
            f"export database '{tmp_path / 'out'}'",
            "install httpfs",
            "load httpfs",
            "load 'x.duckdb_extension'",
            "set enable_external_access = true",
            "set memory_limit = '100GB'",
            "create table x as select 1",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(statement)
    assert {path.name for path in tmp_path.iterdir()} == {"x.duckdb"}


ENDLESS = "with recursive t(person_id) as (select 1 union all select person_id + 1 from t) select * from t"
SILENT = (
    "with recursive t(i) as (select 1 union all select (i + 1) % 9 from t) select i as person_id from t where i < 0"
)


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize(
    ("view", "said"),
    [
        (SILENT, "nothing new for 2 s"),
        (ENDLESS, "more than 50000 rows"),
        ("select i as person_id from range(1000000000000) t(i)", "more than 50000 rows"),
        ("select i as person_id from generate_series(1, 1000000000000) t(i) where i < 0", "nothing new for 2 s"),
        ("select count(*) as person_id from range(1000000) a, range(1000000) b, range(1000000) c", "nothing new"),
        ("select levenshtein(repeat('a', 9000000), repeat('b', 9000000)) as person_id", "nothing new"),
        ("select i as person_id from range(100000000000) t(i) order by hash(i)", ""),
    ],
)
def test_a_duckdb_view_ends(duck: Make, kb: KnowledgeBase, view: str, said: str) -> None:
    assert said in refusal(duck(f"create view person as {view}"), kb)


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize(
    ("view", "said"),
    [
        (SILENT, "table or view 'person' is given up: nothing new for 2 s"),
        (ENDLESS, "more than 50000 rows; export its tables as CSV or Parquet"),
        (ENDLESS + " order by -person_id", "nothing new"),
        ("select zeroblob(100000000) as person_id", "too big"),
        (f"select 'a' like '{'%a' * 60}' as person_id", "too complex"),
        ("select load_extension('x') as person_id", "unsafe use of load_extension()"),
        ("select * from pragma_database_list", "unsafe use of virtual table"),
    ],
)
def test_an_sqlite_view_ends_and_reaches_nothing(lite: Make, kb: KnowledgeBase, view: str, said: str) -> None:
    assert said in refusal(lite(f"create view person as {view}"), kb)


def test_a_query_that_cannot_be_stopped_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_queries, "STALLED", 0.2)
    monkeypatch.setattr(bounded_queries, "_GRACE", 0.2)
    closed: list[bool] = []
    started = time.monotonic()
    with (
        pytest.raises(InputError, match=r"x\.db: table 'a' is given up: nothing new"),
        bounded_queries.Bounded(
            "x.db", lambda query: time.sleep(60), lambda: time.sleep(60), lambda: closed.append(True)
        ) as one,
    ):
        one.rows("select", "table 'a'")
    assert time.monotonic() - started < 30 and not closed


def test_wide_cells_and_slow_rows_are_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def cursor(*blocks: list[tuple[str]], pause: float = 0.0) -> SimpleNamespace:
        rest = list(blocks)

        def fetchmany(size: int) -> list[tuple[str]]:
            time.sleep(pause)
            return rest.pop(0) if rest else []

        return SimpleNamespace(description=[("A",)], fetchmany=fetchmany)

    def read(one: SimpleNamespace) -> list[str]:
        with bounded_queries.Bounded("x.db", lambda query: one, lambda: None, lambda: None) as database:
            return database.rows("select", "table 'a'")["a"].to_list()

    assert read(cursor([("1",), ("2",)], [("3",)])) == ["1", "2", "3"]
    monkeypatch.setattr(bounded_queries, "MOST_BYTES", 1000)
    with pytest.raises(InputError, match="more than"):
        read(cursor([("x" * 600,)], [("x" * 600,)]))
    monkeypatch.setattr(bounded_queries, "WHOLE", 0.5)
    monkeypatch.setattr(bounded_queries, "STALLED", 10.0)
    with pytest.raises(InputError, match="not read after"):
        read(cursor(*([("x",)] for _ in range(50)), pause=0.05))


def test_a_cell_that_nobody_reads_through_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(cell: str) -> list[str]:
        blocks = [[(cell,)], []]
        one = SimpleNamespace(description=[("A",)], fetchmany=lambda size: blocks.pop(0))
        with bounded_queries.Bounded("x.db", lambda query: one, lambda: None, lambda: None) as database:
            return database.rows("select", "table 'a'")["a"].to_list()

    monkeypatch.setattr(bounded_queries, "LONGEST_CELL", 10)
    assert read("x" * 10) == ["x" * 10]
    with pytest.raises(InputError, match="a cell of more than 10 characters"):
        read("x" * 11)


def test_rows_are_fetched_by_what_they_weigh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_queries, "BYTES_AT_ONCE", 10_000)

    def asked(cell: str) -> list[int]:
        sizes: list[int] = []

        def fetchmany(size: int) -> list[tuple[str]]:
            sizes.append(size)
            return [(cell,)] * size if len(sizes) < 4 else []

        one = SimpleNamespace(description=[("A",)], fetchmany=fetchmany)
        with bounded_queries.Bounded("x.db", lambda query: one, lambda: None, lambda: None) as database:
            assert database.rows("select", "table 'a'").height == sum(sizes[:3])
        return sizes

    first = bounded_queries.AT_FIRST
    assert asked("x" * 1000)[0] == first and asked("x" * 1000)[1] in (9, 10)
    assert asked("x" * 100_000)[1] == 1
    assert asked("x")[1] > first


ENDLESS = {
    "rows without end": "with recursive r(i) as (select 1 union all select i + 1 from r) "
    "select i as person_id, 'P' || i as person_source_value, 1950 as year_of_birth from r",
    "no row for ever": "with recursive r(i) as (select 1 union all select i + 1 from r) "
    "select count(*) as person_id, 'P1' as person_source_value, 1950 as year_of_birth from r",
}


@pytest.mark.parametrize("kind", ENDLESS)
@pytest.mark.parametrize("make", ["duck", "lite"])
def test_an_endless_view_in_a_small_file_ends_after_some_seconds_of_processor(
    request: pytest.FixtureRequest, kb: KnowledgeBase, make: str, kind: str
) -> None:
    path = request.getfixturevalue(make)(f"create view person as {ENDLESS[kind]}")
    before = time.process_time()
    assert "'person' is given up: " in refusal(path, kb)
    assert time.process_time() - before < 12


@pytest.mark.parametrize(
    "view",
    [
        "select repeat('a', 3000000) as person_id from range(100000)",
        "select repeat(repeat('a', 30000), 100000) as person_id",
        "select range(1000000000) as person_id",
    ],
)
def test_rows_of_any_size_take_no_more_memory_than_a_table(
    duck: Make, kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch, view: str
) -> None:
    path = duck(f"create view person as {view}")
    monkeypatch.setattr(omop_databases, "MOST_BYTES", 2**28)
    monkeypatch.setattr(omop_databases, "MOST_HELD", 2**28)
    limits = resource.getrlimit(resource.RLIMIT_AS)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "a view takes more memory than any table" in refusal(path, kb)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2**20  # KiB
    assert resource.getrlimit(resource.RLIMIT_AS) == limits


@pytest.mark.parametrize("make", ["duck", "lite"])
def test_many_rows_that_the_file_stores_are_read_through_a_view(
    request: pytest.FixtureRequest, kb: KnowledgeBase, make: str
) -> None:
    count = bounded_queries.ROWS + 20_000
    path = request.getfixturevalue(make)(
        "create table stored as with recursive r(i) as "
        f"(select 1 union all select i + 1 from r where i < {count}) select i as person_id from r; "
        "create view person as select person_id, 'P' || person_id as person_source_value, 1950 as year_of_birth "
        "from stored order by person_id desc"
    )
    found = clinical.read([path], kb, samples=["P1", f"P{count}"])
    assert sorted(found.observations["sample"].unique()) == ["P1", f"P{count}"]
