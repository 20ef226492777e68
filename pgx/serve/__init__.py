"""Decision support from stored results: CDS Hooks cards and a FHIR look-up. Needs the extra ``serve``."""
