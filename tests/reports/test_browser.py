"""What a reader sees: contrast by calculation, and the layout in a real browser where there is one."""

import re
import shutil
import subprocess
from dataclasses import replace
from itertools import product

import pytest

from pgx.reports.formats import index
from pgx.reports.formats.html import stylesheet
from tests.reports import example
from tests.reports.rendered import render_card, render_html, render_leaflet, render_plan, view

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
TEXT = ("ink", "soft", "link", "avoid", "change", "monitor", "fine", "none")


def render_index(result, sample):
    """Return the page of a batch with a name as long as most, and the drugs of a person without a list."""
    entry = index.entry_of(view(result, sample), "person.html")
    return index.to_html([replace(entry, sample=f"HG0{n}652", unlisted=n > 1) for n in range(3)])


PAGES = {
    "report": render_html,
    "leaflet": render_leaflet,
    "card": render_card,
    "plan": render_plan,
    "index": render_index,
}
BROKEN = """
  let broken = 0;
  for (const one of this.contentDocument.querySelectorAll('th, caption, h1, h2, h3, dt')) {
    const walk = this.contentDocument.createTreeWalker(one, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) for (const word of walk.currentNode.data.matchAll(/[A-Za-z]{3,18}/g)) {
      const range = this.contentDocument.createRange();
      range.setStart(walk.currentNode, word.index); range.setEnd(walk.currentNode, word.index + word[0].length);
      if (new Set([...range.getClientRects()].map(r => Math.round(r.top))).size > 1) broken++;
    }
  }
"""
"""Counts the words of headings and captions that stand on more than one line."""


def palette(scheme):
    blocks = re.findall(r":root \{(.*?)\}", str(stylesheet()), re.S)
    found = {}
    for block in blocks[: 1 if scheme == "light" else 2]:
        found |= dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block))
    return found


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("scheme", "text", "ground"), list(product(("light", "dark"), TEXT, ("page", "panel"))))
def test_text_has_enough_contrast(scheme, text, ground):
    colours = palette(scheme)
    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize(("scheme", "shape"), list(product(("light", "dark"), ("lower", "higher", "mark"))))
def test_shapes_of_plots_have_enough_contrast(scheme, shape):
    colours = palette(scheme)
    assert contrast(colours[shape], colours["panel"]) >= 3.0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_bars_differ_in_grey_by_their_hatching_and_slots_by_their_shade(scheme):
    colours = palette(scheme)
    assert contrast(colours["mark"], colours["slot"]) >= 3.0


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_no_page_scrolls_sideways_or_breaks_the_words_of_its_headings(name, width, tmp_path):
    page = PAGES[name](example.build(), example.SAMPLE)
    # An iframe gives the width of a phone, which a headless window cannot have; the page's own policy forbids scripts.
    inner = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page).replace("<details", "<details open")
    (tmp_path / "page.html").write_text(inner, encoding="utf-8")
    (tmp_path / "frame.html").write_text(
        f'<iframe id=f src=page.html style="width:{width}px;height:800px;border:0" onload="'
        "const d=this.contentDocument.documentElement;"
        + " ".join(BROKEN.split())
        + "document.title=(d.scrollWidth-d.clientWidth)+' '+this.contentDocument.images.length+' '+broken\"></iframe>",
        encoding="utf-8",
    )
    command = [
        CHROMIUM,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--allow-file-access-from-files",
        f"--user-data-dir={tmp_path / 'profile'}",
        "--dump-dom",
        (tmp_path / "frame.html").as_uri(),
    ]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert "<title>0 0 0</title>" in found, re.findall("<title>.*?</title>", found)
