"""The example table: one row per example, checked, scanned, hashed, kept and read back.

Scope: what every later step takes for granted. Where the rows come from is the author's `data.py`.
"""

from proofolio.table.events import check_events
from proofolio.table.schema import COLUMNS, check
from proofolio.table.snapshot import prepare
from proofolio.table.store import (
    column_bytes,
    content_sha256,
    keep_examples,
    membership_sha256,
    read,
    read_examples,
    with_days,
)

__all__ = [
    "COLUMNS",
    "check",
    "check_events",
    "column_bytes",
    "content_sha256",
    "keep_examples",
    "membership_sha256",
    "prepare",
    "read",
    "read_examples",
    "with_days",
]
