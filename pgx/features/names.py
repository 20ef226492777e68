"""Names of feature columns, such as ``gene.cyp2c19.activity_score``: taken apart and built here alone."""

from __future__ import annotations

from dataclasses import dataclass

GENE = "gene"


@dataclass(frozen=True, slots=True)
class FeatureName:
    """A feature's name: what it is about, and what is said of it.

    Parameters
    ----------
    kind
        First part: ``gene``, ``medication``, ``ancestry``, or the name of a clinical feature such as ``age``.
    subject
        Second part: the gene in lower case, the drug, the population; empty where there is none.
    what
        The rest, dots included; empty where there is none.

    Examples
    --------
    >>> FeatureName.parse("gene.cyp2c9.allele_count.*2")
    FeatureName(kind='gene', subject='cyp2c9', what='allele_count.*2')
    >>> str(FeatureName.of_gene("CYP2C9", "phenotype"))
    'gene.cyp2c9.phenotype'
    >>> FeatureName.parse("age").gene
    ''
    """

    kind: str
    subject: str = ""
    what: str = ""

    @classmethod
    def parse(cls, name: str) -> FeatureName:
        """Take a column's name apart; any text is a name."""
        return cls(*name.split(".", 2))

    @classmethod
    def of_gene(cls, gene: str, what: str) -> FeatureName:
        """Return the name of something said of a gene, given by its symbol."""
        return cls(GENE, gene.lower(), what)

    @property
    def gene(self) -> str:
        """The gene as it stands in names (``cyp2c9``), or empty for a feature of anything else."""
        return self.subject if self.kind == GENE else ""

    @property
    def last(self) -> str:
        """The part after the last dot."""
        return str(self).rpartition(".")[2]

    def __str__(self) -> str:
        return ".".join(part for part in (self.kind, self.subject, self.what) if part)


def gene_column(gene: str, what: str) -> str:
    """Return the column's name for something said of a gene.

    Examples
    --------
    >>> gene_column("CYP2D6", "diplotype")
    'gene.cyp2d6.diplotype'
    """
    return str(FeatureName.of_gene(gene, what))


def gene_stem(gene: str) -> str:
    """Return what the names of a gene's columns begin with.

    Examples
    --------
    >>> gene_stem("CYP2D6")
    'gene.cyp2d6.'
    """
    return f"{GENE}.{gene.lower()}."


def gene_of(column: str) -> str:
    """Return the gene of a column as it is written there, ``cyp2d6``; empty for a column of anything else.

    Examples
    --------
    >>> gene_of("gene.cyp2d6.phenotype"), gene_of("age")
    ('cyp2d6', '')
    """
    return FeatureName.parse(column).gene
