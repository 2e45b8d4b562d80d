"""What a daily budget of alerts finds: the best-scored events of each day, with intervals."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from proofolio.contract import Metric, MetricError
from proofolio.metrics.bootstrap import counted, summary
from proofolio.metrics.ranking import ratio
from proofolio.metrics.resampling import Clustering, Draws, at_once, clustering

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
    _demand(budgets, len(y))
    groups = clustering(clusters, len(y), second)
    alerts = _Alerts(day, y, score, amount, groups)
    of_sample, drawn = _drawn(lambda draws: alerts(draws, budgets), groups, resamples, seed)
    common = (groups, counted(units, groups), level, seed)
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
    _demand([budget], len(y))
    groups = clustering(clusters, len(y), second)
    first, other = (_Alerts(day, y, scores, None, groups) for scores in (a, b))

    def difference(draws: Draws) -> np.ndarray:
        return (first(draws, [budget]) - other(draws, [budget]))[:, 0, 0]

    of_sample, drawn = _drawn(difference, groups, resamples, seed)
    return summary(
        "precision", float(of_sample), drawn, groups, counted(units, groups), level, seed
    )


def _drawn(
    of_draws: Callable[[Draws], np.ndarray], groups: Clustering, resamples: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return what a function of draws gives for the sample and, (resamples, ...), for resamples."""
    of_sample = of_draws(groups.once())[0]
    drawn = np.full((resamples, *of_sample.shape), np.nan)
    if min(groups.sizes) > 1:
        for start, draws in groups.draws(resamples, seed, at_once(len(groups))):
            found = of_draws(draws)
            drawn[start : start + len(found)] = found
    return of_sample, drawn


def alerted_sums(
    day: np.ndarray,
    y: np.ndarray,
    score: np.ndarray,
    budgets: Sequence[int],
    *,
    amount: np.ndarray | None = None,
) -> np.ndarray:
    """Return (budgets, 3) the alerts, the positives among them and their amount, over all days.

    The sums behind `alert_budgets`, whose arguments these are; without amounts the third column
    repeats the second. Of rows with one `day` in common, the best-scored of all are alerted.

    Raises:
        MetricError: No budget, or one below 1; no row.
    """
    _demand(budgets, len(y))
    sums = np.zeros((len(budgets), 3))
    value = _worth(y, amount)
    for rows in _best_first(day, np.asarray(score)):
        last = np.minimum(budgets, len(rows)) - 1
        found = np.asarray(y)[rows].cumsum()[last], value[rows].cumsum()[last]
        sums += np.stack([last + 1, *found], axis=1)
    return sums


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


def _worth(y: np.ndarray, amount: np.ndarray | None) -> np.ndarray:
    """Return (n,) what finding each row is worth: its amount, or 1, where it is positive."""
    return np.asarray(y) * (1.0 if amount is None else np.asarray(amount))


def _demand(budgets: Sequence[int], n: int) -> None:
    if not n or not len(budgets) or min(budgets) < 1:
        raise MetricError(
            "a daily budget of alerts is wrong",
            expected="at least one budget, each 1 or more, and rows",
            received=f"{list(budgets)}, {n} rows",
            remedy="state parameters.budgets, for example [20, 50, 100, 200]",
        )


class _Alerts:
    """The measures of every budget as a function of how often clusters are drawn."""

    def __init__(
        self,
        day: np.ndarray,
        y: np.ndarray,
        score: np.ndarray,
        amount: np.ndarray | None,
        groups: Clustering,
    ) -> None:
        """Sort each day's rows once, best first."""
        y, value = np.asarray(y), _worth(y, amount)
        self._days = []
        for rows in _best_first(day, np.asarray(score)):
            self._days.append((groups.take(rows), y[rows] == 1, value[rows]))
        positive = np.flatnonzero(y == 1)
        self._positive = (groups.take(positive), value[positive])

    def __call__(self, draws: Draws, budgets: Sequence[int]) -> np.ndarray:
        """Return (b, budgets, 3) precision, recall and share of the value; NaN where undefined."""
        b, most = draws[0].shape[1], max(budgets)
        sums = np.zeros((b, len(budgets), 3))  # alerts, positives found, value found
        for groups, positive, value in self._days:
            upto, own = 2 * most, np.zeros((b, 0))
            while own.shape[1] < len(value) and (not own.size or (own.sum(axis=1) < most).any()):
                upto *= 2
                own = groups.weights(draws, slice(upto)).T.astype(np.float64)
            after = np.cumsum(own, axis=1)
            at = np.flatnonzero(positive[:upto])
            own, reached = own.take(at, axis=1), after.take(at, axis=1)
            for i, budget in enumerate(budgets):
                taken = np.minimum(np.maximum(budget - (reached - own), 0), own)
                sums[:, i, 0] += np.minimum(after[:, -1], budget)
                sums[:, i, 1] += taken.sum(axis=1)
                sums[:, i, 2] += taken @ value[at]
        groups, value = self._positive
        own = groups.weights(draws).T.astype(np.float64)
        whole = np.stack([own.sum(axis=1), own @ value], axis=1)[:, None]
        whole = np.concatenate([sums[:, :, :1], np.repeat(whole, len(budgets), axis=1)], axis=2)
        return ratio(sums[:, :, [1, 1, 2]], whole)
