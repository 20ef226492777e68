"""Plots of a cohort's page: frequencies with intervals beside the published ones, and shares as bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from pgx.reports.formats import svg
from pgx.reports.page.wording import percent

_WIDTH, _LEFT, _RIGHT, _ROW = 520.0, 190.0, 60.0, 20.0


class Range(NamedTuple):
    """A frequency with its interval, and the published one where there is one."""

    name: str
    value: float
    low: float
    high: float
    published: float | None


class Bar(NamedTuple):
    """A share with its interval."""

    name: str
    value: float
    low: float
    high: float


def ranges(title: str, rows: Sequence[Range], *, uid: str) -> Markup:
    """Draw a line a row: the interval as a band, the value as a point, the published value as a dashed stroke."""
    if not rows:
        return Markup("")
    most = max(max(row.high, row.published or 0.0) for row in rows) or 1.0
    parts = []
    for i, row in enumerate(rows):
        y = 6 + i * _ROW
        parts += [svg.text(_LEFT - 8, y + 12, _short(row.name), anchor="end")]
        parts += [svg.rect("band", _x(row.low, most), y + 3, max(_x(row.high, most) - _x(row.low, most), 1), 10, 3)]
        parts += [svg.rect("ink", _x(row.value, most) - 2, y + 1, 4, 14, 1)]
        if row.published is not None:
            parts += [svg.line("dash", _x(row.published, most), y, _x(row.published, most), y + 16)]
        parts += [svg.text(_WIDTH - 4, y + 12, percent(row.value), anchor="end")]
    said = "; ".join(
        f"{row.name} {percent(row.value)} ({percent(row.low)} to {percent(row.high)})"
        + ("" if row.published is None else f", published {percent(row.published)}")
        for row in rows
    )
    return svg.drawing(title, said, _WIDTH, 12 + len(rows) * _ROW, parts, uid)


def bars(title: str, rows: Sequence[Bar], *, uid: str) -> Markup:
    """Draw a bar a row, with a line for the interval."""
    if not rows:
        return Markup("")
    most = max(row.high for row in rows) or 1.0
    parts = []
    for i, row in enumerate(rows):
        y = 6 + i * _ROW
        parts += [svg.text(_LEFT - 8, y + 12, _short(row.name), anchor="end")]
        parts += [svg.rect("lower", _LEFT, y + 2, max(_x(row.value, most) - _LEFT, 1), 12, 1)]
        parts += [svg.line("line", _x(row.low, most), y + 8, _x(row.high, most), y + 8)]
        parts += [svg.text(_WIDTH - 4, y + 12, percent(row.value), anchor="end")]
    said = "; ".join(f"{row.name} {percent(row.value)}" for row in rows)
    return svg.drawing(title, said, _WIDTH, 12 + len(rows) * _ROW, parts, uid)


def _x(share: float, most: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * min(share / most, 1.0)


def _short(name: str) -> str:
    return name if len(name) <= 30 else name[:29] + "…"
