"""Endpoints and their models, listed, shown and converted: one public call a command of ``pgx models``, in `pgx.kb`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pgx.inputs import knowledge as base
from pgx.options import PathLike, Paths

if TYPE_CHECKING:
    import polars as pl


def endpoints(model: PathLike | None = None, knowledge: Paths = ()) -> pl.DataFrame:
    """List every endpoint with its evidence: patients, literature only, or a rule.

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
