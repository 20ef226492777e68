"""Model cards after TRIPOD+AI (Collins et al., BMJ 2024;385:e078378): who, what, how well, for whom not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

DIFFERENCES = "product minus each baseline, with a corrected 95 % interval"
"""Where a recorded performance keeps the differences of `pgx.models.Evaluation`."""
SIMPLE = {"prior": "the published prior", "refit": "the refitted equation", "rule": "the simple rule",
          "base_rate": "the base rate", "local_base_rate": "this cohort's own base rate"}  # fmt: skip
"""Methods without trees, in words."""
WHERE = {"person": "", "site": "at sites that it has not seen, ", "time": "forward in time, ",
         "external": "as it is, on this cohort, "}  # fmt: skip
"""Designs of an evaluation, in words."""


def as_good(differences: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say where a simple method is as good as the model, or better.

    Parameters
    ----------
    differences
        Rows of `pgx.models.Evaluation.differences`, as a frame's or a recorded performance's rows.
    """
    lines = []
    for row in differences:
        against, design = row["against"], row["design"]
        if against not in SIMPLE or row["high"] < 0:
            continue
        if design not in ("person", "external") and against not in ("prior", "base_rate"):
            continue
        span = f"95 % {row['low']:+.4f} to {row['high']:+.4f}"
        spread = f"(difference in {row['measure']} {row['difference']:+.4f}, {span})"
        worse = "the model does worse than {}" if row["low"] > 0 else "{} is as good as the model"
        lines.append(f"{WHERE[design]}{worse.format(SIMPLE[against])} {spread}")
    return lines


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
    lines += ["## What it predicts", "", f"{_capital(document['outcome'])}, in {unit}; {document['horizon']}.", ""]
    lines += ["## For whom", "", f"{_capital(document['population']['about'])}."]
    refused = [row["code"].replace("_", " ") for row in document["population"].get("refuse", [])]
    if refused:
        lines.append(f"Refused: {'; '.join(dict.fromkeys(refused))}; and persons without any of the genes it needs.")
    lines += ["", "Not for use as the only ground of a treatment decision, and not outside this population.", ""]
    lines += ["## Cohort", "", training["cohort"] or "Not described.", ""]
    events = "" if document["kind"] == "dose" and "threshold" not in document else f", {training['events']} events"
    lines.append(
        f"{training['n']} rows, {training['persons']} persons{events}, {training['sites'] or 'unknown'} sites."
    )
    lines += [f"Left out: {why}, {count}." for why, count in training["left_out"].items()]
    for column, counts in training["groups"].items():
        lines.append(f"{column}: " + ", ".join(f"{level} {count}" for level, count in counts.items()) + ".")
    gaps = {name: share for name, share in training["missing"].items() if share > 0}
    if gaps:
        lines += ["", "Missing: " + ", ".join(f"{name} {share:.0%}" for name, share in gaps.items()) + "."]
    lines += ["", "## Method", "", _method(facts), ""]
    lines += ["| candidate | cross-validated loss | weight |", "|---|---|---|"]
    for name, value in training["cross_validated_loss"].items():
        weight = training["candidate_weights"].get(name)
        lines.append(f"| {name} | {value:.5f} | {'' if weight is None else f'{weight:.2f}'} |")
    lines += ["", "## The interval", "", interval(facts["parameters"]), ""]
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


def interval(parameters: Mapping[str, Any]) -> str:
    """Return what the interval of a trained model's scores is an interval of."""
    level = f"{parameters['level']:.0%}".replace("%", " %")
    if parameters["link"] == "sqrt":
        stretch = parameters.get("new_site_stretch")
        known = (
            f"The {level} interval is that of the patient's dose, from residuals of persons that the fit did not see"
        )
        if stretch is None:
            return f"{known}. Too few sites were there to say how much wider it must be elsewhere."
        return (f"{known}, stretched by {stretch:.2f} on the scale of the square root: `pgx score` is used at sites "
                "that the model was not trained at, and sites differ.")  # fmt: skip
    text = (f"The {level} interval is that of the risk itself, for persons who are alike in all features: what the "
            "cohort cannot tell, what its out-of-fold residue says that the model has missed, how far the trees move "
            "between folds, and what is left of the literature's own uncertainty.")  # fmt: skip
    between = parameters.get("between_sites")
    if between is None:
        return f"{text} Too few sites were there to say how sites differ: that is not part of it."
    return f"{text} Sites differ by a standard deviation of {between**0.5:.2f} on the log odds, which is part of it."


def not_used(document: Mapping[str, Any]) -> list[str]:
    """Return lines on the genes that guidelines name for the drug and the endpoint does not read, with the reason."""
    rows = [f"- {row['gene']}: {row['reason']}." for row in document.get("omitted", [])]
    return ["## Genes of the guidelines that it does not read", "", *rows, ""] if rows else []


def _method(facts: Mapping[str, Any]) -> str:
    training, prior = facts["training"], facts["prior"]["document"]
    parts = [
        f"The published evidence ({', '.join('PMID ' + p for p in prior.get('pmids', [])) or 'see the endpoint'}) is "
        "the starting point; small candidates are averaged by cross-validated weights; gradient-boosted trees are "
        "added on top only if they help by more than a standard error.",
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
