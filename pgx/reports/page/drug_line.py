"""One line a drug, from its rows of guidance: the most urgent advice that holds, why, and what stands beside it.

A missing value is never read as normal here: a gene that was not tested takes "as usual" its plainness, or, where a
result of it could rule the drug out, the answer itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from pgx.codes import FlagCode
from pgx.knowledge.acting import DECIDES, Acting, phrase
from pgx.reports.page import gaps, wording
from pgx.reports.page.advice import (
    NOBODY,
    Advice,
    Row,
    advice_order,
    by_source,
    by_strength,
    gravest_first,
    leading_limit,
    rank,
)
from pgx.reports.page.model import BESIDE_DRUGS, OF_LEVELS, Drug
from pgx.reports.page.wording import URGENCIES, clean, words

_EMPTY_IMPLICATIONS = ("no implication stated", "no relevant effect", "sensitivity depends on the genotype")


def drug_order(drug: Drug) -> tuple[object, ...]:
    """Key by which drugs are listed: urgency, the person's own, what an untested gene could mean, strength, name."""
    stakes = [URGENCIES.index(urgency) for _, urgency in drug.untested if urgency]
    return (
        URGENCIES.index(drug.urgency),
        rank(("current", "planned"), drug.medication),
        min(stakes, default=len(URGENCIES)) if drug.urgency == "no_data" else 0,
        by_strength(drug.deciding),
        drug.name,
    )


def drug_of(
    name: str,
    rows: Iterable[Advice],
    medication: str,
    notes: Sequence[Row] = (),
    copy_ranges: Mapping[str, Sequence[str]] | None = None,
) -> Drug:
    """Return the line of one drug.

    Parameters
    ----------
    name
        Generic name.
    rows
        Everything that the guidance says of it for this person.
    medication
        ``current``, ``planned`` or empty.
    notes
        The person's notes of the codes `BESIDE_DRUGS`.
    copy_ranges
        Genes whose copy number the data do not show, with the phenotypes that it could make.
    """
    everything = sorted(rows, key=advice_order)
    limits = tuple(sorted((row for row in everything if row.has(FlagCode.LABEL_LIMIT)), key=gravest_first))
    advice = [row for row in everything if row not in limits]
    valid = sorted((row for row in advice if row.applies in ("yes", "if_population")), key=gravest_first)
    deciding = valid[0] if valid else None
    urgency = deciding.urgency if deciding else "no_data"
    stakes = gaps.stakes_of(advice)
    untested = gaps.untested_genes(advice, stakes)
    unclear = {gene: stake for row in valid for gene, stake in row.unclear.items()}
    refused = dict.fromkeys(gene for row in valid for gene in row.refused)
    # What a part of the genes says is no answer, least of all "use as usual".
    open_end = urgency == "standard" and "avoid" in stakes.values()
    part = deciding if (untested and (urgency == "no_data" or open_end)) or _passed_over(unclear, urgency) else None
    urgency = "no_data" if part else urgency
    agreeing = [row for row in valid if row.urgency == urgency]
    headline, reason = _line(deciding, part, valid, advice, untested, stakes, unclear, refused)
    ruled_out = leading_limit(limits, deciding)
    acting = _acting(ruled_out, deciding, advice)
    if ruled_out:
        by_genes = _by_the_genes(deciding, headline) + (f", {reason}" if reason else "")
        headline, reason = _by_the_label(ruled_out, acting, name), by_genes
        urgency, agreeing = ruled_out.urgency, [ruled_out]
    elif acting:
        headline = _with_interaction(acting, deciding, headline, urgency, name)
        # "Fine as usual" is not for a drug whose level another one changes.
        urgency = "monitor" if urgency == "standard" else urgency
    return Drug(
        name=clean(name),
        urgency=urgency,
        headline=headline,
        reason=reason,
        sources=_sources(agreeing),
        medication=medication,
        differences=_differences(valid),
        cautions=(
            *gaps.codes_not_understood((*valid, *limits)),
            *gaps.other_genotypes(advice, valid, urgency),
            *(gaps.untested_remarks(untested, stakes) if deciding and not part else ()),
            *(gaps.copy_remarks(deciding, copy_ranges or {}) if deciding else ()),
            *gaps.unclear_remarks({} if part else unclear, refused),
        ),
        advice=tuple(advice),
        deciding=deciding,
        limits=limits,
        acting=acting,
        interactions=(*_interactions(name, notes, acting), *_without_others(valid, deciding)),
        untested=tuple((gene, stakes.get(gene, "")) for gene in untested),
        unclear=tuple((gene, stake) for gene, stake in unclear.items() if gene not in refused),
        refused=tuple(refused),
        local=any(row.has(FlagCode.LOCAL) for row in (*valid, *limits)),
    )


def _sources(agreeing: Iterable[Advice]) -> tuple[str, ...]:
    marks = {row.source: " (local)" if row.has(FlagCode.LOCAL) else "" for row in agreeing}
    return tuple(f"{source}{marks[source]}" for source in sorted(marks, key=by_source))


def _acting(ruled_out: Advice | None, deciding: Advice | None, advice: Sequence[Advice]) -> tuple[Acting, ...]:
    """The drugs that act on this one: those that the label's row rests on first, and each on that enzyme alone."""
    by_label = ruled_out.acting if ruled_out else ()
    agents = {acting.agent for acting in by_label}
    others = (acting for row in ((deciding,) if deciding else advice) for acting in row.acting)
    return tuple(dict.fromkeys((*by_label, *(acting for acting in others if acting.agent not in agents))))


def _by_the_label(limit: Advice, acting: Sequence[Acting], name: str) -> str:
    if limit.acting:
        return f"{phrase(acting, clean(name))}: {limit.action}, whatever the genes"
    text = f"{limit.action} {limit.condition}, whatever the genes"
    return f"{text}; {phrase(acting, clean(name))}" if acting else text


def _with_interaction(acting: Sequence[Acting], deciding: Advice | None, headline: str, urgency: str, name: str) -> str:
    by_label = ""
    if urgency == "standard":
        by_label = words("action", DECIDES)
    if deciding and deciding.turned:
        by_label = headline
    interaction = f"{phrase(acting, clean(name))}{f': {by_label}' if by_label else ''}"
    return f"{interaction}; {_by_the_genes(deciding, headline)}"


def _by_the_genes(deciding: Advice | None, headline: str) -> str:
    if deciding is None or not deciding.turned:
        return f"by the genes: {headline}"
    turning = {
        flag.arguments[0] for flag in deciding.codes if flag.code == FlagCode.INTERACTION_REVERSES and flag.arguments
    }
    reversed_by = [acting for acting in deciding.acting if acting.agent in turning]
    doses = {"higher" if acting.asks_for == "lower" else "lower" for acting in reversed_by}
    return f"the genes alone would ask for a {' or a '.join(sorted(doses))} dose"


def _passed_over(unclear: Mapping[str, str], urgency: str) -> bool:
    """Whether the answer is a comfort, or none, that passes over something of unknown effect."""
    return bool(unclear) and urgency in ("standard", "no_data")


def _line(
    deciding: Advice | None,
    part: Advice | None,
    valid: Sequence[Advice],
    advice: Sequence[Advice],
    untested: Mapping[str, list[str]],
    stakes: Mapping[str, str],
    unclear: Mapping[str, str],
    refused: Collection[str],
) -> tuple[str, str]:
    """Return headline and reason."""
    not_tested = f"{', '.join(untested)} not tested"
    if part and unclear:
        why = [*gaps.unused_results(unclear, refused), *([not_tested] if untested else [])]
        headline = f"cannot be judged: {'; '.join(why)}{gaps.stake_clause({**stakes, **unclear})}"
        return headline, f"{'without it' if refused else 'by the other bases alone'} {part.result}"
    if part:
        return f"cannot be judged: {not_tested}{gaps.stake_clause(stakes)}", part.result
    if deciding is None:
        return _why_nothing(advice, untested, stakes), _results(advice, untested)
    if all(row.urgency == "no_data" for row in valid):
        return "no recommendation for this result", _reason(deciding)
    settled = next((row for row in valid if row.applies == "yes" and row.urgency != "no_data"), None)
    headline = _headline(deciding, settled)
    if deciding.urgency == "standard" and untested:
        headline += f", as far as tested ({', '.join(untested)} {'was' if len(untested) == 1 else 'were'} not)"
    return headline + _under_other_conditions(deciding, settled, valid), _reason(deciding)


def _headline(deciding: Advice, otherwise: Advice | None) -> str:
    if deciding.applies == "if_population" and otherwise and otherwise.urgency != deciding.urgency:
        return f"{deciding.headline}; otherwise {otherwise.headline}"
    return deciding.headline


def _under_other_conditions(deciding: Advice, settled: Advice | None, valid: Sequence[Advice]) -> str:
    """Say that the deciding source has other advice for other patients, where nothing holds without a condition."""
    if deciding.applies != "if_population" or settled:
        return ""
    others = [row for row in valid if row.source == deciding.source and row.condition != deciding.condition]
    return "; other advice under other conditions" if any(row.what != deciding.what for row in others) else ""


def _why_nothing(advice: Sequence[Advice], untested: Mapping[str, list[str]], stakes: Mapping[str, str]) -> str:
    if all(row.source == NOBODY for row in advice):
        return "no source has a recommendation for this drug"
    if untested:
        return f"{', '.join(untested)} not tested{gaps.stake_clause(stakes)}"
    if any(row.applies == "possible" for row in advice):
        return "the genotype is too uncertain for one answer"
    return "no guideline row fits this result"


def _results(advice: Sequence[Advice], untested: Mapping[str, list[str]]) -> str:
    """Results that no row fits, or the genes that are looked at; a gene that was not tested is in the headline."""
    results = dict.fromkeys(row.result for row in advice if row.applies == "no_match" and row.matched)
    genes = dict.fromkeys(gene for row in advice if row.source != NOBODY for gene in row.genes)
    return ", ".join(results or [gene for gene in genes if gene not in untested])


def _reason(advice: Advice) -> str:
    parts = (part for _, effects in advice.implications for part in effects.split(", "))
    effects = ", ".join(dict.fromkeys(part for part in parts if part not in _EMPTY_IMPLICATIONS))
    return f"{advice.result}: {effects}" if advice.result and effects else advice.result or effects


def _differences(valid: Sequence[Advice]) -> str:
    """Say what each source wants where they do not want the same."""
    first: dict[str, Advice] = {}
    settled: dict[str, Advice] = {}
    for row in valid:
        if row.urgency != "no_data":
            first.setdefault(row.source, row)
            if row.applies == "yes":
                settled.setdefault(row.source, row)
    flagged = any(row.has(FlagCode.SOURCES_DIFFER) for row in valid)
    # What holds for this person counts as well as what would hold under a condition.
    apart = any(len({row.urgency for row in rows.values()}) > 1 for rows in (first, settled))
    if len(first) < 2 or not (flagged or apart):
        return ""
    ordered = sorted(first, key=by_source)
    return "; ".join(f"{source}: {_headline(first[source], settled.get(source))}" for source in ordered)


def _interactions(name: str, notes: Sequence[Row], acting: Sequence[Acting]) -> Iterator[str]:
    """What other drugs of the list do to this one, and this one to them, beyond what the headline says."""
    for note in notes:
        in_headline = note["code"] in OF_LEVELS and acting
        if note["code"] in BESIDE_DRUGS and note["subject"] == name and not in_headline:
            yield clean(str(note["message"]))


def _without_others(valid: Sequence[Advice], deciding: Advice | None) -> Iterator[str]:
    """What a source would say of the genes alone, where an interacting drug or a condition changed that."""
    sources: dict[str, list[str]] = {}
    for row in valid:
        for flag in row.codes:
            action = flag.about
            if flag.code == FlagCode.GENES_ALONE and action not in ("no_recommendation", row.row["action"]):
                source = f"{row.source}, {row.condition}" if row.applies == "if_population" else row.source
                sources.setdefault(wording.action(row.source, action), []).append(source)
    actions = [
        f"{action} ({', '.join(dict.fromkeys(names))})"
        for action, names in sources.items()
        if deciding and action != deciding.action
    ]
    if actions:
        yield f"by the genes alone, without the interacting drugs: {'; '.join(actions)}"
