"""Stored predictions beside the labels, units and clusters of their examples."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from proofolio import decisions, memo, metrics, table
from proofolio.contract import OOD, Calibration, Run, RunError
from proofolio.scoring.ids import refuse, refuse_doubles

if TYPE_CHECKING:
    import pandas as pd

_OWN = ("id", "part", "fold", "score")  # a label beside a prediction is never read
_MOST = 4  # sets of ids whose places are kept
_known: dict[bytes, tuple[np.ndarray, np.ndarray]] = {}
_ROUNDING = 1e-3  # how far float32 (or float16) probabilities of a row may sum away from 1


@dataclass(frozen=True)
class Joined:
    """One part of a run's predictions beside its labels; rows sorted by fold and id."""

    rows: "pd.DataFrame"  # predictions and the examples' columns
    y: np.ndarray  # (n,) class codes; two classes: 1 = positive
    stored: np.ndarray  # (n,) or (n, k) as predicted
    calibrated: np.ndarray  # the same, calibrated
    is_score: bool  # whether `stored` are scores and no probabilities

    @property
    def grouping(self) -> dict[str, np.ndarray | None]:
        """The keywords of `metrics.intervals` that say what is resampled and what is counted."""
        second = self.rows["unit2"].to_numpy() if "unit2" in self.rows else None
        clusters, units = self.rows["cluster"].to_numpy(), self.rows["unit"].to_numpy()
        return {"clusters": clusters, "second": second, "units": units}

    @property
    def rounds(self) -> metrics.Rounds | None:
        """Fold and day of each row of events; None for images, whose folds are judged together."""
        if "day" not in self.rows:  # `table.with_days` gives it to events alone
            return None
        return metrics.Rounds(self.rows["fold"].to_numpy(), self.rows["day"].to_numpy())

    @property
    def amount(self) -> np.ndarray | None:
        """What is lost with each missed row (n,), where the table says."""
        return self.rows["amount"].to_numpy() if "amount" in self.rows else None

    @property
    def judged(self) -> dict[str, Any]:
        """`grouping` and the rounds: the keywords of `metrics.intervals` about the rows."""
        return {**self.grouping, "rounds": self.rounds}

    def take(self, kept: np.ndarray) -> "Joined":
        """Return some of the rows, by mask (n,) or positions in the order wanted."""
        rows = self.rows[kept] if kept.dtype == bool else self.rows.iloc[kept]
        return replace(
            self,
            rows=rows.reset_index(drop=True),
            y=self.y[kept],
            stored=self.stored[kept],
            calibrated=self.calibrated[kept],
        )

    def scores_for(self, name: str) -> np.ndarray:
        """The scores that a metric reads: stored for rankings and `_raw`, else calibrated."""
        return self.calibrated if metrics.uses_calibrated(name) else self.stored


def is_score(predictions: "pd.DataFrame") -> bool:
    """Whether the predictions are scores without probabilities."""
    return "score" in predictions.columns


def scores_of(
    predictions: "pd.DataFrame", classes: Sequence[str], positive_class: str | None
) -> np.ndarray:
    """Return float64 (n,) of the positive class (or `score`), or (n, k) in class order.

    Raises:
        RunError: columns other than the task's, missing or infinite values, probabilities outside
            [0, 1] or, for more classes, not summing to 1.
    """
    scorer = is_score(predictions)
    wanted = [f"p_{c}" for c in ([positive_class] if positive_class is not None else classes)]
    if scorer and positive_class is not None:
        wanted = ["score"]
    given = [c for c in predictions.columns if str(c).startswith("p_") or c == "score"]
    if sorted(given) != sorted(wanted):
        raise RunError(
            "predictions have the wrong columns",
            expected=", ".join(wanted) + (" (or score alone)" if positive_class else ""),
            received=", ".join(map(str, given)) or "neither p_<class> nor score",
            remedy="two classes store p_<positive> alone, more classes one p_<class> each",
        )
    values = predictions[wanted].to_numpy(dtype=np.float64)
    broken = ~np.isfinite(values).all(axis=1)
    if not scorer:
        broken |= (values < 0).any(axis=1) | (values > 1 + 1e-6).any(axis=1)
        if positive_class is None:
            broken |= np.abs(values.sum(axis=1) - 1) > _ROUNDING
    if broken.any():
        refuse(
            "predictions are no scores" if scorer else "predictions are no probabilities",
            predictions.loc[broken, "id"],
            expected="finite values" if scorer else "finite, in [0, 1], summing to 1 over classes",
            remedy="apply the sigmoid or softmax; find rows without a prediction",
        )
    return values[:, 0] if positive_class is not None else values


def join(
    predictions: "pd.DataFrame",
    examples: "pd.DataFrame",
    part: str,
    *,
    classes: Sequence[str],
    positive_class: str | None,
    calibration: Calibration | None = None,
) -> Joined:
    """Put one part of the predictions beside labels, units and clusters, by id.

    Raises:
        RunError: no rows of that part, an id scored twice, an id or label the examples lack, or
            unfit values.
    """
    if part == OOD:
        raise RunError(
            "part ood has no label that is a class of the run",
            expected="val, calib or test",
            received=part,
            remedy="compare its scores with another part: result kind ood",
        )
    rows = _rows(predictions, examples, part)
    codes = {c: i for i, c in enumerate(classes)}
    if positive_class is not None:
        codes = {c: int(c == positive_class) for c in classes}
    y = rows["label"].astype(object).map(codes)
    if y.isna().any():
        refuse(
            "labels are not among the classes",
            rows.loc[y.isna(), "label"].astype(str).drop_duplicates(),
            expected=", ".join(classes),
            remedy="list every label in classes (project.yaml)",
        )
    stored = scores_of(rows, classes, positive_class)
    scorer = is_score(rows)
    calibrated = stored if scorer else decisions.calibrate(stored, calibration)
    return Joined(rows, y.to_numpy(dtype=np.int64), stored, calibrated, scorer)


def unlabelled(predictions: "pd.DataFrame", examples: "pd.DataFrame", part: str) -> "pd.DataFrame":
    """Return one part of the predictions with energy, units and clusters, but without labels.

    Rows and refusals are those of `join`; part `ood` can be read in no other way.
    """
    return _rows(predictions, examples.drop(columns="label"), part, (*_OWN, "energy"))


def join_run(run: Run, predictions: "pd.DataFrame", examples: "pd.DataFrame", part: str) -> Joined:
    """Return `join` of a run's stored predictions, with its own classes and calibration."""
    named = {"classes": run.classes, "positive_class": run.positive_class}
    named["calibration"] = run.calibration
    key = ("joined", run.id, run.predictions_sha256, run.content_sha256, part, repr(named))
    return memo.once(key, lambda: join(predictions, examples, part, **named))


def _rows(
    predictions: "pd.DataFrame",
    examples: "pd.DataFrame",
    part: str,
    kept: tuple[str, ...] = _OWN,
) -> "pd.DataFrame":
    """Return the predictions of a part sorted by fold and id, with their examples' columns."""
    import pandas as pd

    scored = predictions[predictions["part"] == part]
    if scored.empty:
        raise RunError(
            f"no predictions of part {part}",
            expected="a row per id of the part",
            received=f"parts {', '.join(sorted(map(str, predictions['part'].unique())))}",
            remedy="predict this part in the run, or leave it out of scoring",
        )
    own = [c for c in scored.columns if c in kept or str(c).startswith("p_")]
    keys = ["fold", "id"] if "fold" in own else ["id"]
    order, place = _places(scored[keys], examples["id"], part)
    scored = scored[own].iloc[order].reset_index(drop=True)
    known = examples.drop(columns=[c for c in examples.columns if c in scored.columns])
    return pd.concat([scored, known.iloc[place].reset_index(drop=True)], axis=1)


def _places(scored: "pd.DataFrame", ids: "pd.Series", part: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the order (n,) of scored rows by fold and id, and the place of each id in `ids`.

    All runs of a part score the same ids, so what was found is kept under their content.
    """
    key = _digest(scored) + _digest(ids.to_frame())
    if key not in _known:
        refuse_doubles(scored, part)
        ordered = scored.reset_index(drop=True).sort_values(list(scored))
        while len(_known) >= _MOST:
            del _known[next(iter(_known))]
        _known[key] = ordered.index.to_numpy(), _beside(ordered["id"], ids, part)
    return _known[key]


def _digest(frame: "pd.DataFrame") -> bytes:
    """Return a hash of the columns' content, whatever the index."""
    digest = hashlib.sha256(f"{list(frame)} {list(map(str, frame.dtypes))}".encode())
    for name in frame:
        for content in table.column_bytes(frame[name]):
            digest.update(content)
    return digest.digest()


def _beside(scored: "pd.Series", ids: "pd.Series", part: str) -> np.ndarray:
    """Return the place (n,) of each scored id in `ids`.

    One look-up of the ids finds both the examples and the ids that have none; a merge and a test
    of membership after it would each read all examples again.
    """
    import pandas as pd

    twice = ids.duplicated()
    if twice.any():
        refuse(
            "ids of the examples stand twice",
            ids[twice],
            expected="one row per id in evidence/examples.parquet",
            remedy="run the prepare step again",
        )
    place = pd.Index(ids).get_indexer(scored)
    if (place < 0).any():
        refuse(
            f"predicted ids of part {part} are not among the examples",
            scored[place < 0],
            expected="ids of evidence/examples.parquet",
            remedy="predict the rows of the prepared table; prepare again if the table changed",
        )
    return place
