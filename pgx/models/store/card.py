"""Model cards after TRIPOD+AI (Collins et al., BMJ 2024;385:e078378): who, what, how well, for whom not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pgx.models.evidence.links import measured

DIFFERENCES = "product minus each baseline, with a corrected 95 % interval"
"""Where a recorded performance keeps the differences of `pgx.models.Evaluation`."""
METHODS = {"prior": "the published prior", "refit": "the refitted equation", "rule": "the simple rule",
           "base_rate": "the base rate", "local_base_rate": "this cohort's own base rate",
           "linear": "a linear model without the prior", "plain_booster": "a plain booster"}  # fmt: skip
"""Methods that a model is compared with, in words."""
WHERE = {"person": "", "site": "at sites that it has not seen, ", "time": "forward in time, ",
         "external": "as it is, on this cohort, "}  # fmt: skip
"""Designs of an evaluation, in words."""
_MOST_NAMED = 12
"""Columns that a line names before it counts the rest."""


def as_good(differences: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say what the model does worse than, is not shown to be better than, and equals: one sentence a design and case.

    Parameters
    ----------
    differences
        Rows of `pgx.models.Evaluation.differences`, as a frame's or a recorded performance's rows.
    """
    lines = []
    for design in dict.fromkeys(str(row["design"]) for row in differences):
        rows = [row for row in differences if row["design"] == design and row["against"] in METHODS]
        same = [row for row in rows if row["low"] == row["high"] == 0]
        rows = [row for row in rows if row not in same]
        for says, chosen in (
            ("the model does worse than", [row for row in rows if row["low"] > 0]),
            (
                "the model is not shown to be better than",
                [row for row in rows if not row["low"] > 0 and not row["high"] < 0],
            ),
        ):
            if chosen:
                lines.append(f"{WHERE.get(design, '')}{says} {_listed([_difference(row) for row in chosen])}")
        if same:
            names = _listed([METHODS[row["against"]] for row in same])
            lines.append(f"{WHERE.get(design, '')}the model is exactly as good as {names}: their losses are the same")
    return lines


def better(differences: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say what the model is better than: where the whole interval of the difference is on its side."""
    lines = []
    for design in dict.fromkeys(str(row["design"]) for row in differences):
        names = [METHODS[row["against"]] for row in differences
                 if row["design"] == design and row["against"] in METHODS and row["high"] < 0]  # fmt: skip
        if names:
            lines.append(f"{WHERE.get(design, '')}the model is better than {_listed(names)} "
                         "(95 % intervals of the differences)")  # fmt: skip
    return lines


def _difference(row: Mapping[str, Any]) -> str:
    span = f"95 % {_signed(row['low'])} to {_signed(row['high'])}"
    return f"{METHODS[row['against']]} (difference in {row['measure']} {_signed(row['difference'])}, {span})"


def _signed(value: float) -> str:
    """Write a difference with four decimals, or, if they would make it 0 though it is not, with what shows its side."""
    return f"{value:+.1e}" if value and not round(value, 4) else f"{value:+.4f}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def text(facts: Mapping[str, Any]) -> str:
    """Return the card of a trained model as Markdown.

    Parameters
    ----------
    facts
        Content of ``model.json``.
    """
    document, training = facts["prior"]["document"], facts["training"]
    unit = document["unit"]
    lines = [f"# {facts['endpoint']} {facts['version']}", "", f"Checksum `{facts['checksum']}`", ""]
    lines += [
        "## What it predicts",
        "",
        f"{_capital(document['outcome'])}, in {unit}; {document['horizon']}{_setting(document)}.",
        "",
    ]
    lines += ["## For whom", "", f"{_capital(document['population']['about'])}."]
    refused = [row["code"].replace("_", " ") for row in document["population"].get("refuse", [])]
    if refused:
        lines.append(f"Refused: {'; '.join(dict.fromkeys(refused))}; and persons without any of the genes it needs.")
    lines += ["", "Not for use as the only ground of a treatment decision, and not outside this population.", ""]
    lines += ["## Cohort", "", training["cohort"] or "Not described.", ""]
    events = "" if measured(facts["parameters"]["link"]) else f", {training['events']} events"
    lines.append(
        f"{training['n']} rows, {training['persons']} persons{events}, {training['sites'] or 'unknown'} sites."
    )
    lines += [f"Left out: {why}, {count}." for why, count in training["left_out"].items()]
    lines += [f"Not used: {text}." for text in columns_not_used(training)]
    for column, counts in training["groups"].items():
        lines.append(f"{column}: " + ", ".join(f"{level} {count}" for level, count in counts.items()) + ".")
    gaps = {name: share for name, share in training["missing"].items() if share > 0}
    if gaps:
        lines += ["", "Missing: " + ", ".join(f"{name} {share:.0%}" for name, share in gaps.items()) + "."]
    lines += ["", "## Method", "", _method(facts), ""]
    lines += _candidates(training)
    lines += ["", "## The interval", "", interval(facts["parameters"], document["kind"]), ""]
    lines += not_used(document)
    lines += ["## Performance", ""]
    lines += _performance(facts["performance"])
    lines += ["## What to be wary of", ""]
    lines += [f"- {warning['message']}" for warning in facts["warnings"]] or ["- nothing was found by the probes"]
    lines += [
        "",
        "## Versions",
        "",
        ", ".join(f"{name} {value}" for name, value in facts["versions"].items()) + ".",
        "",
    ]
    return "\n".join(lines)


def interval(parameters: Mapping[str, Any], kind: str = "dose") -> str:
    """Return what the interval of a trained model's scores is an interval of."""
    level = f"{parameters['level']:.0%}".replace("%", " %")
    scale = "logarithm" if parameters["link"] == "log" else "square root"
    if measured(parameters["link"]):
        stretch = parameters.get("new_site_stretch")
        known = (
            f"The {level} interval is that of the patient's {kind}, from residuals of persons that the fit did not see"
        )
        if stretch is None:
            return f"{known}. Too few sites were there to say how much wider it must be elsewhere."
        return (f"{known}, stretched by {stretch:.2f} on the scale of the {scale}: `pgx score` is used at sites "
                "that the model was not trained at, and sites differ.")  # fmt: skip
    text = (f"The {level} interval is that of the risk itself, for persons who are alike in all features: what the "
            "cohort cannot tell, what its out-of-fold residue says that the model has missed, how far the trees move "
            "between folds, and what is left of the literature's own uncertainty.")  # fmt: skip
    between = parameters.get("between_sites")
    if between is None:
        return f"{text} Too few sites were there to say how sites differ: that is not part of it."
    return f"{text} Sites differ by a standard deviation of {between**0.5:.2f} on the log odds, which is part of it."


def columns_not_used(training: Mapping[str, Any]) -> list[str]:
    """Return a line a reason: the columns of the cohort that are no features."""
    by_reason: dict[str, list[str]] = {}
    for name, why in training.get("columns_not_used", {}).items():
        by_reason.setdefault(why, []).append(name)
    return [f"{_some(names)} ({why})" for why, names in by_reason.items()]


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"{', '.join(names[:_MOST_NAMED])}{more}"


def not_used(document: Mapping[str, Any]) -> list[str]:
    """Return lines on the genes that guidelines name for the drug and the endpoint does not read, with the reason."""
    rows = [f"- {row['gene']}: {row['reason']}." for row in document.get("omitted", [])]
    return ["## Genes of the guidelines that it does not read", "", *rows, ""] if rows else []


def _setting(document: Mapping[str, Any]) -> str:
    return f"; {document['setting']}" if document.get("setting") else ""


def _candidates(training: Mapping[str, Any]) -> list[str]:
    """Return the table of candidates; models of before 0.3 know less of them."""
    if "candidates" not in training:
        lines = ["| candidate | cross-validated loss | weight |", "|---|---|---|"]
        for name, value in training["cross_validated_loss"].items():
            weight = training["candidate_weights"].get(name)
            lines.append(f"| {name} | {value:.5f} | {'' if weight is None else f'{weight:.2f}'} |")
        return lines
    lines = [
        "| candidate | tuned to | cross-validated loss | the model's minus it, 95 % | weight |",
        "|---|---|---|---|---|",
    ]
    for row in training["candidates"]:
        name, gap, half = row["name"].replace("_", " "), row["difference"], 1.96 * row["error"]
        span = f"{gap:+.5f} ({gap - half:+.5f} to {gap + half:+.5f})"
        lines.append(f"| {name} | {_tuned(row)} | {row['loss']:.5f} | {span} | {row['weight']:.2f} |")
    return [*lines, f"| the model | | {training['cross_validated_loss']['model']:.5f} | | |"]


def _tuned(row: Mapping[str, Any]) -> str:
    parts = [f"precision {row['precision']:g}"] if row.get("precision") else []
    if row.get("trees"):
        parts.append(f"{row['trees']} trees of depth {row['depth']}")
    return ", ".join(parts)


def _method(facts: Mapping[str, Any]) -> str:
    training, prior = facts["training"], facts["prior"]["document"]
    start = f"The published evidence ({', '.join('PMID ' + p for p in prior.get('pmids', [])) or 'see the endpoint'})"
    if "candidates" in training:
        together = (
            f"persons and the {training['sites_together']} sites" if training.get("sites_together") else "persons"
        )
        parts = [
            f"{start} is the first of the candidates; the others reach from its recalibration over regressions on all "
            "features to trees that know no prior, each tuned inside the cross-validation. The model is their weighted "
            "sum on the link scale; the weights, not negative, are those that predict persons left out best "
            f"({together} are kept together), and a candidate pays for its weight, so that little data leave the "
            "evidence as it is.",
            f"Here: {training['trees']} trees; gate: {training['gate']}; seed {training['seed']}.",
        ]
    else:
        parts = [
            f"{start} is the starting point; small candidates are averaged by cross-validated weights; "
            "gradient-boosted trees are added on top only if they help by more than a standard error.",
            f"Here: {training['trees']} trees; gate: {training['gate']}; seed {training['seed']}.",
        ]
    if "sample" in training:
        rows, persons = training["sample"]["rows"], training["sample"]["persons"]
        parts.append(
            "The cohort is large: columns, candidates' weights, the number of trees, losses and intervals rest "
            f"on a random sample of {persons} persons ({rows} rows; persons with the rarer outcome drawn more often "
            "where they are few, and weighed back); the linear part and the trees were fitted on all rows."
        )
    if training["gaps_filled"]:
        parts.append(
            "Gaps were hidden from the fit (filled with values of other persons): they went along with the outcome."
        )
    directed = [f["name"] for f in facts["parameters"]["features"] if f["monotone"]]
    if directed:
        parts.append(f"Direction fixed by biology: {', '.join(directed)}.")
    return " ".join(parts)


def _performance(performance: Mapping[str, Any]) -> list[str]:
    if not performance:
        return ["Not evaluated: run `pgx evaluate`.", ""]
    lines: list[str] = []
    for title, table in performance.items():
        if isinstance(table, str):
            lines += [f"{_capital(title)}: {table}", ""]
        elif table:
            columns = list(dict.fromkeys(key for row in table for key in row))
            lines += [f"### {_capital(title)}", "", "| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
            lines += ["| " + " | ".join(_cell(row.get(column)) for column in columns) + " |" for row in table]
            lines.append("")
    return lines


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
