"""Unequal classes: weights for the loss, or for the sampler. Use one of them, not both."""

import numpy as np

from proofolio.contract import ProjectError


def _counts(labels: np.ndarray, classes: int) -> np.ndarray:
    counts = np.bincount(np.asarray(labels, np.int64), minlength=classes)
    if len(counts) > classes or (counts == 0).any():
        raise ProjectError(
            "every class needs an example to be weighted",
            expected=f"codes 0 to {classes - 1}, each at least once",
            received=f"counts {counts.tolist()}",
            remedy="merge or drop the empty class, or split so that train has it",
        )
    return counts


def class_weights(
    labels: np.ndarray, classes: int, how: str = "inverse", beta: float = 0.999
) -> np.ndarray:
    """Return loss weights per class, float32[k] with mean 1.

    "inverse" divides by the class count; "effective" by the effective number
    (1 - beta^n) / (1 - beta) of Cui et al. 2019, arXiv:1901.05555, milder for large classes.
    """
    counts = _counts(labels, classes).astype(float)
    if how == "inverse":
        weights = 1 / counts
    elif how == "effective":
        weights = (1 - beta) / -np.expm1(counts * np.log(beta))
    else:
        raise ProjectError("unknown weighting", expected="inverse or effective", received=how)
    return (weights / weights.mean()).astype(np.float32)


def sample_weights(labels: np.ndarray, classes: int) -> np.ndarray:
    """Return a weight per example, float64[n]: drawn with these, all classes are equally frequent.

    Pass them to `loop.fit(sample_weights=...)`; the draw is a function of seed and epoch alone.
    """
    return 1 / _counts(labels, classes)[np.asarray(labels, np.int64)]
