"""What the guidelines say for a person and a list of drugs."""

from pgx.guidance.asked import ALL, without_list
from pgx.guidance.recommend import POSSIBLE_FROM, recommend

__all__ = ["ALL", "POSSIBLE_FROM", "recommend", "without_list"]
