"""What the pages of several persons have in common: the same rows mean the same words, which are found once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import polars as pl

from pgx.cells import distinct
from pgx.judgement import Judgement
from pgx.reports.page.advice import Advice, Row, advice_of
from pgx.reports.page.drug_line import drug_of
from pgx.reports.page.lexicon import Lexicon
from pgx.reports.page.model import Drug, Gene
from pgx.reports.page.products import Products

_T = TypeVar("_T")
_MOST = 20_000
"""Drugs, genes or pieces of text that are kept; then all are forgotten, so that memory does not grow with persons."""


class Shared:
    """Advice, drugs and genes of the persons of one result, each made once; nothing in them says whose they are.

    Rows are told apart by their identity: whoever asks gives the same row (`rows_of`) for the same content.

    Parameters
    ----------
    lexicon
        Words for the codes.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.pieces: dict[object, Any] = {}
        self._advice: dict[int, tuple[Row, Advice]] = {}
        self._drugs: dict[object, tuple[object, Drug]] = {}
        self._genes: dict[object, tuple[object, Gene]] = {}
        self._made: dict[object, Any] = {}

    def drug(
        self,
        name: str,
        rows: Sequence[Row],
        medication: str,
        notes: Sequence[Row],
        copy_ranges: Mapping[str, Sequence[str]],
        alleles: Mapping[str, str],
        judged: Judgement | None,
        tests: Sequence[Row],
        products: Products,
    ) -> Drug:
        """Return the line of a drug (`drug_of`); `notes` are those on it alone, `judged` names nobody."""
        asked = dict.fromkeys(gene for row in rows for gene in row["genes"] or ())  # type: ignore[attr-defined]
        copies = {gene: tuple(copy_ranges[gene]) for gene in asked if copy_ranges.get(gene)}
        said = tuple((note["code"], note["message"]) for note in notes)
        named = {gene: alleles[gene] for gene in asked if gene in alleles}
        known = tuple(copies.items()), tuple(named.items())
        key = name, *map(id, rows), medication, said, known, id(judged), *map(id, tests), *products.items()
        if key not in self._drugs:
            _bounded(self._drugs)
            advice = [self._advice_of(row) for row in rows]
            made = drug_of(
                name,
                advice,
                medication,
                notes,
                copies,
                judged,
                tests,
                lexicon=self.lexicon,
                products=products,
                alleles=named,
            )
            self._drugs[key] = (rows, tests, judged), made  # what is kept is not given the identity of something else
        return self._drugs[key][1]

    def gene(
        self, row: Row, classes: Sequence[Row], guided: bool, make: Callable[[Row, Sequence[Row], bool, Lexicon], Gene]
    ) -> Gene:
        """Return a gene, as `make` makes it of its call and phenotypes."""
        key = id(row), *map(id, classes), guided
        if key not in self._genes:
            _bounded(self._genes)
            self._genes[key] = (row, classes), make(row, classes, guided, self.lexicon)
        return self._genes[key][1]

    def of_row(self, row: Row, make: Callable[..., _T], *more: object) -> _T:
        """Return what `make` makes of a row, in the words of the lexicon, and of what else is told it."""
        return piece(self._made, row, (make, more), lambda: make(row, self.lexicon, *more))

    def _advice_of(self, row: Row) -> Advice:
        if id(row) not in self._advice:
            _bounded(self._advice)
            self._advice[id(row)] = row, advice_of(row, self.lexicon)
        return self._advice[id(row)][1]


def piece(pieces: dict[object, Any], about: object, key: object, make: Callable[[], _T]) -> _T:
    """Return a piece of a page from those that were made, or make it; `about` is what it shows, known by identity."""
    whole = id(about), key
    if whole not in pieces:
        _bounded(pieces)
        pieces[whole] = about, make()
    found: _T = pieces[whole][1]
    return found


def rows_of(frame: pl.DataFrame) -> dict[str | None, list[Row]]:
    """Return the rows of each sample, without its name: equal rows are the same object."""
    told, numbers = distinct(frame, [name for name in frame.columns if name != "sample"])
    rows: Sequence[Row] = told.rows(named=True)
    found: dict[str | None, list[Row]] = {}
    for sample, number in zip(frame["sample"].to_list(), numbers.to_list(), strict=True):
        found.setdefault(sample, []).append(rows[number])
    return found


def _bounded(kept: dict[Any, Any]) -> None:
    if len(kept) >= _MOST:
        kept.clear()
