"""The knowledge base, looked into, checked, compared and rebuilt: one public call a command of ``pgx kb``.

What shows something returns titled frames, ``{title: frame}``. `knowledge` is a folder, or several, of site tables laid
over the product's. Endpoints, features and columns (``pgx models``, ``pgx features --describe``, ``pgx check
--columns``) are here as well::

    import pgx
    pgx.kb.gene("CYP2C19")["alleles"]
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pgx.errors import UsageError
from pgx.inputs import knowledge as base
from pgx.options import Names, PathLike, Paths, names_of, paths_of
from pgx.table_calls import card, columns, convert, endpoint_template, endpoints, features, schema, template

# Each call imports what it needs: looking up a gene must not wait for the models.
if TYPE_CHECKING:
    import polars as pl

    from pgx.knowledge.diff import Difference

Sections = dict[str, "pl.DataFrame"]
"""Title -> frame, in the order to show."""

__all__ = [
    "Validation", "allele", "build", "card", "columns", "convert", "diff", "drug", "endpoint_template", "endpoints",
    "export", "features", "flags", "gene", "genes", "info", "positions", "schema", "template", "validate", "variant",
]  # fmt: skip


def info(knowledge: Paths = ()) -> Sections:
    """Show versions, sources with their licences, and the row count of every table.

    Examples
    --------
    >>> import pgx
    >>> list(pgx.kb.info())
    ['knowledge', 'sources', 'tables']
    """
    from pgx.knowledge import show

    return show.info(base(knowledge))


def genes(knowledge: Paths = ()) -> Sections:
    """List the genes, one row each: where, how it is called and phenotyped, and how much is known.

    Examples
    --------
    >>> import pgx
    >>> "CYP2C19" in pgx.kb.genes()["genes"]["gene"]
    True
    """
    from pgx.knowledge import show

    return show.genes(base(knowledge))


def flags(code: str | None = None, knowledge: Paths = ()) -> Sections:
    """List every code of flags, statuses, urgencies and notes, with its meaning and what to do about it.

    Parameters
    ----------
    code
        Only this one; what follows a colon is not looked at.
    knowledge
        Overlays.

    Raises
    ------
    UsageError
        If there is no such code.

    Examples
    --------
    >>> import pgx
    >>> pgx.kb.flags("recall")["flags"]["kind"].to_list()
    ['flag']
    """
    from pgx.knowledge import show

    return show.flags(base(knowledge), code)


def gene(name: str, knowledge: Paths = ()) -> Sections:
    """Show a gene: alleles with functions, positions on both builds, phenotype rules and drugs.

    Raises
    ------
    UsageError
        If there is no such gene.

    Examples
    --------
    >>> import pgx
    >>> pgx.kb.gene("CYP2C19")["alleles"].filter(allele="*2")["function"].to_list()
    ['No function']
    """
    from pgx.knowledge import show

    return show.gene(base(knowledge), name)


def drug(name: str, knowledge: Paths = ()) -> Sections:
    """Show a drug, by generic or brand name or code: its genes, what it does to enzymes, every recommendation.

    Raises
    ------
    UsageError
        If there is no such drug.

    Examples
    --------
    >>> import pgx
    >>> "CYP2C19" in pgx.kb.drug("clopidogrel")["genes"]["gene"]
    True
    """
    from pgx.knowledge import show

    return show.drug(base(knowledge), name)


def allele(name: str, knowledge: Paths = ()) -> Sections:
    """Show an allele, written with its gene: functions by scheme, bases, frequencies (0 to 1).

    Raises
    ------
    UsageError
        If the gene or the allele is not known.

    Examples
    --------
    >>> import pgx
    >>> list(pgx.kb.allele("CYP2C19*2"))
    ['allele', 'functions', 'bases', 'frequencies']
    """
    from pgx.knowledge import show
    from pgx.phenotypes.outside import names

    kb = base(knowledge)

    def called(gene: str, text: str) -> str:
        try:
            return names.names_of(kb, gene).place(text)[0]
        except ValueError as error:  # of several alleles, or of copies that nobody has
            raise UsageError(str(error)) from None

    return show.allele(kb, name, called)


def variant(name: str, knowledge: Paths = ()) -> Sections:
    """Show a variant, by rs number, ``chr10:94781859`` (either build) or id, and the alleles that require it.

    Raises
    ------
    UsageError
        If no variant fits.

    Examples
    --------
    >>> import pgx
    >>> "*2" in pgx.kb.variant("rs4244285")["alleles"]["allele"]
    True
    """
    from pgx.knowledge import show

    return show.variant(base(knowledge), name)


def positions(
    build: str = "GRCh38", kind: str = "bed", *, genes: Names | None = None, prefix: bool = True, knowledge: Paths = ()
) -> str:
    """Return the positions that define alleles, to extract them or to have them genotyped.

    Parameters
    ----------
    build
        ``GRCh38`` or ``GRCh37``.
    kind
        ``bed``: stretches for ``bcftools view -R`` and to cut a gVCF; ``vcf``: the alleles, for callers that genotype
        given alleles.
    genes
        Genes to write; None = all.
    prefix
        Write contigs with ``chr``.
    knowledge
        Folders of site tables laid over the knowledge base.

    Returns
    -------
    str
        Text of the file.

    Raises
    ------
    UsageError
        If a gene, the build or the kind is unknown.

    Examples
    --------
    >>> import pgx
    >>> pgx.kb.positions(genes="TPMT").splitlines()[0].split("\\t")[0]
    'chr6'
    """
    from pgx.knowledge.positions import positions as write

    return write(base(knowledge), build, kind, genes=names_of(genes) or [], prefix=prefix)


def export(folder: PathLike, kind: str = "parquet", knowledge: Paths = ()) -> int:
    """Write every table, overlays applied, and ``SCHEMA.md`` that says what each column means.

    Parameters
    ----------
    folder
        Folder to write to; it is created.
    kind
        ``parquet``, ``json`` or ``tsv``.
    knowledge
        Folders of site tables laid over the knowledge base.

    Returns
    -------
    int
        Number of tables.

    Raises
    ------
    UsageError
        If the knowledge was read from `folder`.

    Examples
    --------
    >>> import pgx, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pgx.kb.export(folder) > 40
    True
    """
    from pgx.knowledge.export import export as write

    return write(base(knowledge), Path(folder), kind)


def diff(old: PathLike, new: PathLike | None = None, knowledge: Paths = ()) -> Difference:
    """Compare two versions of the knowledge, and find the diplotypes that change phenotype or recommendation.

    Parameters
    ----------
    old, new
        Folders of knowledge tables; None = the program's own.
    knowledge
        Folders of site tables laid over the new side.

    Returns
    -------
    Difference
        Four frames: `changes`, `phenotypes`, `recommendations`, `interactions`.

    Examples
    --------
    >>> import pgx
    >>> pgx.kb.diff("data/knowledge").changes.height
    0
    """
    from pgx.knowledge import load
    from pgx.knowledge.diff import diff as difference

    return difference(load(folder=Path(old)), load(_folders(knowledge), folder=None if new is None else Path(new)))


def build(facts: PathLike, out: PathLike, *, version: str | None = None) -> dict[str, int]:
    """Bring updated fact tables into the knowledge schema: a complete folder with the program's other tables.

    Parameters
    ----------
    facts
        Folder of fact tables.
    out
        Folder for the knowledge tables.
    version
        Version of the new tables; None = that of the facts or of the program, with a checksum of the tables unless
        they are the program's own.

    Returns
    -------
    dict
        Rows written per table.

    Raises
    ------
    InputError
        If a fact table cannot be used, or `version` is the name of tables that are different.

    Examples
    --------
    >>> import pgx, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     rows = pgx.kb.build("tests/data/facts", folder)
    >>> rows["genes"] > 0
    True
    """
    from pgx.build_data.knowledge import build_folder

    return build_folder(Path(facts), Path(out), version=version)


@dataclass(frozen=True, slots=True)
class Validation:
    """What `validate` found: `problems` has ``severity check where message``, one row each, errors first."""

    version: str
    folders: tuple[Path, ...]
    problems: pl.DataFrame

    @property
    def errors(self) -> int:
        """Number of problems that make the knowledge unfit for use."""
        return int(self.problems["severity"].eq("error").sum())


def validate(folder: PathLike | None = None, knowledge: Paths = ()) -> Validation:
    """Check schemas, keys, references, bases, phenotypes, recommendations, sources and endpoints.

    Parameters
    ----------
    folder
        Folder of knowledge tables; None = the program's own, under the configured site tables.
    knowledge
        Folders of site tables laid over them.

    Returns
    -------
    Validation
        The problems, the version, and the folders that were checked.

    Examples
    --------
    >>> import pgx
    >>> pgx.kb.validate().errors
    0
    """
    import polars as pl

    from pgx.knowledge import configured, load
    from pgx.knowledge.validation.validate import validate as check
    from pgx.models.evidence.endpoints import faults

    overlays = [*(() if folder else configured()), *_folders(knowledge)]
    kb = load(overlays, folder=None if folder is None else Path(folder), check=False)
    names = ("severity", "check", "where", "message")
    rows = [tuple(getattr(one, name) for name in names) for one in (*check(kb), *faults(kb))]
    problems = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    return Validation(kb.version, kb.folders[1:] or kb.folders, problems)


def _folders(given: Paths) -> list[Path]:
    return [Path(one) for one in paths_of(given)]
