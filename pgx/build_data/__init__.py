"""What is run to build the product's data, never when it is used: knowledge, priors, ancestry, models, schema."""
