"""Connections that say nothing, or half a request, are closed: they would keep out those who ask."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

WAIT = 10.0
"""Seconds for the head of a request, and for its body."""
MOST = 256
"""Connections at once."""
MOST_HEAD = 1 << 16
"""Bytes of the head of a request."""


class TimedProtocol(H11Protocol):
    """HTTP whose requests must be told in time."""

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def _wait(self, answered: Any) -> None:
        """Look again after a while; `answered` is the request that was the last one then."""
        self._timer = self.loop.call_later(WAIT, self._look, answered)

    def _look(self, answered: Any) -> None:
        idle = self.cycle is None or self.cycle.response_complete
        if idle and self.cycle is answered and not self.transport.is_closing():
            self.transport.close()
        else:
            self._wait(self.cycle)
