"""Figures as SVG: legible in light and dark, each with a text alternative and its numbers.

Scope: draw what evidence holds. Nothing is measured here; values and intervals come from runs and
results, curves from stored predictions.
"""

from proofolio.figures.bars import class_balance, confusion, ladder
from proofolio.figures.canvas import Drawing
from proofolio.figures.collect import all_figures, collect
from proofolio.figures.curves import learning_curves, precision_recall, reliability, roc
from proofolio.figures.facts import Facts

__all__ = [
    "Drawing",
    "Facts",
    "all_figures",
    "class_balance",
    "collect",
    "confusion",
    "ladder",
    "learning_curves",
    "precision_recall",
    "reliability",
    "roc",
]
