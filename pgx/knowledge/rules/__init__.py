"""From alleles to phenotypes, and from phenotypes to the conditions of recommendations."""
