"""From probability to action: temperature, threshold, policies, and what each would have done.

What is fitted is fitted on the part calib, never on test. Binary functions take `p` (n,), the
probability of the positive class, and `y` (n,) with 1 for positive; a scorer without probabilities
passes its score as `p`.
"""

from proofolio.decisions.calibration import calibrate, fit_temperature
from proofolio.decisions.conformal import conformal_table, largest_per_unit, prediction_sets
from proofolio.decisions.curves import decision_curve, risk_coverage
from proofolio.decisions.grouped import grouped_sets, grouped_table
from proofolio.decisions.needs import with_interval
from proofolio.decisions.policies import abstention, confidence, cost_table, transfer_table
from proofolio.decisions.thresholds import (
    budget_thresholds,
    fit_threshold,
    prices,
    rule_text,
    threshold_table,
)

__all__ = [
    "abstention",
    "budget_thresholds",
    "calibrate",
    "confidence",
    "conformal_table",
    "cost_table",
    "decision_curve",
    "fit_temperature",
    "fit_threshold",
    "grouped_sets",
    "grouped_table",
    "largest_per_unit",
    "prediction_sets",
    "prices",
    "risk_coverage",
    "rule_text",
    "threshold_table",
    "transfer_table",
    "with_interval",
]
