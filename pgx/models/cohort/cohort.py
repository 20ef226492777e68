"""A site's cohort, checked and turned into arrays: outcome, persons, prior, and a matrix of usable features."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.errors import InputError
from pgx.features.names import gene_of
from pgx.models.cohort import cell_values, column_choice, missing_codes, persons_column, spending
from pgx.models.cohort.tables import absent
from pgx.models.evidence import allele_counts, design, plausible
from pgx.models.evidence.endpoint import Endpoint, Feature
from pgx.models.evidence.links import linked, measured, natural
from pgx.models.fitting.boost import Floats
from pgx.models.fitting.linear import Data, per_person

if TYPE_CHECKING:
    from pgx.knowledge import KnowledgeBase

RESERVED = ("sample", "person", "site", "time", "outcome", "truth", "weight", "scenario")
_YES, _NO = ("true", "yes", "1", "y", "1.0"), ("false", "no", "0", "n", "0.0")
_FAR = 3.0
"""Ratio of a cohort's median dose to the published one from which on its unit is asked for."""


@dataclass(frozen=True, slots=True)
class Cohort:
    """A cohort ready for fitting.

    Parameters
    ----------
    data
        Prior, matrix, outcome and persons.
    frame
        The rows used, in the order of the arrays, as read.
    prior
        The prior term by term, without what only scores read of it (`design.bare`).
    features
        The matrix's columns.
    site, time
        Site codes and order in time, or None.
    left_out
        Reason -> number of rows not used.
    unused
        Columns that are not features, with the reason.
    site_names
        Name of each site code.
    remarks
        Code and sentence of what the user must know of the table.
    coded
        Column -> numbers that stand for "not known" in it.
    """

    data: Data
    frame: pl.DataFrame
    prior: design.Prior
    features: tuple[Feature, ...]
    site: NDArray[np.int64] | None
    time: Floats | None
    left_out: dict[str, int]
    unused: dict[str, str]
    site_names: tuple[str, ...] = ()
    remarks: tuple[tuple[str, str], ...] = ()
    coded: missing_codes.Found = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Roles:
    """Which columns of a cohort table are what; None = the usual name if present.

    Parameters
    ----------
    outcome
        0/1 (or yes/no) for risks, the dose for doses; usual names: ``outcome``, then the endpoint's name.
    person
        Rows of one person are never divided between folds; usual names ``person``, ``sample``, then those of
        `persons_column`.
    site, time
        For leave-one-site-out and forward-in-time evaluation; usual names ``site``, ``time``.
    ignore
        Columns that must not become features.
    others
        Columns that the endpoint does not name become features too; so it is anyway where it names no features.
    """

    outcome: str | None = None
    person: str | None = None
    site: str | None = None
    time: str | None = None
    ignore: tuple[str, ...] = ()
    others: bool = False


def load(
    table: pl.DataFrame,
    endpoint: Endpoint,
    roles: Roles,
    features: Sequence[Feature] | None = None,
    kb: KnowledgeBase | None = None,
    whole: Collection[str] | None = None,
) -> Cohort:
    """Check a cohort table and turn it into arrays.

    Parameters
    ----------
    table
        One row a person (or several): feature columns and the columns of `roles`.
    endpoint
        What is to be predicted.
    roles
        Which columns are what.
    features
        The matrix's columns; None = the endpoint's own, or, where it names none, the prior's terms and every other
        usable column.
    kb
        Knowledge base by whose words cells are understood (see `cell_values`); None = as written.
    whole
        Columns whose values are read from the frame afterwards: of others it may keep no more than the gaps, which
        takes less memory. None = all.

    Raises
    ------
    InputError
        If a named column does not exist, the outcome cannot be used, or no row has a genotype that the endpoint needs.
    """
    unfit = unfit_columns(table)
    table = absent(design.flat(table))
    told, misread = dict[tuple[str, str], str](), list[str]()
    if kb is not None:
        table, told, misread = cell_values.understood(table, endpoint, kb, features=features or ())
    outcome, person, site, time = named(table, endpoint, roles)
    y, given, keep, left_out = usable(table, outcome, endpoint)
    some = bool(given.any()), has_genotype(table, endpoint), bool(keep.any())
    check_rows(*some, outcome, endpoint, misread, left_out, kb)
    frame = table if keep.all() else rows_of(table, keep)
    del table  # of a large one there must not be two
    y = y[keep]
    check_outcome(y, outcome, endpoint)
    taken = {name for name in (outcome, person, site, time, *roles.ignore, *RESERVED) if name}
    tally = missing_codes.Tally()
    tally.add(frame, list(taken))
    frame = missing_codes.clean(frame, tally.found())
    allowed = plausible.limits([name for name in frame.columns if name not in taken], kb) if kb is not None else {}
    impossible = plausible.said(plausible.found(frame, allowed), allowed)
    frame = plausible.keep_out(frame, allowed)
    unused: dict[str, str] = {}
    remarks = [*cell_values.sentences(told), *(("genotype_spelling", text) for text in misread)]
    remarks += missing_codes.said(tally.found()) + impossible
    if np.ptp(y) == 0:
        text = f"every row has {outcome} = {y[0]:g}: check the coding, there is nothing to learn"
        remarks.append(("one_outcome", text))
    people = codes(frame[person], alone=True) if person else np.arange(frame.height)
    if person:
        remarks += persons_column.remarks(frame[person], people, asked=roles.person is not None)
    weight = per_person(people)
    if features is None:
        once = None if weight is None else people
        features, unused, said = column_choice.choose(frame, endpoint, taken, y, others=roles.others, people=once)
        unused |= unfit
        remarks += said
    if whole is None:
        prior, x = design.encode(frame, endpoint, features)
    else:
        rest = [frame]
        del frame  # its columns must go as they are read
        kept = {*whole, *(name for name in (outcome, person, site, time) if name)}
        prior, x, frame = spending.encode(rest.pop(), endpoint, features, kept)
    remarks += _evidence_read(prior, endpoint) + _unit(y, prior, endpoint)
    prior = design.bare(prior.terms, prior.margin, prior.assumed)
    sites = codes(frame[site], alone=False) if site else None
    names = tuple(frame[site].cast(pl.String).fill_null("unknown").unique().sort()) if site else ()
    order = _order(frame[time]) if time else None
    link_y = linked(y, endpoint.link)
    data = Data(prior.margin, x, link_y, people, weight)
    return Cohort(data, frame, prior, tuple(features), sites, order, left_out, unused, names, tuple(remarks),
                  tally.found())  # fmt: skip


def rows_of(table: pl.DataFrame, keep: NDArray[np.bool_]) -> pl.DataFrame:
    """Return a part of a table's rows, made a column at a time."""
    chosen = pl.Series(keep)
    return pl.DataFrame([column.filter(chosen) for column in table.iter_columns()])


def unfit_columns(table: pl.DataFrame) -> dict[str, str]:
    """Return the columns that no feature can be, with the reason."""
    fit, why = design.flat(table.clear()).columns, ("a list or object", "its name is a pattern")
    return {name: why[design.pattern(name)] for name in table.columns if name not in fit}


def named(table: pl.DataFrame, endpoint: Endpoint, roles: Roles) -> tuple[str, str | None, str | None, str | None]:
    """Return the names of the outcome, person, site and time columns.

    Raises
    ------
    InputError
        If a column that was named does not exist, there is no outcome, or one column is the outcome and more.
    """
    outcome = str(_role(table, roles.outcome, ("outcome", endpoint.name), "outcome", required=True))
    person = _role(table, roles.person, ("person", "sample"), "person") or persons_column.of(table, outcome)
    site = _role(table, roles.site, ("site",), "site")
    time = _role(table, roles.time, ("time",), "time")
    for what, name in (("person", person), ("site", site), ("time", time)):
        if name == outcome:
            raise InputError(f"the column {name!r} cannot be both outcome and {what}", fix=f"name it with --{what}")
    for name in roles.ignore:
        # A slip of the pen would leave in what must not be learned from.
        if name not in table.columns and name not in RESERVED:
            text = f"the cohort has no column {name!r} to ignore"
            raise InputError(text, fix=f"its columns begin with {_some(table)}")
    return outcome, person, site, time


def usable(
    table: pl.DataFrame, outcome: str, endpoint: Endpoint
) -> tuple[Floats, NDArray[np.bool_], NDArray[np.bool_], dict[str, int]]:
    """Return the outcome, where it is given, which rows can be used, and why the others cannot.

    Raises
    ------
    InputError
        If an outcome is not understood.
    """
    y, given, left_out = _outcome(table, outcome, endpoint)
    keep = given
    for name in endpoint.raw["population"].get("trained", []):
        known = (
            table[name].is_not_null().to_numpy() if name in table.columns else np.zeros(table.height, dtype=np.bool_)
        )
        if (keep & ~known).any():
            left_out[f"{name} not known"] = int((keep & ~known).sum())
            keep = keep & known
    return y, given, keep, left_out


def has_genotype(table: pl.DataFrame, endpoint: Endpoint) -> bool:
    """Whether any row has a genotype that the endpoint needs, or it needs none."""
    needed = _needed(endpoint)
    return not needed or any(name in table.columns and table[name].null_count() < table.height for name in needed)


def check_rows(
    given: bool,
    genotype: bool,
    kept: bool,
    outcome: str,
    endpoint: Endpoint,
    misread: Sequence[str],
    left_out: dict[str, int],
    kb: KnowledgeBase | None,
) -> None:
    """Refuse a cohort without an outcome, without the genes that its scores would need, or without a usable row.

    A model of persons none of whom has a gene that its scores need could be applied to nobody.
    """
    if not given:
        raise InputError(f"no row has a usable {outcome!r}", where=f"column {outcome}", fix="check the outcome column")
    if not genotype:
        raise InputError(
            misread[0] if misread else f"no row has a genotype that {endpoint.name} needs",
            where=f"column {' or '.join(_needed(endpoint))}",
            fix="use the columns that `pgx features` writes" + (f": {allele_counts.wish(endpoint, kb)}" if kb else ""),
        )
    if not kept:
        raise InputError(f"no row with an outcome has what training needs: {', '.join(left_out)}",
                         fix="use the columns that `pgx features` writes")  # fmt: skip


def _role(
    table: pl.DataFrame, given: str | None, usual: Sequence[str], what: str, required: bool = False
) -> str | None:
    if given is not None:
        if given not in table.columns:
            raise InputError(f"the cohort has no {what} column {given!r}", fix=f"its columns begin with {_some(table)}")
        return given
    for name in usual:
        if name in table.columns:
            return name
    if required:
        raise InputError(f"the cohort has no {what} column", fix=f"name it with --{what} (columns: {_some(table)})")
    return None


def _some(table: pl.DataFrame) -> str:
    return ", ".join(table.columns[:6])


def _outcome(table: pl.DataFrame, name: str, endpoint: Endpoint) -> tuple[Floats, NDArray[np.bool_], dict[str, int]]:
    column = table[name]
    if endpoint.link == "logit" and column.dtype in (pl.String, pl.Boolean):
        words = column.cast(pl.String).str.strip_chars().str.to_lowercase()
        known = words.is_in([*_YES, *_NO]).fill_null(False)
        _refuse_any(~known & words.is_not_null() & (words != ""), "0/1 or yes/no", name)
        values = words.is_in(_YES).cast(pl.Float64).to_numpy().copy()
        values[~known.to_numpy()] = np.nan
    else:
        number = column.cast(pl.Float64, strict=False)
        _refuse_any(number.is_null() & (column.cast(pl.String) != ""), "a number", name)
        values = number.fill_null(float("nan")).to_numpy()
    keep = np.isfinite(values)
    left_out = {"outcome missing": int((~keep).sum())} if not keep.all() else {}
    return values, keep, left_out


def _refuse_any(strange: pl.Series, what: str, name: str) -> None:
    """Refuse outcomes that cannot be read, by the first row, and without what stands there."""
    if strange.any():
        text = f"row {strange.arg_true()[0] + 1} is not {what}"
        raise InputError(text, where=f"column {name}", fix="recode the outcome")


def check_outcome(y: Floats, name: str, endpoint: Endpoint) -> None:
    """Refuse outcomes that are no events and no doses."""
    where = f"column {name}"
    if endpoint.link == "logit":
        if ((y != 0) & (y != 1)).any():
            fix = "code events as 1 and others as 0; of several classes, make one endpoint each"
            raise InputError("an outcome is not 0 or 1", where=where, fix=fix)
    elif _coded(y):
        text = f"{(y == y.max()).sum()} rows have {y.max():g} {endpoint.unit}, the others less than half of that"
        raise InputError(text, where=where, fix=f"leave the cell empty where no {endpoint.kind} is known")
    elif (y <= 0).any():
        raise InputError(
            f"a value of 0 {endpoint.unit} or less is not {_an(endpoint.kind)}",
            where=where,
            fix="leave out patients without one",
        )


def _an(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def _coded(y: Floats) -> bool:
    """Whether the largest doses are a code for missing, like 999."""
    return y.max() in (999.0, 9999.0, 99999.0) and bool((y[y < y.max()] < 0.5 * y.max()).all())


def _needed(endpoint: Endpoint) -> list[str]:
    return sorted({other for name in endpoint.requires for other in (name, design.genetic(name))})


def _evidence_read(prior: design.Prior, endpoint: Endpoint) -> list[tuple[str, str]]:
    """Say so where the published genetic effects could be read in few rows only."""
    genes = [j for j, term in enumerate(endpoint.terms) if gene_of(term.reading.column)]
    share = float(1.0 - prior.assumed[:, genes].all(axis=1).mean()) if genes and len(prior.margin) else 1.0
    if share >= 0.5:
        return []
    return [("evidence_hardly_read", f"only {share:.0%} of the rows have a genotype that the published evidence reads")]


def _unit(y: Floats, prior: design.Prior, endpoint: Endpoint) -> list[tuple[str, str]]:
    """Ask for the unit where doses are far from the published equation's: a day's dose is a seventh of a week's."""
    if not measured(endpoint.link):
        return []
    median, expected = float(np.median(y)), float(np.median(natural(prior.margin, endpoint.link)))
    if 1.0 / _FAR <= median / max(expected, 1e-9) <= _FAR:
        return []
    said = f"the published {'equation' if endpoint.kind == 'dose' else 'evidence'} expects {expected:.3g}"
    text = f"half of the {endpoint.kind}s are below {median:.3g} {endpoint.unit}, {said}"
    return [("doses_far_from_published", f"{text}: look at their unit")]


def codes(column: pl.Series, *, alone: bool) -> NDArray[np.int64]:
    """Number the values; a row without one is a group of its own (`alone`) or of the group ``unknown``.

    Names of persons (`alone`) that differ only in case are one: two rows of a person must not stand in two folds.
    """
    text = column.cast(pl.String)
    text = text.str.strip_chars().str.to_lowercase() if alone else text
    missing = text.is_null() if alone else pl.Series([False] * len(text))
    text = text.fill_null("unknown") if not alone else text
    filled = pl.select(pl.when(missing).then(pl.format("\0{}", pl.int_range(len(text)))).otherwise(text)).to_series()
    return (filled.rank("dense").to_numpy() - 1).astype(np.int64)


def _order(column: pl.Series) -> Floats:
    if column.dtype == pl.String:
        # The day is what counts: whatever follows it (a time) is cut off.
        dates = column.str.extract(r"^(\d{4}-\d{2}-\d{2})").str.to_date(strict=False)
        numbers = column.cast(pl.Float64, strict=False)
        read = dates if dates.null_count() <= numbers.null_count() else numbers
        strange, known = read.null_count() - column.null_count(), len(column) - column.null_count()
        if strange:
            what = "date (YYYY-MM-DD)" if strange < known and read is dates else "date (YYYY-MM-DD) or number"
            raise InputError(f"{strange} of {known} values are no {what}", where=f"column {column.name}",
                             fix="rewrite the column, or name another with --time")  # fmt: skip
        column = read
    return (
        column.cast(pl.Int64 if column.dtype.is_temporal() else pl.Float64)
        .cast(pl.Float64)
        .fill_null(float("nan"))
        .to_numpy()
    )
