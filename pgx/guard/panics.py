"""Damaged files at which the library that reads them panics: one line, as of any other damaged file."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import polars as pl

from pgx.errors import InputError


@contextmanager
def no_panic(refused: InputError) -> Iterator[None]:
    """Raise `refused` in place of a panic of polars, whose own words, written past Python, are kept from the terminal.

    Whatever else was written to the process's standard error meanwhile is written once the block has ended.

    Examples
    --------
    >>> with no_panic(InputError("damaged", file="a.parquet")):
    ...     raise pl.exceptions.PanicException("range end index 3832 out of range")
    Traceback (most recent call last):
    pgx.errors.InputError: a.parquet: damaged
    """
    with tempfile.TemporaryFile() as said:
        sys.stderr.flush()
        kept = os.dup(2)
        os.dup2(said.fileno(), 2)
        panicked = False
        try:
            yield
        except pl.exceptions.PanicException:
            panicked = True
            raise refused from None
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            if not panicked and said.seek(0, os.SEEK_END):
                said.seek(0)
                os.write(2, said.read())
