"""Models: endpoints as data, training on top of published evidence, validation, scores and their explanation."""

from pgx.models.score import endpoints_of, explain, genes_of, score

__all__ = ["endpoints_of", "explain", "genes_of", "score"]
