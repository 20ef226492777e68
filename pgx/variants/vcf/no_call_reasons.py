"""Why GLnexus gives no call to a strand (FORMAT/RNC), strand by strand.

A letter other than ``.`` stands beside every strand that the joint caller did not call (GLnexus at commit fae491bc,
`src/genotyper.cc`). Tools that turn missing genotypes into the reference keep it, so that it unmasks their 0/0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pgx.types import NO_COPY, NOT_CALLED
from pgx.variants.vcf.records import Record
from pgx.variants.vcf.sample_columns import subfield

_ELSEWHERE = "1"
"""The record is of one allele alone, and asserts nothing of strands without it."""
_DELETED = "-"
"""A deletion of the strand reaches over the site; the record cannot write it."""
_LOST = "L"
"""The strand carries an allele that the record does not have; often a record of that allele alone does."""
_CHANGED = "OU"
"""Several variants of the person overlap here, and could not be laid onto the strands."""


@dataclass(frozen=True, slots=True)
class NoCalls:
    """Strands, bool (S, 2) each, of which the record does not tell the base, by what it says instead.

    `silent` the record asserts nothing of; `deleted` have lost the site to a deletion, `lost` carry an allele that the
    record cannot write, and `changed` some change that it does not place. The others have no data.
    """

    silent: NDArray[np.bool_]
    deleted: NDArray[np.bool_]
    lost: NDArray[np.bool_]
    changed: NDArray[np.bool_]


def read(record: Record, gt: NDArray[np.int16], keep: NDArray[np.intp] | None = None) -> NoCalls | None:
    """Take strands with a reason for no call out of `gt`, in place; None if there is no such strand.

    The answer is of the samples to `keep` alone, where that is given.

    A strand that shows an ALT beside such a letter counts as changed: the file contradicts itself.
    """
    if "RNC" not in record.format[1:]:
        return None
    letters = np.full(gt.shape, ".", dtype="<U1")
    for row, text in enumerate(subfield(record.rest, len(gt), record.format.index("RNC"))):
        reasons = text.decode("latin-1").replace(",", "")[:2]
        letters[row, : len(reasons)] = list(reasons)
    letters[gt == NO_COPY] = "."
    told = letters != "."
    if not told.any():
        return None
    contradicted = told & (gt > 0)
    gt[told] = NOT_CALLED
    changed = np.isin(letters, list(_CHANGED)) | contradicted
    if keep is not None:
        letters, changed = letters[keep], changed[keep]
    return NoCalls(
        silent=(letters == _ELSEWHERE) & ~changed,
        deleted=(letters == _DELETED) & ~changed,
        lost=(letters == _LOST) & ~changed,
        changed=changed,
    )
