"""Metrics of event streams, where cards are alerted day by day."""

import numpy as np

from proofolio.contract import MetricError

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

    A card drawn twice counts as two cards with the same rows, which stand next to each other, take
    a place each and are found each for itself: where only one of them reaches the k best, the other
    stays for the next day. A row counts where its weight is above 0; the weight of a terminal alone
    changes nothing else, since a card's best row is its best row however often it stands there.
    Cards that tie stand in the order of their codes.
    """

    def __init__(
        self,
        day: np.ndarray,
        card: np.ndarray,
        y: np.ndarray,
        score: np.ndarray,
        cells: np.ndarray,
        k: int = CARDS,
    ) -> None:
        """Sort each day's rows once, best first; `card` (n,) are codes, `cells` (n,) columns."""
        self._k, self._days = k, []
        for today in np.unique(day):
            rows = np.flatnonzero(day == today)
            rows = rows[np.lexsort((card[rows], -np.asarray(score)[rows]))]
            fraud = rows[np.asarray(y)[rows] > 0]
            self._days.append((cells[rows], card[rows], cells[fraud], card[fraud]))

    def __call__(self, weights: np.ndarray, clones: np.ndarray) -> np.ndarray:
        """Return (b,) for weights (b, cells) and how often each card was drawn (b, cards)."""
        return np.array([self._one(w, c) for w, c in zip(weights, clones, strict=True)])

    def _one(self, weights: np.ndarray, clones: np.ndarray) -> float:
        left, caught = clones.astype(np.int64), 0
        fraudulent = np.zeros(len(left), dtype=bool)
        for cells, card, fraud_cells, fraud_card in self._days:
            cards = self._best(weights, cells, card, left)
            places = left[cards]
            alerted = np.clip(self._k - (np.cumsum(places) - places), 0, places)
            bad = fraud_card[weights[fraud_cells] > 0]
            fraudulent[bad] = True
            found = alerted * fraudulent[cards]
            fraudulent[bad] = False
            left[cards] -= found
            caught += int(found.sum())
        return caught / self._k / len(self._days)

    def _best(
        self, weights: np.ndarray, cells: np.ndarray, card: np.ndarray, left: np.ndarray
    ) -> np.ndarray:
        """Return the day's cards, best first, at least so many that their clones fill k places."""
        upto = 4 * self._k
        while True:
            some = card[:upto]
            here = some[(weights[cells[:upto]] > 0) & (left[some] > 0)]
            distinct, first = np.unique(here, return_index=True)
            if upto >= len(cells) or left[distinct].sum() >= self._k:
                return distinct[np.argsort(first)]
            upto *= 4
