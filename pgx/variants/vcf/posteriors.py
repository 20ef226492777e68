"""What a record's posteriors (GP, DS, HDS) say of its genotypes, most often imputed ones.

They are divided by the prior that they hold, and are never sharper than the imputation's R2 allows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pgx.types import NO_COPY
from pgx.variants.vcf.records import Record
from pgx.variants.vcf.sample_columns import lists
from pgx.variants.whole_numbers import decimal_number

BEST_R2 = 0.999
UNSTATED_R2 = 0.9
"""R2 of an imputed record that does not state one."""

_QUALITY = ("R2", "DR2", "AR2", "INFO", "INFO_SCORE")
"""What programs call how well a record was imputed: Minimac, Beagle 5 and 4, IMPUTE and GLIMPSE, STITCH and QUILT."""
_FREQUENCIES = ("AF", "RAF", "RefPanelAF", "EAF")
"""What they call the frequency of each ALT: most programs, GLIMPSE, the Sanger service (PBWT), STITCH and QUILT."""
_TYPED = frozenset({"TYPED", "GENOTYPED", "TYPED_ONLY", "GENOTYPED_ONLY"})
_IMPUTED = frozenset({"IMP", "IMPUTED"})


def is_imputed(record: Record) -> bool:
    """Say whether a record's genotypes were imputed rather than measured."""
    keys = {part.partition("=")[0] for part in record.info.split(";")}
    if not _TYPED.isdisjoint(keys) or not _TYPED.isdisjoint(record.filters.split(";")) or "ER2" in keys:
        return False
    if not _IMPUTED.isdisjoint(keys):
        return True
    told = not {"GP", "DS", "HDS"}.isdisjoint(record.format) and {"PL", "GL", "AD"}.isdisjoint(record.format)
    return told and any(_float(record.info_value(key)) is not None for key in _QUALITY)


def doses(record: Record, count: int) -> NDArray[np.float64] | None:
    """Return the expected copies of a record's one ALT, 0 to 2: DS, or else what GP expects; NaN where neither is told.

    None where the record has neither, or several ALTs.
    """
    if len(record.alts) != 1:
        return None
    found: NDArray[np.float64] | None = None
    if "DS" in record.format:
        found = _lists(record, count, "DS", 1)[:, 0]
    if "GP" in record.format and (found is None or np.isnan(found).any()):
        shares = _shares(record, count, 3)
        expected = shares[:, 1] + 2 * shares[:, 2]
        found = expected if found is None else np.where(np.isnan(found), expected, found)
    return None if found is None else np.clip(found, 0, 2)


def without_prior(
    record: Record, shown: NDArray[np.intp], pairs: tuple[tuple[int, int], ...], published: Sequence[float | None],
    *, imputed: bool,
) -> NDArray[np.float64] | None:  # fmt: skip
    """Return levels from a posterior without its prior, blunted by the imputation's R2: 1 - R2 of it says nothing.

    Parameters
    ----------
    record
        The record; its GP, DS or HDS are read.
    shown
        int (S,): the place of each sample's genotype among `pairs`.
    pairs
        Genotypes in the order of GP.
    published
        Frequency of each ALT in the population: the prior if the file has no AF.
    imputed
        Whether the genotypes were imputed.
    """
    count = len(shown)
    posterior = _posterior(record, count, pairs)
    if imputed:  # of an imputed genotype that tells no GP or DS the R2 holds all the same
        whole = np.eye(len(pairs))[shown]
        posterior = whole if posterior is None else np.where(np.isnan(posterior), whole, posterior)
    if posterior is None:
        return None
    likelihood = posterior / _prior(record, pairs, published)
    top = likelihood.max(axis=1, keepdims=True)
    # R2 is of the imputation: a typed genotype among imputed ones is not worth less for it.
    qualities = [_float(record.info_value(key)) for key in _QUALITY] if imputed else []
    stated = next((quality for quality in qualities if quality is not None), None)
    trust = min(max(stated if stated is not None else UNSTATED_R2 if imputed else BEST_R2, 0.0), BEST_R2)
    return np.asarray(10 * np.log10(trust * likelihood / top + (1 - trust)))


def _posterior(record: Record, count: int, pairs: tuple[tuple[int, int], ...]) -> NDArray[np.float64] | None:
    if "GP" in record.format:
        return _shares(record, count, len(pairs))
    if len(record.alts) != 1:
        return None
    if "DS" not in record.format:
        return _of_strands(record, count, len(pairs)) if "HDS" in record.format else None
    dose = np.clip(lists(record.rest, count, record.format.index("DS"), 1)[:, 0], 0, 2)
    if len(pairs) == 2:
        dose = np.clip(dose, 0, 1)
        return np.stack([1 - dose, dose], axis=1)
    # The sharpest that a dose allows: between no copy and one, or one and two.
    return np.stack([np.maximum(1 - dose, 0), 1 - np.abs(1 - dose), np.maximum(dose - 1, 0)], axis=1)


def _of_strands(record: Record, count: int, size: int) -> NDArray[np.float64]:
    """Shares of the genotypes from HDS, the chance of the ALT on each strand (Minimac4)."""
    strands = np.clip(_lists(record, count, "HDS", size - 1), 0, 1)
    one, two = strands[:, 0], strands[:, -1]
    if size == 2:
        return np.stack([1 - one, one], axis=1)
    return np.stack([(1 - one) * (1 - two), one * (1 - two) + two * (1 - one), one * two], axis=1)


def _lists(record: Record, count: int, key: str, width: int) -> NDArray[np.float64]:
    """Return a sub-field of every sample, (S, width); it may be the first one where there is no GT."""
    index = record.format.index(key)
    if index:
        return lists(record.rest, count, index, width)
    rest = b"\t".join(b".:" + cell for cell in record.rest.split(b"\t"))
    return lists(rest, count, 1, width)


def _shares(record: Record, count: int, size: int) -> NDArray[np.float64]:
    """Return GP of every sample, adding up to 1."""
    found = _lists(record, count, "GP", size)
    sums = found.sum(axis=1)
    phred = sums > 1.5  # VCF 4.2 and before write GP like PL
    found[phred] = 10 ** (-found[phred] / 10)
    return np.asarray(found / found.sum(axis=1, keepdims=True))


def _prior(
    record: Record, pairs: tuple[tuple[int, int], ...], published: Sequence[float | None]
) -> NDArray[np.float64]:
    """Hardy-Weinberg of the file's AF, else of the published frequencies; flat if neither is known."""
    told = (record.info_value(key) for key in _FREQUENCIES)
    texts = next((text for text in told if text), "").split(",")
    stated = [_float(text) for text in texts]
    frequencies = stated if len(stated) == len(record.alts) and None not in stated else list(published)
    if not frequencies or None in frequencies:
        return np.full(len(pairs), 1 / len(pairs))
    alts = np.clip(np.array(frequencies, dtype=np.float64), 1e-4, 1.0)
    alts *= min(1.0, (1 - 1e-4) / alts.sum())
    each = np.append(1 - alts.sum(), alts)
    if pairs[0][1] == NO_COPY:
        return each
    return np.array([each[a] * each[b] * (1 if a == b else 2) for a, b in pairs])


def _float(text: str | None) -> float | None:
    number = decimal_number(text) if text else None
    return number if number is not None and 0 <= number <= 1 else None
