"""Writes ``data/knowledge/README.md`` from the declared tables: ``python -m pgx.build_data.knowledge_readme``."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

from pgx.io import write_bytes
from pgx.knowledge.sources import read_sources
from pgx.knowledge.tables import clinical, drugs, exposure, frequencies, genes, guidance, reading
from pgx.knowledge.tables.table import Field, Table
from pgx.paths import data_dir

FOLDER = data_dir() / "knowledge"
PATH = FOLDER / "README.md"
_TYPES = {"String": "text", "Float64": "number", "Int64": "whole number"}
_SUBJECTS = (genes, reading, frequencies, guidance, drugs, exposure, clinical)
_HEAD = """# The knowledge base

What `pgx` knows of genes, alleles, drugs, guidelines and clinical terms is in these files. This page is written by
`python -m pgx.build_data.knowledge_readme`; the columns are declared in `pgx/knowledge/tables`.

- `NAME.tsv`: UTF-8, tab separated, one header row, no quoting. An empty cell is unknown. Lists in a cell are joined by
  `;`, accepted bases by `|`, yes and no are `y` and `n`.
- `endpoints/*.toml`: one file an endpoint of a model: what is predicted, for whom, its published effects with their
  sources, and when no number may be given.
- `templates.en.toml`: the words from which sentences are composed out of codes.
- `sources.toml`: the sources, their versions and licences. `manifest.toml`: checksums of the fact tables that are read,
  of the tables made from them and of every file that is edited by hand: pgx refuses its own folder where a file is not
  the one that is named. After an edit, `python -m pgx.build_data.knowledge data/knowledge` writes them anew.
  `VERSION`: one line, in every output.

The imported tables (listed in `sources.toml`) are made from fact tables by `pgx kb build` and not edited by hand: a
mistake in them is put right by a row of `corrections.tsv`, which stops fitting once the source has changed, and rows of
newer sources are added by `additions/NAME.tsv`, in the columns of the table. What became of each fact of a newer source
that was considered is in `considered.tsv`. All other tables are edited here. Rows of DPWG, as ClinPGx publishes them,
are in files of their own (`NAME.dpwg.tsv`), because their licence (CC BY-SA 4.0) asks to share alike; they are rows of
the table NAME all the same. `pgx kb validate` checks schemas, keys, references, bases and rules; `pgx kb diff OLD`
shows which diplotypes change phenotype or recommendation. A site adds rows without touching these files: a folder with
tables of the same names and columns, given as `--knowledge FOLDER`; a row with the same key replaces ours.

In the tables below a column in bold must not be empty, and the key is what makes a row unique.
"""


def text() -> str:
    """Return the page."""
    parts = [_HEAD]
    for module in _SUBJECTS:
        parts += [f"## {_title(module)}", ""]
        for table in (value for value in vars(module).values() if isinstance(value, Table)):
            parts += [*_described(table), ""]
    parts += ["## Sources", "", "| source | what | version | licence |", "|---|---|---|---|"]
    for source in read_sources(FOLDER).sources.values():
        parts.append(
            f"| [{source.key}]({source.url}) | {_cell(source.what)} | {_cell(source.version)} | {source.licence} |"
        )
    return "\n".join(parts) + "\n"


def _title(module: ModuleType) -> str:
    first = (module.__doc__ or "").partition("\n")[0]
    return first.removeprefix("Tables of ").rstrip(".").capitalize()


def _described(table: Table) -> Iterator[str]:
    yield f"### {table.name}"
    yield ""
    yield f"{table.doc} Key: {', '.join(f'`{name}`' for name in table.key)}."
    yield ""
    yield "| column | type | meaning |"
    yield "|---|---|---|"
    for field in table.fields:
        name = f"**`{field.name}`**" if field.required else f"`{field.name}`"
        yield f"| {name} | {_TYPES[str(field.dtype)]} | {_cell(_meaning(field))} |"


def _meaning(field: Field) -> str:
    codes = f"; one of {', '.join(f'`{code}`' for code in field.codes)}" if field.codes else ""
    refers = f"; refers to `{field.refers}`" if field.refers else ""
    return f"{field.doc}{codes}{refers}"


def _cell(content: str) -> str:
    return content.replace("|", "\\|").replace("\n", " ")


def main() -> None:
    """Write the page."""
    write_bytes(PATH, text().encode())


if __name__ == "__main__":
    main()
