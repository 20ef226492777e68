"""A site's cohort: read, checked, and turned into arrays."""
