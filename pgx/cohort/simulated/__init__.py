"""Made-up cohorts with known truth: genomes drawn from the knowledge's frequencies, and a history for everybody."""
