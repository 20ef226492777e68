"""The tables of a finished cohort, read lazily, and the group of each person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pgx.cohort import manifest
from pgx.cohort.folder import Folder, Json
from pgx.cohort.plan import block_count
from pgx.errors import InputError, UsageError
from pgx.guard.parquet import check_parquet
from pgx.knowledge import KnowledgeBase

GIVEN, ESTIMATED, NONE = "given", "estimated", "none"
GROUPINGS = (GIVEN, ESTIMATED, NONE)
_COLUMN = {GIVEN: "clinical.ancestry", ESTIMATED: "ancestry.estimated_group"}
EVERYBODY = "all"
NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Parts:
    """A finished cohort.

    Parameters
    ----------
    folder
        Its folder.
    told
        Its manifest.
    people
        ``sample group sex``: everybody of whom there are rows; one group if they are not told apart.
    grouping
        By what they are told apart, of `GROUPINGS`.
    """

    folder: Folder
    told: Json
    people: pl.DataFrame
    grouping: str

    @property
    def groups(self) -> list[str]:
        """The groups that there are, sorted; empty if they are not told apart."""
        return [] if self.grouping == NONE else sorted(self.people["group"].unique())

    def has(self, table: str) -> bool:
        """Whether the run wrote a table."""
        return table in self.told["parameters"]["tables"]

    def scan(self, table: str) -> pl.LazyFrame:
        """Open a table, all blocks of it."""
        return pl.scan_parquet(self.folder.root / table / "part-*.parquet", glob=True)

    def blocks(self, table: str) -> Iterator[pl.DataFrame]:
        """Yield a table block by block."""
        for path in sorted((self.folder.root / table).glob("part-*.parquet")):
            yield pl.read_parquet(path)


def open_parts(place: Path, kb: KnowledgeBase, grouping: str | None) -> Parts:
    """Open a cohort.

    Parameters
    ----------
    place
        Folder of `pgx cohort run` or `pgx cohort merge`.
    kb
        The knowledge base that the run used.
    grouping
        Of `GROUPINGS`; None = as given, and as estimated if nobody's is given.

    Raises
    ------
    InputError
        If no cohort is there, blocks are not done, or it was run with another knowledge base.
    UsageError
        If the grouping is unknown, or the run wrote no features to group by.
    """
    if grouping is not None and grouping not in GROUPINGS:
        raise UsageError(f"groups are {', '.join(GROUPINGS)}, not {grouping!r}")
    folder = Folder(place)
    told = manifest.read(folder)
    wanted = block_count(told["persons"]["count"], told["parameters"]["block_size"])
    if len(told.get("blocks") or ()) < wanted:
        # The manifest lists the blocks when the run has ended; until then each block's own state tells.
        done = sum(folder.read_state(number, told["plan"]) is not None for number in range(wanted))
        raise InputError(f"the run has not ended: {done} of {wanted} blocks are done", file=place,
                         fix="give the command of the run again, or `pgx cohort merge` its shards")  # fmt: skip
    versions = told["versions"]
    if versions["knowledge_sha256"] != kb.checksum:
        raise InputError(f"it was run with the knowledge base {versions['knowledge']} of other content than "
                         f"{kb.version}", file=place, fix="use the pgx and the --knowledge of the run")  # fmt: skip
    # A folder may have come from another machine, and its files may have been damaged on the way.
    check_parquet(
        sorted(path for table in told["parameters"]["tables"] for path in folder.root.glob(f"{table}/part-*.parquet"))
    )
    found = Parts(folder, told, pl.DataFrame(), NONE)
    if not found.has("calls"):
        raise InputError("the run wrote no calls", file=place, fix="run it with all tables")
    if not found.has("features"):
        if grouping in _COLUMN:
            raise UsageError("the run wrote no features, which hold the groups; use --groups none")
        names = found.scan("calls").select("sample").unique().sort("sample").collect(engine="streaming")
        people = names.with_columns(group=pl.lit(EVERYBODY), sex=pl.lit(None, dtype=pl.String))
        return Parts(folder, told, people, NONE)
    columns = ("sample", *_COLUMN.values(), "clinical.sex")
    rows = found.scan("features").select(columns).collect(engine="streaming")
    if grouping is None:
        grouping = next((how for how, name in _COLUMN.items() if rows[name].null_count() < rows.height), NONE)
    group = pl.lit(EVERYBODY) if grouping == NONE else pl.col(_COLUMN[grouping]).fill_null(NOT_KNOWN)
    return Parts(folder, told, rows.select("sample", group=group, sex="clinical.sex"), grouping)
