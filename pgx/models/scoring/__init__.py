"""Scores of persons, with intervals and contributions."""
