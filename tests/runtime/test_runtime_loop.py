"""The training loop: resumed equals uninterrupted, memory errors, budgets, refusals."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from runtime_support import TinyNet, job
from torch import nn

from proofolio.contract import RunError, StaleError
from proofolio_torch import data, loop, optim, predict
from proofolio_torch.device import Runtime


def rows(outcome):
    """History without the clock."""
    return [{k: v for k, v in row.items() if k != "seconds"} for row in outcome.history]


def state(model):
    return {k: v.clone() for k, v in model.state_dict().items()}


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


@pytest.fixture(scope="module")
def whole(images, pictures, tmp_path_factory):
    """An uninterrupted training, to compare with."""
    arguments = job(images, pictures[1], tmp_path_factory.mktemp("whole"))
    outcome = loop.fit(**arguments)
    return outcome, state(arguments["model"])


def test_training_learns_and_keeps_the_best_epoch(whole):
    outcome, weights = whole
    assert outcome.finished
    assert outcome.steps == 3 * (28 // 8)
    assert list(outcome.history[0]) == [
        "epoch", "train_loss", "val_loss", "val_accuracy", "lr", "seconds",
    ]  # fmt: skip
    assert outcome.history[-1]["train_loss"] < outcome.history[0]["train_loss"]
    values = [row["val_accuracy"] for row in outcome.history]
    assert outcome.best_value == max(values)
    assert outcome.best_epoch == values.index(max(values)) + 1
    from safetensors.torch import load_file

    assert same(load_file(outcome.weights), weights)


@pytest.mark.parametrize(
    ("steps", "schedule"), [(1, optim.one_cycle), (3, optim.cosine), (5, optim.one_cycle)]
)
def test_a_stopped_training_resumes_to_the_same_weights(
    images, pictures, tmp_path, steps, schedule
):
    expected = job(images, pictures[1], tmp_path / "a", schedule=schedule)
    outcome = loop.fit(**expected)
    stopped = job(images, pictures[1], tmp_path / "b", schedule=schedule)
    first = loop.fit(**stopped, stop_after_steps=steps)
    assert not first.finished
    assert first.steps == steps
    torch.manual_seed(999)  # what a new process would find
    seen = []
    resumed = job(images, pictures[1], tmp_path / "b", schedule=schedule, on_epoch=seen.append)
    second = loop.fit(**resumed)
    assert second.steps == outcome.steps
    assert rows(second) == rows(outcome)
    assert [list(row) for row in second.history] == [list(row) for row in outcome.history]
    assert [row["epoch"] for row in seen] == [1, 2, 3]
    assert same(state(resumed["model"]), state(expected["model"]))


def test_a_killed_process_resumes_to_the_same_metrics(whole, images, pictures, tmp_path):
    """Killed for good at step 5, in the middle of epoch 2, with the state of step 4 on disk."""
    code = (
        "import os, sys; sys.path.insert(0, sys.argv[1])\n"
        "import pandas as pd, torch; torch.set_num_threads(1)\n"
        "from pathlib import Path\n"
        "from runtime_support import job\nfrom proofolio_torch import cache, loop\n"
        "images = cache.Cache(Path(sys.argv[2])); table = pd.read_parquet(sys.argv[3])\n"
        "kill = lambda steps: steps == 5 and os._exit(9)\n"
        "loop.fit(**job(images, table, sys.argv[4], on_step=kill, checkpoint_seconds=0))\n"
    )
    pictures[1].to_parquet(tmp_path / "table.parquet")
    run = [sys.executable, "-c", code, Path(__file__).parent, images.folder]
    done = subprocess.run(
        [*run, tmp_path / "table.parquet", tmp_path / "run"],
        env=os.environ | {"OMP_NUM_THREADS": "1"}, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 9, done.stderr
    resumed = loop.fit(**job(images, pictures[1], tmp_path / "run"))
    assert rows(resumed) == rows(whole[0])


def test_ctrl_c_leaves_a_resumable_state(whole, images, pictures, tmp_path):
    def interrupt(steps):
        if steps == 4:
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        loop.fit(**job(images, pictures[1], tmp_path, on_step=interrupt))
    assert signal.getsignal(signal.SIGINT) is before
    outcome = loop.fit(**job(images, pictures[1], tmp_path))
    assert rows(outcome) == rows(whole[0])


def test_a_half_written_state_is_not_used(whole, images, pictures, tmp_path, monkeypatch):
    """The kill falls between writing the new state's files and naming them."""
    from accelerate import Accelerator

    real, calls = Accelerator.save_state, []

    def dies(self, path, **options):
        real(self, path, **options)
        calls.append(path)
        if len(calls) == 2:
            (Path(path) / "model.safetensors").write_bytes(b"half")
            raise OSError("killed here")

    monkeypatch.setattr(Accelerator, "save_state", dies)
    with pytest.raises(OSError, match="killed here"):
        loop.fit(**job(images, pictures[1], tmp_path))
    monkeypatch.setattr(Accelerator, "save_state", real)
    assert rows(loop.fit(**job(images, pictures[1], tmp_path))) == rows(whole[0])


def test_a_finished_training_is_not_repeated(images, pictures, tmp_path):
    first = loop.fit(**job(images, pictures[1], tmp_path, epochs=1))
    arguments = job(images, pictures[1], tmp_path, epochs=1)
    steps = []
    second = loop.fit(**arguments, on_step=steps.append)
    assert second.history == first.history
    assert not steps


def test_state_of_another_training_is_refused(images, pictures, tmp_path):
    loop.fit(**job(images, pictures[1], tmp_path), stop_after_steps=2)
    with pytest.raises(StaleError, match="remedy"):
        loop.fit(**job(images, pictures[1], tmp_path, epochs=4))


def test_state_files_that_would_run_code_are_not_loaded(images, pictures, tmp_path):
    import pickle

    loop.fit(**job(images, pictures[1], tmp_path), stop_after_steps=2)

    class Evil:
        def __reduce__(self):
            return (os.system, (f"touch {tmp_path / 'ran'}",))

    (optimizer,) = tmp_path.glob("state/*/optimizer.bin")
    torch.save({"state": Evil()}, optimizer)
    with pytest.raises(pickle.UnpicklingError):
        loop.fit(**job(images, pictures[1], tmp_path))
    assert not (tmp_path / "ran").exists()


class Hungry(TinyNet):
    """Runs out of memory above `limit` examples when it learns."""

    limit = 3

    def forward(self, x):
        if self.training and len(x) > self.limit:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return super().forward(x)


def test_out_of_memory_accumulates_and_keeps_the_effective_batch(
    images, pictures, tmp_path, capsys
):
    arguments = job(images, pictures[1], tmp_path, model=Hungry())
    outcome = loop.fit(**arguments)
    assert outcome.finished
    assert outcome.steps == 3 * (28 // 8)
    assert outcome.runtime["batch_split"] == {
        "effective": 8, "micro": 2, "accumulated": 4, "processes": 1,
    }  # fmt: skip
    assert "micro-batches of 2, accumulated 4 times" in capsys.readouterr().out


def test_out_of_memory_in_the_middle_goes_on_from_the_saved_state(images, pictures, tmp_path):
    class Later(Hungry):
        limit = 8

    model = Later()

    def grow(steps):
        model.limit = 4 if steps >= 5 else 8

    outcome = loop.fit(
        **job(images, pictures[1], tmp_path, model=model, checkpoint_seconds=0), on_step=grow
    )
    assert outcome.steps == 9
    assert outcome.runtime["batch_split"]["micro"] == 4
    assert [row["epoch"] for row in outcome.history] == [1, 2, 3]


def test_a_model_that_never_fits_is_refused_with_the_remedy(images, pictures, tmp_path):
    model = Hungry()
    model.limit = 0
    with pytest.raises(RunError, match="smaller images"):
        loop.fit(**job(images, pictures[1], tmp_path, model=model))


def test_accumulated_gradients_equal_those_of_the_whole_batch(images, pictures, tmp_path):
    class Linear(nn.Module):
        limit = 99

        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(3 * 16 * 16, 2)

        def forward(self, x):
            if self.training and len(x) > self.limit:
                raise RuntimeError("CUDA out of memory.")
            return self.layer(x.flatten(1))

    weights = []
    for limit in (99, 2):
        arguments = job(images, pictures[1], tmp_path / str(limit), epochs=1)
        torch.manual_seed(1)
        arguments["model"] = Linear()
        arguments["model"].limit = limit
        loop.fit(**arguments)
        weights.append(arguments["model"].layer.weight.detach())
    torch.testing.assert_close(*weights, atol=1e-4, rtol=1e-3)


def test_early_stopping_counts_epochs_without_a_better_value(images, pictures, tmp_path):
    values = iter([0.5, 0.7, 0.6, 0.7, 0.9])
    score = loop.Score("planned", lambda y, p: next(values))
    outcome = loop.fit(**job(images, pictures[1], tmp_path, epochs=5, patience=2, score=score))
    assert len(outcome.history) == 4
    assert (outcome.best_epoch, outcome.best_value) == (2, 0.7)


def test_a_score_that_should_fall_is_minimised(images, pictures, tmp_path):
    values = iter([0.5, 0.3, 0.4])
    score = loop.Score("log_loss", lambda y, p: next(values), higher_is_better=False)
    outcome = loop.fit(**job(images, pictures[1], tmp_path, score=score))
    assert outcome.best_epoch == 2


def test_a_length_fixed_before_keeps_the_last_epoch(images, pictures, tmp_path):
    values = iter([0.5, 0.7, 0.6])
    score = loop.Score("planned", lambda y, p: next(values))
    arguments = job(images, pictures[1], tmp_path, score=score)
    last = []
    arguments["plan"] = replace(arguments["plan"], keep="last")
    arguments["on_step"] = lambda steps: steps == 9 and last.append(state(arguments["model"]))
    outcome = loop.fit(**arguments)
    assert (outcome.best_epoch, outcome.best_value) == (3, 0.6)
    assert same(state(arguments["model"]), last[0])


def test_a_value_that_is_not_finite_is_refused(images, pictures, tmp_path):
    score = loop.Score("auroc", lambda y, p: float("nan"))
    with pytest.raises(RunError, match="val_auroc"):
        loop.fit(**job(images, pictures[1], tmp_path, score=score))


def test_a_time_budget_saves_and_stops(whole, images, pictures, tmp_path):
    outcome = loop.fit(**job(images, pictures[1], tmp_path), max_seconds=0)
    assert not outcome.finished
    assert outcome.steps == 1
    assert rows(loop.fit(**job(images, pictures[1], tmp_path))) == rows(whole[0])


def test_examples_without_labels_and_wrong_weights_are_refused(images, pictures, tmp_path):
    ids = pictures[1]["id"]
    with pytest.raises(RunError, match="train needs labelled"):
        loop.fit(**job(images, pictures[1], tmp_path) | {"train": data.Examples(images, ids)})
    with pytest.raises(RunError, match="sample_weights"):
        loop.fit(**job(images, pictures[1], tmp_path), sample_weights=np.ones(3))


def test_worker_processes_change_nothing(whole, images, pictures, tmp_path):
    outcome = loop.fit(**job(images, pictures[1], tmp_path, workers=2))
    assert rows(outcome) == rows(whole[0])


def test_bfloat16_runs_and_predictions_are_aligned_probabilities(images, pictures, tmp_path):
    arguments = job(images, pictures[1], tmp_path, epochs=1)
    runtime = Runtime("cpu", "bfloat16", "contiguous", "test")
    loop.fit(**arguments | {"runtime": runtime})
    table = pictures[1]
    examples = data.Examples(images, table["id"])
    options = {"runtime": runtime, "normalise": arguments["normalise"]}
    p = predict.probabilities(arguments["model"], examples, **options, batch=5)
    assert p.dtype == np.float32
    assert p.shape == (len(table), 2)
    np.testing.assert_allclose(p.sum(1), 1, atol=1e-5)
    order = np.random.default_rng(0).permutation(len(table))
    shuffled = data.Examples(images, table["id"].iloc[order])
    q = predict.probabilities(arguments["model"], shuffled, **options, batch=5)
    np.testing.assert_allclose(q, p[order], atol=0.02)  # batches differ, bfloat16 rounds


def test_weighted_loss_moves_the_model_towards_the_rare_class(images, pictures, tmp_path):
    shares = []
    for weight in ([1.0, 1.0], [1.0, 30.0]):
        arguments = job(images, pictures[1], tmp_path / str(weight[1]), epochs=2)
        arguments["loss"] = nn.CrossEntropyLoss(weight=torch.tensor(weight))
        loop.fit(**arguments)
        p = predict.probabilities(
            arguments["model"], arguments["val"],
            runtime=arguments["runtime"], normalise=arguments["normalise"],
        )  # fmt: skip
        shares.append(p[:, 1].mean())
    assert shares[1] > shares[0]


def test_micro_batches_are_shared_divisors():
    assert loop.micro_batches(32, 1) == [32, 16, 8, 4, 2, 1]
    assert loop.micro_batches(12, 2) == [12, 6, 2]
    assert loop.micro_batches(6, 3) == [6, 3]


def test_plan_is_checked():
    with pytest.raises(ValueError, match="at least one epoch"):
        replace(loop.Plan(1), epochs=0)
    for wrong in ({"keep": "first"}, {"keep": "last", "patience": 2}):
        with pytest.raises(ValueError, match="what a plan keeps"):
            loop.Plan(1, **wrong)


def test_rows_scored_twice_are_seen(images, pictures, monkeypatch):
    from accelerate import Accelerator

    table = pictures[1]
    monkeypatch.setattr(
        Accelerator,
        "gather_for_metrics",
        lambda self, given: tuple(torch.cat([x, x[:1]]) for x in given),
    )
    with pytest.raises(RunError, match="more than once"):
        predict.probabilities(
            TinyNet(),
            data.Examples(images, table["id"]),
            runtime=Runtime("cpu", "float32", "channels_last", "test"),
            normalise=data.Normalise((0.5,) * 3, (0.5,) * 3),
        )
