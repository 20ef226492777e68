"""Named alleles: which diplotypes fit a person's genotypes, and how probable each is."""

from pgx.calling.caller import THRESHOLD, call
from pgx.calling.explain import explain, position_log
from pgx.calling.frames import calls_frame

__all__ = ["THRESHOLD", "call", "calls_frame", "explain", "position_log"]
