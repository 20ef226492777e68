"""What the columns of the tables mean: the public calls of ``pgx schema``, in `pgx.kb`."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from pgx.errors import UsageError
from pgx.inputs import knowledge as base
from pgx.options import Paths

if TYPE_CHECKING:
    import polars as pl

    from pgx.knowledge import KnowledgeBase
    from pgx.output_tables import Codes

_FEATURE_TYPES = {"string": "text", "float": "number", "int": "whole number", "bool": "yes/no"}


def schema(table: str | None = None, knowledge: Paths = ()) -> pl.DataFrame:
    """Describe the columns of a table that the program writes, or list the tables.

    Parameters
    ----------
    table
        Name of the table; None = list the tables.
    knowledge
        Folders of site tables laid over the knowledge base, which may add features and actions.

    Returns
    -------
    polars.DataFrame
        ``table about`` of every table, or ``column type unit required meaning codes`` of one; `codes` lists ``code``
        and ``meaning``, and is empty where any value may stand.

    Raises
    ------
    UsageError
        If there is no such table.

    Examples
    --------
    >>> import pgx
    >>> columns = pgx.kb.schema("scores")
    >>> columns.filter(column="level").select("type", "unit", "required").row(0)
    ('number', '1', False)
    """
    import polars as pl

    from pgx.output_tables import TABLES

    if table is None:
        return pl.DataFrame({"table": list(TABLES), "about": [one.about for one in TABLES.values()]})
    name = table.strip().lower().removesuffix(".tsv").removesuffix(".parquet")
    if name not in TABLES:
        close = get_close_matches(name, TABLES, n=2, cutoff=0.6)
        hint = f"; did you mean {' or '.join(close)}? There are" if close else "; there are"
        raise UsageError(f"no table is called {table!r}{hint}: {', '.join(TABLES)}")
    kb, one = base(knowledge), TABLES[name]
    code = pl.Struct({"code": pl.String, "meaning": pl.String})
    types: dict[str, Any] = {"column": pl.String, "type": pl.String, "unit": pl.String, "required": pl.Boolean}
    types |= {"meaning": pl.String, "codes": pl.List(code)}
    if not one.columns:
        return pl.DataFrame(_features(kb), schema=types, orient="row")
    rows = [
        (c.name, _word(c.dtype), one.units.get(c.name), c.required, c.doc, _codes(kb, one.codes.get(c.name, {})))
        for c in one.columns
    ]
    return pl.DataFrame(rows, schema=types, orient="row")


def _features(kb: KnowledgeBase) -> list[tuple[object, ...]]:
    from pgx.features import describe

    first: tuple[object, ...] = ("sample", "text", None, True, "sample name in the input", [])
    listed = describe(kb).select("name", "type", "unit", "meaning").iter_rows()
    return [
        first,
        *((name, _FEATURE_TYPES.get(kind, kind), unit, False, says, []) for name, kind, unit, says in listed),
    ]


def _word(dtype: object) -> str:
    import polars as pl

    if isinstance(dtype, pl.List):
        inner = dtype.inner
        pair = [one.name for one in inner.fields] if isinstance(inner, pl.Struct) else []
        return f"list of {'='.join(pair)}" if pair else "list of text"
    words = {pl.String: "text", pl.Float64: "number", pl.Int64: "whole number", pl.Boolean: "yes/no", pl.Date: "date"}
    return next(word for kind, word in words.items() if dtype == kind)


def _codes(kb: KnowledgeBase, codes: Codes | str) -> list[dict[str, str]]:
    """Return codes with their meanings, in the order of their declaration."""
    from pgx.codes import KINDS
    from pgx.output_tables import ACTIONS

    if isinstance(codes, str):
        actions = kb.table(ACTIONS).select("action", "urgency").iter_rows()
        return [{"code": action, "meaning": f"urgency {urgency}"} for action, urgency in actions]
    if isinstance(codes, Mapping):
        return [{"code": code, "meaning": meaning} for code, meaning in codes.items()]
    kind = next(name for name, members in KINDS.items() if members is type(next(iter(codes))))
    explained = kb.table("flags").filter(kind=kind).select("code", "meaning").rows()
    found: list[dict[str, str]] = []
    for one in codes:
        # A flag may be explained for what it is about, too: those follow their code.
        found += [
            {"code": code, "meaning": meaning}
            for code, meaning in explained
            if code == one or code.startswith(f"{one}:")
        ]
    return found
