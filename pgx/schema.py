"""The frames that pass between the stages: one declared schema each, with the meaning and unit of every column.

A schema is a tuple of `Column`; `polars_schema` turns it into what polars wants, `conform` checks and orders a frame.
Empty cells are null everywhere, lists empty; how lists become text in a TSV file, `pgx.cells` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from pgx.cells import BY_GENE, DIPLOTYPES, FACTORS, NAMES, is_list, list_column


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a frame.

    Parameters
    ----------
    name
        Column name, snake_case.
    dtype
        Polars type.
    doc
        Meaning, allowed codes and unit.
    required
        Whether null is an error.
    """

    name: str
    dtype: type[pl.DataType] | pl.DataType
    doc: str
    required: bool = False


Schema = tuple[Column, ...]

_T, _F, _I, _B = pl.String, pl.Float64, pl.Int64, pl.Boolean

CALLS: Schema = (
    Column("sample", _T, "sample name in the input", required=True),
    Column("gene", _T, "HGNC symbol", required=True),
    Column(
        "diplotype", _T, "most probable diplotype, alleles joined by '/'; null when not called, as all up to status"
    ),
    Column("probability", _F, "posterior probability of `diplotype`, 0 to 1"),
    Column("phenotype", _T, "CPIC phenotype of the most probable phenotype class, from genotype alone"),
    Column("activity_score", _F, "sum of allele activity values; null where the gene has none or it is not one number"),
    Column(
        "clinical_phenotype", _T, "phenotype after interacting drugs and conditions; null when nothing is known of them"
    ),
    Column("clinical_activity_score", _F, "activity score after interacting drugs and conditions"),
    Column("allele1", _T, "first allele of `diplotype`"),
    Column("allele2", _T, "second allele of `diplotype`; null in a haploid gene"),
    Column("function1", _T, "CPIC function of `allele1`"),
    Column("function2", _T, "CPIC function of `allele2`"),
    Column(
        "status",
        _T,
        "called | ambiguous | not_called (no data, or a guess of the population's: flag prior_driven) | outside",
        required=True,
    ),
    Column(
        "alternatives",
        DIPLOTYPES,
        "other diplotypes as diplotype=probability, joined by ';', most probable first; of a gene that is not called, "
        "what the population's frequencies would say",
    ),
    Column("positions_called", _I, "positions of the gene's definition with data in this sample"),
    Column("positions_assumed", _I, "positions without data that were read as the reference, as the user asked"),
    Column("positions_total", _I, "positions of the gene's definition"),
    Column("flags", NAMES, "documented codes joined by ';'"),
    Column("source", _T, "genotypes | outside:<tool> | local:<overlay>"),
)

PHENOTYPES: Schema = (
    Column("sample", _T, "sample name", required=True),
    Column("gene", _T, "HGNC symbol", required=True),
    Column("scheme", _T, "CPIC | DPWG: the two are never mixed", required=True),
    Column("phenotype", _T, "one phenotype that the posterior allows", required=True),
    Column("activity_score", _F, "its activity score, where it has one"),
    Column(
        "probability",
        _F,
        "its posterior probability, summed over diplotypes; adds up to 1 per sample, gene, scheme",
        required=True,
    ),
    Column(
        "clinical_phenotype",
        _T,
        "the same after phenoconversion (equal to `phenotype` when nothing applies)",
        required=True,
    ),
    Column("clinical_activity_score", _F, "activity score after phenoconversion"),
    Column(
        "conversion",
        NAMES,
        "rule ids of the phenoconversion that was applied, joined by ';', and local:<overlay> if a site's own "
        "interaction had a part; null if none",
    ),
)

GUIDANCE: Schema = (
    Column("sample", _T, "sample name", required=True),
    Column("drug", _T, "generic name, lower case", required=True),
    Column("source", _T, "CPIC | DPWG | FDA | FDA label | a local source", required=True),
    Column("guideline", _T, "rec_id of the recommendation row; null if no row matches"),
    Column("genes", NAMES, "genes that decide, joined by ';'", required=True),
    Column("phenotypes", BY_GENE, "what matched per gene, 'GENE=value' joined by ';'"),
    Column("population", _T, "population condition of the row; 'general' when none"),
    Column("action", _T, "action code of the row; null if none matches"),
    Column("dose_change", _T, "change in percent of the row's reference dose, e.g. -50 or -25..-50"),
    Column("strength", _T, "strong | moderate | optional | none"),
    Column("implication", BY_GENE, "implication codes, 'GENE=code' joined by ';'"),
    Column("recommendation", _T, "the sentence composed from the codes"),
    Column("alternatives", NAMES, "other drugs that the row names, joined by ';'"),
    Column("monitoring", NAMES, "tests to follow, codes joined by ';'"),
    Column("url", _T, "where the guideline can be read"),
    Column("probability", _F, "probability that this row is the right one, given the diplotypes' uncertainty"),
    Column(
        "applies", _T, "yes | if_population | possible (another phenotype is more probable) | no_match | not_tested"
    ),
    Column("urgency", _T, "avoid | change_dose | monitor | standard | no_data"),
    Column(
        "flags",
        NAMES,
        "codes joined by ';': phenoconverted, genes_alone:<action> (what the genes alone ask for), sources_differ, "
        "genotype_uncertain, could_mean:<urgency>:<gene> (of an untested gene), "
        "effect_unknown:<urgency>:<gene> (the file shows a change in the gene that the call could not use), "
        "outside_unknown:<urgency>:<gene> (a laboratory's result of the gene could not be used), "
        "label_limit (whatever the genes), interaction:<agent>:<enzyme>:<strength>:<role>:<phase>:<effect> "
        "(a drug that the advice does not count acts on this one), interaction_reverses:<agent>:<enzyme> "
        "(the change of dose points the other way and is withheld), "
        "recall, local, ...",
    ),
)

SCORES: Schema = (
    Column("sample", _T, "sample name", required=True),
    Column("drug", _T, "generic name", required=True),
    Column("endpoint", _T, "endpoint name, e.g. warfarin.dose", required=True),
    Column("kind", _T, "dose | level | exposure | response | adverse_effect", required=True),
    Column("horizon", _T, "the time over which, or at which, the outcome is meant"),
    Column("setting", _T, "the treatment under which the outcome is meant; null if not stated"),
    Column("population", _T, "whom the estimate is for"),
    Column("estimate", _F, "dose, level or exposure in `unit`, or probability 0 to 1; null if refused"),
    Column("low", _F, "lower end of the interval at `level`"),
    Column("high", _F, "upper end of the interval at `level`"),
    Column("level", _F, "nominal coverage of the interval, e.g. 0.9"),
    Column("unit", _T, "mg/week | probability | ..."),
    Column("reference", _F, "the same quantity as the mean of the cohort or of the literature's population"),
    Column("category", _T, "low | average | high | refused (not usable), against `reference`", required=True),
    Column(
        "evidence",
        _T,
        "what the number rests on: 'patients:n=...', 'literature only' or 'literature (population models)'",
        required=True,
    ),
    Column("model", _T, "model id with version and short checksum", required=True),
    Column("factors", FACTORS, "signed contributions 'feature=value' joined by ';', largest first"),
    Column(
        "usable",
        _B,
        "false where no number is given, as a gene that the endpoint requires is not called or the person is not one "
        "that it is for; the flags say why",
        required=True,
    ),
    Column(
        "flags",
        NAMES,
        "codes joined by ';': refused:<why>, gene_not_called:<gene> (required: not usable), gene_averaged:<gene> (not "
        "required: averaged over what the population's frequencies allow), missing:<feature>, not_recorded:<feature>, "
        "population_unknown:<feature>, derived:<feature>, implausible:<feature>, out_of_range:<feature>, "
        "left_out:<feature> (on record, matters, not in the estimate), outside_refused:<gene> (a laboratory's result "
        "could not be used), genotype_uncertain",
    ),
)

_L = pl.List(pl.String)

EXPOSURE: Schema = (
    Column("drug", _T, "drug whose exposure is predicted", required=True),
    Column("genotype", _L, "activity scores, enzyme=score joined by ';'; empty = 2, two normal-function alleles"),
    Column("with", _L, "inhibitors and inducers taken with it, joined by ';'"),
    Column(
        "ratio", _F, "AUC against that of a person with activity scores of 2 without the other drugs", required=True
    ),
    Column("low", _F, "lower end of the interval at `level`; null where nothing is predicted to act"),
    Column("high", _F, "upper end of the interval at `level`"),
    Column("level", _F, "part of studies whose mean ratio the interval should hold"),
    Column("shares", _L, "share of each enzyme in the drug's clearance, enzyme=share joined by ';'"),
    Column("basis", _L, "what each share and each strength rests on, joined by ';'"),
)

EXPOSURE_RATIOS: Schema = (
    Column("sample", _T, "sample name", required=True),
    Column("drug", _T, "drug of which no source has a recommendation for the person", required=True),
    Column("genotype", _L, "the person's activity scores that count, enzyme=score joined by ';'"),
    Column("with", _L, "the person's inhibitors and inducers that count, joined by ';'"),
    Column("planned", _L, "those of `with` that are planned, joined by ';'"),
    Column("ratio", _F, "AUC against activity scores of 2 without the other drugs; null where the flags say why"),
    Column("low", _F, "lower end of the interval at `level`"),
    Column("high", _F, "upper end of the interval at `level`"),
    Column("level", _F, "part of studies whose mean ratio the interval should hold"),
    Column("not_counted", _L, "enzymes that carry the drug and whose genotypes the model does not count"),
    Column("basis", _L, "what each share and each strength rests on, joined by ';'"),
    Column("sources", _L, "of each enzyme the published ratios that the model was estimated from, joined by ';'"),
    Column(
        "flags",
        _L,
        "gene_not_called:<gene>, phenotype_unplaced:<gene> (no one activity score), interaction:... (acts on the drug, "
        "not predicted) and refused:<why>: there is no number; copy_number_range:<phenotypes>, unverified:<agent>, "
        "not_recorded:medication_list",
    ),
)

JUDGEMENTS: Schema = (
    Column("sample", _T, "sample name", required=True),
    Column("drug", _T, "generic name", required=True),
    Column(
        "status",
        _T,
        "advised (a source decides by the genes) | ruled_out (by the label, whatever the genes) | not_judged (a part "
        "of the genes is no answer) | not_tested | uncertain | no_match | no_recommendation | no_source",
        required=True,
    ),
    Column("urgency", _T, "avoid | change_dose | monitor | standard | no_data", required=True),
    Column("action", _T, "action code; null where nothing may be said"),
    Column("dose_change", _T, "change of dose in percent where the urgency is change_dose, e.g. -50 or -25..-50"),
    Column("alternatives", _L, "drugs that the sources name instead and that fit the person"),
    Column("reason", _L, "results that decide, GENE=value"),
    Column("sources", _L, "who says so"),
    Column("applies", _T, "yes | if_population | possible | no_match | not_tested: how far what decides holds"),
    Column(
        "evidence",
        _L,
        "what it rests on, what decides first: rule:<guideline>, gene:<GENE>=<state of its call>, "
        "score:<endpoint>=usable or not_usable",
    ),
    Column(
        "could_change",
        _L,
        "what could change it, with the gravest urgency that it could mean: gene:<GENE> (not tested), "
        "variant:<GENE> (shown and not understood), laboratory:<GENE> (sent and not used), genotype:<GENE> <result>, "
        "copies:<GENE> <result>, person:<population>, value:<concept> (left out), "
        "drug:<agents> (stopped, joined by +), washout:<agents> (stopped already, no longer acting)",
    ),
    Column(
        "flags",
        _L,
        "codes: cause:<agents>:<genes>:<action> (medicines, joined by +, without which no more than the action is "
        "said; of several, all must go), causes:<drug>:<genes>:<others>:<action>:<sources> (the same, told "
        "of one of them; what is said of the two, and by whom, where it is not to be started), "
        "acts_on:<drug> (a label says something of that drug beside this one), "
        "still_acting:<agent>:<day> (was stopped, and acts until about then), "
        "wait_after:<agent>:<days> (is taken, and a label warns of it for so long after its last dose), "
        "not_started:<drug> (of two that do not go together: the one that is not taken yet), not_together:<drug>:"
        "<action>:<sources> (is ruled out beside this one, and by whom), "
        "one_of:<drug> (labels forbid the two, each that of the other), "
        "gives_way:<drug> (of those that do not go together: one to change; none = either), "
        "ruled_out_itself:<drug> (of these, or of those by which the dose goes, one that the genes or the label for "
        "such a person rule out anyway), "
        "once:<agents>:<action>:<change>:<kind of dose>:<dose>:<unit> (said once these planned medicines are started), "
        "then:<action>:<change>:<when> (a later or conditional change), condition_met:<when> (it is due now), "
        "also:<action>:<change>:<GENE> (a further gene asks for this), set_aside:<population>, allergy:<why>, "
        "at_most:<dose>:<unit>, dose:<dose>:<unit>, "
        "sources_differ, phenoconverted, genotype_uncertain, gene_not_tested, recall, local, "
        "interaction:<agent>:<enzyme>:<strength>:<role>:<phase>:<effect>, alternative_ruled_out:<drug>:<why>, "
        "alternative_limited:<drug>:<words>, "
        "alternative_use:<drug>:<words> (for which use alone it is named), "
        "alternatives_of:<sources> (who names them, for another result of a gene)",
    ),
)

NEXT_TESTS: Schema = (
    Column("sample", _T, "sample name", required=True),
    Column("drug", _T, "generic name", required=True),
    Column("what", _T, "what could be found out: a gene, a population of the recommendations, a drug", required=True),
    Column(
        "kind",
        _T,
        "gene (not tested) | hla (not tested, of unknown frequency) | copy_number (the data do not show it) | genotype "
        "(another one that the data allow) | record (whether the person is of the population) | drug_stopped | "
        "drug_washed_out (was stopped, still acts)",
        required=True,
    ),
    Column("probability", _F, "probability, 0 to 1, that the advice is then `advice_then`; null if nobody knows"),
    Column("advice_now", _T, "action with its change of dose, as far as is known", required=True),
    Column("advice_then", _T, "action with its change of dose, or urgency, once it is found out", required=True),
    Column("urgency_then", _T, "avoid | change_dose | monitor | standard | no_data", required=True),
)

GENOTYPES: Schema = (
    Column("sample", _T, "sample name", required=True),
    Column(
        "strand1",
        _T,
        "one character a position that the knowledge names, in the order of its sites: a digit is the allele (0 = "
        "GRCh38's reference), . = unknown, - = no such copy, * = removed by a deletion, ? = something else",
        required=True,
    ),
    Column("strand2", _T, "the same for the second strand; which strand is which means nothing", required=True),
)

CLINICAL: Schema = (
    Column("sample", _T, "person, the VCF's sample name", required=True),
    Column(
        "concept",
        _T,
        "concept id of data/knowledge/concepts.tsv, e.g. weight, creatinine, smoking_status",
        required=True,
    ),
    Column("value", _F, "numeric value in `unit`; null for coded values"),
    Column("code", _T, "coded value (for coded concepts)"),
    Column("unit", _T, "UCUM unit of the concept after conversion"),
    Column("reaction", _T, "of an allergy: what the substance did, as the record has it"),
    Column("date", pl.Date, "when it was observed"),
    Column("end_date", pl.Date, "end of the period that it covers"),
    Column("source", _T, "file, and line or resource id, it was read from", required=True),
    Column("origin", _T, "given | derived:<formula> | estimated", required=True),
)

MEDICATIONS: Schema = (
    Column("sample", _T, "person", required=True),
    Column("drug", _T, "generic name, a row of drugs.tsv", required=True),
    Column("status", _T, "current | planned | stopped", required=True),
    Column("start", pl.Date, "first day"),
    Column("end", pl.Date, "last day, for stopped drugs"),
    Column("dose_mg_per_day", _F, "daily dose, mg"),
    Column("as_written", _T, "name or code in the input"),
    Column("source", _T, "file, and line or resource id", required=True),
)

NOTES: Schema = (
    Column("sample", _T, "sample concerned; null = the whole run, and never on a person's page"),
    Column("stage", _T, "variants | calling | phenotypes | clinical | features | models | guidance", required=True),
    Column("severity", _T, "info | warning | error", required=True),
    Column("code", _T, "documented code, snake_case", required=True),
    Column("subject", _T, "gene, drug, concept, endpoint or field that it is about"),
    Column("message", _T, "one sentence for a person, which programs do not read", required=True),
    Column("where", _T, "file, line or record; gene or drug where there is none"),
)


def polars_schema(schema: Schema) -> pl.Schema:
    """Return `schema` in polars' own form."""
    return pl.Schema({column.name: column.dtype for column in schema})


def empty(schema: Schema) -> pl.DataFrame:
    """Return a frame of no rows with the columns of `schema`."""
    return pl.DataFrame(schema=polars_schema(schema))


def from_rows(rows: Iterable[Mapping[str, object]], schema: Schema) -> pl.DataFrame:
    """Build a frame from dicts; keys that a row leaves out are null, unknown keys are an error."""
    names = [column.name for column in schema]
    known = set(names)
    lists = [column.name for column in schema if is_list(column.dtype)]
    listed = list(rows)
    for row in listed:
        if not known.issuperset(row):
            raise ValueError(f"columns not in the schema: {sorted(set(row) - known)}")
        if text := [name for name in lists if isinstance(row.get(name), str)]:
            raise ValueError(f"text in columns of lists: {text}")
    cells = {name: [row.get(name) for row in listed] for name in names}
    made = {c.name: list_column(c.name, cells[c.name], c.dtype) for c in schema if is_list(c.dtype)}
    return conform(pl.DataFrame({**cells, **made}, schema=polars_schema(schema), strict=False), schema)


def conform(frame: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """Order the columns as declared, cast them, empty lists for null, and check that required ones hold no null.

    Raises
    ------
    ValueError
        If a column is missing or unknown, or a required one holds a null.
    """
    names = [column.name for column in schema]
    if set(frame.columns) != set(names):
        raise ValueError(f"columns differ from the schema: {sorted(set(frame.columns) ^ set(names))}")
    frame = frame.select(_cast(frame[column.name], column) for column in schema)
    for column in schema:
        if column.required and frame[column.name].null_count():
            raise ValueError(f"column {column.name} holds a null")
    return frame


def _cast(values: pl.Series, column: Column) -> pl.Series:
    typed = values if values.dtype == column.dtype else values.cast(column.dtype)
    if is_list(column.dtype) and typed.null_count():
        return typed.fill_null(pl.Series([[]], dtype=column.dtype))
    return typed
