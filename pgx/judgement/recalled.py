"""Which judgements on what gives way rest on a row of the table ``standings`` that nobody has checked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from pgx.codes import Flag, FlagCode
from pgx.judgement.judgement import Judgement
from pgx.judgement.read_back import agents_of, arguments_of, gives_way_of, ruled_out_themselves
from pgx.judgement.standings import Standings, standing

RECALLED = Flag(FlagCode.RECALL, FlagCode.GIVES_WAY)
"""``recall:gives_way``: that one of two medicines gives way, and not the other one, is from memory."""


def marked(
    found: Iterable[tuple[str, Judgement]], standings: Standings, recalled: Collection[str]
) -> Iterator[tuple[str, Judgement]]:
    """Yield judgements of persons, flagged where what stands behind the order of two medicines is recall.

    Parameters
    ----------
    found
        Person and judgement; what many persons share stays one.
    standings, recalled
        How drugs stand, and of which of them that is recall (`pgx.judgement.standings`).
    """
    made: dict[int, tuple[Judgement, Judgement]] = {}
    for sample, judgement in found:
        if id(judgement) not in made:
            doubtful = _rests_on_recall(judgement, standings, recalled)
            flagged = replace(judgement, flags=(*judgement.flags, str(RECALLED))) if doubtful else judgement
            made[id(judgement)] = judgement, flagged
        yield sample, made[id(judgement)][1]


def _rests_on_recall(judgement: Judgement, standings: Standings, recalled: Collection[str]) -> bool:
    if set(gives_way_of(judgement)) <= set(ruled_out_themselves(judgement)):
        return False
    drug, own = judgement.drug.lower(), standing(judgement.drug, standings)
    harmed = (name for name, *_ in arguments_of(judgement, FlagCode.CAUSES, 2, 5))
    beside = (name for name, *_ in arguments_of(judgement, FlagCode.NOT_TOGETHER, 1, 3))
    others = {name.lower() for name in (*agents_of(judgement), *harmed, *beside)}
    deciding = (other for other in others if standing(other, standings) != own)
    return any(recalled_one in recalled for other in deciding for recalled_one in (drug, other))
