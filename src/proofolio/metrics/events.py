"""Metrics of event streams, where cards are alerted day by day."""

import numpy as np

from proofolio.contract import MetricError
from proofolio.metrics.resampling import Clustering, Draws

CARDS = 100  # the k of card_precision_at_100


def card_precision_top_k(
    day: np.ndarray, card: np.ndarray, y: np.ndarray, score: np.ndarray, k: int = 100
) -> float:
    """Return the card precision at `k`: of the k cards alerted a day, the share with a fraud.

    Each day's rows are grouped by card; a card's score is the maximum of its rows' scores, its
    label the maximum of their labels. The day's value is (fraud cards among the k best) / k, with
    denominator k even on days with fewer cards. Cards found fraudulent are left out on later days;
    other alerted cards stay. The result is the mean over the days that occur in `day`. Cards that
    tie in score stand in the order of `card`, so the order of rows has no influence.

    Source: Fraud Detection Handbook (Le Borgne et al., 2022), chapter 4, "Card Precision top-k".

    Args:
        day: (n,) sortable, the day of each transaction.
        card: (n,) sortable, the card of each transaction.
        y: (n,) 0 or 1.
        score: (n,) finite, larger is more suspicious.
        k: number of cards that can be checked a day, at least 1.

    Returns:
        A value in [0, 1].

    Raises:
        MetricError: for empty or unequal inputs, a score that is not finite, or k < 1.
    """
    import pandas as pd

    columns = {"day": day, "card": card, "y": y, "score": score}
    lengths = {name: len(column) for name, column in columns.items()}
    if k < 1 or len(set(lengths.values())) != 1 or not len(y):
        raise MetricError(
            "card precision cannot be computed",
            expected="day, card, y and score of one length above 0, and k >= 1",
            received=f"lengths {lengths}, k = {k}",
            remedy="pass one value per transaction",
        )
    if not np.isfinite(np.asarray(score, dtype=float)).all():
        raise MetricError(
            "scores are not finite",
            expected="a finite score for every transaction",
            received=f"{int((~np.isfinite(np.asarray(score, dtype=float))).sum())} not finite",
            remedy="find the rows without a score before evaluation",
        )
    rows = pd.DataFrame({name: np.asarray(column) for name, column in columns.items()})
    cards = rows.groupby(["day", "card"], sort=True, as_index=False)[["y", "score"]].max()
    cards = cards.sort_values(["day", "score", "card"], ascending=[True, False, True])
    found: set = set()
    daily = []
    for _, today in cards.groupby("day", sort=True):
        alerted = today[~today["card"].isin(found)].head(k)
        caught = alerted.loc[alerted["y"] > 0, "card"]
        daily.append(len(caught) / k)
        found.update(caught)
    return float(np.mean(daily))


class DailyCards:
    """Card precision at `k` of one fold as a function of weights: `card_precision_top_k` resampled.

    A card's day is resampled whole, by the weight of its best-scored row: a card drawn twice is two
    cards that day, which stand next to each other, take a place each and are found each for itself;
    the last one may take a part of a place. The day keeps its score and its label: leaving out the
    rows of terminals that are not drawn would take frauds away and bring none back, and so shift
    the whole interval down. What share of a card was found is left out on later days. Cards that
    tie stand in the order of their codes; of a card's best rows the first one counts.
    """

    def __init__(
        self,
        day: np.ndarray,
        card: np.ndarray,
        y: np.ndarray,
        score: np.ndarray,
        groups: Clustering,
        k: int = CARDS,
    ) -> None:
        """Sort each day's cards once, best first; `card` (n,) are codes, `groups` of the rows."""
        self._k, self._days = k, []
        card, y, score = np.asarray(card), np.asarray(y), np.asarray(score)
        frauds = np.unique(card[y > 0])  # the only cards that can be found
        self._frauds = len(frauds)
        for today in np.unique(day):
            rows = np.flatnonzero(day == today)
            rows = rows[np.lexsort((card[rows], -score[rows]))]
            _, first = np.unique(card[rows], return_index=True)
            best = rows[np.sort(first)]
            known = np.isin(card[best], frauds)
            place = np.where(known, np.searchsorted(frauds, card[best]), len(frauds))
            fraud = np.isin(card[best], card[rows[y[rows] > 0]])
            self._days.append((groups.take(best), place, fraud))

    def __call__(self, draws: Draws) -> np.ndarray:
        """Return (b,) for b weightings."""
        left = np.ones((draws[0].shape[1], self._frauds + 1))  # the last: cards that have no fraud
        caught = np.zeros(len(left))
        for groups, place, fraud in self._days:
            upto = 4 * self._k
            own = self._weights(draws, groups, place, left, upto)
            while upto < len(place) and (own.sum(axis=1) < self._k).any():
                upto *= 2
                own = self._weights(draws, groups, place, left, upto)
            bad = np.flatnonzero(fraud[:upto])
            before = np.cumsum(own, axis=1).take(bad, axis=1)
            own = own.take(bad, axis=1)
            before -= own
            places = np.minimum(np.maximum(self._k - before, 0), own)
            caught += places.sum(axis=1)
            left[:, place[bad]] *= 1 - np.divide(places, own, out=np.zeros_like(own), where=own > 0)
        return caught / self._k / len(self._days)

    @staticmethod
    def _weights(
        draws: Draws, groups: Clustering, place: np.ndarray, left: np.ndarray, upto: int
    ) -> np.ndarray:
        """Return (b, cards) what counts today of each of the best cards."""
        own = left.take(place[:upto], axis=1)
        own *= groups.weights(draws, slice(upto)).T
        return own
