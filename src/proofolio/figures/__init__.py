"""Figures as SVG: legible in light and dark, each with a text alternative and its numbers.

Scope: draw what evidence holds. Nothing is measured here; values and intervals come from runs and
results, curves from stored predictions.
"""

from proofolio.figures.bars import class_balance, confusion
from proofolio.figures.canvas import Drawing
from proofolio.figures.collect import MANY, all_figures, collect
from proofolio.figures.curves import learning_curves, precision_recall, reliability, roc
from proofolio.figures.facts import Facts
from proofolio.figures.policies import decision_curve, risk_coverage
from proofolio.figures.rungs import ladder
from proofolio.figures.transfer import calibration_transfer, score_shift

__all__ = [
    "MANY",
    "Drawing",
    "Facts",
    "all_figures",
    "calibration_transfer",
    "class_balance",
    "collect",
    "confusion",
    "decision_curve",
    "ladder",
    "learning_curves",
    "precision_recall",
    "reliability",
    "risk_coverage",
    "roc",
    "score_shift",
]
