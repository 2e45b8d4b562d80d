"""Several processes on one search: none tries a trial twice, and a killed one is replaced."""

import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import tuning_support as support
from verify.proven import table_record

from proofolio import evidence, verify

pytest.importorskip("optuna")
WORKER = [sys.executable, str(Path(__file__).with_name("worker.py"))]


def start(root, *arguments):
    return subprocess.Popen(
        [*WORKER, str(root), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def ended(process):
    out, error = process.communicate(timeout=300)
    assert process.returncode == 0, error[-3000:]
    return int(out.split("trained ")[1]), out


def test_a_second_process_joins_the_search(tmp_path):
    layout, _ = support.prepared(tmp_path)
    two = [start(tmp_path), start(tmp_path)]
    trained = [ended(process)[0] for process in two]
    assert sum(trained) == 10 and min(trained) > 0
    runs = evidence.runs(layout)
    assert Counter(r.tuning.stage for r in runs) == {"coarse": 6, "fine": 4}
    assert len({(r.tuning.stage, r.tuning.trial) for r in runs}) == 10
    assert not evidence.verify_chain(layout)


def test_a_killed_process_leaves_evidence_whole_and_its_trial_is_resumed(tmp_path):
    layout, _ = support.prepared(tmp_path)  # nothing of the ladder is trained yet
    table_record(layout)
    process = start(tmp_path, "3")
    process.communicate(timeout=300)
    assert process.returncode == -signal.SIGKILL
    assert not verify.run(tmp_path).problems
    left = [e["id"] for e in evidence.entries(layout) if e["status"] == "started"]
    closed = [e["id"] for e in evidence.entries(layout) if e["status"] == "finished"]
    (open_run,) = set(left) - set(closed)
    trained, said = ended(start(tmp_path))
    assert trained == 8 and f"resuming {open_run}" in said
    assert evidence.run(layout, open_run).status == "finished"
    tried = [r for r in evidence.runs(layout) if r.is_trial]
    assert len(tried) == 10 and not verify.run(tmp_path).problems
