"""The manifest: what was run on what. It decides whether a folder may be gone on with, and whether shards agree."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from pgx.cohort.folder import Folder, Json, read_json
from pgx.cohort.plan import TABLES, Plan
from pgx.cohort.pseudonymous import hidden
from pgx.errors import InputError

LAYOUT = 1
_IDENTITY = ("versions", "inputs", "options", "parameters", "persons")
"""Parts of a manifest that must be the same for two runs to be one."""
_MOST = 1_000_000_000
"""Persons of a cohort."""


def asked(plan: Plan, versions: Mapping[str, str], prints: Mapping[str, Json]) -> Json:
    """Return what a run was asked to do: versions, inputs, options and parameters, but not yet whom it is about."""
    cover = hidden(plan.key)
    wanted = {
        "layout": LAYOUT,
        "versions": dict(versions),
        "inputs": [{key: one[key] for key in ("name", "bytes", "sha256")} for one in prints.values()],
        "options": {
            key: _plain(value) for key, value in asdict(plan.options).items() if value not in (None, False, ())
        },
        "parameters": {
            "sheet": None if plan.sheet is None else Path(plan.sheet).name,
            "block_size": plan.block_size,
            "tables": list(plan.tables),
            "reports": list(plan.reports),
            "drugs": None if plan.drugs is None else list(plan.drugs),
            "endpoints": None if plan.endpoints is None else list(plan.endpoints),
            **({} if plan.medications is None else {"medications": list(plan.medications)}),
        },
    }
    return cover.asked(wanted) if cover else wanted


def of_plan(plan: Plan, wanted: Json) -> Json:
    """Return the manifest of a run that begins."""
    cover = hidden(plan.key)
    names = "\n".join(cover.samples(plan.samples) if cover else plan.samples).encode()
    found = {**wanted, "persons": {"count": len(plan.samples), "sha256": hashlib.sha256(names).hexdigest()}}
    text = json.dumps([found[name] for name in _IDENTITY], sort_keys=True, ensure_ascii=False)
    day = {} if plan.day is None else {"day": plan.day.isoformat()}
    return {**found, **day, "plan": hashlib.sha256(text.encode()).hexdigest()}


def read(folder: Folder) -> Json:
    """Return the manifest of a cohort's folder.

    Raises
    ------
    InputError
        If there is none that this program can read.
    """
    found = read_json(folder.manifest)
    if found is None or "plan" not in found:
        raise InputError("no cohort run is here (no manifest.json)", file=folder.root, fix="see `pgx cohort run`")
    if found.get("layout") != LAYOUT:
        raise InputError(f"its manifest has layout {found.get('layout')}, not {LAYOUT}", file=folder.manifest,
                         fix="use the version of pgx that wrote it")  # fmt: skip
    if not _is_whole(found):
        raise InputError("a damaged manifest", file=folder.manifest, fix="give the run another folder")
    return found


def _is_whole(found: Json) -> bool:
    """Whether a manifest has all that is asked of one: its folder may have come from anywhere."""
    if not all(isinstance(found.get(name), dict) for name in ("versions", "options", "parameters", "persons")):
        return False
    parameters, inputs = found["parameters"], found.get("inputs")
    count, size, names = found["persons"].get("count"), parameters.get("block_size"), parameters.get("tables")
    return (
        type(count) is int
        and type(size) is int
        and 0 <= count <= _MOST
        and size >= 1
        and isinstance(names, list)
        and all(isinstance(name, str) and name in TABLES for name in names)
        and all(isinstance(found["versions"].get(name), str) for name in ("pgx", "knowledge", "knowledge_sha256"))
        and isinstance(inputs, list)
        and all(isinstance(one, dict) and isinstance(one.get("name"), str) and "sha256" in one for one in inputs)
    )


def check_same(old: Json, new: Json, place: Path) -> None:
    """Refuse to mix two runs.

    Raises
    ------
    InputError
        If they differ in anything that could change a result; it says in what.
    """
    differences = list(changes(old, new))
    if differences:
        shown = "; ".join(differences[:5]) + ("; ..." if len(differences) > 5 else "")
        raise InputError(f"this run is another than the one in the folder: {shown}", file=place,
                         fix="give the former command again, or another folder")  # fmt: skip


def changes(old: Json, new: Json) -> Iterator[str]:
    """Yield what differs between two manifests, in words."""
    for group in ("versions", "parameters", "options"):
        for key in sorted({*old[group], *new[group]}):
            before, now = old[group].get(key), new[group].get(key)
            if before != now:
                yield f"{key.replace('_', ' ')} was {_shown(before)} and is {_shown(now)}"
    earlier, later = ([(one["name"], one["sha256"]) for one in side["inputs"]] for side in (old, new))
    if earlier != later:
        told, known = [name for name, _ in later], dict(earlier)
        yield from (f"input {name} is no more" for name, _ in earlier if name not in told)
        yield from (f"input {name} is new" for name in told if name not in known)
        yield from (f"input {name} has changed" for name, sha in later if known.get(name, sha) != sha)
        if sorted(earlier) == sorted(later):
            yield "the inputs come in another order"
    if "persons" in old and "persons" in new and old["persons"] != new["persons"]:
        yield f"the persons differ ({old['persons']['count']} before, {new['persons']['count']} now)"


def _shown(value: Any) -> str:
    text = "not given" if value is None else ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _plain(value: Any) -> Any:
    """Return an option as JSON has it; paths are told by their content, which is among the inputs."""
    if isinstance(value, Mapping):
        return {":".join(filter(None, key)) if isinstance(key, tuple) else str(key): one for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, date):
        return value.isoformat()
    return value.name if isinstance(value, Path) else value
