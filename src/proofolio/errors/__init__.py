"""Where a run is wrong: metrics per slice, confusion, and the mistakes it was surest of.

Scope: tables from stored predictions. It chooses nothing and looks at no picture. Decisions are
those of the run: its calibration, and its threshold or the most probable class.
"""

from proofolio.errors.classes import class_table, confusion, confusion_counts
from proofolio.errors.joined import SLICE
from proofolio.errors.mistakes import decided, surest
from proofolio.errors.slices import slice_table

__all__ = [
    "SLICE",
    "class_table",
    "confusion",
    "confusion_counts",
    "decided",
    "slice_table",
    "surest",
]
