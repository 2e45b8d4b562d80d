"""`--execute`: a project's own tests, run in a copy with limits; the only code of it ever run."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from proofolio.rubric.grade import Examined
from proofolio.rubric.outcome import failed
from proofolio.rubric.parsing import one_line
from proofolio.rubric.tree import DATA, Tree

SECONDS, MEMORY, LARGEST = 600, 6 * 2**30, 2 * 2**30  # of the tests; bytes in all; of one file
_MOST_COPIED, _MOST_IN_ALL = 100_000_000, 2_000_000_000  # bytes of one file, of all
_KEPT = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "VIRTUAL_ENV", "LD_LIBRARY_PATH")


def run(examined: Examined, *, seconds: int = SECONDS) -> dict[str, Any]:
    """Run pytest in a copy of a project; failing tests turn criterion RT3 red.

    The copy has no data, no links and no git folder; the tests see no variable of the user's
    environment but the path. That is a limit, no sandbox: run strangers' code in a container.

    Returns:
        `executed`: command, status (passed, failed, none, timed out), seconds, last lines.
    """
    with tempfile.TemporaryDirectory(prefix="proofolio-execute-") as name:
        home, copy = Path(name) / "home", Path(name) / "project"
        home.mkdir()
        _copy(Tree(Path(examined.path)), copy)
        told = _pytest(copy, home, seconds)
    found = examined.outcomes.get("RT3")
    if told["status"] in ("failed", "timed out"):
        examined.outcomes["RT3"] = failed(f"the tests {told['status']} in a copy", *told["tail"])
    elif told["status"] == "passed" and found is not None:
        lines = (f"in a copy: {told['tail'][-1] if told['tail'] else 'passed'}", *found.evidence)
        examined.outcomes["RT3"] = replace(found, evidence=lines)
    return {"executed": told}


def _copy(tree: Tree, into: Path) -> None:
    left = _MOST_IN_ALL
    for name, size in tree.sizes.items():
        if size <= _MOST_COPIED and name.split("/")[0] not in DATA:
            target = into / name
            left -= size
            if left < 0:
                break
            with contextlib.suppress(OSError), tree.opened(name) as found:  # a name undecoded
                target.parent.mkdir(parents=True, exist_ok=True)
                with open(target, "wb") as stream:
                    shutil.copyfileobj(found, stream)


def _pytest(copy: Path, home: Path, seconds: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    environment = {k: os.environ[k] for k in _KEPT if k in os.environ}
    paths = os.pathsep.join(str(p) for p in (copy / "src", copy))
    environment |= {"HOME": str(home), "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    environment |= {"HF_HUB_OFFLINE": "1", "NO_ALBUMENTATIONS_UPDATE": "1"}
    started = time.monotonic()
    with open(home / "output", "w+b") as output:
        process = subprocess.Popen(
            command,
            cwd=copy,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_limits(seconds) if os.name == "posix" else None,
        )
        try:
            code: int | None = process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            _end(process)
        output.seek(max(0, output.tell() - 4_000))
        lines = output.read().decode("utf-8", errors="replace").splitlines()
    status = {0: "passed", 5: "none", None: "timed out"}.get(code, "failed")
    took = round(time.monotonic() - started, 1)
    tail = [one_line(line) for line in lines if line.strip()][-5:]
    return {"command": "python -m pytest -q -x", "status": status, "seconds": took, "tail": tail}


def _limits(seconds: int) -> Any:
    def apply() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST, LARGEST))
        resource.setrlimit(resource.RLIMIT_CPU, (2 * seconds, 2 * seconds))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    return apply


def _end(process: subprocess.Popen) -> None:
    """End the tests and whatever they left running."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
