"""What a line says of a dose that was found beside the medicines that change it."""

from __future__ import annotations

from pgx.judgement import Judgement
from pgx.judgement.read_back import counted_beside, has_highest_dose, long_beside, stopped_of, uncounted_beside
from pgx.knowledge.acting import once_stopped
from pgx.reports.page.advice import Advice
from pgx.reports.page.wording import clean


def counted_already(limit: Advice, judgement: Judgement) -> str:
    """Say that the present dose may be the label's already, before what is done if it is not; mostly empty."""
    agents = counted_beside(judgement)
    if not agents or limit.turned:  # what goes by the effect counts everything already
        return ""
    several, stopped = len(agents) > 1, stopped_of(judgement)
    stops = f"{clean(' and '.join(agents))} {'stop' if several else 'stops'}"
    if over := set(agents) <= set(stopped):
        stops = f"{'they act' if several else 'it acts'} no longer"
    way = once_stopped(limit.acting, agents)
    stops += f" (the level then {way})" if way else ""
    dated = bool(long_beside(judgement))
    new = uncounted_beside(judgement)
    long_taken = clean(f"{judgement.drug} and {' and '.join(agents)}") if new else "both"
    why = f"{long_taken} have been taken for long" if dated else "the record does not say which was begun first"
    why = f"{'they were' if several else 'it was'} taken until lately" if over else why
    otherwise = "if it was set without"
    otherwise += "" if dated or over else ", or if one of them is new"
    otherwise += ", or if it is above the limit" if has_highest_dose(judgement) else ""
    that = clean(f"{' and '.join(agents)} already, but not {' and '.join(new)},") if new else "that already"
    counts = f"{why}, so that the present dose may count {that}"
    return f"{counts} and is looked at again when {stops}; {otherwise}: "
