"""Read UBJSON, the format that boosters are stored in (https://ubjson.org, draft 12, as xgboost writes it).

A model's trees are data: reading them here lets scores be explained without importing the library that grew them.
"""

from __future__ import annotations

import struct
from typing import Any, Final

import numpy as np

_NUMBERS: Final = {"i": ">i1", "U": ">u1", "I": ">i2", "l": ">i4", "L": ">i8", "d": ">f4", "D": ">f8"}
_CODES: Final = {"i": ">b", "U": ">B", "I": ">h", "l": ">i", "L": ">q", "d": ">f", "D": ">d"}
_READERS: Final = {ord(kind): struct.Struct(code) for kind, code in _CODES.items()}
_CONSTANTS: Final = {ord("Z"): None, ord("T"): True, ord("F"): False}


def loads(content: bytes) -> Any:
    """Return the value that `content` holds; float32 and float64 both become float, exactly.

    Raises
    ------
    ValueError
        If it is not UBJSON, is cut short, or goes on behind the value.
    """
    reader = _Reader(content)
    try:
        value = reader.value()
    except (struct.error, IndexError, KeyError, RecursionError) as error:
        raise ValueError(f"not UBJSON, or cut short, at byte {reader.at}") from error
    if reader.at != len(content):
        raise ValueError(f"{len(content) - reader.at} bytes follow the UBJSON value")
    return value


class _Reader:
    """Walks through the bytes; `at` is the next one."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.at = 0

    def value(self) -> Any:
        return self.of(self.byte())

    def byte(self) -> int:
        self.at += 1
        return self.content[self.at - 1]

    def of(self, kind: int) -> Any:
        """Read the value whose marker is `kind`."""
        number = _READERS.get(kind)
        if number is not None:
            (found,) = number.unpack_from(self.content, self.at)
            self.at += number.size
            return found
        if kind == ord("{"):
            return self.members()
        if kind == ord("["):
            return self.items()
        if kind == ord("S"):
            return self.text()
        if kind == ord("C"):
            return chr(self.byte())
        return _CONSTANTS[kind]

    def text(self) -> str:
        size = self.count()
        if self.at + size > len(self.content):
            raise IndexError(size)
        self.at += size
        return self.content[self.at - size : self.at].decode("utf-8")

    def count(self) -> int:
        size = self.of(self.byte())
        # Nothing takes less than a byte here: a count beyond the content is damage, not a long wait.
        if not isinstance(size, int) or not 0 <= size <= len(self.content):
            raise KeyError(size)
        return size

    def head(self) -> tuple[int | None, int | None]:
        """Read what may stand before the content of a container: the type of all of it, and how much there is."""
        kind = None
        if self.content[self.at] == ord("$"):
            kind = self.content[self.at + 1]
            self.at += 2
        if self.content[self.at] != ord("#"):
            if kind is not None:
                raise KeyError(kind)
            return None, None
        self.at += 1
        return kind, self.count()

    def items(self) -> list[Any]:
        kind, count = self.head()
        if kind is not None and count is not None and chr(kind) in _NUMBERS:
            found = np.frombuffer(self.content, _NUMBERS[chr(kind)], count, self.at) if count else np.empty(0)
            self.at += found.nbytes
            values: list[Any] = found.tolist()
            return values
        if count is not None:
            return [self.value() if kind is None else self.of(kind) for _ in range(count)]
        some: list[Any] = []
        while self.content[self.at] != ord("]"):
            some.append(self.value())
        self.at += 1
        return some

    def members(self) -> dict[str, Any]:
        kind, count = self.head()
        found: dict[str, Any] = {}
        while len(found) < count if count is not None else self.content[self.at] != ord("}"):
            name = self.text()
            found[name] = self.value() if kind is None else self.of(kind)
        self.at += count is None
        return found
