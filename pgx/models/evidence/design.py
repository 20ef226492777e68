"""From the feature frame to numbers: readings, derived and imputed columns, the prior's terms, the booster's matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.features.names import gene_column, gene_of
from pgx.features.scenarios import AVERAGED
from pgx.models.evidence.endpoint import Endpoint, Feature, Imputation, Reading, Term

Floats = NDArray[np.float64]
GIVEN = "_given."
"""Prefix of the columns that say whether an imputed column was given."""
DERIVED = "_derived."
"""Prefix of the columns that say where an empty cell of a gene was read from what else the row says of it."""
UNPLACED = "_unplaced."
"""Prefix of the columns that say where a phenotype was told that is neither a term's nor the baseline's."""
_LARGEST = 1e12
_FEW = 64
"""Up to so many values are compared one by one: each step of polars costs more than they do."""
_BLOCK = 8192
"""Rows of a cohort that are encoded at a time: what that takes is several times what it leaves."""
CLINICAL = ("clinical_phenotype", "clinical_activity_score")
"""Gene columns after interacting drugs and conditions; where they are null the genetic ones stand."""
_UNDECIDED = ("Indeterminate", "No Result", "n/a", "Unknown")


@dataclass(frozen=True, slots=True)
class Prior:
    """The prior of n persons, term by term.

    Parameters
    ----------
    terms
        float64 (n, k): contribution of each of the endpoint's k terms, link scale.
    margin
        float64 (n,): baseline plus the terms.
    variance
        float64 (n,): from the published intervals, and from values that had to be assumed.
    assumed
        bool (n, k): the term's value is null, or its gene is not known as far as the terms read it, and a mean or the
        equation's own term for that case stood in.
    combined
        bool (n,): several published genetic effects apply at once (see `lead`).
    below, above
        float64 (n,), 0 or more: how far the product of all those effects lies from the margin, to either side.
    """

    terms: Floats
    margin: Floats
    variance: Floats
    assumed: NDArray[np.bool_]
    combined: NDArray[np.bool_]
    below: Floats
    above: Floats

    def take(self, rows: NDArray[np.bool_] | slice) -> Prior:
        """Return a part of the persons."""
        return Prior(*(getattr(self, field.name)[rows] for field in fields(self)))


def columns(endpoint: Endpoint, features: Sequence[Feature] = ()) -> list[str]:
    """Return the feature-frame columns that an endpoint (and these booster features) read, sorted."""
    readings = [t.reading for t in endpoint.terms] + [f.reading for f in (*endpoint.features, *features)]
    readings += [r.reading for r in endpoint.refusals] + ([endpoint.rule] if endpoint.rule else [])
    names = {r.column for r in readings} | {r.unless_column for r in readings if r.unless_column}
    names |= set(endpoint.requires)
    for imputation in endpoint.imputations:
        names |= {imputation.column} | {column for when, _ in imputation.rows for column, _ in when}
    for name, parts in endpoint.derived.items():
        if name in names:
            names = (names - {name}) | set(parts)
    return sorted(names | {genetic(name) for name in names})


def read_by(endpoint: Endpoint, features: Sequence[Feature] = ()) -> list[str]:
    """Return the columns that an estimate rests on: `columns` without those of the simple rule compared with."""
    return columns(replace(endpoint, rule=None), features)


def genes(endpoint: Endpoint, features: Sequence[Feature] = ()) -> list[str]:
    """Return the genes that the terms (and these booster features) have an effect of, as in column names, sorted."""
    learned = {gene_of(feature.reading.column) for feature in features} - {""}
    return sorted({*endpoint.genes, *endpoint.required_genes, *learned})


def averaged(gene: str) -> str:
    """Return the column that says that a row holds a guess of a gene that is not asserted (`features.scenarios`)."""
    return gene_column(gene, AVERAGED)


def genetic(column: str) -> str:
    """Return the column that stands in for a clinical one: ``gene.cyp2d6.phenotype``; any other column is its own."""
    stem, _, last = column.rpartition(".")
    return f"{stem}.{last.removeprefix('clinical_')}" if gene_of(column) and last in CLINICAL else column


def converted(frame: pl.DataFrame, column: str) -> NDArray[np.bool_]:
    """Whether a clinical column says otherwise than the genetic one, bool (n,), in a frame as it was given."""
    other = genetic(column)
    if column == other or column not in frame.columns or other not in frame.columns:
        return np.zeros(frame.height, dtype=np.bool_)
    clinical, genes_alone = frame[column], frame[other]
    if clinical.dtype.is_numeric() != genes_alone.dtype.is_numeric():
        clinical, genes_alone = clinical.cast(pl.String), genes_alone.cast(pl.String)
    return (clinical.is_not_null() & clinical.ne_missing(genes_alone)).to_numpy()


def prepare(frame: pl.DataFrame, endpoint: Endpoint, features: Sequence[Feature] = ()) -> pl.DataFrame:
    """Add absent columns as null, derived columns and imputed values.

    A derived column is true if any of its parts is true, false if all are false, null otherwise.
    """
    wanted = columns(endpoint, features)
    frame = frame.with_columns(pl.lit(None).alias(name) for name in wanted if name not in frame.columns)
    # Before the undecided become null: an enzyme whose state with these drugs is not known is not as its genes say.
    frame = frame.with_columns(pl.coalesce(name, genetic(name)).alias(name) for name in wanted if genetic(name) != name)
    undecided = [name for name in wanted if gene_of(name) and frame.schema[name] == pl.String]
    frame = frame.with_columns(
        pl.when(~pl.col(name).is_in(_UNDECIDED)).then(pl.col(name)).alias(name) for name in undecided
    )
    frame = _without_unplaced(frame, endpoint)
    for name, parts in endpoint.derived.items():
        present = [part for part in parts if part in frame.columns]
        if present:
            frame = frame.with_columns(pl.any_horizontal(_truth(frame, part) for part in present).alias(name))
    for imputation in endpoint.imputations:
        number = pl.col(imputation.column).cast(pl.Float64, strict=False)
        frame = frame.with_columns(number.is_not_null().alias(GIVEN + imputation.column), _imputed(imputation))
    return frame


def _without_unplaced(frame: pl.DataFrame, endpoint: Endpoint) -> pl.DataFrame:
    """Make the phenotypes unknown that are neither a term's nor the baseline's, and mark where that is."""
    for name, baseline in endpoint.baseline_levels.items():
        if name in frame.columns and frame.schema[name] == pl.String:
            terms = [level for term in endpoint.terms if term.reading.column == name for level in term.reading.levels]
            other = pl.col(name).is_not_null() & ~pl.col(name).is_in([*baseline, *map(str, terms)])
            marked = other.fill_null(False).alias(UNPLACED + name)
            frame = frame.with_columns(marked, pl.when(~other).then(pl.col(name)).alias(name))
    return frame


def read(frame: pl.DataFrame, reading: Reading) -> Floats:
    """Return one reading as float64 (n,), NaN where the column is null (``yes``, ``recorded``, ``missing``: never)."""
    column = frame[reading.column]
    if reading.kind == "missing":
        value = (~is_given(column)).astype(np.float64)
    elif reading.kind == "yes":
        value = _is_true(column).astype(np.float64)
    elif reading.kind == "level":
        value = _masked(_is_in(column, reading.levels), is_given(column))
    elif reading.kind == "recorded":
        value = _is_in(column, reading.levels).astype(np.float64)
    elif reading.kind == "status":
        text = column.cast(pl.String)
        positive, negative = (
            text.str.contains(f"{reading.text} {word}", literal=True) for word in ("positive", "negative")
        )
        told = (positive | negative).fill_null(False).to_numpy()
        value = np.where(told, positive.fill_null(False).to_numpy().astype(np.float64), np.nan)
    elif reading.kind == "text_count":
        texts, cells = reading.levels or (reading.text,), column.cast(pl.String)
        counts = [cells.str.count_matches(str(text), literal=True).cast(pl.Float64) for text in texts]
        value = np.sum([count.fill_null(float("nan")).to_numpy() for count in counts], axis=0)
    else:
        number = _numbers(column)
        if reading.kind == "range":
            inside = ((number >= reading.at_least) & (number < reading.below)).astype(np.float64)
            value = np.where(np.isnan(number), np.nan, inside)
        else:
            scaled = (number - reading.center) / reading.per
            value = np.floor(scaled) if reading.floor else scaled
    if reading.unless_column:
        value = np.where(_is_in(frame[reading.unless_column], reading.unless_levels), 0.0, value)
    return np.ascontiguousarray(value, dtype=np.float64)


def bare(terms: Floats, margin: Floats, assumed: NDArray[np.bool_] | None = None) -> Prior:
    """Return a prior without what only scores read: its doubt is NaN; what was assumed is known where it is given."""
    none, no = np.broadcast_to(np.nan, len(margin)), np.broadcast_to(np.False_, terms.shape)
    return Prior(terms, margin, none, no if assumed is None else assumed, none > 0, none, none)


def prior(frame: pl.DataFrame, endpoint: Endpoint) -> Prior:
    """Evaluate the prior of every row of a prepared frame.

    Where several published genetic effects apply at once, the largest stands alone in the terms (see `lead`).
    """
    n, k = frame.height, len(endpoint.terms)
    terms, assumed = np.zeros((n, k)), np.zeros((n, k), dtype=np.bool_)
    copies, doubt = np.zeros((n, k)), np.zeros((n, k))
    variance = np.full(n, endpoint.baseline_se**2)
    values = [read(frame, term.reading) for term in endpoint.terms]
    unknown = _unknown_genes(endpoint, frame, values)
    for j, term in enumerate(endpoint.terms):
        value, absent = _filled(term, values[j], endpoint, unknown, frame)
        assumed[:, j] = absent
        variance += np.where(absent, term.coefficient**2 * term.variance, 0.0)
        terms[:, j] = term.coefficient * value
        doubt[:, j] = (term.se * value) ** 2
        if term.measure == "risk":  # measured in those who have it: what is not known of the others adds nothing
            variance -= np.where(~absent & (value == 1.0), endpoint.baseline_se**2, 0.0)
        if term.single and term.coefficient:
            copies[:, j] = np.where(absent, 0.0, np.abs(value))
    kept, below, above, combined = lead(terms, copies)
    # The doubt is that of what is kept: one copy of the effect that leads; how far the rest may go is said beside it.
    leads = (copies > 0) & (kept != 0)
    once = np.where(leads, doubt / np.maximum(copies, 1.0) ** 2, 0.0)
    variance += np.where(combined[:, None] & (copies > 0), once, doubt).sum(axis=1)
    return Prior(kept, endpoint.baseline + kept.sum(axis=1), variance, assumed, combined, below, above)


def _filled(
    term: Term, value: Floats, endpoint: Endpoint, unknown: Mapping[str, NDArray[np.bool_]], frame: pl.DataFrame
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return a term's reading with what stands in where it is not known, and where that is."""
    absent, gene = np.isnan(value), gene_of(term.reading.column)
    if gene in unknown and term.reading.kind == "missing":
        return unknown[gene].astype(np.float64), unknown[gene]
    if gene in unknown and term.optional:
        alone = any(
            other.reading.kind == "missing" and gene_of(other.reading.column) == gene for other in endpoint.terms
        )
        stand_in = 0.0 if alone else term.mean
        return np.where(unknown[gene], stand_in, np.where(absent, 0.0, value)), unknown[gene]
    if term.optional:
        return np.where(absent, 0.0, value), np.zeros(len(value), dtype=np.bool_)
    given = GIVEN + term.reading.column
    filled = np.where(absent, term.mean, value)
    return filled, absent | ~frame[given].to_numpy() if given in frame.columns else absent


def _unknown_genes(endpoint: Endpoint, frame: pl.DataFrame, values: Sequence[Floats]) -> dict[str, NDArray[np.bool_]]:
    """Return where nothing that a row says of a gene decides its optional terms: gene -> bool (n,).

    A column decides where all its terms can be read. One that other terms go by only ``unless`` it has a value listed
    there (a diplotype of which the equation knows a few) decides where it has such a value, or matches a term.
    """
    columns: dict[str, dict[str, list[int]]] = {}
    for j, term in enumerate(endpoint.terms):
        gene = gene_of(term.reading.column)
        if gene and term.optional:
            columns.setdefault(gene, {}).setdefault(term.reading.column, []).append(j)
    listed = {
        term.reading.unless_column: term.reading.unless_levels for term in endpoint.terms if term.reading.unless_column
    }
    unknown: dict[str, NDArray[np.bool_]] = {}
    for gene, terms in columns.items():
        decided = np.zeros(frame.height, dtype=np.bool_)
        for column, numbers in terms.items():
            readings = np.column_stack([values[j] for j in numbers])
            decides = ~np.isnan(readings).any(axis=1) & is_given(frame[column])
            if column in listed:
                decides &= _is_in(frame[column], listed[column]) | (np.nan_to_num(readings) != 0).any(axis=1)
            decided |= decides
        unknown[gene] = ~decided
    return unknown


def lead(terms: Floats, copies: Floats) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
    """Let the largest of several genetic effects stand alone; return terms, distances below and above, and where.

    Studies publish the effect of one variant, or of one gene, against everybody else. Two of them in one person (or two
    copies of one) were measured by none, and their product runs up to certainty. So the estimate is that of the largest
    single effect, and the interval reaches from there to the product. Effects of equations that were fitted together
    (``measure = "coefficient"``) are not touched. `copies` is 0 where an effect does not apply.
    """
    combined = copies.sum(axis=1) > 1.0 + 1e-9
    if not combined.any():
        return terms, np.zeros(len(terms)), np.zeros(len(terms)), combined
    single = np.where(copies > 0, terms / np.maximum(copies, 1.0), 0.0)
    largest = np.argmax(np.abs(single), axis=1)
    leading = np.arange(terms.shape[1]) == largest[:, None]
    kept = np.where(combined[:, None] & (copies > 0), np.where(leading, single, 0.0), terms)
    left_out = terms - kept
    return kept, -np.minimum(left_out, 0.0).sum(axis=1), np.maximum(left_out, 0.0).sum(axis=1), combined


def matrix(frame: pl.DataFrame, features: Sequence[Feature]) -> NDArray[np.float32]:
    """Return the booster's matrix, float32 (n, features), NaN = missing."""
    out = np.empty((frame.height, len(features)), dtype=np.float32)
    for j, feature in enumerate(features):
        out[:, j] = read(frame, feature.reading)
    return out


def encode(frame: pl.DataFrame, endpoint: Endpoint, features: Sequence[Feature]) -> tuple[Prior, NDArray[np.float32]]:
    """Return the prior and the matrix of a frame that is not prepared yet, made a block of rows at a time."""
    first = prepare(frame.slice(0, _BLOCK), endpoint, features)
    if frame.height <= _BLOCK:
        return prior(first, endpoint), matrix(first, features)
    n, k = frame.height, len(endpoint.terms)
    assumed, combined = np.empty((n, k), dtype=np.bool_), np.empty(n, dtype=np.bool_)
    whole = Prior(np.empty((n, k)), np.empty(n), np.empty(n), assumed, combined, np.empty(n), np.empty(n))
    x = np.empty((n, len(features)), dtype=np.float32)
    for begin in range(0, n, _BLOCK):
        rows = slice(begin, begin + _BLOCK)
        prepared = prepare(frame.slice(begin, _BLOCK), endpoint, features)
        x[rows] = matrix(prepared, features)
        block_prior = prior(prepared, endpoint)
        for field in fields(block_prior):
            getattr(whole, field.name)[rows] = getattr(block_prior, field.name)
    return whole, x


def _numbers(column: pl.Series) -> Floats:
    """Read numbers; what is not a number, or is beyond `_LARGEST`, is unknown."""
    number = column.cast(pl.Float64, strict=False).to_numpy()  # null becomes NaN
    return np.where(np.abs(number) <= _LARGEST, number, np.nan)


def is_given(column: pl.Series) -> NDArray[np.bool_]:
    """Whether a column has a value, bool (n,); most columns of one person have all or none, which is seen at once."""
    nulls = column.null_count()
    if nulls in (0, len(column)):
        return np.full(len(column), nulls == 0)
    return column.is_not_null().to_numpy()


def _is_true(column: pl.Series) -> NDArray[np.bool_]:
    if column.null_count() == len(column):
        return np.zeros(len(column), dtype=np.bool_)
    yes = truth(column)
    return (yes.fill_null(False) if yes.null_count() else yes).to_numpy()


def truth(column: pl.Series) -> pl.Series:
    """Read booleans, 0/1 numbers and yes/no words as booleans; anything else is null."""
    if column.dtype == pl.Boolean:
        return column
    if column.dtype == pl.Null:
        return pl.Series(column.name, [None] * len(column), dtype=pl.Boolean)
    if column.dtype == pl.String:
        words = column.str.strip_chars().str.to_lowercase()
        yes, no = words.is_in(["yes", "true", "1", "y", "current"]), words.is_in(["no", "false", "0", "n", "never"])
        return pl.select(pl.when(yes).then(True).when(no).then(False)).to_series().alias(column.name)
    return column != 0


def _truth(frame: pl.DataFrame, name: str) -> pl.Expr:
    return pl.lit(truth(frame[name])) if frame.height else pl.lit(None, dtype=pl.Boolean)


def _is_in(column: pl.Series, levels: Sequence[object]) -> NDArray[np.bool_]:
    """Whether a value is one of the levels; numbers compare as numbers, everything else as text. Null is not."""
    if column.null_count() == len(column):
        return np.zeros(len(column), dtype=np.bool_)
    if column.dtype.is_numeric():
        wanted = [value for level in levels if (value := _number(level)) is not None]
        return _any_of(column.cast(pl.Float64), wanted)
    texts = column.cast(pl.String)
    matches = _any_of(texts, [str(level) for level in levels])
    numbers = [float(level) for level in levels if isinstance(level, int | float)]
    if numbers:  # one word in a column of numbers makes text of them all: 1 is the level 1.0
        matches |= _any_of(texts.cast(pl.Float64, strict=False), numbers)
    return matches


def _any_of(column: pl.Series, wanted: Sequence[object]) -> NDArray[np.bool_]:
    if len(column) <= _FEW:
        return np.array([value in wanted for value in column.to_list()], dtype=np.bool_)
    return column.is_in(wanted).fill_null(False).to_numpy().copy()


def _number(level: object) -> float | None:
    try:
        return float(str(level))
    except ValueError:
        return None


def flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Leave out columns that no feature can be: of lists, structs and objects, or called like a pattern of names."""
    kept = [column for column in frame.iter_columns() if not pattern(column.name)]
    return pl.DataFrame([column for column in kept if not column.dtype.is_nested() and column.dtype != pl.Object])


def pattern(name: str) -> bool:
    """Whether polars would read a column's name as a pattern, and so find others, or none, in its place."""
    return name.startswith("^") and name.endswith("$")


def _masked(value: NDArray[np.bool_], known: NDArray[np.bool_]) -> Floats:
    return np.where(known, value.astype(np.float64), np.nan)


def _imputed(imputation: Imputation) -> pl.Expr:
    value = pl.lit(imputation.default)
    for when, amount in reversed(imputation.rows):
        holds = pl.all_horizontal(pl.col(c).cast(pl.String).eq_missing(pl.lit(str(level))) for c, level in when)
        value = pl.when(holds).then(pl.lit(amount)).otherwise(value)
    return pl.coalesce(pl.col(imputation.column).cast(pl.Float64, strict=False), value).alias(imputation.column)
