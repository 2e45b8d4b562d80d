"""When to look at a model in operation: signs with their limits, and when each could be known.

Four signs, each with a limit that is stated before: an input or the scores moved (the population
stability index, without labels), a fixed threshold gives too few or too many alerts, the alerts
that were investigated hold fewer frauds, or fewer of the frauds that became known had been alerted.
What rests on labels is known only after their delay. A sign says that somebody should look; it
decides nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from proofolio import decisions
from proofolio.contract import ProjectError
from proofolio_torch.stability import BINS, CHANGED, Reference

PSI, ALERTS, PRECISION, FOUND = "psi", "alerts", "precision", "found"


@dataclass(frozen=True)
class Limits:
    """What is looked into.

    Attributes:
        precision: a share of frauds among the investigated alerts below it.
        alerts: alerts a day below the first or above the second.
        found: a share of alerted payments among the frauds below it; None: not looked at. It needs
            the labels of payments that nobody investigated, as when customers report them.
        psi: an index above it; the field's convention (Siddiqi 2006).
        delay_days: after an event, until its label is known.
    """

    precision: float
    alerts: tuple[float, float]
    found: float | None = None
    psi: float = CHANGED
    delay_days: int = 7

    def __post_init__(self) -> None:
        low, high = self.alerts
        shares = (self.precision, 0.0 if self.found is None else self.found)
        if not (all(0 <= s <= 1 for s in shares) and 0 <= low < high and self.psi > 0):
            raise ProjectError(
                "limits that nothing can keep",
                expected="shares in [0, 1], alerts as (fewest, most), psi above 0",
                received=str(self),
                remedy="state them from a period that was looked at",
            )


@dataclass(frozen=True)
class Sign:
    """What was measured of a period, its limits, and the first moment at which it was known.

    `low` or `high` is None where there is no such limit.
    """

    kind: str
    what: str
    value: float
    low: float | None
    high: float | None
    known_at: np.datetime64

    @property
    def fired(self) -> bool:
        """Whether the value lies outside its limits."""
        below = self.low is not None and self.value < self.low
        return below or (self.high is not None and self.value > self.high)


class Watch:
    """What later periods are compared with: a reference period of one model.

    Args:
        inputs: name -> values (n,) of the reference period.
        scores: (n,) of the same model on rows that it did not learn from.
        limits: stated before.
        threshold: fixed; a score at or above it is an alert.
        bins: of the index.
    """

    def __init__(
        self,
        inputs: Mapping[str, np.ndarray],
        scores: np.ndarray,
        limits: Limits,
        threshold: float,
        *,
        bins: int = BINS,
    ) -> None:
        self.limits, self.threshold = limits, threshold
        self._references = {name: Reference.of(values, bins) for name, values in inputs.items()}
        self._scores = Reference.of(scores, bins)

    def period(
        self, inputs: Mapping[str, np.ndarray], scores: np.ndarray, *, end: str, days: int
    ) -> Iterator[Sign]:
        """Yield the signs that need no label, known when the period ends.

        Args:
            inputs: the same names as those of the reference, values (m,).
            scores: (m,) of every event of the period.
            end: first day after the period, ISO.
            days: length of the period.
        """
        known = np.datetime64(end, "D")
        for name, reference in self._references.items():
            value = reference.psi(inputs[name])
            yield Sign(PSI, name, value, None, self.limits.psi, known)
        yield Sign(PSI, "score", self._scores.psi(scores), None, self.limits.psi, known)
        a_day = float((np.asarray(scores) >= self.threshold).sum() / days)
        yield Sign(ALERTS, "alerts a day above the threshold", a_day, *self.limits.alerts, known)

    def labelled(self, y: np.ndarray, alerted: np.ndarray, *, end: str) -> Iterator[Sign]:
        """Yield the signs of a period's labels, known `delay_days` after it ends.

        Args:
            y: (m,) 1 for fraud, of every event of the period.
            alerted: (a,) rows that were investigated.
            end: first day after the period, ISO.
        """
        y = np.asarray(y)
        known = np.datetime64(end, "D") + np.timedelta64(self.limits.delay_days, "D")
        caught, frauds = float(y[alerted].sum()), float(y.sum())
        if len(alerted):
            share = caught / len(alerted)
            yield Sign(PRECISION, "precision of alerts", share, self.limits.precision, None, known)
        if frauds and self.limits.found is not None:
            share = caught / frauds
            yield Sign(FOUND, "share of frauds alerted", share, self.limits.found, None, known)


def threshold_for(day: np.ndarray, score: np.ndarray, budget: int) -> float:
    """Return the lowest score that is alerted at `budget` alerts a day on average at most.

    Over the days present; `decisions.budget_thresholds` lies between that score and the next.
    """
    score = np.asarray(score, np.float64)
    (between,) = decisions.budget_thresholds(score, [budget], len(np.unique(day)))
    return float(min(score[score >= between], default=between))
