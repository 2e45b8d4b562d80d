"""Calibration, decision and metrics of one part of a run."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from proofolio import decisions, metrics
from proofolio.contract import Calibration, Decision, Metric, Run
from proofolio.project import DecisionRule
from proofolio.scoring.ids import check_ids
from proofolio.scoring.joined import Joined, is_score, join

if TYPE_CHECKING:
    import pandas as pd

RESAMPLES = 2000
RESAMPLES_OF_EVENTS = 1000  # they hold so many rows that more takes minutes
NO_CALIB = "argmax (no calib part)"  # the rule of a run whose split has no part to fit on


def fit_calibration_and_decision(
    predictions: "pd.DataFrame",
    examples: "pd.DataFrame",
    classes: Sequence[str],
    positive_class: str | None,
    rule: DecisionRule,
    fitting_part: str = "calib",
) -> tuple[Calibration, Decision]:
    """Fit temperature and threshold on part calib (events: on val, over all its folds at once).

    A scorer without probabilities is not calibrated and its threshold is one on the score; there
    `argmax` has no meaning and becomes its equivalent, the cost rule with equal costs. A split
    without calib (cross-validation) gets no calibration and the threshold 0.5 (a scorer: none).

    Raises:
        RunError: as `join`.
        MetricError: the part lacks a class that the fit needs.
    """
    if not (predictions["part"] == fitting_part).any():
        threshold = None if positive_class is None or is_score(predictions) else 0.5
        return Calibration(method="none"), Decision(threshold=threshold, rule=NO_CALIB)
    named = {"classes": classes, "positive_class": positive_class}
    calib = join(predictions, examples, fitting_part, **named)
    calibration = Calibration(method="none")
    if not calib.is_score:
        temperature = decisions.fit_temperature(calib.y, calib.stored)
        calibration = Calibration(
            method="temperature", temperature=temperature, fitted_on=fitting_part
        )
    if positive_class is None:
        return calibration, Decision(threshold=None, rule="argmax")
    if calib.is_score and rule.rule == "argmax":
        rule = DecisionRule(rule="cost", reason=rule.reason)
    p = decisions.calibrate(calib.stored, calibration)
    days = None if calib.rounds is None else len(np.unique(calib.rounds.day))
    return calibration, decisions.fit_threshold(
        calib.y, p, rule, fitting_part, amount=calib.amount, days=days
    )


def score(
    predictions: "pd.DataFrame",
    examples: "pd.DataFrame",
    part: str,
    *,
    classes: Sequence[str],
    positive_class: str | None,
    calibration: Calibration | None,
    decision: Decision | None,
    parts: "pd.DataFrame | None" = None,
    resamples: int | None = None,
    seed: int = 0,
) -> dict[str, Metric]:
    """Return every metric of the task on one part, with unit-clustered intervals.

    Args:
        predictions: id, part, [fold], p_<class>... or score.
        examples: id, unit, cluster, label, [unit2: then intervals are two-way].
        part: val, calib or test.
        classes: class names in order.
        positive_class: of two classes; None: multiclass.
        calibration: of the run; None or method "none": stored values serve as they are.
        decision: of the run; without a threshold, threshold metrics of two classes are left out.
        parts: the split's id, part, [fold]; given, rule 2 is checked first (`check_ids`).
        resamples: number of bootstrap resamples, as for `metrics.intervals`; None: the house's,
            see `resamples_for`.
        seed: of the resamples.

    Returns:
        Metric name -> Metric; for a scorer without probabilities no probability metrics.

    Raises:
        RunError: a missing, doubled or unknown id, unknown labels, unfit values.
    """
    if parts is not None:
        check_ids(predictions, parts, part)
    named = {"classes": classes, "positive_class": positive_class}
    joined = join(predictions, examples, part, calibration=calibration, **named)
    threshold = decision.threshold if decision is not None else None
    names = metrics.for_task(classes, positive_class, events=joined.rounds is not None)
    if joined.is_score:
        names = tuple(n for n in names if not metrics.is_probabilistic(n))
    if positive_class is not None and threshold is None:
        names = tuple(n for n in names if not metrics.needs_threshold(n))
    return metrics.intervals(
        names,
        joined.y,
        joined.calibrated,
        raw=joined.stored,
        threshold=threshold,
        resamples=resamples_for(joined) if resamples is None else resamples,
        seed=seed,
        **joined.judged,
    )


def resamples_for(joined: Joined) -> int:
    """Return how many resamples the house draws for these rows."""
    return RESAMPLES if joined.rounds is None else RESAMPLES_OF_EVENTS


def judged(
    predictions: "pd.DataFrame",
    examples: "pd.DataFrame",
    *,
    classes: Sequence[str],
    positive_class: str | None,
    rule: DecisionRule,
    fitting_part: str,
) -> tuple[Calibration, Decision, dict[str, dict[str, Metric]]]:
    """Return calibration, decision and the metrics at them of val and calib, where they are.

    The arguments and errors are those of `fit_calibration_and_decision` and `score`.
    """
    given = predictions, examples
    fitted = fit_calibration_and_decision(*given, classes, positive_class, rule, fitting_part)
    told = {"classes": classes, "positive_class": positive_class}
    told |= dict(zip(("calibration", "decision"), fitted, strict=True))
    scored = [part for part in ("val", "calib") if (predictions["part"] == part).any()]
    return *fitted, {part: score(*given, part, **told) for part in scored}


def score_run(
    run: Run, predictions: "pd.DataFrame", examples: "pd.DataFrame", part: str, **options: Any
) -> dict[str, Metric]:
    """Return `score` of a run's stored predictions, at its own calibration and decision.

    Args:
        run: The recorded run.
        predictions: Its stored predictions.
        examples: As for `score`.
        part: val, calib or test.
        **options: parts, resamples, seed as for `score`.
    """
    return score(
        predictions,
        examples,
        part,
        classes=run.classes,
        positive_class=run.positive_class,
        calibration=run.calibration,
        decision=run.decision,
        **options,
    )
