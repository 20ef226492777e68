"""What the calling tests share."""

from __future__ import annotations

import pytest

from pgx import knowledge
from pgx.calling import call
from pgx.knowledge import KnowledgeBase
from pgx.types import PatternCall
from tests.calling.build import genotypes


@pytest.fixture(scope="session")
def kb() -> KnowledgeBase:
    """Return the product's own knowledge base."""
    return knowledge.load()


@pytest.fixture(scope="session")
def one(kb):
    """Return a function that calls one gene of one person; positions not given are homozygous reference."""

    def called(gene: str, known, *, filled: bool = True, copies: int | None = None, group=None, **how) -> PatternCall:
        found = genotypes(kb, [known], fill=[gene] if filled else [], **how)
        copy_number = None if copies is None else {("P1", gene): copies}
        groups = {"P1": group} if group else None
        return call(found, kb, genes=[gene], copy_number=copy_number, groups=groups).genes[0].patterns[0]

    return called
