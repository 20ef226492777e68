"""Drug names and codes: the look-up lives in the knowledge package, where guidance can use it too."""

from pgx.knowledge.drug_entries import dose_per_day
from pgx.knowledge.drug_names import DrugNames, drug_names

__all__ = ["DrugNames", "dose_per_day", "drug_names"]
