"""The facts: alleles, functions, phenotypes, guidance, drugs; versioned, with the source of each row."""

from pgx.knowledge.base import GeneDefinition, KnowledgeBase
from pgx.knowledge.loading import load, opened
from pgx.knowledge.overlays import configured

__all__ = ["GeneDefinition", "KnowledgeBase", "configured", "load", "opened"]
