"""Where in a picture a network's score comes from, and whether learning has a part in it.

Grad-CAM (Selvaraju et al., ICCV 2017) as captum computes it, on the feature map before the global
pooling, in float32 on the processor: meant for some hundred pictures, not for a data set. A map
proves nothing by itself. The check of Adebayo et al. ("Sanity Checks for Saliency Maps", NeurIPS
2018) draws the same maps from randomised weights: one that survives shows edges, not learning.
"""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from proofolio import metrics
from proofolio.contract import ProjectError, Result, TableError
from proofolio_torch import data
from proofolio_torch.redraw import batches, randomised

KIND = "saliency_check"


class NoMapError(ProjectError):
    """A network has no map of places that could be shown."""


def grad_cam(
    model: nn.Module,
    images: np.ndarray,
    targets: Sequence[int] | np.ndarray,
    *,
    normalise: data.Normalise,
) -> np.ndarray:
    """Return where the scores of some classes come from, float32 (n, h, w) in 0..1.

    Args:
        model: float (b, c, height, width) to logits (b, classes), with a global pooling of feature
            maps: timm's convolutional networks, or one of your own with `nn.AdaptiveAvgPool2d`.
        images: uint8 (n, height, width, channels).
        targets: (n,) the class code whose score is looked at, one for each picture.
        normalise: what the weights expect.

    Returns:
        Maps on the grid of the last feature map (7 x 7 for 224 pixels and most networks), each
        divided by its largest value. A map without any positive evidence is zero everywhere.

    Raises:
        TableError: pictures and targets do not fit.
        NoMapError: the network pools no feature map, or one of a single cell.
    """
    from captum.attr import LayerGradCam

    targets = np.asarray(targets)
    if len(targets) != len(images) or not len(images) or targets.dtype.kind not in "iu":
        raise TableError(
            "pictures and targets do not fit",
            expected=f"{len(images) or 'some'} pictures and an integer class code for each",
            received=f"{len(images)} pictures, {targets.dtype} targets of shape {targets.shape}",
            remedy="pass the codes of the classes to explain in the order of the pictures",
        )
    was_training = model.training
    cam, maps = LayerGradCam(model.eval(), pooling(model)), []
    for rows, batch in batches(images, normalise):
        of = torch.as_tensor(targets[rows], dtype=torch.int64)
        found = cam.attribute(batch, of, attribute_to_layer_input=True, relu_attributions=True)
        maps.append(found.detach()[:, 0].numpy())
    model.train(was_training)
    found = np.concatenate(maps)
    if found[0].size == 1:
        raise NoMapError(
            "the last feature map has one cell, so there is no place to show",
            received=f"pictures of {images.shape[1]} x {images.shape[2]} pixels",
            remedy="larger pictures, or a network that shrinks them less",
        )
    top = found.max(axis=(1, 2), keepdims=True)
    return (found / np.where(top > 0, top, 1)).astype(np.float32)


def pooling(model: nn.Module) -> nn.Module:
    """Return the module that pools the last feature map; raises NoMapError without one."""
    known = (nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)
    found = [module for module in model.modules() if isinstance(module, known)]
    if not found:
        raise NoMapError(
            "Grad-CAM needs a network that pools a feature map",
            expected="an nn.AdaptiveAvgPool2d or nn.AdaptiveMaxPool2d before the head",
            received=type(model).__name__,
            remedy="use a convolutional network, or another method for transformers",
        )
    return found[-1]


def similarity(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return Spearman's rank correlation of n pairs of maps (n, h, w), float64 (n,).

    NaN where a map is the same everywhere and ranks nothing.
    """
    from scipy.stats import rankdata

    if a.shape != b.shape:
        raise TableError("maps differ in shape", expected=str(a.shape), received=str(b.shape))
    x, y = (rankdata(maps.reshape(len(maps), -1), axis=1) for maps in (a, b))
    x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    scale = np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1))
    return np.divide((x * y).sum(axis=1), scale, out=np.full(len(a), np.nan), where=scale > 0)


def saliency_check(
    model: nn.Module,
    images: np.ndarray,
    targets: Sequence[int] | np.ndarray,
    clusters: Sequence[str] | np.ndarray,
    units: Sequence[str] | np.ndarray,
    *,
    normalise: data.Normalise,
    inputs: dict[str, Any],
    how: str,
    hardware: str,
    draws: int = 5,
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Result:
    """Return how alike the maps of trained and randomised weights are, as a result to record.

    Args:
        model: the trained network.
        images: uint8 (n, height, width, channels).
        targets: (n,) class codes to explain.
        clusters: (n,) what the bootstrap resamples.
        units: (n,) what is counted.
        normalise: what the weights expect.
        inputs: runs and part, for the record.
        how: the command that was run.
        hardware: where.
        draws: of random weights; a picture's similarity is the mean over them.
        resamples: of the bootstrap.
        level: of the interval.
        seed: of weights and bootstrap.

    Returns:
        Rows `randomised` (none, head, all): `similarity` with its interval over clusters, the
        lowest and highest mean of a single draw (the interval leaves that spread out), n, n_units,
        `flat` (share of pairs in which a map was flat, so that nothing could be compared).
    """
    trained = grad_cam(model, images, targets, normalise=normalise)
    clusters, units = np.asarray(clusters), np.asarray(units)
    table = []
    for which in ("none", "head", "all"):
        pairs = []
        for k in range(1 if which == "none" else draws):
            other = randomised(model, which, seed + k, images, normalise=normalise)
            pairs.append(similarity(trained, grad_cam(other, images, targets, normalise=normalise)))
        row = _mean_with_interval(np.stack(pairs), clusters, units, resamples, level, seed)
        table.append({"randomised": which} | row)
    return Result(
        kind=KIND,
        table=table,
        level=level,
        n=len(images),
        n_units=len(np.unique(units)),
        method="Spearman's rank correlation of Grad-CAM maps, trained against randomised weights "
        "(Adebayo et al. 2018); mean over pictures, cluster bootstrap",
        inputs=inputs,
        parameters={"draws": draws, "grid": list(trained.shape[1:])}
        | {"resamples": resamples, "level": level, "seed": seed},
        seed=seed,
        how=how,
        hardware=hardware,
    )


def _mean_with_interval(
    pairs: np.ndarray,
    clusters: np.ndarray,
    units: np.ndarray,
    resamples: int,
    level: float,
    seed: int,
) -> dict[str, Any]:
    """Return the mean of (draws, n) similarities, NaN left out, and its interval over clusters."""
    with warnings.catch_warnings():  # nothing comparable is no error: flat says it
        warnings.filterwarnings("ignore", "Mean of empty slice")
        each, of_draws = np.nanmean(pairs, axis=0), np.nanmean(pairs, axis=1)
    kept = ~np.isnan(each)
    names = ("similarity", "similarity_ci_low", "similarity_ci_high", "draw_low", "draw_high")
    row: dict[str, Any] = dict.fromkeys(names)
    if kept.any():
        told = each[kept].mean(), np.nanmin(of_draws), np.nanmax(of_draws)
        row |= dict(zip(("similarity", "draw_low", "draw_high"), map(float, told), strict=True))
    if len(np.unique(clusters[kept])) > 1:
        drawn = metrics.resample_weights(clusters[kept], resamples, seed)
        means = np.concatenate([w @ each[kept] / w.sum(axis=1) for w in drawn])
        low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
        row |= {"similarity_ci_low": float(low), "similarity_ci_high": float(high)}
    counted = {"n": int(kept.sum()), "n_units": len(np.unique(units[kept]))}
    return row | counted | {"flat": float(np.isnan(pairs).mean())}
