"""The page on the knowledge tables says what is declared."""

from __future__ import annotations

from pgx.build_data.knowledge_readme import PATH, text
from pgx.knowledge.tables.declared import TABLES


def test_the_page_is_that_of_the_declared_tables():
    assert PATH.read_text(encoding="utf-8") == text(), "run python -m pgx.build_data.knowledge_readme"


def test_it_has_every_table_and_every_column():
    page = text()
    for table in TABLES.values():
        part = page.partition(f"\n### {table.name}\n")[2].partition("\n### ")[0]
        assert all(f"`{field.name}`" in part for field in table.fields), table.name


def test_every_file_of_the_folder_is_a_table_or_explained():
    explained = {"README.md", "VERSION", "manifest.toml", "sources.toml", "templates.en.toml", "endpoints"}
    explained |= {"additions"}
    files = {name for table in TABLES.values() for name in table.files()}
    assert {path.name for path in PATH.parent.iterdir()} - explained == files
