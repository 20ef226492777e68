"""Cohorts of many rows: chosen for by a sample of persons, fitted on all rows.

What must be chosen (columns, candidates' weights, number of trees) and what must be estimated from persons that the fit
did not see (intervals, losses) rests on a random sample of whole persons. Persons with the rarer outcome are drawn more
often where they are few, and weighed back. The linear part and the trees are then fitted on every row: features are
held once, as float32 (1.3 GB for 10 million rows of 33 columns), and growing trees takes about twice that beside them.
For more than one machine's memory see `xgboost.dask`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.features import refused
from pgx.models.cohort import cell_values, cohort, hidden_gaps, missing_codes, summary, tables
from pgx.models.cohort.cohort import Cohort, Roles
from pgx.models.cohort.summary import Census, Tally
from pgx.models.cohort.tables import Source
from pgx.models.evidence import allele_counts, design, gene_agreement, gene_columns, plausible
from pgx.models.evidence.endpoint import Endpoint, Feature
from pgx.models.evidence.links import linked
from pgx.models.fitting.boost import Floats, Matrix
from pgx.models.fitting.linear import Data, per_person

if TYPE_CHECKING:
    from pgx.knowledge import KnowledgeBase

LIMIT = 200_000
"""Rows above which a sample chooses."""
SAMPLE = 100_000
"""Rows of the sample, about."""
RARE = 20_000
"""Rows of persons with the rarer outcome that the sample has at least, if there are so many."""


@dataclass(frozen=True, slots=True)
class Whole:
    """All rows of a cohort of which a sample is in memory.

    Parameters
    ----------
    endpoint, source, kb, words, coded
        The table, and how it is read.
    keep
        bool (rows of the table): rows that can be used.
    y, groups, weight
        As of `Data`, for the rows that are kept.
    sample
        The sample, in memory.
    sites
        Number of sites.
    left_out
        Reason -> rows not used.
    """

    endpoint: Endpoint
    source: Source
    kb: KnowledgeBase
    words: gene_columns.Words
    coded: missing_codes.Found
    keep: NDArray[np.bool_]
    y: Floats
    groups: NDArray[np.int64]
    weight: Floats | None
    sample: Cohort
    sites: int
    left_out: dict[str, int]

    def encode(self, features: tuple[Feature, ...], blind: bool, seed: int) -> tuple[Data, Census]:
        """Return the features of all rows, and count them.

        Parameters
        ----------
        features
            The matrix's columns.
        blind, seed
            Whether gaps are hidden (see `hidden_gaps.hide_gaps`), with values of the same block.
        """
        tally, prior, first = Tally(), np.empty(len(self.y)), 0
        x = np.empty((len(self.y), len(features)), dtype=np.float32)
        for margin, part in self._parts(features, blind, seed, tally):
            rows = slice(first, first + len(part))
            prior[rows], x[rows] = margin, part
            first += len(part)
        data = Data(prior, x, self.y, self.groups, self.weight)
        link = self.endpoint.link
        found = summary.counted(
            tally,
            int(self.groups.max()) + 1,
            self.sites,
            summary.average(self.y, self.weight, link),
            self.left_out,
            {"rows": len(self.sample.data.y), "persons": len(np.unique(self.sample.data.groups))},
        )
        return data, found

    def _parts(
        self, features: tuple[Feature, ...], blind: bool, seed: int, tally: Tally
    ) -> Iterator[tuple[Floats, Matrix]]:
        wanted = {*design.columns(self.endpoint, features), *summary.GROUPS, *self.words, refused.NAME}
        wanted |= set(allele_counts.columns(self.source.head, self.endpoint, self.kb))
        wanted |= gene_agreement.columns(self.source.head.columns, self.endpoint, self.kb)
        names = [name for name in self.source.head.columns if name in wanted]
        first = 0
        for number, block in enumerate(self.source.blocks(names)):
            keep = self.keep[first : first + block.height]
            first += block.height
            frame, _, _ = cell_values.understood(block, self.endpoint, self.kb, self.words, features)
            frame = missing_codes.clean(frame.filter(pl.Series(keep)), self.coded)
            frame = plausible.keep_out(frame, plausible.limits(frame.columns, self.kb))
            prepared = design.prepare(frame, self.endpoint, features)
            x = design.matrix(prepared, features)
            tally.add(frame, summary.columns(frame, features), x)
            margin = design.prior(prepared, self.endpoint).margin
            yield margin, hidden_gaps.hide_gaps(x, seed + number) if blind else x


def load(
    table: pl.DataFrame | str | Path, endpoint: Endpoint, roles: Roles, kb: KnowledgeBase, seed: int
) -> tuple[Cohort, Whole | None]:
    """Load a cohort: whole, or, above `LIMIT` rows, a sample of it and what reads the whole.

    Parameters
    ----------
    table
        A frame or a file.
    endpoint, roles, kb
        As for `cohort.load`.
    seed
        Seed of the sample.

    Raises
    ------
    InputError
        As `cohort.load`.
    """
    source = tables.source(Path(table) if isinstance(table, str) else table)
    if source.height <= LIMIT:
        return cohort.load(source.read(0, source.height, None), endpoint, roles, kb=kb), None
    whole = read(source, endpoint, roles, kb, seed)
    return whole.sample, whole


def read(source: Source, endpoint: Endpoint, roles: Roles, kb: KnowledgeBase, seed: int) -> Whole:
    """Read what is needed of every row, and a sample of the persons whole.

    Parameters
    ----------
    source
        The table.
    endpoint, roles, kb
        As for `cohort.load`.
    seed
        Seed of the sample.

    Raises
    ------
    InputError
        As `cohort.load`.
    """
    unfit = cohort.unfit_columns(source.head)
    counted = allele_counts.columns(source.head, endpoint, kb)
    wordy = gene_columns.wordy(source.head, endpoint, kb)
    words: dict[str, dict[str, int]] = {}
    for block in source.blocks(wordy) if wordy else ():
        gene_columns.count(block, wordy, words)
    outcome, person, site, _ = cohort.named(source.head, endpoint, roles)
    narrow = {
        outcome,
        person,
        site,
        *design.columns(endpoint),
        *endpoint.raw["population"].get("trained", []),
        *wordy,
        *counted,
        *gene_agreement.columns(source.head.columns, endpoint, kb),
        refused.NAME,
    }
    columns = [name for name in source.head.columns if name in narrow and name not in unfit]
    y, keep, people, sites = [], [], [], set[str]()
    left_out: dict[str, int] = {}
    given = genotype = False
    misread: list[str] = []
    values: dict[tuple[str, str], str] = {}
    for block in source.blocks(columns):
        frame, told, said = cell_values.understood(block, endpoint, kb, words)
        values = {**told, **values}
        misread = list(dict.fromkeys([*misread, *said]))
        value, has, use, why = cohort.usable(frame, outcome, endpoint)
        given, genotype = given or bool(has.any()), genotype or cohort.has_genotype(frame, endpoint)
        for reason, rows in why.items():
            left_out[reason] = left_out.get(reason, 0) + rows
        frame = frame.filter(pl.Series(use))
        y.append(value[use])
        keep.append(use)
        if person is not None:
            people.append(frame[person].cast(pl.String))
        if site is not None:
            sites |= set(frame[site].cast(pl.String).fill_null("unknown").unique())
    used = np.concatenate(keep)
    cohort.check_rows(given, genotype, bool(used.any()), outcome, endpoint, misread, left_out, kb)
    value = np.concatenate(y)
    cohort.check_outcome(value, outcome, endpoint)
    groups = cohort.codes(pl.concat(people), alone=True) if people else np.arange(len(value))
    chosen, drawn = draw(value, groups, endpoint.link, seed)
    leave = [name for name in (*cohort.named(source.head, endpoint, roles), *roles.ignore, *cohort.RESERVED) if name]
    taken, coded, impossible = _sample(source, endpoint, roles, kb, words, used, chosen, leave)
    weight = None if drawn is None else drawn[chosen]
    own = taken.data.weight
    both = weight if own is None else own if weight is None else own * weight
    found = cell_values.sentences(values) + missing_codes.said(coded) + impossible
    remarks = (*(("genotype_spelling", text) for text in misread), *found, *taken.remarks)
    taken = replace(taken, data=replace(taken.data, weight=both), left_out=left_out, unused=taken.unused | unfit,
                    remarks=remarks, coded=coded)  # fmt: skip
    outcomes = linked(value, endpoint.link)
    return Whole(endpoint, source, kb, words, coded, used, outcomes, groups, per_person(groups), taken,
                 len(sites), left_out)  # fmt: skip


def draw(y: Floats, groups: NDArray[np.int64], link: str, seed: int) -> tuple[NDArray[np.bool_], Floats | None]:
    """Draw whole persons: which rows, and, if one outcome was drawn more often, what the rows weigh (its own: 1).

    Persons (`groups`) are numbered from 0 without gaps.
    """
    rng, count = np.random.default_rng(seed), np.bincount(groups)
    if len(y) <= SAMPLE:
        return np.ones(len(y), dtype=np.bool_), None
    order = rng.permutation(len(count))
    event = np.zeros(len(count), dtype=np.bool_)
    if link == "logit":
        event[groups[y > 0.5]] = True
    share = SAMPLE / len(y)
    sides = [order[event[order]], order[~event[order]]]
    rows = [int(count[side].sum()) for side in sides]
    rare = int(rows[1] < rows[0])
    wanted = [0.0, 0.0]
    wanted[rare] = min(rows[rare], max(share * rows[rare], RARE)) if link == "logit" else share * rows[rare]
    wanted[1 - rare] = SAMPLE - wanted[rare]
    drawn = [side[: int(np.searchsorted(np.cumsum(count[side]), amount)) + 1] if amount else side[:0]
             for side, amount in zip(sides, wanted, strict=True)]  # fmt: skip
    chosen = np.zeros(len(count), dtype=np.bool_)
    chosen[np.concatenate(drawn)] = True
    if wanted[rare] <= share * rows[rare]:
        return chosen[groups], None
    rates = [len(side) / max(1, len(part)) for side, part in zip(sides, drawn, strict=True)]
    weight = np.ones(len(count))
    weight[event != bool(1 - rare)] = rates[1 - rare] / rates[rare]
    return chosen[groups], weight[groups]


def _sample(
    source: Source,
    endpoint: Endpoint,
    roles: Roles,
    kb: KnowledgeBase,
    words: gene_columns.Words,
    keep: NDArray[np.bool_],
    chosen: NDArray[np.bool_],
    leave: list[str],
) -> tuple[Cohort, missing_codes.Found, list[tuple[str, str]]]:
    """Return the sample, the codes for missing of all rows, and sentences of the values that no person can have."""
    tally, impossible = missing_codes.Tally(), dict[str, dict[float, int]]()
    rows = np.zeros(len(keep), dtype=np.bool_)
    rows[np.flatnonzero(keep)[chosen]] = True
    parts, first = [], 0
    flat = design.flat(source.head).columns
    allowed = plausible.limits([name for name in flat if name not in leave], kb)
    for block in source.blocks(flat):
        frame, _, _ = cell_values.understood(block, endpoint, kb, words)
        used = frame.filter(pl.Series(keep[first : first + block.height]))
        tally.add(used, leave)
        impossible = plausible.merged(impossible, plausible.found(used, allowed))
        parts.append(frame.filter(pl.Series(rows[first : first + block.height])))
        first += block.height
    coded = tally.found()
    other = {name: {v: n for v, n in seen.items() if v not in coded.get(name, {})} for name, seen in impossible.items()}
    sample = plausible.keep_out(missing_codes.clean(pl.concat(parts), coded), allowed)
    said = plausible.said({name: seen for name, seen in other.items() if seen}, allowed)
    return cohort.load(sample, endpoint, roles), coded, said
