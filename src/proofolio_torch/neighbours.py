"""Nearest training pictures in a feature space: is a sure answer a memory of a look-alike?

Cosine similarity of features, so brightness of a whole vector says nothing. Nothing is fitted here
and features are not stored, so the results are measured, not recomputed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import rankdata

from proofolio import metrics
from proofolio.contract import TableError

Row = dict[str, Any]

KIND = "neighbours"
TRAIN = "train, own cluster left out"
QUANTILES = {"q05": 0.05, "median": 0.5, "q95": 0.95}
_BLOCK = 512  # rows compared at a time


@dataclass(frozen=True)
class Known:
    """Pictures of one part as a network describes them.

    Attributes:
        ids, units, clusters: (n,) names.
        x: (n, d) features, float.
        labels: (n,) classes, or None where they are sealed.
    """

    ids: np.ndarray
    units: np.ndarray
    clusters: np.ndarray
    x: np.ndarray
    labels: np.ndarray | None = None


def nearest(part: Known, against: Known) -> tuple[np.ndarray, np.ndarray]:
    """Return number (n,) and cosine similarity (n,) of the nearest row of `against`, ties by order.

    Rows of one cluster are never compared: against itself, a part leaves each cluster out.

    Raises:
        TableError: A vector is zero or not finite, or a row has nothing to be compared with.
    """
    ours, theirs = _unit_length(part), _unit_length(against)
    numbers, similarities = [], []
    for start in range(0, len(ours), _BLOCK):
        told = ours[start : start + _BLOCK] @ theirs.T
        own = part.clusters[start : start + _BLOCK, None] == against.clusters[None, :]
        told[own] = -np.inf
        numbers.append(told.argmax(axis=1))
        similarities.append(told.max(axis=1))
    found = np.concatenate(similarities)
    if not np.isfinite(found).all():
        raise TableError("a picture has nothing to be compared with", expected="several clusters")
    return np.concatenate(numbers), np.clip(found, -1.0, 1.0)


def spread(parts: Mapping[str, Known], train: Known, *, level: float, **drawn: int) -> list[Row]:
    """Return how near the nearest training picture is, for each part and for train itself.

    Args:
        parts: by name; a part without labels has no `same_class`.
        train: what they are compared with, and itself, each cluster left out.
        level: of the intervals.
        drawn: resamples and seed of the cluster bootstrap.

    Returns:
        Rows: part, similarity (the mean, with interval), q05, median, q95, highest, same_class
        (share whose neighbour has their class, with interval; None without labels), n, n_units.
    """
    rows = []
    for name, part in (*parts.items(), (TRAIN, train)):
        near, similarity = nearest(part, train)
        row = {"part": name} | _mean("similarity", similarity, part.clusters, level, **drawn)
        row |= {key: float(np.quantile(similarity, q)) for key, q in QUANTILES.items()}
        row["highest"] = float(similarity.max())
        if part.labels is None:
            row["same_class"] = None
        else:
            same = part.labels == train.labels[near]
            row |= _mean("same_class", same, part.clusters, level, **drawn)
        rows.append(row | {"n": len(similarity), "n_units": len(np.unique(part.units))})
    return rows


def surest(
    part: Known, train: Known, decided: np.ndarray, probability: np.ndarray, k: int
) -> list[Row]:
    """Return the nearest training picture of the `k` pictures that a run is surest of.

    Args:
        part: its pictures.
        train: the pictures that the run learnt from.
        decided: (n,) class that the run decides for each picture of the part.
        probability: (n,) of that class.
        k: pictures to show, surest first, ties by id.

    Returns:
        Rows: id, unit, decided, probability, neighbour (id), similarity, nearer (the share of the
        part whose neighbour is nearer), same_class ("yes" or "no"; absent without labels).
    """
    near, similarity = nearest(part, train)
    order = np.lexsort((part.ids.astype(str), -probability))[:k]
    rows = []
    for i in order:
        row = {"id": str(part.ids[i]), "unit": str(part.units[i]), "decided": str(decided[i])}
        row |= {"probability": float(probability[i]), "neighbour": str(train.ids[near[i]])}
        row |= {"similarity": float(similarity[i])}
        row["nearer"] = float((similarity > similarity[i]).mean())
        if part.labels is not None:
            row["same_class"] = "yes" if part.labels[i] == train.labels[near[i]] else "no"
        rows.append(row)
    return rows


def agreement(
    similarity: np.ndarray,
    probability: np.ndarray,
    clusters: np.ndarray,
    level: float,
    *,
    resamples: int,
    seed: int,
) -> dict[str, float]:
    """Return Spearman's correlation of how near and how sure, with its interval over clusters.

    Ranks are those of the whole part in every resample. Keys: value, ci_low, ci_high.
    """
    a, b = (rankdata(values) for values in (similarity, probability))

    def weighted(weights: np.ndarray) -> np.ndarray:
        w = weights / weights.sum(axis=1, keepdims=True)
        x, y = a - (w @ a)[:, None], b - (w @ b)[:, None]
        return (w * x * y).sum(1) / np.sqrt((w * x * x).sum(1) * (w * y * y).sum(1))

    draws = metrics.resample_weights(clusters, resamples, seed)
    told = np.concatenate([weighted(w.astype(np.float64)) for w in draws])
    low, high = np.quantile(told, [(1 - level) / 2, (1 + level) / 2])
    value = float(weighted(np.ones((1, len(a))))[0])
    return {"value": value, "ci_low": float(low), "ci_high": float(high)}


def _mean(
    name: str, values: np.ndarray, clusters: np.ndarray, level: float, *, resamples: int, seed: int
) -> Row:
    values = np.asarray(values, np.float64)
    draws = metrics.resample_weights(clusters, resamples, seed)
    means = np.concatenate([w @ values / w.sum(axis=1) for w in draws])
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return {
        name: float(values.mean()),
        f"{name}_ci_low": float(low),
        f"{name}_ci_high": float(high),
    }


def _unit_length(part: Known) -> np.ndarray:
    x = np.asarray(part.x, np.float64)
    length = np.linalg.norm(x, axis=1, keepdims=True)
    if not (np.isfinite(length) & (length > 0)).all():
        raise TableError("a picture's features have no direction", expected="finite, not all zero")
    return x / length
