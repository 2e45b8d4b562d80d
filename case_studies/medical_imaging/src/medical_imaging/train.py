"""Loss, optimizer and schedule of the networks.

    python -m medical_imaging train --quick

The loop is the runtime's: it resumes after a kill, keeps the best epoch on val, answers lack of
memory, and runs on one device or many (docs/gpu.md).
"""

from typing import TYPE_CHECKING, Any

from proofolio.contract import SCORED_PARTS

from medical_imaging import dataset

if TYPE_CHECKING:
    from torch import nn


def fit(study: dataset.Study, model: "nn.Module", info: Any) -> dataset.Outcome:
    """Train `model` on train, stop and choose its epoch on val, and score the other parts.

    Args:
        study: data, configuration and recorder of this run.
        model: float (b, c, h, w) to logits (b, classes).
        info: where its first weights come from and how its input is normalised.
    """
    import torch
    from proofolio_torch import data, device, export, loop, optim, predict

    c, project = study.config, study.project
    train, val = study.examples("train", augment=c["augment"]), study.examples("val")
    class_weights, sample_weights = dataset.balance(
        c["imbalance"], train.labels, len(project.classes)
    )
    runtime = device.choose(
        "train",
        model,
        size=c["size"],
        channels=len(info.mean),  # grey pictures are repeated for a network of colours
        batch=c["batch"],
        images=len(train) * c["epochs"],
        folder=study.layout.work / "probe",
    )
    loss = torch.nn.CrossEntropyLoss(
        weight=None if class_weights is None else torch.tensor(class_weights).to(runtime.device),
        label_smoothing=c["label_smoothing"],
    )
    rates = {k: c[f"lr_{k}"] for k in ("backbone", "head") if f"lr_{k}" in c} or {"lr": c["lr"]}
    fitted = loop.fit(
        model,
        train,
        val,
        plan=loop.Plan(c["epochs"], batch=c["batch"], patience=c["patience"]),
        loss=loss,
        score=loop.primary(project.metric.primary, project.classes, project.positive_class),
        optimizer=lambda m: optim.adamw(m, **rates, weight_decay=c["weight_decay"]),
        schedule=optim.one_cycle,
        normalise=data.Normalise.of(info),
        runtime=runtime,
        folder=study.run.work,
        seed=study.run.seed,
        sample_weights=sample_weights,
        on_epoch=study.run.epoch,
    )
    study.run.fit("weights: all layers", "train")
    study.run.fit("early_stopping: best epoch", "val")
    scores = predict.probabilities(
        model,
        study.examples(*SCORED_PARTS),
        runtime=runtime,
        normalise=data.Normalise.of(info),
    )
    fitted_sha256 = export.save_float16(model, study.run.work / export.FITTED)
    return study.outcome(scores, info.model_info(model, fitted_sha256), fitted.runtime)
