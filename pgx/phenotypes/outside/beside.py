"""What laboratories write into the cell of a diplotype beside it: a phenotype, a score, words for its function.

``*4/*4 PM``, ``Poor metaboliser (*2/*2)``, ``*1/*1 wild-type``, ``*1/*2 (AS 1.5)``, ``activity score 0.5``: what stands
beside is taken apart, and compared with the diplotype like a phenotype in a column of its own. Words that are none of
these stay where they are, so that the cell is refused.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace

import polars as pl

from pgx.calling.copy_number import copies_of
from pgx.codes import FlagCode
from pgx.knowledge import KnowledgeBase
from pgx.knowledge.resolver import older_gene_names
from pgx.knowledge.rules.phenotypes import rules_for
from pgx.phenotypes import allele_status
from pgx.phenotypes.outside.duplicated import ways
from pgx.phenotypes.outside.laboratory import laboratory_of
from pgx.phenotypes.outside.names import diplotype_of, names_of
from pgx.phenotypes.outside.phrases import WILD_TYPE
from pgx.phenotypes.outside.source import Said
from pgx.phenotypes.outside.stated import is_no_call, phenotype_forms, phenotype_of, stated_of, status_of

_STARS = str.maketrans(dict.fromkeys("\N{ASTERISK OPERATOR}\N{LOW ASTERISK}\N{HEAVY ASTERISK}\N{STAR OPERATOR}", "*"))
_DASHES = str.maketrans(dict.fromkeys("\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}\N{HYPHEN}\N{NON-BREAKING HYPHEN}", "-"))
_NUMBERED = re.compile(r"^allele 1\s?[:=]\s?([^,;/]+)[,;] ?allele 2\s?[:=]\s?([^,;/]+)$", re.IGNORECASE)
_INVISIBLE = re.compile("[\u200b\u200c\u200d\u2060\ufeff\u00ad]")
_REPEATS = re.compile(r"^[(\[]?(?P<unit>[ACGT]{2,3})[)\]]?\s*(?P<one>\d{1,2})\s*/\s*(?P<two>\d{1,2})$", re.IGNORECASE)
_SCORE = re.compile(
    r"^(?:(?:(?:total |overall )?(?:(?:gene )?activity[ -]?score|(?:gen-?)?aktivit(?:ä|ae)ts-?score|score d'activité|"
    r"puntuación de actividad|as)(?: total)?)\s*[:=]?\s*|(?=(?:≥|>=)\s*\d+[.,]\d))"
    r"(?P<score>(?:≥|>=?)?\s*\d+(?:[.,]\d+)?)$",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"^(?:predicted |reported )?(?:(?P<of_genes>(?:geno|diplo)types?|genotyp|diplotyp|génotype|diplotype|genotipo|"
    r"diplotipo)|(?:pheno|phéno|phäno)typ[e]?|fenotipo|metabolise?r(?: (?:status|phenotype|type))?|"
    r"metabolizer(?: (?:status|phenotype|type))?)(?: of [A-Z0-9-]+)?(?:\s*[:=]\s*|\s(?=\*))(?P<rest>\S.*)$",
    re.IGNORECASE,
)
_BEHIND = re.compile(r"^(?P<left>\S.*?)\s*[\[(](?P<words>[^\[\]()]*)[\])]\.?$")
_BEFORE = re.compile(r"^(?P<words>[^\[\](/*]+?)\s*(?:[\[(](?P<left>.*/.*)[\])]|[:,-]?\s(?P<bare>\S+\s*/.*))$")
_BARE = re.compile(r"^(?P<left>\S.*?(?:/\s*[^\s,;:]+|\w(?:zyg|cig)\w+))[\s,;:-]+(?P<words>[^\W\d_].*)$")
_ZYGOSITY = re.compile(r"^(?:(?P<same>homo)|h[ée]t[ée]ro)(?:zyg|[cz]ig)\w+$")
_FUNCTION = re.compile(r"^(?P<word>normal|intermediate|reduced|decreased|poor|increased|no) (?:function|activity)$")
_OF_ITS_GENE = re.compile(r"^(\w+)-(?=(?:as|aktivit\w+score)\b)", re.IGNORECASE)
_OF_WILD_TYPE = re.compile(r"^homo(?:zyg|[cz]ig)\w+\s+(?=wild|wt\b|sauvage|salvaje|silvestre)", re.IGNORECASE)
_OTHER_IS_Y = re.compile(r"^(?P<one>[^/]+?)\s*/\s*Y$|^(?P<kind>[cg]\.)\[(?P<change>[^][=]+)\];\s*\[0\]$")
"""``A-/Y`` and ``c.[563C>T];[0]``: the one copy of a gene on the X chromosome."""
_DELETION = re.compile(r"^(?:gene[- ]?)?deletion$|^gendeletion$")
_HETEROPLASMIC = re.compile(r"hétéroplas|heteroplas", re.IGNORECASE)
_MITOCHONDRIAL = {"mitochondrial": "NC_012920"}
_RUNG = {"no": 0, "poor": 0, "slow": 0, "decreased": 1, "reduced": 1, "intermediate": 1, "normal": 2}
"""Rungs of the ladders of phenotypes; an increased function is a rapid or an ultrarapid metabolizer."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What words beside a diplotype say of it; nothing = the diplotype once more."""

    phenotype: str | None = None
    score: str | None = None
    is_reference: bool = False
    is_deletion: bool = False
    not_phenotype: str | None = None
    is_homozygous: bool | None = None


def tidy(text: str) -> str:
    """Return a cell in plain letters: other stars, spaces and brackets than a keyboard's are the same.

    Examples
    --------
    >>> tidy("* 2 /\N{NO-BREAK SPACE}\N{ASTERISK OPERATOR}3"), tidy("[TA]6/[TA]7"), tidy("TA 6/7")
    ('*2 / *3', '(TA)6/(TA)7', 'TA6/TA7')
    """
    plain = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text).translate(_STARS | _DASHES))
    plain = re.sub(r"\*\s+(?=\d)", "*", " ".join(plain.split()))
    plain = _OF_WILD_TYPE.sub("", _OF_ITS_GENE.sub(r"\1 ", plain))
    plain = re.sub(r"(?<=\d/\d)\s*(?:\(?TA\)?n?[\s-]*(?:repeats?)?|repeats?)$", "", plain, flags=re.IGNORECASE)
    plain = re.sub(r"\[([ACGT]{2,3})\](?=\s*\d)", r"(\1)", plain)
    plain = _NUMBERED.sub(r"\1/\2", plain)
    plain = re.sub(r"^TA\s*\((\d)\s*/\s*(\d)\)$", r"TA \1/\2", re.sub(r"^(\d)TAA\s*/\s*(\d)TAA$", r"TA \1/\2", plain))
    found = _REPEATS.match(plain)
    return f"{found['unit'].upper()}{found['one']}/{found['unit'].upper()}{found['two']}" if found else plain


def apart(kb: KnowledgeBase, gene: str, row: Said) -> Said:
    """Return a row with phenotype and score out of the cell of its diplotype, and statuses of HLA as its phenotype.

    A cell that may be several diplotypes, all of which do the same, becomes as many candidates.

    Raises
    ------
    ValueError
        If the cell contradicts itself or another cell of the row.
    """
    row = _unlabelled(row)
    candidates = tuple(_own(kb, gene, tidy(text)) for text in row.candidates)
    if allele_status.targets(kb, gene):
        return _statuses(kb, gene, replace(row, candidates=candidates))
    made = [_split(kb, gene, text) for text in candidates]
    own = laboratory_of(kb, gene)
    meant = {text: ways(text, own.activity, own.deletion) or (text,) for text, _ in made if text}
    row = replace(row, candidates=tuple(way for text, _ in made if text for way in meant[text]))
    if len(made) != 1:
        return row
    for claim in made[0][1]:
        _agrees(kb, gene, row, claim)
        phenotype = row.phenotype if not is_no_call(row.phenotype) else None
        score = row.score if not is_no_call(row.score) else None
        for theirs, ours in ((claim.phenotype, phenotype and phenotype_of(kb, phenotype)), (claim.score, score)):
            if theirs and ours and theirs != ours:
                raise ValueError(f"{candidates[0]!r} says {theirs}, and another cell of the line {ours}")
        row = replace(row, phenotype=phenotype or claim.phenotype, score=score or claim.score)
    return row


def flags_of(kb: KnowledgeBase, gene: str, row: Said) -> list[FlagCode]:
    """Return the flags of what a cell says of its result: a part only of a person's mitochondria has the change."""
    mixed = laboratory_of(kb, gene).mitochondrial and any(map(_HETEROPLASMIC.search, row.candidates))
    return [FlagCode.HETEROPLASMY] if mixed else []


def _unlabelled(row: Said) -> Said:
    """Return a row without the word for what its cell is: ``Genotype: *2/*2``, ``Metaboliser status: poor``."""
    match = _LABEL.match(tidy(row.candidates[0])) if len(row.candidates) == 1 else None
    if match is None:
        return row
    if match["of_genes"] or "*" in match["rest"] or not is_no_call(row.phenotype):
        return replace(row, candidates=(match["rest"],))
    return replace(row, candidates=(), phenotype=match["rest"])


def _own(kb: KnowledgeBase, gene: str, text: str) -> str:
    """Return a text without an older name of its gene in front (``IL28B CC``); of one change alone ``heterozygous``."""
    accession = re.match(r"(?P<number>N[CGM]_\d+)\.?\d*(?:\([^()]*\))?:(?=[cgmn]\.)", text)
    if accession and accession["number"] in _accessions(kb, gene):
        return text[accession.end() :]
    own = laboratory_of(kb, gene)
    if own.haploid and not own.mitochondrial and (match := _OTHER_IS_Y.match(text)):
        return f"{match['one'] or match['kind'] + match['change']} (hemizygous)"
    if own.single and own.reference and (word := _ZYGOSITY.match(text.lower())) and not word["same"]:
        return f"{own.reference}/{own.single[0]}"
    first, _, rest = text.partition(" ")
    older = older_gene_names(kb).get(re.sub(r"[^A-Z0-9]", "", first.upper())) == gene
    names = names_of(kb, gene)
    return rest if rest and older and names.place(first)[0] not in names.known else text


def _accessions(kb: KnowledgeBase, gene: str) -> set[str]:
    """Return the sequences, without their versions, on which positions of a gene are counted."""
    row = kb.gene(gene).row if gene in kb.genes else {}
    told = (row.get("refseq_gene"), row.get("refseq_transcript"), _MITOCHONDRIAL.get(str(row.get("inheritance"))))
    return {str(name).partition(".")[0] for name in told if name}


def _split(kb: KnowledgeBase, gene: str, text: str) -> tuple[str, list[Claim]]:
    """Return a text without what stands beside its diplotype, and what that says."""
    claims: list[Claim] = []
    plain = re.sub(rf"^{re.escape(gene)}[\s:]+(?=\D)", "", text, flags=re.IGNORECASE)
    if found := _SCORE.match(plain):
        return "", [Claim(score=_number(found["score"]))]
    words = re.match(r"^(?P<one>[^*/]+)[,;(]\s*(?P<two>[^*/()]+)\)?$", plain)
    if words and (said := _claims(kb, gene, f"{words['one'].strip()}, {words['two']}", "")):
        return "", said
    text = laboratory_of(kb, gene).without_the_absent(text)
    known = names_of(kb, gene).known
    if all(name.strip() in known for name in text.split("/")):
        return text, claims  # "No name" is an allele of G6PD, and no word for a function
    while True:
        for form in (_BEHIND, _BEFORE, _BARE):
            match = form.match(text)
            left = (match["left"] or match.groupdict().get("bare")) if match else None
            said = _claims(kb, gene, match["words"], left) if match and left else []
            if left and said:
                text, claims = left.strip(" ,:;"), [*claims, *said]
                break
        else:
            return text, claims


def _claims(kb: KnowledgeBase, gene: str, words: str, left: str) -> list[Claim]:
    """Return what words beside a diplotype say, each part of them; nothing if one part is not known."""
    if "/" in words:
        return [Claim()] if "/" in left and _same_diplotype(kb, gene, words, left) else []
    said = [_claim(kb, gene, part) for part in re.split(r"[,;]\s+", words)]
    if None in said or (not re.search(r"\*.*/", left) and any(one and one.is_homozygous is not None for one in said)):
        return []  # of one change, words of zygosity are part of the diplotype
    return [one for one in said if one]


def _same_diplotype(kb: KnowledgeBase, gene: str, words: str, left: str) -> bool:
    """Whether words are the diplotype once more, in other names: ``TA6/TA7 (*1/*28)``."""
    (one, odd), (two, strange) = (diplotype_of(kb, gene, text, 1.0) for text in (left, words))
    if odd or strange:
        return False
    if sorted((one.allele1, one.allele2 or "")) != sorted((two.allele1, two.allele2 or "")):
        raise ValueError(f"{left} and {words} are not the same alleles")
    return True


def _number(text: str) -> str:
    return text.replace(",", ".").replace(" ", "")


def _claim(kb: KnowledgeBase, gene: str, words: str) -> Claim | None:
    """Return what words say of a diplotype; None if they are not known."""
    plain = re.sub(rf"^{re.escape(gene)}\s+", "", " ".join(words.split()).strip(" .,:;"), flags=re.IGNORECASE)
    plain = label["rest"] if (label := _LABEL.match(plain)) and not label["of_genes"] else plain
    low, forms = plain.lower(), phenotype_forms(kb)
    if found := _SCORE.match(plain):
        return Claim(score=_number(found["score"]))
    if zygosity := _ZYGOSITY.match(low):
        return Claim(is_homozygous=zygosity["same"] is not None)
    if _DELETION.match(low) or WILD_TYPE.match(low):
        return Claim(is_reference=bool(WILD_TYPE.match(low)), is_deletion=bool(_DELETION.match(low)))
    if found := _FUNCTION.match(low):
        return _by_function(kb, gene, found["word"], plain)
    if (not_so := forms.get(f"non-{low}".rstrip("s"))) is not None:
        return Claim(not_phenotype=not_so)
    known = phenotype_of(kb, re.sub(r"^non ?(?=express)", "non-", plain, flags=re.IGNORECASE).removesuffix("s"))
    known = known if known and known.lower() in forms else phenotype_of(kb, plain)
    if known is None or known.lower() not in forms:
        ends = [f"{plain} metabolizer"] if low in ("poor", "intermediate", "normal", "rapid", "ultrarapid") else []
        known = next((forms[one.lower()] for one in ends if one.lower() in forms), None)
    by_word = _by_function(kb, gene, low, plain) if not known and low in _RUNG else None
    return Claim(phenotype=stated_of(kb, gene, known)) if known else by_word


def _by_function(kb: KnowledgeBase, gene: str, word: str, text: str) -> Claim | None:
    """Return the phenotype of a gene that ``decreased function`` is: of the same rung on the gene's own ladder."""
    if word not in _RUNG:
        return None
    rules = kb.table("phenotype_rules").filter(pl.col("gene") == gene)["phenotype"].drop_nulls().unique().to_list()
    rungs = kb.table("phenotype_terms").filter(
        pl.col("phenotype").is_in(rules), pl.col("rung") == _RUNG[word], pl.col("broader").is_null()
    )
    if not len(rungs):
        raise ValueError(f"{text!r} is no phenotype of {gene}")
    return Claim(phenotype=rungs["phenotype"][0])


def _agrees(kb: KnowledgeBase, gene: str, row: Said, claim: Claim) -> None:
    """Refuse a diplotype that is not the wild type or of the zygosity, lacks the deletion, or is what the words deny.

    Raises
    ------
    ValueError
        If the cell contradicts itself.
    """
    if claim.is_deletion and not row.candidates:
        raise ValueError("a deletion alone does not say what the other copy is; write both alleles")
    if not row.candidates or claim == Claim(claim.phenotype, claim.score):
        return
    names, text = names_of(kb, gene), row.candidates[0]
    one, _ = diplotype_of(kb, gene, text, 1.0)
    reference = names.place("wt")[0]
    strands = [one.parts1] if one.allele2 is None else [one.parts1, one.parts2]
    if claim.is_reference and any(parts != (reference,) for parts in strands):
        raise ValueError(f"{text} is not the wild type, as the words beside it say")
    if claim.is_homozygous not in (None, one.allele1 == one.allele2):
        raise ValueError(f"{text} is not homozygous or heterozygous as the words beside it say")
    if claim.is_deletion and (copies_of(kb, gene).deletion or "",) not in strands:
        raise ValueError(f"{text} has no deleted copy, as the words beside it say; write both alleles")
    told = rules_for(kb, gene, "CPIC").phenotype(one.parts1, None if one.allele2 is None else one.parts2)
    if claim.not_phenotype and told.phenotype == claim.not_phenotype:
        raise ValueError(f"{gene} {text} is {told.phenotype} here; the words beside it say that it is not")


def _statuses(kb: KnowledgeBase, gene: str, row: Said) -> Said:
    """Take ``*57:01 negative, *58:01 positive`` as what is said of each allele."""
    parts = [part.strip() for text in row.candidates for part in re.split(r"[;,]", text) if part.strip()]
    said = [status_of(kb, gene, part) for part in parts]
    if not said or None in said:
        return row
    stated: dict[str, str] = {}
    for status in said:
        allele, _, word = str(status).rpartition(" ")
        if stated.setdefault(allele, word) != word:
            raise ValueError(f"{allele} is positive and negative in one cell")
    return replace(row, candidates=(), phenotype="; ".join(dict.fromkeys(map(str, said))))
