"""What a card and a leaflet say of a medicine beside others that do not go together with it: which one is changed."""

from __future__ import annotations

from collections.abc import Iterator

from pgx.codes import FlagCode
from pgx.judgement.read_back import arguments_of, gives_way_of, ruled_out_themselves
from pgx.reports.page import gaps
from pgx.reports.page.build import Drug
from pgx.reports.page.details import others_beside


def partners(drug: Drug) -> list[str]:
    """Return the medicines that are ruled out beside this one, and that it is not told to wait for."""
    harmed = (name for name, *_ in arguments_of(drug.judgement, FlagCode.CAUSES, 2, 5))
    waiting = {*drug.not_started, *drug.causes} - {drug.name}
    return [name for name in dict.fromkeys((*others_beside(drug.judgement), *harmed)) if name not in waiting]


def in_short(drug: Drug) -> str:
    """Say beside which other medicines this one is not taken, and which of them is changed; mostly empty."""
    others = partners(drug)
    if others and drug.name in drug.not_started:
        return f"do not start it beside {' or '.join(others)}"
    gives_way, anyway = gives_way_of(drug.judgement), drug.name in ruled_out_themselves(drug.judgement)
    by_change: dict[str, list[str]] = {}
    for name in others:
        by_change.setdefault(_change(drug, name, gives_way, anyway=anyway), []).append(name)
    mark = "*" if is_order_recalled(drug) else ""
    said = (
        f"not together with {' or '.join(names)}: {change.replace('{named}', ' and '.join(names))}{mark}"
        for change, names in by_change.items()
    )
    return "; ".join(said)


def _change(drug: Drug, other: str, gives_way: tuple[str, ...], *, anyway: bool) -> str:
    if anyway:
        return "change this one and {named}" if other in gives_way else "change this one"
    if drug.name in gives_way:
        return "change this one first, if that is possible"
    return "change {named}" if other in gives_way else "change this one or the other"


def is_order_recalled(drug: Drug) -> bool:
    """Return whether the order of a medicine and another one is from memory."""
    return any(gaps.order_remarks(drug.judgement))


def gives_way(drug: Drug) -> bool:
    """Return whether a medicine, which has a line of its own, is changed for the sake of another one as well."""
    return not drug.told_for_others and not drug.causes and drug.name in gives_way_of(drug.judgement)


def in_plain_words(drug: Drug) -> Iterator[str]:
    """Yield in everyday words which other medicines do not go together with one that has a line of its own."""
    own = {*gives_way_of(drug.judgement), *ruled_out_themselves(drug.judgement)}
    if drug.told_for_others or drug.name in (*own, *drug.not_started):
        return
    for name in partners(drug):
        ask = f"about another medicine instead of {name}" if name in own else "which of the two can be changed"
        yield f"{name} and this one do not go together: ask {ask}"
