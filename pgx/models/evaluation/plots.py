"""Plots of an evaluation as plain SVG, drawn without a plotting library."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from pgx.io import write_bytes

if TYPE_CHECKING:
    from pgx.models.evaluation.measures import Evaluation
    from pgx.models.evidence.endpoint import Endpoint

_SIZE, _PAD = 360, 48
# Okabe and Ito's palette: told apart by colour-blind readers.
_COLOURS = {"product": "#0072B2", "prior": "#D55E00", "refit": "#009E73", "rule": "#CC79A7", "base_rate": "#999999",
            "plain_booster": "#E69F00", "treat_all": "#000000"}  # fmt: skip
FILES = ("calibration.svg", "decision_curve.svg")
Series = tuple[str, list[float], list[float]]


def write(found: Evaluation, endpoint: Endpoint, directory: Path) -> list[Path]:
    """Write ``calibration.svg`` and, for risks, ``decision_curve.svg``; return the paths."""
    design = found.overall["design"][0]
    paths = []
    tenths = found.calibration.filter(pl.col("design") == design)
    lines = [
        (method, part["predicted"].to_list(), part["observed"].to_list())
        for method, part in _by_method(tenths)
        if method in ("product", "prior", "refit")
    ]
    title = f"{endpoint.name}: calibration ({design})"
    unit = endpoint.unit
    paths.append(
        write_bytes(
            directory / FILES[0],
            _chart(title, f"predicted, {unit}", f"observed, {unit}", lines, True).encode(),
        )
    )
    if len(found.decisions):
        curve = found.decisions.filter(pl.col("design") == design)
        lines = [(m, part["threshold"].to_list(), part["net_benefit"].to_list()) for m, part in _by_method(curve)]
        first = curve.filter(pl.col("method") == "product")
        lines.append(("treat_all", first["threshold"].to_list(), first["treat_all"].to_list()))
        chart = _chart(
            f"{endpoint.name}: decision curve ({design})", "threshold probability", "net benefit", lines, False
        )
        paths.append(write_bytes(directory / FILES[1], chart.encode()))
    return paths


def _by_method(frame: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    return [(str(key[0]), part) for key, part in frame.group_by(["method"], maintain_order=True)]


def _chart(title: str, x_name: str, y_name: str, lines: list[Series], diagonal: bool) -> str:
    xs = [x for _, values, _ in lines for x in values]
    ys = [y for _, _, values in lines for y in values]
    if diagonal:
        xs = ys = [*xs, *ys]
    x_low, x_high, y_low, y_high = min(xs), max(xs), max(min(ys), -0.05), max(ys)
    inner = _SIZE - 2 * _PAD

    def at(x: float, y: float) -> tuple[float, float]:
        fx = (x - x_low) / ((x_high - x_low) or 1.0)
        fy = (max(y, y_low) - y_low) / ((y_high - y_low) or 1.0)
        return _PAD + fx * inner, _SIZE - _PAD - fy * inner

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_SIZE + 130}" height="{_SIZE}" role="img" '
        'font-family="sans-serif" font-size="11">',
        f"<title>{title}</title>",
        f'<text x="{_PAD}" y="18" font-size="13">{title}</text>',
        f'<rect x="{_PAD}" y="{_PAD}" width="{inner}" height="{inner}" fill="none" stroke="#888"/>',
        f'<text x="{_SIZE / 2:.0f}" y="{_SIZE - 10}" text-anchor="middle">{x_name}</text>',
        f'<text x="14" y="{_SIZE / 2:.0f}" text-anchor="middle" transform="rotate(-90 14 {_SIZE / 2:.0f})">'
        f"{y_name}</text>",
    ]
    for share in (0.0, 0.5, 1.0):
        x, y = x_low + share * (x_high - x_low), y_low + share * (y_high - y_low)
        parts.append(f'<text x="{at(x, y_low)[0]:.1f}" y="{_SIZE - _PAD + 14}" text-anchor="middle">{x:.3g}</text>')
        parts.append(f'<text x="{_PAD - 4}" y="{at(x_low, y)[1]:.1f}" text-anchor="end">{y:.3g}</text>')
    if diagonal:
        (x0, y0), (x1, y1) = at(x_low, x_low), at(x_high, x_high)
        parts.append(f'<path d="M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}" stroke="#bbb" stroke-dasharray="4 3"/>')
    for row, (method, x_values, y_values) in enumerate(lines):
        colour = _COLOURS.get(method, "#000000")
        points = " ".join("{:.1f},{:.1f}".format(*at(x, y)) for x, y in zip(x_values, y_values, strict=True))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
        parts.append(
            f'<text x="{_SIZE - _PAD + 12}" y="{_PAD + 14 * row + 10}" fill="{colour}">'
            f"{method.replace('_', ' ')}</text>"
        )
    return "\n".join([*parts, "</svg>", ""])
