"""The commands round a service: a new key opens it, a log is judged by exit status."""

import subprocess
import sys

import pytest

from proofolio_torch import service


def command(*given: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "proofolio_torch.service", *given], capture_output=True, text=True
    )


def test_a_new_key_can_be_used():
    line = command("new-key", "--name", "bank").stdout.strip()
    keys = service.Keys([line])
    assert keys.name_of(line.partition(":")[2].encode()) == "bank"


@pytest.mark.parametrize(
    ("cut", "head", "status"), [(0, None, 0), (1, None, 1), (0, "2:00", 1), (0, "x", 2)]
)
def test_a_log_is_judged(tmp_path, cut, head, status):
    path = tmp_path / "log.jsonl"
    with service.DecisionLog(path) as log:
        log.append([{"id": "a"}, {"id": "b"}])
        good = log.head.text
    path.write_text("".join(path.read_text().splitlines(keepends=True)[: 2 - cut]))
    done = command("verify-log", str(path), *(["--head", head or good] if not cut else []))
    assert done.returncode == status, done.stderr
    assert ("broken: " in done.stdout) == (status == 1)
