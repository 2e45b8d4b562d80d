"""The pretrained network: its frozen features, the probe on them, and where fine-tuning starts.

    python -m dog_breeds train --quick

A fresh head sends large, random gradients into a backbone that already tells breeds apart, and
distorts it (Kumar et al., ICLR 2022). So a head can start as the probe: the logistic regression on
frozen features, folded into one linear layer, so that the network begins where the probe ends.
"""

from types import MethodType
from typing import TYPE_CHECKING, Any

import numpy as np
from proofolio.contract import ProjectError

from dog_breeds.dataset import Study

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline
    from torch import nn

STEM = ("conv_stem", "bn1", "blocks.0", "blocks.1", "blocks.2")
LAST = ("blocks.6", "conv_head", "bn2", "classifier")


def features(study: Study) -> tuple[Any, Any, Any]:
    """Return the backbone's pooled output for every picture, where it comes from, where it ran.

    With `mirror` in the configuration it is the mean over the picture and its mirror image.
    """
    from proofolio_torch import data, device, weights
    from proofolio_torch import features as kept

    c, work, images = study.config, study.layout.work, study.images()
    model, info = weights.create(c["backbone"], 0, weights=c["weights"], folder=work / "weights")
    runtime = device.choose(
        "infer", model, size=c["size"], images=len(images), folder=work / "probe"
    )
    found = kept.extract(
        mirrored(model) if c.get("mirror") else model,
        images,
        normalise=data.Normalise.of(info),
        runtime=runtime,
        folder=work / "features",
        weights_sha256=info.sha256,
    )
    return found, info.model_info(model), runtime


def mirrored(model: "nn.Module") -> "nn.Module":
    """Return a network whose output is the model's mean over pictures and their mirror images."""
    from torch import nn

    class Mirrored(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, x: Any) -> Any:
            return (self.model(x) + self.model(x.flip(3))) / 2

    return Mirrored()


def probe(study: Study, x: np.ndarray) -> "Pipeline":
    """Return a standardised logistic regression, fitted on train's features x (n, d)."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    linear = LogisticRegression(C=study.config["c"], max_iter=2000)
    study.run.fit("transforms: standardise", "train")
    study.run.fit("weights: logistic regression", "train")
    return make_pipeline(StandardScaler(), linear).fit(x, study.labels("train"))


def folded(fitted: "Pipeline") -> tuple[np.ndarray, np.ndarray]:
    """Return weight (classes, d) and bias (classes,) of the linear layer that equals `fitted`."""
    scale, linear = fitted[0], fitted[-1]
    weight = linear.coef_ / scale.scale_
    return weight, linear.intercept_ - weight @ scale.mean_


def start(study: Study) -> tuple["nn.Module", Any]:
    """Return the network before fine-tuning, head and frozen layers as configured.

    Config: `head_start` (random, or probe: `folded` at this size, strength `c`) and `freeze`:
    none, norm (statistics of batch normalisation stay), stem (norm, and the first third does not
    learn) or all_but_last (norm, and only the last block, what follows it and the head learn).
    """
    from proofolio_torch import weights

    c, work = study.config, study.layout.work
    model, info = weights.create(
        c["backbone"], len(study.classes), weights=c["weights"], folder=work / "weights",
        seed=study.run.seed,
    )  # fmt: skip
    if c["head_start"] not in ("random", "probe"):
        raise ProjectError(
            "unknown head_start", expected="random or probe", received=str(c["head_start"])
        )
    if c["head_start"] == "probe" and c["weights"] is not None:
        put_head(model, *folded(probe(study, features(study)[0].rows(study.ids("train")))))
    return freeze(model, c["freeze"]), info


def put_head(model: "nn.Module", weight: np.ndarray, bias: np.ndarray) -> None:
    """Copy a linear layer into the network's head, in place."""
    import torch

    head = model.get_classifier()
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(weight))
        head.bias.copy_(torch.from_numpy(bias))


def freeze(model: "nn.Module", how: str) -> "nn.Module":
    """Keep some of a network's layers as they are, in place; returned for chaining."""
    from torch import nn

    if how not in ("none", "norm", "stem", "all_but_last"):
        known = "none, norm, stem or all_but_last"
        raise ProjectError("unknown layers to freeze", expected=known, received=str(how))
    for name, parameter in model.named_parameters():
        of_stem = name.startswith(tuple(f"{part}." for part in STEM))
        of_last = name.startswith(tuple(f"{part}." for part in LAST))
        stays = (how == "stem" and of_stem) or (how == "all_but_last" and not of_last)
        parameter.requires_grad_(not stays)
    for module in model.modules():
        if how != "none" and isinstance(module, nn.BatchNorm2d):
            module.eval()
            module.train = MethodType(_stay, module)  # the loop calls train() before every epoch
    return model


def _stay(module: "nn.Module", mode: bool = True) -> "nn.Module":
    """Take the place of a module's `train`: it keeps the mode that it has."""
    return module
