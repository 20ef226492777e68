"""Answers that were looked at once and are kept under ``tests/golden/answers``: what changes them must say so.

``PGX_GOLDEN=write`` in the environment writes them again; look at the difference before it is committed. Numbers may
differ by a ten-thousandth, so that other processors and releases of xgboost give the same answers.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

import polars as pl

from pgx.cells import with_text

ANSWERS = Path(__file__).resolve().parent / "golden" / "answers"
_NEAR = 1e-4


def check(name: str, found: pl.DataFrame | Mapping[str, Any]) -> None:
    """Compare a frame, or a nested mapping, with what is kept under `name`."""
    lines = list(_of_frame(found) if isinstance(found, pl.DataFrame) else _of_mapping(found, ""))
    path = ANSWERS / f"{name}.tsv"
    if os.environ.get("PGX_GOLDEN") == "write":
        ANSWERS.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return
    kept = path.read_text(encoding="utf-8").splitlines()
    differing = [
        f"line {n}:\n  kept  {old}\n  found {new}"
        for n, (old, new) in enumerate(zip_longest(kept, lines), 1)
        if old is None or new is None or not _same(old, new)
    ]
    assert not differing, f"{len(differing)} lines of {path.name} differ:\n" + "\n".join(differing[:5])


def _of_frame(frame: pl.DataFrame) -> Iterator[str]:
    yield "\t".join(frame.columns)
    for row in with_text(frame).iter_rows():
        yield "\t".join(map(_cell, row))


def _of_mapping(found: Any, path: str) -> Iterator[str]:
    if isinstance(found, Mapping):
        for key, value in found.items():
            yield from _of_mapping(value, f"{path}/{key}")
    elif isinstance(found, list | tuple) and any(isinstance(one, Mapping | list | tuple) for one in found):
        for n, value in enumerate(found):
            yield from _of_mapping(value, f"{path}/{n}")
    elif isinstance(found, list | tuple):
        yield "\t".join([path, *map(_cell, found)])
    else:
        yield f"{path}\t{_cell(found)}"


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else " ".join(str(value).split())


def _same(old: str, new: str) -> bool:
    if old == new:
        return True
    cells = list(zip_longest(old.split("\t"), new.split("\t")))
    return all(a == b or _near(a, b) for a, b in cells)


def _near(old: str | None, new: str | None) -> bool:
    try:
        return math.isclose(float(old or ""), float(new or ""), rel_tol=_NEAR, abs_tol=1e-8)
    except ValueError:
        return False
