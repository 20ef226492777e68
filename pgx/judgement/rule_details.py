"""What a row of the knowledge says beyond its action and its change of dose: a later change, and doses in numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pgx.codes import FlagCode
from pgx.knowledge.base import KnowledgeBase

THEN = FlagCode.THEN
"""``then:<action>:<change>:<when>``: what is done under a condition that only treatment shows; `change` in percent."""
AT_MOST = FlagCode.AT_MOST
"""``at_most:<dose>:<unit>``: the highest dose, as the source writes it."""
DOSE = FlagCode.DOSE
"""``dose:<dose>:<unit>``: the dose, as the source writes it."""

_WITH_DOSE = ("change_dose", "monitor")


def details_of(kb: KnowledgeBase) -> Mapping[str, tuple[str, ...]]:
    """Return row of the knowledge -> its details as flags; rows without any are left out."""
    return kb.remember("details of rules", lambda: _details_of(kb))


def _details_of(kb: KnowledgeBase) -> dict[str, tuple[str, ...]]:
    urgencies = dict(kb.table("actions").select("action", "urgency").iter_rows())
    rows = kb.table("recommendations").iter_rows(named=True)
    found = {str(row["rec_id"]): tuple(_details(row, urgencies)) for row in rows}
    found |= {
        str(row["limit_id"]): tuple(_of_pair(row)) for row in kb.table("label_interactions").iter_rows(named=True)
    }
    return {rule: flags for rule, flags in found.items() if flags}


def _details(row: Mapping[str, object], urgencies: Mapping[str, str]) -> Iterator[str]:
    second, when = row["secondary_action"], row["secondary_when"]
    if second and urgencies.get(str(second)) not in ("standard", urgencies.get(str(row["action"]))):
        change = _change(row) if row["dose_applies"] == "secondary" else ""
        yield f"{THEN}:{second}:{change}:{when or ''}"
    if row["max_dose"] is not None:
        yield f"{AT_MOST}:{row['max_dose']}:{row['max_dose_unit'] or ''}"
    elif row["start_dose"] is not None and urgencies.get(str(row["action"])) in _WITH_DOSE:
        yield f"{DOSE}:{row['start_dose']}:{row['start_dose_unit'] or ''}"


def _of_pair(row: Mapping[str, object]) -> Iterator[str]:
    """Yield the dose that a label names for a drug beside another one, in its words."""
    for code, name, before in ((DOSE, "dose", "to "), (AT_MOST, "limit", "")):
        if row[name] is not None:
            yield f"{code}:{before}{str(row[name]).removeprefix('text:')}:"


def _change(row: Mapping[str, object]) -> str:
    numbers = [row[name] for name in ("dose_min_pct", "dose_max_pct")]
    shown = dict.fromkeys(f"{number:g}" for number in numbers if isinstance(number, int | float))
    return "..".join(sorted(shown, key=lambda text: abs(float(text))))
