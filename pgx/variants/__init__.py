"""Genotypes at the positions that the knowledge names, and nothing else.

`read` takes VCF, gVCF, BCF (files, pipes, standard input), consumer-array text and tables of SNP results as
laboratories deliver them (`arrays.result_table`), in GRCh37 or GRCh38, and gives `pgx.types.Genotypes`;
`pgx.variants.check.check` looks at every line of a file.

What is known of one genotype (`pgx.types.State`)
    CALLED
        A record gives it. A strand may still be NOT_CALLED (``./1``) or SPANNED (``*``, or a deletion across the base).
    REFERENCE_BLOCK
        One or several gVCF blocks or monomorphic records with reads cover the site's whole reference string.
    NO_CALL
        ``./.``; a 0/0 without evidence (no reads, quality 0, PL all the same); records or probes that contradict each
        other; a heterozygous X of a male.
    FILTERED
        FILTER or FORMAT/FT is not PASS, GQ or DP is below the threshold, or a change is shown without evidence; the
        genotype is not given.
    UNSUPPORTED
        Three or more alleles; an allele that the site cannot write or place; I and D of an array; heteroplasmy.
    ABSENT
        No record. Never reference, unless asked for: then ASSUMED_REFERENCE, with a note.

A record of a SNV says nothing of an indel at the same base, nor the other way round, except where it vouches for
every other allele (``<NON_REF>``, ``<*>``, ALT ``.``). On GRCh37 bases are compared, not indices: the two references
differ at some sites, and codes are always those of GRCh38's notation.
"""

from pgx.variants.artefacts import suspects
from pgx.variants.coverage import coverage
from pgx.variants.read import read, samples_of

__all__ = ["coverage", "read", "samples_of", "suspects"]
