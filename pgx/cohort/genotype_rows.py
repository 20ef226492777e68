"""The genotypes of a block as rows: a text a strand, one character a site, for any reader of Parquet."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx import schema
from pgx.types import NO_COPY, NOT_CALLED, SPANNED, Genotypes

_SIGNS = {NOT_CALLED: ".", NO_COPY: "-", SPANNED: "*"}
_OTHER = "?"
_MOST = 10
"""Alleles of a site that one digit can count."""


def rows_of(genotypes: Genotypes) -> pl.DataFrame:
    """Return `pgx.schema.GENOTYPES`: one row a sample."""
    documented = np.minimum(genotypes.sites["documented"].to_numpy(), _MOST)[:, None]
    table = _signs()
    texts = []
    for strand in range(2):
        codes = genotypes.alleles[:, :, strand]
        letters = np.where(codes < documented, table[codes.astype(np.uint8)], ord(_OTHER)).astype(np.uint8)
        texts.append([row.tobytes().decode("ascii") for row in np.ascontiguousarray(letters.T)])
    columns = {"sample": list(genotypes.samples), "strand1": texts[0], "strand2": texts[1]}
    return schema.conform(pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)), schema.GENOTYPES)


def codes_of(rows: pl.DataFrame) -> NDArray[np.int8]:
    """Return int8 (samples, sites, 2): the allele codes again; what is no documented allele is NOT_CALLED.

    Examples
    --------
    >>> codes_of(pl.DataFrame({"sample": ["a"], "strand1": ["01."], "strand2": ["1-?"]})).tolist()
    [[[0, 1], [1, -2], [-1, -1]]]
    """
    back = np.full(256, NOT_CALLED, dtype=np.int8)
    back[[ord(str(code)) for code in range(_MOST)]] = np.arange(_MOST)
    back[ord("-")] = NO_COPY
    strands = [
        np.frombuffer("".join(rows[name]).encode("ascii"), dtype=np.uint8).reshape(rows.height, -1)
        for name in ("strand1", "strand2")
    ]
    return np.asarray(back[np.stack(strands, axis=2)])


def _signs() -> NDArray[np.uint8]:
    """Return the character of every code, negative ones by their unsigned byte."""
    table = np.full(256, ord(_OTHER), dtype=np.uint8)
    table[:_MOST] = [ord(str(code)) for code in range(_MOST)]
    for code, sign in _SIGNS.items():
        table[code % 256] = ord(sign)
    return table
