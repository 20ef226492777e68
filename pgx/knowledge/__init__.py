"""The facts: alleles, functions, phenotypes, guidance, drugs; versioned, with the source of each row."""

from pgx.knowledge.base import GeneDefinition, KnowledgeBase, load

__all__ = ["GeneDefinition", "KnowledgeBase", "load"]
