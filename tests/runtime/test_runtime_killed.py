"""One of two processes is killed in an epoch: the record stays whole, and the run is resumed."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from evidence import recorded
from verify.proven import few_resamples, table_record

from proofolio import evidence, verify
from proofolio_torch import parallel

WORKER = Path(__file__).with_name("recorded_worker.py")


def launched(root, images, table, killed_at):
    command = [
        sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2",
        "--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no",
        "--num_cpu_threads_per_process", "1", "--main_process_port", "0",
        WORKER, root, images.folder, table, str(killed_at),
    ]  # fmt: skip
    return subprocess.run(
        list(map(str, command)), env=os.environ | {"OMP_NUM_THREADS": "1"},
        check=False, capture_output=True, text=True, timeout=240,
    )  # fmt: skip


@pytest.mark.slow
def test_a_killed_process_leaves_the_record_whole(images, pictures, tmp_path, monkeypatch):
    few_resamples(monkeypatch)
    root, table = tmp_path / "tiny", tmp_path / "table.parquet"
    pictures[1].to_parquet(table)
    layout, author = recorded.prepared(root)
    table_record(layout)
    recorded.train(layout, author, "prior", 0)
    killed = launched(root, images, table, 5)  # in the second of three epochs of three steps
    assert killed.returncode != 0
    logged = [e for e in evidence.entries(layout) if e["name"] == "good"]
    failed = [r.error for r in evidence.runs(layout) if r.status == "failed"]
    assert [e["status"] for e in logged] == ["started"], (failed, killed.stderr[-3000:])
    started = logged[0]
    assert not evidence.verify_chain(layout) and not verify.run(root).problems
    curve = pd.read_csv(layout.run_work(started["id"]) / "history.csv")
    assert curve["epoch"].tolist() == [1]

    resumed = launched(root, images, table, 0)
    assert resumed.returncode == 0, resumed.stderr[-3000:]
    assert f"resuming {started['id']}" in resumed.stdout
    run = evidence.finished(layout, author, "good", 0)
    assert run.id == started["id"] and run.runtime["batch_split"]["processes"] == 2
    assert len(pd.read_csv(layout.run(run.id) / "history.csv")) == 3
    assert not evidence.verify_chain(layout)


def test_only_what_says_that_a_process_is_gone_counts_as_lost(monkeypatch):
    gone = RuntimeError("[gloo/transport/tcp/pair.cc:534] Connection closed by peer [127.0.0.1]")
    assert not parallel.lost(gone)  # one process has nobody to lose
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert parallel.lost(gone)
    assert not parallel.lost(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
