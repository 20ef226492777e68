"""How genotype and other drugs change a drug's exposure: a mechanistic static model, estimated from published ratios.

Each enzyme carries a share of a drug's clearance. A genotype scales what the enzyme does, an inhibitor leaves a part of
it, an inducer multiplies it; the exposure (AUC) is the reciprocal of what clearance is left.
"""

from __future__ import annotations

from pgx.models.exposure.prediction import exposure

__all__ = ["exposure"]
