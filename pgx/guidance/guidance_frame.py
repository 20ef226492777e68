"""From matched recommendations to `schema.GUIDANCE` rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx import cells, schema
from pgx.cells import BY_GENE, NAMES, flag_where
from pgx.codes import Applies, Flag, FlagCode, Urgency
from pgx.guidance import untested as absent
from pgx.guidance.conditions import NO_RESULT, Recommendation, compiled
from pgx.guidance.label_cells import NO_GENE
from pgx.guidance.matching import CAVEATS, Labels, Persons, distinct_rows
from pgx.guidance.static_columns import static_columns
from pgx.guidance.untested import Stakes
from pgx.knowledge import KnowledgeBase
from pgx.knowledge.sentences import compose

APPLIES = {
    Applies.YES: 0, Applies.IF_POPULATION: 1, Applies.POSSIBLE: 2, Applies.NOT_TESTED: 3, Applies.NO_MATCH: 4
}  # fmt: skip
_NAMES = {number: name.value for name, number in APPLIES.items()}
_NOBODY = "none"
_SOURCE_ORDER = ("CPIC", "DPWG", "FDA")


class Asked(Protocol):
    """A drug, and the persons whose results answer for it."""

    @property
    def drug(self) -> str:
        """Generic name."""

    @property
    def persons(self) -> Persons:
        """Persons asked."""


_PART = ("at", "probability", "code", "unsure", "text", "caveats")
_CONSTANT = ("drug", "source", "index", "genes", "untested", "unclear", "stakes", "stage")


class Emitted:
    """Rows found so far, as columns of arrays; a text is kept once."""

    def __init__(self) -> None:
        self._arrays: dict[str, list[NDArray[np.generic]]] = {name: [] for name in _PART}
        self._constants: dict[str, list[Any]] = {name: [] for name in _CONSTANT}
        self._texts: dict[tuple[tuple[tuple[str, str], ...], bool], int] = {((), False): 0}

    def add(
        self,
        asked: Asked,
        row: Recommendation,
        people: NDArray[np.int64],
        labels: Sequence[Labels],
        probability: NDArray[np.float64],
        applies: NDArray[np.int64],
        unsure: NDArray[np.bool_],
        stakes: Stakes,
        stage: Flag | None = None,
    ) -> None:
        """Add one recommendation for some persons; `stage` is what their treatment makes of it."""
        if not len(people):
            return
        untested = tuple(c.gene for c in row.conditions if c.compare == NO_RESULT)
        text = self._text(asked.persons, np.stack([label[people] for label in labels], axis=1))
        constants = (asked.drug, row.source, row.index, list(row.genes), untested)
        caveats = asked.persons.caveats(row.genes)[people]
        if stage is not None and stage.code == FlagCode.SET_ASIDE:
            applies = np.full_like(applies, APPLIES[Applies.NO_MATCH])
        arrays = (people, probability, applies, unsure, np.broadcast_to(text, people.shape), caveats)
        labels_of, flags = asked.persons.unclear(list(dict.fromkeys(row.genes)))
        for which, of_these in _cases(labels_of[people], len(flags)):
            about = [*untested, *(flag.about for flag in flags[which])]
            batch = [array[of_these] for array in arrays]
            self._append_by_stakes(batch, (*constants, flags[which]), stage, stakes, about)

    def not_tested(
        self, asked: Asked, source: str, genes: Sequence[str], people: NDArray[np.int64], stakes: Stakes
    ) -> None:
        """Add a row that says which genes of a source are not tested."""
        none = np.zeros(len(people), dtype=np.int64)
        self._silent(asked.drug, source, genes, people, Applies.NOT_TESTED, none, stakes=stakes)

    def no_match(
        self,
        asked: Asked,
        source: str,
        genes: Sequence[str],
        people: NDArray[np.int64],
        standing: Sequence[Labels],
        stakes: Stakes,
    ) -> None:
        """Add a row that says that a source has nothing for the results in `standing`.

        It says too whether a laboratory's result of the gene was refused: silence on what is left of it is no answer.
        """
        if len(people):
            text = self._text(asked.persons, np.stack([label[people] for label in standing], axis=1))
            labels_of, flags = asked.persons.unclear(list(genes))
            lost = [tuple(flag for flag in case if flag.code == FlagCode.OUTSIDE_UNKNOWN) for case in flags]
            for which, these in _cases(labels_of[people], len(flags)):
                self._silent(
                    asked.drug, source, genes, people[these], Applies.NO_MATCH, text[these], lost[which], stakes=stakes
                )

    def _silent(
        self,
        drug: str,
        source: str,
        genes: Iterable[str],
        people: NDArray[np.int64],
        why: Applies,
        text: Labels,
        unclear: tuple[Flag, ...] = (),
        stage: Flag | None = None,
        stakes: Stakes | None = None,
    ) -> None:
        n = len(people)
        if n:
            named = tuple(genes)
            untested = named if why == Applies.NOT_TESTED else ()
            nothing = np.full(n, np.nan), np.full(n, APPLIES[why]), np.zeros(n, dtype=bool)
            none = np.zeros(n, dtype=np.int64)
            about = [*untested, *(flag.about for flag in unclear)]
            constants = (drug, source, None, list(named), untested, unclear)
            self._append_by_stakes((people, *nothing, text, none), constants, stage, stakes, about)

    def nothing(self, drug: str, people: NDArray[np.int64]) -> None:
        """Add rows for a drug of which no source has a recommendation."""
        self._silent(drug, _NOBODY, [_NOBODY], people, Applies.NO_MATCH, np.zeros(len(people), dtype=np.int64))

    def acts_locally(self, drug: str, people: NDArray[np.int64]) -> None:
        """Add rows for a drug that acts where it is put alone."""
        none = np.zeros(len(people), dtype=np.int64)
        self._silent(drug, _NOBODY, [_NOBODY], people, Applies.NO_MATCH, none, stage=Flag(FlagCode.LOCAL_FORM))

    def _append_by_stakes(
        self,
        arrays: Sequence[NDArray[Any]],
        constants: tuple[object, ...],
        stage: Flag | None,
        stakes: Stakes | None,
        genes: Sequence[str],
    ) -> None:
        """Append rows apart by what `genes`, of which too little is known, could mean for the person."""
        if stakes is None or not genes or not len(arrays[0]):
            self._append(arrays, (*constants, {}, stage))
            return
        places = stakes.of_genes(genes, arrays[0])
        at, number = distinct_rows(places)
        for which, case in enumerate(places[at].tolist()):
            known = dict(zip(genes, case, strict=True))
            self._append([array[number == which] for array in arrays], (*constants, known, stage))

    def _append(self, arrays: Sequence[NDArray[np.generic]], constants: Sequence[object]) -> None:
        for name, array in zip(_PART, arrays, strict=True):
            self._arrays[name].append(array)
        for name, value in zip(_CONSTANT, constants, strict=True):
            self._constants[name].append(value)

    def _text(self, persons: Persons, labels: Labels) -> NDArray[np.int64]:
        """Number of each row's text: what satisfied each condition, and whether conversion made it so."""
        at, number = distinct_rows(labels)
        found = []
        for case in labels[at].tolist():
            words = tuple(persons.texts[i] for i in case if i >= 0)
            converted = any(i >= 0 and persons.converted[i] for i in case)
            found.append(self._texts.setdefault((words, converted), len(self._texts)))
        return np.array(found, dtype=np.int64)[number]

    def frame(self) -> pl.DataFrame | None:
        """Return everything added, or None."""
        if not self._arrays["at"]:
            return None
        columns = {name: np.concatenate(arrays) for name, arrays in self._arrays.items()}
        times = np.repeat(np.arange(len(self._arrays["at"])), [len(array) for array in self._arrays["at"]])
        kinds: dict[str, pl.DataType | type[pl.DataType]] = {
            "index": pl.Int64, "genes": NAMES, "untested": pl.Boolean, "unclear": pl.Boolean, "stake_flags": NAMES,
            "stage_flags": NAMES,
        }  # fmt: skip
        known = self._constants | self._absences()
        known.pop("stakes")
        known |= {name: [bool(listed) for listed in known[name]] for name in ("untested", "unclear")}
        stages = known.pop("stage")
        known["stage_flags"] = [[] if stage is None else [str(stage)] for stage in stages]
        known["stage"] = ["" if stage is None else str(stage.code) for stage in stages]
        constants = {
            name: (
                cells.list_column(name, values, NAMES)
                if kinds.get(name) == NAMES
                else pl.Series(name, values, dtype=kinds.get(name, pl.String))
            )[times]
            for name, values in known.items()
        }
        texts, converted = zip(*self._texts, strict=True)
        return pl.DataFrame(
            {
                "at": columns["at"],
                "code": columns["code"],
                "unsure": columns["unsure"],
                "caveats": columns["caveats"],
                "probability": pl.Series(np.round(columns["probability"], 6)).fill_nan(None),
                "phenotypes": cells.list_column(
                    "phenotypes",
                    [[{"gene": gene, "value": value} for gene, value in words] for words in texts],
                    BY_GENE,
                )[columns["text"]],
                "converted": np.array(converted)[columns["text"]],
                **constants,
            }
        )

    def _absences(self) -> dict[str, list[object]]:
        """What is said of each row's untested or unclear genes: a sentence where that is all, and the flags."""
        said: dict[str, list[object]] = {"absent": [], "stake_flags": []}
        for _, source, index, _, untested, unclear, known, _ in zip(*self._constants.values(), strict=True):
            sentence = absent.sentence(known, str(source), untested) if untested and index is None else None
            said["absent"].append(sentence)
            said["stake_flags"].append([*absent.flags(known, untested), *absent.unclear_flags(known, unclear)])
        return said


def replaced(guidance: pl.DataFrame, other: pl.DataFrame, keys: pl.DataFrame) -> pl.DataFrame:
    """Return the guidance with what another one says of some persons and drugs (``sample drug``), in its own order."""
    on = ["sample", "drug"]
    order = guidance.select(on).unique(maintain_order=True).with_row_index("_place")
    kept = guidance.join(keys, on=on, how="anti", maintain_order="left")
    instead = other.join(keys, on=on, how="semi", maintain_order="left")
    both = pl.concat([kept, instead]).join(order, on=on, maintain_order="left")
    return both.sort("_place", maintain_order=True).drop("_place")


def _cases(number: Labels, count: int) -> Iterator[tuple[int, NDArray[np.bool_] | slice]]:
    """Yield each case that there is, and which rows are in it; mostly there is only one."""
    if count == 1:
        yield 0, slice(None)
    else:
        yield from ((int(which), number == which) for which in np.unique(number))


def frame_of(
    emitted: Emitted, by_label: pl.DataFrame, samples: Sequence[str], drugs: Sequence[str], kb: KnowledgeBase
) -> pl.DataFrame:
    """Return the rows as `schema.GUIDANCE`, by sample, drug (in the order asked), source and certainty.

    `by_label` holds the limits of labels (`pgx.guidance.label_limits`), which stand behind the advice on their drug.
    """
    rows = emitted.frame()
    if rows is None:
        return schema.empty(schema.GUIDANCE)
    known = static_columns(kb)
    order = pl.DataFrame({"drug": drugs}, schema={"drug": pl.String}).with_row_index("drug_order")
    sources = pl.DataFrame({"source": _SOURCE_ORDER}).with_row_index("source_order")
    rows = (
        rows.join(known, on="index", how="left", maintain_order="left")
        .join(
            _sentences(kb, rows["index"].unique().drop_nulls().to_list()), on="index", how="left", maintain_order="left"
        )
        .pipe(_with_what_is_due)
        .pipe(_without_unpublished_doses, kb)
        .pipe(lambda found: pl.concat([found, by_label], how="diagonal_relaxed") if by_label.height else found)
        .join(order, on="drug", how="left", maintain_order="left")
        .join(sources, on="source", how="left", maintain_order="left")
        .sort("at", "drug_order", "source_order", "source", "code", "index", nulls_last=True, maintain_order=True)
    )
    told = pl.col("code") <= APPLIES[Applies.POSSIBLE]
    # "As usual" must not rest on a gene that nobody looked at, or that shows what nobody knows the effect of.
    incomplete = pl.col("untested") | pl.col("unclear")
    rows = rows.with_columns(
        sample=pl.Series(samples, dtype=pl.String)[rows["at"].to_numpy()],
        applies=pl.col("code").replace_strict(_NAMES, return_dtype=pl.String),
        urgency=pl.when(told & ~(incomplete & (pl.col("urgency") == Urgency.STANDARD)))
        .then("urgency")
        .otherwise(pl.lit(Urgency.NO_DATA.value)),
        recommendation=pl.coalesce("recommendation", "absent", _silence()),
        population=pl.coalesce("population", pl.lit("general")),
    )
    rows = rows.join(_differing(rows), on=["sample", "drug"], how="left", maintain_order="left")
    named_locally: list[str] = []
    if kb.local_drugs:
        named_locally = kb.table("drugs").filter(pl.col("local").is_not_null())["drug"].to_list()
    return schema.conform(
        rows.with_columns(flags=_flags(named_locally)).select(c.name for c in schema.GUIDANCE), schema.GUIDANCE
    )


def _with_what_is_due(rows: pl.DataFrame) -> pl.DataFrame:
    """Put a row's second action in the place of its first where its condition is met."""
    due = (pl.col("stage") == FlagCode.CONDITION_MET.value) & pl.col("second_action").is_not_null()
    return rows.with_columns(
        action=pl.when(due).then("second_action").otherwise("action"),
        urgency=pl.when(due).then("second_urgency").otherwise("urgency"),
        direction=pl.when(due).then("second_direction").otherwise("direction"),
        dose_change=pl.when(~due | (pl.col("dose_applies") == "secondary")).then("dose_change"),
    ).drop("second_action", "second_urgency", "second_direction", "dose_applies", "stage")


def _without_unpublished_doses(rows: pl.DataFrame, kb: KnowledgeBase) -> pl.DataFrame:
    """Leave out the dose for a phenotype that a drug made of another, where the source gives its doses by genotype.

    A dose for ``*3/*3`` is of persons who have no enzyme from birth; nobody published it for an inhibited ``*1/*2``.
    """
    made = pl.col("converted") & pl.col("dose_change").is_not_null()
    asked = rows.filter(made).select("index", "drug").unique()
    hit = [index for index, drug in asked.iter_rows() if _dosed_by_genotype(kb, drug, index)]
    if not hit:
        return rows
    table = kb.table("recommendations").with_row_index("index").filter(pl.col("index").is_in(hit))
    bare = {"dose_min_pct": None, "dose_max_pct": None}
    said = {row["index"]: compose(row | bare, kb=kb) for row in table.iter_rows(named=True)}
    those = made & pl.col("index").is_in(hit)
    undosed = pl.col("index").replace_strict(said, default=None, return_dtype=pl.String)
    return rows.with_columns(
        dose_change=pl.when(~those.fill_null(False)).then("dose_change"),
        recommendation=pl.when(those.fill_null(False)).then(undosed).otherwise("recommendation"),
    )


def _dosed_by_genotype(kb: KnowledgeBase, drug: str, index: int) -> bool:
    """Whether the source of a recommendation has rows on diplotypes of its genes for the same drug."""
    rows = compiled(kb).of(drug)
    mine = next(row for row in rows if row.index == index)
    typed = {c.gene for row in rows if row.source == mine.source for c in row.conditions if c.compare == "diplotype"}
    return bool(typed.intersection(mine.genes))


def _sentences(kb: KnowledgeBase, indices: Sequence[int]) -> pl.DataFrame:
    """Return ``index recommendation`` of the recommendations with these numbers."""
    table = kb.table("recommendations").with_row_index("index").filter(pl.col("index").is_in(indices))
    composed = [(row["index"], compose(row, kb=kb)) for row in table.iter_rows(named=True)]
    return pl.DataFrame(composed, schema={"index": pl.Int64, "recommendation": pl.String}, orient="row")


def _silence() -> pl.Expr:
    one = pl.concat_str(pl.element().struct.field("gene"), pl.lit(" "), pl.element().struct.field("value"))
    results = pl.col("phenotypes").list.eval(one).list.join(", ").replace("", None)
    local = pl.col("stage_flags").list.contains(FlagCode.LOCAL_FORM.value)
    return (
        pl.when(local)
        .then(pl.format("{} acts on skin, eye or ear alone: guidance for the whole body does not hold.", "drug"))
        .when(pl.col("source") == _NOBODY)
        .then(pl.format("No source in the knowledge base has a recommendation for {}.", "drug"))
        .otherwise(
            pl.format("{} has no recommendation on {} for {}.", "source", "drug", results.fill_null("this result"))
        )
    )


def _of_label() -> pl.Expr:
    """Rows that rest on the label, whatever the genes."""
    return pl.col("genes").list.contains(NO_GENE)


def _has_local() -> pl.Expr:
    return pl.col("static_flags").list.contains(FlagCode.LOCAL.value).fill_null(value=False)


def _flags(local_drugs: Sequence[str]) -> pl.Expr:
    differs = pl.col("differs").fill_null(False) & (pl.col("code") <= APPLIES[Applies.IF_POPULATION]) & ~_of_label()
    nothing = pl.lit([], dtype=NAMES)
    parts = [
        flag_where(FlagCode.PHENOCONVERTED, pl.col("converted")),
        flag_where(FlagCode.SOURCES_DIFFER, differs),
        flag_where(FlagCode.GENOTYPE_UNCERTAIN, pl.col("unsure")),
        flag_where(FlagCode.GENE_NOT_TESTED, pl.col("untested") & pl.col("index").is_not_null()),
        pl.col("stake_flags").fill_null(nothing),
        pl.col("stage_flags").fill_null(nothing),
        *(flag_where(code, pl.col("caveats") & (1 << bit) != 0) for bit, code in enumerate(CAVEATS)),
        pl.col("static_flags").fill_null(nothing),
        flag_where(FlagCode.LOCAL, pl.col("drug").is_in(local_drugs) & ~_has_local()),
    ]
    return pl.concat_list(parts)


def _differing(rows: pl.DataFrame) -> pl.DataFrame:
    """Drugs of a person on which no advice is shared by all sources that give any."""
    told = rows.filter(
        ~_of_label(), pl.col("code") <= APPLIES[Applies.IF_POPULATION], pl.col("urgency") != Urgency.NO_DATA
    )
    keys = ["sample", "drug"]
    advice = told.select(*keys, "source", "urgency", "direction").unique()
    shared = advice.group_by(*keys, "urgency", "direction").agg(n=pl.col("source").n_unique())
    most = shared.group_by(keys).agg(pl.col("n").max())
    total = advice.group_by(keys).agg(sources=pl.col("source").n_unique())
    joined = total.join(most, on=keys)
    return joined.select(*keys, differs=(pl.col("sources") > 1) & (pl.col("n") < pl.col("sources")))
