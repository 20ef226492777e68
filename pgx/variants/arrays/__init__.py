"""Raw data of consumer and chip arrays."""
