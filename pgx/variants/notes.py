"""Collect what the reader notices: one note a kind of event, with a count and the first place."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Notes:
    """Notes of one run, in the order they first came up."""

    rows: list[dict[str, object]] = field(default_factory=list)
    _counted: dict[tuple[str, str], tuple[int, str, str]] = field(default_factory=dict)

    def add(self, severity: str, code: str, message: str, where: str | None = None, sample: str | None = None) -> None:
        """Add one note."""
        self.rows.append(
            {
                "sample": sample,
                "stage": "variants",
                "severity": severity,
                "code": code,
                "message": message,
                "where": where,
            }
        )

    def count(self, severity: str, code: str, message: str, where: str, by: int = 1) -> None:
        """Count an event that may come up often; `message` has ``{n}`` for the count."""
        n, text, first = self._counted.get((severity, code), (0, message, where))
        self._counted[(severity, code)] = (n + by, text, first)

    def all(self) -> tuple[dict[str, object], ...]:
        """Return the rows, counted events last."""
        for (severity, code), (n, message, first) in self._counted.items():
            self.add(severity, code, message.format(n=n), where=f"first at {first}" if n > 1 else first)
        self._counted.clear()
        return tuple(self.rows)
