"""What people write for genes and drugs, on the command line and in records, to the names of the knowledge base.

Genes: symbols in any case, with or without marks, and older names (``gene_names``). Drugs: everything that
`pgx.knowledge.drug_names` finds, and on the command line classes of drugs too (``drug_classes``, groups of the ATC).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence

import polars as pl

from pgx.errors import UsageError
from pgx.guard.limits import HEADING
from pgx.knowledge.base import KnowledgeBase
from pgx.knowledge.drug_names import DrugNames, drug_names

_BESIDE_A_CLASS = re.compile(
    r"drugs?|agents?|medicines?|medications?|therap(?:y|ie)|derivatives?|derivate?n?|derives?|derivados?|medikamente?n?|"
    r"wirkstoffe?|medicamentos?|medicaments?|farmac(?:o|os|i)|geneesmiddelen|of|the|des?|l[aeo]?|les|los|las|d|du|del|"
    r"della|delle|dei|di|dell|da|do|dos|das|der|van"
)
"""Words that say nothing of which class is meant."""
_RECEPTOR = re.compile(r"(?:re[cz]ept|recett)(?:or|eur|ore)(?:e?s|en)?")
_ENDING = re.compile(r"(?<=.{4})(?:en|um|[aeiou])$")
"""What tells singular from plural, and one language's form of an international word from another's."""
_ATC_GROUP = re.compile(r"^(?:atc[:=])?([A-Z]\d{2}(?:[A-Z]{1,2})?)$", re.IGNORECASE)


def gene_of(kb: KnowledgeBase, name: str) -> str:
    """Return the gene that a user means.

    Raises
    ------
    UsageError
        If the knowledge base has no such gene; the message names what is written almost like it.

    Examples
    --------
    >>> from pgx import knowledge
    >>> gene_of(knowledge.load(), "hla-b"), gene_of(knowledge.load(), "OATP1B1")
    ('HLA-B', 'SLCO1B1')
    """
    if found := gene_named(kb, name):
        return found
    meant = genes_meant(kb, name)
    hint = f"did you mean {' or '.join(meant)}?" if meant else "see `pgx kb genes`"
    raise UsageError(f"the knowledge base has no gene {name!r}; {hint}")


def gene_named(kb: KnowledgeBase, name: str) -> str | None:
    """Return the gene of a name; None if there is none."""
    return gene_forms(kb).get(_letters(name))


def genes_meant(kb: KnowledgeBase, name: str) -> list[str]:
    """Return the genes that an unknown name may be a slip of."""
    known = gene_forms(kb)
    close = difflib.get_close_matches(_letters(name[: HEADING.most]), known, n=3, cutoff=0.8)
    # Another number is another gene, not a slip.
    return list(dict.fromkeys(known[one] for one in close if not _other_number(_letters(name), one)))


def genes_of(kb: KnowledgeBase, names: Iterable[str] | None) -> list[str] | None:
    """Return the genes that a user means, each once; None stays None.

    Raises
    ------
    UsageError
        As for `gene_of`.
    """
    return None if names is None else list(dict.fromkeys(gene_of(kb, name) for name in names if name.strip()))


def gene_forms(kb: KnowledgeBase) -> dict[str, str]:
    """Return the ways to write a gene, letters and digits in capitals alone -> gene."""

    def make() -> dict[str, str]:
        named = {_letters(name): gene for name, gene in kb.table("gene_names").select("name", "gene").iter_rows()}
        return named | {_letters(gene): gene for gene in kb.genes}

    return kb.remember("gene forms", make)


def older_gene_names(kb: KnowledgeBase) -> dict[str, str]:
    """Return the names of table ``gene_names``, as `gene_forms` writes them; other marks are a slip."""
    named = kb.table("gene_names").select("name", "gene").iter_rows()
    return {form: gene for name, gene in named if (form := _letters(name)) != _letters(gene)}


def _other_number(one: str, two: str) -> bool:
    apart = [(first, second) for first, second in zip(one, two, strict=False) if first != second]
    return len(one) == len(two) and all(first.isdigit() and second.isdigit() for first, second in apart)


def _letters(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", name.upper())


def drugs_of(kb: KnowledgeBase, names: Sequence[str]) -> list[str]:
    """Return the drugs that a user asks for: a class stands for its members, a combination for its parts too.

    Raises
    ------
    UsageError
        If a name is not known; the message names what is spelled almost like it.

    Examples
    --------
    >>> from pgx import knowledge
    >>> drugs_of(knowledge.load(), ["thiopurines", "Coumadin"])
    ['azathioprine', 'mercaptopurine', 'thioguanine', 'warfarin']
    """
    found: list[str] = []
    look_up = drug_names(kb)
    for name in names:
        if name.strip():
            found += class_of(kb, name) or look_up.substances(_together(look_up, name) or (resolve(kb, name),))
    return list(dict.fromkeys(found))


def _together(look_up: DrugNames, name: str) -> tuple[str, ...]:
    """Return the drugs that are named with a sign between them, where all are known: ``amlodipine/valsartan``."""
    found = look_up.find(name.strip())
    return found.drugs if len(found.drugs) > 1 and not found.unknown else ()


def class_of(kb: KnowledgeBase, name: str) -> list[str]:
    """Return the drugs of a class that have recommendations, by a name of the class or a group of the ATC.

    Raises
    ------
    UsageError
        If it is a class of which no drug has a recommendation.
    """
    classes: dict[str, tuple[list[str], list[str]]] = kb.remember("drug classes", lambda: _classes(kb))
    match = _ATC_GROUP.match(name.strip())
    groups, own = ([match[1].upper()], []) if match else _class_named(kb, classes, name)
    if not groups and not own:
        return []
    table = kb.table("drugs").select("drug", pl.col("atc").str.split(";")).explode("atc")
    members = table.filter(
        pl.any_horizontal([pl.col("atc").str.starts_with(group) for group in groups] or [pl.lit(False)])
    )
    advised = set(kb.table("recommendations")["drug"])
    found = sorted({*members["drug"], *own} & advised)
    if not found:
        raise UsageError(f"no drug of the class {name.strip()!r} has a recommendation in the knowledge base")
    return found


def _class_named(
    kb: KnowledgeBase, classes: dict[str, tuple[list[str], list[str]]], name: str
) -> tuple[list[str], list[str]]:
    """Return groups and drugs of a class by its name as it stands, else by its form: what is a drug's name is none."""
    look_up = drug_names(kb)
    plain = look_up.plain(name)
    if plain in classes:
        return classes[plain]
    if len(name) > HEADING.most or look_up.is_name(name) or plain in look_up.others:
        return [], []
    return next((classes[form] for form in class_forms(look_up, name) if form in classes), ([], []))


def class_forms(look_up: DrugNames, name: str) -> tuple[str, str]:
    """Return the name of a class without marks and the endings of its words, in their order and sorted.

    >>> class_forms(DrugNames, "Statinas")[0], class_forms(DrugNames, "statin drugs")[0]
    ('=statin', '=statin')
    """
    words = re.findall(r"[^\W_]+", look_up.plain(name))
    kept = [_RECEPTOR.sub("", word) for word in words if not _BESIDE_A_CLASS.fullmatch(word)]
    bare = [_ENDING.sub("", word.removesuffix("s")) for word in kept or words if word]
    return "=" + "".join(bare), "=" + " ".join(sorted(bare))


def _classes(kb: KnowledgeBase) -> dict[str, tuple[list[str], list[str]]]:
    found = {}
    look_up = drug_names(kb)
    for names, atc, drugs in kb.table("drug_classes").select("names", "atc", "drugs").iter_rows():
        for name in names.split(";"):
            members = ((atc or "").split(";") if atc else [], (drugs or "").split(";") if drugs else [])
            found[look_up.plain(name)] = members
            for form in class_forms(look_up, name):
                found.setdefault(form, members)
    return found


def resolve(kb: KnowledgeBase, text: str) -> str:
    """Return the one drug that a user means by a generic name, brand, RxNorm or ATC code.

    Raises
    ------
    UsageError
        If the name is not known (with what is spelled almost like it), or stands for several drugs.
    """
    look_up = drug_names(kb)
    found = look_up.find(text.strip())
    if look_up.plain(text) in look_up.others:
        raise UsageError(f"the knowledge base has nothing on {text.strip()}, which is a medicine")
    if len(found.drugs) == 1 and not found.unknown:
        return found.drugs[0]
    if len(found.drugs) > 1:
        raise UsageError(f"{text!r} stands for several drugs: {', '.join(found.drugs)}; ask for one of them")
    close = look_up.suggest(text)
    hint = f"did you mean {' or '.join(close)}?" if close else "see `pgx kb drug NAME` for what is known"
    raise UsageError(f"the knowledge base has no drug {text!r}; {hint}")
