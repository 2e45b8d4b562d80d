"""Training: one call that starts or resumes a run and returns its best model."""

import functools
import gc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from proofolio.contract import RunError
from proofolio_torch import data, export, parallel
from proofolio_torch.device import Runtime
from proofolio_torch.job import BEST, Job, Outcome, Plan, Score
from proofolio_torch.trainer import Trainer

__all__ = ["BEST", "Job", "Outcome", "Plan", "Score", "fit", "micro_batches", "primary"]


def fit(
    model: nn.Module,
    train: data.Part,
    val: data.Part,
    *,
    plan: Plan,
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    score: Score,
    optimizer: Callable[[nn.Module], Optimizer],
    schedule: Callable[[Optimizer, int], LRScheduler],
    normalise: Callable[[Any], Any],
    runtime: Runtime,
    folder: Path,
    seed: int,
    **options: Any,
) -> Outcome:
    """Train `model` in place, resuming from `folder` where a state lies there; see `Plan`.

    Afterwards (if finished) the model holds the weights of the epoch that the plan keeps: the best
    on val, or the last. Ctrl-C saves and raises KeyboardInterrupt; calling again goes on to the
    same numbers as if nothing had happened. Out of memory halves the micro-batch and accumulates
    more of them, says so, and goes on; layers that normalise over the micro-batch see fewer
    examples then.

    Args:
        model: float (b, c, h, w), or a named tuple of tensors, to logits (b, k).
        train: labelled examples, augmented.
        val: labelled examples; stop and choice use nothing else.
        plan: epochs, batch, patience and so on.
        loss: (logits float32 (b, k), codes int64 (b,)) to a scalar.
        score: what chooses the best epoch.
        optimizer: makes one for a model (`optim.adamw`).
        schedule: makes one for an optimizer and the number of steps (`optim.one_cycle`).
        normalise: bytes to floats (`data.Normalise`), or a batch of events to a standardised
            one (`events.sequences.Scale`).
        runtime: from `device.choose`.
        folder: of state and best weights (git-ignored; `run.work`).
        seed: of order, augmentation places and dropout.
        options: `sample_weights` (float[n], draws train in proportion), `on_epoch(row)` (after a
            resume the stored rows come first, with their old values), `on_step(steps)`,
            `max_seconds` and `stop_after_steps` (save and return unfinished).

    Raises:
        RunError: no labelled examples, a value that is not finite, no micro-batch fits in memory.
        StaleError: the state in `folder` belongs to another training.
    """
    from accelerate.utils import find_executable_batch_size

    job = Job(model, train, val, plan, loss, score, optimizer, schedule, normalise, runtime,
              folder, seed, **options)  # fmt: skip
    job.folder.mkdir(parents=True, exist_ok=True)
    start = export.tensors(model)
    sizes = iter(micro_batches(plan.batch, parallel.world_size())[1:])

    def smaller() -> int:
        size = next(sizes, 0)
        if size and parallel.is_main():
            print(
                f"out of memory: micro-batches of {size}, accumulated {plan.batch // size} times; "
                f"the effective batch stays {plan.batch}",
                flush=True,
            )
        return size

    @functools.partial(
        find_executable_batch_size, starting_batch_size=plan.batch, reduce_batch_size_fn=smaller
    )
    def attempt(micro: int) -> Outcome:
        model.load_state_dict(start)
        return Trainer(job, micro).run()

    gc.freeze()  # accelerate collects garbage around a training: not over the tables held before
    try:
        return attempt()
    except RuntimeError as error:
        if "No executable batch size" not in str(error):
            raise
        raise RunError(
            "the model does not fit in memory with any micro-batch",
            received=f"down to {parallel.world_size()} example(s)",
            remedy="smaller images, a smaller model, or more memory",
        ) from None
    finally:
        gc.unfreeze()


def micro_batches(batch: int, processes: int) -> list[int]:
    """Return the micro-batches to try: divisors of `batch` that all processes share, halving."""
    sizes = [batch]
    for size in range(batch // 2, 0, -1):
        if batch % size == 0 and size % processes == 0 and size <= sizes[-1] // 2:
            sizes.append(size)
    return sizes


def primary(metric: str, classes: Sequence[str], positive_class: str | None) -> Score:
    """Return the project's primary metric as a Score (computed by `proofolio.metrics`)."""
    from proofolio import metrics

    def function(y: np.ndarray, p: np.ndarray) -> float:
        if positive_class is None:
            return float(metrics.value(metric, y, p))
        k = list(classes).index(positive_class)
        return float(metrics.value(metric, (y == k).astype(np.int64), p[:, k]))

    return Score(metric, function, metrics.higher_is_better(metric))
