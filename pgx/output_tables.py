"""Every table that the program writes: its columns, and for each the unit and the codes that it may hold.

Columns and their meanings are those of `pgx.schema`; tables that no later stage reads have their columns here. Codes
are those of `pgx.codes`, explained in ``flags.tsv``, or a dict of code and meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import polars as pl

from pgx import schema
from pgx.cells import NAMES
from pgx.codes import (
    Applies,
    Category,
    DoseAdvice,
    FlagCode,
    NoteCode,
    Severity,
    Status,
    Trend,
    Urgency,
    VariantUse,
)
from pgx.schema import Column, Schema

Codes = type[StrEnum] | tuple[StrEnum, ...] | Mapping[str, str]
ACTIONS = "actions"
"""Stands for the codes of a table of the knowledge base, which a site may add to."""


@dataclass(frozen=True, slots=True)
class OutputTable:
    """A table that the program writes.

    Parameters
    ----------
    about
        What a row is, and which command writes it.
    columns
        Its columns; none = they are found out from the knowledge (`features`).
    units
        Column to unit; 1 = a share or a ratio.
    codes
        Column to the codes that it may hold. Of flags, what follows the code after ``:`` is what it is about.
    """

    about: str
    columns: Schema = ()
    units: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, Codes | str] = field(default_factory=dict)


_SCHEME = {"CPIC": "Clinical Pharmacogenetics Implementation Consortium", "DPWG": "Dutch working group"}
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
    Column("carriers", _I, "persons with the change; null where --min-count hides it"),
    Column("frequency", _F, "share of strands with it"),
    Column("published", _F, "highest frequency in any counted population"),
    Column("heterozygous", _I, "carriers with two copies of the site, one of them changed"),
    Column(
        "equilibrium_p",
        _F,
        "chance of genotypes so far from Hardy and Weinberg's proportions: the smallest of the "
        "groups, times their number; an exact test up to 10,000 persons",
    ),
    Column("inbreeding", _F, "1 - heterozygous found / expected, of everybody"),
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

TABLES: dict[str, OutputTable] = {
    "calls": OutputTable(
        "one row a sample and gene; pgx call, pgx report",
        schema.CALLS,
        {"probability": "1", "activity_score": "1", "clinical_activity_score": "1"},
        {"status": Status, "flags": FlagCode},
    ),
    "phenotypes": OutputTable(
        "one row a phenotype that the data allow, per sample, gene and scheme; pgx report",
        schema.PHENOTYPES,
        {"probability": "1", "activity_score": "1", "clinical_activity_score": "1"},
        {"scheme": _SCHEME},
    ),
    "guidance": OutputTable(
        "one row a recommendation for a sample and drug; pgx report",
        schema.GUIDANCE,
        {"dose_change": "%", "probability": "1"},
        {
            "action": ACTIONS,
            "strength": {
                "strong": "strongest grade of the source",
                "moderate": "weaker grade",
                "optional": "a choice that the source leaves open",
                "none": "the source gives no grade",
            },
            "applies": Applies,
            "urgency": Urgency,
            "flags": FlagCode,
        },
    ),
    "judgements": OutputTable(
        "one row a sample and drug: what is decided; pgx report",
        schema.JUDGEMENTS,
        {"dose_change": "%"},
        {
            "status": {
                "advised": "a source decides by the genes",
                "ruled_out": "by the label, whatever the genes",
                "not_judged": "a part of the genes is no answer",
                "not_tested": "the genes that decide are not tested",
                "uncertain": "the genotype leaves several answers open",
                "no_match": "no row of a source is for this person",
                "no_recommendation": "the sources recommend nothing",
                "no_source": "no source knows the drug",
            },
            "urgency": Urgency,
            "action": ACTIONS,
            "applies": Applies,
            "flags": FlagCode,
        },
    ),
    "scores": OutputTable(
        "one row a sample and endpoint; pgx score, pgx report",
        schema.SCORES,
        {"estimate": "see unit", "low": "see unit", "high": "see unit", "reference": "see unit", "level": "1"},
        {"category": Category, "flags": FlagCode},
    ),
    "clinical": OutputTable("one row an observation; pgx report", schema.CLINICAL, {"value": "see unit"}),
    "medications": OutputTable(
        "one row a drug of a sample; pgx report",
        schema.MEDICATIONS,
        {"dose_mg_per_day": "mg/d"},
        {"status": {"current": "taken now", "planned": "about to be taken", "stopped": "no longer taken"}},
    ),
    "notes": OutputTable(
        "one row a remark of a run; pgx report", schema.NOTES, {}, {"severity": Severity, "code": NoteCode}
    ),
    "failures": OutputTable(
        "one row a value, row or laboratory result that was lost; pgx report", FAILURES, {}, {"code": NoteCode}
    ),
    "next_tests": OutputTable(
        "one row a sample, drug and what could be found out; pgx report",
        schema.NEXT_TESTS,
        {"probability": "1"},
        {
            "kind": {
                "gene": "the gene is not tested",
                "hla": "the gene is not tested, and its frequency is not known",
                "copy_number": "the data do not show the copy number",
                "genotype": "another genotype is possible",
                "record": "whether the person is of the population",
                "drug_stopped": "the other drug is stopped",
            },
            "urgency_then": Urgency,
        },
    ),
    "genotypes": OutputTable("one row a sample; pgx cohort run", schema.GENOTYPES),
    "exposure": OutputTable(
        "one row a genotype; pgx exposure",
        schema.EXPOSURE,
        dict.fromkeys(("ratio", "low", "high", "level"), "1"),
    ),
    "monitor": OutputTable(
        "one row an INR; pgx monitor",
        schema.MONITOR,
        {
            **dict.fromkeys(("dose", "estimate", "low", "high", "next_dose"), "mg/week"),
            **dict.fromkeys(("inr", "expected", "target", "forecast", "forecast_low", "forecast_high"), "{INR}"),
            "time_in_range": "1",
            "change": "%",
            "recheck_days": "d",
        },
        {
            "trend": Trend,
            "advice": DoseAdvice,
            "flags": (FlagCode.GENE_AVERAGED, FlagCode.ALLELE_BY_ACTIVITY, FlagCode.MISSING, FlagCode.ASSUMED),
        },
    ),
    "polygenic": OutputTable(
        "one row a sample and scoring file; pgx score --pgs",
        POLYGENIC,
        {"score": "see weight_type", "match_rate": "1"},
        {
            "flags": (
                FlagCode.MATCH_TOO_LOW,
                FlagCode.MATCH_LOWERED,
                FlagCode.REFERENCE_ASSUMED,
                FlagCode.FREQUENCY_USED,
            )
        },
    ),
    "polygenic_variants": OutputTable(
        "one row a sample and row of a scoring file; pgx score --pgs --variants",
        POLYGENIC_VARIANTS,
        {"copies": "1", "added": "see weight_type"},
        {"use": VariantUse},
    ),
    "features": OutputTable("one row a sample, one column a feature; pgx features"),
    "missing": OutputTable(
        "one row a value that is missing; pgx features --missing",
        MISSING,
        {},
        {
            "reason": {
                "not_called": "the gene is not called",
                "no_score": "the gene has no activity score, or not one number",
                "no_value": "nothing is on record",
                "too_old": "what is on record is older than counts",
                "too_few_values": "too few values for a trend",
                "not_used": "left out by the reader, see the notes",
                "no_medication_list": "no list of medicines is on record",
                "drug_unknown": "a drug on the list that could not be read may be it",
                "too_few_positions": "too few positions to tell the ancestry",
                "match_too_low": "too few of a polygenic score's variants are genotyped",
            }
        },
    ),
    "positions": OutputTable(
        "one row a position, sample and gene; pgx call --log, pgx call --explain",
        POSITIONS,
        {"weight": "1"},
        {
            "state": {
                "called": "measured",
                "no_call": "the file has no genotype",
                "absent": "not in the file",
                "filtered": "did not pass a filter",
                "reference_block": "reference, by a block of a gVCF",
                "unsupported": "the file's own evidence does not carry it",
                "assumed_reference": "not in the file and read as reference, as the user asked",
            }
        },
    ),
    "cohort_frequencies": OutputTable(
        "one row a group, gene and allele, diplotype or phenotype; pgx cohort summary",
        COHORT_FREQUENCIES,
        dict.fromkeys(("frequency", "low", "high", "published"), "1"),
        {"level": {"allele": "of strands", "diplotype": "of persons", "phenotype": "of persons, from genotype alone"}},
    ),
    "cohort_genes": OutputTable(
        "one row a group and gene; pgx cohort summary", COHORT_GENES, dict.fromkeys(("call_rate", "low", "high"), "1")
    ),
    "cohort_positions": OutputTable(
        "one row a change at a position; pgx cohort summary",
        COHORT_POSITIONS,
        dict.fromkeys(("call_rate", "frequency", "published", "equilibrium_p", "inbreeding"), "1"),
        {
            "suspect": {
                "both": "likely an artefact: far more frequent than published, and out of equilibrium",
                "frequency": "far more frequent than in any counted population",
                "equilibrium": "far out of Hardy-Weinberg equilibrium in a group",
            }
        },
    ),
    "cohort_pairs": OutputTable(
        "one row a pair of persons who look alike; pgx cohort summary",
        COHORT_PAIRS,
        {"same": "1", "kinship": "1"},
        {
            "relation": {
                "same_genotypes": "the same person, twins, or chance where few positions are known",
                "may_be_related": "more alike than chance makes any pair of the cohort",
            }
        },
    ),
    "cohort_sex": OutputTable(
        "one row a person and finding; pgx cohort summary",
        COHORT_SEX,
        {},
        {"finding": (NoteCode.SEX_MISMATCH, NoteCode.MALE_HETEROZYGOUS_X, NoteCode.FEMALE_HAPLOID_X)},
    ),
    "cohort_drugs": OutputTable(
        "one row a drug; pgx cohort summary", COHORT_DRUGS, dict.fromkeys(("actionable", "low", "high"), "1")
    ),
    "cohort_persons": OutputTable("one row a person; pgx cohort summary", COHORT_PERSONS),
    "cohort_next_tests": OutputTable("one row a thing to find out; pgx cohort summary", COHORT_NEXT_TESTS),
    "endpoints": OutputTable(
        "one row an endpoint; pgx models list",
        ENDPOINTS,
        {},
        {"kind": {"dose": "a dose", "response": "a wanted effect", "adverse_effect": "an unwanted effect"}},
    ),
    "check": OutputTable(
        "one row a column, code, drug or problem of a file; pgx check",
        CHECK,
        {},
        {
            "kind": {
                "understood": "used",
                "not_understood": "not used",
                "error": "to be corrected before use",
                "warning": "worth a look",
                "info": "what the file is",
            }
        },
    ),
}
"""Every table by name."""
