"""What to find out next, in words: one line a drug, and what would help most drugs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from pgx.knowledge.acting import DECIDES
from pgx.reports.page import wording
from pgx.reports.page.advice import Row
from pgx.reports.page.lexicon import Lexicon
from pgx.reports.page.wording import clean, words

_CHANGES = ("avoid", "change_dose")
_LEAST = 0.01
"""Nobody is told to test first what changes something less often than this."""
_TESTS = ("gene", "hla", "copy_number", "genotype")


def line(rows: Sequence[Row], lexicon: Lexicon) -> str:
    """Return the one thing that would tell most about a drug: ``CYP2C19 not tested: 31 % that ...``; mostly empty.

    Parameters
    ----------
    rows
        The person's rows of `pgx.schema.NEXT_TESTS` on the drug.
    lexicon
        Words for the codes.
    """
    graver = [row for row in rows if row["kind"] in _TESTS and _tells(row)]
    stopped = [row for row in rows if row["kind"] in ("drug_stopped", "drug_washed_out")]
    if graver:
        row = max(graver, key=lambda row: (_rules_out_unseen(row), _chance(row)))
        same = (one for one in graver if (one["what"], one["kind"]) == (row["what"], row["kind"]))
        return _of_test(list(same), lexicon)
    if stopped:
        row = stopped[0]
        named = clean(str(row["what"])).replace("+", " and ")
        lead = "without" if row["kind"] == "drug_stopped" else "no longer under"
        return f"{lead} {named}: {words('urgency', str(row['urgency_then'])).lower()}"
    return ""  # what the record does not decide stands in the line of the drug


def first(rows: Sequence[Row]) -> str:
    """Return the gene whose test would help most: ``test DPYD first: 2 drugs``; empty if none would.

    First what could rule a drug out and of which no frequency is known, then by how probable a change is: that a drug
    must be replaced counts more than any change of dose.
    """
    graver = [row for row in rows if row["kind"] in ("gene", "hla") and _tells(row)]
    unknown = {str(row["what"]) for row in graver if row["probability"] is None}
    chances: defaultdict[str, float] = defaultdict(float)
    for row in graver:
        chances[str(row["what"])] += _chance(row)
    graver = [row for row in graver if row["what"] in unknown or chances[str(row["what"])] >= _LEAST]
    drugs = Counter(gene for gene, _ in {(str(row["what"]), str(row["drug"])) for row in graver})
    if not drugs:
        return ""
    unseen = {str(row["what"]) for row in graver if _rules_out_unseen(row)}
    out = {
        gene: sum(_chance(row) for row in graver if row["what"] == gene and row["urgency_then"] == _CHANGES[0])
        for gene in drugs
    }
    gene, count = min(
        drugs.items(), key=lambda item: (item[0] not in unseen, -out[item[0]], -chances[item[0]], item[0])
    )
    return f"test {clean(wording.gene(gene))} first: {count} {'drug' if count == 1 else 'drugs'}"


def _of_test(rows: Sequence[Row], lexicon: Lexicon) -> str:
    named = str(rows[0]["what"])
    named = named if rows[0]["kind"] == "genotype" else wording.gene(named)
    what = f"{clean(named)} {words('next_test', str(rows[0]['kind']))}"
    chances = [
        f"{wording.percent(_chance(row))} {_then(row, lexicon)}"
        for row in sorted(rows, key=_chance, reverse=True)
        if _chance(row) > 0
    ]
    if chances:
        return f"{what}: {', '.join(chances)}"
    return f"{what}: some results mean {' or '.join(dict.fromkeys(_then(row, lexicon) for row in rows))}"


def _then(row: Row, lexicon: Lexicon) -> str:
    action, _, dose = str(row["advice_then"]).partition(" ")
    return lexicon.action(action, str(row["drug"])) + (f" ({wording.dose(dose)})" if dose else "")


def _tells(row: Row) -> bool:
    """Whether a result would ask for something else; a dose that other medicines leave open all the same is nothing."""
    return row["urgency_then"] in _CHANGES and row["advice_then"] != DECIDES


def _rules_out_unseen(row: Row) -> bool:
    """Whether a result of which no frequency is known would rule the drug out: that must not come last."""
    return row["probability"] is None and row["urgency_then"] == _CHANGES[0]


def _chance(row: Row) -> float:
    return float(row["probability"]) if isinstance(row["probability"], float) else 0.0
