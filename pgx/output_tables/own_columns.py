"""Columns of the tables that no later stage reads."""

from __future__ import annotations

import polars as pl

from pgx import schema
from pgx.cells import NAMES
from pgx.codes import Status, Urgency
from pgx.schema import Column, Schema

_T, _F, _I = pl.String, pl.Float64, pl.Int64

FAILURES: Schema = tuple(
    one for name in ("sample", "stage", "code", "where", "message") for one in schema.NOTES if one.name == name
)
MISSING: Schema = (
    Column("sample", _T, "sample name", required=True),
    Column("feature", _T, "feature that is null", required=True),
    Column("reason", _T, "why; of a gene that is not called, its flags follow in brackets", required=True),
)
POSITIONS: Schema = (
    Column("sample", _T, "sample name", required=True),
    Column("gene", _T, "HGNC symbol", required=True),
    Column("chrom", _T, "chromosome, chr1 to chrM", required=True),
    Column("pos_grch38", _I, "position on GRCh38", required=True),
    Column("pos", _I, "position in the file's build"),
    Column("rsid", _T, "rs number"),
    Column("ref", _T, "reference bases", required=True),
    Column("genotype", _T, "bases on GRCh38; . = unknown, * = removed by a deletion, one base = one copy"),
    Column("state", _T, "what is known of the genotype", required=True),
    Column("used", pl.Boolean, "whether the call rests on it", required=True),
    Column("weight", _F, "the genotype's share of the likelihood of all genotypes there; null if it is certain"),
    Column("evidence", _T, "shares of the likeliest genotypes, with what they come from; null if it is certain"),
    Column("needed_by", _T, "--explain only: alleles that need another base here, joined by ';'"),
    Column("supports", _T, "--explain only: those of them that the genotype shows, joined by ';'"),
    Column("rules_out", _T, "--explain only: those of them that it shows on no strand, joined by ';'"),
)
_GROUP = Column("group", _T, "biogeographic group; all = everybody", required=True)
_SHARE = (
    Column("frequency", _F, "count / total; null where nothing is counted, or --min-count hides it"),
    Column("low", _F, "lower end of its 95 % interval (Wilson)"),
    Column("high", _F, "upper end"),
)
COHORT_FREQUENCIES: Schema = (
    _GROUP,
    Column("gene", _T, "HGNC symbol", required=True),
    Column("level", _T, "allele | diplotype | phenotype", required=True),
    Column("value", _T, "its name", required=True),
    Column("count", _I, "strands (of alleles) or persons who have it; null where --min-count hides it"),
    Column("total", _I, "strands or persons of the group whose gene is called or known from outside"),
    *_SHARE,
    Column("published", _F, "frequency in the knowledge base; of everybody, weighted by the cohort's groups"),
    Column(
        "z", _F, "distance from the published in standard errors of the count; null where fewer than 5 are expected"
    ),
)
COHORT_GENES: Schema = (
    _GROUP,
    Column("gene", _T, "HGNC symbol", required=True),
    Column("persons", _I, "persons of the group"),
    *(Column(name, _I, f"persons whose gene is {name}; null where --min-count hides it") for name in Status),
    Column("call_rate", _F, "share that is called or from outside"),
    *_SHARE[1:],
)
COHORT_POSITIONS: Schema = (
    Column("chrom", _T, "chromosome, chr1 to chrM", required=True),
    Column("pos_grch38", _I, "position on GRCh38", required=True),
    Column("rsid", _T, "rs numbers, joined by ,"),
    Column("genes", _T, "genes that it is defining for, joined by ,", required=True),
    Column("change", _T, "bases on GRCh38, as G>A", required=True),
    Column("known", _I, "persons with a genotype"),
    Column("call_rate", _F, "their share of everybody", required=True),
    Column("carriers", _I, "persons with the change; null with --min-count"),
    Column("frequency", _F, "share of strands with it; null with --min-count"),
    Column("published", _F, "highest frequency in any counted population"),
    Column("heterozygous", _I, "carriers with two copies of the site, one of them changed; null with --min-count"),
    Column(
        "equilibrium_p",
        _F,
        "chance of genotypes so far from Hardy and Weinberg's proportions: the smallest of the "
        "groups, times their number; an exact test up to 10,000 persons; null with --min-count",
    ),
    Column("inbreeding", _F, "1 - heterozygous found / expected, of everybody; null with --min-count"),
    Column("suspect", _T, "both | frequency | equilibrium; null if nothing is"),
)
COHORT_PAIRS: Schema = (
    Column("sample", _T, "a person", required=True),
    Column("other", _T, "another", required=True),
    Column("positions", _I, "unlinked positions at which both are known", required=True),
    Column("same", _F, "share of them with the same genotype", required=True),
    Column("kinship", _F, "KING-robust kinship: 0.5 same genome, 0.25 first degree, 0 unrelated; rough", required=True),
    Column("relation", _T, "same_genotypes | may_be_related", required=True),
)
COHORT_SEX: Schema = (
    Column("sample", _T, "person", required=True),
    Column("given", _T, "sex on record"),
    Column("finding", _T, "what does not fit", required=True),
    Column("count", _I, "how often it was noted", required=True),
)
COHORT_DRUGS: Schema = (
    Column("drug", _T, "generic name", required=True),
    Column("persons", _I, "persons for whom it is judged: those who take it, or could need it"),
    *(Column(name, _I, f"of them with the urgency {name}; null where --min-count hides it") for name in Urgency),
    Column("actionable", _F, "share of everybody in the cohort to whom avoid or change_dose applies"),
    *_SHARE[1:],
)
COHORT_PERSONS: Schema = (
    Column("sample", _T, "person", required=True),
    *(Column(name, _I, f"drugs with the urgency {name}", required=True) for name in Urgency),
    Column("act_on", NAMES, "drugs to avoid or to dose otherwise, joined by ';'"),
)
COHORT_NEXT_TESTS: Schema = (
    Column("what", _T, "what could be found out", required=True),
    Column("kind", _T, "as in next_tests", required=True),
    Column("persons", _I, "persons whose advice it could change"),
    Column("drugs", _I, "drugs whose advice it could change", required=True),
    Column(
        "expected_persons",
        _F,
        "persons whose advice on a drug is then another, at least: each counts with the drug "
        "of the highest probability; null where no probability is known",
    ),
    Column("expected_changes", _F, "advices (a person and a drug) that are then others"),
    Column("unknown", _I, "advices of which nobody knows the probability"),
)
ENDPOINTS: Schema = (
    Column("endpoint", _T, "endpoint name, e.g. warfarin.dose", required=True),
    Column("drug", _T, "generic name", required=True),
    Column("kind", _T, "what is predicted", required=True),
    Column("outcome", _T, "the outcome in words", required=True),
    Column("unit", _T, "unit of the estimate"),
    Column("evidence", _T, "patients:n=..., literature only, literature (population models), or rule", required=True),
    Column("model", _T, "model id; null where the published evidence alone is the model"),
    Column("pmids", _T, "PubMed ids of the evidence, joined by ';'"),
)
POLYGENIC: Schema = (
    Column("sample", _T, "sample name", required=True),
    Column("pgs", _T, "id of the score, or else its name or that of its file", required=True),
    Column("name", _T, "name that the scoring file gives it"),
    Column("trait", _T, "trait as the scoring file reports it"),
    Column(
        "score",
        _F,
        "weighted sum over the variants, on the scale of the weights: no risk, and to be compared only within one "
        "ancestry and one way of genotyping; null where too few variants are genotyped",
    ),
    Column("variants", _I, "rows of the scoring file", required=True),
    Column("genotyped", _I, "of them, with a genotype of the person that fits", required=True),
    Column("dosages", _I, "of those with a genotype, imputed ones of which the dosage was counted", required=True),
    Column("assumed", _I, "of them, taken for reference as the user asked", required=True),
    Column("imputed", _I, "of them, replaced by what the file's own allele frequency leads to expect", required=True),
    Column("left_out", _I, "of them, of which nothing was added", required=True),
    Column("match_rate", _F, "share of the rows that are genotyped or assumed, 0 to 1", required=True),
    Column("build", _T, "GRCh37 | GRCh38: build of the positions that were matched", required=True),
    Column("weight_type", _T, "what the weights are, as the scoring file says"),
    Column("flags", NAMES, "documented codes"),
)
POLYGENIC_VARIANTS: Schema = (
    Column("sample", _T, "sample name", required=True),
    Column("pgs", _T, "the score, as in the table of scores", required=True),
    Column("line", _I, "line of the scoring file", required=True),
    Column("rsid", _T, "rs number"),
    Column("chrom", _T, "chromosome, chr1 to chrY"),
    Column("pos", _I, "position in the build of the genotypes"),
    Column("effect_allele", _T, "allele that is counted, as the scoring file writes it"),
    Column("other_allele", _T, "the other allele, or several"),
    Column("copies", _F, "copies of the effect allele; expected ones where imputed, null where nothing was added"),
    Column("added", _F, "what the row adds to the score; null where nothing was added"),
    Column("use", _T, "what became of the row", required=True),
)
CHECK: Schema = (
    Column("kind", _T, "what the row is", required=True),
    Column("name", _T, "column, code, drug or property as written"),
    Column("meaning", _T, "what it is taken for, or what is wrong", required=True),
    Column("count", _I, "how often it is there"),
    Column("where", _T, "line or record of the first one"),
)
MONITOR: Schema = (
    Column("sample", _T, "person", required=True),
    Column("date", pl.Date, "day of the INR; null where none of a person's INRs can be read and no day is told"),
    Column("dose", _F, "warfarin taken before it, mg/week; null where it is not known"),
    Column("inr", _F, "the INR; null where none of a person's INRs can be read (one row, flag implausible:inr)"),
    Column("expected", _F, "INR that was expected from the doses and the INRs before, the middle of its distribution"),
    Column("target", _F, "INR aimed at", required=True),
    Column(
        "estimate",
        _F,
        "dose expected to give the INR aimed at in the long run, mg/week, after this INR; before any INR under a dose "
        "(flag assumed:typical_dose) that of age and genotype: persons of the IWPC cohort took a fifth less at "
        "the median, so start from a score of warfarin.dose",
    ),
    Column("low", _F, "lower end of its 90 % interval, mg/week"),
    Column("high", _F, "upper end, mg/week"),
    Column("time_in_range", _F, "share of the days so far with the INR in range, by straight lines between the values"),
    Column("trend", _T, "rising | falling | steady | mixed (up and down): the last three INRs; null without any"),
    Column(
        "advice",
        _T,
        "clinician_today | recheck_soon | lower_dose | raise_dose | keep_dose | dose_unknown",
        required=True,
    ),
    Column(
        "change", _F, "change from the dose taken to `estimate`, percent, within 20; never up beside an INR above range"
    ),
    Column("next_dose", _F, "dose proposed until the next INR, mg/week; null where none is"),
    Column("recheck_days", _I, "days until the next INR", required=True),
    Column("forecast", _F, "INR expected at `recheck_days` under `next_dose`, or else the dose as it is"),
    Column("forecast_low", _F, "lower end of its 90 % interval"),
    Column("forecast_high", _F, "upper end"),
    Column(
        "flags",
        NAMES,
        "gene_averaged:<gene> (not known: averaged over what the data or the population allow), "
        "allele_by_activity:<gene>:<allele>, missing:clinical.age (averaged), implausible:<column> (told and "
        "impossible: no number is given), assumed:<what> (what the numbers rest on and nobody measured)",
    ),
)
