"""Stored predictions beside the labels, units and clusters of their examples."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from proofolio import decisions, memo, metrics
from proofolio.contract import OOD, Calibration, Run, RunError
from proofolio.scoring.beside import KEYS, Beside, beside
from proofolio.scoring.ids import refuse

if TYPE_CHECKING:
    import pandas as pd

_OWN = (*KEYS, "score")  # a label beside a prediction is never read
_ROUNDING = 1e-3  # how far float32 (or float16) probabilities of a row may sum away from 1


@dataclass(frozen=True)
class Joined:
    """One part of a run's predictions beside its labels; rows sorted by fold and id."""

    rows: "pd.DataFrame"  # predictions and the examples' columns
    y: np.ndarray  # (n,) class codes; two classes: 1 = positive
    stored: np.ndarray  # (n,) or (n, k) as predicted
    calibrated: np.ndarray  # the same, calibrated
    is_score: bool  # whether `stored` are scores and no probabilities
    codes: dict[str, np.ndarray] = field(default_factory=dict)  # (n,) of names, in their order

    @property
    def grouping(self) -> dict[str, np.ndarray | None]:
        """The keywords of `metrics.intervals` that say what is resampled and what is counted.

        Names stand there as integers in the order of the names, the same for every part.
        """
        second = self._coded("unit2") if "unit2" in self.rows else None
        return {"clusters": self._coded("cluster"), "second": second, "units": self._coded("unit")}

    @property
    def rounds(self) -> metrics.Rounds | None:
        """Fold and day of each row of events; None for images, whose folds are judged together."""
        if "day" not in self.rows:  # `table.with_days` gives it to events alone
            return None
        return metrics.Rounds(self.rows["fold"].to_numpy(), self._coded("day"))

    def _coded(self, name: str) -> np.ndarray:
        return self.codes[name] if name in self.codes else self.rows[name].to_numpy()

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
            codes={name: codes[kept] for name, codes in self.codes.items()},
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
    named = (tuple(classes), positive_class)
    found = memo.once(
        ("uncalibrated", memo.token(predictions), memo.token(examples), part, named),
        lambda: _uncalibrated(predictions, examples, part, *named),
    )
    if found.is_score:
        return found
    return replace(found, calibrated=decisions.calibrate(found.stored, calibration))


def _uncalibrated(
    predictions: "pd.DataFrame",
    examples: "pd.DataFrame",
    part: str,
    classes: Sequence[str],
    positive_class: str | None,
) -> Joined:
    known = beside(predictions, examples, part)
    rows = _rows(predictions, known)
    y = memo.once(
        ("y", memo.token(known), classes, positive_class),
        lambda: _class_codes(rows["label"], classes, positive_class),
    )
    stored = scores_of(rows, classes, positive_class)
    return Joined(rows, y, stored, stored, is_score(rows), known.codes)


def _class_codes(
    labels: "pd.Series", classes: Sequence[str], positive_class: str | None
) -> np.ndarray:
    """Return (n,) the code of each label: its place in `classes`, or 1 for the positive one."""
    codes = {c: i for i, c in enumerate(classes)}
    if positive_class is not None:
        codes = {c: int(c == positive_class) for c in classes}
    y = labels.astype(object).map(codes)
    if y.isna().any():
        refuse(
            "labels are not among the classes",
            labels[y.isna()].astype(str).drop_duplicates(),
            expected=", ".join(classes),
            remedy="list every label in classes (project.yaml)",
        )
    return y.to_numpy(dtype=np.int64)


def unlabelled(predictions: "pd.DataFrame", examples: "pd.DataFrame", part: str) -> "pd.DataFrame":
    """Return one part of the predictions with energy, units and clusters, but without labels.

    Rows and refusals are those of `join`; part `ood` can be read in no other way.
    """
    known = beside(predictions, examples.drop(columns="label"), part)
    return _rows(predictions, known, (*_OWN, "energy"))


def join_run(run: Run, predictions: "pd.DataFrame", examples: "pd.DataFrame", part: str) -> Joined:
    """Return `join` of a run's stored predictions, with its own classes and calibration."""
    named = {"classes": run.classes, "positive_class": run.positive_class}
    named["calibration"] = run.calibration
    key = ("joined", run.id, run.predictions_sha256, run.content_sha256, part, repr(named))
    return memo.once(key, lambda: join(predictions, examples, part, **named))


def _rows(
    predictions: "pd.DataFrame", found: Beside, kept: tuple[str, ...] = _OWN
) -> "pd.DataFrame":
    """Return a part's predictions in their order with the examples' columns beside them."""
    import pandas as pd

    own = [c for c in predictions.columns if c in kept or str(c).startswith("p_")]
    scores = predictions[[c for c in own if c not in KEYS]].iloc[found.order]
    known = found.known.drop(columns=[c for c in found.known if c in own])
    rows = pd.concat([found.keys, scores.reset_index(drop=True), known], axis=1)
    return rows[[*own, *known]] if list(rows)[: len(own)] != own else rows
