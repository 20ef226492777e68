"""`pgx cohort run`: a cohort, block by block."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from pgx.cohort.crew import Crew
from pgx.cohort.folder import Folder, Json
from pgx.cohort.plan import BLOCK, TABLES, Plan
from pgx.errors import InputError, PgxError
from pgx.options import Names, Options, PathLike, Paths, names_of, paths_of

OnBlock = Callable[[int, int], None]


def run(
    vcf: Paths,
    out: PathLike,
    *,
    clinical: Paths = (),
    outside_calls: Paths = (),
    drugs: Names | None = None,
    endpoints: Names | None = None,
    tables: Names = TABLES,
    block_size: int = BLOCK,
    threads: int | None = None,
    options: Options | None = None,
    on_block: OnBlock | None = None,
) -> None:
    """Work through a cohort."""
    from pgx.variants.vcf.source import open_source

    options = options or Options()
    paths = [str(path) for path in paths_of(vcf)]
    samples: dict[str, None] = {}
    for path in paths:
        source = open_source(path)
        samples |= dict.fromkeys(source.header().samples)
        source.close()
    plan = Plan(
        tuple(paths), tuple(samples), tuple(map(str, paths_of(clinical))), tuple(map(str, paths_of(outside_calls))),
        _tuple(drugs), _tuple(endpoints), tuple(names_of(tables) or ()), block_size=block_size, options=options,
    )  # fmt: skip
    folder = Folder(Path(out))
    digest = "x"
    left = [number for number in range(plan.blocks) if folder.read_state(number, digest) is None]
    done = sum(len(plan.block(number)) for number in range(plan.blocks)) - sum(len(plan.block(n)) for n in left)
    crew = Crew(min(threads or os.cpu_count() or 1, max(1, len(left))), (plan, digest, str(folder.root)))
    for kind, number, told in crew.work(left):
        if kind == "stop":
            raise InputError(f"cannot go on: {told}", fix="make room, and give the same command again")
        if kind == "died":
            raise PgxError(told)
        state: Json = told
        done += state["persons"]
        if on_block is not None:
            on_block(done, len(plan.samples))


def _tuple(names: Names | None) -> tuple[str, ...] | None:
    found = names_of(names)
    return None if found is None else tuple(found)
