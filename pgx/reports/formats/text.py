"""The report for a terminal: colours where they are wanted, plain lines where it is piped."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import product

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from pgx.reports.page.build import NOBODY, Drug, Gene, Score, View, view, views
from pgx.reports.page.exposure_line import HEADING, NOTE, Exposure
from pgx.reports.page.gaps import no_guidance
from pgx.reports.page.lexicon import Lexicon
from pgx.reports.page.notice import NOTICE
from pgx.reports.page.remarks import Remark, flag_marks, marks_of, own_remarks, shared_remarks
from pgx.reports.page.who import lacking, tested
from pgx.reports.page.wording import URGENCIES, clean, number, percent, several, urgency_note, words
from pgx.types import Result

STYLES = {
    "avoid": "bold red",
    "change_dose": "bold yellow",
    "monitor": "bold cyan",
    "standard": "green",
    "no_data": "dim",
}
MARKS = {"avoid": "✕", "change_dose": "±", "monitor": "◉", "standard": "✓", "no_data": "?"}
_LINE_BY_LINE = 15
_WIDEST = 118
_PIPED = 100
_LONGEST_NAME = 60
_IN_PASSING = 30
_NARROW = 72  # with less room the columns of a table would break names of alleles apart


def render_text(
    result: Result, sample: str, lexicon: Lexicon, *, color: bool | None = None, width: int | None = None
) -> str:
    """Return one sample's report for a terminal.

    Parameters
    ----------
    result
        What a run found.
    sample
        Whose report.
    lexicon
        Words for the codes.
    color
        Use ANSI colours; without them the text holds no escape codes at all. None = if standard output is a terminal
        and ``NO_COLOR`` is not set.
    width
        Columns to fill, at least 40; None = the terminal's, or 100 where standard output is none.

    Raises
    ------
    UsageError
        If the result does not have the sample.
    """
    color, width = _terminal(color, width)
    return text_of(view(result, sample, lexicon), color=color, width=width)


def render_texts(result: Result, lexicon: Lexicon) -> Iterator[str]:
    """Yield everybody's report for a terminal, as `render_text` gives it; what they have in common is made once."""
    color, width = _terminal(None, None)
    for shown in views(result, lexicon):
        yield text_of(shown, color=color, width=width)


def _terminal(color: bool | None, width: int | None) -> tuple[bool, int]:
    """Return whether to colour and the columns to fill, where nothing else is asked for."""
    terminal = sys.stdout.isatty()
    if color is None:
        color = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    if width is None:
        width = shutil.get_terminal_size().columns if terminal else _PIPED
    return color, width


def text_of(shown: View, *, color: bool = False, width: int = 100) -> str:
    """Return the report of one view, see `render_text`."""
    out = io.StringIO()
    console = Console(
        file=out,
        width=max(40, min(width, _WIDEST)),
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        highlight=False,
        emoji=False,
        markup=False,
        legacy_windows=False,
    )
    console.print(page(shown, console.width))
    # Trailing blanks are an artefact of table cells: they would only make a piped report differ from what is seen.
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def page(shown: View, width: int) -> RenderableType:
    """Return the whole report as one rich renderable for `width` columns."""
    parts: list[RenderableType] = [Text(f"Pharmacogenomic report: {shown.sample}", "bold"), Text(NOTICE, "dim italic")]
    parts += _who(shown)
    parts += [_heading("What to do"), *_summary(shown)]
    if shown.scores:
        parts += [
            _heading("Model scores (estimates, not guideline advice)"),
            *(_score(score) for score in shown.scores),
        ]
    parts += [_heading("Genes"), *_genes(shown, width)]
    detail = [drug for drug in shown.drugs if drug.urgency in ("avoid", "change_dose", "monitor") or drug.medication]
    if detail:
        parts += [_heading("What each source says"), *_every_source(detail)]
    if shown.exposures:
        parts += [_heading(HEADING), Text(NOTE, "dim"), *(_exposure(one) for one in shown.exposures)]
    parts += [_heading("Not tested, and remarks"), *_remarks(shown)]
    if shown.provenance:
        parts += [_heading("How this was computed"), _grid(list(shown.provenance))]
    return Group(*parts)


def _heading(title: str) -> RenderableType:
    return Padding(Rule(Text(f" {title} ", "bold"), align="left", characters="─", style="dim"), (1, 0, 0, 0))


def _grid(rows: list[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in rows:
        table.add_row(Text(label), Text(value))
    return table


def _who(shown: View) -> list[RenderableType]:
    person = "; ".join(f"{label} {value}" for label, value in shown.who)
    lines = [Text.assemble((f"{label}: ", "dim"), names) for label, names in tested(shown.genes, shown.genes_needed)]
    return [*([Text(f"{person[:1].upper()}{person[1:]}.")] if person else []), *lines]


def _summary(shown: View) -> list[RenderableType]:
    parts: list[RenderableType] = [
        Text.assemble(("! ", "bold red"), clean(str(note["message"]))) for note in shown.first_alerts
    ]
    for gene, stake, needing in shown.tests_needed:
        what = lacking(gene, shown.refused)
        line = Text.assemble((f"! {what}: ", "bold yellow"), (gene, "bold"), f" for {', '.join(needing)}; ")
        parts.append(line.append(f"some results would mean: {words('urgency', stake).lower()}"))
    for gene, stake, concerned in shown.unclear:
        line = Text.assemble(("! Shown but not known: ", "bold yellow"), (gene, "bold"))
        line.append(f", {words('unclear', 'shown')}; concerns {several(concerned)}; ")
        parts.append(line.append(f"some results would mean: {words('urgency', stake).lower()}"))
    if shown.unknown_medicines:
        names = ", ".join(shown.unknown_medicines)
        parts.append(Text.assemble(("! Not in the knowledge base: ", "bold yellow"), names, "; nothing is known of it"))
    if shown.unread_medicines:
        names = ", ".join(shown.unread_medicines)
        parts.append(Text.assemble(("! Could not be read: ", "bold yellow"), names, "; it may be taken"))
    parts += [Text(f"{remark[:1].upper()}{remark[1:]}.", "dim") for remark in shown.local_medicines]
    if shown.test_first:
        parts.append(Text(f"{shown.test_first[:1].upper()}{shown.test_first[1:]}.", "bold"))
    if shown.scope:
        parts.append(Text(f"{shown.scope[:1].upper()}{shown.scope[1:]}.", "dim"))
    if not shown.drugs:
        parts.append(Text(no_guidance((*shown.unknown_medicines, *shown.unread_medicines))))
    parts += _by_urgency(shown)
    if shown.without_guidance:
        parts.append(Text(f"No guideline row for: {', '.join(shown.without_guidance)}", "dim"))
    return parts


def _by_urgency(shown: View) -> list[RenderableType]:
    """Return the drugs by urgency, those of the person's list before the rest, and the remarks that they share."""
    parts: list[RenderableType] = []
    shared = shared_remarks(shown.drugs)
    for on_list, urgency in product(shown.parts, URGENCIES):
        drugs = shown.of_urgency(urgency, listed=on_list)
        if urgency == URGENCIES[0] and on_list is False:
            parts.append(Padding(Text("Not on the list of medicines", "bold"), (1, 0, 0, 0)))
        if not drugs:
            continue
        parts.append(Text(f"{MARKS[urgency]} {words('urgency', urgency)} ({len(drugs)})", STYLES[urgency]))
        if note := urgency_note(urgency):
            parts.append(Padding(Text(note, "dim"), (0, 0, 0, 2)))
        # Long lists of drugs that need nothing would bury the ones that do.
        quiet = urgency in ("standard", "no_data") and len(drugs) > _LINE_BY_LINE
        listed = [drug for drug in drugs if drug.medication or drug.later] if quiet else drugs
        if listed:
            parts.append(_drug_lines(listed, shared))
        if quiet:
            rest = ", ".join(drug.name for drug in drugs if drug not in listed)
            parts.append(Padding(Text(rest), (0, 0, 0, 2)))
    if shared:
        parts.append(_grid([(remark.mark, f"{remark.kind}: {remark.text}") for remark in shared.values()]))
    return parts


def _drug_lines(drugs: list[Drug], shared: Mapping[tuple[str, str], Remark]) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    for drug in drugs:
        name = Text.assemble((drug.name, "bold"))
        if drug.medication:
            name.append(f" ({words('medication', drug.medication)})", "dim")
        text = Text(drug.headline)
        if drug.reason:
            text.append(f" · {drug.reason}", "dim")
        if drug.sources:
            text.append(f" [{', '.join(drug.sources)}]", "dim")
        if drug.instead_said:
            text.append("\ninstead: ", "bold")
            text.append(drug.instead_said)
        if drug.set_aside:
            text.append("\nfor a first treatment only: ", "bold")
            text.append(drug.set_aside)
        own = own_remarks(drug, shared)
        _append(text, (remark for remark in own if remark.kind == "interaction"))
        if drug.next_test:
            text.append("\nnext: ", "bold")
            text.append(drug.next_test)
        if drug.differences:
            text.append("\nsources differ: ", "bold")
            text.append(drug.differences)
        _append(text, (remark for remark in own if remark.kind != "interaction"))
        for limit in drug.beside:
            text.append("\nlabel: ", "bold")
            text.append(limit.text)
        for limit in drug.open_limits:
            text.append("\nlabel: ", "bold")
            text.append(limit.undecided)
        if marks := marks_of(drug, shared):
            text.append("\nsee below: ", "bold")
            text.append(marks)
        table.add_row(name, text)
    return Padding(table, (0, 0, 0, 2))


def _append(text: Text, remarks: Iterable[Remark]) -> None:
    for remark in remarks:
        text.append(f"\n{remark.kind}: ", "bold")
        text.append(remark.text)


def _score(score: Score) -> RenderableType:
    head = Text.assemble((score.endpoint, "bold"))
    head.append(f" ({'; '.join(filter(None, (score.kind_said, score.when)))}): ")
    if score.estimate is None:
        head.append(score.refusal or words("category", score.category), "bold yellow")
    else:
        head.append(score.show(score.estimate), "bold")
        if score.interval:
            head.append(f", {score.interval}")
        if score.reference is not None:
            head.append(f"; average person {score.show(score.reference)}: {words('category', score.category)}")
    rows = [("of", score.outcome)] if score.outcome else []
    if score.population:
        rows.append(("holds for", score.population))
    if score.factors:
        rows.append(("driven by", ", ".join(f"{name} {value:+.3g}" for name, value in score.factors[:6])))
    rows.append(("rests on", f"{score.evidence}; {score.model}"))
    rows += [("beside the advice", score.beside_advice)] if score.beside_advice else []
    rows += [("caution", flag) for flag in score.flags]
    return Group(head, Padding(_grid(rows), (0, 0, 0, 2)))


def _exposure(one: Exposure) -> RenderableType:
    rows = [("rests on", one.rests_on)] if one.rests_on else []
    rows += [("caution", flag) for flag in one.cautions]
    return Group(Text.assemble((one.drug, "bold"), f": {one.said}"), Padding(_grid(rows), (0, 0, 0, 2)))


def _genes(shown: View, width: int) -> list[RenderableType]:
    called = [gene for gene in shown.genes if gene.status != "not_called"]
    if not called:
        return [Text("No gene was called.")]
    main = [gene for gene in called if gene.has_guidance] or called
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("gene", "diplotype", "phenotype", "score", "positions", "remarks"):
        table.add_column(name, overflow="fold", no_wrap=name in ("gene", "score", "positions"))
    # The same remark stands beside many genes: each is written once, under the table.
    remarks: dict[str, int] = {}
    lines: list[RenderableType] = []
    for gene in main:
        status = [gene.status_said] if gene.status != "called" else []
        numbers = [remarks.setdefault(remark, len(remarks) + 1) for remark in (*status, *gene.flags)]
        cells = [*_gene_cells(gene), Text(" ".join(f"[{n}]" for n in numbers), "dim")]
        if width < _NARROW:
            lines.append(Text("  ").join(cell for cell in cells if cell))
        else:
            table.add_row(*cells)
    parts: list[RenderableType] = [*(lines or [table]), _grid([(f"[{n}]", remark) for remark, n in remarks.items()])]
    others = [f"{gene.name} {in_passing(gene)}" for gene in called if gene not in main]
    if others:
        parts.append(Padding(Text.assemble(("other genes  ", "dim"), "; ".join(others)), (1, 0, 0, 0)))
    return parts


def in_passing(gene: Gene) -> str:
    """Return a diplotype for a list; it is cut off only where it has no meaning: without a phenotype."""
    diplotype = gene.brief(gene.diplotype, _IN_PASSING) or gene.status_said
    if gene.phenotype or len(diplotype) <= _IN_PASSING:
        return diplotype
    return f"{diplotype[: _IN_PASSING - 1].rstrip()}…"


def _gene_cells(gene: Gene) -> list[Text]:
    diplotype = Text(gene.brief(gene.diplotype, _LONGEST_NAME))
    if gene.probability is not None:
        diplotype.append(f" {percent(gene.probability)}", "dim")
    for name, chance in gene.alternatives[:2]:
        diplotype.append(f"\nor {gene.brief(name, _LONGEST_NAME)} {percent(chance)}", "dim")
    phenotype = Text(gene.phenotype)
    if gene.unclear:
        phenotype.append(f" {gene.unclear}", "bold")
    elif gene.phenotype_probability is not None:
        phenotype.append(f" {percent(gene.phenotype_probability)}", "dim")
    if gene.changed:
        phenotype.append(f"\nnow {gene.clinical}", "bold")
    score = Text(number(gene.score))
    if gene.clinical_score is not None and gene.clinical_score != gene.score:
        score.append(f"\nnow {number(gene.clinical_score)}")
    return [Text(gene.name, "bold"), diplotype, phenotype, score, Text(gene.positions_said)]


def _every_source(drugs: list[Drug]) -> list[RenderableType]:
    """Return what each source says of the drugs; a remark on several rows is written once, below."""
    marks = flag_marks(drugs)
    return [*(_sources(drug, marks) for drug in drugs), _grid([(mark, remark) for remark, mark in marks.items()])]


def _sources(drug: Drug, marks: Mapping[str, str]) -> RenderableType:
    rows: list[RenderableType] = [Text(drug.name, "bold")]
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(ratio=1, overflow="fold")
    for advice in drug.advice:
        text = Text(advice.text or advice.headline)
        details = [] if advice.applies == "yes" or advice.source == NOBODY else [words("applies", advice.applies)]
        if advice.row["action"]:
            details.append(f"strength {advice.strength}" if advice.strength else "")
        # The sentence names conditions, alternatives and checks; without one they are said here.
        if not advice.text:
            details += [advice.condition, *advice.alternatives, *advice.monitoring]
        text.append(_in_brackets(details, advice.flags, marks), "dim")
        if advice.url:
            text.append(f" {advice.url}", "dim")
        table.add_row(Text("" if advice.source == NOBODY else advice.source), text)
    if drug.advice:
        rows.append(Padding(table, (0, 0, 0, 2)))
    if drug.limits:
        rows.append(Padding(Text("By the label, whatever the genes", "italic"), (0, 0, 0, 2)))
        rows.append(Padding(_limits(drug, marks), (0, 0, 0, 2)))
    return Group(*rows)


def _in_brackets(details: Iterable[str], flags: Iterable[str], marks: Mapping[str, str]) -> str:
    flags = list(flags)
    said = "; ".join(filter(None, (*details, *(flag for flag in flags if flag not in marks))))
    marked = " ".join(marks[flag] for flag in flags if flag in marks)
    return "".join(filter(None, (f" ({said})" if said else "", f" {marked}" if marked else "")))


def _limits(drug: Drug, marks: Mapping[str, str]) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(ratio=1, overflow="fold")
    for limit in drug.limits:
        details = [] if limit.applies == "yes" else [words("applies", limit.applies)]
        text = Text(limit.text)
        text.append(_in_brackets(details, limit.flags, marks), "dim")
        text.append(f" {limit.url}" if limit.url else "", "dim")
        table.add_row(Text(limit.source), text)
    return table


def _remarks(shown: View) -> list[RenderableType]:
    rows = []
    for label, genes in (
        ("not called", [gene for gene in shown.not_called if gene.has_guidance]),
        ("other, not called", [g for g in shown.not_called if not g.has_guidance]),
    ):
        if genes:
            rows.append((label, ", ".join(_uncalled(gene) for gene in genes)))
    rows += [("local knowledge", f"{what} from {overlay}") for what, overlay in shown.local_knowledge]
    rows += [(clean(str(note["severity"])), clean(str(note["message"]))) for note in shown.remarks]
    return [_grid(rows)] if rows else [Text("Nothing.")]


def _uncalled(gene: Gene) -> str:
    return f"{gene.name} ({gene.positions_said})" if gene.row["positions_total"] else gene.name
