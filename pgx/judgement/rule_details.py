"""What a row of the knowledge says beyond its action and its change of dose: a later change, and doses in numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pgx.codes import Flag, FlagCode
from pgx.knowledge.base import KnowledgeBase

THEN = FlagCode.THEN
"""``then:<action>:<change>:<when>``: what is done under a condition that only treatment shows; `change` in percent."""
AT_MOST = FlagCode.AT_MOST
"""``at_most:<dose>:<unit>``: the highest dose, as the source writes it."""
DOSE = FlagCode.DOSE
"""``dose:<dose>:<unit>``: the dose, as the source writes it."""

LOADING = f"{DOSE}:the loading dose stays as usual:"
"""Said of a change of the maintenance dose of which the source leaves the first dose out."""

_MG_A_DAY = re.compile(rf"{AT_MOST}:(?P<mg>\d+(?:\.\d+)?)(?: mg (?P<times>|once |twice )a day\b|:mg/day\b)")
_TIMES = {None: 1, "": 1, "once ": 1, "twice ": 2}
_LOADING = {"standard_loading_dose", "standard_first_or_loading_dose"}
_WITH_DOSE = ("change_dose", "monitor")


def details_of(kb: KnowledgeBase) -> Mapping[str, tuple[str, ...]]:
    """Return row of the knowledge -> its details as flags; rows without any are left out."""
    return kb.remember("details of rules", lambda: _details_of(kb))


def with_lowest(told: Sequence[str], others: Iterable[str]) -> list[str]:
    """Return details whose highest dose is the lowest that any of the rows names; what cannot be compared stays.

    Examples
    --------
    >>> with_lowest(["at_most:10 mg a day:"], ["at_most:5 mg a day:", "at_most:7.5 mg once a day:"])
    ['at_most:5 mg a day:']
    """
    limits = {flag: dose for flag in (*told, *others) if (dose := _mg_per_day(flag)) is not None}
    least = min(limits, key=lambda flag: limits[flag], default="")
    return [least if flag in limits else flag for flag in told]


def highest_beside(told: Sequence[str], others: Iterable[str]) -> list[str]:
    """Return the lowest highest dose that other rows name where only another kind of dose is told; mostly nothing.

    Examples
    --------
    >>> highest_beside(["dose:to half of the usual dose:"], ["at_most:10 mg a day:", "at_most:5 mg a day:"])
    ['at_most:5 mg a day:']
    """
    codes = {Flag.parse(flag).code for flag in told}
    if DOSE not in codes or AT_MOST in codes:
        return []
    limits = {flag: dose for flag in others if (dose := _mg_per_day(flag)) is not None}
    return [min(limits, key=lambda flag: limits[flag])] if limits else []


def _mg_per_day(flag: str) -> float | None:
    """Return the highest dose that a detail names, None if it names none in milligrams a day."""
    found = _MG_A_DAY.match(flag)
    return float(found["mg"]) * _TIMES[found["times"]] if found else None


def _details_of(kb: KnowledgeBase) -> dict[str, tuple[str, ...]]:
    urgencies = dict(kb.table("actions").select("action", "urgency").iter_rows())
    rows = kb.table("recommendations").iter_rows(named=True)
    found = {str(row["rec_id"]): tuple(_details(row, urgencies)) for row in rows}
    for name in ("label_limits", "label_interactions"):
        found |= {str(row["limit_id"]): tuple(_of_label(row)) for row in kb.table(name).iter_rows(named=True)}
    return {rule: flags for rule, flags in found.items() if flags}


def _details(row: Mapping[str, object], urgencies: Mapping[str, str]) -> Iterator[str]:
    second, when = row["secondary_action"], row["secondary_when"]
    if second and urgencies.get(str(second)) not in ("standard", urgencies.get(str(row["action"]))):
        change = _change(row) if row["dose_applies"] == "secondary" else ""
        yield f"{THEN}:{second}:{change}:{when or ''}"
        if change and row["start_dose"] is not None and urgencies.get(str(second)) == _WITH_DOSE[0]:
            yield f"{DOSE}:to {row['start_dose']}:{row['start_dose_unit'] or ''}"
    if row["max_dose"] is not None:
        yield f"{AT_MOST}:{row['max_dose']}:{row['max_dose_unit'] or ''}"
    elif row["start_dose"] is not None and urgencies.get(str(row["action"])) in _WITH_DOSE:
        yield f"{DOSE}:{row['start_dose']}:{row['start_dose_unit'] or ''}"
    elif row["target_dose"] is not None and urgencies.get(str(row["action"])) == _WITH_DOSE[0]:
        if ";" not in (target := str(row["target_dose"])):  # several are the steps of a table, and no one dose
            yield f"{DOSE}:to {target}:"
    elif _LOADING.intersection(str(row["notes"] or "").split(";")):
        yield LOADING


def _of_label(row: Mapping[str, object]) -> Iterator[str]:
    """Yield the dose that a label names for a person, or beside another drug, in its words."""
    for code, name, before in ((DOSE, "dose", "to "), (AT_MOST, "limit", "")):
        if row[name] is not None:
            yield f"{code}:{before}{str(row[name]).removeprefix('text:')}:"


def _change(row: Mapping[str, object]) -> str:
    numbers = [row[name] for name in ("dose_min_pct", "dose_max_pct")]
    shown = dict.fromkeys(f"{number:g}" for number in numbers if isinstance(number, int | float))
    return "..".join(sorted(shown, key=lambda text: abs(float(text))))
