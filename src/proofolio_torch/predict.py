"""Scoring: logits and probabilities, every row exactly once, aligned with the ids."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from torch import nn

from proofolio.contract import RunError
from proofolio_torch import data, parallel
from proofolio_torch.device import Runtime

if TYPE_CHECKING:
    from accelerate import Accelerator


def probabilities(
    model: nn.Module,
    examples: data.Part,
    *,
    runtime: Runtime,
    normalise: Callable[[Any], Any],
    batch: int | None = None,
    workers: int = 0,
) -> np.ndarray:
    """Return softmax probabilities, float32 (n, k), in the order of `examples.ids`.

    Without augmentation. Under a launcher the processes share the rows and all return all of them.
    """
    out = logits(
        model, examples, runtime=runtime, normalise=normalise, batch=batch, workers=workers
    )
    return torch.from_numpy(out).softmax(dim=1).numpy()


def logits(
    model: nn.Module,
    examples: data.Part,
    *,
    runtime: Runtime,
    normalise: Callable[[Any], Any],
    batch: int | None = None,
    workers: int = 0,
) -> np.ndarray:
    """Return what `probabilities` takes the softmax of, float32 (n, k): for energies and means."""
    accelerator = parallel.accelerator(runtime.device)
    model = runtime.place(model)
    batch = batch or getattr(examples, "eval_batch", 64)
    return outputs(accelerator, model, examples, runtime, normalise, batch, workers)


def outputs(
    accelerator: "Accelerator",
    model: nn.Module,
    examples: data.Part,
    runtime: Runtime,
    normalise: Callable[[Any], Any],
    batch: int,
    workers: int = 0,
) -> np.ndarray:
    """Return the model's raw outputs, float32 (n, k); raises RunError unless each row came once."""
    loader = data.loader(
        examples,
        batch=batch * accelerator.num_processes,
        workers=workers,
        pin_memory=runtime.device == "cuda",
    )
    loader = accelerator.prepare_data_loader(loader)
    out, times = None, np.zeros(len(examples), np.int64)
    was_training = model.training
    model.eval()
    with torch.no_grad():
        for rows, inputs, _ in loader:
            with runtime.autocast():
                values = model(runtime.inputs(normalise(inputs))).float()
            # the last batch is filled up so that all processes get one; the copies fall away here
            rows, values = accelerator.gather_for_metrics((rows, values))
            if out is None:
                out = np.empty((len(examples), *values.shape[1:]), np.float32)
            rows = rows.cpu().numpy()
            out[rows] = values.cpu().numpy()
            np.add.at(times, rows, 1)
    model.train(was_training)
    if out is None or (times != 1).any():
        raise RunError(
            "not every row was scored exactly once",
            expected=f"{len(examples)} rows, once each",
            received=f"{(times == 0).sum()} never, {(times > 1).sum()} more than once",
            remedy="score at least one example; report this with the number of processes",
        )
    return out


def frame(
    ids: Sequence[str],
    parts: Sequence[str],
    values: np.ndarray,
    classes: Sequence[str],
    positive_class: str | None = None,
    energy: np.ndarray | None = None,
) -> pd.DataFrame:
    """Return the table the recorder takes: id, part, p_<class>... [, energy] as float32.

    Args:
        ids: n names.
        parts: the part of each id.
        values: probabilities (n, k), columns in the order of `classes`.
        classes: k names.
        positive_class: of two; only its column is kept.
        energy: -logsumexp of the logits, (n,), where the model has logits.

    Raises:
        RunError: shapes differ, or a row is no distribution.
    """
    values = np.asarray(values, np.float64)
    if values.shape != (len(ids), len(classes)) or len(parts) != len(ids):
        raise RunError(
            "probabilities do not fit ids and classes",
            expected=f"({len(ids)}, {len(classes)}) and as many parts",
            received=f"{values.shape} and {len(parts)} parts",
        )
    if not np.allclose(values.sum(axis=1), 1, atol=1e-4) or (values < 0).any():
        raise RunError(
            "a row of probabilities does not add up to one",
            received=f"first rows {values[:2].round(4).tolist()}",
            remedy="pass probabilities, not logits; NaN means the model diverged",
        )
    columns: dict[str, Any] = {"id": np.asarray(ids, object), "part": np.asarray(parts, object)}
    for k, name in enumerate(classes):
        if positive_class is None or name == positive_class:
            columns[f"p_{name}"] = values[:, k].astype(np.float32)
    if energy is not None:
        columns["energy"] = np.asarray(energy, np.float32)
    return pd.DataFrame(columns).astype({"id": "str", "part": "str"})
