"""Libraries of optional formats, with the way to get them when they are not there."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from pgx.errors import InputError


def need(module: str, extra: str, file: str, what: str) -> Any:
    """Import an optional library.

    Raises
    ------
    InputError
        If it is not installed, naming the extra to install.
    """
    try:
        return import_module(module)
    except ImportError:
        raise InputError(f"reading {what} needs {module}", file=file, fix=f"pip install 'pgx-cli[{extra}]'") from None
