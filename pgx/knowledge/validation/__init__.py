"""Checks of the knowledge base against itself."""
