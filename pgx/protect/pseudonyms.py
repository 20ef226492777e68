"""Stable pseudonyms and shifted dates, both under a key file.

A pseudonym is the name encrypted by AES-SIV (RFC 5297), which needs no nonce: the same name under the same key is
always the same pseudonym, and whoever holds the key can turn it back. Dates of a person all move by the same number of
days, so that the intervals between them stay.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pgx.errors import InputError, UsageError
from pgx.guard.limits import KEY, read_file

_KEY_BYTES = 64
_NAME, _DATES = b"pgx sample name", b"pgx days of shift"
_PREFIX = "p-"
SHIFT = 182
"""Largest number of days, either way, by which the dates of a person move."""


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Pseudonyms under one key.

    Parameters
    ----------
    key
        64 random bytes.

    Examples
    --------
    >>> names = Pseudonyms(bytes(range(64)))
    >>> names.name_of(names.of("HG00652"))
    'HG00652'
    """

    key: bytes

    def of(self, name: str) -> str:
        """Return the pseudonym of a sample: letters a to z and digits, safe in file names."""
        sealed = _siv(self.key).encrypt(name.encode("utf-8", "surrogatepass"), [_NAME])
        return _PREFIX + base64.b32encode(sealed).decode().rstrip("=").lower()

    def name_of(self, pseudonym: str) -> str:
        """Return the sample behind a pseudonym.

        Raises
        ------
        InputError
            If it was not made under this key.
        """
        from cryptography.exceptions import InvalidTag

        text = pseudonym.removeprefix(_PREFIX).upper()
        try:
            sealed = base64.b32decode(text + "=" * (-len(text) % 8))
            return str(_siv(self.key).decrypt(sealed, [_NAME]), "utf-8", "surrogatepass")
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise InputError(f"{pseudonym!r} is no pseudonym under this key") from error

    def shift_of(self, name: str) -> timedelta:
        """Return by how much the dates of a sample move: never by nothing."""
        drawn = int.from_bytes(_siv(self.key).encrypt(name.encode("utf-8", "surrogatepass"), [_DATES])[:8], "big")
        days = drawn % (2 * SHIFT) - SHIFT
        return timedelta(days=days if days < 0 else days + 1)


def read_key(path: str | Path) -> Pseudonyms:
    """Read a key file; it may be readable by its owner alone.

    Raises
    ------
    InputError
        If it cannot be read, is no key, or others may read it.
    """
    file = Path(path)
    try:
        if os.name == "posix" and file.stat().st_mode & 0o077:
            raise InputError("others may read this key", file=file, fix=f"chmod 600 {file.name}")
        key = bytes.fromhex(read_file(file, KEY).decode("ascii").strip())
    except FileNotFoundError:
        raise InputError("no such key file", file=file, fix="make one with pgx.protect.pseudonyms.write_key") from None
    except (OSError, ValueError) as error:
        raise InputError(
            f"is no key: {_KEY_BYTES} bytes written as hexadecimal digits are expected", file=file
        ) from error
    if len(key) != _KEY_BYTES:
        raise InputError(f"the key has {len(key)} bytes, not {_KEY_BYTES}", file=file)
    if len(set(key)) < 16:
        raise InputError("the key is not random", file=file)
    _siv(key)  # whether the library is there is known before the work, too
    return Pseudonyms(key)


def write_key(path: str | Path) -> Path:
    """Write a new random key, readable by its owner alone.

    Raises
    ------
    UsageError
        If the file exists: a key that is overwritten takes its pseudonyms with it.
    """
    file = Path(path)
    try:
        handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        raise UsageError(f"{file}: exists; a new key would make its pseudonyms unreadable") from None
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(secrets.token_hex(_KEY_BYTES) + "\n")
    return file


def _siv(key: bytes):  # type: ignore[no-untyped-def]  # the library's type is known only where it is installed
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESSIV
    except ImportError:
        raise UsageError("pseudonyms need the extra 'protect': pip install 'pgx-cli[protect]'") from None
    return AESSIV(key)
