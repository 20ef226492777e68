"""Code systems of the FHIR bundle, and LOINC's answers for what a genotype means and asks for."""

from __future__ import annotations

LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
GENENAMES = "http://www.genenames.org"
REPORTING = "http://hl7.org/fhir/uv/genomics-reporting"
CODES = f"{REPORTING}/CodeSystem/tbd-codes-cs"

# LOINC answers that the guide's examples use for what a genotype means for a drug's breakdown.
METABOLISERS = {
    "Ultrarapid Metabolizer": "LA10315-2",
    "Rapid Metabolizer": "LA25390-8",
    "Normal Metabolizer": "LA25391-6",
    "Intermediate Metabolizer": "LA10317-8",
    "Poor Metabolizer": "LA9657-3",
}
# LOINC list LL4049-4; actions without an answer there have no code, which the profile allows.
TASKS = {
    "avoid": ("LA26421-0", "Consider alternative medication"),
    "contraindicated": ("LA26421-0", "Consider alternative medication"),
    "not_started": ("LA26421-0", "Consider alternative medication"),
    "alternative": ("LA26421-0", "Consider alternative medication"),
    "reduce_dose": ("LA26422-8", "Decrease dose"),
    "lower_start": ("LA26422-8", "Decrease dose"),
    "increase_dose": ("LA26423-6", "Increase dose"),
    "higher_start": ("LA26423-6", "Increase dose"),
}
