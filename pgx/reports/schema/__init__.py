"""The published JSON Schema and what writes it."""
