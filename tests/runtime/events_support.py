"""A few dozen events of a few entities, with ties, and the arguments of a training on them."""

import numpy as np
import pandas as pd
import torch
from torch import nn

from proofolio_torch import loop, optim
from proofolio_torch.device import Runtime
from proofolio_torch.events import networks, sequences

K = 4


def table(n=60, units=7, seconds=400, seed=0):
    """Sorted events; so few seconds that some of them tie. Large amounts are fraud."""
    rng = np.random.default_rng(seed)
    time = np.sort(rng.integers(0, seconds, n)) * 997 + 1_530_000_000
    amount = np.round(rng.gamma(2, 30, n), 2)
    return pd.DataFrame(
        {
            "id": [f"t{i:05d}" for i in range(n)],
            "unit": [f"c{u}" for u in rng.integers(0, units, n)],
            "unit2": [f"m{u}" for u in rng.integers(0, units, n)],
            "time": pd.to_datetime(time, unit="s").astype("datetime64[s]"),
            "amount": amount,
            "label": np.where(amount > 70, "fraud", "genuine"),
        }
    )


def own(events):
    """Three features of the event itself."""
    amount = events["amount"].to_numpy()
    return np.column_stack([amount, amount**2, np.arange(len(events)) % 3]).astype(float)


def job(folder, *, n=60, train=40, epochs=3, batch=8, **options):
    """Arguments of loop.fit for a tiny GRU; options override."""
    torch.manual_seed(0)
    events = table(n)
    histories = sequences.Histories(events, K, own=own(events))
    labels = (events["label"] == "fraud").astype(int).to_numpy()
    ids = events["id"]
    plan = {k: options.pop(k) for k in ("checkpoint_seconds", "workers") if k in options}
    arguments = {
        "model": networks.GRU(len(histories.names), 3, hidden=6, head=5, dropout=0.3),
        "train": sequences.Sequences(histories, ids[:train], labels[:train]),
        "val": sequences.Sequences(histories, ids[train:], labels[train:]),
        "plan": loop.Plan(epochs, batch=batch, **plan),
        "loss": nn.CrossEntropyLoss(),
        "score": loop.primary("average_precision", ["genuine", "fraud"], "fraud"),
        "optimizer": lambda m: optim.adamw(m, lr=0.01),
        "schedule": optim.one_cycle,
        "normalise": sequences.Scale.of(histories, np.arange(train)),
        "runtime": Runtime("cpu", "float32", "contiguous", "test"),
        "folder": folder,
        "seed": 5,
    }
    return arguments | options
