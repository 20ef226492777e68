"""Small plots as inline SVG: no script, no font, no colour that a grey print or a colour-blind reader would lose.

Every plot has a `<title>` and a `<desc>` with all its numbers; shapes and hatching carry what colours carry, too.
Colours come from the page's style sheet by class (``ink``, ``lower``, ``higher``), so that dark pages stay readable.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import count, takewhile

from markupsafe import Markup, escape

from pgx.reports.page import wording
from pgx.reports.page.build import Gene, Score
from pgx.reports.page.wording import number, percent

_WIDTH = 360.0
# What a renderer without our style sheet shows (a PDF, a picture cut out of the page); the sheet's classes win over it.
_PAINT = {
    "slot": 'fill="#e3e8ee"',
    "ink": 'fill="#38475a"',
    "lower": 'fill="#0072b2"',
    "higher": 'fill="#d55e00"',
    "band": 'fill="#0072b2" fill-opacity="0.3" stroke="#0072b2"',
    "axis": 'stroke="#4d5a69"',
    "line": 'stroke="#38475a" stroke-width="2"',
    "dash": 'stroke="#1b2430" stroke-width="1.5" stroke-dasharray="4 3"',
    "gap": 'stroke="#ffffff" stroke-width="3"',
    "label": 'fill="#4d5a69"',
    "strong": 'fill="#1b2430" font-weight="700"',
}


def scale(gene: Gene, *, uid: str) -> Markup:
    """Draw the gene's activity scale: how probable each class is, where the person is, and where drugs move them.

    Returns an empty string for genes whose phenotypes lie on no scale (HLA alleles, VKORC1 genotypes).
    """
    schemes = sorted({chance.scheme for chance in gene.classes}, key=lambda scheme: (scheme != "CPIC", scheme))
    placed = [
        (chance, _slot(chance.name), _slot(chance.clinical)) for chance in gene.classes if chance.scheme == schemes[0]
    ]
    family = next((slot[0] for _, slot, _ in placed if slot), None)
    if family is None:
        return Markup("")
    slots = _slots(family)
    before, after = [0.0] * len(slots), [0.0] * len(slots)
    for chance, slot, clinical in placed:
        if slot and slot[0] == family:
            before[slot[1]] += chance.probability
        if clinical and clinical[0] == family:
            after[clinical[1]] += chance.probability
    converted = any(abs(was - now) > 1e-9 for was, now in zip(before, after, strict=True))
    return _draw_scale(gene, slots, before, after if converted else None, uid)


def _slot(phenotype: str) -> tuple[str, int] | None:
    place = wording.table().get(("scale", phenotype), ("", ""))[0]
    family, _, index = place.partition(":")
    return (family, int(index)) if index else None


def _slots(family: str) -> list[str]:
    names = (wording.table().get(("slot", f"{family}:{index}")) for index in count())
    return [name[0] for name in takewhile(lambda name: name is not None, names) if name]


def _draw_scale(gene: Gene, slots: list[str], before: list[float], after: list[float] | None, uid: str) -> Markup:
    wide, top, full = _WIDTH / len(slots), 8.0, 30.0
    parts = []
    for index, name in enumerate(slots):
        x, middle = index * wide + 1, index * wide + wide / 2
        parts.append(rect("slot", x, top, wide - 2, full, 3))
        parts.append(text(middle, top + 44, name, kind="strong" if before[index] >= 0.5 else "label"))
        if before[index] > 0:
            high = max(3.0, full * before[index])
            parts.append(rect("ink", x, top + full - high, wide - 2, high, 3))
            parts.append(text(middle, top + 57, percent(before[index])))
    height = top + 62
    description = "; ".join(f"{name} {percent(share)}" for name, share in zip(slots, before, strict=True) if share > 0)
    if after and any(after):
        was, now = (max(range(len(slots)), key=chances.__getitem__) for chances in (before, after))
        moved = f"{slots[now]} {percent(after[now])}"
        parts.append(_arrow(was * wide + wide / 2, now * wide + wide / 2, height + 8))
        parts.append(text(_WIDTH / 2, height + 27, f"with current drugs: {moved}", kind="strong"))
        description += f". With current drugs or conditions: {moved}"
        height += 32
    return drawing(f"{gene.name} activity scale", description, _WIDTH, height, parts, uid)


def interval(score: Score, *, uid: str) -> Markup:
    """Draw estimate and interval of one score against the average person's value."""
    if score.estimate is None:
        return Markup("")
    values = [v for v in (score.estimate, score.low, score.high, score.reference) if v is not None]
    ticks = _ticks(max(values), limit=1.0 if score.is_probability else None)
    left, right, y = 9.0, _WIDTH - 24, 34.0

    def x(value: float) -> float:
        return left + (right - left) * max(value, 0.0) / ticks[-1]

    parts = [line("axis", left, 56, right, 56)]
    for tick in ticks:
        label = percent(tick) if score.is_probability else number(tick)
        parts.append(line("axis", x(tick), 56, x(tick), 60))
        parts.append(text(x(tick), 72, label, anchor="start" if tick == 0 else "middle"))
    description = f"estimate {score.show(score.estimate)}"
    if score.low is not None and score.high is not None:
        parts.append(rect("band", x(score.low), y - 6, max(x(score.high) - x(score.low), 1), 12, 6))
        description += f", interval {score.interval}"
    if score.reference is not None:
        average_x = x(score.reference)
        anchor = "end" if average_x > right - 60 else "start" if average_x < 60 else "middle"
        parts.append(line("dash", average_x, 18, average_x, 56))
        parts.append(text(average_x, 13, f"average {score.show(score.reference)}", anchor=anchor))
        description += f", average person {score.show(score.reference)}"
    parts.append(f'<path {_paint("lower")} d="M{x(score.estimate):.1f} {y - 9:g} l8 9 l-8 9 l-8 -9 z"/>')
    return drawing(f"{score.endpoint}: estimate and interval", description, _WIDTH, 78, parts, uid)


def _ticks(largest: float, limit: float | None = None) -> list[float]:
    """Return a few round tick values from 0 to at least `largest`, none above `limit`."""
    if largest < 1e-9:  # nothing that could be drawn
        return [0.0, limit or 1.0]
    raw = largest / 4
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(multiple * power for multiple in (1, 2, 2.5, 5, 10) if multiple * power >= raw * 0.999)
    ticks = [round(step * index, 12) for index in range(math.ceil(largest / step - 1e-9) + 1)]
    return (
        ticks
        if limit is None or largest > limit
        else [tick for tick in ticks if tick < limit] + ([limit] if ticks[-1] >= limit else [])
    )


def contributions(score: Score, *, uid: str, count_most: int = 8) -> Markup:
    """Draw what drives a score: one signed bar a factor; hatched to the left lowers, solid to the right raises."""
    factors = sorted(score.factors, key=lambda factor: -abs(factor[1]))
    drawn, left_out = factors[:count_most], factors[count_most:]
    if not drawn:
        return Markup("")
    if left_out:
        drawn = [*drawn, (f"{len(left_out)} others", sum(value for _, value in left_out))]
    largest = max(abs(value) for _, value in drawn) or 1.0
    width, middle, half, row = 400.0, 284.0, 72.0, 20.0
    parts = [
        f'<defs><pattern id="{uid}-hatch" width="5" height="5" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><rect {_paint("lower")} width="5" height="5"/>'
        f'<line {_paint("gap")} x1="0" y1="0" x2="0" y2="5"/></pattern></defs>'
    ]
    for index, (name, value) in enumerate(drawn):
        y, wide = 4 + index * row, half * abs(value) / largest
        parts.append(text(middle - half - 46, y + 12, _short(name), anchor="end"))
        fill = _paint("higher") if value >= 0 else f'fill="url(#{uid}-hatch)"'
        start = middle if value >= 0 else middle - wide
        parts.append(f'<rect {fill} x="{start:.1f}" y="{y + 2:.1f}" width="{max(wide, 1):.1f}" height="13"/>')
        label_x, anchor = (middle + wide + 3, "start") if value >= 0 else (middle - wide - 3, "end")
        parts.append(text(label_x, y + 12, _signed(value), anchor=anchor))
    height = 8 + len(drawn) * row
    parts.append(line("axis", middle, 0, middle, height - 4))
    description = "; ".join(f"{name} {_signed(value)}" for name, value in drawn)
    return drawing(f"{score.endpoint}: what drives it", description, width, height, parts, uid)


def legend(score: Score) -> str:
    """Return one sentence that says how to read the contribution bars."""
    estimate = f"the {score.kind_said}" if score.kind == "adverse_effect" else "the estimate"
    scale = " (log-odds)" if score.is_probability else ""
    return (
        f"Solid bars to the right raise {estimate}, hatched bars to the left lower it, against the average person; "
        f"numbers on the model's own scale{scale}."
    )


def _signed(value: float) -> str:
    return f"{value:+.3g}".replace("-", "\N{MINUS SIGN}")


def _short(name: str) -> str:
    return name if len(name) <= 24 else name[:23] + "…"


def _paint(kind: str) -> str:
    return f'class="{kind}" {_PAINT[kind]}'


def rect(kind: str, x: float, y: float, width: float, height: float, radius: float) -> str:
    """Return a rectangle in the paint of a kind."""
    return f'<rect {_paint(kind)} x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{radius:g}"/>'


def line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    """Return a line in the paint of a kind."""
    return f'<line {_paint(kind)} x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def text(x: float, y: float, label: str, *, anchor: str = "middle", kind: str = "label") -> str:
    """Return a label; what is shown is escaped."""
    return f'<text {_paint(kind)} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(label)}</text>'


def _arrow(start: float, end: float, y: float) -> str:
    if abs(start - end) < 1:
        return f'<path {_paint("lower")} d="M{end - 5:.1f} {y:g} l5 -5 l5 5 l-5 5 z"/>'
    direction = math.copysign(1, end - start)
    head = f'<path {_paint("lower")} d="M{end:.1f} {y:g} l{-direction * 9:.1f} -5 v10 z"/>'
    shaft = line("line", start, y, end - direction * 8, y)
    return f'<circle {_paint("ink")} cx="{start:.1f}" cy="{y:g}" r="4"/>{shaft}{head}'


def drawing(title: str, description: str, width: float, height: float, parts: Sequence[str], uid: str) -> Markup:
    """Return a plot of parts made by the functions above, with its title and all its numbers in words."""
    size = f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}"'
    names = f'<title id="{uid}-t">{escape(title)}</title><desc id="{uid}-d">{escape(description)}</desc>'
    # Every value in `parts` went through `text` or a number format, so nothing of the input is unescaped here.
    head = f'class="plot" role="img" aria-labelledby="{uid}-t {uid}-d" font-family="sans-serif" font-size="12" {size}'
    return Markup(f"<svg {head}>{names}{''.join(parts)}</svg>")
