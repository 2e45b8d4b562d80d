"""From probability to action: temperature, threshold, policies, and what each would have done."""

from proofolio.decisions.thresholds import (
    calibrate,
    decision_curve,
    fit_temperature,
    fit_threshold,
    risk_coverage,
    rule_text,
    threshold_table,
)

__all__ = [
    "calibrate",
    "decision_curve",
    "fit_temperature",
    "fit_threshold",
    "risk_coverage",
    "rule_text",
    "threshold_table",
]
