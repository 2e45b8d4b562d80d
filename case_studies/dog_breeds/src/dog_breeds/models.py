"""The ladder, from no model to a fine-tuned one.

    python -m dog_breeds train --quick

Every rung is a function of a `Study` and returns an `Outcome`. It sees labels of train and val
alone, and says what it fitted on which part. A rung earns its place by beating the one below it.
"""

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from proofolio.contract import PREDICTED_PARTS, ModelInfo

from dog_breeds import backbone, train
from dog_breeds.dataset import Outcome, Study

if TYPE_CHECKING:
    from torch import nn

FILE_FACTS = ["bytes", "width", "height", "quality", "brightness", "contrast", "border"]


def prior(study: Study) -> Outcome:
    """Give everybody the class shares of train: what any model has to beat."""
    counts = np.bincount(study.labels("train"), minlength=len(study.classes))
    study.run.fit("weights: class shares", "train")
    shares = np.tile(counts / counts.sum(), (len(study.ids(*PREDICTED_PARTS)), 1))
    return study.outcome(shares, ModelInfo(name="class shares", parameters=len(counts)))


def file_statistics(study: Study) -> Outcome:
    """Read the file, not the picture: what this reaches may be a shortcut."""
    known = study.columns(FILE_FACTS, "train"), study.columns(FILE_FACTS, *PREDICTED_PARTS)
    return _logistic(study, "logistic regression on file statistics", *known)


def classical(study: Study) -> Outcome:
    """Describe edges and grey levels by hand, then fit a linear model."""
    known = describe(study.pixels("train")), describe(study.pixels(*PREDICTED_PARTS))
    return _logistic(study, "orientation and grey-level histograms", *known)


def small_cnn(study: Study) -> Outcome:
    """Train a small network from random weights."""
    return train.fit(study, *_from_random(study))


def frozen(study: Study) -> Outcome:
    """Take the features of a pretrained network as they are; fit a linear model, the probe."""
    x, model, runtime = backbone.features(study)
    fitted = backbone.probe(study, x.rows(study.ids("train")))
    p, energy = train.confidence(fitted.decision_function(x.rows(study.ids(*PREDICTED_PARTS))))
    return study.outcome(p, model, runtime.as_dict(), energy)


def finetuned(study: Study) -> Outcome:
    """Train a pretrained network, its head and its layers at rates of their own."""
    return train.fit(study, *backbone.start(study))


def _from_random(study: Study) -> tuple["nn.Module", Any]:
    from proofolio_torch import weights

    c, classes = study.config, len(study.classes)
    with weights.seeded(study.run.seed):
        model = _small_network(c["channels"], c["width"], classes)
    half = (0.5,) * c["channels"]
    return model, weights.scratch_info("small_cnn", half, half)


LADDER = {
    "prior": prior,
    "file_statistics": file_statistics,
    "classical": classical,
    "small_cnn": small_cnn,
    "frozen": frozen,
    "mirrored": frozen,  # with `mirror` in its configuration
    "finetuned": finetuned,
}
# A rung's network before training, and how its input is normalised: for whoever loads its weights.
NETWORKS = {"small_cnn": _from_random, "finetuned": backbone.start}


def _logistic(study: Study, name: str, x: np.ndarray, scored: np.ndarray) -> Outcome:
    """Fit a standardised logistic regression on train; the strength of its penalty is `c`."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    fill = SimpleImputer(strategy="median", keep_empty_features=True)
    linear = LogisticRegression(C=study.config["c"], max_iter=2000)
    model = make_pipeline(fill, StandardScaler(), linear).fit(x, study.labels("train"))
    study.run.fit("transforms: fill and standardise", "train")
    study.run.fit("weights: logistic regression", "train")
    info = ModelInfo(name=name, parameters=linear.coef_.size + linear.intercept_.size)
    return study.outcome(model.predict_proba(scored), info)


def describe(pixels: np.ndarray, cells: int = 4, turns: int = 9, levels: int = 16) -> np.ndarray:
    """Return hand-made features of uint8 pictures (n, h, w, c), float64 (n, features).

    Per cell of a grid a histogram of gradient orientations, after Dalal and Triggs (CVPR 2005)
    with the square root of shares as normalisation, and one of grey levels over the picture.
    """
    rows = []
    for picture in pixels:
        grey = picture.mean(axis=2)
        down, across = np.gradient(grey)
        strength, angle = np.hypot(across, down), np.arctan2(down, across) % np.pi
        turn = np.minimum((angle / np.pi * turns).astype(int), turns - 1)
        grid = [np.arange(n) * cells // n for n in grey.shape]
        place = (grid[0][:, None] * cells + grid[1][None, :]) * turns + turn
        edges = np.bincount(place.ravel(), strength.ravel(), cells * cells * turns)
        edges = edges.reshape(-1, turns) / (edges.reshape(-1, turns).sum(1, keepdims=True) + 1e-9)
        standard = (grey - grey.mean()) / (grey.std() + 1e-9)
        shares = np.histogram(standard, np.linspace(-3, 3, levels + 1))[0] / grey.size
        rows.append(np.concatenate([np.sqrt(edges.ravel()), np.sqrt(shares)]))
    return np.stack(rows)


def _small_network(channels: int, width: int, classes: int) -> "nn.Module":
    """Return four convolutions, each halving the picture, and a linear head."""
    from torch import nn

    layers, sizes = [], [channels, width, 2 * width, 4 * width, 6 * width]
    for before, after in pairwise(sizes):
        layers += [nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after)]
        layers += [nn.ReLU(), nn.MaxPool2d(2)]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(sizes[-1], classes)]
    return nn.Sequential(*layers, *head)
