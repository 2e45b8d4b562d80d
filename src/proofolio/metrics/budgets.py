"""What a daily budget of alerts finds: the best-scored events of each day, with intervals."""

from collections.abc import Iterator, Sequence

import numpy as np

from proofolio.contract import Metric, MetricError
from proofolio.metrics.bootstrap import summary
from proofolio.metrics.ranking import ratio
from proofolio.metrics.resampling import clustering

# Each measure, and the metric whose words say why it is undefined where it is.
MEASURES = {"precision": "precision", "recall": "recall", "value_share": "recall"}


def alert_budgets(
    day: np.ndarray,
    y: np.ndarray,
    score: np.ndarray,
    budgets: Sequence[int],
    clusters: np.ndarray,
    *,
    amount: np.ndarray | None = None,
    second: np.ndarray | None = None,
    units: np.ndarray | None = None,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> list[dict[str, Metric]]:
    """Return per budget the precision, the recall and the share of the amount that is found.

    On each day the `budget` best-scored events are alerted, ties in the order of the rows; sums run
    over all days. In a resample a row of weight w takes w places, the last one a part of them.

    Args:
        day: (n,) sortable.
        y: (n,) 1 for positive.
        score: (n,) larger is more suspicious; compared within a day alone.
        budgets: Alerts a day, each at least 1.
        clusters: (n,) the cluster of each row.
        amount: (n,) what a missed positive loses; None: `value_share` is left out.
        second: (n,) second clustering, see `resample_weights`.
        units: (n,) counted as `n_units`.
        resamples: number of bootstrap resamples.
        level: of the interval.
        seed: of the draws.

    Raises:
        MetricError: No budget, or one below 1; no row.
    """
    if not len(y) or not len(budgets) or min(budgets) < 1:
        raise MetricError(
            "a daily budget of alerts is wrong",
            expected="at least one budget, each 1 or more, and rows",
            received=f"{list(budgets)}, {len(y)} rows",
            remedy="state parameters.budgets, for example [20, 50, 100, 200]",
        )
    groups = clustering(clusters, len(y), second)
    value = np.asarray(y) * (1.0 if amount is None else np.asarray(amount))
    alerts = _Alerts(day, np.asarray(y), np.asarray(score), value, groups.cells)
    of_sample = alerts(np.ones(groups.n_cells), budgets)
    drawn = np.full((resamples, *of_sample.shape), np.nan)
    if min(groups.sizes) > 1:
        for start, weights in groups.draws(resamples, seed, 1):
            drawn[start] = alerts(weights[0], budgets)
    common = (groups, clusters if units is None else units, level, seed)
    named = [m for m in MEASURES if amount is not None or m != "value_share"]
    return [
        {
            measure: summary(MEASURES[measure], of_sample[i, j], drawn[:, i, j], *common)
            for j, measure in enumerate(named)
        }
        for i in range(len(budgets))
    ]


def alerted(day: np.ndarray, score: np.ndarray, budget: int) -> np.ndarray:
    """Return (n,) which rows are among the `budget` best-scored of their day, as above."""
    chosen = np.zeros(len(score), dtype=bool)
    for rows in _best_first(day, np.asarray(score)):
        chosen[rows[:budget]] = True
    return chosen


def _best_first(day: np.ndarray, score: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the positions of each day's rows, best-scored first, ties in the order of the rows."""
    for today in np.unique(day):
        rows = np.flatnonzero(day == today)
        yield rows[np.argsort(-score[rows], kind="stable")]


class _Alerts:
    """The measures of every budget as a function of weights per cell."""

    def __init__(
        self,
        day: np.ndarray,
        y: np.ndarray,
        score: np.ndarray,
        value: np.ndarray,
        cells: np.ndarray,
    ) -> None:
        """Sort each day's rows once, best first."""
        self._days = []
        for rows in _best_first(day, score):
            self._days.append((cells[rows], y[rows], value[rows]))
        positive = np.flatnonzero(y == 1)
        self._positive = (cells[positive], value[positive])

    def __call__(self, weights: np.ndarray, budgets: Sequence[int]) -> np.ndarray:
        """Return (budgets, 3) precision, recall and share of the value; NaN where undefined."""
        sums = np.zeros((len(budgets), 3))  # alerts, positives found, value found
        for cells, y, value in self._days:
            upto, most = 4 * max(budgets), max(budgets)
            while (own := weights[cells[:upto]]).sum() < most and upto < len(cells):
                upto *= 4
            before = np.cumsum(own) - own
            for line, budget in zip(sums, budgets, strict=True):
                taken = np.clip(budget - before, 0, own)
                line += (taken.sum(), taken @ y[:upto], taken @ value[:upto])
        cells, value = self._positive
        own = weights[cells]
        whole = np.stack(np.broadcast_arrays(sums[:, 0], own.sum(), own @ value), axis=1)
        return ratio(sums[:, [1, 1, 2]], whole)
