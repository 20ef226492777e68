"""Every table that the program writes: its columns, and for each the unit and the codes that it may hold.

Columns and their meanings are those of `pgx.schema`; tables that no later stage reads have theirs in `own_columns`.
Codes are those of `pgx.codes`, explained in ``flags.tsv``, or a dict of code and meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pgx import schema
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
from pgx.output_tables import own_columns as own
from pgx.schema import Schema

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
        "one row a value, row or laboratory result that was lost; pgx report", own.FAILURES, {}, {"code": NoteCode}
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
                "drug_stopped": "the other drugs, joined by +, are stopped",
                "drug_washed_out": "the other drugs were stopped, and no longer act",
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
    "exposure_ratios": OutputTable(
        "one row a sample and drug without advice, one more with what is planned; pgx report",
        schema.EXPOSURE_RATIOS,
        dict.fromkeys(("ratio", "low", "high", "level"), "1"),
        {"flags": FlagCode},
    ),
    "monitor": OutputTable(
        "one row an INR; pgx monitor",
        own.MONITOR,
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
            "flags": (
                FlagCode.GENE_AVERAGED,
                FlagCode.ALLELE_BY_ACTIVITY,
                FlagCode.MISSING,
                FlagCode.ASSUMED,
                FlagCode.IMPLAUSIBLE,
            ),
        },
    ),
    "polygenic": OutputTable(
        "one row a sample and scoring file; pgx score --pgs",
        own.POLYGENIC,
        {"score": "see weight_type", "match_rate": "1"},
        {
            "flags": (
                FlagCode.MATCH_TOO_LOW,
                FlagCode.MATCH_LOWERED,
                FlagCode.REFERENCE_ASSUMED,
                FlagCode.FREQUENCY_USED,
                FlagCode.DOSAGES_USED,
            )
        },
    ),
    "polygenic_variants": OutputTable(
        "one row a sample and row of a scoring file; pgx score --pgs --variants",
        own.POLYGENIC_VARIANTS,
        {"copies": "1", "added": "see weight_type"},
        {"use": VariantUse},
    ),
    "features": OutputTable("one row a sample, one column a feature; pgx features"),
    "missing": OutputTable(
        "one row a value that is missing; pgx features --missing",
        own.MISSING,
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
        own.POSITIONS,
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
        own.COHORT_FREQUENCIES,
        dict.fromkeys(("frequency", "low", "high", "published"), "1"),
        {"level": {"allele": "of strands", "diplotype": "of persons", "phenotype": "of persons, from genotype alone"}},
    ),
    "cohort_genes": OutputTable(
        "one row a group and gene; pgx cohort summary",
        own.COHORT_GENES,
        dict.fromkeys(("call_rate", "low", "high"), "1"),
    ),
    "cohort_positions": OutputTable(
        "one row a change at a position; pgx cohort summary",
        own.COHORT_POSITIONS,
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
        own.COHORT_PAIRS,
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
        own.COHORT_SEX,
        {},
        {"finding": (NoteCode.SEX_MISMATCH, NoteCode.MALE_HETEROZYGOUS_X, NoteCode.FEMALE_HAPLOID_X)},
    ),
    "cohort_drugs": OutputTable(
        "one row a drug; pgx cohort summary", own.COHORT_DRUGS, dict.fromkeys(("actionable", "low", "high"), "1")
    ),
    "cohort_persons": OutputTable("one row a person; pgx cohort summary", own.COHORT_PERSONS),
    "cohort_next_tests": OutputTable("one row a thing to find out; pgx cohort summary", own.COHORT_NEXT_TESTS),
    "endpoints": OutputTable(
        "one row an endpoint; pgx models list",
        own.ENDPOINTS,
        {},
        {"kind": {"dose": "a dose", "response": "a wanted effect", "adverse_effect": "an unwanted effect"}},
    ),
    "check": OutputTable(
        "one row a column, code, drug or problem of a file; pgx check",
        own.CHECK,
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
