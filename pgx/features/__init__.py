"""One typed row of features per sample: missing stays missing, and every feature is in the registry."""

from pgx.features.build import build, known, missing
from pgx.features.registry import describe
from pgx.features.scenarios import scenarios

__all__ = ["build", "describe", "known", "missing", "scenarios"]
