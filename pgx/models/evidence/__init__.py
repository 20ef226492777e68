"""Endpoints as data: published effects, readings, and the design of a model."""
