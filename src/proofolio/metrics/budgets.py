"""What a daily budget of alerts finds: the best-scored events of each day, with intervals."""

from collections.abc import Callable, Sequence

import numpy as np

from proofolio.contract import Metric, MetricError
from proofolio.metrics.bootstrap import summary
from proofolio.metrics.ranking import ratio
from proofolio.metrics.resampling import Clustering, clustering

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
    of_sample, drawn = _drawn(lambda weights: alerts(weights, budgets), groups, resamples, seed)
    common = (groups, clusters if units is None else units, level, seed)
    named = [m for m in MEASURES if amount is not None or m != "value_share"]
    return [
        {
            measure: summary(MEASURES[measure], of_sample[i, j], drawn[:, i, j], *common)
            for j, measure in enumerate(named)
        }
        for i in range(len(budgets))
    ]


def alert_precision_difference(
    day: np.ndarray,
    y: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
    budget: int,
    clusters: np.ndarray,
    *,
    second: np.ndarray | None = None,
    units: np.ndarray | None = None,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Metric:
    """Return the precision of `budget` alerts a day by scores `a` less that by scores `b`.

    Both are scored on the same resamples; the arguments are those of `alert_budgets`.
    """
    if not len(y) or budget < 1:
        raise MetricError(
            "two rankings cannot be compared at a daily budget",
            expected="rows, and a budget of 1 or more",
            received=f"{len(y)} rows, budget {budget}",
            remedy="pass the scores of both for the same rows",
        )
    groups, y = clustering(clusters, len(y), second), np.asarray(y)
    both = [_Alerts(day, y, np.asarray(s), y * 1.0, groups.cells) for s in (a, b)]

    def difference(weights: np.ndarray) -> np.ndarray:
        first, other = (side(weights, [budget])[0, 0] for side in both)
        return np.asarray(first - other)

    of_sample, drawn = _drawn(difference, groups, resamples, seed)
    units = clusters if units is None else units
    return summary("precision", float(of_sample), drawn, groups, units, level, seed)


def _drawn(
    of_weights: Callable[[np.ndarray], np.ndarray], groups: Clustering, resamples: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return what a function of weights gives for the sample and (resamples, ...) for resamples."""
    of_sample = of_weights(np.ones(groups.n_cells))
    drawn = np.full((resamples, *of_sample.shape), np.nan)
    if min(groups.sizes) > 1:
        for start, weights in groups.draws(resamples, seed, 1):
            drawn[start] = of_weights(weights[0])
    return of_sample, drawn


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
        for today in np.unique(day):
            rows = np.flatnonzero(day == today)
            rows = rows[np.argsort(-score[rows], kind="stable")]
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
