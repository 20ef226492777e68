"""One judgement a person and drug, from guidance, calls, scores, interactions and label limits."""

from pgx.judgement.decide import Decision, decide
from pgx.judgement.judgement import Judgement, Known, judge
from pgx.judgement.judgements import judgements, of_result, of_row, only_actionable, scope

__all__ = [
    "Decision",
    "Judgement",
    "Known",
    "decide",
    "judge",
    "judgements",
    "of_result",
    "of_row",
    "only_actionable",
    "scope",
]
