"""One line a drug: what was judged (`pgx.judgement`), why, and what stands beside it, in words."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from pgx.codes import Flag, FlagCode, NoteCode
from pgx.judgement import Judgement, decide, judge
from pgx.judgement.read_back import gives_way_of, is_running
from pgx.judgement.statement import GRAVEST, NOBODY, URGENCIES, Row, by_source, by_strength, dose_of
from pgx.knowledge.acting import PLANNED, SUM_UNKNOWN, Acting, phrase, rank
from pgx.reports.page import details, gaps, next_test, wording
from pgx.reports.page.advice import Advice
from pgx.reports.page.cells import pairs_of
from pgx.reports.page.counted_already import counted_already
from pgx.reports.page.lexicon import Lexicon
from pgx.reports.page.model import BESIDE_DRUGS, OF_LEVELS, Drug
from pgx.reports.page.products import Products, from_products
from pgx.reports.page.wording import clean

_NO_PRODUCTS: Products = {}
_NO_ALLELES: Mapping[str, str] = {}
_ONCE_STARTED = (NoteCode.PLANNED_INTERACTION, NoteCode.PLANNED_DRUG_LEVEL)
_AS_USUAL = ": as in most people"
_EMPTY_IMPLICATIONS = ("no implication stated", "no relevant effect", "sensitivity depends on the genotype")


def drug_order(drug: Drug) -> tuple[object, ...]:
    """Key by which drugs are listed: urgency, the person's own, what an untested gene could mean, strength, name."""
    stakes = [URGENCIES.index(urgency) for _, urgency in drug.untested if urgency]
    return (
        URGENCIES.index(drug.urgency),
        rank(("current", PLANNED), drug.medication),
        rank(GRAVEST, drug.action) if drug.urgency == URGENCIES[0] else 0,
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
    judgement: Judgement | None = None,
    tests: Sequence[Row] = (),
    *,
    lexicon: Lexicon,
    products: Products = _NO_PRODUCTS,
    alleles: Mapping[str, str] = _NO_ALLELES,
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
    judgement
        What was judged of it; None = a result of an earlier version, which is judged by its guidance alone.
    tests
        The person's rows of `pgx.schema.NEXT_TESTS` on it.
    lexicon
        Words for the codes.
    products
        The products that bring drugs of the list.
    alleles
        Genes with an allele that works otherwise than normally, with the diplotype in short.
    """
    if judgement and is_running(judgement):
        rows = [row.of_running() for row in rows]
    decision = decide(rows)
    judgement = judgement or judge("", name, decision)
    deciding, part, advice, valid = decision.deciding, decision.part, decision.statements, decision.valid
    untested, stakes, unclear, refused = decision.untested, decision.stakes, decision.unclear, decision.refused
    acting = from_products(decision.acting, products)
    settled = _settled(deciding)
    headline, reason = _line(deciding, part, valid, advice, untested, stakes, unclear, refused, alleles)
    by_value = is_running(judgement) and lexicon.goes_by_a_measured_value(name)
    checks = _checks(deciding, by_value=by_value) if deciding and not part else ""
    if deciding and not part:
        headline += _condition(deciding, judgement)
    further = (f"{_result(row, alleles)}: {row.what}" for row in decision.further)
    reason = "; also ".join(filter(None, (reason, *further)))
    beside = decision.ruled_out or (decision.acting and decision.by_the_genes == "standard")
    alone, told_alone = (_said_alone(deciding), _genes_alone(deciding)) if beside else ("", "")
    if decision.ruled_out or decision.acting:
        headline, checks = f"{headline}{checks}", ""
    if decision.ruled_out:
        by_genes = _by_the_genes(deciding, headline) + (f", {reason}" if reason else "")
        if deciding and alone:
            by_genes = f"{alone}; with the other drugs {deciding.result}"
        headline, reason = _by_the_label(decision.ruled_out, acting, name, deciding, judgement), by_genes
        headline += _for_itself(decision.ruled_out, decision.limits)
    elif decision.acting:
        dosed_by = lexicon.by_label(name) if decision.by_the_genes == "standard" else ""
        headline = _with_interaction(acting, deciding, headline, dosed_by, alone, name)
    return Drug(
        name=clean(name),
        judgement=judgement,
        headline=details.headline_of(headline, judgement, lexicon, products, medication, checks),
        later=details.later(judgement, lexicon),
        under=details.under(judgement, lexicon),
        met=details.met(judgement, lexicon),
        doses=details.doses(judgement, lexicon),
        once=details.once_started(judgement, lexicon, products),
        set_aside=details.set_aside(judgement, advice),
        next_test=next_test.line(_of_what_may_go(tests, judgement), lexicon),
        reason=reason,
        sources=_sources(decision.agreeing),
        medication=medication,
        differences=_differences(decision.differing),
        cautions=(
            *gaps.codes_not_understood((*valid, *decision.limits)),
            *gaps.other_genotypes(advice, valid, judgement.urgency),
            *(gaps.untested_remarks(untested, stakes) if deciding and not part and not settled else ()),
            *gaps.unverified_remarks(valid),
            *(gaps.copy_remarks(deciding, copy_ranges or {}) if deciding else ()),
            *gaps.unclear_remarks({} if part else unclear, refused),
        ),
        advice=tuple(row.beside(decision.ruled_out or (None if part else deciding)) for row in advice),
        deciding=deciding,
        ruled_out=decision.ruled_out,
        limits=decision.limits,
        acting=decision.acting,
        product=products.get(clean(name), ""),
        interactions=(
            *_interactions(name, notes, decision.acting),
            *_without_others(valid, deciding, told_alone),
            *gaps.order_remarks(judgement),
        ),
        untested=() if settled else tuple((gene, stakes.get(gene, "")) for gene in untested),
        unclear=tuple((gene, stake) for gene, stake in unclear.items() if gene not in refused),
        refused=refused,
        local=any(row.has(FlagCode.LOCAL) for row in (*valid, *decision.limits)),
    )


def _of_what_may_go(tests: Sequence[Row], judgement: Judgement) -> list[Row]:
    """Return the tests without the stopping of medicines that are kept, and for which this one gives way."""
    kept = judgement.drug in gives_way_of(judgement)
    return [row for row in tests if not kept or row["kind"] != "drug_stopped"]


def _settled(deciding: Advice | None) -> bool:
    """Whether no further gene can change the advice: the drug is contraindicated, whatever else is found."""
    return deciding is not None and deciding.action_code == "contraindicated" and deciding.applies == "yes"


def _sources(agreeing: Iterable[Advice]) -> tuple[str, ...]:
    marks = {row.source: " (local)" if row.has(FlagCode.LOCAL) else "" for row in agreeing}
    return tuple(f"{source}{marks[source]}" for source in sorted(marks, key=by_source))


def _by_the_label(
    limit: Advice, acting: Sequence[Acting], name: str, deciding: Advice | None, judgement: Judgement
) -> str:
    allergies = [flag.about for flag in limit.codes if flag.code == FlagCode.ALLERGY]
    if allergies:
        return f"{limit.action}: {', '.join(allergies)}"
    if limit.acting:
        same_enzyme = limit.rests_on_enzyme_of(deciding)
        torn = len({one.asks_for for one in limit.acting} - {""}) > 1
        sum_unknown = f" ({SUM_UNKNOWN})" if torn else ""
        whose = "" if same_enzyme and not limit.matched else f", {limit.whose}"
        action = f"{counted_already(limit, judgement)}{limit.action}"
        return f"{phrase(acting, clean(name))}{sum_unknown}: {action}{whose}"
    text, interaction = f"{limit.action} {limit.condition}, {limit.whose}", phrase(acting, clean(name))
    # A dose comes last in the line: it is the label's for such a person.
    order = (interaction, text) if limit.urgency == "change_dose" else (text, interaction)
    return "; ".join(filter(None, order))


def _for_itself(leading: Advice, limits: Iterable[Advice]) -> str:
    """Return what rules a drug out without the other medicines, behind what a label says of them; mostly empty."""
    itself = leading.alone_among(limits)
    if itself is None:
        return ""
    allergies = ", ".join(flag.about for flag in itself.codes if flag.code == FlagCode.ALLERGY)
    said = f"{itself.action}: {allergies}" if allergies else f"{itself.action} {itself.condition}"
    agents = dict.fromkeys(clean(one.agent) for one in leading.acting)
    return f"; without {' and '.join(agents)} as well: {said}"


def _with_interaction(
    acting: Sequence[Acting], deciding: Advice | None, headline: str, dosed_by: str, alone: str, name: str
) -> str:
    by_label = headline if deciding and deciding.turned else dosed_by
    interaction = f"{phrase(acting, clean(name))}{f': {by_label}' if by_label else ''}"
    if deciding and not by_label and deciding.urgency == "avoid":
        # A drug that is ruled out is not dosed, whatever changes its level: that it is to be avoided comes first.
        return f"{headline}; besides, {interaction}"
    return f"{interaction}; {alone or _by_the_genes(deciding, headline)}"


def _genes_alone(deciding: Advice | None) -> str:
    """Return the action that the genes alone ask for, where another drug changed what is looked up; else nothing."""
    flags = deciding.codes if deciding and not deciding.turned else ()
    actions = (flag.about for flag in flags if flag.code == FlagCode.GENES_ALONE)
    return next((one for one in actions if deciding and one not in ("no_recommendation", deciding.action_code)), "")


def _said_alone(deciding: Advice | None) -> str:
    """Return what the genes alone ask for in words, where another drug changed what is looked up; else nothing.

    It stands beside a label that counts the other drugs, and in place of "as usual" beside what the advice does not
    count: what the genes ask for as converted would hide what sets the person apart from others.
    """
    alone = _genes_alone(deciding)
    if deciding is None or not alone:
        return ""
    doses = "".join(dose_of(alone))
    said = f"would ask for a {doses} dose" if doses else f"would say: {wording.action(deciding.source, alone)}"
    return f"the genes alone {said}"


def _by_the_genes(deciding: Advice | None, headline: str) -> str:
    if deciding is None or not deciding.turned:
        # What other medicines make of a gene is not what the gene asks for.
        converted = deciding is not None and deciding.has(FlagCode.PHENOCONVERTED)
        return f"by the genes{' with the other drugs' if converted else ''}: {headline}"
    turning = {flag.arguments[:2] for flag in deciding.codes if flag.code == FlagCode.INTERACTION_REVERSES}
    reversed_by = [acting for acting in deciding.acting if acting.reversing_flag.arguments in turning]
    doses = {"higher" if acting.asks_for == "lower" else "lower" for acting in reversed_by}
    return f"the genes alone would ask for a {' or a '.join(sorted(doses))} dose"


def _line(
    deciding: Advice | None,
    part: Advice | None,
    valid: Sequence[Advice],
    advice: Sequence[Advice],
    untested: Mapping[str, list[str]],
    stakes: Mapping[str, str],
    unclear: Mapping[str, str],
    refused: Collection[str],
    alleles: Mapping[str, str],
) -> tuple[str, str]:
    """Return headline and reason."""
    not_tested = gaps.not_tested(untested, refused)
    if part and unclear:
        why = [*gaps.unused_results(unclear, refused), *([not_tested] if untested else [])]
        headline = f"cannot be judged: {'; '.join(why)}{gaps.stake_clause({**stakes, **unclear})}"
        return headline, f"{'without it' if refused else 'by the other bases alone'} {part.result}"
    if part:
        return f"cannot be judged: {not_tested}{gaps.stake_clause(stakes)}", part.result
    if deciding is None:
        return _why_nothing(advice, untested, stakes, refused), _results(advice, untested)
    if all(row.urgency == "no_data" for row in valid):
        return "no recommendation for this result", _reason(deciding)
    headline = deciding.headline
    if deciding.urgency == "standard" and untested:
        named = ", ".join(map(wording.gene, untested))
        headline += f", as far as tested ({named} {'was' if len(untested) == 1 else 'were'} not)"
    return headline, _reason(deciding, alleles)


def _headline(deciding: Advice, otherwise: Advice | None) -> str:
    if deciding.applies == "if_population" and otherwise and otherwise.urgency != deciding.urgency:
        return f"{deciding.headline}; otherwise {otherwise.headline}"
    return deciding.headline


def _condition(deciding: Advice, judgement: Judgement) -> str:
    """Whom the advice is for, where the stage of treatment decided that; mostly empty."""
    aside = {flag.about for flag in map(Flag.parse, judgement.flags) if flag.code == FlagCode.SET_ASIDE}
    return f" ({deciding.condition})" if deciding.row["population"] in aside else ""


def _checks(deciding: Advice, *, by_value: bool) -> str:
    """What is checked beside the usual dose, or a present one that goes by a measured value; mostly empty."""
    asked = deciding.urgency in ("monitor", "standard") and deciding.row["action"] != "insufficient"
    asked |= by_value and deciding.urgency == "change_dose"
    return f"; check {', '.join(deciding.monitoring)}" if asked and deciding.monitoring else ""


def _why_nothing(
    advice: Sequence[Advice], untested: Mapping[str, list[str]], stakes: Mapping[str, str], refused: Collection[str]
) -> str:
    if not untested and any(row.has(FlagCode.LOCAL_FORM) for row in advice):
        return "acts on skin, eye or ear alone: guidance for the whole body does not hold"
    if all(row.source == NOBODY for row in advice):
        return "no source has a recommendation for this drug"
    if untested:
        return f"{gaps.not_tested(untested, refused)}{gaps.stake_clause(stakes)}"
    if any(row.applies == "possible" for row in advice):
        return "the genotype is too uncertain for one answer"
    return "no guideline row fits this result"


def _results(advice: Sequence[Advice], untested: Mapping[str, list[str]]) -> str:
    """Results that no row fits, or the genes that are looked at; a gene that was not tested is in the headline."""
    results = dict.fromkeys(row.result for row in advice if row.applies == "no_match" and row.matched)
    genes = dict.fromkeys(gene for row in advice if row.source != NOBODY for gene in row.genes)
    return ", ".join(results or [gene for gene in genes if gene not in untested])


def _reason(advice: Advice, alleles: Mapping[str, str] = _NO_ALLELES) -> str:
    parts = [part for _, effects in advice.implications for part in effects.split(", ")]
    if _pulls_apart(advice):
        effects_of = dict(advice.implications)
        told = ((_named(advice, gene, value, alleles), effects_of.get(gene, "")) for gene, value in advice.matched)
        return "; ".join(": ".join(filter(None, one)) for one in told)
    parts = [part for part in dict.fromkeys(parts) if part not in _EMPTY_IMPLICATIONS]
    effects = ", ".join([part for part in parts if not part.endswith(_AS_USUAL)] or parts)
    return ": ".join(filter(None, (_result(advice, alleles), effects)))


def _result(advice: Advice, alleles: Mapping[str, str]) -> str:
    """Return the results that a row is about, each with the alleles that make it."""
    return ", ".join(_named(advice, gene, value, alleles) for gene, value in advice.matched)


def _named(advice: Advice, gene: str, value: str, alleles: Mapping[str, str]) -> str:
    """Return a result with its alleles, ``DPYD Intermediate Metabolizer (score 1.5; c.2846A>T/Reference)``.

    A result that is a diplotype names them itself. None are named where another medicine makes the result, or where it
    changes nothing.
    """
    told, diplotype = f"{gene} {value}".strip(), alleles.get(gene, "")
    silent = advice.urgency in ("standard", "no_data") or advice.has(FlagCode.PHENOCONVERTED)
    if silent or not diplotype or diplotype in value:
        return told
    return f"{told[:-1]}; {diplotype})" if told.endswith(")") else f"{told} ({diplotype})"


def _pulls_apart(advice: Advice) -> bool:
    """Whether the genes of a row do the same thing to a different degree, or the other way: each is told by itself."""
    ways: dict[str, set[str]] = {}
    for gene, codes in pairs_of(advice.row["implication"]):
        for code in re.split(r"[;,+&]", codes or gene):
            effect, _, way = re.sub("_(up|down)", r"|\1", code.strip(), count=1).partition("|")
            ways.setdefault(effect, set()).add(way)
    told = {gene for gene, _ in advice.implications}
    return len(told) > 1 and told <= dict(advice.matched).keys() and any(len(way) > 1 for way in ways.values())


def _differences(differing: Sequence[tuple[Advice, Advice | None]]) -> str:
    """Say what each source wants where they do not want the same; those that do are named together."""
    sources: dict[str, list[str]] = {}
    for first, settled in differing:
        sources.setdefault(_headline(first, settled), []).append(first.source)
    return "; ".join(f"{' and '.join(names)}: {headline}" for headline, names in sources.items())


def _interactions(name: str, notes: Sequence[Row], acting: Sequence[Acting]) -> Iterator[str]:
    """What other drugs of the list do to this one, and this one to them, beyond what the headline says."""
    for note in notes:
        in_headline = note["code"] in OF_LEVELS and acting
        if note["code"] in BESIDE_DRUGS and note["subject"] == name and not in_headline:
            yield ("once started: " if note["code"] in _ONCE_STARTED else "") + clean(str(note["message"]))


def _without_others(valid: Sequence[Advice], deciding: Advice | None, told: str) -> Iterator[str]:
    """What a source would say of the genes alone, where an interacting drug or a condition changed that.

    The action `told` stands in the headline already.
    """
    sources: dict[str, dict[str, list[str]]] = {}
    for row in valid:
        for flag in row.codes:
            action = flag.about
            if flag.code == FlagCode.GENES_ALONE and action not in ("no_recommendation", row.row["action"], told):
                condition = row.condition if row.applies == "if_population" else ""
                conditions = sources.setdefault(wording.action(row.source, action), {})
                conditions.setdefault(row.source, []).append(condition)
    actions = [
        f"{action} ({', '.join(_with_condition(*one) for one in conditions.items())})"
        for action, conditions in sources.items()
        if deciding and action != deciding.action
    ]
    if actions:
        yield f"by the genes alone, without the interacting drugs: {'; '.join(actions)}"


def _with_condition(source: str, conditions: Sequence[str]) -> str:
    """Return a source with the condition under which it says something; one with several says it under each."""
    told = dict.fromkeys(conditions)
    return ", ".join(filter(None, (source, *told))) if len(told) == 1 else source
