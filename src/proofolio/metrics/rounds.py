"""Metrics of events: judged fold by fold, then averaged over the folds (the prequential protocol).

Each fold has a model of its own, so its scores compare with no other fold's. A resample weighs all
folds with the same units: a card that scores well in one fold does so in the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from proofolio.metrics.catalogue import EVENTS
from proofolio.metrics.events import DailyCards
from proofolio.metrics.resampling import Clustering, Draws, clustering
from proofolio.metrics.statistics import Statistics


@dataclass(frozen=True)
class Rounds:
    """When each row was scored: `fold` (n,) integers and `day` (n,) sortable."""

    fold: np.ndarray
    day: np.ndarray

    def take(self, rows: np.ndarray) -> "Rounds":
        """Return those of some rows, a mask (n,) or positions."""
        return Rounds(self.fold[rows], self.day[rows])

    def coded(self) -> "Rounds":
        """Return the same with days as integers in their order, which sort faster than names."""
        import pandas as pd

        return Rounds(np.asarray(self.fold), pd.factorize(pd.Series(self.day), sort=True)[0])


def prepared(
    names: Sequence[str],
    y: np.ndarray,
    scores: np.ndarray,
    groups: Clustering,
    *,
    raw: np.ndarray | None,
    threshold: float | None,
    rounds: Rounds | None,
) -> "Statistics | FoldMean":
    """Return the metrics as a function of draws: with `rounds` their means over folds."""
    given = {"raw": raw, "threshold": threshold}
    if rounds is None:
        return Statistics(names, y, scores, groups, **given)
    return FoldMean(names, y, scores, groups, rounds=rounds, **given)


def fold_values(
    names: Sequence[str],
    y: np.ndarray,
    scores: np.ndarray,
    clusters: np.ndarray,
    rounds: Rounds,
    *,
    raw: np.ndarray | None = None,
    threshold: float | None = 0.5,
) -> dict[str, list[float]]:
    """Return each metric on every fold, in the order of the folds; NaN where it is undefined."""
    groups = clustering(clusters, len(rounds.fold))
    mean = FoldMean(names, y, scores, groups, raw=raw, threshold=threshold, rounds=rounds)
    each = mean.of_folds(groups.once())
    return {name: each[:, 0, i].tolist() for i, name in enumerate(names)}


class FoldMean:
    """Each metric's mean over folds, as a function of how often clusters are drawn.

    A metric that one fold leaves undefined is undefined. `names` may hold metrics of days.
    """

    def __init__(
        self,
        names: Sequence[str],
        y: np.ndarray,
        scores: np.ndarray,
        groups: Clustering,
        *,
        raw: np.ndarray | None,
        threshold: float | None,
        rounds: Rounds,
    ) -> None:
        """Prepare every fold; the arguments are those of `Statistics`, checked there."""
        self.names, rounds = tuple(names), rounds.coded()
        self._plain = [n for n in names if n not in EVENTS]
        stored = scores if raw is None else raw
        self._folds = []
        for fold in np.unique(rounds.fold):
            own = np.flatnonzero(rounds.fold == fold)
            rows, given = groups.take(own), (np.asarray(scores)[own], np.asarray(stored)[own])
            plain = Statistics(
                self._plain, y[own], given[0], rows, raw=given[1], threshold=threshold
            )
            cards = None
            if len(self._plain) < len(self.names):
                cards = DailyCards(rounds.day[own], rows.codes[0], y[own], given[1], rows)
            self._folds.append((plain, cards))
        self.n = max(plain.n for plain, _ in self._folds)  # rows evaluated together

    def __call__(self, draws: Draws) -> np.ndarray:
        """Return (b, metrics) for b weightings; NaN where a fold has none."""
        return self.of_folds(draws).mean(axis=0)

    def of_folds(self, draws: Draws) -> np.ndarray:
        """Return (folds, b, metrics), fold by fold."""
        found = np.empty((len(self._folds), draws[0].shape[1], len(self.names)))
        plain_at = [i for i, n in enumerate(self.names) if n not in EVENTS]
        cards_at = [i for i, n in enumerate(self.names) if n in EVENTS]
        for values, (plain, cards) in zip(found, self._folds, strict=True):
            if plain_at:
                values[:, plain_at] = plain(draws)
            if cards is not None:
                values[:, cards_at] = cards(draws)[:, None]
        return found
