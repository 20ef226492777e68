"""The header of a scoring file: what the score is, and in which genome build its positions are."""

from __future__ import annotations

import codecs
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

from pgx.errors import InputError
from pgx.guard.limits import SCORE, read_packed
from pgx.variants.vcf.contigs import build_of_text

FORMATS = ("2.0",)
_KEY = re.compile(r"#+\s*([A-Za-z_]\w*)\s*=\s*(.*)$")
_IDENTITY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,99}$")


@dataclass(frozen=True, slots=True)
class FileHeader:
    """What the lines before the columns say.

    `build` is that of ``chr_name`` and ``chr_position``, `harmonised` that of ``hm_chr`` and ``hm_pos``; None = the
    file does not say. `lines` counts the header's lines.
    """

    identity: str
    values: dict[str, str]
    build: str | None
    harmonised: str | None
    lines: int

    def value(self, key: str) -> str | None:
        """Return what a key says; None for a key that is not there, or says that nothing was reported (``NR``)."""
        text = self.values.get(key, "").strip()
        return None if text in ("", "NR", "NA") else text


def unpacked(path: Path) -> bytes:
    """Return the text of a scoring file, packed or not.

    Raises
    ------
    InputError
        If it cannot be read, or is too large.
    """
    try:
        return read_packed(path, SCORE).removeprefix(codecs.BOM_UTF8)  # spreadsheets write it
    except FileNotFoundError:
        raise InputError("no such file", file=path) from None
    except (OSError, EOFError, zlib.error) as error:
        raise InputError("the file cannot be read or unpacked", file=path, fix="copy it again") from error


def read_header(text: bytes, path: Path) -> FileHeader:
    """Read the lines that begin with ``#``.

    Raises
    ------
    InputError
        If the file has another format, or no name.
    """
    values: dict[str, str] = {}
    lines = at = 0
    while text[at : at + 1] == b"#":
        stop = text.find(b"\n", at)
        stop = len(text) if stop < 0 else stop
        match = _KEY.match(text[at:stop].decode("utf-8", "replace").strip())
        if match:
            values.setdefault(match[1], match[2].strip())
        lines, at = lines + 1, stop + 1
    version = values.get("format_version")
    if version is not None and version not in FORMATS:
        raise InputError(f"scoring files of format {version[:20]!r} are not known", file=path,
                         fix=f"download the score again in format {FORMATS[-1]}")  # fmt: skip
    named = values.get("pgs_id") or values.get("pgs_name") or path.name.split(".")[0]
    identity = re.sub(r"[^A-Za-z0-9_.+-]+", "_", named).strip("_")
    if not _IDENTITY.match(identity):
        raise InputError(f"the score's name {named[:40]!r} is no name", file=path, fix="correct pgs_id in its header")
    return FileHeader(identity, values, _build(values, "genome_build"), _build(values, "HmPOS_build"), lines)


def _build(values: dict[str, str], key: str) -> str | None:
    return build_of_text(values.get(key, ""))
