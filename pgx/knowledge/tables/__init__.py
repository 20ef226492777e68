"""The declared schema of every knowledge table."""
