"""Copies of a network with weights drawn anew: what a map that shows learning may not survive."""

import copy
from collections.abc import Iterator
from typing import Literal

import numpy as np
import torch
from torch import nn

from proofolio.contract import ProjectError
from proofolio_torch import data, weights

Randomised = Literal["none", "head", "all"]
BATCH = 16


def randomised(
    model: nn.Module,
    which: Randomised,
    seed: int,
    images: np.ndarray,
    *,
    normalise: data.Normalise,
) -> nn.Module:
    """Return a copy with weights drawn anew from `seed`: of nothing, of the head, or of all layers.

    With all weights random the statistics of batch normalisation are taken anew from `images`, as
    those of an untrained network are; else signals fade from layer to layer.

    Raises ProjectError for another `which`, or a network without a linear head.
    """
    model = copy.deepcopy(model)
    if which not in ("none", "head", "all"):
        raise ProjectError("what is to be random?", expected="none, head, all", received=str(which))
    with weights.seeded(seed), torch.no_grad():
        if which == "head":
            _head(model).reset_parameters()
        if which == "all":
            _redraw(model)
            torch.optim.swa_utils.update_bn((b for _, b in batches(images, normalise)), model)
    return model


def _redraw(model: nn.Module) -> None:
    """Draw every weight as its layer does when new; small numbers where a layer has no say."""
    left = set(model.parameters())
    for module in model.modules():
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
            left -= set(module.parameters(recurse=False))
    for parameter in model.parameters():
        if parameter in left:
            nn.init.normal_(parameter, std=weights.HEAD_STD)


def _head(model: nn.Module) -> nn.Linear:
    linear = [module for module in model.modules() if isinstance(module, nn.Linear)]
    if not linear:
        raise ProjectError(
            "no linear head to randomise", expected="nn.Linear", received=type(model).__name__
        )
    return linear[-1]


def batches(images: np.ndarray, normalise: data.Normalise) -> Iterator[tuple[slice, torch.Tensor]]:
    """Yield rows and the pictures of these rows, as a network takes them."""
    for start in range(0, len(images), BATCH):
        rows = slice(start, start + BATCH)
        yield rows, normalise(torch.from_numpy(np.ascontiguousarray(images[rows])))
