"""Fact tables that cannot be imported are refused in one line, before anything is written."""

import shutil
from pathlib import Path

import pytest

from pgx.build_data.knowledge import build_folder
from pgx.errors import InputError

FACTS = Path(__file__).resolve().parents[1] / "data" / "facts"


@pytest.mark.parametrize(
    ("table", "right", "wrong", "says"),
    [
        ("genes", b"\tchrom\t", b"\tchromo\t", "lack column 'chrom'"),
        ("pairs", b"\n", b"\xff\n", "pairs.tsv: not UTF-8 text"),
        ("drugs", b"\n", b"\tmore\n", "drugs.tsv: line 2"),
        ("recommendations", b"\tavoid\t", b"\tavoids\t", "'avoids' is not an allowed code"),
        ("frequencies", b"\t0.", b"\tO.", "is not a number"),
    ],
)
def test_broken_facts_are_refused_and_nothing_is_written(
    tmp_path: Path, table: str, right: bytes, wrong: bytes, says: str
) -> None:
    facts = tmp_path / "facts"
    shutil.copytree(FACTS, facts)
    path = facts / f"{table}.tsv"
    content = path.read_bytes()
    at = content.index(right, content.index(b"\n") + 1 if right != b"\tchrom\t" else 0)
    path.write_bytes(content[:at] + wrong + content[at + len(right) :])
    with pytest.raises(InputError, match=says):
        build_folder(facts, tmp_path / "out")
    assert not (tmp_path / "out").exists()
