"""Compiled templates are kept as compiled modules are: used as long as they fit, never needed, never in the way."""

import pytest

from pgx.reports.formats import html
from tests.reports import example
from tests.reports.rendered import render_html


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    """Let templates be compiled anew, with a folder of their own to keep them in."""
    kept = html._Compiled(tmp_path / "kept")
    monkeypatch.setattr(html.sys, "dont_write_bytecode", False)
    monkeypatch.setattr(html, "_Compiled", lambda _: kept)

    def render():
        html.environment.cache_clear()
        return render_html(example.build(), example.SAMPLE)

    yield render
    html.environment.cache_clear()


def test_kept_templates_give_the_same_page(fresh, tmp_path, monkeypatch):
    page = fresh()
    kept = sorted((tmp_path / "kept").iterdir())
    assert kept
    assert all(html.jinja2.__version__ in path.name for path in kept), "another jinja2 compiles its own"
    monkeypatch.setattr(html.jinja2.Environment, "compile", lambda *_, **__: pytest.fail("compiled again"))
    assert fresh() == page


@pytest.mark.parametrize("damage", [b"", b"other\n", None], ids=["empty", "stale", "cut"])
def test_what_does_not_fit_is_made_anew(fresh, tmp_path, damage):
    page = fresh()
    for path in (tmp_path / "kept").iterdir():
        path.write_bytes(path.read_bytes()[:-100] if damage is None else damage)
    assert fresh() == page
    assert all(len(path.read_bytes()) > 1000 for path in (tmp_path / "kept").iterdir())


@pytest.mark.parametrize("where", ["full disk", "no folder"])
def test_without_a_place_to_keep_them_the_page_is_the_same(fresh, tmp_path, monkeypatch, where):
    def refuse(*_, **__):
        raise OSError(28, "No space left on device")

    page = fresh()
    for path in (tmp_path / "kept").iterdir():
        path.unlink()
    if where == "full disk":
        monkeypatch.setattr("jinja2.bccache.tempfile.NamedTemporaryFile", refuse)
    else:
        (tmp_path / "kept").rmdir()
        monkeypatch.setattr(html.Path, "mkdir", refuse)
    assert fresh() == page
    assert not any(tmp_path.glob("kept/*"))


def test_nothing_is_kept_where_python_keeps_nothing(fresh, tmp_path, monkeypatch):
    monkeypatch.setattr(html.sys, "dont_write_bytecode", True)
    fresh()
    assert not (tmp_path / "kept").exists()
