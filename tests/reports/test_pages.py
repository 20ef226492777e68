"""Text and HTML: everything is there, nothing of the input acts, and they are what was reviewed."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgx.reports.page.notice import NOTICE
from tests.reports import example
from tests.reports.rendered import render_html, render_text

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
VOID = {"meta", "br", "link", "img", "input", "hr"}
SAID = """*2/*2|Poor Metabolizer|38 %|cannot be seen in this data|11.2 to 23.9 mg/week|average person 31 mg/week|HLA-B
fluconazole|2026.11.1|prasugrel|from another tool|not usable: no baseline|outside the range|not a medical device""".replace(
    "\n", "|"
).split("|")
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }}",
    "a&b<b>",
    "\x1b[31mred\x1b]0;x\x07",
    "\u202etxt",
    "[bold red]x[/]",
]


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen, self.ids, self.wrong = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def parse(page):
    found = Tags()
    found.feed(page)
    return found


@pytest.fixture(scope="module")
def page():
    return render_html(example.build(), example.SAMPLE)


@pytest.fixture(scope="module")
def text():
    return render_text(example.build(), example.SAMPLE)


@pytest.mark.parametrize("kind", ["text", "html"])
def test_everything_that_must_be_said_is_said(kind, text, page):
    said = " ".join(re.sub(r"<[^>]+>", " ", text if kind == "text" else page).split())
    for wanted in SAID:
        assert wanted in said, wanted


@pytest.mark.parametrize("kind", ["text", "page"])
def test_why_a_score_has_no_number_is_said_once(kind, text, page):
    said = re.sub(r"<[^>]+>", " ", {"text": text, "page": page}[kind])
    assert said.count("no baseline") == 1


def test_model_scores_and_guidance_are_kept_apart(page):
    guidance, scores = page.split('<section id="scores"', 1)
    assert "mg/week" not in guidance
    assert "statistical models, not from guidelines" in scores
    assert "Avoid codeine" not in scores.split("</section>", 1)[0]


def test_the_page_needs_nothing_else(page):
    tags = parse(page)
    assert not tags.wrong
    assert not tags.open
    assert not [tag for tag, _ in tags.seen if tag in ("script", "link", "img", "iframe", "object", "form")]
    assert not [
        attrs
        for _, attrs in tags.seen
        if any(name.startswith("on") or name in ("src", "srcset", "style") for name in attrs)
    ]
    assert "url(http" not in page
    assert "@import" not in page
    assert all(attrs["href"].startswith(("#", "https://")) for tag, attrs in tags.seen if tag == "a")


def test_the_page_can_be_read_by_a_screen_reader(page):
    tags = parse(page)
    assert len(tags.ids) == len(set(tags.ids)), "ids must be unique"
    assert ("html", {"lang": "en"}) in tags.seen
    links = {attrs["href"][1:] for tag, attrs in tags.seen if tag == "a" and attrs["href"].startswith("#")}
    assert links <= set(tags.ids)
    for _, attrs in tags.seen:
        assert set(attrs.get("aria-labelledby", "").split()) <= set(tags.ids)
    plots = [attrs for tag, attrs in tags.seen if tag == "svg"]
    assert plots
    assert all(attrs["role"] == "img" and attrs["aria-labelledby"] for attrs in plots)
    levels = [int(tag[1]) for tag, _ in tags.seen if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels)), "no heading level is skipped"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_sample_name_is_shown_and_does_nothing(name):
    result = example.build(name)
    tags = parse(render_html(result, name))
    assert not tags.wrong
    assert not [tag for tag, _ in tags.seen if tag in ("script", "img", "b")]
    plain = render_text(result, name)
    assert "\x1b" not in plain
    assert "\u202e" not in plain
    assert "49" not in plain.splitlines()[0]
    if name.startswith("["):
        assert name in plain, "square brackets are no markup"


def test_hostile_values_in_every_text_column_stay_text():
    result = example.build()
    frames = {}
    for name in ("calls", "phenotypes", "guidance", "scores", "judgements", "clinical", "medications", "notes"):
        frame = getattr(result, name)
        text_columns = [c for c, dtype in frame.schema.items() if dtype == pl.String and c != "sample"]
        frames[name] = frame.with_columns(pl.lit("<script>alert(1)</script>").alias(c) for c in text_columns)
    broken = replace(result, **frames, provenance={"<script>": "<script>alert(1)</script>"})
    assert "<script" not in render_html(broken, example.SAMPLE)
    assert render_text(broken, example.SAMPLE)


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=30))
def test_any_sample_name_gives_a_wellformed_page_and_text(name):
    result = replace(example.empty(), samples=(name,))
    assert not parse(render_html(result, name)).wrong
    assert "\x1b" not in render_text(result, name)


@pytest.mark.parametrize("width", [1, 40, 80, 118, 500])
def test_text_fits_the_width(text, width):
    lines = render_text(example.build(), example.SAMPLE, width=width).splitlines()
    assert max(map(len, lines)) <= max(40, min(width, 118))


def test_colour_only_when_wanted(text):
    assert "\x1b[" not in text
    coloured = render_text(example.build(), example.SAMPLE, color=True)
    assert "\x1b[" in coloured
    plain = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert "\n".join(line.rstrip() for line in plain.splitlines()) == text.rstrip("\n")


def test_nothing_known_is_said_and_not_called_normal():
    page, text = render_html(example.empty(), example.SAMPLE), render_text(example.empty(), example.SAMPLE)
    for said in (page, " ".join(text.split())):
        assert "No guidance" in said
        assert "No gene was called" in said
        assert "Normal" not in said.split("<main", 1)[-1]
        assert NOTICE.split(".")[0] in said


def test_the_text_report_is_the_reviewed_one(text):
    golden = GOLDEN / "report.txt"
    assert text == golden.read_text(encoding="utf-8"), (
        "look at the change; if it is right: python -m tests.reports.golden"
    )


def test_the_html_report_is_the_reviewed_one(page):
    golden = GOLDEN / "report.html"
    assert page == golden.read_text(encoding="utf-8"), (
        "look at the change; if it is right: python -m tests.reports.golden"
    )
