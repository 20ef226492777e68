"""Words for codes: one table, ``wording.tsv``; an unknown code is shown readably, never dropped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from pgx.codes import Flag
from pgx.judgement.decide import DIRECTIONS
from pgx.judgement.statement import URGENCIES

__all__ = [
    "URGENCIES",
    "action",
    "clean",
    "dose",
    "flag_said",
    "humanise",
    "implication",
    "implications",
    "number",
    "percent",
    "running",
    "several",
    "table",
    "urgency_note",
    "words",
]

# Control characters (terminal escapes) and bidirectional overrides would let a sample name rewrite what a reader sees.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\ufeff]")

_COLON = re.compile(r"(?<!\d):|:(?!\d)")


@lru_cache(maxsize=1)
def table() -> dict[tuple[str, str], tuple[str, str]]:
    """Return (kind, code) -> (words for clinicians, words for patients)."""
    lines = (Path(__file__).parent / "wording.tsv").read_text(encoding="utf-8").splitlines()[1:]
    rows = (line.split("\t") for line in lines)
    return {(kind, code): (text, plain) for kind, code, text, plain in rows}


def clean(text: str) -> str:
    """Replace characters that could change how the text around them is shown; line breaks become spaces."""
    if text.isprintable():  # true of nearly every cell, and of none with such a character
        return text
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", re.sub(r"[\r\n\t]+", " ", text))


def humanise(code: str) -> str:
    """Make a code readable: ``comed:CYP3A_inhibitor`` becomes ``comed: CYP3A inhibitor``; ``*15:11`` stays."""
    spaced = _COLON.sub(": ", code.replace("_", " "))
    return clean(re.sub(r"\s+", " ", spaced.replace("|", " or ")).strip())


def words(kind: str, code: str | None, *, plain: bool = False) -> str:
    """Return the words for a code; for patients when `plain`, falling back to the clinicians' words."""
    if not code:
        return ""
    text, everyday = table().get((kind, code), ("", ""))
    return (everyday or text if plain else text) or humanise(code)


def gene(name: str, *, plain: bool = False) -> str:
    """Return a gene as readers know it: a symbol as it is, a name of the product's own in words.

    Examples
    --------
    >>> gene("CYP2C9"), gene("CYP2C_CLUSTER")
    ('CYP2C9', 'rs12777823 near CYP2C9')
    """
    return name if ("gene", name) not in table() and "_" not in name else words("gene", name, plain=plain)


def flag_said(flag: Flag) -> str:
    """Return a flag that has a sentence of its own, with what it names put in; empty for any other."""
    sentence, kind = table().get(("flag_said", flag.code), ("", ""))
    if sentence.count("{}") != len(flag.arguments):
        return ""
    *named, last = map(clean, flag.arguments)
    return sentence.format(*named, words(kind, last) if kind else last)


def urgency_note(urgency: str) -> str:
    """Return what a reader must not overlook about all drugs of an urgency; mostly empty."""
    return table().get(("urgency_note", urgency), ("", ""))[0]


def action(source: str, code: str | None, *, plain: bool = False) -> str:
    """Return an action in words, in those of one source where it means something of its own by the code."""
    kind = f"action:{source}"
    return words(kind if (kind, code) in table() else "action", code, plain=plain)


def running(code: str, *, by_genes: bool = False, plain: bool = False) -> str:
    """Return an action on a first dose in words for a drug that has been taken for long; empty for any other action.

    What the genes ask for is a share of the usual dose (`by_genes`): the present one was found by its effect, and may
    be that share already.
    """
    code = dict(DIRECTIONS.values()).get(code, code) if by_genes else code
    return words("action:running", code, plain=plain) if ("action:running", code) in table() else ""


@lru_cache(maxsize=2048)
def implication(code: str, *, plain: bool = False) -> str:
    """Return one implication code in words: ``exposure_up_marked`` becomes ``much higher drug exposure``."""
    body, bracket, detail = code.partition("(")
    extra = f" ({humanise(detail.rstrip(')'))})" if bracket else ""
    if ("implication", body) in table():
        return words("implication", body, plain=plain) + extra
    parts = body.split("_")
    # The longest known effect in front, the change behind it.
    for cut in range(len(parts) - 1, 0, -1):
        effect, change = "_".join(parts[:cut]), "_".join(parts[cut:])
        if ("effect", effect) in table() and ("change", change) in table():
            effect_words, change_words = words("effect", effect, plain=plain), words("change", change, plain=plain)
            return (
                f"{change_words} {effect_words}"
                if change_words.endswith(("er", "changed"))
                else f"{effect_words}: {change_words}"
            ) + extra
    return humanise(body) + extra


def implications(pairs: Sequence[tuple[str, str | None]], *, plain: bool = False) -> list[tuple[str, str]]:
    """Return (gene, words) for pairs of gene and codes; a code without a gene belongs to the gene before."""
    found: list[tuple[str, list[str]]] = []
    for gene, codes in pairs:
        if codes is not None:
            found.append((gene, []))
        elif not found:
            found.append(("", []))
        listed = re.split(r"[,+&]", gene if codes is None else codes)
        found[-1][1].extend(implication(one.strip(), plain=plain) for one in listed if one)
    return [(gene, ", ".join(said)) for gene, said in found if said]


def dose(change: str) -> str:
    """Return a change of dose in words: ``-50..-25`` becomes ``-50 to -25 %``, with proper minus signs."""
    if not change:
        return ""
    low, _, high = change.partition("..")
    signed = [part if part.startswith(("-", "+")) else f"+{part}" for part in (low, high) if part]
    return " to ".join(signed).replace("-", "\N{MINUS SIGN}") + " %"


def percent(probability: float | None) -> str:
    """Return a probability as a percentage that never rounds a possibility away or up to certainty."""
    if probability is None:
        return ""
    if probability >= 1:
        return "100 %"
    if probability > 0.99:
        return "> 99 %"
    if 0 < probability < 0.001:
        return "< 0.1 %"
    if 0 < probability < 0.1:
        return f"{probability * 100:.2g} %"
    return f"{probability * 100:.0f} %"


def several(names: Sequence[str], most: int = 8) -> str:
    """Return names joined by commas; of more than `most`, how many are left out."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def number(value: float | None, digits: int = 3) -> str:
    """Return a number with `digits` significant digits and no exponent; null is an empty string."""
    if value is None:
        return ""
    if value == 0:
        return "0"
    text = f"{value:.{digits}g}"
    return text if "e" not in text else f"{value:,.0f}".replace(",", " ")
