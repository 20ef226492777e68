"""Validation of a model, or of a training, with baselines beside it."""
