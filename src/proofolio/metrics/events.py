"""Metrics of event streams, where cards are alerted day by day."""

import numpy as np

from proofolio.contract import MetricError


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
