"""Example files of endpoints, one a kind: text of ``data/models/templates`` that a site changes and saves."""

from __future__ import annotations

from pgx.errors import UsageError
from pgx.models.evidence.endpoint_parsing import KINDS
from pgx.paths import data_dir


def template(kind: str) -> str:
    """Return the example of a kind.

    Raises
    ------
    UsageError
        If there is no such kind.
    """
    if kind not in KINDS:
        raise UsageError(f"{kind!r} is no kind of endpoint; one of: {', '.join(KINDS)}")
    return (data_dir() / "models" / "templates" / f"{kind}.toml").read_text(encoding="utf-8")
