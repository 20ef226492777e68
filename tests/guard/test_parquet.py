"""A stranger's Parquet file is read or refused with one line; it never ends the process, nor fills the memory."""

from __future__ import annotations

import io
import random
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest

from pgx import clinical
from pgx.clinical.readers import flat, omop_files
from pgx.errors import InputError, UsageError
from pgx.guard import limits, parquet
from pgx.guard.parquet import check_parquet, read_parquet
from pgx.knowledge import KnowledgeBase, load
from pgx.models.cohort import tables
from pgx.reports.write import _check_tables
from pgx.tables import check_table
from pgx.types import Result
from tests.cohort import summaries
from tests.sizes import size

CRASH = Path(__file__).parents[1] / "data" / "crashes" / "parquet.list_cut_twice"
MUTATIONS = size(12, 200)
FRAME = pl.DataFrame(
    {
        "sample": ["A", "B", "C"],
        "person_id": [1, 2, 3],
        "weight": [70.0, None, 81.5],
        "medications": [["warfarin"], [], ["codeine", None]],
        "smoker": [True, False, None],
    }
)
Read = Callable[[Path], object]


@pytest.fixture(scope="module")
def kb() -> KnowledgeBase:
    return load()


def content(frame: pl.DataFrame = FRAME, **options: object) -> bytes:
    out = io.BytesIO()
    frame.write_parquet(out, **options)  # type: ignore[arg-type]
    return out.getvalue()


def mutated(whole: bytes, rng: random.Random) -> bytes:
    """Change bytes, cut the file short, or put one part of it where another is."""
    data = bytearray(whole)
    how = rng.randrange(4)
    if how == 0:
        for _ in range(rng.choice((1, 2, 8))):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif how == 1:
        del data[rng.randrange(len(data)) :]
    elif how == 2:  # the end, which says where everything is, stays
        first, second = sorted(rng.sample(range(4, len(data) // 2), 2))
        data[4:second] = data[first:second] + data[4:first]
    else:
        at = rng.randrange(4, len(data) - 8)
        data[at : at + rng.choice((0, 1, 9))] = rng.randbytes(rng.choice((1, 4, 9)))
    return bytes(data)


def files(folder: Path) -> Iterator[Path]:
    rng = random.Random(18)
    wholes = [content(), content(compression="uncompressed"), content(row_group_size=1, data_page_size=1)]
    for number in range(MUTATIONS):
        path = folder / f"{number}.parquet"
        path.write_bytes(mutated(rng.choice(wholes), rng))
        yield path


def one_line(read: Callable[[], object]) -> None:
    try:
        read()
    except InputError as error:
        assert "\n" not in str(error)
        assert ".parquet: " in str(error)


def test_a_file_at_which_the_library_ends_the_process_is_one_line(
    pgx_process: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(CRASH.read_bytes())
    done = pgx_process("check", path)
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1] == (
        f"pgx: {path}: a damaged Parquet file, or one that needs more than 8192 MiB of memory; "
        "write it again from its source"
    )


@pytest.mark.parametrize("blocks", [False, True])
def test_a_table_that_would_end_the_process_is_refused_before_it_is_read(tmp_path: Path, blocks: bool) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(CRASH.read_bytes())
    with pytest.raises(InputError, match=r"a\.parquet: (a damaged|not a readable) Parquet file"):
        tables.source(path) if blocks else tables.read(path)


def test_no_change_to_a_file_breaks_a_reader(tmp_path: Path, kb: KnowledgeBase) -> None:
    def folder(path: Path) -> object:
        place = tmp_path / f"folder{path.stem}"
        place.mkdir()
        person = place / "person.parquet"
        person.write_bytes(path.read_bytes())
        return omop_files._file(person, None, None)

    def blocks(path: Path) -> None:
        for block in tables.source(path).blocks():
            assert block.height

    readers: tuple[Read, ...] = (lambda path: clinical.read([path], kb), folder, tables.read, blocks)
    for number, path in enumerate(files(tmp_path)):
        for read in readers[number % 2 :: 2] if MUTATIONS < 200 else readers:
            one_line(lambda read=read, path=path: read(path))  # type: ignore[misc]


def test_what_is_whole_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a[1]*.parquet"  # not a pattern
    path.write_bytes(content())
    assert read_parquet(path).equals(FRAME)
    assert read_parquet(path.read_bytes(), "a").equals(FRAME)
    assert read_parquet(path, columns=["weight", "none"]).columns == ["weight"]
    assert read_parquet(path, among=("person_id", {3, 9}))["sample"].to_list() == ["C"]
    assert tables.read(path)["weight"].to_list() == [70.0, None, 81.5]
    assert tables.source(path).read(1, 1, ["sample"]).rows() == [("B",)]
    check_parquet([])


def test_rows_that_unpack_to_more_than_is_read_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.parquet"
    wide = pl.DataFrame({"sample": ["A" * 50]}).lazy().select(pl.col("sample").repeat_by(8_000_000).explode())
    wide.collect().write_parquet(path)
    assert path.stat().st_size < 100_000
    monkeypatch.setattr(parquet, "PARQUET", limits.Limit("a test", 256 << 20, "bytes", ""))
    with pytest.raises(InputError, match="needs more than 256 MiB of memory"):
        read_parquet(path)


@pytest.mark.parametrize("form", ["text", "list", "struct", "categorical"])
def test_a_text_that_every_row_repeats_counts_once_a_row(tmp_path: Path, form: str) -> None:
    path = tmp_path / "a.parquet"
    rows = pl.select(text=pl.lit("A" * 1000).repeat_by(20_000).explode())
    shown = pl.col("text")
    forms = {
        "text": shown,
        "list": shown.implode(),
        "struct": pl.struct(shown),
        "categorical": shown.cast(pl.Categorical),
    }
    rows.select(forms[form]).write_parquet(path)
    assert path.stat().st_size < 20_000
    most = limits.Limit("a test", 21 << 20, "bytes", "split it")
    assert read_parquet(path, most=most).height
    with pytest.raises(InputError, match=r"a\.parquet: a test of more than 18 MiB, the most that is read; split it"):
        read_parquet(path, most=limits.Limit("a test", 18 << 20, "bytes", "split it"))


def test_a_history_in_parquet_holds_no_more_text_than_one_in_csv(
    tmp_path: Path, kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flat, "RECORD", limits.Limit("a history", 1 << 20, "bytes", "split it"))
    path = tmp_path / "a.parquet"
    rows = pl.select(medications=pl.lit("A" * 100_000).repeat_by(20).explode())
    rows.with_columns(sample=pl.lit("A")).write_parquet(path)
    with pytest.raises(InputError, match=r"a\.parquet: a history of more than 1 MiB"):
        clinical.read([path], kb)


def test_rows_that_hold_nothing_are_counted(tmp_path: Path, kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flat, "ROWS", limits.Limit("a table", 1000, "rows", "split it"))
    path = tmp_path / "a.parquet"
    for rows in (1000, 1001):
        pl.DataFrame({"sample": ["A"] * rows, "sex": ["M"] * rows}).write_parquet(path)
        if rows == 1000:
            assert clinical.read([path], kb).observations.height == 1
        else:
            with pytest.raises(InputError, match=r"a\.parquet: a table of more than 1,000 rows, the most .*split it"):
                clinical.read([path], kb)


def test_a_file_that_is_read_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def waits(*_: object, timeout: float, **__: object) -> None:
        raise subprocess.TimeoutExpired("", timeout)

    path = tmp_path / "a.parquet"
    path.write_bytes(content())
    monkeypatch.setattr(subprocess, "run", waits)
    with pytest.raises(InputError, match="reading it takes more than 600 seconds"):
        read_parquet(path)


def test_the_damaged_file_of_several_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(content())
    (tmp_path / "b.parquet").write_bytes(CRASH.read_bytes())
    with pytest.raises(InputError, match=r"b\.parquet: "):
        check_parquet([tmp_path / "a.parquet", tmp_path / "b.parquet"])


def test_a_damaged_part_of_a_cohort_is_named(tmp_path: Path, kb: KnowledgeBase) -> None:
    from pgx.cohort.summary.parts import open_parts

    people = summaries.features({"A": (None, None), "B": (None, None)})
    calls = summaries.rows("calls", [summaries.call("A", "*1/*1"), summaries.call("B", "*1/*2")])
    place = summaries.write_cohort(tmp_path, kb, {"features": people, "calls": calls}, 1)
    (place / "calls" / "part-00001.parquet").write_bytes(CRASH.read_bytes())
    with pytest.raises(InputError, match=r"part-00001\.parquet: "):
        open_parts(place, kb, None)


def test_whose_a_table_is_is_seen_without_the_library(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    for whole, ours in (
        (content(), True),
        (content(metadata={"pgx": "{}"}), True),
        (content(FRAME.select(pl.exclude("sample"))), False),
        (content(FRAME.select("person_id", "weight", "sample")), False),
        (content(pl.DataFrame({"sample": [1], "x": [1], "person_id": [1]})), False),
        (content(pl.DataFrame({"sample": ["A"], "person_id": ["B"]})), True),
        (content()[:-1], False),
        (b"PAR1", False),
        (CRASH.read_bytes(), False),
    ):
        path.write_bytes(whole)
        if ours:
            check_table(path, ["sample", "person_id"])
        else:
            with pytest.raises(UsageError, match="a file that pgx did not write"):
                check_table(path, ["sample", "person_id"])


def test_a_damaged_table_of_an_earlier_run_stops_nothing(tmp_path: Path) -> None:
    whole = bytearray(content(pl.DataFrame({"sample": ["A", "B", "A"]}), compression="uncompressed"))
    whole[35] ^= 1  # in the page of the names: the library would end the process
    (tmp_path / "calls.parquet").write_bytes(whole)
    with pytest.raises(InputError, match="a damaged Parquet file"):
        read_parquet(tmp_path / "calls.parquet", columns=["sample"])
    _check_tables(Result.__new__(Result), tmp_path, ["parquet"])


PAIR = pl.Struct({"key": pl.String, "value": pl.Int64})
NESTED = {
    "a list of records": pl.Series([[{"key": "a", "value": 1}]], dtype=pl.List(PAIR)),
    "a list of lists": pl.Series([[[1]]]),
    "a list of bytes": pl.Series([[b"\xff"]]),
    "a record": pl.Series([{"key": "a", "value": 1}], dtype=PAIR),
}
if hasattr(pl, "Map"):  # earlier versions read it as a list of records
    NESTED["a map"] = NESTED["a list of records"].cast(pl.Map(pl.String, pl.Int64))


@pytest.mark.parametrize("name", NESTED)
def test_a_column_of_a_history_that_holds_more_than_values_is_refused(tmp_path: Path, kb: KnowledgeBase, name: str):
    path = tmp_path / "in.parquet"
    pl.DataFrame({"sample": ["A"], "weight": NESTED[name]}).write_parquet(path)
    with pytest.raises(InputError, match=r"'weight' holds .*not plain values"):
        clinical.check(path, kb)


@pytest.mark.parametrize("days", [2**31 - 1, 2_932_897, -719_163])
@pytest.mark.parametrize("column", ["date", "x"])
def test_a_date_that_is_in_no_calendar_is_refused(tmp_path: Path, kb: KnowledgeBase, days: int, column: str):
    path = tmp_path / "in.parquet"
    pl.DataFrame({"sample": ["A"], column: pl.Series([days], dtype=pl.Int32).cast(pl.Date)}).write_parquet(path)
    with pytest.raises(InputError, match="in no calendar"):
        clinical.check(path, kb)
