"""Where the large collections lie that are no part of the repository: ``../shared``, or the folder ``PGX_SHARED``.

Only tests with the marker ``panel`` read them; ``@pytest.mark.panel("genomes/a.vcf.gz")`` names what a test needs there,
and the test is skipped where that is absent.
"""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OUTSIDE = Path(os.environ.get("PGX_SHARED") or ROOT.parent / "shared").resolve()


def absent(*needed: str) -> list[str]:
    """Return which of the files and folders are not there."""
    return [name for name in needed if not (OUTSIDE / name).exists()]
