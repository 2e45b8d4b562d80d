"""Loss, optimizer and schedule of the networks, and how they score.

    python -m dog_breeds train --quick

The loop is the runtime's: it resumes after a kill, keeps the best epoch on val, answers lack of
memory, and runs on one device or many (docs/gpu.md).
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from proofolio.contract import PREDICTED_PARTS

from dog_breeds import dataset

if TYPE_CHECKING:
    from torch import nn


def fit(study: dataset.Study, model: "nn.Module", info: Any) -> dataset.Outcome:
    """Train `model` on train, choose its epoch on val, and score every part that is scored.

    Args:
        study: data, configuration and recorder of this run.
        model: float (b, 3, h, w) to logits (b, classes); parameters that do not learn are frozen.
        info: where its first weights come from and how its input is normalised.
    """
    import torch
    from proofolio_torch import data, device, export, loop, optim

    c, project = study.config, study.project
    train, val = study.examples("train", augment=c["augment"]), study.examples("val")
    runtime = device.choose(
        "train",
        model,
        size=c["size"],
        batch=c["batch"],
        images=len(train) * c["epochs"],
        folder=study.layout.work / "probe",
    )
    rates = {k: c[f"lr_{k}"] for k in ("backbone", "head") if f"lr_{k}" in c} or {"lr": c["lr"]}
    fitted = loop.fit(
        model,
        train,
        val,
        plan=loop.Plan(c["epochs"], batch=c["batch"], patience=c["patience"]),
        loss=torch.nn.CrossEntropyLoss(label_smoothing=c["label_smoothing"]),
        score=loop.primary(project.metric.primary, study.classes, None),
        optimizer=lambda m: optim.adamw(m, **rates, weight_decay=c["weight_decay"]),
        schedule=optim.one_cycle,
        normalise=data.Normalise.of(info),
        runtime=runtime,
        folder=study.run.work,
        seed=study.run.seed,
        on_epoch=study.run.epoch,
    )
    study.run.fit("weights: layers that learn", "train")
    study.run.fit("early_stopping: best epoch", "val")
    examples = study.examples(*PREDICTED_PARTS)
    p, energy = scored(
        model, examples, data.Normalise.of(info), runtime, flip=c.get("test_flip", False)
    )
    fitted_sha256 = export.save_float16(model, study.run.work / export.FITTED)
    return study.outcome(p, info.model_info(model, fitted_sha256), fitted.runtime, energy)


def scored(
    model: "nn.Module", examples: Any, normalise: Any, runtime: Any, *, flip: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities (n, classes) and energies (n,) without augmentation.

    With `flip` both are means over the picture and its mirror image.
    """
    from proofolio_torch import predict

    views = [normalise] + ([lambda images: normalise(images).flip(3)] if flip else [])
    seen = [predict.logits(model, examples, runtime=runtime, normalise=view) for view in views]
    both = [confidence(logits) for logits in seen]
    return np.mean([p for p, _ in both], axis=0), np.mean([e for _, e in both], axis=0)


def confidence(logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return softmax and energy (-logsumexp: Liu et al., NeurIPS 2020) of logits (n, classes)."""
    from scipy.special import logsumexp, softmax

    logits = np.asarray(logits, np.float64)
    return softmax(logits, axis=1), -logsumexp(logits, axis=1)
