"""How long the fraud of a card or a terminal goes on before a daily budget of alerts meets it."""

from dataclasses import dataclass

import numpy as np

from proofolio.contract import Metric
from proofolio.metrics.bootstrap import counted, summary
from proofolio.metrics.resampling import Clustering, Draws, at_once, clustering

_SHARES = ("alerted", "at_first_fraud")
_QUANTILES = {"hours_median": 0.5, "hours_p90": 0.9}


@dataclass(frozen=True)
class Detections:
    """One row per entity and fold with a positive event: when the first one was alerted."""

    entity: np.ndarray  # (m,) the entity
    frauds: np.ndarray  # (m,) its positive events in the fold's scored window
    hours: np.ndarray  # (m,) from its first positive event to its first alerted one; NaN: never
    missed: np.ndarray  # (m,) positive events before the first alerted one; all of them if never


def first_alerts(
    fold: np.ndarray, time: np.ndarray, entity: np.ndarray, y: np.ndarray, alerted: np.ndarray
) -> Detections:
    """Return when the positive events of each entity were first alerted, fold by fold.

    What happened before the fold's scored window is not seen here: the first event of the window
    starts the clock. Alerts on genuine events of an entity do not count. Events of one second stand
    in the order of the rows.

    Args:
        fold: (n,) of each row.
        time: (n,) datetime64.
        entity: (n,) sortable, for example the card or the terminal.
        y: (n,) 1 for positive.
        alerted: (n,) booleans.
    """
    import pandas as pd

    rows = pd.DataFrame({"fold": fold, "entity": entity, "time": time, "alerted": alerted})
    rows = rows[np.asarray(y) == 1].sort_values(["fold", "entity", "time"], kind="stable")
    by = rows.groupby(["fold", "entity"], sort=True)
    seen = by["alerted"].cummax()
    hours = (rows["time"] - by["time"].transform("first")).dt.total_seconds() / 3600
    told = rows.assign(hours=hours.where(rows["alerted"]), missed=~seen)
    found = told.groupby(["fold", "entity"], sort=True).agg(
        frauds=("missed", "size"), hours=("hours", "min"), missed=("missed", "sum")
    )
    named = found.index.get_level_values("entity").to_numpy()
    return Detections(named, *(found[c].to_numpy() for c in ("frauds", "hours", "missed")))


def detection_delay(
    found: Detections, *, resamples: int = 1000, level: float = 0.95, seed: int = 0
) -> dict[str, Metric]:
    """Return how many entities were alerted, how soon, and how much went on before.

    Whole entities are resampled, over all folds at once; which events were alerted is held fixed.

    Args:
        found: At least one row, see `first_alerts`.
        resamples: number of bootstrap resamples.
        level: of the interval.
        seed: of the draws.

    Returns:
        Over the rows of `found`: `alerted`, the share with an alerted positive event;
        `at_first_fraud`, the share whose first one was alerted. Over those alerted:
        `hours_median` and `hours_p90`, quantiles of the delay (of an even number the lower of the
        two in the middle), and `missed_before`, the mean number of positive events before the
        first alerted one. None where no entity was alerted.
    """
    groups = clustering(found.entity)
    statistic = _Delays(found, groups)
    of_sample = statistic(groups.once())[0]
    drawn = np.full((resamples, len(of_sample)), np.nan)
    if min(groups.sizes) > 1:
        for start, draws in groups.draws(resamples, seed, at_once(len(found.entity))):
            values = statistic(draws)
            drawn[start : start + len(values)] = values
    named = (*_SHARES, *_QUANTILES, "missed_before")
    common = (groups, counted(None, groups), level, seed)
    told = {}
    for name, value, column in zip(named, of_sample, drawn.T, strict=True):
        metric = summary("recall", float(value), column, *common)
        undefined = {"method": "undefined: nothing was alerted"} if np.isnan(value) else {}
        told[name] = metric.model_copy(update=undefined)
    return told


class _Delays:
    """The measures as a function of how often entities are drawn; NaN where nothing was alerted."""

    def __init__(self, found: Detections, groups: Clustering) -> None:
        order = np.argsort(found.hours, kind="stable")  # NaN, never alerted, comes last
        self._groups, self._hours = groups.take(order), found.hours[order]
        self._missed = found.missed[order]
        self._alerted = int((~np.isnan(found.hours)).sum())

    def __call__(self, draws: Draws) -> np.ndarray:
        """Return (b, 5) for b resamples."""
        own = self._groups.weights(draws).T.astype(np.float64)
        seen, hours = own[:, : self._alerted], self._hours[: self._alerted]
        missed = self._missed[: self._alerted]
        total, caught = own.sum(axis=1), seen.sum(axis=1)
        share = [caught / total, seen @ (missed == 0) / total]
        none = caught == 0
        if none.all():
            return np.stack([*share, *[np.full(len(own), np.nan)] * 3], axis=1)
        upto = np.cumsum(seen, axis=1)
        late = [
            hours[np.argmax(upto >= quantile * caught[:, None] - 1e-9, axis=1)]
            for quantile in _QUANTILES.values()
        ]
        late.append(np.divide(seen @ missed, caught, out=np.zeros(len(own)), where=~none))
        return np.stack([*share, *(np.where(none, np.nan, values) for values in late)], axis=1)
