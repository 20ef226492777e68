"""The persons of a samplesheet as one result: each group of shared files is run alone, and they are laid together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from itertools import chain
from pathlib import Path
from typing import Any

import polars as pl

from pgx.cohort.samplesheet import Group, asked_persons, groups_of, read_sheet
from pgx.inputs import Phenotyped, check_stated, inputs_of, knowledge, phenotyped
from pgx.knowledge import KnowledgeBase
from pgx.options import Names, Options, PathLike, Paths, names_of, paths_of
from pgx.types import Result


def groups(
    sheet: PathLike | None,
    vcf: Paths | None,
    clinical: Paths,
    outside_calls: Paths,
    options: Options,
    kb: KnowledgeBase,
) -> list[Group]:
    """Return the groups of a sheet, with the files that are given beside it; without a sheet there is one."""
    shared: dict[str, Any] = {
        "vcf": tuple(map(str, paths_of(vcf))),
        "clinical": tuple(map(str, paths_of(clinical))),
        "outside_calls": tuple(map(str, paths_of(outside_calls))),
    }
    if sheet is None:
        return [Group(**shared, samples=(), medications={}, options=options)]
    persons = read_sheet(sheet, kb, vcf_is_given=bool(shared["vcf"]), build=options.build)
    check_stated(options, kb, [one.sample for one in persons])
    return groups_of(asked_persons(persons, options), options, **shared)


def found_in(
    sheet: PathLike | None,
    vcf: Paths | None,
    clinical: Paths,
    outside_calls: Paths,
    options: Options,
    medications: Names | None = None,
) -> Iterator[tuple[Phenotyped, Options]]:
    """Yield what is known of each group of a sheet once phenotypes are assigned, and how it was read."""
    kb = knowledge(options.knowledge)
    for group in groups(sheet, vcf, clinical, outside_calls, options, kb):
        drugs: Names | Mapping[str, Sequence[str]] | None = medications
        if group.medications:
            everybody = {} if medications is None else dict.fromkeys(group.samples, names_of(medications) or [])
            drugs = everybody | dict(group.medications)
        told = phenotyped(
            group.vcf,
            clinical=group.clinical,
            medications=drugs,
            outside_calls=group.outside_calls,
            options=group.options,
            kb=kb,
        )
        yield told, group.options


def inputs_of_sheet(
    sheet: PathLike | None, vcf: Paths | None, clinical: Paths, outside_calls: Paths, options: Options
) -> list[Path]:
    """Return every file that a run reads (`pgx.inputs.inputs_of`), with the sheet and those that it names."""
    if sheet is None:
        return inputs_of(vcf, clinical, outside_calls, options)
    found = groups(sheet, vcf, clinical, outside_calls, options, knowledge(options.knowledge))
    genomes = dict.fromkeys(chain.from_iterable(one.vcf for one in found))
    records = dict.fromkeys(chain.from_iterable(one.clinical for one in found))
    others = dict.fromkeys(chain.from_iterable(one.outside_calls for one in found))
    return [Path(sheet), *inputs_of(list(genomes), list(records), list(others), options)]


def joined(results: Sequence[Result]) -> Result:
    """Return the results of several groups as one; each person's rows and inputs stay their own."""
    first = results[0]
    if len(results) == 1:
        return first
    samples = tuple(name for one in results for name in one.samples)
    frames = {
        field.name: pl.concat([getattr(one, field.name) for one in results])
        for field in fields(Result)
        if isinstance(getattr(first, field.name), pl.DataFrame)
    }
    return replace(
        first,
        samples=samples,
        **frames,
        provenance=provenance_of([one.provenance for one in results]),
        holders=tuple(holder for one in results for holder in one.holders),
        suspects=tuple(dict.fromkeys(line for one in results for line in one.suspects)),
    )


def provenance_of(told: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Return the provenance of several groups: their inputs one after the other, and every build."""
    builds = dict.fromkeys(str(one["build"]) for one in told)
    listed: list[object] = []
    for one in told:
        inputs = one["inputs"]
        assert isinstance(inputs, list)
        listed += inputs
    return {**told[0], "build": ", ".join(builds), "inputs": listed}
