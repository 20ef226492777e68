"""Every table that the program writes: its columns, and for each the unit and the codes that it may hold."""

from __future__ import annotations

from pgx.output_tables.declared import ACTIONS, TABLES, Codes, OutputTable

__all__ = ["ACTIONS", "TABLES", "Codes", "OutputTable"]
