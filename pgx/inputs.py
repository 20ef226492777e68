"""From the files of a run to phenotypes: the first half of every command.

Heavy imports happen inside the functions, so that ``pgx --help`` and ``pgx --version`` stay fast.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pgx.errors import PgxError, UsageError, without_secrets
from pgx.guard.digests import Stamp, digest, stamp
from pgx.options import Names, Options, PathLike, Paths, names_of, paths_of, persons_of

if TYPE_CHECKING:
    import polars as pl

    from pgx.knowledge import KnowledgeBase
    from pgx.knowledge.recent import Recent
    from pgx.notes import Note
    from pgx.types import CallSet, ClinicalData, Genotypes
    from pgx.variants.read import Input


SEXES = ("male", "female")


@dataclass(frozen=True, slots=True)
class Phenotyped:
    """What is known once phenotypes are assigned: the common first half of every command.

    `inputs` are the files that hold any of the samples, and `holders` says whom each of them is about,
    `groups` the biogeographic group of those of whom it is known.
    """

    kb: KnowledgeBase
    genotypes: Genotypes
    clinical: ClinicalData
    callset: CallSet
    calls: pl.DataFrame
    phenotypes: pl.DataFrame
    notes: tuple[Note, ...]
    inputs: tuple[dict[str, str], ...]
    holders: tuple[frozenset[str], ...]
    groups: Mapping[str, str] = field(default_factory=dict)


def phenotyped(
    vcf: Paths | Sequence[Input],
    *,
    clinical: Paths = (),
    medications: Names | Mapping[str, Sequence[str]] | None = None,
    outside_calls: Paths = (),
    options: Options | None = None,
    kb: KnowledgeBase | None = None,
    recent: Recent | None = None,
) -> Phenotyped:
    """Go from files to phenotypes; parameters as for `pgx.report`, and the knowledge if it is open already.

    `medications` may be a list for each sample instead of one for all. `recent` keeps what one part of a cohort has in
    common with the next.
    """
    from pgx import calling, phenotypes
    from pgx.knowledge.resolver import genes_of

    options = options or Options()
    clinical, outside_calls = paths_of(clinical), paths_of(outside_calls)
    medications = medications if isinstance(medications, Mapping) else names_of(medications)
    kb = knowledge(options.knowledge) if kb is None else kb
    before = {path: stamp(path) for path in (*clinical, *outside_calls)}
    genotypes, history, groups = read(kb, vcf, clinical, medications, options, recent)
    callset = called = calling.call(
        genotypes,
        kb,
        groups=groups,
        genes=genes_of(kb, names_of(options.genes)),
        copy_number=_stated_copies(options, kb, genotypes.everyone),
        recent=recent,
    )
    if outside_calls:
        callset = phenotypes.outside.merge(
            callset,
            outside_calls,
            kb,
            mode=options.outside_mode,
            everyone=genotypes.everyone,
            sexes=_sexes(options, history, genotypes),
        )
    callset = phenotypes.outside.doubt(callset, genotypes.notes)
    calls, posterior = phenotypes.assign(callset, kb, history, recent=recent)
    if outside_calls:
        calls = phenotypes.outside.told(calls, {gene.gene for gene in called.genes})
    files = [
        *((source | {"role": "variants"}, of) for source, of in zip(genotypes.sources, genotypes.holders, strict=True)),
        *(
            (_named(path, role, before), of)
            for role, paths, whose in (
                ("clinical", clinical, history.holders),
                ("outside_calls", outside_calls, callset.holders),
            )
            for path, of in zip(paths, whose, strict=True)
            if of
        ),
    ]
    inputs, holders = zip(*((file, of) for file, of in files if of), strict=True) if files else ((), ())
    notes = (*genotypes.notes, *callset.notes)
    return Phenotyped(kb, genotypes, history, callset, calls, posterior, notes, inputs, holders, groups)


def _sexes(options: Options, history: ClinicalData, genotypes: Genotypes) -> dict[str, str]:
    """Return the sexes that the user gave, or else the records."""
    from pgx import clinical as clinic

    recorded = clinic.sexes(history)
    return _per_sample(options.sex, genotypes.samples, genotypes.everyone, recorded, SEXES, "--sex")


def _named(path: PathLike, role: str, before: Mapping[PathLike, Stamp | None]) -> dict[str, str]:
    """Name, checksum and role of an input file; a folder or a database address has no checksum."""
    file = Path(path)
    if not file.is_file():
        return {"name": without_secrets(str(path)).partition("?")[0].rpartition("/")[2], "role": role}
    return {"name": file.name, "sha256": digest(file, before.get(path)), "role": role}


def inputs_of(
    vcf: Paths | None,
    clinical: Paths,
    outside_calls: Paths,
    options: Options,
) -> list[Path]:
    """Return every file and folder that a run reads, also what is inside clinical folders, and configured overlays."""
    from pgx.knowledge.overlays import configured

    records = [Path(one) for one in paths_of(clinical)]
    persons = [] if isinstance(options.persons, Mapping) else paths_of(options.persons)
    found: list[PathLike] = [
        *paths_of(vcf), *records, *paths_of(outside_calls), *persons, *paths_of(options.knowledge)
    ]  # fmt: skip
    for folder in (one for one in records if one.is_dir()):
        from pgx.clinical.readers.formats import parts

        found += parts(folder)
    with suppress(PgxError):  # reading the knowledge says what is wrong with the configuration
        found += configured()
    return [Path(one) for one in (*found, options.fasta) if one is not None]


def model_files(path: PathLike) -> list[Path]:
    """Return what is read of a model folder: tables may be written beside the model. Other paths are read whole."""
    folder = Path(path)
    with suppress(OSError):  # names joined by commas may be longer than a path can be
        if (folder / "model.json").is_file():
            from pgx.models.store.folder import CARD, JSON, TREES

            return [folder / name for name in (JSON, TREES, CARD)]
    return [folder]


def knowledge(overlays: Paths = ()) -> KnowledgeBase:
    """Open the knowledge base under the overlays of the configuration files and `overlays`."""
    from pgx.knowledge import opened
    from pgx.knowledge.overlays import configured

    return opened([*configured(), *(Path(one) for one in paths_of(overlays))])


def read(
    kb: KnowledgeBase,
    vcf: Paths | Sequence[Input],
    clinical: Sequence[PathLike],
    medications: Sequence[str] | Mapping[str, Sequence[str]] | None,
    options: Options,
    recent: Recent | None = None,
) -> tuple[Genotypes, ClinicalData, dict[str, str]]:
    """Read genotypes, history and biogeographic groups; the sex in the history decides how chrX is read."""
    from pgx import clinical as clinic
    from pgx import variants

    read: list[ClinicalData] = []

    def sexes(samples: tuple[str, ...], everyone: tuple[str, ...]) -> dict[str, str]:
        history = _history(kb, clinical, medications, samples, everyone, options, recent)
        recorded = clinic.sexes(history)
        told = _per_sample(options.sex, samples, everyone, recorded, SEXES, "--sex")
        read.append(_with_other_sexes(history, recorded, told))
        return told

    genotypes = variants.read(
        [vcf] if isinstance(vcf, str | Path) else list(vcf),
        kb,
        samples=names_of(options.samples),
        build=options.build,
        absent_is_reference=options.absent_is_reference,
        min_gq=options.min_gq,
        min_dp=options.min_dp,
        include_filtered=options.include_filtered,
        fasta=options.fasta,
        sex=sexes,
    )
    groups = _stated_groups(options, kb, genotypes.samples, genotypes.everyone, clinic.groups(read[0]))
    return genotypes, read[0], groups


def check_stated(options: Options, kb: KnowledgeBase, everyone: Sequence[str]) -> None:
    """Refuse sexes, groups, copy numbers and pairs of person and sample that fit none of the samples.

    A run in parts hands each part what is stated of its own samples: none of them would miss the rest.

    Raises
    ------
    UsageError
        If a value, a gene or a sample is none that there is.
    InputError
        If a table of persons and samples has none of the samples.
    """
    from pgx.clinical.person_map import person_map

    _per_sample(options.sex, everyone, everyone, {}, SEXES, "--sex")
    _stated_groups(options, kb, everyone, everyone, {})
    _stated_copies(options, kb, everyone)
    person_map(persons_of(options.persons)).check_samples(everyone)


def _stated_groups(
    options: Options, kb: KnowledgeBase, samples: Sequence[str], everyone: Sequence[str], recorded: Mapping[str, str]
) -> dict[str, str]:
    """Return the biogeographic groups that the user gave, or else the records."""
    names = group_names(kb)
    asked = options.ancestry
    if isinstance(asked, str):
        asked = names.get(asked.lower(), asked)
    elif asked is not None:
        asked = {sample: names.get(group.lower(), group) for sample, group in asked.items()}
    return _per_sample(asked, samples, everyone, recorded, tuple(dict.fromkeys(names.values())), "--ancestry")


def _stated_copies(
    options: Options, kb: KnowledgeBase, everyone: Sequence[str]
) -> dict[tuple[str | None, str], int] | None:
    """Return the copy numbers that the user gave, under the genes' own names."""
    from pgx.knowledge.resolver import gene_of
    from pgx.types import MOST_COPIES

    if not options.copy_number:
        return None
    stated: dict[tuple[str | None, str], int] = {}
    here = set(everyone)
    for (sample, name), copies in options.copy_number.items():
        gene = gene_of(kb, name)
        if sample is not None and sample not in here:
            raise UsageError(f"--copy-number: no sample is called {sample!r}")
        if not 0 <= copies <= MOST_COPIES:
            raise UsageError(f"a person cannot have {copies} copies of {gene}")
        if stated.setdefault((sample, gene), copies) != copies:
            raise UsageError(f"--copy-number: two numbers are given for {gene}")
    return stated


def _with_other_sexes(history: ClinicalData, recorded: Mapping[str, str], told: Mapping[str, str]) -> ClinicalData:
    """Warn of each sample whose sex was given as another than its record says."""
    import polars as pl

    from pgx.codes import NoteCode, Severity
    from pgx.notes import Note, frame_of

    told_otherwise = [
        Note(
            stage="clinical",
            severity=Severity.WARNING,
            code=NoteCode.CONTRADICTION,
            message=f"sex {told[sample]} is given (--sex), and the record says {sex}: chrX is read as {told[sample]}",
            sample=sample,
            subject="sex",
            where="sex",
        )
        for sample, sex in sorted(recorded.items())
        if told[sample] != sex
    ]
    if not told_otherwise:
        return history
    notes = pl.concat([history.notes, frame_of(told_otherwise)])
    return replace(history, notes=notes)


def group_names(kb: KnowledgeBase) -> dict[str, str]:
    """Return every spelling of a biogeographic group, lower case, and the group's name."""
    names: dict[str, str] = {}
    for code, name, synonyms in kb.table("groups").select("group", "name", "synonyms").iter_rows():
        names.update(dict.fromkeys((one.lower() for one in (code, name, *(synonyms or "").split(";")) if one), name))
    return names


def _history(
    kb: KnowledgeBase,
    clinical: Sequence[PathLike],
    medications: Sequence[str] | Mapping[str, Sequence[str]] | None,
    samples: tuple[str, ...],
    everyone: tuple[str, ...],
    options: Options,
    recent: Recent | None = None,
) -> ClinicalData:
    from pgx import clinical as clinic

    history = clinic.read(
        list(clinical),
        kb,
        samples=samples,
        as_of=options.as_of,
        persons=persons_of(options.persons),
        everyone=everyone,
        strict=options.strict,
        accept=names_of(options.accept) or (),
        date_format=options.date_format,
        recent=recent,
    )
    if isinstance(medications, Mapping):
        own = {sample: medications[sample] for sample in samples if sample in medications}
        return clinic.add_medication_lists(history, own, kb) if own else history
    return clinic.add_medications(history, medications, kb, samples=samples) if medications else history


def _per_sample(
    given: str | Mapping[str, str] | None,
    samples: Sequence[str],
    everyone: Sequence[str],
    known: Mapping[str, str],
    allowed: Sequence[str],
    option: str,
) -> dict[str, str]:
    """Lay what the user gave (one value, or one a sample) over what the clinical files say."""
    if given is None:
        return dict(known)
    asked = dict.fromkeys(samples, given) if isinstance(given, str) else dict(given)
    strangers = sorted(set(asked) - set(everyone))
    if strangers:
        raise UsageError(f"{option}: no sample is called {strangers[0]!r}")
    wrong = sorted(set(asked.values()) - set(allowed))
    if wrong:
        raise UsageError(f"{option}: {wrong[0]!r} is not one of {', '.join(allowed)}")
    here = set(samples)
    return {**known, **{sample: value for sample, value in asked.items() if sample in here}}
