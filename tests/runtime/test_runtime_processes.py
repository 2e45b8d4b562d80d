"""Two processes: the same optimizer steps as one, every row scored once, a resume across counts."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from runtime_support import COUNT, job

from proofolio.contract import ProjectError
from proofolio_torch import data, loop, parallel, predict

SCRIPT = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
import pandas as pd, torch
from pathlib import Path
from runtime_support import PlainNet, job
from proofolio_torch import cache, data, features, loop, parallel, predict

images, table = cache.Cache(Path(sys.argv[2])), pd.read_parquet(sys.argv[3])
folder, out = Path(sys.argv[4]), Path(sys.argv[5])
torch.manual_seed(1)
plain = {"model": PlainNet()} if sys.argv[7:] == ["plain"] else {}
arguments = job(images, table, folder, **plain)
stop = int(sys.argv[6]) or None
outcome = loop.fit(**arguments, stop_after_steps=stop)
options = {"runtime": arguments["runtime"], "normalise": arguments["normalise"], "batch": 4}
p = predict.probabilities(arguments["model"], data.Examples(images, table.id[:43]), **options)
body = torch.nn.Sequential(*list(arguments["model"].body)[:-2])
kept = features.extract(body, images, runtime=options["runtime"], folder=folder / "features",
                        normalise=options["normalise"], weights_sha256="a" * 64)
if parallel.is_main():
    out.write_text(json.dumps({"steps": outcome.steps, "finished": outcome.finished,
                               "history": outcome.history, "p": p.tolist(),
                               "processes": outcome.runtime["batch_split"]["processes"],
                               "features": len(kept.values)}))
"""


def launch(tmp_path, images, table, name, processes, stop=0, *words):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    table.to_parquet(tmp_path / "table.parquet")
    out = tmp_path / f"{name}-{processes}-{stop}.json"
    command = [
        sys.executable, "-m", "accelerate.commands.launch",
        "--multi_gpu" if processes > 1 else "--cpu", "--num_processes", str(processes),
        "--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no",
        "--num_cpu_threads_per_process", "1", "--main_process_port", "0",
        script, Path(__file__).parent, images.folder, tmp_path / "table.parquet",
        tmp_path / name, out, str(stop), *words,
    ]  # fmt: skip
    done = subprocess.run(
        list(map(str, command)), env=os.environ | {"OMP_NUM_THREADS": "1"},
        check=False, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(out.read_text())


@pytest.fixture(scope="module")
def together(images, pictures, tmp_path_factory):
    """An uninterrupted training in two processes."""
    folder = tmp_path_factory.mktemp("together")
    return folder / "two", launch(folder, images, pictures[1], "two", 2)


@pytest.mark.slow
def test_two_processes_take_the_same_steps_and_score_each_row_once(images, pictures, together):
    table, (folder, two) = pictures[1], together
    assert (two["processes"], two["finished"]) == (2, True)
    assert two["steps"] == 3 * (28 // 8)
    assert two["features"] == COUNT
    p = np.array(two["p"])
    assert p.shape == (43, 2)  # an odd number: the last batch is filled up, and cut again

    arguments = job(images, table, folder)
    resumed = loop.fit(**arguments)  # finished: only loads the best weights
    assert resumed.steps == two["steps"]
    alone = predict.probabilities(
        arguments["model"], data.Examples(images, table.id[:43]),
        runtime=arguments["runtime"], normalise=arguments["normalise"], batch=4,
    )  # fmt: skip
    np.testing.assert_allclose(p, alone, atol=1e-5)


@pytest.mark.slow
def test_one_process_and_two_learn_the_same_where_no_batch_statistics_are(
    images, pictures, tmp_path
):
    """Sums in another order differ in the last bits: nothing more."""
    one, two = (launch(tmp_path, images, pictures[1], f"plain{n}", n, 0, "plain") for n in (1, 2))
    assert (one["processes"], two["processes"]) == (1, 2)
    assert one["steps"] == two["steps"] and len(one["p"]) == len(two["p"]) == 43
    a, b = (pd.DataFrame(x["history"]).drop(columns="seconds") for x in (one, two))
    pd.testing.assert_frame_equal(a, b, rtol=1e-5)
    np.testing.assert_allclose(two["p"], one["p"], atol=1e-6)


@pytest.mark.slow
def test_two_processes_resume_to_the_same_numbers(images, pictures, tmp_path, together):
    table, (_, whole) = pictures[1], together
    assert not launch(tmp_path, images, table, "stopped", 2, stop=4)["finished"]
    resumed = launch(tmp_path, images, table, "stopped", 2)
    a, b = (pd.DataFrame(x["history"]).drop(columns="seconds") for x in (whole, resumed))
    pd.testing.assert_frame_equal(a, b, rtol=1e-5)
    np.testing.assert_allclose(resumed["p"], whole["p"], atol=1e-5)


def test_a_launcher_that_silently_starts_one_process_is_refused(monkeypatch):
    """What accelerate 1.15 leaves in the environment for `launch --cpu --num_processes 2`."""
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "no")
    monkeypatch.setenv("MASTER_PORT", "29500")
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with pytest.raises(ProjectError, match="--multi_gpu"):
        parallel.accelerator("cpu")


def test_a_batch_that_cannot_be_shared_is_refused(images, pictures, tmp_path, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "3")
    with pytest.raises(RuntimeError, match="multiple of 3 processes"):
        loop.fit(**job(images, pictures[1], tmp_path))
