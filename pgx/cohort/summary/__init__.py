"""What a cohort shows as a whole: frequencies beside the published, quality of the data, findings, and what to test."""
