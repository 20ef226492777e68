"""The samplesheet: one row a person, with the files and facts that are theirs; checked whole before any work begins.

Columns are named as nf-core names them. ``sample`` and ``vcf`` are needed (``vcf`` not where genotypes are given beside
the sheet); every other column, and every other cell, may be left out. Paths are relative to the sheet; several in a
cell are joined by ``;``.
"""

from __future__ import annotations

import csv
import difflib
import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pgx.clinical import parse_medications
from pgx.clinical.person_map import person_map
from pgx.errors import InputError, PgxError, UsageError, shown_place
from pgx.guard.limits import HEADING, ROWS, SHEET, SHEET_COLUMNS, is_pipe, read_file, refuse_pipe
from pgx.inputs import group_names
from pgx.knowledge import KnowledgeBase
from pgx.knowledge.resolver import gene_named
from pgx.options import Options, PathLike, names_of, persons_of
from pgx.protect.crypt4gh_files import SUFFIX, is_sealed
from pgx.types import MOST_COPIES
from pgx.variants import samples_of
from pgx.variants.whole_numbers import whole_number

PATHS = ("vcf", "clinical", "outside_calls")
COLUMNS = {
    "sample": "name of the person, as in the header of the VCF",
    "vcf": "genotype files, joined by ;",
    "clinical": "clinical files and folders, joined by ;",
    "outside_calls": "files of other tools' diplotypes, joined by ;",
    "sex": "male or female",
    "ancestry": "biogeographic group",
    "medications": "drugs that the person takes, joined by ;, or none",
    "copy_number": "known copy numbers, GENE=N joined by ;",
}
"""Every column and what it holds. Those that begin with ``x_``, and ``notes``, are the user's own and not read."""


_TOLD = 20
"""Problems that are listed: a file that is no samplesheet has one a line."""


class SheetError(InputError):
    """A samplesheet that cannot be used; `details` has a line for each of the first problems."""


@dataclass(frozen=True, slots=True)
class Person:
    """One row of a samplesheet."""

    sample: str
    line: int = 0
    vcf: tuple[str, ...] = ()
    clinical: tuple[str, ...] = ()
    outside_calls: tuple[str, ...] = ()
    sex: str | None = None
    ancestry: str | None = None
    medications: tuple[str, ...] | None = None
    copy_number: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Persons who share their files, and how to read and call them: the input of one run of the pipeline."""

    vcf: tuple[str, ...]
    clinical: tuple[str, ...]
    outside_calls: tuple[str, ...]
    samples: tuple[str, ...]
    medications: Mapping[str, Sequence[str]]
    options: Options


@dataclass(slots=True)
class _Reader:
    """Checks the rows of a sheet; what is wrong is gathered, not raised."""

    file: Path
    kb: KnowledgeBase
    vcf_is_given: bool
    build: str | None
    problems: list[tuple[int, str]] = field(default_factory=list)
    _samples: dict[str, tuple[str, ...] | str] = field(default_factory=dict)

    def person(self, line: int, row: Mapping[str, str]) -> Person:
        """Return the person of a row."""
        paths = {name: self._paths(line, name, row.get(name, "")) for name in PATHS}
        sample = row.get("sample", "")
        if not sample:
            self._wrong(line, "sample", "is empty")
        if not paths["vcf"] and not self.vcf_is_given:
            self._wrong(line, "vcf", "is empty")
        elif sample and paths["vcf"]:
            self._holds(line, sample, paths["vcf"])
        return Person(
            sample,
            line,
            **paths,
            sex=self._one_of(line, "sex", row.get("sex", ""), {"male": "male", "female": "female"}),
            ancestry=self._one_of(line, "ancestry", row.get("ancestry", ""), group_names(self.kb)),
            medications=self._medications(line, row.get("medications", "")),
            copy_number=tuple(self._copies(line, row.get("copy_number", ""))),
        )

    def _wrong(self, line: int, column: str, problem: str) -> None:
        self.problems.append((line, f"{column} {problem}"))

    def _paths(self, line: int, column: str, cell: str) -> tuple[str, ...]:
        found = []
        for part in filter(None, (one.strip() for one in cell.split(";"))):
            path = part if "://" in part else str(self.file.parent / part)
            if part.lower().endswith(SUFFIX) or is_sealed(Path(path)):
                what = "holds encrypted files" if Path(path).is_dir() else "is encrypted"
                self._wrong(line, column, f"{what}; only files and folders that the command itself names are unpacked")
                continue
            shown = repr(shown_place(part)[:200])
            if is_pipe(path):
                self._wrong(line, column, f"{shown} is a pipe, which can be read only once; save it as a file")
                continue
            if "://" not in part and not _exists(path):
                self._wrong(line, column, f"{shown}: no such file (paths are relative to the sheet)")
            found.append(path)
        return tuple(found)

    def _holds(self, line: int, sample: str, paths: tuple[str, ...]) -> None:
        for path in paths:
            if path not in self._samples and _exists(path) and Path(path).is_file():
                try:
                    self._samples[path] = samples_of(path, self.kb, build=self.build)
                except PgxError as error:
                    self._samples[path] = str(error)
            if isinstance(told := self._samples.get(path), str):
                self._wrong(line, "vcf", f"cannot be used: {told}")
                return
        known = [name for path in paths for name in self._samples.get(path, ())]
        if known and sample not in known:
            which = f"only {known[0]!r}" if len(set(known)) == 1 else f"{len(set(known))} others"
            self._wrong(
                line, "sample", f"{sample[:60]!r} is not in {', '.join(Path(path).name for path in paths)} ({which})"
            )

    def _one_of(self, line: int, column: str, cell: str, names: Mapping[str, str]) -> str | None:
        if not cell:
            return None
        if cell.lower() not in names:
            self._wrong(line, column, f"{cell[:60]!r} is not one of {', '.join(dict.fromkeys(names.values()))}")
        return names.get(cell.lower())

    def _medications(self, line: int, cell: str) -> tuple[str, ...] | None:
        listed = tuple(part.strip() for part in cell.split(";") if part.strip())
        if not listed:
            return None
        try:
            if [one.lower() for one in listed] != ["none"]:
                parse_medications(listed, self.kb, samples=["?"], source="medications")
        except UsageError as error:
            self._wrong(line, "", str(error))
        return listed

    def _copies(self, line: int, cell: str) -> Iterator[tuple[str, int]]:
        told: dict[str, int] = {}
        for part in filter(None, (one.strip() for one in cell.split(";"))):
            gene, _, number = part.partition("=")
            gene, number = gene.strip(), number.strip()
            if (copies := whole_number(number, MOST_COPIES)) is None:
                self._wrong(line, "copy_number", f"{part[:60]!r} is not GENE=N")
            elif (known := gene_named(self.kb, gene[: HEADING.most])) is None:
                self._wrong(line, "copy_number", f"{gene[:60]!r} is no gene of the knowledge base")
            elif told.setdefault(known, copies) != copies:
                self._wrong(line, "copy_number", f"gives two numbers for {known}")
            else:
                yield known, copies


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except OSError:  # a name that is too long, or a folder that may not be read
        return False


def read_sheet(
    path: PathLike, kb: KnowledgeBase, *, vcf_is_given: bool = False, build: str | None = None
) -> tuple[Person, ...]:
    """Read a samplesheet and check it whole.

    Parameters
    ----------
    path
        CSV or TSV with the columns of `COLUMNS`.
    kb
        Knowledge base, for drugs, genes and groups.
    vcf_is_given
        The genotypes are given beside the sheet, so that it need not name them.
    build
        As of `pgx.Options`.

    Raises
    ------
    SheetError
        If anything in it cannot be used; `details` names each problem and its line.
    """
    file = Path(path)
    rows, wrong = _rows(file)
    reader = _Reader(file, kb, vcf_is_given, build, wrong)
    persons = tuple(reader.person(line, row) for line, row in rows)
    first: dict[str, int] = {}
    for person in persons:
        if person.sample and first.setdefault(person.sample, person.line) != person.line:
            reader.problems.append((person.line, f"sample {person.sample!r} is on line {first[person.sample]} too"))
    if reader.problems:
        raise _error(file, sorted(reader.problems))
    return persons


def asked_persons(persons: Sequence[Person], options: Options) -> tuple[Person, ...]:
    """Return the rows of the samples that are asked for, in the order asked.

    Raises
    ------
    UsageError
        If a sample is asked for that the sheet does not have.
    """
    names = names_of(options.samples)
    if names is None:
        return tuple(persons)
    rows = {person.sample: person for person in persons}
    if missing := [name for name in names if name not in rows]:
        raise UsageError(f"no sample is called {missing[0][:60]!r}; the sheet has {len(persons)} persons")
    return tuple(rows[name] for name in dict.fromkeys(names))


def count_rows(path: PathLike) -> int:
    """Return how many persons a sheet names; what else is wrong with it `read_sheet` says."""
    return len(_rows(Path(path))[0])


def _rows(file: Path) -> tuple[list[tuple[int, dict[str, str]]], list[tuple[int, str]]]:
    """Return the rows by line, and what is wrong with lines that are no rows; without its headings no row is read."""
    refuse_pipe(file)
    try:
        text = read_file(file, SHEET).decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"cannot be read: {(error.strerror or str(error)).lower()}", file=file) from error
    except UnicodeDecodeError as error:
        raise InputError("not a text file in UTF-8", file=file, fix="save the sheet as CSV in UTF-8") from error
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter="\t" if "\t" in head else ",", strict=True)
    columns: list[str] = []
    wrong: list[tuple[int, str]] = []
    found: list[tuple[int, dict[str, str]]] = []
    try:
        for cells in reader:
            row = [cell.strip() for cell in cells]
            if not any(row) or row[0].startswith("#"):
                continue
            if not columns:
                if len(row) > SHEET_COLUMNS.most:
                    raise SHEET_COLUMNS.refused(file, f"line {reader.line_num}")
                columns = [name.lower() for name in row]
                if problems := [(reader.line_num, problem) for problem in _headings(columns)]:
                    raise _error(file, problems)
            elif len(found) + len(wrong) == ROWS.most:
                raise ROWS.refused(file, f"line {reader.line_num}")
            elif len(row) != len(columns):
                wrong.append((reader.line_num, f"{len(row)} cells, but the heading has {len(columns)}"))
            else:
                found.append((reader.line_num, dict(zip(columns, row, strict=True))))
    except csv.Error as error:
        wrong.append((reader.line_num, f"not a row of CSV: {error}"))
    if not found and not wrong:
        raise InputError("no person in it", file=file, fix=f"the columns are {', '.join(COLUMNS)}")
    return found, wrong


def _headings(columns: Sequence[str]) -> Iterator[str]:
    if "sample" not in columns:
        # Another file than a samplesheet: its first line may tell of patients, and is not repeated.
        yield f"there is no column 'sample'; the columns are {', '.join(COLUMNS)}"
        return
    for name in columns:
        if name not in COLUMNS and not name.startswith("x_") and name not in ("notes", ""):
            close = difflib.get_close_matches(name[: HEADING.most], COLUMNS, 1)
            hint = f"did you mean {close[0]!r}?" if close else f"the columns are {', '.join(COLUMNS)}"
            yield f"unknown column {name[: HEADING.most]!r}; {hint} (a name that begins with 'x_' is not read)"
    for name in sorted(name for name, count in Counter(columns).items() if count > 1):
        yield f"column {name[: HEADING.most]!r} is there twice" if name else "several columns have no name"


def _error(file: Path, problems: Sequence[tuple[int, str]]) -> SheetError:
    listed = [InputError(text.strip(), file=file, where=f"line {line}") for line, text in problems[:_TOLD]]
    if len(problems) == 1:
        return SheetError(listed[0].problem, file=file, where=listed[0].where)
    told = "" if len(problems) <= _TOLD else f" (the first {_TOLD} are listed)"
    error = SheetError(f"{len(problems)} problems{told}, and nothing was done", file=file)
    error.details = tuple(map(str, listed))
    return error


def groups_of(
    persons: Sequence[Person],
    options: Options,
    *,
    vcf: Sequence[str] = (),
    clinical: Sequence[str] = (),
    outside_calls: Sequence[str] = (),
    apart: bool = True,
) -> list[Group]:
    """Return the persons in groups that share their files, in order of first appearance.

    Parameters
    ----------
    persons
        Rows of a sheet.
    options
        How to read and call; what a row says of its person goes before it.
    vcf, clinical, outside_calls
        Files beside the sheet, for everybody.
    apart
        The persons have files of their own, so that each group is told only who of its own is who.
    """
    pairs = person_map(persons_of(options.persons)) if apart and options.persons else None
    shared: dict[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]], list[Person]] = {}
    for person in persons:
        files = (person.vcf or tuple(vcf), (*clinical, *person.clinical), (*outside_calls, *person.outside_calls))
        shared.setdefault(files, []).append(person)
    return [
        Group(
            *files,
            tuple(one.sample for one in members),
            {one.sample: one.medications for one in members if one.medications is not None},
            replace(
                options,
                samples=[one.sample for one in members],
                sex=_laid_over(options.sex, members, lambda one: one.sex),
                ancestry=_laid_over(options.ancestry, members, lambda one: one.ancestry),
                copy_number=_copies_of(options, members),
                persons=options.persons if pairs is None else pairs.of_samples({one.sample for one in members}),
            ),
        )
        for files, members in shared.items()
    ]


def _laid_over(
    given: str | Mapping[str, str] | None, members: Sequence[Person], of: Callable[[Person], str | None]
) -> dict[str, str] | None:
    names = {one.sample for one in members}
    known = dict.fromkeys(names, given) if isinstance(given, str) else dict(given or {})
    told = {one.sample: value for one in members if (value := of(one)) is not None}
    return {sample: value for sample, value in (known | told).items() if sample in names} or None


def _copies_of(options: Options, members: Sequence[Person]) -> dict[tuple[str | None, str], int] | None:
    names = {one.sample for one in members}
    known = {key: number for key, number in (options.copy_number or {}).items() if key[0] is None or key[0] in names}
    told: dict[tuple[str | None, str], int] = {
        (one.sample, gene): number for one in members for gene, number in one.copy_number
    }
    return {**known, **told} or None
