"""What the guidelines say for a person and a list of drugs."""

from pgx.guidance.recommend import ALL, POSSIBLE_FROM, recommend

__all__ = ["ALL", "POSSIBLE_FROM", "recommend"]
