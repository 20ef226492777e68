"""Encrypted files of the GA4GH standard Crypt4GH: read with a private key, written for a public one.

What is unpacked stays in memory where the system has a folder there, in a folder that only the user may open, and is
removed when the run ends. What a killed run left is removed by the next one.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from getpass import getpass
from pathlib import Path
from types import ModuleType

from pgx.errors import InputError, UsageError
from pgx.guard.limits import KEY, read_file, refuse_pipe
from pgx.guard.private_files import open_private

SUFFIX = ".c4gh"
_PASSPHRASE = "C4GH_PASSPHRASE"
_IN_MEMORY = Path("/dev/shm")
_PREFIX = "pgx-c4gh-"
_MAGIC = b"crypt4gh"


@contextlib.contextmanager
def unpacked(paths: list[Path], key: str | Path | None) -> Iterator[dict[Path, Path]]:
    """Decrypt those of `paths` that end with ``.c4gh``, and those in folders, for as long as the block runs.

    Parameters
    ----------
    paths
        Files to read.
    key
        The private key. Its passphrase is asked for on the terminal, or read from ``C4GH_PASSPHRASE``.

    Yields
    ------
    dict of Path to Path
        Encrypted file -> file to read instead, under the same name without ``.c4gh``; folder with encrypted files ->
        folder of the same name with them unpacked and links to the others.

    Raises
    ------
    UsageError
        If a file is encrypted and no key is given, or the extra is not installed.
    InputError
        If a file is damaged, or not meant for this key.
    """
    sealed = [path for path in paths if is_sealed(path)]
    if not sealed:
        yield {}
        return
    if key is None:
        raise UsageError(f"{_first_of(sealed[0])}: is encrypted; give the private key with --c4gh-key FILE")
    folder = _private_folder()
    try:
        opened = _private_key(key)
        plain = {}
        for number, path in enumerate(sealed):
            place = folder / str(number)
            place.mkdir(mode=0o700)
            if path.is_dir():
                plain[path] = _unpacked_folder(path, place / path.name, opened)
            else:
                plain[path] = place / path.with_suffix("").name
                _decrypt(path, plain[path], opened)
        yield plain
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def is_sealed(path: Path) -> bool:
    """Say whether a file is encrypted, by its name, or a folder holds such a file."""
    if path.suffix == SUFFIX:
        return True
    with contextlib.suppress(OSError, ValueError):  # a word that is too long for a path, or holds NUL, is no folder
        return path.is_dir() and any(path.glob(f"*{SUFFIX}"))
    return False


def _first_of(path: Path) -> Path:
    return min(path.glob(f"*{SUFFIX}")) if path.is_dir() else path


def _unpacked_folder(path: Path, target: Path, key: bytes) -> Path:
    """Make a folder with what a folder holds, its encrypted files unpacked.

    Raises
    ------
    InputError
        If a file is there both encrypted and not.
    """
    target.mkdir(mode=0o700)
    for part in sorted(path.iterdir()):
        plain = target / (part.stem if part.suffix == SUFFIX else part.name)
        if plain.exists() or plain.is_symlink():
            raise InputError(f"{plain.name} is there both encrypted and not", file=path, fix="keep one of them")
        if part.suffix == SUFFIX:
            _decrypt(part, plain, key)
        else:
            plain.symlink_to(part.resolve())
    return target


def encrypt(plain: Path, target: Path, public_key: str | Path) -> None:
    """Encrypt `plain` for the holder of a key, into `target`.

    Raises
    ------
    InputError
        If the key cannot be used.
    """
    library, keys = _library()
    _refuse_endless(public_key)
    try:
        recipient = keys.get_public_key(str(public_key))
    except (OSError, ValueError, NotImplementedError, AssertionError) as error:
        raise InputError(f"is no Crypt4GH or SSH public key ({error})", file=public_key) from error
    sender = os.urandom(32)  # nobody needs to know who sent it: a key for one use, as the standard allows
    with plain.open("rb") as source, target.open("wb") as sink:
        library.encrypt([(0, sender, recipient)], source, sink)


def _decrypt(path: Path, target: Path, key: bytes) -> None:
    library, _ = _library()
    try:
        with path.open("rb") as source:
            if source.read(len(_MAGIC)) != _MAGIC:
                raise InputError("is no Crypt4GH file", file=path)
            source.seek(0)
            with open_private(target) as sink:
                library.decrypt([(0, key, None)], source, sink)
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror or error})", file=path) from error
    except InputError:
        raise
    except Exception as error:  # the library raises many kinds for a damaged file and for another's
        raise InputError("cannot be decrypted: it is damaged, or was not encrypted for this key", file=path) from error


def _private_key(path: str | Path) -> bytes:
    _, keys = _library()
    _refuse_endless(path)

    def passphrase() -> str:
        given = os.environ.get(_PASSPHRASE)
        return given if given is not None else getpass(f"Passphrase of {Path(path).name}: ")

    try:
        return bytes(keys.get_private_key(str(path), passphrase))
    except Exception as error:  # the library raises many kinds, and prints a wrong passphrase as one of them
        raise InputError("the private key cannot be read: wrong passphrase, or no such key", file=path) from error


def _refuse_endless(key: str | Path) -> None:
    """Refuse a key that the library could not read once more, or to its end."""
    refuse_pipe(key)
    try:
        read_file(key, KEY)
    except OSError as error:
        raise InputError(f"the key cannot be read ({error.strerror or error})", file=key) from error


def _private_folder() -> Path:
    """Make a folder for this process, in memory where that can be; remove those that killed runs left."""
    place = _IN_MEMORY if os.access(_IN_MEMORY, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())
    for left in place.glob(f"{_PREFIX}*"):
        owner = left.name.removeprefix(_PREFIX).partition("-")[0]
        if owner.isdigit() and not _runs(int(owner)):
            shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=place))


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _library() -> tuple[ModuleType, ModuleType]:
    try:
        from crypt4gh import keys, lib
    except ImportError:
        raise UsageError("encrypted files need the extra 'protect': pip install 'pgx-cli[protect]'") from None
    logging.getLogger("crypt4gh").setLevel(logging.CRITICAL + 1)  # what it cannot decrypt, the one error says
    return lib, keys
