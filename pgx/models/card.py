"""Model cards after TRIPOD+AI (Collins et al., BMJ 2024;385:e078378): who, what, how well, for whom not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


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
    lines += ["", "## Performance", ""]
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


def _method(facts: Mapping[str, Any]) -> str:
    training, prior = facts["training"], facts["prior"]["document"]
    parts = [
        f"The published evidence ({', '.join('PMID ' + p for p in prior.get('pmids', [])) or 'see the endpoint'}) is "
        "the starting point; small candidates are averaged by cross-validated weights; gradient-boosted trees are "
        "added on top only if they help by more than a standard error.",
        f"Here: {training['trees']} trees; gate: {training['gate']}; seed {training['seed']}.",
    ]
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
