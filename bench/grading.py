"""Time the grader: `python bench/grading.py` (or `make bench`) on an idle machine.

One finished image project (8 runs, 24 results, 270 pictures); cohorts of 50, 100 and 200
variants of it with faults drawn at random, on two processes, from start to end; the largest once
more, unchanged, from the cache; and one project at a time against plain repo-review with the static
criteria, alternating. `processor_seconds` are those of all processes and say more than the others
where the machine is not idle. Results go to bench/results/grading.json and .csv with hardware and
versions.
"""

import importlib.metadata
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from run import write

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
SIZES, JOBS, SEED = (50, 100, 200), 2, 0
VARIANTS = 8  # repositories of the comparison with repo-review


def _break_predictions(root: Path) -> None:
    path = sorted(root.glob("evidence/runs/*/predictions.parquet"))[0]
    path.write_bytes(path.read_bytes()[:-8] + b"\0" * 8)


def _edit(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        path = root / name
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")

    return change


FAULTS: dict[str, Callable[[Path], Any]] = {  # edits come before what takes their file away
    "an unbound number": _edit("README.md", "**Limits.**", "Accuracy is 0.93. **Limits.**"),
    "an edited claim": _edit("README.md", "-->0.", "-->1."),
    "another split": _edit("evidence/splits/primary/parts.csv", ",test", ",val"),
    "changed predictions": _break_predictions,
    "no licence": lambda root: (root / "LICENSE").unlink(),
    "no tests": lambda root: shutil.rmtree(root / "tests"),
    "no pinned versions": lambda root: (root / "constraints.txt").unlink(),
    "no README": lambda root: (root / "README.md").unlink(),
    "no evidence": lambda root: shutil.rmtree(root / "evidence"),
    "no history": lambda root: shutil.rmtree(root / ".git"),
}
MOST_FAULTS = 3  # of one member


def variants(folder: Path, whole: Path, number: int) -> list[str]:
    """Return copies of a project: a README of its own each, none to three faults at random."""
    rng, places = np.random.default_rng(SEED), []
    for member in range(number):
        place = shutil.copytree(whole, folder / f"member_{member:03d}", symlinks=True)
        with open(place / "README.md", "a", encoding="utf-8") as readme:
            readme.write(f"\nMember {member}.\n")
        drawn = rng.permutation(list(FAULTS))[: rng.integers(0, MOST_FAULTS + 1)]
        for fault in (name for name in FAULTS if name in drawn):
            FAULTS[fault](place)
        places.append(str(place))
    return places


def _processor() -> float:
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, kinds))


def timed(name: str, work: Callable[[], object], number: int = 1) -> dict[str, Any]:
    """Return a row with the seconds that `work()` takes for `number` projects."""
    started, spent = time.perf_counter(), _processor()
    work()
    seconds, spent = time.perf_counter() - started, _processor() - spent
    return {
        "name": name,
        "projects": number,
        "seconds": round(seconds, 3),
        "processor_seconds": round(spent, 3),
        "seconds_per_project": round(seconds / number, 4),
    }


def command(*arguments: str) -> None:
    """Run a command line of this Python as a mentor would, on this checkout; any exit status."""
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    subprocess.run(
        [sys.executable, "-m", *arguments],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def against_repo_review(cohort: list[str]) -> dict[str, Any]:
    """Return medians per repository of `proofolio grade` and of repo-review, alternating."""
    pairs = []
    for path in cohort:
        ours = timed("", lambda: command("proofolio.cli", "grade", path, "--no-cache"))  # noqa: B023
        peer = timed("", lambda: command("repo_review", path))  # noqa: B023
        pairs.append((ours["seconds"], peer["seconds"]))
    return {
        "name": "one repository, start-up included",
        "projects": len(cohort),
        "seconds_per_project": round(statistics.median(a for a, _ in pairs), 3),
        "peer": "repo-review, its checks and the static criteria alone",
        "peer_seconds": round(statistics.median(b for _, b in pairs), 3),
        "ratio": round(statistics.median(b / a for a, b in pairs), 2),
    }


def measured() -> Iterator[dict[str, Any]]:
    """Yield the rows: one project, cohorts, the largest from the cache, against repo-review."""
    from rubric import graded

    from proofolio.rubric import grade, workers

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole = graded.finish(folder / "whole")
        yield timed("start-up: imports", workers._preload)
        yield timed("one project, first in a process", lambda: grade.examine(whole))
        again = [
            timed("one project, after start-up", lambda: grade.examine(whole)) for _ in "12345"
        ]
        yield sorted(again, key=lambda row: row["seconds"])[len(again) // 2]
        yield timed("one project, --full", lambda: grade.examine(whole, full=True))
        cohort = variants(folder / "cohort", whole, max(SIZES))
        for number in SIZES:
            asked = workers.Asked(cache=folder / f"cache_{number}")
            work = lambda: workers.many(cohort[:number], asked, jobs=JOBS)  # noqa: B023, E731
            yield timed(f"a cohort on {JOBS} processes", work, number) | {"size": number}
        yield timed("the same cohort unchanged, from the cache", work, max(SIZES))
        version = {"peer_version": importlib.metadata.version("repo-review")}
        yield against_repo_review(cohort[:VARIANTS]) | version


def main() -> None:
    """Run every benchmark and write the results."""
    write("grading", measured(), "python bench/grading.py")


if __name__ == "__main__":
    main()
