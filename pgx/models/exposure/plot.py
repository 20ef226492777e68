"""The ratios of a table of exposure as a plain SVG: a point and its interval for each genotype, on a log axis."""

from __future__ import annotations

import math
from html import escape

import polars as pl

_WIDTH, _LEFT, _ROW, _TOP = 640, 190, 26, 44
_TICKS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
_POINT, _LINE, _TEXT = "#0072B2", "#999999", "#222222"


def svg(frame: pl.DataFrame) -> str:
    """Draw a table of exposure (`pgx.schema.EXPOSURE`)."""
    rows = frame.rows(named=True)
    low = min(0.5, *(row["low"] for row in rows))
    high = max(2.0, *(row["high"] for row in rows))
    span = math.log(high) - math.log(low)

    def x(value: float) -> float:
        return round(_LEFT + (math.log(value) - math.log(low)) / span * (_WIDTH - _LEFT - 30), 1)

    height = _TOP + _ROW * len(rows) + 34
    agents = " with " + " and ".join(rows[0]["with"]) if rows[0]["with"] else ""
    title = escape(f"{rows[0]['drug']}{agents}: exposure (AUC) against two normal-function alleles alone")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{title}" '
        f'font-family="sans-serif" font-size="12" fill="{_TEXT}">',
        f'<text x="10" y="20" font-weight="bold">{title}</text>',
    ]
    bottom = _TOP + _ROW * len(rows)
    for tick in (one for one in _TICKS if low <= one <= high):
        dash = "" if tick == 1.0 else ' stroke-dasharray="2 3"'
        parts.append(f'<line x1="{x(tick)}" x2="{x(tick)}" y1="{_TOP - 8}" y2="{bottom}" stroke="{_LINE}"{dash}/>')
        parts.append(f'<text x="{x(tick)}" y="{bottom + 18}" text-anchor="middle">{tick:g}</text>')
    for number, row in enumerate(rows):
        y = _TOP + _ROW * number + 8
        label = escape(", ".join(one.replace("=", " activity score ") for one in row["genotype"]) or "any genotype")
        parts.append(f'<text x="10" y="{y + 4}">{label}</text>')
        parts.append(f'<line x1="{x(row["low"])}" x2="{x(row["high"])}" y1="{y}" y2="{y}" stroke="{_POINT}"/>')
        parts.append(f'<circle cx="{x(row["ratio"])}" cy="{y}" r="4" fill="{_POINT}"/>')
    return "\n".join([*parts, "</svg>", ""])
