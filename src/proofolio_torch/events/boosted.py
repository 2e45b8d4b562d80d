"""Boosted trees from XGBoost's own file, for serving: calibrated scores, and what led to them."""

import json
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from proofolio import decisions, files
from proofolio.contract import Calibration, RunError
from proofolio_torch.events.reasons import Contribution, largest

LOG_ODDS = "log-odds"


class Boosted:
    """A binary XGBoost model: features (n, k) to calibrated probabilities (n,); any thread may ask.

    Args:
        path: .ubj or .json, as `Booster.save_model` writes it; neither form runs code when read.
        sha256: of the file; another file is refused.
        calibration: of the run; None leaves the model's own probabilities.
        threads: for one call; one row is quickest with one.

    Raises:
        RunError: the file is missing, another one, or no binary classifier.
    """

    def __init__(
        self,
        path: Path,
        *,
        sha256: str | None = None,
        calibration: Calibration | None = None,
        threads: int = 1,
    ) -> None:
        import xgboost

        received = files.sha256_file(path) if Path(path).is_file() else "no file"
        if received == "no file" or sha256 not in (None, received):
            raise RunError(
                f"the model {Path(path).name} is not the one that was exported",
                expected=f"sha256 {sha256}" if sha256 else "a file",
                received=received,
                remedy="restore it from git, or export it again",
            )
        given = {"nthread": threads}
        self._booster = xgboost.Booster(given, model_file=str(path))
        # only `inplace_predict` may run in several threads at once, and beside no other method
        self._explainer = xgboost.Booster(given, model_file=str(path))
        self._lock = threading.Lock()
        objective = json.loads(self._explainer.save_config())["learner"]["objective"]["name"]
        if objective != "binary:logistic":
            raise RunError(
                f"the model {Path(path).name} gives no probability of one class",
                expected="objective binary:logistic",
                received=objective,
                remedy="train it with the loss of two classes",
            )
        self.calibration = calibration

    def raw(self, x: np.ndarray) -> np.ndarray:
        """Return the model's own probabilities, float32 (n,), of features (n, k)."""
        return self._booster.inplace_predict(np.asarray(x, np.float64))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Return calibrated probabilities, float64 (n,), of features (n, k)."""
        return decisions.calibrate(self.raw(x), self.calibration)

    def contributions(self, x: np.ndarray, groups: Mapping[str, Sequence[int]]) -> np.ndarray:
        """Return what each group of features adds to the calibrated log-odds, float64 (n, g).

        Those of all features and a constant sum to the log-odds, before their cut at 1e-7.
        Source: Lundberg, Erion, Lee 2018, "Consistent individualized feature attribution for tree
        ensembles", as XGBoost computes it (`pred_contribs`).
        """
        import xgboost

        data = xgboost.DMatrix(np.asarray(x, np.float64))
        with self._lock:
            found = self._explainer.predict(data, pred_contribs=True).astype(np.float64)
        scale = (self.calibration.temperature if self.calibration else None) or 1.0
        return np.column_stack([found[:, list(g)].sum(axis=1) for g in groups.values()]) / scale

    def reasons(
        self, x: np.ndarray, groups: Mapping[str, Sequence[int]], k: int = 3
    ) -> list[Contribution]:
        """Return the groups that add most to the log-odds of one event (k,), at most `k`."""
        changes = self.contributions(np.asarray(x)[None], groups)[0]
        return largest(changes, list(groups), k, unit=LOG_ODDS)
