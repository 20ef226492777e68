"""Genotypes at the positions that the knowledge names, and nothing else."""

from pgx.variants.read import read

__all__ = ["read"]
