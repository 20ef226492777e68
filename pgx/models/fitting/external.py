"""xgboost's external memory: trees grown from rows on disk, read in blocks; the trees are those grown in memory.

What xgboost keeps of the rows (one byte or two a cell) lies on disk too, beside the rows, and goes with them.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pgx.errors import InputError
from pgx.models.fitting.blocks import Disk

if TYPE_CHECKING:
    from types import FrameType

BLOCK = 32 * 1024 * 1024
"""Bytes of a block that is handed to xgboost: few large blocks are read faster than many small ones."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class _StopError(Exception):
    """Ctrl-C or a plain kill while xgboost was reading rows."""


def grow(
    x: Disk,
    y: NDArray[np.float64],
    margin: NDArray[np.float64] | None,
    weight: NDArray[np.float64] | None,
    parameters: dict[str, Any],
    trees: int,
) -> bytes:
    """Grow trees from rows on disk and return them as UBJSON; arguments as for `pgx.models.fitting.boost.grow`.

    Raises
    ------
    InputError
        If the disk is full.
    KeyboardInterrupt
        At Ctrl-C or SIGTERM, once xgboost is back from the tree at hand.
    """
    import xgboost as xgb

    columns: dict[str, NDArray[np.float64]] = {"label": y}
    if margin is not None:
        columns["base_margin"] = margin
    if weight is not None:
        columns["weight"] = weight
    size = max(1, BLOCK // (4 * x.shape[1]))

    with _held() as stopped:

        class Blocks(xgb.DataIter):
            """Hands the rows over, block by block."""

            def __init__(self) -> None:
                self.first = 0
                super().__init__(cache_prefix=str(x.path.with_suffix("")))

            def next(self, input_data: Callable[..., None]) -> bool:
                if stopped():
                    raise _StopError
                if self.first >= x.shape[0]:
                    return False
                rows = slice(self.first, self.first + size)
                input_data(data=x[rows], **{name: values[rows] for name, values in columns.items()})
                self.first += size
                return True

            def reset(self) -> None:
                self.first = 0

        class Watch(xgb.callback.TrainingCallback):
            """Ends the training between two trees."""

            def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
                return stopped()

        try:
            data = xgb.ExtMemQuantileDMatrix(Blocks(), nthread=parameters["nthread"])
            if data.num_row() != x.shape[0]:
                raise RuntimeError(f"xgboost took {data.num_row()} of {x.shape[0]} rows")
            booster = xgb.train(parameters, data, num_boost_round=trees, callbacks=[Watch()])
        except _StopError:
            raise KeyboardInterrupt from None
        except xgb.core.XGBoostError as error:
            raise InputError(f"xgboost could not work on disk: {str(error).strip().splitlines()[-1]}",
                             file=x.path.parent, fix="see that the disk is not full") from error  # fmt: skip
        if stopped():
            raise KeyboardInterrupt
        return bytes(booster.save_raw("ubj"))


@contextmanager
def _held() -> Iterator[Callable[[], bool]]:
    """Note Ctrl-C and SIGTERM instead of raising, while xgboost calls back: there an error would be lost."""
    seen: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return

    def note(number: int, frame: FrameType | None) -> None:
        seen.append(number)

    before = {number: signal.signal(number, note) for number in _SIGNALS}
    try:
        yield lambda: bool(seen)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def ended_like_interrupts() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does, so that temporary files are removed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
