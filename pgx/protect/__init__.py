"""Protection of patients' data: file permissions, encrypted files, pseudonyms, and a log of who ran what.

What needs a library beside the base is imported when it is asked for (extra ``protect``).
"""

from __future__ import annotations

from pgx.protect.audit import Log, Run, verify

__all__ = ["Log", "Run", "verify"]
