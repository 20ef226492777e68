"""Changes that too many persons of a file show are named for the laboratory; nobody's call changes."""

from __future__ import annotations

from pathlib import Path

import pgx.variants
from pgx.calling import call
from tests.variants.build import codes, knowledge, read, snv

RUN = ("chr22:42128211", "C", "CG")
PERSONS = [f"P{n}" for n in range(40)]


def columns(carriers: int) -> list[str]:
    return ["0/1"] * carriers + ["0/0"] * (len(PERSONS) - carriers)


def test_one_person_in_four_with_a_change_that_is_rare_everywhere(tmp_path: Path) -> None:
    found = read(tmp_path, snv(*RUN, *columns(10)), samples=PERSONS)
    (line,) = pgx.variants.suspects(found, knowledge())
    assert line.startswith("chr22:42128211 C>CG: 10 of 40 persons show it")
    assert not any(name in line for name in PERSONS)
    assert "artefact" not in " ".join(codes(found))


def test_heterozygotes_alone_are_out_of_proportion(tmp_path: Path) -> None:
    found = read(tmp_path, snv(*RUN, *columns(40)), samples=PERSONS)
    assert "out of Hardy-Weinberg equilibrium" in pgx.variants.suspects(found, knowledge())[0]


def test_few_carriers_or_few_persons_are_not_named(tmp_path: Path) -> None:
    assert not pgx.variants.suspects(read(tmp_path, snv(*RUN, *columns(1)), samples=PERSONS), knowledge())
    few = read(tmp_path, snv(*RUN, *columns(10)[:12]), samples=PERSONS[:12])
    assert not pgx.variants.suspects(few, knowledge())


def test_a_common_change_is_not_named(tmp_path: Path) -> None:
    found = read(tmp_path, snv("chr10:94781859", "G", "A", *columns(20)), samples=PERSONS)
    assert not pgx.variants.suspects(found, knowledge())


def test_calls_are_those_of_the_person_alone(tmp_path: Path) -> None:
    together = call(read(tmp_path, snv(*RUN, *columns(10)), samples=PERSONS), knowledge(), genes=["CYP2D6"]).genes[0]
    alone = call(read(tmp_path, snv(*RUN, "0/1"), samples=["P0"]), knowledge(), genes=["CYP2D6"]).genes[0]
    assert together.patterns[together.pattern_of[0]] == alone.patterns[0]
