"""Which alleles a strand carries, position by position."""

from __future__ import annotations

import numpy as np
import pytest

from pgx.calling.model import model

GENES = ("CYP2C19", "CYP2D6", "DPYD", "RYR1", "UGT1A1")


def by_hand(naming, codes, assume):
    """An allele is carried if its bases stand at every position of its core, and at least one of them is seen."""
    found = []
    for allele, core in enumerate(naming.core):
        here = [(int(codes[p]), naming.definition.accepts[allele, p]) for p in np.flatnonzero(core)]
        seen = [0 <= code < len(accepts) and bool(accepts[code]) for code, accepts in here]
        told = [fits or (assume and code < 0) for fits, (code, _) in zip(seen, here, strict=True)]
        if all(told) and any(seen):
            found.append(allele)
    return found


@pytest.mark.parametrize("assume", [False, True])
@pytest.mark.parametrize("gene", GENES)
def test_an_allele_is_carried_if_all_of_its_core_is(kb, gene, assume):
    naming = model(kb, gene).naming
    accepts, draw = naming.definition.accepts, np.random.default_rng(7)
    n_alleles, n_positions, n_codes = accepts.shape
    carried = 0
    for n in range(300):
        one, two = (accepts[draw.integers(n_alleles)].argmax(axis=1) for _ in range(2))
        codes = np.where(draw.random(n_positions) < 0.5 * (n % 3), two, one).astype(np.int8)
        codes[draw.random(n_positions) < 0.03 * (n % 4)] = -1
        codes[draw.random(n_positions) < 0.01 * (n % 2)] = n_codes  # a base that the knowledge does not have
        expected = by_hand(naming, codes, assume)
        carried += len(expected)
        assert naming.carried(codes, assume=assume).tolist() == expected
    assert carried > 100
