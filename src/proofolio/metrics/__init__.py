"""Values of the house's metrics and their unit-clustered intervals.

Binary metrics take `scores` (n,), the probability or score of the positive class, and `y` (n,) with
1 for positive; multiclass metrics take `scores` (n, k) in class order and integer codes `y`.
"""

from proofolio.metrics.budgets import (
    alert_budgets,
    alert_precision_difference,
    alerted,
    alerted_sums,
)
from proofolio.metrics.catalogue import (
    NAMES,
    for_task,
    higher_is_better,
    is_probabilistic,
    needs_threshold,
    uses_calibrated,
)
from proofolio.metrics.ceiling import CEILING_OF, share_of_ceiling
from proofolio.metrics.delays import Detections, detection_delay, first_alerts
from proofolio.metrics.events import card_precision_top_k
from proofolio.metrics.independent import Side, independent_difference
from proofolio.metrics.intervals import (
    interval,
    intervals,
    paired,
    paired_difference,
    seed_mean,
    seed_means,
)
from proofolio.metrics.probability import losses
from proofolio.metrics.ratios import ratios
from proofolio.metrics.resampling import resample_weights
from proofolio.metrics.rounds import Rounds, fold_values
from proofolio.metrics.statistics import value
from proofolio.metrics.within import within_difference

__all__ = [
    "CEILING_OF",
    "NAMES",
    "Detections",
    "Rounds",
    "Side",
    "alert_budgets",
    "alert_precision_difference",
    "alerted",
    "alerted_sums",
    "card_precision_top_k",
    "detection_delay",
    "first_alerts",
    "fold_values",
    "for_task",
    "higher_is_better",
    "independent_difference",
    "interval",
    "intervals",
    "is_probabilistic",
    "losses",
    "needs_threshold",
    "paired",
    "paired_difference",
    "ratios",
    "resample_weights",
    "seed_mean",
    "seed_means",
    "share_of_ceiling",
    "uses_calibrated",
    "value",
    "within_difference",
]
