"""Columns of tables, empty tables to fill in, endpoints and their models: public calls that `pgx.kb` hands on."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pgx.errors import UsageError
from pgx.inputs import knowledge as base
from pgx.options import PathLike, Paths

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


def features(knowledge: Paths = ()) -> pl.DataFrame:
    """List every feature of `pgx.features`: name, type, unit, meaning and source.

    Examples
    --------
    >>> import pgx
    >>> "clinical.age" in pgx.kb.features()["name"]
    True
    """
    from pgx.features import describe

    return describe(base(knowledge))


def columns(knowledge: Paths = ()) -> pl.DataFrame:
    """List the columns that a flat clinical file can have.

    Examples
    --------
    >>> import pgx
    >>> pgx.kb.columns().height > 20
    True
    """
    from pgx import clinical

    return clinical.columns(base(knowledge))


def template(knowledge: Paths = (), kind: str = "csv") -> str:
    """Return an empty table to fill in: one line with the names of its columns.

    Parameters
    ----------
    knowledge
        Folders of site tables laid over the knowledge base.
    kind
        ``csv`` (clinical data, one row a person and day), ``long`` (one row a value), ``medications`` (one row a drug),
        or ``snps`` (results of SNP assays and copy numbers).

    Examples
    --------
    >>> import pgx
    >>> pgx.kb.template().split(",")[0]
    'sample'
    >>> pgx.kb.template(kind="snps").split(",")[:2]
    ['sample', 'rsid']
    >>> pgx.kb.template(kind="long")
    'sample,date,item,value,unit\\n'
    """
    from pgx import clinical
    from pgx.variants.arrays.result_layout import TEMPLATE

    if kind == "snps":
        return TEMPLATE
    return clinical.template(base(knowledge), kind)


def endpoints(model: PathLike | None = None, knowledge: Paths = ()) -> pl.DataFrame:
    """List every endpoint with its evidence: patients, literature only, population models, or a rule.

    Parameters
    ----------
    model
        Model folder, or folder of models, that goes before the shipped ones.
    knowledge
        Folders of site tables laid over the knowledge base.

    Returns
    -------
    polars.DataFrame
        ``endpoint drug kind outcome unit evidence model pmids``.

    Examples
    --------
    >>> import pgx
    >>> pgx.kb.endpoints().filter(endpoint="warfarin.dose")["unit"].to_list()
    ['mg/week']
    """
    from pgx.models.scoring.catalogue import catalogue

    return catalogue(base(knowledge), model)


def card(endpoint: str, model: PathLike | None = None, knowledge: Paths = ()) -> str:
    """Return an endpoint's card (Markdown): what it predicts, for whom, on what evidence, how well.

    Raises
    ------
    UsageError
        If there is no such endpoint.

    Examples
    --------
    >>> import pgx
    >>> pgx.kb.card("warfarin.dose").startswith("# warfarin.dose")
    True
    """
    from pgx.models.scoring.catalogue import card_of

    return card_of(endpoint, base(knowledge), model)


def endpoint_template(kind: str = "adverse_effect") -> str:
    """Return an example file of an endpoint, to change and save in a folder of site tables.

    Parameters
    ----------
    kind
        ``dose``, ``level``, ``exposure``, ``response`` or ``adverse_effect``.

    Raises
    ------
    UsageError
        If there is no such kind.

    Examples
    --------
    >>> import pgx
    >>> 'kind = "level"' in pgx.kb.endpoint_template("level")
    True
    """
    from pgx.models.evidence.templates import template

    return template(kind)


def convert(folder: PathLike) -> list[Path]:
    """Re-save models that pgx 0.1 trained, in place; their predictions stay the same to the last bit.

    Parameters
    ----------
    folder
        Folder of a model, or of several.

    Returns
    -------
    list of Path
        The model folders that were converted.

    Raises
    ------
    InputError
        If there is no model, or one is damaged; nothing is written then.

    Examples
    --------
    >>> import pgx
    >>> pgx.kb.convert("data/models")
    []
    """
    from pgx.models.store.convert import convert as resave

    return resave(Path(folder))


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
    from pgx.knowledge.acting import DECIDES
    from pgx.output_tables import ACTIONS

    if isinstance(codes, str):
        actions = kb.table(ACTIONS).select("action", "urgency").iter_rows()
        graded = [{"code": action, "meaning": f"urgency {urgency}"} for action, urgency in actions]
        return [
            *graded,
            {"code": DECIDES, "meaning": "another drug turns the change of dose around; no number is given"},
        ]
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
