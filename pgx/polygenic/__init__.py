"""Polygenic scores: scoring files of others, matched to a person's genotypes and summed. No weights are shipped."""

from pgx.polygenic.calculate import Policy, calculate
from pgx.polygenic.results import FEATURE, asked_features, feature_columns, missing_features

__all__ = ["FEATURE", "Policy", "asked_features", "calculate", "feature_columns", "missing_features"]
