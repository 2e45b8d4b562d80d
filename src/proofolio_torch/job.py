"""What a training is told and what it gives back: plan, score, job, outcome."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from proofolio import files
from proofolio.contract import ProjectError, RunError
from proofolio_torch import data, parallel, recipes
from proofolio_torch.device import Runtime

BEST = "best.safetensors"


@dataclass(frozen=True)
class Plan:
    """How long and in which portions to train.

    Attributes:
        epochs: at most so many.
        batch: examples per optimizer step, over all processes and accumulated micro-batches.
        patience: stop after so many epochs without a better value on val; None: never.
        max_grad_norm: gradients are scaled down to this norm; None: never.
        checkpoint_seconds: the state is saved so often within an epoch, and at its end.
        workers: loader processes; None takes the recipe's.
        keep: "best" keeps the epoch that scores best on val; "last" the last one, where the length
            was fixed before and nothing of val may be chosen by (a fold in time to be scored).
    """

    epochs: int
    batch: int = 32
    patience: int | None = None
    max_grad_norm: float | None = 1.0
    checkpoint_seconds: float = 300.0
    workers: int | None = None
    keep: str = "best"

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch < 1:
            raise ProjectError(
                "a plan needs at least one epoch and one example per step", received=str(self)
            )
        if self.keep not in ("best", "last") or (self.keep == "last" and self.patience is not None):
            raise ProjectError(
                "what a plan keeps is not clear",
                expected='"best", or "last" without patience',
                received=f"keep={self.keep!r}, patience={self.patience}",
            )


@dataclass(frozen=True)
class Score:
    """What chooses the best epoch: function(y int[n], p float32[n, k]) on val."""

    name: str
    function: Callable[[np.ndarray, np.ndarray], float]
    higher_is_better: bool = True

    def better(self, new: float, old: float | None) -> bool:
        """Whether `new` beats `old` (anything beats nothing)."""
        return old is None or (new > old if self.higher_is_better else new < old)


@dataclass(frozen=True)
class Outcome:
    """What came of a training. `finished` is false where a budget stopped it; call fit again."""

    finished: bool
    best_epoch: int | None
    best_value: float | None
    history: list[dict[str, Any]]
    steps: int
    seconds: float
    weights: Path | None
    weights_sha256: str | None
    runtime: dict[str, Any]


@dataclass
class Job:
    """Everything a training needs, handed from `fit` to the trainer."""

    model: nn.Module
    train: data.Part
    val: data.Part
    plan: Plan
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    score: Score
    optimizer: Callable[[nn.Module], Optimizer]
    schedule: Callable[[Optimizer, int], LRScheduler]
    normalise: Callable[[Any], Any]
    runtime: Runtime
    folder: Path
    seed: int
    sample_weights: np.ndarray | None = None
    on_epoch: Callable[[dict[str, Any]], Any] | None = None
    on_step: Callable[[int], Any] | None = None
    max_seconds: float | None = None
    stop_after_steps: int | None = None
    recipe: recipes.Recipe = field(init=False)

    def __post_init__(self) -> None:
        self.folder = Path(self.folder)
        self.recipe = recipes.for_device(self.runtime.device)
        for name, part in (("train", self.train), ("val", self.val)):
            if not len(part) or (part.labels == data.NO_LABEL).any():
                raise RunError(
                    f"{name} needs labelled examples",
                    received=f"{len(part)} examples, {(part.labels < 0).sum()} without a label",
                )
        if self.sample_weights is not None and len(self.sample_weights) != len(self.train):
            raise RunError(
                "sample_weights do not fit train",
                expected=f"{len(self.train)} weights",
                received=str(len(self.sample_weights)),
            )
        if self.plan.batch % parallel.world_size():
            raise RunError(
                "the global batch cannot be shared equally",
                expected=f"a multiple of {parallel.world_size()} processes",
                received=str(self.plan.batch),
                remedy="change batch or --num_processes",
            )

    @property
    def workers(self) -> int:
        """Loader processes: the plan's, or the recipe's bounded by the cores of this process."""
        if self.plan.workers is not None:
            return self.plan.workers
        if data.makes_batches(self.train):
            return 0
        spare = parallel.cores() // parallel.world_size() - 1
        return max(0, min(self.recipe.workers, spare))

    def fingerprint(self) -> str:
        """Name what a stored state belongs to: plan, seed, examples and their labels."""
        plan = self.plan
        parts = [
            [files.sha256_text("\n".join(map(str, p.ids))), files.sha256_bytes(p.labels.tobytes())]
            for p in (self.train, self.val)
        ]
        drawn = None if self.sample_weights is None else np.asarray(self.sample_weights, float)
        drawn = None if drawn is None else files.sha256_bytes(drawn.tobytes())
        numbers = [plan.epochs, plan.batch, plan.patience, plan.max_grad_norm, self.seed, drawn]
        numbers += [] if plan.keep == "best" else [plan.keep]
        shapes = [[k, list(v.shape)] for k, v in self.model.state_dict().items()]
        return files.sha256_json([numbers, parts, self.train.key, self.score.name, shapes])
