"""From a cohort to a model folder."""
