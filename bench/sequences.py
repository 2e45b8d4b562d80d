"""Time batches of sequences and their training: `python bench/sequences.py` (or `make bench`).

Batches: one epoch over a week of events of a simulated table, against a loop over rows that looks
up each history. Training: one epoch of a GRU on it through the runtime's loop, and the batches a
second of the parts. Results go to bench/results/sequences.json and .csv with hardware and versions.
"""

import contextlib
import io
import tempfile
from functools import partial
from itertools import chain

import numpy as np
import pandas as pd
from run import compare, seconds, write

from proofolio_torch import data, device, loop, optim
from proofolio_torch.events import cards, networks, sequences

ROWS, EPOCH = 1_169_000, 67_000  # four months of the Handbook's size; seven of its days
BATCHES = ((8, 512), (8, 2048), (16, 512), (16, 2048))  # events per sequence, sequences per batch
HIDDEN, BATCH = 32, 256


def row_by_row(histories: sequences.Histories, by_unit: dict, units: np.ndarray, rows: range):
    """Return what `histories.batch` does, by one lookup and one copy per row."""
    every = histories.last(np.arange(len(histories)))
    steps = np.zeros((len(rows), histories.k, every.shape[1]), np.float32)
    for i, row in enumerate(rows):
        of_unit = by_unit[units[row]]
        end = np.searchsorted(of_unit, row) + 1
        history = of_unit[max(0, end - histories.k) : end]
        steps[i, : len(history)] = every[history]
    return steps


def batches(events: pd.DataFrame, k: int, size: int) -> dict:
    """One epoch of gathering histories, against a loop per row; asserts that both are equal."""
    histories = sequences.Histories(events, k)
    by_unit, units = events.groupby("unit").indices, events["unit"].to_numpy()
    start = len(events) - EPOCH
    peer = partial(row_by_row, histories, by_unit, units, range(start, len(events)))
    np.testing.assert_array_equal(histories.batch(np.arange(start, len(events))).steps, peer())
    order = np.random.default_rng(0).permutation(np.arange(start, len(events)))
    portions = [order[i : i + size] for i in range(0, EPOCH, size)]
    row = compare(
        f"histories of {k} events, batches of {size}",
        lambda: [histories.batch(portion) for portion in portions],
        peer,
        "loop over rows",
    )
    part = sequences.Sequences(histories, events["id"][start:])
    order = data.EpochBatches(len(part), size, size, seed=0)
    loaded = seconds(lambda: list(data.loader(part, batches=order)))
    return row | {"loaded_batches_per_second": round(len(order) / loaded)}


def training(events: pd.DataFrame, k: int) -> dict:
    """One epoch of a GRU over a week through `loop.fit`; sorting the whole table is in `sorted`."""
    from torch import nn  # after the package, which says how its threads wait

    built = seconds(lambda: sequences.Histories(events, k))
    histories = sequences.Histories(events, k)
    rows = np.arange(len(events) - EPOCH, len(events))
    labels = (events["label"] == "fraud").to_numpy().astype(int)[rows]
    part = sequences.Sequences(histories, histories.ids[rows], labels)
    few = sequences.Sequences(histories, part.ids[:4096], part.labels[:4096])
    model = networks.GRU(len(histories.names), hidden=HIDDEN)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        outcome = loop.fit(
            model, part, few, plan=loop.Plan(1, batch=BATCH), folder=folder, seed=0,
            loss=nn.CrossEntropyLoss(),
            score=loop.primary("log_loss", ["genuine", "fraud"], "fraud"),
            optimizer=partial(optim.adamw, lr=0.005), schedule=optim.one_cycle,
            normalise=sequences.Scale.of(histories, rows),
            runtime=device.choose("train", device="cpu"),
        )  # fmt: skip
    return {
        "name": f"training a GRU of {HIDDEN} on {k} events, one epoch of {EPOCH} in {BATCH}s",
        "seconds": round(outcome.seconds, 3),
        "sorted": round(built, 3),
        "steps_per_second": round(outcome.steps / outcome.seconds),
    }


def main() -> None:
    """Run every benchmark and write the results."""
    number = ROWS // 234
    events = cards.simulate(cards=number, terminals=2 * number, days=122)
    rows = chain(
        (batches(events, *case) for case in BATCHES), (training(events, k) for k in (8, 16))
    )
    write("sequences", rows, "python bench/sequences.py")


if __name__ == "__main__":
    main()
