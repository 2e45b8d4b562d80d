"""When to train again, tried in small simulated worlds that change on a day we know.

    python -m fraud_sequences replay --only worlds

One model is trained before the change, and then anew never, weekly or on a sign. Signs are those of
`proofolio_torch.events.monitor`, taken at the end of each week from what was known by then: the
three that were stated first, and with a fourth, since those three never saw a new kind of fraud. An
approval is taken to come at once.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from proofolio import metrics
from proofolio_torch.events import cards, monitor
from proofolio_torch.events.windows import DAY

from fraud_sequences import features

FIRST, WEEKS, CHANGE = 70, 12, 98  # days: the first one scored; weeks scored; the change
TRAIN, DELAY, WEEK = 28, 7, 7
SIZE = {"cards": 500, "terminals": 1000, "days": FIRST + WEEKS * WEEK}
BUDGET = 10  # alerts a day
KEPT = 0.7  # of the reference's precision and share of frauds alerted: below it, look
ALERTS = (0.5, 2.0)  # of the budget, above the fixed threshold
WORLDS: dict[str, dict[str, Any]] = {
    "no change": {},
    "drift": {"drift": 1.0, "drift_from": CHANGE},
    "new fraud": {"new_fraud": True, "new_fraud_from": CHANGE},
}
THREE, FOUR = "on three signs", "on four signs"
POLICIES = ("never", "weekly", THREE, FOUR)


@dataclass(frozen=True)
class Lived:
    """One policy in one world.

    Attributes:
        values: (weeks,) average precision of each scored week.
        trained: days on which a model was trained anew.
        signs: (day on which it was known, first day of what it is about, what) of all that fired.
    """

    values: np.ndarray
    trained: list[int]
    signs: list[tuple[int, int, str]]


class World:
    """Payments of one simulated world with their features, and the models that learn from it."""

    def __init__(self, seed: int, changes: dict[str, Any]) -> None:
        table = cards.simulate(**SIZE, seed=seed, **changes)
        told = {"days": (1, 7, 30), "delay": DELAY, "positive": "fraud"}
        self.names, self.x = features.features(table, **told)
        self.y = (table["label"] == "fraud").to_numpy(np.int64)
        start = table["time"].dt.floor("D").min()
        self.day = ((table["time"] - start).dt.total_seconds() // DAY).to_numpy(np.int64)
        self._scores: dict[int, np.ndarray] = {}

    def rows(self, first: int, last: int) -> slice:
        """Return the payments of the days from `first` to the one before `last`."""
        return slice(*np.searchsorted(self.day, (first, last)))

    def scores(self, day: int) -> np.ndarray:
        """Return the scores of all payments by the model that a training on `day` gives.

        It learns from the four weeks whose labels are known by then.
        """
        if day not in self._scores:
            from xgboost import XGBClassifier

            model = XGBClassifier(
                n_estimators=60, max_depth=3, learning_rate=0.3, tree_method="hist", max_bin=1024,
                base_score=0.5, random_state=0, n_jobs=2,
            )  # fmt: skip
            rows = self.rows(day - DELAY - TRAIN, day - DELAY)
            model.fit(self.x[rows], self.y[rows])
            self._scores[day] = model.predict_proba(self.x)[:, 1]
        return self._scores[day]

    @cached_property
    def weeks(self) -> list[int]:
        """The first day of every scored week."""
        return [FIRST + WEEK * k for k in range(WEEKS)]


def live(world: World, policy: str) -> Lived:
    """Score every week with the model that a policy has by then."""
    trained, values, signs = [FIRST], [], []
    watched = Watched(world, FIRST, policy == FOUR)
    for begin in world.weeks:
        rows = world.rows(begin, begin + WEEK)
        if policy == "weekly" and begin > FIRST:
            trained.append(begin)
        score = world.scores(trained[-1])[rows]
        values.append(metrics.value("average_precision", world.y[rows], score))
        if policy in (THREE, FOUR):
            fired = watched.at(begin + WEEK)
            signs += [(begin + WEEK, about, what) for about, what in fired]
            if fired and begin + WEEK < world.weeks[-1] + WEEK:
                trained.append(begin + WEEK)
                watched = Watched(world, begin + WEEK, policy == FOUR)
    return Lived(np.array(values), trained[1:], signs)


class Watched:
    """The signs of the model trained on `day`; its reference is the week of the delay before.

    It did not learn from that week, whose labels are all known a week into its use.
    """

    def __init__(self, world: World, day: int, all_known: bool) -> None:
        self.world, self.day, self.score = world, day, world.scores(day)
        rows = world.rows(day - WEEK, day)
        y, alerted = self._alerted(day - WEEK)
        threshold = monitor.threshold_for(world.day[rows], self.score[rows], BUDGET)
        limits = monitor.Limits(
            precision=KEPT * float(y[alerted].mean()),
            found=KEPT * float(y[alerted].sum() / y.sum()) if all_known else None,
            alerts=(ALERTS[0] * BUDGET, ALERTS[1] * BUDGET),
            delay_days=DELAY,
        )
        self.watch = monitor.Watch(self._inputs(rows), self.score[rows], limits, threshold)

    def at(self, day: int) -> list[tuple[int, str]]:
        """Return what fires at the end of a week, with the first day that it is about."""
        rows = self.world.rows(day - WEEK, day)
        told = {"end": str(np.datetime64(day, "D")), "days": WEEK}
        seen = self.watch.period(self._inputs(rows), self.score[rows], **told)
        found = [(day - WEEK, sign) for sign in seen]
        before = day - WEEK - DELAY  # the newest week whose labels are all known
        if before >= self.day:
            end = str(np.datetime64(before + WEEK, "D"))
            found += [(before, s) for s in self.watch.labelled(*self._alerted(before), end=end)]
        known = np.datetime64(day, "D")
        return [(about, s.what) for about, s in found if s.fired and s.known_at <= known]

    def _inputs(self, rows: slice) -> dict[str, np.ndarray]:
        return dict(zip(self.world.names, self.world.x[rows].T, strict=True))

    def _alerted(self, begin: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the labels of a week's payments, and which of them were investigated."""
        rows = self.world.rows(begin, begin + WEEK)
        alerted = monitor.daily_alerts(self.world.day[rows], self.score[rows], BUDGET)
        return self.world.y[rows], alerted
