"""How far is the learner from the best of its candidates? Thirty made-up worlds, and the public cohorts beside them.

``python -m tests.benchmarks.bench_learner --draws 50 --out FILE`` adds the draws that FILE lacks, and then judges. A draw
is a cohort of the world, the learner and every candidate alone fitted on it, and 20,000 other persons on whom all are
measured: the log-loss, or the absolute error as a share of that of saying the same dose to everybody. Regret is the
learner's loss minus that of the candidate that is best on these persons, which nobody could know beforehand.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from pgx.models.fitting import boost, candidates, fit, linear
from pgx.models.fitting.boost import Floats, Settings
from pgx.models.fitting.linear import Data
from tests.benchmarks import learner_worlds as worlds
from tests.benchmarks.learner_worlds import World

MANY, FEW = 0.01, 0.02
"""Largest mean regret with 300 persons or more, and with fewer."""
NULL, WORST = 0.005, 0.05
"""Largest mean loss against the prior in null worlds, and what 95 of 100 draws keep to."""


def judged(
    world: World, number: int, held_out: int = worlds.HELD_OUT, settings: Settings | None = None
) -> dict[str, Any]:
    """Return one draw: the learner's loss, each candidate's, and the regrets."""
    data, others = worlds.learned(world, number), worlds.held_out(world, held_out)
    start, free = time.process_time(), [0] * world.columns
    fitted = fit.fit(data, world.link, free, settings=settings)
    spent = time.process_time() - start
    scale = 1.0 if world.link == "logit" else _loss(world, others, _alone("base_rate", fitted, data, others, world))
    each = {name: _loss(world, others, _alone(name, fitted, data, others, world)) / scale for name in fitted.weights}
    model = _loss(world, others, fitted.margin(others.prior, others.x)) / scale
    return {
        "world": world.name,
        "kind": world.kind,
        "persons": world.persons,
        "draw": number,
        "model": model,
        "candidates": each,
        "weights": dict(fitted.weights),
        "regret": model - min(each.values()),
        "against_prior": model - each["prior"],
        "seconds": spent,
    }


def _alone(name: str, fitted: fit.Fitted, data: Data, others: Data, world: World) -> Floats:
    """Return the margins of one candidate, tuned as the learner tuned it."""
    alone = fit.Recipe({name: 1.0}, fitted.recipe.variants)
    line, trees = fit.follow(alone, data, world.link, [0] * world.columns, fitted.center, fitted.scale)
    found = linear.margins(line, others, fitted.center, fitted.scale)
    return found if trees is None else found + boost.margins(boost.open_booster(trees), others.x)


def _loss(world: World, others: Data, margin: Floats) -> float:
    return float(candidates.selection_loss(others.y, margin, world.link).mean())


def verdict(rows: list[dict[str, Any]]) -> tuple[list[str], bool]:
    """Return one line a world, and whether all are within the bars."""
    by_world = defaultdict(list)
    for row in rows:
        by_world[row["world"]].append(row)
    lines, good = [], True
    for world in worlds.worlds():
        draws = by_world.get(world.name, [])
        if not draws:
            continue
        regret = np.array([row["regret"] for row in draws])
        against = float(np.mean([row["against_prior"] for row in draws]))
        most = MANY if world.persons >= 300 else FEW
        kept = regret.mean() <= most and (world.kind != "null" or against <= NULL)
        good &= bool(kept)
        lines.append(
            f"{world.name:30s} {len(draws):3d} draws  regret {regret.mean():+.4f} (bar {most}), 95 of 100 within "
            f"{np.quantile(regret, 0.95):+.4f}; against the prior {against:+.4f}{'' if kept else '  NOT KEPT'}"
        )
    every = np.array([row["regret"] for row in rows])
    within = float((every <= WORST).mean()) if len(every) else float("nan")
    lines.append(f"all {len(every)} draws: mean regret {every.mean():+.4f}, {within:.1%} within {WORST} (bar 95 %)")
    return lines, good and within >= 0.95


def main(arguments: list[str] | None = None) -> int:
    """Draw what is missing, judge, print; 1 if a bar is not kept."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--draws", type=int, default=50)
    parser.add_argument("--first", type=int, default=0, help="number of the first draw")
    parser.add_argument("--most", type=int, default=5000, help="only worlds of at most so many persons")
    parser.add_argument("--least", type=int, default=0, help="only worlds of at least so many persons")
    parser.add_argument("--out", type=Path, default=Path("bench_learner.jsonl"), help="one line a draw; resumed")
    parser.add_argument("--judge", action="store_true", help="draw nothing, judge what is there")
    parser.add_argument("--cohorts", type=Path, help="folder of public cohorts, printed beside")
    given = parser.parse_args(arguments)
    rows = [json.loads(line) for line in given.out.read_text().splitlines()] if given.out.is_file() else []
    done = {(row["world"], row["draw"]) for row in rows}
    for number in [] if given.judge else range(given.first, given.draws):
        for world in worlds.worlds():
            if given.least <= world.persons <= given.most and (world.name, number) not in done:
                rows.append(judged(world, number))
                with given.out.open("a") as file:
                    file.write(json.dumps(rows[-1]) + "\n")
                print(f"{world.name} {number}: regret {rows[-1]['regret']:+.4f}", file=sys.stderr, flush=True)
    lines, good = verdict(rows)
    print("\n".join(lines))
    if given.cohorts is not None:
        from tests.benchmarks import learner_cohorts

        print("\n".join(learner_cohorts.compared(given.cohorts)))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
