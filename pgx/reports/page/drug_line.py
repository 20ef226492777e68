"""From rows of guidance to one line a drug: the most urgent advice that holds, why, and what stands beside it.

A missing value is never read as normal here: a gene that was not tested takes "as usual" its plainness, or, where a
result of it could rule the drug out, the answer itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from pgx.codes import Flag, FlagCode
from pgx.knowledge.acting import DECIDES, Acting, parse, phrase
from pgx.reports.page import wording
from pgx.reports.page.cells import list_of_cell, number_of, pairs_of_cell, text_of_cell
from pgx.reports.page.lexicon import Terms
from pgx.reports.page.model import BESIDE_DRUGS, OF_LEVELS, Advice, Drug, Row, leading_limit
from pgx.reports.page.wording import URGENCIES, clean, words

NOBODY = "none"
"""The source of a row that says that no source names the drug; also what stands for the genes of a label's limit."""

_APPLIES = ("yes", "if_population", "possible", "no_match", "not_tested")
_STRENGTHS = ("strong", "moderate", "optional", "none")
_SOURCES = ("CPIC", "DPWG", "FDA")
_GRAVEST = ("contraindicated", "avoid")  # actions that outrank others of the same urgency
_WORTH_SAYING = 0.1  # from this probability on, advice for another genotype stands beside the headline
_EMPTY_IMPLICATIONS = ("no implication stated", "no relevant effect", "sensitivity depends on the genotype")


def advice_of(row: Row, terms: Terms) -> Advice:
    """Return one row of `schema.GUIDANCE` in words."""
    codes = list_of_cell(row["monitoring"])
    url = text_of_cell(row["url"])
    source, action = text_of_cell(row["source"]), text_of_cell(row["action"])
    return Advice(
        row=row,
        source=source,
        applies=text_of_cell(row["applies"]) or "no_match",
        urgency=text_of_cell(row["urgency"]) if row["urgency"] in URGENCIES else "no_data",
        action=wording.action(source, action) or words("applies", text_of_cell(row["applies"])) or "no advice",
        dose=_dose(text_of_cell(row["dose_change"])),
        condition=_condition(row, terms),
        text=text_of_cell(row["recommendation"]),
        matched=tuple((gene, value or "") for gene, value in pairs_of_cell(row["phenotypes"])),
        implications=tuple(wording.implications(pairs_of_cell(row["implication"]))),
        strength=words("strength", text_of_cell(row["strength"])),
        alternatives=tuple(list_of_cell(row["alternatives"])),
        monitoring=tuple(wording.monitoring(code, terms) for code in codes),
        monitoring_codes=tuple(codes),
        # Only links that a browser opens as pages: a local overlay must not smuggle in `javascript:`.
        url=url if url.startswith(("https://", "http://")) else "",
        probability=number_of(row["probability"]),
        flags=tuple(wording.flags(list_of_cell(row["flags"]), terms)),
    )


def _condition(row: Row, terms: Terms) -> str:
    """Whom the row is about; a label's row on an interaction is about those who take the other drug."""
    flags = list_of_cell(row["flags"])
    named = [found.named for flag in flags if FlagCode.LABEL_LIMIT in flags and (found := parse(flag))]
    return f"with {' and '.join(named)}" if named else wording.population(text_of_cell(row["population"]), terms)


def _dose(change: str) -> str:
    if not change:
        return ""
    low, _, high = change.partition("..")
    signed = [part if part.startswith(("-", "+")) else f"+{part}" for part in (low, high) if part]
    return " to ".join(signed).replace("-", "\N{MINUS SIGN}") + " %"


def _rank(order: tuple[str, ...], value: object) -> int:
    return order.index(str(value)) if value in order else len(order)


def _by_source(source: str) -> tuple[int, str]:
    return _rank(_SOURCES, source), source


def _advice_order(one: Advice) -> tuple[object, ...]:
    return (
        _by_source(one.source),
        _rank(_APPLIES, one.applies),
        URGENCIES.index(one.urgency),
        one.condition,
        str(one.row["guideline"]),
    )


def drug_order(drug: Drug) -> tuple[object, ...]:
    """Key by which drugs are listed: urgency, the person's own, what an untested gene could mean, strength, name."""
    strength = drug.deciding.row["strength"] if drug.deciding else None
    stakes = [URGENCIES.index(urgency) for _, urgency in drug.untested if urgency]
    return (
        URGENCIES.index(drug.urgency),
        _rank(("current", "planned"), drug.medication),
        min(stakes, default=len(URGENCIES)) if drug.urgency == "no_data" else 0,
        _rank(_STRENGTHS, strength),
        drug.name,
    )


def _has(one: Advice, code: FlagCode) -> bool:
    return any(flag.code == code for flag in _flags_of(one))


def _flags_of(one: Advice) -> list[Flag]:
    return [Flag.parse(text) for text in list_of_cell(one.row["flags"])]


def drug_of(
    name: str,
    rows: Iterable[Advice],
    medication: str,
    notes: Sequence[Row] = (),
    unseen: Mapping[str, Sequence[str]] | None = None,
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
    unseen
        Genes whose copy number the data do not show, with the phenotypes that it could make.
    """
    everything = sorted(rows, key=_advice_order)
    limits = tuple(sorted((one for one in everything if _has(one, FlagCode.LABEL_LIMIT)), key=_gravest_first))
    advice = [one for one in everything if one not in limits]
    valid = sorted((one for one in advice if one.applies in ("yes", "if_population")), key=_gravest_first)
    deciding = valid[0] if valid else None
    urgency = deciding.urgency if deciding else "no_data"
    untested = _untested(advice)
    stakes = _stakes(advice)
    unclear = {gene: at for one in valid for gene, at in one.unclear.items()}
    refused = dict.fromkeys(gene for one in valid for gene in one.refused)
    # What a part of the genes says is no answer, least of all "use as usual".
    open_end = urgency == "standard" and "avoid" in stakes.values()
    part = deciding if (untested and (urgency == "no_data" or open_end)) or _passed_over(unclear, urgency) else None
    urgency = "no_data" if part else urgency
    agreeing = {one.source: " (local)" if _has(one, FlagCode.LOCAL) else "" for one in valid if one.urgency == urgency}
    headline, reason = _line(deciding, part, valid, advice, untested, stakes, unclear, refused)
    ruled_out = leading_limit(limits, deciding)
    acting = _acting(ruled_out, deciding, advice)
    if ruled_out:
        by_genes = _by_the_genes(deciding, headline) + (f", {reason}" if reason else "")
        headline, reason = _label_says(ruled_out, acting, name), by_genes
        urgency = ruled_out.urgency
        agreeing = {ruled_out.source: " (local)" if _has(ruled_out, FlagCode.LOCAL) else ""}
    elif acting:
        by_label = (
            headline if deciding and deciding.turned else words("action", DECIDES) if urgency == "standard" else ""
        )
        said = f"{phrase(acting, clean(name))}{f': {by_label}' if by_label else ''}"
        headline = f"{said}; {_by_the_genes(deciding, headline)}"
        # "Fine as usual" is not for a drug whose level another one changes.
        urgency = "monitor" if urgency == "standard" else urgency
    return Drug(
        name=clean(name),
        urgency=urgency,
        headline=headline,
        reason=reason,
        sources=tuple(f"{source}{agreeing[source]}" for source in sorted(agreeing, key=_by_source)),
        medication=medication,
        differences=_differences(valid),
        cautions=(
            *_cautions(advice, valid, urgency),
            *(_incomplete(untested, stakes) if deciding and not part else ()),
            *(_copies_unseen(deciding, unseen or {}) if deciding else ()),
            *(
                f"{'; '.join(_not_known([gene], refused))}{_stake_said({gene: at}, '; ')}"
                for gene, at in ({} if part else unclear).items()
            ),
        ),
        advice=tuple(advice),
        deciding=deciding,
        limits=limits,
        acting=acting,
        interactions=(*_interactions(name, notes, acting), *_without_others(valid, deciding)),
        untested=tuple((gene, stakes.get(gene, "")) for gene in untested),
        unclear=tuple((gene, at) for gene, at in unclear.items() if gene not in refused),
        refused=tuple(refused),
        local=any(_has(one, FlagCode.LOCAL) for one in (*valid, *limits)),
    )


def _acting(ruled_out: Advice | None, deciding: Advice | None, advice: Sequence[Advice]) -> tuple[Acting, ...]:
    """The drugs that act on this one: those that the label's row rests on first, and each on that enzyme alone."""
    by_label = ruled_out.acting if ruled_out else ()
    named = {one.agent for one in by_label}
    others = (one for source in ((deciding,) if deciding else advice) for one in source.acting)
    return tuple(dict.fromkeys((*by_label, *(one for one in others if one.agent not in named))))


def _label_says(limit: Advice, acting: Sequence[Acting], name: str) -> str:
    if limit.acting:
        return f"{phrase(acting, clean(name))}: {limit.action}, whatever the genes"
    said = f"{limit.action} {limit.condition}, whatever the genes"
    return f"{said}; {phrase(acting, clean(name))}" if acting else said


def _by_the_genes(deciding: Advice | None, headline: str) -> str:
    if deciding is None or not deciding.turned:
        return f"by the genes: {headline}"
    turning = {
        flag.arguments[0] for flag in _flags_of(deciding) if flag.code == FlagCode.INTERACTION_REVERSES and flag.about
    }
    asked = {"higher" if one.asks_for == "lower" else "lower" for one in deciding.acting if one.agent in turning}
    return f"the genes alone would ask for a {' or a '.join(sorted(asked))} dose"


def _passed_over(unclear: Mapping[str, str], urgency: str) -> bool:
    """Whether the answer is a comfort, or none, that passes over something of unknown effect."""
    return bool(unclear) and urgency in ("standard", "no_data")


def _not_known(genes: Iterable[str], refused: Collection[str]) -> list[str]:
    """Say what was shown of genes, or sent, and not used."""
    shown = [gene for gene in genes if gene not in refused]
    sent = [gene for gene in genes if gene in refused]
    said = [f"the file shows a change in {', '.join(shown)} that the call could not use, its effect is not known"]
    lost = [f"a laboratory's result of {', '.join(sent)} could not be used or not be understood"]
    return [*(said if shown else []), *(lost if sent else [])]


def _gravest_first(one: Advice) -> tuple[int, ...]:
    return (
        URGENCIES.index(one.urgency),
        _rank(_APPLIES, one.applies),
        _rank(_GRAVEST, one.row["action"]),
        _rank(_STRENGTHS, one.row["strength"]),
    )


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
    if part and unclear:
        said = [*_not_known(unclear, refused), *([f"{', '.join(untested)} not tested"] if untested else [])]
        headline = f"cannot be judged: {'; '.join(said)}{_stake_said({**stakes, **unclear}, '; ')}"
        return headline, f"{'without it' if refused else 'by the other bases alone'} {_matched(part)}"
    if part:
        return f"cannot be judged: {', '.join(untested)} not tested{_stake_said(stakes, '; ')}", _matched(part)
    if deciding is None:
        return _why_nothing(advice, untested, stakes), _what_was_found(advice, untested)
    if all(one.urgency == "no_data" for one in valid):
        return "no recommendation for this result", _reason(deciding)
    settled = next((one for one in valid if one.applies == "yes" and one.urgency != "no_data"), None)
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
    others = [one for one in valid if one.source == deciding.source and one.condition != deciding.condition]
    return "; other advice under other conditions" if any(one.what != deciding.what for one in others) else ""


def _why_nothing(advice: Sequence[Advice], untested: Mapping[str, list[str]], stakes: Mapping[str, str]) -> str:
    if all(one.source == NOBODY for one in advice):
        return "no source has a recommendation for this drug"
    if untested:
        return f"{', '.join(untested)} not tested{_stake_said(stakes, '; ')}"
    if any(one.applies == "possible" for one in advice):
        return "the genotype is too uncertain for one answer"
    return "no guideline row fits this result"


def _stake_said(stakes: Mapping[str, str], before: str) -> str:
    gravest = min(stakes.values(), key=URGENCIES.index, default="")
    return f"{before}some results would mean: {words('urgency', gravest).lower()}" if gravest else ""


def _what_was_found(advice: Sequence[Advice], untested: Mapping[str, list[str]]) -> str:
    """Results that no row fits, or the genes that are looked at; a gene that was not tested is in the headline."""
    found = dict.fromkeys(_matched(one) for one in advice if one.applies == "no_match" and one.matched)
    genes = dict.fromkeys(gene for one in advice if one.source != NOBODY for gene in _genes(one))
    return ", ".join(found or [gene for gene in genes if gene not in untested])


def _genes(one: Advice) -> list[str]:
    return list_of_cell(one.row["genes"])


def _untested(advice: Iterable[Advice]) -> dict[str, list[str]]:
    """Genes that a source looks at for this drug and that were not called, with those sources."""
    found: dict[str, list[str]] = {}
    for one in advice:
        if one.applies == "not_tested" and one.source != NOBODY:
            for gene in _genes(one):
                found.setdefault(gene, []).append(one.source)
    return {gene: list(dict.fromkeys(sources)) for gene, sources in found.items()}


def _stakes(advice: Iterable[Advice]) -> dict[str, str]:
    """Untested genes whose results could rule out or change the drug -> urgency of the gravest."""
    found: dict[str, str] = {}
    for one in advice:
        if one.applies == "not_tested":
            for flag in _flags_of(one):
                urgency, *genes = flag.arguments or ("",)
                if flag.code == FlagCode.COULD_MEAN and urgency in URGENCIES:
                    gene = ":".join(genes)
                    found[gene] = min(found.get(gene, urgency), urgency, key=URGENCIES.index)
    return found


def _incomplete(untested: Mapping[str, list[str]], stakes: Mapping[str, str]) -> Iterator[str]:
    for gene, sources in untested.items():
        stake = {gene: stakes[gene]} if gene in stakes else {}
        yield f"{gene} was not tested, and {', '.join(sources)} would look at it too{_stake_said(stake, '; ')}"


def _copies_unseen(deciding: Advice, unseen: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for gene in _genes(deciding):
        if len(unseen.get(gene, ())) > 1:
            could = " or ".join(unseen[gene])
            yield f"the copies of {gene} cannot be seen in this data; counting a deletion or duplication it is {could}"


def _matched(one: Advice) -> str:
    return ", ".join(f"{gene} {value}".strip() for gene, value in one.matched)


def _reason(one: Advice) -> str:
    matched = _matched(one)
    effects = dict.fromkeys(
        part for _, said in one.implications for part in said.split(", ") if part not in _EMPTY_IMPLICATIONS
    )
    return f"{matched}: {', '.join(effects)}" if matched and effects else matched or ", ".join(effects)


def _differences(valid: Sequence[Advice]) -> str:
    said: dict[str, Advice] = {}
    settled: dict[str, Advice] = {}
    for one in valid:
        if one.urgency != "no_data":
            said.setdefault(one.source, one)
            if one.applies == "yes":
                settled.setdefault(one.source, one)
    flagged = any(_has(one, FlagCode.SOURCES_DIFFER) for one in valid)
    # What holds for this person counts as well as what would hold under a condition.
    apart = any(len({one.urgency for one in found.values()}) > 1 for found in (said, settled))
    if len(said) < 2 or not (flagged or apart):
        return ""
    ordered = sorted(said, key=_by_source)
    return "; ".join(f"{source}: {_headline(said[source], settled.get(source))}" for source in ordered)


def _cautions(advice: Sequence[Advice], valid: Sequence[Advice], urgency: str) -> Iterator[str]:
    seen = set()
    said = {one.headline for one in valid}
    for one in sorted(advice, key=lambda a: URGENCIES.index(a.urgency)):
        graver = URGENCIES.index(one.urgency) < URGENCIES.index(urgency)
        same = one.urgency == urgency and (one.headline in said or urgency == "no_data")
        if one.applies != "possible" or same or one.urgency in seen:
            continue
        if not graver and (one.probability is None or one.probability < _WORTH_SAYING):
            continue
        seen.add(one.urgency)
        matched = ", ".join(f"{gene} {value}" for gene, value in one.matched) or "another phenotype"
        chance = f"with probability {wording.percent(one.probability)}" if one.probability is not None else "possibly"
        yield f"{chance} the genotype means {matched}; then {one.source} says: {one.headline}"


def _interactions(name: str, notes: Sequence[Row], said: Sequence[Acting]) -> Iterator[str]:
    """What other drugs of the list do to this one, and this one to them, beyond what the headline has said."""
    for note in notes:
        told = note["code"] in OF_LEVELS and said
        if note["code"] in BESIDE_DRUGS and note["subject"] == name and not told:
            yield clean(str(note["message"]))


def _without_others(valid: Sequence[Advice], deciding: Advice | None) -> Iterator[str]:
    """What a source would say of the genes alone, where an interacting drug or a condition changed that."""
    said: dict[str, list[str]] = {}
    for one in valid:
        for flag in _flags_of(one):
            action = flag.about
            if flag.code == FlagCode.GENES_ALONE and action not in ("no_recommendation", one.row["action"]):
                where = f"{one.source}, {one.condition}" if one.applies == "if_population" else one.source
                said.setdefault(wording.action(one.source, action), []).append(where)
    told = [
        f"{action} ({', '.join(dict.fromkeys(sources))})"
        for action, sources in said.items()
        if deciding and action != deciding.action
    ]
    if told:
        yield f"by the genes alone, without the interacting drugs: {'; '.join(told)}"
