"""Score events as they come: live features, a model, rules behind it, labels that come later.

    from proofolio_torch import service
    from proofolio_torch.events.scorer import EventScorer
    service.serve(EventScorer(...), settings=service.Settings(keys=service.Keys.read()))

One process holds the state (`stream`), and one thread changes it, in the order in which requests
come. That bounds what one process can take. To take more, start several services and send each card
to one of them by a hash of its name. The card's features are exact then. The terminal's are not:
each service sees the events of its own cards there, so with n services counts are about an n-th of
what the model was trained on, and the risk rests on fewer labels. Train with features derived per
shard, or keep the second entity's state in one place.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from proofolio_torch.events.spec import Windows
from proofolio_torch.events.stream import Stream
from proofolio_torch.events.taken import Alert, Learnt, event_of, label_of
from proofolio_torch.events.windows import features
from proofolio_torch.service.scorer import Endpoint, Reason, Scorer

Model = Callable[[np.ndarray], np.ndarray]


class Prepared(NamedTuple):
    """Events that are in the state: ids, seconds since 1970, float64 features (n, k)."""

    ids: list[str]
    seconds: list[int]
    x: np.ndarray


class EventScorer(Scorer):
    """Scores of events, one at a time or in small batches, the same as of the whole table.

    Args:
        windows: as in training.
        load: returns the model: features (n, k) as `names`, to probabilities (n,).
        threshold: a score at or above it is an alert.
        rules: the fallback, of the same form as the model.
        rules_threshold: its own threshold.
        versions: of the model and the rules, such as {"run", "weights_sha256", "rules"}.
        classes: the names a label may have.
        lateness: None takes events in the order (time, id) alone and refuses others. A number of
            seconds takes events as they arrive: one that is up to so much older than the last is
            counted at the second of the last, which its answer says. Two clients at once need it.
        explain: reasons of an alert, such as `functools.partial(reasons, reference=medians,
            groups=groups(names))`; called with the model, or the rules, and one row.
        state: file that keeps the state from one start to the next; written on closing alone.
        clock: seconds since 1970; an event more than five minutes after it is refused.
        name: of the model, for the versions.
    """

    answer = Alert

    def __init__(
        self,
        *,
        windows: Windows,
        load: Callable[[], Model],
        threshold: float,
        rules: Model,
        rules_threshold: float = 0.5,
        versions: dict[str, str | None] | None = None,
        classes: Sequence[str] = ("genuine", "fraud"),
        lateness: int | None = None,
        explain: Callable[[Model, np.ndarray], Sequence[Any]] | None = None,
        state: Path | None = None,
        clock: Callable[[], float] = time.time,
        name: str = "events",
    ) -> None:
        self.name, self.windows = name, windows
        self.stream = Stream(windows, lateness=lateness, clock=clock)
        self.names = [*(["amount"] if windows.amounts else []), *windows.names]
        self.item = event_of(windows)
        self.endpoints = (Endpoint("/labels", label_of(classes), Learnt, self.stream.learn),)
        self._load, self._rules, self._explain = load, rules, explain
        self._thresholds = (threshold, rules_threshold)
        self._versions, self._state = dict(versions or {}), state
        self._model: Model | None = None

    def start(self) -> None:
        """Take up the state of the last time, unless `stream.warm` has made one; see `resumes`."""
        if not self.stream.held and self.resumes:
            self.stream.restore(self._state)

    @property
    def resumes(self) -> bool:
        """Whether there is a state of the last time, so that `stream.warm` is not needed."""
        return self._state is not None and Path(self._state).is_file()

    def load(self) -> None:
        """Load the model."""
        self._model = self._load()

    def versions(self) -> dict[str, str | None]:
        """Return the versions as given."""
        return self._versions

    def prepare(self, items: Sequence[Any]) -> Prepared:
        """Take all events of a request into the state, or none, and return their features.

        Raises:
            RequestRefused: an event that is out of order, stood there before or is in the future.
        """
        moments, x = self.stream.take(items)
        if self.windows.amounts:
            x = np.column_stack([[float(e.amount) for e in items], x])
        return Prepared([e.id for e in items], moments, x)

    def model(self, prepared: Prepared) -> list[Alert]:
        """Return the model's scores and decisions."""
        return self._answers(prepared, self._model, self._thresholds[0])

    def rules(self, prepared: Prepared) -> list[Alert]:
        """Return the rules' scores and decisions."""
        return self._answers(prepared, self._rules, self._thresholds[1])

    def batch(self, events: pd.DataFrame) -> np.ndarray:
        """Return the model's scores (n,) of a whole table, which live scoring gives as well."""
        if self._model is None:
            self.load()
        x = features(events, self.windows)[1]
        return self._model(np.column_stack([events["amount"], x]) if self.windows.amounts else x)

    def close(self) -> None:
        """Keep the state where a file for it was named."""
        if self._state is not None:
            self.stream.save(self._state)

    def _answers(self, prepared: Prepared, model: Model, threshold: float) -> list[Alert]:
        scores = np.asarray(model(prepared.x), float)
        if scores.shape != (len(prepared.ids),):
            raise ValueError(f"{scores.shape} scores of {len(prepared.ids)} events")
        found = []
        for id, second, score, x in zip(
            prepared.ids, prepared.seconds, scores, prepared.x, strict=True
        ):
            high = bool(score >= threshold)
            why = self._explain(model, x) if high and self._explain else ()
            found.append(
                Alert(
                    id=id,
                    time=np.datetime64(second, "s").item(),
                    score=float(score),
                    threshold=threshold,
                    decision="alert" if high else "pass",
                    reasons=[Reason(what=r.what, change=r.change, unit=r.unit) for r in why],
                )
            )
        return found
