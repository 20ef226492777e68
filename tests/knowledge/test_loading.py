"""One knowledge base serves call after call, until a file of it changes."""

from __future__ import annotations

from pathlib import Path
from threading import Thread

import pytest

from pgx.errors import InputError
from pgx.inputs import knowledge
from pgx.knowledge import loading
from pgx.knowledge.loading import MOST_OPENINGS, load, opened
from tests.knowledge.overlay import NEW_GENE, write_overlay


@pytest.fixture(autouse=True)
def nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "_kept", loading._Kept())


def test_calls_share_what_has_not_changed() -> None:
    assert knowledge() is knowledge()
    assert knowledge() == load()


def test_a_changed_added_or_lost_file_of_a_site_is_read(tmp_path: Path) -> None:
    site = write_overlay(tmp_path / "ward7", NEW_GENE)
    first = opened([site])
    assert opened([site]) is first
    table = site / "drugs.tsv"
    table.write_text(table.read_text().replace("newdrugine", "otherdrugine"))
    (site / "recommendations.tsv").unlink()
    (site / "recommendation_conditions.tsv").unlink()
    (site / "interactions.tsv").unlink()
    changed = opened([site])
    assert "otherdrugine" in changed.table("drugs")["drug"] and "newdrugine" not in changed.table("drugs")["drug"]
    assert "newdrugine" in first.table("drugs")["drug"], "who has it open goes on with it"
    table.unlink()
    assert "otherdrugine" not in opened([site]).table("drugs")["drug"]
    (site / "functions.tsv").write_text("gene\tallele\n")
    with pytest.raises(InputError, match="missing columns"):
        opened([site])
    with pytest.raises(InputError, match="missing columns"):
        opened([site])


def test_other_folders_are_another_knowledge_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("here", "there"):
        (tmp_path / place).mkdir()
        write_overlay(tmp_path / place / "ward7", NEW_GENE)
    monkeypatch.chdir(tmp_path / "here")
    here = opened(["ward7"])
    assert opened() is not here and opened().local_genes == {}
    here = opened(["ward7"])
    monkeypatch.chdir(tmp_path / "there")
    assert opened(["ward7"]) is not here


def test_what_it_remembers_does_not_add_up_for_ever() -> None:
    first = opened()
    assert all(opened() is first for _ in range(MOST_OPENINGS - 1))
    assert opened() is not first


def test_threads_do_not_share_one() -> None:
    found: list[object] = []
    thread = Thread(target=lambda: found.append(opened()))
    own = opened()
    thread.start()
    thread.join()
    assert len(found) == 1 and found[0] is not own and opened() is own
