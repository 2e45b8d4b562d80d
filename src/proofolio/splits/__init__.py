"""Splits: whole clusters into parts, balanced, reproducible, verified by hash on every read."""

from proofolio.splits.allocate import allocate, encode
from proofolio.splits.build import Split, make
from proofolio.splits.checks import assert_disjoint
from proofolio.splits.crossing import crossings
from proofolio.splits.prequential import PrequentialSplit, training
from proofolio.splits.store import info, read, windows, write
from proofolio.splits.text import parts_text

__all__ = [
    "PrequentialSplit",
    "Split",
    "allocate",
    "assert_disjoint",
    "crossings",
    "encode",
    "info",
    "make",
    "parts_text",
    "read",
    "training",
    "windows",
    "write",
]
