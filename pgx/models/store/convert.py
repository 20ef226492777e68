"""Models of pgx 0.1, re-saved: their trees as xgboost's JSON, everything else as it was."""

from __future__ import annotations

from pathlib import Path

from pgx.codes import NoteCode
from pgx.errors import InputError
from pgx.models.fitting import boost
from pgx.models.store import card, folder
from pgx.models.store.trees import check_document, read_ubjson

UNVERIFIED = {
    "code": str(NoteCode.CLAIMS_UNVERIFIED),
    "message": "pgx 0.1 kept the number of patients, the performance and the warnings outside its checksum: they are "
    "taken over as they stood, and whoever wrote to the folder may have changed them",
}
"""What a converted model says of itself from then on."""


def convert(place: Path) -> list[Path]:
    """Re-save a model folder, or every model folder in a folder, and return those that were of pgx 0.1.

    Predictions and contributions stay the same to the last bit; the checksum changes.

    Parameters
    ----------
    place
        A model folder, or a folder of them.

    Raises
    ------
    InputError
        If there is no model, or one is damaged. Then nothing is written.
    """
    places = [place] if (place / folder.JSON).is_file() else sorted(p.parent for p in place.glob(f"*/{folder.JSON}"))
    if not places:
        raise InputError("this folder holds no model", file=place, fix="name a folder that `pgx train` wrote")
    old = [path for path in places if folder.description(path)["format"] == folder.OLD]
    saved = [_saved(path) for path in old]
    for path, (facts, trees) in zip(old, saved, strict=True):
        folder.write(path, facts, trees, card.text(facts))
        (path / folder.OLD_TREES).unlink(missing_ok=True)
    return old


def _saved(place: Path) -> tuple[dict[str, object], bytes | None]:
    facts = folder.description(place)
    trees = folder.read_trees(place, facts)
    try:
        if folder.checksum(facts) != facts["checksum"]:
            raise ValueError("the checksum of the parameters does not fit")
        if trees is not None:  # before xgboost sees them: the file may be from anybody
            check_document(read_ubjson(trees), len(facts["parameters"]["features"]))
        again = None if trees is None else boost.saved(boost.open_booster(trees))
        told = [*facts["warnings"], UNVERIFIED]
        document = folder.document({**facts, "format": folder.FORMAT, "warnings": told}, again)
        folder.from_parts(document, again)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"damaged model: {type(error).__name__} {error}", file=place / folder.JSON) from error
    return document, again
