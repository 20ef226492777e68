"""Words for whether a drug is taken, in tables, objects and lists, and the answer of a condition that is over."""

from __future__ import annotations

STATUSES = {
    **dict.fromkeys(("current", "active", "taking", "ongoing", "in use", "yes", "aktiv", "laufend"), "current"),
    **dict.fromkeys(("planned", "draft", "proposed", "pending", "intended", "ordered", "geplant"), "planned"),
    **dict.fromkeys(
        ("stopped", "completed", "inactive", "discontinued", "ended", "cancelled", "canceled", "on hold", "on-hold",
         "held", "past", "expired", "suspended", "not taking", "not-taking", "not-taken", "no",
         "abgesetzt", "beendet", "pausiert", "gestoppt"), "stopped"),
}  # fmt: skip
"""Word in lower case -> current, planned or stopped. Any other word leaves open whether the drug is taken."""

CONDITION_STATUSES = {
    **dict.fromkeys(
        ("active", "recurrence", "relapse", "remission", "confirmed", "current", "chronic", "ongoing"), "yes"
    ),
    **dict.fromkeys(("resolved", "inactive", "over", "ended", "past", "cured", "healed"), "over"),
    **dict.fromkeys(("refuted", "excluded", "absent"), "no"),
}
"""Word in lower case -> whether a condition is there. Of any other word (suspected) nobody can tell."""

ENTRY_OVER = "over"
"""Answer of an entry of a condition that is over: no, unless another entry says that it is there."""
