"""Drug names and codes: the look-up lives in the knowledge package, where guidance can use it too."""

from collections.abc import Iterable

from pgx.knowledge.drug_entries import dose_per_day
from pgx.knowledge.drug_names import DrugNames, Found, drug_names

__all__ = ["DrugNames", "dose_per_day", "drug_names", "of_entry"]


def of_entry(look_up: DrugNames, codes: Iterable[tuple[str, str]], words: str) -> tuple[Found, tuple[str, ...]]:
    """Return the drugs of an entry, and those of its code where its words name others: whoever reads it reads words."""
    coded = next((drugs for one in codes if (drugs := look_up.by_code(*one))), ())
    named = look_up.find(words)
    if not coded or not named.drugs:
        return (Found(coded) if coded else named), ()
    both = set(look_up.substances(coded)) & set(look_up.substances(named.drugs))
    return (Found(coded), ()) if both else (named, coded)
