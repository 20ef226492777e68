"""What is stated of a gene without a diplotype: no call, the status of an allele of HLA, a phenotype, a score."""

from __future__ import annotations

import re
from collections.abc import Mapping

import polars as pl

from pgx.knowledge import KnowledgeBase
from pgx.phenotypes import allele_status
from pgx.phenotypes.outside.laboratory import laboratory_of
from pgx.variants.whole_numbers import decimal_number

_NO_CALL = {"", ".", "-", "none", "n/a", "na", "nan", "no call", "no_call", "nocall", "not called", "./.", "unknown",
            "unknown/unknown", "indeterminate", "not_determined", "no result", "?/?", "null", "[]", "n.d.", "nd",
            "not determined", "not tested", "not done", "not performed", "failed", "fail", "failure", "qns",
            "quantity not sufficient", "insufficient sample", "inconclusive", "no amplification", "no amp", "cancelled",
            "nicht getestet", "nicht bestimmt", "non testé"}  # fmt: skip
_REMARK = re.compile(r"\s*[\[(](?P<words>[^\[\]()]*)[\])]\s*$")
_HLA = re.compile(r"^(?:HLA-)?(?:[A-Z]+\d*)?\s*\*?(?P<fields>\d{2,3}(?::\d{2,3}){0,3})(?P<suffix>[A-Z]{0,2})$")


def is_no_call(text: str | None) -> bool:
    """Return whether a cell says that the tool made no call."""
    return text is None or text.strip().lower() in _NO_CALL


def hla_name(text: str) -> str:
    """Return an allele of HLA as ``*57:01`` of ``HLA-B*57:01`` and of ``*5701``; what is none stays as it is."""
    match = _HLA.match(re.sub(r"(?<=\*)(\d\d)(?=\d\d[NLQ]?$)", r"\1:", text.strip()))
    return f"*{match['fields']}{match['suffix'] if match['suffix'] in ('N', 'L', 'Q') else ''}" if match else text


def is_of_hla_gene(kb: KnowledgeBase, gene: str, allele: str) -> bool:
    """Whether an allele can be one of the gene by its first field; results of two genes are easily swapped."""
    groups: dict[str, frozenset[str]] = kb.remember("hla groups", lambda: _hla_groups(kb))
    return gene not in groups or allele.lstrip("*").split(":")[0].rstrip("NLQ") in groups[gene]


def _hla_groups(kb: KnowledgeBase) -> dict[str, frozenset[str]]:
    rows = kb.table("hla_groups").select("gene", "groups").iter_rows()
    return {gene: frozenset(groups.split(";")) for gene, groups in rows}


def phenotype_of(kb: KnowledgeBase, text: str | None) -> str | None:
    """Return a phenotype as the knowledge base writes it (``Intermediate metaboliser (IM)``, ``EM``), None if none."""
    if is_no_call(text) or text is None:
        return None
    plain = re.sub(r"metabolise?(r|rs)\b", "metabolizer", text.strip().replace("_", " "), flags=re.IGNORECASE)
    plain = re.sub(r"metabolizers\b", "metabolizer", plain, flags=re.IGNORECASE)
    plain = re.sub(r"\s*\((?:AS.*|[A-Z]{2,3})\)\s*$", "", plain)
    return phenotype_forms(kb).get(plain.lower(), plain)


def without_remark(text: str, is_remark: Mapping[str, str]) -> str:
    """Return a text without brackets at its end that hold a phenotype or an activity score.

    Examples
    --------
    >>> without_remark("*1/*3A (IM)", {"im": "Intermediate Metabolizer"})
    '*1/*3A'
    """
    match = _REMARK.search(text)
    if match is None:
        return text
    words = re.sub(r"metabolise?r", "metabolizer", match["words"].strip().lower())
    known = words in is_remark or re.fullmatch(
        r"(?:as|(?:activity )?score)\s*[:=]?\s*[\d.]+|(?:non-?)?expressers?|"
        r"(?:poor|normal|intermediate|rapid|ultra-?rapid|extensive)(?: metabolizer)?|"
        r"(?:normal|decreased|poor|increased|no) (?:function|activity)|"
        r"(?:low|intermediate|high|normal) sensitivity|"
        r"gilbert(?:'?s)?(?: syndrome)?",
        words,
    )
    return text[: match.start()].rstrip() if known else text


def status_of(kb: KnowledgeBase, gene: str, text: str) -> str | None:
    """Return what a cell says of one allele of HLA (``*57:01 positive``); None where it says something else.

    Raises
    ------
    ValueError
        If the allele cannot be one of the gene, or a subtype that is not there leaves the allele open.
    """
    return _allele_status(kb, gene, text) if laboratory_of(kb, gene).read(text).status else None


def status_or_phenotype(kb: KnowledgeBase, gene: str, text: str) -> str | None:
    """Return what stands in place of a genotype: ``*57:01 positive``, ``Poor Metabolizer``; mostly None.

    Raises
    ------
    ValueError
        If it is a phenotype that the gene cannot have.
    """
    if status := status_of(kb, gene, text):
        return status
    text = re.sub(rf"^{re.escape(gene)}[\s:]+", "", text.strip(), flags=re.IGNORECASE)
    known = phenotype_of(kb, text)
    if known is None or text.startswith("*"):
        return None
    own: dict[str, str] = kb.remember(("phenotypes of", gene), lambda: _phenotypes_of(kb, gene))
    # A "normal" genotype may be one whose alleles are, or one of which nothing else was looked for.
    if known.lower() != "normal" and (meant := _without_its_noun(text.strip().lower(), own)):
        return meant
    if known.lower() not in phenotype_forms(kb):
        return None
    if own and not allele_status.targets(kb, gene) and known.lower() not in own:
        raise ValueError(f"{text.strip()!r} is no phenotype of {gene}")
    return known


def phenotype_forms(kb: KnowledgeBase) -> dict[str, str]:
    """Return the ways to write a phenotype, lower case, and the phenotype that each is."""
    return kb.remember("phenotype names", lambda: _phenotype_index(kb))


def stated_of(kb: KnowledgeBase, gene: str, text: str | None) -> str | None:
    """Return a phenotype that a tool states of a gene, in the knowledge base's words for that gene; None if none.

    Raises
    ------
    ValueError
        If it is none that the gene can have; nobody may take it for "nothing was found".
    """
    plain = phenotype_of(kb, text)
    if plain is None or text is None:
        return None
    if allele_status.targets(kb, gene):
        return "; ".join(_allele_status(kb, gene, part) for part in re.split(r"[;,]", text) if part.strip())
    known: dict[str, str] = kb.remember(("phenotypes of", gene), lambda: _phenotypes_of(kb, gene))
    bare = re.sub(rf"^{re.escape(gene)}\s+", "", plain, flags=re.IGNORECASE).lower()
    found = _without_its_noun(bare, known)
    if found is None and known:
        raise ValueError(f"{text.strip()!r} is no phenotype of {gene}")
    return found or plain


def _without_its_noun(words: str, known: Mapping[str, str]) -> str | None:
    """Return the phenotype of a gene that ``poor`` is, with or without ``metabolizer`` or ``function``."""
    return next((known[form] for end in ("", " metabolizer", " function") if (form := words + end) in known), None)


def _phenotypes_of(kb: KnowledgeBase, gene: str) -> dict[str, str]:
    rules = kb.table("phenotype_rules").filter(pl.col("gene") == gene)["phenotype"].drop_nulls().unique().to_list()
    asked = kb.table("recommendation_conditions").filter(pl.col("gene") == gene, pl.col("match_on") == "phenotype")
    ladders = kb.table("phenotype_terms").filter(pl.col("ladder").is_not_null())
    held = dict(ladders.select("phenotype", "ladder").iter_rows())
    kinds = {held[name] for name in rules if name in held}
    words = [*rules, *asked["value"].drop_nulls().to_list(), *(name for name, kind in held.items() if kind in kinds)]
    return {name.lower(): name for name in words}


def _allele_status(kb: KnowledgeBase, gene: str, text: str) -> str:
    """Return ``*57:01 positive`` of ``HLA-B*57:01: detected``."""
    status = laboratory_of(kb, gene).read(text).status
    if status is None:
        raise ValueError(f"{text.strip()!r} does not say of an allele of {gene} whether it is there")
    allele, _, word = status.rpartition(" ")
    if not is_of_hla_gene(kb, gene, allele):
        raise ValueError(f"{allele!r} is not the name of an allele of {gene}")
    short = ":".join(allele.split(":")[:2])
    if allele != short and word == allele_status.NEGATIVE and short in allele_status.targets(kb, gene):
        raise ValueError(f"{text.strip()!r} leaves open whether another subtype of {short} is there")
    return f"{short} {word}"


def _phenotype_index(kb: KnowledgeBase) -> dict[str, str]:
    rules = kb.table("phenotype_rules")["phenotype"].drop_nulls().unique().to_list()
    terms = kb.table("phenotype_terms")["phenotype"].to_list()
    index = {name.lower(): name for name in [*rules, *terms]}
    return index | dict(kb.table("phenotype_names").select("name", "phenotype").iter_rows())


def score_of(text: str | None) -> float | None:
    """Return an activity score, None if none is stated.

    Raises
    ------
    ValueError
        If it is not a number of at least 0, or a bound that it is above.
    """
    if is_no_call(text) or text is None:
        return None
    if re.match(r">\s*\d", text.strip()):
        raise ValueError(f"activity score {text.strip()!r} is a bound; write the score, or the phenotype")
    score = decimal_number(re.sub(r"^(\d),(?=\d{1,2}$)", r"\1.", text.strip().lstrip("≥>= ")))
    if score is None:
        raise ValueError(f"activity score {text.strip()!r} is not a number")
    if not 0 <= score < 100:
        raise ValueError(f"activity score {text.strip()!r} is out of range")
    return score
