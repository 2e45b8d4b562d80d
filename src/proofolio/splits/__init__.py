"""Splits: whole clusters into parts, balanced, reproducible, verified by hash on every read."""

from proofolio.splits.allocate import allocate, encode
from proofolio.splits.build import Split, make, parts_text
from proofolio.splits.checks import assert_disjoint, crossings
from proofolio.splits.store import info, read, write

__all__ = [
    "Split",
    "allocate",
    "assert_disjoint",
    "crossings",
    "encode",
    "info",
    "make",
    "parts_text",
    "read",
    "write",
]
