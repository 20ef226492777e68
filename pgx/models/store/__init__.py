"""Model folders, their cards, and the catalogue of endpoints."""
