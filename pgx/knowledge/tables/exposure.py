"""Tables of exposure: published ratios of AUC, what is estimated from them, and how well it predicts."""

from __future__ import annotations

from pgx.knowledge.tables.table import INT, F, Field, T, Table

EXPOSURE_PROBES = Table(
    "exposure_probes",
    "Names in published tables of interaction ratios: drugs that one enzyme carries mainly, and other names of agents.",
    ("role", "name"),
    (
        Field("role", T, "victim (its exposure was measured) or agent", required=True, codes=("victim", "agent")),
        Field("name", T, "name in the published tables, lower case", required=True),
        Field("enzyme", T, "enzyme that carries a victim"),
        Field("drug", T, "name of the interactions table", required=True),
        Field("source", T, "source", required=True),
    ),
)

EXPOSURE_RATIOS = Table(
    "exposure_ratios",
    "Published ratios of AUC: between genotypes, and with an inhibitor or inducer to without.",
    ("enzyme", "victim", "agent", "score", "ratio", "study"),
    (
        Field("enzyme", T, "enzyme whose genotype, inhibitor or inducer it is about", required=True),
        Field("victim", T, "drug whose exposure was measured", required=True),
        Field("agent", T, "inhibitor or inducer; empty = a ratio between genotypes"),
        Field("score", F, "activity score of the persons; 2 where it was not measured", required=True),
        Field("ratio", F, "with the agent to without it, or of this score to a score of 2", required=True),
        Field("study", T, "first author and year, or the collection's row", required=True),
        Field("source", T, "collection and version", required=True),
    ),
)

POPULATION_MODELS = Table(
    "population_models",
    "Effects of genotype in published population models of a drug, from which endpoints of exposure start.",
    ("model", "gene", "phenotype", "parameter"),
    (
        Field("model", T, "first author and year", required=True),
        Field("drug", T, "drug", required=True),
        Field("gene", T, "gene", required=True),
        Field("phenotype", T, "CPIC phenotype; the reference of the drug has rows of its own only where told"),
        Field(
            "parameter",
            T,
            "of oral clearance CL/F: what CL or F is multiplied by, against the reference phenotype",
            required=True,
            codes=("clearance", "bioavailability"),
        ),
        Field("value", F, "factor", required=True),
        Field("low", F, "lower end of its 95 % interval; empty = none is published with the figure"),
        Field("high", F, "upper end"),
        Field("n", INT, "persons whose genotype was known", required=True),
        Field("population", T, "whom the model is of", required=True),
        Field("source", T, "where the figure was read", required=True),
        Field("note", T, "how the figure follows from what is written there"),
    ),
)

EXPOSURE_PRIORS = Table(
    "exposure_priors",
    "What is typical of a class of drugs, before its own ratios are looked at.",
    ("kind", "drug_class"),
    (
        Field("kind", T, "parameter", required=True, codes=("share", "inhibition", "induction", "power")),
        Field("drug_class", T, "class of the drug; any = every drug", required=True),
        Field("value", F, "logit of a share or an inhibited part; log of an induction or an exponent", required=True),
        Field("error", F, "standard deviation between drugs of the class", required=True),
        Field("source", T, "source", required=True),
    ),
)

EXPOSURE_ESTIMATES = Table(
    "exposure_estimates",
    "What is estimated from the table of ratios, one enzyme at a time.",
    ("enzyme", "kind", "drug"),
    (
        Field("enzyme", T, "enzyme", required=True),
        Field(
            "kind",
            T,
            "parameter; residual = log standard deviation between studies",
            required=True,
            codes=("share", "inhibition", "induction", "power", "residual"),
        ),
        Field("drug", T, "drug; empty for what belongs to the enzyme"),
        Field("value", F, "logit of a share or an inhibited part; log of the others", required=True),
        Field("error", F, "standard error", required=True),
        Field("ratios", INT, "ratios of this drug behind it", required=True),
        Field("studies", INT, "studies of this drug behind it", required=True),
    ),
)

EXPOSURE_CHECKS = Table(
    "exposure_checks",
    "How well ratios of a drug are predicted that were left out, beside no effect; what is not better is not shown.",
    ("enzyme", "about"),
    (
        Field("enzyme", T, "enzyme", required=True),
        Field("about", T, "ratios of what", required=True, codes=("genotypes", "interactions")),
        Field("ratios", INT, "ratios predicted", required=True),
        Field("within_twofold", F, "part predicted within a factor of two", required=True),
        Field("fold_error", F, "geometric mean of the factor by which predictions are off", required=True),
        Field("within_twofold_without", F, "the same for no effect", required=True),
        Field("fold_error_without", F, "the same for no effect", required=True),
        Field("coverage", F, "part in the 90 % interval", required=True),
    ),
)
