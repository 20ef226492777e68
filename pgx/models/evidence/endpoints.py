"""The endpoints of a knowledge base: the product's own, and those of its overlays, checked before they are used.

An endpoint is one TOML file in ``data/knowledge/endpoints``. Its prior is a sum of terms on the link scale (square root
of mg/week for doses, logit for risks); each term names a column of the feature frame, an effect with its interval,
where it was published, and whether the figure was read in a source or recalled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pgx.errors import InputError, UsageError
from pgx.guard.limits import read_toml
from pgx.knowledge.validation.problems import Problem
from pgx.models.evidence import baseline_levels, endpoint_checks, uncounted
from pgx.models.evidence.endpoint import Endpoint
from pgx.models.evidence.endpoint_parsing import parse

if TYPE_CHECKING:
    from pgx.knowledge import KnowledgeBase


def folders(kb: KnowledgeBase) -> list[Path]:
    """Return the endpoint folders of the knowledge base and its overlays."""
    return [path for path in (folder / "endpoints" for folder in kb.folders) if path.is_dir()]


def load(kb: KnowledgeBase) -> dict[str, Endpoint]:
    """Read all endpoints, by name; those of an overlay replace the product's own.

    Raises
    ------
    InputError
        If a file is not TOML or an endpoint is not valid.
    """
    return kb.remember("endpoints", lambda: _load(kb))


def rules(kb: KnowledgeBase) -> dict[str, str]:
    """Return the outcomes that a rule decides and no model is offered for, with the reason."""
    found: dict[str, str] = {}
    for folder in folders(kb):
        path = folder / "rules.toml"
        if path.is_file():
            found.update({row["name"]: row["reason"] for row in read_toml(path).get("rule", [])})
    return found


def get(kb: KnowledgeBase, name: str) -> Endpoint:
    """Return one endpoint.

    Raises
    ------
    UsageError
        If there is none of this name, or a rule decides the outcome.
    """
    known = load(kb)
    if name in known:
        return known[name]
    decided = rules(kb)
    if name in decided:
        raise UsageError(f"{name}: no model is offered, a rule decides ({decided[name]}); see the guidance")
    raise UsageError(f"unknown endpoint {name!r}; one of: {', '.join(sorted(known))}")


def coefficients(kb: KnowledgeBase) -> dict[str, float]:
    """Return the published equations' coefficients as ``equation:term``."""
    table = kb.table("equations")
    return {f"{r['equation']}:{r['term']}": float(r["coefficient"]) for r in table.iter_rows(named=True)}


def faults(kb: KnowledgeBase) -> Iterator[Problem]:
    """Yield the first fault of the endpoints of a knowledge base and its overlays, for `pgx kb validate`."""
    try:
        if folders(kb):
            load(kb)
    except InputError as error:
        yield Problem("error", "endpoints", str(error.file or ""), error.problem)


def _load(kb: KnowledgeBase) -> dict[str, Endpoint]:
    equations, own = coefficients(kb), kb.folders[0] / "endpoints"
    documents: dict[str, tuple[dict[str, Any], Path]] = {}
    for folder in folders(kb):
        for path in sorted(folder.glob("*.toml")):
            if path.name != "rules.toml":
                raw = read_toml(path)
                name = str(raw.get("name", path.stem))
                if name in documents and documents[name][1].parent == folder:
                    raise InputError(f"{name} is described in {documents[name][1].name} already", file=path)
                documents[name] = raw, path
    found = {}
    for name, (raw, path) in documents.items():
        base = raw.get("extends")
        if base is not None and base not in documents:
            raise InputError(f"it extends {base!r}, which is no endpoint", file=path)
        whole = {**documents[base][0], **raw} if base is not None else raw
        whole = {key: value for key, value in whole.items() if key != "extends"}
        one = parse(whole, equations, path) if path.parent == own else _local(whole, equations, path, kb)
        found[name] = replace(one, baseline_levels=baseline_levels.of(one, kb), uncounted=uncounted.of(one, kb))
    return found


def _local(raw: Mapping[str, Any], equations: Mapping[str, float], path: Path, kb: KnowledgeBase) -> Endpoint:
    """Check and build an endpoint of an overlay."""

    def refuse(faults: Iterator[str]) -> None:
        for fault in faults:
            raise InputError(f"the endpoint is not valid: {fault}", file=path, fix="see data/knowledge/endpoints")

    refuse(endpoint_checks.before(raw))
    found = replace(parse(raw, equations, path), local=path.parent.parent.name)
    refuse(endpoint_checks.after(found, kb))
    if found.name in rules(kb):
        raise InputError(f"{found.name} is decided by a rule ({rules(kb)[found.name]})", file=path, fix="rename it")
    return found
