"""Words for whether a drug is taken, and for whether a condition is there, in every format."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pgx.clinical.vocabulary import Concept

STATUSES = {
    **dict.fromkeys(("current", "active", "taking", "ongoing", "in use", "yes", "aktiv", "laufend", "prn",
         "as needed", "bei bedarf", "bedarf", "dauermedikation", "fortgesetzt", "en cours", "actif", "au besoin",
         "activo", "en curso", "si precisa", "a demanda", "attivo", "in corso", "al bisogno", "actief",
         "lopend", "zo nodig", "aktywny", "w trakcie", "doraźnie"), "current"),
    **dict.fromkeys(("planned", "draft", "proposed", "pending", "intended", "ordered", "geplant",
         "prévu", "planifié", "previsto", "planeado", "pianificato", "gepland", "planowany", "planowane"), "planned"),
    **dict.fromkeys(
        ("stopped", "completed", "inactive", "discontinued", "ended", "cancelled", "canceled", "on hold", "on-hold",
         "held", "past", "expired", "suspended", "not taking", "not-taking", "not-taken", "no",
         "abgesetzt", "beendet", "pausiert", "gestoppt",
         "arrêté", "suspendu", "interrompu", "terminé", "suspendido", "retirado", "finalizado", "sospeso", "interrotto",
         "terminato", "gestopt", "gestaakt", "onderbroken", "odstawiony", "odstawione", "wstrzymany", "zakończony"),
        "stopped"),
}  # fmt: skip
"""Word in lower case -> current, planned or stopped. Any other word leaves open whether the drug is taken."""


RESULTS = {
    **dict.fromkeys(
        ("final", "f", "corrected", "c", "amended", "appended", "preliminary", "p", "partial", "verified", "validated",
         "valid", "complete", "completed", "finished", "resulted", "reported", "released", "ok", "done", "normal", "n",
         "high", "h", "hh", "low", "l", "ll", "abnormal", "a", "aa", "critical", "endgültig", "vorläufig",
         "freigegeben", "validiert", "befundet", "définitif", "validé", "definitivo", "validado"), True),
    **dict.fromkeys(
        ("cancelled", "canceled", "x", "entered in error", "entered-in-error", "error", "erroneous", "d", "deleted",
         "w", "wrong", "rejected", "invalid", "void", "voided", "retracted", "withdrawn", "not done",
         "storniert", "ungültig", "fehlerhaft", "annulé", "invalide", "anulado", "cancelado", "rechazado"), False),
}  # fmt: skip
"""Status of a result in lower case, also as HL7 v2 writes it in OBX-11 -> whether the result holds."""


class Said(StrEnum):
    """What the status of an entry of a condition says."""

    THERE = "there"
    CONFIRMED = "confirmed"
    """It was found; an end beside it still ends it."""
    REMISSION = "remission"
    OVER = "over"
    ABSENT = "no"
    UNSURE = "unsure"
    """Nobody has confirmed it: no entry of a condition at all; an allergy counts until it is refuted."""
    ERROR = "error"
    """It was entered in error: no entry of anything."""


NO_ENTRY = (Said.UNSURE, Said.ERROR)
"""What leaves no entry of a condition at all."""
_OF_FAMILY = (
    "family history, family hx, fh, fhx, in family, in mother, in father, mother, father, sister, brother, "
    "familienanamnese, mutter, vater, schwester, bruder, antécédents familiaux, mère, père, antecedentes familiares, "
    "madre, padre, anamnesi familiare"
)
_WORDS = {
    Said.THERE: "active, recurrence, recurrent, relapse, relapsed, ongoing, current, currently, unresolved, "
    "not resolved, not cured, not healed, not over, uncured, present, persistent, persisting, stable, controlled, "
    "uncontrolled, well controlled, improving, improved, worsening, partial remission, partially resolved, aktiv, "
    "laufend, bestehend, anhaltend, stabil",
    Said.CONFIRMED: "confirmed, chronic, true, yes, diagnosed, established, acute, gesichert, bestätigt, chronisch",
    Said.REMISSION: "remission, in remission, full remission, complete remission, remitted",
    Said.OVER: "resolved, inactive, over, ended, past, previous, former, formerly, cured, healed, recovered, "
    "delivered, completed, not active, no longer active, not current, not ongoing, no longer present, no more, "
    "abgeklungen, beendet, geheilt, ausgeheilt, inaktiv, zustand nach",
    Said.ABSENT: "refuted, excluded, absent, ruled out, ruledout, no, false, denied, negative, never, none, "
    "not present, not there, disproved, ausgeschlossen, verneint",
    Said.UNSURE: "suspected, suspicion, possible, possibly, probable, probably, likely, unlikely, provisional, "
    "preliminary, differential, unconfirmed, not confirmed, never confirmed, not yet confirmed, not established, "
    "presumed, presumptive, tentative, working diagnosis, questionable, question, query, queried, maybe, uncertain, "
    "unsure, unclear, doubtful, equivocal, rule out, to rule out, to be ruled out, r o, to be excluded, "
    "to be confirmed, to be diagnosed, not ruled out, not excluded, under investigation, verdacht, "
    "verdacht auf, v a, dd, susp, suspicion de, suspicion of, sospecha de, sospetto, fraglich, möglich, vermutet, "
    f"nicht gesichert, nicht ausgeschlossen, {_OF_FAMILY}",
    Said.ERROR: "entered in error, error, erroneous",
}
_PHRASES = {tuple(one.split()): said for said, words in _WORDS.items() for one in words.split(", ")}
_FAMILY = {tuple(one.split()) for one in _OF_FAMILY.split(", ")}
_LONGEST = max(map(len, _PHRASES))
_STRONGEST = (Said.ERROR, Said.UNSURE, Said.ABSENT, Said.OVER, Said.REMISSION, Said.THERE, Said.CONFIRMED)
_ALONE = {
    *("over", "past", "previous", "former", "completed", "ended", "no", "none", "false", "true", "negative", "never"),
    *("error", "question", "query", "unclear", "unlikely"),
}
"""Words that say something of a condition only where nothing stands beside them: ``present for over 5 years``."""
_TURNING = {
    *("not", "non", "never", "no", "without", "nicht", "kein", "keine"),
    *("partially", "partly", "incompletely", "nearly", "almost", "teilweise", "fast"),
}


_GONE = {"resolved", "inactive", "inaktiv", "abgeklungen"}
"""Words of what is over by which an allergy is over as well."""
_BARE_NO = {"no", "none", "false", "never"}


_DENYING_WORDS = (
    "no, not, never, never had, denies, denied, without, absence of, negative for, kein, keine, keinen, ohne, nie, "
    "pas de, sans, aucun, aucune, sin, niega, senza, nessun, nessuna, geen, zonder, ingen, sem"
)
_DENYING = {tuple(one.split()) for one in _DENYING_WORDS.split(", ")}


@lru_cache(maxsize=10_000)
def condition_status(text: str) -> Said | None:
    """Return what the words of a status say: of several (``active; confirmed``) the one that leaves most out.

    None where no word of it is understood, or it is put as a question.
    """
    if text.strip() == "?":
        return Said.UNSURE
    parts = [part for part in re.split("[;,]", text) if "?" not in part]
    found = {one for part in parts for one in _of_words(re.findall(r"\w+", part.lower()))}
    return next((one for one in _STRONGEST if one in found), None)


def allergy_gone(*statuses: str) -> bool:
    """Whether one of the statuses of an allergy says that it is none, or none any more; in doubt it counts.

    Words that end a disease may be of the record: an allergy that is ``completed`` was written down to the end.
    """
    return any(_ends_allergy(one.lower(), condition_status(one)) for one in statuses)


def _ends_allergy(text: str, said: Said | None) -> bool:
    if said is Said.OVER:
        return not _GONE.isdisjoint(re.findall(r"\w+", text)) or "not active" in text
    return said is Said.ERROR or (said is Said.ABSENT and text.strip() not in _BARE_NO)


def phrase_status(text: str) -> Said | None:
    """Return what a text says that is one phrase of a status and nothing else."""
    return _PHRASES.get(tuple(re.findall(r"\w+", text.lower())))


def begins_unsure(text: str) -> bool:
    """Whether words before a name say that nobody has made the diagnosis: ``V.a.``, ``DD``, ``suspected``."""
    words = re.findall(r"\w+", text.lower())
    return any(_PHRASES.get(tuple(words[:n])) is Said.UNSURE for n in range(1, min(_LONGEST + 1, len(words))))


def begins_denied(text: str) -> bool:
    """Whether words before a name say that the person does not have it: ``no``, ``denies``, ``kein``, ``pas de``."""
    words = re.findall(r"\w+", text.lower())
    return any(tuple(words[:n]) in _DENYING for n in range(1, min(3, len(words))))


def of_family(text: str) -> bool:
    """Whether words say that somebody else of the family has or had it: ``FH: stroke``, ``Mutter: Zirrhose``."""
    words = re.findall(r"\w+", text.lower())
    return any(tuple(words[at : at + size]) in _FAMILY for at in range(len(words)) for size in (1, 2))


def _of_words(words: list[str]) -> set[Said]:
    """Return what the words mean, their longest phrases first; nothing where another one turns them around.

    Words that say that it is there go before those that say that it was over once (``relapse after remission``).
    """
    found, at = set(), 0
    while at < len(words):
        sizes = range(min(_LONGEST, len(words) - at), 0, -1)
        size = next((n for n in sizes if tuple(words[at : at + n]) in _PHRASES), 0)
        alone = len(words) == 1
        if words[at] in _TURNING and size < 2 and not alone:
            return set()
        if size > 1 or (size and (alone or words[at] not in _ALONE)):
            found.add(_PHRASES[tuple(words[at : at + size])])
        at += size or 1
    return found - {Said.REMISSION, Said.OVER, Said.ABSENT} if Said.THERE in found else found


def entry_answer(concept: Concept, said: Said | None, *, ends: bool) -> str | None:
    """Return what an entry of a condition answers, by its status and whether it has a last day; None = it is no entry.

    Only what passes (``when_over`` of ``concepts.tsv``) is over: somebody who had a stroke had one.
    """
    if said in NO_ENTRY or said is Said.ABSENT:
        return "no" if said is Said.ABSENT else None
    if concept.window_days is None and concept.when_over not in ("chronic", "episode"):
        return "yes"
    if said is Said.OVER or (said is Said.REMISSION and concept.when_over != "chronic"):
        return ENTRY_OVER
    there = concept.window_days is not None or said in (Said.THERE, Said.REMISSION)
    return ENTRY_ENDS if ends and not there else "yes"


ENTRY_OVER = "over"
"""Answer of an entry of a condition that is over: no, unless another entry says that it is there."""
ENTRY_ENDS = "ends"
"""Answer of an entry of a condition that has a last day: over, if that is not after the day that counts as now."""
