"""Temperature: stored probabilities become calibrated ones; fitted on part calib."""

import numpy as np

from proofolio.contract import Calibration
from proofolio.decisions.needs import need_classes
from proofolio.metrics import losses, value

_CLIP = 1e-7
_LARGEST_TEMPERATURE = 20.0  # a separable calib part would drive T to 0, hence p to certainty


def fit_temperature(y: np.ndarray, p: np.ndarray) -> float:
    """Return the temperature T > 0 that minimises the log loss of softmax(log p / T).

    Source: Guo et al., 2017, "On calibration of modern neural networks". scikit-learn offers the
    same fit only inside CalibratedClassifierCV, around an estimator; we have stored probabilities.

    Args:
        y: (n,) class codes.
        p: (n,) probability of the positive class, or (n, k).

    Returns:
        T in [1/20, 20]; 1 where no other value is better.

    Raises:
        MetricError: for unfit input, and for two classes where only one occurs.
    """
    from scipy.optimize import minimize_scalar

    if np.ndim(p) == 1:
        need_classes(y, "a temperature", (0, 1))
    unchanged = value(
        "log_loss", y, p
    )  # refuses unfit input once; the search repeats nothing of it
    y = np.asarray(y).astype(np.int64)
    bound = np.log(_LARGEST_TEMPERATURE)
    found = minimize_scalar(
        lambda log_t: losses("log_loss", y, _scaled(p, float(np.exp(log_t)))).mean(),
        bounds=(-bound, bound),
        method="bounded",
        options={"xatol": 1e-8},
    )
    return float(np.exp(found.x)) if found.fun < unchanged - 1e-12 else 1.0


def calibrate(p: np.ndarray, calibration: Calibration | None) -> np.ndarray:
    """Return calibrated float64 probabilities, same shape as `p` (n,) or (n, k).

    Two classes: sigmoid(logit(p) / T); more: softmax(log p / T). No calibration or method "none"
    returns the values unchanged.
    """
    p = np.asarray(p, dtype=np.float64)
    if calibration is None or calibration.method == "none":
        return p
    return _scaled(p, calibration.temperature)


def _scaled(p: np.ndarray, temperature: float) -> np.ndarray:
    """Return softmax(log p / T) along the classes; (n,) is taken as (1 - p, p)."""
    p = np.clip(np.asarray(p, dtype=np.float64), _CLIP, 1 - _CLIP)
    if p.ndim == 1:
        return 1 / (1 + np.exp(-(np.log(p) - np.log1p(-p)) / temperature))
    logits = np.log(p) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
