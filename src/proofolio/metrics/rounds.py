"""Metrics of events: judged fold by fold, then averaged over the folds (the prequential protocol).

Each fold has a model of its own, so its scores compare with no other fold's. A resample weighs all
folds with the same units: a card that scores well in one fold does so in the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from proofolio.metrics.catalogue import EVENTS
from proofolio.metrics.events import DailyCards
from proofolio.metrics.resampling import Clustering, clustering
from proofolio.metrics.statistics import Statistics


@dataclass(frozen=True)
class Rounds:
    """When each row was scored: `fold` (n,) integers and `day` (n,) sortable."""

    fold: np.ndarray
    day: np.ndarray

    def take(self, rows: np.ndarray) -> "Rounds":
        """Return those of some rows, a mask (n,) or positions."""
        return Rounds(self.fold[rows], self.day[rows])


def prepared(
    names: Sequence[str],
    y: np.ndarray,
    scores: np.ndarray,
    *,
    raw: np.ndarray | None,
    threshold: float | None,
    groups: Clustering,
    rounds: Rounds | None,
) -> "Statistics | FoldMean":
    """Return the metrics as a function of weights: with `rounds` their means over folds."""
    given = {"raw": raw, "threshold": threshold}
    if rounds is None:
        return Statistics(names, y, scores, cells=groups.cells, **given)
    return FoldMean(names, y, scores, groups=groups, rounds=rounds, **given)


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
    given = {"raw": raw, "threshold": threshold, "groups": groups, "rounds": rounds}
    each = FoldMean(names, y, scores, **given).of_folds()
    return {name: each[:, 0, i].tolist() for i, name in enumerate(names)}


class FoldMean:
    """Each metric's mean over folds, as a function of weights per cell; a fold's own cells alone.

    A metric that one fold leaves undefined is undefined. `names` may hold metrics of days.
    """

    def __init__(
        self,
        names: Sequence[str],
        y: np.ndarray,
        scores: np.ndarray,
        *,
        raw: np.ndarray | None,
        threshold: float | None,
        groups: Clustering,
        rounds: Rounds,
    ) -> None:
        """Prepare every fold; the arguments are those of `Statistics`, checked there."""
        self.names, self.n, self._groups = tuple(names), len(y), groups
        self._plain = [n for n in names if n not in EVENTS]
        stored = scores if raw is None else raw
        self._folds = []
        for fold in np.unique(rounds.fold):
            own = np.flatnonzero(rounds.fold == fold)
            used, cells = np.unique(groups.cells[own], return_inverse=True)
            pair = (np.asarray(scores)[own], np.asarray(stored)[own])
            plain = Statistics(
                self._plain, y[own], pair[0], raw=pair[1], threshold=threshold, cells=cells
            )
            cards = None
            if len(self._plain) < len(self.names):
                card = groups.first[groups.cells[own]]
                cards = DailyCards(rounds.day[own], card, y[own], pair[1], cells)
            self._folds.append((used, plain, cards))

    def __call__(self, weights: np.ndarray) -> np.ndarray:
        """Return (b, metrics) for weights (b, cells); NaN where a fold has none."""
        return self._each(weights).mean(axis=0)

    def of_sample(self) -> np.ndarray:
        """Return (metrics,) of the sample itself: every weight 1."""
        return self.of_folds().mean(axis=0)[0]

    def of_folds(self) -> np.ndarray:
        """Return (folds, 1, metrics) of the sample itself."""
        return self._each(np.ones((1, self._groups.n_cells)))

    def _each(self, weights: np.ndarray) -> np.ndarray:
        found = np.empty((len(self._folds), len(weights), len(self.names)))
        plain_at = [i for i, n in enumerate(self.names) if n not in EVENTS]
        cards_at = [i for i, n in enumerate(self.names) if n in EVENTS]
        for values, (used, plain, cards) in zip(found, self._folds, strict=True):
            own = weights.take(used, axis=1)
            if plain_at:
                values[:, plain_at] = plain(own)
            if cards is not None:
                values[:, cards_at] = cards(own)[:, None]
        return found
