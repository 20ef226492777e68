"""Careful access to parsed JSON whose shape nobody guarantees."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from pgx.guard.limits import read_json
from pgx.variants.whole_numbers import decimal_number

Object = Mapping[str, object]
_NOTHING: Object = {}


_HALF = re.compile(rb"\\u[dD][89a-fA-F]")


def parse(data: bytes) -> object:
    """Parse JSON; half a surrogate pair, which is no character, becomes a question mark.

    Raises
    ------
    ValueError
        If it is not JSON, nested beyond reason, or has a key twice in one object.
    """
    content: object = read_json(data)
    return _whole(content) if _HALF.search(data) else content


def _whole(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_whole(one) for one in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(one) for key, one in value.items()}
    return value


def obj(value: object) -> Object:
    """Return the value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else _NOTHING


def objs(value: object) -> list[Object]:
    """Return the objects of a list (or the object itself, as a list)."""
    if isinstance(value, dict):
        return [value]
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def text(value: object) -> str | None:
    """Return the value if it is text with something in it, else None."""
    return value.strip() or None if isinstance(value, str) else None


def name_of(value: object) -> str | None:
    """Return an identifier given as text or number, else None."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return text(value)


def number(value: object) -> float | None:
    """Return the value if it is a number (or text that is one), else None; not-a-number and infinity are None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str):
        return decimal_number(value)
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def dig(value: object, *path: str | int) -> object:
    """Follow keys and list positions; None where the path ends early."""
    for step in path:
        if isinstance(step, str) and isinstance(value, dict):
            value = value.get(step)
        elif isinstance(step, int) and isinstance(value, list) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value
