from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

import pgx.knowledge
from pgx.knowledge import KnowledgeBase
from pgx.models.evidence import endpoints


@pytest.fixture(scope="session")
def kb() -> KnowledgeBase:
    """The knowledge base, as if a site had vouched for every baseline: what is tested is how effects are put together.

    Without that, an endpoint whose baseline has no source gives no number (``test_baselines.py``).
    """
    loaded = pgx.knowledge.load()
    given = {name: replace(one, absolute=True) for name, one in endpoints.load(pgx.knowledge.load()).items()}
    loaded.remember("endpoints", lambda: given)
    return loaded


@pytest.fixture
def patients() -> pl.DataFrame:
    """Four made-up persons whose warfarin needs differ."""
    ref, alt = "rs9923231 reference (C)", "rs9923231 variant (T)"
    return pl.DataFrame(
        {
            "sample": ["low", "middle", "high", "bare"],
            "clinical.age": [78, 60, 35, None],
            "clinical.sex": ["female", "male", "male", None],
            "clinical.race": ["asian", "white", "black", None],
            "clinical.height": [152.0, 175.0, 188.0, None],
            "clinical.weight": [50.0, 80.0, 110.0, None],
            "gene.vkorc1.diplotype": [f"{alt}/{alt}", f"{ref}/{alt}", f"{ref}/{ref}", f"{ref}/{alt}"],
            "gene.cyp2c9.diplotype": ["*1/*3", "*1/*1", "*1/*1", None],
            "gene.cyp2c9.activity_score": [1.0, 2.0, 2.0, None],
            "medication.amiodarone": [True, False, False, None],
            "medication.carbamazepine": [False, False, True, None],
        }
    )
