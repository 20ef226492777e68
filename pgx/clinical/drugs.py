"""Drug names and codes: the look-up lives in the knowledge package, where guidance can use it too."""

from pgx.knowledge.drug_names import DrugNames, Found, dose_per_day, drug_names, resolve

__all__ = ["DrugNames", "Found", "dose_per_day", "drug_names", "resolve"]
