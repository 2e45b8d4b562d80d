"""What a fold of a run may look at: all events before it, the labels of its training window alone.

    python -m fraud_sequences train --quick

Features and histories of an event reach back before any window, and use a label only from the time
it is known. They are derived once for all runs. A configuration learns from the last `train_days`
of the split's training window: the Handbook's seven, or more.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from proofolio import splits
from proofolio.contract import Layout, ModelInfo, SealError, SplitError
from proofolio.project import Project
from proofolio_torch.events.sequences import Sequences

from fraud_sequences.features import Stream


class Outcome(NamedTuple):
    """What a rung hands back: predictions of the scored window; the model; where it ran."""

    predictions: pd.DataFrame
    model: ModelInfo
    runtime: dict[str, Any]


class Study:
    """One fold of a run: it learns from its training window and scores a later one.

    Parts are `train`; `scored`, whose labels nobody sees; and `watched`, the scored window of this
    or, in a test fold, of the newest validation fold, on which a learning curve is drawn.

    Attributes:
        run: the recorder; `run.fit(step, part)` notes what was fitted on which part.
        config: the configuration of this run, from project.yaml.
        curve: whether this fold's learning curve is the run's: the newest validation fold's is.
    """

    def __init__(self, layout: Layout, project: Project, stream: Stream, run: Any) -> None:
        self.layout, self.project, self.run, self.config = layout, project, run, run.config
        self._stream, name, fold = stream, run.split.name, int(run.parts["fold"].iloc[0])
        known = splits.read(layout, name)
        known = known[known["part"] == "val"]
        newest = int(known["fold"].max())
        self.curve = fold == newest
        shape = splits.windows(layout, name)
        learnt = splits.training(stream.table, shape, fold)
        learnt &= latest(stream.table, shape, fold, self.config["train_days"])
        self._rows = {
            "train": np.flatnonzero(learnt),
            "scored": stream.rows(run.parts["id"]),
            "watched": stream.rows(known.loc[known["fold"] == min(fold, newest), "id"]),
        }

    def labels(self, part: str) -> np.ndarray:
        """Return the class codes of train or of what is watched; no other label is open."""
        if part not in ("train", "watched"):
            raise SealError(
                f"labels of {part} are not for training", remedy="the recorder joins them itself"
            )
        codes = {name: code for code, name in enumerate(self.run.classes)}
        labels = self._stream.table["label"].take(self._rows[part])
        return labels.map(codes).to_numpy(dtype=np.int64)

    def positives(self) -> np.ndarray:
        """Return for each event of train whether it is of the positive class, int64."""
        return (self.labels("train") == self.positive).astype(np.int64)

    @property
    def positive(self) -> int:
        """The code of the class that is looked for."""
        return self.run.classes.index(self.project.positive_class)

    def inputs(self, part: str) -> pd.DataFrame:
        """Return the features of a part's events, float64, named."""
        names, values = self._stream.features(self.config["days"])
        return pd.DataFrame(values[self._rows[part]], columns=names)

    def times(self, part: str) -> np.ndarray:
        """Return the time of each of a part's events, datetime64[s] (n,)."""
        return self._stream.table["time"].to_numpy()[self._rows[part]]

    def sequences(self, part: str, k: int = 1, *, own: bool = True) -> Sequences:
        """Return the last `k` events before and with each of a part's; `own`: and its features."""
        histories = self._stream.histories(k, self.config["days"] if own else ())
        ids = self._stream.table["id"].to_numpy(dtype=object)[self._rows[part]]
        return Sequences(histories, ids, None if part == "scored" else self.labels(part))

    def outcome(
        self, scores: np.ndarray, model: ModelInfo, runtime: dict | None = None, *, by: str = ""
    ) -> Outcome:
        """Join the positive class's probabilities (n,), or scores `by` name, with their events."""
        column = by or f"p_{self.project.positive_class}"
        frame = self.run.parts[["id", "part"]].assign(**{column: rounded(scores)})
        return Outcome(frame, model, runtime or {})


def latest(table: pd.DataFrame, shape: pd.DataFrame, fold: int, days: int) -> np.ndarray:
    """Return which events (n,) lie in the last `days` of a fold's training window.

    The split's window is as long as the longest history any configuration learns from.

    Raises:
        SplitError: The window has fewer days.
    """
    (window,) = shape[(shape["fold"] == fold) & (shape["part"] == "train")].itertuples()
    begins, ends = np.datetime64(window.start), np.datetime64(window.end)
    first = ends - np.timedelta64(days, "D")
    if days < 1 or first < begins:
        raise SplitError(
            "a configuration asks for more days than the training window has",
            expected=f"train_days from 1 to {(ends - begins).astype(int)}",
            received=str(days),
            remedy="lengthen train_days of the split in project.yaml, before any run",
        )
    time = table["time"].to_numpy()
    return (time >= first) & (time < ends)


def rounded(scores: np.ndarray) -> np.ndarray:
    """Return scores (n,) as they are stored, float32: the top twentieth whole, others to 4 bits.

    A day's alerts lie within that twentieth. Below it an eighth of an octave is told apart, at its
    middle, so that the order stays; every number is computed from what is stored, and fewer bits
    make small files of the evidence.
    """
    scores = np.asarray(scores, np.float64)
    cut = np.quantile(scores, 0.95)
    mantissa, exponent = np.frexp(scores)
    coarse = np.ldexp((np.floor(mantissa * 16) + 0.5) / 16, exponent)
    return np.where(scores >= cut, scores, np.minimum(coarse, cut)).astype(np.float32)
