"""Loss, optimizer and schedule of the networks.

    python -m fraud_sequences train --quick

The loop is the runtime's: it resumes after a kill, answers lack of memory, and runs on one device
or many (docs/gpu.md). Its length is fixed and the last epoch is kept: in the fold of a later window
nothing may be chosen by what came after training.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from fraud_sequences.events import Outcome, Study

if TYPE_CHECKING:
    from torch import nn


def seeded(study: Study, make: "Callable[[], nn.Module]") -> "nn.Module":
    """Return a network whose first weights are drawn from the run's seed."""
    from proofolio_torch import weights

    with weights.seeded(study.run.seed):
        return make()


def fit(
    study: Study,
    model: "nn.Module",
    name: str,
    *,
    k: int = 1,
    own: bool = True,
    loss: Callable | None = None,
    by: str = "",
) -> Outcome:
    """Train `model` on the fold's training window and score its scored one.

    Args:
        study: data, configuration and recorder of one fold.
        model: a batch of histories to logits (b, 2).
        name: of the model, for the record.
        k: events per history.
        own: whether the features come along.
        loss: (logits, codes) to a scalar; cross-entropy where None.
        by: column of the predictions, where they are no probabilities.
    """
    import torch
    from proofolio_torch import device, export, loop, optim, predict, weights
    from proofolio_torch.events.sequences import Scale

    c, run, project = study.config, study.run, study.project
    parts = ("train", "watched", "scored")
    train, watched, scored = (study.sequences(part, k, own=own) for part in parts)
    scale = Scale.of(train.histories, train.rows)
    probe = scale(train.__getitems__(list(range(min(c["batch"], len(train)))))[1])
    runtime = device.choose(
        "train",
        model,
        batch=c["batch"],
        images=len(train) * c["epochs"],
        folder=study.layout.work / "probe",
        inputs=probe,
    )
    fitted = loop.fit(
        model,
        train,
        watched,
        plan=loop.Plan(c["epochs"], batch=c["batch"], keep="last", max_grad_norm=1.0),
        loss=loss or torch.nn.CrossEntropyLoss(),
        score=loop.primary(project.metric.primary, run.classes, project.positive_class),
        optimizer=lambda m: optim.adamw(m, lr=c["lr"], weight_decay=c["weight_decay"]),
        schedule=optim.one_cycle,
        normalise=scale,
        runtime=runtime,
        folder=run.work,
        seed=run.seed,
        on_epoch=run.epoch if study.curve else None,
    )
    run.fit("transforms: standardise", "train")
    run.fit("weights: all layers", "train")
    scores = predict.probabilities(model, scored, runtime=runtime, normalise=scale)
    # the weights of the newest fold are the run's: they learnt from the latest events
    fitted_sha256 = export.save_float16(model, study.layout.run_work(run.id) / export.FITTED)
    info = weights.scratch_info(name).model_info(model, fitted_sha256)
    return study.outcome(scores[:, study.positive], info, fitted.runtime, by=by)
