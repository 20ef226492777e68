"""From records to genotypes at the positions that define alleles."""
